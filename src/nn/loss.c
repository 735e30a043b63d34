// loss.c: softmax, and cross-entropy on logits.
#include "private.h"
#include "tile/math.h"

static float largest(int n, const float *x)
{
    float lane[16];
    for (int l = 0; l < 16; l++)
        lane[l] = -INFINITY;
    int i = 0;
    for (; i + 16 <= n; i += 16)
        for (int l = 0; l < 16; l++)
            lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
    for (; i < n; i++)
        lane[0] = x[i] > lane[0] ? x[i] : lane[0];
    for (int l = 1; l < 16; l++)
        lane[0] = lane[l] > lane[0] ? lane[l] : lane[0];
    return lane[0];
}

// e^(x - top) into e, top the largest of x; their sum.
static float exponentials(int v, const float *x, float *e, float *top)
{
    float most = *top = largest(v, x);
    for (int j = 0; j < v; j++)
        e[j] = exp32(x[j] - most);
    return lane_sum(v, e);
}

void softmax_rows(int n, int v, const float *x, float *p)
{
    for (int i = 0; i < n; i++, x += v, p += v) {
        float top, sum = exponentials(v, x, p, &top);
        for (int j = 0; j < v; j++)
            p[j] /= sum;
    }
}

void softmax_rows_back(int n, int v, const float *p, const float *dp, float *dx)
{
    for (int i = 0; i < n; i++, p += v, dp += v, dx += v) {
        float mean = lane_dot(v, p, dp);
        for (int j = 0; j < v; j++)
            dx[j] = p[j] * (dp[j] - mean);
    }
}

void cross_entropy(int n, int v, const float *x, const int *target,
                   double weight, double loss[n], float *dx)
{
    float e[v];
    for (int i = 0; i < n; i++, x += v) {
        int k = target[i];
        if (k < -1 || k >= v)
            die("target %d is not among %d", k, v);
        float top, sum = exponentials(v, x, e, &top);
        loss[i] = k < 0 ? 0 : log((double)sum) + top - x[k];
        if (!dx)
            continue;
        float factor = k < 0 ? 0 : (float)weight / sum;
        for (int j = 0; j < v; j++)
            dx[j] = factor * e[j];
        if (k >= 0)
            dx[k] -= (float)weight;
        dx += v;
    }
}
