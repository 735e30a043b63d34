// Precision: how far absorbed and merged products are from the plain ones in
// fp64, fp32 and bfloat16, where terms cancel, and many layers deep.

// The root mean square of what one rounding to bfloat16 changes, over the
// number, where its logarithm is even: half a last digit, 2^-8, over
// sqrt(8 log 2).  eq:bf16
static double one_rounding(void)
{
    return ldexp(1, -8) / sqrt(8 * log(2));
}

// The error of a score of that spread when each of its terms has been rounded
// so often on its way.  eq:roundings
static double rounding_error(double roundings, double spread)
{
    return one_rounding() * sqrt(roundings) * spread;
}

// The error of the scores a_t b_i^T / sqrt(dk), over m of one and n of the
// other, when one factor was rounded last: terms cancel in the sum, but not in
// its error.  eq:cancellation
static double predicted_error(int m, int n, int k, const double *a,
                              const double *b, double dk)
{
    double sum = 0;
    for (int j = 0; j < k; j++) {
        double of_a = 0, of_b = 0;
        for (int i = 0; i < m; i++)
            of_a += pow(nth(a, k, i)[j], 2) / m;
        for (int i = 0; i < n; i++)
            of_b += pow(nth(b, k, i)[j], 2) / n;
        sum += of_a * of_b;
    }
    return one_rounding() * sqrt(sum / dk);
}

static double rms_apart(int64_t n, const double a[n], const double b[n])
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum / n);
}

// ---- the published layer ----------------------------------------------------

typedef void form(struct pass *);
static form *const forms_of[] = {training_form, decode_form, merged_form};
static const char *const form_names[] = {"naive", "absorbed", "merged"};
static const char *const precision_names[] = {"fp64", "fp32", "bf16"};

// The published sizes, or some that --quick has time for.
static struct sizes layer_sizes(void)
{
    struct sizes z = published;
    if (quick)
        z = (struct sizes){640, 16, 128, 64, 128, 128, 256};
    return z;
}

// What a form gave for the last token, next to another's.
struct apart {
    double score, o, u;
};

static struct apart compare(const struct pass *a, const struct pass *b)
{
    struct sizes z = a->l->n;
    return (struct apart){rms_apart((int64_t)z.h * a->n, a->scores, b->scores),
                          relative((int64_t)z.h * z.dv, a->o, b->o),
                          relative(z.d, a->u, b->u)};
}

// A copy of what the pass gave, to compare with.
static struct pass kept(const struct pass *a)
{
    struct sizes z = a->l->n;
    struct pass k = {.l = a->l, .n = a->n, .queries = 1};
    k.scores = zeros(z.h, a->n);
    k.o = zeros(z.h, z.dv);
    k.u = vector(z.d);
    memcpy(k.scores, a->scores, sizeof(double) * z.h * a->n);
    memcpy(k.o, a->o, sizeof(double) * z.h * z.dv);
    memcpy(k.u, a->u, sizeof(double) * z.d);
    return k;
}

// Shares of the scores' errors by size: bin b has 2^(b-1-LEAST) to 2^(b-LEAST).
enum { LEAST = 60, BINS = 60 };
static void count_errors(const struct pass *a, const struct pass *exact,
                         double bins[BINS])
{
    int64_t n = (int64_t)a->l->n.h * a->n;
    for (int64_t i = 0; i < n; i++) {
        int e;
        double error = fabs(a->scores[i] - exact->scores[i]);
        frexp(error, &e);
        e = error > 0 ? e + LEAST : 0;
        bins[e < 0 ? 0 : e >= BINS ? BINS - 1 : e] += 1.0 / n;
    }
}

// By what factor the other path's error is larger, head by head, less one.
static struct mean penalty(const struct pass *exact, const struct pass *naive,
                           const struct pass *absorbed)
{
    int h = exact->l->n.h, n = exact->n;
    double ratio[h];
    for (int s = 0; s < h; s++) {
        const double *x = exact->scores + (int64_t)s * n;
        ratio[s] = rms_apart(n, absorbed->scores + (int64_t)s * n, x) /
                       rms_apart(n, naive->scores + (int64_t)s * n, x) -
                   1;
    }
    return mean(h, ratio);
}

static void spread_of_scores(const struct pass *a, double *spread, double *most)
{
    int64_t n = (int64_t)a->l->n.h * a->n;
    double sum = 0, squares = 0;
    *most = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += a->scores[i];
        squares += a->scores[i] * a->scores[i];
        *most = fmax(*most, fabs(a->scores[i]));
    }
    *spread = sqrt(squares / n - sum / n * (sum / n));
}

