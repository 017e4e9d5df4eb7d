#include <cmath>
#include <nlohmann/json.hpp>

#include "core/fail.h"
#include "core/model/classic/classic.h"
#include "core/model/classic/masks.h"
#include "core/model/classic/scaling.h"
#include "core/model/preset.h"
#include "core/model/row_chunks.h"
#include "core/table/write/write_column.h"

namespace meg {

namespace {

/// Points of the history of a run.
constexpr int kHistoryPoints = 50;

class ClassicPreset final : public Preset {
 public:
  ClassicPreset(const Options& options, Backend& backend) : options_(options), backend_(backend) {}

  const Schema& schema() const override { return scaling_.schema(); }
  int output_dim() const override { return scaling_.width(); }
  int input_dim() const override { return options_.classic.input_dim; }
  std::vector<std::string> generation_order() const override { return {}; }

  std::vector<std::string> notes() const override { return notes_; }

  bool knows_columns() const override { return ensemble_ != nullptr; }

  void fit(InferredTable table) override {
    fit_columns(table);
    take_rows(ReadTable(scaling_.schema(), std::move(table.columns)));
  }

  void load_data(const Table& table) override { take_rows(ReadTable(scaling_.schema(), table, options_.threads)); }

  void train(int epochs, int batch_size, const std::function<void(const Progress&)>& on_progress,
             const std::function<bool()>& keep_going) override {
    if (data_.empty()) fail(ErrorCode::kNotTrained, "there is nothing to train on: call load_data first");
    if (batch_size > 0 && batch_size != batch_size_ && ensemble_->within_epoch())
      fail(ErrorCode::kInvalidArgument,
           "the run stopped within an epoch of batches of {} rows, and goes on with them: leave `batch_size` out, or "
           "begin a new run with `start_from`",
           batch_size_);
    if (epochs > 0) epochs_ = epochs;
    if (batch_size > 0) batch_size_ = batch_size;
    ensemble_->set_batch_size(batch_size_);
    const int every = std::max(1, epochs_ / kHistoryPoints);
    double auc = history_.empty() ? Progress::kNone : history_.back().held_out_auc;
    const auto report = [&](const ClassicEnsemble::Epoch& epoch) {
      const bool measured = epoch.number % every == 0;
      if (measured) auc = held_out_auc();
      const Progress progress{.done = epoch.number,
                              .of = epochs_,
                              .discriminator = static_cast<double>(epoch.discriminator),
                              .generator = static_cast<double>(epoch.generator),
                              .held_out_auc = auc};
      if (measured) history_.push_back(progress);
      if (on_progress) on_progress(progress);
    };
    ensemble_->train(data_, rows_of(data_), epochs_, report, keep_going);
  }

  int epochs_done() const override { return ensemble_ ? ensemble_->epochs_done() : 0; }
  int batch_size() const override { return batch_size_; }
  bool finished() const override { return ensemble_ && ensemble_->epochs_done() >= epochs_; }
  const std::vector<Progress>& history() const override { return history_; }

  bool has_learned() const override { return ensemble_ && ensemble_->steps_done() > 0; }

  std::unique_ptr<RowSource> generate(std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                                      const GenerateOptions& how) const override {
    if (!how.where.empty() || how.given || how.temperature != 1)
      fail(
          ErrorCode::kUnsupported,
          "the classic preset makes whole rows from noise: it knows no conditions, given cells and temperatures; train "
          "with `preset=meg` for these");
    return std::make_unique<Rows>(*this, first_row, count, seed);
  }

  Table impute(const Table&, std::uint64_t, std::size_t, std::uint64_t, std::uint32_t, Imputed&) const override {
    fail(ErrorCode::kUnsupported,
         "the classic preset makes whole rows and cannot fill holes; train with `preset=meg` for that");
  }

  Scores score(const Table&, std::size_t, std::size_t) const override {
    fail(ErrorCode::kUnsupported,
         "the classic preset makes rows and cannot say how likely one is; train with `preset=meg` for that");
  }

  void save(TensorFile& file) const override {
    if (!ensemble_) fail(ErrorCode::kNotTrained, "the model has learned nothing yet: there is nothing to save");
    ensemble_->save(file);
    file.metadata["table"] = scaling_.to_json();
    file.metadata["masks"] = nlohmann::json{{"order", masks_.order}, {"widths", masks_.widths}}.dump();
    file.metadata["history"] = history_to_json(history_);
    file.metadata["epochs"] = std::to_string(epochs_);
    file.metadata["batch_size"] = std::to_string(batch_size_);
    file.metadata["data_fingerprint"] = data_fingerprint_;
  }

  void load(const TensorFile& file) override {
    scaling_ = TableScaling::from_json(file.metadata.at("table"));
    const auto masks = nlohmann::json::parse(file.metadata.at("masks"));
    masks_ = {masks.at("order"), masks.at("widths")};
    data_fingerprint_ = file.metadata.at("data_fingerprint");
    if (const auto epochs = file.metadata.find("epochs"); epochs != file.metadata.end())  // older files have none
      epochs_ = std::stoi(epochs->second);
    batch_size_ = std::stoi(file.metadata.at("batch_size"));
    history_ = history_from_json(file.metadata.at("history"));
    make_ensemble();
    ensemble_->load(file);
  }

  void restart(const Options& options) override {
    Options now = options;
    now.classic.input_dim = options_.classic.input_dim;
    now.hidden = options_.hidden;
    options_ = now;
    TensorFile state;
    ensemble_->save(state);
    make_ensemble();
    ensemble_->load(state);
    ensemble_->restart();
    history_.clear();
    epochs_ = kEpochs, batch_size_ = kBatchSize;
  }

