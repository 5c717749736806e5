#include <algorithm>

#include "runtime/program.h"

namespace thimble {
namespace {

// Where a step's pointer leads: `conv1@1024`, with the name of the tensor; constants of the model have no place.
std::string place_of(const Program& program, const Fixup& f) {
  if (f.to == Fixup::To::scratch)
    return format("scratch@{}", program.scratch_offsets()[static_cast<size_t>(f.id)] + f.bytes_in);
  const uint8_t* constant = nullptr;
  const int64_t offset = program.place(f.id, &constant);
  const std::string& name = program.graph().at(f.id).name;
  return constant ? name : format("{}@{}", name, offset + f.bytes_in);
}

void add(std::vector<std::string>& list, std::string what) {
  if (std::ranges::find(list, what) == list.end()) list.push_back(std::move(what));
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& s : list) text += (text.empty() ? "" : ", ") + s;
  return text;
}

}  // namespace

std::string dump(const Program& program) {
  const Graph& graph = program.graph();
  std::string text = format("{} steps of {} nodes, arena of {} bytes\n", program.steps().size(), graph.nodes.size(),
                            program.arena().bytes);
  for (size_t s = 0; s < program.steps().size(); ++s) {
    const StepPlan& step = program.steps()[s];
    const Node& node = graph.nodes[static_cast<size_t>(step.node)];
    std::vector<std::string> from, to, scratch;
    for (const Fixup& f : step.fixups) {
      if (f.to == Fixup::To::fault) continue;
      const bool written = f.to == Fixup::To::tensor && std::ranges::find(node.outputs, f.id) != node.outputs.end();
      add(f.to == Fixup::To::scratch ? scratch : written ? to : from, place_of(program, f));
    }
    const std::string parts = step.parts > 1 ? format(" in {} parts", step.parts) : "";
    const std::string memory = scratch.empty() ? "" : " with " + joined(scratch);
    text += format("{:4} {} \"{}\": {}{}: {} → {}{}\n", s, name(node.op), node.name, step.name, parts, joined(from),
                   joined(to), memory);
  }
  return text;
}

}  // namespace thimble
