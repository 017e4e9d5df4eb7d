"""Conditions as Python writes them."""

from __future__ import annotations

import datetime
import re
from typing import Any, Mapping

from ._error import Error
from ._pandas import own_text


def conditions_of(where: Any, model: Any) -> list[str]:
    """{"age": (20, 30)} as "age=20..30"; a list of texts as it is."""
    if where is None:
        return []
    if isinstance(where, str):
        return [where]
    if not isinstance(where, Mapping):
        if not isinstance(where, (list, tuple)) or not all(isinstance(text, str) for text in where):
            raise Error('where is a dict, {"age": (20, 30)}, or a list of texts, ["age=20..30"]')
        return list(where)
    columns = {column["name"]: column for column in model.schema}
    return [f"{name}={cells_of(asked, str(name), columns.get(str(name), {}))}" for name, asked in where.items()]


def cells_of(asked: Any, name: str, column: dict) -> str:
    if isinstance(asked, tuple):
        if len(asked) != 2 or all(map(is_missing, asked)):
            raise Error(f"column '{name}': a range is a pair of its ends, (20, 30) or (20, None), not {asked!r}; alternatives "
                        "are a list")
        low, high = ("" if is_missing(end) else text_of(end, name, column) for end in asked)
        return f"{low}..{high}"
    if isinstance(asked, (list, set, frozenset)) or getattr(asked, "shape", None):  # of numpy and pandas
        alternatives = [cells_of(one, name, column) for one in asked]
        if not alternatives:
            raise Error(f"column '{name}': there is no alternative in the list, so nothing could meet the condition")
        return "|".join(alternatives)
    if is_missing(asked):
        return ""
    text = text_of(asked, name, column)
    return '"' + text.replace('"', '""') + '"' if isinstance(asked, str) else text  # what it looks like, it is a value


def is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA
        return True


UNITS = {"s": 10**6, "ms": 10**3, "us": 1}  # in microseconds


def text_of(value: Any, name: str, column: dict) -> str:
    """A value as the column spells it."""
    known = column.get("values", [])
    if type(value).__module__ == "numpy" and getattr(value, "dtype", None) is not None and value.dtype.kind in "mM":
        value = value.astype(f"{value.dtype.kind}8[us]").item() if value.dtype.str[4:] != "D]" else value.item()
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        word = str(bool(value)).lower()
        return next((one for one in known if one.lower() == word), word)
    if isinstance(value, str):
        text = own_text(value)
        is_other_case = column.get("type") == "boolean" and text not in known
        return next((one for one in known if is_other_case and one.lower() == text.lower()), text)
    if isinstance(value, datetime.datetime):
        return spelled(in_zone_of(value, name, column), column.get("format", "%Y-%m-%d %H:%M:%S.%f"))
    if isinstance(value, datetime.date):  # all of the day
        return spelled(value, re.split(r"[ T]?%-?[HI]", column.get("format", "%Y-%m-%d"))[0])
    if isinstance(value, datetime.time):
        return value.strftime(column.get("format", "%H:%M:%S"))
    if isinstance(value, datetime.timedelta):
        unit = column.get("typed_as", {}).get("unit")
        if column.get("typed_as", {}).get("type") != "duration":
            raise Error(f"column '{name}' holds no durations")
        micros = (value.days * 86400 + value.seconds) * 10**6 + value.microseconds
        return str(micros * 1000 if unit == "ns" else micros // UNITS[unit])
    text = str(value)
    if known and text not in known and isinstance(value, (int, float)) or hasattr(value, "dtype"):
        # The category 1 is meant by 1.0, too, and 1.0 by 1.
        alike = [one for one in (f"{value:g}", str(float(value))) if one in known]
        text = alike[0] if alike else text
    return text


def spelled(value: Any, form: str) -> str:
    return value.strftime(form.replace("%Y", f"{value.year:04d}"))  # strftime writes the year 500 as it pleases


def in_zone_of(value: datetime.datetime, name: str, column: dict) -> datetime.datetime:
    """An instant as the column's zone has it."""
    typed = column.get("typed_as", {})
    offset = re.search(r"(Z|[+-]\d\d:?\d\d)$", column.get("format", ""))
    zone = datetime.timezone.utc if typed.get("time_zone") else None
    if not typed and offset:
        zone = datetime.datetime.strptime(offset[1].replace("Z", "+0000"), "%z").tzinfo  # type: ignore[assignment]
    if zone is None and value.tzinfo is not None:
        raise Error(f"column '{name}' holds times of no zone, and the condition has one: leave it out, as with .replace(tzinfo=None)")
    if zone is not None and value.tzinfo is None:
        if typed:
            raise Error(f"column '{name}' holds instants of a time zone, and the condition has none: give it one, as with "
                        ".replace(tzinfo=datetime.timezone.utc)")
        return value
    return value if zone is None else value.astimezone(zone)
