#include "compress/refine/layer_inputs.h"

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "ops/conv2d/conv2d.h"
#include "ops/operands.h"
#include "runtime/program.h"

namespace thimble::compress {

std::optional<PatchGeometry> PatchGeometry::of(const Graph& graph, const Node& node) {
  PatchGeometry g;
  const Shape& x = graph.at(node.inputs[0]).shape;
  const LayerOperands* layer = layer_of(node);
  if (!layer) return std::nullopt;
  if (!node.attrs.holds<Conv2dAttrs>()) {
    const Shape& w = graph.at(node.inputs[1]).shape;
    g.rows = w[0];
    g.width = w[1];
    g.positions = g.width > 0 ? x.elements() / g.width : 0;
    g.pixel = g.width;
    return g;
  }
  const Shape& w = graph.at(node.inputs[1]).shape;
  const auto window = conv_window(node.attrs.as<Conv2dAttrs>(), x, w);
  if (!window || x[0] != 1 || !forward_offsets(*window, x[3], &g.offsets)) return std::nullopt;
  g.innermost_channel = layer->depthwise();
  g.pixel = g.innermost_channel ? 1 : w[3];
  g.groups = x[3] / g.pixel;
  g.rows = (g.innermost_channel ? w[3] : w[0]) / g.groups;
  g.width = window->taps() * g.pixel;
  g.positions = window->out_pixels();
  return g;
}

void PatchGeometry::gather(const float* x, int64_t position, int64_t group, float* patch) const {
  if (offsets.empty()) {
    std::copy_n(x + position * width, width, patch);
    return;
  }
  const int64_t taps = width / pixel;
  for (int64_t t = 0; t < taps; ++t, patch += pixel) {
    const int32_t at = offsets[static_cast<size_t>(position * taps + t)];
    if (at < 0) {
      std::fill_n(patch, pixel, 0.0f);
    } else {
      std::copy_n(x + at + group * pixel, pixel, patch);
    }
  }
}

// ---- TensorTap ----

struct TensorTap::State {
  std::unique_ptr<Session> session;  // null: the tensor is an input
  Quantization quant;
  DType type = DType::f32;
  size_t inputs = 0, first = 0, count = 0;
  std::vector<float> values;
};

TensorTap::TensorTap() : state_(std::make_unique<State>()) {}
TensorTap::~TensorTap() = default;
TensorTap::TensorTap(TensorTap&&) noexcept = default;
size_t TensorTap::input_size() const { return state_->inputs; }

Result<TensorTap> TensorTap::make(const Graph& graph, TensorId tensor) {
  TensorTap tap;
  State& s = *tap.state_;
  const Tensor& wanted = graph.at(tensor);
  s.quant = wanted.quant;
  s.type = wanted.type;
  s.count = static_cast<size_t>(wanted.shape.elements());
  s.values.resize(s.count);
  bool is_input = false;
  for (TensorId t : graph.inputs) {
    if (t == tensor) s.first = s.inputs;
    is_input = is_input || t == tensor;
    s.inputs += static_cast<size_t>(graph.at(t).shape.elements());
  }
  if (is_input) return tap;
  Graph part = graph;
  part.outputs = {tensor};
  part.output_names.clear();
  part.remove_unused();
  THIMBLE_ASSIGN(auto program, Program::plan(std::move(part)));
  THIMBLE_ASSIGN(s.session, Session::create(std::move(program)));
  return tap;
}

Result<std::span<const float>> TensorTap::run(std::span<const float> sample) {
  State& s = *state_;
  if (!s.session) return sample.subspan(s.first, s.count);
  size_t at = 0;
  for (size_t k = 0; k < s.session->graph().inputs.size(); ++k) {
    const auto memory = s.session->input(k);
    if (!memory.empty()) std::memcpy(memory.data(), sample.data() + at, memory.size());
    at += memory.size() / sizeof(float);
  }
  s.session->reset_variables();
  THIMBLE_TRY(s.session->run());
  const auto memory = s.session->output(0);
  if (s.type == DType::f32) {
    std::memcpy(s.values.data(), memory.data(), memory.size());
  } else {
    for (size_t i = 0; i < s.count; ++i)
      s.values[i] = s.quant.scale[0] * static_cast<float>(static_cast<int8_t>(memory[i]) - s.quant.zero_point[0]);
  }
  return std::span<const float>(s.values);
}

// ---- the patches of a layer ----

Result<LayerInputs> layer_inputs(const Graph& float_graph, TensorId float_tensor, const Graph& integer_graph,
                                 TensorId integer_tensor, const PatchGeometry& geometry,
                                 const CalibrationSamples& samples, int64_t sample_count, int64_t most) {
  THIMBLE_ASSIGN(TensorTap wanted, TensorTap::make(float_graph, float_tensor));
  THIMBLE_ASSIGN(TensorTap got, TensorTap::make(integer_graph, integer_tensor));
  const auto groups = static_cast<size_t>(geometry.groups), width = static_cast<size_t>(geometry.width);
  LayerInputs made{geometry, std::vector<Patches>(groups), std::vector<Patches>(groups), {}, {}};
  made.wanted_mean.assign(groups, std::vector<double>(width, 0));
  made.got_mean = made.wanted_mean;
  // Of all patches every `step`-th, by a counter-based draw, so that positions and samples mix.
  const int64_t all = sample_count * geometry.positions;
  const auto step = static_cast<uint64_t>(most > 0 ? std::max<int64_t>((all + most - 1) / most, 1) : 1);
  std::vector<float> sample(wanted.input_size()), patch(width);
  int64_t seen = 0;
  for (int64_t i = 0; samples && samples(i, sample); ++i) {
    THIMBLE_ASSIGN(const auto x, wanted.run(sample));
    THIMBLE_ASSIGN(const auto y, got.run(sample));
    for (int64_t p = 0; p < geometry.positions; ++p, ++seen) {
      const bool keep = most > 0 && random_bits(1, 0x9a7c, static_cast<uint64_t>(seen)) % step == 0;
      for (size_t g = 0; g < groups; ++g) {
        const auto take = [&](std::span<const float> from, std::vector<double>& mean, Patches& to) {
          geometry.gather(from.data(), p, static_cast<int64_t>(g), patch.data());
          for (size_t k = 0; k < width; ++k) mean[k] += patch[k];
          if (keep) to.values.insert(to.values.end(), patch.begin(), patch.end());
        };
        take(x, made.wanted_mean[g], made.wanted[g]);
        take(y, made.got_mean[g], made.got[g]);
      }
    }
  }
  for (auto* means : {&made.wanted_mean, &made.got_mean})
    for (auto& mean : *means)
      for (double& m : mean) m /= static_cast<double>(std::max<int64_t>(seen, 1));
  // Value by value, as the search reads them.
  for (auto* list : {&made.wanted, &made.got})
    for (Patches& patches : *list) {
      patches.width = geometry.width;
      patches.count = width > 0 ? static_cast<int64_t>(patches.values.size() / width) : 0;
      std::vector<float> turned(patches.values.size());
      for (int64_t p = 0; p < patches.count; ++p)
        for (int64_t k = 0; k < patches.width; ++k)
          turned[static_cast<size_t>(k * patches.count + p)] =
              patches.values[static_cast<size_t>(p * patches.width + k)];
      patches.values = std::move(turned);
    }
  return made;
}

}  // namespace thimble::compress
