/* A dense layer of 64 inputs and 8 outputs, and the mean of the inputs behind them: small enough to check by hand, and
   it touches what a board must have set up: tables in flash, memory functions, the vector instructions that the
   compiler announces, 64-bit products, float arithmetic. */
#ifndef PROBE_H
#define PROBE_H

#include <stddef.h>
#include <stdint.h>

#define PROBE_INPUT_SIZE 64
#define PROBE_OUTPUT_SIZE 9
#define PROBE_ARENA_BYTES 80
#define PROBE_INPUT_OFFSET 0
#define PROBE_OUTPUT_OFFSET 64

#ifdef __cplusplus
extern "C" {
#endif

/* 0, or 1 where the arena is too small. in and out may lie anywhere, also in the arena at the offsets above. */
int probe_run(void* arena, size_t arena_bytes, const int8_t* in, int8_t* out);

#ifdef __cplusplus
}
#endif
#endif
