// Constant weights in less flash than a byte, or a float, each, and their way back into memory: layers bring some rows
// (of an output each) there, then run the loops that they have anyway. The same bytes.
//
// A piece is some weights of one row, in whole bytes; pieces lie in the order in which a layer reads them.
//   bits 1 … 8: a code for each weight, the first in the lowest bits: the number of its value in the row's table.
//   bits 0:     for each eight weights a byte whose bits say which are not 0, the first in the lowest; the values of
//   those
//               lie one behind the other.
#pragma once

#include "micro/kernels/simd.h"

typedef struct thimble_form_s8 {
  const uint8_t* codes;
  const int8_t* values;  // the tables, or what is not 0
  thimble_dim table;     // values from a row's table to the next row's; 0: all rows have one
  int bits;
} thimble_form_s8;

typedef struct thimble_form_f32 {
  const uint8_t* codes;
  const float* values;
  thimble_dim table;
  int bits;
} thimble_form_f32;

// Of integers of 4 and 2 bits.
static const int8_t thimble_values_4[16] THIMBLE_FLASH = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
static const int8_t thimble_values_2[4] THIMBLE_FLASH = {0, 1, -2, -1};

static inline unsigned thimble_code_byte(const uint8_t* at) { return (uint8_t)thimble_read_s8((const int8_t*)at); }

// thimble_unpack_codes_T and thimble_unpack_sparse_T: n weights into memory, `step` elements from each other; what was
// read moves on.
#define THIMBLE_UNPACK(suffix, T)                                                                                    \
  THIMBLE_APART const uint8_t* thimble_unpack_codes_##suffix(const uint8_t* codes, const T* table, int bits,         \
                                                             thimble_dim n, thimble_dim step, T* to) {               \
    const unsigned mask = (1u << bits) - 1;                                                                          \
    unsigned buffer = 0;                                                                                             \
    int have = 0;                                                                                                    \
    if (bits == 4)                                                                                                   \
      for (; n > 1; n -= 2) {                                                                                        \
        const unsigned two = thimble_code_byte(codes++);                                                             \
        *to = thimble_read_##suffix(table + (two & 15u));                                                            \
        to += step;                                                                                                  \
        *to = thimble_read_##suffix(table + (two >> 4));                                                             \
        to += step;                                                                                                  \
      }                                                                                                              \
    if (bits == 2)                                                                                                   \
      for (; n > 3; n -= 4) {                                                                                        \
        unsigned four = thimble_code_byte(codes++);                                                                  \
        int i = 4;                                                                                                   \
        do {                                                                                                         \
          *to = thimble_read_##suffix(table + (four & 3u));                                                          \
          to += step;                                                                                                \
          four >>= 2;                                                                                                \
        } while (--i);                                                                                               \
      }                                                                                                              \
    for (; n > 0; --n, to += step) {                                                                                 \
      if (have < bits) {                                                                                             \
        buffer |= thimble_code_byte(codes++) << have;                                                                \
        have += 8;                                                                                                   \
      }                                                                                                              \
      *to = thimble_read_##suffix(table + (buffer & mask));                                                          \
      buffer >>= bits;                                                                                               \
      have -= bits;                                                                                                  \
    }                                                                                                                \
    return codes;                                                                                                    \
  }                                                                                                                  \
  THIMBLE_APART const uint8_t* thimble_unpack_sparse_##suffix(const uint8_t* codes, const T** values, thimble_dim n, \
                                                              thimble_dim step, T* to) {                             \
    const T* next = *values;                                                                                         \
    while (n > 0) {                                                                                                  \
      unsigned some = thimble_code_byte(codes++);                                                                    \
      thimble_dim count = n < 8 ? n : 8;                                                                             \
      n -= count;                                                                                                    \
      do {                                                                                                           \
        *to = some & 1u ? thimble_read_##suffix(next++) : (T)0;                                                      \
        to += step;                                                                                                  \
        some >>= 1;                                                                                                  \
      } while (--count);                                                                                             \
    }                                                                                                                \
    *values = next;                                                                                                  \
    return codes;                                                                                                    \
  }                                                                                                                  \
  /* n weights of a row; `form` is moved on. */                                                                      \
  static inline void thimble_unpack_##suffix(thimble_form_##suffix* form, thimble_dim row, thimble_dim n,            \
                                             thimble_dim step, T* to) {                                              \
    if (form->bits > 0)                                                                                              \
      form->codes =                                                                                                  \
          thimble_unpack_codes_##suffix(form->codes, form->values + row * form->table, form->bits, n, step, to);     \
    else                                                                                                             \
      form->codes = thimble_unpack_sparse_##suffix(form->codes, &form->values, n, step, to);                         \
  }
THIMBLE_UNPACK(s8, int8_t)
THIMBLE_UNPACK(f32, float)
#undef THIMBLE_UNPACK
