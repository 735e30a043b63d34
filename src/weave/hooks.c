// hooks.c: Markdown with hooks to HTML.
//
// Plain CommonMark is parsed by libcmark, quotes and dashes made typographic.
// Code spans, fences, links without text, citations and block quotes that are
// hooks are then replaced in its tree by custom nodes that carry finished
// HTML, so that nothing the author writes reaches the page unescaped. Two
// passes: define() gives numbers, render() makes the head and body of a page.
#include "weave.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PREVIEW "<span class=\"preview\""

// ---- places -----------------------------------------------------------------

static struct place place_of(struct chapter *c, const char *file, int above,
                             const char *text)
{
    struct place p = {.chapter = c, .file = file, .above = above, .count = 1};
    for (const char *s = text; *s; s++)
        p.count += *s == '\n';
    p.lines = keep((p.count + 1) * sizeof *p.lines);
    p.lines[0] = text;
    for (int i = 1; i < p.count; i++)
        p.lines[i] = strchr(p.lines[i - 1], '\n') + 1;
    p.lines[p.count] = strchr(p.lines[p.count - 1], 0) + 1;
    return p;
}

// The line of the file on which a node begins, or its nearest ancestor does.
static int line_of_node(const struct place *p, cmark_node *node)
{
    while (node && cmark_node_get_start_line(node) <= 0)
        node = cmark_node_parent(node);
    return p->above + (node ? cmark_node_get_start_line(node) : 1);
}

// The source line on which a node begins, of n bytes.
static const char *source_line(const struct place *p, cmark_node *node, int *n)
{
    int line = line_of_node(p, node) - p->above;
    *n = 0;
    if (line < 1 || line > p->count)
        return "";
    *n = p->lines[line] - p->lines[line - 1] - 1;
    return p->lines[line - 1];
}

// ---- the tree ---------------------------------------------------------------

static void replace(cmark_node *node, cmark_node_type type, const char *text)
{
    cmark_node *new = cmark_node_new(type);
    cmark_node_set_on_enter(new, text);
    if (!cmark_node_replace(node, new)) {
        fprintf(stderr, "weave: cmark refuses a node: %.60s\n", text);
        exit(3);
    }
    cmark_node_free(node);
}

static char *rendered(cmark_node *node)
{
    char *s = cmark_render_html(node, CMARK_OPT_SMART);
    char *kept = copy(s, strlen(s));
    free(s);
    return kept;
}

// The children of a node as HTML; they move into a parent of their own.
static char *children(cmark_node *node, cmark_node_type type)
{
    cmark_node *parent = cmark_node_new(type), *child;
    while ((child = cmark_node_first_child(node)))
        cmark_node_append_child(parent, child);
    char *s = rendered(parent);
    cmark_node_free(parent);
    return s;
}

// What stands between <p> and </p>, if that is all.
static char *without_p(char *s)
{
    s = trim(s);
    size_t n = strlen(s);
    if (starts(s, "<p>") && n >= 7 && strstr(s, "</p>") == s + n - 4)
        return copy(s + 3, n - 7);
    return s;
}

// All nodes in the order in which they begin, or, those with children, end.
static struct list nodes_of(cmark_node *document, cmark_event_type order)
{
    struct list nodes = {0};
    cmark_iter *i = cmark_iter_new(document);
    cmark_event_type event;
    while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE)
        if (event == order)
            add(&nodes, cmark_iter_get_node(i));
    cmark_iter_free(i);
    return nodes;
}

// ---- fences -----------------------------------------------------------------

static struct fence fence_of(const struct place *p, cmark_node *node)
{
    struct fence f = {0};
    const char *info = cmark_node_get_fence_info(node);
    const char *body = cmark_node_get_literal(node);
    char *words = info ? copy(info, strlen(info)) : "";
    f.kind = word(&words);
    f.name = f.kind ? word(&words) : NULL;
    f.rest = f.name ? trim(words) : "";
    f.body = copy(body, strlen(body));
    f.line = f.above = line_of_node(p, node);
    return f;
}

static int is_hook(const char *kind)
{
    static const char *hooks[] = {"math", "c", "figure", "table", "claim"};
    for (int i = 0; kind && i < 5; i++)
        if (strcmp(kind, hooks[i]) == 0)
            return 1;
    return 0;
}

char *take(struct fence *f, const char *key)
{
    size_t n = strlen(key), length = strcspn(f->body, "\n");
    char *s = f->body;
    if (!starts(s, key) || s[n] != ':')
        return NULL;
    f->body += length + (s[length] == '\n');
    f->above++;
    return trim(copy(s + n + 1, length - n - 1));
}

