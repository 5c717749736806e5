#!/usr/bin/env python3
"""Whole packages of `thimble export`: what the ecosystems demand of each kind, that all of it compiles without a warning as C99
and C++11 with every compiler that is here, what the objects need from outside, and that the examples run.

  tests/micro/test_packages.py --thimble build/release/thimble [--only WORD] [--keep DIR]

Compilers that are not installed are left out and named. Standard library only; run from the project's root.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import boards
import package as packages
import package_rules
import runner

STRICT = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror', '-O2', '-ffunction-sections', '-fdata-sections']
M4 = ['-mcpu=cortex-m4', '-mthumb']
COMPILERS = [  # C99, C++11
    ('gcc', ['gcc', '-std=c99'], ['g++', '-std=c++11']),
    ('clang', ['clang', '-std=c99'], ['clang++', '-std=c++11']),
    ('arm', ['arm-none-eabi-gcc', *M4, '-std=c99'], ['arm-none-eabi-g++', *M4, '-std=c++11', '-fno-exceptions']),
    ('m0', ['arm-none-eabi-gcc', '-mcpu=cortex-m0', '-mthumb', '-std=c99'], None),
    ('avr', ['avr-gcc', '-mmcu=atmega2560', '-std=c99'], ['avr-g++', '-mmcu=atmega2560', '-std=c++11']),
    ('m55', ['arm-none-eabi-gcc', '-mcpu=cortex-m55', '-mthumb', '-std=c99'], ['arm-none-eabi-g++', '-mcpu=cortex-m55', '-mthumb', '-std=c++11']),
]
MODELS = {  # name: file, of integers only
    'hello': ('tests/models/micro/hello_world_int8.tflite', True),
    'kws': ('tests/models/mlperf-tiny/kws_ref_model.tflite', True),
    'rnn': ('tests/models/micro/trained_lstm_int8.tflite', True),
    'sine': ('tests/models/micro/hello_world_float.tflite', False),
    'real': ('tests/goldens/written/27_float32.tflite', False),
    'cells': ('tests/goldens/written/30_float32.tflite', False),
    'tiny': ('tests/goldens/written/37_int8_percentile.tflite', True),
    'bytes': ('tests/goldens/written/03_int8_float.tflite', False),
}
# What objects may need of the outside: the C library, and the compiler's own for whole numbers. Floats (aeabi_f…) and
# double (aeabi_d…) are no part of it.
INTEGERS = {'gcc': r'mem(cpy|set)|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail', 'clang': r'mem(cpy|set)|_GLOBAL_OFFSET_TABLE_',
            'avr': r'mem(cpy|set)|__(?!\w*sf)\w+',
            'arm': r'mem(cpy|set)|__aeabi_(u?ldivmod|l(mul|lsl|lsr|asr)|mem[a-z0-9]+)',
            'm0': r'mem(cpy|set)|__aeabi_(u?idiv(mod)?|u?ldivmod|l(mul|lsl|lsr|asr|cmp)|mem[a-z0-9]+)|__gnu_thumb1_case_\w+|__clz[sd]i2',
            'm55': r'mem(cpy|set)|__aeabi_(u?ldivmod|l(mul|lsl|lsr|asr)|mem[a-z0-9]+)'}
FLOATS = r'(exp|tanh|sqrt|log|pow|sin|cos|erf|floor|ceil|round|fabs|fmin|fmax|rint|roundeven|nearbyint)f'
FLOATS_WITHOUT_UNIT = r'__aeabi_(f(r?sub|add|mul|div|cmp[a-z]+|2u?[il]z)|u?[il]2f|cf[a-z]+)|__\w*sf\w*'


def call(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


class Checks:
    """Counts, and says what went wrong."""

    def __init__(self):
        self.done, self.failures, self.missing = 0, [], set()

    def expect(self, good, what):
        self.done += 1
        if not good:
            self.failures.append(what)
            print('FAILED', what)
        return good

    def command(self, command, what, **more):
        done = call(command, **more)
        self.expect(done.returncode == 0, f'{what}: {" ".join(command)}\n{(done.stdout + done.stderr)[:3000]}')
        return done

    def has(self, tool):
        if shutil.which(tool):
            return True
        self.missing.add(tool)
        return False


def export(checks, options, folder, name, kind, *more):
    made = os.path.join(folder, f'{name}-{kind}')
    checks.command([options.thimble, 'export', MODELS[name][0], '--name', name, '--format', kind, '-o', made, '-q', *more], 'export')
    return made


def check_rules(checks, options, folder, name):
    """Every kind of folder, and that all ship the same sources."""
    plain = export(checks, options, folder, name, 'c')
    for kind in package_rules.RULES:
        made = plain if kind == 'c' else export(checks, options, folder, name, kind)
        for complaint in package_rules.complaints(kind, made, name):
            checks.expect(False, f'{name}, {kind}: {complaint}')
        same = call(['diff', '-r', f'{plain}/src', f'{made}/src'])
        checks.expect(same.returncode == 0, f'{name}: sources of {kind} are others than those of c: {same.stdout[:500]}')
    return plain


def needs(compiler, objects):
    """Symbols that the objects do not bring along themselves."""
    nm = 'arm-none-eabi-nm' if compiler.startswith('arm-none-eabi') else 'nm'
    defined, wanted = set(), set()
    for line in call([nm, *objects]).stdout.splitlines():
        found = re.fullmatch(r'(?:[0-9a-f]+)? +([A-Za-z]) (\S+)', line)
        if found:
            (wanted if found[1] in 'Uw' else defined).add(found[2])
    return wanted - defined


def check_compiles(checks, folder, name):
    """All sources, the C++ class and the example; what the network's object needs."""
    src = os.path.join(folder, 'src')
    integers = MODELS[name][1]
    for word, c, cxx in COMPILERS:
        if not checks.has(c[0]):
            continue
        objects = []
        for source in sorted(os.listdir(src)):
            if source.endswith('.c'):
                made = os.path.join(folder, f'{word}-{source}.o')
                checks.command([*c, *STRICT, '-I', src, '-c', os.path.join(src, source), '-o', made], f'{name}, {word}')
                objects.append(made)
                if cxx:
                    checks.command([*cxx, *STRICT, '-x', 'c++', '-I', src, '-c', os.path.join(src, source), '-o', os.devnull],
                                   f'{name}, {word} as C++')
        wrapper = os.path.join(folder, f'{word}-wrapper.cc')
        with open(wrapper, 'w', encoding='utf-8') as file:
            file.write(f'#include "{name}.hpp"\nstatic {name}_network network;\nint used();\nint used() {{ return network.run(); }}\n')
        for cxx in [cxx] + ([['g++', '-std=c++20']] if word == 'gcc' else []) if cxx else []:
            checks.command([*cxx, *STRICT, '-I', src, '-c', wrapper, '-o', wrapper + '.o'], f'{name}, {word}: the C++ class')
        # avr-libc calls expf exp: its double has 32 bits
        allowed = INTEGERS[word] if integers else f'{INTEGERS[word]}|{FLOATS}{"?" if word == "avr" else ""}|{FLOATS_WITHOUT_UNIT}'
        extra = {symbol for symbol in needs(c[0], objects) if not re.fullmatch(allowed, symbol)}
        checks.expect(not extra, f'{name}, {word}: objects need {sorted(extra)}')
        example = os.path.join(folder, f'{word}-example')
        link = ['--specs=nosys.specs', '-Wl,--no-warnings'] if word not in ('gcc', 'clang') else []
        if word in ('gcc', 'clang', 'arm'):
            done = call([*c, *STRICT, '-I', src, os.path.join(folder, 'examples/posix/main.c'), *objects, '-o', example, '-lm', *link])
            checks.expect(done.returncode == 0, f'{name}, {word}: the example does not link: {done.stderr[:2000]}')
        if word in ('gcc', 'clang'):
            output = checks.command([example], f'{name}, {word}: the example').stdout
            checks.expect('self-test 0\n' in output and 'status 0\n' in output, f'{name}, {word}: {output}')
    return src


