#include "train/gru_layer.h"

#include <array>
#include <cmath>

#include "ops/binary/binary.h"
#include "ops/concatenation/concatenation.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/reshape/reshape.h"
#include "ops/split/split.h"
#include "ops/unary/unary.h"

namespace thimble {
namespace {

constexpr int64_t kMostSteps = 512;

// Unrolls one layer; names are NAME/STEP/….
class Gru {
 public:
  Gru(Builder& builder, std::string name, int64_t units) : b_(builder), name_(std::move(name)), units_(units) {}

  Result<TensorId> reshape(TensorId x, std::span<const int32_t> dims, const std::string& name) {
    return b_.op(Op::reshape, {x, b_.constant_i32(name + "/shape", dims)}, ReshapeAttrs{}, name);
  }

  // Parts of x along `axis`, of the given sizes; the lists are made once per axis and sizes.
  Result<std::vector<TensorId>> parts(TensorId x, std::span<const int32_t> sizes, int32_t axis,
                                      const std::string& name) {
    const TensorId list = b_.constant_i32(name + "/sizes", sizes);
    const TensorId along = b_.constant_i32(name + "/axis", std::array{axis});
    return b_.node(Op::split_v, {x, list, along}, SplitAttrs{}, name, static_cast<int>(sizes.size()));
  }

  // [batch, 3·units] → {gates [batch, 2·units], candidate [batch, units]}
  Result<std::array<TensorId, 2>> gates_and_candidate(TensorId x, const std::string& name) {
    THIMBLE_ASSIGN(const auto out, b_.node(Op::split_v, {x, gate_sizes_, columns_}, SplitAttrs{}, name, 2));
    return std::array{out[0], out[1]};
  }

  // One step. x: its rows of x·W + b, split; h: kNoTensor before the first step, where h·U + c is c itself.
  Result<TensorId> step(const std::array<TensorId, 2>& x, TensorId h, TensorId recurrent, TensorId bias,
                        const std::array<TensorId, 2>& first, const std::string& at) {
    std::array<TensorId, 2> u = first;
    if (h != kNoTensor) {
      THIMBLE_ASSIGN(const TensorId product,
                     b_.op(Op::fully_connected, {h, recurrent, bias}, FullyConnectedAttrs{}, at + "/recurrent"));
      THIMBLE_ASSIGN(u, gates_and_candidate(product, at + "/split"));
    }
    THIMBLE_ASSIGN(const TensorId sum, b_.op(Op::add, {x[0], u[0]}, BinaryAttrs{}, at + "/gates_sum"));
    THIMBLE_ASSIGN(const TensorId gates, b_.op(Op::sigmoid, {sum}, UnaryAttrs{}, at + "/gates"));
    THIMBLE_ASSIGN(const auto zr, b_.node(Op::split_v, {gates, halves_, columns_}, SplitAttrs{}, at + "/z_r", 2));
    THIMBLE_ASSIGN(const TensorId kept, b_.op(Op::mul, {zr[1], u[1]}, BinaryAttrs{}, at + "/kept"));
    THIMBLE_ASSIGN(const TensorId inner, b_.op(Op::add, {x[1], kept}, BinaryAttrs{}, at + "/inner"));
    THIMBLE_ASSIGN(const TensorId n, b_.op(Op::tanh, {inner}, UnaryAttrs{}, at + "/candidate"));
    if (h == kNoTensor) {  // h' = n − z ∘ n
      THIMBLE_ASSIGN(const TensorId part, b_.op(Op::mul, {zr[0], n}, BinaryAttrs{}, at + "/part"));
      return b_.op(Op::sub, {n, part}, BinaryAttrs{}, at);
    }
    THIMBLE_ASSIGN(const TensorId difference, b_.op(Op::sub, {h, n}, BinaryAttrs{}, at + "/difference"));
    THIMBLE_ASSIGN(const TensorId part, b_.op(Op::mul, {zr[0], difference}, BinaryAttrs{}, at + "/part"));
    return b_.op(Op::add, {n, part}, BinaryAttrs{}, at);
  }

