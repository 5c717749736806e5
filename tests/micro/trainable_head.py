#!/usr/bin/env python3
"""Learning on the controller: a head that was trained for a hundred steps has the same bits on every board.

  tests/micro/trainable_head.py --thimble build/release/thimble [--boards gcc clang m4 …]

The network of studies/mnist_uno.toml, as int8 and as float32, is exported with --trainable-head and learns pictures whose labels
were moved by one: first its answers are wrong, then right. The trained head and all answers have to be this machine's, byte for byte. Exit
status: 0, 1 where they differ or nothing was learned, 77 nothing ran. Standard library only; run from the project's root.
"""
import argparse
import array
import os
import re
import subprocess
import sys
import tempfile

import boards
import package
import report
import runner
import uno

PICTURES, PASSES, CLASSES = 25, 4, 10
BOARDS = ('gcc', 'clang', 'sanitized', 'm0', 'm4', 'rv32')
HEADER = '''#include <stddef.h>
#include <stdint.h>
#define LEARN_INPUT_SIZE %(inputs)d
#define LEARN_OUTPUT_SIZE %(outputs)d
#define LEARN_ARENA_BYTES %(arena)d
#ifdef __cplusplus
extern "C"
#endif
int learn_run(void *arena, size_t arena_bytes, const %(type)s *in, uint8_t *out);
'''
# In: the pictures, and a label for each. Out: the answers before, those after, the head.
SOURCE = '''#include "learn.h"

#include <string.h>

#include "net.h"

static net_head head;

static int answers(void *arena, size_t arena_bytes, const %(type)s *in, uint8_t *out) {
  int status = 0, i, k;
  for (i = 0; i < %(pictures)d; ++i, in += NET_INPUT_SIZE) {
    int best = 0;
    status |= net_run_head(arena, arena_bytes, in, &head);
    for (k = 1; k < NET_HEAD_CLASSES; ++k)
      if (head.probabilities[k] > head.probabilities[best]) best = k;
    out[i] = (uint8_t)best;
  }
  return status;
}

int learn_run(void *arena, size_t arena_bytes, const %(type)s *in, uint8_t *out) {
  const %(type)s *const labels = in + (size_t)%(pictures)d * NET_INPUT_SIZE;
  int status, i;
  if (sizeof head != NET_HEAD_BYTES) return -100;
  net_head_reset(&head);
  status = answers(arena, arena_bytes, in, out);
  for (i = 0; i < %(pictures)d * %(passes)d; ++i)
    status |= net_train_step(arena, arena_bytes, in + (size_t)(i %% %(pictures)d) * NET_INPUT_SIZE,
                             (int32_t)labels[i %% %(pictures)d], 0.02f, &head);
  status |= answers(arena, arena_bytes, in, out + %(pictures)d);
  memcpy(out + 2 * %(pictures)d, &head, sizeof head);
  if (net_train_step(arena, arena_bytes, in, NET_HEAD_CLASSES, 1, &head) != NET_NO_SUCH_CLASS) return -101;
  return status;
}
'''


def learner(thimble, model, kind, folder):
    """The exported package with what lets it learn beside it."""
    subprocess.run([thimble, 'export', model, '-q', '--trainable-head', '--name', 'net', '-o', folder, '--examples', '0'],
                   check=True, stdout=subprocess.DEVNULL)
    with open(f'{folder}/src/net.h', encoding='utf-8') as file:
        header = file.read()
    number = lambda name: int(re.search(rf'#define NET_{name} (\d+)', header)[1])
    words = {'pictures': PICTURES, 'passes': PASSES, 'type': kind, 'arena': number('ARENA_BYTES'),
             'inputs': PICTURES * (number('INPUT_SIZE') + 1), 'outputs': 2 * PICTURES + number('HEAD_BYTES')}
    for name, text in (('learn.h', HEADER), ('learn.c', SOURCE)):
        with open(f'{folder}/src/{name}', 'w', encoding='utf-8') as file:
            file.write(text % words)
    return package.load(folder, 'learn')


def sample(kind, folder):
    pictures = uno.idx('datasets/mnist/t10k-images-idx3-ubyte.gz', 16)[:784 * PICTURES]
    labels = bytes((label + 1) % CLASSES for label in uno.idx('datasets/mnist/t10k-labels-idx1-ubyte.gz', 8)[:PICTURES])
    if kind == 'float':
        return array.array('f', [value / 255 for value in pictures] + list(labels)).tobytes(), labels
    return uno.quantised(pictures, folder, 'net') + labels, labels


def check(thimble, model, kind, chosen):
    with tempfile.TemporaryDirectory() as folder:
        learn = learner(thimble, model, kind, folder)
        inputs, labels = sample(kind, folder)
        here, expected = runner.on_this_machine(learn, inputs)
        outcomes = [here] + [runner.run_board(learn, board, level, inputs, expected)[0] for board in chosen
                             for level in ('2', 's')] if here.status == 'ok' else [here]
    report.table(outcomes)
    right = [sum(a == b for a, b in zip(expected[at:at + PICTURES], labels)) for at in (0, PICTURES)]
    print(f'{kind}: {right[0]} of {PICTURES} pictures right before, {right[1]} after {PICTURES * PASSES} steps')
    learned = right[0] <= 0.2 * PICTURES and right[1] >= 0.8 * PICTURES
    return report.exit_status(outcomes) or (0 if learned else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--boards', nargs='+', metavar='BOARD', default=BOARDS)
    o = parser.parse_args()
    chosen = boards.chosen(o.boards)
    with tempfile.TemporaryDirectory() as folder:
        trained = os.path.join(folder, 'float32.tflite')
        subprocess.run([o.thimble, 'train', 'studies/mnist_uno.toml', '-q', '-o', trained, '--preset', 'ci'], check=True,
                       stdout=subprocess.DEVNULL)
        results = [check(o.thimble, 'tests/micro/mnist_uno.tflite', 'int8_t', chosen), check(o.thimble, trained, 'float', chosen)]
    return 1 if 1 in results else max(results)


if __name__ == '__main__':
    sys.exit(main())
