#!/usr/bin/env python3
"""The conditional masked ensemble, stated plainly in PyTorch: what the engine must compute, not how fast.

Every column has one masked generator. Generator k sees the columns that its input mask lets through (the ones
before it), draws noise, and writes its own column. Training: a self-supervised warm-up (each generator learns its
column from the real columns before it), then adversarial refinement against one BCE discriminator that sees whole
rows generated from noise alone. docs/model.md says where meg differs.

    bench/reference/masked_ensemble.py TRAIN.csv --categorical a,b,c [--test T.csv --target y --task bin|reg] [--epochs 10]
"""

import argparse
import copy
import math
import time

import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as F
from scipy.stats import norm

import quality

FEATURES = 16  # width of a column's embedding, and again of its piecewise-linear encoding


class Column:
    """One column: value <-> (code, z). Categorical and few-valued numeric columns are codes alone; the others have
    a code for each spike (a value that is often repeated), one code for 'continuous', and a normal score z."""

    def __init__(self, name, values, categorical, rng, exact_limit=100):
        n = len(values)
        self.name, self.z = name, np.zeros(n, np.float32)
        if categorical:
            self.kind, self.values = "categorical", np.array(sorted(pd.unique(values)))
            self.code = np.searchsorted(self.values, values)
        else:
            x = values.astype(float).to_numpy()
            distinct, count = np.unique(x, return_counts=True)
            if len(distinct) <= exact_limit:
                self.kind, self.values = "exact", distinct
                self.code = np.searchsorted(distinct, x)
            else:
                self.kind = "continuous"
                self.decimals = max(
                    len(repr(v).split(".")[1]) if "e" not in repr(v) and not repr(v).endswith(".0") else 0
                    for v in distinct[:2000].tolist()
                )
                self.values = distinct[count > max(0.01 * n, 20)]  # spikes
                spike = np.isin(x, self.values)
                self.code = np.where(spike, np.searchsorted(self.values, x), len(self.values))
                smooth = x[~spike] + (rng.random((~spike).sum()) - 0.5) * 10.0**-self.decimals  # undo the rounding
                p = np.linspace(0, 1, min(2000, len(smooth)))
                self.quantile = np.quantile(smooth, p)
                self.score = norm.ppf(np.clip(p, 0.5 / len(smooth), 1 - 0.5 / len(smooth)))
                self.z[~spike] = np.interp(smooth, self.quantile, self.score)
            self.knots = np.unique(np.quantile(x, np.linspace(0, 1, FEATURES)))
        self.codes = len(self.values) + (self.kind == "continuous")

    def decode(self, code, z):
        if self.kind != "continuous":
            return self.values[code]
        smooth = np.round(np.interp(z, self.score, self.quantile), self.decimals)
        return (
            np.where(code < len(self.values), self.values[np.minimum(code, len(self.values) - 1)], smooth)
            if len(self.values)
            else smooth
        )

    def piecewise_linear(self, code, z):
        out = np.zeros((len(code), FEATURES), np.float32)
        if self.kind != "categorical":
            x = self.decode(code, z)
            for i in range(len(self.knots) - 1):
                out[:, i] = np.clip((x - self.knots[i]) / (self.knots[i + 1] - self.knots[i]), 0, 1)
        return out


