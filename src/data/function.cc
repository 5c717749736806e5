#include "data/function.h"

#include <cmath>

#include "base/random.h"
#include "data/order.h"

namespace thimble {

const std::vector<Surface>& surfaces() {
  static const std::vector<Surface> table = {
      {"plane", "0.5 x - 0.3 y + 0.2", -1, 1, [](double x, double y) { return 0.5 * x - 0.3 * y + 0.2; }},
      {"paraboloid", "x^2 + y^2", -1, 1, [](double x, double y) { return x * x + y * y; }},
      {"saddle", "x^2 - y^2", -1, 1, [](double x, double y) { return x * x - y * y; }},
      {"product", "x y", -1, 1, [](double x, double y) { return x * y; }},
      {"ripple", "sin(3 sqrt(x^2 + y^2))", -2, 2, [](double x, double y) { return std::sin(3 * std::hypot(x, y)); }},
      {"waves", "sin(2 x) cos(2 y)", -2, 2, [](double x, double y) { return std::sin(2 * x) * std::cos(2 * y); }},
      {"gaussian", "exp(-(x^2 + y^2))", -2, 2, [](double x, double y) { return std::exp(-(x * x + y * y)); }},
      {"peaks", "3(1-x)^2 exp(-x^2-(y+1)^2) - 10(x/5-x^3-y^5) exp(-x^2-y^2) - exp(-(x+1)^2-y^2)/3", -3, 3,
       [](double x, double y) {
         return 3 * (1 - x) * (1 - x) * std::exp(-x * x - (y + 1) * (y + 1)) -
                10 * (x / 5 - x * x * x - y * y * y * y * y) * std::exp(-x * x - y * y) -
                std::exp(-(x + 1) * (x + 1) - y * y) / 3;
       }},
  };
  return table;
}

Result<Samples> sample_surface(std::string_view name, int64_t n, uint64_t seed) {
  const Surface* surface = nullptr;
  std::string known;
  for (const Surface& s : surfaces()) {
    if (name == s.name) surface = &s;
    known += format("{}{}", known.empty() ? "" : ", ", s.name);
  }
  if (!surface)
    return fail(ErrorCode::usage, format("there is no function called \"{}\"", name), format("known: {}", known));
  if (n < 1 || n > 100'000'000)
    return fail(ErrorCode::usage, format("{} samples of function:{} were asked for", n, name), "use 1 … 100,000,000");
  Samples out;
  out.name = format("function:{}", name);
  out.sample_shape = {2};
  out.storage = Storage::floats;
  out.count = n;
  out.target_width = 1;
  out.column_names = {"x", "y"};
  out.floats.reserve(static_cast<size_t>(2 * n));
  out.targets.reserve(static_cast<size_t>(n));
  Random random(seed, kFunctionStream);
  for (int64_t i = 0; i < n; ++i) {
    // The target belongs to the float inputs that the network sees.
    const auto x = static_cast<float>(random.uniform(surface->low, surface->high));
    const auto y = static_cast<float>(random.uniform(surface->low, surface->high));
    out.floats.push_back(x);
    out.floats.push_back(y);
    out.targets.push_back(static_cast<float>(surface->value(static_cast<double>(x), static_cast<double>(y))));
  }
  return out;
}

}  // namespace thimble
