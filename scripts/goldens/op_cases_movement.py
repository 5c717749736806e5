"""Cases of operators that move, pick, sort, group or find, made at random: `cases` are a few of each, kept as goldens;
op_sweep.py makes hundreds and runs them in both."""
import numpy as np

from ai_edge_litert.interpreter import Interpreter, OpResolverType

from op_case import Case, rng
from tflite_builder import TfliteBuilder

ALL = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")
RESOLVERS = {"reference": OpResolverType.BUILTIN_REF, "optimized": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
QUANT = {"int8": {"scale": np.float32(0.05), "zero_point": -3}, "uint8": {"scale": np.float32(0.05), "zero_point": 120},
         "int16": {"scale": np.float32(0.01), "zero_point": 0}}
ZEROS = 0.1  # share of floats that are zeros of either sign
fed_values_decide_shapes = False  # half of the operands whose values do are fed: for who reads a model again when they are known


def values(r, shape, dtype):
    if dtype == "float32":
        x = (r.standard_normal(shape) * 3).astype(np.float32)
        return np.where(r.random(shape) < ZEROS, np.float32(0) * x, x).astype(np.float32)
    if dtype == "bool":
        return r.integers(0, 2, shape) > 0
    info = np.iinfo(dtype)
    return r.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)


def shape_of(r, rank, low=1, high=5):
    return tuple(int(d) for d in r.integers(low, high + 1, rank))


class Fed:
    """An operand that is given when the model runs; others are constants of it."""

    def __init__(self, array, quant=None):
        self.array, self.quant = np.asarray(array), quant


def decides(r, array):
    """An operand whose values decide the shape of the output."""
    return Fed(array) if fed_values_decide_shapes and r.random() < 0.5 else array


def single(name, operator, operands, outputs, options=None, version=1, oracle="reference", compare="bytes", quant=True, **fields):
    """One operator. `outputs` are types; the shapes are those that the oracle finds."""
    def build(shapes):
        b, ids = TfliteBuilder(), []
        for x in operands:
            array = x.array if isinstance(x, Fed) else np.asarray(x)
            own = x.quant if isinstance(x, Fed) and x.quant is not None else QUANT.get(array.dtype.name, {}) if quant else {}
            ids.append(b.input(array.shape, array.dtype.name, **own) if isinstance(x, Fed) else b.const(array, **own))
        ys = [b.output(s, t, **(QUANT.get(t, {}) if quant else {})) for s, t in zip(shapes, outputs)]
        b.op(operator, ids, ys, options, version=version, **fields)
        return b.bytes()
    fed = [x.array for x in operands if isinstance(x, Fed)]
    interpreter = Interpreter(model_content=build([()] * len(outputs)), experimental_op_resolver_type=RESOLVERS[oracle])
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), fed):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    shapes = [interpreter.get_tensor(d["index"]).shape for d in interpreter.get_output_details()]
    return Case(name, build(shapes), fed, compare, oracle)


# ---- one random case of an operator: r, dtype → operands, output types and the rest of single() ----
def space_to_depth(r, dtype):
    s = int(r.integers(1, 4))
    b, h, w, c = shape_of(r, 4)
    return dict(operator="SPACE_TO_DEPTH", operands=[Fed(values(r, (b, h * s, w * s, c), dtype))], outputs=[dtype],
                options="SpaceToDepthOptions", blockSize=s)


def depth_to_space(r, dtype):
    s = int(r.integers(1, 4))
    b, h, w, c = shape_of(r, 4)
    return dict(operator="DEPTH_TO_SPACE", operands=[Fed(values(r, (b, h, w, c * s * s), dtype))], outputs=[dtype],
                options="DepthToSpaceOptions", blockSize=s)


def space_to_batch(r, dtype):
    rank = int(r.integers(3, 5))
    x, block, pads = list(shape_of(r, rank)), [], []
    for d in range(rank - 2):
        s = int(r.integers(1, 4))
        before = int(r.integers(0, 3))
        after = (-(x[d + 1] + before)) % s + s * int(r.integers(0, 2))
        block.append(s)
        pads.append([before, after])
    return dict(operator="SPACE_TO_BATCH_ND", operands=[Fed(values(r, x, dtype)), np.array(block, np.int32), np.array(pads, np.int32)],
                outputs=[dtype], options="SpaceToBatchNDOptions", version=3 if rank == 3 else 2)


