// attention.c: one head of attention, a block of keys at a time.
#include "tile/attention.h"
#include "tile/math.h"
#include "tile/private.h"
#include <stdlib.h>
#include <string.h>

// Keys that a row of scores is computed for at a time, forward and backward,
// and queries that the gradient of a key is summed over at a time.
enum {
    KEYS_AT_ONCE = 8 * COLUMNS,
    KEYS_BACK = 4 * COLUMNS,
    QUERIES_BACK = 8 * ROWS
};

static int whole(int n, int of)
{
    return (n + of - 1) / of * of;
}

// n rows of x, times `scale`, into rows of `wide`; what is not there is zero.
static void pack_rows(int n, int rows, int d, int64_t wide, float scale,
                      const float *restrict x, int64_t step, float *restrict to)
{
    for (int i = 0; i < rows; i++, x += step, to += wide) {
        int have = i < n ? d : 0;
        for (int j = 0; j < have; j++)
            to[j] = scale * x[j];
        for (int j = have; j < wide; j++)
            to[j] = 0;
    }
}

// The transpose of n rows of x, in strips of COLUMNS of them.
static void pack_strips(int n, int64_t d, const float *restrict x, int64_t step,
                        float *restrict to)
{
    for (int s = 0; s < n; s += COLUMNS, to += d * COLUMNS)
        for (int p = 0; p < d; p += LANES)
            for (int j = 0; j < COLUMNS; j++)
                for (int l = p; l < least(p + LANES, d); l++)
                    to[l * COLUMNS + j] = s + j < n ? x[(s + j) * step + l] : 0;
}

// ROWS rows of C (+)= A B; A's rows have k numbers, B is a strip.
static void scores(int keys, int d, const float *a, int64_t row,
                   const float *strips, float *s, int64_t width)
{
    for (int c = 0; c < keys; c += COLUMNS) {
        lanes t[ROWS][2] = {0};
        tile(d, a, row, 1, strips + (int64_t)c * d, COLUMNS, t);
        for (int r = 0; r < ROWS; r++) {
            lanes_at *to = (lanes_at *)(s + r * width + c);
            to[0] = t[r][0], to[1] = t[r][1];
        }
    }
}

// The largest of LANES numbers, and their sum, of each of ROWS rows: a lane of
// all rows at a time, since one row's steps would wait for each other.
static void fold(float x[ROWS][LANES], int sum, float to[ROWS])
{
    for (int r = 0; r < ROWS; r++)
        to[r] = x[r][0];
    for (int l = 1; l < LANES; l++)
        for (int r = 0; r < ROWS; r++)
            to[r] = sum ? to[r] + x[r][l] : x[r][l] > to[r] ? x[r][l] : to[r];
}

// Scores of ROWS queries, of which query r sees own[r], become weights under
// new maxima; shrink is what was summed before is to be multiplied by.
static void weigh(int wide, const int own[ROWS], float *s, float top[ROWS],
                  float sum[ROWS], float shrink[ROWS])
{
    float part[ROWS][LANES], m[ROWS];
    for (int64_t r = 0; r < ROWS; r++) {
        float *x = s + r * KEYS_AT_ONCE;
        for (int c = own[r]; c < wide; c++)
            x[c] = -INFINITY;
        for (int l = 0; l < LANES; l++)
            part[r][l] = x[l];
        for (int c = LANES; c < wide; c += LANES)
            for (int l = 0; l < LANES; l++)
                part[r][l] = x[c + l] > part[r][l] ? x[c + l] : part[r][l];
    }
    fold(part, 0, m);
    for (int r = 0; r < ROWS; r++) {
        m[r] = top[r] > m[r] ? top[r] : m[r];
        shrink[r] = exp32(top[r] - m[r]);
        top[r] = m[r];
    }
    for (int64_t r = 0; r < ROWS; r++) {
        float *x = s + r * KEYS_AT_ONCE, most = m[r];
        lanes total = {0};
        for (int c = 0; c < wide; c++)
            x[c] = exp32(x[c] - most);
        for (int c = 0; c < wide; c += LANES)
            total += *(const lanes_at *)(x + c);
        memcpy(part[r], &total, sizeof total);
    }
    fold(part, 1, m);
    for (int r = 0; r < ROWS; r++)
        sum[r] = sum[r] * shrink[r] + m[r];
}

