"""Builds tiny .tflite files by hand from the public schema, one operator (or a few) each.

The converter of TensorFlow decides by itself what it writes; here every attribute, scale and mask is chosen, so that odd
but legal files can be made.
"""
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as fb

TYPES = {"float32": fb.TensorType.FLOAT32, "float16": fb.TensorType.FLOAT16, "int32": fb.TensorType.INT32,
         "uint8": fb.TensorType.UINT8, "int64": fb.TensorType.INT64, "bool": fb.TensorType.BOOL,
         "int16": fb.TensorType.INT16, "int8": fb.TensorType.INT8, "int4": fb.TensorType.INT4}


class TfliteBuilder:
    """One subgraph; tensors are added in order and named t0, t1, … unless a name is given."""

    def __init__(self):
        self.model = fb.ModelT()
        self.model.version = 3
        self.model.description = ""
        empty = fb.BufferT()
        empty.data = None
        self.model.buffers = [empty]
        self.model.operatorCodes = []
        self.graph = fb.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, shape, dtype, data=None, scale=None, zero_point=None, axis=0, variable=False, name=None):
        """Adds a tensor and returns its index. `scale` may be a list (per channel along `axis`)."""
        tensor = fb.TensorT()
        tensor.name = name or f"t{len(self.graph.tensors)}"
        tensor.type = TYPES[np.dtype(dtype).name]
        tensor.shape = [int(d) for d in shape]
        tensor.isVariable = variable
        tensor.buffer = 0
        if data is not None:
            buffer = fb.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        if scale is not None:
            quantization = fb.QuantizationParametersT()
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            quantization.scale = [float(s) for s in scales]
            points = np.zeros(len(scales), np.int64) + (0 if zero_point is None else np.asarray(zero_point))
            quantization.zeroPoint = [int(z) for z in points]
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def input(self, shape, dtype, **more):
        index = self.tensor(shape, dtype, **more)
        self.graph.inputs.append(index)
        return index

    def output(self, shape, dtype, **more):
        index = self.tensor(shape, dtype, **more)
        self.graph.outputs.append(index)
        return index

    def const(self, data, **more):
        data = np.asarray(data)
        return self.tensor(data.shape, data.dtype, data=data, **more)

    def op(self, code, inputs, outputs, options=None, version=1, intermediates=None, custom=None, **fields):
        """`code` is the builtin's name (CONV_2D), `options` its table's name (Conv2DOptions), `fields` that table's values; or
        `code` is CUSTOM, and `custom` the operator's name and the bytes of its options."""
        operator_code = fb.OperatorCodeT()
        operator_code.builtinCode = getattr(fb.BuiltinOperator, code)
        operator_code.deprecatedBuiltinCode = min(operator_code.builtinCode, 127)
        operator_code.version = version
        if custom:
            operator_code.customCode = custom[0]
        self.model.operatorCodes.append(operator_code)
        operator = fb.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        if intermediates is not None:
            operator.intermediates = list(intermediates)
        if custom:
            operator.customOptions = np.frombuffer(custom[1], np.uint8)
        if options:
            table = getattr(fb, options + "T")()
            for key, value in fields.items():
                assert hasattr(table, key), f"{options} has no field {key}"
                setattr(table, key, value)
            operator.builtinOptionsType = getattr(fb.BuiltinOptions, options)
            operator.builtinOptions = table
        self.graph.operators.append(operator)

    def bytes(self):
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
