// masked_ensemble._meg: meg's C++ classes as Python sees them. Tables cross as Arrow's PyCapsules or as numpy arrays
// (arrays.h); what is friendly to people is written in Python, in masked_ensemble/.
#include <fmt/format.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "core/fail.h"
#include "core/measure/evaluation.h"
#include "core/measure/evaluation_json.h"
#include "core/model_json.h"
#include "core/report/report.h"
#include "core/table/infer/schema.h"
#include "core/table/table_builder.h"
#include "meg/arrow.h"
#include "meg/meg.h"
#include "python/arrays.h"

namespace meg::python {

namespace {

namespace nb = nanobind;
using namespace nb::literals;

// Tables

template <class T>
T& taken_from(nb::handle capsule, const char* name) {
  auto* const out = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (!out) nb::raise_python_error();
  return *out;
}

/// Of an object with __arrow_c_stream__ or __arrow_c_array__.
Table import_rows(nb::handle rows) {
  if (!nb::hasattr(rows, "__arrow_c_stream__")) {
    const auto both = nb::cast<nb::tuple>(rows.attr("__arrow_c_array__")());
    if (both.size() != 2) fail("__arrow_c_array__ gave {} objects in the place of a schema and an array", both.size());
    return import_table(&taken_from<ArrowSchema>(both[0], "arrow_schema"),
                        &taken_from<ArrowArray>(both[1], "arrow_array"));
  }
  const nb::object capsule = rows.attr("__arrow_c_stream__")();
  ArrowArrayStream& stream = taken_from<ArrowArrayStream>(capsule, "arrow_array_stream");
  const nb::gil_scoped_release without;
  return ArrowImport(&stream).rest();
}

/// A capsule that releases what it holds, where nobody has taken it.
template <class T>
nb::object capsule_of(std::unique_ptr<T> held, const char* name) {
  PyObject* const out = PyCapsule_New(held.get(), name, [](PyObject* capsule) {
    auto* const p = static_cast<T*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (p->release) p->release(p);
    delete p;
  });
  if (!out) nb::raise_python_error();
  held.release();
  return nb::steal(out);
}

nb::object stream_of(const Table& table, nb::handle) {
  auto out = std::make_unique<ArrowArrayStream>();
  export_stream(table, out.get());
  return capsule_of(std::move(out), "arrow_array_stream");
}

nb::object schema_capsule(const Table& table) {
  auto out = std::make_unique<ArrowSchema>();
  export_schema(table, out.get());
  return capsule_of(std::move(out), "arrow_schema");
}

/// Columns (name, part): a part is (format, values, present, dictionary), or a table with one column.
Table table_of_columns(const std::vector<std::pair<std::string, nb::object>>& parts) {
  std::vector<NamedArray> columns;
  for (const auto& [name, part] : parts) {
    if (nb::isinstance<Table>(part)) {
      columns.push_back({name, nb::cast<const Table&>(part)[0]});
      continue;
    }
    const auto four = nb::cast<nb::tuple>(part);
    if (four.size() != 4) fail("column '{}': its part has {} members in the place of 4", name, four.size());
    columns.push_back({name, array_of(name, nb::cast<std::string>(four[0]), four[1], four[2], four[3])});
  }
  return Table(std::move(columns));
}

std::size_t place_of(const Table& table, std::ptrdiff_t column) {
  if (column < 0 || static_cast<std::size_t>(column) >= table.columns()) throw nb::index_error("no such column");
  return static_cast<std::size_t>(column);
}

// What Python does while meg works

/// Looks for signals now and then: whether one has raised an exception, which is kept.
class Signals {
 public:
  /// True once a signal has raised something. Called without the GIL.
  bool raised() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return error_.has_value();
    last_ = now;
    const nb::gil_scoped_acquire with;
    if (!error_ && PyErr_CheckSignals() != 0) error_.emplace();
    return error_.has_value();
  }
  /// Keeps what Python has raised.
  void keep(nb::python_error& error) { error_.emplace(std::move(error)); }
  /// Throws what was raised. Called with the GIL.
  void rethrow() {
    if (error_) throw std::move(*error_);
  }

