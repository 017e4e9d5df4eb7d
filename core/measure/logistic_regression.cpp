#include "core/measure/logistic_regression.h"

#include <algorithm>
#include <cmath>

#include "core/measure/lbfgs.h"
#include "core/measure/numbers.h"

namespace meg {

LogisticRegression::LogisticRegression(const EncodedRows& rows, std::span<const int> labels,
                                       std::span<const std::size_t> train)
    : rows_(rows), labels_(labels), train_(train) {
  standardize();
  weights_ = minimize([this](const std::vector<double>& w, std::vector<double>& gradient) { return loss(w, gradient); },
                      std::vector<double>(rows.width + 1), 1e-4, 200);
}

void LogisticRegression::standardize() {
  const auto n = static_cast<double>(rows_.rows);
  const auto add = [&](const Spread& s) {
    mean_.push_back(s.mean);
    inverse_.push_back(s.deviation > 0 ? 1 / s.deviation : 0);
  };
  for (const EncodedColumn& column : rows_.columns) {
    if (column.is_codes()) {
      std::vector<double> count(column.width);
      for (const int code : column.codes) ++count[static_cast<std::size_t>(code)];
      for (const double c : count) add({c / n, std::sqrt(c / n * (1 - c / n))});
    } else {
      add(spread(column.numbers));
    }
  }
}

std::vector<double> LogisticRegression::scores(std::span<const double> weights,
                                               std::span<const std::size_t> chosen) const {
  // w (x - mean) / deviation: what does not depend on the row is added once.
  double constant = weights.back();
  std::vector<double> scaled(rows_.width);
  for (std::size_t k = 0; k < rows_.width; ++k) {
    scaled[k] = weights[k] * inverse_[k];
    constant -= scaled[k] * mean_[k];
  }
  std::vector<double> out(chosen.size(), constant);
  std::size_t first = 0;
  for (const EncodedColumn& column : rows_.columns) {
    if (column.is_codes())
      for (std::size_t i = 0; i < chosen.size(); ++i)
        out[i] += scaled[first + static_cast<std::size_t>(column.codes[chosen[i]])];
    else
      for (std::size_t i = 0; i < chosen.size(); ++i) out[i] += scaled[first] * column.numbers[chosen[i]];
    first += column.width;
  }
  return out;
}

double LogisticRegression::loss(std::span<const double> weights, std::vector<double>& gradient) const {
  // Becomes d loss / d score.
  std::vector<double> error = scores(weights, train_);
  double sum = 0, error_sum = 0;
  for (std::size_t i = 0; i < error.size(); ++i) {
    const double sign = labels_[train_[i]] != 0 ? 1 : -1, margin = sign * error[i];
    const double odds = std::exp(-std::abs(margin));
    sum += std::max(-margin, 0.0) + std::log1p(odds);
    error[i] = -sign * (margin > 0 ? odds : 1) / (1 + odds);
    error_sum += error[i];
  }
  std::fill(gradient.begin(), gradient.end(), 0.0);
  std::size_t first = 0;
  for (const EncodedColumn& column : rows_.columns) {
    if (column.is_codes())
      for (std::size_t i = 0; i < error.size(); ++i)
        gradient[first + static_cast<std::size_t>(column.codes[train_[i]])] += error[i];
    else
      for (std::size_t i = 0; i < error.size(); ++i) gradient[first] += error[i] * column.numbers[train_[i]];
    first += column.width;
  }
  for (std::size_t k = 0; k < rows_.width; ++k) {
    gradient[k] = (gradient[k] - error_sum * mean_[k]) * inverse_[k] + weights[k];
    sum += weights[k] * weights[k] / 2;
  }
  gradient.back() = error_sum;
  return sum;
}

std::vector<double> LogisticRegression::predict(std::span<const std::size_t> chosen) const {
  return scores(weights_, chosen);
}

}  // namespace meg
