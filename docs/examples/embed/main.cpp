// Learns a table, saves the model, loads it again and generates rows, all in this process.
//
//     embed DATA.csv MODEL.meg
#include <meg/meg.h>

#include <cstdint>
#include <cstdio>
#include <string>

/// A cell of a column of numbers or words.
void print(const meg::Array& column, std::size_t row, const char* end) {
  if (column.is_null(row)) {
    std::printf("NA%s", end);
    return;
  }
  switch (column.type().id) {
    case meg::TypeId::kInt64:
      std::printf("%lld%s", static_cast<long long>(column.values<std::int64_t>()[row]), end);
      break;
    case meg::TypeId::kFloat64: std::printf("%g%s", column.values<double>()[row], end); break;
    default: std::printf("%s%s", std::string(column.text(row)).c_str(), end);
  }
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: embed DATA.csv MODEL.meg\n");
    return 2;
  }
  try {
    meg::Meg model;
    model.load_data(argv[1]);
    model.train();
    model.save_model(argv[2]);

    const meg::Meg loaded = meg::Meg::load_model(argv[2]);
    const meg::Table rows = loaded.generate(/*num_samples=*/5, /*seed=*/1);
    for (std::size_t r = 0; r < rows.rows(); ++r)
      for (std::size_t c = 0; c < rows.columns(); ++c) print(rows[c], r, c + 1 < rows.columns() ? ", " : "\n");
  } catch (const meg::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
}
