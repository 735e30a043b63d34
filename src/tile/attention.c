// attention.c: one head of attention.
//
// Forward, COLUMNS queries see a block of keys at a time: keys are rows of the
// tile and queries its columns, so that what is kept of a query, its running
// maximum and sum, has a lane of its own, and nothing is added across lanes.
#include "tile/attention.h"
#include "tile/math.h"
#include "tile/private.h"
#include <stdlib.h>
#include <string.h>

// Keys that pass by at a time, and strips of COLUMNS queries that they pass by;
// backward, keys at a time, and queries that the gradient of a key is summed
// over.
enum {
    KEYS_AT_ONCE = 48 * ROWS,
    STRIPS = 8,
    KEYS_BACK = 4 * COLUMNS,
    QUERIES_BACK = 8 * ROWS
};

#define LOG2E 0x1.715476p0f

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

// The transpose of n rows of x, times `scale`, in strips of COLUMNS of them.
static void pack_strips(int n, int d, float scale, const float *restrict x,
                        int64_t step, float *restrict to)
{
    for (int s = 0; s < n; s += COLUMNS, to += (int64_t)d * COLUMNS) {
        int have = least(n - s, COLUMNS);
        for (int p = 0; p < d; p += LANES)
            for (int j = 0; j < COLUMNS; j++)
                for (int l = p; l < least(p + LANES, d); l++)
                    to[l * COLUMNS + j] =
                        j < have ? scale * x[(s + j) * step + l] : 0;
    }
}

// ---- forward ----------------------------------------------------------------

typedef uint32_t lane_bits __attribute__((vector_size(4 * LANES)));

// 2^x for x <= 0, zero below the smallest normal number; a NaN that arithmetic
// made stays one.  The whole part of x goes to the exponent, as in math.h; the
// error is below one unit in the last place, and 2^0 is 1.
static inline lanes power_of_two(lanes x)
{
    lanes whole = x + WHOLE32, r = x - (whole - WHOLE32);
    lanes p = r * 0x1.41d332p-13f + 0x1.5f456ap-10f;
    p = p * r + 0x1.3b2dbcp-7f;
    p = p * r + 0x1.c6aed4p-5f;
    p = p * r + 0x1.ebfbdap-3f;
    p = p * r + 0x1.62e43p-1f;
    p = p * r + 1;
    lane_bits power = (lane_bits)p + ((lane_bits)whole << 23);
    return (lanes)(power & ~(lane_bits)(x < -126));
}

// What is kept of COLUMNS queries, in powers of two: the largest score so far
// and the sum of 2^(score - top), and what the sums before the last block are
// to be multiplied by.
struct seen {
    lanes top[2], sum[2], shrink[2];
};

// Row r of a tile of scores is hidden from the queries before r - free, and
// what is no key from all.
static void hide(int keys, int free, lanes t[ROWS][2])
{
    for (int r = 0; r < ROWS; r++) {
        float *x = (float *)t[r];
        int hidden = r < keys ? least(r - free, COLUMNS) : COLUMNS;
        for (int c = 0; c < hidden; c++)
            x[c] = -INFINITY;
    }
}

// Scores s [keys][COLUMNS] of the block's keys, d numbers in rows that begin
// `step` apart, with the queries of a strip; key `free` is the last that all
// queries see, and each after it is seen by one query less.  There are `left`
// rows; where the tile wants more, it reads `last`.
static void scores(int keys, int free, int d, int left, const float *k,
                   int64_t step, const float *last, const float *strip,
                   lanes s[][2], struct seen *of)
{
    lanes m0 = of->top[0], m1 = of->top[1];
    for (int j = 0; j < keys; j += ROWS) {
        lanes t[ROWS][2] = {0};
        int enough = left - j >= ROWS;
        tile(d, enough ? k + j * step : last, enough ? step : d, 1, strip,
             COLUMNS, t);
        if (j + ROWS > least(keys, free + 1))
            hide(keys - j, free - j, t);
        for (int r = 0; r < ROWS; r++) {
            s[j + r][0] = t[r][0], s[j + r][1] = t[r][1];
            m0 = larger(m0, t[r][0]), m1 = larger(m1, t[r][1]);
        }
    }
    of->top[0] = m0, of->top[1] = m1;
}

