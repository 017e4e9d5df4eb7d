#!/usr/bin/env python3
"""Differentially private masked ensemble on adult, stated plainly (NumPy and PyTorch, one core, 15 to 40 s). A prototype,
NOT fit to release data: its noise is floating-point Gaussian from an ordinary generator, and its constants were tuned on
adult.

    bench/reference/private_ensemble.py build/data/adult_train.csv build/data/adult_test.csv --eps 1 [--out rows.csv]

Prints the figures of quality.py. The mechanism (add or remove one row; Gaussian differential privacy, mu chosen so that
delta(eps) = 1e-9, every release's mu^2 adds up):

1. 25 %: one-way counts on public bins, and integer histograms of two columns to find spikes; coarse codes (about 12 a
   column) follow from them.
2. 20 %: one-way counts of the coarse codes.
3. 53 %: ALL pairs in one query: the sum over rows of f * (e_i - p_i)(e_j - p_j)^T, where e is one-hot and p the noisy
   margin; the vector of all pairs is clipped jointly to its root-mean-square norm under independence (5.7 here, against
   sqrt(105) = 10.2 uncentred), so the noise is that much smaller.
4. 2 %: the sum of the clipping factors f, to undo their bias.
5. Fit column by column by softmax regression on one-hot earlier columns, on rows THE MODEL ITSELF has drawn: the noisy
   pairs are its sufficient statistics; accelerated proximal gradient, L1 at the scale of each cell's noise, a small L2.
6. Draw each column with Gumbel noise and class offsets that make its counts equal its measured margin; a fine value
   within the coarse code.

Results, epsilon 1: shape .995, trend .978, c2st_xgb .586, mle .904; epsilon 10: .999, .991, .813, .912. (AIM, epsilon 1:
.994, .964, .356, .894.)
"""

import argparse
import itertools
import json
import time

import numpy as np
import pandas as pd
import torch
from scipy.optimize import brentq
from scipy.stats import norm

import quality

p = argparse.ArgumentParser()
p.add_argument("train")
p.add_argument("test")
p.add_argument("--eps", type=float, default=1)
p.add_argument("--seed", type=int, default=0)
p.add_argument("--c", type=float, default=1.0)
p.add_argument("--split", default=".25,.55,.2")
p.add_argument("--bins", type=int, default=12)
p.add_argument("--rows", type=int, default=32768)
p.add_argument("--iters", type=int, default=100)
p.add_argument("--out", default="")
p.add_argument("--l2", type=float, default=0.02)
p.add_argument("--clip", type=float, default=1.0)
p.add_argument("--power", type=float, default=0.0)
p.add_argument("--target", type=float, default=1.0)
p.add_argument("--fbar", type=float, default=0.02)
p.add_argument("--ada", type=float, default=3.0)
p.add_argument("--gam", type=float, default=2.0)
p.add_argument("--fit", type=int, default=32768)
p.add_argument("--cal", type=int, default=1)
p.add_argument("--minc", type=float, default=3.0)
a = p.parse_args()

CATS = "workclass,education,marital.status,occupation,relationship,race,sex,native.country,income".split(",")
real = quality.read(a.train, CATS)
test = quality.read(a.test, CATS)
COLS = list(real.columns)
n = len(real)


def mu_of(eps, delta=1e-9):  # tight Gaussian mechanism: GDP mu with delta(eps)=delta
    f = lambda mu: norm.cdf(-eps / mu + mu / 2) - np.exp(eps + norm.logcdf(-eps / mu - mu / 2)) - delta
    return brentq(f, 1e-3, 20)


# public domains (documented ranges / documented categories)
BINS = {
    "age": np.arange(17, 92),
    "education.num": np.arange(1, 18),
    "hours.per.week": np.arange(1, 101),
    "fnlwgt": np.unique(
        np.round(np.concatenate([np.linspace(10000, 500000, 50), np.geomspace(520000, 1500001, 8)])).astype(int)
    ),
    "capital.gain": np.unique(np.concatenate([[0, 1], np.round(np.geomspace(100, 100001, 40)).astype(int)])),
    "capital.loss": np.unique(np.concatenate([[0, 1], np.arange(100, 4601, 75)])),
}
INTEGER = {"capital.gain": 100000, "capital.loss": 4600}  # columns whose every integer is counted once to find spikes
VALS = {c: sorted(set(real[c]) | set(test[c])) for c in CATS}


