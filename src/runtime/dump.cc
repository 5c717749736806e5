// A program as text: its steps, with what each reads and writes and where that lies.
#include <algorithm>

#include "runtime/program.h"

namespace thimble {
namespace {

// Where a step's pointer leads: `t12@1024`, tensor 12 at byte 1024 of the arena, `t12+128@1024` where its int8 values
// lie with their sign bits flipped; constants of the model have no place.
std::string place_of(const Program& program, const Fixup& f) {
  if (f.to == Fixup::To::scratch)
    return format("scratch@{}", program.scratch_offsets()[static_cast<size_t>(f.id)] + f.bytes_in);
  const uint8_t* constant = nullptr;
  const int64_t offset = program.place(f.id, &constant);
  return constant ? format("t{}", f.id)
                  : format("t{}{}@{}", f.id, program.flipped(f.id) ? "+128" : "", offset + f.bytes_in);
}

// The last of the names that converters string together, at most 40 bytes of its end.
std::string short_name(const Node& node) {
  std::string name = node.name.substr(node.name.rfind(';') + 1);
  if (name.size() <= 40) return name;
  size_t from = name.size() - 40;
  while (from < name.size() && (name[from] & 0xc0) == 0x80) ++from;  // not inside a character
  return "…" + name.substr(from);
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
    text += format("{:4} {} \"{}\": {}{}: {} → {}{}\n", s, name(node.op), short_name(node), step.name, parts,
                   joined(from), joined(to), memory);
  }
  return text;
}

}  // namespace thimble
