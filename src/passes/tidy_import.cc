#include "passes/tidy_import.h"

#include "passes/fold_batch_norm.h"
#include "passes/fuse_activation.h"
#include "passes/quantized/raise.h"
#include "passes/sink_transposes.h"

namespace thimble {

Result<Checked> tidy_import(Checked checked) {
  THIMBLE_ASSIGN(Checked raised, raise_quantized(std::move(checked)));
  THIMBLE_ASSIGN(Checked sunk, sink_transposes(std::move(raised)));
  Graph& graph = sunk.graph;
  if (auto folded = fold_batch_norm(graph); !folded) return tl::unexpected<Error>(std::move(folded).error());
  fuse_activations(graph);
  return check(std::move(graph));
}

}  // namespace thimble
