// tile.c: the matrix product, and the limit that it is measured against.
#include "tile/private.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

// A strip of B, DEPTH x COLUMNS, stays in the nearest caches while BAND rows of
// A pass by; PANEL columns of B are packed at a time.
enum { DEPTH = 384, BAND = 12 * ROWS, PANEL = 64 * COLUMNS };

// The matrix without its first i rows and j columns.
static struct matrix part(struct matrix a, int64_t i, int64_t j)
{
    return (struct matrix){a.x + i * a.row + j * a.column, a.row, a.column};
}

// k rows of `width` numbers, `wide` of them from x and the rest zero; LINE of
// each column at a time, so that what is read and written stays near.
static inline __attribute__((always_inline)) void pack(int wide, int width,
                                                       int k, const float *x,
                                                       int64_t along,
                                                       int64_t down, float *to)
{
    if (wide == width && along == 1)
        for (int64_t p = 0; p < k; p++)
            memcpy(to + p * width, x + p * down, width * sizeof *to);
    else
        for (int q = 0; q < k; q += LINE)
            for (int j = 0; j < width; j++)
                for (int64_t p = q; p < least(q + LINE, k); p++)
                    to[p * width + j] = j < wide ? x[j * along + p * down] : 0;
}

// One tile of C, of which `rows` and `columns` exist.
static void corner(int rows, int columns, int k, const float *a, int64_t row,
                   int64_t column, const float *b, struct matrix c, int add)
{
    lanes t[ROWS][2] = {0};
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j += LINE)
            __builtin_prefetch(c.x + i * c.row + j * c.column, 1);
    if (column == 1)
        tile(k, a, row, 1, b, COLUMNS, t);
    else
        tile(k, a, 1, ROWS, b, COLUMNS, t);
    if (columns == COLUMNS && c.column == 1)
        for (int64_t i = 0; i / 2 < rows; i++) {
            lanes_at *to = (lanes_at *)(c.x + i / 2 * c.row + i % 2 * LANES);
            if (add)
                t[i / 2][i % 2] += *to;
            *to = t[i / 2][i % 2];
        }
    else
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) {
                float *to = c.x + i * c.row + j * c.column;
                *to = (add ? *to : 0) + t[i][j / LANES][j % LANES];
            }
}

// BAND rows of A times all packed strips.  Rows of A that are contiguous are
// read where they are, others from a copy.
static void band(int m, int n, int k, struct matrix a, const float *strips,
                 struct matrix c, int add)
{
    float copy[BAND * DEPTH] __attribute__((aligned(64)));
    int direct = a.column == 1 ? m / ROWS * ROWS : 0;
    for (int64_t i = direct; i < m; i += ROWS)
        pack(least((int)(m - i), ROWS), ROWS, k, a.x + i * a.row, a.row,
             a.column, copy + i * k);
    for (int j = 0; j < n; j += COLUMNS)
        for (int64_t i = 0; i < m; i += ROWS) {
            corner(least((int)(m - i), ROWS), least(n - j, COLUMNS), k,
                   i < direct ? a.x + i * a.row : copy + i * k, a.row,
                   i < direct ? 1 : ROWS, strips + (int64_t)j * k,
                   part(c, i, j), add);
        }
}

// The product on one thread.
static void slice(int m, int n, int k, struct matrix a, struct matrix b,
                  struct matrix c, int add)
{
    int wide = (least(n, PANEL) + COLUMNS - 1) / COLUMNS * COLUMNS;
    float *strips = floats((int64_t)wide * least(k, DEPTH));
    for (int j = 0; j < n; j += PANEL)
        for (int p = 0; p < k; p += DEPTH) {
            int w = least(n - j, PANEL), d = least(k - p, DEPTH);
            struct matrix y = part(b, p, j);
            for (int l = 0; l < w; l += COLUMNS)
                pack(least(w - l, COLUMNS), COLUMNS, d, y.x + l * y.column,
                     y.column, y.row, strips + (int64_t)l * d);
            for (int i = 0; i < m; i += BAND)
                band(least(m - i, BAND), w, d, part(a, i, p), strips,
                     part(c, i, j), add || p > 0);
        }
    free(strips);
}

// Threads share the longer side of C, in whole tiles.  Alone, or inside the
// region of others, a thread opens none: that would cost more than a small
// product.  eq:product
void product(int m, int n, int k, struct matrix a, struct matrix b,
             struct matrix c, int add)
{
    int wide = n > m, unit = wide ? COLUMNS : ROWS, side = wide ? n : m;
    int tiles = (side + unit - 1) / unit, shares = omp_get_max_threads();
    if (k == 0 && !add)
        for (int64_t i = 0; i < (int64_t)m * n; i++)
            *part(c, i / n, i % n).x = 0;
    if (m == 0 || n == 0 || k == 0)
        return;
    if (shares == 1 || omp_in_parallel() || (double)m * n * k < 1e5) {
        slice(m, n, k, a, b, c, add);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(shares)
    for (int s = 0; s < shares; s++) {
        int from = (int)((int64_t)tiles * s / shares) * unit;
        int to = least((int)((int64_t)tiles * (s + 1) / shares) * unit, side);
        if (from < to && wide)
            slice(m, to - from, k, a, part(b, 0, from), part(c, 0, from), add);
        else if (from < to)
            slice(to - from, n, k, part(a, from, 0), b, part(c, from, 0), add);
    }
}

// The best of thirty rounds; no chain waits for another.  eq:peak
double peak(void)
{
    enum { CHAINS = 12, STEPS = 100000 };
    double best = 0;
    for (int round = 0; round < 30; round++) {
        lanes x[CHAINS], a, b;
        for (int l = 0; l < LANES; l++)
            a[l] = -0.99f + 0.001f * l, b[l] = 0.7f - 0.01f * l;
        for (int i = 0; i < CHAINS; i++)
            x[i] = b * (i + 0.5f);
        double t = seconds_now();
        for (int k = 0; k < STEPS; k++)
#pragma GCC unroll 12
            for (int i = 0; i < CHAINS; i++)
                x[i] = x[i] * a + b;
        t = seconds_now() - t;
        for (int i = 1; i < CHAINS; i++)
            x[0] += x[i];
        volatile float used = x[0][0];
        (void)used;
        double flops = 2.0 * STEPS * CHAINS * LANES / t;
        best = flops > best ? flops : best;
    }
    return best;
}
