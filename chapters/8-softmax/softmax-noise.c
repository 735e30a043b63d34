// Perturb-max, a part of softmax.c: the chance that a logit is the largest once
// noise is added to each.  In general an integral over the value y that wins,
//
//     p_i = integral of phi(y - x_i) prod_{j != i} Phi(y - x_j) dy
//
// and for some noises a closed form.

// ---- noises, location 0 and scale 1 -----------------------------------------

static const char *const noise_names[NOISES] = {"gumbel",      "normal",
                                                "logistic",    "laplace",
                                                "exponential", "uniform",
                                                "min-gumbel"};

static const double deviations[NOISES] = {1.2825498301618641, // pi / sqrt 6
                                          1,
                                          1.8137993642342178, // pi / sqrt 3
                                          M_SQRT2,
                                          1,
                                          0.28867513459481287, // 1 / sqrt 12
                                          1.2825498301618641};

static double log_density(enum noise f, double e)
{
    switch (f) {
    case GUMBEL: return -e - exp(-e);
    case NORMAL: return -e * e / 2 - 0.91893853320467274; // log sqrt 2 pi
    case LOGISTIC: return -fabs(e) - 2 * log1p(exp(-fabs(e)));
    case LAPLACE: return -fabs(e) - M_LN2;
    case EXPONENTIAL: return e > 0 ? -e : -INFINITY;
    case UNIFORM: return e > 0 && e < 1 ? 0 : -INFINITY;
    default: return e - exp(e);
    }
}

// Both tails keep their digits.
static double log_normal_cdf(double e)
{
    if (e > 0)
        return log1p(-erfc(e * M_SQRT1_2) / 2);
    if (e > -37)
        return log(erfc(-e * M_SQRT1_2) / 2);
    double s = 1 / (e * e); // erfc is about to underflow
    return -e * e / 2 - log(-e) - 0.91893853320467274 +
           log1p(-s * (1 - 3 * s * (1 - 5 * s)));
}

// log(1 - e^-a).
static double log_rest(double a)
{
    return a < M_LN2 ? log(-expm1(-a)) : log1p(-exp(-a));
}

static double log_cdf(enum noise f, double e)
{
    switch (f) {
    case GUMBEL: return -exp(-e);
    case NORMAL: return log_normal_cdf(e);
    case LOGISTIC: return fmin(e, 0) - log1p(exp(-fabs(e)));
    case LAPLACE: return e < 0 ? e - M_LN2 : log1p(-exp(-e) / 2);
    case EXPONENTIAL: return e > 0 ? log_rest(e) : -INFINITY;
    case UNIFORM: return e > 0 ? log(fmin(e, 1)) : -INFINITY;
    default: return log_rest(exp(e));
    }
}

static double noise(enum noise f, struct random *r)
{
    switch (f) {
    case GUMBEL: return gumbel(r);
    case NORMAL: return normal(r);
    case LOGISTIC: return logistic(r);
    case LAPLACE: return laplace(r);
    case EXPONENTIAL: return exponential(r);
    case UNIFORM: return uniform(r);
    default: return -gumbel(r);
    }
}

// ---- rules of quadrature ----------------------------------------------------

// Nodes and weights of Gauss for the normal distribution or the uniform one on
// (-1, 1): zeros of the m-th orthonormal polynomial, by counting how many lie
// left of a point, and one over the sum of squares of those before it.
// eq:quadrature
static void gauss(int hermite, int m, double t[m], double w[m])
{
    double b[m + 1], most = 0;
    for (int k = 1; k <= m; k++) {
        b[k] = hermite ? sqrt(k) : k / sqrt(4.0 * k * k - 1);
        most = fmax(most, 2 * b[k]);
    }
    for (int i = 0; i < m; i++) {
        double low = -most, high = most;
        while ((t[i] = (low + high) / 2) > low && t[i] < high) {
            double d = -t[i];
            int left = d < 0;
            for (int k = 1; k < m; k++) {
                d = -t[i] - b[k] * b[k] / (d == 0 ? 1e-300 : d);
                left += d < 0;
            }
            *(left > i ? &high : &low) = t[i];
        }
        double last = 0, h = 1, squares = 1;
        for (int k = 1; k < m; k++) {
            double next = (t[i] * h - (k > 1 ? b[k - 1] * last : 0)) / b[k];
            last = h;
            h = next;
            squares += h * h;
        }
        w[i] = 1 / squares;
    }
}

