// The operands of an LSTM cell: shapes, types, scales; see lstm_forms.h.
#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"
#include "base/numbers.h"
#include "ops/lstm_forms.h"

namespace thimble::lstm_forms {
namespace {

constexpr int kGates = 4;
constexpr size_t kMiddle = 4;  // intermediates[4]: the quantisation of m

class Checker {
 public:
  Checker(InferContext& ctx, const Layout& layout, Plan& p) : ctx_(ctx), l_(layout), p_(p) {}

  Status run(const Options& options) {
    THIMBLE_TRY(clips(options));
    THIMBLE_TRY(sizes());
    THIMBLE_TRY(forms());
    THIMBLE_TRY(types());
    for (int g = first(); g < kGates; ++g) THIMBLE_TRY(gate(g));
    THIMBLE_TRY(projection());
    THIMBLE_TRY(
        recurrent::expect_state(ctx_, l_.hidden, p_.integer ? DType::i8 : DType::f32, Shape{p_.batch, p_.outputs}));
    THIMBLE_TRY(
        recurrent::expect_state(ctx_, l_.cell, p_.integer ? DType::i16 : DType::f32, Shape{p_.batch, p_.cells}));
    if (ctx_.node.inputs[static_cast<size_t>(l_.hidden)] == ctx_.node.inputs[static_cast<size_t>(l_.cell)])
      return fail(ErrorCode::bad_file, "activation state and cell state are the same tensor");
    return p_.integer ? integers() : Status{};
  }

 private:
  bool has(int input) const { return input >= 0 && ctx_.has(input); }
  int first() const { return p_.coupled ? 1 : 0; }

  Status clips(const Options& options) {
    p_.activation = options.activation;
    p_.cell_clip = options.cell_clip;
    p_.proj_clip = options.proj_clip;
    p_.asymmetric = options.asymmetric;
    for (float clip : {p_.cell_clip, p_.proj_clip})
      if (!(clip >= 0) || !std::isfinite(clip))
        return fail(ErrorCode::bad_file, format("clip {} is not a number from 0", clip));
    if (p_.activation == Activation::sign_bit)
      return fail(ErrorCode::unsupported, "LSTM with the activation sign_bit is not supported");
    return {};
  }

  // Cells from the output gate's weights, outputs from its recurrent ones.
  Status sizes() {
    for (int input : {l_.weights + 3, l_.recurrent + 3}) {
      if (!has(input)) return fail(ErrorCode::bad_file, format("input {} is left out but is required", input));
      THIMBLE_TRY(ctx_.expect_rank(input, 2, 2));
    }
    p_.cells = ctx_.in(l_.weights + 3).shape[0];
    p_.outputs = ctx_.in(l_.recurrent + 3).shape[1];
    if (p_.batch < 1 || p_.time < 1 || p_.inputs < 1 || p_.cells < 1 || p_.outputs < 1)
      return fail(ErrorCode::bad_file,
                  format("the input or weights {} have an empty dimension", ctx_.in(l_.weights + 3).to_string()));
    return {};
  }

  // Which parts there are; each is there for all gates, but for the input gate where it is coupled to the forget gate.
  Status forms() {
    p_.coupled = !has(l_.weights);
    p_.projection = has(l_.projection);
    p_.norm = has(l_.norm < 0 ? -1 : l_.norm + 1);
    p_.peephole = has(l_.peephole + 1);
    for (int input : {l_.recurrent, l_.bias})
      if (has(input) == p_.coupled)
        return fail(ErrorCode::bad_file,
                    format("input {} is {} although the input gate is {}", input, p_.coupled ? "there" : "left out",
                           p_.coupled ? "coupled to the forget gate" : "not coupled"));
    const auto same = [&](int input, bool there, const char* what) -> Status {
      if (has(input) == there) return {};
      return fail(ErrorCode::bad_file, format("{} are there for some gates only: input {}", what, input));
    };
    THIMBLE_TRY(same(l_.peephole, p_.peephole && !p_.coupled, "peepholes"));
    THIMBLE_TRY(same(l_.peephole + 2, p_.peephole, "peepholes"));
    if (l_.norm >= 0) {
      THIMBLE_TRY(same(l_.norm, p_.norm && !p_.coupled, "coefficients of layer normalisation"));
      for (int g = 2; g < kGates; ++g) THIMBLE_TRY(same(l_.norm + g, p_.norm, "coefficients of layer normalisation"));
    }
    if (!p_.projection && has(l_.projection + 1))
      return fail(ErrorCode::bad_file, "there is a bias of the projection, but no projection");
    if (!p_.projection && p_.outputs != p_.cells)
      return fail(ErrorCode::bad_file, format("{} cells and {} outputs without a projection", p_.cells, p_.outputs));
    if (p_.aux > 0 && p_.coupled == has(l_.aux_weights))
      return fail(ErrorCode::bad_file, "weights of the auxiliary input do not agree with those of the input");
    return {};
  }

