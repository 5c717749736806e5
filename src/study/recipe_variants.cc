#include "study/recipe_variants.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/suggest.h"
#include "study/recipe_layers.h"

namespace thimble {
namespace {

// One of `names` by its place; complains otherwise.
int pick(TableReader& r, const toml::node& n, const char* what, const std::string& word,
         const std::vector<std::string>& names) {
  const auto it = std::ranges::find(names, word);
  if (it == names.end()) r.fail_at(n, format("unknown {} \"{}\"", what, word), did_you_mean(word, names));
  return it == names.end() ? 0 : static_cast<int>(it - names.begin());
}

void refuse(TableReader& r, const toml::node& n, const Status& s) {
  if (!s) r.fail_at(n, s.error().message, s.error().hint);
}

void read_training(TableReader& r, StageTraining* t) {
  r.whole("epochs", &t->epochs, 1, 1'000'000);
  r.number("learning_rate", &t->learning_rate, 1e-12, 1e6);
}

void read_choice(TableReader& r, WeightChoice* choice) {
  r.texts("layers", &choice->layers);
  r.truth("depthwise", &choice->depthwise);
}

void read_network(TableReader& r, const toml::node& n, NetworkStage* stage, Status* status) {
  if (const toml::node* layers = r.node("layers"))
    read_layers(r, *layers, &stage->layers, status);
  else
    r.fail_at(n, "network needs layers", "network = { layers = [ … ] }, as in [model]");
  read_training(r, &stage->training);
  r.number("decay_epochs", &stage->decay_epochs, 0, 1e6);
  r.finish();
}

void read_shrink(TableReader& r, const toml::node& n, ShrinkStage* stage, Status*) {
  ShrinkOptions& o = stage->plan.options;
  r.number("keep", &o.keep, 0, 1);
  r.whole("macs", &o.max_macs, 1, int64_t{1} << 60);
  r.whole("parameters", &o.max_parameters, 1, int64_t{1} << 60);
  r.truth("per_layer", &o.per_layer);
  r.whole("multiple", &o.multiple, 1, 1024);
  r.number("floor", &o.floor, 0, 1);
  r.texts("layers", &o.layers);
  r.whole("rounds", &stage->plan.rounds, 1, 1000);
  r.whole("rank_samples", &stage->plan.rank_samples, 1, 1'000'000);
  if (const toml::node* word = r.node("rank"))
    stage->plan.ranking =
        static_cast<Ranking>(pick(r, *word, "ranking", word->value_or(std::string()),
                                  {"l1", "batch_norm", "taylor", "activation_gradient", "activation"}));
  read_training(r, &stage->training);
  r.finish();
  if (!r.has("keep") && !r.has("macs") && !r.has("parameters"))
    r.fail_at(n, "shrink needs keep, macs or parameters", "shrink = { keep = 0.5 }");
  if (r.has("keep") && !(o.keep > 0))
    r.fail_at(*r.node("keep"), "keep = 0 leaves no channel", "a fraction above 0, for instance 0.5");
}

void read_prune(TableReader& r, const toml::node& n, PruneStage* stage, Status*) {
  PruneOptions& o = stage->options;
  PruneSchedule& s = o.schedule;
  r.number("sparsity", &s.target, 0, 1);
  r.number("initial", &s.initial, 0, 1);
  r.whole("begin", &s.begin, 0, int64_t{1} << 40);
  r.whole("end", &s.end, 0, int64_t{1} << 40);
  r.number("power", &s.power, 0.01, 100);
  r.whole("frequency", &s.frequency, 1, int64_t{1} << 40);
  if (const toml::node* word = r.node("schedule"))
    s.kind = pick(r, *word, "schedule", word->value_or(std::string()), {"constant", "polynomial"}) == 0
                 ? PruneSchedule::Kind::constant
                 : PruneSchedule::Kind::polynomial;
  r.truth("global", &o.global);
  std::string block, pattern;
  r.text("block", &block);
  r.text("pattern", &pattern);
  read_choice(r, &o.choice);
  read_training(r, &stage->training);
  r.finish();
  if (!block.empty()) refuse(r, *r.node("block"), parse_block(block, &o));
  if (!pattern.empty()) refuse(r, *r.node("pattern"), parse_pattern(pattern, &o));
  if (!pattern.empty() && r.has("sparsity"))
    r.fail_at(*r.node("pattern"), "a pattern N:M decides the sparsity: leave one of both out");
  if (pattern.empty() && !r.has("sparsity"))
    r.fail_at(n, "prune needs a sparsity or a pattern", "prune = { sparsity = 0.8 }");
  refuse(r, r.has("sparsity") ? *r.node("sparsity") : n, check(o));
}

void read_cluster(TableReader& r, const toml::node& n, ClusterStage* stage, Status*) {
  ClusterOptions& o = stage->options;
  r.whole("clusters", &o.clusters, -1'000'000, 1'000'000);
  if (const toml::node* word = r.node("init"))
    o.init = static_cast<ClusterInit>(
        pick(r, *word, "initialisation", word->value_or(std::string()), {"linear", "random", "density", "kmeans"}));
  r.truth("per_channel", &o.per_channel);
  r.truth("preserve_sparsity", &o.preserve_sparsity);
  r.whole("reassign", &o.reassign, 0, int64_t{1} << 40);
  read_choice(r, &o.choice);
  read_training(r, &stage->training);
  r.finish();
  refuse(r, r.has("clusters") ? *r.node("clusters") : n, check(o));
}

// 8, 4, 2 … or "ternary".
void read_bits(TableReader& r, const toml::node& n, int* bits) {
  if (n.value_or(std::string()) == "ternary") {
    *bits = kTernaryBits;
    return;
  }
  const auto number = n.value_exact<int64_t>();
  if (!number || *number < 2 || *number > 8)
    return r.fail_at(n, "weights have 2 to 8 bits, or are \"ternary\"", "bits = 4");
  *bits = static_cast<int>(*number);
}

// bits, layer_bits, layers, per_tensor, scale_bits, bias_bits.
void read_weights(TableReader& r, QuantizeOptions* q) {
  if (const toml::node* bits = r.node("bits")) read_bits(r, *bits, &q->bits);
  r.texts("layers", &q->layers);
  r.truth("per_tensor", &q->per_tensor_weights);
  r.whole("scale_bits", &q->scale_bits, 0, QuantizeOptions::kScaleBits);
  r.whole("bias_bits", &q->bias_bits, 2, QuantizeOptions::kBiasBits);
  const toml::node* n = r.node("layer_bits");
  if (!n) return;
  const toml::table* table = n->as_table();
  if (!table) return r.fail_at(*n, "layer_bits must be a table", "layer_bits = { dense_1 = 4 }");
  for (const auto& [layer, bits] : *table) read_bits(r, bits, &q->layer_bits[std::string(layer.str())]);
}

void read_qat(TableReader& r, const toml::node&, QatStage* stage, Status*) {
  QuantizeOptions& q = stage->options.quantize;
  read_weights(r, &q);
  if (const toml::node* word = r.node("ranges"))
    stage->options.ranges =
        pick(r, *word, "kind of ranges", word->value_or(std::string()), {"moving_average", "learned"}) == 0
            ? QatOptions::Ranges::moving_average
            : QatOptions::Ranges::learned;
  if (const toml::node* word = r.node("io"))
    q.io = static_cast<QuantizeOptions::Io>(
        pick(r, *word, "io", word->value_or(std::string()), {"float", "int8", "uint8"}));
  r.whole("calibrate", &stage->calibration_samples, 1, 1'000'000);
  r.number("decay", &stage->options.decay, 0, 0.999999);
  r.number("freeze", &stage->options.freeze, 0, 1);
  read_training(r, &stage->training);
  r.finish();
}

void read_distill(TableReader& r, const toml::node& n, DistillStage* stage, Status* status) {
  r.text("teacher", &stage->teacher);
  r.number("temperature", &stage->temperature, 0.01, 1000);
  r.number("alpha", &stage->alpha, 0, 1);
  r.text("student_feature", &stage->student_feature);
  r.text("teacher_feature", &stage->teacher_feature);
  r.number("feature_weight", &stage->feature_weight, 0, 1e6);
  if (const toml::node* layers = r.node("student")) read_layers(r, *layers, &stage->student, status);
  read_training(r, &stage->training);
  r.finish();
  if (stage->teacher.empty())
    r.fail_at(n, "distill needs a teacher", "teacher = \"float32\": an earlier variant, or a .tflite file");
  if (stage->student_feature.empty() != stage->teacher_feature.empty())
    r.fail_at(n, "feature matching needs both student_feature and teacher_feature");
}

void read_continue(TableReader& r, const toml::node&, ContinueStage* stage, Status*) {
  read_training(r, &stage->training);
  r.finish();
}

void read_search(TableReader& r, const toml::node& n, SearchStage* stage, Status*) {
  CompressionGoal& goal = stage->goal;
  r.number("accuracy_drop", &goal.accuracy_drop, 0, 100);
  r.number("loss_rise", &goal.loss_rise, 0, 1e6);
  r.whole("target_bytes", &goal.most_bytes, 1, int64_t{1} << 40);
  r.whole("passes", &stage->passes, 1, 1'000'000);
  r.finish();
  if (int(r.has("accuracy_drop")) + int(r.has("loss_rise")) + int(r.has("target_bytes")) != 1)
    r.fail_at(n, "search needs one of accuracy_drop, loss_rise and target_bytes", "search = { accuracy_drop = 0.5 }");
}

template <class Stage>
void read_stage(TableReader& variant, const char* key, const char* example, std::optional<Stage>* out, Status* status,
                void (*read)(TableReader&, const toml::node&, Stage*, Status*)) {
  const toml::node* n = variant.node(key);
  if (!n) return;
  const toml::table* table = n->as_table();
  if (!table) return variant.fail_at(*n, format("variant.{} must be a table", key), example);
  TableReader r(*table, format("variant.{}.", key), status);
  out->emplace();
  read(r, *n, &**out, status);
}

void read_stages(TableReader& r, VariantSpec* v, Status* status) {
  read_stage(r, "network", "network = { layers = [ … ] }", &v->network, status, read_network);
  read_stage(r, "distill", "distill = { teacher = \"float32\" }", &v->distill, status, read_distill);
  read_stage(r, "continue", "continue = { epochs = 4 }", &v->go_on, status, read_continue);
  read_stage(r, "shrink", "shrink = { keep = 0.5 }", &v->shrink, status, read_shrink);
  read_stage(r, "prune", "prune = { sparsity = 0.8 }", &v->prune, status, read_prune);
  read_stage(r, "cluster", "cluster = { clusters = 16 }", &v->cluster, status, read_cluster);
  read_stage(r, "qat", "qat = { bits = 8 }", &v->qat, status, read_qat);
  read_stage(r, "search", "search = { accuracy_drop = 0.5 }", &v->search, status, read_search);
  if (v->search && (v->go_on || v->distill || v->shrink || v->prune || v->cluster || v->qat))
    r.fail_at(*r.node("search"), "search chooses the other stages itself", "give search alone");
}

std::string default_name(const VariantSpec& v) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "_") + part; };
  if (v.network) add("network");
  if (v.distill) add(v.distill->student.empty() ? "distilled" : "student");
  if (v.go_on) add("continued");
  if (v.shrink) add("shrunk");
  if (v.prune) add("pruned");
  if (v.cluster) add("clustered");
  if (v.qat) add("qat");
  if (v.search) add("searched");
  if (v.quantized) add(name(v.quantize.to));
  return text.empty() ? "float32" : text;
}

