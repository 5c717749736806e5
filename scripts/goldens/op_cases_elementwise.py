"""Cases of elementwise functions, broadcasting, and the conversions between types."""
import numpy as np

from op_case import NONE, RELU, RELU6, RELU_N1_TO_1, Case, bytes_of, floats, rng
from tflite_builder import TYPES, TfliteBuilder

ALL = {"int8": np.arange(-128, 128, dtype=np.int8), "uint8": np.arange(256, dtype=np.uint8)}
SPECIAL = np.array([0.0, -0.0, 1e-40, -1e-40, np.inf, -np.inf, np.nan, 3.4e38, -3.4e38, 1e-30, 88.0, -88.0, 20.0, -20.0, 0.5,
                    -0.5, 1.5, 2.5, -1.5, -2.5, 3.0, -3.0, 6.0, 1.0, -1.0], np.float32)

# operator → (options table and fields, eight-bit types, oracle of the float form)
UNARY = {
    "RELU": (None, ("int8", "uint8"), "reference"),
    "RELU6": (None, ("int8", "uint8"), "reference"),
    "RELU_N1_TO_1": (None, (), "reference"),
    "RELU_0_TO_1": (None, (), "reference"),
    "LEAKY_RELU": (("LeakyReluOptions", {"alpha": 0.2}), ("int8", "uint8"), "reference"),
    "ELU": (None, ("int8",), "optimized"),
    "LOGISTIC": (None, ("int8", "uint8"), "reference"),
    "TANH": (None, ("int8", "uint8"), "reference"),
    "HARD_SWISH": (("HardSwishOptions", {}), ("int8", "uint8"), "reference"),
    "EXP": (("ExpOptions", {}), ("int8",), "reference"),
    "LOG": (None, ("int8",), "reference"),
    "SQRT": (None, (), "reference"),
    "RSQRT": (None, ("int8",), "reference"),
    "NEG": (("NegOptions", {}), (), "reference"),
    "ABS": (("AbsOptions", {}), ("int8",), "reference"),
    "SQUARE": (("SquareOptions", {}), (), "reference"),
    "SIN": (None, (), "reference"),
    "COS": (("CosOptions", {}), (), "reference"),
    "FLOOR": (None, (), "reference"),
    "CEIL": (None, (), "optimized"),
    "ROUND": (None, (), "optimized"),
    "SIGN": (None, (), "reference"),
    "ZEROS_LIKE": (("ZerosLikeOptions", {}), (), "reference"),
}
EXACT = {"RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "NEG", "ABS", "SQUARE", "FLOOR", "CEIL", "ROUND", "SIGN", "SQRT", "ZEROS_LIKE"}
# eight-bit scales (input, output); zero points follow
FIXED_OUTPUT = {"LOGISTIC": (1 / 256, {"int8": -128, "uint8": 0}), "TANH": (1 / 128, {"int8": 0, "uint8": 128})}


def unary_float(operator, options, oracle):
    name, b = f"{operator.lower()}_float32", TfliteBuilder()
    r = rng(name)
    x = np.concatenate([np.linspace(-9, 9, 145, dtype=np.float32), floats(r, 30, 0.1), SPECIAL])
    if operator in ("SQRT", "RSQRT", "LOG"):
        x = np.concatenate([x, np.abs(floats(r, 30, 50.0))])
    if operator in ("SIN", "COS"):
        x = x[np.abs(x) < 1e30]  # the reduction of huge arguments is the C library's business
    i, y = b.input(x.shape, "float32"), b.output(x.shape, "float32")
    b.op(operator, [i], [y], options and options[0], version=1, **(options[1] if options else {}))
    return Case(name, b.bytes(), [x], "bytes" if operator in EXACT else "tolerance", oracle, 1e-6)


def unary_quantized(operator, options, dtype, oracle, suffix="", in_scale=0.05, out_scale=0.043):
    """All 256 input values."""
    name, b = f"{operator.lower()}_{dtype}{suffix}", TfliteBuilder()
    x = ALL[dtype]
    shift = 0 if dtype == "int8" else 128
    z_in, z_out = 12 + shift, -9 + shift
    if operator in FIXED_OUTPUT:
        out_scale, z_out = FIXED_OUTPUT[operator][0], FIXED_OUTPUT[operator][1][dtype]
    if operator in ("LOG", "RSQRT", "SQRT"):
        z_in = -128 + shift
    if operator == "EXP":
        in_scale, out_scale, z_out = 0.02, 0.06, -128 + shift
    if operator == "RSQRT":
        out_scale, z_out = 0.018, -128 + shift
    if operator == "LOG":
        out_scale, z_out = 0.022, 10
    i = b.input(x.shape, dtype, scale=np.float32(in_scale), zero_point=z_in)
    y = b.output(x.shape, dtype, scale=np.float32(out_scale), zero_point=z_out)
    b.op(operator, [i], [y], options and options[0], version=1 if operator in ("ELU", "HARD_SWISH") else 2, **(options[1] if options else {}))
    return Case(name, b.bytes(), [x], "bytes", oracle)


def gelu(name, dtype, approximate):
    b = TfliteBuilder()
    x = ALL["int8"] if dtype == "int8" else np.linspace(-6, 6, 121, dtype=np.float32)
    i = b.input(x.shape, dtype, **({"scale": 0.04, "zero_point": -6} if dtype == "int8" else {}))
    y = b.output(x.shape, dtype, **({"scale": 0.021, "zero_point": -118} if dtype == "int8" else {}))
    b.op("GELU", [i], [y], "GeluOptions", approximate=approximate, version=1)
    return Case(name, b.bytes(), [x], "bytes" if dtype == "int8" else "tolerance", tolerance=1e-6)


def prelu(name, dtype, shape, slope_shape):
    r, b = rng(name), TfliteBuilder()
    if dtype == "float32":
        x = floats(r, shape)
        slope, i = b.const(floats(r, slope_shape, 0.3)), b.input(shape, dtype)
        y = b.output(shape, dtype)
    else:
        x = bytes_of(r, shape, np.dtype(dtype))
        shift = 0 if dtype == "int8" else 128
        slope = b.const(bytes_of(r, slope_shape, np.dtype(dtype)), scale=np.float32(0.004), zero_point=5 + shift)
        i = b.input(shape, dtype, scale=np.float32(0.05), zero_point=-10 + shift)
        y = b.output(shape, dtype, scale=np.float32(0.047), zero_point=3 + shift)
    b.op("PRELU", [i, slope], [y], version=1)
    return Case(name, b.bytes(), [x], "bytes")


OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions",
           "MAXIMUM": "MaximumMinimumOptions", "MINIMUM": "MaximumMinimumOptions",
           "SQUARED_DIFFERENCE": "SquaredDifferenceOptions"}


