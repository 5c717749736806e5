/* The sine as a network learned it, at half a radian a step, and how long a run takes. */
#include <zephyr/kernel.h>

#include "sine.h"

static uint8_t arena[SINE_ARENA_BYTES] __aligned(SINE_ARENA_ALIGNMENT);

int main(void) {
  const int tested = sine_self_test_in(arena, sizeof arena);
  printk("self-test: %d\n", tested);
  for (int i = 0; i <= 12; ++i) {
    const float x = 0.5f * (float)i;
    float y;
    const uint32_t start = k_cycle_get_32();
    const int status = sine_run_float(arena, sizeof arena, &x, &y);
    const uint32_t cycles = k_cycle_get_32() - start;
    if (status != SINE_OK) {
      printk("status %d\n", status);
      return status;
    }
    printk("x %d, sin(x) %d thousandths, %u cycles\n", (int)(1000 * x), (int)(1000 * y), (unsigned)cycles);
  }
  return tested;
}
