#include "core/input_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/fail.h"

namespace meg {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;
/// Enough to tell what is in a file by its first bytes.
constexpr std::size_t kHeadBytes = 4096;

/// Bytes of a regular file; 0 of all else.
std::size_t file_size(std::FILE* file) {
  struct stat info {};
  return ::fstat(::fileno(file), &info) == 0 && S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) : 0;
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path, std::string_view wanted) : file_(nullptr, &std::fclose) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    fail(ErrorCode::kFile, "'{}' is a folder: name {}", path.string(), wanted);
  const bool standard = path == "-";
  name_ = standard ? "standard input" : fmt::format("'{}'", path.string());
  if (standard)
    file_ = {stdin, [](std::FILE*) { return 0; }};  // which stays open
  else
    file_.reset(std::fopen(path.c_str(), "rb"));
  if (!file_) fail_read();
  fill();
  compression_ = compression_of(in_);
  decompressor_ = make_decompressor(compression_);
  std::string head(kHeadBytes, '\0');
  std::size_t size = 0;
  while (size < head.size()) {
    const std::size_t got = read(std::span(head).subspan(size));
    if (got == 0) break;
    size += got;
  }
  head.resize(size);
  head_ = std::move(head);
}

InputFile::~InputFile() = default;

void InputFile::fail_read() const { fail(ErrorCode::kFile, "cannot read {}: {}", name_, std::strerror(errno)); }

void InputFile::fill() {
  buffer_.resize(kBufferBytes);
  in_ = std::string_view(buffer_.data(), std::fread(buffer_.data(), 1, buffer_.size(), file_.get()));
  if (in_.empty() && std::ferror(file_.get())) fail_read();
}

std::size_t InputFile::read(std::span<char> out) {
  if (head_read_ < head_.size()) {
    const std::size_t count = head_.copy(out.data(), out.size(), head_read_);
    head_read_ += count;
    return count;
  }
  if (out.empty()) return 0;
  if (decompressor_) return decompress(out);
  if (in_.empty()) {
    // What is large goes past the buffer.
    if (out.size() >= kBufferBytes) {
      const std::size_t got = std::fread(out.data(), 1, out.size(), file_.get());
      if (got == 0 && std::ferror(file_.get())) fail_read();
      return got;
    }
    fill();
  }
  const std::size_t count = in_.copy(out.data(), out.size());
  in_.remove_prefix(count);
  return count;
}

std::size_t InputFile::decompress(std::span<char> out) {
  for (;;) {
    std::size_t got = 0;
    try {
      got = decompressor_->decompress(in_, out);
    } catch (const Error& error) {
      fail(error.code(), "{} cannot be read: {}", name_, error.what());
    }
    if (got > 0) return got;
    if (!in_.empty()) continue;
    fill();
    if (!in_.empty()) continue;
    if (!decompressor_->complete()) fail("{} is cut off: its compressed data has no end", name_);
    return 0;
  }
}

std::size_t InputFile::size() const { return decompressor_ ? 0 : file_size(file_.get()); }

std::string InputFile::read_all() {
  std::string all;
  std::size_t size = 0;
  for (all.resize(std::max(this->size(), head_.size()) + 1);; all.resize(2 * all.size())) {
    while (size < all.size()) {
      const std::size_t got = read(std::span(all).subspan(size));
      size += got;
      if (got == 0) {
        all.resize(size);
        return all;
      }
    }
  }
}

std::string read_file(const std::filesystem::path& path, std::string_view wanted) {
  return InputFile(path, wanted).read_all();
}

}  // namespace meg
