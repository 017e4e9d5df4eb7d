"""What well-known implementations measure on tests/data/measure_{real,synthetic,held_out}.csv, as tests/measure_values.h:
scipy, scikit-learn, XGBoost, SDMetrics, and synthcity's formula for precision and recall on scikit-learn's neighbours.

    python3 -m pip install sdmetrics scikit-learn xgboost==1.7.6
    python3 tests/measure_values.py > tests/measure_values.h      # --tables makes the tables anew, too
"""
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
from sdmetrics.single_column import (BoundaryAdherence, CategoryAdherence, CategoryCoverage, KSComplement,
                                     MissingValueSimilarity, RangeCoverage, TVComplement)
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, r2_score, roc_auc_score, root_mean_squared_error
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench/reference"))
import fresh

DATA = Path(__file__).resolve().parent / "data"
NUMERIC, CATEGORICAL = ["age", "pay", "rent", "size"], ["town", "sex", "job"]
COMPLETE = ["age", "pay", "size", "town", "sex"]  # the others have missing cells


def make(rows, seed, shift):
    r = np.random.default_rng(seed)
    x = r.normal(size=rows)
    rent = pd.Series(np.round(600 + 200 * x + 100 * r.normal(size=rows), 1)).mask(r.random(rows) < 0.1 + shift / 10)
    job = pd.Series(np.array(["baker", "cook", "judge", "nurse"])[np.clip(np.round(x + 1.5), 0, 3).astype(int)])
    return pd.DataFrame({
        "age": np.round(45 + 12 * x + 6 * r.normal(size=rows)).astype(int),
        "pay": np.round(np.exp(3 + 0.5 * x + shift + 0.3 * r.normal(size=rows)), 2),
        "rent": rent,
        "size": np.round(5 * r.random(rows)).astype(int),
        "town": np.array(["Oslo", "Rome", "Bern", "Kyiv", "Riga"])[(r.random(rows) ** (1 + shift) * (4 + (seed == 2))).astype(int)],
        "sex": np.where(r.random(rows) < 0.5 + 0.2 * np.tanh(x), "f", "m"),
        "job": job.mask(r.random(rows) < 0.05),
    })


if "--tables" in sys.argv:
    DATA.mkdir(exist_ok=True)
    for name, rows, seed, shift in (("real", 300, 1, 0), ("synthetic", 240, 2, 0.2), ("held_out", 150, 3, 0)):
        make(rows, seed, shift).to_csv(DATA / f"measure_{name}.csv", index=False)

real, synthetic, held_out = (pd.read_csv(DATA / f"measure_{name}.csv") for name in ("real", "synthetic", "held_out"))
out = {}


def spelled(column):
    return column.fillna("nan")


def counts(a, b):
    values = sorted(set(a) | set(b))
    return [[(s == v).sum() for v in values] for s in (a, b)]


# Columns.
for c in NUMERIC:
    a, b = real[c].dropna(), synthetic[c].dropna()
    d = stats.ks_2samp(a, b).statistic
    out[f"ks {c}"] = d
    out[f"ks_p {c}"] = special.kolmogorov(np.sqrt(len(a) * len(b) / (len(a) + len(b))) * d)
    edges = np.histogram_bin_edges(a, 10)[1:-1]
    bins = [np.append(np.bincount(np.digitize(s[c].dropna(), edges), minlength=10), s[c].isna().sum())
            for s in (real, synthetic)]
    out[f"jensen_shannon {c}"] = jensenshannon(*bins, base=2)
    out[f"coverage {c}"] = RangeCoverage.compute(real[c], synthetic[c])
    out[f"adherence {c}"] = BoundaryAdherence.compute(real[c], synthetic[c])
for c in CATEGORICAL:
    both = counts(spelled(real[c]), spelled(synthetic[c]))
    out[f"chi_square_p {c}"] = stats.chi2_contingency(both)[1]
    out[f"jensen_shannon {c}"] = jensenshannon(*both, base=2)
    out[f"coverage {c}"] = CategoryCoverage.compute(real[c], synthetic[c])
    out[f"adherence {c}"] = CategoryAdherence.compute(real[c], synthetic[c])
for c in real.columns:
    if c != "job":  # of which SDMetrics leaves missing cells out
        out[f"shape {c}"] = (KSComplement if c in NUMERIC else TVComplement).compute(real[c], synthetic[c])
    out[f"missing_similarity {c}"] = MissingValueSimilarity.compute(real[c], synthetic[c])

