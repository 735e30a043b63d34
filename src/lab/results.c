// results.c: tables, values and claims.
#include "private.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct table *new_tables;
static struct table *value_table, *claim_table; // of the running experiment

// ---- tables -----------------------------------------------------------------

static struct table *new_table(const char *file, struct experiment *owner)
{
    struct table *t = kept_memory(sizeof *t);
    *t = (struct table){.name = text_of("%s", file),
                        .owner = owner,
                        .path = folder_path(file),
                        .next = new_tables};
    for (struct table *u = new_tables; u; u = u->next)
        if (strcmp(u->name, file) == 0)
            die("%s is written twice", file);
    new_tables = t;
    t->file = fopen(t->path, "w");
    if (!t->file)
        die("%s: %s", t->path, strerror(errno));
    return t;
}

// A line for a message: its tabs and ends would not show.
static char *shown_line(const char *line)
{
    char *text = text_of("%s", "");
    for (; *line; line += strcspn(line, "\t\n")) {
        if (*line == '\t' || *line == '\n')
            text = text_of("%s%s", text, *line++ == '\t' ? "\\t" : "\\n");
        text = text_of("%s%.*s", text, (int)strcspn(line, "\t\n"), line);
    }
    return text;
}

// Whose table it is, before its name.
static const char *owner_of(const char *table)
{
    return running_experiment
               ? text_of("%s: %s", running_experiment->name, table)
               : table;
}

// Fields in a line; none may be empty, and there is but one line.
static int count_fields(const char *table, const char *line)
{
    int n = 1;
    for (const char *c = line; *c; c++)
        n += *c == '\t';
    if (strchr(line, '\n') || strstr(line, "\t\t") || !*line || *line == '\t' ||
        line[strlen(line) - 1] == '\t')
        die("%s: an empty field, or two lines, in '%s'", owner_of(table),
            shown_line(line));
    return n;
}

struct table *open_table(const char *name, const char *columns)
{
    struct table *t = new_table(text_of("%s.tsv", name), running_experiment);
    t->columns = count_fields(t->name, columns);
    fprintf(t->file, "%s\n", columns);
    return t;
}

void row(struct table *t, const char *format, ...)
{
    va_list a;
    va_start(a, format);
    char *line = text_from(format, a);
    va_end(a);
    int n = count_fields(t->name, line);
    if (!t->file)
        die("%s is done, and has no more rows", t->name);
    if (n != t->columns)
        die("%s: %d fields for %d columns in '%s'", owner_of(t->name), n,
            t->columns, shown_line(line));
    fprintf(t->file, "%s\n", line);
    free(line);
}

void done(struct table *t)
{
    FILE *f = t->file;
    if (!f)
        die("%s is done twice", t->name);
    t->file = NULL;
    int error = ferror(f);
    if (fclose(f) != 0 || error)
        die("%s: %s", t->path, strerror(errno));
}

void copy_table(const char *from, const char *file, struct experiment *owner)
{
    size_t size;
    char *path = text_of("%s/%s", from, file), *text = file_text(path, &size);
    if (!text)
        die("%s: %s", path, strerror(errno));
    struct table *t = new_table(file, owner);
    fwrite(text, 1, size, t->file);
    done(t);
}

// ---- names ------------------------------------------------------------------

// A name becomes a file's name or a word in a table; it is used once.
static void check_name(const char *what, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    static struct name_used {
        const char *what, *name;
        struct name_used *next;
    } * all;
    if (!running_experiment)
        die("%s '%s' belongs to no experiment", what, name);
    if (!*name || name[strspn(name, letters)])
        die("%s '%s': a name has letters, digits, - and _", what, name);
    for (struct name_used *u = all; u; u = u->next)
        if (strcmp(u->what, what) == 0 && strcmp(u->name, name) == 0)
            die("%s '%s' is given twice", what, name);
    struct name_used *u = kept_memory(sizeof *u);
    *u = (struct name_used){what, text_of("%s", name), all};
    all = u;
}

struct table *table(const char *name, const char *columns)
{
    check_name("table", name);
    if (strcmp(name, "run") == 0 || strcmp(name, "experiments") == 0)
        die("table '%s': lab writes a table of that name itself", name);
    return open_table(name, columns);
}

// ---- values and claims ------------------------------------------------------

static void check_measured(const char *what, const char *name, double x,
                           double se, int runs)
{
    check_name(what, name);
    if (!isfinite(x))
        die("%s '%s' is %g", what, name, x);
    if (!isfinite(se) || se < 0 || runs < 1)
        die("%s '%s' has the error %g of %d runs", what, name, se, runs);
}

void value(const char *name, double x, double se, int runs, const char *unit,
           enum kind kind)
{
    static const char *const kinds[] = {"exact", "computed", "sampled",
                                        "trained", "timing"};
    check_measured("value", name, x, se, runs);
    if (!value_table)
        value_table = open_table(text_of("%s.values", running_experiment->name),
                                 "name\tvalue\tse\truns\tunit\tkind");
    row(value_table, "%s\t%.17g\t%.17g\t%d\t%s\t%s", name, x, se, runs, unit,
        kinds[kind]);
}

const char *verdict_of(enum relation relation, double measured, double se,
                       double reference, double tolerance)
{
    double width = fmax((relation == EQUAL ? 4 : 3) * se, tolerance);
    if (relation == EQUAL)
        return fabs(measured - reference) <= width ? "held" : "refuted";
    double excess =
        relation == AT_MOST ? measured - reference : reference - measured;
    return excess + width <= 0  ? "held"
           : excess - width > 0 ? "refuted"
                                : "open";
}

void claim(const char *name, enum relation relation, double measured, double se,
           int runs, double reference, double tolerance, const char *reason)
{
    static const char *const relations[] = {"at most", "at least", "equal"};
    check_measured("claim", name, measured, se, runs);
    if (!isfinite(reference) || !isfinite(tolerance) || tolerance < 0)
        die("claim '%s' is held against %g within %g", name, reference,
            tolerance);
    if (tolerance > 0 && (!reason || !*reason))
        die("claim '%s' has a tolerance without a reason", name);
    if (!claim_table)
        claim_table = open_table(text_of("%s.claims", running_experiment->name),
                                 "name\trelation\tmeasured\tse\truns\t"
                                 "reference\ttolerance\treason\tverdict");
    row(claim_table, "%s\t%s\t%.17g\t%.17g\t%d\t%.17g\t%.17g\t%s\t%s", name,
        relations[relation], measured, se, runs, reference, tolerance,
        reason && *reason ? reason : "-",
        verdict_of(relation, measured, se, reference, tolerance));
}

// ---- the end of an experiment -----------------------------------------------

void end_experiment(void)
{
    struct experiment *e = running_experiment;
    if (value_table)
        done(value_table);
    if (claim_table)
        done(claim_table);
    value_table = claim_table = NULL;
    e->files = "-";
    for (struct table *t = new_tables; t; t = t->next) {
        if (t->owner != e)
            continue;
        if (t->file)
            die("%s leaves %s open: no done()", e->name, t->name);
        e->files =
            *e->files == '-' ? t->name : text_of("%s,%s", t->name, e->files);
    }
}

// Takes back what an experiment has written that cannot go on.
void drop_experiment(void)
{
    struct table **place = &new_tables;
    while (*place) {
        struct table *t = *place;
        if (t->owner != running_experiment) {
            place = &t->next;
            continue;
        }
        if (t->file)
            fclose(t->file);
        remove(t->path);
        *place = t->next;
    }
    value_table = claim_table = NULL;
    running_experiment->files = "-";
}
