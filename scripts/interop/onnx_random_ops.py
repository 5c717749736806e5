"""What onnx_random.py draws: elementwise operators, movement, reductions and searches."""
import numpy as np
from onnx import helper, numpy_helper

from onnx_random_graph import BOOL, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, draws

# ---- elementwise ----
FLOATS = (F32, F32, F32, F64, F16)
INTS = (I32, I64)


@draws("Abs", "Neg", "Sign", keeps=True)
def unary_any(g, op):
    return [g.operand((F32, F16, F64, I32, I64, I8) if g.opset >= 9 or op != "Sign" else (F32,))], {}, 1


@draws("Acos", "Asin", "Acosh", "Atanh", jumps=True)  # steep at the end
def steep(g, op):
    return [g.operand((F32, F32, F64), exact=True)], {}, 1


@draws("Atan", "Cos", "Sin", "Tan", "Exp", "Log", "Sqrt", "Sigmoid", "Tanh", "Softplus", "Softsign", "Reciprocal", "Erf",
       "Sinh", "Cosh", "Asinh", "Gelu", "Mish", "HardSwish")
def unary_float(g, op):
    attrs = {"approximate": g.pick("none", "tanh")} if op == "Gelu" and g.chance(0.6) else {}
    return [g.operand((F32, F32, F64, F16))], attrs, 1


@draws("Relu", "Identity", keeps=True)
def unary_keeps(g, op):
    types = (F32, F16, F64, I32, I8, I64) if op == "Relu" and g.opset >= 14 else (F32, F16, F64) if op == "Relu" else (F32, F16, F64, I32, I64, I8, U8, BOOL)
    return [g.operand(types)], {}, 1


@draws("Floor", "Ceil", "Round", jumps=True, keeps=True)
def rounds(g, op):
    return [g.operand(FLOATS, exact=True)], {}, 1


@draws("LeakyRelu", "Elu", "Selu", "HardSigmoid", "Celu", "ThresholdedRelu", "Shrink")
def parametric(g, op):
    attrs = {}
    if g.chance(0.6):
        attrs = {"LeakyRelu": {"alpha": g.pick(0.1, 0.5, 0.0, 1.5, -0.2)}, "Elu": {"alpha": g.pick(0.5, 2.0, 1.0)},
                 "Selu": {"alpha": 1.2, "gamma": 0.7}, "HardSigmoid": {"alpha": 0.3, "beta": 0.4}, "Celu": {"alpha": g.pick(0.5, 2.0)},
                 "ThresholdedRelu": {"alpha": g.pick(0.6, 0.0, 2.1)}, "Shrink": {"lambd": 0.6, "bias": g.pick(0.0, 0.2)}}[op]
    return [g.operand((F32,), exact=op in ("ThresholdedRelu", "Shrink"))], dict(attrs), 1


@draws("Add", "Sub", "Mul", keeps=True)
def binary(g, op):
    a = g.operand((*FLOATS, *INTS) if g.opset < 14 else (*FLOATS, *INTS, U8, I8, I16, U32, U64))
    b = g.leaf(g.broadcast(g.dims(a)), g.dtype(a)) if g.chance(0.6) else g.pick(*([n for n in g.computed if g.dtype(n) == g.dtype(a)] or [a]))
    return ([a, b] if g.chance(0.5) else [b, a]), {}, 1


@draws("Div", keeps=False)
def divide(g, op):
    a = g.operand((F32, F32, F64, F16, *INTS))
    b = g.constant(g.numbers(g.broadcast(g.dims(a)), g.dtype(a), 1, 5)) if g.chance(0.5) else g.feed(g.numbers(g.broadcast(g.dims(a)), g.dtype(a), -5, -1))
    return [a, b], {}, 1


