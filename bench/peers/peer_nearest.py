"""The nearest rows by numpy: all products in single precision, then the best by argpartition. One JSON line.

Use: python peer_nearest.py INDEX QUERIES K     INDEX: folder of an index of vectors; QUERIES: float32 [n, size], no header
With each query's k rows by brute force in double precision, ties by lower row, as "rows".
"""

import json
import os
import resource
import struct
import sys
import time

import numpy as np

folder, queries_file, k = sys.argv[1], sys.argv[2], int(sys.argv[3])
path = os.path.join(folder, "vectors.safetensors")
with open(path, "rb") as file:
    length = struct.unpack("<Q", file.read(8))[0]
    header = json.loads(file.read(length))["vectors"]
with open(os.path.join(folder, "index.json")) as file:
    cosine = json.load(file)["similarity"] == "cosine"
begun = time.perf_counter()
vectors = np.fromfile(path, dtype="<f4", offset=8 + length + header["data_offsets"][0]).reshape(header["shape"])
load_s = time.perf_counter() - begun
queries = np.fromfile(queries_file, dtype="<f4").reshape(-1, vectors.shape[1])


def lengths(rows):
    return np.concatenate([np.sqrt((rows[i : i + 8192].astype("f8") ** 2).sum(1)) for i in range(0, len(rows), 8192)])


norms = lengths(vectors)
norms[norms == 0] = np.inf
norms32 = norms.astype("f4")


def best(scores):
    top = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
    return top[np.lexsort((top, -scores[top]))]


times = []
for query in queries[: min(5, len(queries))]:
    begun = time.perf_counter()
    scores = vectors @ query
    best(scores / norms32 if cosine else scores)
    times.append(1000 * (time.perf_counter() - begun))
begun = time.perf_counter()
for from_ in range(0, len(queries), 16):
    scores = vectors @ queries[from_ : from_ + 16].T
    for column in (scores / norms32[:, None] if cosine else scores).T:
        best(column)
batch_ms = 1000 * (time.perf_counter() - begun)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def exact(query):
    wide = query.astype("f8")
    scores = np.concatenate([vectors[i : i + 8192].astype("f8") @ wide for i in range(0, len(vectors), 8192)])
    if cosine:
        scores /= norms * (np.sqrt((wide**2).sum()) or np.inf)
    return np.lexsort((np.arange(len(scores)), -scores))[:k].tolist(), np.sort(scores)[::-1][:k].tolist()


checked = [exact(query) for query in queries[:5]]
print(json.dumps({"who": "numpy", "load_s": round(load_s, 2), "query_ms": round(float(np.median(times)), 1), "batch_ms": round(batch_ms, 0),
                  "peak_mb": round(peak), "rows": [rows for rows, _ in checked], "scores": [scores for _, scores in checked]}))
