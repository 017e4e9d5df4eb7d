// Learns a table, saves the model, loads it again and generates rows, all in this process.
//
//     embed DATA.csv MODEL.meg
#include <meg/meg.h>

#include <cstdio>

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
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      for (std::size_t c = 0; c < rows.columns(); ++c) {
        const std::string_view cell = rows.cell(r, c);
        std::printf("%s%.*s", c > 0 ? ", " : "", static_cast<int>(cell.size()), cell.data());
      }
      std::printf("\n");
    }
  } catch (const meg::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
}
