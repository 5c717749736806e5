#!/usr/bin/env python3
"""Writes tests/goldens/optimizers: what Keras 3 computes for optimisers, schedules, losses, batch_norm and LSTM.

training.json  the initial weights, the batches and, for each optimiser, the weights after each of ten steps of a two-layer
               network: dense 8→6 relu → dense 3 softmax, batch 4, sparse categorical cross-entropy (mean over the batch)
schedules.json learning rates at listed steps
losses.json    values and gradients of losses on small arrays
layers.json    one training step of batch_norm; LSTM forward and all gradients

Numbers are float32 printed so that reading them back as float32 gives the same bits.

  scripts/interop/venv.sh tensorflow
  build/venv/tensorflow/bin/python scripts/goldens/optimizer_goldens.py
"""
import argparse
import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS = 10

# name → (Keras class, arguments); everything not named is Keras' default
OPTIMIZERS = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"momentum": 0.9}),
    "rmsprop_centered": ("RMSprop", {"centered": True}),
    "rmsprop_centered_momentum": ("RMSprop", {"centered": True, "momentum": 0.5}),
    "adam": ("Adam", {}),
    "adam_large_rate": ("Adam", {"learning_rate": 0.05}),
    "adam_amsgrad": ("Adam", {"amsgrad": True, "learning_rate": 0.05}),
    "adamw": ("AdamW", {}),
    "adadelta": ("Adadelta", {}),
    "adadelta_rate_1": ("Adadelta", {"learning_rate": 1.0}),
    "adagrad": ("Adagrad", {}),
    "adamax": ("Adamax", {}),
    "nadam": ("Nadam", {}),
    "ftrl": ("Ftrl", {}),
    "ftrl_regularised": ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02,
                                  "l2_shrinkage_regularization_strength": 0.03, "beta": 0.1}),
    "lion": ("Lion", {}),
    "sgd_weight_decay": ("SGD", {"weight_decay": 0.01}),
    "adam_weight_decay": ("Adam", {"weight_decay": 0.004}),
    "sgd_clipnorm": ("SGD", {"learning_rate": 0.1, "clipnorm": 0.1}),
    "sgd_global_clipnorm": ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.2}),
    "adam_clipvalue": ("Adam", {"clipvalue": 0.02}),
    "sgd_exponential_schedule": ("SGD", {"schedule": {"exponential": {"initial": 0.1, "decay_steps": 3, "decay_rate": 0.5}}}),
    "adam_ema": ("Adam", {"learning_rate": 0.05, "use_ema": True, "ema_momentum": 0.9}),
}


def make_schedule(description):
    """A Keras schedule from our description {name: {key: value}}."""
    (name, d), = description.items()
    s = keras.optimizers.schedules
    return {
        "exponential": lambda: s.ExponentialDecay(d["initial"], d["decay_steps"], d["decay_rate"], d.get("staircase", False)),
        "piecewise": lambda: s.PiecewiseConstantDecay(d["boundaries"], d["values"]),
        "polynomial": lambda: s.PolynomialDecay(d["initial"], d["decay_steps"], d["end"], d["power"], d.get("cycle", False)),
        "inverse_time": lambda: s.InverseTimeDecay(d["initial"], d["decay_steps"], d["decay_rate"], d.get("staircase", False)),
        "cosine": lambda: s.CosineDecay(d["initial"], d["decay_steps"], d.get("alpha", 0.0), warmup_target=d.get("warmup_target"),
                                        warmup_steps=d.get("warmup_steps", 0)),
        "cosine_restarts": lambda: s.CosineDecayRestarts(d["initial"], d["first_decay_steps"], d["t_mul"], d["m_mul"], d["alpha"]),
    }[name]()


def plain(value):
    """Arrays as nested lists of the shortest decimals that read back as the same float32."""
    array = np.asarray(value)
    if array.dtype.kind in "iu":
        return array.tolist()
    return json.loads(np.array2string(array.astype(np.float32), separator=",", threshold=10**9, max_line_width=10**9,
                                      formatter={"float_kind": lambda v: np.format_float_scientific(v, unique=True, trim="0")}))


