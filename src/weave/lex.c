// lex.c: C sources cut into tokens, items and tests, and set in colour.
//
// The lexer knows comments, strings, characters, numbers, directives, keywords
// and names: enough to find what a file defines, for excerpts that need not
// parse alone.
#include "weave.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- tokens -----------------------------------------------------------------

static const char keywords[] =
    " FILE _Alignas _Atomic _Bool _Generic _Noreturn _Static_assert "
    "_Thread_local auto bool break case char const continue default do double "
    "else enum extern float for goto if inline int int16_t int32_t int64_t "
    "int8_t long register restrict return short signed size_t sizeof static "
    "struct switch typedef typeof uint16_t uint32_t uint64_t uint8_t union "
    "unsigned void volatile while ";

static int is_keyword(const char *s, int n)
{
    return strstr(keywords, form(" %.*s ", n, s)) != NULL;
}

// The end of a string or character constant; of its line if it has none.
static int quote_end(const char *s, int i)
{
    char mark = s[i++];
    for (; s[i] && s[i] != mark && s[i] != '\n'; i++)
        if (s[i] == '\\' && s[i + 1])
            i++;
    return s[i] == mark ? i + 1 : i;
}

// The end of a directive: of its line, with those that a backslash adds. A
// comment that begins in it is a token of its own, and then it goes on.
static int directive_end(const char *s, int i)
{
    while (s[i] && s[i] != '\n') {
        if (s[i] == '/' && (s[i + 1] == '/' || s[i + 1] == '*'))
            break;
        if (s[i] == '\\' && s[i + 1])
            i += 2;
        else if (s[i] == '"' || s[i] == '\'')
            i = quote_end(s, i);
        else
            i++;
    }
    return i;
}

static int comment_end(const char *s, int i)
{
    if (s[i + 1] == '/')
        return i + strcspn(s + i, "\n");
    const char *end = strstr(s + i + 2, "*/");
    return end ? end + 2 - s : i + (int)strlen(s + i);
}

static int number_end(const char *s, int i)
{
    for (; isalnum((unsigned char)s[i]) || s[i] == '.' || s[i] == '_'; i++)
        if (strchr("eEpP", s[i]) && (s[i + 1] == '+' || s[i + 1] == '-'))
            i++;
    return i;
}

static int name_end(const char *s, int i)
{
    while (isalnum((unsigned char)s[i]) || s[i] == '_')
        i++;
    return i;
}

// The token that begins at i; `fresh` if only blanks stand before it on its
// line, `directive` if what stands before it is a directive.
static struct token lex(const char *s, int i, int fresh, int directive)
{
    struct token t = {.start = i};
    if (s[i] == '/' && (s[i + 1] == '/' || s[i + 1] == '*')) {
        t.kind = COMMENT;
        t.end = comment_end(s, i);
    } else if (directive || (s[i] == '#' && fresh)) {
        t.kind = DIRECTIVE;
        t.end = directive_end(s, i);
    } else if (s[i] == '"' || s[i] == '\'') {
        t.kind = STRING;
        t.end = quote_end(s, i);
    } else if (isdigit((unsigned char)s[i]) ||
               (s[i] == '.' && isdigit((unsigned char)s[i + 1]))) {
        t.kind = NUMBER;
        t.end = number_end(s, i);
    } else if (isalpha((unsigned char)s[i]) || s[i] == '_') {
        t.end = name_end(s, i);
        t.kind = is_keyword(s + i, t.end - i) ? KEYWORD : NAME;
    } else {
        t.kind = MARK;
        t.end = i + 1;
    }
    return t;
}

static void cut_tokens(struct source *s)
{
    int line = 1, fresh = 1, directive = 0, room = 0;
    for (int i = 0; s->text[i];) {
        if (isspace((unsigned char)s->text[i])) {
            line += s->text[i] == '\n';
            fresh |= s->text[i] == '\n';
            directive &= s->text[i++] != '\n';
            continue;
        }
        if (s->count == room) {
            struct token *grown = keep((2 * room + 256) * sizeof *grown);
            if (room)
                memcpy(grown, s->tokens, room * sizeof *grown);
            s->tokens = grown;
            room = 2 * room + 256;
        }
        struct token t = lex(s->text, i, fresh, directive);
        directive |= t.kind == DIRECTIVE;
        t.line = line;
        for (int k = t.start; k < t.end; k++)
            line += s->text[k] == '\n';
        s->tokens[s->count++] = t;
        fresh = 0;
        i = t.end;
    }
}

