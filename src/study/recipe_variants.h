// The [[variant]] tables of a recipe.
#pragma once

#include "study/toml_reader.h"
#include "study/variant_spec.h"

namespace thimble {

// Fills `out`; without any table, one float32 variant. Errors go to *status, with their place.
void read_variants(TableReader& root, std::vector<VariantSpec>* out, Status* status);

// A list of names of variants under `key`; one that is none of `all` is an error at its place.
void read_names(TableReader& table, const std::string& key, const std::vector<VariantSpec>& all,
                std::vector<std::string>* out);

// Those of these names, and what they start from or are taught by; without names all.
std::vector<VariantSpec> chosen_variants(const std::vector<VariantSpec>& all, std::vector<std::string> names);

}  // namespace thimble
