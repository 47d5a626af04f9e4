"""Recomputes in PyTorch what .ci/node/alexnet_case.mjs computed, from the same weights and photos.

Use: python check_alexnet.py FOLDER      Fails when a layer differs by more than 1e-4 of its largest value.
The networks are written out here from the papers and the TensorFlow code of VIST-seq2seq, not from our tables.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

TOLERANCE = 1e-4


class Case:
    def __init__(self, folder: Path, name: str):
        self.folder, self.name = folder, name
        self.about = json.loads((folder / f"{name}.json").read_text())

    def read(self, part: str, shape) -> torch.Tensor:
        return torch.from_numpy(np.fromfile(self.folder / f"{self.name}.{part}.f32", "<f4").reshape(shape))

    def conv(self, x, name, size, filters, stride=1, pad=0, groups=1):
        weights = self.read(f"{name}.weights", (size, size, x.shape[1] // groups, filters))
        biases = self.read(f"{name}.biases", (filters,))
        # Groups by hand, as the TensorFlow code does: split, convolve, concatenate.
        parts = [
            F.conv2d(part, kernel.permute(3, 2, 0, 1), stride=stride, padding=pad)
            for part, kernel in zip(x.chunk(groups, 1), weights.chunk(groups, 3))
        ]
        return F.relu(torch.cat(parts, 1) + biases[None, :, None, None])

    def dense(self, x, name, units, relu=True):
        if x.dim() == 4:
            x = x.permute(0, 2, 3, 1).reshape(len(x), -1)
        y = x @ self.read(f"{name}.weights", (x.shape[1], units)) + self.read(f"{name}.biases", (units,))
        return F.relu(y) if relu else y


def lrn(x):
    """tf.nn.local_response_normalization(depth_radius=2, alpha=2e-05, beta=0.75, bias=1.0), by its definition."""
    squares = F.pad(x * x, (0, 0, 0, 0, 2, 2))
    window = sum(squares[:, i : i + x.shape[1]] for i in range(5))
    return x / (1.0 + 2e-05 * window) ** 0.75


def alexnet(case, x, conv1_pad, last):
    yield "conv1", (x := case.conv(x, "conv1", 11, 96, stride=4, pad=conv1_pad))
    yield "norm1", (x := lrn(x))
    yield "pool1", (x := F.max_pool2d(x, 3, 2))
    yield "conv2", (x := case.conv(x, "conv2", 5, 256, pad=2, groups=2))
    yield "norm2", (x := lrn(x))
    yield "pool2", (x := F.max_pool2d(x, 3, 2))
    yield "conv3", (x := case.conv(x, "conv3", 3, 384, pad=1))
    yield "conv4", (x := case.conv(x, "conv4", 3, 384, pad=1, groups=2))
    yield "conv5", (x := case.conv(x, "conv5", 3, 256, pad=1, groups=2))
    yield "pool5", (x := F.max_pool2d(x, 3, 2))
    yield "fc6", (x := case.dense(x, "fc6", 4096))
    yield "fc7", (x := case.dense(x, "fc7", 4096))
    if last == "fc8":
        yield "fc8", case.dense(x, "fc8", 1000, relu=False)


def vgg19(case, x):
    for block, (filters, count) in enumerate([(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)], 1):
        for i in range(1, count + 1):
            yield f"conv{block}_{i}", (x := case.conv(x, f"conv{block}_{i}", 3, filters, pad=1))
        yield f"pool{block}", (x := F.max_pool2d(x, 2, 2))
    yield "fc6", case.dense(x, "fc6", 4096)


def main(folder: Path) -> int:
    failed = False
    for name in ["alexnet-valid", "alexnet-same", "vgg19"]:
        case = Case(folder, name)
        side, outputs = case.about["side"], case.about["outputs"]
        photos = case.read("photos", (case.about["photos"], 3, side, side))
        layers = vgg19(case, photos) if name == "vgg19" else alexnet(case, photos, 4 if name.endswith("same") else 0, outputs[-1])
        for layer, value in layers:
            if layer not in outputs:
                continue
            ours = case.read(f"out.{layer}", value.shape)
            error = ((ours - value).abs().max() / value.abs().max()).item()
            failed |= not error <= TOLERANCE
            print(f"{name:14} {layer:8} {str(list(value.shape)):20} largest {value.abs().max():10.3f}  error {error:.1e}")
    return int(failed)


if __name__ == "__main__":
    with torch.inference_mode():
        sys.exit(main(Path(sys.argv[1])))
