#!/usr/bin/env python3
"""No file, however hostile, crashes the program, hangs it or eats the machine: generated hostile files (the rows of
tflite_rows.py, tflite_operators.py, onnx_rows.py, data_rows.py) through the commands that read them.

For each: an exit code that is documented, no signal, a message that names the file; where the file is refused, processor time of at
most 100 ms per MiB of file over that of the program's start, and peak memory of at most 3 x file + 8 MiB over the program's own.

  hostile.py --program build/release/thimble [--every N] [--rows 17,18] [--table FILE] [--keep DIR] [--with-large]
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1 << 20
SECONDS, ADDRESSES, LONGEST = 60, 12 << 30, 20_000
# What may take long or much is what a file asks for that is taken: only refusals to load are held to the file's size, and what the reader
# writes out (loops, functions) to its own cap of 100,000 operators, compressed samples to what a picture may have.
START_MS, SLACK_MIB, TIMES = 150, 8, 3
WRITTEN_OUT, WRITTEN_OUT_MS, WRITTEN_OUT_MIB = ("more than 100000 operators", "rounds of loops"), 10_000, 256
COMPRESSED, COMPRESSED_MIB = (".png", ".npz", ".jpg", ".gif", ".webp"), 128


def generate(folder, every, rows, large):
    """Writes the files and the list of them; in a process of its own, since a child's peak memory begins with its parent's."""
    sys.path.insert(0, str(HERE))
    import data_rows
    import onnx_rows
    import tflite_operators
    import tflite_rows
    makers = [("tflite", m) for m in (tflite_rows.container, tflite_rows.wiring, tflite_rows.shapes, tflite_operators.windows,
                                      tflite_operators.movement, tflite_operators.recurrent)]
    makers += [("onnx", m) for m in (onnx_rows.container, onnx_rows.operators)]
    if large:
        makers += [("tflite", tflite_operators.large), ("onnx", onnx_rows.large)]
    cases, seen = [], 0
    for kind, maker in makers:
        for row, what, data, verdict in maker():
            seen += 1
            if (rows and row not in rows) or seen % every:
                continue
            name = f"{len(cases):05}.{kind}"
            (folder / name).write_bytes(data)
            words = {"inspect": ["inspect", name], "check": ["check", name], "run": ["run", name, "--random", "1"],
                     "convert": ["convert", name, "converted.thim"]}
            cases.append({"row": row, "what": what, "file": name, "verdict": verdict, "commands": list(words.values())})
    for row, what, commands, file in data_rows.cases(folder):
        seen += 1
        if (rows and row not in rows) or (seen % every and file.startswith("data")):
            continue
        verdict = "taken" if any(word in what for word in data_rows.TAKEN) else "data"
        cases.append({"row": row, "what": what, "file": file, "verdict": verdict, "commands": commands})
    (folder / "index").write_text("".join(json.dumps(case) + "\n" for case in cases))


def own_memory(program):
    """Peak MiB of the program that waits for its standard input. A child's ru_maxrss is at least its parent's, which is why this one
    stays small, and what is below it is not seen."""
    child = subprocess.Popen([program, "inspect", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
    child.communicate(b"")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(program, words, folder):
    """Exit code (negative: signal, None: still running after SECONDS), what it said, processor ms, peak MiB."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([program, *words], cwd=folder, stdin=subprocess.DEVNULL, stderr=said,
                                 stdout=said if words[0] == "check" else subprocess.DEVNULL, preexec_fn=limit)
        deadline, code = time.monotonic() + SECONDS, None
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                break
            if time.monotonic() > deadline:
                child.kill()
                _, status, usage = os.wait4(child.pid, 0)
                break
            time.sleep(0.001)
        child.returncode = 0
        said.seek(0)
        text = said.read(LONGEST).decode(errors="replace")
    return code, text, 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def faults(case, words, result, base, size):
    code, text, ms, mib = result
    allowed = {"data": {2, 3, 4}, "taken": {0, 2, 3, 4}}.get(case["verdict"], {0, 3, 4})
    if code is None:
        yield f"still running after {SECONDS} s"
    elif code < 0:
        yield f"signal {-code}"
    elif code not in allowed:
        yield f"exit code {code}"
    elif code == 0 and case["verdict"] == "refused" and words[0] == "run":
        yield "taken, though it cannot be right"
    if code in (2, 3, 4):
        if words[0] != "check" and ("error" not in text or not any(
                place in text for place in (case["file"].split("/")[-1], "the model", "node \""))):
            yield "the message names no place"
        if len(text) >= LONGEST:
            yield f"a message of {len(text)} bytes"
        if "unexpected failure" in text or "internal" in text:
            yield "the message is an internal one"
        most_ms, most_mib = base[0] + START_MS + 100 * size / MIB, base[1] + SLACK_MIB + TIMES * size / MIB
        most_mib = max(most_mib, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + 1)
        if any(words in text for words in WRITTEN_OUT):
            most_ms, most_mib = WRITTEN_OUT_MS, WRITTEN_OUT_MIB
        if case["file"].endswith(COMPRESSED):
            most_mib += COMPRESSED_MIB
        if words[0] == "check":  # which reads on behind what it refuses, and lists it
            most_ms, most_mib = 2 * most_ms, 2 * most_mib
        if ms > most_ms:
            yield f"{ms:.0f} ms for {size} bytes"
        if mib > most_mib and words[0] != "convert":  # which may have taken the file, and not what it would write
            yield f"{mib - base[1]:.1f} MiB for {size} bytes"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/thimble")
    parser.add_argument("--every", type=int, default=1, help="every N-th file")
    parser.add_argument("--rows", help="only these, for instance 17,18")
    parser.add_argument("--with-large", action="store_true", help="also files of many MB")
    parser.add_argument("--table", help="write all results there, tab-separated")
    parser.add_argument("--keep", help="leave the files in this folder")
    parser.add_argument("--generate", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    rows = {int(r) for r in arguments.rows.split(",")} if arguments.rows else None
    if arguments.generate:
        return generate(pathlib.Path(arguments.generate), arguments.every, rows, arguments.with_large)
    program = str(pathlib.Path(arguments.program).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, __file__, "--generate", str(folder), "--every", str(arguments.every),
                        *(["--rows", arguments.rows] if rows else []), *(["--with-large"] if arguments.with_large else [])],
                       check=True)
        with open(arguments.table or os.devnull, "w") as table, open(folder / "index") as cases:
            return judge(map(json.loads, cases), program, folder, table)


