#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "core/model/made_rows.h"
#include "core/nn/backend.h"

namespace meg {

/// Rows that a device makes in passes and decodes: a chunk of passes is downloaded while the next is made. Passes and
/// chunks begin at multiples of their rows, whichever rows are asked for.
class RowChunks {
 public:
  /// What a row is decoded to.
  struct Decoded {
    std::size_t codes, numbers;
  };
  /// The rows from `begin` on, of which [row, stop) are wanted, and where on the device they are decoded to: codes
  /// [rows, Decoded::codes], numbers [rows, Decoded::numbers].
  struct Pass {
    std::uint64_t begin, row, stop;
    std::uint32_t* codes;
    double* numbers;
  };
  /// Makes and decodes a pass, in one of `slots` that no other pass has meanwhile.
  using Make = std::function<void(Backend& on, int slot, const Pass& pass)>;
  /// Appends decoded rows, the first of which is `row`. Several threads may call it at once.
  using Append = std::function<void(std::span<const std::uint32_t> codes, std::span<const double> numbers,
                                    std::uint64_t row, Table& out)>;

  /// How many passes of so many rows are made at once where `count` rows are wanted and each pass works in so much
  /// memory.
  static int slots(const Backend& backend, std::size_t count, int pass_rows, std::size_t pass_floats, Decoded row);

  RowChunks(Backend& backend, std::size_t count, int pass_rows, int slots, Decoded row);

  /// Makes rows [first_row, end), until no more are taken.
  void run(std::uint64_t first_row, std::uint64_t end, const Make& make, const Append& append, const TakeRows& take);

 private:
  /// Of all rows of a chunk the numbers, then the codes; memory is of floats.
  struct Buffer {
    Memory device, host;
  };
  /// Rows [row, stop) of the table, within one block of rows_ rows.
  struct Chunk {
    std::uint64_t row, stop;
    int buffer;
  };
  double* numbers_of(float* decoded, std::size_t at) const;
  std::uint32_t* codes_of(float* decoded, std::size_t at) const;
  void start(const Chunk& chunk, const Make& make);
  bool give(const Chunk& chunk, const Append& append, const TakeRows& take);

  Backend& backend_;
  std::size_t pass_rows_;
  int slots_;
  Decoded decoded_;
  std::size_t rows_;  // of a chunk, whole passes
  std::array<Buffer, 2> buffers_;
};

}  // namespace meg
