#include "train/fingerprint.h"

#include "base/hash.h"
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

std::string training_fingerprint(const Graph& training, const TrainSpec& s, const Dataset& train,
                                 const Dataset& validation, const Feeding& feeding, const Augment& a,
                                 const TrainOptions& options) {
  Text t;
  const OptimizerSpec& o = s.optimizer;
  t.add(static_cast<int>(o.rule), o.learning_rate, o.parameters, o.weight_decay, o.clipnorm, o.clipvalue,
        o.global_clipnorm);
  const ScheduleSpec& c = s.schedule;
  t.add(static_cast<int>(c.kind), c.warmup_epochs, c.decay_steps, c.decay_rate, c.staircase, c.end, c.power, c.t_mul,
        c.m_mul, c.boundaries, c.values);
  t.add(static_cast<int>(s.loss), s.label_smoothing, s.batch, s.epochs, s.seed, s.average, s.keep_best, s.best_monitor);
  const EarlyStoppingSpec& e = s.early_stopping;
  t.add(e.on, e.monitor, e.patience, e.min_delta, e.restore_best);
  const PlateauSpec& p = s.plateau;
  t.add(p.on, p.monitor, p.factor, p.min_delta, p.min_lr, p.patience, p.cooldown);
  t.add(a.shift, a.rotate, a.scale, a.shear, a.flip, a.elastic, a.noise, a.erase, a.thicken);
  t.add(train.name(), train.size(), validation.empty() ? std::string() : validation.name(), validation.size());
  for (const auto& technique : options.techniques) t.add(technique->describe());
  if (options.initial)
    for (const auto& [name, values] : *options.initial)
      t.add(name,
            sha256_hex(std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float))));
  return sha256_hex(dump(training) + t.text + feeding.to_json());
}

}  // namespace thimble