 private:
  std::chrono::steady_clock::time_point last_{};
  std::optional<nb::python_error> error_;
};

void train(Meg& model, int epochs, int batch_size, nb::handle on_progress) {
  Signals signals;
  bool stopped = false;
  {
    const nb::gil_scoped_release without;
    model.train(
        epochs, batch_size,
        [&](const Progress& progress) {
          const nb::gil_scoped_acquire with;
          if (stopped || on_progress.is_none()) return;
          try {
            const nb::object said = on_progress(progress_to_json(progress));
            stopped = !said.is_none() && !nb::cast<bool>(nb::bool_(said));
          } catch (nb::python_error& error) {
            signals.keep(error);
            stopped = true;
          }
        },
        [&] { return !stopped && !signals.raised(); });
  }
  signals.rethrow();
}

GenerateOptions how_of(std::vector<std::string> where, const Table* given, float temperature) {
  GenerateOptions out{.where = std::move(where), .temperature = temperature};
  if (given) out.given = *given;
  return out;
}

/// Piece by piece, so that Ctrl-C can end it.
Table generate(const Meg& model, std::uint64_t first_row, std::size_t rows, std::uint64_t seed,
               std::vector<std::string> where, const Table* given, float temperature) {
  const GenerateOptions how = how_of(std::move(where), given, temperature);
  Signals signals;
  std::optional<Table> out;
  {
    const nb::gil_scoped_release without;
    RowStream stream = model.stream(first_row, rows, seed, how);
    out = all_rows([&] { return signals.raised() ? std::nullopt : stream.next(); });
  }
  signals.rethrow();
  return out ? *std::move(out) : model.empty_table();
}

std::optional<Table> next_rows(RowStream& stream) {
  const nb::gil_scoped_release without;
  return stream.next();
}

std::pair<Table, std::string> impute(const Meg& model, const Table& rows, std::uint64_t seed, std::uint32_t draw) {
  Imputed did;
  std::optional<Table> out;
  {
    const nb::gil_scoped_release without;
    out = model.impute(rows, seed, draw, &did);
  }
  return {*std::move(out), imputed_to_json(did)};
}

nb::bytes bytes_of(const Meg& model) {
  std::vector<std::byte> all;
  {
    const nb::gil_scoped_release without;
    all = model.save_model();
  }
  return nb::bytes(all.data(), all.size());
}

Options options_of(const std::string& json) {
  Options out;
  set_options(out, json);
  return out;
}

Meg load_bytes(nb::bytes bytes, const std::string& options) {
  const std::span all(static_cast<const std::byte*>(bytes.data()), bytes.size());
  const Options how = options_of(options);
  const nb::gil_scoped_release without;
  return Meg::load_model(all, how);
}

// Measures

/// What an evaluation needs, kept alive.
struct Measured {
  Table real, synthetic;
  std::optional<Table> test;
  Options columns;
  EvaluationOptions how;
  Schema schema;

  Evaluation evaluation() {
    how.test = how.held_out = test ? &*test : nullptr;
    how.threads = columns.threads;
    how.rules = columns.rules;
    schema = infer_schema(real, columns.types, columns.drop, columns.threads, columns.missing);
    return evaluate(real, synthetic, schema, how);
  }
};

std::string evaluation_json(Table real, Table synthetic, std::optional<Table> test, const std::string& target,
                            bool quick, const std::string& options) {
  Measured measured{std::move(real), std::move(synthetic), std::move(test), options_of(options), {}, {}};
  measured.how.target = target;
  measured.how.thorough = measured.how.scale = !quick;
  return evaluation_to_json(measured.evaluation());
}

std::string report_numbers(Table real, Table synthetic, std::optional<Table> test, const std::string& target,
                           const Meg* model, const std::vector<std::string>& names, const std::string& options) {
  Measured measured{std::move(real), std::move(synthetic), std::move(test), options_of(options), {}, {}};
  measured.how.target = target;
  measured.how.scale = true;
  const Evaluation evaluation = measured.evaluation();
  return report_json({names.at(0), names.at(1), names.at(2), names.at(3)}, measured.real, measured.synthetic,
                     measured.schema, evaluation, model ? std::optional(reported_model(*model)) : std::nullopt);
}

std::string options_text() {
  std::string out;
  for (const Option& option : kOptions)
    out += fmt::format("{}: {} ({}{}{})\n", option.name, option.help, allowed_text(option),
                       option.of.empty() ? "" : "; preset ", option.of);
  return out;
}

}  // namespace

