#include "study/recipe_variants.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/suggest.h"
#include "study/options/stages.h"
#include "study/options/toml_fields.h"
#include "study/recipe_layers.h"

namespace thimble {
namespace {

// A stage's table: what options/stages.h says it can be told, the two keys of its training, and with `more` what only
// this reader decodes.
template <class Stage>
void read_stage(TableReader& variant, const char* key, const char* example, std::optional<Stage>* out, Status* status,
                void (*more)(TableReader&, Stage*, Status*) = nullptr) {
  const toml::node* n = variant.node(key);
  if (!n) return;
  const toml::table* table = n->as_table();
  if (!table) return variant.fail_at(*n, format("variant.{} must be a table", key), example);
  TableReader r(*table, format("variant.{}.", key), status);
  Stage& stage = out->emplace();
  TomlFields visitor(r, stage.form);
  fields(visitor, stage);
  if constexpr (requires { stage.training; })
    training_fields(visitor, stage.form, key, &stage.training.epochs, &stage.training.learning_rate);
  if (more) more(r, &stage, status);
  r.finish();
  if (!r.ok()) return;
  if (Status s = complete(stage); !s) {
    const toml::node* at = r.node(stage.form.at);
    r.fail_at(at ? *at : *n, s.error().message, s.error().hint);
  }
}

void read_network_layers(TableReader& r, NetworkStage* stage, Status* status) {
  if (const toml::node* layers = r.node("layers")) read_layers(r, *layers, &stage->layers, status);
}

void read_student(TableReader& r, DistillStage* stage, Status* status) {
  if (const toml::node* layers = r.node("student")) read_layers(r, *layers, &stage->student, status);
}

// A word, or a table of options.
void read_quantize(TableReader& r, VariantSpec* v, Status* status) {
  const toml::node* n = r.node("quantize");
  if (!n) return;
  if (!n->is_string()) return read_stage(r, "quantize", "quantize = \"int8\"", &v->quantize, status);
  QuantizeStage& stage = v->quantize.emplace();
  // The word alone is `to`: the same reader with another name for it.
  const toml::table to{{"to", n->value_or(std::string())}};
  Status said;
  TableReader word(to, "variant.quantize.", &said);
  TomlFields visitor(word, stage.form);
  fields(visitor, stage);
  if (!said) r.fail_at(*n, said.error().message, said.error().hint);
}

void read_stages(TableReader& r, VariantSpec* v, Status* status) {
  read_stage(r, "network", "network = { layers = [ … ] }", &v->network, status, read_network_layers);
  read_stage(r, "distill", "distill = { teacher = \"float32\" }", &v->distill, status, read_student);
  read_stage(r, "continue", "continue = { epochs = 4 }", &v->go_on, status);
  read_stage(r, "shrink", "shrink = { keep = 0.5 }", &v->shrink, status);
  read_stage(r, "prune", "prune = { sparsity = 0.8 }", &v->prune, status);
  read_stage(r, "cluster", "cluster = { clusters = 16 }", &v->cluster, status);
  read_stage(r, "qat", "qat = { bits = 8 }", &v->qat, status);
  read_stage(r, "search", "search = { accuracy_drop = 0.5 }", &v->search, status);
  read_quantize(r, v, status);
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
  if (v.quantize) add(name(v.quantize->options.to));
  if (text.empty()) text = "float32";
  return v.format == "tflite" ? text : text + "_" + v.format;
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
    r.text("format", &v.format);
    if (std::ranges::find(kVariantFormats, v.format) == kVariantFormats.end())
      r.fail_at(
          *r.node("format"), format("variant.format \"{}\" is no format of a model", v.format),
          did_you_mean_or_all(v.format, std::vector<std::string>(kVariantFormats.begin(), kVariantFormats.end())));
    read_stages(r, &v, status);
    r.finish();
    if (v.qat && v.quantize)
      r.fail_at(*r.node("quantize"), "qat quantises already: leave quantize out", "qat = { io = \"int8\" }");
    if (v.search && v.quantize) r.fail_at(*r.node("quantize"), "search quantises already: leave quantize out");
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
