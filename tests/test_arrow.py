#!/usr/bin/env python3
"""Tables through the Arrow C data interface: in from pyarrow, out to pyarrow, with the types and values that went in.
Arguments: the library of tests/arrow_library.cpp. Exit status 77: pyarrow is not there."""
import ctypes
import datetime
import decimal
import sys
import unittest

try:
    import pyarrow as pa
    from pyarrow.cffi import ffi
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

lib = ctypes.CDLL(sys.argv.pop(1))
lib.place_of_values.restype = ctypes.c_void_p
D = decimal.Decimal


kept = []  # what ffi.new() makes goes with its last name


def new(kind):
    value = ffi.new(f"struct {kind}*")
    kept.append(value)
    return value, int(ffi.cast("uintptr_t", value))


def address(a):
    return ctypes.c_void_p(a)


class Refused(Exception):
    pass


def through_table(batch, first=0, count=None, change=None):
    """The batch out of meg again, and what meg says that it holds. change(schema, array) damages what goes in."""
    (schema, at_schema), (rows, at_rows) = new("ArrowSchema"), new("ArrowArray")
    (schema_out, at_schema_out), (rows_out, at_rows_out) = new("ArrowSchema"), new("ArrowArray")
    batch._export_to_c(at_rows, at_schema)
    if change:
        change(schema, rows)
    text = ctypes.create_string_buffer(4096)
    count = batch.num_rows - first if count is None else count
    code = lib.through_table(address(at_schema), address(at_rows), ctypes.c_size_t(first), ctypes.c_size_t(count),
                             address(at_schema_out), address(at_rows_out), text, ctypes.c_size_t(4096))
    assert schema.release == ffi.NULL and rows.release == ffi.NULL, "meg takes both, whatever comes"
    if code:
        raise Refused(text.value.decode())
    out = pa.RecordBatch._import_from_c(at_rows_out, at_schema_out)
    out.validate(full=True)
    return out, text.value.decode()


DAY, TIME = datetime.date(2024, 5, 17), datetime.time(8, 30, 5)
MOMENT = datetime.datetime(2024, 5, 17, 8, 30, 5, 250000)
WORDS = pa.array(["a", "b", "unused", "ä"])


def dictionary(places, values=WORDS, ordered=False):
    return pa.DictionaryArray.from_arrays(places, values, ordered=ordered)


# Name: values of a type, and as what meg holds them.
ARRAYS = {
    "bool": (pa.array([True, False, None, True]), "bool"),
    "float64": (pa.array([0.1, -1e300, None, float("inf")]), "float64"),
    "float32": (pa.array([0.1, -1e30, None, 2], pa.float32()), "float64"),
    "float16": (pa.array([0.1, -65504, None, 6e-8, 0.00006, 1.5, -0.0], pa.float16()), "float64"),
    "text": (pa.array(["a", "", None, "ein längerer Text als zwölf"]), "utf8"),
    "large_text": (pa.array(["a", "", None, "ein längerer Text"], pa.large_utf8()), "utf8"),
    "text_view": (pa.array(["a", "", None, "ein längerer Text", "noch ein längerer"], pa.string_view()), "utf8"),
    "binary": (pa.array([b"a", b"", None, b"bytes that are text"]), "utf8"),
    "large_binary": (pa.array([b"a", b"", None, b"bytes"], pa.large_binary()), "utf8"),
    "null": (pa.nulls(4), "utf8"),
    "date32": (pa.array([DAY, None, datetime.date(1, 1, 1)]), "date"),
    "date64": (pa.array([DAY, None, datetime.date(1, 1, 1)], pa.date64()), "date"),
    "decimal": (pa.array([D("1.25"), D("-3.10"), None, D("9999999999999.99")], pa.decimal128(20, 2)), "float64"),
    "decimal_whole": (pa.array([D(5), None, D(-2) ** 61], pa.decimal128(38, 0)), "int64"),
    "decimal_thousands": (pa.array([D(5000), None, D(-7000)], pa.decimal128(10, -3)), "float64"),
    "decimal256": (pa.array([D("1.25"), D("-0.01"), None], pa.decimal256(50, 2)), "float64"),
    "decimal32": (pa.array([D("1.25"), D("-0.01"), None], pa.decimal32(7, 2)), "float64"),
    "decimal64": (pa.array([D("1.25"), D("-0.01"), None], pa.decimal64(16, 2)), "float64"),
    "dictionary": (dictionary(pa.array([1, 3, None, 0, 1], pa.int32())), "dictionary"),
    "ordered": (dictionary(pa.array([1, 3, None, 0, 1], pa.int32()), ordered=True), "dictionary"),
    "dictionary_large": (dictionary(pa.array([1, 3, None], pa.uint32()), WORDS.cast(pa.large_utf8())), "dictionary"),
    "dictionary_view": (dictionary(pa.array([1, 3, None], pa.int8()), WORDS.cast(pa.string_view())), "dictionary"),
}
for width in (8, 16, 32, 64):
    for sign, low, high in ("int", -(2 ** (width - 1)), 2 ** (width - 1) - 1), ("uint", 0, 2**min(width, 63) - 1):
        kind = getattr(pa, f"{sign}{width}")()
        ARRAYS[f"{sign}{width}"] = pa.array([low, high, None, 7], kind), "int64"
        ARRAYS[f"dictionary_{sign}{width}"] = dictionary(pa.array([1, 3, None, 0], kind)), "dictionary"
