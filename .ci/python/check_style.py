"""Recomputes in PyTorch what .ci/node/style_case.mjs computed, from the same sentences, photos and initial weights.

Use: python check_style.py FOLDER
Fails when a loss differs by more than 1e-6 of its value, a gradient or vector by more than 2e-6 of its tensor's largest
value, or over 20 steps of Adam a loss by more than 1e-4 of its value or a tensor by more than 1e-4 of its norm.

The models are written here from the papers, in double precision, one sentence after the other and one word after the
other, with PyTorch's own gradients: skip-thoughts and the conditional decoder (Kiros et al. 2015, section 2, and
ryankiros/skip-thoughts), the ranking loss pair by pair (Kiros, Salakhutdinov and Zemel 2014). Of our layout there are
only the names of weights, and that gates stand side by side: r, z, n of a GRU, i, f, g, o of an LSTM.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

LOSS, GRADIENT, STEP_LOSS, WEIGHTS = 1e-6, 2e-6, 1e-4, 1e-4
START, END = 1, 2


class Cell:
    """A recurrent cell with the weights of one name. States are lists: [h], or [h, c]."""

    def __init__(self, p, name, options):
        self.kind, self.reset = options["type"], options["reset"]
        self.squash = torch.sigmoid if options["gates"] == "sigmoid" else lambda x: (0.2 * x + 0.5).clamp(0, 1)
        gates = 3 if self.kind == "gru" else 4
        self.w = p[f"{name}.input"].chunk(gates, 1)
        self.u = p[f"{name}.recurrent"].chunk(gates, 1)
        self.b = p[f"{name}.bias"].chunk(gates)
        # What a reset-after GRU adds inside the product with its reset gate.
        self.inner = p[f"{name}.recurrent_bias"].chunk(3) if f"{name}.recurrent_bias" in p else [0, 0, 0]
        self.units = p[f"{name}.recurrent"].shape[0]

    def state(self, h=None):
        zeros = torch.zeros(self.units, dtype=torch.float64)
        return [zeros if h is None else h] + ([zeros] if self.kind == "lstm" else [])

    def step(self, x, state, extra=None):
        """extra: for every gate what a sentence's vector adds to it."""
        from_x = [x @ w + b + (0 if extra is None else extra[i]) for i, (w, b) in enumerate(zip(self.w, self.b))]
        h = state[0]
        if self.kind == "lstm":
            i, f, g, o = (a + h @ u for a, u in zip(from_x, self.u))
            memory = self.squash(f) * state[1] + self.squash(i) * g.tanh()
            return [self.squash(o) * memory.tanh(), memory]
        r = self.squash(from_x[0] + h @ self.u[0] + self.inner[0])
        z = self.squash(from_x[1] + h @ self.u[1] + self.inner[1])
        candidate = (r * h) @ self.u[2] if self.reset == "before" else r * (h @ self.u[2] + self.inner[2])
        return [(1 - z) * (from_x[2] + candidate).tanh() + z * h]

    def read(self, words):
        state = self.state()
        for x in words:
            state = self.step(x, state)
        return state[0]


def unit(x):
    return x / x.norm()


def minus_log_likelihood(p, outputs, targets):
    """Outputs of one sentence, before the softmax, and the words that were to be told."""
    total = 0
    for h, target in zip(outputs, targets):
        total = total - torch.log_softmax(h @ p["output.kernel"] + p["output.bias"], 0)[target]
    return total


def sentence_vector(p, o, ids):
    words = p["embedding"][[*ids, END]]
    if o["direction"] == "uni":
        return Cell(p, "encoder.forward", o["cell"]).read(words)
    return torch.cat([Cell(p, "encoder.forward", o["cell"]).read(words), Cell(p, "encoder.backward", o["cell"]).read(words.flip(0))])


def skip_thoughts(p, o, batch):
    loss, count = 0, 0
    for i, ids in enumerate(batch["sentences"]):
        s = sentence_vector(p, o, ids)
        for name in ("next", "previous"):
            told = batch[name][i]
            cell = Cell(p, name, o["cell"])
            words = p["embedding"][[START, *told]]
            extra, state = None, cell.state()
            if o["objective"] == "as-published":
                # C_r s, C_z s, C s; for an LSTM as many as it has gates.
                extra = [s @ c for c in p[f"{name}.vector"].chunk(len(cell.w), 1)]
            else:
                state = cell.state(s)
                words = torch.cat([torch.zeros_like(words[:1]), words[1:]])
            outputs = []
            for x in words:
                state = cell.step(x, state, extra)
                outputs.append(state[0])
            loss = loss + minus_log_likelihood(p, outputs, [*told, END])
            count += len(told) + 1
    vectors = torch.stack([sentence_vector(p, o, ids) for ids in batch["sentences"]])
    return loss, count, {"vectors": vectors}


def image_sentence(p, o, batch):
    sentences, photos = [], []
    for ids, row in zip(batch["sentences"], batch["rows"]):
        words = p["embedding"][[*ids, END]]
        sentences.append(unit(Cell(p, "sentence.forward", o["cell"]).read(words) if o["encoder"] == "gru" else words.sum(0)))
        x = torch.tensor(row, dtype=torch.float64)
        if o["photos"]["normalise"] == "standardise":
            x = (x - p["photos.mean"]) * p["photos.scale"]
        elif o["photos"]["normalise"] == "l2":
            x = unit(x)
        photos.append(x @ p["photo.kernel"] + p["photo.bias"])
    shown = [unit(v) for v in photos] if o["objective"] == "as-published" else photos
    loss, margin = torch.zeros((), dtype=torch.float64), o["margin"]
    for i, v in enumerate(shown):
        for j, s in enumerate(sentences):
            if i == j:
                continue
            # Photo i with a wrong caption j, and caption j with a wrong photo i.
            loss = loss + (margin - v @ sentences[i] + v @ s).clamp_min(0) + (margin - shown[j] @ s + v @ s).clamp_min(0)
    return loss, len(shown), {"photos": torch.stack([unit(v) for v in photos]), "sentences": torch.stack(sentences)}


