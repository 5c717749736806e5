"""Cases of weights stored sparse: read directly by FULLY_CONNECTED, and through DENSIFY by everything else."""
import numpy as np

from ai_edge_litert import schema_py_generated as fb
from op_case import RELU, SAME, Case, bias_for, bytes_of, floats, output_scale, rng, scales, weights
from tflite_builder import TfliteBuilder


def with_zeros(r, array, share, block=1):
    """Zeros a share of the blocks along the last dimension; some rows become all zero."""
    flat = array.reshape(-1, array.shape[-1] // block, block)
    flat[r.random(flat.shape[:2]) < share] = 0
    flat[::5] = 0
    return flat.reshape(array.shape)


def vector(values, kind):
    """Of this kind, or the next that holds the greatest number."""
    kinds = {"uint8": 255, "uint16": 65535, "int32": 2**31 - 1}
    kind = next(k for k in list(kinds)[list(kinds).index(kind):] if max(values, default=0) <= kinds[k])
    table = {"int32": fb.Int32VectorT, "uint16": fb.Uint16VectorT, "uint8": fb.Uint8VectorT}[kind]()
    table.values = [int(v) for v in values]
    return {"int32": 1, "uint16": 2, "uint8": 3}[kind], table


def encode(dense, order, csr, blocks=(), kind="int32"):
    """Values and SparsityParameters. `order`: traversal order over dimensions, then blocks; `csr`: levels that are sparse;
    `blocks`: (dimension, size) each."""
    rank, split = dense.ndim, dict(blocks)
    shape, outer, inner = [], [], {}
    for d, size in enumerate(dense.shape):
        outer.append(len(shape))
        shape.append(size // split.get(d, 1))
        if d in split:
            inner[d] = len(shape)
            shape.append(split[d])
    tree = dense.reshape(shape).transpose(outer + [inner[d] for d, _ in blocks]).transpose(order)
    parameters = fb.SparsityParametersT()
    parameters.traversalOrder, parameters.blockMap = list(order), [d for d, _ in blocks] or None
    parameters.dimMetadata, nodes = [], [tree]
    for level, size in enumerate(tree.shape):
        metadata = fb.DimensionMetadataT()
        if level in csr:
            metadata.format = fb.DimensionType.SPARSE_CSR
            segments, indices, children = [0], [], []
            for node in nodes:
                for i in range(size):
                    if np.any(node[i]):
                        indices.append(i)
                        children.append(node[i])
                segments.append(len(indices))
            metadata.arraySegmentsType, metadata.arraySegments = vector(segments, kind)
            metadata.arrayIndicesType, metadata.arrayIndices = vector(indices, kind)
            nodes = children
        else:
            metadata.format, metadata.denseSize = fb.DimensionType.DENSE, size
            nodes = [node[i] for node in nodes for i in range(size)]
        parameters.dimMetadata.append(metadata)
    return np.array(nodes, dense.dtype), parameters


def sparse(b, dense, order, csr, blocks=(), kind="int32", **more):
    values, parameters = encode(dense, order, csr, blocks, kind)
    index = b.tensor(dense.shape, dense.dtype, data=values, **more)
    b.graph.tensors[index].sparsity = parameters
    return index


def densified(b, dense, order, csr, blocks=(), kind="int32", **more):
    out = b.tensor(dense.shape, dense.dtype, **more)
    b.op("DENSIFY", [sparse(b, dense, order, csr, blocks, kind, **more)], [out], "DensifyOptions")
    return out


def dense_layer(name, kind, place, input, units, order, csr, blocks=(), index="int32", oracle="reference", share=0.6):
    """FULLY_CONNECTED; `place` is sparse (weights read directly) or densified."""
    r, b = rng(name), TfliteBuilder()
    shape, block = (units, input[1]), dict(blocks).get(1, 1)
    if kind in ("float", "float16", "hybrid"):
        x = floats(r, input)
        tensors = [b.input(input, "float32")]
        if kind == "hybrid":
            w = with_zeros(r, weights(r, shape), share, block)
            tensors.append(place(b, w, order, csr, blocks, index, scale=np.float32(0.011)))
        elif kind == "float":
            tensors.append(place(b, with_zeros(r, floats(r, shape, 0.3), share, block), order, csr, blocks, index))
        else:
            w = with_zeros(r, floats(r, shape, 0.3), share, block).astype(np.float16)
            out = b.tensor(shape, "float32")
            b.op("DEQUANTIZE", [place(b, w, order, csr, blocks, index)], [out], "DequantizeOptions", version=3)
            tensors.append(out)
        tensors.append(b.const(floats(r, units)))
        y = b.output((input[0], units), "float32")
    else:
        s_in, s_w = np.float32(0.037), np.float32(0.02)
        x = bytes_of(r, input, np.int8)
        spread, s_bias = bias_for(r, s_in, s_w, input[1])
        w = with_zeros(r, weights(r, shape), share, block)
        tensors = [b.input(input, "int8", scale=s_in, zero_point=-11), place(b, w, order, csr, blocks, index, scale=s_w),
                   b.const((r.standard_normal(units) * spread * 0.3).astype(np.int32), scale=s_bias)]
        y = b.output((input[0], units), "int8", scale=output_scale(s_in, s_w, input[1] * (1 - share)), zero_point=5)
    b.op("FULLY_CONNECTED", tensors, [y], "FullyConnectedOptions", version=8 if place is sparse else 4)
    return Case(name, b.bytes(), [x], "bytes" if kind == "int8" else "tolerance", oracle=oracle)


def convolution(name, kind, order, csr, blocks=(), index="int32", input=(1, 6, 5, 8), filters=16, kernel=(3, 3), multiplier=None):
    r, b = rng(name), TfliteBuilder()
    shape = (filters, *kernel, input[3]) if multiplier is None else (1, *kernel, input[3] * multiplier)
    channels, axis = (filters, 0) if multiplier is None else (shape[3], 3)
    fan = int(np.prod(shape)) // channels
    if kind == "float":
        x = floats(r, input)
        tensors = [b.input(input, "float32"), densified(b, with_zeros(r, floats(r, shape, 0.3), 0.6), order, csr, blocks, index),
                   b.const(floats(r, channels))]
        y = b.output((*input[:3], channels), "float32")
    else:
        s_in, s_w = np.float32(0.037), scales(r, channels)
        x = bytes_of(r, input, np.int8)
        spread, s_bias = bias_for(r, s_in, s_w, fan)
        tensors = [b.input(input, "int8", scale=s_in, zero_point=-11),
                   densified(b, with_zeros(r, weights(r, shape), 0.6), order, csr, blocks, index, scale=s_w, axis=axis),
                   b.const((r.standard_normal(channels) * spread * 0.3).astype(np.int32), scale=s_bias)]
        y = b.output((*input[:3], channels), "int8", scale=output_scale(s_in, s_w, fan * 0.4), zero_point=5)
    more = {} if multiplier is None else {"depthMultiplier": multiplier}
    b.op("CONV_2D" if multiplier is None else "DEPTHWISE_CONV_2D", tensors, [y],
         "Conv2DOptions" if multiplier is None else "DepthwiseConv2DOptions", padding=SAME, strideH=1, strideW=1,
         dilationHFactor=1, dilationWFactor=1, fusedActivationFunction=RELU, version=3, **more)
    return Case(name, b.bytes(), [x], "tolerance" if kind == "float" else "bytes")


def cases():
    rows, blocks4, blocks16 = ([0, 1], [1]), ([0, 1, 2], [1], [(1, 4)]), ([0, 1, 2], [1], [(1, 16)])
    yield dense_layer("sparse_dense_float", "float", sparse, (3, 20), 7, *rows)
    yield dense_layer("sparse_dense_float_uint8", "float", sparse, (2, 24), 7, *rows, index="uint8")
    yield dense_layer("sparse_dense_float_1x4", "float", sparse, (2, 32), 9, *blocks4, index="uint16")
    yield dense_layer("sparse_dense_float_1x4_optimized", "float", sparse, (2, 32), 9, *blocks4, oracle="optimized")
    yield dense_layer("sparse_dense_int8_1x16", "int8", sparse, (2, 64), 9, *blocks16, index="uint8")
    yield dense_layer("sparse_dense_hybrid_1x16", "hybrid", sparse, (2, 64), 9, *blocks16)
    yield dense_layer("densify_dense_float_columns", "float", densified, (2, 20), 6, [1, 0], [1], index="uint8")
    yield dense_layer("densify_dense_float16", "float16", densified, (2, 20), 6, *rows, index="uint16")
    yield dense_layer("densify_dense_int8", "int8", densified, (2, 20), 6, *rows, index="uint8")
    yield dense_layer("densify_dense_int8_wide", "int8", densified, (1, 300), 3, *rows, index="uint16")
    yield dense_layer("densify_dense_int8_both_levels", "int8", densified, (2, 20), 11, [0, 1], [0, 1], index="uint8")
    yield dense_layer("densify_dense_int8_blocks_2x4", "int8", densified, (2, 20), 6, [0, 1, 2, 3], [1], [(0, 2), (1, 4)])
    yield dense_layer("densify_dense_float_blocks_4x2_turned", "float", densified, (2, 20), 8, [1, 0, 3, 2], [0, 1],
                      [(0, 4), (1, 2)])
    yield dense_layer("densify_dense_all_zero", "float", densified, (2, 20), 6, *rows, share=1.1)
    yield convolution("densify_conv2d_int8", "int8", [0, 1, 2, 3], [3], index="uint8")
    yield convolution("densify_conv2d_int8_filters", "int8", [1, 2, 3, 0], [3], index="uint8")
    yield convolution("densify_conv2d_float_4_levels", "float", [0, 1, 2, 3], [0, 1, 2, 3], index="uint16")
    yield convolution("densify_conv2d_float_blocks", "float", [3, 0, 1, 2, 4], [1, 3], [(0, 4)])
    yield convolution("densify_depthwise_int8", "int8", [1, 2, 0, 3], [3], multiplier=1, index="uint8")
