#include "app/qat.h"

#include <algorithm>
#include <charconv>

#include "app/long_work.h"
#include "compress/cluster.h"
#include "compress/prune.h"
#include "compress/retrain.h"

namespace thimble::app {
Result<int> parse_bits(std::string_view word) {
  if (word == "ternary") return kTernaryBits;
  int bits = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), bits);
  if (error != std::errc() || end != word.data() + word.size() || bits < 2 || bits > 8)
    return fail(ErrorCode::usage, format("'{}' is not a number of bits", std::string(word)), "give 2 to 8, or ternary");
  return bits;
}

QuantizeOptions::Io parse_io(std::string_view word) {
  return word == "int8"    ? QuantizeOptions::Io::int8
         : word == "uint8" ? QuantizeOptions::Io::uint8
                           : QuantizeOptions::Io::float32;
}

std::string bits_word(int bits) { return bits == kTernaryBits ? "ternary" : std::to_string(bits); }

void declare_weights(Options& options, QatArguments* a) {
  options.text("--bits", &a->bits, "N", "bits of weights: 8 (default) to 2, or ternary");
  options.text("--layer-bits", &a->layer_bits, "A=N,B=N", "other bits for some layers");
  options.text("--layers", &a->layers, "A,B", "quantise these only; the others stay float");
  options.flag("--per-tensor", &a->per_tensor, "one scale per weight tensor, so that clusters survive");
  options.integer("--scale-bits", &a->scale_bits, "N", "bits of the mantissa that scales keep (default: 23, all)", 0);
  options.integer("--bias-bits", &a->bias_bits, "N", "bits of a tensor's largest bias (default: 32, all)", 2);
}

void declare_qat(Options& options, QatArguments* a) {
  options.flag("--qat", &a->on, "train on --data with the integer model running beside the float one");
  RetrainArguments* t = &a->training;
  options.integer("--epochs", &t->epochs, "N", "passes over the training samples (default: 3)", 1);
  options.integer("--batch", &t->batch, "N", "samples per step (default: 64)", 1);
  options.number("--learning-rate", &t->learning_rate, "R", "of Adam, falling to 0 (default: 0.0005)",
                 kLeastLearningRate);
  options.choice("--ranges", &a->ranges, {"moving-average", "learned"}, "of activations (default: moving-average)");
  options.integer("--limit", &t->limit, "N", "train on the first N samples only", 1);
  options.integer("--seed", &t->seed, "N", "order of the samples (default: 1)");
  declare_augment(options, t);
  declare_teacher(options, t);
  options.flag("--resume", &t->resume, "go on from OUT.ckpt where there is one");
}

Status parse_weights(const QatArguments& a, QuantizeOptions* options) {
  if (!a.bits.empty()) {
    THIMBLE_ASSIGN(options->bits, parse_bits(a.bits));
  }
  options->layers = split_names(a.layers);
  options->per_tensor_weights = a.per_tensor;
  options->scale_bits = static_cast<int>(std::min<int64_t>(a.scale_bits, 1000));  // refused where they are quantised
  options->bias_bits = static_cast<int>(std::min<int64_t>(a.bias_bits, 1000));
  for (const std::string& word : split_names(a.layer_bits)) {
    const size_t equal = word.find('=');
    if (equal == std::string::npos)
      return fail(ErrorCode::usage, format("--layer-bits has '{}'", word), "write LAYER=BITS, for instance dense_1=4");
    THIMBLE_ASSIGN(options->layer_bits[word.substr(0, equal)], parse_bits(std::string_view(word).substr(equal + 1)));
  }
  return {};
}

Result<QatOutcome> run_qat(const QatArguments& a, const QuantizeOptions& options, const Graph& graph, const Material& m,
                           const CalibrationSamples& samples, const Context& context) {
  QatOptions qat_options;
  qat_options.quantize = options;
  qat_options.ranges = a.ranges == "learned" ? QatOptions::Ranges::learned : QatOptions::Ranges::moving_average;
  THIMBLE_ASSIGN(const auto qat, Qat::make(graph, qat_options, samples));
  THIMBLE_ASSIGN(Techniques techniques, taught(a.training, context));

  Retraining how = m.how;
  const int64_t batch = a.training.batch, epochs = a.training.epochs;
  ProgressLine line(context);
  how.hooks.progress = [&](const TrainProgress& p) {
    std::string detail = format("epoch {}/{}  loss {:.4f}", p.epoch, p.epochs, p.loss);
    if (p.accuracy >= 0) detail += format("  accuracy {:.4f}", p.accuracy);
    line.update({"training", (static_cast<int64_t>(p.epoch - 1) * p.steps + p.step) * batch,
                 static_cast<int64_t>(p.epochs) * p.steps * batch, "images", detail});
  };
  how.hooks.epoch = [&](const EpochRecord& e) {
    std::string text = format("epoch {}/{}  loss {:.4f}", e.epoch, epochs, e.loss);
    if (e.has_validation && e.val_accuracy >= 0)
      text += format("  accuracy of the integer model {:.4f}", e.val_accuracy);
    line.note(text + format("  {:.1f} s", e.seconds));
  };
  PruneOptions zeros;
  zeros.keep = true;
  ClusterOptions equal;
  equal.keep = true;
  techniques.insert(techniques.end(), {std::make_shared<Pruning>(zeros), std::make_shared<Clustering>(equal), qat});
  THIMBLE_ASSIGN(Retrained trained, retrain(graph, how, techniques));
  if (trained.interrupted)
    return fail(
        ErrorCode::interrupted, "training was interrupted; nothing was written",
        how.checkpoint.empty() ? std::string() : format("go on with --resume; the state is in {}", how.checkpoint));
  QatOutcome outcome;
  outcome.epochs = std::move(trained.epochs);
  THIMBLE_ASSIGN(outcome.result, qat->deployed(trained.weights));
  return outcome;
}

}  // namespace thimble::app
