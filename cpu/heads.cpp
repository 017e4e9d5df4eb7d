#include "core/nn/checks.h"
#include "core/nn/head_draw.h"
#include "core/nn/head_formulas.h"
#include "cpu/allowed_draw.h"
#include "cpu/backend.h"
#include "cpu/elementary.h"
#include "cpu/philox_lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

namespace {

constexpr int kChunk = kLanes;  // head elements that are turned into lanes of rows at once
constexpr int kTaskRows = 64;   // of one column

/// Elements [chunk element][row]: kRowLanes rows of a head, turned so that a register holds one element of all of them.
struct Block {
  Lanes at[kChunk];
};

/// Rows of a block: `rows` <= kRowLanes rows of the heads, whose first is at `data`.
struct RowsOf {
  const float* data;
  std::size_t stride;
  std::size_t rows;
};

/// Elements [first, first + count) of every row; rows that are not there repeat the last.
inline void load(const RowsOf& from, int first, int count, Block& block) {
  if (count == kChunk) {
    for (std::size_t l = 0; l < kRowLanes; ++l)
      block.at[l] =
          *reinterpret_cast<const LanesAnywhere*>(from.data + std::min(l, from.rows - 1) * from.stride + first);
    return transpose(block.at);
  }
  auto* out = reinterpret_cast<float*>(&block);
  for (std::size_t l = 0; l < kRowLanes; ++l) {
    const float* in = from.data + std::min(l, from.rows - 1) * from.stride + first;
    for (int j = 0; j < count; ++j) out[static_cast<std::size_t>(j) * kRowLanes + l] = in[j];
  }
}

inline void store(const Block& block, int first, int count, const RowsOf& layout, float* to) {
  if (count == kChunk) {
    Block rows = block;
    transpose(rows.at);
    for (std::size_t l = 0; l < layout.rows; ++l)
      *reinterpret_cast<LanesAnywhere*>(to + l * layout.stride + static_cast<std::size_t>(first)) = rows.at[l];
    return;
  }
  const auto* in = reinterpret_cast<const float*>(&block);
  for (std::size_t l = 0; l < layout.rows; ++l)
    for (int j = 0; j < count; ++j)
      to[l * layout.stride + static_cast<std::size_t>(first + j)] = in[static_cast<std::size_t>(j) * kRowLanes + l];
}

/// Calls body(first, count, block) for the chunks of elements [begin, begin + size) of the rows.
template <class Body>
inline void for_chunks(const RowsOf& rows, int begin, int size, const Body& body) {
  Block block;
  for (int first = 0; first < size; first += kChunk) {
    const int count = std::min(kChunk, size - first);
    load(rows, begin + first, count, block);
    body(first, count, block);
  }
}

/// Log of the sum of exp over elements [begin, begin + size): the largest is taken out first.
inline Lanes log_sum_exp(const RowsOf& rows, int begin, int size) {
  Lanes top = all(-1e30f), sum{};
  for_chunks(rows, begin, size, [&](int, int count, Block& block) {
    Lanes next = top;
    for (int j = 0; j < count; ++j) next = larger(next, block.at[j]);
    sum *= fast_exp(top - next);
    for (int j = 0; j < count; ++j) sum += fast_exp(block.at[j] - next);
    top = next;
  });
  return top + fast_log(sum);
}

inline Lanes keep_sigma(Lanes log_sigma) { return smaller(larger(log_sigma, all(kLowSigma)), all(kHighSigma)); }

/// A column's cells of kRowLanes rows.
struct Cells {
  Lanes code, z;
};

inline Cells load_cells(const ColumnsLayout& layout, std::size_t j, const float* cells, std::size_t rows) {
  Cells out;
  for (std::size_t l = 0; l < kRowLanes; ++l) {
    const float* cell = cells + std::min(l, rows - 1) * layout.cell_stride();
    out.code[l] = cell[j];
    out.z[l] = cell[layout.size() + j];
  }
  return out;
}

/// The mixture's three parts of kRowLanes rows.
struct Mixture {
  Lanes weight[kMixtures], mean[kMixtures], log_sigma[kMixtures];
};

inline void load_mixture(const RowsOf& rows, int codes, Mixture& m) {
  Lanes* const part[] = {m.weight, m.mean, m.log_sigma};
  for (int p = 0; p < 3; ++p)
    for_chunks(rows, codes + p * kMixtures, kMixtures,
               [&](int first, int count, const Block& block) { std::copy_n(block.at, count, part[p] + first); });
}

inline void store_mixture(const Mixture& m, int codes, const RowsOf& layout, float* to) {
  const Lanes* const part[] = {m.weight, m.mean, m.log_sigma};
  Block block;
  for (int p = 0; p < 3; ++p)
    for (int first = 0; first < kMixtures; first += kChunk) {
      const int count = std::min(kChunk, kMixtures - first);
      std::copy_n(part[p] + first, count, block.at);
      store(block, codes + p * kMixtures + first, count, layout, to);
    }
}

/// -log density of z; with dheads its gradient too, times `factor` where a row's code is the continuous one.
inline Lanes mixture_loss(const RowsOf& rows, int codes, Lanes z, Lanes factor, float* dheads) {
  Mixture m;
  load_mixture(rows, codes, m);
  Lanes density[kMixtures];  // log of weight times normal density, not normalized
  Lanes top = m.weight[0], most = all(-1e30f);
  for (int i = 0; i < kMixtures; ++i) {
    const Lanes log_sigma = keep_sigma(m.log_sigma[i]), d = (z - m.mean[i]) * fast_exp(-log_sigma);
    density[i] = component_log_density(m.weight[i], d, log_sigma);
    top = larger(top, m.weight[i]);
    most = larger(most, density[i]);
  }
  Lanes weights{}, densities{};
  for (int i = 0; i < kMixtures; ++i) weights += fast_exp(m.weight[i] - top), densities += fast_exp(density[i] - most);
  const Lanes log_weights = top + fast_log(weights), log_density = most + fast_log(densities);
  if (dheads) {
    // Shares from differences to the largest, which are small and exact where z is far out and the logs are huge.
    const Lanes weight_scale = factor / weights, density_scale = factor / densities;
    for (int i = 0; i < kMixtures; ++i) {
      const Lanes share = density_scale * fast_exp(density[i] - most);
      const Lanes raw = m.log_sigma[i], log_sigma = keep_sigma(raw), precision = fast_exp(-log_sigma);
      const Lanes d = (z - m.mean[i]) * precision;
      m.weight[i] = weight_scale * fast_exp(m.weight[i] - top) - share;
      m.mean[i] = mean_slope(share, d, precision);
      m.log_sigma[i] = raw == log_sigma ? log_sigma_slope(share, d) : Lanes{};
    }
    store_mixture(m, codes, rows, dheads);
  }
  return log_weights - log_density + kLogSqrtTwoPi;
}

/// Words of kRowLanes rows: word(i) is number `first + i` of the noise of a column, i < kChunk.
struct Noise {
  Noise(const Draw& draw, std::size_t column, std::size_t row, int first) {
    std::array<std::uint64_t, kCounters> rows;
    std::array<std::uint32_t, kCounters> position;
    for (std::size_t l = 0; l < kCounters; ++l) {
      rows[l] = draw.first_row + row + l % kRowLanes;
      position[l] =
          static_cast<std::uint32_t>((column << kNoiseBits) + static_cast<std::size_t>(first) / 4 + l / kRowLanes);
    }
    philox_lanes(draw.seed, draw.stream, rows, position, words_);
  }
  /// In (0, 1), Philox::to_uniform.
  Lanes uniform(int i) const {
    return to_uniform(words_[static_cast<std::size_t>(i % 4)].data() + static_cast<std::size_t>(i / 4) * kRowLanes);
  }
  /// Exponential with mean 1: dividing exp(logit) by it and taking the largest is adding Gumbel noise to the logit.
  Lanes exponential(int i) const { return -fast_log(uniform(i)); }

