#!/usr/bin/env python3
"""Writes tests/goldens/reader: odd but legal .tflite files with what LiteRT's reference kernels answer, and files that
must be refused. And tests/fuzz/corpus/tflite/shared_subgraph: lists whose entries all name one table.

What they have in common: the reader decides, not an operator. index.json is as in tests/goldens/ops; `refused[]` has the
file, the code of the error and what its message must contain.

  build/venv/litert/bin/python scripts/goldens/reader_goldens.py
"""
import json
import pathlib

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as fb
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from op_cases_families import by_blocks
from op_cases_integer import int4
from tflite_builder import TfliteBuilder

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUT, CORPUS = ROOT / "tests/goldens/reader", ROOT / "tests/fuzz/corpus/tflite"
ROW = np.array([[1, 2, 3, 4]], np.float32)


def row(out=(1, 4), b=None):
    """y = x + [1, 2, 3, 4], with the output's shape as the file is to say it."""
    b = b or TfliteBuilder()
    x, c = b.input((1, 4), "float32"), b.const(ROW)
    y = b.output(out, "float32")
    b.op("ADD", [x, c], [y], "AddOptions")
    return b


def tensor(b, index):
    return b.graph.tensors[index]


def unused(kind):
    b = row()
    t = b.tensor((1,), "float32")
    tensor(b, t).type = getattr(fb.TensorType, kind)
    return b


def unused_of_rank_nine():
    b = row()
    b.tensor((1,) * 9, "float32")
    return b


def weights_longer_than_the_tensor():
    b = row()
    b.model.buffers[tensor(b, 1).buffer].data = np.frombuffer(np.arange(1, 7, dtype=np.float32).tobytes(), np.uint8)
    return b


def outputs(*ids):
    b = row()
    b.graph.outputs = list(ids)
    return b


def no_operator():
    b = TfliteBuilder()
    b.graph.outputs = [b.input((1, 4), "float32")]
    return b


def input_twice():
    b = row()
    b.graph.inputs = [0, 0]
    return b


def pack(axis, inputs=2):
    b = TfliteBuilder()
    xs = [b.input((2, 3), "float32") for _ in range(inputs)]
    shape = [2, 3]
    shape.insert(axis if axis >= 0 else 3 + axis, inputs)
    b.op("PACK", xs, [b.output(shape, "float32")], "PackOptions", valuesCount=inputs, axis=axis)
    return b


def shape_as_output(dtype):
    b = TfliteBuilder()
    x, y = b.input((2, 3), "float32"), b.output((2,), dtype)
    b.op("SHAPE", [x], [y], "ShapeOptions", outType=getattr(fb.TensorType, dtype.upper()))
    return b


def signature(b, index, shape):
    tensor(b, index).shapeSignature = list(shape)
    return b


def two_of_unknown_sizes():
    b = TfliteBuilder()
    x, c = b.input((1, 4), "float32"), b.const(ROW)
    between, y = b.tensor((1, 1), "float32"), b.output((1, 1), "float32")
    b.op("ADD", [x, c], [between], "AddOptions")
    b.op("MUL", [between, c], [y], "MulOptions")
    signature(b, between, (-1, -1))
    return signature(b, y, (-1, -1))


def flatten(free=False):
    """[N, H, 4] to [N, 4 H] as converters write it: SHAPE, STRIDED_SLICE, PACK, RESHAPE."""
    b = TfliteBuilder()
    x = b.input((1, 1 if free else 3, 4), "float32")
    shape, n, packed = b.tensor((3,), "int32"), b.tensor((), "int32"), b.tensor((2,), "int32")
    zero, one, minus = b.const(np.int32([0])), b.const(np.int32([1])), b.const(np.int32(-1))
    y = b.output((1, 4 if free else 12), "float32")
    b.op("SHAPE", [x], [shape], "ShapeOptions", outType=fb.TensorType.INT32)
    b.op("STRIDED_SLICE", [shape, zero, one, one], [n], "StridedSliceOptions", shrinkAxisMask=1)
    b.op("PACK", [n, minus], [packed], "PackOptions", valuesCount=2)
    b.op("RESHAPE", [x, packed], [y], "ReshapeOptions")
    if free:
        signature(b, x, (-1, -1, 4))
        signature(b, y, (-1, -1))
    return b


