"""Models: training them, and what a trained one can do."""

from __future__ import annotations

import json
import os
import warnings
from typing import Any, Callable, Iterator, Mapping, Sequence, Union

from . import _meg
from ._error import Error
from ._frames import Frames, index_of, is_path, preferred_kind, table_of
from ._progress import ProgressBar, is_watched
from ._where import conditions_of

Where = Union[Mapping[str, Any], Sequence[str], None]
OnProgress = Callable[[dict], Any]


class Model:
    """A trained model. `train` and `load` make one; it can be pickled, and any number of threads may share it."""

    def __init__(self, engine: _meg.Model, frames: Frames, target: str | None = None):
        self._engine = engine
        self._frames = frames
        self.target = target

    # What it is

    def describe(self) -> dict:
        """All that is in the model: preset, options, epochs, order of generation, notes, history, schema."""
        return json.loads(self._engine.describe())

    @property
    def schema(self) -> list[dict]:
        """The columns, as they were inferred: a dict each."""
        return json.loads(self._engine.schema_json())

    @property
    def columns(self) -> list[str]:
        return [column["name"] for column in self.schema]

    @property
    def notes(self) -> list[str]:
        """A sentence for each column that needs a remark."""
        return self.describe()["notes"]

    @property
    def history(self) -> list[dict]:
        """The lines of the training, a dict each: phase, epoch or step, losses."""
        return self.describe()["history"]

    @property
    def finished(self) -> bool:
        """Whether training did all that it was to do; False after Ctrl-C."""
        return self._engine.finished

    def __repr__(self) -> str:
        about = self.describe()
        return (f"<masked_ensemble.Model: {len(about['schema'])} columns, {about['epochs']} epochs"
                f"{'' if self.finished else ', not finished'}>")

    # What it does

    def train(self, epochs: int = 0, batch_size: int = 0, *, data: Any = None, on_progress: OnProgress | None = None,
              progress: bool | None = None) -> Model:
        """Goes on with a training that was stopped. Arguments are those of `meg.train`; a model that was loaded, pickled or
        copied needs the table again."""
        if data is not None:
            self._engine.load_table(table_of(data)[0])
        if on_progress is not None and not callable(on_progress):
            raise Error("on_progress is a function that takes a dict")
        bar = ProgressBar() if progress or (progress is None and on_progress is None and is_watched()) else None

        def report(line: str) -> Any:
            said = json.loads(line)
            if bar is not None:
                bar(said)
            return on_progress(said) if on_progress is not None else None

        try:
            self._engine.train(whole(epochs, "epochs", 2**31), whole(batch_size, "batch_size", 2**31), report)
        except KeyboardInterrupt:  # with what was learned until then
            if not self._engine.epochs_done:
                raise
            warnings.warn("the training was interrupted: the model is what it has learned until now, and its train() goes "
                          "on", stacklevel=3)
        finally:
            if bar is not None:
                bar.close()
        return self

    def generate(self, rows: int | None = None, *, seed: int = 0, where: Where = None, given: Any = None,
                 temperature: float = 1.0, first_row: int = 0, kind: str | None = None) -> Any:
        """New rows, as a table of the kind that was learned.

        Row i is a function of the model, the seed and i alone (and of what follows), whatever `rows` is.

        rows: how many; may be left out beside `given`.
        where: conditions that every row meets: {"income": ">50K", "age": (20, 30), "day": ("2024-03-01", None),
            "state": ["CA", "NY"], "note": None}: a value, a range with its ends, alternatives, or None for a missing
            cell; or the command line's texts, ["age=20..30"].
        given: a table whose cells the rows keep. Of a model trained with any_order=True its missing cells are
            generated; of any other they are kept, too.
        temperature: below 1 rows are likelier, above 1 more varied.
        first_row: the number of the first row.
        kind: "pandas", "polars", "pyarrow" or "arrow" (a meg.Table), where another kind of table is wanted.
        """
        table = table_of(given, "given")[0] if given is not None else None
        if rows is None:
            if table is None:
                raise Error("generate(rows): how many?")
            rows = len(table)
        made = self._engine.generate(whole(first_row, "first_row"), whole(rows, "rows"), whole(seed, "seed"),
                                     conditions_of(where, self), table, real(temperature, "temperature"))
        return self._frames.as_kind(kind).make(made, index_of(given))

    def stream(self, rows: int, *, seed: int = 0, where: Where = None, given: Any = None, temperature: float = 1.0,
               first_row: int = 0, kind: str | None = None) -> Iterator[Any]:
        """The same rows as `generate`, some thousands at a time: for more than memory holds."""
        table = table_of(given, "given")[0] if given is not None else None
        source = self._engine.stream(whole(first_row, "first_row"), whole(rows, "rows"), whole(seed, "seed"),
                                     conditions_of(where, self), table, real(temperature, "temperature"))
        frames = self._frames.as_kind(kind)
        return (frames.make(some) for some in iter(source.next, None))

    def impute(self, data: Any, *, seed: int = 0, draw: int = 0) -> Any:
        """The table with its missing cells filled, each given all that is there in its row.

        draw: 0, 1, 2, ... are as many versions, for multiple imputation.
        """
        table, frames = table_of(data)
        filled, did = self._engine.impute(table, whole(seed, "seed"), whole(draw, "draw", 2**32))
        counts = json.loads(did)
        if counts["still_missing"]:
            warnings.warn(f"{counts['still_missing']} missing cells of columns that are not learned remain", stacklevel=2)
        if counts["unknown"]:
            warnings.warn(f"{counts['unknown']} cells mean nothing to the model, and nothing was concluded from them; the "
                          f"first: {counts['first_unknown']}", stacklevel=2)
        return frames.make(filled, index_of(data))

    def score(self, data: Any) -> Any:
        """How likely rows are: a table with "log_likelihood" in nats, and its parts column by column."""
        table, frames = table_of(data)
        labels = {name: (label, None) for name, (label, _) in frames.schema.items()} if frames.kind == "pandas" and frames.schema else None
        return Frames(frames.kind, labels).make(self._engine.score(table), index_of(data))

    def evaluate(self, real_rows: Any, *, test: Any = None, target: str | None = None, seed: int = 0, **how: Any) -> Any:
        """`meg.evaluate` of as many generated rows as `real_rows` and `test` have together."""
        from ._evaluate import evaluate
        rows = len(table_of(real_rows, "real")[0]) + (0 if test is None else len(table_of(test, "test")[0]))
        synthetic = self._engine.generate(0, rows, whole(seed, "seed"), [], None, 1.0)
        return evaluate(real_rows, synthetic, test=test, target=self.target if target is None else target, **how)

    def save(self, path: str | os.PathLike) -> None:
        """Writes the model, complete or not at all; `meg.load` and the command line read it."""
        self._engine.save(path_of(path))

    def __reduce__(self) -> Any:
        return _unpickle, (self._engine.to_bytes(), self._frames, self.target, self._engine.threads, self._engine.device)


