// Which gradient operators clamp what they give, so that no relu_grad follows them.
#include "ops/conv2d/conv2d.h"
#include "ops/pool2d/pool2d.h"
#include "ops/relu_grad/relu_grad.h"

namespace thimble {
namespace {

template <class A>
bool take(Node& gradient, Activation activation) {
  A attrs = gradient.attrs.as<A>();
  if (attrs.activation != Activation::none) return false;
  attrs.activation = activation;
  gradient.attrs = attrs;
  return true;
}

}  // namespace

bool take_clamp(Node& gradient, TensorId y, Activation activation) {
  if (gradient.op == Op::max_pool_grad && gradient.inputs[0] == y) return take<Pool2dAttrs>(gradient, activation);
  if (gradient.op == Op::conv2d_grad_input && gradient.inputs[2] == y) return take<Conv2dAttrs>(gradient, activation);
  return false;
}

}  // namespace thimble
