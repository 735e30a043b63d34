// Focus: how few tokens can attention attend to?  The effective number of
// tokens, in closed form for many kinds of attention and measured beside it.
//
//     cc -O3 -march=native -fopenmp focus.c -lopenblas -lm
//
//     measure       focus of a row of weights
//     one scalar    closed forms for normal scores, and quadrature
//     features      attention that is linear in features of the keys
//     decay         weights that fall with distance
//     finite n      the random-energy model, exactly
//     retrieval     is the right token in focus?
//     experiments   focus-trials.c; real text: focus-text.c; a trained layer:
//                   focus-recall.c
//     calculators   rows, theory, decay and features of the reader's own
#include "lab/lab.h"
#include "tile/math.h"
#include "tile/tile.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every field is a --set.
static struct {
    int tokens, width, draws;
} par = {.tokens = 4096, .width = 64, .draws = 200};

// ---- a measure of focus -----------------------------------------------------

struct focus {
    double S, tokens;      // sparsity degree; effective number of tokens
    double shannon, renyi; // entropies in nats: H_1, H_2
};

// The largest weight is counted apart, so that what adds up is positive and an
// almost one-hot row keeps its digits.  All NaN for a row of zeros.
// eq:sparsity eq:effective-tokens eq:renyi
static struct focus focus(int n, const double a[n])
{
    int top = 0;
    double rest = 0, squares = 0, entropy = 0;
    for (int i = 1; i < n; i++)
        top = fabs(a[i]) > fabs(a[top]) ? i : top;
    if (a[top] == 0)
        return (struct focus){NAN, NAN, NAN, NAN};
    for (int i = 0; i < n; i++) {
        double x = fabs(a[i] / a[top]);
        if (i == top || x == 0)
            continue;
        rest += x;
        squares += x * x;
        entropy -= x * log(x);
    }
    double tokens = (1 + rest) / (1 + squares) * (1 + rest);
    return (struct focus){sqrt(tokens / n), tokens,
                          log1p(rest) + entropy / (1 + rest),
                          2 * log1p(rest) - log1p(squares)};
}

// What S is at least for any weights: mean square over root mean fourth power.
// eq:kurtosis-bound
static double kurtosis_bound(int n, const double a[n])
{
    double two = 0, four = 0;
    for (int i = 0; i < n; i++) {
        two += a[i] * a[i] / n;
        four += a[i] * a[i] * a[i] * a[i] / n;
    }
    return two / sqrt(four);
}

enum { SUMS = 16 }; // lanes that are summed apart, on every machine

// S of a row of floats, summed in doubles; NaN for a row of zeros.  eq:sparsity
static double sparsity(int n, const float a[n])
{
    double one[SUMS] = {0}, two[SUMS] = {0};
    int i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (int l = 0; l < SUMS; l++) {
            double x = fabsf(a[i + l]);
            one[l] += x;
            two[l] += x * x;
        }
    for (; i < n; i++) {
        one[0] += fabsf(a[i]);
        two[0] += (double)a[i] * a[i];
    }
    for (int l = 1; l < SUMS; l++) {
        one[0] += one[l];
        two[0] += two[l];
    }
    return one[0] / sqrt(n * two[0]);
}

// ---- maps from scores to weights --------------------------------------------

enum map { EXP, RELU, RELU2, IDENTITY, POWER, TRUNCEXP, MAPS };
static const char *const map_names[MAPS] = {"exp",      "relu",  "relu2",
                                            "identity", "power", "truncexp"};
enum { DEGREES = 32 };

// The series of e^s up to s^M/M!, over c^M so that nothing overflows.  Left of
// zero terms cancel; there e^s and what the series lacks of it are summed
// instead, the latter as e^s times a series of one sign.  eq:truncated-exp
static double truncated_exp(int M, double s, double c)
{
    if (s >= 0 || s < -2 * M) {
        double y = s / c, f = 1, r = 1;
        for (int m = M; m > 0; m--) {
            r /= c;
            f = r + y / m * f;
        }
        return f;
    }
    double x = -s, rest = 0, term = x, part;
    for (int m = 1; m <= M; m++)
        term *= x / m;
    for (int k = 0; (part = term / (M + 1 + k)) > 1e-18 * rest; k++) {
        rest += part;
        term *= x / (k + 1);
    }
    return exp(s) * (M % 2 ? 1 - rest : 1 + rest) * pow(c, -M);
}

