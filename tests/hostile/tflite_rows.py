"""Hostile .tflite files, by the row of the table of hostile input. A case is (row, what, bytes, verdict): "refused", or "either" where
the file may also be taken, as long as nothing else happens."""
import struct

from flat import (BOOL, FLOAT, INT4, INT8, INT16, INT32, INT64, RESOURCE, STRING, UINT8, VARIANT, Model, Raw, Scalar, Table, Tables,
                  Text, Vector, Writer, byte, f32, i32, ints, one, quant, u32, u64)

TOP = 2**31 - 1
ADD, POOL, CONCAT, CONV, DEPTHWISE, DEPTH_TO_SPACE, DEQUANTIZE, EMBEDDING, FULLY, MAX_POOL = 0, 1, 2, 3, 4, 5, 6, 7, 9, 17
RELU, RESHAPE, RESIZE, RNN, SOFTMAX, SPACE_TO_DEPTH, SVDF, CUSTOM, PAD, GATHER = 19, 22, 23, 24, 25, 26, 27, 32, 34, 36
TO_SPACE, TO_BATCH, TRANSPOSE, MEAN, DIV, SEQUENCE_LSTM, STRIDED_SLICE, TOPK, SPLIT = 37, 38, 39, 40, 42, 44, 45, 48, 49
ARG_MAX, TRANSPOSE_CONV, TILE, EXPAND_DIMS, PACK, ONE_HOT, UNPACK, FILL, FLOOR_MOD, RANGE = (56, 67, 69, 70, 83, 85, 88, 94, 95,
                                                                                             96)
MIRROR_PAD, SPLIT_V, GATHER_ND, QUANTIZE, IF, WHILE, SCATTER_ND, DENSIFY, SEGMENT_SUM, CUMSUM = (100, 102, 107, 114, 118, 119, 122,
                                                                                                 124, 125, 128)
CALL_ONCE, RFFT2D, CONV_3D, VAR_HANDLE, LESS = 129, 131, 132, 142, 58


def relu(shape=(4,), kind=FLOAT):
    return one(RELU, [(shape, kind)], [(shape, kind)])


def with_tensor(**fields):
    """A ReLU whose input has these fields, by number."""
    m = Model()
    x = m.input([4])
    y = m.output([4])
    m.op(RELU, [x], [y])
    m.tensors[x].fields.update({int(key[1:]): value for key, value in fields.items()})
    return m


def refused(row, what, model):
    return row, what, model if isinstance(model, bytes) else model.bytes(), "refused"


def either(row, what, model):
    return row, what, model if isinstance(model, bytes) else model.bytes(), "either"


