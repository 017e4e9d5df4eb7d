#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "meg/arrow.h"

// What lies between meg and meg_arrow.so, the plug-in that reads and writes files with Apache Arrow C++. Rows cross it
// as the Arrow C data interface has them, so that nothing of Arrow C++ is seen on this side. Both sides are built
// together, by one compiler. An error is a sentence, empty where all went well; nothing is thrown across.

namespace meg {

enum class ArrowFileKind { kParquet, kFile, kStream };

/// Where a file's bytes come from.
struct ArrowSource {
  const char* path = nullptr;  ///< null: what `read` gives
  void* self = nullptr;
  /// The next bytes, at most `size`, into `out`: how many, 0 at the end, -1 after an error, which `self` keeps.
  std::int64_t (*read)(void* self, void* out, std::int64_t size) = nullptr;
};

/// Where they go. `write` says whether it could; where not, `self` keeps the error.
struct ArrowSink {
  void* self = nullptr;
  bool (*write)(void* self, const void* bytes, std::int64_t size) = nullptr;
};

/// A file that is being written.
class ArrowFileWriter {
 public:
  virtual ~ArrowFileWriter() = default;
  /// Takes a struct array of the columns, and releases it.
  virtual std::string write(ArrowArray* rows) = 0;
  virtual std::string finish() = 0;
};

struct ArrowPlugin {
  /// Opens a file; its row groups or batches come one after the other from `rows`. `source.self` must outlive `rows`.
  std::string (*open_reader)(ArrowFileKind kind, const ArrowSource& source, ArrowArrayStream* rows);
  /// Begins a file of these columns (a struct), which it releases.
  std::string (*open_writer)(ArrowFileKind kind, const ArrowSink& sink, ArrowSchema* columns,
                             std::unique_ptr<ArrowFileWriter>& writer);
};

/// The one symbol of meg_arrow.so, which is `const ArrowPlugin* meg_arrow_plugin()`.
inline constexpr const char* kArrowPluginSymbol = "meg_arrow_plugin";

/// The plug-in, loaded when it is first asked for. Throws Error, saying what to install, where there is none.
const ArrowPlugin& arrow_plugin();

}  // namespace meg