// Where the odd series is zero: it rises everywhere.
static double series_root(int M)
{
    double low = -M - 1, high = 0, middle;
    while ((middle = (low + high) / 2) > low && middle < high)
        *(truncated_exp(M, middle, 1) < 0 ? &low : &high) = middle;
    return high;
}

// The weight of score s, over c to the power of the degree.
static double weight(enum map f, int M, double c, double s)
{
    switch (f) {
    case EXP: return exp(s);
    case RELU: return fmax(s / c, 0);
    case RELU2: return pow(fmax(s / c, 0), 2);
    case IDENTITY: return s / c;
    case POWER: return pow(s / c, M);
    default: return truncated_exp(M, s, c);
    }
}

// ---- one scalar: quadrature -------------------------------------------------

static double density(double x)
{
    return exp(-x * x / 2) * 0.3989422804014327; // 1 / sqrt 2 pi
}

// E |f(beta + gamma e)|^p for normal e, f over c to its degree.  Sums over an
// even grid are exact but for rounding where f is smooth.  From a kink, e goes
// both ways as exp(t - exp(-t)) on an even grid of t.
static double mean_weight(enum map f, int M, int p, double c, double beta,
                          double gamma)
{
    double kink = f == EXP || (f == TRUNCEXP && M % 2 == 0) ? INFINITY
                  : f == TRUNCEXP ? (series_root(M) - beta) / gamma
                                  : -beta / gamma;
    double reach = 12 + (f == EXP ? p * gamma : sqrt(p * M)), total = 0;
    if (!(fabs(kink) < reach)) {
        double h = 0.2;
        for (int i = -(int)(reach / h); i <= reach / h; i++)
            total += h * density(i * h) *
                     pow(fabs(weight(f, M, c, beta + gamma * i * h)), p);
        return total;
    }
    double h = 1. / 64;
    for (int i = -4 * 64; i <= 64 * log(2 * reach); i++)
        for (int side = -1; side <= 1; side += 2) {
            double x = exp(i * h - exp(-i * h)), e = kink + side * x;
            total += h * x * (1 + exp(-i * h)) * density(e) *
                     pow(fabs(weight(f, M, c, beta + gamma * e)), p);
        }
    return total;
}

// S of n -> infinity tokens whose scores are normal.  eq:reduced
static double by_quadrature(enum map f, int M, double beta, double gamma)
{
    double c = fmax(fabs(beta), gamma);
    c = f == TRUNCEXP ? fmax(c, 1) : c;
    return mean_weight(f, M, 1, c, beta, gamma) /
           sqrt(mean_weight(f, M, 2, c, beta, gamma));
}

// ---- one scalar: closed forms -----------------------------------------------

// eq:focus-exp
static double exp_focus(double gamma)
{
    return exp(-gamma * gamma / 2);
}

// Shannon's and Renyi's entropies less log n.  eq:focus-entropy
static void exp_entropy(double gamma, double *shannon, double *renyi)
{
    *shannon = -gamma * gamma / 2;
    *renyi = -gamma * gamma;
}

// x[k] = E max(a + b e, 0)^k for normal e and k up to m, over a factor of which
// the logarithm is returned.  Left of the mean integration by parts gives a
// recurrence; far right of it the same one, backwards, is a continued fraction
// for the ratios of x and adds nothing but positive numbers.
// eq:relu-tail eq:rectified
static double half_moments(int m, double a, double b, double x[m + 1])
{
    double r = a / b;
    if (r > -0.25) {
        x[0] = erfc(-r * M_SQRT1_2) / 2;
        x[1] = a * x[0] + b * density(r);
        for (int k = 2; k <= m; k++)
            x[k] = a * x[k - 1] + (k - 1) * b * b * x[k - 2];
        return 0;
    }
    double t = -r, ratio = 0;
    for (int k = m + 20 + (int)(500 / (t * t)); k > m; k--)
        ratio = k / (t + ratio);
    for (int k = m; k > 0; k--) {
        ratio = k / (t + ratio);
        x[k] = b * ratio;
    }
    x[0] = 1 / (t + ratio);
    for (int k = 1; k <= m; k++)
        x[k] *= x[k - 1];
    return -r * r / 2 - 0.91893853320467274; // the logarithm of the density
}