def container():
    """Rows 1 to 10: the file as a heap of tables."""
    good = relu().bytes()
    for size in (0, 1, 7, 8, 12):
        yield refused(1, f"{size} bytes", good[:size])
    yield refused(1, "identifier TFL2", good[:4] + b"TFL2" + good[8:])
    for offset in (0, 1, 4, 2**31, 2**32 - 1, len(good)):
        yield refused(3, f"root at {offset}", struct.pack("<I", offset) + good[4:])
    root = struct.unpack_from("<I", good)[0]
    for distance in (0, 1, -4, TOP, -2**31):
        yield refused(3, f"vtable at {distance}", good[:root] + struct.pack("<i", distance) + good[root + 4:])
    vtable = root - struct.unpack_from("<i", good, root)[0]
    for size in (0, 3, 5, 65535):
        yield refused(3, f"vtable of {size} bytes", good[:vtable] + struct.pack("<H", size) + good[vtable + 2:])
    for forged in (0, 2**31, 2**32 - 1):
        m = relu()
        m.extra[2] = Raw(forged)
        yield refused(3, f"subgraphs at {forged}", m)
    m = relu()
    shared = Table({0: Tables([m.tensors[0]] * 3000), 1: ints([0]), 2: ints([0]), 3: Tables([])})
    m.extra[2] = Tables([shared] * 3000)
    yield refused(4, "3,000 subgraphs that are one, of 3,000 tensors that are one", m)
    m = relu()
    m.tensors += [m.tensors[0]] * 1_000_001
    yield refused(4, "1,000,003 tensors, all but two the same table", m)
    for length in (2**32 - 1, 2**30, 1000):
        yield refused(5, f"tensors: {length}", Writer().file(Table({0: u32(3), 2: Tables([Table({0: Tables([], length)})])})))
        yield refused(6, f"shape of {length} sizes", with_tensor(f0=Vector("i", [4], length)))
        m = relu()
        m.buffers.append(Table({0: Vector("B", b"abcd", length)}))
        yield refused(5, f"a buffer of {length} bytes", m)
    yield refused(5, "a name without its end", with_tensor(f3=Text("x", b"abc")))
    yield refused(5, "a shape at an odd address", with_tensor(f0=Vector("i", [4], shift=1)))
    m = one(ADD, [([4], FLOAT), ([4], FLOAT, [1, 2, 3, 4])], [([4], FLOAT)])
    m.buffers[1] = Table({0: Vector("B", struct.pack("<4f", 1, 2, 3, 4), shift=3)})
    yield either(5, "values at an odd address", m)
    for index in (7, TOP, 2**32 - 1):
        m = relu()
        m.tensors[0].fields[2] = u32(index)
        yield refused(7, f"buffer {index}", m)
    m = relu()
    m.extra[4] = None
    yield either(7, "no buffers", Writer().file(Table(m.root().fields)))
    m = relu()
    m.buffers[0] = Table({0: Vector("B", b"1234" * 4)})
    yield either(7, "buffer 0 has bytes", m)
    m = one(RESHAPE, [([4], FLOAT), ([2], INT32, [2, 2])], [([2, 2], FLOAT)])
    m.buffers[1] = Table({})
    yield refused(7, "a constant without bytes", m)
    for offset, size in ((2**64 - 8, 16), (2**63, 2**63), (1 << 40, 16), (2, 16), (100, 2**64 - 1), (4, 0)):
        m = one(ADD, [([4], FLOAT), ([4], FLOAT, [1, 2, 3, 4])], [([4], FLOAT)])
        m.buffers[1] = Table({1: u64(offset), 2: u64(size)})
        yield refused(8, f"values at byte {offset}, {size} of them", m) if offset > 100 else \
            either(8, f"values at byte {offset}, {size} of them", m)
        m = relu()
        m.nodes[0].fields.update({9: u64(offset), 10: u64(size)})
        yield either(9, f"options at byte {offset}, {size} of them", m)
    for buffer in (1, TOP, 2**32 - 1):
        m = relu()
        m.extra[6] = Tables([Table({0: Text("min_runtime_version"), 1: u32(buffer)})])
        yield either(10, f"metadata in buffer {buffer}", m)
    for name in ("OfflineMemoryAllocation", "TFLITE_METADATA", "thimble", None):
        for data in (b"", b"\xff" * 3, b"\xff" * 64, struct.pack("<8i", 1, 0, 9, -5, 0, 0, TOP, TOP)):
            m = relu()
            m.buffers.append(Table({0: Vector("B", data)}))
            m.extra[6] = Tables([Table({0: Text(name) if name else None, 1: u32(1)})])
            yield either(10, f"metadata {name} of {len(data)} bytes", m)


