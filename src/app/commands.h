// The table of subcommands. A new one is a file of its own, a declaration and a row in commands.cc.
#pragma once

#include <span>

#include "app/command.h"

namespace thimble::app {

Action define_study(Options& options);
Action define_train(Options& options);
Action define_eval(Options& options);
Action define_run(Options& options);
Action define_bench(Options& options);
Action define_inspect(Options& options);
Action define_check(Options& options);
Action define_diff(Options& options);
Action define_quantize(Options& options);
Action define_compress(Options& options);
Action define_prune(Options& options);
Action define_cluster(Options& options);
Action define_distill(Options& options);
Action define_shrink(Options& options);
Action define_squeeze(Options& options);
Action define_convert(Options& options);
Action define_pack(Options& options);
Action define_export(Options& options);
Action define_fit(Options& options);
Action define_data(Options& options);
Action define_device(Options& options);
Action define_offload(Options& options);
Action define_ops(Options& options);
Action define_words(Options& options);
Action define_completion(Options& options);

// In the order of `thimble --help`.
std::span<const CommandRow> commands();
// Null when there is none of this name.
const CommandRow* find_command(std::string_view name);

}  // namespace thimble::app
