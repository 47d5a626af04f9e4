#!/usr/bin/env python
"""Story decoding speed of model c in PyTorch, batched over stories (a story = five sentences in order, each
conditioned on the sentence generated before it). Greedy (beam 1) and beam search. One JSON line per width.

Stopping: random weights never emit a sensible <END>, so
  --stop forced   <END> is suppressed until, and forced at, a length drawn from the real validation sentences
                  (mean 12.06 tokens with <END>): the realistic workload, same GEMMs as a trained model's
  --stop never    every sentence runs all --max-steps steps: the upper bound
  --stop model    the model decides (give --weights from peer_torch.py --save)
Beam search: finished hypotheses stay in the beam and compete, no length normalisation, a sentence ends when every beam
has ended; --early-stop ends it once the best hypothesis is a finished one (same result). The reference instead takes
finished ones out and narrows the beam; the work is much the same, results can differ. Unlike the reference's
Inference, the previous sentence is fed back as in training ([START, words, END, 0..]), not shifted without START."""
import argparse, json, os, sys, time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--data", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "batches.npz"))
ap.add_argument("--hidden", type=int, default=512)
ap.add_argument("--beams", default="1,3,10", help="comma list; 1 = greedy")
ap.add_argument("--stories", type=int, default=128, help="stories timed per width")
ap.add_argument("--batch", type=int, default=64, help="stories decoded together")
ap.add_argument("--warmup", type=int, default=1, help="batches decoded before timing")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--last-k", type=int, default=3)
ap.add_argument("--max-steps", type=int, default=21, help="20 words + <END>")
ap.add_argument("--stop", choices=["forced", "never", "model"], default="forced")
ap.add_argument("--end", choices=["step", "free"], default="step", help="how a forced <END> comes: by a decoder step of its "
                "own, with its log-probability; or free, after the last word without a step, as Fabula does it")
ap.add_argument("--compact", action="store_true", help="drop finished stories from the batch inside a sentence")
ap.add_argument("--emb-table", action="store_true", help="fold the frozen embedding into the decoder's input weights once")
ap.add_argument("--early-stop", action="store_true")
ap.add_argument("--weights", default="", help="npz from peer_torch.py --save (model c)")
ap.add_argument("--bf16", action="store_true", help="autocast to bfloat16 (not identical maths)")
ap.add_argument("--no-peak", action="store_true")
ap.add_argument("--show", type=int, default=0, help="print this many decoded stories' token ids to stderr")
a = ap.parse_args()

import peerlib as P
P.set_threads_env(a.threads)
import contextlib
import numpy as np
import torch, torch.nn.functional as F
torch.set_num_threads(a.threads)