def wiring():
    """Rows 11 to 18: operators, what they read and write, and calls."""
    for index in (-1, -2, 3, TOP, -2**31):
        m = relu()
        m.nodes[0].fields[1] = ints([index])
        yield refused(11, f"reads tensor {index}", m)
        m = relu()
        m.nodes[0].fields[2] = ints([index])
        yield refused(11, f"writes tensor {index}", m)
        m = relu()
        m.outputs[0] = index
        yield refused(11, f"the network's output is {index}", m)
        m = relu()
        m.inputs[0] = index
        yield refused(11, f"the network's input is {index}", m)
    for code in range(160):
        for count in (0, 1, 2, 100):
            m = Model()
            xs = [m.input([2, 2])]
            y = m.output([2, 2])
            m.op(code, xs * count, [y] if count != 2 else [])
            yield either(12, f"operator {code} of {count} inputs, no options", m)
    m = relu()
    m.nodes[0].fields[0] = u32(TOP)
    yield refused(13, "opcode index 2^31-1", m)
    for code in (-1, 127, 210, TOP, -2**31):
        m = relu()
        m.codes[0] = Table({0: byte(127 if code > 0 else -128), 2: i32(1), 3: i32(code)})
        yield refused(13, f"operator code {code}", m)
    m = relu()
    m.codes[0].fields[2] = i32(TOP)
    yield either(13, "operator version 2^31-1", m)
    for kind in (1, 5, 8, 200, 255):
        m = one(SOFTMAX, [([1, 4], FLOAT)], [([1, 4], FLOAT)], kind, {0: f32(1)})
        yield refused(13, f"softmax with options of kind {kind}", m)
    yield refused(14, "custom operator without a name", one(CUSTOM, [([4], FLOAT)], [([4], FLOAT)]))
    for name in ("Nothing", "TFLite_Detection_PostProcess", "Convolution2DTransposeBias", "MaxPoolingWithArgmax2D",
                 "../../lib.so", "x" * 1_000_000):
        for options in (b"", b"\xff" * 40, b"\x00\x01\x02\x28\x01", bytes(range(200)), b"\x80" * 9 + b"\x24\x01"):
            m = one(CUSTOM, [([1, 4, 4], FLOAT), ([1, 4, 4], FLOAT), ([4, 4], FLOAT)], [([1, 1, 4], FLOAT)] * 4, custom=name,
                    f5=Vector("B", options))
            yield either(14, f"custom {name[:30]} with {len(options)} bytes of options", m)
    m = relu()
    m.op(RELU, [0], [1])
    yield refused(15, "a tensor written twice", m)
    m = relu()
    m.nodes[0].fields[2] = ints([0])
    yield refused(15, "an operator writes the network's input", m)
    m = one(ADD, [([4], FLOAT), ([4], FLOAT, [1, 2, 3, 4])], [([4], FLOAT)])
    m.nodes[0].fields[2] = ints([1])
    yield refused(15, "an operator writes a constant", m)
    m = relu()
    m.nodes[0].fields[1] = ints([m.tensor([4])])
    yield refused(15, "reads what nothing writes", m)
    m = Model()
    x, a, y = m.input([4]), m.tensor([4]), m.output([4])
    m.op(ADD, [x, y], [a])
    m.op(RELU, [a], [y])
    yield refused(15, "a cycle", m)
    m = Model()
    x = m.input([4])
    m.outputs.append(x)
    m.op(RELU, [x], [x])
    yield refused(16, "input and output are one tensor", m)
    yield from calls()


def loop(condition, body, counter_type=INT64, limit=2**62, body_shape=(1,)):
    """WHILE of a counter; `condition`, `body` name subgraphs (1: counter < limit, 2: counter + 1)."""
    m = Model()
    x, y = m.input([1], counter_type), m.output([1], counter_type)
    m.op(WHILE, [x], [y], 93, {0: i32(condition), 1: i32(body)})
    m.subgraph()
    a = m.input([1], counter_type)
    m.op(LESS, [a, m.tensor([1], counter_type, [limit])], [m.output([1], BOOL)], 41)
    m.subgraph()
    a = m.input([1], counter_type)
    m.op(ADD, [a, m.tensor([1], counter_type, [1])], [m.output(list(body_shape), counter_type)], 11)
    return m


