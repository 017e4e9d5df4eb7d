#include "meg/arrow.h"

#include <exception>
#include <utility>

#include "core/fail.h"
#include "core/table/arrow/plugin.h"
#include "core/table/write/table_writer.h"

namespace meg {

namespace {

/// A Parquet or Arrow file, written by the plug-in: a batch a table.
class ArrowWriter : public RowWriter {
 public:
  ArrowWriter(ArrowFileKind kind, OutputFile& file) : kind_(kind), file_(file), plugin_(arrow_plugin()) {}

  void start(const Table& columns, const TextStyle&) override {
    ArrowSchema schema{};
    export_schema(columns, &schema);
    check(plugin_.open_writer(kind_, {this, &write_bytes}, &schema, writer_));
  }
  void write(const Table& rows) override {
    ArrowArray array{};
    export_table(rows, &array);
    check(writer_->write(&array));
  }
  void finish() override { check(writer_->finish()); }

 private:
  static bool write_bytes(void* self, const void* bytes, std::int64_t size) {
    auto& writer = *static_cast<ArrowWriter*>(self);
    try {
      writer.file_.write({static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
      return true;
    } catch (...) {
      writer.error_ = std::current_exception();
      return false;
    }
  }

  /// What writing the bytes met comes before what the plug-in made of it.
  void check(const std::string& error) {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (!error.empty()) fail(ErrorCode::kFile, "the table cannot be written: {}", error);
  }

  ArrowFileKind kind_;
  OutputFile& file_;
  const ArrowPlugin& plugin_;
  std::exception_ptr error_;
  std::unique_ptr<ArrowFileWriter> writer_;
};

}  // namespace

std::unique_ptr<RowWriter> open_parquet_writer(const FileFormat&, OutputFile& file) {
  return std::make_unique<ArrowWriter>(ArrowFileKind::kParquet, file);
}

std::unique_ptr<RowWriter> open_arrow_writer(const FileFormat&, OutputFile& file) {
  return std::make_unique<ArrowWriter>(ArrowFileKind::kFile, file);
}

std::unique_ptr<RowWriter> open_arrow_stream_writer(const FileFormat&, OutputFile& file) {
  return std::make_unique<ArrowWriter>(ArrowFileKind::kStream, file);
}

}  // namespace meg
