#!/usr/bin/env python3
"""The text that `thimble export` writes for three small networks, held to the files of tests/goldens/packages: a change of
the generator shows as a change of C that a reviewer can read.

  tests/micro/golden_packages.py --thimble build/release/thimble [--update]

Compared are NAME.h, NAME.hpp, NAME.c and NAME_weights.h; the kernels that are shipped beside them stand in src/ anyway. Standard
library only; run from the project's root.
"""
import argparse
import difflib
import os
import subprocess
import sys
import tempfile

GOLDENS = 'tests/goldens/packages'
MODELS = {
    'hello': 'tests/models/micro/hello_world_int8.tflite',           # three dense layers, int8
    'tiny': 'tests/goldens/written/37_int8_percentile.tflite',       # convolutions, a table, padding, softmax
    'cells': 'tests/goldens/written/30_float32.tflite',              # an LSTM in float32, with states
}


def exported(thimble, name):
    """{file: text} of a package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([thimble, 'export', MODELS[name], '--name', name, '-o', folder, '-q', '--json', '--examples', '0'],
                       check=True, stdout=subprocess.DEVNULL)
        texts = {}
        for file in (f'{name}.h', f'{name}.hpp', f'{name}.c', f'{name}_weights.h'):
            with open(os.path.join(folder, 'src', file), encoding='utf-8') as opened:
                texts[file] = opened.read()
        return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--update', action='store_true', help='write the files anew')
    options = parser.parse_args()
    different = 0
    for name in MODELS:
        for file, text in exported(options.thimble, name).items():
            path = os.path.join(GOLDENS, name, file)
            if options.update:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, 'w', encoding='utf-8') as opened:
                    opened.write(text)
                continue
            golden = ''
            if os.path.exists(path):
                with open(path, encoding='utf-8') as opened:
                    golden = opened.read()
            if text != golden:
                different += 1
                lines = list(difflib.unified_diff(golden.split('\n'), text.split('\n'), path, 'exported now', lineterm=''))
                print('\n'.join(lines[:60] + (['...'] if len(lines) > 60 else [])))
    if different:
        print(f'golden_packages: {different} files differ; if they are meant to:\n'
              f'  tests/micro/golden_packages.py --thimble {options.thimble} --update')
    return 1 if different else 0


if __name__ == '__main__':
    sys.exit(main())
