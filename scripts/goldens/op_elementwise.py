"""Single-operator models of elementwise functions, reductions and what makes shapes, over types, shapes and attributes.

`CASES` is a list of functions of a random generator, each of which gives one Case with shapes, values and scales drawn at random:
scripts/interop/elementwise_random.py holds hundreds of them against LiteRT. op_cases_types.py commits a few of each.
"""
import numpy as np

from op_case import Case
from tflite_builder import TYPES, TfliteBuilder

INTEGERS = {"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}


def model(code, inputs, outputs, options=None, version=1, **fields):
    """inputs: (array, quantisation or None, constant); outputs: (shape, dtype, quantisation). The file's bytes."""
    b, ids = TfliteBuilder(), []
    for array, quant, constant in inputs:
        place = b.const if constant else lambda a, **q: b.input(a.shape, a.dtype, **q)
        ids.append(place(np.asarray(array), **(quant or {})))
    outs = [b.output(shape, dtype, **(quant or {})) for shape, dtype, quant in outputs]
    b.op(code, ids, outs, options, version=version, **fields)
    return b.bytes()


def case(name, code, inputs, outputs, options=None, version=1, compare="bytes", oracle="reference", tolerance=1e-6, **fields):
    return Case(name, model(code, inputs, outputs, options, version, **fields), [np.asarray(a) for a, _, c in inputs if not c], compare,
                oracle, tolerance)


def scale_of(r, low=0.002, high=0.5):
    return np.float32(np.exp(r.uniform(np.log(low), np.log(high))))


def quant(r, dtype, low=0.002, high=0.5):
    zero = {"int8": (-128, 128), "uint8": (0, 256), "int16": (0, 1)}[dtype]
    return {"scale": scale_of(r, low, high), "zero_point": int(r.integers(*zero))}


def draw(r, shape, dtype, small=False):
    if dtype == "bool":
        return r.integers(0, 2, shape).astype(bool)
    if dtype == "complex64":
        return (r.standard_normal(shape) + 1j * r.standard_normal(shape)).astype(np.complex64)
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        if small:
            return r.integers(max(info.min, -20), min(info.max, 20) + 1, shape).astype(dtype)
        return r.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    x = (r.standard_normal(shape) * 3).astype(dtype)
    return np.round(x) if small else x


def shape_of(r, least=0, most=4):
    return tuple(int(d) for d in r.integers(1, 6, int(r.integers(least, most + 1))))


def pair_of_shapes(r, most=4):
    """Two shapes that broadcast, and what they broadcast to."""
    full = shape_of(r, 0, most)
    def side():
        cut = full[int(r.integers(0, len(full) + 1)) if r.random() < 0.3 else 0:]
        return tuple(1 if r.random() < 0.25 else d for d in cut)
    a, c = (full, full) if r.random() < 0.4 else (side(), side())
    return a, c, np.broadcast_shapes(a, c)


COMPARE = {"EQUAL": "Equal", "NOT_EQUAL": "NotEqual", "GREATER": "Greater", "GREATER_EQUAL": "GreaterEqual", "LESS": "Less",
           "LESS_EQUAL": "LessEqual"}


def compare(r, code=None, dtype=None, shapes=None):
    code = code or r.choice(list(COMPARE))
    equality = code in ("EQUAL", "NOT_EQUAL")
    dtype = dtype or r.choice(["float32", "float16", "int32", "int64", "int8", "uint8", "int16"] + (["bool"] if equality else []))
    left, right, full = shapes or pair_of_shapes(r)
    scaled = dtype in ("int8", "uint8") or (dtype == "int16" and equality)
    p = quant(r, dtype, high=0.9) if scaled else None
    q = p if scaled and r.random() < 0.3 else quant(r, dtype, high=0.9) if scaled else None
    a, c = draw(r, left, dtype, not scaled or r.random() < 0.5), draw(r, right, dtype, not scaled or r.random() < 0.5)
    return case(f"{code.lower()}_{dtype}", code, [(a, p, False), (c, q, False)], [(full, "bool", None)], COMPARE[code] + "Options")


LOGIC = {"LOGICAL_AND": "LogicalAnd", "LOGICAL_OR": "LogicalOr", "LOGICAL_NOT": "LogicalNot", "BITWISE_XOR": "BitwiseXor",
         "RIGHT_SHIFT": "RightShift"}


def logic(r, code=None, dtype=None, shapes=None):
    code = code or r.choice(list(LOGIC))
    bits = code in ("BITWISE_XOR", "RIGHT_SHIFT")
    dtype = dtype or (r.choice(["int8", "uint8", "int16", "uint16", "int32", "uint32"]) if bits else "bool")
    left, right, full = shapes or pair_of_shapes(r)
    inputs = [(draw(r, left, dtype), None, False)]
    if code != "LOGICAL_NOT":
        c = draw(r, right, dtype)
        if code == "RIGHT_SHIFT" and r.random() < 0.7:
            c = draw(r, right, dtype, True)
        inputs.append((c, None, False))
    return case(f"{code.lower()}_{dtype}", code, inputs, [(left if len(inputs) == 1 else full, dtype, None)], LOGIC[code] + "Options")


def arithmetic(r, code=None, dtype=None, shapes=None):
    code = code or r.choice(["POW", "FLOOR_DIV", "FLOOR_MOD", "ATAN2"])
    types = {"POW": ["float32", "int32"], "FLOOR_DIV": ["float32", "int8", "int16", "int32"], "ATAN2": ["float32"],
             "FLOOR_MOD": ["float32", "int8", "int16", "int32", "int64"]}
    dtype = dtype or r.choice(types[code])
    left, right, full = shapes or pair_of_shapes(r)
    if code == "ATAN2":
        right = full = left
    a, c = draw(r, left, dtype, code == "POW" and dtype == "int32"), draw(r, right, dtype, r.random() < 0.7)
    if code == "POW":
        a = np.abs(a) + 0.1 if dtype == "float32" else np.clip(a, -9, 9)
        c = np.clip(c, -4, 4) if dtype == "float32" else np.clip(np.abs(c), 0, 8)
    elif code != "ATAN2":
        c = np.where(c == 0, np.array(3, dtype), c)
    table = {"POW": "Pow", "FLOOR_DIV": "FloorDiv", "FLOOR_MOD": "FloorMod", "ATAN2": "ATan2"}[code]
    real = dtype == "float32" and code in ("POW", "ATAN2")
    return case(f"{code.lower()}_{dtype}", code, [(a.astype(dtype), None, False), (c.astype(dtype), None, False)], [(full, dtype, None)],
                table + "Options", compare="tolerance" if real else "bytes")


def select(r, code=None, dtype=None, shapes=None):
    code = code or r.choice(["SELECT", "SELECT_V2"])
    dtype = dtype or r.choice(["float32", "int8", "uint8", "int16", "int32", "int64", "bool", "uint32"])
    q = quant(r, dtype) if dtype in ("int8", "uint8", "int16") and r.random() < 0.7 else None
    if code == "SELECT":
        full = left = right = shape_of(r, 1)
        condition = [full, (), full[:1]][int(r.integers(0, 3))]
    else:
        left, right, full = shapes or pair_of_shapes(r)
        condition = tuple(1 if r.random() < 0.3 else d for d in full)[int(r.integers(0, 2)) if len(full) else 0:]
        full = np.broadcast_shapes(full, condition)
    return case(f"{code.lower()}_{dtype}", code, [(draw(r, condition, "bool"), None, False), (draw(r, left, dtype), q, False),
                (draw(r, right, dtype), q, False)], [(full, dtype, q)], "SelectV2Options" if code == "SELECT_V2" else "SelectOptions")


BINARY = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions", "MAXIMUM": "MaximumMinimumOptions",
          "MINIMUM": "MaximumMinimumOptions"}


