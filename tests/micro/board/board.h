// What a board gives to the driver: bytes from and to the host, an end, and room to measure the stack in.
#pragma once

#include <stddef.h>
#include <stdint.h>

// How a run ends, besides 0. (run_board.py has a sentence for each.)
enum {
  BOARD_REFUSED = 40,       // the package's run function returned an error
  BOARD_ARENA_OVERRUN,      // bytes beside the arena have changed
  BOARD_OUTPUT_OVERRUN,     // bytes beside the output have changed
  BOARD_INPUT_CHANGED,      // the input has
  BOARD_SMALL_ARENA_TAKEN,  // an arena of one byte too few was accepted
  BOARD_STACK_FULL,         // the stack used all the room there is
  BOARD_SHORT_INPUT,        // the input file ends within a sample
  BOARD_FAULT,              // the processor met something illegal
  BOARD_SELF_TEST,          // the package's own test fails
};

// Up to `bytes` bytes of the input file; less only at its end.
size_t board_read(void* to, size_t bytes);
void board_write(const void* from, size_t bytes);
_Noreturn void board_exit(int code);

// How many bytes below the stack pointer `sp` may be overwritten; 0: the stack is not measured here.
size_t board_stack_room(const uint8_t* sp);
