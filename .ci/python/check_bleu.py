"""Recomputes with sacreBLEU what .ci/node/bleu_case.mjs computed: tokens, scores, and the printed line.

Use: python check_bleu.py FOLDER [--multi-bleu SCRIPT] [--vist-seq2seq SCRIPT]
Needs the package sacrebleu. Moses' multi-bleu.perl and VIST-seq2seq's edit of it are compared where they are given.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

TOLERANCE = 1e-9


def check_tokens(cases) -> int:
    tokenize = Tokenizer13a()
    wrong = [case for case in cases if tokenize(case["text"].rstrip()).split() != case["tokens"]]
    for case in wrong[:3]:
        print(f"13a differs: {case['text']!r}\n  theirs {tokenize(case['text'].rstrip()).split()}\n  ours   {case['tokens']}")
    print(f"13a tokens: {len(cases) - len(wrong)} of {len(cases)} equal")
    return len(wrong)


def check_corpus(corpus) -> list[str]:
    hypotheses = [segment["hypothesis"] for segment in corpus["segments"]]
    references = list(zip(*(segment["references"] for segment in corpus["segments"])))
    tokenizer = "13a" if corpus["tokenizer"] == "13a" else "none"
    problems = []
    for smoothing, ours in corpus["scores"].items():
        for order in (1, 2, 3, 4):
            metric = BLEU(tokenize=tokenizer, force=True, smooth_method=smoothing, max_ngram_order=order)
            theirs = metric.corpus_score(hypotheses, references)
            if abs(theirs.score - ours[f"bleu{order}"]) > TOLERANCE:
                problems.append(f"BLEU-{order} {smoothing}: {theirs.score} and {ours[f'bleu{order}']}")
        if smoothing == "exp" and theirs.format(width=2) != corpus["lines"]["sacrebleu"]:
            problems.append(f"line: {theirs.format(width=2)!r} and {corpus['lines']['sacrebleu']!r}")
    sentence = BLEU(tokenize=tokenizer, force=True, effective_order=True)
    for segment, ours in zip(corpus["segments"], corpus["sentences"]):
        theirs = sentence.sentence_score(segment["hypothesis"], segment["references"]).score
        if abs(theirs - ours) > TOLERANCE:
            problems.append(f"sentence: {theirs} and {ours}")
    return problems


def check_script(corpus, script: str, name: str) -> list[str]:
    """Text tokenized already, given to a Perl script as files."""
    with tempfile.TemporaryDirectory() as folder:
        references = list(zip(*(segment["references"] for segment in corpus["segments"])))
        for i, lines in enumerate(references):
            Path(folder, f"ref{i}").write_text("".join(f"{line}\n" for line in lines))
        hypotheses = "".join(f"{segment['hypothesis']}\n" for segment in corpus["segments"])
        run = subprocess.run(["perl", script, f"{folder}/ref"], input=hypotheses, capture_output=True, text=True)
    theirs, ours = run.stdout.rstrip("\n"), corpus["lines"][name]
    return [] if theirs == ours else [f"{name}: {theirs!r} and {ours!r}"]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--multi-bleu")
    parser.add_argument("--vist-seq2seq")
    arguments = parser.parse_args()
    cases = json.loads((arguments.folder / "bleu.json").read_text())
    failed = check_tokens(cases["tokenized"])
    compared = {"sacreBLEU": 0}
    for corpus in cases["corpora"]:
        problems = check_corpus(corpus)
        compared["sacreBLEU"] += 1
        for name, script in (("multi-bleu", arguments.multi_bleu), ("vist-seq2seq", arguments.vist_seq2seq)):
            if script and corpus["tokenizer"] == "whitespace":
                problems += check_script(corpus, script, name)
                compared[name] = compared.get(name, 0) + 1
        failed += len(problems)
        for problem in problems[:3]:
            print(problem)
    print("corpora: " + ", ".join(f"{count} against {name}" for name, count in compared.items()) + f"; {failed} differences")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
