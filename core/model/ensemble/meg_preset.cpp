#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/checksum.h"
#include "core/fail.h"
#include "core/model/decoding.h"
#include "core/model/ensemble/gate.h"
#include "core/model/ensemble/generation.h"
#include "core/model/ensemble/imputation.h"
#include "core/model/ensemble/margins.h"
#include "core/model/ensemble/refinement.h"
#include "core/model/ensemble/scoring.h"
#include "core/model/ensemble/sizes.h"
#include "core/model/preset.h"
#include "core/parallel.h"
#include "core/table/code/coding.h"
#include "core/table/rule/relations.h"

namespace meg {

namespace {

static_assert(Column::kKnots == kKnots && Column::kZCells == kZCells);

/// What the file of a model of any order says of its masks.
constexpr const char* kDynamicMasks = "dynamic";

/// The first layer of a model of many columns, as its file says it; one that says nothing has one a generator.
constexpr const char* kSharedFirst = "shared";

/// Rows of a table that are encoded and sent to the device together.
constexpr std::size_t kEncodedRows = 1 << 16;

/// Whether two relations are of the same columns, whichever they derive.
bool are_alike(const Relation& a, const Relation& b) {
  const auto columns = [](const Relation& relation) {
    std::vector<std::size_t> out = relation.bases();
    out.push_back(relation.column);
    std::sort(out.begin(), out.end());
    return out;
  };
  return columns(a) == columns(b);
}

class MegPreset final : public Preset {
 public:
  MegPreset(const Options& options, Backend& backend) : options_(options), backend_(backend) {
    if (options.hidden.size() > 1)
      fail(ErrorCode::kInvalidArgument, "the meg preset has one width in `hidden`, got {}", options.hidden.size());
  }

  const Schema& schema() const override { return coding_.schema(); }
  std::vector<std::string> notes() const override {
    std::vector<std::string> out = notes_;
    std::ranges::copy(coding_.notes(), std::back_inserter(out));
    return out;
  }
  int output_dim() const override { return static_cast<int>(coding_.names().size()); }
  std::vector<std::string> generation_order() const override { return coding_.names(); }
  int input_dim() const override { return ensemble_ ? static_cast<int>(ensemble_->layout().head_stride) : 0; }

  bool knows_columns() const override { return ensemble_ != nullptr; }

  void fit(InferredTable table) override {
    fit_columns(table);
    // Values that rare_min hides are not in the schema any more.
    take_rows(options_.meg.rare_min > 0 ? ReadTable(coding_.schema(), table.table(), options_.threads)
                                        : ReadTable(coding_.schema(), std::move(table.columns)));
  }

  void load_data(const Table& table) override { take_rows({coding_.schema(), table, options_.threads}); }

  void train(int epochs, int batch_size, const std::function<void(const Progress&)>& on_progress,
             const std::function<bool()>& keep_going) override {
    if (rows_.train.empty()) fail(ErrorCode::kNotTrained, "there is nothing to train on: call load_data first");
    const bool begun = under_way() || finished_;
    if (begun && ((epochs > 0 && epochs != epochs_) || (batch_size > 0 && batch_size != batch_size_)))
      fail(ErrorCode::kInvalidArgument,
           "the run began with {} epochs at most and batches of {} rows, and goes on with them: leave `num_epochs` and "
           "`batch_size` out, or begin a new run with `start_from`",
           epochs_, batch_size_);
    if (finished_) return;
    begin(epochs, batch_size);
    const auto go_on = [&] { return !keep_going || keep_going(); };
    const auto report = [&](const Progress& progress) {
      history_.push_back(progress);
      if (on_progress) on_progress(progress);
    };
    if (!warm_up(report, go_on)) return;
    if (sizes_.refinement.steps > 0 && !refine(report, go_on)) return;
    finish();
  }

  int epochs_done() const override { return epochs_done_; }
  int batch_size() const override { return batch_size_; }
  bool finished() const override { return finished_; }
  const std::vector<Progress>& history() const override { return history_; }
  bool has_learned() const override { return learned_ || (warm_up_ && warm_up_->steps_done() > 0); }
  bool refined() const override { return refined_; }
  bool any_order() const override { return ensemble_ && ensemble_->shape().any_order; }

  std::unique_ptr<RowSource> generate(std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                                      const GenerateOptions& how) const override {
    return generate_rows(trained(), first_row, count, seed, how);
  }

  Table impute(const Table& rows, std::uint64_t first_row, std::size_t count, std::uint64_t seed, std::uint32_t draw,
               Imputed& counts) const override {
    return impute_rows(trained(), rows, first_row, count, seed, draw, counts);
  }

  Scores score(const Table& table, std::size_t first_row, std::size_t count) const override {
    return score_rows(trained(), table, first_row, count);
  }

