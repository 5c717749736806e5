"""What onnx_random.py draws: layers, integers that stand for floats, control flow."""
import numpy as np
from onnx import helper

from onnx_random_graph import F16, F32, F64, I8, I32, I64, U8, Grower, draws

# ---- layers ----
@draws("MatMul", "Gemm")
def product(g, op):
    kind = g.pick(F32, F32, F64, I32, F16) if op == "MatMul" and g.opset >= 9 else g.pick(F32, F32, F64)
    a = g.operand((kind,), low=1 if op == "MatMul" else 2, high=4 if op == "MatMul" else 2)
    dims = g.dims(a)
    n = g.some(1, 5)
    if op == "MatMul":
        if g.chance(0.5) or len(dims) == 1:
            other = g.pick([dims[-1], n], [dims[-1]], [g.some(1, 2), dims[-1], n])
            if len(other) == 3 and len(dims) > 2 and dims[-3] != 1:
                other[0] = g.pick(1, dims[-3])
            return [a, g.leaf(other, kind)], {}, 1
        left = g.pick([n, dims[-2]], [dims[-2]], [*dims[:-2], n, dims[-2]])
        return [g.leaf(left, kind), a], {}, 1
    ta, tb = g.some(0, 1), g.some(0, 1)
    k, m = (dims[0], dims[1]) if ta else (dims[1], dims[0])
    attrs = {k2: v for k2, v in (("transA", ta), ("transB", tb)) if v or g.chance(0.3)}
    if g.chance(0.4):
        attrs.update(alpha=g.pick(0.5, 2.0, 0.0), beta=g.pick(0.5, 0.0, 1.0, 2.0))
    c = g.leaf(g.pick([n], [m, n], [1, n], [m, 1], [], [1]), kind) if g.opset < 11 or g.chance(0.7) else ""
    return [a, g.leaf([n, k] if tb else [k, n], kind), c], attrs, 1


@draws("Einsum", since=12)
def einsum(g, op):
    text, shapes = g.pick(("ij,jk->ik", "ij jk"), ("bij,bjk->bik", "bij bjk"), ("ij,ij->", "ij ij"), ("ij->ji", "ij"), ("ii->i", "ii"), ("i,j->ij", "i j"),
                          ("bhid,bhjd->bhij", "bhid bhjd"), ("...ij,...jk->...ik", "bij bjk"), ("ij->j", "ij"), ("abc,cd", "abc cd"), ("ij,j", "ij j"))
    size = {c: g.some(1, 4) for c in "abcdhijk"}
    kind = g.pick(F32, F64)
    return [g.leaf([size[c] for c in s], kind) for s in shapes.split()], {"equation": text}, 1


def window(g, rank, spatial, pool=False):
    kernel = [g.some(1, min(4, max(1, s))) for s in spatial]
    attrs = {}
    if g.chance(0.6):
        attrs["strides"] = [g.some(1, 3) for _ in range(rank)]
    if g.chance(0.4) and not (pool and g.opset < 10):
        attrs["dilations"] = [g.some(1, 2) if 2 * k - 1 <= s else 1 for k, s in zip(kernel, spatial)]
    if g.chance(0.3):
        attrs["auto_pad"] = g.pick("SAME_UPPER", "SAME_LOWER", "VALID")
        if attrs["auto_pad"] != "VALID":  # onnxruntime's pools leave dilations out of the padding, which can be negative for them
            attrs.pop("dilations", 0)
            attrs["strides"] = [min(s, k) for s, k in zip(attrs.get("strides", [1] * rank), kernel)]
    elif g.chance(0.6):
        attrs["pads"] = [g.some(0, k - 1) for k in kernel] + [g.some(0, k - 1) for k in kernel]
    return kernel, attrs


def image(g, channels=(1, 6), low=3, high=5):
    return lambda: [g.some(1, 2), g.some(*channels), *(g.some(1, 8) for _ in range(g.some(low, high) - 2))]


