"""Small models of the domain ai.onnx.ml, as scikit-learn's are exported, for onnx_goldens.py; seeded."""
import numpy as np
from onnx import TensorProto, helper

FEATURES = 4


def model(name, nodes, outputs):
    """nodes: (operator, inputs, outputs, attributes); outputs: (name, type, shape)."""
    made = [helper.make_node(op, ins, outs, domain="" if op in ("Cast", "Softmax") else "ai.onnx.ml", **attributes)
            for op, ins, outs, attributes in nodes]
    graph = helper.make_graph(made, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, FEATURES])],
                              [helper.make_tensor_value_info(n, t, s) for n, t, s in outputs])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="")


def random_trees(count, depth, kind, outputs, seed, positive=True):
    """Attributes of trees of the depth whose leaves come early at times."""
    r = np.random.default_rng(seed)
    lists = {key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
                                 "missing_value_tracks_true")}
    leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(count):
        open_nodes, made = [(0, 0)], 1
        while open_nodes:
            node, level = open_nodes.pop(0)
            leaf = level == depth or (level > 0 and r.random() < 0.2)
            yes, no = (0, 0) if leaf else (made, made + 1)
            made += 0 if leaf else 2
            row = (tree, node, 0 if leaf else int(r.integers(FEATURES)), "LEAF" if leaf else "BRANCH_LEQ",
                   0.0 if leaf else float(np.float32(r.normal(0, 0.5))), yes, no, int(r.integers(2)))
            for key, value in zip(lists, row):
                lists[key].append(value)
            if not leaf:
                open_nodes += [(yes, level + 1), (no, level + 1)]
                continue
            for output in range(outputs):
                weight = r.random() if positive else r.normal()
                for key, value in zip(leaves, (tree, node, output, float(np.float32(weight)))):
                    leaves[key].append(value)
    return {**{f"nodes_{k}": v for k, v in lists.items()}, **{f"{kind}_{k}": v for k, v in leaves.items()}}


def classic_trees():
    return model("trees", [
        ("Imputer", ["x"], ["whole"], {"imputed_value_floats": [0.5] * FEATURES, "replaced_value_float": 0.25}),
        ("TreeEnsembleClassifier", ["whole"], ["label", "scores"], {**random_trees(5, 3, "class", 3, 1), "classlabels_int64s": [7, -3, 20],
                                                                    "post_transform": "SOFTMAX", "base_values": [0.1, 0.2, 0.3]}),
        ("TreeEnsembleClassifier", ["x"], ["sign", "odds"], {**random_trees(4, 4, "class", 1, 2, positive=False),
                                                             "classlabels_int64s": [0, 1], "post_transform": "LOGISTIC"}),
        ("TreeEnsembleClassifier", ["x"], ["likely", "shares"], {**random_trees(3, 3, "class", 1, 6), "classlabels_int64s": [5, 8],
                                                                 "post_transform": "LOGISTIC", "base_values": [0.1]}),
        ("TreeEnsembleRegressor", ["x"], ["value"], {**random_trees(6, 5, "target", 2, 3, positive=False), "n_targets": 2,
                                                     "aggregate_function": "AVERAGE", "base_values": [1.0, -1.0]}),
        ("LabelEncoder", ["label"], ["coded"], {"keys_int64s": [20, 7], "values_floats": [0.5, 1.5], "default_float": -2.0}),
    ], [("label", TensorProto.INT64, [3]), ("scores", TensorProto.FLOAT, [3, 3]), ("sign", TensorProto.INT64, [3]),
        ("odds", TensorProto.FLOAT, [3, 2]), ("likely", TensorProto.INT64, [3]), ("shares", TensorProto.FLOAT, [3, 2]), ("value", TensorProto.FLOAT, [3, 2]), ("coded", TensorProto.FLOAT, [3])])


