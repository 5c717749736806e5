// Output files looked at before the work begins: what can be known at the start fails at the start.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"

namespace thimble::app {

// Declares --force of a command that writes a model made from another one.
void declare_force(Options& options, bool* force);

// A model file: `output` ends in .tflite, in .thim or in nothing, is no folder, its folder is there or is made, and may
// be written to; it is none of `inputs` unless `force`. "-" and "" are fine. Errors: usage, io.
Status check_model_output(const std::string& output, const std::vector<std::string>& inputs = {}, bool force = false);

// Any other file that an option names; `option` is for the message. Its folder is made where it is missing.
Status check_file_output(const std::string& output, const std::string& option);

// Takes a training's checkpoint away once what it was for is written.
void remove_checkpoint(const std::string& checkpoint);

}  // namespace thimble::app
