// ONNX's operators that read images at computed places by bilinear interpolation: DeformConv and RoiAlign.
#include <algorithm>

#include "formats/onnx/matrix.h"
#include "formats/onnx/window.h"
#include "ops/gather/gather.h"

namespace thimble::onnx {
namespace {

// The two entries around a place on an axis, and their weights.
struct Around {
  TensorId low, high;  // int32
  TensorId low_weight, high_weight;
};

TensorId within(Maker& m, TensorId x, float low, float high) {
  return m.minimum(m.maximum(x, m.scalar(low)), m.scalar(high));
}
TensorId holds(Maker& m, TensorId x, float low, float high) {
  return m.op(Op::logical_and,
              {m.op(Op::greater_equal, {x, m.scalar(low)}), m.op(Op::less_equal, {x, m.scalar(high)})});
}
TensorId as_factor(Maker& m, TensorId condition) { return m.cast(condition, DType::f32); }

// Entries outside the axis weigh nothing.
Around around_or_zero(Maker& m, TensorId at, int64_t length) {
  const auto last = static_cast<float>(length - 1);
  const TensorId below = m.unary(Op::floor, at), share = m.sub(at, below), above = m.add(below, 1.0f);
  const auto entry = [&](TensorId x) { return m.cast(within(m, x, 0, last), DType::i32); };
  return {entry(below), entry(above), m.mul(m.sub(m.scalar(1.0f), share), as_factor(m, holds(m, below, 0, last))),
          m.mul(share, as_factor(m, holds(m, above, 0, last)))};
}

// Places up to one entry outside count as the border, those beyond weigh nothing.
Around around_or_border(Maker& m, TensorId at, int64_t length) {
  const TensorId seen = as_factor(m, holds(m, at, -1, static_cast<float>(length)));
  const TensorId inside = within(m, at, 0, static_cast<float>(length - 1)), below = m.unary(Op::floor, inside);
  const TensorId share = m.sub(inside, below), above = within(m, m.add(below, 1.0f), 0, static_cast<float>(length - 1));
  return {m.cast(below, DType::i32), m.cast(above, DType::i32), m.mul(m.sub(m.scalar(1.0f), share), seen),
          m.mul(share, seen)};
}

// Pixels [rows, channels…] at row y · width + x (+ base) with their weights, the four around each place.
struct Corner {
  TensorId index, weight;
};
std::vector<Corner> corners(Maker& m, const Around& y, const Around& x, int64_t width, TensorId base) {
  std::vector<Corner> all;
  for (const bool bottom : {false, true})
    for (const bool right : {false, true}) {
      const TensorId row = m.mul(bottom ? y.high : y.low, m.scalar(DType::i32, static_cast<double>(width)));
      TensorId index = m.add(row, right ? x.high : x.low);
      if (base != kNoTensor) index = m.add(index, base);
      all.push_back({index, m.mul(bottom ? y.high_weight : y.low_weight, right ? x.high_weight : x.low_weight)});
    }
  return all;
}

// A convolution whose taps read the image where offsets move them.
Ids deform_conv(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]), w = m.shape(c[1]), given = m.shape(c[2]);
  if (x.rank() != 4 || w.rank() != 4 || given.rank() != 4)
    return {m.unsupported(format("a deformable convolution over {}", x.to_string()))};
  const auto s = slides(m, c, x, Ints{w[2], w[3]});
  if (m.failed()) return {};
  const int64_t groups = c.i("group", 1), sets = c.i("offset_group", 1), taps = w[2] * w[3];
  const int64_t rows = s[0].windows(), columns = s[1].windows(), places = taps * rows * columns;
  if (s[0].kernel != w[2] || s[1].kernel != w[3] || groups < 1 || sets < 1 || x[1] % groups || w[0] % groups ||
      x[1] % sets || w[1] != x[1] / groups || given[0] != x[0] || given[1] != sets * taps * 2 || given[2] != rows ||
      given[3] != columns)
    return {m.bad(format("weights {} and offsets {} over {}", w.to_string(), given.to_string(), x.to_string()))};
  if (x[2] * x[3] > INT32_MAX || places > Maker::kMostBytes / 64)
    return {m.unsupported(format("{} places in {}", places, x.to_string()))};
  const DType type = m.type(c[0]);
  const int64_t images = x[0] * sets, channels = x[1] / sets;
  // [images, taps, 2, rows, columns]: down, then right
  const TensorId offsets = m.reshape(m.cast(c[2], DType::f32), Ints{images, taps, 2, rows * columns});
  const auto axis = [&](int which) {
    std::vector<float> start;
    for (int64_t k = 0; k < taps; ++k)
      for (int64_t p = 0; p < rows * columns; ++p) {
        const Slide& a = s[static_cast<size_t>(which)];
        const int64_t tap = which == 0 ? k / w[3] : k % w[3], window = which == 0 ? p / columns : p % columns;
        start.push_back(static_cast<float>(window * a.stride - a.before + tap * a.dilation));
      }
    const TensorId moved = m.reshape(m.part(offsets, 2, which, 1), Ints{images, places});
    return around_or_zero(m, m.add(moved, m.values({1, places}, start)), x[which + 2]);
  };
  const auto read = corners(m, axis(0), axis(1), x[3], kNoTensor);
  const TensorId pixels =
      m.transpose(m.reshape(m.cast(c[0], DType::f32), Ints{images, channels, x[2] * x[3]}), {0, 2, 1});
  TensorId sum = kNoTensor;
  for (const Corner& k : read) {
    const TensorId value = m.mul(m.op(Op::gather, {pixels, k.index}, GatherAttrs{1, 1}, pixels),
                                 m.reshape(k.weight, Ints{images, places, 1}));
    sum = sum == kNoTensor ? value : m.add(sum, value);
  }
  if (c.has(4)) {
    if (m.shape(c[4]).elements() != images * places)
      return {m.bad(format("a mask {} over {}", m.shape(c[4]).to_string(), given.to_string()))};
    sum = m.mul(sum, m.reshape(m.cast(c[4], DType::f32), Ints{images, places, 1}));
  }
  // [images, taps · places, channels] → [batch, groups, channels of a group · taps, places], under the weights
  const TensorId columns_of = m.reshape(m.transpose(sum, {0, 2, 1}), Ints{x[0], groups, w[1] * taps, rows * columns});
  const TensorId weights = m.reshape(m.cast(c[1], DType::f32), Ints{1, groups, w[0] / groups, w[1] * taps});
  TensorId y = m.reshape(matmul(m, weights, columns_of), Ints{x[0], w[0], rows, columns});
  if (c.has(3)) y = m.add(y, m.reshape(m.cast(c[3], DType::f32), Ints{w[0], 1, 1}));
  return {m.cast(y, type)};
}