def calls():
    for condition, body in ((0, 0), (1, 1), (1, 0), (0, 2), (-1, 2), (1, -1), (3, 2), (1, TOP), (-2**31, 0)):
        yield refused(17, f"WHILE of subgraphs {condition} and {body}", loop(condition, body))
    yield refused(17, "WHILE without options", one(WHILE, [([1], FLOAT)], [([1], FLOAT)]))
    for a, b in ((0, 0), (0, 1), (-1, 1), (1, TOP)):
        m = Model()
        m.op(IF, [m.input([1], BOOL), m.input([4])], [m.output([4])], 92, {0: i32(a), 1: i32(b)})
        m.subgraph()
        m.op(IF, [m.input([1], BOOL), m.input([4])], [m.output([4])], 92, {0: i32(0), 1: i32(0)})
        yield refused(17, f"IF of subgraphs {a} and {b}", m)
    for target in (0, 1, -1, TOP):
        m = relu()
        m.op(CALL_ONCE, [], [], 103, {0: i32(target)})
        m.subgraph()
        m.op(CALL_ONCE, [], [], 103, {0: i32(1)})
        yield (either if target == 1 else refused)(17, f"CALL_ONCE of subgraph {target}", m)  # 1: it has been called
    m = Model()
    for depth in range(60):
        m.op(IF, [m.input([1], BOOL), m.input([4])], [m.output([4])], 92, {0: i32(depth + 1), 1: i32(depth + 1)})
        m.subgraph()
    m.op(RELU, [m.input([4])], [m.output([4])])
    yield refused(17, "60 branches in each other, both the same", m)
    yield refused(18, "a loop of 2^62 rounds", loop(1, 2))
    m = loop(1, 2)
    m.graphs[1][1][0].fields[1] = ints([1, 1])
    yield either(18, "a loop that does not depend on its counter", m)
    yield refused(18, "a body of another shape", loop(1, 2, body_shape=(2,)))
    yield refused(18, "a condition that is no bool", loop(2, 2))


