"""Cases of pooling, reductions, softmax and the operators that only move elements."""
import numpy as np

from op_case import NONE, RELU, RELU6, SAME, VALID, Case, bytes_of, floats, rng
from op_cases_linear import conv_output
from tflite_builder import TfliteBuilder

INT8 = {"scale": np.float32(0.05), "zero_point": -3}
UINT8 = {"scale": np.float32(0.05), "zero_point": 120}


def quantization(dtype):
    return {"int8": INT8, "uint8": UINT8}.get(dtype, {})


def values(r, shape, dtype):
    return floats(r, shape, 2.0) if dtype == "float32" else bytes_of(r, shape, np.dtype(dtype)) if dtype in ("int8", "uint8") \
        else r.integers(-1000, 1000, shape).astype(dtype)


def pool(name, operator, dtype, input=(2, 7, 6, 3), size=(2, 2), stride=(2, 2), padding=VALID, activation=NONE):
    r, b = rng(name), TfliteBuilder()
    out = (input[0], conv_output(input[1], size[0], stride[0], 1, padding),
           conv_output(input[2], size[1], stride[1], 1, padding), input[3])
    x = values(r, input, dtype)
    i, y = b.input(input, dtype, **quantization(dtype)), b.output(out, dtype, **quantization(dtype))
    b.op(operator, [i], [y], "Pool2DOptions", padding=padding, strideH=stride[0], strideW=stride[1], filterHeight=size[0],
         filterWidth=size[1], fusedActivationFunction=activation, version=2)
    return Case(name, b.bytes(), [x], "bytes" if dtype != "float32" else "tolerance", tolerance=1e-6)


def move(name, operator, dtype, input, output, extra=(), options=None, outputs=1, data_first=True, inputs=1, version=2,
         in_quant=None, out_quant=None, compare="bytes", oracle="reference", tolerance=1e-6, x=None, **fields):
    """One operator with constant extra inputs. `output` is one shape, or a list of shapes where outputs > 1."""
    r, b = rng(name), TfliteBuilder()
    shapes = input if inputs > 1 else [input]
    quants = in_quant if isinstance(in_quant, list) else [in_quant if in_quant is not None else quantization(dtype)] * inputs
    xs = [x] if x is not None else [values(r, s, dtype) for s in shapes]
    ids = [b.input(s, dtype, **q) for s, q in zip(shapes, quants)]
    constants = [b.const(e) for e in extra]
    out_shapes = output if outputs > 1 else [output]
    ys = [b.output(s, dtype, **(out_quant if out_quant is not None else quantization(dtype))) for s in out_shapes]
    b.op(operator, ids + constants if data_first else constants + ids, ys, options, version=version, **fields)
    return Case(name, b.bytes(), xs, compare, oracle, tolerance)


def i32(*numbers):
    return np.array(numbers, np.int32)


def softmax(name, dtype, shape, beta=1.0, log=False, in_scale=0.1, spread=None, fine=False):
    r, b = rng(name), TfliteBuilder()
    if dtype == "float32":
        x = floats(r, shape, spread or 3.0)
        i, y = b.input(shape, dtype), b.output(shape, dtype)
    else:
        x = bytes_of(r, shape, np.dtype(dtype))
        zero = {"int8": -128, "uint8": 0}[dtype]
        out = {"scale": 1 / 256, "zero_point": zero} if not log else {"scale": 16 / 256, "zero_point": zero + 255}
        if fine:
            out = {"scale": 1 / 65536, "zero_point": -32768}
        i = b.input(shape, dtype, scale=np.float32(in_scale), zero_point=zero + 131)
        y = b.output(shape, "int16" if fine else dtype, **out)
    if log:
        b.op("LOG_SOFTMAX", [i], [y], "LogSoftmaxOptions", version=2)
    else:
        b.op("SOFTMAX", [i], [y], "SoftmaxOptions", beta=beta, version=2)
    return Case(name, b.bytes(), [x], "tolerance" if dtype == "float32" else "bytes", tolerance=1e-6)


def reduce(name, operator, dtype, input, axes, output, keep=False, out_quant=None, oracle="reference"):
    return move(name, operator, dtype, input, output, extra=(np.array(axes, np.int32),), options="ReducerOptions", keepDims=keep,
                out_quant=out_quant, oracle=oracle, compare="tolerance" if dtype == "float32" and operator in ("MEAN", "SUM",
                "REDUCE_PROD") else "bytes")


def strided(name, dtype, input, output, begin, end, strides, **masks):
    return move(name, "STRIDED_SLICE", dtype, input, output, extra=(i32(*begin), i32(*end), i32(*strides)),
                options="StridedSliceOptions", **masks)


