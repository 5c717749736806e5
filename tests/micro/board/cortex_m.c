// Cortex-M without a C library: vectors, start, and semihosting, through which files of the emulator's working
// directory are read and written. Memory comes from cortex_m.ld.
#include "board.h"

extern uint32_t data_start[], data_end[], data_image[], bss_start[], bss_end[], stack_top[];
int main(void);

static intptr_t host(intptr_t operation, const void* argument) {
  register intptr_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

// Modes as of fopen: 1 is "rb", 5 is "wb".
static intptr_t open_file(const char* name, size_t length, uintptr_t mode) {
  const uintptr_t argument[] = {(uintptr_t)name, mode, length};
  return host(0x01, argument);
}

size_t board_read(void* to, size_t bytes) {
  static intptr_t file = -1;
  if (file < 0) file = open_file("in.bin", 6, 1);
  const uintptr_t argument[] = {(uintptr_t)file, (uintptr_t)to, bytes};
  return bytes - (size_t)host(0x06, argument);  // it returns how many bytes are missing
}

void board_write(const void* from, size_t bytes) {
  static intptr_t file = -1;
  if (file < 0) file = open_file("out.bin", 7, 5);
  const uintptr_t argument[] = {(uintptr_t)file, (uintptr_t)from, bytes};
  host(0x05, argument);
}

_Noreturn void board_exit(int code) {
  const uintptr_t argument[] = {0x20026, (uintptr_t)code};
  for (;;) host(0x20, argument);
}

size_t board_stack_room(const uint8_t* sp) {
  const size_t room = (size_t)(sp - (const uint8_t*)bss_end);
  return room < 3 << 20 ? room : 3 << 20;
}

static void fault(void) { board_exit(BOARD_FAULT); }

static void start(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  *(volatile uint32_t*)0xE000ED88 |= 0xFu << 20;  // CPACR: the floating-point and vector unit
  __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
  const uint32_t* image = data_image;
  for (uint32_t* at = data_start; at < data_end; ++at) *at = *image++;
  for (uint32_t* at = bss_start; at < bss_end; ++at) *at = 0;
  main();
}

__attribute__((section(".vectors"), used)) static void* const vectors[16] = {
    stack_top, start, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
};