def sizes_times_one(reshaped):
    """An int64 product of sizes: as an output, or as what a RESHAPE takes."""
    b = TfliteBuilder()
    x = b.input((2, 3), "float32")
    size, one = b.tensor((2,), "int64"), b.const(np.int64([1, 1]))
    product = b.tensor((2,), "int64") if reshaped else b.output((2,), "int64")
    b.op("SHAPE", [x], [size], "ShapeOptions", outType=fb.TensorType.INT64)
    b.op("MUL", [size, one], [product], "MulOptions")
    if reshaped:
        narrow = b.tensor((2,), "int32")
        b.op("CAST", [product], [narrow])
        b.op("RESHAPE", [x, narrow], [b.output((2, 3), "float32")], "ReshapeOptions")
    return b


def axes_twice(dtype, axes, out):
    b = TfliteBuilder()
    quant = {"scale": 0.1, "zero_point": 3} if dtype == "int8" else {}
    x = b.input((1, 2, 3), dtype, **quant)
    b.op("MEAN", [x, b.const(np.int32(axes))], [b.output(out, dtype, **quant)], "ReducerOptions")
    return b


def variable_input():
    b = TfliteBuilder()
    x, y = b.input((1, 4), "float32"), b.input((1, 4), "float32", variable=True)
    b.op("SUB", [x, y], [b.output((1, 4), "float32")], "SubOptions")
    return b


def float_with_scales():
    b, q = TfliteBuilder(), {"scale": 0.5, "zero_point": 3}
    x = b.input((1, 4), "float32", **q)
    w = b.const(np.float32([[1, 2, 3, 4], [5, 6, 7, 8]]), scale=[0.5, 0.25], axis=0)
    b.op("FULLY_CONNECTED", [x, w, b.const(np.float32([1, 2]), **q)], [b.output((1, 2), "float32", **q)],
         "FullyConnectedOptions")
    return b


def reshape(shape_input=None, options=True, new_shape=None):
    b = TfliteBuilder()
    x, ids = b.input((1, 4), "float32"), []
    if shape_input:
        ids = [(b.input if shape_input == "fed" else b.tensor)((2,), "int32")]
    more = {"newShape": new_shape} if new_shape else {}
    b.op("RESHAPE", [x, *ids], [b.output((2, 2), "float32")], "ReshapeOptions" if options else None, **more)
    return b


def wrong_options(operator, options, **fields):
    b = TfliteBuilder()
    if operator == "CONV_2D":
        ids = [b.input((1, 4, 4, 1), "float32"), b.const(np.ones((1, 1, 1, 1), np.float32)), b.const(np.float32([0]))]
        y = b.output((1, 4, 4, 1), "float32")
    else:
        ids, y = [b.input((1, 4), "float32")], b.output((1, 4), "float32")
    b.op(operator, ids, [y], options, **fields)
    return b


def stored_input():
    b = row()
    b.graph.inputs = [0, 1]
    return b


def string_input():
    b = row()
    tensor(b, b.input((1,), "float32")).type = fb.TensorType.STRING
    return b


def any_batch_declared_three():
    """The shape says three examples, the signature any number."""
    b = TfliteBuilder()
    x = b.free(b.input((3, 2), "float32"), (-1, 2))
    b.op("ABS", [x], [b.free(b.output((3, 2), "float32"), (-1, 2))], "AbsOptions")
    return b


def picture_of_any_size():
    b = TfliteBuilder()
    x = b.input((1, 1, 1, 3), "float32")
    signature(b, x, (1, -1, -1, 3))
    b.op("TANH", [x], [b.output((1, 1, 1, 3), "float32")])
    return signature(b, 1, (1, -1, -1, 3))


