"""Tables of other libraries to meg's and back.

A table that goes in leaves a Frames behind, which makes the same kind of table of rows that come out. pandas is spoken
to in numpy (_pandas.py), all others by Arrow's PyCapsules.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Any, Iterable

from ._error import Error
from ._meg import Table
from ._pandas import pandas_frame, pandas_table

KINDS = ("pandas", "polars", "pyarrow", "arrow")


def table_of(data: Any, what: str = "data") -> tuple[Table, Frames]:
    """Any table as meg's, and how to make others like it."""
    if isinstance(data, Table):
        return data, Frames("arrow")
    pandas = sys.modules.get("pandas")
    if is_path(data) or (isinstance(data, (list, tuple)) and data and all(map(is_path, data))):
        return read_files([data] if is_path(data) else list(data)), Frames(preferred_kind())
    if pandas is not None and isinstance(data, pandas.DataFrame):
        table, schema = pandas_table(data, what)
        return table, Frames("pandas", schema)
    kind = library_of(data)
    if kind == "pandas":
        raise Error(f"{what} is a pandas {type(data).__name__}, no table: select columns with df[[...]], or call .to_frame()")
    if not hasattr(data, "__arrow_c_stream__") and not hasattr(data, "__arrow_c_array__"):
        raise Error(f"{what} is a {type(data).__name__}, which is no table: pandas and polars frames, pyarrow tables, paths "
                    "of files, and objects with __arrow_c_stream__ are")
    table = Table.of_arrow(data)
    if kind == "polars":
        return table, Frames(kind, schema=dict(data.schema) if hasattr(data, "schema") else {})
    if kind == "pyarrow":
        return table, Frames(kind, schema=getattr(data, "schema", None))
    return table, Frames("pyarrow" if find_spec("pyarrow") else "arrow")


def library_of(data: Any) -> str:
    """The library that an object, or what its class extends, comes from."""
    names = [base.__module__.partition(".")[0] for base in type(data).__mro__]
    return next((name for name in names if name in KINDS), names[0])


def is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def preferred_kind() -> str:
    """What rows come out as where nothing went in that says it: the first library that is installed."""
    return next((kind for kind in KINDS[:3] if find_spec(kind)), "arrow")


def read_files(paths: list) -> Table:
    if all(os.fspath(path).lower().endswith((".parquet", ".pq", ".feather", ".arrow")) for path in paths):
        if not find_spec("pyarrow"):
            raise Error(f"'{os.fspath(paths[0])}': Parquet and Arrow files are read with pyarrow, which is not installed: "
                        "pip install pyarrow")
        import pyarrow.dataset
        try:
            is_parquet = os.fspath(paths[0]).lower().endswith((".parquet", ".pq"))
            files = pyarrow.dataset.dataset([os.fspath(path) for path in paths], format="parquet" if is_parquet else "arrow")
            return Table.of_arrow(files.to_table())
        except (OSError, ValueError) as error:
            raise Error(f"cannot read '{os.fspath(paths[0])}': {error}") from None
    return Table.read(paths)


class Frames:
    """Makes tables of one kind: "pandas", "polars", "pyarrow", or "arrow", which is meg's own."""

    def __init__(self, kind: str, schema: Any = None, nullable: Iterable[str] = ()):
        self.kind = kind
        self.nullable = frozenset(nullable)  # names of columns that may miss values, for dtypes that nobody has named
        self.schema = schema  # pandas: {name: (label, dtype)}; polars: {name: dtype}; pyarrow: a Schema; None: nothing is known

    def as_kind(self, kind: str | None) -> Frames:
        if kind is None or kind == self.kind:
            return self
        if kind not in KINDS:
            raise Error(f"frames are of the kinds {', '.join(KINDS)}, not {kind!r}")
        if kind != "arrow" and not find_spec(kind):
            raise Error(f"{kind} is not installed: pip install {kind}")
        return Frames(kind, nullable=self.nullable)

    def make(self, table: Table, index: Any = None) -> Any:
        """`index`: of pandas, that of the rows which went in."""
        if self.kind == "pandas":
            return pandas_frame(table, self.schema or {}, index, self.nullable)
        if self.kind == "polars":
            return polars_frame(table, self.schema or {})
        if self.kind == "pyarrow":
            return pyarrow_table(table, self.schema)
        return table


def polars_frame(table: Table, schema: dict) -> Any:
    import polars
    frame = polars.DataFrame(table)
    for name in frame.columns:
        if name in schema and frame.schema[name] != schema[name]:
            try:
                frame = frame.with_columns(frame[name].cast(schema[name], strict=True))
            except polars.exceptions.PolarsError:
                pass  # a level that the Enum has not, as under rare_min, or a number that does not fit
    return frame


def pyarrow_table(table: Table, schema: Any) -> Any:
    import pyarrow
    out = pyarrow.table(table)
    for place, field in enumerate(out.schema):
        at = schema.get_field_index(field.name) if schema is not None else -1
        if at < 0 or schema.field(at) == field:
            continue
        try:
            out = out.set_column(place, schema.field(at), out.column(place).cast(schema.field(at).type))
        except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
            pass  # as above
    return out if schema is None else out.replace_schema_metadata(schema.metadata)


def index_of(data: Any) -> Any:
    """The index of a pandas frame, for the rows that come out beside it."""
    return data.index if library_of(data) == "pandas" else None
