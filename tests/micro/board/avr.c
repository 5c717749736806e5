// AVR under tools/avr_machine.c, which answers at the three general-purpose registers: GPIOR0 carries a byte from or to
// the host, GPIOR1 ends the run, GPIOR2 says whether there is a byte left to read.
#include "board.h"

#include <avr/io.h>

size_t board_read(void* to, size_t bytes) {
  size_t done = 0;
  while (done < bytes && GPIOR2) ((uint8_t*)to)[done++] = GPIOR0;
  return done;
}

void board_write(const void* from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) GPIOR0 = ((const uint8_t*)from)[i];
}

_Noreturn void board_exit(int code) {
  for (;;) GPIOR1 = (uint8_t)code;
}

size_t board_stack_room(const uint8_t* sp) {
  extern uint8_t __heap_start[];  // where the variables end
  if (sp < __heap_start + 64) board_exit(BOARD_STACK_FULL);
  return (size_t)(sp - __heap_start);
}
