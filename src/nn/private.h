// private.h: sums in one fixed order, whatever vectors the machine has.
#ifndef NN_PRIVATE_H
#define NN_PRIVATE_H
#include "nn/nn.h"
#include <string.h>

typedef float sixteen __attribute__((vector_size(64), aligned(4), may_alias));

// Lane l sums the elements l, l + 16, ...; then halves are added.
static inline float fold_lanes(float lane[16])
{
    for (int w = 8; w > 0; w /= 2)
        for (int l = 0; l < w; l++)
            lane[l] += lane[l + w];
    return lane[0];
}

static inline float lane_sum(int n, const float *x)
{
    sixteen s = {0};
    float lane[16];
    int i = 0;
    for (; i + 16 <= n; i += 16)
        s += *(const sixteen *)(x + i);
    memcpy(lane, &s, sizeof lane);
    for (; i < n; i++)
        lane[i % 16] += x[i];
    return fold_lanes(lane);
}

static inline float lane_dot(int n, const float *x, const float *y)
{
    sixteen s = {0};
    float lane[16];
    int i = 0;
    for (; i + 16 <= n; i += 16)
        s += *(const sixteen *)(x + i) * *(const sixteen *)(y + i);
    memcpy(lane, &s, sizeof lane);
    for (; i < n; i++)
        lane[i % 16] += x[i] * y[i];
    return fold_lanes(lane);
}

#endif
