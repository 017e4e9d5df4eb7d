#include "core/table/write/table_writer.h"

#include <optional>

#include "core/table/write/csv.h"
#include "meg/files.h"

namespace meg {

namespace {

/// Prints on all threads, while what was printed before is compressed and written.
class CsvWriter : public RowWriter {
 public:
  CsvWriter(char delimiter, OutputFile& file) : delimiter_(delimiter), file_(file) {}

  void start(const Table& columns, const TextStyle& style) override {
    printer_.emplace(columns, style.schema, delimiter_ ? delimiter_ : style.delimiter);
    threads_ = style.threads;
    printer_->append_header(text_);
  }
  void write(const Table& rows) override {
    printer_->append_rows(rows, text_, threads_);
    file_.write_behind(text_);
    text_.clear();
  }
  void finish() override { file_.write(text_); }  // the header of a table without rows

 private:
  char delimiter_;
  OutputFile& file_;
  std::optional<CsvPrinter> printer_;
  int threads_ = 0;
  std::string text_;
};

}  // namespace

TableWriter::TableWriter(const std::filesystem::path& path, const std::string& format)
    : file_(path, format_to_write(path, format).compression) {
  const FileFormat& found = format_to_write(path, format);
  rows_ = found.open_writer(found, file_);
}

void TableWriter::start(const Table& columns, const TextStyle& style) { rows_->start(columns, style); }
void TableWriter::write(const Table& rows) { rows_->write(rows); }
void TableWriter::finish() {
  rows_->finish();
  file_.finish();
}

void write_table(const Table& table, const std::filesystem::path& path, const std::string& format) {
  TableWriter out(path, format);
  out.start(table);
  out.write(table);
  out.finish();
}

std::unique_ptr<RowWriter> open_csv_writer(const FileFormat& format, OutputFile& file) {
  return std::make_unique<CsvWriter>(format.delimiter, file);
}

}  // namespace meg
