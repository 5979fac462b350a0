# cornu-clang.so, the compiler module: built when LLVM, clang and lld 19 are found, else left out
# (libcornu then uses an external compiler).
#
# llvm-config tells where they are. LLVM's CMake packages are not used: they demand every library
# that LLVM itself was built with, down to a terminal editor.
find_program(CORNU_LLVM_CONFIG NAMES llvm-config-19 PATHS /usr/lib/llvm-19/bin
    DOC "llvm-config of LLVM 19, for the compiler module")

set(cornu_clang_missing "")
if(CORNU_LLVM_CONFIG)
    foreach(question includedir libdir version)
        execute_process(COMMAND ${CORNU_LLVM_CONFIG} --${question}
            OUTPUT_VARIABLE cornu_llvm_${question} OUTPUT_STRIP_TRAILING_WHITESPACE)
    endforeach()
    foreach(library lldELF lldCommon clang-cpp LLVM)
        find_library(CORNU_LIBRARY_${library} NAMES ${library} PATHS ${cornu_llvm_libdir}
            NO_DEFAULT_PATH)
        mark_as_advanced(CORNU_LIBRARY_${library})
        list(APPEND cornu_clang_libraries ${CORNU_LIBRARY_${library}})
        if(NOT CORNU_LIBRARY_${library})
            list(APPEND cornu_clang_missing ${library})
        endif()
    endforeach()
    foreach(header clang/CodeGen/CodeGenAction.h lld/Common/Driver.h llvm/IR/LLVMContext.h)
        if(NOT EXISTS ${cornu_llvm_includedir}/${header})
            list(APPEND cornu_clang_missing ${header})
        endif()
    endforeach()
    if(NOT cornu_llvm_version MATCHES "^19\\.")
        list(APPEND cornu_clang_missing "version 19")
    endif()
else()
    set(cornu_clang_missing llvm-config-19)
endif()

if(cornu_clang_missing)
    message(STATUS "Compiler module: not built, missing ${cornu_clang_missing} (apt-get install "
        "llvm-19-dev libclang-19-dev libclang-cpp19-dev liblld-19-dev)")
    return()
endif()

message(STATUS "Compiler module: clang and lld ${cornu_llvm_version}")
include(GNUInstallDirs)
find_library(CORNU_LIBRARY_ZSTD zstd) # lld's, when it was built with it
mark_as_advanced(CORNU_LIBRARY_ZSTD)

add_library(cornu-clang MODULE codegen/cpu/clang_module.cpp)
set_target_properties(cornu-clang PROPERTIES PREFIX ""
    CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_include_directories(cornu-clang PRIVATE ${PROJECT_SOURCE_DIR})
target_include_directories(cornu-clang SYSTEM PRIVATE ${cornu_llvm_includedir})
# As LLVM itself was built. Never sanitized: containers cross into LLVM, which is not.
target_compile_options(cornu-clang PRIVATE -Wall -Wextra -Wshadow
    -fno-rtti -fno-exceptions -fno-sanitize=all)
# Only the query symbol leaves the module; it is never unloaded, as LLVM cannot be.
set(cornu_clang_map ${PROJECT_SOURCE_DIR}/codegen/cpu/clang_module.map)
target_link_options(cornu-clang PRIVATE -fno-sanitize=all LINKER:--gc-sections
    LINKER:--version-script=${cornu_clang_map} LINKER:-z,nodelete LINKER:-z,relro)
set_target_properties(cornu-clang PROPERTIES LINK_DEPENDS ${cornu_clang_map})
target_link_libraries(cornu-clang PRIVATE ${cornu_clang_libraries} ZLIB::ZLIB
    $<$<BOOL:${CORNU_LIBRARY_ZSTD}>:${CORNU_LIBRARY_ZSTD}>)
