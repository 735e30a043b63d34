// svg.c: gnuplot's figures, made fit for the page.
//
// The drawing is walked tag by tag and attribute by attribute: ids get the
// figure's name before them, so that many figures can stand on one page;
// colours become variables of the stylesheet, so that one drawing serves light
// and dark; fonts are dropped, so that the page's own is used.
#include "weave.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct drawing {
    const char *path, *prefix;
    struct text out;
    double size; // of the text around, in px
    int wide;
    struct list open; // tags
};

// ---- colours ----------------------------------------------------------------

// The sentinels of figures/style.gp.
static const struct {
    unsigned colour;
    const char *variable;
} palette[] = {
    {0xfefefe, "none"},         {0x000000, "var(--ink)"},
    {0x222222, "var(--ink)"},   {0x333333, "var(--ink-2)"},
    {0x444444, "var(--ink-2)"}, {0x555555, "var(--axis)"},
    {0xa0a0a0, "var(--axis)"},  {0xdcdcdc, "var(--grid)"},
    {0xeeeeee, "var(--grid)"},  {0xbebebe, "var(--grid)"},
    {0xd3d3d3, "var(--grid)"},  {0x0072b2, "var(--c1)"},
    {0xd55e00, "var(--c2)"},    {0x009e73, "var(--c3)"},
    {0xcc79a7, "var(--c4)"},    {0xe69f00, "var(--c5)"},
    {0x56b4e9, "var(--c6)"},    {0xfcfcfc, "var(--paper)"},
};

// The colour that s names: #rrggbb, rgb(r, g, b), or gnuplot's words.
static int parse_colour(const char *s, unsigned *colour)
{
    unsigned r, g, b;
    if (sscanf(s, "rgb(%u,%u,%u)", &r, &g, &b) == 3 && r < 256 && g < 256 &&
        b < 256)
        *colour = r << 16 | g << 8 | b;
    else if (*s == '#' && strlen(s) == 7)
        *colour = strtoul(s + 1, NULL, 16);
    else if (strcmp(s, "black") == 0)
        *colour = 0;
    else if (strcmp(s, "gray") == 0 || strcmp(s, "lightgrey") == 0)
        *colour = 0xbebebe;
    else
        return 0;
    return 1;
}

static const char *colour_of(const char *s)
{
    unsigned c;
    if (!parse_colour(s, &c))
        return s;
    for (int i = 0; i < (int)(sizeof palette / sizeof *palette); i++)
        if (palette[i].colour == c)
            return palette[i].variable;
    return form("#%06x", c);
}

// ---- attributes -------------------------------------------------------------

static int is_colour(const char *name)
{
    return !strcmp(name, "fill") || !strcmp(name, "stroke") ||
           !strcmp(name, "color") || !strcmp(name, "stop-color");
}

// Would a browser fetch something for this value?  Styles can be written with
// escapes, and functions other than url() load as well.
static int reaches_out(const char *name, const char *value)
{
    if (strcasecmp(name, "style") == 0)
        return strpbrk(value, "(\\@") != NULL;
    for (const char *s = value; *s; s++)
        if (strncasecmp(s, "url(", 4) == 0 && !starts(s, "url(#"))
            return 1;
    return strstr(value, "://") != NULL;
}

// Is it the name of a drawing's attribute?  Handlers of events are none.
static int is_attribute(const char *name)
{
    return isalpha((unsigned char)*name) &&
           !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789:_-")];
}

static void put_attribute(struct drawing *d, const char *tag, const char *name,
                          const char *value)
{
    char *hash_in_value = strstr(value, "url(#");
    if (strcmp(name, "font-family") == 0 || strncasecmp(name, "on", 2) == 0 ||
        strcmp(name, "xmlns:xlink") == 0)
        return;
    if (strcmp(name, "font-size") == 0) {
        double px = strtod(value, NULL);
        if (strcmp(tag, "tspan") == 0 && d->size > 0) {
            putf(&d->out, " style=\"font-size:%.3gem\"", px / d->size);
            return;
        }
        d->size = px;
    }
    if (reaches_out(name, value)) {
        fault(d->path, 0, "a link out of the figure: %.60s", value);
        return;
    }
    if (strcmp(name, "id") == 0)
        value = form("%s-%s", d->prefix, value);
    else if (strcasecmp(name, "xlink:href") == 0 ||
             strcasecmp(name, "href") == 0) {
        name = "href";
        if (*value == '#')
            value = form("#%s-%s", d->prefix, value + 1);
        else if (!starts(value, "data:image/png;base64,")) {
            fault(d->path, 0, "a link out of the figure: %.60s", value);
            return;
        }
    } else if (hash_in_value == value)
        value = form("url(#%s-%s", d->prefix, value + 5);
    else if (is_colour(name))
        value = colour_of(value);
    putf(&d->out, " %s=\"", name);
    puth(&d->out, value, strlen(value));
    put(&d->out, "\"");
}

