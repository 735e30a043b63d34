// page.c: chapter pages, cover, ledger, reference, the whole book.
//
// Every page is one file without a request to anywhere: stylesheet, fonts and
// figures are inside. Fonts: the text's, and those of KaTeX's families that
// the page uses.
#include "weave.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// ---- fonts and stylesheet ---------------------------------------------------

// A family's file is inlined if the page has one of the class names.
static const struct {
    const char *file, *family, *weight, *style, *needle;
} fonts[] = {
    {"concrete-regular", "Concrete", "400", "normal", ""},
    {"concrete-italic", "Concrete", "400", "italic", ""},
    {"concrete-bold", "Concrete", "700", "normal", "<strong>"},
    {"inconsolata", "Inconsolata", "400", "normal", "<code"},
    {"KaTeX_Main-Regular", "KaTeX_Main", "400", "normal", "katex"},
    {"KaTeX_Math-Italic", "KaTeX_Math", "400", "italic", "mathnormal"},
    {"KaTeX_Main-Bold", "KaTeX_Main", "700", "normal", "mathbf"},
    {"KaTeX_Main-Italic", "KaTeX_Main", "400", "italic", "mathit"},
    {"KaTeX_Math-BoldItalic", "KaTeX_Math", "700", "italic", "boldsymbol"},
    {"KaTeX_AMS-Regular", "KaTeX_AMS", "400", "normal", "mathbb"},
    {"KaTeX_AMS-Regular", "KaTeX_AMS", "400", "normal", "amsrm"},
    {"KaTeX_Caligraphic-Regular", "KaTeX_Caligraphic", "400", "normal",
     "mathcal"},
    {"KaTeX_Fraktur-Regular", "KaTeX_Fraktur", "400", "normal", "mathfrak"},
    {"KaTeX_SansSerif-Regular", "KaTeX_SansSerif", "400", "normal", "mathsf"},
    {"KaTeX_Script-Regular", "KaTeX_Script", "400", "normal", "mathscr"},
    {"KaTeX_Typewriter-Regular", "KaTeX_Typewriter", "400", "normal", "mathtt"},
    {"KaTeX_Size1-Regular", "KaTeX_Size1", "400", "normal", "small-op"},
    {"KaTeX_Size1-Regular", "KaTeX_Size1", "400", "normal", "size1"},
    {"KaTeX_Size2-Regular", "KaTeX_Size2", "400", "normal", "large-op"},
    {"KaTeX_Size2-Regular", "KaTeX_Size2", "400", "normal",
     "delimsizing size2"},
    {"KaTeX_Size3-Regular", "KaTeX_Size3", "400", "normal",
     "delimsizing size3"},
    {"KaTeX_Size4-Regular", "KaTeX_Size4", "400", "normal", "delim-size4"},
    {"KaTeX_Size4-Regular", "KaTeX_Size4", "400", "normal",
     "delimsizing size4"},
};

// A file without which no page can be made.
static char *needed(const char *path, size_t *n)
{
    char *s = read_file(path, n);
    if (!s) {
        fprintf(stderr, "weave: %s is missing: run make\n", path);
        exit(3);
    }
    return s;
}

static void put_fonts(struct text *t, const char *body)
{
    const char *last = "";
    for (int i = 0; i < (int)(sizeof fonts / sizeof *fonts); i++) {
        if (!strstr(body, fonts[i].needle) || strcmp(fonts[i].file, last) == 0)
            continue;
        last = fonts[i].file;
        size_t n;
        char *s = needed(form("build/fonts/%s.woff2", last), &n);
        putf(t,
             "@font-face{font-family:%s;font-weight:%s;font-style:%s;"
             "src:url(data:font/woff2;base64,",
             fonts[i].family, fonts[i].weight, fonts[i].style);
        put(t, base64(s, n));
        put(t, ") format('woff2')}\n");
    }
}

// KaTeX's layout without its own @font-face rules.
static void put_katex(struct text *t)
{
    char *s = needed("/usr/share/javascript/katex/katex.min.css", NULL);
    while (s && *s) {
        char *face = strstr(s, "@font-face{");
        putn(t, s, face ? (size_t)(face - s) : strlen(s));
        s = face ? strchr(face, '}') : NULL;
        s = s ? s + 1 : NULL;
    }
}

