// Speed of the float32 matrix products in GFLOP/s, per instruction set and for the shapes of the
// studies' networks, beside the machine's measured peak of fused multiply-adds.
//   build/release/bench/bench_gemm --benchmark_filter=avx512/
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace thimble {
namespace {

struct Shape {
  const char* name;
  int64_t images, height, width, k, kernel, n;  // kernel 0: a dense layer of `images` rows
};

constexpr Shape kShapes[] = {
    {"fashion_conv1_b64", 64, 28, 28, 1, 3, 32},  {"fashion_conv2_b64", 64, 13, 13, 32, 3, 64},
    {"fashion_conv3_b64", 64, 5, 5, 64, 3, 128},  {"fashion_dense1_b64", 64, 0, 0, 128, 0, 256},
    {"fashion_dense2_b64", 64, 0, 0, 256, 0, 10}, {"fashion_conv2_b1", 1, 13, 13, 32, 3, 64},
    {"fashion_conv3_b1", 1, 5, 5, 64, 3, 128},    {"fashion_dense1_b1", 1, 0, 0, 128, 0, 256},
    {"fashion_dense2_b1", 1, 0, 0, 256, 0, 10},   {"mlp_dense1_b100", 100, 0, 0, 784, 0, 128},
    {"mlp_dense2_b100", 100, 0, 0, 128, 0, 64},   {"mlp_dense3_b100", 100, 0, 0, 64, 0, 10},
    {"mlp_dense1_b1", 1, 0, 0, 784, 0, 128},      {"lstm_input_b32", 32, 0, 0, 28, 0, 80},
    {"lstm_state_b32", 32, 0, 0, 20, 0, 80},      {"mnist_conv2_b64", 64, 26, 26, 32, 3, 64},
    {"mobilenet_1x1", 1, 0, 0, 0, 0, 0},
};

// The operands of one shape; `same` padding is not used: every offset is inside.
struct Operands {
  int64_t m, k, n, taps = 1;
  std::vector<float> a, b, packed, c, bias, gradient, zeros;
  std::vector<int32_t> offsets;

  Operands(const Shape& s, const GemmF32Kernels& kernels) : m(s.images), k(s.k), n(s.n) {
    if (s.k == 0) m = 14 * 14, k = 256, n = 512;
    int64_t floats = m * k;
    if (s.kernel > 0) {
      taps = s.kernel * s.kernel;
      const int64_t out_h = s.height - s.kernel + 1, out_w = s.width - s.kernel + 1;
      m = s.images * out_h * out_w;
      floats = s.images * s.height * s.width * k;
      for (int64_t image = 0; image < s.images; ++image)
        for (int64_t y = 0; y < out_h; ++y)
          for (int64_t x = 0; x < out_w; ++x)
            for (int64_t t = 0; t < taps; ++t)
              offsets.push_back(
                  static_cast<int32_t>(((image * s.height + y + t / s.kernel) * s.width + x + t % s.kernel) * k));
    }
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<float>& v, int64_t count) {
      v.resize(static_cast<size_t>(count));
      for (float& x : v) x = normal(random);
    };
    fill(a, floats);
    fill(b, taps * k * n);
    fill(bias, n);
    fill(gradient, m * n);
    zeros.assign(static_cast<size_t>(k), 0.0f);
    c.assign(static_cast<size_t>(m * n), 0.0f);
    packed.assign(static_cast<size_t>(kernels.packed_b_floats(n, taps * k)), 0.0f);
    PackBArgs pack;
    pack.rows = taps * k, pack.n = n, pack.b = b.data(), pack.row_stride = n, pack.packed = packed.data();
    kernels.pack_b(pack);
  }
  double flops() const { return 2.0 * static_cast<double>(m * k * n * taps); }
};

void rate(benchmark::State& state, double flops) {
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void forward(benchmark::State& state, const KernelTable* table, const Shape& shape) {
  Operands o(shape, table->gemm_f32);
  GemmF32Args g;
  g.m = o.m, g.n = o.n, g.k = o.k, g.taps = o.taps, g.a = o.a.data(), g.lda = o.k, g.b = o.packed.data();
  g.bias = o.bias.data(), g.c = o.c.data(), g.ldc = o.n, g.lo = 0.0f, g.zeros = o.zeros.data();
  g.offsets = o.offsets.empty() ? nullptr : o.offsets.data();
  for (auto _ : state) {
    table->gemm_f32.run(g);
    benchmark::ClobberMemory();
  }
  rate(state, o.flops());
}

void weight_gradient(benchmark::State& state, const KernelTable* table, const Shape& shape) {
  Operands o(shape, table->gemm_f32);
  GemmTnF32Args g;
  g.m = o.m, g.n = o.n, g.k = o.k, g.taps = o.taps, g.a = o.a.data(), g.lda = o.k;
  g.offsets = o.offsets.empty() ? nullptr : o.offsets.data();
  g.offset_stride = o.taps, g.b = o.gradient.data(), g.ldb = o.n, g.ldc = o.n;
  std::vector<float> out(static_cast<size_t>(o.taps * o.k * o.n));
  g.c = out.data();
  for (auto _ : state) {
    table->gemm_f32.run_tn(g);
    benchmark::ClobberMemory();
  }
  rate(state, o.flops());
}

void pack(benchmark::State& state, const KernelTable* table, bool transposed) {
  constexpr int64_t kRows = 576, kColumns = 128;
  std::vector<float> b(kRows * kColumns, 1.0f);
  std::vector<float> packed(static_cast<size_t>(table->gemm_f32.packed_b_floats(kColumns, kRows)));
  PackBArgs p;
  p.rows = kRows, p.n = kColumns, p.b = b.data(), p.packed = packed.data();
  p.row_stride = transposed ? 1 : kColumns, p.column_stride = transposed ? kRows : 1;
  for (auto _ : state) {
    table->gemm_f32.pack_b(p);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * kRows * kColumns * 4);
}

#if defined(__x86_64__)
constexpr int kChains = 12, kRepeat = 1000;

__attribute__((target("avx512f"))) void peak_avx512(benchmark::State& state) {
  __m512 sum[kChains] = {};
  const __m512 x = _mm512_set1_ps(0.5f);
  for (auto _ : state) {
    for (int i = 0; i < kRepeat; ++i) {
#pragma GCC unroll 12
      for (int c = 0; c < kChains; ++c) sum[c] = _mm512_fmadd_ps(x, sum[c], x);
    }
    benchmark::ClobberMemory();
  }
  for (__m512& s : sum) benchmark::DoNotOptimize(s);
  rate(state, 2.0 * 16 * kChains * kRepeat);
}

__attribute__((target("avx2,fma"))) void peak_avx2(benchmark::State& state) {
  __m256 sum[kChains] = {};
  const __m256 x = _mm256_set1_ps(0.5f);
  for (auto _ : state) {
    for (int i = 0; i < kRepeat; ++i) {
#pragma GCC unroll 12
      for (int c = 0; c < kChains; ++c) sum[c] = _mm256_fmadd_ps(x, sum[c], x);
    }
    benchmark::ClobberMemory();
  }
  for (__m256& s : sum) benchmark::DoNotOptimize(s);
  rate(state, 2.0 * 8 * kChains * kRepeat);
}
#endif

void register_all() {
  for (const KernelTable* table : available_kernels()) {
    const std::string isa = std::string(name(table->isa)) + "/";
    if (table->isa == Isa::avx512_vnni) continue;  // the float32 part of avx512
#if defined(__x86_64__)
    if (table->isa == Isa::avx2) benchmark::RegisterBenchmark((isa + "peak").c_str(), peak_avx2);
    if (table->isa == Isa::avx512) benchmark::RegisterBenchmark((isa + "peak").c_str(), peak_avx512);
#endif
    for (const Shape& s : kShapes) {
      benchmark::RegisterBenchmark((isa + "forward/" + s.name).c_str(), forward, table, s);
      benchmark::RegisterBenchmark((isa + "gradient/" + s.name).c_str(), weight_gradient, table, s);
    }
    benchmark::RegisterBenchmark((isa + "pack/rows").c_str(), pack, table, false);
    benchmark::RegisterBenchmark((isa + "pack/columns").c_str(), pack, table, true);
  }
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  thimble::register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