def passages(p, o, batch):
    loss, count = 0, 0
    cell = Cell(p, "decoder", o["cell"])
    for told, row in zip(batch["sentences"], batch["rows"]):
        s = torch.tensor(row, dtype=torch.float64)
        if o["vectors"] == "standardise":
            s = (s - p["vectors.mean"]) * p["vectors.scale"]
            if o["cut"] is not None:
                s = s.clamp(-o["cut"], o["cut"])
        if o["conditioning"] == "as-published":
            extra, state = [s @ c for c in p["decoder.vector"].chunk(len(cell.w), 1)], cell.state()
        else:
            extra, state = None, cell.state((s @ p["start.kernel"] + p["start.bias"]).tanh())
        outputs = []
        for x in p["embedding"][[START, *told]]:
            state = cell.step(x, state, extra)
            h = state[0]
            outputs.append((h @ p["deep.kernel"] + p["deep.bias"]).tanh() if o["deep_output"] else h)
        loss = loss + minus_log_likelihood(p, outputs, [*told, END])
        count += len(told) + 1
    return loss, count, {}


MODELS = {"skip-thoughts": skip_thoughts, "image-sentence": image_sentence, "passages": passages}


class Adam:
    """Kingma and Ba 2015, with epsilon as in the last lines of their section 2; gradients scaled down to a global norm."""

    def __init__(self, moving, o):
        self.moving, self.o, self.t = moving, o, 0
        self.m = {name: torch.zeros_like(x) for name, x in moving.items()}
        self.v = {name: torch.zeros_like(x) for name, x in moving.items()}

    @torch.no_grad()
    def update(self, gradients):
        o = self.o
        norm = torch.sqrt(sum((g * g).sum() for g in gradients.values()))
        scale = min(1.0, o["clip_norm"] / float(norm))
        self.t += 1
        rate = o["learning_rate"] * (1 - o["beta2"] ** self.t) ** 0.5 / (1 - o["beta1"] ** self.t)
        for name, gradient in gradients.items():
            g = gradient * scale
            self.m[name] = o["beta1"] * self.m[name] + (1 - o["beta1"]) * g
            self.v[name] = o["beta2"] * self.v[name] + (1 - o["beta2"]) * g * g
            self.moving[name] -= rate * self.m[name] / (self.v[name].sqrt() + o["epsilon"])
        return scale < 1


def apart(ours, theirs):
    """Largest difference as a share of the largest value."""
    return float((ours.double() - theirs).abs().max() / theirs.abs().max())


def check_case(folder, name, about):
    o, batches, model = about["options"], about["batches"], MODELS[about["model"]]
    p = {key: value.double() for key, value in load_file(folder / f"{about['file']}.initial.safetensors").items()}
    ours = load_file(folder / f"{about['file']}.gradients.safetensors")
    frozen = {key for key in p if key.endswith((".mean", ".scale"))} | (set() if o["embedding"]["trainable"] else {"embedding"})
    assert set(ours) == set(p) - frozen, f"{name}: other parameters are trained"
    moving = {key: p[key].requires_grad_() for key in ours}
    worst = dict.fromkeys(("loss", "gradient", "vector", "losses", "weights"), 0.0)
    adam, clipped = Adam(moving, about["optimizer"]), 0
    for step, loss_of_ours in enumerate(about["losses"]):
        loss, count, vectors = model(p, o, batches[step % len(batches)])
        theirs = dict(zip(moving, torch.autograd.grad(loss / count, list(moving.values()))))
        difference = abs(loss_of_ours / (loss.item() / count) - 1)
        if step == 0:
            assert loss.item() > 0.1, f"{name}: there is nothing to compare"
            worst["loss"] = max(difference, abs(about["summed"] / loss.item() - 1))
            for key, gradient in theirs.items():
                assert gradient.abs().max() > 0, f"{name}: {key} has no gradient"
                worst["gradient"] = max(worst["gradient"], apart(ours[key], gradient))
            written = load_file(folder / f"{about['file']}.vectors.safetensors") if vectors else {}
            assert set(written) == set(vectors), f"{name}: other vectors"
            worst["vector"] = max([apart(written[key], value.detach()) for key, value in vectors.items()], default=0.0)
        worst["losses"] = max(worst["losses"], difference)
        clipped += adam.update(theirs)
    if len(about["losses"]) > 1:
        final = load_file(folder / f"{about['file']}.final.safetensors")
        worst["weights"] = max(float((final[key].double() - value.detach()).norm() / value.detach().norm()) for key, value in moving.items())
        assert about["losses"][-1] < about["losses"][0] and clipped > 0, f"{name}: nothing was learned, or nothing clipped"
    bad = worst["loss"] > LOSS or max(worst["gradient"], worst["vector"]) > GRADIENT or worst["losses"] > STEP_LOSS or worst["weights"] > WEIGHTS
    steps = len(about["losses"])
    trained = f"  {steps} steps: losses {worst['losses']:.1e}, weights {worst['weights']:.1e}, {clipped} clipped" if steps > 1 else ""
    print(f"{'FAILED' if bad else 'ok':6} {name:64} loss {worst['loss']:.1e}  gradients {worst['gradient']:.1e}  vectors {worst['vector']:.1e}{trained}", flush=True)
    return not bad


def main():
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    cases = json.loads((folder / "cases.json").read_text())
    results = [check_case(folder, name, about) for name, about in cases.items()]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
