#!/usr/bin/env python3
"""`mpirun -n 2 thimble study` against one process: the same results, an item whose process is killed is done again, and a
mistake is told once. Exit 77 (skipped) where there is no mpirun or the program was built without MPI.

  tests/study/mpirun_study.py --program build/release/thimble
"""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from small_study import RECIPE, difference

MPIRUN = ["mpirun", "--oversubscribe", "-n", "2"]


def check(what, condition):
    if not condition:
        sys.exit(f"failed: {what}")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def text_of(path):
    try:
        return pathlib.Path(path).read_bytes().decode(errors="replace")
    except OSError:
        return ""


def kill_item_of_rank(rank, out, seconds):
    """Kills one process that does an item for that rank; the id of the item."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for pid in (int(p) for p in os.listdir("/proc") if p.isdigit()):
            words = text_of(f"/proc/{pid}/cmdline").split("\0")
            if "--item" not in words or str(out) not in words:
                continue
            parent = text_of(f"/proc/{pid}/stat").rpartition(")")[2].split()[1:2]
            if parent and f"OMPI_COMM_WORLD_RANK={rank}\0" in text_of(f"/proc/{parent[0]}/environ"):
                os.kill(pid, signal.SIGKILL)
                return words[words.index("--item") + 1]
        time.sleep(0.01)
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    program = os.path.abspath(parser.parse_args().program)
    if not shutil.which("mpirun"):
        skip("there is no mpirun here (openmpi-bin)")
    if not os.path.exists(os.path.join(os.path.dirname(program), "thimble_mpi.so")):
        skip("the program was built without MPI (libopenmpi-dev)")
    # MPI's own leaks and races are not ours; as root Open MPI wants to be told twice.
    os.environ.update({"NO_COLOR": "1", "ASAN_OPTIONS": "detect_leaks=0", "TSAN_OPTIONS": "report_bugs=0", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        recipe = folder / "recipe.toml"
        recipe.write_text(RECIPE)
        run = lambda *words: subprocess.run(words, capture_output=True, text=True)

        alone = run(program, "study", recipe, "--out", folder / "alone", "-q")
        check(f"one process: {alone.stderr}", alone.returncode == 0)

        two = run(*MPIRUN, program, "study", recipe, "--out", folder / "two")
        check(f"mpirun: exit {two.returncode}: {two.stderr}", two.returncode == 0)
        far, all_of_them = two.stderr.count("done (rank 1)"), two.stderr.count(": done")
        check(f"both ranks did some of the work: {two.stderr}", all_of_them == 4 and 0 < far < 4)
        check(f"tables are printed once: {two.stdout}", two.stdout.count("report  ") == 1)
        what = difference(folder / "alone", folder / "two")
        check(f"mpirun gives the results of one process; it differs in {what}", not what)

        process = subprocess.Popen([*MPIRUN, program, "study", recipe, "--out", folder / "killed"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        item = kill_item_of_rank(1, folder / "killed", 60)
        _, errors = process.communicate(timeout=200)
        check("a process of rank 1 was there to be killed", item)
        check(f"mpirun after a kill: exit {process.returncode}: {errors}", process.returncode == 0)
        check(f"it was started again: {errors}", "(rank 1) was ended by signal 9; attempt 2 of 3" in errors)
        what = difference(folder / "alone", folder / "killed")
        check(f"after a kill the results are those of one process; they differ in {what}", not what)

        for words, message in ((["--set", "train.epoch=1"], "did you mean"), (["--workers", "2"], "mpirun and --workers")):
            wrong = run(*MPIRUN, program, "study", recipe, "--out", folder / "wrong", *words)
            check(f"{words}: exit {wrong.returncode}, expected 2: {wrong.stderr}", wrong.returncode == 2)
            check(f"{words}: one message: {wrong.stderr}", wrong.stderr.count("error:") == 1 and message in wrong.stderr)
        check("nothing was written for a wrong command", not (folder / "wrong").exists())
    print("mpirun -n 2 gives the results of one process, also after a kill")


if __name__ == "__main__":
    main()
