"""A synthesizer in the manner of scikit-learn."""

from __future__ import annotations

from typing import Any

from ._error import Error
from ._frames import library_of
from ._model import Model, train


class Synthesizer:
    """fit(X), then sample(n). Parameters are those of `meg.train`, and unchanged by fitting; get_params, set_params and
    sklearn.base.clone work, and it may end a Pipeline.

        synthetic = meg.Synthesizer(seed=1, effort="fast").fit(df).sample(1000)

    With fit(X, y) y, a pandas series or a list, is learned as one more column, named after it, or "target".
    """

    def __init__(self, *, seed: int = 0, epochs: int = 0, batch_size: int = 0, progress: bool | None = None, **options: Any):
        self._params = {"seed": seed, "epochs": epochs, "batch_size": batch_size, "progress": progress, **options}

    def fit(self, X: Any, y: Any = None) -> Synthesizer:
        self.model_: Model = train(X if y is None else with_target(X, y), **self._params)
        self.n_features_in_ = len(self.model_.columns)
        return self

    def sample(self, num_rows: int = 1, *, seed: int = 0, **how: Any) -> Any:
        """Rows, as Model.generate makes them."""
        return self._fitted().generate(num_rows, seed=seed, **how)

    def score_samples(self, X: Any) -> Any:
        """The log-likelihood of each row, in nats."""
        return self._fitted().score(X)["log_likelihood"]

    def get_params(self, deep: bool = True) -> dict:
        return dict(self._params)

    def set_params(self, **params: Any) -> Synthesizer:
        self._params.update(params)
        return self

    def _fitted(self) -> Model:
        if not hasattr(self, "model_"):
            raise Error("the synthesizer has learned nothing yet: call fit(table)")
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags
        return Tags(estimator_type=None, target_tags=TargetTags(required=False), transformer_tags=None, classifier_tags=None,
                    regressor_tags=None, input_tags=InputTags(allow_nan=True, string=True, categorical=True))

    def __repr__(self) -> str:
        return f"Synthesizer({', '.join(f'{name}={value!r}' for name, value in self._params.items())})"


def with_target(X: Any, y: Any) -> Any:
    import pandas
    if library_of(X) == "polars":
        raise Error("with y, X is a pandas frame or an array; of a polars frame make y one of its columns, and fit(frame)")
    frame = X.copy(deep=False) if isinstance(X, pandas.DataFrame) else pandas.DataFrame(X)
    label = getattr(y, "name", None)
    label = "target" if label is None else label
    if label in frame.columns:
        raise Error(f"X has a column called '{label}' already, and y would be another: rename one")
    if len(y) != len(frame) or getattr(y, "ndim", 1) != 1:
        raise Error(f"y has {len(y)} values, and X {len(frame)} rows; y is one value a row")
    frame[label] = y.array if isinstance(y, pandas.Series) else y
    return frame
