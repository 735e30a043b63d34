// Trials of single maps, a part of softmax.c: Taylor's softmax, perturb-max,
// what chooses a threshold and how fast, and all maps side by side.

// ---- Taylor's softmax -------------------------------------------------------

static void taylor_order(void)
{
    struct table *t = table("taylor", "x\tf2\tf4\tf6\texp");
    for (int i = -120; i <= 40; i++) {
        double x = i / 20.0;
        row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g", x, taylor(2, x, 1),
            taylor(4, x, 1), taylor(6, x, 1), exp(x));
    }
    done(t);
    t = table("taylor-order", "x\tp\tclamped\tsoftmax");
    for (int i = -100; i <= 40; i++) {
        double x = i / 10.0;
        row(t, "%g\t%.9g\t%.9g\t%.9g", x, first(taylor_2, x),
            first(clamped_2, x), first(soft, x));
    }
    done(t);
    value("taylor_reversed", first(taylor_2, -10), 0, 1, "1", COMPUTED);
    value("taylor_x4", taylor_minimum(4), 0, 1, "1", COMPUTED);
    value("taylor_x6", taylor_minimum(6), 0, 1, "1", COMPUTED);
    double x[N], p[N], *disordered = vector(vectors());
    for (int i = 0; i < vectors(); i++) {
        draw("taylor", i, x);
        taylor_softmax(taylor_2, N, x, p);
        for (int j = 0; j < N * N; j++)
            if (x[j / N] > x[j % N] && p[j / N] < p[j % N])
                disordered[i] = 100;
    }
    struct mean m = mean(vectors(), disordered);
    free(disordered);
    value("taylor_disordered", m.mean, m.se, m.runs, "%", SAMPLED);
    claim("taylor-keeps-order", AT_MOST, first(taylor_2, -10), 0, 1,
          1 - first(taylor_2, -10), 0, "an order is kept or is not");
}

// What a query gets from keys and values under weights (q.k)^2, the squares
// taken apart: the keys are summed once, for all queries.  eq:taylor-attention
static double squared_attention(int m, int d, const double q[d],
                                const double key[m][d], const double value[m])
{
    double total[d * d], each[d * d], above = 0, below = 0;
    memset(total, 0, sizeof total);
    memset(each, 0, sizeof each);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < d * d; j++) {
            total[j] += key[i][j / d] * key[i][j % d];
            each[j] += key[i][j / d] * key[i][j % d] * value[i];
        }
    for (int j = 0; j < d * d; j++) {
        below += q[j / d] * q[j % d] * total[j];
        above += q[j / d] * q[j % d] * each[j];
    }
    return above / below;
}

static void linear_attention(void)
{
    enum { KEYS = 64, D = 8 };
    double worst = 0, key[KEYS][D], q[D], v[KEYS];
    for (int i = 0; i < vectors() / 20; i++) {
        struct random r = stream("attention", i);
        double above = 0, below = 0;
        for (int j = 0; j < D; j++)
            q[j] = normal(&r);
        for (int k = 0; k < KEYS; k++) {
            double dot = 0;
            v[k] = normal(&r);
            for (int j = 0; j < D; j++)
                dot += (key[k][j] = normal(&r)) * q[j];
            above += dot * dot * v[k];
            below += dot * dot;
        }
        worst = worse(worst, fabs(squared_attention(KEYS, D, q, key, v) -
                                  above / below));
    }
    claim("squares-apart", AT_MOST, worst, 0, 1, 1e-13, 0,
          "sums of 64 times 64 terms of order one, rounded by 1e-16 each");
}

// ---- perturb-max ------------------------------------------------------------

static void noises(void)
{
    struct table *t = table("noises", "delta\tgumbel\tnormal\tlogistic\tlaplace"
                                      "\texponential\tuniform");
    for (int i = -60; i <= 60; i++) {
        double p[NOISES];
        for (int f = 0; f < NOISES; f++)
            p[f] = pair(f, i / 10.0 / noise_scale(f));
        row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", i / 10.0, p[GUMBEL],
            p[NORMAL], p[LOGISTIC], p[LAPLACE], p[EXPONENTIAL], p[UNIFORM]);
    }
    done(t);
}