for unit in "s", "ms", "us", "ns":
    ARRAYS[f"time_{unit}"] = (pa.array([TIME, None, datetime.time(0)], (pa.time32 if unit in ("s", "ms") else pa.time64)(unit)),
                              f"time[{unit}]")
    ARRAYS[f"duration_{unit}"] = pa.array([datetime.timedelta(days=3), None], pa.duration(unit)), f"duration[{unit}]"
    moment = MOMENT.replace(microsecond=0) if unit == "s" else MOMENT
    ARRAYS[f"timestamp_{unit}"] = pa.array([moment, None], pa.timestamp(unit)), f"timestamp[{unit}]"
    ARRAYS[f"zone_{unit}"] = pa.array([moment, None], pa.timestamp(unit, "Europe/Berlin")), f"timestamp[{unit}, Europe/Berlin]"


class Types(unittest.TestCase):
    def check(self, array, name, held):
        batch = pa.record_batch({"before": pa.array(range(len(array))), name: array})
        out, said = through_table(batch)
        self.assertEqual(out.schema, batch.schema, name)
        self.assertTrue(out.equals(batch), f"{name}: {out.column(1)}")
        self.assertEqual(said.splitlines()[1], f"{name} {held} {array.null_count}")

    def test_every_type_with_and_without_nulls_sliced_and_without_rows(self):
        for name, (array, held) in ARRAYS.items():
            with self.subTest(name):
                many = pa.concat_arrays([array] * 40)
                self.check(many, name, held)
                if name != "null":
                    self.check(pa.concat_arrays([array.slice(0, 1)] * 40), name, held)
                for first, count in (1, 9), (3, 17), (len(many), 0), (64, 30), (5, 1):
                    self.check(many.slice(first, count), name, held)
                self.check(array.slice(0, 0), name, held)

    def test_a_slice_of_a_batch_and_a_slice_by_meg(self):
        arrays = [pa.concat_arrays([array] * 40).slice(0, 70) for array, _ in ARRAYS.values()]
        batch = pa.record_batch(arrays, list(ARRAYS))
        for first, count in (0, 70), (1, 50), (13, 9), (70, 0):
            out, _ = through_table(batch.slice(first, count))
            self.assertTrue(out.equals(batch.slice(first, count)))
            out, _ = through_table(batch, first, count)
            self.assertTrue(out.equals(batch.slice(first, count)))

    def test_a_struct_with_an_offset_of_its_own(self):
        array = pa.array([{"a": i, "b": str(i)} for i in range(50)]).slice(7, 20)
        (schema, at_schema), (rows, at_rows) = new("ArrowSchema"), new("ArrowArray")
        array._export_to_c(at_rows, at_schema)
        self.assertEqual(rows.offset, 7)
        (_, at_schema_out), (_, at_rows_out) = new("ArrowSchema"), new("ArrowArray")
        text = ctypes.create_string_buffer(4096)
        self.assertEqual(0, lib.through_table(address(at_schema), address(at_rows), ctypes.c_size_t(0), ctypes.c_size_t(20),
                                              address(at_schema_out), address(at_rows_out), text, ctypes.c_size_t(4096)))
        out = pa.RecordBatch._import_from_c(at_rows_out, at_schema_out)
        self.assertEqual(out.column(0).to_pylist(), list(range(7, 27)))
        self.assertEqual(out.column(1).to_pylist(), [str(i) for i in range(7, 27)])

    def test_memory_is_shared_where_it_can_be(self):
        for name in "float64", "int64", "bool", "text", "dictionary", "date32", "timestamp_us", "zone_ns", "time_ms", "duration_s":
            with self.subTest(name):
                batch = pa.record_batch({name: ARRAYS[name][0]})
                (_, at_schema), (_, at_rows) = new("ArrowSchema"), new("ArrowArray")
                batch._export_to_c(at_rows, at_schema)
                place = lib.place_of_values(address(at_schema), address(at_rows), ctypes.c_size_t(0))
                self.assertEqual(place, batch.column(0).buffers()[1].address)
                out, _ = through_table(batch)
                self.assertEqual(place, out.column(0).buffers()[1].address)

    def test_shared_memory_is_released_in_the_end(self):
        before = pa.total_allocated_bytes()
        for name, (array, _) in ARRAYS.items():
            batch = pa.record_batch({name: pa.concat_arrays([array] * 1000)})
            out, _ = through_table(batch)
            del batch
            out.validate(full=True)
            del out
        self.assertEqual(pa.total_allocated_bytes(), before)

    def test_dictionaries_of_other_values_become_these(self):
        for values in pa.array([5, 7]), pa.array([0.5, 2]), pa.array([DAY, DAY]), pa.array([True, False]), pa.array([MOMENT] * 2):
            array = dictionary(pa.array([1, 0, None, 1]), values)
            out, _ = through_table(pa.record_batch({"a": array}))
            self.assertTrue(out.column(0).equals(array.dictionary_decode()), str(values.type))

    def test_a_null_in_a_dictionary_is_a_null(self):
        array = dictionary(pa.array([0, 1, 2, 1]), pa.array(["a", None, "b"]))
        out, said = through_table(pa.record_batch({"a": array}))
        self.assertEqual(out.column(0).to_pylist(), ["a", None, "b", None])
        self.assertEqual(said, "a dictionary 2\n")

    def test_text_below_nulls_is_not_read(self):
        array = pa.StringArray.from_buffers(3, pa.py_buffer(bytes([0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0])),
                                            pa.py_buffer(b"a\xff\xffb"), pa.py_buffer(b"\x05"), 1)
        out, _ = through_table(pa.record_batch({"a": array}))
        self.assertEqual(out.column(0).to_pylist(), ["a", None, "b"])


