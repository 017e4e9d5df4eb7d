"""The Masked Ensemble Generator: learns a table and generates synthetic rows like it.

    import masked_ensemble as meg

    model = meg.train(df, seed=0)
    rows = model.generate(1000, where={"income": ">50K", "age": (20, 30)})
    scores = meg.evaluate(df, rows, target="income")

Tables are pandas and polars frames, pyarrow tables, DuckDB relations and whatever else has __arrow_c_stream__, or paths
of files; rows come out as what the model was trained on. Every failure that a caller can mend is a `meg.Error`.
"""

from ._error import Error
from ._evaluate import Evaluation, Report, evaluate, report
from ._meg import Table, version
from ._model import Model, load, schema, train
from ._synthesizer import Synthesizer

__version__ = version()
__all__ = ["Error", "Evaluation", "Model", "Report", "Synthesizer", "Table", "__version__", "evaluate", "load", "report",
           "schema", "train"]
