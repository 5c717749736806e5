#!/usr/bin/env python3
"""Networks whose weights are clustered, pruned or of 4 bits, exported with `--weights` in every form and run on boards: the answers
are the bytes of the plain form; what each takes is printed.

  tests/micro/weight_forms.py --thimble build/release/thimble [--boards m0 m4 m55 rv32] [--models FILE.tflite …]

The networks are trained for a moment, into --folder where it is given and nothing is there yet. Exit status: 0 the same bytes
everywhere, 1 not, 77 no board ran. Standard library only.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

import boards
import package as packages
import runner

RECIPE = '''[data]
set = "mnist"
limit = 3000
[model]
input = [28, 28, 1]
layers = [{layers}]
[train]
epochs = 1
'''
NETWORKS = {
    '': '{ conv2d = 9, kernel = 3, stride = 2, activation = "relu" }, '
        '{ separable_conv2d = 24, kernel = 3, padding = "same", activation = "relu" }, { max_pool = 2 }, '
        '{ conv2d = 32, kernel = 3, activation = "relu6" }, { flatten = true }, { dense = 61, activation = "relu" }, '
        '{ dense = 10, activation = "softmax" }',
    # fits an AVR
    'small_': '{ average_pool = 2 }, { conv2d = 7, kernel = 3, stride = 2, activation = "relu" }, '
              '{ separable_conv2d = 12, kernel = 3, activation = "relu" }, { flatten = true }, { dense = 15, activation = "relu" }, '
              '{ dense = 10, activation = "softmax" }',
}
INT8 = ['--to', 'int8', '--io', 'int8', '--data', 'mnist', '--samples', '200']
TRAINING = ['--data', 'mnist', '--limit', '2000', '--epochs', '1']
FORMS = ('palette', 'sparse', 'int4', 'auto')


def call(thimble, *command):
    done = subprocess.run([thimble, *command, '-q'], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'{" ".join(command)}: {done.stderr}')


def made(thimble, folder, networks=None):
    """{name: path}: networks {prefix of names: layers}, float and int8, as trained, clustered, pruned, of 4 bits and of three values."""
    path = lambda name: os.path.join(folder, f'{name}.tflite')
    networks = networks or NETWORKS
    names = ('plain_int8', 'clustered', 'clustered_int8', 'pruned', 'pruned_int8', 'four_bits_int8', 'ternary_int8')
    for size, layers in networks.items():
        if all(os.path.exists(path(size + name)) for name in names):
            continue
        recipe = os.path.join(folder, f'{size}recipe.toml')
        with open(recipe, 'w', encoding='utf-8') as file:
            file.write(RECIPE.replace('{layers}', layers))
        of = lambda name: path(size + name)
        call(thimble, 'train', recipe, '-o', of('plain'))
        call(thimble, 'cluster', of('plain'), '-o', of('clustered'), *TRAINING)
        call(thimble, 'prune', of('plain'), '-o', of('pruned'), '--sparsity', '0.8', *TRAINING)
        call(thimble, 'quantize', of('plain'), '-o', of('plain_int8'), *INT8)
        call(thimble, 'quantize', of('clustered'), '-o', of('clustered_int8'), '--per-tensor', *INT8)
        call(thimble, 'quantize', of('pruned'), '-o', of('pruned_int8'), *INT8)
        call(thimble, 'quantize', of('plain'), '-o', of('four_bits_int8'), '--bits', '4', *INT8)
        call(thimble, 'quantize', of('plain'), '-o', of('ternary_int8'), '--bits', 'ternary', *INT8)
    return {size + name: path(size + name) for size in networks for name in names}


def run_model(thimble, name, model, chosen, options, temporary):
    """What it printed, how many board runs there were and how many went wrong."""
    lines, ran, wrong, expected, inputs = [], 0, 0, None, None
    for form in ('plain', *options.forms):
        out = os.path.join(temporary, f'{name}_{form}')
        said = subprocess.run([thimble, 'export', model, '--weights', form, '--ram', options.ram, '--json', '--name', 'net',
                               '--examples', '2', '-o', out], capture_output=True, text=True, check=False)
        if said.returncode:
            lines.append(f'{name} {form}: refused ({said.returncode})')
            wrong += said.returncode != 3
            continue
        facts, package = json.loads(said.stdout), packages.load(out)
        if expected is None:
            inputs = package.random_inputs(options.samples)
            outcome, expected = runner.on_this_machine(package, inputs)
            if outcome.status != 'ok':
                return [*lines, f'{name}: {outcome.why}'], ran, wrong + 1
        taken = sum(w['form'] != 'plain' for w in facts['weights'])
        lines.append(f'{name} {form}: weights {facts["weights_bytes"]:,} bytes, {taken} of {len(facts["weights"])} tensors in another form, '
                     f'arena {facts["arena_bytes"]:,}')
        for board in chosen:
            o, _ = runner.run_board(package, board, options.optimise, inputs, expected, tolerance=0 if board.kind == 'host' else 1e-5)
            ran += o.status == 'ok'
            wrong += o.status in ('different', 'failed')
            count = f'{o.instructions[0]:,} instructions' if o.instructions else ''
            lines.append(f'  {board.name}: {o.status} {o.why if o.status != "ok" else ""} flash {o.flash_bytes or 0:,} '
                         f'stack {o.stack_bytes or 0} {count}')
    return lines, ran, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--boards', nargs='+', metavar='BOARD', default=['sanitized', 'slice'])
    parser.add_argument('--models', nargs='+', metavar='FILE', help='these, in place of those that are trained')
    parser.add_argument('--only', default='', metavar='REGEX')
    parser.add_argument('--forms', nargs='+', default=list(FORMS))
    parser.add_argument('--folder', help='where the networks are kept')
    parser.add_argument('--ram', default='balanced')
    parser.add_argument('--samples', type=int, default=3)
    parser.add_argument('-O', dest='optimise', default='2', metavar='LEVEL')
    parser.add_argument('-j', dest='jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    thimble, chosen, ran, wrong = os.path.abspath(options.thimble), boards.chosen(options.boards), 0, 0
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        folder = options.folder or temporary
        os.makedirs(folder, exist_ok=True)
        models = {os.path.basename(m).removesuffix('.tflite'): m for m in options.models} if options.models else made(thimble, folder)
        models = {name: file for name, file in models.items() if re.search(options.only, name)}
        for lines, runs, failures in pool.map(lambda m: run_model(thimble, *m, chosen, options, temporary), models.items()):
            print('\n'.join(lines), flush=True)
            ran += runs
            wrong += failures
    print(f'{wrong} failures')
    return 1 if wrong else 0 if ran else 77


if __name__ == '__main__':
    sys.exit(main())
