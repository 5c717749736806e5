#!/usr/bin/env python3
"""Holds the code to the room map of ARCHITECTURE.md.

Reads the tables there ("room | purpose | may use" and "file | belongs to | content") and checks
  * every #include "room/…" in src, bench and tests: the including file's room must be allowed to use it;
  * the DEPENDS of every room's CMakeLists.txt;
  * that only the files of NAMES_OPERATORS, outside src/ops, name operators (Op::…): what an operator means stands in its
    directory, and the rest of the house asks there (ops/operands.h);
  * that a file says at its head what it is for, unless the header beside it does;
  * the length of every source file.
Exit status 1 if anything is wrong. Standard library only.
"""
import os
import re
import statistics
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CODE = ('.cc', '.h', '.def', '.inc')
LIMIT_MEDIAN, LIMIT_90, LIMIT_ALL = 150, 500, 1000

# Who makes nodes must name their operators (what several make: ops/make.h). Who only asks about nodes does not.
NAMES_OPERATORS = {
    # layer words and the training graph
    'src/train/model.cc', 'src/train/layers.cc', 'src/train/gru_layer.cc', 'src/train/lstm_layer.cc', 'src/train/training_graph.cc',
    # one operator read or written as others, and the two forms of the LSTM
    'src/formats/tflite/node_reader.cc',
    'src/passes/decompose.cc', 'src/passes/fold_batch_norm.cc', 'src/passes/lower_lstm.cc', 'src/passes/raise_lstm.cc',
    # what layers are that files have step by step: patterns of operators, and what they become
    'src/passes/arrange.cc', 'src/passes/element_origins.cc', 'src/passes/join_products.cc', 'src/passes/linear_form.cc',
    'src/passes/raise_loops.cc', 'src/passes/roll_lstm.cc', 'src/passes/shorten_moves.cc',
    # which layer learns on, on a controller
    'src/micro/head.cc',
    # part of the packed format, frozen with it (docs/notes/operands-and-axes.md)
    'src/formats/thim/guess.cc', 'src/formats/thim/graph_codec.cc',
    # moves transpositions through the operators whose axes it can change
    'src/passes/sink_transposes.cc',
}
# Operators of ONNX are mostly several of ours, so that what one is stands by ONNX's families (docs/notes/onnx.md); which float
# operators have an integer form of which scales.
NAMES_OPERATORS_BELOW = ('src/formats/onnx/', 'src/passes/quantized/')