static void say_errors(struct table *t, int p, int f, struct apart e)
{
    char name[3][32];
    const double x[] = {e.score, e.o, e.u};
    row(t, "%s\t%s\t%.17g\t%.17g\t%.17g", precision_names[p], form_names[f],
        e.score, e.o, e.u);
    for (int i = 0; i < 3; i++) {
        snprintf(name[i], sizeof name[i], "%s_%s_%s",
                 (const char *[]){"score", "o", "u"}[i], precision_names[p],
                 form_names[f]);
        // Sums in another order, as on another machine, round otherwise.
        value(name[i], x[i], 0.1 * x[i], 1, "1", COMPUTED);
    }
}

static void say_histogram(double bins[8][BINS])
{
    struct table *t =
        table("histogram", "log2\tfp64_absorbed\tfp64_merged\tfp32_naive\t"
                           "fp32_absorbed\tfp32_merged\tbf16_naive\t"
                           "bf16_absorbed\tbf16_merged");
    for (int b = 0; b < BINS; b++)
        row(t, "%d\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", b - LEAST,
            bins[0][b], bins[1][b], bins[2][b], bins[3][b], bins[4][b],
            bins[5][b], bins[6][b], bins[7][b]);
    done(t);
}

// What bfloat16 did, against what counting roundings foretells: six on the way
// of every term in each form, and between the forms two, of content alone.
static void say_roundings(struct table *t, const struct pass *exact,
                          const struct pass bf[2])
{
    struct sizes z = exact->l->n;
    double spread, most;
    spread_of_scores(exact, &spread, &most);
    struct apart between = compare(&bf[1], &bf[0]);
    double own = compare(&bf[0], exact).score;
    double six = rounding_error(6, spread);
    double two = rounding_error(2. * z.dk / (z.dk + z.dr), spread);
    struct mean more = penalty(exact, &bf[0], &bf[1]);
    row(t, "bf16\tnaive to absorbed\t%.17g\t%.17g\t%.17g", between.score,
        between.o, between.u);
    value("score_std", spread, 0, 1, "1", COMPUTED);
    value("score_max", most, 0, 1, "1", COMPUTED);
    value("one_rounding", one_rounding(), 0, 1, "1", COMPUTED);
    value("predicted_score", six, 0, 1, "1", COMPUTED);
    value("predicted_mismatch", two, 0, 1, "1", COMPUTED);
    value("mismatch_score", between.score, 0.1 * between.score, 1, "1",
          COMPUTED);
    value("mismatch_o", between.o, 0.1 * between.o, 1, "1", COMPUTED);
    value("mismatch_u", between.u, 0.1 * between.u, 1, "1", COMPUTED);
    value("mismatch_ratio", between.score / own, 0.1, 1, "1", COMPUTED);
    value("penalty", 100 * more.mean, 100 * more.se, more.runs, "%", SAMPLED);
    claim("absorb-no-penalty", AT_MOST, more.mean, more.se, more.runs, 0.05, 0,
          "heads are the runs; a twentieth more is no systematic loss");
    claim("mismatch-in-noise", AT_MOST, between.score / own, 0, 1, sqrt(2), 0,
          "two independent errors of one size would be apart by root two");
    claim("roundings-counted", EQUAL, own / six, 0, 1, 1, 0.1,
          "the law takes logarithms of numbers as even, which is good to 3 %, "
          "and roundings as independent");
    claim("roundings-apart", EQUAL, between.score / two, 0, 1, 1, 0.1,
          "as for roundings-counted");
}

static void exactness(void)
{
    struct sizes z = layer_sizes();
    struct layer l = drawn_layer(z, 1, seed - 1);
    double *x = drawn_tokens(par.tokens, z.d, seed - 1), bins[8][BINS] = {{0}};
    struct pass exact, bf[3], a;
    double worst[2] = {0, 0};
    struct table *t =
        table("exactness",
              "precision\tform\tscore_rms\to_relative\tu_relative");
    for (int p = FP64; p <= BF16; p++) {
        a = new_pass(&l, p, par.tokens, 1, 0, x);
        for (int f = 0; f < 3; f++) {
            progress("forms", 3 * p + f, 9);
            forms_of[f](&a);
            if (p == FP64 && f == 0)
                exact = kept(&a);
            if (p == BF16)
                bf[f] = kept(&a);
            if (p == FP64 && f == 0)
                continue;
            struct apart e = compare(&a, &exact);
            say_errors(t, p, f, e);
            count_errors(&a, &exact, bins[3 * p + f - 1]);
            if (p != BF16)
                worst[p] = fmax(worst[p], e.u);
        }
        free_pass(&a);
    }
    say_roundings(t, &exact, bf);
    done(t);
    say_histogram(bins);
    value("exact_tokens", par.tokens, 0, 1, "1", EXACT);
    claim("absorb-exact", AT_MOST, worst[0], 0, 1, 1e-13, 0,
          "sums of up to 16384 doubles: 1.1e-16 times the root of that is "
          "1.4e-14");
    claim("absorb-fp32", AT_MOST, worst[1], 0, 1, 1e-5, 0,
          "sums of up to 16384 floats: 6e-8 times the root of that is 8e-6");
    for (int f = 0; f < 3; f++)
        free_pass(&bf[f]);
    free_pass(&exact), free_layer(&l), free(x);
}