// ---- the integral -----------------------------------------------------------

// The logarithm of the chance that y exceeds all perturbed logits.
static double log_below(enum noise f, int n, const double x[n], double y)
{
    double l = 0;
    for (int i = 0; i < n; i++)
        l += log_cdf(f, y - x[i]);
    return l;
}

// One node: what it adds to the weights or, with v, to the Jacobian times v.
// The ratio of density and distribution serves both.
// eq:perturb-integral eq:perturb-jacobian
static void node(enum noise f, int n, const double x[n], const double *v,
                 double y, double w, double ratio[n], double out[n])
{
    double l = 0, total = 0, mean = 0;
    for (int i = 0; i < n; i++) {
        double c = log_cdf(f, y - x[i]), d = log_density(f, y - x[i]);
        l += c;
        ratio[i] = d > -INFINITY && c > -INFINITY ? exp(d - c) : 0;
        total += ratio[i];
        mean += v ? ratio[i] * v[i] : 0;
    }
    w *= exp(l);
    for (int i = 0; i < n && w > 0; i++)
        out[i] += w * ratio[i] * (v ? v[i] * total - mean : 1);
}

// Where the integrand begins and ends, but for e^-depth, and where it may bend
// or jump in between.
static int pieces(enum noise f, int n, const double x[n], double depth,
                  double edge[n + 2])
{
    double a = -1e4, b = 1e4, c = b;
    for (int i = 0; i < 70; i++) {
        double y = (a + b) / 2;
        *(log_below(f, n, x, y) < -depth ? &a : &b) = y;
    }
    b = a;
    for (int i = 0; i < 70; i++) {
        double y = (b + c) / 2;
        *(log_below(f, n, x, y) < -exp(-depth) ? &b : &c) = y;
    }
    int k = 0;
    edge[k++] = a;
    edge[k++] = c;
    for (int i = 0; i < n && (f == LAPLACE || f == UNIFORM); i++) {
        double y = x[i] + (f == UNIFORM);
        if (y > a && y < c)
            edge[k++] = y;
    }
    sort(k, edge);
    return k;
}

// Pieces no wider than h, ten nodes of Gauss on each; h is halved until weights
// of `least` and more stand to ten digits, and those below to as many decimals.
// eq:perturb-integral
static void integrate(enum noise f, int n, const double x[n], const double *v,
                      double least, double out[n])
{
    enum { GAUSS = 10 };
    double t[GAUSS], w[GAUSS], m = largest(n, x), worst = INFINITY;
    double *z = vector(n), *last = vector(n), *scratch = vector(n);
    double *edge = vector(n + 2);
    for (int i = 0; i < n; i++)
        z[i] = x[i] - m;
    int k = pieces(f, n, z, 45 - log(least), edge);
    gauss(0, GAUSS, t, w);
    memset(out, 0, n * sizeof *out);
    for (double h = 1; worst > 1e-10 && h > 1e-4; h /= 2) {
        memcpy(last, out, n * sizeof *last);
        memset(out, 0, n * sizeof *out);
        for (int e = 0; e + 1 < k; e++) {
            double width = edge[e] - edge[e + 1], parts = ceil(width / h);
            for (int i = 0; i < GAUSS * parts; i++) {
                double u = (i / GAUSS + (1 + t[i % GAUSS]) / 2) / parts;
                node(f, n, z, v, edge[e + 1] + u * width,
                     w[i % GAUSS] * width / parts, scratch, out);
            }
        }
        worst = 0;
        for (int i = 0; i < n; i++)
            worst =
                fmax(worst, fabs(out[i] - last[i]) / fmax(fabs(out[i]), least));
    }
    require(worst <= 1e-10);
    free(edge);
    free(scratch);
    free(last);
    free(z);
}

// ---- closed forms -----------------------------------------------------------

