#!/usr/bin/env python3
"""Quantised .onnx models of onnxruntime's quantiser, run by Thimble in integers and by onnxruntime.

Small float networks (scripts/goldens/onnx_quantised_nets.py) are quantised statically in both forms of files, with int8 and
uint8 activations, a scale per tensor and per channel, and dynamically. Thimble and onnxruntime run each on the same seeded
inputs; outputs may differ by one quantum of the output's scale for each two layers that round (onnxruntime rounds once, half
to even; Thimble as TensorFlow Lite does), those of dynamic quantisation by 1e-5. How many differ, by how much, and how many of the
operators compute in integers is listed. `--tflite` converts each to .tflite, which has to answer as the .onnx does, byte by byte.
Exit 1 on a larger difference, a failure, or where less than `--integers` of the static models' operators are integer ones.

Needs onnx, onnxruntime and numpy.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "goldens"))
from onnx_quantised_nets import NETS, STATIC, Samples, exact_session, output_scale, quantised  # noqa: E402

EDGES = {"quantize", "dequantize", "reshape", "transpose", "cast"}


class Program:
    def __init__(self, thimble, folder):
        self.thimble, self.folder = thimble, folder

    def __call__(self, *command):
        ran = subprocess.run([self.thimble, *map(str, command)], capture_output=True, text=True, errors="replace")
        if ran.returncode != 0:
            raise RuntimeError(f"{command[0]}: exit {ran.returncode} {ran.stderr.strip()[:300]}")
        return ran.stdout

    def answers(self, model, feeds):
        all_answers = []
        for feed in feeds:
            command = ["run", model, "--output-dir", self.folder / "answers", "-q"]
            for i, x in enumerate(feed.values()):
                np.save(self.folder / f"in{i}.npy", x)
                command += ["--input", f"{i}={self.folder / f'in{i}.npy'}"]
            self(*command)
            all_answers.append(np.load(self.folder / "answers" / "0.npy"))
        return np.stack(all_answers)

    def operators(self, model):
        """(in integers, all) of the operators that compute."""
        nodes = json.loads(self("inspect", model, "--json"))["nodes"]
        computing = [n for n in nodes if n["op"] not in EDGES]
        return sum(n["outputs"][0]["dtype"] in ("int8", "uint8", "int16") for n in computing), len(computing)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thimble", default="build/release/thimble")
    parser.add_argument("--only", default="", help="models whose name holds this")
    parser.add_argument("--inputs", type=int, default=4)
    parser.add_argument("--integers", type=float, default=0.9, help="the least share of integer operators (uint8 weights apart)")
    parser.add_argument("--tflite", action="store_true", help="compare with a converted .tflite too")
    parser.add_argument("--keep", help="write the quantised models there")
    arguments = parser.parse_args()
    failed, integer, operators = 0, 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        program = Program(arguments.thimble, folder)
        for make in NETS:
            for form in (*STATIC, "dynamic"):
                name = f"{make.__name__}_{form}"
                if arguments.only not in name:
                    continue
                path = (pathlib.Path(arguments.keep) if arguments.keep else folder) / f"{name}.onnx"
                model = quantised(make(), form)
                onnx.save(model, path)
                session = exact_session(str(path))
                random = np.random.default_rng(11)
                feeds = [Samples(make()).feed(random) for _ in range(arguments.inputs)]
                theirs = np.stack([session.run(None, feed)[0] for feed in feeds])
                try:
                    ours = program.answers(path, feeds)
                    in_integers, of = program.operators(path)
                    if arguments.tflite:
                        program("convert", path, folder / "q.tflite", "-q")
                        if program.answers(folder / "q.tflite", feeds).tobytes() != ours.tobytes():
                            raise RuntimeError("the .tflite answers otherwise")
                except RuntimeError as error:
                    print(f"{name:28} FAILED {error}")
                    failed += 1
                    continue
                gaps = np.abs(ours.astype(np.float64) - theirs)
                scale = output_scale(model)
                if scale == 0:
                    worst, bound, unit = gaps.max(), 1e-5 * max(1, np.abs(theirs).max()), ""
                    differ = int((gaps > bound).sum())
                else:
                    quanta = np.round(gaps / scale)
                    worst, bound, unit = quanta.max(), max(1, of // 2), " quanta"
                    differ = int((quanta > 0).sum())
                wrong = worst > bound
                failed += wrong
                print(f"{name:28} {in_integers:3} of {of:3} in integers, {differ:4} of {gaps.size:4} differ, at most "
                      f"{worst:.3g}{unit}{'  WRONG' if wrong else ''}")
                if form != "dynamic" and form != "qdq_u8u8":
                    integer, operators = integer + in_integers, operators + of
    print(f"{integer} of {operators} operators in integers, {failed} failed")
    sys.exit(1 if failed or integer < arguments.integers * operators else 0)


if __name__ == "__main__":
    main()