char *take_paragraph(struct fence *f, const char *key)
{
    char *first = take(f, key);
    struct text t = {0};
    if (!first)
        return NULL;
    put(&t, first);
    while (*f->body && *f->body != '\n') {
        size_t n = strcspn(f->body, "\n");
        put(&t, " ");
        putn(&t, f->body, n);
        f->body += n + (f->body[n] == '\n');
        f->above++;
    }
    return all(&t);
}

char *take_column(struct fence *f, char **head)
{
    if (!starts(f->body, "column "))
        return NULL;
    size_t n = strcspn(f->body, "\n");
    char *name = copy(f->body + 7, n - 7), *colon = strchr(name, ':');
    f->body += n + (f->body[n] == '\n');
    f->above++;
    *head = colon ? trim(colon + 1) : "";
    if (colon)
        *colon = 0;
    return trim(name);
}

int above(const struct fence *f, const char *s)
{
    int n = f->above;
    for (const char *p = f->body; p < s; p++)
        n += *p == '\n';
    return n;
}

char *lead(const char *s, const char **rest)
{
    s += strspn(s, " \n");
    const char *end = starts(s, "**") ? strstr(s + 2, "**") : NULL;
    *rest = end ? end + 2 : s;
    return end ? copy(s + 2, end - s - 2) : NULL;
}

// ---- first pass -------------------------------------------------------------

static struct target *add_target(struct chapter *c, enum target_kind kind,
                                 const char *name, int line)
{
    struct target *t = keep(sizeof *t);
    struct names *names = kind == SECTION ? &c->sections : &book.targets;
    struct target *old = add_name(names, name, t);
    t->kind = kind;
    t->name = name;
    t->chapter = c;
    t->line = line;
    t->number = ++c->counts[kind];
    if (old && kind != SECTION)
        fault(c->file, line, "a second %s; the first is at %s:%d", name,
              old->chapter->file, old->line);
    const char *word = strchr(name, ':') ? strchr(name, ':') + 1 : name;
    if (kind != SECTION && (!*word || word[name_length(word)]))
        fault(c->file, line, "%s: a name has letters, digits, - and _ only",
              name);
    add(&c->targets, t);
    return t;
}

// The title that a fence's body begins with, and where it stands.
static void define_title(struct target *t, const struct fence *f)
{
    t->title = lead(f->body, &t->say);
    t->above = above(f, f->body + strspn(f->body, " \n"));
}

static void define_equation(struct chapter *c, struct fence *f)
{
    struct target *t = add_target(c, EQUATION, f->name, f->line);
    t->body = trim(f->body);
    t->definition = strcmp(f->rest, "def") == 0;
    letters(t->body, &c->letters);
    if (!starts(f->name, "eq:"))
        fault(c->file, f->line,
              "math %s: the name of an equation begins "
              "with eq:",
              f->name);
    if (*f->rest && !t->definition)
        fault(c->file, f->line, "math %s: '%s': only def can stand there",
              f->name, f->rest);
    if (!*t->body)
        fault(c->file, f->line, "math %s: write the formula in the fence",
              f->name);
}

static void define_claim(struct chapter *c, struct fence *f)
{
    struct target *t = add_target(c, CLAIM, form("claim:%s", f->name), f->line);
    char *expect = take(f, "expect");
    t->expect = expect ? expect : "held";
    t->verdict = find_verdict(c->results, f->name);
    if (strcmp(t->expect, "held") && strcmp(t->expect, "refuted") &&
        strcmp(t->expect, "open"))
        fault(c->file, f->line,
              "claim %s: expect: held, refuted or open, "
              "not '%s'",
              f->name, t->expect);
    define_title(t, f);
    if (!t->title || !*trim(copy(t->say, strlen(t->say))))
        fault(c->file, f->line, "claim %s: write **Title.** Statement.",
              f->name);
    if (!t->verdict && !missing(c->results))
        fault(c->file, f->line,
              "claim %s: the program judges no claim of "
              "that name",
              f->name);
}

