#include "device/link.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/suggest.h"

namespace thimble {
namespace {

constexpr const char* kForm = "for example --link \"rtt=20ms,up=5Mbit,down=20Mbit\"";

using Unit = std::pair<const char*, double>;
constexpr Unit kTimes[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}};
constexpr Unit kSpeeds[] = {{"bit", 1}, {"kbit", 1e3}, {"Mbit", 1e6}, {"Gbit", 1e9}};

tl::unexpected<Error> refuse(std::string_view text, const std::string& why, const std::string& hint = kForm) {
  return fail(ErrorCode::usage, format("link \"{}\": {}", text, why), hint);
}

std::string near(std::string_view word, std::span<const Unit> units) {
  std::vector<std::string> names;
  for (const auto& unit : units) names.emplace_back(unit.first);
  return did_you_mean_or_all(std::string(word), names);
}

// "20ms" → 20,000. Zero only where it may be.
Result<double> amount(std::string_view text, std::string_view key, std::string_view value, std::span<const Unit> units,
                      bool may_be_zero) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || !std::isfinite(number) || number < 0 || number > 1e15)
    return refuse(text, format("{} is \"{}\", no amount", key, value));
  if (number == 0 && !may_be_zero) return refuse(text, format("{} is 0: nothing would ever arrive", key));
  std::string_view unit(end, static_cast<size_t>(value.data() + value.size() - end));
  if (unit.ends_with("/s") && unit.size() > 2) unit.remove_suffix(2);
  if (number == 0 && unit.empty()) return 0.0;
  for (const auto& [name, factor] : units)
    if (unit == name) return number * factor;
  return refuse(text, unit.empty() ? format("{} has no unit", key) : format("{} has the unit \"{}\"", key, unit),
                near(unit, units));
}

}  // namespace

Result<Link> parse_link(std::string_view text) {
  Link link;
  link.text = text;
  bool rtt = false, up = false, down = false;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    std::string_view part = text.substr(at, end - at);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    at = end + 1;
    const size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    bool* const given = key == "rtt" ? &rtt : key == "up" ? &up : key == "down" ? &down : nullptr;
    if (!given) {
      const std::string words[] = {"rtt", "up", "down"};
      return refuse(text, key.empty() ? "a word is missing" : format("there is no \"{}\"", key),
                    did_you_mean_or_all(std::string(key), words));
    }
    if (std::exchange(*given, true)) return refuse(text, format("{} is given twice", key));
    if (value.empty()) return refuse(text, format("{} has no value", key));
    if (given == &rtt) {
      THIMBLE_ASSIGN(link.rtt_us, amount(text, key, value, kTimes, true));
    } else {
      THIMBLE_ASSIGN((given == &up ? link.up_bits : link.down_bits), amount(text, key, value, kSpeeds, false));
    }
  }
  if (!rtt || !up) return refuse(text, format("{} is missing", rtt ? "up" : "rtt"));
  if (!down) link.down_bits = link.up_bits;
  return link;
}

OffloadTimes offload_times(const Link& link, double device_us, double other_us, double bytes_up, double bytes_down) {
  OffloadTimes times;
  times.send_us = bytes_up * 8e6 / link.up_bits;
  times.receive_us = bytes_down * 8e6 / link.down_bits;
  times.away_us = times.send_us + other_us + times.receive_us + link.rtt_us;
  times.device_wins = device_us <= times.away_us;
  times.break_even_rtt_us = std::max(0.0, device_us - other_us - times.send_us - times.receive_us);
  const double left = device_us - other_us - times.receive_us - link.rtt_us;  // what sending may take
  times.break_even_up_bits = left > 0 ? bytes_up * 8e6 / left : std::numeric_limits<double>::infinity();
  return times;
}

}  // namespace thimble