// S of max(s, 0)^M.  eq:focus-relu eq:focus-relu2
static double relu_focus(int M, double beta, double gamma)
{
    int m = 2 * M;
    double c = fmax(fabs(beta), gamma), x[m + 1];
    if (beta / gamma < -60)
        return 0; // below all doubles
    double factor = half_moments(m, beta / c, gamma / c, x);
    return exp(factor / 2) * x[M] / sqrt(x[m]);
}

// What that goes to for r -> -infinity: M! sqrt(phi(r) / ((2M)! |r|)).
// eq:relu-tail-limit
static double relu_tail(int M, double r)
{
    return exp(lgamma(M + 1) - lgamma(2 * M + 1) / 2 - r * r / 4) *
           sqrt(0.3989422804014327 / -r);
}

// S of the score itself, which is even in r.  eq:focus-identity
static double identity_focus(double r)
{
    r = fabs(r);
    if (r > 1e8)
        return 1;
    return (2 * density(r) + r * erf(r * M_SQRT1_2)) / sqrt(1 + r * r);
}

// Its slope, which is positive for r > 0: what is in brackets begins at 0 and
// rises by 2 r^2 phi(r).  So S is least at r = 0.  eq:focus-floor
static double identity_slope(double r)
{
    return (erf(r * M_SQRT1_2) - 2 * r * density(r)) * pow(1 + r * r, -1.5);
}

// S of s^M: both halves of the scores.  eq:focus-power
static double power_focus(int M, double beta, double gamma)
{
    int m = 2 * M;
    double c = fmax(fabs(beta), gamma), x[m + 1], y[m + 1];
    half_moments(m, fabs(beta) / c, gamma / c, x);
    double factor = exp(half_moments(m, -fabs(beta) / c, gamma / c, y));
    return (x[M] + factor * y[M]) / sqrt(x[m] + factor * y[m]);
}

// Its least value, at beta = 0.  eq:ladder
static double ladder(int M)
{
    return exp(lgamma((M + 1) / 2.) - lgamma(M + 0.5) / 2) / sqrt(sqrt(M_PI));
}

// S of the score itself when scores follow Student's law.  eq:student
static double student_floor(double nu)
{
    return 2 * sqrt((nu - 2) / M_PI) / (nu - 1) *
           exp(lgamma((nu + 1) / 2) - lgamma(nu / 2));
}

// S of any of these maps; NaN where every weight is zero.
static double theory(enum map f, int M, double beta, double gamma)
{
    if (gamma == 0) { // one weight for all
        double sign = (beta > 0) - (beta < 0), s = f == TRUNCEXP ? beta : sign;
        return f == EXP || weight(f, M, fmax(fabs(s), 1), s) != 0 ? 1 : NAN;
    }
    switch (f) {
    case EXP: return exp_focus(gamma);
    case RELU: return relu_focus(1, beta, gamma);
    case RELU2: return relu_focus(2, beta, gamma);
    case IDENTITY: return identity_focus(beta / gamma);
    case POWER: return power_focus(M, beta, gamma);
    default: return by_quadrature(f, M, beta, gamma);
    }
}

// The same after q -> c q: beta and gamma are both linear in q.  For f(cs) =
// c^p f(s) nothing changes.  eq:homogeneous
static double scaled_query(enum map f, int M, double c, double beta,
                           double gamma)
{
    return theory(f, M, c * beta, c * gamma);
}

// ---- attention that is linear in features -----------------------------------

static double dot(int d, const double a[d], const double b[d])
{
    double s = 0;
    for (int i = 0; i < d; i++)
        s += a[i] * b[i];
    return s;
}

// S for features of mean mu and covariance C, none of them negative, nor any
// entry of q.  eq:nonnegative
static double linear_focus(int d, const double q[d], const double mu[d],
                           const double C[d][d])
{
    double mean = dot(d, q, mu), variance = 0;
    for (int i = 0; i < d; i++)
        variance += q[i] * dot(d, C[i], q);
    return 1 / sqrt(1 + variance / (mean * mean));
}