// `from` and a teacher are variants that stand before this one.
void check_references(TableReader& r, const VariantSpec& v, const std::vector<VariantSpec>& earlier) {
  std::vector<std::string> names;
  for (const VariantSpec& other : earlier) names.push_back(other.name);
  const auto known = [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); };
  if (!v.from.empty() && !known(v.from))
    r.fail_at(*r.node("from"), format("there is no variant \"{}\" before \"{}\"", v.from, v.name),
              did_you_mean(v.from, names));
  if (v.distill && !v.distill->teacher.ends_with(".tflite") && !known(v.distill->teacher))
    r.fail_at(
        *r.node("distill"),
        format("the teacher \"{}\" is neither a variant before \"{}\" nor a .tflite file", v.distill->teacher, v.name),
        did_you_mean(v.distill->teacher, names));
  if (v.network && !v.from.empty())
    r.fail_at(*r.node("network"), "a network of its own cannot start from another variant");
  if (v.network && v.distill && !v.distill->student.empty())
    r.fail_at(*r.node("distill"), "network is the student already: leave student out");
  if (v.distill && !v.distill->student.empty() && !v.from.empty())
    r.fail_at(*r.node("distill"), "a student of its own architecture cannot start from another variant");
}

// Keys of `quantize` that only mean something for int8.
void read_int8_keys(TableReader& r, VariantSpec* v) {
  read_weights(r, &v->quantize);
  r.truth("equalize", &v->quantize.equalize);
  r.truth("bias_correction", &v->quantize.correct_bias);
  if (const toml::node* word = r.node("rounding"))
    v->quantize.rounding = static_cast<QuantizeOptions::Rounding>(
        pick(r, *word, "rounding", word->value_or(std::string()), {"nearest", "adaptive"}));
  if (v->quantize.per_tensor_weights && v->quantize.rounding == QuantizeOptions::Rounding::adaptive)
    r.fail_at(*r.node("rounding"), "adaptive rounding gives equal weights different values", "leave per_tensor out");
  std::string goal;
  r.text("mixed", &goal);
  r.whole("validate", &v->validate, 1, 1'000'000);
  if (const toml::node* widths = r.node("widths")) {
    v->widths.clear();
    const toml::array* list = widths->as_array();
    if (!list || list->empty()) return r.fail_at(*widths, "widths must be a list of bits", "widths = [8, 4, 2]");
    for (const toml::node& bits : *list) read_bits(r, bits, &v->widths.emplace_back());
  }
  if (!goal.empty()) {
    const toml::node& at = *r.node("mixed");
    if (const auto parsed = parse_mixed_goal(goal))
      v->mixed = *parsed;
    else
      r.fail_at(at, parsed.error().message, parsed.error().hint);
    for (const char* key : {"bits", "layer_bits"})
      if (r.has(key)) r.fail_at(*r.node(key), format("{} does not go with mixed", key), "widths says what to try");
  } else {
    for (const char* key : {"widths", "validate"})
      if (r.has(key)) r.fail_at(*r.node(key), format("{} is for mixed", key), "mixed = \"accuracy-drop 0.5\"");
  }
}

