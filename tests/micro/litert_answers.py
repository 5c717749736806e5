#!/usr/bin/env python3
"""What LiteRT's reference kernels answer, as bytes: for tests/micro/exactness.py, in a Python that has ai-edge-litert.

  litert_answers.py MODEL SAMPLES INPUTS ANSWERS

INPUTS holds the samples' bytes, all inputs of a sample one behind the other; ANSWERS gets the outputs' likewise. States begin
with zeros at each sample.
"""
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def main():
    path, samples, inputs, answers = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    model = Interpreter(path, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
    model.allocate_tensors()
    ins, outs = model.get_input_details(), model.get_output_details()
    with open(inputs, 'rb') as file, open(answers, 'wb') as out:
        for _ in range(samples):
            model.reset_all_variables()
            for tensor in ins:
                count = int(np.prod(tensor['shape'])) * np.dtype(tensor['dtype']).itemsize
                model.set_tensor(tensor['index'], np.frombuffer(file.read(count), tensor['dtype']).reshape(tensor['shape']))
            model.invoke()
            for tensor in outs:
                out.write(model.get_tensor(tensor['index']).tobytes())


if __name__ == '__main__':
    main()