class Streams(unittest.TestCase):
    def through(self, reader):
        (_, at_in), (_, at_out) = new("ArrowArrayStream"), new("ArrowArrayStream")
        reader._export_to_c(at_in)
        text = ctypes.create_string_buffer(4096)
        if lib.through_stream(address(at_in), address(at_out), text, ctypes.c_size_t(4096)):
            raise Refused(text.value.decode())
        return pa.RecordBatchReader._import_from_c(at_out)

    def test_batches_come_through_one_by_one(self):
        arrays = [pa.concat_arrays([array] * 40).slice(0, 70) for array, _ in ARRAYS.values()]
        batch = pa.record_batch(arrays, list(ARRAYS))
        parts = [batch.slice(0, 13), batch.slice(13, 0), batch.slice(13, 57)]
        out = self.through(pa.RecordBatchReader.from_batches(batch.schema, parts))
        self.assertEqual(out.schema, batch.schema)
        got = list(out)
        self.assertEqual([part.num_rows for part in got], [13, 0, 57])
        self.assertTrue(all(a.equals(b) for a, b in zip(got, parts)))
        self.assertEqual(list(self.through(pa.RecordBatchReader.from_batches(batch.schema, []))), [])

    def test_an_error_of_the_stream_is_told(self):
        def batches():
            yield pa.record_batch({"a": [1]})
            raise ValueError("the well is dry")

        out = self.through(pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches()))
        self.assertEqual(out.read_next_batch().num_rows, 1)
        with self.assertRaisesRegex(Exception, "the well is dry"):
            out.read_next_batch()


