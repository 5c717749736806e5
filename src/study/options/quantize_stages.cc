// The options of quantisation, without training (quantize) and with it (qat).
#include "compress/mixed_precision/mixed_precision.h"
#include "study/options/stages.h"

namespace thimble {
namespace {

// What int8 weights can be told, however they come about.
void weight_fields(Fields& v, QuantizeOptions& q) {
  v.bits({"bits", "N", "int8: of weights, 8 to 2 or ternary; activations keep 8"}, &q.bits);
  v.layer_bits({"layer_bits", "A=N,B=N", "int8: other bits for some layers", "none"}, &q.layer_bits);
  v.names({"layers", "A,B", "only layers of these names; the others stay float", "all"}, &q.layers);
  v.truth({"per_tensor", "", "int8: one scale for a whole weight tensor, so that clusters survive"},
          &q.per_tensor_weights);
  v.whole({"scale_bits", "N", "int8: bits of the mantissa that scales keep; 0: powers of two", "23, all of them"},
          &q.scale_bits, 0, QuantizeOptions::kScaleBits);
  v.whole({"bias_bits", "N", "int8: bits of a tensor's largest bias; all are multiples of one power of two",
           "32, all of them"},
          &q.bias_bits, 2, QuantizeOptions::kBiasBits);
}

// "percentile:99.9" gives its number too.
Status parse_calibration(Form& form, const std::string& text, QuantizeOptions* q) {
  if (text == "minmax") {
    q->calibration = Calibration::minmax;
  } else if (text == "mse") {
    q->calibration = Calibration::mse;
  } else if (text == "entropy") {
    q->calibration = Calibration::entropy;
  } else if (text == "percentile") {
    q->calibration = Calibration::percentile;
  } else if (text.starts_with("percentile:")) {
    q->calibration = Calibration::percentile;
    char* end = nullptr;
    const std::string number = text.substr(11);
    q->percentile = std::strtod(number.c_str(), &end);
    if (number.empty() || end != number.c_str() + number.size() || !(q->percentile > 50 && q->percentile <= 100))
      return form.refuse("calibration", format("{} is \"{}\"", form.name("calibration"), text),
                         "write percentile:P with P above 50 and at most 100, for instance percentile:99.99");
  } else {
    return form.refuse("calibration", format("{} is \"{}\"", form.name("calibration"), text),
                       "give minmax, percentile:99.99, mse or entropy");
  }
  return {};
}

}  // namespace

void io_field(Fields& v, QuantizeOptions& q) {
  using Io = QuantizeOptions::Io;
  v.word({"io", "", "int8: type of the model's inputs and outputs (of int16x8: float or int16)"}, &q.io,
         {{"float", Io::float32}, {"int8", Io::int8}, {"uint8", Io::uint8}, {"int16", Io::int16}});
}

void fields(Fields& v, QuantizeStage& stage) {
  QuantizeOptions& q = stage.options;
  v.section("What to make");
  v.word({"to", "",
          "half-size weights; int8 weights and float activations; int8 throughout; int8 weights and int16 activations",
          "required"},
         &q.to,
         {{"float16", QuantizeTo::float16},
          {"dynamic", QuantizeTo::dynamic},
          {"int8", QuantizeTo::int8},
          {"int16x8", QuantizeTo::int16x8}});
  v.whole({"min_elements", "N",
           "dynamic: smaller weight tensors stay float (an LSTM stays whole where one of its matrices is smaller)"},
          &q.min_elements, 0, int64_t{1} << 40);
  v.section("int8");
  v.whole({"calibrate", "N", "int8: training samples to measure activations on", std::nullopt, "samples"},
          &stage.calibration_samples, 1, 1'000'000);
  v.text({"calibration", "RULE", "int8: minmax, percentile:99.99, mse or entropy"}, &stage.calibration);
  v.number({"percentile", "P", "int8: of calibration = percentile, as a number"}, &q.percentile, 50, 100);
  io_field(v, q);
  weight_fields(v, q);
  v.truth({"equalize", "", "int8: weights balanced between neighbouring layers first; needs no data"}, &q.equalize);
  v.truth(
      {"bias_correction", "", "int8: biases that set the means of output channels right, by the calibration samples"},
      &q.correct_bias);
  v.word(
      {"rounding", "",
       "int8: of weights; adaptive: up or down for the least error of the layer's output on the calibration samples"},
      &q.rounding,
      {{"nearest", QuantizeOptions::Rounding::nearest}, {"adaptive", QuantizeOptions::Rounding::adaptive}});
  v.section("int8, bits per layer");
  v.text({"mixed", "GOAL",
          "int8: bits per layer for \"accuracy-drop 0.5\" (points below float32), \"loss-rise 5\" (percent above its "
          "loss) or \"bytes 12000\" (packed), on validation samples",
          "none"},
         &stage.goal);
  v.bits_list({"widths", "A,B", "mixed: what each layer may get"}, &stage.widths);
  v.whole({"validate", "N", "mixed: validation samples that decide"}, &stage.validate, 1, 1'000'000);
}

Status complete(QuantizeStage& stage) {
  Form& form = stage.form;
  QuantizeOptions& q = stage.options;
  if (!form.has("to") && !stage.implied_int8)
    return form.refuse("", "what to make is missing",
                       format("give {}, {}, {} or {}", form.setting("to", "float16"), form.setting("to", "dynamic"),
                              form.setting("to", "int8"), form.setting("to", "int16x8")));
  if (q.to != QuantizeTo::int8)
    for (const char* key : {"bits", "layer_bits", "per_tensor", "scale_bits", "bias_bits", "equalize",
                            "bias_correction", "rounding", "mixed", "widths", "validate", "sensitivity"})
      if (form.has(key))
        return form.refuse(
            key, format("{} does not go with {}: it is for int8", form.name(key), form.setting("to", name(q.to))),
            format("leave it out, or give {}", form.setting("to", "int8")));
  if (q.per_tensor_weights && q.rounding == QuantizeOptions::Rounding::adaptive)
    return form.refuse("rounding", "adaptive rounding gives equal weights different values",
                       format("leave {} out", form.name("per_tensor")));
  THIMBLE_TRY(parse_calibration(form, stage.calibration, &q));
  if (!stage.goal.empty()) {
    form.at = "mixed";
    THIMBLE_ASSIGN(stage.mixed, parse_mixed_goal(stage.goal));
  }
  const bool chooses = stage.mixed || form.has("sensitivity");
  for (const char* key : {"bits", "layer_bits"})
    if (chooses && form.has(key))
      return form.refuse(
          key,
          format("{} does not go with {}", form.name(key), stage.mixed ? form.name("mixed") : form.name("sensitivity")),
          format("{} says what to try", form.name("widths")));
  for (const char* key : {"widths", "validate"})
    if (!chooses && form.has(key))
      return form.refuse(key, format("{} is for {}", form.name(key), form.name("mixed")),
                         form.setting("mixed", "accuracy-drop 0.5"));
  return {};
}

void qat_fields(Fields& v, QatStage& stage) {
  v.word({"ranges", "", "of activations; learned: scales of weights and activations by gradient"},
         &stage.options.ranges,
         {{"moving_average", QatOptions::Ranges::moving_average}, {"learned", QatOptions::Ranges::learned}});
  v.number({"decay", "D", "of the moving averages"}, &stage.options.decay, 0, 0.999999);
  v.number({"freeze", "FRACTION", "the last part of the training in which they stand still"}, &stage.options.freeze, 0,
           1);
}

void fields(Fields& v, QatStage& stage) {
  QuantizeOptions& q = stage.options.quantize;
  weight_fields(v, q);
  io_field(v, q);
  qat_fields(v, stage);
  v.whole({"calibrate", "N", "training samples for the first ranges", std::nullopt, "samples"},
          &stage.calibration_samples, 1, 1'000'000);
}

Status complete(QatStage&) { return {}; }

}  // namespace thimble