def batch_to_space(r, dtype):
    rank = int(r.integers(3, 5))
    x, block, crops = list(shape_of(r, rank)), [], []
    for d in range(rank - 2):
        s = int(r.integers(1, 4))
        whole = x[d + 1] * s
        before = int(r.integers(0, min(3, whole)))
        block.append(s)
        crops.append([before, int(r.integers(0, min(3, whole - before)))])
        x[0] *= s
    return dict(operator="BATCH_TO_SPACE_ND", operands=[Fed(values(r, x, dtype)), np.array(block, np.int32), np.array(crops, np.int32)],
                outputs=[dtype], options="BatchToSpaceNDOptions", version=3 if rank == 3 else 2)


def mirror_pad(r, dtype):
    x = shape_of(r, int(r.integers(1, 6)), 1, 4)
    mode = int(r.integers(0, 2))
    pads = [[int(r.integers(0, d + mode)) for _ in range(2)] for d in x]
    return dict(operator="MIRROR_PAD", operands=[Fed(values(r, x, dtype)), np.array(pads, r.choice([np.int32, np.int64]))], outputs=[dtype],
                options="MirrorPadOptions", mode=mode, version=2)


def pad(r, dtype):
    x = shape_of(r, int(r.integers(1, 6)), 1, 4)
    pads = np.array(r.integers(0, 3, (len(x), 2)), np.int32)
    if r.random() < 0.5:
        return dict(operator="PAD", operands=[Fed(values(r, x, dtype)), pads], outputs=[dtype], options="PadOptions", version=2)
    return dict(operator="PADV2", operands=[Fed(values(r, x, dtype)), pads, values(r, (1,), dtype)], outputs=[dtype],
                options="PadV2Options", version=2)


def tile(r, dtype):
    x = shape_of(r, int(r.integers(1, 6)), 1, 4)
    return dict(operator="TILE", operands=[Fed(values(r, x, dtype)), np.array(r.integers(1, 4, len(x)), r.choice([np.int32, np.int64]))],
                outputs=[dtype], options="TileOptions", version=2)


def reverse(r, dtype):
    x = shape_of(r, int(r.integers(1, 6)))
    first = int(r.integers(0, len(x)))
    axes = np.arange(first, int(r.integers(first, len(x))) + 1)
    axes = np.where(r.random(len(axes)) < 0.5, axes - len(x), axes)
    return dict(operator="REVERSE_V2", operands=[Fed(values(r, x, dtype)), np.array(r.permutation(axes), np.int32)], outputs=[dtype],
                options="ReverseV2Options", version=2)


def pack(r, dtype):
    x, n = shape_of(r, int(r.integers(0, 5))), int(r.integers(1, 4))
    return dict(operator="PACK", operands=[Fed(values(r, x, dtype)) for _ in range(n)], outputs=[dtype],
                options="PackOptions", valuesCount=n, axis=int(r.integers(-len(x) - 1, len(x) + 1)), version=2)


def unpack(r, dtype):
    x = shape_of(r, int(r.integers(1, 5)))
    axis = int(r.integers(-len(x), len(x)))
    return dict(operator="UNPACK", operands=[Fed(values(r, x, dtype))], outputs=[dtype] * x[axis], options="UnpackOptions", num=x[axis],
                axis=axis, version=2)


def resize(operator, options):
    def make(r, dtype):
        x = shape_of(r, 4, 1, 7)
        align, half = [(False, False), (True, False), (False, True)][r.integers(0, 3)]
        if operator == "RESIZE_NEAREST_NEIGHBOR" and r.random() < 0.2:
            align = half = True
        size = np.array(r.integers(1, 12, 2), np.int32)
        return dict(operator=operator, operands=[Fed(values(r, x, dtype)), size], outputs=[dtype], options=options, alignCorners=align,
                    halfPixelCenters=half, version=3)
    return make


def gather_nd(r, dtype):
    x = shape_of(r, int(r.integers(1, 5)), 2)
    depth = int(r.integers(0 if len(x) < 3 else 1, len(x) + 1))
    places = shape_of(r, int(r.integers(1, 3)), 1, 4)
    at = np.stack([r.integers(0, d, places) for d in x[:depth]], -1) if depth else np.zeros((*places, 0))
    at = at.astype(r.choice([np.int32, np.int64]))
    return dict(operator="GATHER_ND", operands=[Fed(values(r, x, dtype)), Fed(at, {}) if r.random() < 0.5 and depth else at], outputs=[dtype],
                options="GatherNdOptions", version=5)


