#!/usr/bin/env python3
"""Random recipes and random chains of commands, each written file run elsewhere: in LiteRT (reference kernels, default
kernels, XNNPACK) and in TFLite Micro where it has the operators. Exit 1 where anything fails.

    random_recipes.py --count 1000 --seed 1            recipes: `thimble study` of a random network with random variants
    random_recipes.py --chains 1000 --seed 1           chains: quantize, squeeze, prune, shrink, cluster, pack in random order
    random_recipes.py --count 40 --keep DIR            leaves what failed in DIR, one folder each, with the recipe

A file fails where a process crashes (Thimble's or another's), where a runtime refuses it, and where outputs differ: integers
must equal LiteRT's reference to the byte; float32 within 1e-5 of the largest output, hybrid networks within 5e-3 of it (one
rounding that falls the other way moves an input by a whole quantum). XNNPACK and the default kernels round integers in
their own way; there the outputs must be near.
"""
import argparse
import collections
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from oracle import MODES, Oracle
from recipes import random_recipe, write_toml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = 6
DTYPES = {"FLOAT32": np.float32, "INT8": np.int8, "UINT8": np.uint8, "INT32": np.int32, "INT16": np.int16, "BOOL": np.bool_,
          "INT64": np.int64, "FLOAT16": np.float16}
TYPE_NAMES = {v: k for k, v in vars(schema.TensorType).items() if not k.startswith("_")}
OPERATORS = {v: k for k, v in vars(schema.BuiltinOperator).items() if not k.startswith("_")}


# ---- files ----
class Model:
    """What a file says of itself."""

    def __init__(self, path):
        model = schema.ModelT.InitFromPackedBuf(pathlib.Path(path).read_bytes(), 0)
        self.graph = model.subgraphs[0]
        codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
        self.operators = [(OPERATORS[codes[o.opcodeIndex]], o) for o in self.graph.operators]
        self.inputs = [self.graph.tensors[t] for t in self.graph.inputs]
        self.outputs = [self.graph.tensors[t] for t in self.graph.outputs]

    def dtype(self, tensor):
        return DTYPES[TYPE_NAMES[tensor.type]]

    def hybrid(self):
        """Whether a float32 input meets int8 weights anywhere."""
        weighted = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "UNIDIRECTIONAL_SEQUENCE_LSTM": 2}
        tensors = self.graph.tensors
        return any(k in weighted and tensors[o.inputs[0]].type == schema.TensorType.FLOAT32
                   and tensors[o.inputs[weighted[k]]].type in (schema.TensorType.INT8, schema.TensorType.INT4)
                   for k, o in self.operators)

    def kind(self):
        """How outputs must agree: "exact" (integers throughout, at most converted at the ends), "float", "hybrid" (integers and
        floats together: a rounding that falls the other way moves a value by a quantum)."""
        tensors, integer = self.graph.tensors, (schema.TensorType.INT8, schema.TensorType.UINT8)
        made = [(k, tensors[o.outputs[0]].type, tensors[o.inputs[-1 if k == "SPLIT" else 0]]) for k, o in self.operators]
        integers = any(t in integer for _, t, _ in made)
        floats = any(t == schema.TensorType.FLOAT32 and k != "DEQUANTIZE" for k, t, _ in made)
        return "hybrid" if self.hybrid() or (integers and floats) else "exact" if integers else "float"

    def normalises(self):
        return any(k == "RSQRT" for k, _ in self.operators)

    def micro_kind(self):
        """TFLite Micro rounds dense layers and LSTMs once where the reference rounds twice, takes RELU6's scales for equal, and
        reads sparse tensors as dense ones."""
        known, tensors = {k for k, _ in self.operators}, self.graph.tensors
        rescaled = any(k == "RELU6" and list(tensors[o.inputs[0]].quantization.scale) != list(tensors[o.outputs[0]].quantization.scale)
                       for k, o in self.operators if tensors[o.inputs[0]].type == schema.TensorType.INT8)
        if rescaled or any(t.sparsity for t in self.graph.tensors):
            return None
        if self.kind() == "exact" and known & {"FULLY_CONNECTED", "UNIDIRECTIONAL_SEQUENCE_LSTM"}:
            return "finite" if self.normalises() else "near"
        return self.kind()

    def feed(self, rng, like=None):
        """SAMPLES inputs: rows of `like` (float), as the input's type, or random ones."""
        batches = []
        for tensor in self.inputs:
            dtype, shape = self.dtype(tensor), [int(d) for d in (tensor.shape if tensor.shape is not None else [])]
            q = tensor.quantization
            scale, zero = (q.scale[0], q.zeroPoint[0]) if q is not None and q.scale is not None and len(q.scale) else (None, 0)
            if like is not None and np.prod(shape, dtype=int) == like[0].size:
                x = like[:SAMPLES].astype(np.float64)
            else:
                x = rng.standard_normal([SAMPLES, *shape]) * (1 if scale is None else 40 * scale)
            if dtype in (np.float32, np.float16):
                batch = x.astype(dtype)
            elif scale is not None:
                limits = np.iinfo(dtype)
                batch = np.clip(np.round(x / scale) + zero, limits.min, limits.max).astype(dtype)
            else:
                batch = rng.integers(0, 2, [SAMPLES, *shape]).astype(dtype)
            batches.append(batch.reshape([SAMPLES, *shape]))
        single = all(b.ndim > 1 and b.shape[1] == 1 for b in batches)
        return batches if single else [b[:1] for b in batches]


