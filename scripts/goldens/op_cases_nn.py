"""Cases of the larger neural-network operators: batched products, transposed and three-dimensional convolutions, int16
activations, SVDF, RNN and LSTM in all their forms. The functions take every attribute, so that nn_sweep.py can draw them."""
import numpy as np

from op_case import NONE, RELU, RELU6, SAME, VALID, Case, bytes_of, floats, rng, scales, weights
from op_cases_linear import conv_output
from tflite_builder import TfliteBuilder

TANH, SIGMOID = 4, 6  # of the schema's activations: TANH 4, SIGN_BIT 5; SIGMOID only where a runtime knows it
COMPARE = {"float": "tolerance", "hybrid": "tolerance"}


def integers(r, shape, dtype):
    """Over the whole type, int16 over what keeps sums of products within 47 bits."""
    return bytes_of(r, shape, np.dtype(dtype))


def spread_scale(s_a, s_b, a, b, depth, bits):
    """An output scale at which sums of `depth` products fill most of the type."""
    deviation = float(np.std(a.astype(np.float64))) * float(np.std(b.astype(np.float64))) * np.sqrt(depth)
    return np.float32(float(s_a) * float(np.mean(s_b)) * max(deviation, 1) / (2.0 ** (bits - 1)) * 2.5)


def batch_matmul(name, kind="float", x=(2, 3, 4), w=(2, 4, 5), adj_x=False, adj_y=False, constant=False, per_channel=False,
                 asymmetric=False, x_zero=3, w_zero=0, spread=1.0):
    """kind: float, hybrid, int8, int8_to_int32, int16, int16x8."""
    r, b = rng(name), TfliteBuilder()
    rows, depth = (x[-1], x[-2]) if adj_x else (x[-2], x[-1])
    columns = w[-2] if adj_y else w[-1]
    out = (*np.broadcast_shapes(x[:-2], w[:-2]), rows, columns)
    inputs = []
    if kind in ("float", "hybrid"):
        xs = floats(r, x)
        i = b.input(x, "float32")
    else:
        dtype = "int8" if kind.startswith("int8") else "int16"
        xs, s_x = integers(r, x, dtype), np.float32(0.031)
        i = b.input(x, dtype, scale=s_x, zero_point=x_zero if dtype == "int8" else 0)
    inputs.append(xs)
    if kind == "float":
        ws, more = floats(r, w, 0.5), {}
    elif kind == "int16":
        ws, more = integers(r, w, "int16"), {"scale": np.float32(0.0007), "zero_point": 0}
    else:
        ws = weights(r, w) if w_zero == 0 else integers(r, w, "int8")
        axis = len(w) - (2 if adj_y else 1)
        more = {"scale": scales(r, columns if per_channel else 1, 0.01), "zero_point": np.full(columns, w_zero) if per_channel
                else w_zero if kind.startswith("int8") else 0, "axis": axis}
        if per_channel:
            more["zero_point"] = 0
    if constant:
        j = b.const(ws, **more)
    else:
        j = b.input(w, ws.dtype, **more)
        inputs.append(ws)
    if kind in ("float", "hybrid"):
        y = b.output(out, "float32")
    elif kind == "int8_to_int32":
        y = b.output(out, "int32")
    else:
        y = b.output(out, xs.dtype, scale=spread_scale(s_x, more["scale"], xs, ws, depth, 8 if kind == "int8" else 16) * np.float32(spread),
                     zero_point=-5 if kind == "int8" else 0)
    version = 4 if asymmetric else {"float": 1, "hybrid": 1, "int8": 2, "int8_to_int32": 2}.get(kind, 3)
    b.op("BATCH_MATMUL", [i, j], [y], "BatchMatMulOptions", adjX=adj_x, adjY=adj_y, asymmetricQuantizeInputs=asymmetric,
         version=version)
    return Case(name, b.bytes(), inputs, COMPARE.get(kind, "bytes"))


def transposed_size(size, kernel, stride, padding):
    return size * stride if padding == SAME else size * stride + max(kernel - stride, 0)


