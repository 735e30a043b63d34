// Tests of weave as a program: pages, faults, hooks, safety. Its parts are
// tested in weave-parts.c.
//
// The pages of the fixture are compared with tests/fixtures/golden/. To renew
// these after a change that is meant: GOLDEN=1 build/tests/weave.
#include "fixtures/tree.h"
#include "fixtures/html.h"

#define TOY "chapters/1-toy/chapter.md"
#define OTHER "chapters/2-other/chapter.md"
#define CODE "chapters/1-toy/toy.c"
#define RESULTS "build/results/1-toy/"
#define VALUES RESULTS "main.values.tsv"
#define CLAIMS RESULTS "main.claims.tsv"
#define LINE "build/figures/1-toy/line.svg"
#define END "let through, [plain link](https://example.org)."

// ---- faults -----------------------------------------------------------------

// One change to the tree, and all that weave then says. The number of faults
// stands in a last line, which is left out here.
struct slip {
    const char *what, *file, *from, *to, *says;
};

#define FORMATS "is not one of %d %'d %.2f %.1e %g\n"

static const struct slip in_text[] = {
    {"no title", TOY, "# A toy for", "A toy for",
     TOY ":1: a chapter begins with # Title, the question, the answer; here "
     "should be the title\n"},
    {"no question", TOY, "How large is a half?", "## How large?",
     TOY ":3: a chapter begins with # Title, the question, the answer; here "
     "should be the question\n"},
    {"no answer", OTHER, "It does. By name. Always.\n\n## Across\n\n", "> no\n\n",
     OTHER ":5: a chapter begins with # Title, the question, the answer; here "
     "should be the answer\n"},
    {"nothing at all", OTHER, NULL, "",
     OTHER ":1: a chapter begins with # Title, the question, the answer; here "
     "should be the title\n"},
    {"a NUL byte", OTHER, "Always.", "Al\1ways.",
     OTHER ":5: a NUL byte, so this is no text\n"},
    {"a hook of no kind", TOY, "```claim exact", "```clam exact",
     TOY ":43: no hook is called 'clam'; one is math, c, figure, table or "
     "claim\n"
     OTHER ":9: [](#claim:exact) leads nowhere\n"},
    {"a hook without a name", TOY, "```table halves", "```table",
     TOY ":36: table: write its name behind it\n"},
    {"a name with a quote", TOY, "math eq:whole", "math eq:w\"hole",
     TOY ":19: eq:w\"hole: a name has letters, digits, - and _ only\n"
     "tests/1-toy.c:3: eq:whole is no equation of the book: no chapter has "
     "```math eq:whole\n"},
    {"a second equation", OTHER, "## Across", "```math eq:half\nx\n```\n\n##",
     OTHER ":7: a second eq:half; the first is at " TOY ":13\n"},
    {"a second figure, table and claim", TOY, END,
     "\n\n```figure line\nalt: x\n\n**A.** b\n```\n"
     "\n```table halves\n**A.** b\n```\n\n```claim exact\n**A.** b\n```\n",
     TOY ":61: a second fig:line; the first is at " TOY ":29\n"
     TOY ":67: a second tab:halves; the first is at " TOY ":36\n"
     TOY ":71: a second claim:exact; the first is at " TOY ":43\n"},
    {"a second section", TOY, "### A smaller", "## What a *half* is\n\n### A",
     TOY ":57: a second section 'what-a-half-is'; the first is on line 7\n"},
    {"an equation without eq:", TOY, "math eq:half", "math half",
     TOY ":13: math half: the name of an equation begins with eq:\n"
     CODE ":8: eq:half is no equation of the book: no chapter has ```math "
     "eq:half\n"
     "tests/1-toy.c:2: eq:half is no equation of the book: no chapter has "
     "```math eq:half\n"
     "tests/1-toy.c:3: eq:half is no equation of the book: no chapter has "
     "```math eq:half\n"
     TOY ":9: [](#eq:half) leads nowhere\n"
     OTHER ":9: [](#eq:half) leads nowhere\n"},
    {"not def", TOY, "eq:whole def", "eq:whole definition",
     TOY ":19: math eq:whole: 'definition': only def can stand there\n"},
    {"no formula", TOY, "x=h+h\n", "\n",
     TOY ":19: math eq:whole: write the formula in the fence\n"},
    {"expect", TOY, "expect: refuted", "expect: wrong",
     TOY ":49: claim larger: expect: held, refuted or open, not 'wrong'\n"},
    {"a claim without a title", TOY, "**A half is exact.** Twice", "Twice",
     TOY ":43: claim exact: write **Title.** Statement.\n"},
    {"a claim without a statement", TOY, " The half exceeds the whole.", "",
     TOY ":49: claim larger: write **Title.** Statement.\n"},
    {"a claim nobody judges", TOY, "claim larger", "claim smaller",
     TOY ":49: claim smaller: the program judges no claim of that name\n"
     TOY ":54: [](#claim:larger) leads nowhere\n"},
    {"code with a body", TOY, "toy.c#half\n", "toy.c#half\nint x;\n",
     TOY ":23: c toy.c#half: leave the fence empty; the code comes from the "
     "file\n"},
    {"code without a function", TOY, "toy.c#half", "toy.c",
     TOY ":23: c toy.c: write FILE#NAME\n"},
    {"code of no file", TOY, "toy.c#half", "tay.c#half",
     TOY ":23: c tay.c#half: no file chapters/1-toy/tay.c or tay.c\n"},
    {"code of a folder", TOY, "toy.c#half", "src#half",
     TOY ":23: c src#half: no file chapters/1-toy/src or src\n"},
    {"code from out of the tree", TOY, "toy.c#half", "../../x.c#half",
     TOY ":23: c ../../x.c#half: no file chapters/1-toy/../../x.c or "
     "../../x.c\n"},
    {"code that is not there", TOY, "toy.c#half", "toy.c#third",
     TOY ":23: c toy.c#third: " CODE " defines no 'third'\n"},
    {"code quoted twice", TOY, END, "\n\n```c toy.c#half\n```\n",
     TOY ":61: c toy.c#half: quoted before, at " TOY ":23\n"},
    {"a figure without alt", TOY, "alt: A line", "A line",
     TOY ":29: figure line: begin with alt: what it shows, for those who "
     "cannot see it\n"
     TOY ":29: figure line: a caption begins **Finding.**\n"},
    {"a figure without a finding", TOY, "**The line rises.** ", "",
     TOY ":29: figure line: a caption begins **Finding.**\n"},
    {"a figure without a script", TOY, "figure line", "figure curve",
     TOY ":29: figure curve: write the script figures/1-toy/curve.gp\n"
     TOY ":46: [](#fig:line) leads nowhere\n"},
    {"a table without a finding", TOY, "**Halves are smaller.** ", "",
     TOY ":36: table halves: a caption begins **Finding.**\n"},
    {"a table nobody writes", TOY, "table halves", "table thirds",
     TOY ":36: table thirds: the program writes no thirds.tsv\n"
     TOY ":40: [](#tab:halves) leads nowhere\n"},
    {"a column that is not there", TOY, "column half", "column third",
     TOY ":38: table halves: " RESULTS "halves.tsv has no column 'third', but "
     "x, half, se_half, runs\n"},
    {"a column's bad format", TOY, "| %.2f", "| %s",
     TOY ":38: table halves: '%s' " FORMATS},
    {"a value's bad format", TOY, "=draws %'d", "=draws %i",
     TOY ":26: =draws: '%i' " FORMATS},
    {"a format with HTML behind it", TOY, "=draws %'d", "=draws %d<b>",
     TOY ":26: =draws: '%d<b>' " FORMATS},
    {"a value nobody measures", TOY, "=half_of_three %.2f", "=third %.2f",
     TOY ":33: =third: chapter 1 measures no such value\n"},
    {"a value of no chapter", OTHER, "`=1-toy/half_of_three %.1f`",
     "`=3-no/x` `=1-toy/y`",
     OTHER ":9: =3-no/x: no such chapter\n"
     OTHER ":9: =y: chapter 1 measures no such value\n"},
    {"a value without a name", TOY, "`=draws %'d`", "`=` and `= `",
     TOY ":26: `=`: write the value's name behind it\n"},
    {"a link to nothing", TOY, "[](#sec:what-a-half-is)", "[](#sec:no) [](#x)",
     TOY ":55: [](#sec:no) leads nowhere\n"
     TOY ":55: [](#x) leads nowhere\n"},
    {"a link with words to nothing", TOY, "[](#sec:what-a-half-is)",
     "[there](#eq:no)", TOY ":55: [](#eq:no) leads nowhere\n"},
    {"an unknown source", TOY, "@su2024]", "@su]",
     TOY ":9: [@su]: not in chapters/bibliography.tsv\n"},
    {"a citation over two lines", TOY, "[@knuth1984; @", "[@knuth1984;\n@",
     TOY ":9: [@knuth1984;: close a citation on the line that it begins on\n"},
    {"a bare dollar", TOY, "A definition needs", "It costs $5. A list:\n\n- $x",
     TOY ":17: a bare $: write math as `$x$`, a dollar as \\$\n"
     TOY ":19: a bare $: write math as `$x$`, a dollar as \\$\n"},
    {"a footnote", TOY, "A definition", "A footnote[^1]. A definition",
     TOY ":17: no footnotes here: write a block quote that begins > "
     "**Note.**\n"},
    {"a pipe table", TOY, "A definition needs no code:",
     "| a | b |\n|---|---|\n| 1 | 2 |",
     TOY ":18: no pipe tables here: let the program write a TSV, and quote it "
     "by ```table NAME\n"},
    {"a pipe table in a quote in a list", TOY, "A definition needs no code:",
     "- > a | b\n  > --|--\n",
     TOY ":18: no pipe tables here: let the program write a TSV, and quote it "
     "by ```table NAME\n"},
    {"an image", TOY, "[plain link]", "![a picture]",
     TOY ":59: no images here: write a ```figure NAME\n"},
    {"a fence in a fence", TOY, "```claim exact\n**A half is exact.** Twice",
     "````claim exact\n**A half is exact.** Twice\n\n```math eq:in\nx\n```\n`",
     TOY ":46: math eq:in: only the text of a chapter can have it\n"
     TOY ":59: [](#claim:larger) leads nowhere\n"},
    {"a bad formula", TOY, "`$h=1$`", "`$\\frac{1$`",
     TOY ":11: formula: Unexpected end of input in a macro argument, expected "
     "'}' at end of input: \\frac{1\n"},
    {"a bad formula in an equation", TOY, "x=h+h", "x=\\nosuch",
     TOY ":19: formula: Undefined control sequence: \\nosuch at position 3: "
     "x=\\̲n̲o̲s̲u̲c̲h̲\n"},
    {"a macro in a formula", TOY, "x=h+h", "\\def\\x{1}x",
     TOY ":19: formula: \\def is not allowed; macros go to "
     "chapters/macros.tex\n"},
    {"a link in a formula", TOY, "`$h=1$`", "`$\\href{x}{y}$` `$\\htmlId{x}{y}$`",
     TOY ":11: formula: \\href is not allowed\n"
     TOY ":11: formula: \\htmlId is not allowed\n"},
};

