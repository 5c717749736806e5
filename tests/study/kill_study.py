#!/usr/bin/env python3
"""Kills `thimble study` or `thimble compress` at random moments, goes on with --resume until it ends, and compares what it
leaves with that of a run which was left alone.

  tests/study/kill_study.py --program build/release/thimble --kills 20 study     in one process and with two workers, by turns
  tests/study/kill_study.py --program build/release/thimble --kills 20 search
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import small_study


class Study:
    """results.json (except what was measured) and every model's bytes."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "recipe.toml").write_text(small_study.RECIPE)

    def command(self, name, turn):
        return [self.program, "study", self.folder / "recipe.toml", "--out", self.folder / name, "--threads", "1", "-q",
                *(["--workers", "2"] if turn % 2 else [])]

    def difference(self, a, b):
        return small_study.difference(self.folder / a, self.folder / b)


class Search:
    """The file, the list of trials and every trial's model."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "recipe.toml").write_text(small_study.NETWORK)
        done = subprocess.run([program, "train", folder / "recipe.toml", "-o", folder / "model.tflite", "-q"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"thimble train: {done.stderr}")

    def command(self, name, turn):
        return [self.program, "compress", self.folder / "model.tflite", "--data", "mnist", "--target-bytes", "9000", "--limit", "600",
                "--samples", "6000", "-o", self.folder / f"{name}.thim", "--threads", str(1 + turn % 2), "-q"]

    def files(self, name):
        trials = self.folder / f"{name}.thim.search"
        found = {p.name: p.read_bytes() for p in trials.iterdir() if not p.name.endswith(".part") and p.suffix != ".html"}
        return {"the chosen file": (self.folder / f"{name}.thim").read_bytes(), **found}

    def difference(self, a, b):
        first, second = self.files(a), self.files(b)
        if first.keys() != second.keys():
            return f"{sorted(first)} and {sorted(second)}"
        return next((name for name in first if first[name] != second[name]), "")


def killed(command, seconds):
    """True if the program ended before it was killed."""
    process = subprocess.Popen([*command, "--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False
    if process.returncode != 0:
        sys.exit(f"exit {process.returncode} of {command}:\n{errors}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["study", "search"])
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["NO_COLOR"] = "1"
    numbers = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        work = {"study": Study, "search": Search}[options.what](os.path.abspath(options.program), pathlib.Path(folder))
        start = time.monotonic()
        alone = subprocess.run(work.command("alone", 0), capture_output=True, text=True)
        if alone.returncode != 0:
            sys.exit(f"left alone it exited with {alone.returncode}:\n{alone.stderr}")
        seconds = time.monotonic() - start
        done, rounds = 0, 0
        while done < options.kills:
            name, turn = f"killed{rounds}", 0
            while not killed(work.command(name, rounds), numbers.uniform(0.02, 0.8) * seconds if done < options.kills else None):
                done += 1
                turn += 1
            if what := work.difference("alone", name):
                sys.exit(f"after {turn} kills of {options.what} {rounds} this differs from the one left alone: {what}")
            print(f"{options.what} {rounds}: {turn} kills, the same results")
            rounds += 1
        print(f"{done} kills, {rounds} times {options.what}, {seconds:.1f} s each")


if __name__ == "__main__":
    main()
