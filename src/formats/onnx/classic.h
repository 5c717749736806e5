// What the operators of the domain ai.onnx.ml share: classifiers' answers.
#pragma once

#include "formats/onnx/rule.h"

namespace thimble::onnx {

// x as rows of float32 features [n, features]: a vector is one row.
TensorId feature_rows(Maker& m, TensorId x);

// The labels that an attribute holds, as a constant [classes]: whole numbers.
TensorId label_names(Maker& m, const Call& c, std::string_view attribute);

// Scores [n, classes] as the attribute post_transform says: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO (where a score of 0
// stays 0). One score alone stays as it is: what else it may be, runtimes do not agree on.
TensorId transformed(Maker& m, const Call& c, TensorId scores);

// The scores of two classes of which one is known, s [n, 1], of the second: −s or 1 − s beside it; LOGISTIC takes −s.
TensorId both_scores(Maker& m, const Call& c, TensorId s, bool rest_of_one);

// A classifier's two outputs, labels [n] and scores [n, classes], from its raw scores; `labels` names the attribute.
// One column of scores for two labels is that of the second, which wins above `threshold`.
Ids classified(Maker& m, const Call& c, TensorId scores, std::string_view labels, float threshold, bool rest_of_one);

// Trees: src/formats/onnx/trees.cc.
Ids tree_classifier(Maker& m, Call& c);
Ids tree_regressor(Maker& m, Call& c);
// Support vector machines: src/formats/onnx/svm.cc.
Ids svm_classifier(Maker& m, Call& c);
Ids svm_regressor(Maker& m, Call& c);

}  // namespace thimble::onnx