t0 = time.time()
rng = np.random.default_rng(a.seed)
mu2 = mu_of(a.eps) ** 2
w1, w2, w3 = [float(v) for v in a.split.split(",")]
# ---- stage 1: fine one-way counts (sensitivity 1 each: add/remove one row)
k1 = len(COLS) + len(INTEGER)
s1 = np.sqrt(k1 / (mu2 * w1))
fine = {}
lohi = {}
c1 = {}
for c in COLS:
    if c in CATS:
        f = real[c].map({v: i for i, v in enumerate(VALS[c])}).to_numpy()
        m = len(VALS[c])
        fine[c] = f
        c1[c] = np.bincount(f, minlength=m) + rng.normal(0, s1, m)
    else:
        e = BINS[c]
        x = np.clip(real[c].to_numpy(), e[0], e[-1] - 1).astype(int)
        lo, hi = list(e[:-1]), list(e[1:])
        f = np.searchsorted(e, x, side="right") - 1
        cnt = np.bincount(f, minlength=len(lo)) + rng.normal(0, s1, len(lo))
        if c in INTEGER:
            h = np.bincount(x, minlength=INTEGER[c]) + rng.normal(0, s1, INTEGER[c])
            thr = s1 * norm.isf(0.05 / INTEGER[c])
            spikes = [v for v in np.flatnonzero(h > thr) if not (v in e and v + 1 in e)]
            for v in spikes:
                b = np.searchsorted(e, v, side="right") - 1
                cnt[b] -= h[v]
                f[x == v] = len(lo)
                lo.append(v)
                hi.append(v + 1)
                cnt = np.r_[cnt, h[v]]
            print(c, "spikes", spikes)
            o = np.argsort(np.array(lo) + 1e-6 * (np.array(hi) - np.array(lo) == 1), kind="stable")
            inv = np.empty(len(o), int)
            inv[o] = np.arange(len(o))
            f, cnt, lo, hi = inv[f], cnt[o], [lo[i] for i in o], [hi[i] for i in o]
        fine[c], c1[c], lohi[c] = f, cnt, (np.array(lo), np.array(hi))
N = np.mean([c1[c].sum() for c in COLS if len(c1[c]) < 60])


def simplex(v, total):  # L2 projection to {x>=0, sum=total}
    u = np.sort(v)[::-1]
    cs = np.cumsum(u) - total
    k = np.arange(1, len(v) + 1)
    r = np.flatnonzero(u - cs / k > 0)[-1]
    return np.maximum(v - cs[r] / (r + 1), 0)


# ---- coarse codes from the noisy one-way counts
cmap = {}
within = {}
for c in COLS:
    y = simplex(c1[c], N)
    m = len(y)
    g = np.zeros(m, int)
    if c in CATS:
        big = y >= max(a.minc * s1, 50)
        k = 0
        for i in range(m):
            if big[i]:
                g[i] = k
                k += 1
        if not big.all():
            g[~big] = k
    else:
        alone = y > N / 16 if m > 20 else y > N / 40
        rest = y[~alone].sum()
        least = max(5 * s1 if a.eps < 5 else 100, rest / a.bins)
        k = 0
        acc = 0
        open_ = False
        for i in range(m):
            if alone[i]:
                if open_:
                    k += 1
                g[i] = k
                k += 1
                acc = 0
                open_ = False
            else:
                g[i] = k
                acc += y[i]
                open_ = True
                if acc >= least:
                    k += 1
                    acc = 0
                    open_ = False
        g = np.unique(g, return_inverse=True)[1]
        if open_ and acc < least / 2 and g[-1] > 0 and not alone[g == g[-1] - 1].any():
            g[g == g[-1]] -= 1
    cmap[c] = g
    K = g.max() + 1
    within[c] = []
    for b in range(K):
        w = y * (g == b)
        w = w if w.sum() > 0 else (g == b) * 1.0
        within[c].append(w / w.sum())
J = len(COLS)
K = [cmap[c].max() + 1 for c in COLS]
X = np.stack([cmap[c][fine[c]] for c in COLS], 1)
print("coarse", dict(zip(COLS, K)), "s1 %.1f" % s1)
# ---- stage 2: all pairs; stage 3: the strongest again (choice = post-processing of stage 2)
pairs = list(itertools.combinations(range(J), 2))
M = {}
S = {}
one = [np.bincount(cmap[c], weights=c1[c]) for c in COLS]
var1 = [np.bincount(cmap[c]).astype(float) * s1**2 for c in COLS]
if w3 > 0:
    s3 = np.sqrt(J / (mu2 * w3))
    for j in range(J):
        cz = np.bincount(X[:, j], minlength=K[j]) + rng.normal(0, s3, K[j])
        one[j] = (one[j] / var1[j] + cz / s3**2) / (1 / var1[j] + 1 / s3**2)
P = [simplex(one[j], N) for j in range(J)]
# centred one-hots, clipped jointly over all pairs: one vector query of sensitivity C; margins are known already
Ec = [np.eye(K[j])[X[:, j]] - P[j] / N for j in range(J)]
gini = np.array([1 - ((P[j] / N) ** 2).sum() for j in range(J)])
al = gini ** (-a.power)
al[-1] *= a.target
U = np.stack([al[j] ** 2 * (Ec[j] ** 2).sum(1) for j in range(J)], 1)
gu = al**2 * gini
nrm = np.sqrt((U.sum(1) ** 2 - (U**2).sum(1)) / 2)
C = a.clip * np.sqrt((gu.sum() ** 2 - (gu**2).sum()) / 2)
f = np.minimum(1, C / nrm)
s0 = C / np.sqrt(mu2 * (w2 - a.fbar))
fb = 1.0 if a.fbar == 0 else min(1, (f.sum() + rng.normal(0, 1 / np.sqrt(mu2 * a.fbar))) / N)
for q in pairs:
    i, j = q
    sc = al[i] * al[j]
    S[q] = s0 / sc
    Rq = (Ec[i] * f[:, None]).T @ Ec[j] + rng.normal(0, s0 / sc, (K[i], K[j]))
    Rq -= Rq.mean(0, keepdims=True)
    Rq -= Rq.mean(1, keepdims=True)
    M[q] = np.outer(P[i], P[j]) / N + Rq / fb
    S[q] /= fb