def scatter_nd(r, dtype):
    y = shape_of(r, int(r.integers(1, 5)), 2)
    depth = int(r.integers(1, len(y) + 1))
    places = shape_of(r, int(r.integers(1, 3)), 1, 6)
    at = np.stack([r.integers(0, d, places) for d in y[:depth]], -1).astype(np.int32)
    return dict(operator="SCATTER_ND", operands=[Fed(at) if r.random() < 0.5 else at, Fed(values(r, places + y[depth:], dtype)),
                np.array(y, np.int32)], outputs=[dtype], options="ScatterNdOptions")


def reverse_sequence(r, dtype):
    x = shape_of(r, int(r.integers(2, 6)))
    axis, batch = (int(a) for a in r.permutation(len(x))[:2])
    lengths = r.integers(0, x[axis] + 1, x[batch]).astype(r.choice([np.int32, np.int64]))
    return dict(operator="REVERSE_SEQUENCE", operands=[Fed(values(r, x, dtype)), Fed(lengths) if r.random() < 0.5 else lengths],
                outputs=[dtype], options="ReverseSequenceOptions", seqDim=axis, batchDim=batch)


def dynamic_update_slice(r, dtype):
    x = shape_of(r, int(r.integers(1, 5)))
    update = tuple(int(r.integers(1, d + 1)) for d in x)
    start = np.array(r.integers(-1, 6, len(x)), r.choice([np.int32, np.int64]))
    return dict(operator="DYNAMIC_UPDATE_SLICE", operands=[Fed(values(r, x, dtype)), Fed(values(r, update, dtype)),
                Fed(start) if r.random() < 0.5 else start], outputs=[dtype], options="DynamicUpdateSliceOptions", version=2)


def one_hot(r, dtype):
    x = shape_of(r, int(r.integers(0, 4)))
    depth = int(r.integers(1, 6))
    at = np.array(r.integers(-1, depth + 1, x), r.choice([np.int32, np.int64]))
    return dict(operator="ONE_HOT", operands=[Fed(at), np.array(depth, np.int32), values(r, (), dtype), values(r, (), dtype)], outputs=[dtype],
                options="OneHotOptions", axis=int(r.integers(-1, len(x) + 1)))


def sparse_to_dense(r, dtype):
    y = shape_of(r, int(r.integers(1, 5)), 2)
    n = int(r.integers(1, 5))
    at = np.stack([r.integers(0, d, n) for d in y], -1).astype(r.choice([np.int32, np.int64]))
    if len(y) == 1 and r.random() < 0.5:
        at = at[:, 0]
    given = values(r, () if r.random() < 0.3 else (n,), dtype)
    return dict(operator="SPARSE_TO_DENSE", operands=[Fed(at) if r.random() < 0.5 else at, np.array(y, r.choice([np.int32, np.int64])),
                Fed(given), values(r, (), dtype)], outputs=[dtype], options="SparseToDenseOptions", version=2)


def matrix_diag(r, dtype):
    return dict(operator="MATRIX_DIAG", operands=[Fed(values(r, shape_of(r, int(r.integers(1, 4))), dtype))], outputs=[dtype],
                options="MatrixDiagOptions")


def matrix_set_diag(r, dtype):
    x = shape_of(r, int(r.integers(2, 5)))
    return dict(operator="MATRIX_SET_DIAG", operands=[Fed(values(r, x, dtype)), Fed(values(r, x[:-2] + (min(x[-2:]),), dtype))],
                outputs=[dtype], options="MatrixSetDiagOptions")


def embedding_lookup(r, dtype):
    table = shape_of(r, int(r.integers(2, 4)), 2)
    at = r.integers(0, table[0], int(r.integers(1, 6))).astype(np.int32)
    return dict(operator="EMBEDDING_LOOKUP", operands=[Fed(at), values(r, table, dtype)], outputs=[dtype])


def embedding_lookup_sparse(r, dtype):
    table = shape_of(r, int(r.integers(2, 4)), 2)
    dense = shape_of(r, int(r.integers(1, 4)), 2, 4)
    n = int(r.integers(1, 7))
    at = np.stack([r.integers(0, d, n) for d in dense], -1).astype(np.int32)
    at = at[np.lexsort(at.T[::-1])]
    return dict(operator="EMBEDDING_LOOKUP_SPARSE", operands=[Fed(r.integers(0, table[0], n).astype(np.int32)), Fed(at),
                np.array(dense, np.int32), Fed(r.random(n).astype(np.float32)), values(r, table, dtype)], outputs=[dtype],
                options="EmbeddingLookupSparseOptions", combiner=int(r.integers(0, 3)))


