#include "meg/meg.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/fail.h"
#include "core/model/preset.h"
#include "core/model/ruled_rows.h"
#include "core/option_values.h"
#include "core/parallel.h"
#include "core/table/read/table_reader.h"
#include "core/table/rule/ruled_table.h"
#include "core/table/table_builder.h"
#include "core/table/utf8.h"
#include "core/table/write/write_column.h"

namespace meg {

namespace {

/// Rows of the table that a seed stands for: numbers of rows are far from wrapping.
constexpr std::uint64_t kRowsOfASeed = std::uint64_t{1} << 50;

/// All presets; the option `preset` has the same names.
struct NamedPreset {
  std::string_view name;
  std::unique_ptr<Preset> (*make)(const Options& options, Backend& backend);
};
constexpr std::array<NamedPreset, 2> kPresets{{{"meg", make_meg_preset}, {"classic", make_classic_preset}}};

Options checked(Options options) {
  check(options);
  return options;
}

/// Of a table that comes from a caller: readers of files have looked at what they read.
void check_utf8(const Table& table) {
  const std::size_t columns = table.columns();
  for (std::size_t c = 0; c < columns; ++c)
    if (!is_utf8(table.name(c))) fail("the name of column {} is not UTF-8: convert the table first", c + 1);
  for (std::size_t c = 0; c < columns; ++c) {
    const bool is_dictionary = table[c].type().id == TypeId::kDictionary;
    if (!is_dictionary && table[c].type().id != TypeId::kUtf8) continue;
    const Array& texts = is_dictionary ? table[c].dictionary() : table[c];
    for (std::size_t i = 0; i < texts.size(); ++i)
      if (!is_utf8(texts.text(i)))
        fail("{} {} of column '{}' is not UTF-8: convert the table first", is_dictionary ? "value" : "row", i + 1,
             table.name(c));
  }
}

void check_rows(const Table& rows, std::uint64_t first, std::size_t count) {
  if (first > rows.rows() || count > rows.rows() - first)
    fail(ErrorCode::kInvalidArgument, "rows {} to {} are asked for, but the table has {}", first, first + count,
         rows.rows());
}

}  // namespace

struct Meg::Impl {
  explicit Impl(Options o)
      : options(checked(std::move(o))),
        backend(make_backend(options.device, thread_count(options.threads), options.precision)) {
    const auto named = [&](const NamedPreset& one) { return one.name == options.preset; };
    preset = std::ranges::find_if(kPresets, named)->make(options, *backend);  // checked() knows the names
  }

  [[noreturn]] static void refuse(const char* sentence) { fail(ErrorCode::kBusy, "{}", sentence); }

  /// What one thread does to a model, and no other meanwhile.
  class Change {
   public:
    explicit Change(Impl& of) : model_(of) {
      int none = 0;
      if (!model_.users.compare_exchange_strong(none, -1))
        refuse("the model is in use: data are loaded, and it is trained, while nobody else uses it");
      model_.changed_by = std::this_thread::get_id();
      ++model_.changes;
    }
    ~Change() {
      ++model_.changes;
      model_.changed_by = std::thread::id();
      model_.users = 0;
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    Impl& model_;
  };

  /// What a thread reads of a model: none changes it meanwhile but itself, by whose callbacks it may be asked. The CPU
  /// is for any number of callers at once, a GPU for one after the other.
  class Reading {
   public:
    explicit Reading(const Impl& of) : model_(of) {
      for (int users = model_.users; !counts_;) {
        if (users >= 0)
          counts_ = model_.users.compare_exchange_weak(users, users + 1);
        else if (model_.changed_by == std::this_thread::get_id())
          break;
        else
          refuse("the model is being trained: only callbacks of the training may use it meanwhile");
      }
      if (model_.options.device != Device::kCpu) turn_ = std::unique_lock(model_.device_turn);
    }
    ~Reading() {
      if (counts_) --model_.users;
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    const Impl& model_;
    bool counts_ = false;
    std::unique_lock<std::recursive_mutex> turn_;
  };

  /// Rows of a model as it was when they were asked for.
  class Rows : public RowSource {
   public:
    Rows(const Impl& of, std::unique_ptr<RowSource> source)
        : model_(of), changes_(of.changes), source_(std::move(source)) {}
    ~Rows() override {
      const std::unique_lock turn = model_.options.device == Device::kCpu ? std::unique_lock<std::recursive_mutex>()
                                                                          : std::unique_lock(model_.device_turn);
      source_.reset();
    }
    std::optional<Table> next() override {
      const Reading reading(model_);
      if (model_.changes != changes_) refuse("the model was trained after these rows were asked for: ask again");
      return source_->next();
    }
    Redrawn redrawn() const override { return source_->redrawn(); }