 private:
  static constexpr std::size_t kCounters = kChunk / 4 * kRowLanes;
  std::array<std::array<std::uint32_t, kCounters>, 4> words_;
};

/// One standard normal number a row.
Lanes normal(const Noise& noise) { return normal_pair(noise.uniform(0), noise.uniform(1)).cos; }

/// The element of [begin, begin + size) that the noise picks: the largest exp(logit / temperature) / exponential.
inline Lanes pick(const RowsOf& rows, int begin, int size, const Draw& draw, std::size_t column, std::size_t row,
                  int noise_first) {
  const float cold = 1.0f / draw.temperature;
  Lanes best = all(-1e30f), at{};
  for_chunks(rows, begin, size, [&](int first, int count, const Block& block) {
    const Noise noise(draw, column, row, noise_first + first);
    for (int j = 0; j < count; ++j) {
      const Lanes score = fma(block.at[j], cold, -fast_log(noise.exponential(j)));
      at = score > best ? all(static_cast<float>(first + j)) : at;
      best = larger(best, score);
    }
  });
  return at;
}

/// z of the components drawn, from normal noise.
inline Lanes drawn_z(const ColumnLayout& column, const RowsOf& rows, Lanes component, Lanes noise) {
  Lanes mean{}, log_sigma{};
  for (std::size_t l = 0; l < rows.rows; ++l) {
    const float* head = rows.data + l * rows.stride + column.codes + static_cast<std::size_t>(component[l]);
    mean[l] = head[kMixtures], log_sigma[l] = head[2 * kMixtures];
  }
  const Lanes z = fma(fast_exp(keep_sigma(log_sigma)), noise, mean);
  return smaller(larger(z, all(column.z_low)), all(column.z_high));
}

/// The gradient of sum(d * softmax(logit + noise)) with respect to the logits: what `value` says of each element.
/// `keep` is called as keep(first, count, block) with the result.
template <class Value, class Keep>
inline void softmax_backward(const RowsOf& rows, int begin, int size, const Draw& draw, std::size_t column,
                             std::size_t row, int noise_first, const Value& value, const Keep& keep) {
  Lanes top = all(-1e30f), sum{}, mean{};
  for_chunks(rows, begin, size, [&](int first, int count, Block& block) {
    const Noise noise(draw, column, row, noise_first + first);
    Lanes next = top;
    for (int j = 0; j < count; ++j) {
      block.at[j] -= fast_log(noise.exponential(j));
      next = larger(next, block.at[j]);
    }
    const Lanes shrink = fast_exp(top - next);
    sum *= shrink, mean *= shrink;
    Block d;
    value(first, count, d);
    for (int j = 0; j < count; ++j) {
      const Lanes e = fast_exp(block.at[j] - next);
      sum += e, mean = fma(e, d.at[j], mean);
    }
    top = next;
  });
  mean /= sum;
  const Lanes log_sum = top + fast_log(sum);
  for_chunks(rows, begin, size, [&](int first, int count, Block& block) {
    const Noise noise(draw, column, row, noise_first + first);
    Block d;
    value(first, count, d);
    for (int j = 0; j < count; ++j)
      block.at[j] = fast_exp(block.at[j] - fast_log(noise.exponential(j)) - log_sum) * (d.at[j] - mean);
    keep(first, count, block);
  });
}

}  // namespace