static void closed_forms(void)
{
    static void (*const forms[NOISES])(int n, const double x[], double p[]) = {
        [GUMBEL] = softmax,
        [EXPONENTIAL] = exponential_noise,
        [UNIFORM] = uniform_noise,
        [MIN_GUMBEL] = minimum_gumbel};
    double worst = 0, as_softmax = 0;
#pragma omp parallel for schedule(dynamic) reduction(max : worst, as_softmax)
    for (int i = 0; i < vectors() / 100; i++)
        for (int f = 0; f < NOISES; f++) {
            double x[N], p[N], q[N];
            draw("closed forms", i, x);
            integrate(f, 2, x, NULL, 0.1, q);
            worst = worse(worst, fabs(pair(f, x[0] - x[1]) - q[0]));
            if (!forms[f])
                continue;
            integrate(f, N, x, NULL, 0.1, q);
            forms[f](N, x, p);
            worst = worse(worst, distance(N, p, q));
            as_softmax = f ? as_softmax : worse(as_softmax, distance(N, p, q));
        }
    claim("perturb-closed-forms", AT_MOST, worst, 0, 1, 1e-10, 0,
          "the integral stands to eleven decimals");
    claim("gumbel-is-softmax", AT_MOST, as_softmax, 0, 1, 1e-10, 0,
          "the integral stands to eleven decimals");
}

// How often each logit of A was the largest in a thousand draws.
static void tally(enum noise f, int chunk, int64_t count[5])
{
    struct random r = stream(noise_names[f], chunk);
    for (int k = 0; k < 1000; k++) {
        int best = 0;
        double y[5];
        for (int i = 0; i < 5; i++) {
            y[i] = A[i] + noise(f, &r);
            best = y[i] > y[best] ? i : best;
        }
        count[best]++;
    }
}

static void monte_carlo(void)
{
    struct table *t = table("montecarlo", "noise\tsamples\terror\tse");
    int most = quick ? 100000 : par.samples, last = 0;
    double apart = 0;
    for (int f = GUMBEL; f < UNIFORM; f++) {
        int64_t count[5] = {0};
        double p[5];
        perturb_max(f, 5, A, p);
        for (int n = 1000, from = 0; n <= most; from = n / 1000, n *= 10) {
#pragma omp parallel for reduction(+ : count[:5])
            for (int c = from; c < n / 1000; c++)
                tally(f, c, count);
            int worst = 0;
            double error[5];
            for (int i = 0; i < 5; i++) {
                error[i] = fabs((double)count[i] / n - p[i]);
                worst = error[i] > error[worst] ? i : worst;
            }
            double se = sqrt(p[worst] * (1 - p[worst]) / n);
            row(t, "%s\t%d\t%.9g\t%.9g", noise_names[f], n, error[worst], se);
            apart = worse(apart, error[worst] / se);
            last = n;
        }
    }
    done(t);
    value("monte_carlo_samples", last, 0, 1, "1", EXACT);
    claim("draws-agree", AT_MOST, apart, 0, 1, 4, 0,
          "binomial errors; 25 largest of five chances, one in 16000 for each "
          "to be four away");
}

// The number below which a normal one is with chance t.
static double normal_quantile(double t)
{
    double low = -40, high = 40;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(erfc(-middle * M_SQRT1_2) / 2 < t ? &low : &high) = middle;
    }
    return low;
}

enum { GRID, MIDPOINT, HERMITE };

