# One interface target carries the compiler's strictness and the chosen sanitizers.
add_library(penstock_flags INTERFACE)
target_compile_options(penstock_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Wno-missing-field-initializers  # designated initialisers leave defaults out on purpose
  -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Boost.JSON and std::string inlining make GCC 12 report these where nothing is wrong.
  target_compile_options(penstock_flags INTERFACE
    -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-maybe-uninitialized -Wno-dangling-pointer)
endif()
if(PENSTOCK_SANITIZE)
  target_compile_options(penstock_flags INTERFACE
    -fsanitize=${PENSTOCK_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(penstock_flags INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
  if(PENSTOCK_SANITIZE MATCHES "undefined")
    target_compile_options(penstock_flags INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()
if(PENSTOCK_FUZZ)
  # Coverage of the libraries steers the fuzzers; tests/fuzz links the fuzzing engine itself.
  target_compile_options(penstock_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(penstock_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
