# SPDX-License-Identifier: Apache-2.0
# Compiler flags of this tree. Those that a user of the library needs too are on the target
# (CoppiceTargets.cmake); here is what only our own sources are built with.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release)
endif()
# Invariants have their own switch (COP_DEBUG), so NDEBUG plays no part.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")

set(warnings -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wvla -Wundef
    -Wwrite-strings -Wcast-qual -Wimplicit-fallthrough -Wformat=2)
set(warnings_c -Wstrict-prototypes -Wmissing-prototypes)
add_compile_options(
    "$<$<COMPILE_LANGUAGE:C,CXX>:${warnings};-fno-omit-frame-pointer>"
    # Places in stacktraces and patterns are told from here: apps/kv/registry.c:42.
    "$<$<COMPILE_LANGUAGE:C,CXX>:-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>"
    "$<$<COMPILE_LANGUAGE:C>:${warnings_c}>")
if(COPPICE_WERROR)
    add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-Werror>)
endif()
# An empty value, so that a source that says `#define _GNU_SOURCE` itself says the same.
add_compile_definitions($<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE=>)
# The way of a message goes through a dozen small functions in as many files.
if(COPPICE_LTO AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-flto=auto>
        $<$<COMPILE_LANGUAGE:C>:-ffat-lto-objects>)
    add_link_options(-flto=auto)
endif()
if(COPPICE_CHECKS)
    add_compile_definitions(COP_DEBUG=1)
endif()

if(COPPICE_SANITIZE STREQUAL "address")
    set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(COPPICE_SANITIZE STREQUAL "thread")
    set(sanitize -fsanitize=thread)
elseif(COPPICE_SANITIZE STREQUAL "fuzz")
    set(sanitize -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
elseif(COPPICE_SANITIZE)
    message(FATAL_ERROR "COPPICE_SANITIZE: ${COPPICE_SANITIZE} is not address, thread or fuzz")
endif()
if(COPPICE_SANITIZE)
    add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:${sanitize}>")
    add_link_options(${sanitize})
endif()
