#!/usr/bin/env python3
"""Makes src/micro/costs.def: what each kernel of exported C takes on each kind of processor, in bytes of code and in instructions.

  tests/micro/fit_costs.py --thimble build/release/thimble
  tests/micro/fit_costs.py --thimble build/release/thimble --kept measured.json      measures only what is not in there yet

Models of tests/models, golden models and a few that are trained here are exported, compiled, linked and counted layer by layer
under emulation. Two linear models per kind of processor are fitted, all coefficients at least 0, the relative error least:
  code          a base, and for each kernel the bytes of a call (which the compiler makes for that shape alone), of a second one
                (when it is a function of its own) and of each further one, with the plan's struct
  instructions  a base, and for each kernel so many per call and per unit of each feature (src/micro/kernel_call.h)
The errors in the table are those of whole models that were left out, a fifth at a time; docs/notes/latency-model.md. Needs `scripts/setup.sh micro`; standard
library only.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import boards
import package as packages
import runner
import weight_forms

ROOT = os.path.dirname(os.path.dirname(boards.HERE))
TABLE = os.path.join(ROOT, 'src', 'micro', 'costs.def')
# The board that stands for a kind of processor (src/micro/cores.def names them).
CLASSES = {'thumb1': 'm0', 'thumb2': 'm3', 'dsp': 'm4', 'mve': 'm55', 'rv32': 'rv32', 'avr': 'avr'}
NEAREST = {'thumb2': 'thumb1', 'dsp': 'thumb2', 'mve': 'dsp', 'rv32': 'thumb1', 'avr': 'thumb1'}
FEATURES = ('call', 'outputs', 'inputs', 'macs', 'reads', 'rows', 'tail', 'unpacked')  # src/micro/kernel_call.h
GOLDENS = 2  # of each kernel, those with most work
ANY = 'any'  # the row for kernels that are not in the table
BASE = ''
GOLDEN_WEIGHT = 0.5
FOLDS = 5  # parts of the whole models, each left out once
OUTLIER = 0.15  # relative error from which on a row counts less
# Trained for a moment: what they answer does not matter.
NETWORKS = {
    'dense_small': '{ flatten = true }, { dense = 20, activation = "relu" }, { dense = 10, activation = "softmax" }',
    'dense_wide': '{ flatten = true }, { dense = 80, activation = "elu" }, { dense = 60, activation = "tanh" }, '
                  '{ dense = 10, activation = "softmax" }',
    'cnn': '{ conv2d = 8, kernel = 3, activation = "relu" }, { max_pool = 2 }, { conv2d = 13, kernel = 3, activation = "relu" }, '
           '{ max_pool = 2 }, { flatten = true }, { dense = 32, activation = "relu" }, { dense = 10, activation = "softmax" }',
    'separable': '{ conv2d = 8, kernel = 3, stride = 2, padding = "same", activation = "relu" }, '
                 '{ separable_conv2d = 16, kernel = 3, padding = "same", activation = "relu" }, { average_pool = 2 }, '
                 '{ separable_conv2d = 24, kernel = 5, activation = "relu6" }, { global_average_pool = true }, '
                 '{ dense = 10, activation = "softmax" }',
    'tiny': '{ conv2d = 4, kernel = 5, stride = 2, activation = "relu" }, { conv2d = 8, kernel = 3, stride = 2, activation = "relu" }, '
            '{ conv2d = 12, kernel = 3, activation = "relu" }, { flatten = true }, { dense = 10, activation = "softmax" }',
    'residual': '{ conv2d = 12, kernel = 5, stride = 3, activation = "relu" }, '
                '{ residual = [{ conv2d = 12, kernel = 3, padding = "same" }] }, { global_max_pool = true }, '
                '{ dense = 10, activation = "softmax" }',
    'dense_thin': '{ flatten = true }, { dense = 10, activation = "relu" }, { dense = 10, activation = "softmax" }',
    'dense_pooled': '{ average_pool = 4 }, { flatten = true }, { dense = 24, activation = "relu" }, { dense = 10, activation = "softmax" }',
    'tiny_pooled': '{ average_pool = 2 }, { conv2d = 6, kernel = 3, stride = 2, activation = "relu" }, '
                   '{ conv2d = 10, kernel = 3, activation = "relu" }, { flatten = true }, { dense = 10, activation = "softmax" }',
    'tiny_separable': '{ average_pool = 2 }, { separable_conv2d = 6, kernel = 3, stride = 2, activation = "relu" }, '
                      '{ separable_conv2d = 12, kernel = 3, activation = "relu" }, { global_average_pool = true }, '
                      '{ dense = 10, activation = "softmax" }',
    'lstm': '{ reshape = [28, 28] }, { lstm = 12 }, { dense = 10, activation = "softmax" }',
}
# Those that are also clustered, pruned and of 4 bits: each kernel for such weights is in several of them.
SMALLER = ('dense_small', 'cnn', 'separable', 'tiny', 'dense_pooled', 'tiny_pooled', 'tiny_separable')
SURFACES = {'peaks_small': '{ dense = 8, activation = "relu" }, { dense = 1 }',
            'peaks_thin': '{ dense = 12, activation = "tanh" }, { dense = 12, activation = "relu" }, { dense = 1 }',
            'peaks_wide': '{ dense = 60, activation = "relu" }, { dense = 1 }',
            'peaks_deep': '{ dense = 16, activation = "relu" }, { dense = 24, activation = "relu" }, { dense = 16, activation = "relu" }, { dense = 1 }',
            'peaks': '{ dense = 32, activation = "relu" }, { dense = 32, activation = "relu" }, { dense = 1 }'}


def call(*command):
    """Of the program, without the compilers, which take time for figures that nobody reads here."""
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, 'PATH': '/nonexistent'})


def trained(thimble, folder):
    """Paths of networks that no file of the project holds, float and int8."""
    recipes = [(name, layers, 'mnist', '[28, 28, 1]') for name, layers in NETWORKS.items()]
    recipes += [(name, layers, 'function:peaks', '[2]') for name, layers in SURFACES.items()]
    for name, layers, data, shape in recipes:
        recipe, model = os.path.join(folder, f'{name}.toml'), os.path.join(folder, f'{name}.tflite')
        with open(recipe, 'w', encoding='utf-8') as file:
            file.write(f'[data]\nset = "{data}"\nlimit = 500\n[model]\ninput = {shape}\nlayers = [{layers}]\n[train]\nepochs = 1\n')
        small = os.path.join(folder, f'{name}_int8.tflite')
        for command in (['train', recipe, '-o', model], ['quantize', model, '--to', 'int8', '--io', 'int8', '--data', data,
                                                         '--samples', '100', '-o', small]):
            done = call(thimble, *command, '-q')
            if done.returncode:
                sys.exit(f'{name}: {done.stderr}')
        yield from (model, small)


def own_models():
    for folder in ('mlperf-tiny', 'micro'):
        path = os.path.join(ROOT, 'tests', 'models', folder)
        yield from sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith('.tflite'))


def goldens():
    folder = os.path.join(ROOT, 'tests', 'goldens', 'ops')
    yield from sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith('.tflite'))


def export(thimble, model, folder, weights='plain'):
    """What `thimble export` says of a model, or None."""
    done = call(thimble, 'export', model, '--json', '--examples', '0', '--weights', weights, '--name', 'model', '-o', folder)
    if done.returncode:
        return None
    said, digest = json.loads(done.stdout), hashlib.sha256()
    for file in sorted(said['files']):
        if file.startswith('src/'):
            digest.update(runner.contents(os.path.join(folder, file)))
    return {**said, 'sources': digest.hexdigest()}


def chosen(thimble, folder):
    """{name: (model, what export says, the form of weights)} of whole models and of the goldens with most work for each kernel."""
    models, by_kernel = {}, collections.defaultdict(list)
    forms = weight_forms.made(thimble, folder, {**weight_forms.NETWORKS, **{f'{name}_': NETWORKS[name] for name in SMALLER}})
    whole = [(path, 'plain') for path in [*own_models(), *trained(thimble, folder)]]
    whole += [(forms[size + name], 'auto') for name in ('clustered', 'clustered_int8', 'pruned', 'pruned_int8', 'four_bits_int8')
              for size in (*weight_forms.NETWORKS, *(f'{name}_' for name in SMALLER))]
    whole += [(forms['pruned_int8'], 'palette'), (forms['clustered_int8'], 'sparse'), (forms['plain_int8'], 'plain')]
    for path, weights in whole:
        said = export(thimble, path, os.path.join(folder, 'out'), weights)
        shutil.rmtree(os.path.join(folder, 'out'), ignore_errors=True)
        if said:
            name = os.path.splitext(os.path.basename(path))[0] + ('' if weights == 'plain' else f' {weights}')
            models[name] = (path, said, weights)
    for path in goldens():
        said = export(thimble, path, os.path.join(folder, 'out'))
        shutil.rmtree(os.path.join(folder, 'out'), ignore_errors=True)
        for function in {c['function'] for c in said['calls']} if said else ():
            by_kernel[function].append((sum(c['macs'] + c['outputs'] for c in said['calls']), path, said))
    for rows in by_kernel.values():
        for _, path, said in sorted(rows, key=lambda row: (-row[0], row[1]))[:GOLDENS]:
            models['golden ' + os.path.splitext(os.path.basename(path))[0]] = (path, said, 'plain')
    return models


def calls_on(kind, calls):
    """As they are there: AVR has other kernels for some."""
    return [{**c, 'function': c.get('on_avr', c['function'])} for c in calls] if kind == 'avr' else calls


def measure(thimble, model, said, weights, board):
    """What a model takes on a board, or why that is not known."""
    with tempfile.TemporaryDirectory() as folder:
        export(thimble, model, folder, weights)
        package = packages.load(folder)
        inputs = package.random_inputs(1)
        plain, _ = runner.run_board(package, board, '2', inputs)
        result = {'status': plain.status, 'why': plain.why, 'flash': plain.flash_bytes, 'library': plain.linked_bytes,
                  'variables': plain.ram_bytes and plain.ram_bytes - plain.arena_bytes, 'stack': plain.stack_bytes, 'cycles': plain.cycles and plain.cycles[0],
                  'instructions': plain.instructions and plain.instructions[0]}
        if plain.status == 'ok' and board.kind != 'avr' and len(said['calls']) > 1:
            counted, _ = runner.run_board(package, board, '2', inputs, layers=True)
            result['layers'] = counted.layers
        return {**result, 'sources': said['sources'], 'calls': said['calls'], 'weights': said['weights_bytes'] + said['derived_bytes']}


def least(rows, small):
    """Coefficients {unknown: at least 0} of rows ({unknown: factor}, value, weight) with the least relative errors: of values far
    below `small` they do not matter, and rows that fit badly whatever is done count less."""
    given = weights = [weight for _, _, weight in rows]
    for _ in range(4):
        found = least_squares([({u: f * w for u, f in factors.items()}, value * w, (value + small))
                               for (factors, value, _), w in zip(rows, weights)])
        errors = [abs(predicted(found, factors) - value) / (value + small) for factors, value, _ in rows]
        weights = [w / max(1.0, error / OUTLIER) for w, error in zip(given, errors)]
    return found


def least_squares(rows, steps=2000):
    """Of rows (factors, value, unit): coordinate descent, no coefficient below 0."""
    columns = collections.defaultdict(list)
    rest = []
    for i, (factors, value, unit) in enumerate(rows):
        rest.append(value / unit)
        for unknown, factor in factors.items():
            if factor:
                columns[unknown].append((i, factor / unit))
    square = {u: sum(f * f for _, f in column) for u, column in columns.items()}
    found = dict.fromkeys(columns, 0.0)
    for _ in range(steps):
        largest = 0.0
        for unknown, column in columns.items():
            step = max(sum(f * rest[i] for i, f in column) / square[unknown], -found[unknown])
            if step:
                found[unknown] += step
                for i, f in column:
                    rest[i] -= step * f
                largest = max(largest, step * step * square[unknown])
        if largest < 1e-12:
            break
    return found


def features(calls, names=None):
    """{(kernel, feature): sum} of calls."""
    factors = collections.Counter()
    for c in calls:
        for feature in FEATURES:
            factors[(names or c['function'], feature)] += 1 if feature == 'call' else c[feature]
    return factors


def code_factors(calls):
    factors = collections.Counter({(BASE, 'once'): 1})
    for function, count in collections.Counter(c['function'] for c in calls).items():
        factors[(function, 'once')] = 1
        factors[(function, 'second')] = int(count > 1)
        factors[(function, 'more')] = max(0, count - 2)
    return factors


def by_node(calls):
    nodes = {}
    for c in calls:
        nodes.setdefault(c['node'], []).append(c)
    return list(nodes.values())


def speed_rows(measured):
    """Rows of `least` for instructions: a layer each, or a whole model where layers were not counted."""
    rows = []
    for m in measured:
        layers, nodes = m.get('layers'), by_node(m['calls'])
        if layers and len(layers) == len(nodes):
            rows += [(features(calls), count, m['weight']) for calls, count in zip(nodes, layers)]
            rows.append(({(BASE, 'call'): 1}, m['instructions'] - sum(layers), m['weight']))
        elif m['instructions']:
            rows.append(({**features(m['calls']), (BASE, 'call'): 1}, m['instructions'], m['weight']))
    return rows


def predicted(coefficients, factors):
    return sum(coefficients.get(unknown, 0.0) * factor for unknown, factor in factors.items())


def stack_of_kernels(rows):
    """Bytes for each kernel such that no model (stack, its kernels) takes more than the most of its kernels: a model's stack is
    laid to the kernel whose least stack over all models is the largest."""
    least_of, stack = {}, {}
    for size, kernels in rows:
        for k in kernels:
            least_of[k] = min(size, least_of.get(k, size))
    for size, kernels in rows:
        if kernels:
            k = max(sorted(kernels), key=least_of.get)
            stack[k] = max(size, stack.get(k, 0))
    return {**least_of, **stack, ANY: max(stack.values(), default=0)}


@dataclasses.dataclass
class Fitted:
    speed: dict
    code: dict
    stack: dict
    variables: dict   # bytes for each call
    flash_error: float = 0.0
    speed_error: float = 0.0

    def of(self, coefficients, key):
        """A coefficient, of any kernel where this one is unknown."""
        known = key[0] == BASE or any((key[0], what) in self.speed for what in FEATURES)
        return coefficients.get(key if known else (ANY, key[1]), 0.0)


def fit(measured):
    """The coefficients of one kind of processor; `measured` by model."""
    for name, m in measured.items():
        m['weight'] = GOLDEN_WEIGHT if name.startswith('golden ') else 1.0
    ran = [m for m in measured.values() if m['instructions']]
    linked = [m for m in measured.values() if m['flash']]
    speed = least(speed_rows(ran), 300)
    speed.update(least([(features(m['calls'], ANY), m['instructions'], 1) for m in ran], 300))
    code = least([(code_factors(m['calls']), m['flash'] - m['weights'], m['weight']) for m in linked], 300)
    names = {c['function'] for m in linked for c in m['calls']}
    for what in ('once', 'second', 'more'):  # also of what was never called so often, and of kernels that are not in the table
        seen = [code[k, what] for k in names if (k, what) in code]
        code.update({(k, what): sum(seen) / max(1, len(seen)) for k in [*names, ANY] if (k, what) not in code})
    variables = least([(collections.Counter((c['function'], 'variables') for c in m['calls']), m['variables'], 1)
                       for m in ran if m['variables']], 8)
    stack = stack_of_kernels([(m['stack'], {c['function'] for c in m['calls']}) for m in ran])
    return Fitted(speed, code, stack, variables)


def left_out(measured):
    """Relative errors of whole models that took no part in the fit: {model: (flash, instructions)}, None where not measured."""
    errors, whole = {}, [name for name, m in measured.items() if not name.startswith('golden ') and m['flash']]
    for fold in range(min(FOLDS, len(whole))):
        out = whole[fold::FOLDS]
        fitted = fit({name: m for name, m in measured.items() if name not in out})
        for name in out:
            m = measured[name]
            code = sum(fitted.of(fitted.code, k) * n for k, n in code_factors(m['calls']).items())
            count = sum(fitted.of(fitted.speed, k) * n for k, n in {**features(m['calls']), (BASE, 'call'): 1}.items())
            errors[name] = ((code + m['weights']) / m['flash'] - 1, count / m['instructions'] - 1 if m['instructions'] else None)
    return errors


def four_of_five(errors):
    """What four of five errors are within."""
    errors = sorted(abs(error) for error in errors if error is not None)
    return errors[len(errors) * 4 // 5] if errors else 0.0


def number(value):
    return f'{value:.4g}' if value >= 0.001 else '0'


def row_of(fitted, kernel):
    """The columns of KERNEL_COST after the kernel."""
    code = [round(fitted.code.get((kernel, what), 0.0)) for what in ('once', 'second', 'more')]
    speed = [number(fitted.speed.get((kernel, what), 0.0)) for what in FEATURES]
    return ', '.join(map(str, [*code, speed[0], '{' + ', '.join(speed[1:]) + '}', fitted.stack.get(kernel, 0),
                               round(fitted.variables.get((kernel, 'variables'), 0))]))


def read(path):
    """{kind: (columns of COST_CLASS, {kernel: columns of KERNEL_COST})} of a table that was made before."""
    table = {}
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            for macro, kind, rest in re.findall(r'^(COST_CLASS|KERNEL_COST)\((\w+), (.*)\)$', file.read(), re.M):
                if macro == 'COST_CLASS':
                    table[kind] = (rest, {})
                else:
                    kernel, columns = rest.split(', ', 1)
                    table[kind][1][kernel] = columns
    return table


def write(fits, path, before):
    """What was not fitted stays as the table `before` has it. Kernels that one kind of processor could not run, for memory or
    the C library, are there as the nearest kind takes them."""
    table = read(before)
    for kind, fitted in fits.items():
        kernels = {k for k, _ in [*fitted.speed, *fitted.code] if k != BASE}
        rows = {'base': row_of(fitted, BASE), **{kernel: row_of(fitted, kernel) for kernel in kernels}}
        table[kind] = (f'{fitted.flash_error:.3f}, {fitted.speed_error:.3f}', rows)
    for kind, near in NEAREST.items():
        if kind in fits and near in table:
            for kernel, columns in table[near][1].items():
                table[kind][1].setdefault(kernel, columns)
    lines = ['// What the kernels of exported C take: made by tests/micro/fit_costs.py, do not edit. gcc 12 -O2.',
             '// COST_CLASS(kind of processor, relative error of the flash and of the instructions of four of five models that were not in the fit)',
             '// KERNEL_COST(kind, kernel, bytes of code of a call, of a second, of each further one, instructions per',
             '//             call and per unit of each of kKernelFeatures, bytes of stack, bytes of variables per call); `base` is what a',
             '//             model takes without any, `any` stands for kernels that are not here']
    for kind in (kind for kind in CLASSES if kind in table):
        errors, rows = table[kind]
        lines.append(f'COST_CLASS({kind}, {errors})')
        for kernel in ['base', ANY, *sorted(rows.keys() - {'base', ANY})]:
            lines.append(f'KERNEL_COST({kind}, {kernel}, {rows[kernel]})')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join([*lines, '#undef COST_CLASS', '#undef KERNEL_COST', '']))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--kept', metavar='FILE', help='measurements of exported sources: read where they are, kept where they are new')
    parser.add_argument('--each', action='store_true', help='the errors of each model that was left out')
    parser.add_argument('--classes', nargs='+', default=list(CLASSES), choices=list(CLASSES), help='the rows of the others stay')
    parser.add_argument('-j', dest='jobs', type=int, default=os.cpu_count())
    parser.add_argument('-o', dest='output', default=TABLE)
    options = parser.parse_args()
    kept = {}
    if options.kept and os.path.exists(options.kept):
        with open(options.kept, encoding='utf-8') as file:
            kept = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        models = chosen(os.path.abspath(options.thimble), folder)
        print(f'{len(models)} models', flush=True)
        work = [(kind, name) for kind in options.classes for name in models]

        def one(item):
            kind, name = item
            old = kept.get(kind, {}).get(name)
            if old and old['sources'] == models[name][1]['sources']:
                return {**old, 'calls': calls_on(kind, models[name][1]['calls'])}
            found = measure(os.path.abspath(options.thimble), *models[name], boards.BY_NAME[CLASSES[kind]])
            return {**found, 'calls': calls_on(kind, found['calls'])}
        measured = collections.defaultdict(dict)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for (kind, name), result in zip(work, pool.map(one, work)):
                measured[kind][name] = result
                if result['status'] not in ('ok', 'does not fit'):
                    print(f'{name} on {CLASSES[kind]}: {result["status"]}: {result["why"].splitlines()[0]}', flush=True)
                if options.kept:
                    with open(options.kept, 'w', encoding='utf-8') as file:
                        json.dump({k: {**kept.get(k, {}), **measured.get(k, {})} for k in {*kept, *measured}}, file)
    fits = {}
    for kind in options.classes:
        fits[kind] = fit(measured[kind])
        errors = left_out(measured[kind])
        fits[kind].flash_error, fits[kind].speed_error = (four_of_five(column) for column in zip(*errors.values()))
        print(f'{kind}: {len(measured[kind])} models; of five whole models that took no part four have flash within '
              f'{fits[kind].flash_error:.1%}, instructions within {fits[kind].speed_error:.1%}', flush=True)
        cycles = [m['cycles'] / m['instructions'] for name, m in measured[kind].items() if m['cycles'] and 'golden' not in name]
        if cycles:
            print(f'{kind}: {sum(cycles) / len(cycles):.2f} cycles per instruction, {min(cycles):.2f} to {max(cycles):.2f}')
        if options.each:
            for name, (flash, count) in errors.items():
                print(f'  {name}: flash {flash:+.1%}' + (f', instructions {count:+.1%}' if count is not None else ''))
    write(fits, options.output, TABLE)


if __name__ == '__main__':
    main()
