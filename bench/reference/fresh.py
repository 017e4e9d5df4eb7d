#!/usr/bin/env python3
"""Can real rows that NOBODY learned be told from synthetic ones? The honest classifier two-sample test.

c2st of quality.py judges the very rows that the model learned: a model that leans on them looks better than it is. Here
boosted trees learn TRAIN rows against the first as many synthetic rows, and are judged on TEST rows against the other
synthetic rows. 0.5 = cannot be told apart. `control` is the same with real rows in the place of synthetic ones: two
thirds of TRAIN against each other, judged on TEST against the last third. It shows what chance does.

    build/meg generate m.meg --rows N --out syn.csv      # N = rows of TRAIN + rows of TEST, or more
    bench/reference/fresh.py TRAIN.csv TEST.csv SYN.csv --categorical a,b,c
"""

import argparse
import json

import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import roc_auc_score


def matrix(frames, categorical):
    both = pd.concat(frames, ignore_index=True)
    columns = []
    for c in frames[0].columns:
        if c in categorical:
            columns.append(pd.factorize(both[c].astype(str), sort=True)[0].astype(float))
        elif pd.api.types.is_numeric_dtype(both[c]):
            columns.append(both[c].to_numpy(float))
        else:  # dates: seconds, weekday, second of the day
            t = pd.to_datetime(both[c], errors="coerce")
            s = (t - pd.Timestamp("1970-01-01")).dt.total_seconds()
            columns += [s.to_numpy(float), t.dt.dayofweek.to_numpy(float), (s % 86400).to_numpy(float)]
    x = np.column_stack(columns)
    ends = np.cumsum([0] + [len(f) for f in frames])
    return [x[a:b] for a, b in zip(ends, ends[1:])]


def auc(train, syn_a, test, syn_b, categorical):
    a, b, c, d = matrix([train, syn_a, test, syn_b], categorical)
    model = xgboost.XGBClassifier(
        n_estimators=300,
        max_depth=6,
        learning_rate=0.05,
        subsample=0.8,
        colsample_bytree=0.7,
        min_child_weight=20,
        tree_method="hist",
        eval_metric="logloss",
        random_state=0,
        n_jobs=1,
    )
    model.fit(np.vstack([a, b]), np.r_[np.zeros(len(a)), np.ones(len(b))])
    return roc_auc_score(np.r_[np.zeros(len(c)), np.ones(len(d))], model.predict_proba(np.vstack([c, d]))[:, 1])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("train")
    p.add_argument("test")
    p.add_argument("synthetic")
    p.add_argument("--categorical", default="")
    a = p.parse_args()
    train, test, syn = (pd.read_csv(f) for f in (a.train, a.test, a.synthetic))
    categorical = [c for c in a.categorical.split(",") if c]
    test, syn = test[train.columns], syn[train.columns]
    n = min(len(train), len(syn) - len(test))
    if n <= 0:
        raise SystemExit("give at least as many synthetic rows as TRAIN and TEST have together")
    shuffled = train.sample(frac=1, random_state=0)
    third = len(shuffled) // 3
    one, two, three = (shuffled[i * third : (i + 1) * third] for i in range(3))
    print(
        json.dumps(
            {
                "fresh_auc": round(auc(train, syn[:n], test, syn[n : n + len(test)], categorical), 4),
                "standard_error": round(0.41 / np.sqrt(len(test)), 4),
                "control": round(auc(one, two, test, three[: len(test)], categorical), 4),
            }
        )
    )


if __name__ == "__main__":
    main()
