// Ranks: groups of heads inside the layer with latents, what a shared key
// leaves of it, and the space that rotated products fill.
#include <lapacke.h>

// OpenBLAS's own, absent from other LAPACKs: with one thread the same bits come
// every time.
void openblas_set_num_threads(int) __attribute__((weak));

static void one_blas_thread(void)
{
    if (openblas_set_num_threads)
        openblas_set_num_threads(1);
}

// Singular values of an m x n matrix, which is destroyed, from the largest
// down.
static void singular_values(int m, int n, double *a, double *sigma)
{
    double *work = vector(m < n ? m : n);
    if (LAPACKE_dgesvd(LAPACK_ROW_MAJOR, 'N', 'N', m, n, a, n, sigma, 0, 1, 0,
                       1, work))
        die("dgesvd did not converge");
    free(work);
}

// How many are above 1e-9 of the largest.
static int rank_of(int n, const double sigma[n])
{
    int rank = 0;
    while (rank < n && sigma[rank] > 1e-9 * sigma[0])
        rank++;
    return rank;
}

// ---- groups inside ----------------------------------------------------------

// Outputs of grouped heads, and of the same layer as one with latents: what is
// apart, expanded and absorbed.
static void select_once(int number, int g, int *differ, double *other)
{
    enum { n = 16, d = 64, h = 8, dk = 8, dv = 8 };
    struct heads a = {d,
                      h,
                      g,
                      dk,
                      dv,
                      0,
                      gaussian("queries", number, d, h * dk, 0.125),
                      gaussian("keys", number, d, g * dk, 0.125),
                      gaussian("values", number, d, g * dv, 0.125),
                      gaussian("outputs", number, h * dv, d, 0.125)};
    double *x = gaussian("tokens", number, n, d, 1), u[d];
    struct layer l = as_latents(&a);
    struct pass p = new_pass(&l, FP64, n, 1, 0, x);
    grouped(&a, n, x, u);
    training_form(&p);
    for (int i = 0; i < d; i++)
        *differ += bits_of64(u[i]) != bits_of64(p.u[i]);
    decode_form(&p);
    for (int i = 0; i < d; i++)
        *other = fmax(*other, fabs(u[i] - p.u[i]));
    free_pass(&p), free(x), free(l.wckr), free(l.wkv);
    free((void *)a.wq), free((void *)a.wk), free((void *)a.wv);
    free((void *)a.wo);
}

static void selected(void)
{
    int differ = 0;
    double other = 0;
    for (int i = 0; i < par.draws; i++)
        for (int g = 1; g <= 8; g *= 2)
            select_once(i, g, &differ, &other);
    value("selector_differences", differ, 0, 1, "1", EXACT);
    value("other_order_difference", other, 1e-14, 1, "1", COMPUTED);
    claim("gqa-inside", EQUAL, differ, 0, 1, 0, 0,
          "outputs of which one bit differs; a zero more in a sum changes "
          "none");
}

// All keys and values of all heads, as a map from x, through a latent and
// without one.
static void joint_rank(void)
{
    enum { d = 64, dc = 20, all = 128 };
    double *wc = gaussian("down", 0, d, dc, 1), sigma[d], *any, *map;
    double *w = gaussian("up", 0, dc, all, 1);
    any = gaussian("any", 0, d, all, 1);
    map = zeros(d, all);
    times(FP64, d, all, dc, full(wc, dc), full(w, all), full(map, all));
    singular_values(d, all, map, sigma);
    int rank = rank_of(d, sigma);
    singular_values(d, all, any, sigma);
    value("joint_rank", rank, 0, 1, "1", EXACT);
    value("joint_full", rank_of(d, sigma), 0, 1, "1", EXACT);
    claim("joint-rank", EQUAL, rank, 0, 1, dc, 0, "a rank, counted above 1e-9");
    free(wc), free(w), free(any), free(map);
}

// ---- one key for all heads --------------------------------------------------

enum { FIT_D = 64, FIT_DK = 8, FIT_DC = 16, FIT_HEADS = 32 };

