// Experiments, a part of focus.c: rows of weights are drawn, and their focus is
// held against the formulas.

void openblas_set_num_threads(int n);
void dgesdd_(const char *job, const int *m, const int *n, double *a,
             const int *lda, double *s, double *u, const int *ldu, double *vt,
             const int *ldvt, double *work, const int *lwork, int *iwork,
             int *info);

// The larger; a NaN is larger than all.
static double worse(double a, double b)
{
    return b > a || isnan(b) ? b : a;
}

// The smaller; a NaN is smaller than all.
static double lesser(double a, double b)
{
    return b < a || isnan(b) ? b : a;
}

// Of threads: min and max themselves would lose a NaN.
#pragma omp declare reduction(worse:double : omp_out = worse(omp_out, omp_in))
#pragma omp declare reduction(lesser:double \
                              : omp_out = lesser(omp_out, omp_in)) \
    initializer(omp_priv = INFINITY)

static int draws(void)
{
    return quick ? 40 : par.draws;
}

// ---- rows -------------------------------------------------------------------

// Keys of d normal components, one component at a time, along a query of length
// 1 and random direction: n scores.
static void projected(struct random *r, int d, int n, float z[n])
{
    float *component = floats(n), q[d], length = 0;
    normals32(r, d, q);
    for (int i = 0; i < d; i++)
        length += q[i] * q[i];
    memset(z, 0, n * sizeof *z);
    for (int i = 0; i < d; i++) {
        normals32(r, n, component);
        for (int j = 0; j < n; j++)
            z[j] += q[i] / sqrtf(length) * component[j];
    }
    free(component);
}

// Weights of scores beta + gamma z, up to a factor; e^s over the largest that
// normals32 can make it.
static void weigh(enum map f, int M, float beta, float gamma, int n,
                  const float z[n], float a[n])
{
    for (int i = 0; i < n && f == EXP; i++)
        a[i] = exp32(gamma * (z[i] - 7));
    for (int i = 0; i < n && f != EXP; i++)
        a[i] = beta + gamma * z[i];
    for (int i = 0; i < n && (f == RELU || f == RELU2); i++)
        a[i] = a[i] > 0 ? a[i] : 0;
    for (int i = 0; i < n && f == RELU2; i++)
        a[i] *= a[i];
    for (int i = 0; i < n && f == POWER; i++)
        a[i] = M == 2 ? a[i] * a[i] : a[i] * a[i] * a[i];
    for (int i = 0; i < n && f == TRUNCEXP; i++) {
        float s = a[i], y = 1;
        for (int m = M; m > 0; m--)
            y = 1 + s / (float)m * y;
        a[i] = y;
    }
}

// A kind of row that is drawn, and what its theory says.
struct kind_of_row {
    enum map f;
    int M;
    double beta, gamma;
};

// S of `count` kinds of rows, the same scores for all: out [count][runs].
static void draw_rows(const char *name, int count,
                      const struct kind_of_row kinds[count], int n, int d,
                      int runs, double *out)
{
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < runs; i++) {
        struct random r = stream(name, (uint32_t)i);
        float *z = floats(n), *a = floats(n);
        projected(&r, d, n, z);
        for (int k = 0; k < count; k++) {
            struct kind_of_row o = kinds[k];
            weigh(o.f, o.M, (float)o.beta, (float)o.gamma, n, z, a);
            out[(int64_t)k * runs + i] = sparsity(n, a);
        }
        free(z);
        free(a);
    }
}

// The mean of what is a number, and how many are none.
static struct mean mean_of_rows(int runs, const double x[runs], int *zero)
{
    double kept[runs];
    int n = 0;
    for (int i = 0; i < runs; i++)
        if (!isnan(x[i]))
            kept[n++] = x[i];
    *zero = runs - n;
    return n ? mean(n, kept) : (struct mean){NAN, 0, 0};
}

// ---- S against the spread ---------------------------------------------------

static void value_of_row(const char *name, struct mean m)
{
    value(name, m.mean, m.se, m.runs, "1", SAMPLED);
}

static void name_curve(struct kind_of_row o, struct mean m)
{
    static const struct {
        const char *name;
        struct kind_of_row of;
    } named[] = {{"exp_half", {EXP, 0, 0, 0.5}},
                 {"exp_one", {EXP, 0, 0, 1}},
                 {"exp_onehalf", {EXP, 0, 0, 1.5}},
                 {"exp_two", {EXP, 0, 0, 2}},
                 {"identity_zero", {IDENTITY, 0, 0, 1}},
                 {"relu2_zero", {RELU2, 0, 0, 1}},
                 {"relu2_minus", {RELU2, 0, -1, 1}},
                 {"relu2_plus", {RELU2, 0, 1, 1}}};
    for (int i = 0; i < 8; i++)
        if (named[i].of.f == o.f && named[i].of.beta == o.beta &&
            named[i].of.gamma == o.gamma)
            value_of_row(named[i].name, m);
}

// What a row of so many tokens has above one of infinitely many.
static void not_infinite(struct mean m, double expected)
{
    value("exp_two_bias", m.mean / expected, m.se / expected, m.runs, "1",
          SAMPLED);
    claim("infinite-n", EQUAL, m.mean, m.se, m.runs, expected, 0,
          "means of independent rows");
}

// One scalar stands for keys of any width.  Held to theory are rows with a
// thousand tokens in focus or more; what others lack is of order 1/n.
static void curves(void)
{
    static const double at[] = {.25, .5, .75, 1, 1.25, 1.5, 2, 2.5, 3, 4},
                        means[] = {0, 1, -1, 2, -2};
    static const enum map maps[] = {EXP, RELU2, RELU, IDENTITY};
    enum { COUNT_OF = 4 * 5 * 10 };
    struct kind_of_row kinds[COUNT_OF];
    int n = par.tokens, runs = draws(), zero;
    double *S = vector((int64_t)COUNT_OF * runs), apart = 0;
    for (int k = 0; k < COUNT_OF; k++)
        kinds[k] = (struct kind_of_row){maps[k / 50], 1, means[k / 10 % 5],
                                        at[k % 10]};
    draw_rows("curves", COUNT_OF, kinds, n, par.width, runs, S);
    struct table *t = table("curves", "f\tbeta\tgamma\tS\tse\truns\ttheory\t"
                                      "zero");
    for (int k = 0; k < COUNT_OF; k++) {
        struct kind_of_row o = kinds[k];
        double expected = theory(o.f, 1, o.beta, o.gamma);
        struct mean m = mean_of_rows(runs, S + (int64_t)k * runs, &zero);
        if (n * expected * expected > 1000) // and so no row of zeros
            apart = worse(apart, zero ? NAN : fabs(m.mean - expected) / m.se);
        if (zero > runs / 2)
            continue;
        row(t, "%s\t%g\t%g\t%.9g\t%.3g\t%d\t%.9g\t%d", map_names[o.f], o.beta,
            o.gamma, m.mean, m.se, m.runs, expected, zero);
        name_curve(o, m);
        if (o.f == EXP && o.beta == 0 && o.gamma == 2)
            not_infinite(m, expected);
    }
    done(t);
    free(S);
    value("curves_tokens", n, 0, 1, "1", EXACT);
    value("curves_draws", runs, 0, 1, "1", EXACT);
    value("one_scalar_apart", apart, 0, 1, "se", SAMPLED);
    claim("one-scalar", AT_MOST, apart, 0, 1, 4.5, 0,
          "the largest of a hundred and some differences, in standard errors; "
          "one beyond 4.5 by chance in a thousand such runs");
}

