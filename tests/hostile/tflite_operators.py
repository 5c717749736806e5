"""Hostile operators in .tflite files: rows 27 to 48 of the table of hostile input, and 68."""
import struct

from flat import BOOL, FLOAT, INT8, INT32, INT64, Model, Table, Text, byte, f32, i32, ints, one, quant, u64
from tflite_rows import (ADD, ARG_MAX, CONCAT, CONV, CONV_3D, CUMSUM, DEPTHWISE, DEPTH_TO_SPACE, DIV, EMBEDDING, EXPAND_DIMS, FILL,
                         FLOOR_MOD, FULLY, GATHER, GATHER_ND, MAX_POOL, MEAN, MIRROR_PAD, ONE_HOT, PACK, PAD, POOL, RANGE, RELU,
                         RESHAPE, RESIZE, RFFT2D, SCATTER_ND, SEGMENT_SUM, SEQUENCE_LSTM, SOFTMAX, SPACE_TO_DEPTH, SPLIT, SPLIT_V,
                         STRIDED_SLICE, SVDF, TILE, TOP, TOPK, TO_BATCH, TO_SPACE, TRANSPOSE, TRANSPOSE_CONV, UNPACK, either, loop,
                         refused)

BIG = [0, -1, -2**31, TOP, 2**30]


def both(row, what, code, x, operand, y, kind=0, options=None, dtype=INT32):
    """The operand as a constant, then fed at run time (where the reader must not believe what it does not know)."""
    values = operand if isinstance(operand, list) else [operand]
    shape = [len(values)] if isinstance(operand, list) else []
    yield either(row, f"{what}, constant", one(code, [x, (shape, dtype, values)], [y], kind, options))
    yield either(row, f"{what}, fed", one(code, [x, (shape, dtype)], [y], kind, options))


def windows():
    """Rows 27 to 30."""
    image = ([1, 4, 4, 2], FLOAT)

    def options(stride=(1, 1), dilation=(1, 1)):
        return {0: byte(1), 1: i32(stride[1]), 2: i32(stride[0]), 4: i32(dilation[1]), 5: i32(dilation[0])}

    for filter in ([3, 0, 2, 2], [3, 2, 0, 2], [3, 2, 2, 0], [0, 2, 2, 2], [3, 2, 2, 3], [3, 9, 9, 2], [TOP, 1, 1, 2]):
        count = min(10**6, max(0, filter[0] * filter[1] * filter[2] * filter[3]))
        yield either(27, f"convolution with filters {filter}", one(
            CONV, [image, (filter, FLOAT, bytes(4 * count)), None], [([1, 3, 3, 3], FLOAT)], 1, options()))
    yield either(27, "convolution of no channels", one(CONV, [([1, 4, 4, 0], FLOAT), ([3, 2, 2, 0], FLOAT, b""), None],
                                                       [([1, 3, 3, 3], FLOAT)], 1, options()))
    for n in BIG:
        for name, o in (("stride", options((n, n))), ("dilation", options((1, 1), (n, n)))):
            yield either(27, f"convolution with {name} {n}", one(CONV, [image, ([3, 2, 2, 2], FLOAT, bytes(96)), None],
                                                                 [([1, 3, 3, 3], FLOAT)], 1, o))
        yield either(27, f"depthwise convolution with stride {n}", one(
            DEPTHWISE, [image, ([1, 2, 2, 2], FLOAT, bytes(32)), None], [([1, 3, 3, 2], FLOAT)], 2,
            {0: byte(1), 1: i32(n), 2: i32(n), 3: i32(1)}))
        yield either(27, f"depthwise convolution with multiplier {n}", one(
            DEPTHWISE, [image, ([1, 2, 2, 2], FLOAT, bytes(32)), None], [([1, 3, 3, 2], FLOAT)], 2,
            {0: byte(1), 1: i32(1), 2: i32(1), 3: i32(n)}))
        yield either(27, f"convolution in 3 dimensions with stride {n}", one(
            CONV_3D, [([1, 4, 4, 4, 2], FLOAT), ([2, 2, 2, 2, 3], FLOAT, bytes(192)), None], [([1, 3, 3, 3, 3], FLOAT)], 106,
            {0: byte(1), 1: i32(n), 2: i32(n), 3: i32(n)}))
        yield either(28, f"transposed convolution with stride {n}", one(
            TRANSPOSE_CONV, [([4], INT32, [1, 8, 8, 3]), ([3, 2, 2, 2], FLOAT, bytes(96)), image], [([1, 8, 8, 3], FLOAT)], 49,
            {0: byte(0), 1: i32(n), 2: i32(n)}))
        yield from both(28, f"transposed convolution to {n}", CONV, image, [n], ([1, 3, 3, 3], FLOAT))
        yield either(28, f"transposed convolution to ({n}, {n})", one(
            TRANSPOSE_CONV, [([4], INT32, [1, n, n, 3]), ([3, 2, 2, 2], FLOAT, bytes(96)), image], [([1, 8, 8, 3], FLOAT)], 49,
            {0: byte(0), 1: i32(2), 2: i32(2)}))
        for code in (POOL, MAX_POOL):
            yield either(29, f"pooling {code}, windows of {n}", one(code, [image], [([1, 4, 4, 2], FLOAT)], 5, {
                0: byte(0), 1: i32(1), 2: i32(1), 3: i32(n), 4: i32(n)}))
            yield either(29, f"pooling {code}, steps of {n}", one(code, [image], [([1, 4, 4, 2], FLOAT)], 5, {
                0: byte(1), 1: i32(n), 2: i32(n), 3: i32(2), 4: i32(2)}))
    yield refused(29, "pooling of more than there is", one(POOL, [image], [([1, 1, 1, 2], FLOAT)], 5, {
        0: byte(1), 1: i32(1), 2: i32(1), 3: i32(9), 4: i32(9)}))
    yield refused(28, "a bias shorter than the channels", one(
        TRANSPOSE_CONV, [([4], INT32, [1, 8, 8, 3]), ([3, 2, 2, 2], FLOAT, bytes(96)), image, ([1], FLOAT, bytes(4))],
        [([1, 8, 8, 3], FLOAT)], 49, {0: byte(0), 1: i32(2), 2: i32(2)}))
    for weights in ([0, 4], [3, 0], [3, 5], [3], [3, 4, 1], [0, 0], [2**16, 2**16]):
        yield either(30, f"fully connected with weights {weights}", one(
            FULLY, [([1, 4], FLOAT), (weights, FLOAT, bytes(60)), None], [([1, 3], FLOAT)], 8))
        yield either(30, f"fully connected with weights {weights} fed", one(
            FULLY, [([1, 4], FLOAT), (weights, FLOAT), None], [([1, 3], FLOAT)], 8))


