"""The progress of a training, as a bar."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any


def in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


class ProgressBar:
    """A bar on standard error for people: a phase of the training after the other, with its losses."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.phase = ""

    def __call__(self, line: dict) -> None:
        if line["phase"] != self.phase:
            self.close()
            self.phase = line["phase"]
            self.bar = bar_class()(total=line["of"], desc=self.phase, unit=" steps" if "step" in line else " epochs",
                                   leave=True)
        losses = {name: f"{line[name]:.3f}" for name in ("loss", "held_out_loss", "held_out_auc") if name in line}
        self.bar.set_postfix(losses, refresh=False)
        self.bar.update(line.get("step", line.get("epoch", 0)) - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def bar_class() -> Any:
    if in_notebook() and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    return tqdm


def is_watched() -> bool:
    """Whether somebody may look at a bar."""
    return in_notebook() or (sys.stderr is not None and sys.stderr.isatty())
