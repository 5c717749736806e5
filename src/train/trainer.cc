#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <cstring>

#include "base/log.h"
#include "base/numbers.h"
#include "kernels/kernels.h"
#include "ops/check.h"
#include "train/checkpoint.h"
#include "train/class_weights.h"
#include "train/fingerprint.h"
#include "train/loss.h"
#include "train/monitor.h"
#include "train/non_finite.h"
#include "train/optimizer.h"
#include "train/training_graph.h"
#include "train/validator.h"

namespace thimble {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Fit {
 public:
  Fit(const ModelSpec& m, const TrainSpec& s, const Dataset& t, const Dataset& v, const Feeding& p, const Augment& a,
      const TrainOptions& o, const TrainHooks& h)
      : spec_(s),
        set_(t),
        options_(o),
        hooks_(h),
        feeding_(p),
        augment_(a),
        model_spec_(m),
        validation_(v),
        hyper_(s.optimizer) {}

  Result<TrainResult> run() {
    THIMBLE_TRY(prepare());
    THIMBLE_TRY(resume());
    view_->steps = spec_.epochs * (set_.size() / batch_);
    THIMBLE_TRY(each_technique(&Technique::begin));
    for (int epoch = state_.epoch; epoch < spec_.epochs && !result_.stopped_early; ++epoch) {
      THIMBLE_ASSIGN(const bool whole, run_epoch(epoch));
      if (!whole) {
        result_.interrupted = true;
        THIMBLE_TRY(save());
        break;
      }
    }
    return finish();
  }

 private:
  Status prepare() {
    if (set_.empty()) return fail(ErrorCode::usage, "the training set is empty");
    if (spec_.batch < 1) return fail(ErrorCode::usage, format("batch = {} must be at least 1", spec_.batch));
    batch_ = std::min(spec_.batch, set_.size());
    THIMBLE_ASSIGN(Model model, build_model(model_spec_, {.batch = batch_, .training = true, .seed = spec_.seed}));
    const int64_t elements = model.graph.at(model.graph.inputs[0]).shape.elements() / batch_;
    if (elements != set_.sample_elements())
      return fail(ErrorCode::usage,
                  format("the model takes {} values per sample, the data set \"{}\" has {}", elements, set_.name(),
                         set_.sample_elements()),
                  "set model.input to the shape of the data");
    THIMBLE_ASSIGN(loss_, plan_loss(spec_.loss, spec_.label_smoothing, model, set_));
    THIMBLE_TRY(add_class_weights(spec_, set_, &loss_));
    THIMBLE_TRY(check_monitors(spec_, !validation_.empty(), loss_.classes));
    width_ = model.graph.at(model.output).shape.elements() / batch_;
    if (loss_.classes && set_.classes() == 1)
      return fail(ErrorCode::usage,
                  format("the data set \"{}\" has one class only{}: there is nothing to tell apart", set_.name(),
                         set_.samples().label_names.empty() ? "" : format(" (\"{}\")", set_.samples().label_names[0])),
                  "give samples of two classes or more; in a folder, every subfolder is one");
    if (loss_.classes && width_ > set_.classes() && !options_.initial)
      log(LogLevel::warning,
          "the model gives {} outputs, the data set \"{}\" has {} classes: the others are never right", width_,
          set_.name(), set_.classes());
    own_parameters_ = model.parameters.size();
    own_statistics_ = model.statistics.size();
    for (const auto& technique : options_.techniques) THIMBLE_TRY(technique->rewrite(model));
    THIMBLE_ASSIGN(graph_, build_training_graph(model, spec_, loss_, width_, options_.techniques));
    result_.parameters = model.parameter_count;
    Weights initial = options_.initial ? *options_.initial : Weights();
    keys_ =
        training_keys(graph_.graph, spec_, set_, validation_, feeding_, augment_, options_, by_name(graph_, initial));
    if (options_.threads > 1) {
      THIMBLE_ASSIGN(pool_, ThreadPool::create(options_.threads));
    }
    THIMBLE_ASSIGN(auto program, Program::plan(graph_.graph, {.threads = options_.threads}));
    result_.arena_bytes = program->arena().bytes;
    update_step_ = program->steps().size();
    for (size_t i = 0; i < program->steps().size(); ++i)
      if (static_cast<size_t>(program->steps()[i].node) >= graph_.first_update_node) {
        update_step_ = i;
        break;
      }
    THIMBLE_ASSIGN(session_, Session::create(std::move(program), pool_));
    for (const auto& [tensor, value] : graph_.initial_states)
      for (float& f : floats(tensor)) f = value;
    THIMBLE_TRY(start_from_initial());
    for (size_t i = 0; i < graph_.parameters.size(); ++i) {
      const Tensor& t = graph_.graph.at(graph_.parameters[i]);
      parameters_.push_back({graph_.parameters[i], t.name, t.shape, floats(graph_.parameters[i]),
                             graph_.averages.empty() ? std::span<float>() : floats(graph_.averages[i])});
    }
    view_.emplace(FitView{*session_, graph_, parameters_, batch_, 0, 0, pool_, feeding_});
    THIMBLE_TRY(validator_.prepare(model_spec_, validation_, feeding_, loss_, options_, pool_));
    state_.fingerprint = training_fingerprint(keys_);
    const std::string keys = to_text(keys_);
    state_.blobs["keys"].assign(keys.begin(), keys.end());
    state_.isa = name(kernels().isa);
    state_.version = "1";
    state_.best = state_.plateau_best = std::nan("");
    return {};
  }