// |q|_2 / |q|_1: from 1/sqrt d, all entries alike, to 1, a single one.
// eq:norm-ratio
static double norm_ratio(int d, const double q[d])
{
    double one = 0;
    for (int i = 0; i < d; i++)
        one += fabs(q[i]);
    return sqrt(dot(d, q, q)) / one;
}

// S for independent features of one law; `cv2` is its variance over its squared
// mean.  eq:iid-features
static double iid_focus(double cv2, double ratio)
{
    return 1 / sqrt(1 + cv2 * ratio * ratio);
}

// S for one feature alone and for all alike, between which any other query
// lies.  eq:feature-bounds
static void feature_bounds(double cv2, double d, double *least, double *most)
{
    *least = iid_focus(cv2, 1);
    *most = iid_focus(cv2, 1 / sqrt(d));
}

// No query without negative entries focuses better than the feature of largest
// cv2 alone, whatever the features' joint law: deviations of sums are at most
// sums of deviations.  eq:feature-floor
static double feature_floor(int d, const double mu[d], const double C[d][d])
{
    double most = 0;
    for (int i = 0; i < d; i++)
        most = fmax(most, C[i][i] / (mu[i] * mu[i]));
    return iid_focus(most, 1);
}

// S for relu features of normal queries and keys, when d is large.
// eq:relu-features
static double relu_features(double d)
{
    return 1 / sqrt(1 + M_PI * (M_PI - 1) / d);
}

enum feature {
    F_RELU,
    F_ELU1,
    F_EXP,
    F_RELU2,
    F_SIGMOID,
    F_SOFTPLUS,
    F_SQUARE,
    FEATURES
};
static const char *const feature_names[FEATURES] = {"relu",    "elu1",
                                                    "exp",     "relu2",
                                                    "sigmoid", "softplus",
                                                    "square"};

static double feature(enum feature h, double z)
{
    switch (h) {
    case F_RELU: return fmax(z, 0);
    case F_ELU1: return z > 0 ? 1 + z : exp(z);
    case F_EXP: return exp(z);
    case F_RELU2: return z > 0 ? z * z : 0;
    case F_SIGMOID: return 1 / (1 + exp(-z));
    case F_SOFTPLUS: return fmax(z, 0) + log1p(exp(-fabs(z)));
    default: return z * z;
    }
}

// E h(z)^p for a smooth h by a sum that is exact but for rounding.
static double mean_feature(enum feature h, int p)
{
    double total = 0, step = 1. / 8;
    for (int i = -160; i <= 160; i++)
        total += step * density(i * step) * pow(feature(h, i * step), p);
    return total;
}

// Mean of a feature of normal z, and its variance over the squared mean.
static double feature_mean(enum feature h, double *cv2)
{
    double m, s, half = density(0); // s: the mean square
    switch (h) {
    case F_RELU: m = half, s = 0.5; break;
    case F_RELU2: m = 0.5, s = 1.5; break;
    case F_SQUARE: m = 1, s = 3; break;
    case F_EXP: *cv2 = expm1(1); return exp(0.5);
    case F_ELU1:
        m = half + 0.5 + exp(0.5) * erfc(M_SQRT1_2) / 2;
        s = 1 + 2 * half + exp(2) * erfc(M_SQRT2) / 2;
        break;
    default: m = mean_feature(h, 1), s = mean_feature(h, 2);
    }
    *cv2 = s / (m * m) - 1;
    return m;
}

// ---- decay ------------------------------------------------------------------

// Effective tokens of weights lambda^(n-1), ..., lambda, 1, which are all n for
// lambda = 1.  1 - lambda is exact near 1, where digits count.
// eq:decay-focus eq:decay-tokens
static double decay(double lambda, double n)
{
    double mu = -(lambda > 0.5 ? log1p(lambda - 1) : log(lambda));
    return lambda == 1 ? n : tanh(n * mu / 2) * ((1 + lambda) / (1 - lambda));
}

// The source's bound for S.  eq:decay-bound
static double decay_bound(double lambda, double n)
{
    return sqrt((1 + lambda) / (1 - lambda) / (1 + pow(lambda, n)) / n);
}

// Tokens of e^(gamma z - m j), were means of ratios ratios of means.
// eq:content-decay
static double annealed(double gamma, double m)
{
    return exp(-gamma * gamma) / tanh(m / 2);
}

// ---- finite n ---------------------------------------------------------------