@draws("Pow")
def power(g, op):
    a = g.operand((F32, F64, I32, I64) if g.opset >= 12 else (F32, F64))
    kind = g.pick(F32, I32, I64, F64) if g.opset >= 12 else g.dtype(a)
    return [a, g.constant(g.numbers(g.broadcast(g.dims(a)), kind, 0, 3).round() if kind.kind == "f" else g.numbers(g.broadcast(g.dims(a)), kind, 0, 3))], {}, 1


@draws("Mod", since=10, jumps=True)
def modulo(g, op):
    a = g.operand((F32, I32, I64, I8, U8, F64, F16), exact=True)
    b = g.numbers(g.broadcast(g.dims(a)), g.dtype(a), 1, 5)
    if g.dtype(a).kind != "u" and g.chance(0.4):
        b = -b
    return [a, g.constant(b)], ({"fmod": 1} if g.dtype(a).kind == "f" or g.chance(0.3) else {}), 1


@draws("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", jumps=True, keeps=True)
def compare(g, op):
    types = (F32, F64, F16, I32, I64, BOOL) if op == "Equal" else (F32, F64, F16, I32, I64)
    a = g.operand(types if g.opset >= 11 else (I32, I64, F32), exact=True)
    return [a, g.leaf(g.broadcast(g.dims(a)), g.dtype(a))], {}, 1


@draws("And", "Or", "Xor", keeps=True)
def logic(g, op):
    a = g.operand((BOOL,))
    return [a, g.leaf(g.broadcast(g.dims(a)), BOOL)], {}, 1


@draws("Not", keeps=True)
def invert(g, op):
    return [g.operand((BOOL,))], {}, 1


@draws("BitwiseAnd", "BitwiseOr", "BitwiseXor", since=18, keeps=True)
def bits(g, op):
    a = g.operand((I32, I64, I8, U8, I16, U16, U32))
    return [a, g.leaf(g.broadcast(g.dims(a)), g.dtype(a))], {}, 1


@draws("BitwiseNot", since=18, keeps=True)
def bit_not(g, op):
    return [g.operand((I32, I64, I8, U8, I16, U16, U32))], {}, 1


@draws("BitShift", since=11, keeps=True)
def shift(g, op):
    a = g.operand((U8, U32, U64))
    return [a, g.constant(g.numbers(g.broadcast(g.dims(a)), g.dtype(a), 0, 7))], {"direction": g.pick("LEFT", "RIGHT")}, 1


@draws("Where", since=9, keeps=True)
def where(g, op):
    a = g.operand((F32, F64, I32, I64, U8, F16))
    return [g.leaf(g.broadcast(g.dims(a)), BOOL), a, g.leaf(g.broadcast(g.dims(a)), g.dtype(a))], {}, 1


@draws("Max", "Min", "Sum", "Mean")
def variadic(g, op):
    a = g.operand((F32, F32, F64, F16, I32, I64, I8, U8) if op in ("Max", "Min") and g.opset >= 12 else (F32, F64))
    return [a] + [g.leaf(g.broadcast(g.dims(a)), g.dtype(a)) for _ in range(g.some(0, 2))], {}, 1


@draws("Clip", keeps=True)
def clip(g, op):
    if g.opset < 11:
        attrs = {k: v for k, v in (("min", g.pick(-1.0, 0.0, 0.25)), ("max", g.pick(1.0, 6.0))) if g.chance(0.7)}
        return [g.operand((F32,))], attrs, 1
    a = g.operand((F32, F32, F64, F16, I32, I64, I8, U8) if g.opset >= 12 else (F32,))
    low, high = (np.array(g.pick(*v), g.dtype(a)) for v in ((0, 1), (2, 3, 6)))
    return [a, g.constant(low) if g.chance(0.7) else "", (g.constant(high) if g.chance(0.7) else g.leaf([], g.dtype(a))) if g.chance(0.7) else ""], {}, 1


