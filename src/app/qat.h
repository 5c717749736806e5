// `thimble quantize --qat`: a float model goes on learning while it computes in integers.
#pragma once

#include "app/training_material.h"
#include "compress/qat/qat.h"

namespace thimble::app {

struct QatOutcome {
  Quantized result;
  std::vector<EpochRecord> epochs;
};
// What earlier compression left is kept: weights that are zero stay zero, equal ones equal. The state is saved in
// m.how.checkpoint and deleted at the end.
Result<QatOutcome> run_qat(const QatOptions& options, const RetrainArguments& training, const Graph& graph,
                           const Material& m, const CalibrationSamples& samples, const Context& context);

}  // namespace thimble::app