static void write_page(const char *name, const char *title,
                       const char *description, const char *body)
{
    struct text t = {0};
    put(&t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
            "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\""
            "width=device-width, initial-scale=1\">\n");
    putf(&t,
         "<title>%s</title>\n<meta name=\"description\" content=\"%s\">\n"
         "<link rel=\"icon\" href=\"data:,\">\n<style>\n",
         title, description);
    put_fonts(&t, body);
    if (strstr(body, "katex"))
        put_katex(&t);
    put(&t, "\n</style>\n<style>\n");
    put(&t, needed("src/weave/page.css", NULL));
    put(&t, "</style>\n</head>\n<body>\n");
    put(&t, body);
    put(&t, "</body>\n</html>\n");
    write_later(form("%s/%s", book.out, name), t.s, t.n);
}

// HTML without its tags, for titles and descriptions; formulas as their TeX.
static char *bare(const char *s)
{
    struct text t = {0};
    while (*s) {
        if (starts(s, "<span class=\"katex\">")) {
            const char *tex = strstr(s, "<annotation");
            const char *from = tex ? strchr(tex, '>') + 1 : s;
            const char *to = strstr(from, "</annotation>");
            putn(&t, from, to ? (size_t)(to - from) : 0);
            // The layout half nests; its end is where depth returns to 0.
            for (int depth = 0; *s; s += 1 + strcspn(s + 1, "<")) {
                depth += starts(s, "<span") - starts(s, "</span>");
                if (!depth)
                    break;
            }
        } else if (*s == '<') {
            s += strcspn(s, ">");
            s += *s == '>';
        } else {
            putn(&t, s++, 1);
        }
    }
    struct text u = {0};
    for (char *p = all(&t); *p; p++)
        put(&u, *p == '"' ? "&quot;" : (char[]){*p, 0});
    return all(&u);
}

// ---- tallies ----------------------------------------------------------------

struct tally {
    int held, refuted, open, unrun;
};

static void count_claims(const struct chapter *c, struct tally *n)
{
    for (int i = 0; i < c->targets.n; i++) {
        struct target *t = c->targets.at[i];
        if (t->kind != CLAIM)
            continue;
        const char *w = t->verdict ? t->verdict->word : "";
        n->held += strcmp(w, "held") == 0;
        n->refuted += strcmp(w, "refuted") == 0;
        n->open += strcmp(w, "open") == 0;
        n->unrun += !t->verdict;
    }
}

static void put_tally(struct text *t, struct tally n)
{
    put(t, "<p class=\"tally\">");
    if (n.held)
        putf(t, "<span class=\"held\">%s %d held</span> ", mark("held"),
             n.held);
    if (n.refuted)
        putf(t, "<span class=\"refuted\">%s %d refuted</span> ",
             mark("refuted"), n.refuted);
    if (n.open)
        putf(t, "<span class=\"open\">%s %d open</span> ", mark("open"),
             n.open);
    if (n.unrun)
        putf(t, "<span>%d not run</span>", n.unrun);
    put(t, "</p>");
}

// ---- chapter head -----------------------------------------------------------

static void put_contents(struct text *t, const struct chapter *c)
{
    put(t, "<ol>");
    for (int i = 0; i < c->targets.n; i++) {
        struct target *s = c->targets.at[i];
        if (s->kind == SECTION)
            putf(t,
                 "<li><a href=\"#sec:%s/%s\"><span class=\"no\">%s</span>"
                 "<span>%s</span></a></li>",
                 c->stem, s->body, number_of(s), without_links(s->title));
    }
    put(t, "</ol>");
}

static void put_rail(struct text *t, const struct chapter *c)
{
    put(t, "<nav class=\"rail\" aria-label=\"Contents\"><a class=\"home\" "
           "href=\"index.html\">Assay</a><div class=\"stick\">");
    put_contents(t, c);
    put(t, "<ol>");
    if (c->source)
        putf(t,
             "<li><a href=\"#program:%s\"><span class=\"no\"></span>"
             "<span>Program</span></a></li>",
             c->stem);
    putf(t,
         "<li><a href=\"#tests:%s\"><span class=\"no\"></span>"
         "<span>Tests</span></a></li><li><a href=\"#values:%s\"><span "
         "class=\"no\"></span><span>Values</span></a></li></ol></div></nav>\n",
         c->stem, c->stem);
}

