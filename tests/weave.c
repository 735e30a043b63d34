// Tests of what weave says and how it ends: every fault, note and exit.
#include "fixtures/tree.h"
#include <time.h>

#define END "let through, [plain link](https://example.org)."

// ---- faults -----------------------------------------------------------------

// One change to the tree, and all that weave then says, where ~ is the changed
// file. The number of faults stands in a last line, which is left out here.
struct slip {
    const char *what, *file, *from, *to, *says;
};

#define FORMATS "is not one of %d %'d %.2f %.1e %g\n"

static const struct slip in_text[] = {
    {"no title", TOY, "# A toy for", "A toy for",
     "~:1: a chapter begins with # Title, the question, the answer; here "
     "should be the title\n"},
    {"no question", TOY, "How large is a half?", "## How large?",
     "~:3: a chapter begins with # Title, the question, the answer; here "
     "should be the question\n"},
    {"no answer", OTHER, "It does. By name. Always.\n\n## Across\n\n",
     "> no\n\n",
     "~:5: a chapter begins with # Title, the question, the answer; here "
     "should be the answer\n"},
    {"nothing at all", OTHER, NULL, "",
     "~:1: a chapter begins with # Title, the question, the answer; here "
     "should be the title\n"},
    {"a NUL byte", OTHER, "Always.", "Al\1ways.",
     "~:5: a NUL byte, so this is no text\n"},
    {"a letter of another code", OTHER, "Always.", "Al\xe4ways.",
     "~:5: not UTF-8, the byte 0xE4: save the file as UTF-8\n"},
    {"a control character", OTHER, "Always.", "Al\x7fways.",
     "~:5: a control character, 0x7F: take it out\n"},
    {"a note without its dot", TOY, "> **Note.**", "> **Note**",
     "~:11: **Note**: a note begins > **Note.**, a slip > **Slip.**\n"},
    {"a slip with a colon", TOY, "> **Note.**", "> **slip:**",
     "~:11: **slip:**: a note begins > **Note.**, a slip > **Slip.**\n"},
    {"half a formula", TOY, "`$h=1$`", "`$h_1` `x^2$` `$x` `$HOME` ``$x^2``",
     "~:11: `$h_1`: half a formula; write `$...$`, or code between doubled "
     "backticks\n"
     "~:11: `x^2$`: half a formula; write `$...$`, or code between doubled "
     "backticks\n"
     "~:11: `$x`: half a formula; write `$...$`, or code between doubled "
     "backticks\n"},
    {"a value's name not quite", TOY, "=half_of_three %.2f",
     "=half_of_tree %.2f` `=drawz` `=mea",
     "~:33: =half_of_tree: chapter 1 measures no such value; near it: "
     "half_of_three\n"
     "~:33: =drawz: chapter 1 measures no such value; near it: draws\n"
     "~:33: =mea: chapter 1 measures no such value; near it: mean\n"},
    {"a hook of no kind", TOY, "```claim exact", "```clam exact",
     "~:43: no hook is called 'clam'; one is math, c, figure, table or "
     "claim\n"
     "chapters/2-other/chapter.md:9: [](#claim:exact) leads nowhere\n"},
    {"a hook without a name", TOY, "```table halves", "```table",
     "~:36: table: write its name behind it\n"},
    {"a name with a quote", TOY, "math eq:whole", "math eq:w\"hole",
     "~:19: eq:w\"hole: a name has letters, digits, - and _ only\n"
     "tests/1-toy.c:3: eq:whole is no equation of the book: no chapter has "
     "```math eq:whole\n"},
    {"a second equation", OTHER, "## Across", "```math eq:half\nx\n```\n\n##",
     "~:7: a second eq:half; the first is at chapters/1-toy/chapter.md:13\n"},
    {"a second figure, table and claim", TOY, END,
     "\n\n```figure line\nalt: x\n\n**A.** b\n```\n"
     "\n```table halves\n**A.** b\n```\n\n```claim exact\n**A.** b\n```\n",
     "~:61: a second fig:line; the first is at ~:29\n"
     "~:67: a second tab:halves; the first is at ~:36\n"
     "~:71: a second claim:exact; the first is at ~:43\n"},
    {"a second section", TOY, "### A smaller", "## What a *half* is\n\n### A",
     "~:57: a second section 'what-a-half-is'; the first is on line 7\n"},
    {"an equation without eq:", TOY, "math eq:half", "math half",
     "~:13: math half: the name of an equation begins with eq:\n"
     "chapters/1-toy/toy.c:8: eq:half is no equation of the book: no chapter "
     "has ```math "
     "eq:half\n"
     "tests/1-toy.c:2: eq:half is no equation of the book: no chapter has "
     "```math eq:half\n"
     "tests/1-toy.c:3: eq:half is no equation of the book: no chapter has "
     "```math eq:half\n"
     "~:9: [](#eq:half) leads nowhere\n"
     "chapters/2-other/chapter.md:9: [](#eq:half) leads nowhere\n"},
    {"not def", TOY, "eq:whole def", "eq:whole definition",
     "~:19: math eq:whole: 'definition': only def can stand there\n"},
    {"no formula", TOY, "x=h+h\n", "\n",
     "~:19: math eq:whole: write the formula in the fence\n"},
    {"expect", TOY, "expect: refuted", "expect: wrong",
     "~:49: claim larger: expect: held, refuted or open, not 'wrong'\n"},
    {"a claim without a title", TOY, "**A half is exact.** Twice", "Twice",
     "~:43: claim exact: write **Title.** Statement.\n"},
    {"a claim without a statement", TOY, " The half exceeds the whole.", "",
     "~:49: claim larger: write **Title.** Statement.\n"},
    {"a claim nobody judges", TOY, "claim larger", "claim smaller",
     "~:49: claim smaller: the program judges no claim of that name\n"
     "~:54: [](#claim:larger) leads nowhere\n"},
    {"code with a body", TOY, "toy.c#half\n", "toy.c#half\nint x;\n",
     "~:23: c toy.c#half: leave the fence empty; the code comes from the "
     "file\n"},
    {"code without a function", TOY, "toy.c#half", "toy.c",
     "~:23: c toy.c: write FILE#NAME\n"},
    {"code of no file", TOY, "toy.c#half", "tay.c#half",
     "~:23: c tay.c#half: no file chapters/1-toy/tay.c or tay.c\n"},
    {"code of a folder", TOY, "toy.c#half", "src#half",
     "~:23: c src#half: no file chapters/1-toy/src or src\n"},
    {"code from out of the tree", TOY, "toy.c#half", "../../x.c#half",
     "~:23: c ../../x.c#half: no file chapters/1-toy/../../x.c or "
     "../../x.c\n"},
    {"code that is not there", TOY, "toy.c#half", "toy.c#third",
     "~:23: c toy.c#third: chapters/1-toy/toy.c defines no 'third'\n"},
    {"code quoted twice", TOY, END, "\n\n```c toy.c#half\n```\n",
     "~:61: c toy.c#half: quoted before, at ~:23\n"},
    {"a figure without alt", TOY, "alt: A line", "A line",
     "~:29: figure line: begin with alt: what it shows, for those who "
     "cannot see it\n"
     "~:29: figure line: a caption begins **Finding.**\n"},
    {"a figure without a finding", TOY, "**The line rises.** ", "",
     "~:29: figure line: a caption begins **Finding.**\n"},
    {"a figure without a script", TOY, "figure line", "figure curve",
     "~:29: figure curve: write the script figures/1-toy/curve.gp\n"
     "~:46: [](#fig:line) leads nowhere\n"},
    {"a table without a finding", TOY, "**Halves are smaller.** ", "",
     "~:36: table halves: a caption begins **Finding.**\n"},
    {"a table nobody writes", TOY, "table halves", "table thirds",
     "~:36: table thirds: the program writes no thirds.tsv; if a recorded "
     "experiment does: make record-1-toy\n"
     "~:40: [](#tab:halves) leads nowhere\n"},
    {"a column that is not there", TOY, "column half", "column third",
     "~:38: table halves: build/results/1-toy/halves.tsv has no column "
     "'third', but "
     "x, half, se_half, runs\n"},
    {"a column's bad format", TOY, "| %.2f", "| %s",
     "~:38: table halves: '%s' " FORMATS},
    {"a value's bad format", TOY, "=draws %'d", "=draws %i",
     "~:26: =draws: '%i' " FORMATS},
    {"a format with HTML behind it", TOY, "=draws %'d", "=draws %d<b>",
     "~:26: =draws: '%d<b>' " FORMATS},
    {"a value nobody measures", TOY, "=half_of_three %.2f", "=third %.2f",
     "~:33: =third: chapter 1 measures no such value\n"},
    {"a value of no chapter", OTHER, "`=1-toy/half_of_three %.1f`",
     "`=3-no/x` `=1-toy/y`",
     "~:9: =3-no/x: no such chapter\n"
     "~:9: =y: chapter 1 measures no such value\n"},
    {"a value without a name", TOY, "`=draws %'d`", "`=` and `= `",
     "~:26: `=`: write the value's name behind it\n"},
    {"a link to nothing", TOY, "[](#sec:what-a-half-is)", "[](#sec:no) [](#x)",
     "~:55: [](#sec:no) leads nowhere\n"
     "~:55: [](#x) leads nowhere\n"},
    {"a link with words to nothing", TOY, "[](#sec:what-a-half-is)",
     "[there](#eq:no)", "~:55: [](#eq:no) leads nowhere\n"},
    {"an unknown source", TOY, "@su2024]", "@su]",
     "~:9: [@su]: not in chapters/bibliography.tsv\n"},
    {"a citation over two lines", TOY, "[@knuth1984; @", "[@knuth1984;\n@",
     "~:9: [@knuth1984;: close a citation on the line that it begins on\n"},
    {"a bare dollar", TOY, "A definition needs", "It costs $5. A list:\n\n- $x",
     "~:17: a bare $: write math as `$x$`, a dollar as \\$\n"
     "~:19: a bare $: write math as `$x$`, a dollar as \\$\n"},
    {"a footnote", TOY, "A definition", "A footnote[^1]. A definition",
     "~:17: no footnotes here: write a block quote that begins > "
     "**Note.**\n"},
    {"a pipe table", TOY,
     "A definition needs no code:", "| a | b |\n|---|---|\n| 1 | 2 |",
     "~:18: no pipe tables here: let the program write a TSV, and quote it "
     "by ```table NAME\n"},
    {"a pipe table in a quote in a list", TOY,
     "A definition needs no code:", "- > a | b\n  > --|--\n",
     "~:18: no pipe tables here: let the program write a TSV, and quote it "
     "by ```table NAME\n"},
    {"an image", TOY, "[plain link]", "![a picture]",
     "~:59: no images here: write a ```figure NAME\n"},
    {"a fence in a fence", TOY, "```claim exact\n**A half is exact.** Twice",
     "````claim exact\n**A half is exact.** Twice\n\n```math eq:in\nx\n```\n`",
     "~:46: math eq:in: only the text of a chapter can have it\n"
     "~:59: [](#claim:larger) leads nowhere\n"},
    {"a bad formula", TOY, "`$h=1$`", "`$\\frac{1$`",
     "~:11: formula: Unexpected end of input in a macro argument, expected "
     "'}' at end of input: \\frac{1\n"},
    {"a bad formula in an equation", TOY, "x=h+h", "x=\\nosuch",
     "~:19: formula: Undefined control sequence: \\nosuch at position 3: "
     "x=\\̲n̲o̲s̲u̲c̲h̲\n"},
    {"a macro in a formula", TOY, "x=h+h", "\\def\\x{1}x",
     "~:19: formula: \\def is not allowed; macros go to "
     "chapters/macros.tex\n"},
    {"a link in a formula", TOY, "`$h=1$`",
     "`$\\href{x}{y}$` `$\\htmlId{x}{y}$`",
     "~:11: formula: \\href is not allowed\n"
     "~:11: formula: \\htmlId is not allowed\n"},
};