// Scores become weights under the new maxima, beside which `old` are the ones
// before.
static void weigh(int keys, lanes s[][2], const lanes old[2], struct seen *of)
{
    lanes m0 = of->top[0], m1 = of->top[1], sum0 = {0}, sum1 = {0};
    for (int j = 0; j < keys; j++) {
        s[j][0] = power_of_two(s[j][0] - m0);
        s[j][1] = power_of_two(s[j][1] - m1);
        sum0 += s[j][0], sum1 += s[j][1];
    }
    of->shrink[0] = power_of_two(old[0] - m0);
    of->shrink[1] = power_of_two(old[1] - m1);
    of->sum[0] = of->sum[0] * of->shrink[0] + sum0;
    of->sum[1] = of->sum[1] * of->shrink[1] + sum1;
}

// y [COLUMNS][wide] of the queries becomes shrink y + weights v.
static void gather(int keys, int64_t wide, const float *s, const float *v,
                   int64_t step, const float shrink[COLUMNS], float *y)
{
    for (int64_t i = 0; i < COLUMNS; i += ROWS)
        for (int c = 0; c < wide; c += COLUMNS) {
            lanes t[ROWS][2];
            int rows = least(COLUMNS - (int)i, ROWS);
            float *to = y + i * wide + c;
            for (int r = 0; r < ROWS; r++) {
                const lanes_at *from =
                    (const lanes_at *)(to + least(r, rows - 1) * wide);
                float part = shrink[i + least(r, rows - 1)];
                t[r][0] = from[0] * part, t[r][1] = from[1] * part;
            }
            tile(keys, s + i, 1, COLUMNS, v + c, step, t);
            for (int r = 0; r < rows; r++) {
                lanes_at *at = (lanes_at *)(to + r * wide);
                at[0] = t[r][0], at[1] = t[r][1];
            }
        }
}

// Rows of y are the weighted sums over the sums of weights.
static void leave(int queries, int d, int64_t wide, const struct seen *of,
                  const float *sums, float *y, int64_t out, float *lse)
{
    const float *top = (const float *)of->top, *sum = (const float *)of->sum;
    for (int i = 0; i < queries; i++) {
        float part = 1 / sum[i];
        for (int c = 0; c < d; c++)
            y[i * out + c] = sums[i * wide + c] * part;
        lse[i] = top[i] / LOG2E + log32(sum[i]);
    }
}

// What attend works in: weights of a block, queries and sums of all strips, the
// last keys, and values where their rows are too short for the tile.
struct head_work {
    float *s, *strips, *sums, *last, *values;
    struct seen of[STRIPS];
};

static int64_t numbers_of_work(int d)
{
    int64_t wide = whole(d, COLUMNS), e = d;
    return (KEYS_AT_ONCE + 1 + STRIPS * (e + wide)) * COLUMNS + ROWS * e +
           (d % COLUMNS ? KEYS_AT_ONCE * wide : 0);
}

int64_t attend_scratch(int d)
{
    return numbers_of_work(d) * (int64_t)sizeof(float) +
           (int64_t)sizeof(struct head_work);
}

static void lay_out(int d, float *at, struct head_work *w)
{
    w->s = at;
    w->strips = w->s + (KEYS_AT_ONCE + 1L) * COLUMNS;
    w->sums = w->strips + (int64_t)STRIPS * COLUMNS * d;
    w->last = w->sums + (int64_t)STRIPS * COLUMNS * whole(d, COLUMNS);
    w->values = w->last + (int64_t)ROWS * d;
}

