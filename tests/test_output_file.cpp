#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/input_file.h"
#include "core/output_file.h"
#include "meg/error.h"

using namespace meg;

namespace {

std::filesystem::path new_folder() {
  const auto out = std::filesystem::temp_directory_path() / fmt::format("meg_test_output_{}", ::getpid());
  std::filesystem::remove_all(out);
  std::filesystem::create_directory(out);
  return out;
}

}  // namespace

TEST_CASE("a file that is written over keeps its mode, and a link leads where it led") {
  const std::filesystem::path folder = new_folder(), file = folder / "file", link = folder / "link";
  write_file(file, "secret");
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  write_file(file, "new");
  CHECK(std::filesystem::status(file).permissions() == static_cast<std::filesystem::perms>(0600));

  std::filesystem::create_symlink("file", link);
  write_file(link, "through the link");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(file, "a file") == "through the link");

  std::filesystem::remove(file);  // the link leads to nothing
  write_file(link, "again");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(file, "a file") == "again");

  const std::string circle = folder / "circle";
  std::filesystem::create_symlink("circle", circle);
  CHECK_THROWS_WITH_AS(write_file(circle, "x"),
                       fmt::format("cannot write '{}': Too many levels of symbolic links", circle).c_str(), Error);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 3);
  std::filesystem::remove_all(folder);
}

TEST_CASE("what is written behind stands in its order, and an error there is thrown by the next call") {
  const std::filesystem::path folder = new_folder();
  const std::string path = folder / "file";
  std::string expected, text;
  {
    OutputFile out(path);
    for (int i = 0; i < 50; ++i) {
      text = std::string(static_cast<std::size_t>(i) * 1000, static_cast<char>('a' + i % 26));
      expected += text;
      out.write_behind(text);
      if (i % 7 == 0) out.write("-"), expected += "-";
    }
    out.finish();
  }
  CHECK(read_file(path, "a file") == expected);
  {
    OutputFile unfinished(path);
    unfinished.write_behind(text);
  }
  CHECK(read_file(path, "a file") == expected);
  std::filesystem::remove_all(folder);

  OutputFile full("/dev/full");
  text.assign(std::size_t{1} << 20, 'x');
  full.write_behind(text);
  CHECK_THROWS_WITH_AS(full.finish(), "cannot write '/dev/full': No space left on device", Error);
}
