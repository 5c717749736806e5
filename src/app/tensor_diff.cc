#include "app/tensor_diff.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "base/half.h"

namespace thimble::app {
namespace {

std::vector<int64_t> wide(const Shape& shape) {
  std::vector<int64_t> dims;
  for (const int64_t d : shape.dims())
    if (d != 1) dims.push_back(d);
  return dims;
}

// [n, c, h, w] of [n, h, w, c].
Shape channels_first(const Shape& s) { return Shape{s[0], s[3], s[1], s[2]}; }

// Values of [n, h, w, c] in the order of [n, c, h, w].
std::vector<double> moved(std::span<const double> values, const Shape& s) {
  std::vector<double> out(values.size());
  size_t at = 0;
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t c = 0; c < s[3]; ++c)
      for (int64_t y = 0; y < s[1]; ++y)
        for (int64_t x = 0; x < s[2]; ++x)
          out[at++] = values[static_cast<size_t>(((n * s[1] + y) * s[2] + x) * s[3] + c)];
  return out;
}

class Matcher {
 public:
  Matcher(const Graph& a, const Graph& b)
      : a_(a), b_(b), taken_(b.tensors.size(), 0), position_(b.tensors.size(), -1) {}

  std::vector<TensorPair> run() {
    std::vector<TensorPair> pairs;
    for (size_t i = 0; i < std::min(a_.inputs.size(), b_.inputs.size()); ++i) {
      pairs.push_back({.a = a_.inputs[i], .b = b_.inputs[i]});
      taken_[static_cast<size_t>(b_.inputs[i])] = 1;
    }
    std::map<std::string, TensorId> by_name;
    for (size_t n = 0; n < b_.nodes.size(); ++n)
      for (const TensorId t : b_.nodes[n].outputs) {
        position_[static_cast<size_t>(t)] = static_cast<int64_t>(n);
        const auto [at, fresh] = by_name.try_emplace(b_.at(t).name, t);
        if (!fresh) at->second = kNoTensor;  // the name says nothing
      }
    std::map<std::string, int> named_a;
    for (const Node& node : a_.nodes)
      for (const TensorId t : node.outputs) ++named_a[a_.at(t).name];
    for (const TensorId t : b_.outputs) taken_[static_cast<size_t>(t)] = 1;
    std::map<TensorId, size_t> output;
    for (size_t i = std::min(a_.outputs.size(), b_.outputs.size()); i-- > 0;) output[a_.outputs[i]] = i;

    for (size_t n = 0; n < a_.nodes.size(); ++n)
      for (const TensorId t : a_.nodes[n].outputs) {
        if (a_.at(t).constant()) continue;
        TensorPair pair{.a = t, .node = static_cast<NodeId>(n)};
        const std::string& name = a_.at(t).name;
        const auto named = by_name.find(name);
        if (const auto at = output.find(t); at != output.end()) {
          pair.b = b_.outputs[at->second];
          pair.output = true;
        } else if (!name.empty() && named_a[name] == 1 && named != by_name.end() && named->second != kNoTensor &&
                   !taken_[static_cast<size_t>(named->second)] && fits(t, named->second)) {
          pair.b = named->second;
        }
        if (pair.b != kNoTensor) taken_[static_cast<size_t>(pair.b)] = 1;
        pairs.push_back(pair);
      }
    by_order(pairs);
    const auto fixed = [&](const auto& o) { return a_.at(o.first).constant(); };
    for (const auto& o : output)  // what is known without running
      if (fixed(o)) pairs.push_back({.a = o.first, .b = b_.outputs[o.second], .output = true});
    std::erase_if(pairs, [](const TensorPair& p) { return p.b == kNoTensor; });
    return pairs;
  }

 private:
  bool fits(TensorId a, TensorId b) const {
    return !b_.at(b).constant() && layouts_of(a_.at(a).shape, b_.at(b).shape).has_value();
  }

  // Those that are left, between the pairs that are certain.
  void by_order(std::vector<TensorPair>& pairs) {
    int64_t from = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
      TensorPair& pair = pairs[i];
      if (pair.b == kNoTensor) {
        int64_t end = static_cast<int64_t>(b_.nodes.size());
        for (size_t k = i + 1; k < pairs.size(); ++k)
          if (pairs[k].b != kNoTensor && position_[static_cast<size_t>(pairs[k].b)] >= from) {
            end = position_[static_cast<size_t>(pairs[k].b)];
            break;
          }
        for (int64_t n = from; n < end && pair.b == kNoTensor; ++n) pair.b = alike(pair, n);
        pair.by_name = false;
        if (pair.b != kNoTensor) taken_[static_cast<size_t>(pair.b)] = 1;
      }
      if (pair.b != kNoTensor) from = std::max(from, position_[static_cast<size_t>(pair.b)] + 1);
    }
  }

  TensorId alike(const TensorPair& pair, int64_t n) const {
    const Node& x = a_.nodes[static_cast<size_t>(pair.node)];
    const Node& y = b_.nodes[static_cast<size_t>(n)];
    const auto which = static_cast<size_t>(std::ranges::find(x.outputs, pair.a) - x.outputs.begin());
    if (x.op != y.op || which >= y.outputs.size()) return kNoTensor;
    const TensorId t = y.outputs[which];
    return !taken_[static_cast<size_t>(t)] && fits(pair.a, t) ? t : kNoTensor;
  }