// ---- cancellation -----------------------------------------------------------

// Scores of queries and latents of which the map W takes three coordinates to
// nothing: of the latents, or of the query.
struct cancelling {
    int n, queries, dc, dk;
    double *w, *c, *q; // dc x dk, n x dc, queries x dk: all bfloat16
};

static double *bf16_normals(const char *name, int number, int m, int n,
                            double scale)
{
    double *x = gaussian(name, number, m, n, scale);
    round_all(BF16, (int64_t)m * n, x);
    return x;
}

// Numbers of eight binary digits whose sums of two have no more: multiples of
// 2^-9, up to 127 of them.
static double on_grid(double x)
{
    return ldexp(fmax(-127, fmin(127, nearbyint(ldexp(x, 9)))), -9);
}

// Rows or columns 0, 1 and 2 of the map add up to nothing, exactly.
static void make_cancel(int n, double *w, int64_t step, int64_t next)
{
    for (int j = 0; j < n; j++, w += next) {
        w[0] = on_grid(w[0]);
        w[step] = on_grid(w[step]);
        w[2 * step] = -(w[0] + w[step]);
    }
}

static struct cancelling cancelling(int in_latents, int number, double beta)
{
    int n = quick ? 64 : 256;
    struct cancelling x = {n, n / 2, 512, 128, 0, 0, 0};
    x.w = bf16_normals("map", number, x.dc, x.dk, 1 / sqrt(x.dc));
    x.c = bf16_normals("latents", number, x.n, x.dc, 1);
    x.q = bf16_normals("queries", number, x.queries, x.dk, 1);
    if (in_latents)
        make_cancel(x.dk, x.w, x.dk, 1);
    else
        make_cancel(x.dc, x.w, 1, x.dk);
    int rows = in_latents ? x.n : x.queries, row = in_latents ? x.dc : x.dk;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < 3; j++)
            nth(in_latents ? x.c : x.q, row, i)[j] = beta;
    return x;
}

// The scores' error on the plain path and the absorbed one, and what it should
// be.
static void cancel_errors(struct cancelling x, double error[2],
                          double predicted[2])
{
    int n = x.n, m = x.queries, dc = x.dc, dk = x.dk;
    int64_t scores = (int64_t)m * n;
    double *k = zeros(n, dk), *q = zeros(m, dc), *exact = zeros(m, n);
    double *s = zeros(m, n);
    struct view w = full(x.w, dk), c = full(x.c, dc), asked = full(x.q, dk);
    times(FP64, n, dk, dc, c, w, full(k, dk));
    times(FP64, m, n, dk, asked, transposed(full(k, dk)), full(exact, n));
    predicted[0] = predicted_error(m, n, dk, x.q, k, dk);
    times(BF16, n, dk, dc, c, w, full(k, dk));
    times(FP32, m, n, dk, asked, transposed(full(k, dk)), full(s, n));
    error[0] = rms_apart(scores, s, exact) / sqrt(dk);
    times(FP64, m, dc, dk, asked, transposed(w), full(q, dc));
    predicted[1] = predicted_error(m, n, dc, q, x.c, dk);
    times(BF16, m, dc, dk, asked, transposed(w), full(q, dc));
    times(FP32, m, n, dc, full(q, dc), transposed(c), full(s, n));
    error[1] = rms_apart(scores, s, exact) / sqrt(dk);
    free(k), free(q), free(exact), free(s);
    free(x.w), free(x.c), free(x.q);
}

enum { BETAS = 6 };
static const double betas[BETAS] = {0, 1, 4, 16, 64, 256};

