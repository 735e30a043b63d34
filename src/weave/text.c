// text.c: kept memory, growing text, files, faults.
#include "weave.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int faults, warnings;
static struct names said;   // messages
static struct list waiting; // files to be written

// ---- memory -----------------------------------------------------------------

// Sanitizers are given 1, so that a piece is a block whose ends they guard.
#ifndef KEPT_AT_ONCE
#define KEPT_AT_ONCE (1 << 20)
#endif

static struct block {
    struct block *next;
    size_t used, size;
    _Alignas(16) char data[];
} * blocks;

void *keep(size_t size)
{
    if (!blocks || blocks->used + size > blocks->size) {
        size_t room = size > KEPT_AT_ONCE ? size : KEPT_AT_ONCE;
        struct block *b = calloc(1, sizeof *b + room);
        if (!b) {
            fprintf(stderr, "weave: no memory\n");
            exit(3);
        }
        b->size = room;
        if (blocks && size > KEPT_AT_ONCE) { // the first has room for others
            b->next = blocks->next;
            blocks->next = b;
            return b->data;
        }
        b->next = blocks;
        blocks = b;
    }
    void *p = blocks->data + blocks->used;
    blocks->used = (blocks->used + size + 15) & ~(size_t)15;
    return p;
}

// Frees a piece that has a block of its own, as large ones do.
static void let_go(const void *piece)
{
    for (struct block **b = &blocks; *b; b = &(*b)->next)
        if ((*b)->data == piece && (*b)->size > KEPT_AT_ONCE) {
            struct block *next = (*b)->next;
            free(*b);
            *b = next;
            return;
        }
}

void forget(void)
{
    while (blocks) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
    said = (struct names){0};
    waiting = (struct list){0};
}

char *copy(const char *s, size_t n)
{
    char *c = keep(n + 1);
    memcpy(c, s, n);
    return c;
}

char *form(const char *format, ...)
{
    va_list a, b;
    va_start(a, format);
    va_copy(b, a);
    int n = vsnprintf(NULL, 0, format, a);
    char *s = keep(n + 1);
    vsnprintf(s, n + 1, format, b);
    va_end(a);
    va_end(b);
    return s;
}

void add(struct list *l, void *p)
{
    if (l->n == l->room) {
        int room = l->room ? 2 * l->room : 8;
        void **at = keep(room * sizeof *at);
        if (l->n)
            memcpy(at, l->at, l->n * sizeof *at);
        l->at = at;
        l->room = room;
    }
    l->at[l->n++] = p;
}

// ---- names ------------------------------------------------------------------

// The place of a name, or the free one where it would stand.
static struct named *place_of_name(const struct names *t, const char *name)
{
    size_t i = hash(name, strlen(name), HASH);
    while (t->at[i & (t->room - 1)].name &&
           strcmp(t->at[i & (t->room - 1)].name, name))
        i++;
    return t->at + (i & (t->room - 1));
}

void *find_name(const struct names *t, const char *name)
{
    return t->n ? place_of_name(t, name)->what : NULL;
}

void *add_name(struct names *t, const char *name, void *what)
{
    if (2 * t->n >= t->room) { // half of the places are always free
        struct names grown = {.room = t->room ? 2 * t->room : 16};
        grown.at = keep(grown.room * sizeof *grown.at);
        for (int i = 0; i < t->room; i++)
            if (t->at[i].name)
                add_name(&grown, t->at[i].name, t->at[i].what);
        *t = grown;
    }
    struct named *place = place_of_name(t, name);
    if (place->name)
        return place->what;
    *place = (struct named){name, what};
    t->n++;
    return NULL;
}

// ---- growing text -----------------------------------------------------------

void putn(struct text *t, const char *s, size_t n)
{
    if (t->n + n + 1 > t->room) {
        size_t room = 2 * t->room + n + 256;
        char *grown = keep(room);
        if (t->n)
            memcpy(grown, t->s, t->n);
        if (t->room > 1 << 16)
            let_go(t->s);
        t->s = grown;
        t->room = room;
    }
    memcpy(t->s + t->n, s, n);
    t->n += n;
    t->s[t->n] = 0;
}

void put(struct text *t, const char *s)
{
    putn(t, s, strlen(s));
}

void putf(struct text *t, const char *format, ...)
{
    char small[512];
    va_list a, b;
    va_start(a, format);
    va_copy(b, a);
    int n = vsnprintf(small, sizeof small, format, a);
    if (n < (int)sizeof small) {
        putn(t, small, n);
    } else {
        char *large = keep(n + 1);
        vsnprintf(large, n + 1, format, b);
        putn(t, large, n);
    }
    va_end(a);
    va_end(b);
}