// One strip of queries meets the first `keys` of a block.
static void meet(struct head_work *w, int strip, int keys, int free, int d,
                 int left, const float *k, int64_t step, const float *v,
                 int64_t row)
{
    int64_t wide = whole(d, COLUMNS), g = (int64_t)strip * COLUMNS;
    struct seen *of = w->of + strip;
    lanes old[2] = {of->top[0], of->top[1]};
    scores(keys, free, d, left, k, step, w->last, w->strips + g * d,
           (void *)w->s, of);
    weigh(keys, (void *)w->s, old, of);
    gather(keys, wide, w->s, v, row, (const float *)of->shrink,
           w->sums + g * wide);
}

// Queries come many strips at a time, so that a block of keys and values is
// fetched once for all of them.
void attend(int n, int d, int causal, const float *q, const float *k,
            const float *v, int64_t step, float *y, int64_t out, float lse[n])
{
    int64_t wide = whole(d, COLUMNS);
    int packs = d % COLUMNS != 0;
    struct head_work w;
    float *at = floats(numbers_of_work(d));
    lay_out(d, at, &w);
    pack_rows(n % ROWS, ROWS, d, d, 1, k + (n - n % ROWS) * step, step, w.last);
    for (int i = 0; i < n; i += STRIPS * COLUMNS) {
        int queries = least(n - i, STRIPS * COLUMNS);
        int most = causal ? i + queries : n;
        memset(w.sums, 0, sizeof *w.sums * STRIPS * COLUMNS * (size_t)wide);
        for (int g = 0; g < STRIPS; g++)
            w.of[g] = (struct seen){
                .top = {(lanes){0} - INFINITY, (lanes){0} - INFINITY}};
        pack_strips(queries, d, LOG2E / sqrtf((float)d), q + i * step, step,
                    w.strips);
        for (int j = 0; j < most; j += KEYS_AT_ONCE) {
            int there = least(most - j, KEYS_AT_ONCE);
            const float *rows = v + j * step;
            if (packs)
                pack_rows(there, there, d, wide, 1, rows, step, w.values);
            for (int g = 0; g < queries; g += COLUMNS) {
                int last = least(i + g + COLUMNS, n);
                int keys = causal ? least(last - j, there) : there;
                if (keys > 0)
                    meet(&w, g / COLUMNS, keys, causal ? i + g - j : n, d,
                         n - j, k + j * step, step, packs ? w.values : rows,
                         packs ? wide : step);
            }
        }
        for (int g = 0; g < queries; g += COLUMNS)
            leave(least(queries - g, COLUMNS), d, wide, w.of + g / COLUMNS,
                  w.sums + g * wide, y + (i + g) * out, out, lse + i + g);
    }
    free(at);
}

// ---- backward ---------------------------------------------------------------

// The keys from j on, `keys` of them, that ROWS queries from i on see.
static int sight(int causal, int i, int j, int keys, int own[ROWS])
{
    for (int r = 0; r < ROWS; r++) {
        int seen = causal ? least(keys, i + r + 1 - j) : keys;
        own[r] = seen < 0 ? 0 : seen;
    }
    return own[ROWS - 1];
}

// Strips of scores for the gradient.
static void strips_back(int keys, int d, const float *a, int64_t row,
                        const float *strips, float *s)
{
    for (int c = 0; c < keys; c += COLUMNS) {
        lanes t[ROWS][2] = {0};
        tile(d, a, row, 1, strips + (int64_t)c * d, COLUMNS, t);
        for (int r = 0; r < ROWS; r++) {
            lanes_at *to = (lanes_at *)(s + (int64_t)r * KEYS_BACK + c);
            to[0] = t[r][0], to[1] = t[r][1];
        }
    }
}

// Weights and the gradient of scores for ROWS queries: p = e^(s - lse) and
// ds = p (dp - delta), zero where the query does not look.  eq:attention-back
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
        pack_strips(keys, d, 1, k + j * step, step, strips);
        pack_strips(keys, d, 1, v + j * step, step, others);
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
                strips_back(seen, d, a + r * wide, wide, strips,
                            p + r * KEYS_BACK);
                strips_back(seen, d, g + r * wide, wide, others,
                            ds + r * KEYS_BACK);
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
