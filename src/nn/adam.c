// adam.c: from a gradient to a step.
#include "private.h"
#include <math.h>

void normal_weights(int64_t n, double deviation, struct random *r, float *w)
{
    for (int64_t i = 0; i < n; i++)
        w[i] = (float)(deviation * normal(r));
}

// m / (1 - beta1^t) over the root of v / (1 - beta2^t): the means began at
// zero, and after t steps have that share of what they are means of.
void adam(struct adam a, int64_t t, int64_t n, float *w, const float *dw,
          float *m, float *v)
{
    require(t > 0);
    float b1 = (float)a.beta1, b2 = (float)a.beta2;
    float c1 = (float)(1 - a.beta1), c2 = (float)(1 - a.beta2);
    float whole = (float)sqrt(1 - pow(a.beta2, t));
    float step = (float)(a.rate / (1 - pow(a.beta1, t)));
    float keep = (float)(1 - a.rate * a.decay), epsilon = (float)a.epsilon;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        m[i] = b1 * m[i] + c1 * dw[i];
        v[i] = b2 * v[i] + c2 * (dw[i] * dw[i]);
        w[i] = keep * w[i] - step * m[i] / (sqrtf(v[i]) / whole + epsilon);
    }
}

double cosine_rate(int64_t t, int64_t warm, int64_t steps, double peak,
                   double least)
{
    if (t < warm)
        return peak * t / warm;
    if (t >= steps)
        return least;
    double way = (double)(t - warm) / (double)(steps - warm);
    return least +
           (peak - least) * 0.5 * (1 + cos(3.14159265358979323846 * way));
}
