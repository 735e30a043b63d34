// Softmax and its substitutes: maps from logits to weights, what each promises,
// what each gives up, and what a classifier makes of the losses behind them.
//
//     cc -O3 -march=native -fopenmp softmax.c -lm
//
//     maps          softmax, Taylor's, sparse softmax, sparsemax, entmax
//     perturb-max   the seventh, by integrals: softmax-noise.c
//     calculus      Jacobians, and the losses that belong to the maps
//     experiments   two and three logits, identities, slips
//     trials        of single maps, and all side by side: softmax-trials.c
//     training      digits, embeddings, separable points: softmax-digits.c
//     calculators   weights, losses and Jacobians of the reader's own logits
#include "lab/lab.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every field is a --set.
static struct {
    int vectors, draws, seeds, epochs, train, rates, samples;
    double shift, start;
} par = {.vectors = 20000,
         .draws = 20,
         .seeds = 10,
         .epochs = 40,
         .train = 1000,
         .rates = 19,
         .samples = 10000000,
         .shift = 1024,
         .start = 0.1};

enum { N = 8 }; // logits in a random vector

enum family { SOFTMAX, TAYLOR, SPARSE_SOFTMAX, PERTURB_MAX, SPARSEMAX, ENTMAX };

enum noise {
    GUMBEL,
    NORMAL,
    LOGISTIC,
    LAPLACE,
    EXPONENTIAL,
    UNIFORM,
    MIN_GUMBEL,
    NOISES
};

// A map, and what its family asks for besides.
struct map {
    enum family family;
    double alpha;     // of entmax
    int order;        // of Taylor's series
    int clamped;      // Taylor's: logits left of the minimum are moved there
    int top;          // how many logits sparse softmax keeps
    enum noise noise; // of perturb-max
};

// ---- softmax ----------------------------------------------------------------

static double largest(int n, const double x[n])
{
    double m = x[0];
    for (int i = 1; i < n; i++)
        m = fmax(m, x[i]);
    return m;
}

static double sum(int n, const double x[n])
{
    double s = 0;
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}

static void normalise(int n, double p[n])
{
    double z = sum(n, p);
    for (int i = 0; i < n; i++)
        p[i] /= z;
}

// Weights in proportion to e^x, the largest logit taken out first.  eq:softmax
static void softmax(int n, const double x[n], double p[n])
{
    double m = largest(n, x);
    for (int i = 0; i < n; i++)
        p[i] = exp(x[i] - m);
    normalise(n, p);
}

// Equal weights on the largest logits, which may be infinite.  eq:limit
static void hardmax(int n, const double x[n], double p[n])
{
    double m = largest(n, x), ties = 0;
    for (int i = 0; i < n; i++)
        ties += x[i] == m;
    for (int i = 0; i < n; i++)
        p[i] = (x[i] == m) / ties;
}

// The logarithm of the sum of exponentials, a smooth maximum.  eq:lse
static double lse(int n, const double x[n])
{
    double m = largest(n, x), z = 0;
    for (int i = 0; i < n; i++)
        z += exp(x[i] - m);
    return isinf(m) ? m : m + log(z);
}

// T lse(x/T), which is less than T log n above the largest.  eq:lse-bounds
static double smooth_max(double T, int n, const double x[n])
{
    double y[n];
    for (int i = 0; i < n; i++)
        y[i] = x[i] / T;
    return T * lse(n, y);
}

// The mean logit and the entropy of the weights, which softmax makes as large
// as can be.  eq:variational
static double mean_and_entropy(int n, const double x[n], const double p[n])
{
    double s = 0;
    for (int i = 0; i < n; i++)
        if (p[i] > 0)
            s += p[i] * (x[i] - log(p[i]));
    return s;
}

// ---- Taylor softmax, sparse softmax -----------------------------------------

// 1 + x + ... + x^k/k!, over s^k so that nothing overflows.  eq:taylor
static double taylor(int k, double x, double s)
{
    double y = x / s, f = 1, r = 1;
    for (int i = k; i > 0; i--) {
        r /= s;
        f = r + y / i * f;
    }
    return f;
}

// Where the series of even order k is least: its slope, the series of order
// k - 1, is zero there and nowhere else.  eq:taylor-minimum
static double taylor_minimum(int k)
{
    double low = -k, high = 0;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(taylor(k - 1, middle, 1) < 0 ? &low : &high) = middle;
    }
    return high;
}

// The logits as the series sees them, and a scale at which none overflows.
static double taylor_logits(struct map f, int n, const double x[n], double y[n])
{
    double least = f.clamped ? taylor_minimum(f.order) : -INFINITY, s = 1;
    for (int i = 0; i < n; i++) {
        y[i] = x[i] == -INFINITY ? x[i] : fmax(x[i], least);
        s = y[i] == -INFINITY ? s : fmax(s, fabs(y[i]));
    }
    return s;
}