   private:
    const Impl& model_;
    const std::uint64_t changes_;
    std::unique_ptr<RowSource> source_;
  };

  void load_data(Table table) {
    const Change change(*this);
    if (table.rows() < 2)
      fail("the table has {} row{}; learning needs 2 or more", table.rows(), table.rows() == 1 ? "" : "s");
    if (!preset->knows_columns()) {
      RuledTable ruled = infer_ruled_table(std::move(table), options);
      preset->fit(std::move(ruled.table));
      rules = ruled.rules.of(preset->schema());
    } else {
      if (!rules.empty()) table = rules.kept(preset->schema(), std::move(table), options.threads);
      preset->load_data(table);
    }
  }

  const Preset& read() const {
    const Reading reading(*this);
    return *preset;
  }

  void check_learned() const {
    if (!preset->has_learned())
      fail(ErrorCode::kNotTrained, "the model has learned nothing yet: train or load one first");
  }

  std::unique_ptr<RowSource> generate(std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                                      const GenerateOptions& how) const {
    const Reading reading(*this);
    check_learned();
    if (!(how.temperature > 0 && how.temperature <= 2))
      fail(ErrorCode::kInvalidArgument, "the `temperature` must be above 0 and at most 2, got {}", how.temperature);
    if (first_row > kRowsOfASeed || count > kRowsOfASeed - first_row)
      fail(ErrorCode::kInvalidArgument, "{} rows from row {} on are asked for, but the last row is {}", count,
           first_row, kRowsOfASeed - 1);
    if (how.given && first_row + count > how.given->rows())
      fail(ErrorCode::kInvalidArgument, "rows {} to {} are asked for, but only {} are given", first_row,
           first_row + count, how.given->rows());
    return std::make_unique<Rows>(*this, rows_of(first_row, count, seed, how));
  }

  /// Those of the preset, made to keep the rules.
  std::unique_ptr<RowSource> rows_of(std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                                     const GenerateOptions& how) const {
    if (rules.empty()) return preset->generate(first_row, count, seed, how);
    const auto make = [this, how](std::uint64_t first, std::size_t rows, std::uint64_t of_seed) {
      return preset->generate(first, rows, of_seed, how);
    };
    return std::make_unique<RuledRows>(rules, preset->schema(), make, first_row, count, seed, how, options.threads);
  }

  TensorFile file() const {
    const Reading reading(*this);
    TensorFile out;
    preset->save(out);
    out.metadata["preset"] = options.preset;
    out.metadata["options"] = options_to_json(options);
    if (!rules.empty()) out.metadata["rules"] = rules.to_json();
    return out;
  }
  static Options options_of(const TensorFile& file, const std::string& name, const Options& now) {
    check_values(now);
    try {
      return options_from_json(file.metadata.at("options"), now);
    } catch (const Error& error) {
      fail("{} is damaged or of a newer meg: {}", name, error.what());
    }
  }
  /// `name` stands for the file in errors.
  static Meg load(const TensorFile& file, const std::string& name, const Options& options) {
    try {
      Meg out(options_of(file, name, options));
      Impl& impl = *out.impl_;
      impl.preset->load(file);
      if (const auto said = file.metadata.find("rules"); said != file.metadata.end())
        impl.rules = StatedRules::from_json(said->second, impl.preset->schema());
      impl.options.rules = impl.rules.texts();
      return out;
    } catch (const std::logic_error&) {  // a key that is not there, a number that is none
      fail("{} is a safetensors file, but not a meg model", name);
    } catch (const nlohmann::json::exception&) {
      fail("{} is a safetensors file, but not a meg model", name);
    }
  }

