#include "formats/onnx/window.h"

#include <algorithm>

#include "base/numbers.h"

namespace thimble::onnx {

int64_t Slide::windows(bool up) const {
  const int64_t room = in + before + after - span();
  if (room < 0 && !(up && room > -stride)) return 0;
  int64_t count = (up ? ceil_div(room, stride) : room / stride) + 1;
  if (up && (count - 1) * stride >= in + before) --count;  // it would begin in the padding behind
  return count;
}

bool Slide::same() const {
  const int64_t out = ceil_div(in, stride), total = std::max<int64_t>(0, (out - 1) * stride + span() - in);
  return before == total / 2 && after == total - total / 2;
}

std::vector<Slide> slides(Maker& m, const Call& c, const Shape& x, Ints kernel, bool up) {
  std::vector<Slide> all;
  const auto axes = static_cast<size_t>(std::max(0, x.rank() - 2));
  kernel = c.ints("kernel_shape", kernel);
  const Ints strides = c.ints("strides", Ints(axes, 1)), dilations = c.ints("dilations", Ints(axes, 1));
  const Ints pads = c.ints("pads", Ints(2 * axes, 0));
  const std::string_view automatic = c.s("auto_pad", "NOTSET");
  if (m.failed()) return all;
  if (axes == 0 || kernel.size() != axes || strides.size() != axes || dilations.size() != axes ||
      pads.size() != 2 * axes) {
    m.bad(format("kernel_shape, strides, dilations and pads have {}, {}, {} and {} entries for {}", kernel.size(),
                 strides.size(), dilations.size(), pads.size(), x.to_string()));
    return all;
  }
  constexpr int64_t kMost = int64_t{1} << 30;
  const auto within = [](int64_t v, int64_t low) { return v >= low && v <= kMost; };
  for (size_t a = 0; a < axes; ++a) {
    Slide s{x[static_cast<int>(a) + 2], kernel[a], strides[a], dilations[a], pads[a], pads[axes + a]};
    if (!within(s.kernel, 1) || !within(s.stride, 1) || !within(s.dilation, 1) || !within(s.before, 0) ||
        !within(s.after, 0) || s.span() > kMost) {
      m.bad(format("kernel {}, stride {}, dilation {}, paddings {} and {} along axis {}", s.kernel, s.stride,
                   s.dilation, s.before, s.after, a + 2));
      return all;
    }
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      const int64_t total = std::max<int64_t>(0, (ceil_div(s.in, s.stride) - 1) * s.stride + s.span() - s.in);
      s.before = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      s.after = total - s.before;
    } else if (automatic == "VALID") {
      s.before = s.after = 0;
    } else if (automatic != "NOTSET") {
      m.bad(format("auto_pad is \"{}\"", automatic));
    }
    if (s.windows(up) < 1)
      m.bad(format("a window of {} does not fit {} along axis {}", s.span(), x.to_string(), a + 2));
    all.push_back(s);
  }
  return all;
}

TensorId channels_last(Maker& m, TensorId x) {
  const Shape s = m.shape(x);
  if (s.rank() == 3) return m.transpose(m.reshape(x, Ints{s[0], s[1], 1, s[2]}), {0, 2, 3, 1});
  if (s.rank() == 4) return m.transpose(x, {0, 2, 3, 1});
  return m.unsupported(format("images of {} axes ({})", s.rank() - 2, s.to_string()));
}

TensorId channels_first(Maker& m, TensorId y, int rank) {
  y = m.transpose(y, {0, 3, 1, 2});
  if (rank == 4) return y;
  const Shape s = m.shape(y);
  return m.reshape(y, Ints{s[0], s[1], s[3]});
}

}  // namespace thimble::onnx
