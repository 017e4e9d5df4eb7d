#define MEG_KERNELS emulated  // the device is the one of tests/simt
#include "kernels/device_lists.h"
#include "tests/support.h"

using namespace meg;

namespace {

std::vector<std::uint32_t> list(std::uint32_t number) { return {number, number + 1, number + 2, number + 3}; }

const std::uint32_t* find(emulated::DeviceLists& lists, std::uint32_t number) {
  return lists.find(std::span<const std::uint32_t>(list(number)));
}

bool holds(emulated::Queue& queue, const std::uint32_t* at, std::uint32_t number) {
  std::vector<std::uint32_t> there(4);
  queue.download(at, 4 * sizeof(std::uint32_t), there.data());
  return there == list(number);
}

}  // namespace

TEST_CASE("a list is uploaded once, and found by its bytes") {
  emulated::Queue queue;
  emulated::DeviceLists lists(queue);
  const std::uint32_t* const first = find(lists, 1);
  CHECK(holds(queue, first, 1));
  CHECK(find(lists, 2) != first);
  CHECK(find(lists, 1) == first);
  CHECK(lists.size() == 2);
}

TEST_CASE("lists that have not been asked for the longest make room, the latest stay where they are") {
  constexpr std::size_t kMost = 2000;  // bytes: 125 lists
  emulated::Queue queue;
  emulated::DeviceLists lists(queue, kMost);
  const std::uint32_t* const often = find(lists, 0);
  for (std::uint32_t n = 1; n < 2000; ++n) {
    const std::uint32_t* const last = find(lists, n);
    REQUIRE(lists.size() * 16 <= kMost);
    REQUIRE(find(lists, 0) == often);
    REQUIRE(holds(queue, last, n));
  }
  CHECK(queue.most_bytes() <= kMost);
  CHECK(holds(queue, find(lists, 1), 1));  // once more
}
