#!/usr/bin/env python3
"""A digit network on the Arduino Uno: MNIST's test pictures under simavr, against the host, within the board's limits.

  tests/micro/uno.py --thimble build/release/thimble [--pictures 100] [MODEL]

The host answers all 10,000 pictures, which gives the accuracy; the exported C answers them on this machine, and the first of
them on the ATmega328P of simavr, at -O2 and at -Os (Arduino's): all with the same bytes. Exit status: 0, 1 where bytes differ or a
limit is passed, 77 where no AVR is emulated. Standard library only; run from the project's root.
"""
import argparse
import ast
import gzip
import json
import os
import subprocess
import sys
import tempfile

import boards
import package
import report
import runner

MHZ = 16
LIMITS = {'flash': 32256, 'arena': 784 + 900, 'stack': 300, 'RAM': 2048, 'milliseconds': 100, 'accuracy': 0.95}


def idx(path, header):
    with gzip.open(path) as file:
        return file.read()[header:]


def write_npy(path, values, shape):
    head = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}"
    head += ' ' * (-(len(head) + 11) % 64) + '\n'
    with open(path, 'wb') as file:
        file.write(b'\x93NUMPY\x01\x00' + len(head).to_bytes(2, 'little') + head.encode() + values)


def read_npy(path):
    data = runner.contents(path)
    length = int.from_bytes(data[8:10], 'little')
    head = ast.literal_eval(data[10:10 + length].decode())
    if head['descr'] not in ('|i1', '<i1') or head['fortran_order']:
        sys.exit(f'{path} holds {head["descr"]}, no int8')
    return data[10 + length:]


def quantised(pictures, folder, name):
    """Pixels as the network's bytes, by the scale and the zero point of its header; 0 … 255 stand for 0 … 1."""
    numbers = {}
    with open(os.path.join(folder, 'src', f'{name}.h'), encoding='utf-8') as file:
        for line in file:
            words = line.split()
            if len(words) > 2 and words[0] == '#define':
                numbers[words[1]] = words[2].strip('()f')
    scale, zero = float(numbers[f'{name.upper()}_INPUT_SCALE']), int(numbers[f'{name.upper()}_INPUT_ZERO_POINT'])
    table = bytes(max(-128, min(127, round(value / 255 / scale) + zero)) & 255 for value in range(256))
    return pictures.translate(table)


def on_host(thimble, model, inputs, count, folder):
    """The answers of the runtime, as bytes."""
    path, out = os.path.join(folder, 'pictures.npy'), os.path.join(folder, 'answers')
    write_npy(path, inputs, (count, 28, 28, 1))
    subprocess.run([thimble, 'run', model, '-q', '--input', f'0={path}', '--output-dir', out], check=True,
                   stdout=subprocess.DEVNULL)
    return read_npy(os.path.join(out, '0.npy'))


def accuracy(answers, labels):
    classes = len(answers) // len(labels)
    signed = answers.translate(bytes((value + 128) & 255 for value in range(256)))  # in the order of int8
    rows = (signed[i * classes:(i + 1) * classes] for i in range(len(labels)))
    return sum(row.index(max(row)) == label for row, label in zip(rows, labels)) / len(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', nargs='?', default='tests/micro/mnist_uno.tflite',
                        help='(the network of studies/mnist_uno.toml, trained)')
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--data', default='datasets/mnist')
    parser.add_argument('--pictures', type=int, default=100, help='under simavr (100)')
    parser.add_argument('--json', action='store_true')
    o = parser.parse_args()
    pictures, labels = idx(f'{o.data}/t10k-images-idx3-ubyte.gz', 16), idx(f'{o.data}/t10k-labels-idx1-ubyte.gz', 8)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([o.thimble, 'export', o.model, '-q', '--name', 'uno', '-o', f'{folder}/uno', '--examples', '0'],
                       check=True, stdout=subprocess.DEVNULL)
        uno = package.load(f'{folder}/uno')
        inputs = quantised(pictures, f'{folder}/uno', 'uno')
        expected = on_host(o.thimble, o.model, inputs, len(labels), folder)
        here, _ = runner.run_board(uno, boards.BY_NAME['gcc'], '2', inputs, expected)
        some = min(o.pictures, len(labels))
        outcomes = [runner.run_board(uno, boards.BY_NAME['avr'], level, inputs[:784 * some], expected[:10 * some])[0]
                    for level in ('2', 's')]
    right = accuracy(expected, labels)
    found = [('accuracy', right, right >= LIMITS['accuracy'])]
    for outcome in outcomes:
        if outcome.status != 'ok':
            continue
        ms = max(outcome.cycles) / MHZ / 1000
        program = outcome.flash_bytes + outcome.linked_bytes
        found += [(f'{name} {outcome.optimise}', value, value <= LIMITS[name])
                  for name, value in (('flash', program), ('arena', outcome.arena_bytes), ('stack', outcome.stack_bytes),
                                      ('RAM', outcome.ram_bytes + outcome.stack_bytes), ('milliseconds', ms))]
    if o.json:
        print(json.dumps({'schema': 'thimble.uno/1', 'samples_on_board': some, 'samples_on_host': len(labels),
                          'found': {name: value for name, value, _ in found}}, indent=1))
    else:
        report.table([here, *outcomes])
        print(f'accuracy of all {len(labels):,} pictures on the host {right:.2%}; the first {some} on the board')
        for name, value, fine in found[1:]:
            print(f'  {name}: {value:,.1f}' + ('' if fine else f' is above {LIMITS[name.split()[0]]:,}'))
    if not all(fine for _, _, fine in found):
        return 1
    return report.exit_status([here]) or report.exit_status(outcomes)


if __name__ == '__main__':
    sys.exit(main())
