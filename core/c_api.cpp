#include "meg/c_api.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <span>

#include "core/fail.h"
#include "core/measure/evaluation.h"
#include "core/measure/evaluation_json.h"
#include "core/model_json.h"
#include "core/table/infer/read_table.h"
#include "meg/arrow.h"
#include "meg/meg.h"

/// A model, which the streams of its rows keep as well.
struct meg_model {
  std::shared_ptr<meg::Meg> meg;
};

namespace {

using namespace meg;

int code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return MEG_INVALID_ARGUMENT;
    case ErrorCode::kFile: return MEG_FILE;
    case ErrorCode::kBadData: return MEG_BAD_DATA;
    case ErrorCode::kNotTrained: return MEG_NOT_TRAINED;
    case ErrorCode::kUnsupported: return MEG_UNSUPPORTED;
    case ErrorCode::kDiverged: return MEG_DIVERGED;
    case ErrorCode::kBusy: return MEG_BUSY;
    case ErrorCode::kDevice: return MEG_DEVICE;
  }
  return MEG_INTERNAL;
}

/// A copy for meg_free; null where there is no memory for it.
char* copy_of(std::string_view text) noexcept {
  auto* const out = static_cast<char*>(std::malloc(text.size() + 1));
  if (!out) return nullptr;
  std::memcpy(out, text.data(), text.size());
  out[text.size()] = 0;
  return out;
}
char* text_of(std::string_view text) {
  char* const out = copy_of(text);
  return out ? out : throw std::bad_alloc();
}