// ---- finite n ---------------------------------------------------------------

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { SPREADS = 7 };
static const double spreads[SPREADS] = {.5, 1, 1.5, 2, 3, 4, 8};

// sum p^2 of softmax over n scores: out [SPREADS][runs].
static void draw_sums(int n, int runs, double *out)
{
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < runs; i++) {
        struct random r = stream("energy", (uint32_t)(n + i));
        float *z = floats(n), *a = floats(n);
        normals32(&r, n, z);
        for (int k = 0; k < SPREADS; k++) {
            weigh(EXP, 0, 0, (float)spreads[k], n, z, a);
            double S = sparsity(n, a);
            out[(int64_t)k * runs + i] = 1 / (n * S * S);
        }
        free(z);
        free(a);
    }
}

// A row for n tokens and one spread; how far the mean is from the integral, in
// standard errors.
static double energy_row(struct table *t, int n, double gamma, int runs,
                         double sum[runs])
{
    double expected = exact_sum(n, gamma), tokens[runs];
    struct mean m = mean(runs, sum);
    for (int i = 0; i < runs; i++)
        tokens[i] = 1 / sum[i];
    struct mean k = mean(runs, tokens);
    qsort(tokens, (size_t)runs, sizeof *tokens, ascending);
    row(t, "%d\t%g\t%.9g\t%.3g\t%d\t%.9g\t%.9g\t%.3g\t%.9g", n, gamma, m.mean,
        m.se, runs, expected, k.mean, k.se, tokens[runs / 2]);
    if (n == 4096 && gamma == 2) {
        value("sum_two_mc", m.mean, m.se, runs, "1", SAMPLED);
        value("sum_two_exact", expected, 0, 1, "1", COMPUTED);
        value("neff_two_mc", 1 / m.mean, m.se / m.mean / m.mean, runs, "1",
              SAMPLED);
        value("neff_two_exact", 1 / expected, 0, 1, "1", COMPUTED);
        value("neff_two_naive", n * exp(-4), 0, 1, "1", COMPUTED);
        value("median_two", tokens[runs / 2], 0, 1, "1", SAMPLED);
    }
    return fabs(m.mean - expected) / m.se;
}

// How the focus of softmax grows with n under four laws for its spread.
static void budgets(void)
{
    static const char *const laws[] = {"fixed", "root", "critical", "beyond"};
    static const double times[] = {0, 1, M_SQRT2, 1.5 * M_SQRT2};
    enum { AT = 18 }; // 2^6 ... 2^40
    double of[4][AT];
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 4 * AT; i++) {
        double n = ldexp(1, 6 + i % AT * 2), root = sqrt(log(n));
        of[i / AT][i % AT] =
            1 / exact_sum(n, i / AT ? times[i / AT] * root : 1);
    }
    struct table *t = table("budget", "n\tlaw\ttokens");
    for (int i = 0; i < 4 * AT; i++)
        row(t, "%.0f\t%s\t%.9g", ldexp(1, 6 + i % AT * 2), laws[i / AT],
            of[i / AT][i % AT]);
    done(t);
    value("root_grows", of[1][7] / of[1][1], 0, 1, "1", COMPUTED);
    value("critical_grows", of[2][7] / of[2][1], 0, 1, "1", COMPUTED);
    value("critical_256", of[2][1], 0, 1, "1", COMPUTED);
    value("critical_1m", of[2][7], 0, 1, "1", COMPUTED);
    claim("root-log-enough", AT_MOST, of[1][7] / of[1][1], 0, 1, 1, 0,
          "integrals to twelve digits");
}

// Entropies of softmax less log n.
static void entropies(void)
{
    static const double at[] = {.5, 1, 1.5};
    int n = quick ? 1 << 12 : 1 << 18, runs = 40;
    double *h1 = vector(3 * runs), *h2 = vector(3 * runs);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 3 * runs; i++) {
        struct random r = stream("entropy", (uint32_t)i);
        double *a = vector(n);
        normals(&r, n, a);
        for (int j = 0; j < n; j++)
            a[j] = exp64(at[i / runs] * a[j]);
        struct focus f = focus(n, a);
        h1[i] = f.shannon - log(n);
        h2[i] = f.renyi - log(n);
        free(a);
    }
    struct table *t = table("entropies", "gamma\tshannon\tse\truns\tpredicted"
                                         "\trenyi\tse_renyi\trenyi_predicted");
    for (int k = 0; k < 3; k++) {
        double shannon, renyi;
        struct mean m = mean(runs, h1 + k * runs),
                    w = mean(runs, h2 + k * runs);
        exp_entropy(at[k], &shannon, &renyi);
        row(t, "%g\t%.9g\t%.3g\t%d\t%.9g\t%.9g\t%.3g\t%.9g", at[k], m.mean,
            m.se, runs, shannon, w.mean, w.se, renyi);
    }
    done(t);
    free(h1);
    free(h2);
}

// The integral over gamma, and two limits of it.
static void exact_curves(void)
{
    enum { AT = 41 };
    double exact[4 * AT];
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 4 * AT; i++)
        exact[i] = exact_sum(ldexp(1, 8 + i / AT * 4), i % AT / 5.);
    struct table *t = table("energy", "n\tgamma\texact\tnaive\tleading");
    for (int i = 0; i < 4 * AT; i++) {
        double n = ldexp(1, 8 + i / AT * 4), gamma = i % AT / 5.;
        row(t, "%.0f\t%g\t%.9g\t%.9g\t%.9g", n, gamma, exact[i],
            naive_sum(n, gamma), exp(-energy_exponent(log(n), gamma)));
    }
    done(t);
}

// The integral against draws.
static void drawn_sums(void)
{
    double apart = 0;
    struct table *t =
        table("energy-mc", "n\tgamma\tsum_p2\tse\truns\texact\tmean_neff\t"
                           "se_neff\tmedian");
    for (int log_n = 8; log_n <= (quick ? 16 : 20); log_n += 4) {
        int runs = quick ? 400 : log_n == 20 ? 400 : log_n == 16 ? 1600 : 12800;
        double *sum = vector((int64_t)SPREADS * runs);
        draw_sums(1 << log_n, runs, sum);
        for (int k = 0; k < SPREADS; k++)
            apart = worse(apart, energy_row(t, 1 << log_n, spreads[k], runs,
                                            sum + (int64_t)k * runs));
        free(sum);
    }
    done(t);
    value("exact_sum_apart", apart, 0, 1, "se", SAMPLED);
    claim("exact-sum", AT_MOST, apart, 0, 1, 4.5, 0,
          "the largest of some thirty differences, in standard errors, of laws "
          "with a long tail");
}

