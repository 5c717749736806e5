#!/usr/bin/env python3
"""Runs text-file tests of the command line (tests/scenario/README.md describes the format).

    run_scenarios.py [--program DIR] [--slower N] [--verbose] FILE…

Each file runs in its own temporary directory with DIR (default build/release) first in PATH and REPO set to
the repository. Prints one line per file, and for a failure the line, the command, what was expected and what
came. Exit status 1 if any failed. Standard library only.
"""
import argparse
import json
import operator
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMPARE = {'==': operator.eq, '!=': operator.ne, '<': operator.lt, '<=': operator.le, '>': operator.gt,
           '>=': operator.ge}
DEFAULT_TIMEOUT = 120


class Failure(Exception):
    pass


class ScenarioError(Failure):
    """The scenario itself is written wrongly."""


def parse_value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def lookup(document, path):
    """(found, value) of a dotted path; a number indexes a list, '#' is its length."""
    for key in [] if path == '.' else path.split('.'):
        if key == '#' and isinstance(document, (list, dict, str)):
            document = len(document)
        elif isinstance(document, list) and re.fullmatch(r'-?\d+', key) and -len(document) <= int(key) < len(document):
            document = document[int(key)]
        elif isinstance(document, dict) and key in document:
            document = document[key]
        else:
            return False, None
    return True, document


def check_json(text, rest):
    """`PATH OP VALUE` or `PATH exists` on JSON text."""
    words = rest.split(None, 2)
    if len(words) < 2:
        raise ScenarioError(f'json needs PATH OP VALUE: {rest}')
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Failure(f'not JSON: {error}') from None
    found, value = lookup(document, words[0])
    if words[1] == 'exists':
        return found, f'{words[0]} is {"there" if found else "absent"}'
    if len(words) != 3:
        raise ScenarioError(f'json needs PATH OP VALUE: {rest}')
    if not found:
        return False, f'{words[0]} is absent'
    wanted = parse_value(words[2])
    if words[1] == 'contains':
        return wanted in value, f'{words[0]} is {value!r}'
    if words[1] not in COMPARE:
        raise ScenarioError(f'unknown comparison {words[1]}')
    try:
        return COMPARE[words[1]](value, wanted), f'{words[0]} is {value!r}'
    except TypeError:
        return False, f'{words[0]} is {value!r}, which does not compare with {wanted!r}'


def check_text(what, text, rest):
    """`contains TEXT`, `matches REGEX`, `empty`, `json …` on a text."""
    verb, _, argument = rest.partition(' ')
    if verb == 'contains':
        return argument in text, f'{what} was:\n{text}'
    if verb == 'matches':
        return re.search(argument, text, re.MULTILINE) is not None, f'{what} was:\n{text}'
    if verb == 'empty' and not argument:
        return text == '', f'{what} was:\n{text}'
    if verb == 'json':
        return check_json(text, argument)
    raise ScenarioError(f'unknown check: {what} {rest}')


def check_file(folder, rest, env):
    """`PATH exists`, `PATH size OP N`, `PATH contains|matches|json …`."""
    words = rest.split(None, 1)
    if len(words) != 2:
        raise ScenarioError(f'file needs PATH and a check: {rest}')
    path = os.path.join(folder, re.sub(r'\$REPO\b', env['REPO'], words[0]))
    there = os.path.exists(path)
    if words[1] == 'exists':
        return there, f'{words[0]} is {"there" if there else "absent"}; beside it: {sorted(os.listdir(folder))}'
    if not there:
        return False, f'{words[0]} is absent'
    if words[1].startswith('size '):
        _, compare, number = words[1].split()
        size = os.path.getsize(path)
        return COMPARE[compare](size, int(number)), f'{words[0]} has {size} bytes'
    with open(path, encoding='utf-8', errors='replace') as file:
        return check_text(words[0], file.read(), words[1])


