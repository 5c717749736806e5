// Models and other files on their way out. Paths are looked at before the work begins: what can be known at the start
// fails at the start. And what of a file is not in the graph that was read of it.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"
#include "graph/graph.h"

namespace thimble::app {

// Declares --force of a command that writes a model made from another one.
void declare_force(Options& options, bool* force);

// A model file: `output` ends in .tflite, in .thim or in nothing, is no folder, its folder is there or is made, and may
// be written to; it is none of `inputs` unless `force`. "" is fine, and "-" where no --json wants the standard output.
// Errors: usage, io.
Status check_model_output(const Context& context, const std::string& output,
                          const std::vector<std::string>& inputs = {}, bool force = false);

// Any other file that an option names; `option` is for the message. Its folder is made where it is missing.
Status check_file_output(const std::string& output, const std::string& option);

// Takes a training's checkpoint away once what it was for is written.
void remove_checkpoint(const std::string& checkpoint);

// As a note, where a file holds several signatures or subgraphs: which one is meant.
void note_left_out(const Graph& graph, const Context& context);

// As a note, for every input with free dimensions: the size it is run with.
void note_free_sizes(const Graph& graph, const Context& context);

// A packed file keeps how the model is fed and its labels, but has no room for attached files: what those and TFLite's
// metadata say of feeding is put into Thimble's own words. Errors: unsupported, naming files that would be lost.
Status ready_to_pack(Graph& graph, const Context& context);

// The bytes of a file of this name (write_model), after ready_to_pack where that is a packed one, else with what other
// tools read of feeding (describe_for_others).
Result<std::vector<uint8_t>> model_bytes(Graph graph, const std::string& path, const Context& context);

}  // namespace thimble::app