static void put_glance(struct text *t, struct chapter *c)
{
    if (!c->counts[CLAIM])
        return;
    putf(t,
         "<section class=\"glance\" aria-label=\"Claims of chapter %s at a "
         "glance\"><h2>Claims at a glance</h2><ol>",
         c->number);
    for (int i = 0; i < c->targets.n; i++) {
        struct target *k = c->targets.at[i];
        if (k->kind != CLAIM)
            continue;
        struct verdict *v = k->verdict;
        char *title = k->title ? copy(k->title, strlen(k->title)) : "";
        size_t n = strlen(title);
        if (n && title[n - 1] == '.')
            title[n - 1] = 0;
        putf(t,
             "<li class=\"%s\">%s<span class=\"no\">%s</span><a href=\"#%s"
             "\">%s</a><span class=\"verdict\">%s</span><span class=\"got\">"
             "%s</span></li>",
             v ? v->word : "unrun", v ? mark(v->word) : "<span></span>",
             number_of(k), k->name,
             without_links(markdown_line(c, c->file, k->above, title)),
             v ? v->word : "not run", v ? measured(v) : "");
    }
    put(t, "</ol></section>\n");
}

// "about 12 s", "about 3 min".
static char *duration(double s)
{
    return s < 1     ? form("%.1f s", s)
           : s < 100 ? form("%.0f s", s)
                     : form("%.0f min", s / 60);
}

static void put_plate(struct text *t, struct chapter *c)
{
    struct tally n = {0};
    const char *seconds = about(c->results, "seconds");
    count_claims(c, &n);
    putf(t,
         "<aside class=\"plate\" aria-label=\"Verdicts, and how to rerun "
         "chapter %s\"><span class=\"numeral\" aria-hidden=\"true\">%s"
         "</span>",
         c->number, c->number);
    put_tally(t, n);
    putf(t, "<p><code>make %s</code> reruns every experiment of this chapter",
         c->stem);
    if (*seconds)
        putf(t, " in about %s", duration(strtod(seconds, NULL)));
    put(t, "</p></aside>\n");
}

static void put_banner(struct text *t, struct chapter *c)
{
    if (book.recorded)
        put(t, "<section class=\"varied\" aria-label=\"Published values\"><h2>"
               "Not run here</h2><p>Values and verdicts on this page are the "
               "published ones; the figures of what every build runs are left "
               "out.</p></section>\n");
    if (!book.varied)
        return;
    struct results *base = read_results(form("%s/%s", book.results, c->stem));
    const char *set = about(c->results, "set");
    int moved = 0, changed = *set && strcmp(set, "-");
    putf(t,
         "<section class=\"varied\" aria-label=\"Varied run\"><h2>Varied "
         "run</h2><p>This page shows a run with seed %s%s%s, not the "
         "published one. Values that moved:</p><div class=\"scroll\" "
         "tabindex=\"0\" role=\"region\" aria-label=\"Values that moved\">"
         "<table class=\"data\"><thead><tr><th scope=\"col\">value</th>"
         "<th scope=\"col\">published</th><th scope=\"col\">varied</th></tr>"
         "</thead><tbody>",
         html(about(c->results, "seed")), changed ? " and " : "",
         changed ? html(set) : "");
    for (int i = 0; i < c->results->values.n; i++) {
        struct value *v = c->results->values.at[i];
        struct value *old = find_value(base, v->name);
        if (old && old->x == v->x)
            continue;
        moved++;
        putf(t,
             "<tr><td class=\"word mono\">%s</td><td>%s</td><td>%s</td>"
             "</tr>",
             html(v->name), old ? number(old->x, "%.6g") : "–",
             number(v->x, "%.6g"));
    }
    putf(t, "</tbody></table></div>%s</section>\n",
         moved ? "" : "<p>None.</p>");
}