/// Runs body(), and says what it throws.
template <class Body>
int guarded(char** message, const Body& body) noexcept {
  if (message) *message = nullptr;
  const auto failed = [message](int code, std::string_view sentence) {
    if (message) *message = copy_of(sentence);
    return code;
  };
  try {
    body();
    return MEG_OK;
  } catch (const Error& error) {
    return failed(code_of(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return failed(MEG_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return failed(MEG_INTERNAL, error.what());
  } catch (...) {
    return failed(MEG_INTERNAL, "an exception of no known kind");
  }
}

template <class T>
T& given(T* argument, const char* name) {
  if (!argument) fail(ErrorCode::kInvalidArgument, "`{}` is null", name);
  return *argument;
}

// A build without NDEBUG knows its handles, so that one which was freed is an error and no crash.
#ifdef NDEBUG
void remember(const meg_model*) {}
void forget(const meg_model*) {}
void check_alive(const meg_model*) {}
#else
std::mutex models_mutex;
std::set<const meg_model*> models;
void remember(const meg_model* model) {
  const std::lock_guard lock(models_mutex);
  models.insert(model);
}
void forget(const meg_model* model) {
  const std::lock_guard lock(models_mutex);
  models.erase(model);
}
void check_alive(const meg_model* model) {
  const std::lock_guard lock(models_mutex);
  if (!models.contains(model)) fail(ErrorCode::kInvalidArgument, "`model` was freed, or never was a model");
}
#endif

const Meg& meg_of(const meg_model* model) {
  given(model, "model");
  check_alive(model);
  return *model->meg;
}

meg_model* handle_of(Meg meg) {
  auto out = std::unique_ptr<meg_model>(new meg_model{std::make_shared<Meg>(std::move(meg))});
  remember(out.get());
  return out.release();
}

/// A stream that was given: taken at once, so that it is released whatever the call returns.
class Taken {
 public:
  Taken(ArrowArrayStream* from, const char* name) : name_(name) {
    if (from) stream_ = *from, from->release = nullptr;
  }
  ~Taken() {
    if (stream_.release) stream_.release(&stream_);
  }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;

  Table table() {
    if (!stream_.release) fail(ErrorCode::kInvalidArgument, "`{}` is null, or a stream that was released", name_);
    return ArrowImport(&stream_).rest();
  }

 private:
  ArrowArrayStream stream_{};
  const char* name_;
};

std::span<const meg_option> all_of(const meg_option* options, size_t count) {
  if (count > 0) given(options, "options");
  for (const meg_option& option : std::span(options, count)) given(option.name, "name"), given(option.value, "value");
  return {options, count};
}

int whole_number(const meg_option& option) {
  int number = 0;
  const char* const end = option.value + std::strlen(option.value);
  if (const auto [at, error] = std::from_chars(option.value, end, number); error != std::errc() || at != end)
    fail(ErrorCode::kInvalidArgument, "`{}` must be a whole number, got '{}'", option.name, option.value);
  return number;
}

struct TrainingOptions {
  TrainingOptions(const meg_option* given_options, size_t count) {
    for (const meg_option& option : all_of(given_options, count)) {
      const std::string_view name = option.name;
      if (name == "epochs")
        epochs = whole_number(option);
      else if (name == "batch_size")
        batch_size = whole_number(option);
      else
        set_option(options, name, option.value);
    }
  }
  Options options;
  int epochs = 0, batch_size = 0;
};

Options machine_options(const meg_option* options, size_t count) {
  Options out;
  for (const meg_option& option : all_of(options, count)) set_option(out, option.name, option.value);
  return out;
}

/// Calls load(model), and trains it.
template <class Load>
meg_model* trained(const meg_option* options, size_t count, const meg_callbacks* callbacks, const Load& load) {
  const TrainingOptions with(options, count);
  std::unique_ptr<meg_model, void (*)(meg_model*)> model(handle_of(Meg(with.options)), meg_free_model);
  load(*model->meg);
  const meg_callbacks none{}, &call = callbacks ? *callbacks : none;
  model->meg->train(
      with.epochs, with.batch_size,
      [&](const Progress& progress) {
        if (call.on_progress) call.on_progress(call.context, model.get(), progress_to_json(progress).c_str());
      },
      [&] { return !call.keep_going || call.keep_going(call.context) != 0; });
  return model.release();
}

void generate(const meg_model* model, uint64_t first_row, uint64_t rows, uint64_t seed, const GenerateOptions& how,
              ArrowArrayStream* out) {
  meg_of(model), given(out, "out");
  auto stream = std::make_shared<RowStream>(model->meg->stream(first_row, rows, seed, how));
  export_stream(
      model->meg->empty_table(), [meg = model->meg, stream] { return stream->next(); }, out);
}

}  // namespace

const char* meg_version(void) { return MEG_VERSION; }

void meg_free(void* memory) { std::free(memory); }

int meg_train(ArrowArrayStream* rows, const meg_option* options, size_t option_count, const meg_callbacks* callbacks,
              meg_model** model, char** message) {
  return guarded(message, [&] {
    Taken taken(rows, "rows");
    meg_model*& out = given(model, "model");
    out = trained(options, option_count, callbacks, [&](Meg& meg) { meg.load_data(taken.table()); });
  });
}

int meg_train_file(const char* path, const meg_option* options, size_t option_count, const meg_callbacks* callbacks,
                   meg_model** model, char** message) {
  return guarded(message, [&] {
    given(path, "path");
    meg_model*& out = given(model, "model");
    out = trained(options, option_count, callbacks, [&](Meg& meg) { meg.load_data(std::filesystem::path(path)); });
  });
}

void meg_free_model(meg_model* model) {
  forget(model);
  delete model;
}

int meg_save(const meg_model* model, const char* path, char** message) {
  return guarded(message, [&] { meg_of(model).save_model(&given(path, "path")); });
}

int meg_save_bytes(const meg_model* model, void** bytes, size_t* size, char** message) {
  return guarded(message, [&] {
    given(bytes, "bytes"), given(size, "size");
    const std::vector<std::byte> all = meg_of(model).save_model();
    *bytes = text_of({reinterpret_cast<const char*>(all.data()), all.size()});
    *size = all.size();
  });
}

int meg_load(const char* path, const meg_option* options, size_t option_count, meg_model** model, char** message) {
  return guarded(message, [&] {
    given(path, "path");
    meg_model*& out = given(model, "model");
    out = handle_of(Meg::load_model(std::filesystem::path(path), machine_options(options, option_count)));
  });
}

int meg_load_bytes(const void* bytes, size_t size, const meg_option* options, size_t option_count, meg_model** model,
                   char** message) {
  return guarded(message, [&] {
    if (!bytes) fail(ErrorCode::kInvalidArgument, "`bytes` is null");
    meg_model*& out = given(model, "model");
    out = handle_of(
        Meg::load_model(std::span(static_cast<const std::byte*>(bytes), size), machine_options(options, option_count)));
  });
}

int meg_generate(const meg_model* model, uint64_t first_row, uint64_t rows, uint64_t seed, ArrowArrayStream* out,
                 char** message) {
  return guarded(message, [&] { generate(model, first_row, rows, seed, {}, out); });
}

int meg_generate_where(const meg_model* model, uint64_t first_row, uint64_t rows, uint64_t seed,
                       const char* const* conditions, size_t condition_count, ArrowArrayStream* given_rows,
                       float temperature, ArrowArrayStream* out, char** message) {
  return guarded(message, [&] {
    Taken taken(given_rows, "given");
    GenerateOptions how;
    if (given_rows) how.given = taken.table();
    if (condition_count > 0) given(conditions, "conditions");
    for (size_t i = 0; i < condition_count; ++i) how.where.emplace_back(&given(conditions[i], "conditions"));
    how.temperature = temperature;
    generate(model, first_row, rows, seed, how, out);
  });
}

int meg_impute(const meg_model* model, ArrowArrayStream* rows, uint64_t seed, uint32_t draw, ArrowArrayStream* out,
               char** counts, char** message) {
  return guarded(message, [&] {
    Taken taken(rows, "rows");
    given(out, "out");
    const Table table = taken.table();
    Imputed did;
    const Table filled = meg_of(model).impute(table, seed, draw, &did);
    std::unique_ptr<char, void (*)(void*)> text(text_of(imputed_to_json(did)), std::free);
    export_stream(filled, out);
    if (counts) *counts = text.release();
  });
}

int meg_score(const meg_model* model, ArrowArrayStream* rows, ArrowArrayStream* out, char** message) {
  return guarded(message, [&] {
    Taken taken(rows, "rows");
    given(out, "out");
    const Table table = taken.table();
    export_stream(scores_table(meg_of(model).score(table)), out);
  });
}

int meg_evaluate(ArrowArrayStream* real, ArrowArrayStream* synthetic, ArrowArrayStream* test, const meg_option* options,
                 size_t option_count, char** json, char** message) {
  return guarded(message, [&] {
    Taken taken_real(real, "real"), taken_synthetic(synthetic, "synthetic"), taken_test(test, "test");
    given(json, "json");
    const Table real_rows = taken_real.table(), synthetic_rows = taken_synthetic.table();
    std::optional<Table> test_rows;
    if (test) test_rows = taken_test.table();
    EvaluationOptions how;
    Options machine;
    for (const meg_option& option : all_of(options, option_count)) {
      const std::string_view name = option.name, value = option.value;
      if (name == "target")
        how.target = value;
      else if (name == "quick" && (value == "true" || value == "false"))
        how.thorough = value == "false";
      else if (name == "threads" || name == "rules")
        set_option(machine, name, option.value);
      else
        fail(ErrorCode::kInvalidArgument,
             "there is no option {}={}: there are target, quick (true, false), threads and rules", name, value);
    }
    how.rules = machine.rules;
    how.threads = machine.threads;
    how.test = how.held_out = test_rows ? &*test_rows : nullptr;
    const Schema schema = infer_schema(real_rows, {}, {}, how.threads);
    *json = text_of(evaluation_to_json(evaluate(real_rows, synthetic_rows, schema, how)));
  });
}

int meg_schema(const meg_model* model, char** json, char** message) {
  return guarded(message, [&] {
    char*& out = given(json, "json");
    out = text_of(schema_to_json(meg_of(model).schema()));
  });
}

int meg_describe(const meg_model* model, char** json, char** message) {
  return guarded(message, [&] {
    char*& out = given(json, "json");
    out = text_of(model_to_json(meg_of(model)));
  });
}
