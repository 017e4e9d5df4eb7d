#pragma once
#include <CLI/CLI.hpp>

/// One file per command. Each adds its command to the program and sets `status` to the exit status when it runs.
namespace meg::cli {

void add_train(CLI::App& program, int& status);
void add_generate(CLI::App& program, int& status);
void add_impute(CLI::App& program, int& status);
void add_evaluate(CLI::App& program, int& status);
void add_report(CLI::App& program, int& status);
void add_score(CLI::App& program, int& status);
void add_schema(CLI::App& program, int& status);
void add_inspect(CLI::App& program, int& status);
void add_completion(CLI::App& program, int& status);
void add_version(CLI::App& program, int& status);

}  // namespace meg::cli
