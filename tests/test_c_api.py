"""meg's C interface, called by Python's ctypes with pyarrow's streams. Run by ctest: test_c_api.py build/libmeg.so TABLE"""
import ctypes, json, subprocess, sys, tempfile, threading, unittest
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path

try:
    import pyarrow as pa
    import pyarrow.csv
except ImportError:
    print("skipped: pyarrow is not installed")
    sys.exit(77)

LIBRARY, TABLE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
meg = ctypes.CDLL(str(LIBRARY))
INVALID_ARGUMENT, FILE, BAD_DATA, NOT_TRAINED, UNSUPPORTED = 1, 2, 3, 4, 5


class Option(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("value", c_char_p)]


ON_PROGRESS = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_char_p)
KEEP_GOING = ctypes.CFUNCTYPE(c_int, c_void_p)


class Callbacks(ctypes.Structure):
    _fields_ = [("context", c_void_p), ("on_progress", ON_PROGRESS), ("keep_going", KEEP_GOING)]


class Stream(ctypes.Structure):
    """An ArrowArrayStream: five pointers."""
    _fields_ = [(name, c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")]

    @classmethod
    def of(cls, table):
        out = cls()
        pa.RecordBatchReader.from_batches(table.schema, table.to_batches())._export_to_c(ctypes.addressof(out))
        return out

    def table(self):
        return pa.RecordBatchReader._import_from_c(ctypes.addressof(self)).read_all()


meg.meg_version.restype = c_char_p
meg.meg_free.argtypes = meg.meg_free_model.argtypes = [c_void_p]
meg.meg_free.restype = meg.meg_free_model.restype = None
meg.meg_generate.argtypes = [c_void_p, c_uint64, c_uint64, c_uint64, c_void_p, c_void_p]
meg.meg_generate_where.argtypes = [c_void_p, c_uint64, c_uint64, c_uint64, c_void_p, c_size_t, c_void_p, c_float,
                                   c_void_p, c_void_p]
meg.meg_impute.argtypes = [c_void_p, c_void_p, c_uint64, c_uint32, c_void_p, c_void_p, c_void_p]


class MegError(Exception):
    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


def take_text(pointer):
    text = ctypes.string_at(pointer).decode()
    meg.meg_free(pointer)
    return text


def call(function, *arguments):
    """Calls a function whose last argument is the message."""
    message = c_void_p()
    code = function(*arguments, byref(message))
    if code:
        raise MegError(code, take_text(message))
    assert not message.value


def options(**values):
    array = (Option * len(values))(*[Option(k.encode(), str(v).encode()) for k, v in values.items()])
    return array, c_size_t(len(values))


QUICK = {"epochs": 3, "refine_steps": 0, "hidden": 8}


def train(table, callbacks=None, **values):
    model = c_void_p()
    call(meg.meg_train, byref(Stream.of(table)), *options(**{**QUICK, **values}), callbacks, byref(model))
    return model


def text(function, model):
    out = c_void_p()
    call(function, model, byref(out))
    return take_text(out)


class CInterface(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.real = pa.csv.read_csv(TABLE)
        cls.model = train(cls.real)
        cls.any_order = train(cls.real, any_order="true")

    def generate(self, model, rows, first=0, seed=1):
        stream = Stream()
        call(meg.meg_generate, model, first, rows, seed, byref(stream))
        return stream.table()

    def fails(self, code, words, function, *arguments):
        with self.assertRaisesRegex(MegError, words) as caught:
            call(function, *arguments)
        self.assertEqual(caught.exception.code, code)

    def test_rows_have_the_types_that_went_in(self):
        rows = self.generate(self.model, 100)
        self.assertEqual(rows.num_rows, 100)
        self.assertEqual(rows.schema.names, self.real.schema.names)
        self.assertEqual(rows.schema.types, self.real.schema.types)
        self.assertTrue(rows.slice(30, 5).equals(self.generate(self.model, 5, first=30)))
        self.assertEqual(self.generate(self.model, 0).schema.names, self.real.schema.names)

    def test_a_stream_outlives_its_model(self):
        model, stream = train(self.real), Stream()
        call(meg.meg_generate, model, 0, 7, 0, byref(stream))
        meg.meg_free_model(model)
        self.assertEqual(stream.table().num_rows, 7)

    def test_models_go_through_bytes_and_files(self):
        here = self.generate(self.model, 50)
        data, size, again = c_void_p(), c_size_t(), c_void_p()
        call(meg.meg_save_bytes, self.model, byref(data), byref(size))
        copied = ctypes.string_at(data, size.value)
        meg.meg_free(data)
        call(meg.meg_load_bytes, copied, c_size_t(len(copied)), *options(threads=1), byref(again))
        self.assertTrue(here.equals(self.generate(again, 50)))
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "m.meg").encode()
            call(meg.meg_save, self.model, path)
            self.assertEqual(Path(path.decode()).read_bytes(), copied)
            call(meg.meg_load, path, None, c_size_t(0), byref(again))
            self.assertTrue(here.equals(self.generate(again, 50)))
        for cut in 0, 7, len(copied) // 2, len(copied) - 1:
            self.fails(BAD_DATA, "", meg.meg_load_bytes, copied[:cut], c_size_t(cut), None, c_size_t(0), byref(again))
        self.fails(FILE, "/no/such", meg.meg_load, b"/no/such.meg", None, c_size_t(0), byref(again))

    def test_conditions_and_given_cells(self):
        stream = Stream()
        where = (c_char_p * 2)(b"species=Gentoo", b"body_mass_g=4500..5500")
        call(meg.meg_generate_where, self.any_order, 0, 40, 1, where, 2, None, 1.0, byref(stream))
        rows = stream.table()
        self.assertEqual(set(rows["species"].to_pylist()), {"Gentoo"})
        self.assertTrue(all(4500 <= mass <= 5500 for mass in rows["body_mass_g"].to_pylist()))
        given = self.real.select(["species", "sex"]).slice(0, 40)
        stream = Stream()
        call(meg.meg_generate_where, self.any_order, 0, 40, 1, None, 0, byref(Stream.of(given)), 1.0, byref(stream))
        self.assertEqual(stream.table()["species"].to_pylist(), given["species"].to_pylist())
        self.fails(INVALID_ARGUMENT, "temperature", meg.meg_generate_where, self.any_order, 0, 1, 1, None, 0, None, 9.0,
                   byref(Stream()))

    def test_holes_are_filled(self):
        counts, stream = c_void_p(), Stream()
        call(meg.meg_impute, self.any_order, byref(Stream.of(self.real)), 0, 0, byref(stream), byref(counts))
        filled = stream.table()
        holes = sum(column.null_count for column in self.real.columns)
        self.assertEqual(json.loads(take_text(counts))["filled"], holes)
        self.assertGreater(holes, 0)
        self.assertEqual(sum(column.null_count for column in filled.columns), 0)
        fixed = Stream()
        call(meg.meg_impute, self.model, byref(Stream.of(self.real)), 0, 0, byref(fixed), None)
        self.assertEqual(sum(column.null_count for column in fixed.table().columns), 0)

    def test_scores(self):
        stream = Stream()
        call(meg.meg_score, self.model, byref(Stream.of(self.real)), byref(stream))
        scores = stream.table()
        self.assertEqual(scores.num_rows, self.real.num_rows)
        self.assertEqual(scores.column_names, ["log_likelihood", *self.real.column_names])
        first = [scores[name][0].as_py() for name in scores.column_names]
        self.assertAlmostEqual(first[0], sum(first[1:]), places=4)

    def test_evaluation(self):
        out = c_void_p()
        call(meg.meg_evaluate, byref(Stream.of(self.real)), byref(Stream.of(self.generate(self.model, 300))), None,
             *options(target="species", quick="true"), byref(out))
        scores = json.loads(take_text(out))
        self.assertTrue(0 < scores["shape"] <= 1)
        self.assertEqual(scores["rows"], {"real": self.real.num_rows, "synthetic": 300})
        self.fails(INVALID_ARGUMENT, "no option colour", meg.meg_evaluate, byref(Stream.of(self.real)),
                   byref(Stream.of(self.real)), None, *options(colour="red"), byref(out))

    def test_what_is_in_a_model(self):
        described = json.loads(text(meg.meg_describe, self.model))
        self.assertEqual(described["preset"], "meg")
        self.assertEqual(described["order"], self.real.column_names)
        self.assertEqual([column["name"] for column in json.loads(text(meg.meg_schema, self.model))],
                         self.real.column_names)
        self.assertRegex(meg.meg_version().decode(), r"^\d+\.\d+\.\d+$")

    def test_progress_and_stopping(self):
        lines, stopped = [], []

        def progress(_, model, line):
            lines.append(json.loads(line))
            self.assertEqual(self.generate(c_void_p(model), 2).num_rows, 2)

        callbacks = Callbacks(None, ON_PROGRESS(progress), KEEP_GOING(lambda _: len(lines) < 2))
        model = train(self.real, byref(callbacks), epochs=50)
        self.assertEqual([line["epoch"] for line in lines], [1, 2])
        self.assertFalse(json.loads(text(meg.meg_describe, model))["finished"])
        self.assertEqual(self.generate(model, 3).num_rows, 3)

    def test_errors_are_codes_and_sentences(self):
        model = c_void_p()
        for values, words in ({"colour": 1}, "no option 'colour'"), ({"epochs": "many"}, "whole number"), \
                             ({"dropout": 2}, "`dropout` must be"), ({"preset": "none"}, "`preset` must be"):
            self.fails(INVALID_ARGUMENT, words, meg.meg_train, byref(Stream.of(self.real)), *options(**values), None,
                       byref(model))
        self.fails(INVALID_ARGUMENT, "`rows` is null", meg.meg_train, None, None, c_size_t(0), None, byref(model))
        self.fails(INVALID_ARGUMENT, "`model` is null", meg.meg_describe, None, byref(model))
        self.fails(BAD_DATA, "has 1 row", meg.meg_train, byref(Stream.of(self.real.slice(0, 1))), None, c_size_t(0), None,
                   byref(model))
        self.fails(BAD_DATA, "has 0 rows", meg.meg_train, byref(Stream.of(self.real.slice(0, 0))), None, c_size_t(0),
                   None, byref(model))
        self.fails(FILE, "/no/such", meg.meg_train_file, b"/no/such.csv", None, c_size_t(0), None, byref(model))
        self.assertFalse(model.value)
        stream = Stream.of(self.real)
        with self.assertRaises(MegError):  # and the stream is released
            call(meg.meg_train, byref(stream), *options(colour=1), None, byref(model))
        self.assertFalse(stream.release)
        meg.meg_free_model(None)
        meg.meg_free(None)

    def test_cells_of_other_types(self):
        """Bools where there were numbers; numbers with a dictionary; columns of nothing."""
        table = pa.table({"flag": [i % 3 % 2 for i in range(60)], "name": [f"{i % 4}" for i in range(60)]})
        model = train(table, any_order="true")
        bools = table.set_column(0, "flag", pa.array([bool(i % 2) for i in range(60)]))
        stream = Stream()
        call(meg.meg_score, model, byref(Stream.of(bools)), byref(stream))
        self.assertEqual(stream.table().num_rows, 60)
        for other in (bools.set_column(0, "flag", pa.array([None, True] * 30)),
                      table.set_column(0, "flag", pa.array([None, "1"] * 30).dictionary_encode()),
                      table.set_column(0, "flag", pa.nulls(60))):
            stream = Stream()
            call(meg.meg_impute, model, byref(Stream.of(other)), 0, 0, byref(stream), None)
            filled = stream.table()
            filled.validate(full=True)
            self.assertEqual(filled["flag"].null_count, 0)
            if not pa.types.is_null(other["flag"].type):
                self.assertEqual(filled["flag"].type, other["flag"].type)
                self.assertEqual(filled["flag"][1].as_py(), other["flag"][1].as_py())

    def test_present_cells_stay_to_the_bit(self):
        numbers = [2**62 + i for i in range(59)] + [2**53 + 1]
        table = pa.table({"number": numbers, "word": [f"{i % 4}" for i in range(60)]})
        holes, stream = table.set_column(0, "number", pa.array([None] + numbers[1:])), Stream()
        call(meg.meg_impute, train(table, any_order="true"), byref(Stream.of(holes)), 0, 0, byref(stream), None)
        self.assertEqual(stream.table()["number"].to_pylist()[1:], numbers[1:])

    def test_threads_save_to_one_path(self):
        with tempfile.TemporaryDirectory() as folder:
            path, failed = str(Path(folder) / "m.meg").encode(), []

            def save():
                for _ in range(20):
                    try:
                        call(meg.meg_save, self.model, path)
                    except MegError as error:
                        failed.append(str(error))

            threads = [threading.Thread(target=save) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])
            self.assertEqual([file.name for file in Path(folder).iterdir()], ["m.meg"])

    def test_what_is_no_model_file(self):
        for path in b"/proc/version", b"/proc/self/maps", b"/dev/null":
            self.fails(BAD_DATA, "no model file", meg.meg_load, path, None, c_size_t(0), byref(c_void_p()))

    def test_threads_share_a_model(self):
        alone = [self.generate(self.model, 20, seed=s) for s in range(16)]
        wrong = []

        def serve(first):
            for s in range(16):
                seed = (first + s) % 16
                if not self.generate(self.model, 20, seed=seed).equals(alone[seed]):
                    wrong.append(seed)

        threads = [threading.Thread(target=serve, args=(2 * i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Library(unittest.TestCase):
    def test_it_shows_the_public_door_alone(self):
        shown = subprocess.run(["nm", "--dynamic", "--defined-only", "--demangle", LIBRARY], capture_output=True,
                               text=True, check=True).stdout.splitlines()
        names = [line.split(None, 2)[2] for line in shown]
        classes = ("Meg", "RowStream", "Table", "Array", "Bitmap", "ArrowImport")
        for name in names:
            plain = name.removeprefix("typeinfo for ").removeprefix("typeinfo name for ").removeprefix("vtable for ")
            self.assertTrue(plain.startswith("meg_") or plain == "meg::Error" or
                            plain.startswith(tuple(f"meg::{c}::" for c in classes)) or
                            (plain.startswith("meg::") and "::" not in plain.split("(")[0].removeprefix("meg::")), name)
        self.assertIn("meg_train", names)

    def test_it_needs_no_xgboost(self):
        needed = subprocess.run(["readelf", "--dynamic", LIBRARY], capture_output=True, text=True, check=True).stdout
        self.assertIn("Library soname: [libmeg.so.", needed)
        self.assertNotIn("xgboost", needed)


if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main(verbosity=2)
