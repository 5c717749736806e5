"""Cases of what integer operators do at their edges: unequal and extreme scales and zero points, saturation, overflow.

Most files hold one operator several times, each on tensors of its own, so that a file covers a table of scales.
"""
import numpy as np

from op_case import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, Case, bytes_of, rng, scales, weights
from tflite_builder import TYPES, TfliteBuilder

ALL = {"int8": np.arange(-128, 128, dtype=np.int8), "uint8": np.arange(256, dtype=np.uint8)}
# (input scale, input zero point, output scale, output zero point), zero points as of int8
SCALES = [(0.05, -128, 0.05, -128), (0.05, 127, 0.05, -128), (0.05, -128, 0.05, 127), (0.1, 3, 0.004, 0), (0.004, -7, 0.1, 5),
          (1.0, 0, 1.0, 0), (0.0078125, 0, 0.015625, 0), (0.0371, 127, 0.029, 127), (0.5, -60, 0.03125, -100), (0.0213, 41, 0.0217, 40)]
INT_MIN, INT_MAX = -2**31, 2**31 - 1


def shift_of(dtype):
    return 128 if dtype == "uint8" else 0


def quantized(dtype, scale, zero):
    return {"scale": np.float32(scale), "zero_point": zero + shift_of(dtype)}


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


def unary(operator, dtype, options=None, fixed=None, version=1, oracle="reference", suffix="", positive=False, rows=SCALES, **fields):
    """All 256 values under each row of scales; where `positive`, those from the zero point on (LiteRT refuses the others)."""
    s = Several(f"{operator.lower()}_{dtype}_scales{suffix}", operator, options, version, oracle)
    for in_scale, in_zero, out_scale, out_zero in rows:
        if fixed:
            out_scale, out_zero = fixed
        x = ALL[dtype]
        if positive:
            x = x[x.astype(int) >= in_zero + shift_of(dtype)]
        s.add([s.input(x, **quantized(dtype, in_scale, in_zero))], x.shape, dtype, quantized(dtype, out_scale, out_zero), **fields)
    return s.case()


def unaries():
    for dtype in ("int8", "uint8"):
        for operator in ("RELU", "RELU6", "RELU_N1_TO_1"):
            yield unary(operator, dtype, version=1 if operator == "RELU_N1_TO_1" else 2)
        yield unary("RELU_0_TO_1", dtype)
        for suffix, alpha in (("", 0.2), ("_negative_slope", -0.7), ("_steep", 3.0), ("_zero_slope", 0.0)):
            yield unary("LEAKY_RELU", dtype, "LeakyReluOptions", version=2, suffix=suffix, alpha=alpha)
        yield unary("LOGISTIC", dtype, fixed=(1 / 256, -128), version=2)
        yield unary("TANH", dtype, fixed=(1 / 128, 0), version=2)
        yield unary("HARD_SWISH", dtype, "HardSwishOptions")
        for approximate in (False, True):
            yield unary("GELU", dtype, "GeluOptions", suffix="_tanh" if approximate else "_exact", approximate=approximate)
    yield unary("ELU", "int8", oracle="optimized")
    yield unary("EXP", "int8", "ExpOptions", version=2)
    yield unary("LOG", "int8", version=2)
    yield unary("ABS", "int8", "AbsOptions", version=2)
    yield unary("NEG", "int8", "NegOptions")
    roots = [*SCALES, (0.05, -128, 0.02, -128), (0.3, -20, 0.11, -31)]
    yield unary("SQRT", "int8", version=2, positive=True, rows=roots)
    yield unary("RSQRT", "int8", version=2, positive=True, rows=roots)


OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions", "MAXIMUM": "MaximumMinimumOptions",
           "MINIMUM": "MaximumMinimumOptions", "SQUARED_DIFFERENCE": "SquaredDifferenceOptions"}
GRID = np.array([-128, -127, -126, -111, -100, -77, -64, -33, -17, -9, -5, -3, -2, -1, 0, 1, 2, 3, 5, 9, 17, 33, 64, 77, 100, 111, 120,
                 125, 126, 127])