def binary(r, code=None, dtype=None, shapes=None, power=None):
    """The wider types. int16: with scales, and for some without."""
    code = code or r.choice(list(BINARY))
    types = {"ADD": ["int64", "int16", "int16-plain", "float16"], "SUB": ["int64", "int16"], "MUL": ["int64", "int16", "uint32", "int16-plain", "complex64", "float16"],
             "DIV": ["int16"], "MAXIMUM": ["int64", "int16", "int16-plain", "float16"], "MINIMUM": ["int64", "int16", "int16-plain", "float16"]}
    kind = dtype or r.choice(types[code])
    dtype = kind.removesuffix("-plain")
    left, right, full = shapes or pair_of_shapes(r)
    same = code in ("MAXIMUM", "MINIMUM")
    p = q = y = None
    fields, word = {}, kind.replace("-", "_")
    if kind == "int16":
        p, q, y = (quant(r, dtype, 1e-5, 1e-3) for _ in range(3))
        if same:
            q = y = p
        elif code == "MUL":
            y = {"scale": np.float32(p["scale"] * q["scale"] * r.uniform(2000, 9000)), "zero_point": 0}
        elif code == "DIV":
            y = {"scale": np.float32(p["scale"] / q["scale"] * r.uniform(0.0005, 0.05)), "zero_point": 0}
        else:
            y = {"scale": np.float32(max(p["scale"], q["scale"]) * r.uniform(0.7, 2.2)), "zero_point": 0}
            power = r.random() < 0.4 if power is None else power
            if power:
                big, small = np.float32(2.0 ** -11), np.float32(2.0 ** -11 / 2 ** int(r.integers(0, 5)))
                p, q, y = {"scale": big, "zero_point": 0}, {"scale": small, "zero_point": 0}, {"scale": big, "zero_point": 0}
                if r.random() < 0.5:
                    p, q = q, p
                word += "_pot"
            fields["potScaleInt16"] = bool(power)
    if not same and kind != "complex64":
        fields["fusedActivationFunction"] = int(r.choice([0, 0, 1, 3]))
    a, c = draw(r, left, dtype), draw(r, right, dtype)
    if code == "DIV":
        c = np.where(np.abs(c.astype(int)) < 50, np.array(77, dtype), c)
    return case(f"{code.lower()}_{word}", code, [(a, p, False), (c.astype(dtype), q, False)], [(full, dtype, y)], BINARY[code],
                compare="bytes", **fields)