def _unpickle(data: bytes, frames: Frames, target: str | None, threads: int, device: str) -> Model:
    return Model(_meg.Model.of_bytes(data, options_json({"threads": threads, "device": device})), frames, target)


def of_file(engine: _meg.Model, kind: str | None) -> Model:
    """A model that knows nothing of the table but what is in its file."""
    missing = [column["name"] for column in json.loads(engine.schema_json()) if column["missing"]]
    return Model(engine, Frames(preferred_kind(), nullable=missing).as_kind(kind))


def train(data: Any, *, target: str | None = None, seed: int = 0, epochs: int = 0, batch_size: int = 0,
          on_progress: OnProgress | None = None, progress: bool | None = None,
          start_from: str | os.PathLike | None = None, **options: Any) -> Model:
    """Learns a table.

    data: a pandas or polars frame, a pyarrow table, anything with __arrow_c_stream__, or the path of a file. A pandas
        index is not learned: reset_index() makes it a column.
    target: the column that `model.evaluate` predicts; training does not treat it differently.
    epochs, batch_size: 0 lets meg choose.
    on_progress: is called with a dict a line of the history; training stops where it returns False, and what it raises
        comes out of here.
    progress: whether to draw a bar; None: where there is a terminal or a notebook, and no on_progress.
    start_from: the file of a trained model to begin with.

    Ctrl-C ends the training early and keeps the model; its train() goes on.

    Options are those of the command line with underscores, as any_order=True (dynamic masks),
    types={"year": "categorical", "mail": "email"}, drop=["id"], effort="fast", threads=2, device="cuda":

    """
    json_options = options_json({**options, "seed": whole(seed, "seed")})
    table, frames = table_of(data)
    if target is not None and str(target) not in table.column_names:
        raise Error(f"target: there is no column '{target}'")
    engine = _meg.Model(json_options) if start_from is None else _meg.Model.start_from(path_of(start_from), json_options)
    engine.load_table(table)
    del table
    if is_path(data) or isinstance(data, (list, tuple)):
        frames = of_file(engine, None)._frames
    return Model(engine, frames, target).train(epochs, batch_size, on_progress=on_progress, progress=progress)


if train.__doc__:  # not where Python was told to leave them out
    train.__doc__ += "".join(f"        {line}\n" for line in _meg.options_text().splitlines())  # type: ignore[operator]


def load(path: str | os.PathLike, *, kind: str | None = None, **options: Any) -> Model:
    """Reads a model that `Model.save` or the command line wrote.

    kind: what rows come out as: "pandas", "polars", "pyarrow" or "arrow"; None: the first of these that is installed.
    options: threads, device, precision.
    """
    return of_file(_meg.Model.load(path_of(path), options_json(options)), kind)


def schema(data: Any, **options: Any) -> list[dict]:
    """The columns of a table as meg infers them, a dict each. options: types, drop, threads."""
    return json.loads(_meg.schema_json(table_of(data)[0], options_json(options)))


def options_json(options: Mapping[str, Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, (set, frozenset, tuple)) or hasattr(value, "tolist"):
            return value.tolist() if hasattr(value, "tolist") else list(value)
        raise Error(f"an option is of type {type(value).__name__}: give a number, a text, a bool, a list or a dict")

    given = {name: value for name, value in options.items() if value is not None}
    for name in ("drop", "order"):  # labels that are no texts are called as they are written
        if name in given and not isinstance(given[name], str):
            labels = given[name] if hasattr(given[name], "__iter__") else [given[name]]
            given[name] = [str(label) for label in labels]
    if isinstance(given.get("types"), Mapping):
        given["types"] = {str(label): kind for label, kind in given["types"].items()}
    try:
        return json.dumps(given, default=plain, allow_nan=False)
    except ValueError as error:
        raise Error(f"an option is not finite, or no text: {error}") from None


def path_of(value: Any) -> str:
    if not is_path(value):
        raise Error(f"a file is named by a path, not by {value!r}")
    path = os.fspath(value)
    if not isinstance(path, str) or "\0" in path:
        raise Error(f"{path!r} is no path")
    return path


def real(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Error(f"{name} is a number, not {value!r}") from None


def whole(value: Any, name: str, beyond: int = 2**64) -> int:
    try:
        number = value.__index__()
    except (AttributeError, TypeError):
        raise Error(f"{name} is a whole number, not {value!r}") from None
    if not 0 <= number < beyond:
        raise Error(f"{name} is {number}; it must be 0 or more, and below 2**{beyond.bit_length() - 1}")
    return number
