#!/usr/bin/env python3
"""Trains one workload with one peer for some seconds and prints its rate as JSON. run.py starts it, one process per measurement.

Peers at their best settings; the batches lie ready in memory, so that no peer pays for reading data:
  torch           eager, channels-last, fused optimiser
  torch_compiled  the same through torch.compile
  keras, keras_jit  TensorFlow's train_on_batch graph without and with XLA
  jax, jax_scan   one jitted step per call; 32 steps per call in a scan
Prints {"peer", "workload", "batch", "threads", "images_per_s", "startup_s", "peak_rss_bytes"}; the first step (compilation) counts
as start-up.
"""
import argparse
import json
import os
import resource
import sys
import time

WORKLOADS = {"fashion_cnn": (28, 28, 1), "mnist_cnn": (28, 28, 1), "mnist_lstm": (28, 28), "mnist_mlp": (784,)}
PEERS = ("torch", "torch_compiled", "keras", "keras_jit", "jax", "jax_scan")
SAMPLES = 6400


def data(workload):
    import numpy as np
    r = np.random.default_rng(1)
    return r.random((SAMPLES, *WORKLOADS[workload]), np.float32), r.integers(0, 10, SAMPLES).astype(np.int32)


def torch_step(workload, batch, threads, compiled):
    import torch
    from torch import nn
    torch.set_num_threads(threads)
    torch.manual_seed(1)

    class Lstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.dense = nn.LSTM(28, 20, batch_first=True), nn.Linear(28 * 20, 10)

        def forward(self, x):
            return self.dense(self.lstm(x)[0].flatten(1))

    relu = nn.ReLU
    model = {
        "fashion_cnn": lambda: nn.Sequential(nn.Conv2d(1, 32, 3), relu(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), relu(), nn.MaxPool2d(2),
                                             nn.Conv2d(64, 128, 3), relu(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.3),
                                             nn.Linear(128, 256), relu(), nn.Linear(256, 10)),
        "mnist_cnn": lambda: nn.Sequential(nn.Conv2d(1, 32, 3), relu(), nn.Conv2d(32, 64, 3), relu(), nn.MaxPool2d(2), nn.Dropout(0.25),
                                           nn.Flatten(), nn.Linear(9216, 128), relu(), nn.Dropout(0.5), nn.Linear(128, 10)),
        "mnist_lstm": Lstm,
        "mnist_mlp": lambda: nn.Sequential(nn.Linear(784, 128), relu(), nn.Linear(128, 64), relu(), nn.Linear(64, 10)),
    }[workload]()
    x, y = data(workload)
    x, y = torch.from_numpy(x), torch.from_numpy(y).long()
    if workload.endswith("cnn"):
        model, x = model.to(memory_format=torch.channels_last), x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), 0.02, fused=True) if workload == "mnist_mlp" else torch.optim.Adam(
        model.parameters(), 0.001, fused=True)
    cost = nn.CrossEntropyLoss()
    forward = torch.compile(lambda a, b: cost(model(a), b)) if compiled else lambda a, b: cost(model(a), b)

    def step(k):
        i = k * batch % (SAMPLES - batch + 1)
        optimizer.zero_grad(set_to_none=True)
        loss = forward(x[i:i + batch], y[i:i + batch])
        loss.backward()
        optimizer.step()
        return float(loss.detach())
    return step, 1