# Pairs, as SDMetrics' Quality Report scores them.
for i, a in enumerate(COMPLETE):
    for b in COMPLETE[i + 1:]:
        numeric = [c for c in (a, b) if c in NUMERIC]
        if len(numeric) == 2:
            out[f"trend {a} {b}"] = CorrelationSimilarity.compute(real[[a, b]], synthetic[[a, b]])
        else:
            out[f"trend {a} {b}"] = ContingencySimilarity.compute(real[[a, b]].copy(), synthetic[[a, b]].copy(),
                                                                  continuous_column_names=numeric or None)


def correlation_ratio(codes, numbers):
    codes, numbers = codes[numbers.notna()], numbers.dropna()
    means = numbers.groupby(codes).transform("mean")
    return np.sqrt(((means - numbers.mean()) ** 2).sum() / ((numbers - numbers.mean()) ** 2).sum())


# Associations within the real table.
for i, a in enumerate(real.columns):
    for b in real.columns[i + 1:]:
        if a in NUMERIC and b in NUMERIC:
            out[f"pearson {a} {b}"] = real[a].corr(real[b])
            both = real[[a, b]].dropna()
            out[f"spearman {a} {b}"] = stats.spearmanr(both[a], both[b]).statistic
        elif a in NUMERIC or b in NUMERIC:
            words, numbers = (b, a) if a in NUMERIC else (a, b)
            out[f"pearson {a} {b}"] = correlation_ratio(spelled(real[words]), real[numbers])
        else:
            table = pd.crosstab(spelled(real[a]), spelled(real[b]))
            out[f"pearson {a} {b}"] = stats.contingency.association(table, method="cramer")

# Rows as points: a missing number is the real mean and 1 in a column of its own, categories are one-hot.
both = pd.concat([real, synthetic], ignore_index=True)
points = {}
for c in real.columns:
    if c in NUMERIC:
        points[c] = both[c].fillna(real[c].mean())
        if both[c].isna().any():
            points[c + "?"] = both[c].isna().astype(float)
    else:
        for v in sorted(set(spelled(both[c]))):
            points[f"{c}={v}"] = (spelled(both[c]) == v).astype(float)
points, n = pd.DataFrame(points), len(real)
numeric_points = [c for c in points if "=" not in c]

# Classifiers: quality.py's c2st with folds by multiples of the golden ratio.
label = np.r_[np.ones(n), np.zeros(len(synthetic))]
fold = np.array([(r * 2654435769 % 2**32 * 3) >> 32 for rows in (n, len(synthetic)) for r in range(rows)])
codes = both.copy()
for c in CATEGORICAL:
    codes[c] = spelled(both[c]).map({v: i for i, v in enumerate(sorted(set(spelled(both[c]))))})
for name, x, model in (
        ("lr", StandardScaler().fit_transform(points), lambda: LogisticRegression(tol=1e-10, max_iter=10000)),
        ("xgb", codes.to_numpy(float), lambda: xgboost.XGBClassifier(
            n_estimators=100, max_depth=6, learning_rate=0.3, tree_method="hist", base_score=0.5, n_jobs=1))):
    areas = [roc_auc_score(label[fold == f], model().fit(x[fold != f], label[fold != f]).predict_proba(x[fold == f])[:, 1])
             for f in range(3)]
    out[f"c2st_{name}"] = 1 - np.mean([2 * max(a, 0.5) - 1 for a in areas])
    out[f"c2st_{name} auc"] = np.mean(areas)

# Test rows, which nobody learned: bench/reference/fresh.py with the held-out rows.
n_learned = len(synthetic) - len(held_out)
out["c2st_test_auc"] = fresh.auc(real, synthetic[:n_learned], held_out, synthetic[n_learned:], CATEGORICAL)

