// The register tile, the product made of it, and the vector functions.
//
//     cc … -lopenblas
#include "lab/lab.h"
#include "nn/nn.h"
#include "tile/attention.h"
#include "tile/decode.h"
#include "tile/math.h"
#include "tile/tile.h"
// Criterion's headers bring complex.h, which defines I.
#include <cblas.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <omp.h>
#include <stdlib.h>

// ---- product ----------------------------------------------------------------

// A matrix of m x n numbers in a buffer of its own, laid out in one of four
// ways: by rows, by columns, with gaps, backwards.
static struct matrix matrix(struct random *r, int m, int n, int layout)
{
    int64_t room = 3ll * (m + 1) * (n + 1);
    float *x = malloc(room * sizeof *x);
    for (int64_t i = 0; i < room; i++)
        x[i] = (float)(2 * uniform(r) - 1);
    switch (layout) {
    case 0: return (struct matrix){x, n, 1};
    case 1: return (struct matrix){x, 1, m};
    case 2: return (struct matrix){x, 2 * n + 1, 2};
    default: return (struct matrix){x + (m + 1) * (n + 1), -n, -1};
    }
}

static float *at(struct matrix a, int i, int j)
{
    return a.x + i * a.row + j * a.column;
}

// The largest error of C = A B in units of k eps times the sum of |a| |b|, which
// no order of summation exceeds.
static double worst(int m, int n, int k, struct matrix a, struct matrix b,
                    struct matrix c, const double *before)
{
    double largest = 0;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double s = before ? before[i * n + j] : 0, size = fabs(s);
            for (int p = 0; p < k; p++) {
                double t = (double)*at(a, i, p) * *at(b, p, j);
                s += t;
                size += fabs(t);
            }
            double unit = (k + 1) * 0x1p-24 * size + 1e-300;
            largest = fmax(largest, fabs(*at(c, i, j) - s) / unit);
        }
    return largest;
}

static void check(struct random *r, int m, int n, int k, int layouts, int add)
{
    struct matrix a = matrix(r, m, k, layouts % 4);
    struct matrix b = matrix(r, k, n, layouts / 4 % 4);
    struct matrix c = matrix(r, m, n, layouts / 16 % 4);
    double *before = vector((int64_t)m * n + 1);
    for (int i = 0; i < m * n; i++)
        before[i] = *at(c, i / n, i % n);
    product(m, n, k, a, b, c, add);
    double e = worst(m, n, k, a, b, c, add ? before : 0);
    cr_expect(e <= 1, "%d x %d x %d, layouts %d, add %d: error %g", m, n, k,
              layouts, add, e);
    free(before);
    struct matrix all[] = {a, b, c};
    int columns[] = {k, n, n}, rows[] = {m, k, m};
    for (int i = 0; i < 3; i++) {
        int layout = i == 0   ? layouts % 4
                     : i == 1 ? layouts / 4 % 4
                              : layouts / 16 % 4;
        free(all[i].x - (layout == 3 ? (rows[i] + 1) * (columns[i] + 1) : 0));
    }
}

Test(product, agrees_with_the_sum_at_every_small_shape,
     .description = "eq:product eq:tile")
{
    struct random r = stream("shapes", 0);
    for (int m = 0; m <= 2 * ROWS + 1; m++)
        for (int n = 0; n <= COLUMNS + 2; n += n < 5 ? 1 : 3)
            for (int k = 0; k <= 5; k++)
                check(&r, m, n, k, (int)below(&r, 64), k % 2);
}

Test(product, agrees_with_the_sum_at_every_layout,
     .description = "eq:product eq:tile")
{
    struct random r = stream("layouts", 0);
    for (int layouts = 0; layouts < 64; layouts++)
        for (int add = 0; add < 2; add++)
            check(&r, 3 * ROWS - 1, COLUMNS + 5, 19, layouts, add);
}

// Around every size at which something is cut: DEPTH, BAND and PANEL.
Test(product, agrees_with_the_sum_where_blocks_end, .description = "eq:product")
{
    struct random r = stream("blocks", 0);
    for (int d = -1; d <= 1; d++) {
        check(&r, 9, 33, 384 + d, 0, 0);
        check(&r, 9, 33, 768 + d, 21, 1);
        check(&r, 12 * ROWS + d, 40, 11, 1, 0);
        check(&r, 5, 64 * COLUMNS + d, 7, 4, 1);
        check(&r, 1, 64 * COLUMNS + d, 3, 0, 0);
        check(&r, 64 * COLUMNS + d, 1, 3, 5, 0);
    }
}

