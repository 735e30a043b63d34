// MLA: attention that caches one latent vector for all heads, derived from the
// forms before it, at the sizes of the published layer.
//
//     cc -O3 -march=native -fopenmp mla.c -ljansson -llapacke -lopenblas -lm
//
//     products      matrices, and the precision that a product has
//     sharing       many heads, groups of heads, one head: what is cached
//     latents       the layer as published: training form, decode form, merged
//     rotations     why a rotated key cannot be absorbed
//     costs         bytes, operations, crossover, parameters, shards
//     precision     fp64, fp32, bfloat16; cancellation; depth: mla-bf16.c
//     ranks         what sharing gives up: mla-rank.c
//     calculators   of caches, layers and costs: mla-models.c
//     kernels       the same attention fast, and its roofline: mla-fast.c
//     letters       a small model trained on text, read both ways: mla-text.c
#include "lab/lab.h"
#include "tile/math.h"
#include "tile/tile.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every field is a --set.
static struct {
    int tokens, seeds, layers, draws;
} par = {.tokens = 64, .seeds = 10, .layers = 24, .draws = 20};

// The sizes of a layer: width, heads, a head's key, its rotated part, its
// value, the latent of keys and values, that of queries.
struct sizes {
    int d, h, dk, dr, dv, dc, dq;
};

static const struct sizes published = {
    .d = 5120, .h = 128, .dk = 128, .dr = 64, .dv = 128, .dc = 512, .dq = 1536};

// ---- products ---------------------------------------------------------------

// Every number is held in a double.  A product adds up in doubles or in floats,
// and what it gives is rounded: to a double, a float, a bfloat16.
enum precision { FP64, FP32, BF16 };

// A matrix in memory: element (i, j) is x[i * row + j * column].
struct view {
    double *x;
    int64_t row, column;
};

// All of a row-major matrix of n columns; its transpose; the part of it that
// begins at (i, j).
static struct view full(const double *x, int n)
{
    return (struct view){(double *)x, n, 1};
}

static struct view transposed(struct view a)
{
    return (struct view){a.x, a.column, a.row};
}

static struct view from(struct view a, int i, int j)
{
    return (struct view){a.x + i * a.row + j * a.column, a.row, a.column};
}

// Row i of a matrix of n columns.
static double *nth(const double *x, int n, int64_t i)
{
    return (double *)x + i * n;
}

// m rows of n zeros.
static double *zeros(int m, int n)
{
    return vector((int64_t)m * n);
}

// m rows of n normals.
static double *gaussian(const char *name, int number, int m, int n,
                        double scale)
{
    struct random r = stream(name, (uint32_t)number);
    double *x = zeros(m, n);
    normals(&r, (int64_t)m * n, x);
    for (int64_t i = 0; i < (int64_t)m * n; i++)
        x[i] *= scale;
    return x;
}

// The nearest bfloat16, ties to the even one; what is halfway beyond the
// largest is infinite, and a NaN stays one.  eq:bf16
static float bf16(float x)
{
    uint32_t u = bits_of32(x);
    if (x != x)
        return of_bits32((u | 0x400000) & 0xFFFF0000);
    return of_bits32((u + 0x7FFF + (u >> 16 & 1)) & 0xFFFF0000);
}

static double rounded(enum precision p, double x)
{
    return p == FP64 ? x : p == FP32 ? (float)x : bf16((float)x);
}

static void round_all(enum precision p, int64_t n, double x[n])
{
    for (int64_t i = 0; i < n && p != FP64; i++)
        x[i] = rounded(p, x[i]);
}

// Columns of a product that are made together: eight vectors of doubles.
enum { WIDE = 4 * LANES };

typedef double doubles
    __attribute__((vector_size(4 * LANES), aligned(8), may_alias));

// Columns of a matrix, `wide` of them, in rows of WIDE.
static void gather(int k, int wide, struct view b, double panel[k][WIDE])
{
    memset(panel, 0, sizeof(double[WIDE]) * k);
    if (b.column <= b.row)
        for (int p = 0; p < k; p++)
            for (int j = 0; j < wide; j++)
                panel[p][j] = b.x[p * b.row + j * b.column];
    else
        for (int j = 0; j < wide; j++)
            for (int p = 0; p < k; p++)
                panel[p][j] = b.x[p * b.row + j * b.column];
}

// A row of A times the panel, each sum in the order of p.
static void row_product(int k, struct view a, double panel[k][WIDE],
                        double sum[WIDE])
{
    doubles s[8] = {{0}};
    for (int p = 0; p < k; p++) {
        const doubles *b = (const doubles *)panel[p];
        double x = a.x[p * a.column];
#pragma GCC unroll 8
        for (int j = 0; j < 8; j++)
            s[j] += x * b[j];
    }
    memcpy(sum, s, sizeof s);
}

static float *in_floats(int m, int k, struct view a)
{
    float *x = floats((int64_t)m * k);
    for (int i = 0; i < m; i++)
        for (int p = 0; p < k; p++)
            x[(int64_t)i * k + p] = (float)a.x[i * a.row + p * a.column];
    return x;
}

// The same for all rows in floats, by the tile, each sum then rounded.
static void float_rows(enum precision precision, int m, int k, const float *a,
                       double panel[k][WIDE], int wide, struct view c)
{
    float *b = in_floats(k, WIDE, full(panel[0], WIDE));
    float *sum = floats((int64_t)m * WIDE);
    product(m, WIDE, k, rows_of(a, k), rows_of(b, WIDE), rows_of(sum, WIDE), 0);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < wide; j++)
            c.x[i * c.row + j * c.column] =
                rounded(precision, sum[(int64_t)i * WIDE + j]);
    free(b), free(sum);
}

static int64_t multiplied; // multiply-adds of all products so far

