# What a binary links of operators and kernels is decided by its tables alone, since every function of an operator stands
# in an object of its own in the archives of the rooms. So a library for fewer operators has the tables compiled again.
set(THIMBLE_TABLES kernels/kernels.cc ops/op.cc ops/operands.cc formats/tflite/builtins.cc runtime/lower.cc)
set(thimble_sources "${CMAKE_CURRENT_LIST_DIR}/../src")

# thimble_tables(NAME all|inference|operator…): the tables as a library of objects. inference: no operator and no kernel that
# only training runs; operators by their names in ops.def (`thimble ops`): those alone.
function(thimble_tables name)
  list(TRANSFORM THIMBLE_TABLES PREPEND "${thimble_sources}/" OUTPUT_VARIABLE sources)
  add_library(${name} OBJECT ${sources})
  target_link_libraries(${name} PRIVATE thimble_flags)
  if(NOT ARGN STREQUAL "all")
    target_compile_definitions(${name} PRIVATE THIMBLE_WITHOUT_TRAINING)
    if(NOT ARGN STREQUAL "inference")
      list(TRANSFORM ARGN PREPEND "Op::" OUTPUT_VARIABLE operators)
      list(JOIN operators ", " operators)
      target_compile_definitions(${name} PRIVATE "THIMBLE_OPERATORS=${operators}")
    endif()
  endif()
endfunction()

# thimble_objects_without_tables(VAR target): the objects of a room, all but its own tables.
function(thimble_objects_without_tables var target)
  string(REGEX REPLACE "^thimble_" "" room "${target}")
  set(tables ${THIMBLE_TABLES})
  list(FILTER tables INCLUDE REGEX "^${room}/")
  set(objects "$<TARGET_OBJECTS:${target}>")
  foreach(table IN LISTS tables)
    string(REGEX REPLACE "^${room}/(.*)[.]cc$" "[.]dir/([.]/)?\\1[.]cc[.]o" pattern "${table}")
    set(objects "$<FILTER:${objects},EXCLUDE,${pattern}>")
  endforeach()
  set(${var} "${objects}" PARENT_SCOPE)
endfunction()
