"""Recomputes with the METEOR 1.5 jar what .ci/node/meteor_case.mjs computed: every segment, the system score, the table.

Use: python check_meteor.py FOLDER
Needs the package pycocoevalcap, which carries the jar and its English paraphrase table, and Java.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pycocoevalcap

TOLERANCE = 1e-6
JAR = Path(list(pycocoevalcap.__path__)[0]) / "meteor" / "meteor-1.5.jar"
FLAGS = {"none": [], "lower": ["-lower"], "norm": ["-norm"], "norm-nopunct": ["-norm", "-noPunct"]}
# What VIST-seq2seq's logs hold for the shared runs.
PUBLISHED = {"shared run-a": 0.26186755313207616, "shared run-b": 0.23504826361830303}


def run_jar(case) -> str:
    references = [segment["references"] for segment in case["segments"]]
    with tempfile.TemporaryDirectory() as folder:
        hypothesis_file, reference_file = Path(folder, "hypotheses"), Path(folder, "references")
        hypothesis_file.write_text("".join(f"{segment['hypothesis']}\n" for segment in case["segments"]), encoding="utf-8")
        reference_file.write_text("".join(f"{text}\n" for texts in references for text in texts), encoding="utf-8")
        task = case["options"]["task"]
        flags = FLAGS[case["options"]["normalisation"]] + (["-ch"] if task == "util" else [])
        command = ["java", "-Xmx3G", "-Dfile.encoding=UTF-8", "-jar", str(JAR), str(hypothesis_file), str(reference_file), "-r", str(len(references[0])), "-l", "en", "-t", task, *flags]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def without_digits(table: str) -> str:
    """The table with its fractions cut: the last digits may differ."""
    return re.sub(r"(\d\.\d{9})\d+(E-?\d+)?", r"\1", table)


def check(case) -> bool:
    output = run_jar(case)
    theirs = [float(score) for score in re.findall(r"^Segment \d+ score:\s+(\S+)", output, re.M)]
    system = float(re.search(r"Final score:\s+(\S+)", output)[1])
    worst = max(abs(a - b) for a, b in zip(theirs, case["scores"], strict=True))
    same_table = without_digits(case["table"]) in without_digits(output)
    same_id = case["id"] in output
    good = worst <= TOLERANCE and abs(system - case["system"]) <= TOLERANCE and same_table and same_id
    published = PUBLISHED.get(case["name"])
    good = good and (published is None or abs(published - case["system"]) <= 1e-12)
    print(f"{'same' if good else 'DIFFERS'}: {case['name']}: {len(theirs)} segments within {worst:.1e}, system {case['system']} (jar {system}){'' if same_table else ', other table'}{'' if same_id else ', other id'}")
    return good


def main() -> int:
    cases = json.loads(Path(sys.argv[1], "meteor.json").read_text(encoding="utf-8"))
    return 0 if all([check(case) for case in cases]) else 1


if __name__ == "__main__":
    sys.exit(main())