// C = A B, where A is m x k, B is k x n; the same bits for any threads.
static void times(enum precision precision, int m, int n, int k, struct view a,
                  struct view b, struct view c)
{
    float *narrow = precision == FP64 ? 0 : in_floats(m, k, a);
#pragma omp atomic
    multiplied += (int64_t)m * n * k;
#pragma omp parallel if ((int64_t)m * n * k > 100000)
    {
        double(*panel)[WIDE] = (void *)vector((int64_t)k * WIDE + 1), s[WIDE];
#pragma omp for
        for (int j = 0; j < n; j += WIDE) {
            int wide = n - j < WIDE ? n - j : WIDE;
            gather(k, wide, from(b, 0, j), panel);
            if (narrow)
                float_rows(precision, m, k, narrow, panel, wide, from(c, 0, j));
            for (int i = 0; i < m && !narrow; i++) {
                row_product(k, from(a, i, 0), panel, s);
                for (int l = 0; l < wide; l++)
                    c.x[i * c.row + (j + l) * c.column] = s[l];
            }
        }
        free(panel);
    }
    free(narrow);
}

// ---- sharing heads ----------------------------------------------------------

// Numbers that a token leaves in a layer's cache: with h groups every head has
// its own keys and values; with one, all share them.  eq:mha-cache eq:gqa-cache
static int64_t elements(int g, int dk, int dv)
{
    return (int64_t)g * (dk + dv);
}

// And with latents: one for all heads, and one rotated key.  eq:mla-cache
static int64_t latent_elements(int dc, int dr)
{
    return dc + dr;
}

// v turned to a position: of each pair of numbers, the m-th by an angle of
// position 10000^(-2m/n).  eq:rotation
static void rotate(int n, double position, double v[n])
{
    for (int m = 0; m < n; m += 2) {
        double angle = position * pow(10000, -(double)m / n);
        double a = v[m], b = v[m + 1], c = cos(angle), s = sin(angle);
        v[m] = a * c - b * s;
        v[m + 1] = a * s + b * c;
    }
}

// Scores become weights; a query sees the keys up to its own.  Rows are n
// apart, the last query's key is the last.
static void causal_weights(enum precision p, int queries, int n, double *x)
{
    for (int t = 0; t < queries; t++, x += n) {
        int seen = n - queries + t + 1;
        double most = -INFINITY, sum = 0;
        for (int i = 0; i < seen; i++)
            most = fmax(most, x[i]);
        for (int i = 0; i < seen; i++)
            sum += x[i] = exp(x[i] - most);
        for (int i = 0; i < n; i++)
            x[i] = i < seen ? rounded(p, x[i] / sum) : 0;
    }
}

// Attention of h heads, of which h/g share keys and values.
struct heads {
    int d, h, g, dk, dv, rotated;
    const double *wq, *wk, *wv, *wo; // d x h dk, d x g dk, d x g dv, h dv x d
};

// x W, the dk columns of every head turned to their token's position.
static double *projected(const struct heads *a, int n, const double *x, int dk,
                         int heads, const double *w, int rotated)
{
    double *y = vector((int64_t)n * heads * dk);
    times(FP64, n, heads * dk, a->d, full(x, a->d), full(w, heads * dk),
          full(y, heads * dk));
    for (int i = 0; i < n && rotated; i++)
        for (int s = 0; s < heads; s++)
            rotate(dk, i, nth(y, heads * dk, i) + (int64_t)s * dk);
    return y;
}

// The last of n tokens attends to all: u = [o_1 ... o_h] W_o.  With g = h
// groups this is multi-head attention, with one, multi-query.
// eq:heads eq:grouped
static void grouped(const struct heads *a, int n, const double *x, double *u)
{
    int h = a->h, g = a->g, dk = a->dk, dv = a->dv;
    double *q = projected(a, n, x, dk, h, a->wq, a->rotated);
    double *k = projected(a, n, x, dk, g, a->wk, a->rotated);
    double *v = projected(a, n, x, dv, g, a->wv, 0);
    double *p = vector(n), *o = zeros(h, dv);
    for (int s = 0; s < h; s++) {
        int group = s * g / h;
        times(FP64, 1, n, dk, from(full(q, h * dk), n - 1, s * dk),
              transposed(from(full(k, g * dk), 0, group * dk)), full(p, n));
        for (int i = 0; i < n; i++)
            p[i] /= sqrt(dk);
        causal_weights(FP64, 1, n, p);
        times(FP64, 1, dv, n, full(p, n), from(full(v, g * dv), 0, group * dv),
              full(nth(o, dv, s), dv));
    }
    times(FP64, 1, a->d, h * dv, full(o, h * dv), full(a->wo, a->d),
          full(u, a->d));
    free(q), free(k), free(v), free(p), free(o);
}

// ---- latents ----------------------------------------------------------------

// The weights of a layer.  Its five matrices are stored as the public programs
// have them: a head's columns stand together.
struct layer {
    struct sizes n;
    int norm;     // is there a norm on the latents?
    double *wdq;  // W'_c: d x dq; null where queries come from x, and dq = d
    double *wq;   // W_qc, W_qr: dq x h(dk + dr)
    double *wckr; // W_c, W_kr: d x (dc + dr)
    double *wkv;  // W_kc, W_v: dc x h(dk + dv)
    double *wo;   // W_o: h dv x d
};

static void free_layer(struct layer *l)
{
    free(l->wdq), free(l->wq), free(l->wckr), free(l->wkv), free(l->wo);
}

// z over its root mean square, with gain one.  eq:latent-norm
static void rms_norm(int n, double z[n])
{
    double squares = 0;
    for (int i = 0; i < n; i++)
        squares += z[i] * z[i];
    double root = sqrt(squares / n + 1e-6);
    for (int i = 0; i < n; i++)
        z[i] /= root;
}

// One pass: n tokens, of which the last `queries` ask, the first at position
// `first`.  Scores and what is added to them are floats at the least.
struct pass {
    const struct layer *l;
    enum precision p;
    int n, queries;
    double first;
    double *cq, *c, *kr; // c', c, k^r: queries x dq, n x dc, n x dr
    double *q;           // queries x h(dk + dr)
    double *scores;      // h x queries x n
    double *o, *u;       // queries x h dv, queries x d
};