def judge(cases, program, folder, table):
    base = (run(program, ["--version"], folder)[2], own_memory(program))
    files = commands = bad = 0
    by_row = {}
    for case in cases:
        files += 1
        path = folder / case["file"]
        size = path.stat().st_size if path.is_file() else 0
        for words in case["commands"]:
            result = run(program, words, folder)
            wrong = list(faults(case, words, result, base, size))
            bad += bool(wrong)
            row = by_row.setdefault(case["row"], [0, 0, 0, 0, 0])
            row[0] += 1
            row[1] += result[0] in (2, 3, 4)
            row[2] = max(row[2], result[2])
            row[3] = max(row[3], result[3] - base[1])
            row[4] += bool(wrong)
            commands += 1
            table.write("\t".join([str(case["row"]), case["what"], case["file"], words[0], str(result[0]), f"{result[2]:.0f}",
                                    f"{result[3] - base[1]:.1f}", str(size), "; ".join(wrong) or "ok",
                                    " ".join(result[1].split())[:300]]) + "\n")
            if wrong:
                print(f"row {case['row']}, {case['what']}: thimble {' '.join(words)}: {'; '.join(wrong)}\n    "
                      f"{' '.join(result[1].split())[:300]}", flush=True)
    print(f"{'row':>4} {'commands':>9} {'refused':>8} {'most ms':>8} {'most MiB':>9} {'wrong':>6}")
    for row, (count, refused, ms, mib, wrong) in sorted(by_row.items()):
        print(f"{row:>4} {count:>9} {refused:>8} {ms:>8.0f} {mib:>9.1f} {wrong:>6}")
    print(f"{files} files, {commands} commands, {bad} wrong")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