# (scale and zero point of a, of b, of y, activation)
BINARY = [((0.05, -128), (0.05, -128), (0.05, -128), NONE), ((0.05, 127), (0.03, -128), (0.04, 127), NONE),
          ((1.0, 0), (0.001, 5), (0.9, -3), NONE), ((0.001, 0), (1.0, 5), (0.9, -3), NONE), ((0.05, -7), (0.06, 11), (0.0005, 4), NONE),
          ((0.5, 0), (0.25, 0), (0.125, 0), NONE), ((0.05, -7), (0.03, 11), (0.08, 4), RELU), ((0.05, -7), (0.3, 11), (0.08, -128), RELU6),
          ((0.05, -7), (0.03, 11), (0.02, 100), RELU_N1_TO_1), ((0.0371, 3), (0.0912, -77), (1.7, 0), NONE)]


def binary(operator, dtype, rows, version=2, suffix="", left=None, right=None):
    """Pairs of values under each row of scales, a along columns and b along rows."""
    s = Several(f"{operator.lower()}_{dtype}_scales{suffix}", operator, OPTIONS[operator], version)
    grid = (GRID + shift_of(dtype)).astype(dtype)
    for a, b, y, activation in rows:
        p, q = (grid if left is None else left).reshape(-1, 1), (grid if right is None else right).reshape(1, -1)
        if operator == "DIV":
            q = q[q.astype(int) != b[1] + shift_of(dtype)].reshape(1, -1)
        fields = {"fusedActivationFunction": activation} if operator in ("ADD", "SUB", "MUL", "DIV") else {}
        s.add([s.input(p, **quantized(dtype, *a)), s.input(q, **quantized(dtype, *b))], (p.size, q.size), dtype,
              quantized(dtype, *y), **fields)
    return s.case()


def binaries():
    same = [((s, z),) * 3 + (NONE,) for s, z in ((0.05, -128), (0.1, 127), (1.0, 0))]
    for dtype in ("int8", "uint8"):
        for operator in ("ADD", "SUB", "MUL"):
            yield binary(operator, dtype, BINARY)
        wide = ((0.5, -7), (0.0001, 11), (0.001, 4), NONE)  # a left shift of 23 bits
        yield binary("DIV", dtype, [*BINARY, wide], version=2 if dtype == "int8" else 1)
        for operator in ("MAXIMUM", "MINIMUM"):
            yield binary(operator, dtype, same)
    yield binary("DIV", "uint8", [((0.05, -7), (0.03, 11), (0.04, 4), NONE)], version=1, suffix="_every_pair", left=ALL["uint8"],
                 right=ALL["uint8"])
    yield binary("SQUARED_DIFFERENCE", "int8", [row for row in BINARY if row[3] == NONE])


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


def requantize():
    """QUANTIZE between integers, and float32 to integers at the ends of the range."""
    for source in ("int8", "uint8"):
        for target in ("int8", "uint8"):
            s = Several(f"requantize_{source}_{target}_scales", "QUANTIZE", "QuantizeOptions", 2)
            for in_scale, in_zero, out_scale, out_zero in SCALES:
                s.add([s.input(ALL[source], **quantized(source, in_scale, in_zero))], (256,), target, quantized(target, out_scale, out_zero))
            yield s.case()
    x = np.concatenate([np.linspace(-8, 8, 257), [1e4, -1e4, 1e6, -1e6]]).astype(np.float32)
    for target in ("int8", "uint8"):
        s = Several(f"quantize_float32_{target}_scales", "QUANTIZE", "QuantizeOptions")
        for scale, zero in ((0.0625, -128), (0.0625, 127), (0.03125, 0), (1.0, 5), (0.0371, -61)):
            s.add([s.input(x)], x.shape, target, quantized(target, scale, zero))
        yield s.case()


def prelu(dtype):
    """Slopes in turns a constant of the file and an input."""
    s = Several(f"prelu_{dtype}_scales", "PRELU")
    grid = (GRID + shift_of(dtype)).astype(dtype)
    alpha_scales = (0.004, 0.02, 0.001, 1.0, 0.0078125, 0.004, 0.3, 0.01, 0.004, 0.05)
    for i, ((a, b, y, _), alpha_scale) in enumerate(zip(BINARY, alpha_scales)):
        x = np.repeat(grid, grid.size).reshape(grid.size, grid.size)
        t, q = s.input(x, **quantized(dtype, *a)), quantized(dtype, alpha_scale, b[1])
        alpha = s.b.const(grid, **q) if i % 2 == 0 else s.input(grid, **q)
        s.add([t, alpha], x.shape, dtype, quantized(dtype, *y))
    return s.case()