@draws("Cast", jumps=True, keeps=True)
def cast(g, op):
    a = g.operand((F32, F64, F16, I32, I64, U8, I8, BOOL, U32, I16), exact=True)
    to = g.pick(F32, F64, F16, I32, I64, U8, I8, BOOL, U32, I16)
    if g.dtype(a).kind == "f" and to.kind == "u" and np.any(g.values[a] < 0):
        to = I32
    return [a], {"to": helper.np_dtype_to_tensor_dtype(to)}, 1


@draws("CastLike", since=15, jumps=True, keeps=True)
def cast_like(g, op):
    return [g.operand((F32, I32, I64, BOOL), exact=True), g.leaf([2], g.pick(F32, F64, F16, I32, I64, BOOL))], {}, 1


@draws("Dropout")
def dropout(g, op):
    a = g.operand((F32, F64))
    outs = g.some(1, 2) if g.opset >= 12 else 1  # onnxruntime's mask is false before
    if g.opset < 12:
        return [a], ({"ratio": 0.3} if g.chance(0.5) else {}), outs
    return [a, g.constant(np.float32(0.3)) if g.chance(0.5) else "", g.constant(np.array(False)) if g.chance(0.5) else ""], {}, outs


@draws("IsNaN", since=9, jumps=True)
def is_nan(g, op):
    return [g.operand((F32, F64, F16))], {}, 1


@draws("IsInf", since=10, jumps=True)
def is_inf(g, op):
    return [g.operand((F32, F64))], {k: g.some(0, 1) for k in ("detect_negative", "detect_positive") if g.chance(0.4)}, 1


@draws("PRelu")
def prelu(g, op):
    a = g.operand((F32, F64))
    dims = g.dims(a)
    slope = [1 if g.chance(0.4) else d for d in dims][g.some(0, len(dims)):]
    return [a, g.leaf(slope, g.dtype(a))], {}, 1


# ---- shapes and movement ----
ANY = (F32, F32, F32, F64, F16, I32, I64, U8, I8, BOOL)


@draws("Shape", keeps=True)
def shape_of(g, op):
    attrs = {}
    a = g.operand(ANY)
    if g.opset >= 15 and g.chance(0.6):
        attrs = {k: g.some(-4, 4) for k in ("start", "end") if g.chance(0.6)}
    return [a], attrs, 1


@draws("Size", keeps=True)
def size_of(g, op):
    return [g.operand(ANY)], {}, 1


@draws("Reshape", keeps=True)
def reshape(g, op):
    a = g.operand(ANY)
    dims, n = g.dims(a), int(g.values[a].size)
    if n == 0:
        return ([a, g.sizes(dims[::-1])], {"allowzero": 1}, 1) if g.opset >= 14 else None
    to, rest = [], n
    while rest > 1 and len(to) < 5:
        d = g.pick(*[d for d in range(1, rest + 1) if rest % d == 0])
        to.append(d)
        rest //= d
    to += [rest] if rest > 1 else []
    if to and g.chance(0.4):
        to[g.some(0, len(to) - 1)] = -1
    for i in range(min(len(to), len(dims))):
        if to[i] == dims[i] and g.chance(0.5):
            to[i] = 0
    return [a, g.sizes(to)], {}, 1


@draws("Flatten", keeps=True)
def flatten(g, op):
    a = g.operand(ANY if g.opset >= 9 else (F32,))
    return [a], {"axis": g.some(-len(g.dims(a)) if g.opset >= 11 else 0, len(g.dims(a)))} if g.chance(0.8) else {}, 1


@draws("Squeeze", keeps=True)
def squeeze(g, op):
    a = g.operand(ANY, fits=lambda x: 1 in x.shape)
    if a is None:
        return None
    axes = [i - (len(g.dims(a)) if g.chance(0.3) and g.opset >= 11 else 0) for i, d in enumerate(g.dims(a)) if d == 1 and g.chance(0.7)]
    if not axes:
        return [a], {}, 1
    return ([a, g.sizes(axes)], {}, 1) if g.opset >= 13 else ([a], {"axes": axes}, 1)