def words_of(done):
    code = signal.Signals(-done.returncode).name if done.returncode < 0 else f"exit {done.returncode}"
    return f"{code}: {' '.join((done.stderr or done.stdout).split())[-300:]}"


def thimble_run(program, path, batches, folder):
    command = [program, "run", str(path), "--output-dir", str(folder / "out"), "-q"]
    for k, batch in enumerate(batches):
        # A leading N in place of the model's 1 is N runs; a model of another batch runs once.
        np.save(folder / f"in{k}.npy", batch[:, 0] if len(batch) > 1 else batch[0])
        command += ["--input", f"{k}={folder}/in{k}.npy"]
    shutil.rmtree(folder / "out", ignore_errors=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"thimble run: {words_of(done)}")
    files = sorted((folder / "out").glob("[0-9]*.npy"), key=lambda f: int(f.stem))
    return [np.load(f) for f in files]


def differs(ours, theirs, kind, spread=0.0):
    """Why two lists of outputs do not agree, or None. kind: "exact", "float", "hybrid", "near". spread: how far the runtimes'
    own sets of kernels are apart, which is what an ill-conditioned network makes of rounding."""
    if len(ours) != len(theirs):
        return f"{len(ours)} outputs instead of {len(theirs)}"
    for a, b in zip(ours, theirs):
        if a.dtype != b.dtype or a.size != b.size:
            return f"{a.dtype}{list(a.shape)} instead of {b.dtype}{list(b.shape)}"
        a, b = a.reshape(-1), b.reshape(-1)
        if a.size == 0:
            continue
        if b.dtype.kind in "iub":
            apart = np.abs(a.astype(np.int64) - b.astype(np.int64))
            if kind in ("exact", "float") and apart.any():
                return f"{int((apart > 0).sum())} of {a.size} {b.dtype} values differ, by up to {apart.max()}"
            if kind in ("hybrid", "near") and b.dtype != np.int32 and np.percentile(apart, 75) > 24:
                return f"far: {b.dtype} values differ by up to {apart.max()}, a quarter by {np.percentile(apart, 75):.0f}"
            continue
        if not (np.isfinite(a) == np.isfinite(b)).all():
            return "not finite where the other is, or the reverse"
        size, worst = distance(a, b, 75 if kind == "near" else 100)
        if kind == "finite":
            continue
        if worst > max({"exact": 0.0, "float": 1e-5, "hybrid": 5e-3, "near": 0.15}[kind] * size, 4 * spread):
            return f"float values differ by up to {worst:.2e} of {size:.2e}"
    return None