def training():
    r = np.random.default_rng(1)
    w0, w1 = r.normal(0, 0.5, (8, 6)), r.normal(0, 0.5, (6, 3))
    initial = [w0.astype(np.float32), r.normal(0, 0.1, 6).astype(np.float32), w1.astype(np.float32), r.normal(0, 0.1, 3).astype(np.float32)]
    x = r.normal(0, 1, (STEPS, 4, 8)).astype(np.float32)
    labels = r.integers(0, 3, (STEPS, 4)).astype(np.int32)
    results = []
    for name, (kind, arguments) in OPTIMIZERS.items():
        arguments = dict(arguments)
        made = dict(arguments)
        if "schedule" in made:
            made["learning_rate"] = make_schedule(made.pop("schedule"))
        optimizer = getattr(keras.optimizers, kind)(**made)
        variables = [keras.Variable(v) for v in initial]
        optimizer.build(variables)
        losses, after, average = [], [], None
        for step in range(STEPS):
            with tf.GradientTape() as tape:
                hidden = tf.nn.relu(tf.matmul(x[step], variables[0].value) + variables[1].value)
                logits = tf.matmul(hidden, variables[2].value) + variables[3].value
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels[step], logits))
            gradients = tape.gradient(loss, [v.value for v in variables])
            optimizer.apply_gradients(list(zip(gradients, variables)))
            losses.append(plain(loss.numpy()))
            after.append([plain(v.numpy().ravel()) for v in variables])
        entry = {"name": name, "optimizer": kind, "arguments": arguments, "losses": losses, "weights_after_step": after}
        if arguments.get("use_ema"):
            average = [plain(np.asarray(v).ravel()) for v in optimizer._model_variables_moving_average]
            entry["moving_average_after_last_step"] = average
        results.append(entry)
    return {"keras": keras.__version__, "network": "x [4,8] · w0 [8,6] + b0, relu, · w1 [6,3] + b1, softmax; mean sparse categorical "
            "cross-entropy of each batch; row-major", "initial": [plain(v.ravel()) for v in initial],
            "batches": [plain(v.ravel()) for v in x], "labels": [plain(v) for v in labels], "optimizers": results}


def schedules():
    cases = [
        {"exponential": {"initial": 0.1, "decay_steps": 10, "decay_rate": 0.9}},
        {"exponential": {"initial": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True}},
        {"piecewise": {"boundaries": [5, 20], "values": [0.1, 0.05, 0.01]}},
        {"polynomial": {"initial": 0.1, "decay_steps": 30, "end": 0.001, "power": 2.0}},
        {"polynomial": {"initial": 0.1, "decay_steps": 12, "end": 0.01, "power": 0.5, "cycle": True}},
        {"inverse_time": {"initial": 0.1, "decay_steps": 5, "decay_rate": 0.5}},
        {"inverse_time": {"initial": 0.1, "decay_steps": 5, "decay_rate": 0.5, "staircase": True}},
        {"cosine": {"initial": 0.1, "decay_steps": 40}},
        {"cosine": {"initial": 0.1, "decay_steps": 40, "alpha": 0.1}},
        {"cosine": {"initial": 0.0, "decay_steps": 30, "alpha": 0.01, "warmup_target": 0.1, "warmup_steps": 10}},
        {"cosine_restarts": {"initial": 0.1, "first_decay_steps": 8, "t_mul": 2.0, "m_mul": 0.8, "alpha": 0.05}},
        {"cosine_restarts": {"initial": 0.1, "first_decay_steps": 7, "t_mul": 1.0, "m_mul": 1.0, "alpha": 0.0}},
    ]
    steps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 19, 20, 21, 24, 25, 29, 30, 31, 39, 40, 41, 60]
    return {"keras": keras.__version__, "note": "the step number counts optimiser steps from 0", "steps": steps, "schedules": [
        {"schedule": c, "rates": [plain(np.asarray(make_schedule(c)(s))) for s in steps]} for c in cases]}


def losses():
    r = np.random.default_rng(2)
    logits = r.normal(0, 2, (5, 4)).astype(np.float32)
    logits[4] = [40, -40, 0, 1]  # saturated
    probabilities = tf.nn.softmax(logits).numpy()
    labels = np.array([0, 3, 1, 2, 1], np.int32)
    hot = np.eye(4, dtype=np.float32)[labels]
    soft = tf.nn.softmax(r.normal(0, 1, (5, 4)).astype(np.float32)).numpy()
    smooth = {"label_smoothing": 0.1}
    binary_labels = r.integers(0, 2, (5, 4)).astype(np.float32)
    binary_probabilities = (1 / (1 + np.exp(-logits))).astype(np.float32)
    target, predicted = r.normal(0, 1, (5, 4)).astype(np.float32), r.normal(0, 1.5, (5, 4)).astype(np.float32)
    k = keras.losses
    cases = [
        ("sparse_categorical_crossentropy", k.SparseCategoricalCrossentropy(), {}, labels, probabilities),
        ("sparse_categorical_crossentropy", k.SparseCategoricalCrossentropy(from_logits=True), {"from_logits": True}, labels, logits),
        ("categorical_crossentropy", k.CategoricalCrossentropy(), {}, hot, probabilities),
        ("categorical_crossentropy", k.CategoricalCrossentropy(), {}, soft, probabilities[:, ::-1].copy()),
        ("categorical_crossentropy", k.CategoricalCrossentropy(from_logits=True), {"from_logits": True}, soft, logits),
        ("categorical_crossentropy", k.CategoricalCrossentropy(from_logits=True, **smooth), {"from_logits": True, **smooth}, hot, logits),
        ("binary_crossentropy", k.BinaryCrossentropy(), {}, binary_labels, binary_probabilities),
        ("binary_crossentropy", k.BinaryCrossentropy(from_logits=True), {"from_logits": True}, binary_labels, logits),
        ("mse", k.MeanSquaredError(), {}, target, predicted),
        ("mae", k.MeanAbsoluteError(), {}, target, predicted),
        ("huber", k.Huber(), {"delta": 1.0}, target, predicted),
        ("huber", k.Huber(delta=0.4), {"delta": 0.4}, target, predicted),
        ("kl_divergence", k.KLDivergence(), {}, soft, probabilities),
    ]
    results = []
    for name, loss, arguments, y_true, y_pred in cases:
        prediction = tf.constant(y_pred)
        with tf.GradientTape() as tape:
            tape.watch(prediction)
            value = loss(y_true, prediction)
        results.append({"loss": name, "arguments": arguments, "shape": [5, 4], "y_true": plain(y_true.ravel()),
                        "y_pred": plain(y_pred.ravel()), "value": plain(value.numpy()),
                        "gradient": plain(tape.gradient(value, prediction).numpy().ravel())})
    return {"keras": keras.__version__, "note": "one number per batch: the mean over samples (Keras' sum_over_batch_size)", "losses": results}


