#include "core/table/read/table_reader.h"

#include <utility>

#include "core/fail.h"
#include "core/table/table_builder.h"

namespace meg {

namespace {

/// A text file is one part.
class CsvFile : public TableReader {
 public:
  CsvFile(const FileFormat& format, std::unique_ptr<InputFile> file)
      : delimiter_(format.delimiter), file_(std::move(file)) {}
  std::optional<Table> next() override {
    if (!file_) return std::nullopt;
    const std::unique_ptr<InputFile> file = std::exchange(file_, nullptr);
    return read_csv(*file, &style_, delimiter_);
  }
  CsvStyle style() const override { return style_; }

 private:
  char delimiter_;
  std::unique_ptr<InputFile> file_;
  CsvStyle style_;
};

std::unique_ptr<TableReader> open_file(const std::filesystem::path& path, const std::string& format) {
  auto file = std::make_unique<InputFile>(path, "a table");
  const FileFormat& found = format_to_read(path, format, file->head());
  return found.open_reader(found, path, std::move(file));
}

/// Files one after the other, each opened when the one before is read.
class Files : public TableReader {
 public:
  Files(std::vector<std::filesystem::path> paths, std::string format)
      : paths_(std::move(paths)), format_(std::move(format)), reader_(open_file(paths_[0], format_)) {}

  std::optional<Table> next() override {
    for (;;) {
      if (std::optional<Table> part = reader_->next()) {
        if (!first_) {
          first_ = part->take({});  // holds no memory of the part
          style_ = reader_->style();
        }
        return file_ == 0 ? std::move(part) : in_order(*part);
      }
      if (++file_ >= paths_.size()) return std::nullopt;
      reader_ = open_file(paths_[file_], format_);
    }
  }
  CsvStyle style() const override { return style_; }

 private:
  std::string name(std::size_t file) const { return paths_[file] == "-" ? "standard input" : paths_[file].string(); }

  /// The columns as they follow one another in the first file.
  Table in_order(const Table& part) const {
    const std::string one = name(0), other = name(file_);
    if (part.is_text() != first_->is_text())
      fail("'{}' and '{}' are no parts of one table: one is text, the other has types", one, other);
    for (const std::string& column : part.names())
      if (!first_->find(column)) fail("'{}' has a column '{}', which '{}' has not", other, column, one);
    std::vector<NamedArray> columns;
    for (std::size_t c = 0; c < first_->columns(); ++c) {
      const std::string& column = first_->name(c);
      const auto place = part.find(column);
      if (!place) fail("'{}' has no column '{}', which '{}' has", other, column, one);
      const DataType &type = part[*place].type(), &wanted = (*first_)[c].type();
      if (type != wanted)
        fail("column '{}' of '{}' is {}, but {} in '{}'", column, other, type_text(type), type_text(wanted), one);
      columns.push_back({column, part[*place]});
    }
    return Table(std::move(columns), part.is_text());
  }

  static std::string type_text(const DataType& type) {
    const std::string name = (type.ordered ? "ordered " : "") + to_string(type);
    return type.stored.empty() ? name : fmt::format("{} (Arrow's format '{}')", name, type.stored);
  }

  std::vector<std::filesystem::path> paths_;
  std::string format_;
  std::size_t file_ = 0;
  std::unique_ptr<TableReader> reader_;
  std::optional<Table> first_;  // columns without rows
  CsvStyle style_;
};

}  // namespace

std::unique_ptr<TableReader> open_csv_reader(const FileFormat& format, const std::filesystem::path&,
                                             std::unique_ptr<InputFile> file) {
  return std::make_unique<CsvFile>(format, std::move(file));
}

std::unique_ptr<TableReader> open_tables(std::span<const std::filesystem::path> paths, const std::string& format) {
  std::vector<std::filesystem::path> files = table_files(paths);
  if (files.empty()) fail(ErrorCode::kInvalidArgument, "no file of a table is named");
  return std::make_unique<Files>(std::move(files), format);
}

Table read_styled_table(std::span<const std::filesystem::path> paths, const std::string& format, CsvStyle& style) {
  const std::unique_ptr<TableReader> reader = open_tables(paths, format);
  Table out = all_rows([&] { return reader->next(); }).value();  // there is one part at least
  style = reader->style();
  return out;
}

Table read_table(std::span<const std::filesystem::path> paths, const std::string& format) {
  CsvStyle ignored;
  return read_styled_table(paths, format, ignored);
}

Table read_table(const std::filesystem::path& path, const std::string& format) {
  return read_table(std::span(&path, 1), format);
}

}  // namespace meg
