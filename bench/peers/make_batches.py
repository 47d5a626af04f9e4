#!/usr/bin/env python
"""Draw a synthetic batch stream from real VIST validation sentences, or, where they are not here, from random word ids
with VIST's sentence lengths and a Zipf distribution.

Writes  <out>.npz   features (S,5,4096) f32, sentences (S,5,22) i32, batch_story_index (N,13) i32, lengths (S,5) i32
        <out>.bin + <out>.json   the same arrays, raw little-endian, C order, at the offsets the JSON names
Features are synthetic (there are no VIST images here): ReLU of a shifted normal, ~75 % zeros like AlexNet fc7.
Sentences are real five-sentence stories (consecutive lines), encoded with the reference's vocabulary:
[START, w1..wL, END, 0..] with L <= 20."""
import argparse, hashlib, json, os, sys
import numpy as np
from peerlib import V, F, T, K, START, END, UNK, HERE, init_weights

DATA = os.path.join(HERE, "..", "..", "..", "shared", "data", "vist")
# Sentences of 1, 2, .. 21 target tokens (words cut at 20, and END) among VIST's 24,950 validation sentences.
LENGTHS = [0, 0, 8, 70, 278, 843, 1403, 2015, 2507, 2621, 2484, 2300, 2025, 1747, 1415, 1096, 929, 701, 542, 413, 1553]


def real_sentences(a, r, N):
    w2i = json.load(open(a.vocabulary, encoding="utf8"))["words_to_idx"]
    assert len(w2i) == V and w2i["<START>"] == START and w2i["<END>"] == END and w2i["<UNK>"] == UNK
    lines = open(a.sentences, encoding="utf8").read().split("\n")
    lines = [l for l in lines if l.strip()]
    n_st = len(lines) // K
    pick = r.choice(n_st, N, replace=N > n_st)
    enc = lambda line: [w2i.get(w, UNK) for w in line.split()][:T - 2]
    return [[enc(lines[p * K + j]) for j in range(K)] for p in pick]


def random_sentences(r, N):
    words = r.choice(np.arange(len(LENGTHS)), (N, K), p=np.array(LENGTHS) / float(sum(LENGTHS)))     # without END
    zipf = 1.0 / np.arange(1, V - UNK + 1)
    ids = lambda n: (UNK + r.choice(V - UNK, n, p=zipf / zipf.sum())).tolist()
    return [[ids(n) for n in row] for row in words]


def write_bin(stem, arrays, meta):
    man = {"byte_order": "little", "layout": "C (row-major), arrays one after another", "meta": meta, "arrays": {}}
    off = 0
    with open(stem + ".bin", "wb") as fh:
        for k, a in arrays.items():
            a = np.ascontiguousarray(a.astype("<f4" if a.dtype.kind == "f" else "<i4"))
            b = a.tobytes()
            man["arrays"][k] = {"dtype": "float32" if a.dtype.kind == "f" else "int32", "shape": list(a.shape),
                                "offset_bytes": off, "length_bytes": len(b)}
            fh.write(b); off += len(b)
    man["total_bytes"] = off
    man["sha256"] = hashlib.sha256(open(stem + ".bin", "rb").read()).hexdigest()
    json.dump(man, open(stem + ".json", "w"), indent=1)


def write_weights(a):
    for spec in filter(None, a.weights.split(",")):
        m, h = spec.split(":")
        w = init_weights(m, int(h), gru=a.gru, score=a.score)
        stem = os.path.join(os.path.dirname(a.out), "weights_%s%s%s" % (m, h, "" if a.gru == "modern" else "_legacy"))
        write_bin(stem, w, {"model": m, "hidden": int(h), "gru": a.gru, "score": a.score,
                            "layout": "torch: w_ih (3U,in), w_hh (3U,U), gate order r,z,n; out.w (V,D)"})
        print(json.dumps({"weights": stem + ".bin"}))


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default=os.path.join(HERE, "batches"), help="file stem")
    ap.add_argument("--batches", type=int, default=40)
    ap.add_argument("--batch-sentences", type=int, default=64, help="the reference rounds this to stories: 64 -> 13 x 5 = 65")
    ap.add_argument("--seed", type=int, default=7)
    ap.add_argument("--vocabulary", default=os.path.join(DATA, "vocabulary.2017.json"))
    ap.add_argument("--sentences", default=os.path.join(DATA, "sentences.valid.txt"))
    ap.add_argument("--weights", default="", help="e.g. a:512,c:512 : also write weights_<model><H>.bin/.json (float32, "
                    "torch layout, gate order r,z,n): the initial weights every peer starts from")
    ap.add_argument("--weights-only", action="store_true", help="write the weights, leave the batches as they are")
    ap.add_argument("--gru", choices=["modern", "legacy"], default="modern", help="for --weights")
    ap.add_argument("--score", choices=["ref", "dot", "general"], default="ref", help="for --weights, model b")
    a = ap.parse_args()

    if a.weights_only:
        write_weights(a)
        sys.exit()
    S_b = int(np.round(a.batch_sentences / float(K)))
    N = a.batches * S_b
    r = np.random.RandomState(a.seed)
    real = os.path.exists(a.sentences) and os.path.exists(a.vocabulary)
    told = real_sentences(a, r, N) if real else random_sentences(r, N)
    pad = lambda ids: [START] + ids + [END] + [0] * (T - 2 - len(ids))
    sent = np.array([[pad(ids) for ids in story] for story in told], np.int32)
    feat = np.empty((N, K, F), np.float32)
    for i in range(N):
        feat[i] = np.maximum(0, r.standard_normal((K, F)) * 1.6 - 1.1)
    order = r.permutation(N).reshape(a.batches, S_b).astype(np.int32)
    length = (sent > START).sum(-1).astype(np.int32)          # words + END = real target tokens
    arrays = {"features": feat, "sentences": sent, "batch_story_index": order, "lengths": length}
    np.savez(a.out + ".npz", **arrays)
    meta = {"vocab": V, "steps": T, "image_dim": F, "images_per_story": K, "stories_per_batch": S_b,
            "sentences_per_batch": S_b * K, "batches": a.batches, "null": 0, "start": START, "end": END, "unk": UNK,
            "seed": a.seed, "source": "VIST" if real else "synthetic",
            "real_tokens_per_batch": [int(length[o].sum()) for o in order],
            "mean_words": float(length.mean() - 1), "zero_fraction_features": float((feat == 0).mean())}
    write_bin(a.out, arrays, meta)
    print(json.dumps({"stories": N, "batches": a.batches, "sentences_per_batch": S_b * K,
                      "mean_real_tokens_per_sentence": round(float(length.mean()), 3),
                      "fill": round(float(length.mean() / T), 4), "min": int(length.min()), "max": int(length.max()),
                      "source": meta["source"],
                      "feature_zero_fraction": round(meta["zero_fraction_features"], 3), "out": a.out}))
    write_weights(a)
