#!/usr/bin/env python3
"""Draws single-operator models of the kinds in scripts/goldens/op_cases_nn.py and op_cases_families.py over types, shapes and attributes, runs each in
LiteRT's reference resolver and in Thimble, and compares: integers byte for byte.

  build/venv/litert/bin/python scripts/interop/nn_sweep.py [--count 400] [--seed 1] [--only KIND]
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/goldens"))
import op_cases_families as families  # noqa: E402
import op_cases_nn as nn  # noqa: E402
import op_goldens  # noqa: E402
from op_case import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID  # noqa: E402


def pick(r, *choices):
    return choices[int(r.integers(len(choices)))]


def some(r, low, high, count=1):
    values = [int(v) for v in r.integers(low, high + 1, count)]
    return values[0] if count == 1 else tuple(values)


def batch_matmul(r, name):
    kind = pick(r, "float", "int8", "int8", "int16", "int16x8", "hybrid", "int8_to_int32")
    rows, depth, columns = some(r, 1, 9, 3)
    depth *= pick(r, 1, 1, 7)
    batch = pick(r, ((), ()), ((2,), (2,)), ((3,), ()), ((1,), (3,)), ((2, 3), (2, 3)), ((2, 1, 3), (1, 2, 1)))
    if kind == "hybrid":
        batch = (pick(r, (), (2,), (4,)), ())  # with more the reference takes the scales of other rows
    adj_x, adj_y, constant = (bool(v) for v in r.integers(0, 2, 3))
    x = (*batch[0], *((depth, rows) if adj_x else (rows, depth)))
    w = (*batch[1], *((columns, depth) if adj_y else (depth, columns)))
    hybrid = kind == "hybrid"
    per_channel = hybrid and bool(r.integers(2))
    return nn.batch_matmul(name, kind, x, w, adj_x, adj_y, constant or hybrid, per_channel, hybrid and bool(r.integers(2)),
                           some(r, -128, 127), pick(r, 0, some(r, -128, 127), -128), pick(r, 1.0, 0.4, 3.0))


def activation(r):
    return pick(r, NONE, NONE, RELU, RELU6, RELU_N1_TO_1)


def transpose_conv(r, name):
    kind = pick(r, "float", "int8", "int8", "uint8", "int16", "int16_int32", "hybrid")
    bias = bool(r.integers(2)) or kind == "int16_int32"
    return nn.transpose_conv(name, kind, (some(r, 1, 2), *some(r, 1, 6, 2), some(r, 1, 9)), some(r, 1, 9), some(r, 1, 5, 2), some(r, 1, 3, 2),
                             pick(r, SAME, VALID), activation(r), bias, bool(r.integers(2)))


def convolution16(r, name):
    operator, kind = pick(r, ("CONV_2D", "int16"), ("CONV_2D", "int16_int32"), ("DEPTHWISE_CONV_2D", "int16"))
    groups = pick(r, 1, 1, 2)
    channels = some(r, 1, 5) * groups
    return nn.convolution16(name, operator, kind, (some(r, 1, 2), *some(r, 5, 9, 2), channels), some(r, 1, 4) * groups, some(r, 1, 3, 2),
                            some(r, 1, 2, 2) if groups else 1, some(r, 1, 2, 2), pick(r, SAME, VALID), activation(r),
                            bool(r.integers(2)), groups, some(r, 1, 3))


def dense16(r, name):
    kind = pick(r, "int16", "int16_int32")
    return nn.dense16(name, kind, (some(r, 1, 4), some(r, 1, 40)), some(r, 1, 12), activation(r), kind == "int16_int32" or bool(r.integers(2)),
                      bool(r.integers(2)))


def pool(r, name):
    operator, dtype = pick(r, ("AVERAGE_POOL_2D", "int16"), ("MAX_POOL_2D", "int16"), ("L2_POOL_2D", "float32"))
    return nn.pool(name, operator, dtype, (some(r, 1, 2), *some(r, 4, 9, 2), some(r, 1, 5)), some(r, 1, 4, 2), some(r, 1, 3, 2),
                   pick(r, SAME, VALID), activation(r))


def convolution3d(r, name):
    return nn.convolution3d(name, bool(r.integers(2)), (some(r, 1, 2), *some(r, 3, 5, 3), some(r, 1, 4)), some(r, 1, 4), some(r, 1, 2, 3),
                            some(r, 1, 2, 3), some(r, 1, 2, 3), pick(r, SAME, VALID), activation(r), bool(r.integers(2)))


def small(r, name):
    if r.integers(2):
        return nn.local_response_norm(name, (some(r, 1, 2), *some(r, 1, 3, 2), some(r, 1, 9)), some(r, 0, 6), float(r.random() + 0.1),
                                      float(r.random()), float(r.random() * 2))
    rank = some(r, 1, 5)
    shape = some(r, 1, 4, rank) if rank > 1 else (some(r, 1, 4),)
    by = some(r, 1, 3, rank) if rank > 1 else (some(r, 1, 3),)
    return nn.dilate(name, pick(r, "float32", "int8", "int16", "int32"), shape, by)


def svdf(r, name):
    kind = pick(r, "float", "int8", "int8", "hybrid")
    return nn.svdf(name, kind, *some(r, 1, 6, 5), activation=RELU if kind == "int8" else pick(r, NONE, RELU, nn.TANH),
                   bias=bool(r.integers(2)), asymmetric=kind == "hybrid" and bool(r.integers(2)))


def rnn(r, name):
    operator = pick(r, "RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN")
    kind, both = pick(r, "float", "hybrid"), operator.startswith("BI")
    time_major = bool(r.integers(2)) and not (both and kind == "hybrid")  # LiteRT goes through the sequence several times
    return nn.rnn(name, operator, kind, *some(r, 1, 5, 5), time_major=time_major, merge=bool(r.integers(2)),
                  aux=pick(r, None, "weights", "backward") if time_major or kind == "float" else None,
                  activation=pick(r, RELU, RELU6, nn.TANH), asymmetric=kind == "hybrid" and bool(r.integers(2)))


def full_lstm(r, name):
    kind = pick(r, "float", "hybrid", "int8", "int8", "int8")
    peephole, coupled, norm = (bool(v) for v in r.integers(0, 2, 3))
    projection = pick(r, None, "plain", "bias")
    cells, outputs = some(r, 1, 9), some(r, 1, 9)
    if kind == "int8" and peephole:
        outputs = cells
    return nn.full_lstm(name, pick(r, "LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"), kind, some(r, 1, 3), some(r, 1, 6), some(r, 1, 12), cells,
                        outputs, coupled, peephole, projection, norm, pick(r, 0.0, 0.7), pick(r, 0.0, 0.3) if projection else 0.0,
                        bool(r.integers(2)), kind == "hybrid" and bool(r.integers(2)))


def other_lstm(r, name):
    if r.integers(2):
        return nn.basic_lstm(name, pick(r, "float", "uint8", "uint8"), *some(r, 1, 8, 3))
    time_major = bool(r.integers(2))
    kind = pick(r, "float", "hybrid")
    return nn.bidirectional_lstm(name, kind, some(r, 1, 2), *some(r, 1, 5, 3), coupled=bool(r.integers(2)), peephole=bool(r.integers(2)),
                                 projection=pick(r, None, "plain", "bias"), merge=time_major and bool(r.integers(2)), time_major=time_major,
                                 aux=pick(r, None, "weights", "backward"), cell_clip=pick(r, 0.0, 0.5), proj_clip=pick(r, 0.0, 0.4),
                                 asymmetric=kind == "hybrid" and bool(r.integers(2)))


def rfft2d(r, name):
    rank = some(r, 2, 4)
    shape = (*some(r, 1, 3, 3)[:rank - 2], some(r, 1, 12), some(r, 1, 70))
    lengths = (2 ** some(r, 0, 4), 2 ** some(r, 1, 8))
    return families.rfft2d(name, shape, lengths, pick(r, None, None, "COMPLEX_ABS", "REAL", "IMAG"))


def biased_transpose(r, name):
    return families.biased_transpose(name, (some(r, 1, 2), *some(r, 1, 7, 2), some(r, 1, 9)), some(r, 1, 9), some(r, 1, 5, 2), some(r, 1, 4, 2),
                                     pick(r, SAME, VALID), pick(r, b"", bytes(4), bytes(8)))


def dense_blocks(r, name):
    block, blocks = pick(r, 2, 4, 32, 40, 64), some(r, 1, 4)
    blocks *= -(-32 // (block * blocks))
    depth = block * blocks
    keep = bool(r.integers(2))
    return families.dense_blocks(name, (*((some(r, 1, 3),) if keep else ()), some(r, 1, 5), depth), some(r, 4, 12), block, keep, bool(r.integers(2)),
                                 pick(r, 0.02, 0.002, 0.5))


def embedding_blocks(r, name):
    block, blocks = pick(r, 2, 16, 32), some(r, 1, 5)
    return families.embedding_blocks(name, some(r, 1, 9), block * blocks, some(r, 1, 6), block)


def four_bits(r, name):
    code = pick(r, "FULLY_CONNECTED", "FULLY_CONNECTED", "CONV_2D", "EMBEDDING_LOOKUP")
    depth = 2 * some(r, 1, 40)  # rows of whole bytes
    shape = (some(r, 1, 2), *some(r, 1, 6, 2), depth) if code == "CONV_2D" else (some(r, 1, 5), depth)
    return families.four_bits(name, code, shape, some(r, 1, 12), bool(r.integers(2)), bool(r.integers(2)))


def product_of_columns(r, name):
    x = (*some(r, 1, 3, 2)[:some(r, 0, 2)], some(r, 1, 9), some(r, 1, 60))
    return families.product_of_columns(name, pick(r, "int8", "int8", "int16x8"), x, some(r, 1, 20), bool(r.integers(2)), some(r, -128, 127))


KINDS = [batch_matmul, transpose_conv, convolution16, dense16, pool, convolution3d, small, svdf, rnn, full_lstm, other_lstm, rfft2d, biased_transpose,
         dense_blocks, product_of_columns, four_bits, embedding_blocks]


def thimble(binary, case, folder):
    """The outputs, or what it said."""
    model = folder / "model.tflite"
    model.write_bytes(case.model)
    command = [binary, "run", str(model), "--output-dir", str(folder / "out"), "--threads", "2", "--quiet"]
    for k, x in enumerate(case.inputs):
        np.save(folder / f"{k}.npy", x)
        command += ["--input", f"{k}={folder / f'{k}.npy'}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return " ".join(done.stderr.split())[:300]
    named = json.loads((folder / "out/outputs.json").read_text())
    return [np.load(folder / "out" / f"{k}.npy") for k in range(len(named["outputs"]))]


def difference(case, got, want):
    if isinstance(got, str):
        return got
    if len(got) != len(want):
        return f"{len(got)} outputs instead of {len(want)}"
    for k, (a, b) in enumerate(zip(got, want)):
        a = a.reshape(b.shape)
        if b.dtype not in (np.float32, np.complex64) or case.compare == "bytes":
            if a.tobytes() != b.tobytes():
                return f"output {k}: {int(np.sum(a != b))} of {b.size} values differ, at most by {np.max(np.abs(a.astype(np.float64) - b))}"
        elif np.max(np.abs(a - b), initial=0) > 1e-5 * max(1, float(np.max(np.abs(b), initial=0))):
            return f"output {k}: differs by {np.max(np.abs(a - b))}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--thimble", default=str(ROOT / "build/release/thimble"))
    options = parser.parse_args()
    kinds = [k for k in KINDS if options.only in k.__name__]
    tally, failed, skipped = collections.Counter(), 0, 0
    for n in range(options.count):
        kind = kinds[n % len(kinds)]
        name = f"{kind.__name__}_{options.seed}_{n}"
        r = np.random.default_rng([options.seed, n])
        case = kind(r, name)
        try:
            want = op_goldens.answer(case)
        except (RuntimeError, ValueError, AssertionError) as error:
            skipped += 1
            print(f"{name}: LiteRT says {' '.join(str(error).split())[:160]}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            wrong = difference(case, thimble(options.thimble, case, pathlib.Path(folder)), want)
        if wrong:
            failed += 1
            print(f"{name}: {wrong}")
        tally[kind.__name__] += 1
    print(f"{sum(tally.values())} models, {failed} failed, {skipped} refused by LiteRT: " +
          ", ".join(f"{k} {v}" for k, v in sorted(tally.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
