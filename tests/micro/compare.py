"""Answers against those expected: whole numbers byte for byte; floats, which may come from another C library's exp, within a
tolerance, times the largest number expected in that output where this is above 1."""
import math
import struct

import package

TOLERANCE = 1e-5
CODES = {'float': 'f', 'float32': 'f', 'float64': 'd', 'float16': 'e'}


def answers(parts, got, expected, tolerance=TOLERANCE):
    """What differs, in a sentence or nothing, and the largest error of the floats (None: there are none)."""
    if len(got) != len(expected):
        return f'{len(got)} bytes of answers, expected {len(expected)}', None
    wrong, first, error = 0, None, None
    at, sample = 0, 0
    while at < len(got):
        for number, part in enumerate(parts):
            end = at + part.bytes()
            a, b = values(part, got[at:end]), values(part, expected[at:end])
            if part.type in CODES:
                scale = max([1.0, *(abs(v) for v in b if math.isfinite(v))])
                errors = [0.0 if x == y or (x != x and y != y) else abs(x - y) / scale for x, y in zip(a, b)]
                bad = [i for i, e in enumerate(errors) if not e <= tolerance]
                error = max([error or 0.0, *errors])
            else:
                bad = [i for i in range(len(a)) if a[i] != b[i]] if a != b else []
            wrong += len(bad)
            if bad and first is None:
                first = f'the first in sample {sample}, output {number}, element {bad[0]}: {a[bad[0]]}, expected {b[bad[0]]}'
            at = end
        sample += 1
    return f'{wrong} elements differ, {first}' if wrong else '', error


def values(part, data):
    code = CODES.get(part.type) or {1: 'b', 2: 'h', 4: 'i', 8: 'q'}[package.BYTES[part.type]]
    return struct.unpack(f'<{part.elements}{code.upper() if part.type.startswith("u") else code}', data)

