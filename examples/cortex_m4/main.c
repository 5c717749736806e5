/* The sine as a network learned it, at half a radian a step. The status is that of the network's self-test. */
#include "board.h"
#include "sine.h"

static uint8_t arena[SINE_ARENA_BYTES] __attribute__((aligned(SINE_ARENA_ALIGNMENT)));

/* "-0.479": three digits behind the point. */
static void print_number(float value) {
  char text[12];
  char *at = text + sizeof text;
  long thousandths = (long)(value * 1000 + (value < 0 ? -0.5f : 0.5f));
  const int negative = thousandths < 0;
  int digits = 0;
  if (negative) thousandths = -thousandths;
  *--at = '\0';
  do {
    if (digits++ == 3) *--at = '.';
    *--at = (char)('0' + thousandths % 10);
    thousandths /= 10;
  } while (thousandths > 0 || digits < 4);
  if (negative) *--at = '-';
  board_print(at);
}

int main(void) {
  const int tested = sine_self_test_in(arena, sizeof arena);
  board_print(tested == 0 ? "self-test passed\n" : "self-test FAILED\n");
  for (int i = 0; i <= 12; ++i) {
    const float x = 0.5f * (float)i;
    float y;
    if (sine_run_float(arena, sizeof arena, &x, &y) != SINE_OK) return 1;
    board_print("x = ");
    print_number(x);
    board_print("   network ");
    print_number(y);
    board_print("\n");
  }
  return tested;
}