REAL = '''#include <stdio.h>
#include "{name}.h"
static union {{ long long align; uint8_t bytes[{macro}_ARENA_BYTES]; }} arena;
static {type} in[{macro}_INPUT_SIZE];
static float x[{macro}_INPUT_SIZE], y[{macro}_OUTPUT_SIZE];
int main(void) {{
  size_t i;
  int status;
  if (fread(in, sizeof in, 1, stdin) != 1) return 1;
  for (i = 0; i < {macro}_INPUT_SIZE; ++i) x[i] = {real};
  status = {name}_run_float(arena.bytes, sizeof arena.bytes, x, y);
  if (status) return status;
  if ({name}_run_float(arena.bytes, {macro}_ARENA_BYTES - 1, x, y) != {macro}_ARENA_TOO_SMALL) return 2;
  for (i = 0; i < {macro}_OUTPUT_SIZE; ++i) printf("%.9g ", (double)y[i]);
  {class_}
  return 0;
}}
'''


def check_real(checks, options, folder, name):
    """run_float and predict_class: of the first example they give what the golden answer says."""
    made = export(checks, options, folder, name, 'c') + '/'
    header = package_rules.text_of(made, 'src', f'{name}.h')
    macro = name.upper()
    kind = re.search(rf'{name}_run\(.*const (\w+) \*in, (\w+) \*out', header)

    def golden(word, size):
        with open(f'{made}extras/golden/{word}_0.npy', 'rb') as file:
            data = file.read()
        start = 10 + struct.unpack('<H', data[8:10])[0]
        return data[start:start + size]
    sizes = {word: int(re.search(rf'{macro}_{word}_SIZE (\d+)', header)[1]) for word in ('INPUT', 'OUTPUT')}
    width = {'float': 4, 'int8_t': 1, 'uint8_t': 1}
    raw = golden('output', sizes['OUTPUT'] * width[kind[2]])
    if kind[2] == 'float':
        wanted = list(struct.unpack(f'<{sizes["OUTPUT"]}f', raw))
    else:
        scale = float(re.search(rf'{macro}_OUTPUT_SCALE (\S+?)f?\n', header)[1])
        zero = int(re.search(rf'{macro}_OUTPUT_ZERO_POINT \((-?\d+)\)', header)[1])
        wanted = [scale * (value - zero) for value in struct.unpack(f'{len(raw)}{"b" if kind[2] == "int8_t" else "B"}', raw)]
    real = 'in[i]' if kind[1] == 'float' else f'{macro}_INPUT_SCALE * (float)(in[i] - {macro}_INPUT_ZERO_POINT)'
    class_ = f'printf("%d", (int){name}_predict_class(arena.bytes, sizeof arena.bytes, in));' if 'predict_class' in header else ''
    source = os.path.join(folder, f'{name}-real.c')
    with open(source, 'w', encoding='utf-8') as file:
        file.write(REAL.format(name=name, macro=macro, type=kind[1], real=real, class_=class_))
    if not checks.command(['gcc', '-std=c99', *STRICT, f'-I{made}src', source, f'{made}src/{name}.c', '-lm', '-o', source + '.bin'],
                          f'{name}: run_float').returncode:
        done = subprocess.run([source + '.bin'], input=golden('input', sizes['INPUT'] * width[kind[1]]), capture_output=True, check=False)
        words = done.stdout.decode().split()
        got = [float(word) for word in words[:sizes['OUTPUT']]]
        close = len(got) == len(wanted) and all(abs(a - b) <= 1e-5 * max(1, abs(b)) for a, b in zip(got, wanted))
        checks.expect(done.returncode == 0 and close, f'{name}: run_float ended with {done.returncode} {got}, wanted {wanted}')
        if class_:
            checks.expect(int(words[-1]) == wanted.index(max(wanted)), f'{name}: predict_class {words[-1]} of {wanted}')
    for word, c, cxx in COMPILERS:  # what is inline is compiled by its callers
        if checks.has(c[0]):
            for compiler in [c] + ([[*cxx, '-x', 'c++']] if cxx else []):
                checks.command([*compiler, *STRICT, f'-I{made}src', '-c', source, '-o', os.devnull], f'{name}, {word}: run_float')
    # A program that calls only NAME_run has no float code, optimised or not.
    if MODELS[name][1] and checks.has('arm-none-eabi-gcc'):
        for level in ('-O0', '-O2'):
            call_only = os.path.join(folder, f'{name}-only.c')
            with open(call_only, 'w', encoding='utf-8') as file:
                file.write(f'#include "{name}.h"\nint only(void *a, const int8_t *x, int8_t *y);\n'
                           f'int only(void *a, const int8_t *x, int8_t *y) {{ return {name}_run(a, {macro}_ARENA_BYTES, x, y); }}\n')
            checks.command(['arm-none-eabi-gcc', '-mcpu=cortex-m0', '-mthumb', level, f'-I{made}src', '-c', call_only, '-o', call_only + '.o'],
                           f'{name}: a caller')
            wanted = needs('arm-none-eabi-gcc', [call_only + '.o'])
            checks.expect(wanted == {f'{name}_run'}, f'{name}: a caller of {name}_run needs {sorted(wanted)}')