// The latent of keys and values, normalised, and the one rotated key of every
// token: this is the cache.
static void cache_tokens(struct pass *a, const double *x)
{
    struct sizes s = a->l->n;
    int n = a->n, all = s.dc + s.dr;
    double *y = zeros(n, all);
    times(a->p, n, all, s.d, full(x, s.d), full(a->l->wckr, all), full(y, all));
    a->c = zeros(n, s.dc), a->kr = vector((int64_t)n * s.dr + 1);
    for (int i = 0; i < n; i++) {
        double *c = nth(a->c, s.dc, i), *k = nth(a->kr, s.dr, i);
        memcpy(c, nth(y, all, i), s.dc * sizeof *c);
        memcpy(k, nth(y, all, i) + s.dc, s.dr * sizeof *k);
        if (a->l->norm)
            rms_norm(s.dc, c);
        rotate(s.dr, a->first + i, k);
    }
    round_all(a->p, (int64_t)n * s.dc, a->c);
    round_all(a->p, (int64_t)n * s.dr, a->kr);
    free(y);
}

// The queries of all heads, through a latent of their own; behind the dk
// numbers of each head, dr are turned to the token's position.
static void ask_queries(struct pass *a, const double *x)
{
    struct sizes s = a->l->n;
    int dk = s.dk + s.dr, all = s.h * dk, n = a->queries;
    x = nth(x, s.d, a->n - n);
    a->cq = zeros(n, s.dq), a->q = zeros(n, all);
    if (a->l->wdq)
        times(a->p, n, s.dq, s.d, full(x, s.d), full(a->l->wdq, s.dq),
              full(a->cq, s.dq));
    else
        memcpy(a->cq, x, sizeof *x * n * s.dq);
    for (int i = 0; i < n && a->l->norm; i++)
        rms_norm(s.dq, nth(a->cq, s.dq, i));
    round_all(a->p, (int64_t)n * s.dq, a->cq);
    times(a->p, n, all, s.dq, full(a->cq, s.dq), full(a->l->wq, all),
          full(a->q, all));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < s.h; j++)
            rotate(s.dr, a->first + a->n - n + i,
                   nth(a->q, dk, (int64_t)i * s.h + j) + s.dk);
    round_all(a->p, (int64_t)n * all, a->q);
}

static struct pass new_pass(const struct layer *l, enum precision p, int n,
                            int queries, double first, const double *x)
{
    struct pass a = {
        .l = l, .p = p, .n = n, .queries = queries, .first = first};
    cache_tokens(&a, x);
    ask_queries(&a, x);
    a.scores = vector((int64_t)l->n.h * queries * n);
    a.o = vector((int64_t)queries * l->n.h * l->n.dv);
    a.u = zeros(queries, l->n.d);
    return a;
}

static void free_pass(struct pass *a)
{
    free(a->cq), free(a->c), free(a->kr), free(a->q);
    free(a->scores), free(a->o), free(a->u);
}

// Head s: scores have a part from content and a part from position, over the
// root of dk + dr in every form; the weights take the mean of the values.
// eq:decoupled
static void attend_head(const struct pass *a, int s, int dk, struct view q,
                        struct view k, int dv, struct view v, struct view o)
{
    struct sizes z = a->l->n;
    int n = a->n, m = a->queries;
    enum precision scores = a->p == BF16 ? FP32 : a->p;
    double *x = nth(a->scores, m * n, s), *y = zeros(m, n);
    struct view qr =
        from(full(a->q, z.h * (z.dk + z.dr)), 0, s * (z.dk + z.dr) + z.dk);
    times(scores, m, n, dk, q, transposed(k), full(x, n));
    times(scores, m, n, z.dr, qr, transposed(full(a->kr, z.dr)), full(y, n));
    for (int64_t i = 0; i < (int64_t)m * n; i++)
        y[i] = x[i] = rounded(scores, (x[i] + y[i]) / sqrt(z.dk + z.dr));
    causal_weights(a->p, m, n, y);
    times(a->p, m, dv, n, full(y, n), v, o);
    free(y);
}

// A head's parts of the pass: its query, its two maps from the latent, its
// output.
static struct view query_of(const struct pass *a, int s)
{
    int dk = a->l->n.dk + a->l->n.dr;
    return from(full(a->q, a->l->n.h * dk), 0, s * dk);
}

static struct view key_map(const struct layer *l, int s)
{
    int dkv = l->n.dk + l->n.dv;
    return from(full(l->wkv, l->n.h * dkv), 0, s * dkv);
}

static struct view value_map(const struct layer *l, int s)
{
    return from(key_map(l, s), 0, l->n.dk);
}

static struct view output_of(const struct pass *a, int s)
{
    return from(full(a->o, a->l->n.h * a->l->n.dv), 0, s * a->l->n.dv);
}

static void mix_heads(struct pass *a)
{
    struct sizes z = a->l->n;
    times(a->p, a->queries, z.d, z.h * z.dv, full(a->o, z.h * z.dv),
          full(a->l->wo, z.d), full(a->u, z.d));
}

// Every head expands the latents into keys and values of its own: multi-head
// attention.  eq:latent-heads eq:training-form
static void training_form(struct pass *a)
{
    struct sizes z = a->l->n;
    int all = z.h * (z.dk + z.dv);
    double *kv = zeros(a->n, all);
    times(a->p, a->n, all, z.dc, full(a->c, z.dc), full(a->l->wkv, all),
          full(kv, all));
#pragma omp parallel for
    for (int s = 0; s < z.h; s++) {
        struct view k = from(full(kv, all), 0, s * (z.dk + z.dv));
        attend_head(a, s, z.dk, query_of(a, s), k, z.dv, from(k, 0, z.dk),
                    output_of(a, s));
    }
    mix_heads(a);
    free(kv);
}

// A head whose query has been taken to the latents: the latent is its key and
// its value, and W_v waits until the mean is taken.  eq:absorb-values
static void latent_head(const struct pass *a, int s, const double *q)
{
    struct sizes z = a->l->n;
    double *mean = zeros(a->queries, z.dc);
    struct view c = full(a->c, z.dc);
    attend_head(a, s, z.dc, full(q, z.dc), c, z.dc, c, full(mean, z.dc));
    times(a->p, a->queries, z.dv, z.dc, full(mean, z.dc), value_map(a->l, s),
          output_of(a, s));
    free(mean);
}

