// By what a user's own set is recognised again.
#pragma once

#include <string>
#include <string_view>

namespace thimble {

// 16 hexadecimal digits: of a folder the names (below it) and sizes of its pictures, of a table or an archive its
// content, of a function its formula. A set that is moved or renamed keeps its fingerprint. Empty for the sets that
// come with the program, which divide themselves, and for what cannot be read.
std::string set_fingerprint(std::string_view set);

}  // namespace thimble
