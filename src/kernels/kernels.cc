// Fills one table per instruction set and chooses the one in force.
#include "kernels/kernels.h"

#include <atomic>

#include "base/cpu.h"
#include "base/environment.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {

constexpr int kMostTables = 4;

struct Tables {
  KernelTable table[kMostTables] = {};
  const KernelTable* list[kMostTables] = {};
  int count = 0;

  KernelTable& add(Isa isa) {
    KernelTable& t = table[count];
    t.isa = isa;
    list[count++] = &t;
    return t;
  }

  Tables() {
    {
      KernelTable& t = add(Isa::scalar);
      fill_gemm_s8_scalar(t.gemm_s8);
      fill_depthwise_s8_scalar(t.depthwise);
      fill_pool_s8_scalar(t.pool);
      fill_elementwise_s8_scalar(t.elementwise_s8);
    }
#if defined(__x86_64__)
    if (cpu_features().avx2_fma_f16c) {
      KernelTable& t = add(Isa::avx2);
      fill_gemm_s8_avx2(t.gemm_s8);
      fill_depthwise_s8_avx2(t.depthwise);
      fill_pool_s8_avx2(t.pool);
      fill_elementwise_s8_avx2(t.elementwise_s8);
    }
    if (cpu_features().avx512) {
      KernelTable& t = add(Isa::avx512);
      fill_gemm_s8_avx512(t.gemm_s8);
      fill_depthwise_s8_avx512(t.depthwise);
      fill_pool_s8_avx512(t.pool);
      fill_elementwise_s8_avx512(t.elementwise_s8);
    }
    if (cpu_features().avx512_vnni) {
      KernelTable& t = add(Isa::avx512_vnni);
      fill_gemm_s8_avx512_vnni(t.gemm_s8);
      fill_depthwise_s8_avx512_vnni(t.depthwise);
      fill_pool_s8_avx512_vnni(t.pool);
      fill_elementwise_s8_avx512_vnni(t.elementwise_s8);
    }
#elif defined(__aarch64__)
    if (cpu_features().neon) {
      KernelTable& t = add(Isa::neon);
      fill_gemm_s8_neon(t.gemm_s8);
      fill_depthwise_s8_neon(t.depthwise);
      fill_pool_s8_neon(t.pool);
      fill_elementwise_s8_neon(t.elementwise_s8);
    }
#endif
  }
};

const Tables& tables() {
  static const Tables built;
  return built;
}

const KernelTable* find(std::string_view isa_name) {
  for (const KernelTable* t : available_kernels()) {
    if (isa_name == name(t->isa)) return t;
  }
  return nullptr;
}

const KernelTable* default_table() {
  if (const auto wanted = environment(Knob::isa)) {
    if (const KernelTable* t = find(*wanted)) return t;
  }
  return available_kernels().back();
}

std::atomic<const KernelTable*> forced{nullptr};

}  // namespace

const char* name(Isa isa) {
  switch (isa) {
    case Isa::scalar: return "scalar";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    case Isa::avx512_vnni: return "avx512_vnni";
    case Isa::neon: return "neon";
  }
  return "unknown";
}

std::span<const KernelTable* const> available_kernels() { return {tables().list, size_t(tables().count)}; }

const KernelTable& kernels() {
  const KernelTable* t = forced.load(std::memory_order_acquire);
  if (t != nullptr) return *t;
  static const KernelTable* const chosen = default_table();
  return *chosen;
}

bool force_isa(std::string_view isa_name) {
  const KernelTable* t = isa_name.empty() ? nullptr : find(isa_name);
  if (t == nullptr && !isa_name.empty()) return false;
  forced.store(t, std::memory_order_release);
  return true;
}

}  // namespace thimble
