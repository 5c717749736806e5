#include "app/commands.h"

namespace thimble::app {
namespace {

constexpr CommandRow kCommands[] = {
    {"study", "train, compress, measure and report: the main job", define_study},
    {"train", "train a recipe's model", define_train},
    {"ops", "table of operators and what each can do", define_ops},
};

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

const CommandRow* find_command(std::string_view name) {
  for (const CommandRow& row : kCommands)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace thimble::app