// Weights in proportion to the series of e^x; at large logits, to x^k; a masked
// logit has none.  eq:taylor-softmax eq:taylor-limit
static void taylor_softmax(struct map f, int n, const double x[n], double p[n])
{
    double s = taylor_logits(f, n, x, p);
    for (int i = 0; i < n; i++)
        p[i] = p[i] == -INFINITY ? 0 : taylor(f.order, p[i], s);
    normalise(n, p);
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void sort(int n, double z[n])
{
    qsort(z, n, sizeof *z, descending);
}

// Softmax of the k largest logits and of what ties with the last of them.
// eq:sparse-softmax
static void sparse_softmax(int k, int n, const double x[n], double p[n])
{
    double m = largest(n, x);
    memcpy(p, x, n * sizeof *p); // p is free until it is filled
    sort(n, p);
    double least = p[k - 1];
    for (int i = 0; i < n; i++)
        p[i] = x[i] >= least ? exp(x[i] - m) : 0;
    normalise(n, p);
}

// ---- sparsemax --------------------------------------------------------------

// The logits that can have weight, those that trail by less than 1/beta, less
// the largest.  eq:filter
static int candidates(double beta, int n, const double x[n], double z[n])
{
    double m = largest(n, x);
    int k = 0;
    for (int i = 0; i < n; i++)
        if (beta * (x[i] - m) > -1)
            z[k++] = x[i] - m;
    return k;
}

// The next logit joins as long as it is above the threshold so far.  eq:sort
static double threshold(int n, const double z[n])
{
    double s = z[0], tau = s - 1;
    for (int k = 1; k < n && z[k] > tau; k++) {
        s += z[k];
        tau = (s - 1) / (k + 1);
    }
    return tau;
}

// What stands above the threshold, and exactly zero below.  eq:threshold
static void sparsemax(int n, const double x[n], double p[n])
{
    double m = largest(n, x);
    int k = candidates(1, n, x, p);
    sort(k, p);
    double tau = threshold(k, p);
    for (int i = 0; i < n; i++)
        p[i] = fmax(x[i] - m - tau, 0);
}

// Moves what is above v to the front, then what equals v; how many of each.
static void partition(int n, double z[n], double v, int *above, int *equal)
{
    int g = 0, e = 0;
    for (int i = 0; i < n; i++) {
        double x = z[i];
        if (x < v)
            continue;
        z[i] = z[g + e]; // the first of those below
        z[g + e++] = x;
        if (x > v) {
            z[g + --e] = z[g]; // the first of those equal
            z[g++] = x;
        }
    }
    *above = g;
    *equal = e;
}

// The threshold without sorting: a pivot joins with all above it if, with them,
// it is above the threshold; else it leaves, with all below.  eq:select
static double select_threshold(int n, double z[n])
{
    struct random r = stream("pivot", n);
    double s = -1;
    int count = 0;
    while (n > 0) {
        double v = z[below(&r, n)];
        int above, equal;
        partition(n, z, v, &above, &equal);
        double more = sum(above, z) + equal * v;
        if (s + more < (count + above + equal) * v) {
            s += more;
            count += above + equal;
            z += above + equal;
            n -= above + equal;
        } else {
            n = above;
        }
    }
    return s / count;
}

// Michelot's: all join, and whom the threshold leaves without weight is
// dropped, until none is; these are Newton's steps.  eq:michelot
static double michelot(int n, const double z[n])
{
    double tau = -INFINITY, before;
    do {
        double s = -1, k = 0;
        for (int i = 0; i < n; i++)
            if (z[i] > tau) {
                s += z[i];
                k++;
            }
        before = tau;
        tau = s / k;
    } while (tau > before);
    return before;
}

static int support(int n, const double p[n])
{
    int k = 0;
    for (int i = 0; i < n; i++)
        k += p[i] > 0;
    return k;
}

// The nearest point of the simplex, by moving weight between two entries as
// long as that helps: slow, and ignorant of thresholds.  eq:exchange
static void nearest(int n, const double x[n], double p[n])
{
    double moved = 1;
    for (int i = 0; i < n; i++)
        p[i] = 1.0 / n;
    while (moved > 1e-14) {
        moved = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) {
                double d = (x[i] - p[i] - x[j] + p[j]) / 2;
                d = fmin(fmax(d, -p[i]), p[j]);
                p[i] += d;
                p[j] -= d;
                moved = fmax(moved, fabs(d));
            }
    }
}

// ---- entmax -----------------------------------------------------------------

// (1 + beta u)^(1/beta), zero where there is no root; never more than e^u, and
// the closer the smaller beta.  eq:sharper
static double root(double beta, double u)
{
    double b = beta * u;
    return b > -1 ? exp(log1p(b) / beta) : 0;
}

// For alpha = 1.5: as many of the sorted, halved logits join as leave each at
// or above the threshold of those up to it.  eq:entmax15 eq:entmax15-prefix
static double entmax15_threshold(int n, const double z[n])
{
    double mean = 0, squares = 0, tau = 0;
    for (int k = 1; k <= n; k++) {
        double d = z[k - 1] - mean; // Welford's: no digits are lost
        mean += d / k;
        squares += d * (z[k - 1] - mean);
        double next = mean - sqrt((1 - squares) / k);
        if (squares > 1 || next > z[k - 1])
            break;
        tau = next;
    }
    return tau;
}

static void entmax15(int n, const double x[n], double p[n])
{
    double m = largest(n, x);
    int k = candidates(0.5, n, x, p);
    for (int i = 0; i < k; i++)
        p[i] /= 2;
    sort(k, p);
    double tau = entmax15_threshold(k, p);
    for (int i = 0; i < n; i++) {
        double d = fmax((x[i] - m) / 2 - tau, 0);
        p[i] = d * d;
    }
    normalise(n, p);
}

// For 1 < alpha <= 2, from the left: the sum of the weights is convex and falls
// with u, so no step goes too far.  eq:newton eq:near-one
static double newton(double beta, int n, const double y[n], int *steps)
{
    double u = -1, next = 0, excess = 1;
    for (*steps = 0; excess > 2e-16 * n && next > u; ++*steps) {
        double slope = 0;
        u = next;
        excess = -1;
        for (int i = 0; i < n; i++) {
            double p = root(beta, y[i] - u);
            excess += p;
            slope += p > 0 ? p / (1 + beta * (y[i] - u)) : 0; // p^(1-beta)
        }
        next = u + excess / slope;
    }
    return next;
}

// For any alpha > 1, with z = beta y.  Numbers are dense at zero: halving until
// none lies between takes more steps there.  eq:bisection
static double bisection(double beta, int n, const double z[n])
{
    double low = -1, high = -pow(n, -beta), middle;
    while ((middle = (low + high) / 2) > low && middle < high) {
        double excess = -1;
        for (int i = 0; i < n; i++)
            excess += pow(fmax(z[i] - middle, 0), 1 / beta);
        *(excess > 0 ? &low : &high) = middle;
    }
    return low;
}

// Between softmax and sparsemax, and beyond.  eq:entmax
static void entmax(double alpha, int n, const double x[n], double p[n])
{
    double beta = alpha - 1, m = largest(n, x);
    if (alpha == 1 || alpha == 1.5 || alpha == 2) {
        (alpha == 1 ? softmax : alpha == 2 ? sparsemax : entmax15)(n, x, p);
        return;
    }
    int steps, k = candidates(beta, n, x, p);
    for (int i = 0; i < k && alpha > 2; i++)
        p[i] *= beta;
    double t = alpha > 2 ? bisection(beta, k, p) : newton(beta, k, p, &steps);
    for (int i = 0; i < n; i++) {
        double y = x[i] - m;
        p[i] = alpha > 2 ? pow(fmax(beta * y - t, 0), 1 / beta)
                         : root(beta, y - t);
    }
    normalise(n, p);
}