static void put_head(struct text *t, struct chapter *c)
{
    putf(t,
         "<header class=\"head\">\n<p class=\"kicker\"><a href=\""
         "index.html\">Assay</a>, chapter %s</p>\n<h1>%s</h1>\n<p class=\""
         "question\">%s</p>\n<p class=\"answer\">%s</p>\n",
         c->number, c->title, c->question, c->answer);
    put_banner(t, c);
    put_glance(t, c);
    put_plate(t, c);
    put(t, "<details class=\"toc\"><summary>In this chapter</summary>");
    put_contents(t, c);
    put(t, "</details>\n</header>\n");
}

// ---- chapter back -----------------------------------------------------------

static const char *outcome(enum outcome o)
{
    return o == PASSED ? "passes" : o == FAILED ? "fails" : "not run";
}

// "eq:softmax eq:shift" as links.
static void put_labels(struct text *t, struct chapter *c, const char *s)
{
    char *words = copy(s, strlen(s)), *w;
    while ((w = word(&words))) {
        struct target *eq = find_target(w, c);
        if (eq)
            putf(t, "<a href=\"%s\">(%s)</a> ", address(eq, c), number_of(eq));
    }
}

static void put_tests(struct text *t, struct chapter *c)
{
    int passed = 0, ran = 0;
    for (int i = 0; i < c->tests.n; i++) {
        struct test *k = c->tests.at[i];
        passed += k->outcome == PASSED;
        ran += k->outcome != UNKNOWN;
    }
    putf(t, "<details id=\"tests:%s\"><summary>Tests <small>", c->stem);
    if (ran)
        putf(t, "%d of %d pass", passed, c->tests.n);
    else
        putf(t, "%d, not run yet: make test", c->tests.n);
    putf(t,
         "</small></summary><div class=\"scroll\" tabindex=\"0\" role=\""
         "region\" aria-label=\"Tests of chapter %s\"><table class=\"data\">"
         "<thead><tr><th scope=\"col\">Test</th><th scope=\"col\">Equation"
         "</th><th scope=\"col\">Outcome</th></tr></thead><tbody>",
         c->number);
    for (int i = 0; i < c->tests.n; i++) {
        struct test *k = c->tests.at[i];
        char *name = form("%s: %s", k->suite, k->name);
        for (char *p = name; *p; p++)
            if (*p == '_')
                *p = ' ';
        putf(t, "<tr id=\"test:%s/%s/%s\"><td>%s</td><td>", c->stem, k->suite,
             k->name, html(name));
        put_labels(t, c, k->description);
        putf(t, "</td><td class=\"%s\">%s</td></tr>",
             k->outcome == FAILED ? "fails" : "", outcome(k->outcome));
    }
    put(t, "</tbody></table></div></details>\n");
}

static void put_values(struct text *t, struct chapter *c)
{
    putf(t,
         "<details id=\"values:%s\"><summary>Values <small>every number "
         "that the program reports</small></summary><div class=\"scroll\" "
         "tabindex=\"0\" role=\"region\" aria-label=\"Values of chapter %s"
         "\"><table class=\"data\"><thead><tr><th scope=\"col\">Name</th><th "
         "scope=\"col\">"
         "Value</th><th scope=\"col\">Error, runs</th><th scope=\"col\">Kind"
         "</th></tr></thead><tbody>",
         c->stem, c->number);
    for (int i = 0; i < c->results->values.n; i++) {
        struct value *v = c->results->values.at[i];
        const char *unit =
            strcmp(v->unit, "1") && strcmp(v->unit, "-") ? v->unit : "";
        putf(t,
             "<tr id=\"val:%s/%s\"><td class=\"mono\">%s</td><td>%s %s"
             "</td><td>",
             c->stem, html(v->name), html(v->name), number(v->x, "%.6g"),
             html(unit));
        if (v->se > 0)
            putf(t, "%s, %d", number(v->se, "%.2g"), v->runs);
        putf(t, "</td><td>%s</td></tr>", html(v->kind));
    }
    put(t, "</tbody></table></div></details>\n");
}