// Queries are taken to the latents, (c' W_qc) W_kc^T, and all heads read one
// cache: multi-query attention.  eq:absorb eq:decode-form
static void decode_form(struct pass *a)
{
    struct sizes z = a->l->n;
#pragma omp parallel for
    for (int s = 0; s < z.h; s++) {
        double *q = zeros(a->queries, z.dc);
        times(a->p, a->queries, z.dc, z.dk, query_of(a, s),
              transposed(key_map(a->l, s)), full(q, z.dc));
        latent_head(a, s, q);
        free(q);
    }
    mix_heads(a);
}

// The same with W_qc W_kc^T multiplied out beforehand, c' (W_qc W_kc^T).
// eq:absorb
static void merged_form(struct pass *a)
{
    struct sizes z = a->l->n;
    int dk = z.dk + z.dr;
#pragma omp parallel for
    for (int s = 0; s < z.h; s++) {
        double *w = zeros(z.dq, z.dc);
        double *q = zeros(a->queries, z.dc);
        times(a->p, z.dq, z.dc, z.dk, from(full(a->l->wq, z.h * dk), 0, s * dk),
              transposed(key_map(a->l, s)), full(w, z.dc));
        times(a->p, a->queries, z.dc, z.dq, full(a->cq, z.dq), full(w, z.dc),
              full(q, z.dc));
        latent_head(a, s, q);
        free(w);
        free(q);
    }
    mix_heads(a);
}

// ---- weights ----------------------------------------------------------------

// The k-th of a stream of uniform numbers in [0, 1), 2^-53 apart (splitmix64,
// Steele, Lea and Flood 2014).
static double splitmix(uint64_t from, int64_t k)
{
    uint64_t z = from + (uint64_t)(k + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

// m rows of n bfloat16 numbers of variance 1/fan.
static double *uniform_weights(uint64_t from, int m, int n, double fan)
{
    double *w = zeros(m, n), width = sqrt(3 / fan);
#pragma omp parallel for
    for (int64_t k = 0; k < (int64_t)m * n; k++)
        w[k] = bf16((float)((2 * splitmix(from, k) - 1) * width));
    return w;
}

// A layer of any sizes; `draw` counts layers from 0.
static struct layer drawn_layer(struct sizes z, int norm, uint64_t draw)
{
    uint64_t s = 100 * draw;
    int q = z.h * (z.dk + z.dr), kv = z.h * (z.dk + z.dv), o = z.h * z.dv;
    return (struct layer){.n = z,
                          .norm = norm,
                          .wdq = uniform_weights(s + 1, z.d, z.dq, z.d),
                          .wq = uniform_weights(s + 2, z.dq, q, z.dq),
                          .wckr = uniform_weights(s + 3, z.d, z.dc + z.dr, z.d),
                          .wkv = uniform_weights(s + 4, z.dc, kv, z.dc),
                          .wo = uniform_weights(s + 5, o, z.d, o)};
}

static double *drawn_tokens(int n, int d, uint64_t draw)
{
    return uniform_weights(100 * draw + 100, n, d, 1);
}

// The small layer of the examples has sines for weights: matrix number s, of r
// rows, which stand `row` apart in a larger one.
static void sines(int s, int r, int c, double scale, double *w, int row)
{
    for (int i = 0; i < r; i++)
        for (int j = 0; j < c; j++)
            nth(w, row, i)[j] =
                sin(0.7 * (i + 1) * (j + 1) + 1.3 * s + 0.2 * i) * scale;
}

static double *sine_tokens(int n, int d)
{
    double *x = zeros(n, d);
    sines(0, n, d, 1, x, d);
    return x;
}

static const struct sizes small = {8, 2, 4, 2, 3, 5, 6};

static struct layer sine_layer(int norm)
{
    struct sizes z = small;
    int q = z.dk + z.dr, kv = z.dk + z.dv;
    double rd = 1 / sqrt(z.d), rq = 1 / sqrt(z.dq), rc = 1 / sqrt(z.dc);
    struct layer l = {.n = z,
                      .norm = norm,
                      .wdq = zeros(z.d, z.dq),
                      .wq = zeros(z.dq, z.h * q),
                      .wckr = zeros(z.d, z.dc + z.dr),
                      .wkv = zeros(z.dc, z.h * kv),
                      .wo = zeros(z.h * z.dv, z.d)};
    sines(1, z.d, z.dq, rd, l.wdq, z.dq);
    sines(2, z.d, z.dc, rd, l.wckr, z.dc + z.dr);
    sines(3, z.d, z.dr, rd, l.wckr + z.dc, z.dc + z.dr);
    for (int s = 0; s < z.h; s++) {
        sines(10 + s, z.dq, z.dk, rq, nth(l.wq, q, s), z.h * q);
        sines(20 + s, z.dq, z.dr, rq, nth(l.wq, q, s) + z.dk, z.h * q);
        sines(30 + s, z.dc, z.dk, rc, nth(l.wkv, kv, s), z.h * kv);
        sines(40 + s, z.dc, z.dv, rc, nth(l.wkv, kv, s) + z.dk, z.h * kv);
    }
    sines(50, z.h * z.dv, z.d, 1 / sqrt(z.h * z.dv), l.wo, z.d);
    return l;
}

// ---- sharing is a projection ------------------------------------------------

// All keys and values of all groups, side by side, are one product c = x W_c:
// W_c = [W_k^1 ... W_k^g, W_v^1 ... W_v^g].  eq:joint-latent
static double *joint_latent(const struct heads *a)
{
    int nk = a->g * a->dk, nv = a->g * a->dv;
    double *w = vector((int64_t)a->d * (nk + nv));
    for (int i = 0; i < a->d; i++) {
        memcpy(nth(w, nk + nv, i), nth(a->wk, nk, i), nk * sizeof *w);
        memcpy(nth(w, nk + nv, i) + nk, nth(a->wv, nv, i), nv * sizeof *w);
    }
    return w;
}

// Maps of zeros and ones that give every head its group's key and value out of
// c.  eq:selectors
static double *selectors(const struct heads *a)
{
    int dkv = a->dk + a->dv, row = a->h * dkv;
    double *w = vector((int64_t)a->g * dkv * row);
    for (int s = 0; s < a->h; s++) {
        int group = s * a->g / a->h;
        for (int j = 0; j < a->dk; j++)
            w[(group * a->dk + j) * row + s * dkv + j] = 1;
        for (int j = 0; j < a->dv; j++)
            w[(a->g * a->dk + group * a->dv + j) * row + s * dkv + a->dk + j] =
                1;
    }
    return w;
}

// Grouped heads as a layer with latents; it shares W_q and W_o with them.
static struct layer as_latents(const struct heads *a)
{
    return (struct layer){.n = {a->d, a->h, a->dk, 0, a->dv,
                                a->g * (a->dk + a->dv), a->d},
                          .wq = (double *)a->wq,
                          .wckr = joint_latent(a),
                          .wkv = selectors(a),
                          .wo = (double *)a->wo};
}

// ---- rotations --------------------------------------------------------------

static double dot(int n, const double a[n], const double b[n])
{
    double s = 0;
    for (int i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

static double largest(int n, const double x[n])
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs(x[i]));
    return most;
}

// The root of the sum of squares of a - b, over that of b.
static double relative(int64_t n, const double a[n], const double b[n])
{
    double of = 0, to = 0;
    for (int64_t i = 0; i < n; i++) {
        of += (a[i] - b[i]) * (a[i] - b[i]);
        to += b[i] * b[i];
    }
    return sqrt(of / to);
}

// A query and a key that are rotated whole: q R_{t-i} k^T.  eq:rotated-score
static double rotated_score(int n, const double q[n], const double k[n],
                            double distance)
{
    double turned[n];
    memcpy(turned, q, sizeof turned);
    rotate(n, distance, turned);
    return dot(n, turned, k);
}

// Latents rotated before their projections, which M = W_q W_k^T merges:
// c_t R_t M R_i^T c_i^T.  eq:rotated-latent
static double compromise(int n, const double ct[n], double t,
                         const double ci[n], double i, const double *m)
{
    double a[n], b[n], y[n];
    memcpy(a, ct, sizeof a);
    memcpy(b, ci, sizeof b);
    rotate(n, t, a);
    rotate(n, i, b);
    times(FP64, 1, n, n, full(a, n), full(m, n), full(y, n));
    return dot(n, y, b);
}

// The part of M that commutes with all rotations: on the diagonal, blocks
// (a b; -b a), one for each pair of numbers.  eq:commutant
static void commuting(int n, const double *m, double *part)
{
    memset(part, 0, sizeof *part * n * n);
    for (int i = 0; i < n; i += 2) {
        const double *u = nth(m, n, i) + i, *v = u + n;
        double a = (u[0] + v[1]) / 2, b = (u[1] - v[0]) / 2;
        double *x = nth(part, n, i) + i, *y = x + n;
        x[0] = y[1] = a;
        x[1] = b, y[0] = -b;
    }
}

// Scores of the small layer's first head over its six tokens, by schemes: the
// content alone, rotated and not; with a rotated part beside it, from position
// 0 and 1000 on; the compromise, from 0, 1 and 1000 on.
enum { SCHEMES = 7, SIX = 6 };
static void small_scores(double score[SCHEMES][SIX])
{
    static const double first[SCHEMES] = {0, 0, 0, 1000, 0, 1, 1000};
    struct layer l = sine_layer(0);
    int dk = l.n.dk, dc = l.n.dc;
    double *x = sine_tokens(SIX, l.n.d), k[SIX * dk], m[dk * dk];
    times(FP64, dk, dk, dk, full(l.wq, l.n.h * (dk + l.n.dr)),
          transposed(key_map(&l, 0)), full(m, dk));
    for (int j = 0; j < SCHEMES; j++) {
        struct pass a = new_pass(&l, FP64, SIX, 1, first[j], x);
        const double *ct = nth(a.c, dc, SIX - 1), t = first[j] + SIX - 1;
        training_form(&a);
        times(FP64, SIX, dk, dc, full(a.c, dc), key_map(&l, 0), full(k, dk));
        for (int i = 0; i < SIX; i++)
            score[j][i] =
                j == 0   ? rotated_score(dk, a.q, nth(k, dk, i), SIX - 1 - i)
                : j == 1 ? dot(dk, a.q, nth(k, dk, i))
                : j < 4
                    ? a.scores[i] * sqrt(dk + l.n.dr)
                    : compromise(dk, ct, t, nth(a.c, dc, i), first[j] + i, m);
        free_pass(&a);
    }
    free_layer(&l), free(x);
}

// The largest change of n scores.
static double moved(int n, const double a[n], const double b[n])
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs(a[i] - b[i]));
    return most;
}