void puth(struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        switch (s[i]) {
        case '&': put(t, "&amp;"); break;
        case '<': put(t, "&lt;"); break;
        case '>': put(t, "&gt;"); break;
        case '"': put(t, "&quot;"); break;
        case '\'': put(t, "&#39;"); break;
        default: putn(t, s + i, 1);
        }
}

char *html(const char *s)
{
    struct text t = {0};
    puth(&t, s, strlen(s));
    return all(&t);
}

char *all(struct text *t)
{
    return t->s ? t->s : copy("", 0);
}

// ---- strings ----------------------------------------------------------------

int starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

char *trim(char *s)
{
    s += strspn(s, " \t\r\n");
    size_t n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1]))
        s[--n] = 0;
    return s;
}

char *word(char **s)
{
    char *w = *s + strspn(*s, " \t\r\n");
    if (!*w)
        return NULL;
    char *end = w + strcspn(w, " \t\r\n");
    *s = *end ? end + 1 : end;
    *end = 0;
    return w;
}

int name_length(const char *s)
{
    return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789_-");
}

char *next_label(const char *s)
{
    const char *at = s;
    while ((at = strstr(at, "eq:")) &&
           (!name_length(at + 3) || (at > s && name_length(at - 1))))
        at++;
    return (char *)at;
}

char *line_of(const char *s, int line, size_t *n)
{
    while (--line > 0) {
        const char *end = strchr(s, '\n');
        if (!end) {
            s += strlen(s);
            break;
        }
        s = end + 1;
    }
    *n = strcspn(s, "\n");
    return (char *)s;
}

unsigned long long hash(const char *s, size_t n, unsigned long long h)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 0x100000001b3ull;
    return h;
}

char *base64(const char *s, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *u = (const unsigned char *)s;
    char *out = keep((n + 2) / 3 * 4 + 1), *o = out;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t b = u[i] << 16 | (i + 1 < n ? u[i + 1] << 8 : 0) |
                     (i + 2 < n ? u[i + 2] : 0);
        *o++ = digits[b >> 18];
        *o++ = digits[b >> 12 & 63];
        *o++ = i + 1 < n ? digits[b >> 6 & 63] : '=';
        *o++ = i + 2 < n ? digits[b & 63] : '=';
    }
    return out;
}

// ---- files ------------------------------------------------------------------

static void fail(const char *path, const char *what)
{
    fprintf(stderr, "weave: %s: %s: %s\n", path, what, strerror(errno));
    exit(3);
}

char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct stat about;
    if (!f) {
        if (errno != ENOENT && errno != ENOTDIR)
            fail(path, "cannot be read");
        return NULL;
    }
    if (fstat(fileno(f), &about))
        fail(path, "cannot be read");
    if (S_ISDIR(about.st_mode)) {
        fclose(f);
        return NULL;
    }
    char *s = keep(about.st_size + 1);
    size_t got = fread(s, 1, about.st_size, f);
    if (ferror(f))
        fail(path, "cannot be read");
    fclose(f);
    if (n)
        *n = got;
    return s;
}

// How many bytes the UTF-8 character at s has; 0: there is none.
static int character(const unsigned char *s)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = *s < 0x80       ? 1
            : *s >> 5 == 6  ? 2
            : *s >> 4 == 14 ? 3
            : *s >> 3 == 30 ? 4
                            : 0;
    unsigned code = n == 1 ? *s : *s & 0xff >> (n + 1);
    for (int i = 1; i < n; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        code = code << 6 | (s[i] & 63);
    }
    int surrogate = code >> 11 == 27;
    return code < least[n] || surrogate || code > 0x10ffff ? 0 : n;
}

int is_text(const char *path, const char *s, size_t n)
{
    int line = 1, m = 1;
    for (const char *end = s + n; s < end && m; s += m) {
        m = character((const unsigned char *)s);
        line += *s == '\n';
        if (!*s)
            fault(path, line, "a NUL byte, so this is no text");
        else if (!m)
            fault(path, line,
                  "not UTF-8, the byte 0x%02X: save the file as "
                  "UTF-8",
                  (unsigned char)*s);
        else if (((unsigned char)*s < 32 && !strchr("\t\n\r\f", *s)) ||
                 *s == 127)
            fault(path, line, "a control character, 0x%02X: take it out", *s);
        else
            continue;
        return 0;
    }
    return 1;
}