Test(product, agrees_with_openblas_at_large_sizes, .description = "eq:product")
{
    struct random r = stream("large", 0);
    int sizes[][3] = {{512, 512, 512}, {1000, 700, 900}, {333, 2050, 401}};
    for (int s = 0; s < 3; s++) {
        int m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        struct matrix a = matrix(&r, m, k, 0), b = matrix(&r, k, n, 0);
        struct matrix c = matrix(&r, m, n, 0);
        float *d = malloc(sizeof *d * m * n);
        product(m, n, k, a, b, c, 0);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a.x,
                    k, b.x, n, 0, d, n);
        double largest = 0;
        for (int i = 0; i < m * n; i++)
            largest = fmax(largest, fabs(c.x[i] - d[i]));
        // k roundings of sums about sqrt(k)/3 large walk at random to some
        // k/3 2^-25; twelve times that for the largest of a million, twice.
        cr_expect(largest <= k * 0x1p-23, "%g", largest);
        free(a.x), free(b.x), free(c.x), free(d);
    }
}

Test(product, has_the_same_bits_at_any_number_of_threads,
     .description = "eq:product")
{
    struct random r = stream("threads", 0);
    int sizes[][3] = {{97, 203, 401}, {301, 67, 385}, {64, 64, 64}};
    for (int s = 0; s < 3; s++) {
        int m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        struct matrix a = matrix(&r, m, k, 0), b = matrix(&r, k, n, 1);
        float *c[4];
        for (int t = 1; t <= 4; t++) {
            c[t - 1] = malloc(sizeof **c * m * n);
            omp_set_num_threads(t);
            product(m, n, k, a, b, rows_of(c[t - 1], n), 0);
            cr_expect(0 == memcmp(c[0], c[t - 1], sizeof **c * m * n));
        }
        omp_set_num_threads(1);
        // Nor does it matter where a row or column lies in its tile.
        float *part = malloc(sizeof *part * m * n);
        struct matrix a5 = {a.x + 5 * a.row, a.row, a.column};
        struct matrix b3 = {b.x + 3 * b.column, b.row, b.column};
        product(m - 5, n - 3, k, a5, b3, rows_of(part, n - 3), 0);
        for (int i = 0; i < m - 5; i++)
            cr_expect(0 == memcmp(part + i * (n - 3), c[0] + (i + 5) * n + 3,
                                  sizeof *part * (n - 3)));
        for (int t = 0; t < 4; t++)
            free(c[t]);
        free(part), free(a.x), free(b.x);
    }
}

Test(product, of_no_terms_is_zero_and_writes_nothing_else,
     .description = "eq:product")
{
    float c[] = {1, 2, 3, 4, 5, 6};
    struct matrix none = {0, 0, 0};
    product(2, 2, 0, none, none, (struct matrix){c, 3, 1}, 1);
    cr_expect(c[0] == 1 && c[4] == 5);
    product(2, 2, 0, none, none, (struct matrix){c, 3, 1}, 0);
    cr_expect(c[0] == 0 && c[1] == 0 && c[3] == 0 && c[4] == 0);
    cr_expect(c[2] == 3 && c[5] == 6);
    product(0, 5, 3, none, none, none, 0);
    product(5, 0, 3, none, none, none, 1);
}

Test(product, keeps_infinities_and_nan_to_their_rows_and_columns,
     .description = "eq:product")
{
    enum { M = 11, N = 35, K = 20 };
    float a[M * K], b[K * N], c[M * N];
    for (int i = 0; i < M * K; i++)
        a[i] = 1;
    for (int i = 0; i < K * N; i++)
        b[i] = 1;
    a[10 * K + 3] = INFINITY;
    b[7 * N + 34] = NAN;
    product(M, N, K, rows_of(a, K), rows_of(b, N), rows_of(c, N), 0);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            float want = j == 34 ? NAN : i == 10 ? INFINITY : K;
            cr_expect(isnan(want) ? isnan(c[i * N + j]) : c[i * N + j] == want);
        }
}

Test(peak, is_a_rate_that_the_product_stays_below, .description = "eq:peak")
{
    double p = peak();
    cr_expect(p > 1e9 && p < 1e12, "%g", p);
}