def hashtable_lookup(r, dtype):
    rows = int(r.integers(1, 9))
    keys = np.sort(r.integers(-10, 10, rows)).astype(np.int32)
    return dict(operator="HASHTABLE_LOOKUP", operands=[Fed(r.integers(-10, 10, int(r.integers(1, 9))).astype(np.int32)), keys,
                Fed(values(r, (rows,) + shape_of(r, int(r.integers(0, 3))), dtype))], outputs=[dtype, "uint8"], quant=False, oracle="optimized")


def bucketize(r, dtype):
    edges = [float(v) for v in np.sort(np.round(r.standard_normal(int(r.integers(1, 6))) * 3, 1))]
    x = np.round(r.standard_normal(shape_of(r, int(r.integers(1, 4)))) * 3, 1).astype(dtype)
    return dict(operator="BUCKETIZE", operands=[Fed(x)], outputs=["int32"], options="BucketizeOptions", boundaries=edges)


def few_values(r, shape, dtype):
    x = r.integers(0, 6, shape)
    return (x - 2).astype(dtype) if dtype != "uint8" else x.astype(dtype)


def topk(r, dtype):
    x = shape_of(r, int(r.integers(1, 4)), 1, 8)
    k = np.array(int(r.integers(0, x[-1] + 1)), np.int32)
    data = few_values(r, x, dtype) if r.random() < 0.5 else values(r, x, dtype)
    if dtype == "float32" and r.random() < 0.3:
        data = np.where(r.random(x) < 0.2, np.float32(np.nan), data)
    return dict(operator="TOPK_V2", operands=[Fed(data), k], outputs=[dtype, "int32"], options="TopKV2Options", version=2)


def unique(r, dtype):
    wide = bool(r.random() < 0.5)
    return dict(operator="UNIQUE", operands=[decides(r, few_values(r, shape_of(r, 1, 1, 12), dtype))], outputs=[dtype, "int64" if wide else "int32"],
                options="UniqueOptions", idxOutType=4 if wide else 2)


def where(r, dtype):
    x = shape_of(r, int(r.integers(1, 5)), 1, 4)
    return dict(operator="WHERE", operands=[decides(r, (r.integers(0, 3, x) * (r.random(x) < 0.5)).astype(dtype))], outputs=["int64"],
                options="WhereOptions", quant=False, version=2)


def segment_sum(r, dtype):
    x = shape_of(r, int(r.integers(1, 4)))
    ids = np.concatenate([[0], np.cumsum(r.integers(0, 2, x[0] - 1))]).astype(np.int32)
    return dict(operator="SEGMENT_SUM", operands=[Fed(values(r, x, dtype)), decides(r, ids)], outputs=[dtype], options="SegmentSumOptions",
                oracle="optimized")


def unsorted_segment(word):
    def make(r, dtype):
        x = shape_of(r, int(r.integers(1, 5)))
        leading = int(r.integers(0, len(x) + 1))
        groups = int(r.integers(2, 6))
        ids = np.array(r.integers(-1, groups, x[:leading]), np.int32)
        return dict(operator=f"UNSORTED_SEGMENT_{word}", operands=[Fed(values(r, x, dtype)), Fed(ids) if r.random() < 0.5 else ids,
                    np.array(groups, np.int32)], outputs=[dtype], options=f"UnsortedSegment{word.capitalize()}Options")
    return make


def non_max_suppression(version):
    def make(r, dtype):
        n = int(r.integers(1, 40))
        corner, size = r.random((n, 2)) * 4, r.random((n, 2)) * 2 + 0.1
        boxes = np.concatenate([corner, corner + size], 1).astype(np.float32)
        boxes = np.where(r.random((n, 1)) < 0.3, boxes[:, [2, 3, 0, 1]], boxes)
        scores = np.round(r.random(n), 1).astype(np.float32) if r.random() < 0.3 else r.random(n).astype(np.float32)
        scalar = [np.float32(v) for v in (r.choice([0.3, 0.5, 0.7]), r.choice([0.0, 0.2, 0.5]))]
        more = [np.float32(r.choice([0.0, 0.5, 1.0]))] if version == 5 else []
        outputs = ["int32", "float32", "int32"] if version == 5 else ["int32", "int32"]
        return dict(operator=f"NON_MAX_SUPPRESSION_V{version}", operands=[Fed(boxes), Fed(scores), np.array(int(r.integers(0, 20)), np.int32),
                    *scalar, *more], outputs=outputs, options=f"NonMaxSuppressionV{version}Options")
    return make


