"""One package on one board: compiled, run under emulation, measured."""
import dataclasses
import functools
import os
import re
import shutil
import struct
import subprocess
import tempfile

import boards
import compare
import measure

FIRST_END = 40  # exit statuses from here on are those of board/board.h
DRIVER_FLAGS = '-O1 -Wall -Wextra -Werror -fno-builtin'
PACKAGE_FLAGS = '-std=c99 -ffp-contract=off -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables'
WARNINGS = '-Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Werror'


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
    float_error: float = None     # the largest (compare.py); 0 where all bytes are the same
    instructions: list = None     # of each sample
    cycles: list = None           # likewise, where the emulator has them
    layers: list = None           # instructions of each layer in the first sample, where they were asked for
    arena_bytes: int = None
    ram_bytes: int = None         # arena and variables
    stack_bytes: int = None
    largest_frame: tuple = None   # bytes, function, whether known when compiled
    flash_bytes: int = None       # code, constants, initial values of variables
    code_bytes: int = None
    constants_bytes: int = None
    linked_bytes: int = None     # what it needs of the compiler's and the C library


class Stop(Exception):
    """Why a board gives no answers: status, reason."""


def contents(path):
    with open(path, 'rb') as file:
        return file.read()


@functools.cache
def ends():
    """Exit statuses of the driver: their names in board.h without BOARD_, and the sentences there."""
    with open(os.path.join(boards.HERE, 'board', 'board.h'), encoding='utf-8') as file:
        return dict(enumerate(re.findall(r'^  BOARD_(\w+)[^/]*// (.*)$', file.read(), re.M), FIRST_END))


# Functions of float networks that a board without libraries has not.
MATHS = {f'{name}f' for name in ('ceil', 'cos', 'erfc', 'exp', 'expm1', 'floor', 'fmod', 'log', 'log1p', 'pow', 'round', 'sin', 'sqrt',
                                 'tanh')}


def no_program(what, errors):
    """What compilers and linkers say of too much memory is no failure of the package."""
    full = re.findall(r"region [`'].*overflowed by .*|section [`'].* will not fit .*|section [`'].* is not within .*|"
                      r'size of array .* is too large|relocation truncated to fit|comparison is always true due to limited range of data type', errors)
    return Stop('does not fit', '; '.join(dict.fromkeys(full))) if full else Stop('failed', f'{what}:\n{errors}')