#include "softmax-noise.c"

// The weights of any map.  Infinite logits share everything.
static void weights(struct map f, int n, const double x[n], double p[n])
{
    double m = largest(n, x);
    require(m > -INFINITY);
    if (m == INFINITY)
        hardmax(n, x, p);
    else if (f.family == SOFTMAX)
        softmax(n, x, p);
    else if (f.family == TAYLOR)
        taylor_softmax(f, n, x, p);
    else if (f.family == SPARSE_SOFTMAX)
        sparse_softmax(f.top, n, x, p);
    else if (f.family == PERTURB_MAX)
        perturb_max(f.noise, n, x, p);
    else if (f.family == SPARSEMAX)
        sparsemax(n, x, p);
    else
        entmax(f.alpha, n, x, p);
}

// ---- Jacobians --------------------------------------------------------------

// The Jacobian of softmax at p, times v.  eq:jacobian
static void softmax_jvp(int n, const double p[n], const double v[n],
                        double jv[n])
{
    double mean = 0;
    for (int i = 0; i < n; i++)
        mean += p[i] * v[i];
    for (int i = 0; i < n; i++)
        jv[i] = p[i] * (v[i] - mean);
}

// Half the sum of that Jacobian's absolute entries.  eq:sensitivity
static double sensitivity(int n, const double p[n])
{
    double s = 1;
    for (int i = 0; i < n; i++)
        s -= p[i] * p[i];
    return s;
}

// The Jacobian of sparsemax at p, times v.  eq:sparse-jacobian
static void sparsemax_jvp(int n, const double p[n], const double v[n],
                          double jv[n])
{
    double total = 0;
    for (int i = 0; i < n; i++)
        total += p[i] > 0 ? v[i] : 0;
    int k = support(n, p);
    for (int i = 0; i < n; i++)
        jv[i] = p[i] > 0 ? v[i] - total / k : 0;
}

// The Jacobian of entmax at p, times v; softmax's is that of alpha = 1.
// eq:entmax-jacobian
static void entmax_jvp(double alpha, int n, const double p[n],
                       const double v[n], double jv[n])
{
    double total = 0, mean = 0;
    for (int i = 0; i < n; i++) {
        jv[i] = p[i] > 0 ? pow(p[i], 2 - alpha) : 0;
        total += jv[i];
        mean += jv[i] * v[i];
    }
    for (int i = 0; i < n; i++)
        jv[i] *= v[i] - mean / total;
}

// The slopes of Taylor's softmax along v; those of a clamped logit are zero.
// eq:taylor-gradient
static void taylor_jvp(struct map f, int n, const double x[n],
                       const double v[n], double jv[n])
{
    double *y = vector(n), z = 0, mean = 0, s = taylor_logits(f, n, x, y);
    for (int i = 0; i < n; i++) {
        z += taylor(f.order, y[i], s);
        jv[i] = y[i] > x[i] ? 0 : v[i] * taylor(f.order - 1, y[i], s) / s;
        mean += jv[i];
    }
    for (int i = 0; i < n; i++)
        jv[i] = (jv[i] - taylor(f.order, y[i], s) * mean / z) / z;
    free(y);
}

// The Jacobian of any map at x, times v.
static void jvp(struct map f, int n, const double x[n], const double v[n],
                double jv[n])
{
    if (f.family == TAYLOR) {
        taylor_jvp(f, n, x, v, jv);
    } else if (f.family == PERTURB_MAX && f.noise != GUMBEL) {
        perturb_jvp(f.noise, n, x, v, jv);
    } else {
        double *p = vector(n);
        weights(f, n, x, p);
        if (f.family == SPARSEMAX)
            sparsemax_jvp(n, p, v, jv);
        else if (f.family == ENTMAX)
            entmax_jvp(f.alpha, n, p, v, jv);
        else
            softmax_jvp(n, p, v, jv);
        free(p);
    }
}

// Half the sum of the absolute entries of any map's Jacobian.
static double half_norm(struct map f, int n, const double x[n])
{
    double s = 0, e[n], column[n];
    for (int j = 0; j < n; j++) {
        memset(e, 0, sizeof e);
        e[j] = 1;
        jvp(f, n, x, e, column);
        for (int i = 0; i < n; i++)
            s += fabs(column[i]) / 2;
    }
    return s;
}

// The largest stretch of a vector by the Jacobian of entmax at p, approached
// from below.  eq:spectral
static double stretch(double alpha, int n, const double p[n])
{
    double v[n], jv[n], length = 0;
    for (int i = 0; i < n; i++)
        v[i] = sin(i + 1);
    for (int k = 0; k < 100; k++) {
        double norm = 0;
        entmax_jvp(alpha, n, p, v, jv);
        for (int i = 0; i < n; i++)
            norm += jv[i] * jv[i];
        length = sqrt(norm);
        for (int i = 0; i < n && length > 0; i++)
            v[i] = jv[i] / length;
    }
    return length;
}

// How entmax's weights move with alpha.  eq:entmax-alpha
static void entmax_slope(double alpha, int n, const double p[n], double d[n])
{
    double beta = alpha - 1, total = 0, h = 0;
    for (int i = 0; i < n; i++) {
        d[i] = p[i] > 0 ? pow(p[i], 2 - alpha) : 0;
        total += d[i];
        h += p[i] > 0 ? p[i] * log(p[i]) : 0;
    }
    for (int i = 0; i < n; i++) {
        double s = d[i] / total, own = p[i] > 0 ? p[i] * log(p[i]) : 0;
        d[i] = (p[i] - s) / (beta * beta) - (own - s * h) / beta;
    }
}

// ---- losses -----------------------------------------------------------------

// -log p_t under softmax.  eq:cross-entropy
static double cross_entropy(int n, const double x[n], int t)
{
    double m = largest(n, x), z = 0;
    for (int i = 0; i < n; i++)
        z += exp(x[i] - m);
    return log(z) + (m - x[t]);
}

