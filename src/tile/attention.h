// attention.h: one head of attention and its gradient, made of the tile.
//
// Keys pass by a block at a time and every query keeps a running maximum and
// sum (Milakov and Gimelshein 2018, Dao et al. 2022), so that the n x n matrix
// of weights never exists.  Both run on the caller's thread: heads are
// independent, and the caller shares them out.
#ifndef TILE_ATTENTION_H
#define TILE_ATTENTION_H
#include <stdint.h>

// y = softmax(q k^T / sqrt(d)) v for n positions; with `causal`, position i
// sees 0 ... i alone.  Rows of q, k and v have d numbers and begin `step`
// apart, those of y, `out` apart.  lse[i], the logarithm of row i's sum of
// exponentials, is for the gradient.
void attend(int n, int d, int causal, const float *q, const float *k,
            const float *v, int64_t step, float *y, int64_t out, float lse[n]);

// Bytes that attend works in beside its arguments, whatever n is.
int64_t attend_scratch(int d);

// dq, dk and dv, written with rows `step` apart, from dy and what attend left.
void attend_back(int n, int d, int causal, const float *q, const float *k,
                 const float *v, int64_t step, const float *y, const float *dy,
                 int64_t out, const float lse[n], float *dq, float *dk,
                 float *dv);
#endif