// What the text then asks for in vain.
#define UNKNOWN \
    TOY ":26: =half_of_three: chapter 1 measures no such value\n" TOY \
        ":26: =draws: chapter 1 measures no such value\n" TOY \
        ":26: =mean_se: chapter 1 measures no such value\n" TOY \
        ":33: =half_of_three: chapter 1 measures no such value\n" TOY \
        ":46: =draws: chapter 1 measures no such value\n" OTHER \
        ":9: =half_of_three: chapter 1 measures no such value\n"

static const struct slip around_text[] = {
    {"a value in the preface", "chapters/index.md", "From left",
     "`=draws` left",
     "~:9: =draws: write =STEM/draws, the value's chapter "
     "before it\n"},
    {"an equation in the preface", "chapters/index.md", "From left to right.",
     "```math eq:x\nx\n```",
     "~:9: math eq:x: only the text of a chapter can have "
     "it\n"},
    {"a dollar in the glossary", "chapters/glossary.md", "half", "$ half",
     "~:3: a bare $: write math as `$x$`, a dollar as \\$\n"},
    {"an unknown symbol's formula", "chapters/symbols.md", "$h$", "$\\h$",
     "~:5: formula: Undefined control sequence: \\h at "
     "position 1: \\̲h̲\n"},
    {"a source twice", "chapters/bibliography.tsv", "many2020", "su2024",
     "~:4: a second entry 'su2024'; the first is on "
     "line 3\n"},
    {"a source cut short", "chapters/bibliography.tsv", "\tkexue.fm 10145", "",
     "~:3: 5 fields where the head has 6, set apart "
     "by tabs\n"
     "chapters/1-toy/chapter.md:9: [@knuth1984]: not in "
     "chapters/bibliography.tsv\n"
     "chapters/1-toy/chapter.md:9: [@su2024]: not in "
     "chapters/bibliography.tsv\n"},
    {"a macro that is none", "chapters/macros.tex", "\\newcommand{\\half}",
     "\\def\\half", "~:2: not \\newcommand{\\name}[n]{body}\n"},
    {"a number twice", "chapters/2-more/chapter.md", NULL, "# A\n\nb\n\nc\n",
     "chapters/2-other: a second chapter 2, besides chapters/2-more: give it "
     "another number\n"},
    {"a chapter's odd name", "chapters/3-a b/chapter.md", NULL,
     "# A\n\nb\n\nc\n",
     "chapters/3-a b: a chapter's name has letters, digits and - only\n"},
    {"a label of no equation", CODE, "eq:half", "eq:half eq:third (freq: 1)",
     "~:8: eq:third is no equation of the book: no chapter has ```math "
     "eq:third\n"},
    {"a description of no equation", "tests/1-toy.c", "\"eq:whole\"",
     "\"eq:hole\"",
     "~:3: eq:hole is no equation of the book: no chapter has "
     "```math eq:hole\n"},
    {"a NUL byte in a program", CODE, "int main", "int\1main",
     "~:20: a NUL byte, so this is no text\n"},
    {"outcomes cut short", "build/tests/1-toy.xml", "</testsuites>", "",
     "~: cut short: run the tests again: make test\n"},
    {"a ragged table", VALUES, "1.5\t0", "1.5",
     "~:2: 5 fields where the head has 6, set apart by tabs\n" UNKNOWN},
    {"a NaN in a table", RESULTS "halves.tsv", "-1.5", "nan",
     "~:3: half is not a number; let the program write -\n"},
    {"an empty table", RESULTS "halves.tsv", NULL, "",
     "~: an empty table\n"
     "chapters/1-toy/chapter.md:36: table halves: the program writes no "
     "halves.tsv; if a recorded experiment does: make record-1-toy\n"},
    {"a NUL byte in a table", VALUES, "draws", "dr\1ws",
     "~:3: a NUL byte, so this is no text\n" UNKNOWN},
    {"a value that is no number", VALUES, "20000", "many",
     "~:3: value: 'many' is not a number\n"},
    {"a column missing", VALUES, "value", "valve", "~:1: no column 'value'\n"},
    {"a value that is not finite", VALUES, "20000", "nan",
     "~:3: value: 'nan' is not a finite number\n"},
    {"an infinite error", VALUES, "1.5\t0", "1.5\tinf",
     "~:2: se: 'inf' is not a finite number\n"},
    {"runs that are no count", VALUES, "1.5\t0\t1", "1.5\t0\t1.5",
     "~:2: runs: '1.5' is no count\n"},
    {"a relation that is none", CLAIMS, "at least", "above",
     "~:3: relation 'above' is not at most, at least or equal\n"},
    {"a source's column", "chapters/bibliography.tsv", "\twhere", "\twhy",
     "~:1: no column 'where'\n"},
    {"a run's column", RESULTS "run.tsv", "value", "valve",
     "~:1: no column 'value'\n"},
    {"a value twice", VALUES, "mean", "draws",
     "~:4: a second value 'draws'\n"
     "chapters/1-toy/chapter.md:26: =mean_se: chapter 1 measures no such "
     "value\n"},
    {"a verdict that is none", CLAIMS, "refuted", "lost",
     "~:3: verdict 'lost' is not held, refuted or open\n"},
    {"a claim judged twice", CLAIMS, "larger", "exact",
     "~:3: a second claim 'exact'\n"
     "chapters/1-toy/chapter.md:49: claim larger: the program judges no claim "
     "of that name\n"},
    {"a script in a figure", LINE, "<title>", "<script>x</script><title>",
     "~: <script> in a figure; draw it without\n"},
    {"a stylesheet in a figure", LINE, "<title>", "<style>x</style><title>",
     "~: <style> in a figure; draw it without\n"},
    {"a page in a figure", LINE, "<title>", "<foreignObject/><title>",
     "~: <foreignObject> in a figure; draw it without\n"},
    {"a link in a figure", LINE, "'#gpPt5'", "'https://example.org/x.png'",
     "~: a link out of the figure: https://example.org/x.png\n"},
    {"a picture beside a figure", LINE, "'#gpPt5'", "'x.png'",
     "~: a link out of the figure: x.png\n"},
    {"a link in a colour", LINE, "url(#clip)", "url(http://example.org/#x)",
     "~: a link out of the figure: url(http://example.org/#x)\n"},
    {"a figure without a viewBox", LINE, "viewBox", "box",
     "~: no viewBox; draw it again\n"},
    {"an attribute without quotes", LINE, "r='1'", "r=1",
     "~: an attribute of <circle> does not parse; draw it again\n"},
    {"a figure cut short", LINE, "</svg>", "",
     "~: not a whole SVG file; draw it again\n"},
    {"a tag cut short", LINE, "<g fill", "<g fill='",
     "~: a tag without an end; draw it again\n"},
    {"a bad cover figure", "build/figures/1-toy/cover.svg", NULL, "<svg>",
     "~: not a whole SVG file; draw it again\n"},
};

