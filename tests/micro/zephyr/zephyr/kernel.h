// As much of Zephyr as our application uses, on this machine.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define __aligned(bytes) __attribute__((aligned(bytes)))
#define printk printf

static inline uint32_t k_cycle_get_32(void) {
  static uint32_t cycles = 0;
  return cycles += 1000;
}