  Status types() {
    const DType x = ctx_.in(0).type, w = ctx_.in(l_.weights + 3).type;
    p_.integer = x == DType::i8 && w == DType::i8;
    p_.hybrid = x == DType::f32 && w == DType::i8;
    if (p_.integer || p_.hybrid || (x == DType::f32 && w == DType::f32)) return {};
    return fail(
        ErrorCode::unsupported,
        format("no kernel for input {} with weights {}", ctx_.in(0).to_string(), ctx_.in(l_.weights + 3).to_string()),
        "float32 × float32, float32 × int8 (hybrid) and int8 × int8 with an int16 cell are supported");
  }

  // A vector of one value per cell; with a scale and zero point 0 unless it is float32 or a bias.
  Status vector(int input, DType type, bool scaled) {
    THIMBLE_TRY(recurrent::expect_shape(ctx_, input, Shape{p_.cells}));
    THIMBLE_TRY(ctx_.expect_type(input, {type}));
    if (!scaled || type == DType::f32) return {};
    const Tensor& t = ctx_.in(input);
    THIMBLE_TRY(ctx_.expect_per_tensor_quantized(t));
    if (t.quant.zero_point[0] != 0)
      return fail(ErrorCode::unsupported, format("{} must have zero point 0", t.to_string()));
    return {};
  }

  Status gate(int g) {
    const DType matrix = p_.integer || p_.hybrid ? DType::i8 : DType::f32;
    THIMBLE_TRY(recurrent::expect_matrix(ctx_, l_.weights + g, matrix, Shape{p_.cells, p_.inputs}));
    THIMBLE_TRY(recurrent::expect_matrix(ctx_, l_.recurrent + g, matrix, Shape{p_.cells, p_.outputs}));
    if (p_.aux > 0) THIMBLE_TRY(recurrent::expect_matrix(ctx_, l_.aux_weights + g, matrix, Shape{p_.cells, p_.aux}));
    THIMBLE_TRY(vector(l_.bias + g, p_.integer ? DType::i32 : DType::f32, false));
    if (p_.norm) THIMBLE_TRY(vector(l_.norm + g, p_.integer ? DType::i16 : DType::f32, true));
    const int peephole = g == 3 ? 2 : g;  // the cell gate has none
    if (p_.peephole && g != 2) THIMBLE_TRY(vector(l_.peephole + peephole, p_.integer ? DType::i16 : matrix, true));
    return {};
  }

  Status projection() {
    if (!p_.projection) return {};
    const DType matrix = p_.integer || p_.hybrid ? DType::i8 : DType::f32;
    THIMBLE_TRY(recurrent::expect_matrix(ctx_, l_.projection, matrix, Shape{p_.outputs, p_.cells}));
    if (!has(l_.projection + 1)) return {};
    THIMBLE_TRY(recurrent::expect_shape(ctx_, l_.projection + 1, Shape{p_.outputs}));
    return ctx_.expect_type(l_.projection + 1, {p_.integer ? DType::i32 : DType::f32});
  }

  // ---- integers ----
  float scale(int input) const { return ctx_.in(input).quant.scale[0]; }

  Status multiplier(float real, thimble_lstm_multiplier* m) {
    if (!(real >= 0 && real < 0x1p30f))
      return fail(ErrorCode::bad_file, format("effective scale {} is out of range", real));
    int shift;
    quantize_multiplier(static_cast<double>(real), &m->multiplier, &shift);
    m->shift = static_cast<int8_t>(shift);
    return {};
  }

  // The scale of an intermediate tensor.
  Result<float> between(size_t i) const {
    const auto& list = ctx_.node.intermediates;
    if (i < list.size() && list[i] != kNoTensor) {
      const Quantization& q = ctx_.graph.at(list[i]).quant;
      if (q.scale.size() == 1 && q.scale[0] > 0) return q.scale[0];
    }
    return fail(ErrorCode::bad_file, format("intermediate tensor {} carries no scale ({} of them)", i, list.size()));
  }

  Status integers() {
    for (int i : {0, l_.hidden, l_.cell}) THIMBLE_TRY(ctx_.expect_per_tensor_quantized(ctx_.in(i)));
    if (p_.activation != Activation::tanh)
      return fail(ErrorCode::unsupported, format("LSTM of integers with the activation {}", name(p_.activation)),
                  "integers have tanh alone");
    if (p_.peephole && p_.outputs != p_.cells)
      return fail(ErrorCode::unsupported, "LSTM of integers with peepholes and a projection to another size",
                  "TensorFlow Lite gives no defined result either");
    // tanh is tabled for Q0.15 … Q6.9.
    int power = 0;
    if (std::frexp(scale(l_.cell), &power) != 0.5f || power - 1 < -15 || power - 1 > -9 ||
        ctx_.in(l_.cell).quant.zero_point[0] != 0)
      return fail(ErrorCode::unsupported, format("cell state {} has scale {}, not a power of two from 2^-15 to 2^-9",
                                                 ctx_.in(l_.cell).to_string(), scale(l_.cell)));
    p_.cell_power = static_cast<int8_t>(power - 1);
    p_.x_zero = ctx_.in(0).quant.zero_point[0];
    p_.h_zero = ctx_.in(l_.hidden).quant.zero_point[0];
    for (int g = first(); g < kGates; ++g) THIMBLE_TRY(gate_scales(g));
    THIMBLE_ASSIGN(const float middle, between(kMiddle));
    p_.middle_zero = ctx_.graph.at(ctx_.node.intermediates[kMiddle]).quant.zero_point[0];
    THIMBLE_TRY(multiplier(static_cast<float>(0x1p-15 / static_cast<double>(middle) * 0x1p-15), &p_.middle));
    if (p_.projection) THIMBLE_TRY(multiplier(scale(l_.projection) * middle / scale(l_.hidden), &p_.project));
    if (p_.cell_clip > 0)
      p_.quantized_cell_clip = static_cast<int32_t>(std::min(p_.cell_clip / scale(l_.cell), 32767.0f));
    const Tensor& y = ctx_.declared(0);
    if (p_.proj_clip > 0 && !y.quant.empty())
      p_.quantized_proj_clip = static_cast<int32_t>(std::min(p_.proj_clip / y.quant.scale[0], 127.0f));
    return {};
  }

