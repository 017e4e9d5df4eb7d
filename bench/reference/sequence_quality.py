#!/usr/bin/env python3
"""The judge of the MOSTLY AI Prize's sequential task (mostlyai-qa of PyPI): the accuracies by its own functions,
without plots and HTML, as one line of JSON.

    bench/reference/sequence_quality.py TRAIN HOLDOUT SYN [--key group_id] [--seed 1] [--draws 1] [--embed N|full|0]

--draws: mean over that many runs of the judge's random choice of two consecutive rows per group (the Prize: 1).
--embed: rows for the discriminator's AUC and the DCR share (the Prize: full = all rows, slow); 0 = leave them out.
"""

import argparse
import json
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded
import joblib
import numpy as np
import pandas as pd
from mostlyai import qa
from mostlyai.qa import _accuracy as A
from mostlyai.qa import _coherence as C
from mostlyai.qa import _distances as D
from mostlyai.qa import _sampling as S
from mostlyai.qa import _similarity as M
from mostlyai.qa._common import NXT_COLUMN


def accuracies(syn, trn, hol, key):
    kw = dict(df_ctx=None, ctx_primary_key=None, tgt_context_key=key, max_sample_size=None, setup="1:N")
    t = S.prepare_data_for_accuracy(df_tgt=trn, **kw)
    h = S.prepare_data_for_accuracy(df_tgt=hol, ori_dtypes=t.dtypes.to_dict(), **kw)
    s = S.prepare_data_for_accuracy(df_tgt=syn, ori_dtypes=t.dtypes.to_dict(), **kw)
    o = pd.concat([t, h], ignore_index=True)
    ob, bins = A.bin_data(o, bins=10)
    sb, _ = A.bin_data(s, bins=bins)
    u, b, v = A.calculate_univariates(ob, sb), A.calculate_bivariates(ob, sb), A.calculate_trivariates(ob, sb)
    oc, cb = S.prepare_data_for_coherence(df_tgt=pd.concat([trn, hol]), tgt_context_key=key)
    sc, _ = S.prepare_data_for_coherence(df_tgt=syn, tgt_context_key=key, bins=cb)
    _, otop, cats, _ = C.calculate_sequences_per_distinct_category(df=oc, context_key=key)
    _, stop, _, _ = C.calculate_sequences_per_distinct_category(df=sc, context_key=key, top_cats=cats)
    spc = C.calculate_sequences_per_distinct_category_accuracy(
        ori_seqs_per_top_cat_cnts=otop, syn_seqs_per_top_cat_cnts=stop
    )
    on, nb = A.bin_data(C.calculate_distinct_categories_per_sequence(df=oc, context_key=key), bins=10)
    sn, _ = A.bin_data(C.calculate_distinct_categories_per_sequence(df=sc, context_key=key), bins=nb)
    cps = C.calculate_distinct_categories_per_sequence_accuracy(ori_binned_cats_per_seq=on, syn_binned_cats_per_seq=sn)
    nxt, flat = b[b.type == NXT_COLUMN], b[b.type != NXT_COLUMN]
    r = {}
    for suf, c in (("", "accuracy"), ("_max", "accuracy_max")):
        m = {
            "univariate": u[c].mean(),
            "bivariate": flat[c].mean(),
            "trivariate": v[c].mean(),
            "coherence": np.mean([nxt[c].mean(), cps[c].mean(), spc[c].mean()]),
        }
        r["overall" + suf] = np.mean(list(m.values()))
        r |= {k + suf: x for k, x in m.items()}
        r |= {"next_row" + suf: nxt[c].mean(), "cats_per_seq" + suf: cps[c].mean(), "seqs_per_cat" + suf: spc[c].mean()}
    detail = {
        "uni": dict(zip(u.column, u.accuracy)),
        "next": {a: x for a, x in zip(nxt.col1, nxt.accuracy) if a.startswith("tgt")},
        "cats_per_seq": dict(zip(cps.column, cps.accuracy)),
        "seqs_per_cat": dict(zip(spc.column, spc.accuracy)),
    }
    return r, detail


def main():
    p = argparse.ArgumentParser()
    p.add_argument("train")
    p.add_argument("holdout")
    p.add_argument("syn")
    p.add_argument("--key", default="group_id")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--draws", type=int, default=1)
    p.add_argument("--embed", default="0")
    p.add_argument("--detail", action="store_true")
    a = p.parse_args()
    t0 = time.time()
    trn, hol, syn = (pd.read_csv(x) for x in (a.train, a.holdout, a.syn))
    syn = syn[trn.columns]
    rs = []
    with joblib.parallel_backend("sequential"):
        for i in range(a.draws):
            qa.set_random_state(a.seed + i)
            r, detail = accuracies(syn, trn, hol, a.key)
            rs.append(r)
        out = {"file": a.syn, **{k: round(float(np.mean([r[k] for r in rs])), 6) for k in rs[0]}}
        if a.draws > 1:
            out["overall_sd"] = round(float(np.std([r["overall"] for r in rs], ddof=1)), 6)
        if a.embed != "0":
            qa.set_random_state(a.seed)
            n = None if a.embed == "full" else int(a.embed)
            se, te, he = S.prepare_data_for_embeddings(
                syn_tgt_data=syn, trn_tgt_data=trn, hol_tgt_data=hol, tgt_context_key=a.key, max_sample_size=n
            )
            ah, as_ = M.calculate_discriminator_auc(syn_embeds=se, trn_embeds=te, hol_embeds=he)
            d = D.calculate_distances(syn_embeds=se, trn_embeds=te, hol_embeds=he)
            out |= {
                "auc": float(as_),
                "auc_holdout": float(ah),
                "dcr_share": float(D.calculate_dcr_share(d["dcr_syn_trn"], d["dcr_syn_hol"])),
                "ims_training": float(D.calculate_ims(d["dcr_syn_trn"])),
                "ims_holdout": float(D.calculate_ims(d["dcr_syn_hol"])),
            }
    out["seconds"] = round(time.time() - t0, 1)
    if a.detail:
        out["detail"] = detail
    print(json.dumps(out))


if __name__ == "__main__":
    main()