static void put_entry(struct text *t, const struct entry *e)
{
    char *authors = copy(e->authors, strlen(e->authors)), *s;
    while ((s = strstr(authors, "; ")))
        memcpy(s, ", ", 2);
    putf(t, "%s %s. <cite>%s</cite>.", html(authors), html(e->year),
         html(e->title));
    if (*e->where && strcmp(e->where, "-"))
        putf(t, " %s.", html(e->where));
    if (starts(e->id, "arXiv "))
        putf(t, " <a href=\"https://arxiv.org/abs/%s\">%s</a>.",
             html(e->id + 6), html(e->id));
    else if (starts(e->id, "kexue.fm "))
        putf(t, " <a href=\"https://kexue.fm/archives/%s\">%s</a>.",
             html(e->id + 9), html(e->id));
    else if (starts(e->id, "doi "))
        putf(t, " <a href=\"https://doi.org/%s\">%s</a>.", html(e->id + 4),
             html(e->id));
    else if (*e->id && strcmp(e->id, "-"))
        putf(t, " %s.", html(e->id));
}

static void put_sources(struct text *t, struct chapter *c)
{
    if (!c->cited.n)
        return;
    putf(t,
         "<section class=\"refs\" aria-label=\"Sources of chapter %s\">"
         "<h2>Sources</h2><ul>\n",
         c->number);
    for (int i = 0; i < c->cited.n; i++) {
        struct entry *e = c->cited.at[i];
        putf(t, "<li id=\"bib:%s/%s\">", c->stem, html(e->key));
        put_entry(t, e);
        put(t, "</li>\n");
    }
    put(t, "</ul><p><a href=\"reference.html#bibliography\">The book’s "
           "bibliography</a></p></section>\n");
}

static void put_turn(struct text *t, int i)
{
    struct chapter *before = i > 0 ? book.chapters.at[i - 1] : NULL;
    struct chapter *after =
        i + 1 < book.chapters.n ? book.chapters.at[i + 1] : NULL;
    put(t, "<nav class=\"turn\" aria-label=\"Previous and next chapter\">");
    if (before)
        putf(t, "<a href=\"%s.html\"><small>Previous</small>%s %s</a>",
             before->stem, before->number, without_links(before->title));
    else
        put(t, "<a href=\"index.html\"><small>Back</small>Cover</a>");
    if (after)
        putf(t, "<a href=\"%s.html\"><small>Next</small>%s %s</a>", after->stem,
             after->number, without_links(after->title));
    else
        put(t, "<a href=\"ledger.html\"><small>Next</small>The ledger</a>");
    put(t, "</nav>\n");
}

static void put_fact(struct text *t, const char *name, const char *fact)
{
    if (*fact)
        putf(t, "<dt>%s</dt><dd>%s</dd>", name, fact);
}

// `version: 0.1.0` of CITATION.cff.
static char *version(void)
{
    char *s = read_file("CITATION.cff", NULL);
    char *at = s ? strstr(s, "\nversion:") : NULL;
    size_t n = at ? strcspn(at + 9, "\n") : 0;
    char *v = at ? trim(copy(at + 9, n)) : "";
    if (*v == '"') {
        v++;
        v[strcspn(v, "\"")] = 0;
    }
    return v;
}

static char *last_commit(const struct chapter *c)
{
    for (int i = 0; book.commits && i < book.commits->rows; i++)
        if (strcmp(cell(book.commits, i, "stem"), c->stem) == 0 &&
            strcmp(cell(book.commits, i, "hash"), "-"))
            return form("%s, <code>%s</code> %s",
                        html(cell(book.commits, i, "date")),
                        html(form("%.10s", cell(book.commits, i, "hash"))),
                        html(cell(book.commits, i, "subject")));
    return "";
}