def softmaxes(dtype, log=False):
    name, r = f"{'log_' if log else ''}softmax_{dtype}_scales", rng("softmaxes")
    s = Several(name, "LOG_SOFTMAX" if log else "SOFTMAX", "LogSoftmaxOptions" if log else "SoftmaxOptions", 2)
    low = -128 + shift_of(dtype)
    rows = [np.full(9, low), np.full(9, low + 255), np.arange(9) + low, [low + 255] + [low] * 8, [low] * 8 + [low + 255],
            r.integers(0, 256, 9) + low, r.integers(0, 256, 9) + low, r.integers(100, 140, 9) + low]
    x = np.array(rows).astype(dtype)
    for in_scale, beta in ((0.1, 1.0), (0.001, 1.0), (1.0, 1.0), (4.0, 1.0), (0.03, 0.1), (0.3, 3.0)):
        out = {"scale": 16 / 256, "zero_point": low + 255} if log else {"scale": 1 / 256, "zero_point": low}
        s.add([s.input(x, **quantized(dtype, in_scale, -5))], x.shape, dtype, out, **({} if log else {"beta": beta}))
    return s.case()


def pools(operator, dtype):
    """Windows of one value, of extremes and of halves to round, with every activation."""
    s = Several(f"{operator.lower()}_{dtype}_extremes", operator, "Pool2DOptions", 2)
    r = rng("pools")
    low = -128 + shift_of(dtype)
    x = np.stack([np.full((6, 7), low), np.full((6, 7), low + 255), (np.arange(42).reshape(6, 7) % 2) * 255 + low,
                  r.integers(0, 2, (6, 7)) - 1 + low + 128, r.integers(0, 256, (6, 7)) + low], -1).astype(dtype)[None]
    for scale, zero, activation in ((0.05, 0, NONE), (0.05, -128, RELU), (0.02, 50, RELU6), (0.03, -20, RELU_N1_TO_1), (1.0, 127, RELU)):
        for size, stride, padding in (((2, 2), (1, 1), VALID), ((3, 3), (2, 2), SAME), ((6, 7), (1, 1), VALID)):
            out = tuple(-(-n // st) if padding == SAME else (n - k) // st + 1 for n, k, st in zip((6, 7), size, stride))
            s.add([s.input(x, **quantized(dtype, scale, zero))], (1, *out, 5), dtype, quantized(dtype, scale, zero), padding=padding,
                  strideH=stride[0], strideW=stride[1], filterHeight=size[0], filterWidth=size[1], fusedActivationFunction=activation)
    return s.case()


def reductions(operator, dtype, rows, oracle="reference"):
    """Rows of 1 to 400 values: all lowest, all highest, one apart, random."""
    s = Several(f"{operator.lower()}_{dtype}_scales", operator, "ReducerOptions", 2, oracle)
    low = -128 + shift_of(dtype)
    for in_scale, in_zero, out_scale, out_zero in rows:
        for n in (1, 3, 49, 400):
            r = rng(f"reduction {n}")
            x = np.stack([np.full(n, low), np.full(n, low + 255), np.arange(n) % 2 + low + 127, r.integers(0, 256, n) + low]).astype(dtype)
            s.add([s.input(x, **quantized(dtype, in_scale, in_zero)), s.b.const(np.array([1], np.int32))], (4,), dtype,
                  quantized(dtype, out_scale, out_zero), keepDims=False)
    return s.case()


def wide_reductions(operator, dtype):
    """Sums beyond the type, means of negative sums."""
    info = np.iinfo(dtype)
    x = np.array([[info.max, info.max, info.max], [info.min, info.min, -1], [-1, -1, 0], [-5, -1, -1], [5, 1, 1],
                  [info.min, info.max, 7]]).astype(dtype)
    s = Several(f"{operator.lower()}_{dtype}_extremes", operator, "ReducerOptions")
    s.add([s.input(x), s.b.const(np.array([1], np.int32))], (6,), dtype, {}, keepDims=False)
    s.add([s.input(x), s.b.const(np.array([0], np.int32))], (3,), dtype, {}, keepDims=False)
    return s.case()


def reduces():
    same = [row for row in SCALES if row[0] == row[2] and row[1] == row[3]] + [(0.05, 127, 0.05, 127)]
    for dtype in ("int8", "uint8"):
        yield reductions("MEAN", dtype, SCALES)
        for operator in ("REDUCE_MAX", "REDUCE_MIN"):
            yield reductions(operator, dtype, same)
        yield reductions("SUM", dtype, SCALES, oracle="optimized")
    for dtype in ("int32", "int64"):
        for operator in ("SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN"):
            yield wide_reductions(operator, dtype)


def concatenations():
    """Inputs of scales of their own, which uint8 alone may have."""
    s = Several("concatenation_uint8_scales", "CONCATENATION", "ConcatenationOptions")
    for a, b, y, activation in BINARY:
        if activation == NONE:
            x = ALL["uint8"].reshape(4, 16, 4)
            for axis in (0, 1, 2):
                out = np.concatenate([x, x], axis).shape
                parts = [s.input(x, **quantized("uint8", *a)), s.input(x, **quantized("uint8", *b))]
                s.add(parts, out, "uint8", quantized("uint8", *y), axis=axis, fusedActivationFunction=NONE)
    return s.case()


def pads():
    """PAD fills with the zero point, PADV2 with the given byte."""
    amount = np.array([[1, 0], [2, 1]], np.int32)
    for dtype in ("int8", "uint8"):
        s = Several(f"pad_{dtype}_zero_points", "PAD", "PadOptions", 2)
        for zero in (-128, -1, 0, 127):
            x = ALL[dtype][::43].reshape(2, 3)
            s.add([s.input(x, **quantized(dtype, 0.05, zero)), s.b.const(amount)], (3, 6), dtype, quantized(dtype, 0.05, zero))
        yield s.case()
        s = Several(f"padv2_{dtype}_values", "PADV2", "PadV2Options", 2)
        for zero, value in ((-128, 127), (0, -128), (127, 0), (5, 5)):
            q = quantized(dtype, 0.05, zero)
            filling = s.b.const(np.array(value + shift_of(dtype)).astype(dtype), **q)
            s.add([s.input(ALL[dtype][::43].reshape(2, 3), **q), s.b.const(amount), filling], (3, 6), dtype, q)
        yield s.case()


def weighted(operator, dtype):
    """Zero points at the type's ends, every activation, sums that saturate, an effective scale above 1."""
    s = Several(f"{operator.lower()}_{dtype}_scales", operator, {"CONV_2D": "Conv2DOptions", "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
                                                               "FULLY_CONNECTED": "FullyConnectedOptions"}[operator],
                4 if operator == "FULLY_CONNECTED" else 3)
    r = rng(s.name)
    depth = 6
    for a, b, y, activation in BINARY:
        per_channel = dtype == "int8" and operator != "FULLY_CONNECTED"
        s_w = scales(r, depth if per_channel else 1, b[0] / 8)
        shape = {"CONV_2D": (depth, 2, 2, depth), "DEPTHWISE_CONV_2D": (1, 2, 2, depth), "FULLY_CONNECTED": (depth, depth)}[operator]
        w = weights(r, shape, np.dtype(dtype))
        bias = (r.standard_normal(depth) * 9000).astype(np.int32)
        axis = 3 if operator == "DEPTHWISE_CONV_2D" else 0
        x = bytes_of(r, (5, depth) if operator == "FULLY_CONNECTED" else (1, 4, 5, depth), np.dtype(dtype))
        tensors = [s.input(x, **quantized(dtype, *a)),
                   s.b.const(w, scale=s_w, axis=axis, zero_point=None if dtype == "int8" else b[1] + 128),
                   s.b.const(bias, scale=np.float32(a[0]) * s_w)]
        common = {"fusedActivationFunction": activation}
        if operator == "FULLY_CONNECTED":
            s.add(tensors, (5, depth), dtype, quantized(dtype, *y), **common)
            continue
        common.update(padding=SAME, strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
        if operator == "DEPTHWISE_CONV_2D":
            common["depthMultiplier"] = 1
        s.add(tensors, x.shape, dtype, quantized(dtype, *y), **common)
    return s.case()


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
    yield from unaries()
    yield from binaries()
    yield from requantize()
    for dtype in ("int8", "uint8"):
        yield prelu(dtype)
        yield softmaxes(dtype)
        yield softmaxes(dtype, log=True)
        for operator in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            yield pools(operator, dtype)
        for operator in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            yield weighted(operator, dtype)
    yield from reduces()
    yield concatenations()
    yield from pads()
