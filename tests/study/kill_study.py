#!/usr/bin/env python3
"""Kills `thimble study` at random moments, in one process and with workers, goes on with --resume until it ends, and
compares results.json (except what was measured) and every model's bytes with those of a study that was left alone.

  tests/study/kill_study.py --program build/release/thimble --kills 20
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from small_study import RECIPE, difference


def study(program, folder, name, *options):
    return [program, "study", str(folder / "recipe.toml"), "--out", str(folder / name), "--threads", "1", "-q", *options]


def killed(command, seconds):
    """True if the study ended before it was killed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False
    if process.returncode != 0:
        sys.exit(f"thimble study exited with {process.returncode}:\n{errors}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["NO_COLOR"] = "1"
    program, numbers = os.path.abspath(options.program), random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "recipe.toml").write_text(RECIPE)
        start = time.monotonic()
        alone = subprocess.run(study(program, folder, "alone"), capture_output=True, text=True)
        if alone.returncode != 0:
            sys.exit(f"the study left alone exited with {alone.returncode}:\n{alone.stderr}")
        seconds = time.monotonic() - start
        done, rounds = 0, 0
        while done < options.kills:
            out, turn = f"killed{rounds}", 0
            # Even studies in one process, odd ones with two workers.
            command = study(program, folder, out, "--resume", *(["--workers", "2"] if rounds % 2 else []))
            while not killed(command, numbers.uniform(0.02, 0.8) * seconds if done < options.kills else None):
                done += 1
                turn += 1
            if what := difference(folder / "alone", folder / out):
                sys.exit(f"after {turn} kills of study {rounds} ({' '.join(command)}) this differs from the one left alone: {what}")
            print(f"study {rounds}{', 2 workers' if rounds % 2 else ''}: {turn} kills, the same results")
            rounds += 1
        print(f"{done} kills of {rounds} studies of {seconds:.1f} s")


if __name__ == "__main__":
    main()
