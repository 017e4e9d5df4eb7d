#!/usr/bin/env python3
"""Masked ensemble of SEQUENCES, stated plainly in PyTorch: one masked generator a column, as masked_ensemble.py, each of
which also sees a context made of the group's earlier rows, its length and the position. One CPU core, about 150 s for 8
epochs with PyPI's torch 2.13 (Debian's is ten times slower).

    bench/reference/sequence_ensemble.py MODE EPOCHS TRAINING.csv HOLDOUT.csv [OUT.csv]

MODE: letters that say what the context is: 1 = the row before; 2 = the one before that; f = the group's first row; b = a
bag of earlier rows (mean of their features, set of values seen, distinct counts); g = GRU state over earlier rows; a =
attention over earlier rows; s = sample and write OUT.csv; q = with the lengths of the training groups, each once. "gs"
and "1gs" are the best. The column names and kinds below are those of the MOSTLY AI Prize's sequential table (group_id +
10 columns, at most 10 rows a group). Prints held-out nats per row, given the length.
"""

import math
import sys
import time

import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as Fn

mode, EP, TRAIN, HOLD = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
torch.set_num_threads(1)
torch.manual_seed(0)
rng = np.random.default_rng(0)
CUR = ["alice", "david", "emily", "jacob", "james", "john", "mike", "lucas", "mary", "sarah"]
CAT = {"alice", "emily", "john"}
T = 10
trn = pd.read_csv(TRAIN, dtype=str, keep_default_na=False)
hol = pd.read_csv(HOLD, dtype=str, keep_default_na=False)
vocab = {c: sorted(trn[c].unique(), key=(str if c in CAT else lambda s: (s == "", float(s or 0)))) for c in CUR}
V = [len(vocab[c]) for c in CUR]
off = np.cumsum([0] + V)


def tensor(d):
    pos = d.groupby("group_id", sort=False).cumcount().to_numpy()
    gi = pd.factorize(d.group_id)[0]
    G = gi.max() + 1
    X = np.zeros((G, T, len(CUR)), np.int64)
    M = np.zeros((G, T), np.float32)
    for k, c in enumerate(CUR):
        m = {v: i for i, v in enumerate(vocab[c])}
        if c in CAT:
            q = d[c].map(lambda s: m.get(s, 0)).to_numpy()
        else:
            vs = np.array([float(v) for v in vocab[c] if v != ""])
            miss = m.get("", 0)
            q = np.array([miss if s == "" else m[s] if s in m else int(np.abs(vs - float(s)).argmin()) for s in d[c]])
        X[gi, pos, k] = q
    M[gi, pos] = 1
    return torch.from_numpy(X), torch.from_numpy(M)


Xt, Mt = tensor(trn)
Xh, Mh = tensor(hol[hol.group_id.isin(hol.group_id.drop_duplicates().iloc[:3000])])
pv = torch.from_numpy(np.random.default_rng(1).permutation(len(Xt)))
Xall, Mall = Xt, Mt
Xv, Mv = Xt[pv[:1000]], Mt[pv[:1000]]
# 5 % of the groups choose the epoch
K, E, H = len(CUR), 16, 128
FD = E + 2


