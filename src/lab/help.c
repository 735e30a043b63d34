// help.c: --help and list.
#include "private.h"
#include <string.h>

static void help_line(const char *name, const char *help)
{
    if (strlen(name) > 24)
        print("  %s\n  %-24s %s", name, "", help);
    else
        print("  %-24s %s", name, help);
}

static char *name_with(const char *name, const char *more)
{
    return text_of("%s%s%s", name, *more ? " " : "", more);
}

static void help_options(const struct command *c)
{
    print("\noptions");
    for (int i = 0; i < knob_count; i++) {
        const struct knob *k = &knobs[i];
        if (k->owner == c)
            help_line(name_with(text_of("--%s", k->name), k->argument),
                      *k->published ? text_of("%s (%s)", k->help, k->published)
                                    : k->help);
    }
    for (const struct knob *k = common_options; k->name; k++)
        if (takes_option(c, k))
            help_line(name_with(text_of("--%s", k->name),
                                k->argument ? k->argument : ""),
                      k->help);
}

static void help_experiments(void)
{
    print("\nexperiments");
    for (int i = 0; i < experiment_count; i++)
        help_line(name_with(experiments[i].name,
                            strcmp(experiments[i].kind, "run")
                                ? text_of("(%s)", experiments[i].kind)
                                : ""),
                  experiments[i].help);
}

static void help_settings(void)
{
    int any = 0;
    for (int i = 0; i < knob_count; i++) {
        if (knobs[i].owner)
            continue;
        if (!any++)
            print("\nsettings and their published values");
        help_line(text_of("%s=%s", knobs[i].name, knobs[i].published),
                  knobs[i].help);
    }
}

static void help_commands(void)
{
    print("\ncommands, each with its own --help");
    for (int i = 0; i < command_count; i++)
        help_line(name_with(*commands[i].name ? commands[i].name : "(none)",
                            commands[i].operands),
                  commands[i].help);
}

static void help_example(const struct command *c)
{
    int recording = c->run == record_named;
    const char *name = "";
    for (int i = experiment_count - 1; i >= 0; i--)
        if (*c->operands &&
            recording == !strcmp(experiments[i].kind, "recorded"))
            name = experiments[i].name;
    if (c->example) {
        size_t n = strlen(c->example);
        n -= n > 0 && c->example[n - 1] == '\n';
        print("\nexample\n\n%.*s", (int)n, c->example);
    } else {
        print("\nexample\n\n$ %s",
              name_with(name_with(this_place()->program, c->name), name));
    }
    if (c->run == print_list || c->run == print_key)
        c->run();
}

// A program's example is its first calculator's, or the list of experiments.
static const struct command *example_of(const struct command *c)
{
    if (*c->name)
        return c;
    for (int i = 0; i < command_count; i++)
        if (commands[i].example)
            return &commands[i];
    return find_command("list");
}

void print_help(const struct command *c)
{
    const char *name = *c->name ? c->name : "[COMMAND]";
    print("usage: %s %s [OPTION...]%s%s", this_place()->program, name,
          *c->operands ? " " : "", c->operands);
    if (*c->name)
        print("\n%s", c->help);
    else
        help_commands();
    if (!c->example && takes_option(c, find_common("set"))) {
        help_experiments();
        help_settings();
    }
    if (c->example && strstr(c->operands, "FILE"))
        print("\ninput\n"
              "  one row of numbers a line, separated by blanks, tabs or "
              "commas; - is\n"
              "  standard input; lines from # on and a first line of names are "
              "skipped");
    help_options(c);
    help_example(example_of(c));
}

void print_list(void)
{
    recall_experiments(results_folder());
    recall_experiments(recorded_folder());
    for (int i = 0; i < experiment_count; i++) {
        const struct experiment *e = &experiments[i];
        print("%-16s %-9s %-9s %s", e->name, e->kind,
              e->seconds < 0   ? "not run"
              : was_skipped(e) ? "skipped"
                               : text_of("%.1f s", e->seconds),
              e->help);
    }
}