tm = time.time() - t0
# ---- fit, column after column, on rows drawn from the model itself
torch.manual_seed(a.seed)
R = a.rows
off = np.r_[0, np.cumsum(K)]
H = torch.zeros(R, 0)
code = np.zeros((R, J), int)
for j in range(J):
    pj = torch.tensor(P[j] / N, dtype=torch.float32)
    b = torch.log(pj.clamp_min(1e-6))
    if j == 0:
        prob = pj.expand(R, -1)
    else:
        F = off[j]
        HF = H[torch.randperm(R)[: a.fit]]
        RF = len(HF)
        T = torch.zeros(F, K[j])
        L = torch.zeros(F, K[j])
        L2 = torch.zeros(F, 1)
        pa = HF.mean(0)
        for i in range(j):
            m = M[i, j] / N
            ra = pa[off[i] : off[i + 1]].numpy()
            cb = P[j] / N
            m = m + ((ra - m.sum(1)) / m.shape[1])[:, None]
            m = m + ((cb - m.sum(0)) / m.shape[0])[None]
            ex = np.outer(ra, cb)
            sd = S[i, j] / N
            L[off[i] : off[i + 1]] = torch.tensor(
                a.c * sd * np.minimum(1, (a.ada * sd / np.maximum(np.abs(m - ex), 1e-9)) ** a.gam), dtype=torch.float32
            )
            T[off[i] : off[i + 1]] = torch.tensor(m, dtype=torch.float32)
            L2[off[i] : off[i + 1]] = a.l2 * (S[i, j] / N) ** 2 * N / 20
        step = 1 / ((0.5 * (j + 1) * pa.clamp_min(20 / N))[:, None] + L2)
        W = torch.zeros(F, K[j])
        V = W.clone()
        tk = 1.0
        bb = b.clone()
        vb = bb.clone()
        lam = L
        for it in range(a.iters):
            pr = torch.softmax(HF @ V + vb, 1)
            G = HF.t() @ pr / RF - T + L2 * V
            gb = pr.mean(0) - pj
            Wn = V - step * G
            Wn = torch.sign(Wn) * (Wn.abs() - step * lam).clamp_min(0)
            bn = vb - gb * (2 / (j + 1))
            tn = (1 + np.sqrt(1 + 4 * tk * tk)) / 2
            mom = (tk - 1) / tn
            V = Wn + mom * (Wn - W)
            vb = bn + mom * (bn - bb)
            W, bb, tk = Wn, bn, tn
        prob = torch.softmax(H @ W + bb, 1)
        if a.iters and j in (7, 14):
            print(COLS[j], "support %.2f" % float((W != 0).float().mean()), "max|W| %.1f" % float(W.abs().max()))
    if a.cal:  # draw with Gumbel noise and an offset a class that makes the column's counts equal its measured marginal
        g = torch.log(prob.clamp_min(1e-12)) - torch.log(-torch.log(torch.rand(prob.shape).clamp(1e-9, 1 - 1e-7)))
        o = torch.zeros(K[j])
        for _ in range(30):
            d = (g + o).argmax(1)
            cnt = torch.bincount(d, minlength=K[j]).float()
            o += 0.7 * torch.log((pj * R + 3) / (cnt + 3))
    else:
        d = torch.multinomial(prob, 1)[:, 0]
    code[:, j] = d.numpy()
    H = torch.cat([H, torch.nn.functional.one_hot(d, K[j]).float()], 1)
tf = time.time() - t0
# ---- out: fine value within the coarse code
rows = np.arange(n) % R if R < n else np.arange(n)
out = pd.DataFrame()
for j, c in enumerate(COLS):
    cc = code[rows, j]
    f = np.zeros(n, int)
    for b in range(K[j]):
        k = np.flatnonzero(cc == b)
        f[k] = rng.choice(len(within[c][b]), len(k), p=within[c][b])
    if c in CATS:
        out[c] = [VALS[c][i] for i in f]
    else:
        lo, hi = lohi[c]
        out[c] = lo[f] + np.floor(rng.random(n) * (hi[f] - lo[f])).astype(int)
if a.out:
    out.to_csv(a.out, index=False)
print("measure %.1f fit %.1f" % (tm, tf))
print(json.dumps(quality.report(real, out[COLS], CATS, test, "income", "bin") | {"seconds": round(tf, 1)}))