// One case, over draws: a table, how fast the error of the path that cancels
// grows, how much the other's changes, and how far predictions are off.
static struct mean cancel_case(const char *name, int in_latents, int seeds,
                               double *changed, double *off)
{
    double e[BETAS][2][seeds], p[BETAS][2][seeds], slope[seeds];
    int loses = in_latents; // path 1, the absorbed one, or path 0
    struct table *t = table(name, "beta\tnaive\tse\tnaive_predicted\tabsorbed\t"
                                  "se\tabsorbed_predicted");
    for (int b = 0; b < BETAS; b++) {
#pragma omp parallel for
        for (int i = 0; i < seeds; i++) {
            double error[2], predicted[2];
            cancel_errors(cancelling(in_latents, i, betas[b]), error,
                          predicted);
            for (int j = 0; j < 2; j++)
                e[b][j][i] = error[j], p[b][j][i] = predicted[j];
        }
        struct mean m[2], q[2];
        for (int j = 0; j < 2; j++) {
            m[j] = mean(seeds, e[b][j]), q[j] = mean(seeds, p[b][j]);
            *off = fmax(*off, fabs(m[j].mean / q[j].mean - 1));
        }
        row(t, "%g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", betas[b],
            m[0].mean, m[0].se, q[0].mean, m[1].mean, m[1].se, q[1].mean);
    }
    done(t);
    for (int i = 0; i < seeds; i++) {
        slope[i] = log2(e[5][loses][i] / e[4][loses][i]) / 2;
        *changed = fmax(*changed, fabs(e[5][!loses][i] / e[0][!loses][i] - 1));
    }
    struct mean first = mean(seeds, e[0][loses]),
                last = mean(seeds, e[5][loses]);
    const char *word = in_latents ? "latent" : "scores";
    char of[2][32];
    snprintf(of[0], sizeof of[0], "%s_first", word);
    snprintf(of[1], sizeof of[1], "%s_last", word);
    value(of[0], first.mean, first.se, seeds, "1", SAMPLED);
    value(of[1], last.mean, last.se, seeds, "1", SAMPLED);
    return mean(seeds, slope);
}

static void cancellation(void)
{
    int seeds = quick ? 2 : par.seeds;
    double changed = 0, off = 0;
    struct mean a =
        cancel_case("cancellation-latent", 1, seeds, &changed, &off);
    struct mean b =
        cancel_case("cancellation-scores", 0, seeds, &changed, &off);
    const char *why = "what is lost without cancellation, a tenth of the "
                      "error at 64, is half a per cent of it in squares";
    value("cancel_seeds", seeds, 0, 1, "1", EXACT);
    value("latent_slope", a.mean, a.se, seeds, "1", SAMPLED);
    value("scores_slope", b.mean, b.se, seeds, "1", SAMPLED);
    value("prediction_off", 100 * off, 0.1, 1, "%", COMPUTED);
    claim("cancellation-latent", EQUAL, a.mean, a.se, seeds, 1, 0.02, why);
    claim("cancellation-scores", EQUAL, b.mean, b.se, seeds, 1, 0.02, why);
    claim("cancellation-innocent", AT_MOST, changed, 0, seeds, 0.01, 0,
          "what cancels exactly in floats leaves the other path as it was");
    claim("cancellation-predicted", AT_MOST, off, 0, seeds, 0.2, 0,
          "three coordinates of a few numbers each are few for a law about "
          "the mean of many");
}

// ---- depth ------------------------------------------------------------------

// A network whose layers add attention, then two products with a ReLU between,
// to what they read, each on normalised tokens.
static const struct sizes deep = {256, 8, 32, 16, 32, 64, 96};
enum { DEEP_TOKENS = 64, INNER = 1024 };

// Copies of the tokens: exact, in floats, in bfloat16 plain and absorbed.
enum { EXACT_COPY, FLOAT_COPY, PLAIN_COPY, ABSORBED_COPY, COPIES };

static double *normalised(enum precision p, const double *x)
{
    double *y = zeros(DEEP_TOKENS, deep.d);
    memcpy(y, x, sizeof *y * DEEP_TOKENS * deep.d);
    for (int i = 0; i < DEEP_TOKENS; i++)
        rms_norm(deep.d, nth(y, deep.d, i));
    round_all(p, (int64_t)DEEP_TOKENS * deep.d, y);
    return y;
}

static void add_rounded(enum precision p, const double *y, double *x)
{
    for (int i = 0; i < DEEP_TOKENS * deep.d; i++)
        x[i] = rounded(p, x[i] + y[i]);
}