# Efficacy: trees that learned from synthetic rows predict real ones.
common = dict(learning_rate=0.1, tree_method="hist", base_score=0.5, n_jobs=1)
for target in ("sex", "job", "pay"):
    known = both[target].notna().to_numpy()
    x = codes.drop(columns=target).to_numpy(float)
    is_test, is_train = known & (label == 1), known & (label == 0)
    if target == "pay":
        y = both[target].to_numpy()
        said = xgboost.XGBRegressor(n_estimators=300, max_depth=6, **common).fit(x[is_train], y[is_train]).predict(x[is_test])
        out["rmse pay"], out["r2 pay"] = root_mean_squared_error(y[is_test], said), r2_score(y[is_test], said)
        continue
    y = np.searchsorted(sorted(both[target].dropna().unique()), spelled(both[target]))
    p = xgboost.XGBClassifier(n_estimators=150, max_depth=5, **common).fit(x[is_train], y[is_train]).predict_proba(x[is_test])
    said, y = p.argmax(1), y[is_test]
    out[f"auc {target}"] = roc_auc_score(y, p[:, 1] if p.shape[1] == 2 else p, multi_class="ovr")
    out[f"accuracy {target}"], out[f"macro_f1 {target}"] = accuracy_score(y, said), f1_score(y, said, average="macro")
    out[f"f1 {target}"] = f1_score(y, said) if p.shape[1] == 2 else out[f"macro_f1 {target}"]

# Precision and recall: synthcity's AlphaPrecision ("naive"), numbers scaled to [0, 1] by the real table.
scaled = points.copy()
for c in numeric_points:
    low, high = points[c][:n].min(), points[c][:n].max()
    scaled[c] = (points[c] - low) / (high - low if high > low else 1)
X, Y = scaled[:n].to_numpy(), scaled[n:].to_numpy()
alphas = np.linspace(0, 1, 30)
radii = np.quantile(np.linalg.norm(X - X.mean(0), axis=1), alphas)
to_centre = np.linalg.norm(Y - X.mean(0), axis=1)
real_to_real = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(X).kneighbors(X)[0][:, 1]
real_to_synthetic, place = (v[:, 0] for v in NearestNeighbors(n_neighbors=1, algorithm="brute").fit(Y).kneighbors(X))
closest = np.linalg.norm(Y[place] - Y.mean(0), axis=1)
closest_radii = np.quantile(closest, alphas)
precision = [np.mean(to_centre <= radius) for radius in radii]
recall = [np.mean((real_to_synthetic <= real_to_real) & (closest <= radius)) for radius in closest_radii]
out["alpha_precision"] = 1 - np.abs(alphas - precision).sum() / alphas.sum()
out["beta_recall"] = 1 - np.abs(alphas - recall).sum() / alphas.sum()

# Components, fitted on the real rows.
standardized = points.copy()
for c in numeric_points:
    deviation = 1 if c.endswith("?") else points[c][:n].std(ddof=0)
    standardized[c] = (points[c] - points[c][:n].mean()) / (deviation if deviation > 0 else 1)
pca = PCA(3).fit(standardized[:n])
size = np.abs(pca.components_)
sign = np.sign(pca.components_[range(3), (size >= (1 - 1e-6) * size.max(1, keepdims=True)).argmax(1)])
for k in range(3):
    out[f"explained {k}"] = pca.explained_variance_ratio_[k]
    out[f"real point {k}"] = sign[k] * pca.transform(standardized[:n])[7, k]
    out[f"synthetic point {k}"] = sign[k] * pca.transform(standardized[n:])[11, k]

# Membership: as many training as held-out rows, here by taking the first of the real table; Gower's distance of ranks.
train = real[: len(held_out)]
pool = pd.concat([train, held_out])
distance = np.zeros((2 * len(held_out), len(synthetic)))
for c in real.columns:
    if c in NUMERIC:
        reference = np.sort(pool[c].dropna())

        def rank(x):
            r = (np.searchsorted(reference, x, "left") + np.searchsorted(reference, x, "right")) / 2 / len(reference)
            return np.where(np.isnan(x), 2, r)

        distance += np.minimum(1, np.abs(rank(pool[c].to_numpy(float))[:, None] - rank(synthetic[c].to_numpy(float))))
    else:
        distance += spelled(pool[c]).to_numpy()[:, None] != spelled(synthetic[c]).to_numpy()
out["membership_auc"] = roc_auc_score(np.repeat([1, 0], len(held_out)), -distance.min(1).round(5))

print("#pragma once\n#include <map>\n#include <string>\n")
print("// Written by tests/measure_values.py; the numbers are those of scipy, scikit-learn, XGBoost and SDMetrics.")
print("inline const std::map<std::string, double> kMeasureValues{")
for name, value in out.items():
    print(f'    {{"{name}", {float(value)!r}}},')
print("};")
