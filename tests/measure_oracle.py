"""The measures of core/measure by pandas, scipy, scikit-learn and XGBoost, as JSON: what `meg evaluate` is checked
against. Shape, trend and efficacy are those of quality.py; the distances follow classic_ensemble.py.

    python3 measure_oracle.py REAL.csv SYNTHETIC.csv --categorical a,b [--skip id,name] [--test TEST.csv --target y]
"""
import argparse, json, sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

parser = argparse.ArgumentParser()
parser.add_argument("real"), parser.add_argument("synthetic")
parser.add_argument("--categorical", default=""), parser.add_argument("--skip", default="")
parser.add_argument("--test"), parser.add_argument("--target"), parser.add_argument("--task", default="bin")
parser.add_argument("--reference", default=Path(__file__).resolve().parents[1] / "bench/reference")
a = parser.parse_args()
sys.path.insert(0, str(a.reference))
import quality

categorical = [c for c in a.categorical.split(",") if c]
skipped = [c for c in a.skip.split(",") if c]


def read(path):
    return quality.read(path, categorical).drop(columns=skipped, errors="ignore")


def numbers(real, synthetic, column):
    """A column as the distances compare it: numbers, or places among the sorted categories."""
    if column not in categorical:
        return real[column].dropna().to_numpy(float), synthetic[column].dropna().to_numpy(float)
    words = sorted(set(real[column]) | set(synthetic[column]))
    try:
        code = {word: float(word) for word in words}
        assert "nan" not in code
    except (ValueError, AssertionError):
        code = {word: place for place, word in enumerate(words)}
    return real[column].map(code).to_numpy(float), synthetic[column].map(code).to_numpy(float)


def chi_square_p(real, synthetic):
    values = np.union1d(real, synthetic)
    if len(values) < 2:
        return 1.0
    return chi2_contingency([[np.sum(sample == v) for v in values] for sample in (real, synthetic)])[1]


def total_variation(real, synthetic):
    return 0.5 * sum(abs(np.mean(real == v) - np.mean(synthetic == v)) for v in np.union1d(real, synthetic))


real, synthetic = read(a.real), read(a.synthetic)
synthetic = synthetic[list(real.columns)]
shape, trend = quality.shape(real, synthetic, categorical), quality.trend(real, synthetic, categorical)
first = synthetic.iloc[: len(real)]
columns = {}
for c in real.columns:
    x, y = numbers(real, synthetic, c)
    scale = x.std() if x.min() < x.max() else 1.0
    out = dict(wasserstein=wasserstein_distance((x - x.mean()) / scale, (y - x.mean()) / scale),
               ks=ks_2samp(x, y).statistic, shape=shape[c])
    if c in categorical or real[c].nunique() <= 2:
        out |= dict(total_variation=total_variation(x, y), chi_square_p=chi_square_p(x, numbers(real, first, c)[1]))
    columns[c] = {k: float(v) for k, v in out.items()}


def mean(measure):
    return float(np.mean([column[measure] for column in columns.values()]))


report = dict(columns=columns, pairs=[[*pair, float(score)] for pair, score in trend.items()],
              mean_wasserstein=mean("wasserstein"), mean_ks=mean("ks"), mean_shape=mean("shape"),
              mean_trend=float(np.mean(list(trend.values()))))
if a.target:
    test = read(a.test) if a.test else real
    report["efficacy"] = quality.mle(synthetic, test, categorical, a.target, a.task)
print(json.dumps(report))