def finite_pair(ours, theirs):
    """Both with zeros where either is not finite."""
    pairs = []
    for a, b in zip(ours, theirs):
        if a.dtype.kind == "f" and b.dtype.kind == "f" and a.size == b.size:
            good = np.isfinite(a.reshape(-1)) & np.isfinite(b.reshape(-1))
            a, b = np.where(good, a.reshape(-1), 0).astype(a.dtype), np.where(good, b.reshape(-1), 0).astype(b.dtype)
        pairs.append((a, b))
    return ([a for a, _ in pairs], [b for _, b in pairs]) if len(ours) == len(theirs) else (ours, theirs)


def distance(a, b, percentile=100):
    """(largest magnitude, at least 1; largest difference) of the finite values."""
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.any():
        return 1.0, 0.0
    a, b = a[finite].astype(np.float64), b[finite].astype(np.float64)
    return max(1.0, float(np.abs(b).max())), float(np.percentile(np.abs(a - b), percentile))


class Checker:
    """Runs files in every mode and keeps count."""

    def __init__(self, program, oracle, keep):
        self.program, self.oracle, self.keep = program, oracle, keep
        self.count, self.failures = collections.Counter(), collections.Counter()
        self.kinds = collections.Counter()
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=oracle.folder.name))

    def fail(self, kind, where, words, source=None):
        self.failures[kind] += 1
        print(f"FAIL  {kind}  {where}  {words[:500]}", flush=True)
        if self.keep and source:
            shutil.copytree(source, self.keep / where.split("/")[0].replace(" ", "_"), dirs_exist_ok=True)

    def check(self, where, path, rng, like=None, source=None):
        """One written file. Returns what LiteRT's reference answered, or None."""
        try:
            model = Model(path)
        except Exception as error:  # noqa: BLE001
            self.fail("unreadable", where, str(error), source)
            return None
        batches = model.feed(rng, like)
        self.count["files"] += 1
        self.kinds.update({k for k, _ in model.operators})
        answers = {}
        for mode in MODES:
            answer = answers[mode] = self.oracle.run(mode, path, batches)
            # CEIL, ELU and ROUND are not among the reference kernels.
            absent = mode == "reference" and "Didn't find op for builtin" in answer.words
            self.count[f"{mode} {'absent' if absent else answer.status}"] += 1
            if answer.status == "crash" or (answer.status == "refused" and not absent):
                self.fail(f"{mode} {answer.status}", where, answer.words, source)
        by = next((m for m in ("reference", "builtin") if answers[m].status == "ok"), None)
        try:
            ours = thimble_run(self.program, path, batches, self.folder)
        except RuntimeError as error:
            self.fail("thimble run", where, str(error), source)
            return None
        if by is None:
            return None
        truth, kind = answers[by].outputs, model.kind()
        spread = 0.0
        for mode in ("builtin", "default", "micro"):
            if answers[mode].status == "ok" and kind in ("float", "hybrid"):
                spread = max([spread, *(distance(a.reshape(-1), b.reshape(-1))[1] for a, b in zip(answers[mode].outputs, truth)
                                        if b.dtype.kind == "f" and a.size == b.size)])
        # Where the reference kernels lack an operator (ELU), TFLite Micro's have it.
        micro = model.micro_kind()
        exact_by = ("reference" if by == "reference" else
                    "micro" if answers["micro"].status == "ok" and micro == "exact" else None)
        if kind != "exact":
            words = differs(ours, truth, kind, spread)
        else:
            words = differs(ours, answers[exact_by].outputs, "exact") if exact_by else differs(ours, truth, "near")
        if words:
            self.fail(f"thimble differs ({kind})", where, words, source)
        for mode in ("builtin", "default"):
            if answers[mode].status == "ok" and mode != by:
                # A normalisation makes whole steps of its output from one step of its input.
                loose = "float" if kind == "float" else "near" if not model.normalises() else "finite"
                if words := differs(answers[mode].outputs, truth, loose, spread):
                    self.fail(f"{mode} differs", where, words, source)
        if answers["micro"].status == "ok" and by == "reference" and micro:
            # What is not a number (the logarithm of a negative one) TFLite Micro may give another form.
            if words := differs(*finite_pair(answers["micro"].outputs, truth), micro, spread):
                self.fail("micro differs", where, words, source)
        return batches, truth