  // Values for parameters and statistics; averages start from them too. What a technique has added may have values of
  // its own.
  Status start_from_initial() {
    if (!options_.initial) return {};
    const Weights& initial = *options_.initial;
    const auto put = [&](TensorId variable, const std::vector<std::vector<float>>& own, size_t i, size_t count,
                         TensorId to) -> Status {
      const Tensor& t = graph_.graph.at(variable);
      const std::vector<float>* values = i < own.size() ? &own[i] : nullptr;
      if (i >= count) {
        const auto it = initial.added.find(t.name);
        if (it == initial.added.end()) return {};
        values = &it->second;
      }
      if (!values || values->size() != floats(to).size())
        return fail(ErrorCode::internal, format("no initial values for {}", t.to_string()));
      std::ranges::copy(*values, floats(to).begin());
      return {};
    };
    for (size_t i = 0; i < graph_.parameters.size(); ++i) {
      const TensorId t = graph_.parameters[i];
      THIMBLE_TRY(put(t, initial.parameters, i, own_parameters_, t));
      if (!graph_.averages.empty()) THIMBLE_TRY(put(t, initial.parameters, i, own_parameters_, graph_.averages[i]));
    }
    for (size_t i = 0; i < graph_.statistics.size(); ++i)
      THIMBLE_TRY(put(graph_.statistics[i], initial.statistics, i, own_statistics_, graph_.statistics[i]));
    return {};
  }

  // Calls one of a technique's functions with the fit as it stands, for each of them.
  Status each_technique(Status (Technique::*call)(FitView&)) {
    if (options_.techniques.empty()) return {};
    view_->step = state_.total_steps;
    for (const auto& technique : options_.techniques) THIMBLE_TRY(((*technique).*call)(*view_));
    return {};
  }

  std::span<float> floats(TensorId t) {
    const auto bytes = session_->tensor(t);
    return {reinterpret_cast<float*>(bytes.data()), bytes.size() / 4};
  }

  Status resume() {
    if (!options_.resume || options_.checkpoint.empty()) return {};
    std::string note;
    THIMBLE_ASSIGN(auto loaded, load_checkpoint(options_.checkpoint, &note));
    if (!note.empty()) log(LogLevel::warning, "{}", note);
    if (!loaded) return {};
    if (loaded->fingerprint != state_.fingerprint) {
      const auto& keys = loaded->blobs["keys"];
      THIMBLE_TRY(can_go_on(from_text({reinterpret_cast<const char*>(keys.data()), keys.size()}), keys_, loaded->epoch,
                            options_.checkpoint));
      loaded->fingerprint = state_.fingerprint;
      loaded->blobs["keys"] = state_.blobs["keys"];
      if (spec_.schedule.kind != ScheduleSpec::Kind::constant && spec_.schedule.decay_steps == 0)
        log(LogLevel::warning,
            "another number of epochs than {} was made for: the schedule goes on as that of {} epochs would from here",
            options_.checkpoint, spec_.epochs);
    }
    if (loaded->isa != state_.isa)
      log(LogLevel::warning,
          "checkpoint {} was written with {} kernels, this machine uses {}: weights may differ in their last bits",
          options_.checkpoint, loaded->isa, state_.isa);
    const auto& variables = loaded->blobs["variables"];
    if (variables.size() != session_->variables().size())
      return fail(ErrorCode::bad_file, format("checkpoint {} holds {} bytes of variables, expected {}",
                                              options_.checkpoint, variables.size(), session_->variables().size()));
    std::memcpy(session_->variables().data(), variables.data(), variables.size());
    if (const auto& best = loaded->blobs["best"]; !best.empty()) best_weights_ = unflatten(best);
    state_ = std::move(*loaded);
    result_.epochs = state_.history;
    float rate_before = 0;
    if (const auto& rate = state_.blobs["rate_before"]; rate.size() == sizeof rate_before)
      std::memcpy(&rate_before, rate.data(), sizeof rate_before);
    hyper_.skip_to(state_.total_steps, rate_before);
    for (size_t i = 0; i < options_.techniques.size(); ++i)
      THIMBLE_TRY(options_.techniques[i]->restore(state_.blobs[format("technique{}", i)]));
    if (spec_.early_stopping.on && state_.since_best >= spec_.early_stopping.patience && state_.step == 0)
      result_.stopped_early = true;
    return {};
  }

