#include <cmath>
#include <set>

#include "meg/meg.h"
#include "tests/support.h"

using namespace meg;

namespace {

template <class Do>
std::string error_of(const Do& act) {
  try {
    act();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

std::string refusal(const char* name, const char* text) {
  Options options;
  return error_of([&] { set_option(options, name, text); });
}

/// An option's value that is not its default, as text.
std::string another(const Option& option) {
  if (!option.words.empty()) return std::string(option.words.substr(option.words.rfind('|') + 1));
  if (option.name == "types") return "a=categorical,b=text";
  for (const char* text : {"true", "0.25", "12"}) {
    Options options;
    try {
      set_option(options, option.name, text);
      return text;
    } catch (const Error&) {
    }
  }
  return "a";
}

std::string for_other_preset(const Option& option) {
  Options options;
  options.preset = option.of == "meg" ? "classic" : "meg";
  set_option(options, option.name, another(option));
  return error_of([&] { check(options); });
}

/// What the model files of format 1 say.
constexpr const char* kOldMeg =
    R"({"beta1":0.5,"effort":"best","ema":0.9998000264167786,"generators":0,"hidden":[32],"held_out":0.1,"input_dim":100,)"
    R"("l2":0.0,"preset":"meg","rare_min":5,"rare_word":"few","refine_steps":7,"seed":3})";
constexpr const char* kOldClassic =
    R"({"beta1":0.25,"effort":"balanced","ema":0.5,"generators":2,"hidden":[8,8],"input_dim":9,"l2":0.5,)"
    R"("learning_rate":0.0010000000474974513,"preset":"classic","seed":18446744073709551615})";

}  // namespace

TEST_CASE("every option has a name of its own, a default that it may have, and takes text and gives it back") {
  std::set<std::string_view> names;
  for (const Option& option : kOptions) {
    CAPTURE(option.name);
    CHECK(names.insert(option.name).second);
    CHECK(&find_option(option.name) == &option);
    CHECK_FALSE(option.help.empty());
    CHECK_FALSE(allowed_text(option).empty());
    Options options;
    const std::string text = another(option);
    set_option(options, option.name, text);
    CHECK(option_text(option, options) == text);
    CHECK(option_text(option, options) != option_text(option, Options()));
  }
  check(Options());
}

TEST_CASE("text and JSON set the same options") {
  Options a, b;
  for (const auto& [name, text] : {std::pair{"seed", "18446744073709551615"},
                                   {"hidden", "64,+32"},
                                   {"dropout", "0.1"},
                                   {"order", "a,b c"},
                                   {"any_order", "true"},
                                   {"precision", "bf16"},
                                   {"types", "x=y=text"}})
    set_option(a, name, text);
  set_options(b, R"({"seed": 18446744073709551615, "hidden": [64, 32], "dropout": 0.1, "order": ["a", "b c"],
                     "any_order": true, "precision": "bf16", "types": {"x=y": "text"}})");
  for (const Options* o : {&a, &b}) {
    CHECK(o->seed == ~std::uint64_t{0});
    CHECK(o->hidden == std::vector<int>{64, 32});
    CHECK(o->dropout == 0.1f);
    CHECK(o->meg.order == std::vector<std::string>{"a", "b c"});
    CHECK(o->meg.any_order);
    CHECK(o->precision == Precision::kBf16);
    CHECK(o->types.at("x=y").type == ColumnType::kText);
  }
  set_options(a, R"({"dropout": null, "hidden": []})");
  CHECK_FALSE(a.dropout.has_value());
  CHECK(a.hidden.empty());
}

TEST_CASE("what an option may not be is an error that names it and says what it may be") {
  CHECK(refusal("dropout", "1") == "`dropout` must be a number in [0, 1), got 1");
  CHECK(refusal("dropout", "x") == "`dropout` must be a number in [0, 1), got 'x'");
  CHECK(refusal("dropout", "0.999999999") == "`dropout` must be a number in [0, 1), got 1");  // as a float it is 1
  CHECK(refusal("held_out", "nan") == "`held_out` must be a number in [0, 1), got nan");
  CHECK(refusal("gamma", "inf") == "`gamma` must be a number in [0, 1000000000], got inf");
  CHECK(refusal("learning_rate", "0") == "`learning_rate` must be a number in (0, 3.40282346639e+38], got 0");
  CHECK(refusal("learning_rate", "1e40") == "`learning_rate` must be a number in (0, 3.40282346639e+38], got '1e40'");
  CHECK(refusal("seed", "-1") == "`seed` must be a whole number from 0 to 18446744073709551615, got '-1'");
  CHECK(refusal("hidden", "8,0") == "`hidden` must be whole numbers in [1, 65536], got '8,0'");
  CHECK(refusal("effort", "great") == "`effort` must be fast, balanced or best, got 'great'");
  CHECK(refusal("any_order", "yes") == "`any_order` must be true or false, got 'yes'");
  CHECK(refusal("rare_word", "\xFF").starts_with("`rare_word` must be text in UTF-8"));
  CHECK(refusal("types", "a") == "`types` must be a type a column, as in a=categorical, got 'a'");
  CHECK(refusal("hidden", "") == "`hidden` must be whole numbers in [1, 65536], got ''");
  CHECK(refusal("speed", "1").starts_with("there is no option 'speed'; there are preset, "));

  Options options;
  CHECK(error_of([&] { set_options(options, R"({"seed": 5, "l2": "x"})"); }) ==
        "`l2` must be a number in [0, 1000000000], got 'x'");
  CHECK(error_of([&] { set_options(options, "seed=1"); }).starts_with("options are a JSON object"));
  CHECK(options.seed == 0);  // all or none
}

TEST_CASE("a model is not made with options that none could use, or that are the other preset's") {
  const auto with = [](const auto& set) {
    return error_of([&] {
      Options o;
      set(o);
      Meg model(o);
    });
  };
  CHECK(with([](Options& o) { o.hidden = {0}; }) == "`hidden` must be whole numbers in [1, 65536], got '0'");
  CHECK(with([](Options& o) { o.gamma = NAN; }) == "`gamma` must be a number in [0, 1000000000], got nan");
  CHECK(with([](Options& o) { o.threads = -1; }) == "`threads` must be a whole number in [0, 1024], got -1");
  CHECK(with([](Options& o) { o.meg.refine_steps = -1; }) != "");
  CHECK(with([](Options& o) { o.meg.rare_word = "\xFF"; }) != "");
  CHECK(with([](Options& o) { o.preset = "none"; }) == "`preset` must be meg or classic, got 'none'");
  CHECK(with([](Options& o) { o.classic.ema = 0; }) ==
        "`ema` is for the classic preset, and this is the meg one: leave it out, or use the classic preset");
  CHECK(error_of([] { Meg::start_from("none.meg", {.dropout = 1.0f}); }) ==
        "`dropout` must be a number in [0, 1), got 1");  // before anything is read
  for (const Option& option : kOptions)
    if (!option.of.empty())
      CHECK(for_other_preset(option).starts_with("`" + std::string(option.name) + "` is for the "));
}

TEST_CASE("a model file has the options of its preset, and those of older files are read") {
  const Options now{.device = Device::kCuda, .threads = 3, .precision = Precision::kFp32};
  const Options old = options_from_json(kOldMeg, now);
  CHECK(old.meg.effort == "best");
  CHECK(old.hidden == std::vector<int>{32});
  CHECK(old.held_out == 0.1);
  CHECK(old.meg.rare_min == 5);
  CHECK(old.meg.rare_word == "few");
  CHECK(old.meg.refine_steps == 7);
  CHECK(old.seed == 3);
  CHECK(old.threads == 3);
  CHECK(old.device == Device::kCuda);
  CHECK(old.precision == Precision::kFp32);
  check(old);
  const std::string json = options_to_json(old);
  CHECK(json.find("ema") == json.npos);
  CHECK(json.find("threads") == json.npos);
  CHECK(options_to_json(options_from_json(json, {})) == json);

  const Options classic = options_from_json(kOldClassic, {});
  CHECK(classic.classic.beta1 == 0.25f);
  CHECK(classic.classic.generators == 2);
  CHECK(classic.classic.input_dim == 9);
  CHECK(classic.classic.l2 == 0.5f);
  CHECK(classic.classic.ema == 0.5f);
  CHECK(classic.learning_rate == 0.001f);
  CHECK(classic.seed == ~std::uint64_t{0});
  check(classic);
  CHECK(options_to_json(options_from_json(options_to_json(classic), {})) == options_to_json(classic));
}