def pools_and_softmax():
    for dtype in ("float32", "int8", "uint8"):
        yield pool(f"average_pool_{dtype}_valid", "AVERAGE_POOL_2D", dtype)
        yield pool(f"average_pool_{dtype}_same_overlapping", "AVERAGE_POOL_2D", dtype, size=(3, 3), stride=(2, 2), padding=SAME)
        yield pool(f"max_pool_{dtype}_valid", "MAX_POOL_2D", dtype)
        yield pool(f"max_pool_{dtype}_same_overlapping", "MAX_POOL_2D", dtype, size=(3, 2), stride=(1, 2), padding=SAME)
        yield pool(f"average_pool_{dtype}_whole_image_relu", "AVERAGE_POOL_2D", dtype, size=(7, 6), stride=(7, 6), activation=RELU)
        yield softmax(f"softmax_{dtype}", dtype, (3, 10))
        yield softmax(f"softmax_{dtype}_beta_rank4", dtype, (1, 2, 3, 7), beta=0.5, in_scale=0.02)
        yield softmax(f"softmax_{dtype}_steep", dtype, (4, 12), beta=2.0, in_scale=0.7, spread=30.0)
    yield pool("max_pool_float32_relu6", "MAX_POOL_2D", "float32", activation=RELU6)
    yield softmax("softmax_int8_1001", "int8", (1, 1001), in_scale=0.06)
    yield softmax("softmax_int8_to_int16", "int8", (3, 12), in_scale=0.05, fine=True)
    yield softmax("log_softmax_float32", "float32", (3, 10), log=True)
    yield softmax("log_softmax_int8", "int8", (3, 10), log=True)
    yield softmax("log_softmax_int8_fine", "int8", (2, 31), log=True, in_scale=0.01)
    yield softmax("log_softmax_uint8", "uint8", (3, 10), log=True)


def reductions():
    yield reduce("mean_float32_spatial", "MEAN", "float32", (2, 3, 4, 5), [1, 2], (2, 5))
    yield reduce("mean_float32_spatial_keep", "MEAN", "float32", (2, 3, 4, 5), [1, 2], (2, 1, 1, 5), keep=True)
    yield reduce("mean_float32_negative_axis", "MEAN", "float32", (4, 7), [-1], (4,))
    yield reduce("mean_float32_all", "MEAN", "float32", (3, 5), [0, 1], ())
    yield reduce("mean_int8_same_scale", "MEAN", "int8", (2, 4, 4, 6), [1, 2], (2, 6))
    yield reduce("mean_int8_other_scale_keep", "MEAN", "int8", (2, 3, 5, 6), [1, 2], (2, 1, 1, 6), keep=True,
                 out_quant={"scale": np.float32(0.013), "zero_point": 17})
    yield reduce("mean_int8_last_axis", "MEAN", "int8", (5, 9), [1], (5,))
    x = np.tile(np.array([[-24, -25], [24, 25], [-1, 0], [0, 1], [-128, -127], [126, 127]], np.int8), (1, 1))
    yield move("mean_int8_halves", "MEAN", "int8", x.shape, (6,), extra=(i32(1),), options="ReducerOptions", x=x,
               in_quant={"scale": 0.5, "zero_point": 0}, out_quant={"scale": 0.5, "zero_point": 0})
    yield reduce("mean_uint8_spatial", "MEAN", "uint8", (1, 4, 4, 6), [1, 2], (1, 6))
    yield reduce("mean_uint8_other_scale", "MEAN", "uint8", (1, 3, 3, 6), [1, 2], (1, 1, 1, 6), keep=True,
                 out_quant={"scale": np.float32(0.021), "zero_point": 99})
    yield reduce("sum_float32_axis0", "SUM", "float32", (3, 4, 2), [0], (4, 2))
    yield reduce("sum_float32_keep", "SUM", "float32", (3, 4, 2), [1, -1], (3, 1, 1), keep=True)
    yield reduce("sum_int32", "SUM", "int32", (3, 4, 2), [1], (3, 2))
    yield reduce("sum_int8_other_scale", "SUM", "int8", (3, 8), [1], (3,), out_quant={"scale": np.float32(0.2), "zero_point": 4},
                 oracle="optimized")
    for word in ("MAX", "MIN"):
        yield reduce(f"reduce_{word.lower()}_float32", f"REDUCE_{word}", "float32", (2, 3, 4), [1], (2, 4))
        yield reduce(f"reduce_{word.lower()}_float32_all_keep", f"REDUCE_{word}", "float32", (2, 3, 4), [0, 1, 2], (1, 1, 1), keep=True)
        yield reduce(f"reduce_{word.lower()}_int8", f"REDUCE_{word}", "int8", (2, 5, 4), [-2], (2, 4))
        yield reduce(f"reduce_{word.lower()}_int32", f"REDUCE_{word}", "int32", (2, 5, 4), [0, 2], (5,))


