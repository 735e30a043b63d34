// book.c: chapters, names, sources, tests: what hooks can lead to.
#include "weave.h"
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct book book;

// ---- reading chapters -------------------------------------------------------

// chapters/8-softmax, chapters/A-tile: a folder with a chapter.md.
static int is_chapter(const struct dirent *e)
{
    const char *dash = strchr(e->d_name, '-');
    return dash && dash > e->d_name && isalnum((unsigned char)*e->d_name) &&
           access(form("chapters/%s/chapter.md", e->d_name), R_OK) == 0;
}

// 2 before 10, numbers before letters.
static int by_number(const struct dirent **a, const struct dirent **b)
{
    const char *x = (*a)->d_name, *y = (*b)->d_name;
    int dx = isdigit((unsigned char)*x), dy = isdigit((unsigned char)*y);
    if (dx && dy && atoi(x) != atoi(y))
        return atoi(x) - atoi(y);
    return dx != dy ? dy - dx : strcmp(x, y);
}

char *results_folder(const struct chapter *c, const char *name)
{
    if (book.varied && strcmp(book.varied, c->stem) == 0)
        return form("build/varied/%s/%s", c->stem, name);
    return form("%s/%s/%s", book.results, c->stem, name);
}

static struct chapter *read_chapter(const char *stem)
{
    struct chapter *c = keep(sizeof *c);
    c->stem = copy(stem, strlen(stem));
    c->number = copy(stem, strcspn(stem, "-"));
    c->program = c->stem + strlen(c->number) + 1;
    c->file = form("chapters/%s/chapter.md", stem);
    c->markdown = read_text(c->file, NULL);
    c->source = read_source(form("chapters/%s/%s.c", stem, c->program));
    if (c->source)
        add(&c->sources, c->source);
    struct source *fast =
        read_source(form("chapters/%s/%s-fast.c", stem, c->program));
    if (fast)
        add(&c->sources, fast);
    read_tests(form("tests/%s.c", stem), form("build/tests/%s.xml", stem),
               &c->tests);
    char *folder = results_folder(c, "");
    folder[strlen(folder) - 1] = 0;
    c->results = book.recorded
                     ? read_expected(form("chapters/%s/expected.tsv", stem))
                     : read_results(folder);
    add_results(c->results, form("chapters/%s/recorded", stem));
    return c;
}

static void read_bibliography(const char *path)
{
    struct tsv *t = read_columns(path, "key authors title year where id");
    for (int i = 0; t && i < t->rows; i++) {
        struct entry *e = keep(sizeof *e);
        e->key = cell(t, i, "key");
        e->authors = cell(t, i, "authors");
        e->title = cell(t, i, "title");
        e->year = cell(t, i, "year");
        e->where = cell(t, i, "where");
        e->id = cell(t, i, "id");
        e->line = i + 2;
        struct entry *first = add_name(&book.entry_names, e->key, e);
        if (first)
            fault(path, e->line,
                  "a second entry '%s'; the first is on line "
                  "%d",
                  e->key, first->line);
        add(&book.entries, e);
    }
}

struct entry *find_entry(const char *key)
{
    return find_name(&book.entry_names, key);
}

// ---- names ------------------------------------------------------------------

// "eq:x", "fig:x", "tab:x", "claim:x" are unique in the book; "sec:x" is
// looked for in the chapter that asks, then in the others.
struct target *find_target(const char *name, struct chapter *from)
{
    struct target *t = find_name(&book.targets, name);
    if (!t && from)
        t = find_name(&from->sections, name);
    for (int i = 0; !t && i < book.chapters.n; i++) {
        struct chapter *c = book.chapters.at[i];
        t = find_name(&c->sections, name);
    }
    return t;
}

char *number_of(const struct target *t)
{
    return form("%s.%d", t->chapter->number, t->number);
}

char *address(const struct target *t, const struct chapter *from)
{
    const char *page =
        t->chapter == from ? "" : form("%s.html", t->chapter->stem);
    if (t->kind == SECTION)
        return form("%s#sec:%s/%s", page, t->chapter->stem, t->body);
    return form("%s#%s", page, t->name);
}

// ---- labels: equation - function - test -------------------------------------

// Calls see() for every label eq:... in the text.
static void labels(const char *s, const char *file, int line, void *what,
                   void see(struct target *, void *))
{
    while ((s = next_label(s))) {
        int n = 3 + name_length(s + 3);
        char *name = copy(s, n);
        struct target *t = find_target(name, NULL);
        if (t)
            see(t, what);
        else
            fault(file, line,
                  "%s is no equation of the book: no chapter has "
                  "```math %s",
                  name, name);
        s += n;
    }
}

