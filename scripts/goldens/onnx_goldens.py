#!/usr/bin/env python3
"""Writes tests/goldens/onnx: small .onnx models with inputs and answers of other runtimes, and what must be refused.

  models    networks as exporters write them (a CNN with a residual block, depthwise and 1-D convolutions, an MLP, an LSTM, a GRU,
            a block of a transformer, control flow, local functions, external data), answers of onnxruntime
  nodes     a slice of the node cases of the package onnx (scripts/interop/onnx_nodes.py runs all), with their own answers
  quantised networks of onnx_quantised_nets.py in the forms that onnxruntime's quantiser writes, its answers (scripts/interop/
            onnx_quantised.py runs all), and the quantum of the first output
  found     small ones that were read wrongly once (onnx_found.py), answers of onnxruntime
  refused   with the code and a part of the message

All arrays of a model lie in one .npz-like file NAME.bin, described by index.json. Needs onnx, onnxruntime, numpy; seeded.
"""
import itertools
import json
import pathlib
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
import onnx  # noqa: E402
import onnx.backend.test.case.node as node_cases  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import onnx_quantised_nets as quantised  # noqa: E402
from onnx_classic_nets import classic_lines, classic_trees, refused_trees  # noqa: E402
from onnx_found import found  # noqa: E402
from onnx_nets import FLOAT, Net, initializer  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "goldens" / "onnx"

# (network, form)
QUANTISED = ((quantised.cnn, "qdq_s8_channels"), (quantised.cnn, "operators_u8"), (quantised.mlp, "qdq_u8"),
             (quantised.mlp, "dynamic"), (quantised.attention, "operators_s8"), (quantised.swish, "qdq_u8_channels"),
             (quantised.residual, "qdq_u8u8"), (quantised.clipped, "qdq_s8"), (quantised.resized, "operators_s8"),
             (quantised.audio, "operators_u8"))