// Its counterpart under sparsemax, zero from a lead of 1.  eq:loss eq:margin
static double sparsemax_loss(int n, const double x[n], int t)
{
    double *z = vector(n), m = largest(n, x);
    int k = candidates(1, n, x, z);
    sort(k, z);
    double tau = threshold(k, z), l = 0.5 + (m - x[t]);
    for (int i = 0; i < k && z[i] > tau; i++)
        l += (z[i] * z[i] - tau * tau) / 2;
    free(z);
    return l;
}

// And under entmax, zero from a lead of 1/(alpha-1).
// eq:entmax-loss eq:entmax-margin
static double entmax_loss(double alpha, int n, const double x[n], int t)
{
    double *p = vector(n), m = largest(n, x), l = m - x[t], beta = alpha - 1;
    entmax(alpha, n, x, p);
    for (int i = 0; i < n; i++)
        if (p[i] > 0)
            l += p[i] * (x[i] - m - expm1(beta * log(p[i])) / (alpha * beta));
    free(p);
    return l;
}

// Cross-entropy among the logits that are kept; finite for one that is not.
// eq:sparse-softmax-loss
static double sparse_softmax_loss(int k, int n, const double x[n], int t)
{
    double *p = vector(n), m = largest(n, x);
    sparse_softmax(k, n, x, p);
    double l = -log(largest(n, p)) + (m - x[t]); // the largest is 1/Z
    free(p);
    return l;
}

static double taylor_loss(struct map f, int n, const double x[n], int t)
{
    double *p = vector(n);
    taylor_softmax(f, n, x, p);
    double l = -log(p[t]);
    free(p);
    return l;
}

// For retrieval: the right cosine must lead by the margin, at temperature T.
// eq:margin-softmax
static double margin_softmax(double T, double margin, int n, const double c[n],
                             int t)
{
    double y[n];
    for (int i = 0; i < n; i++)
        y[i] = i == t ? -INFINITY : c[i] / T;
    double d = lse(n, y) - (c[t] - margin) / T;
    return fmax(d, 0) + log1p(exp(-fabs(d)));
}

// A distance between unit vectors of cosine c that keeps the triangle
// inequality, as 1 - c does not.  eq:triangle
static double apart(double c)
{
    return sqrt(fmax(1 - c, 0));
}

// What a classifier descends under a map: the map's own loss; -p_t; the
// logarithm made finite; <p - e_t, sg(x)> as the source prints it.
enum rule { OWN, SMOOTH, EPSILON, PRINTED };

static const double epsilon = 1e-3;

struct objective {
    const char *name, *key;
    struct map map;
    enum rule rule;
};

// The map's own: Fenchel and Young's or cross-entropy.
static double own_loss(struct map f, int n, const double x[n], int t)
{
    if (f.family == TAYLOR)
        return taylor_loss(f, n, x, t);
    if (f.family == SPARSE_SOFTMAX)
        return sparse_softmax_loss(f.top, n, x, t);
    if (f.family == PERTURB_MAX && f.noise != GUMBEL)
        return perturb_loss(f.noise, n, x, t);
    if (f.family == SPARSEMAX)
        return sparsemax_loss(n, x, t);
    if (f.family == ENTMAX && f.alpha != 1)
        return entmax_loss(f.alpha, n, x, t);
    return cross_entropy(n, x, t);
}

// The loss, if it has one.  eq:smooth-accuracy eq:epsilon-loss
static double loss(struct objective o, int n, const double x[n], int t)
{
    require(o.rule != PRINTED);
    if (o.rule == OWN)
        return own_loss(o.map, n, x, t);
    double *p = vector(n);
    weights(o.map, n, x, p);
    double l =
        o.rule == SMOOTH ? -p[t] : -log((p[t] + epsilon) / (1 + n * epsilon));
    free(p);
    return l;
}

// Of -log p_t with p = f(y)/z.  eq:taylor-gradient
static void taylor_loss_gradient(struct map f, int n, const double x[n], int t,
                                 double g[n])
{
    double *y = vector(n), z = 0, s = taylor_logits(f, n, x, y);
    for (int i = 0; i < n; i++)
        z += taylor(f.order, y[i], s);
    for (int i = 0; i < n; i++) {
        double slope = y[i] > x[i] ? 0 : taylor(f.order - 1, y[i], s) / s;
        g[i] = slope / z - (i == t ? slope / taylor(f.order, y[i], s) : 0);
    }
    free(y);
}

// p - e_t for a map's own loss, or what takes its place.
// eq:gradient eq:stop eq:smooth-accuracy eq:epsilon-loss
static void gradient(struct objective o, int n, const double x[n], int t,
                     double g[n])
{
    if (o.rule == PRINTED) {
        jvp(o.map, n, x, x, g);
    } else if (o.rule == OWN && o.map.family == TAYLOR) {
        taylor_loss_gradient(o.map, n, x, t, g);
    } else if (o.rule == OWN && o.map.family == PERTURB_MAX &&
               o.map.noise != GUMBEL) {
        perturb_loss_gradient(o.map.noise, n, x, t, g);
    } else if (o.rule == OWN) {
        weights(o.map, n, x, g);
        g[t] -= 1;
    } else {
        double *p = vector(n), *e = vector(n);
        weights(o.map, n, x, p);
        e[t] = o.rule == SMOOTH ? -1 : -1 / (p[t] + epsilon);
        jvp(o.map, n, x, e, g); // these Jacobians are symmetric
        free(e);
        free(p);
    }
}

// ---- experiments: two logits and three --------------------------------------

static const struct map soft = {.family = SOFTMAX},
                        sparse = {.family = SPARSEMAX},
                        entmax_15 = {ENTMAX, .alpha = 1.5},
                        taylor_2 = {TAYLOR, .order = 2},
                        clamped_2 = {TAYLOR, .order = 2, .clamped = 1};

// The loss of a map, and what maps of one price have in common.
static const struct objective proper[] = {
    {"cross-entropy", "cross", {.family = SOFTMAX}, OWN},
    {"entmax loss", "entmax", {ENTMAX, .alpha = 1.5}, OWN},
    {"sparsemax loss", "sparse", {.family = SPARSEMAX}, OWN}};
enum { PROPER = 3 };

// The logits of every example: of a slip, of draws and of quadrature.
static const double A[] = {0.5, 1, -0.3, 2, 0.1};

static int vectors(void)
{
    return quick && par.vectors > 1000 ? 1000 : par.vectors;
}

