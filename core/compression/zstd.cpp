#include <zstd.h>

#include <new>

#include "core/compression/compression.h"
#include "core/fail.h"

namespace meg {

namespace {

class ZstdCompressor : public Compressor {
 public:
  ZstdCompressor() {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  void compress(std::string_view bytes, bool last, std::string& out) override {
    out.clear();
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    const ZSTD_EndDirective end = last ? ZSTD_e_end : ZSTD_e_continue;
    for (bool done = false; !done;) {
      const std::size_t begin = out.size();
      out.resize(begin + ZSTD_CStreamOutSize());
      ZSTD_outBuffer block{out.data() + begin, out.size() - begin, 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &block, &in, end);
      if (ZSTD_isError(left)) fail("zstd: {}", ZSTD_getErrorName(left));
      out.resize(begin + block.pos);
      done = last ? left == 0 : in.pos == in.size;
    }
  }

 private:
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_{ZSTD_createCCtx(), &ZSTD_freeCCtx};
};

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() {
    if (!context_) throw std::bad_alloc();
  }

  std::size_t decompress(std::string_view& in, std::span<char> out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer into{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &into, &from);
    if (ZSTD_isError(left)) fail("its zstd data is damaged ({})", ZSTD_getErrorName(left));
    in.remove_prefix(from.pos);
    // Without input the next frame's header is missing, which says nothing of the frame that has ended.
    if (from.pos > 0 || into.pos > 0) complete_ = left == 0;
    return into.pos;
  }

  bool complete() const override { return complete_; }

 private:
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  bool complete_ = true;
};

}  // namespace

std::unique_ptr<Compressor> make_zstd_compressor() { return std::make_unique<ZstdCompressor>(); }
std::unique_ptr<Decompressor> make_zstd_decompressor() { return std::make_unique<ZstdDecompressor>(); }

}  // namespace meg
