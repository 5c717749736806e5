#!/usr/bin/env python3
"""Files that Thimble writes as .onnx must pass onnx.checker and answer in onnxruntime as Thimble answers for the original.

For each model given (.tflite, .thim; folders are searched): `thimble convert MODEL OUT.onnx`, then both run on the same seeded
random inputs (integers over their whole range). Float outputs agree to 1e-5 · max(1, max|out|), integer outputs of up to eight layers
within one quantum; a deeper network, each of whose layers may round one quantum apart, within ten. Where all is integers, Thimble
itself answers for the written file, byte for byte, what it answers for the original. Hybrid models (int8 weights
under float values) round their inputs at run time, which ONNX has no operator for: their file computes in float, and only
the order of size is held (2 % of the largest value), as of float outputs behind integer layers.
Exit 1 on any difference, on any file that the checker refuses, and on any crash; what is not supported (exit 3) is listed.

Needs onnx, onnxruntime and numpy.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "goldens"))
from onnx_quantised_nets import exact_session  # noqa: E402


def models_in(places):
    for place in map(pathlib.Path, places):
        if place.is_dir():
            yield from sorted(p for p in place.rglob("*") if p.suffix in (".tflite", ".thim"))
        else:
            yield place


def random_inputs(session, seed):
    random = np.random.default_rng(seed)
    feeds = []
    for value in session.get_inputs():
        shape = [d if isinstance(d, int) else 1 for d in value.shape]
        kind = value.type[len("tensor("):-1]
        if kind in ("float", "float16", "double"):
            dtype = {"float": np.float32, "float16": np.float16, "double": np.float64}[kind]
            feeds.append(random.uniform(-1, 1, shape).astype(dtype))
        elif kind == "bool":
            feeds.append(random.integers(0, 2, shape).astype(bool))
        else:
            dtype = np.dtype(kind)
            low, high = (0, 4) if dtype.itemsize > 2 else (np.iinfo(dtype).min, np.iinfo(dtype).max + 1)
            feeds.append(random.integers(low, high, shape).astype(dtype))
    return feeds


class Comparison:
    def __init__(self, thimble, folder, opset):
        self.thimble, self.folder, self.opset = thimble, folder, opset

    def run(self, command):
        return subprocess.run([self.thimble, *map(str, command)], capture_output=True, text=True, errors="replace")

    def of(self, model):
        """(verdict, detail): equal, refused, different, crashed."""
        out = self.folder / "out.onnx"
        out.unlink(missing_ok=True)
        made = self.run(["convert", model, out, "--opset", self.opset, "-q"])
        if made.returncode == 3:
            return "refused", ((made.stderr or made.stdout).splitlines() or [""])[0]
        if made.returncode != 0:
            return "crashed", f"convert: exit {made.returncode} {made.stderr[-200:]}"
        onnx.checker.check_model(str(out), full_check=True)
        session = exact_session(str(out))
        feeds = random_inputs(session, 1)
        theirs = session.run(None, {v.name: x for v, x in zip(session.get_inputs(), feeds)})
        inputs = []
        for i, x in enumerate(feeds):
            np.save(self.folder / f"in{i}.npy", x)
            inputs += ["--input", f"{i}={self.folder / f'in{i}.npy'}"]
        ran = self.run(["run", model, "--output-dir", self.folder / "answers", "-q", *inputs])
        if ran.returncode == 3:
            return "refused", (ran.stderr.splitlines() or [""])[0]
        if ran.returncode != 0:
            return "crashed", f"run: exit {ran.returncode} {ran.stderr[-200:]}"
        written = [n.op_type for n in onnx.load(str(out)).graph.node]
        rounds = "QuantizeLinear" in written or "DequantizeLinear" in written
        layers = sum(op in ("Conv", "Gemm", "MatMul") for op in written)
        again = self.run(["run", out, "--output-dir", self.folder / "again", "-q", *inputs])
        if again.returncode != 0:
            return "crashed", f"run of what is written: exit {again.returncode} {again.stderr[-200:]}"
        worst = 0.0
        for i, theirs_i in enumerate(theirs):
            ours = np.load(self.folder / "answers" / f"{i}.npy")
            if ours.dtype != theirs_i.dtype or ours.shape != theirs_i.shape:
                return "different", f"output {i}: {ours.dtype}{ours.shape} and {theirs_i.dtype}{theirs_i.shape}"
            a, b = ours.astype(np.float64), theirs_i.astype(np.float64)
            if a.size == 0:
                continue
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            gap = float(np.max(np.where(same, 0, np.abs(a - b))))
            finite = np.abs(b[np.isfinite(b)])
            top = max(1.0, float(finite.max()) if finite.size else 0.0)
            quantised = theirs_i.dtype.kind in "iu" and theirs_i.dtype.itemsize < 4
            bound = 1e-5 * top
            if quantised:
                bound = 1 if layers <= 8 else 10
                if not np.array_equal(ours, np.load(self.folder / "again" / f"{i}.npy")):
                    return "different", f"output {i}: the written file answers otherwise in Thimble"
            elif rounds:
                bound = 2e-2 * top
            worst = max(worst, gap)
            if not gap <= bound:
                return "different", f"output {i}: {gap:.3g}, bound {bound:.3g}"
        return "equal", f"{worst:.2g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--thimble", default="build/release/thimble")
    parser.add_argument("--opset", default="17")
    parser.add_argument("--json", help="write the verdicts there")
    arguments = parser.parse_args()
    verdicts = {}
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments.thimble, pathlib.Path(folder), arguments.opset)
        for model in models_in(arguments.models):
            try:
                verdict = comparison.of(model)
            except Exception as error:  # of the checker or of onnxruntime
                verdict = "different", f"{type(error).__name__}: {str(error).splitlines()[0][:300]}"
            verdicts[str(model)] = verdict
            if verdict[0] != "equal":
                print(f"{verdict[0]:9} {model.name}: {verdict[1]}")
    counts = {kind: sum(v[0] == kind for v in verdicts.values()) for kind in ("equal", "refused", "different", "crashed")}
    print(", ".join(f"{n} {kind}" for kind, n in counts.items()))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(verdicts, indent=1))
    sys.exit(1 if counts["different"] or counts["crashed"] else 0)


if __name__ == "__main__":
    main()
