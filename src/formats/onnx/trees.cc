// Tree ensembles of ai.onnx.ml as operators of ours: all trees go down one level at a time. Where each tree stands is a
// number among all nodes; a level is four or five gathers, a comparison and a choice, and leaves lead to themselves. So
// memory is that of the nodes, and work that of the depth.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "formats/onnx/classic.h"
#include "ops/gather/gather.h"

namespace thimble::onnx {
namespace {

constexpr int64_t kDeepest = 4096;

struct Trees {
  Ints roots;
  // Of each node; of a leaf both ways lead to itself.
  Ints feature, when_true, when_false;
  std::vector<float> value;
  std::vector<float> missing;  // 1 where a missing value counts as true
  bool tracks = false;         // any does
  std::string_view mode = "BRANCH_LEQ";
  int64_t depth = 0, features = 0;

  int64_t size() const { return std::ssize(feature); }
};

using Key = std::pair<int64_t, int64_t>;  // the tree's number and the node's in it
using Places = std::map<Key, int64_t>;

std::string text(Key key) { return format("node {} of tree {}", key.second, key.first); }

// How far it is from the root to the last leaf, of nodes that one branch each leads to.
int64_t depth_of(const Trees& t, int64_t root, std::vector<char>* met) {
  int64_t deepest = 0;
  std::vector<std::pair<int64_t, int64_t>> open = {{root, 0}};
  while (!open.empty()) {
    const auto [at, depth] = open.back();
    open.pop_back();
    const auto i = static_cast<size_t>(at);
    (*met)[i] = 1;
    deepest = std::max(deepest, depth);
    if (t.when_true[i] == at) continue;
    open.emplace_back(t.when_true[i], depth + 1);
    open.emplace_back(t.when_false[i], depth + 1);
  }
  return deepest;
}

// The nodes as the attributes list them. False after an error.
bool read_nodes(Maker& m, const Call& c, Trees* t, Places* places) {
  const auto refuse = [&](std::string why) { return m.bad(std::move(why)), false; };
  for (const char* name :
       {"nodes_values_as_tensor", "base_values_as_tensor", "target_weights_as_tensor", "class_weights_as_tensor"})
    if (c.given(name)) return m.unsupported(format("{}: numbers of float64", name)), false;
  const Ints trees = c.ints("nodes_treeids"), nodes = c.ints("nodes_nodeids"), features = c.ints("nodes_featureids"),
             yes = c.ints("nodes_truenodeids"), no = c.ints("nodes_falsenodeids"),
             missing = c.ints("nodes_missing_value_tracks_true");
  t->value = c.floats("nodes_values");
  const std::vector<std::string_view> modes = c.strings("nodes_modes");
  const size_t n = trees.size();
  if (m.failed()) return false;
  if (n == 0 || n > Maker::kMostBytes / 64) return refuse(format("{} nodes", n));
  for (const size_t size : {nodes.size(), features.size(), yes.size(), no.size(), t->value.size(), modes.size(),
                            missing.empty() ? n : missing.size()})
    if (size != n) return refuse(format("attributes of {} and {} nodes", n, size));
  for (size_t i = 0; i < n; ++i) {
    const Key key{trees[i], nodes[i]};
    if (!places->emplace(key, static_cast<int64_t>(i)).second) return refuse(format("{} is there twice", text(key)));
  }
  bool branches = false;
  for (size_t i = 0; i < n; ++i) {
    const auto self = static_cast<int64_t>(i);
    const bool leaf = modes[i] == "LEAF";
    t->when_true.push_back(self), t->when_false.push_back(self);
    t->feature.push_back(leaf ? 0 : features[i]);
    t->missing.push_back(!missing.empty() && missing[i] != 0 ? 1.0f : 0.0f);
    if (leaf) continue;
    if (branches && modes[i] != t->mode) return m.unsupported("branches that compare in different ways"), false;
    t->mode = modes[i], branches = true;
    t->tracks |= t->missing.back() != 0;
    if (t->feature.back() < 0 || t->feature.back() >= t->features)
      return refuse(format("feature {} of {}", features[i], t->features));
    for (const auto& [to, list] : {std::pair{&t->when_true, &yes}, {&t->when_false, &no}}) {
      const auto found = places->find({trees[i], (*list)[i]});
      if (found == places->end()) return refuse(format("{} is not there", text({trees[i], (*list)[i]})));
      to->back() = found->second;
    }
    if (t->when_true.back() == self || t->when_false.back() == self)
      return refuse(format("{} leads to itself", text({trees[i], nodes[i]})));
  }
  // A root is what no branch leads to: one in each tree.
  std::vector<char> led_to(n, 0), met(n, 0);
  for (size_t i = 0; i < n; ++i) {
    if (t->when_true[i] == static_cast<int64_t>(i)) continue;
    for (const int64_t to : {t->when_true[i], t->when_false[i]})
      if (std::exchange(led_to[static_cast<size_t>(to)], 1)) return refuse("branches come together, or in a circle");
  }
  std::set<int64_t> rooted;
  for (size_t i = 0; i < n; ++i) {
    if (led_to[i]) continue;
    if (!rooted.insert(trees[i]).second) return refuse(format("tree {} has two roots", trees[i]));
    t->roots.push_back(static_cast<int64_t>(i));
    const int64_t depth = depth_of(*t, static_cast<int64_t>(i), &met);
    if (depth > kDeepest) return m.unsupported(format("a tree {} deep", depth)), false;
    t->depth = std::max(t->depth, depth);
  }
  if (std::ranges::find(met, 0) != met.end()) return refuse("branches come together, or in a circle");
  return true;
}

// The node of each tree that each row of x ends at: [n, trees].
TensorId leaves(Maker& m, const Trees& t, TensorId x) {
  Op compare = Op::less_equal;
  if (t.mode == "BRANCH_LT")
    compare = Op::less;
  else if (t.mode == "BRANCH_GTE")
    compare = Op::greater_equal;
  else if (t.mode == "BRANCH_GT")
    compare = Op::greater;
  else if (t.mode == "BRANCH_EQ")
    compare = Op::equal;
  else if (t.mode == "BRANCH_NEQ")
    compare = Op::not_equal;
  else if (t.mode != "BRANCH_LEQ")
    return m.unsupported(format("branches of the mode {}", t.mode));
  const TensorId feature = m.i32s(t.feature), yes = m.i32s(t.when_true), no = m.i32s(t.when_false);
  const TensorId value = m.values(Shape{t.size()}, t.value), missing = m.values(Shape{t.size()}, t.missing);
  const int64_t count = std::ssize(t.roots);
  TensorId at = m.expand(m.reshape(m.i32s(t.roots), Ints{1, count}), Shape{m.shape(x)[0], count});
  const auto of = [&](TensorId list) { return m.op(Op::gather, {list, at}, GatherAttrs{}); };
  for (int64_t level = 0; level < t.depth && !m.failed(); ++level) {
    const TensorId seen = m.op(Op::gather, {x, of(feature)}, GatherAttrs{1, 1});
    TensorId holds = m.op(compare, {seen, of(value)});
    if (t.tracks) {
      const TensorId absent = m.op(Op::not_equal, {seen, seen});
      const TensorId counts = m.op(Op::greater, {of(missing), m.scalar(0.0f)});
      holds = m.op(Op::logical_or, {holds, m.op(Op::logical_and, {absent, counts})});
    }
    at = m.select(holds, of(yes), of(no));
  }
  return at;
}

// What the leaves say: [nodes, outputs].
struct Weights {
  std::vector<float> of;
  std::vector<char> given;  // likewise
  int64_t outputs = 0;
  bool first_alone = true, second_alone = true, none_negative = true;  // what all weights are
};

bool read_weights(Maker& m, const Call& c, const std::string& kind, const Places& places, int64_t nodes,
                  int64_t outputs, Weights* w) {
  const Ints trees = c.ints(kind + "_treeids"), ids = c.ints(kind + "_nodeids"), which = c.ints(kind + "_ids");
  const std::vector<float> values = c.floats(kind + "_weights");
  if (m.failed()) return false;
  if (values.empty() || trees.size() != values.size() || ids.size() != values.size() || which.size() != values.size())
    return m.bad(format("{} weights for {} leaves", values.size(), ids.size())), false;
  if (outputs < 1 || outputs > Maker::kMostBytes / 4 / nodes)
    return m.unsupported(format("{} nodes with {} outputs", nodes, outputs)), false;
  w->outputs = outputs;
  w->of.resize(static_cast<size_t>(nodes * outputs));
  w->given.resize(w->of.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto found = places.find({trees[i], ids[i]});
    if (found == places.end())
      return m.bad(format("{} has a weight but is not there", text({trees[i], ids[i]}))), false;
    if (which[i] < 0 || which[i] >= outputs) return m.bad(format("output {} of {}", which[i], outputs)), false;
    const auto place = static_cast<size_t>(found->second * outputs + which[i]);
    w->of[place] += values[i];
    w->given[place] = 1;
    w->first_alone &= which[i] == 0;
    w->second_alone &= which[i] == 1;
    w->none_negative &= values[i] >= 0;
  }
  return true;
}

// The weights of the leaves that the trees end at, added up or as `how` says: [n, outputs].
TensorId votes(Maker& m, const Trees& t, const Weights& w, TensorId x, std::string_view how) {
  const TensorId all = m.op(Op::gather, {m.values(Shape{t.size(), w.outputs}, w.of), leaves(m, t, x)}, GatherAttrs{});
  if (how == "SUM") return m.reduce(Op::sum, all, {1}, false);
  if (how == "AVERAGE") return m.mul(m.reduce(Op::sum, all, {1}, false), 1.0f / static_cast<float>(t.roots.size()));
  if (how != "MIN" && how != "MAX") return m.bad(format("aggregate_function \"{}\"", how));
  for (int64_t i = 0; i < t.size(); ++i)
    for (int64_t k = 0; k < w.outputs; ++k)
      if (t.when_true[static_cast<size_t>(i)] == i && !w.given[static_cast<size_t>(i * w.outputs + k)])
        return m.unsupported("the least or largest of leaves without a weight");
  return m.reduce(how == "MIN" ? Op::reduce_min : Op::reduce_max, all, {1}, false);
}

TensorId with_base(Maker& m, const Call& c, TensorId scores) {
  const std::vector<float> base = c.floats("base_values");
  if (base.empty()) return scores;
  if (std::ssize(base) != m.shape(scores).dim(-1))
    return m.bad(format("{} base values for {} outputs", base.size(), m.shape(scores).dim(-1)));
  return m.add(scores, m.values(Shape{std::ssize(base)}, base));
}

}  // namespace

Ids tree_regressor(Maker& m, Call& c) {
  Trees t;
  Places places;
  Weights w;
  const TensorId x = feature_rows(m, c[0]);
  t.features = m.failed() ? 0 : m.shape(x)[1];
  if (!read_nodes(m, c, &t, &places) || !read_weights(m, c, "target", places, t.size(), c.i("n_targets", 1), &w))
    return {};
  return {transformed(m, c, with_base(m, c, votes(m, t, w, x, c.s("aggregate_function", "SUM"))))};
}

// Two classes of which the weights name the first alone have one score, of the second (so ONNX Runtime has it, and so
// boosting is exported): it wins from 1/2 on where no weight is negative, from 0 on else. Where both are named, the
// labels are the attribute's, by the larger score, as specified; ONNX Runtime 1.32 gives 0 and 1 there, by the second
// score's sign.
Ids tree_classifier(Maker& m, Call& c) {
  Trees t;
  Places places;
  Weights w;
  const TensorId x = feature_rows(m, c[0]);
  t.features = m.failed() ? 0 : m.shape(x)[1];
  const bool strings = c.given("classlabels_strings");
  const auto labels =
      static_cast<int64_t>(strings ? c.strings("classlabels_strings").size() : c.ints("classlabels_int64s").size());
  if (!read_nodes(m, c, &t, &places) || !read_weights(m, c, "class", places, t.size(), labels, &w)) return {};
  TensorId scores = votes(m, t, w, x, "SUM");
  const bool binary = labels == 2 && w.first_alone;
  if (labels == 2 && w.second_alone) return {m.unsupported("weights of the second of two classes alone")};
  if (binary) scores = m.part(scores, 1, 0, 1);
  const bool shares = binary && w.none_negative;
  return classified(m, c, with_base(m, c, scores), "classlabels_int64s", shares ? 0.5f : 0.0f, shares);
}

}  // namespace thimble::onnx
