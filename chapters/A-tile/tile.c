// Tile: how near a product of matrices comes to what the machine can do, and
// what gives the one loop that it is made of its shape.
//
//     cc -O3 -march=native -fopenmp tile.c -lm
//
//     shapes        what a tile asks of registers, chains and loads
//     levels        what a product moves, from where, and what that allows
//     rounding      how far a product of floats is from the true one
//     stopwatch     the limits of the machine, and tiles of every shape
//     experiments   claims and counts, then times
//     calculators   shapes for other machines, and a roofline
#include "lab/lab.h"
#include "tile/math.h"
#include "tile/tile.h"
#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every field is a --set.  The first five are the machine's, the next three
// the library's.
static struct {
    int registers, lanes, latency, pipes, ports;
    int depth, band, panel;
    int products, stride;
} par = {.registers = 32,
         .lanes = 16,
         .latency = 4,
         .pipes = 2,
         .ports = 2,
         .depth = 384,
         .band = 96,
         .panel = 2048,
         .products = 200,
         .stride = 4099};

// ---- shapes -----------------------------------------------------------------

// A tile of r rows, each v vectors wide, holds its sums, a row of B and one
// number of A.  eq:fits
static int registers(int r, int v)
{
    return r * v + v + 1;
}

// Vectors read for each multiply-add of vectors.  eq:loads
static double loads(int r, int v)
{
    return (double)(r + v) / (r * v);
}

// Bytes read for each multiply-add of numbers.  eq:bytes
static double bytes(int r, int v)
{
    return 4.0 * (r + v * par.lanes) / (r * v * par.lanes);
}

// The share of the peak that chains and loads allow.  eq:busy
static double busy(int r, int v)
{
    double chains = (double)r * v / (par.latency * par.pipes);
    double fed = (double)par.ports / par.pipes / loads(r, v);
    return fmin(1, fmin(chains, fed));
}

// The share of the work that falls beside a square of side n.
static double beside(int n, int r, int v)
{
    int64_t c = (int64_t)v * par.lanes;
    int64_t tall = (int64_t)r * ((n + r - 1) / r), wide = (n + c - 1) / c * c;
    return 1 - (double)n * n / ((double)tall * wide);
}

// ---- levels -----------------------------------------------------------------

// Flops per byte if A and B are read once, and C is read and written.
// eq:intensity
static double intensity(double m, double n, double k)
{
    return 2 * m * n * k / (4 * (m * k + k * n + 2 * m * n));
}

// Flops per second that a peak and a bandwidth allow.  eq:attainable
static double attainable(double flops_per_byte, double p, double w)
{
    return fmin(p, flops_per_byte * w);
}

// What passes by what stays.
enum { TILE, STRIP, SUMS, LEFT, RIGHT, PASSES };

// Bytes per multiply-add of each: A and B at a tile, strips of B at a band, C
// at a strip, A at a panel, and B at its packing for m rows.  eq:traffic
static void traffic(int m, double b[PASSES])
{
    b[TILE] = 4.0 / ROWS + 4.0 / COLUMNS;
    b[STRIP] = 4.0 / par.band;
    b[SUMS] = 8.0 / par.depth;
    b[LEFT] = 4.0 / par.panel;
    b[RIGHT] = 8.0 / m;
}

// ---- rounding ---------------------------------------------------------------

#define UNIT 0x1p-24 // what one rounding of a float changes at most, relatively

// The error of an element of the product, in terms of the sum of the absolute
// products: each of them is rounded so many times at most.  eq:rounding
static double bound(int k, int depth)
{
    int roundings = k < depth ? k : depth + (k + depth - 1) / depth - 1;
    return roundings * UNIT / (1 - roundings * UNIT);
}

// The root mean square of that error for products of variance one: every
// partial sum is rounded, by c UNIT of its size on average.  eq:drift
static double drift(int k, int depth)
{
    double d = k < depth ? k : depth, q = k / d;
    double inside = q * d * (d + 1) / 2, between = d * (q * (q + 1) / 2 - 1);
    return UNIT * sqrt((inside + between) / (8 * log(2)));
}

// An element as one chain of multiply-adds, and in doubles.
static float one_chain(int n, int k, const float *a, const float *b)
{
    float sum = 0;
    for (int p = 0; p < k; p++)
        sum = fma32(a[p], b[(int64_t)p * n], sum);
    return sum;
}

static double in_doubles(int n, int k, const float *a, const float *b,
                         double *absolute)
{
    double sum = 0;
    *absolute = 0;
    for (int p = 0; p < k; p++) {
        double x = (double)a[p] * b[(int64_t)p * n];
        sum += x;
        *absolute += fabs(x);
    }
    return sum;
}

// ---- stopwatch --------------------------------------------------------------

