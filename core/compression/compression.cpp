#include "core/compression/compression.h"

namespace meg {

Compression compression_of(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1F\x8B")) return Compression::kGzip;
  if (first_bytes.starts_with("\x28\xB5\x2F\xFD")) return Compression::kZstd;
  return Compression::kNone;
}

std::unique_ptr<Compressor> make_compressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return make_gzip_compressor();
    case Compression::kZstd: return make_zstd_compressor();
    case Compression::kNone: break;
  }
  return nullptr;
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return make_gzip_decompressor();
    case Compression::kZstd: return make_zstd_decompressor();
    case Compression::kNone: break;
  }
  return nullptr;
}

}  // namespace meg
