"""The Python package. Run by ctest: test_python.py TABLE [unittest's arguments], with the package on PYTHONPATH."""
import copy, datetime, decimal, json, os, pickle, signal, subprocess, sys, tempfile, textwrap, threading, time, unittest
import warnings
from pathlib import Path

try:
    import numpy as np
    import pandas as pd
except ImportError:
    print("skipped: pandas is not installed")
    sys.exit(77)

import masked_ensemble as meg


def installed(name):
    try:
        return __import__(name)
    except ImportError:
        return None


polars, pyarrow, duckdb, sklearn, sdmetrics, tqdm = map(installed, ["polars", "pyarrow", "duckdb", "sklearn", "sdmetrics", "tqdm"])
PENGUINS = Path(sys.argv[1]).resolve()
QUICK = {"epochs": 2, "refine_steps": 0, "hidden": 8, "progress": False}


def penguins():
    return pd.read_csv(PENGUINS)


def all_dtypes(rows=120):
    """A frame with a column of each dtype, with and without missing values."""
    i = np.arange(rows)
    some = i % 7 == 0
    out = pd.DataFrame({"float64": np.sin(i).round(3), "float32": (i % 13 / 8).astype("float32")})
    for width in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        out[width] = (i * 7 % 40).astype(width)
    for width in ("Int8", "Int32", "Int64", "UInt16"):
        out[width] = pd.array(np.where(some, 0, i % 30), dtype=width)
        out.loc[some, width] = pd.NA
    out["Float64"] = pd.array(np.cos(i).round(2), dtype="Float64")
    out.loc[some, "Float64"] = pd.NA
    out["float_nan"] = np.where(some, np.nan, i % 50 / 4)
    out["bool"] = i % 3 == 0
    out["boolean"] = pd.array(i % 2 == 0, dtype="boolean")
    out.loc[some, "boolean"] = pd.NA
    out["object"] = np.where(some, None, np.array(["red", "green", "blue"], dtype=object)[i % 3])
    out["string"] = pd.array(np.array(["north", "south"])[i % 2], dtype="string")
    out.loc[some, "string"] = pd.NA
    out["category"] = pd.Categorical(np.array(["a", "b"])[i % 2], categories=["a", "unused", "b"])
    out["ordered"] = pd.Categorical(np.array(["low", "high"])[i % 2], categories=["low", "middle", "high"], ordered=True)
    out["numbers_as_category"] = pd.Categorical(np.array([10, 20])[i % 2], categories=[20, 10, 30])
    for unit in ("s", "ms", "us", "ns"):
        out["time_" + unit] = np.datetime64("2020-01-01", unit) + (i * 3601).astype(f"m8[{unit}]") * (10 ** {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit])
        out["span_" + unit] = pd.Series(i * 60 * 10 ** {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit]).astype(f"m8[{unit}]")
    out["zone"] = out["time_us"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    out["offset"] = out["time_ns"].dt.tz_localize("UTC").dt.tz_convert(datetime.timezone(datetime.timedelta(hours=-3)))
    out.loc[some, "time_ms"] = pd.NaT
    return out


class Dtypes(unittest.TestCase):
    def check(self, frame, **options):
        model = meg.train(frame, **{**QUICK, **options})
        for model in (model, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            rows = model.generate(200, seed=1)
            self.assertIsInstance(rows, pd.DataFrame)
            self.assertEqual(len(rows), 200)
            pd.testing.assert_series_equal(rows.dtypes, frame.dtypes)
        return rows

    def test_all_are_kept(self):
        frame = all_dtypes()
        rows = self.check(frame)
        for name in frame:
            self.assertEqual(rows[name].isna().any(), frame[name].isna().any(), name)
        self.assertEqual(list(rows["category"].cat.categories), ["a", "unused", "b"])
        self.assertTrue(rows["ordered"].cat.ordered)
        self.assertEqual(set(rows["numbers_as_category"]), {10, 20})
        self.assertLessEqual(rows["uint64"].max(), 39)
        self.assertGreaterEqual(rows["time_s"].min(), pd.Timestamp("2020-01-01"))
        self.assertEqual(str(rows["zone"].dt.tz), "Europe/Berlin")
        self.assertEqual(set(rows["bool"]), {True, False})

    def test_values_come_back_as_they_went(self):
        """Present cells that imputation keeps, to the bit."""
        frame = all_dtypes()
        model = meg.train(frame, any_order=True, **QUICK)
        filled = model.impute(frame)
        for name in frame:
            there = frame[name].notna()
            pd.testing.assert_series_equal(filled[name][there], frame[name][there])
        self.assertFalse(filled.isna().any().any())

    def test_python_objects(self):
        n = 60
        frame = pd.DataFrame({
            "date": [datetime.date(2020, 1, 1) + datetime.timedelta(days=i % 40) for i in range(n)],
            "clock": [datetime.time(i % 24, i % 60) for i in range(n)],
            "bool": pd.Series([None if i % 5 == 0 else i % 2 == 0 for i in range(n)], dtype=object),
            "int": pd.Series([None if i % 5 == 0 else i % 9 for i in range(n)], dtype=object),
            "price": pd.Series([decimal.Decimal(i % 30) / 4 for i in range(n)], dtype=object)})
        rows = self.check(frame)
        for name, kind in {"date": datetime.date, "clock": datetime.time, "bool": bool, "int": int, "price": decimal.Decimal}.items():
            self.assertEqual({type(value) for value in rows[name].dropna()}, {kind}, name)
        self.assertLessEqual(set(rows["price"]), {decimal.Decimal(i) / 100 for i in range(0, 800)})

    @unittest.skipUnless(pyarrow, "needs pyarrow")
    def test_arrow_dtypes(self):
        frame = all_dtypes()[["int32", "float64", "object", "bool", "time_us"]].convert_dtypes(dtype_backend="pyarrow")
        rows = self.check(frame)
        self.assertTrue(all(isinstance(dtype, pd.ArrowDtype) for dtype in rows.dtypes))

    def test_odd_frames(self):
        class Sub(pd.DataFrame):
            pass

        self.assertIsInstance(meg.train(Sub({"a": range(50), "b": [0, 1] * 25}), **QUICK).generate(2), pd.DataFrame)
        word = __import__("enum").Enum("Word", {"A": "aa", "B": "bb"}, type=str)
        rows = meg.train(pd.DataFrame({"w": pd.Series([word.A, word.B] * 30, dtype=object), "n": range(60)}), **QUICK).generate(9)
        self.assertLessEqual(set(rows["w"]), {"aa", "bb"})
        at = pd.date_range("2023-10-29", periods=120, freq="h", tz="UTC")
        for tz in ("Asia/Kolkata", datetime.timezone(datetime.timedelta(hours=1), "XYZ"), datetime.timezone.utc, "dateutil/Europe/Berlin"):
            frame = pd.DataFrame({"at": at.tz_convert(tz), "b": range(120)})
            self.assertEqual(meg.train(frame, **QUICK).generate(3)["at"].dtype, frame["at"].dtype)
        fine = pd.DataFrame({"ns": (at.tz_localize(None) + pd.Timedelta("678us")).astype("datetime64[ns]"), "b": range(120)})
        self.assertEqual(set(meg.train(fine, **QUICK).generate(30)["ns"].dt.nanosecond), {0})
        large = pd.DataFrame({"id": 2**63 - 2000 + np.arange(200) * 5, "b": range(200)})
        self.assertFalse(meg.train(large, types={"id": "integer"}, **QUICK).generate(50)["id"].isna().any())

    def test_given_cells_beyond_the_dtype_stay(self):
        i = np.arange(200)
        model = meg.train(pd.DataFrame({"s": (i % 50).astype("i1"), "a": i % 9}), any_order=True, **QUICK)
        self.assertEqual(list(model.generate(given=pd.DataFrame({"s": [300, -1]}))["s"]), [300, -1])

    def test_labels_and_index(self):
        frame = penguins()[["species", "year", "body_mass_g"]].iloc[50:200]
        frame.columns = [0, ("a", 1), "b"]
        model = meg.train(frame, any_order=True, **QUICK)
        self.assertEqual(list(model.generate(3).columns), [0, ("a", 1), "b"])
        self.assertEqual(list(model.generate(3).index), [0, 1, 2])
        self.assertTrue(model.impute(frame).index.equals(frame.index))
        self.assertTrue(model.score(frame).index.equals(frame.index))
        self.assertTrue(model.generate(given=frame[[0]]).index.equals(frame.index))

    def test_without_pyarrow(self):
        code = """
            import sys
            sys.modules["pyarrow"] = None
            import masked_ensemble as meg, pandas as pd
            frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": range(40), "c": pd.Categorical(["u", "v"] * 20)})
            model = meg.train(frame, epochs=2, refine_steps=0, hidden=8)
            assert model.generate(9).dtypes.equals(frame.dtypes), model.generate(9).dtypes
            try:
                meg.train("table.parquet")
            except meg.Error as error:
                assert "pip install pyarrow" in str(error), error
            else:
                raise SystemExit("read Parquet without pyarrow")
        """
        subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)

    def test_a_loaded_model_has_its_natural_dtypes(self):
        frame = all_dtypes()
        with tempfile.TemporaryDirectory() as folder:
            meg.train(frame, **QUICK).save(Path(folder) / "m.meg")
            rows = meg.load(Path(folder) / "m.meg", threads=1).generate(50)
        natural = frame.dtypes.astype(str).to_dict() | {"Float64": "float64", "numbers_as_category": "category"}
        for name, dtype in rows.dtypes.astype(str).items():
            if name not in ("object", "string"):
                self.assertEqual(dtype, natural[name], name)


class OtherTables(unittest.TestCase):
    @unittest.skipUnless(polars, "needs polars")
    def test_polars(self):
        frame = polars.DataFrame({
            "word": ["a", "b", None, "a"] * 25, "whole": list(range(50)) * 2, "real": [0.5, None] * 50, "flag": [True, False] * 50,
            "small": polars.Series([1, 2] * 50, dtype=polars.Int8), "kind": polars.Series(["x", "y"] * 50, dtype=polars.Categorical),
            "level": polars.Series(["lo", "hi"] * 50, dtype=polars.Enum(["lo", "mid", "hi"])),
            "day": [datetime.date(2020, 1, 1 + i % 28) for i in range(100)],
            "at": [datetime.datetime(2020, 1, 1 + i % 28, i % 24) for i in range(100)],
            "span": [datetime.timedelta(minutes=i % 30) for i in range(100)]})
        model = meg.train(frame, any_order=True, **QUICK)
        rows = model.generate(40)
        self.assertIsInstance(rows, polars.DataFrame)
        self.assertEqual(rows.schema, frame.schema)
        self.assertIsInstance(model.impute(frame), polars.DataFrame)
        self.assertEqual(model.impute(frame).null_count().sum_horizontal()[0], 0)
        self.assertIsInstance(model.score(frame), polars.DataFrame)
        self.assertIsInstance(model.generate(4, kind="pandas"), pd.DataFrame)
        self.assertEqual(model.generate(4, kind="pandas")["word"].isin(["a", "b", None]).all(), True)

    @unittest.skipUnless(pyarrow, "needs pyarrow")
    def test_pyarrow(self):
        table = pyarrow.table({
            "word": pyarrow.array(["a", "b", None, "a"] * 25, pyarrow.large_string()),
            "kind": pyarrow.array(["x", "y"] * 50).dictionary_encode(), "f": pyarrow.array([0.5, 1.5] * 50, pyarrow.float32()),
            "price": pyarrow.array([decimal.Decimal("1.25"), decimal.Decimal("3.50")] * 50, pyarrow.decimal128(9, 2)),
            "at": pyarrow.array([datetime.datetime(2020, 1, 1 + i % 28) for i in range(100)], pyarrow.timestamp("us", "UTC"))})
        for given in (table, pyarrow.RecordBatchReader.from_batches(table.schema, table.to_batches()), table.to_batches()[0]):
            rows = meg.train(given, **QUICK).generate(40)
            self.assertIsInstance(rows, pyarrow.Table)
            self.assertEqual(rows.schema, table.schema)

    @unittest.skipUnless(duckdb and pyarrow, "needs duckdb and pyarrow")
    def test_duckdb(self):
        relation = duckdb.sql(f"select species, body_mass_g from '{PENGUINS}'")
        rows = meg.train(relation, **QUICK).generate(10)
        self.assertEqual(rows.column_names, ["species", "body_mass_g"])

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            model = meg.train(PENGUINS, **QUICK)
            rows = model.generate(10)
            self.assertIsInstance(rows, pd.DataFrame)
            self.assertEqual(list(rows.columns), list(penguins().columns))
            self.assertEqual(rows["year"].dtype, np.int64)
            model.generate(10, kind="arrow").write(Path(folder) / "rows.csv")
            pd.testing.assert_frame_equal(pd.read_csv(Path(folder) / "rows.csv").astype(object), rows.astype(object))
            if pyarrow:
                penguins().to_parquet(Path(folder) / "p.parquet")
                again = meg.train(str(Path(folder) / "p.parquet"), **QUICK)
                self.assertEqual(list(again.generate(2).columns), list(rows.columns))
                (Path(folder) / "broken.parquet").write_bytes(b"PAR1 is not enough")
                with self.assertRaisesRegex(meg.Error, "broken.parquet"):
                    meg.train(Path(folder) / "broken.parquet", **QUICK)
            with self.assertRaisesRegex(meg.Error, "cannot read '/no/such.csv'") as caught:
                meg.train("/no/such.csv")
            self.assertEqual(caught.exception.code, "file")


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = penguins()
        cls.model = meg.train(cls.table, any_order=True, target="species", **{**QUICK, "epochs": 10})

    def test_rows_are_functions_of_seed_and_number(self):
        rows = self.model.generate(100, seed=3)
        pd.testing.assert_frame_equal(rows, self.model.generate(100, seed=3))
        pd.testing.assert_frame_equal(rows[:20], self.model.generate(20, seed=3))
        pd.testing.assert_frame_equal(rows[40:60].reset_index(drop=True), self.model.generate(20, seed=3, first_row=40))
        self.assertFalse(rows.equals(self.model.generate(100, seed=4)))
        many = self.model.generate(30_000)
        pd.testing.assert_frame_equal(pd.concat(self.model.stream(30_000), ignore_index=True), many)
        pd.testing.assert_frame_equal(self.model.generate(100), many[:100])
        self.assertEqual(len(self.model.generate(0)), 0)
        pd.testing.assert_series_equal(self.model.generate(0).dtypes, rows.dtypes)

    def test_conditions(self):
        rows = self.model.generate(50, where={"species": "Adelie", "body_mass_g": (3000, 4000), "sex": ["male", "female"]})
        self.assertEqual(set(rows["species"]), {"Adelie"})
        self.assertTrue(rows["body_mass_g"].between(3000, 4000).all())
        self.assertTrue(self.model.generate(50, where={"body_mass_g": (5000, None)})["body_mass_g"].min() >= 5000)
        self.assertTrue(self.model.generate(50, where={"sex": None})["sex"].isna().all())
        self.assertTrue(self.model.generate(50, where=["year=2008"])["year"].eq(2008).all())
        self.assertTrue(self.model.generate(50, where={"year": np.int64(2008)})["year"].eq(2008).all())
        with self.assertRaisesRegex(meg.Error, "fish"):
            self.model.generate(5, where={"fish": 1})
        with self.assertRaisesRegex(meg.Error, "Dodo"):
            self.model.generate(5, where={"species": "Dodo"})
        with self.assertRaisesRegex(meg.Error, "pair of its ends"):
            self.model.generate(5, where={"year": (1, 2, 3)})

    def test_typed_conditions(self):
        n = 200
        frame = pd.DataFrame({"flag": np.arange(n) % 3 == 0, "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n) % 90, "D"),
                              "day": [datetime.date(2024, 1, 1) + datetime.timedelta(days=i % 60) for i in range(n)]})
        model = meg.train(frame, any_order=True, **QUICK)
        self.assertTrue(model.generate(30, where={"flag": True})["flag"].all())
        self.assertFalse(model.generate(30, where={"flag": np.bool_(False)})["flag"].any())
        march = model.generate(30, where={"at": (pd.Timestamp("2024-02-01"), datetime.datetime(2024, 3, 1))})
        self.assertTrue(march["at"].between("2024-02-01", "2024-03-01").all())
        early = model.generate(30, where={"day": (None, datetime.date(2024, 1, 10))})
        self.assertTrue((early["day"] <= datetime.date(2024, 1, 10)).all())

    def test_times_in_conditions(self):
        n = 200
        frame = pd.DataFrame({"at": pd.date_range("2024-03-30", periods=n, freq="h", tz="Europe/Berlin"), "o": np.arange(n) % 3,
                              "bare": pd.date_range("2024-03-30", periods=n, freq="h"),
                              "span": pd.to_timedelta(np.arange(n) % 40, "h")})
        model = meg.train(frame, any_order=True, **QUICK)
        noon = pd.Timestamp("2024-04-01 12:00", tz="Europe/Berlin")
        for same in (noon, noon.tz_convert("America/New_York"), noon.to_pydatetime()):
            self.assertEqual(set(model.generate(5, where={"at": same})["at"]), {noon})
        day = model.generate(40, where={"bare": datetime.date(2024, 4, 2)})["bare"]
        self.assertEqual(set(day.dt.date), {datetime.date(2024, 4, 2)})
        self.assertGreater(day.nunique(), 1)
        self.assertEqual(set(model.generate(5, where={"bare": np.datetime64("2024-04-02T05")})["bare"]), {pd.Timestamp("2024-04-02 05:00")})
        for span in (datetime.timedelta(hours=30), np.timedelta64(30, "h"), pd.Timedelta("30h")):
            self.assertEqual(set(model.generate(5, where={"span": span})["span"]), {pd.Timedelta(hours=30)})
        with self.assertRaisesRegex(meg.Error, "of a time zone"):
            model.generate(1, where={"at": pd.Timestamp("2024-04-01 12:00")})
        with self.assertRaisesRegex(meg.Error, "of no zone"):
            model.generate(1, where={"bare": noon})

    def test_values_that_look_like_something_else(self):
        i = np.arange(240)
        frame = pd.DataFrame({"s": np.array(["", None, "NA", "z"], dtype=object)[i % 4], "k": pd.Categorical(i % 3 + 1),
                              "p": np.array(["a", "b", "a|b", "..", 'say "x"'], dtype=object)[i % 5]})
        model = meg.train(frame, any_order=True, **QUICK)
        for word in ("", "NA", "z"):
            self.assertEqual(set(model.generate(20, where={"s": word})["s"]), {word})
        self.assertTrue(model.generate(20, where={"s": None})["s"].isna().all())
        for word in ("a|b", "..", 'say "x"'):
            self.assertEqual(set(model.generate(20, where={"p": word})["p"]), {word})
        self.assertEqual(set(model.generate(60, where={"p": ["a|b", ".."]})["p"]), {"a|b", ".."})
        self.assertEqual(set(model.generate(20, where={"k": 2.0})["k"]), {2})
        for nothing in ([], (None, None)):
            with self.assertRaises(meg.Error):
                model.generate(5, where={"p": nothing})

    def test_narrow_ranges_of_large_numbers(self):
        x = 1_700_000_000_000 + np.random.default_rng(1).integers(0, 250, 300)
        model = meg.train(pd.DataFrame({"x": x, "o": np.arange(300) % 3}), any_order=True, types={"x": "integer"}, **QUICK)
        made = model.generate(500, where={"x": (1_700_000_000_076, 1_700_000_000_098)})["x"]
        self.assertTrue(made.between(1_700_000_000_076, 1_700_000_000_098).all())

    def test_given_rows(self):
        given = self.table[["species", "year"]].head(30).copy()
        given.loc[::3, "species"] = None
        rows = self.model.generate(given=given)
        there = given["species"].notna()
        self.assertTrue(rows["species"][there].eq(given["species"][there]).all())
        self.assertTrue(rows["year"].eq(given["year"]).all())
        with self.assertRaisesRegex(meg.Error, "how many"):
            self.model.generate()

    def test_imputation_and_scores(self):
        filled = self.model.impute(self.table)
        self.assertFalse(filled.isna().any().any())
        self.assertFalse(filled.equals(self.model.impute(self.table, draw=1)))
        scores = self.model.score(self.table)
        self.assertEqual(list(scores.columns), ["log_likelihood", *self.table.columns])
        np.testing.assert_allclose(scores.iloc[:, 1:].sum(axis=1), scores["log_likelihood"], rtol=1e-9)
        odd = self.table.head(3).assign(species="Dodo")
        with self.assertWarnsRegex(UserWarning, "Dodo"):
            self.model.impute(odd)
        fixed = meg.train(self.table, **QUICK).impute(self.table)
        self.assertFalse(fixed.isna().any().any())

    def test_what_it_says_of_itself(self):
        self.assertEqual(self.model.columns, list(self.table.columns))
        self.assertEqual(self.model.schema[0]["type"], "categorical")
        self.assertEqual(self.model.describe()["epochs"], 10)
        self.assertEqual(len(self.model.history), 10)
        self.assertIn("8 columns, 10 epochs", repr(self.model))
        self.assertEqual([c["name"] for c in meg.schema(self.table, drop="year")], list(self.table.columns[:-1]))
        self.assertEqual(meg.schema(self.table, types={"year": "categorical"})[-1]["type"], "categorical")
        self.assertIn("any_order: ", meg.train.__doc__)

    def test_files_and_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.meg"
            self.model.save(path)
            loaded = meg.load(path)
            pd.testing.assert_frame_equal(loaded.generate(20), self.model.generate(20), check_dtype=False)
            again = meg.train(self.table, start_from=path, **{**QUICK, "hidden": None, "epochs": 1})
            self.assertTrue(again.finished)
            whole = path.read_bytes()
            for size in (0, 10, len(whole) // 2, len(whole) - 1):
                path.write_bytes(whole[:size])
                with self.assertRaises(meg.Error):
                    meg.load(path)
            path.write_bytes(b"no model at all" * 100)
            with self.assertRaisesRegex(meg.Error, "model.meg"):
                meg.load(path)
            with self.assertRaises(meg.Error):
                meg.load(Path(folder) / "none.meg")
            with self.assertRaises(meg.Error):
                self.model.save(Path(folder) / "no" / "folder.meg")
        self.assertEqual(len(self.model.generate(3)), 3)  # after errors

    def test_threads_share_it(self):
        expected = self.model.generate(500, seed=5)
        wrong = []

        def ask():
            for _ in range(10):
                if not self.model.generate(500, seed=5).equals(expected):
                    wrong.append(True)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        self.assertFalse(wrong)

    def test_fork(self):
        """A child of fork(), as multiprocessing makes, has none of the threads."""
        expected = self.model.generate(2000)
        inherited = pickle.loads(pickle.dumps(self.model))
        inherited.generate(2000)
        code = os.fork()
        if code == 0:
            signal.alarm(30)
            same = self.model.generate(2000).equals(expected)
            own = pickle.loads(pickle.dumps(self.model))
            del own, inherited  # which waits for no thread
            os._exit(0 if same else 1)
        self.assertEqual(os.waitpid(code, 0)[1], 0)


class Training(unittest.TestCase):
    def test_progress(self):
        lines = []
        meg.train(penguins(), on_progress=lines.append, **QUICK)
        self.assertEqual([line["epoch"] for line in lines], [1, 2])
        self.assertEqual(lines[0]["phase"], "warm-up")
        self.assertIn("loss", lines[0])
        lines.clear()
        model = meg.train(penguins(), on_progress=lambda line: lines.append(line) or len(lines) < 3, **{**QUICK, "epochs": 50})
        self.assertFalse(model.finished)
        self.assertEqual(len(lines), 3)
        self.assertEqual(len(model.generate(10)), 10)
        model.train()
        self.assertTrue(model.finished)

    def test_a_loaded_model_goes_on_with_its_table(self):
        model = pickle.loads(pickle.dumps(meg.train(penguins(), on_progress=lambda line: np.bool_(False), **{**QUICK, "epochs": 3})))
        self.assertFalse(model.finished)
        self.assertTrue(model.train(data=penguins()).finished)

    def test_a_callback_that_raises(self):
        def fail(line):
            raise KeyError("mine")

        with self.assertRaisesRegex(KeyError, "mine"):
            meg.train(penguins(), on_progress=fail, **QUICK)

    def test_other_python_threads_go_on(self):
        counted = [0]
        done = threading.Event()

        def count():
            while not done.is_set():
                counted[0] += 1
                time.sleep(0.001)

        thread = threading.Thread(target=count)
        thread.start()
        start = time.time()
        meg.train(penguins(), **{**QUICK, "epochs": 60, "hidden": 64, "threads": 1})
        seconds = time.time() - start
        done.set()
        thread.join()
        self.assertGreater(counted[0], 50 * seconds)

    def test_two_threads_train_one_object(self):
        model = meg.train(penguins(), on_progress=lambda line: False, **{**QUICK, "epochs": 300})
        started, errors = threading.Event(), []

        def other():
            started.wait()
            for call in (model.train, lambda: model.generate(1)):
                try:
                    call()
                except meg.Error as error:
                    errors.append(error.code)
            stop.set()

        stop = threading.Event()
        thread = threading.Thread(target=other)
        thread.start()
        model.train(on_progress=lambda line: started.set() or not stop.is_set())
        thread.join()
        self.assertEqual(errors, ["busy", "busy"])

    def test_ctrl_c_keeps_the_model(self):
        code = f"""
            import masked_ensemble as meg, os, signal, sys, warnings
            import threading
            def later():  # while C++ is at work
                threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
            later()
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                model = meg.train({str(PENGUINS)!r}, preset="classic", epochs=100000, hidden=8)
            assert "interrupted" in str(said[0].message), said
            assert not model.finished and len(model.generate(5)) == 5
            try:
                later()
                model.generate(10**8)
            except KeyboardInterrupt:
                print("ended")
        """
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], timeout=120, capture_output=True, text=True)
        self.assertEqual(done.stdout, "ended\n", done.stderr)

    @unittest.skipUnless(tqdm, "needs tqdm")
    def test_a_bar(self):
        code = f"import masked_ensemble as meg; meg.train({str(PENGUINS)!r}, epochs=3, hidden=8, refine_steps=2, progress=True)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertIn("warm-up: 100%", done.stderr)
        self.assertIn("refinement: 100%", done.stderr)
        self.assertEqual(done.stdout, "")
        done = subprocess.run([sys.executable, "-c", code.replace("True", "None")], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")  # no terminal


class BadInput(unittest.TestCase):
    def refuses(self, what, frame, **options):
        with self.assertRaisesRegex(meg.Error, what) as caught:
            meg.train(frame, **{**QUICK, **options})
        self.assertGreater(len(str(caught.exception)), 20)

    def test_frames(self):
        ok = pd.DataFrame({"a": [1, 2, 3] * 20, "b": ["x", "y", "z"] * 20})
        self.refuses("rows", ok.head(0))
        self.refuses("1 row", ok.head(1))
        self.refuses("0 rows", pd.DataFrame(index=range(5)))
        twice = ok.copy()
        twice.columns = ["a", "a"]
        self.refuses("two columns of data are called 'a'", twice)
        twice.columns = [1, "1"]
        self.refuses("two columns of data are called '1'", twice)
        nested = pd.DataFrame(np.ones((9, 2)), columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
        self.refuses("MultiIndex", nested)
        self.refuses("'b' holds values of several types .float, int, str.", ok.assign(b=pd.Series([1.5, "x", 2] * 20, dtype=object)))
        self.refuses("'b' holds objects .list.", ok.assign(b=[[1]] * 60))
        self.refuses("'b' is of dtype complex128", ok.assign(b=np.ones(60, dtype=complex)))
        self.refuses("'b' is of dtype period", ok.assign(b=pd.period_range("2020-01", periods=60, freq="M")))
        self.refuses("beyond the 64 bits", ok.assign(a=np.full(60, 2**64 - 1, dtype="uint64")))
        self.refuses("beyond the 64 bits", ok.assign(a=pd.Series([10**30] * 60, dtype=object)))
        self.refuses("Series, no table", ok["a"])
        self.refuses("is a ndarray, which is no table", ok["a"].to_numpy())
        self.refuses("is a int, which is no table", 5)
        self.refuses("UTF-8", ok.assign(b=["\ud800"] * 60))
        self.refuses("UTF-8", ok.assign(b=pd.Categorical(["\ud800", "a"] * 30)))
        self.refuses("time zone", ok.assign(b=[datetime.time(1, tzinfo=datetime.timezone.utc)] * 60))
        self.refuses("no column 'c'", ok, target="c")
        self.refuses("there is no option 'fish'", ok, fish=1)
        self.refuses("`effort`", ok, effort="enormous")
        self.refuses("seed", ok, seed=-1)
        self.refuses("seed", ok, seed=0.5)
        self.refuses("an option is of type", ok, hidden=object())

    def test_calls(self):
        model = meg.train(penguins(), **QUICK)
        for rows in (-1, 2.5, "many", 2**70):
            with self.assertRaises(meg.Error):
                model.generate(rows)
        with self.assertRaisesRegex(meg.Error, "kinds"):
            model.generate(5, kind="excel")
        with self.assertRaises(meg.Error):
            model.generate(5, temperature=-1.0)
        for call in (lambda: model.generate(5, temperature="x"), lambda: model.generate(5, where=5), lambda: model.generate(5, where=[5]),
                     lambda: meg.load(None), lambda: model.save(None), lambda: model.train("x"), lambda: model.impute(penguins(), draw=2**40),
                     lambda: meg.train(penguins(), on_progress=3), lambda: meg.train(penguins(), dropout=float("nan")),
                     lambda: meg.report(penguins(), penguins(), model=3), lambda: meg.Table.of_columns([("a", ("l", np.arange(3)))])):
            with self.assertRaises(meg.Error):
                call()
        with self.assertRaises(meg.Error):
            meg.Synthesizer().sample(5)
        with self.assertRaises(meg.Error):
            meg.evaluate(penguins(), penguins().drop(columns="year"))
        self.assertIsInstance(meg.Error("x"), ValueError)
        self.assertEqual(meg.Error("x").code, "invalid_argument")


class Measures(unittest.TestCase):
    def test_evaluation(self):
        real = penguins()
        model = meg.train(real, target="species", **QUICK)
        result = meg.evaluate(real, model.generate(len(real) + len(real[::3])), target="species", test=real[::3])
        self.assertEqual(set(result.scores), {line["name"] for line in result["headlines"]})
        self.assertTrue(0 < result.scores["shape"] < 1)
        self.assertIsInstance(result.columns, pd.DataFrame)
        self.assertEqual(list(result.columns["name"]), list(real.columns))
        self.assertIn("trend", result.trends)
        self.assertIn("shape ", repr(result))
        self.assertNotIn("test=", repr(result))
        json.dumps(result)
        if installed("xgboost"):
            self.assertIsNotNone(result.scores["c2st_xgb"])
            self.assertTrue(0.4 < result.scores["c2st_test_auc"] <= 1)
            self.assertEqual(result["two_sample"]["test"]["synthetic_rows"], len(real))
            self.assertIsNotNone(model.evaluate(real, test=real[::3]).scores["c2st_test_auc"])
        self.assertIn("test=", repr(meg.evaluate(real, real)))
        self.assertEqual(meg.evaluate(real, real, quick=True).scores["shape"], 1)
        self.assertTrue(0 < model.evaluate(real, quick=True).scores["shape"] < 1)

    def test_report(self):
        real = penguins()
        model = meg.train(real, **QUICK)
        page = meg.report(real, model.generate(len(real)), model=model)
        self.assertTrue(page.html.startswith("<!doctype html>"), page.html[:50])
        self.assertTrue(page._repr_html_().startswith("<iframe srcdoc="))
        self.assertIn("Copying not measured", repr(page))
        self.assertEqual(page.numbers["training"]["epochs"], 2)
        with tempfile.TemporaryDirectory() as folder:
            page.save(Path(folder) / "page.html")
            self.assertGreater((Path(folder) / "page.html").stat().st_size, 1_000_000)


class Synthesizers(unittest.TestCase):
    def test_parameters(self):
        synthesizer = meg.Synthesizer(seed=3, **QUICK)
        self.assertEqual(synthesizer.get_params()["seed"], 3)
        self.assertEqual(synthesizer.set_params(seed=4).get_params()["seed"], 4)
        rows = synthesizer.fit(penguins()).sample(25)
        self.assertEqual(len(rows), 25)
        self.assertEqual(synthesizer.get_params()["seed"], 4)
        self.assertEqual(len(synthesizer.score_samples(penguins())), len(penguins()))
        self.assertIn("target", synthesizer.fit(np.random.rand(40, 2), np.arange(40) % 2).sample(2))

    @unittest.skipUnless(sklearn, "needs scikit-learn")
    def test_scikit_learn(self):
        from sklearn.base import clone
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer
        synthesizer = meg.Synthesizer(seed=3, **QUICK)
        self.assertEqual(clone(synthesizer).get_params(), synthesizer.get_params())
        pipeline = make_pipeline(FunctionTransformer(lambda frame: frame.drop(columns="year")), synthesizer)
        pipeline.fit(penguins())
        self.assertEqual(list(pipeline[-1].sample(2).columns), list(penguins().columns[:-1]))
        repr(pipeline), pipeline._repr_html_()

    @unittest.skipUnless(sdmetrics, "needs sdmetrics")
    def test_sdmetrics(self):
        from sdmetrics.reports.single_table import QualityReport
        real = penguins()
        rows = meg.Synthesizer(epochs=150, effort="fast", progress=False).fit(real).sample(len(real))
        kinds = {name: {"sdtype": "numerical" if real[name].dtype.kind in "if" else "categorical"} for name in real}
        report = QualityReport()
        report.generate(real, rows, {"columns": kinds}, verbose=False)
        self.assertGreater(report.get_score(), 0.8)


class Package(unittest.TestCase):
    def test_import_is_quick(self):
        code = ("import sys, time; start = time.process_time(); import masked_ensemble; print(time.process_time() - start); "
                "assert not {'numpy', 'pandas', 'pyarrow', 'polars', 'tqdm'} & set(sys.modules)")
        seconds = min(float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
                      for _ in range(5))
        self.assertLess(seconds, 0.1)

    def test_everything_is_documented(self):
        for name in meg.__all__:
            if not name.startswith("_"):
                self.assertTrue(getattr(meg, name).__doc__, name)

    def test_notebook(self):
        nbclient = installed("nbclient")
        if not nbclient or not installed("ipykernel"):
            self.skipTest("needs nbclient and ipykernel")
        import nbformat
        path = Path(__file__).resolve().parent.parent / "docs/examples/penguins.ipynb"
        notebook = nbformat.read(path, as_version=4)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
        self.assertTrue(any("text/html" in output.get("data", {}) for cell in notebook.cells if cell.cell_type == "code"
                            for output in cell.outputs))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