// n floats that are neither zero nor all alike.
static float *numbers(int64_t n)
{
    float *x = floats(n);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)((i * 37 + 11) % 101 - 50) / 64;
    return x;
}

// What a timed function works on.
struct work {
    int64_t n;
    int passes;
    float *x, *y, *z;
};
typedef void job(const struct work *w);

// The shortest time of a call, over rounds of a millisecond or more each; long
// calls have fewer rounds.
static double shortest(job *run, const struct work *w)
{
    double least = INFINITY, begin = seconds_now();
    int repeat = 1;
    run(w);
    for (int round = 0; round < (quick ? 4 : 15); round++) {
        double from = seconds_now();
        for (int i = 0; i < repeat; i++)
            run(w);
        double t = (seconds_now() - from) / repeat;
        least = fmin(least, t);
        repeat = t < 1e-3 ? 1e-3 / fmax(t, 1e-7) + 1 : 1;
        if (round >= 3 && seconds_now() - begin > 0.3)
            break;
    }
    return least;
}

// Eight streams at once: one alone does not fill the way from memory.
enum { STREAMS = 8 };
static __attribute__((noinline)) float sweep(int64_t n, const float *x)
{
    int64_t part = n / STREAMS / LANES * LANES;
    lanes sum[STREAMS] = {0}, all = {0};
    for (int64_t i = 0; i < part; i += LANES)
        for (int s = 0; s < STREAMS; s++)
            sum[s] += *(const lanes_at *)(x + s * part + i);
    for (int s = 0; s < STREAMS; s++)
        all += sum[s];
    float total = 0;
    for (int l = 0; l < LANES; l++)
        total += all[l];
    return total;
}

// Each thread reads n floats of its own, several times.
static void read_all(const struct work *w)
{
#pragma omp parallel
    for (int pass = 0; pass < w->passes; pass++) {
        // The sum is used, and the next pass finds the numbers changed, for all
        // that the compiler knows.
        float sum = sweep(w->n, w->x + w->n * omp_get_thread_num());
        __asm__ volatile("" ::"m"(sum) : "memory");
    }
}

// Bytes per second that so many threads read, each from so many bytes.
static double reading(int count, int64_t size)
{
    int64_t n = (size / 4 / STREAMS / LANES | 1) * STREAMS * LANES;
    struct work w = {n, fmax(1, 4e6 / size), numbers(n * count), 0, 0};
    omp_set_num_threads(count);
    double t = shortest(read_all, &w);
    omp_set_num_threads(threads);
    free(w.x);
    return 4.0 * n * count * w.passes / t;
}

// Flops per second of so many threads in registers alone.
static double peaks(int count)
{
    double sum = 0;
#pragma omp parallel num_threads(count) reduction(+ : sum)
    sum += peak();
    return sum;
}

// What one thread and all threads reach, bandwidths once a run, and the peak
// whenever it is asked for: the highest counts.
static struct limits {
    double top, near, second, third, memory;
} one, all;

static void measure_limits(void)
{
    struct limits *l[] = {&one, &all};
    for (int i = 0; i < 2; i++) {
        int count = i ? threads : 1;
        l[i]->top = fmax(l[i]->top, peaks(count));
        if (l[i]->memory)
            continue;
        l[i]->near = reading(count, 16 << 10);
        l[i]->second = reading(count, 256 << 10);
        l[i]->third = reading(count, 3 << 20);
        l[i]->memory = reading(count, (quick ? 32 : 128) << 20);
    }
}

// The multiply-adds below are to be fused, which the book's programs are not
// unless they say so.
#ifndef __clang__
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#endif

enum { SUMS_MOST = 36, ROW_MOST = 8 };

// A tile of any shape, over packed strips; the empty instruction keeps the
// compiler from reading the row of B anew for each row of A.
static inline __attribute__((always_inline)) void
any_tile(int r, int v, int k, const float *a, const float *b, lanes *c)
{
    lanes sum[SUMS_MOST], y[ROW_MOST];
    int64_t step = (int64_t)v * LANES;
#pragma GCC unroll 36
    for (int i = 0; i < r * v; i++)
        sum[i] = c[i];
    for (int p = 0; p < k; p++, a += r, b += step) {
#pragma GCC unroll 8
        for (int j = 0; j < v; j++) {
            y[j] = ((const lanes_at *)b)[j];
            __asm__("" : "+x"(y[j]));
        }
#pragma GCC unroll 16
        for (int i = 0; i < r; i++)
#pragma GCC unroll 8
            for (int j = 0; j < v; j++)
                sum[i * v + j] += a[i] * y[j];
    }
#pragma GCC unroll 36
    for (int i = 0; i < r * v; i++)
        c[i] = sum[i];
}