UNARY = {"RELU": None, "RELU6": None, "LEAKY_RELU": "LeakyReluOptions", "LOGISTIC": None, "TANH": None, "EXP": "ExpOptions", "LOG": None,
         "RSQRT": None, "SQRT": None, "GELU": "GeluOptions", "SIN": None, "COS": "CosOptions", "FLOOR": None, "ABS": "AbsOptions", "NEG": "NegOptions", "SIGN": "SignOptions", "ZEROS_LIKE": "ZerosLikeOptions"}


def unary(r, code=None, dtype=None, power=None):
    code = code or r.choice(list(UNARY))
    types = {"ABS": ["int16", "int16-plain", "int32"], "NEG": ["int16", "int32", "int64", "float16"], "SIGN": ["int32", "float64"],
             "ZEROS_LIKE": ["int32", "int64"], "SIN": ["float16"], "COS": ["float16"], "FLOOR": ["float16"], "TANH": ["int16", "float16"],
             "LOGISTIC": ["int16", "float16"], "GELU": ["int16", "float16"]}
    kind = dtype or r.choice(types.get(code, ["int16"]))
    dtype = kind.removesuffix("-plain")
    x = draw(r, (8, 40), dtype, dtype == "float64")
    p = q = None
    if kind == "int16":
        p, q = quant(r, dtype, 1e-5, 1e-3), quant(r, dtype, 1e-5, 1e-3)
        if code in ("LOGISTIC", "TANH"):
            power = r.random() < 0.4 if power is None else power
            q = {"scale": np.float32(2.0 ** -15), "zero_point": 0}
            if power:
                p = {"scale": np.float32(2.0 ** -12 if code == "LOGISTIC" or r.random() < 0.5 else 2.0 ** -11), "zero_point": 0}
        if code in ("SQRT", "RSQRT", "LOG"):
            x = np.maximum(np.abs(x), 1 if code == "RSQRT" else 0).astype(np.int16)
        if code == "RSQRT":
            q["scale"] = np.float32(r.uniform(0.01, 0.3))
        if code == "EXP" and r.random() < 0.5:
            p["scale"], q["scale"] = np.float32(10 / 32768), np.float32(1 / 2000)
    fields = {"alpha": float(np.float32(r.uniform(-0.5, 0.9)))} if code == "LEAKY_RELU" else {"approximate": False} if code == "GELU" else {}
    if code == "GELU" and kind == "int16":
        p["scale"], q["scale"] = np.float32(r.uniform(1, 8) / 32768), np.float32(r.uniform(1, 8) / 32768)
    return case(f"{code.lower()}_{kind.replace('-', '_')}", code, [(x, p, False)], [(x.shape, dtype, q)], UNARY[code], **fields)