static void define_fence(struct chapter *c, const struct place *p,
                         cmark_node *node)
{
    struct fence f = fence_of(p, node);
    if (!is_hook(f.kind)) {
        if (f.name)
            fault(c->file, f.line,
                  "no hook is called '%s'; one is math, c, "
                  "figure, table or claim",
                  f.kind);
    } else if (!f.name) {
        if (strcmp(f.kind, "c"))
            fault(c->file, f.line, "%s: write its name behind it", f.kind);
    } else if (strcmp(f.kind, "c") == 0) {
        quote(c, f.name, f.line);
    } else if (strcmp(f.kind, "math") == 0) {
        define_equation(c, &f);
    } else if (strcmp(f.kind, "claim") == 0) {
        define_claim(c, &f);
    } else if (strcmp(f.kind, "figure") == 0) {
        struct target *t =
            add_target(c, FIGURE, form("fig:%s", f.name), f.line);
        take_paragraph(&f, "alt");
        define_title(t, &f);
    } else if (strcmp(f.kind, "table") == 0) {
        struct target *t = add_target(c, TABLE, form("tab:%s", f.name), f.line);
        for (char *head; take_column(&f, &head);)
            ;
        define_title(t, &f);
    }
}

// "What softmax promises" to what-softmax-promises.
static char *slug(const char *s)
{
    struct text t = {0};
    for (; *s; s++)
        if (isalnum((unsigned char)*s))
            putn(&t, (char[]){tolower((unsigned char)*s)}, 1);
        else if (t.n && t.s[t.n - 1] != '-')
            put(&t, "-");
    while (t.n && t.s[t.n - 1] == '-')
        t.s[--t.n] = 0;
    return all(&t);
}

// The letters of a node, without marks.
static char *plain_text(cmark_node *node)
{
    char *s = cmark_render_commonmark(node, 0, 0);
    struct text t = {0};
    for (char *p = s; *p; p++)
        if (!strchr("#`$\\*_\n", *p))
            putn(&t, p, 1);
    free(s);
    return trim(all(&t));
}

static struct target *define_section(struct chapter *c, const struct place *p,
                                     cmark_node *node)
{
    char *name = slug(plain_text(node)), *full = form("sec:%s", name);
    int line = line_of_node(p, node);
    struct target *first = find_name(&c->sections, full);
    if (first)
        fault(c->file, line,
              "a second section '%s'; the first is on "
              "line %d",
              name, first->line);
    struct target *t = add_target(c, SECTION, full, line);
    t->body = name;
    return t;
}

struct heading { // what a heading's node carries to the second pass
    const char *id;
    struct target *section; // null: a smaller one
    int count;              // of those that asked for this id
};

static int is_section(cmark_node *n)
{
    return cmark_node_get_type(n) == CMARK_NODE_HEADING &&
           cmark_node_get_heading_level(n) == 2 &&
           cmark_node_get_type(cmark_node_parent(n)) == CMARK_NODE_DOCUMENT;
}

// The id of a heading; a second of one name gets -2 behind it.
static void define_heading(struct chapter *c, struct target *section,
                           cmark_node *node)
{
    struct heading *h = keep(sizeof *h), *first;
    char *id = form("sec:%s/%s", c->stem, slug(plain_text(node)));
    *h = (struct heading){id, section, 1};
    first = add_name(&c->headings, id, h);
    while (first && find_name(&c->headings, h->id))
        h->id = form("%s-%d", id, ++first->count);
    add_name(&c->headings, h->id, h);
    cmark_node_set_user_data(node, h);
}

static void check_head(const struct chapter *c)
{
    static const char *head[] = {"title", "question", "answer"};
    cmark_node *n = cmark_node_first_child(c->document);
    int line = 1;
    for (int i = 0; i < 3; i++) {
        line = n ? cmark_node_get_start_line(n) : line;
        if (!n || cmark_node_get_type(n) !=
                      (i ? CMARK_NODE_PARAGRAPH : CMARK_NODE_HEADING)) {
            fault(c->file, line,
                  "a chapter begins with # Title, the question, "
                  "the answer; here should be the %s",
                  head[i]);
            return;
        }
        n = cmark_node_next(n);
    }
}

void define(struct chapter *c)
{
    struct place p = place_of(c, c->file, 0, c->markdown);
    c->document =
        cmark_parse_document(c->markdown, strlen(c->markdown), CMARK_OPT_SMART);
    check_head(c);
    for (cmark_node *n = cmark_node_first_child(c->document); n;
         n = cmark_node_next(n))
        if (is_section(n))
            define_heading(c, define_section(c, &p, n), n);
    struct list nodes = nodes_of(c->document, CMARK_EVENT_ENTER);
    for (int i = 0; i < nodes.n; i++)
        if (cmark_node_get_type(nodes.at[i]) == CMARK_NODE_CODE_BLOCK)
            define_fence(c, &p, nodes.at[i]);
        else if (cmark_node_get_type(nodes.at[i]) == CMARK_NODE_HEADING &&
                 !is_section(nodes.at[i]))
            define_heading(c, NULL, nodes.at[i]);
}