  // All variables would be more than is needed: parameters (or their averages) and statistics.
  Weights current_weights() {
    Weights weights;
    const auto take = [&](TensorId variable, TensorId from, bool own, std::vector<std::vector<float>>& list) {
      const auto values = floats(from);
      (own ? list.emplace_back() : weights.added[graph_.graph.at(variable).name]).assign(values.begin(), values.end());
    };
    for (size_t i = 0; i < graph_.parameters.size(); ++i)
      take(graph_.parameters[i], graph_.averages.empty() ? graph_.parameters[i] : graph_.averages[i],
           i < own_parameters_, weights.parameters);
    for (size_t i = 0; i < graph_.statistics.size(); ++i)
      take(graph_.statistics[i], graph_.statistics[i], i < own_statistics_, weights.statistics);
    return weights;
  }

  // In the order of their names, which checkpoints keep.
  std::vector<uint8_t> flatten(Weights weights) {
    std::vector<uint8_t> bytes;
    for (const auto& [name, values] : by_name(graph_, weights)) {
      const auto* p = reinterpret_cast<const uint8_t*>(values->data());
      bytes.insert(bytes.end(), p, p + values->size() * 4);
    }
    return bytes;
  }
  Weights unflatten(const std::vector<uint8_t>& bytes) {
    Weights weights = current_weights();
    size_t at = 0;
    for (const auto& [name, values] : by_name(graph_, weights)) {
      if (values->size() * 4 > bytes.size() - at) break;
      std::memcpy(values->data(), bytes.data() + at, values->size() * 4);
      at += values->size() * 4;
    }
    return weights;
  }

  Status save() {
    if (options_.checkpoint.empty()) return {};
    state_.history = result_.epochs;
    const auto variables = session_->variables();
    state_.blobs["variables"].assign(variables.begin(), variables.end());
    state_.blobs["best"] = flatten(best_weights_);
    if (const float rate = hyper_.rate_before(); rate > 0) {
      const auto* bytes = reinterpret_cast<const uint8_t*>(&rate);
      state_.blobs["rate_before"].assign(bytes, bytes + sizeof rate);
    }
    for (size_t i = 0; i < options_.techniques.size(); ++i)
      state_.blobs[format("technique{}", i)] = options_.techniques[i]->save();
    last_save_ = Clock::now();
    return save_checkpoint(options_.checkpoint, state_);
  }

  // One optimisation step on a batch that is already in the session's inputs.
  Status step(const Batch& batch, int64_t steps_per_epoch) {
    if (graph_.step != kNoTensor) {
      *reinterpret_cast<int32_t*>(session_->tensor(graph_.step).data()) = static_cast<int32_t>(state_.total_steps);
    }
    const double rate = scheduled_rate(spec_.schedule, spec_.optimizer.learning_rate, state_.total_steps,
                                       steps_per_epoch, spec_.epochs) *
                        state_.rate_factor;
    // The average warms up, so that it does not remember the initial weights for long (as in TensorFlow's num_updates
    // rule).
    const double t = static_cast<double>(state_.total_steps);
    const double decay = spec_.average > 0 ? std::min(spec_.average, (1 + t) / (10 + t)) : 0;
    const auto hyper = hyper_.next(rate, decay);
    std::memcpy(session_->tensor(graph_.hyper).data(), hyper.data(), sizeof hyper);
    learning_rate_ = rate;
    THIMBLE_TRY(each_technique(&Technique::before_step));
    THIMBLE_TRY(session_->run_steps(0, update_step_));
    const float loss = *reinterpret_cast<const float*>(session_->output(0).data());
    if (!std::isfinite(loss)) return diverged(batch);
    THIMBLE_TRY(session_->run_steps(update_step_, session_->step_count()));
    state_.loss_sum += static_cast<double>(loss) * static_cast<double>(batch_);
    state_.seen += batch_;
    if (loss_.classes) {
      const auto* y = reinterpret_cast<const float*>(session_->output(1).data());
      for (int64_t r = 0; r < batch_; ++r)
        state_.correct +=
            (width_ == 1 ? static_cast<int64_t>(y[r] > 0.5f) : arg_max(y + r * width_, width_)) == batch.labels[r];
    }
    ++state_.step;
    ++state_.total_steps;
    return each_technique(&Technique::after_step);
  }

