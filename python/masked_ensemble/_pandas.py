"""pandas' frames to meg's tables and back: in numpy, column by column, which keeps the dtypes and needs no pyarrow."""

from __future__ import annotations

from typing import Any, Iterable

from ._error import Error
from ._meg import Table

INTEGERS = {"i1": "c", "u1": "C", "i2": "s", "u2": "S", "i4": "i", "u4": "I", "i8": "l", "u8": "L"}
FLOATS = {"f2": "e", "f4": "f", "f8": "g"}
UNITS = {"s": "s", "ms": "m", "us": "u", "ns": "n"}
WIDTHS = {form: kind for kind, form in {**INTEGERS, **FLOATS}.items()}


def pandas_table(frame: Any, what: str) -> tuple[Table, dict]:
    """The table, and of each column's name its label and dtype."""
    import pandas
    if isinstance(frame.columns, pandas.MultiIndex):
        raise Error(f"the columns of {what} are a MultiIndex: give each one name, as "
                    'df.columns = ["_".join(map(str, names)) for names in df.columns]')
    schema: dict[str, tuple] = {}
    parts = []
    for place, label in enumerate(frame.columns):
        name = str(label)
        if name in schema:
            raise Error(f"two columns of {what} are called '{name}': rename one")
        series = frame.iloc[:, place]
        schema[name] = (label, series.dtype)
        parts.append((name, pandas_column(name, series)))
    return Table.of_columns(parts), schema


def pandas_column(name: str, series: Any) -> Any:
    """The column as Table.of_columns takes it."""
    import numpy
    import pandas
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        texts = [category_text(value) for value in dtype.categories]
        if len(set(texts)) < len(texts):
            raise Error(f"column '{name}' has two categories that are written alike: {first_twice(texts)!r}")
        codes = numpy.ascontiguousarray(series.cat.codes, dtype=numpy.int32)
        return ("dictionary ordered" if dtype.ordered else "dictionary", codes, None, texts)
    if isinstance(dtype, pandas.SparseDtype):
        return pandas_column(name, series.sparse.to_dense())
    if isinstance(dtype, pandas.ArrowDtype):
        import pyarrow
        return Table.of_arrow(pyarrow.table({name: series.array.__arrow_array__()}))
    if isinstance(dtype, pandas.StringDtype):
        return ("u", series.to_numpy(dtype=object, na_value=None).tolist(), None, None)
    if isinstance(dtype, pandas.DatetimeTZDtype):
        utc = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return instants(f"ts{UNITS[dtype.unit]}:{zone_name(dtype.tz)}", utc)
    if pandas.api.types.is_extension_array_dtype(dtype):
        return masked(name, series)
    if dtype.kind == "b":
        return ("b", numpy.ascontiguousarray(series.to_numpy()), None, None)
    if dtype.kind in "iu":
        return integers(name, series.to_numpy(), INTEGERS[dtype.str[1:]], None)
    if dtype.kind == "f" and dtype.str[1:] in FLOATS:
        return floats(series.to_numpy(), FLOATS[dtype.str[1:]])
    if dtype.kind in "mM":
        unit = UNITS[numpy.datetime_data(dtype)[0]]
        return instants(f"tD{unit}" if dtype.kind == "m" else f"ts{unit}:", series.to_numpy())
    if dtype.kind == "O":
        return objects(name, series)
    raise refused(name, dtype)


def own_text(value: str) -> str:
    """The text of a str, which may be of a class with another __str__, as those of enumerations are."""
    return str.__str__(value)


def category_text(value: Any) -> str:
    return own_text(value) if isinstance(value, str) else str(value)


def refused(name: str, dtype: Any) -> Error:
    return Error(f"column '{name}' is of dtype {dtype}, which meg does not know: convert it, as with "
                 f"df[{name!r}].astype(str), or leave it out")


def first_twice(texts: Iterable[str]) -> str:
    seen: set[str] = set()
    return next(text for text in texts if text in seen or seen.add(text))  # type: ignore[func-returns-value]


def zone_name(tz: Any) -> str:
    """Arrow's name of a time zone: "Europe/Berlin", "+02:00", or "UTC" where it has neither: the values are of UTC."""
    name = getattr(tz, "key", None) or getattr(tz, "zone", None)  # zoneinfo, pytz
    if name:
        return name
    offset = tz.utcoffset(None)
    if offset is None or offset.microseconds or offset.seconds % 60:
        return "UTC"
    minutes = offset.days * 1440 + offset.seconds // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"


def masked(name: str, series: Any) -> Any:
    """Int64, boolean, Float64, ..."""
    import numpy
    kind = getattr(series.dtype, "numpy_dtype", None)
    if kind is None or kind.kind not in "biuf":
        raise refused(name, series.dtype)
    present = numpy.ascontiguousarray(~series.isna().to_numpy())
    values = numpy.ascontiguousarray(series.to_numpy(dtype=kind, na_value=False if kind.kind == "b" else 0))
    if kind.kind == "b":
        return ("b", values, present, None)
    if kind.kind == "f":
        values = numpy.ascontiguousarray(values, dtype=numpy.float64)
        return (FLOATS[kind.str[1:]], values, present & ~numpy.isnan(values), None)
    return integers(name, values, INTEGERS[kind.str[1:]], present)


