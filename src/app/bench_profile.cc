#include "app/bench_profile.h"

#include <algorithm>
#include <map>

#include "base/file.h"
#include "measure/text.h"
#include "ops/check.h"
#include "runtime/reference_step.h"

namespace thimble::app {
namespace {

struct NodeTime {
  NodeId node = 0;
  std::string op, name;
  double us = 0, share = 0;
  int64_t macs = 0;
  bool reference = false;  // this case has no fast path
};

// Steps of one node are added up, in the order of the graph.
std::vector<NodeTime> node_times(const Session& session, const Profile& profile) {
  const Graph& graph = session.graph();
  const std::vector<StepPlan>& steps = session.program().steps();
  const auto macs = cost(graph);
  std::map<NodeId, NodeTime> times;
  double total = 0;
  for (size_t s = 0; s < steps.size() && s < profile.step_ns.size(); ++s) {
    const Node& node = graph.nodes[static_cast<size_t>(steps[s].node)];
    NodeTime& time = times[steps[s].node];
    time.node = steps[s].node;
    time.op = name(node.op);
    time.name = node.outputs.empty() ? node.name : graph.at(node.outputs[0]).name;
    const double us =
        static_cast<double>(profile.step_ns[s]) / 1e3 / static_cast<double>(std::max<uint64_t>(profile.runs, 1));
    time.us += us;
    time.reference |= steps[s].name == kReferenceStep;
    total += us;
    if (macs) time.macs = macs->node_macs[static_cast<size_t>(steps[s].node)];
  }
  std::vector<NodeTime> list;
  for (auto& [id, time] : times) {
    time.share = total > 0 ? time.us / total : 0;
    list.push_back(std::move(time));
  }
  return list;
}

std::string run_order(const std::vector<NodeTime>& times) {
  std::string text =
      "============================== Run Order ==============================\n"
      "             [node type]    [avg ms]      [%]    [cdf%]  [G MAC/s]  [times called]  [Name]\n";
  double cumulative = 0;
  for (const NodeTime& t : times) {
    cumulative += t.share;
    const std::string rate = t.macs > 0 && t.us > 0 ? format("{:.2f}", static_cast<double>(t.macs) / (t.us * 1e3)) : "";
    text += format("{:>24}  {:>10.4f}  {:>6.2f}%  {:>7.2f}%  {:>9}  {:>14}  [{}]:{}\n", t.op, t.us / 1e3, t.share * 100,
                   cumulative * 100, rate, 1, clip_text(t.name, 60), t.node);
  }
  return text;
}

struct TypeTime {
  std::string op;
  int count = 0, by_reference = 0;
  double us = 0, share = 0;
};

std::vector<TypeTime> by_type(const std::vector<NodeTime>& times) {
  std::map<std::string, TypeTime> types;
  for (const NodeTime& t : times) {
    TypeTime& type = types[t.op];
    type.op = t.op;
    ++type.count;
    type.by_reference += t.reference;
    type.us += t.us;
    type.share += t.share;
  }
  std::vector<TypeTime> list;
  for (auto& [op, type] : types) list.push_back(std::move(type));
  std::stable_sort(list.begin(), list.end(), [](const TypeTime& a, const TypeTime& b) { return a.us > b.us; });
  return list;
}

// Empty where nothing is.
std::string by_reference(const std::vector<NodeTime>& times) {
  double share = 0;
  for (const NodeTime& t : times) share += t.reference ? t.share : 0;
  std::string list;
  for (const TypeTime& t : by_type(times))
    if (t.by_reference > 0) list += format("{}{} ({})", list.empty() ? "" : ", ", t.op, t.by_reference);
  return list.empty()
             ? ""
             : format("{:.2f}% of the time by reference kernels, without a fast path: {}\n", share * 100, list);
}

std::string summary(const std::vector<NodeTime>& times, uint64_t runs) {
  std::string text =
      "\n============================== Summary by node type ==============================\n"
      "             [Node type]  [count]    [avg ms]    [avg %]    [cdf %]  [times called]\n";
  double cumulative = 0, total = 0;
  for (const TypeTime& t : by_type(times)) {
    cumulative += t.share;
    total += t.us;
    text += format("{:>24}  {:>7}  {:>10.4f}  {:>8.2f}%  {:>8.2f}%  {:>14}\n", t.op, t.count, t.us / 1e3, t.share * 100,
                   cumulative * 100, t.count);
  }
  return text +
         format("\nTimings (microseconds): count={} avg={:.6g}\n{} nodes observed\n", runs, total, times.size()) +
         by_reference(times);
}

std::string csv(const std::vector<NodeTime>& times) {
  std::string text = "node type, index, avg_ms, %, cdf%, macs, name\n";
  double cumulative = 0;
  for (const NodeTime& t : times) {
    cumulative += t.share;
    text += format("{}, {}, {:.6f}, {:.4f}, {:.4f}, {}, \"{}\"\n", t.op, t.node, t.us / 1e3, t.share * 100,
                   cumulative * 100, t.macs, valid_utf8(t.name));
  }
  return text;
}

}  // namespace

void write_profile_json(JsonWriter& json, const Session& session, const Profile& profile) {
  json.key("op_profile").begin_array();
  for (const NodeTime& t : node_times(session, profile))
    json.begin_object()
        .field("index", t.node)
        .field("op", t.op)
        .field("name", t.name)
        .field("avg_us", t.us)
        .field("share", t.share)
        .field("macs", t.macs)
        .field("reference", t.reference)
        .end_object();
  json.end_array();
}

Status print_profile(const Session& session, const Profile& profile, const std::string& mode, const std::string& file,
                     const Context& context) {
  const std::vector<NodeTime> times = node_times(session, profile);
  const std::string text = mode == "csv" ? csv(times) : "\n" + run_order(times) + summary(times, profile.runs);
  if (file.empty()) {
    context.print(text);
    return {};
  }
  return write_file_atomic(file, std::string_view(text));
}

}  // namespace thimble::app