  Status diverged(const Batch& batch) {
    const NonFinite found = first_non_finite(*session_, update_step_);
    const double base = spec_.optimizer.learning_rate;
    return fail(ErrorCode::diverged,
                format("training diverged in epoch {}, step {}: {}", batch.epoch + 1, batch.step + 1, found.what),
                found.in_data ? "mend the data: no learning rate helps"
                : learning_rate_ < base
                    ? format("lower the learning rate (train.optimizer has {:.3g}; the schedule has "
                             "{:.3g} in this step), or set clipnorm",
                             base, learning_rate_)
                    : format("lower the learning rate (now {:.3g}), or set clipnorm", base));
  }

  void load_batch(const Batch& batch) {
    std::memcpy(session_->input(0).data(), batch.inputs, session_->input(0).size());
    const auto target = session_->input(1);
    if (graph_.graph.at(graph_.graph.inputs[1]).type == DType::i32) {
      std::memcpy(target.data(), batch.labels, target.size());
      return;
    }
    auto* rows = reinterpret_cast<float*>(target.data());
    if (!loss_.classes) {
      std::memcpy(rows, batch.targets, target.size());
    } else if (width_ > 1 && !loss_.class_weights.empty() && is_classification(loss_.attrs.kind)) {
      for (int64_t r = 0; r < batch_; ++r)
        weighted_row(loss_, batch.labels[r], {rows + r * width_, static_cast<size_t>(width_)});
    } else if (width_ == 1) {
      for (int64_t r = 0; r < batch_; ++r) rows[r] = static_cast<float>(batch.labels[r]);
    } else {
      std::fill(rows, rows + batch_ * width_, 0.0f);
      for (int64_t r = 0; r < batch_; ++r) rows[r * width_ + batch.labels[r]] = 1;
    }
  }

  // false: stopped by a hook or the time limit; state_ says how far the epoch got.
  Result<bool> run_epoch(int epoch) {
    Batches batches(set_, feeding_,
                    BatchOptions{.batch = batch_, .seed = spec_.seed, .drop_last = true, .augment = augment_});
    const int64_t steps = batches.steps();
    Prefetcher feed(std::move(batches), epoch, state_.step, epoch + 1);
    const auto epoch_start = Clock::now();
    while (const Batch* batch = feed.next()) {
      load_batch(*batch);
      const auto start = Clock::now();
      if (Status s = step(*batch, steps); !s) {
        (void)save();  // the weights from before the failing step are whole
        return tl::unexpected<Error>(std::move(s).error());
      }
      train_seconds_ += since(start);
      if (!started_) {
        started_ = true;
        result_.startup_s = since(begin_);
      }
      ++result_.images;
      report(epoch, steps);
      if ((hooks_.stop && hooks_.stop()) || (options_.max_seconds > 0 && since(begin_) >= options_.max_seconds)) {
        epoch_seconds_ = since(epoch_start);
        if (state_.step < steps) return false;
        THIMBLE_TRY(end_epoch(epoch));
        return epoch + 1 == spec_.epochs;
      }
      if (!options_.checkpoint.empty() && state_.step < steps && since(last_save_) >= options_.checkpoint_seconds)
        THIMBLE_TRY(save());
    }
    epoch_seconds_ = since(epoch_start);
    THIMBLE_TRY(end_epoch(epoch));
    return true;
  }

  void report(int epoch, int64_t steps) {
    if (!hooks_.progress || (since(last_report_) < 0.1 && state_.step != steps)) return;
    last_report_ = Clock::now();
    const double seen = static_cast<double>(std::max<int64_t>(state_.seen, 1));
    hooks_.progress({epoch + 1, spec_.epochs, state_.step, steps, state_.loss_sum / seen,
                     loss_.classes ? static_cast<double>(state_.correct) / seen : -1,
                     static_cast<double>(result_.images * batch_) / std::max(train_seconds_, 1e-9)});
  }

