#include "core/table/standin/stand_in.h"

#include <nlohmann/json.hpp>

namespace meg {

namespace {

constexpr std::string_view kLocale = "en_US";

}  // namespace

StandIn::StandIn(const ColumnSchema& column, std::uint32_t of, std::span<const std::string_view> cells)
    : sdtype_(&sdtype_of(column.sdtype)), locale_(column.locale.empty() ? kLocale : column.locale), of_(of) {
  if (sdtype_->needs_lists) lists_ = &StandInLists::built_in().of(locale_);
  if (!sdtype_->append) phones_ = phone_groups(cells);
  std::string tried;
  append(0, 0, 0, tried);
}

void StandIn::append(std::uint64_t seed, std::uint64_t row, std::size_t column, std::string& out) const {
  if (!sdtype_->append) return phones_.append(seed, row, column, out);
  const bool lacks_lists = sdtype_->needs_lists && !lists_;
  const LocaleLists* const lists = lacks_lists ? &StandInLists::built_in().of(locale_) : lists_;
  sdtype_->append({.random = Philox(seed, Stream::kStandIn), .row = row, .of = of_, .locale = locale_, .lists = lists},
                  out);
}

std::string StandIn::to_json() const {
  nlohmann::ordered_json out{{"sdtype", sdtype_->name}, {"locale", locale_}, {"of", of_}};
  if (!sdtype_->append) out["phones"] = nlohmann::ordered_json::parse(phones_.to_json());
  return out.dump();
}

StandIn StandIn::from_json(std::string_view json) {
  const auto in = nlohmann::json::parse(json);
  StandIn out;
  out.sdtype_ = &sdtype_of(in.at("sdtype").get<std::string>());
  out.locale_ = in.at("locale");
  out.of_ = in.at("of");
  out.lists_ = StandInLists::built_in().find(out.locale_);
  if (!out.sdtype_->append) out.phones_ = TextShapes::from_json(in.at("phones").dump());
  return out;
}

}  // namespace meg