static char *in_full(const struct slip *s)
{
    struct text t = {0};
    for (const char *p = s->says; *p; p++)
        if (*p == '~')
            put(&t, s->file);
        else
            putn(&t, p, 1);
    return all(&t);
}

static void check_slips(int n, const struct slip slips[n], const char *options)
{
    for (int i = 0; i < n; i++) {
        const struct slip *s = slips + i;
        char *was = read_file(s->file, NULL);
        edit(s->file, s->from, s->to);
        int status = run(options), told = count(s->says, "\n");
        char *says = form("%sweave: %d fault%s\n", in_full(s), told,
                          told > 1 ? "s" : "");
        cr_expect(eq(int, status, 1), "%s", s->what);
        cr_expect(eq(str, err, says), "%s", s->what);
        cr_expect(access("build/report", F_OK) != 0, "%s: wrote", s->what);
        shell("rm -rf build/report");
        edit(s->file, NULL, was);
    }
}
#define CHECK_SLIPS(slips, options) \
    check_slips(sizeof slips / sizeof *slips, slips, options)

TestSuite(faults, .init = enter, .fini = leave);

Test(faults, of_the_text_are_told_by_line)
{
    CHECK_SLIPS(in_text, "");
}

Test(faults, around_the_text_are_told_by_file)
{
    CHECK_SLIPS(around_text, "");
}

