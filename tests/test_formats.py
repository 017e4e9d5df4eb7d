#!/usr/bin/env python3
"""Tables of every format, in and out of `meg`, against pyarrow, pandas and DuckDB. Arguments: the program `meg`. Exit
status 77: pyarrow, or the plug-in that reads Parquet, is not there."""
import csv
import gzip
import io
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.parquet as pq
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)
try:
    import pandas
except ImportError:
    pandas = None
try:
    import duckdb
except ImportError:
    duckdb = None

MEG = Path(sys.argv.pop(1)).resolve()
if not (MEG.parent / "meg_arrow.so").exists():
    print("skipped: meg was built without Apache Arrow")
    sys.exit(77)
PENGUINS = Path(__file__).resolve().parents[1] / "docs/examples/data/penguins.csv"
TRAIN = "--preset", "classic", "--epochs", 2, "--seed", 1, "--quiet"
TEXT = "csv", "csv.gz", "csv.zst", "tsv", "tsv.gz", "tsv.zst"
TYPED = "parquet", "arrow", "feather", "arrows"


def meg(*arguments, **options):
    return subprocess.run([MEG, *map(str, arguments)], capture_output=True, timeout=300, **options)


def typed_penguins():
    """The penguins with a column of most types."""
    table = pa.csv.read_csv(PENGUINS, convert_options=pa.csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True))
    n = table.num_rows
    table = table.set_column(0, "species", table["species"].dictionary_encode().combine_chunks().cast(pa.dictionary(pa.int32(), pa.string())))
    table = table.set_column(table.column_names.index("year"), "year", table["year"].cast(pa.int16()))
    day = pa.array([18262 + 37 * i % 900 if i % 11 else None for i in range(n)], pa.int32()).cast(pa.date32())
    moment = pa.array([1_600_000_000_000_000 + 987_654_321 * i for i in range(n)], pa.timestamp("us", "Europe/Berlin"))
    for name, column in ("day", day), ("moment", moment), ("weight", table["body_mass_g"].cast(pa.float32())), \
            ("large", table["island"].cast(pa.large_string())), ("good", pa.array([i % 3 == 0 for i in range(n)])):
        table = table.append_column(name, column)
    return table


def write(table, path):
    kind = path.name.split(".", 1)[1]
    if kind == "parquet":
        pq.write_table(table, path, row_group_size=100)
    elif kind == "arrow":
        with pa.ipc.new_file(path, table.schema) as out:
            out.write_table(table, max_chunksize=100)
    elif kind == "feather":
        pa.feather.write_feather(table, path)
    elif kind == "arrows":
        with pa.ipc.new_stream(path, table.schema) as out:
            out.write_table(table, max_chunksize=100)
    else:
        raise ValueError(kind)
    return path


def read(path):
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".arrows":
        return pa.ipc.open_stream(path.read_bytes()).read_all()
    return pa.feather.read_table(path, memory_map=False)


