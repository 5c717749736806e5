"""Hostile .onnx files, by the row of the table of hostile input: 49 to 65. Cases as in tflite_rows.py."""
import struct

from proto import (BOOL, FLOAT, INT8, INT32, INT64, UINT8, attribute, external, floats, function, graph, int64s, model, node, number,
                   one, tensor, text, value, varint)

TOP, WIDE = 2**31 - 1, 2**63 - 1
BIG = [0, -1, TOP, 2**32, WIDE, -2**63]


def refused(row, what, data):
    return row, what, data, "refused"


def either(row, what, data):
    return row, what, data, "either"


def relu(constants=(), rest=b"", more=()):
    return model(graph([node("Relu", ["x"], ["y"]), *more], [value("x", [4])], [value("y", [4])], constants, rest))


def plus(constant):
    """x + c, where c is the constant given."""
    return model(graph([node("Add", ["x", "c"], ["y"])], [value("x", [4])], [value("y", [4])], [constant]))


def container():
    """Rows 49 to 59: messages, constants, external files, functions and subgraphs."""
    good = relu()
    yield either(49, "as it should be", good)
    for what, more in (("a number of 11 bytes", b"\x08" + b"\x80" * 10 + b"\x01"), ("a length past the end", b"\x3a\xff\xff\xff\x7f"),
                       ("a length of 2^63", b"\x3a" + varint(2**63)), ("wire type 3", b"\x3b"), ("wire type 4", b"\x3c"),
                       ("wire type 6", b"\x3e"), ("wire type 7", b"\x3f"), ("field 0", b"\x00\x00"), ("half a number", b"\x08\x80"),
                       ("a graph that is a number", number(7, 1))):
        yield refused(49, what, good + more)
    body = b""
    for _ in range(5000):
        body = text(5, text(1, "a") + text(6, text(1, body + text(4, "If"))))
        if len(body) > 60_000:
            break
    yield refused(49, "attributes and graphs in each other", model(graph([text(4, "If") + body])))
    yield refused(49, "40 MB of messages in each other", b"\x08\x08" + deep(2000))
    for count in (10**5, 2 * 10**6):
        yield refused(50, f"{count} sizes", relu([tensor("c", [1] * count, raw=b"1234")]))
        yield refused(50, f"an input of {count} sizes", model(graph([node("Relu", ["x"], ["y"])], [value("x", [1] * min(count, 10**5))],
                                                                    [value("y")])))
    yield refused(50, "100,001 nodes", relu(more=[node("Relu", ["x"], [f"a{i}"]) for i in range(100_001)]))
    yield refused(50, "1,100,000 opsets", good + number(8, 0)[:0] + b"\x42\x00" * 1_100_000)
    yield either(50, "a name of 1 MB", model(graph([node("Relu", ["x" * 10**6], ["y"])], [value("x" * 10**6, [4])], [value("y", [4])])))
    yield refused(50, "a node with 2,000 attributes", model(graph([node("Relu", ["x"], ["y"], **{f"a{i}": i for i in range(2000)})],
                                                                   [value("x", [4])], [value("y", [4])])))
    yield refused(50, "an operator whose name has 1 MB", model(graph([node("R" * 10**6, ["x"], ["y"])], [value("x", [4])], [value("y", [4])])))
    yield refused(50, "two values of one name", relu(more=[node("Relu", ["x"], ["y"])]))
    yield refused(50, "two constants of one name", relu([floats("c", [1], [1]), floats("c", [1], [2])]))
    yield refused(50, "two graphs", good + text(7, graph([node("Relu", ["y"], ["y"])])))
    for size in (0, 15, 17, 1000):
        yield refused(51, f"raw data of {size} bytes", plus(tensor("c", [4], raw=bytes(size))))
    yield refused(51, "a list that is too short", plus(tensor("c", [4], rest=text(4, bytes(12)))))
    yield refused(51, "raw data and a list", plus(tensor("c", [4], raw=bytes(12), rest=text(4, bytes(16)))))
    yield refused(51, "no values", plus(tensor("c", [4])))
    for dims in ([2**30, 2**30], [2**62, 4], [WIDE], [-1], [-2**63], [0, WIDE], [2**32, 2**32], [2**31] * 8):
        yield refused(51, f"a constant of {dims}", plus(tensor("c", dims, raw=b"1234")))
        yield either(51, f"an input of {dims}", model(graph([node("Relu", ["x"], ["y"])], [value("x", dims)], [value("y", dims)])))
    for kind in (0, 8, 14, 15, 17, 23, 99, -1, TOP):
        yield refused(51, f"a constant of type {kind}", plus(tensor("c", [4], kind, raw=bytes(16))))
        yield refused(51, f"an input of type {kind}", model(graph([node("Relu", ["x"], ["y"])], [value("x", [4], kind)], [value("y")])))
    for place in ("../index.json", "a/../../b", "/etc/passwd", "C:\\x", "\\\\host\\x", "", "x\0y", ".", "..", "/dev/zero", "/proc/self/mem",
                  "*/_ORT_MEM_ADDR_/*", "fifo", "link", "linked/weights", "folder", "missing", "a" * 5000):
        yield refused(55 if "ORT" in place else 53 if "link" in place else 52, f"external data in {place[:30]!r}", plus(external("c", [4], place)))
        yield refused(52, f"external data in {place[:30]!r}, with a place in it", plus(external("c", [4], place, "140000", "16")))
    for offset, length in (("-1", "16"), ("x", "16"), ("0", "-16"), ("0", "99"), ("1000000", "16"), (str(WIDE), "16"), ("9" * 40, "16"),
                           ("0x10", "16"), ("", ""), ("0", str(2**50)), (" 0", "16"), ("1e3", "16")):
        yield refused(54, f"external data from {offset!r}, {length!r} bytes", plus(external("c", [4], "weights", offset, length)))
    yield either(54, "external data with unknown keys", plus(external("c", [4], "weights", more=[("checksum", "0"), ("key", "v")])))
    yield refused(54, "external data of 4 EB", plus(external("c", [2**30, 2**30], "weights")))
    yield from functions()
    yield from subgraphs()