static void put_foot(struct text *t, const struct chapter *c)
{
    struct results *r = c->results;
    const char *flags = about(r, "flags");
    put(t, "<footer class=\"page\"><div class=\"text foot\"><dl>");
    put_fact(t, "Results",
             r->about
                 ? form("made %s, seed %s, %s thread%s", html(about(r, "date")),
                        html(about(r, "seed")), html(about(r, "threads")),
                        strcmp(about(r, "threads"), "1") ? "s" : "")
             : book.recorded ? "published values, not run here"
                             : "not run yet");
    if (r->about) {
        put_fact(t, "Machine",
                 form("%s, %s", html(about(r, "cpu")),
                      html(about(r, "memory"))));
        put_fact(t, "Compiler", html(about(r, "compiler")));
        put_fact(t, "Flags",
                 *flags ? form("<code>%s</code>", html(flags)) : "");
        put_fact(t, "Program",
                 form("<code>%s.c</code>, key <code>%s</code>", c->program,
                      html(about(r, "key"))));
    }
    put_fact(t, "Last change", last_commit(c));
    put_fact(t, "Cite",
             form("The Assay authors, <cite>Assay</cite> %s, "
                  "chapter %s: %s",
                  html(version()), c->number, c->title));
    put_fact(t, "Licences",
             "code MIT; text and figures CC BY 4.0; type: "
             "Concrete by Donald Knuth, KaTeX’s Computer Modern, Inconsolata "
             "by Raph Levien, Open Font License");
    put(t, "</dl></div></footer>\n");
}

// ---- chapter page -----------------------------------------------------------

static void put_chapter(struct text *t, struct chapter *c)
{
    put_head(t, c);
    put(t, c->body);
    put(t, "<div class=\"back\">\n");
    put_program(t, c);
    put_tests(t, c);
    put_values(t, c);
    put(t, download(c, form("build/single/%s.c", c->program),
                    form("%s.c as one file", c->program)));
    put(t, "</div>\n");
    put_sources(t, c);
}

static void write_chapter(int i)
{
    struct chapter *c = book.chapters.at[i];
    struct text t = {0};
    put(&t, "<a class=\"skip\" href=\"#main\">To the text</a>\n"
            "<div class=\"page\">\n");
    put_rail(&t, c);
    put(&t, "<main class=\"text\" id=\"main\">\n");
    put_chapter(&t, c);
    put_turn(&t, i);
    put(&t, "</main>\n</div>\n");
    put_foot(&t, c);
    write_page(form("%s.html", c->stem),
               form("%s · Assay", bare(without_links(c->title))),
               bare(without_links(c->question)), all(&t));
}

// ---- ledger -----------------------------------------------------------------

static void put_ledger_row(struct text *t, const struct target *k)
{
    struct verdict *v = k->verdict;
    putf(t,
         "<tr><td class=\"no\">%s</td><td class=\"say\"><a href=\"%s\">%s"
         "</a></td><td class=\"num\" data-label=\"required\">%s</td><td "
         "class=\"num\" data-label=\"measured\">%s</td><td class=\"%s\">%s "
         "<span class=\"verdict\">%s</span></td></tr>\n",
         number_of(k), address(k, NULL), without_links(k->say),
         v ? required(v) : "", v ? measured(v) : "", v ? v->word : "unrun",
         v ? mark(v->word) : "", v ? v->word : "not run");
}

static void put_ledger(struct text *t)
{
    put(t, "<div class=\"ledger scroll\" tabindex=\"0\" role=\"region\" "
           "aria-label=\"Claims\"><table><thead><tr><th scope=\"col\">No."
           "</th><th scope=\"col\">Claim</th><th scope=\"col\" class=\"num\">"
           "Required</th><th scope=\"col\" class=\"num\">Measured</th>"
           "<th scope=\"col\">Verdict</th></tr></thead><tbody>\n");
    for (int i = 0; i < book.chapters.n; i++) {
        struct chapter *c = book.chapters.at[i];
        for (int j = 0; j < c->targets.n; j++) {
            struct target *k = c->targets.at[j];
            if (k->kind == CLAIM && k->say)
                put_ledger_row(t, k);
        }
    }
    put(t, "</tbody></table></div>\n");
}

static struct tally tally_of_book(void)
{
    struct tally n = {0};
    for (int i = 0; i < book.chapters.n; i++)
        count_claims(book.chapters.at[i], &n);
    return n;
}

static void write_ledger(void)
{
    struct text t = {0};
    put(&t,
        "<a class=\"skip\" href=\"#main\">To the text</a>\n"
        "<main class=\"cover\" id=\"main\">\n<header class=\"head\"><p "
        "class=\"kicker shown\"><a href=\"index.html\">Assay</a></p>"
        "<h1>The ledger</h1><p class=\"answer\">Every claim of the book, what "
        "it requires, what was measured, and the verdict. A verdict is "
        "computed from the two; nobody types it. What stands after ± is one "
        "standard error; a verdict looks at three of them, for an equality at "
        "four.</p>");
    put_tally(&t, tally_of_book());
    put(&t, "</header>\n");
    put_ledger(&t);
    put(&t, "</main>\n");
    write_page("ledger.html", "The ledger · Assay",
               "Every claim of the book with prediction, measurement and "
               "verdict.",
               all(&t));
}