static void deep_layer(const struct layer *l, const double *w1,
                       const double *w2, enum precision p, form *f, double *x)
{
    int n = DEEP_TOKENS, d = deep.d;
    double *y = normalised(p, x), *inner = zeros(n, INNER);
    struct pass a = new_pass(l, p, n, n, 0, y);
    f(&a);
    add_rounded(p, a.u, x);
    free_pass(&a), free(y);
    y = normalised(p, x);
    times(p, n, INNER, d, full(y, d), full(w1, INNER), full(inner, INNER));
    for (int i = 0; i < n * INNER; i++)
        inner[i] = fmax(inner[i], 0);
    times(p, n, d, INNER, full(inner, INNER), full(w2, d), full(y, d));
    add_rounded(p, y, x);
    free(y), free(inner);
}

// Errors behind every layer: of floats, of both paths in bfloat16, and between
// these two.
static void deep_errors(int number, int layers, double error[layers][4])
{
    static const enum precision in[] = {FP64, FP32, BF16, BF16};
    int64_t size = (int64_t)DEEP_TOKENS * deep.d;
    double *x[COPIES];
    uint64_t draw = ((seed - 1) * 1000 + number + 1) * 10000;
    for (int c = 0; c < COPIES; c++)
        x[c] = drawn_tokens(DEEP_TOKENS, deep.d, draw);
    for (int i = 0; i < layers; i++) {
        struct layer l = drawn_layer(deep, 1, draw + i);
        uint64_t more = 100 * (draw + i);
        double *w1 = uniform_weights(more + 6, deep.d, INNER, deep.d);
        double *w2 = uniform_weights(more + 7, INNER, deep.d, INNER);
        for (int c = 0; c < COPIES; c++)
            deep_layer(&l, w1, w2, in[c],
                       c == ABSORBED_COPY ? decode_form : training_form, x[c]);
        for (int c = 1; c < COPIES; c++)
            error[i][c - 1] = relative(size, x[c], x[EXACT_COPY]);
        error[i][3] = relative(size, x[PLAIN_COPY], x[ABSORBED_COPY]);
        free(w1), free(w2), free_layer(&l);
    }
    for (int c = 0; c < COPIES; c++)
        free(x[c]);
}

static void say_depth(int seeds, int layers, double error[seeds][layers][4])
{
    struct table *t =
        table("depth", "layer\tfp32\tse\tnaive\tse\tabsorbed\tse\tapart\tse");
    static const char *const names[] = {"fp32", "naive", "absorbed", "apart"};
    for (int l = 0; l < layers; l++) {
        struct mean m[4];
        for (int k = 0; k < 4; k++) {
            double x[seeds];
            for (int i = 0; i < seeds; i++)
                x[i] = error[i][l][k];
            m[k] = mean(seeds, x);
            char name[40];
            snprintf(name, sizeof name, "depth_%s_%s", names[k],
                     l ? "last" : "first");
            if (l == 0 || l == layers - 1)
                value(name, m[k].mean, m[k].se, seeds, "1", SAMPLED);
        }
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g",
            l + 1, m[0].mean, m[0].se, m[1].mean, m[1].se, m[2].mean, m[2].se,
            m[3].mean, m[3].se);
    }
    done(t);
}

static void depth(void)
{
    int seeds = quick ? 2 : par.seeds, layers = quick ? 6 : par.layers;
    double(*error)[layers][4] = (void *)vector((int64_t)seeds * layers * 4);
    double more[seeds], grown[seeds], apart[seeds];
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < seeds; i++)
        deep_errors(i, layers, error[i]);
    for (int i = 0; i < seeds; i++) {
        const double *first = error[i][0], *last = error[i][layers - 1];
        more[i] = last[2] / last[1] - 1;
        grown[i] = last[1] / first[1];
        apart[i] = last[3] / last[1];
    }
    struct mean m = mean(seeds, more), g = mean(seeds, grown),
                b = mean(seeds, apart);
    say_depth(seeds, layers, error);
    value("depth_seeds", seeds, 0, 1, "1", EXACT);
    value("depth_layers", layers, 0, 1, "1", EXACT);
    value("depth_growth", g.mean, g.se, seeds, "1", SAMPLED);
    value("depth_penalty", 100 * m.mean, 100 * m.se, seeds, "%", SAMPLED);
    value("depth_apart", b.mean, b.se, seeds, "1", SAMPLED);
    claim("depth-no-penalty", AT_MOST, m.mean, m.se, seeds, 0.1, 0,
          "networks are the runs");
    claim("depth-grows", AT_LEAST, g.mean, g.se, seeds, 1.5, 0,
          "networks are the runs");
    claim("depth-together", AT_MOST, b.mean, b.se, seeds, 1.5, 0,
          "two independent errors of one size would be apart by root two");
    free(error);
}
