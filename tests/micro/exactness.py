#!/usr/bin/env python3
"""The proof behind "the same bytes": integer networks, exported as C, against this program's own answers and LiteRT's.

  tests/micro/exactness.py --thimble build/release/thimble [--litert PYTHON] [--only REGEX] [--samples 1000] [--emulated 100]

Each model gets random inputs, and a few of nothing but the lowest, the highest and the middle value. Its answers by `thimble run`
count; beside them stand those of LiteRT's reference kernels (a Python with ai-edge-litert), of the exported C as gcc and clang of
this machine compile it at -O0, -O2 and -Os, and, for the first of the inputs, of every emulated board at -O2. The table says how many
bytes differ. Exit status: 0 none, 1 some, or something that does not compile or end. Needs `scripts/setup.sh micro`; standard library
only.
"""
import argparse
import ast
import concurrent.futures
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import boards
import fit_costs
import package as packages
import runner

ROOT = os.path.dirname(os.path.dirname(boards.HERE))
MODELS = {name: f'tests/models/{path}.tflite' for name, path in {
    'kws': 'mlperf-tiny/kws_ref_model', 'vww': 'mlperf-tiny/vww_96_int8', 'ic': 'mlperf-tiny/pretrainedResnet_quant',
    'ad': 'mlperf-tiny/ad01_int8', 'micro_speech': 'micro/micro_speech_quantized', 'person_detect': 'micro/person_detect',
    'hello_world': 'micro/hello_world_int8', 'trained_lstm': 'micro/trained_lstm_int8', 'keras_lstm': 'micro/keras_lstm_mnist_ptq',
    'dtln': 'micro/dtln_noise_suppression', 'mobilenet_v1': 'imagenet/mobilenet_v1_0.25_128_quant'}.items()}
MODELS['mnist_uno'] = 'tests/micro/mnist_uno.tflite'
HOSTS, LEVELS = ('gcc', 'clang'), ('0', '2', 's')
EMULATED = ('m0', 'm3', 'm4', 'm7', 'm33', 'm55', 'armhf', 'aarch64', 'riscv64', 'rv32')
NPY = {'int8': '|i1', 'uint8': '|u1', 'int16': '<i2', 'int32': '<i4', 'int64': '<i8', 'float': '<f4', 'float32': '<f4'}


def npy(path, kind, shape, data):
    header = f"{{'descr': '{NPY[kind]}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    with open(path, 'wb') as file:
        file.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + data)