int is(const struct source *s, int i, const char *text)
{
    if (i < 0 || i >= s->count)
        return 0;
    const struct token *t = s->tokens + i;
    return (int)strlen(text) == t->end - t->start &&
           memcmp(s->text + t->start, text, t->end - t->start) == 0;
}

char *token_text(const struct source *s, int i)
{
    const struct token *t = s->tokens + i;
    return copy(s->text + t->start, t->end - t->start);
}

static int is_name(const struct source *s, int i)
{
    return i < s->count && s->tokens[i].kind == NAME;
}

int spoken(const struct source *s, int i)
{
    do
        i++;
    while (i < s->count && s->tokens[i].kind == COMMENT);
    return i;
}

static int before(const struct source *s, int i)
{
    do
        i--;
    while (i >= 0 && s->tokens[i].kind == COMMENT);
    return i;
}

// ---- items ------------------------------------------------------------------

static int last_line_of(const struct source *s, const struct token *t)
{
    int line = t->line;
    for (int k = t->start; k < t->end; k++)
        line += s->text[k] == '\n';
    return line;
}

// The comment that stands right above token i, line by line; else i itself.
static int with_comment(const struct source *s, int i)
{
    int line = s->tokens[i].line;
    while (i > 0 && s->tokens[i - 1].kind == COMMENT &&
           last_line_of(s, s->tokens + i - 1) == line - 1 &&
           (i < 2 ||
            last_line_of(s, s->tokens + i - 2) < s->tokens[i - 1].line))
        line = s->tokens[--i].line;
    return i;
}

// At the parenthesis of a pointer to a function, (*f)(int) or (*f[2])(int), or
// of a function that returns one, (*f(int))(int): the token f, else -1.
static int pointer_name(const struct source *s, int i, int *call)
{
    i = spoken(s, i);
    if (!is(s, i, "*"))
        return -1;
    while (is(s, i, "*") || is(s, i, "const"))
        i = spoken(s, i);
    if (!is_name(s, i))
        return -1;
    *call = is(s, spoken(s, i), "(");
    return i;
}

// The token that names the declaration first ... last, or -1. A function's
// name stands before its first parenthesis; a type's after struct, union or
// enum; a variable's before =, [ or the end.
static int name_of(const struct source *s, int first, int last, int *call)
{
    int depth = 0, tag = -1, variable = -1;
    *call = 0;
    for (int i = first; i <= last; i = spoken(s, i)) {
        if (is(s, i, "__attribute__")) {
            i = spoken(s, i);
            for (int open = 0; i <= last; i = spoken(s, i)) {
                open += is(s, i, "(") - is(s, i, ")");
                if (!open)
                    break;
            }
            continue;
        }
        int next = spoken(s, i);
        int pointer =
            !depth && is(s, next, "(") ? pointer_name(s, next, call) : -1;
        if (pointer >= 0)
            return pointer;
        if (!depth && s->tokens[i].kind == NAME) {
            if (is(s, next, "(")) {
                *call = 1;
                return i;
            }
            int prev = before(s, i);
            if (is(s, next, "{") &&
                (is(s, prev, "struct") || is(s, prev, "union") ||
                 is(s, prev, "enum")))
                tag = i;
            else if (next > last || is(s, next, ";") || is(s, next, "=") ||
                     is(s, next, "[") || is(s, next, ","))
                variable = variable < 0 ? i : variable;
        }
        if (!depth && is(s, i, "="))
            break;
        depth += is(s, i, "{") - is(s, i, "}");
        depth += is(s, i, "(") - is(s, i, ")");
    }
    return tag >= 0 ? tag : variable;
}

// An enum without a tag goes by its first constant.
static int first_constant(const struct source *s, int first, int last)
{
    for (int i = first; i < last; i++)
        if (is(s, i, "enum") && is(s, spoken(s, i), "{")) {
            int name = spoken(s, spoken(s, i));
            return is_name(s, name) ? name : -1;
        }
    return -1;
}

static void add_item(struct source *s, int first, int last, int body)
{
    int call, name = name_of(s, first, last, &call);
    if (name < 0)
        name = first_constant(s, first, last);
    int type = is(s, first, "typedef");
    if (name < 0 || (call && !body && !type))
        return; // a prototype, or nothing with a name
    struct item *it = keep(sizeof *it);
    it->source = s;
    it->name = token_text(s, name);
    it->is_function = call && body;
    it->first = with_comment(s, first);
    it->last = last;
    it->name_token = name;
    it->line = s->tokens[it->first].line;
    it->last_line = last_line_of(s, s->tokens + last);
    add(&s->items, it);
    add_name(&s->names, it->name, it);
}

