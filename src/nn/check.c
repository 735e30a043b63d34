// check.c: is a gradient the gradient?
#include "private.h"
#include <math.h>

// f where x has moved by `way`.
static double moved(float *x, double way, double f(void *), void *of)
{
    float was = *x;
    *x = (float)(was + way);
    double y = f(of);
    *x = was;
    return y;
}

double gradient_gap(int n, float *x, const float *dx, double h,
                    double f(void *), void *of)
{
    double gap = 0, largest = 0;
    for (int i = 0; i < n; i++) {
        double near = moved(x + i, h, f, of) - moved(x + i, -h, f, of);
        double far = moved(x + i, 2 * h, f, of) - moved(x + i, -2 * h, f, of);
        double slope = (8 * near - far) / (12 * h);
        gap = fmax(gap, fabs(slope - dx[i]));
        largest = fmax(largest, fabs(slope));
    }
    return largest > 0 ? gap / largest : gap;
}