// ROWS queries meet a block of keys: y becomes shrink y + weights v.
static void gather(int rows, int d, int64_t wide, int keys, const float *s,
                   const float *v, const float shrink[ROWS], int first,
                   float *y, int64_t out)
{
    for (int c = 0; c < d; c += COLUMNS) {
        lanes t[ROWS][2] = {0};
        float *x = (float *)t;
        int w = least(d - c, COLUMNS);
        if (!first)
            for (int r = 0; r < rows; r++)
                for (int j = 0; j < w; j++)
                    x[r * COLUMNS + j] = shrink[r] * y[r * out + c + j];
        tile(keys, s, KEYS_AT_ONCE, 1, v + c, wide, t);
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < w; j++)
                y[r * out + c + j] = x[r * COLUMNS + j];
    }
}

// The keys from j on, `keys` of them, that ROWS queries from i on see.
static int sight(int causal, int i, int j, int keys, int own[ROWS])
{
    for (int r = 0; r < ROWS; r++) {
        int seen = causal ? least(keys, i + r + 1 - j) : keys;
        own[r] = seen < 0 ? 0 : seen;
    }
    return own[ROWS - 1];
}

void attend(int n, int d, int causal, const float *q, const float *k,
            const float *v, int64_t step, float *y, int64_t out, float lse[n])
{
    int64_t wide = whole(d, COLUMNS), e = d;
    int64_t most = least(whole(n, COLUMNS), KEYS_AT_ONCE);
    int64_t all = whole(n, ROWS); // queries, and what is kept of each
    float *strips = floats(most * (d + wide) + ROWS * e + 2 * all);
    float *values = strips + most * d, *a = values + most * wide;
    float *top = a + ROWS * e, *sum = top + all;
    float s[ROWS * KEYS_AT_ONCE] __attribute__((aligned(64)));
    for (int i = 0; i < all; i++)
        sum[i] = 0, top[i] = -INFINITY;
    for (int j = 0; j < n; j += KEYS_AT_ONCE) {
        int keys = least(n - j, KEYS_AT_ONCE);
        pack_strips(keys, d, k + j * step, step, strips);
        pack_rows(keys, keys, d, wide, 1, v + j * step, step, values);
        for (int i = causal ? j / ROWS * ROWS : 0; i < n; i += ROWS) {
            int rows = least(n - i, ROWS), own[ROWS];
            int seen = sight(causal, i, j, keys, own);
            float shrink[ROWS];
            pack_rows(rows, ROWS, d, d, 1 / sqrtf(d), q + i * step, step, a);
            scores(seen, d, a, d, strips, s, KEYS_AT_ONCE);
            weigh(whole(seen, COLUMNS), own, s, top + i, sum + i, shrink);
            gather(rows, d, wide, seen, s, values, shrink, j == 0, y + i * out,
                   out);
        }
    }
    for (int i = 0; i < n; i++) {
        float part = 1 / sum[i];
        for (int c = 0; c < d; c++)
            y[i * out + c] *= part;
    }
    for (int i = 0; i < n; i++)
        lse[i] = top[i] + log32(sum[i]);
    free(strips);
}

// Weights and the gradient of scores for ROWS queries: p = e^(s - lse) and
// ds = p (dp - delta), zero where the query does not look.
static void weights_back(int rows, int wide, const int own[ROWS],
                         const float *lse, const float *delta, float *p,
                         float *ds)
{
    for (int r = 0; r < rows; r++, p += KEYS_BACK, ds += KEYS_BACK) {
        float log_sum = lse[r], mean = delta[r];
        for (int c = 0; c < wide; c++)
            p[c] = exp32(p[c] - log_sum), ds[c] = p[c] * (ds[c] - mean);
        for (int c = own[r]; c < KEYS_BACK; c++)
            p[c] = ds[c] = 0;
    }
}