  void save(TensorFile& file) const override {
    if (!ensemble_) fail(ErrorCode::kNotTrained, "the model has learned nothing yet: there is nothing to save");
    save_vector(backend_, "parameters", "at the end", parameters(), file);
    if (warm_up_) warm_up_->save(file);
    if (refinement_) refinement_->save(file);
    for (const auto& [name, tensor] : state_.tensors) file.tensors.try_emplace(name, tensor);
    for (const auto& [name, text] : state_.metadata) file.metadata.try_emplace(name, text);
    file.metadata["table"] = coding_.to_json();
    nlohmann::json shape{{"hidden", ensemble_->shape().hidden}, {"dropout", ensemble_->shape().dropout}};
    if (ensemble_->shape().first == MaskedEnsemble::FirstLayer::kShared) shape["first"] = kSharedFirst;
    if (any_order()) shape["masks"] = kDynamicMasks;
    file.metadata["shape"] = shape.dump();
    file.metadata["run"] =
        nlohmann::json{{"epochs_done", epochs_done_}, {"epochs", epochs_},   {"batch_size", batch_size_},
                       {"finished", finished_},       {"refined", refined_}, {"learned", has_learned()}}
            .dump();
    file.metadata["history"] = history_to_json(history_);
    file.metadata["data_fingerprint"] = data_fingerprint_;
  }

  void load(const TensorFile& file) override {
    coding_ = TableCoding::from_json(file.metadata.at("table"));
    const auto shape = nlohmann::json::parse(file.metadata.at("shape"));
    const std::string first = shape.value("first", "own");
    if (first != "own" && first != kSharedFirst)
      fail("the model's first layer is '{}', which this version of meg does not know: use a newer one", first);
    const std::string masks = shape.value("masks", "");
    if (!masks.empty() && masks != kDynamicMasks)
      fail("the model's masks are '{}', which this version of meg does not know: use a newer one", masks);
    make_ensemble({shape.at("hidden"), shape.at("dropout"),
                   first == kSharedFirst ? MaskedEnsemble::FirstLayer::kShared : MaskedEnsemble::FirstLayer::kOwn,
                   masks == kDynamicMasks});
    load_vector(backend_, "parameters", result_, file);
    const auto run = nlohmann::json::parse(file.metadata.at("run"));
    epochs_done_ = run.at("epochs_done"), epochs_ = run.at("epochs"), batch_size_ = run.at("batch_size");
    finished_ = run.at("finished"), refined_ = run.at("refined"), learned_ = run.at("learned");
    history_ = history_from_json(file.metadata.at("history"));
    data_fingerprint_ = file.metadata.at("data_fingerprint");
    if (finished_) return;
    state_ = file;  // of the run under way, for train to go on from
    state_.tensors.erase("parameters");
  }

  void restart(const Options& options) override {
    if (options.meg.any_order && !any_order())
      fail(ErrorCode::kUnsupported,
           "the model to start from generates in a fixed order, and `any_order` would need weights that it has not");
    options_ = options;
    finished_ = false;
    state_ = {};
    history_.clear();
    epochs_done_ = epochs_ = batch_size_ = 0;
    refined_ = false;
    if (!options.dropout) return;
    MaskedEnsemble::Shape shape = ensemble_->shape();
    shape.dropout = *options.dropout;
    std::vector<float> learned(ensemble_->parameters());
    backend_.download(result_, learned);
    make_ensemble(shape);
    backend_.upload(learned, result_);
  }

 private:
  ConstView parameters() const {
    if (refinement_ && refinement_->steps_done() > sizes_.refinement.discriminator_first) return refinement_->result();
    return warm_up_ ? warm_up_->result() : ConstView(result_);
  }

  TrainedEnsemble trained() const {
    return {backend_, *ensemble_, coding_, parameters(), constants_, decoding_->numbers(), options_.threads};
  }

  void take_rows(const ReadTable& table) {
    const std::size_t rows = table.rows();
    Checksum sum;
    Memory cells = encode(table, sum);
    const std::string print = sum.text();
    const bool begun = under_way() || finished_;
    if (begun && print != data_fingerprint_)
      fail("this is not the table that the run began with; name that one, or use `start_from` to train on another");
    if (warm_up_) return;  // it holds these very rows
    data_fingerprint_ = print;
    table_ = std::move(cells);
    rows_.cells = table_.view(rows, ensemble_->layout().cell_stride());
    split(rows);
    sizes_ = choose_sizes(rows_.train.size(), ensemble_->layout(), options_);
    if (begun) set_run(epochs_, batch_size_);
  }