@draws("Conv", "ConvTranspose")
def conv(g, op):
    a = g.operand((F32,), low=3, high=5, shape=image(g), fits=lambda x: x.shape[1] > 0, new=0.4)
    dims = g.dims(a)
    rank = len(dims) - 2
    kernel, attrs = window(g, rank, dims[2:])
    group = g.pick(*[d for d in range(1, dims[1] + 1) if dims[1] % d == 0])
    outs = group * g.some(1, 3)
    shape = [outs, dims[1] // group, *kernel] if op == "Conv" else [dims[1], outs // group, *kernel]
    if group > 1 or g.chance(0.2):
        attrs["group"] = group
    if g.chance(0.5):
        attrs["kernel_shape"] = kernel
    if op == "ConvTranspose":
        if g.chance(0.3):
            attrs["output_padding"] = [g.some(0, max(0, s - 1)) for s in attrs.get("strides", [1] * rank)]
        if attrs.get("auto_pad") in ("SAME_UPPER", "SAME_LOWER") or "dilations" in attrs and g.chance(0.5):
            attrs.pop("auto_pad", 0)
        if g.chance(0.2):
            attrs.pop("pads", 0)
            attrs["output_shape"] = [s * t + g.some(0, 1) for s, t in zip(dims[2:], attrs.get("strides", [1] * rank))]
    return [a, g.leaf(shape, F32, -2, 2, fed=0.15), g.leaf([outs], F32) if g.chance(0.6) else ""], attrs, 1


@draws("MaxPool", "AveragePool", "LpPool", keeps=False)
def pool(g, op):
    a = g.operand((F32, F32, U8, I8) if op == "MaxPool" and g.opset >= 12 else (F32,), low=3, high=5, shape=image(g), new=0.4)
    dims = g.dims(a)
    kernel, attrs = window(g, len(dims) - 2, dims[2:], True)
    if op != "MaxPool" and g.opset < (19 if op == "AveragePool" else 18):
        attrs.pop("dilations", 0)
    if g.opset >= 10 and g.chance(0.3) and not (op == "LpPool" and g.opset < 18):
        attrs["ceil_mode"] = 1
    if op == "AveragePool" and g.chance(0.4):
        attrs["count_include_pad"] = g.some(0, 1)
    if op == "LpPool" and g.chance(0.5):
        attrs["p"] = g.some(1, 3)
    outs = 2 if op == "MaxPool" and g.opset >= 8 and g.chance(0.3) and g.exact[a] else 1
    if outs == 2 and g.chance(0.3):
        attrs["storage_order"] = 1
    return [a], {"kernel_shape": kernel, **attrs}, outs


@draws("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(g, op):
    return [g.operand((F32,), low=3, high=5, shape=image(g), fits=lambda x: x.size > 0)], {}, 1


@draws("BatchNormalization")
def batch_norm(g, op):
    a = g.operand((F32, F32, F64), low=2, high=5, shape=image(g, low=2))
    c = g.dims(a)[1]
    kind = g.dtype(a)
    return [a, g.leaf([c], kind), g.leaf([c], kind), g.leaf([c], kind), g.leaf([c], kind, 1, 3)], {"epsilon": g.pick(1e-5, 1e-2)} if g.chance(0.5) else {}, 1


@draws("InstanceNormalization")
def instance_norm(g, op):
    a = g.operand((F32,), low=3, high=5, shape=image(g), fits=lambda x: x.size > 0)
    c = g.dims(a)[1]
    return [a, g.leaf([c], F32), g.leaf([c], F32)], {"epsilon": 1e-2}, 1


@draws("LayerNormalization", since=17)
def layer_norm(g, op):
    a = g.operand((F32, F32, F64), low=1, fits=lambda x: x.size > 0)
    if a is None:
        return None
    axis = g.axis(len(g.dims(a)))
    shape = g.dims(a)[axis:] if axis >= 0 else g.dims(a)[len(g.dims(a)) + axis:]
    if g.chance(0.2):
        shape = [1 if g.chance(0.3) else d for d in shape]
    return [a, g.leaf(shape, g.dtype(a)), g.leaf(shape, g.dtype(a)) if g.chance(0.6) else ""], {"axis": axis, "epsilon": 1e-2}, g.pick(1, 1, 3)


@draws("GroupNormalization", since=18)
def group_norm(g, op):
    a = g.operand((F32,), low=3, high=5, shape=image(g), fits=lambda x: x.size > 0)
    c = g.dims(a)[1]
    n = g.pick(*[d for d in range(1, c + 1) if c % d == 0])
    k = c if g.opset >= 21 else n
    return [a, g.leaf([k], F32), g.leaf([k], F32)], {"num_groups": n, "epsilon": 1e-2}, 1


@draws("LRN")
def lrn(g, op):
    return [g.operand((F32,), low=3, high=4, shape=image(g, high=4))], {"size": g.pick(1, 3, 5), **({"alpha": 0.5, "beta": 0.6, "bias": 2.0} if g.chance(0.5) else {})}, 1


@draws("LpNormalization")
def lp_norm(g, op):
    a = g.operand((F32,), low=1, fits=lambda x: x.size > 0)
    return None if a is None else ([a], {"axis": g.axis(len(g.dims(a))), "p": g.some(1, 2)}, 1)


@draws("MeanVarianceNormalization", since=9)
def mvn(g, op):
    a = g.operand((F32,), low=4, high=4, fits=lambda x: x.size > 0)
    return None if a is None else ([a], {"axes": g.axes(4, False)} if g.chance(0.6) else {}, 1)


@draws("Softmax", "LogSoftmax")
def softmax(g, op):
    a = g.operand((F32, F32, F64, F16), low=1)
    return [a], {"axis": g.axis(len(g.dims(a)))} if g.chance(0.7) else {}, 1


@draws("Hardmax", jumps=True)
def hardmax(g, op):
    a = g.operand((F32,), low=1, exact=True, fits=lambda x: x.size > 0)
    return [a], {"axis": g.axis(len(g.dims(a)))} if g.chance(0.7) else {}, 1


@draws("LSTM", "GRU", "RNN")
def recurrent(g, op):
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    layout = g.opset >= 14 and g.chance(0.0)
    a = g.operand((F32,), low=3, high=3, shape=lambda: [g.some(1, 4), g.some(1, 3), g.some(1, 4)], fits=lambda x: x.size > 0)
    if a is None:
        return None
    t, n, i = g.dims(a)
    h = g.some(1, 4)
    way = g.pick("forward", "reverse", "bidirectional")
    d = 2 if way == "bidirectional" else 1
    attrs = {"hidden_size": h, **({"direction": way} if way != "forward" or g.chance(0.3) else {})}
    w, r = g.leaf([d, gates * h, i], F32, -1, 1, fed=0.2), g.leaf([d, gates * h, h], F32, -1, 1, fed=0.1)
    b = g.leaf([d, 2 * gates * h], F32, -1, 1, fed=0.2) if g.chance(0.6) else ""
    lens = g.constant(g.numbers([n], I32, 1, t)) if g.chance(0.3) else ""
    h0 = g.leaf([d, n, h], F32, -1, 1) if g.chance(0.4) else ""
    inputs = [a, w, r, b, lens, h0]
    if op == "LSTM":
        inputs.append(g.leaf([d, n, h], F32, -1, 1) if g.chance(0.4) else "")
        inputs.append(g.leaf([d, 3 * h], F32, -1, 1, fed=0.1) if g.chance(0.3) else "")
        if g.chance(0.2):
            attrs["input_forget"] = 1
    if op == "GRU" and g.chance(0.5):
        attrs["linear_before_reset"] = 1
    if g.chance(0.2):
        attrs["clip"] = 0.7
    if g.chance(0.2):
        names = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Relu"]}[op]
        if g.chance(0.5):
            names = [g.pick(x, "HardSigmoid", "Relu", "Softsign", "Elu") for x in names]
        attrs["activations"] = names * d
    del layout
    return inputs, attrs, g.pick(*((1, 2, 3, [True, False, True], [False, True, True]) if op == "LSTM" else (1, 2, [False, True])))


@draws("GridSample", since=16)
def grid_sample(g, op):
    a = g.operand((F32,), low=4, high=4, shape=image(g, low=4, high=4), fits=lambda x: x.size > 0)
    if a is None:
        return None
    grid = (g.r.random([g.dims(a)[0], g.some(1, 4), g.some(1, 4), 2]) * 2.6 - 1.3).astype(F32)
    mode = g.pick("linear", "nearest", "cubic") if g.opset >= 20 else g.pick("bilinear", "nearest", "bicubic")
    # onnxruntime's cubic takes the border for each entry, ONNX for the place
    padding = g.pick("zeros", "reflection", *(() if "cubic" in mode else ("border",)))
    return [a, g.feed(grid)], {"mode": mode, "padding_mode": padding, "align_corners": g.some(0, 1)}, 1


# ---- integers that stand for floats ----
def quantum(g, shape, kind, zero=True):
    scale = (2.0 ** g.r.integers(-4, 1, shape)).astype(F32) if g.chance(0.6) else (g.r.random(shape) * 0.1 + 0.01).astype(F32)
    info = np.iinfo(kind)
    point = g.numbers(shape, kind, max(int(info.min), -20), 20) if zero else np.zeros(shape, kind)
    if zero and g.chance(0.1):
        point = np.full(shape, g.pick(info.min, info.max), kind)
    return g.constant(scale), g.constant(point)


@draws("QuantizeLinear", since=10, jumps=True)
def quantize(g, op):
    a = g.operand((F32,), low=0, exact=True)
    kind = g.pick(U8, I8)
    attrs, shape = {}, []
    if g.opset >= 13 and g.dims(a) and g.chance(0.4):
        axis = g.axis(len(g.dims(a)))
        shape, attrs = [g.dims(a)[axis]], {"axis": axis}
    s, z = quantum(g, shape, kind)
    return [a, s, z if kind == I8 or g.chance(0.8) else ""], attrs, 1


@draws("DequantizeLinear", since=10)
def dequantize(g, op):
    kind = g.pick(U8, I8, I32) if g.chance(0.9) else I8
    a = g.operand((kind,), low=0)
    attrs, shape = {}, []
    if g.opset >= 13 and g.dims(a) and g.chance(0.4):
        axis = g.axis(len(g.dims(a)))
        shape, attrs = [g.dims(a)[axis]], {"axis": axis}
    s, z = quantum(g, shape, kind, kind != I32)
    return [a, s, z if g.chance(0.8) else ""], attrs, 1


@draws("DynamicQuantizeLinear", since=11, jumps=True)
def dynamic_quantize(g, op):
    return [g.operand((F32,), low=0, exact=True, fits=lambda x: x.size > 0)], {}, 3


@draws("MatMulInteger", since=10)
def matmul_integer(g, op):
    a = g.operand((U8, I8), low=1, high=3)
    kind = g.pick(U8, I8)
    dims = g.dims(a)
    n = g.some(1, 4)
    zero = g.constant(g.numbers([], g.dtype(a), 0, 9)) if g.chance(0.6) else ""
    zero_b = g.constant(g.numbers(g.pick([], [n]), kind, 0, 9)) if g.chance(0.5) else ""
    return [a, g.leaf([dims[-1], n], kind, -60, 60), zero, zero_b], {}, 1


@draws("ConvInteger", since=10)
def conv_integer(g, op):
    a = g.operand((U8,), low=3, high=4, shape=image(g, high=4))
    dims = g.dims(a)
    kernel, attrs = window(g, len(dims) - 2, dims[2:])
    outs = g.some(1, 3)
    kind = g.pick(U8, I8)
    zero = g.constant(g.numbers([], U8, 0, 9)) if g.chance(0.6) else ""
    zero_b = g.constant(g.numbers([], kind, 0, 9)) if g.chance(0.5) else ""
    return [a, g.leaf([outs, dims[1], *kernel], kind, -60, 60), zero, zero_b], attrs, 1


@draws("QLinearMatMul", since=10)
def qlinear_matmul(g, op):
    kind = g.pick(U8, I8)
    a = g.operand((kind,), low=2, high=3)
    dims = g.dims(a)
    n = g.some(1, 4)
    weights = g.leaf([dims[-1], n], kind if kind == I8 else g.pick(U8, I8), -60, 60, fed=0.2)
    s, z = quantum(g, [], kind)
    t, w = quantum(g, [], g.dtype(weights), g.chance(0.3))
    u, v = quantum(g, [], kind)
    return [a, s, z, weights, t, w, u, v], {"loose": True}, 1


@draws("QLinearConv", since=10)
def qlinear_conv(g, op):
    kind = g.pick(U8, I8)
    a = g.operand((kind,), low=3, high=4, shape=image(g, high=4), fits=lambda x: x.shape[1] > 0, new=0.5)
    dims = g.dims(a)
    kernel, attrs = window(g, len(dims) - 2, dims[2:])
    group = g.pick(*[d for d in range(1, dims[1] + 1) if dims[1] % d == 0])
    outs = group * g.some(1, 3)
    weights = g.constant(g.numbers([outs, dims[1] // group, *kernel], kind if kind == I8 else g.pick(U8, I8), -60, 60))
    per = [outs] if g.chance(0.4) else []
    s, z = quantum(g, [], kind)
    t, w = quantum(g, per, g.dtype(weights), not per and g.chance(0.3))
    u, v = quantum(g, [], kind)
    bias = g.constant(g.numbers([outs], I32, -500, 500)) if g.chance(0.5) else ""
    return [a, s, z, weights, t, w, u, v, bias], {"group": group, "loose": True, **attrs}, 1


@draws("QLinearAdd", "QLinearMul", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearGlobalAveragePool", "QLinearAveragePool", "QLinearConcat", "QLinearSoftmax", since=10)
def qlinear_others(g, op):
    kind = g.pick(U8, I8)
    pools = op.endswith("Pool")
    a = g.operand((kind,), low=4 if pools else 1, high=4, shape=image(g, high=4, low=4) if pools else None, fits=lambda x: x.size > 0, new=0.5)
    if a is None:
        return None
    s, z = quantum(g, [], kind)
    u, v = quantum(g, [], kind)
    more = {"domain": "com.microsoft", "loose": True}
    if op in ("QLinearAdd", "QLinearMul"):
        t, w = quantum(g, [], kind)
        return [a, s, z, g.leaf(g.broadcast(g.dims(a)), kind), t, w, u, v], more, 1
    if op == "QLinearConcat":
        axis = g.axis(len(g.dims(a)))
        t, w = quantum(g, [], kind)
        return [u, v, a, s, z, g.leaf(g.dims(a), kind), t, w], {**more, "axis": axis}, 1
    if op == "QLinearLeakyRelu":
        more["alpha"] = g.pick(0.1, 0.5)
    if op == "QLinearGlobalAveragePool":
        more["channels_last"] = 0
    if op == "QLinearSoftmax":
        more.update(axis=len(g.dims(a)) - 1, opset=g.pick(13, 11))
        u, v = g.constant(np.array(1 / 256, F32)), g.constant(np.array(0 if kind == U8 else -128, kind))
    if op == "QLinearAveragePool":
        kernel, attrs = window(g, 2, g.dims(a)[2:])
        attrs.pop("dilations", 0)
        more.update(kernel_shape=kernel, **attrs)
    return [a, s, z, u, v], more, 1


# ---- control flow ----
def body_of(g, inner, inputs, outputs):
    info = lambda n, v: helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), None)  # noqa: E731
    return helper.make_graph(inner.nodes, "body", [info(n, g.values[n]) for n in inputs],
                             [info(n, inner.values[n]) for n in outputs], inner.initializers)


SIMPLE = ["Add", "Mul", "Relu", "Abs", "Tanh", "Neg", "Where", "Clip", "Transpose", "Concat", "Slice", "Reshape", "ReduceSum", "MatMul", "Softmax", "Gather"]


def inside(g, start, steps, names):
    """A Grower for a subgraph that sees what g has; nodes grow upon `start`."""
    inner = Grower(g.r)
    inner.opset, inner.depth, inner.special = g.opset, 1, g.special
    inner.values, inner.exact, inner.made = g.values, g.exact, g.made + 1000
    inner.computed = list(start)
    known = len(start)
    for _ in range(steps * 6):
        if len(inner.computed) - known >= steps:
            break
        inner.step(names)
    g.made = inner.made
    return inner


def captured(inner, inputs):
    made = {o for n in inner.nodes for o in n.output} | {p.name for p in inner.initializers} | set(inputs)
    return [i for n in inner.nodes for i in n.input if i and i not in made]


@draws("If")
def branch(g, op):
    a = g.operand((F32, I32), low=1)
    taken = g.chance(0.5)
    bodies, seen = {}, [a]
    for side in ("then_branch", "else_branch"):
        inner = inside(g, [a], g.some(1, 2), SIMPLE)
        last = inner.computed[-1]
        if last == a:
            inner.nodes.append(helper.make_node("Identity", [a], [last := inner.name("i")]))
            inner.values[last], inner.exact[last] = g.values[a], False
        bodies[side] = body_of(g, inner, [], [last])
        seen += captured(inner, [])
    condition = g.constant(np.array(taken)) if g.chance(0.5) else g.feed(np.array(taken), named=False)
    return [condition], {**bodies, "seen": [n for n in seen if n in g.values]}, 1


@draws("Loop")
def loop(g, op):
    a = g.operand((F32, I32), low=1)
    it, go, carried = g.name("it"), g.name("go"), g.name("v")
    g.values[it], g.values[go], g.values[carried] = np.array(0), np.array(True), g.values[a]
    g.exact.update({it: True, go: True, carried: False})
    inner = inside(g, [carried], g.some(1, 2), ["Add", "Mul", "Relu", "Abs", "Tanh", "Neg", "Where", "Clip"])
    last = inner.computed[-1]
    if last == carried or g.values[last].shape != g.values[a].shape or g.values[last].dtype != g.dtype(a):
        inner.nodes.append(helper.make_node("Neg", [carried], [last := inner.name("i")]))
        g.values[last] = g.values[a]
    inner.nodes.append(helper.make_node("Identity", [go], [still := inner.name("go")]))
    g.values[still] = g.values[go]
    outputs = [still, last]
    scan = g.chance(0.5)
    if scan:
        inner.nodes.append(helper.make_node("Identity", [carried], [copy := inner.name("o")]))
        g.values[copy] = g.values[a]
        outputs.append(copy)
    g.made = inner.made
    trip = g.sizes(np.array(g.some(0, 3), I64), fed=0.2)
    condition = g.pick("", g.constant(np.array(True)))
    return [trip, condition, a], {"body": body_of(g, inner, [it, go, carried], outputs), "seen": captured(inner, [it, go, carried])}, 1 + scan


@draws("Scan", since=9)
def scan(g, op):
    a = g.operand((F32,), low=2, fits=lambda x: x.size > 0)
    if a is None:
        return None
    rank = len(g.dims(a))
    axis = g.some(0, rank - 1)
    entry = [d for i, d in enumerate(g.dims(a)) if i != axis]
    state, x = g.name("st"), g.name("e")
    init = g.leaf(entry, F32)
    g.values[state] = g.values[init]
    g.values[x] = g.numbers(entry, F32)
    g.exact.update({state: False, x: False})
    inner = inside(g, [state, x], g.some(1, 2), ["Add", "Mul", "Relu", "Tanh", "Where", "Clip"])
    last = inner.computed[-1]
    inner.nodes.append(helper.make_node("Add", [state, x], [total := inner.name("t")]))
    inner.nodes.append(helper.make_node("Identity", [last], [copy := inner.name("o")]))
    g.values[total], g.values[copy] = g.values[state], g.values[last]
    g.made = inner.made
    attrs = {"num_scan_inputs": 1}
    if axis or g.chance(0.3):
        attrs["scan_input_axes"] = [axis]
    if g.chance(0.3):
        attrs["scan_input_directions"] = [g.some(0, 1)]
    if g.chance(0.3):
        attrs["scan_output_directions"] = [g.some(0, 1)]
    if g.chance(0.3):
        attrs["scan_output_axes"] = [g.some(0, g.values[copy].ndim)]
    return [init, a], {**attrs, "body": body_of(g, inner, [state, x], [total, copy]), "seen": captured(inner, [state, x])}, 2
