// blocks.c: equations, figures, tables, claims and listings as HTML.
#include "weave.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- signs ------------------------------------------------------------------

// Three verdicts, told apart by shape as well as by colour: a solid octagon
// with a tick, an open one with a cross, a broken circle with a bar.
const char *mark(const char *verdict)
{
#define SVG "<svg class=\"mark\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">"
#define LINE "fill=\"none\" stroke="
    if (strcmp(verdict, "held") == 0)
        return SVG
            "<path d=\"M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z\" "
            "fill=\"currentColor\"/><path d=\"M4.3 8.3l2.6 2.7 4.9-5.7\" " LINE
            "\"var(--paper)\" stroke-width=\"1.9\"/></svg>";
    if (strcmp(verdict, "refuted") == 0)
        return SVG
            "<path d=\"M5.2 1.2h5.6L14.8 5.2v5.6l-4 4H5.2l-4-4V5.2z\" " LINE
            "\"currentColor\" stroke-width=\"1.6\"/>"
            "<path d=\"M5.3 5.3l5.4 5.4m0-5.4l-5.4 5.4\" "
            "stroke=\"currentColor\" stroke-width=\"1.6\"/></svg>";
    return SVG "<circle cx=\"8\" cy=\"8\" r=\"6.7\" " LINE "\"currentColor\" "
               "stroke-width=\"1.6\" stroke-dasharray=\"2.6 1.6\"/>"
               "<path d=\"M4.8 8h6.4\" stroke=\"currentColor\" "
               "stroke-width=\"1.6\"/></svg>";
}

static const char play[] =
    "<span class=\"play\"><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
    "<path d=\"M2 1l7 4-7 4z\" fill=\"currentColor\"/></svg></span>";

static const char *tick(enum outcome o)
{
#define SMALL "\"><svg viewBox=\"0 0 10 10\" role=\"img\" aria-label=\""
    if (o == PASSED)
        return "<span class=\"tick" SMALL "passes\">"
               "<path d=\"M1 5.4l2.8 3L9 1.8\" " LINE "\"currentColor\" "
               "stroke-width=\"1.7\"/></svg></span>";
    if (o == FAILED)
        return "<span class=\"tick fails" SMALL "fails\">"
               "<path d=\"M1.5 1.5l7 7m0-7l-7 7\" " LINE "\"currentColor\" "
               "stroke-width=\"1.9\"/></svg></span>";
    return "<span class=\"tick unknown" SMALL "not run\">"
           "<circle cx=\"5\" cy=\"5\" r=\"3\" " LINE "\"currentColor\" "
           "stroke-width=\"1.4\"/></svg></span>";
}

char *unrun(const struct chapter *c, const char *what)
{
    const char *why = missing(c->results);
    return form("<p class=\"unrun\">%s: %s. <code>make %s</code> makes it."
                "</p>\n",
                what, why ? html(why) : "not drawn yet", c->stem);
}

// ---- downloads --------------------------------------------------------------

char *download(const struct chapter *c, const char *path, const char *word)
{
    size_t n;
    char *s = read_file(path, &n);
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    if (!s)
        return "";
    write_later(form("%s/files/%s/%s", book.out, c->stem, name), s, n);
    return form("<a href=\"files/%s/%s\" download>%s</a>", c->stem, html(name),
                word);
}

// ---- equations --------------------------------------------------------------

// Is it quoted on the chapter's page, or in the folded program?
static int is_shown(const struct chapter *c, const struct item *it)
{
    return it->quoted == c ||
           starts(it->source->path, form("chapters/%s/", c->stem));
}

static char *item_link(const struct chapter *c, const struct item *it)
{
    if (is_shown(c, it))
        return form("<a href=\"#fn:%s/%s\"><code>%s</code></a>", c->stem,
                    it->name, it->name);
    return form("<code>%s</code>", it->name);
}

