#include "train/lstm_layer.h"

#include <cmath>

#include "ops/lstm/lstm.h"
#include "ops/reshape/reshape.h"

namespace thimble {

Result<TensorId> lstm_layer(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  if (!(spec.size >= 1) || spec.size != std::floor(spec.size) || spec.size > 1e5)
    return fail(ErrorCode::usage, format("lstm = {} must be a whole number from 1 to 100,000", spec.size));
  const Shape in = b.shape(x);
  if (in.rank() == 4 && in[3] == 1) {
    const int32_t dims[] = {-1, static_cast<int32_t>(in[1]), static_cast<int32_t>(in[2])};
    THIMBLE_ASSIGN(x, b.builder().op(Op::reshape, {x, b.builder().constant_i32(name + "/rows/shape", dims)},
                                     ReshapeAttrs{}, name + "/rows"));
  } else if (in.rank() != 3) {
    return fail(ErrorCode::usage, format("lstm takes a sequence [time, features], but its input is {}", in.to_string()),
                "pictures of one channel are read row by row; otherwise put reshape = [time, features] before it");
  }
  const auto units = static_cast<int64_t>(spec.size);
  const int64_t inputs = b.shape(x)[2];
  THIMBLE_ASSIGN(const TensorId kernel, b.weight(name + "/kernel", Shape{4 * units, inputs}, spec.initializer,
                                                 {.elements = 4 * units * inputs,
                                                  .fan_in = inputs,
                                                  .fan_out = 4 * units,
                                                  .rows = 4 * units,
                                                  .columns = inputs}));
  const std::string recurrent_initializer =
      spec.recurrent_initializer.empty() ? "orthogonal" : spec.recurrent_initializer;
  THIMBLE_ASSIGN(
      const TensorId recurrent,
      b.weight(
          name + "/recurrent_kernel", Shape{4 * units, units}, recurrent_initializer,
          {.elements = 4 * units * units, .fan_in = units, .fan_out = 4 * units, .rows = 4 * units, .columns = units}));
  THIMBLE_ASSIGN(const TensorId bias, b.weight(name + "/bias", Shape{4 * units}, "zeros", {.elements = 4 * units}));
  std::vector<float> start(static_cast<size_t>(4 * units), 0.0f);
  for (int64_t u = units; u < 2 * units; ++u) start[static_cast<size_t>(u)] = 1;
  b.model().graph.at(bias).data = Data::of(std::span<const float>(start));
  THIMBLE_ASSIGN(const auto out,
                 b.builder().node(Op::lstm, {x, kernel, recurrent, bias}, LstmAttrs{spec.return_sequences}, name, 5));
  return out[0];
}

}  // namespace thimble
