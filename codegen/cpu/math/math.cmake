# Adds the texts of the math functions to the code generator.
set(math_folder ${PROJECT_SOURCE_DIR}/codegen/cpu/math)
file(GLOB math_headers CONFIGURE_DEPENDS RELATIVE ${math_folder}
  ${math_folder}/*.h ${math_folder}/f32/*.h ${math_folder}/f64/*.h)
list(REMOVE_ITEM math_headers math_text.h)
list(FILTER math_headers EXCLUDE REGEX "all\\.h$")
list(TRANSFORM math_headers PREPEND ${math_folder}/ OUTPUT_VARIABLE math_header_paths)
set(math_functions ${PROJECT_BINARY_DIR}/generated/math_functions.c)
add_custom_command(OUTPUT ${math_functions}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${math_functions} "-DHEADERS=${math_headers}"
    -P ${math_folder}/embed.cmake
  DEPENDS ${math_folder}/embed.cmake ${math_header_paths}
  COMMENT "Collecting the text of the math functions" VERBATIM)
target_sources(cornu_codegen PRIVATE ${math_functions})

# Programs that measure these functions compile them as generated code is compiled, for the
# machine at hand. None of the options changes a result.
set(math_measured_options -O3 -march=native -fno-math-errno -fno-trapping-math)
set_source_files_properties(bench/math.c PROPERTIES
  COMPILE_OPTIONS "${math_measured_options}" INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR})
