# Finds the libraries of content codings and declares ContentCodings::brotli and ContentCodings::zstd,
# each where its library is. Installed beside hon-config.cmake.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(PC_BROTLI QUIET libbrotlidec)
  pkg_check_modules(PC_ZSTD QUIET libzstd)
endif()
find_path(BROTLI_INCLUDE_DIR brotli/decode.h HINTS ${PC_BROTLI_INCLUDE_DIRS})
find_library(BROTLI_LIBRARY brotlidec HINTS ${PC_BROTLI_LIBRARY_DIRS})
find_path(ZSTD_INCLUDE_DIR zstd.h HINTS ${PC_ZSTD_INCLUDE_DIRS})
find_library(ZSTD_LIBRARY zstd HINTS ${PC_ZSTD_LIBRARY_DIRS})
mark_as_advanced(BROTLI_INCLUDE_DIR BROTLI_LIBRARY ZSTD_INCLUDE_DIR ZSTD_LIBRARY)

foreach(coding brotli zstd)
  string(TOUPPER ${coding} name)
  if(${name}_LIBRARY AND ${name}_INCLUDE_DIR AND NOT TARGET ContentCodings::${coding})
    add_library(ContentCodings::${coding} UNKNOWN IMPORTED)
    set_target_properties(ContentCodings::${coding} PROPERTIES
      IMPORTED_LOCATION ${${name}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE_DIR})
  endif()
endforeach()
set(ContentCodings_FOUND TRUE)
