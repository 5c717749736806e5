#include "app/cross_compile.h"

#include <gtest/gtest.h>

namespace thimble::app {
namespace {

constexpr const char* kListing =
    "m.o  :\nsection                size   addr\n.text                     0      0\n.data                     4      "
    "0\n"
    ".bss                      8      0\n.rodata.kws_t1         1000      0\n.text.kws_run           300      0\n"
    ".progmem.data           200      0\n.comment                 43      0\n.ARM.attributes          50      0\n"
    "Total                  1605\n";

TEST(CrossCompile, SectionsOfObjects) {
  const CompiledBytes bytes = sections_of(kListing, false);
  EXPECT_EQ(bytes.code, 300);
  EXPECT_EQ(bytes.flash, 300 + 1000 + 200 + 4);
  EXPECT_EQ(bytes.variables, 12);
}

TEST(CrossCompile, ConstantsThatAreCopiedToMemory) {
  EXPECT_EQ(sections_of(kListing, true).variables, 1012);
  EXPECT_EQ(sections_of("nothing of the kind\n", true).flash, 0);
}

}  // namespace
}  // namespace thimble::app
