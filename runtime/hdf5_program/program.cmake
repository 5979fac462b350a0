# cornu-hdf5, the program that reads and writes HDF5 for the library: built when libhdf5 is found,
# else left out (opening a Keras file then says what to install).
#
# The static library is preferred: the shared one of Debian brings network, cryptography and
# directory services along, which takes 25 ms at every start.
include(CheckCSourceCompiles)
pkg_search_module(HDF5 hdf5-serial hdf5)

# cornu_try_hdf5(RESULT LIBRARY...) - whether a program links with these.
function(cornu_try_hdf5 result)
  set(CMAKE_REQUIRED_INCLUDES ${HDF5_INCLUDE_DIRS})
  set(CMAKE_REQUIRED_LIBRARIES ${ARGN} m ${CMAKE_DL_LIBS})
  set(CMAKE_REQUIRED_QUIET ON)
  check_c_source_compiles("#include <hdf5.h>
    #include <hdf5_hl.h>
    int main(void) { return H5LTopen_file_image(0, 0, 0) >= 0; }" ${result})
endfunction()

if(HDF5_FOUND)
  set(hints HINTS ${HDF5_LIBRARY_DIRS})
  find_library(CORNU_HDF5_ARCHIVE NAMES libhdf5.a libhdf5_serial.a ${hints})
  find_library(CORNU_HDF5_HL_ARCHIVE NAMES libhdf5_hl.a libhdf5_serial_hl.a ${hints})
  find_library(CORNU_HDF5_DYNAMIC NAMES hdf5 hdf5_serial ${hints})
  find_library(CORNU_HDF5_HL_DYNAMIC NAMES hdf5_hl hdf5_serial_hl ${hints})
  find_library(CORNU_LIBRARY_SZ NAMES sz)
  set(cornu_hdf5 ${CORNU_HDF5_HL_ARCHIVE} ${CORNU_HDF5_ARCHIVE} ${CORNU_LIBRARY_SZ} ZLIB::ZLIB)
  set(cornu_hdf5_shared ${CORNU_HDF5_HL_DYNAMIC} ${CORNU_HDF5_DYNAMIC})
  mark_as_advanced(CORNU_HDF5_ARCHIVE CORNU_HDF5_HL_ARCHIVE CORNU_HDF5_DYNAMIC
    CORNU_HDF5_HL_DYNAMIC CORNU_LIBRARY_SZ)
  cornu_try_hdf5(CORNU_HDF5_LINKS_STATIC ${cornu_hdf5})
  if(NOT CORNU_HDF5_LINKS_STATIC)
    set(cornu_hdf5 ${cornu_hdf5_shared})
    cornu_try_hdf5(CORNU_HDF5_LINKS_SHARED ${cornu_hdf5})
  endif()
endif()
if(NOT CORNU_HDF5_LINKS_STATIC AND NOT CORNU_HDF5_LINKS_SHARED)
  message(STATUS "Keras files: cornu-hdf5 is not built, missing hdf5 (apt-get install libhdf5-dev)")
  return()
endif()

message(STATUS "Keras files: HDF5 ${HDF5_VERSION}")
file(GLOB sources CONFIGURE_DEPENDS runtime/hdf5_program/*.c)
add_executable(cornu-hdf5 ${sources})
target_include_directories(cornu-hdf5 PRIVATE ${PROJECT_SOURCE_DIR})
target_include_directories(cornu-hdf5 SYSTEM PRIVATE ${HDF5_INCLUDE_DIRS})
# Never sanitized: libhdf5 is not, and the program limits the address space.
target_compile_options(cornu-hdf5 PRIVATE -fno-sanitize=all)
target_link_options(cornu-hdf5 PRIVATE -fno-sanitize=all LINKER:--gc-sections
  LINKER:--as-needed LINKER:-z,relro,-z,now)
target_link_libraries(cornu-hdf5 PRIVATE cornu_warnings PkgConfig::JANSSON ${cornu_hdf5} m
  ${CMAKE_DL_LIBS})