# ---- recipes ----
def recipes(options, checker):
    for number in range(options.count):
        rng = np.random.default_rng([options.seed, number])
        recipe, data = random_recipe(rng)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            np.savez(folder / "data.npz", **data)
            where = f"recipe {options.seed}.{number}"
            for variants in (recipe["variant"], [v for v in recipe["variant"] if "shrink" not in v]):
                recipe["variant"] = variants
                (folder / "r.toml").write_text(write_toml(recipe))
                done = subprocess.run([options.thimble, "study", "r.toml", "--out", "out", "-q"], capture_output=True, text=True,
                                      cwd=folder)
                if "no channel can be removed" not in done.stderr:  # right of a network with a single layer
                    break
            checker.count["recipes"] += 1
            if done.returncode != 0:
                if "diverged" in done.stderr or "holds a NaN" in done.stderr:
                    checker.count["diverged"] += 1
                else:
                    checker.fail("thimble study", where, words_of(done), folder)
                continue
            for path in sorted((folder / "out/models").glob("*.tflite")):
                checker.check(f"{where}/{path.name}", path, rng, data["x_test"], folder)
        progress(options, checker, number + 1, options.count)


# ---- chains ----
def start_models():
    models = [p for p in sorted((ROOT / "tests/goldens/ops").glob("*.tflite"))]
    small = [p for p in sorted((ROOT / "tests/models").rglob("*.tflite")) if p.stat().st_size < 400_000]
    return models, small


def random_step(rng, data):
    pick = lambda *words: words[rng.integers(len(words))]  # noqa: E731
    kind = pick("quantize", "quantize", "quantize", "squeeze", "squeeze", "prune", "cluster", "shrink", "pack", "qat")
    calibrate = ["--data", data, "--scale", "none"]
    train = [*calibrate, "--epochs", "1"]
    if kind == "quantize":
        to = pick("float16", "dynamic", "int8", "int8")
        words = ["quantize", "--to", to]
        if to == "int8":
            words += [*calibrate, "--samples", "20", "--io", pick("float", "int8", "uint8")]
            words += pick([], [], ["--calibration", "percentile:99"], ["--calibration", "mse"], ["--bits", "4"])
        if to == "dynamic":
            words += pick([], ["--min-elements", "0"])
        return words
    if kind == "qat":
        return ["quantize", "--qat", *train, "--bits", pick("8", "4", "2"), "--io", pick("float", "int8", "uint8")]
    if kind == "squeeze":
        return ["squeeze", *pick([], ["--names", "short"], ["--names", "first"], ["--sparse"])]
    if kind == "prune":
        return ["prune", *train, "--sparsity", pick("0.5", "0.9", "0.97")]
    if kind == "cluster":
        return ["cluster", *train, "--clusters", pick("2", "4", "16")]
    if kind == "shrink":
        return ["shrink", *train, "--keep", pick("0.3", "0.6", "0.9")]
    return ["pack"]


