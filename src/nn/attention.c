// attention.c: attention of many heads, each on its own thread.
#include "tile/attention.h"
#include "private.h"

void attention(int n, int t, int h, int d, int causal, const float *qkv,
               float *y, float *lse)
{
    require(d % h == 0);
    int64_t k = d, v = 2 * k, step = 3 * k;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < n * h; i++) {
        int64_t at = i / h * (t * k) + i % h * (k / h);
        const float *q = qkv + i / h * (t * step) + i % h * (k / h);
        attend(t, d / h, causal, q, q + k, q + v, step, y + at, k,
               lse + (int64_t)i * t);
    }
}

void attention_back(int n, int t, int h, int d, int causal, const float *qkv,
                    const float *y, const float *lse, const float *dy,
                    float *dqkv)
{
    int64_t k = d, v = 2 * k, step = 3 * k;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < n * h; i++) {
        int64_t at = i / h * (t * k) + i % h * (k / h);
        int64_t from = i / h * (t * step) + i % h * (k / h);
        const float *q = qkv + from;
        float *dq = dqkv + from;
        attend_back(t, d / h, causal, q, q + k, q + v, step, y + at, dy + at, k,
                    lse + (int64_t)i * t, dq, dq + k, dq + v);
    }
}
