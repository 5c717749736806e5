#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "train/foreign_words.h"

namespace thimble {
namespace {

struct Row {
  const char* name;
  const char* about;
  UpdateRule rule;
  double learning_rate, weight_decay;
  std::map<std::string, double> parameters;
};

// Keras 3 defaults (design: numerics).
const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"sgd",
       "gradient descent; momentum and nesterov where given",
       UpdateRule::sgd,
       0.01,
       0,
       {{"momentum", 0}, {"nesterov", 0}}},
      {"rmsprop",
       "steps scaled by a running mean of squared gradients",
       UpdateRule::rmsprop,
       0.001,
       0,
       {{"rho", 0.9}, {"momentum", 0}, {"epsilon", 1e-7}, {"centered", 0}}},
      {"adam",
       "momentum and scaled steps: good nearly everywhere, the default",
       UpdateRule::adam,
       0.001,
       0,
       {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", 0}}},
      {"adamw",
       "adam with decay of the weights (weight_decay 0.004)",
       UpdateRule::adam,
       0.001,
       0.004,
       {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", 0}}},
      {"adadelta",
       "steps scaled by running means of gradients and of steps; takes a rate near 1",
       UpdateRule::adadelta,
       0.001,
       0,
       {{"rho", 0.95}, {"epsilon", 1e-7}}},
      {"adagrad",
       "steps that shrink with the sum of squared gradients; takes a rate near 0.01",
       UpdateRule::adagrad,
       0.001,
       0,
       {{"initial_accumulator_value", 0.1}, {"epsilon", 1e-7}}},
      {"adamax",
       "adam by the largest gradient in place of their mean square",
       UpdateRule::adamax,
       0.001,
       0,
       {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}}},
      {"nadam",
       "adam with Nesterov's momentum",
       UpdateRule::nadam,
       0.001,
       0,
       {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}}},
      {"ftrl",
       "follow the regularised leader, with l1 and l2; takes a rate near 0.01",
       UpdateRule::ftrl,
       0.001,
       0,
       {{"learning_rate_power", -0.5},
        {"initial_accumulator_value", 0.1},
        {"l1_regularization_strength", 0},
        {"l2_regularization_strength", 0},
        {"l2_shrinkage_regularization_strength", 0},
        {"beta", 0}}},
      {"lion",
       "the sign of a momentum; takes a tenth of adam's rate",
       UpdateRule::lion,
       0.001,
       0,
       {{"beta_1", 0.9}, {"beta_2", 0.99}}},
  };
  return all;
}

}  // namespace

Result<OptimizerSpec> make_optimizer(std::string_view name) {
  std::vector<std::string> names;
  for (const Row& row : rows()) {
    if (name == row.name) {
      OptimizerSpec spec;
      spec.rule = row.rule;
      spec.learning_rate = row.learning_rate;
      spec.weight_decay = row.weight_decay;
      spec.parameters = row.parameters;
      return spec;
    }
    names.emplace_back(row.name);
  }
  return fail(ErrorCode::usage, format("unknown optimizer \"{}\"", std::string(name)),
              word_hint(WordPlace::optimizer, name, names));
}

Status set_optimizer_parameter(OptimizerSpec& spec, std::string_view key, double value) {
  const std::string k(key);
  if (!std::isfinite(value)) return fail(ErrorCode::usage, format("optimizer parameter {} is not a number", k));
  struct Common {
    const char* name;
    double OptimizerSpec::*field;
  };
  static constexpr Common common[] = {{"learning_rate", &OptimizerSpec::learning_rate},
                                      {"weight_decay", &OptimizerSpec::weight_decay},
                                      {"clipnorm", &OptimizerSpec::clipnorm},
                                      {"clipvalue", &OptimizerSpec::clipvalue},
                                      {"global_clipnorm", &OptimizerSpec::global_clipnorm}};
  if (value < 0 && k != "learning_rate_power")
    return fail(ErrorCode::usage, format("optimizer parameter {} = {} is negative", k, value));
  for (const Common& c : common)
    if (k == c.name) {
      spec.*c.field = value;
      return {};
    }
  if (const auto it = spec.parameters.find(k); it != spec.parameters.end()) {
    if (k == "epsilon" && value == 0)
      return fail(ErrorCode::usage,
                  "optimizer parameter epsilon = 0 would divide by the gradients' size, which can be 0",
                  "the usual value is 1e-7");
    if ((k.starts_with("beta_") || k == "rho" || k == "momentum") && value >= 1)
      return fail(ErrorCode::usage, format("optimizer parameter {} = {} must be below 1", k, value));
    it->second = value;
    return {};
  }
  std::vector<std::string> names;
  for (const Common& c : common) names.emplace_back(c.name);
  for (const auto& [name, unused] : spec.parameters) names.push_back(name);
  return fail(ErrorCode::usage, format("this optimizer has no parameter \"{}\"", k),
              word_hint(WordPlace::optimizer_key, key, names));
}

