#include "study/recipe.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "base/suggest.h"
#include "device/word.h"
#include "study/boards.h"
#include "study/recipe_layers.h"
#include "study/recipe_paths.h"
#include "study/recipe_variants.h"
#include "study/toml_reader.h"
#include "train/architecture.h"
#include "train/foreign_words.h"

namespace thimble {
namespace {

// name = number, or { name = number, key = …, … }: optimisers and schedules.
void optimizer(TableReader& train, OptimizerSpec* out) {
  const toml::node* n = train.node("optimizer");
  if (!n) return;
  if (const auto name = n->value_exact<std::string>()) {
    if (auto spec = make_optimizer(*name))
      *out = *spec;
    else
      train.fail_at(*n, spec.error().message, spec.error().hint);
    return;
  }
  const toml::table* table = n->as_table();
  if (!table || table->empty())
    return train.fail_at(*n, "train.optimizer must be a name or { name = learning rate, … }",
                         "optimizer = { adam = 0.001 }");
  bool found = false;
  for (const auto& [key, value] : *table)
    if (auto spec = make_optimizer(key.str())) {
      *out = *spec;
      const auto rate = value.is_number() ? value.value<double>() : std::optional<double>();
      if (!rate || !(*rate > 0) || !std::isfinite(*rate))
        return train.fail_at(value,
                             format("the learning rate of {} must be a positive number", std::string(key.str())));
      out->learning_rate = *rate;
      found = true;
    }
  if (!found) {
    const auto first = make_optimizer(table->begin()->first.str());
    return train.fail_at(*n, first.error().message, first.error().hint);
  }
  for (const auto& [key, value] : *table) {
    if (make_optimizer(key.str())) continue;
    const auto number = value.is_boolean()  ? std::optional<double>(value.value_or(false))
                        : value.is_number() ? value.value<double>()
                                            : std::optional<double>();
    if (!number) return train.fail_at(value, format("train.optimizer.{} must be a number", std::string(key.str())));
    if (Status s = set_optimizer_parameter(*out, key.str(), *number); !s)
      return train.fail_at(value, s.error().message, s.error().hint);
  }
}

void schedule(TableReader& train, ScheduleSpec* out, Status* status) {
  const toml::node* n = train.node("schedule");
  if (!n) return;
  const toml::table* outer = n->as_table();
  const auto word = n->value_exact<std::string>();
  const std::string name = word ? *word : outer && outer->size() == 1 ? std::string(outer->begin()->first.str()) : "";
  const auto kind = schedule_kind(name);
  if (!kind) return train.fail_at(*n, kind.error().message, kind.error().hint);
  out->kind = *kind;
  if (!outer) return;
  const toml::table* inner = outer->begin()->second.as_table();
  if (!inner) return train.fail_at(*n, "a schedule's settings are a table", "schedule = { cosine = { warmup = 2 } }");
  TableReader r(*inner, "train.schedule." + name + ".", status);
  r.number("warmup", &out->warmup_epochs, 0, 1e6);
  r.number("decay_epochs", &out->decay_steps, 0, 1e6);
  r.number("decay_rate", &out->decay_rate, 0, 1e6);
  r.truth("staircase", &out->staircase);
  r.number("end", &out->end, 0, 1e6);
  r.number("alpha", &out->end, 0, 1);
  r.number("power", &out->power, 0, 100);
  r.number("t_mul", &out->t_mul, 1, 100);
  r.number("m_mul", &out->m_mul, 0, 100);
  r.numbers("boundaries", &out->boundaries);
  r.numbers("values", &out->values);
  r.finish();
  if (out->kind == ScheduleSpec::Kind::piecewise && out->values.size() != out->boundaries.size() + 1)
    train.fail_at(*n, "a piecewise schedule needs one value more than boundaries");
}

const std::vector<std::string> kMonitors{"loss", "accuracy", "val_loss", "val_accuracy"};

void monitor(TableReader& r, std::string* out) {
  r.text("monitor", out);
  if (std::ranges::find(kMonitors, *out) == kMonitors.end())
    if (const toml::node* n = r.node("monitor"))
      r.fail_at(*n, format("unknown quantity \"{}\"", *out), did_you_mean_or_all(*out, kMonitors));
}

// "balanced", or weights by the names of classes.
void read_class_weight(TableReader& r, ClassWeightSpec* out) {
  const toml::node* n = r.node("class_weight");
  if (!n) return;
  constexpr const char* kHow = "class_weight = \"balanced\", or a weight by name: { cat = 2, dog = 1 }";
  if (n->is_string()) {
    out->balanced = n->value_or(std::string()) == "balanced";
    if (!out->balanced) r.fail_at(*n, format("unknown class_weight \"{}\"", n->value_or(std::string())), kHow);
    return;
  }
  const toml::table* table = n->as_table();
  if (!table) return r.fail_at(*n, "train.class_weight must be a word or a table", kHow);
  for (const auto& [key, value] : *table) {
    const auto weight = value.is_number() ? value.value<double>() : std::optional<double>();
    if (!weight || !(*weight >= 0) || !std::isfinite(*weight))
      return r.fail_at(
          value, format("the weight of class \"{}\" must be a number of at least 0", std::string(key.str())), kHow);
    out->weights[std::string(key.str())] = *weight;
  }
}

void read_train(TableReader& r, TrainSpec* t, Status* status) {
  optimizer(r, &t->optimizer);
  schedule(r, &t->schedule, status);
  if (const toml::node* n = r.node("loss")) {
    if (auto loss = loss_choice(n->value_or(std::string())))
      t->loss = *loss;
    else
      r.fail_at(*n, loss.error().message, loss.error().hint);
  }
  r.number("label_smoothing", &t->label_smoothing, 0, 0.99);
  read_class_weight(r, &t->class_weights);
  r.whole("batch", &t->batch, 1, 1'000'000);
  r.whole("epochs", &t->epochs, 0, 1'000'000);
  r.number("average", &t->average, 0, 0.999999);
  r.truth("keep_best", &t->keep_best);
  r.text("csv_log", &t->csv_log);
  r.text("tensorboard", &t->tensorboard);
  if (const toml::node* n = r.node("early_stopping")) {
    if (const toml::table* table = n->as_table()) {
      TableReader e(*table, "train.early_stopping.", status);
      t->early_stopping.on = true;
      monitor(e, &t->early_stopping.monitor);
      e.whole("patience", &t->early_stopping.patience, 1, 1'000'000);
      e.number("min_delta", &t->early_stopping.min_delta, 0, 1e9);
      e.truth("restore_best", &t->early_stopping.restore_best);
      e.finish();
    } else {
      r.fail_at(*n, "train.early_stopping must be a table");
    }
  }
  if (const toml::node* n = r.node("reduce_on_plateau")) {
    if (const toml::table* table = n->as_table()) {
      TableReader p(*table, "train.reduce_on_plateau.", status);
      t->plateau.on = true;
      monitor(p, &t->plateau.monitor);
      p.number("factor", &t->plateau.factor, 1e-6, 0.999999);
      p.whole("patience", &t->plateau.patience, 1, 1'000'000);
      p.number("min_delta", &t->plateau.min_delta, 0, 1e9);
      p.number("min_lr", &t->plateau.min_lr, 0, 1e9);
      p.whole("cooldown", &t->plateau.cooldown, 0, 1'000'000);
      p.finish();
    } else {
      r.fail_at(*n, "train.reduce_on_plateau must be a table");
    }
  }
  r.finish();
}

void read_augment(TableReader a, Augment* augment) {
  const auto get = [&](const char* key, float* field, double hi) {
    double v = *field;
    a.number(key, &v, 0, hi);
    *field = static_cast<float>(v);
  };
  get("shift", &augment->shift, 1000);
  get("rotate", &augment->rotate, 180);
  get("scale", &augment->scale, 0.9);
  get("shear", &augment->shear, 1);
  get("elastic", &augment->elastic, 100);
  get("noise", &augment->noise, 1);
  get("erase", &augment->erase, 1);
  get("thicken", &augment->thicken, 1);
  a.truth("flip", &augment->flip);
  a.finish();
}

// missing = "drop", "mean" or a number.
void read_missing(TableReader& r, DataSpec* d) {
  const toml::node* n = r.node("missing");
  if (!n) return;
  if (const auto number = n->value<double>(); number && n->is_number()) {
    d->missing = format("{}", *number);
    return;
  }
  r.text("missing", &d->missing);
  if (d->missing != "drop" && d->missing != "mean")
    r.fail_at(*n, format("unknown missing \"{}\"", d->missing), "missing = \"drop\", \"mean\" or a number");
}

void read_data(TableReader& r, DataSpec* d, Status* status) {
  r.text("set", &d->set);
  if (const toml::node* n = r.node("split")) {
    if (const toml::table* table = n->as_table()) {
      TableReader s(*table, "data.split.", status);
      s.whole("train", &d->split.train, 1, 1'000'000'000);
      s.whole("validation", &d->split.validation, 0, 1'000'000'000);
      s.whole("test", &d->split.test, 0, 1'000'000'000);
      s.finish();
    } else {
      r.fail_at(*n, "data.split must be a table", "split = { train = 50000, validation = 10000, test = 10000 }");
    }
  }
  r.text("scale", &d->scale);
  const std::vector<std::string> scales{"0..1", "-1..1", "standard", "none"};
  if (r.has("scale") && std::ranges::find(scales, d->scale) == scales.end())
    r.fail_at(*r.node("scale"), format("unknown scale \"{}\"", d->scale), did_you_mean_or_all(d->scale, scales));
  if (const toml::node* n = r.node("augment")) {
    if (const toml::table* table = n->as_table()) {
      read_augment(TableReader(*table, "data.augment.", status), &d->augment);
    } else {
      r.fail_at(*n, "data.augment must be a table", "augment = { shift = 2, rotate = 10 }");
    }
  }
  r.texts("extra_test", &d->extra_test);
  r.texts("inputs", &d->inputs);
  r.text("target", &d->target);
  r.texts("categories", &d->categories);
  if (r.has("task")) {
    std::string word;
    r.text("task", &word);
    if (const auto task = parse_task(word))
      d->task = *task;
    else
      r.fail_at(*r.node("task"), task.error().message, task.error().hint);
  }
  read_missing(r, d);
  r.text("decimal", &d->decimal);
  if (!d->decimal.empty() && d->decimal != "." && d->decimal != ",")
    r.fail_at(*r.node("decimal"), format("unknown decimal \"{}\"", d->decimal), "decimal = \",\" or \".\"");
  if (r.has("header")) {
    bool header = true;
    r.truth("header", &header);
    d->header = header;
  }
  r.truth("skip_bad", &d->skip_bad);
  std::string word;
  r.text("features", &word);
  if (r.has("features")) {
    const auto features = parse_sound_features(word);
    if (!features)
      r.fail_at(*r.node("features"), features.error().message, features.error().hint);
    else if (!d->set.starts_with("folder:"))
      r.fail_at(*r.node("features"), format("data.features goes with folders of sounds, \"{}\" is none", d->set),
                "set = \"folder:PATH\", or leave features out");
    else if (d->augment.any())
      r.fail_at(*r.node("features"), "data.augment changes pictures, not the features of sounds",
                "leave augment out; more recordings, or noisy copies of them, help as well");
    else
      d->features = *features;
  }
  r.truth("handwriting", &d->handwriting);
  r.text("target_scale", &d->target_scale);
  if (const std::vector<std::string> words{"standard", "none"};
      !d->target_scale.empty() && std::ranges::find(words, d->target_scale) == words.end())
    r.fail_at(*r.node("target_scale"), format("unknown target_scale \"{}\"", d->target_scale),
              "\"standard\" or \"none\"");
  r.whole("limit", &d->limit, 0, 1'000'000'000);
  r.finish();
  if (d->set.empty() && r.ok())
    *status = fail(ErrorCode::usage, "the recipe names no data set", "[data]\\n set = \"mnist\"");
}

// { from = 20, to = 110, step = 10 }: the values from 20 to 110, both included.
void read_sweep_range(TableReader& root, const toml::table& table, SweepAxis* axis, Status* status) {
  TableReader r(table, "sweep." + axis->key + ".", status);
  double from = 0, to = 0, step = 1;
  for (const char* key : {"from", "to"})
    if (!r.has(key))
      return root.fail_at(table, format("sweep.\"{}\" has no {}", axis->key, key),
                          "a list of values, or { from = 20, to = 110, step = 10 }");
  r.number("from", &from, -1e9, 1e9);
  r.number("to", &to, -1e9, 1e9);
  r.number("step", &step, 1e-9, 1e9);
  r.finish();
  if (!r.ok()) return;
  const double count = std::floor((to - from) / step + 1e-9) + 1;
  if (!(count >= 1 && count <= 1000))
    return root.fail_at(
        table, format("sweep.\"{}\" from {} to {} by {} has no or too many values", axis->key, from, to, step));
  const bool whole = from == std::floor(from) && step == std::floor(step);
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const double v = from + i * step;
    // Ten digits: 0.1 + 2·0.1 is meant to be 0.3.
    axis->values.push_back(whole ? format("{}", static_cast<int64_t>(v)) : format("{:.10g}", v));
    axis->labels.push_back(axis->values.back());
  }
}

void read_sweep(TableReader& root, Recipe* recipe, Status* status) {
  const toml::node* n = root.node("sweep");
  if (!n) return;
  const toml::table* table = n->as_table();
  if (!table) return root.fail_at(*n, "[sweep] must be a table");
  bool off = false;
  KeyRecorder::note("sweep.", "mode", "text");
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    if (name == "mode") {
      const std::string mode = value.value_or(std::string());
      if (mode != "grid" && mode != "one-at-a-time" && mode != "off")
        root.fail_at(value, format("sweep.mode is \"{}\"", mode), "\"one-at-a-time\", \"grid\" or \"off\"");
      recipe->grid = mode == "grid";
      off = mode == "off";
      continue;
    }
    if (name == "variants") {
      TableReader r(*table, "sweep.", status);
      read_names(r, "variants", recipe->variants, &recipe->sweep_variants);
      continue;
    }
    SweepAxis axis{name, {}, {}};
    if (const toml::table* range = value.as_table()) {
      read_sweep_range(root, *range, &axis, status);
      recipe->sweep.push_back(std::move(axis));
      continue;
    }
    const toml::array* list = value.as_array();
    if (!list || list->empty())
      return root.fail_at(value, format("sweep.\"{}\" must be a list of values", name),
                          "or { from = 20, to = 110, step = 10 }");
    for (const toml::node& item : *list) {
      const toml::table* inner = item.as_table();
      if (inner && inner->contains("label") && inner->contains("value") && inner->size() == 2) {
        axis.values.push_back(value_text(*inner->get("value")));
        axis.labels.push_back((*inner)["label"].value_or(std::string("?")));
        continue;
      }
      axis.values.push_back(value_text(item));
      axis.labels.push_back(inner && !inner->empty() ? std::string(inner->begin()->first.str())
                            : item.is_string()       ? item.value_or(std::string())
                                                     : value_text(item));
    }
    recipe->sweep.push_back(std::move(axis));
  }
  if (off) recipe->sweep.clear();
}

Status apply_preset(toml::table& root, const std::string& preset) {
  if (preset.empty()) return {};
  const toml::table* presets = root["preset"].as_table();
  const toml::table* chosen = presets ? (*presets)[preset].as_table() : nullptr;
  if (!chosen) {
    std::vector<std::string> names;
    if (presets)
      for (const auto& [key, value] : *presets) names.emplace_back(key.str());
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    const std::string near = did_you_mean(preset, names);
    return fail(ErrorCode::usage, format("the recipe has no preset \"{}\"", preset),
                list.empty() ? "it has no presets" : format("{}{}it has {}", near, near.empty() ? "" : " ", list));
  }
  const toml::table copy = *chosen;
  for (const auto& [key, value] : copy) THIMBLE_TRY(apply_setting(root, {std::string(key.str()), value_text(value)}));
  return {};
}

// Before a section is missed: the one that was meant may be there under another name.
Status check_sections(const toml::table& root) {
  const std::vector<std::string> sections{"study", "data", "model", "train", "variant", "measure", "sweep", "preset"};
  for (const auto& [key, value] : root) {
    const std::string word(key.str());
    if (std::ranges::find(sections, word) != sections.end()) continue;
    const bool section = value.is_table() || value.is_array_of_tables();
    return with_context(
        Error{ErrorCode::usage,
              section ? format("unknown section [{}]", word) : format("the key \"{}\" stands in no section", word),
              {},
              section ? word_hint(WordPlace::section, word, sections)
                      : "write it below its section, for example [train]"},
        place_of(value));
  }
  return {};
}

}  // namespace

Result<Augment> parse_augment(const std::string& text) {
  const auto parsed = toml::parse("augment = {" + text + "}");
  const toml::table* table = parsed ? parsed.table()["augment"].as_table() : nullptr;
  if (!table)
    return fail(ErrorCode::usage, format("the augmentation is '{}'", text),
                "write it as in a recipe: \"shift = 2, rotate = 10, flip = true\"");
  Augment augment;
  Status status;
  read_augment(TableReader(*table, "augment.", &status), &augment);
  if (!status) return tl::unexpected(std::move(status).error());
  return augment;
}

Result<Recipe> parse_recipe(const std::string& text, const RecipeOptions& options, const std::string& name) {
  THIMBLE_ASSIGN(toml::table root, parse_toml(text, name));
  const auto changed = [&]() -> Status {
    THIMBLE_TRY(apply_preset(root, options.preset));
    for (const Setting& setting : options.settings) THIMBLE_TRY(apply_setting(root, setting));
    return {};
  };
  if (Status s = changed(); !s) return with_context(std::move(s).error(), name);
  if (Status s = check_sections(root); !s) return with_context(std::move(s).error(), name);

  Recipe recipe;
  recipe.text = text;
  recipe.train.optimizer = *make_optimizer("adam");
  Status status;
  TableReader r(root, "", &status);
  const auto section = [&](const char* key, auto read) {
    const toml::node* n = r.node(key);
    if (!n) return false;
    const toml::table* table = n->as_table();
    if (!table) return r.fail_at(*n, format("[{}] must be a table", key)), true;
    TableReader inner(*table, std::string(key) + ".", &status);
    read(inner);
    return true;
  };
  read_variants(r, &recipe.variants, &status);
  section("study", [&](TableReader& s) {
    s.text("name", &recipe.name);
    s.text("title", &recipe.title);
    s.whole("seed", &recipe.seed, 0, INT64_MAX);
    s.whole("repeats", &recipe.repeats, 1, 1000);
    std::vector<std::string> names;
    read_names(s, "variants", recipe.variants, &names);
    recipe.variants = chosen_variants(recipe.variants, names);
    s.finish();
  });
  if (!section("data", [&](TableReader& s) { read_data(s, &recipe.data, &status); }) && status)
    status = fail(ErrorCode::usage, "the recipe has no [data] section");
  if (!section("model", [&](TableReader& s) { read_model(s, &recipe.model, &status); }) && status)
    status = fail(ErrorCode::usage, "the recipe has no [model] section");
  section("train", [&](TableReader& s) { read_train(s, &recipe.train, &status); });
  section("measure", [&](TableReader& s) {
    s.whole("trials", &recipe.measure.trials, 1, 100000);
    std::vector<int64_t> threads{1};
    s.wholes("threads", &threads, 1, 256);
    recipe.measure.threads.assign(threads.begin(), threads.end());
    if (recipe.measure.threads.empty()) recipe.measure.threads = {1};
    s.number("allow_drop", &recipe.measure.allow_drop, 0, 100);
    s.truth("parameters_plus_kb", &recipe.measure.parameters_plus_kb);
    s.texts("boards", &recipe.measure.boards);
    for (const std::string& word : recipe.measure.boards) {
      if (!s.ok() || word.ends_with(".toml")) continue;  // files are read when the study begins
      if (const auto boards = find_boards(word); !boards)
        s.fail_at(*s.node("boards"), boards.error().message, boards.error().hint);
    }
    s.number("continuous", &recipe.measure.continuous, 0, 86'400);
    s.texts("devices", &recipe.measure.devices);
    for (const std::string& device : recipe.measure.devices)
      if (const auto word = parse_device_word(device); !word && s.ok())
        s.fail_at(*s.node("devices"), word.error().message, word.error().hint);
    s.finish();
  });
  read_sweep(r, &recipe, &status);
  r.node("preset");
  r.finish();
  if (status && !recipe.model.architecture.empty()) {
    const std::string& set = recipe.data.set;
    if (recipe.model.classes == 0 && (set == "mnist" || set == "fashion-mnist" || set == "digits"))
      recipe.model.classes = 10;
    status = expand_architecture(&recipe.model);
  }
  for (VariantSpec& v : recipe.variants) {
    if (!status || !v.network || v.network->architecture.empty()) continue;
    ModelSpec other;
    other.input = recipe.model.input;
    other.architecture = v.network->architecture;
    other.alpha = v.network->alpha;
    other.momentum = recipe.model.momentum;
    other.classes = recipe.model.classes;
    if (status = expand_architecture(&other); !status)
      status = with_context(std::move(status).error(), "variant " + v.name);
    v.network->layers = std::move(other.layers);
  }
  if (!status) return with_context(std::move(status).error(), name);
  recipe.train.seed = recipe.seed;
  if (recipe.title.empty()) recipe.title = recipe.name;
  return recipe;
}

}  // namespace thimble