// Perturb-max under normal noise by K nodes of equal weight, at k/(K+1) as the
// source has it or in the middle of K parts, or by Gauss's.  eq:quadrature
static void by_rule(int rule, int K, int n, const double x[n], double p[n])
{
    double *e = vector(K), *w = vector(K);
    if (rule == HERMITE)
        gauss(1, K, e, w);
    for (int k = 0; k < K && rule != HERMITE; k++) {
        e[k] =
            normal_quantile(rule == GRID ? (k + 1.0) / (K + 1) : (k + 0.5) / K);
        w[k] = 1.0 / K;
    }
    memset(p, 0, n * sizeof *p);
    for (int k = 0; k < K; k++)
        for (int i = 0; i < n; i++) {
            double all = w[k];
            for (int j = 0; j < n; j++)
                all *= j == i ? 1 : erfc(-(x[i] - x[j] + e[k]) * M_SQRT1_2) / 2;
            p[i] += all;
        }
    free(e);
    free(w);
}

static void quadrature(void)
{
    static const char *const names[] = {"grid", "midpoint", "hermite"};
    static const int at[] = {1000, 1000, 32};
    struct table *t = table("quadrature", "rule\tpoints\terror\tsum");
    double p[5], q[5];
    perturb_max(NORMAL, 5, A, q);
    for (int rule = GRID; rule <= HERMITE; rule++) {
        char name[40];
        snprintf(name, sizeof name, "quadrature_%s", names[rule]);
        for (int K = 4; K <= (rule == HERMITE ? 64 : 10000); K *= 2) {
            by_rule(rule, K, 5, A, p);
            row(t, "%s\t%d\t%.9g\t%.9g", names[rule], K, distance(5, p, q),
                fabs(sum(5, p) - 1));
        }
        by_rule(rule, at[rule], 5, A, p);
        value(name, distance(5, p, q), 1e-11, 1, "1", COMPUTED);
        if (rule == GRID)
            value("quadrature_grid_sum", sum(5, p) - 1, 0, 1, "1", COMPUTED);
    }
    done(t);
}

// ---- sparsemax and entmax ---------------------------------------------------

enum { LOGITS = 1000 };

// A row: what entmax keeps of normal logits at temperature T, whether that is
// one, and whether the gap between the two largest foretells it.
static void kept(struct table *t, double alpha, double T, int draws,
                 const double x[draws][LOGITS])
{
    double y[LOGITS], p[LOGITS], k[draws], one[draws], gap[draws];
    for (int i = 0; i < draws; i++) {
        for (int j = 0; j < LOGITS; j++)
            y[j] = x[i][j] / T;
        entmax(alpha, LOGITS, y, p);
        sort(LOGITS, y);
        k[i] = support(LOGITS, p);
        one[i] = 100 * (k[i] == 1);
        gap[i] = 100 * (y[0] - y[1] >= 1 / (alpha - 1));
    }
    struct mean s = mean(draws, k), o = mean(draws, one);
    row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%d", alpha, T, s.mean, s.se,
        o.mean, o.se, mean(draws, gap).mean, draws);
}

static void supports(void)
{
    static const double alphas[] = {1.1, 1.25, 1.5, 2};
    int draws = quick && par.draws > 3 ? 3 : par.draws;
    double y[LOGITS], left[2][draws];
    double(*x)[LOGITS] = (void *)vector((int64_t)draws * LOGITS);
    for (int i = 0; i < draws; i++) {
        struct random r = stream("support", i);
        for (int j = 0; j < LOGITS; j++)
            x[i][j] = normal(&r);
        left[0][i] = candidates(1, LOGITS, x[i], y);
        left[1][i] = candidates(0.5, LOGITS, x[i], y);
    }
    struct table *t = table("support", "alpha\ttemperature\tsupport\tse\t"
                                       "onehot [%]\tse_onehot\tpredicted [%]\t"
                                       "runs");
    for (int a = 0; a < 4; a++)
        for (int e = 0; e <= 24; e++)
            kept(t, alphas[a], 0.05 * pow(400, e / 24.0), draws,
                 (const double(*)[LOGITS])x);
    done(t);
    struct mean s = mean(draws, left[0]), o = mean(draws, left[1]);
    value("filter_sparse", s.mean, s.se, draws, "1", SAMPLED);
    value("filter_entmax", o.mean, o.se, draws, "1", SAMPLED);
    free(x);
}