# Of each, by a stable rule, what takes few bytes.
NODES = """test_conv_with_strides_padding test_conv_with_autopad_same test_convtranspose_pads test_maxpool_2d_ceil
 test_maxpool_2d_dilations test_averagepool_2d_ceil test_globalaveragepool test_gemm_all_attributes
 test_gemm_default_matrix_bias test_matmul_3d test_batchnorm_epsilon test_layer_normalization_3d_axis1_epsilon
 test_group_normalization_epsilon test_instancenorm_epsilon test_lrn test_softmax_axis_0 test_logsoftmax_axis_1
 test_resize_upsample_sizes_cubic test_resize_downsample_scales_linear_antialias test_resize_tf_crop_and_resize
 test_lstm_with_peepholes test_gru_seq_length test_simple_rnn_with_initial_bias test_qlinearconv
 test_qlinearmatmul_2D_uint8_float32 test_matmulinteger test_quantizelinear_axis test_dequantizelinear_blocked
 test_dynamicquantizelinear test_constant_pad_negative_axes test_edge_pad test_reflect_pad test_wrap_pad
 test_slice_negative_axes test_slice_neg_steps test_split_variable_parts_2d_opset18 test_reshape_zero_and_negative_dim
 test_expand_dim_changed test_tile test_gather_negative_indices test_depthtospace_crd_mode_example
 test_clip_default_int8_inbounds test_cast_FLOAT_to_FLOAT16
 test_prelu_broadcast test_celu test_hardsigmoid test_if test_scan9_sum test_shape_start_1_end_2
 test_convtranspose test_convtranspose_dilations
 test_where_example test_and3d test_equal_bcast test_bitshift_right_uint8 test_bitwise_and_i16_3d
 test_mod_mixed_sign_float32 test_mod_int64_fmod test_pow_bcast_array test_isinf test_shrink_soft test_thresholdedrelu
 test_tril_neg test_gather_elements_negative_indices test_gathernd_example_int32_batch_dim1
 test_scatter_elements_with_reduction_min test_scatternd_add test_onehot_negative_indices test_top_k_smallest
 test_argmax_negative_axis_keepdims_example_select_last_index test_hardmax_axis_1 test_cumsum_1d_int32_exclusive
 test_reversesequence_time test_compress_1 test_nonzero_example test_nonmaxsuppression_two_batches
 test_nonmaxsuppression_center_point_box_format test_nonmaxsuppression_suppress_by_IOU_and_scores test_nllloss_NC test_nllloss_NCd1_weight_ii
 test_sce_mean_weight test_gridsample_bicubic test_gridsample_nearest test_affine_grid_2d
 test_reduce_prod_keepdims_random test_bitcast_float32_to_int32 test_attention_4d_gqa_causal
 test_attention_4d_attn_mask_bool test_rotary_embedding_interleaved test_loop11 test_clip_default_int8_max_expanded
 test_adagrad_multiple test_adam test_nesterov_momentum test_bitshift_left_uint64 test_bitwise_or_ui64_bcast_3v1d
 test_bitwise_and_i32_2d test_cast_FLOAT_to_BFLOAT16 test_cast_FLOAT16_to_INT4 test_cast_UINT4_to_FLOAT
 test_castlike_FLOAT_to_INT2 test_quantizelinear_uint4 test_dequantizelinear_int2 test_celu_bfloat16
 test_col2im_pads test_col2im_5d test_convtranspose_3d test_cumprod_1d_exclusive test_cumsum_2d_negative_axis
 test_deform_conv_with_mask_bias test_deform_conv_with_multiple_offset_groups test_det_nd
 test_div_uint64 test_einsum_batch_diagonal test_einsum_batch_matmul test_flexattention_causal_mask
 test_flexattention_double test_flexattention_prob_mod test_greater_equal_uint64
 test_maxpool_with_argmax_2d_precomputed_strides test_maxunpool_export_with_output_shape test_melweightmatrix
 test_mod_mixed_sign_float64 test_pow_types_int64_int64 test_range_float16_type_positive_delta
 test_reduce_log_sum_exp_keepdims_random test_roialign_aligned_true test_roialign_mode_max test_scan_sum
 test_stft_with_window test_tensorscatter_circular test_training_dropout_zero_ratio_mask
 test_unique_not_sorted_without_axis test_unique_sorted_with_axis_3d test_optional_get_element_tensor""".split()

# Types that are none of NumPy's own: bfloat16 as its bytes, integers of 4 and 2 bits a byte each.
HELD_AS = {"int4": np.int8, "int2": np.int8, "uint4": np.uint8, "uint2": np.uint8}