// clang-format off
#define SHAPES S(1, 1) S(2, 1) S(1, 2) S(4, 1) S(2, 2) S(1, 4) S(6, 1) S(8, 1) \
    S(1, 8) S(16, 1) S(4, 2) S(2, 4) S(3, 3) S(6, 2) S(8, 2) S(4, 4) S(12, 2) \
    S(6, 4) S(4, 6) S(5, 5) S(9, 3) S(14, 2) S(8, 4)
// clang-format on
#define S(r, v) \
    static \
        __attribute__((noinline)) void tile_##r##_##v(int k, const float *a, \
                                                      const float *b, \
                                                      lanes *c) \
    { \
        any_tile(r, v, k, a, b, c); \
    }
SHAPES
#undef S
static const struct {
    int rows, vectors;
    void (*run)(int k, const float *a, const float *b, lanes *c);
} shapes[] = {
#define S(r, v) {r, v, tile_##r##_##v},
    SHAPES
#undef S
};
enum { SHAPE_COUNT = sizeof shapes / sizeof *shapes };

// Flops per second of twelve chains: x becomes a x + b, then c x + d.
static double chained(lanes a, lanes b, lanes c, lanes d)
{
    enum { CHAINS = 12, STEPS = 1000000 };
    lanes x[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        x[i] = b * (i + 0.5f) + 0.01f;
    double t = seconds_now();
    for (int k = 0; k < STEPS / 2; k++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            x[i] = x[i] * a + b;
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            x[i] = x[i] * c + d;
    }
    t = seconds_now() - t;
    for (int i = 1; i < CHAINS; i++)
        x[0] += x[i];
    volatile float used = x[0][0];
    (void)used;
    return 2.0 * STEPS * CHAINS * LANES / t;
}

#ifndef __clang__
#pragma GCC pop_options
#endif

// ---- experiments: counts ----------------------------------------------------

// Can this shape keep the pipes busy, and does it cut 64 without remainder?
static int fits_well(int r, int v)
{
    return registers(r, v) <= par.registers && busy(r, v) == 1 &&
           beside(64, r, v) == 0;
}

static void shape_row(struct table *t, int r, int v)
{
    row(t, "%d×%d\t%d\t%d\t%.17g\t%.17g\t%.17g\t%.17g", r, v * par.lanes,
        registers(r, v), r * v, loads(r, v), bytes(r, v), 100 * busy(r, v),
        100 * beside(64, r, v));
}

// Every shape that fits, and where the one of the library stands among them.
static void count_shapes(void)
{
    int fitting = 0, rivals = 0, better = 0;
    double least = INFINITY;
    struct table *t = table("shapes", "tile\tregisters\tchains\tloads\tbytes\t"
                                      "busy [%]\tbeside [%]");
    for (int v = 1; registers(1, v) <= par.registers; v++) {
        int r = 1;
        for (; registers(r, v) <= par.registers; r++) {
            fitting++;
            least = fmin(least, loads(r, v));
            if (fits_well(r, v))
                shape_row(t, r, v);
            rivals += fits_well(r, v);
            better += fits_well(r, v) && bytes(r, v) < bytes(8, 2);
        }
        if (r * v > par.latency * par.pipes && v <= 6 && !fits_well(r - 1, v))
            shape_row(t, r - 1, v);
    }
    done(t);
    value("depth", par.depth, 0, 1, "1", EXACT);
    value("panel", par.panel, 0, 1, "1", EXACT);
    value("fitting", fitting, 0, 1, "1", EXACT);
    value("rivals", rivals, 0, 1, "1", EXACT);
    value("loads_least", least, 0, 1, "1", EXACT);
    value("loads_tile", loads(8, 2), 0, 1, "1", EXACT);
    value("bytes_tile", bytes(8, 2), 0, 1, "B", EXACT);
    value("bytes_tall", bytes(14, 2), 0, 1, "B", EXACT);
    claim("fewest-loads", AT_MOST, loads(8, 2), 0, 1, least, 0,
          "both are fractions of small numbers");
    claim("fewest-bytes", EQUAL, better, 0, 1, 0, 0, "shapes are counted");
}

// ---- experiments: products --------------------------------------------------

// A matrix of whole numbers up to 100 in memory of its own, laid out by rows or
// by columns, with a gap behind each.
static struct matrix whole_numbers(struct random *r, int m, int n)
{
    int by_rows = below(r, 2), gap = below(r, 3);
    int64_t pitch = (by_rows ? n : m) + gap, size = pitch * (by_rows ? m : n);
    struct matrix a = {numbers(size + 1), by_rows ? pitch : 1,
                       by_rows ? 1 : pitch};
    for (int64_t i = 0; i < size; i++)
        a.x[i] = (int)below(r, 201) - 100;
    return a;
}

static float at(struct matrix a, int i, int j)
{
    return a.x[i * a.row + j * a.column];
}

// Elements of one random product that differ from a count in whole numbers.
static int wrong_elements(struct random *r, int64_t *elements)
{
    int m = 1 + below(r, 100), n = 1 + below(r, 100), k = below(r, 900);
    int add = below(r, 2), wrong = 0;
    struct matrix a = whole_numbers(r, m, k), b = whole_numbers(r, k, n);
    struct matrix c = whole_numbers(r, m, n);
    int64_t *sum = calloc((size_t)m * n, sizeof *sum);
    if (!sum)
        die("no memory for %d sums", m * n);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            sum[i * n + j] = add ? (int64_t)at(c, i, j) : 0;
            for (int p = 0; p < k; p++)
                sum[i * n + j] += (int64_t)at(a, i, p) * (int64_t)at(b, p, j);
        }
    product(m, n, k, a, b, c, add);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            wrong += at(c, i, j) != sum[i * n + j];
    *elements += (int64_t)m * n;
    free(a.x);
    free(b.x);
    free(c.x);
    free(sum);
    return wrong;
}

