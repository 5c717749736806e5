// `thimble train --summary`: what a recipe's network is, before anything is trained.
#pragma once

#include "app/command.h"
#include "study/recipe.h"
#include "study/session_data.h"

namespace thimble::app {

// Layers with output shapes, parameters and multiply-accumulates; bytes of the float32 weights; memory that a training
// step takes. Everything that a training checks at its start is checked. Errors: those of build_model and plan_loss.
Status print_summary(const Recipe& recipe, const StudyData& data, const Context& context);

}  // namespace thimble::app