// 1 - e^-w for w >= 0 without loss of digits, no branch.
static inline double lacks(double w)
{
    double series =
        w * (1 - w / 2 * (1 - w / 3 * (1 - w / 4 * (1 - w / 5 * (1 - w / 6)))));
    return w < 0.02 ? series : 1 - exp64(-w);
}

// E sum p^2 of softmax over n independent normal scores of deviation gamma:
//
//     n integral of B(u) psi(u)^(n-1) du,  B = E w^2 e^-w,  psi = E e^-w,
//
// with w = e^(u + gamma z).  All are sums over even grids, in steps at which
// what they leave out, e^(-pi^2/0.2), is below rounding; 1 - psi is summed in
// psi's place.  eq:exact-sum
static double exact_sum(double n, double gamma)
{
    enum { Z = 20, L = 8 };
    if (gamma == 0)
        return 1 / n;
    double du = 0.2, dz = fmin(du / gamma, 0.4), above = 0, total = 0;
    int m = (int)(Z / dz);
    double *p = vector(2 * m + 1 + L), *tail = vector(2 * m + 2 + L);
    for (int i = 2 * m; i >= 0; i--) {
        p[i] = dz * density((i - m) * dz);
        tail[i] = above += p[i]; // of node i and all above
    }
    double far = gamma * (1 + sqrt(78 + 4 * log(n))) + 22 + log(n);
    for (int j = -(int)(far / du); j * du <= 9 * gamma + 5; j++) {
        // Below node `from` w is next to nothing, above `to` e^-w is.
        double u = j * du, B[L] = {0}, miss[L] = {0};
        double from = fmin(fmax((-80 - u) / gamma / dz + m, 0), 2 * m + 1);
        double to = fmin((4 - u) / gamma / dz + m, 2 * m);
        int i = (int)from;
        for (; i <= to; i += L)
            for (int l = 0; l < L; l++) {
                double w = exp64(u + gamma * (i + l - m) * dz);
                miss[l] += p[i + l] * lacks(w);
                B[l] += p[i + l] * w * w * exp64(-w);
            }
        miss[0] += tail[i];
        for (int l = 1; l < L; l++) {
            B[0] += B[l];
            miss[0] += miss[l];
        }
        double log_psi = log1p(-fmin(miss[0], 1 - 0x1p-53));
        total += du * B[0] * exp((n - 1) * log_psi);
    }
    free(p);
    free(tail);
    return n * total;
}

// The same when n is infinite but e^(gamma^2) is not.
static double naive_sum(double n, double gamma)
{
    return fmin(exp(gamma * gamma) / n, 1);
}

// log n_eff to leading order in log n.  eq:random-energy
static double energy_exponent(double log_n, double gamma)
{
    double critical = sqrt(2 * log_n);
    if (gamma < critical / 2)
        return log_n - gamma * gamma;
    return gamma < critical ? (critical - gamma) * (critical - gamma) : 0;
}

// What E sum p^2 goes to beyond the critical gamma.  eq:frozen
static double frozen(double n, double gamma)
{
    return fmax(1 - sqrt(2 * log(n)) / gamma, 0);
}

// The gamma at which so many of n tokens are in focus.
static double norm_for(double n, double tokens)
{
    double low = 0, high = 40;
    for (int i = 0; i < 44; i++) {
        double middle = (low + high) / 2;
        *(exact_sum(n, middle) * tokens < 1 ? &low : &high) = middle;
    }
    return low;
}

// ---- is the right token in focus? -------------------------------------------

// Query s k_1, keys normal but for |k_1| = sqrt d: shares of weight on the true
// key, with means in place of sums.  eq:share-linear
static double share_linear(double d, double N)
{
    return d / (d + (N - 1) * sqrt(2 * d / M_PI));
}

// eq:share-relu2
static double share_relu2(double d, double N)
{
    return d / (d + (N - 1) / 2);
}

// eq:share-exp
static double share_exp(double d, double N, double s)
{
    return 1 / (1 + (N - 1) * exp(s * s * d / 2 - s * d));
}

// The chance that a bit read by linear attention is wrong: exact, since noise
// of N - 1 other keys is normal.  eq:bit-error
static double bit_error(double d, double N)
{
    return erfc(sqrt(d / (N - 1) / 2)) / 2;
}

