#!/usr/bin/env python3
"""Training speed side by side: Thimble and each peer in turn, pair by pair, on the same cores; prints ratios.

  scripts/interop/venv.sh torch tensorflow jax
  bench/train_peers/run.py [--pairs 5] [--seconds 5] [--only fashion_cnn:64] [--peers torch,jax_scan] [--json FILE]

A pair is one run of Thimble (`thimble train RECIPE --max-seconds S --json`) next to one run of the peer; the ratio (Thimble's
images per second by the peer's) is taken per pair, its median and range are printed. The floor is what this version promises
against the fastest peer. Both processes are pinned to the same one or two processors. Make sure the machine is idle.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = {"torch": "torch", "torch_compiled": "torch", "keras": "tensorflow", "keras_jit": "tensorflow", "jax": "jax", "jax_scan": "jax"}
# (workload, batch) → least ratio to the fastest peer at 1 and 2 threads
FLOORS = {("fashion_cnn", 64): (1.0, 1.0), ("fashion_cnn", 8): (1.5, 1.5), ("fashion_cnn", 1): (1.5, 1.5), ("mnist_cnn", 64): (1.0, 1.0),
          ("mnist_lstm", 32): (1.5, 1.5), ("mnist_mlp", 100): (0.8, 1.2), ("mnist_mlp", 8): (1.0, 1.0), ("mnist_mlp", 1): (1.0, 1.0)}


def pinned(threads):
    cores = sorted(os.sched_getaffinity(0))[:threads]
    return lambda: os.sched_setaffinity(0, cores)


def last_json(text):
    """The last JSON object printed (a line, or a whole document)."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])


def run_thimble(program, workload, batch, threads, seconds):
    with tempfile.TemporaryDirectory() as folder:
        command = [str(program), "train", str(ROOT / f"studies/{workload}.toml"), "-o", f"{folder}/m.tflite", "--threads", str(threads),
                   "--max-seconds", str(seconds), "--set", f"train.batch={batch}", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=pinned(threads), check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return last_json(done.stdout)


def run_peer(venvs, peer, workload, batch, threads, seconds, quiet=False):
    """The peer's record, or None where it does not work on this machine."""
    command = [str(venvs / PEERS[peer] / "bin/python"), str(pathlib.Path(__file__).with_name("peers.py")), peer, workload, "--batch",
               str(batch), "--threads", str(threads), "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        if not quiet:
            lines = done.stderr.strip().splitlines() or ["no message"]
            print(f"  {peer} does not run here: {lines[-1][:160]}", file=sys.stderr)
        return None
    return last_json(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thimble", type=pathlib.Path, default=ROOT / "build/release/thimble")
    parser.add_argument("--venvs", type=pathlib.Path, default=pathlib.Path(os.environ.get("THIMBLE_VENVS", ROOT / "build/venv")))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--only", help="WORKLOAD or WORKLOAD:BATCH")
    parser.add_argument("--finalists", type=int, default=2, help="after one look at every peer, how many of the fastest are paired")
    parser.add_argument("--json", type=pathlib.Path, help="write every measurement here")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"warning: the machine is not idle (load {load:.2f}); ratios will be noisy", file=sys.stderr)
    records, missed = [], 0
    print("| workload | batch | threads | Thimble images/s | peer | its images/s | ratio median (range) | floor |")
    print("|---|---|---|---|---|---|---|---|")
    for (workload, batch), floors in FLOORS.items():
        if options.only and options.only not in (workload, f"{workload}:{batch}"):
            continue
        for threads in map(int, options.threads.split(",")):
            looks = {p: run_peer(options.venvs, p, workload, batch, threads, max(1.0, options.seconds / 2)) for p in options.peers.split(",")}
            ranked = sorted((p for p, r in looks.items() if r), key=lambda p: -looks[p]["images_per_s"])
            worst = None
            for peer in ranked[:options.finalists]:
                ours, theirs = [], []
                for _ in range(options.pairs):
                    ours.append(run_thimble(options.thimble, workload, batch, threads, options.seconds)["images_per_s"])
                    theirs.append(run_peer(options.venvs, peer, workload, batch, threads, options.seconds)["images_per_s"])
                ratios = sorted(a / b for a, b in zip(ours, theirs))
                ratio, floor = statistics.median(ratios), floors[threads - 1]
                worst = ratio if worst is None else min(worst, ratio)
                records.append({"workload": workload, "batch": batch, "threads": threads, "peer": peer, "thimble": ours, "peer_rates": theirs,
                                "ratio": ratio, "floor": floor})
                print(f"| {workload} | {batch} | {threads} | {statistics.median(ours):,.0f} | {peer} | {statistics.median(theirs):,.0f} | "
                      f"{ratio:.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) | {floor} |", flush=True)
            missed += worst is not None and worst < floors[threads - 1]
    if options.json:
        options.json.write_text(json.dumps(records, indent=1) + "\n")
    print(f"{missed} rows below their floor" if missed else "every row at or above its floor")
    return 5 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
