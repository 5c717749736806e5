#include "data/function.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/random.h"
#include "base/suggest.h"
#include "data/expression.h"
#include "data/order.h"

namespace thimble {
namespace {

// "LOW..HIGH"; returns what is left behind it.
Result<std::string_view> read_range(std::string_view text, double* low, double* high) {
  const auto number = [&](double* out) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *out);
    if (parsed.ec != std::errc() || !std::isfinite(*out)) return false;
    text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
    return true;
  };
  const std::string whole(text.substr(0, 60));
  // "1..2" must not be read as the number "1." and ".2": the number ends before two points.
  const size_t points = text.find("..");
  if (points == std::string_view::npos || points == 0)
    return fail(ErrorCode::usage, format("range \"{}\" is not LOW..HIGH", whole), "for example @-2..2");
  const std::string_view after = text.substr(points + 2);
  text = text.substr(0, points);
  bool good = number(low) && text.empty();
  text = after;
  good = good && number(high);
  if (!good) return fail(ErrorCode::usage, format("range \"{}\" is not LOW..HIGH", whole), "for example @-2..2");
  if (!(*low < *high))
    return fail(ErrorCode::usage, format("range {}..{}: the first number must be the smaller one", *low, *high));
  return text;
}

}  // namespace

const std::vector<Surface>& surfaces() {
  static const std::vector<Surface> table = {
      {"plane", "0.5 x - 0.3 y + 0.2", -1, 1, [](double x, double y) { return 0.5 * x - 0.3 * y + 0.2; }},
      {"paraboloid", "x^2 + y^2", -1, 1, [](double x, double y) { return x * x + y * y; }},
      {"saddle", "x^2 - y^2", -1, 1, [](double x, double y) { return x * x - y * y; }},
      {"product", "x y", -1, 1, [](double x, double y) { return x * y; }},
      {"ripple", "sin(3 sqrt(x^2 + y^2))", -2, 2, [](double x, double y) { return std::sin(3 * std::hypot(x, y)); }},
      {"waves", "sin(2 x) cos(2 y)", -2, 2, [](double x, double y) { return std::sin(2 * x) * std::cos(2 * y); }},
      {"gaussian", "exp(-(x^2 + y^2))", -2, 2, [](double x, double y) { return std::exp(-(x * x + y * y)); }},
      {"himmelblau", "((x^2 + y - 11)^2 + (x + y^2 - 7)^2) / 100", -5, 5,
       [](double x, double y) {
         const double a = x * x + y - 11, b = x + y * y - 7;
         return (a * a + b * b) / 100;
       }},
      {"fold", "|x - y|", -1, 1, [](double x, double y) { return std::fabs(x - y); }},
      {"steps", "round(2 x) / 2 + sign(y) / 2", -1, 1,
       [](double x, double y) {
         return std::round(2 * x) / 2 + (y > 0 ? 0.5 : y < 0 ? -0.5 : 0.0);
       }},
      {"peaks", "3(1-x)^2 exp(-x^2-(y+1)^2) - 10(x/5-x^3-y^5) exp(-x^2-y^2) - exp(-(x+1)^2-y^2)/3", -3, 3,
       [](double x, double y) {
         return 3 * (1 - x) * (1 - x) * std::exp(-x * x - (y + 1) * (y + 1)) -
                10 * (x / 5 - x * x * x - y * y * y * y * y) * std::exp(-x * x - y * y) -
                std::exp(-(x + 1) * (x + 1) - y * y) / 3;
       }},
  };
  return table;
}

Result<SurfaceRequest> read_surface(std::string_view text) {
  SurfaceRequest request;
  request.text = text;
  const size_t at = text.rfind('@');
  const std::string name(text.substr(0, at));
  std::vector<std::string> names;
  std::string known;
  for (const Surface& s : surfaces()) {
    if (name == s.name) {
      request.value = s.value;
      request.x_low = request.y_low = s.low;
      request.x_high = request.y_high = s.high;
    }
    names.emplace_back(s.name);
    known += format("{}{}", known.empty() ? "" : ", ", s.name);
  }
  if (!request.value) {
    auto formula = Expression::parse(name);
    const bool word = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_-") == std::string::npos;
    if (!formula && word) {
      const std::string near = did_you_mean(name, names);
      return fail(ErrorCode::usage, format("there is no function called \"{}\"", name),
                  format("{}{}known: {}; or a formula of x and y, \"sin(3*x)*cos(2*y)\"", near, near.empty() ? "" : " ",
                         known));
    }
    if (!formula) return tl::unexpected<Error>(std::move(formula).error());
    request.value = std::move(*formula);
  }
  if (at == std::string_view::npos) return request;
  THIMBLE_ASSIGN(const std::string_view rest, read_range(text.substr(at + 1), &request.x_low, &request.x_high));
  request.y_low = request.x_low;
  request.y_high = request.x_high;
  if (rest.empty()) return request;
  if (rest[0] != ',')
    return fail(ErrorCode::usage, format("\"{}\" after a range", rest.substr(0, 40)), "@XLOW..XHIGH,YLOW..YHIGH");
  THIMBLE_ASSIGN(const std::string_view end, read_range(rest.substr(1), &request.y_low, &request.y_high));
  if (!end.empty()) return fail(ErrorCode::usage, format("\"{}\" after the ranges", end.substr(0, 40)));
  return request;
}

Result<Samples> sample_surface(std::string_view text, int64_t n, uint64_t seed) {
  THIMBLE_ASSIGN(const SurfaceRequest surface, read_surface(text));
  if (n < 1 || n > 100'000'000)
    return fail(ErrorCode::usage, format("{} samples of function:{} were asked for", n, text), "use 1 … 100,000,000");
  Samples out;
  out.name = format("function:{}", text);
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
    const auto x = static_cast<float>(random.uniform(surface.x_low, surface.x_high));
    const auto y = static_cast<float>(random.uniform(surface.y_low, surface.y_high));
    const auto z = static_cast<float>(surface.value(static_cast<double>(x), static_cast<double>(y)));
    if (!std::isfinite(z))
      return fail(ErrorCode::usage, format("function:{} is {} at x = {}, y = {}", text, z, x, y),
                  "choose a range without such places: function:FORMULA@LOW..HIGH");
    out.floats.push_back(x);
    out.floats.push_back(y);
    out.targets.push_back(z);
  }
  return out;
}

}  // namespace thimble
