#include "passes/pipeline.h"

#include "passes/fold_constants.h"

namespace thimble {

Result<Graph> prepare_for_inference(Graph graph) {
  THIMBLE_TRY(verify(graph));
  THIMBLE_ASSIGN(Graph folded, fold_constants(std::move(graph)));
  THIMBLE_TRY(verify(folded));
  return folded;
}

}  // namespace thimble