// A polynomial of degree n - 1 in u, for which half as many nodes are exact.
// eq:exponential-noise
static void exponential_noise(int n, const double x[n], double p[n])
{
    int m = (n + 1) / 2;
    double t[m], w[m], q[n];
    gauss(0, m, t, w);
    softmax(n, x, q);
    double most = largest(n, q);
    memset(p, 0, n * sizeof *p);
    for (int k = 0; k < m; k++) {
        double u = (1 + t[k]) / 2 / most, all = w[k];
        for (int i = 0; i < n; i++)
            all *= 1 - q[i] * u;
        for (int i = 0; i < n; i++)
            p[i] += q[i] / most * all / (1 - q[i] * u);
    }
}

// Inclusion and exclusion over all subsets of the others: 2^n terms of either
// sign, so for few logits only.  eq:minimum-gumbel
static void minimum_gumbel(int n, const double x[n], double p[n])
{
    require(n <= 16);
    memset(p, 0, n * sizeof *p);
    for (int set = 0; set < 1 << n; set++) {
        double rate = 0, sign = -1;
        for (int j = 0; j < n; j++)
            if (set >> j & 1) {
                rate += exp(-x[j]);
                sign = -sign;
            }
        for (int i = 0; i < n; i++)
            if (set >> i & 1)
                p[i] += sign * exp(-x[i]) / rate;
    }
}

// Between two values at which a perturbed logit can no longer lose, the chance
// is a polynomial: half as many nodes are exact.  eq:uniform-noise
static void uniform_noise(int n, const double x[n], double p[n])
{
    int k = 1, m = (n + 1) / 2;
    double t[m], w[m], edge[n + 1], high = largest(n, x);
    gauss(0, m, t, w);
    memset(p, 0, n * sizeof *p);
    edge[0] = high;
    for (int i = 0; i < n; i++)
        if (x[i] > high - 1)
            edge[k++] = x[i] + 1;
    sort(k, edge);
    for (int e = 0; e + 1 < k; e++)
        for (int j = 0; j < m; j++) {
            double width = edge[e] - edge[e + 1], all = w[j] * width;
            double y = edge[e + 1] + (1 + t[j]) / 2 * width;
            for (int i = 0; i < n; i++)
                all *= fmin(y - x[i], 1);
            for (int i = 0; i < n; i++)
                p[i] += y - x[i] < 1 ? all / (y - x[i]) : 0;
        }
}

// Two logits: the weight of the one that leads by d.  eq:perturb-pair
static double pair(enum noise f, double d)
{
    double a = exp(d);
    if (d < 0)
        return 1 - pair(f, -d);
    switch (f) {
    case GUMBEL:
    case MIN_GUMBEL: return 1 / (1 + exp(-d));
    case NORMAL: return erfc(-d / 2) / 2;
    case LOGISTIC: return d > 0 ? a * (a - 1 - d) / ((a - 1) * (a - 1)) : 0.5;
    case LAPLACE: return 1 - (1 + d / 2) * exp(-d) / 2;
    case EXPONENTIAL: return 1 - exp(-d) / 2;
    default: return d < 1 ? 1 - (1 - d) * (1 - d) / 2 : 1;
    }
}

// The chance to be largest after noise; Gumbel's gives softmax.  eq:gumbel
static void perturb_max(enum noise f, int n, const double x[n], double p[n])
{
    if (f == GUMBEL) {
        softmax(n, x, p);
        return;
    }
    if (f == EXPONENTIAL && n <= 32)
        exponential_noise(n, x, p);
    else
        integrate(f, n, x, NULL, 0.1, p);
    normalise(n, p);
}

// Symmetric, and its rows sum to zero.  eq:perturb-jacobian
static void perturb_jvp(enum noise f, int n, const double x[n],
                        const double v[n], double jv[n])
{
    integrate(f, n, x, v, 0.1, jv);
}

// -log p_t; infinite where p_t is zero, or too small for a number.
static double perturb_loss(enum noise f, int n, const double x[n], int t)
{
    double *p = vector(n);
    integrate(f, n, x, NULL, 1e-290, p);
    double l = p[t] > 1e-290 ? -log(p[t]) : INFINITY;
    free(p);
    return l;
}

static void perturb_loss_gradient(enum noise f, int n, const double x[n], int t,
                                  double g[n])
{
    double *e = vector(n), p = exp(-perturb_loss(f, n, x, t));
    e[t] = 1;
    integrate(f, n, x, e, p, g);
    for (int i = 0; i < n; i++)
        g[i] /= -p;
    free(e);
}
