#include "core/table/formats.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/fail.h"
#include "core/input_file.h"
#include "core/output_file.h"
#include "core/table/read/table_reader.h"
#include "core/table/write/table_writer.h"

namespace meg {

namespace {

constexpr std::string_view kArrowStreamMagic = "\xFF\xFF\xFF\xFF";  // an IPC message's continuation

constexpr FileFormat kFormats[]{
    {"csv", {".csv"}, "", Compression::kNone, 0, &open_csv_reader, &open_csv_writer},
    {"csv.gz", {".csv.gz"}, "", Compression::kGzip, 0, &open_csv_reader, &open_csv_writer},
    {"csv.zst", {".csv.zst"}, "", Compression::kZstd, 0, &open_csv_reader, &open_csv_writer},
    {"tsv", {".tsv"}, "", Compression::kNone, '\t', &open_csv_reader, &open_csv_writer},
    {"tsv.gz", {".tsv.gz"}, "", Compression::kGzip, '\t', &open_csv_reader, &open_csv_writer},
    {"tsv.zst", {".tsv.zst"}, "", Compression::kZstd, '\t', &open_csv_reader, &open_csv_writer},
    {"parquet", {".parquet"}, "PAR1", Compression::kNone, 0, &open_parquet_reader, &open_parquet_writer},
    {"arrow", {".arrow", ".feather"}, "ARROW1", Compression::kNone, 0, &open_arrow_reader, &open_arrow_writer},
    {"arrow-stream",
     {".arrows"},
     kArrowStreamMagic,
     Compression::kNone,
     0,
     &open_arrow_stream_reader,
     &open_arrow_stream_writer},
};
constexpr const FileFormat& kCsv = kFormats[0];

template <class Is>
const FileFormat* find_format(const Is& is) {
  const auto* const at = std::find_if(std::begin(kFormats), std::end(kFormats), is);
  return at == std::end(kFormats) ? nullptr : at;
}

const FileFormat& format_named(std::string_view name) {
  if (const auto* const format = find_format([&](const FileFormat& f) { return f.name == name; })) return *format;
  fail(ErrorCode::kInvalidArgument, "there is no format '{}'; there are {}", name, format_names());
}

const FileFormat* format_of_suffix(const std::filesystem::path& path) {
  std::string name = path.filename().string();
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return find_format([&](const FileFormat& format) {
    return std::any_of(format.suffixes.begin(), format.suffixes.end(), [&](std::string_view suffix) {
      return !suffix.empty() && name.size() > suffix.size() && name.ends_with(suffix);
    });
  });
}

const FileFormat* format_of_bytes(std::string_view head) {
  return find_format([&](const FileFormat& f) { return !f.magic.empty() && head.starts_with(f.magic); });
}

bool is_arrow(const FileFormat& format) { return format.name.starts_with("arrow"); }

std::string quoted(const std::filesystem::path& path) {
  return path == "-" ? "standard input" : fmt::format("'{}'", path.string());
}

}  // namespace

std::span<const FileFormat> file_formats() { return kFormats; }

std::string format_names() {
  std::vector<std::string_view> names;
  for (const FileFormat& format : kFormats) names.push_back(format.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string format_suffixes() {
  std::vector<std::string_view> suffixes;
  for (const FileFormat& format : kFormats)
    for (const std::string_view suffix : format.suffixes)
      if (!suffix.empty()) suffixes.push_back(suffix);
  return fmt::format("{}", fmt::join(suffixes, ", "));
}

const FileFormat& format_to_write(const std::filesystem::path& path, std::string_view asked) {
  if (!asked.empty()) return format_named(asked);
  std::error_code ignored;
  const bool in_place = std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
  if (path == "-" || in_place) return kCsv;
  if (const FileFormat* const format = format_of_suffix(path)) return *format;
  fail(ErrorCode::kInvalidArgument, "'{}' has no suffix of a format that meg writes: name it {}, or name a format",
       path.string(), format_suffixes());
}

const FileFormat& format_to_read(const std::filesystem::path& path, std::string_view asked, std::string_view head) {
  const FileFormat* format = asked.empty() ? format_of_suffix(path) : &format_named(asked);
  const FileFormat* const seen = format_of_bytes(head);
  if (!format) return seen ? *seen : kCsv;
  // Both kinds of Arrow files are called .arrow.
  if (seen && asked.empty() && is_arrow(*format) && is_arrow(*seen)) return *seen;
  if (seen && seen != format)
    fail(ErrorCode::kInvalidArgument, "{} is a file of the format {}, not {}: {}", quoted(path), seen->name,
         format->name, asked.empty() ? "rename it, or name its format" : "name that format");
  if (!seen && !format->magic.empty())
    fail("{} is no file of the format {}: its first bytes are others", quoted(path), format->name);
  return *format;
}

std::vector<std::filesystem::path> table_files(std::span<const std::filesystem::path> paths) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    for (auto at = std::filesystem::directory_iterator(path, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error))
      if (format_of_suffix(at->path()) && at->is_regular_file(error)) files.push_back(at->path());
    if (error) fail(ErrorCode::kFile, "cannot read '{}': {}", path.string(), error.message());
    if (files.size() == before)
      fail(ErrorCode::kFile, "'{}' is a folder without a file of {}", path.string(), format_suffixes());
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

}  // namespace meg