// The best one map from latents to keys in place of n is their mean; what it
// leaves, over all.  eq:shared-key-fit
static double shared_key_fit(int n, int size, const double *w)
{
    double left = 0, all = 0;
    for (int j = 0; j < size; j++) {
        double mean = 0;
        for (int s = 0; s < n; s++)
            mean += nth(w, size, s)[j] / n;
        for (int s = 0; s < n; s++) {
            double x = nth(w, size, s)[j];
            left += (x - mean) * (x - mean);
            all += x * x;
        }
    }
    return sqrt(left / all);
}

// Where queries may change too, what counts is W_q^s W_k^sT.  Stacked, the best
// A_s B^T are their singular vectors to the largest `rank` values: what these
// leave, for every rank from 0 on.  eq:bilinear-fit
static void bilinear_fit(int m, int n, double *stacked, double left[n + 1])
{
    double sigma[n], tail = 0;
    singular_values(m, n, stacked, sigma);
    left[n] = 0;
    for (int r = n - 1; r >= 0; r--) {
        tail += sigma[r] * sigma[r];
        left[r] = sqrt(tail);
    }
    for (int r = n; r >= 0; r--)
        left[r] /= left[0];
}

// Products of h random heads, one above the other: from x to the latent or, if
// W_c is given, to the x of the key.
static double *stacked_products(int h, const double *wq, const double *wk,
                                const double *wc)
{
    int columns = wc ? FIT_D : FIT_DC;
    double *all = zeros(h * FIT_D, columns);
    double *k = zeros(FIT_DK, columns);
    for (int s = 0; s < h; s++) {
        struct view kt = transposed(full(nth(wk, FIT_DC * FIT_DK, s), FIT_DK));
        if (wc)
            times(FP64, FIT_DK, FIT_D, FIT_DC, kt, transposed(full(wc, FIT_DC)),
                  full(k, columns));
        times(FP64, FIT_D, columns, FIT_DK,
              full(nth(wq, FIT_D * FIT_DK, s), FIT_DK),
              wc ? full(k, columns) : kt,
              full(nth(all, FIT_D * columns, s), columns));
    }
    free(k);
    return all;
}

// For h heads: the literal fit, the bilinear one at every rank and, for eight,
// that of products with W_c^T behind them.
static void fit_once(int number, int h, double *literal,
                     double left[FIT_DC + 1], double *with_down)
{
    double *wq = gaussian("fit queries", number, h * FIT_D, FIT_DK, 1);
    double *wk = gaussian("fit keys", number, h * FIT_DC, FIT_DK, 1);
    double *wc = gaussian("fit down", number, FIT_D, FIT_DC, 1);
    double *m = stacked_products(h, wq, wk, 0), far[FIT_D + 1];
    *literal = shared_key_fit(h, FIT_DC * FIT_DK, wk);
    bilinear_fit(h * FIT_D, FIT_DC, m, left);
    if (h == 8) {
        free(m);
        m = stacked_products(h, wq, wk, wc);
        bilinear_fit(h * FIT_D, FIT_D, m, far);
        *with_down = far[FIT_DK];
    }
    free(m), free(wq), free(wk), free(wc);
}

// Residuals of 8 heads by the rank of the shared key.
static void say_ranks(int draws, double left[FIT_DC + 1][draws])
{
    struct table *t = table("shared-key-rank", "rank\tresidual\tse");
    for (int r = 0; r <= FIT_DC; r++) {
        struct mean m = mean(draws, left[r]);
        row(t, "%d\t%.17g\t%.17g", r, m.mean, m.se);
    }
    done(t);
}