def keras_step(workload, batch, threads, jit):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    import keras
    L = keras.layers
    layers = {
        "fashion_cnn": lambda: [L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(), L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(),
                                L.Conv2D(128, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dropout(0.3),
                                L.Dense(256, activation="relu"), L.Dense(10)],
        "mnist_cnn": lambda: [L.Conv2D(32, 3, activation="relu"), L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(), L.Dropout(0.25),
                              L.Flatten(), L.Dense(128, activation="relu"), L.Dropout(0.5), L.Dense(10)],
        "mnist_lstm": lambda: [L.LSTM(20, return_sequences=True), L.Flatten(), L.Dense(10)],
        "mnist_mlp": lambda: [L.Dense(128, activation="relu"), L.Dense(64, activation="relu"), L.Dense(10)],
    }[workload]()
    model = keras.Sequential([L.Input(batch_shape=(batch, *WORKLOADS[workload])), *layers])
    optimizer = keras.optimizers.SGD(0.02) if workload == "mnist_mlp" else keras.optimizers.Adam(0.001)
    optimizer.build(model.trainable_variables)
    cost = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = (tf.constant(a) for a in data(workload))

    @tf.function(jit_compile=jit)
    def train(a, b):
        with tf.GradientTape() as tape:
            loss = cost(b, model(a, training=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
        return loss

    def step(k):
        i = k * batch % (SAMPLES - batch + 1)
        return float(train(x[i:i + batch], y[i:i + batch]))
    return step, 1


def jax_step(workload, batch, threads, scan):
    os.environ["JAX_PLATFORMS"] = "cpu"
    flags = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'} intra_op_parallelism_threads={threads}"
    os.environ["XLA_FLAGS"] = flags
    import jax
    import jax.numpy as jnp
    import optax
    keys = iter(jax.random.split(jax.random.PRNGKey(1), 64))
    weight = lambda *shape: jax.random.normal(next(keys), shape) * 0.05
    dense = lambda i, o: (weight(i, o), jnp.zeros(o))
    conv = lambda i, o: (weight(3, 3, i, o), jnp.zeros(o))
    apply_conv = lambda p, x: jax.nn.relu(jax.lax.conv_general_dilated(x, p[0], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")) + p[1])
    pool = lambda x: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    drop = lambda key, x, rate: jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)
    flat = lambda x: x.reshape(len(x), -1)

    def forward(p, x, key):
        if workload == "fashion_cnn":
            for layer in p[:3]:
                x = pool(apply_conv(layer, x))
            x = drop(key, flat(x), 0.3)
            return jax.nn.relu(x @ p[3][0] + p[3][1]) @ p[4][0] + p[4][1]
        if workload == "mnist_cnn":
            k0, k1 = jax.random.split(key)
            x = drop(k0, flat(pool(apply_conv(p[1], apply_conv(p[0], x)))), 0.25)
            return drop(k1, jax.nn.relu(x @ p[2][0] + p[2][1]), 0.5) @ p[3][0] + p[3][1]
        if workload == "mnist_lstm":
            projected = x @ p[0][0] + p[0][1]

            def cell(state, row):
                h, c = state
                i, f, g, o = jnp.split(row + h @ p[1][0], 4, axis=1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
                h = jax.nn.sigmoid(o) * jnp.tanh(c)
                return (h, c), h
            zero = jnp.zeros((len(x), 20))
            _, rows = jax.lax.scan(cell, (zero, zero), projected.swapaxes(0, 1))
            return flat(rows.swapaxes(0, 1)) @ p[2][0] + p[2][1]
        for layer in p[:-1]:
            x = jax.nn.relu(x @ layer[0] + layer[1])
        return x @ p[-1][0] + p[-1][1]

    parameters = {"fashion_cnn": lambda: [conv(1, 32), conv(32, 64), conv(64, 128), dense(128, 256), dense(256, 10)],
                  "mnist_cnn": lambda: [conv(1, 32), conv(32, 64), dense(9216, 128), dense(128, 10)],
                  "mnist_lstm": lambda: [dense(28, 80), (weight(20, 80),), dense(560, 10)],
                  "mnist_mlp": lambda: [dense(784, 128), dense(128, 64), dense(64, 10)]}[workload]()
    optimizer = optax.sgd(0.02) if workload == "mnist_mlp" else optax.adam(0.001)
    x, y = (jnp.asarray(a) for a in data(workload))

    def one(state, k):
        p, s = state
        i = k * batch % (SAMPLES - batch + 1)
        a, b = jax.lax.dynamic_slice_in_dim(x, i, batch), jax.lax.dynamic_slice_in_dim(y, i, batch)
        cost = lambda q: optax.softmax_cross_entropy_with_integer_labels(forward(q, a, jax.random.PRNGKey(k)), b).mean()
        loss, gradient = jax.value_and_grad(cost)(p)
        update, s = optimizer.update(gradient, s, p)
        return (optax.apply_updates(p, update), s), loss

    steps = 32 if scan else 1
    many = jax.jit((lambda state, k: jax.lax.scan(one, state, k + jnp.arange(steps))) if scan else one, donate_argnums=0)
    holder = [(parameters, optimizer.init(parameters))]

    def step(k):
        holder[0], loss = many(holder[0], k * steps)
        return float(loss.sum())
    return step, steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:options.threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    start = time.perf_counter()
    family, _, mode = options.peer.partition("_")
    make = {"torch": torch_step, "keras": keras_step, "jax": jax_step}[family]
    step, per_call = make(options.workload, options.batch, options.threads, bool(mode))
    step(0)
    startup = time.perf_counter() - start
    for k in range(1, 4):
        step(k)
    calls, begin = 0, time.perf_counter()
    while (now := time.perf_counter()) - begin < options.seconds:
        step(4 + calls)
        calls += 1
    json.dump({"peer": options.peer, "workload": options.workload, "batch": options.batch, "threads": options.threads,
               "images_per_s": calls * per_call * options.batch / (now - begin), "startup_s": startup,
               "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
