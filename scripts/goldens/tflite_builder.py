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
    """Tensors are added in order and named t0, t1, … unless a name is given; subgraph() begins another subgraph."""

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

    def subgraph(self):
        """What is added from here on belongs to a new subgraph, whose number this is; back(0) returns to the first."""
        self.graph = fb.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.model.subgraphs.append(self.graph)
        return len(self.model.subgraphs) - 1

    def back(self, index):
        self.graph = self.model.subgraphs[index]

    def signature(self, key, subgraph, inputs, outputs):
        """inputs, outputs: names and the tensors that they stand for."""
        def ports(names):
            maps = []
            for name, index in names.items():
                entry = fb.TensorMapT()
                entry.name, entry.tensorIndex = name, index
                maps.append(entry)
            return maps

        s = fb.SignatureDefT()
        s.signatureKey, s.subgraphIndex, s.inputs, s.outputs = key, subgraph, ports(inputs), ports(outputs)
        self.model.signatureDefs = (self.model.signatureDefs or []) + [s]

    def free(self, index, signature):
        """Dimensions that are -1 in the signature may have any size."""
        self.graph.tensors[index].shapeSignature = list(signature)
        return index

    def tensor(self, shape, dtype, data=None, scale=None, zero_point=None, axis=0, variable=False, name=None):
        """Adds a tensor and returns its index. `scale` may be a list (per channel along `axis`)."""
        tensor = fb.TensorT()
        tensor.name = name or f"t{len(self.graph.tensors)}"
        tensor.type = fb.TensorType.RESOURCE if dtype == "resource" else TYPES[np.dtype(dtype).name]
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

    def op(self, code, inputs, outputs, options=None, version=1, intermediates=None, **fields):
        """`code` is the builtin's name (CONV_2D), `options` its table's name (Conv2DOptions), `fields` that table's values."""
        operator_code = fb.OperatorCodeT()
        operator_code.builtinCode = getattr(fb.BuiltinOperator, code)
        operator_code.deprecatedBuiltinCode = min(operator_code.builtinCode, 127)
        operator_code.version = version
        self.model.operatorCodes.append(operator_code)
        operator = fb.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        if intermediates is not None:
            operator.intermediates = list(intermediates)
        if options:
            table = getattr(fb, options + "T")()
            for key, value in fields.items():
                assert hasattr(table, key), f"{options} has no field {key}"
                setattr(table, key, value)
        if options and hasattr(fb.BuiltinOptions2, options):
            operator.builtinOptions2Type = getattr(fb.BuiltinOptions2, options)
            operator.builtinOptions2 = table
        elif options:
            operator.builtinOptionsType = getattr(fb.BuiltinOptions, options)
            operator.builtinOptions = table
        self.graph.operators.append(operator)

    def bytes(self):
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
