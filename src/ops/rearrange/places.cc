// Where the elements go: one function per operator.
#include <algorithm>
#include <cmath>

#include "ops/axes.h"
#include "ops/rearrange/rearrange.h"
#include "ops/strided_copy.h"

namespace thimble {
namespace {

using Operands = std::span<const std::vector<int64_t>>;
constexpr int64_t kMostPlaces = int64_t{1} << 22;

tl::unexpected<Error> wrong(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }

// The output's shape, where the tables that follow are not too long to be made.
Status take_shape(Rearrangement* r, std::span<const int64_t> y, const Shape& x) {
  THIMBLE_ASSIGN(r->y, Shape::make(y));
  int64_t places = 0;
  for (const int64_t d : r->scatters ? x.dims() : r->y.dims()) places += d;
  if (places > kMostPlaces)
    return fail(ErrorCode::unsupported,
                format("the dimensions of {} add up to more than {}", r->y.to_string(), kMostPlaces));
  return {};
}

// Dimension d of what is walked: place(i) for every index i.
template <class Place>
void put(Rearrangement* r, const Shape& walked, int d, Place place) {
  auto& list = r->places[static_cast<size_t>(d)];
  list.resize(static_cast<size_t>(walked[d]));
  for (size_t i = 0; i < list.size(); ++i) list[i] = place(static_cast<int64_t>(i));
}

void keep(Rearrangement* r, const Shape& walked, int d, int64_t stride) {
  put(r, walked, d, [&](int64_t i) { return i * stride; });
}

Status images(const Shape& x, int block) {
  if (x.rank() != 4) return wrong(format("the input {} must have 4 dimensions", x.to_string()));
  if (block < 1) return wrong(format("block size {}", block));
  return {};
}

Result<Rearrangement> space_to_depth(const Shape& x, int64_t block) {
  THIMBLE_TRY(images(x, static_cast<int>(block)));
  if (x[1] % block != 0 || x[2] % block != 0)
    return wrong(format("blocks of {0} × {0} do not divide {1}", block, x.to_string()));
  Rearrangement r;
  const int64_t channels = x[3];
  if (block > INT32_MAX / block || (channels > 0 && block * block > INT32_MAX / channels))
    return wrong(format("blocks of {0} × {0} overflow the channels of {1}", block, x.to_string()));
  const int64_t dims[] = {x[0], x[1] / block, x[2] / block, block * block * channels};
  THIMBLE_TRY(take_shape(&r, dims, x));
  const auto s = dense_strides(x);
  keep(&r, r.y, 0, s[0]);
  keep(&r, r.y, 1, s[1] * block);
  keep(&r, r.y, 2, s[2] * block);
  put(&r, r.y, 3, [&](int64_t i) { return i / (block * channels) * s[1] + i % (block * channels); });
  r.moved = {false, block > 1, block > 1, block > 1};
  return r;
}

Result<Rearrangement> depth_to_space(const Shape& x, int64_t block) {
  THIMBLE_TRY(images(x, static_cast<int>(block)));
  if (block > INT32_MAX / block || x[3] % (block * block) != 0)
    return wrong(format("blocks of {0} × {0} do not divide the channels of {1}", block, x.to_string()));
  Rearrangement r;
  const int64_t channels = x[3] / (block * block), dims[] = {x[0], x[1] * block, x[2] * block, channels};
  THIMBLE_TRY(take_shape(&r, dims, x));
  const auto s = dense_strides(x);
  keep(&r, r.y, 0, s[0]);
  put(&r, r.y, 1, [&](int64_t i) { return i / block * s[1] + i % block * block * channels; });
  put(&r, r.y, 2, [&](int64_t i) { return i / block * s[2] + i % block * channels; });
  keep(&r, r.y, 3, 1);
  r.moved = {false, block > 1, block > 1, block > 1};
  return r;
}

// Block and margins of the operators that exchange space with batches.
struct Blocks {
  int64_t count = 1;             // of the places in a block
  std::vector<int64_t> strides;  // of a block's place, in batches of one
};

Result<Blocks> blocks(const Shape& x, Operands operands, const char* margins) {
  const auto& block = operands[0];
  if (x.rank() < 1 || block.empty() || block.size() + 1 > static_cast<size_t>(x.rank()))
    return wrong(format("a block of {} dimensions for {}", block.size(), x.to_string()));
  if (operands[1].size() != 2 * block.size())
    return wrong(format("{} {} for a block of {} dimensions", operands[1].size(), margins, block.size()));
  Blocks b;
  b.strides.assign(block.size(), 1);
  for (size_t d = block.size(); d-- > 0;) {
    if (block[d] < 1 || block[d] > INT32_MAX || b.count > INT32_MAX / block[d])
      return wrong(format("dimension {} of the block is {}", d, block[d]));
    b.strides[d] = b.count;
    b.count *= block[d];
  }
  for (const int64_t m : operands[1])
    if (m < 0 || m > INT32_MAX) return wrong(format("{} of {}", margins, m));
  return b;
}

Result<Rearrangement> space_to_batch(const Shape& x, Operands operands) {
  THIMBLE_ASSIGN(const Blocks b, blocks(x, operands, "paddings"));
  const auto &block = operands[0], &pad = operands[1];
  std::vector<int64_t> dims(x.dims().begin(), x.dims().end());
  if (dims[0] > INT32_MAX / b.count) return wrong("the batch overflows");
  dims[0] *= b.count;
  for (size_t d = 0; d < block.size(); ++d) {
    const int64_t padded = dims[d + 1] + pad[2 * d] + pad[2 * d + 1];
    if (padded % block[d] != 0)
      return wrong(format("dimension {} of {} with its padding is {}, which {} does not divide", d + 1, x.to_string(),
                          padded, block[d]));
    dims[d + 1] = padded / block[d];
  }
  Rearrangement r;
  r.scatters = true;
  THIMBLE_TRY(take_shape(&r, dims, x));
  const auto s = dense_strides(r.y);
  r.moved[0] = b.count > 1;
  for (int d = 0; d < x.rank(); ++d) {
    const auto k = static_cast<size_t>(d);
    if (k == 0 || k > block.size()) {
      keep(&r, x, d, s[k]);
      continue;
    }
    const int64_t step = block[k - 1], before = pad[2 * k - 2], group = b.strides[k - 1] * x[0] * s[0];
    r.moved[k] = step > 1 || before > 0 || pad[2 * k - 1] > 0;
    put(&r, x, d, [&](int64_t i) { return (i + before) % step * group + (i + before) / step * s[k]; });
  }
  return r;
}

Result<Rearrangement> batch_to_space(const Shape& x, Operands operands) {
  THIMBLE_ASSIGN(const Blocks b, blocks(x, operands, "crops"));
  const auto &block = operands[0], &crop = operands[1];
  if (x[0] % b.count != 0)
    return wrong(format("the batch of {} does not divide into blocks of {}", x.to_string(), b.count));
  std::vector<int64_t> dims(x.dims().begin(), x.dims().end());
  dims[0] /= b.count;
  for (size_t d = 0; d < block.size(); ++d) {
    const int64_t whole = x[static_cast<int>(d) + 1] * block[d];
    if (crop[2 * d] + crop[2 * d + 1] > whole)
      return wrong(format("crops {} and {} of a dimension of {}", crop[2 * d], crop[2 * d + 1], whole));
    dims[d + 1] = whole - crop[2 * d] - crop[2 * d + 1];
  }
  Rearrangement r;
  THIMBLE_TRY(take_shape(&r, dims, x));
  const auto s = dense_strides(x);
  r.moved[0] = b.count > 1;
  for (int d = 0; d < x.rank(); ++d) {
    const auto k = static_cast<size_t>(d);
    if (k == 0 || k > block.size()) {
      keep(&r, r.y, d, s[k]);
      continue;
    }
    const int64_t step = block[k - 1], before = crop[2 * k - 2], group = b.strides[k - 1] * dims[0] * s[0];
    r.moved[k] = step > 1 || before > 0 || crop[2 * k - 1] > 0;
    put(&r, r.y, d, [&](int64_t i) { return (i + before) % step * group + (i + before) / step * s[k]; });
  }
  return r;
}

Result<Rearrangement> mirror_pad(const Shape& x, bool symmetric, const std::vector<int64_t>& pad) {
  if (pad.size() != 2 * static_cast<size_t>(x.rank()))
    return wrong(format("{} paddings for {}", pad.size(), x.to_string()));
  Rearrangement r;
  const int64_t edge = symmetric ? 0 : 1;
  std::vector<int64_t> dims(x.dims().begin(), x.dims().end());
  for (size_t i = 0; i < pad.size(); ++i) {
    const int64_t dim = x[static_cast<int>(i / 2)];
    if (pad[i] < 0 || (pad[i] > 0 && pad[i] > dim - edge))
      return wrong(format("padding {} of dimension {} ({}): 0 … {} can be mirrored", pad[i], i / 2, dim,
                          std::max<int64_t>(0, dim - edge)));
    dims[i / 2] += pad[i];
    r.moved[i / 2] = r.moved[i / 2] || pad[i] > 0;
  }
  THIMBLE_TRY(take_shape(&r, dims, x));
  const auto s = dense_strides(x);
  for (int d = 0; d < x.rank(); ++d) {
    const auto k = static_cast<size_t>(d);
    put(&r, r.y, d, [&](int64_t i) {
      int64_t from = i - pad[2 * k];
      if (from < 0) from = -from - 1 + edge;
      if (from >= x[d]) from = 2 * x[d] - 1 - edge - from;
      return from * s[k];
    });
  }
  return r;
}

Result<Rearrangement> tile(const Shape& x, const std::vector<int64_t>& multiples) {
  if (multiples.size() != static_cast<size_t>(x.rank()))
    return wrong(format("{} multiples for {}", multiples.size(), x.to_string()));
  Rearrangement r;
  std::vector<int64_t> dims(x.dims().begin(), x.dims().end());
  for (size_t d = 0; d < multiples.size(); ++d) {
    if (multiples[d] < 0 || multiples[d] > INT32_MAX)
      return wrong(format("multiple {} of dimension {} is outside 0 … 2^31-1", multiples[d], d));
    dims[d] *= multiples[d];
    r.moved[d] = multiples[d] != 1;
  }
  THIMBLE_TRY(take_shape(&r, dims, x));
  const auto s = dense_strides(x);
  for (int d = 0; d < x.rank(); ++d) {
    const auto k = static_cast<size_t>(d);
    put(&r, r.y, d, [&](int64_t i) { return i % x[d] * s[k]; });
  }
  return r;
}

Result<Rearrangement> reverse(const Shape& x, const std::vector<int64_t>& axes) {
  Rearrangement r;
  for (const int64_t listed : axes) {
    THIMBLE_ASSIGN(const int axis, axis_of(listed, x.rank()));
    bool& turned = r.moved[static_cast<size_t>(axis)];
    if (turned) return wrong(format("axis {} stands twice", axis));
    turned = true;
  }
  THIMBLE_TRY(take_shape(&r, x.dims(), x));
  const auto s = dense_strides(x);
  for (int d = 0; d < x.rank(); ++d) {
    const auto k = static_cast<size_t>(d);
    put(&r, r.y, d, [&](int64_t i) { return (r.moved[k] ? x[d] - 1 - i : i) * s[k]; });
  }
  return r;
}

// In float32, as the original computes it.
int64_t nearest(int64_t i, int64_t in, int64_t out, const RearrangeGradAttrs& a) {
  const float scale = a.align_corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                                 : static_cast<float>(in) / static_cast<float>(out);
  const float at = (static_cast<float>(i) + (a.half_pixel_centers ? 0.5f : 0.0f)) * scale;
  const auto place = static_cast<int64_t>(a.align_corners ? std::round(at) : std::floor(at));
  return std::clamp<int64_t>(place, 0, in - 1);
}

Result<Rearrangement> nearest_neighbor(const Shape& x, const RearrangeGradAttrs& a, const std::vector<int64_t>& size) {
  THIMBLE_TRY(images(x, 1));
  if (size.size() != 2 || size[0] < 1 || size[1] < 1)
    return wrong(size.size() == 2 ? format("a size of {} × {}", size[0], size[1])
                                  : format("a size of {} numbers", size.size()));
  if (x[1] == 0 || x[2] == 0) return wrong(format("{} has no pixels", x.to_string()));
  Rearrangement r;
  const int64_t dims[] = {x[0], size[0], size[1], x[3]};
  THIMBLE_TRY(take_shape(&r, dims, x));
  const auto s = dense_strides(x);
  keep(&r, r.y, 0, s[0]);
  put(&r, r.y, 1, [&](int64_t i) { return nearest(i, x[1], size[0], a) * s[1]; });
  put(&r, r.y, 2, [&](int64_t i) { return nearest(i, x[2], size[1], a) * s[2]; });
  keep(&r, r.y, 3, 1);
  r.moved = {false, true, true, false};
  return r;
}

}  // namespace

int rearrange_operands(Op op) {
  switch (op) {
    case Op::space_to_depth:
    case Op::depth_to_space: return 0;
    case Op::space_to_batch_nd:
    case Op::batch_to_space_nd: return 2;
    default: return 1;
  }
}

RearrangeGradAttrs rearrange_settings(const Node& node) {
  RearrangeGradAttrs a{.of = static_cast<int>(node.op), .shape = {}};
  a.block = node.attrs.as<BlockAttrs>().block;
  a.symmetric = node.attrs.as<MirrorPadAttrs>().symmetric;
  a.align_corners = node.attrs.as<ResizeAttrs>().align_corners;
  a.half_pixel_centers = node.attrs.as<ResizeAttrs>().half_pixel_centers;
  return a;
}

Result<Rearrangement> rearrangement(const RearrangeGradAttrs& a, const Shape& x, Operands operands) {
  switch (static_cast<Op>(a.of)) {
    case Op::space_to_depth: return space_to_depth(x, a.block);
    case Op::depth_to_space: return depth_to_space(x, a.block);
    case Op::space_to_batch_nd: return space_to_batch(x, operands);
    case Op::batch_to_space_nd: return batch_to_space(x, operands);
    case Op::mirror_pad: return mirror_pad(x, a.symmetric, operands[0]);
    case Op::tile: return tile(x, operands[0]);
    case Op::reverse: return reverse(x, operands[0]);
    case Op::resize_nearest_neighbor: return nearest_neighbor(x, a, operands[0]);
    default: return fail(ErrorCode::internal, "not an operator that only moves");
  }
}

std::array<bool, Shape::kMaxRank> moved_dimensions(const Graph& graph, const Node& node) {
  std::array<bool, Shape::kMaxRank> all;
  all.fill(true);
  InferContext ctx(graph, node);
  std::vector<std::vector<int64_t>> operands;
  for (int i = 1; i <= rearrange_operands(node.op); ++i) {
    auto values = ctx.constant_ints(i);
    if (!values) return all;
    operands.push_back(std::move(*values));
  }
  const auto r = rearrangement(rearrange_settings(node), graph.at(node.inputs[0]).shape, operands);
  return r ? r->moved : all;
}

}  // namespace thimble