def shapes():
    """Rows 19 to 26: shapes, bytes, quantisation, sparsity."""
    for shape in ([-1], [-5], [-2**31], [0], [TOP], [TOP, TOP], [TOP] * 4, [2**16, 2**16], [2**31 - 1, 2**31 - 1, 4],
                  [0, TOP, TOP, TOP], [TOP, 0, TOP, TOP, TOP], [2**20] * 8, []):
        m = one(RELU, [(shape, FLOAT)], [(shape, FLOAT)])
        yield either(19, f"a network of shape {shape}", m)
        yield either(19, f"a sum of shape {shape} and (4)", one(ADD, [(shape, FLOAT), ([4], FLOAT)], [(shape, FLOAT)], 11))
        yield either(19, f"a constant of shape {shape}", one(ADD, [([4], FLOAT), (shape, FLOAT, b"1234")], [([4], FLOAT)], 11))
    for rank in (9, 33, 64, 1_000_000):
        yield refused(20, f"rank {rank}", one(RELU, [([1] * rank, FLOAT)], [([1] * rank, FLOAT)]))
    for code, kind in ((CONV, 1), (FULLY, 8), (POOL, 5), (CONCAT, 10), (SOFTMAX, 9), (SPLIT, 35), (TRANSPOSE_CONV, 49), (RFFT2D, 105)):
        yield refused(20, f"operator {code} of rank 0", one(code, [([], FLOAT), ([], FLOAT, [1.0]), None], [([], FLOAT)], kind))
    for extra in (-16, -1, 1, 16):  # what lies behind a tensor is not the tensor's
        verdict = refused if extra < 0 else either
        yield verdict(21, f"a constant with {extra:+} bytes", one(ADD, [([4], FLOAT), ([4], FLOAT, bytes(16 + extra))],
                                                                 [([4], FLOAT)], 11))
    for size in (0, 1, 2, 3, 100):
        yield either(21, f"5 values of int4 in {size} bytes", one(
            FULLY, [([1, 5], FLOAT), ([1, 5], INT4, bytes(size), quant([1.0])), None], [([1, 1], FLOAT)], 8))
    inf, nan = float("inf"), float("nan")
    for scale in ([0.0], [-1.0], [nan], [inf], [1e-45], [3e38], [1.0] * 3, [1.0] * 1000, [], None):
        for zero in ([0], [200], [-2**63], [2**63 - 1], [0] * 3, [], None):
            word = f"scale {None if scale is None else scale[:3]}, zero point {zero and zero[:3]}"
            q = quant(scale, zero)
            yield either(22, f"input of {word}", one(ADD, [([1, 4], INT8, None, q), ([1, 4], INT8, None, quant([1.0]))],
                                                     [([1, 4], INT8, quant([1.0]))], 11))
            yield either(22, f"weights of {word}", one(
                FULLY, [([1, 4], INT8, None, quant([1.0])), ([3, 4], INT8, bytes(12), q), ([3], INT32, bytes(12), q)],
                [([1, 3], INT8, quant([1.0]))], 8))
    for axis in (-1, 1, 2, TOP, -2**31):
        yield either(22, f"scales along axis {axis}", one(
            FULLY, [([1, 4], INT8, None, quant([1.0])), ([3, 4], INT8, bytes(12), quant([1.0] * 3, [0] * 3, axis)), None],
            [([1, 3], INT8, quant([1.0]))], 8))
    for a, b, c in ((1e30, 1e30, 1e-30), (1e-30, 1e-30, 1e30), (3e38, 3e38, 1e-38), (1e-45, 1e-45, 1e-45), (1.0, 1e6, 1e-6)):
        for code, kind in ((FULLY, 8), (ADD, 11), (18, 21), (41, 28), (CONCAT, 10), (SOFTMAX, 9), (28, 0), (117, 0)):
            yield either(23, f"operator {code} with scales {a:g}, {b:g}, {c:g}", one(
                code, [([1, 4], INT8, None, quant([a])), ([1, 4], INT8, bytes(4), quant([b]))][:1 if code in (9, 25, 28, 117) and
                                                                                               code != FULLY else 2],
                [([1, 8] if code == CONCAT else [1, 1] if code == FULLY else [1, 4], INT8, quant([c]))], kind))
    blockwise = Table({0: i32(99), 1: i32(-7), 2: i32(0)})
    yield refused(22, "blocks of 0 values, scales in a tensor that is not there", one(
        FULLY, [([1, 4], FLOAT), ([3, 4], INT4, bytes(6), Table({4: Scalar("B", 2), 5: blockwise})), None], [([1, 3], FLOAT)], 8))
    yield from sparse()
    for data in (b"", b"\xff\xff\xff\xff", struct.pack("<4i", 2, 12, 8, 4), struct.pack("<3i", 1, 12, TOP), struct.pack("<i", TOP)):
        yield either(25, f"a string constant of {len(data)} bytes", one(
            FILL, [([1], INT32, [2]), ([1], STRING, data)], [([2], STRING)]))
        yield either(25, f"a string constant of {len(data)} bytes as operand", one(
            GATHER, [([2], STRING, data), ([1], INT32, [0])], [([1], STRING)], 23))
    m = one(SVDF, [([1, 4], FLOAT), ([2, 4], FLOAT, bytes(32)), ([2, 3], FLOAT, bytes(24)), None, ([1, 6], FLOAT, bytes(24))],
            [([1, 2], FLOAT)], 6, {0: i32(1)})
    yield refused(26, "SVDF whose state is a constant", m)
    m.tensors[3].fields[5] = byte(1)
    yield either(26, "SVDF whose state is variable and has values", m)
    for rank in (0, -1, 3, TOP):
        m = one(SVDF, [([1, 4], FLOAT), ([2, 4], FLOAT, bytes(32)), ([2, 3], FLOAT, bytes(24)), None], [([1, 2], FLOAT)], 6,
                {0: i32(rank)})
        m.nodes[0].fields[1] = ints([0, 1, 2, -1, m.tensor([1, 6], f5=byte(1))])
        yield either(42, f"SVDF of rank {rank}", m)
    for kind in (RESOURCE, VARIANT):
        yield refused(26, f"type {kind} from bytes", one(ADD, [([4], FLOAT), ([4], kind, bytes(16))], [([4], FLOAT)], 11))
        yield either(26, f"type {kind} as input", one(143, [([1], kind)], [([4], FLOAT)]))


