#include "data/classes.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/suggest.h"

namespace thimble {
namespace {

std::string plain(const std::string& name) {
  std::string out = name;
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = ' ';
  }
  return out;
}

// The names as numbers of outputs; empty when one is none below `outputs`.
std::vector<int32_t> as_numbers(const std::vector<std::string>& names, int64_t outputs) {
  std::vector<int32_t> numbers;
  for (const std::string& name : names) {
    int32_t number = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || number < 0 || number >= outputs) return {};
    numbers.push_back(number);
  }
  return numbers;
}

std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(names.size(), 3); ++i) text += (i ? ", \"" : "\"") + names[i] + "\"";
  return names.size() > 3 ? text + " …" : text;
}

// Class of the set → output, by name.
Result<std::vector<int32_t>> by_name(const ModelClasses& model, const Samples& samples) {
  std::map<std::string, int32_t> outputs;
  for (size_t i = 0; i < model.names.size(); ++i) outputs.try_emplace(plain(model.names[i]), static_cast<int32_t>(i));
  std::vector<int32_t> to;
  for (const std::string& name : samples.label_names) {
    const auto at = outputs.find(plain(name));
    if (at != outputs.end()) {
      to.push_back(at->second);
      continue;
    }
    const std::string near = did_you_mean(name, model.names);
    return fail(ErrorCode::usage,
                format("the class \"{}\" of the set {} is none of the model's {} ({})", name, samples.name,
                       model.names.size(), some_of(model.names)),
                (near.empty() ? "" : near + " ") +
                    "rename the classes, or name the model's outputs, one a line, with --labels FILE");
  }
  return to;
}

// Class of the set → output; empty: nothing to change. `names`: of the outputs.
Result<std::vector<int32_t>> outputs_of(const ModelClasses& model, bool numbers, const Samples& samples,
                                        std::vector<std::string>* names) {
  *names = model.names;
  std::vector<int32_t> to;
  if (!model.names.empty()) {
    if (samples.label_names == model.names) return to;
    if (numbers) to = as_numbers(samples.label_names, std::ssize(model.names));
    // Numbers that are the model's names as well are names.
    if (to.empty() || !as_numbers(model.names, int64_t{1} << 30).empty()) return by_name(model, samples);
    return to;
  }
  // In order; too many classes are found where samples are fed.
  if (model.outputs <= 1 || samples.classes >= model.outputs) return to;
  to = as_numbers(samples.label_names, model.outputs);
  if (to.empty())
    return fail(ErrorCode::usage,
                format("the model gives {} outputs, the set {} has {} classes ({}): which output stands for which is "
                       "not known",
                       model.outputs, samples.name, samples.classes, some_of(samples.label_names)),
                "name the model's outputs, one a line, with --labels FILE, or give a set of its classes");
  for (int64_t i = 0; i < model.outputs; ++i) names->push_back(std::to_string(i));
  return to;
}

// Each Samples that the parts share, changed once. `change` leaves out.count and the samples themselves as they are and
// returns whether it changed anything.
template <class Change>
Status change_samples(Splits* splits, const Change& change) {
  std::map<const Samples*, std::shared_ptr<const Samples>> done;
  for (Dataset* part : {&splits->train, &splits->validation, &splits->test}) {
    if (!part->valid() || !part->labelled()) continue;
    std::shared_ptr<const Samples>& changed = done[&part->samples()];
    if (!changed) {
      auto samples = std::make_shared<Samples>();
      THIMBLE_ASSIGN(const bool any, change(part->samples(), samples.get()));
      if (!any) continue;
      changed = std::move(samples);
    }
    *part = part->with_samples(changed);
  }
  return {};
}

}  // namespace

Status match_classes(const ModelClasses& model, bool numbers, Splits* splits) {
  return change_samples(splits, [&](const Samples& from, Samples* out) -> Result<bool> {
    if (from.classes == 0) return false;
    std::vector<std::string> names;
    THIMBLE_ASSIGN(const std::vector<int32_t> to, outputs_of(model, numbers, from, &names));
    if (to.empty()) return false;
    *out = from;
    for (int32_t& label : out->labels) label = to[static_cast<size_t>(label)];
    out->classes = static_cast<int>(names.size());
    out->label_names = std::move(names);
    THIMBLE_TRY(out->check());
    return true;
  });
}

void drop_labels(Splits* splits) {
  (void)change_samples(splits, [](const Samples& from, Samples* out) -> Result<bool> {
    *out = from;
    out->classes = 0;
    out->target_width = 0;
    out->labels.clear();
    out->label_names.clear();
    out->targets.clear();
    return true;
  });
}

}  // namespace thimble
