// tsv.c: tables of results; values, claims, the run.
#include "weave.h"
#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- tables -----------------------------------------------------------------

// Cuts a line at its tabs, in place.
static char **fields(char *line, int *n)
{
    int count = 1;
    for (char *p = line; *p; p++)
        count += *p == '\t';
    char **field = keep(count * sizeof *field);
    for (int i = 0; i < count; i++) {
        field[i] = line;
        line += strcspn(line, "\t");
        if (*line)
            *line++ = 0;
    }
    *n = count;
    return field;
}

struct tsv *read_tsv(const char *path)
{
    int good;
    char *s = read_text(path, &good);
    if (!good)
        return NULL;
    struct tsv *t = keep(sizeof *t);
    struct list rows = {0};
    t->path = path;
    for (int line = 1; *s; line++) {
        char *next = s + strcspn(s, "\n");
        if (*next)
            *next++ = 0;
        int width;
        char **f = fields(s, &width);
        if (line == 1) {
            t->column = f;
            t->columns = width;
        } else if (width != t->columns) {
            fault(path, line,
                  "%d field%s where the head has %d, set apart by "
                  "tabs",
                  width, width > 1 ? "s" : "", t->columns);
            return NULL;
        } else {
            add(&rows, f);
        }
        s = next;
    }
    if (!t->columns)
        fault(path, 0, "an empty table");
    t->row = (char ***)rows.at;
    t->rows = rows.n;
    return t->columns ? t : NULL;
}

int column(const struct tsv *t, const char *name)
{
    for (int j = 0; j < t->columns; j++)
        if (strcmp(t->column[j], name) == 0)
            return j;
    return -1;
}

const char *cell(const struct tsv *t, int row, const char *name)
{
    int j = column(t, name);
    return j < 0 ? "" : t->row[row][j];
}

// Says which of the columns, "name value", a table lacks.
static void need_columns(const struct tsv *t, const char *names)
{
    char *words = copy(names, strlen(names)), *w;
    while ((w = word(&words)))
        if (column(t, w) < 0)
            fault(t->path, 1, "no column '%s'", w);
}

struct tsv *read_columns(const char *path, const char *names)
{
    struct tsv *t = read_tsv(path);
    if (t)
        need_columns(t, names);
    return t;
}

// A cell that must be a number; "-" and nothing count as 0.
static double real(const struct tsv *t, int row, const char *name)
{
    const char *s = cell(t, row, name);
    if (!*s || strcmp(s, "-") == 0)
        return 0;
    char *end;
    double x = strtod(s, &end);
    if (!*end && isfinite(x))
        return x;
    fault(t->path, row + 2, "%s: '%s' is not a%s number", name, s,
          *end ? "" : " finite");
    return 0;
}

static int runs_of(const struct tsv *t, int row)
{
    double x = real(t, row, "runs");
    if (x >= 0 && x <= INT_MAX && x == floor(x))
        return x;
    fault(t->path, row + 2, "runs: '%s' is no count", cell(t, row, "runs"));
    return 0;
}

// ---- values and verdicts ----------------------------------------------------

static void read_value(struct results *r, const struct tsv *t, int i)
{
    struct value *v = keep(sizeof *v);
    v->name = cell(t, i, "name");
    v->unit = cell(t, i, "unit");
    v->kind = cell(t, i, "kind");
    v->file = strrchr(t->path, '/') ? strrchr(t->path, '/') + 1 : t->path;
    v->x = real(t, i, "value");
    v->se = real(t, i, "se");
    v->runs = runs_of(t, i);
    if (add_name(&r->value_names, v->name, v))
        fault(t->path, i + 2, "a second value '%s'", v->name);
    add(&r->values, v);
}

static void read_verdict(struct results *r, const struct tsv *t, int i,
                         const char *measured)
{
    struct verdict *v = keep(sizeof *v);
    v->name = cell(t, i, "name");
    v->relation = cell(t, i, "relation");
    v->reason = cell(t, i, "reason");
    v->word = cell(t, i, "verdict");
    v->measured = real(t, i, measured);
    v->se = real(t, i, "se");
    v->runs = runs_of(t, i);
    v->reference = real(t, i, "reference");
    v->tolerance = real(t, i, "tolerance");
    if (strcmp(v->word, "held") && strcmp(v->word, "refuted") &&
        strcmp(v->word, "open"))
        fault(t->path, i + 2, "verdict '%s' is not held, refuted or open",
              v->word);
    if (strcmp(v->relation, "at most") && strcmp(v->relation, "at least") &&
        strcmp(v->relation, "equal"))
        fault(t->path, i + 2, "relation '%s' is not at most, at least or equal",
              v->relation);
    if (add_name(&r->verdict_names, v->name, v))
        fault(t->path, i + 2, "a second claim '%s'", v->name);
    add(&r->verdicts, v);
}

struct value *find_value(const struct results *r, const char *name)
{
    return find_name(&r->value_names, name);
}

struct verdict *find_verdict(const struct results *r, const char *name)
{
    return find_name(&r->verdict_names, name);
}

// ---- a folder of results ----------------------------------------------------

static int is_results(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return (n > 11 && strcmp(e->d_name + n - 11, ".values.tsv") == 0) ||
           (n > 11 && strcmp(e->d_name + n - 11, ".claims.tsv") == 0);
}

