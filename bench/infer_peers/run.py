#!/usr/bin/env python3
"""Inference speed side by side: `thimble bench` and LiteRT with XNNPACK, in turn, one thread, on the given .tflite files.

  scripts/interop/venv.sh litert
  bench/infer_peers/run.py MODEL.tflite… [--pairs 5] [--seconds 2] [--threads 1] [--floor 1.0]

Prints the median latency of both and the ratio (LiteRT's time by Thimble's; above 1 is faster), median and range over pairs.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Runs in LiteRT's environment: warm-up, then single invocations timed for some seconds.
PEER = """
import json, os, sys, time
threads = int(sys.argv[3])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
import numpy as np
from ai_edge_litert.interpreter import Interpreter
i = Interpreter(sys.argv[1], num_threads=threads)
i.allocate_tensors()
r = np.random.default_rng(1)
for d in i.get_input_details():
    t = np.dtype(d["dtype"])
    x = r.random(d["shape"]) if t.kind == "f" else r.integers(np.iinfo(t).min, np.iinfo(t).max + 1, d["shape"])
    i.set_tensor(d["index"], np.asarray(x).astype(t))
invoke, clock, times = i._interpreter.Invoke, time.perf_counter, []
end = clock() + 0.3
while clock() < end:
    invoke()
end = clock() + float(sys.argv[2])
while True:
    a = clock()
    invoke()
    b = clock()
    times.append(b - a)
    if b > end:
        break
print(json.dumps({"p50": float(np.median(times)) * 1e6, "count": len(times)}))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--thimble", type=pathlib.Path, default=ROOT / "build/release/thimble")
    parser.add_argument("--venvs", type=pathlib.Path, default=pathlib.Path(os.environ.get("THIMBLE_VENVS", ROOT / "build/venv")))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--floor", type=float, default=1.0)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:options.threads]
    if os.getloadavg()[0] > 0.5:
        print(f"warning: the machine is not idle (load {os.getloadavg()[0]:.2f}); ratios will be noisy", file=sys.stderr)
    missed = 0
    print("| model | threads | Thimble µs | LiteRT + XNNPACK µs | ratio median (range) |\n|---|---|---|---|---|")
    for model in options.models:
        ours, theirs = [], []
        for _ in range(options.pairs):
            done = subprocess.run([options.thimble, "bench", model, "--num_threads", str(options.threads), "--min_secs", str(options.seconds),
                                   "--json"], capture_output=True, text=True, check=False,
                                  preexec_fn=lambda: os.sched_setaffinity(0, cores))
            if done.returncode != 0:
                sys.exit(f"thimble bench {model}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
            ours.append(json.loads(done.stdout)["latency_us"]["p50"])
            peer = subprocess.run([options.venvs / "litert/bin/python", "-c", PEER, model, str(options.seconds), str(options.threads)],
                                  capture_output=True, text=True, check=False)
            if peer.returncode != 0:
                sys.exit(f"LiteRT on {model}: {peer.stderr.strip()[-500:]}")
            theirs.append(json.loads(peer.stdout.strip().splitlines()[-1])["p50"])
        ratios = sorted(b / a for a, b in zip(ours, theirs))
        ratio = statistics.median(ratios)
        missed += ratio < options.floor
        print(f"| {model.name} | {options.threads} | {statistics.median(ours):.2f} | {statistics.median(theirs):.2f} | "
              f"{ratio:.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) |", flush=True)
    return 5 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
