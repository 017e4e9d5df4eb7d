#include "core/meg.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/checksum.h"
#include "core/model/classic.h"
#include "core/model/masks.h"
#include "core/table/csv.h"
#include "core/table/scaling.h"

namespace meg {

namespace {

using Json = nlohmann::json;

/// Points of the history of a run.
constexpr int kHistoryPoints = 50;
/// Rows of one pass of generate(): few enough to stay small, whole blocks of the ensemble.
constexpr std::size_t kGenerateRows = 16384;

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

std::string to_json(const Options& o) {
  return Json{{"input_dim", o.input_dim},
              {"hidden", o.hidden},
              {"learning_rate", o.learning_rate},
              {"beta1", o.beta1},
              {"gamma", o.gamma},
              {"dropout", o.dropout},
              {"l2", o.l2},
              {"ema", o.ema},
              {"held_out", o.held_out},
              {"seed", o.seed}}
      .dump();
}

/// The options of a file; device and threads of `now`.
Options from_json(const std::string& text, const Options& now) {
  const Json in = Json::parse(text);
  Options o;
  o.input_dim = in.at("input_dim");
  o.hidden = in.at("hidden").get<std::vector<int>>();
  o.learning_rate = in.at("learning_rate");
  o.beta1 = in.at("beta1");
  o.gamma = in.at("gamma");
  o.dropout = in.at("dropout");
  o.l2 = in.at("l2");
  o.ema = in.at("ema");
  o.held_out = in.at("held_out");
  o.seed = in.at("seed");
  o.device = now.device;
  o.threads = now.threads;
  return o;
}

/// Of the values that training began with: is it the same table?
std::string fingerprint(std::span<const float> values) {
  Checksum sum;
  sum.add(bytes_of(values));
  return sum.text();
}

}  // namespace

struct Meg::Impl {
  explicit Impl(Options o) : options(std::move(o)), backend(make_backend(options.device, options.threads)) {
    if (!(options.held_out >= 0 && options.held_out < 1))
      fail("the held-out share must be in [0, 1), got {}", options.held_out);
  }

  ClassicOptions classic_options() const {
    ClassicOptions o;
    o.input_dim = options.input_dim;
    o.hidden = options.hidden;
    o.generator_columns = masks.widths;
    o.learning_rate = options.learning_rate;
    o.beta1 = options.beta1;
    o.gamma = options.gamma;
    o.dropout = options.dropout;
    o.l2 = options.l2;
    o.ema = options.ema;
    o.seed = options.seed;
    return o;
  }

  void make_ensemble() { ensemble = std::make_unique<ClassicEnsemble>(*backend, scaling.width(), classic_options()); }

  void fit(const Table& table) {
    scaling = TableScaling(table, infer_schema(table, options.types, options.drop));
    masks = options.masks.empty() ? contiguous_masks(scaling.width(), options.generators)
                                  : read_masks(options.masks, scaling.modelled());
    make_ensemble();
  }

  void load_data(const Table& table) {
    if (table.rows() < 2) fail("the table has {} row; learning needs 2 or more", table.rows());
    if (!ensemble) fit(table);
    const std::vector<float> all = masks.to_places(scaling.encode(table));
    const std::string print = fingerprint(all);
    if (ensemble->steps_done() > 0 && print != data_fingerprint)
      fail("this is not the table that the run began with; name that one, or use --from to train on another");
    data_fingerprint = print;
    split(all, table.rows());
  }

  /// Held-out rows first in a random order that is a function of the seed; the rest keeps its own order.
  void split(const std::vector<float>& all, std::size_t rows) {
    const auto width = static_cast<std::size_t>(scaling.width());
    const auto count = static_cast<std::size_t>(options.held_out * static_cast<double>(rows));
    std::vector<std::size_t> order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<bool> chosen(rows, false);
    const Philox philox(options.seed, Stream::kMeasure);
    for (std::size_t i = 0; i < count; ++i) {
      std::swap(order[i], order[i + (philox.bits(i, 0)[0] * (rows - i) >> 32)]);
      chosen[order[i]] = true;
    }
    data.clear();
    held_out.clear();
    for (std::size_t r = 0; r < rows; ++r) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(r * width);
      std::vector<float>& to = chosen[r] ? held_out : data;
      to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(width));
    }
  }

  double held_out_auc() const {
    if (held_out.empty()) return kNotMeasured;
    return ensemble->discriminator_auc(held_out, static_cast<int>(held_out.size()) / scaling.width());
  }

  Options options;
  std::unique_ptr<Backend> backend;
  TableScaling scaling;
  Masks masks;
  std::unique_ptr<ClassicEnsemble> ensemble;  // once the columns are known
  std::vector<float> data, held_out;          // rows in the places of `masks`
  std::string data_fingerprint;
  std::vector<Progress> history;
  int batch_size = 64;
};