// Elements of one random product whose bits depend on the number of threads.
static int unlike_elements(struct random *r)
{
    int m = 100 + below(r, 200), n = 100 + below(r, 200), unlike = 0;
    int k = 100 + below(r, 400);
    int64_t of_a = (int64_t)m * k, of_b = (int64_t)k * n, of_c = (int64_t)m * n;
    float *a = numbers(of_a), *b = numbers(of_b), *c = numbers(of_c);
    float *d = numbers(of_c);
    normals32(r, of_a, a);
    normals32(r, of_b, b);
    for (int count = 1; count <= 4; count++) {
        omp_set_num_threads(count);
        product(m, n, k, rows_of(a, k), rows_of(b, n),
                rows_of(count > 1 ? d : c, n), 0);
        for (int64_t i = 0; i < of_c && count > 1; i++)
            unlike += bits_of32(c[i]) != bits_of32(d[i]);
    }
    omp_set_num_threads(threads);
    free(a);
    free(b);
    free(c);
    free(d);
    return unlike;
}

static void check_products(void)
{
    int wrong = 0, unlike = 0, few = (par.products + 9) / 10;
    int64_t elements = 0;
    for (int i = 0; i < par.products; i++) {
        struct random r = stream("products", i);
        wrong += wrong_elements(&r, &elements);
    }
    for (int i = 0; i < few; i++) {
        struct random r = stream("threads", i);
        unlike += unlike_elements(&r);
    }
    value("products", par.products, 0, 1, "1", EXACT);
    value("elements", elements, 0, 1, "1", EXACT);
    value("threaded", few, 0, 1, "1", EXACT);
    claim("exact-product", EQUAL, wrong, 0, 1, 0, 0,
          "all sums are whole numbers that floats hold exactly");
    claim("same-bits", EQUAL, unlike, 0, 1, 0, 0, "elements are counted");
}

// ---- experiments: rounding --------------------------------------------------

enum { SIDE = 64, ENTRIES = SIDE * SIDE };

// The root of a mean square and its standard error.
static struct mean root(struct mean m)
{
    double r = sqrt(m.mean);
    return (struct mean){r, r > 0 ? m.se / (2 * r) : 0, m.runs};
}

// Root mean square errors of a product SIDE x SIDE over k, ours and in one
// chain, relative to the size sqrt(k) of an element; the worst in its bound.
static void errors(int k, struct mean *ours, struct mean *chain, double *worst)
{
    int64_t size = (int64_t)SIDE * k;
    float *a = numbers(size), *b = numbers(size), c[ENTRIES];
    double *e = vector(ENTRIES), *f = vector(ENTRIES);
    struct random r = stream("rounding", k);
    normals32(&r, size, a);
    normals32(&r, size, b);
    product(SIDE, SIDE, k, rows_of(a, k), rows_of(b, SIDE), rows_of(c, SIDE),
            0);
    for (int i = 0; i < ENTRIES; i++) {
        const float *x = a + (int64_t)k * (i / SIDE), *y = b + i % SIDE;
        double absolute, truth = in_doubles(SIDE, k, x, y, &absolute);
        double d = c[i] - truth, g = one_chain(SIDE, k, x, y) - truth;
        e[i] = d * d / k;
        f[i] = g * g / k;
        *worst = fmax(*worst, fabs(d) / (bound(k, par.depth) * absolute));
    }
    *ours = root(mean(ENTRIES, e));
    *chain = root(mean(ENTRIES, f));
    free(a);
    free(b);
    free(e);
    free(f);
}

