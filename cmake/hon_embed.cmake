# hon_embed(TARGET NAME FOLDER): makes the files of FOLDER, with those of its folders, part of the
# program or library TARGET, which is made in the calling folder and links hon::http. Its sources then
# have
#     #include "NAME.h"
#     const hon::http::MapFS& NAME();
# a tree to serve: http::FileServer(NAME()). Each file has an ETag made of its bytes, and no date, so
# that the same files make the same program. NAME is an identifier of C++. A file that is changed,
# added or removed is seen by the next build. Names with ";", "[" or "]" cannot be told to CMake.
#
# The same file as a script, cmake -DNAME=... -DFOLDER=... -DFILES=LIST -DOUT=... -P hon_embed.cmake,
# writes the source; LIST is a file of names, a line each.

function(hon_embed target name folder)
  string(MAKE_C_IDENTIFIER "${name}" identifier)
  if(NOT name STREQUAL identifier)
    message(FATAL_ERROR "hon_embed: \"${name}\" is no identifier")
  endif()
  get_filename_component(folder "${folder}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  if(NOT IS_DIRECTORY "${folder}")
    message(FATAL_ERROR "hon_embed: there is no folder ${folder}")
  endif()
  file(GLOB_RECURSE files LIST_DIRECTORIES false CONFIGURE_DEPENDS RELATIVE "${folder}" "${folder}/*")
  list(SORT files)
  set(paths "")
  foreach(file IN LISTS files)
    if(NOT EXISTS "${folder}/${file}" OR file MATCHES "[][]")
      message(FATAL_ERROR "hon_embed: a name with \";\", \"[\" or \"]\" in ${folder}: ${file}")
    endif()
    list(APPEND paths "${folder}/${file}")
  endforeach()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/hon_embed/${target}")
  list(JOIN files "\n" lines)
  set(lines_before "")
  if(EXISTS "${out}/${name}.files")
    file(READ "${out}/${name}.files" lines_before)
  endif()
  if(NOT EXISTS "${out}/${name}.files" OR NOT lines STREQUAL lines_before)
    file(WRITE "${out}/${name}.files" "${lines}")
  endif()
  file(CONFIGURE OUTPUT "${out}/${name}.h" @ONLY CONTENT "#pragma once

#include <hon/http/fs.h>

/// The files of a folder, as they were when the program was built. Any thread.
const hon::http::MapFS& ${name}();
")
  add_custom_command(
    OUTPUT "${out}/${name}.cc"
    COMMAND "${CMAKE_COMMAND}" "-DNAME=${name}" "-DFOLDER=${folder}" "-DFILES=${out}/${name}.files"
      "-DOUT=${out}/${name}.cc" -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
    DEPENDS ${paths} "${out}/${name}.files" "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
    COMMENT "Embedding ${folder}"
    VERBATIM)
  target_sources(${target} PRIVATE "${out}/${name}.cc")
  target_include_directories(${target} PRIVATE "${out}")
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

file(STRINGS "${FILES}" files)
set(entries "")
foreach(file IN LISTS files)
  file(READ "${FOLDER}/${file}" bytes HEX)
  file(SHA256 "${FOLDER}/${file}" hash)
  string(SUBSTRING "${hash}" 0 32 hash)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  # 32 bytes a line.
  string(REPEAT "." 64 line)
  string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
  string(REPLACE "\n" "\"\n        \"" bytes "${bytes}")
  string(REPLACE "\\" "\\\\" path "${file}")
  string(REPLACE "\"" "\\\"" path "${path}")
  string(REPLACE "?" "\\?" path "${path}")
  string(APPEND entries "    all.AddView(\"${path}\",
        std::string_view(\"${bytes}\", ${size}),
        {}, \"\\\"${hash}\\\"\");\n")
endforeach()
file(WRITE "${OUT}" "#include \"${NAME}.h\"

#include <string_view>

const hon::http::MapFS& ${NAME}() {
  static const hon::http::MapFS files = [] {
    hon::http::MapFS all;
${entries}    return all;
  }();
  return files;
}
")
