#include "compress/search/search.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "base/file.h"

namespace thimble {
namespace {

constexpr int64_t kReduction = 3;

// Smaller first; of equals the more accurate, then the earlier.
void sort_by_bytes(const std::vector<Trial>& trials, std::vector<size_t>& places) {
  std::ranges::stable_sort(places, [&](size_t a, size_t b) {
    const TrialOutcome &x = trials[a].outcome, &y = trials[b].outcome;
    return x.bytes != y.bytes ? x.bytes < y.bytes : x.score > y.score;
  });
}

std::vector<size_t> front_of(const std::vector<Trial>& trials, std::vector<size_t> places) {
  sort_by_bytes(trials, places);
  std::vector<size_t> front;
  for (size_t p : places)
    if (front.empty() || trials[p].outcome.score > trials[front.back()].outcome.score) front.push_back(p);
  return front;
}

// The n trials of a rung that are worth a longer training: around the goal on the front, those that are too
// inaccurate by less before those that are larger than needed, since training makes all of them more accurate.
std::vector<size_t> survivors(const std::vector<Trial>& trials, std::vector<size_t> rung, size_t n,
                              const SearchGoal& goal) {
  std::vector<size_t> kept;
  while (kept.size() < n && !rung.empty()) {
    const std::vector<size_t> front = front_of(trials, rung);
    // The front's best trial within the goal: for a score the smallest file, for a size the largest.
    const auto within = [&](size_t p) { return goal.met(trials[p].outcome); };
    int64_t at = 0;
    if (goal.most_bytes > 0) {
      for (size_t i = 0; i < front.size(); ++i)
        if (within(front[i])) at = static_cast<int64_t>(i);
    } else {
      at = static_cast<int64_t>(std::ranges::find_if(front, within) - front.begin());
      at = std::min(at, static_cast<int64_t>(front.size()) - 1);
    }
    std::vector<int64_t> order{at};
    for (int64_t d = 1, above = 1; order.size() < front.size(); ++d) {
      if (at - d >= 0) order.push_back(at - d);
      if ((d % 2 == 0 || at - d < 0) && at + above < static_cast<int64_t>(front.size())) order.push_back(at + above++);
    }
    for (int64_t i : order) {
      if (kept.size() == n) break;
      kept.push_back(front[static_cast<size_t>(i)]);
    }
    std::erase_if(rung, [&](size_t p) { return std::ranges::find(front, p) != front.end(); });
  }
  return kept;
}

// How many settings two plans differ in.
int differences(const CompressionPlan& a, const CompressionPlan& b) {
  return (a.keep != b.keep) + (a.sparsity != b.sparsity) + (a.clusters != b.clusters) + (a.bits != b.bits) +
         (a.layer_bits != b.layer_bits);
}

// Up to n of the plans that are not in `tried`: for each of the survivors, the nearest to the goal first, the one that
// differs in one setting and stands nearest in the order of the plans.
std::vector<CompressionPlan> neighbours(const std::vector<CompressionPlan>& plans,
                                        const std::vector<CompressionPlan>& survivors, std::set<std::string> tried,
                                        size_t n) {
  std::vector<CompressionPlan> found;
  const auto place = [&](const std::string& text) {
    return std::ranges::find(plans, text, &CompressionPlan::to_string) - plans.begin();
  };
  for (const CompressionPlan& survivor : survivors) {
    if (found.size() == n) break;
    const auto at = place(survivor.to_string());
    const CompressionPlan* best = nullptr;
    int64_t distance = 0;
    for (size_t i = 0; i < plans.size(); ++i) {
      const int64_t d = std::abs(static_cast<int64_t>(i) - static_cast<int64_t>(at));
      if (differences(plans[i], survivor) != 1 || tried.contains(plans[i].to_string())) continue;
      if (!best || d < distance) best = &plans[i], distance = d;
    }
    if (!best) continue;
    tried.insert(best->to_string());
    found.push_back(*best);
  }
  return found;
}

// Whether a is nearer to what is wanted than b.
bool better(const TrialOutcome& a, const TrialOutcome& b, const SearchGoal& goal) {
  const bool in_a = goal.met(a), in_b = goal.met(b);
  if (in_a != in_b) return in_a;
  const bool small_first = (goal.most_bytes > 0) != in_a;  // within a size, or short of a score: the score counts
  if (small_first && a.bytes != b.bytes) return a.bytes < b.bytes;
  if (a.score != b.score) return a.score > b.score;
  return a.bytes < b.bytes;
}

// Finished trials as lines of text: bytes, memory, score, rung, samples, plan. Rewritten whole after each trial.
class Ledger {
 public:
  explicit Ledger(const SearchOptions& options) : options_(options), text_(heading()) {}

