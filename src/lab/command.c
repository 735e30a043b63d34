// command.c: what a reader asks for.
#include "private.h"
#include <ctype.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

int exit_status;
static struct command *chosen_command;
static const char **chosen_operands;
static int operand_count;

// As the reader types it: "softmax run".
static char *command_title(void)
{
    const char *name = chosen_command ? chosen_command->name : "";
    return text_of("%s%s%s", this_place()->program, *name ? " " : "", name);
}

// ---- options ----------------------------------------------------------------

// What is wrong with a text as the value of an option; its number otherwise.
static const char *knob_fault(const struct knob *k, const char *text,
                              int64_t *n, double *x)
{
    const char *fault = NULL;
    if (!*text)
        return "is empty";
    if (k->type == INTEGER)
        fault = whole_fault(text, INT_MIN, INT_MAX, n);
    if (k->type == COUNT)
        fault = whole_fault(text, 0, INT64_MAX, n);
    if (k->type == REAL)
        fault = real_fault(text, x);
    if (k->type == WORD && k->choices &&
        (strchr(text, '|') ||
         !strstr(text_of("|%s|", k->choices), text_of("|%s|", text))))
        fault = text_of("is none of %s", k->choices);
    double number = k->type == REAL ? *x : (double)*n;
    if (!fault && k->limited && number < k->least)
        fault = text_of("is below %.15g", k->least);
    if (!fault && k->limited && number > k->most)
        fault = text_of("is above %.15g", k->most);
    return fault;
}

// Stores it; what is wrong with it instead.
static const char *set_knob(struct knob *k, const char *text)
{
    int64_t n = 0;
    double x = 0;
    const char *fault = knob_fault(k, text, &n, &x);
    if (fault)
        return fault;
    if (k->type == INTEGER)
        *(int *)k->pointer = (int)n;
    if (k->type == COUNT)
        *(int64_t *)k->pointer = n;
    if (k->type == REAL)
        *(double *)k->pointer = x;
    if (k->type == WORD)
        *(const char **)k->pointer = text;
    k->given = 1;
    return NULL;
}

static void change_setting(const char *text)
{
    int length = (int)strcspn(text, "=");
    char *name = text_of("%.*s", length, text), *all = NULL;
    for (int i = 0; i < knob_count; i++)
        if (!knobs[i].owner)
            all = all ? text_of("%s, %s", all, knobs[i].name)
                      : text_of("%s", knobs[i].name);
    if (!text[length])
        usage("--set: '%s' is not NAME=VALUE", text);
    struct knob *k = find_knob(name, NULL);
    if (!k)
        usage("--set: no setting '%s'; there are: %s", name,
              all ? all : "none");
    const char *value = text + length + 1, *fault = set_knob(k, value);
    if (fault)
        usage("--set %s: '%s' %s", name, value, fault);
}

static struct knob *find_option(const char *name)
{
    struct knob *k = chosen_command ? find_knob(name, chosen_command) : NULL;
    return k ? k : find_common(name);
}

// An option is argv[i]; its value may be argv[i + 1].  Returns the place of the
// last that was taken.
static int take_option(int argc, char **argv, int i)
{
    const char *a = strcmp(argv[i], "-h") ? argv[i] : "--help";
    char *name = text_of("%.*s", (int)strcspn(a, "="), a);
    const char *value = a[strlen(name)] ? a + strlen(name) + 1 : NULL;
    struct knob *k = strncmp(a, "--", 2) ? NULL : find_option(name + 2);
    if (!k)
        usage("no option '%s'; see %s --help", name, command_title());
    if (!k->argument) {
        if (value)
            usage("%s takes no value", name);
        *(int *)k->pointer = k->given = 1;
        return i;
    }
    if (!value && i + 1 < argc && strncmp(argv[i + 1], "--", 2))
        value = argv[++i];
    if (!value)
        usage("%s: %s is missing", name, k->argument);
    const char *fault = set_knob(k, value);
    if (fault)
        usage("%s: '%s' %s", name, value, fault);
    if (k->pointer == &set_text)
        change_setting(value);
    return i;
}