def classic_lines():
    r = np.random.default_rng(4)

    def numbers(n):
        return r.normal(0, 1, n).astype(np.float32).tolist()

    vectors = {"support_vectors": numbers(6 * FEATURES), "kernel_params": [0.5, 0.1, 2.0]}
    return model("lines", [
        ("Scaler", ["x"], ["scaled"], {"offset": numbers(FEATURES), "scale": numbers(FEATURES)}),
        ("Normalizer", ["scaled"], ["unit"], {"norm": "L2"}),
        ("LinearClassifier", ["unit"], ["label", "scores"], {"coefficients": numbers(3 * FEATURES), "intercepts": numbers(3),
                                                             "classlabels_ints": [0, 1, 2], "post_transform": "SOFTMAX"}),
        ("LinearRegressor", ["unit"], ["value"], {"coefficients": numbers(2 * FEATURES), "intercepts": numbers(2), "targets": 2}),
        ("LinearClassifier", ["unit"], ["side", "rest"], {"coefficients": numbers(FEATURES), "intercepts": [0.1], "classlabels_ints": [3, 6]}),
        ("SVMRegressor", ["x"], ["curve"], {**vectors, "coefficients": numbers(6), "rho": [0.2], "n_supports": 6, "kernel_type": "RBF"}),
        ("SVMClassifier", ["x"], ["group", "pairs"], {**vectors, "coefficients": numbers(12), "rho": numbers(3), "kernel_type": "POLY",
                                                      "vectors_per_class": [2, 3, 1], "classlabels_ints": [4, 5, 6]}),
        ("Binarizer", ["scaled"], ["bits"], {"threshold": 0.1}),
        ("OneHotEncoder", ["group"], ["hot"], {"cats_int64s": [6, 4, 9]}),
        ("FeatureVectorizer", ["bits", "unit"], ["both"], {"inputdimensions": [FEATURES, FEATURES]}),
    ], [("label", TensorProto.INT64, [3]), ("scores", TensorProto.FLOAT, [3, 3]), ("value", TensorProto.FLOAT, [3, 2]),
        ("side", TensorProto.INT64, [3]), ("rest", TensorProto.FLOAT, [3, 2]), ("curve", TensorProto.FLOAT, [3, 1]), ("group", TensorProto.INT64, [3]), ("pairs", TensorProto.FLOAT, [3, 3]),
        ("hot", TensorProto.FLOAT, [3, 3]), ("both", TensorProto.FLOAT, [3, 2 * FEATURES])])


def refused_trees():
    """(name, bytes, code, part of the message)."""
    def made(**changed):
        attributes = {**random_trees(2, 3, "class", 2, 5), "classlabels_int64s": [0, 1], **changed}
        return model("trees", [("TreeEnsembleClassifier", ["x"], ["label", "scores"], attributes)],
                     [("label", TensorProto.INT64, [3]), ("scores", TensorProto.FLOAT, [3, 2])]).SerializeToString()

    trees = random_trees(2, 3, "class", 2, 5)
    yield "trees_in_a_circle", made(nodes_truenodeids=[0 if v == 1 else v for v in trees["nodes_truenodeids"]]), "bad_file", "itself"
    yield "trees_that_meet", made(nodes_truenodeids=[2 if v == 1 else v for v in trees["nodes_truenodeids"]]), "bad_file", "come together"
    yield "trees_without_a_node", made(nodes_falsenodeids=[99 if v == 2 else v for v in trees["nodes_falsenodeids"]]), "bad_file", "is not there"
    yield "trees_of_another_feature", made(nodes_featureids=[9] * len(trees["nodes_featureids"])), "bad_file", "feature 9 of 4"
    yield "trees_short", made(nodes_values=[1.0]), "bad_file", "attributes of"
    yield "trees_class_beyond", made(class_ids=[2] * len(trees["class_ids"])), "bad_file", "output 2 of 2"
    yield "trees_of_the_second_class", made(class_ids=[1] * len(trees["class_ids"])), "unsupported", "second of two classes alone"
    yield "trees_one_score_softmax", made(class_ids=[0] * len(trees["class_ids"]), post_transform="SOFTMAX"), "unsupported", "SOFTMAX"
    yield "trees_with_two_roots", made(nodes_treeids=[0] * len(trees["nodes_treeids"]),
                                       nodes_nodeids=[n + 100 * t for t, n in zip(trees["nodes_treeids"], trees["nodes_nodeids"])],
                                       nodes_truenodeids=[n + 100 * t for t, n in zip(trees["nodes_treeids"], trees["nodes_truenodeids"])],
                                       nodes_falsenodeids=[n + 100 * t for t, n in zip(trees["nodes_treeids"], trees["nodes_falsenodeids"])],
                                       class_treeids=[0] * len(trees["class_treeids"]),
                                       class_nodeids=[n + 100 * t for t, n in zip(trees["class_treeids"], trees["class_nodeids"])]), \
        "bad_file", "two roots"
    yield "trees_with_words", made(classlabels_int64s=None, classlabels_strings=["cat", "dog"]), "unsupported", "strings"
