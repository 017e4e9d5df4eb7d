#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "core/model/tensor_file.h"
#include "meg/error.h"
#include "tests/support.h"

using namespace meg;
namespace fs = std::filesystem;

namespace {

/// A folder of its own for a test, gone afterwards.
struct Folder {
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path path = fs::temp_directory_path() / ("meg_test_" + std::to_string(::getpid()));
};

std::string bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

const TensorFile kFile{{{"generator", test::random(37, 1)}, {"none", {}}}, {{"preset", "classic"}, {"é", "\"x\"\n"}}};

}  // namespace

TEST_CASE("a tensor file comes back as it was written") {
  const Folder folder;
  write_tensor_file(folder.path / "m.meg", kFile);
  const TensorFile read = read_tensor_file(folder.path / "m.meg");
  CHECK(read.tensors == kFile.tensors);
  CHECK(read.metadata.at("é") == "\"x\"\n");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);  // nothing left beside it
}

TEST_CASE("a file that is cut or changed in any one byte is refused") {
  const Folder folder;
  const fs::path path = folder.path / "m.meg";
  write_tensor_file(path, kFile);
  const std::string whole = bytes(path);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(i);
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    put(path, flipped);
    bool same_or_refused = true;
    try {  // a blank of the header's padding may change without changing what the file says
      const TensorFile read = read_tensor_file(path);
      same_or_refused = read.tensors == kFile.tensors && read.metadata.at("preset") == "classic";
    } catch (const Error&) {
    }
    CHECK(same_or_refused);
    put(path, whole.substr(0, i));
    CHECK_THROWS_AS(read_tensor_file(path), Error);
  }
}

TEST_CASE("a later format version says so") {
  const Folder folder;
  const fs::path path = folder.path / "m.meg";
  write_tensor_file(path, kFile);
  std::string content = bytes(path);
  const std::string key = "\"format_version\":\"";
  content[content.find(key) + key.size()] = '9';
  put(path, content);
  CHECK_THROWS_WITH_AS(
      read_tensor_file(path),
      ("'" + path.string() + "' has format version 9, this meg reads up to 3: use a newer meg").c_str(), Error);
}

TEST_CASE("a target that cannot be written leaves what was there") {
  const Folder folder;
  fs::create_directories(folder.path / "taken" / "inside");
  CHECK_THROWS_AS(write_tensor_file(folder.path / "taken", kFile), Error);
  CHECK_THROWS_AS(write_tensor_file(folder.path / "no" / "such" / "m.meg", kFile), Error);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
  if (fs::exists("/dev/full")) {
    const fs::path path = folder.path / "m.meg";
    write_tensor_file(path, kFile);
    const std::string before = bytes(path);
    for (int file = 0; file < 5000; ++file)  // a full disk, whichever file of this process it is
      fs::create_symlink("/dev/full", fmt::format("{}.{}.{}.tmp", path.string(), ::getpid(), file));
    CHECK_THROWS_AS(write_tensor_file(path, kFile), Error);
    CHECK(bytes(path) == before);
  }
}
