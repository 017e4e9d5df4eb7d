#include "core/output_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "core/fail.h"

namespace meg {

std::filesystem::path written_path(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // as many as Linux follows
  std::error_code ignored;
  for (int links = 0; links < kMostLinks && std::filesystem::is_symlink(path, ignored); ++links)
    path = path.parent_path() / std::filesystem::read_symlink(path, ignored);
  return path;
}

OutputFile::OutputFile(std::filesystem::path path, Compression compression)
    : path_(std::move(path)), file_(nullptr, &std::fclose), compressor_(make_compressor(compression)) {
  if (path_ == "-") {
    file_ = {stdout, &std::fflush};
    return;
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path_, ignored))
    fail(ErrorCode::kFile, "cannot write '{}': it is a folder; name a file in it", path_.string());
  const bool in_place = std::filesystem::exists(path_, ignored) && !std::filesystem::is_regular_file(path_, ignored);
  if (!in_place) {
    path_ = written_path(path_);  // a link stays a link: what it points to is replaced
    if (std::filesystem::is_symlink(path_, ignored)) errno = ELOOP, fail_write();
    static std::atomic<unsigned> files{0};  // several threads may write to one path: the last to finish stays
    beside_ = fmt::format("{}.{}.{}.tmp", path_.string(), ::getpid(), ++files);
    if (std::filesystem::exists(path_, ignored) && ::access(path_.c_str(), W_OK) != 0) fail_write();
  }
  file_.reset(std::fopen((in_place ? path_ : beside_).c_str(), "wb"));
  if (!file_) {
    beside_.clear();
    fail_write();
  }
  if (!beside_.empty()) keep_mode();
}

void OutputFile::keep_mode() {
  struct stat old {};
  if (::stat(path_.c_str(), &old) != 0 || ::fchmod(::fileno(file_.get()), old.st_mode & 0777) == 0) return;
  const int error = errno;
  ::unlink(beside_.c_str());
  errno = error;
  fail_write();
}

OutputFile::~OutputFile() {
  if (!file_) return;
  if (writing_.valid()) writing_.wait();
  file_.reset();
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

void OutputFile::fail_write() const {
  if (path_ == "-") fail(ErrorCode::kFile, "cannot write to standard output: {}", std::strerror(errno));
  fail(ErrorCode::kFile, "cannot write '{}': {}", path_.string(), std::strerror(errno));
}

void OutputFile::wait() {
  if (writing_.valid()) writing_.get();
}

void OutputFile::put(std::string_view bytes) {
  if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail_write();
}

void OutputFile::compress(std::string_view bytes, bool last) {
  if (!compressor_) return put(bytes);
  compressor_->compress(bytes, last, compressed_);
  put(compressed_);
}

void OutputFile::write(std::string_view bytes) {
  wait();
  compress(bytes, false);
}

void OutputFile::write_behind(std::string& bytes) {
  wait();
  behind_.swap(bytes);
  writing_ = std::async([this] { compress(behind_, false); });  // where there is no thread left, by wait()
}

void OutputFile::finish() {
  wait();
  compress({}, true);
  if (std::fflush(file_.get()) != 0) fail_write();
  if (!beside_.empty()) {
    if (::fsync(::fileno(file_.get())) != 0 || ::rename(beside_.c_str(), path_.c_str()) != 0) fail_write();
    beside_.clear();
  }
  file_.reset();
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.finish();
}

}  // namespace meg
