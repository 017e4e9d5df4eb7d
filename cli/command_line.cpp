#include "cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <span>

namespace meg::cli {

namespace {

/// Letters to put in, leave out or change (Levenshtein).
std::size_t edits(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// The name that begins with `word`, or the one that is fewest edits away.
std::string nearest(const std::string& word, const std::vector<std::string>& names) {
  const auto distance = [&](const std::string& name) { return name.starts_with(word) ? 0 : edits(word, name); };
  return *std::min_element(names.begin(), names.end(),
                           [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
}

/// Throws where a word is a flag that the command does not have.
void check_flags(const CLI::App& command, std::span<const std::string> words) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  for (const std::string& word : words) {
    if (word == "--") return;
    const std::string flag = word.substr(0, word.find('='));
    if (flag.starts_with("--") && std::find(flags.begin(), flags.end(), flag) == flags.end())
      throw CLI::ArgumentMismatch(
          fmt::format("meg {} has no flag {}, did you mean {}?", command.get_name(), flag, nearest(flag, flags)));
  }
}

}  // namespace

std::vector<std::string> command_line(const CLI::App& program, int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (words.empty()) return words;
  if (words[0] == "help") {
    words.erase(words.begin());
    words.insert(words.begin() + std::min<std::ptrdiff_t>(1, std::ssize(words)), "--help");
  }
  std::vector<std::string> commands;
  for (const CLI::App* command : program.get_subcommands({})) commands.push_back(command->get_name());
  if (words[0].starts_with('-')) return words;
  if (std::find(commands.begin(), commands.end(), words[0]) != commands.end()) {
    check_flags(*program.get_subcommand(words[0]), std::span(words).subspan(1));
    return words;
  }
  throw CLI::ArgumentMismatch(fmt::format("there is no command '{}', did you mean '{}'? There are {}", words[0],
                                          nearest(words[0], commands), fmt::join(commands, ", ")));
}

}  // namespace meg::cli
