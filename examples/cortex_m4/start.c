/* Vectors, what happens before main, and semihosting: a debugger or an emulator prints, and ends with main's status. */
#include <stdint.h>

#include "board.h"

extern uint32_t data_start[], data_end[], data_image[], bss_start[], bss_end[], stack_top[]; /* memory.ld */
int main(void);

static void semihost(uintptr_t operation, const void *argument) {
  register uintptr_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_print(const char *text) { semihost(0x04, text); }

static void end(int status) {
  const uintptr_t argument[] = {0x20026, (uintptr_t)status}; /* the program ended by itself */
  for (;;) semihost(0x20, argument);
}

static void fault(void) { end(255); }

static void reset(void) {
  const uint32_t *image = data_image;
  uint32_t *at;
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* CPACR: the floating-point unit */
  __asm__ volatile("dsb\n\tisb" ::: "memory");
  for (at = data_start; at < data_end; ++at) *at = *image++;
  for (at = bss_start; at < bss_end; ++at) *at = 0;
  end(main());
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    stack_top, reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
};