class Net:
    def __init__(self, w, H):
        t = lambda k: torch.from_numpy(np.ascontiguousarray(w[k]))
        self.H, self.D = H, 2 * H
        self.emb = t("emb")
        self.g = {n: [t(n + "." + k) for k in ("w_ih", "w_hh", "b_ih", "b_hh")] for n in ("img", "sent", "dec")}
        self.ow, self.ob = t("out.w"), t("out.b")
        self.sent = torch.nn.GRU(P.E, H)
        for p, q in zip((self.sent.weight_ih_l0, self.sent.weight_hh_l0, self.sent.bias_ih_l0, self.sent.bias_hh_l0), self.g["sent"]):
            p.data.copy_(q)
        w_ih, _, b_ih, _ = self.g["dec"]
        self.table = F.linear(self.emb, w_ih, b_ih) if a.emb_table else None

    def cell(self, n, xp, h):
        _, w_hh, _, b_hh = self.g[n]
        hp = F.linear(h, w_hh, b_hh)
        xr, xz, xn = xp.chunk(3, -1); hr, hz, hn = hp.chunk(3, -1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        c = torch.tanh(xn + r * hn)
        return c + z * (h - c)

    def images(self, u, k):
        """(S,5,F) -> (S,5,H): every image projected once, all five rows' states together."""
        w_ih, _, b_ih, _ = self.g["img"]
        S = u.shape[0]
        xp = F.linear(u.reshape(S * 5, -1), w_ih, b_ih).view(S, 5, -1)
        h = None
        for t in range(k):
            n = 5 - (k - 1 - t)
            old = xp.new_zeros(S, n, self.H)
            if h is not None:
                old = torch.cat([old[:, :1], h], 1)
            h = self.cell("img", xp[:, :n].reshape(S * n, -1), old.reshape(S * n, -1)).view(S, n, -1)
        return h

    def start(self, img, prev):
        _, h = self.sent(self.emb[prev.t()])
        return torch.cat([img, h[0]], 1)

    def step(self, tok, h):
        if self.table is not None:
            xp = self.table[tok]
        else:
            w_ih, _, b_ih, _ = self.g["dec"]
            xp = F.linear(self.emb[tok], w_ih, b_ih)
        h = self.cell("dec", xp, h)
        return h, F.linear(h, self.ow, self.ob)


def greedy(net, h, L, M):
    """h (S,D), L (S,) forced lengths or None -> tokens (S,M), steps."""
    S = h.shape[0]
    out = torch.zeros(S, M, dtype=torch.long)
    rows = torch.arange(S)
    tok = torch.full((S,), P.START)
    alive = torch.ones(S, dtype=torch.bool)
    work = 0
    for t in range(M):
        h, y = net.step(tok, h)
        work += y.shape[0]
        if a.stop != "model":
            y[:, :P.UNK] = -1e30
        tok = y.argmax(1)
        ended = torch.zeros_like(tok, dtype=torch.bool)
        if L is not None and a.end == "step":
            tok = torch.where(L[rows] == t + 1, P.END, tok)
        elif L is not None:
            ended = L[rows] == t + 2
            out[rows[ended], t + 1] = P.END
        if a.compact:
            out[rows, t] = tok
            keep = (tok != P.END) & ~ended
            if not bool(keep.all()):
                rows, tok, h = rows[keep], tok[keep], h[keep]
            if rows.numel() == 0:
                break
        else:
            out[alive, t] = tok[alive]
            alive &= (tok != P.END) & ~ended
            if not bool(alive.any()):
                break
    return out, work


def beam(net, h, L, M, W):
    S = h.shape[0]
    seq = torch.zeros(S, W, M, dtype=torch.long)
    final = torch.zeros(S, M, dtype=torch.long)
    rows = torch.arange(S)                                   # which story each live block of W rows is
    score = torch.zeros(S, W)
    done = torch.zeros(S, W, dtype=torch.bool)
    work = 0
    finished = torch.zeros(S, dtype=torch.bool)
    for t in range(M):
        R = rows.numel()
        if t == 0:
            h, y = net.step(torch.full((S,), P.START), h)    # one row a story: all beams are equal yet
        else:
            h, y = net.step(tok.reshape(-1), h)
        work += y.shape[0]
        lse = torch.logsumexp(y, 1, keepdim=True)
        end = y[:, P.END:P.END + 1] - lse
        if a.stop != "model":
            y[:, :P.UNK] = -1e30
        tv, ti = y.topk(W, 1)
        lp = tv - lse
        if t == 0:
            score, tok = lp, ti                              # (S,W)
            h = h.repeat_interleave(W, 0)
            src = torch.zeros(S, W, dtype=torch.long)
        else:
            lp, ti = lp.view(R, W, W).clone(), ti.view(R, W, W).clone()
            lp[done] = float("-inf"); ti[done] = 0           # a finished beam continues only as itself
            lp[..., 0] = torch.where(done, 0.0, lp[..., 0])
            if L is not None and a.end == "step":            # a beam at its length continues with END alone
                now = (L[rows] == t + 1).unsqueeze(1) & ~done
                lp[now] = float("-inf"); ti[now] = P.END
                lp[..., 0] = torch.where(now, end.view(R, W), lp[..., 0])
            cand = (score.unsqueeze(2) + lp).view(R, W * W)
            score, ix = cand.topk(W, 1)
            src = ix // W
            tok = ti.view(R, W * W).gather(1, ix)
            done = done.gather(1, src)
            seq = seq.gather(1, src.unsqueeze(2).expand(-1, -1, M))
            h = h.view(R, W, -1).gather(1, src.unsqueeze(2).expand(-1, -1, h.shape[1])).reshape(R * W, -1)
        seq[:, :, t] = tok
        done = done | (tok == P.END)
        if L is not None and a.end == "free":
            ended = L[rows] == t + 2
            seq[ended, :, t + 1] = P.END
            done = done | ended.unsqueeze(1)
        over = done.all(1)
        if a.early_stop:
            over = over | done[:, 0]                         # topk is sorted: the best one has ended
        new = over & ~finished[rows]
        if bool(new.any()):
            final[rows[new]] = seq[new, 0]
            finished[rows[new]] = True
            if bool(finished.all()):
                break
            if a.compact:
                keep = ~over
                rows, score, tok, done, seq = rows[keep], score[keep], tok[keep], done[keep], seq[keep]
                h = h.view(R, W, -1)[keep].reshape(-1, h.shape[1])
    left = ~finished[rows]
    final[rows[left]] = seq[left, 0]
    return final, work


def decode(net, feats, lens, W):
    S = feats.shape[0]
    img = net.images(feats, a.last_k)
    prev = torch.zeros(S, P.T, dtype=torch.long); prev[:, 0] = P.START
    out, rows, toks = [], 0, 0
    for j in range(5):
        h = net.start(img[:, j], prev)
        L = lens[:, j].clamp(max=a.max_steps) if a.stop == "forced" else None
        s, work = greedy(net, h, L, a.max_steps) if W == 1 else beam(net, h, L, a.max_steps, W)
        end = (s == P.END).long().cumsum(1)
        s = torch.where((end > 0) & ((s != P.END) | (end > 1)), 0, s)    # nothing after the first <END>
        out.append(s); rows += work; toks += int((s > 0).sum())
        prev = torch.zeros(S, P.T, dtype=torch.long); prev[:, 0] = P.START
        m = min(a.max_steps, P.T - 1)
        prev[:, 1:1 + m] = s[:, :m]
    return torch.stack(out, 1), rows, toks


def main():
    peak = None if a.no_peak else P.measure_peak(a.threads)
    d = P.Batches(a.data)
    w = np.load(a.weights) if a.weights else P.init_weights("c", a.hidden)
    if a.weights:
        assert str(w["model"]) == "c" and str(w["gru"]) == "modern", "need modern model c weights"
        a.hidden = int(w["hidden"])
    t0 = time.perf_counter()
    with torch.inference_mode():
        net = Net(w, a.hidden)
        setup = time.perf_counter() - t0
        amp = torch.autocast("cpu", dtype=torch.bfloat16) if a.bf16 else contextlib.nullcontext()
        N, S = len(d.features), a.batch
        for W in [int(x) for x in a.beams.split(",")]:
            per, rows, toks, n = [], 0, 0, 0
            nb = (a.stories + S - 1) // S
            with amp:
                for b in range(a.warmup + nb):
                    ix = np.arange(b * S, (b + 1) * S) % N
                    f, l = torch.from_numpy(d.features[ix]), torch.from_numpy(d.lengths[ix]).long()
                    t0 = time.perf_counter()
                    s, r, k = decode(net, f, l, W)
                    dt = time.perf_counter() - t0
                    if b >= a.warmup:
                        per.append(dt); rows += r; toks += k; n += S
            D, H = 2 * a.hidden, a.hidden
            flop = 2.0 * rows * ((0 if a.emb_table else P.E * 3 * D) + D * 3 * D + D * P.V)
            flop += n * 5 * 2.0 * (P.F * 3 * H + P.T * (P.E * 3 * H + H * 3 * H)) + n * 12 * 2.0 * H * 3 * H
            o = {"framework": "torch", "version": torch.__version__, "task": "decode", "model": "c", "hidden": a.hidden,
                 "beam": W, "batch_stories": S, "threads": a.threads, "stories": n,
                 "stories_per_s": round(S / float(np.median(per)), 2), "stories_per_s_best": round(S / min(per), 2),
                 "ms_per_story": round(float(np.median(per)) / S * 1e3, 3), "ms_per_story_min": round(min(per) / S * 1e3, 3),
                 "tokens_per_s": round(toks / sum(per), 1), "mean_tokens_per_sentence": round(toks / n / 5, 3),
                 "decoder_rows_per_story": round(rows / n, 1), "gflop_per_story": round(flop / n / 1e9, 3),
                 "gflops_achieved_best": round(flop / n * S / min(per) / 1e9, 1),
                 "opts": {"stop": a.stop, "end": a.end, "compact": a.compact, "emb_table": a.emb_table, "early_stop": a.early_stop,
                          "max_steps": a.max_steps, "last_k": a.last_k, "bf16": a.bf16, "weights": a.weights or "random"},
                 "setup_s": round(setup, 2), "peak_rss_mb": P.peak_rss_mb(), "loadavg": P.loadavg(),
                 "words": [[[t for t in q if t not in (0, P.END)] for q in story] for story in s.tolist()]}      # of the last batch
            if peak and peak.get("gflops_best"):
                o["sgemm_peak_gflops"] = peak["gflops_best"]
                o["fraction_of_peak_best"] = round(o["gflops_achieved_best"] / peak["gflops_best"], 3)
            print(json.dumps(o), flush=True)
            if a.show:
                for q in s[:a.show].tolist():
                    print(q, file=sys.stderr)


main()
