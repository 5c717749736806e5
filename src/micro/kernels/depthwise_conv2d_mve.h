// depthwise_conv2d with MVE, windows of 3 × 3 (depthwise_conv2d_fast.h): of each channel the columns of three rows lie
// one behind the other, so that a window is nine bytes in turn and an output one instruction.
#pragma once

#include "micro/kernels/simd.h"
#include "ops/depthwise_conv2d/kernel.h"

#if defined(THIMBLE_MVE)
#define THIMBLE_NINE 1

enum { THIMBLE_STRIPS = 8 };  // channels that go together

static inline int thimble_is_nine(const thimble_depthwise_conv2d* p) {
  return p->h.kernel == 3 && p->h.dilation == 1 && p->w.kernel == 3 && p->w.dilation == 1 && p->w.stride <= 2 &&
         p->w.out <= 1024;  // strips are found by numbers of 16 bits
}

// Where taps lie, 8 bytes for each, for the lanes of a window whose rows begin with the first, second or third of those
// that lie there; the tenth is 0.
static const uint8_t thimble_turns[3][16] = {{0, 24, 48, 8, 32, 56, 16, 40, 64, 72, 72, 72, 72, 72, 72, 72},
                                             {48, 0, 24, 56, 8, 32, 64, 16, 40, 72, 72, 72, 72, 72, 72, 72},
                                             {24, 48, 0, 32, 56, 8, 40, 64, 16, 72, 72, 72, 72, 72, 72, 72}};

// What lines of outputs of four channels are made with; assembly knows the order.
typedef struct thimble_nine_lines {
  int8_t* y;  // of the next line
  const int8_t* x[4];
  thimble_dim channels;
  int32_t zero;
  thimble_dim columns;
  const int8_t* w;
  const uint8_t* turn;
  thimble_dim count;  // of channels that are there
  uint32_t lanes;     // the compiler's p0, which no list of assembly can name
  int32_t bias[4], multiplier[4], shift[4];
} thimble_nine_lines;

#define THIMBLE_NINE_LOOP(STEP)                                                                                       \
  __asm__ volatile(                                                                                                   \
      "vmrs lr, p0\n\tstr lr, [%[s], #44]\n\tldr lr, [%[s], #40]\n\t"                                                 \
      "ldrd r0, r2, [%[s], #32]\n\t"                                                                                  \
      "vctp.32 lr\n\t"                                                                                                \
      "vldrb.u8 q0, [r2]\n\t"                                                                                         \
      "vldrb.u8 q4, [r0, q0]\n\t"                                                                                     \
      "add r0, r0, #1\n\t"                                                                                            \
      "vldrb.u8 q5, [r0, q0]\n\t"                                                                                     \
      "add r0, r0, #1\n\t"                                                                                            \
      "vldrb.u8 q6, [r0, q0]\n\t"                                                                                     \
      "add r0, r0, #1\n\t"                                                                                            \
      "vldrb.u8 q7, [r0, q0]\n\t"                                                                                     \
      "vldrw.u32 q2, [%[s], #64]\n\t"                                                                                 \
      "vldrw.u32 q3, [%[s], #80]\n\t"                                                                                 \
      "ldr lr, [%[s], #28]\n\t"                                                                                       \
      "ldm %[s], {r1, r3, r5, r8, r9, r10, r11}\n\t"                                                                  \
      "wls lr, lr, 2f\n\t"                                                                                            \
      "1:\n\t"                                                                                                        \
      "vldrb.u8 q0, [r3], #" STEP                                                                                     \
      "\n\t"                                                                                                          \
      "vldrb.u8 q1, [r5], #" STEP                                                                                     \
      "\n\t"                                                                                                          \
      "vmladav.s8 r0, q0, q4\n\t"                                                                                     \
      "vldrb.u8 q0, [r8], #" STEP                                                                                     \
      "\n\t"                                                                                                          \
      "vmladav.s8 r2, q1, q5\n\t"                                                                                     \
      "vldrb.u8 q1, [r9], #" STEP                                                                                     \
      "\n\t"                                                                                                          \
      "vmladav.s8 r4, q0, q6\n\t"                                                                                     \
      "vmladav.s8 r6, q1, q7\n\t"                                                                                     \
      "vldrw.u32 q1, [%[s], #48]\n\t"                                                                                 \
      "vmov q0[2], q0[0], r0, r4\n\t"                                                                                 \
      "vmov q0[3], q0[1], r2, r6\n\t"                                                                                 \
      "vadd.i32 q0, q0, q1\n\t"                                                                                       \
      "vqrdmulh.s32 q0, q0, q2\n\t"                                                                                   \
      "vshr.s32 q1, q0, #31\n\t"                                                                                      \
      "vadd.i32 q0, q0, q1\n\t" /* the shift rounds half up: one less makes negative halves go away from zero */      \
      "vrshl.s32 q0, q0, q3\n\t"                                                                                      \
      "vadd.i32 q0, q0, r11\n\t"                                                                                      \
      "vqmovnb.s32 q0, q0\n\t"                                                                                        \
      "vqmovnb.s16 q0, q0\n\t"                                                                                        \
      "vpst\n\t"                                                                                                      \
      "vstrbt.32 q0, [r1]\n\t"                                                                                        \
      "add r1, r1, r10\n\t"                                                                                           \
      "le lr, 1b\n\t2:\n\tstr r1, [%[s]]\n\tldr lr, [%[s], #44]\n\tvmsr p0, lr"                                       \
      :                                                                                                               \
      : [s] "r"(lines)                                                                                                \
      : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "q2", "q3", "q4", "q5", \
        "q6", "q7", "cc", "memory")