// The spread at which ten tokens are in focus.
static void keep_ten(void)
{
    struct table *t = table("keep", "n\tgamma\tnaive\tcritical");
    double gamma[4];
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 4; i++)
        gamma[i] = norm_for(ldexp(1, 8 + 4 * i), 10);
    for (int i = 0; i < 4; i++) {
        double n = ldexp(1, 8 + 4 * i);
        row(t, "%.0f\t%.9g\t%.9g\t%.9g", n, gamma[i], sqrt(log(n / 10)),
            sqrt(2 * log(n)));
    }
    value("keep_256", gamma[0], 0, 1, "1", COMPUTED);
    value("keep_1m", gamma[3], 0, 1, "1", COMPUTED);
    done(t);
}

static void energy(void)
{
    exact_curves();
    drawn_sums();
    keep_ten();
    value("frozen_exact", exact_sum(1 << 20, 8), 0, 1, "1", COMPUTED);
    value("frozen_law", frozen(1 << 20, 8), 0, 1, "1", COMPUTED);
    budgets();
    entropies();
}

// ---- the floor --------------------------------------------------------------

// The score itself, over random queries and offsets of the keys: the least S of
// the formula, and by how much the query's length changes it.
static void random_queries(void)
{
    static const enum map maps[] = {IDENTITY, RELU, RELU2, POWER};
    enum { D = 64 };
    int count = quick ? 2000 : 10000;
    double least = 1, change = 0;
#pragma omp parallel for reduction(lesser : least) reduction(worse : change)
    for (int i = 0; i < count; i++) {
        struct random r = stream("queries", (uint32_t)i);
        double q[D], mu[D], far = exp(normal(&r));
        normals(&r, D, q);
        normals(&r, D, mu);
        double beta = far * dot(D, q, mu) / 8, gamma = sqrt(dot(D, q, q));
        least = lesser(least, identity_focus(beta / gamma));
        double c = exp(3 * normal(&r));
        for (int k = 0; k < 4; k++)
            change =
                worse(change, fabs(scaled_query(maps[k], 3, c, beta, gamma) /
                                       theory(maps[k], 3, beta, gamma) -
                                   1));
    }
    double floor_at = sqrt(2 / M_PI);
    value("floor_least", least, 1e-6, 1, "1", SAMPLED);
    value("floor_at", floor_at, 0, 1, "1", COMPUTED);
    value("floor_share", 200 / M_PI, 0, 1, "%", COMPUTED);
    claim("floor", AT_LEAST, least, 0, 1, floor_at - 1e-15, 0,
          "a formula, rounded");
    claim("norm-blind", AT_MOST, change, 0, 1, 1e-12, 0,
          "formulas whose ratio of mean to spread is off by 1e-16, at ratios "
          "of up to 20");
}

// A row of n scores by Student's law: S, and the bound by its kurtosis.
static void student_row(int nu, int n, struct random *r, double *S,
                        double *bound)
{
    float *z = floats(n), *x = floats(n), *square = floats(n);
    double *a = vector(n);
    normals32(r, n, z);
    memset(square, 0, n * sizeof *square);
    for (int j = 0; j < nu; j++) {
        normals32(r, n, x);
        for (int l = 0; l < n; l++)
            square[l] += x[l] * x[l];
    }
    for (int l = 0; l < n; l++)
        a[l] = z[l] /= sqrtf(square[l]);
    *S = sparsity(n, z);
    *bound = kurtosis_bound(n, a);
    free(a);
    free(z);
    free(x);
    free(square);
}

// Scores normal over an independent random scale: Student's law.
static void students(void)
{
    static const int nus[] = {3, 5, 10};
    int n = 16384, runs = draws();
    struct table *t = table("student", "nu\tS\tmeasured\tse\truns\tbound");
    double least = INFINITY;
    for (int k = 0; k < 3; k++) {
        double S[runs], bound[runs];
#pragma omp parallel for
        for (int i = 0; i < runs; i++) {
            struct random r = stream("student", (uint32_t)(k * runs + i));
            student_row(nus[k], n, &r, &S[i], &bound[i]);
        }
        for (int i = 0; i < runs; i++)
            least = lesser(least, S[i] / bound[i]);
        struct mean m = mean(runs, S);
        row(t, "%d\t%.9g\t%.9g\t%.3g\t%d\t%.9g", nus[k], student_floor(nus[k]),
            m.mean, m.se, runs, mean(runs, bound).mean);
        if (nus[k] == 3) {
            value_of_row("student_three", m);
            claim("floor-any-logits", AT_LEAST, m.mean, m.se, runs,
                  sqrt(2 / M_PI), 0, "means of independent rows");
        }
    }
    done(t);
    claim("kurtosis-bound", AT_LEAST, least, 0, 1, 1 - 1e-12, 0,
          "sums of positive terms, rounded");
}

// The maps of this experiment; the cube and exp are in some tables only.
static const enum map floor_maps[] = {IDENTITY, RELU, RELU2, POWER, POWER, EXP};
static const char *const floor_names[] = {"identity", "relu", "relu2", "square",
                                          "cube"};
static const int floor_M[] = {1, 1, 1, 2, 3, 1};

// S over the ratio of mean and spread.
static void floor_formulas(void)
{
    struct table *t = table("floor", "r\tidentity\trelu\trelu2\tsquare\tcube\t"
                                     "slope");
    for (int i = -80; i <= 80; i++) {
        double S[5];
        for (int k = 0; k < 5; k++)
            S[k] = theory(floor_maps[k], floor_M[k], i / 20., 1);
        row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", i / 20., S[0], S[1],
            S[2], S[3], S[4], identity_slope(i / 20.));
    }
    done(t);
    t = table("tail", "r\trelu\trelu_law\trelu2\trelu2_law");
    for (int i = 2; i <= 40; i++)
        row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g", -i / 2., relu_focus(1, -i, 2),
            relu_tail(1, -i / 2.), relu_focus(2, -i, 2), relu_tail(2, -i / 2.));
    done(t);
}

// The same, drawn, and how often a row is under the floor.
static void floor_rows(void)
{
    enum { AT = 9 };
    struct kind_of_row kinds[5 * AT];
    int runs = draws(), zero;
    double *S = vector((int64_t)5 * AT * runs), dip[runs];
    for (int k = 0; k < 5 * AT; k++)
        kinds[k] = (struct kind_of_row){floor_maps[k / AT], floor_M[k / AT],
                                        k % AT - 4, 1};
    draw_rows("floor", 5 * AT, kinds, par.tokens, par.width, runs, S);
    struct table *t = table("floor-mc", "f\tr\tS\tse\truns\ttheory");
    for (int k = 0; k < 5 * AT; k++) {
        struct kind_of_row o = kinds[k];
        struct mean m = mean_of_rows(runs, S + (int64_t)k * runs, &zero);
        if (zero > runs / 2)
            continue;
        row(t, "%s\t%g\t%.9g\t%.3g\t%d\t%.9g", floor_names[k / AT], o.beta,
            m.mean, m.se, m.runs, theory(o.f, o.M, o.beta, 1));
    }
    done(t);
    for (int i = 0; i < runs; i++)
        dip[i] = 100 * (S[4 * runs + i] < sqrt(2 / M_PI));
    struct mean m = mean(runs, dip);
    value("floor_dip", m.mean, m.se, runs, "%", SAMPLED);
    free(S);
}