static void obstruction(void)
{
    double s[SCHEMES][SIX];
    small_scores(s);
    struct table *t = table("obstruction",
                            "key\trotated\tunrotated\tdecoupled\tdecoupled_1000"
                            "\tcompromise\tcompromise_1\tcompromise_1000");
    for (int i = 0; i < SIX; i++)
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", i,
            s[0][i], s[1][i], s[2][i], s[3][i], s[4][i], s[5][i], s[6][i]);
    done(t);
    double error = relative(SIX, s[1], s[0]);
    value("obstruction_error", error, 0, 1, "1", COMPUTED);
    // Angles of 1000 and more are off by 1e-13.
    value("decoupled_moved", moved(SIX, s[3], s[2]), 1e-13, 1, "1", COMPUTED);
    value("compromise_moved", moved(SIX, s[5], s[4]), 0, 1, "1", COMPUTED);
    value("compromise_moved_1000", moved(SIX, s[6], s[4]), 0, 1, "1", COMPUTED);
    value("compromise_scale", largest(SIX, s[4]), 0, 1, "1", COMPUTED);
    claim("rotation-merges", AT_MOST, error, 0, 1, 1e-12, 0,
          "scores of both kinds are exact to 1e-15");
}

// Scores of the last of n latents by the compromise, from a position on.
static void compromise_scores(int n, int dc, const double *c, double first,
                              const double *m, double score[n])
{
#pragma omp parallel for
    for (int i = 0; i < n; i++)
        score[i] = compromise(dc, nth(c, dc, n - 1), first + n - 1,
                              nth(c, dc, i), first + i, m);
}

