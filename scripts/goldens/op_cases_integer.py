"""Cases of what integer operators do at their edges: unequal and extreme scales and zero points, saturation, overflow.

Most files hold one operator several times, each on tensors of its own, so that a file covers a table of scales.
"""
import numpy as np

from op_case import NONE, RELU, RELU6, RELU_N1_TO_1, Case, bytes_of, rng, scales
from tflite_builder import TYPES, TfliteBuilder

ALL = {"int8": np.arange(-128, 128, dtype=np.int8), "uint8": np.arange(256, dtype=np.uint8)}
INT_MIN, INT_MAX = -2**31, 2**31 - 1


def shift_of(dtype):
    return 128 if dtype == "uint8" else 0


class Several:
    """One file with the operator once per row of a table."""

    def __init__(self, name, operator, options=None, version=1, oracle="reference"):
        self.name, self.operator, self.options, self.version, self.oracle = name, operator, options, version, oracle
        self.b, self.data = TfliteBuilder(), []

    def input(self, x, **quantization):
        self.data.append(np.ascontiguousarray(x))
        return self.b.input(x.shape, x.dtype, **quantization)

    def add(self, inputs, shape, dtype, output, **fields):
        y = self.b.output(shape, dtype, **output)
        self.b.op(self.operator, inputs, [y], self.options, version=self.version, **fields)

    def case(self):
        return Case(self.name, self.b.bytes(), self.data, "bytes", self.oracle)


OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions", "MAXIMUM": "MaximumMinimumOptions",
           "MINIMUM": "MaximumMinimumOptions", "SQUARED_DIFFERENCE": "SquaredDifferenceOptions"}


def integer_pairs(operator, activation=NONE):
    """int32 with sums and products beyond 32 bits."""
    values = np.array([INT_MIN, INT_MIN + 1, -65536, -7, -2, -1, 0, 1, 2, 3, 7, 46341, 65536, INT_MAX - 1, INT_MAX], np.int32)
    name = f"{operator.lower()}_int32_extremes" + {NONE: "", RELU: "_relu", RELU6: "_relu6", RELU_N1_TO_1: "_relu_n1_to_1"}[activation]
    s = Several(name, operator, OPTIONS[operator])
    q = values[values != 0] if operator == "DIV" else values
    fields = {"fusedActivationFunction": activation} if operator in ("ADD", "SUB", "MUL", "DIV") else {}
    s.add([s.input(values.reshape(-1, 1)), s.input(q.reshape(1, -1))], (values.size, q.size), "int32", {}, **fields)
    return s.case()


def integers():
    for operator in OPTIONS:
        yield integer_pairs(operator)
    for activation in (RELU, RELU6, RELU_N1_TO_1):
        yield integer_pairs("ADD", activation)


def casts():
    real = np.array([0.0, -0.0, 0.5, -0.5, 1.9, -1.9, 127.0, 127.9, 128.0, -128.0, -128.9, -129.0, 255.0, 255.9, 256.0, -1.0, 300.5,
                     -300.5, 32767.0, 32768.0, -32768.0, -32769.0, 65504.0, 2147483520.0, 2147483648.0, -2147483648.0, 3e9, -3e9,
                     9.2233715e18, 9.223372e18, -9.223372e18, 1e20, -1e20, 3.4e38, np.inf, -np.inf, np.nan], np.float32)
    whole = np.array([-2**63, -2**63 + 1, 2**63 - 1, 2**62, -2**31 - 1, -2**31, 2**31 - 1, 2**31, 2**53 + 1, 16777217, 65535, 65536, 32768,
                      -32769, 256, 255, 128, 127, -128, -129, 1, 0, -1], np.int64)
    sources = {"float32": real, "float16": real[np.abs(np.nan_to_num(real, nan=0, posinf=0, neginf=0)) <= 65504].astype(np.float16),
               "int64": whole, "int32": whole.astype(np.int32), "int16": whole.astype(np.int16), "int8": ALL["int8"], "uint8": ALL["uint8"],
               "bool": np.array([False, True])}
    for source, x in sources.items():
        s = Several(f"cast_{source}_extremes", "CAST", "CastOptions")
        for target in sources:
            if target != source:
                s.add([s.input(x)], x.shape, target, {}, inDataType=TYPES[source], outDataType=TYPES[target])
        yield s.case()


def per_channel():
    """QUANTIZE to and DEQUANTIZE from tensors with a scale and zero point per slice, along every axis."""
    shape = (3, 4, 5)
    for dtype in ("int8", "uint8", "int16"):
        r = rng(f"per channel {dtype}")
        forth = Several(f"quantize_{dtype}_per_channel", "QUANTIZE", "QuantizeOptions", 2 if dtype == "int16" else 1)
        back = Several(f"dequantize_{dtype}_per_channel", "DEQUANTIZE", "DequantizeOptions", 5)
        for axis, n in enumerate(shape):
            points = np.zeros(n, int) if dtype == "int16" else r.integers(-128, 128, n) + shift_of(dtype)
            q = {"scale": scales(r, n), "zero_point": points, "axis": axis}
            forth.add([forth.input((r.standard_normal(shape) * 1.5).astype(np.float32))], shape, dtype, q)
            if dtype != "int16":  # which LiteRT refuses here
                back.add([back.input(bytes_of(r, shape, np.dtype(dtype)), **q)], shape, "float32", {})
        yield forth.case()
        if dtype != "int16":
            yield back.case()


def int4(b, values, **quantization):
    """A constant of 4 bits, two to a byte, the first in the low half."""
    flat = values.ravel()
    packed = ((flat[0::2] & 15) | ((flat[1::2] & 15) << 4)).astype(np.uint8)
    index = b.tensor(values.shape, "int8", data=packed.view(np.int8), **quantization)
    b.graph.tensors[index].type = TYPES["int4"]
    return index


def per_channel_constant(dtype):
    """A constant that is stored per channel, as converters store weights of operators without an integer form."""
    name, b = f"dequantize_{dtype}_per_channel_constant", TfliteBuilder()
    r = rng(name)
    x = r.standard_normal((2, 3, 4)).astype(np.float32)
    i, y = b.input(x.shape, "float32"), b.output(x.shape, "float32")
    for axis, n in ((2, 4), (1, 3), (0, 2)):
        points = np.zeros(n, int) if dtype == "int4" else r.integers(-9, 10, n) + shift_of(dtype)
        q = {"scale": scales(r, n), "zero_point": points, "axis": axis}
        wide, sum_ = b.tensor(x.shape, "float32"), y if axis == 0 else b.tensor(x.shape, "float32")
        if dtype == "int4":
            c = int4(b, r.integers(-8, 8, x.shape), **q)
        else:
            c = b.const(bytes_of(r, x.shape, np.dtype(dtype)), **q)
        b.op("DEQUANTIZE", [c], [wide], "DequantizeOptions", version=6 if dtype == "int4" else 5)
        b.op("ADD", [i, wide], [sum_], "AddOptions", version=1)
        i = sum_
    return Case(name, b.bytes(), [x], "bytes")


def cases():
    yield from integers()
    yield from casts()
    yield from per_channel()
    for dtype in ("int8", "uint8", "int4"):
        yield per_channel_constant(dtype)