// A longer or shorter query.
static void longer_queries(void)
{
    struct table *t = table("norm", "c\tidentity\trelu\trelu2\tsquare\texp");
    for (int i = -20; i <= 20; i++) {
        double c = pow(10, i / 20.), x[6];
        for (int k = 0; k < 6; k++)
            x[k] = scaled_query(floor_maps[k], floor_M[k], c, -0.5, 1);
        row(t, "%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", c, x[0], x[1], x[2], x[3],
            x[5]);
    }
    done(t);
}

static void floor_trials(void)
{
    floor_formulas();
    floor_rows();
    longer_queries();
    random_queries();
    students();
}

// ---- the ladder -------------------------------------------------------------

enum { RUNGS = 6 };
static const int rungs[RUNGS] = {1, 2, 3, 4, 6, 8};

// Monomials of degree M in d variables: the features that s^M takes.
static double monomials(int d, int M)
{
    return rint(exp(lgamma(d + M) - lgamma(M + 1) - lgamma(d)));
}

// What a rung costs, and the first whose floor is a hundredth of the tokens.
static void steps(void)
{
    struct table *t = table("steps", "degree\tpower\trelu\tasymptote\t"
                                     "features");
    int first = 0;
    for (int M = 1; M <= 12; M++) {
        double S = ladder(M);
        row(t, "%d\t%.9g\t%.9g\t%.9g\t%.9g", M, S, S / M_SQRT2,
            exp2(0.25 - M / 2.), monomials(64, M));
        first = !first && S * S < 0.01 ? M : first;
    }
    done(t);
    value("ladder_degree", first, 0, 1, "1", EXACT);
    value("ladder_dimension", monomials(64, first), 0, 1, "1", EXACT);
    value("ladder_based", ladder(2), 0, 1, "1", COMPUTED);
}

static void ladders(void)
{
    static const double at[] = {.5, 1, 1.5, 2, 3, 4};
    struct table *t = table("ladder", "gamma\tM1\tM2\tM3\tM4\tM6\tM8\texp");
    double least = INFINITY, apart = 0;
    for (int i = 0; i <= 80; i++) {
        double gamma = i / 20., S[RUNGS];
        for (int k = 0; k < RUNGS; k++) {
            S[k] = theory(TRUNCEXP, rungs[k], 0, gamma);
            least = lesser(least, S[k] / ladder(rungs[k]) - 1);
        }
        row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", gamma, S[0],
            S[1], S[2], S[3], S[4], S[5], exp_focus(gamma));
    }
    done(t);
    claim("ladder-floor", AT_LEAST, least, 0, 1, 0, 0,
          "formulas to thirteen digits");
    struct kind_of_row kinds[6 * RUNGS];
    int runs = draws(), zero;
    double *S = vector((int64_t)6 * RUNGS * runs);
    for (int k = 0; k < 6 * RUNGS; k++)
        kinds[k] = (struct kind_of_row){TRUNCEXP, rungs[k / 6], 0, at[k % 6]};
    draw_rows("ladder", 6 * RUNGS, kinds, par.tokens, par.width, runs, S);
    t = table("ladder-mc", "degree\tgamma\tS\tse\truns\ttheory");
    for (int k = 0; k < 6 * RUNGS; k++) {
        struct kind_of_row o = kinds[k];
        struct mean m = mean_of_rows(runs, S + (int64_t)k * runs, &zero);
        double expected = theory(TRUNCEXP, o.M, 0, o.gamma);
        row(t, "%d\t%g\t%.9g\t%.3g\t%d\t%.9g", o.M, o.gamma, m.mean, m.se,
            m.runs, expected);
        if (par.tokens * expected * expected > 1000)
            apart = worse(apart, fabs(m.mean - expected) / m.se);
    }
    done(t);
    free(S);
    claim("ladder-drawn", AT_MOST, apart, 0, 1, 4.5, 0,
          "the largest of some twenty differences, in standard errors");
    steps();
}

// ---- features ---------------------------------------------------------------

enum query { ONE_HOT, DENSE, RELU_NORMAL, QUERIES };
static const char *const query_names[QUERIES] = {"onehot", "dense", "relu"};

// A query none of whose entries is negative, and not all of them zero.
static void draw_query(enum query kind, struct random *r, int d, double q[d])
{
    double total = 0;
    while (total == 0)
        for (int i = 0; i < d; i++) {
            q[i] = kind == ONE_HOT ? i == 0
                   : kind == DENSE ? 1
                                   : fmax(normal(r), 0);
            total += q[i];
        }
}

// S of n keys with relu features of normal numbers under such a query, and what
// the formula says of that query.
static void feature_row(enum query kind, int d, int i, int n, double *S,
                        double *expected)
{
    struct random r = stream(query_names[kind], (uint32_t)(d * 65536 + i));
    float *x = floats(n), *a = floats(n);
    double q[d];
    draw_query(kind, &r, d, q);
    memset(a, 0, n * sizeof *a);
    for (int c = 0; c < (kind == ONE_HOT ? 1 : d); c++) {
        normals32(&r, n, x);
        for (int j = 0; j < n; j++)
            a[j] += (float)q[c] * (x[j] > 0 ? x[j] : 0);
    }
    *S = sparsity(n, a);
    *expected = iid_focus(M_PI - 1, norm_ratio(d, q));
    free(x);
    free(a);
}

// The ratio of norms that the source bounds by sqrt d.
static void ratios(void)
{
    struct table *t =
        table("ratio", "d\tleast\tmean\tse\truns\tmost\tbound\tsource\tlaw");
    int queries = quick ? 1000 : 10000;
    double *ratio = vector(queries);
    for (int d = 1; d <= 1024; d *= 2) {
        double least = INFINITY, most = 0, flat[d];
#pragma omp parallel for
        for (int i = 0; i < queries; i++) {
            struct random r = stream("ratio", (uint32_t)(d * 16384 + i));
            double q[d];
            draw_query(i ? RELU_NORMAL : ONE_HOT, &r, d, q);
            ratio[i] = norm_ratio(d, q);
        }
        for (int i = 0; i < queries; i++) {
            least = fmin(least, ratio[i]);
            most = fmax(most, ratio[i]);
        }
        draw_query(DENSE, NULL, d, flat);
        most = fmax(most, norm_ratio(d, flat));
        struct mean m = mean(queries, ratio);
        row(t, "%d\t%.9g\t%.9g\t%.3g\t%d\t%.9g\t%d\t%.9g\t%.9g", d, least,
            m.mean, m.se, queries, most, 1, sqrt(d), sqrt(M_PI / d));
        if (d == 64) {
            value("ratio_most", most, 0, 1, "1", SAMPLED);
            value("ratio_mean", m.mean, m.se, queries, "1", SAMPLED);
            claim("ratio-root-d", AT_LEAST, most, 0, 1, 8, 0,
                  "a ratio of norms, rounded");
        }
    }
    done(t);
    free(ratio);
}