def lsh_projection(r, dtype):
    x = values(r, shape_of(r, int(r.integers(1, 4)), 1, 12), dtype)
    hashes = r.standard_normal((int(r.integers(1, 4)), int(r.integers(1, 8)))).astype(np.float32)
    weights = [Fed(r.random(len(x)).astype(np.float32))] if r.random() < 0.5 else []
    return dict(operator="LSH_PROJECTION", operands=[hashes, Fed(x), *weights], outputs=["int32"], options="LSHProjectionOptions",
                type=int(r.integers(1, 3)))


def random_numbers(operator):
    def make(r, dtype):
        shape = np.array(shape_of(r, int(r.integers(1, 4)), 1, 6), np.int32)
        return dict(operator=operator, operands=[shape], outputs=["float32"], options="RandomOptions", oracle="optimized",
                    seed=int(r.integers(1, 2**62)), seed2=int(r.integers(0, 2**62)))
    return make


def multinomial(r, dtype):
    logits = (r.standard_normal(shape_of(r, 2, 1, 6)) * 2).astype(np.float32)
    logits = np.where(r.random(logits.shape) < 0.1, np.float32(-np.inf), logits)
    return dict(operator="MULTINOMIAL", operands=[Fed(logits), np.array(int(r.integers(1, 12)), np.int32)],
                outputs=[r.choice(["int32", "int64"])], options="RandomOptions", oracle="optimized", seed=int(r.integers(1, 2**62)),
                seed2=int(r.integers(0, 2**62)))


