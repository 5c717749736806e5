// An LSTM cell in all forms that TensorFlow Lite's operators have: coupled gates (CIFG), peepholes, projection with its
// bias and clip, layer normalisation, an auxiliary input; float32, hybrid and integers 8x8_16. What
// unidirectional_sequence_lstm without these does is in its own kernel.h, which small machines can take too.
//
//   z_g = W_g·x (+ A_g·aux) + R_g·h + b_g (+ p_g∘c)                    g = i, f, cell, o; p_o meets the new c
//   layer normalisation: z_g = n_g∘(z_g without b_g − mean)/deviation + b_g
//   c = clip(f∘c + i∘act(z_cell)), i = 1 − f where the gates are coupled;   m = o∘act(c)
//   h = m, or clip(P·m + b_P)
// Integers: kernel.h of unidirectional_sequence_lstm; peepholes are int16, as is what layer normalisation scales by,
// which works in fixed point with ten bits more; m is int8 with the scale of the fifth intermediate tensor.
// Source: TensorFlow Lite, lstm_eval.
#pragma once

#include "ops/recurrent.h"
#include "ops/unidirectional_sequence_lstm/kernel.h"

namespace thimble::lstm_forms {

// Which inputs of an operator a cell has; −1: it can have none.
struct Layout {
  int weights, recurrent, peephole, bias;  // i, f, cell, o; peepholes i, f, o
  int projection;                          // and its bias
  int hidden, cell;
  int norm;  // i, f, cell, o
  int aux_weights;
};
inline constexpr Layout kFull{1, 5, 9, 12, 16, 18, 19, 20, -1};
inline constexpr Layout kForward{1, 5, 9, 12, 16, 35, 36, -1, 40};
inline constexpr Layout kBackward{18, 22, 26, 29, 33, 37, 38, -1, 44};

struct Options {
  Activation activation = Activation::tanh;
  float cell_clip = 0, proj_clip = 0;
  bool asymmetric = false;
};

struct Plan {
  int64_t batch, time, inputs, aux, cells, outputs;
  int64_t step, sample;  // rows of x and y from one time step to the next, from one sample to the next
  bool coupled, peephole, projection, norm, hybrid, integer, asymmetric;
  Activation activation;
  float cell_clip, proj_clip;
  // integers
  thimble_lstm_multiplier input[4], recurrent[4], peep[3], scale[4], middle, project;
  int32_t guard[4];  // of the variance
  int32_t x_zero, h_zero, middle_zero, quantized_cell_clip, quantized_proj_clip;
  int8_t cell_power;
};
void fields(PlanVisitor& v, const Plan& p);

// Checks every operand of one cell but x itself, and fills the plan, in which batch, time, inputs, aux, step and sample
// stand. Errors as infer gives them.
Status check(InferContext& ctx, const Layout& layout, const Options& options, Plan* p);
// What run needs; multiply-accumulates are added to *macs.
Result<int64_t> scratch_bytes(const Plan& p, int64_t* macs);

// One cell through the sequence: x and aux are its rows, y its first output with `width` columns from row to row.
struct Run {
  const Plan& p;
  const Layout& layout;
  std::span<const TensorView> in;
  const void *x, *aux;
  void* y;
  int64_t width;
  bool backward;
  void* scratch;
};
void run(const Run& r);

// Inputs of a cell's role, in roles of its operator (which has them all as weights).
void set_roles(const Layout& layout, std::vector<Role>& roles);

}  // namespace thimble::lstm_forms
