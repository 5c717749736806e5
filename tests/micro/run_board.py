#!/usr/bin/env python3
"""Compiles an exported C package for a board, runs it there under emulation and compares its answers.

  tests/micro/run_board.py m4 --sources build/kws --inputs samples.bin --expect answers.bin
  tests/micro/run_board.py all --sources build/kws -Os --json

BOARD is a name of boards.py, `all` or `slice`. Inputs and answers are the samples' bytes, one behind the other. Without
--inputs there are random ones, without --expect the answers of this machine's gcc at -O0 count. Exit status: 0 the same bytes
wherever it ran, 1 not, 77 it ran nowhere. Needs `scripts/setup.sh micro`; standard library only.
"""
import argparse
import dataclasses
import json
import sys

import boards
import package as packages
import report
import runner


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('board', nargs='+', metavar='BOARD', help=', '.join(['all', 'slice', *boards.BY_NAME]))
    parser.add_argument('--sources', required=True, metavar='DIR', help='the package, or its src folder')
    parser.add_argument('--name', help='of the package, where the folder holds several')
    parser.add_argument('--foreign', action='store_true', help="another generator's code: its warnings do not count")
    parser.add_argument('--inputs', metavar='FILE')
    parser.add_argument('--samples', type=int, default=3, help='random ones, without --inputs (3)')
    parser.add_argument('--expect', metavar='FILE')
    parser.add_argument('--count', action='store_true', help='list the instructions of each sample')
    parser.add_argument('-O', dest='optimise', default='2', metavar='LEVEL', help='0, 1, 2, 3, s (2)')
    parser.add_argument('--keep', metavar='DIR', help='build there, in a folder for each board, and leave it')
    parser.add_argument('--limit', type=int, default=600, help='seconds for one board (600)')
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()

    package = packages.load(options.sources, options.name, options.foreign)
    inputs = runner.contents(options.inputs) if options.inputs else package.random_inputs(options.samples)
    if options.expect:
        expected = runner.contents(options.expect)
    else:
        outcome, expected = runner.on_this_machine(package, inputs)
        if outcome.status != 'ok':
            sys.exit(f'{package.name} does not run on this machine: {outcome.why}')
    outcomes = [runner.run_board(package, board, options.optimise, inputs, expected, options.keep, options.limit)[0]
                for board in boards.chosen(options.board)]
    if options.json:
        documents = [dataclasses.asdict(outcome) for outcome in outcomes]
        print(json.dumps(documents[0] if len(documents) == 1 else documents, indent=1))
    else:
        report.table(outcomes)
        if options.count:
            report.counts(outcomes)
    return report.exit_status(outcomes)


if __name__ == '__main__':
    sys.exit(main())
