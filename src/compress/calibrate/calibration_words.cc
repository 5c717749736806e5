#include "compress/calibrate/calibration_words.h"

#include "base/format.h"

namespace thimble {

std::string describe_calibration(const QuantizeOptions& options) {
  switch (options.calibration) {
    case Calibration::minmax: return "minimum and maximum";
    case Calibration::mse: return "least squared error";
    case Calibration::entropy: return "entropy";
    case Calibration::percentile: break;
  }
  return format("percentile {:.6g}", options.percentile);
}

}  // namespace thimble
