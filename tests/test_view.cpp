#include <numeric>

#include "core/nn/checks.h"
#include "core/tensor/memory.h"
#include "core/tensor/view.h"
#include "tests/support.h"

using namespace meg;

namespace {

using Checked = BasicView<float, true>;

}  // namespace

TEST_CASE("a view has rows and columns, and parts of it see the same memory") {
  test::Floats x(12);
  std::iota(x.begin(), x.end(), 0.0f);
  const View all(x.data(), 3, 4, Device::kCpu);
  CHECK(all.size() == 12);
  CHECK(all(2, 1) == 9);
  CHECK(all[9] == 9);
  const View rows = all.row_range(1, 2), columns = all.column_range(1, 2), both = rows.column_range(1, 2);
  CHECK(rows(0, 0) == 4);
  CHECK_FALSE(rows.has_gaps());
  CHECK(columns.has_gaps());
  CHECK(columns(2, 1) == 10);
  CHECK(both(1, 1) == 10);
  both(1, 1) = -1;
  CHECK(x[10] == -1);
  CHECK_FALSE(columns.row_range(1, 1).has_gaps());  // one row has none
  const View other = all.reshaped(6, 2);
  CHECK(other(4, 1) == 9);
  const ConstView read = all;
  CHECK(read.data() == x.data());
  CHECK(read.stride() == 4);
}

TEST_CASE("a view comes of a vector, and none is empty") {
  test::Floats x(5);
  const View view(x);
  CHECK(view.rows() == 1);
  CHECK(view.columns() == 5);
  CHECK(view.device() == Device::kCpu);
  CHECK(view);
  CHECK_FALSE(View());
  const test::Floats& constant = x;
  CHECK(ConstView(constant).size() == 5);
  CHECK_FALSE(std::is_constructible_v<View, const test::Floats&>);
}

TEST_CASE("views that check find what lies outside, and operands that do not fit") {
  test::Floats x(12), y(10);
  const Checked view(x.data(), 3, 4, Device::kCpu), other(y);
  CHECK_THROWS_AS(view(3, 0), Error);
  CHECK_THROWS_AS(view(0, 4), Error);
  CHECK_THROWS_AS(view[12], Error);
  CHECK_THROWS_AS(view.column_range(0, 2)[0], Error);  // gaps
  CHECK_THROWS_AS(view.row_range(2, 2), Error);
  CHECK_THROWS_AS(view.column_range(3, 2), Error);
  CHECK_THROWS_AS(view.reshaped(5, 2), Error);
  CHECK_THROWS_AS(Checked(x.data(), 3, 4, 3, Device::kCpu), Error);
  CHECK_NOTHROW(check_alike(Device::kCpu, view, view.reshaped(1, 12)));
  CHECK_THROWS_AS(check_alike(Device::kCpu, view, other), Error);
  CHECK_THROWS_AS(check_alike(Device::kCuda, view), Error);
  CHECK_THROWS_AS(check_alike(Device::kCpu, view.column_range(0, 2)), Error);
}

