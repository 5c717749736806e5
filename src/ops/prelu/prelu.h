// prelu: y = x where x ≥ 0, else alpha · x, with a learned alpha.
//   x      float32, int8 or uint8, any shape;  alpha  x's type, broadcasts to x's shape;  y  as x
// 8 bits: x·s/s' above 0, x·alpha·(s·s_alpha/s') below, requantised. Source: TensorFlow Lite PRELU.
// prelu_grad(x, alpha, dy) → dx = dy where x > 0, else alpha · dy.
#pragma once

#include "ops/broadcast.h"
#include "ops/op.h"
