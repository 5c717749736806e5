#!/usr/bin/env python3
"""A Keras network converted by TensorFlow, fine-tuned by `thimble train` for one epoch, must get better on MNIST.

Keras trains a small convolution network for a moment, TensorFlow's converter writes a float .tflite, `thimble eval` measures
it, a recipe with `[model] file = …` trains one epoch, `thimble eval` measures again; LiteRT's interpreter confirms the result.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import images  # noqa: E402

RECIPE = """[study]
name = "fine-tune"
seed = 1

[data]
set = "mnist"
split = {{ train = 55000, validation = 5000, test = 10000 }}
scale = "0..1"

[model]
file = "{file}"

[train]
optimizer = {{ adam = 0.001 }}
loss = "sparse_categorical_crossentropy"
batch = 64
epochs = 1
"""


def converted(fixed, free):
    """Trains for two hundred steps and converts twice: with a fixed batch of 1, and as `from_keras_model` does by itself, with a
    free batch (its flatten then is SHAPE, STRIDED_SLICE, PACK, RESHAPE)."""
    keras.utils.set_random_seed(1)
    pixels, labels = images.load("mnist", "train", 6400)
    layers = keras.layers
    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(),
                              layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
                              layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(pixels[..., None] / np.float32(255), labels, batch_size=32, epochs=1, verbose=0)
    free.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    one = keras.Sequential([layers.Input(batch_shape=(1, 28, 28, 1)), *(type(l).from_config(l.get_config()) for l in model.layers)])
    one.set_weights(model.get_weights())
    fixed.write_bytes(tf.lite.TFLiteConverter.from_keras_model(one).convert())


def accuracy_in_tensorflow(path):
    interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    pixels, labels = images.load("mnist", "test", 2000)
    right = 0
    for image, label in zip(pixels, labels):
        interpreter.set_tensor(into["index"], (image / np.float32(255)).reshape(into["shape"]))
        interpreter.invoke()
        right += int(interpreter.get_tensor(out["index"]).argmax()) == int(label)
    return right / len(pixels)


def thimble(program, *arguments):
    done = subprocess.run([str(program), *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"thimble {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thimble", type=pathlib.Path, default=images.ROOT / "build/release/thimble")
    parser.add_argument("--work", type=pathlib.Path, default=images.ROOT / "build/interop/fine_tune")
    parser.add_argument("--convert-only", action="store_true")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    files = {"fixed batch": work / "keras_fixed.tflite", "free batch": work / "keras_free.tflite"}
    converted(*files.values())
    failures = 0
    for name, file in files.items():
        if options.convert_only:
            print(f"{file}: {accuracy_in_tensorflow(file):.4f} on 2,000 test images in TensorFlow")
        elif not improves(options.thimble, name, file):
            failures += 1
    return 1 if failures else 0


def improves(program, name, before):
    """Measures, trains one epoch, measures again; prints one line."""
    after, recipe = before.with_name(before.stem + "_tuned.tflite"), before.with_suffix(".toml")
    recipe.write_text(RECIPE.format(file=before))
    try:
        first = thimble(program, "eval", before, "--data", "mnist", "--scale", "0..1")["accuracy"]
        thimble(program, "train", recipe, "-o", after)
        second = thimble(program, "eval", after, "--data", "mnist")["accuracy"]
    except RuntimeError as error:
        print(f"FAIL  Keras model ({name}), fine-tuned: {error}")
        return False
    peer_before, peer_after = accuracy_in_tensorflow(before), accuracy_in_tensorflow(after)
    passed = second > first and peer_after > peer_before
    print(f"{'ok  ' if passed else 'FAIL'}  Keras model ({name}) fine-tuned for one epoch: test accuracy {first:.4f} → {second:.4f} "
          f"(TensorFlow on 2,000 images: {peer_before:.4f} → {peer_after:.4f})")
    return passed


if __name__ == "__main__":
    sys.exit(main())