def movement():
    """Rows 31 to 43: sizes, axes and indices."""
    image, line, table = ([1, 4, 4, 2], FLOAT), ([4], FLOAT), ([3, 4], FLOAT)
    for n in [*BIG, 3]:
        yield either(31, f"SPACE_TO_DEPTH of {n}", one(SPACE_TO_DEPTH, [image], [([1, 2, 2, 8], FLOAT)], 19, {0: i32(n)}))
        yield either(31, f"DEPTH_TO_SPACE of {n}", one(DEPTH_TO_SPACE, [image], [([1, 8, 8, 1], FLOAT)], 94, {0: i32(n)}))
        for code in (TO_BATCH, TO_SPACE):
            for block, edge in (([n, n], [0] * 4), ([2, 2], [n] * 4), ([1, 1], [n, 0, 0, n])):
                yield either(31, f"operator {code}, blocks {block}, edges {edge}", one(
                    code, [([4, 4, 4, 2], FLOAT), ([2], INT32, block), ([2, 2], INT32, edge)], [([1, 8, 8, 2], FLOAT)], 24))
        yield either(32, f"SPLIT into {n}", one(SPLIT, [([], INT32, [0]), line], [([2], FLOAT)] * 2, 35, {0: i32(n)}))
        yield either(32, f"SPLIT along {n}", one(SPLIT, [([], INT32, [n]), line], [([2], FLOAT)] * 2, 35, {0: i32(2)}))
        for sizes in ([n, n], [-1, -1], [n, 4], [4, n]):
            yield either(32, f"SPLIT_V into {sizes}", one(
                SPLIT_V, [line, ([2], INT32, sizes), ([], INT32, [0])], [([2], FLOAT)] * 2, 79, {0: i32(2)}))
        yield either(33, f"ARG_MAX along {n}", one(ARG_MAX, [table, ([], INT32, [n])], [([3], INT64)], 40, {0: byte(4)}))
        yield from both(34, f"EXPAND_DIMS at {n}", EXPAND_DIMS, line, n, ([1, 4], FLOAT), 52)
        yield either(34, f"PACK at {n}", one(PACK, [line, line], [([2, 4], FLOAT)], 59, {0: i32(2), 1: i32(n)}))
        yield either(34, f"PACK of {n}", one(PACK, [line, line], [([2, 4], FLOAT)], 59, {0: i32(n), 1: i32(0)}))
        yield either(34, f"UNPACK of {n}", one(UNPACK, [table], [line] * 3, 64, {0: i32(n), 1: i32(0)}))
        yield either(34, f"UNPACK at {n}", one(UNPACK, [table], [line] * 3, 64, {0: i32(3), 1: i32(n)}))
        yield either(34, f"CONCATENATION at {n}", one(CONCAT, [table, table], [([6, 4], FLOAT)], 10, {0: i32(n)}))
        yield from both(35, f"GATHER of {n}", GATHER, table, [n], ([1, 4], FLOAT), 23)
        yield either(35, f"GATHER along {n}", one(GATHER, [table, ([1], INT32, [0])], [([1, 4], FLOAT)], 23, {0: i32(n)}))
        yield either(35, f"GATHER of batch {n}", one(GATHER, [table, ([3], INT32, [0] * 3)], [([3], FLOAT)], 23,
                                                     {0: i32(1), 1: i32(n)}))
        for rest in ([n, n], [0, n]):
            for fed in (False, True):
                index = ([1, 2], INT32) if fed else ([1, 2], INT32, rest)
                yield either(35, f"GATHER_ND of {rest}{' fed' if fed else ''}", one(GATHER_ND, [table, index], [([1], FLOAT)], 83))
                yield either(35, f"SCATTER_ND at {rest}{' fed' if fed else ''}", one(
                    SCATTER_ND, [index, ([1], FLOAT), ([2], INT32, [3, 4])], [([3, 4], FLOAT)], 97))
        yield either(35, f"SCATTER_ND into {n}", one(
            SCATTER_ND, [([1, 2], INT32), ([1], FLOAT), ([2], INT32, [n, n])], [([3, 4], FLOAT)], 97))
        yield from both(36, f"SEGMENT_SUM to {n}", SEGMENT_SUM, table, [0, 1, n], ([3, 4], FLOAT), 100)
        yield from both(36, f"SEGMENT_SUM to {n} first", SEGMENT_SUM, table, [n, 1, 0], ([3, 4], FLOAT), 100)
        yield either(37, f"EMBEDDING_LOOKUP of {n}", one(EMBEDDING, [([1], INT32, [n]), ([3, 4], FLOAT, bytes(48))], [([1, 4], FLOAT)]))
        for shape in ([n], [n, n], [-1, -1], [n, 0], [0, n], [2, 3]):
            yield from both(38, f"RESHAPE to {shape}", RESHAPE, line, shape, ([2, 2], FLOAT), 17)
            yield either(38, f"RESHAPE to {shape} by options", one(RESHAPE, [line], [([2, 2], FLOAT)], 17, {0: ints(shape)}))
        for code, kind in ((RESIZE, 15), (97, 74)):
            yield from both(38, f"resize {code} to {n}", code, image, [n, n], ([1, 8, 8, 2], FLOAT), kind)
            yield from both(38, f"resize {code} to one size {n}", code, image, [n], ([1, 8, 8, 2], FLOAT), kind)
        for begin, end, step in (([0, 0], [3, 4], [n, 1]), ([n, 0], [TOP, -2**31], [1, 1]), ([0, n], [3, n], [1, n])):
            for mask in ({}, {0: i32(-1), 1: i32(-1), 2: i32(-1)}, {2: i32(3)}, {3: i32(-1)}, {4: i32(-1)}):
                yield either(39, f"STRIDED_SLICE {begin} {end} {step}, masks {sorted(mask)}", one(
                    STRIDED_SLICE, [table, *(([2], INT32, v) for v in (begin, end, step))], [([3, 4], FLOAT)], 32, mask))
        yield from both(40, f"TRANSPOSE by (0, {n})", TRANSPOSE, table, [0, n], ([4, 3], FLOAT), 26)
        yield from both(40, f"TRANSPOSE by ({n})", TRANSPOSE, table, [n], ([4, 3], FLOAT), 26)
        for axes in ([n], [0, n], [0] * 40, []):
            yield from both(40, f"MEAN along {axes[:3]}", MEAN, table, axes, ([4], FLOAT), 27)
        yield from both(41, f"PAD by a list of {n}", PAD, table, [n] * 4, ([5, 6], FLOAT), 22)
        for edges in ([n, 0, 0, 0], [n, n, n, n], [3, 0, 0, 0], [0, 0, 5, 0]):
            for mode in (0, 1, 9):
                for code, kind in ((PAD, 22), (MIRROR_PAD, 77)):
                    yield either(41, f"operator {code} by {edges}, mode {mode}", one(
                        code, [table, ([2, 2], INT32, edges)], [([5, 6], FLOAT)], kind, {0: byte(mode)}))
        yield either(41, f"PAD by fed edges of shape ({n}, 2)", one(PAD, [table, ([n, 2], INT32)], [([5, 6], FLOAT)], 22))
        for code, kind in ((DIV, 29), (90, 65), (FLOOR_MOD, 72)):
            for divisor in (0, -1, n):
                yield from both(42, f"operator {code} by {divisor}", code, ([1], INT32), [divisor], ([1], INT32), kind)
                yield either(42, f"operator {code}, -2^31 by {divisor}, constants", one(
                    code, [([1], INT32, [-2**31]), ([1], INT32, [divisor])], [([1], INT32)], kind))
        yield either(42, f"ONE_HOT of depth {n}", one(
            ONE_HOT, [([4], INT32), ([], INT32, [n]), ([], FLOAT, [1.0]), ([], FLOAT, [0.0])], [([4, 3], FLOAT)], 61, {0: i32(-1)}))
        yield either(42, f"ONE_HOT at {n}", one(
            ONE_HOT, [([4], INT32), ([], INT32, [3]), ([], FLOAT, [1.0]), ([], FLOAT, [0.0])], [([4, 3], FLOAT)], 61, {0: i32(n)}))
        for many in ([n], [n, n], [1, n], [0, n]):
            yield from both(43, f"TILE by {many}", TILE, table, many, ([6, 4], FLOAT), 51)
            yield from both(43, f"FILL of {many}", FILL, ([], FLOAT), many, ([2, 2], FLOAT), 68)
            yield either(43, f"FILL {many}", one(FILL, [([len(many)], INT32, many), ([], FLOAT, [1.0])], [([2, 2], FLOAT)], 68))
        yield from both(43, f"TOPK of {n}", TOPK, table, n, ([3, 2], FLOAT), 34)
        yield either(43, f"TOPK of {n} with both outputs", one(TOPK, [table, ([], INT32, [n])], [([3, 2], FLOAT), ([3, 2], INT32)], 34))
        for values in ([0, n, 1], [0, 10, n], [n, 0, -1], [-2**31, TOP, 1]):
            yield either(43, f"RANGE {values}", one(RANGE, [([], INT32, [v]) for v in values], [([4], INT32)], 73))
        yield either(40, f"CUMSUM along {n}", one(CUMSUM, [table, ([], INT32, [n])], [table], 102))
        yield either(38, f"RFFT2D of {n}", one(RFFT2D, [([1, 4, 4], FLOAT), ([2], INT32, [n, n])], [([1, 4, 3], 8)], 105))
        yield either(38, f"RFFT2D of (4, {n})", one(RFFT2D, [([1, 4, 4], FLOAT), ([2], INT32, [4, n])], [([1, 4, 3], 8)], 105))
    yield refused(33, "ARG_MAX along no axis", one(ARG_MAX, [table, ([0], INT32, b"")], [([3], INT64)], 40, {0: byte(4)}))
    inf, nan = float("inf"), float("nan")
    for values in ([0, 1, 0], [0, nan, 1], [0, 1, nan], [0, inf, 1], [0, 1e30, 1e-30], [-inf, inf, 1], [0, 1, 5e-324]):
        yield either(43, f"RANGE {values} of floats", one(RANGE, [([], FLOAT, [v]) for v in values], [([4], FLOAT)], 73))
    yield either(42, "a sum with nothing", one(ADD, [([0, 4], FLOAT), ([1, 4], FLOAT)], [([0, 4], FLOAT)], 11))


