// Single fields of a table. Private to the csv files.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace thimble::csv {

std::string_view trimmed(std::string_view s);
// A finite number and nothing else; `decimal` is '.' or ','.
bool parse_number(std::string_view text, char decimal, double* out);
// Empty, NA, N/A, NaN, null, ? (letter case is free).
bool is_missing(std::string_view text);
// Digits with signs around and between them that make it no plain number: "$1,234", "12 %", "1'000".
bool looks_decorated(std::string_view text);
// What a user sees of a field: short, printable, cut between letters.
std::string shown(std::string_view field);
// "3" for 3.0; texts as they are, trimmed.
std::string class_name(std::string_view field, bool number, double value);

// Of the numbers of a column: about the first, so that a column far from 0 keeps its deviation.
struct Moments {
  int64_t numbers = 0;
  double low = 0, high = 0;

  void add(double value) {
    if (numbers++ == 0) origin_ = low = high = value;
    low = std::min(low, value);
    high = std::max(high, value);
    sum_ += value - origin_;
    squares_ += (value - origin_) * (value - origin_);
  }
  double mean() const { return numbers > 0 ? origin_ + sum_ / static_cast<double>(numbers) : 0; }
  double deviation() const;

 private:
  double origin_ = 0, sum_ = 0, squares_ = 0;
};
// What there is to say of large numbers close to each other (times as seconds, serial numbers), which become few values
// as float32, or one; else empty.
std::string precision_note(std::string_view column, const Moments& numbers, bool target);

}  // namespace thimble::csv
