// Numbers as people read them. KB is 1,000 bytes.
#pragma once

#include <cstdint>
#include <string>

namespace thimble {

// What became of a file's size: "3.76 times smaller", "1.4 % smaller", "as large as before", "grew by 2.1 %".
std::string size_change(int64_t before, int64_t after);
std::string format_bytes(double bytes);                         // "942 B", "131 KB", "1.29 MB"
std::string format_microseconds(double us);                     // "85.2 µs", "4.21 ms", "1.3 s"
std::string format_seconds(double seconds);                     // "0.82 s", "41 s", "3 min 05 s", "2 h 10 min"
std::string format_percent(double fraction, int decimals = 2);  // 0.9154 -> "91.54 %"
std::string format_count(int64_t n);                            // "128,266"
std::string format_quantity(double n);                          // "1.3 M", "128 k"
std::string format_number(double x, int significant = 4);       // "0.02431", "218,200" from 10,000 on; "–" for NaN

}  // namespace thimble