static void put_functions(struct text *t, const struct target *eq)
{
    for (int i = 0; i < eq->computed_by.n; i++)
        putf(t, "%s%s", i ? ", " : form("<p>%scomputed by ", play),
             item_link(eq->chapter, eq->computed_by.at[i]));
    if (eq->computed_by.n)
        put(t, "</p>");
}

static char *spaced(const char *s)
{
    char *words = copy(s, strlen(s));
    for (char *p = words; *p; p++)
        if (*p == '_')
            *p = ' ';
    return html(words);
}

// A test of another chapter is listed on that one's page.
static const struct chapter *chapter_of(const struct test *test)
{
    for (int i = 0; i < book.chapters.n; i++) {
        const struct chapter *c = book.chapters.at[i];
        for (int j = 0; j < c->tests.n; j++)
            if (c->tests.at[j] == test)
                return c;
    }
    return NULL;
}

static void put_checks(struct text *t, const struct target *eq)
{
    for (int i = 0; i < eq->checked_by.n; i++) {
        const struct test *test = eq->checked_by.at[i];
        const struct chapter *c = chapter_of(test);
        putf(t, "<p>%s<a href=\"%s#test:%s/%s/%s\">%s</a></p>",
             tick(test->outcome),
             c == eq->chapter ? "" : form("%s.html", c->stem), c->stem,
             test->suite, test->name, spaced(test->name));
    }
}

// The formula in the parts that \qquad sets apart; each may go to a new line.
static void put_parts(struct text *t, struct chapter *c,
                      const struct target *eq)
{
    const char *s = eq->body, *from = s;
    for (int depth = 0, begun = 0;; s++) {
        if (*s == '\\' && s[1] && !isalpha((unsigned char)s[1])) {
            s++; // an escaped brace, a new row
            continue;
        }
        depth += (*s == '{') - (*s == '}');
        begun += starts(s, "\\begin{") - starts(s, "\\end{");
        int apart = !depth && !begun && starts(s, "\\qquad") &&
                    !isalpha((unsigned char)s[6]);
        if (!*s || apart) {
            put(t, math(c->file, eq->line, trim(copy(from, s - from)), 1));
            from = s + 6;
        }
        if (!*s)
            break;
    }
}

char *equation(struct chapter *c, struct fence *f)
{
    struct target *eq = find_target(f->name, c);
    struct text t = {0};
    char *no = number_of(eq);
    putf(&t,
         "<div class=\"eq\" id=\"%s\"><aside class=\"by\" aria-label=\""
         "Equation %s: code and tests\">",
         eq->name, no);
    put_functions(&t, eq);
    put_checks(&t, eq);
    if (eq->definition && !eq->computed_by.n)
        put(&t, "<p>a definition</p>");
    putf(&t,
         "</aside><div class=\"row\"><div class=\"math\" tabindex=\"0\" "
         "role=\"group\" aria-label=\"Equation %s\">",
         no);
    put_parts(&t, c, eq);
    putf(&t,
         "</div><a class=\"no\" href=\"#%s\" aria-label=\"Link to "
         "equation %s\">(%s)</a></div></div>\n",
         eq->name, no, no);
    return all(&t);
}

// ---- captions ---------------------------------------------------------------

static void put_caption(struct text *t, struct chapter *c, struct fence *f,
                        const struct target *it, const char *word)
{
    const char *rest;
    char *title = lead(f->body, &rest);
    char *text = markdown_line(c, c->file, above(f, rest), rest);
    if (starts(text, "<p>")) { // of several paragraphs
        put(t, "<p>");
        text += 3;
    }
    putf(t, "<a class=\"no\" href=\"#%s\">%s %s.</a> ", it->name, word,
         number_of(it));
    if (title)
        putf(t, "<b>%s</b> ", markdown_line(c, c->file, it->above, title));
    put(t, text);
}

// ---- figures ----------------------------------------------------------------