def cnn():
    n = Net("cnn", [1, 3, 12, 10], 1)
    x = n("Relu", n.norm(n.conv("x", 3, 8, [3, 3], pads=[1, 1, 1, 1], strides=[2, 2]), 8))
    y = n("Relu", n.norm(n.conv(x, 8, 8, [3, 3], pads=[1, 1, 1, 1]), 8))
    x = n("Relu", n("Add", n.norm(n.conv(y, 8, 8, [3, 3], pads=[1, 1, 1, 1]), 8), x))
    x = n("Clip", n.conv(x, 8, 8, [3, 3], group=8, auto_pad="SAME_UPPER"), n.const(np.float32(0)), n.const(np.float32(6)))
    x = n("Concat", x, n("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1]), axis=1)
    x = n("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = n("Flatten", x)
    return n.model(n("Softmax", n("Gemm", x, n.w(5, 16 * 3 * 2), n.w(5), transB=1), axis=-1))


def resnet_head():
    n = Net("resnet_head", ["batch", 4, 6, 6], 2)
    x = n("GlobalAveragePool", n("Relu", n.conv("x", 4, 8, [1, 1], strides=[2, 2])))
    shape = n("Shape", x)
    rows = n("Unsqueeze", n("Gather", shape, n.const(np.int64(0)), axis=0), n.const(np.array([0], np.int64)))
    x = n("Reshape", x, n("Concat", rows, n.const(np.array([-1], np.int64)), axis=0))
    return n.model(n("Gemm", x, n.w(8, 3), n.w(3)))


def audio():
    n = Net("audio", [1, 2, 20], 3)
    x = n("LeakyRelu", n.conv("x", 2, 6, 5, strides=[2], pads=[2, 2]), alpha=0.2)
    x = n("MaxPool", n.conv(x, 6, 6, 3, dilations=[2], group=2), kernel_shape=[2], strides=[2])
    return n.model(n("ReduceMean", x, axes=[2], keepdims=0))


def mlp():
    n = Net("mlp", [1, 6], 4, opset=13)
    x = n("Tanh", n("Add", n("MatMul", "x", n.w(6, 7)), n.w(7)))
    return n.model(n("Sigmoid", n("Add", n("MatMul", x, n.w(7, 2)), n.w(2))))


def lstm():
    n = Net("lstm", [5, 1, 3], 5)
    y, h, c = n("LSTM", "x", n.w(2, 16, 3), n.w(2, 16, 4), n.w(2, 32), outputs=3, hidden_size=4, direction="bidirectional")
    return n.model(y, h, c)


def gru():
    n = Net("gru", [4, 2, 3], 6)
    y, h = n("GRU", "x", n.w(1, 12, 3), n.w(1, 12, 4), n.w(1, 24), outputs=2, hidden_size=4, linear_before_reset=1)
    return n.model(n("Squeeze", y, n.const(np.array([1], np.int64))), h)


def transformer():
    n = Net("transformer", [1, 5, 8], 7)

    def heads(t):
        t = n("Reshape", n("Add", n("MatMul", t, n.w(8, 8)), n.w(8, scale=0.1)), n.const(np.array([0, 0, 2, 4], np.int64)))
        return n("Transpose", t, perm=[0, 2, 1, 3])

    x = n("LayerNormalization", "x", n.const(np.ones(8, np.float32)), n.w(8, scale=0.1), axis=-1)
    q, k, v = heads(x), n("Transpose", heads(x), perm=[0, 1, 3, 2]), heads(x)
    p = n("Softmax", n("Mul", n("MatMul", q, k), n.const(np.float32(0.5))), axis=-1)
    a = n("Reshape", n("Transpose", n("MatMul", p, v), perm=[0, 2, 1, 3]), n.const(np.array([1, 5, 8], np.int64)))
    x = n("Add", "x", n("MatMul", a, n.w(8, 8)))
    h = n("Tanh", n("MatMul", n("LayerNormalization", x, n.const(np.ones(8, np.float32)), n.w(8, scale=0.1)), n.w(8, 16)))
    return n.model(n("Add", x, n("MatMul", h, n.w(16, 8))))


def functions():
    n = Net("functions", [2, 3], 8)
    scaled = helper.make_function("own", "Scaled", ["a"], ["b"],
                                  [helper.make_node("Constant", [], ["k"], value_float=3.0), helper.make_node("Mul", ["a", "k"], ["b"])],
                                  [helper.make_opsetid("", 17)])
    leaky = helper.make_node("LeakyRelu", ["c"], ["d"])
    leaky.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    twice = helper.make_function("own", "Twice", ["a"], ["d"],
                                 [helper.make_node("Scaled", ["a"], ["b"], domain="own"),
                                  helper.make_node("Scaled", ["b"], ["c"], domain="own"), leaky],
                                 [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)], ["slope"])
    n.functions = [scaled, twice]
    x = n("Twice", "x", domain="own", slope=0.25)
    model = n.model(x)
    del model.opset_import[2:]
    return model


def control():
    """A loop over a constant count whose body branches on whether its round is the first."""
    n = Net("control", [1, 4], 9)
    value = helper.make_tensor_value_info
    then = helper.make_graph([helper.make_node("Add", ["state", "one"], ["a"])], "then", [], [value("a", FLOAT, [1, 4])])
    other = helper.make_graph([helper.make_node("Mul", ["state", "state"], ["b"])], "else", [], [value("b", FLOAT, [1, 4])])
    body = helper.make_graph(
        [helper.make_node("Cast", ["round"], ["odd"], to=TensorProto.BOOL),
         helper.make_node("If", ["odd"], ["next"], then_branch=then, else_branch=other),
         helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Identity", ["next"], ["seen"])],
        "body", [value("round", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("state", FLOAT, [1, 4])],
        [value("go_on", TensorProto.BOOL, []), value("next", FLOAT, [1, 4]), value("seen", FLOAT, [1, 4])])
    n.weights += [initializer("one", np.float32(1)), initializer("count", np.int64(3)), initializer("yes", np.array(True))]
    n.nodes.append(helper.make_node("Loop", ["count", "yes", "x"], ["last", "all"], body=body))
    return n.model("last", "all")


def external():
    """Its weights lie in external.bin."""
    n = Net("external", [1, 4], 10)
    model = n.model(n("MatMul", "x", n.w(4, 3)))
    return model


def refused_models():
    """(name, model bytes, code, part of the message)."""
    n = Net("plain", [1, 4], 11)
    plain = n.model(n("Relu", "x"))

    def changed(edit):
        model = onnx.ModelProto()
        model.CopyFrom(plain)
        edit(model)
        return model.SerializeToString()

    def weight(edit):
        def add(model):
            tensor = numpy_helper.from_array(np.ones((1, 4), np.float32), "w")
            edit(tensor)
            model.graph.initializer.append(tensor)
        return changed(add)

    def outside(location, **more):
        def edit(tensor):
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in {"location": location, **more}.items():
                tensor.external_data.add(key=key, value=value)
        return weight(edit)

    def body_calls_itself(model):
        model.functions.append(helper.make_function("own", "F", ["a"], ["b"], [helper.make_node("F", ["a"], ["b"], domain="own")],
                                                    [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]))
        model.graph.node[0].op_type, model.graph.node[0].domain = "F", "own"
        model.opset_import.append(helper.make_opsetid("own", 1))

    yield "opset_0", changed(lambda m: setattr(m.opset_import[0], "version", 0)), "bad_file", "opset 0"
    yield "opset_99", changed(lambda m: setattr(m.opset_import[0], "version", 99)), "unsupported", "opset 99"
    yield "no_opset", changed(lambda m: m.ClearField("opset_import")), "bad_file", "opset"
    yield "unknown_operator", changed(lambda m: setattr(m.graph.node[0], "op_type", "Warp")), "unsupported", "Warp"
    yield "unknown_domain", changed(lambda m: setattr(m.graph.node[0], "domain", "com.acme")), "unsupported", "com.acme"
    yield "undefined_input", changed(lambda m: m.graph.node[0].input.__setitem__(0, "y")), "bad_file", "computed by no node"
    yield "no_output", changed(lambda m: m.graph.ClearField("output")), "bad_file", "outputs"
    yield "raw_short", weight(lambda t: setattr(t, "raw_data", t.raw_data[:15])), "bad_file", "needs 16 bytes"
    yield "dims_overflow", weight(lambda t: t.dims.__setitem__(slice(None), [2**30, 2**30])), "unsupported", "2^40"
    yield "dims_negative", weight(lambda t: t.dims.__setitem__(slice(None), [-1, 4])), "bad_file", "dimension -1"
    yield "texts", weight(lambda t: setattr(t, "data_type", TensorProto.STRING)), "unsupported", "string"
    yield "function_calls_itself", changed(body_calls_itself), "unsupported", "nest more than 16"
    yield "external_above", outside("../secret.bin"), "bad_file", "plain names"
    yield "external_absolute", outside("/dev/zero"), "bad_file", "not relative"
    yield "external_proc", outside("a/../../proc/self/mem"), "bad_file", ""
    yield "external_drive", outside("C:\\\\weights.bin"), "bad_file", "plain names"
    yield "external_empty", outside(""), "bad_file", "not relative"
    yield "external_in_memory", outside("*/_ORT_MEM_ADDR_/*"), "bad_file", "plain names"
    yield "external_negative", outside("external.bin", offset="-4"), "bad_file", "offset"
    yield "external_beyond", outside("external.bin", offset="1000000000000", length="16"), "bad_file", "are asked for"
    yield "external_length", outside("external.bin", length="12"), "bad_file", "length 12"


def write(name, model_bytes, inputs, outputs, entry):
    (OUT / f"{name}.onnx").write_bytes(model_bytes)
    blob = b""
    for key, arrays in (("inputs", inputs), ("outputs", outputs)):
        entry[key] = []
        for array in arrays:
            array = np.asarray(array)
            array = array.astype(HELD_AS.get(array.dtype.name, array.dtype))
            if array.dtype.name == "bfloat16":
                array = array.view(np.uint16)
            entry[key].append({"dtype": array.dtype.str[1:], "shape": list(array.shape), "offset": len(blob)})
            blob += np.ascontiguousarray(array).tobytes()
            blob += b"\0" * (-len(blob) % 8)
    (OUT / f"{name}.bin").write_bytes(blob)
    entry["name"] = name
    return entry


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*"):
        old.unlink()
    index = {"models": [], "nodes": [], "quantised": [], "found": [], "refused": []}
    for make in (cnn, resnet_head, audio, mlp, lstm, gru, transformer, functions, control, external, classic_trees, classic_lines):
        model = make()
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        random = np.random.default_rng(100)
        feeds = {v.name: random.uniform(-1, 1, [d if isinstance(d, int) else 1 for d in v.shape]).astype(np.float32)
                 for v in session.get_inputs()}
        answers = session.run(None, feeds)
        for value, answer in zip(model.graph.output, answers):
            if not value.type.tensor_type.HasField("shape"):
                value.CopyFrom(helper.make_tensor_value_info(value.name, FLOAT, answer.shape))
        onnx.checker.check_model(model)
        if make is external:
            onnx.external_data_helper.convert_model_to_external_data(model, location="external.weights", size_threshold=0)
            onnx.external_data_helper.write_external_data_tensors(model, str(OUT))
        index["models"].append(write(make.__name__, model.SerializeToString(), list(feeds.values()), answers, {"tolerance": 1e-5}))
    cases = {c.name: c for c in node_cases.collect_testcases(None)}
    for name in NODES:
        case = cases[name]
        inputs, outputs = case.data_sets[0]
        arrays = [[numpy_helper.to_array(v) if isinstance(v, TensorProto) else np.asarray(v) for v in side] for side in (inputs, outputs)]
        model = case.model
        model.producer_name = ""
        index["nodes"].append(write("node_" + name.removeprefix("test_"), model.SerializeToString(), *arrays, {"tolerance": max(case.rtol, 1e-7)}))
    for make, form in QUANTISED:
        model = quantised.quantised(make(), form)
        session = quantised.exact_session(model.SerializeToString())
        feed = quantised.Samples(model).feed(np.random.default_rng(101))
        index["quantised"].append(write(f"quantised_{make.__name__}_{form}", model.SerializeToString(), list(feed.values()),
                                        session.run(None, feed), {"quantum": quantised.output_scale(model)}))
    for name, model, feeds in found():
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        answers = session.run(None, feeds)
        index["found"].append(write("found_" + name, model.SerializeToString(), list(feeds.values()), answers, {"tolerance": 1e-6}))
    for name, data, code, message in itertools.chain(refused_models(), refused_trees()):
        (OUT / f"refused_{name}.onnx").write_bytes(data)
        index["refused"].append({"file": f"refused_{name}.onnx", "code": code, "message": message})
    (OUT / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    total = sum(p.stat().st_size for p in OUT.glob("*"))
    print(f"{len(index['models'])} models, {len(index['nodes'])} nodes, {len(index['refused'])} refused, {total} bytes")


if __name__ == "__main__":
    sys.exit(main())
