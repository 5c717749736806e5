#!/usr/bin/env python3
"""Makes small pictures of three kinds of fruit, one folder each, as photos of one's own would be.

    make.py FOLDER [PER_CLASS [SEED]]               default: 40 5

Apples, bananas and plums, drawn in many colours, sizes and turns before a background that shades from one colour to
another, some with a bar across it; 72×72 RGB PNG. Standard library only; the same seed gives the same pictures.
"""
import math
import os
import random
import struct
import sys
import zlib

SIDE = 72
KINDS = ('apple', 'banana', 'plum')


def png(rows):
    raw = b''.join(b'\x01' + bytes((row[i] - (row[i - 3] if i >= 3 else 0)) & 255 for i in range(len(row))) for row in rows)

    def chunk(name, data):
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))

    head = struct.pack('>IIBBBBB', SIDE, SIDE, 8, 2, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(raw, 9)) + chunk(b'IEND', b'')


def colour_of(kind, rng):
    if kind == 'apple':  # red, or green
        low, high = rng.choice([((150, 15, 20), (235, 80, 60)), ((110, 150, 30), (190, 215, 90))])
    elif kind == 'banana':
        low, high = (200, 165, 10), (255, 235, 90)
    else:
        low, high = (60, 15, 70), (125, 65, 165)
    return [rng.randint(a, b) for a, b in zip(low, high)]


def inside(kind, x, y, size):
    if kind == 'apple':
        return x * x + y * y <= size * size or (abs(x) < 1.5 and -1.35 * size < y < 0)
    if kind == 'banana':
        return x * x + y * y <= size * size * 1.3 and x * x + (y + size * 0.75) ** 2 > size * size * 1.2
    return x * x + y * y * 1.9 <= size * size


def picture(kind, rng):
    colour = colour_of(kind, rng)
    while True:  # a background that can be told from the fruit
        ground = [rng.randint(0, 255) for _ in range(3)]
        if sum(abs(a - b) for a, b in zip(colour, ground)) > 220:
            break
    shade = [rng.randint(-50, 50) for _ in range(3)]
    size, turn = rng.uniform(13, 25), rng.uniform(0, 2 * math.pi)
    cx, cy = rng.uniform(28, SIDE - 28), rng.uniform(28, SIDE - 28)
    bar = (rng.uniform(0, SIDE), rng.uniform(-1, 1), rng.uniform(1, 3)) if rng.random() < 0.4 else None
    cos, sin = math.cos(turn), math.sin(turn)
    rows = []
    for y in range(SIDE):
        row = []
        for x in range(SIDE):
            dx, dy = x - cx, y - cy
            if inside(kind, dx * cos + dy * sin, dy * cos - dx * sin, size):
                row += colour
            elif bar and abs(y - bar[0] - bar[1] * x) < bar[2]:
                row += [255 - v for v in ground]
            else:
                row += [min(255, max(0, v + s * (x + y) // (2 * SIDE))) for v, s in zip(ground, shade)]
        rows.append(row)
    return png(rows)


def main():
    folder = sys.argv[1]
    per_class = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 5)
    for kind in KINDS:
        os.makedirs(os.path.join(folder, kind), exist_ok=True)
        for i in range(per_class):
            with open(os.path.join(folder, kind, '%s_%02d.png' % (kind, i)), 'wb') as file:
                file.write(picture(kind, rng))


if __name__ == '__main__':
    main()
