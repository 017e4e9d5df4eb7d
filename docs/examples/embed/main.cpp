// Learns a table, saves the model, loads it again from a file or from memory and generates rows, all in this process.
//
//     embed DATA.csv MODEL.meg [CONDITION...]      embed people.csv people.meg "income=>50K"
#include <meg/meg.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

/// The mean of a column: its values are a span of its type.
template <class T>
double mean(const meg::Array& column) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t r = 0; r < column.size(); ++r)
    if (!column.is_null(r)) sum += static_cast<double>(column.values<T>()[r]), ++count;
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: embed DATA.csv MODEL.meg [CONDITION...]\n");
    return 2;
  }
  try {
    meg::Meg model;
    model.load_data(argv[1]);
    model.train();
    model.save_model(argv[2]);

    const meg::Meg loaded = meg::Meg::load_model(argv[2]);
    const std::vector<std::string> conditions(argv + 3, argv + argc);
    const meg::Table rows = loaded.generate(/*num_samples=*/5, /*seed=*/1, {.where = conditions});
    for (std::size_t r = 0; r < rows.rows(); ++r)
      for (std::size_t c = 0; c < rows.columns(); ++c)
        std::printf("%s%s", rows[c].is_null(r) ? "NA" : meg::to_text(rows[c], r).c_str(),
                    c + 1 < rows.columns() ? ", " : "\n");

    // A service keeps a model as bytes, in a database for example.
    const std::vector<std::byte> bytes = model.save_model();
    const meg::Table many = meg::Meg::load_model(bytes).generate(10'000);
    for (std::size_t c = 0; c < many.columns(); ++c) {
      const meg::TypeId type = many[c].type().id;
      if (type == meg::TypeId::kInt64)
        std::printf("mean %s: %.1f\n", many.name(c).c_str(), mean<std::int64_t>(many[c]));
      if (type == meg::TypeId::kFloat64) std::printf("mean %s: %.1f\n", many.name(c).c_str(), mean<double>(many[c]));
    }
  } catch (const meg::Error& error) {
    std::fprintf(stderr, "embed: %s: %s\n", std::string(meg::code_name(error.code())).c_str(), error.what());
    return 1;
  }
}