CASTS = ["float32", "float64", "float16", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "bool", "complex64"]  # LiteRT has none of uint64


def prelu_16(r):
    shape = shape_of(r, 1)
    slope = tuple(1 if r.random() < 0.5 else d for d in shape)
    p, s, q = {"scale": scale_of(r, 1e-5, 1e-3), "zero_point": 0}, {"scale": scale_of(r, 1e-3, 1e-2), "zero_point": 0}, {"scale": scale_of(r, 1e-5, 1e-3), "zero_point": 0}
    return case("prelu_int16", "PRELU", [(draw(r, shape, "int16"), p, False), (draw(r, slope, "int8"), s, True)], [(shape, "int16", q)])


def cast(r, source=None, target=None):
    source, target = source or r.choice(CASTS), target or r.choice(CASTS)
    x = draw(r, (30,), source, r.random() < 0.3)
    if source.startswith("float"):
        x = (x * 10.0 ** r.uniform(0, 4)).astype(source)
        if target.startswith("u"):
            x = np.abs(x)
    if source == "complex64" and target.startswith("u"):
        x = (np.abs(x.real) + 1j).astype(np.complex64)
    return case(f"cast_{source}_{target}", "CAST", [(x, None, False)], [(x.shape, target, None)], "CastOptions",
                inDataType=TYPES[source], outDataType=TYPES[target])


def bitcast(r, pair=None):
    source, target, shape, out = pair or [("float32", "int32", (3, 4), (3, 4)), ("int32", "int16", (3, 4), (3, 4, 2)), ("uint8", "float32", (3, 4), (3,)),
                                          ("int64", "float32", (2,), (2, 2)), ("int16", "uint16", (5,), (5,)), ("int16", "int64", (2, 4), (2,))][int(r.integers(0, 6))]
    x = draw(r, shape, source)
    if target == "float32":  # numbers, so that NaN's payload is no matter
        x = draw(r, out, "float32").view(source).reshape(shape)
    return case(f"bitcast_{source}_{target}", "BITCAST", [(x, None, False)], [(out, target, None)], "BitcastOptions")


def requantize(r, pair=None):
    source, target = pair or [("int32", "int8"), ("int32", "int16"), ("int16", "int8"), ("int16", "int16"), ("int16", "int32"), ("int8", "int16"),
                              ("uint8", "int16"), ("int8", "uint8"), ("uint8", "uint8")][int(r.integers(0, 9))]
    def scales(dtype):
        if dtype == "int32":
            return {"scale": scale_of(r, 1e-7, 1e-4), "zero_point": 0}
        return quant(r, dtype, 1e-3, 0.2) if dtype != "int16" else {"scale": scale_of(r, 1e-5, 1e-2), "zero_point": 0}
    x = draw(r, (50,), source)
    if source == "int32":
        x //= 1000
    return case(f"requantize_{source}_{target}", "QUANTIZE", [(x, scales(source), False)], [(x.shape, target, scales(target))], "QuantizeOptions", 2)