def no_output():
    b = row()
    b.graph.outputs = []
    return b


def dense_of_no_rows():
    b = TfliteBuilder()
    x, w = b.input((0, 4), "float32"), b.const(np.ones((2, 4), np.float32))
    b.op("FULLY_CONNECTED", [x, w, -1], [b.output((0, 2), "float32")], "FullyConnectedOptions")
    return b


def no_input():
    b = TfliteBuilder()
    c = b.const(ROW)
    b.op("ADD", [c, c], [b.output((1, 4), "float32")], "AddOptions")
    return b


def huge():
    b = TfliteBuilder()
    x = b.input((1000, 1000, 250000), "float32")
    b.op("TANH", [x], [b.output((1000, 1000, 250000), "float32")])
    return b


def unsupported_in_two_subgraphs():
    b = row()
    b.graph.name, b.graph.outputs = "main", [4]
    b.tensor((1, 4), "float32"), b.tensor((1, 4), "float32")
    b.op("SKIP_GRAM", [2], [3], "SkipGramOptions")
    b.op("CUSTOM", [3], [4])
    b.model.operatorCodes[-1].customCode = "MyOp"
    first, b.graph = b.graph, fb.SubGraphT()
    b.graph.tensors, b.graph.operators, b.graph.inputs, b.graph.outputs = [], [], [], []
    b.graph.name = "second"
    x = b.input((1, 4), "float32", name="x")
    signature(b, x, (-1, 4))
    b.op("TANH", [x], [b.output((1, 4), "float32", name="y")])
    b.model.subgraphs = [first, b.graph]

    def ports(**names):
        maps = []
        for name, index in names.items():
            entry = fb.TensorMapT()
            entry.name, entry.tensorIndex = name, index
            maps.append(entry)
        return maps

    b.model.signatureDefs = []
    for key, subgraph, ins, outs in (("first", 0, {"picture": 0}, {"label": 4}), ("other", 1, {"q": 0}, {"r": 1})):
        s = fb.SignatureDefT()
        s.signatureKey, s.subgraphIndex, s.inputs, s.outputs = key, subgraph, ports(**ins), ports(**outs)
        b.model.signatureDefs.append(s)
    return b


def maxout():
    """A custom operator: the largest of every 2 neighbours; the file does not say its shape."""
    b = TfliteBuilder()
    x = b.input((1, 6), "float32", name="x")
    largest = b.tensor((), "float32", name="largest")
    b.op("CUSTOM", [x], [largest], custom=("Maxout", np.array([2], "<i4").tobytes()))
    b.op("TANH", [largest], [b.output((1, 3), "float32", name="y")])
    return b


def blocks(code="FULLY_CONNECTED", scales=4, block=32, named=None, zeros=None):
    """int4 weights [2, 64] with a float16 scale per block, read by FULLY_CONNECTED or GATHER."""
    b = TfliteBuilder()
    x = b.input((1, 64), "float32") if code == "FULLY_CONNECTED" else b.input((1,), "int32")
    s = b.const(np.full(scales, 0.5, np.float16))
    z = -1 if zeros is None else b.const(np.full(scales, zeros, np.int32))
    w = by_blocks(b, int4(b, np.arange(128).reshape(2, 64) % 16 - 8), s if named is None else named, block, z)
    if code == "GATHER":
        b.op("GATHER", [w, x], [b.tensor((1, 64), "int8")], "GatherOptions")
        tensor(b, len(b.graph.tensors) - 1).type = fb.TensorType.INT4
        b.graph.outputs = [len(b.graph.tensors) - 1]
    else:
        b.op(code, [x, w], [b.output((1, 2), "float32")], "FullyConnectedOptions", version=12)
    return b


