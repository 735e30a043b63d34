// Tests of src/lab.  Most drive a program, `sample`, as a reader would, by
// shell commands in a tree of its own: this test program, copied there under
// that name, is the sample (see be_the_sample below).
#include "lab/private.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// ---- the sample -------------------------------------------------------------

static struct {
    int size;
    int64_t steps;
    double slope;
    const char *fault;
} par = {3, 2048, 0.1, "none"};

// A table, an exact and a computed value, a claim.
static void line(void)
{
    struct table *t = table("line", "x\ty [m]");
    for (int i = 0; i < par.size; i++)
        row(t, "%d\t%.17g", i, par.slope * i);
    done(t);
    value("size", par.size, 0, 1, "1", EXACT);
    value("slope", par.slope, 0, 1, "m", COMPUTED);
    value("steps", par.steps, 0.5, 1, "1", COMPUTED);
    claim("steep", AT_LEAST, par.slope, 0, 1, 0.05, 0, NULL);
}

// The mean of random numbers, drawn by many threads.
static void noise(void)
{
    double x[1000];
    int n = quick ? 100 : 1000;
#pragma omp parallel for
    for (int i = 0; i < n; i++) {
        struct random r = stream("noise", i);
        x[i] = normal(&r);
    }
    struct table *t = table("noise", "x");
    for (int i = 0; i < n; i++)
        row(t, "%.17g", x[i]);
    done(t);
    struct mean m = mean(n, x);
    // Rounded to what every machine's logarithm agrees on.
    double middle = rint(m.mean * 0x1p20) / 0x1p20;
    double se = rint(m.se * 0x1p20) / 0x1p20;
    value("noise", middle, se, m.runs, "1", SAMPLED);
    claim("centred", EQUAL, middle, se, m.runs, 0, 0, "");
}

static void absent(void)
{
    struct table *t = table("absent", "x");
    row(t, "1");
    value("absent", 1, 0, 1, "1", EXACT);
    if (!data_file("pictures.bin"))
        needs("dataset-pictures");
    done(t);
}

static void train(void)
{
    struct table *t = table("train", "seed\tloss");
    for (int s = 0; s < (recorded_check ? 2 : 4); s++) {
        struct random r = stream("train", s);
        row(t, "%d\t%.17g", s, uniform(&r));
    }
    done(t);
}

static void grid(void)
{
    struct table *t = table("grid", "x");
    row(t, "%d", par.size);
    done(t);
}

static void clock_it(void)
{
    value("seconds", seconds_now(), 0, 1, "s", TIMING);
}

// Writes until somebody ends it.
static void slowly(void)
{
    struct table *t = table("slowly", "x");
    for (int i = 0; i < 10000; i++) {
        row(t, "%d", i);
        progress("slowly", i, 10000);
        usleep(1000);
    }
    done(t);
}

static int is(const char *fault)
{
    return strcmp(par.fault, fault) == 0;
}

// All that a programmer can get wrong.
static void faulty(void)
{
    struct table *t = table("faulty", "x\ty");
    row(t, "1\t2");
    if (is("fields"))
        row(t, "1\t2\t3");
    if (is("empty"))
        row(t, "1\t");
    if (is("lines"))
        row(t, "1\t2\n3\t4");
    if (is("open"))
        return;
    done(t);
    if (is("done"))
        done(t);
    if (is("row"))
        row(t, "1\t2");
    if (is("table"))
        table("faulty", "x");
    if (is("taken"))
        done(table("run", "x"));
    if (is("columns"))
        table("more", "x\t\ty");
    if (is("name"))
        table("../faulty", "x");
    if (is("value"))
        value("size", 1, 0, 1, "1", EXACT), value("size", 1, 0, 1, "1", EXACT);
    if (is("claim"))
        claim("a", AT_MOST, 1, 0, 1, 1, 0, ""),
            claim("a", AT_MOST, 1, 0, 1, 1, 0, "");
    if (is("nan"))
        value("lost", NAN, 0, 1, "1", EXACT);
    if (is("unit"))
        value("lost", 1, 0, 1, "", EXACT);
    if (is("error"))
        value("lost", 1, -1, 1, "1", EXACT);
    if (is("runs"))
        value("lost", 1, 0, 0, "1", EXACT);
    if (is("nan-claim"))
        claim("lost", EQUAL, NAN, 0, 1, 0, 0, "");
    if (is("reference"))
        claim("lost", EQUAL, 0, 0, 1, INFINITY, 0, "");
    if (is("reason"))
        claim("lost", EQUAL, 0, 0, 1, 0, 1, "");
    if (is("require"))
        require(par.size == 4);
    if (is("memory"))
        free(vector(INT64_MAX / 16));
    if (is("usage"))
        usage("--set size: %d is odd", par.size);
    if (is("slow"))
        slowly();
    if (is("threads")) {
#pragma omp parallel
        die("only once"); // whoever is first
    }
}

static double factor = 2;
static int64_t times = 1;
static const char *map = "double", *note;

static void scale(void)
{
    struct rows r = read_rows(operand(0), given("map") && map[0] == 'a');
    heading("line\tscaled");
    for (int i = 0; i < r.count; i++) {
        print("%d\t%.17g", r.line[i],
              factor * times * r.x[(int64_t)i * r.width]);
        if (operand(1))
            usage("%s: never at line %d", operand(1), r.line[i]);
    }
    if (note)
        print("%s", note);
}

static void print_value(void)
{
    value("nowhere", 1, 0, 1, "1", EXACT);
}

static void need(void)
{
    needs("dataset-pictures");
}

static void power(void)
{
    double x = real_operand(0), y = 1;
    for (int64_t n = whole_operand(1, 0, 1 << 20); n > 0; n--)
        y *= x;
    print("%.17g", y);
}

static void ask(void)
{
    given("question");
}

// What a programmer can get wrong before anything runs.
static void declare_wrongly(const char *slip)
{
    if (!strcmp(slip, "option"))
        option("size", &par.size, 0, "before any calculator");
    if (!strcmp(slip, "dots"))
        experiment("a.b", "has a dot", line);
    if (!strcmp(slip, "limits"))
        limits(0, 1);
    if (!strcmp(slip, "shadow")) {
        calculator("shade", "", "has an option of lab's", need, "$ ");
        option("seed", &par.size, 0, "its own");
    }
    if (!strcmp(slip, "example"))
        calculator("bare", "", "has no example", need, NULL);
    for (int i = 0; i < 2 && !strcmp(slip, "setting"); i++)
        setting("size", &par.size, "points on the line");
    for (int i = 0; i < 2 && !strcmp(slip, "experiment"); i++)
        experiment("line", "points on a line", line);
    for (int i = 0; i < 201 && !strcmp(slip, "many"); i++)
        experiment(text_of("line%d", i), "points on a line", line);
    if (!strcmp(slip, "calculator"))
        calculator("list", "", "has the name of another", need, "$ ");
    calculator("value", "", "has no experiment", print_value, "$ ");
    calculator("need", "", "has no data", need, "$ ");
    calculator("ask", "", "asks for an option", ask, "$ ");
    calculator("power", "X [N]", "X to the power of N", power, "$ ");
}

static int sample(int argc, char **argv)
{
    const char *slip = getenv("SLIP");
    if (slip)
        declare_wrongly(slip);
    setting("size", &par.size, "points on the line");
    limits(0, 1e6);
    setting("steps", &par.steps, "a count");
    setting("slope", &par.slope, "of the line");
    setting("fault", &par.fault, "what goes wrong");
    timing("clock", "a time", clock_it);
    experiment("line", "points on a line", line);
    experiment("noise", "the mean of noise", noise);
    experiment("absent", "what needs data", absent);
    experiment("faulty", "what goes wrong", faulty);
    recorded("train", "a long training", train);
    recorded("grid", "a large grid", grid);
    calculator("scale", "FILE|- [FAIL]", "multiplies the first column", scale,
               "$ echo 1 2 3 | sample scale --factor 3 -\n"
               "line\tscaled\n"
               "1\t3\n");
    option("factor", &factor, 0, "the factor");
    limits(-1000, 1000);
    option("times", &times, 0, "another");
    limits(1, 1 << 30);
    option("map", &map, "double|any", "which numbers");
    option("note", &note, 0, "a word at the end");
    return lab(argc, argv);
}

// glibc hands constructors what main gets.
static void __attribute__((constructor)) be_the_sample(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    if (strcmp(slash ? slash + 1 : argv[0], "sample") == 0)
        exit(sample(argc, argv));
}

// ---- a tree, and commands in it ---------------------------------------------

static char home[4096]; // the book's own tree
static char tree[200];  // its name has a blank and an accent

static void plant_tree(void)
{
    char command[2000];
    cr_assert(getcwd(home, sizeof home) != NULL);
    snprintf(tree, sizeof tree, "/tmp/lab-XXXXXX");
    cr_assert(mkdtemp(tree) != NULL);
    memcpy(tree + strlen(tree), "/a trée", sizeof "/a trée");
    snprintf(command, sizeof command,
             "mkdir -p '%s/build/bin' '%s/chapters/9-sample/data' && "
             "cp /proc/%d/exe '%s/build/bin/sample'",
             tree, tree, (int)getpid(), tree);
    cr_assert(system(command) == 0);
    cr_assert(chdir(tree) == 0);
    setenv("PATH", text_of("%s/build/bin:%s", tree, getenv("PATH")), 1);
    setenv("OMP_NUM_THREADS", "1", 1);
}

