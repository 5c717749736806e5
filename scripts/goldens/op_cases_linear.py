"""Cases of the operators with weights: convolution, depthwise, fully connected, LSTM."""
import numpy as np

from op_case import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, Case, bias_for, bytes_of, floats, output_scale, rng, scales, weights
from tflite_builder import TfliteBuilder


def conv_output(size, kernel, stride, dilation, padding):
    span = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - span) // stride + 1


def convolution(name, kind, input=(1, 7, 6, 3), filters=4, kernel=(3, 3), stride=(1, 1), dilation=(1, 1), padding=SAME,
                activation=NONE, bias=True, groups=1, multiplier=None, per_channel=True, in_zero=None, zero_bias=False):
    """One CONV_2D, or DEPTHWISE_CONV_2D where `multiplier` is given. kind: float, int8, uint8, hybrid."""
    if not bias and zero_bias is False and multiplier is None:
        # LiteRT refuses a CONV_2D without bias, old files have it: the oracle runs the same file with zeros instead.
        arguments = dict(input=input, filters=filters, kernel=kernel, stride=stride, dilation=dilation, padding=padding,
                         activation=activation, groups=groups, per_channel=per_channel, in_zero=in_zero, zero_bias=None)
        case = convolution(name, kind, bias=False, **arguments)
        case.oracle_model = convolution(name, kind, bias=False, **{**arguments, "zero_bias": True}).model
        return case
    r, b = rng(name), TfliteBuilder()
    depthwise = multiplier is not None
    depth = input[3]
    if depthwise:
        filters, shape, axis, fan = depth * multiplier, (1, *kernel, depth * multiplier), 3, kernel[0] * kernel[1]
    else:
        shape, axis, fan = (filters, *kernel, depth // groups), 0, kernel[0] * kernel[1] * depth // groups
    out = (input[0], conv_output(input[1], kernel[0], stride[0], dilation[0], padding),
           conv_output(input[2], kernel[1], stride[1], dilation[1], padding), filters)
    channels = filters if per_channel and kind != "uint8" else 1
    if kind == "float":
        x = floats(r, input)
        tensors = [b.input(input, "float32"), b.const(floats(r, shape, 0.3))]
        if bias or zero_bias:
            tensors.append(b.const(floats(r, filters) * np.float32(bias)))
        y = b.output(out, "float32")
    elif kind == "hybrid":
        x = floats(r, input)
        tensors = [b.input(input, "float32"), b.const(weights(r, shape), scale=scales(r, channels, 0.01), axis=axis)]
        if bias:
            tensors.append(b.const(floats(r, filters)))
        y = b.output(out, "float32")
    else:
        dtype = np.dtype(kind)
        s_in = np.float32(0.037 if activation != RELU6 else 0.0011)
        z_in = in_zero if in_zero is not None else (-11 if kind == "int8" else 121)
        s_w = scales(r, channels)
        x = bytes_of(r, input, dtype)
        spread, s_bias = bias_for(r, s_in, s_w, fan)
        w = weights(r, shape, dtype)
        tensors = [b.input(input, dtype, scale=s_in, zero_point=z_in),
                   b.const(w, scale=s_w, axis=axis, zero_point=None if kind == "int8" else 133)]
        if bias or zero_bias:
            tensors.append(b.const((r.standard_normal(filters) * spread * bias).astype(np.int32), scale=s_bias))
        y = b.output(out, dtype, scale=output_scale(s_in, s_w, fan), zero_point=5 if kind == "int8" else 117)
    if depthwise:
        b.op("DEPTHWISE_CONV_2D", tensors, [y], "DepthwiseConv2DOptions", padding=padding, strideH=stride[0],
             strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1], depthMultiplier=multiplier,
             fusedActivationFunction=activation, version=3 if kind in ("int8", "hybrid") else 1)
    else:
        b.op("CONV_2D", tensors, [y], "Conv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
             dilationHFactor=dilation[0], dilationWFactor=dilation[1], fusedActivationFunction=activation,
             version=3 if kind in ("int8", "hybrid") else 1)
    return Case(name, b.bytes(), [x], "tolerance" if kind in ("float", "hybrid") else "bytes")