// What the text then asks for in vain.
#define UNKNOWN \
     TOY ":26: =half_of_three: chapter 1 measures no such value\n" \
     TOY ":26: =draws: chapter 1 measures no such value\n" \
     TOY ":26: =mean_se: chapter 1 measures no such value\n" \
     TOY ":33: =half_of_three: chapter 1 measures no such value\n" \
     TOY ":46: =draws: chapter 1 measures no such value\n" \
     OTHER ":9: =half_of_three: chapter 1 measures no such value\n"

static const struct slip around_text[] = {
    {"a value in the preface", "chapters/index.md", "From left", "`=draws` left",
     "chapters/index.md:9: =draws: write =STEM/draws, the value's chapter "
     "before it\n"},
    {"an equation in the preface", "chapters/index.md", "From left to right.",
     "```math eq:x\nx\n```",
     "chapters/index.md:9: math eq:x: only the text of a chapter can have "
     "it\n"},
    {"a dollar in the glossary", "chapters/glossary.md", "half", "$ half",
     "chapters/glossary.md:3: a bare $: write math as `$x$`, a dollar as \\$\n"},
    {"an unknown symbol's formula", "chapters/symbols.md", "$h$", "$\\h$",
     "chapters/symbols.md:5: formula: Undefined control sequence: \\h at "
     "position 1: \\̲h̲\n"},
    {"a source twice", "chapters/bibliography.tsv", "many2020", "su2024",
     "chapters/bibliography.tsv:4: a second entry 'su2024'; the first is on "
     "line 3\n"},
    {"a source cut short", "chapters/bibliography.tsv", "\tkexue.fm 10145", "",
     "chapters/bibliography.tsv:3: 5 fields where the head has 6, set apart "
     "by tabs\n"
     TOY ":9: [@knuth1984]: not in chapters/bibliography.tsv\n"
     TOY ":9: [@su2024]: not in chapters/bibliography.tsv\n"},
    {"a macro that is none", "chapters/macros.tex", "\\newcommand{\\half}",
     "\\def\\half",
     "chapters/macros.tex:2: not \\newcommand{\\name}[n]{body}\n"},
    {"a chapter's odd name", "chapters/3-a b/chapter.md", NULL,
     "# A\n\nb\n\nc\n",
     "chapters/3-a b: a chapter's name has letters, digits and - only\n"},
    {"a label of no equation", CODE, "eq:half", "eq:half eq:third (freq: 1)",
     CODE ":8: eq:third is no equation of the book: no chapter has ```math "
     "eq:third\n"},
    {"a description of no equation", "tests/1-toy.c", "\"eq:whole\"",
     "\"eq:hole\"",
     "tests/1-toy.c:3: eq:hole is no equation of the book: no chapter has "
     "```math eq:hole\n"},
    {"a NUL byte in a program", CODE, "int main", "int\1main",
     CODE ":20: a NUL byte, so this is no text\n"},
    {"outcomes cut short", "build/tests/1-toy.xml", "</testsuites>", "",
     "build/tests/1-toy.xml: cut short: run the tests again\n"},
    {"a ragged table", VALUES, "1.5\t0", "1.5",
     VALUES ":2: 5 fields where the head has 6, set apart by tabs\n" UNKNOWN},
    {"an empty table", RESULTS "halves.tsv", NULL, "",
     RESULTS "halves.tsv: an empty table\n"
     TOY ":36: table halves: the program writes no halves.tsv\n"},
    {"a NUL byte in a table", VALUES, "draws", "dr\1ws",
     VALUES ":3: a NUL byte, so this is no text\n" UNKNOWN},
    {"a value that is no number", VALUES, "20000", "many",
     VALUES ":3: value: 'many' is not a number\n"},
    {"a column missing", VALUES, "value", "valve",
     VALUES ":1: no column 'value'\n"},
    {"a value twice", VALUES, "mean", "draws",
     VALUES ":4: a second value 'draws'\n"
     TOY ":26: =mean_se: chapter 1 measures no such value\n"},
    {"a verdict that is none", CLAIMS, "refuted", "lost",
     CLAIMS ":3: verdict 'lost' is not held, refuted or open\n"},
    {"a claim judged twice", CLAIMS, "larger", "exact",
     CLAIMS ":3: a second claim 'exact'\n"
     TOY ":49: claim larger: the program judges no claim of that name\n"},
    {"a script in a figure", LINE, "<title>", "<script>x</script><title>",
     LINE ": <script> in a figure; draw it without\n"},
    {"a stylesheet in a figure", LINE, "<title>", "<style>x</style><title>",
     LINE ": <style> in a figure; draw it without\n"},
    {"a page in a figure", LINE, "<title>", "<foreignObject/><title>",
     LINE ": <foreignObject> in a figure; draw it without\n"},
    {"a link in a figure", LINE, "'#gpPt5'", "'https://example.org/x.png'",
     LINE ": a link out of the figure: https://example.org/x.png\n"},
    {"a picture beside a figure", LINE, "'#gpPt5'", "'x.png'",
     LINE ": a link out of the figure: x.png\n"},
    {"a link in a colour", LINE, "url(#clip)", "url(http://example.org/#x)",
     LINE ": a link out of the figure: url(http://example.org/#x)\n"},
    {"a figure without a viewBox", LINE, "viewBox", "box",
     LINE ": no viewBox; draw it again\n"},
    {"an attribute without quotes", LINE, "r='1'", "r=1",
     LINE ": an attribute of <circle> does not parse; draw it again\n"},
    {"a figure cut short", LINE, "</svg>", "",
     LINE ": not a whole SVG file; draw it again\n"},
    {"a tag cut short", LINE, "<g fill", "<g fill='",
     LINE ": a tag without an end; draw it again\n"},
    {"a bad cover figure", "build/figures/1-toy/cover.svg", NULL, "<svg>",
     "build/figures/1-toy/cover.svg: not a whole SVG file; draw it again\n"},
};

