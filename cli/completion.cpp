#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"

// What shells and `man` know of meg, made from the commands' own help.

namespace meg::cli {

namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& program) { return program.get_subcommands({}); }

std::vector<const CLI::Option*> flags_of(const CLI::App& command) {
  std::vector<const CLI::Option*> out;
  for (const CLI::Option* option : command.get_options())
    if (!option->get_lnames().empty()) out.push_back(option);
  return out;
}

std::string flag_name(const CLI::Option& option) { return "--" + option.get_lnames().front(); }

/// What the option may be, where these are a few words: "fast|balanced|best" or "{auto,cpu,cuda}".
std::vector<std::string> words_of(const CLI::Option& option) {
  std::string text = option.get_type_name();
  if (const std::size_t brace = text.find('{'); brace != text.npos)
    text = text.substr(brace + 1, text.find('}') - brace - 1);
  else if (text.find('|') == text.npos)
    return {};
  for (char& c : text)
    if (c == ',') c = '|';
  return CLI::detail::split(text, '|');
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size()) text.replace(at, what.size(), by);
  return text;
}

std::string bash(const CLI::App& program) {
  std::vector<std::string> names;
  std::string flags, words;
  for (const CLI::App* command : commands_of(program)) {
    names.push_back(command->get_name());
    std::vector<std::string> of;
    for (const CLI::Option* option : flags_of(*command)) {
      of.push_back(flag_name(*option));
      if (const auto some = words_of(*option); !some.empty())
        words += fmt::format("    {}:{}) COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); return ;;\n",
                             command->get_name(), flag_name(*option), fmt::join(some, " "));
    }
    flags += fmt::format("    {}) flags=\"{}\" ;;\n", command->get_name(), fmt::join(of, " "));
  }
  return fmt::format(R"(# bash completion of meg
_meg() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" command="${{COMP_WORDS[1]}}" flags=""
  if [ "$COMP_CWORD" = 1 ] || {{ [ "$command" = help ] && [ "$COMP_CWORD" = 2 ]; }}; then
    COMPREPLY=($(compgen -W "help {0}" -- "$word"))
    return
  fi
  case "$command:${{COMP_WORDS[COMP_CWORD - 1]}}" in
{1}  esac
  case "$command" in
{2}  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
  esac
}}
complete -o filenames -o bashdefault -F _meg meg
)",
                     fmt::join(names, " "), words, flags);
}

/// Text between the single quotes and brackets of zsh's _arguments.
std::string zsh_text(const std::string& text) {
  return replaced(replaced(replaced(replaced(text, "'", "'\\''"), "[", "\\["), "]", "\\]"), ":", "\\:");
}

std::string zsh(const CLI::App& program) {
  std::string commands, cases;
  for (const CLI::App* command : commands_of(program)) {
    commands += fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
    cases += fmt::format("    {})\n      _arguments", command->get_name());
    for (const CLI::Option* option : flags_of(*command)) {
      const std::vector<std::string> words = words_of(*option);
      const std::string takes = option->get_items_expected_max() == 0 ? ""
                                : words.empty()                       ? ":value:_files"
                                                : fmt::format(":value:({})", fmt::join(words, " "));
      cases += fmt::format(" \\\n        '*{}[{}]{}'", flag_name(*option), zsh_text(option->get_description()), takes);
    }
    cases += " \\\n        '*:file:_files' ;;\n";
  }
  return fmt::format(R"(#compdef meg
# zsh completion of meg
_meg() {{
  local -a commands
  commands=(
    'help:Say what a command takes'
{}  )
  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{}  esac
}}
_meg "$@"
)",
                     commands, cases);
}

/// Text as roff takes it.
std::string roff(const std::string& text) {
  std::string out = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return replaced(replaced(out, "\n.", "\n\\&."), "\n'", "\n\\&'");
}

/// "--effort fast|balanced|best", or of a positional its name.
std::string man_option(const CLI::Option& option) {
  if (option.get_lnames().empty()) return fmt::format("\\fI{}\\fR", roff(option.get_name()));
  const std::vector<std::string> words = words_of(option);
  std::string type = option.get_items_expected_max() == 0 ? "" : option.get_type_name();
  type = words.empty() ? type.substr(type.find(':') + 1) : fmt::format("{}", fmt::join(words, "|"));  // less "INT:"
  return fmt::format("\\fB{}\\fR{}", roff(flag_name(option)), type.empty() ? "" : " \\fI" + roff(type) + "\\fR");
}

std::string man(const CLI::App& program) {
  std::string out = fmt::format(
      ".TH MEG 1 \"\" \"meg {0}\" \"User Commands\"\n.SH NAME\nmeg \\- learn a table and generate synthetic rows like "
      "it\n.SH SYNOPSIS\n.B meg\n\\fIcommand\\fR [\\fIoptions\\fR]\n.SH DESCRIPTION\n{1}\n.SH COMMANDS\n",
      MEG_VERSION, roff(program.get_description()));
  for (const CLI::App* command : commands_of(program)) {
    out += fmt::format(".SS meg {}\n{}.\n", command->get_name(), roff(command->get_description()));
    for (const CLI::Option* option : command->get_options()) {
      const std::string standard = option->get_default_str();
      out += fmt::format(".TP\n{}\n{}{}\n", man_option(*option), roff(option->get_description()),
                         standard.empty() || standard == "[]" ? "" : fmt::format(" (default: {})", roff(standard)));
    }
    if (!command->get_footer().empty()) out += fmt::format(".PP\n{}\n", roff(command->get_footer()));
  }
  return out +
         ".SH EXIT STATUS\n0: done; 1: failed, and a sentence says why; 2: the command line is wrong; 3: a score is "
         "below "
         "\\fB\\-\\-fail\\-below\\fR; 130: ended by Ctrl\\-C.\n.SH ENVIRONMENT\n.TP\n\\fBMEG_CPU\\fR\nThe level of "
         "x86\\-64 "
         "to compute with: v2, v3 or v4.\n.TP\n\\fBMEG_XGBOOST\\fR\nThe library of XGBoost, where it is not "
         "libxgboost.so.\n";
}

}  // namespace

void add_completion(CLI::App& program, int& status) {
  CLI::App& command =
      *program.add_subcommand("completion", "Print what completes meg's commands in a shell, or its manual page");
  const auto kind = std::make_shared<std::string>();
  command.add_option("kind", *kind, "For bash, for zsh, or a page for man")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "man"}));
  command.footer("An installed meg has them already. Elsewhere: source <(meg completion bash)");
  command.callback([kind, &program, &status] {
    fmt::print("{}", *kind == "bash" ? bash(program) : *kind == "zsh" ? zsh(program) : man(program));
    status = 0;
  });
}

}  // namespace meg::cli
