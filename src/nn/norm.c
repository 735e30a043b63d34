// norm.c: what is done to each number of a row: layer norm and GELU.
#include "private.h"
#include "tile/math.h"

void layer_norm(int n, int d, const float *x, const float *gain,
                const float *shift, float *restrict y, float *restrict normal,
                float *restrict inverse)
{
    for (int i = 0; i < n; i++, x += d, y += d, normal += d) {
        float mean = lane_sum(d, x) / d;
        for (int j = 0; j < d; j++)
            normal[j] = x[j] - mean;
        // Added, or a row of equal numbers would divide by zero.
        float variance = lane_dot(d, normal, normal) / d + 1e-5f;
        inverse[i] = 1 / sqrtf(variance);
        for (int j = 0; j < d; j++) {
            normal[j] *= inverse[i];
            y[j] = normal[j] * gain[j] + shift[j];
        }
    }
}

// With g = dy gain and z the normal row: dx = (g - mean(g) - z mean(g z)) / s,
// since neither a shift of the row nor its scale reaches y.
void layer_norm_back(int n, int d, const float *normal, const float *inverse,
                     const float *gain, const float *dy, float *restrict dx,
                     float *restrict dgain, float *restrict dshift)
{
    float g[d];
    for (int i = 0; i < n; i++, normal += d, dy += d, dx += d) {
        for (int j = 0; j < d; j++) {
            g[j] = dy[j] * gain[j];
            dgain[j] += dy[j] * normal[j];
            dshift[j] += dy[j];
        }
        float mean = lane_sum(d, g) / d, along = lane_dot(d, g, normal) / d;
        for (int j = 0; j < d; j++)
            dx[j] += (g[j] - mean - normal[j] * along) * inverse[i];
    }
}

// The normal distribution function below -z, for z >= 0, over the density
// (Abramowitz and Stegun 26.2.17): times the density it is right to 7.5e-8,
// which is what a float near 1 resolves.
static inline float tail_ratio(float z)
{
    float t = 1 / (1 + 0.2316419f * z);
    float p = fma32(1.330274429f, t, -1.821255978f);
    p = fma32(p, t, 1.781477937f);
    p = fma32(p, t, -0.356563782f);
    return fma32(p, t, 0.319381530f) * t;
}

// d (z Phi(z)) / dz = Phi(z) + z phi(z), phi the density.
void gelu(int n, int d, const float *x, const float *restrict b,
          float *restrict y, float *slope)
{
    for (int i = 0; i < n; i++, x += d, y += d, slope += d)
        for (int j = 0; j < d; j++) {
            float z = x[j] + b[j];
            float density = 0.39894228f * exp32(-0.5f * z * z);
            float tail = density * tail_ratio(fabsf(z));
            float below = z < 0 ? tail : 1 - tail;
            y[j] = z * below;
            slope[j] = fma32(z, density, below);
        }
}

void gelu_back(int n, int d, const float *slope, const float *dy, float *dx,
               float *restrict db)
{
    for (int i = 0; i < n; i++, slope += d, dy += d, dx += d)
        for (int j = 0; j < d; j++) {
            dx[j] = dy[j] * slope[j];
            db[j] += dx[j];
        }
}