  Options options;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Preset> preset;
  StatedRules rules;                  // of the columns that the preset has learned
  mutable std::atomic<int> users{0};  // threads that read it, or -1 while it changes
  std::atomic<std::thread::id> changed_by{};
  std::atomic<std::uint64_t> changes{0};  // that began and ended
  mutable std::recursive_mutex device_turn;
};

Meg::Meg(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Meg::Meg(Meg&&) noexcept = default;
Meg& Meg::operator=(Meg&&) noexcept = default;
Meg::~Meg() = default;

void Meg::load_data(const std::filesystem::path& path) { impl_->load_data(read_table(path)); }
void Meg::load_data(Table table) {
  check_utf8(table);
  impl_->load_data(std::move(table));
}

int Meg::input_dim() const { return impl_->read().input_dim(); }
int Meg::output_dim() const { return impl_->read().output_dim(); }
const Options& Meg::options() const { return impl_->options; }
std::vector<std::string> Meg::generation_order() const { return impl_->read().generation_order(); }
const Schema& Meg::schema() const { return impl_->read().schema(); }
bool Meg::any_order() const { return impl_->read().any_order(); }
std::vector<std::string> Meg::notes() const {
  std::vector<std::string> out = impl_->read().notes();
  for (std::string& note : impl_->rules.notes()) out.push_back(std::move(note));
  return out;
}
bool Meg::finished() const { return impl_->read().finished(); }
bool Meg::refined() const { return impl_->read().refined(); }
int Meg::epochs_done() const { return impl_->read().epochs_done(); }
int Meg::batch_size() const { return impl_->read().batch_size(); }
std::size_t Meg::most_gpu_bytes() const { return impl_->backend->most_bytes(); }
std::vector<Progress> Meg::history() const {
  const Impl::Reading reading(*impl_);
  return impl_->preset->history();
}
Table Meg::empty_table() const { return meg::empty_table(schema()); }

void Meg::train(int num_epochs, int batch_size, const std::function<void(const Progress&)>& on_progress,
                const std::function<bool()>& keep_going) {
  if (num_epochs > 1'000'000)
    fail(ErrorCode::kInvalidArgument, "`num_epochs` must be a million at most, got {}", num_epochs);
  if (num_epochs < 0 || batch_size < 0)
    fail(ErrorCode::kInvalidArgument, "`num_epochs` and `batch_size` must not be negative, got {} and {}", num_epochs,
         batch_size);
  const Impl::Change change(*impl_);
  impl_->preset->train(num_epochs, batch_size, on_progress, keep_going);
}

Table Meg::generate(std::size_t num_samples, std::uint64_t seed, const GenerateOptions& how) const {
  RowStream rows = stream(0, num_samples, seed, how);
  return all_rows([&] { return rows.next(); }).value_or(empty_table());
}

RowStream Meg::stream(std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                      const GenerateOptions& how) const {
  return RowStream(impl_->generate(first_row, count, seed, how));
}

RowStream::RowStream(std::unique_ptr<RowSource> source) : source_(std::move(source)) {}
RowStream::RowStream(RowStream&&) noexcept = default;
RowStream& RowStream::operator=(RowStream&&) noexcept = default;
RowStream::~RowStream() = default;
std::optional<Table> RowStream::next() { return source_->next(); }
Redrawn RowStream::redrawn() const { return source_->redrawn(); }

Table Meg::impute(const Table& rows, std::uint64_t seed, std::uint32_t draw, Imputed* counts) const {
  return impute(rows, 0, rows.rows(), seed, draw, counts);
}

Table Meg::impute(const Table& rows, std::uint64_t first_row, std::size_t count, std::uint64_t seed, std::uint32_t draw,
                  Imputed* counts) const {
  const Impl::Reading reading(*impl_);
  impl_->check_learned();
  check_rows(rows, first_row, count);
  if (draw >= kMostDraws)
    fail(ErrorCode::kInvalidArgument, "there are {} draws, the last of which is {}; got {}", kMostDraws, kMostDraws - 1,
         draw);
  Imputed ignored;
  return impl_->preset->impute(rows, first_row, count, seed, draw, counts ? *counts : ignored);
}

Scores Meg::score(const Table& rows) const { return score(rows, 0, rows.rows()); }

Scores Meg::score(const Table& rows, std::size_t first_row, std::size_t count) const {
  const Impl::Reading reading(*impl_);
  impl_->check_learned();
  check_rows(rows, first_row, count);
  return impl_->preset->score(rows, first_row, count);
}

void Meg::save_model(const std::filesystem::path& path) const { write_tensor_file(path, impl_->file()); }

std::vector<std::byte> Meg::save_model() const {
  const std::string bytes = tensor_file_bytes(impl_->file());
  const auto begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

Meg Meg::load_model(const std::filesystem::path& path, const Options& options) {
  return Impl::load(read_tensor_file(path), fmt::format("'{}'", path.string()), options);
}

Meg Meg::load_model(std::span<const std::byte> bytes, const Options& options) {
  const std::string name = "the model in memory";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return Impl::load(parse_tensor_file(text, name), name, options);
}

Meg Meg::start_from(const std::filesystem::path& path, const Options& options) {
  check_values(options);
  Meg out = load_model(path, options);
  if (options.meg.rare_min > 0)
    fail(ErrorCode::kInvalidArgument, "'{}' has its columns already: rare values are hidden when these are fitted",
         path.string());
  Options now = options;
  copy_options(out.impl_->options, OptionScope::kModel, now);
  now.rules = out.impl_->options.rules;
  check(now);
  out.impl_->options = now;
  out.impl_->preset->restart(now);
  return out;
}

}  // namespace meg
