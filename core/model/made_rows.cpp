#include "core/model/made_rows.h"

#include <algorithm>

#include "core/parallel.h"
#include "core/table/read/csv.h"

namespace meg {

namespace {

/// Cells of a part, which one thread makes to text: they stay in its cache.
constexpr std::size_t kPartCells = 8192;

/// use(a part of the rows as a table), on all threads, into the parts' places of what is returned.
template <class Part, class Use>
std::vector<Part> in_parts(const MadeRows& rows, const Table& empty, int threads, const Use& use) {
  const std::size_t each = std::max<std::size_t>(1, kPartCells / std::max<std::size_t>(1, empty.columns()));
  std::vector<Part> parts((rows.count + each - 1) / each);
  parallel_for(parts.size(), threads, [&](std::size_t i) {
    Table table(empty.names(), empty.delimiter());
    rows.append(i * each, std::min(rows.count, (i + 1) * each), table);
    use(std::move(table), parts[i]);
  });
  return parts;
}

}  // namespace

void append_rows(const MadeRows& rows, int threads, Table& out) {
  const auto take = [](Table&& table, Table& part) { part = std::move(table); };
  for (const Table& part : in_parts<Table>(rows, out, threads, take)) out.append_rows(part);
}

void append_csv(const MadeRows& rows, const Table& empty, int threads, std::string& out) {
  const auto print = [](Table&& table, std::string& part) { append_csv(table, false, part); };
  for (const std::string& part : in_parts<std::string>(rows, empty, threads, print)) out += part;
}

}  // namespace meg
