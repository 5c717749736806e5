// The elementwise functions and optimisers by name: the words that kernels, operators and the trainer
// share. What each computes stands in kernels/map.h and kernels/update.h.
#pragma once

namespace thimble {

enum class UnaryFn {
  copy,
  relu,
  relu6,
  relu_n1_to_1,
  leaky_relu /* alpha */,
  elu /* alpha */,
  selu,
  gelu,
  gelu_tanh,
  silu,
  mish,
  softplus,
  softsign,
  sigmoid,
  tanh,
  exp,
  log,
  sqrt,
  rsqrt,
  neg,
  abs,
  square,
  hard_sigmoid /* relu6(x+3)/6 */,
  hard_swish /* x·relu6(x+3)/6 */,
  reciprocal,
  sign,
  floor,
  ceil,
  round /* half to even */,
  sin,
  cos,
  count
};

enum class BinaryFn { add, sub, mul, div, maximum, minimum, squared_difference, count };

enum class UpdateRule { sgd, rmsprop, adam, adadelta, adagrad, adamax, nadam, ftrl, lion, count };

}  // namespace thimble
