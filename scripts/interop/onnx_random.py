#!/usr/bin/env python3
"""Random .onnx graphs of two to six operators, run by Thimble and by onnxruntime without graph optimisation.

  build/venv/onnx/bin/python scripts/interop/onnx_random.py [--count 1000] [--seed 1] [--first N] [--only OP] [--keep DIR]

A graph has one opset of 7 to 22, and grows operator by operator (onnx_random_ops.py and _layers.py draw them with their attributes,
operands and types): each is run in onnxruntime at once, and taken where onnxruntime runs it. So shapes and types follow from what is computed.
Operands are earlier results, fed arrays or constants; sizes stand in the file, have names, or come of Shape, Gather and Concat.
Every output has to have onnxruntime's type, shape and values: integers exactly, floats within 2e-4 (float16 within 2e-2) of the
largest. Operators that jump (Round, Floor, ArgMax …) are drawn only where their operand is exact in float32.
  agrees, refused (exit 3, with how often each reason came), WRONG, CRASH: exit status 1.
--keep writes the wrong models with inputs and onnxruntime's outputs. Case n depends on the seed and n alone (--first n --count 1).
--through thim tflite onnx converts each (where it can be), which has to give the same answers.

Needs onnx, onnxruntime and numpy.
"""
import argparse
import pathlib
import subprocess
import tempfile
import warnings

import numpy as np
import onnx

warnings.filterwarnings("ignore")
import onnx_random_layers  # noqa: E402, F401
import onnx_random_ops  # noqa: E402, F401
from onnx_random_graph import Grower  # noqa: E402
from random_cases import survey  # noqa: E402


def run(program, model, feeds, folder, outputs):
    """The outputs, or (exit status, what it said)."""
    command = [program, "run", str(model), "--output-dir", str(folder / "out"), "--threads", "1", "-q"]
    for i, x in enumerate(feeds):
        np.save(folder / f"{i}.npy", x)
        command += ["--input", f"{i}={folder / f'{i}.npy'}"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
    except subprocess.TimeoutExpired:
        return -1, "no end within 60 s"
    if ran.returncode != 0:
        return ran.returncode, " ".join(ran.stderr.split())
    return [np.load(folder / "out" / f"{i}.npy") for i in range(outputs)]


def difference(got, want, quanta=0):
    """Empty where they agree; of integers that were rounded up to so many quanta are let pass."""
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"{got.dtype}{list(got.shape)} instead of {want.dtype}{list(want.shape)}"
    if want.dtype.kind != "f":
        bad = np.abs(got.astype(np.int64) - want.astype(np.int64)) > quanta if quanta else got != want
    else:
        g, w = got.astype(np.float64), want.astype(np.float64)
        finite = np.isfinite(w)
        room = (2e-2 if want.dtype == np.float16 else 2e-4) * max(1.0, float(np.max(np.abs(w[finite]), initial=0)))
        with np.errstate(invalid="ignore"):
            bad = ~((g == w) | (np.isnan(g) & np.isnan(w)) | (finite & (np.abs(g - w) <= room)))
    if not bad.any():
        return ""
    return f"{int(bad.sum())} of {want.size} differ: {got[bad][:4]} instead of {want[bad][:4]}"


def verdict(options, grown, folder):
    path = folder / "model.onnx"
    onnx.save(grown.model, path)
    feeds = list(grown.feeds.values())
    got = run(options.thimble, path, feeds, folder, len(grown.answers))
    if isinstance(got, tuple):
        status, words = got
        return ("refused" if status == 3 else "CRASH" if status < 0 else "WRONG"), words if status == 3 else f"exit {status}: {words}"
    for name, g, w in zip(grown.answers, got, grown.answers.values()):
        if said := difference(g, w, int(name in grown.loose)):
            return "WRONG", f"{name}: {said}"
    for form in options.through:
        through = folder / f"through.{form}"
        made = subprocess.run([options.thimble, "convert", str(path), str(through), "-q"], capture_output=True, text=True, errors="replace")
        if made.returncode == 3:
            continue
        if made.returncode != 0:
            return "WRONG", f"convert to .{form}: exit {made.returncode} {made.stderr}"
        again = run(options.thimble, through, feeds, folder, len(grown.answers))
        if isinstance(again, tuple):
            return "WRONG", f"as .{form}: {again}"
        for name, a, g in zip(grown.answers, again, got):
            if said := difference(a, g, int(name in grown.loose)):
                return "WRONG", f"as .{form}, {name}: {said}"
    return "agrees", ""


def one(options, n):
    """(verdict, opset, operators, what was said) of graph n."""
    grown = Grower(np.random.default_rng([options.seed, n]), options.only, options.special, options.names).grow()
    if grown is None:
        return "not grown", 0, [], ""
    with tempfile.TemporaryDirectory() as folder:
        kind, words = verdict(options, grown, pathlib.Path(folder))
    operators = [node.op_type for node in grown.model.graph.node]
    if options.keep and kind != "agrees":
        folder = options.keep / f"{kind}_{options.seed}_{n}"
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(grown.model, folder / "model.onnx")
        (folder / "said.txt").write_text(f"{operators} {words}\n")
        for i, x in enumerate(grown.feeds.values()):
            np.save(folder / f"in{i}.npy", x)
        for i, x in enumerate(grown.answers.values()):
            np.save(folder / f"want{i}.npy", x)
    return kind, grown.opset, operators, words


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thimble", default="build/release/thimble")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", default="", help="graphs begin with one of these operators (a pattern)")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--through", nargs="*", default=[], choices=("thim", "tflite", "onnx"))
    parser.add_argument("--special", action="store_true", help="NaN, infinities and -0 among the numbers")
    parser.add_argument("--names", action="store_true", help="sizes of inputs are often names")
    options = parser.parse_args()

    def case(k):
        kind, opset, operators, words = one(options, k)
        return kind, operators, f"opset {opset}", words

    survey(options, case, "onnxruntime")


if __name__ == "__main__":
    main()
