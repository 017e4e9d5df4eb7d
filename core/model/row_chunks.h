#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "core/nn/backend.h"

namespace meg {

/// Rows that a device makes in passes and decodes: a chunk of passes is downloaded while the next is made.
class RowChunks {
 public:
  /// What a row is decoded to.
  struct Decoded {
    std::size_t codes, numbers;
  };
  /// The rows from `row` on, of which those before `stop` are wanted, and where on the device they are decoded to.
  struct Pass {
    std::uint64_t row, stop;
    IndexView codes;
    BasicView<double> numbers;
  };
  /// Makes and decodes a pass, in one of `slots` that no other pass has meanwhile.
  using Make = std::function<void(Backend& on, int slot, const Pass& pass)>;
  /// Decoded rows, the first of which is `row`; valid until the next are asked for.
  struct Rows {
    std::span<const std::uint32_t> codes;
    std::span<const double> numbers;
    std::uint64_t row;
    std::size_t count;
  };

  /// How many passes of so many rows are made at once where `count` rows are wanted and each pass works in so much
  /// memory.
  static int slots(const Backend& backend, std::size_t count, int pass_rows, std::size_t pass_floats, Decoded row);

  RowChunks(Backend& backend, std::size_t count, int pass_rows, int slots, Decoded row);

  /// Begins with the rows [first_row, end).
  void begin(std::uint64_t first_row, std::uint64_t end, Make make);
  /// The next rows, while the device makes those behind them; nothing at the end.
  std::optional<Rows> next();

 private:
  /// Of all rows of a chunk the numbers, then the codes; memory is of floats.
  struct Buffer {
    Memory device, host;
  };
  /// Rows [row, stop) of the table.
  struct Chunk {
    std::uint64_t row, stop;
    int buffer;
  };
  double* numbers_of(float* decoded, std::size_t at) const;
  std::uint32_t* codes_of(float* decoded, std::size_t at) const;
  void start(const Chunk& chunk);
  Rows finish(const Chunk& chunk);

  Backend& backend_;
  std::size_t pass_rows_;
  int slots_;
  Decoded decoded_;
  std::size_t rows_;  // of a chunk, whole passes
  std::array<Buffer, 2> buffers_;
  Make make_;
  std::uint64_t row_ = 0, end_ = 0;  // to be started
  std::optional<Chunk> started_;
};

}  // namespace meg
