#!/usr/bin/env python3
"""Can whole groups of rows nobody learned be told from synthetic groups? Boosted trees on flattened groups, judged on
groups they have not seen. 0.5 = cannot be told apart.

    bench/reference/sequence_c2st.py HOLDOUT.csv SYNTHETIC.csv [...] --key group_id
"""

import argparse

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score


def features(frame, key, columns, vocabulary, longest):
    frame = frame.copy()
    for c, m in vocabulary.items():
        frame[c] = frame[c].map(m).astype(float)
    group = pd.factorize(frame[key])[0]
    position = frame.groupby(key, sort=False).cumcount().to_numpy()
    keep = position < longest
    cells = np.full((group.max() + 1, longest, len(columns)), np.nan)
    cells[group[keep], position[keep]] = frame[columns].to_numpy(float)[keep]
    distinct = frame.groupby(group)[columns].nunique().to_numpy(float)
    steps = np.diff(cells, axis=1)
    return np.concatenate(
        [
            cells.reshape(len(cells), -1),
            distinct,
            (steps == 0).sum(1),
            np.abs(np.nan_to_num(steps)).max(1),
            np.bincount(group)[:, None],
        ],
        1,
    )


def main():
    p = argparse.ArgumentParser()
    p.add_argument("holdout")
    p.add_argument("synthetic", nargs="+")
    p.add_argument("--key", default="group_id")
    p.add_argument("--longest", type=int, default=20)
    a = p.parse_args()
    real = pd.read_csv(a.holdout)
    columns = [c for c in real.columns if c != a.key]
    words = [c for c in columns if not pd.api.types.is_numeric_dtype(real[c])]
    vocabulary = {c: {v: i for i, v in enumerate(sorted(real[c].dropna().unique()))} for c in words}
    h = features(real, a.key, columns, vocabulary, a.longest)
    for f in a.synthetic:
        s = features(pd.read_csv(f)[real.columns], a.key, columns, vocabulary, a.longest)
        x, y = np.r_[h, s], np.r_[np.zeros(len(h)), np.ones(len(s))]
        i = np.random.default_rng(0).permutation(len(x))
        learn, judge = i[: len(i) // 2], i[len(i) // 2 :]
        m = HistGradientBoostingClassifier(max_iter=80, learning_rate=0.1, random_state=0).fit(x[learn], y[learn])
        print(f, "group AUC", round(roc_auc_score(y[judge], m.predict_proba(x[judge])[:, 1]), 4))


if __name__ == "__main__":
    main()