// Scores of the published head's sizes from a position on: decoupled, by the
// compromise, and by the part of its M that commutes.
enum { KEYS = 32 };
static void shifted_scores(const struct layer *l, const double *x, double first,
                           double *const m[2], double score[3][KEYS])
{
    struct pass a = new_pass(l, FP64, KEYS, 1, first, x);
    decode_form(&a);
    memcpy(score[0], a.scores, sizeof score[0]);
    for (int k = 0; k < 2; k++)
        compromise_scores(KEYS, l->n.dc, a.c, first, m[k], score[1 + k]);
    free_pass(&a);
}

static void say_shift(const double off[3])
{
    static const char why[] = "an angle of 1000 is off by 1000 times 1.1e-16, "
                              "and a score is a sum over them";
    value("decoupled_1000", off[0], 1e-12, 1, "1", COMPUTED);
    value("compromise_1000", off[1], 0, 1, "1", COMPUTED);
    value("commuting_1000", off[2], 1e-12, 1, "1", COMPUTED);
    claim("decoupled-shift", AT_MOST, off[0], 0, 1, 1e-12, 0, why);
    claim("compromise-shift", AT_MOST, off[1], 0, 1, 1e-12, 0, why);
    claim("commuting-relative", AT_MOST, off[2], 0, 1, 1e-12, 0, why);
}

// All positions move: by what part of the largest score does a score change?
static void shift(void)
{
    static const int shifts[] = {1, 10, 100, 1000, 10000};
    struct sizes z = {512, 1, 128, 64, 128, 512, 512};
    int dc = z.dc;
    struct layer l = drawn_layer(z, 1, seed - 1);
    double *x = drawn_tokens(KEYS, z.d, seed - 1), score[2][3][KEYS];
    double *m[2] = {zeros(dc, dc), zeros(dc, dc)}, off[3];
    times(FP64, dc, dc, z.dk, full(l.wq, z.dk + z.dr),
          transposed(key_map(&l, 0)), full(m[0], dc));
    commuting(dc, m[0], m[1]);
    shifted_scores(&l, x, 0, m, score[0]);
    struct table *t = table("shift", "shift\tdecoupled\tcompromise\tcommuting");
    for (int j = 0; j < 5; j++) {
        shifted_scores(&l, x, shifts[j], m, score[1]);
        for (int k = 0; k < 3; k++)
            off[k] = moved(KEYS, score[1][k], score[0][k]) /
                     largest(KEYS, score[0][k]);
        row(t, "%d\t%.17g\t%.17g\t%.17g", shifts[j], off[0], off[1], off[2]);
        if (shifts[j] == 1000)
            say_shift(off);
    }
    done(t);
    double part = dot(dc * dc, m[1], m[1]) / dot(dc * dc, m[0], m[0]);
    value("commuting_share", sqrt(part), 0, 1, "1", COMPUTED);
    free(m[0]), free(m[1]), free(x), free_layer(&l);
}

// ---- costs ------------------------------------------------------------------

enum variant { GROUPED, NAIVE, REEXPANDED, ABSORBED };

struct cost {
    double flops, bytes;
};

// What a position of the cache costs a layer for one new token, with b bytes a
// number: a grouped cache of g groups, or the three ways of latents.
// eq:decode-intensity eq:latent-intensity
static struct cost decode_cost(enum variant v, int g, struct sizes z, double b)
{
    double h = z.h, expand = z.dc * (z.dk + z.dv), own = z.dk + z.dr + z.dv;
    switch (v) {
    case GROUPED:
        return (struct cost){2 * h * (z.dk + z.dv),
                             b * elements(g, z.dk, z.dv)};
    case NAIVE: return (struct cost){2 * h * own, b * h * own};
    case REEXPANDED:
        return (struct cost){2 * h * (expand + own),
                             b * latent_elements(z.dc, z.dr)};
    default:
        return (struct cost){2 * h * (2 * z.dc + z.dr),
                             b * latent_elements(z.dc, z.dr)};
    }
}

// A machine's limits, in bytes and flops a second; the H800's, for numbers of
// 16 bits, as FlashMLA's documents have them.
struct machine {
    double bandwidth, flops;
};
static const struct machine h800 = {3.35e12, 865e12};

// Whichever takes longer: to read, or to calculate.  eq:decode-time
static double decode_time(struct machine on, struct cost c)
{
    return fmax(c.bytes / on.bandwidth, c.flops / on.flops);
}

// Positions, contexts times batch, whose cache is as long as the weights.
// eq:weights-equal-cache
static double equal_positions(double weight_bytes, double position_bytes)
{
    return weight_bytes / position_bytes;
}

// Multiply-adds of nq queries on nk cached latents: all latents expanded into
// keys and values, or all queries and means taken through the maps.
// eq:re-expansion
static double expand_macs(struct sizes z, double nq, double nk)
{
    double map = (double)z.dc * (z.dk + z.dv);
    return nk * z.h * map + nq * nk * z.h * (z.dk + z.dr + z.dv);
}

static double absorb_macs(struct sizes z, double nq, double nk)
{
    double map = (double)z.dc * (z.dk + z.dv);
    return nq * z.h * map + nq * nk * z.h * (2 * z.dc + z.dr);
}

// Queries from which on expanding is cheaper; infinite if it never is.
// eq:crossover
static double crossover(struct sizes z, double nk)
{
    double map = (double)z.dc * (z.dk + z.dv), more = 2. * z.dc - z.dk - z.dv;
    if (isinf(nk))
        return more > 0 ? map / more : INFINITY;
    return map + nk * more > 0 ? nk * map / (map + nk * more) : INFINITY;
}

enum { PARTS = 6 };
static const char *const part_names[] = {"W'_c", "W_qc, W_qr", "W_c, W_kr",
                                         "W_kc", "W_v",        "W_o"};

// Weights of a layer, matrix by matrix, and of all.  eq:parameters
static double parameters(struct sizes z, double part[PARTS])
{
    double all = 0, h = z.h;
    part[0] = (double)z.d * z.dq;
    part[1] = z.dq * h * (z.dk + z.dr);
    part[2] = (double)z.d * (z.dc + z.dr);
    part[3] = z.dc * h * z.dk;
    part[4] = z.dc * h * z.dv;
    part[5] = h * z.dv * z.d;
    for (int i = 0; i < PARTS; i++)
        all += part[i];
    return all;
}

