// run.c: which experiments run, and where their results go.
#include "private.h"
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <string.h>
#include <unistd.h>

struct experiment *running_experiment;

// ---- folders ----------------------------------------------------------------

// --out DIR, its last part a name beside which another folder can stand.
static char *named_folder(void)
{
    size_t n = strlen(out_folder);
    while (n > 0 && out_folder[n - 1] == '/')
        n--;
    char *path =
        text_of("%s%.*s", *out_folder == '/' ? "" : "./", (int)n, out_folder);
    char *name = strrchr(path, '/');
    if (!name || !name[1] || !strcmp(name, "/.") || !strcmp(name, "/.."))
        usage("--out: '%s' has no name", out_folder);
    return path;
}

static char *folder_of(const char *ending)
{
    const struct place *p = this_place();
    int varied = given("seed") || given("quick") || given("set");
    const char *kind = varied ? "varied" : "results";
    if (out_folder)
        return named_folder();
    if (!p->root)
        return text_of("./%s%s", kind, ending);
    if (!varied && *ending)
        return chapter_path("recorded");
    return text_of("%s/build/%s/%s%s", p->root, kind, p->stem, ending);
}

char *results_folder(void)
{
    return folder_of("");
}

char *recorded_folder(void)
{
    return folder_of(".recorded");
}

// ---- the other experiments' results -----------------------------------------

// A key vouches for a whole folder.  A run of some experiments keeps the results
// of the others if the options are the same, and the old key if the program is.
static const char *carry_over(const char *folder)
{
    struct sheet run = read_sheet(text_of("%s/run.tsv", folder));
    int key = find_row(&run, "key", "key");
    if (!key || !same_options(&run))
        return "partial";
    recall_experiments(folder);
    for (int i = 0; i < experiment_count; i++) {
        struct experiment *e = &experiments[i];
        if (e->chosen || e->seconds < 0 || strcmp(e->files, "-") == 0)
            continue;
        char *files = text_of("%s", e->files);
        for (char *f = strtok(files, ","); f; f = strtok(NULL, ","))
            copy_table(folder, f, e);
    }
    const char *old_key = sheet_cell(&run, key, "value");
    return strcmp(old_key, program_key()) ? "partial" : old_key;
}

// ---- running ----------------------------------------------------------------

static jmp_buf way_out;

void needs(const char *package)
{
    if (!running_experiment)
        die("this needs %s", package);
    remark("%s: not run: needs %s", running_experiment->name, package);
    running_experiment->note = text_of("needs %s", package);
    longjmp(way_out, 1);
}

int was_skipped(const struct experiment *e)
{
    return strncmp(e->note, "needs ", 6) == 0;
}

static int is_recorded(const struct experiment *e)
{
    return strcmp(e->kind, "recorded") == 0;
}

void run_experiment(struct experiment *e)
{
    double start = seconds_now();
    running_experiment = e;
    e->note =
        is_recorded(e) ? text_of("%s, key %s", date_now(), program_key()) : "-";
    if (setjmp(way_out) == 0) {
        e->run();
        end_experiment();
    } else {
        drop_experiment();
    }
    clear_bar();
    // Negative would say that it never ran.
    e->seconds = fmax(0, seconds_now() - start);
    running_experiment = NULL;
}

static const char *seen_from_here(const char *path)
{
    char here[PATH_MAX];
    size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;
    return n > 1 && strncmp(path, here, n) == 0 && path[n] == '/' ? path + n + 1
                                                                  : path;
}

// Runs the chosen experiments, the timing ones last; if they are not the whole,
// next to the results of the others.  Without a key, what vouches for those
// vouches for all.
static void run_chosen(const char *folder, int whole, const char *key)
{
    int count = 0;
    double start = seconds_now();
    begin_folder(folder);
    const char *old_key = whole ? NULL : carry_over(folder);
    for (int last = 0; last < 2; last++)
        for (int i = 0; i < experiment_count; i++) {
            struct experiment *e = &experiments[i];
            if (!e->chosen || last != (strcmp(e->kind, "timing") == 0))
                continue;
            run_experiment(e);
            count += !was_skipped(e);
        }
    if (count == 0 && !whole) {
        discard_folder();
        return;
    }
    write_experiments();
    write_run(key ? key : old_key);
    commit_folder();
    remark("%d experiment%s in %.1f s, in %s", count, count == 1 ? "" : "s",
           seconds_now() - start, seen_from_here(folder));
}

// Chooses the experiments that the operands name, or all of that kind if there
// are none.  Were all chosen?
static int choose_experiments(int wanted)
{
    char *all = NULL;
    int left = 0;
    for (int i = 0; i < experiment_count; i++) {
        struct experiment *e = &experiments[i];
        if (is_recorded(e) != wanted)
            continue;
        e->chosen = !operand(0);
        left += !e->chosen;
        all = all ? text_of("%s, %s", all, e->name) : text_of("%s", e->name);
    }
    for (int i = 0; operand(i); i++) {
        struct experiment *e = find_experiment(operand(i));
        if (e && is_recorded(e) != wanted)
            usage("'%s' is %s recorded experiment; see %s %s --help",
                  operand(i), wanted ? "no" : "a", this_place()->program,
                  wanted ? "run" : "record");
        if (!e)
            usage("no experiment '%s'; there are: %s", operand(i),
                  all ? all : "none");
        left -= !e->chosen;
        e->chosen = 1;
    }
    return left == 0;
}

void run_named(void)
{
    int all = choose_experiments(recorded_check);
    if (recorded_check)
        check_recorded();
    else
        run_chosen(results_folder(), all, all ? program_key() : NULL);
}

// One after the other, so that an interrupted night keeps what is done.
void record_named(void)
{
    int todo[experiment_count + 1];
    choose_experiments(1);
    for (int i = 0; i < experiment_count; i++)
        todo[i] = experiments[i].chosen;
    for (int i = 0; i < experiment_count; i++) {
        for (int j = 0; j < experiment_count; j++)
            experiments[j].chosen = i == j;
        if (todo[i])
            run_chosen(recorded_folder(), 0, program_key());
    }
}