std::vector<Word> optimizer_vocabulary() {
  std::vector<Word> words;
  for (const Row& row : rows()) words.push_back({row.name, row.about});
  return words;
}

namespace {
struct ScheduleRow {
  const char* name;
  ScheduleSpec::Kind kind;
  const char* about;
};
constexpr ScheduleRow kSchedules[] = {
    {"constant", ScheduleSpec::Kind::constant, "the optimiser's rate throughout; the default"},
    {"exponential", ScheduleSpec::Kind::exponential, "times decay_rate (0.96) in every decay_epochs"},
    {"piecewise", ScheduleSpec::Kind::piecewise,
     "values between boundaries, in epochs; one value more than boundaries"},
    {"polynomial", ScheduleSpec::Kind::polynomial, "down to end (0) along a power (1: a straight line)"},
    {"inverse_time", ScheduleSpec::Kind::inverse_time, "divided by 1 + decay_rate·t / decay_epochs"},
    {"cosine", ScheduleSpec::Kind::cosine, "half a cosine down to the fraction alpha (0); the usual choice"},
    {"cosine_restarts", ScheduleSpec::Kind::cosine_restarts,
     "cosines one after the other, t_mul (2) times as long each"},
};
}  // namespace

std::vector<Word> schedule_vocabulary() {
  std::vector<Word> words;
  for (const ScheduleRow& row : kSchedules) words.push_back({row.name, row.about});
  return words;
}

Result<ScheduleSpec::Kind> schedule_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const ScheduleRow& row : kSchedules) {
    if (name == row.name) return row.kind;
    names.emplace_back(row.name);
  }
  return fail(ErrorCode::usage, format("unknown schedule \"{}\"", std::string(name)),
              word_hint(WordPlace::schedule, name, names));
}

double scheduled_rate(const ScheduleSpec& s, double base, int64_t step, int64_t steps_per_epoch, int epochs) {
  using Kind = ScheduleSpec::Kind;
  const double per_epoch = static_cast<double>(std::max<int64_t>(steps_per_epoch, 1));
  const double warmup = s.warmup_epochs * per_epoch;
  double t = static_cast<double>(step);
  if (t < warmup) return base * t / warmup;
  t -= warmup;
  double span = s.decay_steps > 0 ? s.decay_steps * per_epoch : std::max(epochs * per_epoch - warmup, 1.0);
  switch (s.kind) {
    case Kind::constant: return base;
    case Kind::exponential: {
      const double power = t / span;
      return base * std::pow(s.decay_rate, s.staircase ? std::floor(power) : power);
    }
    case Kind::inverse_time: {
      const double power = t / span;
      return base / (1 + s.decay_rate * (s.staircase ? std::floor(power) : power));
    }
    case Kind::polynomial: return (base - s.end) * std::pow(1 - std::min(t, span) / span, s.power) + s.end;
    case Kind::piecewise: {
      for (size_t i = 0; i < s.boundaries.size(); ++i)
        if (t <= s.boundaries[i] * per_epoch) return s.values[i];
      return s.values.empty() ? base : s.values.back();
    }
    case Kind::cosine: return base * ((1 - s.end) * 0.5 * (1 + std::cos(M_PI * std::min(t, span) / span)) + s.end);
    case Kind::cosine_restarts: {
      double amplitude = 1;
      while (t >= span) {  // at most log(t) rounds for t_mul > 1; otherwise one division
        if (s.t_mul <= 1) {
          const double rounds = std::floor(t / span);
          t -= rounds * span;
          amplitude *= std::pow(s.m_mul, rounds);
        } else {
          t -= span;
          span *= s.t_mul;
          amplitude *= s.m_mul;
        }
      }
      return base * ((1 - s.end) * 0.5 * amplitude * (1 + std::cos(M_PI * t / span)) + s.end);
    }
  }
  return base;
}