  Status end_epoch(int epoch) {
    EpochRecord record;
    record.epoch = epoch + 1;
    const double seen = static_cast<double>(std::max<int64_t>(state_.seen, 1));
    record.loss = state_.loss_sum / seen;
    record.accuracy = loss_.classes ? static_cast<double>(state_.correct) / seen : -1;
    record.learning_rate = learning_rate_;
    record.seconds = epoch_seconds_;
    if (validator_.on()) {
      THIMBLE_ASSIGN(const Evaluation e, validator_.run(current_weights()));
      record.has_validation = true;
      record.val_loss = e.loss;
      record.val_accuracy = e.accuracy;
    }
    result_.epochs.push_back(record);
    state_.epoch = epoch + 1;
    state_.step = state_.seen = state_.correct = 0;
    state_.loss_sum = 0;
    watch_best(record);
    watch_plateau(record);
    THIMBLE_TRY(save());
    if (hooks_.epoch) hooks_.epoch(record);
    return {};
  }

  void watch_best(const EpochRecord& record) {
    const bool stopping = spec_.early_stopping.on;
    if (!stopping && !spec_.keep_best) return;
    const std::string what = best_monitor(spec_, loss_.classes);
    const double now = monitored(record, what);
    if (std::isnan(state_.best) ||
        improves(now, state_.best, stopping ? spec_.early_stopping.min_delta : 0, higher_is_better(what))) {
      state_.best = now;
      state_.best_epoch = record.epoch;
      state_.since_best = 0;
      if (spec_.keep_best || spec_.early_stopping.restore_best) best_weights_ = current_weights();
      return;
    }
    ++state_.since_best;
    if (stopping && state_.since_best >= spec_.early_stopping.patience) result_.stopped_early = true;
  }

  void watch_plateau(const EpochRecord& record) {
    const PlateauSpec& p = spec_.plateau;
    if (!p.on) return;
    const double now = monitored(record, p.monitor);
    if (state_.plateau_cooldown > 0) {
      --state_.plateau_cooldown;
      state_.plateau_wait = 0;
    }
    if (std::isnan(state_.plateau_best) ||
        improves(now, state_.plateau_best, p.min_delta, higher_is_better(p.monitor))) {
      state_.plateau_best = now;
      state_.plateau_wait = 0;
    } else if (state_.plateau_cooldown == 0 && ++state_.plateau_wait >= p.patience) {
      const double lowest = p.min_lr / std::max(spec_.optimizer.learning_rate, 1e-30);
      state_.rate_factor = std::max(state_.rate_factor * p.factor, lowest);
      state_.plateau_cooldown = p.cooldown;
      state_.plateau_wait = 0;
    }
  }

  Result<TrainResult> finish() {
    const bool best =
        (spec_.keep_best || (spec_.early_stopping.on && spec_.early_stopping.restore_best)) && !best_weights_.empty();
    result_.weights = best ? best_weights_ : current_weights();
    result_.best_epoch = state_.best_epoch;
    result_.images *= batch_;
    result_.seconds = since(begin_);
    result_.images_per_s = static_cast<double>(result_.images) / std::max(train_seconds_, 1e-9);
    return std::move(result_);
  }

  const TrainSpec& spec_;
  const Dataset& set_;
  const TrainOptions& options_;
  const TrainHooks& hooks_;
  const Feeding& feeding_;
  const Augment& augment_;
  const ModelSpec& model_spec_;
  const Dataset& validation_;
  HyperParameters hyper_;
  LossPlan loss_;
  TrainingGraph graph_;
  std::shared_ptr<ThreadPool> pool_;
  std::unique_ptr<Session> session_;
  std::vector<ParameterView> parameters_;
  std::optional<FitView> view_;
  Validator validator_;
  Checkpoint state_;
  TrainResult result_;
  Weights best_weights_;
  TrainingKeys keys_;
  int64_t batch_ = 0, width_ = 0;
  size_t own_parameters_ = 0, own_statistics_ = 0;  // of the model; techniques' come behind
  size_t update_step_ = 0;
  double learning_rate_ = 0, train_seconds_ = 0, epoch_seconds_ = 0;
  bool started_ = false;
  Clock::time_point begin_ = Clock::now(), last_save_ = Clock::now(), last_report_{};
};

}  // namespace

Result<TrainResult> train(const ModelSpec& model, const TrainSpec& spec, const Dataset& train,
                          const Dataset& validation, const Feeding& feeding, const Augment& augment,
                          const TrainOptions& options, const TrainHooks& hooks) {
  return Fit(model, spec, train, validation, feeding, augment, options, hooks).run();
}

}  // namespace thimble