// ---- cover ------------------------------------------------------------------

// The words up to the first full stop that no element holds.
static char *first_sentence(const char *s)
{
    for (int depth = 0, i = 0; s[i]; i++) {
        if (s[i] == '<') {
            depth += s[i + 1] == '/' ? -1 : 1;
            i += strcspn(s + i, ">");
            depth -= s[i - 1] == '/';
            if (!s[i])
                break;
        }
        if (!depth && (starts(s + i, ". ") || starts(s + i, "? ")))
            return copy(s, i + 1);
    }
    return copy(s, strlen(s));
}

static void put_panel(struct text *t, struct chapter *c)
{
    char *svg = NULL, *path = form("%s/%s/cover.svg", book.figures, c->stem);
    struct tally n = {0};
    int wide;
    if (access(path, R_OK) == 0)
        svg = figure(path, form("fig-%s-cover", c->stem),
                     form("Figure of chapter %s", c->number), &wide);
    putf(t,
         "<li class=\"panel\"><div class=\"fig\">%s</div><h2><span class="
         "\"no\">%s</span><a href=\"%s.html\">%s</a></h2><p class=\"q\">%s"
         "</p><p class=\"a\">%s</p>",
         svg ? svg : "", c->number, c->stem, without_links(c->title),
         without_links(c->question), without_links(first_sentence(c->answer)));
    count_claims(c, &n);
    put_tally(t, n);
    put(t, "</li>\n");
}

// A sign a claim, in the order of the book.
static void put_stamps(struct text *t)
{
    struct tally n = tally_of_book();
    putf(t,
         "<div class=\"stamps\" role=\"img\" aria-label=\"%d held, %d "
         "refuted, %d open\">",
         n.held, n.refuted, n.open);
    for (int i = 0; i < book.chapters.n; i++) {
        struct chapter *c = book.chapters.at[i];
        for (int j = 0; j < c->targets.n; j++) {
            struct target *k = c->targets.at[j];
            if (k->kind == CLAIM && k->verdict)
                putf(t, "<span class=\"%s\">%s</span>", k->verdict->word,
                     mark(k->verdict->word));
        }
    }
    put(t, "</div>\n");
}

// Cuts the first paragraph off HTML; what stands in it.
static char *cut_paragraph(char **s)
{
    char *from = strstr(*s, "<p>"), *to = from ? strstr(from, "</p>") : NULL;
    if (!to)
        return "";
    *s = to + 4;
    return copy(from + 3, to - from - 3);
}

// chapters/index.md: # Title, what this is, the rule; sections follow.
static void write_cover(void)
{
    static struct chapter none = {.stem = "index",
                                  .number = "",
                                  .file = "chapters/index.md"};
    struct text t = {0};
    char *md = read_text(none.file, NULL);
    char *rest = markdown(&none, none.file, 0, md ? md : "# Assay");
    char *end = strstr(rest, "</h1>");
    rest = end ? end + 5 : rest;
    char *sub = cut_paragraph(&rest), *rule = cut_paragraph(&rest);
    char *line = first_sentence(rule);
    put(&t, "<main class=\"cover\">\n<header class=\"mast\"><div>"
            "<h1>Assay</h1>");
    putf(&t, "<p class=\"sub\">%s</p></div>\n<div>", sub);
    put_stamps(&t);
    putf(&t, "<p class=\"rule\"><b>%s</b>%s</p></div></header>\n", line,
         rule + strlen(line));
    put(&t, "<ol class=\"panels\">");
    for (int i = 0; i < book.chapters.n; i++)
        put_panel(&t, book.chapters.at[i]);
    put(&t, "</ol>\n");
    putf(&t, "<div class=\"preface\">%s</div>\n", trim(rest));
    put(&t,
        "<nav class=\"turn\" aria-label=\"Parts of the book\">"
        "<a href=\"ledger.html\"><small>Every claim</small>The ledger</a>"
        "<a href=\"reference.html\"><small>Symbols, terms, sources</small>"
        "Reference</a><a href=\"all.html\"><small>For print</small>The whole "
        "book</a></nav>\n</main>\n");
    write_page("index.html", "Assay", bare(sub), all(&t));
}