@draws("Unsqueeze", keeps=True)
def unsqueeze(g, op):
    a = g.operand(ANY, high=4)
    n = g.some(1, 2)
    rank = len(g.dims(a)) + n
    axes = [int(v) for v in g.r.permutation(rank)[:n]]
    if g.opset >= 11:
        axes = [x - rank if g.chance(0.3) else x for x in axes]
    return ([a, g.sizes(axes)], {}, 1) if g.opset >= 13 else ([a], {"axes": sorted(axes)}, 1)


@draws("Transpose", keeps=True)
def transpose(g, op):
    a = g.operand(ANY)
    return [a], {"perm": [int(v) for v in g.r.permutation(len(g.dims(a)))]} if g.chance(0.8) and g.dims(a) else {}, 1


@draws("Concat", keeps=True)
def concat(g, op):
    a = g.operand(ANY, low=1)
    axis = g.axis(len(g.dims(a)))
    parts = [a]
    for _ in range(g.some(0, 2)):
        dims = g.dims(a)
        dims[axis] = g.some(0 if g.chance(0.2) else 1, 3)
        parts.insert(g.some(0, len(parts)), g.leaf(dims, g.dtype(a)))
    return parts, {"axis": axis}, 1


@draws("Split", keeps=True)
def split(g, op):
    a = g.operand((F32, F32, I32, I64, F64), low=1, fits=lambda x: max(x.shape) > 1)
    if a is None:
        return None
    rank = len(g.dims(a))
    axis = g.axis(rank)
    d = g.dims(a)[axis]
    attrs = {"axis": axis} if axis or g.chance(0.5) else {}
    if g.chance(0.5):
        cut = g.some(0, d)
        parts = g.pick([cut, d - cut], [d], [0, d])
        if g.opset < 13:
            return [a], {**attrs, "split": parts}, len(parts)
        return [a, g.sizes(parts)], attrs, len(parts)
    n = g.some(1, 3)
    if g.opset >= 18:
        return [a], {**attrs, "num_outputs": n}, n
    return ([a], attrs, n) if d % n == 0 else None


@draws("Slice", keeps=True)
def slices(g, op):
    a = g.operand(ANY, low=1)
    dims = g.dims(a)
    axes = [int(v) for v in g.r.permutation(len(dims))[:g.some(1, len(dims))]]
    starts = [g.some(-dims[x] - 1, dims[x] + 1) for x in axes]
    steps = [g.pick(1, 1, 2, -1, -2, 3) if g.opset >= 10 else 1 for _ in axes]
    # onnxruntime takes the largest integers for "to the first" where the step is negative
    ends = [g.pick(g.some(-dims[x] - 1, dims[x] + 2), dims[x], *((2**31 - 1, 2**63 - 1) if s > 0 else (-2**31, -2**63))) for x, s in zip(axes, steps)]
    if g.opset < 10:
        return [a], {"starts": starts, "ends": ends, **({"axes": axes} if axes != list(range(len(dims))) or g.chance(0.5) else {})}, 1
    kind = g.pick(I64, I64, I32)

    def of(v):
        return g.constant(np.clip(v, np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)) if kind == I32 else g.sizes(v)
    if g.opset >= 11:
        axes = [x - len(dims) if g.chance(0.3) else x for x in axes]
    return [a, of(np.array(starts)), of(np.array(ends)), of(np.array(axes)), of(np.array(steps)) if g.chance(0.7) or min(steps) < 0 else ""], {}, 1


@draws("Gather", keeps=True)
def gather(g, op):
    a = g.operand(ANY, low=1, fits=lambda x: x.size > 0)
    if a is None:
        return None
    axis = g.axis(len(g.dims(a)))
    d = g.dims(a)[axis]
    index = g.numbers(g.shape(0, 2, 3), g.pick(I64, I32), -d if g.opset >= 11 else 0, d - 1)
    return [a, g.constant(index) if g.chance(0.6) else g.feed(index)], {"axis": axis} if axis or g.chance(0.5) else {}, 1