void CpuBackend::heads_loss(const ColumnsLayout& layout, ConstView heads, ConstView cells, float factor, View loss,
                            View dheads) {
  const std::size_t n = layout.size(), count = heads.rows();
  check_rows(Device::kCpu, layout, count,
             RowOperands<>{.cells = cells, .heads = heads, .dheads = dheads, .loss = loss});
  const int blocks = (static_cast<int>(count) + kTaskRows - 1) / kTaskRows;
  pool_.run(blocks * static_cast<int>(n), 20.0 * static_cast<double>(count * layout.head_stride), [&](int task) {
    const std::size_t j = static_cast<std::size_t>(task) % n, begin = static_cast<std::size_t>(task) / n * kTaskRows;
    const ColumnLayout& column = layout.columns[j];
    for (std::size_t r = begin; r < std::min(count, begin + kTaskRows); r += kRowLanes) {
      const RowsOf lane_rows{heads.data() + r * layout.head_stride + column.head, layout.head_stride,
                             std::min(kRowLanes, count - r)};
      const Cells cell = load_cells(layout, j, cells.data() + r * layout.cell_stride(), lane_rows.rows);
      float* const d = dheads ? dheads.data() + r * layout.head_stride + column.head : nullptr;
      const Lanes log_sum = log_sum_exp(lane_rows, 0, column.codes);
      Lanes chosen{};
      for_chunks(lane_rows, 0, column.codes, [&](int first, int size, Block& block) {
        for (int c = 0; c < size; ++c) {
          const auto hit = cell.code == static_cast<float>(first + c);
          chosen = hit ? block.at[c] : chosen;
          if (d) block.at[c] = factor * (fast_exp(block.at[c] - log_sum) - (hit ? all(1.0f) : Lanes{}));
        }
        if (d) store(block, first, size, lane_rows, d);
      });
      Lanes value = log_sum - chosen;
      if (column.continuous >= 0) {
        const auto has_z = cell.code == static_cast<float>(column.continuous);
        const Lanes z_loss = mixture_loss(lane_rows, column.codes, cell.z, has_z ? all(factor) : Lanes{}, d);
        value += has_z ? z_loss : Lanes{};
      }
      for (std::size_t l = 0; l < lane_rows.rows; ++l) loss(r + l, j) = value[l];
    }
  });
}

