// declare.c: what a program declares, and what every program has.
#include "private.h"
#include <stdlib.h>
#include <string.h>

uint64_t seed = 1;
int threads = 1, quick, recorded_check, no_header, help_wanted;
const char *out_folder, *set_text;

// ---- what every program has -------------------------------------------------

enum { LAB_MOST = 200 }; // experiments, commands, settings and options

struct command commands[LAB_MOST] = {
    {"", "", "run the experiments, all but the recorded ones", run_named, NULL},
    {"list", "", "list the experiments and how long they took", print_list,
     NULL},
    {"run", "NAME...", "run these experiments and keep the others' results",
     run_named, NULL},
    {"record", "[NAME...]", "make the chapter's recorded tables anew",
     record_named, NULL},
    {"reproduce", "", "compare the results with the published ones",
     reproduce_results, NULL},
    {"accept", "", "make the results the published ones", accept_results, NULL},
    {"key", "", "print the key of this program and its data", print_key, NULL},
};
int command_count = 7;

struct knob common_options[] = {
    {"out", "DIR", "where the results are", WORD, &out_folder,
     .where = " run record reproduce accept "},
    {"seed", "N", "of all random numbers (1)", COUNT, &seed,
     .where = " run record calculator "},
    {"threads", "N", "how many; no result depends on it", INTEGER, &threads,
     .where = " run record calculator "},
    {"quick", NULL, "every experiment at its smallest size", INTEGER, &quick,
     .where = " run record "},
    {"set", "NAME=VALUE", "another value for a setting", WORD, &set_text,
     .where = " run record "},
    {"recorded-check", NULL, "repeat a part of recorded experiments, compare",
     INTEGER, &recorded_check, .where = " run "},
    {"no-header", NULL, "leave out the header line", INTEGER, &no_header,
     .where = " calculator "},
    {"help", NULL, "print this", INTEGER, &help_wanted, .where = NULL},
    {.name = NULL},
};

int takes_option(const struct command *c, const struct knob *option)
{
    const char *name = c->example ? "calculator" : *c->name ? c->name : "run";
    return !option->where || strstr(option->where, text_of(" %s ", name));
}

struct knob *find_common(const char *name)
{
    for (struct knob *k = common_options; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

// ---- what a program declares ------------------------------------------------

struct experiment experiments[LAB_MOST];
struct knob knobs[LAB_MOST];
int experiment_count, knob_count;

struct experiment *find_experiment(const char *name)
{
    for (int i = 0; i < experiment_count; i++)
        if (strcmp(experiments[i].name, name) == 0)
            return &experiments[i];
    return NULL;
}

struct command *find_command(const char *name)
{
    for (int i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

struct knob *find_knob(const char *name, const struct command *owner)
{
    for (int i = 0; i < knob_count; i++)
        if (knobs[i].owner == owner && strcmp(knobs[i].name, name) == 0)
            return &knobs[i];
    return NULL;
}

// The place for one more; `before` is what has the name already, or null.
static int next_place(int *count, const char *name, const void *before)
{
    if (before)
        die("'%s' is declared twice", name);
    if (*count == LAB_MOST)
        die("'%s': %d are the most of a kind", name, LAB_MOST);
    return (*count)++;
}

static void add_experiment(const char *name, const char *kind, const char *help,
                           void run(void))
{
    int i = next_place(&experiment_count, name, find_experiment(name));
    if (!*name || strpbrk(name, "/., \t\n"))
        die("experiment '%s': a name has letters, digits, - and _", name);
    experiments[i] =
        (struct experiment){name, kind, help, run, 0, -1, "-", "-"};
}

void experiment(const char *name, const char *help, void run(void))
{
    add_experiment(name, "run", help, run);
}

void recorded(const char *name, const char *help, void run(void))
{
    add_experiment(name, "recorded", help, run);
}

void timing(const char *name, const char *help, void run(void))
{
    add_experiment(name, "timing", help, run);
}

void calculator(const char *name, const char *operands, const char *help,
                void run(void), const char *example)
{
    require(example);
    int i = next_place(&command_count, name, find_command(name));
    commands[i] = (struct command){name, operands, help, run, example};
}

// The value of a setting or option, with all its digits and no more.
char *knob_text(const struct knob *k)
{
    if (k->type == INTEGER)
        return text_of("%d", *(int *)k->pointer);
    if (k->type == COUNT)
        return text_of("%lld", (long long)*(int64_t *)k->pointer);
    const char *word = k->type == WORD ? *(char **)k->pointer : NULL;
    if (k->type == WORD)
        return text_of("%s", word ? word : "");
    double x = *(double *)k->pointer;
    char *text = text_of("%.15g", x);
    return strtod(text, NULL) == x ? text : text_of("%.17g", x);
}

static void add_knob(struct knob k)
{
    static const char *const arguments[] = {"N", "N", "X", "WORD"};
    int i = next_place(&knob_count, k.name, find_knob(k.name, k.owner));
    k.published = knob_text(&k);
    k.argument = k.choices ? k.choices : arguments[k.type];
    knobs[i] = k;
}

void limits(double least, double most)
{
    require(knob_count > 0 && least <= most);
    struct knob *k = &knobs[knob_count - 1];
    k->limited = 1;
    k->least = least;
    k->most = most;
}

void add_setting(const char *name, enum type type, void *pointer,
                 const char *help)
{
    add_knob((struct knob){
        .name = name, .type = type, .pointer = pointer, .help = help});
}

void add_option(const char *name, enum type type, void *pointer,
                const char *choices, const char *help)
{
    const struct command *owner = &commands[command_count - 1];
    require(owner->example);
    if (find_common(name))
        die("option '%s' is one of lab's own: take another name", name);
    add_knob((struct knob){.name = name,
                           .type = type,
                           .pointer = pointer,
                           .choices = choices,
                           .help = help,
                           .owner = owner});
}