// ---- inline hooks -----------------------------------------------------------

// Was a code span written between double backticks? Then it is no hook.
static int doubled(const struct place *p, cmark_node *node)
{
    int length, n;
    const char *s = source_line(p, node, &length);
    const char *literal = cmark_node_get_literal(node);
    int at = cmark_node_get_start_column(node) - 1;
    n = strlen(literal);
    at = at < 0 ? 0 : at;
    // Behind a soft break cmark's columns lack what the line is indented by.
    while (at + n <= length && strncmp(s + at, literal, n))
        at++;
    if (at + n > length)
        return 0;
    while (at > 0 && s[at - 1] == ' ')
        at--;
    return at > 1 && s[at - 1] == '`' && s[at - 2] == '`';
}

static char *value_link(const struct place *p, struct chapter *of,
                        struct value *v, double x, const char *format, int line)
{
    char *shown = number(x, format);
    if (!shown) {
        fault(p->file, line,
              "=%s: '%s' is not one of %%d %%'d %%.2f %%.1e "
              "%%g",
              v->name, format);
        return "";
    }
    const char *page = of == p->chapter ? "" : form("%s.html", of->stem);
    char *se = v->se > 0 ? form(" ± %.2g, %d runs", v->se, v->runs) : "";
    v->used = 1;
    return form("<a class=\"val\" href=\"%s#val:%s/%s\" data-src=\"%s%s · %s "
                "· %s\">%s</a>",
                page, of->stem, html(v->name), html(v->name), html(se),
                html(v->file), html(v->kind), shown);
}

// In how many letters two names differ: changed, put in, left out.
static int difference(const char *a, const char *b)
{
    int n = strlen(b), row[64];
    if (n >= 64)
        return n;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 1; *a; a++, i++)
        for (int j = 1, corner = row[0]; j <= n; j++) {
            int change = corner + (*a != b[j - 1]);
            row[0] = i;
            corner = row[j];
            int leave = row[j - 1] < row[j] ? row[j - 1] : row[j];
            row[j] = change <= leave ? change : leave + 1;
        }
    return row[n];
}

// "; near it: a, b", the values of a name like this one, or "".
static char *near(const struct results *r, const char *name)
{
    struct text t = {0};
    int most = 1 + strlen(name) / 4, found = 0;
    for (int i = 0; i < r->values.n && found < 3; i++) {
        const struct value *v = r->values.at[i];
        if (difference(name, v->name) <= most)
            putf(&t, "%s%s", found++ ? ", " : "; near it: ", v->name);
    }
    return all(&t);
}

// `=name %.1f`, `=name_se`, `=name_runs`, `=3-mla/name`.
static char *value_hook(const struct place *p, char *spec, int line)
{
    char *name = word(&spec), *format = trim(spec), *slash;
    struct chapter *of = p->chapter;
    if (name && (slash = strchr(name, '/'))) {
        *slash = 0;
        of = NULL;
        for (int i = 0; i < book.chapters.n; i++)
            if (strcmp(((struct chapter *)book.chapters.at[i])->stem, name) ==
                0)
                of = book.chapters.at[i];
        if (!of) {
            fault(p->file, line, "=%s/%s: no such chapter", name, slash + 1);
            return "";
        }
        name = slash + 1;
    }
    if (!name || !*name) {
        fault(p->file, line, "`=`: write the value's name behind it");
        return "";
    }
    if (!of->results) {
        fault(p->file, line,
              "=%s: write =STEM/%s, the value's chapter before "
              "it",
              name, name);
        return "";
    }
    format = *format ? format : NULL;
    struct value *v = find_value(of->results, name);
    if (v)
        return value_link(p, of, v, v->x, format, line);
    size_t n = strlen(name);
    if (n > 3 && strcmp(name + n - 3, "_se") == 0 &&
        (v = find_value(of->results, copy(name, n - 3))))
        return value_link(p, of, v, v->se, format, line);
    if (n > 5 && strcmp(name + n - 5, "_runs") == 0 &&
        (v = find_value(of->results, copy(name, n - 5))))
        return value_link(p, of, v, v->runs, format, line);
    if (!missing(of->results))
        fault(p->file, line, "=%s: chapter %s measures no such value%s", name,
              of->number, near(of->results, name));
    return form("<span class=\"unrun\">%s</span>", html(name));
}

// Does it look like a formula that lacks one of its dollar signs?  `$HOME` and
// `$5` do not.
static int is_half(const char *s, size_t n)
{
    int before = *s == '$', behind = n > 1 && s[n - 1] == '$';
    return before != behind &&
           (strpbrk(s, "\\^_{}") ||
            (before && n == 2 && isalpha((unsigned char)s[1])));
}

