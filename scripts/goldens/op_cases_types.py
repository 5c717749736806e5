"""One case for each operator and type of op_elementwise.py, and what needs values chosen by hand: extremes, ties, RANGE, RANK, SHAPE."""
import numpy as np

import op_elementwise as e
from op_case import Case, rng
from op_elementwise import case, draw, model
from tflite_builder import TfliteBuilder

WIDE = ((2, 1, 3, 4), (1, 5, 1, 4), (2, 5, 3, 4))


def named(name, make, *arguments, **more):
    c = make(rng(name), *arguments, **more)
    c.name = name
    return c


def every_type():
    for code in e.COMPARE:
        for dtype in ["float32", "float16", "int32", "int64", "int8", "uint8", "int16"] + (["bool"] if "EQUAL" in code and code[0] in "EN" else []):
            yield named(f"{code.lower()}_{dtype}", e.compare, code, dtype, WIDE if dtype in ("float32", "int8") else ((4, 9),) * 3)
    for code in e.LOGIC:
        for dtype in ["int8", "uint8", "int16", "uint16", "int32", "uint32"] if code in ("BITWISE_XOR", "RIGHT_SHIFT") else ["bool"]:
            yield named(f"{code.lower()}_{dtype}", e.logic, code, dtype, WIDE if dtype == "bool" else ((5, 8),) * 3)
    for code, types in {"POW": ["float32", "int32"], "FLOOR_DIV": ["float32", "int8", "int16", "int32"], "ATAN2": ["float32"],
                        "FLOOR_MOD": ["float32", "int8", "int16", "int32", "int64"]}.items():
        for dtype in types:
            yield named(f"{code.lower()}_{dtype}", e.arithmetic, code, dtype, WIDE)
    for dtype in ["float32", "int8", "uint8", "int16", "int32", "int64", "bool", "uint32"]:
        yield named(f"select_{dtype}", e.select, "SELECT", dtype)
        yield named(f"select_v2_{dtype}", e.select, "SELECT_V2", dtype, WIDE)
    for code, types in {"ADD": ["int64", "int16", "int16-plain", "float16"], "SUB": ["int64", "int16"], "MUL": ["int64", "int16", "uint32", "int16-plain", "complex64", "float16"],
                        "DIV": ["int16"], "MAXIMUM": ["int64", "int16", "float16"], "MINIMUM": ["int64", "int16"]}.items():
        for dtype in types:
            yield named(f"{code.lower()}_{dtype.replace('-', '_')}", e.binary, code, dtype, WIDE, False)
    yield named("add_int16_powers_of_two", e.binary, "ADD", "int16", ((6, 30),) * 3, True)
    yield named("sub_int16_powers_of_two", e.binary, "SUB", "int16", ((6, 30),) * 3, True)
    yield named("prelu_int16", e.prelu_16)
    for code in e.UNARY:
        types = {"ABS": ["int16", "int16-plain", "int32"], "NEG": ["int16", "int32", "int64", "float16"], "SIGN": ["int32", "float64"],
                 "ZEROS_LIKE": ["int32", "int64"], "SIN": ["float16"], "COS": ["float16"], "FLOOR": ["float16"], "TANH": ["int16", "float16"],
                 "LOGISTIC": ["int16", "float16"], "GELU": ["int16", "float16"]}
        for dtype in types.get(code, ["int16"]):
            yield named(f"{code.lower()}_{dtype.replace('-', '_')}", e.unary, code, dtype, False)
    yield named("logistic_int16_power_of_two", e.unary, "LOGISTIC", "int16", True)
    yield named("tanh_int16_power_of_two", e.unary, "TANH", "int16", True)
    ends = ("float32", "int32", "bool", "complex64")
    for pair in [(p, q) for p in e.CASTS for q in e.CASTS if p != q and (p in ends or q in ends)]:
        yield named(f"cast_{pair[0]}_{pair[1]}", e.cast, *pair)
    for pair in [("int32", "int8"), ("int32", "int16"), ("int16", "int16"), ("int16", "int32"), ("uint8", "int16")]:
        yield named(f"requantize_{pair[0]}_{pair[1]}", e.requantize, pair)
    for code in ("QUANTIZE", "DEQUANTIZE"):
        for dtype in ("int8", "uint8"):
            yield named(f"{code.lower()}_axis_{dtype}", e.per_channel, code, dtype)
    for code in ("REAL", "IMAG", "COMPLEX_ABS"):
        yield named(f"{code.lower()}_complex64", e.complex_part, code)
    for code, types in {"REDUCE_PROD": ["float32", "int8", "int8-plain", "int16", "int16-plain", "int32", "int64"], "REDUCE_ANY": ["bool"],
                        "REDUCE_ALL": ["bool"], "MEAN": ["int16"], "SUM": ["int16"], "REDUCE_MAX": ["int16"], "REDUCE_MIN": ["int16-plain"]}.items():
        for dtype in types:
            yield named(f"{code.lower()}_{dtype.replace('-', '_')}", e.reduce, code, dtype)
    for dtype in ("float32", "int32", "int64"):
        yield named(f"cumsum_{dtype}", e.cumsum, dtype)
    for code in ("ARG_MAX", "ARG_MIN"):
        for dtype in ("float32", "int8", "uint8", "int32", "bool"):
            yield named(f"{code.lower()}_{dtype}", e.arg_max, code, dtype)
    for dtype in ("float32", "int8", "uint8"):
        yield named(f"l2_normalization_{dtype}", e.l2_normalization, dtype)
    yield named("softmax_int16", e.softmax_16)
    yield named("fake_quant_float32", e.fake_quant)
    for dtype in ("float32", "int32"):
        yield named(f"add_n_{dtype}", e.add_n, dtype)
    for dtype in ("float32", "int8", "int16", "int64", "bool"):
        yield named(f"broadcast_to_{dtype}", e.broadcast_to, dtype)
        yield named(f"fill_{dtype}", e.fill, dtype)
    for dtype in ("int32", "int64"):
        yield named(f"broadcast_args_{dtype}", e.broadcast_args, dtype)
    for pair in [("float32", "int32", (3, 4), (3, 4)), ("int32", "int16", (3, 4), (3, 4, 2)), ("uint8", "float32", (3, 4), (3,))]:
        yield named(f"bitcast_{pair[0]}_{pair[1]}", e.bitcast, pair)


SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-40], np.float32)


def extremes():
    a, c = np.repeat(SPECIAL, SPECIAL.size), np.tile(SPECIAL, SPECIAL.size)
    for code in e.COMPARE:
        yield case(f"{code.lower()}_float32_special_values", code, [(a, None, False), (c, None, False)], [(a.shape, "bool", None)],
                   e.COMPARE[code] + "Options")
    yield case("floor_mod_float32_special_values", "FLOOR_MOD", [(a, None, False), (c, None, False)], [(a.shape, "float32", None)],
               "FloorModOptions", compare="tolerance")
    yield case("pow_float32_special_values", "POW", [(a, None, False), (c, None, False)], [(a.shape, "float32", None)], "PowOptions",
               compare="tolerance")
    yield case("atan2_float32_special_values", "ATAN2", [(a, None, False), (c, None, False)], [(a.shape, "float32", None)], "ATan2Options",
               compare="tolerance")
    rows = np.array([[1, 3, 3, 0], [np.nan, 5, 7, 1], [2, np.nan, 2, 1], [-np.inf, -np.inf, -1, -1]], np.float32)
    for code in ("ARG_MAX", "ARG_MIN"):
        yield case(f"{code.lower()}_float32_ties_and_nan", code, [(rows, None, False), (np.array(1, np.int32), None, True)], [((4,), "int32", None)],
                   "ArgMaxOptions" if code == "ARG_MAX" else "ArgMinOptions", outputType=2)
    edge = np.array([1e10, -1e10, np.nan, np.inf, -np.inf, 0.9, -0.9, 2147483520.0, -2147483648.0, 200.0, -200.0], np.float32)
    for dtype in ("int8", "int16", "int32", "int64"):
        c = e.cast(rng(dtype), "float32", dtype)
        yield Case(f"cast_float32_{dtype}_edges", model("CAST", [(edge, None, False)], [(edge.shape, dtype, None)], "CastOptions"), [edge], c.compare)
    shift = np.array([0, 1, 5, 31, 32, 100, -1, -100], np.int32)
    yield case("right_shift_int32_counts", "RIGHT_SHIFT", [(np.full(8, -1000, np.int32), None, False), (shift, None, False)], [((8,), "int32", None)],
               "RightShiftOptions")
    one = np.array([True])
    yield case("select_v2_of_single_elements", "SELECT_V2", [(one, None, False), (np.float32([[2]]), None, False), (np.float32([3]), None, False)],
               [((1, 1, 1), "float32", None)], "SelectV2Options")
    square = draw(rng("square"), (4, 6), "float32")
    yield case("pow_float32_square", "POW", [(square, None, False), (np.float32(2), None, True)], [((4, 6), "float32", None)], "PowOptions",
               compare="tolerance")


