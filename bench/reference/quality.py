#!/usr/bin/env python3
"""Quality of a synthetic table against the real one: an independent statement of the measures, in Python.

Definitions follow SDMetrics' Quality Report (shape, trend) and its detection metrics (c2st_*), as used by the
TabSyn / TabDiff / TabPC papers. Every score is in [0, 1] and higher is better, except mle of a regression (RMSE).

    bench/reference/quality.py REAL.csv SYNTHETIC.csv --categorical a,b,c [--test TEST.csv --target y --task bin|reg]
"""

import argparse
import itertools
import json

import numpy as np
import pandas as pd
import xgboost
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler


def shape(real, syn, categorical):
    """Per column: 1 - total variation distance (categorical) or 1 - Kolmogorov-Smirnov statistic (numeric)."""
    score = {}
    for c in real.columns:
        if c in categorical:
            p, q = real[c].value_counts(normalize=True), syn[c].value_counts(normalize=True)
            score[c] = 1 - 0.5 * p.sub(q, fill_value=0).abs().sum()
        else:
            score[c] = 1 - ks_2samp(real[c].dropna(), syn[c].dropna()).statistic
    return score


def trend(real, syn, categorical):
    """Per pair: 1 - |Pearson difference| / 2 (both numeric), else 1 - total variation of the contingency table,
    numeric columns cut into 10 equal-width bins of the real column."""
    codes = {}
    for c in real.columns:
        if c in categorical:
            values = {v: i for i, v in enumerate(pd.concat([real[c], syn[c]]).unique())}
            codes[c] = real[c].map(values).to_numpy(), syn[c].map(values).to_numpy()
        else:
            edges = np.histogram_bin_edges(real[c].dropna(), 10)[1:-1]
            codes[c] = np.digitize(real[c], edges), np.digitize(syn[c], edges)
    score = {}
    for a, b in itertools.combinations(real.columns, 2):
        if a not in categorical and b not in categorical:
            r, s = real[a].corr(real[b]), syn[a].corr(syn[b])
            if not np.isnan(r):
                score[a, b] = 1 - abs(r - (0 if np.isnan(s) else s)) / 2
        else:
            width = 1 + max(codes[b][0].max(), codes[b][1].max())
            p, q = (
                pd.Series(codes[a][i].astype(np.int64) * width + codes[b][i]).value_counts(normalize=True)
                for i in (0, 1)
            )
            score[a, b] = 1 - 0.5 * p.sub(q, fill_value=0).abs().sum()
    return score


def _matrix(frame, categorical, vocabulary):
    columns = []
    for c in frame.columns:
        if c in categorical:
            index = {v: i for i, v in enumerate(sorted(vocabulary[c].astype(str).unique()))}
            columns.append(frame[c].astype(str).map(index).fillna(-1).to_numpy())
        else:
            columns.append(frame[c].astype(float).to_numpy())
    return np.column_stack(columns)


def c2st(real, syn, categorical, kind):
    """Classifier two-sample test: 1 - mean over 3 folds of (2 max(AUC, 0.5) - 1). 1 = cannot be told apart."""
    both, label = pd.concat([real, syn], ignore_index=True), np.r_[np.ones(len(real)), np.zeros(len(syn))]
    if kind == "xgb":
        x = _matrix(both, categorical, both)
        model = lambda: xgboost.XGBClassifier(
            n_estimators=100, max_depth=6, learning_rate=0.3, tree_method="hist", eval_metric="logloss"
        )
    else:
        x = StandardScaler().fit_transform(pd.get_dummies(both, columns=list(categorical)).astype(float))
        model = lambda: LogisticRegression(max_iter=200)
    told = []
    for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(x, label):
        auc = roc_auc_score(label[test], model().fit(x[train], label[train]).predict_proba(x[test])[:, 1])
        told.append(2 * max(auc, 0.5) - 1)
    return 1 - float(np.mean(told))


def mle(syn, test, categorical, target, task):
    """Machine-learning efficacy: XGBoost trained on the synthetic table, tested on real held-out rows (AUC or RMSE)."""
    inputs = [c for c in categorical if c != target]
    vocabulary = pd.concat([syn, test]).drop(columns=target)
    x = _matrix(syn.drop(columns=target), inputs, vocabulary)
    xt = _matrix(test.drop(columns=target), inputs, vocabulary)
    if task == "reg":
        model = xgboost.XGBRegressor(n_estimators=300, max_depth=6, learning_rate=0.1, tree_method="hist").fit(
            x, syn[target].astype(float)
        )
        return float(np.sqrt(np.mean((model.predict(xt) - test[target].astype(float)) ** 2)))
    positive = sorted(test[target].astype(str).unique())[-1]
    y, yt = (syn[target].astype(str) == positive).astype(int), (test[target].astype(str) == positive).astype(int)
    if y.nunique() < 2:
        return 0.5
    model = xgboost.XGBClassifier(
        n_estimators=150, max_depth=5, learning_rate=0.1, tree_method="hist", eval_metric="logloss"
    ).fit(x, y)
    return float(roc_auc_score(yt, model.predict_proba(xt)[:, 1]))


def report(real, syn, categorical, test=None, target=None, task=None):
    syn = syn[list(real.columns)]
    s, t = shape(real, syn, categorical), trend(real, syn, categorical)
    out = dict(
        shape=float(np.mean(list(s.values()))),
        trend=float(np.mean(list(t.values()))),
        c2st_xgb=c2st(real, syn, categorical, "xgb"),
        c2st_lr=c2st(real, syn, categorical, "lr"),
    )
    if test is not None:
        out["mle"] = mle(syn, test, categorical, target, task)
    return {k: round(v, 4) for k, v in out.items()}


def read(path, categorical):
    frame = pd.read_csv(path, skipinitialspace=True)
    return frame.assign(**{c: frame[c].astype(str) for c in categorical})


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("real")
    p.add_argument("synthetic")
    p.add_argument("--categorical", default="")
    p.add_argument("--test")
    p.add_argument("--target")
    p.add_argument("--task", default="bin")
    a = p.parse_args()
    cats = [c for c in a.categorical.split(",") if c]
    test = read(a.test, cats) if a.test else None
    print(json.dumps(report(read(a.real, cats), read(a.synthetic, cats), cats, test, a.target, a.task)))