  Status open() {
    if (options_.ledger.empty() || !options_.resume || !file_exists(options_.ledger)) return {};
    THIMBLE_ASSIGN(const std::string text, read_text_file(options_.ledger, int64_t{16} << 20));
    if (!text.starts_with(heading()))
      return fail(ErrorCode::usage,
                  format("{} belongs to another search (model, data, goal or budget differ)", options_.ledger),
                  "go on with the same settings, or start without --resume");
    for (size_t at = heading().size(); at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      read_line(text.substr(at, end - at));
      at = end + 1;
    }
    return {};
  }
  const TrialOutcome* find(const Trial& trial) const {
    const auto it = known_.find(key(trial));
    return it == known_.end() ? nullptr : &it->second;
  }
  Status add(const Trial& trial) {
    text_ += format("{} {} {:a} {} {}\n", trial.outcome.bytes, trial.outcome.memory, trial.outcome.score, trial.rung,
                    key(trial));
    return options_.ledger.empty() ? Status() : write_file_atomic(options_.ledger, text_);
  }

 private:
  std::string heading() const { return format("thimble search 2 {}\n", options_.fingerprint); }
  static std::string key(const Trial& trial) { return format("{} {}", trial.samples, trial.plan.to_string()); }

  // A line that was damaged is a trial that runs again.
  void read_line(const std::string& line) {
    char* end = nullptr;
    TrialOutcome outcome;
    outcome.bytes = std::strtoll(line.c_str(), &end, 10);
    outcome.memory = std::strtoll(end, &end, 10);
    outcome.score = std::strtod(end, &end);
    std::strtol(end, &end, 10);  // the rung, for readers
    if (outcome.bytes > 0 && *end == ' ') known_[std::string(end + 1)] = outcome;
  }