static void rounding(void)
{
    struct table *t = table("rounding", "k\tproduct\tse_product\tchain\t"
                                        "se_chain\tpredicted\tpredicted_chain\t"
                                        "bound");
    double worst = 0, ratio = 0, se = 0, u = UNIT;
    int last = quick ? 1536 : 6144;
    for (int k = 24; k <= last; k *= 2) {
        struct mean ours, chain;
        errors(k, &ours, &chain, &worst);
        double size = sqrt(k), p = drift(k, par.depth) / size;
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", k,
            ours.mean / u, ours.se / u, chain.mean / u, chain.se / u, p / u,
            drift(k, k) / size / u,
            bound(k, par.depth) * k * M_2_PI / size / u);
        ratio = ours.mean / p;
        se = ours.se / p;
        if (k == last) {
            value("longest", k, 0, 1, "1", EXACT);
            value("error", ours.mean / u, ours.se / u, ENTRIES, "1", SAMPLED);
            value("error_chain", chain.mean / u, chain.se / u, ENTRIES, "1",
                  SAMPLED);
        }
    }
    done(t);
    claim("rounding-bound", AT_MOST, worst, 0, 1, 1, 0,
          "the true element is taken in doubles, which round far less");
    claim("rounding-growth", EQUAL, ratio, se, ENTRIES, 1, 0.05,
          "digits of partial sums are only nearly spread like their logarithm");
}

// ---- experiments: functions -------------------------------------------------

// A function for floats, the same of the C library for doubles, where it is
// tried, and how many multiplications it takes, fused or not.
static const struct function {
    const char *name;
    float (*ours)(float);
    double (*truth)(double);
    float from, to;
    int multiplications;
} functions[] = {
    {"exp", exp32, exp, -103, 88.5f, 11},
    {"log", log32, log, 0, 3e38f, 13},
    {"sin", sin32, sin, -131072, 131072, 13},
    {"cos", cos32, cos, -131072, 131072, 13},
    {"tanh", tanh32, tanh, -10, 10, 0},
    {"erf", erf32, erf, -5, 5, 0},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, TIMED = 4 };

// The distance of y from the truth, in steps of floats of the truth's size.
static double steps_off(double y, double truth)
{
    int e;
    frexp(truth, &e);
    return fabs(y - truth) / ldexp(1, (e < -125 ? -125 : e) - 24);
}

static void check_functions(void)
{
    struct table *t = table("functions", "function\tfrom\tto\tsample\t"
                                         "worst\tmean");
    double worst[FUNCTIONS] = {0}, overall = 0;
    uint64_t step = (quick ? 10ull : 1) * par.stride;
    for (int i = 0; i < FUNCTIONS; i++) {
        const struct function *f = &functions[i];
        double sum = 0, count = 0;
        for (uint64_t u = 1; u < 1ull << 32; u += step) {
            float x = of_bits32(u);
            if (!(x > f->from && x < f->to))
                continue;
            double off = steps_off(f->ours(x), f->truth(x));
            worst[i] = fmax(worst[i], off);
            sum += off;
            count++;
        }
        overall = fmax(overall, worst[i]);
        row(t, "%s\t%g\t%g\t%.0f\t%.17g\t%.17g", f->name, f->from, f->to, count,
            worst[i], sum / count);
    }
    done(t);
    value("exp_steps", worst[0], 0, 1, "ulp", COMPUTED);
    value("stride", par.stride, 0, 1, "1", EXACT);
    claim("two-steps", AT_MOST, overall, 0, 1, 2, 0,
          "the truth is the C library's, in doubles");
}

// ---- experiments: times -----------------------------------------------------

static void time_limits(void)
{
    lanes a, b, c, d, half = {0};
    double still = 0, moving = 0;
    for (int l = 0; l < LANES; l++) {
        a[l] = -0.99f + 0.001f * l;
        b[l] = 0.7f - 0.01f * l;
        c[l] = 1 / a[l];
        d[l] = -b[l] / a[l];
    }
    half += 0.5f;
    for (int round = 0; round < (quick ? 3 : 15); round++) {
        still = fmax(still, chained(half, half, half, half));
        moving = fmax(moving, chained(a, b, c, d));
    }
    measure_limits();
    value("peak_one", one.top / 1e9, 0, 1, "GFLOP/s", TIMING);
    value("peak_all", all.top / 1e9, 0, 1, "GFLOP/s", TIMING);
    value("memory_one", one.memory / 1e9, 0, 1, "GB/s", TIMING);
    value("memory_all", all.memory / 1e9, 0, 1, "GB/s", TIMING);
    value("balance", all.top / all.memory, 0, 1, "flop/B", TIMING);
    value("still", still / 1e9, 0, 1, "GFLOP/s", TIMING);
    value("moving", moving / 1e9, 0, 1, "GFLOP/s", TIMING);
    value("threads", threads, 0, 1, "1", TIMING);
}

