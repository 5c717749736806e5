#!/usr/bin/env python3
"""Replays the conformance goldens and the models of tests/models with a program of another architecture: what its kernels
answer is held against what LiteRT's reference answered; integers byte for byte, floats within their tolerance.

  scripts/goldens_on.py aarch64 armv7 riscv64          dist/thimble-run-ARCH (`make dist`) under qemu-user
  scripts/goldens_on.py aarch64:cortex-a76             on one processor of QEMU's
  scripts/goldens_on.py --program P native             any program, on this machine

Each architecture runs its default kernels; aarch64 on a Cortex-A72 (no dot product) and a Cortex-A76 (with it).
THIMBLE_ISA=scalar replays the kernels without vectors. Exit status 1 where an answer differs.
"""
import argparse
import concurrent.futures
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EMULATORS = {
    'aarch64:cortex-a72': ['qemu-aarch64', '-cpu', 'cortex-a72'],
    'aarch64:cortex-a76': ['qemu-aarch64', '-cpu', 'cortex-a76'],
    'armv7': ['qemu-arm', '-cpu', 'cortex-a7'],
    'riscv64': ['qemu-riscv64'],
    'x86_64': [],
    'native': [],
}
NUMPY = {'float32': 'f4', 'float64': 'f8', 'float16': 'f2', 'int8': 'i1', 'uint8': 'u1', 'int16': 'i2', 'uint16': 'u2',
         'int32': 'i4', 'uint32': 'u4', 'int64': 'i8', 'uint64': 'u8', 'bool': 'b1'}


def size_of(tensor):
    return math.prod(tensor['shape']) * int(NUMPY[tensor['dtype']][1:])


def npy(tensor, data):
    kind = NUMPY[tensor['dtype']]
    header = repr({'descr': ('|' if kind[1:] == '1' else '<') + kind, 'fortran_order': False, 'shape': tuple(tensor['shape'])})
    header += ' ' * (63 - (10 + len(header)) % 64) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + data


def payload(path):
    with open(path, 'rb') as file:
        data = file.read()
    return data[10 + struct.unpack('<H', data[8:10])[0]:]


def floats(data):
    return struct.unpack(f'<{len(data) // 4}f', data)


def difference(got, want, tensor, exact, tolerance):
    """Empty, or what differs first."""
    if len(got) != len(want):
        return f'{len(got)} bytes, not {len(want)}'
    if tensor['dtype'] != 'float32':
        return '' if got == want else f'{sum(a != b for a, b in zip(got, want))} of {len(want)} bytes differ'
    if exact:  # but for the sign of a value that is no number, which processors choose differently
        words = zip(struct.iter_unpack('<I', got), struct.iter_unpack('<I', want), floats(got), floats(want))
        wrong = sum(a != b and not (math.isnan(x) and math.isnan(y)) for a, b, x, y in words)
        return f'{wrong} of {len(want) // 4} values differ in a bit' if wrong else ''
    finite = [abs(w) for w in floats(want) if math.isfinite(w)]
    scale = max(finite, default=0)
    for i, (a, b) in enumerate(zip(floats(got), floats(want))):
        if a == b or (math.isnan(a) and math.isnan(b)):
            continue
        if not abs(a - b) <= tolerance * max(1, scale):
            return f'value {i} is {a}, not {b}'
    return ''


def run(command, model, arguments, outputs, what, exact, tolerance, folder):
    done = subprocess.run([*command, 'run', model, *arguments, '--output-dir', folder, '--threads', '1', '--quiet'],
                          capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        return [f'{what}: exit status {done.returncode}: {done.stderr.strip()}']
    found = []
    for i, (tensor, want) in enumerate(outputs):
        said = difference(payload(f'{folder}/{i}.npy'), want, tensor, exact, tolerance)
        if said:
            found.append(f'{what}, output {i}: {said}')
    return found


def cases():
    """(name, model, inputs as (tensor, bytes) or a seed, outputs, exact, tolerance)"""
    for folder in ('ops', 'reader', 'written'):
        place = f'tests/goldens/{folder}'
        with open(f'{ROOT}/{place}/index.json') as file:
            index = json.load(file)
        with open(f'{ROOT}/{place}/data.bin', 'rb') as file:
            data = file.read()
        cut = lambda t: data[t['offset']:t['offset'] + size_of(t)]
        for c in index['cases']:
            tensors = c['inputs'] + c['outputs']
            if any(t['dtype'] not in NUMPY for t in tensors):
                continue
            yield (c['name'], f'{place}/{c["file"]}', [(t, cut(t)) for t in c['inputs']], [(t, cut(t)) for t in c['outputs']],
                   c['compare'] == 'bytes', c.get('tolerance', 1e-5))
    with open(f'{ROOT}/tests/goldens/models/index.json') as file:
        models = json.load(file)['models']
    for m in models:
        for s, seed in enumerate(m['seeds']):
            outputs = []
            for t in m['outputs']:
                every = payload(f'{ROOT}/tests/goldens/models/{t["file"]}')
                size = len(every) // len(m['seeds'])
                outputs.append((t, every[size * s:size * (s + 1)]))
            yield (f'{m["model"]} seed {seed}', m['model'], seed, outputs, False, 5e-3 if m['compare'] == 'hybrid' else 1e-5)


def replay(command, case):
    name, model, inputs, outputs, exact, tolerance = case
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        if isinstance(inputs, int):
            arguments = ['--random', str(inputs)]
        else:
            for i, (tensor, data) in enumerate(inputs):
                with open(f'{folder}/in{i}.npy', 'wb') as file:
                    file.write(npy(tensor, data))
                arguments += ['--input', f'{i}={folder}/in{i}.npy']
        return run(command, model, arguments, outputs, name, exact, tolerance, f'{folder}/out')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('targets', nargs='+', help='ARCH or ARCH:CPU, or "native"')
    parser.add_argument('--program', help='in place of dist/thimble-run-ARCH')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    targets = []
    for target in arguments.targets:
        targets += ['aarch64:cortex-a72', 'aarch64:cortex-a76'] if target == 'aarch64' else [target]
    bad = 0
    for target in targets:
        architecture = target.split(':')[0]
        emulator = EMULATORS.get(target)
        if emulator is None and ':' in target and architecture in ('aarch64', 'armv7', 'riscv64'):
            emulator = [{'armv7': 'qemu-arm'}.get(architecture, f'qemu-{architecture}'), '-cpu', target.split(':')[1]]
        if emulator is None:
            parser.error(f'there is no architecture "{target}": aarch64, armv7, riscv64, x86_64, native')
        program = arguments.program or f'{ROOT}/dist/thimble-run-{architecture}'
        if not os.path.exists(program):
            print(f'goldens_on: {program} is missing: make dist ARCHS={architecture}', file=sys.stderr)
            sys.exit(2)
        command = [*emulator, os.path.abspath(program)]
        everything = list(cases())
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            found = [line for lines in pool.map(lambda c: replay(command, c), everything) for line in lines]
        print('\n'.join(found[:40] + [f'{target}: {len(everything)} cases, {len(found)} answers differ']))
        bad += len(found)
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
