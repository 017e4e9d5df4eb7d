#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "core/model/row_source.h"
#include "core/table/rule/mend.h"
#include "meg/generate_options.h"

namespace meg {

/// Rows of another source that keep the rules. Equations are computed; a row that breaks another rule is drawn again,
/// its t-th draw being the same row of the table that a seed made of (seed, t) stands for, until it keeps all; where
/// none of kDraws does, a cell is set. So a row is a function of (model, seed, its number) still. Columns that no model
/// learns keep the texts of the first draw, which all differ where they are to.
class RuledRows : public RowSource {
 public:
  static constexpr int kDraws = 50;
  /// Values of a unique() column that are looked at: so many rows of a call.
  static constexpr std::size_t kMostUnique = 10'000'000;

  /// Makes rows first_row ... first_row + count - 1 of the table that a seed stands for.
  using Make =
      std::function<std::unique_ptr<RowSource>(std::uint64_t first_row, std::size_t count, std::uint64_t seed)>;

  /// What is named must outlive it.
  RuledRows(const StatedRules& rules, const Schema& schema, Make make, std::uint64_t first_row, std::size_t count,
            std::uint64_t seed, const GenerateOptions& how, int threads);

  /// Throws Error where a row cannot be made to keep a rule.
  std::optional<Table> next() override;
  Redrawn redrawn() const override { return redrawn_; }

 private:
  /// Rows with what equations give, and which of them keep all rules.
  struct Settled {
    Table rows;
    std::vector<char> hold;
  };
  Settled settle(Table rows) const;
  Table with_changes(const Table& rows, const std::vector<RuleRow>& changed) const;
  Table redraw(Table rows, std::vector<std::size_t> broken);
  Table mend(const Table& rows, const std::vector<std::size_t>& broken) const;
  void check_unique(const Table& rows);
  /// Names a rule that the row breaks still, after what could be set was.
  [[noreturn]] void fail_row(const RuleRow& row, std::uint64_t number) const;

  const StatedRules& rules_;
  const Schema& schema_;
  Make make_;
  std::uint64_t row_;  // the next
  std::uint64_t seed_;
  bool has_conditions_;
  std::vector<bool> may_change_;  // [schema]
  RuleMender mender_;
  int threads_;
  std::unique_ptr<RowSource> source_;
  std::vector<std::unordered_set<std::string>> seen_;  // [rules] values of unique columns
  Redrawn redrawn_;
};

}  // namespace meg
