#include "passes/arrange.h"

#include <array>

#include "ops/concatenation/concatenation.h"
#include "ops/rearrange/rearrange.h"
#include "ops/reshape/reshape.h"
#include "ops/slice/slice.h"
#include "ops/transpose/transpose.h"

namespace thimble {
namespace {

constexpr size_t kMostGroups = 16;

// The first axis is left open: it is the batch, which passes may change.
Result<TensorId> reshaped(Builder& b, TensorId x, std::array<int64_t, 2> inner, const std::string& name) {
  const Shape& was = b.at(x).shape;
  if (was.rank() == 3 && was[1] == inner[0] && was[2] == inner[1]) return x;
  const std::array dims{-1, static_cast<int32_t>(inner[0]), static_cast<int32_t>(inner[1])};
  return b.op(Op::reshape, {x, b.constant_i32(name + "/shape", dims)}, ReshapeAttrs{}, name);
}

// Steps [first, last) of x [batch, time, features].
Result<TensorId> stretch(Builder& b, TensorId x, int64_t first, int64_t last, bool drop, const std::string& name) {
  const std::array begin{0, static_cast<int32_t>(first), 0}, end{0, static_cast<int32_t>(last), 0}, strides{1, 1, 1};
  StridedSliceAttrs attrs;
  attrs.begin_mask = attrs.end_mask = 1 | 4;
  attrs.shrink_axis_mask = drop ? 2 : 0;
  return b.op(Op::strided_slice,
              {x, b.constant_i32(name + "/begin", begin), b.constant_i32(name + "/end", end),
               b.constant_i32(name + "/strides", strides)},
              attrs, name);
}

// Where row (b, t) of the wanted tensor begins in its source: first + b · batch + t · time.
struct Walk {
  int64_t first, batch, time;
};

std::optional<Walk> walk_of(std::span<const int64_t> starts, int64_t batch, int64_t time) {
  const auto at = [&](int64_t b, int64_t t) { return starts[static_cast<size_t>(b * time + t)]; };
  const Walk walk{at(0, 0), batch > 1 ? at(1, 0) - at(0, 0) : 0, time > 1 ? at(0, 1) - at(0, 0) : 0};
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t t = 0; t < time; ++t)
      if (at(b, t) != walk.first + b * walk.batch + t * walk.time) return std::nullopt;
  return walk;
}

Result<TensorId> from_one(Builder& b, const ElementRows& rows, const Shape& shape, const std::string& name) {
  const int64_t batch = shape[0], time = shape[1], features = shape[2], row = batch * features;
  const int64_t elements = b.at(rows.tensor).shape.elements();
  const auto walk = walk_of(rows.starts, batch, time);
  if (!walk || elements % row != 0) return kNoTensor;
  const int64_t steps = elements / row;
  const bool batch_first = batch == 1 || walk->batch == steps * features, time_first = walk->batch == features;
  const int64_t step = batch_first ? features : row;
  if ((!batch_first && !time_first) || walk->first % step != 0) return kNoTensor;
  if (time > 1 && walk->time != step && walk->time != -step) return kNoTensor;
  const bool backward = time > 1 && walk->time < 0;
  const int64_t first = walk->first / step - (backward ? time - 1 : 0);
  if (first < 0 || first + time > steps) return kNoTensor;
  TensorId x = rows.tensor;
  if (batch_first) {
    THIMBLE_ASSIGN(x, reshaped(b, x, {steps, features}, name + "/steps"));
  } else {
    THIMBLE_ASSIGN(x, reshaped(b, x, {batch, features}, name + "/steps"));
    THIMBLE_ASSIGN(x, b.op(Op::transpose, {x, b.constant_i32(name + "/perm", std::array{1, 0, 2})}, TransposeAttrs{},
                           name + "/batch_first"));
  }
  if (time == 1) return stretch(b, x, first, first + 1, true, name);
  if (time < steps) {
    THIMBLE_ASSIGN(x, stretch(b, x, first, first + time, false, backward ? name + "/stretch" : name));
  }
  if (backward) {
    THIMBLE_ASSIGN(
        x, b.op(Op::reverse, {x, b.constant_i32(name + "/axis", std::array<int32_t, 1>{1})}, RearrangeAttrs{}, name));
  }
  return x;
}

Result<TensorId> from_steps(Builder& b, std::span<const Element> elements, const Shape& shape,
                            const std::string& name) {
  const int64_t batch = shape[0], time = shape[1], features = shape[2];
  std::vector<TensorId> steps;
  for (int64_t t = 0; t < time; ++t) {
    Elements step;
    for (int64_t n = 0; n < batch; ++n) {
      const auto row = elements.subspan(static_cast<size_t>((n * time + t) * features), static_cast<size_t>(features));
      step.insert(step.end(), row.begin(), row.end());
    }
    steps.push_back(whole_tensor(b.graph(), step));
    if (steps.back() == kNoTensor) return kNoTensor;
  }
  for (TensorId& t : steps) {
    const std::string part = format("{}/{}", name, &t - steps.data());
    THIMBLE_ASSIGN(t, reshaped(b, t, {1, features}, part));
  }
  return b.op(Op::concatenation, std::move(steps), ConcatenationAttrs{.axis = 1}, name);
}

// Where groups of features begin that lie next to each other in every row.
std::vector<int64_t> groups_of(std::span<const Element> elements, int64_t features) {
  std::vector<int64_t> begins{0};
  for (int64_t f = 1; f < features; ++f)
    for (size_t i = static_cast<size_t>(f); i < elements.size(); i += static_cast<size_t>(features)) {
      const Element& before = elements[i - 1];
      if (elements[i] == Element{before.tensor, before.index + 1}) continue;
      begins.push_back(f);
      break;
    }
  return begins;
}

// Features that several tensors give, as the two directions of a layer do.
Result<TensorId> from_groups(Builder& b, std::span<const Element> elements, const Shape& shape,
                             const std::string& name) {
  std::vector<int64_t> begins = groups_of(elements, shape[2]);
  if (begins.size() < 2 || begins.size() > kMostGroups) return kNoTensor;
  begins.push_back(shape[2]);
  std::vector<TensorId> parts;
  for (size_t g = 0; g + 1 < begins.size(); ++g) {
    const int64_t width = begins[g + 1] - begins[g];
    Elements part;
    for (size_t row = 0; row < elements.size(); row += static_cast<size_t>(shape[2])) {
      const auto group = elements.subspan(row + static_cast<size_t>(begins[g]), static_cast<size_t>(width));
      part.insert(part.end(), group.begin(), group.end());
    }
    THIMBLE_ASSIGN(parts.emplace_back(), arrange(b, part, {shape[0], shape[1], width}, format("{}/{}", name, g)));
    if (parts.back() == kNoTensor) return kNoTensor;
  }
  return b.op(Op::concatenation, std::move(parts), ConcatenationAttrs{.axis = shape[1] > 1 ? 2 : 1}, name);
}

}  // namespace

Result<TensorId> arrange(Builder& builder, std::span<const Element> elements, const Shape& shape,
                         const std::string& name) {
  if (elements.empty() || shape.rank() != 3 || shape.elements() != std::ssize(elements)) return kNoTensor;
  if (const auto rows = rows_of(elements, shape[2])) return from_one(builder, *rows, shape, name);
  if (shape[1] > 1) {
    THIMBLE_ASSIGN(const TensorId joined, from_steps(builder, elements, shape, name));
    if (joined != kNoTensor) return joined;
  }
  return from_groups(builder, elements, shape, name);
}

}  // namespace thimble