  const SearchOptions& options_;
  std::string text_;
  std::map<std::string, TrialOutcome> known_;
};

// How many trials each rung has, and on how many samples each of them trains.
struct Rung {
  size_t trials = 0;
  int64_t samples = 0;
};
Result<std::vector<Rung>> plan_rungs(size_t plans, const SearchOptions& o) {
  for (size_t first = plans; first > 0; --first) {
    std::vector<size_t> counts{first};
    while (counts.back() > 1) counts.push_back((counts.back() + kReduction - 1) / kReduction);
    const int64_t share = o.samples / static_cast<int64_t>(counts.size());
    if (share / static_cast<int64_t>(first) < std::max<int64_t>(o.least_samples, 1)) continue;
    std::vector<Rung> rungs;
    for (size_t n : counts) rungs.push_back({n, share / static_cast<int64_t>(n)});
    return rungs;
  }
  return fail(ErrorCode::usage,
              format("a budget of {} samples does not pay for one trial of {}", o.samples, o.least_samples),
              "give a larger budget");
}

// n of the plans, evenly over their order, the first and the last among them.
std::vector<CompressionPlan> thin_out(const std::vector<CompressionPlan>& plans, size_t n) {
  if (n >= plans.size()) return plans;
  std::vector<CompressionPlan> kept;
  for (size_t i = 0; i < n; ++i) kept.push_back(plans[n == 1 ? 0 : i * (plans.size() - 1) / (n - 1)]);
  return kept;
}

}  // namespace

bool SearchGoal::met(const TrialOutcome& o) const {
  if (most_memory > 0 && o.memory > most_memory) return false;
  return most_bytes > 0 ? o.bytes <= most_bytes : o.score >= least_score;
}

std::string CompressionPlan::to_string() const {
  std::string text;
  const auto part = [&](const std::string& s) { text += (text.empty() ? "" : ", ") + s; };
  if (keep < 1) part(format("keep {}", keep));
  if (sparsity > 0) part(format("sparsity {}", sparsity));
  if (clusters > 0) part(format("{} clusters", clusters));
  part(format("{} bits", bits));
  std::map<int, std::string> others;  // layers by their width
  for (const auto& [layer, width] : layer_bits)
    others[width] += format("{}{}", others[width].empty() ? "" : " and ", layer);
  for (const auto& [width, layers] : others) part(format("{} bits in {}", width, layers));
  return text;
}

std::string Trial::to_string() const {
  return format("{}: {:.4f}, {} bytes after {} samples", plan.to_string(), std::abs(outcome.score), outcome.bytes,
                samples);
}

std::vector<size_t> pareto_front(const std::vector<Trial>& trials) {
  std::vector<size_t> all(trials.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return front_of(trials, std::move(all));
}

Result<SearchResult> search_plans(const std::vector<CompressionPlan>& plans, const SearchOptions& options,
                                  const RunTrial& run) {
  std::vector<CompressionPlan> rest;
  std::set<std::string> seen;
  for (const CompressionPlan& plan : plans)
    if (seen.insert(plan.to_string()).second) rest.push_back(plan);
  if (rest.empty()) return fail(ErrorCode::usage, "there is no plan to try");
  THIMBLE_ASSIGN(const std::vector<Rung> rungs, plan_rungs(rest.size(), options));
  const std::vector<CompressionPlan> all = rest;
  std::set<std::string> tried;
  rest = thin_out(rest, rungs.front().trials);
  Ledger ledger(options);
  THIMBLE_TRY(ledger.open());

  SearchProgress progress;
  for (const Rung& rung : rungs) {
    progress.trials += static_cast<int>(rung.trials);
    progress.samples_total += static_cast<int64_t>(rung.trials) * rung.samples;
  }
  const auto report = [&](const Trial* last) {
    progress.last = last;
    if (options.progress) options.progress(progress);
  };
  SearchResult result;
  for (size_t r = 0; r < rungs.size(); ++r) {
    std::vector<size_t> places;
    for (const CompressionPlan& plan : rest) {
      Trial trial{plan, ++progress.trial, static_cast<int>(r), rungs[r].samples, {}};
      report(result.trials.empty() ? nullptr : &result.trials.back());
      if (const TrialOutcome* known = ledger.find(trial)) {
        trial.outcome = *known;
      } else {
        auto outcome = run(trial);
        if (!outcome) return with_context(std::move(outcome).error(), format("plan \"{}\"", plan.to_string()));
        trial.outcome = *outcome;
      }
      THIMBLE_TRY(ledger.add(trial));
      progress.samples_done += trial.samples;
      tried.insert(plan.to_string());
      places.push_back(result.trials.size());
      result.trials.push_back(std::move(trial));
    }
    if (r + 1 == rungs.size()) break;
    const size_t next = rungs[r + 1].trials;
    rest.clear();
    for (size_t p : survivors(result.trials, places, next, options.goal)) rest.push_back(result.trials[p].plan);
    const std::vector<CompressionPlan> fresh = neighbours(all, rest, tried, next / 3);
    rest.resize(std::min(rest.size(), next - fresh.size()));
    rest.insert(rest.end(), fresh.begin(), fresh.end());
  }
  for (size_t i = 1; i < result.trials.size(); ++i)
    if (better(result.trials[i].outcome, result.trials[result.chosen].outcome, options.goal)) result.chosen = i;
  const TrialOutcome& best = result.trials[result.chosen].outcome;
  result.met = options.goal.met(best);
  report(&result.trials.back());
  return result;
}

}  // namespace thimble
