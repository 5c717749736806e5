// The [[variant]] tables of a recipe.
#pragma once

#include "study/toml_reader.h"
#include "study/variant_spec.h"

namespace thimble {

// Fills `out`; without any table, one float32 variant. Errors go to *status, with their place.
void read_variants(TableReader& root, std::vector<VariantSpec>* out, Status* status);

}  // namespace thimble
