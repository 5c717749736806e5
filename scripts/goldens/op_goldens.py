#!/usr/bin/env python3
"""Writes tests/goldens/ops (or types, movement): one tiny .tflite per case (usually a single operator) and what the reference answers.

Oracle: LiteRT's reference kernels; its optimised kernels where the reference resolver lacks the operator or is known to be
wrong; TFLite Micro where it has more (index.json says which). Inputs and outputs of all cases lie back to back in data.bin, little-endian, row-major;
index.json gives dtype, shape and offset of each.

  build/venv/litert/bin/python scripts/goldens/op_goldens.py [--set types] [--only SUBSTRING]
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
import op_cases_families
import op_cases_integer
import op_cases_linear
import op_cases_movement
import op_cases_nn
import op_cases_shape
import op_cases_sparse
import op_cases_types

# folder of tests/goldens → modules of cases
SETS = {"ops": [op_cases_linear, op_cases_shape, op_cases_elementwise, op_cases_sparse, op_cases_integer,
                op_cases_nn, op_cases_families], "types": [op_cases_types],
        "movement": [op_cases_movement]}
ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOLVERS = {"reference": OpResolverType.BUILTIN_REF, "optimized": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}


def micro(case):
    """What TFLite Micro answers, for operators that it has in a form that LiteRT lacks."""
    from tflite_micro import runtime
    interpreter = runtime.Interpreter.from_bytes(case.oracle_model or case.model)
    for k, array in enumerate(case.inputs):
        interpreter.set_input(array, k)
    interpreter.invoke()
    return [interpreter.get_output(0)]


def answer(case):
    """Runs the case and returns its outputs."""
    if case.oracle == "micro":
        return micro(case)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="ops", help="which folder of tests/goldens is written")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--only", default="", help="run only the cases whose name contains this, write nothing, print")
    options = parser.parse_args()
    options.output = options.output or ROOT / "tests/goldens" / options.set
    entries, data, failed = [], bytearray(), 0
    if not options.only:
        options.output.mkdir(parents=True, exist_ok=True)
        for old in options.output.glob("*.tflite"):
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

    for case in itertools.chain.from_iterable(module.cases() for module in SETS[options.set]):
        if options.only not in case.name:
            continue
        try:
            outputs = answer(case)
        except (RuntimeError, ValueError, AssertionError) as error:
            failed += 1
            print(f"{case.name}: {' '.join(str(error).split())[:300]}", file=sys.stderr)
            continue
        if options.only:
            print(case.name, *case.inputs, "→", *outputs, sep="\n")
            continue
        (options.output / f"{case.name}.tflite").write_bytes(case.model)
        entry = {"name": case.name, "file": f"{case.name}.tflite", "compare": case.compare}
        if case.compare == "tolerance":
            entry["tolerance"] = case.tolerance
        entries.append({**entry, "oracle": case.oracle, "inputs": [store(x) for x in case.inputs],
                        "outputs": [store(y) for y in outputs]})
        bytewise = [y for y in outputs if y.dtype in (np.int8, np.uint8) and y.size > 20]
        if options.set != "movement" and bytewise and min(np.mean((y == y.min()) | (y == y.max())) for y in bytewise) > 0.8:
            print(f"{case.name}: more than 80 % of the output is saturated, a poor case", file=sys.stderr)
    if not options.only:
        assert len({e["name"] for e in entries}) == len(entries)
        head = json.dumps({"data": "data.bin", "rule": "tolerance: |difference| <= tolerance * max(1, max|out|), NaN equals NaN, "
                           "infinities equal; bytes: equal", "versions": {p: importlib.metadata.version(p) for p in
                           ("ai-edge-litert", "numpy")}, "cases": []}, indent=1).removesuffix("[]\n}")
        (options.output / "index.json").write_text(head + "[\n" + ",\n".join(map(json.dumps, entries)) + "\n]}\n")
        (options.output / "data.bin").write_bytes(data)
        print(f"{len(entries)} cases, {len(data)} bytes of data")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