// ---- random features --------------------------------------------------------

// a[j] is the mean over D random w of e^(w.q - |q|^2/2) e^(w.k_j - |k_j|^2/2),
// which is e^(q.k_j) in the mean over w.  Keys [d][n], one component a row.  The
// largest |w|^2.  eq:positive-features
static double positive_features(int d, int n, int D, const float q[d],
                                const float *key, struct random *r, float a[n])
{
    enum { BLOCK = 16 };
    const int64_t block = (int64_t)BLOCK * d;
    float *half = floats(n), *score = floats((int64_t)BLOCK * n), w[BLOCK * d];
    double most = 0;
    memset(a, 0, n * sizeof *a);
    memset(half, 0, n * sizeof *half);
    for (int i = 0; i < d; i++)
        for (int j = 0; j < n; j++)
            half[j] += key[(int64_t)i * n + j] * key[(int64_t)i * n + j] / 2;
    for (int f = 0; f < D; f += BLOCK) {
        normals32(r, block, w);
        product(BLOCK, n, d, rows_of(w, d), rows_of(key, n), rows_of(score, n),
                0);
        for (int b = 0; b < BLOCK; b++) {
            float of_query = 0, square = 0;
            for (int i = 0; i < d; i++) {
                of_query += (w[b * d + i] - q[i] / 2) * q[i];
                square += w[b * d + i] * w[b * d + i];
            }
            most = fmax(most, square);
            of_query = exp32(of_query) / (float)D;
            for (int j = 0; j < n; j++)
                a[j] += of_query * exp32(score[(int64_t)b * n + j] - half[j]);
        }
    }
    free(half);
    free(score);
    return most;
}

// cv2 of the feature e^(w.k - |k|^2/2) of keys with variance v in each of d
// components.  eq:feature-spread
static double feature_spread(double d, double v, double square)
{
    double a = 1 + v, b = 1 + 2 * v;
    return expm1(d / 2 * log(a * a / b) + square * v / (a * b));
}

// Variance of one such product over its squared mean.  eq:feature-noise
static double feature_noise(int d, const double q[d], const double k[d])
{
    return expm1(dot(d, q, q) + 2 * dot(d, q, k) + dot(d, k, k));
}

#include "focus-trials.c"
#include "focus-text.c"
#include "focus-recall.c"

// ---- calculators ------------------------------------------------------------

// Every field is an option.
static struct {
    const char *map, *feature;
    double beta, gamma, lambda;
    int degree;
    int64_t n, d;
} ask = {.map = "exp", .feature = "relu"};

static int word(const char *wanted, int n, const char *const words[n])
{
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], wanted) == 0)
            return i;
    return -1;
}

static void focus_rows(void)
{
    struct rows in = read_rows(operand(0), 0);
    heading("S\tn_eff\tH1\tH2");
    for (int i = 0; i < in.count; i++) {
        struct focus f = focus(in.width, in.x + (int64_t)i * in.width);
        if (isnan(f.S))
            usage("%s:%d: every weight is zero", in.file, in.line[i]);
        print("%.17g\t%.17g\t%.17g\t%.17g", f.S, f.tokens, f.shannon, f.renyi);
    }
}

static void needed(const char *name)
{
    if (!given(name))
        usage("--%s: needed", name);
}

static void theory_of_scores(void)
{
    enum map f = (enum map)word(ask.map, MAPS, map_names);
    int with_degree = f == POWER || f == TRUNCEXP;
    needed("gamma");
    if (!isfinite(ask.beta))
        usage("--beta: must be finite");
    if (!(ask.gamma >= 0 && isfinite(ask.gamma)))
        usage("--gamma: must be finite and not negative");
    if (with_degree)
        needed("degree");
    if (!with_degree && given("degree"))
        usage("--degree: has no meaning for %s", ask.map);
    if (f != EXP && given("n"))
        usage("--n: has no meaning for %s", ask.map);
    if (given("n") && ask.gamma > 40)
        usage("--gamma: at most 40 with --n");
    double S = theory(f, ask.degree, ask.beta, ask.gamma), g2 = ask.gamma;
    if (isnan(S))
        usage("--gamma: every weight is zero");
    g2 *= g2;
    heading(given("n") ? "S\tfraction\tsum_p2" : "S\tfraction");
    double fraction = f == EXP ? exp(-g2) : S * S;
    if (given("n"))
        print("%.17g\t%.17g\t%.17g", S, fraction,
              exact_sum((double)ask.n, ask.gamma));
    else
        print("%.17g\t%.17g", S, fraction);
}