// Tiles of every shape over strips that stay in the nearest cache.
static void time_tiles(void)
{
    enum { K = 64, CALLS = 300 };
    struct table *t = table("tiles", "tile\tpredicted\tmeasured");
    float *a = numbers(1 << 16), *b = numbers(1 << 16);
    measure_limits();
    for (int i = 0; i < SHAPE_COUNT; i++) {
        int r = shapes[i].rows, v = shapes[i].vectors;
        double least = INFINITY, flops = 2.0 * r * v * LANES * K * CALLS;
        lanes c[SUMS_MOST] = {0};
        for (int round = 0; round < (quick ? 5 : 40); round++) {
            double from = seconds_now();
            for (int call = 0; call < CALLS; call++)
                shapes[i].run(K, a, b, c);
            least = fmin(least, seconds_now() - from);
        }
        double share = flops / least / one.top;
        row(t, "%d×%d\t%.17g\t%.17g", r, v * LANES, 100 * busy(r, v),
            100 * share);
        if (r == 8 && v == 2)
            value("tile_share", 100 * share, 0, 1, "%", TIMING);
    }
    done(t);
    free(a);
    free(b);
}

static void multiply(const struct work *w)
{
    struct matrix a = rows_of(w->x, w->n), b = rows_of(w->y, w->n);
    product(w->n, w->n, w->n, a, b, rows_of(w->z, w->n), 0);
}

// Flops per second of a product of squares.
static double square_rate(int count, int64_t n)
{
    struct work w = {n, 1, numbers(n * n), numbers(n * n), numbers(n * n)};
    omp_set_num_threads(count);
    double t = shortest(multiply, &w);
    omp_set_num_threads(threads);
    free(w.x);
    free(w.y);
    free(w.z);
    return 2.0 * n * n * n / t;
}

static double rates[2][12]; // of products of side 2^i, one thread and all

static void time_products(void)
{
    struct table *t = table("sizes", "n\tone [%]\tall [%]\tone [GFLOP/s]\t"
                                     "all [GFLOP/s]");
    measure_limits();
    for (int i = 4; i <= (quick ? 9 : 11); i++) {
        rates[0][i] = square_rate(1, 1 << i);
        rates[1][i] = square_rate(threads, 1 << i);
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g", 1 << i,
            100 * rates[0][i] / one.top, 100 * rates[1][i] / all.top,
            rates[0][i] / 1e9, rates[1][i] / 1e9);
    }
    done(t);
    int i = quick ? 9 : 10;
    value("share_one", 100 * rates[0][i] / one.top, 0, 1, "%", TIMING);
    value("share_all", 100 * rates[1][i] / all.top, 0, 1, "%", TIMING);
    value("rate_all", rates[1][i] / 1e9, 0, 1, "GFLOP/s", TIMING);
}

// x y for n numbers in four streams each, shared by all threads.
static void dots(const struct work *w)
{
    float total = 0;
    int64_t part = w->n / 4;
#pragma omp parallel for schedule(static) reduction(+ : total)
    for (int64_t block = 0; block < part / 1024; block++) {
        lanes sum[4] = {0};
        for (int64_t i = block * 1024; i < (block + 1) * 1024; i += LANES)
            for (int s = 0; s < 4; s++)
                sum[s] += *(const lanes_at *)(w->x + s * part + i) *
                          *(const lanes_at *)(w->y + s * part + i);
        total += sum[0][0] + sum[1][1] + sum[2][2] + sum[3][3];
    }
    w->z[0] = total;
}

// A row-major matrix of n numbers and 1024 columns times a vector.
static void times_vector(const struct work *w)
{
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < w->n / 8192; r++) {
        lanes sum[8] = {0};
        for (int j = 0; j < 1024; j += LANES)
            for (int s = 0; s < 8; s++)
                sum[s] += *(const lanes_at *)(w->x + (8 * r + s) * 1024 + j) *
                          *(const lanes_at *)(w->y + j);
        for (int s = 0; s < 8; s++)
            w->z[8 * r + s] = sum[s][0];
    }
}

// In place: numbers that are read and written only, at whatever value.
static void exponentials(const struct work *w)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < w->n; i++)
        w->x[i] = exp32(-w->x[i]);
}

static void kernel_row(struct table *t, const char *name, double per_byte,
                       double rate)
{
    double roof = attainable(per_byte, all.top, all.memory);
    row(t, "%s\t%.17g\t%.17g\t%.17g\t%.17g", name, per_byte, rate / 1e9,
        roof / 1e9, 100 * rate / roof);
}