char *read_text(const char *path, int *good)
{
    size_t n;
    char *s = read_file(path, &n), *to = s;
    int is_good = s && is_text(path, s, n);
    if (good)
        *good = is_good;
    if (!s)
        return NULL;
    if (starts(s, "\xef\xbb\xbf"))
        s = to = s + 3;
    for (char *from = s; *from; from++)
        if (*from != '\r')
            *to++ = *from;
        else if (from[1] != '\n')
            *to++ = '\n';
    *to = 0;
    return s;
}

void make_folders(const char *path)
{
    char *p = copy(path, strlen(path));
    for (char *slash = strchr(p + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(p, 0777) && errno != EEXIST)
            fail(p, "cannot be made");
        *slash = '/';
    }
}

static int is_written(const char *path, const char *s, size_t n)
{
    char part[1 << 14];
    size_t got, at = 0;
    FILE *f = fopen(path, "rb");
    int same = f != NULL;
    for (; same && (got = fread(part, 1, sizeof part, f)) > 0; at += got)
        same = got <= n - at && memcmp(part, s + at, got) == 0;
    same = same && at == n && !ferror(f);
    if (f)
        fclose(f);
    return same;
}

// Writes beside the file and renames: nobody sees half a file.
void write_file(const char *path, const char *s, size_t n)
{
    if (is_written(path, s, n))
        return;
    make_folders(path);
    char *new = form("%s.new-%d", path, (int)getpid());
    FILE *f = fopen(new, "wb");
    if (!f)
        fail(new, "cannot be written");
    size_t wrote = fwrite(s, 1, n, f);
    if (wrote != n || fclose(f) || rename(new, path)) {
        int why = errno;
        remove(new);
        errno = why;
        fail(path, "cannot be written");
    }
}

struct pending {
    const char *path, *s;
    size_t n;
};

void write_later(const char *path, const char *s, size_t n)
{
    struct pending *p = keep(sizeof *p);
    *p = (struct pending){path, s, n};
    add(&waiting, p);
}

// Is that file to be written, or one below that folder, "a/b/"?
static int is_waiting(const char *path)
{
    size_t n = strlen(path);
    for (int i = 0; i < waiting.n; i++) {
        const char *other = ((struct pending *)waiting.at[i])->path;
        if (path[n - 1] == '/' ? starts(other, path) : !strcmp(other, path))
            return 1;
    }
    return 0;
}

static void remove_page(const char *path)
{
    size_t n = strlen(path);
    if (n <= 5 || strcmp(path + n - 5, ".html") || is_waiting(path))
        return;
    char *page = read_file(path, NULL);
    if (page && strstr(page, " · Assay</title>"))
        remove(path);
}

static void remove_each(const char *folder, void what(const char *))
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (*e->d_name != '.')
            what(form("%s/%s", folder, e->d_name));
    if (d)
        closedir(d);
}

static void remove_file(const char *path)
{
    remove(path);
}

// The downloads of a chapter, a folder of files.
static void remove_downloads(const char *folder)
{
    if (is_waiting(form("%s/", folder)))
        return;
    remove_each(folder, remove_file);
    remove(folder);
}

// The page and the downloads of a chapter that is gone go too; what else the
// folder has is somebody's.
static void remove_stale(const char *folder)
{
    remove_each(folder, remove_page);
    remove_each(form("%s/files", folder), remove_downloads);
}

void write_waiting(const char *folder)
{
    for (int i = 0; i < waiting.n; i++) {
        struct pending *p = waiting.at[i];
        write_file(p->path, p->s, p->n);
    }
    if (folder)
        remove_stale(folder);
}

// ---- faults -----------------------------------------------------------------

// Says a message once, however often what it is about is set; was it new?
__attribute__((format(printf, 4, 0))) static int
say(const char *file, int line, const char *note, const char *format, va_list a)
{
    va_list b;
    va_copy(b, a);
    int n = vsnprintf(NULL, 0, format, a);
    char *s = keep(n + 1);
    vsnprintf(s, n + 1, format, b);
    va_end(b);
    s = line > 0 ? form("%s:%d: %s%s", file, line, note, s)
                 : form("%s: %s%s", file, note, s);
    if (add_name(&said, s, s))
        return 0;
    fprintf(stderr, "%s\n", s);
    return 1;
}

void fault(const char *file, int line, const char *format, ...)
{
    va_list a;
    va_start(a, format);
    faults += say(file, line, "", format, a);
    va_end(a);
}

void warn(const char *file, int line, const char *format, ...)
{
    va_list a;
    va_start(a, format);
    warnings += say(file, line, "note: ", format, a);
    va_end(a);
}