def biased_transpose(options, dtype="float32", inputs=3):
    """MediaPipe's custom operator with these options."""
    b = TfliteBuilder()
    scale = {} if dtype == "float32" else {"scale": 0.5}
    x = b.input((1, 2, 2, 1), dtype, **scale)
    w, bias = b.const(np.ones((1, 2, 2, 1), dtype), **scale), b.const(np.ones(1, np.float32))
    b.op("CUSTOM", [x, w, bias][:inputs], [b.output((1, 4, 4, 1), dtype, **scale)],
         custom=("Convolution2DTransposeBias", np.array(options, "<i4").tobytes()))
    return b


RUN = {
    "unused_string": unused("STRING"), "unused_complex": unused("COMPLEX64"), "unused_rank_nine": unused_of_rank_nine(),
    "weights_longer": weights_longer_than_the_tensor(), "output_is_input": outputs(0, 2), "output_twice": outputs(2, 2),
    "output_is_constant": outputs(1, 2), "no_operator": no_operator(), "input_twice": input_twice(),
    "pack_axis_0": pack(0), "pack_axis_1": pack(1, 3), "pack_last": pack(-1), "shape_int32": shape_as_output("int32"),
    "shape_int64": shape_as_output("int64"), "output_shape_empty": row(()), "output_shape_zero": row((0,)),
    "sizes_unknown": two_of_unknown_sizes(), "flatten_of_any_batch": flatten(), "mean_axis_twice": axes_twice("float32", [1, -2], (1, 3)),
    "mean_axis_twice_int8": axes_twice("int8", [2, 2], (1, 2)), "variable_input": variable_input(),
    "float_with_scales": float_with_scales(), "dense_of_no_rows": dense_of_no_rows(), "no_input": no_input(),
    "reshape_by_int64_product": sizes_times_one(True), "int64_product_of_sizes": sizes_times_one(False),
}
# LiteRT sizes these when they are run, refuses them as well, or is wrong: no answers are stored.
READ = {"free_sizes": flatten(free=True), "reshape_by_options": reshape("nothing", new_shape=[2, 2]),
        "picture_of_any_size": picture_of_any_size(), "any_batch_declared_three": any_batch_declared_three(), "blocks_with_zero_points_of_0": blocks(zeros=0),
        "huge": huge()}
