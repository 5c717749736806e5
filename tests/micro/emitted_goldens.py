#!/usr/bin/env python3
"""Every golden model (tests/goldens, tests/models) exported as C, compiled, run, and held to the recorded answers.

  tests/micro/emitted_goldens.py --thimble build/release/thimble [--cc gcc] [--flags "-O1"] [--ram tight] [--only REGEX] [--list]

Models that `thimble export` refuses are counted by reason, and any other end of it is a failure; --least holds the number of
those that it exports. Each
writes into an arena whose end is watched. Standard library only; run from the project's root.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile

BYTES = {'float32': 4, 'int32': 4, 'uint32': 4, 'int64': 8, 'float64': 8, 'complex64': 8, 'int16': 2, 'uint16': 2, 'float16': 2}
WARNINGS = ['-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wno-sign-conversion', '-Werror',
            '-ffp-contract=off']


def size_of(tensor):
    n = BYTES.get(tensor['dtype'], 1)
    for d in tensor['shape']:
        n *= d
    return n


class Case:
    """One golden: its file, its inputs and the answers to them."""

    def __init__(self, name, file, inputs, wanted, compare, tolerance):
        self.name, self.file, self.inputs, self.wanted = name, file, inputs, wanted
        self.compare, self.tolerance = compare, tolerance  # per output: 'bytes' or 'float'


def op_cases(folder):
    with open(f'{folder}/index.json', encoding='utf-8') as f:
        index = json.load(f)
    with open(f'{folder}/data.bin', 'rb') as f:
        data = f.read()
    cut = lambda t: data[t['offset']:t['offset'] + size_of(t)]
    for c in index['cases']:
        compare = ['bytes' if c['compare'] == 'bytes' or t['dtype'] != 'float32' else 'float' for t in c['outputs']]
        yield Case(os.path.basename(folder) + '.' + c['name'], f"{folder}/{c['file']}", [cut(t) for t in c['inputs']],
                   [cut(t) for t in c['outputs']], compare, c.get('tolerance', 1e-5))


DRIVER = '''#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "{name}.h"
int drive_{name}(FILE *in, FILE *out);
static union {{ int64_t align; unsigned char bytes[{macro}_ARENA_BYTES + 64]; }} arena;
{buffers}
int drive_{name}(FILE *in, FILE *out) {{
  const void *const ins[] = {{{ins}}};
  void *const outs[] = {{{outs}}};
  int status;
{reads}
  memset(arena.bytes, 0x5a, sizeof arena.bytes);
  status = {call};
  if (status) return status;
  {{ size_t i; for (i = 0; i < 64; ++i) if (arena.bytes[{macro}_ARENA_BYTES + i] != 0x5a) return -99; }}
{writes}
  return 0;
}}
'''


def driver(name, case, header):
    macro = name.upper()
    plain = f'int {name}_run(' in header
    buffers = reads = writes = ''
    ins, outs = [], []
    for i, x in enumerate(case.inputs):
        buffers += f'static union {{ int64_t align; unsigned char bytes[{max(len(x), 1)}]; }} in{i};\n'
        reads += f'  if (fread(in{i}.bytes, 1, {len(x)}, in) != {len(x)}) return -98;\n'
        ins.append(f'in{i}.bytes')
    for i, y in enumerate(case.wanted):
        buffers += f'static union {{ int64_t align; unsigned char bytes[{max(len(y), 1)}]; }} out{i};\n'
        writes += f'  fwrite(out{i}.bytes, 1, {len(y)}, out);\n'
        outs.append(f'out{i}.bytes')
    call = f'{name}_run(arena.bytes, {macro}_ARENA_BYTES, (const void *)ins[0], (void *)outs[0])' if plain else \
        f'{name}_run_io(arena.bytes, {macro}_ARENA_BYTES, ins, outs)'
    return DRIVER.format(name=name, macro=macro, buffers=buffers, ins=', '.join(ins), outs=', '.join(outs),
                         reads=reads, writes=writes, call=call)


def floats(data):
    return struct.unpack(f'<{len(data) // 4}f', data)


def difference(got, wanted, compare, tolerance):
    if len(got) != len(wanted):
        return f'{len(got)} bytes in place of {len(wanted)}'
    if compare == 'bytes':
        wrong = [i for i in range(len(got)) if got[i] != wanted[i]]
        return f'{len(wrong)} of {len(got)} bytes differ, the first at {wrong[0]}: {got[wrong[0]]} not {wanted[wrong[0]]}' \
            if wrong else ''
    a, b = floats(got), floats(wanted)
    finite = [abs(v) for v in b if v == v and abs(v) != float('inf')]
    limit = tolerance * max([1.0] + finite)
    for i, (x, y) in enumerate(zip(a, b)):
        if x == y or (x != x and y != y):
            continue
        if not abs(x - y) <= limit:
            return f'element {i} is {x} in place of {y} (allowed {limit})'
    return ''


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--cc', default='cc')
    parser.add_argument('--flags', default='-O1')
    parser.add_argument('--ram', default='balanced', help='balanced or tight, as `thimble export` takes it')
    parser.add_argument('--weights', default='plain', help='as `thimble export` takes it')
    parser.add_argument('--only', default='')
    parser.add_argument('--least', type=int, default=0, help='fail where fewer models than this are exported')
    parser.add_argument('--list', action='store_true', help='name what was refused')
    parser.add_argument('--keep', help='work in this folder and leave it')
    o = parser.parse_args()
    cases = [c for folder in ('ops', 'types', 'reader', 'written') for c in op_cases(f'tests/goldens/{folder}')
             if re.search(o.only, c.name)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = o.keep or temporary
        os.makedirs(folder, exist_ok=True)

        def export(item):
            number, case = item
            name = f'c{number}'
            r = subprocess.run([o.thimble, 'export', case.file, '-q', '--name', name, '-o', f'{folder}/{name}',
                                '--examples', '0', '--ram', o.ram, '--weights', o.weights], capture_output=True, text=True, check=False)
            if r.returncode == 3:  # unsupported, with the reason
                return name, case, r.stderr.strip() or 'no reason is given', None
            if r.returncode:  # below zero: by a signal
                return name, case, None, f'export ends with status {r.returncode}: {r.stderr[:2000]}'
            src = f'{folder}/{name}/src'
            with open(f'{src}/{name}.h', encoding='utf-8') as f:
                header = f.read()
            with open(f'{src}/drive.c', 'w', encoding='utf-8') as f:
                f.write(driver(name, case, header))
            for unit in (name, 'drive'):
                r = subprocess.run([o.cc, *shlex.split(o.flags), *WARNINGS, '-I', src, '-c', f'{src}/{unit}.c', '-o',
                                    f'{src}/{unit}.o'], capture_output=True, text=True, check=False)
                if r.returncode:
                    return name, case, None, f'{unit}.c does not compile:\n{r.stderr[:3000]}'
            return name, case, None, None

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(export, enumerate(cases)))
        refused = collections.Counter()
        failures, ready = [], []
        for name, case, why, error in done:
            if why:
                reason = re.sub(r'.*node \d+ "[^"]*" ', '', why.splitlines()[0])
                refused[reason] += 1
                if o.list:
                    print(f'{case.name}: {why.splitlines()[0]}')
            elif error:
                failures.append(f'{case.name}: {error}')
            else:
                ready.append((name, case))
        main_c = '#include <stdio.h>\n' + ''.join(f'int drive_{n}(FILE *, FILE *);\n' for n, _ in ready)
        main_c += 'int main(void) {\n  FILE *in = fopen("in.bin", "rb"), *out;\n  int s;\n'
        for n, _ in ready:
            main_c += f'  out = fopen("{n}.out", "wb"); s = drive_{n}(in, out); fclose(out);\n'
            main_c += f'  if (s) printf("{n} status %d\\n", s);\n'
        main_c += '  return 0;\n}\n'
        with open(f'{folder}/main.c', 'w', encoding='utf-8') as f:
            f.write(main_c)
        with open(f'{folder}/in.bin', 'wb') as f:
            for _, case in ready:
                f.write(b''.join(case.inputs))
        objects = [f'{folder}/{n}/src/{unit}.o' for n, _ in ready for unit in (n, 'drive')]
        subprocess.run([o.cc, *shlex.split(o.flags), f'{folder}/main.c', *objects, '-lm', '-o', f'{folder}/all'], check=True)
        r = subprocess.run(['./all'], cwd=folder, capture_output=True, text=True, check=False)
        if r.returncode or r.stdout:
            failures.append(f'running: exit {r.returncode} {r.stdout[:2000]} {r.stderr[:2000]}')
        for name, case in ready:
            try:
                with open(f'{folder}/{name}.out', 'rb') as f:
                    got = f.read()
            except OSError:
                failures.append(f'{case.name}: no answer')
                continue
            at = 0
            for i, wanted in enumerate(case.wanted):
                wrong = difference(got[at:at + len(wanted)], wanted, case.compare[i], case.tolerance)
                at += len(wanted)
                if wrong:
                    failures.append(f'{case.name} ({name}) output {i}: {wrong}')
        for reason, count in refused.most_common():
            print(f'{count:4} refused: {reason}')
        for text in failures:
            print('FAIL', text)
        print(f'{len(ready)} of {len(cases)} models exported ({o.ram}, {o.weights} weights), compiled and run with {o.cc} {o.flags}; '
              f'{len(failures)} failures')
        if len(ready) < o.least:
            print(f'fewer than {o.least}')
            return 1
        return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
