// What is wrong with a recipe's variants and can be found before anything is trained: hours may lie between the two.
#pragma once

#include "study/recipe.h"
#include "study/session_data.h"

namespace thimble {

// Layers that a variant names and its model does not have, networks that cannot be built or do not fit the data,
// teachers that are not there, pruning of what is clustered. Errors name the variant: usage, bad_file (a teacher).
Status check_variants(const Recipe& recipe, const StudyData& data);

}  // namespace thimble