def dense(name, kind, input=(3, 12), units=5, activation=NONE, bias=True, keep=False, per_channel=False, asymmetric=False,
          zero_row=False, x=None, out_scale=None):
    """One FULLY_CONNECTED. kind: float, int8, uint8, hybrid."""
    r, b = rng(name), TfliteBuilder()
    depth = input[-1] if keep or len(input) == 2 else int(np.prod(input[1:]))
    out = (*input[:-1], units) if keep else (int(np.prod(input)) // depth, units)
    channels = units if per_channel else 1
    if kind in ("float", "hybrid"):
        x = floats(r, input) if x is None else x
        if zero_row:
            x[1] = 0
        w = b.const(floats(r, (units, depth), 0.3)) if kind == "float" else b.const(
            weights(r, (units, depth)), scale=scales(r, channels, 0.01))
        i = b.input(input, "float32")
        tensors = [i, w, b.const(floats(r, units)) if bias else -1]
        y = b.output(out, "float32")
    else:
        dtype = np.dtype(kind)
        s_in, s_w = np.float32(0.041 if activation != RELU6 else 0.0012), scales(r, channels)
        x = bytes_of(r, input, dtype) if x is None else x
        spread, s_bias = bias_for(r, s_in, s_w, depth)
        i = b.input(input, dtype, scale=s_in, zero_point=9 if kind == "int8" else 140)
        tensors = [i, b.const(weights(r, (units, depth), dtype), scale=s_w, zero_point=None if kind == "int8" else 119), -1]
        if bias:
            tensors[2] = b.const((r.standard_normal(units) * spread).astype(np.int32), scale=s_bias)
        y = b.output(out, dtype, scale=out_scale or output_scale(s_in, s_w, depth), zero_point=-7 if kind == "int8" else 126)
    b.op("FULLY_CONNECTED", tensors, [y], "FullyConnectedOptions", fusedActivationFunction=activation, keepNumDims=keep,
         asymmetricQuantizeInputs=asymmetric, version=9 if asymmetric else 5)
    return Case(name, b.bytes(), [x], "tolerance" if kind in ("float", "hybrid") else "bytes")


def rounding_divide(values, exponent):
    """gemmlowp's RoundingDivideByPOT: half away from zero."""
    mask = (1 << exponent) - 1
    remainder, threshold = values & mask, (mask >> 1) + (values < 0)
    return (values >> exponent) + (remainder > threshold)


def rounding_rows(name, operator):
    """int8 rows picked so that rounding once (or in floating point) instead of twice gives another byte in each.

    The reference requantises CONV_2D with gemmlowp's two roundings, but FULLY_CONNECTED in double precision with std::round:
    both operators get the same rows, and must answer differently.
    """
    r, b = rng("rounding_rows"), TfliteBuilder()
    depth, units, wanted = 24, 8, 24
    s_in, s_w, s_out = np.float32(0.03), np.float32(0.011), np.float32(0.6)
    w = weights(r, (units, depth))
    real = float(s_in) * float(s_w) / float(s_out)
    fraction, exponent = np.frexp(real)
    multiplier, right = int(round(fraction * (1 << 31))), -int(exponent)
    rows = []
    while len(rows) < wanted:
        x = bytes_of(r, (4096, depth), np.int8)
        sums = (x.astype(np.int64) - 3) @ w.T.astype(np.int64)
        high = (sums * multiplier + np.where(sums * multiplier >= 0, 1 << 30, 1 - (1 << 30)))
        high = np.where(high >= 0, high >> 31, -((-high) >> 31))
        twice = rounding_divide(high, right)
        once = (sums * multiplier + (1 << (30 + right))) >> (31 + right)
        rows.extend(x[((twice != once) & (np.abs(twice) < 120)).any(axis=1)])
    x = np.stack(rows[:wanted])
    if operator == "FULLY_CONNECTED":
        i = b.input(x.shape, "int8", scale=s_in, zero_point=3)
        y = b.output((wanted, units), "int8", scale=s_out, zero_point=0)
        b.op(operator, [i, b.const(w, scale=s_w), -1], [y], "FullyConnectedOptions", version=4)
    else:
        x = x.reshape(1, 4, wanted // 4, depth)
        i = b.input(x.shape, "int8", scale=s_in, zero_point=3)
        y = b.output((1, 4, wanted // 4, units), "int8", scale=s_out, zero_point=0)
        bias = b.const(np.zeros(units, np.int32), scale=[s_in * s_w] * units)
        b.op(operator, [i, b.const(w.reshape(units, 1, 1, depth), scale=[s_w] * units), bias], [y], "Conv2DOptions", padding=VALID,
             strideH=1, strideW=1, version=3)
    return Case(name, b.bytes(), [x], "bytes")


def dense_ties(name):
    """Sums that fall exactly on halves: rounded away from zero."""
    b = TfliteBuilder()
    x = np.arange(-60, 60, dtype=np.int8).reshape(-1, 1)
    i = b.input(x.shape, "int8", scale=0.5, zero_point=0)
    y = b.output(x.shape, "int8", scale=0.5, zero_point=0)
    b.op("FULLY_CONNECTED", [i, b.const(np.array([[1]], np.int8), scale=0.5), -1], [y], "FullyConnectedOptions", version=4)
    return Case(name, b.bytes(), [x], "bytes")


def lstm(name, kind, batch=2, time=5, depth=6, units=4, time_major=False, cell_clip=0.0, asymmetric=False, peephole=False,
         activation=4, cell_power=-11):
    """One UNIDIRECTIONAL_SEQUENCE_LSTM with states as variable tensors. kind: float, hybrid, int8 (8x8_16)."""
    r, b = rng(name), TfliteBuilder()
    shape = (time, batch, depth) if time_major else (batch, time, depth)
    out = (*shape[:2], units)
    inputs = [-1] * 24
    mid = None
    gate = lambda columns: floats(r, (units, columns), 0.5)
    if kind == "int8":
        s_in, s_h = np.float32(0.0157), np.float32(0.0078)
        x = bytes_of(r, shape, np.int8)
        inputs[0] = b.input(shape, "int8", scale=s_in, zero_point=-4)
        s_gate = [float(scales(r, 1, 0.008)[0]) for _ in range(8)]
        for k in range(4):
            inputs[1 + k] = b.const(weights(r, (units, depth)), scale=s_gate[k])
            inputs[5 + k] = b.const(weights(r, (units, units)), scale=s_gate[4 + k])
            inputs[12 + k] = b.const((r.standard_normal(units) * 3000 + (4000 if k == 1 else 0)).astype(np.int32),
                                     scale=s_in * np.float32(s_gate[k]))
        inputs[18] = b.tensor((batch, units), "int8", scale=s_h, zero_point=2, variable=True)
        inputs[19] = b.tensor((batch, units), "int16", scale=np.float32(2.0**cell_power), zero_point=0, variable=True)
        mid = [b.tensor((0,), "float32") for _ in range(4)] + [b.tensor((0,), "int8", scale=s_h, zero_point=2)]
        y = b.output(out, "int8", scale=s_h, zero_point=2)
    else:
        x = floats(r, shape)
        inputs[0] = b.input(shape, "float32")
        for k in range(4):
            for slot, columns in ((1, depth), (5, units)):
                inputs[slot + k] = b.const(gate(columns)) if kind == "float" else b.const(
                    weights(r, (units, columns)), scale=float(scales(r, 1, 0.008)[0]))
            inputs[12 + k] = b.const(floats(r, units, 0.5) + np.float32(k == 1))
        if peephole:
            for k in range(3):
                inputs[9 + k] = b.const(floats(r, units, 0.3))
        inputs[18] = b.tensor((batch, units), "float32", variable=True)
        inputs[19] = b.tensor((batch, units), "float32", variable=True)
        y = b.output(out, "float32")
    b.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], "UnidirectionalSequenceLSTMOptions", intermediates=mid,
         fusedActivationFunction=activation, cellClip=cell_clip, timeMajor=time_major, asymmetricQuantizeInputs=asymmetric,
         version=3 if kind == "int8" else 2 if kind == "hybrid" else 1)
    return Case(name, b.bytes(), [x], "bytes" if kind == "int8" else "tolerance")


def cases():
    yield convolution("conv2d_float_same", "float")
    yield convolution("conv2d_float_valid_stride2_relu", "float", padding=VALID, stride=(2, 2), activation=RELU)
    yield convolution("conv2d_float_same_stride2_even", "float", input=(2, 8, 8, 3), stride=(2, 2), activation=RELU6)
    yield convolution("conv2d_float_dilated", "float", input=(1, 9, 8, 2), dilation=(2, 3), activation=RELU_N1_TO_1)
    yield convolution("conv2d_float_1x1_batch3", "float", input=(3, 4, 5, 7), filters=9, kernel=(1, 1))
    yield convolution("conv2d_float_no_bias", "float", bias=False, kernel=(2, 3))
    yield convolution("conv2d_float_grouped", "float", input=(1, 5, 5, 6), filters=4, groups=2)
    yield convolution("conv2d_float_5x1_stride3x1", "float", kernel=(5, 1), stride=(3, 1))
    yield convolution("conv2d_float_kernel_over_image", "float", input=(1, 2, 3, 2), kernel=(5, 5))
    yield convolution("conv2d_int8_same", "int8")
    yield convolution("conv2d_int8_valid_stride2_relu", "int8", padding=VALID, stride=(2, 2), activation=RELU, input=(2, 9, 8, 5))
    yield convolution("conv2d_int8_same_relu6_wide", "int8", input=(1, 8, 8, 16), filters=17, activation=RELU6)
    yield convolution("conv2d_int8_dilated", "int8", input=(1, 9, 8, 3), dilation=(3, 2))
    yield convolution("conv2d_int8_1x1", "int8", input=(2, 5, 4, 33), filters=21, kernel=(1, 1))
    yield convolution("conv2d_int8_per_tensor", "int8", per_channel=False)
    yield convolution("conv2d_int8_no_bias", "int8", bias=False)
    yield convolution("conv2d_int8_grouped", "int8", input=(1, 5, 5, 8), filters=12, groups=4)
    yield convolution("conv2d_int8_zero_point_edges", "int8", in_zero=-128, stride=(2, 1))
    yield convolution("conv2d_uint8_same", "uint8")
    yield convolution("conv2d_uint8_valid_relu6", "uint8", padding=VALID, stride=(2, 2), activation=RELU6, input=(2, 9, 8, 5))
    yield convolution("conv2d_uint8_1x1", "uint8", input=(1, 6, 6, 19), filters=13, kernel=(1, 1), activation=RELU)
    yield convolution("conv2d_uint8_dilated", "uint8", input=(1, 8, 9, 3), dilation=(2, 2))
    yield convolution("conv2d_hybrid", "hybrid", input=(2, 6, 6, 4), filters=7)
    yield convolution("conv2d_hybrid_stride2_relu", "hybrid", input=(1, 9, 9, 3), stride=(2, 2), activation=RELU)
    yield convolution("conv2d_hybrid_dilated_valid", "hybrid", input=(1, 9, 9, 3), dilation=(2, 2), padding=VALID)
    yield convolution("depthwise_float_same", "float", multiplier=1)
    yield convolution("depthwise_float_multiplier3_stride2", "float", multiplier=3, stride=(2, 2), activation=RELU6)
    yield convolution("depthwise_float_dilated_valid", "float", multiplier=2, dilation=(2, 2), padding=VALID, input=(2, 9, 8, 4))
    yield convolution("depthwise_float_5x3_no_bias", "float", multiplier=1, kernel=(5, 3), bias=False)
    yield convolution("depthwise_int8_same", "int8", multiplier=1, input=(2, 7, 6, 9))
    yield convolution("depthwise_int8_stride2_relu6", "int8", multiplier=1, input=(1, 8, 8, 24), stride=(2, 2), activation=RELU6)
    yield convolution("depthwise_int8_multiplier4", "int8", multiplier=4, input=(1, 7, 6, 2), padding=VALID, activation=RELU)
    yield convolution("depthwise_int8_multiplier8_one_channel", "int8", multiplier=8, input=(1, 12, 10, 1), kernel=(10, 8), stride=(2, 2))
    yield convolution("depthwise_int8_dilated", "int8", multiplier=1, input=(1, 9, 9, 5), dilation=(2, 3))
    yield convolution("depthwise_int8_5x5_no_bias", "int8", multiplier=1, input=(1, 8, 8, 16), kernel=(5, 5), bias=False)
    yield convolution("depthwise_uint8_same_relu6", "uint8", multiplier=1, input=(1, 8, 8, 9), activation=RELU6)
    yield convolution("depthwise_uint8_multiplier2_stride2", "uint8", multiplier=2, stride=(2, 2))
    yield convolution("depthwise_hybrid", "hybrid", multiplier=1, input=(2, 6, 6, 5))
    yield convolution("depthwise_hybrid_multiplier2_stride2", "hybrid", multiplier=2, stride=(2, 2), activation=RELU)
    yield dense("dense_float", "float")
    yield dense("dense_float_no_bias_relu", "float", bias=False, activation=RELU)
    yield dense("dense_float_flattens_rank4", "float", input=(2, 2, 3, 4), units=3)
    yield dense("dense_float_keep_num_dims", "float", input=(2, 3, 8), keep=True, activation=RELU6)
    yield dense("dense_int8", "int8")
    yield dense("dense_int8_per_channel", "int8", per_channel=True, input=(4, 37), units=11)
    yield dense("dense_int8_no_bias_relu", "int8", bias=False, activation=RELU)
    yield dense("dense_int8_keep_num_dims", "int8", input=(2, 3, 8), keep=True)
    yield dense("dense_int8_wide", "int8", input=(1, 640), units=32, activation=RELU6)
    yield dense("dense_int8_upscale", "int8", out_scale=np.float32(0.0004))
    yield rounding_rows("conv2d_int8_double_rounding", "CONV_2D")
    yield rounding_rows("dense_int8_rounding_in_double", "FULLY_CONNECTED")
    yield dense_ties("dense_int8_ties")
    yield dense("dense_uint8", "uint8")
    yield dense("dense_uint8_relu", "uint8", input=(2, 50), units=9, activation=RELU)
    yield dense("dense_hybrid", "hybrid", input=(4, 33), units=10)
    yield dense("dense_hybrid_zero_row", "hybrid", zero_row=True)
    yield dense("dense_hybrid_no_bias_relu", "hybrid", bias=False, activation=RELU)
    yield dense("dense_hybrid_per_channel", "hybrid", input=(4, 33), units=10, per_channel=True)
    yield dense("dense_hybrid_asymmetric", "hybrid", input=(4, 33), units=10, asymmetric=True)
    yield dense("dense_hybrid_keep_num_dims", "hybrid", input=(2, 3, 16), keep=True)
    yield lstm("lstm_float", "float")
    yield lstm("lstm_float_time_major", "float", time_major=True)
    yield lstm("lstm_float_cell_clip", "float", cell_clip=0.4)
    yield lstm("lstm_float_peephole", "float", peephole=True)
    yield lstm("lstm_float_relu", "float", activation=RELU)
    yield lstm("lstm_float_one_step", "float", batch=1, time=1, depth=3, units=2)
    yield lstm("lstm_hybrid", "hybrid", batch=2, time=7, depth=16, units=12)
    yield lstm("lstm_hybrid_one_batch", "hybrid", batch=1, time=6, depth=9, units=20)
    yield lstm("lstm_hybrid_asymmetric", "hybrid", asymmetric=True)
    yield lstm("lstm_int8", "int8")
    yield lstm("lstm_int8_time_major", "int8", time_major=True)
    yield lstm("lstm_int8_cell_clip", "int8", cell_clip=1.0, batch=1, time=9)
    yield lstm("lstm_int8_wide", "int8", batch=3, time=8, depth=28, units=20, cell_power=-12)
