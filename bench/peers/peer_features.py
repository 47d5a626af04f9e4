#!/usr/bin/env python
"""Feature-extraction peers, end to end: JPEG files -> decoded, short side 227, centre crop -> AlexNet's fc7 -> a file.
Photos are decoded in threads (the decoders leave Python's lock) that read ahead while the CNN runs, so that all cores
are busy all the time. One JSON line a measurement; one process a measurement: own thread pools, own peak memory."""
import argparse, glob, itertools, json, os, sys, tempfile, time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--what", default="tf", help="tf, ort, torch, torch-fast (hand-written LRN), torch-cl (channels last), torch-compile")
ap.add_argument("--photos", default="", help="folder with JPEG files; taken again from the start when there are fewer than --count")
ap.add_argument("--count", type=int, default=640)
ap.add_argument("--weights", default="", help="npy as bvlc_alexnet.npy; random without")
ap.add_argument("--write-weights", action="store_true", help="write random weights to --weights and stop")
ap.add_argument("--batch", type=int, default=64)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--workers", type=int, default=0, help="threads that decode; 0 = as many as --threads")
ap.add_argument("--ahead", type=int, default=2, help="batches decoded ahead")
ap.add_argument("--decoder", choices=["auto", "cv2", "cv2-reduced", "pillow", "pillow-draft"], default="auto",
                help="auto: OpenCV, else Pillow, photos decoded whole as Fabula does; cv2-reduced and pillow-draft decode JPEGs at a reduced scale, other pixels")
ap.add_argument("--conv1", choices=["same", "valid"], default="valid")
ap.add_argument("--forward-only", action="store_true", help="time the CNN alone, on noise")
a = ap.parse_args()

import peerlib as P
P.set_threads_env(a.threads)
import numpy as np
from concurrent.futures import ThreadPoolExecutor
import alexnets as N

SIDE = 227
MEAN = np.array([111.86036030559568, 122.846480839565, 129.10658822497595], np.float32)       # blue, green, red


def sides(W, H):
    return (int(SIDE * W / H), SIDE) if W >= H else (SIDE, int(SIDE * H / W))


def crop(im):
    H, W = im.shape[:2]
    l, t = (W - SIDE) // 2, (H - SIDE) // 2
    return im[t:t + SIDE, l:l + SIDE]


def decoder(kind):
    """-> function from bytes to blue-first [227, 227, 3] uint8, and what it is."""
    if kind in ("auto", "cv2", "cv2-reduced"):
        try:
            import cv2
            cv2.setNumThreads(1)

            def load(data):
                b = np.frombuffer(data, np.uint8)
                im = cv2.imdecode(b, cv2.IMREAD_REDUCED_COLOR_2 if kind == "cv2-reduced" else cv2.IMREAD_COLOR)
                if kind == "cv2-reduced" and min(im.shape[:2]) < SIDE:
                    im = cv2.imdecode(b, cv2.IMREAD_COLOR)
                return crop(cv2.resize(im, sides(im.shape[1], im.shape[0])))
            return load, "opencv " + cv2.__version__
        except ImportError:
            if kind != "auto":
                raise
    import io, PIL
    from PIL import Image

    def load(data):
        im = Image.open(io.BytesIO(data))
        if kind == "pillow-draft":
            im.draft("RGB", (SIDE, SIDE))
        im = im.convert("RGB")
        return crop(np.asarray(im.resize(sides(*im.size), Image.BILINEAR)))[:, :, ::-1]
    return load, "pillow " + PIL.__version__


def batches(files, load, pool):
    """Decoded batches [n, 227, 227, 3] in order, --ahead of them under way."""
    def one(out, i, path):
        with open(path, "rb") as fh:
            np.subtract(load(fh.read()), MEAN, out=out[i])

    def start(names):
        out = np.empty((len(names), SIDE, SIDE, 3), np.float32)
        return out, [pool.submit(one, out, i, n) for i, n in enumerate(names)]

    waiting, todo = [], [files[i:i + a.batch] for i in range(0, len(files), a.batch)]
    for names in todo[:a.ahead + 1]:
        waiting.append(start(names))
    for q in range(len(todo)):
        out, jobs = waiting.pop(0)
        for j in jobs:
            j.result()
        if q + a.ahead + 1 < len(todo):
            waiting.append(start(todo[q + a.ahead + 1]))
        yield out


def write(rows, names):
    try:
        import h5py
        with tempfile.TemporaryDirectory() as d:
            with h5py.File(os.path.join(d, "features.h5"), "w") as f:
                f["embeddings"] = rows
                f["image_ids"] = names
        return "h5"
    except ImportError:
        with tempfile.TemporaryFile() as fh:
            np.save(fh, rows)
        return "npy"


def end_to_end(f, version):
    found = sorted(glob.glob(os.path.join(glob.escape(a.photos), "**", "*.jp*g"), recursive=True))
    if not found:
        sys.exit("%s: no JPEG files" % a.photos)
    files = list(itertools.islice(itertools.cycle(found), a.count))
    load, what = decoder(a.decoder)
    with ThreadPoolExecutor(a.workers or a.threads) as pool:
        for x in batches(files[:a.batch], load, pool):           # warm-up
            f(x)
        c0, t0 = time.process_time(), time.perf_counter()
        rows, at, ts = np.empty((a.count, 4096), np.float32), 0, []
        for x in batches(files, load, pool):
            n = len(x)
            if n < a.batch:                                       # one shape for all: no second compilation
                x = np.concatenate([x, np.zeros((a.batch - n, SIDE, SIDE, 3), np.float32)])
            rows[at:at + n] = f(x)[:n]
            at += n
        kept = write(rows, ["%d" % i for i in range(a.count)])
        s, c = time.perf_counter() - t0, time.process_time() - c0
    return {"task": "alexnet_fc7_from_jpeg", "images": a.count, "files": len(found), "images_per_s": round(a.count / s, 2),
            "ms_per_image": round(s / a.count * 1e3, 3), "cpu_ms_per_image": round(c / a.count * 1e3, 2), "decoder": what,
            "output": kept, "first_row": [round(float(v), 4) for v in rows[0, :8]]}


def forward_only(f, version):
    x = (np.random.RandomState(5).rand(a.batch, SIDE, SIDE, 3).astype(np.float32) - 0.5) * 200
    f(x); f(x)
    ts = []
    for _ in range(max(1, a.count // a.batch)):
        t = time.perf_counter(); f(x); ts.append(time.perf_counter() - t)
    return {"task": "alexnet_fc7", "images_per_s": round(a.batch / float(np.median(ts)), 2), "images_per_s_best": round(a.batch / min(ts), 2)}


if a.write_weights:
    N.save_npy(N.random_weights(), a.weights)
    print(json.dumps({"weights": a.weights}))
    sys.exit()
f, version = N.build(a.what, a.conv1, N.load_npy(a.weights) if a.weights else N.random_weights(), a.threads)
o = {"framework": {"tf": "tensorflow", "ort": "onnxruntime"}.get(a.what, a.what), "version": version, "batch": a.batch, "threads": a.threads, "conv1": a.conv1}
o.update((forward_only if a.forward_only else end_to_end)(f, version))
o.update({"gflop_per_image": round(N.flops(a.conv1) / 1e9, 3), "peak_rss_mb": P.peak_rss_mb(), "loadavg": P.loadavg()})
print(json.dumps(o), flush=True)