// ---- decode -----------------------------------------------------------------

// One output of one query: the sums of the definition, in doubles.
static double read_out(const struct cache *c, int g, const float *q,
                       double scale, int column)
{
    double *s = vector(c->t), most = -INFINITY, sum = 0, y = 0;
    for (int64_t i = 0; i < c->t; i++) {
        for (int j = 0; j < c->d; j++)
            s[i] += scale * q[j] * c->k[g * c->k_group + i * c->k_row + j];
        most = fmax(most, s[i]);
    }
    for (int64_t i = 0; i < c->t; i++) {
        double p = exp(s[i] - most);
        sum += p;
        y += p * c->v[g * c->v_group + i * c->v_row + column];
    }
    free(s);
    return y / sum;
}

// Gaps between rows, values inside keys, few and many queries, every place at
// which a block, a part or a vector ends.
Test(decode, agrees_with_the_definition, .description = "eq:streaming")
{
    int queries[] = {1, 2, 3, 5, 8, 9, 16, 17, 40};
    int64_t contexts[] = {1, 5, 8, 9, 96, 97, 128, 130, 1030};
    for (int i = 0; i < 81; i++) {
        struct random r = stream("decode", (uint32_t)i);
        int n = queries[i % 9], groups = 1 + i % 3, inside = i % 2;
        struct cache c = {.t = contexts[i / 9], .groups = groups};
        c.d = 1 + (int)below(&r, 220), c.e = 1 + (int)below(&r, 150);
        c.e = inside && c.e > c.d ? c.d : c.e;
        c.k_row = c.d + below(&r, 5), c.k_group = c.t * c.k_row + 7;
        c.v_row = inside ? c.k_row : c.e + below(&r, 5);
        c.v_group = inside ? c.k_group : c.t * c.v_row;
        int64_t keys = groups * c.k_group, size = keys + groups * c.t * c.v_row;
        float *x = floats(size), *q = floats(groups * n * c.d);
        float *y = floats(groups * n * c.e);
        normals32(&r, size, x);
        normals32(&r, groups * n * c.d, q);
        c.k = x, c.v = inside ? x : x + keys;
        double scale = 1 / sqrt(c.d);
        decode(&c, n, (float)scale, q, y);
        for (int s = 0; s < groups * n; s++)
            for (int j = 0; j < c.e; j += 1 + j % 7) {
                double want = read_out(&c, s / n, q + s * c.d, scale, j);
                // Scores of size 4 err by some 15 roundings, weights by that.
                cr_expect(epsilon_eq(dbl, y[s * c.e + j], want, 5e-6),
                          "case %d, query %d, number %d", i, s, j);
            }
        free(x);
        free(q);
        free(y);
    }
}

Test(decode, has_the_same_bits_at_any_number_of_threads,
     .description = "eq:streaming")
{
    struct random r = stream("decode", 100);
    enum { T = 2100, D = 40, E = 33, MOST = 20 };
    float *x = floats(T * (D + E)), q[MOST * D], y[2][MOST * E];
    normals32(&r, T * (D + E), x);
    normals32(&r, MOST * D, q);
    struct cache c = {T, 1, D, E, x, x + T * D, D, 0, E, 0};
    for (int n = 1; n <= MOST; n += 6)
        for (int t = 1; t <= 4; t++) {
            omp_set_num_threads(t);
            decode(&c, n, 0.1f, q, y[t > 1]);
            cr_expect(t == 1 || memcmp(y[0], y[1], 4 * n * E) == 0);
        }
    omp_set_num_threads(1);
    free(x);
}

// ---- vector functions -------------------------------------------------------

