#!/usr/bin/env python3
"""Layers at random on emulated boards: the fast kernels of exported packages (src/micro/kernels) against the plain ones,
byte by byte, with windows, strides, dilations, paddings, channels, zero points, multipliers and ranges of all kinds.

  tests/micro/layer_cases.py [--cases 2000] [--boards m0 m3 m4 m55 rv32 sanitized] [--kernels conv2d …] [--seed 1] [-O 2]

A difference is named by kernel, board and seed: that seed with --cases 1 repeats it. Exit status: 0 no difference, 1 some,
77 it ran nowhere. Needs `scripts/setup.sh micro`; standard library only.
"""
import argparse
import concurrent.futures
import os
import struct
import subprocess
import sys
import tempfile

import boards
import runner

KERNELS = ('conv2d', 'depthwise_conv2d', 'fully_connected', 'add')
SOURCE = os.path.join(os.path.dirname(os.path.dirname(boards.HERE)), 'src')


def build(board, optimise, work):
    """The program for a board, in a folder of its own."""
    flags = [*board.flags.split(), f'-O{optimise}', '-ffp-contract=off', f'-I{SOURCE}', f'-I{boards.HERE}/board']
    parts = [('layer_cases.c', '-std=gnu99 -Wall -Wextra -Werror')]
    parts += [(name, '-std=gnu99') for name in board.start if name.endswith('.c')]
    objects = []
    for name, more in parts:
        objects.append(f'{name[:-2]}.o')
        code, _, errors = runner.call([board.compiler, *flags, *more.split(), '-fno-builtin' if name != parts[0][0] else '-fbuiltin',
                                       '-c', os.path.join(boards.HERE, 'board', name), '-o', objects[-1]], cwd=work)
        if code:
            raise runner.Stop('failed', errors)
    link = board.link.replace('-Wl,-u,board_run_in_cxx', '')
    code, _, errors = runner.call([board.compiler, *flags, *objects, '-o', 'cases.elf', '-Wl,--gc-sections', *link.split()], cwd=work)
    if code:
        raise runner.Stop('failed', errors)


def run(board, kernel, options):
    """What is wrong, as a sentence, or nothing."""
    with tempfile.TemporaryDirectory() as work:
        try:
            build(board, options.optimise, work)
        except runner.Stop as stop:
            return stop.args[1]
        order = struct.pack('<3I', KERNELS.index(kernel), options.cases, options.seed)
        with open(os.path.join(work, 'in.bin'), 'wb') as file:
            file.write(order)
        command = [*board.emulator.split(), *(['-kernel'] if board.kind == 'cortex_m' else []), os.path.join(work, 'cases.elf')]
        done = subprocess.run(command, cwd=work, input=order, capture_output=True, check=False)
        if done.returncode:
            return f'ended with {done.returncode}: {done.stderr.decode(errors="replace")[-2000:]}'
        output = runner.contents(os.path.join(work, 'out.bin')) if board.kind == 'cortex_m' else done.stdout
        cases, first = struct.unpack('<2I', output)
        if first != 0xffffffff:
            return f'other bytes than the plain kernel: --kernels {kernel} --boards {board.name} --cases 1 --seed {options.seed + first}'
        return '' if cases == options.cases else f'{cases} cases of {options.cases}'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--cases', type=int, default=2000, help='of each kernel on each board (2000)')
    parser.add_argument('--boards', nargs='+', metavar='BOARD', default=['m0', 'm3', 'm4', 'm55', 'rv32', 'sanitized'])
    parser.add_argument('--kernels', nargs='+', choices=KERNELS, default=KERNELS)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('-O', dest='optimise', default='2', metavar='LEVEL')
    parser.add_argument('-j', dest='jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    work, wrong = [], 0
    for board in boards.chosen(options.boards):
        if board.kind == 'avr' or board.missing():
            print(f'{board.name}: skipped: {board.missing() or "its constants lie in flash"}')
        else:
            work += [(board, kernel) for kernel in options.kernels]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for (board, kernel), why in zip(work, pool.map(lambda item: run(*item, options), work)):
            print(f'{kernel} on {board.name} -O{options.optimise}: {why or f"{options.cases} cases, the same bytes"}', flush=True)
            wrong += bool(why)
    return 1 if wrong else 0 if work else 77


if __name__ == '__main__':
    sys.exit(main())