def deep(levels):
    body = b""
    for _ in range(levels):
        body = text(7, text(1, text(5, text(6, body))))
    return body


def functions():
    def calling(names, extra=(), body=None):
        made = [function(a, ["x"], ["y"], [node(b, ["x"], ["y"], "f")]) for a, b in names]
        return model(graph([node(names[0][0], ["x"], ["y"], "f")], [value("x", [4])], [value("y", [4])]), [*made, *extra])

    yield refused(56, "a function that calls itself", calling([("A", "A")]))
    yield refused(56, "two that call each other", calling([("A", "B"), ("B", "A")]))
    yield refused(56, "200 that call each other in a ring", calling([(f"F{i}", f"F{(i + 1) % 200}") for i in range(200)]))
    last = function("F200", ["x"], ["y"], [node("Relu", ["x"], ["y"])])
    yield refused(56, "200 functions deep", calling([(f"F{i}", f"F{i + 1}") for i in range(200)], [last]))
    branch = graph([node("A", ["x"], ["z"], "f")], [], [value("z", [4])])
    looping = function("A", ["x"], ["y"], [node("If", ["b"], ["y"], then_branch=("graph", branch), else_branch=("graph", branch))])
    yield refused(56, "through a branch", model(graph([node("A", ["x"], ["y"], "f")], [value("x", [4]), value("b", [1], BOOL)],
                                                      [value("y", [4])]), [looping]))
    for wide, levels in ((2, 15), (10, 10), (100, 8)):
        made = [function(f"F{i}", ["x"], ["y"], [node(f"F{i + 1}" if i + 1 < levels else "Relu", ["x"], ["y" if k == wide - 1 else f"a{k}"],
                                                      "f" if i + 1 < levels else "") for k in range(wide)]) for i in range(levels)]
        yield refused(56, f"{levels} functions of {wide} calls each", model(
            graph([node("F0", ["x"], ["y"], "f")], [value("x", [4])], [value("y", [4])]), made)) if wide**levels > 100_000 else either(
                56, f"{levels} functions of {wide} calls each", model(
                    graph([node("F0", ["x"], ["y"], "f")], [value("x", [4])], [value("y", [4])]), made))
    yield refused(56, "a call with too many operands", model(graph([node("A", ["x"] * 5, ["y"] * 3, "f")], [value("x", [4])], [value("y", [4])]),
                                                             [function("A", ["x"], ["y"], [node("Relu", ["x"], ["y"])])]))