@draws("GatherElements", since=11, keeps=True)
def gather_elements(g, op):
    a = g.operand((F32, I32, F64, I64), low=1, fits=lambda x: x.size > 0)
    if a is None:
        return None
    dims = g.dims(a)
    axis = g.axis(len(dims))
    shape = [g.some(1, d) for d in dims]
    shape[axis] = g.some(1, 4)
    d = dims[axis]
    index = g.numbers(shape, g.pick(I64, I32), -d, d - 1)
    return [a, g.constant(index) if g.chance(0.6) else g.feed(index)], {"axis": axis}, 1


@draws("GatherND", since=11, keeps=True)
def gather_nd(g, op):
    a = g.operand((F32, I32, F64, I64), low=1, fits=lambda x: x.size > 0)
    if a is None:
        return None
    dims = g.dims(a)
    batch = g.some(0, len(dims) - 1) if g.opset >= 12 and g.chance(0.4) else 0
    k = g.some(1, len(dims) - batch)
    lead = g.shape(0, 2, 3)
    index = np.stack([g.numbers(dims[:batch] + lead, I64, -d, d - 1) for d in dims[batch:batch + k]], -1)
    return [a, g.constant(index) if g.chance(0.6) else g.feed(index)], {"batch_dims": batch} if batch else {}, 1


@draws("ScatterElements", "Scatter", since=9, keeps=True)
def scatter_elements(g, op):
    if (op == "Scatter") == (g.opset >= 11):
        return None
    a = g.operand((F32, I32, F64, I64), low=1, fits=lambda x: x.size > 0)
    if a is None:
        return None
    dims = g.dims(a)
    axis = g.axis(len(dims))
    shape = [g.some(1, d) for d in dims]
    d = dims[axis]
    attrs = {"axis": axis}
    reductions = {16: ("add", "mul"), 18: ("add", "mul", "max", "min")}
    known = next((v for k, v in sorted(reductions.items(), reverse=True) if g.opset >= k), ())
    low = -d if g.opset >= 11 else 0
    index = g.numbers(shape, g.pick(I64, I32), low, d - 1)
    if known and g.chance(0.5):
        attrs["reduction"] = g.pick(*known)
    else:
        order = np.argsort(g.r.random([*shape, d]), -1)  # no index twice
        index = np.take_along_axis(g.r.permuted(np.broadcast_to(np.arange(d).reshape([-1] + [1] * (len(dims) - 1 - (axis % len(dims)))),
                                                               [*shape[:axis % len(dims)], d, *shape[axis % len(dims) + 1:]]), axis=axis), np.broadcast_to(
            np.arange(shape[axis]).reshape([-1] + [1] * (len(dims) - 1 - (axis % len(dims)))), shape), axis).astype(index.dtype)
        del order
    return [a, g.constant(index) if g.chance(0.6) else g.feed(index), g.leaf(shape, g.dtype(a))], attrs, 1


@draws("ScatterND", since=11, keeps=True)
def scatter_nd(g, op):
    a = g.operand((F32, I32, F64, I64), low=1, fits=lambda x: x.size > 0)
    if a is None:
        return None
    dims = g.dims(a)
    k = g.some(1, len(dims))
    attrs = {}
    count = int(np.prod(dims[:k]))
    if g.opset >= 16 and g.chance(0.5):
        attrs["reduction"] = g.pick("add", "mul", *(("max", "min") if g.opset >= 18 else ()))
    rows = g.r.permutation(count)[:g.some(1, min(count, 4))]
    index = np.stack(np.unravel_index(rows, dims[:k]), -1).astype(np.int64)
    return [a, g.constant(index) if g.chance(0.6) else g.feed(index), g.leaf([len(rows), *dims[k:]], g.dtype(a))], attrs, 1


@draws("Tile", keeps=True)
def tile(g, op):
    a = g.operand((F32, I32, I64, F64, U8, BOOL), low=1)
    return [a, g.sizes([g.pick(1, 1, 2, 3, 0) if g.chance(0.9) else 1 for _ in g.dims(a)])], {}, 1


