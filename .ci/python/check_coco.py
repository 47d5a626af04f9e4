"""Recomputes with pycocoevalcap what .ci/node/coco_case.mjs computed: ROUGE-L, CIDEr-D, plain CIDEr, BLEU, frequencies.

Use: python check_coco.py FOLDER [--cider SCORER]
Needs the package pycocoevalcap, without Java. Plain CIDEr is recomputed from its formula; where --cider gives
pyciderevalcap/cider/cider_scorer.py of vrama91/cider (Python 2, rewritten for 3 on the way), with that too.

BLEU: pycocoevalcap adds 1e-15 to every match count and the hypothesis words, 1e-9 to every total and the reference words.
So its BLEU differs from ours by about 1e-9 of itself where every order has a match, and is not 0 where one has none.
"""

import argparse
import contextlib
import gzip
import io
import json
import math
import sys
import types
from collections import Counter
from pathlib import Path

import numpy as np
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider_scorer import CiderScorer
from pycocoevalcap.rouge.rouge import Rouge

TOLERANCE = 1e-9
SMALL, TINY = 1e-9, 1e-15


def tokenized(corpus):
    """The texts as the tools take them: words parted by one space."""
    return [(" ".join(text["hypothesis"].split()), [" ".join(line.split()) for line in text["references"]]) for text in corpus["texts"]]


def ngrams(text: str) -> Counter:
    words = text.split()
    return Counter(tuple(words[i : i + n]) for n in (1, 2, 3, 4) for i in range(len(words) - n + 1))


def cider(hypothesis: str, references: list[str], frequencies, segments: int, defended: bool) -> float:
    """The equations of Vedantam et al. 2015, without stems; `defended` is CIDEr-D with the tools' length."""

    def vector(text):
        vectors = [{}, {}, {}, {}]
        for ngram, count in ngrams(text).items():
            vectors[len(ngram) - 1][ngram] = count * (math.log(segments) - math.log(max(1, frequencies.get(ngram, 0))))
        return vectors

    def norm(weights):
        return math.sqrt(sum(weight**2 for weight in weights.values()))

    total = 0.0
    own = vector(hypothesis)
    for reference in references:
        penalty = 1.0
        if defended:
            pairs = [max(0, len(text.split()) - 1) for text in (hypothesis, reference)]
            penalty = math.exp(-((pairs[0] - pairs[1]) ** 2) / 72)
        for ours, theirs in zip(own, vector(reference)):
            product = sum((min(weight, theirs[ngram]) if defended else weight) * theirs[ngram] for ngram, weight in ours.items() if ngram in theirs)
            total += penalty * product / (norm(ours) * norm(theirs)) / 4 if product else 0
    return 10 * total / len(references)


def document_frequencies(texts) -> Counter:
    return Counter(ngram for _, references in texts for ngram in set().union(*(ngrams(line) for line in references)))


def compare(name: str, ours, corpus: float, segments) -> list[str]:
    """Ours are points: 100 is 1 of the tools."""
    problems = []
    if abs(ours["corpus"] / 100 - corpus) > TOLERANCE:
        problems.append(f"{name}: {corpus} and {ours['corpus'] / 100}")
    if len(segments) != len(ours["segments"]):
        return [*problems, f"{name}: {len(segments)} segments and {len(ours['segments'])}"]
    for i, (theirs, own) in enumerate(zip(segments, ours["segments"])):
        if abs(own / 100 - theirs) > TOLERANCE:
            problems.append(f"{name}: segment {i}: {theirs} and {own / 100}")
    return problems


def with_scorer(texts, scorer, *arguments):
    """The tool stops where no reference has a word; we give 0."""
    if not any(ngrams(line) for _, references in texts for line in references):
        return 0.0, [0.0] * len(texts)
    for hypothesis, references in texts:
        scorer += (hypothesis, references)
    corpus, segments = scorer.compute_score(*arguments)
    return float(corpus), [float(value) for value in segments]


def check_bleu(ours, references, hypotheses) -> list[str]:
    with contextlib.redirect_stdout(io.StringIO()):
        theirs, _ = Bleu(4).compute_score(references, hypotheses)
    problems = []
    product, ratio = 1.0, (ours["hypothesisWords"] + TINY) / (ours["referenceWords"] + SMALL)
    for n in range(4):
        product *= (ours["matches"][n] + TINY) / (ours["totals"][n] + SMALL)
        rebuilt = product ** (1 / (n + 1)) * (math.exp(1 - 1 / ratio) if ratio < 1 else 1)
        if abs(rebuilt - theirs[n]) > 1e-12:
            problems.append(f"BLEU-{n + 1}: {theirs[n]} and, from our counts with its constants, {rebuilt}")
        matched = all(ours["matches"][: n + 1])
        if matched and abs(ours["scores"][n] / 100 - theirs[n]) > 1e-8:
            problems.append(f"BLEU-{n + 1}: {theirs[n]} and {ours['scores'][n] / 100}")
        if not matched and ours["scores"][n] != 0:
            problems.append(f"BLEU-{n + 1}: an order has no match, and yet {ours['scores'][n]}")
    return problems


def check_corpus(corpus, others, original) -> list[str]:
    texts, ours = tokenized(corpus), corpus["scores"]
    references = {i: lines for i, (_, lines) in enumerate(texts)}
    hypotheses = {i: [text] for i, (text, _) in enumerate(texts)}
    problems = compare("ROUGE-L", ours["ROUGE-L"], *Rouge().compute_score(references, hypotheses))
    problems += compare("CIDEr-D", ours["CIDEr-D"], *with_scorer(texts, CiderScorer()))
    own = (document_frequencies(texts), len(texts))
    for name, (frequencies, segments) in [("CIDEr", own), *((f"{variant} other", others) for variant in ("CIDEr", "CIDEr-D") if f"{variant} other" in ours)]:
        each = [cider(*text, frequencies, segments, name.startswith("CIDEr-D")) for text in texts]
        problems += compare(name, ours[name], float(np.mean(each)), each)
    if original:
        problems += compare("CIDEr of vrama91/cider", ours["CIDEr"], *with_scorer(texts, original.CiderScorer(), "corpus"))
    return [f"{corpus['name']}: {problem}" for problem in problems + check_bleu(corpus["bleu"], references, hypotheses)]


def read_frequencies(path: Path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header = json.loads(next(file))
        return {tuple(ngram.split(" ")): count for ngram, count in map(json.loads, file)}, header["segments"]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cider", type=Path)
    arguments = parser.parse_args()
    corpora = json.loads((arguments.folder / "coco.json").read_text())["corpora"]
    others = read_frequencies(arguments.folder / "frequencies.jsonl.gz")
    original = None
    if arguments.cider:
        original = types.ModuleType("original")
        exec(arguments.cider.read_text().replace("iteritems", "items").replace("xrange", "range"), original.__dict__)
    failed = 0
    counted = CiderScorer()
    for hypothesis, references in tokenized(corpora[0]):
        counted += (hypothesis, references)
    counted.compute_doc_freq()
    if others != (dict(counted.document_frequency), len(counted.crefs)):
        print("document frequencies differ")
        failed += 1
    for corpus in corpora:
        problems = check_corpus(corpus, others, original)
        failed += len(problems)
        for problem in problems[:3]:
            print(problem)
    segments = sum(len(corpus["texts"]) for corpus in corpora)
    print(f"{len(corpora)} corpora, {segments} segments: ROUGE-L, CIDEr, CIDEr-D, BLEU{', CIDEr of vrama91/cider' if original else ''}; {failed} differences")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