THIMBLE_APART void thimble_nine_outputs(thimble_nine_lines* lines, thimble_dim stride) {
  if (stride == 1)
    THIMBLE_NINE_LOOP("3");
  else
    THIMBLE_NINE_LOOP("6");
}
#undef THIMBLE_NINE_LOOP

// Puts n pixels of up to 8 channels, `step` bytes from each other, into their strips; or padding.
static inline void thimble_spread(const int8_t* x, thimble_dim step, thimble_dim n, uint16x8_t strips,
                                  mve_pred16_t some, int8_t* to) {
  for (; n > 0; --n, x += step, to += 3) vstrbq_scatter_offset_s16(to, strips, vldrbq_z_s16(x, some));
}
static inline void thimble_spread_padding(int32_t zero, thimble_dim n, uint16x8_t strips, int8_t* to) {
  for (; n > 0; --n, to += 3) vstrbq_scatter_offset_s16(to, strips, vdupq_n_s16((int16_t)zero));
}

// strip: 24 bytes for each column, padding with it, and 80 for the taps.
THIMBLE_APART void thimble_depthwise_nine_s8(const thimble_depthwise_conv2d* p, const int8_t* x, const int8_t* w,
                                             const int32_t* bias, int8_t* y, int8_t* strip) {
  const thimble_dim channels = p->channels, width = (p->w.out - 1) * p->w.stride + 3, size = 3 * width;
  const thimble_dim room = width - p->w.pad, columns = p->w.in < room ? p->w.in : room;
  const uint16x8_t strips = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)size);
  int8_t* const taps = strip + THIMBLE_STRIPS * size;
  int8_t* const first = y;
  thimble_nine_lines lines[THIMBLE_STRIPS / 4];
  thimble_dim image, c, oh, k;
  for (k = 0; k < 3; ++k) thimble_spread_padding(p->x_zero, width, strips, strip + k);
  for (image = 0; image < p->batch; ++image) {
    for (c = 0; c < channels; c += THIMBLE_STRIPS) {
      const thimble_dim left = channels - c, count = left < THIMBLE_STRIPS ? left : (thimble_dim)THIMBLE_STRIPS;
      const mve_pred16_t some = vctp16q((uint32_t)count);
      thimble_dim ih = -p->h.pad;  // the rows before this are there already; row ih lies at (ih + pad) mod 3
      for (k = 0; k < 9; ++k) vstrbq_s16(taps + k * 8, vldrbq_z_s16(w + c + k * channels, some));
      vstrbq_s16(taps + 72, vdupq_n_s16(0));
      for (k = 0; k < count; k += 4) {
        thimble_nine_lines* const four = lines + k / 4;
        const mve_pred16_t there = vctp32q((uint32_t)(count - k));
        const int8_t* at = strip + k * size;
        thimble_dim i;
        for (i = 0; i < 4; ++i, at += size) four->x[i] = at;
        four->y = y + c + k;
        four->channels = channels;
        four->zero = p->y.zero;
        four->columns = p->w.out;
        four->w = taps + k;
        four->count = count - k;
        vstrwq_s32(four->bias, vldrwq_z_s32(bias + c + k, there));
        vstrwq_s32(four->multiplier, vldrwq_z_s32(p->y.multiplier + c + k, there));
        vstrwq_s32(four->shift, vldrbq_z_s32(p->y.shift + c + k, there));
      }
      for (oh = 0; oh < p->h.out; ++oh) {
        const thimble_dim top = thimble_input_of(&p->h, oh, 0);
        const thimble_dim turn = (top + p->h.pad) % 3;
        for (ih = ih < top ? top : ih; ih < top + 3; ++ih) {
          const thimble_dim slot = turn + ih - top;
          int8_t* const row = strip + (slot < 3 ? slot : slot - 3);
          if (ih >= 0 && ih < p->h.in)
            thimble_spread(x + c + ih * p->w.in * channels, channels, columns, strips, some, row + 3 * p->w.pad);
          else
            thimble_spread_padding(p->x_zero, width, strips, row);
        }
        for (k = 0; k < count; k += 4) {
          lines[k / 4].turn = thimble_turns[turn];
          thimble_nine_outputs(lines + k / 4, p->w.stride);
        }
      }
    }
    x += p->h.in * p->w.in * channels;
    y += p->h.out * p->w.out * channels;
  }
  thimble_limit(p->y.lo, p->y.hi, first, y - first);
}
#endif