def subgraphs():
    def loop(trips, keep, body, **more):
        return model(graph([node("Loop", ["m", "k", "x"], ["y"], body=("graph", body), **more)], [value("x", [4])], [value("y", [4])],
                           [int64s("m", [trips], []), tensor("k", [], BOOL, bytes([keep]))]))

    step = graph([node("Identity", ["c"], ["d"]), node("Relu", ["v"], ["w"])],
                 [value("i", [], INT64), value("c", [], BOOL), value("v", [4])], [value("d", [], BOOL), value("w", [4])])
    for trips in (WIDE, 10**6, 4097, -1, 0):
        yield (either if trips < 1 else refused)(58, f"a loop of {trips} rounds", loop(trips, 1, step))
    yield refused(58, "a body without inputs", loop(3, 1, graph([], [], [])))
    yield refused(58, "a body that reads what is not there", loop(3, 1, graph([node("Relu", ["nowhere"], ["w"])], [
        value("i", [], INT64), value("c", [], BOOL), value("v", [4])], [value("c", [], BOOL), value("w", [4])])))
    growing = graph([node("Concat", ["v", "v"], ["w"], axis=0), node("Identity", ["c"], ["d"])],
                    [value("i", [], INT64), value("c", [], BOOL), value("v", ["n"])], [value("d", [], BOOL), value("w", ["n"])])
    yield refused(58, "a loop that doubles 60 times", loop(60, 1, growing))
    for count in (0, 3, 100, -1, WIDE, -2**63):
        yield refused(58, f"Scan over {count} inputs", model(graph([node("Scan", ["x"], ["y"], body=("graph", graph(
            [node("Relu", ["v"], ["w"])], [value("v", [4])], [value("w", [4])])), num_scan_inputs=count)], [value("x", [2, 4])],
            [value("y", [2, 4])]))) if count != 1 else None
    inner = graph([node("Relu", ["x"], ["z"])], [], [value("z", [4])])
    for i in range(60):
        inner = graph([node("If", ["b"], ["z"], then_branch=("graph", inner), else_branch=("graph", graph(
            [node("Relu", ["x"], ["z"])], [], [value("z", [4])])))], [], [value("z", [4])])
    yield refused(57, "60 branches in each other", model(graph([node("If", ["b"], ["y"], then_branch=("graph", inner), else_branch=(
        "graph", inner))], [value("x", [4]), value("b", [], BOOL)], [value("y", [4])])))
    for rank in (10**9, WIDE, -1):
        yield refused(59, f"a shape of {rank} sizes", model(graph([node("ConstantOfShape", ["s"], ["y"])], [value("s", [rank], INT64)],
                                                                  [value("y")])))
        yield refused(59, f"a shape of 8 sizes of {rank}", one("ConstantOfShape", [int64s("c0", [rank] * 8)], [(["n"],)]))