static void code_hook(const struct place *p, cmark_node *node)
{
    const char *s = cmark_node_get_literal(node);
    size_t n = strlen(s);
    int formula = n > 2 && *s == '$' && s[n - 1] == '$';
    int half = !formula && is_half(s, n);
    if ((!formula && !half && *s != '=') || doubled(p, node))
        return;
    int line = line_of_node(p, node);
    if (half) {
        fault(p->file, line,
              "`%s`: half a formula; write `$...$`, or code "
              "between doubled backticks",
              s);
    } else if (formula) {
        char *tex = copy(s + 1, n - 2);
        letters(tex, &p->chapter->letters);
        replace(node, CMARK_NODE_CUSTOM_INLINE, math(p->file, line, tex, 0));
    } else {
        replace(node, CMARK_NODE_CUSTOM_INLINE,
                value_hook(p, copy(s + 1, n - 1), line));
    }
}

char *without_links(const char *s)
{
    struct text t = {0};
    for (int preview = 0; *s;) { // preview: spans that are open in one
        size_t n = strcspn(s, "<");
        putn(&t, s, preview ? 0 : n);
        s += n;
        n = strcspn(s, ">");
        n += s[n] == '>';
        if (starts(s, "<span") && (preview || starts(s, PREVIEW)))
            preview++;
        else if (preview)
            preview -= starts(s, "</span>");
        else if (!starts(s, "<a ") && !starts(s, "</a>"))
            putn(&t, s, n);
        s += n;
    }
    return all(&t);
}

// What shows when the pointer rests on a reference. Titles can refer to each
// other: a preview within a preview is empty.
static char *preview(struct target *t)
{
    static int inside;
    const char *file = t->chapter->file;
    char *what = NULL;
    if (inside)
        return "";
    if (t->preview)
        return t->preview;
    inside = 1;
    if (t->kind == EQUATION)
        what = math(file, t->line, t->body, 0);
    else if (t->title && t->kind != SECTION)
        what = markdown_line(t->chapter, file, t->above, t->title);
    inside = 0;
    what = what ? without_links(what) : NULL;
    t->preview =
        what ? form(PREVIEW " aria-hidden=\"true\">%s</span>", what) : "";
    return t->preview;
}

