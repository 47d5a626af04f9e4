"""Recomputes in PyTorch what .ci/node/models_case.mjs computed, from the same stories and initial weights.

Use: python check_models.py FOLDER
Fails when a loss differs by more than 1e-4 of its value, a gradient by more than 1e-4 of its largest value, or over
20 steps of Adam a loss by more than 1e-3 of its value or a weight matrix by more than 1e-3 of its norm (not of its
largest value: in single precision the pooling of the CNN may choose the other of two nearly equal positions).

The models are written here from their equations, one sentence slot at a time with masks, in double precision and with
PyTorch's own gradients: no packing, no shared projections, nothing of our layout but the names and shapes of weights.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

LOSS, GRADIENT, TRAINING = 1e-4, 1e-4, 1e-3
NULL, START, END = 0, 1, 2


def gate(options, x):
    return torch.sigmoid(x) if options["cell"]["gates"] == "sigmoid" else torch.clamp(0.2 * x + 0.5, 0, 1)


def cell(options, p, name, x, state):
    """One step of a GRU (state h) or LSTM (state h, c). x [B, I]; returns the new state."""
    kernel, recurrent, bias = p[f"{name}.input"], p[f"{name}.recurrent"], p[f"{name}.bias"]
    if options["cell"]["type"] == "lstm":
        h, c = state
        i, f, g, o = (x @ kernel + h @ recurrent + bias).chunk(4, 1)
        c = gate(options, f) * c + gate(options, i) * torch.tanh(g)
        return gate(options, o) * torch.tanh(c), c
    (h,) = state
    xr, xz, xn = (x @ kernel + bias).chunk(3, 1)
    if options["cell"]["reset"] == "after":
        hr, hz, hn = (h @ recurrent + p[f"{name}.recurrent_bias"]).chunk(3, 1)
        r, z = gate(options, xr + hr), gate(options, xz + hz)
        n = torch.tanh(xn + r * hn)
    else:
        ur, uz, un = recurrent.chunk(3, 1)
        r, z = gate(options, xr + h @ ur), gate(options, xz + h @ uz)
        n = torch.tanh(xn + (r * h) @ un)
    return ((1 - z) * n + z * h,)


def zero_state(options, rows, units):
    parts = 2 if options["cell"]["type"] == "lstm" else 1
    return tuple(torch.zeros(rows, units, dtype=torch.float64) for _ in range(parts))


def keep(live, new, old):
    """The new state in rows that are live [B], the old one elsewhere."""
    return tuple(torch.where(live[:, None], a, b) for a, b in zip(new, old))


def encode_photos(options, p, photos):
    """photos [S, 5, F] -> state after the window of every sentence [S * 5, H]."""
    o = options["photos"]
    stories = len(photos)
    if o["normalise"] == "standardise":
        photos = (photos - p["photos.mean"]) * p["photos.scale"]
    elif o["normalise"] == "l2":
        photos = photos / photos.norm(dim=-1, keepdim=True)
    finals = []
    for j in range(5):
        states = [zero_state(options, stories, o["units"]) for _ in range(o["layers"])]
        slots = range(5)
        for slot in reversed(slots) if o["reverse"] else slots:
            inside = j - o["last"] < slot <= j
            if not inside and o["masking"]:
                continue
            x = photos[:, slot] if inside else torch.zeros_like(photos[:, slot])
            for layer in range(o["layers"]):
                states[layer] = cell(options, p, f"photos.{layer}", x, states[layer])
                x = states[layer][0]
        finals.append(states[-1])
    return tuple(torch.stack(parts, 1).flatten(0, 1) for parts in zip(*finals))


def encode_previous(options, p, previous, lengths):
    """previous [B, T] -> outputs of every word [B, T, H] and the state after the last word that is read."""
    words = p["embedding"][previous]
    state = zero_state(options, len(previous), options["previous"]["units"])
    outputs = []
    for t in range(previous.shape[1]):
        state = keep(t < lengths, cell(options, p, "previous", words[:, t], state), state)
        outputs.append(state[0])
    return torch.stack(outputs, 1), state


def encode_by_filters(options, p, previous):
    o = options["previous"]
    size = options["embedding"]["size"]
    words = p["embedding"][previous].transpose(1, 2)
    filters = p["previous.filters.kernel"].reshape(o["kernel"], size, o["filters"]).permute(2, 1, 0)
    found = torch.tanh(F.conv1d(words, filters, p["previous.filters.bias"]))
    pooled = F.max_pool1d(found, o["pool"]).transpose(1, 2).flatten(1)
    h = pooled @ p["previous.dense.kernel"] + p["previous.dense.bias"]
    return (h,) if options["cell"]["type"] == "gru" else (h, torch.zeros_like(h))


def attend(options, p, h, memory, mask):
    score = options["attention"]["score"]
    if score == "rank-one":
        scores = (h @ p["attention.kernel"]) * memory.sum(2)
    elif score == "concat":
        hidden = torch.tanh((h @ p["attention.query"])[:, None] + memory @ p["attention.key"])
        scores = (hidden @ p["attention.score"])[:, :, 0]
    else:
        query = h @ p["attention.kernel"] if score == "general" else h
        scores = torch.einsum("bd,bmd->bm", query, memory)
    weights = torch.softmax(scores.masked_fill(~mask, -torch.inf), 1)
    context = torch.einsum("bm,bmd->bd", weights, memory)
    return torch.tanh(torch.cat([h, context], 1) @ p["combine.kernel"] + p["combine.bias"])


def decode(options, p, inputs, first, memory, mask):
    """inputs [B, T] -> outputs [B, T, D]. Layers above the first start from zeros."""
    layers = options["decoder"]["layers"]
    states = [first] + [tuple(torch.zeros_like(part) for part in first) for _ in range(layers - 1)]
    words = p["embedding"][inputs]
    feed = options["attention"]["feed"]
    attended = torch.zeros_like(first[0])
    outputs = []
    for t in range(inputs.shape[1]):
        x = words[:, t]
        for layer in range(layers):
            name = f"decoder.{layer}"
            weights = p
            if memory is not None and layer == layers - 1 and feed == "input":
                # Input feeding (Luong et al. 2015, section 3.3): the attended state is part of the input.
                x = torch.cat([x, attended], 1)
                weights = {**p, f"{name}.input": torch.cat([p[f"{name}.input"], p["decoder.feed"]])}
            states[layer] = cell(options, weights, name, x, states[layer])
            x = states[layer][0]
        if memory is not None:
            x = attended = attend(options, p, x, memory, mask)
            if feed == "state":
                states[-1] = (attended, *states[-1][1:])
        outputs.append(x)
    return torch.stack(outputs, 1)


def loss_of(options, p, sentences, photos):
    """sentences [S, 5, T], photos [S, 5, F] -> mean negative log-likelihood of the words and ENDs."""
    steps = sentences.shape[2]
    flat = sentences.reshape(-1, steps)
    first = encode_photos(options, p, photos)
    memory = mask = None
    if options["name"] != "encoder-decoder":
        before = torch.cat([torch.full_like(sentences[:, :1], NULL), sentences[:, :-1]], 1)
        before[:, 0, 0] = START
        before = before.reshape(-1, steps)
        padded = not options["previous"]["mask"] or options["previous"]["encoder"] == "cnn"
        lengths = torch.full((len(before),), steps) if padded else (before != NULL).sum(1)
        if options["previous"]["encoder"] == "cnn":
            state = encode_by_filters(options, p, before)
        else:
            outputs, state = encode_previous(options, p, before, lengths)
        if options["name"] == "attention":
            memory, mask = outputs, torch.arange(steps)[None] < lengths[:, None]
        else:
            first = tuple(torch.cat(parts, 1) for parts in zip(first, state))
    outputs = decode(options, p, flat[:, :-1], first, memory, mask)
    targets = flat[:, 1:]
    logits = outputs @ p["output.kernel"] + p["output.bias"]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=NULL)


class Adam:
    """Keras' form: the bias correction is in the rate and leaves epsilon alone; gradients are clipped one by one."""

    def __init__(self, parameters, o):
        self.parameters, self.o, self.step = parameters, o, 0
        self.first = {name: torch.zeros_like(x) for name, x in parameters.items()}
        self.second = {name: torch.zeros_like(x) for name, x in parameters.items()}

    @torch.no_grad()
    def update(self, gradients):
        o = self.o
        self.step += 1
        rate = o["learning_rate"] * (1 - o["beta2"] ** self.step) ** 0.5 / (1 - o["beta1"] ** self.step)
        for name, gradient in gradients.items():
            g = gradient.clamp(-o["clip_value"], o["clip_value"])
            self.first[name] = o["beta1"] * self.first[name] + (1 - o["beta1"]) * g
            self.second[name] = o["beta2"] * self.second[name] + (1 - o["beta2"]) * g * g
            self.parameters[name] -= rate * self.first[name] / (self.second[name].sqrt() + o["epsilon"])


