/* SPDX-License-Identifier: Apache-2.0 */
/* The program that console_test.c types at: an application whose stop says so, with one server and
 * a function that never returns. */
#include <coppice.h>

#include <stdio.h>

static cop_result init(cop_term arg)
{
    (void)arg;
    cop_trap_exit(true); /* so that terminate is called at the end of the system */
    return cop_started(NULL);
}

static void terminate(void *state, cop_term reason)
{
    (void)state;
    (void)reason;
    (void)printf("server stopped\n");
}

static cop_result handle_info(void *state, cop_term msg)
{
    (void)state;
    (void)msg;
    return cop_noreply();
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_info = handle_info,
                                                .terminate = terminate};

static cop_term start_link(cop_term arg);

static cop_term loop(void)
{
    volatile int64_t turns = 0;

    for (;;)
        turns++;
    return cop_nil();
}

/* The next message of the caller. */
static cop_term next(void)
{
    cop_term msg;

    (void)cop_receive(&msg, COP_INFINITY);
    return msg;
}

/* Prints the messages of the caller, for ever. */
static cop_term print_all(void)
{
    for (;;) {
        cop_bytes text = cop_to_bytes(next());

        cop_io_write(cop_format("%.*s\n", (int)text.len, text.data));
    }
    return cop_nil();
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", start_link, "Starts the server."),
    COP_EXPORT("loop()", loop, "Never returns and never gives way."),
    COP_EXPORT("next()", next, "Waits for a message and returns it."),
    COP_EXPORT("print_all()", print_all, "Prints texts that are sent to it, for ever."),
    COP_EXPORT_END};

static const struct cop_module demo_module = {.size = sizeof(struct cop_module),
                                              .name = "Demo",
                                              .doc = "A server that tells of its end.",
                                              .functions = functions,
                                              .gen_server = &callbacks,
                                              .child_spec = ""};

static cop_term start_link(cop_term arg)
{
    return cop_gen_server_start_link(&demo_module, arg, COP("[name: Demo]"));
}

static cop_term start(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_supervisor_start_link(COP("[Demo]"), COP("[strategy: :one_for_one]"));
}

static void stop(cop_term state)
{
    (void)state;
    (void)printf("application stopped\n");
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct cop_module *const modules[] = {&demo_module, NULL};
    static const struct cop_application demo = {.size = sizeof(demo),
                                                .name = "demo",
                                                .version = "1.2.3",
                                                .modules = modules,
                                                .env = "[port: 4040, kind: :default]",
                                                .start = start,
                                                .stop = stop};

    return cop_main(argc, argv, &demo);
}
