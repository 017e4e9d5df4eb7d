"""Measures of synthetic tables, and the page that shows them."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from typing import Any

from . import _meg
from ._error import Error
from ._frames import Frames, is_path, preferred_kind, table_of
from ._meg import Table
from ._model import Model, options_json


class Evaluation(dict):
    """All that was measured, as the JSON of `meg evaluate --json` has it (docs/evaluate.md)."""

    def __init__(self, measured: dict, frames: Frames):
        super().__init__(measured)
        self._frames = frames

    @property
    def scores(self) -> dict[str, float | None]:
        """The headline scores by name; None where one could not be measured (`reasons` says why)."""
        return {line["name"]: line["value"] for line in self["headlines"]}

    @property
    def reasons(self) -> dict[str, str]:
        return dict(self.get("reasons", {}))

    @property
    def columns(self) -> Any:
        """A table with a row a column: how like the real one it is, by each measure."""
        return frame_of(self["columns"], self._frames)

    @property
    def trends(self) -> Any:
        """A table with a row a pair of columns: how alike they depend on each other."""
        return frame_of(self["trends"], self._frames)

    def __repr__(self) -> str:
        width = max(map(len, self.scores), default=0)
        lines = [f"{name:<{width}}  {'-' if value is None else format(value, '.4f')}" for name, value in self.scores.items()]
        if "two_sample" in self and "test" not in self["two_sample"]:
            lines.append("c2st_lr and c2st_xgb are of rows that the model learned; test= gives others")
        return "\n".join(lines)


class Report:
    """A page that shows whether synthetic rows are good, where not, and if they leak. Jupyter shows it inline."""

    def __init__(self, numbers: str):
        self._json = numbers

    @property
    def numbers(self) -> dict:
        """Every number of the page."""
        return json.loads(self._json)

    @property
    def html(self) -> str:
        """The page, which needs nothing else."""
        return _meg.report_page(self._json)

    def save(self, path: str | os.PathLike) -> None:
        page = self.html
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(page)
        except OSError as error:
            raise Error(f"cannot write '{os.fspath(path)}': {error.strerror}") from None

    def _repr_html_(self) -> str:
        page = self.html.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 800px; border: none"></iframe>'

    def __repr__(self) -> str:
        verdict = self.numbers["verdict"]
        return f"{verdict['title']}. {verdict['privacy_title']}."


def evaluate(real: Any, synthetic: Any, *, target: str | None = None, test: Any = None, quick: bool = False,
             **options: Any) -> Evaluation:
    """Measures how like a real table a synthetic one is.

    target: a column to predict from the others: synthetic rows taught, real rows asked.
    test: real rows that nobody learned from: whether trees can tell synthetic rows from them (c2st_test_auc, 0.5: they
        cannot), and whether rows were copied; the target is predicted in them. Give as many synthetic rows as `real` and
        `test` have together. Without them c2st_lr and c2st_xgb are of rows that the model has learned.
    quick: only columns, pairs and identical rows.
    options: types={"year": "categorical"}, drop=["id"], threads=2.

    Boosted trees need xgboost: pip install xgboost.
    """
    tables, frames = tables_of(real, synthetic, test)
    find_xgboost()
    measured = _meg.evaluation_json(*tables, "" if target is None else str(target), bool(quick), options_json(options))
    return Evaluation(json.loads(measured), frames)


def report(real: Any, synthetic: Any, *, model: Model | None = None, target: str | None = None, test: Any = None,
           **options: Any) -> Report:
    """The page of `meg report`. Arguments are those of `evaluate`; `model` adds how it was trained."""
    tables, _ = tables_of(real, synthetic, test)
    find_xgboost()
    names = [name_of(real, "real"), name_of(synthetic, "synthetic"), "model" if model is not None else "",
             name_of(test, "test") if test is not None else ""]
    if model is not None and not isinstance(model, Model):
        raise Error(f"model is a {type(model).__name__}, not what meg.train returns")
    if model is not None and target is None:
        target = model.target
    return Report(_meg.report_json(*tables, "" if target is None else str(target), model._engine if model is not None else None,
                                   names, options_json(options)))


def tables_of(real: Any, synthetic: Any, test: Any) -> tuple[tuple[Table, Table, Table | None], Frames]:
    first, frames = table_of(real, "real")
    return (first, table_of(synthetic, "synthetic")[0], table_of(test, "test")[0] if test is not None else None), frames


def name_of(data: Any, otherwise: str) -> str:
    return os.path.basename(os.fspath(data)) if is_path(data) else otherwise


def frame_of(rows: list[dict], frames: Frames) -> Any:
    kind = frames.kind if frames.kind != "arrow" else preferred_kind()
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    if kind == "pandas":
        import pandas
        return pandas.DataFrame(columns)
    if kind == "polars":
        import polars
        return polars.DataFrame(columns, strict=False)
    if kind == "pyarrow":
        import pyarrow
        return pyarrow.table(columns)
    raise Error("a table of the measures needs pandas, polars or pyarrow; without one the list of dicts is in "
                'evaluation["columns"] and evaluation["trends"]')


def find_xgboost() -> None:
    """Tells meg of the library that PyPI's xgboost carries."""
    spec = find_spec("xgboost") if "MEG_XGBOOST" not in os.environ else None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        library = os.path.join(folder, "lib", "libxgboost.so")
        if os.path.exists(library):
            os.environ["MEG_XGBOOST"] = library
