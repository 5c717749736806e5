// depthwise_conv2d with the DSP extension, windows of 3 × 3 and channels by fours (depthwise_conv2d_fast.h): of each
// channel three rows lie beside each other in a column, two of which meet their taps at once.
#pragma once

#include "micro/kernels/simd.h"
#include "ops/depthwise_conv2d/kernel.h"

#if defined(THIMBLE_DSP) && defined(THIMBLE_THUMB)
#define THIMBLE_NINE 1

static inline int thimble_is_nine(const thimble_depthwise_conv2d* p) {
  return p->h.kernel == 3 && p->h.dilation == 1 && p->w.kernel == 3 && p->w.dilation == 1 && p->w.stride <= 2 &&
         p->w.out > 0 && p->w.out < 32768 && p->channels % 4 == 0;
}

enum { THIMBLE_COLUMN = 16 };  // cells: of four channels three rows and one that nothing looks at

// Taps of a channel are five words: those of two rows for each column; of the third row those of two columns; the last
// one, above it the columns but one. All are doubled, as is the bias.

// What lines of outputs of a channel are made with; assembly knows the order.
typedef struct thimble_nine_lines {
  const uint32_t* taps;
  const int16_t* x;
  int8_t* y;  // of the next line
  int32_t multiplier, scale, bias, zero;
  thimble_dim channels;
} thimble_nine_lines;

#define THIMBLE_NINE_LOOP(STEP)                                    \
  __asm__ volatile(                                                \
      "push {r7}\n\t"                                              \
      "ldm %[s], {r0, r3, r4, r10, r11, lr}\n\t"                   \
      "ldm r0, {r5, r6, r7, r8, r9}\n\t"                           \
      "1:\n\t"                                                     \
      "ldrd r0, r1, [r3], #" STEP                                  \
      "\n\t"                                                       \
      "smlad r2, r0, r5, lr\n\t"                                   \
      "smlabb r2, r1, r8, r2\n\t"                                  \
      "ldrd r0, r1, [r3, #32 - " STEP                              \
      "]\n\t"                                                      \
      "smlad r2, r0, r6, r2\n\t"                                   \
      "smlabt r2, r1, r8, r2\n\t"                                  \
      "ldrd r0, r1, [r3, #64 - " STEP                              \
      "]\n\t"                                                      \
      "smlad r2, r0, r7, r2\n\t"                                   \
      "smlabb r2, r1, r9, r2\n\t"                                  \
      "ldrd r0, r1, [%[s], #24]\n\t"                               \
      "smmulr r2, r2, r10\n\t"                                     \
      "add r2, r2, r2, asr #31\n\t" /* halves go away from zero */ \
      "smmlsr r2, r2, r11, r0\n\t"                                 \
      "ssat r2, #8, r2\n\t"                                        \
      "strb r2, [r4]\n\t"                                          \
      "add r4, r4, r1\n\t"                                         \
      "subs r9, r9, #65536\n\t"                                    \
      "bpl 1b\n\t"                                                 \
      "str r4, [%[s], #8]\n\t"                                     \
      "pop {r7}"                                                   \
      :                                                            \
      : [s] "h"(lines)                                             \
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "cc", "memory")

// A line of outputs of four channels, whose taps lie 15 words from each other.
THIMBLE_APART void thimble_nine_outputs(thimble_nine_lines* lines, const uint32_t* taps, thimble_dim stride) {
  const thimble_nine_lines* const end = lines + 4;
  for (; lines != end; ++lines, taps += 15) {
    lines->taps = taps;
    if (stride == 1)
      THIMBLE_NINE_LOOP("32");
    else
      THIMBLE_NINE_LOOP("64");
  }
}
#undef THIMBLE_NINE_LOOP

