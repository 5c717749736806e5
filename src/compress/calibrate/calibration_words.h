// How ranges of activations were taken, for people.
#pragma once

#include <string>

#include "compress/quantize/quantize.h"

namespace thimble {

// "minimum and maximum", "percentile 99.99", "least squared error", "entropy".
std::string describe_calibration(const QuantizeOptions& options);

}  // namespace thimble