// The tables that a gnuplot script names, "pair.tsv".
static void put_data(struct text *t, const struct chapter *c, const char *gp)
{
    struct list seen = {0};
    for (const char *s = strstr(gp, ".tsv\""); s; s = strstr(s + 1, ".tsv\"")) {
        const char *from = s;
        while (from > gp && from[-1] != '"' && from[-1] != '/' &&
               from[-1] != '\n')
            from--;
        char *name = copy(from, s + 4 - from);
        if (has_letter(&seen, name))
            continue;
        char *path = results_folder(c, name);
        if (access(path, R_OK))
            path = form("chapters/%s/recorded/%s", c->stem, name);
        put(t, download(c, path, seen.n ? html(name) : "data"));
        add(&seen, name);
    }
}

static char *figure_path(const struct chapter *c, const char *name,
                         const char *end)
{
    if (book.varied)
        return form("build/varied/figures/%s/%s%s", c->stem, name, end);
    return form("%s/%s/%s%s", book.figures, c->stem, name, end);
}

// Where a figure comes from: data, script, drawing, the command.
static void put_source(struct text *t, struct chapter *c, const char *name,
                       const char *gp)
{
    put(t, "<p class=\"src\">");
    put_data(t, c, gp);
    put(t, download(c, form("figures/%s/%s.gp", c->stem, name), "script"));
    put(t, download(c, figure_path(c, name, ".svg"), "SVG"));
    put(t, download(c, figure_path(c, name, ".png"), "PNG"));
    putf(t, "<code>make %s</code></p>", c->stem);
}

static char *drawing(struct chapter *c, struct fence *f, const char *alt,
                     int *wide)
{
    char *path = figure_path(c, f->name, ".svg");
    *wide = 0;
    if (access(path, R_OK) == 0)
        return figure(path, form("fig-%s-%s", c->stem, f->name), alt, wide);
    if (book.check)
        fault(c->file, f->line, "figure %s: not drawn yet: make %s", f->name,
              c->stem);
    return NULL;
}

char *figure_block(struct chapter *c, struct fence *f)
{
    struct target *it = find_target(form("fig:%s", f->name), c);
    char *gp = read_file(form("figures/%s/%s.gp", c->stem, f->name), NULL);
    char *alt = take_paragraph(f, "alt");
    struct text t = {0};
    int wide;
    if (!gp)
        fault(c->file, f->line, "figure %s: write the script figures/%s/%s.gp",
              f->name, c->stem, f->name);
    if (!alt || !*alt)
        fault(c->file, f->line,
              "figure %s: begin with alt: what it shows, "
              "for those who cannot see it",
              f->name);
    if (!it->title)
        fault(c->file, f->line, "figure %s: a caption begins **Finding.**",
              f->name);
    if (!gp || !alt)
        return NULL;
    char *svg = drawing(c, f, alt, &wide);
    putf(&t, "<figure class=\"fig%s\" id=\"%s\">", wide ? " wide" : "",
         it->name);
    if (wide)
        putf(&t,
             "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
             "aria-label=\"Figure %s\">%s</div>",
             number_of(it), svg);
    putf(&t, wide ? "<figcaption><div>" : "<figcaption class=\"side\">");
    put_caption(&t, c, f, it, "Figure");
    put(&t, wide ? "</div>" : "");
    put_source(&t, c, f->name, gp);
    put(&t, "</figcaption>");
    if (!wide)
        put(&t, svg ? svg : unrun(c, form("Figure %s", number_of(it))));
    put(&t, "</figure>\n");
    return all(&t);
}

// ---- tables -----------------------------------------------------------------

struct shown {                 // a column of the printed table
    const char *head, *format; // HTML; null: as number() likes
    int column, se;            // -1: none
};

// A column `se`, `se_half` or `se [B]` holds the errors of the one before it.
static int is_error(const char *name)
{
    return starts(name, "se") && (!name[2] || strchr("_ ", name[2]));
}

