// Whether a series of trials became slower or faster from its beginning to its end: heat, another program, a governor.
#pragma once

#include <span>
#include <string>

namespace thimble {

// The median of the last third of the trials over that of the first third, less 1 (0.2: a fifth slower). 0 for fewer
// than six trials, and where the difference is below a twentieth or within what the trials scatter around these two
// medians.
double drift_of(std::span<const double> trials);

// "float32: the last trials took 21 % longer than the first: …"; empty where there is no drift.
std::string drift_note(const std::string& what, std::span<const double> trials);

}  // namespace thimble
