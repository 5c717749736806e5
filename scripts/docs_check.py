#!/usr/bin/env python3
"""Runs the commands that the documentation shows.

    docs_check.py [--program DIR] [FILE…]        default: README.md and docs/*.md

In every ```console block, each line that starts with "$ " is a command (a trailing \\ continues it, <<END takes
the lines to END); the other lines are output and are ignored. A block marked ```console skip-ci is left out. The
commands of one file run in order in one temporary directory that has the repository's studies, datasets, tests and
examples in it and DIR (default build/release) first in PATH. They run in a short form: `thimble study` and `thimble train` get
`--preset ci` (in place of another preset), `build/release/thimble` is `thimble`. Each must end with status 0, or N
where the line ends in "# exit N", within 60 s. Standard library only.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = ('studies', 'datasets', 'tests', 'examples', 'scripts', 'docs')
TIMEOUT = 60


def commands_of(path):
    """[(line number, command)] of the file's console blocks."""
    found, inside, run = [], False, False
    with open(path, encoding='utf-8') as file:
        lines = file.read().split('\n')
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if line.startswith('```'):
            info = line[3:].split()
            inside = not inside and bool(info) and info[0] == 'console'
            run = inside and 'skip-ci' not in info
        elif run and line.startswith('$ '):
            number, command = at, line[2:]
            while command.endswith('\\') and at < len(lines):
                command = command[:-1] + lines[at].strip()
                at += 1
            here = re.search(r"<<'?(\w+)'?$", command)
            while here and at < len(lines):
                command += '\n' + lines[at]
                at += 1
                if lines[at - 1] == here[1]:
                    break
            found.append((number, command))
    return found


def short_form(command):
    command = command.replace('build/release/thimble', 'thimble')
    if re.match(r'thimble (study|train) (?!--help)\S', command):
        command = re.sub(r' --preset[ =]\S+', '', command)
        command = re.sub(r'(thimble (study|train) \S+)', r'\1 --preset ci', command, count=1)
    return command


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', default=os.path.join(REPO, 'build/release'), help='folder of the program')
    parser.add_argument('files', nargs='*')
    options = parser.parse_args()
    files = options.files or ['README.md'] + sorted(glob.glob('docs/*.md', root_dir=REPO))
    env = dict(os.environ, PATH=os.path.abspath(options.program) + os.pathsep + os.environ['PATH'], NO_COLOR='1',
               LC_ALL='C.UTF-8')
    passed = failed = 0
    for name in files:
        with tempfile.TemporaryDirectory(prefix='docs-') as folder:
            for shared in SHARED:
                if os.path.exists(os.path.join(REPO, shared)):
                    os.symlink(os.path.join(REPO, shared), os.path.join(folder, shared))
            for number, shown in commands_of(os.path.join(REPO, name)):
                match = re.search(r'\s+# exit (\d+)$', shown)
                wanted = int(match[1]) if match else 0
                command = short_form(shown[:match.start()] if match else shown)
                start = time.monotonic()
                try:
                    done = subprocess.run(['bash', '-c', command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                          errors='replace', timeout=TIMEOUT, check=False)
                    good, detail = done.returncode == wanted, f'exit {done.returncode}\n{done.stdout[-2000:]}'
                except subprocess.TimeoutExpired:
                    good, detail = False, f'still running after {TIMEOUT} s'
                print(f'{"ok    " if good else "FAILED"} {name}:{number} {time.monotonic() - start:5.1f} s  {command.splitlines()[0]}')
                if not good:
                    print('       ' + detail.rstrip().replace('\n', '\n       '))
                passed, failed = passed + good, failed + (not good)
    print(f'docs_check: {passed} command(s) run, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