def operators():
    """Rows 60 to 65."""
    x = ([1, 2, 4, 4], FLOAT)
    w = floats("c0", [3, 2, 2, 2], [0.0] * 24)
    for n in [*BIG, 3]:
        for name in ("strides", "dilations", "kernel_shape"):
            yield either(60, f"Conv, {name} {n}", one("Conv", [x, w], [([1, 3, 3, 3],)], **{name: [n, n]}))
            yield either(60, f"ConvTranspose, {name} {n}", one("ConvTranspose", [([1, 3, 4, 4], FLOAT), w], [(["n"] * 4,)], **{name: [n, n]}))
            more = {} if name == "kernel_shape" else {"kernel_shape": [2, 2]}
            for op in ("MaxPool", "AveragePool", "LpPool"):
                yield either(60, f"{op}, {name} {n}", one(op, [x], [(["n"] * 4,)], **{name: [n, n]}, **more))
        yield either(60, f"Conv, pads {n}", one("Conv", [x, w], [(["n"] * 4,)], pads=[n] * 4))
        yield either(60, f"Conv, one pad {n}", one("Conv", [x, w], [(["n"] * 4,)], pads=[n]))
        yield either(60, f"Conv, group {n}", one("Conv", [x, w], [(["n"] * 4,)], group=n))
        yield either(60, f"ConvTranspose, output_shape {n}", one("ConvTranspose", [([1, 3, 4, 4], FLOAT), w], [(["n"] * 4,)], output_shape=[n, n]))
        yield either(60, f"MaxPool, pads {n}", one("MaxPool", [x], [(["n"] * 4,)], pads=[n] * 4, kernel_shape=[2, 2], ceil_mode=1))
        for op in ("DepthToSpace", "SpaceToDepth"):
            yield either(61, f"{op} of {n}", one(op, [x], [(["n"] * 4,)], blocksize=n))
        for op, count in (("Tile", 4), ("Expand", 4), ("Expand", 1), ("Reshape", 4), ("Reshape", 9)):
            yield either(61, f"{op} by {count} times {n}", one(op, [x, int64s("c0", [n] * count)], [(["n"] * 4,)]))
            yield either(61, f"{op} fed", one(op, [x, ([count], INT64)], [(["n"] * 4,)]))
        yield either(61, f"Pad by {n}", one("Pad", [x, int64s("c0", [n] * 8)], [(["n"] * 4,)]))
        for mode in ("reflect", "edge", "wrap"):
            yield either(61, f"Pad by {n}, {mode}", one("Pad", [x, int64s("c0", [0, 0, n, n, 0, 0, n, 0])], [(["n"] * 4,)], mode=mode))
        yield either(61, f"OneHot of depth {n}", one("OneHot", [([3], INT64), int64s("c0", [n]), floats("c1", [2], [0, 1])], [(["n"] * 2,)]))
        yield either(61, f"Slice by {n}", one("Slice", [x, int64s("c0", [n]), int64s("c1", [~n]), int64s("c2", [0]), int64s("c3", [n])],
                                              [(["n"] * 4,)]))
        yield either(61, f"Slice along {n}", one("Slice", [x, int64s("c0", [0]), int64s("c1", [1]), int64s("c2", [n])], [(["n"] * 4,)]))
        yield either(61, f"Range to {n}", one("Range", [int64s("c0", [0], []), int64s("c1", [n], []), int64s("c2", [1], [])], [(["n"], INT64)]))
        yield either(61, f"Range by {n}", one("Range", [int64s("c0", [0], []), int64s("c1", [9], []), int64s("c2", [n], [])], [(["n"], INT64)]))
        for op in ("Div", "Mod", "Pow"):
            yield either(61, f"{op} of -2^63 by {n}", one(op, [int64s("c0", [-2**63]), int64s("c1", [n])], [([1], INT64)]))
        yield either(61, f"BitShift by {n}", one("BitShift", [tensor("c0", [1], 13, struct.pack("<Q", 5)), tensor(
            "c1", [1], 13, struct.pack("<Q", n & (2**64 - 1)))], [([1], 13)], direction="LEFT"))
        yield either(61, f"Split into {n}", one("Split", [x, int64s("c0", [n, n])], [(["n"] * 4,)] * 2, axis=1))
        for k in (n,):
            yield either(62, f"MatMulNBits K {k}", one("MatMulNBits", [([1, 32], FLOAT), tensor("c0", [4, 1, 16], UINT8, bytes(64)),
                                                                      floats("c1", [4], [1.0] * 4)], [(["n"] * 2,)], "com.microsoft",
                                                       K=k, N=4, bits=4, block_size=32))
            yield either(62, f"MatMulNBits N {k}", one("MatMulNBits", [([1, 32], FLOAT), tensor("c0", [4, 1, 16], UINT8, bytes(64)),
                                                                      floats("c1", [4], [1.0] * 4)], [(["n"] * 2,)], "com.microsoft",
                                                       K=32, N=k, bits=4, block_size=32))
            yield either(62, f"MatMulNBits blocks of {k}", one("MatMulNBits", [([1, 32], FLOAT), tensor("c0", [4, 1, 16], UINT8, bytes(64)),
                                                                              floats("c1", [4], [1.0] * 4)], [(["n"] * 2,)],
                                                               "com.microsoft", K=32, N=4, bits=4, block_size=k))
            for op in ("LSTM", "GRU", "RNN"):
                gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
                yield either(62, f"{op} of {k} cells", one(op, [([2, 1, 4], FLOAT), floats("c0", [1, gates * 3, 4], [0.0] * gates * 12),
                                                                floats("c1", [1, gates * 3, 3], [0.0] * gates * 9)], [(["n"] * 4,)], hidden_size=k))
            yield either(62, f"Attention of {k} heads", one("Attention", [([1, 4, 8], FLOAT)] * 3, [(["n"] * 3,)], q_num_heads=k, kv_num_heads=k))
        for op in ("Softmax", "ArgMax", "Concat", "Squeeze", "Flatten", "Gather", "CumSum", "LayerNormalization", "TopK", "Unsqueeze"):
            more = {"Gather": [int64s("c0", [0])], "CumSum": [int64s("c0", [n], [])], "TopK": [int64s("c0", [n])],
                    "Unsqueeze": [int64s("c0", [n])], "Squeeze": [int64s("c0", [n])], "LayerNormalization": [floats("c0", [4], [1.0] * 4)]}.get(op, [])
            axis = {} if op in ("CumSum", "Unsqueeze", "Squeeze") else {"axis": n if op != "TopK" else -1}
            yield either(63, f"{op} at {n}", one(op, [x, *more], [(["n"] * 4, INT64 if op == "ArgMax" else FLOAT)], **axis))
        for op in ("ReduceSum", "ReduceMean"):
            yield either(63, f"{op} along {n}", one(op, [x, int64s("c0", [n, n])], [(["n"] * 4,)]))
        for perm in ([n], [n] * 4, [0, 1, 2, n]):
            yield either(63, f"Transpose by {perm}", one("Transpose", [x], [(["n"] * 4,)], perm=perm))
        for op in ("Gather", "GatherND", "GatherElements"):
            yield either(35, f"{op} of {n}", one(op, [x, int64s("c0", [n], [1, 1, 1, 1])], [(["n"] * 7,)]))
            yield either(35, f"{op} fed", one(op, [x, ([1, 1, 1, 1], INT64)], [(["n"] * 7,)]))
        yield either(35, f"ScatterND at {n}", one("ScatterND", [x, int64s("c0", [n], [1, 1]), floats("c1", [1, 2, 4, 4], [0.0] * 32)], [(["n"] * 4,)]))
        yield either(35, f"ScatterElements at {n}", one("ScatterElements", [x, int64s("c0", [n], [1] * 4), floats("c1", [1] * 4, [0.0])], [(["n"] * 4,)]))
        for sizes in ([n], [n] * 4, [1, 2, n, n]):
            yield either(63, f"Resize to {sizes}", one("Resize", [x, None, None, int64s("c0", sizes)], [(["n"] * 4,)]))
        for scale in (0.0, -1.0, float("nan"), float("inf"), 1e30, 1e-30):
            yield either(63, f"Resize by {scale}", one("Resize", [x, None, floats("c0", [4], [1, 1, scale, scale])], [(["n"] * 4,)]))
        for op in ("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"):
            yield either(64, f"{op} of label {n}", one(op, [([2, 4], FLOAT), int64s("c0", [n, 0])], [([],)], ignore_index=n))
            yield either(64, f"{op} of labels fed", one(op, [([2, 4], FLOAT), ([2], INT64)], [([],)], ignore_index=n))
            yield either(64, f"{op} of no labels", one(op, [([0, 4], FLOAT), ([0], INT64)], [([],)]))
        yield from trees(n)
        yield either(65, f"opset {n}", model(graph([node("Relu", ["x"], ["y"])], [value("x", [4])], [value("y", [4])]), opsets=[("", n)]))
    for scale in (0.0, -1.0, float("nan"), float("inf"), 1e-45, 3e38):
        for op, kind in (("QuantizeLinear", FLOAT), ("DequantizeLinear", INT8)):
            yield either(22, f"{op} of scale {scale:g}", one(op, [([4], kind), floats("c0", [], [scale]), tensor("c1", [], INT8, b"\0")],
                                                             [([4], INT8 if kind == FLOAT else FLOAT)]))
        yield either(22, f"QLinearMatMul of scale {scale:g}", one("QLinearMatMul", [
            ([2, 4], INT8), floats("c0", [], [scale]), tensor("c1", [], INT8, b"\0"), tensor("c2", [4, 3], INT8, bytes(12)), floats("c3", [], [scale]),
            tensor("c4", [], INT8, b"\0"), floats("c5", [], [1.0]), tensor("c6", [], INT8, b"\0")], [([2, 3], INT8)]))
    yield refused(65, "no opset", model(graph([node("Relu", ["x"], ["y"])], [value("x", [4])], [value("y", [4])]), opsets=[]))
    yield either(65, "two opsets of one domain", model(graph([node("Relu", ["x"], ["y"])], [value("x", [4])], [value("y", [4])]),
                                                       opsets=[("", 17), ("", 10**9)]))
    yield refused(65, "an unknown domain", one("Relu", [([4], FLOAT)], [([4],)], "evil.so"))
    yield refused(66, "an operator called as a library", one("../../evil.so", [([4], FLOAT)], [([4],)], "/tmp"))
    yield refused(65, "an input without a type", model(graph([node("Relu", ["x"], ["y"])], [value("x")], [value("y")])))
    yield refused(65, "an input that is a sequence", model(graph([node("Relu", ["x"], ["y"])], [text(1, "x") + text(2, text(4, b""))], [value("y")])))
    yield refused(65, "a sparse constant", relu(rest=text(15, text(1, floats("c", [1], [1])) + text(2, int64s("i", [99])) + number(3, 4))))
    yield refused(65, "a model without a graph", number(1, 8) + text(8, number(2, 17)))
    yield refused(65, "an output that nothing computes", model(graph([node("Relu", ["x"], ["z"])], [value("x", [4])], [value("y", [4])])))
    yield refused(15, "two nodes that read each other", model(graph([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], [value("x", [4])],
                                                                    [value("b", [4])])))


