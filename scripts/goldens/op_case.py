"""What the case files of op_goldens.py share: the Case record, random data, sensible scales."""
import dataclasses

import numpy as np

SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6 = 0, 1, 2, 3


@dataclasses.dataclass
class Case:
    """A model file, its inputs, and how results are compared: "bytes" or "tolerance" (relative to max(1, max|out|))."""
    name: str
    model: bytes
    inputs: list
    compare: str
    oracle: str = "reference"  # or "optimized": where the reference resolver lacks the operator or is known to be wrong; or
    # "micro": TFLite Micro, one output
    tolerance: float = 1e-5
    oracle_model: bytes = b""  # an equivalent file that the oracle accepts, where it refuses the real one


def rng(name):
    """A generator that depends on the case's name only, so that adding cases does not change the others."""
    return np.random.default_rng(np.frombuffer(name.encode(), np.uint8).astype(np.uint32))


def floats(r, shape, scale=1.0):
    return (r.standard_normal(shape) * scale).astype(np.float32)


def bytes_of(r, shape, dtype):
    """Uniform over the whole type (weights: use weights())."""
    info = np.iinfo(dtype)
    return r.integers(info.min, info.max + 1, shape).astype(dtype)


def weights(r, shape, dtype=np.int8):
    """Quantised weights: int8 within [-127, 127], uint8 over everything."""
    return r.integers(-127, 128, shape).astype(np.int8) if dtype == np.int8 else bytes_of(r, shape, dtype)


def scales(r, count, around=0.02):
    return (around * (0.4 + 1.2 * r.random(count))).astype(np.float32)


def output_scale(input_scale, weight_scale, depth):
    """A scale at which sums of `depth` uniform products fill most of eight bits."""
    return np.float32(float(input_scale) * float(np.mean(weight_scale)) * 73.0 * 73.0 * np.sqrt(depth) / 50.0)


def bias_for(r, input_scale, weight_scale, depth):
    """int32 biases of the size of the sums, with the scales the format demands."""
    weight_scale = np.atleast_1d(np.asarray(weight_scale, np.float32))
    spread = 73.0 * 73.0 * np.sqrt(depth)
    return spread, np.float32(input_scale) * weight_scale