// Each box as a grid of bins, each bin the mean (or the largest) of samples in it.
Ids roi_align(Maker& m, Call& c) {
  const Shape x = m.shape(c[0]), boxes = m.shape(c[1]);
  const int64_t rows = c.i("output_height", 1), columns = c.i("output_width", 1), samples = c.i("sampling_ratio", 0);
  const std::string_view mode = c.s("mode", "avg");
  const std::string_view corner =
      c.s("coordinate_transformation_mode", c.opset < 16 ? "output_half_pixel" : "half_pixel");
  if (x.rank() != 4 || boxes.rank() != 2 || boxes[1] != 4 || m.shape(c[2]).elements() != boxes[0] ||
      (mode != "avg" && mode != "max") || (corner != "half_pixel" && corner != "output_half_pixel"))
    return {m.bad(format("boxes {} in {}", boxes.to_string(), x.to_string()))};
  if (samples < 1) return {m.unsupported("as many samples as each box has room for (sampling_ratio 0)")};
  constexpr int64_t kMost = 1 << 12;
  if (rows < 1 || columns < 1 || rows > kMost || columns > kMost || samples > kMost || x.elements() > INT32_MAX ||
      x.elements() == 0 || boxes[0] * rows * columns * samples * samples > Maker::kMostBytes / 64)
    return {m.unsupported(format("{} boxes of {} x {} bins", boxes[0], rows, columns))};
  const DType type = m.type(c[0]);
  const bool half = corner == "half_pixel";
  const int64_t n = boxes[0];
  const TensorId scaled = m.add(m.mul(m.cast(c[1], DType::f32), c.f("spatial_scale", 1)), half ? -0.5f : 0.0f);
  // The samples along one axis: `down` of rows.
  const auto axis = [&](bool down, int64_t bins) {
    const int64_t count = bins * samples;
    const TensorId begin = m.part(scaled, 1, down ? 1 : 0, 1), end = m.part(scaled, 1, down ? 3 : 2, 1);
    TensorId size = m.sub(end, begin);
    if (!half) size = m.maximum(size, m.scalar(1.0f));
    const TensorId bin = m.mul(size, 1 / static_cast<float>(bins));
    std::vector<float> list;
    for (int64_t k = 0; k < count; ++k)
      list.push_back(static_cast<float>(static_cast<double>(k / samples) +
                                        (static_cast<double>(k % samples) + 0.5) / static_cast<double>(samples)));
    const Around a = around_or_border(m, m.add(begin, m.mul(bin, m.values({1, count}, list))), x[down ? 2 : 3]);
    const Ints dims = down ? Ints{n, count, 1} : Ints{n, 1, count};
    return Around{m.reshape(a.low, dims), m.reshape(a.high, dims), m.reshape(a.low_weight, dims),
                  m.reshape(a.high_weight, dims)};
  };
  const TensorId image = m.mul(m.cast(c[2], DType::i32), m.scalar(DType::i32, static_cast<double>(x[2] * x[3])));
  const auto read = corners(m, axis(true, rows), axis(false, columns), x[3], m.reshape(image, Ints{n, 1, 1}));
  const TensorId pixels =
      m.reshape(m.transpose(m.cast(c[0], DType::f32), {0, 2, 3, 1}), Ints{x[0] * x[2] * x[3], x[1]});
  TensorId all = kNoTensor;
  for (const Corner& k : read) {
    Ints dims = m.dims(k.weight);
    dims.push_back(1);
    const TensorId value =
        m.mul(m.op(Op::gather, {pixels, k.index}, GatherAttrs{0, 0}, pixels), m.reshape(k.weight, dims));
    all = all == kNoTensor ? value : mode == "max" ? m.maximum(all, value) : m.add(all, value);
  }
  const TensorId bins = m.reshape(all, Ints{n, rows, samples, columns, samples, x[1]});
  const TensorId y = m.reduce(mode == "max" ? Op::reduce_max : Op::mean, bins, {2, 4}, false);
  return {m.cast(m.transpose(y, {0, 3, 1, 2}), type)};
}

constexpr Rule kRules[] = {
    {"DeformConv", 3, 5, deform_conv},
    {"RoiAlign", 3, 3, roi_align},
};

}  // namespace

std::span<const Rule> region_rules() { return kRules; }

}  // namespace thimble::onnx
