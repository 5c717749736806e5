// Speed of the kernels beside the matrix products, per instruction set, in billions of elements (of the
// input) per second.
//   build/release/bench/bench_elementwise --benchmark_filter=avx512/
// The scalar table is what int8 sums and products cost without vectors; in turns:
//   build/release/bench/bench_elementwise --benchmark_filter=_s8 --benchmark_enable_random_interleaving=true \
//     --benchmark_repetitions=9 --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace thimble {
namespace {

std::vector<float> wave(int64_t n) {
  std::vector<float> x(static_cast<size_t>(n));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 1001) * 0.01f - 5.0f;
  return x;
}

// Offsets of kernel x kernel windows over `images` pictures of size x size pixels.
std::vector<int32_t> windows(int images, int size, int kernel, int stride, int channels) {
  std::vector<int32_t> offsets;
  for (int image = 0; image < images; ++image)
    for (int y = 0; y + kernel <= size; y += stride)
      for (int x = 0; x + kernel <= size; x += stride)
        for (int t = 0; t < kernel * kernel; ++t)
          offsets.push_back(((image * size + y + t / kernel) * size + x + t % kernel) * channels);
  return offsets;
}

void time(const std::string& name, int64_t elements, std::function<void()> body) {
  benchmark::RegisterBenchmark(name.c_str(), [elements, body](benchmark::State& state) {
    for (auto _ : state) {
      body();
      benchmark::ClobberMemory();
    }
    state.counters["G/s"] =
        benchmark::Counter(static_cast<double>(elements) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  });
}

// Everything lives until the program ends.
template <class T>
T* keep(std::vector<T> v) {
  return (new std::vector<T>(std::move(v)))->data();
}

void register_table(const KernelTable& t) {
  const std::string isa = std::string(name(t.isa)) + "/";
  constexpr int64_t kCount = 4096;
  float *x = keep(wave(1 << 21)), *y = keep(wave(1 << 21)), *z = keep(wave(1 << 21));
  const std::pair<UnaryFn, const char*> functions[] = {
      {UnaryFn::relu, "relu"}, {UnaryFn::exp, "exp"},   {UnaryFn::tanh, "tanh"}, {UnaryFn::sigmoid, "sigmoid"},
      {UnaryFn::silu, "silu"}, {UnaryFn::gelu, "gelu"}, {UnaryFn::mish, "mish"}, {UnaryFn::hard_swish, "hard_swish"}};
  for (const auto& [fn, text] : functions) {
    const auto f = t.map.unary_f32[static_cast<int>(fn)];
    const auto df = t.map.unary_grad_f32[static_cast<int>(fn)];
    time(isa + text, kCount, [=] { f(x, y, kCount, 0.1f); });
    time(isa + text + "_gradient", kCount, [=] { df(x, y, x, z, kCount, 0.1f); });
  }
  time(isa + "add", kCount,
       [=, f = t.map.binary_f32[static_cast<int>(BinaryFn::add)]] { f(x, 1, y, 1, z, kCount, -1e30f, 1e30f); });
  time(isa + "softmax_64x10", 640, [=, f = t.reduce.softmax_f32] { f(x, y, 64, 10, 1.0f); });
  time(isa + "sum", kCount, [=, f = t.reduce.sum_f32] { benchmark::DoNotOptimize(f(x, kCount)); });
  for (int64_t n : {10, 32, 128}) {
    time(isa + "sum_rows_" + std::to_string(n), 2704 * n, [=, f = t.reduce.sum_rows_f32] { f(x, 2704, n, n, z); });
  }
  auto* lut = keep(std::vector<uint8_t>(256, 3));
  auto* bytes = keep(std::vector<uint8_t>(kCount, 7));
  time(isa + "lut", kCount, [=, f = t.map.lut_u8] { f(bytes, bytes, kCount, lut); });
  time(isa + "quantize_row", kCount, [=, f = t.map.quantize_row] { benchmark::DoNotOptimize(f(x, bytes, kCount)); });

  // The squeeze-and-excitation product and the residual sum of an EfficientNet-B0 at 56 x 56.
  ElementwiseS8Args s;
  s.rows = 56 * 56, s.n = 96, s.a_row = 96, s.a = keep(std::vector<uint8_t>(56 * 56 * 96, 90));
  s.b = keep(std::vector<uint8_t>(56 * 56 * 96, 77)), s.y = keep(std::vector<uint8_t>(56 * 56 * 96));
  s.a_zero_point = -3, s.b_zero_point = -128, s.multiplier = 1518500250, s.shift = -7, s.zero_point = -5;
  time(isa + "mul_s8_56x56x96_by_channel", s.rows * s.n, [=, f = t.elementwise_s8.mul] { f(s); });
  s.b_step = 0, s.b_row = 1;
  time(isa + "mul_s8_56x56x96_by_pixel", s.rows * s.n, [=, f = t.elementwise_s8.mul] { f(s); });
  s.n *= s.rows, s.rows = 1, s.b_step = 1;
  s.a_multiplier = 1 << 30, s.b_multiplier = 1234567890, s.b_shift = -1, s.shift = -18;
  time(isa + "add_s8_56x56x96", s.n, [=, f = t.elementwise_s8.add] { f(s); });

  const auto pool = windows(4, 26, 2, 2, 32);
  PoolF32Args p;
  p.m = static_cast<int64_t>(pool.size()) / 4, p.channels = 32, p.taps = 4, p.x = x, p.offsets = keep(pool), p.y = y;
  time(isa + "max_pool_2x2", p.m * 4 * 32, [=, f = t.pool.max_f32] { f(p); });
  time(isa + "average_pool_2x2", p.m * 4 * 32, [=, f = t.pool.average_f32] { f(p); });
  MaxPoolGradF32Args g;
  g.m = p.m, g.channels = 32, g.taps = 4, g.x = x, g.offsets = p.offsets, g.dy = y, g.dx = z;
  time(isa + "max_pool_gradient", p.m * 4 * 32, [=, f = t.pool.max_grad_f32] { f(g); });

  const auto window = windows(4, 26, 3, 1, 32);
  DepthwiseF32Args d;
  d.m = static_cast<int64_t>(window.size()) / 9, d.channels = 32, d.taps = 9, d.x = x, d.offsets = keep(window);
  d.w = z, d.y = y, d.ldy = 32;
  time(isa + "depthwise_3x3_macs", d.m * 9 * 32, [=, f = t.depthwise.f32] { f(d); });
  DepthwiseGradWF32Args dw;
  dw.m = d.m, dw.channels = 32, dw.taps = 9, dw.x = x, dw.offsets = d.offsets, dw.dy = y, dw.lddy = 32, dw.dw = z;
  time(isa + "depthwise_3x3_gradient_macs", d.m * 9 * 32, [=, f = t.depthwise.grad_w_f32] { f(dw); });

  LstmCellArgs c;
  c.rows = 32, c.units = 20, c.gates = keep(wave(32 * 80)), c.c_prev = keep(wave(640)), c.c = keep(wave(640));
  c.tanh_c = keep(wave(640)), c.h = keep(wave(640)), c.ldh = 20;
  time(isa + "lstm_cell_32x20", 640, [=, f = t.lstm.cell_f32] { f(c); });
  LstmCellGradArgs b;
  b.rows = 32, b.units = 20, b.gates = c.gates, b.c_prev = c.c_prev, b.tanh_c = c.tanh_c, b.dh = c.h;
  b.dc = keep(std::vector<float>(640)), b.dgates = keep(wave(32 * 80));
  time(isa + "lstm_cell_gradient_32x20", 640, [=, f = t.lstm.cell_grad_f32] { f(b); });

  UpdateArgs u;
  u.n = 128266, u.w = keep(wave(u.n)), u.g = keep(wave(u.n)), u.s0 = keep(std::vector<float>(128266));
  u.s1 = keep(std::vector<float>(128266));
  u.p = keep(std::vector<float>{1e-3f, 0.1f, 1e-3f, 1e-7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  time(isa + "adam", u.n, [=, f = t.update.step[static_cast<int>(UpdateRule::adam)]] { f(u); });
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const thimble::KernelTable* table : thimble::available_kernels()) {
    if (table->isa != thimble::Isa::avx512_vnni) thimble::register_table(*table);  // it has avx512's float kernels
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