def binary(name, operator, dtype, left, right, output, activation=NONE, constant=False, scales=(0.05, 0.03, 0.08), a=None, c=None,
           zeros=(-7, 11, 4), oracle="reference"):
    """One binary operator; `constant` makes the right side a constant of the file."""
    r, b = rng(name), TfliteBuilder()
    kind = np.dtype(dtype)
    quantized = kind.itemsize == 1
    shift = 128 if dtype == "uint8" else 0

    def draw(shape):
        return floats(r, shape, 2.0) if kind.kind == "f" else bytes_of(r, shape, kind) if quantized \
            else r.integers(-50, 50, shape).astype(kind)

    a = draw(left) if a is None else a
    c = draw(right) if c is None else c
    if operator == "DIV":
        c = np.where(np.abs(c.astype(np.float64)) < 0.1, np.array(1, kind), c).astype(kind)
        if quantized:
            c = np.where(c.astype(int) - zeros[1] - shift == 0, c + 1, c).astype(kind)
    q = [{"scale": np.float32(s), "zero_point": z + shift} if quantized else {} for s, z in zip(scales, zeros)]
    i = b.input(left, dtype, **q[0])
    k = b.const(c, **q[1]) if constant else b.input(right, dtype, **q[1])
    y = b.output(output, dtype, **q[2])
    fields = {"fusedActivationFunction": activation} if operator in ("ADD", "SUB", "MUL", "DIV") else {}
    if operator in ("ADD", "SUB"):
        fields["potScaleInt16"] = False
    b.op(operator, [i, k], [y], OPTIONS[operator], version=2 if quantized else 1, **fields)
    return Case(name, b.bytes(), [a] if constant else [a, c], "bytes", oracle)


