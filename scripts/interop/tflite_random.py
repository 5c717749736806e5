#!/usr/bin/env python3
"""Random chains of two to five TensorFlow Lite operators in int8, uint8, int16 or float32, run by Thimble and by LiteRT's
reference resolver: integers byte for byte, floats within 1e-5 of the largest.

  build/venv/litert/bin/python scripts/interop/tflite_random.py [--count 1000] [--seed 1] [--first N] [--keep DIR] [--isa scalar]

Each operator's result is computed by LiteRT before its scale is settled: usually one at which the integers are spread out, sometimes one
far off, and zero points lie at the ends too. Weights have a scale per tensor or per channel (uint8: any zero point), biases may
lack, activations are fused, windows have strides, dilations and both paddings, batches are larger than 1.
  agrees, refused (exit 3), WRONG, CRASH: exit status 1. What LiteRT refuses is drawn again.
--export also writes each integer model as C, compiles it with gcc and runs its self-test (on what Thimble's references answer).
--batch gives the first input a free batch, and feeds another number than the file's.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/goldens"))
from ai_edge_litert.interpreter import Interpreter, OpResolverType  # noqa: E402
from op_case import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID  # noqa: E402
from op_cases_linear import conv_output  # noqa: E402
from random_cases import Draws, survey  # noqa: E402
from tflite_builder import TfliteBuilder  # noqa: E402


class Refused(Exception):
    """LiteRT does not run it, or nothing fits."""


class Chain(Draws):
    """A model under construction; t is the tensor that the next operator reads."""

    def __init__(self, r):
        self.r, self.b = r, TfliteBuilder()
        self.cut = False  # whether a dense layer has other rows than its input
        self.kind = self.pick("int8", "int8", "int8", "uint8", "int16", "float32")
        self.dtype = np.dtype(self.kind)
        self.feeds, self.quant, self.shapes, self.names = [], {}, {}, []
        self.t = self.input(self.pick([self.some(1, 3), self.some(1, 9), self.some(1, 9), self.some(1, 9)],
                                      [self.some(1, 2), self.some(4, 9), self.some(4, 9), self.pick(1, 3, 8, 16)],
                                      [self.some(1, 4), self.some(1, 40)], [self.some(1, 3), self.some(1, 6), self.some(1, 8)]))

    @property
    def integer(self):
        return self.kind != "float32"

    def drawn_quant(self):
        if not self.integer:
            return {}
        scale = np.float32(self.pick(0.02, 0.005, 0.1, 1 / 256, 1.0) * (0.5 + self.r.random()))
        if self.chance(0.06):
            scale = np.float32(self.pick(1e-4, 10.0, 2.0 ** -12))
        if self.kind == "int16":
            return {"scale": np.float32(scale / 256), "zero_point": 0}
        info = np.iinfo(self.dtype)
        middle = 0 if self.kind == "int8" else 128
        return {"scale": scale, "zero_point": self.pick(middle, middle, self.some(info.min, info.max), info.min, info.max)}

    def values(self, shape):
        if not self.integer:
            return self.r.standard_normal(shape).astype(np.float32)
        info = np.iinfo(self.dtype)
        low, high = (info.min, info.max) if self.kind != "int16" or self.chance(0.5) else (-3000, 3000)
        return self.r.integers(low, high + 1, shape).astype(self.dtype)

    def note(self, t, shape, quant):
        self.shapes[t], self.quant[t] = [int(d) for d in shape], quant
        return t

    def input(self, shape, quant=None):
        quant = self.drawn_quant() if quant is None else quant
        self.feeds.append(self.values(shape))
        return self.note(self.b.input(shape, self.kind, **quant), shape, quant)

    def other(self, shape, quant=None):
        """A second operand: fed or constant."""
        if self.chance(0.5):
            return self.input(shape, quant)
        quant = self.drawn_quant() if quant is None else quant
        return self.note(self.b.const(self.values(shape), **quant), shape, quant)

    def fixed(self, scale8, zero8, scale16):
        """The scale that an operator's result has to have."""
        if self.kind == "int16":
            return {"scale": np.float32(scale16), "zero_point": 0}
        if not self.integer:
            return {}
        return {"scale": np.float32(scale8), "zero_point": zero8 + (128 if self.kind == "uint8" else 0)}

    def answer(self, outputs):
        self.b.graph.outputs = list(outputs)
        return self.answers()

    def answers(self, first_shape=None):
        """LiteRT's, where the first input gets that shape."""
        try:
            model = Interpreter(model_content=self.b.bytes(), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
            if first_shape:
                model.resize_tensor_input(model.get_input_details()[0]["index"], first_shape)
            model.allocate_tensors()
            for d, x in zip(model.get_input_details(), self.feeds):
                model.set_tensor(d["index"], x)
            model.invoke()
            return [model.get_tensor(d["index"]) for d in model.get_output_details()]
        except (RuntimeError, ValueError) as error:
            raise Refused(" ".join(str(error).split())) from error

    def op(self, code, inputs, shape, options=None, quant=None, dtype=None, **fields):
        """quant: of the result; None: one is looked for."""
        free = quant is None and self.integer and dtype is None
        quant = self.drawn_quant() if quant is None else quant
        if dtype is not None:
            quant = {}
        y = self.note(self.b.tensor(shape, dtype or self.kind, **quant), shape, quant)
        self.b.op(code, inputs, [y], options, **fields)
        got = self.answer([y])[0]
        if got.dtype.kind == "f" and not np.all(np.abs(got) < 1e6):
            raise Refused("NaN or large")
        if list(got.shape) != self.shapes[y]:
            raise Refused(f"{code}: {list(got.shape)}, not {self.shapes[y]}")
        if free and got.size > 3 and not self.chance(0.15):
            info, first = np.iinfo(self.dtype), quant["scale"]
            for tries in range(6):
                ends = float(np.mean((got == info.min) | (got == info.max)))
                spread = float(np.std(got.astype(np.float64)))
                if ends > 0.4:
                    factor = 4.0
                elif spread < (info.max - info.min) / 30:
                    factor = 0.3
                else:
                    break
                # all are alike, whatever the scale
                quant["scale"] = np.float32(quant["scale"] * np.float32(factor)) if tries < 5 else first
                self.b.graph.tensors[y].quantization.scale = [float(quant["scale"])]
                got = self.answer([y])[0]
        if code == "HARD_SWISH" and self.integer and self.quant[inputs[0]]["scale"] / 128 < quant["scale"] * 2.0**-15:
            raise Refused("LiteRT shifts 16 bits by more")
        self.names.append(code)
        self.t = y
        return y

    # ---- operators ----
    def activation(self):
        return self.pick(NONE, NONE, RELU, RELU6, RELU_N1_TO_1)

    def weights(self, shape, axis, channels):
        """A constant of weights and its scales."""
        if not self.integer:
            return self.b.const((self.r.standard_normal(shape) * 0.3).astype(np.float32)), None
        count = channels if self.kind != "uint8" and self.chance(0.6) else 1
        scale = (self.pick(0.01, 0.01, 0.001, 0.3) * (0.4 + 1.2 * self.r.random(count))).astype(np.float32)
        if self.kind == "uint8":
            return self.b.const(self.r.integers(0, 256, shape).astype(np.uint8), scale=scale, zero_point=self.pick(128, 133, 0, 255, 7)), scale
        low = -127
        return self.b.const(self.r.integers(low, 128, shape).astype(np.int8), scale=scale, axis=axis, zero_point=np.zeros(count, np.int64)), scale

    def bias(self, count, scale, may_lack):
        if may_lack and self.chance(0.25):
            return []
        if not self.integer:
            return [self.b.const(self.r.standard_normal(count).astype(np.float32))]
        s = np.float32(self.quant[self.t]["scale"]) * np.atleast_1d(scale)
        values = (self.r.standard_normal(count) * self.pick(0, 500, 20000)).astype(np.int64)
        wide = self.kind == "int16" and not self.chance(0.3)
        self.narrow = self.kind == "int16" and not wide
        return [self.b.const(values.astype(np.int64 if wide else np.int32), scale=s.astype(np.float32), zero_point=np.zeros(len(s), np.int64))]

    def window(self, shape):
        kernel = [self.some(1, min(5, d)) for d in shape[1:3]]
        return kernel, [self.some(1, 3), self.some(1, 3)], self.pick(SAME, VALID)

    def conv(self):
        x = self.shapes[self.t]
        if len(x) != 4:
            raise Refused("rank")
        kernel, stride, padding = self.window(x)
        dilation = [self.pick(1, 1, 2, 3), self.pick(1, 1, 2)]
        if padding == VALID:
            dilation = [d if (k - 1) * d < s else 1 for d, k, s in zip(dilation, kernel, x[1:3])]
        depthwise = self.chance(0.4)
        multiplier = self.some(1, 3)
        groups = self.pick(*[g for g in (1, 1, 2, 4) if x[3] % g == 0]) if self.kind in ("float32", "int8") else 1
        filters = x[3] * multiplier if depthwise else self.some(1, 6) * groups
        shape, axis = ([1, *kernel, filters], 3) if depthwise else ([filters, *kernel, x[3] // groups], 0)
        self.narrow = False
        w, scale = self.weights(shape, axis, filters)
        bias = self.bias(filters, scale, depthwise)
        out = [x[0], *(conv_output(x[1 + a], kernel[a], stride[a], dilation[a], padding) for a in (0, 1)), filters]
        fields = dict(padding=padding, strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0], dilationWFactor=dilation[1],
                      fusedActivationFunction=self.activation())
        if depthwise:
            if self.narrow:
                raise Refused("int32 bias")
            return self.op("DEPTHWISE_CONV_2D", [self.t, w, *bias], out, "DepthwiseConv2DOptions", depthMultiplier=multiplier, **fields)
        return self.op("CONV_2D", [self.t, w, *bias], out, "Conv2DOptions", **fields,
                       **({"quantizedBiasType": 2, "version": 8} if self.narrow and bias else {}))

    def dense(self):
        x = self.shapes[self.t]
        elements = int(np.prod(x))
        keep = self.chance(0.4)
        depth = x[-1]
        if not keep and self.chance(0.3):
            depth = self.pick(*[d for d in range(1, elements + 1) if elements % d == 0])
        self.cut = self.cut or depth != x[-1]
        units = self.some(1, 12)
        self.narrow = False
        w, scale = self.weights([units, depth], 0, units)
        bias = self.bias(units, scale, True)
        out = [*x[:-1], units] if keep else [elements // depth, units]
        return self.op("FULLY_CONNECTED", [self.t, w, *(bias or [-1])], out, "FullyConnectedOptions", keepNumDims=keep,
                       fusedActivationFunction=self.activation(), **({"quantizedBiasType": 2, "version": 11} if self.narrow and bias else {}))

    def transpose_conv(self):
        x = self.shapes[self.t]
        if len(x) != 4:
            raise Refused("rank")
        kernel, stride, padding = self.window(x)
        filters = self.some(1, 4)
        self.narrow = False
        w, scale = self.weights([filters, *kernel, x[3]], 0, filters)
        bias = self.bias(filters, scale, True)
        if self.narrow:
            raise Refused("int32 bias")
        size = [s * t if padding == SAME else s * t + max(k - t, 0) for s, t, k in zip(x[1:3], stride, kernel)]
        out = [x[0], *size, filters]
        return self.op("TRANSPOSE_CONV", [self.b.const(np.array(out, np.int32)), w, self.t, *bias], out, "TransposeConvOptions",
                       padding=padding, strideH=stride[0], strideW=stride[1], version=3 if bias else 2)

    def pool(self):
        x = self.shapes[self.t]
        if len(x) != 4:
            raise Refused("rank")
        kernel, stride, padding = self.window(x)
        if padding == SAME and self.chance(0.3):
            kernel = [self.some(1, 6), self.some(1, 6)]
        out = [x[0], *(conv_output(x[1 + a], kernel[a], stride[a], 1, padding) for a in (0, 1)), x[3]]
        return self.op(self.pick("AVERAGE_POOL_2D", "MAX_POOL_2D"), [self.t], out, "Pool2DOptions", quant=self.quant[self.t],
                       padding=padding, strideH=stride[0], strideW=stride[1], filterHeight=kernel[0], filterWidth=kernel[1],
                       fusedActivationFunction=self.activation())

    def arithmetic(self):
        x = self.shapes[self.t]
        shape = [1 if self.chance(0.3) else d for d in x]
        shape = shape[self.some(0, len(shape) - 1):] if self.chance(0.3) else shape
        code = self.pick("ADD", "ADD", "SUB", "MUL", "MUL", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM")
        same = code in ("MAXIMUM", "MINIMUM")
        other = self.other(shape, self.quant[self.t] if same else None)
        if self.chance(0.2) and not same:
            other = self.t
        pair = [self.t, other] if self.chance(0.5) else [other, self.t]
        if same or code == "SQUARED_DIFFERENCE":
            return self.op(code, pair, x, "MaximumMinimumOptions" if same else "SquaredDifferenceOptions",
                           quant=self.quant[self.t] if same else None, version=2)
        options = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}[code]
        more = {"potScaleInt16": False} if code != "MUL" and self.kind == "int16" else {}
        return self.op(code, pair, x, options, fusedActivationFunction=self.activation(), **more)

    def function(self):
        x = self.shapes[self.t]
        code = self.pick("LOGISTIC", "TANH", "SOFTMAX", "LOG_SOFTMAX", "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "HARD_SWISH", "PRELU", "ABS",
                         "L2_NORMALIZATION", "ELU", "GELU", "RSQRT", "EXP", "QUANTIZE", "NEG", "SQRT")
        if code == "LOGISTIC":
            return self.op(code, [self.t], x, quant=self.fixed(1 / 256, -128, 1 / 32768))
        if code == "TANH":
            return self.op(code, [self.t], x, quant=self.fixed(1 / 128, 0, 1 / 32768))
        if code == "SOFTMAX":
            return self.op(code, [self.t], x, "SoftmaxOptions", quant=self.fixed(1 / 256, -128, 1 / 32768), beta=self.pick(1.0, 1.0, 0.5))
        if code == "LOG_SOFTMAX":
            return self.op(code, [self.t], x, "LogSoftmaxOptions", quant=self.fixed(16 / 256, 127, 0))
        if code == "L2_NORMALIZATION":
            return self.op(code, [self.t], x, "L2NormOptions", quant=self.fixed(1 / 128, 0, 0))
        if code == "PRELU":
            alpha = [1] * max(0, len(x) - 2) + [x[-1]]
            if self.kind == "int16":  # LiteRT takes all alphas for int8 there
                values = self.r.integers(-127, 128, alpha).astype(np.int8)
                return self.op(code, [self.t, self.b.const(values, scale=np.float32(0.01), zero_point=0)], x)
            return self.op(code, [self.t, self.other(alpha)], x)
        if code == "LEAKY_RELU":
            return self.op(code, [self.t], x, "LeakyReluOptions", alpha=self.pick(0.1, 0.5, 0.01, 1.5))
        if code == "QUANTIZE" and not self.integer:
            raise Refused("float")
        options = {"ABS": "AbsOptions", "HARD_SWISH": "HardSwishOptions", "GELU": "GeluOptions", "EXP": "ExpOptions", "QUANTIZE": "QuantizeOptions",
                   "NEG": "NegOptions"}.get(code)
        return self.op(code, [self.t], x, options, **({"approximate": self.chance(0.5)} if code == "GELU" else {}))

    def move(self):
        x, q = self.shapes[self.t], self.quant[self.t]
        rank = len(x)
        code = self.pick("RESHAPE", "TRANSPOSE", "PAD", "PADV2", "STRIDED_SLICE", "SLICE", "CONCATENATION", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR",
                         "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "MIRROR_PAD", "GATHER", "TILE", "EXPAND_DIMS", "SQUEEZE", "REVERSE_V2")
        i32 = lambda v: self.b.const(np.array(v, np.int32))  # noqa: E731
        if code == "RESHAPE":
            n = int(np.prod(x))
            to = self.pick([n], [x[0], n // x[0]], [1, n], x[::-1])
            return self.op(code, [self.t, i32(to)], to, "ReshapeOptions", quant=q, newShape=to)
        if code == "TRANSPOSE":
            perm = [int(v) for v in self.r.permutation(rank)]
            return self.op(code, [self.t, i32(perm)], [x[p] for p in perm], "TransposeOptions", quant=q)
        if code in ("PAD", "PADV2", "MIRROR_PAD"):
            mode = self.some(0, 1)
            most = [max(0, d - 1 + mode) if code == "MIRROR_PAD" else 2 for d in x]
            pads = [[self.some(0, min(2, m)), self.some(0, min(2, m))] for m in most]
            out = [d + sum(p) for d, p in zip(x, pads)]
            if code == "MIRROR_PAD":
                return self.op(code, [self.t, i32(pads)], out, "MirrorPadOptions", quant=q, mode=mode)
            if code == "PAD":
                return self.op(code, [self.t, i32(pads)], out, "PadOptions", quant=q)
            value = self.b.const(self.values([1]), **q)
            return self.op(code, [self.t, i32(pads), value], out, "PadV2Options", quant=q)
        if code == "SLICE":
            begin = [self.some(0, d - 1) for d in x]
            size = [self.pick(-1, self.some(1, d - b)) for d, b in zip(x, begin)]
            return self.op(code, [self.t, i32(begin), i32(size)], [d - b if s < 0 else s for d, b, s in zip(x, begin, size)], "SliceOptions", quant=q)
        if code == "STRIDED_SLICE":
            step = [self.pick(1, 2, -1) for _ in x]
            begin = [self.some(0, d - 1) for d in x]
            end = [self.some(b + 1, d) if s > 0 else self.some(-d - 1, b - d - 1) for d, b, s in zip(x, begin, step)]
            out = [len(range(b, e if s > 0 else e + d, s)) for b, e, s, d in zip(begin, end, step, x)]
            return self.op(code, [self.t, i32(begin), i32(end), i32(step)], out, "StridedSliceOptions", quant=q)
        if code == "CONCATENATION":
            axis = self.some(0, rank - 1)
            shape = list(x)
            shape[axis] = self.some(1, 3)
            other = self.other(shape, q if self.kind != "uint8" or self.chance(0.5) else None)
            out = list(x)
            out[axis] += shape[axis]
            return self.op(code, self.pick([self.t, other], [other, self.t]), out, "ConcatenationOptions",
                           quant=q if self.kind != "uint8" or self.chance(0.5) else None, axis=self.pick(axis, axis - rank))
        if code in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
            if rank != 4:
                raise Refused("rank")
            size = [self.some(1, 12), self.some(1, 12)]
            corners, half = self.pick((False, False), (True, False), (False, True))
            options = "ResizeBilinearOptions" if code == "RESIZE_BILINEAR" else "ResizeNearestNeighborOptions"
            return self.op(code, [self.t, i32(size)], [x[0], *size, x[3]], options, quant=q, alignCorners=corners, halfPixelCenters=half)
        if code in ("SPACE_TO_DEPTH", "DEPTH_TO_SPACE"):
            if rank != 4:
                raise Refused("rank")
            n = self.some(1, 3)
            if code == "SPACE_TO_DEPTH":
                if x[1] % n or x[2] % n:
                    raise Refused("size")
                return self.op(code, [self.t], [x[0], x[1] // n, x[2] // n, x[3] * n * n], "SpaceToDepthOptions", quant=q, blockSize=n)
            if x[3] % (n * n):
                raise Refused("size")
            return self.op(code, [self.t], [x[0], x[1] * n, x[2] * n, x[3] // (n * n)], "DepthToSpaceOptions", quant=q, blockSize=n)
        if code == "GATHER":
            axis = self.some(0, rank - 1)
            picks = [self.some(0, x[axis] - 1) for _ in range(self.some(1, 4))]
            return self.op(code, [self.t, i32(picks)], [*x[:axis], len(picks), *x[axis + 1:]], "GatherOptions", quant=q, axis=axis)
        if code == "TILE":
            by = [self.some(1, 2) for _ in x]
            return self.op(code, [self.t, i32(by)], [d * k for d, k in zip(x, by)], "TileOptions", quant=q)
        if code == "EXPAND_DIMS":
            if rank > 3:
                raise Refused("rank")
            axis = self.some(0, rank)
            return self.op(code, [self.t, i32([axis])], [*x[:axis], 1, *x[axis:]], "ExpandDimsOptions", quant=q)
        if code == "SQUEEZE":
            ones = [i for i, d in enumerate(x) if d == 1][:2]
            if not ones or len(ones) == rank:
                raise Refused("no ones")
            return self.op(code, [self.t], [d for i, d in enumerate(x) if i not in ones], "SqueezeOptions", quant=q, squeezeDims=ones)
        return self.op(code, [self.t, i32([self.some(0, rank - 1)])], x, "ReverseV2Options", quant=q)

    def reduce(self):
        x, q = self.shapes[self.t], self.quant[self.t]
        rank = len(x)
        axes = sorted(int(v) for v in self.r.permutation(rank)[:self.some(1, rank)])
        keep = self.chance(0.5)
        out = [1 if i in axes else d for i, d in enumerate(x)] if keep else [d for i, d in enumerate(x) if i not in axes]
        if not out:
            raise Refused("a number")
        code = self.pick("MEAN", "MEAN", "REDUCE_MAX", "REDUCE_MIN", *(("SUM",) if not self.integer else ()))
        return self.op(code, [self.t, self.b.const(np.array([a - rank if self.chance(0.2) else a for a in axes], np.int32))], out, "ReducerOptions",
                       quant=q if code.startswith("REDUCE") or self.chance(0.3) else None, keepDims=keep)

    def other_batch(self):
        """The first input's first dimension becomes free, and another size is fed: what LiteRT answers then."""
        if self.cut:
            raise Refused("LiteRT leaves out what is no whole row")
        first = self.b.graph.inputs[0]
        shape = [self.some(1, 5), *self.shapes[first][1:]]
        self.b.free(first, [-1, *shape[1:]])
        self.feeds[0] = self.values(shape)
        return self.answers(shape)

    def step(self):
        before = len(self.b.graph.tensors), len(self.b.graph.operators), len(self.b.graph.inputs), len(self.b.model.operatorCodes), self.t
        try:
            self.pick(self.conv, self.conv, self.conv, self.dense, self.dense, self.transpose_conv, self.pool, self.arithmetic, self.arithmetic,
                      self.function, self.function, self.move, self.move, self.reduce)()
            if np.prod(self.shapes[self.t]) > 20000:
                raise Refused("large")
        except (Refused, KeyError):
            g = self.b.graph
            g.tensors, g.operators, g.inputs = g.tensors[:before[0]], g.operators[:before[1]], g.inputs[:before[2]]
            self.feeds, self.b.model.operatorCodes, self.t = self.feeds[:before[2]], self.b.model.operatorCodes[:before[3]], before[4]
            self.names = self.names[:before[1]]
            return False
        return True

    def grow(self):
        size, tries = self.some(2, 5), 0
        while len(self.names) < size and tries < 50:
            tries += 1
            self.step()
        outputs = [self.t]
        made = [o for op in self.b.graph.operators[:-1] for o in op.outputs]
        if made and self.chance(0.2):
            outputs.append(self.pick(*made))
        return self.answer(outputs)


def run(program, path, feeds, folder, isa=""):
    command = [program, "run", str(path), "--output-dir", str(folder / "out"), "-q", "--threads", "2"]
    for i, x in enumerate(feeds):
        np.save(folder / f"{i}.npy", x)
        command += ["--input", f"{i}={folder / f'{i}.npy'}"]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=100, env={**os.environ, **({"THIMBLE_ISA": isa} if isa else {})})
    if ran.returncode:
        return ran.returncode, " ".join(ran.stderr.split())
    return [np.load(folder / "out" / f"{i}.npy") for i in range(len(list((folder / "out").glob("*.npy"))))]


def difference(got, want):
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"{got.dtype}{list(got.shape)} instead of {want.dtype}{list(want.shape)}"
    if want.dtype.kind != "f":
        bad = got != want
    else:
        finite = np.isfinite(want)
        room = 1e-5 * max(1.0, float(np.max(np.abs(want[finite]), initial=0)))
        with np.errstate(invalid="ignore"):
            bad = ~((got == want) | (np.isnan(got) & np.isnan(want)) | (np.abs(got.astype(np.float64) - want) <= room))
    return f"{int(bad.sum())} of {want.size} differ: {got[bad][:5]} instead of {want[bad][:5]}" if bad.any() else ""


def exported(program, path, folder):
    """The model as C runs its self-test."""
    code = folder / "c"
    made = subprocess.run([program, "export", str(path), "-o", str(code), "--name", "m", "-q"], capture_output=True, text=True, errors="replace")
    if made.returncode == 3:
        return ""
    if made.returncode:
        return f"export: exit {made.returncode} {made.stderr[:200]}"
    built = subprocess.run(["gcc", "-std=c99", "-O1", "-Wall", "-Werror", "-I", str(code / "src"), *map(str, (code / "src").glob("*.c")),
                            "-x", "c", "-", "-o", str(folder / "m"), "-lm"], capture_output=True, text=True,
                           input='#include <stdio.h>\n#include "m.h"\nint m_self_test(void);\nint main(void){int r=m_self_test();printf("%d\\n",r);return r!=0;}\n')
    if built.returncode:
        return f"gcc: {built.stderr[:300]}"
    ran = subprocess.run([str(folder / "m")], capture_output=True, text=True)
    return "" if ran.returncode == 0 else f"the C code's self-test says {ran.stdout.strip()} (exit {ran.returncode})"


def verdict(options, chain, want, folder):
    path = folder / "m.tflite"
    path.write_bytes(chain.b.bytes())
    for isa in filter(None, ["", options.isa]) if options.isa else [""]:
        got = run(options.thimble, path, chain.feeds, folder, isa)
        if isinstance(got, tuple):
            far = re.search("out of range|too far apart|is too small for inputs", got[1])  # scales, where LiteRT's shifts overflow
            return ("refused" if got[0] == 3 or far else "CRASH" if got[0] < 0 else "WRONG"), f"exit {got[0]}: {got[1]}"
        for i, (g, w) in enumerate(zip(got, want)):
            if said := difference(g, w):
                return "WRONG", f"output {i}: {said}"
    for form in options.through:
        through = folder / f"through.{form}"
        made = subprocess.run([options.thimble, "convert", str(path), str(through), "-q"], capture_output=True, text=True, errors="replace")
        if made.returncode == 3:
            continue
        if made.returncode:
            return "WRONG", f"convert to {form}: exit {made.returncode} {made.stderr[:200]}"
        again = run(options.thimble, through, chain.feeds, folder)
        if isinstance(again, tuple):
            return "WRONG", f"as .{form}: {again}"
        for i, (g, w) in enumerate(zip(again, got)):
            if said := difference(g, w):
                return "WRONG", f"as .{form}, output {i}: {said}"
    if options.export and (said := exported(options.thimble, path, folder)):
        return "WRONG", said
    return "agrees", ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thimble", default=str(ROOT / "build/release/thimble"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--isa", default="", help="these kernels instead of the fastest")
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--through", nargs="*", default=[], choices=("thim", "onnx", "tflite"), help="convert, run again: the same answers")
    options = parser.parse_args()

    def case(k):
        chain = Chain(np.random.default_rng([options.seed, k]))
        try:
            want = chain.grow()
            want = chain.other_batch() if options.batch else want
        except Refused as error:
            return "not grown", [], "", str(error)
        with tempfile.TemporaryDirectory() as folder:
            kind, words = verdict(options, chain, want, pathlib.Path(folder))
        if options.keep and kind != "agrees":
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{kind}_{options.seed}_{k}.tflite").write_bytes(chain.b.bytes())
            np.savez(options.keep / f"{kind}_{options.seed}_{k}.npz", *chain.feeds, **{f"want{i}": w for i, w in enumerate(want)})
        return kind, chain.names, chain.kind, words

    survey(options, case, "LiteRT")


if __name__ == "__main__":
    main()
