// meg_arrow.so: Parquet and Arrow files through Apache Arrow C++.

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <arrow/util/config.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include "core/table/arrow/plugin.h"

namespace meg {

namespace {

/// Rows of a batch that is read, and of a row group that is written: a table of a hundred columns of numbers takes
/// 50 MB for them.
constexpr std::int64_t kBatchRows = 65536, kRowGroupRows = 131072;

/// Arrow's own pool would keep freed memory.
arrow::MemoryPool* pool() { return arrow::system_memory_pool(); }

std::string sentence(const arrow::Status& status) {
  // Behind the first line there are addresses, and places in Arrow's sources.
  const std::string text = status.message();
  return text.substr(0, text.find('\n'));
}

/// The bytes that a source gives, from the first on.
class SourceStream : public arrow::io::InputStream {
 public:
  explicit SourceStream(const ArrowSource& source) : source_(source) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return at_; }

  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override {
    std::int64_t done = 0;
    while (done < size) {
      const std::int64_t got = source_.read(source_.self, static_cast<char*>(out) + done, size - done);
      if (got < 0) return arrow::Status::IOError("the file cannot be read");
      if (got == 0) break;
      done += got;
    }
    at_ += done;
    return done;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override {
    // A length that lies must not be believed: memory grows with what there is.
    arrow::BufferBuilder bytes(pool());
    constexpr std::int64_t kBlock = 1 << 20;
    while (size > 0) {
      const std::int64_t part = std::min(size, kBlock);
      ARROW_RETURN_NOT_OK(bytes.Reserve(part));
      ARROW_ASSIGN_OR_RAISE(const std::int64_t got, Read(part, bytes.mutable_data() + bytes.length()));
      bytes.UnsafeAdvance(got);
      if (got < part) break;
      size -= part;
    }
    return bytes.Finish();
  }

 private:
  ArrowSource source_;
  std::int64_t at_ = 0;
  bool closed_ = false;
};

class SinkStream : public arrow::io::OutputStream {
 public:
  explicit SinkStream(const ArrowSink& sink) : sink_(sink) {}
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  arrow::Status Write(const void* bytes, std::int64_t size) override {
    if (!sink_.write(sink_.self, bytes, size)) return arrow::Status::IOError("the file cannot be written");
    at_ += size;
    return arrow::Status::OK();
  }

 private:
  ArrowSink sink_;
  std::int64_t at_ = 0;
  bool closed_ = false;
};

/// A file that can be read at any place: one on a disk, or all that a source gives.
arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> random_access(const ArrowSource& source) {
  if (source.path) {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(source.path, pool()));
    return file;
  }
  SourceStream stream(source);
  ARROW_ASSIGN_OR_RAISE(auto bytes, stream.Read(std::numeric_limits<std::int64_t>::max()));
  return std::make_shared<arrow::io::BufferReader>(std::move(bytes));
}

using Reader = std::shared_ptr<arrow::RecordBatchReader>;

/// The batches of an Arrow file, one after the other.
class FileBatches : public arrow::RecordBatchReader {
 public:
  explicit FileBatches(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file) : file_(std::move(file)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ == file_->num_record_batches()) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(*batch, file_->ReadRecordBatch(next_++));
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int next_ = 0;
};

/// Batches of another reader, each checked: its buffers are as long as its lengths say. What the buffers hold meg
/// checks on its side.
class CheckedBatches : public arrow::RecordBatchReader {
 public:
  explicit CheckedBatches(Reader from) : from_(std::move(from)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return from_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(from_->ReadNext(batch));
    if (!*batch) return arrow::Status::OK();
    for (int c = 0; c < (*batch)->num_columns(); ++c)
      if (const auto status = (*batch)->column(c)->Validate(); !status.ok())
        return arrow::Status::Invalid("column '", (*batch)->column_name(c), "': ", sentence(status));
    return (*batch)->Validate();
  }

 private:
  Reader from_;
};

/// A Parquet file's batches, which hold the file and its reader.
class ParquetBatches : public arrow::RecordBatchReader {
 public:
  static arrow::Result<Reader> open(std::shared_ptr<arrow::io::RandomAccessFile> file) {
    parquet::ReaderProperties bytes(pool());
    bytes.enable_buffered_stream();  // pages of a column chunk one after the other, not the whole chunk
    parquet::ArrowReaderProperties rows(/*use_threads=*/false);
    rows.set_pre_buffer(false);
    rows.set_batch_size(kBatchRows);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(file), bytes));
    auto out = std::make_shared<ParquetBatches>();
    ARROW_RETURN_NOT_OK(builder.memory_pool(pool())->properties(rows)->Build(&out->file_));
    ARROW_ASSIGN_OR_RAISE(out->batches_, out->file_->GetRecordBatchReader());
    return out;
  }
  std::shared_ptr<arrow::Schema> schema() const override { return batches_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override { return batches_->ReadNext(batch); }

 private:
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
};

arrow::ipc::IpcReadOptions read_options() {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool();
  options.use_threads = false;
  return options;
}