static char *names_of(const struct tsv *t)
{
    struct text names = {0};
    for (int j = 0; j < t->columns; j++)
        putf(&names, "%s%s", j ? ", " : "", t->column[j]);
    return all(&names);
}

// The column of a `column NAME: heading | %.1f` whose head is "heading | %.1f".
static void choose_column(struct chapter *c, const struct fence *f,
                          const struct tsv *t, const char *name, char *head,
                          struct list *out)
{
    struct shown *s = keep(sizeof *s);
    char *bar = strrchr(head, '|');
    s->column = column(t, name);
    if (bar) {
        *bar++ = 0;
        s->format = trim(bar);
    }
    s->head = *trim(head) ? markdown_line(c, c->file, f->above - 1, trim(head))
                          : html(name);
    if (s->column < 0)
        fault(c->file, f->above, "table %s: %s has no column '%s', but %s",
              f->name, t->path, name, names_of(t));
    else if (s->format && !number(0, s->format))
        fault(c->file, f->above,
              "table %s: '%s' is not one of %%d %%'d %%.2f "
              "%%.1e %%g",
              f->name, s->format);
    else
        add(out, s);
}

// The columns that the fence lists, or every one that is not an error or a
// count of runs.
static void choose_columns(struct chapter *c, struct fence *f,
                           const struct tsv *t, struct list *out)
{
    char *name, *head;
    while ((name = take_column(f, &head)))
        choose_column(c, f, t, name, head, out);
    int listed = out->n;
    for (int j = 0; !listed && j < t->columns; j++) {
        if (is_error(t->column[j]) || strcmp(t->column[j], "runs") == 0)
            continue;
        struct shown *s = keep(sizeof *s);
        s->head = html(t->column[j]);
        s->column = j;
        add(out, s);
    }
    for (int i = 0; i < out->n; i++) {
        struct shown *s = out->at[i];
        s->se = s->column + 1 < t->columns && is_error(t->column[s->column + 1])
                    ? s->column + 1
                    : -1;
    }
}

static void put_cell(struct text *out, const struct tsv *t, int row,
                     const struct shown *s)
{
    const char *text = t->row[row][s->column];
    char *end, *shown = NULL;
    double x = strtod(text, &end);
    int numeric = *text && !*end;
    if (numeric)
        shown = number(x, s->format);
    putf(out, "<td%s>%s", numeric ? "" : " class=\"word\"",
         numeric ? shown : html(text));
    if (numeric && isnan(x))
        fault(t->path, row + 2, "%s is not a number; let the program write -",
              t->column[s->column]);
    double se = s->se < 0 ? 0 : strtod(t->row[row][s->se], NULL);
    if (numeric && se > 0)
        putf(out, " <span class=\"se\">± %s</span>", number(se, s->format));
    put(out, "</td>");
}

static void put_rows(struct text *out, const struct tsv *t,
                     const struct list *columns, const char *label)
{
    putf(out,
         "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
         "aria-label=\"%s\"><table class=\"data\"><thead><tr>",
         label);
    for (int i = 0; i < columns->n; i++)
        putf(out, "<th scope=\"col\">%s</th>",
             ((struct shown *)columns->at[i])->head);
    put(out, "</tr></thead><tbody>");
    for (int row = 0; row < t->rows; row++) {
        put(out, "<tr>");
        for (int i = 0; i < columns->n; i++)
            put_cell(out, t, row, columns->at[i]);
        put(out, "</tr>");
    }
    put(out, "</tbody></table></div>");
}

