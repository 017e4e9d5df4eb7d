#pragma once
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "core/table/standin/pattern.h"

namespace meg {

/// The words and patterns of a language and country.
class LocaleLists {
 public:
  explicit LocaleLists(std::string_view name) : name_(name) {}
  std::string_view name() const { return name_; }
  /// Throws Error where there are none of this name.
  const Words& words(std::string_view name) const;
  const PatternSet& patterns(std::string_view name) const;

 private:
  friend class StandInLists;
  std::string_view name_;
  std::map<std::string_view, Words, std::less<>> words_;
  std::map<std::string_view, PatternSet, std::less<>> patterns_;
};

/// What names and places are drawn from: a file that scripts/make_stand_in_lists writes, which says how it is laid out.
/// Immutable: any number of threads may read it at once.
class StandInLists {
 public:
  /// Keeps views into the text. An empty text is that of a build without lists.
  explicit StandInLists(std::string_view text);
  StandInLists(const StandInLists&) = delete;
  StandInLists& operator=(const StandInLists&) = delete;
  /// Those that the build found.
  static const StandInLists& built_in();

  /// Null where there are no such lists.
  const LocaleLists* find(std::string_view locale) const;
  /// Throws Error, which says what to install or which locales there are.
  const LocaleLists& of(std::string_view locale) const;

 private:
  std::vector<LocaleLists> locales_;
};

}  // namespace meg