def layer(b, r, kind, x_shape, w_shape, axis, channels, depth, out, bias, per_channel, activation):
    """Tensors x, w, bias (−1 where there is none) and y of a layer with weights, and x's values.
    kind: float, hybrid, int8, uint8, int16 (int64 bias) or int16_int32 (int32 bias and accumulators)."""
    count = channels if per_channel and kind != "uint8" else 1
    if kind in ("float", "hybrid"):
        x = floats(r, x_shape)
        w = b.const(floats(r, w_shape, 0.3)) if kind == "float" else b.const(weights(r, w_shape), scale=scales(r, count, 0.01), axis=axis)
        return x, b.input(x_shape, "float32"), w, b.const(floats(r, channels)) if bias else -1, b.output(out, "float32")
    dtype = np.dtype("int16" if kind.startswith("int16") else kind)
    s_in = np.float32(0.037 if activation != RELU6 else 0.0011) / np.float32(256 if dtype == np.int16 else 1)
    s_w = scales(r, count)
    z_in, z_out = {"int8": (-11, 5), "uint8": (121, 117)}.get(kind, (0, 0))
    x, w = integers(r, x_shape, dtype), weights(r, w_shape, np.uint8 if kind == "uint8" else np.int8)
    i = b.input(x_shape, dtype, scale=s_in, zero_point=z_in)
    j = b.const(w, scale=s_w, axis=axis, zero_point=133 if kind == "uint8" else None)
    k = -1
    if bias:
        spread = np.std(x.astype(float)) * np.std(w.astype(float)) * np.sqrt(depth)
        values = (r.standard_normal(channels) * spread).astype(np.int64)
        k = b.const(values.astype(np.int64 if kind == "int16" else np.int32), scale=s_in * np.atleast_1d(s_w))
    y = b.output(out, dtype, scale=spread_scale(s_in, s_w, x, w, depth, 8 * dtype.itemsize), zero_point=z_out)
    return x, i, j, k, y