def call(command, **more):
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, 'LC_ALL': 'C'}, **more)
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

    def __init__(self, package, board, optimise, work, layers=False):
        self.package, self.board, self.optimise, self.work = package, board, optimise, work
        self.layers = layers and board.kind not in ('host', 'avr')
        self.flags = board.flags.split()

    def compile(self, source, output, flags):
        code, _, errors = call([self.board.compiler, *self.flags, *flags, '-c', source, '-o', os.path.join(self.work, output)])
        if code:
            raise no_program(f'{os.path.basename(source)} does not compile', errors)
        return output

    def build(self):
        p = self.package
        stack = ['-fstack-usage'] if self.board.compiler.endswith('gcc') else []
        warnings = ['-w'] if p.foreign else WARNINGS.split()
        flags = [*PACKAGE_FLAGS.split(), *warnings, *stack, f'-O{self.optimise}', f'-I{p.folder}']
        if self.layers:  # a function that the emulator sees being called
            flags += ['-include', os.path.join(boards.HERE, 'board', 'layer.h'), f'-D{p.macros}_ON_LAYER(i)=board_layer()']
        self.objects = [self.compile(source, f'package_{i}.o', flags) for i, source in enumerate(p.sources)]
        with open(os.path.join(self.work, 'package.h'), 'w', encoding='utf-8') as file:
            file.write(p.glue(self.board.in_arena and p.has_places))
        self.start = [self.compile_board(name) for name in self.board.start]
        self.link('program', self.compile_board('driver.c'))

    def compile_board(self, name):
        """A file of board/, which is told what the package is called."""
        flags = [*DRIVER_FLAGS.split(), '-std=c++11' if name.endswith('.cc') else '-std=gnu99', f'-I{self.package.folder}',
                 f'-I{self.work}']
        return self.compile(os.path.join(boards.HERE, 'board', name), os.path.splitext(name)[0] + '.o', flags)

    def link(self, name, main):
        code, _, errors = call([self.board.compiler, *self.flags, main, *self.start, *self.objects, '-o', f'{name}.elf',
                                '-Wl,--gc-sections', f'-Wl,-Map={name}.map', *self.board.link.split()], cwd=self.work)
        missing = set(re.findall(r'undefined reference to `(\w+)', errors))
        if code and missing and missing <= MATHS and '-nostdlib' in self.board.link:
            raise Stop('no math library', f'the board is linked without one: {", ".join(sorted(missing))}')
        if code:
            raise no_program('it does not link', errors)

    def measure(self, outcome):
        shipped = [o for o, source in zip(self.objects, self.package.sources) if not source.endswith('_self_test.c')]
        size = measure.sizes(os.path.join(self.work, 'program.map'), shipped)
        if self.board.sanitized():
            return size['data'] + size['bss']  # the rest is the sanitizers'
        outcome.code_bytes, outcome.constants_bytes = size['code'], size['constants']
        outcome.flash_bytes = size['code'] + size['constants'] + size['data']
        outcome.largest_frame = measure.largest_frame(self.work, shipped)
        if self.board.kind in ('cortex_m', 'bare', 'avr'):  # elsewhere it is the system's
            outcome.linked_bytes = size['library']
        return size['data'] + size['bss']

    def symbol(self, name):
        nm = self.board.compiler.replace('gcc', 'nm')
        listed = call([nm, 'program.elf'], cwd=self.work)[1].decode()
        return int(re.search(rf'^([0-9a-f]+) \w {name}$', listed, re.M)[1], 16) & ~1  # without the mark of Thumb

    def command(self, program):
        if self.board.kind == 'host':
            return [os.path.join(self.work, program)]
        start = self.symbol(f'{self.package.function}_run{"" if self.package.types else "_io"}')
        end = self.symbol('board_ran')
        if self.board.kind == 'avr':
            machine = build_tool('avr_machine', self.work, '-lsimavr')
            return [machine, 'atmega328p', program, hex(start), hex(end), 'out.bin', 'counts']
        kernel = ['-kernel'] if self.board.kind == 'cortex_m' else []
        if program == 'program.elf':
            mark = f',mark={self.symbol("board_layer"):#x}' if self.layers else ''
            plugin = f'{build_tool("count.so", self.work)},from={start:#x},to={end:#x},counts=counts{mark}'
            kernel = ['-plugin', plugin, *kernel]
        return [*self.board.emulator.split(), *kernel, program]

    def execute(self, program, data, limit):
        """What the program wrote."""
        with open(os.path.join(self.work, 'in.bin'), 'wb') as file:
            file.write(data)
        try:
            code, output, errors = call(self.command(program), cwd=self.work, input=data, timeout=limit)
        except subprocess.TimeoutExpired as late:
            raise Stop('failed', f'it did not end within {limit} s') from late
        end, why = ends().get(code, ('', f'the emulator ended with {code}: {errors}'))
        if 'Lockup' in errors:
            end, why = 'STACK_FULL', 'a fault within a fault: the stack left the memory'
        if code:
            full = end == 'STACK_FULL' and self.board.kind in ('cortex_m', 'avr')
            raise Stop('does not fit' if full else 'failed', why)
        return contents(os.path.join(self.work, 'out.bin')) if self.board.kind in ('cortex_m', 'avr') else output

    def run(self, inputs, limit):
        return self.execute('program.elf', bytes([self.fill()]) + inputs, limit)

    def self_test(self, limit):
        if self.package.self_test and self.board.kind != 'avr':  # its own arena has no room there
            self.link('self_test', self.compile_board('self_test.c'))
            self.execute('self_test.elf', b'', limit)

    def fill(self):
        """What the arena holds before a run: another byte on every board, for nothing may depend on it."""
        return (boards.BOARDS.index(self.board) * 37 + 85) & 255

    def counts(self, outcome):
        if self.board.kind == 'host':
            return
        with open(os.path.join(self.work, 'counts'), encoding='utf-8') as file:
            rows = [[int(word) for word in line.split()] for line in file]
        if self.board.kind == 'avr':
            outcome.instructions, outcome.cycles = [row[0] for row in rows], [row[1] for row in rows]
        else:
            outcome.instructions = [row[-1] for row in rows]
            outcome.layers = rows[0][:-1] if self.layers and rows else None


def run_board(package, board, optimise, inputs, expected=None, keep=None, limit=600, tolerance=compare.TOLERANCE, layers=False):
    """An Outcome, and the answers' bytes. With `layers` the calls between layers count as theirs, and as code."""
    outcome = Outcome('thimble.board/1', package.name, board.name, board.core, f'-O{optimise}')
    outcome.input_bytes, outcome.output_bytes = package.sample_bytes()
    work = os.path.join(os.path.abspath(keep), f'{board.name}-O{optimise}') if keep else tempfile.mkdtemp(prefix='thimble-board-')
    os.makedirs(work, exist_ok=True)
    answers = b''
    try:
        if board.missing():
            raise Stop('skipped', board.missing())
        run = Run(package, board, optimise, work, layers)
        run.build()
        variables = run.measure(outcome)
        output = run.run(inputs, limit)
        answers, (stack, arena) = output[:-8], struct.unpack('<2I', output[-8:])
        outcome.samples = len(inputs) // max(1, outcome.input_bytes)
        if len(answers) != outcome.samples * outcome.output_bytes:
            raise Stop('failed', f'{len(answers)} bytes of answers to {len(inputs)} bytes of inputs make no sense')
        outcome.arena_bytes = arena
        if not board.sanitized():
            outcome.ram_bytes, outcome.stack_bytes = arena + variables, stack
        run.counts(outcome)
        run.self_test(limit)
        if expected is not None:
            different, outcome.float_error = compare.answers(package.outputs, answers, expected, tolerance)
            if different:
                raise Stop('different', different)
    except Stop as stop:
        outcome.status, outcome.why = stop.args
    finally:
        if not keep:
            shutil.rmtree(work)
    return outcome, answers


def on_this_machine(package, inputs):
    """What this machine's gcc computes without optimisation."""
    return run_board(package, boards.BY_NAME['gcc'], '0', inputs)