static void fell_tree(void)
{
    *strrchr(tree, '/') = 0;
    cr_expect(system(text_of("rm -rf '%s'", tree)) == 0);
}

TestSuite(sample, .init = plant_tree, .fini = fell_tree);

static char *contents(const char *path)
{
    size_t size;
    char *text = file_text(path, &size);
    return text ? text : text_of("(no %s)", path);
}

// Runs a shell command; 128 + n if signal n ended it.
static int sh(const char *command)
{
    int status = system(text_of("{ %s\n} >out 2>err", command));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The command ends with that status, and prints that.
static void expect(const char *command, int status, const char *out,
                   const char *err)
{
    int got = sh(command);
    cr_expect(eq(int, got, status), "%s", command);
    cr_expect(eq(str, contents("out"), (char *)out), "%s", command);
    cr_expect(eq(str, contents("err"), (char *)err), "%s", command);
}

// One line on stderr, and nothing on stdout.
static void expect_error(const char *command, int status, const char *error)
{
    expect(command, status, "", text_of("sample: %s\n", error));
}

static void expect_success(const char *command)
{
    cr_expect(eq(int, sh(command), 0), "%s: %s", command, contents("err"));
}

// ---- random numbers ---------------------------------------------------------

// From the authors' own Random123, file kat_vectors.
Test(random, philox_gives_the_published_vectors)
{
    static const uint32_t known[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
         0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
         0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        philox(known[i], known[i] + 4, out);
        for (int j = 0; j < 4; j++)
            cr_expect(eq(u32, out[j], known[i][6 + j]));
    }
}

Test(random, a_stream_depends_on_its_name_number_and_seed)
{
    struct random a = stream("a", 0), again = stream("a", 0);
    struct random others[] = {stream("a", 1), stream("a", 1u << 31),
                              stream("b", 0), stream("", 0), stream("aa", 0)};
    seed = 2;
    struct random reseeded = stream("a", 0);
    seed = 1 + (1ull << 32);
    struct random reseeded_high = stream("a", 0);
    for (int i = 0; i < 100; i++) {
        uint32_t x = bits(&a);
        cr_expect(eq(u32, x, bits(&again)));
        for (int k = 0; k < 5; k++)
            cr_expect(ne(u32, x, bits(&others[k])));
        cr_expect(ne(u32, x, bits(&reseeded)));
        cr_expect(ne(u32, x, bits(&reseeded_high)));
    }
}

Test(random, position_carries_into_the_second_word)
{
    struct random r = stream("carry", 0);
    uint32_t next[4], counter[4];
    r.counter[0] = 0xffffffff;
    for (int i = 0; i < 4; i++)
        bits(&r);
    memcpy(counter, r.counter, sizeof counter);
    cr_expect(eq(u32, counter[0], 0));
    cr_expect(eq(u32, counter[1], 1));
    philox(counter, r.key, next);
    cr_expect(eq(u32, bits(&r), next[0]));
}

// The extreme words: the ends stay out, and 1 - u loses nothing.
Test(random, uniform_excludes_both_ends)
{
    struct random low = {.left = 4}, high = {.left = 4};
    memset(high.word, 0xff, sizeof high.word);
    double u = uniform(&low), v = uniform(&high);
    cr_expect(eq(dbl, u, 0x1p-53));
    cr_expect(eq(dbl, v, 1 - 0x1p-53));
    cr_expect(eq(dbl, 1 - v, u));
    struct random r = {.left = 4};
    cr_expect(isfinite(gumbel(&r)));
    struct random s = high;
    s.left = 4;
    cr_expect(isfinite(logistic(&s)));
}

static double uniform_below(double x)
{
    return x;
}
static double normal_below(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}
static double gumbel_below(double x)
{
    return exp(-exp(-x));
}
static double exponential_below(double x)
{
    return 1 - exp(-x);
}
static double logistic_below(double x)
{
    return 1 / (1 + exp(-x));
}
static double laplace_below(double x)
{
    return x < 0 ? exp(x) / 2 : 1 - exp(-x) / 2;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The largest distance of the sorted sample's steps from the law: Kolmogorov
// and Smirnov.
static double distance(int n, double x[n], double below_x(double))
{
    double d = 0;
    qsort(x, n, sizeof *x, ascending);
    for (int i = 0; i < n; i++) {
        double f = below_x(x[i]);
        d = fmax(d, fmax(f - (double)i / n, (i + 1.0) / n - f));
    }
    return d;
}

Test(random, draws_follow_their_laws)
{
    enum { n = 100000 };
    const double pi = M_PI, euler = 0.57721566490153286;
    static const struct {
        const char *name;
        double (*draw)(struct random *), (*below_x)(double);
    } laws[] = {{"uniform", uniform, uniform_below},
                {"normal", normal, normal_below},
                {"gumbel", gumbel, gumbel_below},
                {"exponential", exponential, exponential_below},
                {"logistic", logistic, logistic_below},
                {"laplace", laplace, laplace_below}};
    const double means[] = {0.5, 0, euler, 1, 0, 0};
    const double variances[] = {1.0 / 12, 1, pi * pi / 6, 1, pi * pi / 3, 2};
    static double x[n], squares[n];
    for (int k = 0; k < 6; k++) {
        struct random r = stream(laws[k].name, 0);
        for (int i = 0; i < n; i++) {
            x[i] = laws[k].draw(&r);
            squares[i] = (x[i] - means[k]) * (x[i] - means[k]);
        }
        struct mean m = mean(n, x), v = mean(n, squares);
        // Four standard errors: one right generator in 16 000 fails.
        cr_expect(lt(dbl, fabs(m.mean - means[k]), 4 * m.se), "%s",
                  laws[k].name);
        cr_expect(lt(dbl, fabs(v.mean - variances[k]), 4 * v.se), "%s",
                  laws[k].name);
        // One right generator in a thousand is farther than 1.95 / sqrt(n).
        cr_expect(lt(dbl, distance(n, x, laws[k].below_x), 1.95 / sqrt(n)),
                  "%s", laws[k].name);
    }
}

// Two roads to one draw: vectors of polynomials, and libm on the same words.
Test(random, normals_are_box_and_muller_of_the_words)
{
    enum { n = 1000 };
    static double x[n];
    static float y[1024];
    struct random r = stream("words", 0), again = r, one = r, words = r;
    normals(&r, n, x);
    normals32(&again, 1024, y);
    for (int i = 0; i < n; i++) {
        double u = uniform(&words), turn = uniform(&words);
        double want = sqrt(-2 * log(u)) * cos(2 * M_PI * turn);
        double single = normal(&one);
        cr_expect(eq(dbl, x[i], single));
        // The rounding of 2 pi turn, times a radius below 9.
        cr_expect(epsilon_eq(dbl, x[i], want, 1e-14));
    }
    for (int i = 0; i < 1024; i++) {
        uint32_t counter[4], w[4];
        memcpy(counter, one.counter, sizeof counter);
        counter[0] = i / 256 * 64 + i % 64, counter[1] = 0;
        philox(counter, one.key, w);
        int h = i / 128 % 2 * 2;
        double u = (w[h] + 0.5) * 0x1p-32,
               angle = 2 * M_PI * w[h + 1] * 0x1p-32;
        double radius = sqrt(-2 * log(u));
        double want = radius * (i / 64 % 2 ? sin(angle) : cos(angle));
        // Some ulps of a radius below 7 and of an angle below pi / 2.
        cr_expect(epsilon_eq(dbl, y[i], want, 2e-6), "%d", i);
    }
}

Test(random, normals_in_parts_are_the_same_normals)
{
    static double x[2000], y[2000];
    struct random r = stream("parts", 0), s = r;
    normals(&r, 2000, x);
    for (int i = 0, step = 1; i < 2000;
         i += step, step = (7 * step + 1) % 130) {
        step = step < 2000 - i ? step : 2000 - i;
        normals(&s, step, y + i);
    }
    cr_expect(eq(int, memcmp(x, y, sizeof x), 0));
    static float a[1000], b[1000];
    struct random t = stream("parts", 1), u = t;
    normals32(&t, 1000, a);
    normals32(&u, 512, b);
    normals32(&u, 488, b + 512);
    cr_expect(eq(int, memcmp(a, b, sizeof a), 0));
    cr_expect(eq(u32, bits(&t), bits(&u)));
    // From the next block on, whatever is left of this one.
    struct random v = stream("parts", 1);
    bits(&v);
    normals32(&v, 4, b);
    cr_expect(b[0] == a[1]);
}

Test(random, normals_carry_into_the_second_word)
{
    static float x[256], y[256];
    struct random r = stream("carry", 0), s;
    r.counter[0] = 0xffffffe0;
    s = r;
    normals32(&r, 256, x);
    cr_expect(eq(u32, r.counter[0], 0x20));
    cr_expect(eq(u32, r.counter[1], 1));
    s.counter[0] = 0, s.counter[1] = 1;
    normals32(&s, 256, y);
    cr_expect(eq(int, memcmp(x + 32, y, 32 * sizeof *x), 0));
}

// What a thousand million draws say: sums of powers, counts beyond 1 ... 6,
// a histogram, and products of neighbours at the distances at which the four
// numbers of a block stand.
enum { AT_ONCE = 1 << 14, LAGS = 5, BINS = 256 };
static const int lags[LAGS] = {1, 64, 128, 192, 256};

struct battery {
    double power[5], product[LAGS], product_of_squares[LAGS];
    int64_t beyond[7], bin[BINS], n, pairs[LAGS];
    float largest;
};

static void collect(struct battery *b, const float x[AT_ONCE])
{
    double p1 = 0, p2 = 0, p3 = 0, p4 = 0;
    for (int i = 0; i < AT_ONCE; i++) {
        double z = x[i], q = z * z;
        p1 += z, p2 += q, p3 += q * z, p4 += q * q;
    }
    b->power[1] += p1, b->power[2] += p2, b->power[3] += p3, b->power[4] += p4;
    for (int k = 1; k < 7; k++) {
        int count = 0;
        for (int i = 0; i < AT_ONCE; i++)
            count += fabsf(x[i]) > k;
        b->beyond[k] += count;
    }
    for (int i = 0; i < AT_ONCE; i++) {
        int bin = (int)floorf((x[i] + 4) * (BINS / 8));
        b->bin[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
        b->largest = fmaxf(b->largest, fabsf(x[i]));
    }
    for (int l = 0; l < LAGS; l++) {
        float s = 0, t = 0;
        for (int i = 0; i + lags[l] < AT_ONCE; i += 512)
            for (int j = i; j < i + 128; j++) {
                s += x[j] * x[j + lags[l]];
                t += (x[j] * x[j] - 1) * (x[j + lags[l]] * x[j + lags[l]] - 1);
            }
        b->product[l] += s, b->product_of_squares[l] += t;
        b->pairs[l] += AT_ONCE / 512 * 128;
    }
    b->n += AT_ONCE;
}

// Five standard errors each: of some 280 numbers one is farther in 6000 runs,
// and the seed is fixed.
static void within(double measured, double expected, double se,
                   const char *what)
{
    cr_expect(fabs(measured - expected) < 5 * se, "%s: %g, not %g +- %g", what,
              measured, expected, se);
}

Test(random, a_thousand_million_normals_are_normal)
{
    static float x[AT_ONCE];
    static struct battery b;
    struct random r = stream("battery", 0);
    while (b.n < 1000000000)
        normals32(&r, AT_ONCE, x), collect(&b, x);
    double n = (double)b.n, root = sqrt(n);
    within(b.power[1] / n, 0, 1 / root, "mean");
    within(b.power[2] / n, 1, sqrt(2) / root, "variance");
    within(b.power[3] / n, 0, sqrt(15) / root, "third moment");
    within(b.power[4] / n, 3, sqrt(96) / root, "fourth moment");
    for (int k = 1; k < 7; k++) {
        double p = erfc(k / sqrt(2));
        within(b.beyond[k] / n, p, sqrt(p * (1 - p)) / root, "tail");
    }
    for (int k = 1; k < BINS - 1; k++) {
        double low = k / (BINS / 8.0) - 4, high = (k + 1) / (BINS / 8.0) - 4;
        double p = (erfc(-high / sqrt(2)) - erfc(-low / sqrt(2))) / 2;
        within(b.bin[k] / n, p, sqrt(p * (1 - p)) / root, "histogram");
    }
    for (int l = 0; l < LAGS; l++) {
        double m = (double)b.pairs[l];
        within(b.product[l] / m, 0, 1 / sqrt(m), "correlation");
        within(b.product_of_squares[l] / m, 0, 2 / sqrt(m), "of squares");
    }
    // The largest of so many is about 6.1; 32 bits of a radius end at 6.8.
    cr_expect(b.largest > 5.8 && b.largest < 6.8, "%g", b.largest);
}

// Each stream is its own, so that threads may fill them in any order.
Test(random, normals_do_not_depend_on_threads)
{
    enum { streams = 8, n = 1 << 12 };
    static float x[3][streams][n];
    for (int k = 0; k < 3; k++) {
#pragma omp parallel for num_threads(1 << k) schedule(dynamic)
        for (int i = 0; i < streams; i++) {
            struct random r = stream("threads", (uint32_t)i);
            normals32(&r, n, x[k][i]);
        }
        cr_expect(eq(int, memcmp(x[0], x[k], sizeof *x), 0));
    }
}

// Pearson's chi-square of counts that should be equal.
static double chi_square(int bins, const int count[bins], int n)
{
    double sum = 0, want = (double)n / bins;
    for (int i = 0; i < bins; i++)
        sum += (count[i] - want) * (count[i] - want) / want;
    return sum;
}

// Bounds are exceeded by one right generator in a thousand.
Test(random, below_and_shuffle_favour_nothing)
{
    enum { n = 120000 };
    struct random r = stream("below", 0);
    const int sizes[] = {2, 3, 6, 7};
    const double bounds[] = {10.8, 13.8, 20.5, 22.5};
    for (int k = 0; k < 4; k++) {
        int count[7] = {0};
        for (int i = 0; i < n; i++)
            count[below(&r, sizes[k])]++;
        cr_expect(lt(dbl, chi_square(sizes[k], count, n), bounds[k]));
    }
    int orders[256] = {0}, seen[24], m = 0;
    for (int i = 0; i < n; i++) {
        int a[] = {0, 1, 2, 3};
        shuffle(&r, 4, a);
        orders[a[0] << 6 | a[1] << 4 | a[2] << 2 | a[3]]++;
    }
    for (int i = 0; i < 256; i++)
        if (orders[i] && m < 24)
            seen[m++] = orders[i];
    cr_expect(eq(int, m, 24));
    cr_expect(lt(dbl, chi_square(24, seen, n), 49.7));
    cr_expect(eq(u32, below(&r, 1), 0));
}

// With 3 * 2^30 sides the remainder of 32 bits takes the lowest third twice as
// often as the others; Lemire's method does not.
Test(random, below_has_no_bias_where_the_remainder_has)
{
    enum { n = 30000 };
    struct random r = stream("bias", 0);
    uint32_t sides = 3u << 30;
    int ours[3] = {0}, naive[3] = {0};
    for (int i = 0; i < n; i++) {
        ours[below(&r, sides) >> 30]++;
        naive[bits(&r) % sides >> 30]++;
    }
    cr_expect(lt(dbl, chi_square(3, ours, n), 13.8));
    cr_expect(gt(dbl, chi_square(3, naive, n), 1000));
}

Test(random, shuffle_and_below_take_the_smallest_sizes)
{
    struct random r = stream("small", 0), before = r;
    int one[] = {7};
    shuffle(&r, 0, one);
    shuffle(&r, 1, one);
    cr_expect(eq(int, one[0], 7));
    cr_expect(eq(int, r.left, before.left)); // nothing was drawn
}

// ---- means, verdicts --------------------------------------------------------

Test(mean, keeps_its_digits_under_a_large_shift)
{
    double small[] = {0, 1, 2}, large[] = {1e9, 1e9 + 1, 1e9 + 2};
    struct mean a = mean(3, small), b = mean(3, large);
    cr_expect(eq(dbl, a.se, sqrt(1.0 / 3)));
    cr_expect(eq(dbl, b.se, a.se));
    cr_expect(eq(dbl, b.mean, 1e9 + 1));
    // The formula in one pass: <x^2> - <x>^2 has no digit left.
    double squares = 0, m = b.mean;
    for (int i = 0; i < 3; i++)
        squares += large[i] * large[i] / 3;
    cr_expect(gt(dbl, fabs(squares - m * m - 2.0 / 3), 0.5));
    struct mean one = mean(1, small + 2);
    cr_expect(eq(dbl, one.se, 0));
    cr_expect(eq(int, one.runs, 1));
}

Test(verdict, looks_at_the_whole_interval)
{
    static const struct {
        enum relation relation;
        double measured, se, reference, tolerance;
        const char *verdict;
    } cases[] = {
        // no error: a plain comparison
        {AT_MOST, 1, 0, 1, 0, "held"},
        {AT_MOST, 1 + 0x1p-52, 0, 1, 0, "refuted"},
        {AT_LEAST, 1, 0, 1, 0, "held"},
        {AT_LEAST, 1 - 0x1p-53, 0, 1, 0, "refuted"},
        {EQUAL, 1, 0, 1, 0, "held"},
        {EQUAL, 1 + 0x1p-52, 0, 1, 0, "refuted"},
        {EQUAL, 0.0, 0, -0.0, 0, "held"},
        // three standard errors, exactly met and just missed
        {AT_MOST, 1, 1, 4, 0, "held"},
        {AT_MOST, 1, 1, 3.99, 0, "open"},
        {AT_MOST, 1, 1, -2, 0, "open"},
        {AT_MOST, 1, 1, -2.01, 0, "refuted"},
        {AT_LEAST, 1, 1, -2, 0, "held"},
        {AT_LEAST, 1, 1, -1.99, 0, "open"},
        {AT_LEAST, 1, 1, 4, 0, "open"},
        {AT_LEAST, 1, 1, 4.01, 0, "refuted"},
        // four for an equality
        {EQUAL, 1, 1, 5, 0, "held"},
        {EQUAL, 1, 1, -3, 0, "held"},
        {EQUAL, 1, 1, 5.01, 0, "refuted"},
        // a tolerance counts where it is larger, and helps no bound
        {AT_MOST, 1, 0.1, 2, 1, "held"},
        {AT_MOST, 1, 0.1, 1.9, 1, "open"},
        {AT_MOST, 1, 1, 4, 1, "held"},
        {AT_MOST, 1, 0, 1, 0.5, "open"},
        {EQUAL, 1, 0, 1.5, 0.5, "held"},
        {EQUAL, 1, 0, 1.51, 0.5, "refuted"},
        {EQUAL, 1, 1, 4.5, 0.5, "held"},
        {EQUAL, -1e308, 0, 1e308, 0, "refuted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *v =
            verdict_of(cases[i].relation, cases[i].measured, cases[i].se,
                       cases[i].reference, cases[i].tolerance);
        cr_expect(eq(str, (char *)v, (char *)cases[i].verdict), "case %zu", i);
    }
}

// ---- input ------------------------------------------------------------------

Test(sample, reads_what_people_write)
{
    static const char *const same[] = {
        "1 10\\n2 20\\n",           "1,10\\n2,20\\n",
        "1\\t10\\n2\\t20",          "  1 , 10  \\r\\n2 20\\r\\n",
        "1, \\t10 \\n \\t2\\t ,20", "\\357\\273\\2771 10\\n2 20\\n",
        "+1. 1e1\\n2e0 +20",        "0x1p0 0xap0\\n0x2p+0 0x14\\n",
        "1 10\\r\\n2 20\\r"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        expect(text_of("printf '%s' >in; sample scale in", same[i]), 0,
               "line\tscaled\n1\t2\n2\t4\n", "");
    expect("printf '# head\\n\\n a,b c\\n \\t\\n#\\n1\\n  # x\\n.5' |"
           "sample scale - --no-header",
           0, "6\t2\n8\t1\n", "");
    expect("printf 'x y\\n4.9406564584124654e-324' | sample scale -"
           " --no-header --factor 1",
           0, "2\t4.9406564584124654e-324\n", "");
    expect("printf 'inf\\n-Infinity\\n+INF' | sample scale --map any -", 0,
           "line\tscaled\n1\tinf\n2\t-inf\n3\tinf\n", "");
}

Test(sample, names_line_and_field_of_bad_input)
{
    static const struct {
        const char *input, *error;
    } cases[] = {
        {"", "in: no numbers"},
        {"\\n# 1\\n", "in: no numbers"},
        {"a b c\\n", "in: no numbers"},
        {"1 2 abc", "in:1: field 3: 'abc' is not a number"},
        {"h\\n\\n1 2\\n3 x\\n", "in:4: field 2: 'x' is not a number"},
        {"h\\nh\\n1\\n", "in:2: field 1: 'h' is not a number"},
        {"1 2\\n3\\n", "in:2: 1 number, where line 1 has 2"},
        {"h\\n1\\n# \\n3 4\\n", "in:4: 2 numbers, where line 2 has 1"},
        {"1,,2", "in:1: field 2: '' is empty"},
        {"1, ,2", "in:1: field 2: '' is empty"},
        {",1", "in:1: field 1: '' is empty"},
        {"1,2,", "in:1: field 3: '' is empty"},
        {"1,2\\n3,\\t\\r\\n", "in:2: field 2: '' is empty"},
        {"nan", "in:1: field 1: 'nan' is NaN"},
        {"-NAN(7)", "in:1: field 1: '-NAN(7)' is NaN"},
        {"1 inf", "in:1: field 2: 'inf' is infinite"},
        {"1 -infinity", "in:1: field 2: '-infinity' is infinite"},
        {"1e999", "in:1: field 1: '1e999' is beyond 1.8e308"},
        {"-0x1p1024", "in:1: field 1: '-0x1p1024' is beyond 1.8e308"},
        {"1\\0002", "in:1: a zero byte: this is not text"},
        {"1\\n2\\000", "in:2: a zero byte: this is not text"},
        {"1\\r2\\r", "in:1: field 1: '1?2' is not a number"},
        {"a 1x\\n2 3", "in:1: field 1: 'a' is not a number"},
        {"-.5.5", "in:1: field 1: '-.5.5' is not a number"},
        {"1;2", "in:1: field 1: '1;2' is not a number"},
        {"1e", "in:1: field 1: '1e' is not a number"},
        {"1 \\v2", "in:1: field 2: '?2' is not a number"},
        {"1 \\033[31m", "in:1: field 2: '?[31m' is not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(text_of("printf -- '%s' >in; sample scale in",
                             cases[i].input),
                     2, cases[i].error);
    expect_error("echo x1 1 | sample scale -", 2,
                 "standard input:1: field 1: 'x1' is not a number");
    expect_error("sample scale - </dev/null", 2, "standard input: no numbers");
    expect_error("sample scale nowhere", 2,
                 "nowhere: No such file or directory");
    expect_error("sample scale .", 2, ".: Is a directory");
    expect_error("sample scale - <.", 2, "standard input: Is a directory");
    expect_error("sample scale - <&-", 2,
                 "standard input: Bad file descriptor");
    expect_error("echo 1 | sample scale - end", 2, "end: never at line 1");
    expect_error("seq -s, 99999 | tr , x | sample scale -", 2,
                 "standard input:1: field 1: "
                 "'1x2x3x4x5x6x7x8x9x10x11x12x13x14x15x16x1' is not a number");
    expect_error("seq -s, 100000 | tr 5 x | sample scale -", 2,
                 "standard input:1: field 5: 'x' is not a number");
}

// ---- the command line -------------------------------------------------------

static const char there_are[] =
    "list, run, record, reproduce, accept, key, scale";

Test(sample, takes_options_in_every_place)
{
    static const char *const same[] = {"--factor 3 in",
                                       "in --factor 3",
                                       "--factor=3 in",
                                       "in --factor=3",
                                       "--factor 2 in --factor 3",
                                       "--times 3 --factor 1 -- in",
                                       "in --threads 1 --factor 3",
                                       "--seed 5 in --factor 3"};
    expect_success("echo 7 >in; echo 7 >./--in");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        expect(text_of("sample scale %s", same[i]), 0, "line\tscaled\n1\t21\n",
               "");
    expect("sample --seed 3 scale --no-header -- --in", 0, "1\t14\n", "");
    expect("sample --threads=1 scale --times 2k in --no-header", 0,
           "1\t28672\n", "");
    expect("sample scale --times 1m in --no-header", 0, "1\t14680064\n", "");
    expect("sample scale in --no-header --note 'a b'", 0, "1\t14\na b\n", "");
    expect("sample scale in --no-header --note=--x", 0, "1\t14\n--x\n", "");
}

Test(sample, names_what_it_does_not_know)
{
    const struct {
        const char *arguments, *error;
    } cases[] = {
        {"foo", text_of("no command 'foo'; there are: %s", there_are)},
        {"''", text_of("no command ''; there are: %s", there_are)},
        {"line", "'line' is an experiment; see sample run --help"},
        {"--foo", "no option '--foo'; see sample --help"},
        {"-x", "no option '-x'; see sample --help"},
        {"--foo=1 run", "no option '--foo'; see sample --help"},
        {"run --factor 1", "no option '--factor'; see sample run --help"},
        {"run", "run: NAME... is missing"},
        {"run foo", "no experiment 'foo'; there are: clock, line, noise, "
                    "absent, faulty"},
        {"run line foo", "no experiment 'foo'; there are: clock, line, noise, "
                         "absent, faulty"},
        {"run train",
         "'train' is a recorded experiment; see sample record --help"},
        {"run line --recorded-check",
         "'line' is no recorded experiment; see sample run --help"},
        {"record line",
         "'line' is no recorded experiment; see sample run --help"},
        {"list extra", "list: 'extra' is one too many"},
        {"--set foo=1", "--set: no setting 'foo'; there are: size, steps, "
                        "slope, fault"},
        {"--set size", "--set: 'size' is not NAME=VALUE"},
        {"--set =3", "--set: no setting ''; there are: size, steps, slope, "
                     "fault"},
        {"--set", "--set: NAME=VALUE is missing"},
        {"--set --quick", "--set: NAME=VALUE is missing"},
        {"--quick=1", "--quick takes no value"},
        {"--seed", "--seed: N is missing"},
        {"--seed=", "--seed: '' is empty"},
        {"--seed x", "--seed: 'x' is not a whole number"},
        {"--seed -1", "--seed: '-1' is below 0"},
        {"--threads 0", "--threads: '0' is not between 1 and 1024"},
        {"--threads 2k", "--threads: '2048' is not between 1 and 1024"},
        {"list --quick", "--quick is no option of sample list"},
        {"--no-header", "--no-header is no option of sample"},
        {"key --out x", "--out is no option of sample key"},
        {"--out=", "--out: '' is empty"},
        {"--out .", "--out: '.' has no name"},
        {"--out a/../", "--out: 'a/../' has no name"},
        {"--out /", "--out: '/' has no name"},
        {"--out build", "--out: ./build has other files than results"},
        {"scale", "scale: FILE|- is missing"},
        {"scale a b c", "scale: 'c' is one too many"},
        {"scale - --quick", "--quick is no option of sample scale"},
        {"scale - --map x", "--map: 'x' is none of double|any"},
        {"scale - --map ''", "--map: '' is empty"},
        {"scale - --map 'double|any'",
         "--map: 'double|any' is none of double|any"},
        {"scale - --note ''", "--note: '' is empty"},
        {"scale - --times -3", "--times: '-3' is below 0"},
        {"scale - --times 0", "--times: '0' is below 1"},
        {"scale - --times=1025m", "--times: '1025m' is above 1073741824"},
        {"scale - --factor -1e6", "--factor: '-1e6' is below -1000"},
        {"scale - --factor 1000.1", "--factor: '1000.1' is above 1000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(text_of("sample %s", cases[i].arguments), 2,
                     cases[i].error);
    cr_expect(access("build/results/9-sample", F_OK) != 0);
    expect("ls build", 0, "bin\n", "");
}

Test(sample, refuses_values_that_are_none)
{
    static const struct {
        const char *set, *error;
    } cases[] = {
        {"size=", "'' is empty"},
        {"size=2147483648", "'2147483648' is above 2147483647"},
        {"size=-2147483649", "'-2147483649' is below -2147483648"},
        {"size=2097152k", "'2097152k' is above 2147483647"},
        {"size=1.5", "'1.5' is not a whole number"},
        {"size=1e3", "'1e3' is not a whole number"},
        {"size=0x10", "'0x10' is not a whole number"},
        {"size=3kk", "'3kk' is not a whole number"},
        {"size=k", "'k' is not a whole number"},
        {"size=3 ", "'3 ' is not a whole number"},
        {"size= 3", "' 3' is not a whole number"},
        {"steps=9223372036854775808",
         "'9223372036854775808' is above 9223372036854775807"},
        {"steps=8796093022208m",
         "'8796093022208m' is above 9223372036854775807"},
        {"size=-1", "'-1' is below 0"},
        {"size=1000001", "'1000001' is above 1000000"},
        {"steps=-9999999999999999999", "'-9999999999999999999' is below 0"},
        {"steps=-1", "'-1' is below 0"},
        {"slope=", "'' is empty"},
        {"slope=nan", "'nan' is NaN"},
        {"slope=inf", "'inf' is infinite"},
        {"slope=1e999", "'1e999' is beyond 1.8e308"},
        {"slope=1x", "'1x' is not a number"},
        {"slope=1,5", "'1,5' is not a number"},
        {"fault=", "'' is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(text_of("sample --set '%s'", cases[i].set), 2,
                     text_of("--set %.*s: %s", (int)strcspn(cases[i].set, "="),
                             cases[i].set, cases[i].error));
}

Test(sample, stores_settings_with_all_their_digits)
{
    expect_success("sample run line --set size=1k --set steps=3m"
                   " --set slope=0.30000000000000004 --seed 7 --quick");
    expect("cd build/varied/9-sample; wc -l <line.tsv; grep -h '^steps'"
           " *.values.tsv; grep -E '^(seed|quick|set|key)' run.tsv",
           0,
           "1025\nsteps\t3145728\t0.5\t1\t1\tcomputed\nkey\tvalue\n"
           "key\tpartial\nseed\t7\n"
           "quick\t1\nset\tsize=1024 steps=3145728 slope=0.30000000000000004\n",
           "");
    expect("ls build", 0, "bin\nvaried\n", "");
}

Test(sample, explains_itself_and_every_command)
{
    static const char *const texts[] = {
        "usage: sample [COMMAND] [OPTION...]\n",
        "\n  run NAME... ",
        "\n  scale FILE|- [FAIL]      multiplies the first column\n",
        "\n  line                     points on a line\n",
        "\n  clock (timing)           a time\n",
        "\n  train (recorded)         a long training\n",
        "\n  size=3                   points on the line\n",
        "\n  slope=0.1                of the line\n",
        "\n  --set NAME=VALUE "};
    expect_success("sample --help");
    char *help = contents("out");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect(strstr(help, texts[i]) != NULL, "%s", texts[i]);
    expect_success("sample -h | cmp - out0 || cp out out0; sample -h >out1;"
                   "sample --help | cmp - out1");
    expect("for c in list run record reproduce accept key scale; do"
           " sample $c --help | head -1; done",
           0,
           "usage: sample list [OPTION...]\n"
           "usage: sample run [OPTION...] NAME...\n"
           "usage: sample record [OPTION...] [NAME...]\n"
           "usage: sample reproduce [OPTION...]\n"
           "usage: sample accept [OPTION...]\n"
           "usage: sample key [OPTION...]\n"
           "usage: sample scale [OPTION...] FILE|- [FAIL]\n",
           "");
    expect("sample run --help | tail -1; sample record --help | tail -1", 0,
           "$ sample run clock\n$ sample record train\n", "");
    expect("sample key --help | tail -2 >a; { echo '$ sample key'; sample key;"
           " } | diff - a",
           0, "", "");
    expect("sample list --help | tail -8 >a; { echo '$ sample list'; sample"
           " list; } | diff - a",
           0, "", "");
}

// The example is the last paragraph; what follows "$ " gives what follows it.
Test(sample, example_in_the_help_is_true)
{
    expect("for c in '' scale; do sample $c --help | sed '1,/^example$/d' >a;"
           " sed -n 's/^\\$ //p' a >command; sh command >b; sed 1,2d a |"
           " diff - b && cat b; done",
           0, "line\tscaled\n1\t3\nline\tscaled\n1\t3\n", "");
}

// ---- results ----------------------------------------------------------------

Test(sample, writes_results_that_say_what_they_are)
{
    expect("sample 2>log; sed 's/in .* s/in T s/' log", 0,
           "sample: absent: not run: needs dataset-pictures\n"
           "sample: 4 experiments in T s, in build/results/9-sample\n",
           "");
    expect("cd build/results; ls . 9-sample", 0,
           ".:\n9-sample\n\n9-sample:\nclock.values.tsv\nexperiments.tsv\n"
           "faulty.tsv\nline.claims.tsv\nline.tsv\nline.values.tsv\n"
           "noise.claims.tsv\nnoise.tsv\nnoise.values.tsv\nrun.tsv\n",
           "");
    expect("cd build/results/9-sample; cat line.*", 0,
           "name\trelation\tmeasured\tse\truns\treference\ttolerance\treason\t"
           "verdict\n"
           "steep\tat least\t0.10000000000000001\t0\t1\t0.050000000000000003\t0"
           "\t-\theld\n"
           "x\ty [m]\n0\t0\n1\t0.10000000000000001\n2\t0.20000000000000001\n"
           "name\tvalue\tse\truns\tunit\tkind\n"
           "size\t3\t0\t1\t1\texact\n"
           "slope\t0.10000000000000001\t0\t1\tm\tcomputed\n"
           "steps\t2048\t0.5\t1\t1\tcomputed\n",
           "");
    expect("cd build/results/9-sample; cut -f1,2,4,5 experiments.tsv", 0,
           "name\tkind\tfiles\tnote\n"
           "clock\ttiming\tclock.values.tsv\t-\n"
           "line\trun\tline.tsv,line.values.tsv,line.claims.tsv\t-\n"
           "noise\trun\tnoise.tsv,noise.values.tsv,noise.claims.tsv\t-\n"
           "absent\trun\t-\tneeds dataset-pictures\n"
           "faulty\trun\tfaulty.tsv\t-\n",
           "");
    expect("cd build/results/9-sample; cut -f1 run.tsv | paste -sd' '; grep -E "
           "'^(program|chapter|seed|quick|set|threads)' run.tsv",
           0,
           "key program chapter key seed quick set threads machine cpu memory "
           "compiler flags date seconds\n"
           "program\tsample\nchapter\t9-sample\nseed\t1\nquick\t0\nset\t-\n"
           "threads\t1\n",
           "");
    expect("sed -n 's/^key.//p' build/results/9-sample/run.tsv | tail -1 >a;"
           " sample key | cmp - a",
           0, "", "");
    expect("sample list | sed 's/[0-9.]* s /T s /' | head -2; sample list |"
           " tail -1",
           0,
           "clock            timing    T s     a time\n"
           "line             run       T s     points on a line\n"
           "grid             recorded  not run   a large grid\n",
           "");
}

Test(sample, gives_the_same_bytes_at_any_thread_count)
{
    expect_success("sample --threads 1 --out one; sample --threads=2 --out "
                   "two/");
    expect("diff -r -x clock.values.tsv -x experiments.tsv -x run.tsv one two;"
           " grep -h threads */run.tsv; ls",
           0, "threads\t1\nthreads\t2\nbuild\nchapters\nerr\none\nout\ntwo\n",
           "");
}

static const char cat_results[] =
    "cd build/results; ls -A . 9-sample; cat 9-sample/*";

// What a failed run leaves behind is what was there before.
static void expect_untouched(const char *before)
{
    sh(cat_results);
    cr_expect(eq(str, contents("out"), (char *)before));
}

static char *results_before(void)
{
    expect_success("sample");
    sh(cat_results);
    return contents("out");
}

Test(sample, leaves_the_results_alone_when_a_program_is_wrong)
{
    static const struct {
        const char *fault, *error;
    } cases[] = {
        {"fields", "faulty: faulty.tsv: 3 fields for 2 columns in '1\\t2\\t3'"},
        {"empty",
         "faulty: faulty.tsv: an empty field, or two lines, in '1\\t'"},
        {"lines", "faulty: faulty.tsv: an empty field, or two lines, in "
                  "'1\\t2\\n3\\t4'"},
        {"columns", "faulty: more.tsv: an empty field, or two lines, in "
                    "'x\\t\\ty'"},
        {"open", "faulty leaves faulty.tsv open: no done()"},
        {"table", "table 'faulty' is given twice"},
        {"taken", "table 'run': lab writes a table of that name itself"},
        {"name", "table '../faulty': a name has letters, digits, - and _"},
        {"value", "value 'size' is given twice"},
        {"claim", "claim 'a' is given twice"},
        {"nan", "value 'lost' is nan"},
        {"unit", "faulty: faulty.values.tsv: an empty field, or two lines, in "
                 "'lost\\t1\\t0\\t1\\t\\texact'"},
        {"error", "value 'lost' has the error -1 of 1 runs"},
        {"runs", "value 'lost' has the error 0 of 0 runs"},
        {"nan-claim", "claim 'lost' is nan"},
        {"reference", "claim 'lost' is held against inf within 0"},
        {"reason", "claim 'lost' has a tolerance without a reason"},
        {"require", "faulty: not true: par.size == 4"},
#ifndef __SANITIZE_ADDRESS__ // which ends the program itself
        {"memory", "no memory for 576460752303423487 numbers"},
#endif
        {"done", "faulty.tsv is done twice"},
        {"row", "faulty.tsv is done, and has no more rows"},
        {"threads --threads 4", "only once"},
    };
    char *before = results_before();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(text_of("sample run faulty --set fault=%s --out "
                             "build/results/9-sample",
                             cases[i].fault),
                     3, cases[i].error);
    expect_error("sample run faulty --set fault=usage --out "
                 "build/results/9-sample",
                 2, "--set size: 3 is odd");
    expect_untouched(before);
}

Test(sample, tells_a_programmer_what_is_declared_wrongly)
{
    static const struct {
        const char *slip, *command, *error;
    } cases[] = {
        {"option", "", "add_option: not true: owner->example"},
        {"example", "", "calculator: not true: example"},
        {"dots", "", "experiment 'a.b': a name has letters, digits, - and _"},
        {"shadow", "", "option 'seed' is one of lab's own: take another name"},
        {"limits", "", "limits: not true: knob_count > 0 && least <= most"},
        {"setting", "", "'size' is declared twice"},
        {"experiment", "", "'line' is declared twice"},
        {"calculator", "", "'list' is declared twice"},
        {"many", "", "'line200': 200 are the most of a kind"},
        {"none", "value", "value 'nowhere' belongs to no experiment"},
        {"none", "need", "this needs dataset-pictures"},
        {"none", "ask", "no option 'question' is declared"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(text_of("SLIP=%s sample %s", cases[i].slip,
                             cases[i].command),
                     3, cases[i].error);
}

// Starts a command that does not end by itself, once it has begun to write.
static pid_t start(const char *command, const char *folder)
{
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", text_of("exec %s 2>err.slow", command),
              NULL);
        _exit(127);
    }
    char *path = text_of("%s.new-%d/faulty.tsv", folder, (int)child);
    for (int i = 0; i < 5000 && access(path, F_OK) != 0; i++)
        usleep(1000);
    cr_assert(access(path, F_OK) == 0, "%s", path);
    return child;
}

static int end(pid_t child, int signal_number)
{
    int status;
    kill(child, signal_number);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const char stopped[] = "sample: stopped; what was not finished is gone, "
                              "the results are as before\n";

static const char slow_run[] =
    "sample run faulty --set fault=slow --out build/results/9-sample";

Test(sample, leaves_nothing_when_it_is_interrupted)
{
    char *before = results_before();
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (int i = 0; i < 3; i++) {
        pid_t child = start(slow_run, "./build/results/9-sample");
        cr_expect(eq(int, end(child, numbers[i]), 128 + numbers[i]));
        expect_untouched(before);
    }
    cr_expect(eq(str, contents("err.slow"), (char *)stopped));
}

Test(sample, cleans_up_after_a_run_that_was_killed)
{
    pid_t child = start(slow_run, "./build/results/9-sample");
    end(child, SIGKILL);
    expect("ls build/results | sed s/[0-9]*$//", 0,
           "9-sample.lock\n9-sample.new-\n", "");
    expect_success("sample run line");
    expect("ls build/results; ls build/results/9-sample", 0,
           "9-sample\nexperiments.tsv\nline.claims.tsv\nline.tsv\n"
           "line.values.tsv\nrun.tsv\n",
           "");
}

Test(sample, takes_turns_with_another_run)
{
    pid_t child = start(slow_run, "./build/results/9-sample");
    pid_t other = fork();
    if (other == 0)
        _exit(sh("sample run line 2>log"));
    for (int i = 0; i < 5000 && !strstr(contents("log"), "waiting"); i++)
        usleep(1000);
    cr_expect(eq(int, end(child, SIGTERM), 128 + SIGTERM));
    cr_expect(eq(int, end(other, 0), 0));
    expect("sed 's/that writes .*/.../; s/in .*/.../' log", 0,
           "sample: waiting for another run ...\nsample: 1 experiment ...\n",
           "");
    expect("ls build/results; ls build/results/9-sample | wc -l", 0,
           "9-sample\n5\n", "");
}

Test(sample, fails_in_one_line_when_the_world_does)
{
    char *before = results_before();
    expect("ulimit -f 16; sample run noise 2>a; s=$?; sed 's/new-[0-9]*/new/;"
           " s,:.*/,: ,' a; exit $s",
           3, "sample: noise.tsv: File too large\n", "");
    expect_untouched(before);
    expect_error("echo 1 | sample scale - >/dev/full", 3,
                 "standard output: No space left on device");
    expect_error("sample --help >/dev/full", 3,
                 "standard output: No space left on device");
    expect_error("sample list >&-", 3, "standard output: Bad file descriptor");
    expect_error("rm -r build/results/9-sample; touch build/results/9-sample;"
                 " sample",
                 3, text_of("%s/build/results/9-sample is not a folder", tree));
    expect_error("rm -r build/results; touch build/results; sample", 3,
                 text_of("%s/build/results/9-sample.lock: Not a directory",
                         tree));
    expect_error("touch file; sample --out file", 3, "./file is not a folder");
    expect_error("sample --out file/x/y", 3, "./file/x: Not a directory");
    expect_success("rm build/results; sample; sample --out some/new/folder");
}

Test(sample, keeps_the_results_of_the_experiments_that_do_not_run)
{
    static const char all[] = "cd build/results/9-sample; cat noise.* clock.* "
                              "faulty.*; cut -f1,2,4,5 experiments.tsv";
    expect_success("sample");
    sh(all);
    char *before = contents("out"), *key;
    expect_success("sample key");
    key = contents("out");
    expect_success("sample run line line");
    sh(all);
    cr_expect(eq(str, contents("out"), before));
    expect("sed -n 's/^key.//p' build/results/9-sample/run.tsv | tail -1", 0,
           key, "");
    // Nothing ran: nothing changes.
    expect("sample run absent", 0, "",
           "sample: absent: not run: needs dataset-pictures\n");
    sh(all);
    cr_expect(eq(str, contents("out"), before));
    // Other options: the others' results would not be what run.tsv says.
    expect_success("cp -r build/results/9-sample out.dir;"
                   " sample run line --set size=2 --out out.dir");
    expect("cut -f1 out.dir/experiments.tsv; grep ^key out.dir/run.tsv", 0,
           "name\nline\nkey\tvalue\nkey\tpartial\n", "");
}

// Whoever changes a program and runs a part of it has not made the rest anew.
Test(sample, key_vouches_for_program_data_and_the_whole_folder)
{
    static const char differs[] = "sample key >b; cmp -s a b || echo differs";
    expect_success("sample; sample key >a; grep -q \"$(cat a)\" "
                   "build/results/9-sample/run.tsv");
    expect(differs, 0, "", "");
    expect(text_of("cd chapters/9-sample/data; echo 1 >x; cd ../../..; %s",
                   differs),
           0, "differs\n", "");
    expect("cp b a; echo 2 >chapters/9-sample/data/x; sample key | cmp -s a", 1,
           "", "");
    expect(text_of("cd chapters/9-sample/data; echo 1 >x; mv x y; cd ../../..;"
                   " %s",
                   differs),
           0, "differs\n", "");
    expect("rm chapters/9-sample/data/y; mkdir -p src/data/set;"
           " sample key >a; echo 1 >src/data/set/x; sample key | cmp -s - a",
           1, "", "");
    expect_success("rm -r src; sample key >a; printf x >>build/bin/sample;"
                   " sample run line; ! grep -q \"$(sample key)\" build/results"
                   "/9-sample/run.tsv; grep -q partial build/results"
                   "/9-sample/run.tsv");
    expect_error("sample reproduce", 2,
                 text_of("%s/build/results/9-sample/run.tsv is of another "
                         "program, or not whole: run sample first",
                         tree));
}

// ---- published results ------------------------------------------------------

static const char everything_new[] =
    "size: not published, now 3\n"
    "slope: not published, now 0.10000000000000001\n"
    "steps: not published, now 2048\n"
    "steep: not published, now held\n"
    "noise: not published, now -0.0076780319213867188\n"
    "centred: not published, now held\n"
    "absent: not published, now 1\n";

static void publish(void)
{
    expect_success("touch chapters/9-sample/data/pictures.bin; sample");
    expect("sample accept", 0,
           text_of("%ssample: 7 of 7 values moved\n", everything_new), "");
}

Test(sample, accepts_whole_results_of_its_own)
{
    char *run_tsv = text_of("%s/build/results/9-sample/run.tsv", tree);
    expect_error("sample reproduce", 2, "no results yet: run sample first");
    expect_error("sample accept", 2, "no results yet: run sample first");
    expect_success("sample run line");
    expect_error("sample accept", 2,
                 text_of("%s is of another program, or not whole: run sample "
                         "first",
                         run_tsv));
    expect_success("sample");
    expect_error("sample accept", 2, "absent: not run: needs dataset-pictures");
    expect_success("sample --quick; sample --seed 1 --out seed");
    expect_error("sample reproduce --out build/varied/9-sample", 2,
                 "./build/varied/9-sample/run.tsv is of a run with other "
                 "options than the published one");
    expect("sample reproduce --out seed", 1,
           text_of("absent: not run: needs dataset-pictures\n"
                   "%.*ssample: 0 of 6 values reproduced\n",
                   (int)strlen(everything_new) - 29, everything_new),
           "");
    expect("ls chapters/9-sample", 0, "data\n", "");
    publish();
    expect("sed -n 's/\t[^\t]*/&/3;1p;2s/\t.*//p;4,$p' chapters/9-sample"
           "/expected.tsv | sed '/timing/d'",
           0,
           "what\tname\tvalue\tse\truns\tunit\tkind\trelation\treference\t"
           "tolerance\tverdict\n"
           "run\n"
           "value\tsize\t3\t0\t1\t1\texact\t-\t-\t-\t-\n"
           "value\tslope\t0.10000000000000001\t0\t1\tm\tcomputed\t-\t-\t-\t-\n"
           "value\tsteps\t2048\t0.5\t1\t1\tcomputed\t-\t-\t-\t-\n"
           "claim\tsteep\t0.10000000000000001\t0\t1\t-\t-\tat least\t"
           "0.050000000000000003\t0\theld\n"
           "value\tnoise\t-0.0076780319213867188\t0.031556129455566406\t1000\t"
           "1\tsampled\t-\t-\t-\t-\n"
           "claim\tcentred\t-0.0076780319213867188\t0.031556129455566406\t1000"
           "\t-\t-\tequal\t0\t0\theld\n"
           "value\tabsent\t1\t0\t1\t1\texact\t-\t-\t-\t-\n",
           "");
    expect("sample accept", 0, "sample: 0 of 7 values moved\n", "");
}

// Each edit of expected.tsv, and what reproduce then tells.
Test(sample, compares_each_value_by_its_kind)
{
    static const struct {
        const char *edit, *told;
    } cases[] = {
        {"", ""},
        {"s/size\t3/size\t3.0000000000000004/",
         "size: published 3.0000000000000004, now 3\n"},
        {"s/slope\t0.1[0-9]*/slope\t0.10000000009/", ""},
        {"s/slope\t0.1[0-9]*/slope\t0.10000000011/",
         "slope: published 0.10000000011, now 0.10000000000000001\n"},
        {"s/steps\t2048/steps\t2048.5/", ""},
        {"s/steps\t2048/steps\t2048.6/", "steps: published 2048.6, now 2048\n"},
        {"s/noise\t-0.007678031/noise\t-0.007678032/", ""},
        {"s/noise\t-0.00767803/noise\t-0.00767807/",
         "noise: published -0.0076780719213867188, now "
         "-0.0076780319213867188\n"},
        // elsewhere: 4 standard errors of the difference, 0.1785
        {"s/cpu\t/&another /; s/noise\t-0.00/noise\t-0.17/", ""},
        {"s/compiler\t/&another /; s/noise\t-0.00/noise\t-0.19/",
         "noise: published -0.1976780319213867188, now "
         "-0.0076780319213867188\n"},
        {"s/noise\t-0.00/noise\t-0.17/; s/sampled/trained/", ""},
        {"s/noise\t-0.00/noise\t-0.19/; s/sampled/trained/",
         "noise: published -0.1976780319213867188, now "
         "-0.0076780319213867188\n"},
        {"s/seconds\t[^\t]*/seconds\t0/", ""},
        {"/seconds/d", ""},
        {"/steep/s/held/open/", "steep: published open, now held\n"},
        {"s/steep/deep/", "deep: published held, now absent\n"
                          "steep: not published, now held\n"},
        {"s/absent\t1/gone\t2/", "gone: published 2, now absent\n"
                                 "absent: not published, now 1\n"},
    };
    publish();
    expect_success("cp chapters/9-sample/expected.tsv good");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int lost = *cases[i].told != 0;
        int two = lost && strstr(cases[i].told, "not published") != NULL;
        expect(text_of("sed '%s' good >chapters/9-sample/expected.tsv;"
                       " sample reproduce",
                       cases[i].edit),
               lost,
               text_of("%ssample: %d of %d values reproduced\n", cases[i].told,
                       7 - lost, 7 + two),
               "");
    }
    expect("sample accept; cmp good chapters/9-sample/expected.tsv", 0,
           "gone: published 2, now absent\nabsent: not published, now 1\n"
           "sample: 2 of 8 values moved\n",
           "");
}

Test(sample, names_the_place_of_damage_in_the_books_own_files)
{
    char *expected = text_of("%s/chapters/9-sample/expected.tsv", tree);
    publish();
    expect_error("sed -i 5s/3/x/ chapters/9-sample/expected.tsv;"
                 " sample reproduce",
                 3, text_of("%s:5: value: 'x' is not a number", expected));
    expect_success("sed -i 5s/x/3/ chapters/9-sample/expected.tsv");
    expect_error("sed -i 7s/2048// chapters/9-sample/expected.tsv;"
                 " sed -i '6s/\t-$//' chapters/9-sample/expected.tsv;"
                 " sample reproduce",
                 3, text_of("%s:6: not 11 fields", expected));
    expect_error("sed -i 's/verdict/v/;6s/$/\t-/;7d' chapters/9-sample"
                 "/expected.tsv; sample reproduce",
                 3, text_of("%s: no column 'verdict'", expected));
    expect_error("sed -i '3s/\t[0-9.]*\t/\tx\t/' build/results/9-sample"
                 "/experiments.tsv; sample list",
                 3,
                 text_of("%s/build/results/9-sample/experiments.tsv:3: seconds:"
                         " 'x' is not a number",
                         tree));
}

Test(sample, records_and_checks_long_experiments)
{
    expect("sample record 2>log; cd chapters/9-sample; ls recorded;"
           " cut -f1,2,4 recorded/experiments.tsv; ls; wc -l <../../log",
           0,
           "experiments.tsv\ngrid.tsv\nrun.tsv\ntrain.tsv\n"
           "name\tkind\tfiles\ntrain\trecorded\ttrain.tsv\n"
           "grid\trecorded\tgrid.tsv\ndata\nrecorded\n2\n",
           "");
    expect_success("cp -r chapters/9-sample/recorded good");
    expect("cut -f5 good/experiments.tsv | sed 's/^2.*Z/DATE/' >a;"
           " printf \"note\\nDATE, key $(sample key)\\n%.0s\" 1 2 |"
           " sed '3{/note/d}' | diff - a; grep -c \"$(sample key)\""
           " good/run.tsv",
           0, "1\n", "");
    expect("sample run train grid --recorded-check", 0,
           "train: 2 rows agree\ngrid: 1 row agrees\n", "");
    expect("sample --recorded-check", 0,
           "train: 2 rows agree\ngrid: 1 row agrees\n", "");
    expect("ls build/*", 0, "build/bin:\nsample\n\nbuild/results:\n", "");
    // The order of rows may differ, and the seventh digit.
    expect("cd chapters/9-sample/recorded; { head -1 train.tsv; tail -4 "
           "train.tsv | sort -r | sed 's/\\(0\\.........\\).*/\\1/'; } >a;"
           " mv a train.tsv; sample run train --recorded-check",
           0, "train: 2 rows agree\n", "");
    expect("sed -i 's/^1\t0./1\t1./' chapters/9-sample/recorded/train.tsv;"
           " sample run train --recorded-check",
           1, "train: train.tsv:3: not recorded: 1 ...\n", "");
    expect("rm chapters/9-sample/recorded/grid.tsv; sample --recorded-check", 1,
           "train: train.tsv:3: not recorded: 1 ...\n"
           "grid: grid.tsv:1: not recorded: x ...\n",
           "");
    // One alone leaves the other; other options leave the published ones.
    expect_success("sample record grid; sample record grid --set size=9");
    expect("cat chapters/9-sample/recorded/grid.tsv; grep -c . chapters"
           "/9-sample/recorded/train.tsv; cat build/varied/9-sample.recorded"
           "/grid.tsv",
           0, "x\n3\n5\nx\n9\n", "");
}

// ---- without a tree, on a terminal ------------------------------------------

Test(sample, works_outside_a_tree)
{
    expect("mkdir far; cp build/bin/sample far; rm -r chapters; cd far;"
           " ./sample 2>log; ./sample --quick 2>>log; sed 's/in .* s/T s/' log;"
           " ls",
           0,
           "sample: absent: not run: needs dataset-pictures\n"
           "sample: 4 experiments T s, in ./results\n"
           "sample: absent: not run: needs dataset-pictures\n"
           "sample: 4 experiments T s, in ./varied\n"
           "log\nresults\nsample\nvaried\n",
           "");
    expect_error("cd far; ./sample accept", 2,
                 "nothing is published: this program is outside its tree");
    expect_error("mkdir -p chapters/1-sample chapters/2-sample; sample", 3,
                 "two chapters for one program: 1-sample and 2-sample");
}

// `script` gives a terminal.
Test(sample, draws_a_bar_after_two_seconds_and_takes_it_away)
{
    sh("script -qec 'timeout --foreground 2.7 sample run faulty --set "
       "fault=slow' bar >/dev/null");
    expect("tr '\\r' '\\n' <bar | sed '1,2d;/^Script done/,$d' >lines; head -1 "
           "lines | sed 's/#.*//'; grep -c '^.\\[Ksample: stopped' lines;"
           " ls -A build/varied",
           0, "slowly [\n1\n", "");
}

Test(sample, names_the_file_that_the_world_has_spoilt)
{
    char *results = text_of("%s/build/results/9-sample", tree);
    expect_error("ln -s nowhere chapters/9-sample/data/x; sample key", 3,
                 text_of("%s/chapters/9-sample/data/x: No such file or "
                         "directory",
                         tree));
    expect_error("rm chapters/9-sample/data/x; sample 2>log;"
                 " rm build/results/9-sample/noise.tsv; sample run line",
                 3,
                 text_of("%s/noise.tsv: No such file or directory", results));
    expect_error("sed -i 's/faulty.tsv/line.tsv/' "
                 "build/results/9-sample/experiments.tsv; sample run noise",
                 3, "line.tsv is written twice");
    expect_error("cd build/results/9-sample; rm experiments.tsv; mkdir "
                 "experiments.tsv; sample list",
                 3, text_of("%s/experiments.tsv: Is a directory", results));
    expect_error("rm -r build/results; mkdir -p build/results/9-sample.new-1/x;"
                 " sample",
                 3, text_of("%s.new-1: Directory not empty", results));
#ifndef __SANITIZE_ADDRESS__ // which takes more memory than that by itself
    expect("head -c 200m /dev/zero >large; (ulimit -v 100000;"
           " sample scale large)",
           3, "", "sample: no memory for large\n");
#endif
}

// ---- when the world does its worst ------------------------------------------

static const char compared[] = "diff -r -x clock.values.tsv -x experiments.tsv "
                               "-x run.tsv whole quick";

Test(sample, reads_numbers_from_its_operands)
{
    static const struct {
        const char *operands, *error;
    } cases[] = {
        {"''", "X: '' is empty"},
        {"x", "X: 'x' is not a number"},
        {"-inf", "no option '-inf'; see sample power --help"},
        {"-- -inf", "X: '-inf' is infinite"},
        {"nan", "X: 'nan' is NaN"},
        {"2", "power: N is missing"},
        {"2 ''", "N: '' is empty"},
        {"2 1.5", "N: '1.5' is not a whole number"},
        {"2 -1", "N: '-1' is below 0"},
        {"2 2m", "N: '2m' is above 1048576"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(text_of("SLIP=none sample power %s", cases[i].operands), 2,
                     cases[i].error);
    expect("SLIP=none sample power -.5 3", 0, "-0.125\n", "");
    expect("SLIP=none sample power 1 1m", 0, "1\n", "");
}

// Wherever the disk is full: what each of the files needs is tried.
Test(sample, leaves_the_results_alone_on_a_full_disk)
{
    char *before = results_before();
    int failures = 0;
    for (int blocks = 0; blocks < 64; blocks++) {
        sh(text_of("(ulimit -f %d; sample 2>&1 >/dev/full; echo $?) | "
                   "grep -v absent: | sed 's,^sample: .*/,sample: ,' | cat",
                   blocks));
        char *said = contents("out"), *name = text_of("%s", said);
        if (strstr(said, "\n0\n"))
            break; // there was room
        name[strcspn(name, ":")] = 0;
        cr_expect(strcmp(name, "sample") == 0 &&
                      strstr(said, ".tsv: File too large\n3\n") &&
                      strchr(said, '\n') + 3 == said + strlen(said),
                  "%d blocks: %s", blocks, said);
        expect_untouched(before);
        failures++;
    }
    cr_expect(failures > 5 && failures < 64, "%d", failures);
    publish();
    expect("(ulimit -f 0; sample accept 2>&1; echo $?) | sed 's,/.*/,,' | cat;"
           " ls chapters/9-sample",
           0,
           "sample: expected.tsv.new: File too large\n3\ndata\n"
           "expected.tsv\n",
           "");
}

// Where a folder of one's own can be mounted, as in a container.
Test(sample, leaves_the_results_alone_where_there_is_no_room)
{
    if (sh("unshare -rm true") != 0)
        return;
    expect("unshare -rm sh -c 'mkdir d; mount -t tmpfs -o size=64k none d;"
           " sample --quick --out d/r 2>/dev/null; cp -r d/r whole;"
           " head -c 64k /dev/zero >d/fill 2>/dev/null;"
           " sample --quick --out d/r 2>err1; echo $?; ls d;"
           " diff -r whole d/r; sed \"s/new-[0-9]*/new/\" err1'",
           0,
           "3\nfill\nr\nsample: ./d/r.new/line.tsv: No space left on device\n",
           "");
}

Test(sample, survives_a_hundred_kills_at_any_moment)
{
    struct random r = stream("kills", 0);
    expect_success("sample --quick --out quick; cp -r quick whole");
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            execl("/bin/sh", "sh", "-c",
                  "exec sample --quick --out quick 2>/dev/null", NULL);
            _exit(127);
        }
        usleep(below(&r, 20000));
        end(child, SIGKILL);
        expect(compared, 0, "", "");
    }
    expect_success("sample --quick --out quick");
    expect(text_of("%s; ls", compared), 0,
           "build\nchapters\nerr\nout\nquick\nwhole\n", "");
}

Test(sample, may_run_many_times_at_once)
{
    expect_success("sample --quick --out quick; cp -r quick whole");
    expect("for i in 1 2 3 4 5 6 7 8; do"
           " { sample --quick --out quick 2>log$i || echo failed; } & done;"
           " wait; grep -L ' experiments in ' log?; rm log?",
           0, "", "");
    expect(text_of("%s; ls", compared), 0,
           "build\nchapters\nerr\nout\nquick\nwhole\n", "");
}

// The sample's clocks: under JUMP every second look is decades earlier or later
// than the one before, and the date is none.
int clock_gettime(clockid_t which, struct timespec *t)
{
    static int looks;
    int error = (int)syscall(SYS_clock_gettime, which, t);
    if (getenv("JUMP"))
        t->tv_sec += looks++ % 2 ? -1000000000 : 1000000000;
    return error;
}

time_t time(time_t *t)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time_t seconds = getenv("JUMP") ? INT64_MAX : now.tv_sec;
    return t ? *t = seconds : seconds;
}

Test(sample, minds_no_clock_that_jumps)
{
    expect_success("sample --quick --out whole");
    expect_success("JUMP=1 sample --quick --out quick 2>log");
    expect(text_of("%s; grep date quick/run.tsv; cut -f3 quick/experiments.tsv"
                   " | grep -e - || true",
                   compared),
           0, "date\tunknown\n", "");
    expect("JUMP=1 timeout 0.5 sample run faulty --set fault=slow 2>log;"
           " grep -v -E 'slowly: [0-9]* %, [0-9]* (s|min .. s) left|stopped' "
           "log",
           1, "", "");
}

// ---- what readers type ------------------------------------------------------

// A piece of what may stand behind --set.
static const char *piece(struct random *r)
{
    static const char *const pieces[] = {"size",
                                         "steps",
                                         "slope",
                                         "fault",
                                         "=",
                                         "==",
                                         "0",
                                         "1",
                                         "-",
                                         "+",
                                         "9",
                                         "2147483648",
                                         "9223372036854775807",
                                         "18446744073709551616",
                                         "k",
                                         "m",
                                         "kk",
                                         ".",
                                         ",",
                                         "e",
                                         "e999",
                                         "0x",
                                         "p",
                                         "nan",
                                         "inf",
                                         "infinity",
                                         " ",
                                         "\t",
                                         "\n",
                                         "\r",
                                         "\033[31m",
                                         "%s",
                                         "%n",
                                         "%999999d",
                                         "*",
                                         "'",
                                         "\"",
                                         "\\",
                                         "/",
                                         "..",
                                         "\xff",
                                         "\xc3\xa4",
                                         "\x01",
                                         "\x7f",
                                         "--set",
                                         "--",
                                         "none",
                                         "1e-320",
                                         "-0"};
    static char longest[20001];
    if (below(r, 200))
        return pieces[below(r, sizeof pieces / sizeof *pieces)];
    memset(longest, '0' + (int)below(r, 10), sizeof longest - 1);
    return longest + below(r, 20000);
}

// Is it one line that begins with what was at fault, status 2, and no output?
static int is_refused(const char *text, int output)
{
    int status;
    char *arguments[] = {"sample", "--set", (char *)text, "--set", "x", NULL};
    pid_t child = fork();
    if (child == 0) {
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        _exit(sample(5, arguments));
    }
    waitpid(child, &status, 0);
    char said[9000];
    ssize_t n = pread(output, said, sizeof said - 1, 0);
    said[n > 0 ? n : 0] = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 2 && n > 0 &&
           strncmp(said, "lab: --set", 10) == 0 &&
           strchr(said, '\n') == said + n - 1 && ftruncate(output, 0) == 0 &&
           lseek(output, 0, SEEK_SET) == 0;
}

// ABUSES=100000 tries more.
Test(sample, refuses_whatever_is_typed_behind_set)
{
    static char text[200000];
    struct random r = stream("abuses", 0);
    const char *more = getenv("ABUSES");
    FILE *f = tmpfile();
    for (int i = 0; i < (more ? atoi(more) : 1000); i++) {
        *text = 0;
        for (int k = below(&r, 8); k >= 0; k--)
            strcat(text, piece(&r));
        int refused = is_refused(text, fileno(f));
        if (!refused)
            cr_assert(refused, "--set '%s'", text);
    }
    fclose(f);
}

// Inputs that fuzzing began with, and those that it found.
Test(sample, takes_or_refuses_every_kept_input)
{
    expect(text_of("for f in '%s'/tests/fuzz/*/input/*; do"
                   " sample scale \"$f\" >a 2>b; s=$?; n=$(wc -l <b);"
                   " [ $s.$n = 0.0 ] || [ $s.$n = 2.1 ] || echo \"$f: $s\";"
                   " done; for f in '%s'/tests/fuzz/*/set/*; do"
                   " sample --set \"$(cat \"$f\")\" --set x >a 2>b; s=$?;"
                   " [ $s.$(wc -l <b) = 2.1 ] || echo \"$f: $s\"; done",
                   home, home),
           0, "", "");
}
