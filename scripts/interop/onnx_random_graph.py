"""A graph that grows at random: the Grower of onnx_random.py, and how drawing functions are registered.

A drawing function takes the Grower and the operator's name, and returns inputs (names, "" where one is left out), attributes, and the
number of outputs (or which there are); None where nothing fits.
"""
import re

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from random_cases import Draws

onnxruntime.set_default_logger_severity(4)
F32, F16, F64 = np.dtype("float32"), np.dtype("float16"), np.dtype("float64")
I8, U8, I16, U16, I32, I64, U32, U64 = (np.dtype(t) for t in ("int8", "uint8", "int16", "uint16", "int32", "int64", "uint32", "uint64"))
BOOL = np.dtype("bool")
MOST = 6000  # elements of a tensor
OPTIONS = onnxruntime.SessionOptions()
OPTIONS.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
OPTIONS.intra_op_num_threads = 1
OPTIONS.add_session_config_entry("session.x64quantprecision", "1")

DRAWS = {}    # operator: (function, first opset, last opset)
JUMPS = set()  # a small error of an operand can become a large one of the result
KEEPS = set()  # the result is exact where the operands are


def draws(*names, since=7, until=99, jumps=False, keeps=False):
    def note(function):
        for name in names:
            DRAWS.setdefault(name, []).append((function, since, until))
            if jumps:
                JUMPS.add(name)
            if keeps:
                KEEPS.add(name)
        return function
    return note


