#include "core/model/row_chunks.h"

#include <algorithm>
#include <optional>

namespace meg {

namespace {

/// Rows that are decoded before they are printed: so many that starting threads costs nothing beside it, about so much
/// memory at most, and few enough that there are several chunks, for one is printed while the next is made.
constexpr std::size_t kChunkRows = 32768, kChunkBytes = std::size_t{8} << 20, kChunks = 8;
/// What passes that are made at once work in, together.
constexpr std::size_t kMostPassFloats = std::size_t{64} << 20;

std::size_t decoded_bytes(RowChunks::Decoded row) {
  return row.codes * sizeof(std::uint32_t) + row.numbers * sizeof(double);
}

constexpr std::size_t kFloatsOfNumber = sizeof(double) / sizeof(float);

}  // namespace

int RowChunks::slots(const Backend& backend, std::size_t count, int pass_rows, std::size_t pass_floats, Decoded row) {
  const auto rows = static_cast<std::size_t>(pass_rows);
  const std::size_t most =
      std::min({(count + rows - 1) / rows, kMostPassFloats / pass_floats, kChunkBytes / (rows * decoded_bytes(row))});
  return static_cast<int>(std::clamp<std::size_t>(most, 1, static_cast<std::size_t>(backend.passes_at_once())));
}

RowChunks::RowChunks(Backend& backend, std::size_t count, int pass_rows, int slots, Decoded row)
    : backend_(backend), pass_rows_(static_cast<std::size_t>(pass_rows)), slots_(slots), decoded_(row) {
  const std::size_t most = std::min(kChunkRows, kChunkBytes / decoded_bytes(row)) / pass_rows_;
  const std::size_t passes = std::max<std::size_t>(1, std::min(most, count / pass_rows_ / kChunks));
  const auto together = static_cast<std::size_t>(slots);
  rows_ = (passes + together - 1) / together * together * pass_rows_;
  const std::size_t floats = rows_ * (row.numbers * kFloatsOfNumber + row.codes);
  for (Buffer& buffer : buffers_) buffer = {backend.scratch(floats), backend.allocate_on_host(floats)};
}

double* RowChunks::numbers_of(float* decoded, std::size_t at) const {
  return reinterpret_cast<double*>(decoded) + at * decoded_.numbers;
}

std::uint32_t* RowChunks::codes_of(float* decoded, std::size_t at) const {
  return reinterpret_cast<std::uint32_t*>(decoded + rows_ * decoded_.numbers * kFloatsOfNumber) + at * decoded_.codes;
}

void RowChunks::begin(std::uint64_t first_row, std::uint64_t end, Make make) {
  make_ = std::move(make);
  row_ = first_row, end_ = end;
  started_.reset();
}

std::optional<RowChunks::Rows> RowChunks::next() {
  const auto start_next = [&](int buffer) {
    const Chunk next{row_, std::min(end_, row_ + rows_), buffer};
    start(next);
    row_ = next.stop;
    return next;
  };
  if (!started_ && row_ < end_) started_ = start_next(0);
  if (!started_) return {};
  const Chunk made = *started_;
  started_.reset();
  // A GPU makes the next ones meanwhile; the CPU would make them first.
  if (row_ < end_ && backend_.device() != Device::kCpu) started_ = start_next(1 - made.buffer);
  return finish(made);
}

void RowChunks::start(const Chunk& chunk) {
  const Buffer& buffer = buffers_[static_cast<std::size_t>(chunk.buffer)];
  float* const decoded = buffer.device.data();
  const std::size_t passes = (chunk.stop - chunk.row + pass_rows_ - 1) / pass_rows_;
  backend_.make_passes(static_cast<int>(passes), slots_, [&](Backend& on, int slot, int i) {
    const std::size_t at = static_cast<std::size_t>(i) * pass_rows_;
    make_(on, slot,
          {chunk.row + at,
           std::min(chunk.row + at + pass_rows_, chunk.stop),
           {codes_of(decoded, at), pass_rows_, decoded_.codes, buffer.device.device()},
           {numbers_of(decoded, at), pass_rows_, decoded_.numbers, buffer.device.device()}});
  });
  backend_.start_download(chunk.buffer, buffer.device, {buffer.host.data(), buffer.host.size()});
}

RowChunks::Rows RowChunks::finish(const Chunk& chunk) {
  backend_.finish_download(chunk.buffer);
  float* const decoded = buffers_[static_cast<std::size_t>(chunk.buffer)].host.data();
  const std::size_t count = chunk.stop - chunk.row;
  return {{codes_of(decoded, 0), count * decoded_.codes},
          {numbers_of(decoded, 0), count * decoded_.numbers},
          chunk.row,
          count};
}

}  // namespace meg
