// A process: standard input and output. Without a C library (rv32) the three calls come from rv32.c.
#include "board.h"

#include <unistd.h>

size_t board_read(void* to, size_t bytes) {
  size_t done = 0;
  for (ssize_t n = 1; done < bytes && n > 0; done += n > 0 ? (size_t)n : 0) n = read(0, (char*)to + done, bytes - done);
  return done;
}

void board_write(const void* from, size_t bytes) {
  for (ssize_t n; bytes > 0; from = (const char*)from + n, bytes -= (size_t)n)
    if ((n = write(1, from, bytes)) <= 0) _exit(1);
}

_Noreturn void board_exit(int code) { _exit(code); }

size_t board_stack_room(const uint8_t* sp) {
  (void)sp;
#ifdef __SANITIZE_ADDRESS__
  return 0;
#else
  return 3 << 20;
#endif
}