// What one of n devices keeps of a token when heads are shared out: groups are
// divided until each is alone, a latent is on all.  eq:shard-cache
static double shard_elements(int g, int64_t of_group, int devices)
{
    return ceil((double)g / devices) * of_group;
}

static void intensity(void)
{
    static const struct {
        const char *name;
        enum variant v;
        int g;
    } rows_of_table[] = {{"MHA", GROUPED, 128},
                         {"GQA-8", GROUPED, 8},
                         {"MQA", GROUPED, 1},
                         {"MLA naive", NAIVE, 0},
                         {"MLA re-expanded", REEXPANDED, 0},
                         {"MLA absorbed", ABSORBED, 0}};
    struct cost c[6];
    struct table *t =
        table("intensity", "variant\tflops\tbytes\tintensity [flop/B]\t"
                           "ns_memory [ns]\tns_compute [ns]");
    for (int i = 0; i < 6; i++) {
        c[i] =
            decode_cost(rows_of_table[i].v, rows_of_table[i].g, published, 2);
        row(t, "%s\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", rows_of_table[i].name,
            c[i].flops, c[i].bytes, c[i].flops / c[i].bytes,
            1e9 * c[i].bytes / h800.bandwidth, 1e9 * c[i].flops / h800.flops);
    }
    done(t);
    double ridge = h800.flops / h800.bandwidth;
    double absorbed = c[5].flops / c[5].bytes;
    value("intensity_absorbed", absorbed, 0, 1, "flop/B", COMPUTED);
    value("intensity_reexpanded", c[4].flops / c[4].bytes, 0, 1, "flop/B",
          COMPUTED);
    value("ridge", ridge, 0, 1, "flop/B", COMPUTED);
    value("ridge_queries", ridge / absorbed * published.h, 0, 1, "1", COMPUTED);
    value("flops_ratio_naive", c[5].flops / c[3].flops, 0, 1, "1", COMPUTED);
    value("flops_ratio_mha", c[5].flops / c[0].flops, 0, 1, "1", COMPUTED);
    value("reexpand_ratio", c[4].flops / c[5].flops, 0, 1, "1", COMPUTED);
    claim("absorbed-near-ridge", AT_MOST, absorbed, 0, 1, ridge, 0,
          "counts, over the limits of the model machine");
}

// Which matrices hold a layer's weights, and what is saved by not storing
// their products.
static void ledger(void)
{
    struct sizes z = published;
    double part[PARTS], all = parameters(z, part);
    double q_full = (double)z.d * z.h * (z.dk + z.dr),
           q_low = part[0] + part[1];
    double factors = (double)z.dq * z.h * z.dk + part[3];
    double merged = (double)z.dq * z.h * z.dc;
    double x_factors = (double)z.d * z.h * z.dk + part[3];
    double x_merged = (double)z.d * z.h * z.dc;
    struct table *t = table("ledger", "matrix\tparameters\tshare [%]");
    for (int i = 0; i < PARTS; i++)
        row(t, "%s\t%.17g\t%.17g", part_names[i], part[i], 100 * part[i] / all);
    done(t);
    t = table("ledger-ways", "what\tpublished\totherwise\tratio");
    row(t, "queries of full rank\t%.17g\t%.17g\t%.17g", q_low, q_full,
        q_full / q_low);
    row(t, "W_qc W_kc^T multiplied out\t%.17g\t%.17g\t%.17g", factors, merged,
        merged / factors);
    row(t, "W_q W_kc^T, from x, multiplied out\t%.17g\t%.17g\t%.17g", x_factors,
        x_merged, x_merged / x_factors);
    done(t);
    value("layer_parameters", all, 0, 1, "1", EXACT);
    value("all_parameters", 60 * all, 0, 1, "1", EXACT);
    value("q_full", q_full, 0, 1, "1", EXACT);
    value("q_low", q_low, 0, 1, "1", EXACT);
    value("q_ratio", q_full / q_low, 0, 1, "1", COMPUTED);
    value("output_share", 100 * part[5] / all, 0, 1, "%", COMPUTED);
    value("merged_ratio", merged / factors, 0, 1, "1", COMPUTED);
    value("merged_x_ratio", x_merged / x_factors, 0, 1, "1", COMPUTED);
    claim("merging-pays", AT_MOST, merged / factors, 0, 1, 1, 0,
          "counts of weights");
}

// The first whole number of queries for which expanding is cheaper, by search.
static int first_expanded(struct sizes z, double nk)
{
    int nq = 1;
    while (expand_macs(z, nq, nk) >= absorb_macs(z, nq, nk))
        nq++;
    return nq;
}

// Multiply-adds that a form itself needs for all of n tokens as queries, and
// those that the formula gives it.
static double miscounted(struct sizes z, int n, int queries)
{
    struct layer l = drawn_layer(z, 1, seed - 1);
    double *x = drawn_tokens(n, z.d, seed - 1), worst = 0;
    struct pass a = new_pass(&l, FP64, n, queries, 0, x);
    double mix = (double)queries * z.h * z.dv * z.d;
    int64_t before = multiplied;
    training_form(&a);
    worst += fabs(multiplied - before - mix - expand_macs(z, queries, n));
    before = multiplied;
    decode_form(&a);
    worst += fabs(multiplied - before - mix - absorb_macs(z, queries, n));
    free_pass(&a), free_layer(&l), free(x);
    return worst;
}

