#include "core/table/infer/utc_offsets.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/table/infer/datetime.h"

namespace meg {

namespace {

/// A moment from `low` to `high` at which clocks are likely to have been changed.
double moment_of_change(double low, double high) {
  constexpr double kWeek = 7 * kDaySeconds, kFirstSunday = 3 * kDaySeconds, kTwo = 2 * 3600;  // 4 January 1970
  const double middle = 0.5 * (low + high);
  const double sunday = std::round((middle - kFirstSunday - kTwo) / kWeek) * kWeek + kFirstSunday + kTwo;
  return sunday > low && sunday <= high ? sunday : std::max(std::floor(middle), std::nextafter(low, high));
}

}  // namespace

std::optional<std::vector<UtcOffset>> find_utc_offsets(std::span<const std::string_view> cells,
                                                       std::span<const double> seconds) {
  constexpr std::size_t kValuesAChange = 4;
  std::vector<std::pair<double, std::string_view>> moments;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    moments.emplace_back(seconds[i], zone_of(cells[i]));
    if (moments.back().second.empty()) return {};
  }
  std::sort(moments.begin(), moments.end());
  std::vector<UtcOffset> out;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const auto& [moment, zone] = moments[i];
    if (!out.empty() && out.back().text == zone) continue;
    out.push_back(
        {.from = i == 0 ? moment : moment_of_change(moments[i - 1].first, moment), .text = std::string(zone)});
  }
  if (kValuesAChange * (out.size() - 1) > cells.size()) return {};
  return out;
}

std::string_view offset_at(std::span<const UtcOffset> offsets, double seconds) {
  const auto behind = std::upper_bound(offsets.begin(), offsets.end(), seconds,
                                       [](double moment, const UtcOffset& offset) { return moment < offset.from; });
  return behind == offsets.begin() ? std::string_view(behind->text) : std::string_view(std::prev(behind)->text);
}

double ahead_at_utc(std::span<const UtcOffset> offsets, double seconds) {
  double ahead = zone_seconds(offsets[0].text);
  for (const UtcOffset& offset : offsets)
    if (seconds + zone_seconds(offset.text) >= offset.from) ahead = zone_seconds(offset.text);
  return ahead;
}

}  // namespace meg