def check_sketch(checks, options, folder, name):
    made = export(checks, options, folder, name, 'arduino')
    sketch = f'{made}/examples/{name.capitalize()}/{name.capitalize()}.ino'
    own = os.path.join(boards.HERE, 'arduino')
    objects = []
    for source in (f'{name}.c', f'{name}_self_test.c'):
        objects.append(f'{made}-{source}.o')
        checks.command(['gcc', '-std=gnu11', '-O2', '-c', f'{made}/src/{source}', '-o', objects[-1]], f'{name}: for the sketch')
    checks.command(['g++', '-std=gnu++11', '-Wall', '-Wextra', '-Werror', '-I', own, '-I', f'{made}/src',
                    f'-DSKETCH="{os.path.abspath(sketch)}"', f'{own}/main.cc', *objects, '-lm', '-o', f'{made}-sketch'], f'{name}: the sketch')
    output = checks.command([f'{made}-sketch'], f'{name}: the sketch').stdout
    checks.expect(output.startswith('self-test: 0\n') and output.count('status 0\n') == 3, f'{name}: the sketch says {output}')


def check_array(checks, options, folder):
    made = export(checks, options, folder, 'hello', 'header')
    source = os.path.join(folder, 'array.c')
    with open(source, 'w', encoding='utf-8') as file:
        file.write('#include <stdio.h>\n#include "hello.h"\nint main(void) { return fwrite(hello, 1, hello_len, stdout) != hello_len; }\n')
    checks.command(['gcc', '-std=c99', *STRICT, '-I', made, source, '-o', source + '.bin'], 'the array')
    written = subprocess.run([source + '.bin'], capture_output=True, check=False).stdout
    with open(MODELS['hello'][0], 'rb') as file:
        checks.expect(written == file.read(), 'the array is not the file')


