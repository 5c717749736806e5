#!/usr/bin/env python3
"""Squeezes models and compares original and result in LiteRT, bit for bit, by its reference kernels (with what the last
operator reads) and by its default ones.

    squeezed.py [--thimble PROGRAM] [--runs N] [--zeros SHARE] [MODEL.tflite …]     default: all of tests/models

With --zeros that share of each layer's weights (the smallest) is zero in the original, and the result has sparse tensors.
"""
import argparse
import glob
import pathlib
import subprocess
import sys
import tempfile

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as fb
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def random_input(rng, detail, run):
    """Noise, and walks along the second axis, by turns."""
    shape, dtype = detail["shape"], detail["dtype"]
    if np.issubdtype(dtype, np.floating):
        x = rng.normal(size=shape)
        return (x if run % 2 == 0 else np.cumsum(x, axis=min(1, x.ndim - 1)) * 0.2).astype(dtype)
    info = np.iinfo(dtype)
    if run % 2 == 0:
        return rng.integers(info.min, info.max + 1, shape).astype(dtype)
    steps = np.cumsum(rng.integers(-9, 10, shape), axis=min(1, len(shape) - 1))
    start = rng.integers(info.min, info.max + 1)
    return np.clip(steps + start, info.min, info.max).astype(dtype)


def with_zeros(path, share, out):
    """A copy of the model in which the smallest weights of every layer are zero."""
    model = fb.ModelT.InitFromPackedBuf(pathlib.Path(path).read_bytes(), 0)
    layers = {fb.BuiltinOperator.CONV_2D, fb.BuiltinOperator.DEPTHWISE_CONV_2D, fb.BuiltinOperator.FULLY_CONNECTED}
    for operator in model.subgraphs[0].operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) not in layers:
            continue
        tensor = model.subgraphs[0].tensors[operator.inputs[1]]
        data = model.buffers[tensor.buffer].data
        kind = {fb.TensorType.FLOAT32: np.float32, fb.TensorType.INT8: np.int8}.get(tensor.type)
        if kind is None or data is None or not len(data):
            continue
        values = np.frombuffer(bytes(data), kind).copy()
        order = np.argsort(np.abs(values.astype(np.float32)), kind="stable")
        values[order[:int(share * len(values))]] = 0
        model.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    out.write_bytes(bytes(builder.Output()))
    return str(out)


def load(path, resolver):
    reference = resolver == OpResolverType.BUILTIN_REF
    interpreter = Interpreter(str(path), experimental_op_resolver_type=resolver, num_threads=1,
                              experimental_preserve_all_tensors=reference)
    interpreter.allocate_tensors()
    watched = [d["index"] for d in interpreter.get_output_details()]
    if reference:
        watched.append(int(interpreter._get_ops_details()[-1]["inputs"][0]))  # the logits, where softmax is last
    return interpreter, watched


def compare(original, squeezed, runs):
    """Whether all outputs are equal, and words. Where XNNPACK runs one file only, its outputs may differ: by how much is said."""
    texts, elsewhere = [], reads_weights_through_reshape(pathlib.Path(squeezed))
    for word, resolver in (("reference", OpResolverType.BUILTIN_REF), ("default", OpResolverType.AUTO)):
        pair = [load(path, resolver) for path in (original, squeezed)]
        rng, seen, difference = np.random.default_rng(1), set(), 0.0
        outputs = pair[0][0].get_output_details()
        for run in range(runs):
            inputs = [random_input(rng, d, run) for d in pair[0][0].get_input_details()]
            answers = []
            for interpreter, watched in pair:
                for detail, x in zip(interpreter.get_input_details(), inputs):
                    interpreter.set_tensor(detail["index"], x)
                interpreter.reset_all_variables()
                interpreter.invoke()
                tensors = [interpreter.get_tensor(i) for i in watched]
                answers.append(tensors)
            if len(answers[0]) > len(outputs) and answers[0][-1].shape != answers[1][-1].shape:
                answers = [tensors[:-1] for tensors in answers]  # the last operator reads fewer channels now
            for a, b in zip(*answers):
                difference = max(difference, float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max()))
            if any(a.tobytes() != b.tobytes() for a, b in zip(*answers)) and not (elsewhere and word == "default"):
                return False, f"{word} kernels: run {run} differs by up to {difference:g}"
            seen.add(b"".join(a.tobytes() for a in answers[0]))
        same = "equal" if difference == 0 else f"within {difference:g} (int8 dense layers outside XNNPACK)"
        texts.append(f"{word}: {runs} runs {same}, {len(seen)} distinct")
    return True, "; ".join(texts)


def reads_weights_through_reshape(path):
    """Sparse weights of int8 dense layers: LiteRT runs those outside XNNPACK, where it rounds in another way."""
    model = fb.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    kinds = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    operators = [(kinds[o.opcodeIndex], o) for o in model.subgraphs[0].operators]
    dense = {int(o.outputs[0]) for kind, o in operators if kind == fb.BuiltinOperator.DENSIFY}
    return any(kind == fb.BuiltinOperator.RESHAPE and int(o.inputs[0]) in dense for kind, o in operators)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thimble", default="build/release/thimble")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--zeros", type=float)
    parser.add_argument("models", nargs="*")
    arguments = parser.parse_args()
    models = arguments.models or sorted(glob.glob("tests/models/*/*.tflite"))
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            out = pathlib.Path(folder) / "squeezed.tflite"
            flags = []
            if arguments.zeros is not None:
                model, flags = with_zeros(model, arguments.zeros, pathlib.Path(folder) / pathlib.Path(model).name), ["--sparse"]
            subprocess.run([arguments.thimble, "squeeze", model, "--names", "short", "--verify", "5", "-q", "-o", str(out), *flags],
                           check=True, stdout=subprocess.DEVNULL)
            try:
                load(model, OpResolverType.BUILTIN_REF)
            except ValueError:
                print(f"skip  {model}: LiteRT refuses the original")
                continue
            equal, text = compare(model, out, arguments.runs)
            failures += not equal
            sizes = f"{pathlib.Path(model).stat().st_size} → {out.stat().st_size} bytes"
            print(f"{'ok  ' if equal else 'FAIL'}  {model}  {sizes}  {text}", flush=True)
    print(f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