NB_MODULE(_meg, m) {
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const Error& error) {
      const nb::object type = nb::module_::import_("masked_ensemble._error").attr("Error");
      const nb::object out = type(error.what());
      out.attr("code") = code_name(error.code()).data();
      PyErr_SetObject(type.ptr(), out.ptr());
    }
  });
  const auto free = nb::call_guard<nb::gil_scoped_release>();

  nb::class_<Table>(m, "Table", "Rows in Arrow's memory layout; anything that knows Arrow's PyCapsules takes them.")
      .def_static("of_arrow", &import_rows, "rows"_a)
      .def_static("of_columns", &table_of_columns, "columns"_a)
      .def_static(
          "read",
          [](const std::vector<std::filesystem::path>& paths, const std::string& format, char separator, bool header,
             const std::string& encoding) {
            return read_table(paths,
                              {.format = format, .separator = separator, .header = header, .encoding = encoding});
          },
          "paths"_a, "format"_a = "", "separator"_a = '\0', "header"_a = true, "encoding"_a = "", free)
      .def(
          "write",
          [](const Table& table, const std::filesystem::path& path, const std::string& format) {
            write_table(table, path, format);
          },
          "path"_a, "format"_a = "", free)
      .def_prop_ro("column_names", &Table::names)
      .def("__len__", &Table::rows)
      .def(
          "column", [](const Table& table, std::ptrdiff_t column) { return values_of(table[place_of(table, column)]); },
          "column"_a)
      .def("__arrow_c_stream__", &stream_of, "requested_schema"_a = nb::none())
      .def("__arrow_c_schema__", &schema_capsule);

  nb::class_<RowStream>(m, "RowStream").def("next", &next_rows);

  nb::class_<Meg>(m, "Model")
      .def(
          "__init__", [](Meg* at, const std::string& options) { new (at) Meg(options_of(options)); }, "options"_a)
      .def(
          "load_table", [](Meg& model, const Table& table) { model.load_data(table); }, "table"_a, free)
      .def("train", &train, "epochs"_a, "batch_size"_a, "on_progress"_a.none())
      .def("generate", &generate, "first_row"_a, "rows"_a, "seed"_a, "where"_a, "given"_a.none(), "temperature"_a)
      .def(
          "stream",
          [](const Meg& model, std::uint64_t first_row, std::size_t rows, std::uint64_t seed,
             std::vector<std::string> where, const Table* given, float temperature) {
            return model.stream(first_row, rows, seed, how_of(std::move(where), given, temperature));
          },
          "first_row"_a, "rows"_a, "seed"_a, "where"_a, "given"_a.none(), "temperature"_a, nb::keep_alive<0, 1>(), free)
      .def("impute", &impute, "rows"_a, "seed"_a, "draw"_a)
      .def(
          "score", [](const Meg& model, const Table& rows) { return scores_table(model.score(rows)); }, "rows"_a, free)
      .def(
          "save", [](const Meg& model, const std::filesystem::path& path) { model.save_model(path); }, "path"_a, free)
      .def("to_bytes", &bytes_of)
      .def_static(
          "load",
          [](const std::filesystem::path& path, const std::string& options) {
            return Meg::load_model(path, options_of(options));
          },
          "path"_a, "options"_a, free)
      .def_static("of_bytes", &load_bytes, "bytes"_a, "options"_a)
      .def_static(
          "start_from",
          [](const std::filesystem::path& path, const std::string& options) {
            return Meg::start_from(path, options_of(options));
          },
          "path"_a, "options"_a, free)
      .def("describe", &model_to_json, free)
      .def("schema_json", [](const Meg& model) { return schema_to_json(model.schema()); })
      .def_prop_ro("finished", &Meg::finished)
      .def_prop_ro("epochs_done", &Meg::epochs_done)
      .def_prop_ro("threads", [](const Meg& model) { return model.options().threads; })
      .def_prop_ro("device", [](const Meg& model) { return option_text(find_option("device"), model.options()); });

  m.def(
      "schema_json",
      [](const Table& table, const std::string& options) {
        const Options how = options_of(options);
        return schema_to_json(infer_schema(table, how.types, how.drop, how.threads, how.missing));
      },
      "table"_a, "options"_a, free);
  m.def("evaluation_json", &evaluation_json, "real"_a, "synthetic"_a, "test"_a.none(), "target"_a, "quick"_a,
        "options"_a, free);
  m.def("report_json", &report_numbers, "real"_a, "synthetic"_a, "test"_a.none(), "target"_a, "model"_a.none(),
        "names"_a, "options"_a, free);
  m.def("report_page", &report_page, "json"_a, free);
  m.def("options_text", &options_text);
  m.def("version", [] { return MEG_VERSION; });
}

}  // namespace meg::python