// The i-th random vector of an experiment; its spread is 1/2, 1, 2 or 4.
static void draw(const char *name, int i, double x[N])
{
    struct random r = stream(name, i);
    for (int j = 0; j < N; j++)
        x[j] = ldexp(normal(&r), i % 4 - 1);
}

// The larger of two errors; once one is not a number, the answer is not either.
static double worse(double a, double b)
{
    return isnan(a) || a >= b ? a : b;
}

static double distance(int n, const double p[n], const double q[n])
{
    double worst = 0;
    for (int i = 0; i < n; i++)
        worst = worse(worst, fabs(p[i] - q[i]));
    return worst;
}

// The weight of the first of two logits that lie delta apart.
static double first(struct map f, double delta)
{
    double x[] = {delta, 0}, p[2];
    weights(f, 2, x, p);
    return p[0];
}

static void two_logits(void)
{
    struct table *t =
        table("pair", "delta\thot\twarm\tcold\tsparsemax\tentmax");
    for (int i = -8; i <= 8; i++) {
        double d = i / 2.0;
        row(t, "%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", d,
            first(soft, d / 2), first(soft, d / 0.5), first(soft, d / 0.125),
            first(sparse, d), first(entmax_15, d));
    }
    done(t);
    double p = first(soft, 10), both[] = {p, 1 - p};
    value("warm_at_minus_one", first(soft, -2), 0, 1, "1", COMPUTED);
    value("sensitivity_at_ten", sensitivity(2, both), 0, 1, "1", COMPUTED);
}

// Three logits at a place of their plane, the mean of which is `mean`.
static void place(double x, double y, double mean, double out[3])
{
    double u = x / sqrt(2), v = y / sqrt(6);
    out[0] = mean - u - v;
    out[1] = mean + u - v;
    out[2] = mean + 2 * v;
}

// Circles of logits round the centre of the simplex, in its own plane.
static void three_logits(void)
{
    static const double radii[] = {0.35, 0.8, 1.3};
    struct table *t = table("simplex", "radius\tx0\tx1\tx2\ts0\ts1\ts2\t"
                                       "p0\tp1\tp2\tsupport");
    for (int i = 0; i < 3 * 36; i++) {
        double r = radii[i / 36], angle = (i % 36 + 0.5) * M_PI / 18;
        double x[3], s[3], p[3];
        place(r * cos(angle), r * sin(angle), 1 / 3., x);
        softmax(3, x, s);
        sparsemax(3, x, p);
        row(t, "%g\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%d",
            r, x[0], x[1], x[2], s[0], s[1], s[2], p[0], p[1], p[2],
            support(3, p));
    }
    done(t);
}

// The deviation of the noise is taken to be that of Gumbel's.
static double noise_scale(enum noise f)
{
    return deviations[GUMBEL] / deviations[f];
}

// A hexagonal lattice of places, 0.2 apart, out to 3; false when it is over.
static int lattice(int i, double *x, double *y)
{
    int up = i / 31 - 17, right = i % 31 - 15;
    *y = up * 0.1 * sqrt(3);
    *x = right * 0.2 + (up % 2 ? 0.1 : 0);
    return up <= 17;
}

static void all_maps(void)
{
    static const struct {
        const char *name;
        struct map map;
    } maps[] = {{"softmax", {.family = SOFTMAX}},
                {"entmax-1.25", {ENTMAX, .alpha = 1.25}},
                {"entmax-1.5", {ENTMAX, .alpha = 1.5}},
                {"sparsemax", {.family = SPARSEMAX}},
                {"taylor-2", {TAYLOR, .order = 2}},
                {"normal", {PERTURB_MAX, .noise = NORMAL}},
                {"uniform", {PERTURB_MAX, .noise = UNIFORM}}};
    struct table *t = table("maps", "map\tx\ty\tp0\tp1\tp2\tsupport");
    double u, v;
    for (int k = 0; k < 7; k++)
        for (int i = 0; lattice(i, &u, &v); i++) {
            double x[3], p[3], s = noise_scale(maps[k].map.noise);
            place(u, v, 0, x);
            for (int j = 0; j < 3 && maps[k].map.family == PERTURB_MAX; j++)
                x[j] /= s;
            weights(maps[k].map, 3, x, p);
            row(t, "%s\t%.4f\t%.4f\t%.5f\t%.5f\t%.5f\t%d", maps[k].name, u, v,
                p[0], p[1], p[2], support(3, p));
        }
    done(t);
}

static void gradients(void)
{
    static const char *const names[] = {"softmax", "entmax-1.5", "sparsemax"};
    struct table *t = table("gradients", "map\tx\ty\thalf");
    double u, v;
    for (int k = 0; k < PROPER; k++)
        for (int i = 0; lattice(i, &u, &v); i++) {
            double x[3];
            place(u, v, 0, x);
            row(t, "%s\t%.4f\t%.4f\t%.5f", names[k], u, v,
                half_norm(proper[k].map, 3, x));
        }
    done(t);
}

// ---- experiments: identities ------------------------------------------------

static void shift(void)
{
    double worst = 0, *tied = vector(vectors()), x[N], y[N], p[N], q[N];
    for (int i = 0; i < vectors(); i++) {
        draw("shift", i, x);
        for (int j = 0; j < N; j++)
            y[j] = x[j] + par.shift;
        for (int o = 0; o < PROPER; o++) {
            weights(proper[o].map, N, x, p);
            weights(proper[o].map, N, y, q);
            worst = worse(worst, distance(N, p, q));
        }
        double zeros = N - support(N, p);
        tied[i] = 100 * zeros * (zeros - 1) / (N * (N - 1));
    }
    struct mean m = mean(vectors(), tied);
    free(tied);
    value("vectors", vectors(), 0, 1, "1", EXACT);
    value("tied", m.mean, m.se, m.runs, "%", SAMPLED);
    claim("shift-blind", AT_MOST, worst, 0, 1, 1e-12, 0,
          "adding 1024 rounds a logit by at most 1.2e-13, and no weight moves "
          "by more than twice that");
}