// Walks over the file at depth zero, one declaration after the other.
static void find_items(struct source *s)
{
    int first = -1, depth = 0, body = 0, assigned = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->tokens[i].kind == COMMENT || s->tokens[i].kind == DIRECTIVE)
            continue;
        if (first < 0)
            first = i;
        if (!depth && is(s, i, "="))
            assigned = 1;
        if (!depth && is(s, i, "{") && is(s, before(s, i), ")") && !assigned)
            body = 1;
        depth += is(s, i, "{") + is(s, i, "(");
        depth -= is(s, i, "}") + is(s, i, ")");
        if (depth < 0)
            depth = 0;
        if (depth || !(is(s, i, ";") || (body && is(s, i, "}"))))
            continue;
        add_item(s, first, i, body);
        first = -1;
        body = assigned = 0;
    }
}

struct source *read_source(const char *path)
{
    struct source *s = keep(sizeof *s);
    s->path = path;
    s->text = read_text(path, NULL);
    if (!s->text)
        return NULL;
    cut_tokens(s);
    find_items(s);
    return s;
}

struct item *find_item(const struct source *s, const char *name)
{
    return find_name(&s->names, name);
}

// ---- Criterion tests --------------------------------------------------------

// The text of the string at token i and of those that follow it; one without
// an end goes to its line's end.
static char *joined(const struct source *s, int i)
{
    struct text t = {0};
    for (; i < s->count && s->tokens[i].kind == STRING; i = spoken(s, i)) {
        const char *from = s->text + s->tokens[i].start + 1;
        const char *to = s->text + s->tokens[i].end;
        to -= to > from && to[-1] == from[-1];
        putn(&t, from, to - from);
    }
    return all(&t);
}

// `Test(suite, name, .description = "...")` at token i, into `tests`.
static void read_test(struct source *s, int i, struct list *tests)
{
    struct test *t = keep(sizeof *t);
    int j = spoken(s, spoken(s, i));
    if (is(s, i, "ParameterizedTest")) // its first argument is a type
        while (j < s->count && !is(s, j, ","))
            j++;
    j = is(s, j, ",") ? spoken(s, j) : j;
    int name = spoken(s, spoken(s, j));
    if (!is_name(s, j) || !is_name(s, name))
        return; // a macro's own
    t->suite = token_text(s, j);
    t->name = token_text(s, name);
    t->description = "";
    t->file = s->path;
    t->line = s->tokens[i].line;
    for (; j < s->count && !is(s, j, "{"); j = spoken(s, j))
        if (is(s, j, "description"))
            t->description = joined(s, spoken(s, spoken(s, j)));
    add(tests, t);
}

// A parameterized test has a line for each parameter, and passes if all do.
static enum outcome outcome_of(const char *status, enum outcome before)
{
    if (strcmp(status, "SKIPPED") == 0 || before == FAILED)
        return before;
    return strcmp(status, "PASSED") == 0 ? PASSED : FAILED;
}

// The value of ` name="..."` in a tag, "" if it has none.
static char *attribute(const char *tag, const char *name)
{
    const char *at = strstr(tag, form(" %s=\"", name));
    at = at ? strchr(at, '"') + 1 : "";
    return copy(at, strcspn(at, "\""));
}

// Criterion's XML: <testsuite name="S"> <testcase name="T" status="PASSED">.
static void read_outcomes(const char *path, struct list *tests)
{
    struct names known = {0};
    char *x = read_file(path, NULL), *suite = "";
    for (int i = 0; x && i < tests->n; i++) {
        struct test *t = tests->at[i];
        add_name(&known, form("%s/%s", t->suite, t->name), t);
    }
    for (char *p = x; p && (p = strchr(p, '<')); p++) {
        int is_case = starts(p, "<testcase ");
        if (!is_case && !starts(p, "<testsuite "))
            continue;
        char *tag = copy(p, strcspn(p, ">")), *name = attribute(tag, "name");
        if (!is_case)
            suite = name;
        struct test *t =
            is_case ? find_name(&known, form("%s/%s", suite, name)) : NULL;
        if (t)
            t->outcome = outcome_of(attribute(tag, "status"), t->outcome);
    }
    if (x && !strstr(x, "</testsuites>"))
        fault(path, 0, "cut short: run the tests again: make test");
}