static void sharper(void)
{
    static const double betas[] = {1, 0.5, 0.25, 0.1};
    double wrong = 0;
    struct table *t = table("sharper", "u\texp\tb1\tb05\tb025\tb01\t"
                                       "e1\te05\te025\te01");
    for (int i = -1000; i <= 400; i++) {
        double u = i / 200.0, b[4], e[4], last = 0;
        for (int k = 0; k < 4; k++) {
            b[k] = root(betas[k], u);
            e[k] = 1 - b[k] / exp(u);
            wrong = worse(wrong, (last - b[k]) / exp(u));
            last = b[k];
        }
        wrong = worse(wrong, -e[3]);
        if (i % 5 == 0)
            row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g",
                u, exp(u), b[0], b[1], b[2], b[3], e[0], e[1], e[2], e[3]);
    }
    done(t);
    claim("sharper-everywhere", AT_MOST, wrong, 0, 1, 4e-15, 0,
          "a logarithm of up to 0.2, rounded by 1.4e-17 and then divided by "
          "0.1, and the exponential of up to 2 that is taken of it");
}

static void algorithms(void)
{
    double worst = 0, steps = 0, x[N], z[N], y[N];
    for (int i = 0; i < vectors(); i++) {
        draw("algorithms", i, x);
        for (int j = 0; j < N && i % 3 == 0; j++)
            x[j] = round(4 * x[j]) / 4; // on a grid: many ties
        int k = candidates(1, N, x, z), s;
        memcpy(y, z, sizeof y);
        sort(k, z);
        double tau = threshold(k, z);
        worst = worse(worst, fabs(michelot(k, z) - tau));
        worst = worse(worst, fabs(newton(1, k, z, &s) - 1 - tau));
        worst = worse(worst, fabs(bisection(1, k, z) - tau));
        worst = worse(worst, fabs(select_threshold(k, y) - tau));
        k = candidates(0.5, N, x, z);
        for (int j = 0; j < k; j++)
            y[j] = z[j] / 2;
        sort(k, y);
        tau = entmax15_threshold(k, y);
        worst = worse(worst, fabs(newton(0.5, k, z, &s) / 2 - 1 - tau));
        worst = worse(worst, fabs(bisection(0.5, k, y) - tau));
        steps = worse(steps, s);
    }
    value("newton_steps", steps, 0, 1, "1", EXACT);
    claim("algorithms-agree", AT_MOST, worst, 0, 1, 2e-15, 0,
          "thresholds of size one, from sums of eight numbers of that size, "
          "each rounded by 1.1e-16");
}

// The last k of all whose logit is not below its threshold, without a stop.
static double largest_k(int n, const double z[n])
{
    double mean = 0, squares = 0, tau = NAN;
    for (int k = 1; k <= n; k++) {
        double d = z[k - 1] - mean;
        mean += d / k;
        squares += d * (z[k - 1] - mean);
        double next = mean - sqrt(fmax(1 - squares, 0) / k);
        if (next <= z[k - 1])
            tau = next;
    }
    return tau;
}

// The source's program: the first k whose threshold is strictly between its
// logit and the next; none if there is equality.
static int strict_k(int n, const double z[n])
{
    double mean = 0, squares = 0;
    for (int k = 1; k <= n; k++) {
        double d = z[k - 1] - mean;
        mean += d / k;
        squares += d * (z[k - 1] - mean);
        double tau = mean - sqrt(fmax(1 - squares, 0) / k);
        if (tau < z[k - 1] && (k == n || tau > z[k]))
            return k;
    }
    return 0;
}

// Every vector of two, three and four logits with half integers from -2 to 2.
static int grid(int i, double x[4])
{
    int n = 2;
    for (int all = 81; n <= 4 && i >= all; all *= 9, n++)
        i -= all;
    for (int j = 0; j < n && n <= 4; j++, i /= 9)
        x[j] = (i % 9 - 4) / 2.0;
    return n <= 4 ? n : 0;
}

