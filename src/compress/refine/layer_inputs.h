// What a layer reads while samples run, seen as the vectors that its weights are multiplied with. Private to the
// compress room.
#pragma once

#include <optional>

#include "compress/quantize/quantize.h"
#include "ops/window.h"

namespace thimble::compress {

// A convolution (also grouped), depthwise or dense layer as matrix products: for every position and group of channels a
// patch of `width` input values, times `rows` rows of weights. Zero where a patch leaves the image.
struct PatchGeometry {
  int64_t groups = 1, rows = 0, width = 0, positions = 0;  // rows: output channels of one group

  // Empty where the node is no such layer.
  static std::optional<PatchGeometry> of(const Graph& graph, const Node& node);

  void gather(const float* x, int64_t position, int64_t group, float* patch) const;
  int64_t channel(int64_t group, int64_t row) const { return group * rows + row; }
  // Place of a weight in its tensor.
  size_t weight(int64_t channel, int64_t k) const {
    return static_cast<size_t>(innermost_channel ? k * groups * rows + channel : channel * width + k);
  }

  std::vector<int32_t> offsets;  // convolutions: of the pixel under each tap of each position, −1 outside
  int64_t pixel = 1;             // values of a patch that lie side by side
  bool innermost_channel = false;
};

// One tensor of a graph while samples run.
class TensorTap {
 public:
  // `graph` has float inputs.
  static Result<TensorTap> make(const Graph& graph, TensorId tensor);
  ~TensorTap();
  TensorTap(TensorTap&&) noexcept;

  size_t input_size() const;
  // The tensor's values for one sample (all inputs, one after the other), as floats; valid until the next call.
  Result<std::span<const float>> run(std::span<const float> sample);

 private:
  TensorTap();
  struct State;
  std::unique_ptr<State> state_;
};

// Patches of one group: `count` vectors of `width` values, value k of patch p at k·count + p.
struct Patches {
  int64_t count = 0, width = 0;
  std::vector<float> values;
  std::span<const float> column(int64_t k) const { return {values.data() + k * count, static_cast<size_t>(count)}; }
};

// What one layer reads in the float network and in the integer one, for the same samples and positions.
struct LayerInputs {
  PatchGeometry geometry;
  std::vector<Patches> wanted, got;                        // per group; some of all patches, chosen by a counter
  std::vector<std::vector<double>> wanted_mean, got_mean;  // per group, over all patches
};

// `integer` is the tensor that the layer reads there. `sample_count`: how many there are; `most`: patches to keep of
// each group (0: only the means).
Result<LayerInputs> layer_inputs(const Graph& float_graph, TensorId float_tensor, const Graph& integer_graph,
                                 TensorId integer_tensor, const PatchGeometry& geometry,
                                 const CalibrationSamples& samples, int64_t sample_count, int64_t most);

}  // namespace thimble::compress