// ---- reference --------------------------------------------------------------

// A list of the book, symbols.md or glossary.md, its title one level down.
static void put_list(struct text *t, const char *path)
{
    struct chapter none = {.stem = "reference", .number = ""};
    char *md = read_text(path, NULL), *h;
    none.file = (char *)path;
    if (!md)
        return;
    md = markdown(&none, path, 0, md);
    for (h = md; (h = strstr(h, "h1>")); h += 3)
        if (h > md && strchr("</", h[-1])) // a tag
            h[1] = '2';
    put(t, md);
}

static void put_reference(struct text *t)
{
    put(t, "<h1>Reference</h1>\n");
    put_list(t, "chapters/symbols.md");
    put_list(t, "chapters/glossary.md");
    put(t, "<section class=\"refs\" id=\"bibliography\"><h2>Bibliography</h2>"
           "<ul>\n");
    for (int i = 0; i < book.entries.n; i++) {
        struct entry *e = book.entries.at[i];
        putf(t, "<li id=\"bib:%s\">", html(e->key));
        put_entry(t, e);
        put(t, "</li>\n");
    }
    put(t, "</ul></section>\n");
}

static void write_reference(void)
{
    struct text t = {0};
    put(&t, "<a class=\"skip\" href=\"#main\">To the text</a>\n"
            "<div class=\"page\"><main class=\"text reference\" id=\"main\">\n"
            "<p class=\"kicker shown\"><a href=\"index.html\">Assay</a></p>\n");
    put_reference(&t);
    put(&t, "</main></div>\n");
    write_page("reference.html", "Reference · Assay",
               "Symbols, terms and sources of the book.", all(&t));
}

// ---- the whole book ---------------------------------------------------------

// Links to other pages of the book become links within the page.
static char *within(char *s)
{
    struct text t = {0};
    for (char *at; (at = strstr(s, " href=\"")); s = at) {
        at += 7;
        putn(&t, s, at - s);
        size_t n = strcspn(at, "\"#");
        int page = n > 5 && strncmp(at + n - 5, ".html", 5) == 0 &&
                   !memchr(at, ':', n);
        if (page && at[n] == '#')
            at += n;
        else if (page) {
            putf(&t, "#page:%.*s", (int)n - 5, at);
            at += n;
        }
    }
    put(&t, s);
    return all(&t);
}

static void write_whole(void)
{
    struct text t = {0};
    put(&t, "<div class=\"page whole\" id=\"page:index\"><main class=\"text\">"
            "\n<h1 class=\"book\">Assay</h1>\n");
    for (int i = 0; i < book.chapters.n; i++) {
        struct chapter *c = book.chapters.at[i];
        putf(&t, "<section class=\"chapter\" id=\"page:%s\">\n", c->stem);
        put_chapter(&t, c);
        put(&t, "</section>\n");
    }
    put(&t, "<section class=\"chapter\" id=\"page:ledger\"><h1>The ledger"
            "</h1>\n");
    put_ledger(&t);
    put(&t, "</section>\n<section class=\"chapter reference\" id=\""
            "page:reference\">");
    put_reference(&t);
    put(&t, "</section>\n</main></div>\n");
    write_page("all.html", "Assay, the whole book",
               "All chapters of the book on one page, for print.",
               within(all(&t)));
}

void make_pages(void)
{
    int written = 0;
    for (int i = 0; i < book.chapters.n; i++) {
        struct chapter *c = book.chapters.at[i];
        if (book.varied && strcmp(book.varied, c->stem))
            continue;
        write_chapter(i);
        written++;
    }
    if (book.varied && !written)
        fault(form("chapters/%s", book.varied), 0, "no such chapter");
    if (book.varied)
        return;
    write_ledger();
    write_cover();
    write_reference();
    write_whole();
}
