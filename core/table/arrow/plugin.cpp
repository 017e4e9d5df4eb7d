#include "core/table/arrow/plugin.h"

#include <dlfcn.h>

#include <filesystem>
#include <vector>

#include "core/fail.h"

#ifndef MEG_ARROW_PLUGIN  // where the build and the installation put it, with ':' between them
#define MEG_ARROW_PLUGIN ""
#endif

namespace meg {

namespace {

constexpr const char* kFile = "meg_arrow.so";

/// Where the plug-in may lie: beside this program or library, in the lib folder beside its own, where it was built or
/// installed, and where the system looks for libraries.
std::vector<std::string> plugin_paths() {
  std::vector<std::string> paths;
  Dl_info self{};
  if (::dladdr(reinterpret_cast<const void*>(&arrow_plugin), &self) != 0 && self.dli_fname != nullptr) {
    std::error_code ignored;
    const auto folder = std::filesystem::canonical(self.dli_fname, ignored).parent_path();
    if (!folder.empty()) {
      paths.push_back(folder / kFile);
      paths.push_back(folder.parent_path() / "lib" / "meg" / kFile);
    }
  }
  const std::string_view built = MEG_ARROW_PLUGIN;
  for (std::size_t begin = 0; begin < built.size();) {
    const std::size_t end = std::min(built.find(':', begin), built.size());
    paths.emplace_back(built.substr(begin, end - begin));
    begin = end + 1;
  }
  paths.emplace_back(kFile);
  return paths;
}

const ArrowPlugin* load() {
  std::string refused;
  for (const std::string& path : plugin_paths()) {
    std::error_code ignored;
    if (path != kFile && !std::filesystem::exists(path, ignored)) continue;
    // It stays loaded: rows that came from it may be held until the end of the process.
    if (void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {
      if (void* const symbol = ::dlsym(library, kArrowPluginSymbol))
        return reinterpret_cast<const ArrowPlugin* (*)()>(symbol)();
      refused = fmt::format(" ({} is of another meg)", path);
    } else if (path != kFile) {
      refused = fmt::format(" ({})", ::dlerror());
    }
  }
  fail(ErrorCode::kFile,
       "Parquet and Arrow files need Apache Arrow's library, and {} was not found{}: install libarrow and libparquet, "
       "or "
       "let scripts/install_dependencies fetch them, and build meg again; or convert the table to CSV",
       kFile, refused);
}

}  // namespace

const ArrowPlugin& arrow_plugin() {
  static const ArrowPlugin* const plugin = load();
  return *plugin;
}

}  // namespace meg