TEST_CASE("operations on views that check find operands of other shapes, and on other devices") {
  constexpr Device kCpu = Device::kCpu, kCuda = Device::kCuda;
  test::Floats x(64);
  const auto matrix = [&](std::size_t rows, std::size_t columns) { return Checked(x.data(), rows, columns, kCpu); };
  const Checked none;
  CHECK_NOTHROW(check_matrix(kCpu, matrix(3, 4), 3, 4));
  CHECK_NOTHROW(check_matrix(kCpu, none, 3, 4));  // not given
  CHECK_NOTHROW(check_matrix(kCpu, matrix(0, 4), 0, 7));
  CHECK_THROWS_AS(check_matrix(kCpu, matrix(3, 4), 4, 3), Error);
  CHECK_THROWS_AS(check_matrix(kCpu, matrix(3, 4), 3, 5), Error);
  CHECK_THROWS_AS(check_matrix(kCuda, matrix(3, 4), 3, 4), Error);
  CHECK_THROWS_AS(check_matrix(kCpu, matrix(3, 5).column_range(0, 4), 3, 4), Error);  // gaps
  CHECK_NOTHROW(check_count(kCpu, matrix(3, 4), 12));
  CHECK_THROWS_AS(check_count(kCpu, matrix(3, 4), 11), Error);
  CHECK_NOTHROW(check_laid_out_as(matrix(3, 4), none, matrix(3, 4)));
  CHECK_THROWS_AS(check_laid_out_as(matrix(3, 4), matrix(4, 3)), Error);
  CHECK_THROWS_AS(check_laid_out_as(matrix(3, 4), matrix(3, 5).column_range(0, 4)), Error);

  // Two groups of one column each: the second reads what lies behind a gap of two.
  const GroupedLinear layer{{2, 1, 0, 4, 0, 2, 0, 2}, {2, 1, 0, 4, 3, 5, 1, 2, true, 0, 2}};
  CHECK_NOTHROW(check_linear(kCpu, layer, matrix(3, 4), matrix(1, 6), matrix(3, 2)));
  CHECK_NOTHROW(check_linear(kCpu, layer, matrix(3, 4), matrix(1, 7), matrix(3, 2)));
  CHECK_THROWS_AS(check_linear(kCpu, layer, matrix(3, 4), matrix(1, 5), matrix(3, 2)), Error);
  CHECK_THROWS_AS(check_linear(kCpu, layer, matrix(3, 3), matrix(1, 6), matrix(3, 2)), Error);
  CHECK_THROWS_AS(check_linear(kCpu, layer, matrix(3, 5), matrix(1, 6), matrix(3, 2)), Error);  // of another stride
  CHECK_THROWS_AS(check_linear(kCpu, layer, matrix(2, 4), matrix(1, 6), matrix(3, 2)), Error);
  CHECK_THROWS_AS(check_linear(kCpu, layer, matrix(3, 4), matrix(1, 6), matrix(3, 1)), Error);
  CHECK_THROWS_AS(check_linear(kCuda, layer, matrix(3, 4), matrix(1, 6), matrix(3, 2)), Error);

  CHECK_NOTHROW(check_vectors(kCpu, matrix(2, 5), matrix(3, 5), 3, matrix(3, 10), matrix(3, 10)));
  CHECK_THROWS_AS(check_vectors(kCpu, matrix(2, 5), matrix(3, 4), 3, matrix(3, 10)), Error);
  CHECK_THROWS_AS(check_vectors(kCpu, matrix(2, 5), none, 3, matrix(3, 10), matrix(2, 10)), Error);

  const ColumnsLayout layout{.columns = {{.codes = 2}}, .head_stride = 2, .view_stride = 2};
  const auto check = [&](const RowOperands<true>& of) { check_rows(kCpu, layout, 2, of); };
  CHECK_NOTHROW(check({.cells = matrix(2, 3), .view = matrix(2, 2), .heads = matrix(2, 2), .loss = matrix(2, 1)}));
  CHECK_NOTHROW(check({.features = matrix(2, kFeatures)}));
  CHECK_THROWS_AS(check({.cells = matrix(3, 3)}), Error);
  CHECK_THROWS_AS(check({.features = matrix(2, kFeatures - 1)}), Error);
  CHECK_THROWS_AS(check({.view = matrix(2, 3)}), Error);
  CHECK_THROWS_AS(check({.heads = matrix(1, 2)}), Error);
  CHECK_THROWS_AS(check({.dheads = matrix(2, 1)}), Error);
  CHECK_THROWS_AS(check({.loss = matrix(2, 2)}), Error);
}

TEST_CASE("an arena hands out matrices on its memory's device") {
  test::Floats block(64);
  Arena arena(Memory(block.data(), block.size(), Device::kCuda, [](float*) {}));
  const View a = arena.take(3, 5), b = arena.take(1, 2);
  CHECK(a.rows() == 3);
  CHECK(a.columns() == 5);
  CHECK(a.device() == Device::kCuda);
  CHECK(b.data() == block.data() + 16);
  CHECK_THROWS_AS(arena.take(4, 9), Error);
}