// A file that two chapters quote is read for each of them: then the equation's
// own chapter has the function that counts.
static void see_item(struct target *t, void *item)
{
    const struct item *new = item;
    for (int i = 0; i < t->computed_by.n; i++) {
        struct item *old = t->computed_by.at[i];
        if (strcmp(old->name, new->name) ||
            strcmp(old->source->path, new->source->path))
            continue;
        if (new->quoted == t->chapter)
            t->computed_by.at[i] = item;
        return;
    }
    add(&t->computed_by, item);
}

static void see_test(struct target *t, void *test)
{
    add(&t->checked_by, test);
}

// Labels in the comments of an item, above it or inside.
static void link_item(struct item *it)
{
    struct source *s = it->source;
    for (int i = it->first; i <= it->last; i++)
        if (s->tokens[i].kind == COMMENT)
            labels(token_text(s, i), s->path, s->tokens[i].line, it, see_item);
}

static void link_labels(struct chapter *c)
{
    for (int i = 0; i < c->sources.n; i++) {
        struct source *s = c->sources.at[i];
        for (int j = 0; j < s->items.n; j++)
            link_item(s->items.at[j]);
    }
    for (int i = 0; i < c->tests.n; i++) {
        struct test *t = c->tests.at[i];
        labels(t->description, t->file, t->line, t, see_test);
    }
}

// ---- uses and used by -------------------------------------------------------

static int has(const struct list *l, const void *p)
{
    for (int i = 0; i < l->n; i++)
        if (l->at[i] == p)
            return 1;
    return 0;
}

static struct item *item_of(const struct chapter *c, const char *name)
{
    for (int i = 0; i < c->sources.n; i++) {
        struct item *it = find_item(c->sources.at[i], name);
        if (it)
            return it;
    }
    return NULL;
}

static void find_uses(const struct chapter *c, struct item *it)
{
    struct source *s = it->source;
    for (int i = it->first; i <= it->last; i++) {
        if (s->tokens[i].kind != NAME || i == it->name_token)
            continue;
        struct item *other = item_of(c, token_text(s, i));
        if (other && other != it && other->is_function &&
            !has(&it->uses, other)) {
            add(&it->uses, other);
            add(&other->used_by, it);
        }
    }
}

// ---- quoting ----------------------------------------------------------------

static struct source *open_source(struct chapter *c, const char *path)
{
    const char *own = form("chapters/%s/%s", c->stem, path);
    for (int i = 0; i < c->sources.n; i++) {
        struct source *s = c->sources.at[i];
        if (strcmp(s->path, own) == 0 || strcmp(s->path, path) == 0)
            return s;
    }
    struct source *s = read_source(own);
    if (!s)
        s = read_source(path);
    if (s)
        add(&c->sources, s);
    return s;
}

// Quotes the item that `mla.c#absorb` or `src/nn/sampler.c#heun` names.
void quote(struct chapter *c, const char *spec, int line)
{
    const char *hash = strchr(spec, '#');
    if (!hash || !hash[1]) {
        fault(c->file, line, "c %s: write FILE#NAME", spec);
        return;
    }
    char *path = copy(spec, hash - spec);
    struct source *s =
        *path == '/' || strstr(path, "..") ? NULL : open_source(c, path);
    struct item *it = s ? find_item(s, hash + 1) : NULL;
    if (!s)
        fault(c->file, line, "c %s: no file chapters/%s/%s or %s", spec,
              c->stem, path, path);
    else if (!it)
        fault(c->file, line, "c %s: %s defines no '%s'", spec, s->path,
              hash + 1);
    else if (it->quoted)
        fault(c->file, line, "c %s: quoted before, at %s:%d", spec,
              it->quoted->file, it->quoted_line);
    else {
        it->quoted = c;
        it->quoted_line = line;
        add(&c->quoted, it);
    }
}

// ---- the whole --------------------------------------------------------------

