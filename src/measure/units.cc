#include "measure/units.h"

#include <cmath>

#include "base/format.h"

namespace thimble {

namespace {
constexpr const char* kNone = "–";

// About three significant digits: 9.42, 94.2, 942.
std::string three_digits(double x) {
  const double a = std::fabs(x);
  if (a >= 99.95) return format("{:.0f}", x);
  if (a >= 9.995) return format("{:.1f}", x);
  return format("{:.2f}", x);
}
}  // namespace

std::string size_change(int64_t before, int64_t after) {
  if (before <= 0 || after <= 0) return kNone;
  if (after == before) return "as large as before";
  const double ratio = static_cast<double>(before) / static_cast<double>(after);
  // One decimal, or as many as it takes to say something other than 0.
  const auto percent = [](double share) {
    int decimals = 1;
    while (decimals < 4 && share * std::pow(10.0, 2 + decimals) < 0.5) ++decimals;
    return format_percent(share, decimals);
  };
  if (ratio >= 1.1) return format("{:.2f} times smaller", ratio);
  if (ratio > 1) return percent(1 - 1 / ratio) + " smaller";
  if (ratio > 0.5) return "grew by " + percent(1 / ratio - 1);
  return format("grew to {:.2f} times the size", 1 / ratio);
}

std::string format_bytes(double bytes) {
  if (!std::isfinite(bytes)) return kNone;
  const double a = std::fabs(bytes);
  if (a < 999.5) return format("{:.0f} B", bytes);
  if (a < 999.5e3) return three_digits(bytes / 1e3) + " KB";
  if (a < 999.5e6) return three_digits(bytes / 1e6) + " MB";
  return three_digits(bytes / 1e9) + " GB";
}

std::string format_microseconds(double us) {
  if (!std::isfinite(us)) return kNone;
  const double a = std::fabs(us);
  if (a == 0) return "0 µs";
  if (a < 0.9995) return format("{:.0f} ns", us * 1e3);
  if (a < 999.5) return three_digits(us) + " µs";
  if (a < 999.5e3) return three_digits(us / 1e3) + " ms";
  return format_seconds(us / 1e6);
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds)) return kNone;
  const double a = std::fabs(seconds);
  if (a < 99.5) {
    if (a == 0) return "0 s";
    if (a < 0.9995) return three_digits(seconds * 1e3) + " ms";
    return three_digits(seconds) + " s";
  }
  if (a > 1e15) return format("{:.3g} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(a));
  const char* sign = seconds < 0 ? "-" : "";
  if (whole < 3600) return format("{}{} min {:02d} s", sign, whole / 60, whole % 60);
  return format("{}{} h {:02d} min", sign, whole / 3600, whole % 3600 / 60);
}

std::string format_percent(double fraction, int decimals) {
  if (!std::isfinite(fraction)) return kNone;
  return format("{:.{}f} %", fraction * 100, decimals);
}

std::string format_count(int64_t n) {
  std::string digits = std::to_string(n);
  const size_t first = digits[0] == '-' ? 1 : 0;
  for (size_t i = digits.size(); i > first + 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

std::string format_quantity(double n) {
  if (!std::isfinite(n)) return kNone;
  const double a = std::fabs(n);
  if (a < 999.5) return format_number(n, 3);
  if (a < 999.5e3) return three_digits(n / 1e3) + " k";
  if (a < 999.5e6) return three_digits(n / 1e6) + " M";
  return three_digits(n / 1e9) + " G";
}

std::string format_number(double x, int significant) {
  if (!std::isfinite(x)) return kNone;
  // A price of 218,200 is no 2.182e+05.
  if (const double a = std::fabs(x); a >= 1e4 && a < 1e15) return format_count(std::llround(x));
  return format("{:.{}g}", x, significant);
}

}  // namespace thimble
