#!/usr/bin/env python3
"""Squeezes models and compares original and result in LiteRT, bit for bit, by its reference kernels (with what the last
operator reads) and by its default ones.

    squeezed.py [--thimble PROGRAM] [--runs N] [MODEL.tflite …]     default: all of tests/models
"""
import argparse
import glob
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
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
    texts = []
    for word, resolver in (("reference", OpResolverType.BUILTIN_REF), ("default", OpResolverType.AUTO)):
        pair = [load(path, resolver) for path in (original, squeezed)]
        rng, seen = np.random.default_rng(1), set()
        for run in range(runs):
            inputs = [random_input(rng, d, run) for d in pair[0][0].get_input_details()]
            answers = []
            for interpreter, watched in pair:
                for detail, x in zip(interpreter.get_input_details(), inputs):
                    interpreter.set_tensor(detail["index"], x)
                interpreter.reset_all_variables()
                interpreter.invoke()
                answers.append(b"".join(interpreter.get_tensor(i).tobytes() for i in watched))
            if answers[0] != answers[1]:
                return False, f"{word} kernels: run {run} differs"
            seen.add(answers[0])
        texts.append(f"{word}: {runs} runs equal, {len(seen)} distinct")
    return True, "; ".join(texts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thimble", default="build/release/thimble")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("models", nargs="*")
    arguments = parser.parse_args()
    models = arguments.models or sorted(glob.glob("tests/models/*/*.tflite"))
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for model in models:
            out = pathlib.Path(folder) / "squeezed.tflite"
            subprocess.run([arguments.thimble, "squeeze", model, "--names", "short", "--verify", "5", "-q", "-o", str(out)],
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
