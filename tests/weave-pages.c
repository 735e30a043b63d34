// Tests of the pages that weave writes.
//
// Those of the fixture are compared with tests/fixtures/golden/. To renew these
// after a change that is meant: GOLDEN=1 build/tests/weave-pages.
#include "fixtures/tree.h"
#include "fixtures/html.h"

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
                        !is_one_of(copy(s + 1, n),
                                   " a span code em strong b "
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
        char *golden = form("%s/tests/fixtures/golden/%s.html", home, names[i]);
        char *now = visible(form("build/report/%s.html", names[i]));
        if (getenv("GOLDEN"))
            write_file(golden, now, strlen(now));
        char *then = read_file(golden, NULL);
        cr_expect(eq(str, now, then), "%s.html", names[i]);
    }
}

static void check_pages(void)
{
    static const char *names[] = {"1-toy.html",  "2-other.html",   "index.html",
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
    {"It costs \\$5, or `$5`, &#36;6.\n",
     "It costs $5, or <code>$5</code>, $6."},
    {"With \\$5, ``$x$`` and ``` `` $y$ ```.\n",
     "With $5, <code>$x$</code> and <code>`` $y$</code>."},
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
    {"```table all\n**All.** But errors and runs.\n```\n",
     "<th scope=\"col\">n</th>\n<th scope=\"col\">seconds</th></tr></thead>\n"
     "<tbody>\n<tr>\n<td>1 <span class=\"se\">± 0.2</span></td>\n<td>4</td>"},
    {"## See [](#eq:half), [@su2024]\n",
     "<li><a href=\"#sec:1-toy/see-eq-half-su2024\"><span class=\"no\">1.2"
     "</span><span>See Eq. (1.1)"},
    {"### Twice\n\n## Twice\n", "<h3 id=\"sec:1-toy/twice-2\">Twice"},
    {"", "<h2 id=\"sec:1-toy/twice\">"},
    // Of a file that two chapters quote, of a struct of a function's name,
    // of a test of another chapter, of what is beside a figure.
    {"", "computed by <a href=\"#fn:1-toy/twice\"><code>twice</code></a></p>"},
    {"", "<span class=\"k\">struct</span> <span class=\"d\">half</span> {"},
    {"", "<a href=\"2-other.html#test:2-other/of/another\">another</a>"},
    {"", "<a href=\"files/1-toy/line.png\" download>PNG</a>"},
    {"", "<a href=\"files/1-toy/toy.c\" download>toy.c as one file</a>"},
    {"```math eq:parts def\n\\{\\qquad x\\\\{y}\\qquad\\begin{cases}1\\qquad"
     "\\end{cases}\n```\n",
     "<span class=\"katex-display\">[[\\{]]</span><span class=\"katex-display\""
     ">[[x\\\\{y}]]</span><span class=\"katex-display\">[[\\begin{cases}1"
     "\\qquad\\end{cases}]]</span>"},
};

// Numbers that differ look different where a claim does not hold; an interval
// says what it comes from.
static const struct piece apart[] = {
    {"```claim ulp\nexpect: refuted\n**One, [](#claim:close).** Two.\n```\n",
     "Measured 1.0000000000000002; required at most 1."},
    // The titles of these two refer to each other.
    {"```claim close\nexpect: refuted\n**One, [](#claim:ulp).** Two.\n```\n",
     "Measured 0.12344; required at least 0.12345."},
    {"```claim held\n**One.** Two.\n```\n",
     "Measured 0.123; required at most 0.123."},
    {"```claim small\nexpect: open\n**One.** Two.\n```\n",
     "Measured 1.000000012, interval 1.000000009 … 1.000000015 (3 standard "
     "errors, 4 runs); required at most 1.00000001."},
    {"```claim wide\n**One.** Two.\n```\n",
     "Measured 1.00, interval 0.50 … 1.50 (a tolerance of 0.5, 4 runs)"},
    {"```claim strict\n**One.** Two.\n```\n",
     "Measured 1.00, interval 0.60 … 1.40 (4 standard errors, 4 runs)"},
};

static void check_pieces(int n, const struct piece pieces[n])
{
    append(TOY, "\n");
    for (int i = 0; i < n; i++)
        append(TOY, form("\n%s", pieces[i].written));
    cr_assert(eq(int, run(""), 0), "%s", err);
    // Nothing is said but what the page shows: a verdict that was not expected.
    int quiet = !*err || (strstr(err, "note: claim largest: open") &&
                          !strchr(err, '\n')[1]);
    cr_expect(quiet, "%s", err);
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
    edit("src/twice.c", NULL,
         "// Shared.\n\n// Twice x.  eq:whole\n"
         "double twice(double x)\n{\n    return 2 * x;\n}\n");
    append(CLAIMS, "exactly\tequal\t1\t0\t1\t1\t0\t-\theld\n"
                   "largest\tat most\t1\t0\t1\t1\t0\t-\topen\n");
    append(OTHER, "\n```c src/twice.c#twice\n```\n");
    edit(RESULTS "plain.tsv", NULL, "name\tx\tseconds\nhalf\t-0\t3\n");
    edit(RESULTS "all.tsv", NULL, "n\tse\truns\tseconds\n1\t.2\t3\t4\n");
    append(CODE, "\nstruct half { int x; };\n");
    edit("chapters/1-toy/toy-fast.c", NULL, "int fast;\n");
    edit("tests/2-other.c", NULL,
         "Test(of, another, .description = \"eq:half\") {}\n");
    edit("build/figures/1-toy/line.png", NULL, "a picture");
    edit("build/single/toy.c", NULL, "int single;\n");
    CHECK_PIECES(hooks);
}

Test(pages, tell_numbers_apart_where_a_claim_fails)
{
    append(CLAIMS,
           "ulp\tat most\t1.0000000000000002\t0\t1\t1\t0\t-\trefuted\n"
           "close\tat least\t0.12344\t0\t1\t0.12345\t0\t-\trefuted\n"
           "held\tat most\t0.12344\t0\t1\t0.12345\t0\t-\theld\n"
           "small\tat most\t1.000000012\t1e-9\t4\t1.00000001\t0\t-\topen\n"
           "wide\tequal\t1\t0.1\t4\t1.4\t0.5\ta bound\theld\n"
           "strict\tequal\t1\t0.1\t4\t1.4\t0\t-\theld\n");
    CHECK_PIECES(apart);
}

// The same pages from files with a byte order mark and other ends of lines.
Test(pages, do_not_depend_on_the_ends_of_lines)
{
    cr_assert(eq(int, run(""), 0), "%s", err);
    shell("find chapters tests build/results -type f | xargs sed -i "
          "'1s/^/\\xef\\xbb\\xbf/; s/$/\\r/'; sed -i 's/$/\\r/' " LINE);
    cr_assert(eq(int, run("--out again"), 0), "%s", err);
    cr_expect(eq(int, shell("diff -r -x files build/report again"), 0));
    shell("find chapters tests build/results -type f | xargs sed -i 's/\\r//';"
          " for f in chapters/*/chapter.md; do tr '\\n' '\\r' <$f >a; cp a $f;"
          " done");
    cr_assert(eq(int, run("--out again"), 0), "%s", err);
    cr_expect(eq(int, shell("diff -r -x files build/report again"), 0));
}

// What is cut out of the text for other places is cut at whole words.
Test(pages, have_titles_and_first_sentences)
{
    edit(OTHER, "# Another chapter", "# Of `$x$`, `a<b` & \"`$y$`\" end");
    edit(OTHER, "It does. By name.", "*It does. By* name, i.e. `a. b`. Or");
    shell("cp " LINE " build/figures/1-toy/cover.svg");
    edit("build/commits.tsv", NULL,
         "stem\thash\tdate\tsubject\n"
         "2-other\t0123456789ab\t2026-01-01\tAdd <it>\n1-toy\t-\t-\t-\n");
    cr_assert(eq(int, run(""), 0), "%s", err);
    char *page = read_file("build/report/2-other.html", NULL);
    expect_in("title", page,
              "<title>Of x, a&lt;b &amp; “y” end · "
              "Assay</title>");
    expect_in("commit", page,
              "<dt>Last change</dt><dd>2026-01-01, <code>"
              "0123456789</code> Add &lt;it&gt;</dd>");
    page = visible("build/report/index.html");
    expect_in("answer", page, "<p class=\"a\"><em>It does. By</em> name, i.e.");
    expect_in("cover", page,
              "<div class=\"fig\"><svg viewBox=\"0 0 640 350\" "
              "role=\"img\" aria-label=\"Figure of chapter 1\">");
    check_pages();
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
        "    '%s' --fragment $v.md >weave.html; cmark --smart $v.md "
        ">cmark.html;"
        "    cmp weave.html cmark.html || echo \"$v of $f\";"
        "  done; done >out.txt 2>&1; : >e.md;"
        "'%s' --fragment e.md >>out.txt 2>&1",
        home, program, program));
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
        cr_expect(eq(int, shell(form("cmark --smart '%s' >cmark.html", path)),
                     0));
        cr_expect(strstr(read_file("build/report/2-other.html", NULL),
                         read_file("cmark.html", NULL)) != NULL,
                  "%s", names[i]);
    }
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
#define EXPECT(file, ...) \
    expect_all(file, sizeof(const char *[]){__VA_ARGS__} / sizeof(char *), \
               (const char *[]){__VA_ARGS__})

