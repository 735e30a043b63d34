// lab.h: what every program of the book uses that is not its subject.
//
//     errors         die, usage, require
//     command line   setting, limits, experiment, recorded, timing,
//                    calculator, option, given, operand
//     results        table, row, done, value, claim
//     calculators    heading, print, read_rows, data_file, needs
//     numbers        mean, stream, uniform, normal, gumbel, ...
//     the rest       vector, progress
//
// A program declares its settings, experiments and calculators in main and
// returns lab(argc, argv), which does the rest.  Random numbers, vector,
// progress, die and usage serve any thread; results, one.  Nothing here knows
// that figures or a report exist.
#ifndef LAB_H
#define LAB_H
#include <stdint.h>

// ---- errors -----------------------------------------------------------------

// The world failed: disk, memory, the project's own data.  Prints one line,
// `program: ...`, removes the unfinished results and ends with status 3.
void die(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

// The reader's input is bad: names file, line, field or option; status 2.
void usage(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

// What the mathematics promises.  No line number, so that a moved line changes
// no program and reruns nothing.
#define require(condition) \
    ((condition) ? (void)0 : die("%s: not true: %s", __func__, #condition))

// ---- the command line -------------------------------------------------------

enum type { INTEGER, COUNT, REAL, WORD };

#define TYPE(pointer) \
    _Generic((pointer), int *: INTEGER, int64_t *: COUNT, \
                               double *: REAL, const char **: WORD)

// A published value that `--set name=value` changes, and its meaning.  INTEGER
// and COUNT (which is never negative) understand k = 1024 and m = 1024^2; a
// REAL is finite.
#define setting(name, pointer, help) \
    add_setting(name, TYPE(pointer), pointer, help)
void add_setting(const char *name, enum type type, void *pointer,
                 const char *help);

// The least and the most that the setting or option declared last can be; what
// is beyond is the reader's error.
void limits(double least, double most);

// Experiments of the three kinds.  `run`: part of every build.  `recorded`:
// long training and large grids, made by `program record`, kept in the
// chapter's recorded/ folder.  `timing`: run last, never compared.
void experiment(const char *name, const char *help, void run(void));
void recorded(const char *name, const char *help, void run(void));
void timing(const char *name, const char *help, void run(void));

// A subcommand that applies the chapter's mathematics to the reader's input.
// `operands` is what follows its options: "" for nothing, "FILE|-" for one,
// "A [B]" for one or two, "NAME..." for one or more; `example` is a command
// line after "$ " and its output, shown by --help and run by a test.
void calculator(const char *name, const char *operands, const char *help,
                void run(void), const char *example);

// An option of the calculator declared last, of a name that lab's own options
// do not have.  A WORD takes one of `choices`,
// "a|b|c", or anything if that is null.
#define option(name, pointer, choices, help) \
    add_option(name, TYPE(pointer), pointer, choices, help)
void add_option(const char *name, enum type type, void *pointer,
                const char *choices, const char *help);

// Was the option on the command line?
int given(const char *option);

// The i-th operand of the calculator; null behind the last.
const char *operand(int i);

// An operand that is a number: a whole one from least to most, with k and m,
// or a finite one.  What is none is the reader's error.
int64_t whole_operand(int i, int64_t least, int64_t most);
double real_operand(int i);

// Runs what the command line asks for; the value for main to return.
int lab(int argc, char **argv);

// --quick: every experiment at the smallest size that passes its checks.
extern int quick;
// --recorded-check: the recorded experiment repeats one cell, not all.
extern int recorded_check;
// --seed and --threads.
extern uint64_t seed;
extern int threads;

// ---- results ----------------------------------------------------------------

// How a value compares with the published one (chapters/*/expected.tsv).
// EXACT: equal.  COMPUTED: 1e-9 relative, or `se` if that is more, where a
// method has a known error.  SAMPLED: 1e-6 relative on one machine, 4 standard
// errors of the difference elsewhere.  TRAINED: 4 standard errors everywhere.
// TIMING: never compared.
enum kind { EXACT, COMPUTED, SAMPLED, TRAINED, TIMING };

// A table NAME.tsv of the running experiment; columns separated by tabs.
struct table *table(const char *name, const char *columns);
// One row, its fields separated by tabs: as many as there are columns, none
// empty.
void row(struct table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Closes the table; a disk error ends the program.
void done(struct table *t);

// A number that the text quotes; se = 0 and runs = 1 where there is no error.
// It is finite, and its name the only such name in the program.
void value(const char *name, double x, double se, int runs, const char *unit,
           enum kind kind);

enum relation { AT_MOST, AT_LEAST, EQUAL };

// A claim: `measured` (with standard error `se` over `runs` runs) stands in
// `relation` to `reference`.  The verdict looks at the interval measured +- w,
// w being the larger of 3 se (4 se for EQUAL) and `tolerance`, what else the
// measurement may be wrong by, with its reason.
//
//     AT_MOST, AT_LEAST   held when the whole interval obeys, refuted when none
//                         of it does, else open
//     EQUAL               held when the interval has the reference in it, else
//                         refuted: "held" says, no difference as large as w
//
// With se = 0 and tolerance = 0 this is a plain comparison, and never open.  A
// tolerance widens the doubt, so it does not help a bound: a bound met up to
// rounding has the rounding in its reference.
void claim(const char *name, enum relation relation, double measured, double se,
           int runs, double reference, double tolerance, const char *reason);

// ---- output and input of calculators ----------------------------------------

// A header line, left out under --no-header, and a line of output.  Nothing
// reaches stdout before the calculator has returned: an error prints no half
// answer.
void heading(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The numbers of a file, or of standard input for "-", row by row.
struct rows {
    int count, width; // rows, and numbers in each
    double *x;        // count * width numbers
    int *line;        // the line of the file on which a row stands
    const char *file; // its name, for messages
};

// Numbers separated by blanks, tabs or commas, decimal or as %a prints them;
// empty lines and lines from # are skipped, and a first line without any
// number.  Ragged rows, empty fields, NaN, text, 1e999 and, unless `infinite`,
// inf and infinity are the reader's error: file:line: field.  The memory is
// lab's.
struct rows read_rows(const char *file, int infinite);

// The path of a file of the chapter's data/ folder, or else of src/data/; null
// if it is in neither.
const char *data_file(const char *name);

// Ends the running experiment, with one line that says what is missing, and
// takes back what it wrote; the page then says "not run: needs <package>".
void needs(const char *package) __attribute__((noreturn));

// ---- numbers ----------------------------------------------------------------

// The mean of n numbers and its standard error, s/sqrt(n); 0 for n = 1.
struct mean {
    double mean, se;
    int runs;
};
struct mean mean(int n, const double x[n]);

// Random numbers by counter (Philox 4x32-10, Salmon et al. 2011): a stream is
// named, numbered, and keyed by --seed.  Draws depend on nothing else, so
// streams can be used in any order, each by whatever thread.
struct random {
    uint32_t key[2], counter[4], word[4];
    int left;
};
struct random stream(const char *name, uint32_t number);
void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

uint32_t bits(struct random *r);              // 32 random bits
double uniform(struct random *r);             // on (0, 1), ends excluded
uint32_t below(struct random *r, uint32_t n); // 0 ... n-1, no bias
double normal(struct random *r);              // mean 0, variance 1
// The next n of normal().
void normals(struct random *r, int64_t n, double x[n]);
// n normals as floats, at most 6.8 in size, several times as fast; from the
// stream's next block on, in steps of 256: one call of 1000 begins like two of
// 512 and 488, but not like two of 500.
void normals32(struct random *r, int64_t n, float x[n]);
double gumbel(struct random *r);                 // -log(-log u)
double exponential(struct random *r);            // mean 1
double logistic(struct random *r);               // scale 1
double laplace(struct random *r);                // scale 1
void shuffle(struct random *r, int n, int a[n]); // every order alike

// ---- memory, time and progress ----------------------------------------------

// n zeroed doubles, or the end of the program; free() gives them back.
double *vector(int64_t n);
// n floats, not zeroed, from the start of a cache line on; the same otherwise.
float *floats(int64_t n);

// Seconds on a clock that nobody sets: differences are times.
double seconds_now(void);

// Step `at` of `of`: a bar with the time left when stderr is a terminal, a
// line now and then when it is not; nothing in the first two seconds.
void progress(const char *what, int64_t at, int64_t of);
#endif