class Scenario:
    def __init__(self, path, program_dir, slower, verbose):
        self.path, self.slower, self.verbose = path, slower, verbose
        self.env = dict(os.environ, REPO=REPO, PATH=os.path.abspath(program_dir) + os.pathsep + os.environ['PATH'],
                        NO_COLOR='1', LC_ALL='C.UTF-8')
        self.timeout = DEFAULT_TIMEOUT * slower
        self.last = None            # (line number, command, completed process)
        self.exit_checked = True
        self.checks = 0

    def fail(self, number, line, detail):
        shown = f'\n    $ {self.last[1]}\n    exit {self.last[2].returncode}' if self.last else ''
        if self.last and self.last[2].stderr and 'stderr was' not in detail:
            detail += '\nstderr was:\n' + self.last[2].stderr
        if len(detail) > 3000:
            detail = detail[:3000] + '…'
        indented = detail.rstrip().replace('\n', '\n    ')
        raise Failure(f'{self.path}:{number}: {line}{shown}\n    {indented}')

    def finish_command(self, number):
        """A command without an `exit` line must have ended with 0."""
        if not self.exit_checked and self.last[2].returncode != 0:
            self.fail(self.last[0], 'exit 0 (expected where no other is named)', f'exit {self.last[2].returncode}')
        self.exit_checked = True

    def command(self, number, command, folder):
        self.finish_command(number)
        if self.verbose:
            print(f'  $ {command}', file=sys.stderr)
        try:
            done = subprocess.run(['bash', '-c', command], cwd=folder, env=self.env, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, errors='replace', timeout=self.timeout, check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f'{self.path}:{number}: $ {command}\n    still running after {self.timeout} s') from None
        self.last, self.exit_checked = (number, command, done), False

    def check(self, number, line, folder):
        negated = line.startswith('not ')
        body = line[4:] if negated else line
        subject, _, rest = body.partition(' ')
        if subject not in ('exit', 'stdout', 'stderr', 'file'):
            raise ScenarioError(f'{self.path}:{number}: unknown line: {line}')
        if subject != 'file' and self.last is None:
            raise ScenarioError(f'{self.path}:{number}: no command before this check')
        try:
            if subject == 'exit':
                code = self.last[2].returncode
                self.exit_checked = True
                holds, detail = code == int(rest), f'exit {code}\nstdout was:\n{self.last[2].stdout}'
            elif subject == 'file':
                holds, detail = check_file(folder, rest, self.env)
            else:
                holds, detail = check_text(subject, getattr(self.last[2], subject), rest)
        except ScenarioError as error:
            raise ScenarioError(f'{self.path}:{number}: {error}') from None
        except Failure as error:
            holds, detail = negated, str(error)
        self.checks += 1
        if holds == negated:
            self.fail(number, line, detail)

    def run(self, folder):
        with open(self.path, encoding='utf-8') as file:
            lines = list(enumerate(file.read().split('\n'), 1))
        at = 0
        while at < len(lines):
            number, line = lines[at]
            at += 1
            if not line.strip() or line.startswith('#'):
                continue
            if line.startswith('$ '):
                command = line[2:]
                while command.endswith('\\') and at < len(lines):
                    command = command[:-1] + lines[at][1].strip()
                    at += 1
                self.command(number, command, folder)
            elif line.startswith('timeout '):
                self.timeout = float(line.split()[1]) * self.slower
            elif line.startswith('write '):
                name, content = shlex.split(line)[1], []
                while at < len(lines) and lines[at][1] != 'end':
                    content.append(lines[at][1])
                    at += 1
                if at == len(lines):
                    raise ScenarioError(f'{self.path}:{number}: write without end')
                at += 1
                os.makedirs(os.path.dirname(os.path.join(folder, name)) or folder, exist_ok=True)
                with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                    file.write(''.join(text + '\n' for text in content))
            else:
                self.check(number, line.rstrip(), folder)
        self.finish_command(len(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', default=os.path.join(REPO, 'build/release'), help='folder of the program')
    parser.add_argument('--slower', type=float, default=1, help='times as long as each command may take')
    parser.add_argument('--verbose', action='store_true', help='print commands as they run')
    parser.add_argument('files', nargs='+')
    options = parser.parse_args()
    failed = 0
    for path in options.files:
        scenario, start = Scenario(path, options.program, options.slower, options.verbose), time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix='scenario-') as folder:
                scenario.run(folder)
        except Failure as failure:
            failed += 1
            print(f'FAILED {failure}')
        else:
            print(f'ok     {path} ({scenario.checks} checks, {time.monotonic() - start:.1f} s)')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
