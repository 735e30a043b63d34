// decode.c: attention of one token, and a layer of MLA, for bench.py.
#include "lab/lab.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// Its experiments are not called here.
#pragma GCC diagnostic ignored "-Wunused-function"
#include "../../chapters/3-mla/mla-fast.c"

// Keys and values of their own: k [groups][t][d], v [groups][t][e].
void decode_cache(int groups, int n, int64_t t, int d, int e, const float *q,
                  const float *k, const float *v, float *y)
{
    struct cache c = {t, groups, d, e, k, v, d, t * d, e, t * e};
    decode(&c, n, 1 / sqrtf((float)d), q, y);
}

// Latents [t][576] of DeepSeek-V2, whose first 512 numbers are the values.
void decode_latent(int64_t t, const float *q, const float *latent, float *y)
{
    struct cache c = cache_of(&v2, OF_LATENT, t, latent);
    decode(&c, v2.h, 1 / sqrtf((float)(v2.dk + v2.dr)), q, y);
}

int64_t layer_floats(void)
{
    return layer_size(&v2);
}

int64_t layer_room_floats(void)
{
    return layer_room(&v2);
}

// The layer of one token, and where each matrix stands.
void layer_token(int64_t t, float *weights, float *latent, const float *x,
                 float *room, float *y)
{
    struct layer_weights w = lay_layer(&v2, weights);
    struct cache c = cache_of(&v2, OF_LATENT, t, latent);
    layer_step(&v2, &w, &c, x, room, y);
}
