#include "passes/pipeline.h"

#include "passes/fold_constants.h"

namespace thimble {

Result<Checked> prepare_for_inference(Graph graph) {
  THIMBLE_ASSIGN(Checked checked, check(std::move(graph)));
  return prepare_for_inference(std::move(checked));
}

Result<Checked> prepare_for_inference(Checked checked) { return fold_constants(std::move(checked)); }

}  // namespace thimble
