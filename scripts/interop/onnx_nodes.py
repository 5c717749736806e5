#!/usr/bin/env python3
"""The node cases of the package onnx (onnx.backend.test.case.node) through `thimble run`: a model of one operator, or of the
operators that it is defined by, with inputs and expected outputs.

Every input is a .npy file in the file's own layout, shape and type; every output must have the expected type and shape, and its
values within the case's own rtol and atol. A case is
  passed    all outputs are as expected
  refused   exit 3, with a reason
  wrong     other values, shapes or types, or another exit code
  crashed   ended by a signal
Exit 1 if any is wrong or crashed. The table counts by operator (cases of several nodes under the operator that they define).
bfloat16 goes as float32, integers of 4 and 2 bits as int8 or uint8. Cases whose inputs .npy cannot hold (sequences, texts, the
small floats) run without inputs: they have to be refused.

Needs onnx and numpy. One process per case, a few at a time.
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np

warnings.filterwarnings("ignore")
import onnx  # noqa: E402
import onnx.backend.test.case.node as node_cases  # noqa: E402
from onnx import numpy_helper  # noqa: E402


# What a .npy file has of types that are none of NumPy's own.
HELD_AS = {"bfloat16": np.float32, "int4": np.int8, "int2": np.int8, "uint4": np.uint8, "uint2": np.uint8}


def array_of(value):
    """The value as a numpy array that .npy can hold; None where there is none."""
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    if isinstance(value, (list, dict)) or value is None:
        return None
    array = np.asarray(value)
    if array.dtype.name in HELD_AS:
        array = array.astype(HELD_AS[array.dtype.name])
    return array if array.dtype.kind in "biuf" and array.dtype.isbuiltin == 1 else None


def operator_of(case):
    nodes = case.model.graph.node
    if len(nodes) == 1:
        return nodes[0].op_type
    return case.name.removeprefix("test_").split("_expanded")[0].split("_")[0] + " (expanded)"


def equal(case, got, expected):
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return f"{got.dtype}{got.shape}, not {expected.dtype}{expected.shape}"
    if expected.dtype.kind == "f":
        a, b = got.astype(np.float64), expected.astype(np.float64)
        if np.allclose(a, b, rtol=case.rtol, atol=case.atol, equal_nan=True):
            return ""
        return f"differs by up to {np.nanmax(np.abs(a - b)):.3g}"
    return "" if np.array_equal(got, expected) else "other values"


def verdict(thimble, case, folder):
    folder.mkdir()
    model = folder / "model.onnx"
    model.write_bytes(case.model.SerializeToString())
    inputs, outputs = case.data_sets[0]
    command = [thimble, "run", str(model), "--output-dir", str(folder / "out"), "--threads", "1", "-q"]
    for i, value in enumerate(inputs):
        array = array_of(value)
        if array is not None:
            np.save(folder / f"{i}.npy", array)
            command += ["--input", f"{i}={folder / f'{i}.npy'}"]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120)
    if ran.returncode < 0:
        return "crashed", f"signal {-ran.returncode}"
    reason = next((line for line in ran.stderr.splitlines() if line.startswith("error")), ran.stderr[-200:])
    if ran.returncode == 3:
        return "refused", reason.removeprefix("error: ")
    if ran.returncode != 0:
        return "wrong", f"exit {ran.returncode}: {reason}"
    for i, value in enumerate(outputs):
        expected = array_of(value)
        path = folder / "out" / f"{i}.npy"
        if expected is None or not path.exists():
            return "wrong", f"output {i} is not written"
        if said := equal(case, np.load(path), expected):
            return "wrong", f"output {i}: {said}"
    return "passed", ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thimble", default="build/release/thimble")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--reasons", type=int, default=20, help="so many reasons of refusals are listed")
    parser.add_argument("--json", help="write every verdict there")
    arguments = parser.parse_args()
    cases = [c for c in node_cases.collect_testcases(None) if arguments.only in c.name]
    verdicts = {}
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        runs = {c.name: pool.submit(verdict, arguments.thimble, c, pathlib.Path(folder) / c.name) for c in cases}
        for name, run in runs.items():
            try:
                verdicts[name] = run.result()
            except subprocess.TimeoutExpired:
                verdicts[name] = ("crashed", "no end within 120 s")
    kinds = ("passed", "refused", "wrong", "crashed")
    table = collections.defaultdict(collections.Counter)
    reasons = collections.Counter()
    for case in cases:
        kind, detail = verdicts[case.name]
        table[operator_of(case)][kind] += 1
        if kind == "refused":
            reasons[detail[:90]] += 1
        elif kind != "passed":
            print(f"{kind:8} {case.name}: {detail}")
    print(f"{'operator':32}" + "".join(f"{k:>9}" for k in kinds))
    for operator in sorted(table):
        print(f"{operator:32}" + "".join(f"{table[operator][k] or '':>9}" for k in kinds))
    total = sum(table.values(), collections.Counter())
    print(f"{'all':32}" + "".join(f"{total[k]:>9}" for k in kinds) + f"   {100 * total['passed'] / max(1, len(cases)):.1f} % passed")
    for reason, count in reasons.most_common(arguments.reasons):
        print(f"{count:5}  {reason}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(verdicts, indent=1))
    sys.exit(1 if total["wrong"] or total["crashed"] else 0)


if __name__ == "__main__":
    main()
