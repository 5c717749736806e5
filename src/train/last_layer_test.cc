// What loss and last layer say of the targets.
#include "train/last_layer.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(LastLayer, SaysWhetherTargetsAreClasses) {
  using Layers = std::vector<LayerSpec>;
  const LayerSpec one{.word = "dense", .size = 1}, ten{.word = "dense", .size = 10};
  const LayerSpec softmax{.word = "dense", .size = 10, .activation = "softmax"};
  const LayerSpec sigmoid{.word = "dense", .size = 1, .activation = "sigmoid"};
  struct Case {
    Layers layers;
    LossChoice loss;
    std::optional<bool> classes;
  };
  for (const Case& c :
       {Case{{softmax}, LossChoice::automatic, true}, Case{{ten, {.word = "softmax"}}, LossChoice::automatic, true},
        Case{{sigmoid}, LossChoice::automatic, true}, Case{{sigmoid}, LossChoice::mse, false},
        Case{{one}, LossChoice::automatic, false}, Case{{one, {.word = "flatten"}}, LossChoice::automatic, false},
        Case{{ten}, LossChoice::automatic, std::nullopt}, Case{{ten}, LossChoice::mse, std::nullopt},
        Case{{one}, LossChoice::mae, false}, Case{{one}, LossChoice::binary_crossentropy, true},
        Case{{ten}, LossChoice::categorical_crossentropy, true}, Case{{softmax}, LossChoice::mse, true},
        Case{{{.word = "lstm", .size = 1}}, LossChoice::automatic, std::nullopt}}) {
    ModelSpec spec;
    spec.layers = c.layers;
    EXPECT_EQ(implies_classes(spec, c.loss), c.classes) << c.layers[0].activation << name(c.loss);
  }
}

}  // namespace
}  // namespace thimble