char *table_block(struct chapter *c, struct fence *f)
{
    struct target *it = find_target(form("tab:%s", f->name), c);
    char *label = form("Table %s", number_of(it));
    char *path = results_folder(c, form("%s.tsv", f->name));
    struct text t = {0};
    struct list columns = {0};
    int recorded = book.recorded || access(path, R_OK) != 0;
    if (recorded)
        path = form("chapters/%s/recorded/%s.tsv", c->stem, f->name);
    struct tsv *data = read_tsv(path);
    if (!data && !missing(c->results) && !book.recorded)
        fault(c->file, f->line,
              "table %s: the program writes no %s.tsv; if a recorded "
              "experiment does: make record-%s",
              f->name, f->name, c->stem);
    if (!it->title)
        fault(c->file, f->line, "table %s: a caption begins **Finding.**",
              f->name);
    if (data)
        choose_columns(c, f, data, &columns);
    else
        for (char *head; take_column(f, &head);)
            ;
    putf(&t, "<figure class=\"tab\" id=\"%s\"><figcaption class=\"side\">",
         it->name);
    put_caption(&t, c, f, it, "Table");
    putf(&t, "<p class=\"src\">%s%s</p></figcaption>",
         recorded && data ? "<span>recorded run</span>" : "",
         download(c, path, "data"));
    if (data)
        put_rows(&t, data, &columns, label);
    else
        put(&t, unrun(c, label));
    put(&t, "</figure>\n");
    return all(&t);
}

// ---- claims -----------------------------------------------------------------

// The format that rounds x by less than a quarter of `gap`; null where the
// digits that number() likes do, or where there is no gap.
static const char *fine_format(double x, double gap)
{
    int large = fabs(x) >= 1e4 || fabs(x) < 1e-3;
    int liked = large ? 2 : 3, digits = liked;
    if ((x == floor(x) && fabs(x) < 1e15) || gap <= 0)
        return NULL;
    while (digits < 17 &&
           fabs(strtod(form("%.*g", digits, x), NULL) - x) > gap / 4)
        digits++;
    return digits > liked ? form("%%.%dg", digits) : NULL;
}

// A bound that was missed must not look as if it had been met.
static double gap_of(const struct verdict *v)
{
    return strcmp(v->word, "held") ? fabs(v->measured - v->reference) : 0;
}

// How many decimals show two digits of a standard error; -1: too many, or none.
static int decimals_of(double se)
{
    int decimals = se > 0 ? 1 - (int)floor(log10(se)) : 7;
    return decimals > 6 ? -1 : decimals > 0 ? decimals : 0;
}

// The format for what a standard error belongs to.
static const char *format_of(const struct verdict *v)
{
    int decimals = decimals_of(v->se);
    if (decimals >= 0)
        return form("%%.%df", decimals);
    return fine_format(v->measured, v->se > 0 ? v->se : gap_of(v));
}

char *measured(const struct verdict *v)
{
    char *x = number(v->measured, format_of(v));
    const char *format = decimals_of(v->se) < 0 ? "%.2g" : format_of(v);
    return v->se > 0 ? form("%s ± %s", x, number(v->se, format)) : x;
}

char *required(const struct verdict *v)
{
    const char *words =
        strcmp(v->relation, "equal") == 0 ? "equal to" : html(v->relation);
    return form("%s %s", words,
                number(v->reference, fine_format(v->reference, gap_of(v))));
}

// The function whose code says claim("name", ...).
static struct item *judge(const struct chapter *c, const char *name)
{
    for (int k = 0; k < c->sources.n; k++) {
        struct source *s = c->sources.at[k];
        for (int i = 0; i + 2 < s->count; i++) {
            int string = spoken(s, spoken(s, i));
            if (!is(s, i, "claim") || !is(s, string, form("\"%s\"", name)))
                continue;
            for (int j = 0; j < s->items.n; j++) {
                struct item *it = s->items.at[j];
                if (it->first <= i && i <= it->last)
                    return it;
            }
        }
    }
    return NULL;
}