// The values and verdicts of a folder, into r: of a run, of recorded runs.
void add_results(struct results *r, const char *folder)
{
    struct dirent **names;
    int n = scandir(folder, &names, is_results, alphasort);
    for (int i = 0; i < n; i++) {
        struct tsv *t = read_tsv(form("%s/%s", folder, names[i]->d_name));
        int claims = strstr(names[i]->d_name, ".claims.") != NULL;
        if (t)
            need_columns(t, claims ? "name relation measured se runs reference "
                                     "tolerance reason verdict"
                                   : "name value se runs unit kind");
        for (int k = 0; t && k < t->rows; k++)
            if (claims)
                read_verdict(r, t, k, "measured");
            else
                read_value(r, t, k);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

struct results *read_results(const char *folder)
{
    struct results *r = keep(sizeof *r);
    r->folder = folder;
    r->about = read_columns(form("%s/run.tsv", folder), "key value");
    r->experiments = read_columns(form("%s/experiments.tsv", folder), "note");
    r->run = r->about != NULL;
    add_results(r, folder);
    return r;
}

// The published values and verdicts of a chapter, as if they had been run.
struct results *read_expected(const char *path)
{
    struct results *r = keep(sizeof *r);
    struct tsv *t = read_columns(path, "what name value se runs unit kind "
                                       "relation reference tolerance verdict");
    r->folder = "";
    for (int i = 0; t && i < t->rows; i++) {
        const char *what = cell(t, i, "what");
        if (strcmp(what, "value") == 0)
            read_value(r, t, i);
        else if (strcmp(what, "claim") == 0)
            read_verdict(r, t, i, "value");
        r->run = 1;
    }
    return r;
}

const char *about(const struct results *r, const char *key)
{
    for (int i = 0; r->about && i < r->about->rows; i++)
        if (strcmp(cell(r->about, i, "key"), key) == 0)
            return cell(r->about, i, "value");
    return "";
}

const char *missing(const struct results *r)
{
    if (!r->run)
        return "not run yet";
    for (int i = 0; r->experiments && i < r->experiments->rows; i++)
        if (starts(cell(r->experiments, i, "note"), "needs "))
            return cell(r->experiments, i, "note");
    return NULL;
}

// ---- numbers as the page writes them ----------------------------------------

// Digits in groups of three, set apart by thin spaces, from five digits on.
static void grouped(struct text *t, const char *digits, int n)
{
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0 && n > 4)
            put(t, "\u202f");
        putn(t, digits + i, 1);
    }
}

// printf's text with a true minus, groups, and powers of ten.
static void pretty(struct text *t, const char *s, int group)
{
    if (*s == '-') {
        if (strcspn(s, "123456789") < strcspn(s, "e"))
            put(t, "\u2212"); // no minus before a zero
        s++;
    }
    int whole = strspn(s, "0123456789");
    if (group)
        grouped(t, s, whole);
    else
        putn(t, s, whole);
    s += whole;
    const char *e = strchr(s, 'e');
    if (!e || strspn(e, "e+-0123456789") < 3) {
        put(t, s);
        return;
    }
    char *rest;
    long power = strtol(e + 1, &rest, 10);
    if (e - s > 0 || whole != 1 || s[-1] != '1') {
        putn(t, s, e - s);
        put(t, " × ");
    } else {
        t->s[--t->n] = 0; // 1 × 10⁻³ is 10⁻³
    }
    putf(t, "10<sup>%s%ld</sup>%s", power < 0 ? "\u2212" : "", labs(power),
         rest);
}

// Is it one conversion of a double, %.2f, perhaps with %% behind it?
static int one_conversion(const char *f, char *kind)
{
    if (*f++ != '%')
        return 0;
    f += strspn(f, "+'");
    const char *point = f;
    if (*f == '.')
        f += 1 + strspn(f + 1, "0123456789");
    if (!*f || !strchr("dfeg", *f) || (*f == 'd' && f > point) || f - point > 3)
        return 0;
    *kind = *f++;
    f += strspn(f, " ");
    return !*f || strcmp(f, "%%") == 0;
}

// Without a format: whole numbers as they are, others with three digits.
static char *plain(double x)
{
    char s[64];
    int whole = x == floor(x) && fabs(x) < 1e15;
    snprintf(s, sizeof s, whole ? "%.0f" : "%.3g", x);
    if (x != 0 && !whole && (fabs(x) >= 1e4 || fabs(x) < 1e-3))
        snprintf(s, sizeof s, "%.2g", x);
    if (strcmp(s, "-0") == 0)
        snprintf(s, sizeof s, "0");
    struct text t = {0};
    pretty(&t, s, 1);
    return all(&t);
}

char *number(double x, const char *format)
{
    char kind = 0;
    if (!isfinite(x))
        return isnan(x) ? "not a number" : x > 0 ? "∞" : "−∞";
    if (!format)
        return plain(x);
    if (strlen(format) > 40 || !one_conversion(format, &kind))
        return NULL;
    // printf in the C locale knows no groups: ours come in pretty().
    char f[64], s[400];
    int group = strchr(format, '\'') != NULL, n = 0;
    for (const char *p = format; *p; p++)
        if (*p == 'd' && kind == 'd' && strchr("%'+0123456789", p[-1])) {
            n += sprintf(f + n, ".0f");
            kind = 0;
        } else if (*p != '\'') {
            f[n++] = *p;
        }
    f[n] = 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(s, sizeof s, f, x);
#pragma GCC diagnostic pop
    struct text t = {0};
    pretty(&t, trim(s), group);
    return all(&t);
}
