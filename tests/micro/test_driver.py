#!/usr/bin/env python3
"""Packages that break their contract, each in one way: the driver must say which.

  tests/micro/test_driver.py [BOARD…]     (gcc, m4)
"""
import os
import struct
import sys
import tempfile

import boards
import package
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
# Two inputs and two outputs: the second output is the first input, and the first the second doubled.
SEVERAL_HEADER = '''#include <stddef.h>
#include <stdint.h>
/* int8 [3] */
#define BAD_INPUT_0_SIZE 3
/* float32 [2] */
#define BAD_INPUT_1_SIZE 2
/* float32 [2] */
#define BAD_OUTPUT_0_SIZE 2
/* int8 [3] */
#define BAD_OUTPUT_1_SIZE 3
#define BAD_ARENA_BYTES 8
#ifdef __cplusplus
extern "C"
#endif
int bad_run_io(void *arena, size_t arena_bytes, const void *const *in, void *const *out);
'''
SEVERAL_SOURCE = '''#include "bad.h"
int bad_run_io(void *arena, size_t arena_bytes, const void *const *in, void *const *out) {
  (void)arena;
  if (arena_bytes < 8) return 1;
  for (int i = 0; i < 3; ++i) ((int8_t *)out[1])[i] = ((const int8_t *)in[0])[i];
  for (int i = 0; i < 2; ++i) ((float *)out[0])[i] = 2 * ((const float *)in[1])[i];
  %s
  return 0;
}
'''
SEVERAL_CASES = [
    ('', 'ok', ''),
    ('((int8_t *)out[1])[3] = 1;', 'failed', 'outside the output'),
    ('((float *)out[0])[2] = 1;', 'failed', 'outside the output'),
    ('((float *)out[0])[1] += 1e-6f;', 'ok', ''),
    ('((float *)out[0])[1] += 1e-3f;', 'different', 'sample 0, output 0, element 1'),
    ('((int8_t *)out[1])[2] = 77;', 'different', 'sample 0, output 1, element 2: 77, expected 3'),
]

SIZE = 'if (arena_bytes < 8) return 1;'
CASES = [  # statements before and after the work, status, words of the reason
    (SIZE, '(void)a;', 'ok', ''),
    ('(void)arena_bytes;', '(void)a; return 1;', 'failed', 'returned an error'),
    (SIZE, 'a[8] = 1;', 'failed', 'outside the arena'),
    (SIZE, 'a[-1] = 1;', 'failed', 'outside the arena'),
    (SIZE, '(void)a; y[4] = 1;', 'failed', 'outside the output'),
    (SIZE, '(void)a; x[3] = (int8_t)(x[3] + 1);', 'failed', 'changed the input'),
    ('(void)arena_bytes;', '(void)a;', 'failed', 'one byte too few'),
    (SIZE, 'y[0] = a[0];', 'different', 'first in sample 0, output 0, element 0'),
    (SIZE, 'a[0] = 1; while (a[0]) ;', 'failed', 'did not end'),
    (SIZE, '(void)a; const int unused = 1;', 'failed', 'does not compile'),
]


def outcome_of(header, source, board, inputs, expected):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (('bad.h', header), ('bad.c', source)):
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                file.write(text)
        return runner.run_board(package.load(folder), board, '0', inputs, expected, limit=3)[0]


def main():
    inputs = bytes(range(8))
    cases = [(HEADER, SOURCE % (before, after), inputs, bytes(v + 1 for v in inputs), status, why)
             for before, after, status, why in CASES]
    several, answers = struct.pack('<3b2f', 1, -2, 3, 0.5, -7), struct.pack('<2f3b', 1, -14, 1, -2, 3)
    cases += [(SEVERAL_HEADER, SEVERAL_SOURCE % after, several * 2, answers * 2, status, why)
              for after, status, why in SEVERAL_CASES]
    wrong = 0
    for board in boards.chosen(sys.argv[1:] or ['gcc', 'm4']):
        for header, source, given, expected, status, why in cases:
            outcome = outcome_of(header, source, board, given, expected)
            if outcome.status == 'skipped':
                print(f'{board.name}: skipped: {outcome.why}')
                break
            if outcome.status != status or why not in outcome.why:
                wrong += 1
                print(f'{board.name}: {outcome.status} {outcome.why}; expected {status} {why} of\n{source}')
    print(f'test_driver: {wrong} wrong' if wrong else 'test_driver: every broken package is named')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