// to (+)= scale A B for `rows` <= ROWS rows of d numbers.
static void add_product(int rows, int d, int k, const float *a, int64_t row,
                        int64_t column, const float *b, int64_t wide,
                        float scale, int add, float *to, int64_t step)
{
    for (int c = 0; c < d; c += COLUMNS) {
        lanes t[ROWS][2] = {0};
        const float *x = (const float *)t;
        int w = least(d - c, COLUMNS);
        tile(k, a, row, column, b + c, wide, t);
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < w; j++)
                to[r * step + c + j] = (add ? to[r * step + c + j] : 0) +
                                       scale * x[r * COLUMNS + j];
    }
}

void attend_back(int n, int d, int causal, const float *q, const float *k,
                 const float *v, int64_t step, const float *y, const float *dy,
                 int64_t out, const float lse[n], float *dq, float *dk,
                 float *dv)
{
    int64_t wide = whole(d, COLUMNS), e = d;
    int64_t keep = (int64_t)QUERIES_BACK * KEYS_BACK;
    float scale = 1 / sqrtf(d);
    float *strips = floats(KEYS_BACK * (2 * e + wide) +
                           2 * wide * QUERIES_BACK + 2 * keep + ROWS + n);
    float *others = strips + KEYS_BACK * e, *rows_k = others + KEYS_BACK * e;
    float *a = rows_k + KEYS_BACK * wide, *g = a + QUERIES_BACK * wide;
    float *p = g + QUERIES_BACK * wide, *ds = p + keep;
    float *delta = ds + keep + ROWS;
    for (int i = 0; i < n; i++) {
        delta[i] = 0;
        for (int c = 0; c < d; c++)
            delta[i] += dy[i * out + c] * y[i * out + c];
    }
    for (int j = 0; j < n; j += KEYS_BACK) {
        int keys = least(n - j, KEYS_BACK);
        pack_strips(keys, d, k + j * step, step, strips);
        pack_strips(keys, d, v + j * step, step, others);
        pack_rows(keys, keys, d, wide, 1, k + j * step, step, rows_k);
        int first = causal ? j / QUERIES_BACK * QUERIES_BACK : 0;
        for (int i = first; i < n; i += QUERIES_BACK) {
            int rows = least(n - i, QUERIES_BACK);
            pack_rows(rows, whole(rows, ROWS), d, wide, scale, q + i * step,
                      step, a);
            pack_rows(rows, whole(rows, ROWS), d, wide, 1, dy + i * out, out,
                      g);
            for (int64_t r = 0; r < rows; r += ROWS) {
                int have = least(rows - (int)r, ROWS), own[ROWS];
                int seen = sight(causal, i + (int)r, j, keys, own);
                scores(seen, d, a + r * wide, wide, strips, p + r * KEYS_BACK,
                       KEYS_BACK);
                scores(seen, d, g + r * wide, wide, others, ds + r * KEYS_BACK,
                       KEYS_BACK);
                weights_back(have, whole(seen, COLUMNS), own, lse + i + r,
                             delta + i + r, p + r * KEYS_BACK,
                             ds + r * KEYS_BACK);
                add_product(have, d, seen, ds + r * KEYS_BACK, KEYS_BACK, 1,
                            rows_k, wide, scale, j > 0, dq + (i + r) * step,
                            step);
            }
            for (int l = 0; l < keys; l += ROWS) {
                int64_t from = causal && j + l > i ? least(j + l - i, rows) : 0;
                int have = least(keys - l, ROWS);
                add_product(have, d, rows - (int)from, p + from * KEYS_BACK + l,
                            1, KEYS_BACK, g + from * wide, wide, 1, i > first,
                            dv + (j + l) * step, step);
                add_product(have, d, rows - (int)from,
                            ds + from * KEYS_BACK + l, 1, KEYS_BACK,
                            a + from * wide, wide, 1, i > first,
                            dk + (j + l) * step, step);
            }
        }
    }
    free(strips);
}
