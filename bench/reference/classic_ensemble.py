#!/usr/bin/env python3
"""The classic masked ensemble, stated plainly in PyTorch: noise-driven masked generators and one BCE discriminator.

Each generator is Linear-ReLU-Linear-Tanh on the same noise, its output masked to its own columns; the rows are the sum
of the masked outputs. Data: integer-coded, standardized, divided by the largest |z| of the column so that Tanh reaches
it; on the way out, rounded to the column's own grid. An epoch is one pass over the rows.

    bench/reference/classic_ensemble.py build/data/ads.csv --drop "User ID" --binary Gender,Purchased --label Purchased
"""

import argparse
import time

import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as F
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score

p = argparse.ArgumentParser()
p.add_argument("train")
p.add_argument("--drop", default="")
p.add_argument("--binary", default="")
p.add_argument("--label", required=True)
p.add_argument("--epochs", type=int, default=5000)
p.add_argument("--batch", type=int, default=64)
p.add_argument("--rate", type=float, default=2e-4)
p.add_argument("--noise", type=int, default=100)
p.add_argument("--hidden", type=int, default=128)
p.add_argument("--seed", type=int, default=0)
p.add_argument("--gamma", type=float, default=0.1, help="R1 + R2 gradient penalty; 0 is the plain game")
p.add_argument("--beta1", type=float, default=0.5, help="Adam's first moment decay; 0.9 is the plain game's")
a = p.parse_args()
torch.manual_seed(a.seed)

table = pd.read_csv(a.train).drop(columns=[c for c in a.drop.split(",") if c]).dropna()
for c in table.columns:
    if table[c].dtype == object:
        table[c] = pd.factorize(table[c], sort=True)[0]
x = table.to_numpy(np.float32)
n, columns = x.shape
mean, std = x.mean(0), x.std(0)
reach = np.abs((x - mean) / std).max(0)
real = torch.tensor((x - mean) / std / reach)
grid = np.array([np.diff(np.unique(x[:, j])).min() for j in range(columns)])

mask = torch.eye(columns)  # generator k writes column k


class MaskedGenerator(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.model = nn.Sequential(nn.Linear(a.noise, a.hidden), nn.ReLU(), nn.Linear(a.hidden, columns), nn.Tanh())

    def forward(self, noise):
        return self.model(noise) * self.mask


generators = nn.ModuleList([MaskedGenerator(mask[k]) for k in range(columns)])
d = nn.Sequential(nn.Linear(columns, a.hidden), nn.ReLU(), nn.Linear(a.hidden, 1))  # the sigmoid is in the BCE
opt_g = torch.optim.Adam(generators.parameters(), lr=a.rate, betas=(a.beta1, 0.999))
opt_d = torch.optim.Adam(d.parameters(), lr=a.rate, betas=(a.beta1, 0.999))


def rows(count):
    noise = torch.randn(count, a.noise)  # one noise for all: columns must agree on a row
    return sum(g(noise) for g in generators)


def penalty(batch):
    batch = batch.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(d(batch).sum(), batch, create_graph=True)
    return g.pow(2).sum(1).mean()


def measure():
    with torch.no_grad():
        s = rows(4000).numpy() * reach * std + mean
    s = np.clip(x.min(0) + np.round((s - x.min(0)) / grid) * grid, x.min(0), x.max(0))
    label = list(table.columns).index(a.label)
    rest = [j for j in range(columns) if j != label]
    ks = np.mean([ks_2samp(x[:, j], s[:, j]).statistic for j in range(columns)])
    wd = np.mean(
        [wasserstein_distance((x[:, j] - mean[j]) / std[j], (s[:, j] - mean[j]) / std[j]) for j in range(columns)]
    )
    f1 = (
        f1_score(
            x[:, label],
            RandomForestClassifier(100, max_depth=6, random_state=0).fit(s[:, rest], s[:, label]).predict(x[:, rest]),
        )
        if len(np.unique(s[:, label])) > 1
        else 0.0
    )
    chi2 = {
        c: round(
            chi2_contingency(
                [
                    np.bincount(x[:, j].astype(int), minlength=2) + 1e-9,
                    np.bincount(s[:n, j].astype(int), minlength=2) + 1e-9,
                ]
            )[1],
            3,
        )
        for j, c in enumerate(table.columns)
        if c in a.binary.split(",")
    }
    return f"KS {ks:.3f}  Wasserstein {wd:.3f}  F1 {f1:.3f}  chi2 p {chi2}"


start, step = time.time(), 0
for epoch in range(1, a.epochs + 1):
    for chosen in torch.randperm(n).split(a.batch):
        batch, fake = real[chosen], rows(len(chosen)).detach()
        loss = F.softplus(-d(batch)).mean() + F.softplus(d(fake)).mean()
        if a.gamma:
            loss = loss + 0.5 * a.gamma * (penalty(batch) + penalty(fake))
        opt_d.zero_grad()
        loss.backward()
        opt_d.step()
        loss = F.softplus(-d(rows(len(chosen)))).mean()
        opt_g.zero_grad()
        loss.backward()
        opt_g.step()
        step += 1
    if epoch % max(1, a.epochs // 5) == 0:
        print(f"epoch {epoch}, {step} steps, {time.time() - start:.1f} s: {measure()}", flush=True)