@draws("Expand", since=8, keeps=True)
def expand(g, op):
    a = g.operand((F32, I32, I64, F64, U8, BOOL, F16))
    dims = [g.some(1, 3) if d == 1 and g.chance(0.6) else g.pick(d, d, 1) for d in g.dims(a)]
    return [a, g.sizes([g.some(1, 2) for _ in range(g.some(0, 2))] + dims if g.chance(0.7) else dims[-1:])], {}, 1


@draws("Pad", keeps=True)
def pad(g, op):
    a = g.operand((F32, F32, F64, I32, I64) if g.opset >= 11 else (F32,), low=1)
    dims = g.dims(a)
    mode = g.pick("constant", "constant", "reflect", "edge", *(("wrap",) if g.opset >= 19 else ()))
    axes = list(range(len(dims)))
    if g.opset >= 18 and g.chance(0.4):
        axes = [int(v) for v in g.r.permutation(len(dims))[:g.some(1, len(dims))]]
    most = [max(0, dims[x] - 1) if mode == "reflect" else dims[x] if mode == "wrap" else 3 for x in axes]
    low = -1 if mode == "constant" and g.chance(0.3) else 0
    pads = [g.some(low, min(3, m)) for m in most] + [g.some(low, min(3, m)) for m in most]
    if any(d == 0 for d in dims) and mode != "constant":
        return None
    if g.opset < 11:
        return [a], {"mode": mode, "pads": pads, **({"value": 1.5} if mode == "constant" and g.chance(0.5) else {})}, 1
    value = g.constant(np.array(2, g.dtype(a))) if mode == "constant" and g.chance(0.5) else ""
    which = ""
    if len(axes) < len(dims) or axes != sorted(axes):
        which = g.constant(np.array([x - len(dims) if g.chance(0.3) else x for x in axes], g.pick(I64, I32)))
    return [a, g.sizes(pads), value, which], {"mode": mode} if mode != "constant" or g.chance(0.5) else {}, 1


@draws("DepthToSpace", "SpaceToDepth", keeps=True)
def depth_space(g, op):
    b = g.pick(1, 2, 2, 3)
    shape = [g.some(1, 2), b * b * g.some(1, 2), g.some(1, 3), g.some(1, 3)] if op[0] == "D" else [g.some(1, 2), g.some(1, 3), b * g.some(1, 3), b * g.some(1, 2)]
    a = g.operand((F32, F32, F64), low=4, high=4, fits=lambda x: True, shape=lambda: shape, new=0.6)
    return [a], {"blocksize": b, **({"mode": g.pick("DCR", "CRD")} if op[0] == "D" and g.opset >= 11 and g.chance(0.6) else {})}, 1


