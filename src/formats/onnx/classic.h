// What the operators of the domain ai.onnx.ml share: classifiers' answers.
#pragma once

#include "formats/onnx/rule.h"

namespace thimble::onnx {

// Scores [n, classes] as the attribute post_transform says: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO (where a score of 0
// stays 0).
TensorId transformed(Maker& m, Call& c, TensorId scores);

// A classifier's two outputs, labels [n] and scores [n, classes], from its raw scores; `labels` names the attribute
// that holds whole numbers. One column of scores for two labels is that of the second label, which wins above
// `threshold`: with a threshold of 0 the first label has the negative of it, with 1/2 what is left to 1.
Ids classified(Maker& m, Call& c, TensorId scores, std::string_view labels, float threshold);

// Trees: src/formats/onnx/trees.cc.
Ids tree_classifier(Maker& m, Call& c);
Ids tree_regressor(Maker& m, Call& c);
// Support vector machines: src/formats/onnx/svm.cc.
Ids svm_classifier(Maker& m, Call& c);
Ids svm_regressor(Maker& m, Call& c);

}  // namespace thimble::onnx