void HyperParameters::advance() {
  ++t_;
  if (spec_.rule != UpdateRule::nadam) return;
  const auto momentum = [&](double t) { return get("beta_1") * (1 - 0.5 * std::pow(0.96, t)); };
  u_now_ = momentum(static_cast<double>(t_));
  u_next_ = momentum(static_cast<double>(t_) + 1);
  u_product_ *= u_now_;
}

void HyperParameters::skip_to(int64_t steps_done, float rate_before) {
  rate_before_ = rate_before;
  while (t_ < steps_done) advance();
}

namespace {
constexpr double kLeastFtrlRate = 1e-30;

// 1 − beta^t, with beta and its power rounded to float as Keras has them: at t = 1 and beta 0.999 that is 1.3e-5
// off, which weights near 0 would show.
double bias_correction(double beta, double t) {
  return 1 - static_cast<double>(static_cast<float>(std::pow(static_cast<double>(static_cast<float>(beta)), t)));
}
}  // namespace

std::array<float, 16> HyperParameters::next(double lr, double average) {
  advance();
  const double t = static_cast<double>(t_);
  std::array<double, 16> p{};
  p[0] = lr;
  switch (spec_.rule) {
    case UpdateRule::sgd:
      p[1] = get("momentum");
      p[2] = get("nesterov");
      break;
    case UpdateRule::rmsprop:
      p[1] = get("rho");
      p[2] = get("momentum");
      p[3] = get("epsilon");
      p[4] = get("centered");
      break;
    case UpdateRule::adam:
      p[0] = lr * std::sqrt(bias_correction(get("beta_2"), t)) / bias_correction(get("beta_1"), t);
      p[1] = 1 - get("beta_1");
      p[2] = 1 - get("beta_2");
      p[3] = get("epsilon");
      p[4] = get("amsgrad");
      break;
    case UpdateRule::adadelta:
      p[1] = get("rho");
      p[2] = get("epsilon");
      break;
    case UpdateRule::adagrad: p[1] = get("epsilon"); break;
    case UpdateRule::adamax:
      p[0] = lr / bias_correction(get("beta_1"), t);
      p[1] = get("beta_1");
      p[2] = get("beta_2");
      p[3] = get("epsilon");
      break;
    case UpdateRule::nadam:
      p[1] = get("beta_1");
      p[2] = get("beta_2");
      p[3] = get("epsilon");
      p[4] = u_now_;
      p[5] = u_next_;
      p[6] = u_product_;
      p[7] = u_product_ * u_next_;
      p[8] = bias_correction(get("beta_2"), t);
      break;
    case UpdateRule::ftrl:
      p[1] = get("learning_rate_power");
      p[2] = get("l1_regularization_strength");
      p[4] = get("l2_shrinkage_regularization_strength");
      if (lr < kLeastFtrlRate) {  // 1/lr would leave float32: the step changes nothing
        p[0] = 0;
        // At the beginning of a warm-up: the weights that it leaves as they are, are what goes on (linear = −√n/lr ·
        // w). Keras's first step forgets them, which a first rate near 0 would not make up for: all weights would
        // vanish.
        if (rate_before_ == 0) rate_before_ = std::numeric_limits<float>::infinity();
        break;
      }
      p[3] = get("l2_regularization_strength") + get("beta") / (2 * lr);
      p[5] = rate_before_;
      if (rate_before_ > 0) p[6] = get("beta") / lr - get("beta") / static_cast<double>(rate_before_);
      rate_before_ = static_cast<float>(lr);
      break;
    case UpdateRule::lion:
      p[1] = get("beta_1");
      p[2] = get("beta_2");
      break;
    case UpdateRule::count: break;
  }
  p[14] = 1 - average;
  p[15] = lr * spec_.weight_decay;
  std::array<float, 16> out{};
  std::transform(p.begin(), p.end(), out.begin(), [](double v) { return static_cast<float>(v); });
  return out;
}

}  // namespace thimble