Test(faults, are_all_told_in_one_run)
{
    edit(TOY, "[](#eq:half)", "[](#eq:no)");
    edit(TOY, "**A half is exact.**", "**A half is `=no`.**");
    edit(OTHER, "=1-toy/half_of_three", "=1-toy/no");
    edit("chapters/index.md", "From left", "From $ left");
    edit("chapters/glossary.md", "half", "`=no`");
    edit(LINE, "r='1'", "r=1");
    cr_expect(eq(int, run(""), 1));
    const char *all_told[] = {
        TOY ":9: [](#eq:no) leads nowhere\n",
        TOY ":44: =no: chapter 1 measures no such value\n",
        OTHER ":9: =no: chapter 1 measures no such value\n",
        "chapters/index.md:9: a bare $",
        "chapters/glossary.md:3: =no: write =STEM/no",
        LINE ": an attribute of <circle> does not parse",
        "weave: 6 faults\n",
    };
    for (int i = 0; i < 7; i++)
        expect_in("all", err, all_told[i]);
    cr_expect(access("build/report", F_OK) != 0);
}

// ---- size -------------------------------------------------------------------

// What is long, deep or often wrong takes time in proportion.
#ifdef __SANITIZE_ADDRESS__ // which takes ten times the time and memory
enum { SMALL = 3000, LARGE = 1000000 };
#else
enum { SMALL = 30000, LARGE = 10000000 };
#endif

