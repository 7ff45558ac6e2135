# SPDX-License-Identifier: Apache-2.0
# Installation: the library, its headers, and what find_package and pkg-config read.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/coppice)
set(targets coppice coppice_observer)
if(COPPICE_SHARED)
    list(APPEND targets coppice_shared)
endif()
install(TARGETS ${targets} EXPORT coppiceTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(EXPORT coppiceTargets NAMESPACE coppice:: DESTINATION ${package_dir})
configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/coppiceConfig.cmake.in
    ${PROJECT_BINARY_DIR}/coppiceConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/coppiceConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/coppiceConfig.cmake
              ${PROJECT_BINARY_DIR}/coppiceConfigVersion.cmake
        DESTINATION ${package_dir})
list(JOIN COPPICE_PUBLIC_FLAGS " " COPPICE_PC_FLAGS)
configure_file(${PROJECT_SOURCE_DIR}/cmake/coppice.pc.in ${PROJECT_BINARY_DIR}/coppice.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/coppice.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