class BadInput(unittest.TestCase):
    def refused(self, array, sentence, change=None):
        with self.assertRaises(Refused) as caught:
            through_table(pa.record_batch({"good": pa.array([1] * len(array)), "bad": array}), change=change)
        self.assertIn(sentence, str(caught.exception))
        self.assertIn("column 'bad'", str(caught.exception))

    def test_types_that_meg_does_not_take(self):
        union = pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [pa.array([1, 2])])
        for array, name in ((pa.array([[1], [2]]), "list"), (pa.array([{"x": 1}]), "struct"), (union, "union"),
                            (pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())), "map"),
                            (pa.array([[1, 2]], pa.list_(pa.int64(), 2)), "list"),
                            (pa.array([b"ab"], pa.binary(2)), "fixed-size binary"),
                            (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "interval")):
            self.refused(array, f"is of type {name} (Arrow's format '", None)
        ree = pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array([5]))
        self.refused(ree, "is of type run-end encoded (Arrow's format '+r'), which meg does not take")

    def test_values_that_no_column_holds(self):
        self.refused(pa.array([1, 2**63], pa.uint64()), "row 2: 9223372036854775808 is beyond 64-bit integers")
        self.refused(pa.array([D("1.5"), D("12345678901234567.5")], pa.decimal128(30, 1)), "row 2: a decimal of more digits")
        self.refused(pa.array([D(2) ** 70], pa.decimal128(38, 0)), "row 1: a decimal of more digits")
        self.refused(pa.array([b"ok", b"\xff\xfe"]), "row 2: not UTF-8 text")
        self.refused(pa.array([b"ok", b"\xff\xfe"], pa.large_binary()), "row 2: not UTF-8 text")
        odd = pa.Array.from_buffers(pa.date64(), 1, [None, pa.py_buffer((5).to_bytes(8, "little"))])
        self.refused(odd, "row 1: a date in milliseconds that is no whole day")

    def test_offsets_places_and_lengths_that_lie(self):
        good = pa.array(["a", "b"])
        for offsets, row in ((0, 3, 1), 2), ((-1, 1, 2), 1):
            memory = ffi.new("int32_t[]", offsets)
            kept.append(memory)
            self.refused(good, f"row {row}: the offsets of texts fall",
                         lambda _, rows: rows.children[1].buffers.__setitem__(1, memory))
        for place in 4, -1, 127:
            lies = pa.DictionaryArray.from_arrays(pa.array([0, place], pa.int8()), WORDS, safe=False)
            self.refused(lies, f"row 2: place {place} is beyond the dictionary of 4 values")

        def change(field):
            def act(_, rows):
                field(rows.children[1])
            return act

        def set_to(name, value):
            return change(lambda child: setattr(child, name, value))

        self.refused(good, "fewer than the table's", set_to("length", 1))
        self.refused(good, "", set_to("length", -5))
        self.refused(good, "an offset of -1", set_to("offset", -1))
        self.refused(good, "has 1 buffers", set_to("n_buffers", 1))
        self.refused(good, "2 nulls but no validity bitmap", set_to("null_count", 2))
        self.refused(good, "has no buffer 1", change(lambda child: child.buffers.__setitem__(1, ffi.NULL)))
        self.refused(good, "has no buffer 2", change(lambda child: child.buffers.__setitem__(2, ffi.NULL)))

    def test_tables_that_are_none(self):
        for batch, sentence in ((pa.record_batch([pa.array([1])], [""]), "column 1 has no name"),
                                (pa.record_batch([pa.array([1])] * 2, ["a", "a"]), "two columns are named 'a'"),
                                (pa.record_batch([], []), "the table has no columns")):
            with self.assertRaisesRegex(Refused, sentence):
                through_table(batch)


if __name__ == "__main__":
    unittest.main()
