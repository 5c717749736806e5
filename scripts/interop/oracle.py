"""Runs .tflite files in LiteRT and TFLite Micro, each mode in a process of its own, because a file can end the process.

    with Oracle() as oracle:
        oracle.run("reference", "model.tflite", [batch])  ->  Answer(status, outputs, words)

Modes: `reference` (LiteRT's reference kernels), `builtin` (its default kernels without delegates), `default` (with XNNPACK),
`micro` (TFLite Micro). Status: `ok`, `crash` (the process ended: segmentation fault, abort), `refused` (an exception), and in
`micro` only `absent` (it lacks an operator, or an operator's form).
"""
import dataclasses
import json
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile

import numpy as np

MODES = ("reference", "builtin", "default", "micro")
# What TFLite Micro says of a model that is beyond it, as opposed to one that is wrong.
MICRO_ABSENT = re.compile("Failed to get registration from op code|Didn't find op for builtin opcode|supported|unsupported|"
                          "not yet implemented|does not support|[Oo]nly |(INT8|UINT8|FLOAT32|INT4|kTfLite[A-Z])|shape_size|kMaxInputNum")


@dataclasses.dataclass
class Answer:
    status: str
    outputs: list = dataclasses.field(default_factory=list)
    words: str = ""


# ---- the worker's side ----
def lite(mode, path):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    resolver = {"reference": OpResolverType.BUILTIN_REF, "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                "default": OpResolverType.AUTO}[mode]
    made = Interpreter(path, experimental_op_resolver_type=resolver, num_threads=1)
    made.allocate_tensors()
    return made


def lite_run(mode, path, batches):
    model = lite(mode, path)
    ins, outs = model.get_input_details(), model.get_output_details()
    results = [[] for _ in outs]
    for n in range(len(batches[0])):
        model.reset_all_variables()
        for detail, batch in zip(ins, batches):
            model.set_tensor(detail["index"], batch[n].reshape(detail["shape"]))
        model.invoke()
        for result, detail in zip(results, outs):
            result.append(model.get_tensor(detail["index"]))
    return [np.stack(r) for r in results]


def micro_run(path, batches):
    from tflite_micro import runtime
    results = None
    model = runtime.Interpreter.from_file(path, arena_size=4 << 20)
    for n in range(len(batches[0])):
        model.reset()
        for i, batch in enumerate(batches):
            detail = model.get_input_details(i)
            model.set_input(batch[n].reshape(detail["shape"]), i)
        model.invoke()
        outputs = []
        while True:
            try:
                outputs.append(np.array(model.get_output(len(outputs))))
            except (IndexError, RuntimeError, ValueError):
                break
        results = results or [[] for _ in outputs]
        for result, output in zip(results, outputs):
            result.append(output)
    return [np.stack(r) for r in results]


def worker(mode):
    """Answers lines of JSON {path, inputs, out}; the interpreters' own words go to stderr, a file."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        job = json.loads(line)
        try:
            batches = [np.load(p) for p in job["inputs"]]
            outputs = micro_run(job["path"], batches) if mode == "micro" else lite_run(mode, job["path"], batches)
            for i, output in enumerate(outputs):
                np.save(f"{job['out']}/{i}.npy", output)
            reply = {"status": "ok", "outputs": len(outputs)}
        except Exception as error:  # noqa: BLE001 - whatever the interpreter throws is its answer
            reply = {"status": "refused", "words": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


# ---- the caller's side ----
class Worker:
    def __init__(self, mode, folder):
        self.mode, self.folder = mode, pathlib.Path(folder) / mode
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = open(self.folder / "stderr", "w+")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([sys.executable, __file__, "--worker", self.mode], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def said(self, start):
        """What the interpreter wrote since `start`, in one line."""
        self.log.seek(start)
        lines = [line.strip() for line in self.log if "INFO:" not in line and line.strip()]
        return " | ".join(lines)[-400:]

    def run(self, path, batches, seconds=120):
        if self.process is None or self.process.poll() is not None:
            self.start()
        for i, batch in enumerate(batches):
            np.save(self.folder / f"in{i}.npy", batch)
        start = os.fstat(self.log.fileno()).st_size
        job = {"path": str(path), "inputs": [str(self.folder / f"in{i}.npy") for i in range(len(batches))], "out": str(self.folder)}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            code = self.process.poll() if not ready else self.process.wait()
            self.stop()
            return Answer("crash", words=f"{'no answer' if code is None else f'exit {code}'}: {self.said(start)}")
        reply = json.loads(line)
        if reply["status"] == "ok":
            return Answer("ok", [np.load(self.folder / f"{i}.npy") for i in range(reply["outputs"])])
        words = f"{' '.join(reply['words'].split())} {self.said(start)}"
        absent = self.mode == "micro" and MICRO_ABSENT.search(words) is not None
        return Answer("absent" if absent else "refused", words=words)


class Oracle:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None)
        self.workers = {mode: Worker(mode, self.folder.name) for mode in MODES}

    def run(self, mode, path, batches):
        return self.workers[mode].run(path, batches)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for w in self.workers.values():
            w.stop()
        self.folder.cleanup()


if __name__ == "__main__":
    worker(sys.argv[2])
