#!/usr/bin/env python3
"""Writes tests/goldens/recurrent: small recurrent networks as Keras 3 and TensorFlow's converter write them, each layer a
loop over a body, and what TensorFlow Lite's reference kernels answer.

index.json has the form of tests/goldens/ops; `operators` are those that remain of a layer after passes/raise_loops.h,
where they are others than the steps, and how often.

  python3 -m venv build/venv/tensorflow && build/venv/tensorflow/bin/pip install tensorflow-cpu
  build/venv/tensorflow/bin/python scripts/goldens/recurrent_goldens.py
"""
import importlib.metadata
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "tests/goldens/recurrent"
RANDOM = np.random.default_rng(7)
STEPS, FEATURES = 5, 3
ONE, TWO = {"unidirectional_sequence_lstm": 1}, {"unidirectional_sequence_lstm": 2}
layers = keras.layers


def functional(make, batch=1):
    x = keras.Input((STEPS, FEATURES), batch_size=batch)
    return keras.Model(x, make(x))


def of_layers(*list, batch=1):
    return keras.Sequential([keras.Input((STEPS, FEATURES), batch_size=batch), *list])


def given_state(x):
    """The first states are a function of the input."""
    first = layers.Dense(4)(x[:, 0, :])
    return layers.LSTM(4)(x, initial_state=[first, first])


def cases():
    """Name, model, operators that it comes to (None: as the loop's steps have them)."""
    yield "lstm", of_layers(layers.LSTM(4)), ONE
    yield "lstm_sequences", of_layers(layers.LSTM(4, return_sequences=True)), ONE
    yield "lstm_backwards", of_layers(layers.LSTM(4, return_sequences=True, go_backwards=True)), ONE
    yield "lstm_batch", of_layers(layers.LSTM(4, return_sequences=True), layers.LSTM(3), batch=2), TWO
    yield "lstm_unrolled", of_layers(layers.LSTM(4, unroll=True)), ONE
    yield "lstm_by_gates", of_layers(layers.RNN(layers.LSTMCell(4, implementation=1))), ONE
    yield "lstm_hard", of_layers(layers.LSTM(4, recurrent_activation="hard_sigmoid")), None
    yield "lstm_relu", of_layers(layers.LSTM(4, activation="relu")), None
    yield "lstm_given_state", functional(given_state), None
    yield "lstm_state_read", functional(lambda x: layers.LSTM(4, return_state=True)(x)[2]), None
    yield "bidirectional", of_layers(layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.LSTM(3)), \
        {"unidirectional_sequence_lstm": 3}
    yield "gru", of_layers(layers.GRU(4)), None
    yield "gru_sequences", of_layers(layers.GRU(4, return_sequences=True)), None
    yield "gru_reset_before", of_layers(layers.GRU(4, reset_after=False)), None
    yield "simple_rnn", of_layers(layers.SimpleRNN(4)), None
    classes = lambda: layers.Dense(2, activation="softmax")
    yield "lstm_classes", of_layers(layers.LSTM(4), classes()), {**ONE, "fully_connected": 1}
    yield "gru_classes", of_layers(layers.GRU(4, return_sequences=True), layers.GRU(4), classes()), None


def answer(file, x):
    interpreter = tf.lite.Interpreter(
        model_content=file, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob("*"):
        old.unlink()
    data, index = bytearray(), []

    def store(array):
        offset = len(data)
        data.extend(np.ascontiguousarray(array).tobytes())
        data.extend(bytes(-len(data) % 8))
        return {"dtype": array.dtype.name, "shape": list(array.shape), "offset": offset}

    for name, model, operators in cases():
        model.set_weights([RANDOM.normal(0, 0.6, w.shape).astype(np.float32) for w in model.get_weights()])
        file = tf.lite.TFLiteConverter.from_keras_model(model).convert()
        (OUTPUT / f"{name}.tflite").write_bytes(file)
        x = RANDOM.standard_normal((model.input_shape[0], STEPS, FEATURES)).astype(np.float32)
        case = {"file": f"{name}.tflite", "compare": "tolerance", "tolerance": 1e-5,
                "inputs": [store(x)], "outputs": [store(answer(file, x))]}
        if operators:
            case["operators"] = operators
        index.append(case)
        print(name, len(file), "bytes")
    (OUTPUT / "data.bin").write_bytes(data)
    versions = {name: importlib.metadata.version(name) for name in ("keras", "tensorflow-cpu")}
    (OUTPUT / "index.json").write_text(json.dumps({"made_with": versions, "cases": index}, indent=1) + "\n")


if __name__ == "__main__":
    main()
