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

// ---- memory -----------------------------------------------------------------

static struct block {
    struct block *next;
    size_t used, size;
    _Alignas(16) char data[];
} * blocks;

void *keep(size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (!blocks || blocks->used + size > blocks->size) {
        size_t room = size > 1 << 20 ? size : 1 << 20;
        struct block *b = calloc(1, sizeof *b + room);
        if (!b) {
            fprintf(stderr, "weave: no memory\n");
            exit(3);
        }
        b->size = room;
        b->next = blocks;
        blocks = b;
    }
    void *p = blocks->data + blocks->used;
    blocks->used += size;
    return p;
}

void forget(void)
{
    while (blocks) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
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

// ---- growing text -----------------------------------------------------------

void putn(struct text *t, const char *s, size_t n)
{
    if (t->n + n + 1 > t->room) {
        size_t room = 2 * t->room + n + 256;
        char *grown = keep(room);
        if (t->n)
            memcpy(grown, t->s, t->n);
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

int has_nul(const char *path, const char *s, size_t n)
{
    int line = 1;
    if (strlen(s) == n)
        return 0;
    for (; *s; s++)
        line += *s == '\n';
    fault(path, line, "a NUL byte, so this is no text");
    return 1;
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

// Writes beside the file and renames: nobody sees half a file.
void write_file(const char *path, const char *s, size_t n)
{
    size_t had;
    char *old = read_file(path, &had);
    if (old && had == n && memcmp(old, s, n) == 0)
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
static struct list waiting;

void write_later(const char *path, const char *s, size_t n)
{
    struct pending *p = keep(sizeof *p);
    *p = (struct pending){path, s, n};
    add(&waiting, p);
}

static int is_waiting(const char *path)
{
    for (int i = 0; i < waiting.n; i++)
        if (strcmp(((struct pending *)waiting.at[i])->path, path) == 0)
            return 1;
    return 0;
}

// A page of this book whose chapter is gone goes too; what else the folder has
// is somebody's.
static void remove_stale(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = form("%s/%s", folder, e->d_name);
        size_t n = strlen(path);
        if (n <= 5 || strcmp(path + n - 5, ".html") || is_waiting(path))
            continue;
        char *page = read_file(path, NULL);
        if (page && strstr(page, " · Assay</title>"))
            remove(path);
    }
    if (d)
        closedir(d);
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
    static struct list said;
    va_list b;
    va_copy(b, a);
    int n = vsnprintf(NULL, 0, format, a);
    char *s = keep(n + 1);
    vsnprintf(s, n + 1, format, b);
    va_end(b);
    s = line > 0 ? form("%s:%d: %s%s", file, line, note, s)
                 : form("%s: %s%s", file, note, s);
    for (int i = 0; i < said.n; i++)
        if (strcmp(said.at[i], s) == 0)
            return 0;
    add(&said, s);
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