  const Graph &a_, &b_;
  std::vector<char> taken_;        // tensors of B
  std::vector<int64_t> position_;  // node of B that gives each
};

}  // namespace

std::optional<Layouts> layouts_of(const Shape& a, const Shape& b) {
  if (wide(a) == wide(b)) return Layouts::same;
  if (a.rank() != 4 || b.rank() != 4) return std::nullopt;
  if (channels_first(a) == b) return Layouts::b_channels_first;
  if (channels_first(b) == a) return Layouts::a_channels_first;
  return std::nullopt;
}

std::vector<TensorPair> match_tensors(const Graph& a, const Graph& b) { return Matcher(a, b).run(); }

std::vector<double> real_values(const Tensor& tensor, std::span<const uint8_t> memory) {
  const auto count = static_cast<size_t>(tensor.shape.elements());
  std::vector<double> values(count);
  const auto take = [&]<class T>(T) {
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<double>(reinterpret_cast<const T*>(memory.data())[i]);
  };
  switch (tensor.type) {
    case DType::f32: take(float()); break;
    case DType::f64: take(double()); break;
    case DType::i8: take(int8_t()); break;
    case DType::u8:
    case DType::boolean: take(uint8_t()); break;
    case DType::i16: take(int16_t()); break;
    case DType::u16: take(uint16_t()); break;
    case DType::i32: take(int32_t()); break;
    case DType::u32: take(uint32_t()); break;
    case DType::i64: take(int64_t()); break;
    case DType::u64: take(uint64_t()); break;
    case DType::f16:
      for (size_t i = 0; i < count; ++i) values[i] = half_to_float(reinterpret_cast<const uint16_t*>(memory.data())[i]);
      break;
    case DType::bf16:
      for (size_t i = 0; i < count; ++i)
        values[i] = std::bit_cast<float>(uint32_t{reinterpret_cast<const uint16_t*>(memory.data())[i]} << 16);
      break;
    case DType::c64: {  // both parts
      values.resize(2 * count);
      for (size_t i = 0; i < values.size(); ++i) values[i] = reinterpret_cast<const float*>(memory.data())[i];
      break;
    }
    default: values.clear(); break;
  }
  const Quantization& q = tensor.quant;
  if (q.empty() || values.size() != count) return values;
  const bool per_axis = q.per_axis() && q.axis < tensor.shape.rank();
  const int64_t inner = per_axis ? tensor.shape.elements(q.axis + 1, tensor.shape.rank()) : 1;
  for (size_t i = 0; i < count; ++i) {
    const size_t c = per_axis ? static_cast<size_t>(static_cast<int64_t>(i) / inner % tensor.shape[q.axis]) : 0;
    values[i] = (values[i] - q.zero_point[c]) * static_cast<double>(q.scale[c]);
  }
  return values;
}

void Difference::add(std::span<const double> a, std::span<const double> b, const Shape& shape_a, const Shape& shape_b,
                     Layouts layouts) {
  std::vector<double> turned;
  if (layouts == Layouts::b_channels_first) {
    turned = moved(a, shape_a);
    a = turned;
  } else if (layouts == Layouts::a_channels_first) {
    turned = moved(b, shape_b);
    b = turned;
  }
  channels_first = layouts != Layouts::same;
  const size_t count = std::min(a.size(), b.size());
  elements += static_cast<int64_t>(count);
  for (size_t i = 0; i < count; ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) {
      if (std::isfinite(a[i])) magnitude = std::max(magnitude, std::fabs(a[i])), signal += a[i] * a[i];
      continue;
    }
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      ++not_finite;
      largest = noise = INFINITY;
      continue;
    }
    const double d = std::fabs(a[i] - b[i]);
    largest = std::max(largest, d);
    magnitude = std::max(magnitude, std::fabs(a[i]));
    signal += a[i] * a[i];
    noise += d * d;
  }
}

double Difference::decibels() const {
  if (noise == 0) return INFINITY;
  return signal == 0 || std::isinf(noise) ? -INFINITY : 10 * std::log10(signal / noise);
}

double bound_of(const Tensor& a, const Tensor& b, const Difference& d, const Bounds& bounds) {
  if (bounds.absolute || bounds.relative)
    return bounds.absolute.value_or(0) + bounds.relative.value_or(0) * d.magnitude;
  const auto real = [](DType t) {
    return t == DType::f32 || t == DType::f64 || t == DType::f16 || t == DType::bf16 || t == DType::c64;
  };
  double quantum = 0;
  for (const Tensor* t : {&a, &b})
    for (const float scale : t->quant.scale)
      if (!real(t->type)) quantum = std::max(quantum, static_cast<double>(scale));
  if (quantum > 0) return quantum * (1 + 1e-6);  // a difference of exactly one is computed from rounded numbers
  return real(a.type) || real(b.type) ? 1e-5 * std::max(1.0, d.magnitude) : 0;
}

}  // namespace thimble::app
