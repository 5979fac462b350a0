# Template files become C arrays of their lines, which ISO C has no limit for.
function(cornu_template file symbol)
  set(from ${PROJECT_SOURCE_DIR}/codegen/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
  file(READ ${from} words)
  string(REPLACE "\\" "\\\\" words "${words}")
  string(REPLACE "\"" "\\\"" words "${words}")
  string(REPLACE "\n" "\\n\",\n    \"" words "${words}")
  set(made ${PROJECT_BINARY_DIR}/templates/${symbol}.c)
  file(CONFIGURE OUTPUT ${made} @ONLY NEWLINE_STYLE UNIX CONTENT
"/* Made from codegen/${file}. */
extern const char *const ${symbol}[];
const char *const ${symbol}[] = {
    \"@words@\", 0};
")
  target_sources(cornu_codegen PRIVATE ${made})
endfunction()
cornu_template(aot/model.h.template artifact_header_template)
cornu_template(aot/model.c.template artifact_source_template)
cornu_template(aot/training.c.template artifact_training_template)
cornu_template(aot/main.c.template artifact_main_template)
cornu_template(cpu/kernel.c.template artifact_kernel_template)
cornu_template(cpu/processor.c.template artifact_processor_template)
