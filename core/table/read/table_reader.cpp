#include "core/table/read/table_reader.h"

#include <utility>

#include "core/fail.h"
#include "core/table/table_builder.h"

namespace meg {

namespace {

/// A text file is one part.
class CsvFile : public TableReader {
 public:
  CsvFile(const FileFormat& format, std::unique_ptr<InputFile> file, ReadOptions how)
      : how_(std::move(how)), file_(std::move(file)) {
    if (how_.separator == 0) how_.separator = format.delimiter;
  }
  std::optional<Table> next() override {
    if (!file_) return std::nullopt;
    const std::unique_ptr<InputFile> file = std::exchange(file_, nullptr);
    return read_csv(*file, &style_, how_);
  }
  CsvStyle style() const override { return style_; }

 private:
  ReadOptions how_;
  std::unique_ptr<InputFile> file_;
  CsvStyle style_;
};

/// The first of the options that concern text files alone and is set; empty where none is.
std::string_view text_option(const ReadOptions& how) {
  if (how.separator != 0) return "`separator`";
  if (!how.encoding.empty()) return "`encoding`";
  if (!how.header) return "`header=false`";
  return "";
}

std::unique_ptr<TableReader> open_file(const std::filesystem::path& path, const ReadOptions& how) {
  auto file = std::make_unique<InputFile>(path, "a table");
  const FileFormat& found = format_to_read(path, how.format, file->head());
  if (const std::string_view option = text_option(how); !found.is_text() && !option.empty())
    fail(ErrorCode::kInvalidArgument, "{} is of the format {}, but {} is for text files: leave it out", file->name(),
         found.name, option);
  return found.open_reader(found, path, std::move(file), how);
}

/// Files one after the other, each opened when the one before is read.
class Files : public TableReader {
 public:
  Files(std::vector<std::filesystem::path> paths, ReadOptions how)
      : paths_(std::move(paths)), how_(std::move(how)), reader_(open_file(paths_[0], how_)) {}

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
      reader_ = open_file(paths_[file_], how_);
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
  ReadOptions how_;
  std::size_t file_ = 0;
  std::unique_ptr<TableReader> reader_;
  std::optional<Table> first_;  // columns without rows
  CsvStyle style_;
};

}  // namespace

std::unique_ptr<TableReader> open_csv_reader(const FileFormat& format, const std::filesystem::path&,
                                             std::unique_ptr<InputFile> file, const ReadOptions& how) {
  return std::make_unique<CsvFile>(format, std::move(file), how);
}

std::unique_ptr<TableReader> open_tables(std::span<const std::filesystem::path> paths, const ReadOptions& how) {
  std::vector<std::filesystem::path> files = table_files(paths);
  if (files.empty()) fail(ErrorCode::kInvalidArgument, "no file of a table is named");
  return std::make_unique<Files>(std::move(files), how);
}

Table read_styled_table(std::span<const std::filesystem::path> paths, const ReadOptions& how, CsvStyle& style) {
  const std::unique_ptr<TableReader> reader = open_tables(paths, how);
  Table out = all_rows([&] { return reader->next(); }).value();  // there is one part at least
  style = reader->style();
  return out;
}

Table read_table(std::span<const std::filesystem::path> paths, const ReadOptions& how) {
  CsvStyle ignored;
  return read_styled_table(paths, how, ignored);
}

Table read_table(const std::filesystem::path& path, const ReadOptions& how) {
  return read_table(std::span(&path, 1), how);
}

}  // namespace meg