def sparse():
    def index_list(values):
        return Table({0: ints(values)})

    def dimension(kind, size=0, segments=None, indices=None):
        return Table({0: byte(kind), 1: i32(size), 2: Scalar("B", 1 if segments else 0), 3: segments and index_list(segments),
                      4: Scalar("B", 1 if indices else 0), 5: indices and index_list(indices)})

    for order, block, dims, what in (
            ([0, 1], [], [(0, 2), (1, 0, [0, 1, 2], [0, 3])], "as it should be"),
            ([], [], [(0, 2), (1, 0, [0, 1, 2], [0, 3])], "no order"),
            ([0, 0], [], [(0, 2), (1, 0, [0, 1, 2], [0, 3])], "an axis twice"),
            ([0, TOP], [], [(0, 2), (1, 0, [0, 1, 2], [0, 3])], "axis 2^31-1"),
            ([0, 1], [], [(0, 2), (1, 0, [0, 5, 2], [0, 3])], "segments that fall"),
            ([0, 1], [], [(0, 2), (1, 0, [0, -1, 2], [0, 3])], "a negative segment"),
            ([0, 1], [], [(0, 2), (1, 0, [0, 1, TOP], [0, 3])], "a segment past the end"),
            ([0, 1], [], [(0, 2), (1, 0, [0, 1, 2], [0, 9])], "an index past its axis"),
            ([0, 1], [], [(0, 2), (1, 0, [0, 1, 2], [0, -1])], "a negative index"),
            ([0, 1], [], [(0, 2), (1, 0, None, None)], "no segments"),
            ([0, 1], [], [(0, TOP), (0, TOP)], "sizes of 2^31-1"),
            ([0, 1], [], [(0, -1), (0, 4)], "a negative size"),
            ([0, 1, 2], [5], [(0, 2), (1, 0, [0, 1, 2], [0, 3]), (0, 2)], "a block of axis 5"),
            ([0, 1, 2], [1], [(0, 2), (1, 0, [0, 1, 2], [0, 1]), (0, 0)], "a block of size 0"),
            ([0, 1, 2], [1], [(0, 2), (1, 0, [0, 1, 2], [0, 1]), (0, 3)], "a block that does not divide"),
            ([0, 1], [], [(0, 2), (7, 0, [0, 1, 2], [0, 3])], "an unknown format"),
            ([0, 1], [], [], "no dimensions")):
        m = one(FULLY, [([1, 4], FLOAT), ([2, 4], FLOAT, struct.pack("<2f", 1, 2)), None], [([1, 2], FLOAT)], 8)
        m.tensors[1].fields[6] = Table({0: ints(order), 1: ints(block), 2: Tables([dimension(*d) for d in dims])})
        yield either(24, f"sparse weights: {what}", m) if what == "as it should be" else refused(24, f"sparse weights: {what}", m)
    m = one(FULLY, [([1, 2**14], FLOAT), ([2**14, 2**14], FLOAT, bytes(4)), None], [([1, 2**14], FLOAT)], 8)
    m.tensors[1].fields[6] = Table({0: ints([0, 1]), 1: ints([]), 2: Tables([
        dimension(0, 2**14), dimension(1, 0, [0] * 2**14 + [1], [0])])})
    yield either(24, "sparse weights of 1 GiB in 64 KiB", m)
