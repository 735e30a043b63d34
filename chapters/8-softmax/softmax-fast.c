// softmax-fast.c: the maps for very many logits, one row or many; part of
// softmax.c.  It is read twice: here for floats, and again for doubles by
// softmax-fast64.c, which gives every name a 64.
//
// A row is read in chunks that stay in the nearest cache.  Softmax takes every
// chunk relative to its own largest logit, so that one reading suffices; the
// sparse maps look at all logits once for the largest, and after that only at
// chunks that have something to say.  Logits are finite or minus infinity, one
// of them finite; p may not be x.
#ifndef real
#include "tile/math.h"
#include <omp.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

enum { CHUNK = 4096, LANE = 64, PARALLEL = 16 };

// How a weight follows from v: v, v^2, or v^(1 / beta) by exp and log.
enum power { PLAIN, SQUARED, GENERAL };

#define real float
#define exp_real exp32
#define log_real log32
#define exp_below exp_below32
#define FAST_FLOAT
#endif

// A vector of the machine's, for sums that must stay in registers.
typedef real reals __attribute__((vector_size(64), aligned(sizeof(real))));
enum { REALS = 64 / sizeof(real) };

static inline real fast_fold(reals v)
{
    real lane[REALS];
    memcpy(lane, &v, sizeof lane);
    for (int half = REALS / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

// The largest of n numbers.  Many running maxima at once make vectors.
static real fast_largest(int n, const real x[n])
{
    real m[LANE];
    int i = 0;
    for (int l = 0; l < LANE; l++)
        m[l] = -INFINITY;
    for (; i + LANE <= n; i += LANE)
        for (int l = 0; l < LANE; l++)
            m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
    for (; i < n; i++)
        m[0] = x[i] > m[0] ? x[i] : m[0];
    for (int half = LANE / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            m[l] = m[l + half] > m[l] ? m[l + half] : m[l];
    return m[0];
}

// p = e^(x - m), and its sum: in many lanes, then in double.
static double fast_exponentials(int n, const real *restrict x, real m,
                                real *restrict p)
{
    reals s[4] = {0};
    double rest = 0;
    int i = 0;
    m = m == -INFINITY ? 0 : m; // then all of x is, and p is zero
    for (int j = 0; j < n; j++)
        p[j] = exp_below(x[j] - m);
    for (; i + 4 * REALS <= n; i += 4 * REALS)
        for (int k = 0; k < 4; k++)
            s[k] += *(reals *)(p + i + k * REALS);
    for (; i < n; i++)
        rest += p[i];
    return (double)fast_fold(s[0] + s[1]) + fast_fold(s[2] + s[3]) + rest;
}

// A row at work, and of every chunk its largest logit and its sum.
struct fast_chunk {
    real top;
    double sum;
};
struct fast_row {
    int n;
    const real *x;
    real *p, top, beta, tau;
    double total;
    struct fast_chunk *c;
};

static int fast_chunks(int n)
{
    return n / CHUNK + (n % CHUNK > 0);
}

static int fast_size(int n, int64_t k)
{
    int64_t left = n - k * CHUNK;
    return left < CHUNK ? (int)left : CHUNK;
}

// Takes a step for every chunk, on all threads if the row is long and they are
// free.
static void fast_each(struct fast_row *r,
                      void step(struct fast_row *, int64_t k))
{
    int chunks = fast_chunks(r->n);
    if (chunks < PARALLEL || omp_in_parallel()) {
        for (int k = 0; k < chunks; k++)
            step(r, k);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int k = 0; k < chunks; k++)
        step(r, k);
}

static void fast_chunk_largest(struct fast_row *r, int64_t k)
{
    r->c[k].top = fast_largest(fast_size(r->n, k), r->x + k * CHUNK);
}

static void fast_row_largest(struct fast_row *r)
{
    r->top = -INFINITY;
    for (int k = 0; k < fast_chunks(r->n); k++)
        r->top = r->c[k].top > r->top ? r->c[k].top : r->top;
}

static void fast_chunk_exponentials(struct fast_row *r, int64_t k)
{
    fast_chunk_largest(r, k);
    r->c[k].sum = fast_exponentials(fast_size(r->n, k), r->x + k * CHUNK,
                                    r->c[k].top, r->p + k * CHUNK);
}

static void fast_chunk_scale(struct fast_row *r, int64_t k)
{
    real scale = (real)(exp((double)r->c[k].top - r->top) / r->total);
    real *p = r->p + k * CHUNK;
    for (int i = 0, n = fast_size(r->n, k); i < n; i++)
        p[i] *= scale;
}

// Weights in proportion to e^x.  Each chunk is first scaled by its own largest
// logit, and by how far that trails at the end.  eq:softmax
static void fast_softmax(int n, const real x[n], real p[n])
{
    struct fast_chunk c[fast_chunks(n)];
    struct fast_row r = {.n = n, .x = x, .p = p, .c = c};
    fast_each(&r, fast_chunk_exponentials);
    fast_row_largest(&r);
    for (int k = 0; k < fast_chunks(n); k++)
        r.total += c[k].sum * exp((double)c[k].top - r.top);
    fast_each(&r, fast_chunk_scale);
}

// Appends the x - top of a chunk that exceed -reach to z.
static int fast_gather(int n, const real x[n], real top, real reach, int k,
                       real z[])
{
    int i = 0;
#if defined __AVX512F__ && defined FAST_FLOAT
    for (; i + 16 <= n; i += 16) {
        __m512 v = _mm512_sub_ps(_mm512_loadu_ps(x + i), _mm512_set1_ps(top));
        __mmask16 on =
            _mm512_cmp_ps_mask(v, _mm512_set1_ps(-reach), _CMP_GT_OQ);
        _mm512_storeu_ps(z + k, _mm512_maskz_compress_ps(on, v));
        k += __builtin_popcount(on);
    }
#endif
    for (; i < n; i++) {
        z[k] = x[i] - top;
        k += z[k] > -reach;
    }
    return k;
}

// What Newton needs at tau: how many v = z - tau are positive, the sum of the
// weights v^(1/beta), and that of weight / v.
struct fast_sums {
    double count, weight, slope;
};

// v^(1/beta) for v > 0, and the same over v.
static inline real fast_weight(enum power power, real inverse, real v,
                               real *slope)
{
    real p = power == PLAIN     ? v
             : power == SQUARED ? v * v
                                : exp_real(log_real(v) * inverse);
    *slope = power == PLAIN ? 1 : power == SQUARED ? v : p / v;
    return p;
}

static inline struct fast_sums fast_sum(enum power power, real beta, int n,
                                        const real z[n], real tau)
{
    enum { BLOCK = 64 };
    real inverse = 1 / beta, p[BLOCK], d[BLOCK], one[BLOCK], padded[BLOCK];
    struct fast_sums s = {0};
    for (int i = 0; i < n; i += BLOCK) {
        const real *y = z + i;
        if (n - i < BLOCK) { // whole blocks have no tail to be done alone
            for (int l = 0; l < BLOCK; l++)
                padded[l] = -2;
            y = memcpy(padded, y, (n - i) * sizeof *y);
        }
        for (int l = 0; l < BLOCK; l++) {
            real v = y[l] - tau, q, r;
            q = fast_weight(power, inverse, v > 0 ? v : 1, &r);
            p[l] = v > 0 ? q : 0;
            d[l] = v > 0 ? r : 0;
            one[l] = v > 0 ? 1 : 0;
        }
        reals sum[3] = {0};
        for (int l = 0; l < BLOCK; l += REALS) {
            sum[0] += *(reals *)(p + l);
            sum[1] += *(reals *)(d + l);
            sum[2] += *(reals *)(one + l);
        }
        s.weight += fast_fold(sum[0]);
        s.slope += fast_fold(sum[1]);
        s.count += fast_fold(sum[2]);
    }
    return s;
}

// The z that exceed tau, moved to the front; how many.
static int fast_keep(int n, real z[n], real tau)
{
    int k = 0;
    for (int i = 0; i < n; i++) {
        real v = z[i];
        z[k] = v;
        k += v > tau;
    }
    return k;
}

// Newton's steps from tau, which is below the threshold, on the z that are
// left, for a norm of the v = z - tau instead of the sum of the weights.  A step
// divides what is too much, times its slope, by four at least: after 64 no input
// is farther from its threshold than rounding.  eq:norm-step
static inline double fast_newton(enum power power, real beta, double tau, int n,
                                 real z[n])
{
    real before = -2;
    const double least = sizeof(real) == 4 ? 0x1p-22 : 0x1p-51;
    for (int step = 0; tau - before > least * fabs(tau) && step < 64; step++) {
        before = (real)tau;
        struct fast_sums s = fast_sum(power, beta, n, z, before);
        if (s.count < n / 2)
            n = fast_keep(n, z, before);
        tau = before + (s.weight - pow(s.weight, 1 - beta)) / s.slope;
    }
    return tau;
}

// Each of the three powers on its own, so that each becomes vectors.
static enum power fast_power(real beta)
{
    return beta == 1 ? PLAIN : beta == (real)0.5 ? SQUARED : GENERAL;
}

static double fast_solve(real beta, double tau, int n, real z[n])
{
    switch (fast_power(beta)) {
    case PLAIN: return fast_newton(PLAIN, beta, tau, n, z);
    case SQUARED: return fast_newton(SQUARED, beta, tau, n, z);
    default: return fast_newton(GENERAL, beta, tau, n, z);
    }
}

static inline void fast_weights(enum power power, real beta, real top, real tau,
                                int n, const real *restrict x, real *restrict p)
{
    real inverse = 1 / beta;
    for (int i = 0; i < n; i++) {
        real v = beta * (x[i] - top) - tau, d;
        real w = fast_weight(power, inverse, v > 0 ? v : 1, &d);
        p[i] = v > 0 ? w : 0;
    }
}

// The threshold of a row on the scale z = beta (x - max), where whoever trails by
// one is out.  With many chunks their leaders alone first set a threshold; it is
// below the one sought, and so a start from which Newton's steps rise.  z is
// scratch of n numbers.  eq:filter
static double fast_threshold(struct fast_row *r, real z[])
{
    int chunks = fast_chunks(r->n), kept = 0;
    real leaders[chunks], beta = r->beta;
    for (int64_t k = 0; k < chunks; k++) {
        leaders[k] = beta * (r->c[k].top - r->top);
        if (leaders[k] > -1)
            kept = fast_gather(fast_size(r->n, k), r->x + k * CHUNK, r->top,
                               1 / beta, kept, z);
    }
    for (int i = 0; i < kept && beta != 1; i++)
        z[i] *= beta;
    double tau = chunks > 8 ? fast_solve(beta, -1, chunks, leaders) : -1;
    return fast_solve(beta, tau, kept, z);
}

// A chunk whose leader has no weight is cleared unread.
static void fast_chunk_weights(struct fast_row *r, int64_t k)
{
    int n = fast_size(r->n, k);
    const real *x = r->x + k * CHUNK;
    real *p = r->p + k * CHUNK;
    if (!(r->beta * (r->c[k].top - r->top) > r->tau))
        memset(p, 0, n * sizeof *p);
    else if (fast_power(r->beta) == PLAIN)
        fast_weights(PLAIN, 1, r->top, r->tau, n, x, p);
    else if (fast_power(r->beta) == SQUARED)
        fast_weights(SQUARED, (real)0.5, r->top, r->tau, n, x, p);
    else
        fast_weights(GENERAL, r->beta, r->top, r->tau, n, x, p);
}

// Weights in the sense of entmax, for alpha from 1 (exclusive) to 2.  Where
// alpha nears 1, the relative error of a weight is the rounding of a number
// over alpha - 1.  eq:entmax
static void fast_entmax(double alpha, int n, const real x[n], real p[n])
{
    struct fast_chunk c[fast_chunks(n)];
    struct fast_row r = {
        .n = n, .x = x, .p = p, .c = c, .beta = (real)(alpha - 1)};
    fast_each(&r, fast_chunk_largest);
    fast_row_largest(&r);
    r.tau = (real)fast_threshold(&r, p); // p is free until it is filled
    fast_each(&r, fast_chunk_weights);
}

// Many rows, each by one thread; alpha = 1 is softmax.
static void fast_rows(double alpha, int rows, int n, const real x[], real p[])
{
#pragma omp parallel for schedule(static) if (rows > 1)
    for (int r = 0; r < rows; r++)
        if (alpha == 1)
            fast_softmax(n, x + (int64_t)r * n, p + (int64_t)r * n);
        else
            fast_entmax(alpha, n, x + (int64_t)r * n, p + (int64_t)r * n);
}
