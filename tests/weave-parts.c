// Tests of weave's parts: the lexer, numbers, tables, figures, letters of
// formulas, outcomes of tests, numbers in prose.
#include "fixtures/tree.h"
#include <math.h>

// Parts read files, and tell their faults on stderr.
static void in_a_folder(void)
{
    cr_assert(mkdtemp(place) && chdir(place) == 0);
    cr_assert(freopen("err.txt", "w", stderr) != NULL);
}

static void out_of_it(void)
{
    shell(form("rm -rf %s", place));
    forget();
}

// What has been told since the last call.
static char *told(void)
{
    static size_t before;
    fflush(stderr);
    char *s = read_file("err.txt", NULL) + before;
    before += strlen(s);
    return s;
}

static const char *file_of(const char *text)
{
    write_file("text", text, strlen(text));
    return "text";
}

// ---- tokens -----------------------------------------------------------------

TestSuite(lexer, .init = in_a_folder, .fini = out_of_it);

struct pair {
    const char *from, *to;
};

// A letter a token: Name, Keyword, number 1, String, Comment, Directive, or
// the mark itself.
static char *kinds(const struct source *s)
{
    struct text t = {0};
    for (int i = 0; i < s->count; i++)
        putn(&t,
             s->tokens[i].kind == MARK ? s->text + s->tokens[i].start
                                       : &"NK1SCD"[s->tokens[i].kind],
             1);
    return all(&t);
}

