#include "api/load_layers.h"

#include "passes/raise_loops.h"

namespace thimble {

Status raise_layers(LoadedModel& model) {
  auto raised = raise_loops(static_cast<Checked&&>(model));
  if (!raised) return with_context(std::move(raised).error(), model.name);
  static_cast<Checked&>(model) = std::move(*raised);
  return {};
}

Result<LoadedModel> load_layers(const std::string& path) {
  THIMBLE_ASSIGN(LoadedModel model, load_model(path));
  THIMBLE_TRY(raise_layers(model));
  return model;
}

}  // namespace thimble