def per_channel(r, code=None, dtype=None):
    code, dtype = code or r.choice(["QUANTIZE", "DEQUANTIZE"]), dtype or r.choice(["int8", "uint8"])
    axis, shape = int(r.integers(0, 3)), (3, 4, 5)
    n, low = shape[axis], -128 if dtype == "int8" else 0
    scales = {"scale": [float(scale_of(r)) for _ in range(n)], "zero_point": [int(z) for z in r.integers(low, low + 256, n)], "axis": axis}
    if code == "QUANTIZE":
        return case(f"quantize_axis_{dtype}", code, [(draw(r, shape, "float32"), None, False)], [(shape, dtype, scales)], "QuantizeOptions", 3)
    return case(f"dequantize_axis_{dtype}", code, [(draw(r, shape, dtype), scales, False)], [(shape, "float32", None)], "DequantizeOptions", 5)


def fake_quant(r):
    low, high, bits = -float(np.float32(r.uniform(0, 3))), float(np.float32(r.uniform(0.1, 4))), int(r.integers(2, 17))
    return case("fake_quant_float32", "FAKE_QUANT", [(draw(r, (60,), "float32"), None, False)], [((60,), "float32", None)], "FakeQuantOptions",
                min=low, max=high, numBits=bits, narrowRange=False)


def complex_part(r, code=None):
    code = code or r.choice(["REAL", "IMAG", "COMPLEX_ABS"])
    x = draw(r, shape_of(r), "complex64")
    return case(f"{code.lower()}_complex64", code, [(x, None, False)], [(x.shape, "float32", None)], compare="tolerance" if code == "COMPLEX_ABS" else "bytes")


def reduce(r, code=None, dtype=None):
    code = code or r.choice(["REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"])
    types = {"REDUCE_PROD": ["float32", "int8", "int8-plain", "int16", "int16-plain", "int32", "int64"], "REDUCE_ANY": ["bool"], "REDUCE_ALL": ["bool"],
             "MEAN": ["int16"], "SUM": ["int16"], "REDUCE_MAX": ["int16", "int16-plain"], "REDUCE_MIN": ["int16", "int16-plain"]}
    kind = dtype or r.choice(types[code])
    dtype, keep = kind.removesuffix("-plain"), bool(r.integers(0, 2))
    shape = shape_of(r, 1)
    axes = sorted(int(a) for a in r.choice(len(shape), int(r.integers(1, len(shape) + 1)), replace=False))
    out = tuple(1 if d in axes else n for d, n in enumerate(shape) if keep or d not in axes)
    x = draw(r, shape, dtype, code == "REDUCE_PROD" and kind not in ("int8", "int16"))
    p = q = None
    if kind in ("int8", "int16"):
        p = {"scale": scale_of(r, 0.005, 0.02) if kind == "int8" else np.float32(1 / 20000), "zero_point": int(r.integers(-20, 20)) if kind == "int8" else 0}
        q = p if code.startswith("REDUCE_M") else {"scale": scale_of(r, 0.005, 0.1) if kind == "int8" else np.float32(r.uniform(1, 6) / 32768), "zero_point": p["zero_point"]}
    real = dtype == "float32"
    if real:
        x = x / 3
    return case(f"{code.lower()}_{kind.replace('-', '_')}", code, [(x.astype(dtype), p, False), (np.array(axes, np.int32), None, True)], [(out, dtype, q)],
                "ReducerOptions", version=1, compare="tolerance" if real else "bytes", oracle="optimized" if code == "SUM" else "reference", keepDims=keep)


def cumsum(r, dtype=None):
    dtype, shape = dtype or r.choice(["float32", "int32", "int64"]), shape_of(r, 1)
    axis = int(r.integers(-len(shape), len(shape)))
    return case(f"cumsum_{dtype}", "CUMSUM", [(draw(r, shape, dtype, dtype != "float32"), None, False), (np.array(axis, np.int32), None, True)],
                [(shape, dtype, None)], "CumsumOptions", compare="tolerance", exclusive=bool(r.integers(0, 2)), reverse=bool(r.integers(0, 2)))