static void link_hook(const struct place *p, cmark_node *node)
{
    static const char *words[] = {"Eq. (%s)", "Figure %s", "Table %s",
                                  "Claim %s", "Section %s"};
    const char *url = cmark_node_get_url(node);
    if (*url != '#')
        return;
    struct target *t = find_target(url + 1, p->chapter);
    int line = line_of_node(p, node);
    if (!t) {
        if (!cmark_node_first_child(node) || strchr(url, ':'))
            fault(p->file, line, "[](%s) leads nowhere", url);
        return;
    }
    char *href = address(t, p->chapter);
    if (cmark_node_first_child(node)) {
        cmark_node_set_url(node, href);
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    char *name = form(words[t->kind], number_of(t));
#pragma GCC diagnostic pop
    replace(node, CMARK_NODE_CUSTOM_INLINE,
            form("<a class=\"ref\" href=\"%s\">%s%s</a>", href, name,
                 preview(t)));
}

// "Martins; Astudillo" to "Martins and Astudillo".
static char *short_authors(const struct entry *e)
{
    char *s = copy(e->authors, strlen(e->authors));
    char *second = strchr(s, ';');
    if (!second)
        return s;
    *second++ = 0;
    return strchr(second, ';') ? form("%s and others", s)
                               : form("%s and %s", s, trim(second));
}

static char *citation(const struct place *p, char *keys, int line)
{
    struct text t = {0};
    for (char *key = keys, *next; key; key = next) {
        next = strchr(key, ';');
        if (next)
            *next++ = 0;
        key = trim(key);
        key += *key == '@';
        struct entry *e = find_entry(key);
        if (!e) {
            fault(p->file, line, "[@%s]: not in chapters/bibliography.tsv",
                  key);
            continue;
        }
        struct list *cited = &p->chapter->cited;
        int had = 0;
        for (int i = 0; i < cited->n; i++)
            had |= cited->at[i] == e;
        if (!had)
            add(cited, e);
        // Only a chapter lists its own sources.
        char *to = p->chapter->results
                       ? form("#bib:%s/%s", p->chapter->stem, html(e->key))
                       : form("reference.html#bib:%s", html(e->key));
        putf(&t, "%s<a class=\"cite\" href=\"%s\">%s %s</a>", t.n ? "; " : "",
             to, html(short_authors(e)), html(e->year));
    }
    return form("(%s)", all(&t));
}

static cmark_node *new_text(const char *s, size_t n)
{
    cmark_node *text = cmark_node_new(CMARK_NODE_TEXT);
    cmark_node_set_literal(text, copy(s, n));
    return text;
}

// Cuts a text node at its citations [@key] and [@key; @other].
static void text_hook(const struct place *p, cmark_node *node)
{
    const char *s = cmark_node_get_literal(node), *at, *end;
    int line = line_of_node(p, node);
    while ((at = strstr(s, "[@")) && (end = strchr(at, ']'))) {
        cmark_node_insert_before(node, new_text(s, at - s));
        cmark_node *custom = cmark_node_new(CMARK_NODE_CUSTOM_INLINE);
        cmark_node_set_on_enter(custom,
                                citation(p, copy(at + 2, end - at - 2), line));
        cmark_node_insert_before(node, custom);
        s = end + 1;
    }
    if (at)
        fault(p->file, line,
              "%.*s: close a citation on the line that it "
              "begins on",
              (int)strcspn(at, " "), at);
    cmark_node_set_literal(node, copy(s, strlen(s)));
}

// ---- what prose must not have -----------------------------------------------

// The end of the code that begins at the backticks s; their own if no such run
// of them ends it.
static const char *code_end(const char *s, const char *end)
{
    size_t n = strspn(s, "`");
    for (const char *t = s + n; (t = memchr(t, '`', end - t));) {
        size_t m = strspn(t, "`");
        t += m;
        if (m == n)
            return t;
    }
    return s + n;
}

// A dollar sign outside code that no backslash escapes.
static int bare_dollar(const char *s, int n)
{
    for (const char *end = s + n; s < end; s++)
        if (*s == '`')
            s = code_end(s, end) - 1;
        else if (*s == '\\')
            s++;
        else if (*s == '$')
            return 1;
    return 0;
}

// Three digits or more that count: not leading zeros, nor the zeros at the
// end of a whole number.
static int significant(const char *s, int n)
{
    int digits = 0, zeros = 0, point = 0;
    for (int i = 0; i < n; i++) {
        point |= s[i] == '.';
        if (!isdigit((unsigned char)s[i]) || (!digits && s[i] == '0'))
            continue;
        digits++;
        zeros = s[i] == '0' ? zeros + 1 : 0;
    }
    return digits - (point ? 0 : zeros);
}

int prose_number(const char *text)
{
    for (const char *s = text; *s;) {
        int n = strspn(s, "0123456789.,");
        if (!n || !isdigit((unsigned char)*s)) {
            s++;
            continue;
        }
        int last = n;
        while (last > 1 && !isdigit((unsigned char)s[last - 1]))
            last--;
        int joined = (s > text &&
                      (isalnum((unsigned char)s[-1]) || strchr("-_", s[-1]))) ||
                     isalpha((unsigned char)s[n]) ||
                     (s[n] == '-' && isalpha((unsigned char)s[n + 1]));
        int year = last == 4 && (starts(s, "19") || starts(s, "20"));
        if (!joined && !year && significant(s, last) >= 3)
            return s - text;
        s += n;
    }
    return -1;
}

static int cites(struct place *p, cmark_node *paragraph)
{
    if (p->paragraph == paragraph)
        return p->cites;
    char *s = cmark_render_commonmark(paragraph, 0, 0);
    p->cites = strstr(s, "[@") || strstr(s, "\\[@");
    p->paragraph = paragraph;
    free(s);
    return p->cites;
}

static void check_dollars(struct place *p, cmark_node *node, int line)
{
    int n;
    const char *s = source_line(p, node, &n);
    if (line != p->dollar_line && bare_dollar(s, n))
        fault(p->file, line,
              "a bare $: write math as `$x$`, a dollar as "
              "\\$");
    p->dollar_line = line;
}

// A text node; its paragraph, or null where it stands in none, as in a link.
static void check_text(struct place *p, cmark_node *node, cmark_node *paragraph)
{
    const char *s = cmark_node_get_literal(node);
    int line = line_of_node(p, node), at = prose_number(s);
    if (strchr(s, '$'))
        check_dollars(p, node, line);
    if (strstr(s, "[^"))
        fault(p->file, line,
              "no footnotes here: write a block quote that "
              "begins > **Note.**");
    if (at < 0 || !paragraph || cites(p, paragraph))
        return;
    int n = strspn(s + at, "0123456789.,");
    while (!isdigit((unsigned char)s[at + n - 1]))
        n--;
    (book.strict ? fault : warn)(p->file, line,
                                 "a typed number: '%.*s'; "
                                 "write a value, `=name`, or math",
                                 n, s + at);
}

// | a | b |  over  |---|---|
static void check_paragraph(const struct place *p, cmark_node *node)
{
    int first = cmark_node_get_start_line(node);
    int last = cmark_node_get_end_line(node);
    for (int i = first; i <= last && i <= p->count; i++) {
        const char *s = p->lines[i - 1];
        size_t n = strcspn(s, "\n");
        if (n && strspn(s, "|-: \t>") == n && memchr(s, '|', n) &&
            strstr(copy(s, n), "--")) {
            fault(p->file, p->above + i,
                  "no pipe tables here: let the "
                  "program write a TSV, and quote it by ```table NAME");
            return;
        }
    }
}

// ---- second pass ------------------------------------------------------------

static void fence_hook(const struct place *p, cmark_node *node)
{
    struct fence f = fence_of(p, node);
    struct chapter *c = p->chapter;
    char *out = NULL;
    if (!is_hook(f.kind) || !f.name)
        return;
    if (p->above || !c->results) {
        fault(p->file, f.line,
              "%s %s: only the text of a chapter can have "
              "it",
              f.kind, f.name);
        return;
    }
    if (strcmp(f.kind, "math") == 0)
        out = equation(c, &f);
    else if (strcmp(f.kind, "c") == 0)
        out = listing(c, &f);
    else if (strcmp(f.kind, "figure") == 0)
        out = figure_block(c, &f);
    else if (strcmp(f.kind, "table") == 0)
        out = table_block(c, &f);
    else
        out = claim_block(c, &f);
    replace(node, CMARK_NODE_CUSTOM_BLOCK, out ? out : "");
}

// The strong words that a block quote's first paragraph begins with, or null.
static cmark_node *strong_start(cmark_node *quote, const char **words)
{
    cmark_node *n = cmark_node_first_child(quote);
    n = n ? cmark_node_first_child(n) : NULL;
    if (!n || cmark_node_get_type(n) != CMARK_NODE_STRONG)
        return NULL;
    cmark_node *text = cmark_node_first_child(n);
    *words = text ? cmark_node_get_literal(text) : NULL;
    return *words ? n : NULL;
}

// Is it the word, whatever its case and the mark behind it?
static int is_almost(const char *s, const char *word)
{
    size_t n = strlen(word);
    return strncasecmp(s, word, n) == 0 &&
           strspn(s + n, ".:,;! ") == strlen(s + n);
}

static void cut_start(cmark_node *strong)
{
    cmark_node *next = cmark_node_next(strong);
    if (next && cmark_node_get_type(next) == CMARK_NODE_TEXT) {
        const char *s = cmark_node_get_literal(next);
        cmark_node_set_literal(next, copy(s + strspn(s, " "),
                                          strlen(s + strspn(s, " "))));
    } else if (next && cmark_node_get_type(next) == CMARK_NODE_SOFTBREAK) {
        cmark_node_unlink(next);
        cmark_node_free(next);
    }
    cmark_node_unlink(strong);
    cmark_node_free(strong);
}

static void quote_hook(const struct place *p, cmark_node *node)
{
    const char *words;
    cmark_node *strong = strong_start(node, &words);
    if (!strong)
        return;
    int note = strcmp(words, "Note.") == 0, slip = !strcmp(words, "Slip.");
    if (!note && !slip) {
        if (is_almost(words, "Note") || is_almost(words, "Slip"))
            fault(p->file, line_of_node(p, node),
                  "**%s**: a note begins > **Note.**, a slip > **Slip.**",
                  words);
        return;
    }
    int n = note ? ++p->chapter->notes : ++p->chapter->slips;
    cut_start(strong);
    char *inside = children(node, CMARK_NODE_DOCUMENT);
    replace(node, CMARK_NODE_CUSTOM_BLOCK,
            note
                ? form("<aside class=\"note\" aria-label=\"Margin note %s.%d\">"
                       "%s</aside>\n",
                       p->chapter->number, n, inside)
                : form("<section class=\"slip\" aria-label=\"Slip %s.%d\">"
                       "<h3>Slip</h3>%s</section>\n",
                       p->chapter->number, n, inside));
}

static void heading_hook(const struct place *p, cmark_node *node)
{
    int level = cmark_node_get_heading_level(node);
    const struct heading *h = cmark_node_get_user_data(node);
    char *inside = without_p(children(node, CMARK_NODE_PARAGRAPH));
    const char *id = h->id;
    struct target *t = h->section;
    if (!t) {
        replace(node, CMARK_NODE_CUSTOM_BLOCK,
                form("<h%d id=\"%s\">%s <a class=\"anchor\" href=\"#%s\" "
                     "aria-label=\"Link to this heading\">#</a></h%d>\n",
                     level, id, inside, id, level));
        return;
    }
    id = form("sec:%s/%s", p->chapter->stem, t->body);
    t->title = inside;
    replace(node, CMARK_NODE_CUSTOM_BLOCK,
            form("<h2 id=\"%s\"><a class=\"no\" href=\"#%s\" aria-label=\""
                 "Link to section %s\">%s</a>%s</h2>\n",
                 id, id, number_of(t), number_of(t), inside));
}

static void replace_hook(const struct place *p, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_CODE: code_hook(p, node); break;
    case CMARK_NODE_CODE_BLOCK: fence_hook(p, node); break;
    case CMARK_NODE_LINK: link_hook(p, node); break;
    case CMARK_NODE_TEXT: text_hook(p, node); break;
    case CMARK_NODE_IMAGE:
        fault(p->file, line_of_node(p, node),
              "no images here: write a "
              "```figure NAME");
        break;
    default: break;
    }
}