// "Measured 0.25, interval 0.22 … 0.28 (3 standard errors, 20 runs)".
static void put_interval(struct text *t, const struct verdict *v)
{
    int k = strcmp(v->relation, "equal") == 0 ? 4 : 3;
    int tolerated = k * v->se < v->tolerance;
    double half = tolerated ? v->tolerance : k * v->se;
    const char *format = format_of(v);
    char *why = tolerated
                    ? form("a tolerance of %s", number(v->tolerance, "%.1g"))
                    : form("%d standard errors", k);
    putf(t, "Measured %s", number(v->measured, format));
    if (v->se > 0)
        putf(t, ", interval %s … %s (%s, %d runs)",
             number(v->measured - half, format),
             number(v->measured + half, format), why, v->runs);
    putf(t, "; required %s", required(v));
    if (v->tolerance > 0 && v->se <= 0)
        putf(t, " within %s", number(v->tolerance, "%.1g"));
    put(t, ". ");
    if (*v->reason && strcmp(v->reason, "-"))
        putf(t, "<span class=\"reason\">The bound: %s.</span> ",
             html(v->reason));
}

static void put_measurement(struct text *t, struct chapter *c,
                            const struct verdict *v, const char *name,
                            const char *more)
{
    struct item *by = judge(c, name);
    put(t, "<div class=\"got\">");
    if (v)
        put_interval(t, v);
    else
        putf(t, "Not judged: %s. ",
             html(missing(c->results) ? missing(c->results) : "no verdict"));
    put(t, more);
    if (by)
        putf(t, " By %s.", item_link(c, by));
    put(t, "</div>");
}

char *claim_block(struct chapter *c, struct fence *f)
{
    struct target *it = find_target(form("claim:%s", f->name), c);
    struct verdict *v = it->verdict;
    struct text t = {0};
    const char *verdict = v ? v->word : "unrun", *say;
    take(f, "expect");
    char *title = lead(f->body, &say);
    if (!title)
        return NULL;
    const char *more = strstr(say, "\n\n");
    char *statement = copy(say, more ? (size_t)(more - say) : strlen(say));
    it->say = markdown_line(c, c->file, above(f, say), statement);
    putf(&t,
         "<section class=\"claim %s\" id=\"%s\" aria-label=\"Claim %s\">"
         "<h3><a class=\"no\" href=\"#%s\">Claim %s</a><span class=\"verdict"
         "\">%s %s</span></h3>",
         verdict, it->name, number_of(it), it->name, number_of(it),
         v ? mark(verdict) : "", v ? verdict : "not run");
    if (v && strcmp(v->word, it->expect) && !book.check && !faults)
        warn(c->file, f->line, "claim %s: %s, where the text expects %s",
             f->name, v->word, it->expect);
    if (v && strcmp(v->word, it->expect))
        putf(&t, "<p class=\"differs\">The text expects <em>%s</em>.</p>",
             it->expect);
    putf(&t, "<p class=\"say\">%s</p>", it->say);
    put_measurement(&t, c, v, f->name,
                    more ? markdown_line(c, c->file, above(f, more), more)
                         : "");
    put(&t, "</section>\n");
    return all(&t);
}

// ---- listings ---------------------------------------------------------------

static struct chapter *page; // whose code is being set in colour

// The address of a name used in an item; of a label, if there is no item; the
// id that an item's own name gets, if there is no name.
static char *name_link(struct item *from, const char *name)
{
    if (!from) {
        struct target *t = find_target(name, page);
        return t ? address(t, page) : NULL;
    }
    for (int i = 0; i < page->sources.n; i++) {
        struct item *it =
            find_item(page->sources.at[i], name ? name : from->name);
        if (it && !name) // a struct and a function can share a name
            return it == from && !it->quoted
                       ? form("fn:%s/%s", page->stem, it->name)
                       : NULL;
        if (it && is_shown(page, it))
            return form("#fn:%s/%s", page->stem, it->name);
    }
    return NULL;
}