// Features that depend on each other, exponentials of mixed normal numbers, and
// any query: S of a row over the floor, least of all.
static void correlated_features(void)
{
    enum { D = 8, N = 256 };
    int count = quick ? 500 : 5000;
    double least = INFINITY, apart = 0;
#pragma omp parallel for reduction(lesser : least) reduction(worse : apart)
    for (int i = 0; i < count; i++) {
        struct random r = stream("correlated", (uint32_t)i);
        double q[D], mu[D] = {0}, C[D][D] = {{0}}, h[N][D], a[N], mix[D * D];
        draw_query(RELU_NORMAL, &r, D, q);
        normals(&r, D * D, mix);
        for (int j = 0; j < N; j++) {
            double z[D];
            normals(&r, D, z);
            for (int c = 0; c < D; c++) {
                h[j][c] = exp(dot(D, mix + c * D, z) / 3);
                mu[c] += h[j][c] / N;
            }
            a[j] = dot(D, q, h[j]);
        }
        for (int j = 0; j < N; j++)
            for (int c = 0; c < D * D; c++)
                C[c / D][c % D] +=
                    (h[j][c / D] - mu[c / D]) * (h[j][c % D] - mu[c % D]) / N;
        double S = linear_focus(D, q, mu, C);
        least = lesser(least, S / feature_floor(D, mu, C));
        apart = worse(apart, fabs(S / focus(N, a).S - 1));
    }
    value("feature_floor_least", least, 1e-6, 1, "1", SAMPLED);
    claim("feature-floor", AT_LEAST, least, 0, 1, 1 - 1e-12, 0,
          "sums of positive terms, rounded");
    claim("nonnegative", AT_MOST, apart, 0, 1, 1e-12, 0,
          "sums of 256 terms, rounded");
}

// Rows under three kinds of query, of one to 256 features.
static void feature_rows(void)
{
    struct table *t = table("features", "query\td\tS\tse\truns\ttheory\tlaw");
    int n = par.tokens, runs = draws();
    double apart = 0, *S = vector(runs), *want = vector(runs);
    double off[runs];
    struct mean wide[2];
    for (int k = 0; k < QUERIES; k++)
        for (int d = 1; d <= 256; d *= 4) {
#pragma omp parallel for schedule(dynamic)
            for (int i = 0; i < runs; i++)
                feature_row((enum query)k, d, i, n, &S[i], &want[i]);
            for (int i = 0; i < runs; i++)
                off[i] = S[i] - want[i];
            struct mean m = mean(runs, S), e = mean(runs, want),
                        o = mean(runs, off);
            apart = worse(apart, fabs(o.mean) / o.se);
            row(t, "%s\t%d\t%.9g\t%.3g\t%d\t%.9g\t%.9g", query_names[k], d,
                m.mean, m.se, runs, e.mean,
                k == RELU_NORMAL ? relu_features(d) : e.mean);
            if (k == RELU_NORMAL && (d == 16 || d == 256))
                wide[d == 256] = m;
        }
    done(t);
    claim("features-agree", AT_MOST, apart, 0, 1, 4.5, 0,
          "the largest of fifteen differences, in standard errors");
    claim("wider-focuses", AT_MOST, wide[1].mean - wide[0].mean,
          hypot(wide[0].se, wide[1].se), runs, 0, 0,
          "means of independent rows");
    free(S);
    free(want);
}

// One feature of each kind.
static void feature_maps(void)
{
    struct table *t = table("maps", "map\tmean\tcv2\tonehot\tdense");
    for (int h = 0; h < FEATURES; h++) {
        double cv2, m = feature_mean((enum feature)h, &cv2), least, most;
        feature_bounds(cv2, 64, &least, &most);
        row(t, "%s\t%.9g\t%.9g\t%.9g\t%.9g", feature_names[h], m, cv2, least,
            most);
    }
    done(t);
    value("relu16", relu_features(16), 0, 1, "1", COMPUTED);
    value("relu64", relu_features(64), 0, 1, "1", COMPUTED);
    value("relu256", relu_features(256), 0, 1, "1", COMPUTED);
}

static void feature_trials(void)
{
    feature_rows();
    feature_maps();
    ratios();
    correlated_features();
}

// ---- decay ------------------------------------------------------------------

// Effective tokens of the weights themselves, summed in long doubles.
static double direct_decay(double lambda, int n)
{
    long double one = 0, two = 0, a = 1;
    for (int j = 0; j < n; j++, a *= lambda) {
        one += a;
        two += a * a;
    }
    return (double)(one * one / two);
}

// Tokens in focus of e^(gamma z - m j).
static double mixed_row(double gamma, double m, int i)
{
    int n = (int)(40 / m);
    struct random r = stream("mixed", (uint32_t)i);
    float *z = floats(n);
    normals32(&r, n, z);
    for (int j = 0; j < n; j++)
        z[j] = exp32((float)(gamma * (z[j] - 7) - m * j));
    double S = sparsity(n, z);
    free(z);
    return n * S * S;
}

static void mixed(void)
{
    static const double gammas[] = {.25, .5, 1, 1.5, 2},
                        slopes[] = {.5, .1, .02};
    int runs = quick ? 200 : 2000;
    struct table *t =
        table("mixed", "gamma\tslope\ttokens\tse\truns\tannealed");
    double *tokens = vector(runs);
    for (int g = 0; g < 5; g++)
        for (int s = 0; s < 3; s++) {
#pragma omp parallel for
            for (int i = 0; i < runs; i++)
                tokens[i] = mixed_row(gammas[g], slopes[s], i);
            struct mean m = mean(runs, tokens);
            row(t, "%g\t%g\t%.9g\t%.3g\t%d\t%.9g", gammas[g], slopes[s], m.mean,
                m.se, runs, annealed(gammas[g], slopes[s]));
            if (s == 1 && (gammas[g] == .5 || gammas[g] == 1))
                value_of_row(gammas[g] == 1 ? "mixed_one" : "mixed_half", m);
        }
    done(t);
    free(tokens);
    value("annealed_half", annealed(.5, .1), 0, 1, "1", COMPUTED);
    value("annealed_one", annealed(1, .1), 0, 1, "1", COMPUTED);
}

