"""Small float networks and what onnxruntime's quantiser makes of them, for onnx_goldens.py and interop/onnx_quantised.py."""
import logging
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static)

from onnx_nets import Net

# name: (format, per channel, activations, weights)
STATIC = {
    "qdq_s8": (QuantFormat.QDQ, False, QuantType.QInt8, QuantType.QInt8),
    "qdq_s8_channels": (QuantFormat.QDQ, True, QuantType.QInt8, QuantType.QInt8),
    "qdq_u8": (QuantFormat.QDQ, False, QuantType.QUInt8, QuantType.QInt8),
    "qdq_u8_channels": (QuantFormat.QDQ, True, QuantType.QUInt8, QuantType.QInt8),
    "qdq_u8u8": (QuantFormat.QDQ, False, QuantType.QUInt8, QuantType.QUInt8),
    "operators_s8": (QuantFormat.QOperator, False, QuantType.QInt8, QuantType.QInt8),
    "operators_u8": (QuantFormat.QOperator, True, QuantType.QUInt8, QuantType.QInt8),
}


def cnn():
    n = Net("cnn", [1, 3, 12, 10], 21)
    x = n("Relu", n.conv("x", 3, 8, [3, 3], pads=[1, 1, 1, 1], strides=[2, 2]))
    y = n("Relu", n.conv(x, 8, 8, [3, 3], pads=[1, 1, 1, 1]))
    x = n("Relu", n("Add", n.conv(y, 8, 8, [3, 3], pads=[1, 1, 1, 1]), x))
    x = n("Clip", n.conv(x, 8, 8, [3, 3], group=8, pads=[1, 1, 1, 1]), n.const(np.float32(0)), n.const(np.float32(6)))
    x = n("Concat", x, n("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]), axis=1)
    x = n("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = n("Flatten", x)
    return n.model(n("Softmax", n("Gemm", x, n.w(5, 16 * 3 * 2), n.w(5), transB=1), axis=-1))


def residual():
    n = Net("residual", [1, 4, 8, 8], 22)
    x = n("Relu", n.conv("x", 4, 8, [3, 3], pads=[1, 1, 1, 1]))
    y = n("MaxPool", n.conv(x, 8, 8, [3, 3], pads=[1, 1, 1, 1]), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    x = n("Add", y, n.conv(x, 8, 8, [1, 1], strides=[2, 2]))
    x = n("Flatten", n("GlobalAveragePool", x))
    return n.model(n("Gemm", x, n.w(3, 8), n.w(3), transB=1))


def mlp():
    n = Net("mlp", [2, 12], 23)
    x = n("Relu", n("Gemm", "x", n.w(16, 12), n.w(16, scale=0.1), transB=1))
    x = n("Tanh", n("Add", n("MatMul", x, n.w(16, 9)), n.w(9, scale=0.1)))
    return n.model(n("Sigmoid", n("MatMul", x, n.w(9, 4))))


def attention():
    n = Net("attention", [1, 6, 8], 24)

    def heads(t):
        t = n("Reshape", n("Add", n("MatMul", t, n.w(8, 8)), n.w(8, scale=0.1)), n.const(np.array([0, 0, 2, 4], np.int64)))
        return n("Transpose", t, perm=[0, 2, 1, 3])

    q, k, v = heads("x"), n("Transpose", heads("x"), perm=[0, 1, 3, 2]), heads("x")
    p = n("Softmax", n("Mul", n("MatMul", q, k), n.const(np.float32(0.5))), axis=-1)
    a = n("Reshape", n("Transpose", n("MatMul", p, v), perm=[0, 2, 1, 3]), n.const(np.array([1, 6, 8], np.int64)))
    return n.model(n("Add", "x", n("MatMul", a, n.w(8, 8))))


def resized():
    n = Net("resized", [1, 2, 6, 6], 25)
    x = n.conv("x", 2, 6, [3, 3], pads=[1, 1, 1, 1])
    size = n.const(np.array([1, 1, 2, 2], np.float32))
    a = n("Resize", x, "", size, mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    b = n("Resize", x, "", size, mode="linear", coordinate_transformation_mode="half_pixel")
    return n.model(n.conv(n("Concat", a, b, axis=1), 12, 3, [1, 1]))


def swish():
    n = Net("swish", [1, 3, 8, 8], 26)
    x = n.conv("x", 3, 8, [3, 3], pads=[1, 1, 1, 1])
    x = n("Mul", x, n("Sigmoid", x))
    x = n("LeakyRelu", n.conv(x, 8, 8, [3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), alpha=0.1)
    x = n("Mul", n.conv(x, 8, 4, [1, 1]), n.const(np.float32(0.75)))
    return n.model(n("Gemm", n("Flatten", n("GlobalAveragePool", x)), n.w(3, 4), n.w(3), transB=1))


def clipped():
    n = Net("clipped", [1, 10], 27)
    x = n("Clip", n("Gemm", "x", n.w(12, 10), n.w(12), transB=1), n.const(np.float32(-0.7)), n.const(np.float32(1.1)))
    y = n("Clip", n("Gemm", x, n.w(12, 12), n.w(12), transB=1), n.const(np.float32(0.1)), n.const(np.float32(0.9)))
    return n.model(n("Gemm", n("Sub", x, y), n.w(4, 12), n.w(4), transB=1))


def audio():
    n = Net("audio", [1, 2, 20], 28)
    x = n("Relu", n.conv("x", 2, 6, 5, strides=[2], pads=[2, 2]))
    x = n("MaxPool", n.conv(x, 6, 6, 3, pads=[1, 1], group=2), kernel_shape=[2], strides=[2])
    return n.model(n("Gemm", n("Flatten", x), n.w(3, 30), n.w(3), transB=1))


NETS = (cnn, residual, mlp, attention, resized, swish, clipped, audio)


def output_scale(model):
    """Of the first output, where it is dequantised; else 0."""
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.output[0] == model.graph.output[0].name:
            return float(constants[node.input[1]])
    return 0.0


def exact_session(model):
    """A session (of a path or bytes) whose sums of products do not saturate: onnxruntime multiplies uint8 by int8 in pairs
    that are cut to 16 bits on processors without VNNI, but where this option asks it not to. It has no QGemm of int8 then:
    models with that have weights of 7 bits (quantised below)."""
    for exact in ("1", "0"):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.x64quantprecision", exact)
        try:
            return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
            if exact == "0":
                raise


class Samples(CalibrationDataReader):
    """Seeded inputs of a model."""

    def __init__(self, model, count=16):
        random = np.random.default_rng(7)
        self.inputs = [(v.name, [d.dim_value for d in v.type.tensor_type.shape.dim]) for v in model.graph.input]
        self.feeds = iter([self.feed(random) for _ in range(count)])

    def feed(self, random):
        return {name: random.uniform(-1, 1, shape).astype(np.float32) for name, shape in self.inputs}

    def get_next(self):
        return next(self.feeds, None)


def quantised(model, form):
    """The ModelProto that onnxruntime's quantiser writes: a form of STATIC, or "dynamic"."""
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "q.onnx"
        if form == "dynamic":
            quantize_dynamic(model, out)
        else:
            layout, channels, activations, weights = STATIC[form]
            quantize_static(model, out, Samples(model), layout, per_channel=channels, activation_type=activations,
                            weight_type=weights, reduce_range=layout is QuantFormat.QOperator)
        return onnx.load(out)