// The taps of a channel for windows whose rows begin with the first, second or third that lies there.
THIMBLE_APART uint32_t* thimble_nine_turns(const int8_t* w, thimble_dim next, uint32_t columns, uint32_t* to) {
  const int8_t *a = w, *b = w + 3 * next, *c = b + 3 * next, *d;
  thimble_dim turn, k;
  for (turn = 0; turn < 3; ++turn, to += 5) {
    for (k = 0; k < 3; ++k) to[k] = thimble_low_halves((uint32_t)(a[k * next] * 2), (uint32_t)(b[k * next] * 2));
    to[3] = thimble_low_halves((uint32_t)(c[0] * 2), (uint32_t)(c[next] * 2));
    to[4] = thimble_low_halves((uint32_t)(c[2 * next] * 2), columns - 1);
    d = c, c = b, b = a, a = d;
  }
  return to;
}

// Puts n pixels of four channels, `step` bytes from each other, into a row of columns.
THIMBLE_APART void thimble_spread(const int8_t* x, thimble_dim step, thimble_dim n, int16_t* to) {
  for (; n > 0; --n, x += step) {
    *to = x[0];
    to += THIMBLE_COLUMN;
    to[4 - THIMBLE_COLUMN] = x[1];
    to[8 - THIMBLE_COLUMN] = x[2];
    to[12 - THIMBLE_COLUMN] = x[3];
  }
}

// strip: 32 bytes for each column, padding with it.
THIMBLE_APART void thimble_depthwise_nine_s8(const thimble_depthwise_conv2d* p, const int8_t* x, const int8_t* w,
                                             const int32_t* bias, int8_t* y, int16_t* strip) {
  const thimble_dim channels = p->channels, width = (p->w.out - 1) * p->w.stride + 3;
  const thimble_dim room = width - p->w.pad, columns = p->w.in < room ? p->w.in : room;
  const uint32_t zeros = (uint32_t)(p->x_zero & 255) * 0x01010101u, two = thimble_even(zeros);
  int8_t* const first = y;
  thimble_nine_lines lines[4];
  uint32_t taps[4 * 15];
  thimble_dim image, c, oh, k;
  for (k = 0; k < THIMBLE_COLUMN * width; k += 2) memcpy(strip + k, &two, sizeof two);
  for (image = 0; image < p->batch; ++image) {
    for (c = 0; c < channels; c += 4) {
      thimble_dim ih = -p->h.pad;  // the rows before this are there already; row ih lies at (ih + pad) mod 3
      uint32_t* turns = taps;
      for (k = 0; k < 4; ++k) {
        lines[k].x = strip + 4 * k;
        lines[k].y = y + c + k;
        lines[k].multiplier = p->y.multiplier[c + k];
        lines[k].scale = thimble_scale_of(p->y.shift[c + k]);
        lines[k].bias = (int32_t)((uint32_t)bias[c + k] * 2);
        lines[k].zero = p->y.zero;
        lines[k].channels = channels;
        turns = thimble_nine_turns(w + c + k, channels, (uint32_t)p->w.out, turns);
      }
      for (oh = 0; oh < p->h.out; ++oh) {
        const thimble_dim top = thimble_input_of(&p->h, oh, 0);
        const thimble_dim turn = (top + p->h.pad) % 3;
        for (ih = ih < top ? top : ih; ih < top + 3; ++ih) {
          const thimble_dim slot = turn + ih - top;
          int16_t* const row = strip + (slot < 3 ? slot : slot - 3);
          if (ih >= 0 && ih < p->h.in)
            thimble_spread(x + c + ih * p->w.in * channels, channels, columns, row + THIMBLE_COLUMN * p->w.pad);
          else
            thimble_spread((const int8_t*)&zeros, 0, width, row);
        }
        thimble_nine_outputs(lines, taps + turn * 5, p->w.stride);
      }
    }
    x += p->h.in * p->w.in * channels;
    y += p->h.out * p->w.out * channels;
  }
  thimble_limit(p->y.lo, p->y.hi, first, y - first);
}
#endif
