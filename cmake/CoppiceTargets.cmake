# SPDX-License-Identifier: Apache-2.0
# What the folders' CMakeLists.txt call: the library, programs, tests.

# Flags that come with the library: a process is unwound on exit (-fexceptions), and must not
# step over its stack's guard (-fstack-clash-protection).
set(COPPICE_PUBLIC_FLAGS -fexceptions -fstack-clash-protection)

function(coppice_set_up_library target)
    target_compile_options(${target} PUBLIC
        "$<$<COMPILE_LANGUAGE:C,CXX>:${COPPICE_PUBLIC_FLAGS}>")
    target_compile_options(${target} PRIVATE
        $<$<COMPILE_LANGUAGE:C>:-fvisibility=hidden>)
    # What it raises is about a call of its user's: that one's place is none in here.
    target_compile_definitions(${target} PRIVATE COP_PLACES=0)
    if(NOT COPPICE_SANITIZE)
        # This code runs on small stacks. (Sanitizers widen frames, so not there.)
        target_compile_options(${target} PRIVATE
            $<$<COMPILE_LANGUAGE:C>:-Wframe-larger-than=2048>)
    endif()
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(${target} PUBLIC Threads::Threads
        PRIVATE PkgConfig::LIBEDIT PkgConfig::LIBUV PkgConfig::LIBCURL PkgConfig::MICROHTTPD
        PkgConfig::LIBDW)
    set_target_properties(${target} PROPERTIES EXPORT_NAME coppice)
endfunction()

# CMake refuses a library without any source, and a young tree may have none.
function(coppice_placeholder target)
    get_target_property(sources ${target} SOURCES)
    if(NOT sources)
        file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/placeholder.c
             CONTENT "typedef int placeholder;\n")
        target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/placeholder.c)
    endif()
endfunction()

# The shared library: the same sources and the same name on disk.
function(coppice_shared_twin target)
    get_target_property(sources ${target} SOURCES)
    add_library(${target}_shared SHARED ${sources})
    add_library(coppice::coppice_shared ALIAS ${target}_shared)
    coppice_set_up_library(${target}_shared)
    set_target_properties(${target}_shared PROPERTIES
        OUTPUT_NAME ${target} EXPORT_NAME coppice_shared
        VERSION ${PROJECT_VERSION} SOVERSION 0)
endfunction()

# coppice_embed(TARGET FILE...): the bytes of these files, plain and as gzip packs them, and the
# table of them that src/observer/files.h declares. A file may be made by the build.
function(coppice_embed target)
    find_program(GZIP_PROGRAM gzip REQUIRED)
    set(embed ${PROJECT_SOURCE_DIR}/cmake/CoppiceEmbed.cmake)
    set(declarations "")
    set(rows "")
    set(number 0)
    foreach(file ${ARGN})
        get_filename_component(name ${file} NAME)
        set(symbol cop__obs_file_${number})
        set(made ${CMAKE_CURRENT_BINARY_DIR}/embedded_${number})
        add_custom_command(OUTPUT ${made}.c ${made}_gzip.c
            COMMAND ${GZIP_PROGRAM} -9nc ${file} > ${made}.gz
            COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${made}.c -DNAME=${symbol} -P ${embed}
            COMMAND ${CMAKE_COMMAND} -DINPUT=${made}.gz -DOUTPUT=${made}_gzip.c
                    -DNAME=${symbol}_gzip -P ${embed}
            DEPENDS ${file} ${embed}
            COMMENT "Embedding ${name}"
            VERBATIM)
        target_sources(${target} PRIVATE ${made}.c ${made}_gzip.c)
        foreach(array ${symbol} ${symbol}_gzip)
            string(APPEND declarations "extern const unsigned char ${array}[];\n"
                "extern const size_t ${array}_size;\n")
        endforeach()
        string(APPEND rows "    {\"${name}\", ${symbol}, &${symbol}_size, ${symbol}_gzip,"
            " &${symbol}_gzip_size},\n")
        math(EXPR number "${number} + 1")
    endforeach()
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/files.c CONTENT "#include \"files.h\"\n
@declarations@
const struct cop__obs_file cop__obs_files[] = {
@rows@    {NULL, NULL, NULL, NULL, NULL}};
" @ONLY)
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/files.c)
endfunction()

# coppice_program(NAME SOURCE...): a program over the public headers, put into bin.
function(coppice_program name)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE coppice::coppice)
    coppice_put_into_bin(${name})
endfunction()

# coppice_put_into_bin(TARGET): where the programs of this build are, bin or what is set for all.
function(coppice_put_into_bin target)
    if(NOT CMAKE_RUNTIME_OUTPUT_DIRECTORY)
        set_target_properties(${target} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
    endif()
endfunction()

# coppice_test(NAME COMMAND...): a CTest that must end by itself, in time and without a skip.
function(coppice_test name)
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${COPPICE_TEST_TIMEOUT}
        FAIL_REGULAR_EXPRESSION "\\[  SKIPPED \\]"
        ENVIRONMENT "${COPPICE_TEST_ENVIRONMENT}")
endfunction()

# Options of the sanitizers' runtimes, for builds that have one; and any free port for programs that
# listen, unless a test says otherwise.
set(COPPICE_TEST_ENVIRONMENT
    "PORT=0"
    "ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# coppice_unit_test(NAME SOURCE...): a cmocka program that sees the private headers. Name it as
# its file under tests/unit, folder first: base_buf_test.
function(coppice_unit_test name)
    coppice_test_program(${name} ${ARGN})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
endfunction()

# coppice_public_test(NAME SOURCE...): a cmocka program that sees the public headers only.
function(coppice_public_test name)
    coppice_test_program(${name} ${ARGN})
endfunction()

function(coppice_test_program name)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE coppice::coppice PkgConfig::CMOCKA)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    coppice_test(${name} ${name})
endfunction()

# coppice_fuzz_target(NAME SOURCE...): a libFuzzer program, built in the fuzz preset only.
function(coppice_fuzz_target name)
    if(COPPICE_SANITIZE STREQUAL "fuzz")
        add_executable(${name} ${ARGN})
        target_link_libraries(${name} PRIVATE coppice::coppice)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
    endif()
endfunction()
