"""Recomputes with numpy.linalg.lstsq what .ci/node/expansion_case.mjs computed: maps, held-out figures, tables, nearest words.

Use: python check_expansion.py FOLDER
Needs the package numpy. A ridge is checked as least squares with rows sqrt(ridge) I added.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

TOLERANCE = 1e-8
SPECIALS = 2


def read_word2vec(path: Path) -> np.ndarray:
    """Vectors of a word2vec binary file, [words, D], read another way than ours: entry by entry from the whole file."""
    data = path.read_bytes()
    start = data.index(b"\n") + 1
    words, width = (int(field) for field in data[:start].split())
    rows = []
    for _ in range(words):
        start = data.index(b" ", start) + 1
        rows.append(np.frombuffer(data, "<f4", width, start))
        start += 4 * width + 1
    return np.array(rows)


def least_squares(x: np.ndarray, y: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    mean_x, mean_y = x.mean(0), y.mean(0)
    left, right = x - mean_x, y - mean_y
    if ridge > 0:
        left = np.vstack([left, np.sqrt(ridge) * np.eye(x.shape[1])])
        right = np.vstack([right, np.zeros((x.shape[1], y.shape[1]))])
    matrix = np.linalg.lstsq(left, right, rcond=None)[0]
    return matrix, mean_y - mean_x @ matrix


def difference(ours, theirs) -> float:
    """Largest difference, relative to the largest value."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def check(folder: Path, case) -> dict[str, float]:
    number, shared, outputs = case["number"], case["shared"], case["E"]
    vectors = read_word2vec(folder / f"vectors-{number}.bin").astype(np.float64)
    own = np.fromfile(folder / f"own-{number}.f32", "<f4").reshape(-1, outputs)
    x, y = vectors[:shared], own[SPECIALS:].astype(np.float64)
    matrix, intercept = least_squares(x, y, case["ridge"])
    found = {
        "matrix": difference(np.reshape(case["matrix"], matrix.shape), matrix),
        "intercept": difference(case["intercept"], intercept),
    }
    if case["heldOut"] is not None:
        held = np.arange(shared) % 10 == 9
        part, offset = least_squares(x[~held], y[~held], case["ridge"])
        error = ((x[held] @ part + offset - y[held]) ** 2).mean()
        r2 = 1 - error / ((y[held] - y[held].mean(0)) ** 2).mean()
        found["held out"] = max(abs(case["heldOut"]["meanSquaredError"] / error - 1), abs(case["heldOut"]["r2"] - r2) / max(1, abs(r2)))
    table = np.fromfile(folder / f"table-{number}.f32", "<f4").reshape(-1, outputs)
    # The table is float32: seven digits.
    expected = np.vstack([own, vectors[shared:] @ matrix + intercept])
    found["table"] = max(0.0, difference(table, expected) - 1e-6)
    unit = table.astype(np.float64) / np.linalg.norm(table.astype(np.float64), axis=1, keepdims=True)
    for near in case["near"]:
        similarity = unit @ unit[near["row"]]
        similarity[near["row"]] = -2
        order = np.argsort(-similarity, kind="stable")[: len(near["found"])]
        equal = [row for row, _ in near["found"]] == order.tolist()
        found["nearest"] = max(found.get("nearest", 0.0), difference([value for _, value in near["found"]], similarity[order]) if equal else 1.0)
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    failed = 0
    for case in json.loads((folder / "expansion.json").read_text()):
        found = check(folder, case)
        failed += sum(value > TOLERANCE for value in found.values())
        shape = f"{case['shared']} words, {case['D']} to {case['E']}, ridge {case['ridge']}, {case['method']}"
        print(f"{shape}: " + ", ".join(f"{name} {value:.1e}" for name, value in found.items()))
    print(f"vocabulary expansion against numpy: {failed} differences above {TOLERANCE}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
