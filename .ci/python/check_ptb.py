"""Compares the tokens of .ci/node/ptb_case.mjs with the jar's in pycocoevalcap, line by line.

Use: python check_ptb.py FOLDER
Needs the package pycocoevalcap, and java. Captions are compared once more without punctuation, as its PTBTokenizer gives them.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from pycocoevalcap.tokenizer.ptbtokenizer import STANFORD_CORENLP_3_4_1_JAR, PTBTokenizer

JAR = Path(importlib.util.find_spec("pycocoevalcap.tokenizer.ptbtokenizer").origin).with_name(STANFORD_CORENLP_3_4_1_JAR)


def lines_of(path: Path) -> list[str]:
    """Split at line feeds alone: a text may hold U+0085."""
    return path.read_bytes().decode().split("\n")[:-1]


def tokens_of_jar(path: Path) -> list[str]:
    command = ["java", "-cp", str(JAR), "edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase", str(path)]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\n")[:-1]


def check(folder: Path, case: dict) -> int:
    """Number of failures, 0 to 2."""
    name = case["name"]
    texts, ours, theirs = lines_of(folder / f"{name}.txt"), lines_of(folder / f"{name}.tokens"), tokens_of_jar(folder / f"{name}.txt")
    if len(theirs) != len(texts):
        print(f"{name}: the jar gives {len(theirs)} lines for {len(texts)}")
        return 1
    differ = [i for i in range(len(texts)) if ours[i] != theirs[i]]
    for i in differ[:3]:
        print(f"{name} differs: {texts[i]!r}\n  theirs {theirs[i]}\n  ours   {ours[i]}")
    percent = 100 * (1 - len(differ) / len(texts))
    print(f"{name}: {len(texts) - len(differ)} of {len(texts)} lines equal ({percent:.3f} %, needed {case['percent']} %), ours in {case['seconds']:.2f} s")
    failed = int(percent < case["percent"])
    if case["captions"]:
        tokenized = PTBTokenizer().tokenize({i: [{"caption": text}] for i, text in enumerate(texts)})
        kept = lines_of(folder / f"{name}.captions")
        wrong = sum(kept[i] != tokenized[i][0] for i in range(len(texts)))
        print(f"{name}: {len(texts) - wrong} of {len(texts)} captions equal to PTBTokenizer's")
        failed += int(wrong > 0)
    return failed


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    return int(sum(check(folder, case) for case in json.loads((folder / "sets.json").read_text())) > 0)


if __name__ == "__main__":
    sys.exit(main())
