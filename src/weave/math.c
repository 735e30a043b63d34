// math.c: formulas, by KaTeX inside Duktape, with a cache.
//
// KaTeX is started for the first formula that the cache does not have. A
// cached file begins with the formula, so that two formulas of one hash do
// not pass for each other.
#include "weave.h"
#include <ctype.h>
#include <duktape.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KATEX "/usr/share/javascript/katex/katex.js"
#define LONGEST 8192 // bytes of a formula
#define DEEPEST 100  // braces within braces
#define WIDEST 100   // columns; KaTeX takes time by their square

static duk_context *duk;
static const char *cache;
static unsigned long long version; // of KaTeX and the macros

// ---- macros -----------------------------------------------------------------

struct macro {
    char *name, *body;
};
static struct list macros;

// One \newcommand{\name}[n]{body}; KaTeX counts the arguments itself.
static void add_macro(const char *file, int line, const char *s)
{
    const char *name = strstr(s, "{\\");
    const char *end = name ? strchr(name, '}') : NULL;
    const char *body = end ? strchr(end + 1, '{') : NULL;
    const char *last = body ? strrchr(body, '}') : NULL;
    if (!starts(s, "\\newcommand{") || !last || last[1]) {
        fault(file, line, "not \\newcommand{\\name}[n]{body}");
        return;
    }
    struct macro *m = keep(sizeof *m);
    m->name = copy(name + 1, end - name - 1);
    m->body = copy(body + 1, last - body - 1);
    add(&macros, m);
}

static void read_macros(const char *file, const char *s)
{
    for (int line = 1; s && *s; line++) {
        size_t n = strcspn(s, "\n");
        char *text = trim(copy(s, n));
        if (*text && *text != '%')
            add_macro(file, line, text);
        s += s[n] ? n + 1 : n;
    }
}

static void push_macros(void)
{
    duk_push_object(duk);
    for (int i = 0; i < macros.n; i++) {
        const struct macro *m = macros.at[i];
        duk_push_string(duk, m->body);
        duk_put_prop_string(duk, -2, m->name);
    }
}

// ---- KaTeX ------------------------------------------------------------------

static void start(void)
{
    static const char
        before[] = "Array.prototype.fill=Array.prototype.fill||function(v){"
                   "for(var i=0;i<this.length;i++)this[i]=v;return this;};"
                   "var exports={},module={exports:exports};",
        after[] = ";function tex(s,display,macros){"
                  "var m={};for(var k in macros)m[k]=macros[k];"
                  "return module.exports.renderToString(s,{displayMode:display,"
                  "macros:m,throwOnError:true,strict:'error',maxExpand:1000,"
                  "trust:false});}";
    size_t n;
    char *js = read_file(KATEX, &n);
    if (!js) {
        fprintf(stderr, "weave: %s is missing: run ./build.sh\n", KATEX);
        exit(3);
    }
    duk = duk_create_heap_default();
    char *program = form("%s%s%s", before, js, after);
    if (!duk || duk_peval_string(duk, program)) {
        fprintf(stderr, "weave: %s: %s\n", KATEX,
                duk ? duk_safe_to_string(duk, -1) : "no memory");
        exit(3);
    }
    duk_pop(duk);
    push_macros();
    duk_put_global_string(duk, "macros");
}

static char *set(const char *file, int line, const char *tex, int display)
{
    if (!duk)
        start();
    duk_get_global_string(duk, "tex");
    duk_push_string(duk, tex);
    duk_push_boolean(duk, display);
    duk_get_global_string(duk, "macros");
    char *out = NULL;
    if (duk_pcall(duk, 3)) {
        const char *why = duk_safe_to_string(duk, -1);
        const char *error = strstr(why, "parse error: ");
        fault(file, line, "formula: %s", error ? error + 13 : why);
    } else {
        out = copy(duk_get_string(duk, -1), strlen(duk_get_string(duk, -1)));
    }
    duk_pop(duk);
    return out;
}

// ---- limits -----------------------------------------------------------------

static int depth(const char *tex)
{
    int deep = 0, most = 0;
    for (; *tex; tex++) {
        if (*tex == '\\' && tex[1])
            tex++;
        else if (*tex == '{' && ++deep > most)
            most = deep;
        else if (*tex == '}')
            deep--;
    }
    return most;
}

// The most columns of a row, ended by \\, with those of what it nests.
static int width(const char *tex)
{
    int wide = 1, most = 1;
    for (; *tex; tex++) {
        if (*tex == '&' && ++wide > most)
            most = wide;
        if (*tex != '\\' || !tex[1])
            continue;
        if (*++tex == '\\')
            wide = 1;
    }
    return most;
}

// The command at s, which begins with a backslash: its length.
static int command(const char *s)
{
    int n = 1;
    while (isalpha((unsigned char)s[n]))
        n++;
    return n > 1 ? n : 1 + (s[1] != 0);
}