// Where the kernels stand below the limits, all threads working.
static void time_kernels(void)
{
    int64_t n = (quick ? 1 : 16) << 20;
    struct work w = {n, 1, numbers(n), numbers(n), numbers(n / 1024)};
    measure_limits();
    struct table *roof = table("roofs", "intensity\tmemory\tsecond\tnear");
    for (int i = -12; i <= 36; i++) {
        double x = exp2(i / 4.0), p = all.top;
        row(roof, "%.17g\t%.17g\t%.17g\t%.17g", x,
            attainable(x, p, all.memory) / 1e9,
            attainable(x, p, all.second) / 1e9,
            attainable(x, p, all.near) / 1e9);
    }
    done(roof);
    struct table *t = table("machine", "kernel\tintensity\trate [GFLOP/s]\t"
                                       "roof [GFLOP/s]\tshare [%]");
    int m = functions[0].multiplications;
    kernel_row(t, "dot product", 0.25, 2.0 * n / shortest(dots, &w));
    kernel_row(t, "matrix × vector", 0.5, 2.0 * n / shortest(times_vector, &w));
    kernel_row(t, "exponential", 2.0 * m / 8,
               2.0 * m * n / shortest(exponentials, &w));
    for (int i = 6; i <= (quick ? 9 : 11); i++) {
        char name[40];
        snprintf(name, sizeof name, "product %d", 1 << i);
        double r = rates[1][i] ? rates[1][i] : square_rate(threads, 1 << i);
        kernel_row(t, name, intensity(1 << i, 1 << i, 1 << i), r);
    }
    done(t);
    free(w.x);
    free(w.y);
    free(w.z);
}

// What a product of 2048 moves at the peak, beside what the levels give.
static void time_levels(void)
{
    static const char *what[] = {"A and B, at every tile",
                                 "strips of B, at every band",
                                 "C, at every strip", "A, at every panel",
                                 "B, to be packed"};
    double b[PASSES], near = 4.0 * par.depth;
    traffic(2048, b);
    measure_limits();
    double stays[] = {near * (ROWS + COLUMNS), near * par.panel,
                      4.0 * ROWS * COLUMNS, near * par.band, near * par.panel};
    double gives[] = {one.near, one.third, one.memory, one.memory, one.memory};
    struct table *t = table("levels", "what\tof [KB]\tbytes\tneeds [GB/s]\t"
                                      "there is [GB/s]");
    for (int i = 0; i < PASSES; i++)
        row(t, "%s\t%.17g\t%.17g\t%.17g\t%.17g", what[i], stays[i] / 1024, b[i],
            b[i] * one.top / 2e9, gives[i] / 1e9);
    done(t);
}

// Elements per second if the multiplications are all that takes time.
// eq:pace
static double pace(double p, int multiplications)
{
    return p / 2 / multiplications;
}

// A loop over an array: ours and the C library's.
#define LOOPS(name) \
    static void name##_ours(const struct work *w) \
    { \
        for (int64_t i = 0; i < w->n; i++) \
            w->y[i] = name##32(w->x[i]); \
    } \
    static void name##_libm(const struct work *w) \
    { \
        for (int64_t i = 0; i < w->n; i++) \
            w->y[i] = name##f(w->x[i]); \
    }
LOOPS(exp)
LOOPS(log)
LOOPS(sin)
LOOPS(cos)

static void time_functions(void)
{
    static job *const ours[] = {exp_ours, log_ours, sin_ours, cos_ours};
    static job *const libm[] = {exp_libm, log_libm, sin_libm, cos_libm};
    struct table *t = table("speeds", "function\tours [G/s]\tlimit [G/s]\t"
                                      "share [%]\tC library [G/s]\tratio");
    struct work w = {4096, 1, numbers(4096), numbers(4096), 0};
    measure_limits();
    for (int64_t i = 0; i < w.n; i++)
        w.x[i] += 1;
    for (int i = 0; i < TIMED; i++) {
        double rate = w.n / shortest(ours[i], &w);
        double theirs = w.n / shortest(libm[i], &w);
        double limit = pace(one.top, functions[i].multiplications);
        row(t, "%s\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", functions[i].name,
            rate / 1e9, limit / 1e9, 100 * rate / limit, theirs / 1e9,
            rate / theirs);
        if (i == 0)
            value("exp_rate", rate / 1e9, 0, 1, "G/s", TIMING);
    }
    done(t);
    free(w.x);
    free(w.y);
}

// ---- calculators ------------------------------------------------------------

static double work_flops, work_bytes, given_peak, given_bandwidth;

