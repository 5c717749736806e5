"""Test pictures for the comparisons: IDX files of MNIST and Fashion-MNIST, fed to a model the way it asks for.

Only numpy, so that every environment can use it.
"""
import gzip
import os
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = {"mnist": [ROOT / "datasets/mnist"], "fashion-mnist": [pathlib.Path("/usr/share/datasets/fashion-mnist")]}


def read_idx(path):
    """An IDX file (gzip or not) as a uint8 array."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rb") as file:
        data = file.read()
    assert data[:3] == b"\0\0\x08", f"{path}: not an IDX file of bytes"
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4).astype(np.int64)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def find(data_set, name):
    home = os.environ.get("THIMBLE_DATA")
    places = PLACES[data_set] + ([pathlib.Path(home), pathlib.Path(home) / data_set] if home else [])
    for place in places:
        for file in (place / f"{name}.gz", place / name, place / (name.replace("-idx", ".idx"))):
            if file.exists():
                return file
    raise FileNotFoundError(f"{name} of {data_set} is in none of {', '.join(map(str, places))}")


def load(data_set, split, limit=None):
    """(images uint8 [n, 28, 28], labels uint8 [n]); split is "train" or "test"."""
    prefix = "train" if split == "train" else "t10k"
    images = read_idx(find(data_set, f"{prefix}-images-idx3-ubyte"))[:limit]
    return images, read_idx(find(data_set, f"{prefix}-labels-idx1-ubyte"))[:limit]


def scaled(pixels, preprocess):
    """Bytes → floats by the model's `thimble.preprocess` (scale "0..1", "-1..1", "standard", "none"); default 0..1."""
    x = pixels.astype(np.float32)
    scale = preprocess.get("scale", "0..1")
    if scale == "-1..1":
        return x / np.float32(127.5) - np.float32(1)
    if scale == "none":
        return x
    x = x / np.float32(255)
    if scale == "standard":
        mean, deviation = (np.ravel(np.asarray(preprocess[k], np.float32))[0] for k in ("mean", "deviation"))
        x = (x - mean) / deviation
    return x


def fed(pixels, shape, dtype, quantization, preprocess):
    """A batch for an input of this shape ([1, …]), quantised with the input's own scale where it is integer."""
    x = scaled(pixels, preprocess).reshape(len(pixels), *shape[1:])
    if np.dtype(dtype).kind == "f":
        return x.astype(dtype)
    scale, zero_point = quantization
    info = np.iinfo(dtype)
    return np.clip(np.round(x / np.float32(scale)) + zero_point, info.min, info.max).astype(dtype)
