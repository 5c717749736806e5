// What a board gives to the driver: bytes from and to the host, an end, and room to measure the stack in.
#pragma once

#include <stddef.h>
#include <stdint.h>

// How a run ends, besides 0; runner.py says the sentences.
enum {
  BOARD_REFUSED = 40,       // its run function returned an error
  BOARD_ARENA_OVERRUN,      // it wrote outside the arena
  BOARD_OUTPUT_OVERRUN,     // it wrote outside the output
  BOARD_INPUT_CHANGED,      // it changed the input
  BOARD_SMALL_ARENA_TAKEN,  // it took an arena of one byte too few
  BOARD_STACK_FULL,         // the stack used all the room there is
  BOARD_SHORT_INPUT,        // the input file ends within a sample
  BOARD_FAULT,              // the processor met something illegal
  BOARD_SELF_TEST,          // its self-test fails
};

// Up to `bytes` bytes of the input file; less only at its end.
size_t board_read(void* to, size_t bytes);
void board_write(const void* from, size_t bytes);
_Noreturn void board_exit(int code);

// How many bytes below the stack pointer `sp` may be overwritten; 0: the stack is not measured here.
size_t board_stack_room(const uint8_t* sp);
