#!/usr/bin/env python3
"""Packages that break their contract, each in one way: the driver must say which.

  tests/micro/test_driver.py [BOARD…]     (gcc, m4)
"""
import os
import sys
import tempfile

import boards
import runner

HEADER = '''#include <stddef.h>
#include <stdint.h>
#define BAD_INPUT_SIZE 4
#define BAD_OUTPUT_SIZE 4
#define BAD_ARENA_BYTES 8
#ifdef __cplusplus
extern "C"
#endif
int bad_run(void *arena, size_t arena_bytes, const int8_t *in, int8_t *out);
'''
SOURCE = '''#include "bad.h"
int bad_run(void *arena, size_t arena_bytes, const int8_t *in, int8_t *out) {
  volatile int8_t *a = arena, *x = (volatile int8_t *)in, *y = out;
  %s
  for (int i = 0; i < 4; ++i) y[i] = (int8_t)(x[i] + 1);
  %s
  return 0;
}
'''
SIZE = 'if (arena_bytes < 8) return 1;'
CASES = [  # statements before and after the work, status, words of the reason
    (SIZE, '(void)a;', 'ok', ''),
    ('(void)arena_bytes;', '(void)a; return 1;', 'failed', 'returned an error'),
    (SIZE, 'a[8] = 1;', 'failed', 'outside the arena'),
    (SIZE, 'a[-1] = 1;', 'failed', 'outside the arena'),
    (SIZE, '(void)a; y[4] = 1;', 'failed', 'outside the output'),
    (SIZE, '(void)a; x[3] = (int8_t)(x[3] + 1);', 'failed', 'changed the input'),
    ('(void)arena_bytes;', '(void)a;', 'failed', 'one byte too few'),
    (SIZE, 'y[0] = a[0];', 'different', 'first in sample 0, byte 0'),
    (SIZE, 'a[0] = 1; while (a[0]) ;', 'failed', 'did not end'),
    (SIZE, '(void)a; const int unused = 1;', 'failed', 'does not compile'),
]


def main():
    inputs = bytes(range(8))
    expected = bytes(v + 1 for v in inputs)
    wrong = 0
    for board in boards.chosen(sys.argv[1:] or ['gcc', 'm4']):
        for before, after, status, why in CASES:
            with tempfile.TemporaryDirectory() as folder:
                for name, text in (('bad.h', HEADER), ('bad.c', SOURCE % (before, after))):
                    with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                        file.write(text)
                outcome, _ = runner.run_board(boards.package(folder), board, '0', inputs, expected, limit=3)
            if outcome.status == 'skipped':
                print(f'{board.name}: skipped: {outcome.why}')
                break
            if outcome.status != status or why not in outcome.why:
                wrong += 1
                print(f'{board.name}: "{before} … {after}": {outcome.status} {outcome.why}; expected {status} {why}')
    print(f'test_driver: {wrong} wrong' if wrong else 'test_driver: every broken package is named')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
