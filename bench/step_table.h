// A table of where a program's time goes, per step or summed by operator; used by the benchmark programs.
#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "runtime/program.h"

namespace thimble {

inline void print_steps(const Program& program, const Profile& profile, bool by_operator) {
  struct Row {
    std::string name;
    double us = 0;
    int parts = 1, steps = 0;
  };
  std::vector<Row> rows;
  std::map<std::string, size_t> index;
  double total = 0;
  for (size_t i = 0; i < program.steps().size(); ++i) {
    const StepPlan& step = program.steps()[i];
    const Node& node = program.graph().nodes[static_cast<size_t>(step.node)];
    const double us = static_cast<double>(profile.step_ns[i]) / 1e3 / static_cast<double>(profile.runs);
    total += us;
    std::string key = std::string(name(node.op));
    if (!by_operator) key = format("{:3} {:28} {}", i, key, node.name);
    const auto [at, fresh] = index.emplace(key, rows.size());
    if (fresh) rows.push_back({key, 0, step.parts, 0});
    rows[at->second].us += us;
    rows[at->second].steps += 1;
  }
  if (by_operator) std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.us > b.us; });
  for (const Row& row : rows)
    std::printf("%9.2f us %5.1f %%  x%d  %s\n", row.us, 100 * row.us / total, by_operator ? row.steps : row.parts,
                row.name.c_str());
  std::printf("%9.2f us in %zu steps\n", total, program.steps().size());
}

}  // namespace thimble
