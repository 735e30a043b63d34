// weave.c: Markdown + code + results + figures + test verdicts -> HTML.
//
// Run at the root of the tree, without arguments for the report. All faults
// are told before it fails; then nothing has been written.
#include "weave.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: weave [--out DIR] [--check] [--strict]\n"
    "       weave --recorded\n"
    "       weave --varied STEM\n"
    "       weave --fragment FILE\n"
    "\n"
    "  --out DIR        where the pages go (build/report)\n"
    "  --recorded       from published values and recorded tables\n"
    "  --check          everything must have run, be tested and be expected\n"
    "  --strict         a typed number in prose is a fault\n"
    "  --varied STEM    one page, from build/varied/STEM\n"
    "  --fragment FILE  a text without hooks, as HTML on stdout\n";

static int fragment(const char *path)
{
    size_t n;
    char *s = read_file(path, &n);
    if (!s)
        fault(path, 0, "no such file");
    else if (is_text(path, s, n))
        fputs(markdown(NULL, path, 0, s), stdout);
    if (fflush(stdout) == 0)
        return faults ? 1 : 0;
    fprintf(stderr, "weave: stdout cannot be written\n");
    return 3;
}

// The next argument, or the end of the program.
static const char *after(char **argv, int *i)
{
    if (argv[*i + 1])
        return argv[++*i];
    fprintf(stderr, "weave: %s needs a word behind it\n", argv[*i]);
    exit(2);
}

static void report(void)
{
    math_open("build/cache/katex", "chapters/macros.tex");
    read_book();
    for (int i = 0; i < book.chapters.n; i++)
        render(book.chapters.at[i]);
    if (book.check)
        check_book();
    make_pages();
    if (!faults)
        write_waiting(book.varied ? NULL : book.out);
    math_close();
}

int main(int argc, char **argv)
{
    const char *text = NULL;
    book.results = "build/results";
    book.figures = "build/figures";
    book.out = "build/report";
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--out") == 0)
            book.out = after(argv, &i);
        else if (strcmp(argv[i], "--fragment") == 0)
            text = after(argv, &i);
        else if (strcmp(argv[i], "--varied") == 0) {
            book.varied = after(argv, &i);
            book.out = "build/varied/report";
        } else if (strcmp(argv[i], "--recorded") == 0) {
            book.recorded = 1;
            book.figures = "build/recorded/figures";
            book.out = "build/recorded/report";
        } else if (strcmp(argv[i], "--check") == 0)
            book.check = 1;
        else if (strcmp(argv[i], "--strict") == 0)
            book.strict = 1;
        else if (strcmp(argv[i], "--help") == 0)
            return fputs(help, stdout), 0;
        else {
            fprintf(stderr, "weave: unknown option %s\n%s", argv[i], help);
            return 2;
        }
    int status = 0;
    if (text)
        status = fragment(text);
    else
        report();
    if (faults)
        fprintf(stderr, "weave: %d fault%s\n", faults, faults > 1 ? "s" : "");
    forget();
    return faults ? 1 : status;
}