// The halved logits of x, sorted, the largest taken out.
static int halved(int n, const double x[n], double z[n])
{
    double m = largest(n, x);
    for (int i = 0; i < n; i++)
        z[i] = (x[i] - m) / 2;
    sort(n, z);
    return n;
}

static void selections(void)
{
    double worst = 0, x[N], z[N];
    int count = 0, failed = 0, n;
    for (; (n = grid(count, x)); count++) {
        halved(n, x, z);
        worst = worse(worst, fabs(largest_k(n, z) - bisection(0.5, n, z)));
        failed += strict_k(n, z) == 0;
    }
    for (int i = 0; i < 10 * vectors(); i++) {
        draw("largest k", i, x);
        halved(N, x, z);
        worst = worse(worst, fabs(largest_k(N, z) - bisection(0.5, N, z)));
    }
    value("grid_vectors", count, 0, 1, "1", EXACT);
    value("strict_fail", failed, 0, 1, "1", EXACT);
    value("largest_k_vectors", count + 10 * vectors(), 0, 1, "1", EXACT);
    claim("largest-k", AT_MOST, worst, 0, 1, 2e-15, 0,
          "thresholds of size one, from sums of eight numbers of that size");
    claim("strict-selects", EQUAL, failed, 0, 1, 0, 0, "a count");
}

// Plain Newton on the sum of (z - tau)_+^(1/beta), from the left: does it come
// to rest where the sum is one?
static int newton_ends(double beta, int n, const double z[n])
{
    double tau = -1, excess = 1;
    for (int k = 0; k < 200 && fabs(excess) > 1e-9; k++) {
        double slope = 0;
        excess = -1;
        for (int i = 0; i < n; i++)
            if (z[i] > tau) {
                excess += pow(z[i] - tau, 1 / beta);
                slope += pow(z[i] - tau, 1 / beta - 1) / beta;
            }
        tau += excess / slope;
    }
    return fabs(excess) <= 1e-9; // and not stuck where the slope is infinite
}

static void newton_fails(void)
{
    static const double alphas[] = {2.5, 3, 4};
    static const char *const names[] = {"newton_fails_25", "newton_fails_3",
                                        "newton_fails_4"};
    double *fails = vector(vectors()), x[N], z[N];
    struct mean m[3];
    for (int a = 0; a < 3; a++) {
        for (int i = 0; i < vectors(); i++) {
            draw("newton", 4 * i + 1, x); // of spread 1
            int k = candidates(alphas[a] - 1, N, x, z);
            for (int j = 0; j < k; j++)
                z[j] *= alphas[a] - 1;
            fails[i] = 100 * !newton_ends(alphas[a] - 1, k, z);
        }
        m[a] = mean(vectors(), fails);
        value(names[a], m[a].mean, m[a].se, m[a].runs, "%", SAMPLED);
    }
    free(fails);
    claim("newton-fails-above-two", AT_LEAST, m[1].mean, m[1].se, m[1].runs, 10,
          0, "three standard errors over the vectors, at alpha = 3");
}

// The same weights in 64 bits of mantissa, for alpha near 1: a reference.
static void long_entmax(double beta, int n, const double x[n], double p[n])
{
    long double u = -1, next = 0, m = largest(n, x), z = 0, q[n];
    for (int k = 0; k < 100 && next > u; k++) {
        long double excess = -1, slope = 0;
        u = next;
        for (int i = 0; i < n; i++) {
            long double b = beta * (x[i] - m - u);
            q[i] = b > -1 ? expl(log1pl(b) / beta) : 0;
            excess += q[i];
            slope += b > -1 ? q[i] / (1 + b) : 0;
        }
        next = u + excess / slope;
    }
    for (int i = 0; i < n; i++)
        z += q[i];
    for (int i = 0; i < n; i++)
        p[i] = (double)(q[i] / z);
}