  void fit_columns(const InferredTable& table) {
    notes_ = table.notes;
    const bool as_they_stand = options_.meg.rare_min > 1 || options_.meg.any_order;
    const ReadTable read(table.schema, table.columns);
    const std::vector<Relation> stated =
        stated_relations(StatedRules(options_.rules, table.schema, RuleWords::kAny), read, table.schema);
    coding_ = TableCoding(table, options_.seed,
                          {.rare_min = options_.meg.rare_min,
                           .rare_word = options_.meg.rare_word,
                           .relations = !as_they_stand,
                           .split = !as_they_stand},
                          options_.meg.order, options_.threads, stated);
    if (as_they_stand) {
      std::vector<std::size_t> columns(table.schema.size());
      std::iota(columns.begin(), columns.end(), std::size_t{0});
      for (const Relation& lost : find_relations(read, table.schema, columns))
        if (std::none_of(stated.begin(), stated.end(), [&](const Relation& kept) { return are_alike(kept, lost); }))
          notes_.push_back(describe_lost(lost, table.schema));
    }
    check_limits();
    ColumnsLayout layout = columns_layout();
    const std::size_t rows = table.columns.front().size();
    const auto train = static_cast<std::size_t>(static_cast<double>(rows) * (1 - held_out_share(rows)));
    make_ensemble(choose_sizes(train, layout, options_).shape);
    std::vector<float> start(ensemble_->parameters());
    ensemble_->initialize(options_.seed, start);
    backend_.upload(start, result_);
  }

  void check_limits() const {
    if (coding_.columns().size() > static_cast<std::size_t>(kMostModelColumns))
      fail("the table has {} columns to learn, the model holds at most {}: leave some out with `drop`",
           coding_.columns().size(), kMostModelColumns);
    for (const Column& column : coding_.columns())
      if (column.codes() > kMostCodes)
        fail(
            "column '{}' has {} values, the model holds at most {}: merge rare ones with `rare_min`, or leave it out "
            "with `drop`",
            column.schema().name, column.codes(), kMostCodes);
  }

  ColumnsLayout columns_layout() const {
    ColumnsLayout layout;
    for (const Column& column : coding_.columns())
      layout.columns.push_back({.codes = column.codes(),
                                .continuous = column.continuous_code(),
                                .z_low = column.z_low(),
                                .z_high = column.z_high()});
    return layout;
  }

  void make_ensemble(const MaskedEnsemble::Shape& shape) {
    ensemble_ = std::make_unique<MaskedEnsemble>(columns_layout(), shape);
    result_ = backend_.allocate(ensemble_->parameters());
    std::vector<float> constants(ensemble_->constants());
    for (std::size_t j = 0; j < coding_.columns().size(); ++j) {
      const Column& column = coding_.columns()[j];
      const ColumnLayout& at = ensemble_->layout().columns[j];
      std::copy(column.code_positions().begin(), column.code_positions().end(),
                constants.begin() + static_cast<std::ptrdiff_t>(at.code_position));
      std::copy(column.z_positions().begin(), column.z_positions().end(),
                constants.begin() + static_cast<std::ptrdiff_t>(at.z_position));
    }
    constants_ = backend_.allocate(constants.size());
    backend_.upload(constants, constants_);
    decoding_ = std::make_unique<Decoding>(backend_, coding_);
  }

  /// Cells [rows, 3 columns], codes, z, positions, on the device, and adds them to `sum`.
  Memory encode(const ReadTable& table, Checksum& sum) const {
    const std::size_t n = coding_.columns().size(), stride = ensemble_->layout().cell_stride();
    Memory out = backend_.allocate(table.rows() * stride);
    std::vector<float> cells;
    for (std::size_t first = 0; first < table.rows(); first += kEncodedRows) {
      const std::size_t count = std::min(kEncodedRows, table.rows() - first);
      const Coded coded = coding_.encode(table, first, count, options_.seed, options_.threads);
      cells.assign(count * stride, 0.0f);
      parallel_parts(count, kPartRows, options_.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t r = begin; r < end; ++r)
          for (std::size_t j = 0; j < n; ++j)
            put_cell(coding_.columns()[j], {coded.code[r * n + j], coded.z[r * n + j]}, n, j, &cells[r * stride]);
      });
      sum.add(bytes_of(cells));
      backend_.upload(cells, out.view(table.rows(), stride).row_range(first, count));
    }
    return out;
  }

  double held_out_share(std::size_t rows) const {
    return options_.held_out.value_or(rows < 40 ? 0.0 : rows < 2000 ? 0.1 : 0.05);
  }

  void split(std::size_t rows) {
    const std::vector<std::uint32_t> held_out = held_out_rows(rows, held_out_share(rows), options_.seed);
    std::vector<std::uint32_t> train;
    for (std::uint32_t r = 0; r < rows; ++r)
      if (!std::binary_search(held_out.begin(), held_out.end(), r)) train.push_back(r);
    rows_.train = {backend_, train}, rows_.held_out = {backend_, held_out};
  }