def apart(ours, theirs):
    """Largest difference as a share of the largest value."""
    return float((ours.double() - theirs).abs().max() / theirs.abs().max().clamp_min(1e-30))


def check_case(folder, name, about, sentences, photos):
    options = about["options"]
    p = {key: value.double() for key, value in load_file(folder / f"{about['file']}.initial.safetensors").items()}
    gradients = load_file(folder / f"{about['file']}.gradients.safetensors")
    final = load_file(folder / f"{about['file']}.final.safetensors")
    frozen = {"photos.mean", "photos.scale"} | (set() if options["embedding"]["trainable"] else {"embedding"})
    expected = set(p) - frozen
    assert set(gradients) == set(final) == expected, f"{name}: other parameters"
    moving = {key: p[key].requires_grad_() for key in gradients}
    adam = Adam({key: value for key, value in moving.items()}, about["optimizer"])
    worst = {"loss": 0.0, "gradient": 0.0, "losses": 0.0, "clipped": 0.0}
    for step, (numbers, ours) in enumerate(zip(about["order"], about["losses"])):
        loss = loss_of(options, p, sentences[numbers], photos[numbers])
        theirs = dict(zip(moving, torch.autograd.grad(loss, list(moving.values()))))
        difference = abs(ours / loss.item() - 1)
        if step == 0:
            worst["loss"] = difference
            for key, gradient in theirs.items():
                assert gradient.abs().max() > 0, f"{name}: {key} has no gradient"
                worst["gradient"] = max(worst["gradient"], apart(gradients[key], gradient))
                worst["clipped"] = max(worst["clipped"], float((gradient.abs() > about["optimizer"]["clip_value"]).double().mean()))
        worst["losses"] = max(worst["losses"], difference)
        adam.update(theirs)
    worst["weights"] = max(float((final[key].double() - value).norm() / value.norm()) for key, value in moving.items())
    fell = about["losses"][0] - about["losses"][-1]
    assert fell > 0, f"{name}: the loss did not fall"
    bad = worst["loss"] > LOSS or worst["gradient"] > GRADIENT or max(worst["losses"], worst["weights"]) > TRAINING
    print(f"{'FAILED' if bad else 'ok':6} {name:56} loss {worst['loss']:.1e}  gradients {worst['gradient']:.1e}  "
          f"{len(about['losses'])} steps: losses {worst['losses']:.1e}, weights {worst['weights']:.1e}  clipped {worst['clipped']:.0%}", flush=True)
    return not bad


def main():
    folder = Path(sys.argv[1])
    # The products are small: one thread is faster than waiting for two.
    torch.set_num_threads(1)
    stories = load_file(folder / "stories.safetensors")
    sentences, photos = stories["sentences"].long(), stories["photos"].double()
    cases = json.loads((folder / "cases.json").read_text())
    results = [check_case(folder, name, about, sentences, photos) for name, about in cases.items()]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