// As it is often programmed: powers of z - tau.
static void power_entmax(double beta, int n, const double x[n], double p[n])
{
    double m = largest(n, x), z[n];
    for (int i = 0; i < n; i++)
        z[i] = beta * (x[i] - m);
    double tau = bisection(beta, n, z);
    for (int i = 0; i < n; i++)
        p[i] = pow(fmax(z[i] - tau, 0), 1 / beta);
    normalise(n, p);
}

static void alpha_near_one(void)
{
    static const double K[] = {1, 0.4, 0.1, -2};
    struct table *t = table("alpha", "beta\tjump\tnear\tpower");
    double worst_near = 0, p[N], q[N], x[N];
    for (int k = 1; k <= 10; k++) {
        double beta = pow(10, -k), jump = 0, near = 0, power = 0;
        for (int i = 0; i < 200; i++) {
            draw("near one", i, x);
            long_entmax(beta, N, x, q);
            softmax(N, x, p);
            jump = worse(jump, distance(N, p, q));
            entmax(1 + beta, N, x, p); // 1 + beta is rounded: take what it is
            long_entmax(1 + beta - 1, N, x, q);
            near = worse(near, distance(N, p, q));
            power_entmax(1 + beta - 1, N, x, p);
            power = worse(power, distance(N, p, q));
        }
        row(t, "%g\t%.9g\t%.9g\t%.9g", beta, jump, near, power);
        worst_near = worse(worst_near, near);
        if (k == 6)
            value("alpha_jump", jump, 0, 1, "1", SAMPLED);
        if (k == 9)
            value("alpha_power", power, 0, 1, "1", SAMPLED);
    }
    done(t);
    entmax(1.5, 4, K, p);
    entmax_slope(1.5, 4, p, q);
    value("alpha_slope", q[0], 0, 1, "1", COMPUTED);
    claim("alpha-near-one", AT_MOST, worst_near, 0, 1, 1e-14, 0,
          "exponents of up to 40, rounded by 4e-15 each");
}

// ---- all maps side by side --------------------------------------------------

// What a map keeps of softmax's promises on one random vector.
enum { REVERSED, TIED, SHIFTED, ZEROS, COLD, IDLE_ENTRIES, QUALITIES };

static void judge(struct map f, const double x[N], double out[QUALITIES])
{
    double p[N], q[N], y[N], e[N], best[N], pairs = N * (N - 1) / 2;
    weights(f, N, x, p);
    for (int j = 0; j < N * N; j++)
        if (x[j / N] > x[j % N]) {
            out[REVERSED] += 100 / pairs * (p[j / N] < p[j % N]);
            out[TIED] += 100 / pairs * (p[j / N] == p[j % N]);
        }
    for (int j = 0; j < N; j++)
        y[j] = x[j] + 1;
    weights(f, N, y, q);
    out[SHIFTED] = distance(N, p, q);
    out[ZEROS] = 100.0 * (N - support(N, p)) / N;
    for (int j = 0; j < N; j++)
        y[j] = x[j] * 64;
    weights(f, N, y, q);
    hardmax(N, x, best);
    out[COLD] = 1;
    for (int j = 0; j < N; j++)
        out[COLD] -= best[j] * q[j];
    for (int j = 0; j < N; j++) {
        memset(e, 0, sizeof e);
        e[j] = 1;
        jvp(f, N, x, e, q);
        out[IDLE_ENTRIES] += 100.0 * (q[j] == 0) / N;
    }
}

