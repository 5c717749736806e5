// The kernel tables of this build, which of them the machine can run, and which is in force.
#include "kernels/kernels.h"

#include <array>
#include <atomic>

#include "base/cpu.h"
#include "base/environment.h"
#include "kernels/f32_fill.h"
#include "kernels/s8_fill.h"

namespace thimble {
namespace {

// What only training runs; a build for inference has none of it (cmake/tables.cmake).
#ifdef THIMBLE_WITHOUT_TRAINING
#define THIMBLE_FILL_TRAINING(table, f32)
#else
#define THIMBLE_FILL_TRAINING(table, f32)     \
  fill_gemm_f32_grad_##f32(table.gemm_f32);   \
  fill_depthwise_grad_##f32(table.depthwise); \
  fill_map_grad_##f32(table.map);             \
  fill_pool_grad_##f32(table.pool);           \
  fill_lstm_grad_##f32(table.lstm);           \
  fill_update_##f32(table.update);
#endif

// f32: the instruction set of the float32 units; s8: of the int8 units.
#define THIMBLE_FILL_TABLE(table, f32, s8)        \
  fill_gemm_f32_##f32(table.gemm_f32);            \
  fill_depthwise_##f32(table.depthwise);          \
  fill_map_##f32(table.map);                      \
  fill_reduce_##f32(table.reduce);                \
  fill_pool_##f32(table.pool);                    \
  fill_lstm_##f32(table.lstm);                    \
  fill_sparse_##f32(table.sparse);                \
  fill_palette_##f32(table.palette);              \
  fill_gemm_s8_##s8(table.gemm_s8);               \
  fill_sparse_s8_##s8(table.sparse);              \
  fill_depthwise_s8_##s8(table.depthwise);        \
  fill_pool_s8_##s8(table.pool);                  \
  fill_elementwise_s8_##s8(table.elementwise_s8); \
  THIMBLE_FILL_TRAINING(table, f32)

struct Tables {
  std::array<KernelTable, 4> tables = {};  // slowest first
  std::array<const KernelTable*, 4> available = {};
  size_t count = 0;

  KernelTable& add(Isa isa) {
    KernelTable& table = tables[count];
    available[count++] = &table;
    table.isa = isa;
    return table;
  }

  Tables() {
    KernelTable& scalar = add(Isa::scalar);
    THIMBLE_FILL_TABLE(scalar, scalar, scalar)
    [[maybe_unused]] const CpuFeatures& cpu = cpu_features();
#if defined(__x86_64__)
    if (cpu.avx2_fma_f16c) {
      KernelTable& avx2 = add(Isa::avx2);
      THIMBLE_FILL_TABLE(avx2, avx2, avx2)
      fill_palette_s8_avx2(avx2.palette);
    }
    if (cpu.avx512) {
      KernelTable& avx512 = add(Isa::avx512);
      THIMBLE_FILL_TABLE(avx512, avx512, avx512)
    }
    if (cpu.avx512_vnni) {
      KernelTable& vnni = add(Isa::avx512_vnni);
      THIMBLE_FILL_TABLE(vnni, avx512, avx512_vnni)
    }
#elif defined(__aarch64__)
    KernelTable& neon = add(Isa::neon);
    THIMBLE_FILL_TABLE(neon, neon, neon)
    if (cpu.dot_product) {
      KernelTable& dot = add(Isa::neon_dot);
      THIMBLE_FILL_TABLE(dot, neon, neon)
      fill_gemm_s8_neon_dot(dot.gemm_s8);
    }
#elif defined(__arm__) && defined(__ARM_NEON)
    KernelTable& neon = add(Isa::neon);
    THIMBLE_FILL_TABLE(neon, scalar, neon)
#endif
  }
};

const Tables& tables() {
  static const Tables all;
  return all;
}

const KernelTable* find(std::string_view isa_name) {
  for (const KernelTable* table : available_kernels()) {
    if (isa_name == name(table->isa)) return table;
  }
  return nullptr;
}

const KernelTable& default_table() {
  static const KernelTable* const chosen = [] {
    const KernelTable* named = nullptr;
    if (const auto isa = environment(Knob::isa)) named = find(*isa);
    return named != nullptr ? named : available_kernels().back();
  }();
  return *chosen;
}

std::atomic<const KernelTable*> forced{nullptr};

}  // namespace

const char* name(Isa isa) {
  constexpr const char* kNames[] = {"scalar", "avx2", "avx512", "avx512_vnni", "neon", "neon_dot"};
  return kNames[static_cast<int>(isa)];
}

std::span<const KernelTable* const> available_kernels() { return {tables().available.data(), tables().count}; }

const KernelTable& kernels() {
  const KernelTable* table = forced.load(std::memory_order_acquire);
  return table != nullptr ? *table : default_table();
}

bool force_isa(std::string_view isa_name) {
  const KernelTable* table = isa_name.empty() ? nullptr : find(isa_name);
  if (table == nullptr && !isa_name.empty()) return false;
  forced.store(table, std::memory_order_release);
  return true;
}

}  // namespace thimble
