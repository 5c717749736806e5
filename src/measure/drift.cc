#include "measure/drift.h"

#include <cmath>
#include <vector>

#include "base/format.h"
#include "measure/stats.h"

namespace thimble {

double drift_of(std::span<const double> trials) {
  constexpr size_t kFewest = 6;
  constexpr double kLeast = 0.05, kScatter = 3;
  if (trials.size() < kFewest) return 0;
  const size_t third = trials.size() / 3;
  const auto first = trials.first(third), last = trials.last(third);
  const double before = median_of(first);
  const double after = median_of(last);
  if (!(before > 0)) return 0;
  std::vector<double> apart;
  for (const double t : first) apart.push_back(std::fabs(t - before));
  for (const double t : last) apart.push_back(std::fabs(t - after));
  const double scatter = median_of(apart);
  if (std::fabs(after - before) <= kScatter * scatter) return 0;
  const double drift = after / before - 1;
  return std::fabs(drift) < kLeast ? 0 : drift;
}

std::string drift_note(const std::string& what, std::span<const double> trials) {
  const double drift = drift_of(trials);
  if (drift == 0) return {};
  if (drift > 0)
    return format(
        "{}: the last trials took {:.0f} % longer than the first: the machine may have become hot or busy, and its "
        "times "
        "are those of no single state; let it cool down and measure again",
        what, drift * 100);
  return format(
      "{}: the last trials took {:.0f} % less time than the first: the machine was busy, or its clock rose, while it "
      "was "
      "measured; measure again",
      what, -drift * 100);
}

}  // namespace thimble