// `name = 'value'` at *s; 0 at the tag's end, -1 if it does not parse.
static int next_attribute(char **s, char **name, char **value)
{
    char *p = *s + strspn(*s, " \t\r\n/");
    if (!*p)
        return 0;
    *name = p;
    p += strcspn(p, "= \t\r\n");
    char *end = p;
    p += strspn(p, " \t\r\n");
    if (*p != '=')
        return -1;
    p += 1 + strspn(p + 1, " \t\r\n");
    *end = 0;
    char mark = *p++;
    if (mark != '"' && mark != '\'')
        return -1;
    *value = p;
    p = strchr(p, mark);
    if (!p)
        return -1;
    *p = 0;
    *s = p + 1;
    return is_attribute(*name) ? 1 : -1;
}

// ---- tags -------------------------------------------------------------------

// <svg ...>: of its attributes only the viewBox stays.
static int put_root(struct drawing *d, char *attributes, const char *alt)
{
    char *name, *value;
    double x, y, w, h;
    while (next_attribute(&attributes, &name, &value) > 0)
        if (strcmp(name, "viewBox") == 0 &&
            sscanf(value, "%lf %lf %lf %lf", &x, &y, &w, &h) == 4 && w > 0 &&
            h > 0) {
            putf(&d->out,
                 "<svg viewBox=\"%g %g %g %g\" role=\"img\" "
                 "aria-label=\"%s\">",
                 x, y, w, h, html(alt));
            d->wide = w > 800;
            add(&d->open, "svg");
            return 1;
        }
    fault(d->path, 0, "no viewBox; draw it again");
    return 0;
}

// What a drawing is made of; scripts, styles and pages are not.
static int is_element(const char *word)
{
    static const char elements[] =
        " svg g defs use symbol path rect circle ellipse line polyline polygon "
        "text tspan image clipPath mask pattern marker linearGradient "
        "radialGradient stop ";
    return strstr(elements, form(" %s ", word)) != NULL;
}

static int put_tag(struct drawing *d, char *tag)
{
    char *attributes = tag + strcspn(tag, " \t\r\n/"), *name, *value;
    int closed = *tag && tag[strlen(tag) - 1] == '/', more;
    char *word = copy(tag, attributes - tag);
    if (!is_element(word) || !d->open.n) {
        fault(d->path, 0, "<%.40s> in a figure; draw it without", word);
        return 0;
    }
    putf(&d->out, "<%s", word);
    while ((more = next_attribute(&attributes, &name, &value)) > 0)
        put_attribute(d, word, name, value);
    put(&d->out, closed ? "/>" : ">");
    if (!closed)
        add(&d->open, word);
    if (more < 0)
        fault(d->path, 0,
              "an attribute of <%.40s> does not parse; draw it "
              "again",
              word);
    return more == 0;
}

static int close_tag(struct drawing *d, const char *word)
{
    if (!d->open.n || strcmp(d->open.at[--d->open.n], word)) {
        fault(d->path, 0, "</%.40s> ends what is not open; draw it again",
              word);
        return 0;
    }
    putf(&d->out, "</%s>", word);
    return 1;
}

// Gnuplot describes itself in <title> and <desc>, draws the paper as a
// <rect> of the whole size, and defines filters that nothing here uses.
static char *skipped(char *s)
{
    static const char *element[] = {"title", "desc", "filter"};
    if (starts(s, "<!--")) {
        char *end = strstr(s, "-->");
        return end ? end + 3 : s + strlen(s);
    }
    for (int i = 0; i < 3; i++)
        if (starts(s + 1, element[i]) &&
            strchr(" >", s[1 + strlen(element[i])])) {
            char *end = strstr(s, form("</%s>", element[i]));
            return end ? strchr(end, '>') + 1 : s + strlen(s);
        }
    return NULL;
}

// The end of the tag at s: the next > outside quotes.
static char *tag_end(char *s)
{
    for (char mark = 0; *s; s++)
        if (mark)
            mark = *s == mark ? 0 : mark;
        else if (*s == '"' || *s == '\'')
            mark = *s;
        else if (*s == '>')
            return s;
    return NULL;
}

static void put_blanks_folded(struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int blank = isspace((unsigned char)s[i]);
        if (!blank || !t->n || t->s[t->n - 1] != ' ')
            putn(t, blank ? " " : s + i, 1);
    }
}

char *figure(const char *path, const char *prefix, const char *alt, int *wide)
{
    struct drawing d = {.path = path, .prefix = prefix};
    char *file = read_text(path, NULL), *s = file ? strstr(file, "<svg") : NULL;
    int root = 0;
    *wide = 0;
    if (!s || !strstr(s, "</svg>")) {
        fault(path, 0, "not a whole SVG file; draw it again");
        return NULL;
    }
    while (*s) {
        size_t n = strcspn(s, "<");
        put_blanks_folded(&d.out, s, n);
        s += n;
        if (!*s)
            break;
        char *past = skipped(s), *end = past ? NULL : tag_end(s);
        if (past) {
            s = past;
            continue;
        }
        if (!end) {
            fault(path, 0, "a tag without an end; draw it again");
            return NULL;
        }
        char *tag = copy(s + 1, end - s - 1);
        s = end + 1;
        if (*tag == '/') {
            if (!close_tag(&d, trim(tag + 1)))
                return NULL;
        } else if (*tag == '!' || *tag == '?')
            continue;
        else if (!(root ? put_tag(&d, tag) : put_root(&d, tag + 3, alt)))
            return NULL;
        root = 1;
    }
    if (d.open.n)
        fault(path, 0, "not every tag ends; draw it again");
    *wide = d.wide;
    return trim(all(&d.out));
}
