#include "train/fingerprint.h"

#include <algorithm>
#include <cstdlib>

#include "data/sha256.h"
#include "ops/check.h"

namespace thimble {
namespace {

// Values one after the other, each in the shortest form that reads back the same.
class Text {
 public:
  template <class... Values>
  void add(const Values&... values) {
    (one(values), ...);
  }
  std::string text;

 private:
  template <class T>
  void one(const T& value) {
    text += format("{}|", value);
  }
  void one(const std::vector<double>& values) {
    for (double v : values) one(v);
    text += ";";
  }
  void one(const std::map<std::string, double>& values) {
    for (const auto& [key, value] : values) add(key, value);
    text += ";";
  }
};

}  // namespace

TrainingKeys training_keys(const Graph& training, const TrainSpec& s, const Dataset& train, const Dataset& validation,
                           const Feeding& feeding, const Augment& a, const TrainOptions& options,
                           const NamedWeights& initial) {
  TrainingKeys keys;
  const auto add = [&](const char* key, const auto&... values) {
    Text text;
    text.add(values...);
    keys.emplace_back(key, std::move(text.text));
  };
  const OptimizerSpec& o = s.optimizer;
  add("train.optimizer", static_cast<int>(o.rule), o.learning_rate, o.parameters, o.weight_decay, o.clipnorm,
      o.clipvalue, o.global_clipnorm);
  const ScheduleSpec& c = s.schedule;
  add("train.schedule", static_cast<int>(c.kind), c.warmup_epochs, c.decay_steps, c.decay_rate, c.staircase, c.end,
      c.power, c.t_mul, c.m_mul, c.boundaries, c.values);
  add("train.loss", static_cast<int>(s.loss));
  add("train.label_smoothing", s.label_smoothing);
  if (s.class_weights.on()) add("train.class_weight", s.class_weights.balanced, s.class_weights.weights);
  add("train.batch", s.batch);
  add("train.epochs", s.epochs);
  add("study.seed", s.seed);
  add("train.average", s.average);
  add("train.keep_best", s.keep_best, s.best_monitor);
  const EarlyStoppingSpec& e = s.early_stopping;
  add("train.early_stopping", e.on, e.monitor, e.patience, e.min_delta, e.restore_best);
  const PlateauSpec& p = s.plateau;
  add("train.reduce_on_plateau", p.on, p.monitor, p.factor, p.min_delta, p.min_lr, p.patience, p.cooldown);
  add("data.augment", a.shift, a.rotate, a.scale, a.shear, a.flip, a.elastic, a.noise, a.erase, a.thicken);
  add("data.set", train.name());
  add("data.split", train.size(), validation.empty() ? std::string() : validation.name(), validation.size());
  Feeding scale = feeding;
  scale.trained_on.clear();
  add("data.scale", sha256_hex(scale.to_json()));
  for (const TrainedOn& set : feeding.trained_on) add("the content of data.set", set.set);
  for (const auto& technique : options.techniques) add("technique", technique->describe());
  if (options.initial) {
    std::string all;
    for (const auto& [name, values] : initial)
      all += name + sha256_hex(std::string_view(reinterpret_cast<const char*>(values->data()),
                                                values->size() * sizeof(float)));
    add("weights to start from", sha256_hex(all));
  }
  add("model", sha256_hex(dump(training)));
  return keys;
}

std::string to_text(const TrainingKeys& keys) {
  std::string text;
  for (const auto& [key, value] : keys) {
    std::string line = value;
    std::ranges::replace(line, '\n', ' ');
    text += key + "\t" + line + "\n";
  }
  return text;
}

TrainingKeys from_text(std::string_view text) {
  TrainingKeys keys;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size()), tab = std::min(text.find('\t'), end);
    keys.emplace_back(std::string(text.substr(0, tab)),
                      std::string(text.substr(std::min(tab + 1, end), end - tab - 1)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return keys;
}

std::string training_fingerprint(const TrainingKeys& keys) { return sha256_hex(to_text(keys)); }

Status can_go_on(const TrainingKeys& checkpoint, const TrainingKeys& now, int epochs_done, const std::string& file) {
  const auto value = [](const TrainingKeys& keys, const std::string& key) -> std::string {
    const auto it = std::ranges::find(keys, key, &std::pair<std::string, std::string>::first);
    return it == keys.end() ? std::string("none") : it->second;
  };
  std::vector<std::string> differ;
  for (const auto* list : {&now, &checkpoint})
    for (const auto& [key, unused] : *list)
      if (std::ranges::find(differ, key) == differ.end() && value(now, key) != value(checkpoint, key))
        differ.push_back(key);
  // The graph in training holds the batch, the loss and the optimiser too.
  if (differ.size() > 1) std::erase(differ, "model");
  const bool techniques = value(now, "technique") != "none";
  if (differ == std::vector<std::string>{"train.epochs"} && !techniques) {
    const int wanted = std::atoi(value(now, "train.epochs").c_str());
    if (wanted >= epochs_done) return {};
    return fail(ErrorCode::usage,
                format("checkpoint {} has {} epochs done, train.epochs is {}", file, epochs_done, wanted),
                "ask for at least as many, or start without --resume");
  }
  std::string list;
  for (const std::string& key : differ) {
    const auto shown = [&](const TrainingKeys& keys) {
      std::string text = value(keys, key);
      while (text.ends_with('|') || text.ends_with(';')) text.pop_back();
      return text;
    };
    const std::string was = shown(checkpoint), is = shown(now);
    const bool readable =
        was.size() <= 24 && is.size() <= 24 && was.find('|') == std::string::npos && is.find('|') == std::string::npos;
    list += (list.empty() ? "" : ", ") + (readable ? format("{} (there {}, here {})", key, was, is) : key);
  }
  return fail(ErrorCode::usage,
              format("checkpoint {} belongs to another training: what differs is {}", file,
                     list.empty() ? "its version" : list),
              "resume with the same recipe and settings, or start without --resume");
}

}  // namespace thimble
