"""The counter-based generator of src/base/random.h in numpy, so that a test input is a rule instead of a file.

Element i of input t under seed s comes from random_bits(s, t, i):
  int8, uint8   the low 8 bits, as that type
  int16, int32  the low 16 (32) bits, as that type
  float32       float32(2 u - 1) with u = (bits >> 11) * 2^-53, that is uniform in [-1, 1)
`thimble run --random SEED` fills inputs by the same rule.
"""
import numpy as np

_MASK32 = np.uint64(0xFFFFFFFF)


def random_bits(seed, stream, counters):
    """64 random bits for each element of `counters` (uint64 array)."""
    wrap = (1 << 64) - 1
    base = np.uint64((stream * 0x9E3779B97F4A7C15) & wrap)
    skip = np.uint64((0x632BE59BD9B4E019 * (stream >> 32)) & wrap)
    with np.errstate(over="ignore"):
        block = base ^ (counters.astype(np.uint64) + skip)
        left, right = block & _MASK32, block >> np.uint64(32)
        key = (seed & 0xFFFFFFFF) ^ (((seed >> 32) * 0x85EBCA6B) & 0xFFFFFFFF)
        for _ in range(10):
            product = np.uint64(0xD256D193) * left
            left = ((product >> np.uint64(32)) ^ np.uint64(key) ^ right) & _MASK32
            right = product & _MASK32
            key = (key + 0x9E3779B9) & 0xFFFFFFFF
    return (left << np.uint64(32)) | right


def random_input(seed, stream, shape, dtype):
    """One input tensor by the rule above."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    bits = random_bits(seed, stream, np.arange(count, dtype=np.uint64))
    if dtype.kind in "iu":
        low = bits & np.uint64((1 << (8 * dtype.itemsize)) - 1)
        return low.astype(f"u{dtype.itemsize}").view(dtype).reshape(shape)
    uniform = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (2.0 * uniform - 1.0).astype(dtype).reshape(shape)