Meg::Meg(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Meg::Meg(Meg&&) noexcept = default;
Meg& Meg::operator=(Meg&&) noexcept = default;
Meg::~Meg() = default;

void Meg::load_data(const std::filesystem::path& csv) { load_data(read_csv(csv)); }
void Meg::load_data(const Table& table) { impl_->load_data(table); }

int Meg::input_dim() const { return impl_->options.input_dim; }
int Meg::output_dim() const { return impl_->scaling.width(); }
const Options& Meg::options() const { return impl_->options; }
int Meg::batch_size() const { return impl_->batch_size; }
const Schema& Meg::schema() const { return impl_->scaling.schema(); }
int Meg::epochs_done() const { return impl_->ensemble ? impl_->ensemble->epochs_done() : 0; }
const std::vector<Progress>& Meg::history() const { return impl_->history; }
Table Meg::empty_table() const { return impl_->scaling.empty_table(); }

void Meg::train(int num_epochs, int batch_size, const std::function<void(const Progress&)>& on_epoch,
                const std::function<bool()>& keep_going) {
  Impl& m = *impl_;
  if (m.data.empty()) fail("there is nothing to train on: call load_data first");
  if (num_epochs < 1) fail("the number of epochs must be at least 1, got {}", num_epochs);
  m.ensemble->set_batch_size(m.batch_size = batch_size);
  const int every = std::max(1, num_epochs / kHistoryPoints);
  double auc = m.history.empty() ? kNotMeasured : m.history.back().held_out_auc;
  const auto report = [&](const ClassicEnsemble::Epoch& epoch) {
    const bool measured = epoch.number % every == 0;
    if (measured) auc = m.held_out_auc();
    const Progress progress{epoch.number, epoch.discriminator, epoch.generator, auc};
    if (measured) m.history.push_back(progress);
    if (on_epoch) on_epoch(progress);
  };
  m.ensemble->train(m.data, static_cast<int>(m.data.size()) / m.scaling.width(), num_epochs, report, keep_going);
}

Table Meg::generate(std::size_t num_samples, std::uint64_t seed) const {
  Table out = empty_table();
  generate(0, num_samples, seed, out);
  return out;
}

void Meg::generate(std::uint64_t first_row, std::size_t count, std::uint64_t seed, Table& out) const {
  const Impl& m = *impl_;
  if (!m.ensemble || m.ensemble->steps_done() == 0) fail("the model has learned nothing yet: train or load one first");
  const auto width = static_cast<std::size_t>(m.scaling.width());
  std::vector<float> places, columns;
  for (std::size_t done = 0; done < count;) {
    const std::size_t rows = std::min(kGenerateRows, count - done);
    places.resize(rows * width);
    columns.resize(rows * width);
    m.ensemble->generate(seed, first_row + done, static_cast<int>(rows), places);
    m.masks.to_columns(places, columns);
    m.scaling.append_rows(columns, seed, first_row + done, out);
    done += rows;
  }
}

void Meg::save_model(const std::filesystem::path& path) const {
  const Impl& m = *impl_;
  if (!m.ensemble) fail("the model has learned nothing yet: there is nothing to save");
  TensorFile file;
  m.ensemble->save(file);
  Json history = Json::array();
  for (const Progress& p : m.history) history.push_back({p.epoch, p.discriminator, p.generator, p.held_out_auc});
  file.metadata["preset"] = "classic";
  file.metadata["options"] = to_json(m.options);
  file.metadata["table"] = m.scaling.to_json();
  file.metadata["masks"] = Json{{"order", m.masks.order}, {"widths", m.masks.widths}}.dump();
  file.metadata["history"] = history.dump();
  file.metadata["batch_size"] = std::to_string(m.batch_size);
  file.metadata["data_fingerprint"] = m.data_fingerprint;
  write_tensor_file(path, file);
}

Meg Meg::load_model(const std::filesystem::path& path, const Options& options) {
  const TensorFile file = read_tensor_file(path);
  try {
    Meg out(from_json(file.metadata.at("options"), options));
    Impl& m = *out.impl_;
    m.scaling = TableScaling::from_json(file.metadata.at("table"));
    const Json masks = Json::parse(file.metadata.at("masks"));
    m.masks = {masks.at("order"), masks.at("widths")};
    m.data_fingerprint = file.metadata.at("data_fingerprint");
    m.batch_size = std::stoi(file.metadata.at("batch_size"));
    for (const Json& p : Json::parse(file.metadata.at("history")))
      m.history.push_back({p[0], p[1], p[2], p[3].is_null() ? kNotMeasured : p[3].get<double>()});
    m.make_ensemble();
    m.ensemble->load(file);
    return out;
  } catch (const std::logic_error&) {  // a key that is not there, a number that is none
    fail("'{}' is a safetensors file, but not a meg model", path.string());
  } catch (const Json::exception&) {
    fail("'{}' is a safetensors file, but not a meg model", path.string());
  }
}

Meg Meg::start_from(const std::filesystem::path& path, const Options& options) {
  Meg out = load_model(path, options);
  Impl& m = *out.impl_;
  Options now = options;
  now.input_dim = m.options.input_dim;
  now.hidden = m.options.hidden;
  m.options = now;
  const std::unique_ptr<ClassicEnsemble> learned = std::move(m.ensemble);
  TensorFile state;
  learned->save(state);
  m.make_ensemble();
  if (now.ema > 0) state.tensors.try_emplace("generator.average", state.tensors.at("generator.parameters"));
  m.ensemble->load(state);
  m.ensemble->restart();
  m.history.clear();
  return out;
}

}  // namespace meg