// The functions, and the same from a libm of more digits.
static double sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static long double sigmoidl(long double x)
{
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

#define EACH(apply) \
    apply(exp) apply(log) apply(sin) apply(cos) apply(tanh) apply(sigmoid)

#define ARRAYS(f) \
    static void f##_floats(int n, const float *x, float *y) \
    { \
        for (int i = 0; i < n; i++) \
            y[i] = f##32(x[i]); \
    } \
    static void f##_doubles(int n, const double *x, double *y) \
    { \
        for (int i = 0; i < n; i++) \
            y[i] = f##64(x[i]); \
    }
EACH(ARRAYS)

static void erf_floats(int n, const float *x, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = erf32(x[i]);
}

static const struct function {
    const char *name;
    void (*floats)(int, const float *, float *);
    double (*of_floats)(double);
    double float_limit; // where sin32 and cos32 end
    void (*doubles)(int, const double *, double *);
    long double (*of_doubles)(long double);
    double scale; // of the doubles to try
} functions[] = {
    {"exp", exp_floats, exp, INFINITY, exp_doubles, expl, 745},
    {"log", log_floats, log, INFINITY, log_doubles, logl, 1e300},
    {"sin", sin_floats, sin, 0x1p17, sin_doubles, sinl, 0x1p30},
    {"cos", cos_floats, cos, 0x1p17, cos_doubles, cosl, 0x1p30},
    {"tanh", tanh_floats, tanh, INFINITY, tanh_doubles, tanhl, 20},
    {"sigmoid", sigmoid_floats, sigmoid, INFINITY, sigmoid_doubles, sigmoidl,
     745},
    {"erf", erf_floats, erf, INFINITY, 0, 0, 0},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, BLOCK = 4096 };

// Without fused multiply-adds a few more roundings count.
#ifdef __FMA__
static const double ulps = 2;
#else
static const double ulps = 2.25;
#endif

// |y - want| in units in the last place of a number of `digits` bits whose
// smallest exponent is `least`; wrong infinities and NaN are infinitely wrong.
static double in_ulps(long double y, long double want, int digits, int least)
{
    if (isnan(want) || isnan(y))
        return isnan(want) && isnan(y) ? 0 : INFINITY;
    if (isinf(y) || isinf(want))
        return y == want ? 0 : INFINITY;
    int e;
    frexpl(want, &e);
    if (want == 0 || e < least)
        e = least;
    return (double)(fabsl(y - want) / ldexpl(1, e - digits));
}

// Every step-th float.
static double worst_float(const struct function *f, int step)
{
    static float x[BLOCK], y[BLOCK];
    double largest = 0;
    for (uint64_t from = 0; from < 1ull << 32; from += (uint64_t)BLOCK * step) {
        for (int i = 0; i < BLOCK; i++) {
            uint64_t u = from + (uint64_t)i * step;
            x[i] = of_bits32(u >> 32 ? 0 : (uint32_t)u);
            if (fabsf(x[i]) > f->float_limit)
                x[i] = 0.5f;
        }
        f->floats(BLOCK, x, y);
        for (int i = 0; i < BLOCK; i++) {
            double want = f->of_floats(x[i]);
            // What rounds to infinity is infinity.
            if (isinf((float)want))
                want = (float)want;
            double e = in_ulps(y[i], want, 24, -125);
            if (e > largest) {
                largest = e;
                if (e > ulps)
                    cr_log_warn("%s32(%a) = %a, not %a", f->name, x[i], y[i],
                                want);
            }
        }
    }
    return largest;
}

// The step shares no factor with 2^32, so that all last bits are met; the
// environment's FLOAT_STEP=1 takes every float there is.
Test(floats, are_within_two_units_in_the_last_place)
{
    const char *step = getenv("FLOAT_STEP");
    for (int f = 0; f < FUNCTIONS; f++) {
        double e = worst_float(&functions[f], step ? atoi(step) : 509);
        cr_log_info("%s32: %.3f ulp", functions[f].name, e);
        cr_expect(e <= ulps, "%s32: %g ulp", functions[f].name, e);
    }
}

// A double of any exponent, or one of moderate size.
static double some_double(struct random *r, int i, double scale)
{
    if (i % 3 == 0)
        return of_bits64((uint64_t)bits(r) << 32 | bits(r));
    double u = 2 * uniform(r) - 1;
    return i % 3 == 1 ? scale * u : ldexp(u, (int)below(r, 60) - 50);
}

Test(doubles, are_within_two_units_in_the_last_place)
{
    static double x[BLOCK], y[BLOCK];
    for (int f = 0; functions[f].doubles; f++) {
        struct random r = stream("doubles", f);
        double largest = 0;
        for (int block = 0; block < 250; block++) {
            for (int i = 0; i < BLOCK; i++) {
                x[i] = some_double(&r, i, functions[f].scale);
                if (functions[f].float_limit < 1e9 && !(fabs(x[i]) <= 0x1p30))
                    x[i] = M_PI_2 * (int)below(&r, 1u << 29);
            }
            functions[f].doubles(BLOCK, x, y);
            for (int i = 0; i < BLOCK; i++) {
                long double want = functions[f].of_doubles(x[i]);
                if (isinf((double)want))
                    want = (double)want;
                double e = in_ulps(y[i], want, 53, -1021);
                largest = fmax(largest, e);
                cr_expect(e <= ulps, "%s64(%a) = %a", functions[f].name, x[i],
                          y[i]);
            }
        }
        cr_log_info("%s64: %.3f ulp", functions[f].name, largest);
    }
}

Test(powers, are_within_two_units_in_the_last_place)
{
    struct random r = stream("powers", 0);
    double largest = 0, largest32 = 0;
    for (int i = 0; i < 500000; i++) {
        double x = i % 2 ? fabs(some_double(&r, 0, 1))
                         : exp(i % 4 ? uniform(&r) : 1e-6 * uniform(&r));
        double y =
            i % 3 ? (2 * uniform(&r) - 1) * 745 / log(x) : 4 * uniform(&r) - 2;
        long double want = powl(x, y);
        if (isinf((double)want))
            want = (double)want;
        largest = fmax(largest, in_ulps(pow64(x, y), want, 53, -1021));
        float a = (float)x, b = (float)y;
        double want32 = pow(a, b);
        if (isinf((float)want32))
            want32 = (float)want32;
        largest32 = fmax(largest32, in_ulps(pow32(a, b), want32, 24, -125));
    }
    cr_log_info("pow64: %.3f ulp, pow32: %.3f ulp", largest, largest32);
    cr_expect(largest <= ulps, "%g", largest);
    cr_expect(largest32 <= 0.51, "%g", largest32);
}

// What IEEE 754 says of zeros, infinities, NaN, negative bases and whole
// exponents, as glibc does it.
Test(powers, of_special_numbers_are_those_of_libm)
{
    double s[] = {0,        -0.0, 1,    -1,     2,      -2,        0.5,
                  -0.5,     3,    -3,   1e308,  -1e308, 5e-324,    1e-310,
                  INFINITY, NAN,  -1.5, 0x1p53, 1e16,   -INFINITY, 0x1p53 + 2};
    int n = sizeof s / sizeof *s;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double want = pow(s[i], s[j]), got = pow64(s[i], s[j]);
            cr_expect(in_ulps(got, want, 53, -1021) <= ulps &&
                          (isnan(want) || signbit(want) == signbit(got)),
                      "pow64(%g, %g) = %g, not %g", s[i], s[j], got, want);
            float a = (float)s[i], b = (float)s[j], w = powf(a, b);
            float g = pow32(a, b);
            cr_expect(in_ulps(g, w, 24, -125) <= 1 &&
                          (isnan(w) || signbit(w) == signbit(g)),
                      "pow32(%g, %g) = %g, not %g", a, b, g, w);
        }
}