def ranges():
    """RANGE of constants, and an operator that reads it."""
    for dtype, start, limit, delta, n in [("int32", 10, -5, -3, 5), ("int64", 2, 9, 2, 4), ("float32", 0.5, 3.1, 0.2, 13)]:
        b = TfliteBuilder()
        x = b.input((n,), dtype)
        r = b.tensor((n,), dtype)
        b.op("RANGE", [b.const(np.array(v, dtype)) for v in (start, limit, delta)], [r], "RangeOptions", version=1)
        b.op("ADD", [x, r], [b.output((n,), dtype)], "AddOptions", version=4 if dtype == "int64" else 1)
        yield Case(f"range_{dtype}", b.bytes(), [np.arange(n).astype(dtype)], "bytes")


def of_shapes():
    """What follows from a shape: RANK, SHAPE, FILL, BROADCAST_ARGS and RANGE."""
    b = TfliteBuilder()
    x, rank = b.input((2, 3, 4), "float32"), b.tensor((), "int32")
    b.op("RANK", [x], [rank], "RankOptions")
    axes = b.tensor((3,), "int32")
    b.op("RANGE", [b.const(np.int32(0)), rank, b.const(np.int32(1))], [axes], "RangeOptions")
    b.op("SUM", [x, axes], [b.output((), "float32")], "ReducerOptions", keepDims=False)
    yield Case("sum_over_range_of_rank", b.bytes(), [draw(rng("rank"), (2, 3, 4), "float32")], "tolerance", tolerance=1e-6)
    b = TfliteBuilder()
    x, y = b.input((2, 1, 4), "float32"), b.input((3, 1), "float32")
    sizes, others, both, filled = b.tensor((3,), "int32"), b.tensor((2,), "int32"), b.tensor((3,), "int32"), b.tensor((2, 3, 4), "float32")
    b.op("SHAPE", [x], [sizes], "ShapeOptions", outType=2)
    b.op("SHAPE", [y], [others], "ShapeOptions", outType=2)
    b.op("BROADCAST_ARGS", [sizes, others], [both])
    b.op("FILL", [both, b.const(np.float32(0.5))], [filled], "FillOptions")
    b.op("ADD", [filled, y], [b.output((2, 3, 4), "float32")], "AddOptions")
    yield Case("fill_of_broadcast_shapes", b.bytes(), [draw(rng("x"), (2, 1, 4), "float32"), draw(rng("y"), (3, 1), "float32")], "bytes")


def cases():
    yield from every_type()
    yield from extremes()
    yield from ranges()
    yield from of_shapes()
