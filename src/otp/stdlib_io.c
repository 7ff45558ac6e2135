/* SPDX-License-Identifier: Apache-2.0 */
/* IO: printing to the device of the caller (coppice/io.h), and reading a line from it. */
#include "coppice/io.h"

#include "coppice/error.h"
#include "otp/standard_output.h"
#include "otp/stdlib.h"
#include "otp/stdlib_kernel.h"
#include "otp/text.h"
#include <unistd.h>

/* --- Printing --------------------------------------------------------------------------------- */

static void print(cop_term device, cop_term text)
{
    if (cop_identical(device, COP(":stderr")) || cop_identical(device, COP(":standard_error"))) {
        cop__file_write(STDERR_FILENO, cop_to_bytes(text));
    } else if (cop_identical(device, COP(":stdio")) || cop_identical(device, COP(":standard_io"))) {
        cop_io_write(text);
    } else {
        cop__raise_no_clause("IO.write/2");
    }
}

static cop_term io_write_to(cop_term device, cop_term text)
{
    print(device, cop__to_string(text));
    return cop_ok();
}

static cop_term io_write(cop_term text)
{
    return io_write_to(COP(":stdio"), text);
}

static cop_term io_puts_to(cop_term device, cop_term text)
{
    COP__TEXT(out);

    cop__text_add_bytes(&out, cop_to_bytes(cop__to_string(text)));
    cop__text_add(&out, "\n");
    print(device, cop__text_binary(&out));
    return cop_ok();
}

static cop_term io_puts(cop_term text)
{
    return io_puts_to(COP(":stdio"), text);
}

static cop_term io_inspect_to(cop_term device, cop_term t, cop_term options)
{
    cop_term label = cop_keyword_get(options, COP(":label"), cop_none());
    cop_term pretty = cop_list_append(options, COP("[pretty: true]"));
    COP__TEXT(out);

    if (!cop_is_none(label)) {
        cop__text_add_bytes(&out, cop_to_bytes(cop__to_string(label)));
        cop__text_add(&out, ": ");
    }
    cop__text_add_bytes(&out, cop_to_bytes(cop__kernel_inspect_with(t, pretty)));
    cop__text_add(&out, "\n");
    print(device, cop__text_binary(&out));
    return t;
}

static cop_term io_inspect_with(cop_term t, cop_term options)
{
    return io_inspect_to(COP(":stdio"), t, options);
}

static cop_term io_inspect(cop_term t)
{
    return io_inspect_with(t, cop_empty_list());
}

/* --- Reading ---------------------------------------------------------------------------------- */

static cop_term io_gets(cop_term prompt)
{
    return cop_io_get_line(cop__to_string(prompt));
}

static const struct cop_function functions[] = {
    COP_EXPORT("gets(prompt)", io_gets, "Asks for a line at the console; :eof if there is none."),
    COP_EXPORT("inspect(term)", io_inspect, "Prints term as it is shown, and returns it."),
    COP_EXPORT("inspect(term, options)", io_inspect_with,
               "The same; options: label, limit, width."),
    COP_EXPORT("inspect(device, term, options)", io_inspect_to, "The same to :stdio or :stderr."),
    COP_EXPORT("puts(text)", io_puts, "Prints a text and a new line."),
    COP_EXPORT("puts(device, text)", io_puts_to, "The same to :stdio or :stderr."),
    COP_EXPORT("write(text)", io_write, "Prints a text."),
    COP_EXPORT("write(device, text)", io_write_to, "The same to :stdio or :stderr."),
    COP_EXPORT_END};

const struct cop_module cop__io_module = {.size = sizeof(struct cop_module),
                                          .name = "IO",
                                          .doc = "Printing, and asking for a line.",
                                          .functions = functions};
