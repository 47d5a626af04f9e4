"""Recomputes with sacreBLEU what .ci/node/significance_case.mjs computed: BLEU, its intervals, and both paired tests.

Twice: with the segments that we drew, where everything must be equal, and with sacreBLEU's own draws, where it must be
equal but for chance. Where two systems tie in every trial (a system against itself) sacreBLEU counts no trial and we
count all; those are the only p-values that may differ, and ours must not be significant.

Use: python check_significance.py FOLDER
Needs the package sacrebleu.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sacrebleu.metrics import BLEU
from sacrebleu.significance import PairedTest

# sacreBLEU keeps statistics in 32 bits.
TOLERANCE = 1e-3


class Drawn:
    """In the place of numpy's generator: gives what was drawn already."""

    def __init__(self, case):
        self.resamples = np.array(case["resamples"])
        self.swaps = np.array([[bit == "1" for bit in swap] for swap in case["swaps"]])

    def choice(self, segments, size, replace):
        assert replace and self.resamples.shape == tuple(size), (self.resamples.shape, size)
        return self.resamples

    def integers(self, high, size, dtype):
        assert high == 2 and dtype is bool and self.swaps.shape == tuple(size), (self.swaps.shape, size)
        return ~self.swaps


def results(case, test_type: str, samples: int):
    systems = [(f"system {i}", hypotheses) for i, hypotheses in enumerate(case["systems"])]
    metrics = {"BLEU": BLEU(tokenize="none", force=True, references=[case["references"]])}
    _, scores = PairedTest(systems, metrics, references=None, test_type=test_type, n_samples=samples)()
    return scores["BLEU"]


def with_our_draws(case, test_type: str, samples: int):
    generator = np.random.default_rng
    np.random.default_rng = lambda seed: Drawn(case)
    try:
        return results(case, test_type, samples)
    finally:
        np.random.default_rng = generator


def compare(case, theirs, test: str, samples: int, same_draws: bool) -> list[str]:
    problems = []
    for i, (them, us) in enumerate(zip(theirs, case["ours"])):
        def differ(what, a, b, tolerance):
            if abs(a - b) > tolerance:
                problems.append(f"system {i}, {test}, {'our' if same_draws else 'their own'} draws: {what} {a} and {b}")

        differ("score", them.score, us["score"], 1e-9)
        half = (us["high"] - us["low"]) / 2
        if test == "bs":
            differ("mean", them.mean, us["mean"], TOLERANCE if same_draws else 0.1 * half)
            differ("interval", them.ci, half, TOLERANCE if same_draws else 0.15 * half)
        if i == 0:
            continue
        ours, p = us[test], them.p_value
        itself, one_segment = i == len(theirs) - 2, i == len(theirs) - 1
        if itself or (one_segment and test == "ar"):
            if ours != 1:
                problems.append(f"system {i}, {test}: no segment, or one, differs from the baseline, and p is {ours}")
            continue
        noise = 4 * np.sqrt(2 * p * (1 - p) / samples) + 4 / samples
        differ("p", p, ours, 1e-12 if same_draws else noise)
    return problems


def main() -> int:
    cases = json.loads((Path(sys.argv[1]) / "significance.json").read_text())
    failed, compared = 0, 0
    for case in cases:
        for test, samples in (("bs", len(case["resamples"])), ("ar", len(case["swaps"]))):
            for same_draws, run in ((True, with_our_draws), (False, results)):
                problems = compare(case, run(case, test, samples), test, samples, same_draws)
                compared += len(case["systems"]) - 1
                failed += len(problems)
                for problem in problems[:5]:
                    print(problem)
    print(f"significance: {compared} comparisons with sacreBLEU's paired tests; {failed} differences")
    return int(failed > 0 or compared == 0)


if __name__ == "__main__":
    sys.exit(main())
