"""A small study with everything that is done in pieces, and what "the same results" means."""
import json
import pathlib

RECIPE = """
[study]
name = "pieces"
seed = 5
repeats = 2
[data]
set = "mnist"
split = { train = 1200, validation = 200, test = 300 }
augment = { shift = 1 }
[model]
input = [28, 28, 1]
layers = [
  { conv2d = 6, kernel = 3, stride = 2, activation = "relu" },
  { batch_norm = true },
  { max_pool = 2 },
  { flatten = true },
  { dropout = 0.2 },
  { dense = 10, activation = "softmax" },
]
[train]
optimizer = { adam = 0.003 }
batch = 32
epochs = 4
[[variant]]
name = "float32"
[[variant]]
name = "pruned"
prune = { sparsity = 0.5, schedule = "polynomial", epochs = 2 }
[[variant]]
name = "pruned_int8"
from = "pruned"
quantize = "int8"
[measure]
trials = 1
[sweep]
"train.optimizer" = [{ sgd = 0.05 }, { adam = 0.001 }]
"""

# A network to be compressed.
NETWORK = """
[data]
set = "mnist"
split = { train = 600, validation = 100, test = 100 }
[model]
input = [28, 28, 1]
layers = [ { flatten = true }, { dense = 16, activation = "relu" }, { dense = 10, activation = "softmax" } ]
[train]
epochs = 2
"""

# What two runs may differ in.
MEASURED = {"seconds", "images_per_s", "peak_rss_bytes", "latency_us", "measurements", "machine", "operators", "verdict"}


def without_measurements(value):
    if isinstance(value, dict):
        return {key: without_measurements(v) for key, v in value.items() if key not in MEASURED}
    if isinstance(value, list):
        return [without_measurements(v) for v in value]
    return value


def results(folder):
    """results.json without measurements, and every model file's bytes by its path.

    What a kill left of a file that was being written (.NAME.PID.part) is no model."""
    folder = pathlib.Path(folder)
    files = (p for p in sorted((folder / "models").rglob("*")) if p.is_file() and not p.name.endswith(".part"))
    models = {str(p.relative_to(folder)): p.read_bytes() for p in files}
    return without_measurements(json.loads((folder / "results.json").read_text())), models


def difference(a, b):
    """"" when two folders hold the same results, else where they differ."""
    (numbers_a, models_a), (numbers_b, models_b) = results(a), results(b)
    if models_a.keys() != models_b.keys():
        return f"models {sorted(models_a)} and {sorted(models_b)}"
    for name in models_a:
        if models_a[name] != models_b[name]:
            return f"the bytes of {name}"
    return first_difference(numbers_a, numbers_b, "results.json")


def first_difference(a, b, where):
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return next((d for k in a if (d := first_difference(a[k], b[k], f"{where}.{k}"))), "")
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next((d for i, (x, y) in enumerate(zip(a, b)) if (d := first_difference(x, y, f"{where}.{i}"))), "")
    return "" if a == b else f"{where}: {str(a)[:200]} and {str(b)[:200]}"
