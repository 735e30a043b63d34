// decode.h: what one token asks of a cache: attention of its queries over all
// keys and values, and matrices times a vector.
//
// A cache is read once.  Queries that share it pass over a block of keys
// together, as a tile; with one or a few of them the reading is all that takes
// time, and the block comes from several places of memory at once.  Threads
// share groups and parts of the context, whose number does not depend on them;
// parts are merged in order, so that the bits are the same at any number.
#ifndef TILE_DECODE_H
#define TILE_DECODE_H
#include <stdint.h>

// Keys of d numbers and values of e for t > 0 positions in each of some groups.
// Rows of k begin k_row apart, groups k_group, and so with v, which may be part
// of the same rows.
struct cache {
    int64_t t;
    int groups, d, e;
    const float *k, *v;
    int64_t k_row, k_group, v_row, v_group;
};

// y = softmax(scale q k^T) v for the n queries of each group: q [groups][n][d],
// y [groups][n][e].  Numbers are finite.  eq:streaming
void decode(const struct cache *c, int n, float scale, const float *q,
            float *y);

// y [m] = w x for the m rows of w [m][n].
void matrix_vector(int64_t m, int n, const float *w, const float *x, float *y);
#endif
