// Single fields of a table. Private to the csv files.
#pragma once

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

}  // namespace thimble::csv
