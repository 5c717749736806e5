#!/usr/bin/env python3
"""Writes tests/goldens/values: .tflite files whose values decide shapes or which operators run, with what LiteRT's
reference kernels answer in several runs one after another, and files that must be refused.

index.json: `cases[]` has the file, the signature where it is not the usual one, `plain` where the file can be read without
a value, and `runs[]` with arrays of any shape; variables keep what they hold from run to run. `refused[]` has the file,
the code of the error and what its message must contain.

  build/venv/litert/bin/python scripts/goldens/value_goldens.py
"""
import json
import pathlib

import numpy as np
from ai_edge_litert import schema_py_generated as fb
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from flatbuffers import flexbuffers

from tflite_builder import TfliteBuilder

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests/goldens/values"
RANDOM = np.random.default_rng(7)


def f32(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def i32(*values):
    return np.array(values, np.int32)


# ---- operands that are fed ----
def fed(code, x, operands, out, options=None, inputs=None, outputs=1, **fields):
    """One operator whose further operands are inputs of the model."""
    b = TfliteBuilder()
    ids = []
    order = inputs or (lambda x, rest: [x, *rest])
    x_id = b.input(x, "float32")
    rest = [b.input(o.shape, o.dtype) for o in operands]
    ids = order(x_id, rest)
    ys = [b.output(out, "float32") for _ in range(outputs)]
    for y in ys:
        b.free(y, [-1] * len(out))
    b.op(code, ids, ys, options, **fields)
    return b


def fed_cases():
    x = (2, 3, 4)
    yield "reshape_fed", fed("RESHAPE", x, [i32(0, 0)], (1, 1), "ReshapeOptions"), \
        [[f32(*x), i32(*s)] for s in ((6, 4), (4, 6), (-1, 12), (6, 4))]
    yield "pad_fed", fed("PAD", x, [np.zeros((3, 2), np.int32)], (1, 1, 1), "PadOptions"), \
        [[f32(*x), np.array(p, np.int32)] for p in ([[0, 0], [1, 2], [0, 1]], [[1, 0], [0, 0], [0, 0]])]
    yield "slice_fed", fed("SLICE", x, [i32(0, 0, 0), i32(0, 0, 0)], (1, 1, 1), "SliceOptions"), \
        [[f32(*x), i32(0, 1, 2), i32(2, -1, 1)], [f32(*x), i32(1, 0, 0), i32(1, 2, 4)]]
    yield "strided_slice_fed", fed("STRIDED_SLICE", x, [i32(0, 0, 0)] * 3, (1, 1, 1), "StridedSliceOptions"), \
        [[f32(*x), i32(0, 0, 0), i32(2, 3, 4), i32(1, 2, 2)], [f32(*x), i32(1, 2, 3), i32(2, 0, 0), i32(1, -1, -1)]]
    yield "mean_axes_fed", fed("MEAN", x, [i32(0)], (1, 1), "ReducerOptions"), \
        [[f32(*x), i32(0)], [f32(*x), i32(-1)], [f32(*x), i32(1)]]
    yield "transpose_fed", fed("TRANSPOSE", x, [i32(0, 0, 0)], (1, 1, 1), "TransposeOptions"), \
        [[f32(*x), i32(*p)] for p in ((2, 0, 1), (1, 0, 2))]
    yield "expand_dims_fed", fed("EXPAND_DIMS", x, [i32(0)], (1, 1, 1, 1), "ExpandDimsOptions"), \
        [[f32(*x), i32(a)] for a in (0, -1, 2)]
    yield "split_axis_fed", fed("SPLIT", (2, 4, 6), [i32(0)], (1, 1, 1), "SplitOptions", lambda v, r: [r[0], v], 2,
                                numSplits=2), [[f32(2, 4, 6), i32(a)] for a in (0, 1, 2)]
    yield "split_sizes_fed", fed("SPLIT_V", (2, 6), [i32(0, 0), i32(1)], (1, 1), "SplitVOptions", None, 2, numSplits=2), \
        [[f32(2, 6), i32(*s), i32(1)] for s in ((2, 4), (5, -1))]


def computed():
    """y = the first n columns of tanh(x · w), n the integer part of the largest x; z = y in m rows, m the second input."""
    b = TfliteBuilder()
    x, m = b.input((1, 4), "float32"), b.input((1,), "int32")
    w = b.const(f32(8, 4))
    dense, bent = b.tensor((1, 8), "float32"), b.tensor((1, 8), "float32")
    b.op("FULLY_CONNECTED", [x, w, -1], [dense], "FullyConnectedOptions")
    b.op("TANH", [dense], [bent])
    peak, count, size = b.tensor((1,), "float32"), b.tensor((1,), "int32"), b.tensor((2,), "int32")
    b.op("REDUCE_MAX", [x, b.const(i32(1))], [peak], "ReducerOptions")
    b.op("CAST", [peak], [count], "CastOptions")
    b.op("CONCATENATION", [b.const(i32(1)), count], [size], "ConcatenationOptions")
    y = b.free(b.output((1, 1), "float32"), (1, -1))
    b.op("SLICE", [bent, b.const(i32(0, 0)), size], [y], "SliceOptions")
    twice, rows = b.free(b.tensor((1, 1), "float32"), (1, -1)), b.tensor((2,), "int32")
    b.op("ADD", [y, y], [twice], "AddOptions")
    b.op("CONCATENATION", [m, b.const(i32(-1))], [rows], "ConcatenationOptions")
    z = b.free(b.output((1, 1), "float32"), (-1, -1))
    b.op("RESHAPE", [twice, rows], [z], "ReshapeOptions")
    same = b.output((1, 8), "float32")
    b.op("MUL", [bent, bent], [same], "MulOptions")
    runs = []
    for largest, m_value in ((4.5, 2), (6.1, 3), (4.9, 2), (4.5, 4)):
        row = np.minimum(f32(1, 4), 3)
        row[0, 2] = largest
        runs.append([row, i32(m_value)])
    return b, runs


# ---- free sizes ----
def free_input():
    """The sizes of the array decide, and SHAPE, PACK and RESHAPE follow from them."""
    b = TfliteBuilder()
    x = b.free(b.input((1, 1, 3), "float32"), (-1, -1, 3))
    shape, n = b.tensor((3,), "int32"), b.tensor((), "int32")
    b.op("SHAPE", [x], [shape], "ShapeOptions", outType=fb.TensorType.INT32)
    b.op("STRIDED_SLICE", [shape, b.const(i32(1)), b.const(i32(2)), b.const(i32(1))], [n], "StridedSliceOptions",
         shrinkAxisMask=1)
    to = b.tensor((2,), "int32")
    b.op("PACK", [n, b.const(np.int32(-1))], [to], "PackOptions", valuesCount=2)
    y = b.free(b.output((1, 3), "float32"), (-1, -1))
    b.op("RESHAPE", [x, to], [y], "ReshapeOptions")
    return b, [[f32(1, 2, 3)], [f32(2, 5, 3)], [f32(1, 2, 3)], [f32(3, 1, 3)]]


# ---- branches, loops, functions ----
def body(b, shapes, make, dtypes=None, outs=None):
    """A subgraph: make(inputs) adds operators and returns its outputs."""
    here = b.model.subgraphs.index(b.graph)
    number = b.subgraph()
    dtypes = dtypes or ["float32"] * len(shapes)
    ids = [b.input(s, d) for s, d in zip(shapes, dtypes)]
    b.graph.outputs = list(make(ids))
    b.back(here)
    return number


def branch(kind):
    """IF with branches that compute different things, of different shapes where kind is "shapes"."""
    b = TfliteBuilder()
    x = b.input((2, 3), "float32")
    if kind == "constant":
        condition = b.const(np.array([True]))
    elif kind == "computed":
        total, condition = b.tensor((), "float32"), b.tensor((), "bool")
        relu = b.tensor((), "float32")
        b.op("SUM", [x, b.const(i32(0, 1))], [total], "ReducerOptions")
        b.op("RELU", [total], [relu])
        b.op("CAST", [relu], [condition], "CastOptions")
    else:
        condition = b.input((1,) if kind == "shapes" else (), "bool")

    def yes(ids):
        y = b.tensor((2, 3), "float32")
        b.op("TANH", [ids[0]], [y])
        return [y]

    def no(ids):
        if kind != "shapes":
            y, z = b.tensor((2, 3), "float32"), b.tensor((2, 3), "float32")
            b.op("MUL", [ids[0], b.const(np.float32([2, 3, 4]))], [y], "MulOptions")
            b.op("NEG", [y], [z], "NegOptions")
            return [z]
        y = b.tensor((3, 2), "float32")
        b.op("TRANSPOSE", [ids[0], b.const(i32(1, 0))], [y], "TransposeOptions")
        return [y]

    then, otherwise = body(b, [(2, 3)], yes), body(b, [(2, 3)], no)
    mid = b.free(b.tensor((2, 3), "float32"), (-1, -1)) if kind == "shapes" else b.tensor((2, 3), "float32")
    b.op("IF", [condition, x], [mid], "IfOptions", thenSubgraphIndex=then, elseSubgraphIndex=otherwise)
    y = b.free(b.output((2, 3), "float32"), (-1, -1)) if kind == "shapes" else b.output((2, 3), "float32")
    b.op("ABS", [mid], [y], "AbsOptions")
    if kind == "constant":
        return b, [[f32(2, 3)], [f32(2, 3)]]
    if kind == "computed":
        return b, [[np.abs(f32(2, 3))], [-np.abs(f32(2, 3))], [np.abs(f32(2, 3))]]
    shape = (1,) if kind == "shapes" else ()
    return b, [[f32(2, 3), np.full(shape, v, np.bool_)] for v in (True, False, True)]


def nested():
    """A branch within a branch, the inner one's condition computed within the outer one's body."""
    b = TfliteBuilder()
    x, first, second = b.input((4,), "float32"), b.input((), "bool"), b.input((), "int32")

    def unary(code, options=None):
        def make(ids):
            y = b.tensor((4,), "float32")
            b.op(code, [ids[0]], [y], options)
            return [y]
        return make

    cosine, square = body(b, [(4,)], unary("TANH")), body(b, [(4,)], unary("SQUARE", "SquareOptions"))

    def outer(ids):
        y, more, condition = b.tensor((4,), "float32"), b.tensor((), "int32"), b.tensor((), "bool")
        b.op("ADD", [ids[1], b.const(np.int32(-3))], [more], "AddOptions")
        b.op("CAST", [more], [condition], "CastOptions")
        b.op("IF", [condition, ids[0]], [y], "IfOptions", thenSubgraphIndex=cosine, elseSubgraphIndex=square)
        return [y]

    then = body(b, [(4,), ()], outer, ["float32", "int32"])
    otherwise = body(b, [(4,), ()], unary("NEG", "NegOptions"), ["float32", "int32"])
    y = b.output((4,), "float32")
    b.op("IF", [first, x, second], [y], "IfOptions", thenSubgraphIndex=then, elseSubgraphIndex=otherwise)
    return b, [[f32(4), np.array(a), np.int32(n)] for a, n in ((True, 3), (True, 5), (False, 3), (True, 3))]


def countdown(b, n, values, shapes, step, counter_shape=()):
    """WHILE n: n −= 1, values = step(values); the loop runs n times. Gives the values behind it."""
    def condition(ids):
        c = b.tensor(counter_shape, "bool")
        b.op("CAST", [ids[0]], [c], "CastOptions")
        return [c]

    def turn(ids):
        less = b.tensor(counter_shape, "int32")
        b.op("SUB", [ids[0], b.const(np.full(counter_shape, 1, np.int32))], [less], "SubOptions")
        return [less, *step(ids[1:])]

    types = ["int32"] + ["float32"] * len(values)
    c = body(b, [counter_shape, *shapes], condition, types)
    t = body(b, [counter_shape, *shapes], turn, types)
    ys = [b.tensor(counter_shape, "int32")] + [b.tensor(s, "float32") for s in shapes]
    b.op("WHILE", [n, *values], ys, "WhileOptions", condSubgraphIndex=c, bodySubgraphIndex=t)
    return ys[1:]


def dense_step(b, w):
    def step(ids):
        a, y = b.tensor((1, 4), "float32"), b.tensor((1, 4), "float32")
        b.op("FULLY_CONNECTED", [ids[0], b.const(w), -1], [a], "FullyConnectedOptions")
        b.op("TANH", [a], [y])
        return [y]
    return step


def loop(kind):
    b = TfliteBuilder()
    x = b.input((1, 4), "float32")
    n = b.const(np.int32(5)) if kind == "constant" else b.input((1,) if kind == "one" else (), "int32")
    (y,) = countdown(b, n, [x], [(1, 4)], dense_step(b, f32(4, 4)), (1,) if kind == "one" else ())
    z = b.output((1, 4), "float32")
    b.op("ADD", [y, b.const(np.ones(4, np.float32))], [z], "AddOptions")
    if kind == "constant":
        return b, [[f32(1, 4)], [f32(1, 4)]]
    shape = (1,) if kind == "one" else ()
    return b, [[f32(1, 4), np.full(shape, v, np.int32)] for v in (3, 0, 1, 3, 6)]


def growing():
    """Each turn appends a row: shapes change from turn to turn."""
    b = TfliteBuilder()
    x, n = b.input((1, 3), "float32"), b.input((), "int32")
    grown = (1, 3)

    def step(ids):
        row, y, cut = b.tensor((1, 3), "float32"), b.free(b.tensor(grown, "float32"), (-1, 3)), b.tensor((1, 3), "float32")
        b.op("SLICE", [ids[0], b.const(i32(0, 0)), b.const(i32(1, 3))], [cut], "SliceOptions")
        b.op("ADD", [cut, cut], [row], "AddOptions")
        b.op("CONCATENATION", [row, ids[0]], [y], "ConcatenationOptions")
        return [y]

    (y,) = countdown(b, n, [x], [grown], step)
    for graph in b.model.subgraphs[1:]:
        graph.tensors[1].shapeSignature = [-1, 3]
    b.free(y, (-1, 3))
    b.graph.outputs = [y]
    return b, [[f32(1, 3), np.int32(v)] for v in (2, 4, 0)]


def convergence():
    """WHILE the integer part of the sum of |x| is not 0: x /= 2. The condition is computed from what the body makes."""
    b = TfliteBuilder()
    x = b.input((3,), "float32")

    def condition(ids):
        a, s, c = b.tensor((3,), "float32"), b.tensor((), "float32"), b.tensor((), "bool")
        whole = b.tensor((), "int32")
        b.op("ABS", [ids[0]], [a], "AbsOptions")
        b.op("SUM", [a, b.const(i32(0))], [s], "ReducerOptions")
        b.op("CAST", [s], [whole], "CastOptions")
        b.op("CAST", [whole], [c], "CastOptions")
        return [c]

    def turn(ids):
        y = b.tensor((3,), "float32")
        b.op("MUL", [ids[0], b.const(np.float32([0.5]))], [y], "MulOptions")
        return [y]

    c, t = body(b, [(3,)], condition), body(b, [(3,)], turn)
    y = b.output((3,), "float32")
    b.op("WHILE", [x], [y], "WhileOptions", condSubgraphIndex=c, bodySubgraphIndex=t)
    return b, [[f32(3) * 5], [f32(3) * 100], [f32(3) * 0.01]]


def composite():
    b = TfliteBuilder()
    x = b.input((2, 3), "float32")

    def both(ids):
        a, y = b.tensor((2, 3), "float32"), b.tensor((2, 3), "float32")
        b.op("LOGISTIC", [ids[0]], [a])
        b.op("MUL", [a, ids[0]], [y], "MulOptions")
        return [y]

    number = body(b, [(2, 3)], both)
    y = b.output((2, 3), "float32")
    b.op("STABLEHLO_COMPOSITE", [x], [y], "StableHLOCompositeOptions", name="odml.swish",
         decompositionSubgraphIndex=number, compositeAttributes=list(flexbuffers.Dumps({})))
    return b, [[f32(2, 3)]]


# ---- variables ----
def handle(b, name):
    v = b.tensor((1,), "resource")
    b.op("VAR_HANDLE", [], [v], "VarHandleOptions", container="", sharedName=name)
    return v


def once(b, **first):
    """CALL_ONCE of a subgraph that gives variables their first values."""
    here = b.model.subgraphs.index(b.graph)
    number = b.subgraph()
    for name, value in first.items():
        b.op("ASSIGN_VARIABLE", [handle(b, name), b.const(value)], [], "AssignVariableOptions")
    b.back(here)
    b.op("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=number)


def read(b, v, shape):
    y = b.tensor(shape, "float32")
    b.op("READ_VARIABLE", [v], [y], "ReadVariableOptions")
    return y


def assign(b, v, value):
    b.op("ASSIGN_VARIABLE", [v, value], [], "AssignVariableOptions")


def accumulator():
    """before: the state as it was; after: the state plus x, which it becomes."""
    b = TfliteBuilder()
    x = b.input((1, 3), "float32")
    once(b, state=np.float32([[1, 2, 3]]))
    v = handle(b, "state")
    before = read(b, v, (1, 3))
    after = b.tensor((1, 3), "float32")
    b.op("ADD", [before, x], [after], "AddOptions")
    assign(b, v, after)
    again = read(b, handle(b, "state"), (1, 3))
    y = b.tensor((1, 3), "float32")
    b.op("MUL", [again, b.const(np.float32([10]))], [y], "MulOptions")
    b.graph.outputs = [before, y]
    return b, [[f32(1, 3)] for _ in range(4)]


def swap():
    b = TfliteBuilder()
    x = b.input((2,), "float32")
    once(b, p=np.float32([1, 2]), q=np.float32([3, 4]))
    p, q = handle(b, "p"), handle(b, "q")
    was_p, was_q = read(b, p, (2,)), read(b, q, (2,))
    assign(b, p, was_q)
    assign(b, q, was_p)
    y = b.output((2,), "float32")
    b.op("ADD", [read(b, p, (2,)), x], [y], "AddOptions")
    z = b.output((2,), "float32")
    b.op("SUB", [read(b, q, (2,)), x], [z], "SubOptions")
    return b, [[f32(2)] for _ in range(3)]


def state_in_a_loop():
    """A fed number of turns, each of which adds x to the state."""
    b = TfliteBuilder()
    x, n = b.input((2,), "float32"), b.input((), "int32")
    once(b, s=np.float32([0, 0]))

    def step(ids):
        v = handle(b, "s")
        y = b.tensor((2,), "float32")
        b.op("ADD", [read(b, v, (2,)), ids[0]], [y], "AddOptions")
        assign(b, v, y)
        same = b.tensor((2,), "float32")
        b.op("RESHAPE", [ids[0], b.const(i32(2))], [same], "ReshapeOptions")
        return [same]

    countdown(b, n, [x], [(2,)], step)
    y = b.output((2,), "float32")
    b.op("TANH", [read(b, handle(b, "s"), (2,))], [y])
    return b, [[f32(2), np.int32(v)] for v in (2, 0, 3, 2)]


def signatures():
    b = TfliteBuilder()
    x = b.input((2,), "float32", name="x")
    y = b.output((2,), "float32", name="y")
    b.op("TANH", [x], [y])
    b.signature("encode", 0, {"text": x}, {"code": y})
    b.subgraph()
    x = b.input((3,), "float32", name="a")
    y = b.output((3,), "float32", name="b")
    b.op("NEG", [x], [y], "NegOptions")
    b.signature("decode", 1, {"code": x}, {"text": y})
    return b, [[f32(3)]]


def cases():
    for name, b, runs in fed_cases():
        yield name, b, runs, False
    yield "computed", *computed(), False
    yield "free_input", *free_input(), False
    yield "if_constant", *branch("constant"), True
    for kind in ("fed", "computed", "shapes"):
        yield f"if_{kind}", *branch(kind), False
    yield "if_nested", *nested(), False
    yield "while_constant", *loop("constant"), True
    yield "while_fed", *loop("fed"), False
    yield "while_one", *loop("one"), False
    yield "while_growing", *growing(), False
    yield "while_convergence", *convergence(), False
    yield "composite", *composite(), True
    yield "accumulator", *accumulator(), True
    yield "swap", *swap(), True
    yield "state_in_a_loop", *state_in_a_loop(), False


# ---- what must be refused ----
def calls(kind, index):
    b = TfliteBuilder()
    x, c = b.input((2,), "float32"), b.const(np.array([True]))
    y = b.output((2,), "float32")
    if kind == "IF":
        b.op("IF", [c, x], [y], "IfOptions", thenSubgraphIndex=index, elseSubgraphIndex=index)
    elif kind == "WHILE":
        b.op("WHILE", [x], [y], "WhileOptions", condSubgraphIndex=index, bodySubgraphIndex=index)
    elif kind == "CALL_ONCE":
        b.op("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=index)
        b.op("TANH", [x], [y])
    else:
        b.op("STABLEHLO_COMPOSITE", [x], [y], "StableHLOCompositeOptions", name="f", decompositionSubgraphIndex=index)
    return b


def chain(length, back_to=None):
    """Subgraph k calls k + 1; the last one calls `back_to`, or computes."""
    b = TfliteBuilder()
    for k in range(length):
        if k > 0:
            b.subgraph()
        x, y = b.input((2,), "float32"), b.output((2,), "float32")
        to = k + 1 if k + 1 < length else back_to
        if to is None:
            b.op("TANH", [x], [y])
        else:
            b.op("STABLEHLO_COMPOSITE", [x], [y], "StableHLOCompositeOptions", name="f", decompositionSubgraphIndex=to)
    return b


def many_calls(depth, width):
    """Every subgraph calls the next one so many times: width ** depth bodies."""
    b = TfliteBuilder()
    for k in range(depth):
        if k > 0:
            b.subgraph()
        t = b.input((2,), "float32")
        for _ in range(width):
            y = b.tensor((2,), "float32")
            if k + 1 < depth:
                b.op("STABLEHLO_COMPOSITE", [t], [y], "StableHLOCompositeOptions", name="f",
                     decompositionSubgraphIndex=k + 1)
            else:
                b.op("TANH", [t], [y])
            t = y
        b.graph.outputs = [t]
    return b


def endless(first, empty=False):
    """A loop whose condition always holds, or holds `first` times."""
    b = TfliteBuilder()
    x = b.input((1, 4), "float32")
    if empty:
        c, t = body(b, [(1, 4)], lambda ids: [b.const(np.array(True))]), body(b, [(1, 4)], lambda ids: ids)
        y = b.output((1, 4), "float32")
        b.op("WHILE", [x], [y], "WhileOptions", condSubgraphIndex=c, bodySubgraphIndex=t)
        return b
    b.graph.outputs = countdown(b, b.const(np.int32(first)), [x], [(1, 4)], dense_step(b, f32(4, 4)))
    return b


def bad_loop(kind):
    b = TfliteBuilder()
    x = b.input((2,), "float32")
    y = b.output((2,), "float32")

    def condition(ids):
        if kind == "not_bool":
            return [b.const(np.float32(1))]
        return [b.const(np.array([True, True] if kind == "two" else [False]))] * (2 if kind == "arity" else 1)

    def turn(ids):
        if kind == "body_arity":
            return ids + ids
        return [b.const(i32(1, 2))] if kind == "body_type" else ids

    shapes, types = [(2,)], ["int32" if kind == "operand_type" else "float32"]
    if kind == "operands":
        shapes, types = [(2,), (2,)], ["float32"] * 2
    c = body(b, shapes, condition if kind not in ("body_arity", "body_type") else lambda ids: [b.const(np.array([True]))],
             types)
    t = body(b, shapes, turn, types)
    b.op("WHILE", [x], [y], "WhileOptions", condSubgraphIndex=c, bodySubgraphIndex=t)
    return b


def bad_if(kind):
    b = TfliteBuilder()
    x = b.input((2,), "float32")
    condition = b.input((), "bool") if kind == "fed" else b.const(np.array([True]))
    y = b.output((2,), "int8" if kind == "output_type" else "float32")
    if kind == "unset":
        condition = b.tensor((1,), "bool")
    then = body(b, [(2,)], lambda ids: ids)
    b.op("IF", [condition, x] if kind != "empty" else [], [y], None if kind == "no_options" else "IfOptions",
         **({} if kind == "no_options" else {"thenSubgraphIndex": then, "elseSubgraphIndex": then}))
    return b


def bad_variable(kind):
    b = TfliteBuilder()
    x, y = b.input((2,), "float32"), b.output((2,), "float32")
    if kind == "fed_handle":
        v = b.input((1,), "resource")
    elif kind == "read_first":
        v = handle(b, "v")
    else:
        once(b, v=np.float32([1, 2]))
        v = handle(b, "v")
    if kind == "shape":
        z = b.tensor((1,), "float32")
        b.op("SLICE", [x, b.const(i32(0)), b.const(i32(1))], [z], "SliceOptions")
        assign(b, v, z)
        b.op("TANH", [x], [y])
    elif kind == "as_tensor":
        b.op("TANH", [v], [y])
    elif kind == "not_a_handle":
        b.op("READ_VARIABLE", [x], [y], "ReadVariableOptions")
    else:
        b.op("READ_VARIABLE", [v], [y], "ReadVariableOptions")
    return b


def refused():
    for kind in ("IF", "WHILE", "CALL_ONCE", "COMPOSITE"):
        yield f"{kind.lower()}_itself", calls(kind, 0), "bad_file", "calls itself"
        for index in (-1, 1, 2**31 - 1):
            yield f"{kind.lower()}_of_{index}".replace("-", "minus_"), calls(kind, index), "bad_file", "names subgraph"
    yield "cycle", chain(3, back_to=1), "bad_file", "calls itself"
    yield "deep", chain(20), "unsupported", "16 deep"
    yield "bomb", many_calls(12, 10), "unsupported", "more than 100000 operators"
    yield "while_for_ever", endless(-1), "unsupported", "more than 100000 operators"
    yield "while_empty_for_ever", endless(0, empty=True), "unsupported", "more than 100000 operators"
    yield "while_too_long", endless(2**30), "unsupported", "more than 100000 operators"
    for kind, text in (("not_bool", "not one bool"), ("two", "not one bool"), ("arity", "gives 2 values"),
                       ("body_arity", "gives 2 values for 1"), ("body_type", "is called with"),
                       ("operand_type", "is called with"), ("operands", "takes 2 operands")):
        yield f"while_{kind}", bad_loop(kind), "bad_file", text
    yield "if_output_type", bad_if("output_type"), "bad_file", "is given"
    yield "if_unset", bad_if("unset"), "bad_file", "used before it is computed"
    yield "if_empty", bad_if("empty"), "bad_file", "no condition"
    yield "if_no_options", bad_if("no_options"), "bad_file", "options of kind 0"
    yield "if_not_known", bad_if("fed"), "needs_value", "known at run time only"
    for kind, code, text in (("fed_handle", "unsupported", "resource"), ("read_first", "bad_file", "before anything"),
                             ("shape", "unsupported", "is assigned"), ("as_tensor", "bad_file", "is a resource"),
                             ("not_a_handle", "bad_file", "reads no variable")):
        yield f"variable_{kind}", bad_variable(kind), code, text


def answers(model, runs):
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    results = []
    for arrays in runs:
        for detail, array in zip(interpreter.get_input_details(), arrays):
            interpreter.resize_tensor_input(detail["index"], np.asarray(array).shape)
        interpreter.allocate_tensors()
        for detail, array in zip(interpreter.get_input_details(), arrays):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        results.append([interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()])
    return results


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*.tflite"):
        old.unlink()
    data, entries, refusals = bytearray(), [], []

    def store(array):
        array = np.asarray(array)
        data.extend(bytes(-len(data) % 8))
        place = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": len(data)}
        data.extend(np.ascontiguousarray(array).tobytes())
        return place

    for name, b, runs, plain in cases():
        model = b.bytes()
        (OUTPUT / f"{name}.tflite").write_bytes(model)
        entries.append({"name": name, "file": f"{name}.tflite", "plain": plain,
                        "runs": [{"inputs": [store(x) for x in xs], "outputs": [store(y) for y in ys]}
                                 for xs, ys in zip(runs, answers(model, runs))]})
    b, runs = signatures()
    model = b.bytes()
    (OUTPUT / "signatures.tflite").write_bytes(model)
    runner = Interpreter(model_content=model).get_signature_runner("decode")
    entries.append({"name": "signatures", "file": "signatures.tflite", "signature": "decode", "plain": True,
                    "runs": [{"inputs": [store(x) for x in xs], "outputs": [store(runner(code=xs[0])["text"])]}
                             for xs in runs]})
    for name, b, code, text in refused():
        (OUTPUT / f"{name}.tflite").write_bytes(b.bytes())
        refusals.append({"name": name, "file": f"{name}.tflite", "code": code, "message": text})
    (OUTPUT / "index.json").write_text('{"cases": [\n' + ",\n".join(map(json.dumps, entries)) + '\n],\n"refused": [\n' +
                                       ",\n".join(map(json.dumps, refusals)) + "\n]}\n")
    (OUTPUT / "data.bin").write_bytes(data)
    print(f"{len(entries)} cases, {len(refusals)} refusals, {len(data)} bytes of data")


if __name__ == "__main__":
    main()