static void put_names(struct text *t, const struct chapter *c, const char *word,
                      const struct list *items)
{
    int n = 0;
    for (int i = 0; i < items->n; i++)
        putf(t, "%s%s", n++ ? ", " : form("<span>%s ", word),
             item_link(c, items->at[i]));
    put(t, n ? "</span>" : "");
}

static void put_code(struct text *t, struct chapter *c, const struct source *s,
                     int first, int last)
{
    const char *name = strrchr(s->path, '/') + 1;
    page = c;
    putf(t,
         "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label="
         "\"%s, lines %d to %d\"><pre class=\"code\"><code>",
         html(name), first, last);
    highlight(t, s, first, last, name_link);
    put(t, "</code></pre></div>");
}

char *listing(struct chapter *c, struct fence *f)
{
    struct item *it = NULL;
    struct text t = {0};
    for (int i = 0; i < c->quoted.n; i++)
        if (((struct item *)c->quoted.at[i])->quoted_line == f->line)
            it = c->quoted.at[i];
    if (*trim(copy(f->body, strlen(f->body))))
        fault(c->file, f->line,
              "c %s: leave the fence empty; the code comes "
              "from the file",
              f->name);
    if (!it)
        return NULL;
    int own = starts(it->source->path, form("chapters/%s/", c->stem));
    putf(&t,
         "<section class=\"fn\" id=\"fn:%s/%s\" aria-label=\"Code of %s"
         "\"><header><span class=\"mono\">%s</span><span>lines %d–%d</span>"
         "</header>",
         c->stem, it->name, it->name,
         html(own ? strrchr(it->source->path, '/') + 1 : it->source->path),
         it->line, it->last_line);
    put_code(&t, c, it->source, it->line, it->last_line);
    put(&t, "<footer>");
    put_names(&t, c, "uses", &it->uses);
    put_names(&t, c, "used by", &it->used_by);
    put(&t, "</footer></section>\n");
    return all(&t);
}

// ---- the rest of the program ------------------------------------------------

static struct item *quoted_from(const struct source *s, int line)
{
    for (int i = 0; i < s->items.n; i++) {
        struct item *it = s->items.at[i];
        if (it->quoted && it->last_line >= line)
            return it;
    }
    return NULL;
}

static int blank_lines(const char *s, int first, int last)
{
    size_t n;
    const char *from = line_of(s, first, &n), *to = line_of(s, last, &n) + n;
    return from + strspn(from, " \t\n") >= to;
}

static int count_lines(const char *s)
{
    int n = 0;
    for (; *s; s++)
        n += *s == '\n' || !s[1];
    return n;
}

static void put_rest(struct text *t, struct chapter *c, struct source *s)
{
    int end = count_lines(s->text);
    for (int line = 1; line <= end;) {
        struct item *it = quoted_from(s, line);
        int last = it ? it->line - 1 : end;
        if (last >= line && !blank_lines(s->text, line, last))
            put_code(t, c, s, line, last);
        if (!it)
            return;
        putf(t,
             "<p class=\"above\"><a href=\"#fn:%s/%s\"><code>%s</code>, "
             "lines %d–%d</a>, in the text</p>",
             c->stem, it->name, it->name, it->line, it->last_line);
        line = it->last_line + 1;
    }
}

void put_program(struct text *t, struct chapter *c)
{
    for (int i = 0; i < c->sources.n; i++) {
        struct source *s = c->sources.at[i];
        if (!starts(s->path, form("chapters/%s/", c->stem)))
            continue;
        const char *name = strrchr(s->path, '/') + 1;
        putf(t,
             "<details id=\"program:%s%s\"><summary>%s <small>the lines "
             "that the text does not show, of %d</small></summary>"
             "<section class=\"fn\" aria-label=\"%s\">",
             c->stem, s == c->source ? "" : form("/%s", html(name)), html(name),
             count_lines(s->text), html(name));
        put_rest(t, c, s);
        put(t, "</section></details>\n");
    }
}
