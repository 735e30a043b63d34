// markdown.c: any bytes as the text of a chapter, up to finished pages.
//
// Formulas are not set: KaTeX takes most of the time, and has tests of its own.
#define math katex
#include "../../src/weave/math.c"
#undef math
#include "fuzz.h"

char *math(const char *file, int line, const char *tex, int display);
char *math(const char *file, int line, const char *tex, int display)
{
    if (!allowed(file, line, tex))
        return "";
    return form("<span class=\"katex\"><annotation>%d %s</annotation></span>",
                display, html(tex));
}

#define TEXT "chapters/1-toy/chapter.md"

static const char setup[] =
    "cp -r \"$home\"/tests/fixtures/book/. . && mv made build && "
    "mkdir -p src/weave build/fonts && cp \"$home\"/src/weave/page.css "
    "src/weave"
    " && for f in $(grep -oE '\"(concrete|inconsolata|KaTeX)[^\"]*' "
    "\"$home\"/src/weave/page.c | tr -d '\"'); do "
    "echo $f >build/fonts/$f.woff2; done";

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
    static int ready;
    if (!ready)
        enter_folder(setup);
    ready = 1;
    put_file(TEXT, s, n);
    book = (struct book){.results = "build/results",
                         .figures = "build/figures",
                         .out = "report",
                         .check = n % 2};
    read_book();
    for (int i = 0; i < book.chapters.n; i++)
        render(book.chapters.at[i]);
    if (book.check)
        check_book();
    for (int i = 0; i < book.chapters.n; i++) {
        const struct chapter *c = book.chapters.at[i];
        PROMISE(faults || (is_safe(c->body) && is_safe(c->title)));
    }
    if (n % 16 == 0) // which takes most of the time
        make_pages();
    math_close();
    end_input();
    return 0;
}
