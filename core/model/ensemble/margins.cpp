#include "core/model/ensemble/margins.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/parallel.h"

namespace meg {

namespace {

/// Rows that are drawn for each row of the table, at most and at least. Of 20,000 rows a share of 1 % has a standard
/// error of 7 % of itself where it is drawn; a mean probability has a smaller one.
constexpr std::size_t kDrawnPerRow = 10, kMostDrawn = 20'000, kFewestDrawn = 4'000;

/// Standard errors that a share must be off by to be corrected.
constexpr double kChance = 2;

/// What a code's probability is multiplied or divided by at most, before all are scaled to a sum of 1.
constexpr double kMostFactor = 10;

/// Steps of a column's correction at most. It ends sooner where the chi-square distance between the rows that codes
/// have and those that they should have is so small, or where a step leaves more than this part of it.
constexpr int kScalingSteps = 20;
constexpr double kClose = 0.01, kProgress = 0.7;

/// Rows of the table that are counted at once.
constexpr std::size_t kCountedRows = 1 << 16;

/// The rows that each code of each column has.
std::vector<std::vector<double>> count_codes(Backend& backend, const ColumnsLayout& layout, ConstView table) {
  std::vector<std::vector<double>> count;
  for (const ColumnLayout& column : layout.columns) count.emplace_back(static_cast<std::size_t>(column.codes));
  std::vector<float> cells;
  for (std::size_t first = 0; first < table.rows(); first += kCountedRows) {
    const std::size_t rows = std::min(kCountedRows, table.rows() - first);
    cells.resize(rows * layout.cell_stride());
    backend.download(table.row_range(first, rows), cells);
    for (std::size_t row = 0; row < cells.size(); row += layout.cell_stride())
      for (std::size_t j = 0; j < layout.size(); ++j) ++count[j][static_cast<std::size_t>(cells[row + j])];
  }
  return count;
}

/// The probabilities that one generator gives the codes of its column, in many rows.
class CodeProbabilities {
 public:
  CodeProbabilities(std::size_t rows, std::size_t codes, int threads)
      : rows_(rows), codes_(codes), threads_(threads), weight_(rows * codes) {}

  /// From rows of its head [count, width], which begin with the logits of the codes.
  void set(std::size_t first_row, std::size_t count, std::span<const float> heads) {
    const std::size_t width = heads.size() / count;
    parallel_parts(count, kPartRows, threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t r = begin; r < end; ++r) {
        const std::span<const float> logits = heads.subspan(r * width, codes_);
        const float most = *std::ranges::max_element(logits);
        for (std::size_t c = 0; c < codes_; ++c) weight_[(first_row + r) * codes_ + c] = std::exp(logits[c] - most);
      }
    });
  }

  struct Means {
    std::vector<double> mean, error;  ///< of each code: the mean over the rows, and its standard error
  };
  /// Those where the probability of code c is multiplied by factor[c], then all are scaled to a sum of 1.
  Means means(std::span<const double> factor) const {
    std::vector<Means> parts((rows_ + kPartRows - 1) / kPartRows);
    parallel_for(parts.size(), threads_,
                 [&](std::size_t i) { parts[i] = sums(i * kPartRows, std::min(rows_, (i + 1) * kPartRows), factor); });
    Means out{std::vector<double>(codes_), std::vector<double>(codes_)};
    const auto rows = static_cast<double>(rows_);
    for (std::size_t c = 0; c < codes_; ++c) {
      double squares = 0;
      for (const Means& part : parts) out.mean[c] += part.mean[c] / rows, squares += part.error[c] / rows;
      out.error[c] = std::sqrt(std::max(0.0, squares - out.mean[c] * out.mean[c]) / rows);
    }
    return out;
  }

 private:
  /// The sums of the probabilities, and those of their squares, over the rows [begin, end).
  Means sums(std::size_t begin, std::size_t end, std::span<const double> factor) const {
    Means out{std::vector<double>(codes_), std::vector<double>(codes_)};
    std::vector<double> p(codes_);
    for (std::size_t r = begin; r < end; ++r) {
      double sum = 0;
      for (std::size_t c = 0; c < codes_; ++c) sum += p[c] = factor[c] * static_cast<double>(weight_[r * codes_ + c]);
      for (std::size_t c = 0; c < codes_; ++c) {
        const double probability = p[c] / sum;
        out.mean[c] += probability, out.error[c] += probability * probability;
      }
    }
    return out;
  }

  std::size_t rows_, codes_;
  int threads_;
  std::vector<float> weight_;  // [rows, codes], up to a factor of each row
};

