#!/usr/bin/env python3
"""Other generators of C beside `thimble export`, on MLPerf Tiny's int8 networks, an emulated board and one compiler: flash, memory,
stack, instructions of one inference, and how many bytes of the answers differ from ours.

  python3 -m venv out/peers && out/peers/bin/pip install emx-onnx-cgen bakenn[tflite]
  bench/micro_peers/run.py --thimble build/release/thimble --python out/peers/bin/python [--board m4]

emx-onnx-cgen reads the networks as ONNX with QuantizeLinear and DequantizeLinear (qdq.py); its weights are kept in the source and its
activations on the stack. bakenn reads .tflite files without free sizes and knows no softmax: of these networks it takes anomaly
detection, written anew by `thimble pack`. Needs `scripts/setup.sh micro`.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'micro'))
import boards  # noqa: E402
import package as packages  # noqa: E402
import runner  # noqa: E402

MODELS = {'kws': ('kws_ref_model', (49, 10, 1)), 'vww': ('vww_96_int8', (96, 96, 3)), 'ic': ('pretrainedResnet_quant', (32, 32, 3)),
          'ad': ('ad01_int8', None)}
SHIM = '''#include "net.h"
void model(const int8_t *x, int8_t *y);
int net_run(void *arena, size_t arena_bytes, const int8_t *in, int8_t *out) {
  (void)arena;
  if (arena_bytes < NET_ARENA_BYTES) return -1;
  model(in, out);
  return 0;
}
'''


def emx(python, model, folder):
    """A folder that run_board takes: the generated source behind the interface of a package."""
    onnx, src = os.path.join(folder, 'model.onnx'), os.path.join(folder, 'src')
    os.makedirs(src)
    subprocess.run([python, os.path.join(ROOT, 'bench/micro_peers/qdq.py'), model, onnx], check=True)
    tool = os.path.join(os.path.dirname(python), 'emx-onnx-cgen')
    subprocess.run([tool, 'compile', onnx, os.path.join(src, 'model.c'), '--color', 'never', '--large-weight-threshold', '1000000000',
                    '--large-temp-threshold', '0'], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(src, 'model.c'), encoding='utf-8') as file:
        text = file.read()
    # The loader of weights from a file is of no use there, nor is its stdio.
    text = re.sub(r'_Bool model_load\(const char \*path\) \{.*?\n\}\n', '', text, flags=re.S)
    with open(os.path.join(src, 'model.c'), 'w', encoding='utf-8') as file:
        file.write(text)
    sizes = [eval('*'.join(re.findall(r'\d+', re.sub('restrict', '', dims)))) for dims in re.findall(r'int8_t \w+((?:\[[^\]]*\])+)', re.search(r'void model\(.*?\)', text)[0])]
    with open(os.path.join(src, 'net.h'), 'w', encoding='utf-8') as file:
        file.write('#include <stddef.h>\n#include <stdint.h>\n#define NET_ARENA_BYTES 1\n'
                   f'#define NET_INPUT_SIZE {sizes[0]}\n#define NET_OUTPUT_SIZE {sizes[1]}\n'
                   'int net_run(void *arena, size_t arena_bytes, const int8_t *in, int8_t *out);\n')
    with open(os.path.join(src, 'net.c'), 'w', encoding='utf-8') as file:
        file.write(SHIM)
    return packages.load(folder, 'net', foreign=True)


BAKENN = '''import struct, sys
import bakenn, tflite
data = bytearray(open(sys.argv[1], 'rb').read())
graph = tflite.Model.GetRootAs(data, 0).Subgraphs(0)
for i in range(graph.TensorsLength()):  # sizes that the file leaves open become 1
    table = graph.Tensors(i)._tab
    field = table.Offset(18)
    for k in range(table.VectorLen(field) if field else 0):
        at = table.Vector(field) + 4 * k
        struct.pack_into('<i', data, at, abs(struct.unpack_from('<i', data, at)[0]))
open(sys.argv[1], 'wb').write(data)
bakenn.compile_tflite(sys.argv[1], sys.argv[2], name='net', target='cortex-m4')
'''


def bakenn(thimble, python, model, folder):
    src, file = os.path.join(folder, 'src'), os.path.join(folder, 'model.tflite')
    os.makedirs(folder)
    subprocess.run([thimble, 'pack', model, '-o', file, '-q'], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([python, '-c', BAKENN, file, src], capture_output=True, text=True, check=False)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    with open(os.path.join(src, 'bknn_net.h'), encoding='utf-8') as opened:
        own = opened.read()
    size = lambda what: re.search(rf'#define BKNN_NET_{what} (\d+)', own)[1]
    with open(os.path.join(src, 'net.h'), 'w', encoding='utf-8') as opened:
        opened.write(f'#include <stddef.h>\n#include <stdint.h>\n#define NET_ARENA_BYTES {size("ARENA_SIZE")}\n#define NET_INPUT_SIZE {size("INPUT_SIZE")}\n'
                     f'#define NET_OUTPUT_SIZE {size("OUTPUT_SIZE")}\n'
                     'int net_run(void *arena, size_t arena_bytes, const int8_t *in, int8_t *out);\n')
    with open(os.path.join(src, 'net.c'), 'w', encoding='utf-8') as opened:
        opened.write(SHIM.replace('void model(const int8_t *x, int8_t *y);\n', '#include "bknn_net.h"\n').replace('model(in, out)', 'bknn_net_infer((uint8_t *)arena, in, out)'))
    return packages.load(folder, 'net', foreign=True)


def channels_first(data, shape):
    """Samples of [H, W, C] as [C, H, W]."""
    if shape is None:
        return data
    h, w, c = shape
    size = h * w * c
    return b''.join(data[s + k:s + size:c] for s in range(0, len(data), size) for k in range(c))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--thimble', required=True)
    parser.add_argument('--python', required=True, help='with emx-onnx-cgen and tflite')
    parser.add_argument('--board', default='m4')
    parser.add_argument('-O', dest='optimise', default='2')
    parser.add_argument('--samples', type=int, default=3)
    options = parser.parse_args()
    board = boards.BY_NAME[options.board]
    print('| network | generator | flash | RAM | stack | million instructions | bytes of answers that differ |\n|---|---|--:|--:|--:|--:|--:|')
    for name, (file, shape) in MODELS.items():
        model = os.path.join(ROOT, f'tests/models/mlperf-tiny/{file}.tflite')
        folder = tempfile.mkdtemp()
        try:
            subprocess.run([options.thimble, 'export', model, '-q', '--name', 'ours', '--examples', '0', '-o', f'{folder}/ours'], check=True,
                           stdout=subprocess.DEVNULL)
            ours = packages.load(f'{folder}/ours')
            inputs = ours.random_inputs(options.samples)
            rows = [('thimble', *runner.run_board(ours, board, options.optimise, inputs))]
            theirs = emx(os.path.abspath(options.python), model, f'{folder}/emx')
            rows.append(('emx-onnx-cgen', *runner.run_board(theirs, board, options.optimise, channels_first(inputs, shape))))
            baked = bakenn(options.thimble, os.path.abspath(options.python), model, f'{folder}/bakenn')
            if isinstance(baked, str):
                print(f'| {name} | bakenn | {baked} |', flush=True)
            else:
                rows.append(('bakenn', *runner.run_board(baked, board, options.optimise, inputs)))
            for generator, o, answers in rows:
                if o.status != 'ok':
                    print(f'| {name} | {generator} | {o.status}: {o.why.splitlines()[0][:100]} |', flush=True)
                    continue
                differ = sum(a != b for a, b in zip(answers, rows[0][2]))
                print(f'| {name} | {generator} | {o.flash_bytes:,} | {o.ram_bytes:,} | {o.stack_bytes:,} | '
                      f'{sum(o.instructions) / len(o.instructions) / 1e6:.2f} | {differ} of {len(answers)} |', flush=True)
        finally:
            shutil.rmtree(folder)


if __name__ == '__main__':
    main()
