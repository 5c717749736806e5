// Variants on other machines, in words: which ran, whether they answer as this machine does, and where sending the
// input away would be faster.
#pragma once

#include <string>

#include "report/study_result.h"

namespace thimble {

// "aarch64, Cortex-A72, 4 cores, 996 MB, Linux 6.1; emulated".
std::string device_text(const DeviceResult& device);

// The sentence about one device.
std::string device_answer(const StudyResult& result, const DeviceResult& device);

// From which to which delay the break-evens of the variants reach; empty for fewer than two.
std::string offload_sentence(const StudyResult& result, const DeviceResult& device);

// The round trip of a network (microseconds, the transfer of input and answer included) above which a run on the device
// is over before an answer of this machine would be there: what the device takes longer. Absent where either was not
// measured or the device's clock says nothing; 0 where the device is the faster one.
double break_even_us(const VariantResult& here, const DeviceResult& device, const DeviceVariant& there);

}  // namespace thimble