def transpose_conv(name, kind="float", input=(1, 4, 3, 3), filters=4, kernel=(3, 3), stride=(2, 2), padding=SAME, activation=NONE,
                   bias=True, per_channel=True):
    r, b = rng(name), TfliteBuilder()
    out = (input[0], *(transposed_size(input[1 + a], kernel[a], stride[a], padding) for a in (0, 1)), filters)
    shape = b.const(np.array(out, np.int32))
    depth = input[3] * max(1, kernel[0] * kernel[1] // (stride[0] * stride[1]))
    x, i, w, k, y = layer(b, r, kind, input, (filters, *kernel, input[3]), 0, filters, depth, out, bias, per_channel, activation)
    b.op("TRANSPOSE_CONV", [shape, w, i] + ([k] if bias else []), [y], "TransposeConvOptions", padding=padding, strideH=stride[0],
         strideW=stride[1], fusedActivationFunction=activation, quantizedBiasType=2 if kind == "int16_int32" and bias else 0,
         version=5 if kind == "int16_int32" else 4 if activation else 3 if bias else 2)
    return Case(name, b.bytes(), [x], COMPARE.get(kind, "bytes"))


def convolution16(name, operator="CONV_2D", kind="int16", input=(1, 6, 5, 4), filters=5, kernel=(3, 3), stride=(1, 1), dilation=(1, 1),
                  padding=SAME, activation=NONE, per_channel=True, groups=1, multiplier=1):
    """CONV_2D or DEPTHWISE_CONV_2D with int16 activations (kind as in layer)."""
    r, b = rng(name), TfliteBuilder()
    depthwise = operator == "DEPTHWISE_CONV_2D"
    filters = input[3] * multiplier if depthwise else filters
    shape, axis = ((1, *kernel, filters), 3) if depthwise else ((filters, *kernel, input[3] // groups), 0)
    out = (input[0], *(conv_output(input[1 + a], kernel[a], stride[a], dilation[a], padding) for a in (0, 1)), filters)
    fan = kernel[0] * kernel[1] * (1 if depthwise else input[3] // groups)
    x, i, w, k, y = layer(b, r, kind, input, shape, axis, filters, fan, out, True, per_channel, activation)
    fields = dict(padding=padding, strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
                  fusedActivationFunction=activation)
    if depthwise:
        b.op(operator, [i, w, k], [y], "DepthwiseConv2DOptions", depthMultiplier=multiplier, version=5, **fields)
    else:
        b.op(operator, [i, w, k], [y], "Conv2DOptions", quantizedBiasType=2 if kind == "int16_int32" else 0,
             version=8 if kind == "int16_int32" else 4, **fields)
    return Case(name, b.bytes(), [x], "bytes")


def dense16(name, kind="int16", input=(3, 12), units=5, activation=NONE, bias=True, per_channel=True):
    r, b = rng(name), TfliteBuilder()
    x, i, w, k, y = layer(b, r, kind, input, (units, input[-1]), 0, units, input[-1], (input[0], units), bias, per_channel, activation)
    b.op("FULLY_CONNECTED", [i, w, k], [y], "FullyConnectedOptions", fusedActivationFunction=activation,
         quantizedBiasType=2 if kind == "int16_int32" and bias else 0, version=11 if kind == "int16_int32" else 7)
    return Case(name, b.bytes(), [x], "bytes")


def pool(name, operator="AVERAGE_POOL_2D", dtype="int16", input=(2, 7, 6, 3), size=(2, 2), stride=(2, 2), padding=VALID, activation=NONE):
    r, b = rng(name), TfliteBuilder()
    out = (input[0], *(conv_output(input[1 + a], size[a], stride[a], 1, padding) for a in (0, 1)), input[3])
    more = {"scale": np.float32(0.0003), "zero_point": 0} if dtype == "int16" else {}
    x = integers(r, input, dtype) if dtype == "int16" else floats(r, input, 2.0)
    i, y = b.input(input, dtype, **more), b.output(out, dtype, **more)
    b.op(operator, [i], [y], "Pool2DOptions", padding=padding, strideH=stride[0], strideW=stride[1], filterHeight=size[0],
         filterWidth=size[1], fusedActivationFunction=activation, version=3 if dtype == "int16" else 1)
    return Case(name, b.bytes(), [x], "bytes" if dtype == "int16" else "tolerance")


def convolution3d(name, transposed=False, input=(1, 3, 4, 3, 2), filters=3, kernel=(2, 3, 2), stride=(1, 1, 1), dilation=(1, 1, 1),
                  padding=SAME, activation=NONE, bias=True):
    r, b = rng(name), TfliteBuilder()
    x = floats(r, input)
    i, extra = b.input(input, "float32"), [b.const(floats(r, filters))] if bias else []
    fields = dict(padding=padding, fusedActivationFunction=activation, strideD=stride[0], strideH=stride[1], strideW=stride[2],
                  dilationDFactor=dilation[0], dilationHFactor=dilation[1], dilationWFactor=dilation[2])
    if transposed:
        span = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
        sizes = [transposed_size(input[1 + a], span[a], stride[a], padding) for a in range(3)]
        out = (input[0], *sizes, filters)
        w = b.const(floats(r, (*kernel, filters, input[4]), 0.3))
        b.op("CONV_3D_TRANSPOSE", [b.const(np.array(out, np.int32)), w, i] + extra, [b.output(out, "float32")], "Conv3DOptions", **fields)
    else:
        sizes = [conv_output(input[1 + a], kernel[a], stride[a], dilation[a], padding) for a in range(3)]
        out = (input[0], *sizes, filters)
        w = b.const(floats(r, (*kernel, input[4], filters), 0.3))
        b.op("CONV_3D", [i, w] + extra, [b.output(out, "float32")], "Conv3DOptions", **fields)
    return Case(name, b.bytes(), [x], "tolerance")


def local_response_norm(name, input=(1, 2, 3, 7), radius=2, bias=1.0, alpha=0.3, beta=0.75):
    r, b = rng(name), TfliteBuilder()
    i, y = b.input(input, "float32"), b.output(input, "float32")
    b.op("LOCAL_RESPONSE_NORMALIZATION", [i], [y], "LocalResponseNormalizationOptions", radius=radius, bias=bias, alpha=alpha, beta=beta)
    return Case(name, b.bytes(), [floats(r, input, 2.0)], "tolerance", "optimized")


def dilate(name, dtype="float32", input=(2, 3, 2), dilations=(2, 1, 3)):
    r, b = rng(name), TfliteBuilder()
    x = floats(r, input) if dtype == "float32" else integers(r, input, dtype)
    out = tuple((s - 1) * d + 1 for s, d in zip(input, dilations))
    value = np.array([7], dtype)[0]
    i = b.input(input, dtype)
    b.op("DILATE", [i, b.const(np.array(dilations, np.int32)), b.tensor((), dtype, data=np.array(value))], [b.output(out, dtype)])
    return Case(name, b.bytes(), [x], "bytes")


def svdf(name, kind="float", batch=2, inputs=5, units=3, rank=2, memory=4, activation=RELU, bias=True, asymmetric=False):
    r, b = rng(name), TfliteBuilder()
    filters = units * rank
    small = kind == "int8_state"  # TFLite Micro alone has it
    if kind == "int8" or small:
        x, s_x, s_f, s_t, s_s = integers(r, (batch, inputs), "int8"), 0.05, 0.01, 0.0005, 0.003
        s_t, s_s = (0.01, 0.15) if small else (s_t, s_s)
        i = b.input((batch, inputs), "int8", scale=s_x, zero_point=4)
        tensors = [i, b.const(weights(r, (filters, inputs)), scale=s_f), b.const(weights(r, (filters, memory)) if small else integers(r, (filters, memory), "int16") // 8, scale=s_t),
                   b.const((r.standard_normal(units) * (300 if small else 30000)).astype(np.int32), scale=np.float32(s_s * s_t)) if bias else -1,
                   b.tensor((batch, filters * memory), "int8" if small else "int16", scale=s_s, zero_point=0, variable=True)]
        y = b.output((batch, units), "int8", scale=np.float32(0.1 if small else 0.02), zero_point=-20)
    else:
        x = floats(r, (batch, inputs))
        matrix = lambda s: b.const(floats(r, s, 0.5)) if kind == "float" else b.const(weights(r, s), scale=float(scales(r, 1, 0.008)[0]))
        tensors = [b.input(x.shape, "float32"), matrix((filters, inputs)), matrix((filters, memory)),
                   b.const(floats(r, units)) if bias else -1, b.tensor((batch, filters * memory), "float32", variable=True)]
        y = b.output((batch, units), "float32")
    b.op("SVDF", tensors, [y], "SVDFOptions", rank=rank, fusedActivationFunction=activation, asymmetricQuantizeInputs=asymmetric,
         version=3 if kind.startswith("int8") else 4 if asymmetric else 2 if kind == "hybrid" else 1)
    return Case(name, b.bytes(), [x], COMPARE.get(kind, "bytes"), "micro" if small else "reference")


def matrix_of(b, r, kind):
    return lambda *s: b.const(floats(r, s, 0.5)) if kind == "float" else b.const(weights(r, s), scale=float(scales(r, 1, 0.008)[0]))


def rnn(name, operator="RNN", kind="float", batch=2, time=4, inputs=5, units=3, backward=4, time_major=False, merge=False, aux=None,
        activation=TANH, asymmetric=False):
    """aux: None, "weights" (an auxiliary input with weights) or "backward" (what the backward cell reads)."""
    r, b = rng(name), TfliteBuilder()
    matrix = matrix_of(b, r, kind)
    single, both = operator == "RNN", operator.startswith("BI")
    lead = (batch,) if single else (time, batch) if time_major else (batch, time)
    xs = [floats(r, (*lead, inputs))]
    cell = lambda n: [matrix(n, inputs), matrix(n, n), b.const(floats(r, n)), b.tensor((batch, n), "float32", variable=True)]
    tensors = [b.input(xs[0].shape, "float32")] + cell(units)
    outputs = [(*lead, units)]
    fields = dict(fusedActivationFunction=activation, asymmetricQuantizeInputs=asymmetric)
    if not single:
        fields["timeMajor"] = time_major
    if both:
        tensors += cell(backward)
        width = inputs if aux != "weights" else inputs  # TensorFlow Lite steps through aux by x's columns
        if aux:
            xs.append(floats(r, (*lead, width)))
            tensors.append(b.input(xs[1].shape, "float32"))
        tensors += [-1] * (10 - len(tensors))
        tensors += [matrix(units, width), matrix(backward, width)] if aux == "weights" else [-1, -1]
        outputs = [(*lead, units + backward)] if merge else [(*lead, units), (*lead, backward)]
        fields["mergeOutputs"] = merge
    options = {"RNN": "RNNOptions", "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions"}.get(operator, "BidirectionalSequenceRNNOptions")
    b.op(operator, tensors, [b.output(o, "float32") for o in outputs], options,
         version=1 if kind == "float" else 3 if asymmetric else 2, **fields)
    return Case(name, b.bytes(), xs, "tolerance")


def lstm_cell_tensors(b, r, kind, batch, inputs, cells, outputs, coupled, peephole, projection, norm, aux=0):
    """Inputs 1 to 17 of a cell, its two states, layer normalisation and weights of an auxiliary input; intermediates."""
    matrix = matrix_of(b, r, "hybrid" if kind == "int8" else kind)
    gates = [k for k in range(4) if not (coupled and k == 0)]
    t, norms, extra = {k: -1 for k in range(1, 18)}, [-1] * 4, [-1] * 4
    s_x, s_h, s_c, s_m = np.float32(0.0157), np.float32(0.0078), np.float32(2.0**-11), np.float32(0.009 if projection else 0.0078)
    for k in gates:
        t[1 + k], t[5 + k] = matrix(cells, inputs), matrix(cells, outputs)
        if kind == "int8":
            amplitude = 3000 if not norm else 300000
            t[12 + k] = b.const((r.standard_normal(cells) * amplitude + (4000 if k == 1 else 0)).astype(np.int32), scale=s_x)
        else:
            t[12 + k] = b.const(floats(r, cells, 0.5) + np.float32(k == 1))
        if norm:
            norms[k] = b.const((r.integers(5000, 20000, cells)).astype(np.int16), scale=np.float32(0.00005)) if kind == "int8" else \
                b.const(floats(r, cells, 0.3) + np.float32(1))
        if aux:
            extra[k] = matrix(cells, aux)
    for k in (0, 1, 2):
        if peephole and not (coupled and k == 0):
            t[9 + k] = b.const((r.standard_normal(cells) * 8000).astype(np.int16), scale=np.float32(0.0001)) if kind == "int8" else matrix(cells)
    if projection:
        t[16] = matrix(outputs, cells)
        if projection == "bias":
            t[17] = b.const((r.standard_normal(outputs) * 2000).astype(np.int32), scale=s_m) if kind == "int8" else b.const(floats(r, outputs))
    if kind == "int8":
        states = [b.tensor((batch, outputs), "int8", scale=s_h, zero_point=2, variable=True),
                  b.tensor((batch, cells), "int16", scale=s_c, zero_point=0, variable=True)]
        mid = [b.tensor((0,), "int16", scale=np.float32(0.0006), zero_point=0) if norm else b.tensor((0,), "float32") for _ in range(4)]
        mid.append(b.tensor((0,), "int8", scale=s_m, zero_point=-3 if projection else 2))
    else:
        states = [b.tensor((batch, n), "float32", variable=True) for n in (outputs, cells)]
        mid = None
    return [t[k] for k in range(1, 18)], states, norms, extra, mid


def full_lstm(name, operator="UNIDIRECTIONAL_SEQUENCE_LSTM", kind="float", batch=2, time=4, inputs=5, cells=4, outputs=None,
              coupled=False, peephole=False, projection=None, norm=False, cell_clip=0.0, proj_clip=0.0, time_major=False,
              asymmetric=False, activation=TANH):
    """UNIDIRECTIONAL_SEQUENCE_LSTM, or LSTM of one step, in all forms. projection: None, "plain" or "bias"."""
    r, b = rng(name), TfliteBuilder()
    outputs = outputs if projection and outputs else cells
    single = operator == "LSTM"
    lead = (batch,) if single else (time, batch) if time_major else (batch, time)
    quantized = {"scale": np.float32(0.0157), "zero_point": -4} if kind == "int8" else {}
    x = integers(r, (*lead, inputs), "int8") if kind == "int8" else floats(r, (*lead, inputs))
    i = b.input(x.shape, x.dtype, **quantized)
    cell, states, norms, _, mid = lstm_cell_tensors(b, r, kind, batch, inputs, cells, outputs, coupled, peephole, projection, norm)
    y = b.output((*lead, outputs), x.dtype, **({"scale": np.float32(0.0078), "zero_point": 2} if kind == "int8" else {}))
    fields = dict(fusedActivationFunction=activation, cellClip=cell_clip, projClip=proj_clip, asymmetricQuantizeInputs=asymmetric)
    if not single:
        fields["timeMajor"] = time_major
    b.op(operator, [i] + cell + states + norms, [y], "LSTMOptions" if single else "UnidirectionalSequenceLSTMOptions", intermediates=mid,
         version=(4 if asymmetric else 3 if kind == "hybrid" else 1) if single else 3 if kind == "int8" or asymmetric else 2 if kind == "hybrid" else 1,
         **fields)
    return Case(name, b.bytes(), [x], COMPARE.get(kind, "bytes"))


def basic_lstm(name, kind="float", batch=2, inputs=5, units=4):
    r, b = rng(name), TfliteBuilder()
    if kind == "float":
        x = floats(r, (batch, inputs))
        tensors = [b.input(x.shape, "float32"), b.tensor((batch, units), "float32", variable=True),
                   b.const(floats(r, (4 * units, inputs + units), 0.5)), b.const(floats(r, 4 * units)),
                   b.tensor((batch, units), "float32", variable=True)]
        narrow, wide = {"dtype": "float32"}, {"dtype": "float32"}
    else:
        x, byte = integers(r, (batch, inputs), "uint8"), {"scale": np.float32(1 / 128), "zero_point": 128}
        narrow, wide = {"dtype": "uint8", **byte}, {"dtype": "int16", "scale": np.float32(2.0**-11), "zero_point": 0}
        s_w = np.float32(0.0121)
        tensors = [b.input(x.shape, "uint8", **byte), b.tensor((batch, units), "uint8", variable=True, **byte),
                   b.const(integers(r, (4 * units, inputs + units), "uint8"), scale=s_w, zero_point=131),
                   b.const((r.standard_normal(4 * units) * 3000).astype(np.int32), scale=s_w / np.float32(128)),
                   b.tensor((batch, units), "int16", variable=True, scale=np.float32(2.0**-11), zero_point=0)]
    outs = [b.output((batch, units), **narrow), b.output((batch, units), **wide), b.output((batch, inputs + units), **narrow),
            b.output((batch, 4 * units), **({**wide, "scale": np.float32(2.0**-12)} if kind != "float" else wide))]
    b.op("LSTM", tensors, outs, "LSTMOptions", kernelType=1, fusedActivationFunction=TANH, version=2)
    return Case(name, b.bytes(), [x], "tolerance" if kind == "float" else "bytes")


def bidirectional_lstm(name, kind="float", batch=2, time=3, inputs=4, cells=3, coupled=False, peephole=False,
                       projection=None, merge=False, time_major=True, aux=None, cell_clip=0.0, proj_clip=0.0, asymmetric=False):
    r, b = rng(name), TfliteBuilder()
    lead = (time, batch) if time_major else (batch, time)
    xs = [floats(r, (*lead, inputs))]
    i = b.input(xs[0].shape, "float32")
    width = 3 if aux == "weights" else inputs
    out = lambda n: 2 if projection else n
    fw = lstm_cell_tensors(b, r, kind, batch, inputs, cells, out(cells), coupled, peephole, projection, False, width if aux == "weights" else 0)
    bw = lstm_cell_tensors(b, r, kind, batch, inputs, cells, out(cells), coupled, peephole, projection, False, width if aux == "weights" else 0)
    a = -1
    if aux:
        xs.append(floats(r, (*lead, width)))
        a = b.input(xs[1].shape, "float32")
    sizes = [out(cells)] * 2  # LiteRT asks for as many cells in both directions
    ys = [b.output((*lead, n), "float32") for n in ([sum(sizes)] if merge else sizes)]
    b.op("BIDIRECTIONAL_SEQUENCE_LSTM", [i] + fw[0] + bw[0] + fw[1] + bw[1] + [a] + fw[3] + bw[3], ys, "BidirectionalSequenceLSTMOptions",
         fusedActivationFunction=TANH, cellClip=cell_clip, projClip=proj_clip, mergeOutputs=merge, timeMajor=time_major,
         asymmetricQuantizeInputs=asymmetric, version=3)
    return Case(name, b.bytes(), xs, "tolerance")


def cases():
    yield batch_matmul("batch_matmul_float")
    yield batch_matmul("batch_matmul_float_adjoint_broadcast", x=(3, 1, 5, 4), w=(2, 6, 5), adj_x=True, adj_y=True)
    yield batch_matmul("batch_matmul_float_constant", x=(2, 3, 6), w=(6, 5), constant=True)
    yield batch_matmul("batch_matmul_int8", "int8", x=(2, 3, 17), w=(2, 17, 9), w_zero=6)
    yield batch_matmul("batch_matmul_int8_adjoint", "int8", x=(2, 17, 3), w=(1, 9, 17), adj_x=True, adj_y=True, w_zero=-128)
    yield batch_matmul("batch_matmul_int8_constant", "int8", x=(2, 3, 20), w=(20, 9), constant=True)
    yield batch_matmul("batch_matmul_int8_to_int32", "int8_to_int32")
    yield batch_matmul("batch_matmul_int16", "int16", x=(2, 3, 7), w=(2, 7, 4))
    yield batch_matmul("batch_matmul_int16x8", "int16x8", x=(2, 3, 7), w=(7, 4), constant=True)
    yield batch_matmul("batch_matmul_hybrid", "hybrid", x=(2, 3, 20), w=(20, 6), constant=True)
    yield batch_matmul("batch_matmul_hybrid_asymmetric", "hybrid", x=(2, 3, 20), w=(6, 20), adj_y=True, constant=True, asymmetric=True,
                       per_channel=True)
    for kind in ("float", "int8", "uint8", "int16", "hybrid"):
        yield transpose_conv(f"transpose_conv_{kind}", kind)
        yield transpose_conv(f"transpose_conv_{kind}_valid_relu", kind, input=(2, 3, 4, 5), kernel=(2, 4), stride=(1, 3), padding=VALID,
                             activation=RELU, bias=kind not in ("hybrid", "uint8"))
    yield transpose_conv("transpose_conv_int16_int32", "int16_int32")
    yield convolution16("conv2d_int16_same")
    yield convolution16("conv2d_int16_valid_relu6_stride2", input=(2, 7, 8, 3), padding=VALID, stride=(2, 2), activation=RELU6)
    yield convolution16("conv2d_int16_grouped_dilated", input=(1, 7, 7, 6), filters=4, groups=2, dilation=(2, 1))
    yield convolution16("conv2d_int16_int32", kind="int16_int32", per_channel=False)
    yield convolution16("depthwise_int16_same", "DEPTHWISE_CONV_2D", multiplier=2)
    yield convolution16("depthwise_int16_stride2_relu", "DEPTHWISE_CONV_2D", input=(1, 9, 7, 5), stride=(2, 2), activation=RELU)
    yield dense16("dense_int16")
    yield dense16("dense_int16_per_tensor_no_bias", bias=False, per_channel=False, activation=RELU)
    yield dense16("dense_int16_int32", "int16_int32")
    yield pool("average_pool_int16_same", padding=SAME, size=(3, 3))
    yield pool("max_pool_int16_relu", "MAX_POOL_2D", activation=RELU)
    yield pool("l2_pool_float32_same", "L2_POOL_2D", "float32", padding=SAME, size=(3, 2))
    yield pool("l2_pool_float32_valid_relu6", "L2_POOL_2D", "float32", activation=RELU6)
    yield convolution3d("conv3d_float_same")
    yield convolution3d("conv3d_float_valid_stride_dilated", input=(2, 5, 7, 6, 3), padding=VALID, stride=(1, 2, 1), dilation=(2, 1, 2),
                        activation=RELU, bias=False)
    yield convolution3d("conv3d_transpose_float_same", True, stride=(1, 2, 2))
    yield convolution3d("conv3d_transpose_float_valid_dilated", True, padding=VALID, stride=(2, 1, 1), dilation=(1, 2, 1), activation=RELU)
    yield local_response_norm("local_response_norm")
    yield local_response_norm("local_response_norm_radius9", radius=9, bias=0.5, beta=1.5)
    yield dilate("dilate_float32")
    yield dilate("dilate_int8", "int8", (1, 2, 3, 1), (1, 3, 1, 2))
    for kind in ("float", "int8", "hybrid"):
        yield svdf(f"svdf_{kind}", kind)
    yield svdf("svdf_hybrid_asymmetric_no_bias", "hybrid", activation=TANH, bias=False, asymmetric=True, rank=1)
    yield rnn("rnn_float")
    yield rnn("rnn_hybrid", kind="hybrid", activation=RELU)
    yield rnn("sequence_rnn_float", "UNIDIRECTIONAL_SEQUENCE_RNN")
    yield rnn("sequence_rnn_hybrid_time_major", "UNIDIRECTIONAL_SEQUENCE_RNN", "hybrid", time_major=True, asymmetric=True)
    yield rnn("bidirectional_rnn_float_merged", "BIDIRECTIONAL_SEQUENCE_RNN", merge=True)
    yield rnn("bidirectional_rnn_float_aux", "BIDIRECTIONAL_SEQUENCE_RNN", aux="weights", time_major=True)
    yield rnn("bidirectional_rnn_hybrid", "BIDIRECTIONAL_SEQUENCE_RNN", "hybrid")
    yield full_lstm("full_lstm_float_all", coupled=True, peephole=True, projection="bias", outputs=3, norm=True, cell_clip=0.9, proj_clip=0.7)
    yield full_lstm("full_lstm_float_projection", projection="plain", outputs=6, time_major=True)
    yield full_lstm("full_lstm_hybrid_all", kind="hybrid", peephole=True, projection="bias", outputs=3, norm=True)
    yield full_lstm("full_lstm_int8_norm", kind="int8", norm=True)
    yield full_lstm("full_lstm_int8_peephole_coupled", kind="int8", coupled=True, peephole=True, cell_clip=1.0)
    yield full_lstm("full_lstm_int8_projection", kind="int8", projection="bias", outputs=3, norm=True, proj_clip=0.4)
    yield full_lstm("lstm_cell_float", "LSTM", peephole=True)
    yield full_lstm("lstm_cell_hybrid", "LSTM", "hybrid", projection="plain", outputs=3)
    yield full_lstm("lstm_cell_int8", "LSTM", "int8", norm=True, coupled=True)
    yield basic_lstm("basic_lstm_float")
    yield basic_lstm("basic_lstm_uint8", "uint8")
    yield bidirectional_lstm("bidirectional_lstm_float_merged", merge=True, peephole=True)
    yield bidirectional_lstm("bidirectional_lstm_float_aux_projection", aux="weights", projection="bias", proj_clip=0.5)
    yield bidirectional_lstm("bidirectional_lstm_float_batch_major", time_major=False, aux="backward", coupled=True)
    yield bidirectional_lstm("bidirectional_lstm_hybrid", kind="hybrid", cell_clip=0.8)
