#!/usr/bin/env python3
"""Single-operator models of op_elementwise.py with random types, shapes, scales and values: the answers of `thimble run` against
LiteRT's, integers byte for byte, float32 within 2e-6 · max(1, max|out|).

  build/venv/litert/bin/python scripts/interop/elementwise_random.py [--cases 400] [--seed 1] [--only NAME] [--keep DIR]

Prints one line per difference, and a table of how many cases of each kind agreed, were refused by LiteRT, or by Thimble. A case that
LiteRT runs and Thimble refuses is a failure unless its kind stands in REFUSED.
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/goldens"))

from op_elementwise import CASES  # noqa: E402
from op_goldens import answer  # noqa: E402

# name → why: what LiteRT computes without looking at scales, or has no defined result for
REFUSED = {}


def thimble(program, case, folder):
    """Outputs, or the text of the refusal."""
    (folder / "m.tflite").write_bytes(case.model)
    command = [program, "run", str(folder / "m.tflite"), "--output-dir", str(folder / "out")]
    for i, x in enumerate(case.inputs):
        np.save(folder / f"{i}.npy", x)
        command += ["--input", f"{i}={folder / f'{i}.npy'}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()
    return [np.load(p) for p in sorted((folder / "out").glob("*.npy"))]


def difference(got, want):
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"{got.dtype} {got.shape} instead of {want.dtype} {want.shape}"
    if want.dtype != np.float32:
        same = (got == want) | ((got != got) & (want != want))
        return "" if same.all() else f"{(~same).sum()} of {same.size} differ: {got[~same][:4]} instead of {want[~same][:4]}"
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    room = 2e-6 * max(1.0, float(np.max(np.abs(want[np.isfinite(want)]), initial=0)))
    with np.errstate(invalid="ignore"):
        near = np.abs(got.astype(np.float64) - want) <= room
    return "" if (same | near).all() else f"{got[~(same | near)][:4]} instead of {want[~(same | near)][:4]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only kinds whose name contains this")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the files of cases that differ")
    parser.add_argument("--program", default=str(ROOT / "build/release/thimble"))
    options = parser.parse_args()
    kinds = [k for k in CASES if options.only in k.__name__]
    count, failed = collections.Counter(), 0
    for n in range(options.cases):
        r = np.random.default_rng([options.seed, n])
        case = kinds[n % len(kinds)](r)
        kind = case.name
        try:
            want = answer(case)
        except (RuntimeError, ValueError, AssertionError) as error:
            count[kind, "LiteRT refuses"] += 1
            if options.keep:
                print(f"{n} {kind}: LiteRT: {' '.join(str(error).split())[:160]}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            got = thimble(options.program, case, pathlib.Path(folder))
        if isinstance(got, str):
            count[kind, "refused"] += 1
            if kind not in REFUSED:
                failed += 1
                print(f"{n} {kind}: {got.splitlines()[0] if got else '?'} {' '.join(got.split())[:300]}")
            continue
        wrong = next(filter(None, map(difference, got, want)), "") if len(got) == len(want) else "not as many outputs"
        count[kind, "differs" if wrong else "agrees"] += 1
        if wrong:
            failed += 1
            print(f"{n} {kind}: {wrong}")
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{n}_{kind}.tflite").write_bytes(case.model)
    for word in ("agrees", "LiteRT refuses", "refused", "differs"):
        names = {k: c for (k, w), c in sorted(count.items()) if w == word}
        print(f"{word}: {sum(names.values())}" + (f" ({', '.join(f'{k} {c}' for k, c in names.items())})" if names else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