def binaries():
    for operator in OPTIONS:
        word = operator.lower()
        yield binary(f"{word}_float32", operator, "float32", (2, 3, 4), (2, 3, 4), (2, 3, 4))
        yield binary(f"{word}_float32_both_broadcast", operator, "float32", (2, 1, 3, 4), (1, 5, 1, 4), (2, 5, 3, 4))
        yield binary(f"{word}_float32_row_constant", operator, "float32", (3, 4, 5), (5,), (3, 4, 5), constant=True)
        yield binary(f"{word}_float32_scalar_left", operator, "float32", (), (2, 3), (2, 3))
        yield binary(f"{word}_int32_broadcast", operator, "int32", (4, 1, 3), (5, 1), (4, 5, 3))
    sides = {"a": np.repeat(SPECIAL, SPECIAL.size), "c": np.tile(SPECIAL, SPECIAL.size)}
    for operator in ("ADD", "MUL", "MAXIMUM", "MINIMUM"):
        yield binary(f"{operator.lower()}_float32_special_values", operator, "float32", sides["a"].shape, sides["c"].shape,
                     sides["a"].shape, **sides)
    yield binary("add_float32_relu", "ADD", "float32", (3, 7), (3, 7), (3, 7), activation=RELU)
    yield binary("sub_float32_relu6", "SUB", "float32", (3, 7), (7,), (3, 7), activation=RELU6)
    yield binary("mul_float32_relu_n1_to_1", "MUL", "float32", (3, 7), (3, 1), (3, 7), activation=RELU_N1_TO_1)
    yield binary("div_float32_relu", "DIV", "float32", (3, 7), (3, 7), (3, 7), activation=RELU)
    grid = {"left": (256, 1), "right": (1, 256), "output": (256, 256), "a": ALL["int8"].reshape(256, 1), "c": ALL["int8"].reshape(1, 256)}
    yield binary("add_int8_every_pair", "ADD", "int8", **grid)
    yield binary("sub_int8_every_pair", "SUB", "int8", **grid, scales=(0.021, 0.083, 0.1))
    yield binary("mul_int8_every_pair", "MUL", "int8", **grid, scales=(0.05, 0.03, 0.11))
    for operator in ("ADD", "SUB", "MUL"):
        word = operator.lower()
        yield binary(f"{word}_int8_broadcast", operator, "int8", (2, 1, 3, 4), (1, 5, 1, 4), (2, 5, 3, 4))
        yield binary(f"{word}_int8_relu6", operator, "int8", (4, 33), (4, 33), (4, 33), activation=RELU6)
        yield binary(f"{word}_int8_scalar_constant", operator, "int8", (3, 9), (1,), (3, 9), constant=True)
        yield binary(f"{word}_uint8", operator, "uint8", (4, 33), (4, 33), (4, 33))
        yield binary(f"{word}_uint8_broadcast_relu", operator, "uint8", (4, 1, 3), (1, 5, 3), (4, 5, 3), activation=RELU)
    for operator in ("MAXIMUM", "MINIMUM"):
        yield binary(f"{operator.lower()}_int8_broadcast", operator, "int8", (4, 1, 3), (5, 1), (4, 5, 3), scales=(0.05,) * 3, zeros=(3,) * 3)
    yield binary("squared_difference_int8", "SQUARED_DIFFERENCE", "int8", (4, 40), (4, 40), (4, 40), scales=(0.05, 0.03, 0.3), zeros=(-7, 11, -128))
    yield binary("squared_difference_int8_broadcast", "SQUARED_DIFFERENCE", "int8", (2, 1, 6), (3, 1), (2, 3, 6), scales=(0.05, 0.03, 0.3),
                 zeros=(-7, 11, -128))
    yield binary("div_uint8", "DIV", "uint8", (4, 33), (4, 33), (4, 33), scales=(0.05, 0.03, 0.04))


def convert(name, operator, source, target, x, in_quant=None, out_quant=None, options=None, version=1, oracle="reference"):
    b = TfliteBuilder()
    i = b.input(x.shape, source, **(in_quant or {}))
    y = b.output(x.shape, target, **(out_quant or {}))
    fields = {"inDataType": TYPES[source], "outDataType": TYPES[target]} if operator == "CAST" else {}
    b.op(operator, [i], [y], options, version=version, **fields)
    return Case(name, b.bytes(), [x.astype(source)], "bytes", oracle)


