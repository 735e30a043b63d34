// reproduce.c: results against what is published: the values and verdicts of
// expected.tsv, the tables of recorded/.
#include "private.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// ---- the results in the form of expected.tsv --------------------------------

static const char *run_word(const struct sheet *run, const char *key)
{
    int i = find_row(run, "key", key);
    if (!i)
        usage("no results yet: run %s first", this_place()->program);
    return sheet_cell(run, i, "value");
}

// Only whole results of this program, with the published options, can be
// compared with the published ones.
static void check_run(const struct sheet *run)
{
    if (strcmp(run_word(run, "key"), program_key()))
        usage("%s is of another program, or not whole: run %s first", run->path,
              this_place()->program);
    if (strcmp(run_word(run, "seed"), "1") ||
        strcmp(run_word(run, "quick"), "0") ||
        strcmp(run_word(run, "set"), "-"))
        usage("%s is of a run with other options than the published one",
              run->path);
}

// Adds the rows of NAME.values.tsv or NAME.claims.tsv: a claim's measured
// number is its value, and what a row does not have is "-".
static void add_rows(FILE *f, const char *what, const char *path)
{
    static const char *const columns[] = {"name",     "value",     "se",
                                          "runs",     "unit",      "kind",
                                          "relation", "reference", "tolerance",
                                          "verdict"};
    struct sheet s = read_sheet(path);
    for (int i = 1; i < s.rows; i++) {
        fprintf(f, "%s", what);
        for (int c = 0; c < 10; c++) {
            const char *cell = find_cell(&s, i, columns[c]);
            if (!cell && c == 1)
                cell = find_cell(&s, i, "measured");
            fprintf(f, "\t%s", cell ? cell : "-");
        }
        fputc('\n', f);
    }
}

static char *expected_text(void)
{
    static const char *const keys[] = {"cpu", "compiler"};
    const char *folder = results_folder();
    struct sheet run = read_sheet(text_of("%s/run.tsv", folder));
    char *text;
    size_t size;
    check_run(&run);
    FILE *f = open_memstream(&text, &size);
    fprintf(f, "what\tname\tvalue\tse\truns\tunit\tkind\trelation\treference\t"
               "tolerance\tverdict\n");
    for (int i = 0; i < 2; i++)
        fprintf(f, "run\t%s\t%s\t-\t-\t-\t-\t-\t-\t-\t-\n", keys[i],
                run_word(&run, keys[i]));
    for (int i = 0; i < experiment_count; i++) {
        char *path = text_of("%s/%s", folder, experiments[i].name);
        add_rows(f, "value", text_of("%s.values.tsv", path));
        add_rows(f, "claim", text_of("%s.claims.tsv", path));
    }
    fclose(f);
    return keep_block(text);
}

static char *expected_path(void)
{
    if (!this_place()->root)
        usage("nothing is published: this program is outside its tree");
    return chapter_path("expected.tsv");
}

// ---- reproduce and accept ---------------------------------------------------

static int same_cell(const struct sheet *s, int i, const struct sheet *t, int j,
                     const char *column)
{
    return strcmp(sheet_cell(s, i, column), sheet_cell(t, j, column)) == 0;
}

// The row of t about the same value or claim, or 0.
static int same_row(const struct sheet *s, int i, const struct sheet *t)
{
    for (int j = 1; j < t->rows; j++)
        if (same_cell(s, i, t, j, "what") && same_cell(s, i, t, j, "name"))
            return j;
    return 0;
}

static int same_machine(const struct sheet *old, const struct sheet *new)
{
    int same = 1;
    for (int i = 1; i < old->rows; i++)
        if (strcmp(sheet_cell(old, i, "what"), "run") == 0)
            same &= same_cell(old, i, new, same_row(old, i, new), "value");
    return same;
}

// How far a value may be from the published one.
static double allowed(const struct sheet *old, int i, const struct sheet *new,
                      int j)
{
    const char *kind = sheet_cell(old, i, "kind");
    double size = fabs(sheet_number(old, i, "value"));
    double se = sheet_number(old, i, "se");
    double both = 4 * hypot(se, sheet_number(new, j, "se"));
    if (strcmp(kind, "exact") == 0)
        return 0;
    if (strcmp(kind, "computed") == 0)
        return fmax(1e-9 * size, se);
    if (strcmp(kind, "sampled") == 0 && same_machine(old, new))
        return 1e-6 * size;
    return fmax(1e-6 * size, both);
}

// What is compared of a row: a value, a verdict; null for a time, or the run.
static const char *compared(const struct sheet *s, int i)
{
    if (strcmp(sheet_cell(s, i, "what"), "claim") == 0)
        return "verdict";
    if (strcmp(sheet_cell(s, i, "what"), "run") == 0 ||
        strcmp(sheet_cell(s, i, "kind"), "timing") == 0)
        return NULL;
    return "value";
}

