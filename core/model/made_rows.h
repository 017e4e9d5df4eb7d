#pragma once
#include <functional>
#include <string>

#include "core/table/table.h"

namespace meg {

/// Rows that a model has made, before they are text.
struct MadeRows {
  std::size_t count = 0;
  /// Appends rows begin ... end - 1 of them. Several threads may call it at once, each with a table of its own.
  std::function<void(std::size_t begin, std::size_t end, Table& out)> append;
};

/// Takes the next rows of a table, and says whether more are wanted.
using TakeRows = std::function<bool(const MadeRows& rows)>;

/// Appends all of the rows to a table, or to a text as CSV without a header (`empty` is a table of their columns), on
/// so many threads (0 = one a core), which do not show in the result.
void append_rows(const MadeRows& rows, int threads, Table& out);
void append_csv(const MadeRows& rows, const Table& empty, int threads, std::string& out);

}  // namespace meg
