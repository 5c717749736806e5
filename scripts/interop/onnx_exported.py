#!/usr/bin/env python3
"""Whole ONNX models as other people's exporters write them, in Thimble and in ONNX Runtime.

  python scripts/interop/onnx_exported.py --thimble build/release/thimble [--only REGEX] [--keep FOLDER]

scikit-learn's models by skl2onnx, PyTorch's by torch.onnx (with TorchScript, and with dynamo and onnxscript where they are
installed), Keras's by tf2onnx: each is trained or drawn from a seed, exported, and fed the same rows or pictures. Labels must be equal, floats within
1e-5 of the largest value (labels: but for rows whose two best scores lie within that). Needs, in a Python of its own: onnx,
onnxruntime, numpy; scikit-learn and skl2onnx; torch and onnxscript; tensorflow and tf2onnx. Exit status 1 where an answer differs.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime

warnings.filterwarnings("ignore")
BOUND = 1e-5
# Sums of hundreds of products of both signs that are far larger than the sum: ONNX Runtime itself is 2e-5 from float64.
BOUNDS = {"sklearn_svr_linear": 5e-5}


# ---- scikit-learn ----
def sklearn_models(_):
    from skl2onnx import to_onnx
    from sklearn import (cluster, datasets, decomposition, ensemble, linear_model, naive_bayes, neighbors, neural_network,
                         pipeline, preprocessing, svm, tree)
    r = np.random.default_rng(5)
    x, y = datasets.make_classification(400, 8, n_informative=6, n_classes=3, random_state=1)
    x = x.astype(np.float32)
    two = (y > 0).astype(np.int64)
    z = (x @ r.standard_normal(8) + np.sin(x[:, 0] * 3)).astype(np.float32)
    p = preprocessing
    plain = {
        "logistic": linear_model.LogisticRegression().fit(x, y), "logistic_binary": linear_model.LogisticRegression().fit(x, two),
        "linear": linear_model.LinearRegression().fit(x, z), "ridge": linear_model.Ridge().fit(x, z),
        "tree": tree.DecisionTreeClassifier().fit(x, y), "tree_regressor": tree.DecisionTreeRegressor().fit(x, z),
        "forest": ensemble.RandomForestClassifier(50, random_state=1).fit(x, y),
        "forest_binary": ensemble.RandomForestClassifier(50, random_state=1).fit(x, two),
        "forest_regressor": ensemble.RandomForestRegressor(50, random_state=1).fit(x, z),
        "extra_trees": ensemble.ExtraTreesClassifier(30, random_state=1).fit(x, y),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=30, random_state=1).fit(x, y),
        "boosting_binary": ensemble.GradientBoostingClassifier(n_estimators=30, random_state=1).fit(x, two),
        "boosting_regressor": ensemble.GradientBoostingRegressor(n_estimators=30, random_state=1).fit(x, z),
        "histogram_boosting": ensemble.HistGradientBoostingClassifier(max_iter=20).fit(np.where(x > 2, np.nan, x), y),
        "mlp": neural_network.MLPClassifier((16, 12), max_iter=50, random_state=1).fit(x, y),
        "mlp_binary": neural_network.MLPClassifier((16,), max_iter=50, random_state=1).fit(x, two),
        "mlp_regressor": neural_network.MLPRegressor(hidden_layer_sizes=(16,), max_iter=50, random_state=1).fit(x, z),
        "bayes": naive_bayes.GaussianNB().fit(x, y), "svr": svm.SVR().fit(x, z), "svc": svm.SVC().fit(x, y), "svc_binary": svm.SVC(kernel="poly").fit(x, two),
        "svr_linear": svm.SVR(kernel="linear").fit(x, z), "nu_svr": svm.NuSVR(kernel="sigmoid").fit(x, z),
        "linear_svc": svm.LinearSVC().fit(x, y), "neighbors": neighbors.KNeighborsClassifier().fit(x, y),
        "kmeans": cluster.KMeans(4, n_init=2, random_state=1).fit(x), "pca": decomposition.PCA(3).fit(x),
        "scaled": pipeline.make_pipeline(p.StandardScaler(), linear_model.LogisticRegression()).fit(x, y),
        "min_max": pipeline.make_pipeline(p.MinMaxScaler(), p.PolynomialFeatures(2), linear_model.Ridge()).fit(x, z),
        "normalized": pipeline.make_pipeline(p.Normalizer(), p.Binarizer(threshold=0.1), tree.DecisionTreeClassifier()).fit(x, y),
    }
    rows = x[:40]
    for name, model in plain.items():
        for zipped in (True, False) if name in ("logistic", "forest") else (False,):
            options = {"zipmap": zipped} if hasattr(model, "predict_proba") else None
            try:
                made = to_onnx(model, rows[:1], options={id(model): options} if options and not hasattr(model, "steps") else None)
            except Exception as error:  # noqa: BLE001 - the exporter's own limits
                print(f"skipped    sklearn {name}: {str(error).splitlines()[0][:100]}")
                continue
            feed = np.where(rows > 2, np.nan, rows) if name == "histogram_boosting" else rows
            yield f"sklearn_{name}{'_zipped' if zipped else ''}", made.SerializeToString(), [feed]


# ---- PyTorch ----
def torch_models():
    import torch
    from torch import nn
    torch.manual_seed(3)

    class Residual(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(n, n, 3, padding=1), nn.BatchNorm2d(n), nn.ReLU(), nn.Conv2d(n, n, 3, padding=1), nn.BatchNorm2d(n))

        def forward(self, x):
            return torch.relu(x + self.body(x))

    class Recurrent(nn.Module):
        def __init__(self, kind, **more):
            super().__init__()
            self.body, self.head = kind(6, 10, batch_first=True, **more), nn.Linear(20 if more.get("bidirectional") else 10, 4)

        def forward(self, x):
            return self.head(self.body(x)[0][:, -1])

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)

        def forward(self, x):
            return self.layer(x).mean(1)

    class Embedded(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = nn.Embedding(50, 8), nn.Linear(8, 3)

        def forward(self, x):
            return self.head(self.table(x).mean(1))

    class Views(nn.Module):
        def forward(self, x):
            n, c, h, w = x.shape
            y = x.view(n, c // 2, 2, h, w).permute(0, 2, 1, 3, 4).reshape(n, c, h, w)
            a, b = y.chunk(2, 1)
            return torch.cat([a.flip(2), nn.functional.pad(b, (1, 0, 0, 1))[:, :, 1:, 1:]], 1).clamp(-1, 1).flatten(1).topk(3).values

    picture, line, steps = torch.randn(3, 3, 32, 32), torch.randn(5, 12), torch.randn(2, 9, 6)
    conv = lambda *a, **k: nn.Conv2d(*a, **k)  # noqa: E731
    yield "mlp", nn.Sequential(nn.Linear(12, 20), nn.Tanh(), nn.Linear(20, 4), nn.Softmax(-1)), line
    yield "cnn", nn.Sequential(conv(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), conv(8, 12, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5)), picture
    yield "residual", nn.Sequential(conv(3, 8, 7, stride=2, padding=3), Residual(8), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8 * 64, 5)), picture
    yield "mobile", nn.Sequential(conv(3, 8, 3, stride=2, padding=1), nn.ReLU6(), conv(8, 8, 3, padding=1, groups=8), nn.Hardswish(), conv(8, 16, 1), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), picture
    yield "grouped", nn.Sequential(conv(3, 12, 3, dilation=2), nn.GELU(), conv(12, 12, 3, groups=3, padding="same"), nn.LeakyReLU(0.2), nn.GroupNorm(3, 12), nn.Sigmoid()), picture
    yield "decoder", nn.Sequential(conv(3, 6, 3, stride=2, padding=1), nn.PReLU(6), nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1), nn.ELU(), nn.Upsample(scale_factor=2, mode="bilinear"), nn.InstanceNorm2d(4, affine=True)), picture
    yield "nearest", nn.Sequential(nn.Upsample(scale_factor=2), conv(3, 4, 3), nn.Softplus(), nn.PixelShuffle(2)), picture
    yield "conv1d", nn.Sequential(nn.Conv1d(6, 8, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(32, 3), nn.LogSoftmax(-1)), steps.transpose(1, 2)
    yield "lstm", Recurrent(nn.LSTM), steps
    yield "lstm_two_ways", Recurrent(nn.LSTM, bidirectional=True, num_layers=2), steps
    yield "gru", Recurrent(nn.GRU), steps
    yield "rnn", Recurrent(nn.RNN), steps
    yield "attention", Attention(), torch.randn(2, 7, 16)
    yield "layer_norm", nn.Sequential(nn.LayerNorm(12), nn.Linear(12, 12), nn.GELU("tanh"), nn.Linear(12, 2)), line
    yield "embedded", Embedded(), torch.randint(0, 50, (2, 6))
    yield "views", Views(), torch.randn(1, 4, 6, 6)
    try:
        import torchvision
        for name in ("mobilenet_v2", "mobilenet_v3_small", "resnet18", "squeezenet1_1", "shufflenet_v2_x0_5", "efficientnet_b0"):
            yield name, getattr(torchvision.models, name)(weights=None), torch.randn(1, 3, 64, 64)
        # Boxes are selected while it runs: how many decides the shapes of what follows.
        ssd = torchvision.models.detection.ssdlite320_mobilenet_v3_large
        yield "ssdlite320", ssd(weights=None, weights_backbone=None, num_classes=5, score_thresh=0.19), torch.rand(1, 3, 320, 320)
    except ImportError:
        print("skipped    torchvision is not installed")


def torch_files(only):
    import io
    import torch
    for name, model, x in torch_models():
        model.eval()
        for way in ("script", "dynamo"):
            if not re.search(only, f"torch_{name}_{way}"):
                continue
            file = io.BytesIO()
            try:
                if way == "script":
                    torch.onnx.export(model, (x[:1],), file, dynamo=False, opset_version=17)
                    made = file.getvalue()
                else:
                    made = torch.onnx.export(model, (x[:1],), dynamo=True, verbose=False).model_proto.SerializeToString()
            except Exception as error:  # noqa: BLE001 - the exporter's own limits
                print(f"skipped    torch {name} by {way}: {str(error).splitlines()[0][:100]}")
                continue
            yield f"torch_{name}_{way}", made, [x.numpy()]


# ---- Keras by tf2onnx ----
def keras_models():
    import keras
    from keras import layers as k
    keras.utils.set_random_seed(3)

    def net(shape, *layers):
        return keras.Sequential([keras.Input(shape), *layers])

    def residual():
        x = i = keras.Input((16, 16, 3))
        x = k.Conv2D(8, 3, padding="same", activation="relu")(x)
        y = k.BatchNormalization()(k.Conv2D(8, 3, padding="same")(x))
        x = k.GlobalAveragePooling2D()(k.ReLU()(k.Add()([x, y])))
        return keras.Model(i, k.Dense(5, activation="softmax")(x))

    def unet():
        i = keras.Input((16, 16, 3))
        a = k.Conv2D(6, 3, padding="same", activation="relu")(i)
        b = k.Conv2D(8, 3, strides=2, padding="same", activation="relu")(a)
        c = k.Concatenate()([k.Conv2DTranspose(6, 3, strides=2, padding="same")(b), a])
        return keras.Model(i, k.Conv2D(2, 1, activation="softmax")(k.UpSampling2D(2, interpolation="bilinear")(c)))

    def transformer():
        x = i = keras.Input((12, 16))
        x = k.LayerNormalization()(k.Add()([x, k.MultiHeadAttention(2, 8)(x, x)]))
        x = k.LayerNormalization()(k.Add()([x, k.Dense(16)(k.Dense(32, activation="swish")(x))]))
        return keras.Model(i, k.Dense(3)(k.GlobalAveragePooling1D()(x)))

    yield "mlp", net((12,), k.Dense(20, activation="relu"), k.Dense(8, activation="tanh"), k.Dense(4, activation="softmax"))
    yield "cnn", net((20, 20, 1), k.Conv2D(6, 5, activation="relu"), k.MaxPooling2D(), k.Conv2D(12, 3, strides=2, padding="same"),
                     k.LeakyReLU(), k.Flatten(), k.Dense(10))
    yield "separable", net((16, 16, 3), k.SeparableConv2D(8, 3, padding="same"), k.BatchNormalization(), k.ReLU(6.0),
                           k.DepthwiseConv2D(3, strides=2), k.AveragePooling2D(3, padding="same"), k.GlobalMaxPooling2D())
    yield "padded", net((15, 17, 2), k.ZeroPadding2D(((1, 2), (0, 3))), k.Conv2D(4, 3, strides=2, activation="elu"), k.Cropping2D(1),
                        k.PReLU(shared_axes=[1, 2]), k.Conv2D(3, 3, dilation_rate=2, padding="same"))
    yield "conv1d", net((40, 3), k.Conv1D(8, 5, padding="causal", activation="relu"), k.MaxPooling1D(), k.Conv1D(4, 3, strides=2),
                        k.GlobalAveragePooling1D(), k.Dense(2, activation="sigmoid"))
    yield "swish", net((16, 16, 3), k.Conv2D(8, 3, activation="swish"), k.Conv2D(8, 3, activation="hard_sigmoid"),
                       k.Conv2D(4, 1, activation="softplus"), k.Reshape((-1, 4)), k.Permute((2, 1)))
    yield "lstm", net((10, 6), k.LSTM(8, return_sequences=True), k.LSTM(5), k.Dense(2))
    yield "gru", net((10, 6), k.GRU(8), k.Dense(2))
    yield "bidirectional", net((10, 6), k.Bidirectional(k.LSTM(4)), k.Dense(2))
    yield "simple_rnn", net((10, 6), k.SimpleRNN(7), k.Dense(2))
    yield "residual", residual()
    yield "unet", unet()
    yield "transformer", transformer()
    for name, shape in (("MobileNet", (96, 96, 3)), ("MobileNetV2", (96, 96, 3)), ("ResNet50V2", (64, 64, 3)),
                        ("MobileNetV3Small", (96, 96, 3)), ("DenseNet121", (64, 64, 3))):
        yield name.lower(), getattr(keras.applications, name)(weights=None, input_shape=shape, classes=10, classifier_activation=None)


def keras_files(only):
    import tensorflow as tf
    import tf2onnx
    r = np.random.default_rng(2)
    for name, model in keras_models():
        shape = tuple(model.inputs[0].shape[1:])
        for way, opset, first in (("13", 13, []), ("18_nchw", 18, ["x"])):
            if not re.search(only, f"keras_{name}_{way}") or (first and len(shape) != 3):
                continue
            run = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((1, *shape), tf.float32, name="x")])
            made, _ = tf2onnx.convert.from_function(run, run.input_signature, opset=opset, inputs_as_nchw=first)
            x = r.standard_normal((3, *shape)).astype(np.float32)
            yield f"keras_{name}_{way}", made.SerializeToString(), [np.moveaxis(x, 3, 1) if first else x]


# ---- both sides ----
def reference(model, feeds):
    session = onnxruntime.InferenceSession(model)
    names = [i.name for i in session.get_inputs()]
    rows = [session.run(None, {n: f[i:i + 1] for n, f in zip(names, feeds)}) for i in range(len(feeds[0]))]
    # a sequence of maps (ZipMap) as the tensor of their values
    tensors = [[np.array([list(v.values()) for v in y], np.float32) if isinstance(y, list) else y for y in row] for row in rows]
    return [np.stack(y) for y in zip(*tensors)]


def compare(program, model, feeds, folder, bound):
    path = folder / "model.onnx"
    path.write_bytes(model)
    wanted = reference(model, feeds)
    command = [program, "run", str(path), "--output-dir", str(folder), "--json"]
    for i, f in enumerate(feeds):
        np.save(folder / f"in{i}.npy", f)
        command += ["--input", f"{i}={folder}/in{i}.npy"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if ran.returncode == 3:
        error = json.loads(ran.stdout)["error"]
        return "refused", f"{error['message']} ({', '.join(error['context'][1:])})"[:300]
    if ran.returncode:
        return "DIFFERS", f"exit {ran.returncode}: {(ran.stderr + ran.stdout)[:300]}"
    worst, labels = 0.0, 0
    for i, want in enumerate(wanted):
        got = np.load(folder / f"{i}.npy")
        if got.size != want.size or got.dtype != want.dtype:
            return "DIFFERS", f"output {i}: {got.dtype} {got.shape}, not {want.dtype} {want.shape}"
        got = got.reshape(want.shape)
        if want.dtype.kind != "f":
            labels += int(np.sum(got != want))
            continue
        worst = max(worst, float(np.max(np.abs(got - want)) / max(1.0, np.max(np.abs(want)))))
    words = f"{worst:.1e}" + (f", {labels} of {len(wanted[0])} labels differ" if labels else "")
    return ("equal" if worst <= bound and not labels else "DIFFERS"), words


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thimble", default="build/release/thimble")
    parser.add_argument("--only", default="")
    parser.add_argument("--family", choices=("sklearn", "torch", "keras"), help="only one of them")
    parser.add_argument("--keep", type=pathlib.Path, help="writes the models there")
    options = parser.parse_args()
    counts = {}
    families = {"sklearn": sklearn_models, "torch": torch_files, "keras": keras_files}
    for family in [families[options.family]] if options.family else families.values():
        try:
            for name, model, feeds in family(options.only):
                if not re.search(options.only, name):
                    continue
                onnx.checker.check_model(onnx.load_from_string(model))
                if options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{name}.onnx").write_bytes(model)
                with tempfile.TemporaryDirectory() as folder:
                    verdict, words = compare(options.thimble, model, feeds, pathlib.Path(folder), BOUNDS.get(name, BOUND))
                counts[verdict] = counts.get(verdict, 0) + 1
                print(f"{verdict:9}  {name:36} {words}", flush=True)
        except ImportError as error:
            print(f"skipped    {family.__name__}: {error}")
    print(", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))
    return 1 if counts.get("DIFFERS") else 0


if __name__ == "__main__":
    sys.exit(main())