static void check_prose(struct place *p, cmark_node *document)
{
    cmark_iter *i = cmark_iter_new(document);
    cmark_node *paragraph = NULL;
    cmark_event_type event;
    for (int links = 0; (event = cmark_iter_next(i)) != CMARK_EVENT_DONE;) {
        cmark_node *n = cmark_iter_get_node(i);
        cmark_node_type type = cmark_node_get_type(n);
        if (type == CMARK_NODE_LINK)
            links += event == CMARK_EVENT_ENTER ? 1 : -1;
        if (type == CMARK_NODE_TEXT)
            check_text(p, n, links ? NULL : paragraph);
        if (type != CMARK_NODE_PARAGRAPH)
            continue;
        paragraph = event == CMARK_EVENT_ENTER ? n : NULL;
        if (paragraph)
            check_paragraph(p, n);
    }
    cmark_iter_free(i);
}

// All hooks of a tree. Quotes and headings last, and the innermost first: by
// then what is in them is done.
static void replace_hooks(struct place *p, cmark_node *document, int headings)
{
    struct list nodes = nodes_of(document, CMARK_EVENT_ENTER);
    struct list ends = nodes_of(document, CMARK_EVENT_EXIT), outer = {0};
    check_prose(p, document);
    for (int i = 0; i < ends.n; i++) {
        cmark_node_type type = cmark_node_get_type(ends.at[i]);
        if (type == CMARK_NODE_BLOCK_QUOTE ||
            (type == CMARK_NODE_HEADING && headings &&
             cmark_node_get_heading_level(ends.at[i]) > 1))
            add(&outer, ends.at[i]);
    }
    for (int i = 0; i < nodes.n; i++)
        replace_hook(p, nodes.at[i]);
    for (int i = 0; i < outer.n; i++)
        if (cmark_node_get_type(outer.at[i]) == CMARK_NODE_HEADING)
            heading_hook(p, outer.at[i]);
        else
            quote_hook(p, outer.at[i]);
}