static void bounds(void)
{
    double below = 0, above = 0, gap = 0, loose = 0, x[N], p[N], q[N], e[N];
    for (int i = 0; i < vectors(); i++) {
        draw("lse", i, x);
        draw("other weights", i, e);
        softmax(N, x, p);
        softmax(N, e, q);
        double m = largest(N, x), T = ldexp(1, -(i % 8)), l = lse(N, x);
        below = worse(below, m - l);
        above = worse(above, l - m - log(N));
        loose = worse(loose, (smooth_max(T, N, x) - m) / (T * log(N)));
        gap = worse(gap, fabs(mean_and_entropy(N, x, p) - l));
        gap = worse(gap, mean_and_entropy(N, x, q) - l);
    }
    value("lse_looseness", loose, 0, 1, "1", SAMPLED);
    claim("lse-bounds", AT_MOST, worse(below, above), 0, 1, 4e-15, 0,
          "logits up to 16 are rounded by 1.8e-15");
    claim("lse-variational", AT_MOST, gap, 0, 1, 2e-14, 0,
          "a sum of eight terms of up to 16, each rounded by 1.8e-15");
}

static void nearest_point(void)
{
    double worst = 0, x[N], p[N], q[N];
    for (int i = 0; i < vectors(); i++) {
        draw("nearest", i, x);
        sparsemax(N, x, p);
        nearest(N, x, q);
        worst = worse(worst, distance(N, p, q));
    }
    claim("nearest-point", AT_MOST, worst, 0, 1, 1e-12, 0,
          "the search ends when no exchange moves more than 1e-14");
}

// A weight or a loss, as a function of logits.
typedef double function(struct objective o, int n, const double x[], int t);

static double weight(struct objective o, int n, const double x[], int k)
{
    double p[n];
    weights(o.map, n, x, p);
    return p[k];
}

// The slope of f along logit j, by a central difference.
static double slope(function *f, struct objective o, double h, double x[N],
                    int k, int j)
{
    double keep = x[j];
    x[j] = keep + h;
    double up = f(o, N, x, k);
    x[j] = keep - h;
    double down = f(o, N, x, k);
    x[j] = keep;
    return (up - down) / (2 * h);
}

static void calculus(void)
{
    double norm = 0, error = 0, h = 1e-5, x[N], p[N], g[N];
    for (int i = 0; i < vectors(); i++) {
        draw("calculus", i, x);
        softmax(N, x, p);
        double half = 0;
        for (int j = 0; j < N * N; j++)
            half += fabs(slope(weight, proper[0], h, x, j / N, j % N)) / 2;
        norm = worse(norm, fabs(half - sensitivity(N, p)));
        for (int o = 0; o < PROPER; o++) {
            gradient(proper[o], N, x, 0, g);
            for (int j = 0; j < N; j++) {
                double measured = slope(loss, proper[o], h, x, 0, j);
                error = worse(error, fabs(measured - g[j]));
            }
        }
    }
    claim("half-norm", AT_MOST, norm, 0, 1, 1e-9, 0,
          "64 central differences of step 1e-5, each off by about 1e-11 "
          "through rounding");
    claim("loss-gradient", AT_MOST, error, 0, 1, h / 2, 0,
          "a weight rises by at most the step, so that its mean over a step "
          "of 1e-5 to either side is off by at most half the step");
}

// How much farther apart the weights are than the logits.
static double stretched(const double x[N], const double y[N])
{
    double from = 0, to = 0, p[N], q[N];
    softmax(N, x, p);
    softmax(N, y, q);
    for (int i = 0; i < N; i++) {
        from += (x[i] - y[i]) * (x[i] - y[i]);
        to += (p[i] - q[i]) * (p[i] - q[i]);
    }
    return sqrt(to / from);
}

// By how much the maps stretch: along random steps, along those that move two
// equal logits far above the rest apart, and by their Jacobians.
static void stretches(void)
{
    double ratio = 0, most[2] = {0, 0}, x[N], y[N], p[N];
    for (int i = 0; i < vectors(); i++) {
        draw("one end", i, x);
        draw("a step", i, y);
        double far = ldexp(1, -(i % 10));
        for (int j = 0; j < N; j++)
            y[j] = x[j] + far * y[j];
        softmax(N, x, p);
        ratio = worse(ratio, stretched(x, y));
        most[0] = worse(most[0], stretch(1, N, p));
        most[1] = worse(most[1], stretch(1.5, N, p));
        memcpy(y, x, sizeof y);
        x[0] = x[1] = 40, y[0] = 40 + far, y[1] = 40 - far;
        ratio = worse(ratio, stretched(x, y));
    }
    value("spectral", most[0], 0, 1, "1", SAMPLED);
    value("norm_found_15", most[1], 0, 1, "1", SAMPLED);
    claim("half-lipschitz", AT_MOST, worse(ratio, most[0]), 0, 1, 0.5 + 1e-12,
          0, "differences of weights are off by 1e-16 over steps of 1e-3");
}

// ---- experiments: slips, and cosines ----------------------------------------

// Sparsemax as often printed: on the logits as they come.
static void unshifted(int n, const double x[n], double p[n])
{
    memcpy(p, x, n * sizeof *p);
    sort(n, p);
    double tau = threshold(n, p);
    for (int i = 0; i < n; i++)
        p[i] = fmax(x[i] - tau, 0);
}

// Entmax-1.5 as the source's program has it: the variance is a mean square less
// the square of a mean, and nothing was taken out of the logits.
static void unshifted15(const double x[2], double p[2])
{
    double a = x[0] / 2, b = x[1] / 2, mean = (a + b) / 2;
    double variance = (a * a + b * b) / 2 - mean * mean;
    double tau = mean - sqrt(fmax(0.5 - variance, 0));
    for (int i = 0; i < 2; i++)
        p[i] = pow(fmax(x[i] / 2 - tau, 0), 2);
}

static void slips(void)
{
    static const double huge[] = {1e17, 0}, large[] = {1e8, 1e8 - 1};
    static const struct objective own = {"", "", {.family = SOFTMAX}, OWN},
                                  printed = {"",
                                             "",
                                             {.family = SOFTMAX},
                                             PRINTED};
    double p[5], g[5];
    gradient(own, 5, A, 3, g);
    value("wanted", g[3], 0, 1, "1", COMPUTED);
    gradient(printed, 5, A, 3, g);
    value("printed", g[3], 0, 1, "1", COMPUTED);
    unshifted(2, huge, p);
    value("unshifted_sum", sum(2, p), 0, 1, "1", EXACT);
    unshifted15(large, p);
    value("entmax15_unshifted_sum", sum(2, p), 0, 1, "1", COMPUTED);
}

