#!/usr/bin/env python3
"""Holds `thimble fit` to programs that were linked: flash within 10 % where no compiler helps, RAM exactly.

  tests/micro/test_fit.py --thimble build/release/thimble [--runs]

Each model is exported, compiled and linked for a board of each core, and the figures of the linker's map stand beside what
`thimble fit` says with the compilers in the PATH and without. --runs also counts instructions under emulation, which are held
to the error that `thimble fit` states, twice. Exit status: 0 within, 1 not, 77 no compiler is installed. Standard library only.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import boards
import package as packages
import runner

ROOT = os.path.dirname(os.path.dirname(boards.HERE))
MODELS = ('mlperf-tiny/kws_ref_model', 'mlperf-tiny/vww_96_int8', 'mlperf-tiny/pretrainedResnet_quant', 'mlperf-tiny/ad01_int8',
          'micro/micro_speech_quantized', 'micro/hello_world_int8', 'micro/hello_world_float')
# A board of `thimble fit`, and the emulated one with its core.
PAIRS = {'pico': 'm0', 'nucleo-l4r5zi': 'm4', 'portenta-h7': 'm7', 'pico-2': 'm33', 'esp32-c3': 'rv32', 'uno-r3': 'avr'}
FLASH = 0.10
LINKER = 128  # bytes that RISC-V's linker takes out of what the compiler made


def fit(thimble, model, board, path):
    """What `thimble fit` says; no compilers in an empty PATH."""
    done = subprocess.run([thimble, 'fit', model, '--board', board, '--json'], capture_output=True, text=True, check=False,
                          env={**os.environ, 'PATH': path})
    if done.returncode not in (0, 5):
        sys.exit(f'{model} on {board}: {done.stderr}')
    return json.loads(done.stdout)[0]


def linked(package, board, runs):
    """An Outcome of the program; status 'does not fit' where it does not link."""
    if runs:
        return runner.run_board(package, board, '2', package.random_inputs(1))[0]
    outcome = runner.Outcome('thimble.board/1', package.name, board.name, board.core, '-O2')
    with tempfile.TemporaryDirectory() as work:
        try:
            if board.missing():
                raise runner.Stop('skipped', board.missing())
            run = runner.Run(package, board, '2', work)
            run.build()
            outcome.ram_bytes = run.measure(outcome)
        except runner.Stop as stop:
            outcome.status, outcome.why = stop.args
    return outcome


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--runs', action='store_true')
    options = parser.parse_args()
    thimble, compared, wrong = os.path.abspath(options.thimble), 0, []
    with tempfile.TemporaryDirectory() as folder:
        for model in MODELS:
            path, name = os.path.join(ROOT, 'tests', 'models', model + '.tflite'), os.path.basename(model)
            exported = subprocess.run([thimble, 'export', path, '--json', '--examples', '0', '--name', name, '-o', os.path.join(folder, name)],
                                      capture_output=True, text=True, check=True)
            arena = json.loads(exported.stdout)['arena_bytes']
            package = packages.load(os.path.join(folder, name))
            for board, emulated in PAIRS.items():
                truth = linked(package, boards.BY_NAME[emulated], options.runs)
                if truth.status != 'ok':
                    print(f'{name} on {board}: {truth.status}')
                    continue
                ram = truth.ram_bytes if options.runs else arena + truth.ram_bytes
                modelled, compiled = fit(thimble, path, board, '/nonexistent'), fit(thimble, path, board, os.environ['PATH'])
                compared += 1
                errors = [said['flash_bytes'] / truth.flash_bytes - 1 for said in (modelled, compiled)]
                line = f'{name} on {board}: flash {truth.flash_bytes:,}, modelled {errors[0]:+.1%}, compiled {errors[1]:+.1%}; ' \
                       f'RAM {ram:,}, modelled {modelled["ram_bytes"] - ram:+}, compiled {compiled["ram_bytes"] - ram:+}'
                bad = abs(errors[0]) > FLASH or abs(compiled['flash_bytes'] - truth.flash_bytes) > LINKER + 0.005 * truth.flash_bytes \
                    or compiled['ram_bytes'] != ram or modelled['ram_bytes'] != ram
                if options.runs:
                    count = modelled['instructions'] / truth.instructions[0] - 1
                    line += f'; instructions {truth.instructions[0]:,}, modelled {count:+.1%}; stack {truth.stack_bytes}, ' \
                            f'modelled {modelled["stack_bytes"]}'
                    bad |= abs(count) > 2 * modelled['latency_error']
                print(line, flush=True)
                if bad:
                    wrong.append(f'{name} on {board}')
    print(f'{compared} pairs; outside: {", ".join(wrong) or "none"}')
    return 77 if not compared else 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
