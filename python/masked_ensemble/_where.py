"""Conditions as Python writes them."""

from __future__ import annotations

import datetime
from typing import Any, Mapping

from ._error import Error


def conditions_of(where: Any, model: Any) -> list[str]:
    """{"age": (20, 30)} as "age=20..30"; a list of texts as it is."""
    if where is None:
        return []
    if isinstance(where, str):
        return [where]
    if not isinstance(where, Mapping):
        return list(where)
    columns = {column["name"]: column for column in model.schema}
    return [f"{name}={cells_of(asked, columns.get(str(name), {}))}" for name, asked in where.items()]


def cells_of(asked: Any, column: dict) -> str:
    if isinstance(asked, tuple):
        if len(asked) != 2:
            raise Error(f"a range is a pair of its ends, (20, 30) or (20, None), not {asked!r}; alternatives are a list")
        low, high = ("" if is_missing(end) else text_of(end, column) for end in asked)
        return f"{low}..{high}"
    if isinstance(asked, (list, set, frozenset)) or getattr(asked, "shape", ()):  # of numpy and pandas
        return "|".join(cells_of(one, column) for one in asked)
    return "" if is_missing(asked) else text_of(asked, column)


def is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA
        return True


def text_of(value: Any, column: dict) -> str:
    """A value as the column spells it."""
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        word = str(bool(value)).lower()
        return next((known for known in column.get("values", []) if known.lower() == word), word)
    if isinstance(value, datetime.datetime) and column.get("format"):
        return value.strftime(column["format"])
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (datetime.date, datetime.time)) and column.get("format"):
        return value.strftime(column["format"])
    if isinstance(value, datetime.timedelta):
        raise Error("a condition on durations is a number in the column's unit")
    return str(value)
