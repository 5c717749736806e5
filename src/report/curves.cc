#include "report/curves.h"

#include <cctype>
#include <cmath>

#include "base/format.h"
#include "measure/text.h"
#include "report/tensorboard.h"

namespace thimble {
namespace {

struct Curve {
  std::string name, folder;
  const std::vector<EpochRow>* epochs;
  const VariantResult* scored = nullptr;  // what came of it
};

std::string safe(const std::string& name) {
  std::string out;
  for (char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
    if (plain)
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (!out.empty() && (out.back() == '_' || out.back() == '.')) out.pop_back();
  return out.empty() || out[0] == '.' ? "run" + out : out.substr(0, 120);
}

std::vector<Curve> curves_of(const StudyResult& r) {
  std::vector<Curve> curves;
  for (const SeedTraining& s : r.training.per_seed)
    curves.push_back({format("seed_{}", s.seed), format("seed_{}", s.seed), &s.epochs,
                      curves.empty() && !r.variants.empty() ? &r.variants.front() : nullptr});
  for (const VariantResult& v : r.variants)
    for (size_t s = 0; s < v.stages.size(); ++s) {
      const std::string stage = s < v.stage_names.size() ? v.stage_names[s] : std::to_string(s + 1);
      curves.push_back({format("{}: {}", v.name, stage), safe(format("{}_{}", v.name, stage)), &v.stages[s],
                        s + 1 == v.stages.size() ? &v : nullptr});
    }
  for (const SweepRow& row : r.sweep)
    curves.push_back({format("{} = {}", row.key, row.value), "sweep/" + safe(format("{}_{}", row.key, row.value)),
                      &row.epochs, row.variants.empty() ? nullptr : &row.variants.front()});
  // Two points may have one label.
  for (size_t i = 0; i < curves.size(); ++i) {
    int same = 1;
    for (size_t k = 0; k < i; ++k) same += curves[k].folder == curves[i].folder;
    if (same > 1) curves[i].folder += format("_{}", same);
  }
  return curves;
}

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return valid_utf8(text);
  std::string quoted = "\"";
  for (char c : valid_utf8(text)) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string curves_csv(const StudyResult& result) {
  std::string out = "training,epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n";
  for (const Curve& c : curves_of(result))
    for (const EpochRow& e : *c.epochs) {
      out += format("{},{}", cell(c.name), e.epoch);
      for (double x : {e.loss, e.accuracy, e.val_loss, e.val_accuracy, e.learning_rate, e.seconds})
        out += std::isfinite(x) ? format(",{}", x) : ",";
      out += '\n';
    }
  return out;
}

std::vector<EventRun> tensorboard_runs(const StudyResult& result, double now) {
  std::vector<EventRun> runs;
  for (const Curve& c : curves_of(result)) {
    if (c.epochs->empty()) continue;
    EventRun run{c.folder, tensorboard_header(now)};
    for (const EpochRow& e : *c.epochs) {
      std::vector<std::pair<std::string, double>> scalars;
      const auto add = [&](const char* name, double value) {
        if (std::isfinite(value)) scalars.emplace_back(name, value);
      };
      add("epoch_loss", e.loss);
      add("epoch_accuracy", e.accuracy);
      add("epoch_val_loss", e.val_loss);
      add("epoch_val_accuracy", e.val_accuracy);
      add("epoch_learning_rate", e.learning_rate);
      if (&e == &c.epochs->back() && c.scored) {
        add("test_accuracy", c.scored->accuracy);
        add("test_rmse", c.scored->regression.rmse);
      }
      run.events += tensorboard_scalars(e.epoch, now, scalars);
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace thimble