void CpuBackend::sample_column(const ColumnsLayout& layout, int column_number, ConstView heads, ConstView constants,
                               const Draw& draw, View cells, View view, const Allowed& allowed) {
  const auto j = static_cast<std::size_t>(column_number);
  const std::size_t n = layout.size(), count = heads.rows();
  check_rows(Device::kCpu, layout, count, RowOperands<>{.cells = cells, .view = view, .heads = heads});
  const ColumnLayout& column = layout.columns[j];
  pool_.run_blocks(
      count, kTaskRows, 60.0 * static_cast<double>(count) * column.head_width(),
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; r += kRowLanes) {
          const RowsOf lane_rows{heads.data() + r * layout.head_stride + column.head, layout.head_stride,
                                 std::min(kRowLanes, count - r)};
          Lanes code{}, z_of_rows{};
          if (!allowed.codes) code = pick(lane_rows, 0, column.codes, draw, j, r, 0);
          const auto kept = [&](std::size_t l) { return draw.fills && cells(r + l, j) >= 0; };
          for (std::size_t l = 0; allowed.codes && l < lane_rows.rows; ++l) {
            if (kept(l)) continue;
            const AllowedCell drawn =
                draw_allowed(column, j, r + l, lane_rows.data + l * layout.head_stride, draw, allowed);
            code[l] = static_cast<float>(drawn.code), z_of_rows[l] = drawn.z;
            if (allowed.log_mass) allowed.log_mass[r + l] += static_cast<float>(drawn.log_mass);
          }
          if (column.continuous >= 0 && !allowed.codes) {
            const Lanes component = pick(lane_rows, column.codes, kMixtures, draw, j, r, mixture_noise(column.codes));
            const Lanes epsilon = normal(Noise(draw, j, r, z_noise(column.codes))) * draw.temperature;
            z_of_rows = drawn_z(column, lane_rows, component, epsilon);
          }
          for (std::size_t l = 0; l < lane_rows.rows; ++l) {
            if (kept(l)) continue;
            float* cell = &cells(r + l, 0);
            const int drawn = static_cast<int>(code[l]);
            const float z = drawn == column.continuous ? z_of_rows[l] : 0.0f;
            cell[j] = code[l], cell[n + j] = z, cell[2 * n + j] = position_of(column, drawn, z, constants.data());
            if (!view) continue;
            float* seen = &view(r + l, column.view);
            std::fill_n(seen, column.view_width(), 0.0f);
            seen[static_cast<std::size_t>(code[l])] = 1.0f;
            if (column.continuous >= 0) seen[column.codes] = z;
          }
        }
      });
}