def npy_data(path):
    """The bytes of each row."""
    data = runner.contents(path)
    length, = struct.unpack_from('<H', data, 8)
    shape = ast.literal_eval(data[10:10 + length].decode())['shape']
    body = data[10 + length:]
    return [body[i * len(body) // shape[0]:(i + 1) * len(body) // shape[0]] for i in range(shape[0])]


def samples_of(package, count):
    """For each sample a list of its inputs' bytes; floats lie in [-1, 1)."""
    rng, samples = random.Random(11), []
    for s in range(count):
        row = []
        for part in package.inputs:
            if part.type.startswith('float'):
                row.append(struct.pack(f'<{part.elements}f', *(rng.uniform(-1, 1) for _ in range(part.elements))))
            elif s < 3:
                row.append(bytes([(0x80, 0x7f, 0)[s]]) * part.bytes())
            else:
                row.append(rng.randbytes(part.bytes()))
        samples.append(row)
    return samples


def own_answers(thimble, model, package, samples, folder):
    said = json.loads(subprocess.run([thimble, 'inspect', model, '--json'], capture_output=True, text=True, check=True).stdout)
    command = [thimble, 'run', model, '--output-dir', f'{folder}/own', '-q']
    for i, (part, tensor) in enumerate(zip(package.inputs, said['inputs'])):
        shape = list(tensor['shape'])
        shape = [len(samples)] + (shape[1:] if shape and shape[0] in (1, -1) else shape)
        npy(f'{folder}/in{i}.npy', part.type, shape, b''.join(row[i] for row in samples))
        command += ['--input', f'{i}={folder}/in{i}.npy']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise runner.Stop('failed', done.stderr)
    outputs = [npy_data(f'{folder}/own/{i}.npy') for i in range(len(package.outputs))]
    return [b''.join(rows) for rows in zip(*outputs)]


def litert_answers(python, model, package, samples, folder):
    with open(f'{folder}/litert.in', 'wb') as file:
        file.write(b''.join(b''.join(row) for row in samples))
    script = os.path.join(boards.HERE, 'litert_answers.py')
    done = subprocess.run([python, script, model, str(len(samples)), f'{folder}/litert.in', f'{folder}/litert.out'],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise runner.Stop('failed', (done.stderr or f'ends with {done.returncode}').strip().splitlines()[-1])
    return runner.contents(f'{folder}/litert.out')


def c_answers(package, board, level, samples, limit):
    """Of the exported C, without counting instructions, which takes longer than running them."""
    if board.missing():
        raise runner.Stop('skipped', board.missing())
    with tempfile.TemporaryDirectory() as work:
        run = runner.Run(package, board, level, work)
        run.build()
        shutil.copy(os.path.join(work, 'program.elf'), os.path.join(work, 'plain.elf'))
        data = bytes([run.fill()]) + b''.join(b''.join(row) for row in samples)
        return run.execute('plain.elf', data, limit)[:-8]


def different(got, wanted):
    if len(got) != len(wanted):
        raise runner.Stop('failed', f'{len(got)} bytes in place of {len(wanted)}')
    return sum(a != b for a, b in zip(got, wanted))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--litert', metavar='PYTHON', help='a Python that has ai-edge-litert; without it that column is missing')
    parser.add_argument('--only', default='', metavar='REGEX', help='of the models')
    parser.add_argument('--samples', type=int, default=1000)
    parser.add_argument('--emulated', type=int, default=100, help='samples on emulated boards')
    parser.add_argument('--boards', nargs='*', default=list(EMULATED))
    parser.add_argument('--weights', default='plain', help='as `thimble export` takes it')
    parser.add_argument('--ram', default='balanced', help='as `thimble export` takes it')
    parser.add_argument('--trained', action='store_true', help='also networks like those of the studies, trained for a moment')
    parser.add_argument('--limit', type=int, default=3600, help='seconds for one run of all samples')
    parser.add_argument('-j', dest='jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    thimble = os.path.abspath(options.thimble)
    columns = ['LiteRT'] if options.litert else []
    columns += [f'{host} -O{level}' for host in HOSTS for level in LEVELS] + list(options.boards)
    wrong, compared, total = [], 0, 0
    with tempfile.TemporaryDirectory() as top, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        models = {name: os.path.join(ROOT, path) for name, path in MODELS.items()}
        if options.trained:
            models.update({os.path.basename(path)[:-7]: path for path in fit_costs.trained(thimble, top) if path.endswith('_int8.tflite')})
        print(f'| model | output bytes | {" | ".join(columns)} |\n|---|--:|{"--:|" * len(columns)}')
        for name, model in models.items():
            if not re.search(options.only, name):
                continue
            folder = f'{top}/work_{name}'
            os.makedirs(folder)
            export = subprocess.run([thimble, 'export', model, '-q', '--name', 'net', '--examples', '0', '--weights', options.weights,
                                     '--ram', options.ram, '-o', f'{folder}/net'], capture_output=True, text=True, check=False)
            if export.returncode:
                print(f'| {name} | not exported: {export.stderr.splitlines()[0]} |', flush=True)
                wrong += [name] if export.returncode != 3 else []
                continue
            package = packages.load(f'{folder}/net')
            samples = samples_of(package, options.samples)
            own = own_answers(thimble, model, package, samples, folder)

            def column(title):
                try:
                    if title == 'LiteRT':
                        return different(litert_answers(options.litert, model, package, samples, folder), b''.join(own))
                    host = re.fullmatch(r'(\w+) -O(\w)', title)
                    board = boards.BY_NAME[host[1] if host else title]
                    count = options.samples if host else options.emulated
                    return different(c_answers(package, board, host[2] if host else '2', samples[:count], options.limit), b''.join(own[:count]))
                except runner.Stop as stop:
                    return f'{stop.args[0]}: {stop.args[1].splitlines()[0][:60]}'
            cells = list(pool.map(column, columns))
            for title, cell in zip(columns, cells):
                compared += isinstance(cell, int)
                if isinstance(cell, int) and title in options.boards:
                    total += len(own[0]) * options.emulated
                elif isinstance(cell, int):
                    total += len(own[0]) * options.samples
                if cell and not str(cell).startswith(('skipped', 'does not fit')):
                    wrong.append(f'{name} by {title}: {cell}')
            print(f'| {name} | {len(own[0])} | {" | ".join(map(str, cells))} |', flush=True)
    print(f'{compared} comparisons of {total} bytes; different: {"; ".join(wrong) or "none"}')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
