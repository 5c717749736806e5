# thimble_room(NAME [OUTER] [DEPENDS room…] [LIBRARIES target…] [EXCLUDE regex…] [SOURCES file…])
# OUTER: nothing in it runs per sample, so that it is optimised less and compiles a quarter faster.
# A room is one object-like static library of every .cc below its folder, its x_test.cc files one
# test program `NAME_test`. Files are found, not listed: a new file needs no edit here.
add_library(thimble_flags INTERFACE)
target_include_directories(thimble_flags INTERFACE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include")
target_compile_options(thimble_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-psabi
  -Wno-missing-field-initializers -Wno-restrict -ffp-contract=off -fno-math-errno)
# Each function in a section of its own: what tables do not name (cmake/tables.cmake) the linker leaves out.
target_compile_options(thimble_flags INTERFACE -ffunction-sections -fdata-sections)

# What nearly every file includes is compiled once per kind of target: the first one makes it, the others take it.
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without: every file includes what it uses.
set(common_headers <algorithm> <cmath> <cstring> <functional> <map> <memory> <optional> <span> <string> <vector>
  "${CMAKE_CURRENT_LIST_DIR}/../src/base/result.h")
function(thimble_common_headers target first)
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  elseif(TARGET ${first})
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()

# thimble_time_limit(SECONDS test…): what a test may take; in a build with a sanitizer twenty times that.
set(thimble_slower 1)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  set(thimble_slower 20)
endif()
function(thimble_time_limit seconds)
  math(EXPR limit "${seconds} * ${thimble_slower}")
  set_tests_properties(${ARGN} PROPERTIES TIMEOUT ${limit})
endfunction()

# thimble_test_program(NAME target…): a program of GoogleTest with the options of all such, linked with `target`s.
function(thimble_test_program name)
  target_link_libraries(${name} PRIVATE ${ARGN} GTest::gtest GTest::gtest_main)
  # A third of the compile time of a test is optimisation that its few loops do not need (and a half inlined operator new
  # of a test that counts allocations looks like a mistake).
  target_compile_options(${name} PRIVATE -Wno-conversion $<$<CONFIG:Release>:-Og -Wno-mismatched-new-delete>)
  thimble_common_headers(${name} base_test <gtest/gtest.h> ${common_headers})
endfunction()

function(thimble_room name)
  cmake_parse_arguments(R "OUTER" "" "DEPENDS;LIBRARIES;EXCLUDE;SOURCES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  foreach(pattern IN LISTS R_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${pattern}")
    list(FILTER tests EXCLUDE REGEX "${pattern}")
  endforeach()
  list(APPEND sources ${R_SOURCES})
  if(NOT sources)
    add_library(thimble_${name} INTERFACE)
    return()
  endif()
  add_library(thimble_${name} STATIC ${sources})
  target_link_libraries(thimble_${name} PUBLIC thimble_flags Threads::Threads)
  foreach(dep IN LISTS R_DEPENDS)
    target_link_libraries(thimble_${name} PUBLIC thimble_${dep})
  endforeach()
  target_link_libraries(thimble_${name} PRIVATE ${R_LIBRARIES})
  set(first thimble_base)
  if(THIMBLE_SMALL AND NOT name MATCHES "^(base|kernels|ops|runtime|train)$")
    set(first thimble_graph)  # headers that were compiled for speed do not serve what is compiled for size
    target_compile_options(thimble_${name} PRIVATE $<$<CONFIG:Release>:-Os>)
  elseif(R_OUTER)
    target_compile_options(thimble_${name} PRIVATE $<$<CONFIG:Release>:-Og>)
  endif()
  if(NOT name STREQUAL "kernels")  # they have flags of their own
    thimble_common_headers(thimble_${name} ${first} ${common_headers})
  endif()
  if(THIMBLE_TESTS AND tests)
    add_executable(${name}_test ${tests})
    thimble_test_program(${name}_test thimble_${name} ${R_LIBRARIES})
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    # A temporary folder of its own: tests of two build trees at once do not write over each other's files.
    file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/Testing/${name}")
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "TEST_TMPDIR=${PROJECT_BINARY_DIR}/Testing/${name}/")
    thimble_time_limit(300 ${name})
  endif()
endfunction()