Test(functions, keep_the_sign_of_zero_and_are_right_at_the_ends)
{
    float zeros[] = {sin32(-0.0f), tanh32(-0.0f), erf32(-0.0f)};
    for (int i = 0; i < 3; i++)
        cr_expect(zeros[i] == 0 && signbit(zeros[i]));
    cr_expect(sin64(-0.0) == 0 && signbit(sin64(-0.0)));
    cr_expect(tanh64(-0.0) == 0 && signbit(tanh64(-0.0)));
    cr_expect(exp32(-INFINITY) == 0 && exp64(-INFINITY) == 0);
    cr_expect(exp32(INFINITY) == INFINITY && exp64(INFINITY) == INFINITY);
    cr_expect(log32(0) == -INFINITY && log64(-0.0) == -INFINITY);
    cr_expect(log32(INFINITY) == INFINITY && log64(INFINITY) == INFINITY);
    cr_expect(isnan(log32(-1)) && isnan(log64(-5e-324)));
    cr_expect(isnan(sin32(INFINITY)) && isnan(cos64(-INFINITY)));
    cr_expect(tanh32(INFINITY) == 1 && tanh64(-INFINITY) == -1);
    cr_expect(sigmoid32(-INFINITY) == 0 && sigmoid64(INFINITY) == 1);
    cr_expect(exp32(0) == 1 && log32(1) == 0 && cos32(0) == 1);
}