def layers():
    r = np.random.default_rng(3)
    x = r.normal(1.0, 2.0, (4, 3, 2, 3)).astype(np.float32)
    upstream = r.normal(0, 1, x.shape).astype(np.float32)
    layer = keras.layers.BatchNormalization()
    layer.build(x.shape)
    layer.gamma.assign([0.5, 1.5, -1.0])
    layer.beta.assign([0.1, -0.2, 0.3])
    layer.moving_mean.assign([0.2, 0.4, -0.6])
    layer.moving_variance.assign([1.5, 0.7, 2.0])
    before = {"gamma": plain(layer.gamma.numpy()), "beta": plain(layer.beta.numpy()), "moving_mean": plain(layer.moving_mean.numpy()),
              "moving_variance": plain(layer.moving_variance.numpy())}
    inference = layer(x, training=False).numpy()
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = layer(inputs, training=True)
        total = tf.reduce_sum(y * upstream)
    dx, dgamma, dbeta = tape.gradient(total, [inputs, layer.gamma.value, layer.beta.value])
    norm = {"momentum": 0.99, "epsilon": 1e-3, "shape": list(x.shape), "x": plain(x.ravel()), "upstream": plain(upstream.ravel()), **before,
            "y_inference": plain(inference.ravel()), "y_training": plain(y.numpy().ravel()),
            "moving_mean_after": plain(layer.moving_mean.numpy()), "moving_variance_after": plain(layer.moving_variance.numpy()),
            "dx": plain(dx.numpy().ravel()), "dgamma": plain(dgamma.numpy()), "dbeta": plain(dbeta.numpy())}

    units, time, batch, depth = 3, 4, 2, 5
    x = r.normal(0, 1, (batch, time, depth)).astype(np.float32)
    upstream = r.normal(0, 1, (batch, time, units)).astype(np.float32)
    lstm = keras.layers.LSTM(units, return_sequences=True)
    lstm.build(x.shape)
    kernel, recurrent = r.normal(0, 0.6, (depth, 4 * units)), r.normal(0, 0.6, (units, 4 * units))
    bias = r.normal(0, 0.3, 4 * units)
    lstm.set_weights([a.astype(np.float32) for a in (kernel, recurrent, bias)])
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = lstm(inputs)
        total = tf.reduce_sum(y * upstream)
    gradients = tape.gradient(total, [inputs, *[v.value for v in lstm.trainable_variables]])
    names = ("dx", "dkernel", "drecurrent", "dbias")
    recurrent_layer = {"gates": "columns of kernel, recurrent and bias: input, forget, cell, output", "units": units, "time": time, "batch": batch,
                       "depth": depth, "x": plain(x.ravel()), "kernel": plain(kernel.astype(np.float32).ravel()),
                       "recurrent": plain(recurrent.astype(np.float32).ravel()), "bias": plain(bias.astype(np.float32)),
                       "upstream": plain(upstream.ravel()), "y": plain(y.numpy().ravel()),
                       **{n: plain(g.numpy().ravel()) for n, g in zip(names, gradients)}}
    return {"keras": keras.__version__, "note": "gradients of sum(y * upstream)", "batch_norm": norm, "lstm": recurrent_layer}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "tests/goldens/optimizers")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, make in (("training", training), ("schedules", schedules), ("losses", losses), ("layers", layers)):
        text = json.dumps(make(), separators=(",", ":")).replace('},{', '},\n{')
        (options.output / f"{name}.json").write_text(text + "\n")
        print(f"{name}.json: {len(text)} bytes")


if __name__ == "__main__":
    main()