 private:
  /// Rows of a trained model, made in passes.
  class Rows : public RowSource {
   public:
    Rows(const ClassicPreset& of, std::uint64_t first_row, std::size_t count, std::uint64_t seed)
        : of_(of),
          seed_(seed),
          columns_(of.placed_columns()),
          rows_(of.ensemble_->rows_of_pass(count)),
          slots_(make_slots(count)),
          chunks_(of.backend_, count, rows_, static_cast<int>(slots_.size()), decoded()) {
      chunks_.begin(first_row, first_row + count, [this](Backend& on, int slot, const RowChunks::Pass& pass) {
        on.begin_step();
        const ConstView x = of_.ensemble_->generate(on, seed_, pass.row, slots_[static_cast<std::size_t>(slot)]);
        on.unscale(columns_, x, pass.numbers);
        on.end_step();
      });
    }

    std::optional<Table> next() override {
      const std::optional<RowChunks::Rows> rows = chunks_.next();
      if (!rows) return {};
      const Schema& schema = of_.scaling_.schema();
      const std::vector<Array> made = of_.scaling_.made_columns(rows->numbers, seed_, rows->row);
      std::vector<NamedArray> out;
      for (std::size_t c = 0; c < schema.size(); ++c)
        out.push_back({schema[c].name, write_column(schema[c], made[c], output_type(schema[c]))});
      return Table(std::move(out));
    }

   private:
    RowChunks::Decoded decoded() const { return {.codes = 0, .numbers = columns_.size()}; }
    std::vector<ClassicEnsemble::Slot> make_slots(std::size_t count) const {
      std::vector<ClassicEnsemble::Slot> out;
      const std::size_t floats = of_.ensemble_->slot_floats(rows_);
      for (int n = RowChunks::slots(of_.backend_, count, rows_, floats, decoded()); n > 0; --n)
        out.push_back(of_.ensemble_->make_slot(rows_));
      return out;
    }

    const ClassicPreset& of_;
    std::uint64_t seed_;
    std::vector<PlacedColumn> columns_;
    int rows_;  // of a pass
    std::vector<ClassicEnsemble::Slot> slots_;
    RowChunks chunks_;
  };

  static constexpr int kEpochs = 5000, kBatchSize = 64;

  int rows_of(const std::vector<float>& data) const {
    return static_cast<int>(data.size() / static_cast<std::size_t>(scaling_.width()));
  }

  double held_out_share() const { return options_.held_out.value_or(0.03); }

  void make_ensemble() {
    ClassicOptions o;
    o.input_dim = options_.classic.input_dim;
    if (!options_.hidden.empty()) o.hidden = options_.hidden;
    o.generator_columns = masks_.widths;
    o.learning_rate = options_.learning_rate.value_or(o.learning_rate);
    o.beta1 = options_.classic.beta1;
    o.gamma = options_.gamma.value_or(o.gamma);
    o.dropout = options_.dropout.value_or(o.dropout);
    o.l2 = options_.classic.l2;
    o.ema = options_.classic.ema;
    o.seed = options_.seed;
    ensemble_ = std::make_unique<ClassicEnsemble>(backend_, scaling_.width(), o);
  }

  void take_rows(const ReadTable& read) {
    const std::vector<float> all = masks_.to_places(scaling_.encode(read));
    const std::string print = fingerprint(all);
    if (ensemble_->steps_done() > 0 && print != data_fingerprint_)
      fail("this is not the table that the run began with; name that one, or use `start_from` to train on another");
    data_fingerprint_ = print;
    split(all, read.rows());
  }

  void fit_columns(const InferredTable& table) {
    scaling_ = TableScaling(table);
    notes_ = table.notes;
    masks_ = options_.classic.masks.empty() ? contiguous_masks(scaling_.width(), options_.classic.generators)
                                            : masks_of(options_.classic.masks, scaling_.modelled());
    make_ensemble();
  }

  void split(const std::vector<float>& all, std::size_t rows) {
    const auto width = static_cast<std::size_t>(scaling_.width());
    const std::vector<std::uint32_t> chosen = held_out_rows(rows, held_out_share(), options_.seed);
    data_.clear();
    held_out_.clear();
    for (std::size_t r = 0, next = 0; r < rows; ++r) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(r * width);
      const bool held = next < chosen.size() && chosen[next] == r;
      if (held) ++next;
      std::vector<float>& to = held ? held_out_ : data_;
      to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(width));
    }
  }

  /// The columns in their own order, each with its place.
  std::vector<PlacedColumn> placed_columns() const {
    std::vector<PlacedColumn> out;
    for (const std::size_t place : masks_.places()) out.push_back({scaling_.columns()[out.size()], place});
    return out;
  }

  double held_out_auc() {
    if (held_out_.empty()) return Progress::kNone;
    return ensemble_->discriminator_auc(held_out_, rows_of(held_out_));
  }

  Options options_;
  Backend& backend_;
  TableScaling scaling_;
  Masks masks_;
  std::unique_ptr<ClassicEnsemble> ensemble_;  // once the columns are known
  std::vector<float> data_, held_out_;         // rows in the places of masks_
  std::string data_fingerprint_;
  std::vector<std::string> notes_;  // of the inference
  std::vector<Progress> history_;
  int batch_size_ = kBatchSize, epochs_ = kEpochs;
};

}  // namespace

std::unique_ptr<Preset> make_classic_preset(const Options& options, Backend& backend) {
  return std::make_unique<ClassicPreset>(options, backend);
}

}  // namespace meg