static void side_by_side(void)
{
    static const struct {
        const char *name;
        struct map map;
    } maps[] = {{"softmax", {.family = SOFTMAX}},
                {"taylor-2", {TAYLOR, .order = 2}},
                {"taylor-2 clamped", {TAYLOR, .order = 2, .clamped = 1}},
                {"sparse softmax", {SPARSE_SOFTMAX, .top = 2}},
                {"perturb-max normal", {PERTURB_MAX, .noise = NORMAL}},
                {"perturb-max uniform", {PERTURB_MAX, .noise = UNIFORM}},
                {"entmax-1.5", {ENTMAX, .alpha = 1.5}},
                {"sparsemax", {.family = SPARSEMAX}}};
    int n = quick ? 20 : 200;
    double(*out)[n][QUALITIES] = (void *)vector((int64_t)8 * n * QUALITIES);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 8 * n; i++) {
        double x[N];
        draw("side by side", i % n, x);
        judge(maps[i / n].map, x, out[i / n][i % n]);
    }
    struct table *t = table("compare", "map\treversed [%]\ttied [%]\tshift\t"
                                       "zeros [%]\tcold\tidle [%]");
    for (int k = 0; k < 8; k++) {
        double m[QUALITIES] = {0};
        for (int i = 0; i < n; i++)
            for (int j = 0; j < QUALITIES; j++)
                m[j] = j == SHIFTED ? worse(m[j], out[k][i][j])
                                    : m[j] + out[k][i][j] / n;
        row(t, "%s\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", maps[k].name,
            m[REVERSED], m[TIED], m[SHIFTED], m[ZEROS], m[COLD],
            m[IDLE_ENTRIES]);
    }
    done(t);
    free(out);
}

// ---- time -------------------------------------------------------------------

static void fill(int kind, int n, double x[n])
{
    struct random r = stream("speed", n);
    for (int i = 0; i < n; i++)
        x[i] = kind == 0   ? normal(&r)
               : kind == 1 ? 1
               : kind == 2 ? 4.0 * i / n
               : kind == 3 ? -pow(2, -20.0 * i / n)
                           : (i == n / 2 ? 100 : normal(&r));
}

static void by_select(int n, const double x[n], double p[n])
{
    double m = largest(n, x), tau = select_threshold(candidates(1, n, x, p), p);
    for (int i = 0; i < n; i++)
        p[i] = fmax(x[i] - m - tau, 0);
}

static void by_michelot(int n, const double x[n], double p[n])
{
    double m = largest(n, x), tau = michelot(candidates(1, n, x, p), p);
    for (int i = 0; i < n; i++)
        p[i] = fmax(x[i] - m - tau, 0);
}

static void by_newton(int n, const double x[n], double p[n])
{
    int steps;
    double m = largest(n, x);
    double u = newton(0.5, candidates(0.5, n, x, p), p, &steps);
    for (int i = 0; i < n; i++)
        p[i] = root(0.5, x[i] - m - u);
}

static void by_bisection(int n, const double x[n], double p[n])
{
    double m = largest(n, x);
    int k = candidates(0.5, n, x, p);
    for (int i = 0; i < k; i++)
        p[i] /= 2;
    double tau = bisection(0.5, k, p);
    for (int i = 0; i < n; i++)
        p[i] = pow(fmax((x[i] - m) / 2 - tau, 0), 2);
}

// The best of some runs of a call, in nanoseconds for each of n logits: what
// disturbs a run only adds to it.  A short call is repeated.
enum { RUNS = 5 };
#define TIME(call, n) \
    ({ \
        double ns = INFINITY; \
        int repeats = 1 + (quick ? 1000 : 20000) / (n); \
        for (int k = 0; k < RUNS; k++) { \
            double start = seconds_now(); \
            for (int i = 0; i < repeats; i++) \
                call; \
            ns = fmin(ns, (seconds_now() - start) / repeats / (n)*1e9); \
        } \
        ns; \
    })

// The fast ones, on floats and all threads; the last reads the row twice and
// writes it once, which is what a sparse map does that skips nothing.
static void fast_sparsemax(int n, const float x[n], float p[n])
{
    fast_entmax(2, n, x, p);
}

static void fast_entmax15(int n, const float x[n], float p[n])
{
    fast_entmax(1.5, n, x, p);
}

static void fast_entmax125(int n, const float x[n], float p[n])
{
    fast_entmax(1.25, n, x, p);
}