def arg_max(r, code=None, dtype=None):
    code, dtype = code or r.choice(["ARG_MAX", "ARG_MIN"]), dtype or r.choice(["float32", "int8", "uint8", "int32", "bool"])
    shape, out = shape_of(r, 1), str(r.choice(["int32", "int64"]))
    axis = int(r.integers(-len(shape), len(shape)))
    left = tuple(np.delete(shape, axis))
    q = quant(r, dtype) if dtype in ("int8", "uint8") else None
    return case(f"{code.lower()}_{dtype}_{out}", code, [(draw(r, shape, dtype, True), q, False), (np.array(axis, r.choice(["int32", "int64"])), None, True)],
                [(left, out, None)], "ArgMaxOptions" if code == "ARG_MAX" else "ArgMinOptions", outputType=TYPES[out])


def l2_normalization(r, dtype=None):
    dtype, shape = dtype or r.choice(["float32", "int8", "uint8"]), shape_of(r, 1)
    p = quant(r, dtype) if dtype != "float32" else None
    q = {"scale": np.float32(1 / 128), "zero_point": 128 if dtype == "uint8" else 0} if p else None
    return case(f"l2_normalization_{dtype}", "L2_NORMALIZATION", [(draw(r, shape, dtype), p, False)], [(shape, dtype, q)], "L2NormOptions",
                compare="bytes" if p else "tolerance", fusedActivationFunction=0)


def softmax_16(r):
    shape = (3, int(r.integers(1, 40)))
    return case("softmax_int16", "SOFTMAX", [(draw(r, shape, "int16"), {"scale": scale_of(r, 1e-5, 1e-3), "zero_point": 0}, False)],
                [(shape, "int16", {"scale": np.float32(2.0 ** -15), "zero_point": 0})], "SoftmaxOptions", 3, beta=float(np.float32(r.uniform(0.5, 2))))


def add_n(r, dtype=None):
    dtype, shape = dtype or r.choice(["float32", "int32"]), shape_of(r)
    return case(f"add_n_{dtype}", "ADD_N", [(draw(r, shape, dtype), None, False) for _ in range(int(r.integers(2, 6)))], [(shape, dtype, None)], "AddNOptions")


def broadcast_to(r, dtype=None):
    dtype = dtype or r.choice(["float32", "int8", "int16", "int32", "int64", "bool"])
    full = shape_of(r, 1)
    x = tuple(1 if r.random() < 0.4 else d for d in full)[int(r.integers(0, 2)):]
    q = quant(r, dtype) if dtype in ("int8", "int16") else None
    return case(f"broadcast_to_{dtype}", "BROADCAST_TO", [(draw(r, x, dtype), q, False), (np.array(full, r.choice(["int32", "int64"])), None, True)],
                [(full, dtype, q)], "BroadcastToOptions", 2)


def fill(r, dtype=None):
    dtype, full = dtype or r.choice(["float32", "int8", "int16", "int32", "int64", "bool"]), shape_of(r, 1)
    q = quant(r, dtype) if dtype in ("int8", "int16") else None
    return case(f"fill_{dtype}", "FILL", [(np.array(full, r.choice(["int32", "int64"])), None, True), (draw(r, (), dtype), q, False)], [(full, dtype, q)],
                "FillOptions")


def broadcast_args(r, dtype=None):
    dtype = dtype or r.choice(["int32", "int64"])
    a, c, full = pair_of_shapes(r)
    if not a or not c:
        a = c = full = (2, 3)
    return case(f"broadcast_args_{dtype}", "BROADCAST_ARGS", [(np.array(a, dtype), None, False), (np.array(c, dtype), None, False)],
                [((len(full),), dtype, None)])


CASES = [compare, logic, arithmetic, select, binary, unary, prelu_16, cast, bitcast, requantize, per_channel, fake_quant, complex_part, reduce, cumsum, arg_max,
         l2_normalization, softmax_16, add_n, broadcast_to, fill, broadcast_args]
