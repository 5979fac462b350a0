# What `cmake --install` lays down, below any prefix; nothing in it knows where that is, so the
# whole may be moved:
#
#   bin/cornu                      finds the library and the headers relative to itself
#   lib/libcornu.so.0              finds cornu/cornu-clang.so and cornu/cornu-hdf5 beside itself
#   lib/cmake/Cornu, lib/pkgconfig for find_package(Cornu) and pkg-config cornu
#   include/                       cornu.h, cornu/*.h
#   share/man, share/doc/cornu, share/bash-completion
include(CMakePackageConfigHelpers)
set(cornu_templates ${CMAKE_CURRENT_LIST_DIR})
set(cornu_generated ${PROJECT_BINARY_DIR}/installed)

# ---- library, module, command, headers ----

install(TARGETS cornu EXPORT CornuTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET cornu-clang)
  install(TARGETS cornu-clang LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cornu)
endif()
if(TARGET cornu-hdf5)
  install(TARGETS cornu-hdf5 RUNTIME DESTINATION ${CMAKE_INSTALL_LIBDIR}/cornu)
endif()
if(TARGET cornu_tool)
  file(RELATIVE_PATH cornu_libraries /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(cornu_tool PROPERTIES INSTALL_RPATH "$ORIGIN/${cornu_libraries}")
  install(TARGETS cornu_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# ---- for those who build against it ----

set(cornu_package ${CMAKE_INSTALL_LIBDIR}/cmake/Cornu)
configure_package_config_file(${cornu_templates}/CornuConfig.cmake.in
  ${cornu_generated}/CornuConfig.cmake INSTALL_DESTINATION ${cornu_package}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${cornu_generated}/CornuConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT CornuTargets NAMESPACE Cornu:: DESTINATION ${cornu_package})
install(FILES ${cornu_generated}/CornuConfig.cmake ${cornu_generated}/CornuConfigVersion.cmake
  DESTINATION ${cornu_package})

file(RELATIVE_PATH cornu_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" cornu_prefix "${cornu_prefix}")
configure_file(${cornu_templates}/cornu.pc.in ${cornu_generated}/cornu.pc @ONLY)
install(FILES ${cornu_generated}/cornu.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- for readers ----

install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING
  PATTERN "*.md" PATTERN "*.c" PATTERN "*.h")

# Manual pages: cornu(3) and one for each public header, made of its comments.
file(GLOB cornu_headers CONFIGURE_DEPENDS include/*.h include/cornu/*.h)
set(cornu_man3 ${PROJECT_BINARY_DIR}/man/man3)
add_custom_command(OUTPUT ${cornu_man3}/cornu.3
  COMMAND sh ${PROJECT_SOURCE_DIR}/scripts/docs/man3.sh ${PROJECT_SOURCE_DIR}/include
    ${cornu_man3} ${PROJECT_VERSION}
  DEPENDS ${cornu_headers} scripts/docs/man3.sh scripts/docs/man3.awk
  COMMENT "Writing manual pages of the headers" VERBATIM)
add_custom_target(cornu_manual ALL DEPENDS ${cornu_man3}/cornu.3)
install(DIRECTORY ${cornu_man3} DESTINATION ${CMAKE_INSTALL_MANDIR})

# cornu(1) and what bash completes, made by the command of the tables it parses by.
if(TARGET cornu_tool)
  set(cornu_pages ${PROJECT_BINARY_DIR}/man/man1/cornu.1
    ${PROJECT_BINARY_DIR}/bash-completion/cornu)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man/man1 ${PROJECT_BINARY_DIR}/bash-completion)
  list(GET cornu_pages 0 page)
  list(GET cornu_pages 1 completion)
  add_custom_command(OUTPUT ${cornu_pages}
    COMMAND cornu_tool help --man > ${page}
    COMMAND cornu_tool help --bash > ${completion}
    DEPENDS cornu_tool COMMENT "Writing the manual page of the command" VERBATIM)
  add_custom_target(cornu_pages ALL DEPENDS ${cornu_pages})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()

# cornu-ir(5), of the document that says the same.
set(cornu_man5 ${PROJECT_BINARY_DIR}/man/man5)
file(MAKE_DIRECTORY ${cornu_man5})
add_custom_command(OUTPUT ${cornu_man5}/cornu-ir.5
  COMMAND awk -v version=${PROJECT_VERSION} -f ${PROJECT_SOURCE_DIR}/scripts/docs/man5.awk
    ${PROJECT_SOURCE_DIR}/docs/cnir.md > ${cornu_man5}/cornu-ir.5
  DEPENDS docs/cnir.md scripts/docs/man5.awk
  COMMENT "Writing the manual page of .cnir" VERBATIM)
add_custom_target(cornu_manual_ir ALL DEPENDS ${cornu_man5}/cornu-ir.5)
install(FILES ${cornu_man5}/cornu-ir.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