static void decay_trials(void)
{
    static const double lambdas[] = {.5,  .75,       .9,   .96875,
                                     .99, .99609375, .999, 1};
    double error = 0, slack = INFINITY;
    struct table *t = table("decay", "lambda\tn\tS\tbound\ttokens\tdirect");
    for (int k = 0; k < 8; k++)
        for (int n = 1; n <= 1 << 16; n *= 2) {
            double l = lambdas[k], tokens = decay(l, n), S = sqrt(tokens / n);
            double direct = direct_decay(l, n), bound = decay_bound(l, n);
            error = worse(error, fabs(tokens / direct - 1));
            if (l < 1)
                slack = lesser(slack, bound / S - 1);
            row(t, "%g\t%d\t%.9g\t%.9g\t%.9g\t%.9g", l, n, S,
                isfinite(bound) ? bound : 1e9, tokens, direct);
        }
    done(t);
    value("decay_error", error, 1e-14, 1, "1", COMPUTED);
    claim("decay-exact", AT_MOST, error, 0, 1, 1e-14, 0,
          "rounding of a tangent and of sums of long doubles");
    claim("decay-bounded", AT_LEAST, slack, 0, 1, -1e-15, 0,
          "equal to rounding once lambda^n is below it");
    t = table("heads", "family\thead\tlambda\ttokens");
    for (int h = 0; h < 8; h++) {
        double l = 1 - exp2(-5 - h);
        row(t, "RetNet\t%d\t%.9g\t%.9g", h, l, decay(l, INFINITY));
    }
    for (int m = 1; m <= 8; m++)
        row(t, "ALiBi\t%d\t%.9g\t%.9g", m, exp(-exp2(-m)),
            1 / tanh(exp2(-m) / 2));
    done(t);
    mixed();
}

// ---- rank -------------------------------------------------------------------

// Singular values of a [m][n], which is lost, the largest first.
static void singular_values(int m, int n, double *a, double s[])
{
    int k = m < n ? m : n, large = m < n ? n : m, info, one = 1;
    int work = 3 * k + (large > 7 * k ? large : 7 * k) + 64 * large;
    double *w = vector(work);
    int *iw = malloc(8 * (size_t)k * sizeof *iw);
    if (!iw)
        die("no memory for %d numbers", 8 * k);
    dgesdd_("N", &n, &m, a, &n, s, w, &one, w, &one, w, &work, iw, &info);
    require(info == 0);
    free(w);
    free(iw);
}

// How many singular values are above rounding.  eq:causal-rank
static int rank(int m, int n, const double s[])
{
    int k = 0, least = m < n ? m : n, most = m < n ? n : m;
    while (k < least && s[k] > most * 2.2e-16 * s[0])
        k++;
    return k;
}

// e to the entropy of singular values over their sum.  eq:effective-rank
static double effective_rank(int k, const double s[k])
{
    return exp(focus(k, s).shannon);
}

enum { ROWS_OF = 128, D_OF = 8 };
enum attention { A_ELU1, A_RELU, A_EXP, A_ABS, A_SOFTMAX, ATTENTIONS };
static const char *const attention_names[] = {"elu1", "relu", "exp", "abs",
                                              "softmax"};
enum part { WHOLE, CAUSAL, FAR, PARTS };

static double key_feature(enum attention f, double z)
{
    switch (f) {
    case A_ELU1: return feature(F_ELU1, z);
    case A_RELU: return fmax(z, 0);
    case A_EXP: return exp(z);
    default: return fabs(z);
    }
}

// Attention of normal queries and keys, rows that are not all zeros summing to
// one.  FAR: of the later half to the earlier, [64][64].
static void attention_matrix(enum attention f, enum part part, const double *q,
                             const double *k, double *a)
{
    int half = part == FAR ? ROWS_OF / 2 : 0, n = ROWS_OF - half;
    for (int i = 0; i < n; i++) {
        double total = 0, *to = a + i * n;
        for (int j = 0; j < n; j++) {
            const double *x = q + (i + half) * D_OF, *y = k + j * D_OF;
            to[j] = 0;
            for (int c = 0; c < D_OF && f != A_SOFTMAX; c++)
                to[j] += key_feature(f, x[c]) * key_feature(f, y[c]);
            if (f == A_SOFTMAX)
                to[j] = exp(dot(D_OF, x, y) / sqrt(D_OF));
            to[j] *= part != CAUSAL || j <= i;
            total += to[j];
        }
        for (int j = 0; j < n; j++)
            to[j] /= total > 0 ? total : 1;
    }
}

// One draw: ranks, effective ranks and singular values over the largest.
struct spectrum {
    double rank, effective, s[ROWS_OF];
};

static void draw_spectra(int i, struct spectrum out[ATTENTIONS][PARTS],
                         double *holes)
{
    enum { M = ROWS_OF };
    struct random r = stream("rank", (uint32_t)i);
    double q[M * D_OF], k[M * D_OF], *a = vector(M * M);
    normals(&r, M * D_OF, q);
    normals(&r, M * D_OF, k);
    for (int f = 0; f < ATTENTIONS; f++)
        for (int p = 0; p < PARTS; p++) {
            struct spectrum *o = &out[f][p];
            int n = p == FAR ? M / 2 : M;
            attention_matrix((enum attention)f, (enum part)p, q, k, a);
            for (int j = 0; j < n && f == A_RELU && p == CAUSAL; j++)
                *holes += a[j * n + j] == 0;
            singular_values(n, n, a, o->s);
            o->rank = rank(n, n, o->s);
            o->effective = effective_rank(n, o->s);
            for (int j = n - 1; j >= 0; j--)
                o->s[j] /= o->s[0];
        }
    free(a);
}

static void rank_claims(int runs, const struct spectrum (*x)[ATTENTIONS][PARTS])
{
    double causal = INFINITY, far = 0, ranks[runs];
    for (int i = 0; i < runs; i++) {
        causal = fmin(causal, x[i][A_ELU1][CAUSAL].rank);
        ranks[i] = x[i][A_RELU][CAUSAL].rank;
        for (int f = 0; f < A_SOFTMAX; f++)
            far = fmax(far, x[i][f][FAR].rank);
    }
    struct mean relu = mean(runs, ranks);
    value("causal_rank", causal, 0, 1, "1", EXACT);
    value("far_rank", far, 0, 1, "1", EXACT);
    value("relu_rank", relu.mean, relu.se, runs, "1", SAMPLED);
    claim("causal-full", EQUAL, causal, 0, 1, ROWS_OF, 0, "a whole number");
    claim("far-block", AT_MOST, far, 0, 1, D_OF, 0, "a whole number");
    claim("relu-full", AT_LEAST, relu.mean, relu.se, runs, ROWS_OF, 0,
          "means of independent draws");
}

static void spectra(int runs, const struct spectrum (*x)[ATTENTIONS][PARTS])
{
    static const int show[6][2] = {{A_ELU1, WHOLE},    {A_ELU1, CAUSAL},
                                   {A_SOFTMAX, WHOLE}, {A_SOFTMAX, CAUSAL},
                                   {A_ELU1, FAR},      {A_SOFTMAX, FAR}};
    struct table *t = table("rank", "index\tbidirectional\tcausal\tsoftmax\t"
                                    "softmax_causal\tfar\tfar_softmax");
    for (int j = 0; j < ROWS_OF; j++) {
        double s[6] = {0};
        for (int k = 0; k < 6; k++)
            for (int i = 0; i < runs; i++)
                s[k] += x[i][show[k][0]][show[k][1]].s[j] / runs;
        // No logarithm of zero: what is below rounding is drawn there.
        for (int k = 0; k < 6; k++)
            s[k] = s[k] > 1e-16 ? s[k] : 1e-16;
        row(t, "%d\t%.5g\t%.5g\t%.5g\t%.5g\t%.5g\t%.5g", j + 1, s[0], s[1],
            s[2], s[3], s[4], s[5]);
    }
    done(t);
}