def disturb(path, rng):
    """Gives some constants of a float file channels that training seldom makes: silent, equal, tiny, huge, dead."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    for tensor in model.subgraphs[0].tensors:
        data = model.buffers[tensor.buffer].data
        if tensor.type != schema.TensorType.FLOAT32 or data is None or len(data) < 8 or rng.random() < 0.5:
            continue
        values = np.frombuffer(bytes(data), np.float32).copy().reshape([int(d) for d in tensor.shape])
        axis = int(rng.choice([0, values.ndim - 1]))
        some = [slice(None)] * values.ndim
        some[axis] = rng.random(values.shape[axis]) < rng.choice([0.2, 0.5, 1.0])
        change = rng.integers(5)
        if change == 0:
            values[tuple(some)] = 0
        elif change == 1:
            values[tuple(some)] = rng.normal()
        elif change == 2:
            values[tuple(some)] *= np.float32(10.0 ** rng.uniform(-7, 0))
        elif change == 3:
            values[tuple(some)] *= np.float32(10.0 ** rng.uniform(0, 3))
        else:
            values[tuple(some)] -= np.float32(10.0 ** rng.uniform(-1, 2))
        model.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def chains(options, checker):
    """From a random network's float file, or a foreign one, through one to four commands; what each writes is checked."""
    operators, models = start_models()
    number = made = 0
    while number < options.chains:
        rng = np.random.default_rng([options.seed, 7, made])
        made += 1
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            origin, like = rng.integers(10), None
            if origin < 7:
                recipe, data = random_recipe(rng)
                np.savez(folder / "data.npz", **data)
                (folder / "r.toml").write_text(write_toml(recipe))
                done = subprocess.run([options.thimble, "train", str(folder / "r.toml"), "-o", str(folder / "start.tflite"), "-q"],
                                      capture_output=True, text=True, cwd=folder)
                if done.returncode != 0:
                    if "diverged" not in done.stderr:
                        checker.fail("thimble train", f"chain {options.seed}.{made}", words_of(done), folder)
                    continue
                like, starts = data["x_test"], 6
                if rng.random() < 0.5:
                    disturb(folder / "start.tflite", rng)
            else:
                source = models[rng.integers(len(models))] if origin == 9 else operators[rng.integers(len(operators))]
                shutil.copy(source, folder / "start.tflite")
                np.savez(folder / "data.npz", x_train=np.zeros((2, 1), np.float32), y_train=np.zeros(2, np.int64))
                starts = 1
            for branch in range(starts):  # several chains from one training, which takes the time
                number += 1
                checker.count["chains"] += 1
                chain(options, checker, rng, folder, f"chain {options.seed}.{made}.{branch}", like, origin >= 7)
        progress(options, checker, number, options.chains)


def chain(options, checker, rng, folder, where, like, foreign):
    now, trail = folder / "start.tflite", []
    for step in range(int(rng.integers(1, 5))):
        words = random_step(rng, f"npz:{folder}/data.npz")
        if foreign and "--data" in words:
            words = ["squeeze"]
        out = folder / f"s{step}{'.thim' if words[0] == 'pack' else '.tflite'}"
        done = subprocess.run([options.thimble, words[0], str(now), *words[1:], "-o", str(out), "-q"],
                              capture_output=True, text=True)
        trail.append(" ".join(w for w in words if "npz:" not in w))
        here = f"{where}/{' → '.join(trail)}"
        checker.count["commands"] += 1
        if done.returncode in (2, 3):  # a refusal with its reason, as of a second quantisation
            checker.count["commands refused"] += 1
            checker.refusals[" ".join(done.stderr.split())[:110]] += 1
            continue
        if done.returncode != 0:
            if "diverged" in done.stderr or "holds a NaN" in done.stderr:
                return
            checker.fail("thimble " + words[0], here, words_of(done), folder)
            return
        same = words[0] == "squeeze"
        if out.suffix == ".tflite":
            answer = checker.check(here, out, rng, like, folder)
            if same and now.suffix == ".tflite" and answer:
                before = checker.oracle.run("reference", now, answer[0])
                if before.status == "ok" and (difference := differs(answer[1], before.outputs, "exact")):
                    checker.fail("squeeze changes outputs", here, difference, folder)
        now = out


def progress(options, checker, done, of):
    if done % options.every == 0 or done == of:
        print(f"{done} of {of}: {dict(sorted(checker.count.items()))}, failures {dict(checker.failures)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=0, help="recipes")
    parser.add_argument("--chains", type=int, default=0, help="chains of commands")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=50, help="a line of progress after so many")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for what fails")
    parser.add_argument("--thimble", default=str(ROOT / "build/release/thimble"))
    options = parser.parse_args()
    options.thimble = str(pathlib.Path(options.thimble).resolve())
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with Oracle() as oracle:
        checker = Checker(options.thimble, oracle, options.keep)
        checker.refusals = collections.Counter()
        recipes(options, checker)
        chains(options, checker)
    print(f"{dict(sorted(checker.count.items()))}")
    for text, n in checker.refusals.most_common(12):
        print(f"{n:6} refused  {text}")
    print(f"operators seen: {', '.join(sorted(checker.kinds))}")
    print(f"{sum(checker.failures.values())} failures" if checker.failures else "everything runs and agrees")
    return 1 if checker.failures else 0


if __name__ == "__main__":
    sys.exit(main())
