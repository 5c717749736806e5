"""An integer .tflite of plain layers as ONNX with QuantizeLinear and DequantizeLinear around float operators, the form that other
generators of C read: qdq.py MODEL.tflite OUT.onnx. Needs numpy, onnx and tflite (the reader of the format) from PyPI.

Images are [N, C, H, W] in ONNX: the input is declared so, and whoever feeds it turns the axes. Fused activations are the ranges
of the quantised outputs, as in the .tflite.
"""
import sys

import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper, numpy_helper

TYPES = {tflite.TensorType.INT8: (np.int8, TensorProto.INT8), tflite.TensorType.INT32: (np.int32, TensorProto.INT32)}


class Writer:
    def __init__(self, path):
        with open(path, 'rb') as file:
            self.model = tflite.Model.GetRootAs(file.read(), 0)
        self.graph = self.model.Subgraphs(0)
        self.nodes, self.constants, self.floats = [], [], {}

    def tensor(self, i):
        return self.graph.Tensors(i)

    def shape(self, i):
        return [int(d) for d in self.tensor(i).ShapeAsNumpy()]

    def data(self, i):
        raw = self.model.Buffers(self.tensor(i).Buffer()).DataAsNumpy()
        return None if isinstance(raw, int) else np.frombuffer(raw.tobytes(), TYPES[self.tensor(i).Type()][0]).reshape(self.shape(i))

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f'{op}_{len(self.nodes)}', **attributes))
        return output

    def scales(self, i):
        q = self.tensor(i).Quantization()
        return q.ScaleAsNumpy().astype(np.float32), q.ZeroPointAsNumpy().astype(np.int64)

    def dequantized(self, name, i, axis=None):
        """DequantizeLinear of the integers `name` with the quantisation of tensor i."""
        scale, zero = self.scales(i)
        kind = TYPES[self.tensor(i).Type()][0]
        per_axis = axis is not None and len(scale) > 1
        s = self.constant(f'{name}_scale', scale if per_axis else scale[0])
        z = self.constant(f'{name}_zero', zero.astype(kind) if per_axis else np.array(zero[0], kind))
        return self.node('DequantizeLinear', [name, s, z], f'{name}_real', **({'axis': axis} if per_axis else {}))

    def weights(self, i, order):
        value = self.data(i)
        return self.dequantized(self.constant(f'w{i}', value.transpose(order) if order else value), i, 0)

    def finish(self, real, i):
        """Quantises an operator's result: the tensor, and its real values for whoever reads it."""
        scale, zero = self.scales(i)
        s, z = self.constant(f'y{i}_scale', scale[0]), self.constant(f'y{i}_zero', np.array(zero[0], np.int8))
        self.node('QuantizeLinear', [real, s, z], f't{i}')
        self.floats[i] = self.dequantized(f't{i}', i)

    def pads(self, options, size, kernel, stride):
        if options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        total = [max(0, (-(-n // s) - 1) * s + k - n) for n, k, s in zip(size, kernel, stride)]
        return [t // 2 for t in total] + [t - t // 2 for t in total]

    def operator(self, op):
        code = self.model.OperatorCodes(op.OpcodeIndex())
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        ins, y = [int(i) for i in op.InputsAsNumpy()], int(op.OutputsAsNumpy()[0])
        names = tflite.BuiltinOperator
        options = lambda cls: self.options(op, cls)
        if kind in (names.CONV_2D, names.DEPTHWISE_CONV_2D):
            deep = kind == names.DEPTHWISE_CONV_2D
            o = options(tflite.DepthwiseConv2DOptions if deep else tflite.Conv2DOptions)
            w = self.shape(ins[1])
            kernel, stride = w[1:3], [o.StrideH(), o.StrideW()]
            weights = self.weights(ins[1], (3, 0, 1, 2) if deep else (0, 3, 1, 2))
            pads = self.pads(o, self.shape(ins[0])[1:3], kernel, stride)
            operands = [self.floats[ins[0]], weights, self.weights(ins[2], None)]
            self.finish(self.node('Conv', operands, f'r{y}', kernel_shape=kernel, strides=stride, pads=pads, group=w[3] if deep else 1), y)
        elif kind == names.AVERAGE_POOL_2D:
            o = options(tflite.Pool2DOptions)
            self.finish(self.node('AveragePool', [self.floats[ins[0]]], f'r{y}', kernel_shape=[o.FilterHeight(), o.FilterWidth()],
                                  strides=[o.StrideH(), o.StrideW()]), y)
        elif kind == names.FULLY_CONNECTED:
            operands = [self.floats[ins[0]], self.weights(ins[1], None), self.weights(ins[2], None)]
            self.finish(self.node('Gemm', operands, f'r{y}', transB=1), y)
        elif kind == names.ADD:
            self.finish(self.node('Add', [self.floats[i] for i in ins], f'r{y}'), y)
        elif kind == names.SOFTMAX:
            self.finish(self.node('Softmax', [self.floats[ins[0]]], f'r{y}', axis=-1), y)
        elif kind == names.RESHAPE:
            shape = self.constant(f's{y}', np.array(self.shape(y), np.int64))
            self.finish(self.node('Reshape', [self.floats[ins[0]], shape], f'r{y}'), y)
        else:
            sys.exit(f'operator {kind} of the .tflite has no form here')

    def options(self, op, cls):
        made = cls()
        made.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
        return made

    def turned(self, i):
        shape = self.shape(i)
        return [shape[0], shape[3], shape[1], shape[2]] if len(shape) == 4 else shape

    def write(self, path):
        x, y = int(self.graph.InputsAsNumpy()[0]), int(self.graph.OutputsAsNumpy()[0])
        self.floats[x] = self.dequantized(f't{x}', x)
        for i in range(self.graph.OperatorsLength()):
            self.operator(self.graph.Operators(i))
        info = lambda i: helper.make_tensor_value_info(f't{i}', TensorProto.INT8, self.turned(i))
        graph = helper.make_graph(self.nodes, 'net', [info(x)], [info(y)], self.constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9)
        onnx.checker.check_model(made)
        onnx.save(made, path)
        return self.shape(x), self.shape(y)


if __name__ == '__main__':
    Writer(sys.argv[1]).write(sys.argv[2])
