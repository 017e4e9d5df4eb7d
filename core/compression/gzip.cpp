#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include "core/compression/compression.h"
#include "core/fail.h"

namespace meg {

namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's header
constexpr int kMemoryLevel = 8;       // zlib's default
constexpr std::size_t kBlock = std::size_t{1} << 16;

uInt at_most(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

Bytef* bytes_of(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

class GzipCompressor : public Compressor {
 public:
  GzipCompressor() {
    if (deflateInit2(&z_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~GzipCompressor() override { deflateEnd(&z_); }

  void compress(std::string_view bytes, bool last, std::string& out) override {
    out.clear();
    int result = Z_OK;
    do {
      z_.next_in = bytes_of(bytes.data());
      z_.avail_in = at_most(bytes.size());
      const std::size_t given = z_.avail_in;
      z_.next_out = bytes_of(block_.data());
      z_.avail_out = kBlock;
      result = deflate(&z_, last && given == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
      out.append(block_.data(), kBlock - z_.avail_out);
      bytes.remove_prefix(given - z_.avail_in);
    } while (!bytes.empty() || z_.avail_out == 0 || (last && result != Z_STREAM_END));
  }

 private:
  z_stream z_{};
  std::vector<char> block_ = std::vector<char>(kBlock);  // what comes out of a call
};

class GzipDecompressor : public Decompressor {
 public:
  GzipDecompressor() {
    if (inflateInit2(&z_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecompressor() override { inflateEnd(&z_); }

  std::size_t decompress(std::string_view& in, std::span<char> out) override {
    if (complete_ && started_) skip_padding(in);
    if (in.empty()) return 0;
    if (complete_ && inflateReset(&z_) != Z_OK) fail("its gzip data is damaged");
    complete_ = false;
    started_ = true;
    z_.next_in = bytes_of(in.data());
    z_.avail_in = at_most(in.size());
    z_.next_out = bytes_of(out.data());
    z_.avail_out = at_most(out.size());
    const std::size_t given = z_.avail_in, space = z_.avail_out;
    const int result = inflate(&z_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
      fail("its gzip data is damaged ({})", z_.msg ? z_.msg : "zlib cannot read it");
    in.remove_prefix(given - z_.avail_in);
    complete_ = result == Z_STREAM_END;
    return space - z_.avail_out;
  }

  bool complete() const override { return complete_; }

 private:
  /// Zero bytes after a member, to a multiple of a tape's or disk's block, are not data (as for gzip itself).
  static void skip_padding(std::string_view& in) { in.remove_prefix(std::min(in.find_first_not_of('\0'), in.size())); }

  z_stream z_{};
  bool complete_ = true, started_ = false;
};

}  // namespace

std::unique_ptr<Compressor> make_gzip_compressor() { return std::make_unique<GzipCompressor>(); }
std::unique_ptr<Decompressor> make_gzip_decompressor() { return std::make_unique<GzipDecompressor>(); }

}  // namespace meg
