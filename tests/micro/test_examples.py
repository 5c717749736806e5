#!/usr/bin/env python3
"""The programs of examples/: the bare one in QEMU, where its tools are; Zephyr's and the sketches on this machine, with stand-ins
of the functions they call, and networks that are trained for it.

  tests/micro/test_examples.py --thimble build/release/thimble

Standard library only; run from the project's root.
"""
import argparse
import gzip
import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
STRICT = ['-Wall', '-Wextra', '-Werror', '-O2']


def call(*command, **more):
    """What it printed; ends the test where it fails."""
    done = subprocess.run(command, capture_output=True, check=False, **more)
    if done.returncode:
        raise AssertionError(f'{" ".join(command)}: {done.returncode}\n{(done.stdout + done.stderr).decode(errors="replace")[:3000]}')
    return done.stdout


def check_sine(lines, pattern, unit):
    """Every line of the pattern has x and something near its sine."""
    found = [(float(x) * unit, float(y) * unit) for x, y in re.findall(pattern, lines)]
    assert len(found) == 13, lines
    for x, y in found:
        assert abs(y - math.sin(x)) < 0.15, f'sin({x}) = {y}'


def bare(thimble, folder):
    missing = [tool for tool in ('arm-none-eabi-gcc', 'qemu-system-arm') if not shutil.which(tool)]
    if missing:
        return f'left out: {", ".join(missing)} not installed (scripts/setup.sh micro)'
    call('make', '-s', '-C', 'examples/cortex_m4', f'THIMBLE={thimble}', f'BUILD={folder}')
    make = ('make', '-s', '-C', 'examples/cortex_m4', f'THIMBLE={thimble}', f'BUILD={folder}', 'run')
    done = subprocess.run(make, capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout + done.stderr
    assert 'self-test passed' in lines, lines
    check_sine(lines, r'x = (\S+) +network (\S+)', 1)
    return 'ran in QEMU'


def zephyr(thimble, folder):
    source = os.path.abspath('examples/zephyr')
    script = ''
    for function in ('cmake_minimum_required', 'find_package', 'project', 'target_sources'):
        script += f'function({function})\nendfunction()\n'
    script += f'include("{source}/CMakeLists.txt")\nmessage("modules ${{ZEPHYR_EXTRA_MODULES}}")\n'
    with open(f'{folder}/check.cmake', 'w', encoding='utf-8') as file:
        file.write(script)
    call('cmake', f'-DTHIMBLE={thimble}', '-P', f'{folder}/check.cmake', cwd=folder)
    src = f'{folder}/sine/src'
    with open('examples/zephyr/prj.conf', encoding='utf-8') as conf, open(f'{folder}/sine/Kconfig', encoding='utf-8') as kconfig:
        symbol = re.search(r'config (\w+)', kconfig.read())[1]
        assert f'CONFIG_{symbol}=y\n' in conf.read(), symbol
    call('gcc', '-std=gnu99', *STRICT, f'-I{HERE}/zephyr', f'-I{src}', 'examples/zephyr/src/main.c', f'{src}/sine.c',
         f'{src}/sine_self_test.c', '-lm', '-o', f'{folder}/program')
    lines = call(f'{folder}/program').decode()
    assert 'self-test: 0' in lines, lines
    check_sine(lines, r'x (\S+), sin\(x\) (\S+) thousandths', 0.001)
    return 'ran here'


def sketch(thimble, folder, name, recipe, data):
    """The sketch as a program, of a network that the recipe's shortest form trains; and the network."""
    call(thimble, 'train', recipe, '--preset', 'ci', '-o', f'{folder}/float.tflite', '-q')
    call(thimble, 'quantize', f'{folder}/float.tflite', '--to', 'int8', '--data', data, '--io', 'int8', '-o', f'{folder}/int8.tflite', '-q')
    call(thimble, 'export', f'{folder}/int8.tflite', '--format', 'arduino', '--name', name, '--data', data, '-o', f'{folder}/library', '-q')
    title = name.capitalize()
    objects = []
    for file in (f'{name}.c', f'{name}_self_test.c'):
        objects.append(f'{folder}/{file}.o')
        call('gcc', '-std=gnu11', *STRICT, '-c', f'{folder}/library/src/{file}', '-o', objects[-1])
    call('g++', '-std=gnu++11', *STRICT, f'-I{HERE}/arduino', f'-I{folder}/library/src',
         f'-DSKETCH="{os.path.abspath(f"examples/arduino/{title}/{title}.ino")}"', f'{HERE}/arduino/main.cc', *objects, '-lm', '-o', f'{folder}/program')
    return f'{folder}/program', f'{folder}/int8.tflite'


def digits(thimble, folder):
    program, network = sketch(thimble, folder, 'digits', 'studies/mnist_lstm.toml', 'mnist')
    with gzip.open('datasets/mnist/t10k-images-idx3-ubyte.gz') as file:
        pictures = file.read()[16:16 + 784 * 20]
    lines = call(program, input=pictures + b'too short').decode().splitlines()
    assert len(lines) == 21 and lines[-1] == 'a picture has 784 bytes', lines
    got = [int(line.split(',')[0]) for line in lines[:-1]]
    with open(f'{folder}/pictures.npy', 'wb') as file:
        file.write(npy('|u1', (20, 28, 28), pictures))
    answers = json.loads(call(thimble, 'run', network, f'{folder}/pictures.npy', '--top', '1', '--json', '-q'))
    wanted = [top[0]['index'] for top in answers['top']]
    assert got == wanted and len(set(got)) > 3, f'{got}, the host says {wanted}'
    return 'answers as the host does'


def surface(thimble, folder):
    program, network = sketch(thimble, folder, 'surface', 'studies/regression_z.toml', 'function:peaks')
    points = [(x / 2, y / 2) for x in range(-4, 5, 2) for y in range(-4, 5, 2)]
    lines = call(program, input=''.join(f'{x} {y}\n' for x, y in points).encode()).decode().splitlines()
    with open(f'{folder}/points.npy', 'wb') as file:
        file.write(npy('<f4', (len(points), 2), b''.join(struct.pack('<2f', *p) for p in points)))
    call(thimble, 'run', network, f'{folder}/points.npy', '--output', f'{folder}/answers.npy', '-q')
    with open(f'{folder}/answers.npy', 'rb') as file:
        wanted = struct.unpack(f'<{len(points)}f', file.read()[-4 * len(points):])
    assert len(lines) == len(wanted) and len(set(lines)) > 5, lines
    for line, answer, point in zip(lines, wanted, points):
        assert abs(float(line) - answer) < 1e-4, f'{point}: {line}, the host says {answer}'
    return 'answers as the host does'


def npy(kind, shape, data):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    head = head.ljust(117) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode() + data


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    thimble = os.path.abspath(parser.parse_args().thimble)
    failed = 0
    for check in (bare, zephyr, digits, surface):
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f'{check.__name__}: {check(thimble, folder)}')
            except (AssertionError, subprocess.SubprocessError) as problem:
                failed += 1
                print(f'{check.__name__}: FAILED {problem}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