def recurrent():
    """Rows 44 to 48, and 68: what is sound by itself and asks for too much."""
    def lstm(cells=3, gates=None, left_out=(), state=None):
        m = Model()
        x, y = m.input([2, 1, 4]), m.output([2, 1, 3])
        reads = [x]
        for i in range(4):
            reads.append(-1 if i in left_out else m.tensor([cells, 4], data=bytes(16 * cells)))
        for i in range(4):
            n = (gates or {}).get(i, cells)
            reads.append(-1 if i + 4 in left_out else m.tensor([n, 3], data=bytes(12 * n)))
        reads += [-1] * 3
        reads += [m.tensor([cells], data=bytes(4 * cells)) if i + 8 not in left_out else -1 for i in range(4)] + [-1] * 2
        reads += [m.tensor(state or [1, 3], f5=byte(1)), m.tensor(state or [1, cells], f5=byte(1))]
        m.op(SEQUENCE_LSTM, reads, [y], 71, {0: byte(4), 3: byte(1)})
        return m

    yield either(44, "an LSTM as it should be", lstm())
    for gate in range(4):
        yield refused(44, f"gate {gate} of another size", lstm(gates={gate: 2}))
        yield refused(44, f"gate {gate} without recurrent weights", lstm(left_out=(gate + 4,)))
        yield refused(44, f"gate {gate} without weights", lstm(left_out=(gate,)))
    for state in ([1, 1], [0, 3], [2, 2], [TOP, 3], [3]):
        yield refused(44, f"a state of {state}", lstm(state=state))
    yield either(44, "LSTM of no cells", lstm(cells=0))
    for kind in (INT64, INT8, BOOL):
        yield refused(46, f"CUMSUM to type {kind}", one(CUMSUM, [([4], INT32), ([], INT32, [0])], [([4], kind)], 102))
    yield refused(46, "a sum to another shape", one(ADD, [([4], FLOAT), ([4], FLOAT)], [([5], FLOAT)], 11))
    m = one(ADD, [([4], FLOAT), ([4], FLOAT, [1, 2, 3, 4])], [([4], FLOAT)], 11)
    m.buffers[1].fields = {1: u64(8), 2: u64(16)}
    yield either(47, "a constant over the file's own tables", m)
    yield refused(48, "an arena of 8 GB in 500 bytes", one(ADD, [([TOP], FLOAT), ([TOP], FLOAT)], [([TOP], FLOAT)], 11))
    yield either(68, "an arena of 2 GB for inputs that are fed", one(ADD, [([1, 1, 2**28], FLOAT), ([1], FLOAT, [1])],
                                                                    [([1, 1, 2**28], FLOAT)], 11))
    m = one(RELU, [([4], FLOAT)], [([4], FLOAT)])
    m.tensors[0].fields[3] = type(m.tensors[0].fields[3])("n" * 1_000_000)
    yield either(50, "a name of 1 MB", m)
    yield either(68, "10^12 products in one operator", one(
        126, [([1, 10_000, 10_000], FLOAT, None, None), ([1, 10_000, 10_000], FLOAT, None, None)], [([1, 10_000, 10_000], FLOAT)],
        101))
    yield refused(68, "a loop of 2^62 rounds over int32", loop(1, 2, INT32, TOP))


