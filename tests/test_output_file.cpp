#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "core/error.h"
#include "core/input_file.h"
#include "core/output_file.h"

using namespace meg;

TEST_CASE("what is written behind stands in its order, and an error there is thrown by the next call") {
  const std::string path = std::filesystem::temp_directory_path() / fmt::format("meg_test_output_{}", ::getpid());
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
  std::filesystem::remove(path);

  OutputFile full("/dev/full");
  text.assign(std::size_t{1} << 20, 'x');
  full.write_behind(text);
  CHECK_THROWS_WITH_AS(full.finish(), "cannot write '/dev/full': No space left on device", Error);
}
