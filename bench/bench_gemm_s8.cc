// Speed of the int8 matrix product, per instruction set, on the shapes of small image networks. The
// counter `ops` is multiplications and additions per second; `of_peak` is its share of what this
// core reaches with nothing but vpdpbusd on registers, measured at the start (0 without VNNI).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
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
  int64_t m, k, taps, n;
};

// The fashion network of the studies (three 3×3 convolutions, a dense layer), pointwise layers of
// MobileNet, and a dense layer at batch 1.
constexpr Shape kShapes[] = {
    {"fashion_conv1", 676, 9, 1, 32},    {"fashion_conv2", 121, 32, 9, 64},   {"fashion_conv3", 9, 64, 9, 128},
    {"fashion_dense", 1, 128, 1, 10},    {"dense_1152x128", 1, 1152, 1, 128}, {"pointwise_32x64", 3136, 32, 1, 64},
    {"pointwise_128", 784, 128, 1, 128}, {"pointwise_512", 196, 512, 1, 512}, {"pointwise_1024", 49, 1024, 1, 1024},
    {"first_3x3x3", 12544, 9, 3, 32},
};

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vnni"))) double vnni_ops_per_second() {
  constexpr int kRounds = 200000;
  const __m512i b = _mm512_set1_epi32(3);
  double best = 0;
  for (int trial = 0; trial < 10; ++trial) {
    __m512i acc[16];
    for (__m512i& x : acc) {
      x = b;
      asm volatile("" : "+v"(x));  // sixteen separate chains
    }
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) {
#pragma GCC unroll 16
      for (int j = 0; j < 16; ++j) acc[j] = _mm512_dpbusd_epi32(acc[j], b, b);
      asm volatile("" ::"v"(acc[0]));
    }
    for (__m512i& x : acc) asm volatile("" ::"v"(x));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 16.0 * kRounds * 128.0 / seconds);
  }
  return best;
}
#endif

double peak_ops_per_second() {
  static const double peak = [] {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vnni")) return vnni_ops_per_second();
#endif
    return 0.0;
  }();
  return peak;
}

void run_shape(benchmark::State& state, const GemmS8Kernels& kernels, const Shape& s) {
  const size_t rows = static_cast<size_t>(s.m), columns = static_cast<size_t>(s.n);
  const size_t depth = static_cast<size_t>(s.k * s.taps);
  std::vector<uint8_t> a(rows * static_cast<size_t>(s.k) + 64, 131), c(rows * columns);
  std::vector<int8_t> b(depth * columns, 3);
  std::vector<int8_t> packed(static_cast<size_t>(kernels.packed_b_bytes(s.n, s.k, s.taps)));
  PackBS8Args pack;
  pack.k = s.k;
  pack.taps = s.taps;
  pack.n = s.n;
  pack.b = b.data();
  pack.column_stride = s.k * s.taps;
  pack.tap_stride = s.k;
  pack.packed = packed.data();
  kernels.pack_b(pack);

  const std::vector<int32_t> bias(columns, 5), multiplier(columns, 1518500249), shift(columns, -9);
  std::vector<int32_t> offsets;
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t t = 0; t < s.taps; ++t) offsets.push_back(static_cast<int32_t>((i + t / 3 * 13 + t % 3) % s.m * s.k));
  GemmS8Args args;
  args.m = s.m;
  args.n = s.n;
  args.k = s.k;
  args.taps = s.taps;
  args.a = a.data();
  args.lda = s.k;
  if (s.taps > 1) {
    args.offsets = offsets.data();
    args.pad = a.data();
  }
  args.b = packed.data();
  args.bias = bias.data();
  args.c_quantized = c.data();
  args.ldc = s.n;
  args.requant.multiplier = multiplier.data();
  args.requant.shift = shift.data();
  for (auto _ : state) {
    kernels.run_requant(args);
    benchmark::ClobberMemory();
  }
  const double ops = 2.0 * static_cast<double>(s.m * s.k * s.taps * s.n);
  state.counters["ops"] = benchmark::Counter(ops, benchmark::Counter::kIsIterationInvariantRate);
  if (peak_ops_per_second() > 0)
    state.counters["of_peak"] =
        benchmark::Counter(ops / peak_ops_per_second(), benchmark::Counter::kIsIterationInvariantRate);
}

void register_all() {
  for (const KernelTable* table : available_kernels()) {
    for (const Shape& shape : kShapes) {
      const std::string label = std::string("gemm_s8/") + name(table->isa) + "/" + shape.name;
      benchmark::RegisterBenchmark(label.c_str(), [table, &shape](benchmark::State& state) {
        run_shape(state, table->gemm_s8, shape);
      })->Unit(benchmark::kMicrosecond);
    }
  }
}

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  thimble::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