// The cosines between three random directions of space.
static void triple(int i, double cosine[3])
{
    struct random r = stream("directions", i);
    double v[3][3];
    for (int j = 0; j < 3; j++) {
        double length = 0;
        for (int k = 0; k < 3; k++)
            length = hypot(length, v[j][k] = normal(&r));
        for (int k = 0; k < 3; k++)
            v[j][k] /= length;
    }
    for (int j = 0; j < 3; j++) {
        const double *a = v[j], *b = v[(j + 1) % 3];
        cosine[j] = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    }
}

// The margin at three cosines; and does the root of 1 - cosine keep the
// triangle inequality, which 1 - cosine does not?
static void cosine_distances(void)
{
    static const double c[] = {0.8, 0.6, -0.1};
    double wrong = -INFINITY, *plain = vector(vectors()), d[3];
    for (int i = 0; i < vectors(); i++) {
        triple(i, d);
        wrong = worse(wrong, apart(d[0]) - apart(d[1]) - apart(d[2]));
        plain[i] = 100 * (1 - d[0] > 1 - d[1] + 1 - d[2] + 1e-9);
    }
    struct mean m = mean(vectors(), plain);
    free(plain);
    value("margin_none", margin_softmax(1 / 30., 0, 3, c, 0), 0, 1, "1",
          COMPUTED);
    value("margin_some", margin_softmax(1 / 30., 0.35, 3, c, 0), 0, 1, "1",
          COMPUTED);
    value("plain_violates", m.mean, m.se, m.runs, "%", SAMPLED);
    claim("root-is-metric", AT_MOST, wrong, 0, 1, 1e-7, 0,
          "where two directions meet, 1 - cosine is off by 1e-16, and its root "
          "by 1e-8");
}

#include "softmax-fast.c"
#include "softmax-fast64.c"
#include "softmax-trials.c"
#include "softmax-digits.c"

// ---- calculators ------------------------------------------------------------

// Every field is an option; `given` says which were.
static struct {
    const char *map, *noise;
    double alpha, scale, temperature;
    int order, top, target;
} ask = {.map = "softmax",
         .noise = "gumbel",
         .alpha = 1.5,
         .scale = 1,
         .temperature = 1,
         .order = 2,
         .top = 2,
         .target = -1};

static const char *const families[] = {"softmax",        "taylor",
                                       "sparse-softmax", "perturb-max",
                                       "sparsemax",      "entmax"};

static int word(const char *wanted, int n, const char *const words[n])
{
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], wanted) == 0)
            return i;
    return -1;
}

// The map that the options name; one that has no meaning for it is an error.
static struct map asked_map(void)
{
    static const struct {
        const char *option;
        enum family of;
    } belongs[] = {{"alpha", ENTMAX},
                   {"order", TAYLOR},
                   {"top", SPARSE_SOFTMAX},
                   {"noise", PERTURB_MAX},
                   {"scale", PERTURB_MAX}};
    struct map f = {
        word(ask.map, 6, families),          ask.alpha, ask.order, 0, ask.top,
        word(ask.noise, NOISES, noise_names)};
    for (int i = 0; i < 5; i++)
        if (given(belongs[i].option) && belongs[i].of != f.family)
            usage("--%s: has no meaning for %s", belongs[i].option, ask.map);
    if (f.family == ENTMAX && !(f.alpha > 1 && isfinite(f.alpha)))
        usage("--alpha: must be above 1 and finite");
    if (f.family == TAYLOR && (f.order < 2 || f.order > 20 || f.order % 2))
        usage("--order: must be even, from 2 to 20");
    if (!(ask.temperature > 0 && isfinite(ask.temperature)))
        usage("--temperature: must be positive and finite");
    if (!(ask.scale > 0 && isfinite(ask.scale)))
        usage("--scale: must be positive and finite");
    return f;
}

static struct rows asked_rows(struct map f, int infinite)
{
    struct rows in = read_rows(operand(0), infinite);
    if (f.family == SPARSE_SOFTMAX && (f.top < 1 || f.top > in.width))
        usage("--top: must be from 1 to %d, the number of logits", in.width);
    return in;
}

// The logits, less the largest if the map does not see it, over temperature and
// scale.
static void warm(struct map f, int n, const double x[n], double z[n])
{
    double m = f.family == TAYLOR ? 0 : largest(n, x);
    for (int i = 0; i < n; i++) {
        double d = x[i] - m;
        if (isinf(d)) // the difference can overflow where half of it does not
            z[i] = 2 * ((x[i] / 2 - m / 2) / ask.temperature / ask.scale);
        else
            z[i] = d / ask.temperature / ask.scale;
        if (f.family == TAYLOR && isinf(z[i]) && !isinf(x[i]))
            usage("--temperature: %g over it is too large", x[i]);
    }
}

// A line of n numbers or, if p is null, of their names.
static char *line(int n, const char *name, const double p[n])
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    for (int i = 0; f && i < n; i++)
        if (p && !isfinite(p[i]))
            usage("a number of the answer is beyond all doubles");
        else if (p)
            fprintf(f, "%s%.17g", i ? "\t" : "", p[i] + 0); // no -0
        else
            fprintf(f, "%s%s%d", i ? "\t" : "", name, i);
    if (!f || fclose(f) != 0)
        die("no memory for a line of %d numbers", n);
    return text;
}

static void map_rows(void)
{
    struct map f = asked_map();
    struct rows in = asked_rows(f, 1);
    double *z = vector(in.width), *p = vector(in.width);
    heading("%s", line(in.width, "p", 0));
    for (int i = 0; i < in.count; i++) {
        const double *x = in.x + (int64_t)i * in.width;
        double m = largest(in.width, x);
        if (m == -INFINITY)
            usage("%s:%d: every logit is -inf", in.file, in.line[i]);
        if (m < INFINITY)
            warm(f, in.width, x, z);
        weights(f, in.width, m < INFINITY ? z : x, p);
        char *text = line(in.width, "p", p);
        print("%s", text);
        free(text);
    }
    free(z);
    free(p);
}

