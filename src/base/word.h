// A word that a user can write, and what it means: a row of the tables that readers look words up in, so that what is
// listed (`thimble words`) is what is read.
#pragma once

#include <string>

namespace thimble {

struct Word {
  std::string word, about;
};

}  // namespace thimble
