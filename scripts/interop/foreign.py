#!/usr/bin/env python3
"""Runs .tflite files of other people in Thimble and in LiteRT's reference kernels, on seeded random inputs, and compares.

  build/venv/litert/bin/python scripts/interop/foreign.py FOLDER… [--program build/release/thimble] [--samples 3] [--only REGEX] [--verbose]

Each file below the folders (by its identifier TFL3, whatever its name) gets one verdict:
  equal      integers the same bytes, floats within 1e-5 of the largest value (hybrid kernels: 5e-3)
  refused    Thimble says why and exits with 2, 3 or 4, LiteRT runs it: the reasons are counted in a second table
  neither    both refuse it
  only here  Thimble runs what LiteRT refuses (or crashes on)
  builtin    not what the reference kernels answer, but what LiteRT's default ones do: its two kernels differ (a rounding of
             hybrid kernels; weights with a scale per block, which the reference resolver of 2.3 takes for 0)
  zeroed     BATCH_MATMUL of integers with a scale per column, which all kernels of LiteRT 2.3 take for 0: nothing is compared
  DIFFERS, CRASH  what is looked for; exit status 1
Nothing is fetched: clone the collections you want to try first. Needs scripts/interop/requirements-litert.txt.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
from ai_edge_litert import schema_py_generated as fb
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from oracle import Oracle

TOLERANCE = 1e-5
HYBRID_TOLERANCE = 5e-3  # one rounding of an input that falls the other way moves it by a whole quantum


def details(path):
    """The inputs as LiteRT names them, without allocating anything; empty where it cannot read the file."""
    model = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    return model.get_input_details()


def inputs(found, seed):
    r = np.random.default_rng(seed)
    made = []
    for d in found:
        shape, kind = tuple(int(v) for v in d["shape"]), np.dtype(d["dtype"])
        if kind == np.bool_:
            made.append(r.integers(0, 2, shape).astype(kind))
        elif kind in (np.int8, np.uint8, np.int16):
            made.append(r.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, shape).astype(kind))
        elif kind.kind in "iu":
            made.append(r.integers(0, 4, shape).astype(kind))  # often an index
        elif kind.kind == "c":
            made.append((r.standard_normal(shape) + 1j * r.standard_normal(shape)).astype(kind))
        elif kind.kind == "f":
            made.append(r.standard_normal(shape).astype(kind))
        else:
            raise ValueError(f"an input of type {kind}")
    return made


def ours(program, path, batch, folder):
    command = [program, "run", str(path), "--output-dir", str(folder), "--json"]
    for i, value in enumerate(batch):
        np.save(folder / f"in{i}.npy", value)
        command += ["--input", f"{i}={folder}/in{i}.npy"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "crash", "no answer in 120 s"
    if ran.returncode not in (0, 2, 3, 4):  # 4: a damaged file
        return "crash", f"exit {ran.returncode}: {(ran.stderr + ran.stdout).strip()[-300:]}"
    if ran.returncode:
        error = json.loads(ran.stdout)["error"]
        return "refused", f"{error['message']} ({error.get('context', '')})"
    return "ok", json.loads(ran.stdout)


def zeroed(path):
    """Whether LiteRT answers zeros (see above)."""
    model = fb.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    for graph in model.subgraphs:
        for op in graph.operators or []:
            if model.operatorCodes[op.opcodeIndex].builtinCode != fb.BuiltinOperator.BATCH_MATMUL:
                continue
            x, w = (graph.tensors[t] for t in op.inputs[:2])
            scale = w.quantization.scale if w.quantization is not None else None
            if x.type in (fb.TensorType.INT8, fb.TensorType.INT16) and scale is not None and len(scale) > 1:
                return True
    return False


def gap(want, got):
    """0 where equal; the largest difference over the largest value otherwise; infinity for other shapes or types."""
    if want.shape != got.shape or want.dtype != got.dtype:
        return float("inf")
    if want.dtype.kind not in "fc":
        return 0.0 if np.array_equal(want, got) else float("inf")
    if not np.array_equal(np.isnan(want), np.isnan(got)):
        return float("inf")
    finite = np.isfinite(want) & np.isfinite(got)
    if not np.array_equal(want[~finite & ~np.isnan(want)], got[~finite & ~np.isnan(want)]):
        return float("inf")
    if not finite.any():
        return 0.0
    return float(np.max(np.abs(want[finite] - got[finite])) / max(1.0, np.max(np.abs(want[finite]))))


def compare(oracle, program, path, samples):
    try:
        found = details(path)
    except Exception as error:  # noqa: BLE001 - whatever the interpreter throws is its answer
        found, words = [], str(error)
    else:
        words = ""
    worst, by = 0.0, "equal"
    for seed in range(samples):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            try:
                batch = inputs(found, seed)
            except ValueError as error:
                return "neither", str(error)
            status, answer = ours(program, path, batch, folder)
            if status == "crash":
                return "CRASH", answer
            reference = oracle.run("reference", path, [b[None] for b in batch] or [np.zeros(1)]) if not words else None
            if reference is None or reference.status != "ok":
                why = words or reference.words
                return ("neither", answer) if status == "refused" else ("only here", why)
            if status == "refused":
                return "refused", answer
            got = [np.load(folder / f"{i}.npy") for i in range(len(answer["outputs"]))]
            if len(got) != len(reference.outputs):
                return "DIFFERS", f"{len(got)} outputs, {len(reference.outputs)} expected"
            gaps = [gap(w[0], g) for w, g in zip(reference.outputs, got)]
            if max(gaps, default=0) > HYBRID_TOLERANCE:
                if zeroed(path):
                    return "zeroed", ""
                other = oracle.run("builtin", path, [b[None] for b in batch] or [np.zeros(1)])
                if other.status == "ok" and max(gap(w[0], g) for w, g in zip(other.outputs, got)) <= TOLERANCE:
                    by = "builtin"
                    continue
            for i, (w, g, difference) in enumerate(zip(reference.outputs, got, gaps)):
                w = w[0]
                if difference > HYBRID_TOLERANCE:
                    return "DIFFERS", f"output {i}: {w.dtype}{list(w.shape)} against {g.dtype}{list(g.shape)}, gap {difference:.3g}"
                worst = max(worst, difference)
    return (by if worst <= TOLERANCE else "near"), f"{worst:.2g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--program", default="build/release/thimble")
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true", help="a line for every file, not only for those that are not equal")
    options = parser.parse_args()
    files = [f for folder in options.folders for f in sorted(folder.rglob("*")) if f.is_file() and re.search(options.only, str(f))]
    files = [f for f in files if f.open("rb").read(8)[4:] == b"TFL3"]
    verdicts, reasons = collections.Counter(), collections.Counter()
    with Oracle() as oracle:
        for path in files:
            verdict, words = compare(oracle, options.program, path, options.samples)
            verdicts[verdict] += 1
            if verdict == "refused":
                reasons[words.splitlines()[0][-160:]] += 1
            if options.verbose or verdict != "equal":
                print(f"{verdict:9}  {path.name}  {' '.join(words.split())[:400]}", flush=True)
    print()
    for verdict, count in verdicts.most_common():
        print(f"{count:5}  {verdict}")
    return 1 if verdicts["DIFFERS"] or verdicts["CRASH"] else 0


if __name__ == "__main__":
    sys.exit(main())
