// Softmax and sparsemax: two maps from logits to weights, what each promises,
// what each gives up, and what a classifier makes of the losses behind them.
//
//     cc -O3 -march=native -fopenmp softmax.c -lm
//
//     maps          softmax, its limit, sparsemax
//     calculus      Jacobians and losses
//     experiments   two logits, three logits, four claims, two slips
//     digits        a linear classifier, trained on four losses
//     calculator    the weights of the reader's own logits
#include "lab/lab.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every field is a --set.
static struct {
    int vectors, seeds, epochs, train, rates;
    double shift, start;
} par = {.vectors = 20000,
         .seeds = 10,
         .epochs = 40,
         .train = 1000,
         .rates = 10,
         .shift = 1024,
         .start = 0.1};

enum { N = 8 }; // logits in a random vector

typedef void map(int n, const double x[], double p[]);
typedef void jacobian(int n, const double p[], const double v[], double jv[]);
typedef double loss(int n, const double x[], int t);

// ---- maps -------------------------------------------------------------------

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

// Weights in proportion to e^x, the largest logit taken out first.  eq:softmax
static void softmax(int n, const double x[n], double p[n])
{
    double m = largest(n, x);
    for (int i = 0; i < n; i++)
        p[i] = exp(x[i] - m);
    double z = sum(n, p);
    for (int i = 0; i < n; i++)
        p[i] /= z;
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

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

// The logits that can have weight, less the largest, sorted.  eq:filter
static int candidates(int n, const double x[n], double z[n])
{
    double m = largest(n, x);
    int k = 0;
    for (int i = 0; i < n; i++)
        if (x[i] - m > -1)
            z[k++] = x[i] - m;
    qsort(z, k, sizeof *z, descending);
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
    int k = candidates(n, x, p); // p is free until it is filled
    double tau = threshold(k, p);
    for (int i = 0; i < n; i++)
        p[i] = fmax(x[i] - m - tau, 0);
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

// ---- calculus ---------------------------------------------------------------

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
    double z[n], m = largest(n, x);
    int k = candidates(n, x, z);
    double tau = threshold(k, z), l = 0.5 + (m - x[t]);
    for (int i = 0; i < k && z[i] > tau; i++)
        l += (z[i] * z[i] - tau * tau) / 2;
    return l;
}

// What a classifier can descend: the loss that belongs to a map or, where there
// is none, <p - e_t, sg(x)> as the source prints it.
static const struct objective {
    const char *name, *key;
    map *weights;
    jacobian *jvp;
    loss *loss;
} objectives[] = {
    {"cross-entropy", "cross", softmax, softmax_jvp, cross_entropy},
    {"sparsemax loss", "sparse", sparsemax, sparsemax_jvp, sparsemax_loss},
    {"as printed, softmax", "printed_soft", softmax, softmax_jvp, 0},
    {"as printed, sparsemax", "printed_sparse", sparsemax, sparsemax_jvp, 0},
};
enum { PROPER = 2, OBJECTIVES = 4 };

// p - e_t where there is a loss, J x where there is none.  eq:gradient eq:stop
static void gradient(const struct objective *o, int n, const double x[n], int t,
                     double g[n])
{
    double p[n];
    o->weights(n, x, p);
    o->jvp(n, p, x, g);
    for (int i = 0; i < n && o->loss; i++)
        g[i] = p[i] - (i == t);
}

// ---- experiments ------------------------------------------------------------

static int vectors(void)
{
    if (par.vectors < 1)
        usage("--set vectors: at least 1");
    return par.vectors;
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
static double first(map *f, double delta)
{
    double x[] = {delta, 0}, p[2];
    f(2, x, p);
    return p[0];
}

static void two_logits(void)
{
    struct table *t = table("pair", "delta\thot\twarm\tcold\tsparsemax");
    for (int i = -8; i <= 8; i++) {
        double d = i / 2.0;
        row(t, "%.17g\t%.17g\t%.17g\t%.17g\t%.17g", d, first(softmax, d / 2),
            first(softmax, d / 0.5), first(softmax, d / 0.125),
            first(sparsemax, d));
    }
    done(t);
    double p = first(softmax, 10), pair[] = {p, 1 - p};
    value("warm_at_minus_one", first(softmax, -2), 0, 1, "1", COMPUTED);
    value("sensitivity_at_ten", sensitivity(2, pair), 0, 1, "1", COMPUTED);
}

// Circles of logits round the centre of the simplex, in its own plane.
static void three_logits(void)
{
    static const double radii[] = {0.35, 0.8, 1.3};
    struct table *t = table("simplex", "radius\tx0\tx1\tx2\ts0\ts1\ts2\t"
                                       "p0\tp1\tp2\tsupport");
    for (int i = 0; i < 3 * 36; i++) {
        double r = radii[i / 36], angle = (i % 36 + 0.5) * M_PI / 18;
        double u = r * cos(angle) / sqrt(2), v = r * sin(angle) / sqrt(6);
        double x[] = {1 / 3. - u - v, 1 / 3. + u - v, 1 / 3. + 2 * v};
        double s[3], p[3];
        softmax(3, x, s);
        sparsemax(3, x, p);
        row(t, "%g\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%.9f\t%d",
            r, x[0], x[1], x[2], s[0], s[1], s[2], p[0], p[1], p[2],
            support(3, p));
    }
    done(t);
}

static void shift(void)
{
    double worst = 0, *tied = vector(vectors()), x[N], y[N], p[N], q[N];
    for (int i = 0; i < vectors(); i++) {
        draw("shift", i, x);
        for (int j = 0; j < N; j++)
            y[j] = x[j] + par.shift;
        for (int o = 0; o < PROPER; o++) {
            objectives[o].weights(N, x, p);
            objectives[o].weights(N, y, q);
            worst = worse(worst, distance(N, p, q));
        }
        double zeros = N - support(N, p);
        tied[i] = 100 * zeros * (zeros - 1) / (N * (N - 1));
    }
    struct mean m = mean(par.vectors, tied);
    free(tied);
    value("vectors", par.vectors, 0, 1, "1", EXACT);
    value("tied", m.mean, m.se, m.runs, "%", SAMPLED);
    claim("shift-blind", AT_MOST, worst, 0, 1, 1e-12, 0,
          "adding 1024 rounds a logit by at most 1.2e-13, and no weight moves "
          "by more than twice that");
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

// The k-th weight of softmax, as a function like a loss.
static double weight(int n, const double x[n], int k)
{
    double p[n];
    softmax(n, x, p);
    return p[k];
}

// The slope of f along logit j, by a central difference.
static double slope(loss *f, double h, double x[N], int k, int j)
{
    double keep = x[j];
    x[j] = keep + h;
    double up = f(N, x, k);
    x[j] = keep - h;
    double down = f(N, x, k);
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
            half += fabs(slope(weight, h, x, j / N, j % N)) / 2;
        norm = worse(norm, fabs(half - sensitivity(N, p)));
        for (int o = 0; o < PROPER; o++) {
            gradient(&objectives[o], N, x, 0, g);
            for (int j = 0; j < N; j++) {
                double measured = slope(objectives[o].loss, h, x, 0, j);
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

// Sparsemax as often printed: on the logits as they come.
static void unshifted(int n, const double x[n], double p[n])
{
    memcpy(p, x, n * sizeof *p);
    qsort(p, n, sizeof *p, descending);
    double tau = threshold(n, p);
    for (int i = 0; i < n; i++)
        p[i] = fmax(x[i] - tau, 0);
}

static void slips(void)
{
    static const double x[] = {0.5, 1, -0.3, 2, 0.1}, huge[] = {1e17, 0};
    double p[5], g[5];
    gradient(&objectives[0], 5, x, 3, g);
    value("wanted", g[3], 0, 1, "1", COMPUTED);
    gradient(&objectives[2], 5, x, 3, g);
    value("printed", g[3], 0, 1, "1", COMPUTED);
    unshifted(2, huge, p);
    value("unshifted_sum", sum(2, p), 0, 1, "1", EXACT);
}

// ---- digits -----------------------------------------------------------------

enum { PIXELS = 64, INPUTS = PIXELS + 1, CLASSES = 10 };

struct digits {
    int count;
    double (*x)[INPUTS]; // grey values from 0 to 1, and a 1 for the bias
    double *t;           // the digit that each is
};

static struct digits load(void)
{
    const char *path = data_file("digits.csv");
    if (!path)
        needs("digits.csv");
    struct rows r = read_rows(path, 0);
    require(r.count > 0 && r.width == INPUTS);
    struct digits d = {r.count, (void *)r.x, vector(r.count)};
    for (int i = 0; i < d.count; i++) {
        d.t[i] = d.x[i][PIXELS]; // its place becomes that of the 1
        require(d.t[i] >= 0 && d.t[i] < CLASSES);
        d.x[i][PIXELS] = 1;
        for (int j = 0; j < PIXELS; j++)
            d.x[i][j] /= 16;
    }
    return d;
}

typedef double classifier[INPUTS][CLASSES];

static void logits(const classifier w, const double x[INPUTS],
                   double y[CLASSES])
{
    memset(y, 0, CLASSES * sizeof *y);
    for (int i = 0; i < INPUTS; i++)
        for (int c = 0; c < CLASSES; c++)
            y[c] += x[i] * w[i][c];
}

// One epoch of stochastic gradient descent, image by image; the percentage of
// images that left the classifier exactly where it was.
static double learn(const struct digits *d, const struct objective *o,
                    double rate, int n, const int image[n], classifier w)
{
    int idle = 0;
    for (int k = 0; k < n; k++) {
        double y[CLASSES], g[CLASSES], zero[CLASSES] = {0};
        const double *x = d->x[image[k]];
        logits(w, x, y);
        gradient(o, CLASSES, y, d->t[image[k]], g);
        idle += distance(CLASSES, g, zero) == 0;
        for (int i = 0; i < INPUTS; i++)
            for (int c = 0; c < CLASSES; c++)
                w[i][c] -= rate * x[i] * g[c];
    }
    return 100.0 * idle / n;
}

// The percentage of images whose digit has not the largest logit for itself.
static double misread(const struct digits *d, int n, const int image[n],
                      const classifier w)
{
    int wrong = 0;
    for (int k = 0; k < n; k++) {
        double y[CLASSES], rivals = 0;
        int t = d->t[image[k]];
        logits(w, d->x[image[k]], y);
        for (int c = 0; c < CLASSES; c++)
            rivals += c != t && !(y[t] > y[c]);
        wrong += rivals > 0;
    }
    return 100.0 * wrong / n;
}

// How many images are left for the test, and as many to choose the rate.
static int tests(const struct digits *d)
{
    return (d->count - par.train) / 2;
}

// What a run leaves; from CURVE on the error on the test images, before
// training and after every epoch.
enum { VALID, IDLE, SUPPORT, TOP, CURVE };

// One run; its number s draws the split, the start and the order of the images.
static void train(const struct digits *d, const struct objective *o,
                  double rate, int s, int epochs, double out[])
{
    int order[d->count], left = tests(d);
    int *test = order + par.train, *valid = test + left;
    classifier w;
    struct random r = stream("digits", s);
    for (int i = 0; i < d->count; i++)
        order[i] = i;
    shuffle(&r, d->count, order);
    for (int i = 0; i < INPUTS; i++)
        for (int c = 0; c < CLASSES; c++)
            w[i][c] = par.start * normal(&r);
    out[CURVE] = misread(d, left, test, w);
    for (int epoch = 1; epoch <= epochs; epoch++) {
        shuffle(&r, par.train, order);
        out[IDLE] = learn(d, o, rate, par.train, order, w);
        out[CURVE + epoch] = misread(d, left, test, w);
    }
    out[VALID] = misread(d, left, valid, w);
    for (int k = 0; k < left; k++) {
        double y[CLASSES], p[CLASSES];
        logits(w, d->x[test[k]], y);
        o->weights(CLASSES, y, p);
        out[SUPPORT] += support(CLASSES, p);
        out[TOP] += largest(CLASSES, p);
    }
    out[SUPPORT] /= left;
    out[TOP] /= left;
}

static double rate(int k)
{
    return ldexp(1, k - 10);
}

// One number of a run, over the seeds; with `other` by how much it is less than
// there, seed by seed, for both see the same images in the same order.
static struct mean over_seeds(int seeds, int width, double run[seeds][width],
                              double (*other)[width], int what)
{
    double x[seeds];
    for (int s = 0; s < seeds; s++)
        x[s] = other ? other[s][what] - run[s][what] : run[s][what];
    return mean(seeds, x);
}

// The learning curves at every rate; for each loss the rate that reads the most
// validation images, and what it leads to, in a table and as values.
static void report(int rates, int width,
                   struct mean m[OBJECTIVES][rates][width],
                   int best[OBJECTIVES])
{
    static const char *names[] = {"misread", "idle", "support", "top"};
    static const char *units[] = {"%", "%", "1", "1"};
    int columns[] = {width - 1, IDLE, SUPPORT, TOP};
    struct table *curves = table("digits", "loss\trate\tchosen\tepoch\t"
                                           "misread [%]\tse\truns");
    struct table *t =
        table("losses", "loss\trate\tmisread [%]\tse_misread\t"
                        "idle [%]\tse_idle\tsupport\tse_support\ttop\t"
                        "se_top\truns");
    for (int o = 0; o < OBJECTIVES; o++) {
        best[o] = 0;
        for (int k = 1; k < rates; k++)
            if (m[o][k][VALID].mean < m[o][best[o]][VALID].mean)
                best[o] = k;
        for (int k = 0; k < rates; k++)
            for (int e = CURVE; e < width; e++)
                row(curves, "%s\t%g\t%d\t%d\t%.17g\t%.17g\t%d",
                    objectives[o].name, rate(k), k == best[o], e - CURVE,
                    m[o][k][e].mean, m[o][k][e].se, m[o][k][e].runs);
        struct mean c[4];
        for (int i = 0; i < 4; i++) {
            char name[40];
            snprintf(name, sizeof name, "%s_%s", objectives[o].key, names[i]);
            c[i] = m[o][best[o]][columns[i]];
            value(name, c[i].mean, c[i].se, c[i].runs, units[i], TRAINED);
        }
        row(t,
            "%s\t%g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g"
            "\t%d",
            objectives[o].name, rate(best[o]), c[0].mean, c[0].se, c[1].mean,
            c[1].se, c[2].mean, c[2].se, c[3].mean, c[3].se, c[0].runs);
    }
    done(curves);
    done(t);
}

// Who reads more: at rates in common, and each at its own best rate.
static void compare(int rates, int seeds, int width,
                    double run[OBJECTIVES][rates][seeds][width],
                    const int best[OBJECTIVES])
{
    struct mean m[2];
    int last = width - 1;
    m[0] = over_seeds(seeds, width, run[1][0], run[0][0], last);
    m[1] = over_seeds(seeds, width, run[1][rates - 1], run[0][rates - 1], last);
    value("lead_slowest", m[0].mean, m[0].se, seeds, "%", TRAINED);
    value("lead_fastest", m[1].mean, m[1].se, seeds, "%", TRAINED);
    m[0] = over_seeds(seeds, width, run[1][best[1]], run[0][best[0]], last);
    claim("sparse-reads-more", AT_LEAST, m[0].mean, m[0].se, seeds, 0, 0,
          "three standard errors of the differences between paired runs");
    for (int i = 0; i < 2; i++)
        m[i] = over_seeds(seeds, width, run[2 + i][best[2 + i]], 0, last);
    int o = m[1].mean < m[0].mean;
    claim("printed-trains", AT_MOST, m[o].mean, m[o].se, seeds, 10, 0,
          "three standard errors over the seeds, for the better of both maps");
}

static void digits(void)
{
    struct digits d = load();
    if (par.seeds < 1 || par.epochs < 1 || par.rates < 1 || par.rates > 20 ||
        par.train < 1 || par.train > d.count - 2)
        usage("--set: digits has no experiment of that size");
    int seeds = quick ? 3 : par.seeds, epochs = quick ? 10 : par.epochs;
    int rates = par.rates, width = CURVE + epochs + 1, finished = 0;
    int all = OBJECTIVES * rates * seeds, best[OBJECTIVES];
    typedef double runs[rates][seeds][width];
    runs *run = (void *)vector((int64_t)all * width);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < all; i++) {
        int o = i / seeds / rates, k = i / seeds % rates, s = i % seeds;
        train(&d, &objectives[o], rate(k), s, epochs, run[o][k][s]);
#pragma omp critical
        progress("digits", ++finished, all);
    }
    typedef struct mean means[rates][width];
    means *m = calloc(OBJECTIVES, sizeof *m);
    if (!m)
        die("no memory for %d learning curves", OBJECTIVES * rates);
    for (int i = 0; i < OBJECTIVES * rates * width; i++) {
        int o = i / width / rates, k = i / width % rates, w = i % width;
        m[o][k][w] = over_seeds(seeds, width, run[o][k], 0, w);
    }
    value("images", d.count, 0, 1, "1", EXACT);
    value("train", par.train, 0, 1, "1", EXACT);
    value("tests", tests(&d), 0, 1, "1", EXACT);
    report(rates, width, m, best);
    compare(rates, seeds, width, run, best);
    free(m);
    free(run);
    free(d.t);
}

// ---- calculator -------------------------------------------------------------

static const char *chosen = "softmax";
static double temperature = 1;

// The weights of logits x at the temperature; infinite ones share everything.
static void weights(int n, const double x[n], double z[n], double p[n])
{
    double m = largest(n, x);
    for (int i = 0; i < n; i++) {
        double d = x[i] - m;
        if (isinf(d)) // the difference can overflow where half of it does not
            z[i] = 2 * ((x[i] / 2 - m / 2) / temperature);
        else
            z[i] = d / temperature;
    }
    if (isinf(m))
        hardmax(n, x, p);
    else
        (strcmp(chosen, "softmax") ? sparsemax : softmax)(n, z, p);
}

// A line of n numbers or, if p is null, of their names.
static char *line(int n, const double p[n])
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    for (int i = 0; f && i < n; i++)
        if (p)
            fprintf(f, "%s%.17g", i ? "\t" : "", p[i]);
        else
            fprintf(f, "%sp%d", i ? "\t" : "", i);
    if (!f || fclose(f) != 0)
        die("no memory for a line of %d numbers", n);
    return text;
}

static void map_rows(void)
{
    if (!(temperature > 0 && isfinite(temperature)))
        usage("--temperature: must be positive and finite");
    struct rows in = read_rows(operand(0), 1);
    double *z = vector(in.width), *p = vector(in.width);
    heading("%s", line(in.width, 0));
    for (int i = 0; i < in.count; i++) {
        const double *x = in.x + (int64_t)i * in.width;
        if (largest(in.width, x) == -INFINITY)
            usage("%s:%d: every logit is -inf", in.file, in.line[i]);
        weights(in.width, x, z, p);
        char *text = line(in.width, p);
        print("%s", text);
        free(text);
    }
}

int main(int argc, char **argv)
{
    setting("vectors", &par.vectors, "random vectors behind a claim");
    setting("shift", &par.shift, "what is added to every logit");
    setting("seeds", &par.seeds, "runs of every loss at every rate");
    setting("epochs", &par.epochs, "passes over the images");
    setting("train", &par.train, "images that are learnt from");
    setting("rates", &par.rates, "learning rates, from 1/1024 on by doubling");
    setting("start", &par.start, "spread of the weights before training");
    experiment("pair", "two logits under both maps", two_logits);
    experiment("simplex", "circles of three logits", three_logits);
    experiment("shift", "neither map sees a common shift", shift);
    experiment("nearest", "sparsemax against a search", nearest_point);
    experiment("calculus", "slopes against formulas", calculus);
    experiment("slips", "two formulas as printed", slips);
    experiment("digits", "a classifier trained on four losses", digits);
    calculator("map", "FILE|-", "weights of the logits on each line", map_rows,
               "$ echo 1 0.5 -2 | softmax map --map sparsemax -\n"
               "p0\tp1\tp2\n0.75\t0.25\t0\n");
    option("map", &chosen, "softmax|sparsemax", "which map");
    option("temperature", &temperature, 0, "divides the logits");
    return lab(argc, argv);
}
