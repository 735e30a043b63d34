// private.h: what the files of tile share.
#ifndef TILE_PRIVATE_H
#define TILE_PRIVATE_H
#include "lab/lab.h"
#include "tile/tile.h"

// Floats in a line of a cache.
enum { LINE = 16 };

// Of each lane, the larger: y's where they do not compare.
static inline lanes larger(lanes x, lanes y)
{
    typedef uint32_t mask __attribute__((vector_size(4 * LANES)));
    mask first = (mask)(x > y);
    return (lanes)(((mask)x & first) | ((mask)y & ~first));
}

static inline int least(int a, int b)
{
    return a < b ? a : b;
}
#endif