void read_book(void)
{
    struct dirent **names;
    struct names numbers = {0};
    int n = scandir("chapters", &names, is_chapter, by_number);
    if (n <= 0)
        fault("chapters", 0, "no chapter here: run weave at the tree's root");
    for (int i = 0; i < n; i++) {
        if (names[i]->d_name[name_length(names[i]->d_name)])
            fault(form("chapters/%s", names[i]->d_name), 0,
                  "a chapter's name has letters, digits and - only");
        struct chapter *c = read_chapter(names[i]->d_name);
        struct chapter *first = add_name(&numbers, c->number, c);
        if (first)
            fault(form("chapters/%s", c->stem), 0,
                  "a second chapter %s, besides chapters/%s: give it another "
                  "number",
                  c->number, first->stem);
        add(&book.chapters, c);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    read_bibliography("chapters/bibliography.tsv");
    book.commits = read_columns("build/commits.tsv", "stem hash date subject");
    for (int i = 0; i < book.chapters.n; i++)
        define(book.chapters.at[i]);
    for (int i = 0; i < book.chapters.n; i++) {
        struct chapter *c = book.chapters.at[i];
        link_labels(c);
        for (int j = 0; j < c->sources.n; j++) {
            struct source *s = c->sources.at[j];
            for (int k = 0; k < s->items.n; k++)
                find_uses(c, s->items.at[k]);
        }
    }
}

// ---- symbols ----------------------------------------------------------------

// Is chapter `number` among those in emphasis at the line's end, *all* or
// *3, 8*?
static int defined_for(const char *line, const char *number)
{
    const char *end = strrchr(line, '*');
    const char *s = end;
    while (s && s > line && s[-1] != '*')
        s--;
    if (!s || s == line)
        return 0;
    char *list = copy(s, end - s), *w;
    for (char *p = list; *p; p++)
        if (*p == ',')
            *p = ' ';
    while ((w = word(&list)))
        if (strcmp(w, "all") == 0 || strcmp(w, number) == 0)
            return 1;
    return 0;
}

// The letters that symbols.md gives a chapter. A listed symbol none of whose
// letters the chapter uses is a fault of the list.
static struct list declared(const struct chapter *c, const char *file)
{
    struct list all_letters = {0};
    char *s = read_text(file, NULL);
    for (int line = 1; s && *s; line++) {
        int n = strcspn(s, "\n");
        char *text = copy(s, n), *tex = strstr(text, "`$");
        char *end = tex ? strstr(tex + 2, "$`") : NULL;
        if (starts(text, "- ") && end && defined_for(text, c->number)) {
            struct list own = {0};
            letters(copy(tex + 2, end - tex - 2), &own);
            letters(copy(tex + 2, end - tex - 2), &all_letters);
            int used = !own.n;
            for (int i = 0; i < own.n; i++)
                used |= has_letter(&c->letters, own.at[i]);
            if (!used && !strstr(text, "*all*"))
                fault(file, line,
                      "chapter %s does not use %.*s: take *%s* "
                      "off this line",
                      c->number, (int)(end - tex - 2), tex + 2, c->number);
        }
        s += s[n] ? n + 1 : n;
    }
    return all_letters;
}

static void check_symbols(struct chapter *c)
{
    struct list known = declared(c, "chapters/symbols.md");
    for (int i = 0; i < c->targets.n; i++) {
        struct target *t = c->targets.at[i];
        struct list used = {0};
        if (t->kind != EQUATION)
            continue;
        letters(t->body, &used);
        for (int k = 0; k < used.n; k++)
            if (!has_letter(&known, used.at[k])) {
                fault(c->file, t->line,
                      "%s: '%s' is not in chapters/"
                      "symbols.md for chapter %s",
                      t->name, (char *)used.at[k], c->number);
                add(&known, used.at[k]);
            }
    }
}

// ---- what --check asks for --------------------------------------------------

static void check_equation(struct chapter *c, struct target *t)
{
    if (!t->definition && !t->computed_by.n)
        fault(c->file, t->line,
              "%s: no function's comment names it; write "
              "def behind it if there is nothing to compute",
              t->name);
    if (!t->definition && !t->checked_by.n)
        fault(c->file, t->line, "%s: no test's .description names it", t->name);
}

static void check_claim(struct chapter *c, struct target *t)
{
    if (t->verdict && strcmp(t->verdict->word, t->expect))
        fault(c->file, t->line, "%s: %s, where the text expects %s", t->name,
              t->verdict->word, t->expect);
}

static void check_chapter(struct chapter *c)
{
    if (!c->results->run)
        fault(c->file, 1, "not run yet: make %s", c->stem);
    for (int i = 0; i < c->targets.n; i++) {
        struct target *t = c->targets.at[i];
        if (t->kind == EQUATION)
            check_equation(c, t);
        if (t->kind == CLAIM)
            check_claim(c, t);
    }
    for (int i = 0; i < c->results->verdicts.n; i++) {
        struct verdict *v = c->results->verdicts.at[i];
        if (!find_target(form("claim:%s", v->name), c))
            fault(c->file, 1,
                  "the program judges a claim '%s' that the text "
                  "does not make: write ```claim %s",
                  v->name, v->name);
    }
    for (int i = 0; i < c->tests.n; i++) {
        struct test *t = c->tests.at[i];
        if (t->outcome != PASSED)
            fault(t->file, t->line, "%s/%s %s", t->suite, t->name,
                  t->outcome == FAILED ? "fails" : "has not run: make test");
    }
    check_symbols(c);
}

void check_book(void)
{
    for (int i = 0; i < book.chapters.n; i++)
        check_chapter(book.chapters.at[i]);
}