class MaskedEnsemble(nn.Module):
    """All generators at once: weights carry a leading generator axis, so one batched product runs them all."""

    def __init__(self, columns, hidden=128, mixtures=24, dropout=0.1):
        super().__init__()
        self.columns, self.hidden, self.mixtures, self.dropout = columns, hidden, mixtures, dropout
        n, width = len(columns), 2 * FEATURES
        self.inputs = n * width
        mask = torch.zeros(n, self.inputs, 1)
        for k in range(n):
            mask[k, : k * width] = 1
        self.register_buffer("mask", mask)
        self.embedding = nn.ParameterList(
            [nn.Parameter(torch.randn(c.codes, FEATURES) * (0.5 if c.kind == "categorical" else 0.1)) for c in columns]
        )
        self.w0 = nn.Parameter(
            torch.stack([torch.randn(self.inputs, hidden) / math.sqrt(max(1, k * FEATURES)) for k in range(n)])
        )
        self.b0 = nn.Parameter(torch.randn(n, 1, hidden) * 0.1)
        self.w1 = nn.Parameter(torch.randn(n, hidden, hidden) * math.sqrt(2 / hidden))
        self.b1 = nn.Parameter(torch.zeros(n, 1, hidden))
        self.head = nn.ParameterList(
            [
                nn.Parameter(torch.randn(hidden, c.codes + 3 * mixtures * (c.kind == "continuous")) * 0.02)
                for c in columns
            ]
        )
        start = torch.cat([torch.zeros(mixtures), torch.linspace(-2, 2, mixtures), torch.full((mixtures,), -1.0)])
        self.bias = nn.ParameterList(
            [
                nn.Parameter(
                    torch.cat([torch.zeros(c.codes), start]) if c.kind == "continuous" else torch.zeros(c.codes)
                )
                for c in columns
            ]
        )

    def features(self, code, ple):  # [B, n], [B, n, F] -> [B, n * 2F]
        return torch.cat(
            [torch.cat([self.embedding[k][code[:, k]], ple[:, k]], 1) for k in range(len(self.columns))], 1
        )

    def column_output(self, k, x):  # one generator alone, on the columns before it
        h = F.relu(x @ self.w0[k, : x.shape[1]] + self.b0[k])
        h = F.relu(h @ self.w1[k] + self.b1[k]) + h
        return self.split(k, h @ self.head[k] + self.bias[k])

    def split(self, k, out):
        c = self.columns[k]
        weight, mean, log_sigma = out[:, c.codes :].chunk(3, 1) if c.kind == "continuous" else (None, None, None)
        return out[:, : c.codes], weight, mean, None if weight is None else log_sigma.clamp(-7, 2)

    def negative_log_likelihood(self, code, z, ple):  # the warm-up loss, summed over columns, mean over rows
        x = self.features(code, ple)
        h = F.relu(torch.matmul(x.unsqueeze(0), self.mask * self.w0) + self.b0)
        h = F.dropout(h, self.dropout, self.training)
        h = F.dropout(F.relu(torch.bmm(h, self.w1) + self.b1), self.dropout, self.training) + h
        total = 0.0
        for k, c in enumerate(self.columns):
            logits, weight, mean, log_sigma = self.split(k, h[k] @ self.head[k] + self.bias[k])
            loss = F.cross_entropy(logits, code[:, k], reduction="none")
            if weight is not None:
                log_density = torch.logsumexp(
                    F.log_softmax(weight, 1)
                    - 0.5 * ((z[:, k : k + 1] - mean) * torch.exp(-log_sigma)) ** 2
                    - log_sigma
                    - 0.5 * math.log(2 * math.pi),
                    1,
                )
                loss = loss - log_density * (code[:, k] == c.codes - 1)
            total = total + loss.mean()
        return total

    def generate(self, rows):
        """Rows from noise, column after column. Returns codes, z, and what the discriminator sees (differentiable
        in each generator's own output only: a generator answers for its own columns, given those before it)."""
        before, seen = torch.zeros(rows, 0), []
        codes, zs = torch.zeros(rows, len(self.columns), dtype=torch.long), torch.zeros(rows, len(self.columns))
        for k, c in enumerate(self.columns):
            logits, weight, mean, log_sigma = self.column_output(k, before)
            onehot = F.gumbel_softmax(logits, tau=1.0, hard=True)  # straight-through
            code, z = onehot.argmax(1), torch.zeros(rows)
            seen.append(onehot)
            if weight is not None:
                component = F.gumbel_softmax(weight, tau=1.0, hard=True)
                z = (
                    ((mean + torch.exp(log_sigma) * torch.randn_like(mean)) * component)
                    .sum(1)
                    .clamp(float(c.score[0]), float(c.score[-1]))
                )
                z = z * (code == c.codes - 1)
                seen.append(z[:, None])
            codes[:, k], zs[:, k] = code, z.detach()
            ple = torch.from_numpy(c.piecewise_linear(code.numpy(), z.detach().numpy()))
            before = torch.cat([before, self.embedding[k][code].detach(), ple], 1)
        return codes, zs, torch.cat(seen, 1)


def discriminator(width, hidden=256):
    return nn.Sequential(
        nn.Linear(width, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)
    )


def seen_by_discriminator(columns, code, z):
    return torch.cat(
        [
            torch.cat(
                [F.one_hot(code[:, k], c.codes).float()] + ([z[:, k : k + 1]] if c.kind == "continuous" else []), 1
            )
            for k, c in enumerate(columns)
        ],
        1,
    )


def gradient_penalty(d, x):  # E |grad_x D(x)|^2
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
    return g.pow(2).sum(1).mean()


def average(ema, model, decay):
    with torch.no_grad():
        for e, p in zip(ema.parameters(), model.parameters()):
            e.mul_(decay).add_(p, alpha=1 - decay)