Test(functions, exp_below_has_the_bits_of_exp)
{
    struct random r = stream("below", 0);
    for (int i = 0; i < 100000; i++) {
        double x = i % 2 ? -110 * uniform(&r) : -pow(2, -150 * uniform(&r));
        cr_expect(bits_of32(exp_below32((float)x)) ==
                  bits_of32(exp32((float)x)));
        cr_expect(bits_of64(exp_below64(7 * x)) == bits_of64(exp64(7 * x)));
    }
    cr_expect(exp_below32(-INFINITY) == 0 && exp_below64(-INFINITY) == 0);
    cr_expect(exp_below32(-3e38f) == 0 && exp_below64(-1e308) == 0);
    cr_expect(exp_below32(0) == 1 && exp_below32(-0.0f) == 1);
    cr_expect(exp_below64(0) == 1 && exp_below64(-0.0) == 1);
}

Test(functions, of_nan_are_nan)
{
    cr_expect(isnan(exp32(NAN)) && isnan(exp64(NAN)) && isnan(log32(NAN)));
    cr_expect(isnan(log64(NAN)) && isnan(sin32(NAN)) && isnan(sin64(NAN)));
    cr_expect(isnan(cos32(NAN)) && isnan(cos64(NAN)) && isnan(tanh32(NAN)));
    cr_expect(isnan(tanh64(NAN)) && isnan(erf32(NAN)));
    cr_expect(isnan(sigmoid32(NAN)) && isnan(sigmoid64(NAN)));
}

Test(functions, say_nan_where_their_range_ends)
{
    cr_expect(isnan(sin32(0x1.000002p17f)) && !isnan(sin32(0x1p17f)));
    cr_expect(isnan(cos32(1e30f)) && !isnan(cos32(-0x1p17f)));
    cr_expect(isnan(sin64(0x1p30 + 1)) && !isnan(sin64(0x1p30)));
    cr_expect(isnan(cos64(-1e300)) && !isnan(cos64(0x1p30)));
}

// The same bits alone, in a vector and in the tail of one.
Test(functions, have_the_same_bits_in_every_lane)
{
    float x[67], y[67];
    double u[67], v[67];
    struct random r = stream("lanes", 0);
    for (int f = 0; f < FUNCTIONS; f++)
        for (int n = 1; n <= 67; n++) {
            for (int i = 0; i < n; i++)
                u[i] = x[i] = (float)(20 * uniform(&r) - 4);
            functions[f].floats(n, x, y);
            for (int i = 0; i < n; i++) {
                float alone;
                functions[f].floats(1, x + i, &alone);
                cr_expect(bits_of32(alone) == bits_of32(y[i]) ||
                          (isnan(alone) && isnan(y[i])));
            }
            if (!functions[f].doubles)
                continue;
            functions[f].doubles(n, u, v);
            for (int i = 0; i < n; i++) {
                double alone;
                functions[f].doubles(1, u + i, &alone);
                cr_expect(bits_of64(alone) == bits_of64(v[i]) ||
                          (isnan(alone) && isnan(v[i])));
            }
        }
}

// ---- attention --------------------------------------------------------------

// One head in memory with gaps behind rows, as heads beside each other have.
struct head_case {
    int n, d, causal;
    int64_t step, out;
    float *q, *k, *v, *y, *dy, *lse;
};

static struct head_case head_case(int n, int d, int causal, double size)
{
    struct head_case c = {
        .n = n, .d = d, .causal = causal, .step = d + 3, .out = d + 1};
    struct random r = stream("head", (uint32_t)(1000 * n + d));
    c.q = floats(n * (3 * c.step + 2 * c.out + 1));
    c.k = c.q + n * c.step, c.v = c.k + n * c.step;
    c.y = c.v + n * c.step, c.dy = c.y + n * c.out;
    c.lse = c.dy + n * c.out;
    for (int i = 0; i < n * (3 * c.step + 2 * c.out); i++)
        c.q[i] = (float)((i < 2 * n * c.step ? size : 1) * normal(&r));
    return c;
}

static double head_loss(void *of)
{
    struct head_case *c = of;
    double loss = 0;
    attend(c->n, c->d, c->causal, c->q, c->k, c->v, c->step, c->y, c->out,
           c->lse);
    for (int i = 0; i < c->n; i++)
        for (int j = 0; j < c->d; j++)
            loss += (double)c->y[i * c->out + j] * c->dy[i * c->out + j];
    return loss;
}