def conversions():
    q8, qu8 = {"scale": np.float32(0.05), "zero_point": -7}, {"scale": np.float32(0.05), "zero_point": 121}
    other = {"scale": np.float32(0.0333), "zero_point": 20}
    real = np.concatenate([np.arange(-200, 200, dtype=np.float32) * np.float32(0.025), np.array([1e5, -1e5, 0.0, -0.0], np.float32)])
    yield convert("quantize_float32_int8", "QUANTIZE", "float32", "int8", real, None, q8, "QuantizeOptions")
    yield convert("quantize_float32_uint8", "QUANTIZE", "float32", "uint8", real, None, qu8, "QuantizeOptions")
    yield convert("quantize_float32_int16", "QUANTIZE", "float32", "int16", real, None, {"scale": 2.0**-12, "zero_point": 0}, "QuantizeOptions")
    yield convert("requantize_int8_uint8", "QUANTIZE", "int8", "uint8", ALL["int8"], q8, qu8, "QuantizeOptions", 2)
    yield convert("requantize_uint8_int8", "QUANTIZE", "uint8", "int8", ALL["uint8"], qu8, q8, "QuantizeOptions", 2)
    yield convert("requantize_int8_other_scale", "QUANTIZE", "int8", "int8", ALL["int8"], q8, other, "QuantizeOptions", 2)
    yield convert("requantize_uint8_other_scale", "QUANTIZE", "uint8", "uint8", ALL["uint8"], qu8, {**other, "zero_point": 140},
                  "QuantizeOptions", 2)
    yield convert("requantize_int8_int16", "QUANTIZE", "int8", "int16", ALL["int8"], q8, {"scale": 2.0**-10, "zero_point": 0},
                  "QuantizeOptions", 2)
    yield convert("requantize_int16_int8", "QUANTIZE", "int16", "int8", np.arange(-32768, 32768, 127), {"scale": 2.0**-12, "zero_point": 0},
                  {"scale": np.float32(0.07), "zero_point": 3}, "QuantizeOptions", 2)
    yield convert("dequantize_int8", "DEQUANTIZE", "int8", "float32", ALL["int8"], q8, None, "DequantizeOptions", 2)
    yield convert("dequantize_uint8", "DEQUANTIZE", "uint8", "float32", ALL["uint8"], qu8, None, "DequantizeOptions", 1)
    yield convert("dequantize_int16", "DEQUANTIZE", "int16", "float32", np.arange(-32768, 32768, 501), {"scale": 2.0**-12, "zero_point": 0},
                  None, "DequantizeOptions", 3)
    halves = np.array([0.0, -0.0, 1.0, -1.5, 65504.0, 6.1e-5, 5.96e-8, -3.3e-7, np.inf, -np.inf, 0.333], np.float16)
    yield convert("dequantize_float16", "DEQUANTIZE", "float16", "float32", halves, None, None, "DequantizeOptions", 3)
    small = np.array([-3.7, -1.5, -0.5, -0.0, 0.4, 0.5, 1.5, 2.9, 100.9, 127.0], np.float32)
    whole = np.array([-100000, -300, -129, -128, -1, 0, 1, 127, 128, 255, 256, 300, 100000], np.int32)
    yield convert("cast_float32_int32", "CAST", "float32", "int32", small * 1000, options="CastOptions")
    yield convert("cast_float32_int8", "CAST", "float32", "int8", small, options="CastOptions")
    yield convert("cast_float32_uint8", "CAST", "float32", "uint8", np.abs(small), options="CastOptions")
    yield convert("cast_float32_int64", "CAST", "float32", "int64", small * 1000, options="CastOptions")
    yield convert("cast_float32_bool", "CAST", "float32", "bool", small, options="CastOptions")
    yield convert("cast_int32_float32", "CAST", "int32", "float32", whole * 30011, options="CastOptions")
    yield convert("cast_int32_uint8_wraps", "CAST", "int32", "uint8", whole, options="CastOptions")
    yield convert("cast_int32_int64", "CAST", "int32", "int64", whole, options="CastOptions")
    yield convert("cast_uint8_float32", "CAST", "uint8", "float32", ALL["uint8"], options="CastOptions")
    yield convert("cast_int8_float32", "CAST", "int8", "float32", ALL["int8"], options="CastOptions")
    yield convert("cast_bool_float32", "CAST", "bool", "float32", np.array([0, 1, 1, 0]), options="CastOptions")


def cases():
    for operator, (options, types, oracle) in UNARY.items():
        yield unary_float(operator, options, oracle)
        for dtype in types:
            yield unary_quantized(operator, options, dtype, oracle)
    yield unary_quantized("LOGISTIC", None, "int8", "reference", "_coarse", in_scale=0.19)
    yield unary_quantized("LOGISTIC", None, "int8", "reference", "_fine", in_scale=0.003)
    yield unary_quantized("TANH", None, "int8", "reference", "_coarse", in_scale=0.11)
    yield unary_quantized("TANH", None, "int8", "reference", "_fine", in_scale=0.004)
    yield unary_quantized("LEAKY_RELU", ("LeakyReluOptions", {"alpha": -0.7}), "int8", "reference", "_negative_slope")
    yield unary_quantized("RELU", None, "int8", "reference", "_same_scale", in_scale=0.05, out_scale=0.05)
    for approximate in (False, True):
        word = "tanh" if approximate else "exact"
        yield gelu(f"gelu_float32_{word}", "float32", approximate)
        yield gelu(f"gelu_int8_{word}", "int8", approximate)
    for dtype in ("float32", "int8", "uint8"):
        yield prelu(f"prelu_{dtype}", dtype, (2, 3, 4, 5), (1, 1, 5))
    yield from binaries()
    yield from conversions()
