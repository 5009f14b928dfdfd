# Finds libpsl and declares Psl::psl. Installed beside hon-config.cmake, because libpsl itself ships
# no package file for CMake.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(PC_LIBPSL QUIET libpsl)
endif()
find_path(PSL_INCLUDE_DIR libpsl.h HINTS ${PC_LIBPSL_INCLUDE_DIRS})
find_library(PSL_LIBRARY psl HINTS ${PC_LIBPSL_LIBRARY_DIRS})
mark_as_advanced(PSL_INCLUDE_DIR PSL_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Psl
  REQUIRED_VARS PSL_LIBRARY PSL_INCLUDE_DIR
  VERSION_VAR PC_LIBPSL_VERSION)

if(Psl_FOUND AND NOT TARGET Psl::psl)
  add_library(Psl::psl UNKNOWN IMPORTED)
  set_target_properties(Psl::psl PROPERTIES
    IMPORTED_LOCATION ${PSL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${PSL_INCLUDE_DIR})
endif()