  Result<TensorId> run(TensorId x, const std::array<TensorId, 4>& weights, int64_t time, bool sequences) {
    const auto [kernel, recurrent, bias, recurrent_bias] = weights;
    const auto u = static_cast<int32_t>(units_), steps = static_cast<int32_t>(time);
    gate_sizes_ = b_.constant_i32(name_ + "/gate_sizes", std::array{2 * u, u});
    halves_ = b_.constant_i32(name_ + "/halves", std::array{u, u});
    columns_ = b_.constant_i32(name_ + "/columns", std::array<int32_t, 1>{1});
    // All products with the input at once, as [batch·time, 3·units].
    FullyConnectedAttrs keep;
    keep.keep_num_dims = true;
    THIMBLE_ASSIGN(const TensorId projected, b_.op(Op::fully_connected, {x, kernel, bias}, keep, name_ + "/input"));
    std::vector<TensorId> rows{projected};
    if (time > 1) {
      THIMBLE_ASSIGN(rows, parts(projected, std::vector<int32_t>(static_cast<size_t>(time), 1), 1, name_ + "/steps"));
    }
    // c as [1, 3·units], split as the rows are: what h·U + c is while h is 0.
    THIMBLE_ASSIGN(const TensorId c, reshape(recurrent_bias, std::array{1, 3 * u}, name_ + "/first"));
    THIMBLE_ASSIGN(const auto first, gates_and_candidate(c, name_ + "/first/split"));
    const TensorId row_shape = b_.constant_i32(name_ + "/row_shape", std::array{-1, 3 * u});
    const TensorId out_shape = b_.constant_i32(name_ + "/out_shape", std::array{-1, 1, u});
    TensorId h = kNoTensor;
    std::vector<TensorId> outputs;
    for (int32_t t = 0; t < steps; ++t) {
      const std::string at = format("{}/{}", name_, t);
      THIMBLE_ASSIGN(const TensorId row,
                     b_.op(Op::reshape, {rows[static_cast<size_t>(t)], row_shape}, ReshapeAttrs{}, at + "/row"));
      THIMBLE_ASSIGN(const auto x_parts, gates_and_candidate(row, at + "/row/split"));
      THIMBLE_ASSIGN(h, step(x_parts, h, recurrent, recurrent_bias, first, at));
      if (!sequences) continue;
      THIMBLE_ASSIGN(outputs.emplace_back(), b_.op(Op::reshape, {h, out_shape}, ReshapeAttrs{}, at + "/out"));
    }
    if (!sequences) return h;
    if (outputs.size() == 1) return outputs[0];
    ConcatenationAttrs attrs;
    attrs.axis = 1;
    return b_.op(Op::concatenation, std::move(outputs), attrs, name_);
  }

 private:
  Builder& b_;
  std::string name_;
  int64_t units_;
  TensorId gate_sizes_ = kNoTensor, halves_ = kNoTensor, columns_ = kNoTensor;
};

}  // namespace

Result<TensorId> gru_layer(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  if (!(spec.size >= 1) || spec.size != std::floor(spec.size) || spec.size > 1e5)
    return fail(ErrorCode::usage, format("gru = {} must be a whole number from 1 to 100,000", spec.size));
  const Shape in = b.shape(x);
  const auto units = static_cast<int64_t>(spec.size);
  Gru gru(b.builder(), name, units);
  if (in.rank() == 4 && in[3] == 1) {
    THIMBLE_ASSIGN(
        x, gru.reshape(x, std::array{-1, static_cast<int32_t>(in[1]), static_cast<int32_t>(in[2])}, name + "/rows"));
  } else if (in.rank() != 3) {
    return fail(ErrorCode::usage, format("gru takes a sequence [time, features], but its input is {}", in.to_string()),
                "pictures of one channel are read row by row; otherwise put reshape = [time, features] before it");
  }
  const int64_t time = b.shape(x)[1], features = b.shape(x)[2];
  if (time > kMostSteps)
    return fail(ErrorCode::usage, format("gru over {} steps: its steps are unrolled, at most {}", time, kMostSteps),
                "shorten the sequence (average_pool, reshape), or use lstm, which is one operator");
  std::array<TensorId, 4> weights{};
  THIMBLE_ASSIGN(weights[0], b.weight(name + "/kernel", Shape{3 * units, features}, spec.initializer,
                                      {.elements = 3 * units * features,
                                       .fan_in = features,
                                       .fan_out = 3 * units,
                                       .rows = 3 * units,
                                       .columns = features}));
  const std::string recurrent = spec.recurrent_initializer.empty() ? "orthogonal" : spec.recurrent_initializer;
  THIMBLE_ASSIGN(
      weights[1],
      b.weight(
          name + "/recurrent_kernel", Shape{3 * units, units}, recurrent,
          {.elements = 3 * units * units, .fan_in = units, .fan_out = 3 * units, .rows = 3 * units, .columns = units}));
  const WeightShape fans{.elements = 3 * units};
  THIMBLE_ASSIGN(weights[2], b.weight(name + "/bias", Shape{3 * units}, "zeros", fans));
  THIMBLE_ASSIGN(weights[3], b.weight(name + "/recurrent_bias", Shape{3 * units}, "zeros", fans));
  return gru.run(x, weights, time, spec.return_sequences);
}

}  // namespace thimble
