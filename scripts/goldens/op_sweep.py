#!/usr/bin/env python3
"""Hundreds of single-operator models over types, shapes and attributes, each run by LiteRT and by Thimble: every byte
has to be equal.

  build/venv/litert/bin/python scripts/goldens/op_sweep.py [--only SUBSTRING] [--count N] [--seed N] [--thimble PATH]
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import op_cases_movement
from op_goldens import answer

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(thimble, case, folder):
    """What Thimble answers, or why it does not."""
    model = folder / "model.tflite"
    model.write_bytes(case.model)
    command = [thimble, "run", model, "--output-dir", folder / "out", "-q"]
    for i, x in enumerate(case.inputs):
        np.save(folder / f"{i}.npy", x)
        command += ["--input", f"{i}={folder / f'{i}.npy'}"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return done.stderr.strip()
    return [np.load(folder / "out" / f"{i}.npy") for i in range(len(list((folder / "out").glob("*.npy"))))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--count", type=int, default=6, help="models of each operator and type")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--thimble", type=pathlib.Path, default=ROOT / "build/release/thimble")
    parser.add_argument("--fed-values", action="store_true", help="feed half of the operands whose values decide shapes")
    options = parser.parse_args()
    op_cases_movement.fed_values_decide_shapes = options.fed_values
    models = outputs = total = differing = wrong = 0
    for name in op_cases_movement.MADE:
        if options.only not in name:
            continue
        for case in op_cases_movement.random_cases(name, options.count, options.seed):
            with tempfile.TemporaryDirectory() as folder:
                got = run(options.thimble, case, pathlib.Path(folder))
            want = answer(case)
            models += 1
            if isinstance(got, str):
                wrong += 1
                print(f"{case.name}: {got}")
                continue
            bad = 0 if len(got) == len(want) else 1
            for g, w in zip(got, want):
                outputs += 1
                total += w.nbytes
                if g.shape != w.shape or g.dtype != w.dtype:
                    bad += max(w.nbytes, 1)
                else:
                    bad += sum(a != b for a, b in zip(g.tobytes(), w.tobytes()))
            differing += bad
            if bad:
                wrong += 1
                print(f"{case.name}: {bad} bytes differ")
                if options.only:
                    print(*case.inputs, "want", *want, "got", *got, sep="\n")
    print(f"{models} models, {outputs} outputs, {total} bytes: {differing} differ; {wrong} models are wrong")
    return 1 if wrong or not models else 0


if __name__ == "__main__":
    sys.exit(main())
