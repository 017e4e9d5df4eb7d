#include "cli/option_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/option_values.h"
#include "meg/error.h"

namespace meg::cli {

namespace {

struct Word {
  std::string_view name, flag;
};

/// What of the library is called otherwise on the command line: options and arguments, and options with a value.
constexpr std::array<Word, 8> kOtherwise{{{"input_dim", "--noise"},
                                          {"rules", "--rule"},
                                          {"header=false", "--no-header"},
                                          {"any_order", "--masks dynamic"},
                                          {"any_order=true", "--masks dynamic"},
                                          {"masks", "--masks FILE"},
                                          {"start_from", "--from"},
                                          {"num_epochs", "--epochs"}}};
/// Arguments of the library's functions.
constexpr std::array<std::string_view, 4> kArguments{"batch_size", "temperature", "separator", "encoding"};

template <class T>
const char* kind_of(const T&) {
  return std::is_integral_v<T> ? "INT" : std::is_floating_point_v<T> ? "NUMBER" : "TEXT";
}
template <class T>
const char* kind_of(const std::optional<T>&) {
  return kind_of(T());
}
template <class T>
const char* kind_of(const std::vector<T>&) {
  return kind_of(T());
}

/// "fast|balanced|best", "NUMBER in [0, 1)", "TEXT".
std::string type_text(const Option& option, Options& options) {
  if (!option.words.empty()) return std::string(option.words);
  const std::string kind = std::visit([&](const auto place) { return kind_of(place(options)); }, option.place);
  return kind == "TEXT" ? kind : kind + " " + bounds_text(option.bounds);
}

std::string dashed(std::string_view name) {
  std::string out = fmt::format("--{}", name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

/// The flag, with its value, that "name" or "name=value" is; empty where it is none.
std::string flag_for(std::string_view words) {
  const auto named = [](std::string_view name) { return [=](const auto& one) { return one.name == name; }; };
  if (const auto word = std::find_if(kOtherwise.begin(), kOtherwise.end(), named(words)); word != kOtherwise.end())
    return std::string(word->flag);
  const std::size_t end = words.find('=');
  const std::string_view name = words.substr(0, end);
  const bool known = std::any_of(std::begin(kOptions), std::end(kOptions), named(name)) ||
                     std::find(kArguments.begin(), kArguments.end(), name) != kArguments.end();
  if (!known) return "";
  return end == words.npos ? dashed(name) : fmt::format("{} {}", dashed(name), words.substr(end + 1));
}

}  // namespace

std::string flag_of(const Option& option) {
  const auto word =
      std::find_if(kOtherwise.begin(), kOtherwise.end(), [&](const Word& word) { return word.name == option.name; });
  return word == kOtherwise.end() ? dashed(option.name) : std::string(word->flag);
}

std::string help_of(const Option& option) {
  std::string help(option.help);
  if (option.of != "meg") return help;
  help[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(help[0])));
  return "meg: " + help;
}

CLI::Option* add_flag_of(const Option& option, CLI::App& command, Options& options) {
  const auto set = [&option, &options](const std::vector<std::string>& words) {
    try {
      set_option(options, option.name, fmt::format("{}", fmt::join(words, ",")));
    } catch (const Error& error) {
      throw CLI::ValidationError(in_flags(error.what()));
    }
    return true;
  };
  const bool is_list = std::holds_alternative<Option::At<std::vector<int>>>(option.place) ||
                       std::holds_alternative<Option::At<std::vector<std::string>>>(option.place);
  CLI::Option* const flag = command.add_option(flag_of(option), set, help_of(option));
  flag->type_name(type_text(option, options));
  flag->default_str(option_text(option, options));
  // One word each time, a list with commas: else it would take the file names behind it, too.
  if (is_list) flag->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
  if (option.of == "classic") flag->group("Only for --preset classic");
  return flag;
}

std::string in_flags(std::string_view sentence) {
  std::string out;
  while (true) {
    const std::size_t begin = sentence.find('`');
    const std::size_t end = begin == sentence.npos ? begin : sentence.find('`', begin + 1);
    if (end == sentence.npos) return out + std::string(sentence);
    const std::string flag = flag_for(sentence.substr(begin + 1, end - begin - 1));
    out += sentence.substr(0, begin);
    out += flag.empty() ? sentence.substr(begin, end + 1 - begin) : flag;
    sentence.remove_prefix(end + 1);
  }
}

}  // namespace meg::cli
