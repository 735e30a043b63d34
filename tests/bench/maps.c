// maps.c: the fast maps of chapters/8-softmax, for bench.py.
#define main softmax_main
#include "../../chapters/8-softmax/softmax.c"
#undef main

// alpha = 1 is softmax, 2 sparsemax.
void map_rows_of(double alpha, int rows, int n, const float *x, float *p)
{
    fast_rows(alpha, rows, n, x, p);
}
