"""Cases of operators that single families of models have: transforms of sound, custom operators of MediaPipe, dense layers
with a scale per block of weights, products of integers with a scale per column. The functions take every attribute, so that
nn_sweep.py can draw them."""
import ai_edge_litert.schema_py_generated as fb
import numpy as np

from op_case import NONE, SAME, VALID, Case, floats, rng, scales, weights
from op_cases_integer import int4
from op_cases_nn import integers, spread_scale, svdf
from tflite_builder import TfliteBuilder


def rfft2d(name, shape=(2, 16), lengths=(1, 16), then=None):
    """RFFT2D, and what turns complex numbers into floats behind it: COMPLEX_ABS, REAL, IMAG or nothing."""
    b, out = TfliteBuilder(), (*shape[:-2], lengths[0], lengths[1] // 2 + 1)
    x = b.input(shape, "float32")
    y = b.output(out, "complex64") if then is None else b.tensor(out, "complex64")
    b.op("RFFT2D", [x, b.const(np.array(lengths, np.int32))], [y], "Rfft2dOptions")
    if then:
        b.op(then, [y], [b.output(out, "float32")])
    return Case(name, b.bytes(), [floats(rng(name), shape)], "tolerance")


def frames(name):
    """What YAMNet does with its samples: frames of the wave, a window, RFFT2D of single rows, magnitudes."""
    r, b = rng(name), TfliteBuilder()
    wave, frame, hop, count = 400, 128, 64, 5
    x = b.input((wave,), "float32")
    picks = np.arange(frame) + hop * np.arange(count)[:, None]
    rows = b.tensor((count, frame), "float32")
    b.op("GATHER", [x, b.const(picks.astype(np.int32))], [rows], "GatherOptions")
    shaped = b.tensor((count, frame), "float32")
    b.op("MUL", [rows, b.const(np.hanning(frame).astype(np.float32))], [shaped], "MulOptions")
    lined = b.tensor((count, 1, frame), "float32")
    b.op("RESHAPE", [shaped, b.const(np.array([count, 1, frame], np.int32))], [lined], "ReshapeOptions")
    bins = b.tensor((count, 1, frame // 2 + 1), "complex64")
    b.op("RFFT2D", [lined, b.const(np.array([1, frame], np.int32))], [bins], "Rfft2dOptions")
    flat = b.tensor((count, frame // 2 + 1), "complex64")
    b.op("RESHAPE", [bins, b.const(np.array([count, frame // 2 + 1], np.int32))], [flat], "ReshapeOptions")
    b.op("COMPLEX_ABS", [flat], [b.output((count, frame // 2 + 1), "float32")])
    return Case(name, b.bytes(), [floats(r, (wave,))], "tolerance")


def biased_transpose(name, input=(1, 4, 3, 3), filters=4, kernel=(3, 3), stride=(2, 2), padding=SAME, more=b""):
    """MediaPipe's Convolution2DTransposeBias. The oracle runs TRANSPOSE_CONV with the same bias and padding, and with the
    output's shape as MediaPipe's kernel computes it."""
    def left_out(axis):
        return max(0, kernel[axis] - (input[1 + axis] - 1) % stride[axis] - 1) if padding == SAME else 0

    out = (input[0], *(stride[a] * (input[1 + a] - 1) + kernel[a] - left_out(a) for a in (0, 1)), filters)
    options = np.array([1 if padding == SAME else 2, stride[1], stride[0]], "<i4").tobytes() + more

    def model(builtin):
        r, b = rng(name), TfliteBuilder()
        x = floats(r, input)
        i, w, k = b.input(input, "float32"), b.const(floats(r, (filters, *kernel, input[3]), 0.3)), b.const(floats(r, filters))
        y = b.output(out, "float32")
        if builtin:
            b.op("TRANSPOSE_CONV", [b.const(np.array(out, np.int32)), w, i, k], [y], "TransposeConvOptions", padding=padding,
                 strideH=stride[0], strideW=stride[1], version=3)
        else:
            b.op("CUSTOM", [i, w, k], [y], custom=("Convolution2DTransposeBias", options))
        return b.bytes(), x

    return Case(name, model(False)[0], [model(False)[1]], "tolerance", oracle_model=model(True)[0])


def by_blocks(b, tensor, scales_of, block, zero_points=-1):
    """Says in the file that the tensor has a scale for each block of its rows."""
    details = fb.BlockwiseQuantizationT()
    details.scales, details.zeroPoints, details.blockSize = scales_of, zero_points, block
    quantization = fb.QuantizationParametersT()
    quantization.detailsType, quantization.details = fb.QuantizationDetails.BlockwiseQuantization, details
    b.graph.tensors[tensor].quantization = quantization
    return tensor


def dense_blocks(name, input=(3, 64), units=5, block=32, keep=False, bias=True, spread=0.02):
    """FULLY_CONNECTED of int4 weights with a float16 scale for each block of a row. LiteRT's reference
    resolver takes the scales for 0, as its others do of rows below 32 and of fewer than 4 units; its optimised kernel leaves fused
    activations out, so there is none here."""
    r, b = rng(name), TfliteBuilder()
    depth = input[-1]
    out = (*input[:-1], units) if keep else (int(np.prod(input)) // depth, units)
    x = b.input(input, "float32")
    w = int4(b, r.integers(-8, 8, (units, depth)))
    s = b.const(scales(r, units * depth // block, spread).astype(np.float16).reshape(units, -1))
    by_blocks(b, w, s, block)
    tensors = [x, w] + ([b.const(floats(r, units))] if bias else [])
    b.op("FULLY_CONNECTED", tensors, [b.output(out, "float32")], "FullyConnectedOptions", fusedActivationFunction=NONE, keepNumDims=keep,
         asymmetricQuantizeInputs=True, version=12)
    return Case(name, b.bytes(), [floats(r, input)], "tolerance", "optimized")


def four_bits(name, code="FULLY_CONNECTED", input=(3, 24), filters=5, per_channel=True, asymmetric=False):
    """Layers of float32 whose weights are int4: FULLY_CONNECTED, CONV_2D with a kernel of 3 × 3, and EMBEDDING_LOOKUP
    with a scale per row."""
    r, b = rng(name), TfliteBuilder()
    depth = input[-1]
    shape, axis = {"FULLY_CONNECTED": ((filters, depth), 0), "CONV_2D": ((filters, 3, 3, depth), 0),
                   "EMBEDDING_LOOKUP": ((filters, depth), 0)}[code]
    channels = shape[axis]
    w = int4(b, r.integers(-7, 8, shape), scale=scales(r, channels if per_channel else 1, 0.1), axis=axis)
    if code == "EMBEDDING_LOOKUP":
        picks = r.integers(0, filters, input[0]).astype(np.int32)
        b.op(code, [b.input(picks.shape, "int32"), w], [b.output(input, "float32")], version=4)
        return Case(name, b.bytes(), [picks], "tolerance")
    x, k = b.input(input, "float32"), b.const(floats(r, channels))
    y = b.output((*input[:-1], channels), "float32")
    if code == "FULLY_CONNECTED":
        b.op(code, [x, w, k], [y], "FullyConnectedOptions", asymmetricQuantizeInputs=asymmetric, version=10)
    else:
        b.op(code, [x, w, k], [y], "Conv2DOptions", version=7, padding=SAME, strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
    return Case(name, b.bytes(), [floats(r, input)], "tolerance")


def embedding_blocks(name, rows=5, columns=64, count=4, block=32):
    """EMBEDDING_LOOKUP of int4 rows with a float16 scale for each block."""
    r, b = rng(name), TfliteBuilder()
    picks = r.integers(0, rows, count).astype(np.int32)
    i, w = b.input((count,), "int32"), int4(b, r.integers(-8, 8, (rows, columns)))
    by_blocks(b, w, b.const(scales(r, rows * columns // block, 0.05).astype(np.float16).reshape(rows, -1)), block)
    b.op("EMBEDDING_LOOKUP", [i, w], [b.output((count, columns), "float32")], version=4)
    return Case(name, b.bytes(), [picks], "bytes")


def product_of_columns(name, kind="int8", x=(2, 3, 20), columns=9, adj_y=False, x_zero=3):
    """BATCH_MATMUL of integers by a constant with a scale per column. LiteRT's own kernel takes such scales for 0: the oracle
    is its CONV_2D with a kernel of one place, whose channels the columns are."""
    r, depth = rng(name), x[-1]
    dtype = "int8" if kind == "int8" else "int16"
    xs, ws = integers(r, x, dtype), weights(r, (columns, depth))
    s_x, s_w = np.float32(0.031), scales(r, columns, 0.01)
    zeros = {"zero_point": x_zero if kind == "int8" else 0}
    out = {"scale": spread_scale(s_x, s_w, xs, ws, depth, 8 if kind == "int8" else 16), "zero_point": -5 if kind == "int8" else 0}
    rows = int(np.prod(x[:-1]))
    b = TfliteBuilder()
    i = b.input(x, dtype, scale=s_x, **zeros)
    w = b.const(ws if adj_y else np.ascontiguousarray(ws.T), scale=s_w, axis=0 if adj_y else 1)
    b.op("BATCH_MATMUL", [i, w], [b.output((*x[:-1], columns), dtype, **out)], "BatchMatMulOptions", adjY=adj_y,
         version=2 if kind == "int8" else 3)
    o = TfliteBuilder()
    i = o.input(x, dtype, scale=s_x, **zeros)
    image, places = o.tensor((1, rows, 1, depth), dtype, scale=s_x, **zeros), o.tensor((1, rows, 1, columns), dtype, **out)
    o.op("RESHAPE", [i, o.const(np.array([1, rows, 1, depth], np.int32))], [image], "ReshapeOptions")
    bias = o.const(np.zeros(columns, np.int32 if kind == "int8" else np.int64), scale=s_x * s_w)
    o.op("CONV_2D", [image, o.const(ws.reshape(columns, 1, 1, depth), scale=s_w), bias], [places], "Conv2DOptions", padding=VALID,
         strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1, version=3 if kind == "int8" else 4)
    shape = (*x[:-1], columns)
    o.op("RESHAPE", [places, o.const(np.array(shape, np.int32))], [o.output(shape, dtype, **out)], "ReshapeOptions")
    return Case(name, b.bytes(), [xs], "bytes", oracle_model=o.bytes())


def cases():
    yield rfft2d("rfft2d_rows", (3, 1, 64), (1, 64))
    yield rfft2d("rfft2d_cut_and_filled", (2, 5, 20), (8, 16))
    yield rfft2d("rfft2d_tall", (32, 8), (32, 8), "COMPLEX_ABS")
    yield rfft2d("rfft2d_filled_real", (2, 1, 1, 100), (1, 256), "REAL")
    yield rfft2d("rfft2d_two_imag", (4, 4), (2, 2), "IMAG")
    yield frames("rfft2d_of_frames")
    yield biased_transpose("transpose_conv_bias_same")
    yield biased_transpose("transpose_conv_bias_same_stride_over_kernel", input=(2, 3, 5, 2), kernel=(2, 1), stride=(3, 2))
    yield biased_transpose("transpose_conv_bias_same_2x2", input=(1, 5, 4, 8), filters=1, kernel=(2, 2), more=bytes(8))
    yield biased_transpose("transpose_conv_bias_valid", input=(1, 3, 4, 5), kernel=(4, 2), stride=(1, 3), padding=VALID)
    yield dense_blocks("dense_blocks_float")
    yield dense_blocks("dense_blocks_float_keep_no_bias", input=(2, 1, 96), units=7, keep=True, bias=False)
    yield dense_blocks("dense_blocks_float_whole_row", input=(2, 64), units=6, block=64)
    yield four_bits("dense_float_int4")
    yield four_bits("dense_float_int4_one_scale", input=(2, 33), filters=4, per_channel=False, asymmetric=True)
    yield four_bits("conv2d_float_int4", "CONV_2D", (2, 5, 4, 4))
    yield four_bits("embedding_lookup_int4", "EMBEDDING_LOOKUP", (7, 12))
    yield four_bits("embedding_lookup_int4_one_scale", "EMBEDDING_LOOKUP", (4, 6), per_channel=False)
    yield embedding_blocks("embedding_lookup_blocks")
    yield embedding_blocks("embedding_lookup_blocks_of_rows", rows=7, columns=16, block=16)
    yield product_of_columns("batch_matmul_int8_columns")
    yield product_of_columns("batch_matmul_int8_columns_adjoint", adj_y=True, x_zero=-128)
    yield product_of_columns("batch_matmul_int16x8_columns", "int16x8", x=(4, 33), columns=6)
    yield svdf("svdf_int8_with_int8_state", "int8_state", batch=1)
    yield svdf("svdf_int8_with_int8_state_rank_1", "int8_state", batch=1, inputs=17, units=14, rank=1, memory=9)
