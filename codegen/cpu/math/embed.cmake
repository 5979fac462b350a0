# Turns the math headers of this folder into the table of math_text.h:
#
#     cmake -DOUTPUT=functions.c "-DHEADERS=bits.h;f32/exp.h;..." -P embed.cmake
#
# What precedes a header's first function (file comment, guard, includes) is dropped. A function
# is what lies between two lines that begin with }, its comment included. It needs the other
# cn_ functions that it calls, so nobody keeps a list of dependencies.
cmake_minimum_required(VERSION 3.25)

set(names "")

# take_function(source): one function's comment and definition.
function(take_function source)
  string(STRIP "${source}" source)
  string(REGEX MATCH "static inline [a-z *]*(cn_[a-z0-9_]+)\\(" found "${source}")
  if(NOT found)
    message(FATAL_ERROR "no function in: ${source}")
  endif()
  set(name ${CMAKE_MATCH_1})
  string(REGEX MATCHALL "cn_[a-z0-9_]+\\(" calls "${source}")
  list(TRANSFORM calls REPLACE "\\(" "")
  list(REMOVE_DUPLICATES calls)
  list(REMOVE_ITEM calls ${name})
  string(REPLACE "\\" "\\\\" text "${source}\n}\n")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
  string(REGEX REPLACE "\n    \"$" "" text "${text}")
  set(names ${names} ${name} PARENT_SCOPE)
  set(text_${name} "    \"${text}" PARENT_SCOPE)
  set(calls_${name} "${calls}" PARENT_SCOPE)
endfunction()

foreach(header ${HEADERS})
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${header} source)
  string(REGEX REPLACE "^.*\n#(define|include) [^\n]*\n" "" source "${source}")
  string(FIND "${source}" "\n}\n" end)
  while(NOT end EQUAL -1)
    string(SUBSTRING "${source}" 0 ${end} function_source)
    take_function("${function_source}")
    math(EXPR rest "${end} + 3")
    string(SUBSTRING "${source}" ${rest} -1 source)
    string(FIND "${source}" "\n}\n" end)
  endwhile()
endforeach()

list(SORT names)
set(needs "")
set(table "")
foreach(name ${names})
  set(list "")
  foreach(call ${calls_${name}})
    if(NOT call IN_LIST names)
      message(FATAL_ERROR "${name} calls ${call}, which is in no header")
    endif()
    string(APPEND list "\"${call}\", ")
  endforeach()
  string(APPEND needs "static const char *const needs_${name}[] = {${list}NULL};\n")
  string(APPEND table "    {\"${name}\",\n${text_${name}},\n     needs_${name}},\n")
endforeach()
list(LENGTH names count)

file(WRITE ${OUTPUT} "/* Made by codegen/cpu/math/embed.cmake from the headers beside it. */
#include \"codegen/cpu/math/math_text.h\"

#include <stddef.h>

${needs}
const int math_function_count = ${count};
const math_function math_functions[] = {
${table}    {NULL, NULL, NULL},
};
")
