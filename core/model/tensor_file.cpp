#include "core/model/tensor_file.h"

#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>

#include "core/checksum.h"
#include "core/fail.h"
#include "core/output_file.h"

namespace meg {

namespace {

/// All versions up to this one load and make the rows that they made: tests/data/models has models of each.
constexpr int kFormatVersion = 3;
/// Bytes that say how long the header is.
constexpr std::size_t kPrefix = 8;
using Json = nlohmann::json;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// Calls add(bytes) for all metadata but the checksum itself, and for all data.
template <class Add>
void for_bytes(const TensorFile& file, const Add& add) {
  for (const auto& [key, value] : file.metadata)
    if (key != "checksum") add(key), add(value);
  for (const auto& [name, values] : file.tensors) add(name), add(bytes_of(values));
}

constexpr std::string_view kXxh3 = "xxh3:";

std::string checksum(const TensorFile& file) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
  if (!state || XXH3_64bits_reset(state.get()) != XXH_OK) throw std::bad_alloc();
  for_bytes(file, [&](std::string_view bytes) { XXH3_64bits_update(state.get(), bytes.data(), bytes.size()); });
  return fmt::format("{}{:016x}", kXxh3, XXH3_64bits_digest(state.get()));
}

/// Whether the file is as it was written. Format 1 has the slower Checksum.
bool is_whole(const TensorFile& file) {
  const auto stored = file.metadata.find("checksum");
  if (stored == file.metadata.end()) return false;
  if (stored->second.starts_with(kXxh3)) return stored->second == checksum(file);
  Checksum sum;
  for_bytes(file, [&](std::string_view bytes) { sum.add(bytes); });
  return stored->second == sum.text();
}

std::string little_endian(std::uint64_t value) {
  std::string out;
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> 8 * i & 0xff));
  return out;
}

/// Bytes of the header, which the first bytes say. Throws Error where a file of `total` bytes cannot hold it.
std::uint64_t header_bytes(std::string_view prefix, std::uint64_t total, const std::string& name) {
  if (prefix.size() < kPrefix || total < kPrefix) fail("{} is no model file: it is too short", name);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < kPrefix; ++i) out |= std::uint64_t{static_cast<unsigned char>(prefix[i])} << 8 * i;
  if (out > total - kPrefix) fail("{} is no model file, or is cut short", name);
  return out;
}

std::vector<float> floats_of(std::string_view bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(float) ==
      0) {  // a file's: copied once, not cleared first
    const auto* const first = reinterpret_cast<const float*>(bytes.data());
    return {first, first + bytes.size() / sizeof(float)};
  }
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

}  // namespace

std::string tensor_file_bytes(TensorFile file) {
  file.metadata["format_version"] = std::to_string(kFormatVersion);
  file.metadata["checksum"] = checksum(file);
  Json header;
  header["__metadata__"] = file.metadata;
  std::size_t offset = 0;
  for (const auto& [name, values] : file.tensors) {
    const std::size_t end = offset + values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", {values.size()}}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the data starts on a multiple of 8 bytes

  std::string out = little_endian(text.size()) + text;
  out.reserve(out.size() + offset);
  for (const auto& [name, values] : file.tensors) out += bytes_of(values);
  return out;
}

TensorFile parse_tensor_file(std::string_view bytes, const std::string& name) {
  const std::uint64_t header_size = header_bytes(bytes.substr(0, kPrefix), bytes.size(), name);
  const std::string_view data = bytes.substr(kPrefix + header_size);
  TensorFile file;
  try {
    const Json header = Json::parse(bytes.substr(kPrefix, header_size));
    file.metadata = header.at("__metadata__").get<std::map<std::string, std::string>>();
    if (std::stoi(file.metadata.at("format_version")) > kFormatVersion)
      fail("{} has format version {}, this meg reads up to {}: use a newer meg", name,
           file.metadata.at("format_version"), kFormatVersion);
    std::uint64_t data_end = 0;
    for (const auto& [tensor, entry] : header.items()) {
      if (tensor == "__metadata__") continue;
      const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
      const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
      if (entry.at("dtype") != "F32" || end < begin || (end - begin) % sizeof(float) != 0 || end > data.size())
        fail("{} is damaged or cut short: tensor '{}' does not lie in it", name, tensor);
      file.tensors[tensor] = floats_of(data.substr(begin, end - begin));
      data_end = std::max(data_end, end);
    }
    if (data_end != data.size()) fail("{} is damaged: its size does not match its header", name);
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {  // whatever JSON or a number in it can be wrong about
    fail("{} is no model file, or its header is damaged", name);
  }
  if (!is_whole(file)) fail("{} is damaged: its checksum does not match", name);
  return file;
}

void write_tensor_file(const std::filesystem::path& path, TensorFile file) {
  OutputFile out(path);
  out.write(tensor_file_bytes(std::move(file)));
  out.finish();
}

TensorFile read_tensor_file(const std::filesystem::path& path) {
  const std::string name = fmt::format("'{}'", path.string());
  std::error_code ignored;
  if (path == "-") fail(ErrorCode::kFile, "a model is read from a file, not from standard input: name one");
  if (std::filesystem::is_directory(path, ignored)) fail(ErrorCode::kFile, "{} is a folder: name a model file", name);
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
    fail("{} is no model file: it is a device or a pipe", name);
  const File in(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!in) fail(ErrorCode::kFile, "cannot read {}: {}", name, std::strerror(errno));
  struct stat opened {};  // of the file that is open: another may take its place meanwhile
  if (::fstat(::fileno(in.get()), &opened) != 0)
    fail(ErrorCode::kFile, "cannot read {}: {}", name, std::strerror(errno));
  const auto total = static_cast<std::uint64_t>(opened.st_size);
  std::array<char, kPrefix> prefix{};
  header_bytes({prefix.data(), std::fread(prefix.data(), 1, kPrefix, in.get())}, total,
               name);  // before the rest is read
  const auto bytes = std::make_unique_for_overwrite<char[]>(total);
  std::copy(prefix.begin(), prefix.end(), bytes.get());
  if (std::fread(bytes.get() + kPrefix, 1, total - kPrefix, in.get()) != total - kPrefix)
    fail(ErrorCode::kFile, "cannot read {}", name);
  return parse_tensor_file({bytes.get(), total}, name);
}

}  // namespace meg