class Net(nn.Module):
    def __init__(s):
        super().__init__()
        s.emb = nn.ParameterList([nn.Parameter(torch.randn(v, E) * 0.3) for v in V])
        s.seen = nn.ParameterList([nn.Parameter(torch.randn(v, E) * 0.3) for v in V])
        for k, c in enumerate(CUR):
            f = torch.zeros(V[k], 2)
            if c not in CAT:
                x = np.array([float(v) if v != "" else np.nan for v in vocab[c]])
                f[:, 0] = torch.from_numpy(np.nan_to_num((x - np.nanmean(x)) / np.nanstd(x))).float()
                f[:, 1] = torch.from_numpy(np.isnan(x).astype(np.float32))
            s.register_buffer(f"fix{k}", f)
        s.pos, s.len = nn.Parameter(torch.randn(T, 8) * 0.3), nn.Parameter(torch.randn(T + 1, 8) * 0.3)
        C = 17
        if "1" in mode:
            C += K * FD
        if "2" in mode:
            C += K * FD + 1
        if "f" in mode:
            C += K * FD
        if "b" in mode:
            C += K * FD + K * E + K + 1
        if "g" in mode:
            s.gru = nn.GRU(K * FD + 17, H, batch_first=True)
            C += H
        if "a" in mode:
            s.ak, s.av, s.aq, s.dist = (
                nn.Linear(K * FD, H),
                nn.Linear(K * FD, H),
                nn.Linear(K * FD + 17, H),
                nn.Parameter(torch.zeros(4, T, T)),
            )
            C += H
        D = C + K * FD
        s.C = C
        s.w0 = nn.Parameter(torch.randn(D, K * H) / math.sqrt(D / 2))
        s.b0 = nn.Parameter(torch.zeros(K * H))
        m = torch.zeros(D, K, H)
        m[:C] = 1
        for k in range(K):
            m[C : C + k * FD, k] = 1
        s.register_buffer("m", m.view(D, K * H))
        s.w1 = nn.Parameter(torch.randn(K, H, H) / math.sqrt(H))
        s.b1 = nn.Parameter(torch.zeros(K, 1, H))
        s.head = nn.ModuleList([nn.Linear(H, v) for v in V])
        s.drop = nn.Dropout(0.1)

    def table(s):
        return [torch.cat([s.emb[k], getattr(s, f"fix{k}")], 1) for k in range(K)]

    def context(s, X, L, F=None, state=None):
        """X [B,T,K] -> context [B,T,C] of each step from the earlier steps alone."""
        B, TT = X.shape[:2]
        tb = s.table()
        F = torch.cat([tb[k][X[:, :, k]] for k in range(K)], 2)  # B,T,K*FD
        sh = torch.cat([torch.zeros(B, 1, K * FD), F[:, :-1]], 1)  # lag 1
        first = torch.zeros(B, TT, 1)
        first[:, 0] = 1
        pl = torch.cat([s.pos[:TT].expand(B, TT, 8), s.len[L][:, None].expand(B, TT, 8), first], 2)
        c = [pl]
        if "1" in mode:
            c.append(sh)
        if "2" in mode:
            f2 = torch.zeros(B, TT, 1)
            f2[:, :2] = 1
            c += [torch.cat([torch.zeros(B, min(2, TT), K * FD), F[:, :-2]], 1)[:, :TT], f2]
        if "f" in mode:
            c.append(torch.cat([torch.zeros(B, 1, K * FD), F[:, :1].expand(B, TT - 1, K * FD)], 1))
        if "b" in mode:
            n = torch.arange(TT).clamp(min=1).float()[None, :, None]
            c.append((F.cumsum(1) - F) / n)
            se, cnt = [], []
            for k in range(K):
                o = Fn.one_hot(X[:, :, k], V[k]).float()
                a = ((o.cumsum(1) - o) > 0).float()
                se.append(a @ s.seen[k] / 2)
                cnt.append(a.sum(2, keepdim=True) / 4)
            c += se + cnt + [(torch.arange(TT).float() / 5)[None, :, None].expand(B, TT, 1)]
        if "g" in mode:
            c.append(s.gru(torch.cat([sh, pl], 2))[0])
        if "a" in mode:  # row t looks at rows 0..t-1
            q, kk, vv = (
                f(z).view(B, TT, 4, 32).transpose(1, 2)
                for f, z in ((s.aq, torch.cat([sh, pl], 2)), (s.ak, F), (s.av, F))
            )
            sc = q @ kk.transpose(2, 3) / 32**0.5 + s.dist[:, :TT, :TT]
            sc = sc.masked_fill(torch.ones(TT, TT, dtype=torch.bool).triu(), -1e9)
            w = sc.softmax(3) * (torch.arange(TT) > 0).float()[None, None, :, None]
            c.append((w @ vv).transpose(1, 2).reshape(B, TT, H))
        return torch.cat(c, 2), F

    def logits_all(s, c, F):
        x = torch.cat([c, F], 1)
        a = s.drop(Fn.relu(x @ (s.w0 * s.m) + s.b0).view(-1, K, H).transpose(0, 1))
        h = Fn.relu(torch.baddbmm(s.b1, a, s.w1)) + a
        return [s.head[k](h[k]) for k in range(K)]


