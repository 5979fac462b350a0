# cornu_template(TARGET FILE SYMBOL): a text file becomes an array of its lines in C, which ISO C
# has no limit for: const char *const SYMBOL[], ended by NULL.
function(cornu_template target file symbol)
  set(from ${PROJECT_SOURCE_DIR}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from})
  file(READ ${from} words)
  string(REPLACE "\\" "\\\\" words "${words}")
  string(REPLACE "\"" "\\\"" words "${words}")
  string(REPLACE "\n" "\\n\",\n    \"" words "${words}")
  set(made ${PROJECT_BINARY_DIR}/templates/${symbol}.c)
  file(CONFIGURE OUTPUT ${made} @ONLY NEWLINE_STYLE UNIX CONTENT
"/* Made from ${file}. */
extern const char *const ${symbol}[];
const char *const ${symbol}[] = {
    \"@words@\", 0};
")
  target_sources(${target} PRIVATE ${made})
endfunction()
