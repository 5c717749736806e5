#include "data/sheet.h"

#include <algorithm>

#include "data/resize.h"

namespace thimble {

Result<Picture> sample_picture(const Dataset& set, int64_t i) {
  if (!set.valid() || set.sample_shape().size() != 3 || (set.sample_shape()[2] != 1 && set.sample_shape()[2] != 3))
    return fail(ErrorCode::usage, format("data set {} does not hold pictures", set.valid() ? set.name() : "(none)"));
  const auto& shape = set.sample_shape();
  const int64_t n = set.sample_elements();
  Picture out{shape[0], shape[1], shape[2], std::vector<uint8_t>(static_cast<size_t>(n))};
  if (set.storage() == Storage::bytes) {
    std::copy_n(set.bytes(i), n, out.pixels.begin());
    return out;
  }
  const float* v = set.floats(i);
  const auto [low, high] = std::minmax_element(v, v + n);
  const float range = *high > *low ? *high - *low : 1.0f;
  for (int64_t k = 0; k < n; ++k)
    out.pixels[static_cast<size_t>(k)] = static_cast<uint8_t>(std::clamp((v[k] - *low) / range * 255.0f, 0.0f, 255.0f));
  return out;
}

Result<Picture> contact_sheet(const Dataset& set, int64_t columns, int64_t max_rows) {
  if (!set.valid() || set.empty()) return fail(ErrorCode::usage, "there are no samples to show");
  columns = std::clamp<int64_t>(columns, 1, 100);
  std::vector<std::vector<int64_t>> rows;
  if (set.classes() > 0) {
    rows.resize(static_cast<size_t>(std::min<int64_t>(set.classes(), max_rows)));
    for (int64_t i = 0; i < set.size(); ++i)
      if (const auto row = static_cast<size_t>(set.label(i));
          row < rows.size() && static_cast<int64_t>(rows[row].size()) < columns)
        rows[row].push_back(i);
  } else {
    for (int64_t i = 0; i < std::min(set.size(), columns * max_rows); ++i) {
      if (i % columns == 0) rows.emplace_back();
      rows.back().push_back(i);
    }
  }
  THIMBLE_ASSIGN(const Picture sample, sample_picture(set, 0));
  const int64_t longest = std::max(sample.height, sample.width);
  const int64_t times = std::max<int64_t>(1, 56 / longest);  // whole times, so that pixels stay visible
  const double shrink = longest > 160 ? 160.0 / static_cast<double>(longest) : 1.0;
  const int64_t h = std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(sample.height) * shrink)) * times;
  const int64_t w = std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(sample.width) * shrink)) * times;
  size_t widest = 1;
  for (const auto& row : rows) widest = std::max(widest, row.size());
  const int64_t gap = 2, channels = sample.channels;
  Picture out{static_cast<int64_t>(rows.size()) * (h + gap) + gap,
              static_cast<int64_t>(widest) * (w + gap) + gap,
              channels,
              {}};
  out.pixels.assign(static_cast<size_t>(out.height * out.width * channels), 96);
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t c = 0; c < rows[r].size(); ++c) {
      THIMBLE_ASSIGN(Picture tile, sample_picture(set, rows[r][c]));
      if (shrink < 1) tile = resize_antialias(tile, h, w);
      for (int64_t y = 0; y < h; ++y)
        for (int64_t x = 0; x < w; ++x) {
          const int64_t from = ((shrink < 1 ? y : y / times) * tile.width + (shrink < 1 ? x : x / times)) * channels;
          const int64_t to = ((static_cast<int64_t>(r) * (h + gap) + gap + y) * out.width +
                              static_cast<int64_t>(c) * (w + gap) + gap + x) *
                             channels;
          std::copy_n(&tile.pixels[static_cast<size_t>(from)], channels, &out.pixels[static_cast<size_t>(to)]);
        }
    }
  return out;
}

}  // namespace thimble
