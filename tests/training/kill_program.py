#!/usr/bin/env python3
"""Kills `thimble train` at random moments, resumes it until it ends, and compares the model's bytes with those of a
training that was left alone. Then damages checkpoints and looks at what the program says and how it exits.

  tests/training/kill_program.py --program build/release/thimble --kills 50
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

RECIPE = """
[study]
name = "killed"
seed = 3
[data]
set = "mnist"
split = { train = 1600, validation = 400, test = 200 }
augment = { shift = 1, rotate = 5 }
[model]
input = [28, 28, 1]
layers = [
  { conv2d = 8, kernel = 3, stride = 2, activation = "relu" },
  { batch_norm = true },
  { depthwise_conv2d = 1, kernel = 3, activation = "relu" },
  { max_pool = 2 },
  { dropout = 0.25 },
  { flatten = true },
  { dense = 10, activation = "softmax" },
]
[train]
optimizer = { adam = 0.003 }
batch = 32
epochs = 6
average = 0.98
schedule = { cosine = { warmup = 1 } }
early_stopping = { monitor = "val_loss", patience = 4, restore_best = true }
reduce_on_plateau = { monitor = "loss", patience = 1, factor = 0.5 }
"""


class Trainings:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        (folder / "recipe.toml").write_text(RECIPE)

    def command(self, name, threads=1, resume=True):
        return [self.program, "train", str(self.folder / "recipe.toml"), "-o", str(self.folder / f"{name}.tflite"), "--threads", str(threads),
                *(["--resume"] if resume else [])]

    def whole(self, name, **options):
        return subprocess.run(self.command(name, **options), capture_output=True, text=True)

    def killed(self, name, threads, seconds):
        """True if the training ended before it was killed."""
        process = subprocess.Popen(self.command(name, threads), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return False
        if process.returncode != 0:
            sys.exit(f"thimble train exited with {process.returncode}:\n{errors}")
        return True

    def model(self, name):
        return (self.folder / f"{name}.tflite").read_bytes()


def check(what, condition):
    if not condition:
        sys.exit(f"failed: {what}")


def kill(trainings, kills, seed):
    start = time.monotonic()
    alone = trainings.whole("alone")
    check(f"the training left alone: {alone.stderr}", alone.returncode == 0)
    seconds, want = time.monotonic() - start, trainings.model("alone")
    numbers, done, rounds = random.Random(seed), 0, 0
    while done < kills:
        name = f"killed{rounds}"
        turn = 0
        while not trainings.killed(name, 1 + turn % 2, numbers.uniform(0.02, 0.7) * seconds if done < kills else None):
            done += 1
            turn += 1
        check(f"model after {turn} kills of training {rounds} equals the one left alone", trainings.model(name) == want)
        rounds += 1
    print(f"{done} kills in {rounds} trainings of {seconds:.1f} s: the same {len(want)} bytes every time")


def damage(trainings):
    newest = trainings.folder / "alone.tflite.ckpt"
    previous = trainings.folder / "alone.tflite.ckpt.previous"
    # A finished training keeps its last checkpoint only: one of the same training that was stopped stands in.
    early = subprocess.run([*trainings.command("early", resume=False), "--max-seconds", "0.1"], capture_output=True, text=True)
    check(f"a training stopped after 0.1 s: {early.stderr}", early.returncode == 0)
    whole, older, want = newest.read_bytes(), (trainings.folder / "early.tflite.ckpt").read_bytes(), trainings.model("alone")
    flipped = bytearray(whole)
    flipped[len(flipped) // 2] ^= 1
    for name, data in (("a flipped bit", bytes(flipped)), ("half a file", whole[: len(whole) // 2]), ("nothing", b"")):
        newest.write_bytes(data)
        previous.write_bytes(older)
        result = trainings.whole("alone")
        check(f"{name}: goes on from the previous checkpoint: {result.stderr}", result.returncode == 0)
        check(f"{name}: same model", trainings.model("alone") == want)
        newest.write_bytes(data)
        previous.write_bytes(data)
        result = trainings.whole("alone")
        check(f"{name} in both: exit {result.returncode}, expected 4: {result.stderr}", result.returncode == 4)
        check(f"{name} in both: message names the file: {result.stderr}", str(newest) in result.stderr and "damaged" in result.stderr)
        check(f"{name} in both: model untouched", trainings.model("alone") == want)
    print("damaged checkpoints: the previous one serves; without it exit 4 and a message")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["NO_COLOR"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        trainings = Trainings(os.path.abspath(options.program), pathlib.Path(folder))
        kill(trainings, options.kills, options.seed)
        damage(trainings)


if __name__ == "__main__":
    main()