def detection_postprocess(r, dtype):
    """All places of the answer are filled: LiteRT leaves the others as they are."""
    n, classes, regular = 60, int(r.integers(1, 5)), bool(r.integers(0, 2))
    background = int(r.integers(0, 2))
    each = 1 if regular else int(r.integers(1, classes + 1))
    most = int(r.integers(1, 5))
    anchors = np.concatenate([np.stack(np.meshgrid(np.arange(10), np.arange(6)), -1).reshape(n, 2) / 10, r.random((n, 2)) / 5 + 0.05], 1)
    codes, scores = r.standard_normal((1, n, 4 + int(r.integers(0, 2)))), r.random((1, n, classes + background))
    if dtype == "uint8":
        def bytes_of(x, scale, zero):
            return Fed(np.clip(np.round(x / scale) + zero, 0, 255).astype(np.uint8), {"scale": np.float32(scale), "zero_point": zero})
        operands = [bytes_of(codes, 0.03, 128), bytes_of(scores, 1 / 256, 0), bytes_of(anchors, 1 / 200, 3)]
    else:
        operands = [Fed(x.astype(np.float32)) for x in (codes, scores)] + [anchors.astype(np.float32)]
    from flatbuffers import flexbuffers
    options = {"max_detections": most, "max_classes_per_detection": each, "detections_per_class": int(r.integers(2, 8)),
               "use_regular_nms": regular, "nms_score_threshold": float(r.choice([0.0, 0.1])), "nms_iou_threshold": float(r.choice([0.4, 0.6])),
               "num_classes": classes, "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}
    return dict(operator="CUSTOM", operands=operands, outputs=["float32"] * 4, quant=False,
                custom=("TFLite_Detection_PostProcess", bytes(flexbuffers.Dumps(options))))


def strided_slice(r, dtype):
    x = shape_of(r, int(r.integers(1, 5)))
    n = int(r.integers(1, len(x) + 1))
    bits = lambda share: int(sum(1 << i for i in range(n) if r.random() < share))
    ellipsis = 1 << int(r.integers(0, n)) if r.random() < 0.3 else 0
    new = bits(0.2) & ~ellipsis if len(x) + n <= 5 else 0
    strides = r.choice([1, 1, 2, -1, -2, 3], n)
    begin, end, shrink = r.integers(-6, 6, n), r.integers(-6, 6, n), bits(0.2) & ~ellipsis & ~new
    d = 0
    for i in range(n):  # a dropped dimension takes an index that is there
        if ellipsis >> i & 1:
            d += len(x) - bin(((1 << n) - 1) & ~ellipsis & ~new).count("1")
        elif not new >> i & 1:
            if shrink >> i & 1:
                begin[i], strides[i] = r.integers(0, x[d]), 1
                end[i] = begin[i] + 1
            d += 1
    return dict(operator="STRIDED_SLICE", operands=[Fed(values(r, x, dtype)), *(np.array(v, np.int32) for v in (begin, end, strides))],
                outputs=[dtype], options="StridedSliceOptions", beginMask=bits(0.3) & ~shrink, endMask=bits(0.3) & ~shrink,
                ellipsisMask=ellipsis, newAxisMask=new, shrinkAxisMask=shrink, version=2)


def strided_slice_offset(r, dtype):
    """`end` counts from `begin`, inside x: elsewhere LiteRT reads what is not there."""
    x = shape_of(r, int(r.integers(1, 5)))
    begin = [int(r.integers(0, d)) for d in x]
    count = [int(r.integers(1, d - b + 1)) for d, b in zip(x, begin)]
    return dict(operator="STRIDED_SLICE", operands=[Fed(values(r, x, dtype)), *(np.array(v, np.int32) for v in
                (begin, count, r.integers(1, 3, len(x))))], outputs=[dtype], options="StridedSliceOptions", offset=True, version=2)


def slice_(r, dtype):
    x = shape_of(r, int(r.integers(1, 6)))
    begin = np.array([r.integers(0, d) for d in x])
    size = np.array([r.choice([-1, int(r.integers(0, d - b + 1))]) for d, b in zip(x, begin)])
    kind = r.choice([np.int32, np.int64])
    return dict(operator="SLICE", operands=[Fed(values(r, x, dtype)), begin.astype(kind), size.astype(kind)], outputs=[dtype],
                options="SliceOptions", version=3)


def split(r, dtype):
    x = list(shape_of(r, int(r.integers(1, 5))))
    axis, n = int(r.integers(-len(x), len(x))), int(r.integers(1, 4))
    x[axis] *= n
    return dict(operator="SPLIT", operands=[np.array(axis, np.int32), Fed(values(r, x, dtype))], outputs=[dtype] * n, options="SplitOptions",
                numSplits=n, version=2)


def split_v(r, dtype):
    x = list(shape_of(r, int(r.integers(1, 5))))
    axis, n = int(r.integers(-len(x), len(x))), int(r.integers(1, 4))
    sizes = r.integers(1, 4, n)
    x[axis] = int(sizes.sum())
    if r.random() < 0.5:
        sizes[r.integers(0, n)] = -1
    return dict(operator="SPLIT_V", operands=[Fed(values(r, x, dtype)), sizes.astype(np.int32), np.array(axis, np.int32)],
                outputs=[dtype] * n, options="SplitVOptions", numSplits=n, version=2)


def transpose(r, dtype):
    x = shape_of(r, int(r.integers(1, 7)), 1, 4)
    return dict(operator="TRANSPOSE", operands=[Fed(values(r, x, dtype)), np.array(r.permutation(len(x)), np.int32)], outputs=[dtype],
                options="TransposeOptions", version=4)


def concatenation(r, dtype):
    x = list(shape_of(r, int(r.integers(1, 6))))
    axis = int(r.integers(-len(x), len(x)))
    parts = [Fed(values(r, x[:axis % len(x)] + [int(r.integers(1, 4))] + x[axis % len(x) + 1:], dtype)) for _ in range(int(r.integers(1, 5)))]
    return dict(operator="CONCATENATION", operands=parts, outputs=[dtype], options="ConcatenationOptions", axis=axis, version=2)


NUMBERS = ("float32", "int8", "uint8", "int32", "int64")
MADE = {  # name: maker, types that LiteRT has
    "space_to_depth": (space_to_depth, NUMBERS), "depth_to_space": (depth_to_space, NUMBERS),
    "space_to_batch_nd": (space_to_batch, NUMBERS), "batch_to_space_nd": (batch_to_space, NUMBERS),
    "mirror_pad": (mirror_pad, NUMBERS + ("int16", "bool")), "pad": (pad, NUMBERS + ("int16",)),
    "tile": (tile, NUMBERS + ("bool",)), "reverse": (reverse, ALL),
    "pack": (pack, NUMBERS + ("int16",)), "unpack": (unpack, ("float32", "int8", "uint8", "int16", "int32", "bool")),
    "resize_bilinear": (resize("RESIZE_BILINEAR", "ResizeBilinearOptions"), ("float32", "int8", "uint8", "int16")),
    "resize_nearest_neighbor": (resize("RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions"), ("float32", "int8", "uint8", "int16")),
    "gather_nd": (gather_nd, ALL), "scatter_nd": (scatter_nd, ("float32", "int8", "uint8", "int32", "int64", "bool")),
    "reverse_sequence": (reverse_sequence, ("float32", "uint8", "int16", "int32", "int64")),
    "dynamic_update_slice": (dynamic_update_slice, ALL), "one_hot": (one_hot, NUMBERS + ("bool",)),
    "sparse_to_dense": (sparse_to_dense, NUMBERS),
    "matrix_diag": (matrix_diag, NUMBERS + ("int16",)), "matrix_set_diag": (matrix_set_diag, NUMBERS + ("int16",)),
    "embedding_lookup": (embedding_lookup, ("float32", "int8", "uint8", "int32")),
    "embedding_lookup_sparse": (embedding_lookup_sparse, ("float32",)),
    "hashtable_lookup": (hashtable_lookup, ("float32", "int32", "int8")), "bucketize": (bucketize, ("float32", "int32", "int64")),
    "topk_v2": (topk, NUMBERS + ("int16",)), "unique": (unique, NUMBERS + ("int16",)),
    "where": (where, ("bool", "float32", "int8", "uint8", "int32", "int64")),
    "segment_sum": (segment_sum, ("float32", "int32")),
    **{f"unsorted_segment_{w.lower()}": (unsorted_segment(w), ("float32", "int32")) for w in ("SUM", "PROD", "MAX", "MIN")},
    "non_max_suppression_v4": (non_max_suppression(4), ("float32",)), "non_max_suppression_v5": (non_max_suppression(5), ("float32",)),
    "lsh_projection": (lsh_projection, ("float32", "int8", "int32", "int64")),
    "random_uniform": (random_numbers("RANDOM_UNIFORM"), ("float32",)),
    "random_standard_normal": (random_numbers("RANDOM_STANDARD_NORMAL"), ("float32",)), "multinomial": (multinomial, ("float32",)),
    "detection_postprocess": (detection_postprocess, ("float32", "uint8")),
    "strided_slice": (strided_slice, NUMBERS + ("int16", "bool")), "strided_slice_offset": (strided_slice_offset, NUMBERS),
    "slice": (slice_, NUMBERS + ("int16", "bool")),
    "split": (split, ("float32", "int8", "uint8", "int16", "int32")), "split_v": (split_v, ("float32", "int8", "uint8", "int16", "int32", "int64")),
    "transpose": (transpose, NUMBERS + ("int16", "bool")), "concatenation": (concatenation, NUMBERS + ("int16", "bool")),
}


def hybrid_embedding(name, per_row):
    """int8 rows that become float32."""
    r, b = rng(name), TfliteBuilder()
    table, at = r.integers(-127, 128, (6, 5)).astype(np.int8), r.integers(0, 6, 4).astype(np.int32)
    scale = (0.01 + r.random(6)).astype(np.float32) if per_row else np.float32(0.037)
    i = b.input(at.shape, "int32")
    b.op("EMBEDDING_LOOKUP", [i, b.const(table, scale=scale)], [b.output((4, 5), "float32")], version=4 if per_row else 1)
    return Case(name, b.bytes(), [at], "bytes")


def random_cases(name, count, seed=0):
    """`count` cases of each type; what LiteRT refuses is said and left out."""
    make, types = MADE[name]
    for dtype in types:
        for i in range(count):
            case = f"{name}_{dtype}_{i}" if seed == 0 else f"{name}_{dtype}_{i}_of_{seed}"
            made = make(rng(case), dtype)
            try:
                yield single(case, **made)
            except (RuntimeError, ValueError) as error:
                print(f"{case}: LiteRT refuses it: {' '.join(str(error).split())[:160]}")


def cases():
    for name in MADE:
        yield from random_cases(name, 1)
    yield hybrid_embedding("embedding_lookup_hybrid", False)
    yield hybrid_embedding("embedding_lookup_hybrid_per_row", True)
