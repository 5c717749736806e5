"""Small .onnx models of what random graphs found to be read wrongly, in ONNX's text form, for onnx_goldens.py."""
import numpy as np
import onnx.parser

HEAD = '<ir_version: 8, opset_import: ["": {opset}]>\n'

# name: (opset, text, inputs besides floats)
TEXTS = {
    # With a negative step a start before the first entry is the first.
    "slice_from_before": (13, """g (float[1,4] x, int64[2] ends) => (float[m,n] y)
        <int64[2] starts = {-3, -9}, int64[2] axes = {0, 1}, int64[2] steps = {-1, -2}>
        { y = Slice (x, starts, ends, axes, steps) }""", {"ends": np.array([-5, -9], np.int64)}),
    "nonzero_of_a_number": (13, "g (int32 x) => (int64[1,n] y) { y = NonZero (x) }", {"x": np.array(3, np.int32)}),
    "dynamic_quantize_zeros": (13, "g (float[2,2] x) => (uint8[2,2] y, float s, uint8 z) { y, s, z = DynamicQuantizeLinear (x) }",
                               {"x": np.zeros([2, 2], np.float32)}),
    "layer_norm_of_float64": (17, """g (double[2,3] x, double[3] w) => (double[2,3] y, float[2,1] mean, float[2,1] inverse)
        { y, mean, inverse = LayerNormalization <axis = -1, epsilon = 0.01> (x, w) }""",
                              {"x": np.array([[1, 2, 4], [-3, 0, 1]], np.float64), "w": np.array([0.5, 1, 2])}),
    # The one window begins in the image and ends behind it.
    "average_pool_ceil_one_window": (19, """g (float[1,2,3,4] x) => (float[1,2,m,n] y)
        { y = AveragePool <ceil_mode = 1, dilations = [1, 2], kernel_shape = [2, 3], strides = [1, 3]> (x) }""", {}),
    "max_pool_ceil_one_window": (13, """g (float[1,2,3,4] x) => (float[1,2,m,n] y)
        { y = MaxPool <ceil_mode = 1, kernel_shape = [2, 5], strides = [1, 3]> (x) }""", {}),
    "resize_linear_of_int8": (13, """g (int8[3,4] x) => (int8[m,n] y) <int64[2] sizes = {5, 7}>
        { y = Resize <mode = "linear"> (x, , , sizes) }""", {"x": np.array([[-61, 17, 90, -5], [33, -128, 127, 8], [71, -90, 2, 55]], np.int8)}),
    "resize_to_nothing": (13, """g (float[1,4] x) => (float[m,n] y) <float[2] scales = {0.5, 2.0}>
        { y = Resize <mode = "nearest"> (x, , scales) }""", {}),
    "gemm_over_nothing": (13, "g (float[2,0] x, float[0,3] w, float[3] b) => (float[2,3] y) { y = Gemm (x, w, b) }", {}),
    "matmul_over_nothing": (13, "g (float[2,3,0] x, float[2,0,4] w) => (float[2,3,4] y) { y = MatMul (x, w) }", {}),
    "reduce_l1_of_int32": (13, "g (int32[2,3] x) => (int32[2,1] y) { y = ReduceL1 <axes = [-1]> (x) }",
                           {"x": np.array([[1, -2, 3], [-4, 5, -6]], np.int32)}),
    # Sizes that are names: no window fits where each is 1; a sum over the first.
    "free_sizes": (13, """g (float[n,1,h,w] x) => (float[n,1,p,q] y) <float[1,1,2,3] k = {1, 2, 3, -1, -2, -3}> { y = Conv (x, k) }""",
                   {"x": np.arange(30, dtype=np.float32).reshape(2, 1, 3, 5)}),
    "sum_over_a_free_size": (13, "g (float[n,2] x) => (float[2] y) <int64[1] a = {0}> { y = ReduceSum <keepdims = 0> (x, a) }",
                             {"x": np.array([[1, 2], [3, 4], [5, 6]], np.float32)}),
    # Read for one row it is a division by 1.
    "divided_by_a_free_size": (13, """g (float[n,2] x) => (float[n,2] y) <int64 zero = {0}>
        { s = Shape (x)  n = Gather (s, zero)  f = Cast <to = 1> (n)  y = Div (x, f) }""", {"x": np.array([[1, 2], [3, 4]], np.float32)}),
    "dequantize_int32": (13, "g (int32[2,3] x, float s) => (float[2,3] y) { y = DequantizeLinear (x, s) }",
                         {"x": np.array([[1, -2, 3], [-4, 5, -6000]], np.int32)}),
}


def found():
    """(name, model, feeds by name)."""
    for name, (opset, text, given) in TEXTS.items():
        model = onnx.parser.parse_model(HEAD.format(opset=opset) + text)
        r = np.random.default_rng(7)
        feeds = {}
        for value in model.graph.input:
            drawn = r.uniform(-1, 1, [d.dim_value for d in value.type.tensor_type.shape.dim]).astype(np.float32)
            feeds[value.name] = given.get(value.name, drawn)
        yield name, model, feeds
