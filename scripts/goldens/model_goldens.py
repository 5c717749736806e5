#!/usr/bin/env python3
"""Writes tests/goldens/models: what the reference interpreters answer for the public models of tests/models.

Oracle: LiteRT's reference kernels (OpResolverType.BUILTIN_REF); for person_detect, which LiteRT refuses, TFLite Micro.
Inputs are not stored: they follow from a seed (counter_random.py), or are a picture of tests/images resized with Pillow
(RGB, bilinear with antialiasing). Each input gets a fresh interpreter, so variable tensors (LSTM states) start at zero.

  scripts/interop/venv.sh litert
  build/venv/litert/bin/python scripts/goldens/model_goldens.py
"""
import argparse
import hashlib
import importlib.metadata
import json
import pathlib

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from PIL import Image
from tflite_micro import runtime as micro_runtime

from counter_random import random_input

ROOT = pathlib.Path(__file__).resolve().parents[2]
# model → (number of seeds, how results are compared)
MODELS = {
    "mlperf-tiny/ad01_fp32": (2, "float"),
    "mlperf-tiny/ad01_int8": (4, "bytes"),
    "mlperf-tiny/kws_ref_model": (4, "bytes"),
    "mlperf-tiny/kws_ref_model_float32": (4, "hybrid"),
    "mlperf-tiny/pretrainedResnet": (4, "float"),
    "mlperf-tiny/pretrainedResnet_quant": (4, "bytes"),
    "mlperf-tiny/vww_96_float": (4, "float"),
    "mlperf-tiny/vww_96_int8": (4, "bytes"),
    "micro/hello_world_float": (4, "float"),
    "micro/hello_world_int8": (4, "bytes"),
    "micro/micro_speech_quantized": (4, "bytes"),
    "micro/person_detect": (4, "bytes"),
    "micro/keras_lstm_mnist_ptq": (4, "bytes"),
    "micro/trained_lstm": (4, "float"),
    "micro/trained_lstm_int8": (4, "bytes"),
    "micro/dtln_noise_suppression": (4, "bytes"),
    "imagenet/mobilenet_v1_0.25_128_quant": (2, "bytes"),
    "imagenet/tf2_mobilenet_v2_1.0_224_ptq": (2, "bytes"),
}
MICRO_ONLY = {"micro/person_detect"}
PICTURE_MODELS = {"imagenet/mobilenet_v1_0.25_128_quant", "imagenet/tf2_mobilenet_v2_1.0_224_ptq"}


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


class LiteRt:
    """Runs one input through a fresh interpreter with the reference kernels."""

    def __init__(self, path):
        self.path = str(path)
        interpreter = self.fresh()
        describe = lambda d: {"name": d["name"], "shape": [int(x) for x in d["shape"]], "dtype": np.dtype(d["dtype"]).name}
        self.inputs = [describe(d) for d in interpreter.get_input_details()]
        self.outputs = [describe(d) for d in interpreter.get_output_details()]

    def fresh(self, keep_all=False):
        interpreter = Interpreter(self.path, experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
                                  experimental_preserve_all_tensors=keep_all)
        interpreter.allocate_tensors()
        return interpreter

    def run(self, arrays, keep_all=False):
        interpreter = self.fresh(keep_all)
        for detail, array in zip(interpreter.get_input_details(), arrays):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        return interpreter, [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]

    def steps(self, arrays):
        """For every output of every operator its digest, to find the first step that differs."""
        interpreter, _ = self.run(arrays, keep_all=True)
        names = {d["index"]: d["name"] for d in interpreter.get_tensor_details()}
        return [{"op": op["op_name"], "name": names[int(t)], "sha256": digest(interpreter.get_tensor(int(t)))}
                for op in interpreter._get_ops_details() for t in op["outputs"] if t >= 0]


class Micro:
    """The same through TFLite Micro's Python interpreter."""

    def __init__(self, path):
        self.path = str(path)
        interpreter = micro_runtime.Interpreter.from_file(self.path)
        describe = lambda d: {"name": "", "shape": [int(x) for x in d["shape"]], "dtype": np.dtype(d["dtype"]).name}
        self.inputs, self.outputs = [describe(interpreter.get_input_details(0))], [describe(interpreter.get_output_details(0))]

    def run(self, arrays):
        interpreter = micro_runtime.Interpreter.from_file(self.path)
        interpreter.set_input(arrays[0], 0)
        interpreter.invoke()
        return interpreter, [np.array(interpreter.get_output(0))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "tests/models")
    parser.add_argument("--images", type=pathlib.Path, default=ROOT / "tests/images")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "tests/goldens/models")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    labels = (options.models / "imagenet/imagenet_labels.txt").read_text().splitlines()
    entries = []
    for name, (count, compare) in MODELS.items():
        path = options.models / f"{name}.tflite"
        oracle = Micro(path) if name in MICRO_ONLY else LiteRt(path)
        stem = name.replace("/", ".")
        seeds = list(range(1, count + 1))
        batches = [[random_input(s, t, d["shape"], d["dtype"]) for t, d in enumerate(oracle.inputs)] for s in seeds]
        entry = {"model": f"tests/models/{name}.tflite", "compare": compare,
                 "oracle": "tflite-micro" if name in MICRO_ONLY else "litert-reference",
                 "seeds": seeds, "inputs": oracle.inputs, "outputs": [], "pictures": []}
        results = [oracle.run(batch)[1] for batch in batches]
        for t, described in enumerate(oracle.outputs):
            file = f"{stem}.{t}.npy"  # leading axis: one row per seed
            np.save(options.output / file, np.stack([r[t] for r in results]))
            entry["outputs"].append({**described, "file": file})
        entry["input_sha256"] = [[digest(a) for a in batch] for batch in batches]
        if compare == "bytes" and name not in MICRO_ONLY:
            entry["steps_of_first_seed"] = oracle.steps(batches[0])
        if name in PICTURE_MODELS:
            shape = oracle.inputs[0]["shape"]
            for picture in sorted(options.images.iterdir()):
                if picture.suffix not in {".bmp", ".jpg", ".png"} or picture.stem == "mnist_nine":
                    continue
                image = Image.open(picture).convert("RGB").resize((shape[2], shape[1]), Image.Resampling.BILINEAR)
                pixels = np.asarray(image, np.uint8).reshape(shape)
                output = oracle.run([pixels])[1][0]
                file = f"{stem}.{picture.stem}.npy"
                np.save(options.output / file, output)
                top = int(output.argmax())
                entry["pictures"].append({"picture": f"tests/images/{picture.name}", "input_sha256": digest(pixels),
                                          "output": file, "top1": top, "label": labels[top]})
        entries.append(entry)
        print(f"{name}: {[list(np.unique(r[0]).size for r in results)]} distinct output values per seed",
              *(f"{p['picture']} → {p['label']}" for p in entry["pictures"]))
    # One line per model, so that a difference reads well.
    index = {"rule": "element i of input t under seed s: random_bits(s, t, i) of src/base/random.h; integers take its low "
                     "bits, float32 is float32(2u-1), u = (bits >> 11) * 2^-53",
             "versions": {p: importlib.metadata.version(p) for p in ("ai-edge-litert", "tflite-micro", "numpy", "pillow")},
             "models": []}
    head = json.dumps(index, indent=1).removesuffix("[]\n}")
    (options.output / "index.json").write_text(head + "[\n" + ",\n".join(map(json.dumps, entries)) + "\n]}\n")


if __name__ == "__main__":
    main()