def moves():
    f = "float32"
    yield move("reshape_constant_shape", "RESHAPE", f, (2, 3, 4), (6, 4), extra=(i32(6, 4),), options="ReshapeOptions", newShape=[6, 4], version=1)
    yield move("reshape_inferred", "RESHAPE", "int8", (2, 3, 4), (2, 12), extra=(i32(2, -1),), options="ReshapeOptions", newShape=[2, -1], version=1)
    yield move("reshape_shape_in_options", "RESHAPE", f, (2, 6), (3, 4), options="ReshapeOptions", newShape=[3, 4], version=1)
    yield move("squeeze_all", "SQUEEZE", f, (1, 3, 1, 4), (3, 4), options="SqueezeOptions", squeezeDims=[], version=1)
    yield move("squeeze_some_negative", "SQUEEZE", "int8", (1, 3, 1, 4), (1, 3, 4), options="SqueezeOptions", squeezeDims=[-2], version=1)
    yield move("expand_dims_front", "EXPAND_DIMS", f, (3, 4), (1, 3, 4), extra=(i32(0),), version=1)
    yield move("expand_dims_back_negative", "EXPAND_DIMS", "int8", (3, 4), (3, 4, 1), extra=(i32(-1),), version=1)
    for dtype in (f, "int8", "int32"):
        yield move(f"concatenation_{dtype}_last", "CONCATENATION", dtype, [(2, 3, 1), (2, 3, 4), (2, 3, 2)], (2, 3, 7), inputs=3,
                   options="ConcatenationOptions", axis=-1)
        yield move(f"concatenation_{dtype}_axis1", "CONCATENATION", dtype, [(2, 3, 4), (2, 1, 4)], (2, 4, 4), inputs=2,
                   options="ConcatenationOptions", axis=1)
    yield move("concatenation_uint8_rescales", "CONCATENATION", "uint8", [(2, 5), (2, 4)], (2, 9), inputs=2, axis=1,
               options="ConcatenationOptions", in_quant=[{"scale": np.float32(0.03), "zero_point": 100},
               {"scale": np.float32(0.06), "zero_point": 130}], out_quant={"scale": np.float32(0.06), "zero_point": 125})
    for dtype in (f, "int8"):
        yield move(f"split_{dtype}", "SPLIT", dtype, (2, 6, 3), [(2, 2, 3)] * 3, extra=(i32(1),), outputs=3, data_first=False,
                   options="SplitOptions", numSplits=3)
        yield move(f"split_v_{dtype}", "SPLIT_V", dtype, (2, 7), [(2, 1), (2, 4), (2, 2)], extra=(i32(1, 4, 2), i32(-1)), outputs=3,
                   options="SplitVOptions", numSplits=3)
        yield move(f"transpose_{dtype}_0231", "TRANSPOSE", dtype, (2, 3, 4, 5), (2, 4, 5, 3), extra=(i32(0, 2, 3, 1),))
        yield move(f"pad_{dtype}", "PAD", dtype, (1, 3, 2, 2), (1, 5, 5, 2), extra=(np.array([[0, 0], [1, 1], [0, 3], [0, 0]], np.int32),))
        yield move(f"slice_{dtype}", "SLICE", dtype, (3, 5, 4), (2, 5, 2), extra=(i32(1, 0, 2), i32(2, -1, 2)), options="SliceOptions")
    yield move("split_v_inferred_size", "SPLIT_V", f, (2, 7), [(2, 3), (2, 4)], extra=(i32(3, -1), i32(1)), outputs=2,
               options="SplitVOptions", numSplits=2)
    yield move("transpose_float32_matrix", "TRANSPOSE", f, (5, 3), (3, 5), extra=(i32(1, 0),))
    yield move("transpose_float32_rank5", "TRANSPOSE", f, (2, 1, 3, 2, 4), (4, 2, 3, 1, 2), extra=(i32(4, 0, 2, 1, 3),))
    yield move("transpose_int8_rank3", "TRANSPOSE", "int8", (4, 3, 5), (5, 4, 3), extra=(i32(2, 0, 1),))
    yield move("pad_uint8", "PAD", "uint8", (1, 3, 2, 2), (1, 4, 4, 2), extra=(np.array([[0, 0], [1, 0], [1, 1], [0, 0]], np.int32),))
    yield move("padv2_float32", "PADV2", f, (2, 3), (4, 6), extra=(np.array([[1, 1], [2, 1]], np.int32), np.float32(-1.5)))
    yield padv2_int8("padv2_int8")
    yield strided("strided_slice_float32", f, (4, 5, 3), (2, 2, 3), (0, 1, 0), (4, 5, 3), (2, 2, 1))
    yield strided("strided_slice_masks", f, (4, 5, 3), (4, 3, 2), (9, 2, 1), (-9, 0, 3), (1, 1, 1), beginMask=1, endMask=3)
    yield strided("strided_slice_negative_stride", "int8", (4, 6), (4, 3), (0, -1), (4, -7), (1, -2), beginMask=1, endMask=1)
    yield strided("strided_slice_reverse_all", f, (3, 4), (3, 4), (0, 0), (0, 0), (-1, -1), beginMask=3, endMask=3)
    yield strided("strided_slice_shrink", f, (4, 5, 3), (4, 3), (0, 2, 0), (4, 3, 3), (1, 1, 1), shrinkAxisMask=2)
    yield strided("strided_slice_shrink_negative", "int8", (4, 5, 3), (5, 3), (-1, 0, 0), (0, 5, 3), (1, 1, 1), shrinkAxisMask=1)
    yield strided("strided_slice_new_axis", f, (4, 5), (4, 1, 3), (0, 0, 1), (4, 0, 4), (1, 1, 1), newAxisMask=2)
    yield strided("strided_slice_ellipsis", f, (2, 3, 4, 5), (2, 3, 4, 2), (0, 1), (0, 3), (1, 1), ellipsisMask=1)
    yield strided("strided_slice_out_of_range", "int32", (4, 5), (2, 5), (2, -100), (100, 100), (1, 1))