def check_cmake(checks, options, folder):
    """The component of ESP-IDF is a library of any CMake project as well."""
    made = export(checks, options, folder, 'hello', 'idf')
    checks.command(['cmake', '-S', made, '-B', f'{made}-build'], 'cmake')
    checks.command(['cmake', '--build', f'{made}-build'], 'cmake --build')


def check_board(checks, options, folder, name):
    """The same answers and a self-test that passes on an emulated Cortex-M4 and M0."""
    made = packages.load(export(checks, options, folder, name, 'c'))
    inputs = made.random_inputs(2)
    here, expected = runner.on_this_machine(made, inputs)
    checks.expect(here.status == 'ok', f'{name} here: {here.why}')
    for word in ('m0', 'm4'):
        outcome, _ = runner.run_board(made, boards.BY_NAME[word], '2', inputs, expected)
        if outcome.status == 'skipped':
            checks.missing.add(outcome.why)
        else:
            checks.expect(outcome.status == 'ok', f'{name} on {word}: {outcome.status}: {outcome.why}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--only', default='', help='only checks whose name has this word')
    parser.add_argument('--keep', help='work in this folder and leave it')
    options = parser.parse_args()
    checks = Checks()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or temporary
        jobs = [('array', lambda f: check_array(checks, options, f)), ('cmake', lambda f: check_cmake(checks, options, f))]
        for name in MODELS:
            def whole(f, name=name):
                check_compiles(checks, check_rules(checks, options, f, name), name)
            jobs.append((f'package {name}', whole))
            jobs.append((f'real {name}', lambda f, name=name: check_real(checks, options, f, name)))
        for name in ('hello', 'rnn', 'sine'):
            jobs.append((f'sketch {name}', lambda f, name=name: check_sketch(checks, options, f, name)))
            jobs.append((f'board {name}', lambda f, name=name: check_board(checks, options, f, name)))

        def run(job):
            word, check = job
            own = os.path.join(folder, word.replace(' ', '-'))
            os.makedirs(own, exist_ok=True)
            try:
                check(own)
            except Exception as problem:  # pylint: disable=broad-except
                checks.expect(False, f'{word}: {type(problem).__name__} {problem}')
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(run, [job for job in jobs if options.only in job[0]]))
    for tool in sorted(checks.missing):
        print(f'left out: {tool}')
    print(f'test_packages: {checks.done} checks, {len(checks.failures)} failed')
    return 1 if checks.failures or not checks.done else 0


if __name__ == '__main__':
    sys.exit(main())