@draws("Resize", since=10)
def resize(g, op):
    a = g.operand((F32, F32, U8, I8), low=2, high=4, fits=lambda x: x.size > 0, new=0.5)
    if a is None:
        return None
    dims = g.dims(a)
    if g.opset == 10:
        return [a, g.constant(np.array([1.0] * (len(dims) - 1) + [g.pick(2.0, 1.5, 0.5)], F32))], {"mode": "nearest"}, 1
    mode = g.pick("nearest", "linear", "cubic") if g.dtype(a) == F32 else "nearest"  # integers: another rounding
    attrs = {"mode": mode}
    if mode == "nearest":
        attrs["nearest_mode"] = g.pick("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    if mode == "cubic":
        attrs["cubic_coeff_a"] = g.pick(-0.75, -0.5)
        attrs["exclude_outside"] = g.some(0, 1)
    by_scales = g.chance(0.5)  # with which onnxruntime's corners are not those of ONNX
    attrs["coordinate_transformation_mode"] = g.pick("half_pixel", "asymmetric", *(() if by_scales else ("pytorch_half_pixel", "align_corners")),
                                                     *(("half_pixel_symmetric",) if g.opset >= 19 else ()))
    axes = list(range(len(dims)))
    if g.opset >= 18:
        if g.chance(0.3):
            axes = [len(dims) - 1] if g.chance(0.5) else [len(dims) - 2, len(dims) - 1]
            attrs["axes"] = axes
        if mode != "nearest" and g.dtype(a) == F32 and g.chance(0.3):
            attrs["antialias"] = 1
    spatial = min(2, len(axes)) if g.chance(0.8) else len(axes)
    if by_scales:
        scales = [1.0] * (len(axes) - spatial) + [g.pick(1.0, 2.0, 0.5, 1.5, 0.7, 3.0) for _ in range(spatial)]
        return [a, "", g.constant(np.array(scales, F32))], attrs, 1
    sizes = [dims[x] for x in axes[:len(axes) - spatial]] + [g.some(1, 7) for _ in range(spatial)]
    if g.opset >= 18 and g.chance(0.2) and len(axes) == spatial:
        attrs["keep_aspect_ratio_policy"] = g.pick("not_larger", "not_smaller")
    return [a, "", "", g.sizes(sizes)], attrs, 1


@draws("Upsample", until=9)
def upsample(g, op):
    a = g.operand((F32,), low=4, high=4, fits=lambda x: x.size > 0, new=0.5)
    scales = [1.0, 1.0, g.pick(1.0, 2.0, 1.5, 3.0), g.pick(1.0, 2.0, 2.5)]
    mode = g.pick("nearest", "linear")
    return ([a], {"scales": scales, "mode": mode}, 1) if g.opset < 9 else ([a, g.constant(np.array(scales, F32))], {"mode": mode}, 1)


# ---- reductions and searches ----
@draws("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare")
def reduction(g, op):
    types = (F32, F32, F64, I32, I64, F16) if op in ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceMean") else (F32, F64)
    a = g.operand((*types, I8, U8) if op in ("ReduceMax", "ReduceMin") and g.opset >= 12 else types)
    attrs = {"keepdims": g.some(0, 1)} if g.chance(0.7) else {}
    if g.values[a].size == 0:
        return None
    rank = len(g.dims(a))
    axes = g.axes(rank) if rank and g.chance(0.8) else None
    if g.opset >= (13 if op == "ReduceSum" else 18):
        if axes is None and g.chance(0.4):
            attrs["noop_with_empty_axes"] = g.some(0, 1)
        return [a] + ([g.sizes(axes)] if axes is not None else [g.constant(np.zeros(0, I64))] if g.chance(0.3) else []), attrs, 1
    return [a], {**attrs, **({"axes": axes} if axes is not None else {})}, 1


@draws("ArgMax", "ArgMin", jumps=True)
def arg(g, op):
    a = g.operand((F32, F32, F64, I32, I8, U8) if g.opset >= 13 else (F32, I32), low=1, exact=True, fits=lambda x: x.size > 0)
    if a is None:
        return None
    attrs = {"axis": g.axis(len(g.dims(a)))} if g.chance(0.8) else {}
    if g.chance(0.6):
        attrs["keepdims"] = g.some(0, 1)
    if g.opset >= 12 and g.chance(0.4):
        attrs["select_last_index"] = g.some(0, 1)
    return [a], attrs, 1


@draws("TopK", jumps=True, keeps=True)
def top(g, op):
    a = g.operand((F32, F32, F64, I32, I64) if g.opset >= 11 else (F32,), low=1, exact=True, fits=lambda x: x.size > 0)
    if a is None:
        return None
    axis = g.axis(len(g.dims(a)))
    k = g.some(0 if g.chance(0.1) else 1, g.dims(a)[axis])
    if g.opset < 10:
        return [a], {"k": max(1, k), "axis": axis}, 2
    attrs = {"axis": axis}
    if g.opset >= 11 and g.chance(0.6):
        attrs.update(largest=g.some(0, 1))
    return [a, g.sizes([k])], attrs, g.pick(2, [True, False], [False, True])


@draws("CumSum", since=11, keeps=True)
def cumsum(g, op):
    a = g.operand((F32, F64, I32, I64), low=1)
    return [a, g.constant(np.array(g.axis(len(g.dims(a))), g.pick(I64, I32)))], {k: g.some(0, 1) for k in ("exclusive", "reverse") if g.chance(0.5)}, 1


@draws("OneHot", since=9, keeps=True)
def one_hot(g, op):
    depth = g.some(1, 5)
    index = g.leaf(g.shape(0, 2), g.pick(I64, I32, F32), -depth if g.opset >= 11 else 0, depth)
    kind = g.pick(F32, I32, I64)
    rank = len(g.dims(index)) + 1
    return [index, g.constant(np.array(depth if g.chance(0.5) else [depth], g.pick(I64, I32, F32))), g.constant(np.array([g.some(-1, 1), 3], kind))], \
        {"axis": g.some(-rank, rank - 1)} if g.chance(0.7) else {}, 1


@draws("NonZero", since=9, jumps=True)
def non_zero(g, op):
    return [g.operand((F32, I32, I64, BOOL), exact=True)], {}, 1


@draws("Compress", since=9, keeps=True)
def compress(g, op):
    a = g.operand((F32, I32, I64), low=1)
    if g.chance(0.3):
        return [a, g.constant(g.numbers([g.some(1, max(1, g.values[a].size))], BOOL))], {}, 1
    axis = g.axis(len(g.dims(a)))
    return [a, g.constant(g.numbers([g.some(0, g.dims(a)[axis])], BOOL))], {"axis": axis}, 1


@draws("Trilu", since=14, keeps=True)
def trilu(g, op):
    a = g.operand((F32, I32, I64, F64, BOOL), low=2)
    return [a, g.constant(np.array(g.some(-3, 3), I64)) if g.chance(0.7) else ""], {"upper": g.some(0, 1)} if g.chance(0.7) else {}, 1


@draws("EyeLike", since=9, keeps=True)
def eye(g, op):
    a = g.operand((F32, I32, I64), low=2, high=2)
    return [a], {"k": g.some(-2, 2), **({"dtype": helper.np_dtype_to_tensor_dtype(g.pick(F32, I32, I64))} if g.chance(0.5) else {})}, 1


@draws("Range", since=11, keeps=True)
def ranges(g, op):
    kind = g.pick(F32, I32, I64, F64)
    start, delta = g.some(-3, 3), g.pick(1, 2, -1, -3)
    return [g.constant(np.array(v, kind)) for v in (start, start + g.some(0, 9) * (1 if delta > 0 else -1), delta)], {}, 1


@draws("ConstantOfShape", since=9, keeps=True)
def constant_of_shape(g, op):
    kind = g.pick(F32, I32, I64, BOOL, F64)
    return [g.sizes(g.shape(0, 3))], {"value": numpy_helper.from_array(np.array([g.some(0, 3)], kind))} if g.chance(0.7) else {}, 1


@draws("Unique", since=11, jumps=True, keeps=True)
def unique(g, op):
    a = g.operand((F32, I64), low=1, exact=True, fits=lambda x: x.size > 0)
    if a is None:
        return None
    attrs = {"axis": g.axis(len(g.dims(a)))} if g.chance(0.5) else {}
    return [a], {**attrs, **({"sorted": g.some(0, 1)} if g.chance(0.5) else {})}, g.some(1, 4)


@draws("ReverseSequence", since=10, keeps=True)
def reverse_sequence(g, op):
    a = g.operand((F32, I32, I64), low=2, fits=lambda x: x.size > 0)
    if a is None:
        return None
    batch = g.some(0, 1)
    n, t = g.dims(a)[batch], g.dims(a)[1 - batch]
    return [a, g.constant(g.numbers([n], I64, 1, t))], {"batch_axis": batch, "time_axis": 1 - batch}, 1
