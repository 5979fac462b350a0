# cornu-clang.so, the compiler module: built when LLVM, clang and lld 19 are found, else left out
# (libcornu then uses an external compiler). Sets CORNU_CLANG_MODULE_TARGET to the target or "".
set(CORNU_CLANG_MODULE_TARGET "")

find_package(LLVM 19 CONFIG QUIET HINTS /usr/lib/llvm-19/lib/cmake/llvm)
if(NOT LLVM_FOUND)
    find_program(CORNU_LLVM_CONFIG NAMES llvm-config-19)
    if(CORNU_LLVM_CONFIG)
        execute_process(COMMAND ${CORNU_LLVM_CONFIG} --cmakedir
            OUTPUT_VARIABLE cornu_llvm_cmake OUTPUT_STRIP_TRAILING_WHITESPACE)
        find_package(LLVM 19 CONFIG QUIET HINTS ${cornu_llvm_cmake})
    endif()
endif()

if(LLVM_FOUND)
    # By file, not by package: ClangConfig.cmake asks for static archives that nobody needs here.
    foreach(library clang-cpp lldELF lldCommon)
        find_library(CORNU_${library}_LIBRARY NAMES ${library}
            HINTS ${LLVM_LIBRARY_DIRS} NO_DEFAULT_PATH)
    endforeach()
    find_library(CORNU_LLVM_LIBRARY NAMES LLVM-19 LLVM HINTS ${LLVM_LIBRARY_DIRS} NO_DEFAULT_PATH)
    find_package(ZLIB QUIET)
    find_library(CORNU_ZSTD_LIBRARY NAMES zstd)
endif()

if(LLVM_FOUND AND CORNU_clang-cpp_LIBRARY AND CORNU_lldELF_LIBRARY AND CORNU_lldCommon_LIBRARY
        AND CORNU_LLVM_LIBRARY AND ZLIB_FOUND)
    add_library(cornu-clang MODULE codegen/cpu/clang_module.cpp)
    set_target_properties(cornu-clang PROPERTIES PREFIX ""
        CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_include_directories(cornu-clang PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_include_directories(cornu-clang SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
    # As LLVM itself was built. Never sanitized: its containers cross into LLVM, which is not.
    target_compile_options(cornu-clang PRIVATE -fno-rtti -fno-exceptions -fno-sanitize=all)
    # Only the query symbol leaves the module; it is never unloaded, as LLVM cannot be.
    set(cornu_clang_map ${CMAKE_CURRENT_SOURCE_DIR}/codegen/cpu/clang_module.map)
    target_link_options(cornu-clang PRIVATE -fno-sanitize=all -Wl,--gc-sections
        -Wl,--version-script=${cornu_clang_map} -Wl,-z,nodelete -Wl,-z,relro)
    set_target_properties(cornu-clang PROPERTIES LINK_DEPENDS ${cornu_clang_map})
    target_link_libraries(cornu-clang PRIVATE ${CORNU_lldELF_LIBRARY} ${CORNU_lldCommon_LIBRARY}
        ${CORNU_clang-cpp_LIBRARY} ${CORNU_LLVM_LIBRARY} ZLIB::ZLIB)
    if(CORNU_ZSTD_LIBRARY)
        target_link_libraries(cornu-clang PRIVATE ${CORNU_ZSTD_LIBRARY})
    endif()
    set(CORNU_CLANG_MODULE_TARGET cornu-clang)
    message(STATUS "Compiler module: clang and lld ${LLVM_PACKAGE_VERSION}")
else()
    message(STATUS "Compiler module: not built (needs libclang-cpp19-dev libclang-19-dev "
        "llvm-19-dev liblld-19-dev zlib1g-dev)")
endif()