void read_quantize(TableReader& variant, const toml::node& n, VariantSpec* v, Status* status) {
  v->quantized = true;
  std::string to, calibration = "minmax", io = "float";
  if (const auto word = n.value_exact<std::string>()) {
    to = *word;
  } else if (const toml::table* table = n.as_table()) {
    TableReader r(*table, "variant.quantize.", status);
    r.text("to", &to);
    r.whole("min_elements", &v->quantize.min_elements, 0, int64_t{1} << 40);
    r.whole("calibrate", &v->calibration_samples, 1, 1'000'000);
    r.text("calibration", &calibration);
    r.number("percentile", &v->quantize.percentile, 50, 100);
    r.text("io", &io);
    read_int8_keys(r, v);
    r.finish();
    if (to == "float16" || to == "dynamic")
      for (const char* key : {"bits", "layer_bits", "per_tensor", "mixed", "equalize", "bias_correction", "rounding"})
        if (r.has(key)) r.fail_at(*r.node(key), format("{} is for int8, this variant is {}", key, to));
  } else {
    return variant.fail_at(n, "quantize must be a word or a table", "quantize = \"int8\"");
  }
  if (calibration.starts_with("percentile:")) {
    v->quantize.percentile = std::atof(calibration.c_str() + 11);
    if (!(v->quantize.percentile >= 50 && v->quantize.percentile <= 100))
      variant.fail_at(n, format("calibration \"{}\": from 50 to 100", calibration));
    calibration = "percentile";
  }
  v->quantize.to = static_cast<QuantizeTo>(pick(variant, n, "quantisation", to, {"float16", "dynamic", "int8"}));
  v->quantize.calibration = static_cast<Calibration>(
      pick(variant, n, "calibration", calibration, {"minmax", "percentile", "mse", "entropy"}));
  v->quantize.io = static_cast<QuantizeOptions::Io>(pick(variant, n, "io", io, {"float", "int8", "uint8"}));
}

}  // namespace

