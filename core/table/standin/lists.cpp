#include "core/table/standin/lists.h"

#include <fmt/ranges.h>

#include "core/fail.h"

#ifdef MEG_STAND_INS
// C++20 has no #embed; the assembler takes a file's bytes as they are.
asm(".pushsection .rodata\n"
    ".global meg_stand_ins_begin, meg_stand_ins_end\n"
    "meg_stand_ins_begin:\n"
    ".incbin \"" MEG_STAND_INS
    "\"\n"
    "meg_stand_ins_end:\n"
    ".popsection\n");
extern "C" const char meg_stand_ins_begin[], meg_stand_ins_end[];
#endif

namespace meg {

namespace {

std::string_view embedded() {
#ifdef MEG_STAND_INS
  return {meg_stand_ins_begin, meg_stand_ins_end};
#else
  return {};
#endif
}

/// What is before the next separator, taken off the text.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return out;
}

template <class Map>
const auto& found(const Map& map, std::string_view name, std::string_view locale) {
  const auto at = map.find(name);
  if (at == map.end()) fail("the lists of stand-ins have no {} of {}", name, locale);
  return at->second;
}

}  // namespace

const Words& LocaleLists::words(std::string_view name) const { return found(words_, name, name_); }
const PatternSet& LocaleLists::patterns(std::string_view name) const { return found(patterns_, name, name_); }

StandInLists::StandInLists(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (line.empty() || line.starts_with('#')) continue;
    const std::string_view kind = take(line, '\t'), name = take(line, '\t');
    if (kind == "locale") {
      locales_.emplace_back(name);
      continue;
    }
    Words items;
    while (!line.empty()) items.push_back(take(line, '\t'));
    if (locales_.empty() || items.empty()) fail("the lists of stand-ins are damaged at '{} {}'", kind, name);
    LocaleLists& locale = locales_.back();
    if (kind == "list")
      locale.words_[name] = std::move(items);
    else
      locale.patterns_.emplace(
          name, PatternSet(items, [&](std::string_view list) -> const Words& { return locale.words(list); }));
  }
}

const StandInLists& StandInLists::built_in() {
  static const StandInLists lists(embedded());
  return lists;
}

const LocaleLists* StandInLists::find(std::string_view locale) const {
  for (const LocaleLists& lists : locales_)
    if (lists.name() == locale) return &lists;
  return nullptr;
}

const LocaleLists& StandInLists::of(std::string_view locale) const {
  if (const LocaleLists* const lists = find(locale)) return *lists;
  if (locales_.empty())
    fail(ErrorCode::kUnsupported,
         "this meg was built without the lists of names and places that stand-ins are drawn from: run "
         "scripts/install_dependencies (or scripts/make_stand_in_lists with a wheel of PyPI's faker, and cmake "
         "-DMEG_STAND_INS=/path/to/stand_ins.txt), then configure and build again");
  Words names;
  for (const LocaleLists& lists : locales_) names.push_back(lists.name());
  fail("there are no lists of the locale '{}'; there are {}", locale, fmt::join(names, ", "));
}

}  // namespace meg
