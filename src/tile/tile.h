// tile.h: one register tile, and the matrix product made of it.
//
// The tile is a block of C = A B that stays in registers while a whole strip of
// A and of B passes by.  The products of a network, attention and convolution
// are this one loop, fed from different places; chapters/A-tile derives its
// shape.
#ifndef TILE_TILE_H
#define TILE_TILE_H
#include <stdint.h>

// Floats in the machine's widest vector, and as many rows of two such vectors
// as its registers hold beside two of B and one number of A.
#if defined __AVX512F__
enum { LANES = 16, ROWS = 8 };
#elif defined __AVX__
enum { LANES = 8, ROWS = 6 };
#else
enum { LANES = 4, ROWS = 6 };
#endif
enum { COLUMNS = 2 * LANES };

typedef float lanes __attribute__((vector_size(4 * LANES)));
// The same in memory, where it may begin anywhere and be of any float array.
typedef float lanes_at
    __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// c += A B for ROWS rows and COLUMNS columns: A's element (i, p) is
// a[i * row + p * column], B's row p begins at b + p * step.  eq:tile
static inline __attribute__((always_inline)) void
tile(int k, const float *a, int64_t row, int64_t column, const float *b,
     int64_t step, lanes c[ROWS][2])
{
    lanes sum[ROWS][2]; // its own, or the compiler may not keep it in registers
    for (int i = 0; i < ROWS; i++)
        sum[i][0] = c[i][0], sum[i][1] = c[i][1];
    for (int p = 0; p < k; p++, a += column, b += step) {
        lanes b0 = *(const lanes_at *)b, b1 = *(const lanes_at *)(b + LANES);
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            sum[i][0] += a[i * row] * b0;
            sum[i][1] += a[i * row] * b1;
        }
    }
    for (int i = 0; i < ROWS; i++)
        c[i][0] = sum[i][0], c[i][1] = sum[i][1];
}

// A matrix in memory: element (i, j) is x[i * row + j * column].  A transpose
// is the same with the strides exchanged.
struct matrix {
    float *x;
    int64_t row, column;
};

// The n columns of a row-major matrix, and its transpose.
static inline struct matrix rows_of(const float *x, int64_t n)
{
    return (struct matrix){(float *)x, n, 1};
}

static inline struct matrix columns_of(const float *x, int64_t n)
{
    return (struct matrix){(float *)x, 1, n};
}

// C = A B or, if `add`, C += A B, where A is m x k, B is k x n and C is m x n.
// Any sizes, zero included, and any strides; C overlaps neither A nor B.
// Outside a parallel region it takes the threads that OpenMP gives; an element
// has the same bits however many there are.  eq:product
void product(int m, int n, int k, struct matrix a, struct matrix b,
             struct matrix c, int add);

// The multiply-adds per second that one thread reaches in registers alone,
// times two: the limit of everything here, in flops per second.  eq:peak
double peak(void);
#endif
