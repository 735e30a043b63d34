// dense.c: the dense layer and the embedding, two readings of a matrix.
#include "private.h"
#include "tile/tile.h"
#include <stdlib.h>

// y = x or, if `add`, y += x.
static void add_row(int n, const float *restrict x, float *restrict y, int add)
{
    for (int j = 0; j < n; j++)
        y[j] = (add ? y[j] : 0) + x[j];
}

void dense(int n, int p, int q, const float *x, const float *w, const float *b,
           float *y, int add)
{
    for (int i = 0; b && i < n; i++)
        add_row(q, b, y + (int64_t)i * q, add);
    product(n, q, p, rows_of(x, p), rows_of(w, q), rows_of(y, q), add || b);
}

// dx = dy w^T, dw += x^T dy, and db adds up the rows of dy.
void dense_back(int n, int p, int q, const float *x, const float *w,
                const float *dy, float *dx, float *dw, float *db)
{
    if (dx)
        product(n, p, q, rows_of(dy, q), columns_of(w, q), rows_of(dx, p), 0);
    product(p, q, n, columns_of(x, p), rows_of(dy, q), rows_of(dw, q), 1);
    for (int i = 0; db && i < n; i++)
        add_row(q, dy + (int64_t)i * q, db, 1);
}

void embed(int n, int t, int d, int v, const int *token, const float *w,
           const float *position, float *x)
{
    for (int i = 0; i < n * t; i++) {
        if (token[i] < 0 || token[i] >= v)
            die("token %d is not among %d", token[i], v);
        const float *row = w + (int64_t)token[i] * d;
        const float *place = position ? position + (int64_t)(i % t) * d : NULL;
        for (int j = 0; j < d; j++)
            x[(int64_t)i * d + j] = row[j] + (place ? place[j] : 0);
    }
}

void embed_back(int n, int t, int d, const int *token, const float *dx,
                float *dw, float *dposition)
{
    for (int i = 0; i < n * t; i++) {
        const float *row = dx + (int64_t)i * d;
        add_row(d, row, dw + (int64_t)token[i] * d, 1);
        if (dposition)
            add_row(d, row, dposition + (int64_t)(i % t) * d, 1);
    }
}