  /// Sets the run up, from the state of an interrupted one where there is some.
  void begin(int epochs, int batch_size) {
    if (warm_up_) return;  // train was interrupted and is called again
    const bool resumed = under_way();
    if (!resumed) set_run(epochs, batch_size);
    std::vector<float> start(ensemble_->parameters());
    backend_.download(result_, start);
    auto warm_up = std::make_unique<WarmUp>(backend_, *ensemble_, rows_, sizes_.warm_up, start);
    std::unique_ptr<Refinement> refinement;
    if (resumed) try {
        warm_up->load(state_);
        if (state_.metadata.contains("refinement")) {
          refinement = make_refinement(*warm_up);
          refinement->load(state_);
        }
      } catch (const std::logic_error&) {
        fail("the run in this model file cannot be gone on with: it is of another version of meg; use `start_from`");
      } catch (const nlohmann::json::exception&) {
        fail("the run in this model file cannot be gone on with: it is of another version of meg; use `start_from`");
      }
    state_ = {};
    warm_up_ = std::move(warm_up), refinement_ = std::move(refinement);
  }

  bool under_way() const { return warm_up_ || !state_.tensors.empty(); }

  /// What a run is begun with; 0 is what the size of the table says.
  void set_run(int epochs, int batch_size) {
    if (epochs > 0) sizes_.warm_up.epochs = epochs;
    if (batch_size > 0)
      sizes_.warm_up.batch_size = sizes_.refinement.batch_size =
          static_cast<int>(std::min(rows_.train.size(), static_cast<std::size_t>(batch_size)));
    epochs_ = sizes_.warm_up.epochs, batch_size_ = sizes_.warm_up.batch_size;
  }

  bool warm_up(const std::function<void(const Progress&)>& report, const std::function<bool()>& go_on) {
    while (!warm_up_->done()) {
      if (warm_up_->step()) {
        epochs_done_ = warm_up_->epoch();
        report({.phase = Progress::Phase::kWarmUp,
                .done = warm_up_->epoch(),
                .of = warm_up_->epochs(),
                .loss = static_cast<double>(warm_up_->train_loss()),
                .held_out_loss = static_cast<double>(warm_up_->held_out_loss())});
      }
      if (!go_on()) return false;
    }
    return true;
  }

  std::unique_ptr<Refinement> make_refinement(const WarmUp& warm_up) {
    return std::make_unique<Refinement>(backend_, *ensemble_, rows_, constants_, sizes_.refinement, warm_up.best());
  }

  bool refine(const std::function<void(const Progress&)>& report, const std::function<bool()>& go_on) {
    if (!refinement_) refinement_ = make_refinement(*warm_up_);
    const int every = steps_per_line(refinement_->steps());
    while (!refinement_->done()) {
      refinement_->step();
      if (refinement_->steps_done() % every == 0 || refinement_->done()) {
        const auto [discriminator, generator] = refinement_->losses();
        report({.phase = Progress::Phase::kRefinement,
                .done = refinement_->steps_done(),
                .of = refinement_->steps(),
                .discriminator = static_cast<double>(discriminator),
                .generator = static_cast<double>(generator),
                .held_out_auc = refinement_->held_out_auc()});
      }
      if (!go_on()) return false;
    }
    return true;
  }

  /// Keeps the refined parameters where they are no worse, gives the memory of the run back, and matches the margins.
  void finish() {
    refined_ =
        refinement_ &&
        Gate(backend_, *ensemble_, rows_, constants_, options_.seed).passes(warm_up_->best(), refinement_->result());
    backend_.add_scaled(1.0f, refined_ ? refinement_->result() : warm_up_->best(), 0.0f, result_);
    refinement_.reset();
    warm_up_.reset();
    match_margins(backend_, *ensemble_, rows_.cells, constants_, options_.seed, options_.threads, result_);
    finished_ = learned_ = true;
  }

  Options options_;
  Backend& backend_;
  TableCoding coding_;
  std::unique_ptr<MaskedEnsemble> ensemble_;  // once the columns are known
  Memory constants_, result_, table_;
  std::unique_ptr<Decoding> decoding_;
  TrainingRows rows_;
  Sizes sizes_;
  std::unique_ptr<WarmUp> warm_up_;         // while a run is under way
  std::unique_ptr<Refinement> refinement_;  // in its second half
  TensorFile state_;                        // of a run that was loaded and has not gone on yet
  std::string data_fingerprint_;
  std::vector<std::string> notes_;  // of the inference
  std::vector<Progress> history_;
  int epochs_ = 0, batch_size_ = 0;  // of the run under way or finished
  int epochs_done_ = 0;
  bool finished_ = false, refined_ = false, learned_ = false;
};

}  // namespace

std::unique_ptr<Preset> make_meg_preset(const Options& options, Backend& backend) {
  return std::make_unique<MegPreset>(options, backend);
}

}  // namespace meg