def padv2_int8(name):
    r, b = rng(name), TfliteBuilder()
    x = bytes_of(r, (2, 3), np.int8)
    i = b.input((2, 3), "int8", **INT8)
    extra = [b.const(np.array([[0, 1], [2, 1]], np.int32)), b.const(np.int8(-77), **INT8)]
    y = b.output((3, 6), "int8", **INT8)
    b.op("PADV2", [i, *extra], [y], "PadV2Options", version=2)
    return Case(name, b.bytes(), [x], "bytes")


def gather(name, dtype, input, indices, output, axis=0, batch_dims=0, wide=False, constant=True, version=2):
    """`indices` are numbers in their shape; constant, or fed after the data."""
    r, b = rng(name), TfliteBuilder()
    x = (r.integers(0, 2, input) > 0) if dtype == "bool" else values(r, input, dtype)
    at = np.array(indices, np.int64 if wide else np.int32)
    i = b.input(input, dtype, **quantization(dtype))
    k = b.const(at) if constant else b.input(at.shape, str(at.dtype))
    y = b.output(output, dtype, **quantization(dtype))
    b.op("GATHER", [i, k], [y], "GatherOptions", axis=axis, batchDims=batch_dims, version=version)
    return Case(name, b.bytes(), [x] if constant else [x, at], "bytes")


def gathers():
    for dtype in ("float32", "int8", "uint8", "int16", "int32", "int64", "bool"):
        yield gather(f"gather_{dtype}_rows", dtype, (5, 3), [4, 0, 0, 2], (4, 3), version=4)
        yield gather(f"gather_{dtype}_last_axis", dtype, (2, 3, 5), [[1, 4], [0, 1]], (2, 3, 2, 2), axis=-1, version=4)
    yield gather("gather_float32_fed_indices", "float32", (7, 4), [[6, 2, 2], [0, 5, 1]], (2, 3, 4), constant=False)
    yield gather("gather_int8_fed_wide_indices", "int8", (2, 6), [5, 0, 3], (2, 3), axis=1, wide=True, constant=False)
    yield gather("gather_float32_scalar_index", "float32", (4, 3), 2, (3,))
    yield gather("gather_float32_vector_to_scalar", "float32", (6,), 3, ())
    yield gather("gather_int32_no_indices", "int32", (4, 3), np.zeros((0,), np.int32), (0, 3))
    yield gather("gather_float32_batch", "float32", (2, 4, 3), [[3, 0], [1, 1]], (2, 2, 3), axis=1, batch_dims=1, version=5)
    yield gather("gather_int8_batch_outer", "int8", (2, 3, 4, 2), [[3, 0, 2], [1, 1, 0]], (2, 3, 3, 2), axis=2, batch_dims=1, version=5)
    yield gather("gather_float32_batch_all", "float32", (2, 3, 4), [[3, 0, 2], [1, 1, 0]], (2, 3), axis=2, batch_dims=-1 + 3, version=5)
    yield gather("gather_float32_negative_batch", "float32", (2, 4, 3), [[3, 0], [1, 1]], (2, 2, 3), axis=1, batch_dims=-1, version=5)


def cases():
    yield from pools_and_softmax()
    yield from gathers()
    yield from reductions()
    yield from moves()