static void check_slips(int n, const struct slip slips[n], const char *options)
{
    for (int i = 0; i < n; i++) {
        const struct slip *s = slips + i;
        char *was = read_file(s->file, NULL);
        edit(s->file, s->from, s->to);
        int status = run(options), told = count(s->says, "\n");
        char *says = form("%sweave: %d fault%s\n", s->says, told,
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

// ---- pages ------------------------------------------------------------------

// What a reader sees of a page: its <main>, a formula as [[its TeX]], the
// drawing of a sign left out, one line a block.
static char *visible(const char *file)
{
    char *s = read_file(file, NULL), *end = s ? strstr(s, "</main>") : NULL;
    struct text t = {0};
    cr_assert(end != NULL, "%s is not there", file);
    *end = 0;
    for (s = strstr(s, "<main"); *s;) {
        if (starts(s, "<span class=\"katex\">")) {
            char *tex = strchr(strstr(s, "<annotation"), '>') + 1;
            putf(&t, "[[%.*s]]", (int)(strstr(tex, "</annot") - tex), tex);
            for (int depth = 0;; s = strchr(s + 1, '<')) {
                depth += starts(s, "<span") - starts(s, "</span>");
                if (!depth)
                    break;
            }
            s += 7;
        } else if (starts(s, "<svg class=\"mark\"")) {
            s = strstr(s, "</svg>") + 6;
        } else {
            size_t n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz123456");
            int block = *s == '<' && n && t.n && t.s[t.n - 1] != '\n' &&
                        !is_one_of(copy(s + 1, n), " a span code em strong b "
                                   "sup small svg g rect defs circle use path "
                                   "text tspan ");
            if (block)
                put(&t, "\n");
            putn(&t, s++, 1);
        }
    }
    put(&t, "\n");
    return all(&t);
}

TestSuite(pages, .init = enter, .fini = leave);

Test(pages, are_as_in_golden)
{
    static const char *names[] = {"1-toy", "2-other", "index", "ledger",
                                  "reference"};
    cr_assert(eq(int, run(""), 0));
    cr_expect(eq(str, err, ""));
    for (int i = 0; i < 5; i++) {
        char *golden = form("%s/tests/fixtures/golden/%s.html", home,
                            names[i]);
        char *now = visible(form("build/report/%s.html", names[i]));
        if (getenv("GOLDEN"))
            write_file(golden, now, strlen(now));
        char *then = read_file(golden, NULL);
        cr_expect(eq(str, now, then), "%s.html", names[i]);
    }
}

static void check_pages(void)
{
    static const char *names[] = {"1-toy.html", "2-other.html", "index.html",
                                  "ledger.html", "reference.html", "all.html"};
    struct list pages = {0};
    for (int i = 0; i < 6; i++) {
        char *s = read_file(form("build/report/%s", names[i]), NULL);
        cr_assert(s != NULL, "%s", names[i]);
        add(&pages, read_page(names[i], s));
    }
    for (int i = 0; i < 6; i++)
        check_links(pages.at[i], &pages);
}

Test(pages, are_well_formed_and_their_links_lead_somewhere)
{
    cr_assert(eq(int, run(""), 0));
    check_pages();
}

// ---- hooks ------------------------------------------------------------------

struct piece {
    const char *written, *shown;
};

// A literal $x$ is code between doubled backticks, wherever it stands: cmark
// does not tell where a span of code began, weave looks into the source.
static const struct piece doubled[] = {
    {"P ``$x$``, `` $y$ ``, ``=z``, `$x$`.\n",
     "<p>P <code>$x$</code>, <code>$y$</code>, <code>=z</code>, [[x]].</p>"},
    {"Soft\nbreak `$x$` and ``$y$``,\n``$x$`` and `$y$`.\n",
     "<p>Soft\nbreak [[x]] and <code>$y$</code>,\n<code>$x$</code> and "
     "[[y]].</p>"},
    {"The same on a line:\n`$x$`, ``$x$``, `$x$`.\n",
     "<p>The same on a line:\n[[x]], <code>$x$</code>, [[x]].</p>"},
    {"> Quote ``$x$``\n> and `$x$`.\n",
     "<p>Quote <code>$x$</code>\nand [[x]].</p>"},
    {"- Item ``$x$``\n  and `$x$`\n\n  - deeper ``$x$`` `$x$`\n",
     "<p>Item <code>$x$</code>\nand [[x]]</p>"},
    {"1. > - In all ``$x$``\n   >   `$x$`\n",
     "<li>In all <code>$x$</code>\n[[x]]</li>"},
    {"### Head ``$x$`` and `$x$`\n", "Head <code>$x$</code> and [[x]] <a"},
    {"*Emphasis ``$x$`` `$x$`* **strong ``$x$`` `$x$`**\n",
     "<em>Emphasis <code>$x$</code> [[x]]</em> <strong>strong "
     "<code>$x$</code> [[x]]</strong>"},
    {"Over a `$x\n+y$` line.\n", "Over a [[x +y]] line."},
    {"It costs \\$5, or `$5`, &#36;6.\n", "It costs $5, or <code>$5</code>, $6."},
    {"Code: `x$`, `$`, `$$`, `a=b`.\n",
     "<code>x$</code>, <code>$</code>, <code>$$</code>, <code>a=b</code>."},
};

static const struct piece hooks[] = {
    {"- A list:\n\n  ```math eq:listed def\n  y\n  ```\n\n  [](#eq:listed)\n",
     "<a class=\"no\" href=\"#eq:listed\" aria-label=\"Link to equation 1.3\">"
     "(1.3)</a></div></div>\n<p><a class=\"ref\" href=\"#eq:listed\">Eq. (1.3)"
     "<span class=\"preview\" aria-hidden=\"true\">[[y]]</span></a></p>"},
    {"> ~~~c toy.c#exact\n> ~~~\n",
     "<blockquote>\n<section class=\"fn\" id=\"fn:1-toy/exact\""},
    {"1. ```c src/twice.c#twice\n   ```\n",
     "<section class=\"fn\" id=\"fn:1-toy/twice\" aria-label=\"Code of twice\">"
     "\n<header><span class=\"mono\">src/twice.c</span><span>lines 3–7</span>"},
    {"> A quote.\n> **Note.** not first\n", "<blockquote>\n<p>A quote."},
    {"> **Note.**\n> Over lines.\n>\n> - a list\n",
     "<aside class=\"note\" aria-label=\"Margin note 1.2\">\n<p>Over lines.</p>"
     "\n<ul>"},
    {"> **Slip.** A box > **Note.**\n",
     "<section class=\"slip\" aria-label=\"Slip 1.2\">\n<h3>Slip</h3>\n<p>A "
     "box"},
    {"Links: [](#sec:across), [there](#sec:across), [](#tab:halves).\n",
     "Links: <a class=\"ref\" href=\"2-other.html#sec:2-other/across\">Section "
     "2.1</a>, <a href=\"2-other.html#sec:2-other/across\">there</a>, <a "
     "class=\"ref\" href=\"#tab:halves\">Table 1.1<span class=\"preview\" "
     "aria-hidden=\"true\">Halves are smaller.</span></a>."},
    {"Values: `=half_of_three %.1f%%`, `=mean_runs`, `=1-toy/draws %d`.\n",
     ">1.5%</a>, <a class=\"val\" href=\"#val:1-toy/mean\" data-src=\"mean ± "
     "0.012, 20 runs · main.values.tsv · sampled\">20</a>, <a class=\"val\" "
     "href=\"#val:1-toy/draws\" data-src=\"draws · main.values.tsv · exact\">"
     "20000</a>."},
    {"Sources: [@many2020] and *[@many2020; @su2024]*.\n",
     "Sources: (<a class=\"cite\" href=\"#bib:1-toy/many2020\">One and others "
     "2020</a>) and <em>(<a class=\"cite\" href=\"#bib:1-toy/many2020\">One "
     "and others 2020</a>; <a class=\"cite\" href=\"#bib:1-toy/su2024\">Su "
     "2024</a>)</em>."},
    {"```c\nint x = '<';\n```\n",
     "<pre><code class=\"language-c\">int x = '&lt;';\n</code></pre>"},
    {"    $ indented | code\n    |---|\n", "<pre><code>$ indented | code"},
    {"### A smaller heading\n", "<h3 id=\"sec:1-toy/a-smaller-heading-2\">"},
    {"#### Of `$x$` and `=draws`\n", "<h4 id=\"sec:1-toy/of-x-and-draws\">"},
    {"```claim exactly\n**Larger than [](#claim:largest).** Both `$y$`.\n\n"
     "More.\n\n- a\n- list\n```\n",
     "\n<p>More.</p>\n<ul>\n<li>a</li>"},
    {"```claim largest\n**Larger than [](#claim:exactly).** Both, see [](#eq:"
     "half).\n```\n",
     "<h3><a class=\"no\" href=\"#claim:largest\">Claim 1.4</a>"},
    {"[](#claim:largest) closes a circle.\n",
     "<p><a class=\"ref\" href=\"#claim:largest\">Claim 1.4<span class=\""
     "preview\" aria-hidden=\"true\">Larger than Claim 1.3.</span></a> closes"},
    {"```table plain\ncolumn name\ncolumn x: `$x$` | %.1f\n\n**Found.** One."
     "\n\nTwo.\n```\n",
     "<p><a class=\"no\" href=\"#tab:plain\">Table 1.2.</a> <b>Found.</b> One."
     "</p>\n<p>Two.</p>"},
    {"", "<th scope=\"col\">name</th>\n<th scope=\"col\">[[x]]</th></tr>"},
    {"```math eq:parts def\n\\{\\qquad x\\\\{y}\\qquad\\begin{cases}1\\qquad"
     "\\end{cases}\n```\n",
     "<span class=\"katex-display\">[[\\{]]</span><span class=\"katex-display\""
     ">[[x\\\\{y}]]</span><span class=\"katex-display\">[[\\begin{cases}1"
     "\\qquad\\end{cases}]]</span>"},
};

static void check_pieces(int n, const struct piece pieces[n])
{
    append(TOY, "\n");
    for (int i = 0; i < n; i++)
        append(TOY, form("\n%s", pieces[i].written));
    cr_assert(eq(int, run(""), 0), "%s", err);
    cr_expect(eq(str, err, ""));
    char *page = visible("build/report/1-toy.html");
    for (int i = 0; i < n; i++)
        cr_expect(strstr(page, pieces[i].shown) != NULL,
                  "%s\n-- has not become --\n%s", pieces[i].written,
                  pieces[i].shown);
    if (getenv("SHOW"))
        fputs(page, stderr);
    check_pages();
}
#define CHECK_PIECES(pieces) \
    check_pieces(sizeof pieces / sizeof *pieces, pieces)

Test(pages, keep_what_stands_between_doubled_backticks)
{
    CHECK_PIECES(doubled);
}

Test(pages, show_hooks_in_lists_quotes_and_captions)
{
    edit("src/twice.c", NULL, "// Shared.\n\n// Twice x.  eq:whole\n"
         "double twice(double x)\n{\n    return 2 * x;\n}\n");
    append(CLAIMS, "exactly\tequal\t1\t0\t1\t1\t0\t-\theld\n"
           "largest\tat most\t1\t0\t1\t1\t0\t-\topen\n");
    append(OTHER, "\n```c src/twice.c#twice\n```\n");
    edit(RESULTS "plain.tsv", NULL, "name\tx\tseconds\nhalf\t-0\t3\n");
    CHECK_PIECES(hooks);
}

// ---- Markdown without hooks -------------------------------------------------

// Each as it stands, with other ends of lines, with tabs, without its last.
Test(markdown, without_hooks_is_as_cmark_sets_it, .init = enter, .fini = leave)
{
    cr_assert(eq(int, shell("cmark --version >out.txt"), 0), "cmark is needed");
    int status = shell(form(
        "for f in '%s'/tests/fixtures/plain/*.md; do"
        "  cp \"$f\" a.md; sed 's/$/\\r/' a.md >b.md; unexpand --first-only -t4"
        "  a.md >c.md; head -c -1 a.md >d.md; tr '\\n' '\\r' <a.md >e.md;"
        "  for v in a b c d e; do"
        "    '%s' --fragment $v.md >weave.html; cmark $v.md >cmark.html;"
        "    cmp weave.html cmark.html || echo \"$v of $f\";"
        "  done; done >out.txt 2>&1; : >e.md;"
        "'%s' --fragment e.md >>out.txt 2>&1", home, program, program));
    cr_expect(eq(int, status, 0));
    cr_expect(eq(str, read_file("out.txt", NULL), ""));
}

Test(markdown, of_a_chapter_is_as_cmark_sets_it, .init = enter, .fini = leave)
{
    static const char *names[] = {"lists", "quotes", "tabs", "html", "inline"};
    char *was = read_file(OTHER, NULL);
    for (int i = 0; i < 5; i++) {
        char *path = form("%s/tests/fixtures/plain/%s.md", home, names[i]);
        edit(OTHER, NULL, form("%s\n%s", was, read_file(path, NULL)));
        cr_expect(eq(int, run(""), 0), "%s", err);
        cr_expect(eq(int, shell(form("cmark '%s' >cmark.html", path)), 0));
        cr_expect(strstr(read_file("build/report/2-other.html", NULL),
                         read_file("cmark.html", NULL)) != NULL,
                  "%s", names[i]);
    }
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
    {"", "--varied 9-no",
     "chapters/9-no: no such chapter\nweave: 1 fault\n", 1, 0},
    {"mv chapters hidden", "",
     "chapters: no chapter here: run weave at the tree's root\n"
     "weave: 1 fault\n", 1, 0},
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
     "links\n", 3, 0},
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

#define TYPED(line, number) TOY ":" line ": note: a typed number: '" number \
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
    cr_expect(eq(str, err, TYPED("5", "1234") TYPED("34", "271,8")
                 TYPED("33", "3.14") TYPED("41", "12,500") TYPED("45", "1.23")
                 TYPED("47", "456") TYPED("48", "0.789") TYPED("45", "123")));
    shell("rm -r build/report");
    cr_expect(eq(int, run("--strict"), 1));
    expect_in("strict", err, TOY ":5: a typed number: '1234'; write a value, "
              "`=name`, or math\n");
    expect_in("strict", err, "weave: 8 faults\n");
    cr_expect(access("build/report", F_OK) != 0);
}

// What --check finds in the fixture as it is.
#define TESTS "tests/1-toy.c:3: half/of_four_is_three fails\n" \
    "tests/1-toy.c:6: half/has_not_run has not run: make test\n"
#define UNLISTED " is not in chapters/symbols.md for chapter 1\n"
#define REST OTHER ":1: not run yet: make 2-other\n"

static const struct slip unchecked[] = {
    {"the fixture", OTHER, "It does.", "It does.", TESTS REST},
    {"code that names no equation", CODE, "  eq:half", "",
     TOY ":13: eq:half: no function's comment names it; write def behind it "
     "if there is nothing to compute\n" TESTS REST},
    {"tests that name no equation", "tests/1-toy.c", NULL, "Test(a, b) {}\n",
     TOY ":13: eq:half: no test's .description names it\n"
     "tests/1-toy.c:1: a/b has not run: make test\n" REST},
    {"a verdict not expected", TOY, "expect: refuted\n", "",
     TOY ":49: claim:larger: refuted, where the text expects held\n"
     TESTS REST},
    {"a claim not made", CLAIMS, "larger\tat least",
     "other\tequal\t1\t0\t1\t1\t0\t-\theld\nlarger\tat least",
     TOY ":1: the program judges a claim 'other' that the text does not make: "
     "write ```claim other\n" TESTS REST},
    {"a symbol not listed", "chapters/symbols.md", "- `$h$` its half. *1*", "",
     TESTS TOY ":13: eq:half: 'h'" UNLISTED REST},
    {"a symbol not used", "chapters/symbols.md", "*1*\n- `$\\mathbb",
     "*1*\n- `$\\alpha_{\\max}$` none. *1, 2*\n- `$\\mathbb",
     TESTS "chapters/symbols.md:4: chapter 1 does not use \\alpha_{\\max}: take "
     "*1* off this line\n" REST "chapters/symbols.md:4: chapter 2 does not use "
     "\\alpha_{\\max}: take *2* off this line\n"},
    {"no symbols", "chapters/symbols.md", NULL, NULL, TESTS
     TOY ":13: eq:half: 'h'" UNLISTED TOY ":13: eq:half: 'x'" UNLISTED
     TOY ":13: eq:half: 'R'" UNLISTED REST},
    {"a figure not drawn", LINE, NULL, NULL,
     TOY ":29: figure line: not drawn yet: make 1-toy\n" TESTS REST},
};

Test(faults, of_a_check_are_told_by_line)
{
    CHECK_SLIPS(unchecked, "--check");
}

// ---- runs: none, some, varied, recorded -------------------------------------

static void expect_all(const char *file, int n, const char *const parts[n])
{
    char *page = visible(file);
    for (int i = 0; i < n; i++)
        expect_in(file, page, parts[i]);
    if (getenv("SHOW"))
        fputs(page, stderr);
}
#define EXPECT(file, ...) expect_all(file, \
    sizeof (const char *[]){__VA_ARGS__} / sizeof (char *), \
    (const char *[]){__VA_ARGS__})

TestSuite(runs, .init = enter, .fini = leave);

Test(runs, that_were_not_made_are_grey_boxes)
{
    shell("rm -r build/results build/figures build/tests");
    cr_assert(eq(int, run(""), 0), "%s", err);
    cr_expect(eq(str, err, ""));
    EXPECT("build/report/1-toy.html",
           "finds <span class=\"unrun\">half_of_three</span> from",
           "<p class=\"unrun\">Figure 1.1: not run yet. <code>make 1-toy</code> "
           "makes it.</p>",
           "<p class=\"unrun\">Table 1.1: not run yet.",
           "<section class=\"claim unrun\" id=\"claim:exact\"",
           "<span class=\"verdict\"> not run</span>",
           "Not judged: not run yet.", "3, not run yet: make test");
    EXPECT("build/report/ledger.html", "<span>2 not run</span>");
    check_pages();
}

Test(runs, without_a_data_set_say_which_it_needs)
{
    edit(RESULTS "experiments.tsv", NULL, "name\tkind\tseconds\tfiles\tnote\n"
         "exact\trun\t1\tx.tsv\t-\nlarger\trun\t0\t-\tneeds dataset-<x>\n");
    shell("cd " RESULTS " && rm halves.tsv main.claims.tsv ../../figures/*/*");
    cr_assert(eq(int, run(""), 0), "%s", err);
    EXPECT("build/report/1-toy.html", ">1.5</a> from",
           "Figure 1.1: needs dataset-&lt;x&gt;.",
           "Table 1.1: needs dataset-&lt;x&gt;.",
           "Not judged: needs dataset-&lt;x&gt;.");
    check_pages();
}

Test(runs, that_drew_no_figure_leave_a_grey_box)
{
    shell("rm " LINE);
    cr_assert(eq(int, run(""), 0), "%s", err);
    EXPECT("build/report/1-toy.html", "Figure 1.1: not drawn yet.");
    check_pages();
}

Test(runs, that_vary_show_what_moved_on_a_page_of_their_own)
{
    shell("mkdir build/varied && cp -r build/results/1-toy build/varied");
    edit("build/varied/1-toy/main.values.tsv", "0.51", "0.625");
    append("build/varied/1-toy/main.values.tsv", "new\t7\t0\t1\t1\texact\n");
    append("build/varied/1-toy/run.tsv", "set\tdraws=<9>\n");
    cr_assert(eq(int, run("--varied 1-toy"), 0), "%s", err);
    EXPECT("build/varied/report/1-toy.html",
           "a run with seed 1 and draws=&lt;9&gt;, not the published one",
           "<tr>\n<td class=\"word mono\">mean</td>\n<td>0.51</td>\n<td>0.625",
           "<td class=\"word mono\">new</td>\n<td>–</td>\n<td>7</td>");
    shell("ls build/varied/report >ls.txt");
    cr_expect(eq(str, read_file("ls.txt", NULL), "1-toy.html\nfiles\n"));
    cr_expect(strstr(visible("build/varied/report/1-toy.html"),
                     "<td class=\"word mono\">draws</td>") == NULL);
}

// The rows of build/results are left alone even where they are there.
Test(runs, that_are_recorded_take_published_values)
{
    edit("chapters/1-toy/expected.tsv", NULL,
         "what\tname\tvalue\tse\truns\tunit\tkind\trelation\treference\t"
         "tolerance\tverdict\n"
         "value\thalf_of_three\t2.5\t0\t1\t1\texact\t-\t-\t-\t-\n"
         "value\tdraws\t30000\t-\t-\t1\texact\t-\t-\t-\t-\n"
         "value\tmean\t0.7\t0.1\t4\t1\tsampled\t-\t-\t-\t-\n"
         "claim\texact\t0\t0\t1\t-\t-\tequal\t0\t1e-9\theld\n"
         "claim\tlarger\t0.5\t0.1\t9\t-\t-\tat least\t1\t0\trefuted\n");
    edit("chapters/1-toy/recorded/halves.tsv", NULL,
         "x\thalf\tse_half\n8\t4\t-\n");
    cr_assert(eq(int, run("--recorded --out recorded"), 0), "%s", err);
    EXPECT("recorded/1-toy.html", ">2.5</a> from", ">30 000</a> draws",
           "<span>recorded run</span>", "<tr>\n<td>8</td>\n<td>4.00</td></tr>",
           "Measured 0.5, interval 0.2 … 0.8 (3 standard errors, 9 runs)");
    cr_expect(eq(str, read_file("recorded/files/1-toy/halves.tsv", NULL),
                 "x\thalf\tse_half\n8\t4\t-\n"));
}

Test(runs, give_the_same_bytes_and_rewrite_nothing)
{
    const char *list = "find build -type f -printf '%p %T@ %i\\n' | sort >";
    cr_assert(eq(int, run(""), 0), "%s", err);
    shell(form("%sbefore", list));
    cr_assert(eq(int, run(""), 0), "%s", err);
    shell(form("%safter; mv build/cache ..; mkdir build/cache", list));
    cr_expect(eq(int, shell("cmp before after"), 0));
    // With a cache that is empty, damaged, not to be trusted.
    cr_assert(eq(int, run("--out again"), 0), "%s", err);
    cr_expect(eq(int, shell("diff -r build/report again"), 0));
    shell("for f in build/cache/katex/*/*; do head -c -20 $f >x; cp x $f; "
          "done");
    cr_assert(eq(int, run("--out again"), 0), "%s", err);
    cr_expect(eq(int, shell("diff -r build/report again"), 0));
}

// ---- safety -----------------------------------------------------------------

#define EVIL "<script>x</script>'\"]]></style></title>&<img/src=//x/onerror=y>"
#define IN_TEX "<script>'\\\"]]></style>"

// Whatever is put into text, tables, code and names, the page shows.
Test(safety, nothing_written_becomes_markup, .init = enter, .fini = leave)
{
    edit(TOY, "# A toy for `$x$`", "# A toy `" EVIL "` <b> `$x$`");
    edit(TOY, "How large is a half?", "How `" EVIL "` large?");
    edit(TOY, "alt: A line", "alt: " EVIL " A line");
    edit(TOY, "**The line rises.** Its", "**The `" EVIL "`.** `" EVIL "` Its");
    edit(TOY, "column x: the whole", "column x: `" EVIL "` the whole");
    edit(TOY, "column half: its half", "column " EVIL "\ncolumn half");
    edit(TOY, "exact.** Twice", "`" EVIL "`.** Twice `" EVIL "`");
    append(TOY, "\n<script>x</script> [`" EVIL "`](javascript:x) <b " EVIL "\n"
           "## `" EVIL "`\n\n[a](</x\"'<b> \"t\"'<b\")\n\n"
           "```math eq:evil def\n\\text{" EVIL "}\n```\n");
    edit(RESULTS "halves.tsv", NULL,
         "x\t" EVIL "\thalf\n" EVIL "\t" EVIL "\t1\nnan\tinf\t-inf\n");
    edit(CODE, "no comment", EVIL);
    edit(CODE, "\"%g\\n\"", "\"" EVIL);
    edit(CODE, "#include <stdio.h>", "#define X " EVIL "\n/*" EVIL "*/");
    edit(VALUES, "draws\t20000\t0\t1\t1\texact",
         "draws\t20000\t0\t1\t" EVIL "\t" EVIL);
    append(VALUES, EVIL "\t1\t0\t1\t" EVIL "\texact\n");
    edit(CLAIMS, "ten roundings", EVIL);
    edit(RESULTS "run.tsv", "A <processor>", EVIL "\nx\t" EVIL);
    for (int i = 0; i < 6; i++)
        edit(RESULTS "run.tsv", ((const char *[]){"2026-01-01", "24 GB", "gcc",
             "-O3", "0123456789abcdef", "seed\t1"})[i], i < 5 ? EVIL
             : "seed\t" EVIL);
    edit("chapters/bibliography.tsv", "Knuth\tLiterate programming\t1984\tThe "
         "Computer Journal 27\tdoi 10.1093",
         EVIL "\t" EVIL "\t" EVIL "\t" EVIL "\tdoi " EVIL);
    edit("build/commits.tsv", NULL, "stem\thash\tdate\tsubject\n1-toy\t" EVIL
         "\t" EVIL "\t" EVIL "\n");
    edit("CITATION.cff", NULL, "x\nversion: " EVIL "\n");
    edit("figures/1-toy/line.gp", "halves.tsv", "h'<b>&.tsv\" \"halves.tsv");
    edit(RESULTS "h'<b>&.tsv", NULL, "x\n");
    edit(LINE, "id=\"gnuplot_canvas\"", "id=\"c\" onload=\"x\" title='\"" EVIL);
    edit(LINE, "\"]]></style></title>&<img/src=//x/onerror=y>", "\"<b'");
    cr_assert(eq(int, run(""), 0), "%s", err);
    check_pages();
}
