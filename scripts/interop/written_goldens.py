#!/usr/bin/env python3
"""Writes tests/goldens/written: small files that `thimble study` made of random recipes, and what LiteRT answers for them.

Files are chosen for what they add: pairs of an operator and a form (float32, float16, dynamic, int8, few bits …) that none
before has. Answers are those of the reference kernels (TFLite Micro's, or the default ones, where the reference lacks an
operator). tests/conformance/goldens_test.cc holds Thimble to them.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

import ai_edge_litert
import numpy as np

from oracle import Oracle
from random_recipes import ROOT, Model
from recipes import random_recipe, write_toml

MOST_BYTES, MOST_OPERATORS = 7000, 40


def form_of(model, name):
    types = {int(t.type) for t in model.graph.tensors}
    return (model.kind(), name if "int4" in name or "dynamic" in name else "", tuple(sorted(types)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=48)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--recipes", type=int, default=120, help="at most so many are tried")
    parser.add_argument("--thimble", default=str(ROOT / "build/release/thimble"))
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "tests/goldens/written")
    options = parser.parse_args()
    program = str(pathlib.Path(options.thimble).resolve())
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    seen, cases, data = set(), [], bytearray()

    def stored(array):
        data.extend(bytes(-len(data) % 8))
        entry = {"dtype": str(array.dtype), "shape": list(array.shape), "offset": len(data)}
        data.extend(array.tobytes())
        return entry

    with Oracle() as oracle:
        for number in range(options.recipes):
            if len(cases) >= options.files:
                break
            rng = np.random.default_rng([options.seed, number])
            recipe, arrays = random_recipe(rng)
            recipe["variant"] = [v for v in recipe["variant"] if "shrink" not in v]
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                np.savez(folder / "data.npz", **arrays)
                (folder / "r.toml").write_text(write_toml(recipe))
                if subprocess.run([program, "study", "r.toml", "--out", "out", "-q"], capture_output=True, cwd=folder).returncode:
                    continue
                for path in sorted((folder / "out/models").glob("*.tflite")):
                    model = Model(path)
                    form = form_of(model, path.stem)
                    fresh = {(k, form) for k, _ in model.operators} - seen
                    small = path.stat().st_size <= MOST_BYTES and len(model.operators) <= MOST_OPERATORS
                    if not fresh or not small or len(cases) >= options.files:
                        continue
                    batches = [b[:1] for b in model.feed(rng, arrays["x_test"])]
                    kind = model.kind()
                    answer = None
                    for mode in ("reference", "micro", "builtin"):
                        exact_enough = kind != "exact" or mode == "reference" or (mode == "micro" and model.micro_kind() == "exact")
                        answer = oracle.run(mode, path, batches) if exact_enough else answer
                        if answer and answer.status == "ok":
                            break
                    if not answer or answer.status != "ok":
                        continue
                    seen |= fresh
                    file = f"{len(cases):02d}_{path.stem}.tflite"
                    shutil.copy(path, options.output / file)
                    cases.append({"name": file[:-7], "file": file, "oracle": mode,
                                  "compare": "bytes" if kind == "exact" else "tolerance",
                                  "tolerance": 1e-5 if kind == "float" else 5e-3,
                                  "inputs": [stored(b[0]) for b in batches], "outputs": [stored(o[0]) for o in answer.outputs]})
    (options.output / "data.bin").write_bytes(bytes(data))
    index = {"data": "data.bin", "versions": {"ai-edge-litert": ai_edge_litert.__version__, "numpy": np.__version__}, "cases": cases}
    lines = json.dumps(index, indent=None).replace('{"name"', '\n{"name"')
    (options.output / "index.json").write_text(lines + "\n")
    size = sum(p.stat().st_size for p in options.output.iterdir())
    print(f"{len(cases)} files, {size / 1e3:.0f} KB, {len(seen)} pairs of operator and form")


if __name__ == "__main__":
    main()