struct mass {
    const char *what, *piece;
    int status;
};

static const struct mass masses[] = {
    {"paragraphs", "A paragraph, `=1-toy/draws`\nof [](#eq:half).\n\n", 0},
    {"one line", "``$x$`` `$h$` a_b \\$5 ", 0},
    {"quotes", "> ", 0},
    {"lists", "- ", 0},
    {"emphasis", "*a **b ", 0},
    {"empty lines", ":\n", 0},
    {"headings of one name", "### a\n\n", 0},
    {"brackets", "[a", 0},
    {"ends of links", "a](", 0},
    {"typed numbers", "some 1234 is\n", 0},
    {"notes", "> **Note.** A note.\n\nText.\n\n", 0},
    {"bare dollars", "*a* $ ", 1},
    {"faults", "[](#eq:no) `=no` [@no] ", 1},
    {"a function quoted", "```c toy.c#half\n```\n", 1},
    {"tables that are not there", "```table a\n**A.** b\n```\n", 1},
    {"comments", "<!--a ", 0},
    {"citations without an end", "[@su2024 ", 1},
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double time_of(const struct mass *m, int bytes)
{
    struct text t = {0};
    put(&t, "# Mass\n\nA question?\n\nAn answer.\n\n");
    while ((int)t.n < bytes)
        put(&t, m->piece);
    write_file(OTHER, t.s, t.n);
    double start = seconds();
    cr_expect(eq(int, run(""), m->status), "%s: %.200s", m->what, err);
    return seconds() - start;
}

// Ten times the text in about ten times the time: what grows with the square
// would take a hundred times.
Test(size, costs_time_in_proportion, .init = enter, .fini = leave)
{
    cr_assert(eq(int, run(""), 0), "%s", err); // formulas are in the cache
    for (int i = 0; i < (int)(sizeof masses / sizeof *masses); i++) {
        double one = time_of(masses + i, SMALL);
        double ten = time_of(masses + i, 10 * SMALL);
        cr_expect(ten < 30 * one + 1, "%s: %.2f s, then %.2f s", masses[i].what,
                  one, ten);
    }
}

Test(size, of_ten_megabytes_is_woven, .init = enter, .fini = leave)
{
    static const struct mass m = {"10 MB", "A word, *and* `code` of it.\n\n",
                                  0};
    cr_expect(time_of(&m, LARGE) < 60);
    cr_expect(access("build/report/2-other.html", R_OK) == 0);
}

// ---- options and exits ------------------------------------------------------

struct ending {
    const char *before, *options, *says; // a shell command; all of stderr
    int status, writes;                  // is there a report then?
};

static const struct ending endings[] = {
    {"", "--nosuch", "weave: unknown option --nosuch\n", 2, 0},
    {"", "--out", "weave: --out needs a word behind it\n", 2, 0},
    {"", "--varied", "weave: --varied needs a word behind it\n", 2, 0},
    {"", "--fragment", "weave: --fragment needs a word behind it\n", 2, 0},
    {"", "--help", "", 0, 0},
    {"", "--fragment no.md", "no.md: no such file\nweave: 1 fault\n", 1, 0},
    {"", "--fragment chapters", "chapters: no such file\nweave: 1 fault\n", 1,
     0},
    {"printf 'a\\n\\0b' >a.md", "--fragment a.md",
     "a.md:2: a NUL byte, so this is no text\nweave: 1 fault\n", 1, 0},
    {"", "--fragment chapters/index.md >/dev/full",
     "weave: stdout cannot be written\n", 3, 0},
    {"", "--varied 9-no", "chapters/9-no: no such chapter\nweave: 1 fault\n", 1,
     0},
    {"mv chapters hidden", "",
     "chapters: no chapter here: run weave at the tree's root\n"
     "weave: 1 fault\n",
     1, 0},
    {"mv hidden chapters; rm build/fonts/concrete-regular.woff2", "",
     "weave: build/fonts/concrete-regular.woff2 is missing: run make\n", 3, 0},
    {"touch build/fonts/concrete-regular.woff2; mv src/weave/page.css .", "",
     "weave: src/weave/page.css is missing: run make\n", 3, 0},
    {"mv page.css src/weave", "--out CITATION.cff",
     "weave: CITATION.cff/files: cannot be made: Not a directory\n", 3, 0},
    {"mkdir -p here/index.html", "--out here",
     "weave: here/index.html: cannot be written: Is a directory\n", 3, 0},
    {"ln -s loop tests/2-other.c; ln -s 2-other.c tests/loop", "",
     "weave: tests/2-other.c: cannot be read: Too many levels of symbolic "
     "links\n",
     3, 0},
    {"rm tests/2-other.c", "--out there", "", 0, 0},
    {"[ -e there/index.html ] && [ ! -e here/index.html.new ]", "", "", 0, 1},
};

Test(endings, have_their_status_and_say_why, .init = enter, .fini = leave)
{
    append("CITATION.cff", "version: 1\n");
    for (int i = 0; i < (int)(sizeof endings / sizeof *endings); i++) {
        const struct ending *e = endings + i;
        cr_expect(eq(int, shell(e->before), 0), "%s", e->before);
        cr_expect(eq(int, run(e->options), e->status), "%s", e->options);
        char *usage = strstr(err, "usage: ");
        if (usage)
            *usage = 0;
        cr_expect(eq(str, err, (char *)e->says), "weave %s", e->options);
        cr_expect(eq(int, access("build/report", F_OK), e->writes - 1),
                  "weave %s", e->options);
    }
}

// ---- typed numbers, and what --check asks for -------------------------------

#define TYPED(line, number) \
    TOY ":" line ": note: a typed number: '" number \
        "'; write a value, `=name`, or math\n"

// Each once and by its own line, however often its text is set.
Test(numbers, typed_in_prose_are_noted_once, .init = enter, .fini = leave)
{
    edit(TOY, "A half is a half.", "A half is 1234 halves,");
    edit(TOY, "**The line rises.** Its", "**It rises 3.14.** Its\n271,8 is");
    edit(TOY, "**Halves are smaller.**", "**Halves are 12,500.**");
    edit(TOY, "**A half is exact.** Twice", "**Exact to 123.** Twice 1.23");
    edit(TOY, "Over all `=draws` draws, see", "Over 456 draws\nof 0.789,");
    append(TOY, "[](#claim:exact) [](#tab:halves) [number 1234](#fig:line)\n\n"
                "## 1234\n\n- In 2024, 1000 of LLaMA2-70B, 0.05, `$1234$`.\n");
    cr_expect(eq(int, run(""), 0));
    cr_expect(eq(str, err,
                 TYPED("5", "1234") TYPED("34", "271,8") TYPED("33", "3.14")
                     TYPED("41", "12,500") TYPED("45", "1.23")
                         TYPED("47", "456") TYPED("48", "0.789")
                             TYPED("45", "123")));
    shell("rm -r build/report");
    cr_expect(eq(int, run("--strict"), 1));
    expect_in("strict", err,
              TOY ":5: a typed number: '1234'; write a value, "
                  "`=name`, or math\n");
    expect_in("strict", err, "weave: 8 faults\n");
    cr_expect(access("build/report", F_OK) != 0);
}

// What --check finds in the fixture as it is.
#define TESTS \
    "tests/1-toy.c:3: half/of_four_is_three fails\n" \
    "tests/1-toy.c:6: half/has_not_run has not run: make test\n"
#define UNLISTED " is not in chapters/symbols.md for chapter 1\n"
#define REST OTHER ":1: not run yet: make 2-other\n"

static const struct slip unchecked[] = {
    {"the fixture", OTHER, "It does.", "It does.", TESTS REST},
    {"code that names no equation", CODE, "  eq:half", "",
     "chapters/1-toy/chapter.md:13: eq:half: no function's comment names it; "
     "write def behind it "
     "if there is nothing to compute\n" TESTS REST},
    {"tests that name no equation", "tests/1-toy.c", NULL, "Test(a, b) {}\n",
     "chapters/1-toy/chapter.md:13: eq:half: no test's .description names it\n"
     "~:1: a/b has not run: make test\n" REST},
    {"a verdict not expected", TOY, "expect: refuted\n", "",
     "~:49: claim:larger: refuted, where the text expects held\n" TESTS REST},
    {"a claim not made", CLAIMS, "larger\tat least",
     "other\tequal\t1\t0\t1\t1\t0\t-\theld\nlarger\tat least",
     "chapters/1-toy/chapter.md:1: the program judges a claim 'other' that the "
     "text does not make: "
     "write ```claim other\n" TESTS REST},
    {"a symbol not listed", "chapters/symbols.md", "- `$h$` its half. *1*", "",
     TESTS "chapters/1-toy/chapter.md:13: eq:half: 'h'" UNLISTED REST},
    {"a symbol not used", "chapters/symbols.md", "*1*\n- `$\\mathbb",
     "*1*\n- `$\\alpha_{\\max}$` none. *1, 2*\n- `$\\mathbb",
     TESTS "~:4: chapter 1 does not use \\alpha_{\\max}: take "
           "*1* off this line\n" REST "~:4: chapter 2 does not use "
           "\\alpha_{\\max}: take *2* off this line\n"},
    {"no symbols", "chapters/symbols.md", NULL, NULL,
     TESTS "chapters/1-toy/chapter.md:13: eq:half: 'h'" UNLISTED
           "chapters/1-toy/chapter.md:13: eq:half: 'x'" UNLISTED
           "chapters/1-toy/chapter.md:13: eq:half: 'R'" UNLISTED REST},
    {"a figure not drawn", LINE, NULL, NULL,
     "chapters/1-toy/chapter.md:29: figure line: not drawn yet: make "
     "1-toy\n" TESTS REST},
};

Test(faults, of_a_check_are_told_by_line)
{
    CHECK_SLIPS(unchecked, "--check");
}
