// The domain ai.onnx.ml: what scikit-learn and its kind are exported to, as arithmetic on float32. Meanings by the
// domain's specification and, where that is silent, as ONNX Runtime has them.
#include "formats/onnx/classic.h"

#include <algorithm>
#include <cmath>

#include "formats/onnx/matrix.h"
#include "ops/arg_max/arg_max.h"
#include "ops/gather/gather.h"
#include "ops/softmax/softmax.h"

namespace thimble::onnx {
namespace {

TensorId real(Maker& m, TensorId x) { return m.cast(x, DType::f32); }

// Numbers of an attribute as a constant of the shape, which has as many.
TensorId numbers(Maker& m, const Call& c, std::string_view name, const Shape& shape) {
  const std::vector<float> list = c.floats(name);
  if (std::ssize(list) != shape.elements())
    return m.bad(format("{} has {} numbers, {} are needed", name, list.size(), shape.elements()));
  return m.values(shape, list);
}

TensorId softmax(Maker& m, TensorId x) { return m.op(Op::softmax, {x}, SoftmaxAttrs{}); }

// x · wᵀ + b with the rows of w and b from attributes.
TensorId linear_scores(Maker& m, Call& c) {
  const TensorId x = feature_rows(m, c[0]);
  const int64_t features = m.shape(x).dim(-1), given = std::ssize(c.floats("coefficients"));
  if (m.failed() || features == 0 || given == 0 || given % features != 0)
    return m.bad(format("{} coefficients for {} features", given, features));
  const int64_t outputs = given / features;
  const TensorId w = numbers(m, c, "coefficients", Shape{outputs, features});
  return linear(m, x, w, c.given("intercepts") ? numbers(m, c, "intercepts", Shape{outputs}) : kNoTensor);
}

Ids linear_classifier(Maker& m, Call& c) { return classified(m, c, linear_scores(m, c), "classlabels_ints", 0, true); }
Ids linear_regressor(Maker& m, Call& c) { return {transformed(m, c, linear_scores(m, c))}; }

// One number for all features or one for each.
TensorId per_feature(Maker& m, const Call& c, std::string_view name, TensorId x) {
  const int64_t given = std::ssize(c.floats(name));
  return numbers(m, c, name, given == 1 ? Shape{} : Shape{m.shape(x).dim(-1)});
}

Ids scaler(Maker& m, Call& c) {
  TensorId x = real(m, c[0]);
  if (m.rank(x) == 0) return {m.bad("it scales features")};
  if (c.given("offset")) x = m.sub(x, per_feature(m, c, "offset", x));
  if (c.given("scale")) x = m.mul(x, per_feature(m, c, "scale", x));
  return {x};
}

// Each row over its largest value (MAX), the sum of its magnitudes (L1) or its length (L2); a row without any stays.
Ids normalizer(Maker& m, Call& c) {
  const TensorId x = real(m, c[0]);
  const std::string_view norm = c.s("norm", "MAX");
  const Ints last = {m.rank(x) - 1};
  TensorId by = kNoTensor;
  if (norm == "MAX") by = m.reduce(Op::reduce_max, x, last, true);
  if (norm == "L1") by = m.reduce(Op::sum, m.unary(Op::abs, x), last, true);
  if (norm == "L2") by = m.unary(Op::sqrt, m.reduce(Op::sum, m.mul(x, x), last, true));
  if (by == kNoTensor) return {m.bad(format("norm \"{}\"", norm))};
  return {m.div(x, m.select(m.op(Op::equal, {by, m.scalar(0.0f)}), m.scalar(1.0f), by))};
}

Ids binarizer(Maker& m, Call& c) {
  const TensorId x = real(m, c[0]);
  return {m.cast(m.op(Op::greater, {x, m.scalar(c.f("threshold", 0))}), m.type(c[0]))};
}

Ids imputer(Maker& m, Call& c) {
  const bool integers = m.type(c[0]) == DType::i64;
  if (integers) {
    if (!c.given("replaced_value_int64") || !c.given("imputed_value_int64s"))
      return {m.unsupported("values of int64 that stand for missing ones are not given")};
    const Ints to = c.ints("imputed_value_int64s");
    if (to.size() != 1 && std::ssize(to) != m.shape(c[0]).dim(-1)) return {m.bad("as many values as features")};
    const TensorId old = m.i64s(Ints{c.i("replaced_value_int64", 0)});
    return {m.select(m.op(Op::equal, {c[0], old}), m.i64s(to), c[0])};
  }
  const TensorId x = real(m, c[0]);
  const float replaced = c.f("replaced_value_float", 0);
  const TensorId missing =
      std::isnan(replaced) ? m.op(Op::not_equal, {x, x}) : m.op(Op::equal, {x, m.scalar(replaced)});
  return {m.select(missing, per_feature(m, c, "imputed_value_floats", x), x)};
}

// Columns by their numbers.
Ids array_feature_extractor(Maker& m, Call& c) {
  const Ints which = m.ints(c[1], "the features that are taken");
  TensorId x = c[0];
  if (m.rank(x) == 0) return {m.bad("it takes features")};
  if (m.rank(x) == 1) x = m.reshape(x, Ints{1, m.shape(x)[0]});
  return {m.op(Op::gather, {x, m.i32s(which)}, GatherAttrs{m.rank(x) - 1, 0}, x)};
}

Ids feature_vectorizer(Maker& m, Call& c) {
  Ids parts;
  for (const TensorId x : c.in) parts.push_back(feature_rows(m, x));
  return {m.concat(parts, 1)};
}

// Which of the keys each value equals: [… , keys].
TensorId matches(Maker& m, TensorId x, TensorId keys) {
  Ints dims = m.dims(x);
  dims.push_back(1);
  return m.op(Op::equal, {m.reshape(x, dims), keys});
}

Ids one_hot_encoder(Maker& m, Call& c) {
  if (c.given("cats_strings")) return {m.unsupported("categories that are strings")};
  const TensorId hit = matches(m, m.cast(c[0], DType::i64), m.i64s(c.ints("cats_int64s")));
  if (c.i("zeros", 1) == 0) return {m.unsupported("an error for what is no category")};
  return {m.cast(hit, DType::f32)};
}

Ids label_encoder(Maker& m, Call& c) {
  for (const char* name : {"keys_strings", "values_strings", "classes_strings", "keys_tensor", "values_tensor"})
    if (c.given(name)) return {m.unsupported(format("{}: labels that are not whole or real numbers in lists", name))};
  const bool from_floats = c.given("keys_floats"), to_floats = c.given("values_floats");
  const Ints keys = c.ints("keys_int64s"), values = c.ints("values_int64s");
  const std::vector<float> real_keys = c.floats("keys_floats"), real_values = c.floats("values_floats");
  const size_t count = from_floats ? real_keys.size() : keys.size();
  if (count == 0 || count != (to_floats ? real_values.size() : values.size()))
    return {m.bad(format("{} keys, {} values", count, to_floats ? real_values.size() : values.size()))};
  const auto list = [&](bool floats, const std::vector<float>& f, const Ints& i) {
    return floats ? m.values(Shape{std::ssize(f)}, f) : m.i64s(i);
  };
  const TensorId hit = m.cast(matches(m, c[0], list(from_floats, real_keys, keys)), DType::f32);
  const int last = m.rank(hit) - 1;
  const TensorId first = m.op(Op::arg_max, {hit, m.scalar(DType::i32, last)}, ArgMaxAttrs{});
  const TensorId found = m.op(Op::greater, {m.reduce(Op::reduce_max, hit, {last}, false), m.scalar(0.0f)});
  const TensorId value = m.op(Op::gather, {list(to_floats, real_values, values), first}, GatherAttrs{});
  const TensorId otherwise = to_floats ? m.scalar(c.f("default_float", -0.0f)) : m.i64s(Ints{c.i("default_int64", -1)});
  return {m.select(found, value, otherwise)};
}

// A map from classes to their probabilities for each row, given as the tensor that it was made of: the values stand in
// the order of the classes.
Ids zip_map(Maker& m, Call& c) { return {feature_rows(m, c[0])}; }

constexpr Rule kRules[] = {
    {"ArrayFeatureExtractor", 2, 2, array_feature_extractor},
    {"Binarizer", 1, 1, binarizer},
    {"FeatureVectorizer", 1, 1000, feature_vectorizer},
    {"Imputer", 1, 1, imputer},
    {"LabelEncoder", 1, 1, label_encoder},
    {"LinearClassifier", 1, 1, linear_classifier},
    {"LinearRegressor", 1, 1, linear_regressor},
    {"Normalizer", 1, 1, normalizer},
    {"OneHotEncoder", 1, 1, one_hot_encoder},
    {"Scaler", 1, 1, scaler},
    {"SVMClassifier", 1, 1, svm_classifier},
    {"SVMRegressor", 1, 1, svm_regressor},
    {"TreeEnsembleClassifier", 1, 1, tree_classifier},
    {"TreeEnsembleRegressor", 1, 1, tree_regressor},
    {"ZipMap", 1, 1, zip_map},
};

}  // namespace

TensorId feature_rows(Maker& m, TensorId x) {
  x = real(m, x);
  if (m.rank(x) == 1) x = m.reshape(x, Ints{1, m.shape(x)[0]});
  return m.failed() || m.rank(x) == 2 ? x : m.unsupported(format("features {}", m.shape(x).to_string()));
}

TensorId label_names(Maker& m, const Call& c, std::string_view attribute) {
  if (c.given("classlabels_strings"))
    return m.fail(ErrorCode::unsupported, "labels that are strings",
                  "train with whole numbers as labels, or give the converter the classes' numbers");
  return m.i64s(c.ints(attribute));
}

TensorId transformed(Maker& m, const Call& c, TensorId scores) {
  const std::string_view post = c.s("post_transform", "NONE");
  if (post == "NONE" || m.failed()) return scores;
  if (m.shape(scores).dim(-1) == 1) return m.unsupported(format("post_transform \"{}\" of one score", post));
  if (post == "LOGISTIC") return m.unary(Op::sigmoid, scores);
  if (post == "SOFTMAX") return softmax(m, scores);
  if (post != "SOFTMAX_ZERO") return m.unsupported(format("post_transform \"{}\"", post));
  const TensorId zero = m.op(Op::equal, {scores, m.scalar(0.0f)});
  const TensorId raised = m.unary(Op::exp, m.sub(scores, m.reduce(Op::reduce_max, scores, {1}, true)));
  const TensorId kept = m.select(zero, m.scalar(0.0f), raised);
  return m.div(kept, m.reduce(Op::sum, kept, {1}, true));
}

TensorId both_scores(Maker& m, const Call& c, TensorId s, bool rest_of_one) {
  const std::string_view post = c.s("post_transform", "NONE");
  if (post == "LOGISTIC") return m.unary(Op::sigmoid, m.concat({m.unary(Op::neg, s), s}, 1));
  if (post != "NONE") return m.unsupported(format("post_transform \"{}\" of the score of one of two classes", post));
  return m.concat({rest_of_one ? m.sub(m.scalar(1.0f), s) : m.unary(Op::neg, s), s}, 1);
}

Ids classified(Maker& m, const Call& c, TensorId scores, std::string_view labels, float threshold, bool rest_of_one) {
  const TensorId names = label_names(m, c, labels);
  if (m.failed()) return {};
  const int64_t classes = m.shape(scores).dim(-1), count = m.shape(names)[0];
  if (classes == 1 && count == 2) {
    const TensorId wins = m.cast(m.op(Op::greater, {scores, m.scalar(threshold)}), DType::i32);
    const TensorId index = m.reshape(wins, Ints{m.shape(scores)[0]});
    return {m.op(Op::gather, {names, index}, GatherAttrs{}), both_scores(m, c, scores, rest_of_one)};
  }
  if (count != classes) return {m.bad(format("{} labels for {} scores", count, classes))};
  const TensorId best = m.op(Op::arg_max, {scores, m.scalar(DType::i32, 1)}, ArgMaxAttrs{});
  return {m.op(Op::gather, {names, best}, GatherAttrs{}), transformed(m, c, scores)};
}

std::span<const Rule> ml_rules() { return kRules; }

}  // namespace thimble::onnx