def text_rows(path):
    """The rows of a text file of any suffix, read by other programs than meg."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zst":
        data = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
    return list(csv.reader(io.StringIO(data.decode()), delimiter="\t" if ".tsv" in path.name else ","))


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def succeed(self, *arguments, **options):
        done = meg(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done

    def fail_with(self, words, *arguments, **options):
        """It fails with one sentence that holds the words, and leaves nothing."""
        before = sorted(self.folder.rglob("*"))
        done = meg(*arguments, **options)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 1, said)
        self.assertEqual(said.count("\n"), 1, said)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, said)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def model_of(self, *tables, **options):
        model = self.folder / "model.meg"
        self.succeed("train", *tables, *TRAIN, "--out", model, **options)
        return model.read_bytes()

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path


class In(Case):
    def test_text_of_every_format_is_the_same_table(self):
        expected = self.model_of(PENGUINS)
        text = PENGUINS.read_bytes()
        tabs = text.replace(b",", b"\t")
        zstd = lambda data: subprocess.run(["zstd", "-c"], input=data, capture_output=True, check=True).stdout
        half = text.index(b"\n", len(text) // 2) + 1
        for name, data in (("p.csv.gz", gzip.compress(text)), ("p.csv.zst", zstd(text)),
                           ("two_members.csv.gz", gzip.compress(text[:half]) + gzip.compress(text[half:])),
                           ("two_frames.csv.zst", zstd(text[:half]) + zstd(text[half:])),
                           ("renamed.csv", gzip.compress(text)), ("renamed.data", zstd(text))):
            with self.subTest(name):
                self.assertEqual(self.model_of(self.file(name, data)), expected)
        self.assertEqual(self.model_of("-", input=gzip.compress(text)), expected)
        # The model says how its table was written.
        expected = self.model_of(self.file("p.tsv", tabs))
        for name, data in ("p.tsv.gz", gzip.compress(tabs)), ("p.tsv.zst", zstd(tabs)):
            self.assertEqual(self.model_of(self.file(name, data)), expected, name)

    def test_typed_files_are_the_same_table(self):
        table = typed_penguins()
        expected = self.model_of(write(table, self.folder / "t.parquet"))
        for kind in TYPED:
            path = write(table, self.folder / f"t.{kind}")
            with self.subTest(kind):
                self.assertEqual(self.model_of(path), expected)
                self.assertEqual(self.model_of("-", input=path.read_bytes()), expected)
                self.assertEqual(self.model_of(path.rename(self.folder / f"unknown{TYPED.index(kind)}")), expected)
        (self.folder / "stream.arrow").write_bytes((self.folder / "unknown3").read_bytes())
        self.assertEqual(self.model_of(self.folder / "stream.arrow"), expected)
        self.assertEqual(self.model_of(self.file("t.parquet.gz", gzip.compress((self.folder / "unknown0").read_bytes())),
                                       "--format", "parquet"), expected)

    def test_adult_is_one_model_whatever_it_is_read_from(self):
        rows = b"".join((MEG.parent / "data/adult_train.csv").read_bytes().splitlines(keepends=True)[:3001])
        table = pa.csv.read_csv(io.BytesIO(rows), convert_options=pa.csv.ConvertOptions(
            null_values=["?"], strings_can_be_null=True, auto_dict_encode=True, auto_dict_max_cardinality=1000))
        stream = write(table, self.folder / "adult.arrows").read_bytes()
        run = "--epochs", 2, "--refine-steps", 20, "--seed", 1, "--quiet", "--out", self.folder / "model.meg"

        def model(source, **options):
            self.succeed("train", source, *run, **options)
            return (self.folder / "model.meg").read_bytes()

        def parts(file):
            size = int.from_bytes(file[:8], "little")
            header = json.loads(file[8:8 + size])
            columns = json.loads(header["__metadata__"]["table"])["columns"]
            for column in columns:  # what says how a column leaves, which text and types do differently
                for key in "typed_as", "levels", "missing_word":
                    column.pop(key, None)
            return columns, header["__metadata__"]["data_fingerprint"], file[8 + size:]

        text = model(self.file("adult.csv", rows))
        compressed = subprocess.run(["zstd", "-qc"], input=rows, capture_output=True, check=True).stdout
        self.assertEqual(model(self.file("adult.csv.zst", compressed)), text)
        typed = model(write(table, self.folder / "adult.parquet"))
        self.assertEqual(model("-", input=stream), typed)
        self.assertEqual(parts(typed), parts(text))

    def test_several_files_and_folders_are_one_table(self):
        table = typed_penguins()
        expected = self.model_of(write(table, self.folder / "whole.parquet"))
        parts = self.folder / "parts"
        parts.mkdir()
        (parts / "notes.txt").write_text("not a table")
        for i, (first, count) in enumerate(((0, 100), (100, 150), (250, 1000))):
            kind = ("parquet", "arrow", "parquet")[i]
            part = table.slice(first, count)
            write(part.select(part.column_names[::-1]) if i == 1 else part, parts / f"{i}.{kind}")
        self.assertEqual(self.model_of(parts), expected)
        self.assertEqual(self.model_of(*(parts / f"{i}.{k}" for i, k in enumerate(("parquet", "arrow", "parquet")))), expected)
        lines = PENGUINS.read_text().splitlines(True)
        one, two = self.file("1.csv", "".join(lines[:200]).encode()), self.file("2.csv", "".join(lines[:1] + lines[200:]).encode())
        self.assertEqual(self.model_of(one, two), self.model_of(PENGUINS))


class Out(Case):
    def test_text_comes_out_in_every_format(self):
        model = self.folder / "model.meg"
        self.succeed("train", PENGUINS, *TRAIN, "--out", model)
        rows = "generate", model, "--rows", 3000, "--seed", 2, "--quiet", "--out"
        self.succeed(*rows, self.folder / "t.csv")
        expected = text_rows(self.folder / "t.csv")
        self.assertEqual(len(expected), 3001)
        for kind in TEXT[1:]:
            self.succeed(*rows, self.folder / f"t.{kind}")
            self.assertEqual(text_rows(self.folder / f"t.{kind}"), expected, kind)
        self.assertLess((self.folder / "t.csv.zst").stat().st_size, (self.folder / "t.csv").stat().st_size / 2)
        out = self.succeed(*rows, "-", "--format", "csv.gz").stdout
        self.assertEqual(gzip.decompress(out), (self.folder / "t.csv").read_bytes())
        if pandas:
            for kind in TEXT[:2]:
                frame = pandas.read_csv(self.folder / f"t.{kind}", keep_default_na=False, dtype=str)
                self.assertEqual([list(frame), *frame.values.tolist()], expected)
        if duckdb:
            for kind in TEXT:
                got = duckdb.sql(f"select * from read_csv('{self.folder}/t.{kind}', all_varchar=true, header=true)").fetchall()
                self.assertEqual([tuple(row) for row in expected[1:]], got, kind)

    def test_types_come_out_as_they_went_in(self):
        table = typed_penguins()
        model = self.folder / "model.meg"
        self.succeed("train", write(table, self.folder / "t.parquet"), *TRAIN, "--out", model)
        rows = "generate", model, "--rows", 3000, "--seed", 2, "--quiet", "--out"
        self.succeed(*rows, self.folder / "s.parquet")
        expected = read(self.folder / "s.parquet")
        self.assertEqual(expected.num_rows, 3000)
        self.assertEqual(expected.schema.types, table.schema.types)
        expected.validate(full=True)
        for kind in TYPED:
            path = self.folder / f"s.{kind}"
            self.succeed(*rows, path)
            got = read(path)
            got.validate(full=True)
            self.assertTrue(got.equals(expected), kind)
        stream = self.succeed(*rows, "-", "--format", "arrow-stream").stdout
        self.assertTrue(pa.ipc.open_stream(stream).read_all().equals(expected))
        self.assertTrue(pq.read_table(io.BytesIO(self.succeed(*rows, "-", "--format", "parquet").stdout)).equals(expected))
        if pandas:
            self.assertTrue(pandas.read_parquet(self.folder / "s.parquet").equals(expected.to_pandas()))
            self.assertTrue(pandas.read_feather(self.folder / "s.feather").equals(expected.to_pandas()))
        if duckdb:
            got = duckdb.sql(f"select * from '{self.folder}/s.parquet'").to_arrow_table()
            self.assertEqual(got.num_rows, 3000)
            self.assertEqual(got["island"].to_pylist(), expected["island"].to_pylist())
            self.assertEqual(got["year"].to_pylist(), expected["year"].to_pylist())
            self.assertEqual(got["day"].to_pylist(), expected["day"].to_pylist())

    def test_a_parquet_file_of_duckdb_goes_in(self):
        if not duckdb:
            self.skipTest("duckdb is not there")
        path = self.folder / "d.parquet"
        duckdb.sql("select i % 7 as a, i * 0.5::double as b, (i / 4.0)::decimal(12, 2) as c, 'w' || i % 3 as d, "
                   f"date '2024-01-01' + (i % 50)::integer as e from range(500) t(i)").write_parquet(str(path))
        model = self.folder / "model.meg"
        self.succeed("train", path, *TRAIN, "--out", model)
        self.succeed("generate", model, "--rows", 100, "--quiet", "--out", self.folder / "o.parquet")
        self.assertEqual(read(self.folder / "o.parquet").schema.types, pq.read_table(path).schema.types)

    def test_imputed_and_scored_rows_come_out_in_every_format(self):
        table = typed_penguins().drop_columns(["moment"])
        model, path = self.folder / "model.meg", write(table, self.folder / "t.parquet")
        self.succeed("train", path, "--masks", "dynamic", "--no-refine", "--epochs", 2, "--quiet", "--out", model)
        self.succeed("impute", model, path, "--quiet", "--out", self.folder / "i.parquet")
        filled = read(self.folder / "i.parquet")
        self.assertEqual(filled.schema.types, table.schema.types)
        self.assertEqual(sum(column.null_count for column in filled.columns), 0)
        self.assertEqual(filled["year"].to_pylist(), table["year"].to_pylist())
        self.succeed("score", model, path, "--quiet", "--out", self.folder / "s.parquet")
        scores = read(self.folder / "s.parquet")
        self.assertEqual(scores.num_rows, table.num_rows)
        self.assertEqual(scores.schema.types[0], pa.float64())
        self.succeed("score", model, path, "--quiet", "--out", self.folder / "s.csv.gz")
        self.assertEqual(len(text_rows(self.folder / "s.csv.gz")), table.num_rows + 1)


class BadInput(Case):
    def bad(self, name, content, *words):
        self.fail_with([name, *words], "train", self.file(name, content), *TRAIN, "--out", self.folder / "m.meg")

    def bytes_of(self, kind, table=None):
        path = self.folder / f"whole.{kind}"
        write(typed_penguins() if table is None else table, path)
        data = path.read_bytes()
        path.unlink()
        return data

    def test_files_that_are_cut_off_or_damaged(self):
        for kind in TYPED:
            data = self.bytes_of(kind)
            with self.subTest(kind):
                for size in (7, len(data) // 2, len(data) - 5) if kind != "arrows" else (7, len(data) // 2):
                    self.bad(f"cut.{kind}", data[:size])
        data = bytearray(self.bytes_of("parquet"))
        data[100:160] = bytes(60)
        self.bad("damaged.parquet", bytes(data))
        # The file ends with its metadata, their length and four letters.
        footer = bytearray(self.bytes_of("parquet"))
        begin = len(footer) - 8 - int.from_bytes(footer[-8:-4], "little")
        footer[begin : begin + 20] = b"\xff" * 20
        self.bad("footer.parquet", bytes(footer))
        footer[-8:-4] = (2**31 - 1).to_bytes(4, "little")
        self.bad("long_footer.parquet", bytes(footer))
        text = PENGUINS.read_bytes()
        self.bad("cut.csv.gz", gzip.compress(text)[:-9], "is cut off")
        packed = subprocess.run(["zstd", "-c"], input=text, capture_output=True, check=True).stdout
        self.bad("cut.csv.zst", packed[: len(packed) // 2], "is cut off")
        damaged = bytearray(packed)
        damaged[len(packed) // 2] ^= 0x55
        self.bad("damaged.csv.zst", bytes(damaged), "damaged")

    def test_files_that_are_not_what_their_names_say(self):
        self.bad("p.csv", self.bytes_of("parquet"), "is a file of the format parquet, not csv")
        self.bad("p.arrow", self.bytes_of("parquet"), "is a file of the format parquet, not arrow")
        self.bad("p.parquet", self.bytes_of("arrow"), "is a file of the format arrow, not parquet")
        self.bad("text.parquet", PENGUINS.read_bytes(), "is no file of the format parquet")
        self.bad("empty.parquet", b"", "is no file of the format parquet")
        self.fail_with("is a file of the format parquet, not csv", "train", "-", "--format", "csv", *TRAIN, "--out",
                       self.folder / "m.meg", input=self.bytes_of("parquet"))
        self.fail_with("there is no format 'xls'; there are csv, csv.gz", "train", PENGUINS, "--format", "xls", *TRAIN, "--out",
                       self.folder / "m.meg")

    def test_a_stream_whose_lengths_lie(self):
        data = self.bytes_of("arrows", pa.table({"word": ["a", "bb", "ccc"] * 9, "x": list(range(27))}))
        # Every length and offset is a little-endian number of the messages' heads: each in turn says more than there is.
        for at in range(0, len(data) - 8, 8):
            value = int.from_bytes(data[at:at + 8], "little")
            if 0 < value < 1000:
                lies = bytearray(data)
                lies[at:at + 8] = (value + (1 << 40)).to_bytes(8, "little")
                done = meg("train", self.file("lies.arrows", bytes(lies)), *TRAIN, "--out", self.folder / "m.meg")
                self.assertIn(done.returncode, (0, 1), done.stderr)  # never a crash
                self.assertLessEqual(done.stderr.decode().count("\n"), 1)
                if done.returncode == 1:
                    self.assertIn("lies.arrows", done.stderr.decode())

    def test_places_beyond_a_dictionary_and_types_that_meg_does_not_take(self):
        beyond = pa.DictionaryArray.from_arrays(pa.array([0, 1, 9, 0], pa.int32()), pa.array(["a", "b"]), safe=False)
        for kind in "arrow", "arrows":
            self.bad(f"beyond.{kind}", self.bytes_of(kind, pa.table({"word": beyond, "x": [1, 2, 3, 4]})), "column 'word'")
        lists = pa.table({"x": [1, 2], "many": [[1], [2, 3]]})
        for kind in TYPED:
            self.bad(f"lists.{kind}", self.bytes_of(kind, lists), "column 'many' is of type list")
        self.bad("big.parquet", self.bytes_of("parquet", pa.table({"n": pa.array([1, 2**63], pa.uint64())})), "column 'n', row 2")

    def test_files_of_one_table_with_different_columns(self):
        def pair(words, one, two):
            a, b = write(one, self.folder / "a.parquet"), write(two, self.folder / "b.parquet")
            self.fail_with(["a.parquet", "b.parquet", *words], "train", a, b, *TRAIN, "--out", self.folder / "m.meg")

        pair(["no column 'y'"], pa.table({"x": [1, 2], "y": [1, 2]}), pa.table({"x": [1, 2]}))
        pair(["a column 'y'"], pa.table({"x": [1, 2]}), pa.table({"x": [1, 2], "y": [1, 2]}))
        pair(["column 'x'", "int64", "float64"], pa.table({"x": [1, 2]}), pa.table({"x": [1.5, 2]}))
        text = self.file("c.csv", b"x\n1\n2\n")
        self.fail_with(["c.csv", "one is text"], "train", self.folder / "a.parquet", text, *TRAIN, "--out", self.folder / "m.meg")
        (self.folder / "none").mkdir()
        self.fail_with("is a folder without a file of .csv", "train", self.folder / "none", *TRAIN, "--out", self.folder / "m.meg")

    def test_what_cannot_be_written_is_refused_before_the_work(self):
        model, rows = self.folder / "model.meg", PENGUINS
        self.succeed("train", PENGUINS, "--masks", "dynamic", "--no-refine", "--epochs", 1, "--quiet", "--out", model)
        for name in "x.json", "x.txt", "x", "x.parquet.gz", ".csv":
            out = self.folder / name
            for command in (["generate", "/no/model", "--rows", 5], ["impute", "/no/model", rows], ["score", "/no/model", rows]):
                self.fail_with([name, "no suffix of a format that meg writes", ".parquet"], *command, "--out", out)
        for command in (["generate", model, "--rows", 5], ["impute", model, rows], ["score", model, rows]):
            self.succeed(*command, "--out", self.folder / "x.json", "--format", "csv", "--quiet")


class Plugin(Case):
    def test_without_the_plugin_a_sentence_says_what_to_install(self):
        alone = self.folder / "bin/meg"
        alone.parent.mkdir()
        shutil.copy(MEG, alone)
        path = write(typed_penguins(), self.folder / "t.parquet")
        done = subprocess.run(["unshare", "-m", "true"], capture_output=True)
        if done.returncode != 0:
            self.skipTest("no mount namespace to hide the plug-in in")
        hide = f"mount --bind /dev/null {MEG.parent}/meg_arrow.so && exec {alone} train {path} --out {self.folder}/m.meg"
        done = subprocess.run(["unshare", "-m", "sh", "-c", hide], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("install libarrow and libparquet", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_the_plugin_is_loaded_for_its_files_alone(self):
        loads = subprocess.run([MEG, "schema", PENGUINS], capture_output=True, text=True, env={"LD_DEBUG": "files"}).stderr
        self.assertNotIn("libarrow", loads)


if __name__ == "__main__":
    unittest.main()
