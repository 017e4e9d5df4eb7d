#include "core/table/write/csv.h"

#include <algorithm>

#include "core/parallel.h"
#include "core/table/cells.h"
#include "core/table/formats.h"
#include "core/table/infer/number.h"

namespace meg {

namespace {

/// Cells of a part, which one thread prints: they stay in its cache.
constexpr std::size_t kPartCells = 8192;
/// What a reader may find to separate values.
constexpr std::string_view kAnySeparator = ",;\t|";

void append_in_quotes(std::string_view text, std::string& out) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

/// Whether a file that begins with the name would be taken for one of another kind, or for an empty one.
bool begins_another_file(std::string_view name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF", kZip = "PK\x03\x04";
  const std::span<const FileFormat> formats = file_formats();
  return name.starts_with(kByteOrderMark) || name.starts_with(kZip) || trimmed(name).empty() ||
         std::any_of(formats.begin(), formats.end(),
                     [&](const FileFormat& format) { return !format.is_text() && name.starts_with(format.magic); });
}

}  // namespace

CsvPrinter::CsvPrinter(const Table& table, const Schema& schema, char delimiter)
    : names_(table.names()), special_{delimiter, '"', '\n', '\r', '\0'} {
  // Lines that all have one separator, or a blank between numbers, would be two columns.
  if (names_.size() == 1) (special_ += kAnySeparator) += ' ';
  for (const std::string& name : names_) {
    const auto at = std::find_if(schema.begin(), schema.end(), [&](const ColumnSchema& c) { return c.name == name; });
    spelling_.push_back(at == schema.end() ? ColumnSchema() : *at);
  }
}

void CsvPrinter::append_cell_text(std::string_view cell, std::string& out) const {
  if (cell.find_first_of(special_) == std::string_view::npos)
    out.append(cell);
  else
    append_in_quotes(cell, out);
}

void CsvPrinter::append_header(std::string& out) const {
  const bool numbers =
      std::all_of(names_.begin(), names_.end(), [](const std::string& name) { return parse_number(name).has_value(); });
  for (std::size_t c = 0; c < names_.size(); ++c) {
    const std::string& name = names_[c];
    if (numbers || name.find_first_of(kAnySeparator) != name.npos || begins_another_file(name))
      append_in_quotes(name, out);
    else
      append_cell_text(name, out);
    out.push_back(c + 1 < names_.size() ? special_[0] : '\n');
  }
}

void CsvPrinter::append_part(const Table& table, std::size_t first, std::size_t end, std::string& out) const {
  const std::size_t columns = names_.size();
  std::string cell;
  for (std::size_t r = first; r < end; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      const Array& column = table[c];
      const std::size_t before = out.size();
      if (column.type().id == TypeId::kUtf8 || column.type().id == TypeId::kDictionary) {
        append_cell_text(column.is_null(r) ? std::string_view(spelling_[c].missing_word) : column.text(r), out);
      } else {
        cell.clear();
        append_spelled(spelling_[c], column, r, cell);
        append_cell_text(cell, out);
      }
      // A row of one empty value would be a blank line.
      if (columns == 1 && out.size() == before) out += "\"\"";
      out.push_back(c + 1 < columns ? special_[0] : '\n');
    }
}

void CsvPrinter::append_rows(const Table& table, std::string& out, int threads) const {
  const std::size_t each = std::max<std::size_t>(1, kPartCells / std::max<std::size_t>(1, names_.size()));
  std::vector<std::string> parts((table.rows() + each - 1) / each);
  parallel_for(parts.size(), threads,
               [&](std::size_t i) { append_part(table, i * each, std::min(table.rows(), (i + 1) * each), parts[i]); });
  for (const std::string& part : parts) out += part;
}

std::string to_csv(const Table& table, const Schema& schema) {
  const CsvPrinter printer(table, schema);
  std::string out;
  printer.append_header(out);
  printer.append_rows(table, out);
  return out;
}

}  // namespace meg
