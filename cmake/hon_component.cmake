# The few functions that the CMakeLists of the rooms are written in.

set(HON_TEST_PREFIX "" CACHE STRING "Put before the name of each test, to tell the builds apart")

# The components that fuzz targets run through, which tell them where they went.
set(hon_fuzzed base io tls url http h2 websocket adaptor client server)

# hon_component(NAME SOURCES a.cc ... DEPENDS base io ... [LINK target ...] [PRIVATE target ...])
# Declares the component target hon::NAME with its sources in the calling folder. LINK is for
# libraries that the component's headers show, PRIVATE for those that only its sources use. With
# BUILD_SHARED_LIBS its code goes into libhon, and hon::NAME is a name of that.
function(hon_component name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LINK;PRIVATE" ${ARGN})
  set(target hon_${name})
  if(arg_SOURCES AND BUILD_SHARED_LIBS)
    hon_shared_objects(${target}_objects SOURCES ${arg_SOURCES} LINK ${arg_LINK} PRIVATE ${arg_PRIVATE})
    set(arg_SOURCES "")
    list(APPEND arg_LINK hon_hon)
  endif()
  if(arg_SOURCES)
    add_library(${target} ${arg_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(hon::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} ${scope} cxx_std_20)
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(${target} ${scope} hon::${dependency})
  endforeach()
  target_link_libraries(${target} ${scope} ${arg_LINK})
  if(arg_SOURCES)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PRIVATE ${arg_PRIVATE})
    hon_library_flags(${target})
    if(HON_BUILD_FUZZ AND name IN_LIST hon_fuzzed)
      target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
  endif()
  set_property(GLOBAL APPEND PROPERTY HON_COMPONENTS ${target})
endfunction()

# How the code of the library is compiled, wherever it goes.
function(hon_library_flags target)
  hon_flags(${target})
  hon_harden(${target})
  if(HON_HARDENED)
    target_compile_options(${target} PRIVATE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Position-independent code of g++ otherwise calls even a file's own functions as if somebody
    # might replace them, and inlines none. clang does not.
    target_compile_options(${target} PRIVATE
      $<$<NOT:$<CONFIG:Debug>>:-fno-semantic-interposition>)
  endif()
  if(HON_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Fat: the objects serve plain links too, those of the tests and of any other compiler.
    target_compile_options(${target} PRIVATE -flto=auto -ffat-lto-objects)
  endif()
endfunction()

# hon_shared_objects(TARGET SOURCES ... LINK ... PRIVATE ...): a component's part of libhon. Nothing of it
# is visible but what public headers declare: sources see those through a header that says so.
function(hon_shared_objects target)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  set(visible ${PROJECT_BINARY_DIR}/visible)
  if(NOT TARGET hon_usage)
    add_library(hon_usage INTERFACE)  # what the sources of a component see of those below it
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
      ${PROJECT_SOURCE_DIR}/include/hon/*.h)
    set(all "")
    foreach(header IN LISTS headers)
      string(APPEND all "#include \"${header}\"\n")
      file(CONFIGURE OUTPUT ${visible}/${header} CONTENT "#pragma once
#pragma GCC visibility push(default)
#include \"${PROJECT_SOURCE_DIR}/include/${header}\"
#pragma GCC visibility pop
")
    endforeach()
    # Before anything else: a class is as visible as where it is first named.
    file(CONFIGURE OUTPUT ${visible}/all.h CONTENT "${all}")
  endif()
  target_link_libraries(hon_usage INTERFACE ${arg_LINK})
  add_library(${target} OBJECT ${arg_SOURCES})
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(${target} PRIVATE
    ${visible} ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(${target} PRIVATE -include ${visible}/all.h)
  target_link_libraries(${target} PRIVATE hon_usage ${arg_PRIVATE})
  hon_library_flags(${target})
  set_property(GLOBAL APPEND PROPERTY HON_SHARED_OBJECTS ${target})
  set_property(GLOBAL APPEND PROPERTY HON_SHARED_LINK ${arg_LINK})
  set_property(GLOBAL APPEND PROPERTY HON_SHARED_PRIVATE ${arg_PRIVATE})
endfunction()

# hon_shared_library(TARGET): libhon, of the objects of all components.
function(hon_shared_library target)
  add_library(${target} SHARED)
  get_property(objects GLOBAL PROPERTY HON_SHARED_OBJECTS)
  foreach(part IN LISTS objects)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
  endforeach()
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME hon
    LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  get_property(link GLOBAL PROPERTY HON_SHARED_LINK)
  get_property(private GLOBAL PROPERTY HON_SHARED_PRIVATE)
  target_link_libraries(${target} PUBLIC ${link} PRIVATE ${private})
  hon_flags(${target})
  hon_harden(${target})
endfunction()

# Whether this build is hardened: optimised ones for an ELF system, unless a sanitizer watches.
set(HON_HARDENED OFF)
if(HON_HARDEN AND NOT HON_SANITIZE AND NOT APPLE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug"
   AND NOT CMAKE_BUILD_TYPE STREQUAL "")
  set(HON_HARDENED ON)
endif()

# hon_harden(TARGET): canaries in frames with arrays, probes of large frames; programs and shared
# libraries are bound when they start, and have no memory that is both written and executed. The
# shadow stack of CET is left out: fibers switch stacks.
function(hon_harden target)
  if(NOT HON_HARDENED)
    return()
  endif()
  target_compile_options(${target} PRIVATE -fstack-protector-strong -fstack-clash-protection)
  get_target_property(kind ${target} TYPE)
  if(kind STREQUAL "EXECUTABLE" OR kind STREQUAL "SHARED_LIBRARY")
    target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now,-z,noexecstack)
  endif()
endfunction()

# The warnings and sanitizers that all our own code is built with.
function(hon_flags target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wcast-qual
    -Wformat=2 -Wundef)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # The warning reports overlaps in std::string's operator+ that do not exist (GCC bug 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The warning takes the sources of a unity build for headers.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  if(HON_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(HON_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${HON_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${HON_SANITIZE})
    if(HON_SANITIZE MATCHES "undefined")
      target_compile_options(${target} PUBLIC -fno-sanitize-recover=undefined)
    endif()
    if(HON_SANITIZE_EXCEPT)
      target_compile_options(${target} PUBLIC -fno-sanitize=${HON_SANITIZE_EXCEPT})
    endif()
  endif()
endfunction()

# hon_program(NAME SOURCES a.cc ... LINK hon::x ...): a program in bin/, optimised across files
# where the preset says so.
function(hon_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  # So that the stack in a report of a stall has the names of functions.
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)
  hon_flags(${name})
  hon_harden(${name})
  if(HON_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -flto=auto)
    target_link_options(${name} PRIVATE -flto=auto)
  endif()
endfunction()

# hon_runs_once(SOURCES...): compiled alone and not optimised: what reads a command line by a
# library of templates takes longer to optimise than the rest of its program.
function(hon_runs_once)
  set_source_files_properties(${ARGN} PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON
    COMPILE_OPTIONS -O0)
endfunction()

# hon_test(NAME [EVERY_PLACEMENT] [BUILDS plain|address|thread ...] SOURCES a_test.cc ...
# LINK hon::x ...): one gtest program for a room; run once for each place where handlers can be
# (tests/support/suite_placement.h; ThreadSanitizer sees the one that has more threads, unless all is
# asked for), or once. BUILDS names the builds in which it shows something: without sanitizers, with
# AddressSanitizer, with ThreadSanitizer; all when it is not given.
function(hon_test name)
  cmake_parse_arguments(arg "EVERY_PLACEMENT" "" "BUILDS;SOURCES;LINK;LABELS" ${ARGN})
  string(REGEX MATCH "^(address|thread)" this "${HON_SANITIZE}")
  if(NOT this)
    set(this plain)
  endif()
  if(arg_BUILDS AND NOT this IN_LIST arg_BUILDS)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main)
  if(HON_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_link_options(${name} PRIVATE -fno-lto)
  endif()
  hon_flags(${name})
  # The code under test is optimised, the tests themselves need not be: they are half of the build.
  target_compile_options(${name} PRIVATE -O0 $<$<CONFIG:Release>:-g0>)
  hon_precompile_gtest(${name})
  set(busy "")
  if(HON_SANITIZE)
    set(busy BUSY)
  endif()
  if(NOT arg_EVERY_PLACEMENT)
    hon_add_test(${name} ${busy} LABELS ${arg_LABELS} COMMAND ${name})
    return()
  endif()
  set(placements inline workers)
  if(this STREQUAL "thread" AND NOT HON_TEST_ALL)
    set(placements workers)
  endif()
  foreach(placement IN LISTS placements)
    hon_add_test(${name}_${placement} ${busy} LABELS ${arg_LABELS} COMMAND ${name})
    set_property(TEST ${HON_TEST_PREFIX}${name}_${placement} APPEND PROPERTY
      ENVIRONMENT HON_TEST_PLACEMENT=${placement})
  endforeach()
endfunction()

# Parses GoogleTest once for all test programs of a build; a single source of them would spend a
# third of its time there. The first program makes it.
function(hon_precompile_gtest name)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -fpch-preprocess)  # for ccache
  endif()
  get_property(first GLOBAL PROPERTY HON_FIRST_TEST)
  if(first)
    target_precompile_headers(${name} REUSE_FROM ${first})
    return()
  endif()
  set_property(GLOBAL PROPERTY HON_FIRST_TEST ${name})
  target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# hon_add_test(NAME [BUSY] [LABELS label ...] [TIMEOUT seconds] COMMAND ...): a ctest whose name says
# which build it belongs to; labelled with its folder of tests. Most tests wait most of the time, so `./dev test` runs four for each
# core; a BUSY one counts as two.
function(hon_add_test name)
  cmake_parse_arguments(arg "BUSY" "TIMEOUT" "LABELS;COMMAND" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set(processors 1)
  if(arg_BUSY)
    set(processors 2)
  endif()
  add_test(NAME ${HON_TEST_PREFIX}${name} COMMAND ${arg_COMMAND})
  set_tests_properties(${HON_TEST_PREFIX}${name} PROPERTIES
    LABELS "${arg_LABELS};${folder}"
    TIMEOUT ${arg_TIMEOUT}
    PROCESSORS ${processors}
    SKIP_RETURN_CODE 77
    ENVIRONMENT "UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=suppressions='${PROJECT_SOURCE_DIR}/tests/tsan.supp'")
endfunction()

# hon_simulates_clock(TARGET ...): the programs link support/simulated_clock.cc, which has the place of
# std::chrono::steady_clock::now().
function(hon_simulates_clock)
  foreach(target IN LISTS ARGN)
    if(TARGET ${target})
      target_link_options(${target} PRIVATE LINKER:--wrap=_ZNSt6chrono3_V212steady_clock3nowEv)
    endif()
  endforeach()
endfunction()

# hon_fuzz(NAME SOURCES a_fuzz.cc LINK hon::x ...): a libFuzzer program; its test replays corpus/NAME.
function(hon_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  hon_flags(${name})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  hon_add_test(${name} LABELS fuzz COMMAND ${name} -runs=0 ${PROJECT_SOURCE_DIR}/corpus/${name})
endfunction()
