#!/usr/bin/env python3
"""Golden models (tests/goldens), each exported as C and run on boards, held to the recorded answers.

  tests/micro/goldens_on_boards.py --thimble build/release/thimble [--boards m4 avr] [--ram tight] [--every N] [--only REGEX]

Models that `thimble export` refuses are counted. Exit status 1 where a board gives other answers. Standard library only.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

import boards
import package
import runner

ROOT = os.path.dirname(os.path.dirname(boards.HERE))
FOLDERS = ('ops', 'types', 'reader', 'written')


def cases():
    """(name, model, inputs, answers, tolerance) of every golden."""
    for name in FOLDERS:
        folder = os.path.join(ROOT, 'tests', 'goldens', name)
        with open(os.path.join(folder, 'index.json'), encoding='utf-8') as file:
            index = json.load(file)
        data = runner.contents(os.path.join(folder, 'data.bin'))
        for case in index['cases']:
            inputs, answers = (b''.join(tensor_bytes(data, tensor) for tensor in case[key]) for key in ('inputs', 'outputs'))
            yield f'{name}.{case["name"]}', os.path.join(folder, case['file']), inputs, answers, case.get('tolerance', 1e-5)


def tensor_bytes(data, tensor):
    size = package.BYTES[tensor['dtype']]
    for extent in tensor['shape']:
        size *= extent
    return data[tensor['offset']:tensor['offset'] + size]


def run_case(thimble, case, chosen, optimise, forms):
    """An outcome per board; none where the model is refused."""
    _, model, inputs, answers, tolerance = case
    with tempfile.TemporaryDirectory() as folder:
        export = subprocess.run([thimble, 'export', model, '-q', '--name', 'golden', *forms, '-o', os.path.join(folder, 'golden')],
                                capture_output=True, check=False)
        if export.returncode:
            return []
        loaded = package.load(os.path.join(folder, 'golden'))
        return [runner.run_board(loaded, board, optimise, inputs, answers, tolerance=tolerance)[0] for board in chosen]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--boards', nargs='+', metavar='BOARD', default=['slice'])
    parser.add_argument('--ram', default='balanced', help='balanced or tight, as `thimble export` takes it')
    parser.add_argument('--weights', default='plain', help='as `thimble export` takes it')
    parser.add_argument('--every', type=int, default=1, metavar='N', help='only each Nth')
    parser.add_argument('--only', default='', metavar='REGEX')
    parser.add_argument('-O', dest='optimise', default='2', metavar='LEVEL')
    parser.add_argument('-j', dest='jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()

    thimble, chosen = os.path.abspath(options.thimble), boards.chosen(options.boards)
    picked = [case for case in cases() if re.search(options.only, case[0])][::options.every]
    refused, states, wrong = 0, collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case, outcomes in zip(picked, pool.map(lambda c: run_case(thimble, c, chosen, options.optimise,
                                                                     ['--ram', options.ram, '--weights', options.weights]), picked)):
            refused += not outcomes
            reasons = collections.defaultdict(list)
            for outcome in outcomes:
                states[outcome.board, outcome.status] += 1
                if outcome.status in ('different', 'failed'):
                    reasons[outcome.status, outcome.why].append(outcome.board)
            for (status, why), names in reasons.items():
                wrong += 1
                print(f'{case[0]} on {", ".join(names)}: {status}: {why}', flush=True)
    print(f'{len(picked)} models, {refused} refused by export')
    for board in chosen:
        print(f'{board.name}: ' + ', '.join(f'{n} {state}' for (name, state), n in sorted(states.items()) if name == board.name))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