  Status gate_scales(int g) {
    float gate = 0x1p-12f;
    if (p_.norm) {
      THIMBLE_ASSIGN(gate, between(static_cast<size_t>(g)));
      const float by = scale(l_.norm + g);
      THIMBLE_TRY(multiplier(by, &p_.scale[g]));
      p_.guard[g] = std::max(1, static_cast<int32_t>(std::min(10000 * by, 2e9f)));
    }
    THIMBLE_TRY(multiplier(scale(l_.weights + g) * scale(0) / gate, &p_.input[g]));
    THIMBLE_TRY(multiplier(scale(l_.recurrent + g) * scale(l_.hidden) / gate, &p_.recurrent[g]));
    if (!p_.peephole || g == 2) return {};
    const int k = g == 3 ? 2 : g;
    const double real =
        std::ldexp(1.0, p_.cell_power) * static_cast<double>(scale(l_.peephole + k)) / static_cast<double>(gate);
    return multiplier(static_cast<float>(real), &p_.peep[k]);
  }

  InferContext& ctx_;
  const Layout& l_;
  Plan& p_;
};

}  // namespace

Status check(InferContext& ctx, const Layout& layout, const Options& options, Plan* p) {
  return Checker(ctx, layout, *p).run(options);
}

Result<int64_t> scratch_bytes(const Plan& p, int64_t* macs) {
  int64_t own, columns = p.inputs + p.aux + p.outputs;
  if (!checked_mul(p.batch * p.time, (p.coupled ? 3 : 4) * p.cells, &own) || !checked_mul(own, columns, &own) ||
      !checked_add(*macs, own, macs))
    return fail(ErrorCode::unsupported, format("{} steps of {} cells", p.batch * p.time, p.cells));
  // Four gates in 32 bits; rows as bytes.
  return 4 * p.cells * 4 + p.inputs + p.aux + p.outputs + p.cells;
}

void set_roles(const Layout& l, std::vector<Role>& roles) {
  for (int g = 0; g < kGates; ++g) {
    roles[static_cast<size_t>(l.bias + g)] = Role::bias;
    if (l.norm >= 0) roles[static_cast<size_t>(l.norm + g)] = Role::statistics;
  }
  roles[static_cast<size_t>(l.projection + 1)] = Role::bias;
  roles[static_cast<size_t>(l.hidden)] = roles[static_cast<size_t>(l.cell)] = Role::state;
}

void fields(PlanVisitor& v, const Plan& p) {
  const auto number = [&](std::string_view name, int64_t value) { v.number(name, value); };
  const auto list = [&](std::string_view name, std::span<const thimble_lstm_multiplier> all) {
    v.begin(name);
    for (const auto& m : all) {
      v.begin("");
      v.number("multiplier", m.multiplier);
      v.number("shift", m.shift);
      v.end();
    }
    v.end();
  };
  number("batch", p.batch);
  number("time", p.time);
  number("inputs", p.inputs);
  number("auxiliary inputs", p.aux);
  number("cells", p.cells);
  number("outputs", p.outputs);
  number("rows of a step", p.step);
  number("rows of a sample", p.sample);
  number("coupled", p.coupled);
  number("peephole", p.peephole);
  number("projection", p.projection);
  number("layer normalisation", p.norm);
  number("hybrid", p.hybrid);
  number("integer", p.integer);
  number("asymmetric", p.asymmetric);
  number("activation", static_cast<int64_t>(p.activation));
  v.real("clip of the cell", p.cell_clip);
  v.real("clip of the projection", p.proj_clip);
  if (!p.integer) return;
  list("input", p.input);
  list("recurrent", p.recurrent);
  list("peepholes", p.peep);
  list("scales", p.scale);
  list("hidden", std::span(&p.middle, 1));
  list("project", std::span(&p.project, 1));
  number("zero point of x", p.x_zero);
  number("zero point of h", p.h_zero);
  number("zero point of m", p.middle_zero);
  number("clip of the integer cell", p.quantized_cell_clip);
  number("clip of the integer projection", p.quantized_proj_clip);
  number("power of the cell's scale", p.cell_power);
}

}  // namespace thimble::lstm_forms