REFUSED = {
    "conv2d_options_of_softmax": (wrong_options("CONV_2D", "SoftmaxOptions", beta=1.0), "bad_file", "carries options of kind 9"),
    "softmax_options_of_add": (wrong_options("SOFTMAX", "AddOptions"), "bad_file", "carries options of kind 11"),
    "reshape_without_a_shape": (reshape("nothing"), "bad_file", "has no data"),
    "reshape_without_options": (reshape("nothing", options=False), "bad_file", "has no data"),
    "reshape_fed_at_run_time": (reshape("fed"), "needs_value", "known at run time only"),
    "no_output": (no_output(), "bad_file", "no output"),
    "input_has_stored_values": (stored_input(), "unsupported", "has stored values"),
    "unsupported_two_subgraphs": (unsupported_in_two_subgraphs(), "unsupported", "SKIP_GRAM"),
    "string_input": (string_input(), "unsupported", "tensors of string"),
    "blocks_gathered": (blocks("GATHER"), "unsupported", "has a scale for every 32 elements"),
    "blocks_of_another_size": (blocks(block=24), "bad_file", "are no scales of"),
    "blocks_of_no_size": (blocks(block=0), "bad_file", "for blocks of 0"),
    "blocks_with_few_scales": (blocks(scales=3), "bad_file", "are no scales of"),
    "blocks_scaled_by_nothing": (blocks(named=99), "bad_file", "what its blocks are scaled by is tensor 99"),
    "blocks_with_zero_points": (blocks(zeros=1), "unsupported", "zero points other than 0"),
    "transpose_bias_short_options": (biased_transpose([1, 2]), "bad_file", "its options have 8 bytes, not 12"),
    "transpose_bias_padding": (biased_transpose([3, 2, 2]), "bad_file", "padding 3"),
    "transpose_bias_stride": (biased_transpose([1, 0, 2]), "bad_file", "by steps of 0"),
    "transpose_bias_too_large": (biased_transpose([2, 2, 2**31 - 1]), "bad_file", "overflow"),
    "transpose_bias_int8": (biased_transpose([1, 2, 2], "int8"), "unsupported", "no kernel for"),
    "transpose_bias_without_bias": (biased_transpose([1, 2, 2], inputs=2), "bad_file", "takes 3 inputs, has 2"),
    "maxout": (maxout(), "unsupported", "custom operator \"Maxout\""),
}
def answer(model, inputs):
    interpreter = Interpreter(model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def shared(subgraphs, tensors):
    """A file whose lists of this many entries each name one table."""
    b = flatbuffers.Builder(1024)

    def table(fields, fill):
        b.StartObject(fields)
        fill()
        return b.EndObject()

    def same(entry, count):
        b.StartVector(4, count, 4)
        for _ in range(count):
            b.PrependUOffsetTRelative(entry)
        return b.EndVector()

    def numbers(*values):
        b.StartVector(4, len(values), 4)
        for value in reversed(values):
            b.PrependInt32(value)
        return b.EndVector()

    name, shape, ins, outs = b.CreateString("n" * 100), numbers(1, 1), numbers(0), numbers(1)

    def offsets(**slots):
        for slot, value in slots.items():
            b.PrependUOffsetTRelativeSlot(int(slot[1:]), value, 0)

    one = table(9, lambda: offsets(f0=shape, f3=name))
    op = table(9, lambda: offsets(f1=ins, f2=outs))
    tensor_list, op_list = same(one, tensors), same(op, 1)
    graph = table(5, lambda: offsets(f0=tensor_list, f1=ins, f2=outs, f3=op_list))
    graphs = same(graph, subgraphs)
    code = table(4, lambda: (b.PrependInt8Slot(0, 28, 0), b.PrependInt32Slot(3, 28, 0)))
    codes, buffers = same(code, 1), same(table(3, lambda: None), 1)
    b.Finish(table(8, lambda: (b.PrependUint32Slot(0, 3, 0), offsets(f1=codes, f2=graphs, f4=buffers))), b"TFL3")
    return bytes(b.Output())


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*.tflite"):
        old.unlink()
    random, data, entries, refused = np.random.default_rng(1), bytearray(), [], []

    def store(array):
        array = np.ascontiguousarray(array)
        data.extend(bytes(-len(data) % 8))
        place = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": len(data)}
        data.extend(array.tobytes())
        return place

    for name, b in RUN.items():
        model = b.bytes()
        (OUTPUT / f"{name}.tflite").write_bytes(model)
        inputs = []
        for detail in Interpreter(model_content=model).get_input_details():
            values = random.standard_normal(detail["shape"]) if detail["dtype"] == np.float32 else \
                random.integers(-100, 100, detail["shape"])
            inputs.append(values.astype(detail["dtype"]))
        if name == "input_twice":
            inputs[1] = inputs[0]
        entries.append({"name": name, "file": f"{name}.tflite", "compare": "tolerance", "tolerance": 1e-6,
                        "oracle": "reference", "inputs": [store(x) for x in inputs],
                        "outputs": [store(y) for y in answer(model, inputs)]})
    for name, b in READ.items():
        (OUTPUT / f"{name}.tflite").write_bytes(b.bytes())
    for name, (b, code, text) in REFUSED.items():
        (OUTPUT / f"{name}.tflite").write_bytes(b.bytes())
        refused.append({"name": name, "file": f"{name}.tflite", "code": code, "message": text})
    (OUTPUT / "index.json").write_text('{"cases": [\n' + ",\n".join(map(json.dumps, entries)) + '\n],\n"refused": [\n' +
                                       ",\n".join(map(json.dumps, refused)) + "\n]}\n")
    (OUTPUT / "data.bin").write_bytes(data)
    (CORPUS / "shared_subgraph").write_bytes(shared(300, 300))
    print(f"{len(entries)} cases, {len(refused)} refusals, {len(data)} bytes of data")


if __name__ == "__main__":
    main()
