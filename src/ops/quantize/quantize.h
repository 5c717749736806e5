// quantize: float32 → int8, uint8, int16 per tensor or per axis (q = round(x / s) + z, halves away from
// zero, saturated; NaN gives the zero point), or between integer types per tensor, also from int32 and from int16 to
// int32 (requantisation with double rounding; LiteRT's answers per axis are those of no scale, so that is refused).
// dequantize: int8, uint8, int16, constant int4, constant int32 (biases, z = 0), per tensor or per axis → float32,
// s · (q − z); float16 → float32.
// cast: between any of float32, float16, float64, bfloat16, int8, uint8, int16, uint16, int32, uint32, int64, uint64,
// bool, complex64. Floats truncate toward zero and saturate, NaN gives the largest value; integers wrap; anything but 0
// is true; of complex numbers the real part counts; 16-bit floats are rounded from float32.
// The output's type (and scale) is the one declared.
#pragma once

#include "ops/op.h"
#include "ops/quantize/kernel.h"

void fields(thimble::PlanVisitor& v, const thimble_quantize& p);
void fields(thimble::PlanVisitor& v, const thimble_dequantize& p);
inline void fields(thimble::PlanVisitor& v, const thimble_cast& p) { v.number("elements", p.n); }