static void say_eight(struct mean literal, struct mean best, struct mean down)
{
    int draws = best.runs;
    double expected = sqrt(1 - 1.0 / 8);
    value("shared_literal", literal.mean, literal.se, draws, "1", SAMPLED);
    value("shared_literal_predicted", expected, 0, 1, "1", COMPUTED);
    value("shared_bilinear", best.mean, best.se, draws, "1", SAMPLED);
    value("shared_bilinear_latent", down.mean, down.se, draws, "1", SAMPLED);
    value("shared_bilinear_limit", sqrt(1 - (double)FIT_DK / FIT_DC), 0, 1, "1",
          COMPUTED);
    claim("shared-key-mean", EQUAL, literal.mean, literal.se, draws, expected,
          0.005,
          "the law is of the mean of squares; their ratio and its root are off "
          "by less than the square of the spread, 0.03");
    claim("bilinear-residual", AT_LEAST, best.mean, best.se, draws, 0.4, 0,
          "draws are the runs");
}

static void shared_keys(void)
{
    int draws = par.draws;
    double literal[draws], best[draws], down[draws], ranks[FIT_DC + 1][draws];
    struct table *t = table("shared-key", "heads\tliteral\tse\t"
                                          "literal_predicted\tbilinear\tse");
    for (int h = 1; h <= FIT_HEADS; h *= 2) {
#pragma omp parallel for
        for (int i = 0; i < draws; i++) {
            double left[FIT_DC + 1];
            fit_once(i, h, &literal[i], left, &down[i]);
            best[i] = left[FIT_DK];
            for (int r = 0; r <= FIT_DC && h == 8; r++)
                ranks[r][i] = left[r];
        }
        struct mean l = mean(draws, literal), b = mean(draws, best);
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", h, l.mean, l.se,
            sqrt(1 - 1.0 / h), b.mean, b.se);
        if (h == 8)
            say_eight(l, b, mean(draws, down));
    }
    done(t);
    say_ranks(draws, ranks);
}

// ---- rotated products -------------------------------------------------------

enum { FAMILY = 16 }; // rows and columns of a product

// W_q R_n W_k^T for n = 0, 1, ... as rows of one matrix, and its singular
// values: each is a sum of cos(n theta_m) A_m and sin(n theta_m) B_m.
// eq:rotation-family
static void rotation_family(int positions, int dk, double *sigma)
{
    enum { size = FAMILY * FAMILY };
    double *wq = gaussian("family queries", dk, FAMILY, dk, 1);
    double *wk = gaussian("family keys", dk, FAMILY, dk, 1);
    double *all = zeros(positions, size);
#pragma omp parallel for
    for (int n = 0; n < positions; n++) {
        double turned[FAMILY * dk];
        memcpy(turned, wq, sizeof turned);
        for (int i = 0; i < FAMILY; i++)
            rotate(dk, n, nth(turned, dk, i));
        times(FP64, FAMILY, FAMILY, dk, full(turned, dk),
              transposed(full(wk, dk)), full(nth(all, size, n), FAMILY));
    }
    singular_values(positions, size, all, sigma);
    free(wq), free(wk), free(all);
}

static void family(void)
{
    static const int widths[] = {4, 8, 16, 32, 64};
    enum { size = FAMILY * FAMILY };
    int positions = quick ? 500 : 4000, off = 0;
    double sigma[5][size];
    struct table *t = table("family", "dk\trank");
    for (int i = 0; i < 5; i++) {
        rotation_family(positions, widths[i], sigma[i]);
        int rank = rank_of(size, sigma[i]);
        row(t, "%d\t%d", widths[i], rank);
        off += widths[i] <= 16 ? abs(rank - widths[i]) : 0;
        if (widths[i] == 64)
            value("family_rank_64", rank, 0, 1, "1", EXACT);
    }
    done(t);
    t = table("family-values", "index\tsigma_16\tsigma_64");
    for (int i = 0; i < 80; i++)
        row(t, "%d\t%.9g\t%.9g", i + 1, sigma[2][i] / sigma[2][0],
            sigma[4][i] / sigma[4][0]);
    done(t);
    value("family_positions", positions, 0, 1, "1", EXACT);
    claim("family-rank", EQUAL, off, 0, 1, 0, 0,
          "ranks, counted above 1e-9, that are not dk, for dk = 4, 8, 16");
}
