#include "meg/arrow.h"

#include <exception>
#include <utility>

#include "core/fail.h"
#include "core/table/arrow/plugin.h"
#include "core/table/read/table_reader.h"

namespace meg {

namespace {

/// A Parquet or Arrow file, whose row groups or batches come one after the other through the plug-in.
class ArrowFile : public TableReader {
 public:
  ArrowFile(ArrowFileKind kind, const std::filesystem::path& path, std::unique_ptr<InputFile> file)
      : path_(path.string()), file_(std::move(file)) {
    ArrowSource source{.path = nullptr, .self = this, .read = &read};
    std::error_code ignored;
    if (file_->compression() == Compression::kNone && std::filesystem::is_regular_file(path, ignored))
      source.path = path_.c_str();
    ArrowArrayStream rows{};
    check(arrow_plugin().open_reader(kind, source, &rows));
    named([&] { rows_.emplace(&rows); });
  }

  std::optional<Table> next() override {
    std::optional<Table> part;
    named([&] { part = rows_->next(); });
    if (!part && !std::exchange(begun_, true)) return rows_->columns();
    begun_ = true;
    return part;
  }

 private:
  static std::int64_t read(void* self, void* out, std::int64_t size) {
    auto& file = *static_cast<ArrowFile*>(self);
    try {
      return static_cast<std::int64_t>(file.file_->read({static_cast<char*>(out), static_cast<std::size_t>(size)}));
    } catch (...) {
      file.error_ = std::current_exception();
      return -1;
    }
  }

  /// What reading the bytes met comes before what the plug-in made of it.
  void check(const std::string& error) {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (!error.empty()) fail("{} cannot be read: {}", file_->name(), error);
  }
  template <class Act>
  void named(const Act& act) {
    try {
      act();
    } catch (const Error& error) {
      check(error.what());
    }
  }

  std::string path_;
  std::unique_ptr<InputFile> file_;
  std::exception_ptr error_;
  std::optional<ArrowImport> rows_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<TableReader> open_parquet_reader(const FileFormat&, const std::filesystem::path& path,
                                                 std::unique_ptr<InputFile> file, const ReadOptions&) {
  return std::make_unique<ArrowFile>(ArrowFileKind::kParquet, path, std::move(file));
}

std::unique_ptr<TableReader> open_arrow_reader(const FileFormat&, const std::filesystem::path& path,
                                               std::unique_ptr<InputFile> file, const ReadOptions&) {
  return std::make_unique<ArrowFile>(ArrowFileKind::kFile, path, std::move(file));
}

std::unique_ptr<TableReader> open_arrow_stream_reader(const FileFormat&, const std::filesystem::path& path,
                                                      std::unique_ptr<InputFile> file, const ReadOptions&) {
  return std::make_unique<ArrowFile>(ArrowFileKind::kStream, path, std::move(file));
}

}  // namespace meg