def trees(n):
    """ai.onnx.ml: the nodes of a tree that are not one."""
    def lists(**changed):
        all = {"nodes_treeids": [0, 0, 0], "nodes_nodeids": [0, 1, 2], "nodes_featureids": [0, 0, 0], "nodes_truenodeids": [1, 0, 0],
               "nodes_falsenodeids": [2, 0, 0], "target_treeids": [0, 0], "target_nodeids": [1, 2], "target_ids": [0, 0], "n_targets": 1,
               **changed}
        out = b"".join(text(5, attribute(k, v)) for k, v in all.items())
        modes = text(1, "nodes_modes") + b"".join(text(9, m) for m in ("BRANCH_LEQ", "LEAF", "LEAF")) + number(20, 8)
        values = text(1, "nodes_values") + text(7, struct.pack("<3f", 1, 0, 0)) + number(20, 6)
        weights = text(1, "target_weights") + text(7, struct.pack("<2f", 1, 2)) + number(20, 6)
        body = text(1, "x") + text(2, "y") + text(4, "TreeEnsembleRegressor") + text(7, "ai.onnx.ml")
        return model(graph([body + out + text(5, modes) + text(5, values) + text(5, weights)], [value("x", [1, 4])], [value("y", [1, 1])]),
                     opsets=(("", 17), ("ai.onnx.ml", 3)))

    yield either(62, "a tree as it should be", lists())
    for key in ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"):
        yield either(62, f"a tree whose {key} are {n}", lists(**{key: [n, n, n]}))
        yield either(62, f"a tree whose {key} begin with {n}", lists(**{key: [n, 1, 2]}))
        yield either(62, f"a tree whose {key} are too few", lists(**{key: [0]}))
    for key in ("target_treeids", "target_nodeids", "target_ids"):
        yield either(62, f"a tree whose {key} are {n}", lists(**{key: [n, n]}))
    yield either(62, f"a tree of {n} targets", lists(n_targets=n))
    yield refused(62, "a tree that is a ring", lists(nodes_truenodeids=[0, 0, 0], nodes_falsenodeids=[0, 0, 0]))


def large():
    """Row 50 and 68: many of everything."""
    chain = [node("Relu", [f"a{i}"], [f"a{i + 1}"]) for i in range(99_000)]
    yield either(50, "99,000 nodes in a row", model(graph(chain, [value("a0", [4])], [value("a99000", [4])])))
    yield either(50, "200,000 constants that nothing uses", relu([floats(f"c{i}", [1], [1]) for i in range(200_000)]))
    yield either(50, "100,000 operands", model(graph([node("Concat", ["x"] * 100_000, ["y"], axis=0)], [value("x", [1])], [value("y", ["n"])])))
    yield either(68, "a constant of 1 GiB", one("ConstantOfShape", [int64s("c0", [2**28])], [(["n"],)]))
