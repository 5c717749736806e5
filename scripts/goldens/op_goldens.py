#!/usr/bin/env python3
"""Writes tests/goldens/ops and tests/goldens/movement: one tiny .tflite per case (usually a single operator) and what the
reference answers.

Oracle: LiteRT's reference kernels; its optimised kernels where the reference resolver lacks the operator or is known to be
wrong (index.json says which). Inputs and outputs of all cases lie back to back in data.bin, little-endian, row-major;
index.json gives dtype, shape and offset of each.

  build/venv/litert/bin/python scripts/goldens/op_goldens.py [--only SUBSTRING]
"""
import argparse
import importlib.metadata
import itertools
import json
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import op_cases_elementwise
import op_cases_integer
import op_cases_linear
import op_cases_movement
import op_cases_shape
import op_cases_sparse

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOLVERS = {"reference": OpResolverType.BUILTIN_REF, "optimized": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}


def answer(case):
    """Runs the case and returns its outputs."""
    interpreter = Interpreter(model_content=case.oracle_model or case.model, experimental_op_resolver_type=RESOLVERS[case.oracle])
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()
    assert len(details) == len(case.inputs), case.name
    for detail, array in zip(details, case.inputs):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    outputs = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    for detail, output in zip(interpreter.get_output_details(), outputs):
        declared = interpreter._get_tensor_details(detail["index"], 0)["shape_signature"]
        assert list(declared) == list(output.shape), f"{case.name}: file says {list(declared)}, runs as {list(output.shape)}"
    return outputs


def write(cases, output, only):
    """Runs the cases and writes them to the folder `output`; how many failed."""
    entries, data, failed = [], bytearray(), 0
    if not only:
        output.mkdir(parents=True, exist_ok=True)
        for old in output.glob("*.tflite"):
            old.unlink()

    places = {}  # equal bytes lie there once

    def store(array):
        array = np.ascontiguousarray(array)
        content = array.tobytes()
        if content not in places:
            while len(data) % 8:
                data.append(0)
            places[content] = len(data)
            data.extend(content)
        return {"dtype": array.dtype.name, "shape": list(array.shape), "offset": places[content]}

    for case in cases:
        if only not in case.name:
            continue
        try:
            outputs = answer(case)
        except (RuntimeError, ValueError, AssertionError) as error:
            failed += 1
            print(f"{case.name}: {' '.join(str(error).split())[:300]}", file=sys.stderr)
            continue
        if only:
            print(case.name, *case.inputs, "→", *outputs, sep="\n")
            continue
        (output / f"{case.name}.tflite").write_bytes(case.model)
        entry = {"name": case.name, "file": f"{case.name}.tflite", "compare": case.compare}
        if case.compare == "tolerance":
            entry["tolerance"] = case.tolerance
        entries.append({**entry, "oracle": case.oracle, "inputs": [store(x) for x in case.inputs],
                        "outputs": [store(y) for y in outputs]})
        bytewise = [y for y in outputs if y.dtype in (np.int8, np.uint8) and y.size > 20]
        if "movement" not in output.name and bytewise and min(np.mean((y == y.min()) | (y == y.max())) for y in bytewise) > 0.8:
            print(f"{case.name}: more than 80 % of the output is saturated, a poor case", file=sys.stderr)
    if not only:
        assert len({e["name"] for e in entries}) == len(entries)
        head = json.dumps({"data": "data.bin", "rule": "tolerance: |difference| <= tolerance * max(1, max|out|), NaN equals NaN, "
                           "infinities equal; bytes: equal", "versions": {p: importlib.metadata.version(p) for p in
                           ("ai-edge-litert", "numpy")}, "cases": []}, indent=1).removesuffix("[]\n}")
        (output / "index.json").write_text(head + "[\n" + ",\n".join(map(json.dumps, entries)) + "\n]}\n")
        (output / "data.bin").write_bytes(data)
        print(f"{output.name}: {len(entries)} cases, {len(data)} bytes of data")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "tests/goldens")
    parser.add_argument("--folder", choices=("ops", "movement"), help="only this folder")
    parser.add_argument("--only", default="", help="run only the cases whose name contains this, write nothing, print")
    options = parser.parse_args()
    folders = {"ops": lambda: itertools.chain(op_cases_linear.cases(), op_cases_shape.cases(), op_cases_elementwise.cases(),
                                              op_cases_sparse.cases(), op_cases_integer.cases()),
               "movement": op_cases_movement.cases}
    failed = sum(write(cases(), options.output / folder, options.only) for folder, cases in folders.items()
                 if options.folder in (None, folder))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
