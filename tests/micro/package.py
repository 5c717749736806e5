"""An exported folder: its C files, and what its header says of inputs, outputs and functions."""
import dataclasses
import os
import random
import re
import struct

# Names of element types: in comments of the header, in C.
BYTES = {'int8': 1, 'uint8': 1, 'bool': 1, 'int16': 2, 'uint16': 2, 'float16': 2, 'int32': 4, 'uint32': 4, 'float32': 4, 'float': 4,
         'int64': 8, 'uint64': 8, 'float64': 8, 'complex64': 8}


@dataclasses.dataclass(frozen=True)
class Part:
    """One input or output."""
    macros: str        # of its size and its place in the arena: KWS_INPUT, RNN_OUTPUT_1
    type: str
    elements: int

    def bytes(self):
        return BYTES[self.type] * self.elements

    def samples(self, rng):
        """One sample at random: floats between -1 and 1, whole numbers of all sizes."""
        if self.type.startswith('float'):
            code = {2: 'e', 4: 'f', 8: 'd'}[BYTES[self.type]]
            return struct.pack(f'<{self.elements}{code}', *(rng.uniform(-1, 1) for _ in range(self.elements)))
        if self.type == 'bool':
            return bytes(rng.randrange(2) for _ in range(self.elements))
        return rng.randbytes(self.bytes())


@dataclasses.dataclass(frozen=True)
class Package:
    folder: str
    name: str
    sources: tuple
    function: str      # its functions are called FUNCTION_run …
    macros: str        # its macros MACROS_ARENA_BYTES …
    types: tuple       # in C, of the only input and output of FUNCTION_run; none: there is FUNCTION_run_io
    inputs: tuple      # Part
    outputs: tuple
    has_places: bool   # MACROS_INPUT_OFFSET is there
    self_test: bool    # FUNCTION_self_test is
    foreign: bool      # not from us: its warnings do not count

    def sample_bytes(self):
        return sum(part.bytes() for part in self.inputs), sum(part.bytes() for part in self.outputs)

    def random_inputs(self, samples, seed=1):
        rng = random.Random(seed)
        return b''.join(part.samples(rng) for _ in range(samples) for part in self.inputs)

    def glue(self, in_arena):
        """The header by which the files of board/ know the package."""
        call = f'{self.function}_run_io(arena, bytes, (const void *const *)in, out)'
        if self.types:
            call = f'{self.function}_run(arena, bytes, (const {self.types[0]} *)in[0], ({self.types[1]} *)out[0])'
        lines = [f'#include "{self.name}.h"', f'#define ARENA_BYTES {self.macros}_ARENA_BYTES',
                 f'#define RUN(arena, bytes, in, out) {call}', f'#define SELF_TEST {self.function}_self_test']
        for what, parts in (('INPUTS', self.inputs), ('OUTPUTS', self.outputs)):
            rows = [f'PART({p.bytes()}, {p.macros + "_OFFSET" if in_arena else 0})' for p in parts]
            lines.append(f'#define {what}(PART) {" ".join(rows)}')
        return '\n'.join(lines + ['#define IN_ARENA' if in_arena else '']) + '\n'


def parts_of(text, macros, what, plain_type):
    """The inputs or outputs of a header: KWS_INPUT_SIZE, or RNN_INPUT_0_SIZE …, whose type stands in the comment before."""
    found = re.findall(rf'(?:/\* (\w+)[^\n]*\*/\n)?#define ({macros}_{what}(?:_\d+)?)_SIZE (\d+)', text)
    return tuple(Part(name, (plain_type or kind).removesuffix('_t'), int(elements)) for kind, name, elements in found)


def load(folder, name=None, foreign=False):
    """The package of a folder or of its src; `name` where there are several. Ends the program where there is none."""
    inner = os.path.join(folder, 'src')
    folder = os.path.abspath(inner if os.path.isdir(inner) else folder)
    files = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for file in files:
        if not file.endswith('.h') or (name and file != f'{name}.h'):
            continue
        with open(os.path.join(folder, file), encoding='utf-8') as opened:
            text = opened.read()
        run = re.search(r'\bint\s+(\w+)_run(_io)?\s*\(\s*void\s*\*\s*\w+,\s*size_t\s+\w+,'
                        r'\s*const\s+(\w+)[^,]*,\s*(\w+)[^,)]*\)', text)
        macros = re.search(r'#define\s+(\w+)_ARENA_BYTES\b', text)
        if run and macros:
            function, types = run[1], () if run[2] else (run[3], run[4])
            inputs, outputs = (parts_of(text, macros[1], what, types and types[i])
                               for i, what in enumerate(('INPUT', 'OUTPUT')))
            return Package(
                folder=folder, name=file[:-2], sources=tuple(os.path.join(folder, f) for f in files if f.endswith('.c')),
                function=function, macros=macros[1], types=types, inputs=inputs, outputs=outputs,
                has_places=all(f'{part.macros}_OFFSET' in text for part in inputs + outputs),
                self_test=f'{function}_self_test(void)' in text, foreign=foreign)
    raise SystemExit(f'{folder}: no header that declares int NAME_run(void *arena, size_t arena_bytes, const T *in, T *out) '
                     'or NAME_run_io and defines NAME_ARENA_BYTES')
