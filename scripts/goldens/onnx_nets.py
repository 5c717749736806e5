"""Builds small .onnx networks with seeded weights, for onnx_goldens.py and onnx_quantised_nets.py."""
import warnings

import numpy as np

warnings.filterwarnings("ignore")
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

FLOAT = TensorProto.FLOAT


def initializer(name, array):
    return numpy_helper.from_array(np.asarray(array, order="C"), name)


class Net:
    """A model under construction: nodes, weights, one input."""

    def __init__(self, name, shape, seed, opset=17):
        self.name, self.shape, self.opset = name, shape, opset
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.inputs, self.functions = [], [], [("x", shape)], []

    def w(self, *shape, scale=None):
        scale = scale or 1 / np.sqrt(max(1, np.prod(shape[1:])))
        return self.const(self.random.normal(0, scale, shape).astype(np.float32))

    def const(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(initializer(name, array))
        return name

    def __call__(self, op, *inputs, outputs=1, domain="", **attributes):
        names = [f"{op.lower()}{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=names[0], domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, channels, out, kernel, **attributes):
        group = attributes.get("group", 1)
        kernel = [kernel] if isinstance(kernel, int) else kernel
        return self("Conv", x, self.w(out, channels // group, *kernel), self.w(out, scale=0.1), **attributes)

    def norm(self, x, channels):
        return self("BatchNormalization", x, self.const(self.random.uniform(0.5, 1.5, channels).astype(np.float32)),
                    self.w(channels, scale=0.1), self.w(channels, scale=0.1),
                    self.const(self.random.uniform(0.5, 1.5, channels).astype(np.float32)))

    def model(self, *outputs):
        value = helper.make_tensor_value_info
        graph = helper.make_graph(self.nodes, self.name, [value(n, FLOAT, s) for n, s in self.inputs],
                                  [value(o, FLOAT, None) for o in outputs], self.weights)
        opsets = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid(f.domain, 1) for f in self.functions]
        model = helper.make_model(graph, opset_imports=opsets, functions=self.functions, ir_version=8, producer_name="")
        return onnx.shape_inference.infer_shapes(model)
