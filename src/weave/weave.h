// weave.h: the parts of weave, in the order in which data flows.
//
//     text.c      kept memory, growing text, files, faults
//     tsv.c       tables of results; values, claims, the run
//     lex.c       C sources: tokens, items, Criterion tests, highlighting
//     math.c      formulas, by KaTeX inside Duktape, with a cache
//     svg.c       gnuplot's figures, made fit for the page
//     book.c      chapters, names, sources, tests: what hooks can lead to
//     hooks.c     Markdown with hooks to HTML
//     blocks.c    equations, figures, tables, claims, listings
//     page.c      chapter pages, cover, ledger, reference, the whole book
//     weave.c     main
//
// Memory is kept until the end of the program, and freed there at once.
#ifndef WEAVE_H
#define WEAVE_H
#include <cmark.h>
#include <stddef.h>

// ---- text.c -----------------------------------------------------------------

void *keep(size_t size); // zeroed; lives until forget()
void forget(void);
char *copy(const char *s, size_t n);
char *form(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct text {
    char *s; // ends in 0; never null after the first put
    size_t n, room;
};
void put(struct text *t, const char *s);
void putn(struct text *t, const char *s, size_t n);
void putf(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void puth(struct text *t, const char *s, size_t n); // escaped for HTML
char *html(const char *s);                          // the same, kept
char *all(struct text *t);                          // its string, "" if empty

struct list {
    void **at;
    int n, room;
};
void add(struct list *l, void *p);

struct names { // what is found by its name
    struct named {
        const char *name;
        void *what;
    } * at;
    int n, room;
};
void *find_name(const struct names *t, const char *name); // null: none
// Null, or what had the name before, and keeps it.
void *add_name(struct names *t, const char *name, void *what);

int starts(const char *s, const char *prefix);
char *trim(char *s);  // without blanks at both ends, in place
char *word(char **s); // the next word of *s, cut off in place; null at the end
int name_length(const char *s);  // of letters, digits, - and _ at its start
char *next_label(const char *s); // the first "eq:name" in s, or null
char *line_of(const char *s, int line, size_t *n); // the line-th line, from 1

char *read_file(const char *path, size_t *n); // null if it is not there
int is_text(const char *path, const char *s, size_t n); // a fault if it is not
// The same without a byte order mark, its lines ended by \n; *good: is it text?
char *read_text(const char *path, int *good);
void write_file(const char *path, const char *s, size_t n); // if it differs
void write_later(const char *path, const char *s, size_t n);
// What write_later() was given; pages of this book in the folder that are not
// among it are removed. Null: none.
void write_waiting(const char *folder);
void make_folders(const char *path); // all folders above the last slash
char *base64(const char *s, size_t n);
unsigned long long hash(const char *s, size_t n, unsigned long long h);
#define HASH 0xcbf29ce484222325ull // FNV-1a starts here

// A message `file:line: ...` on stderr, once. A fault makes weave fail in the end.
void fault(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void warn(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
extern int faults, warnings;

// ---- tsv.c ------------------------------------------------------------------

struct tsv {
    const char *path;
    char **column;
    int columns;
    char ***row; // row[i][j]
    int rows;
};
struct tsv *read_tsv(const char *path); // null if absent; faults if ragged
// The same; a fault for each of the columns, "key value", that it lacks.
struct tsv *read_columns(const char *path, const char *names);
int column(const struct tsv *t, const char *name); // -1 if it has none
const char *cell(const struct tsv *t, int row, const char *name); // "" if none

struct value {
    const char *name, *unit, *kind, *file;
    double x, se;
    int runs, used;
};
struct verdict { // a claim as the program judged it
    const char *name, *relation, *reason, *word;
    double measured, se, reference, tolerance;
    int runs;
};
struct results {
    const char *folder;
    int run; // has the program been run?
    struct list values, verdicts;
    struct names value_names, verdict_names;
    struct tsv *about, *experiments; // run.tsv, experiments.tsv
};
struct results *read_results(const char *folder);
void add_results(struct results *r, const char *folder);
struct results *read_expected(const char *path);
struct value *find_value(const struct results *r, const char *name);
struct verdict *find_verdict(const struct results *r, const char *name);
const char *about(const struct results *r, const char *key); // "" if unknown
// Null if the program ran whole; else why what is missing may be so: "not run
// yet", or a skipped experiment's "needs dataset-x".
const char *missing(const struct results *r);

// x as HTML: by a printf format (%d %'d %.2f %.1e %g), or, without one, whole
// numbers in groups of three and others with three digits. Null: bad format.
char *number(double x, const char *format);

// ---- lex.c ------------------------------------------------------------------

enum token_kind { NAME, KEYWORD, NUMBER, STRING, COMMENT, DIRECTIVE, MARK };
struct token {
    enum token_kind kind;
    int start, end; // in the text
    int line;       // from 1
};
struct item { // a function, type or variable of a C file
    struct source *source;
    char *name;
    int is_function;
    int first, last; // tokens, comment included
    int name_token;
    int line, last_line;    // lines, comment included
    struct chapter *quoted; // the page that shows it, and where
    int quoted_line;
    struct list uses, used_by; // items of the same page
};
struct source {
    const char *path;
    char *text;
    struct token *tokens;
    int count;
    struct list items;
    struct names names; // of the items, the first of each name
};
struct source *read_source(const char *path); // null if absent
struct item *find_item(const struct source *s, const char *name);
int is(const struct source *s, int token, const char *text);
char *token_text(const struct source *s, int token);
int spoken(const struct source *s, int token); // next that is not a comment

enum outcome { UNKNOWN, PASSED, FAILED };
struct test {
    const char *suite, *name, *description, *file;
    int line;
    enum outcome outcome;
};
void read_tests(const char *source, const char *xml, struct list *tests);

// Lines first ... last of a source as HTML. `link` gives the address of a name
// used in an item; of a label, if there is no item; the id for the item's own
// name, if there is no name. Null: none.
typedef char *link_of(struct item *from, const char *name);
void highlight(struct text *out, const struct source *s, int first, int last,
               link_of *link);

// ---- math.c -----------------------------------------------------------------

void math_open(const char *cache, const char *macros);
// A formula as HTML and MathML; "" after a fault.
char *math(const char *file, int line, const char *tex, int display);
void math_close(void);
// The letters and Greek names of a formula, each once.
void letters(const char *tex, struct list *to);
int has_letter(const struct list *l, const char *letter);

// ---- svg.c ------------------------------------------------------------------

// A figure for the page: ids prefixed, colours as variables, fonts the page's.
// Null after a fault. *wide: its drawing is wider than the text.
char *figure(const char *path, const char *prefix, const char *alt, int *wide);

// ---- book.c -----------------------------------------------------------------

enum target_kind { EQUATION, FIGURE, TABLE, CLAIM, SECTION, TARGETS };

struct target { // what has a number
    enum target_kind kind;
    const char *name, *title; // title: Markdown; a section's: HTML
    struct chapter *chapter;
    int number, line, above; // above: lines of the file above its title
    const char *body;        // an equation's TeX, a section's slug
    int definition;          // an equation that nothing computes
    struct list computed_by, checked_by; // items, tests
    const char *say, *expect; // a claim's statement, HTML; expected verdict
    char *preview;            // HTML, once it was asked for
    struct verdict *verdict;
};
struct chapter {
    char *stem, *number, *program, *file, *markdown;
    cmark_node *document;
    char *title, *question, *answer; // HTML
    int counts[TARGETS], notes, slips;
    struct list targets, tests, cited, sources, quoted, letters;
    struct names sections, headings;
    struct source *source;
    struct results *results;
    char *body; // HTML, filled by hooks.c
};
struct entry { // of the bibliography
    const char *key, *authors, *title, *year, *where, *id;
    int line;
};
struct book {
    struct list chapters, entries;
    struct names targets, entry_names;
    const char *results, *figures, *out; // folders
    const char *varied;                  // the only stem, or null
    int recorded, strict, check;
    struct tsv *commits;
};
extern struct book book;

void read_book(void);  // chapters, sources, results, tests; defines names
void check_book(void); // what --check asks for
struct target *find_target(const char *name, struct chapter *from);
struct entry *find_entry(const char *key);
void quote(struct chapter *c, const char *spec, int line);
char *number_of(const struct target *t); // "8.3"
char *address(const struct target *t, const struct chapter *from);
char *item_address(struct item *from, const char *name);
char *results_folder(const struct chapter *c, const char *name);

// ---- hooks.c ----------------------------------------------------------------

struct place {               // where a piece of Markdown stands
    struct chapter *chapter; // may be null: then nothing is a hook
    const char *file;
    int above;          // lines of the file above it
    const char **lines; // the starts of its lines, and of one more
    int count;
    int dollar_line;       // the last that was searched for a bare $
    cmark_node *paragraph; // the last asked whether it cites, and the answer
    int cites;
};
struct fence {
    const char *kind, *name, *rest; // the words of its info string
    char *body;
    int line;  // of the fence
    int above; // lines of the file above its body
};
char *markdown(struct chapter *c, const char *file, int above,
               const char *text); // blocks
char *markdown_line(struct chapter *c, const char *file, int above,
                    const char *text);        // the same without its <p>
char *take(struct fence *f, const char *key); // `key: value`
char *take_paragraph(struct fence *f, const char *key); // to an empty line
char *take_column(struct fence *f, char **head);        // `column NAME: head`
char *lead(const char *s, const char **rest);           // "**Lead.** rest"
int above(const struct fence *f, const char *s); // lines of the file above s
void define(struct chapter *c);        // first pass: what the chapter defines
void render(struct chapter *c);        // second pass: head and body
char *without_links(const char *html); // for what is a link itself
int prose_number(const char *text);    // where a typed number stands, or -1

// ---- blocks.c ---------------------------------------------------------------

char *equation(struct chapter *c, struct fence *f);
char *figure_block(struct chapter *c, struct fence *f);
char *table_block(struct chapter *c, struct fence *f);
char *claim_block(struct chapter *c, struct fence *f);
char *listing(struct chapter *c, struct fence *f);
void put_program(struct text *t, struct chapter *c); // what no hook shows
const char *mark(const char *verdict);               // its sign, as SVG
char *measured(const struct verdict *v); // "1.5 × 10⁻¹³ ± …"
char *required(const struct verdict *v); // "at most 10⁻¹²"
char *unrun(const struct chapter *c, const char *what); // a grey box
// Copies a file to report/files/STEM/ and returns its link.
char *download(const struct chapter *c, const char *path, const char *word);

// ---- page.c -----------------------------------------------------------------

void make_pages(void); // to be written by write_waiting()
#endif