static void read_and_write(int n, const float x[n], float p[n])
{
    struct fast_chunk c[fast_chunks(n)];
    struct fast_row r = {.n = n, .x = x, .p = p, .c = c, .beta = 1};
    fast_each(&r, fast_chunk_largest);
    fast_row_largest(&r);
    r.tau = -1e30f; // below every chunk's leader, so that none is skipped
    fast_each(&r, fast_chunk_weights);
}

static const struct slow_map {
    const char *name;
    void (*map)(int n, const double x[], double p[]);
} slow_maps[] = {{"softmax", softmax},
                 {"sparsemax, sorted", sparsemax},
                 {"sparsemax, selected", by_select},
                 {"sparsemax, Michelot", by_michelot},
                 {"entmax-1.5, sorted", entmax15},
                 {"entmax-1.5, Newton", by_newton},
                 {"entmax-1.5, bisection", by_bisection}};

static const struct fast_map {
    const char *name;
    void (*map)(int n, const float x[], float p[]);
} fast_maps[] = {{"softmax, fast", fast_softmax},
                 {"sparsemax, fast", fast_sparsemax},
                 {"entmax-1.5, fast", fast_entmax15},
                 {"entmax-1.25, fast", fast_entmax125},
                 {"two readings, one writing", read_and_write}};
enum { SLOW_MAPS = 7, FAST_MAPS = 5 };

// The same logits as doubles for the plain maps and as floats for the fast.
static void speed_of_data(struct table *t, const char *name, int n,
                          const double x[n], double p[n])
{
    float *y = floats(2 * n);
    for (int i = 0; i < n; i++)
        y[i] = (float)x[i];
    for (int f = 0; f < SLOW_MAPS; f++)
        if (f != SLOW_MAPS - 1 || n < 1000000) // half a minute, to no new end
            row(t, "%s\t%s\t%d\t%.4g", slow_maps[f].name, name, n,
                TIME(slow_maps[f].map(n, x, p), n));
    for (int f = 0; f < FAST_MAPS; f++)
        row(t, "%s\t%s\t%d\t%.4g", fast_maps[f].name, name, n,
            TIME(fast_maps[f].map(n, y, y + n), n));
    free(y);
}

static void speed(void)
{
    static const char *const data[] = {"normal", "equal", "ascending",
                                       "geometric", "one giant"};
    struct table *t = table("speed", "map\tdata\tn\tns");
    int most = quick ? 1000 : 1000000;
    double *x = vector(most), *p = vector(most);
    for (int kind = 0; kind < 5; kind++)
        for (int n = 100; n <= most; n *= 10) {
            fill(kind, n, x);
            speed_of_data(t, data[kind], n, x, p);
        }
    done(t);
    free(x);
    free(p);
}

// Whole batches, row by row on all threads, as floats and as doubles.
static void batches(void)
{
    static const int sizes[][2] = {{1, 1000000}, {1024, 1024}, {64, 32000}};
    static const double alphas[] = {1, 2, 1.5, 1.25};
    struct table *t =
        table("batches", "alpha\trows\tn\tfloat [ns]\tdouble [ns]");
    for (int s = 0; s < 3; s++) {
        int rows = quick ? 1 : sizes[s][0], n = quick ? 1000 : sizes[s][1];
        int all = rows * n;
        double *x = vector(2 * (int64_t)all);
        float *y = floats(2 * (int64_t)all);
        struct random r = stream("batches", s);
        normals(&r, all, x);
        for (int i = 0; i < all; i++)
            y[i] = (float)x[i];
        for (int a = 0; a < 4; a++)
            row(t, "%g\t%d\t%d\t%.4g\t%.4g", alphas[a], rows, n,
                TIME(fast_rows(alphas[a], rows, n, y, y + all), all),
                TIME(fast_rows64(alphas[a], rows, n, x, x + all), all));
        free(x);
        free(y);
    }
    done(t);
}