// How far y and lse are from two passes in doubles.
static double head_error(const struct head_case *c)
{
    double error = 0, p[c->n];
    for (int i = 0; i < c->n; i++) {
        int seen = c->causal ? i + 1 : c->n;
        double top = -INFINITY, sum = 0;
        for (int j = 0; j < seen; j++) {
            p[j] = 0;
            for (int l = 0; l < c->d; l++)
                p[j] += (double)c->q[i * c->step + l] * c->k[j * c->step + l];
            top = fmax(top, p[j] /= sqrt(c->d));
        }
        for (int j = 0; j < seen; j++)
            sum += p[j] = exp(p[j] - top);
        for (int l = 0; l < c->d; l++) {
            double y = 0;
            for (int j = 0; j < seen; j++)
                y += p[j] / sum * c->v[j * c->step + l];
            error = fmax(error, fabs(y - c->y[i * c->out + l]));
        }
        double lse = top + log(sum);
        error = fmax(error, fabs(lse - c->lse[i]) / fmax(1, fabs(lse)));
    }
    return error;
}

// Around the sizes of tiles, strips and blocks, and beyond all of them.
Test(attention, that_streams_is_two_passes_in_doubles)
{
    int n[] = {1, 2, 7, 8, 9, 31, 32, 33, 65, 383, 384, 385, 500};
    int d[] = {1, 8, 31, 32, 33, 64, 100};
    for (int i = 0; i < 13; i++)
        for (int j = 0; j < 7; j++)
            for (int causal = 0; causal < 2; causal++) {
                struct head_case c = head_case(n[i], d[j], causal, 1);
                head_loss(&c);
                // Scores of up to 20 or so are rounded by 2^-21 each.
                cr_expect(head_error(&c) < 1e-5, "n = %d, d = %d: %g", n[i],
                          d[j], head_error(&c));
                free(c.q);
            }
}

Test(attention, of_one_position_is_its_value)
{
    struct head_case c = head_case(1, 64, 1, 1);
    head_loss(&c);
    for (int j = 0; j < 64; j++)
        cr_expect(eq(flt, c.y[j], c.v[j]));
    free(c.q);
}

// A score of 1e4 is rounded by 1e-3, and so are the weights; a plain
// exponential would be infinite.
Test(attention, bears_scores_of_ten_thousand)
{
    for (int causal = 0; causal < 2; causal++) {
        struct head_case c = head_case(300, 64, causal, 50);
        double most = 0;
        head_loss(&c);
        for (int i = 0; i < 300; i++)
            most = fmax(most, fabs(c.lse[i]));
        cr_expect(most > 5000 && isinf(expf((float)most)));
        cr_expect(head_error(&c) < 2e-2, "%g", head_error(&c));
        free(c.q);
    }
}

Test(attention, keeps_nan_where_it_is_seen)
{
    struct head_case c = head_case(70, 64, 1, 1);
    c.k[40 * c.step] = NAN;
    head_loss(&c);
    cr_expect(isnan(c.y[40 * c.out]) && isnan(c.y[69 * c.out]));
    for (int i = 0; i < 40 * c.out; i += c.out)
        cr_expect(not(isnan(c.y[i])));
    free(c.q);
}

// Differences of floats: with steps of 1/32 their own error is 1e-5 or so.
Test(attention, gradient_is_that_of_differences,
     .description = "eq:attention-back")
{
    int shapes[][3] = {{9, 8, 1}, {33, 5, 0}, {41, 33, 1}};
    for (int i = 0; i < 3; i++) {
        int n = shapes[i][0], d = shapes[i][1];
        struct head_case c = head_case(n, d, shapes[i][2], 0.7);
        float *dq = floats(3 * n * c.step), *dk = dq + n * c.step;
        memset(dq, 0, (size_t)(3 * n * c.step) * sizeof *dq);
        head_loss(&c);
        attend_back(n, d, c.causal, c.q, c.k, c.v, c.step, c.y, c.dy, c.out,
                    c.lse, dq, dk, dk + n * c.step);
        double gap =
            gradient_gap(3 * n * (int)c.step, c.q, dq, 0x1p-5, head_loss, &c);
        cr_expect(gap < 2e-4, "n = %d, d = %d: %g", n, d, gap);
        free(dq);
        free(c.q);
    }
}

Test(attention, works_in_a_space_that_n_does_not_change)
{
    cr_expect(attend_scratch(64) < 1 << 20);
    cr_expect(attend_scratch(128) < 1 << 20);
    cr_expect(attend_scratch(64) >= 4 * 64 * COLUMNS);
}