// ---- commands and operands --------------------------------------------------

static void choose_command(const char *name)
{
    char *all = text_of("%s", commands[1].name);
    chosen_command = find_command(name);
    if (chosen_command && *name)
        return;
    if (find_experiment(name))
        usage("'%s' is an experiment; see %s run --help", name,
              this_place()->program);
    for (int i = 2; i < command_count; i++)
        all = text_of("%s, %s", all, commands[i].name);
    usage("no command '%s'; there are: %s", name, all);
}

static int is_option(const char *a)
{
    return a[0] == '-' && a[1] && !isdigit((unsigned char)a[1]) && a[1] != '.';
}

static void read_command_line(int argc, char **argv)
{
    int ended = 0;
    chosen_operands = kept_memory((size_t)(argc + 1) * sizeof *chosen_operands);
    for (int i = 1; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = 1;
        else if (!ended && is_option(argv[i]))
            i = take_option(argc, argv, i);
        else if (!chosen_command)
            choose_command(argv[i]);
        else
            chosen_operands[operand_count++] = argv[i];
    }
    if (!chosen_command)
        chosen_command = &commands[0];
}

static void check_options(void)
{
    for (struct knob *k = common_options; k->name; k++)
        if (k->given && !takes_option(chosen_command, k))
            usage("--%s is no option of %s", k->name, command_title());
    if (threads < 1 || threads > 1024)
        usage("--threads: '%d' is not between 1 and 1024", threads);
}

// "FILE|-" is one operand, "[FILE]" at most one, "NAME..." one or more.
static void check_operands(void)
{
    int most = 0;
    for (const char *p = chosen_command->operands; *p; p += strspn(p, " ")) {
        char *word = text_of("%.*s", (int)strcspn(p, " "), p);
        p += strlen(word);
        if (*word != '[' && most >= operand_count)
            usage("%s: %s is missing", chosen_command->name, word);
        most = strstr(word, "...") ? INT_MAX : most + 1;
    }
    if (operand_count > most)
        usage("%s: '%s' is one too many", chosen_command->name,
              chosen_operands[most]);
}

int given(const char *option)
{
    struct knob *k = find_option(option);
    if (!k)
        die("no option '%s' is declared", option);
    return k->given;
}

const char *operand(int i)
{
    return i < operand_count ? chosen_operands[i] : NULL;
}

// What the calculator calls its i-th operand.
static char *operand_name(int i)
{
    const char *p = chosen_command->operands;
    for (; i > 0 && strchr(p, ' '); i--)
        p = strchr(p, ' ') + 1;
    p += *p == '[';
    return text_of("%.*s", (int)strcspn(p, " ]."), p);
}

// Another text than the operand's own if there is none.
static const char *needed_operand(int i)
{
    if (!operand(i))
        usage("%s: %s is missing", chosen_command->name, operand_name(i));
    return operand(i);
}

int64_t whole_operand(int i, int64_t least, int64_t most)
{
    int64_t n;
    const char *text = needed_operand(i);
    const char *fault = *text ? whole_fault(text, least, most, &n) : "is empty";
    if (fault)
        usage("%s: '%s' %s", operand_name(i), text, fault);
    return n;
}

double real_operand(int i)
{
    double x;
    const char *text = needed_operand(i);
    const char *fault = *text ? real_fault(text, &x) : "is empty";
    if (fault)
        usage("%s: '%s' %s", operand_name(i), text, fault);
    return x;
}

// ---- lab --------------------------------------------------------------------

int lab(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); // a file too large is an error of write
    read_command_line(argc, argv);
    check_options();
#ifdef _OPENMP
    if (!given("threads"))
        threads = omp_get_max_threads();
    omp_set_num_threads(threads);
#endif
    if (help_wanted) {
        print_help(chosen_command);
    } else {
        check_operands();
        chosen_command->run();
    }
    finish_output();
    return exit_status;
}
