#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace meg {

/// What a file is compressed by.
enum class Compression { kNone, kGzip, kZstd };

/// Of a file that begins with these bytes.
Compression compression_of(std::string_view first_bytes);

/// Compresses bytes that come piece by piece.
class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Compresses `bytes` and leaves in `out` what is ready; after `last` that is all.
  virtual void compress(std::string_view bytes, bool last, std::string& out) = 0;
};

/// Decompresses bytes that come piece by piece: any number of gzip members or Zstandard frames one after the other.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Decompresses from the start of `in`, and removes what it has used, into the start of `out`; returns how many bytes
  /// it wrote. 0 with `in` empty: it needs more. Throws Error, a sentence without the file's name, where `in` is
  /// damaged.
  virtual std::size_t decompress(std::string_view& in, std::span<char> out) = 0;
  /// Whether `in` may end here.
  virtual bool complete() const = 0;
};

std::unique_ptr<Compressor> make_gzip_compressor();
std::unique_ptr<Compressor> make_zstd_compressor();
std::unique_ptr<Decompressor> make_gzip_decompressor();
std::unique_ptr<Decompressor> make_zstd_decompressor();

/// Null for kNone.
std::unique_ptr<Compressor> make_compressor(Compression compression);
std::unique_ptr<Decompressor> make_decompressor(Compression compression);

}  // namespace meg
