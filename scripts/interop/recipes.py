"""Random recipes: networks of every layer word, nested, of odd shapes, with every activation, and variants of every technique."""
import numpy as np

ACTIVATIONS = ["relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus", "softsign",
               "sigmoid", "tanh", "hard_sigmoid", "hard_silu", "softmax", "log_softmax", "linear", "exponential"]
USUAL = ["relu", "relu6", "tanh", "hard_silu", "leaky_relu", "elu"]


class Network:
    """Layers one after the other; `shape` is that of one sample so far."""

    def __init__(self, rng, shape):
        self.rng, self.shape, self.layers = rng, list(shape), []

    def pick(self, *options):
        return options[self.rng.integers(len(options))]

    def chance(self, p):
        return self.rng.random() < p

    def activation(self):
        if self.chance(0.35):
            return {}
        return {"activation": self.pick(*(USUAL if self.chance(0.5) else ACTIVATIONS))}

    def kernel(self, most_h, most_w):
        h, w = int(self.rng.integers(1, min(5, most_h) + 1)), int(self.rng.integers(1, min(5, most_w) + 1))
        return h, w

    def grow(self, steps, depth=0, fixed=False):
        """Appends layers. fixed: the shape must stay as it is but for the channels (a branch)."""
        for _ in range(steps):
            words = {3: ["conv2d", "conv2d", "depthwise_conv2d", "separable_conv2d", "max_pool", "average_pool", "zero_pad",
                         "batch_norm", "batch_norm", "layer_norm", "activation", "dropout", "residual", "parallel",
                         "channel_shuffle", "dense", "global", "flatten", "reshape", "rows"],
                     2: ["lstm", "gru", "dense", "layer_norm", "activation", "batch_norm", "flatten", "residual", "reshape"],
                     1: ["dense", "dense", "batch_norm", "layer_norm", "activation", "dropout", "residual", "parallel",
                         "reshape"]}[len(self.shape)]
            word = self.pick(*words)
            if fixed and word in ("max_pool", "average_pool", "zero_pad", "global", "flatten", "reshape", "rows", "lstm", "gru"):
                continue
            if depth > 1 and word in ("residual", "parallel"):
                continue
            layer = getattr(self, "layer_" + word)(fixed, depth)
            if layer:
                self.layers.append(layer)
        return self

    # Each returns the layer's table and brings self.shape up to date; None: not possible here.
    def conv_keys(self, fixed):
        h, w, _ = self.shape
        keys = {}
        padding = "same" if fixed else self.pick("valid", "same")
        kh, kw = self.kernel(h, w)
        keys["kernel"] = [kh, kw]
        stride, dilation = 1, 1
        if not fixed and self.chance(0.3):
            stride = int(self.rng.integers(1, 4))
            keys["stride"] = stride
        elif self.chance(0.2):
            dilation = 2
            keys["dilation"] = 2
        reach = [(kh - 1) * dilation + 1, (kw - 1) * dilation + 1]
        if padding == "valid" and (reach[0] > h or reach[1] > w):
            padding = "same"
        if padding == "same":
            keys["padding"] = "same"
            self.shape[:2] = [-(-h // stride), -(-w // stride)]
        else:
            self.shape[:2] = [(h - reach[0]) // stride + 1, (w - reach[1]) // stride + 1]
        if self.chance(0.25):
            keys["bias"] = False
        return keys | self.activation()

    def layer_conv2d(self, fixed, _):
        channels = self.shape[2]
        groups = self.pick(*[g for g in (1, 1, 1, 2, 3, 4) if channels % g == 0])
        filters = groups * int(self.rng.integers(1, 6))
        keys = self.conv_keys(fixed)
        self.shape[2] = filters
        return {"conv2d": filters} | ({"groups": groups} if groups > 1 else {}) | keys

    def layer_depthwise_conv2d(self, fixed, _):
        multiplier = int(self.rng.integers(1, 3))
        keys = self.conv_keys(fixed)
        self.shape[2] *= multiplier
        return {"depthwise_conv2d": multiplier} | keys if self.shape[2] <= 24 else None

    def layer_separable_conv2d(self, fixed, _):
        filters = int(self.rng.integers(1, 8))
        keys = self.conv_keys(fixed)
        self.shape[2] = filters
        return {"separable_conv2d": filters} | keys

    def layer_dense(self, *_):
        units = int(self.rng.integers(1, 24))
        self.shape[-1] = units
        return {"dense": units} | ({"bias": False} if self.chance(0.25) else {}) | self.activation()

    def pool(self, word):
        h, w, _ = self.shape
        ph, pw = self.kernel(h, w)
        keys = {word: [ph, pw]}
        sh, sw = ph, pw
        if self.chance(0.3):
            sh = sw = int(self.rng.integers(1, 3))
            keys["stride"] = sh
        if self.chance(0.3):
            keys["padding"] = "same"
            self.shape[:2] = [-(-h // sh), -(-w // sw)]
        else:
            self.shape[:2] = [(h - ph) // sh + 1, (w - pw) // sw + 1]
        return keys

    def layer_max_pool(self, *_):
        return self.pool("max_pool")

    def layer_average_pool(self, *_):
        return self.pool("average_pool")

    def layer_global(self, *_):
        self.shape = [self.shape[2]]
        return {self.pick("global_average_pool", "global_max_pool"): True}

    def layer_flatten(self, *_):
        self.shape = [int(np.prod(self.shape))]
        return {"flatten": True} if self.shape[0] <= 1500 else {"flatten": True}

    def layer_reshape(self, *_):
        size = int(np.prod(self.shape))
        divisors = [d for d in range(1, min(size, 40) + 1) if size % d == 0]
        a = int(self.pick(*divisors))
        rest = size // a
        inner = [d for d in range(1, min(rest, 40) + 1) if rest % d == 0]
        b = int(self.pick(*inner))
        self.shape = self.pick([size], [a, rest], [a, b, rest // b], [a, b, rest // b])
        return {"reshape": list(self.shape)}

    def layer_rows(self, *_):
        self.shape = [self.shape[0], self.shape[1] * self.shape[2]]
        return {"reshape": list(self.shape)}

    def layer_zero_pad(self, *_):
        top, bottom, left, right = (int(v) for v in self.rng.integers(0, 3, 4))
        self.shape[:2] = [self.shape[0] + top + bottom, self.shape[1] + left + right]
        return {"zero_pad": [top, bottom, left, right]}

    def layer_batch_norm(self, *_):
        return {"batch_norm": True} | ({"momentum": 0.5} if self.chance(0.5) else {})

    def layer_layer_norm(self, *_):
        return {"layer_norm": True}

    def layer_activation(self, *_):
        word = self.pick(*(a for a in ACTIVATIONS if a != "linear"))
        return {word: True} if word != "leaky_relu" else {word: 0.3}

    def layer_dropout(self, *_):
        return {"dropout": 0.2}

    def layer_channel_shuffle(self, *_):
        groups = [g for g in (2, 3, 4) if self.shape[2] % g == 0]
        return {"channel_shuffle": int(self.pick(*groups))} if groups else None

    def layer_lstm(self, *_):
        return self.recurrent("lstm")

    def layer_gru(self, *_):
        return self.recurrent("gru") if self.shape[0] <= 12 else None

    def recurrent(self, word):
        units = int(self.rng.integers(1, 12))
        whole = self.chance(0.4)
        self.shape = [self.shape[0], units] if whole else [units]
        return {word: units} | ({"return_sequences": True} if whole else {})

    def layer_residual(self, _, depth):
        inside = Network(self.rng, self.shape).grow(int(self.rng.integers(1, 3)), depth + 1, fixed=True)
        layer = {"residual": inside.layers}
        if inside.shape != self.shape:
            if len(self.shape) == 3:
                layer["shortcut"] = [{"conv2d": inside.shape[2], "kernel": 1}]
            else:
                layer["shortcut"] = [{"dense": inside.shape[-1]}]
        self.shape = inside.shape
        return layer | self.activation() if inside.layers else None

    def layer_parallel(self, _, depth):
        count = int(self.rng.integers(2, 4))
        split = self.shape[-1] % count == 0 and self.chance(0.4)
        start = self.shape[:-1] + [self.shape[-1] // count] if split else self.shape
        branches = [Network(self.rng, start).grow(int(self.rng.integers(0, 3)), depth + 1, fixed=True) for _ in range(count)]
        self.shape = self.shape[:-1] + [sum(b.shape[-1] for b in branches)]
        return {"parallel": [b.layers for b in branches]} | ({"split": True} if split else {})


def random_data(rng, shape, task, classes):
    """Small sets; some with empty, constant or tiny columns, some far from 0."""
    n, t = 40, 16
    x = rng.standard_normal([n + t, *shape])
    kind = rng.integers(8)
    if kind == 0:
        x *= 10.0 ** rng.integers(-4, 4)
    elif kind == 1:
        x = x * 0.1 + 10.0 ** rng.integers(0, 3)
    elif kind == 2:
        x[..., rng.integers(shape[-1])] = rng.choice([0.0, 1.0, -3.0])
    elif kind == 3:
        x = np.maximum(x, 0)
    elif kind == 4 and rng.random() < 0.3:
        x[:] = 0
    x = x.astype(np.float32)
    if task == "classes":
        y = np.arange(n + t) % classes
        y = y.astype(np.int64)
    else:
        y = (rng.standard_normal((n + t, classes)) + 0.123).astype(np.float32)
    return {"x_train": x[:n], "y_train": y[:n], "x_test": x[n:], "y_test": y[n:]}


def random_variants(rng):
    """A few of what can be done with the trained network."""
    pick = lambda *words: words[rng.integers(len(words))]  # noqa: E731
    int8 = {"to": "int8", "calibrate": 20}
    io = pick("float", "int8", "uint8")
    all_of = {
        "float16": {"quantize": "float16"},
        "dynamic": {"quantize": {"to": "dynamic", "min_elements": 0}},
        "dynamic_usual": {"quantize": "dynamic"},
        "int8": {"quantize": int8 | {"io": io}},
        "int8_float": {"quantize": int8},
        "per_tensor": {"quantize": int8 | {"io": "int8", "per_tensor": True}},
        "int8_percentile": {"quantize": int8 | {"io": pick("int8", "uint8"), "calibration": pick("percentile:99", "mse", "entropy")}},
        "int8_tuned": {"quantize": int8 | {"io": "int8", "equalize": True, "bias_correction": True}},
        "int4": {"quantize": int8 | {"io": "int8", "bits": int(pick(4, 4, 2, 3))}},
        "coarse": {"quantize": int8 | {"io": "int8", "scale_bits": int(pick(0, 2)), "bias_bits": 12}},
        "qat": {"qat": {"epochs": 1, "io": io}},
        "qat4": {"qat": {"epochs": 1, "bits": 4, "io": pick("float", "int8"), "ranges": pick("learned", "moving_average")}},
        "pruned": {"prune": {"sparsity": float(pick(0.5, 0.9)), "epochs": 1}},
        "pruned_int8": {"prune": {"sparsity": 0.8, "epochs": 1}, "quantize": int8 | {"io": "int8"}},
        "clustered": {"cluster": {"clusters": int(pick(2, 8)), "epochs": 1}},
        "clustered_int8": {"cluster": {"clusters": 4, "epochs": 1}, "quantize": int8 | {"io": "int8"}},
        "shrunk": {"shrink": {"keep": float(pick(0.3, 0.6)), "epochs": 1}},
        "shrunk_int8": {"shrink": {"keep": 0.5, "epochs": 1}, "quantize": int8 | {"io": "int8"}},
        "distilled": {"distill": {"teacher": "float32", "epochs": 1}, "quantize": int8},
        "all_at_once": {"prune": {"sparsity": 0.5, "epochs": 1}, "cluster": {"clusters": 8, "epochs": 1},
                        "qat": {"epochs": 1, "io": "int8"}},
    }
    names = list(all_of)
    chosen = ["int8"] + list(rng.choice([n for n in names if n != "int8"], 4, replace=False))
    return [{"name": "float32"}] + [{"name": str(n)} | all_of[n] for n in chosen]


def random_recipe(rng):
    """(recipe as nested dictionaries, arrays of its data set)"""
    kind = rng.integers(10)
    if kind < 6:
        shape = [int(rng.integers(1, 15)), int(rng.integers(1, 15)), int(rng.choice([1, 1, 2, 3, 4, 5, 8]))]
    elif kind < 8:
        shape = [int(rng.integers(1, 14)), int(rng.integers(1, 12))]
    else:
        shape = [int(rng.integers(1, 40))]
    net = Network(rng, shape).grow(int(rng.integers(1, 8)))
    if len(net.shape) == 3 and rng.random() < 0.7:
        net.layers.append(net.layer_global())
    elif len(net.shape) > 1:
        net.layers.append(net.layer_flatten())
    task, classes = ("classes", int(rng.integers(2, 7))) if rng.random() < 0.7 else ("values", int(rng.integers(1, 4)))
    layers = net.layers
    if task == "classes" and rng.random() < 0.8:
        layers.append({"dense": classes, "activation": "softmax"})
    elif task == "classes":
        layers += [{"dense": classes}, {"softmax": True}]
    else:
        layers.append({"dense": classes})
    recipe = {"study": {"name": "random"}, "data": {"set": "npz:data.npz", "scale": "none"},
              "model": {"input": shape, "layers": layers}, "train": {"epochs": 1, "batch": 8},
              "variant": random_variants(rng), "measure": {"trials": 1}}
    return recipe, random_data(rng, shape, task, classes)


def value(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, str):
        return f'"{v}"'
    if isinstance(v, dict):
        return "{ " + ", ".join(f"{k} = {value(x)}" for k, x in v.items()) + " }"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(value(x) for x in v) + "]"
    return repr(v)


def write_toml(recipe):
    lines = []
    for section, table in recipe.items():
        for one in table if isinstance(table, list) else [table]:
            lines.append(f"[[{section}]]" if isinstance(table, list) else f"[{section}]")
            for key, v in one.items():
                if key == "layers":
                    lines += ["layers = [", *(f"  {value(layer)}," for layer in v), "]"]
                else:
                    lines.append(f"{key} = {value(v)}")
    return "\n".join(lines) + "\n"
