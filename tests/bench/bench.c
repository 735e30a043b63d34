// bench.c: what bench.py times of the book's own code, and of peers that are
// to be called from C; limits and shared loops are those of chapters/A-tile.
#define main tile_main
#include "../../chapters/A-tile/tile.c"
#undef main
#include "tile/attention.h"
#ifdef __AVX512F__
#include <immintrin.h>
#endif

void use_threads(int count)
{
    threads = count;
    omp_set_num_threads(count);
}

// ---- limits -----------------------------------------------------------------

double most_flops(int count)
{
    return peaks(count);
}

double most_bytes(int count)
{
    return reading(count, 128 << 20);
}

// ---- arrays -----------------------------------------------------------------

void fill_normals(int64_t n, float *x)
{
    struct random r = stream("bench", 0);
    normals32(&r, n, x);
}

// The largest difference, relative where numbers are large.
double farthest(int64_t n, const float *x, const float *y)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = fabs((double)x[i] - y[i]) / (1 + fabs((double)y[i]));
        most = d <= most ? most : d; // NaN is far
    }
    return most;
}

// ---- what is timed ----------------------------------------------------------

void square_product(int n, const float *a, const float *b, float *c)
{
    product(n, n, n, rows_of(a, n), rows_of(b, n), rows_of(c, n), 0);
}

// Causal attention of h heads, arrays [h][n][d].
void attention_heads(int h, int n, int d, const float *q, const float *k,
                     const float *v, float *y, float *lse)
{
#pragma omp parallel for schedule(dynamic)
    for (int64_t i = 0; i < h; i++) {
        int64_t at = i * n * d;
        attend(n, d, 1, q + at, k + at, v + at, d, y + at, d, lse + i * n);
    }
}

#define ARRAY(name) \
    void name##_array(int64_t n, const float *x, float *y) \
    { \
        for (int64_t i = 0; i < n; i++) \
            y[i] = name##32(x[i]); \
    }
ARRAY(exp)
ARRAY(log)
ARRAY(sin)
ARRAY(cos)

// The C library's vector forms, which gcc itself calls under -ffast-math only.
#ifdef __AVX512F__
#define LIBMVEC(name) \
    __m512 _ZGVeN16v_##name##f(__m512); \
    void name##_libmvec(int64_t n, const float *x, float *y) \
    { \
        for (int64_t i = 0; i < n; i += 16) \
            _mm512_storeu_ps(y + i, \
                             _ZGVeN16v_##name##f(_mm512_loadu_ps(x + i))); \
    }
LIBMVEC(exp)
LIBMVEC(log)
LIBMVEC(sin)
LIBMVEC(cos)
#endif