char *markdown(struct chapter *c, const char *file, int above, const char *text)
{
    cmark_node *d = cmark_parse_document(text, strlen(text), CMARK_OPT_SMART);
    struct place p = place_of(c, file, above, text);
    if (c)
        replace_hooks(&p, d, 0);
    char *s = rendered(d);
    cmark_node_free(d);
    return s;
}

char *markdown_line(struct chapter *c, const char *file, int above,
                    const char *text)
{
    return without_p(markdown(c, file, above, text));
}

// Takes the next block off the document if it is of the type; its HTML.
static char *take_block(struct chapter *c, cmark_node_type type)
{
    cmark_node *n = cmark_node_first_child(c->document);
    if (!n || cmark_node_get_type(n) != type)
        return "";
    char *s = without_p(children(n, CMARK_NODE_PARAGRAPH));
    cmark_node_unlink(n);
    cmark_node_free(n);
    return s;
}

void render(struct chapter *c)
{
    struct place p = place_of(c, c->file, 0, c->markdown);
    replace_hooks(&p, c->document, 1);
    c->title = take_block(c, CMARK_NODE_HEADING);
    c->question = take_block(c, CMARK_NODE_PARAGRAPH);
    c->answer = take_block(c, CMARK_NODE_PARAGRAPH);
    c->body = rendered(c->document);
    cmark_node_free(c->document);
    c->document = NULL;
}
