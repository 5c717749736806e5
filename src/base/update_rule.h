// The optimisers' names, shared by the update kernels, the training operators and the trainer.
#pragma once

namespace thimble {

enum class UpdateRule { sgd, rmsprop, adam, adadelta, adagrad, adamax, nadam, ftrl, lion, count };

}  // namespace thimble
