#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "core/input_file.h"
#include "core/output_file.h"
#include "meg/error.h"

using namespace meg;

namespace {

/// Lines that compress well, and numbers that hardly do.
std::string lines(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    fmt::format_to(std::back_inserter(out), "row {},{}\n", i, i * 2654435761u % 1000003);
  return out;
}

std::string compressed(Compression compression, const std::string& text) {
  const auto compressor = make_compressor(compression);
  std::string all, part;
  for (std::size_t begin = 0; begin < text.size(); begin += 100'000) {
    compressor->compress(std::string_view(text).substr(begin, 100'000), false, part);
    all += part;
  }
  compressor->compress({}, true, part);
  return all + part;
}

struct TemporaryFile {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("meg_test_{}.packed", ::getpid());
  explicit TemporaryFile(std::string_view bytes) { write_file(path, bytes); }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::string read() const { return InputFile(path, "a file").read_all(); }
  std::string quoted() const { return fmt::format("'{}'", path.string()); }
};

constexpr Compression kBoth[] = {Compression::kGzip, Compression::kZstd};

}  // namespace

TEST_CASE("a compressed file is read as what was written, whatever its name, in whole and in parts") {
  for (const Compression compression : {Compression::kNone, Compression::kGzip, Compression::kZstd})
    for (const std::size_t rows : {0, 1, 200'000}) {
      CAPTURE(rows);
      const std::string text = lines(rows);
      const TemporaryFile file("");
      OutputFile out(file.path, compression);
      std::string behind = text.substr(0, text.size() / 2);
      out.write_behind(behind);
      out.write(text.substr(text.size() / 2));
      out.finish();
      if (rows > 1 && compression != Compression::kNone) CHECK(std::filesystem::file_size(file.path) < text.size() / 2);
      CHECK(file.read() == text);

      InputFile in(file.path, "a file");
      CHECK(in.compression() == compression);
      CHECK(in.head() == text.substr(0, in.head().size()));
      CHECK((in.head().size() == text.size() || in.head().size() >= 4096));
      std::string parts, part(777, ' ');
      while (const std::size_t got = in.read(part)) parts.append(part, 0, got);
      CHECK(parts == text);
    }
}

TEST_CASE("members and frames one after the other are one file") {
  const std::string first = lines(50'000), second = lines(3);
  for (const Compression compression : kBoth) {
    const std::string nothing = compressed(compression, ""), a = compressed(compression, first);
    const TemporaryFile file(a + nothing + compressed(compression, second));
    CHECK(file.read() == first + second);
  }
  const TemporaryFile padded(compressed(Compression::kGzip, second) + std::string(512, '\0'));
  CHECK(padded.read() == second);
}

TEST_CASE("a compressed file that is cut off or damaged is refused, naming it") {
  const std::string text = lines(50'000);
  for (const Compression compression : kBoth) {
    const std::string whole = compressed(compression, text);
    for (const std::size_t size : {std::size_t{4}, std::size_t{9}, whole.size() / 2, whole.size() - 1}) {
      CAPTURE(size);
      const TemporaryFile file(whole.substr(0, size));
      CHECK_THROWS_WITH_AS(file.read(), (file.quoted() + " is cut off: its compressed data has no end").c_str(), Error);
    }
    for (const std::size_t at : {whole.size() / 2, whole.size() - 2}) {  // in the data, in the checksum
      CAPTURE(at);
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      const TemporaryFile file(damaged);
      CHECK_THROWS_AS(file.read(), Error);
    }
    const TemporaryFile trailing(whole + "no member");
    CHECK_THROWS_WITH_AS(trailing.read(), doctest::Contains(trailing.quoted().c_str()), Error);
  }
}