class Grower(Draws):
    def __init__(self, r, only="", special=False, names=False):
        self.r, self.only, self.special, self.names = r, only, special, names
        self.opset = int(r.integers(7, 23))
        self.nodes, self.initializers, self.feeds = [], [], {}
        self.values, self.exact, self.symbols = {}, {}, {}
        self.made, self.answers, self.model, self.depth = 0, {}, None, 0
        self.computed = []
        self.loose = set()  # rounded in another way than onnxruntime does: a quantum away now and then

    # ---- numbers ----
    def shape(self, low=1, high=4, most=5):
        dims = [self.pick(1, *range(1, most + 1)) for _ in range(self.some(low, high))]
        if dims and self.chance(0.03):
            dims[self.some(0, len(dims) - 1)] = 0
        return dims

    def numbers(self, shape, dtype, low=-4, high=4):
        if dtype == BOOL:
            return self.r.integers(0, 2, shape).astype(BOOL)
        if dtype.kind in "iu":
            low = max(low, int(np.iinfo(dtype).min))
            return self.r.integers(low, high + 1, shape).astype(dtype)
        x = (self.r.integers(4 * low, 4 * high + 1, shape) / 4).astype(dtype)
        if self.special and x.size and self.chance(0.3):
            flat = x.reshape(-1)
            for _ in range(2):
                flat[self.some(0, x.size - 1)] = self.pick(np.nan, np.inf, -np.inf, -0.0)
        return x

    # ---- values ----
    def name(self, stem):
        self.made += 1
        return f"{stem}{self.made}"

    def constant(self, array):
        """An initialiser, sometimes one that is there already, or a Constant."""
        array = np.asarray(array)
        for p in self.initializers:
            if list(p.dims) == list(array.shape) and p.data_type == helper.np_dtype_to_tensor_dtype(array.dtype) and \
                    np.array_equal(numpy_helper.to_array(p), array, equal_nan=array.dtype.kind == "f"):
                return p.name
        name = self.name("c")
        if self.chance(0.15):
            how = {"value": numpy_helper.from_array(array, name)}
            if self.opset >= 12 and array.ndim == 1 and array.dtype == I64 and array.size:
                how = {"value_ints": [int(v) for v in array]}
            elif self.opset >= 12 and array.ndim == 0 and array.dtype == F32:
                how = {"value_float": float(array)}
            self.nodes.append(helper.make_node("Constant", [], [name], **how))
        elif self.chance(0.4) and array.dtype.itemsize > 2 and array.dtype.kind in "fi":
            self.initializers.append(helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, array.reshape(-1)))
        else:
            self.initializers.append(numpy_helper.from_array(array, name))
        self.values[name], self.exact[name] = array, True
        return name

    def feed(self, array, named=True):
        name = self.name("x")
        self.feeds[name] = self.values[name] = np.asarray(array)
        self.symbols[name] = [self.chance(0.2) and named and self.names for d in range(self.values[name].ndim)]
        self.exact[name] = True
        return name

    def leaf(self, shape, dtype, low=-4, high=4, fed=0.6):
        array = self.numbers(shape, dtype, low, high)
        return self.feed(array) if self.depth == 0 and self.chance(fed) else self.constant(array)

    def sizes(self, values, fed=0.08):
        """Integers that decide shapes: a constant, fed, or made from a shape."""
        values = np.asarray(values, np.int64)
        if self.depth == 0 and self.chance(fed):
            return self.feed(values, named=False)
        if self.depth == 0 and values.ndim == 1 and values.size and self.computed and self.chance(0.15):
            parts, source = [], self.pick(*self.computed)
            shape = self.name("s")
            self.add("Shape", [source], [shape])
            for v in values:
                dims = self.values[source].shape
                if int(v) in dims:
                    picked, one = self.name("s"), self.name("s")
                    index = self.constant(np.array(dims.index(int(v)), I64))
                    self.add("Gather", [shape, index], [picked], axis=0)
                    if self.opset >= 13:
                        self.add("Unsqueeze", [picked, self.constant(np.array([0], I64))], [one])
                    else:
                        self.add("Unsqueeze", [picked], [one], axes=[0])
                    parts.append(one)
                else:
                    parts.append(self.constant(np.array([v], I64)))
            name = self.name("s")
            self.add("Concat", parts, [name], axis=0)
            return name
        return self.constant(values)

    def operand(self, types=(F32,), low=0, high=8, fits=None, shape=None, exact=False, new=0.25):
        """An earlier result or a leaf of one of the types and with so many dimensions."""
        found = [n for n in self.computed if self.values[n].dtype in types and low <= self.values[n].ndim <= high and
                 (not exact or self.exact[n]) and (fits is None or fits(self.values[n])) and not n.startswith("s")
            and n not in self.loose]
        if found and not self.chance(new):
            return found[-1] if self.chance(0.6) else self.pick(*found)
        for _ in range(20):
            made = shape() if shape else self.shape(low, min(high, max(low, 4)))
            if fits is None or fits(np.zeros(made)):
                return self.leaf(made, self.pick(*types))
        return None

    def dims(self, name):
        return list(self.values[name].shape)

    def dtype(self, name):
        return self.values[name].dtype

    def axis(self, rank):
        return self.some(-rank, rank - 1) if self.opset >= 11 else self.some(0, rank - 1)

    def axes(self, rank, negative=True):
        chosen = sorted(int(v) for v in self.r.permutation(rank)[:self.some(1, rank)])
        if negative and self.opset >= 11:
            chosen = [a - rank if self.chance(0.3) else a for a in chosen]
        return chosen

    def broadcast(self, shape):
        """A shape that broadcasts with this one."""
        dims = [1 if self.chance(0.3) else d for d in shape]
        dims = dims[self.some(0, len(dims)):] if self.chance(0.4) else dims
        return dims

    # ---- graphs ----
    def run(self, nodes, names, outputs):
        """What onnxruntime computes of the names' values; None where it refuses."""
        def info(n):
            return helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(self.values[n].dtype), self.values[n].shape)
        graph = helper.make_graph(nodes, "g", [info(n) for n in names], [helper.make_empty_tensor_value_info(o) for o in outputs])
        model = self.wrapped(graph)
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), OPTIONS, providers=["CPUExecutionProvider"])
            return session.run(outputs, {n: self.values[n] for n in names})
        except Exception as error:  # noqa: BLE001 - whatever it throws is its answer
            self.words = str(error)
            return None

    def wrapped(self, graph):
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8 if self.opset < 19 else 10)

    def add(self, op, inputs, outputs, seen=(), domain="", **attributes):
        """A node, run at once; False where onnxruntime refuses it."""
        node = helper.make_node(op, inputs, outputs, domain=domain, **attributes)
        names = list(dict.fromkeys(n for n in (*inputs, *seen) if n))
        got = self.run([node], names, [o for o in outputs if o])
        if got is None or any(not isinstance(g, np.ndarray) or g.size > MOST or g.ndim > 7 for g in got):
            return False
        exact = all(self.exact[n] for n in names)
        if op in JUMPS and not exact:
            return False
        for o, g in zip((o for o in outputs if o), got):
            with np.errstate(all="ignore"):
                if g.dtype.kind == "f" and not self.special and not np.all(np.abs(g.astype(np.float64)) < 1e4):
                    return False
            self.values[o], self.exact[o] = g, g.dtype.kind not in "f" or exact and op in KEEPS
        self.nodes.append(node)
        return True

    def step(self, names):
        op = self.pick(*names)
        function, since, until = self.pick(*DRAWS[op])
        if not since <= self.opset <= until:
            return False
        before = len(self.nodes), len(self.initializers), dict(self.feeds)
        drawn = function(self, op)
        done = False
        if drawn is not None:
            inputs, attributes, outs = drawn
            outputs = [self.name("y") if not isinstance(outs, list) or outs[i] else "" for i in range(outs if isinstance(outs, int) else len(outs))]
            while inputs and inputs[-1] == "":
                inputs = inputs[:-1]
            domain = attributes.pop("domain", "")
            seen = attributes.pop("seen", ())
            loose = attributes.pop("loose", False)
            done = self.add(op, list(inputs), outputs, seen, domain, **attributes)
        if not done:  # as it was
            self.nodes, self.initializers, self.feeds = self.nodes[:before[0]], self.initializers[:before[1]], before[2]
            return False
        self.computed += [o for o in outputs if o]
        if loose:
            self.loose.update(outputs)
        return True

    def grow(self):
        size, tries = self.some(2, 6), 0
        names = list(DRAWS)
        firsts = [n for n in names if re.search(self.only, n)]
        while len(self.computed) < size and tries < 60:
            tries += 1
            self.step(firsts if not self.computed and self.only else names)
        if not self.computed:
            return None
        read = {i for n in self.nodes for i in n.input}
        outputs = [n for n in self.computed if n not in read or self.chance(0.2)] or [self.computed[-1]]
        self.feeds = {n: v for n, v in self.feeds.items() if self.used(n)}

        def info(n):
            dims = [f"d{d}" if free else d for d, free in zip(self.values[n].shape, self.symbols[n])]
            return helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(self.values[n].dtype), dims)
        kept = [p for p in self.initializers if self.used(p.name)]
        graph = helper.make_graph(self.nodes, "g", [info(n) for n in self.feeds],
                                  [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(self.values[n].dtype), None)
                                   for n in outputs], kept)
        self.model = self.wrapped(graph)
        try:
            session = onnxruntime.InferenceSession(self.model.SerializeToString(), OPTIONS, providers=["CPUExecutionProvider"])
            got = session.run(outputs, self.feeds)
        except Exception as error:  # noqa: BLE001
            self.words = str(error)
            return None
        self.answers = dict(zip(outputs, got))
        return self

    def used(self, name):
        def within(nodes):
            return any(name in n.input or any(a.HasField("g") and (within(a.g.node) or name in [o.name for o in a.g.output])
                                              for a in n.attribute) for n in nodes)
        return within(self.nodes)