static void theory_of_decay(void)
{
    needed("lambda");
    needed("n");
    if (!(ask.lambda > 0 && ask.lambda <= 1))
        usage("--lambda: must be above 0 and at most 1");
    double tokens = decay(ask.lambda, (double)ask.n);
    heading("S\tn_eff");
    print("%.17g\t%.17g", sqrt(tokens / (double)ask.n), tokens);
}

static void theory_of_features(void)
{
    enum feature h = (enum feature)word(ask.feature, FEATURES, feature_names);
    double cv2, m = feature_mean(h, &cv2), least, most;
    needed("d");
    feature_bounds(cv2, (double)ask.d, &least, &most);
    heading("mean\tcv2\tS_onehot\tS_dense");
    print("%.17g\t%.17g\t%.17g\t%.17g", m, cv2, least, most);
}

static void settings(void)
{
    setting("tokens", &par.tokens, "tokens of a row");
    limits(256, 1 << 20);
    setting("width", &par.width, "components of keys and queries");
    limits(1, 4096);
    setting("draws", &par.draws, "rows behind a mean");
    limits(40, 10000);
}

static void trials(void)
{
    experiment("curves", "S of four maps against the spread", curves);
    experiment("energy", "softmax over n tokens, exactly", energy);
    experiment("floor", "what the score itself cannot pass", floor_trials);
    experiment("ladder", "powers and series up to the exponential", ladders);
    experiment("features", "more features, less focus", feature_trials);
    experiment("decay", "focus that falls with distance", decay_trials);
    experiment("rank", "singular values of attention", ranks);
    experiment("retrieval", "is the right token in focus?", retrieval);
    experiment("performer", "random features, both ways", performer);
}

static void calculators(void)
{
    calculator("sparsity", "FILE|-",
               "focus of the weights, of any sign, on each line", focus_rows,
               "$ echo 1 -1 0 0 | focus sparsity -\n"
               "S\tn_eff\tH1\tH2\n0.70710678118654757\t2\t0.69314718055994529\t"
               "0.69314718055994529\n");
    calculator("theory", "",
               "S and n_eff/n for normal scores; exp's n_eff/n is e^-gamma^2, "
               "below the normal doubles from gamma 26.7 on",
               theory_of_scores,
               "$ focus theory --f identity --beta 0 --gamma 1\n"
               "S\tfraction\n0.79788456080286541\t0.63661977236758138\n");
    option("f", &ask.map, "exp|relu|relu2|identity|power|truncexp",
           "from score to weight");
    option("degree", &ask.degree, 0, "of power and truncexp, at most 32");
    limits(1, DEGREES);
    option("beta", &ask.beta, 0, "mean of the scores");
    option("gamma", &ask.gamma, 0, "standard deviation of the scores");
    option("n", &ask.n, 0, "tokens: for exp, E sum p^2 too, up to gamma 40");
    limits(1, 1e15);
    calculator("decay", "", "focus of weights lambda^(n-1), ..., lambda, 1",
               theory_of_decay,
               "$ focus decay --lambda 0.96875 --n 4096\n"
               "S\tn_eff\n0.12401959270615269\t63\n");
    option("lambda", &ask.lambda, 0, "above 0, at most 1");
    option("n", &ask.n, 0, "tokens");
    limits(1, 1e15);
    calculator("features", "",
               "one feature of normal z, and S of linear attention on d such",
               theory_of_features,
               "$ focus features --map relu --d 64\n"
               "mean\tcv2\tS_onehot\tS_dense\n"
               "0.3989422804014327\t2.1415926535897931\t0.56418958354775628\t"
               "0.98367733039630689\n");
    option("map", &ask.feature, "relu|elu1|exp|relu2|sigmoid|softplus|square",
           "from z to feature");
    option("d", &ask.d, 0, "features");
    limits(1, 1e15);
}

int main(int argc, char **argv)
{
    settings();
    trials();
    of_text();
    training();
    calculators();
    return lab(argc, argv);
}