void read_variants(TableReader& root, std::vector<VariantSpec>* out, Status* status) {
  const toml::node* n = root.node("variant");
  if (!n) {
    out->push_back({.name = "float32"});
    return;
  }
  const toml::array* list = n->as_array();
  if (!list) return root.fail_at(*n, "variants are written as [[variant]]");
  for (const toml::node& item : *list) {
    const toml::table* table = item.as_table();
    if (!table) return root.fail_at(item, "variants are written as [[variant]]");
    VariantSpec v;
    TableReader r(*table, "variant.", status);
    r.text("name", &v.name);
    r.text("from", &v.from);
    read_stages(r, &v, status);
    if (const toml::node* q = r.node("quantize")) read_quantize(r, *q, &v, status);
    r.finish();
    if (v.qat && v.quantized)
      r.fail_at(*r.node("quantize"), "qat quantises already: leave quantize out", "qat = { io = \"int8\" }");
    if (v.search && v.quantized) r.fail_at(*r.node("quantize"), "search quantises already: leave quantize out");
    if (v.name.empty()) v.name = default_name(v);
    for (char c : v.name)
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.')
        r.fail_at(item, format("variant name \"{}\": letters, digits, '-', '_' and '.' only", v.name),
                  "it becomes a file name");
    for (const VariantSpec& other : *out)
      if (other.name == v.name) r.fail_at(item, format("two variants are called \"{}\"", v.name));
    check_references(r, v, *out);
    out->push_back(std::move(v));
  }
}

void read_names(TableReader& table, const std::string& key, const std::vector<VariantSpec>& all,
                std::vector<std::string>* out) {
  table.texts(key, out);
  std::vector<std::string> names;
  for (const VariantSpec& v : all) names.push_back(v.name);
  for (const std::string& name : *out)
    if (std::ranges::find(names, name) == names.end())
      return table.fail_at(*table.node(key), format("{}{} names \"{}\", which is no variant", table.path(), key, name),
                           did_you_mean(name, names));
}

std::vector<VariantSpec> chosen_variants(const std::vector<VariantSpec>& all, std::vector<std::string> names) {
  if (names.empty()) return all;
  std::vector<VariantSpec> chosen;
  // From the last on: what a variant needs stands before it.
  for (size_t i = all.size(); i-- > 0;) {
    const VariantSpec& v = all[i];
    if (std::ranges::find(names, v.name) == names.end()) continue;
    if (!v.from.empty()) names.push_back(v.from);
    if (v.distill) names.push_back(v.distill->teacher);
    chosen.insert(chosen.begin(), v);
  }
  return chosen;
}

}  // namespace thimble