/// The factors by which the mean probabilities become the shares of `count`, by generalized iterative scaling (Darroch
/// & Ratcliff 1972): a code's factor gains share / mean. Such steps never overshoot. They end where one brings the
/// shares little closer: the earlier columns decide about the code there, and no factor should. Half a row is added on
/// both sides, for codes without rows.
std::vector<double> find_factors(const CodeProbabilities& probabilities, std::span<const double> count) {
  const std::size_t codes = count.size();
  const double rows = std::accumulate(count.begin(), count.end(), 0.0);
  std::vector<double> factor(codes, 1.0), next(codes), wanted(count.begin(), count.end());
  double distance = std::numeric_limits<double>::infinity();
  for (int step = 0; step < kScalingSteps; ++step) {
    const CodeProbabilities::Means now = probabilities.means(factor);
    double left = 0;
    for (std::size_t c = 0; c < codes; ++c) {
      const double has = now.mean[c] * rows;
      if (step == 0 && std::abs(wanted[c] - has) <= kChance * now.error[c] * rows) wanted[c] = has;
      const double scaled = factor[c] * (wanted[c] + 0.5) / (has + 0.5);
      next[c] = std::clamp(scaled, 1 / kMostFactor, kMostFactor);
      if (next[c] == scaled) left += (wanted[c] - has) * (wanted[c] - has) / (has + 0.5);
    }
    if (left < kClose || left > kProgress * distance) break;
    distance = left;
    factor = next;
  }
  return factor;
}

/// Rows that are generated one column at a time, in batches.
class RowsByColumn {
 public:
  RowsByColumn(Backend& backend, const MaskedEnsemble& ensemble, ConstView constants, std::uint64_t seed,
               std::size_t rows)
      : backend_(backend),
        ensemble_(ensemble),
        constants_(constants),
        seed_(seed),
        rows_(rows),
        batch_(static_cast<std::size_t>(
            backend.rows_of_pass(rows, ensemble.tape_floats(1, ensemble.forward_on(backend))))),
        arena_(backend.allocate(ensemble.tape_floats(static_cast<int>(batch_), ensemble.forward_on(backend)))),
        tape_(ensemble.make_tape(arena_, static_cast<int>(batch_), ensemble.forward_on(backend))),
        cells_(backend.allocate(rows * ensemble.layout().cell_stride())),
        sums_(backend.allocate(rows * tape_.sum.columns())) {
    const auto& columns = ensemble.layout().columns;
    const auto widest = std::ranges::max_element(columns, {}, &ColumnLayout::head_width);
    heads_ = backend.allocate(elements(widest->head_width(), batch_));
  }

  /// Of column k, given what was drawn of those before it.
  CodeProbabilities probabilities(std::size_t k, ConstView parameters, int threads) {
    const ColumnLayout& column = ensemble_.layout().columns[k];
    const auto width = static_cast<std::size_t>(column.head_width());
    CodeProbabilities out(rows_, static_cast<std::size_t>(column.codes), threads);
    std::vector<float> host;
    for (std::size_t first = 0; first < rows_; first += batch_) {
      const View cells = batch_of(cells_, first), heads = heads_.view(cells.rows(), width);
      if (tape_.sum)  // a copy, for head() changes it
        backend_.add_scaled(1.0f, batch_of(sums_, first), 0.0f, tape_.sum.row_range(0, cells.rows()));
      ensemble_.head(backend_, k, cells, parameters, tape_, heads);
      host.resize(heads.size());
      backend_.download(heads, host);
      out.set(first, cells.rows(), host);
    }
    return out;
  }

  void draw(std::size_t k, ConstView parameters) {
    for (std::size_t first = 0; first < rows_; first += batch_) {
      MaskedEnsemble::Tape tape = tape_;
      if (tape.sum) tape.sum = batch_of(sums_, first);
      ensemble_.draw(backend_, {seed_, Stream::kMeasure, first}, k, parameters, constants_, tape,
                     batch_of(cells_, first));
    }
  }

 private:
  View batch_of(const Memory& rows, std::size_t first) const {
    return rows.view(rows_, rows.size() / rows_).row_range(first, std::min(batch_, rows_ - first));
  }

  Backend& backend_;
  const MaskedEnsemble& ensemble_;
  ConstView constants_;
  std::uint64_t seed_;
  std::size_t rows_, batch_;
  Arena arena_;
  MaskedEnsemble::Tape tape_;
  Memory cells_, sums_, heads_;  // sums_: of a shared first layer, tape.sum of all rows
};

}  // namespace

void match_margins(Backend& backend, const MaskedEnsemble& ensemble, ConstView table, ConstView constants,
                   std::uint64_t seed, int threads, View parameters) {
  const std::vector<std::vector<double>> counts = count_codes(backend, ensemble.layout(), table);
  RowsByColumn rows(backend, ensemble, constants, seed,
                    std::clamp(kDrawnPerRow * table.rows(), kFewestDrawn, kMostDrawn));
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const std::vector<double> factor = find_factors(rows.probabilities(k, parameters, threads), counts[k]);
    const View bias = parameters.column_range(ensemble.head_bias(k), factor.size());
    std::vector<float> shifted(factor.size());
    backend.download(bias, shifted);
    for (std::size_t c = 0; c < factor.size(); ++c) shifted[c] += static_cast<float>(std::log(factor[c]));
    backend.upload(shifted, bias);
    if (k + 1 < counts.size()) rows.draw(k, parameters);
  }
}

}  // namespace meg