TestSuite(runs, .init = enter, .fini = leave);

Test(runs, that_were_not_made_are_grey_boxes)
{
    shell("rm -r build/results build/figures build/tests");
    cr_assert(eq(int, run(""), 0), "%s", err);
    cr_expect(eq(str, err, ""));
    EXPECT("build/report/1-toy.html",
           "finds <span class=\"unrun\">half_of_three</span> from",
           "<p class=\"unrun\">Figure 1.1: not run yet. <code>make "
           "1-toy</code> "
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
    edit(RESULTS "experiments.tsv", NULL,
         "name\tkind\tseconds\tfiles\tnote\n"
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
// What a recorded experiment measured is quoted like the rest.
Test(runs, have_the_values_of_recorded_experiments)
{
    edit("chapters/1-toy/recorded/long.values.tsv", NULL,
         "name\tvalue\tse\truns\tunit\tkind\nlong\t7\t0\t1\t1\texact\n");
    append(TOY, "\nLong: `=long %d`.\n");
    cr_assert(eq(int, run(""), 0), "%s", err);
    expect_in("value", read_file("build/report/1-toy.html", NULL),
              "#val:1-toy/long\"");
}

// Pages of this book, that is; other files in the folder are somebody's.
Test(runs, remove_the_pages_of_chapters_that_are_gone)
{
    edit("build/single/other.c", NULL, "int single;\n");
    cr_assert(eq(int, run(""), 0), "%s", err);
    edit("build/report/mine.html", NULL, "<title>Mine</title>");
    cr_expect(access("build/report/files/2-other/other.c", R_OK) == 0);
    shell("rm -r chapters/2-other");
    cr_assert(eq(int, run(""), 0), "%s", err);
    cr_expect(access("build/report/files/2-other", F_OK) != 0);
    cr_expect(access("build/report/files/1-toy/halves.tsv", R_OK) == 0);
    cr_expect(read_file("build/report/2-other.html", NULL) == NULL);
    cr_expect(read_file("build/report/1-toy.html", NULL) != NULL);
    cr_expect(read_file("build/report/mine.html", NULL) != NULL);
}

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
    cr_assert(eq(int, run("--recorded"), 0), "%s", err);
    EXPECT("build/recorded/report/1-toy.html", ">2.5</a> from",
           ">30\u202f000</a> draws", "<span>recorded run</span>",
           "<tr>\n<td>8</td>\n<td>4.00</td></tr>",
           "Measured 0.50, interval 0.20 … 0.80 (3 standard errors, 9 runs)");
    cr_expect(eq(str,
                 read_file("build/recorded/report/files/1-toy/halves.tsv",
                           NULL),
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

// Whatever is put into text, tables, code and names, the page shows.
Test(safety, nothing_written_becomes_markup, .init = enter, .fini = leave)
{
    edit(TOY, "# A toy for `$x$`", "# A toy `" EVIL "` <b> `$x$`");
    edit(TOY, "How large is a half?", "How `" EVIL "` large?");
    edit(TOY, "alt: A line", "alt: " EVIL " A line");
    edit(TOY, "**The line rises.** Its", "**The `" EVIL "`.** `" EVIL "` Its");
    edit(TOY, "column x: the whole", "column x: `" EVIL "` the whole");
    edit(TOY, "column half: its half", "column " EVIL "\ncolumn half: half");
    edit(TOY, "exact.** Twice", "`" EVIL "`.** Twice `" EVIL "`");
    append(TOY, "\n<script>x</script> [`" EVIL "`](javascript:x) <b " EVIL "\n"
                "## `" EVIL "`\n\n[a](</x\"'<b> \"t\"'<b\")\n\n"
                "```math eq:evil def\n\\text{<script>'\"]]></style>}\n```\n");
    edit(RESULTS "halves.tsv", NULL,
         "x\t" EVIL "\thalf\n" EVIL "\t" EVIL "\t1\n0\tinf\t-inf\n");
    edit(CODE, "no comment", EVIL);
    edit(CODE, "\"%g\\n\"", "\"" EVIL);
    edit(CODE, "#include <stdio.h>", "#define X " EVIL "\n/*" EVIL "*/");
    edit(VALUES, "draws\t20000\t0\t1\t1\texact",
         "draws\t20000\t0\t1\t" EVIL "\t" EVIL);
    append(VALUES, EVIL "\t1\t0\t1\t" EVIL "\texact\n");
    edit(CLAIMS, "ten roundings", EVIL);
    append("tests/1-toy.c", "Test(" EVIL ", x) {}\n"
                            "Test(\"" EVIL "\", \"" EVIL "\") {}\n");
    append(CODE, "\nenum { \"" EVIL "\" };\n");
    edit(RESULTS "run.tsv", "A <processor>", EVIL "\nx\t" EVIL);
    for (int i = 0; i < 6; i++)
        edit(RESULTS "run.tsv",
             ((const char *[]){"2026-01-01", "24 GB", "gcc", "-O3",
                               "0123456789abcdef", "seed\t1"})[i],
             i < 5 ? EVIL : "seed\t" EVIL);
    edit("chapters/bibliography.tsv",
         "Knuth\tLiterate programming\t1984\tThe "
         "Computer Journal 27\tdoi 10.1093",
         EVIL "\t" EVIL "\t" EVIL "\t" EVIL "\tdoi " EVIL);
    edit("build/commits.tsv", NULL,
         "stem\thash\tdate\tsubject\n1-toy\t" EVIL "\t" EVIL "\t" EVIL "\n");
    edit("CITATION.cff", NULL, "x\nversion: " EVIL "\n");
    edit("figures/1-toy/line.gp", "halves.tsv", "h'<b>&.tsv\" \"halves.tsv");
    edit(RESULTS "h'<b>&.tsv", NULL, "x\n");
    edit(LINE, "id=\"gnuplot_canvas\"",
         "id=\"c\" onload=\"x\" title='\"><script>x</script>'");
    cr_assert(eq(int, run(""), 0), "%s", err);
    check_pages();
    if (getenv("SHOW"))
        fputs(visible("build/report/1-toy.html"), stderr);
}
