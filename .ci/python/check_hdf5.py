"""Checks that h5py reads what Fabula writes: python check_hdf5.py FILE...

Stories and features files are told apart by the attribute `format`; exit code 1 when something is not as documented.
"""
import hashlib
import json
import sys

import h5py
import numpy as np


def check_stories(file):
    sentences = file["story_sentences"]
    stories, photos, steps = sentences.shape
    assert sentences.dtype == np.dtype("<i4"), sentences.dtype
    assert file["story_ids"].shape == (stories,)
    for name in ("image_ids", "story_texts", "descriptions"):
        if name in file:
            assert file[name].shape == (stories, photos), name
            assert all(isinstance(text, str) for text in file[name].asstr()[:].ravel()), name
    words = list(file["vocabulary"].asstr()[:])
    assert words[:4] == ["<NULL>", "<START>", "<END>", "<UNK>"], words[:4]
    assert len(set(words)) == len(words)
    fingerprint = hashlib.sha256("\n".join(words).encode()).hexdigest()
    assert file.attrs["vocabulary_sha256"] == fingerprint
    values = sentences[:].reshape(-1, steps)
    texts = file["story_texts"].asstr()[:].ravel()
    index = {word: i for i, word in enumerate(words)}
    for row, text in zip(values, texts):
        tokens = text.split()[: steps - 2]
        expected = [1] + [index.get(token, 3) for token in tokens] + [2]
        assert row.tolist() == expected + [0] * (steps - len(expected)), (text, row)
    return f"{stories} stories of {photos} photos, {len(words)} words"


def check_features(file):
    embeddings = file["embeddings"]
    ids = list(file["image_ids"].asstr()[:])
    assert embeddings.dtype == np.dtype("<f4"), embeddings.dtype
    assert len(ids) == len(set(ids)) == len(embeddings)
    for start in range(0, len(ids), 4096):
        assert np.isfinite(embeddings[start : start + 4096]).all()
    names = ("cnn", "layer", "weights_sha256", "preprocessing")
    assert all(isinstance(file.attrs[name], str) for name in names)
    json.loads(file.attrs["preprocessing"])
    assert len(file.attrs["fingerprint"]) == 64
    return f"{len(ids)} photos of {embeddings.shape[1:]}, {file.attrs['cnn']}"


def main(paths):
    assert paths, __doc__
    for path in paths:
        with h5py.File(path, "r") as file:
            kind = file.attrs["format"]
            check = {"fabula stories": check_stories, "fabula features": check_features}[kind]
            print(f"{path}: {kind}, {check(file)}: fine")


main(sys.argv[1:])
