// about.c: what a folder of results says of itself: run.tsv, experiments.tsv.
#include "private.h"
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

// "tokens=512 width=3", or "-".
static char *settings_given(void)
{
    char *all = NULL;
    for (int i = 0; i < knob_count; i++)
        if (!knobs[i].owner && knobs[i].given)
            all = text_of("%s%s%s=%s", all ? all : "", all ? " " : "",
                          knobs[i].name, knob_text(&knobs[i]));
    return all ? all : text_of("-");
}

static char *cpu_name(void)
{
    char line[256], name[256] = "unknown";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "model name : %255[^\n]", name) == 1)
            break;
    if (f)
        fclose(f);
    return text_of("%s", name);
}

char *date_now(void)
{
    char date[32];
    time_t t = time(NULL);
    struct tm *now = gmtime(&t); // null where the year is no int
    if (!now || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", now))
        return text_of("unknown");
    return text_of("%s", date);
}

static const char *compiler_name(void)
{
#ifdef __clang__
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

#ifndef LAB_FLAGS // make gives the compiler's flags
#define LAB_FLAGS "unknown"
#endif

void write_run(const char *key)
{
    const struct place *p = this_place();
    struct utsname u;
    uname(&u);
    double seconds = 0, pages = sysconf(_SC_PHYS_PAGES);
    for (int i = 0; i < experiment_count; i++)
        if (experiments[i].seconds > 0)
            seconds += experiments[i].seconds;
    struct table *t = open_table("run", "key\tvalue");
    row(t, "program\t%s", p->program);
    row(t, "chapter\t%s", p->stem ? p->stem : "-");
    row(t, "key\t%s", key);
    row(t, "seed\t%lld", (long long)seed);
    row(t, "quick\t%d", quick);
    row(t, "set\t%s", settings_given());
    row(t, "threads\t%d", threads);
    row(t, "machine\t%s %s %s", u.sysname, u.release, u.machine);
    row(t, "cpu\t%s", cpu_name());
    row(t, "memory\t%.1f GiB", pages * sysconf(_SC_PAGESIZE) / (1 << 30));
    row(t, "compiler\t%s", compiler_name());
    row(t, "flags\t%s", LAB_FLAGS);
    row(t, "date\t%s", date_now());
    row(t, "seconds\t%.3f", seconds);
    done(t);
}

void write_experiments(void)
{
    struct table *t =
        open_table("experiments", "name\tkind\tseconds\tfiles\tnote");
    for (int i = 0; i < experiment_count; i++) {
        const struct experiment *e = &experiments[i];
        if (e->seconds >= 0)
            row(t, "%s\t%s\t%.3f\t%s\t%s", e->name, e->kind, e->seconds,
                e->files, e->note);
    }
    done(t);
}

void recall_experiments(const char *folder)
{
    struct sheet s = read_sheet(text_of("%s/experiments.tsv", folder));
    for (int i = 1; i < s.rows; i++) {
        struct experiment *e = find_experiment(sheet_cell(&s, i, "name"));
        if (!e || strcmp(e->kind, sheet_cell(&s, i, "kind")))
            continue;
        e->seconds = sheet_number(&s, i, "seconds");
        e->files = sheet_cell(&s, i, "files");
        e->note = sheet_cell(&s, i, "note");
    }
}

// Does run.tsv say that a folder was made with these options?
int same_options(const struct sheet *run)
{
    const char *keys[] = {"seed", "quick", "set"};
    const char *now[] = {text_of("%lld", (long long)seed), text_of("%d", quick),
                         settings_given()};
    for (int i = 0; i < 3; i++) {
        int r = find_row(run, "key", keys[i]);
        if (!r || strcmp(sheet_cell(run, r, "value"), now[i]))
            return 0;
    }
    return 1;
}
