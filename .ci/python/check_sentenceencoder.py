"""Recomputes with tokenizers and onnxruntime what .ci/node/sentenceencoder_case.mjs computed, and compares their speed.

Use: python check_sentenceencoder.py FOLDER
Needs the packages tokenizers, onnxruntime and numpy. FOLDER/model comes from minilm_onnx.py. Python gets batches of 32
sentences sorted by length too, so that the times tell what the languages cost and not what filling costs.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

TOLERANCE = 1e-5
BATCH = 32


def open_session(model: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def encode(session, tokenizer, sentences: list[str]) -> np.ndarray:
    tokens = [encoding.ids for encoding in tokenizer.encode_batch([sentence.strip() for sentence in sentences])]
    order = sorted(range(len(tokens)), key=lambda i: -len(tokens[i]))
    out = np.zeros((len(tokens), 384), np.float32)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        ids = np.zeros((len(rows), max(len(tokens[i]) for i in rows)), np.int64)
        mask = np.zeros_like(ids)
        for row, i in enumerate(rows):
            ids[row, : len(tokens[i])] = tokens[i]
            mask[row, : len(tokens[i])] = 1
        (hidden,) = session.run(["last_hidden_state"], {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
        pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        out[rows] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    return out


def main() -> int:
    folder = Path(sys.argv[1])
    ours = json.loads((folder / "sentenceencoder.json").read_text())
    tokenizer = Tokenizer.from_file(str(folder / "model" / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(ours["maxLength"])
    session = open_session(folder / "model" / "model.onnx", ours["threads"])
    failed = 0
    settings = {key: ours[key] for key in ("size", "pooling", "normalise", "maxLength")}
    if settings != {"size": 384, "pooling": "mean", "normalise": True, "maxLength": 256}:
        failed += 1
        print(f"settings read from the folder: {settings}")
    for name, case in ours["cases"].items():
        sentences = case["sentences"]
        theirs = [encoding.ids for encoding in tokenizer.encode_batch([sentence.strip() for sentence in sentences])]
        wrong = [i for i, ids in enumerate(theirs) if ids != case["tokens"][i]]
        for i in wrong[:3]:
            print(f"{name}: tokens of {sentences[i][:80]!r}\n  theirs {theirs[i][:20]}\n  ours   {case['tokens'][i][:20]}")
        failed += len(wrong) + (not case["sameFromPieces"])
        if not case["sameFromPieces"]:
            print(f"{name}: vocab.txt gives other tokens than tokenizer.json")
        encoded = sentences[: case["encoded"]]
        line = f"{name}: tokens of {len(sentences) - len(wrong)} of {len(sentences)} equal"
        if encoded:
            encode(session, tokenizer, encoded[:64])
            start = time.perf_counter()
            vectors = encode(session, tokenizer, encoded)
            seconds = time.perf_counter() - start
            mine = np.fromfile(folder / f"{name}.f32", np.float32).reshape(-1, ours["size"])
            difference = float(np.abs(vectors - mine).max())
            failed += not difference <= TOLERANCE
            line += f"; {len(encoded)} vectors within {difference:.1e}; {len(encoded) / case['seconds']:.0f} sentences/s here, {len(encoded) / seconds:.0f} in Python"
        print(line)
    print(f"sentence encoder: {failed} differences on {ours['threads']} threads")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
