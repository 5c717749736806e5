// Adaptive rounding: which way each weight is rounded so that the layer's outputs, not its weights, are nearest to the
// float network's. After Nagel, Amjad, van Baalen, Louizos, Blankevoort: "Up or Down? Adaptive Rounding for
// Post-Training Quantization", ICML 2020; solved by coordinate descent in place of their relaxation.
//
// For a row of weights w with scale s the integers q minimise
//   J(q) = mean_p (s·q·y_p − w·x_p)² + λ·v·|s·q − w|²
// where x_p are patches of the layer's input in the float network, y_p the same patches in the integer network (whose
// earlier layers are rounded already), v the mean square of y's values and λ = 0.01: it decides where the samples say
// nothing. Each q is ⌊w/s⌋ or ⌈w/s⌉ within the levels (so zeros stay zeros). It begins with the nearest and turns one
// integer after the other, in their order, as long as J falls. Below 8 bits the scale is fitted in turns with the
// integers (s = Σ (q·y)(w·x) / Σ (q·y)², with λ likewise), from the scale of the nearest rounding and from smaller
// ones; what has the least J counts. Deterministic.
#pragma once

#include "compress/quantize/params.h"
#include "compress/refine/layer_inputs.h"

namespace thimble::compress {

struct RoundedRow {
  std::vector<int8_t> q;
  float scale = 1;
  double error = 0;          // J
  double nearest_error = 0;  // J of the nearest rounding at the scale given
};

struct RoundingRules {
  Levels levels;
  bool fit_scale = false;
  float least_scale = 0;  // a fitted scale is not below
  int scale_bits = 23;    // of a fitted scale (params.h: short_scale)
};

// `weights`: one row; `scale`: that of the nearest rounding. Both lists of patches have the row's width and one count.
RoundedRow round_row(std::span<const float> weights, float scale, const Patches& wanted, const Patches& got,
                     const RoundingRules& rules);

}  // namespace thimble::compress