static int agrees(const struct sheet *old, int i, const struct sheet *new,
                  int j, int exactly)
{
    if (exactly || strcmp(compared(old, i), "verdict") == 0)
        return same_cell(old, i, new, j, compared(old, i));
    return fabs(sheet_number(old, i, "value") -
                sheet_number(new, j, "value")) <= allowed(old, i, new, j);
}

// Tells of all that moved, came or went; of how many, and how many did not.
static void compare(const struct sheet *old, const struct sheet *new,
                    int exactly, int *all, int *same)
{
    *all = *same = 0;
    for (int i = 1; i < old->rows; i++) {
        const char *column = compared(old, i);
        int j = same_row(old, i, new), good = 0;
        if (!column)
            continue;
        good = j && agrees(old, i, new, j, exactly);
        if (!good)
            print("%s: published %s, now %s", sheet_cell(old, i, "name"),
                  sheet_cell(old, i, column),
                  j ? sheet_cell(new, j, column) : "absent");
        *same += good;
        ++*all;
    }
    for (int j = 1; j < new->rows; j++)
        if (compared(new, j) && !same_row(new, j, old)) {
            print("%s: not published, now %s", sheet_cell(new, j, "name"),
                  sheet_cell(new, j, compared(new, j)));
            ++*all;
        }
}

void reproduce_results(void)
{
    int all, same;
    struct sheet old = read_sheet(expected_path());
    struct sheet new = cut_sheet(expected_text(), "the results");
    recall_experiments(results_folder());
    for (int i = 0; i < experiment_count; i++)
        if (was_skipped(&experiments[i]))
            print("%s: not run: %s", experiments[i].name, experiments[i].note);
    compare(&old, &new, 0, &all, &same);
    print("%s: %d of %d values reproduced", this_place()->program, same, all);
    exit_status = same < all;
}

void accept_results(void)
{
    int all, same;
    char *path = expected_path(), *fresh = text_of("%s.new", path);
    char *text = expected_text();
    struct sheet old = read_sheet(path);
    recall_experiments(results_folder());
    for (int i = 0; i < experiment_count; i++)
        if (was_skipped(&experiments[i]))
            usage("%s: not run: %s", experiments[i].name, experiments[i].note);
    FILE *f = fopen(fresh, "w");
    if (!f || fputs(text, f) == EOF || fclose(f) != 0 ||
        rename(fresh, path) != 0) {
        int why = errno;
        remove(fresh);
        die("%s: %s", fresh, strerror(why));
    }
    struct sheet new = cut_sheet(text, path);
    compare(&old, &new, 1, &all, &same);
    print("%s: %d of %d values moved", this_place()->program, all - same, all);
}

// ---- --recorded-check -------------------------------------------------------

// Numbers agree to 1e-6 of the larger, words letter by letter.
static int cells_agree(const char *a, const char *b)
{
    double x, y;
    if (real_fault(a, &x) || real_fault(b, &y))
        return strcmp(a, b) == 0;
    return fabs(x - y) <= 1e-6 * fmax(fabs(x), fabs(y));
}

// Is row i of s a row of t?  Row 0, the columns' names, only of row 0.
static int has_row(const struct sheet *s, int i, const struct sheet *t)
{
    for (int j = i > 0; j < (i > 0 ? t->rows : 1); j++) {
        char **a = s->cells + (size_t)i * (size_t)s->columns;
        char **b = t->cells + (size_t)j * (size_t)t->columns;
        int c = 0;
        while (c < s->columns && cells_agree(a[c], b[c]))
            c++;
        if (c == s->columns)
            return 1;
    }
    return 0;
}

// How many rows of a fresh table were recorded; -1 if not all were.
static int check_table(const struct experiment *e, const char *file)
{
    struct sheet new = read_sheet(folder_path(file));
    struct sheet old = read_sheet(text_of("%s/%s", recorded_folder(), file));
    for (int i = 0; i < new.rows; i++)
        if (old.columns != new.columns || !has_row(&new, i, &old)) {
            print("%s: %s:%d: not recorded: %s ...", e->name, file, i + 1,
                  sheet_cell(&new, i, new.cells[0]));
            return -1;
        }
    return new.rows - 1;
}

// Values and claims are of the whole, so a part's are not compared.
static void check_experiment(struct experiment *e)
{
    int rows = 0;
    run_experiment(e);
    for (struct table *t = new_tables; t && rows >= 0; t = t->next) {
        if (t->owner != e || strstr(t->name, ".values.tsv") ||
            strstr(t->name, ".claims.tsv"))
            continue;
        int n = check_table(e, t->name);
        rows = n < 0 ? n : rows + n;
    }
    if (rows == 0 && !was_skipped(e))
        print("%s: wrote no row to compare", e->name);
    if (rows > 0)
        print("%s: %d row%s", e->name, rows, rows == 1 ? " agrees" : "s agree");
    exit_status |= rows <= 0 && !was_skipped(e);
}

void check_recorded(void)
{
    begin_folder(text_of("%s.check", results_folder()));
    for (int i = 0; i < experiment_count; i++)
        if (experiments[i].chosen)
            check_experiment(&experiments[i]);
    discard_folder();
}
