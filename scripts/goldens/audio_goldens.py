#!/usr/bin/env python3
"""Writes tests/goldens/audio: what TensorFlow answers to a few sounds as the three front ends of src/data/sound_features.h,
and (--tables) prints the tables of src/base/c99_micro_speech_tables.h from their formulas.

Oracles: tf.signal for mfcc_tiny and lfbe_tiny, put together as mlcommons/tiny's training does
(benchmark/training/keyword_spotting/get_dataset.py, its defaults); TensorFlow's audio_microfrontend operator (the
fixed-point front end of TensorFlow Lite Micro's micro_speech example, with that example's parameters) for micro_speech.
Needs the package tensorflow (tensorflow-cpu 2.21 wrote what is committed). The sounds are a rule of whole numbers that
src/data/sound_features_test.cc repeats.
"""
import argparse
import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from counter_random import random_bits

SAMPLES = 16000
NAMES = ["voice", "loud_noise", "quiet_noise", "square", "click"]


def sounds():
    """The sounds, int16 [5, 16000], by whole numbers alone."""
    i = np.arange(SAMPLES, dtype=np.int64)
    noise = [random_bits(7, k, np.arange(SAMPLES, dtype=np.uint64)) for k in range(3)]
    centred = lambda bits, amplitude: (bits % np.uint64(2 * amplitude + 1)).astype(np.int64) - amplitude
    triangle = lambda phase: abs((phase & 65535) - 32768) - 16384  # -16384 ... 16384
    glide = lambda f, to: (i * f + i * i * (to - f) // (2 * SAMPLES)) * 65536 // SAMPLES
    envelope = np.minimum(np.minimum(i, SAMPLES - i), 3000)  # 0 ... 3000
    tones = triangle(glide(140, 180)) + triangle(glide(700, 350)) // 2 + triangle(glide(1200, 2300)) // 3
    voice = tones * envelope // 4500 + centred(noise[0], 40)
    square = np.where(i // 20 % 2 == 0, 32767, -32768)
    click = np.where(i == 8000, -20000, 0)
    all_of = [voice, centred(noise[1], 32767), centred(noise[2], 3), square, click]
    return np.stack(all_of).astype(np.int16)


def micro_speech(tf, sound):
    from tensorflow.lite.experimental.microfrontend.python.ops import audio_microfrontend_op as op
    features = op.audio_microfrontend(
        tf.constant(sound), sample_rate=16000, window_size=30, window_step=20, num_channels=40, upper_band_limit=7500.0,
        lower_band_limit=125.0, smoothing_bits=10, even_smoothing=0.025, odd_smoothing=0.06, min_signal_remaining=0.05,
        enable_pcan=True, pcan_strength=0.95, pcan_offset=80.0, gain_bits=21, enable_log=True, scale_shift=6,
        left_context=0, right_context=0, frame_stride=1, zero_padding=False, out_scale=1, out_type=tf.uint16)
    return features.numpy()


def mel(tf, spectrum, low, high):
    weights = tf.signal.linear_to_mel_weight_matrix(40, spectrum.shape[-1], 16000, low, high)
    return tf.tensordot(spectrum, weights, 1)


def normalised(sound):
    largest = sound.max() if sound.max() != 0 else np.abs(sound).max()
    return sound.astype(np.float32) / np.float32(largest)


def mfcc_tiny(tf, sound):
    spectrum = tf.abs(tf.signal.stft(normalised(sound), 480, 320, window_fn=tf.signal.hann_window))
    logs = tf.math.log(mel(tf, spectrum, 20.0, 4000.0) + 1e-6)
    return tf.signal.mfccs_from_log_mel_spectrograms(logs)[..., :10].numpy()


def lfbe_tiny(tf, sound):
    x = np.concatenate([[np.float32(0)], normalised(sound)])
    x = x[1:] - np.float32(1 - 2 ** -5) * x[:-1]
    window = lambda n, dtype: tf.signal.hamming_window(n, periodic=False, dtype=dtype)
    power = tf.square(tf.abs(tf.signal.stft(x, 480, 320, window_fn=window))) / 480
    power = tf.clip_by_value(power, 1e-30, tf.reduce_max(power))
    logs = 10 * tf.math.log(mel(tf, power, 0.0, 8000.0)) / tf.math.log(10.0)
    return tf.clip_by_value((logs + 52) / 64, 0, 1).numpy()


def tables():
    """The tables of the fixed-point front end, as C."""
    f32 = np.float32
    to_mel = lambda hz: f32(1127.0 * np.log1p(np.float64(f32(hz)) / 700.0))
    window = [int(np.floor(f32(0.5 - 0.5 * np.cos(np.float64(f32(np.pi * 2 / 480)) * (i + 0.5))) * 4096 + 0.5))
              for i in range(480)]
    assert window == window[::-1]
    cosine = [int(np.floor(0.5 + 32767 * np.cos(2 * np.pi * k / 512))) for k in range(129)]
    low, high = to_mel(125), to_mel(7500)
    spacing = f32(high - low) / f32(41)
    centres = [f32(low + f32(spacing * f32(c + 1))) for c in range(41)]
    ends, weights, k = [], [], 5
    for c in range(41):
        while to_mel(k * 31.25) <= centres[c]:
            before = low if c == 0 else centres[c - 1]
            w = f32(f32(centres[c] - to_mel(k * 31.25)) / f32(centres[c] - before))
            weights.append(int(np.floor(np.float64(w) * 4096 + 0.5)))
            assert weights[-1] + int(np.floor((1.0 - np.float64(w)) * 4096 + 0.5)) == 4096
            k += 1
        ends.append(k)

    def gain(x):
        v = f32(f32(1 << 21) * np.power(f32(f32(x) / f32(128) + f32(80)), f32(-0.95)))
        return min(32767, int(v + f32(0.5)))

    gains = [gain(0), gain(1)]
    for interval in range(2, 33):
        x0 = 1 << (interval - 1)
        y0, y1, y2 = gain(x0), gain(x0 + x0 // 2), gain(2 * x0 if interval < 32 else 2 * x0 - 1)
        a1 = 4 * (y1 - y0) - (y2 - y0)
        gains += [y0, a1, y2 - y0 - a1]
    logs = [int(np.round((np.log2(1 + i / 128) - i / 128) * 65536)) for i in range(129)]
    for name, kind, values, what in [
            ("window", "int16_t", window[:240], "(1 - cos(2 pi (i + 1/2) / 480)) / 2 in 1/4096; the second half mirrors it"),
            ("cosine", "int16_t", cosine, "cos(2 pi k / 512) in 1/32767, a quarter of the circle"),
            ("ends", "uint8_t", ends, "the first bin of the spectrum behind each of 41 channels; the first has bin 5 on"),
            ("weights", "int16_t", weights, "what bin 5 + i gives its own channel, in 1/4096; the next one has the rest"),
            ("gains", "int16_t", gains, "2^21 (x / 128 + 80)^-0.95: at 0, at 1, then a parabola for each power of two"),
            ("logs", "uint16_t", logs, "log2(1 + i/128) - i/128 in 1/65536")]:
        print(f"// {what}.\nstatic const {kind} thimble_ms_{name}[{len(values)}] = {{")
        print("    " + ", ".join(map(str, values)) + "};\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", action="store_true", help="print the tables and write nothing")
    if parser.parse_args().tables:
        return tables()
    import tensorflow as tf
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/goldens/audio")
    os.makedirs(folder, exist_ok=True)
    made = sounds()
    np.save(os.path.join(folder, "micro_speech.npy"), np.stack([micro_speech(tf, s) for s in made]))
    np.save(os.path.join(folder, "mfcc_tiny.npy"), np.stack([mfcc_tiny(tf, s) for s in made]))
    np.save(os.path.join(folder, "lfbe_tiny.npy"), np.stack([lfbe_tiny(tf, s) for s in made]))
    index = {"sounds": NAMES, "sums": [int(s.astype(np.int64).sum()) for s in made],
             "weighted_sums": [int((s.astype(np.int64) * np.arange(SAMPLES)).sum()) for s in made],
             "tensorflow": tf.__version__}
    with open(os.path.join(folder, "index.json"), "w") as f:
        f.write(json.dumps(index) + "\n")


if __name__ == "__main__":
    main()