def integers(name: str, values: Any, form: str, present: Any) -> Any:
    import numpy
    if form == "L" and len(values) and values.max() > numpy.iinfo(numpy.int64).max:
        raise Error(f"column '{name}' has the number {values.max()}, beyond the 64 bits of a signed integer")
    return (form, numpy.ascontiguousarray(values, dtype=numpy.int64), present, None)


def present_where(missing: Any) -> Any:
    """What Table.of_columns takes: None where nothing is missing."""
    return ~missing if missing.any() else None


def floats(values: Any, form: str) -> Any:
    import numpy
    values = numpy.ascontiguousarray(values, dtype=numpy.float64)
    missing = numpy.isnan(values)
    return (form, values, present_where(missing), None)


def instants(form: str, values: Any) -> Any:
    import numpy
    missing = numpy.isnat(values)
    return (form, numpy.ascontiguousarray(values).view(numpy.int64), present_where(missing), None)


def objects(name: str, series: Any) -> Any:
    """A column of Python objects, by what they are."""
    import datetime
    import decimal

    import numpy
    import pandas
    missing = series.isna().to_numpy()
    values = series.to_numpy()
    kinds = {type(value) for value in values[~missing]}
    present = present_where(missing)
    if all(issubclass(kind, str) for kind in kinds):
        return ("u", [None if lost else own_text(value) for value, lost in zip(values, missing)], None, None)
    if kinds <= {bool, numpy.bool_}:
        return ("b", numpy.where(missing, False, values).astype(bool), present, None)
    if all(issubclass(kind, (int, numpy.integer)) and kind is not bool for kind in kinds):
        numbers = [int(value) for value in values[~missing]]
        if numbers and max(map(abs, numbers)) > numpy.iinfo(numpy.int64).max:
            raise Error(f"column '{name}' has a number beyond the 64 bits of a signed integer: make it text with "
                        f"df[{name!r}].astype(str)")
        return ("l", numpy.where(missing, 0, values).astype(numpy.int64), present, None)
    if all(issubclass(kind, (int, float, numpy.number)) and kind is not bool for kind in kinds):
        return floats(numpy.where(missing, numpy.nan, values).astype(numpy.float64), "g")
    if kinds == {decimal.Decimal}:
        return decimals(name, values, missing)
    if kinds == {datetime.date}:
        epoch = datetime.date(1970, 1, 1).toordinal()
        days = [0 if lost else day.toordinal() - epoch for day, lost in zip(values, missing)]
        return ("tdD", numpy.array(days, dtype=numpy.int32), present, None)
    if kinds == {datetime.time}:
        if any(value.tzinfo is not None for value in values[~missing]):
            raise Error(f"column '{name}' has times of the day with a time zone, which tables cannot hold: leave it out")
        micros = [0 if lost else ((t.hour * 60 + t.minute) * 60 + t.second) * 1_000_000 + t.microsecond
                  for t, lost in zip(values, missing)]
        return ("ttu", numpy.array(micros, dtype=numpy.int64), present, None)
    if all(issubclass(kind, (datetime.datetime, numpy.datetime64, datetime.timedelta, numpy.timedelta64)) for kind in kinds):
        converted = series.infer_objects()
        if converted.dtype.kind in "mM":
            return pandas_column(name, converted)
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise Error(f"column '{name}' holds {'values of several types' if len(kinds) > 1 else 'objects'} ({names}): give it one type "
                f"that tables have, as with df[{name!r}].astype(str)")


def decimals(name: str, values: Any, missing: Any) -> Any:
    import numpy
    tuples = [value.as_tuple() for value in values[~missing]]
    if any(not isinstance(t.exponent, int) for t in tuples):
        raise Error(f"column '{name}' has a Decimal that is not finite")
    scale = max(0, -min(t.exponent for t in tuples))
    digits = max(max(len(t.digits) + t.exponent, 0) for t in tuples) + scale
    if digits > 15:
        raise Error(f"column '{name}' has decimals of {digits} digits; meg takes 15: round them, or convert them with "
                    f"df[{name!r}].astype(float)")
    return (f"d:{max(digits, 1)},{scale}", numpy.array([0.0 if lost else float(v) for v, lost in zip(values, missing)]),
            present_where(missing), None)


def pandas_frame(table: Table, schema: dict, index: Any, nullable: Iterable[str] = ()) -> Any:
    import pandas
    columns, labels = [], []
    for place, name in enumerate(table.column_names):
        label, dtype = schema.get(name, (name, None))
        columns.append(pandas_series(table.column(place), dtype, dtype is None and name in nullable))
        labels.append(label)
    frame = pandas.concat(columns, axis=1, keys=range(len(columns))) if columns else pandas.DataFrame()
    frame.columns = pandas.Index(labels, tupleize_cols=False)
    if index is not None and len(index) == len(frame):
        frame.index = index
    return frame