void CpuBackend::sample_backward(const ColumnsLayout& layout, ConstView heads, ConstView cells, const Draw& draw,
                                 ConstView dview, View dheads) {
  const std::size_t n = layout.size(), count = heads.rows();
  check_rows(Device::kCpu, layout, count,
             RowOperands<>{.cells = cells, .view = dview, .heads = heads, .dheads = dheads});
  const int blocks = (static_cast<int>(count) + kTaskRows - 1) / kTaskRows;
  pool_.run(blocks * static_cast<int>(n), 60.0 * static_cast<double>(count * layout.head_stride), [&](int task) {
    const std::size_t j = static_cast<std::size_t>(task) % n, begin = static_cast<std::size_t>(task) / n * kTaskRows;
    const ColumnLayout& column = layout.columns[j];
    for (std::size_t r = begin; r < std::min(count, begin + kTaskRows); r += kRowLanes) {
      const std::size_t present = std::min(kRowLanes, count - r);
      const RowsOf lane_rows{heads.data() + r * layout.head_stride + column.head, layout.head_stride, present};
      const RowsOf seen{dview.data() + r * layout.view_stride + column.view, layout.view_stride, present};
      float* const d = dheads.data() + r * layout.head_stride + column.head;
      softmax_backward(
          lane_rows, 0, column.codes, draw, j, r, 0, [&](int first, int size, Block& b) { load(seen, first, size, b); },
          [&](int first, int size, const Block& b) { store(b, first, size, lane_rows, d); });
      if (column.continuous < 0) continue;
      // z = mean + sigma epsilon of the component drawn, where it was not cut and the code is the continuous one.
      const Cells cell = load_cells(layout, j, cells.data() + r * layout.cell_stride(), present);
      const int weights = mixture_noise(column.codes);
      const Lanes component = pick(lane_rows, column.codes, kMixtures, draw, j, r, weights);
      const Lanes epsilon = normal(Noise(draw, j, r, z_noise(column.codes)));
      Block last;
      load(seen, column.codes, 1, last);
      const auto free =
          (cell.code == static_cast<float>(column.continuous)) & (cell.z > column.z_low) & (cell.z < column.z_high);
      const Lanes dz = free ? last.at[0] : Lanes{};
      Mixture m, out;
      load_mixture(lane_rows, column.codes, m);
      Lanes value[kMixtures];
      for (int i = 0; i < kMixtures; ++i) {
        const Lanes log_sigma = keep_sigma(m.log_sigma[i]), step = fast_exp(log_sigma) * epsilon;
        const Lanes here = component == static_cast<float>(i) ? dz : Lanes{};
        value[i] = dz * (m.mean[i] + step);
        out.mean[i] = here;
        out.log_sigma[i] = m.log_sigma[i] == log_sigma ? here * step : Lanes{};
      }
      softmax_backward(
          lane_rows, column.codes, kMixtures, draw, j, r, weights,
          [&](int first, int size, Block& b) { std::copy_n(value + first, size, b.at); },
          [&](int first, int size, const Block& b) { std::copy_n(b.at, size, out.weight + first); });
      store_mixture(out, column.codes, lane_rows, d);
    }
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