arrow::Result<Reader> open(ArrowFileKind kind, const ArrowSource& source) {
  if (kind == ArrowFileKind::kStream) {
    std::shared_ptr<arrow::io::InputStream> bytes = std::make_shared<SourceStream>(source);
    ARROW_ASSIGN_OR_RAISE(auto rows, arrow::ipc::RecordBatchStreamReader::Open(bytes, read_options()));
    return rows;
  }
  ARROW_ASSIGN_OR_RAISE(auto file, random_access(source));
  if (kind == ArrowFileKind::kParquet) return ParquetBatches::open(std::move(file));
  ARROW_ASSIGN_OR_RAISE(auto rows, arrow::ipc::RecordBatchFileReader::Open(std::move(file), read_options()));
  return std::make_shared<FileBatches>(std::move(rows));
}

class ParquetFile : public ArrowFileWriter {
 public:
  static arrow::Result<std::unique_ptr<ArrowFileWriter>> open(const ArrowSink& sink,
                                                              std::shared_ptr<arrow::Schema> schema) {
    auto out = std::make_unique<ParquetFile>();
    const auto file = parquet::WriterProperties::Builder()
                          .memory_pool(pool())
                          ->compression(parquet::Compression::ZSTD)
                          ->max_row_group_length(kRowGroupRows)
                          ->build();
    // The schema of Arrow is kept in the file, so that types which Parquet lacks come back.
    const auto rows = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    ARROW_ASSIGN_OR_RAISE(out->writer_, parquet::arrow::FileWriter::Open(
                                            *schema, pool(), std::make_shared<SinkStream>(sink), file, rows));
    out->schema_ = std::move(schema);
    return out;
  }
  std::string write(ArrowArray* rows) override {
    const auto batch = arrow::ImportRecordBatch(rows, schema_);
    if (!batch.ok()) return sentence(batch.status());
    const auto status = writer_->WriteRecordBatch(**batch);
    return status.ok() ? "" : sentence(status);
  }
  std::string finish() override {
    const auto status = writer_->Close();
    return status.ok() ? "" : sentence(status);
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

class IpcFile : public ArrowFileWriter {
 public:
  static arrow::Result<std::unique_ptr<ArrowFileWriter>> open(bool stream, const ArrowSink& sink,
                                                              std::shared_ptr<arrow::Schema> schema) {
    auto out = std::make_unique<IpcFile>();
    auto options = arrow::ipc::IpcWriteOptions::Defaults();
    options.memory_pool = pool();
    options.use_threads = false;
    auto file = std::make_shared<SinkStream>(sink);
    if (stream) {
      ARROW_ASSIGN_OR_RAISE(out->writer_, arrow::ipc::MakeStreamWriter(file, schema, options));
    } else {
      ARROW_ASSIGN_OR_RAISE(out->writer_, arrow::ipc::MakeFileWriter(file, schema, options));
    }
    out->schema_ = std::move(schema);
    return out;
  }
  std::string write(ArrowArray* rows) override {
    const auto batch = arrow::ImportRecordBatch(rows, schema_);
    if (!batch.ok()) return sentence(batch.status());
    const auto status = writer_->WriteRecordBatch(**batch);
    return status.ok() ? "" : sentence(status);
  }
  std::string finish() override {
    const auto status = writer_->Close();
    return status.ok() ? "" : sentence(status);
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

arrow::Status start_reading(ArrowFileKind kind, const ArrowSource& source, ArrowArrayStream* rows) {
  ARROW_ASSIGN_OR_RAISE(auto reader, open(kind, source));
  return arrow::ExportRecordBatchReader(std::make_shared<CheckedBatches>(std::move(reader)), rows);
}

arrow::Status start_writing(ArrowFileKind kind, const ArrowSink& sink, ArrowSchema* columns,
                            std::unique_ptr<ArrowFileWriter>& writer) {
  ARROW_ASSIGN_OR_RAISE(auto schema, arrow::ImportSchema(columns));
  if (kind == ArrowFileKind::kParquet) {
    ARROW_ASSIGN_OR_RAISE(writer, ParquetFile::open(sink, std::move(schema)));
  } else {
    ARROW_ASSIGN_OR_RAISE(writer, IpcFile::open(kind == ArrowFileKind::kStream, sink, std::move(schema)));
  }
  return arrow::Status::OK();
}

/// What a status or an exception says, for Parquet throws in places.
template <class Act>
std::string said_by(const Act& act) {
  try {
    const arrow::Status status = act();
    return status.ok() ? "" : sentence(status);
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string open_reader(ArrowFileKind kind, const ArrowSource& source, ArrowArrayStream* rows) {
  return said_by([&] { return start_reading(kind, source, rows); });
}

std::string open_writer(ArrowFileKind kind, const ArrowSink& sink, ArrowSchema* columns,
                        std::unique_ptr<ArrowFileWriter>& writer) {
  return said_by([&] { return start_writing(kind, sink, columns, writer); });
}

}  // namespace

}  // namespace meg

extern "C" __attribute__((visibility("default"))) const meg::ArrowPlugin* meg_arrow_plugin() {
  static constexpr meg::ArrowPlugin plugin{&meg::open_reader, &meg::open_writer};
  return &plugin;
}