static void loss_rows(void)
{
    struct objective o = {"", "", asked_map(), OWN};
    struct rows in = asked_rows(o.map, 0);
    double *g = vector(in.width), *z = vector(in.width);
    if (!given("target") || ask.target < 0 || ask.target >= in.width)
        usage("--target: needed, from 0 to %d", in.width - 1);
    heading("loss\t%s", line(in.width, "g", 0));
    for (int i = 0; i < in.count; i++) {
        const double *x = in.x + (int64_t)i * in.width;
        warm(o.map, in.width, x, z);
        double l = loss(o, in.width, z, ask.target);
        if (!isfinite(l))
            usage("%s:%d: the loss is infinite, or beyond all numbers", in.file,
                  in.line[i]);
        gradient(o, in.width, z, ask.target, g);
        for (int j = 0; j < in.width; j++)
            g[j] = g[j] / ask.temperature / ask.scale;
        char *text = line(in.width, "g", g);
        print("%.17g\t%s", l, text);
        free(text);
    }
    free(z);
    free(g);
}

static void jacobian_rows(void)
{
    struct map f = asked_map();
    struct rows in = asked_rows(f, 0);
    int n = in.width;
    double *j = vector((int64_t)n * n), *e = vector(n), *z = vector(n);
    if (in.count != 1)
        usage("%s: %d vectors; a Jacobian is of one", in.file, in.count);
    heading("%s", line(n, "j", 0));
    warm(f, n, in.x, z);
    for (int c = 0; c < n; c++) {
        double *column = vector(n);
        e[c] = 1;
        jvp(f, n, z, e, column);
        e[c] = 0;
        for (int i = 0; i < n; i++)
            j[(int64_t)i * n + c] = column[i] / ask.temperature / ask.scale;
        free(column);
    }
    for (int i = 0; i < n; i++) {
        char *text = line(n, "j", j + (int64_t)i * n);
        print("%s", text);
        free(text);
    }
    free(z);
    free(e);
    free(j);
}

static void map_options(void)
{
    option("map", &ask.map,
           "softmax|sparsemax|entmax|taylor|sparse-softmax|perturb-max",
           "which map");
    option("alpha", &ask.alpha, 0, "of entmax, above 1");
    option("order", &ask.order, 0, "of taylor, even, at most 20");
    option("top", &ask.top, 0, "logits that sparse-softmax keeps");
    option("noise", &ask.noise,
           "gumbel|normal|logistic|laplace|exponential|uniform|min-gumbel",
           "of perturb-max");
    option("scale", &ask.scale, 0, "of the noise");
    option("temperature", &ask.temperature, 0, "divides the logits");
}

static void settings(void)
{
    setting("vectors", &par.vectors, "random vectors behind a claim");
    limits(1, INT_MAX);
    setting("draws", &par.draws, "vectors of a thousand logits");
    limits(1, 1000);
    setting("samples", &par.samples, "perturbed vectors, at most");
    limits(1000, INT_MAX);
    setting("shift", &par.shift, "what is added to every logit");
    setting("seeds", &par.seeds, "runs of every loss at every rate");
    limits(1, INT_MAX);
    setting("epochs", &par.epochs, "passes over the images");
    limits(1, INT_MAX);
    setting("train", &par.train, "images that are learnt from");
    limits(1, INT_MAX);
    setting("rates", &par.rates, "learning rates, from 1/65536 by doubling");
    limits(1, 20);
    setting("start", &par.start, "spread of the weights before training");
}

static void trials(void)
{
    experiment("pair", "two logits under both maps", two_logits);
    experiment("simplex", "circles of three logits", three_logits);
    experiment("maps", "three logits under seven maps", all_maps);
    experiment("gradients", "what three Jacobians pass back", gradients);
    experiment("shift", "no map sees a common shift", shift);
    experiment("lse", "bounds of the smooth maximum", bounds);
    experiment("nearest", "sparsemax against a search", nearest_point);
    experiment("calculus", "slopes against formulas", calculus);
    experiment("stretch", "softmax halves every step", stretches);
    experiment("taylor", "an order reversed, and mended", taylor_order);
    experiment("attention", "squares of dot products apart", linear_attention);
    experiment("noises", "two logits under noise", noises);
    experiment("closed", "closed forms against integrals", closed_forms);
    experiment("montecarlo", "integrals against draws", monte_carlo);
    experiment("quadrature", "three rules for an integral", quadrature);
    experiment("support", "support against temperature", supports);
    experiment("sharper", "roots against the exponential", sharper);
    experiment("algorithms", "five ways to a threshold", algorithms);
    experiment("selections", "which k, and when there is none", selections);
    experiment("newton", "above two, Newton fails", newton_fails);
    experiment("alpha", "entmax close to softmax", alpha_near_one);
    experiment("cosines", "a margin, and a distance", cosine_distances);
    experiment("slips", "formulas and programs as printed", slips);
    experiment("compare", "all maps side by side", side_by_side);
}

static void training(void)
{
    experiment("overoptimised", "separable points, for long", overoptimised);
    recorded("digits", "two classifiers trained on eleven losses", digits);
    recorded("embeddings", "digits on a circle, with a margin", embeddings);
    timing("speed", "time against the number of logits", speed);
    timing("batches", "whole batches by the fast maps", batches);
}

static void calculators(void)
{
    calculator("map", "FILE|-", "weights of the logits on each line", map_rows,
               "$ echo 1 0.5 -2 | softmax map --map sparsemax -\n"
               "p0\tp1\tp2\n0.75\t0.25\t0\n");
    map_options();
    calculator("loss", "FILE|-",
               "loss and gradient for the logits on each line", loss_rows,
               "$ echo 1 0.5 -2 | softmax loss --map sparsemax --target 1 -\n"
               "loss\tg0\tg1\tg2\n0.5625\t0.75\t-0.75\t0\n");
    map_options();
    option("target", &ask.target, 0, "which logit is right, from 0");
    calculator("jacobian", "FILE|-", "slopes of the weights of one vector",
               jacobian_rows,
               "$ echo 1 0.5 -2 | softmax jacobian --map sparsemax -\n"
               "j0\tj1\tj2\n0.5\t-0.5\t0\n-0.5\t0.5\t0\n0\t0\t0\n");
    map_options();
}

int main(int argc, char **argv)
{
    settings();
    trials();
    training();
    calculators();
    return lab(argc, argv);
}
