// The operators once more, in double precision and as plainly as can be: what finite differences
// are taken of. Written from the formulas in the operators' headers, sharing no code with them.
#pragma once

#include <functional>

#include "graph/graph.h"
#include "ops/conv2d/conv2d.h"
#include "ops/loss/loss.h"
#include "ops/pool2d/pool2d.h"
#include "ops/rearrange/rearrange.h"

namespace thimble::test {

// A tensor of doubles; integers (labels, step numbers) are held exactly.
struct Value {
  Shape shape;
  std::vector<double> v;
};
using Values = std::vector<Value>;
// The outputs that the loss reads, from the inputs.
using Forward = std::function<Values(const Values&)>;

double activate(double x, Activation activation);

// f(x) of a unary operator.
double unary_double(Op op, double x, double alpha, bool approximate);
Forward unary_forward(Op op, double alpha, bool approximate);
Forward binary_forward(Op op, Activation activation);
Forward dense_forward(Activation activation, bool keep_num_dims);
Forward conv_forward(const Conv2dAttrs& attrs, bool depthwise);
Forward pool_forward(const Pool2dAttrs& attrs, bool maximum);
Forward batch_norm_forward(double epsilon, bool training);
Forward softmax_forward(double beta, bool logarithm);
Forward prelu_forward();
Forward reduce_forward(Op op, std::vector<int> axes);
Forward lstm_forward(bool return_sequences);
Forward loss_forward(const LossAttrs& attrs);
Forward softmax_crossentropy_forward(double smoothing);
// y[i] = x[source[i]] of all inputs laid one after the other, 0 where source is −1; one per output.
Forward moved_forward(std::vector<std::vector<int64_t>> sources);
// Bilinear interpolation of images to h × w.
Forward resize_forward(const ResizeAttrs& attrs, int64_t h, int64_t w);
// y = x · factor, elementwise.
Forward scaled_forward(std::vector<double> factor);

}  // namespace thimble::test