def table_after(text, header):
    """Rows of the markdown table whose first line starts with `header`, as lists of cells."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.startswith(header):
            rows = []
            for row in lines[i + 2:]:
                if not row.startswith('|'):
                    return rows
                rows.append([cell.strip() for cell in row.strip('|').split('|')])
            return rows
    sys.exit(f'check_rooms: ARCHITECTURE.md has no table that starts with "{header}"')


def read_map():
    """({room: set of rooms it may use, itself included}, {file stem: room it belongs to})."""
    with open(os.path.join(ROOT, 'ARCHITECTURE.md'), encoding='utf-8') as file:
        text = file.read()
    direct = {}
    for name, _, uses in table_after(text, '| room | purpose |'):
        used = [word.strip() for word in uses.split(',') if word.strip() not in ('–', '')]
        unknown = [word for word in used if word not in direct]
        if unknown:
            sys.exit(f'check_rooms: {name} may use {unknown}, which the table does not name above it')
        direct[name.strip('`')] = used
    closure = {}
    for room, used in direct.items():  # the table is in order, so what is used is already closed
        closure[room] = {room}.union(*(closure[u] for u in used))
    layers = {}
    for name, room, _ in table_after(text, '| file in `src/ops/NAME/`'):
        stem = os.path.splitext(name.strip('`'))[0]
        if stem != 'NAME':
            layers[stem] = room
    closure['tests'] = set(closure) | {'tests'}
    return closure, layers


def room_of(path, layers):
    """The room that a file below src belongs to; None outside."""
    parts = path.split('/')
    if parts[0] != 'src' or len(parts) < 3:
        return None
    if parts[1] != 'ops':
        return parts[1]
    stem = os.path.splitext(parts[-1])[0]
    if stem.endswith('_test'):
        return 'tests'
    return layers.get(stem) or layers.get(stem.split('_')[0]) or 'ops'


def source_files():
    for top in ('src', 'include', 'bench', 'tests'):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(CODE):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def scripts():
    for top in ('scripts', 'bench', 'studies', 'tests', 'cmake'):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                if name.endswith(('.py', '.sh', '.cmake')):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def check_includes(files, closure, layers):
    problems = []
    include = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
    for path in files:
        room = room_of(path, layers)
        allowed = closure.get(room) if room else closure['tests']
        if allowed is None:
            problems.append(f'{path}: room "{room}" is not in the table of ARCHITECTURE.md')
            continue
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                match = include.match(line)
                if not match or '/' not in match[1] or match[1].startswith('thimble/'):
                    continue
                target = room_of('src/' + match[1], layers)
                if target not in closure:
                    if os.path.exists(os.path.join(ROOT, os.path.dirname(path), match[1])):
                        continue  # beside the file
                    problems.append(f'{path}:{number}: "{match[1]}" belongs to no room')
                elif target not in allowed:
                    problems.append(f'{path}:{number}: {room} may not use {target} ("{match[1]}")')
    return problems


def check_cmake(closure):
    problems = []
    for room in sorted(os.listdir(os.path.join(ROOT, 'src'))):
        path = f'src/{room}/CMakeLists.txt'
        if not os.path.exists(os.path.join(ROOT, path)):
            continue
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            text = re.sub(r'#.*', '', file.read())
        for call in re.finditer(r'thimble_room\(\s*(\w+)([^)]*)\)', text):
            words, depends, inside = call[2].split(), [], False
            for word in words:
                if word.isupper():
                    inside = word == 'DEPENDS'
                elif inside:
                    depends.append(word)
            for used in depends:
                if used not in closure.get(call[1], ()):
                    problems.append(f'{path}: {call[1]} may not depend on {used}')
    return problems


def check_operators(files):
    problems, named = [], set()
    for path in files:
        if not path.startswith('src/') or path.startswith(('src/ops/', 'src/kernels/')) or '_test.' in path or '/test_' in path:
            continue
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                found = re.search(r'\bOp::(?!count\b)\w+', line)
                if not found:
                    continue
                named.add(path)
                if path not in NAMES_OPERATORS and not path.startswith(NAMES_OPERATORS_BELOW):
                    problems.append(f'{path}:{number}: names {found[0]}: ask the operator (ops/operands.h) in place of '
                                    f'knowing it, or give the reason in NAMES_OPERATORS')
    problems += [f'{path} names no operator any more: take it out of NAMES_OPERATORS'
                 for path in sorted(NAMES_OPERATORS - named)]
    return problems


def explained_by_header(path):
    """Whether a header beside a .cc file says what it is for: x.h of x.cc and x_test.cc, or the operator's NAME.h."""
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    headers = [stem.removesuffix('_test')]
    if re.fullmatch(r'src/ops/\w+', folder):
        headers.append(os.path.basename(folder))
    return extension == '.cc' and any(os.path.exists(os.path.join(ROOT, folder, h + '.h')) for h in headers)


def check_comments(files):
    problems = []
    for path in files + sorted(scripts()):
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            lines = [line for line in file.read(4096).splitlines() if not line.startswith('#!')]
        if lines and not re.match(r'//|/\*|# |"""', lines[0]) and not explained_by_header(path):
            problems.append(f'{path}: does not begin with a comment that says what it is for')
    return problems


def check_lengths(files):
    lengths = {}
    for path in files:
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            lengths[path] = sum(1 for _ in file)
    if not lengths:
        return []
    ordered = sorted(lengths.values())
    median = statistics.median(ordered)
    at_90 = ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]
    longest = max(lengths, key=lengths.get)
    print(f'{len(ordered)} files, {sum(ordered)} lines: median {median:.0f}, '
          f'90th percentile {at_90}, longest {lengths[longest]} ({longest})')
    problems = [f'{path}: {n} lines, at most {LIMIT_ALL}' for path, n in lengths.items() if n > LIMIT_ALL]
    if median > LIMIT_MEDIAN:
        problems.append(f'half of the files must have at most {LIMIT_MEDIAN} lines; the median is {median:.0f}')
    if at_90 > LIMIT_90:
        problems.append(f'90 % of the files must have at most {LIMIT_90} lines; the 90th percentile is {at_90}')
    return problems


def main():
    closure, layers = read_map()
    files = sorted(set(source_files()))
    problems = check_includes(files, closure, layers) + check_cmake(closure) + check_operators(files) + check_comments(files) + \
        check_lengths(files)
    for problem in problems:
        print(problem)
    print(f'check_rooms: {len(problems)} problem(s)' if problems else 'check_rooms: the code agrees with the map')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
