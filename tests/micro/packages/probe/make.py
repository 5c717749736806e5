#!/usr/bin/env python3
"""Writes the probe beside this file: src/probe_weights.h, inputs.bin and outputs.bin, the answers computed here with Python's
whole numbers. Standard library only; a seed is all it depends on."""
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS, OUTPUTS, SAMPLES = 64, 8, 24
X_ZERO, Y_ZERO = -7, 3


def array(kind, name, values):
    text = ', '.join(str(v) for v in values)
    lines, line = [], ' '
    for word in text.split(' '):
        if len(line) + 1 + len(word) > 114:
            lines.append(line)
            line = ' '
        line += ' ' + word
    return f'static const {kind} {name}[{len(values)}] PROBE_FLASH = {{\n' + '\n'.join(lines + [line]) + '\n};\n'


def rescaled(acc, multiplier, shift):
    """round(acc · multiplier / 2^31), then round(that / 2^shift): the first with ties upwards, the second away from zero."""
    high = (acc * multiplier + (1 << 30)) >> 31
    return (abs(high) + (1 << shift >> 1) >> shift) * (1 if high >= 0 else -1)


def main():
    rng = random.Random(1)
    weights = [[rng.randint(-127, 127) for _ in range(INPUTS)] for _ in range(OUTPUTS)]
    bias = [rng.randint(-20000, 20000) for _ in range(OUTPUTS)]
    multiplier = [rng.randint(1 << 30, (1 << 31) - 1) for _ in range(OUTPUTS)]
    shift = [rng.randint(9, 11) for _ in range(OUTPUTS)]
    samples = [[rng.randint(-128, 127) for _ in range(INPUTS)] for _ in range(SAMPLES - 2)]
    samples += [[-128] * INPUTS, [127 if w > 0 else -128 for w in weights[0]]]
    answers = []
    for x in samples:
        row = []
        for w, b, m, s in zip(weights, bias, multiplier, shift):
            acc = b + sum((xi - X_ZERO) * wi for xi, wi in zip(x, w))
            row.append(max(-128, min(127, Y_ZERO + rescaled(acc, m, s))))
        mean = sum(x) / INPUTS  # exact in float32
        answers.append(row + [int(mean * 0.75)])
    folded = [b - X_ZERO * sum(w) for b, w in zip(bias, weights)]
    with open(os.path.join(HERE, 'src', 'probe_weights.h'), 'w', encoding='utf-8') as file:
        file.write('// Constants of the probe, written by make.py; the zero point of the input is folded into the bias.\n'
                   '// clang-format off\n')
        file.write(array('int8_t', 'probe_weights', [v for w in weights for v in w]))
        file.write(array('int32_t', 'probe_bias', folded))
        file.write(array('int32_t', 'probe_multiplier', multiplier))
        file.write(array('int8_t', 'probe_shift', shift))
    for name, rows in (('inputs.bin', samples), ('outputs.bin', answers)):
        with open(os.path.join(HERE, name), 'wb') as file:
            file.write(bytes(v & 255 for row in rows for v in row))


if __name__ == '__main__':
    main()