static void rank_table(int runs, const struct spectrum (*x)[ATTENTIONS][PARTS])
{
    static const char *const names[] = {"whole", "causal", "far"},
                             *const effective[] = {"bidirectional", "causal",
                                                   "far"};
    struct table *t = table("ranks", "matrix\tfeatures\trank\tse\truns\t"
                                     "effective\tse_effective");
    for (int p = 0; p < PARTS; p++)
        for (int f = 0; f < ATTENTIONS; f++) {
            double k[runs], e[runs];
            for (int i = 0; i < runs; i++) {
                k[i] = x[i][f][p].rank;
                e[i] = x[i][f][p].effective;
            }
            struct mean m = mean(runs, k), w = mean(runs, e);
            row(t, "%s\t%s\t%.9g\t%.3g\t%d\t%.9g\t%.3g", names[p],
                attention_names[f], m.mean, m.se, runs, w.mean, w.se);
            char name[60];
            snprintf(name, sizeof name, "effective_%s%s",
                     f == A_SOFTMAX ? "softmax_" : "", effective[p]);
            if (f == A_ELU1 || f == A_SOFTMAX)
                value_of_row(name, w);
        }
    done(t);
}

static void ranks(void)
{
    int runs = quick ? 20 : 100;
    struct spectrum(*x)[ATTENTIONS][PARTS] = calloc((size_t)runs, sizeof *x);
    double holes[runs];
    if (!x)
        die("no memory for %d spectra", runs);
    memset(holes, 0, sizeof holes);
    openblas_set_num_threads(1);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < runs; i++)
        draw_spectra(i, x[i], &holes[i]);
    rank_table(runs, (const void *)x);
    struct mean m = mean(runs, holes);
    value_of_row("diagonal_zero", m);
    value("diagonal_zero_theory", ROWS_OF * pow(.75, D_OF), 0, 1, "1",
          COMPUTED);
    spectra(runs, (const void *)x);
    rank_claims(runs, (const void *)x);
    free(x);
}

// ---- retrieval --------------------------------------------------------------

// Of 64 values of a sign each, how many linear attention reads wrongly: query
// k_1, of length sqrt d, among N keys.
static double wrong_bits(int d, int N, int i)
{
    enum { BITS = 64 };
    struct random r = stream("bits", (uint32_t)(N * 8192 + i));
    float *z = floats(N);
    double read[BITS];
    projected(&r, d, N, z);
    for (int b = 0; b < BITS; b++)
        read[b] = sqrt(d); // the true key's, over sqrt d; its signs are +
    for (int j = 1; j < N; j++) {
        uint64_t sign = bits(&r) | (uint64_t)bits(&r) << 32;
        for (int b = 0; b < BITS; b++)
            read[b] += sign >> b & 1 ? z[j] : -z[j];
    }
    free(z);
    int wrong = 0;
    for (int b = 0; b < BITS; b++)
        wrong += read[b] < 0;
    return wrong / (double)BITS;
}

static double bit_errors(int d)
{
    int runs = quick ? 400 : 2000;
    double *wrong = vector(runs), apart = 0;
    struct table *t = table("bits", "d\tN\terror\tse\truns\tpredicted");
    for (int N = d / 8; N <= 16 * d; N *= 2) {
#pragma omp parallel for schedule(dynamic)
        for (int i = 0; i < runs; i++)
            wrong[i] = wrong_bits(d, N, i);
        struct mean m = mean(runs, wrong);
        double expected = bit_error(d, N);
        row(t, "%d\t%d\t%.9g\t%.3g\t%d\t%.9g", d, N, m.mean, m.se, runs,
            expected);
        // A rare error has no normal law: at least ten must be expected.
        if (expected * runs * 64 > 10)
            apart = worse(apart, fabs(m.mean - expected) / m.se);
        if (N == d || N == 4 * d)
            value_of_row(N == d ? "error_64" : "error_256", m);
    }
    done(t);
    free(wrong);
    value("error_64_theory", bit_error(64, 64), 0, 1, "1", COMPUTED);
    value("error_256_theory", bit_error(64, 256), 0, 1, "1", COMPUTED);
    return apart;
}

enum reader { R_LINEAR, R_RELU2, R_MILD, R_SHARP, READERS };

// Shares of weight on the true key, whose scores are s |k_1|^2, and those of
// the others s |k_1| z.
static void draw_shares(double d, int N, double length, struct random *r,
                        double share[READERS])
{
    float *z = floats(N + SUMS);
    double scale = 1 / sqrt(d), sum[READERS][SUMS] = {{0}};
    double mine[] = {length, length * length, 1, 1}; // the last two's: over it
    normals32(r, N, z);
    for (int j = 0; j < SUMS; j++)
        z[N + j] = 0;
    for (int j = 1; j < N; j += SUMS)
        for (int l = 0; l < SUMS; l++) {
            double x = z[j + l], here = j + l < N;
            sum[R_LINEAR][l] += fabs(x);
            sum[R_RELU2][l] += x > 0 ? x * x : 0;
            sum[R_MILD][l] += here * exp64(length * scale * (x - length));
            sum[R_SHARP][l] += here * exp64(length * (x - length));
        }
    for (int k = 0; k < READERS; k++) {
        double others = 0;
        for (int l = 0; l < SUMS; l++)
            others += sum[k][l];
        share[k] = mine[k] / (mine[k] + others);
    }
    free(z);
}

// Means of shares over `runs` draws; |k_1| is sqrt d or, if `random`, drawn.
static void mean_shares(const char *name, int d, int N, int random, int runs,
                        struct mean m[READERS])
{
    double *x = vector((int64_t)READERS * runs);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < runs; i++) {
        struct random r = stream(name, (uint32_t)(N * 4096 + i));
        double share[READERS], k[d], length = sqrt(d);
        if (random) {
            normals(&r, d, k);
            length = sqrt(dot(d, k, k));
        }
        draw_shares(d, N, length, &r, share);
        for (int o = 0; o < READERS; o++)
            x[o * runs + i] = share[o];
    }
    for (int o = 0; o < READERS; o++)
        m[o] = mean(runs, x + o * runs);
    free(x);
}