net = Net()
ema = Net()
ema.load_state_dict(net.state_dict())
ema.eval()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-4)
BG = 64
steps = EP * (len(Xt) // BG)
it = 0
t0 = time.time()
cpu0 = time.process_time()


def nll(model, X, M):
    L = M.sum(1).long()
    c, F = model.context(X, L)
    r = M.view(-1) > 0
    lg = model.logits_all(c.reshape(-1, model.C)[r], F.reshape(-1, K * FD)[r])
    y = X.reshape(-1, K)[r]
    return [Fn.cross_entropy(lg[k], y[:, k]) for k in range(K)]


@torch.no_grad()
def held(X, M):
    return (
        torch.stack(
            [
                torch.stack(nll(ema, X[i : i + 500], M[i : i + 500])) * M[i : i + 500].sum()
                for i in range(0, len(X), 500)
            ]
        ).sum(0)
        / M.sum()
    )


best = (1e9, None, 0)
print(mode, "params", sum(p.numel() for p in net.parameters()), "context", net.C, flush=True)
for ep in range(EP):
    net.train()
    perm = torch.from_numpy(rng.permutation(len(Xt)))
    tot = 0
    for i in range(len(Xt) // BG):
        b = perm[i * BG : (i + 1) * BG]
        fr = it / steps
        for g in opt.param_groups:
            g["lr"] = 3e-3 * min(1, it / 100) * (1 if fr < 0.5 else 0.5 * (1 + math.cos(math.pi * (fr - 0.5) / 0.5)))
        loss = sum(nll(net, Xt[b], Mt[b]))
        opt.zero_grad()
        loss.backward()
        opt.step()
        it += 1
        tot += float(loss.detach())
        d = min(0.998, it / (it + 20))
        with torch.no_grad():
            for p, q in zip(ema.parameters(), net.parameters()):
                p.lerp_(q, 1 - d)
    p, pvv = held(Xh, Mh), float(held(Xv, Mv).sum())
    if pvv < best[0]:
        best = (pvv, {k: x.clone() for k, x in ema.state_dict().items()}, ep + 1)
    print(
        mode,
        "epoch",
        ep + 1,
        "train",
        round(tot / (i + 1), 4),
        "valid",
        round(pvv, 4),
        "held-out",
        round(float(p.sum()), 4),
        "wall",
        round(time.time() - t0),
        "cpu",
        round(time.process_time() - cpu0),
        {c: round(float(x), 3) for c, x in zip(CUR, p)} if ep == EP - 1 else "",
        flush=True,
    )
best = (0, None, EP)
p = held(Xh, Mh)
print(
    mode,
    "best epoch",
    best[2],
    "held-out",
    round(float(p.sum()), 4),
    {c: round(float(x), 3) for c, x in zip(CUR, p)},
    flush=True,
)
if "s" in mode:
    ts = time.time()
    N = 20000
    lens = Mall.sum(1).long()
    L = (
        lens[torch.from_numpy(rng.permutation(len(lens)))][:N]
        if "q" in mode
        else lens[torch.from_numpy(rng.integers(0, len(lens), N))]
    )
    with torch.no_grad():
        X = torch.zeros(N, T, K, dtype=torch.long)
        tb = ema.table()
        for t in range(T):
            for lo in range(0, N, 4000):
                ix = torch.arange(lo, lo + 4000)[L[lo : lo + 4000] > t]
                if not len(ix):
                    continue
                c = ema.context(X[ix][:, : t + 1], L[ix])[0][:, t]
                F = torch.zeros(len(ix), K * FD)
                base = c @ (ema.w0 * ema.m)[: ema.C] + ema.b0
                for k in range(K):
                    w = ema.w0[ema.C : ema.C + k * FD, k * H : (k + 1) * H]
                    a = Fn.relu(base[:, k * H : (k + 1) * H] + F[:, : k * FD] @ w)
                    h = Fn.relu(a @ ema.w1[k] + ema.b1[k]) + a
                    y = torch.multinomial(Fn.softmax(ema.head[k](h), 1), 1)[:, 0]
                    X[ix, t, k] = y
                    F[:, k * FD : (k + 1) * FD] = tb[k][y]
    gi = np.repeat(np.arange(N), L.numpy())
    ti = np.concatenate([np.arange(n) for n in L.numpy()])
    out = pd.DataFrame({"group_id": [f"s{g:06d}" for g in gi]})
    for k, c in enumerate(CUR):
        out[c] = np.array(vocab[c], dtype=object)[X[gi, ti, k].numpy()]
    out.to_csv(sys.argv[5], index=False)
    print("sampled in", round(time.time() - ts), flush=True)
