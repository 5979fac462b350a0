# The page of `cornu explain` as an array of C: cmake -DINPUT=explain.html -DOUTPUT=page.c -P this
# file; included by the project, it adds the array to the command.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${INPUT} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(WRITE ${OUTPUT} "/* Made by tools/explain.cmake from tools/explain.html. */
#include \"tools/explain.h\"

const unsigned char explain_page[] = {
${bytes}0};
const size_t explain_page_size = sizeof explain_page - 1;
")
  return()
endif()

set(page ${PROJECT_BINARY_DIR}/generated/explain_page.c)
add_custom_command(OUTPUT ${page}
  COMMAND ${CMAKE_COMMAND} -DINPUT=${PROJECT_SOURCE_DIR}/tools/explain.html -DOUTPUT=${page}
    -P ${PROJECT_SOURCE_DIR}/tools/explain.cmake
  DEPENDS ${PROJECT_SOURCE_DIR}/tools/explain.html ${PROJECT_SOURCE_DIR}/tools/explain.cmake
  COMMENT "Embedding the page of cornu explain" VERBATIM)
target_sources(cornu_tool PRIVATE ${page})