static int allowed(const char *file, int line, const char *tex)
{
    static const char *no[] = {
        "\\def",       "\\newcommand",   "\\gdef",
        "\\href",      "\\edef",         "\\xdef",
        "\\let",       "\\renewcommand", "\\providecommand",
        "\\url",       "\\htmlClass",    "\\htmlId",
        "\\htmlStyle", "\\htmlData",     "\\includegraphics",
        "\\char"};
    if (strlen(tex) > LONGEST) {
        fault(file, line, "formula: longer than %d bytes; split it", LONGEST);
        return 0;
    }
    if (depth(tex) > DEEPEST) {
        fault(file, line, "formula: braces more than %d deep", DEEPEST);
        return 0;
    }
    if (width(tex) > WIDEST) {
        fault(file, line, "formula: more than %d columns", WIDEST);
        return 0;
    }
    for (const char *s = strchr(tex, '\\'); s; s = strchr(s + command(s), '\\'))
        for (int i = 0; i < (int)(sizeof no / sizeof *no); i++)
            if ((int)strlen(no[i]) == command(s) &&
                strncmp(s, no[i], command(s)) == 0) {
                fault(file, line, "formula: %s is not allowed%s", no[i],
                      i < 3 ? "; macros go to chapters/macros.tex" : "");
                return 0;
            }
    return 1;
}

// ---- the cache --------------------------------------------------------------

void math_open(const char *folder, const char *file)
{
    struct stat s;
    char *text = read_text(file, NULL);
    cache = folder;
    read_macros(file, text);
    char *which = stat(KATEX, &s)
                      ? ""
                      : form("%ld %ld", (long)s.st_size, (long)s.st_mtime);
    version = hash(which, strlen(which), HASH);
    if (text)
        version = hash(text, strlen(text), version);
}

// Does every <span> of the formula end? A file on a full disk may be cut.
static int is_whole(const char *s)
{
    int open = 0, spans = 0;
    for (s = strchr(s, '<'); s; s = strchr(s + 1, '<')) {
        open += starts(s, "<span") - starts(s, "</span>");
        spans++;
    }
    return spans && !open;
}

char *math(const char *file, int line, const char *tex, int display)
{
    if (!allowed(file, line, tex))
        return "";
    unsigned long long key = hash(tex, strlen(tex), version + display);
    char *path = form("%s/%02llx/%016llx", cache, key >> 56, key);
    char *had = read_file(path, NULL);
    size_t n = strlen(tex);
    if (had && strncmp(had, tex, n) == 0 && had[n] == '\n' &&
        is_whole(had + n + 1))
        return had + n + 1;
    char *out = set(file, line, tex, display);
    if (!out)
        return "";
    char *kept = form("%s\n%s", tex, out);
    write_file(path, kept, strlen(kept));
    return out;
}

void math_close(void)
{
    if (duk)
        duk_destroy_heap(duk);
    duk = NULL;
    macros = (struct list){0};
}

// ---- symbols ----------------------------------------------------------------

static int is_greek(const char *name)
{
    static const char *greek[] = {
        "alpha",  "beta",  "gamma", "delta",    "epsilon", "varepsilon",
        "zeta",   "eta",   "theta", "vartheta", "iota",    "kappa",
        "lambda", "mu",    "nu",    "xi",       "pi",      "rho",
        "varrho", "sigma", "tau",   "upsilon",  "phi",     "varphi",
        "chi",    "psi",   "omega", "Gamma",    "Delta",   "Theta",
        "Lambda", "Xi",    "Pi",    "Sigma",    "Upsilon", "Phi",
        "Psi",    "Omega", "ell",
    };
    for (int i = 0; i < (int)(sizeof greek / sizeof *greek); i++)
        if (strcmp(name, greek[i]) == 0)
            return 1;
    return 0;
}

// What holds no symbols behind a command: \text{...}, \operatorname{...},
// \begin{array}{cc}, \hspace{2em}, \\[2pt].
static const char *past_words(const char *name, const char *s)
{
    static const char *takes[] = {"begin", "end",    "mathrm",
                                  "tag",   "hspace", "color"};
    int words = starts(name, "text") || starts(name, "operatorname");
    for (int i = 0; i < (int)(sizeof takes / sizeof *takes); i++)
        words |= strcmp(name, takes[i]) == 0;
    if (strcmp(name, "\\") == 0 && *s == '[')
        s += strcspn(s, "]");
    const char *in = s + strspn(s, "* ");
    if (!words || *in != '{')
        return s;
    s = in + strcspn(in, "}");
    return starts(in, "{array}{") ? s + 2 + strcspn(s + 2, "}") : s;
}

int has_letter(const struct list *l, const char *letter)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->at[i], letter) == 0)
            return 1;
    return 0;
}

static void see(struct list *to, char *letter)
{
    if (!has_letter(to, letter))
        add(to, letter);
}

void letters(const char *tex, struct list *to)
{
    while (*tex) {
        if (*tex == '\\') {
            int n = command(tex);
            char *name = copy(tex + 1, n - 1);
            tex += n;
            if (is_greek(name))
                see(to, name);
            tex = past_words(name, tex);
        } else if (isalpha((unsigned char)*tex)) {
            see(to, copy(tex++, 1));
        } else {
            tex++;
        }
    }
}
