// lex.c: any bytes as a C file: its items, its tests, its lines in colour.
#include "fuzz.h"

// An id, an address or nothing, so that every branch is taken.
static char *link_to(struct item *from, const char *name)
{
    if (from && !name)
        return form("fn:%s", html(from->name));
    return name && name[0] % 2 ? form("#%s", html(name)) : NULL;
}

// HTML without its tags and entities.
static char *plain(const char *s)
{
    static const char *const entity[] = {"&lt;", "&gt;", "&quot;", "&#39;",
                                         "&amp;"};
    struct text t = {0};
    while (*s) {
        int i = 0;
        while (i < 5 && (*s != '&' || !starts(s, entity[i])))
            i++;
        if (*s == '<') {
            s += strcspn(s, ">") + 1;
            continue;
        }
        putn(&t, i < 5 ? &"<>\"'&"[i] : s, 1);
        s += i < 5 ? strlen(entity[i]) : 1;
    }
    return all(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
    static int ready;
    struct list tests = {0};
    struct text t = {0};
    int lines = 1;
    if (!ready)
        enter_folder(":");
    ready = 1;
    put_file("a.c", s, n);
    read_tests("a.c", "absent.xml", &tests);
    const struct source *c = read_source("a.c");
    for (const char *p = c->text; *p; p++)
        lines += *p == '\n';
    highlight(&t, c, 1, lines, link_to);
    // Colour changes no letter of the program.
    PROMISE(strcmp(plain(all(&t)), form("%s\n", c->text)) == 0);
    for (int i = 0; i < c->items.n && i < 100; i++) {
        const struct item *it = c->items.at[i];
        PROMISE(it->line <= it->last_line && it->last_line <= lines);
        PROMISE(!it->name[name_length(it->name)]);
        highlight(&t, c, it->line, it->last_line, link_to);
    }
    end_input();
    return 0;
}