def warm_up(model, code, z, ple, epochs, batch=512, rate=2e-3, patience=6, decay=0.998):
    n = len(code)
    order = torch.randperm(n)
    held, train = order[: n // 20], order[n // 20 :]
    steps = epochs * (len(train) // batch)
    opt = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-4, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, rate, total_steps=steps + 1, pct_start=0.1)
    ema, best, best_loss, best_epoch, step, start = copy.deepcopy(model), None, math.inf, 0, 0, time.time()
    for epoch in range(epochs):
        model.train()
        shuffled = train[torch.randperm(len(train))]
        for i in range(len(train) // batch):
            rows = shuffled[i * batch : (i + 1) * batch]
            loss = model.negative_log_likelihood(code[rows], z[rows], ple[rows])
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            schedule.step()
            step += 1
            average(ema, model, min(decay, (1 + step) / (10 + step)))
        ema.eval()
        with torch.no_grad():
            held_loss = ema.negative_log_likelihood(code[held], z[held], ple[held]).item()
        if held_loss < best_loss:
            best, best_loss, best_epoch = copy.deepcopy(ema), held_loss, epoch
        elif epoch - best_epoch >= patience:
            break
    print(f"warm-up: best epoch {best_epoch}, held-out loss {best_loss:.3f}, {time.time() - start:.1f} s")
    return best.eval()


def refine(
    model, code, z, ple, steps, batch=512, g_rate=1e-4, d_rate=5e-4, d_first=300, gamma=1.0, keep=0.3, decay=0.995
):
    d = discriminator(seen_by_discriminator(model.columns, code[:1], z[:1]).shape[1])
    opt_g = torch.optim.Adam(model.parameters(), lr=g_rate, betas=(0.0, 0.99))
    opt_d = torch.optim.Adam(d.parameters(), lr=d_rate, betas=(0.0, 0.99))
    ema, start = copy.deepcopy(model), time.time()
    for step in range(d_first + steps):
        rows = torch.randint(len(code), (batch,))
        real = seen_by_discriminator(model.columns, code[rows], z[rows])
        with torch.no_grad():
            fake = model.generate(batch)[2]
        d_loss = (
            F.softplus(-d(real)).mean()
            + F.softplus(d(fake)).mean()
            + 0.5 * gamma * (gradient_penalty(d, real) + gradient_penalty(d, fake))
        )
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()
        if step >= d_first:
            rows = torch.randint(len(code), (batch,))
            g_loss = F.softplus(-d(model.generate(batch)[2])).mean() + keep * model.negative_log_likelihood(
                code[rows], z[rows], ple[rows]
            )
            opt_g.zero_grad()
            g_loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt_g.step()
            average(ema, model, decay)
    print(f"refinement: {steps} steps, {time.time() - start:.1f} s")
    return ema.eval()


def sample(model, rows):
    codes, zs = [], []
    with torch.no_grad():
        for start in range(0, rows, 8192):
            c, z, _ = model.generate(min(8192, rows - start))
            codes.append(c)
            zs.append(z)
    code, z = torch.cat(codes).numpy(), torch.cat(zs).numpy()
    return pd.DataFrame({c.name: c.decode(code[:, k], z[:, k]) for k, c in enumerate(model.columns)})


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("train")
    p.add_argument("--categorical", default="")
    p.add_argument("--test")
    p.add_argument("--target")
    p.add_argument("--task", default="bin")
    p.add_argument("--epochs", type=int, default=12)
    p.add_argument("--refine", type=int, default=1500)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--out")
    a = p.parse_args()
    torch.manual_seed(a.seed)
    cats = [c for c in a.categorical.split(",") if c]
    real = quality.read(a.train, cats)
    test = quality.read(a.test, cats) if a.test else None
    columns = [Column(c, real[c], c in cats, np.random.default_rng(a.seed)) for c in real.columns]
    code = torch.tensor(np.stack([c.code for c in columns], 1).astype(np.int64))
    z = torch.tensor(np.stack([c.z for c in columns], 1))
    ple = torch.tensor(np.stack([c.piecewise_linear(c.code, c.z) for c in columns], 1))
    model = warm_up(MaskedEnsemble(columns), code, z, ple, a.epochs)
    start = time.time()
    synthetic = sample(model, len(real))
    print(f"{len(real)} rows in {time.time() - start:.2f} s")
    print("after warm-up    ", quality.report(real, synthetic, cats, test, a.target, a.task))
    if a.refine:
        model = refine(model, code, z, ple, a.refine)
        synthetic = sample(model, len(real))
        print("after refinement ", quality.report(real, synthetic, cats, test, a.target, a.task))
    if a.out:
        synthetic.to_csv(a.out, index=False)
