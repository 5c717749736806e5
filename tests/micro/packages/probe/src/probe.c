/* The probe: the same bytes by plain C, by the DSP instructions of Cortex-M4 and its kin, and by the vectors of
 * Cortex-M55. */
#include "probe.h"

#include <string.h>

#if defined(__AVR__)
#include <avr/pgmspace.h>
#define PROBE_FLASH PROGMEM
#define READ_S8(at) ((int8_t)pgm_read_byte(at))
#define READ_S32(at) ((int32_t)pgm_read_dword(at))
#else
#define PROBE_FLASH
#define READ_S8(at) (*(at))
#define READ_S32(at) (*(at))
#endif

#include "probe_weights.h"

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
static int32_t products(const int8_t* x, const int8_t* w, int32_t sum) {
  for (int i = 0; i < PROBE_INPUT_SIZE; i += 16) sum = vmladavaq_s8(sum, vldrbq_s8(x + i), vldrbq_s8(w + i));
  return sum;
}
#elif defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
static int32_t products(const int8_t* x, const int8_t* w, int32_t sum) {
  for (int i = 0; i < PROBE_INPUT_SIZE; i += 4) {
    uint32_t a, b;
    memcpy(&a, x + i, 4);
    memcpy(&b, w + i, 4);
    sum = __smlad(__sxtb16(a), __sxtb16(b), sum);
    sum = __smlad(__sxtb16(a >> 8), __sxtb16(b >> 8), sum);
  }
  return sum;
}
#else
static int32_t products(const int8_t* x, const int8_t* w, int32_t sum) {
  for (int i = 0; i < PROBE_INPUT_SIZE; ++i) sum += (int32_t)x[i] * READ_S8(w + i);
  return sum;
}
#endif

static int8_t requantized(int32_t sum, int32_t multiplier, int shift) {
  const int32_t high = (int32_t)(((int64_t)sum * multiplier + ((int64_t)1 << 30)) >> 31);
  const int32_t half = (int32_t)1 << shift >> 1;
  const int32_t y = 3 + (high < 0 ? -((half - high) >> shift) : (high + half) >> shift);
  return (int8_t)(y < -128 ? -128 : y > 127 ? 127 : y);
}

int probe_run(void* arena, size_t arena_bytes, const int8_t* in, int8_t* out) {
  if (arena_bytes < PROBE_ARENA_BYTES) return 1;
  int8_t* x = (int8_t*)arena + PROBE_INPUT_OFFSET;
  memmove(x, in, PROBE_INPUT_SIZE);
  float mean = 0;
  for (int i = 0; i < PROBE_INPUT_SIZE; ++i) mean += (float)x[i] * (1.0f / PROBE_INPUT_SIZE);
  for (int o = 0; o < PROBE_OUTPUT_SIZE - 1; ++o) {
    const int32_t sum = products(x, probe_weights + o * PROBE_INPUT_SIZE, READ_S32(probe_bias + o));
    out[o] = requantized(sum, READ_S32(probe_multiplier + o), READ_S8(probe_shift + o));
  }
  out[PROBE_OUTPUT_SIZE - 1] = (int8_t)(mean * 0.75f);
  return 0;
}
