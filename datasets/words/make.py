#!/usr/bin/env python3
"""Makes short sounds that are spoken-like words, one folder each, as recordings of one's own would be.

    make.py FOLDER [SPEAKERS [TAKES [SEED]]]        default: 8 4 3

Four "words" (ai, ua, oi, su) from a source and a filter: harmonics of a voice whose pitch falls, under three formants that
glide from one vowel to the next, with a hiss before the vowel of `su`. Every speaker has a pitch, a length of the vocal tract
and a background noise; every take its own length, place, loudness and glide. Half a second each, 8,000 samples a second, 8
bits: FOLDER/train holds the first three quarters of the speakers, FOLDER/test the others. Standard library only; the same
seed gives the same files.
"""
import math
import os
import random
import struct
import sys

RATE, SAMPLES = 8000, 4000
VOWELS = {'a': (750, 1250, 2600), 'i': (280, 2250, 2950), 'u': (320, 800, 2300), 'o': (480, 880, 2450)}
WORDS = {'ai': 'ai', 'ua': 'ua', 'oi': 'oi', 'su': 'su'}


def wav(samples):
    data = bytes(max(0, min(255, round(128 + 127 * v))) for v in samples)
    head = struct.pack('<IHHIIHH', 16, 1, 1, RATE, RATE, 1, 8)
    body = b'WAVEfmt ' + head + b'data' + struct.pack('<I', len(data)) + data
    return b'RIFF' + struct.pack('<I', len(body)) + body


def resonance(hertz, formants):
    """How loud a harmonic is under the formants."""
    return sum(1 / (k + 1) / (1 + ((hertz - f) / (60 + 0.08 * f)) ** 2) for k, f in enumerate(formants))


def take(word, speaker, rng):
    length = int(SAMPLES * rng.uniform(0.55, 0.9))
    start = rng.randrange(SAMPLES - length)
    pitch = speaker['pitch'] * rng.uniform(0.92, 1.08)
    hiss = int(length * rng.uniform(0.25, 0.4)) if word[0] == 's' else 0
    vowels = [VOWELS[c] for c in word if c in VOWELS]
    turn, width = rng.uniform(0.4, 0.6), rng.uniform(0.08, 0.2)
    tract = speaker['tract'] * rng.uniform(0.97, 1.03)
    out = [0.0] * SAMPLES
    phase, before, weights = 0.0, 0.0, []
    for i in range(length):
        part = i / length
        edge = min(1, i / 200, (length - i) / 400)
        if i < hiss:
            white = rng.uniform(-1, 1)
            out[start + i] = 0.35 * edge * (white - before)  # the higher half of the spectrum
            before = white
            continue
        if not weights or i % 40 == 0:  # the formants of the next 5 ms
            mix = 1 / (1 + math.exp(-(part - turn) / width * 3)) if len(vowels) > 1 else 0
            formants = [tract * (a + mix * (b - a)) for a, b in zip(vowels[0], vowels[-1])]
            now = pitch * (1.12 - 0.25 * part)
            weights = [resonance(now * h, formants) for h in range(1, int(3800 / now) + 1)]
        phase += 2 * math.pi * pitch * (1.12 - 0.25 * part) / RATE
        out[start + i] = edge * sum(w * math.sin((h + 1) * phase) for h, w in enumerate(weights))
    most = max(abs(v) for v in out)
    loud = rng.uniform(0.2, 0.9)
    return wav([loud * (v / most + rng.gauss(0, speaker['noise'])) for v in out])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    speakers, takes, seed = (int(a) for a in (sys.argv[2:] + ['8', '4', '3'][len(sys.argv) - 2:]))
    rng = random.Random(seed)
    for s in range(speakers):
        speaker = {'pitch': rng.uniform(95, 230), 'tract': rng.uniform(0.88, 1.15), 'noise': rng.uniform(0.005, 0.03)}
        part = 'train' if s < speakers * 3 // 4 else 'test'
        for word in WORDS:
            folder = os.path.join(sys.argv[1], part, word)
            os.makedirs(folder, exist_ok=True)
            for t in range(takes):
                with open(os.path.join(folder, f's{s:02}_{t}.wav'), 'wb') as f:
                    f.write(take(word, speaker, rng))


if __name__ == '__main__':
    main()
