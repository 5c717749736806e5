# Installation: the program with its data sets, studies and documentation, one archive with every room that the public headers need, the headers, a
# CMake package (find_package(thimble) gives thimble::thimble) and a pkg-config file. All paths are
# relative to the prefix, so an installed tree may be moved. In a project that uses
# add_subdirectory(), thimble::thimble is the same archive.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(TARGET thimble)  # the program
  install(TARGETS thimble RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endif()
foreach(folder studies datasets)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}")
    install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/thimble COMPONENT program)
  endif()
endforeach()

# The network that studies/own_photos.toml begins with.
install(FILES tests/models/mlperf-tiny/pretrainedResnet.tflite COMPONENT program
        DESTINATION ${CMAKE_INSTALL_DATADIR}/thimble/tests/models/mlperf-tiny)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT program)

if(TARGET thimble_api)
  # The rooms below api, and what they link besides: walked from the targets themselves.
  set(rooms thimble_api)
  set(libraries)
  set(queue thimble_api)
  while(queue)
    list(POP_FRONT queue target)
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    foreach(link IN LISTS links)
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
      if(link MATCHES "^thimble_" AND NOT link STREQUAL "thimble_flags" AND NOT link IN_LIST rooms)
        list(APPEND rooms ${link})
        list(APPEND queue ${link})
      elseif(link MATCHES "^(ZLIB::|zstd)")
        list(APPEND libraries ${link})
      endif()
    endforeach()
  endwhile()
  set(objects)
  foreach(room IN LISTS rooms)
    get_target_property(type ${room} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      thimble_objects_without_tables(own ${room})
      list(APPEND objects ${own})
      get_target_property(parts ${room} SOURCES)  # objects that a room takes from others (kernels per ISA)
      list(FILTER parts INCLUDE REGEX "TARGET_OBJECTS:")
      list(APPEND objects ${parts})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES libraries)

  # The public interface cannot train: other tables than those of the rooms, which know training.
  thimble_tables(thimble_api_tables ${THIMBLE_OPS})
  add_library(thimble_archive STATIC ${objects} $<TARGET_OBJECTS:thimble_api_tables>)
  add_library(thimble::thimble ALIAS thimble_archive)
  set_target_properties(thimble_archive PROPERTIES OUTPUT_NAME thimble EXPORT_NAME thimble LINKER_LANGUAGE CXX
    ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  target_compile_features(thimble_archive INTERFACE cxx_std_20)
  target_include_directories(thimble_archive INTERFACE
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(thimble_archive INTERFACE Threads::Threads ${libraries})
  target_link_options(thimble_archive INTERFACE -Wl,--gc-sections)  # a program takes what the tables name, no more

  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/thimble)
  install(TARGETS thimble_archive EXPORT thimble-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT thimble-targets NAMESPACE thimble:: DESTINATION ${package_dir})
  install(DIRECTORY include/thimble DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

  set(THIMBLE_FIND_DEPENDENCIES "find_dependency(Threads)")
  set(THIMBLE_PC_REQUIRES)
  if(libraries MATCHES "ZLIB::")
    string(APPEND THIMBLE_FIND_DEPENDENCIES "\nfind_dependency(ZLIB)")
    list(APPEND THIMBLE_PC_REQUIRES zlib)
  endif()
  if(libraries MATCHES "zstd")
    list(APPEND THIMBLE_PC_REQUIRES libzstd)
  endif()
  list(JOIN THIMBLE_PC_REQUIRES ", " THIMBLE_PC_REQUIRES)
  # From <prefix>/<libdir>/pkgconfig back to the prefix, for a relocatable file.
  file(RELATIVE_PATH THIMBLE_PC_PREFIX "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
  configure_package_config_file(cmake/thimble-config.cmake.in "${PROJECT_BINARY_DIR}/thimble-config.cmake"
    INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/thimble-config-version.cmake" COMPATIBILITY SameMinorVersion)
  configure_file(cmake/thimble.pc.in "${PROJECT_BINARY_DIR}/thimble.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/thimble-config.cmake" "${PROJECT_BINARY_DIR}/thimble-config-version.cmake"
    DESTINATION ${package_dir})
  install(FILES "${PROJECT_BINARY_DIR}/thimble.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()

# What `make install` has to build: everything that is installed, no test.
add_custom_target(installed)
foreach(target thimble thimble_archive thimble_mpi)
  if(TARGET ${target})
    add_dependencies(installed ${target})
  endif()
endforeach()