Test(lexer, knows_strings_comments_and_directives_from_each_other)
{
    static const struct pair cases[] = {
        {"int x = 1;", "KN=1;"},
        {"s = \"/* no */\" \"// no\";", "N=SS;"},
        {"/* \"no\" 'no' */ a // \"no\n b", "CNCN"},
        {"c = '\"'; d = '\\''; e = '//';", "N=S;N=S;N=S;"},
        {"\"a \\\" b\" x \"a\\\\\" y", "SNSN"},
        {"\"over \\\n lines\" x", "SN"},
        {"L\"wide\" u8\"utf\"", "NSNS"},
        {"#define A {( \\\n  } \\\n  )\nb", "DN"},
        {"#include <a//b.h>\nx", "DCN"},
        {"#define U \"http://x\" // why\nb", "DCN"},
        {"#define G \"/*\" '\"' {\nb", "DN"},
        {"#define A /* { */ { // {\nb", "DCDCN"},
        {"#define A /* over\nlines */ {\nb", "DCDN"},
        {"  # pragma omp\n#\n# if 1\nx # y", "DDDN#N"},
        {"1.5e-3f + 0x1p+2 + .5 + 1'000", "1+1+1+1S"},
        {"a->b ... x", "N->N...N"},
        {"uint64_t size_t FILE while _Bool x_while", "KKKKKN"},
        {"/* no end", "C"},
        {"/*/ x", "C"},
        {"\"no end\nx", "SN"},
        {"'no end", "S"},
        {"\"trigraph \?\?/\" x", "SN"},
        {"#define A {\n#define B { ( /*\nint x;", "DDC"},
        {"\"ends in \\", "S"},
        {"// ends in \\", "C"},
        {"Größe @ `", "N\xc3\xb6\xc3\x9fN@`"},
        {"", ""},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        cr_expect(eq(str, kinds(read_source(file_of(cases[i].from))),
                     (char *)cases[i].to),
                  "%s", cases[i].from);
}

Test(lexer, counts_lines_over_comments_strings_and_directives)
{
    struct source *s = read_source(file_of("a /* two\nlines */ b\n\"x \\\ny\" "
                                           "c\n#define \\\n z\nd\r\ne"));
    static const int lines[] = {1, 1, 2, 3, 4, 5, 7, 8};
    for (int i = 0; i < s->count; i++)
        cr_expect(eq(int, s->tokens[i].line, lines[i]), "token %d", i);
    cr_expect(eq(int, s->count, 8));
}

// ---- items ------------------------------------------------------------------

// "name 3-7" each, a function with parentheses.
static char *items(const char *text)
{
    struct source *s = read_source(file_of(text));
    struct text t = {0};
    for (int i = 0; i < s->items.n; i++) {
        const struct item *it = s->items.at[i];
        putf(&t, "%s%s%s %d-%d", i ? ", " : "", it->name,
             it->is_function ? "()" : "", it->line, it->last_line);
    }
    return all(&t);
}

Test(lexer, finds_what_a_file_defines)
{
    static const struct pair cases[] = {
        {"int f(void);\nint f(void)\n{\n    return 1;\n}\n", "f() 2-5"},
        {"static double f(int n, const double x[n], double y[static 2][n])\n"
         "{ if (n) { } }\n",
         "f() 1-2"},
        {"struct a *make(int n) { return 0; }", "make() 1-1"},
        {"static struct { int n; } par = { 1 };", "par 1-1"},
        {"static struct {\n    int n;\n} par = {\n    .n = 1\n}, other;",
         "par 1-5"},
        {"struct a { int x; };\nunion b { int x; };\nenum c { X, Y = 2 };",
         "a 1-1, b 2-2, c 3-3"},
        {"enum { FIRST, SECOND };\nenum /* c */ { /* d */ OTHER };",
         "FIRST 1-1, OTHER 2-2"},
        {"typedef struct { int x; } thing;\ntypedef struct a { int x; } b;\n"
         "typedef unsigned long word;",
         "thing 1-1, a 2-2, word 3-3"},
        {"int a, b;\nstatic int c = 3, d;\ndouble e[2][3] = {{1}};\n"
         "extern int g;",
         "a 1-1, c 2-2, e 3-3, g 4-4"},
        {"struct a x = { .y = f(1), .z = { 2 } };", "x 1-1"},
        {"const struct a x[] = {\n    [0] = {1},\n    [1] = {2},\n};", "x 1-4"},
        {"double *v = (double[]){1, 2};\nint x = (1);", "v 1-1, x 2-2"},
        {"double (*act)(double) = relu;\nmy_t (*g)(int), h;", "act 1-1, g 2-2"},
        {"static double (*const table[2])(double) = { a, b };", "table 1-1"},
        {"typedef double (*function)(double);\ntypedef my_t fn(int);",
         "function 1-1, fn 2-2"},
        {"static double (*choose(int k))(double)\n{\n    return a;\n}",
         "choose() 1-4"},
        {"__attribute__((constructor)) static void f(void) {}", "f() 1-1"},
        {"void f(void) __attribute__((noreturn));\n"
         "struct a { char c; } __attribute__((packed));",
         "a 2-2"},
        {"static int f(void) __attribute__((cold))\n{\n}\nint x;",
         "f() 1-3, x 4-4"},
        {"_Static_assert(sizeof(int) == 4, \"x\");\nint y;", "y 2-2"},
        {"#define BEGIN {\n#define F(x) ((x) +\nint f(int x)\n{\n}\n",
         "f() 3-5"},
        {"#include <a.h>\nint x; // trailing\nint y;", "x 2-2, y 3-3"},
        {"Test(suite, name, .description = \"eq:x\")\n{\n    f();\n}\nint x;",
         "Test() 1-4, x 5-5"},
        {"enum { \"<b>\" };\nenum { /* no end", ""},
        {"enum { ) ;", ""},
        {"int x;\nint x;\nint x(void) {}", "x 1-1, x 2-2, x() 3-3"},
        {"int f(void)\n{\n", ""},
        {"}\n)\nint x;", ""},
        {";;;", ""},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        cr_expect(eq(str, items(cases[i].from), (char *)cases[i].to), "%s",
                  cases[i].from);
}

Test(lexer, takes_the_comment_above_but_not_the_rule)
{
    static const struct pair cases[] = {
        {"// ---- rule ----\n\n// Half.\n// Of x.\nint f(void) {}", "f() 3-5"},
        {"/* Block\n   of two. */\nint f(void) {}", "f() 1-3"},
        {"int x; // of x\nint y;", "x 1-1, y 2-2"},
        {"int x; // of x\n// Of y.\nint y;", "x 1-1, y 2-3"},
        {"// apart\n\nint x;", "x 3-3"},
        {"#define A 1 // of A\nint x;", "x 2-2"},
        {"#define A 1\n// Of x.\nint x; /* behind */", "x 2-3"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        cr_expect(eq(str, items(cases[i].from), (char *)cases[i].to), "%s",
                  cases[i].from);
}

// ---- colour -----------------------------------------------------------------

static char *link_to(struct item *from, const char *name)
{
    if (!from)
        return strcmp(name, "eq:x") == 0 ? "#eq" : NULL;
    if (!name)
        return from->is_function ? "id" : NULL;
    return strcmp(name, "f") == 0 ? "#f" : NULL;
}

static char *coloured(const char *text, int first, int last)
{
    struct text t = {0};
    highlight(&t, read_source(file_of(text)), first, last, link_to);
    return all(&t);
}

#define L(n, line) "<span class=\"l\" data-n=\"" #n "\">" line "</span>\n"
#define C(class, text) "<span class=\"" #class "\">" text "</span>"

Test(lexer, sets_lines_in_colour_and_links_names)
{
    cr_expect(eq(str,
                 coloured("int f(void)\n{\n\tf(a.f, b->f, f); /* <\n"
                          "&eq:x, freq:x */\n}",
                          1, 5),
                 L(1, C(k, "int") " <span class=\"d\" id=\"id\">f</span>(" C(
                          k, "void") ")") L(2, "{")
                     L(3, "\t<a href=\"#f\">f</a>(a.f, b-&gt;f, <a "
                          "href=\"#f\">f</a>); " C(c, "/* &lt;"))
                         L(4, C(c, "&amp;") C(c, "<a href=\"#eq\">eq:x</a>")
                                  C(c, ", freq:x */")) L(5, "}")));
    // A part; a local variable of the function's name is no link.
    cr_expect(eq(str,
                 coloured("int g(int f)\n{\n    char *s = \"a\\\n<b\";\n"
                          "    int f = 1;\n}\n",
                          3, 5),
                 L(3, "    " C(k, "char") " *s = " C(s, "&quot;a\\"))
                     L(4, C(s, "&lt;b&quot;") ";")
                         L(5, "    " C(k, "int") " f = " C(n, "1") ";")));
    cr_expect(eq(str, coloured("/* a\nb\nc */ int x;", 2, 2), L(2, "b")));
    cr_expect(eq(str, coloured("", 1, 1), L(1, "")));
}

// ---- tests and their outcomes -----------------------------------------------

static char *tests_of(const char *source, const char *xml)
{
    struct list tests = {0};
    struct text t = {0};
    write_file("t.c", source, strlen(source));
    remove("t.xml");
    if (xml)
        write_file("t.xml", xml, strlen(xml));
    read_tests("t.c", "t.xml", &tests);
    for (int i = 0; i < tests.n; i++) {
        const struct test *k = tests.at[i];
        putf(&t, "%d %s/%s [%s]%c ", k->line, k->suite, k->name, k->description,
             "?+-"[k->outcome]);
    }
    return all(&t);
}

#define CASE(name, status) \
    "<testcase name=\"" name "\" assertions=\"1\" " \
    "status=\"" status "\" time=\"0\">\n</testcase>\n"
#define SUITE(name, cases) \
    "<testsuite name=\"" name "\" tests=\"1\">" cases "</testsuite>"

Test(lexer, reads_tests_and_joins_them_with_their_outcomes)
{
    const char *source =
        "// Test(no, no)\n#define T Test(no, no)\nchar *s = \"Test(no, no)\";\n"
        "Test(a, good, .description = \"eq:x \" // why\n \"eq:y\") { }\n"
        "Test(a, bad, .timeout = 1, .description = \"eq:z\") { f(\"}\"); }\n"
        "Test(b, good) { }\n"
        "ParameterizedTest(struct x *x, b, many, .description=\"eq:m\") { }\n"
        "Test(b, crashes) { }\nTest(b, skipped) { }\nTest(b, is_new) { }\n";
    const char *xml =
        "<testsuites name=\"Criterion Tests\">" SUITE("a",
                                                      CASE("good", "PASSED")
                                                          CASE("bad", "FAILED"))
            SUITE("b",
                  CASE("good", "FAILED") CASE("many", "PASSED")
                      CASE("many", "FAILED") CASE("many", "PASSED")
                          CASE("crashes", "ERRORED")
                              CASE("skipped", "SKIPPED")) "</testsuites>\n";
    cr_expect(eq(str, tests_of(source, xml),
                 "4 a/good [eq:x eq:y]+ 6 a/bad [eq:z]- 7 b/good []- 8 b/many "
                 "[eq:m]- "
                 "9 b/crashes []- 10 b/skipped []? 11 b/is_new []? "));
    cr_expect(eq(str, tests_of("Test(a, b) {}", NULL), "1 a/b []? "));
    cr_expect(eq(str, told(), ""));
    cr_expect(eq(str,
                 tests_of("Test(a, b) {}\nTest(c",
                          SUITE("a", CASE("b", "PASSED"))),
                 "1 a/b []+ "));
    static const char cut[] =
        "t.xml: cut short: run the tests again: make test\n";
    cr_expect(eq(str, told(), (char *)cut));
    // Damaged in other ways: what cannot be read has not run.
    static const char *const damaged[] = {
        "",
        "<",
        "<testcase ",
        "<testsuite name=\"a",
        "</testsuites>",
        "<testcase name=\"b\" status=\"PASSED\">",
        "<testsuite name=\"a\"><testcase status=\"b\" name=\"c\"/>",
        "\x01\xff<testsuite  name=\"a\"/><testcase name=\"\" status=\"\"/>"};
    for (int i = 0; i < 8; i++)
        cr_expect(eq(str, tests_of("Test(a, b) {}", damaged[i]), "1 a/b []? "));
    told();
    // Names that are none, and too few of them.
    cr_expect(eq(str, tests_of("Test(a, d, .description = \"eq:x\" \"\n", NULL),
                 "1 a/d [eq:x]? "));
    cr_expect(eq(str,
                 tests_of("Test(\"<b>\", x) {} Test(a, /**/ <) Test(a, b)\n"
                          "Test(a /**/ /**/",
                          NULL),
                 "1 a/b []? "));
}

// ---- numbers ----------------------------------------------------------------

TestSuite(numbers, .init = in_a_folder, .fini = out_of_it);

#define M "\u2212" // minus
#define T "\u202f" // thin space between groups
#define TEN(n) "10<sup>" n "</sup>"

struct shown {
    double x;
    const char *format, *as;
};

static const struct shown shown[] = {
    // Without a format: whole numbers whole, others with three digits.
    {0, NULL, "0"},
    {-0.0, NULL, "0"},
    {1, NULL, "1"},
    {-3, NULL, M "3"},
    {1234, NULL, "1234"},
    {12345, NULL, "12" T "345"},
    {-1234567, NULL, M "1" T "234" T "567"},
    {999999999999999, NULL, "999" T "999" T "999" T "999" T "999"},
    {1e15, NULL, TEN("15")},
    {2.5e15, NULL, "2.5 × " TEN("15")},
    {0.1, NULL, "0.1"},
    {0.12345, NULL, "0.123"},
    {-0.5, NULL, M "0.5"},
    {123.456, NULL, "123"},
    {9999.5, NULL, TEN("4")},
    {12345.6, NULL, "1.2 × " TEN("4")},
    {0.001, NULL, "0.001"},
    {1e-5, NULL, TEN(M "5")},
    {-1e-5, NULL, M TEN(M "5")},
    {1.5e-13, NULL, "1.5 × " TEN(M "13")},
    {1e300, NULL, TEN("300")},
    // With one: printf's digits, a true minus, powers of ten.
    {1.005, "%d", "1"},
    {20000, "%d", "20000"},
    {20000, "%'d", "20" T "000"},
    {-1234.5, "%'.1f", M "1234.5"},
    {12345.67, "%'.1f", "12" T "345.7"},
    {3, "%+d", "+3"},
    {2.0 / 3, "%.3f", "0.667"},
    {1.5, "%.0f", "2"},
    {12.34, "%.1f%%", "12.3%"},
    {12.34, "%.1f %%", "12.3 %"},
    {12345, "%.1e", "1.2 × " TEN("4")},
    {1e-7, "%.0e", TEN(M "7")},
    {1, "%.1e", "1.0 × " TEN("0")},
    {1e7, "%g", TEN("7")},
    {123456, "%g", "123456"},
    {0.000012, "%.1g", TEN(M "5")},
    {-0.04, "%.1f", "0.0"},
    {-0.0, "%d", "0"},
    {-0.06, "%.1f", M "0.1"},
    {-10, "%d", M "10"},
    {-0.001, "%.1e", M "1.0 × " TEN(M "3")},
    // Without a number, with any format.
    {NAN, "%.1f", "not a number"},
    {INFINITY, NULL, "∞"},
    {-INFINITY, "%d", "−∞"},
    // No format at all: more than one, none, one of another type, with text.
    {1, "", NULL},
    {1, "%", NULL},
    {1, "%%", NULL},
    {1, "1", NULL},
    {1, "%d %d", NULL},
    {1, "%s", NULL},
    {1, "%n", NULL},
    {1, "%i", NULL},
    {1, "%ld", NULL},
    {1, "%.d", NULL},
    {1, "%.2d", NULL},
    {1, "%*d", NULL},
    {1, "%5d", NULL},
    {1, "%.100f", NULL},
    {1, "%a", NULL},
    {1, "%d%", NULL},
    {1, "%d<b>", NULL},
    {1, "x%d", NULL},
    {1, "%1$d", NULL},
};

Test(numbers, are_set_as_a_page_writes_them)
{
    for (int i = 0; i < (int)(sizeof shown / sizeof *shown); i++) {
        const struct shown *s = shown + i;
        char *as = number(s->x, s->format);
        cr_expect(s->as ? as && strcmp(as, s->as) == 0 : as == NULL,
                  "%g by %s is %s, not %s", s->x, s->format, as, s->as);
    }
}

Test(numbers, typed_in_prose_are_those_of_three_digits)
{
    static const struct {
        const char *text;
        int at;
    } cases[] = {
        {"3.14", 0},
        {"12,500", 0},
        {"a 128 b", 2},
        {"(0.123)", 1},
        {"1/128", 2},
        {"ends 3.14.", 5},
        {"3.1.2", 0},
        {"101,", 0},
        {"0.0500", 0},
        {"12 and 345", 7},
        {"×128", 2},
        {"1e10 123", 5},
        {"", -1},
        {"none", -1},
        {"1000", -1},
        {"0.05", -1},
        {"12", -1},
        {"1,000,000", -1},
        {"in 1984, 2024", -1},
        {"LLaMA2-70B", -1},
        {"GPT-4096", -1},
        {"x_128", -1},
        {"A100", -1},
        {"128k", -1},
        {"128-bit", -1},
        {"0.001", -1},
        {"...", -1},
        {"1.5", -1},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        cr_expect(eq(int, prose_number(cases[i].text), cases[i].at), "%s",
                  cases[i].text);
}

// ---- tables -----------------------------------------------------------------

// "a|b;1|2;" of a table, or "none".
static char *cells(const char *text, size_t n)
{
    struct text out = {0};
    write_file("t.tsv", text, n);
    struct tsv *t = read_tsv("t.tsv");
    if (!t)
        return "none";
    for (int j = 0; j < t->columns; j++)
        putf(&out, "%s%s", j ? "|" : "", t->column[j]);
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < t->columns; j++)
            putf(&out, "%c%s", j ? '|' : ';', t->row[i][j]);
    return all(&out);
}

Test(numbers, in_tables_are_read_whole_or_not_at_all)
{
    static const struct {
        const char *text, *cells, *told;
        int zeros; // at the end
    } cases[] = {
        {"a\tb\n1\t2\n", "a|b;1|2", "", 0},
        {"a\tb\n1\t2", "a|b;1|2", "", 0},
        {"a\tb\r\n1\t2\r\n", "a|b;1|2", "", 0},
        {"\xef\xbb\xbf"
         "a\tb\r1\t2\r",
         "a|b;1|2", "", 0},
        {"a\n\xc3\xa4\xf0\x9f\x98\x80\n", "a;\xc3\xa4\xf0\x9f\x98\x80", "", 0},
        {"a\nb\xe4\n", "none",
         "t.tsv:2: not UTF-8, the byte 0xE4: save the file as UTF-8\n", 0},
        {"a\xc0\x80", "none",
         "t.tsv:1: not UTF-8, the byte 0xC0: save the file as UTF-8\n", 0},
        {"a\xed\xa0\x80", "none",
         "t.tsv:1: not UTF-8, the byte 0xED: save the file as UTF-8\n", 0},
        {"a\xf4\x90\x80\x80", "none",
         "t.tsv:1: not UTF-8, the byte 0xF4: save the file as UTF-8\n", 0},
        {"a\xe2\x82", "none",
         "t.tsv:1: not UTF-8, the byte 0xE2: save the file as UTF-8\n", 0},
        {"a\n\x1b[31m", "none",
         "t.tsv:2: a control character, 0x1B: take it out\n", 0},
        {"a\tb\n\t\n", "a|b;|", "", 0},
        {"a\n\n", "a;", "", 0},
        {"a [B]\n", "a [B]", "", 0},
        {"a\tb\n1\n", "none",
         "t.tsv:2: 1 field where the head has 2, set apart by tabs\n", 0},
        {"a\n1\n1\t2\t3\n", "none",
         "t.tsv:3: 3 fields where the head has 1, set apart by tabs\n", 0},
        {"a\tb\n1\t2\n\n", "none",
         "t.tsv:3: 1 field where the head has 2, set apart by tabs\n", 0},
        {"", "none", "t.tsv: an empty table\n", 0},
        {"a\nb", "none", "t.tsv:2: a NUL byte, so this is no text\n", 1},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        char *got =
            cells(cases[i].text, strlen(cases[i].text) + cases[i].zeros);
        cr_expect(eq(str, got, (char *)cases[i].cells), "case %d", i);
        cr_expect(eq(str, told(), (char *)cases[i].told), "case %d", i);
    }
    cr_expect(read_tsv("absent.tsv") == NULL);
    cr_expect(read_tsv(".") == NULL);
    cr_expect(eq(str, told(), ""));
}

Test(numbers, of_a_run_are_found_by_name)
{
    const char *values = "name\tvalue\tse\truns\tunit\tkind\n"
                         "a\t1.5\t0.1\t20\tB\tsampled\nb\t-\t\t-\t-\texact\n";
    write_file("r/x.values.tsv", values, strlen(values));
    struct results *r = read_results("r");
    struct value *a = find_value(r, "a"), *b = find_value(r, "b");
    cr_expect(a && a->x == 1.5 && a->se == 0.1 && a->runs == 20);
    cr_expect(eq(str, (char *)a->file, "x.values.tsv"));
    cr_expect(b && b->x == 0 && b->se == 0 && b->runs == 0);
    cr_expect(find_value(r, "c") == NULL);
    cr_expect(find_verdict(r, "a") == NULL);
    cr_expect(eq(str, (char *)missing(r), "not run yet")); // no run.tsv
    cr_expect(eq(str, (char *)about(r, "seed"), ""));
    write_file("r/run.tsv", "key\tvalue\nseed\t7\n", 17);
    r = read_results("r");
    cr_expect(missing(r) == NULL);
    cr_expect(eq(str, (char *)about(r, "seed"), "7"));
    cr_expect(eq(str, (char *)missing(read_results("absent")), "not run yet"));
    cr_expect(eq(str, told(), ""));
}

// ---- figures ----------------------------------------------------------------

TestSuite(figures, .init = in_a_folder, .fini = out_of_it);

#define SVG(box, in) \
    "<?xml version=\"1.0\"?>\n<svg\n width=\"9\" viewBox=\"" box \
    "\" onload='x' >\n" in "</svg>\n<!-- behind -->"
#define DRAWN(box, in) \
    "<svg viewBox=\"" box "\" role=\"img\" aria-label=\"" \
    "A &lt;b&gt;\"> " in "</svg>"
#define PNG "data:image/png;base64,iVBORw0KGgo="

static const struct pair drawings[] = {
    {"<g id='a'/>", "<g id=\"f-a\"/>"},
    {"<use xlink:href='#a' href=\"#b\"/>",
     "<use href=\"#f-a\" href=\"#f-b\"/>"},
    {"<g clip-path='url(#c)' fill='url(#d)'/>", "<g clip-path=\"url(#f-c)\" "
                                                "fill=\"url(#f-d)\"/>"},
    {"<g fill='#0072b2' stroke='rgb(213,  94,   0)' color='black'/>",
     "<g fill=\"var(--c1)\" stroke=\"var(--c2)\" color=\"var(--ink)\"/>"},
    {"<g fill='#009E73' stop-color='gray' stroke='#fefefe'/>",
     "<g fill=\"var(--c3)\" stop-color=\"var(--grid)\" stroke=\"none\"/>"},
    {"<g fill='rgb(1,2,3)' stroke='rgb(1,2,999)' color='currentColor'/>",
     "<g fill=\"#010203\" stroke=\"rgb(1,2,999)\" color=\"currentColor\"/>"},
    {"<g class='#0072b2' width='black'/>",
     "<g class=\"#0072b2\" width=\"black\"/>"},
    {"<g font-family='Arial' onclick='x' xmlns:xlink='http://w3.org'/>",
     "<g/>"},
    {"<text font-size='15.00'><tspan font-size='12.0'>a</tspan></text>",
     "<text font-size=\"15.00\"><tspan style=\"font-size:0.8em\">a</tspan>"
     "</text>"},
    {"<g font-size='10'><text><tspan font-size='15'>a</tspan></text></g>",
     "<g font-size=\"10\"><text><tspan style=\"font-size:1.5em\">a</tspan>"
     "</text></g>"},
    {"<image width='2' xlink:href='" PNG "'/>",
     "<image width=\"2\" href=\"" PNG "\"/>"},
    {"<text title='\"<b>\"'>x &lt; y\n\t z</text>",
     "<text title=\"&quot;&lt;b&gt;&quot;\">x &lt; y z</text>"},
    {"<title>Gnuplot</title>\n<desc>It's > \"</desc><filter id='x'><fe/>"
     "</filter><g/>",
     "<g/>"},
    {"<!-- it's > \" --><g/><!DOCTYPE x>", "<g/>"},
    {"<g\n\td = \"M0,0\n L1\"\n></g>", "<g d=\"M0,0\n L1\"></g>"},
};

Test(figures, are_made_fit_for_the_page)
{
    int wide;
    for (int i = 0; i < (int)(sizeof drawings / sizeof *drawings); i++) {
        char *svg = form(SVG("0 0 640 350", "%s"), drawings[i].from);
        char *as = form(DRAWN("0 0 640 350", "%s"), drawings[i].to);
        cr_expect(eq(str, figure(file_of(svg), "f", "A <b>", &wide), as), "%s",
                  drawings[i].from);
        cr_expect(eq(int, wide, 0));
    }
    cr_expect(eq(str,
                 figure(file_of(SVG("-1 -2.5 960 310", "")), "f", "A <b>",
                        &wide),
                 DRAWN("-1 -2.5 960 310", "")));
    cr_expect(eq(int, wide, 1));
    cr_expect(eq(str, told(), ""));
}

Test(figures, that_are_damaged_or_reach_out_are_refused)
{
    static const struct pair cases[] = {
        {SVG("0 0 0 350", ""), "no viewBox; draw it again"},
        {SVG("0 0 640", ""), "no viewBox; draw it again"},
        {"<svg viewBox='0 0 1 1'><g>", "not a whole SVG file; draw it again"},
        {"", "not a whole SVG file; draw it again"},
        {SVG("0 0 1 1", "<g a='x></g>"), "a tag without an end; draw it again"},
        {SVG("0 0 1 1", "<g><use>"),
         "</svg> ends what is not open; draw it again"},
        {SVG("0 0 1 1", "<!-- <g/>"), "not every tag ends; draw it again"},
        {SVG("0 0 1 1", "<g a>"), "an attribute of <g> does not parse; draw "
                                  "it again"},
        {SVG("0 0 1 1", "<script/>"), "<script> in a figure; draw it without"},
        {SVG("0 0 1 1", "<use href='javascript:x'/>"),
         "a link out of the figure: javascript:x"},
        {SVG("0 0 1 1", "<use XLINK:HREF='x.svg'/>"),
         "a link out of the figure: x.svg"},
        {SVG("0 0 1 1", "<SCRIPT/>"), "<SCRIPT> in a figure; draw it without"},
        {SVG("0 0 1 1", "<titles/>"), "<titles> in a figure; draw it without"},
        {SVG("0 0 1 1", "<iframe src='x'/>"),
         "<iframe> in a figure; draw it without"},
        {SVG("0 0 1 1", "<g/><b></b>"), "<b> in a figure; draw it without"},
        {SVG("0 0 1 1", "</svg><image href='" PNG "'/>"),
         "<image> in a figure; draw it without"},
        {SVG("0 0 1 1", "<g></text>"),
         "</text> ends what is not open; draw it again"},
        {SVG("0 0 1 1", "<g x'><script>x</script>'y='z'/>"),
         "an attribute of <g> does not parse; draw it again"},
        {SVG("0 0 1 1", "<g =''/>"),
         "an attribute of <g> does not parse; draw it again"},
        {SVG("0 0 1 1", "<g fill='URL(//x/y)'/>"),
         "a link out of the figure: URL(//x/y)"},
        {SVG("0 0 1 1", "<g fill='url(#a) url(//x)'/>"),
         "a link out of the figure: url(#a) url(//x)"},
        {SVG("0 0 1 1", "<g style='fill:image-set(\"//x\")'/>"),
         "a link out of the figure: fill:image-set(\"//x\")"},
        {SVG("0 0 1 1", "<g STYLE='fill:\\75rl'/>"),
         "a link out of the figure: fill:\\75rl"},
        {SVG("0 0 1 1", "<title>x"), "not every tag ends; draw it again"},
        {SVG("0 0 1 1", "<image href='data:image/svg+xml,x'/>"),
         "a link out of the figure: data:image/svg+xml,x"},
        {SVG("0 0 1 1", "<g style='fill:url(//x/y)'/>"),
         "a link out of the figure: fill:url(//x/y)"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        char *path = form("%d.svg", i);
        int wide = 1;
        write_file(path, cases[i].from, strlen(cases[i].from));
        figure(path, "f", "", &wide);
        cr_expect(eq(str, told(), form("%s: %s\n", path, cases[i].to)), "%s",
                  cases[i].from);
    }
}

// ---- formulas ---------------------------------------------------------------

TestSuite(formulas, .init = in_a_folder, .fini = out_of_it);

Test(formulas, have_these_letters)
{
    static const struct pair cases[] = {
        {"h=\\frac{x}{2}", "h x"},
        {"x_i + x_j x", "x i j"},
        {"\\alpha\\beta_\\theta \\ell", "alpha beta theta ell"},
        {"\\boldsymbol\\Sigma\\mathbb R\\mathcal{L}", "Sigma R L"},
        {"\\text{if } x \\operatorname*{arg max} y \\mathrm{d}z", "x y z"},
        {"\\textcolor{red}{q}\\color{red} p", "q p"},
        {"\\begin{aligned}a&=b\\\\[4pt]c\\end{aligned}", "a b c"},
        {"\\begin{array}{cc}a&b\\end{array}", "a b"},
        {"\\left(\\log x\\right)\\hspace{2em}\\,y", "x y"},
        {"\\\\alpha", "a l p h"},
        {"", ""},
        {"\\", ""},
        {"\\text{open", ""},
        {"12.5 \\{\\} ∂ü", ""},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        struct list l = {0};
        struct text t = {0};
        letters(cases[i].from, &l);
        for (int k = 0; k < l.n; k++)
            putf(&t, "%s%s", k ? " " : "", (char *)l.at[k]);
        cr_expect(eq(str, all(&t), (char *)cases[i].to), "%s", cases[i].from);
    }
}

static char *repeated(const char *s, int n, const char *middle, const char *end)
{
    struct text t = {0};
    for (int i = 0; i < n; i++)
        put(&t, s);
    put(&t, middle);
    for (int i = 0; i < n; i++)
        put(&t, end);
    return all(&t);
}

Test(formulas, have_limits)
{
    math_open("cache", file_of("% "
                               "none\n\n\\newcommand{\\half}[1]{\\tfrac{#1}{2}}"
                               "\n\\def\\x{1}\n"
                               "\\newcommand{\\y}{1}1\n"));
    cr_expect(eq(str, told(),
                 "text:4: not \\newcommand{\\name}[n]{body}\n"
                 "text:5: not \\newcommand{\\name}[n]{body}\n"));
    cr_expect(eq(int, count(math("f", 1, "\\half{x}", 0), "<mfrac>"), 1));
    // Just within the limits; KaTeX itself has none.
    cr_expect(strlen(math("f", 2, repeated("{", 100, "x", "}"), 0)) > 0);
    cr_expect(strlen(math("f", 3, repeated(" ", 8191, "x", ""), 0)) > 0);
    cr_expect(strlen(math("f", 4, "a\\{\\\\def \\{\\default", 0)) == 0);
    cr_expect(eq(str, told(),
                 "f:4: formula: Undefined control sequence: "
                 "\\default at position 12: a\\{\\\\def \\{\\̲d̲e̲f̲a̲u̲l̲t̲\n"));
    static const struct pair cases[] = {
        {"\\def\\a{}",
         "\\def is not allowed; macros go to chapters/macros.tex"},
        {"\\gdef\\a{}", "\\gdef is not allowed; macros go to "
                        "chapters/macros.tex"},
        {"\\newcommand\\a{}", "\\newcommand is not allowed; macros go to "
                              "chapters/macros.tex"},
        {"x\\url{a}", "\\url is not allowed"},
        {"\\char`a", "\\char is not allowed"},
        {"\\includegraphics{a}", "\\includegraphics is not allowed"},
        {"\\htmlStyle{a}{b}", "\\htmlStyle is not allowed"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        cr_expect(eq(str, math("f", i, cases[i].from, 1), ""));
        cr_expect(strstr(told(), cases[i].to) != NULL, "%s", cases[i].from);
    }
    math("f", 5, repeated("{", 101, "x", "}"), 0);
    cr_expect(eq(str, told(), "f:5: formula: braces more than 100 deep\n"));
    math("f", 6, repeated(" ", 8192, "x", ""), 0);
    cr_expect(eq(str, told(),
                 "f:6: formula: longer than 8192 bytes; split "
                 "it\n"));
    math("f", 7,
         form("\\begin{matrix}\\&%s\\end{matrix}", repeated("&", 100, "x", "")),
         0);
    cr_expect(eq(str, told(), "f:7: formula: more than 100 columns\n"));
    math("f", 8,
         form("\\begin{matrix}%s\\end{matrix}",
              repeated("&&&\\\\", 60, "x", "")),
         0);
    cr_expect(eq(str, told(), ""));
    math_close();
}

// What is as long as a formula may be, and hard on KaTeX, is set or refused in
// seconds, and the formula after it is set.
Test(formulas, that_are_hard_end_in_time, .timeout = 300)
{
    static const struct {
        const char *piece, *middle, *end;
    } cases[] = {
        {"\\left(", "x", "\\right)"},
        {"\\sqrt", "x", ""},
        {"\\sqrt{", "x", "}"},
        {"\\frac{1}{", "x", "}"},
        {"x^", "x", ""},
        {"a", "b", ""},
        {"'", "", ""},
        {"\\nosuch", "", ""},
        {"\\begin{matrix}", "x", "\\end{matrix}"},
        {"\\text{$", "x", "$}"},
        {"\\dfrac12", "", ""},
        {"}", "", ""},
        {"\\begingroup", "", ""},
        {"\\expandafter", "x", ""},
        {"#1", "", ""},
        {"~", "", ""},
        {"$", "", ""},
    };
    math_open("cache", "none");
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        int n = 8000 / (strlen(cases[i].piece) + strlen(cases[i].end));
        n = strchr(cases[i].piece, '{') && n > 99 ? 99 : n;
        math("f", i, repeated(cases[i].piece, n, cases[i].middle, cases[i].end),
             0);
        cr_expect(strlen(math("f", i, form("x+%d", i), 0)) > 0, "%s",
                  cases[i].piece);
    }
    math_close();
}

// ---- text -------------------------------------------------------------------

Test(formulas, and_files_are_rewritten_where_they_differ)
{
    static const char *const texts[] = {"", "a", "b", "ab", "a", ""};
    char *large = repeated("0123456789abcdef", 2048, "", "");
    for (int i = 0; i < 6; i++) {
        char *text = form("%s%s", i % 2 ? large : "", texts[i]);
        write_file("again", text, strlen(text));
        cr_expect(eq(str, read_file("again", NULL), text));
        write_file("again", text, strlen(text));
        text = form("%.*s", (int)strlen(text) / 2, text);
        write_file("again", text, strlen(text));
        cr_expect(eq(str, read_file("again", NULL), text));
    }
}

Test(formulas, and_labels_are_cut_out_of_text)
{
    static const struct pair cases[] = {
        {"see eq:a-b_1, then", "eq:a-b_1"},
        {"freq: eq: (eq:x)", "eq:x"},
        {"seq:x", ""},
        {"eq:", ""},
        {"eq:a.", "eq:a"},
        {"\"eq:a\"", "eq:a"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        char *at = next_label(cases[i].from);
        int n = at ? 3 + name_length(at + 3) : 0;
        cr_expect(eq(str, form("%.*s", n, at ? at : ""), (char *)cases[i].to),
                  "%s", cases[i].from);
    }
    cr_expect(eq(str, html("<a b='c' d=\"e\">&"),
                 "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;"));
    // RFC 4648, section 10.
    cr_expect(eq(str,
                 form("%s %s %s %s", base64("f", 1), base64("fo", 2),
                      base64("foo", 3), base64("foobar", 6)),
                 "Zg== Zm8= Zm9v Zm9vYmFy"));
    // FNV-1a's own test vectors.
    cr_expect(hash("", 0, HASH) == 0xcbf29ce484222325ull);
    cr_expect(hash("foobar", 6, HASH) == 0x85944171f73967e8ull);
    cr_expect(eq(str, without_links("<a b>c</a> <abbr>d</abbr> <a\nx"),
                 "c <abbr>d</abbr> <a\nx"));
}