void read_tests(const char *source, const char *xml, struct list *tests)
{
    struct source *s = read_source(source);
    for (int i = 0; s && i < s->count; i++)
        if ((is(s, i, "Test") || is(s, i, "ParameterizedTest")) &&
            is(s, spoken(s, i), "("))
            read_test(s, i, tests);
    read_outcomes(xml, tests);
}

// ---- colour -----------------------------------------------------------------

static struct item *item_at(const struct source *s, int token)
{
    for (int i = 0; i < s->items.n; i++) {
        struct item *it = s->items.at[i];
        if (it->first <= token && token <= it->last)
            return it;
    }
    return NULL;
}

// Does token i stand for what its name is elsewhere? Not after . or ->, and
// not where a local variable of that name is declared.
static int refers(const struct source *s, int i)
{
    int prev = before(s, i), next = spoken(s, i);
    if (is(s, prev, ".") || (is(s, prev, ">") && is(s, before(s, prev), "-")))
        return 0;
    if (is(s, next, "("))
        return 1;
    return prev < 0 || s->tokens[prev].kind != KEYWORD ||
           is(s, prev, "return") || is(s, prev, "sizeof") ||
           is(s, prev, "struct") || is(s, prev, "enum");
}

// Text that may run over several lines; a span never crosses a line's end.
static void put_span(struct text *out, const char *class, const char *s, int n)
{
    while (n > 0) {
        int part = strcspn(s, "\n");
        part = part < n ? part : n;
        if (part && class)
            putf(out, "<span class=\"%s\">", class);
        puth(out, s, part);
        if (part && class)
            put(out, "</span>");
        if (part < n)
            put(out, "\n");
        s += part + 1;
        n -= part + 1;
    }
}

// A comment, its labels eq:... linked.
static void put_comment(struct text *out, const char *s, int n, link_of *link)
{
    char *c = copy(s, n), *label;
    while (link && (label = next_label(c))) {
        int length = 3 + name_length(label + 3);
        char *name = copy(label, length), *to = link(NULL, name);
        put_span(out, "c", c, label - c);
        if (to)
            putf(out, "<span class=\"c\"><a href=\"%s\">%s</a></span>", to,
                 html(name));
        else
            put_span(out, "c", name, length);
        c = label + length;
    }
    put_span(out, "c", c, strlen(c));
}

static void put_name(struct text *out, const struct source *s, int i,
                     struct item *it, link_of *link)
{
    char *name = token_text(s, i), *to = NULL;
    if (it && it->name_token == i) {
        char *id = link ? link(it, NULL) : NULL;
        putf(out, "<span class=\"d\"%s>%s</span>",
             id ? form(" id=\"%s\"", id) : "", html(name));
        return;
    }
    if (link && it && refers(s, i))
        to = link(it, name);
    if (to)
        putf(out, "<a href=\"%s\">%s</a>", to, html(name));
    else
        put(out, html(name));
}

static void put_token(struct text *out, const struct source *s, int i,
                      struct item *it, link_of *link)
{
    static const char *class[] = {NULL, "k", "n", "s", "c", "k", NULL};
    const struct token *t = s->tokens + i;
    if (t->kind == COMMENT)
        put_comment(out, s->text + t->start, t->end - t->start, link);
    else if (t->kind == NAME)
        put_name(out, s, i, it, link);
    else
        put_span(out, class[t->kind], s -> text + t -> start,
                 t -> end - t -> start);
}

// The tokens that touch the lines, with the blanks between them.
static char *coloured(const struct source *s, int first, int last,
                      link_of *link)
{
    struct text out = {0};
    size_t n;
    int at = line_of(s->text, first, &n) - s->text;
    int end = line_of(s->text, last, &n) - s->text + (int)n;
    struct item *it = NULL;
    for (int i = 0; i < s->count && s->tokens[i].start < end; i++) {
        if (s->tokens[i].start < at)
            continue;
        if (!it || i > it->last)
            it = item_at(s, i);
        puth(&out, s->text + at, s->tokens[i].start - at);
        put_token(&out, s, i, it, link);
        at = s->tokens[i].end;
    }
    if (at < end)
        puth(&out, s->text + at, end - at);
    return all(&out);
}

void highlight(struct text *out, const struct source *s, int first, int last,
               link_of *link)
{
    char *c = coloured(s, first, last, link);
    for (int line = first; line <= last; line++) {
        int n = strcspn(c, "\n");
        putf(out, "<span class=\"l\" data-n=\"%d\">", line);
        putn(out, c, n);
        put(out, "</span>\n");
        c += c[n] ? n + 1 : n;
    }
}
