"""Runs the files that .ci/node/export_case.mjs exported in Python's onnxruntime.

Use: python check_export.py FOLDER docs/export.md
Fails when a file is not plain ONNX, an output differs by more than 1e-5 of its largest value (1 where that is less),
or the Python program in docs/export.md tells other stories than Fabula.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

TOLERANCE = 1e-5
OPSET = 18


def check_plain(path: Path) -> list[str]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    opsets = {(opset.domain, opset.version) for opset in model.opset_import}
    custom = {node.op_type for node in model.graph.node if node.domain not in ("", "ai.onnx")}
    return [f"{path}: opsets {opsets}, custom operators {custom}"] if opsets != {("", OPSET)} or custom else []


def check_described(exported: Path) -> list[str]:
    """model.json must say what the files take and give."""
    problems = []
    for name, described in json.loads((exported / "model.json").read_text())["files"].items():
        session = onnxruntime.InferenceSession(str(exported / name))
        for side, found in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            types = {"float32": "tensor(float)", "int32": "tensor(int32)"}
            wanted = [(tensor["name"], types[tensor["dtype"]], tensor["shape"]) for tensor in described[side]]
            if wanted != [(tensor.name, tensor.type, tensor.shape) for tensor in found]:
                problems.append(f"{exported / name}: {side} are not as model.json says")
    return problems


def largest_difference(exported: Path, runs: Path) -> float:
    tensors = load_file(runs)
    worst = 0.0
    for label in ("encoder", "start", "decoder0", "decoder1"):
        given, wanted = ({name.removeprefix(f"{label}.{side}."): value for name, value in tensors.items() if name.startswith(f"{label}.{side}.")}
                         for side in ("in", "out"))
        session = onnxruntime.InferenceSession(str(exported / f"{label.rstrip('01')}.onnx"), providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        assert sorted(names) == sorted(wanted), f"{label}: outputs {names}, not {sorted(wanted)}"
        for name, value in zip(names, session.run(names, given)):
            assert value.shape == wanted[name].shape, f"{label}: {name} is {value.shape}, not {wanted[name].shape}"
            assert np.isfinite(value).all(), f"{label}: {name} has values that are not finite"
            worst = max(worst, float(np.abs(value - wanted[name]).max() / max(1.0, np.abs(wanted[name]).max())))
    return worst


def documented_program(page: Path):
    """The function `tell` of the page."""
    space = {}
    exec(re.search(r"```python\n(.*?)```", page.read_text(), re.S).group(1), space)
    return space["tell"]


def main(folder: Path, page: Path) -> int:
    tell = documented_program(page)
    cases = json.loads((folder / "cases.json").read_text())
    problems = []
    for name in cases["names"]:
        exported = folder / name / "exported"
        for part in ("encoder", "start", "decoder"):
            problems += check_plain(exported / f"{part}.onnx")
        problems += check_described(exported)
        errors = [largest_difference(exported, folder / name / f"rows{rows}.safetensors") for rows in cases["rows"]]
        told = tell(exported, load_file(folder / name / "photos.safetensors")["photos"])
        same = told == json.loads((folder / name / "stories.json").read_text())
        print(f"{name:32} rows {cases['rows']}: largest difference {max(errors):.1e}; {len(told)} stories {'the same' if same else 'DIFFER'}")
        if not (max(errors) <= TOLERANCE and same):
            problems.append(f"{name}: not the same as in Fabula")
    for problem in problems:
        print(problem)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
