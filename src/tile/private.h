// private.h: what the files of tile share.
#ifndef TILE_PRIVATE_H
#define TILE_PRIVATE_H
#include "lab/lab.h"
#include "tile/tile.h"

// Floats in a line of a cache.
enum { LINE = 16 };

static inline int least(int a, int b)
{
    return a < b ? a : b;
}
#endif