static void retrieval(void)
{
    enum { D = 64 };
    int runs = quick ? 200 : 1000;
    double apart = bit_errors(D), off = 0;
    claim("bit-error", AT_MOST, apart, 0, 1, 4.5, 0,
          "the largest of eight differences, in standard errors");
    struct table *t =
        table("shares", "N\tlinear\tse_linear\trelu2\tse_relu2\tmild\tse_mild\t"
                        "sharp\tse_sharp\truns\tlinear_theory\trelu2_theory\t"
                        "mild_theory\tsharp_theory");
    for (int N = 4; N <= 1 << (quick ? 14 : 16); N *= 2) {
        struct mean m[READERS];
        mean_shares("shares", D, N, 0, runs, m);
        double e[] = {share_linear(D, N), share_relu2(D, N),
                      share_exp(D, N, 1 / sqrt(D)), share_exp(D, N, 1)};
        row(t,
            "%d\t%.9g\t%.3g\t%.9g\t%.3g\t%.9g\t%.3g\t%.9g\t%.3g\t%d\t%.9g\t"
            "%.9g\t%.9g\t%.9g",
            N, m[0].mean, m[0].se, m[1].mean, m[1].se, m[2].mean, m[2].se,
            m[3].mean, m[3].se, runs, e[0], e[1], e[2], e[3]);
        for (int k = 0; k < READERS && N == 4096; k++) {
            static const char *const names[] = {"share_linear", "share_relu2",
                                                "share_mild", "share_sharp"};
            value_of_row(names[k], m[k]);
            off = worse(off, fabs(m[k].mean / e[k] - 1));
        }
    }
    done(t);
    claim("share-agree", AT_MOST, off, 0, 1, 0.01, 0,
          "shares of 4096 keys are off by a few parts in a thousand");
    struct mean m[READERS];
    mean_shares("jensen", D, 4096, 1, runs, m);
    value_of_row("jensen", m[R_MILD]);
    for (int random = 0; random < 2; random++) {
        mean_shares("sixteen", 16, 65536, random, runs, m);
        value_of_row(random ? "sixteen_random" : "sixteen_fixed", m[R_SHARP]);
    }
    value("sixteen_theory", share_exp(16, 65536, 1), 0, 1, "1", COMPUTED);
}

// ---- random features --------------------------------------------------------

static double correlation(int n, const float a[n], const float b[n])
{
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < n; i++) {
        x += a[i] / n;
        y += b[i] / n;
    }
    for (int i = 0; i < n; i++) {
        xx += (a[i] - x) * (a[i] - x);
        yy += (b[i] - y) * (b[i] - y);
        xy += (a[i] - x) * (b[i] - y);
    }
    return xy / sqrt(xx * yy);
}

enum { RF_FOCUS, RF_EXACT, RF_CORRELATION, RF_FLOOR, RF_NOISE, RF_ALL };

// A draw: S of random features, of softmax, how well weights agree, the floor
// of the widest feature, and the relative error of the first key's weight.  Keys
// have variance `size` in each of d components; |q| is such that scores have
// deviation gamma.
static void draw_features(int d, double size, double gamma, int D, int n, int i,
                          double out[RF_ALL])
{
    struct random r = stream("performer", (uint32_t)(D * 4096 + i));
    float *key = floats((int64_t)d * n), *a = floats(n), *b = floats(n), q[d];
    float length = 0;
    normals32(&r, (int64_t)d * n, key);
    for (int64_t j = 0; j < (int64_t)d * n; j++)
        key[j] *= (float)sqrt(size);
    normals32(&r, d, q);
    for (int c = 0; c < d; c++)
        length += q[c] * q[c];
    memset(b, 0, n * sizeof *b);
    for (int c = 0; c < d; c++) {
        q[c] *= (float)(gamma / sqrt(size)) / sqrtf(length);
        for (int j = 0; j < n; j++)
            b[j] += q[c] * key[(int64_t)c * n + j];
    }
    for (int j = 0; j < n; j++)
        b[j] = exp32(b[j]);
    double x[d], y[d];
    for (int c = 0; c < d; c++) {
        x[c] = q[c];
        y[c] = key[(int64_t)c * n];
    }
    double square = positive_features(d, n, D, q, key, &r, a);
    out[RF_FOCUS] = sparsity(n, a);
    out[RF_EXACT] = sparsity(n, b);
    out[RF_CORRELATION] = correlation(n, a, b);
    out[RF_FLOOR] = iid_focus(feature_spread(d, size, square), 1);
    out[RF_NOISE] = sqrt(feature_noise(d, x, y) / D);
    free(key);
    free(a);
    free(b);
}

// A row of the table, and the means; of the relative error, the median.
static void feature_case(struct table *t, const char *name, int d, double size,
                         double gamma, int D, struct mean m[RF_ALL])
{
    int n = quick ? 1024 : par.tokens, runs = quick ? 40 : par.draws;
    double *x = vector((int64_t)RF_ALL * runs);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < runs; i++) {
        double out[RF_ALL];
        draw_features(d, size, gamma, D, n, i, out);
        for (int k = 0; k < RF_ALL; k++)
            x[k * runs + i] = out[k];
    }
    for (int k = 0; k < RF_ALL; k++)
        m[k] = mean(runs, x + k * runs);
    double *noise = x + RF_NOISE * runs;
    qsort(noise, (size_t)runs, sizeof *noise, ascending);
    m[RF_NOISE] = (struct mean){noise[runs / 2], 0, runs};
    row(t, "%s\t%g\t%d\t%.9g\t%.3g\t%d\t%.9g\t%.3g\t%.9g\t%.9g\t%.9g\t%.9g",
        name, gamma, D, m[RF_FOCUS].mean, m[RF_FOCUS].se * sqrt(runs), runs,
        m[RF_CORRELATION].mean, m[RF_CORRELATION].se * sqrt(runs),
        m[RF_EXACT].mean, exp_focus(gamma), m[RF_FLOOR].mean, m[RF_NOISE].mean);
    free(x);
}

static void performer(void)
{
    struct table *t = table("performer", "case\tgamma\tfeatures\tS\tsd\truns\t"
                                         "correlation\tcorrelation_sd\texact\t"
                                         "infinite\tfloor\tnoise");
    struct mean m[RF_ALL];
    for (int D = 16; D <= 1024; D *= 4) {
        feature_case(t, "wide", 8, 1, 0.5, D, m);
        if (D == 64) {
            value_of_row("performer_wide_S", m[RF_FOCUS]);
            value_of_row("performer_wide_exact", m[RF_EXACT]);
            value_of_row("performer_wide_correlation", m[RF_CORRELATION]);
            value_of_row("noise_wide", m[RF_NOISE]);
            claim("low-focus-good", AT_LEAST, m[RF_CORRELATION].mean,
                  m[RF_CORRELATION].se, m[RF_CORRELATION].runs, 0.5, 0,
                  "means of independent draws");
        }
    }
    for (int g = 1; g <= 4; g *= 2)
        for (int D = 16; D <= 1024; D *= 4) {
            feature_case(t, "narrow", 16, 1. / 16, g / 2., D, m);
            if (g == 4 && D == 1024) {
                value_of_row("performer_narrow_S", m[RF_FOCUS]);
                value_of_row("performer_narrow_exact", m[RF_EXACT]);
                value_of_row("performer_narrow_correlation", m[RF_CORRELATION]);
                value_of_row("spread_thousand", m[RF_FLOOR]);
                claim("thousand-features", AT_MOST,
                      m[RF_FOCUS].mean - m[RF_EXACT].mean,
                      hypot(m[RF_FOCUS].se, m[RF_EXACT].se), m[RF_FOCUS].runs,
                      0, 0, "means of independent draws");
            }
        }
    done(t);
    value("spread_typical", iid_focus(feature_spread(16, 1. / 16, 16), 1), 0, 1,
          "1", COMPUTED);
}
