#include "formats/thim/operators.h"

#include <span>

#include "ops/batch_norm/batch_norm.h"
#include "ops/binary/binary.h"
#include "ops/concatenation/concatenation.h"
#include "ops/conv2d/conv2d.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/lstm/lstm.h"
#include "ops/pad/pad.h"
#include "ops/pool2d/pool2d.h"
#include "ops/reduce/reduce.h"
#include "ops/reshape/reshape.h"
#include "ops/slice/slice.h"
#include "ops/softmax/softmax.h"
#include "ops/split/split.h"
#include "ops/transpose/transpose.h"
#include "ops/unary/unary.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

namespace thimble::thim {
namespace {

template <class T>
Attrs fresh() {
  return T{};
}
Attrs nothing() { return {}; }

// The frequent ones first: small numbers take fewer bits. Listed in docs/thim.md.
constexpr OperatorRow kRows[] = {
    {0, Op::conv2d, fresh<Conv2dAttrs>},
    {1, Op::fully_connected, fresh<FullyConnectedAttrs>},
    {2, Op::depthwise_conv2d, fresh<DepthwiseConv2dAttrs>},
    {3, Op::max_pool, fresh<Pool2dAttrs>},
    {4, Op::reshape, fresh<ReshapeAttrs>},
    {5, Op::softmax, fresh<SoftmaxAttrs>},
    {6, Op::average_pool, fresh<Pool2dAttrs>},
    {7, Op::add, fresh<BinaryAttrs>},
    {8, Op::quantize, nothing},
    {9, Op::dequantize, nothing},
    {10, Op::mean, fresh<ReduceAttrs>},
    {11, Op::unidirectional_sequence_lstm, fresh<SequenceLstmAttrs>},
    {12, Op::relu, fresh<UnaryAttrs>},
    {13, Op::mul, fresh<BinaryAttrs>},
    {14, Op::concatenation, fresh<ConcatenationAttrs>},
    {15, Op::pad, fresh<PadAttrs>},
    {16, Op::leaky_relu, fresh<UnaryAttrs>},
    {17, Op::sigmoid, fresh<UnaryAttrs>},
    {18, Op::tanh, fresh<UnaryAttrs>},
    {19, Op::relu6, fresh<UnaryAttrs>},
    {20, Op::transpose, fresh<TransposeAttrs>},
    {21, Op::split, fresh<SplitAttrs>},
    {22, Op::elu, fresh<UnaryAttrs>},
    {23, Op::hard_swish, fresh<UnaryAttrs>},
    {24, Op::log_softmax, nothing},
    {25, Op::strided_slice, fresh<StridedSliceAttrs>},
    {26, Op::sub, fresh<BinaryAttrs>},
    {27, Op::prelu, nothing},
    {28, Op::gelu, fresh<UnaryAttrs>},
    {29, Op::exp, fresh<UnaryAttrs>},
    {30, Op::log, fresh<UnaryAttrs>},
    {31, Op::sqrt, fresh<UnaryAttrs>},
    {32, Op::rsqrt, fresh<UnaryAttrs>},
    {33, Op::neg, fresh<UnaryAttrs>},
    {34, Op::abs, fresh<UnaryAttrs>},
    {35, Op::square, fresh<UnaryAttrs>},
    {36, Op::floor, fresh<UnaryAttrs>},
    {37, Op::ceil, fresh<UnaryAttrs>},
    {38, Op::round, fresh<UnaryAttrs>},
    {39, Op::sin, fresh<UnaryAttrs>},
    {40, Op::cos, fresh<UnaryAttrs>},
    {41, Op::sign, fresh<UnaryAttrs>},
    {42, Op::relu_n1_to_1, fresh<UnaryAttrs>},
    {43, Op::selu, fresh<UnaryAttrs>},
    {44, Op::silu, fresh<UnaryAttrs>},
    {45, Op::mish, fresh<UnaryAttrs>},
    {46, Op::softplus, fresh<UnaryAttrs>},
    {47, Op::softsign, fresh<UnaryAttrs>},
    {48, Op::hard_sigmoid, fresh<UnaryAttrs>},
    {49, Op::div, fresh<BinaryAttrs>},
    {50, Op::maximum, fresh<BinaryAttrs>},
    {51, Op::minimum, fresh<BinaryAttrs>},
    {52, Op::squared_difference, fresh<BinaryAttrs>},
    {53, Op::squeeze, fresh<SqueezeAttrs>},
    {54, Op::expand_dims, fresh<ExpandDimsAttrs>},
    {55, Op::slice, fresh<SliceAttrs>},
    {56, Op::split_v, fresh<SplitAttrs>},
    {57, Op::sum, fresh<ReduceAttrs>},
    {58, Op::reduce_max, fresh<ReduceAttrs>},
    {59, Op::reduce_min, fresh<ReduceAttrs>},
    {60, Op::cast, nothing},
    {61, Op::batch_norm, fresh<BatchNormAttrs>},
    {62, Op::lstm, fresh<LstmAttrs>},
};

constexpr bool in_order() {
  int expected = 0;
  for (const OperatorRow& row : kRows)
    if (row.number != expected++) return false;
  return true;
}
static_assert(in_order(), "row n has number n");

}  // namespace

const OperatorRow* row_of(Op op) {
  for (const OperatorRow& row : kRows)
    if (row.op == op) return &row;
  return nullptr;
}

const OperatorRow* row_of(uint64_t number) { return number < std::size(kRows) ? &kRows[number] : nullptr; }

}  // namespace thimble::thim
