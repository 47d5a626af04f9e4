#!/usr/bin/env python
"""BLEU, ROUGE-L and CIDEr-D of pycocoevalcap's Python scorers, without its Java tokenizer: one JSON line, in points.

Use: python peer_scores.py HYPOTHESES REFERENCES...     (text files, a story a line, tokenized)
"""
import json, resource, sys
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().rstrip("\n").split("\n")


told = {i: [line] for i, line in enumerate(lines(sys.argv[1]))}
human = {i: list(texts) for i, texts in enumerate(zip(*map(lines, sys.argv[2:])))}
bleu, _ = Bleu(4).compute_score(human, told, verbose=0)
rouge, _ = Rouge().compute_score(human, told)
cider, _ = Cider().compute_score(human, told)
print(json.dumps({
    **{f"BLEU-{n + 1}": 100 * score for n, score in enumerate(bleu)}, "ROUGE-L": 100 * float(rouge), "CIDEr-D": 100 * float(cider),
    "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
}))
