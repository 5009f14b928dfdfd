# cmake --install: headers, libraries, find_package(hon CONFIG) with a target for each component,
# and hon.pc for everybody else.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hon)
set(HON_COMPONENT_NAMES "hon")
foreach(component IN LISTS hon_components)
  get_target_property(name ${component} EXPORT_NAME)
  string(APPEND HON_COMPONENT_NAMES ", ${name}")
endforeach()
install(TARGETS ${hon_components} hon_hon EXPORT hon-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(EXPORT hon-targets NAMESPACE hon:: DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/hon DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")

# The files for readers: README's links work among them.
install(FILES LICENSE README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
  PATTERN __pycache__ EXCLUDE PATTERN benchmarks EXCLUDE)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/hon-config.cmake.in
  ${PROJECT_BINARY_DIR}/hon-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hon-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/hon-config.cmake
  ${PROJECT_BINARY_DIR}/hon-config-version.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindContentCodings.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindLiburing.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindPsl.cmake
  ${PROJECT_SOURCE_DIR}/cmake/hon_embed.cmake
  DESTINATION ${package_dir})

# A static library needs its users to name what it needs itself, highest component first; a
# shared one does not, and is one for all components.
set(libraries "")
if(BUILD_SHARED_LIBS)
  set(libraries -lhon)
else()
  foreach(component IN LISTS hon_components)
    get_target_property(type ${component} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      list(PREPEND libraries -l${component})
    endif()
  endforeach()
endif()
set(system_libraries -lboost_context -pthread)
if(BUILD_SHARED_LIBS)
  set(HON_PC_SUFFIX ".private")
else()
  set(HON_PC_SUFFIX "")
  list(APPEND libraries ${system_libraries})
  set(system_libraries "")
endif()
list(JOIN libraries " " HON_PC_LIBRARIES)
list(JOIN system_libraries " " HON_PC_SYSTEM_LIBRARIES)
set(HON_PC_REQUIRES "zlib libcrypto")
if(HON_TLS)
  string(APPEND HON_PC_REQUIRES " libssl")
endif()
if(HON_BROTLI)
  string(APPEND HON_PC_REQUIRES " libbrotlidec")
endif()
if(HON_ZSTD)
  string(APPEND HON_PC_REQUIRES " libzstd")
endif()
if(TARGET Psl::psl)
  string(APPEND HON_PC_REQUIRES " libpsl")
endif()
if(TARGET Liburing::liburing)
  string(APPEND HON_PC_REQUIRES " liburing")
endif()
foreach(dir LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE ${CMAKE_INSTALL_${dir}})
    set(HON_PC_${dir} ${CMAKE_INSTALL_${dir}})
  else()
    set(HON_PC_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
# Relative to the file itself, so that the installed tree may be moved.
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH HON_PC_TO_PREFIX ${pc_dir} ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/hon.pc.in ${PROJECT_BINARY_DIR}/hon.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/hon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
