"""One package on one board: compiled, run under emulation, measured."""
import dataclasses
import os
import random
import re
import shutil
import struct
import subprocess
import tempfile

import boards
import measure

ENDS = {40: 'its run function returned an error', 41: 'it wrote outside the arena', 42: 'it wrote outside the output',
        43: 'it changed the input', 44: 'it took an arena of one byte too few', 45: 'the stack used all the room there is',
        46: 'the input file ends within a sample', 47: 'the processor met something illegal'}
DRIVER_FLAGS = '-O1 -Wall -Wextra -Werror -fno-builtin'
PACKAGE_FLAGS = '-std=c99 -Wall -Wextra -Wpedantic -Werror -ffp-contract=off -ffunction-sections -fdata-sections ' \
                '-fno-asynchronous-unwind-tables'


@dataclasses.dataclass
class Outcome:
    """What came of one package on one board; None where it was not measured."""
    schema: str
    package: str
    board: str
    core: str
    optimise: str
    status: str = 'ok'            # ok, different, failed, skipped, does not fit
    why: str = ''
    samples: int = None
    input_bytes: int = None
    output_bytes: int = None
    instructions: list = None     # of each sample
    cycles: list = None           # likewise, where the emulator has them
    arena_bytes: int = None
    ram_bytes: int = None         # arena and variables
    stack_bytes: int = None
    largest_frame: tuple = None   # bytes, function, whether known when compiled
    flash_bytes: int = None       # code, constants, initial values of variables
    code_bytes: int = None
    constants_bytes: int = None
    library_bytes: int = None     # what it needs of the compiler's and the C library


class Stop(Exception):
    """Why a board gives no answers: status, reason."""


def contents(path):
    with open(path, 'rb') as file:
        return file.read()


def no_program(what, errors):
    """What compilers and linkers say of too much memory is no failure of the package."""
    full = re.findall(r"region [`'].*overflowed by .*|section [`'].* will not fit .*|section [`'].* is not within .*|"
                      r'size of array .* is too large|relocation truncated to fit', errors)
    return Stop('does not fit', '; '.join(dict.fromkeys(full))) if full else Stop('failed', f'{what}:\n{errors}')


def call(command, **more):
    done = subprocess.run(command, capture_output=True, check=False, **more)
    return done.returncode, done.stdout, done.stderr.decode(errors='replace').strip()


def build_tool(name, work, *libraries):
    """A helper of this machine, from tools/."""
    made = os.path.join(work, name)
    flags = ['-shared', '-fPIC'] if name.endswith('.so') else []
    source = os.path.join(boards.HERE, 'tools', os.path.splitext(name)[0] + '.c')
    code, _, errors = call(['gcc', '-std=gnu99', '-O2', '-Wall', '-Wextra', '-Werror', *flags, source, '-o', made, *libraries])
    if code:
        raise Stop('skipped', f'tools/{os.path.basename(source)} does not build (scripts/setup.sh micro): {errors}')
    return made