def chain(count, all_are_outputs):
    """ReLU after ReLU."""
    m = one(RELU, [([1], FLOAT)], [([1], FLOAT)])
    node, tensor = m.nodes[0], m.tensors[1]
    m.tensors += [Table({**tensor.fields, 3: Text(f"t{i}")}) for i in range(2, count + 1)]
    m.nodes[1:] = [Table({0: node.fields[0], 1: ints([i]), 2: ints([i + 1])}) for i in range(1, count)]
    m.outputs[:] = range(1, count + 1) if all_are_outputs else [count]
    return m


def large():
    """Rows 48 and 68: many of everything."""
    yield either(48, "100,000 operators in a row", chain(100_000, False))
    yield refused(48, "100,001 operators in a row", chain(100_001, False))
    yield either(48, "60,000 outputs that all live", chain(60_000, True))
    m = one(RELU, [([1], FLOAT)], [([1], FLOAT)])
    m.tensors += [Table({0: m.tensors[0].fields[0], 1: byte(FLOAT)}) for _ in range(200_000)]
    yield either(48, "200,000 tensors that nothing uses", m)
    m = one(CONCAT, [], [([50_000], FLOAT)], 10, {0: i32(0)})
    inputs = [m.input([1]) for _ in range(50_000)]
    m.nodes[0].fields[1] = ints(inputs)
    yield either(48, "a concatenation of 50,000 inputs", m)