def pandas_series(column: tuple, dtype: Any, nullable: bool = False) -> Any:
    """What Table.column says, with the dtype that it had, or the one that suits it best."""
    import numpy
    import pandas
    form, values, present, dictionary = column
    if dictionary is not None:
        return categories(values, present, dictionary, form.endswith(" ordered"), dtype)
    if form == "u":
        if isinstance(dtype, (pandas.StringDtype, pandas.ArrowDtype)) or dtype == object:
            return pandas.Series(values, dtype=dtype)
        return pandas.Series(values, dtype=None if values else object)
    if nullable and present is None:
        present = numpy.ones(len(values), dtype=bool)
    series = natural_series(form, values, present, getattr(dtype, "tz", None))
    if dtype is None or series.dtype == dtype:
        return series
    if values.dtype.kind == "i" and getattr(dtype, "kind", "") in "iu" and len(series) and not fits(series, dtype):
        return series  # numbers of other rows than those that were learned
    if dtype == object:  # numbers and the like that were Python's own objects
        return series if form[0] == "t" and series.dtype != object else as_objects(series)
    if isinstance(dtype, pandas.SparseDtype):
        return series.astype(dtype)
    try:
        return series.astype(dtype)
    except (TypeError, ValueError):
        return series  # nulls that the dtype cannot hold, for one


def fits(series: Any, dtype: Any) -> bool:
    import numpy
    limits = numpy.iinfo(getattr(dtype, "numpy_dtype", dtype))
    return series.isna().all() or bool(series.min() >= limits.min and series.max() <= limits.max)


def as_objects(series: Any) -> Any:
    import numpy
    missing = series.isna().to_numpy()
    out = series.astype(object).to_numpy()
    return type(series)(numpy.where(missing, None, out), dtype=object)


def natural_series(form: str, values: Any, present: Any, tz: Any = None) -> Any:
    """With the dtype that pandas itself would take: nullable ones where integers and bools may be missing. `tz`: what an
    instant's zone was."""
    import datetime
    import decimal

    import numpy
    import pandas
    missing = None if present is None else ~present
    lost = missing if missing is not None else numpy.zeros(len(values), dtype=bool)
    if form == "b":
        return pandas.Series(values if missing is None else pandas.arrays.BooleanArray(values, missing))
    if form in WIDTHS and WIDTHS[form][0] in "iu":
        narrow = values.astype(WIDTHS[form])
        values = narrow if (narrow == values).all() else values
        return pandas.Series(values if missing is None else pandas.arrays.IntegerArray(values, missing))
    if form in WIDTHS:
        out = values.astype(WIDTHS[form])
        if missing is not None:
            out[missing] = numpy.nan
        return pandas.Series(out)
    if form.startswith("d:"):
        scale = int(form.split(",")[1])
        whole = values.dtype.kind == "i"
        out = [decimal.Decimal(int(v)).scaleb(0) if whole else decimal.Decimal(f"{v:.{scale}f}") for v in values]
        return pandas.Series([None if gone else v for v, gone in zip(out, lost)], dtype=object)
    if form == "tdD":
        epoch = datetime.date(1970, 1, 1).toordinal()
        return pandas.Series([None if gone else datetime.date.fromordinal(epoch + int(v)) for v, gone in zip(values, lost)],
                             dtype=object)
    unit = {letter: unit for unit, letter in UNITS.items()}[form[2]]
    if form.startswith("tt"):
        per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        return pandas.Series([None if gone else time_of(int(v) * 10**6 // per_second) for v, gone in zip(values, lost)],
                             dtype=object)
    out = values.astype(f"{'m8' if form.startswith('tD') else 'M8'}[{unit}]")
    if missing is not None:
        out[missing] = "NaT"
    series = pandas.Series(out)
    zone = form.partition(":")[2]
    if not zone:
        return series
    series = series.dt.tz_localize("UTC")
    try:
        return series.dt.tz_convert(tz or zone)
    except Exception:  # a zone that this machine's library does not know
        return series


def time_of(micros: int) -> Any:
    import datetime
    seconds, micros = divmod(micros, 10**6)
    return datetime.time(seconds // 3600, seconds // 60 % 60, seconds % 60, micros)


def categories(places: Any, present: Any, dictionary: list, ordered: bool, dtype: Any) -> Any:
    import numpy
    import pandas
    codes = places if present is None else numpy.where(present, places, -1)
    if isinstance(dtype, pandas.CategoricalDtype):
        values = {category_text(value): value for value in dtype.categories}
        if dictionary == list(values):
            return pandas.Series(pandas.Categorical.from_codes(codes, dtype=dtype))
        return pandas.Series(pandas.Categorical.from_codes(codes, [values.get(text, text) for text in dictionary],
                                                           ordered=ordered))
    out = pandas.Series(pandas.Categorical.from_codes(codes, dictionary, ordered=ordered))
    return out if dtype is None else out.astype(dtype)