class Run:
    """A package, a board, a level of optimisation, in a folder of its own."""

    def __init__(self, package, board, optimise, work):
        self.package, self.board, self.optimise, self.work = package, board, optimise, work
        self.program = os.path.join(work, 'program.elf')
        self.flags = board.flags.split()

    def compile(self, source, output, flags):
        code, _, errors = call([self.board.compiler, *self.flags, *flags, '-c', source, '-o', os.path.join(self.work, output)])
        if code:
            raise no_program(f'{os.path.basename(source)} does not compile', errors)
        return output

    def build(self):
        p = self.package
        defines = [f'-DPACKAGE_HEADER="{p.name}.h"', f'-DPACKAGE_RUN={p.run}', f'-DPACKAGE_MACROS={p.macros}',
                   f'-DPACKAGE_IN={p.input_type}', f'-DPACKAGE_OUT={p.output_type}', f'-I{p.folder}']
        stack = ['-fstack-usage'] if self.board.compiler.endswith('gcc') else []
        if self.board.in_arena and p.takes_places:
            defines.append('-DIN_ARENA')
        flags = [*PACKAGE_FLAGS.split(), *stack, f'-O{self.optimise}', f'-I{p.folder}']
        self.objects = [self.compile(source, f'package_{i}.o', flags) for i, source in enumerate(p.sources)]
        driver = [self.compile(os.path.join(boards.HERE, 'board', name), os.path.splitext(name)[0] + '.o',
                               [*DRIVER_FLAGS.split(), '-std=c++11' if name.endswith('.cc') else '-std=gnu99', *defines])
                  for name in ('driver.c', *self.board.start)]
        code, _, errors = call([self.board.compiler, *self.flags, *driver, *self.objects, '-o', self.program,
                                '-Wl,--gc-sections', '-Wl,-Map=program.map', *self.board.link.split()], cwd=self.work)
        if code:
            raise no_program('it does not link', errors)

    def measure(self, outcome):
        size = measure.sizes(os.path.join(self.work, 'program.map'), self.objects)
        outcome.code_bytes, outcome.constants_bytes = size['code'], size['constants']
        outcome.flash_bytes = size['code'] + size['constants'] + size['data']
        outcome.largest_frame = measure.largest_frame(self.work, self.objects)
        if self.board.kind in ('cortex_m', 'bare', 'avr'):  # elsewhere it is the system's
            outcome.library_bytes = size['library']
        return size['data'] + size['bss']

    def symbol(self, name):
        nm = self.board.compiler.replace('gcc', 'nm')
        found = re.search(rf'^([0-9a-f]+) \w {name}$', call([nm, self.program])[1].decode(), re.M)
        return int(found[1], 16) & ~1  # without the mark of Thumb

    def command(self):
        if self.board.kind == 'host':
            return [self.program]
        start, end = self.symbol(self.package.run), self.symbol('board_ran')
        if self.board.kind == 'avr':
            machine = build_tool('avr_machine', self.work, '-lsimavr')
            return [machine, 'atmega328p', self.program, hex(start), hex(end), 'out.bin', 'counts']
        plugin = build_tool('count.so', self.work)
        count = ['-plugin', f'{plugin},from={start:#x},to={end:#x},counts=counts']
        return [*self.board.emulator.split(), *count, *(['-kernel'] if self.board.kind == 'cortex_m' else []), self.program]

    def run(self, inputs, limit):
        data = bytes([self.fill()]) + inputs
        with open(os.path.join(self.work, 'in.bin'), 'wb') as file:
            file.write(data)
        try:
            code, output, errors = call(self.command(), cwd=self.work, input=data, timeout=limit)
        except subprocess.TimeoutExpired as late:
            raise Stop('failed', f'it did not end within {limit} s') from late
        if code == 45 and self.board.kind == 'avr':
            raise Stop('does not fit', ENDS[code])
        if code:
            raise Stop('failed', ENDS.get(code, f'the emulator ended with {code}: {errors}'))
        if self.board.kind in ('cortex_m', 'avr'):
            output = contents(os.path.join(self.work, 'out.bin'))
        return output

    def fill(self):
        """What the arena holds before a run: another byte on every board, for nothing may depend on it."""
        return (boards.BOARDS.index(self.board) * 37 + 85) & 255

    def counts(self):
        if self.board.kind == 'host':
            return None, None
        with open(os.path.join(self.work, 'counts'), encoding='utf-8') as file:
            rows = [[int(word) for word in line.split()] for line in file]
        return [row[0] for row in rows], [row[1] for row in rows if len(row) > 1] or None


def run_board(package, board, optimise, inputs, expected=None, keep=None, limit=600):
    """An Outcome, and the answers' bytes."""
    outcome = Outcome('thimble.board/1', package.name, board.name, board.core, f'-O{optimise}')
    work = os.path.join(os.path.abspath(keep), f'{board.name}-O{optimise}') if keep else tempfile.mkdtemp(prefix='thimble-board-')
    os.makedirs(work, exist_ok=True)
    answers = b''
    try:
        if board.missing():
            raise Stop('skipped', board.missing())
        run = Run(package, board, optimise, work)
        run.build()
        variables = run.measure(outcome)
        output = run.run(inputs, limit)
        answers, (stack, arena, outcome.input_bytes, outcome.output_bytes) = output[:-16], struct.unpack('<4I', output[-16:])
        outcome.samples = len(answers) // max(1, outcome.output_bytes)
        if len(inputs) != outcome.samples * outcome.input_bytes:
            raise Stop('failed', f'{len(answers)} bytes of answers to {len(inputs)} bytes of inputs make no sense')
        outcome.arena_bytes, outcome.ram_bytes = arena, arena + variables
        outcome.stack_bytes = None if board.sanitized() else stack
        outcome.instructions, outcome.cycles = run.counts()
        if expected is not None and answers != expected:
            raise Stop('different', difference(answers, expected, outcome.output_bytes))
    except Stop as stop:
        outcome.status, outcome.why = stop.args
    finally:
        if not keep:
            shutil.rmtree(work)
    return outcome, answers


def difference(answers, expected, size):
    if len(answers) != len(expected):
        return f'{len(answers)} bytes of answers, expected {len(expected)}'
    wrong = [i for i, (a, b) in enumerate(zip(answers, expected)) if a != b]
    i = wrong[0]
    return f'{len(wrong)} of {len(expected)} bytes differ; first in sample {i // size}, byte {i % size}: {answers[i]}, ' \
           f'expected {expected[i]}'


HOST = boards.BY_NAME['gcc']


def on_this_machine(package, inputs):
    """The outcome and the answers of this machine's gcc without optimisation."""
    outcome, answers = run_board(package, HOST, '0', inputs)
    if outcome.status != 'ok':
        raise SystemExit(f'{package.name} does not run on this machine: {outcome.why}')
    return outcome, answers


def random_inputs(package, samples, seed=1):
    """Bytes of as many samples: whole numbers of all sizes, floats between -1 and 1."""
    size = on_this_machine(package, b'')[0].input_bytes
    rng = random.Random(seed)
    if package.input_type == 'float':
        return struct.pack(f'<{samples * size // 4}f', *(rng.uniform(-1, 1) for _ in range(samples * size // 4)))
    return rng.randbytes(samples * size)
