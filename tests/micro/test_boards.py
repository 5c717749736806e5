#!/usr/bin/env python3
"""Runs exported C packages on every board at several levels of optimisation: the same bytes everywhere.

  tests/micro/test_boards.py                       the packages of tests/micro/packages
  tests/micro/test_boards.py --slice build/kws     four boards at -O2, and one more package
  tests/micro/test_boards.py --json > boards.json

A package's folder may hold inputs.bin and outputs.bin; without them random inputs and the answers of this machine's gcc at -O0
are used. A board whose tools are missing is skipped and says so. Exit status: 0 the same bytes wherever it ran, 1 not,
77 nothing ran. Standard library only.
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import sys

import boards
import package as packages
import report
import runner

LEVELS = ('0', '2', 's')


def work_of(folder, options):
    """What to run of a package, or the outcome on this machine where that cannot even be said."""
    package = packages.load(folder)
    files = [os.path.join(folder, name) for name in ('inputs.bin', 'outputs.bin')]
    if all(os.path.exists(path) for path in files):
        inputs, expected = (runner.contents(path) for path in files)
    else:
        inputs = package.random_inputs(3)
        outcome, expected = runner.on_this_machine(package, inputs)
        if outcome.status != 'ok':
            return [], [outcome]
    levels = ('2',) if options.slice else LEVELS
    return [(package, board, level, inputs, expected)
            for board in boards.chosen(['slice'] if options.slice else options.boards) for level in levels], []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('packages', nargs='*', metavar='DIR', help='further packages')
    parser.add_argument('--slice', action='store_true', help=f'only {", ".join(boards.SLICE)}, at -O2')
    parser.add_argument('--boards', nargs='+', metavar='BOARD', default=['all'])
    parser.add_argument('-j', dest='jobs', type=int, default=os.cpu_count())
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()

    own = os.path.join(boards.HERE, 'packages')
    work, outcomes = [], []
    for folder in [os.path.join(own, name) for name in sorted(os.listdir(own))] + options.packages:
        runs, failures = work_of(folder, options)
        work += runs
        outcomes += failures
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes += [outcome for outcome, _ in pool.map(lambda item: runner.run_board(*item), work)]
    if options.json:
        print(json.dumps([dataclasses.asdict(outcome) for outcome in outcomes], indent=1))
    else:
        report.table(outcomes)
        print(report.summary(outcomes))
    return report.exit_status(outcomes)


if __name__ == '__main__':
    sys.exit(main())