static void print_shapes(void)
{
    heading("rows\tcolumns\tregisters\tchains\tloads\tbytes\tbusy");
    for (int v = 1; registers(1, v) <= par.registers; v++) {
        int r = (par.registers - v - 1) / v;
        print("%d\t%d\t%d\t%d\t%.17g\t%.17g\t%.17g", r, v * par.lanes,
              registers(r, v), r * v, loads(r, v), bytes(r, v), busy(r, v));
    }
}

static void print_roofline(void)
{
    if (!(work_flops > 0 && work_bytes > 0))
        usage("roofline: --flops and --bytes must be positive");
    if (given("peak") ? !(given_peak > 0) : !(given_peak = peaks(threads)))
        usage("--peak: must be positive");
    if (!given("bandwidth"))
        given_bandwidth = reading(threads, 128 << 20);
    if (!(given_bandwidth > 0))
        usage("--bandwidth: must be positive");
    double x = work_flops / work_bytes, balance = given_peak / given_bandwidth;
    double rate = attainable(x, given_peak, given_bandwidth);
    heading("intensity\tbalance\trate\tseconds\tbound");
    print("%.17g\t%.17g\t%.17g\t%.17g\t%s", x, balance, rate, work_flops / rate,
          x < balance ? "bandwidth" : "peak");
}

static void declare_settings(void)
{
    setting("registers", &par.registers, "vector registers");
    limits(3, INT_MAX);
    setting("lanes", &par.lanes, "floats in a vector");
    limits(1, INT_MAX);
    setting("latency", &par.latency, "cycles of a multiply-add");
    limits(1, INT_MAX);
    setting("pipes", &par.pipes, "multiply-adds that begin in a cycle");
    limits(1, INT_MAX);
    setting("ports", &par.ports, "loads that begin in a cycle");
    limits(1, INT_MAX);
    setting("depth", &par.depth, "rows of a strip of B");
    limits(1, INT_MAX);
    setting("band", &par.band, "rows of A that pass by a strip");
    limits(1, INT_MAX);
    setting("panel", &par.panel, "columns of B that are packed at a time");
    limits(1, INT_MAX);
    setting("products", &par.products, "random products that are checked");
    limits(1, INT_MAX);
    setting("stride", &par.stride, "every so many floats are tried");
    limits(1, INT_MAX);
}

static void declare_calculators(void)
{
    calculator("shape", "", "the tallest tile of every width that fits",
               print_shapes,
               "$ tile shape --registers 10 --lanes 8\n"
               "rows\tcolumns\tregisters\tchains\tloads\tbytes\tbusy\n"
               "8\t8\t10\t8\t1.125\t1\t0.88888888888888884\n"
               "3\t16\t9\t6\t0.83333333333333337\t1.5833333333333333\t0.75\n"
               "2\t24\t10\t6\t0.83333333333333337\t2.1666666666666665\t0.75\n"
               "1\t32\t9\t4\t1.25\t4.125\t0.5\n");
    option("registers", &par.registers, 0, "vector registers");
    limits(3, INT_MAX);
    option("lanes", &par.lanes, 0, "floats in a vector");
    limits(1, INT_MAX);
    option("latency", &par.latency, 0, "cycles of a multiply-add");
    limits(1, INT_MAX);
    option("pipes", &par.pipes, 0, "multiply-adds that begin in a cycle");
    limits(1, INT_MAX);
    option("ports", &par.ports, 0, "loads that begin in a cycle");
    limits(1, INT_MAX);
    calculator("roofline", "", "what bounds a piece of work, and its time",
               print_roofline,
               "$ tile roofline --flops 2e9 --bytes 4e9 --peak 2e11 "
               "--bandwidth 4e10\n"
               "intensity\tbalance\trate\tseconds\tbound\n"
               "0.5\t5\t20000000000\t0.10000000000000001\tbandwidth\n");
    option("flops", &work_flops, 0, "operations of the work");
    option("bytes", &work_bytes, 0, "bytes that it moves");
    option("peak", &given_peak, 0, "flops per second; measured if not given");
    option("bandwidth", &given_bandwidth, 0,
           "bytes per second; measured if not given");
}

int main(int argc, char **argv)
{
    declare_settings();
    experiment("shapes", "every tile that fits the registers", count_shapes);
    experiment("products", "products against whole numbers, and over threads",
               check_products);
    experiment("rounding", "products of floats against doubles", rounding);
    experiment("functions", "exp, log and others against doubles",
               check_functions);
    timing("limits", "peak and bandwidths of this machine", time_limits);
    timing("tiles", "tiles of many shapes against the prediction", time_tiles);
    timing("sizes", "products against their size", time_products);
    timing("kernels", "the roofline of this machine", time_kernels);
    timing("levels", "what a product moves", time_levels);
    timing("speeds", "exp, log, sin and cos", time_functions);
    declare_calculators();
    return lab(argc, argv);
}