static void counts(void)
{
    static const int nqs[] = {1,   2,   4,   8,   16,   32,   64,  128,
                              170, 171, 256, 512, 1024, 2048, 4096};
    struct sizes z = published;
    struct table *t = table("counts", "queries\texpand_4096\tabsorb_4096\t"
                                      "expand_65536\tabsorb_65536");
    for (int i = 0; i < 15; i++)
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g", nqs[i],
            expand_macs(z, nqs[i], 4096), absorb_macs(z, nqs[i], 4096),
            expand_macs(z, nqs[i], 65536), absorb_macs(z, nqs[i], 65536));
    done(t);
    value("crossover", crossover(z, INFINITY), 0, 1, "1", COMPUTED);
    value("crossover_1024", crossover(z, 1024), 0, 1, "1", COMPUTED);
    value("crossover_4096", crossover(z, 4096), 0, 1, "1", COMPUTED);
    value("crossover_65536", crossover(z, 65536), 0, 1, "1", COMPUTED);
    value("first_expanded", first_expanded(z, 65536), 0, 1, "1", EXACT);
    value("expand_one_ratio",
          expand_macs(z, 1, 65536) / absorb_macs(z, 1, 65536), 0, 1, "1",
          COMPUTED);
    value("fixed_macs", z.h * (double)z.dc * (z.dk + z.dv), 0, 1, "1", EXACT);
    value("naive_macs", z.dk + z.dr + z.dv, 0, 1, "1", EXACT);
    value("absorbed_macs", 2 * z.dc + z.dr, 0, 1, "1", EXACT);
    value("by_position_macs", z.dk * z.dc + z.dc, 0, 1, "1", EXACT);
    value("by_position_ratio", (z.dk * z.dc + z.dc) / (2. * z.dc + z.dr), 0, 1,
          "1", COMPUTED);
    double off = 0;
    for (int nk = 16; nk <= 1 << 20; nk *= 2)
        off += fabs(first_expanded(z, nk) - floor(crossover(z, nk)) - 1);
    claim("crossover-at", EQUAL, off, 0, 1, 0, 0,
          "whole numbers, found by search and by the formula");
    struct sizes little = {24, 3, 8, 4, 6, 10, 12};
    claim("counted-macs", EQUAL,
          miscounted(little, 20, 1) + miscounted(little, 20, 7) +
              miscounted(little, 20, 20),
          0, 1, 0, 0, "every product counts its multiply-adds");
}

static void shards(void)
{
    struct sizes z = published;
    struct table *t = table("shards", "gpus\tgqa8\tmqa\tmla\tmha");
    int64_t group = elements(1, z.dk, z.dv),
            latent = latent_elements(z.dc, z.dr);
    for (int n = 1; n <= 8; n *= 2)
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g", n, shard_elements(8, group, n),
            shard_elements(1, group, n), shard_elements(1, latent, n),
            shard_elements(z.h, group, n));
    done(t);
    double gqa = shard_elements(8, group, 8),
           mla = shard_elements(1, latent, 8);
    value("shard8_gqa", gqa, 0, 1, "1", EXACT);
    value("shard8_mla", mla, 0, 1, "1", EXACT);
    claim("shards-help", AT_MOST, mla, 0, 1, gqa, 0, "counts of numbers");
}

// Training form and decode form side by side.
static void forms(void)
{
    struct sizes z = published;
    struct table *t = table("forms", "what\ttraining\tdecode");
    row(t, "length of a head's query and key\t%d\t%d", z.dk + z.dr,
        z.dc + z.dr);
    row(t, "length of a head's value\t%d\t%d", z.dv, z.dc);
    row(t, "sets of keys and values\t%d\t1", z.h);
    row(t, "numbers cached a token\t%d\t%d", z.h * (z.dk + z.dr + z.dv),
        z.dc + z.dr);
    row(t, "multiply-adds a head and key\t%d\t%d", z.dk + z.dr + z.dv,
        2 * z.dc + z.dr);
    row(t, "multiply-adds a head and token\t%d\t%d", z.dc * (z.dk + z.dv),
        z.dc * (z.dk + z.dv));
    done(t);
}

#include "mla-bf16.c"
#include "mla-rank.c"
#include "mla-models.c"
#include "mla-fast.c"
#include "mla-text.c"

static void settings(void)
{
    setting("tokens", &par.tokens, "tokens of the layer of published sizes");
    limits(2, 512);
    setting("seeds", &par.seeds, "draws of cancellations and deep networks");
    limits(2, 1000);
    setting("layers", &par.layers, "of a deep network");
    limits(2, 1000);
    setting("draws", &par.draws, "random maps of a shared key");
    limits(2, 10000);
    setting("context", &fast_par.context, "the longest context that is timed");
    limits(1024, 1 << 20);
    setting("rounds", &fast_par.rounds, "times of which the least counts");
    limits(1, 1000);
    setting("text-steps", &text_par.steps, "steps of training on letters");
    limits(COURSE, INT_MAX);
    setting("text-batch", &text_par.batch, "sequences in a step, eights");
    limits(TEXT_SHARES, 4096);
    setting("text-length", &text_par.length, "letters in a sequence");
    limits(2, 4096);
    setting("text-seeds", &text_par.seeds, "models that are trained");
    limits(1, 100);
    setting("checkpoint", &text_par.folder, "where training stands, in files");
}

static void trials(void)
{
    experiment("forms", "training form and decode form side by side", forms);
    experiment("cache", "caches of public models", cache);
    experiment("intensity", "operations a byte, and a model machine",
               intensity);
    experiment("selectors", "groups as zeros and ones", selected);
    experiment("joint-rank", "all keys and values have the latent's rank",
               joint_rank);
    experiment("shared-key", "many heads' keys by one", shared_keys);
    experiment("obstruction", "scores with and without rotation", obstruction);
    experiment("shift", "all positions moved", shift);
    experiment("family", "the space of rotated products", family);
    experiment("exactness", "three forms of the published layer", exactness);
    experiment("cancellation", "errors where terms cancel", cancellation);
    experiment("depth", "errors layer by layer", depth);
    experiment("ledger", "weights of a layer", ledger);
    experiment("counts", "multiply-adds of both forms", counts);
    experiment("shards", "the cache on several devices", shards);
    experiment("kernels", "fast kernels against plain ones, and counts",
               kernels);
    experiment("int8", "what a latent of bytes costs", int8_experiment);
    recorded("text", "a model of letters, read by both forms", text_experiment);
    timing("roofline", "one token's attention over six caches", roofline);
    timing("crossover", "expanding against absorbing", time_crossover);
    timing("layer", "one token's layer at real dimensions", time_layer);
}

int main(int argc, char **argv)
{
    one_blas_thread();
    settings();
    trials();
    calculators();
    return lab(argc, argv);
}
