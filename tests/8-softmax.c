// Chapter 8: every equation by two roads, and the wrong thing beside the right.
#define main chapter_main
// Above Criterion: its headers bring complex.h, which defines I.
#include "../chapters/8-softmax/softmax.c"
#undef main
#define PROGRAM "softmax"
#include "program.h"

// The vectors of the reference values; A is the program's.
static const double C[] = {3, 3, 0, -1}, D[] = {1, 0}, E[] = {2, 0},
                    G[] = {1e4, 9999.5, 0, -1e4}, H[] = {0, -INFINITY, -1},
                    I_[] = {5e-324, 0, -5e-324}, J[] = {0.2, 0.1, 0, -0.1},
                    K[] = {1, 0.4, 0.1, -2},
                    L[] = {0.3, 0.3, 0.3, -0.5, 0.1, 0.1},
                    M[] = {-1, -2, -3, -10};

enum { MANY = 2000 };

// The candidates of sparsemax, sorted.
static int chosen(int n, const double x[], double z[])
{
    int k = candidates(1, n, x, z);
    sort(k, z);
    return k;
}

static void same(int n, const double a[], const double b[], double tolerance)
{
    for (int i = 0; i < n; i++)
        cr_expect(epsilon_eq(dbl, a[i], b[i], tolerance), "entry %d", i);
}

typedef void plain(int n, const double x[], double p[]);

static void maps_to(plain *f, int n, const double x[], const double want[])
{
    double p[n];
    f(n, x, p);
    same(n, p, want, 1e-12); // twelve digits are given
}

static void uniform_vector(struct random *r, int n, double scale, double x[])
{
    for (int i = 0; i < n; i++)
        x[i] = scale * (2 * uniform(r) - 1);
}

// ---- softmax ----------------------------------------------------------------

Test(softmax, agrees_with_reference, .description = "eq:softmax")
{
    maps_to(softmax, 5, A,
            (double[]){.121211249208, .199843564818, .0544637250461,
                       .543231130779, .0812503301493});
    maps_to(softmax, 4, C,
            (double[]){.483534979424, .483534979424, .0240737890788,
                       .0088562520732});
    maps_to(softmax, 2, D, (double[]){.73105857863, .26894142137});
    maps_to(softmax, 2, E, (double[]){.880797077978, .119202922022});
    maps_to(softmax, 4, G, (double[]){.622459331202, .377540668798, 0, 0});
    maps_to(softmax, 3, H, (double[]){.73105857863, 0, .26894142137});
    maps_to(softmax, 3, I_, (double[]){1 / 3., 1 / 3., 1 / 3.});
    maps_to(softmax, 4, J,
            (double[]){.288651405157, .261182592155, .236327782322,
                       .213838220366});
    maps_to(softmax, 4, K,
            (double[]){.498711239342, .273698531202, .202760858888,
                       .0248293705689});
    maps_to(softmax, 4, M,
            (double[]){.665186345801, .244708381168, .0900231825141,
                       8.20905166164e-5});
}

Test(softmax, naive_formula_overflows, .description = "eq:softmax")
{
    double x[] = {710, 0}, z = exp(x[0]) + exp(x[1]), p[2];
    cr_expect(isnan(exp(x[0]) / z));
    softmax(2, x, p);
    cr_expect(eq(dbl, p[0], 1));
}

Test(softmax, ignores_a_common_shift, .description = "eq:softmax")
{
    double x[] = {1, 2, 4}, y[] = {1025, 1026, 1028}, p[3], q[3];
    softmax(3, x, p);
    softmax(3, y, q);
    same(3, p, q, 0); // the differences of these logits are exact
}

Test(softmax, keeps_the_order, .description = "eq:softmax")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N];
        draw("order", i, x);
        softmax(N, x, p);
        for (int j = 0; j < N * N; j++)
            if (x[j / N] > x[j % N] + 1e-12) // else exp may round to one number
                cr_expect(gt(dbl, p[j / N], p[j % N]));
    }
}

Test(softmax, drops_a_masked_logit, .description = "eq:softmax")
{
    double p[3], q[2], shorter[] = {0, -1};
    softmax(3, H, p);
    softmax(2, shorter, q);
    same(3, p, (double[]){q[0], 0, q[1]}, 0);
}

Test(softmax, of_one_logit_is_one, .description = "eq:softmax")
{
    for (double x = -1e300; x < 2e300; x += 1e300) {
        double p[1];
        softmax(1, &x, p);
        cr_expect(eq(dbl, p[0], 1));
    }
}

Test(limit, is_where_softmax_goes, .description = "eq:limit")
{
    // The runner-up is 3 behind: at T = 1/16 what it has left is e^-48.
    double x[4], p[4], q[4];
    for (int i = 0; i < 4; i++)
        x[i] = 16 * C[i];
    softmax(4, x, p);
    hardmax(4, C, q);
    same(4, p, q, 1e-20);
    same(4, q, (double[]){0.5, 0.5, 0, 0}, 0);
}

Test(limit, shares_among_infinite_logits, .description = "eq:limit")
{
    double x[] = {INFINITY, 1, INFINITY, -INFINITY}, p[4];
    hardmax(4, x, p);
    same(4, p, (double[]){0.5, 0, 0.5, 0}, 0);
}

// ---- the smooth maximum -----------------------------------------------------

Test(lse, agrees_with_reference, .description = "eq:lse")
{
    // Thirteen decimals are given, and nine of the large one.
    cr_expect(epsilon_eq(dbl, lse(5, A), 2.6102203944045, 1e-13));
    cr_expect(epsilon_eq(dbl, lse(4, G), 10000.474076984, 1e-9));
    cr_expect(eq(dbl, lse(1, (double[]){7.25}), 7.25));
    cr_expect(epsilon_eq(dbl, lse(3, H), log(1 + exp(-1)), 1e-15));
}

Test(lse, has_the_weights_as_slopes, .description = "eq:lse eq:softmax")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N], h = 1e-5;
        draw("lse slopes", i, x);
        softmax(N, x, p);
        for (int j = 0; j < N; j++) {
            double y[N];
            memcpy(y, x, sizeof y);
            y[j] = x[j] + h;
            double up = lse(N, y);
            y[j] = x[j] - h; // logits up to 16 leave 7e-15 over 2e-5
            cr_expect(epsilon_eq(dbl, (up - lse(N, y)) / (2 * h), p[j], 1e-9));
        }
    }
}

Test(lse, stays_within_its_bounds, .description = "eq:lse-bounds")
{
    double flat[] = {3, 3, 3, 3};
    for (int i = 0; i < MANY; i++) {
        double x[N], T = ldexp(1, i % 20 - 10);
        draw("lse bounds", i, x);
        double over = smooth_max(T, N, x) - largest(N, x);
        cr_expect(over >= 0 && over <= T * log(N) + 4e-15); // of rounding at 16
    }
    // The upper bound is met where all are equal.
    cr_expect(epsilon_eq(dbl, smooth_max(2, 4, flat), 3 + 2 * log(4), 1e-15));
}

Test(variational, softmax_is_the_best_choice, .description = "eq:variational")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], y[N], p[N], q[N];
        draw("choice", i, x);
        draw("other choice", i, y);
        softmax(N, x, p);
        softmax(N, y, q);
        // Eight terms of up to 16, each rounded by 1.8e-15.
        cr_expect(epsilon_eq(dbl, mean_and_entropy(N, x, p), lse(N, x), 2e-14));
        cr_expect(lt(dbl, mean_and_entropy(N, x, q), lse(N, x)));
    }
}

// ---- Taylor softmax ---------------------------------------------------------

static void of_map(struct map f, int n, const double x[], const double want[])
{
    double p[n];
    weights(f, n, x, p);
    same(n, p, want, 1e-12); // twelve digits are given
}

static const struct map taylor_4 = {TAYLOR, .order = 4};

Test(taylor, agrees_with_reference, .description = "eq:taylor-softmax")
{
    of_map(taylor_2, 5, A,
           (double[]){.148063781321, .227790432802, .0678815489749,
                      .455580865604, .100683371298});
    of_map(taylor_4, 5, A,
           (double[]){.124855341379, .205133578252, .0561122389951,
                      .530191402252, .0837074391219});
    of_map(taylor_2, 4, K,
           (double[]){.410846343468, .243221035333, .181594083813,
                      .164338537387});
    of_map(taylor_2, 4, M,
           (double[]){1 / 90., 2 / 90., 5 / 90., 82 / 90.}); // order reversed
    of_map(taylor_4, 4, M,
           (double[]){.0012794995735, .00113733295422, .00469149843617,
                      .992891669036});
    of_map(taylor_2, 4, (double[]){5, 0, 0, 0},
           (double[]){.860465116279, .046511627907, .046511627907,
                      .046511627907});
}

Test(taylor, is_the_series, .description = "eq:taylor")
{
    for (int k = 1; k <= 20; k++)
        for (double x = -4; x <= 4; x += 0.25) {
            double f = 1, term = 1;
            for (int i = 1; i <= k; i++)
                f += term *= x / i;
            // Terms of up to e^4, each rounded by 1e-16 of it.
            cr_expect(epsilon_eq(dbl, taylor(k, x, 1), f, 1e-13));
            cr_expect(epsilon_eq(dbl, taylor(k, x, 8) * pow(8, k), f, 1e-13));
        }
    cr_expect(epsilon_eq(dbl, taylor(20, 1, 1), M_E, 1e-15));
}

Test(taylor, is_least_where_its_slope_is_zero,
     .description = "eq:taylor-minimum eq:taylor")
{
    static const double where[] = {-1, -1.5960716379833, -2.1806071240351,
                                   -2.7590027099623, -3.333551485269};
    static const double least[] = {.5, .27039476520518, .14932484173105,
                                   .083271520164069, .046699113590276};
    double factorial = 1;
    for (int k = 2; k <= 10; k += 2) {
        double x = taylor_minimum(k);
        factorial *= k * (k - 1);
        cr_expect(epsilon_eq(dbl, x, where[k / 2 - 1], 1e-12));
        cr_expect(epsilon_eq(dbl, taylor(k, x, 1), least[k / 2 - 1], 1e-13));
        cr_expect(epsilon_eq(dbl, taylor(k, x, 1), pow(x, k) / factorial,
                             1e-13));
        for (double y = -20; y <= 20; y += 0.1)
            cr_expect(ge(dbl, taylor(k, y, 1), taylor(k, x, 1)));
    }
}

Test(taylor, reverses_the_order_unless_clamped,
     .description = "eq:taylor-minimum eq:taylor-softmax")
{
    of_map(taylor_2, 2, (double[]){0, -10}, (double[]){1 / 42., 41 / 42.});
    of_map(clamped_2, 2, (double[]){0, -10}, (double[]){2 / 3., 1 / 3.});
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N];
        draw("clamped", i, x);
        weights(clamped_2, N, x, p);
        for (int j = 0; j < N * N; j++)
            cr_expect(x[j / N] <= x[j % N] || p[j / N] >= p[j % N]);
    }
}

Test(taylor, goes_to_powers, .description = "eq:taylor-limit")
{
    double z = 9 + 4 + 1, x[3], p[3];
    for (int i = 0; i < 3; i++)
        x[i] = 1e12 * (3 - i);
    taylor_softmax(taylor_2, 3, x, p); // the next term is 1e-12 of it
    same(3, p, (double[]){9 / z, 4 / z, 1 / z}, 1e-12);
    for (int i = 0; i < 3; i++)
        x[i] *= 1e290; // squares that no double holds
    taylor_softmax(taylor_2, 3, x, p);
    same(3, p, (double[]){9 / z, 4 / z, 1 / z}, 1e-15);
}

Test(taylor, leaves_a_masked_logit_out, .description = "eq:taylor-softmax")
{
    of_map(taylor_2, 3, H, (double[]){2 / 3., 0, 1 / 3.});
    of_map(clamped_2, 3, H, (double[]){2 / 3., 0, 1 / 3.});
}

Test(taylor, sees_a_common_shift, .description = "eq:taylor-softmax")
{
    double p[2], q[2];
    weights(taylor_2, 2, (double[]){0, 1}, p);
    weights(taylor_2, 2, (double[]){1, 2}, q);
    same(2, p, (double[]){1 / 3.5, 2.5 / 3.5}, 1e-15);
    same(2, q, (double[]){1 / 3., 2 / 3.}, 1e-15);
}

Test(taylor, attention_is_linear, .description = "eq:taylor-attention")
{
    double key[2][2] = {{1, 2}, {3, -1}}, q[] = {2, 1}, v[] = {10, 20};
    // Dot products 4 and 5, so weights 16 and 25.
    cr_expect(epsilon_eq(dbl, squared_attention(2, 2, q, key, v),
                         (160 + 500) / 41., 1e-14));
}

// ---- sparse softmax ---------------------------------------------------------

Test(sparse_softmax, agrees_with_reference,
     .description = "eq:sparse-softmax eq:sparse-softmax-loss")
{
    static const double want[] = {1.81326168752, 1.31326168752, 2.61326168752,
                                  .313261687518, 2.21326168752};
    of_map((struct map){SPARSE_SOFTMAX, .top = 2}, 5, A,
           (double[]){0, .26894142137, 0, .73105857863, 0});
    for (int t = 0; t < 5; t++) // twelve digits are given
        cr_expect(epsilon_eq(dbl, sparse_softmax_loss(2, 5, A, t), want[t],
                             1e-11));
}

Test(sparse_softmax, keeps_whatever_ties, .description = "eq:sparse-softmax")
{
    double p[6], q[4], x[] = {.3, .3, .3, .1};
    sparse_softmax(2, 6, L, p);
    same(6, p, (double[]){1 / 3., 1 / 3., 1 / 3., 0, 0, 0}, 1e-16);
    sparse_softmax(4, 4, x, p);
    softmax(4, x, q);
    same(4, p, q, 0);
    sparse_softmax(1, 3, H, p);
    same(3, p, (double[]){1, 0, 0}, 0);
    sparse_softmax(3, 3, H, p);
    cr_expect(eq(dbl, p[1], 0));
}

Test(sparse_softmax, is_softmax_of_what_is_kept,
     .description = "eq:sparse-softmax")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], y[N], p[N], q[N];
        draw("kept", i, x);
        memcpy(y, x, sizeof y);
        sort(N, y);
        for (int k = 1; k <= N; k++) {
            double masked[N];
            for (int j = 0; j < N; j++)
                masked[j] = x[j] >= y[k - 1] ? x[j] : -INFINITY;
            sparse_softmax(k, N, x, p);
            softmax(N, masked, q);
            same(N, p, q, 0);
        }
    }
}

// ---- sparsemax --------------------------------------------------------------

Test(sparsemax, agrees_with_reference, .description = "eq:threshold")
{
    maps_to(sparsemax, 5, A, (double[]){0, 0, 0, 1, 0});
    maps_to(sparsemax, 4, C, (double[]){.5, .5, 0, 0});
    maps_to(sparsemax, 2, D, (double[]){1, 0});
    maps_to(sparsemax, 2, E, (double[]){1, 0});
    maps_to(sparsemax, 4, G, (double[]){.75, .25, 0, 0});
    maps_to(sparsemax, 3, H, (double[]){1, 0, 0});
    maps_to(sparsemax, 3, I_, (double[]){1 / 3., 1 / 3., 1 / 3.});
    maps_to(sparsemax, 4, J, (double[]){.4, .3, .2, .1});
    maps_to(sparsemax, 4, K, (double[]){.8, .2, 0, 0});
    maps_to(sparsemax, 6, L, (double[]){.28, .28, .28, 0, .08, .08});
    maps_to(sparsemax, 4, M, (double[]){1, 0, 0, 0});
    maps_to(sparsemax, 1, (double[]){7.25}, (double[]){1});
}

Test(sparsemax, agrees_when_warmed, .description = "eq:threshold")
{
    static const double want[3][5] = {{0, .25, 0, .75, 0},
                                      {.15, .275, 0, .525, .05},
                                      {.18, .2425, .08, .3675, .13}};
    for (int i = 0; i < 3; i++) {
        double x[5];
        for (int j = 0; j < 5; j++)
            x[j] = A[j] / (2 << i);
        maps_to(sparsemax, 5, x, want[i]);
    }
}

Test(sparsemax, ignores_a_common_shift, .description = "eq:threshold")
{
    double x[] = {1, 1.5, 1.25}, y[] = {1025, 1025.5, 1025.25}, p[3], q[3];
    sparsemax(3, x, p);
    sparsemax(3, y, q);
    same(3, p, q, 0); // the differences of these logits are exact
}

Test(sparsemax, keeps_the_order_but_weakly, .description = "eq:threshold")
{
    int lost = 0;
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N];
        draw("order", i, x);
        sparsemax(N, x, p);
        for (int j = 0; j < N * N; j++) {
            int a = j / N, b = j % N;
            if (x[a] > x[b]) {
                cr_expect(ge(dbl, p[a], p[b]));
                cr_expect(p[a] == 0 || p[a] > p[b] || x[a] - x[b] < 1e-15);
                lost += p[a] == p[b];
            }
        }
    }
    cr_expect(gt(int, lost, 0)); // different logits, both without weight
}

Test(sparsemax, sums_to_one_for_a_million, .description = "eq:threshold")
{
    enum { n = 1000000 };
    double *x = vector(n), *p = vector(n);
    struct random r = stream("many", 0);
    for (int i = 0; i < n; i++)
        x[i] = normal(&r) / 1024; // close together: thousands have weight
    sparsemax(n, x, p);
    cr_expect(gt(int, support(n, p), 1000));
    // One rounding of at most 1e-19 in each weight, and the sum's own.
    cr_expect(epsilon_eq(dbl, sum(n, p), 1, 1e-11));
    free(x);
    free(p);
}

Test(sparsemax, drops_a_masked_logit, .description = "eq:filter eq:threshold")
{
    double x[] = {.3, -INFINITY, .1, -.2}, y[] = {.3, .1, -.2}, p[4], q[3];
    sparsemax(4, x, p);
    sparsemax(3, y, q);
    same(4, p, (double[]){q[0], 0, q[1], q[2]}, 0);
}

Test(sparsemax, survives_huge_logits, .description = "eq:filter")
{
    maps_to(sparsemax, 2, (double[]){1e17, 0}, (double[]){1, 0});
    maps_to(sparsemax, 2, (double[]){1e17, 1e17}, (double[]){.5, .5});
    maps_to(sparsemax, 2, (double[]){1e308, -1e308}, (double[]){1, 0});
}

Test(sparsemax, unshifted_loses_everything, .description = "eq:filter")
{
    double p[5], q[5], both_huge[] = {1e17, 1e17};
    unshifted(2, (double[]){1e17, 0}, p);
    cr_expect(eq(dbl, sum(2, p), 0));
    unshifted(2, both_huge, p);
    cr_expect(eq(dbl, sum(2, p), 0));
    unshifted(4, K, p); // while on numbers of a moderate size it is right
    sparsemax(4, K, q);
    same(4, p, q, 1e-15);
}

Test(filter, keeps_who_trails_by_less, .description = "eq:filter")
{
    double z[5], x[] = {-1, 0, -.75, -1.5, -INFINITY};
    int k = chosen(5, x, z);
    cr_expect(eq(int, k, 2));
    same(2, z, (double[]){0, -.75}, 0);
}

Test(filter, changes_no_threshold, .description = "eq:filter")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], z[N], all[N];
        draw("filter", i, x);
        double m = largest(N, x);
        for (int j = 0; j < N; j++)
            all[j] = x[j] - m;
        qsort(all, N, sizeof *all, descending);
        int k = chosen(N, x, z);
        cr_expect(eq(dbl, threshold(N, all), threshold(k, z)));
    }
}

// ---- the threshold, by two other roads --------------------------------------

// What would remain of the sum of the weights, less one.
static double excess(int n, const double z[], double tau)
{
    double s = -1;
    for (int i = 0; i < n; i++)
        s += fmax(z[i] - tau, 0);
    return s;
}

static double halving(int n, const double z[])
{
    double low = -1, high = 0;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        *(excess(n, z, middle) > 0 ? &low : &high) = middle;
    }
    return low;
}

// Michelot: start with everyone, drop whom the threshold leaves without weight.
static double by_dropping(int n, const double z[])
{
    double tau = -INFINITY, before;
    do {
        double s = -1, k = 0;
        for (int i = 0; i < n; i++)
            if (z[i] > tau)
                s += z[i], k++;
        before = tau;
        tau = s / k;
    } while (tau != before);
    return tau;
}

Test(sort, agrees_with_two_other_roads, .description = "eq:sort")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], z[N];
        draw("sort", i, x);
        if (i % 3 == 0) // on a grid: many ties
            for (int j = 0; j < N; j++)
                x[j] = round(4 * x[j]) / 4;
        int k = chosen(N, x, z);
        double tau = threshold(k, z);
        // The threshold is at most 1 in size and the mean of at most 8 numbers.
        cr_expect(epsilon_eq(dbl, tau, halving(k, z), 1e-15));
        cr_expect(epsilon_eq(dbl, tau, by_dropping(k, z), 1e-15));
    }
}

Test(sort, leaves_no_gap, .description = "eq:sort")
{
    for (int i = 0; i < MANY; i++) {
        double z[N], s = 0, last = 0;
        draw("prefix", i, z);
        qsort(z, N, sizeof *z, descending);
        int over = 0;
        for (int k = 1; k <= N; k++) {
            s += z[k - 1];
            double tau = (s - 1) / k;
            cr_expect(z[k - 1] <= tau || !over, "no entry after a gap");
            over |= z[k - 1] <= tau;
            last = over ? last : tau;
        }
        cr_expect(epsilon_eq(dbl, threshold(N, z), last, 1e-15));
    }
}

Test(sort, does_not_mind_a_tie, .description = "eq:sort")
{
    double z[] = {0, -1}, tied[] = {0, -.25, -.625};
    cr_expect(eq(dbl, threshold(1, z), -1));
    cr_expect(eq(dbl, threshold(2, z), -1));
    cr_expect(eq(dbl, threshold(2, tied), -.625)); // where the third one lies
    cr_expect(eq(dbl, threshold(3, tied), -.625));
}

// ---- three more roads to the threshold --------------------------------------

Test(select, agrees_with_sorting,
     .description = "eq:select eq:michelot eq:sort")
{
    for (int i = 0; i < MANY; i++) {
        int n = 1 + i % 200;
        double *x = vector(n), *z = vector(n);
        struct random r = stream("selection", i);
        for (int j = 0; j < n; j++)
            x[j] = i % 3 ? normal(&r) / 4 : round(4 * normal(&r)) / 16;
        int k = chosen(n, x, z);
        double tau = threshold(k, z);
        // A mean of up to 200 numbers below one, each rounded by 1e-16.
        cr_expect(epsilon_eq(dbl, michelot(k, z), tau, 1e-14));
        cr_expect(epsilon_eq(dbl, select_threshold(k, z), tau, 1e-14));
        free(x);
        free(z);
    }
}

Test(select, comes_to_an_end_on_ties, .description = "eq:select eq:michelot")
{
    enum { n = 100000 };
    double *z = vector(n);
    cr_expect(epsilon_eq(dbl, michelot(n, z), -1.0 / n, 1e-18));
    cr_expect(epsilon_eq(dbl, select_threshold(n, z), -1.0 / n, 1e-18));
    free(z);
}

Test(select, parts_in_three, .description = "eq:select")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], z[N];
        int above, equal;
        draw("parts", i, x);
        for (int j = 0; j < N; j++)
            z[j] = x[j] = round(x[j]);
        double v = z[i % N];
        partition(N, z, v, &above, &equal);
        for (int j = 0; j < N; j++)
            cr_expect(j < above           ? z[j] > v
                      : j < above + equal ? z[j] == v
                                          : z[j] < v);
        sort(N, x);
        sort(N, z);
        same(N, x, z, 0);
    }
}

Test(michelot, is_newton, .description = "eq:michelot eq:newton")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], z[N];
        int steps;
        draw("michelot", i, x);
        int k = chosen(N, x, z);
        double u = newton(1, k, z, &steps);
        cr_expect(epsilon_eq(dbl, michelot(k, z), u - 1, 1e-15));
    }
}

// ---- entmax -----------------------------------------------------------------

static struct map entmax_of(double alpha)
{
    return (struct map){ENTMAX, .alpha = alpha};
}

Test(entmax, agrees_with_reference, .description = "eq:entmax eq:entmax15")
{
    of_map(entmax_of(1.5), 5, A,
           (double[]){.0232804502864, .162070112572, 0, .814649437142, 0});
    of_map(entmax_of(1.3), 5, A,
           (double[]){.0714300910882, .185306242203, .00577742505176,
                      .711874009024, .0256122326335});
    of_map(entmax_of(1.7), 5, A,
           (double[]){0, .114034310463, 0, .885965689537, 0});
    for (double alpha = 1.3; alpha < 1.8; alpha += 0.2)
        of_map(entmax_of(alpha), 4, C, (double[]){.5, .5, 0, 0});
    of_map(entmax_of(1.5), 2, D, (double[]){.830718913883, .169281086117});
    of_map(entmax_of(1.3), 2, D, (double[]){.785497336786, .214502663214});
    of_map(entmax_of(1.7), 2, D, (double[]){.885965689537, .114034310463});
    of_map(entmax_of(2.5), 2, D, (double[]){1, 0});
    of_map(entmax_of(4), 2, D, (double[]){1, 0});
    of_map(entmax_of(1.5), 2, E, (double[]){1, 0});
    of_map(entmax_of(1.3), 2, E, (double[]){.957717306071, .0422826939286});
    of_map(entmax_of(1.5), 4, G,
           (double[]){.673992636338, .326007363662, 0, 0});
    of_map(entmax_of(1.3), 4, G,
           (double[]){.651027827783, .348972172217, 0, 0});
    of_map(entmax_of(1.7), 4, G,
           (double[]){.700816044897, .299183955103, 0, 0});
    of_map(entmax_of(1.5), 4, J,
           (double[]){.327029775929, .272343258643, .222656741357,
                      .177970224071});
    of_map(entmax_of(1.3), 4, J,
           (double[]){.308579904109, .266816008594, .229178925972,
                      .195425161324});
    of_map(entmax_of(2.5), 4, J,
           (double[]){.5029269722, .349548722458, .147524305342, 0});
    of_map(entmax_of(1.5), 4, K,
           (double[]){.633932826803, .246213434639, .119853738558, 0});
    of_map(entmax_of(1.3), 4, K,
           (double[]){.577891668479, .260969900803, .161138430719, 0});
    of_map(entmax_of(1.7), 4, K,
           (double[]){.701171647618, .232322929933, .0665054224486, 0});
    of_map(entmax_of(1.5), 6, L,
           (double[]){.233260835287, .233260835287, .233260835287,
                      .00688416080515, .146666666667, .146666666667});
    of_map(entmax_of(1.3), 6, L,
           (double[]){.215678057253, .215678057253, .215678057253,
                      .0437717533911, .154597037426, .154597037426});
}

Test(entmax, has_the_thresholds_of_reference,
     .description = "eq:entmax15 eq:newton eq:bisection eq:near-one")
{
    static const double tau[] = {-.30306901397069, .097420675429558};
    double z[5];
    int steps, k = candidates(0.5, 5, A, z);
    for (int i = 0; i < k; i++)
        z[i] /= 2;
    sort(k, z); // thresholds are given for beta x, nothing taken out
    cr_expect(epsilon_eq(dbl, entmax15_threshold(k, z) + 1, tau[1], 1e-14));
    cr_expect(epsilon_eq(dbl, bisection(0.5, k, z) + 1, tau[1], 1e-14));
    k = candidates(0.3, 5, A, z);
    double u = newton(0.3, k, z, &steps);
    cr_expect(epsilon_eq(dbl, 0.3 * u - 1 + 0.6, tau[0], 1e-14));
}

Test(entmax, agrees_when_warmed, .description = "eq:entmax15")
{
    static const double want[3][5] = {{0, 0, 0, 1, 0},
                                      {.12991502, .23564933, .025740115,
                                       .54086796, .067827567},
                                      {.17304789, .22895292, .099849839,
                                       .36420048, .13394886}};
    static const double T[] = {0.5, 2, 4};
    for (int i = 0; i < 3; i++) {
        double x[5], p[5];
        for (int j = 0; j < 5; j++)
            x[j] = A[j] / T[i];
        entmax15(5, x, p);
        same(5, p, want[i], 1e-8); // eight digits are given
    }
}

Test(entmax, of_equal_logits_and_of_one, .description = "eq:entmax")
{
    for (double alpha = 1; alpha < 6; alpha += 0.25) {
        of_map(entmax_of(alpha), 3, I_, (double[]){1 / 3., 1 / 3., 1 / 3.});
        of_map(entmax_of(alpha), 1, (double[]){7.25}, (double[]){1});
        of_map(entmax_of(alpha), 2, (double[]){1e17, 0}, (double[]){1, 0});
        of_map(entmax_of(alpha), 2, (double[]){1e17, 1e17}, (double[]){.5, .5});
    }
    of_map(entmax_of(1000), 2, (double[]){1, 1}, (double[]){.5, .5});
    of_map(entmax_of(1e300), 2, (double[]){1, 0}, (double[]){1, 0});
}

Test(entmax, goes_from_softmax_to_sparsemax, .description = "eq:entmax")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N], q[N];
        draw("ends", i, x);
        entmax(1 + 1e-12, N, x, p);
        softmax(N, x, q);
        same(N, p, q, 2e-10); // alpha is off by 1e-12, times up to 128
        entmax(2 + 1e-12, N, x, p);
        sparsemax(N, x, q);
        same(N, p, q, 1e-9);
        entmax(2 - 1e-12, N, x, p);
        same(N, p, q, 1e-9);
    }
}

Test(entmax, keeps_its_promises, .description = "eq:entmax eq:filter")
{
    static const double alphas[] = {1, 1.001, 1.2, 1.5, 1.9, 2, 2.5, 4};
    for (int i = 0; i < MANY; i++)
        for (int a = 0; a < 8; a++) {
            double x[N], y[N], p[N], q[N], longer[N + 1], r[N + 1];
            draw("promises", i, x);
            entmax(alphas[a], N, x, p);
            cr_expect(epsilon_eq(dbl, sum(N, p), 1, 4e-15)); // eight roundings
            for (int j = 0; j < N * N; j++)
                cr_expect(x[j / N] <= x[j % N] || p[j / N] >= p[j % N]);
            for (int j = 0; j < N; j++)
                y[j] = x[j] + 64; // rounded by 7e-15, which weights can stretch
            entmax(alphas[a], N, y, q);
            same(N, p, q, alphas[a] > 2 ? 1e-4 : 1e-13);
            memcpy(longer, x, sizeof x);
            longer[N] = -INFINITY;
            entmax(alphas[a], N + 1, longer, r);
            same(N, p, r, 0);
            cr_expect(eq(dbl, r[N], 0));
        }
}

Test(entmax, five_roads_lead_to_one_threshold,
     .description = "eq:newton eq:bisection eq:entmax15 eq:michelot eq:select")
{
    for (int i = 0; i < MANY; i++)
        for (double beta = 0.1; beta < 1.05; beta += 0.1) {
            double x[N], z[N];
            int steps;
            draw("roads", i, x);
            int k = candidates(beta, N, x, z);
            double u = newton(beta, k, z, &steps);
            cr_expect(le(int, steps, 20));
            for (int j = 0; j < k; j++)
                z[j] *= beta;
            // Thresholds of size one, and u a tenth as exact at beta = 0.1.
            cr_expect(epsilon_eq(dbl, beta * u - 1, bisection(beta, k, z),
                                 4e-15));
        }
}

Test(entmax, of_a_million_sums_to_one, .description = "eq:entmax eq:newton")
{
    enum { n = 1000000 };
    static const double alphas[] = {1.3, 1.5, 2};
    double *x = vector(n), *p = vector(n);
    struct random r = stream("a million", 0);
    for (int i = 0; i < n; i++)
        x[i] = normal(&r) / 256;
    for (int a = 0; a < 3; a++) {
        entmax(alphas[a], n, x, p);
        // A threshold rounded by 1e-16 moves a million weights alike.
        cr_expect(epsilon_eq(dbl, sum(n, p), 1, 1e-9));
    }
    free(x);
    free(p);
}

Test(sharper, is_below_the_exponential, .description = "eq:sharper")
{
    for (double u = -5; u <= 5; u += 0.01)
        for (double beta = 0.05; beta < 1; beta += 0.05) {
            double slack = 1e-14 * exp(u); // a logarithm over 0.05
            cr_expect(le(dbl, root(beta, u), exp(u) + slack));
            cr_expect(le(dbl, root(beta + 0.05, u), root(beta, u) + slack));
        }
    cr_expect(eq(dbl, root(1, 0.5), 1.5));
    cr_expect(eq(dbl, root(1, -1), 0));
    // Four ulps, for a logarithm, an exponential and what one does to the other.
    cr_expect(epsilon_eq(dbl, root(0.5, 0.5), 1.5625, 1e-15));
    cr_expect(epsilon_eq(dbl, root(1e-12, 1), M_E, 1e-11));
}

Test(prefix, ends_where_the_squares_pass_one,
     .description = "eq:entmax15-prefix eq:entmax15")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], z[N];
        draw("prefix of squares", i, x);
        halved(N, x, z);
        double tau = entmax15_threshold(N, z), before = 0;
        for (int k = 0; k < N; k++) {
            double squares = 0;
            for (int j = 0; j < k; j++)
                squares += (z[j] - z[k]) * (z[j] - z[k]);
            cr_expect(ge(dbl, squares, before)); // it never falls
            if (fabs(squares - 1) > 1e-12)
                cr_expect(eq(int, squares<1, z[k]> tau));
            before = squares;
        }
    }
}

Test(prefix, largest_k_is_right_where_strict_k_finds_none,
     .description = "eq:entmax15-prefix")
{
    double x[4], z[4], p[4], q[4];
    int n, failed = 0, count = 0;
    for (; (n = grid(count, x)); count++) {
        halved(n, x, z);
        failed += !strict_k(n, z);
        double tau = largest_k(n, z), u = bisection(0.5, n, z);
        for (int j = 0; j < n; j++) {
            p[j] = pow(fmax(z[j] - tau, 0), 2);
            q[j] = pow(fmax(z[j] - u, 0), 2);
        }
        same(n, p, q, 1e-15);
        cr_expect(epsilon_eq(dbl, sum(n, p), 1, 1e-15));
    }
    cr_expect(eq(int, count, 7371));
    cr_expect(eq(int, failed, 585));
    halved(2, E, z);
    cr_expect(eq(int, strict_k(2, z), 0));
}

Test(near_one, does_not_jump, .description = "eq:near-one")
{
    double p[N], q[N], x[N];
    for (int i = 0; i < 100; i++)
        for (int k = 1; k <= 10; k++) {
            double alpha = 1 + pow(10, -k);
            draw("no jump", i, x);
            entmax(alpha, N, x, p);
            long_entmax(alpha - 1, N, x, q);
            same(N, p, q, 1e-14); // exponents of up to 40, rounded by 4e-15
        }
}

Test(near_one, powers_lose_digits, .description = "eq:near-one")
{
    double p[4], q[4];
    power_entmax(1e-9, 4, K, p);
    long_entmax(1e-9, 4, K, q);
    cr_expect(gt(dbl, distance(4, p, q), 1e-10));
    entmax(1 + 1e-9, 4, K, p);
    long_entmax(1 + 1e-9 - 1, 4, K, q);
    cr_expect(lt(dbl, distance(4, p, q), 1e-15));
}

Test(newton, fails_above_two, .description = "eq:newton eq:bisection")
{
    int failed = 0;
    for (int i = 0; i < MANY; i++) {
        double x[N], z[N], p[N];
        draw("above two", i, x);
        int k = candidates(2, N, x, z);
        for (int j = 0; j < k; j++)
            z[j] *= 2;
        failed += !newton_ends(2, k, z);
        entmax(3, N, x, p); // while halving does not
        cr_expect(epsilon_eq(dbl, sum(N, p), 1, 1e-15));
    }
    cr_expect(gt(int, failed, MANY / 100));
}

// ---- the nearest point ------------------------------------------------------

Test(nearest, agrees_with_sparsemax, .description = "eq:exchange")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N], q[N];
        draw("search", i, x);
        sparsemax(N, x, p);
        nearest(N, x, q);
        same(N, p, q, 1e-12); // the search stops at moves of 1e-14
    }
}

Test(nearest, no_exchange_helps_sparsemax, .description = "eq:exchange")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N];
        draw("exchange", i, x);
        sparsemax(N, x, p);
        for (int j = 0; j < N * N; j++)
            if (p[j / N] > 0) // logits up to 16 leave 4e-15 of rounding
                cr_expect(ge(dbl, x[j / N] - p[j / N] + 4e-15,
                             x[j % N] - p[j % N]));
    }
}

Test(nearest, no_other_point_is_nearer, .description = "eq:exchange")
{
    struct random r = stream("points", 0);
    for (int i = 0; i < MANY; i++) {
        double x[4], p[4], q[4], dp = 0, dq = 0;
        uniform_vector(&r, 4, 2, x);
        sparsemax(4, x, p);
        for (int j = 0; j < 4; j++)
            q[j] = exponential(&r); // over their sum: uniform on the simplex
        double s = sum(4, q);
        for (int j = 0; j < 4; j++) {
            dp += (p[j] - x[j]) * (p[j] - x[j]);
            dq += (q[j] / s - x[j]) * (q[j] / s - x[j]);
        }
        cr_expect(lt(dbl, dp, dq));
    }
}

// ---- Jacobians --------------------------------------------------------------

// The slope of a map along v.
static void along(plain *f, int n, const double x[], const double v[],
                  double slope[])
{
    double h = 1e-5, y[n], up[n], down[n];
    for (int i = 0; i < n; i++)
        y[i] = x[i] + h * v[i];
    f(n, y, up);
    for (int i = 0; i < n; i++)
        y[i] = x[i] - h * v[i];
    f(n, y, down);
    for (int i = 0; i < n; i++)
        slope[i] = (up[i] - down[i]) / (2 * h);
}

// Is a logit so close to the threshold that a difference would step across?
static int on_a_kink(int n, const double x[])
{
    double z[n], m = largest(n, x);
    double tau = threshold(chosen(n, x, z), z);
    int close = 0;
    for (int i = 0; i < n; i++)
        close |= fabs(x[i] - m - tau) < 1e-3;
    return close;
}

Test(jacobian, agrees_with_reference, .description = "eq:jacobian")
{
    double p[5], j[5], g[] = {1, -2, .5, 3};
    softmax(4, K, p);
    softmax_jvp(4, p, (double[]){1, 0, 0, 0}, j);
    same(4, j,
         (double[]){.249998339096, -.136496533701, -.101119119226,
                    -.0123826861685},
         1e-12); // twelve digits are given
    softmax_jvp(4, p, g, j);
    same(4, j,
         (double[]){.43528378838, -.582206785538, .0755927522885,
                    .0713302448694},
         1e-12);
    softmax(5, A, p);
    softmax_jvp(5, p, (double[]){0, 0, 0, 1, 0}, j);
    cr_expect(epsilon_eq(dbl, j[1], -.10856124569478, 1e-13));
    cr_expect(epsilon_eq(dbl, j[3], .2481310693316, 1e-13));
}

Test(jacobian, agrees_with_differences, .description = "eq:jacobian")
{
    struct random r = stream("softmax slope", 0);
    for (int i = 0; i < MANY; i++) {
        double x[N], v[N], p[N], j[N], slope[N];
        draw("softmax point", i, x);
        uniform_vector(&r, N, 1, v);
        softmax(N, x, p);
        softmax_jvp(N, p, v, j);
        along(softmax, N, x, v, slope);
        same(N, j, slope, 1e-10); // 1e-16 of rounding over 2e-5, and h^2
    }
}

Test(jacobian, does_not_see_a_common_shift,
     .description = "eq:jacobian eq:sparse-jacobian")
{
    double p[5], j[5], ones[] = {1, 1, 1, 1, 1};
    softmax(5, A, p);
    softmax_jvp(5, p, ones, j);
    same(5, j, (double[5]){0}, 1e-16);
    sparsemax(4, J, p);
    sparsemax_jvp(4, p, ones, j);
    same(4, j, (double[5]){0}, 0);
}

Test(sensitivity, is_half_the_entries,
     .description = "eq:sensitivity eq:jacobian")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], p[N], column[N], half = 0;
        draw("half", i, x);
        softmax(N, x, p);
        for (int j = 0; j < N; j++) {
            double e[N] = {0};
            e[j] = 1;
            softmax_jvp(N, p, e, column);
            for (int k = 0; k < N; k++)
                half += fabs(column[k]) / 2;
        }
        cr_expect(epsilon_eq(dbl, half, sensitivity(N, p), 1e-14)); // 72 terms
    }
}

Test(sensitivity, agrees_with_reference, .description = "eq:sensitivity")
{
    double p[4], flat[] = {.25, .25, .25, .25}, hot[] = {0, 1, 0, 0};
    softmax(4, K, p);
    cr_expect(epsilon_eq(dbl, sensitivity(4, p), .634647750233, 1e-12));
    cr_expect(eq(dbl, sensitivity(4, flat), 0.75)); // the most there can be
    cr_expect(eq(dbl, sensitivity(4, hot), 0));
}

Test(sparse_jacobian, agrees_with_reference,
     .description = "eq:sparse-jacobian")
{
    double p[4], j[4];
    sparsemax(4, K, p);
    sparsemax_jvp(4, p, (double[]){1, 0, 0, 0}, j);
    same(4, j, (double[]){.5, -.5, 0, 0}, 0);
    sparsemax_jvp(4, p, (double[]){1, -2, .5, 3}, j);
    same(4, j, (double[]){1.5, -1.5, 0, 0}, 0);
}

Test(sparse_jacobian, agrees_with_differences,
     .description = "eq:sparse-jacobian")
{
    struct random r = stream("sparsemax slope", 0);
    int tried = 0;
    for (int i = 0; i < MANY; i++) {
        double x[N], v[N], p[N], j[N], slope[N];
        draw("sparsemax point", i, x);
        if (on_a_kink(N, x))
            continue;
        uniform_vector(&r, N, 1, v);
        sparsemax(N, x, p);
        sparsemax_jvp(N, p, v, j);
        along(sparsemax, N, x, v, slope);
        same(N, j, slope, 1e-9); // logits up to 16: 4e-15 over 2e-5
        tried++;
    }
    cr_expect(gt(int, tried, MANY / 2));
}

Test(sparse_jacobian, has_half_norm_k_less_one,
     .description = "eq:sparse-jacobian")
{
    double p[4], column[4], half = 0;
    sparsemax(4, J, p); // all four have weight
    for (int i = 0; i < 4; i++) {
        double e[4] = {0};
        e[i] = 1;
        sparsemax_jvp(4, p, e, column);
        for (int j = 0; j < 4; j++)
            half += fabs(column[j]) / 2;
    }
    cr_expect(eq(dbl, half, 3));
}

// ---- losses -----------------------------------------------------------------

Test(cross_entropy, agrees_with_reference, .description = "eq:cross-entropy")
{
    static const double want[] = {2.1102203944045, 1.6102203944045,
                                  2.9102203944045, 0.61022039440448,
                                  2.5102203944045};
    for (int t = 0; t < 5; t++) // thirteen decimals are given
        cr_expect(epsilon_eq(dbl, cross_entropy(5, A, t), want[t], 1e-13));
    cr_expect(epsilon_eq(dbl, cross_entropy(4, J, 0), 1.2425355294552, 1e-13));
    cr_expect(epsilon_eq(dbl, cross_entropy(4, K, 0), 0.69572802940388, 1e-13));
}

Test(cross_entropy, is_minus_log_p, .description = "eq:cross-entropy")
{
    double p[5];
    softmax(5, A, p);
    for (int t = 0; t < 5; t++)
        cr_expect(epsilon_eq(dbl, cross_entropy(5, A, t), -log(p[t]), 1e-15));
}

Test(cross_entropy, stays_finite_where_p_is_zero,
     .description = "eq:cross-entropy")
{
    double x[] = {1000, 0}, p[2];
    softmax(2, x, p);
    cr_expect(isinf(-log(p[1])));
    cr_expect(eq(dbl, cross_entropy(2, x, 1), 1000));
}

Test(loss, agrees_with_reference, .description = "eq:loss")
{
    static const double want[] = {1.5, 1, 2.3, 0, 1.9};
    for (int t = 0; t < 5; t++)
        cr_expect(epsilon_eq(dbl, sparsemax_loss(5, A, t), want[t], 1e-15));
    cr_expect(epsilon_eq(dbl, sparsemax_loss(4, J, 0), .25, 1e-15));
    cr_expect(epsilon_eq(dbl, sparsemax_loss(4, K, 0), .04, 1e-15));
}

Test(loss, is_the_maximum_it_stands_for, .description = "eq:loss eq:conjugate")
{
    struct random r = stream("largest value", 0);
    for (int i = 0; i < MANY; i++) {
        double x[4], p[4], q[4], best = 0, other = 0;
        uniform_vector(&r, 4, 2, x);
        sparsemax(4, x, p);
        for (int j = 0; j < 4; j++)
            q[j] = exponential(&r);
        double s = sum(4, q);
        for (int j = 0; j < 4; j++) {
            best += p[j] * x[j] - p[j] * p[j] / 2;
            other += q[j] / s * x[j] - q[j] / s * q[j] / s / 2;
        }
        double l = sparsemax_loss(4, x, 1);
        cr_expect(epsilon_eq(dbl, l, best + 0.5 - x[1], 1e-15));
        cr_expect(lt(dbl, other, best));
    }
}

Test(loss, is_zero_from_the_margin_on, .description = "eq:margin eq:loss")
{
    double x[] = {5, 4, -3}, inside[] = {5, 4 - 1e-9, -3}, outside[] = {5, 4.5};
    cr_expect(eq(dbl, sparsemax_loss(3, x, 0), 0));
    cr_expect(eq(dbl, sparsemax_loss(3, inside, 0), 0));
    cr_expect(gt(dbl, sparsemax_loss(2, outside, 0), 0));
    cr_expect(gt(dbl, cross_entropy(3, x, 0), 0)); // which never ends
}

Test(loss, is_never_negative, .description = "eq:margin")
{
    for (int i = 0; i < MANY; i++) {
        double x[N];
        draw("positive", i, x);
        double lead = x[0] - largest(N - 1, x + 1), l = sparsemax_loss(N, x, 0);
        // Just inside the margin l is a square that rounding can swallow.
        cr_expect(lead >= 1 ? l == 0 : l > 0 || lead > 1 - 1e-7);
    }
}

Test(loss, is_convex_along_segments, .description = "eq:conjugate eq:loss")
{
    for (int i = 0; i < MANY; i++) {
        double a[N], b[N], m[N];
        draw("one end", i, a);
        draw("other end", i, b);
        for (int k = 1; k < 8; k++) {
            double s = k / 8.0;
            for (int j = 0; j < N; j++)
                m[j] = (1 - s) * a[j] + s * b[j];
            for (int o = 0; o < PROPER; o++) {
                double chord = (1 - s) * loss(proper[o], N, a, 0) +
                               s * loss(proper[o], N, b, 0);
                double l = loss(proper[o], N, m, 0);
                cr_expect(le(dbl, l, chord + 1e-14)); // rounding at 32
            }
        }
    }
}

Test(gradient, agrees_with_differences,
     .description = "eq:gradient eq:cross-entropy eq:loss")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], g[N], h = 1e-5;
        draw("loss point", i, x);
        if (on_a_kink(N, x))
            continue;
        for (int o = 0; o < PROPER; o++) {
            gradient(proper[o], N, x, i % N, g);
            for (int j = 0; j < N; j++) {
                double y[N];
                memcpy(y, x, sizeof y);
                y[j] = x[j] + h;
                double up = loss(proper[o], N, y, i % N);
                y[j] = x[j] - h;
                double down = loss(proper[o], N, y, i % N);
                // Losses up to 32 leave 7e-15 over 2e-5; the term in h^2 is
                // smaller.
                cr_expect(epsilon_eq(dbl, (up - down) / (2 * h), g[j], 1e-9));
            }
        }
    }
}

Test(gradient, sums_to_zero, .description = "eq:gradient eq:stop")
{
    double g[5];
    for (int o = 0; o < OBJECTIVES; o++) {
        if (objectives[o].map.family == TAYLOR) // it sees a common shift
            continue;
        gradient(objectives[o], 5, A, 2, g);
        cr_expect(epsilon_eq(dbl, sum(5, g), 0, 1e-15));
    }
}

// ---- Jacobians of the other maps --------------------------------------------

Test(entmax_jacobian, agrees_with_reference,
     .description = "eq:entmax-jacobian")
{
    static const double g[] = {1, -2, .5, 3}, e[] = {1, 0, 0, 0};
    static const double want[2][2][4] = {
        {{.337562516524, -.196995693615, -.140566822909, 0},
         {.661270492301, -.792426114219, .131155621919, 0}},
        {{.409323603937, -.241104518175, -.168219085762, 0},
         {.807423097406, -.985402998584, .177979901178, 0}}};
    static const double half[] = {.836276259747, 1.02831876312};
    for (int i = 0; i < 2; i++) {
        double p[4], j[4], alpha = 1.3 + 0.2 * i;
        entmax(i ? 1.5 : 1.3, 4, K, p);
        entmax_jvp(alpha, 4, p, e, j);
        same(4, j, want[i][0], 1e-12); // twelve digits are given
        entmax_jvp(alpha, 4, p, g, j);
        same(4, j, want[i][1], 1e-12);
        cr_expect(epsilon_eq(dbl, half_norm(entmax_of(i ? 1.5 : 1.3), 4, K),
                             half[i], 1e-11));
    }
}

Test(entmax_jacobian, has_the_others_at_its_ends,
     .description = "eq:entmax-jacobian eq:jacobian eq:sparse-jacobian")
{
    for (int i = 0; i < MANY; i++) {
        double x[N], v[N], p[N], j[N], k[N];
        draw("ends of jacobians", i, x);
        draw("along", i, v);
        softmax(N, x, p);
        entmax_jvp(1, N, p, v, j);
        softmax_jvp(N, p, v, k);
        same(N, j, k, 1e-14);
        sparsemax(N, x, p);
        entmax_jvp(2, N, p, v, j);
        sparsemax_jvp(N, p, v, k);
        same(N, j, k, 1e-14);
    }
}

// A map's Jacobian against differences, where no weight is about to vanish.
static int follows(struct map f, int i, double tolerance)
{
    double x[N], v[N], p[N], j[N], up[N], down[N], y[N], h = 1e-5;
    draw("any point", i, x);
    draw("any way", i, v);
    weights(f, N, x, p);
    for (int k = 0; k < N; k++)
        if (p[k] > 0 && p[k] < 1e-3)
            return 0;
    for (int k = 0; k < N; k++)
        y[k] = x[k] + h * v[k];
    weights(f, N, y, up);
    for (int k = 0; k < N; k++)
        y[k] = x[k] - h * v[k];
    weights(f, N, y, down);
    if (support(N, up) != support(N, p) || support(N, down) != support(N, p))
        return 0;
    jvp(f, N, x, v, j);
    for (int k = 0; k < N; k++)
        cr_expect(epsilon_eq(dbl, (up[k] - down[k]) / (2 * h), j[k],
                             tolerance));
    return 1;
}

Test(entmax_jacobian, agrees_with_differences,
     .description = "eq:entmax-jacobian eq:taylor-gradient eq:sparse-softmax")
{
    struct map maps[] = {entmax_of(1.25), entmax_of(1.5),
                         entmax_of(1.75), taylor_4,
                         clamped_2,       {SPARSE_SOFTMAX, .top = 3}};
    for (int m = 0; m < 6; m++) {
        int tried = 0;
        for (int i = 0; i < MANY; i++)
            // Steps of up to 1e-4, third derivatives of up to 100.
            tried += follows(maps[m], i, 1e-5);
        cr_expect(gt(int, tried, MANY / 20), "map %d", m);
    }
}

Test(spectral, is_a_half_at_most, .description = "eq:spectral eq:jacobian")
{
    double even[] = {.5, .5}, p[N], x[N];
    cr_expect(epsilon_eq(dbl, stretch(1, 2, even), 0.5, 1e-15));
    cr_expect(epsilon_eq(dbl, stretch(1.3, 2, even), pow(2, -.7), 1e-15));
    cr_expect(epsilon_eq(dbl, stretch(1.5, 2, even), pow(2, -.5), 1e-15));
    for (int i = 0; i < MANY; i++) {
        draw("stretches", i, x);
        for (double alpha = 1; alpha < 2.1; alpha += 0.25) {
            entmax(alpha, N, x, p);
            cr_expect(le(dbl, stretch(alpha, N, p), pow(2, alpha - 2) + 1e-14));
        }
    }
}

Test(entmax_alpha, agrees_with_reference, .description = "eq:entmax-alpha")
{
    static const double want[3][4] = {{.254945109, -.0717731413, -.183171967,
                                       0},
                                      {.306769475, -.074251342, -.232518133, 0},
                                      {.228313629, -.228313629, 0, 0}};
    static const double alphas[] = {1.3, 1.5, 2};
    for (int i = 0; i < 3; i++) {
        double p[4], d[4], up[4], down[4];
        entmax(alphas[i], 4, K, p);
        entmax_slope(alphas[i], 4, p, d);
        same(4, d, want[i], 1e-9); // nine digits are given
        entmax(alphas[i] + 1e-5, 4, K, up);
        entmax(alphas[i] - 1e-5, 4, K, down);
        for (int j = 0; j < 4; j++)
            cr_expect(epsilon_eq(dbl, (up[j] - down[j]) / 2e-5, d[j], 1e-8));
    }
}

// ---- losses of the other maps -----------------------------------------------

Test(entmax_loss, agrees_with_reference, .description = "eq:entmax-loss")
{
    static const double e13[] = {1.6667557517131, 1.1667557517131,
                                 2.4667557517131, .16675575171308,
                                 2.0667557517131};
    static const double e15[] = {1.5642306379057, 1.0642306379057,
                                 2.3642306379057, .064230637905694,
                                 1.9642306379057};
    for (int t = 0; t < 5; t++) { // thirteen decimals are given
        cr_expect(epsilon_eq(dbl, entmax_loss(1.3, 5, A, t), e13[t], 1e-13));
        cr_expect(epsilon_eq(dbl, entmax_loss(1.5, 5, A, t), e15[t], 1e-13));
    }
    cr_expect(epsilon_eq(dbl, entmax_loss(1.3, 4, J, 0), .73187611355567,
                         1e-13));
    cr_expect(epsilon_eq(dbl, entmax_loss(1.5, 4, J, 0), .52912752240259,
                         1e-13));
    cr_expect(epsilon_eq(dbl, entmax_loss(1.3, 4, K, 0), .31935049994083,
                         1e-13));
    cr_expect(epsilon_eq(dbl, entmax_loss(1.5, 4, K, 0), .18653587558597,
                         1e-13));
}

Test(entmax_loss, has_the_others_at_its_ends,
     .description = "eq:entmax-loss eq:loss eq:cross-entropy")
{
    for (int i = 0; i < MANY; i++) {
        double x[N];
        draw("ends of losses", i, x);
        double l = entmax_loss(2, N, x, 0), m = entmax_loss(1 + 1e-10, N, x, 0);
        // Sums of eight terms of up to 32; and alpha off by 1e-10 times 128.
        cr_expect(epsilon_eq(dbl, l, sparsemax_loss(N, x, 0), 3e-14));
        cr_expect(epsilon_eq(dbl, m, cross_entropy(N, x, 0), 2e-8));
    }
}

Test(entmax_loss, is_zero_from_the_margin_on, .description = "eq:entmax-margin")
{
    for (double alpha = 1.25; alpha < 4; alpha += 0.25) {
        double margin = 1 / (alpha - 1), x[] = {margin, 0, -1};
        cr_expect(epsilon_eq(dbl, entmax_loss(alpha, 3, x, 0), 0, 1e-15));
        x[0] = 1.001 * margin;
        cr_expect(eq(dbl, entmax_loss(alpha, 3, x, 0), 0));
        x[0] = 0.95 * margin;
        cr_expect(gt(dbl, entmax_loss(alpha, 3, x, 0), 0));
    }
}

Test(entmax_loss, is_convex_and_not_negative,
     .description = "eq:entmax-loss eq:conjugate")
{
    static const double alphas[] = {1.2, 1.5, 1.8, 3};
    for (int i = 0; i < MANY / 4; i++)
        for (int k = 0; k < 4; k++) {
            double a[N], b[N], m[N];
            draw("one side", i, a);
            draw("other side", i, b);
            double la = entmax_loss(alphas[k], N, a, 0);
            double lb = entmax_loss(alphas[k], N, b, 0);
            cr_expect(ge(dbl, la, -4e-15)); // logits up to 16
            for (double s = 0.125; s < 1; s += 0.125) {
                for (int j = 0; j < N; j++)
                    m[j] = (1 - s) * a[j] + s * b[j];
                double chord = (1 - s) * la + s * lb;
                cr_expect(le(dbl, entmax_loss(alphas[k], N, m, 0),
                             chord + 3e-14));
            }
        }
}

Test(taylor, loss_agrees_with_its_weights, .description = "eq:taylor-softmax")
{
    double p[5];
    taylor_softmax(taylor_2, 5, A, p);
    cr_expect(epsilon_eq(dbl, taylor_loss(taylor_2, 5, A, 1), -log(p[1]),
                         1e-15));
}

// Every loss that has a value, by differences.
Test(gradient, of_every_loss_agrees_with_differences,
     .description = "eq:gradient eq:entmax-loss eq:sparse-softmax-loss "
                    "eq:taylor-gradient eq:smooth-accuracy eq:epsilon-loss")
{
    for (int o = 0; o < PRINTED_LOSS; o++) {
        int tried = 0;
        for (int i = 0; i < MANY / 4; i++) {
            double x[N], y[N], p[N], g[N], h = 1e-5;
            draw("loss of any map", i, x);
            weights(objectives[o].map, N, x, p);
            int t = i % N, close = p[t] < 1e-2; // or a logarithm bends much
            for (int j = 0; j < N; j++) {
                close |= fabs(x[j] + 1) < 1e-4; // the clamp of Taylor's series
                for (int k = 0; k < j; k++)     // the last that is kept
                    close |= fabs(x[j] - x[k]) < 1e-4;
            }
            if (close || on_a_kink(N, x))
                continue;
            tried++;
            gradient(objectives[o], N, x, t, g);
            for (int j = 0; j < N; j++) {
                memcpy(y, x, sizeof y);
                y[j] = x[j] + h;
                double up = loss(objectives[o], N, y, t);
                y[j] = x[j] - h;
                double down = loss(objectives[o], N, y, t);
                // Rounding of 7e-15 over 2e-5, and the logarithm's third
                // derivative, which is the cube of its first.
                double slack = 1e-9 + h * h * pow(fabs(g[j]), 3);
                cr_expect(epsilon_eq(dbl, (up - down) / (2 * h), g[j], slack),
                          "%s", objectives[o].name);
            }
        }
        cr_expect(gt(int, tried, MANY / 40), "%s", objectives[o].name);
    }
}

Test(epsilon_loss, is_dead_where_the_weight_is,
     .description = "eq:epsilon-loss")
{
    double x[] = {3, 0, 0}, g[3];
    struct objective o = objectives[EPSILON_LOSS];
    gradient(o, 3, x, 1, g);
    same(3, g, (double[]){0, 0, 0}, 0);
    cr_expect(epsilon_eq(dbl, loss(o, 3, x, 1), log(1003), 1e-13));
    cr_expect(epsilon_eq(dbl, loss(o, 3, x, 0), log(1003 / 1001.), 1e-15));
    gradient(proper[2], 3, x, 1, g); // while the map's own loss is not
    same(3, g, (double[]){1, -1, 0}, 0);
}

Test(smooth_accuracy, fades_at_either_end, .description = "eq:smooth-accuracy")
{
    struct objective o = {"", "", {.family = SOFTMAX}, SMOOTH};
    double g[2], far[] = {-40, 0}, even[] = {0, 0};
    cr_expect(eq(dbl, loss(o, 2, even, 0), -0.5));
    gradient(o, 2, even, 0, g);
    same(2, g, (double[]){-.25, .25}, 1e-16);
    gradient(o, 2, far, 0, g);
    same(2, g, (double[]){0, 0}, 1e-17); // where cross-entropy pulls with 1
}

Test(margin_softmax, agrees_with_reference, .description = "eq:margin-softmax")
{
    double c[] = {.8, .6, -.1}, T = 1 / 30.,
           arc[] = {cos(acos(.8) + .5), .6, -.1};
    // Thirteen decimals are given.
    cr_expect(epsilon_eq(dbl, margin_softmax(T, 0, 3, c, 0), .0024756851396053,
                         1e-14));
    cr_expect(epsilon_eq(dbl, margin_softmax(T, .35, 3, c, 0), 4.5110477455985,
                         1e-13));
    cr_expect(epsilon_eq(dbl, margin_softmax(T, .35, 3, c, 1), 16.500000068258,
                         1e-12));
    cr_expect(epsilon_eq(dbl, margin_softmax(T, 0, 3, arc, 0), 5.571490272958,
                         1e-12));
}

Test(margin_softmax, is_cross_entropy_of_a_lowered_logit,
     .description = "eq:margin-softmax")
{
    for (int i = 0; i < MANY; i++) {
        double c[N], y[N];
        draw("cosines", i, c);
        for (int j = 0; j < N; j++)
            y[j] = (c[j] - (j == 2 ? 0.3 : 0)) / 0.125;
        // Logits of up to 128, rounded by 1.4e-14.
        cr_expect(epsilon_eq(dbl, margin_softmax(0.125, 0.3, N, c, 2),
                             cross_entropy(N, y, 2), 1e-13));
    }
}

Test(triangle, holds_for_the_root_alone, .description = "eq:triangle")
{
    double ab = cos(M_PI / 6), bc = ab,
           ac = cos(M_PI / 3); // 30, 30, 60 degrees
    cr_expect(le(dbl, apart(ac), apart(ab) + apart(bc)));
    cr_expect(gt(dbl, 1 - ac, 1 - ab + 1 - bc));
    cr_expect(eq(dbl, apart(1), 0));
    // It is the length of the chord, over the root of two.
    cr_expect(epsilon_eq(dbl, apart(ac), 2 * sin(M_PI / 6) / sqrt(2), 1e-15));
}

// ---- perturb-max ------------------------------------------------------------

static struct map noisy(enum noise f)
{
    return (struct map){PERTURB_MAX, .noise = f};
}

Test(perturb_max, agrees_with_reference,
     .description = "eq:perturb-integral eq:exponential-noise "
                    "eq:minimum-gumbel eq:uniform-noise eq:gumbel")
{
    static const double z[] = {0, 1, 2}, b[] = {1, 1, 0};
    of_map(noisy(NORMAL), 5, A,
           (double[]){.0886286511156, .190798298649, .0201621955474,
                      .656331909667, .0440789450204});
    of_map(noisy(LOGISTIC), 5, A,
           (double[]){.143565469644, .218398928742, .0702714524442,
                      .466735705538, .101028443632});
    of_map(noisy(LAPLACE), 5, A,
           (double[]){.112348436278, .197099746069, .0472630851531,
                      .570865621069, .0724231114307});
    of_map(noisy(MIN_GUMBEL), 5, A,
           (double[]){.0915334006128, .203636841851, .0168939702496,
                      .645801193155, .0421345941319});
    of_map(noisy(EXPONENTIAL), 5, A,
           (double[]){.0905197821065, .157048248258, .0391173133306,
                      .654062247613, .0592524086918});
    of_map(noisy(UNIFORM), 5, A, (double[]){0, 0, 0, 1, 0});
    of_map(noisy(NORMAL), 3, z,
           (double[]){.0471506799191, .22409830478, .7287510153});
    of_map(noisy(LOGISTIC), 3, z,
           (double[]){.128003376829, .288203321415, .583793301757});
    of_map(noisy(LAPLACE), 3, z,
           (double[]){.0825100908409, .246224682433, .671265226726});
    of_map(noisy(MIN_GUMBEL), 3, z,
           (double[]){.0533852991669, .244728471055, .701886229778});
    of_map(noisy(EXPONENTIAL), 3, z,
           (double[]){.0593697968903, .175641875858, .764988327252});
    of_map(noisy(UNIFORM), 4, J,
           (double[]){.435608333333, .288225, .176941666667, .099225});
    of_map(noisy(NORMAL), 4, J,
           (double[]){.303040634665, .265201551023, .231143246334,
                      .200614567978});
    of_map(noisy(EXPONENTIAL), 4, J,
           (double[]){.303160203889, .262963300906, .230541532814,
                      .203334962391});
    of_map(noisy(NORMAL), 3, b,
           (double[]){.443398916017, .443398916017, .113202167965});
    of_map(noisy(LAPLACE), 3, b,
           (double[]){.428997419891, .428997419891, .142005160218});
    of_map(noisy(MIN_GUMBEL), 3, b,
           (double[]){.443000136247, .443000136247, .113999727506});
    of_map(noisy(EXPONENTIAL), 3, b,
           (double[]){.438686759805, .438686759805, .12262648039});
    of_map(noisy(UNIFORM), 3, b, (double[]){.5, .5, 0});
}

Test(perturb_max, of_two_logits, .description = "eq:perturb-pair")
{
    static const double want[] = {.66818777216817, .68969102678116,
                                  .61479392196297, .6648049199408,
                                  .7517073481043,  .955,
                                  .66818777216817};
    for (int f = 0; f < NOISES; f++) {
        cr_expect(epsilon_eq(dbl, pair(f, .7), want[f], 1e-13));
        cr_expect(epsilon_eq(dbl, pair(f, -.7), 1 - want[f], 1e-13));
        cr_expect(eq(dbl, pair(f, 0), 0.5));
        for (double d = -8; d < 8; d += 0.3) {
            double q[2];
            integrate(f, 2, (double[]){d, 0}, NULL, 0.1, q);
            cr_expect(epsilon_eq(dbl, q[0], pair(f, d), 1e-11));
        }
    }
}

Test(perturb_max, closed_forms_are_the_integral,
     .description = "eq:gumbel eq:exponential-noise eq:minimum-gumbel "
                    "eq:uniform-noise eq:perturb-integral")
{
    for (int i = 0; i < 200; i++) {
        double x[N], p[N], q[N];
        draw("closed", i, x);
        integrate(GUMBEL, N, x, NULL, 0.1, p);
        softmax(N, x, q);
        same(N, p, q, 1e-11);
        integrate(EXPONENTIAL, N, x, NULL, 0.1, p);
        exponential_noise(N, x, q);
        same(N, p, q, 1e-11);
        integrate(UNIFORM, N, x, NULL, 0.1, p);
        uniform_noise(N, x, q);
        same(N, p, q, 1e-11);
        integrate(MIN_GUMBEL, N, x, NULL, 0.1, p);
        minimum_gumbel(N, x, q);
        same(N, p, q, 1e-11);
    }
}

Test(perturb_max, keeps_its_promises, .description = "eq:perturb-integral")
{
    for (int f = 0; f < NOISES; f++)
        for (int i = 0; i < 40; i++) {
            double x[N], y[N], p[N], q[N], longer[N + 1], r[N + 1];
            draw("noisy", i, x);
            integrate(f, N, x, NULL, 0.1, p);
            cr_expect(epsilon_eq(dbl, sum(N, p), 1, 1e-11), "%s",
                      noise_names[f]);
            perturb_max(f, N, x, p);
            for (int j = 0; j < N * N; j++)
                cr_expect(x[j / N] <= x[j % N] || p[j / N] >= p[j % N] - 1e-11);
            for (int j = 0; j < N; j++)
                y[j] = x[j] + 64; // rounded by 7e-15
            perturb_max(f, N, y, q);
            same(N, p, q, 1e-12);
            memcpy(longer, x, sizeof x);
            longer[N] = -INFINITY;
            perturb_max(f, N + 1, longer, r);
            same(N, p, r, 1e-12);
            cr_expect(eq(dbl, r[N], 0));
        }
}

Test(perturb_max, of_a_thousand, .description = "eq:perturb-integral")
{
    enum { n = 1000 };
    double x[n], p[n], flat[n] = {0};
    struct random r = stream("a thousand", 0);
    for (int i = 0; i < n; i++)
        x[i] = 2 * normal(&r);
    for (int f = 1; f < NOISES; f++) {
        integrate(f, n, x, NULL, 0.1, p);
        cr_expect(epsilon_eq(dbl, sum(n, p), 1, 1e-10), "%s", noise_names[f]);
        perturb_max(f, n, flat, p);
        for (int i = 0; i < n; i += 100)
            cr_expect(epsilon_eq(dbl, p[i], 1e-3, 1e-12), "%s", noise_names[f]);
    }
}

Test(perturb_max, of_huge_spreads, .description = "eq:perturb-integral")
{
    for (int f = 0; f < NOISES; f++) {
        of_map(noisy(f), 2, (double[]){1e300, 0}, (double[]){1, 0});
        of_map(noisy(f), 2, (double[]){1e300, 1e300}, (double[]){.5, .5});
        of_map(noisy(f), 3, (double[]){0, -1e308, 0}, (double[]){.5, 0, .5});
        of_map(noisy(f), 1, (double[]){7.25}, (double[]){1});
    }
}

Test(perturb_max, is_what_draws_give, .description = "eq:perturb-max eq:gumbel")
{
    for (int f = 0; f < NOISES; f++) {
        int64_t count[5] = {0};
        double p[5];
        for (int c = 0; c < 100; c++)
            tally(f, 1000000 + c, count);
        perturb_max(f, 5, A, p);
        for (int i = 0; i < 5; i++) // five binomial errors of 1e5 draws
            cr_expect(epsilon_eq(dbl, count[i] / 1e5, p[i],
                                 5 * sqrt(p[i] * (1 - p[i]) / 1e5)));
    }
}

Test(perturb_max, noises_have_their_deviations, .description = "eq:perturb-max")
{
    for (int f = 0; f < NOISES; f++) {
        double mean = 0, square = 0, all = 0, h = 1 / 1024.;
        for (double e = -40 + h / 2; e < 40; e += h) {
            double d = exp(log_density(f, e)) * h;
            all += d;
            mean += d * e;
            square += d * e * e;
            double c = log_cdf(f, e + h / 2); // the sum of densities so far
            cr_expect(epsilon_eq(dbl, exp(c), all, 1e-6));
        }
        // The middles of cells are off by h^2, or h^2 times a jump.
        cr_expect(epsilon_eq(dbl, sqrt(square - mean * mean), deviations[f],
                             1e-6));
    }
}

Test(normal_cdf, has_no_step_where_formulas_meet,
     .description = "eq:perturb-integral")
{
    for (double e = -36.99; e > -37.2; e -= 0.01) {
        double slope =
            (log_normal_cdf(e + 1e-3) - log_normal_cdf(e - 1e-3)) / 2e-3;
        double ratio = exp(log_density(NORMAL, e) - log_normal_cdf(e));
        cr_expect(epsilon_eq(dbl, slope, ratio, 1e-6 * ratio));
    }
}

Test(perturb_jacobian, agrees_with_differences,
     .description = "eq:perturb-jacobian")
{
    for (int f = 0; f < NOISES; f++)
        for (int i = 0; i < 20; i++) {
            double x[N], v[N], y[N], j[N], up[N], down[N], h = 1e-3;
            draw("noisy point", 4 * i, x);
            draw("noisy way", 4 * i, v);
            perturb_jvp(f, N, x, v, j);
            for (int k = 0; k < N; k++)
                y[k] = x[k] + h * v[k];
            perturb_max(f, N, y, up);
            for (int k = 0; k < N; k++)
                y[k] = x[k] - h * v[k];
            perturb_max(f, N, y, down);
            for (int k = 0; k < N; k++) // h^2, or h where a density jumps
                cr_expect(epsilon_eq(dbl, (up[k] - down[k]) / (2 * h), j[k],
                                     f == UNIFORM || f == EXPONENTIAL ? 2e-3
                                                                      : 1e-5),
                          "%s", noise_names[f]);
        }
}

Test(perturb_jacobian, of_gumbel_is_that_of_softmax,
     .description = "eq:perturb-jacobian eq:gumbel eq:jacobian")
{
    for (int i = 0; i < 50; i++) {
        double x[N], v[N], p[N], j[N], k[N];
        draw("gumbel point", i, x);
        draw("gumbel way", i, v);
        perturb_jvp(GUMBEL, N, x, v, j);
        softmax(N, x, p);
        softmax_jvp(N, p, v, k);
        same(N, j, k, 1e-10);
    }
}

Test(perturb_loss, keeps_its_digits_far_behind,
     .description = "eq:perturb-integral eq:perturb-jacobian")
{
    for (int f = 0; f < NOISES; f++)
        for (double d = -20; d < 9; d += 7.3) {
            double x[] = {d, 0}, g[2], p = pair(f, d), e = 1e-4;
            if (f == UNIFORM && d < -1) {
                cr_expect(isinf(perturb_loss(f, 2, x, 0)));
                continue;
            }
            if (d > -3) // else the closed form is less exact
                cr_expect(epsilon_eq(dbl, perturb_loss(f, 2, x, 0), -log(p),
                                     1e-10));
            perturb_loss_gradient(f, 2, x, 0, g);
            x[0] = d + e;
            double up = perturb_loss(f, 2, x, 0);
            x[0] = d - e;
            double down = perturb_loss(f, 2, x, 0);
            cr_expect(epsilon_eq(dbl, (up - down) / (2 * e), g[0], 1e-5));
            cr_expect(epsilon_eq(dbl, g[0] + g[1], 0, 1e-9));
        }
    // Normal noise: Phi(-20/sqrt 2).
    cr_expect(epsilon_eq(dbl, perturb_loss(NORMAL, 2, (double[]){-20, 0}, 0),
                         -log(erfc(10) / 2), 1e-9));
}

Test(quadrature, of_gauss_is_exact_for_polynomials,
     .description = "eq:quadrature")
{
    for (int m = 1; m <= 12; m++) {
        double t[12], w[12], moment = 1;
        gauss(1, m, t, w);
        for (int k = 0; k < 2 * m; k += 2) { // of the normal distribution
            double s = 0;
            for (int i = 0; i < m; i++)
                s += w[i] * pow(t[i], k);
            cr_expect(epsilon_eq(dbl, s, moment, 1e-12 * moment));
            moment *= k + 1;
        }
        gauss(0, m, t, w);
        for (int k = 0; k < 2 * m; k++) { // of the uniform one on (-1, 1)
            double s = 0;
            for (int i = 0; i < m; i++)
                s += w[i] * pow(t[i], k);
            cr_expect(epsilon_eq(dbl, s, k % 2 ? 0 : 1.0 / (k + 1), 1e-14));
        }
    }
}

Test(quadrature, agrees_with_reference, .description = "eq:quadrature")
{
    static const struct {
        int rule, points;
        double error, sum; // two digits are given
    } want[] = {{GRID, 100, 3.7e-3, -1.2e-2},   {GRID, 1000, 4.3e-4, -1.4e-3},
                {GRID, 10000, 4.6e-5, -1.5e-4}, {MIDPOINT, 100, 4.1e-4, 0},
                {MIDPOINT, 1000, 1.6e-5, 0},    {MIDPOINT, 10000, 5.5e-7, 0},
                {HERMITE, 8, 1.9e-4, 0},        {HERMITE, 16, 1.3e-6, 0},
                {HERMITE, 32, 4.2e-10, 0}};
    double p[5], q[5];
    perturb_max(NORMAL, 5, A, q);
    for (int i = 0; i < 9; i++) {
        by_rule(want[i].rule, want[i].points, 5, A, p);
        cr_expect(epsilon_eq(dbl, distance(5, p, q), want[i].error,
                             0.05 * want[i].error),
                  "%d", i);
        if (want[i].sum < 0)
            cr_expect(epsilon_eq(dbl, sum(5, p) - 1, want[i].sum,
                                 -0.05 * want[i].sum));
    }
}

// ---- the loss as printed ----------------------------------------------------

static const struct objective printed[] = {
    {"", "", {.family = SOFTMAX}, PRINTED},
    {"", "", {.family = SPARSEMAX}, PRINTED}};

Test(stop, agrees_with_reference, .description = "eq:stop eq:gradient")
{
    double g[5];
    gradient(printed[0], 5, A, 3, g);
    same(5, g,
         (double[]){-.101659555499, -.0676864891118, -.0892495628017,
                    .359240177394, -.100644569982},
         1e-12);
    gradient(proper[0], 5, A, 3, g);
    same(5, g,
         (double[]){.121211249208, .199843564818, .0544637250461,
                    -.456768869221, .0812503301493},
         1e-12);
}

Test(stop, does_not_look_at_the_label, .description = "eq:stop")
{
    double g[5], h[5];
    for (int o = 0; o < 2; o++)
        for (int t = 1; t < 5; t++) {
            gradient(printed[o], 5, A, 0, g);
            gradient(printed[o], 5, A, t, h);
            same(5, g, h, 0);
        }
}

// The gradient of <p - e_t, c> with c held fixed at x, by differences.
Test(stop, is_what_differences_give, .description = "eq:stop")
{
    double h = 1e-5, g[4];
    for (int o = 0; o < 2; o++) {
        gradient(printed[o], 4, K, 1, g);
        for (int j = 0; j < 4; j++) {
            double y[4], p[4], q[4], slope = 0;
            memcpy(y, K, sizeof y);
            y[j] = K[j] + h;
            weights(printed[o].map, 4, y, p);
            y[j] = K[j] - h;
            weights(printed[o].map, 4, y, q);
            for (int k = 0; k < 4; k++)
                slope += (p[k] - q[k]) * K[k] / (2 * h);
            cr_expect(epsilon_eq(dbl, slope, g[j], 1e-10));
        }
    }
}

static double minus_entropy(int n, const double x[])
{
    double p[n], s = 0;
    softmax(n, x, p);
    for (int i = 0; i < n; i++)
        s += p[i] * log(p[i]);
    return s;
}

static double half_square(int n, const double x[])
{
    double p[n], s = 0;
    sparsemax(n, x, p);
    for (int i = 0; i < n; i++)
        s += p[i] * p[i] / 2;
    return s;
}

Test(stop, descends_certainty, .description = "eq:stop")
{
    double h = 1e-5, g[4], y[4];
    for (int o = 0; o < 2; o++) {
        double (*omega)(int, const double[]) =
            o == 0 ? minus_entropy : half_square;
        gradient(printed[o], 4, K, 0, g);
        for (int j = 0; j < 4; j++) {
            memcpy(y, K, sizeof y);
            y[j] = K[j] + h;
            double up = omega(4, y);
            y[j] = K[j] - h;
            double slope = (up - omega(4, y)) / (2 * h);
            cr_expect(epsilon_eq(dbl, slope, g[j], 1e-10));
        }
    }
}

// ---- digits -----------------------------------------------------------------

Test(digits, are_all_there)
{
    struct rows r = read_rows("chapters/8-softmax/data/digits.csv", 0);
    int of[CLASSES] = {0};
    cr_assert(eq(int, r.count, 1797));
    cr_assert(eq(int, r.width, INPUTS));
    for (int i = 0; i < r.count; i++)
        of[(int)r.x[i * INPUTS + PIXELS]]++;
    for (int c = 0; c < CLASSES; c++)
        cr_expect(of[c] >= 174 && of[c] <= 183); // as the set's own text says
}

Test(digits, a_tie_is_no_reading)
{
    struct classifier c = {.model = LINEAR};
    double x[1][INPUTS] = {{1}}, t[] = {3};
    struct digits d = {1, x, t};
    int image[] = {0};
    cr_expect(eq(dbl, misread(&d, soft, 1, image, &c), 100));
    c.out[0][3] = 1;
    cr_expect(eq(dbl, misread(&d, soft, 1, image, &c), 0));
    c.out[0][4] = -10; // which Taylor's softmax, and it alone, takes for more
    cr_expect(eq(dbl, misread(&d, soft, 1, image, &c), 0));
    cr_expect(eq(dbl, misread(&d, taylor_2, 1, image, &c), 100));
    c.out[0][3] = NAN;
    cr_expect(eq(dbl, misread(&d, soft, 1, image, &c), 100));
}

Test(digits, equal_weights_are_told_apart_by_logits)
{
    struct classifier c = {.model = LINEAR};
    double x[1][INPUTS] = {{1}}, t[] = {3};
    struct digits d = {1, x, t};
    int image[] = {0};
    c.out[0][3] = 2000; // softmax gives the other one zero, and this one 1
    c.out[0][4] = 1000;
    cr_expect(eq(dbl, misread(&d, soft, 1, image, &c), 0));
}

Test(digits, one_image_is_learnt, .description = "eq:gradient")
{
    double x[1][INPUTS] = {{1, 0.5}}, t[] = {7};
    struct digits d = {1, x, t};
    int image[] = {0};
    for (int o = 0; o < PROPER; o++)
        for (int m = 0; m < MODELS; m++) {
            struct random r = stream("one image", 0);
            struct classifier c;
            initialise(&c, m, &r);
            for (int i = 0; i < 400; i++)
                learn(&d, proper[o], 0.5, 1, image, &c);
            cr_expect(eq(dbl, misread(&d, soft, 1, image, &c), 0));
            // The sparse ones have reached their margins or are about to;
            // cross-entropy has none.
            double idle = learn(&d, proper[o], 0.5, 1, image, &c);
            if (o != 1)
                cr_expect(eq(dbl, idle, o == 0 ? 0 : 100));
        }
}

// The loss of an image, as a function of one weight of a classifier.
static double at(struct classifier *c, double *w, double by, const double x[],
                 int t)
{
    double y[CLASSES], keep = *w;
    *w += by;
    classify(c, x, y);
    *w = keep;
    return cross_entropy(CLASSES, y, t);
}

Test(digits, a_step_follows_the_slopes, .description = "eq:gradient")
{
    struct random r = stream("slopes", 0);
    struct classifier c, d;
    double x[INPUTS], h[INPUTS], y[CLASSES], g[CLASSES], e = 1e-5;
    initialise(&c, MLP, &r);
    for (int i = 0; i < INPUTS; i++)
        x[i] = i == PIXELS ? 1 : uniform(&r);
    features(&c, x, h);
    logits(&c, h, y);
    gradient(proper[0], CLASSES, y, 4, g);
    d = c;
    step(&d, 1, x, h, g);
    for (int i = 0; i < INPUTS * CLASSES; i++) {
        double *w = &c.out[0][0] + i, moved = (&d.out[0][0])[i] - *w;
        double slope = (at(&c, w, e, x, 4) - at(&c, w, -e, x, 4)) / (2 * e);
        cr_expect(epsilon_eq(dbl, moved, -slope, 1e-9)); // 1e-15 over 2e-5
    }
    for (int i = 0; i < INPUTS * PIXELS; i++) {
        double *w = &c.hidden[0][0] + i, moved = (&d.hidden[0][0])[i] - *w;
        double slope = (at(&c, w, e, x, 4) - at(&c, w, -e, x, 4)) / (2 * e);
        cr_expect(epsilon_eq(dbl, moved, -slope, 1e-9));
    }
}

// ---- embeddings -------------------------------------------------------------

Test(circle, turns_along_its_slope, .description = "eq:margin-softmax")
{
    double v[2] = {1.5, -2}, target[2] = {0.3, 0.7}, g[2], e = 1e-6;
    turn(v, target, g);
    for (int i = 0; i < 2; i++) {
        double a[2] = {v[0], v[1]}, b[2] = {v[0], v[1]}, za[2], zb[2];
        a[i] += e;
        b[i] -= e;
        unit(a, za);
        unit(b, zb);
        double slope =
            (target[0] * (za[0] - zb[0]) + target[1] * (za[1] - zb[1])) /
            (2 * e);
        cr_expect(epsilon_eq(dbl, g[i], slope, 1e-9)); // 1e-16 over 2e-6
    }
}

Test(circle, retrieves_what_is_close)
{
    double z[4][2] = {{1, 0}, {0.8, 0.6}, {0.6, 0.8}, {-1, 0}};
    double digit[] = {1, 2, 1, 1}, out[WORTHS] = {0};
    retrieve(4, z, digit, 0, out);
    cr_expect(eq(dbl, out[PRECISION], 0));
    // Right ones in the second and third place: (1/2 + 2/3) / 2, of four.
    cr_expect(epsilon_eq(dbl, out[AVERAGE], 100 * (7 / 12.) / 4, 1e-13));
}

// ---- the calculator, as a reader runs it ------------------------------------

// `what` with these options, of what is on standard input.
static void shows(const char *what, const char *input, const char *options,
                  const char *want)
{
    char line[400];
    snprintf(line, sizeof line, "%s %s -", what, options);
    prints(input, line, want);
}

static void rejects(const char *what, const char *input, const char *options,
                    const char *why)
{
    char line[400];
    snprintf(line, sizeof line, "%s %s -", what, options);
    refuses(input, line, why);
}

static void map_prints(const char *input, const char *options, const char *want)
{
    shows("map", input, options, want);
}

static void map_refuses(const char *input, const char *options, const char *why)
{
    rejects("map", input, options, why);
}

Test(map, prints_weights)
{
    map_prints("1 0.5 -2\\n", "--map sparsemax", "p0\tp1\tp2\n0.75\t0.25\t0\n");
    map_prints("a,b\\n7,7\\n\\n# twice\\n1\\t1\\n", "",
               "p0\tp1\n0.5\t0.5\n0.5\t0.5\n");
    map_prints("3\\n", "--no-header", "1\n");
}

Test(map, has_a_temperature)
{
    map_prints("4 2\\n", "--map sparsemax --temperature 4",
               "p0\tp1\n0.75\t0.25\n");
    map_prints("4 2\\n", "--temperature 1e-300", "p0\tp1\n1\t0\n");
    // Quotients that overflow are far behind, not unknown.
    map_prints("3 1\\n", "--temperature 1e-310", "p0\tp1\n1\t0\n");
    map_prints("3 1\\n", "--temperature 1e-320 --map sparsemax",
               "p0\tp1\n1\t0\n");
    map_prints("4 2\\n", "--temperature 1e300", "p0\tp1\n0.5\t0.5\n");
}

Test(map, understands_infinities, .description = "eq:limit")
{
    map_prints("inf 1 inf\\n", "", "p0\tp1\tp2\n0.5\t0\t0.5\n");
    map_prints("inf 1 inf\\n", "--map sparsemax", "p0\tp1\tp2\n0.5\t0\t0.5\n");
    map_prints("1 -inf 1\\n", "", "p0\tp1\tp2\n0.5\t0\t0.5\n");
    map_prints("-inf inf\\n", "", "p0\tp1\n0\t1\n");
}

Test(map, does_not_overflow_on_the_way)
{
    map_prints("1e308 -1e308\\n", "--temperature 1e308 --map sparsemax",
               "p0\tp1\n1\t0\n");
    map_prints("1.5e308 -1.5e308\\n", "--temperature 1.5e308",
               "p0\tp1\n0.88079707797788231\t0.11920292202211755\n");
}

Test(map, refuses_what_has_no_answer)
{
    map_refuses("1 2\\n-inf -inf\\n", "", "input:2: every logit is -inf");
    map_refuses("1 nan\\n", "", "input:1:");
    map_refuses("1 2\\n3\\n", "", "input:2:");
    map_refuses("", "", "input");
    map_refuses("1 x\\n2 3\\n4 y\\n", "", "input:");
    map_refuses("1 2\\n", "--temperature 0", "--temperature");
    map_refuses("1 2\\n", "--temperature -1", "--temperature");
    map_refuses("1 2\\n", "--temperature inf", "--temperature");
    map_refuses("1 2\\n", "--temperature nan", "--temperature");
    map_refuses("1 2\\n", "--map hardmax", "--map");
}

Test(map, refuses_a_missing_file)
{
    char text[4000];
    int status =
        says("build/bin/softmax map no/such/file 2>&1", sizeof text, text);
    cr_expect(eq(int, status, 2));
    cr_expect(strstr(text, "no/such/file") != NULL, "%s", text);
}

Test(map, knows_every_map, .description = "eq:entmax eq:taylor-softmax")
{
    map_prints("2 0\\n", "--map entmax", "p0\tp1\n1\t0\n");
    map_prints("1 0\\n", "--map entmax --alpha 2", "p0\tp1\n1\t0\n");
    map_prints("1 1\\n", "--map entmax --alpha 4", "p0\tp1\n0.5\t0.5\n");
    map_prints("0 -2 0\\n", "--map taylor",
               "p0\tp1\tp2\n0.33333333333333331\t0.33333333333333331\t"
               "0.33333333333333331\n");
    map_prints("0 0\\n", "--map taylor --order 20", "p0\tp1\n0.5\t0.5\n");
    map_prints("3 3 3 1\\n", "--map sparse-softmax --top 1 --no-header",
               "0.33333333333333331\t0.33333333333333331\t0.33333333333333331\t"
               "0\n");
    map_prints("1 1\\n", "--map perturb-max --noise normal --no-header",
               "0.5\t0.5\n");
    map_prints("5 0 5\\n", "--map perturb-max --noise uniform --no-header",
               "0.5\t0\t0.5\n");
}

Test(map, scales_the_noise, .description = "eq:gumbel")
{
    // Gumbel's noise gives softmax, here of a lead of two.
    map_prints("4 0\\n", "--map perturb-max --scale 2 --no-header",
               "0.88079707797788231\t0.11920292202211755\n");
    map_prints("16 0\\n",
               "--map perturb-max --scale 2 --temperature 4 --no-header",
               "0.88079707797788231\t0.11920292202211755\n");
    map_prints("1 0\\n", "--temperature 1e-200 --no-header", "1\t0\n");
    map_prints("1 0\\n",
               "--map perturb-max --scale 1e-200 --temperature 1e-200 "
               "--no-header",
               "1\t0\n");
}

Test(map, treats_infinities_alike, .description = "eq:limit")
{
    static const char *const maps[] = {"softmax",        "sparsemax",
                                       "entmax",         "taylor",
                                       "sparse-softmax", "perturb-max"};
    for (int i = 0; i < 6; i++) {
        char options[100];
        snprintf(options, sizeof options, "--map %s --no-header", maps[i]);
        map_prints("inf 1 inf\\n", options, "0.5\t0\t0.5\n");
        map_prints("1 -inf 1\\n", options, "0.5\t0\t0.5\n");
        map_prints("-inf 7 -inf\\n", options, "0\t1\t0\n");
        map_refuses("1 2\\n-inf -inf\\n", options,
                    "input:2: every logit is -inf");
        map_refuses("1 nan\\n", options, "input:1:");
        map_refuses("1 2\\n3\\n", options, "input:2:");
    }
}

Test(map, refuses_an_option_of_another_map)
{
    static const char *const options[][2] = {{"--alpha 1.5", "entmax"},
                                             {"--order 2", "taylor"},
                                             {"--top 1", "sparse-softmax"},
                                             {"--noise normal", "perturb-max"},
                                             {"--scale 2", "perturb-max"}};
    static const char *const maps[] = {"softmax",        "sparsemax",
                                       "entmax",         "taylor",
                                       "sparse-softmax", "perturb-max"};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 6; j++) {
            char text[100];
            snprintf(text, sizeof text, "%s --map %s", options[i][0], maps[j]);
            if (strcmp(options[i][1], maps[j]))
                map_refuses("1 2\\n", text, "has no meaning for");
        }
}

Test(map, refuses_options_out_of_range)
{
    map_refuses("1 2\\n", "--map entmax --alpha 1", "--alpha");
    map_refuses("1 2\\n", "--map entmax --alpha 0.5", "--alpha");
    map_refuses("1 2\\n", "--map entmax --alpha inf", "--alpha");
    map_refuses("1 2\\n", "--map taylor --order 3", "--order");
    map_refuses("1 2\\n", "--map taylor --order 0", "--order");
    map_refuses("1 2\\n", "--map taylor --order 22", "--order");
    map_refuses("1 2\\n", "--map sparse-softmax --top 3", "--top");
    map_refuses("1 2\\n", "--map sparse-softmax --top 0", "--top");
    map_refuses("1\\n", "--map sparse-softmax", "--top");
    map_refuses("1 2\\n", "--map perturb-max --noise cauchy", "--noise");
    map_refuses("1 2\\n", "--map perturb-max --scale 0", "--scale");
    map_refuses("1e200 2\\n", "--map taylor --temperature 1e-200", "too large");
}

Test(loss, calculator_prints_loss_and_gradient,
     .description = "eq:loss eq:gradient")
{
    shows("loss", "1 0.5 -2\\n2 0 0\\n", "--map sparsemax --target 0",
          "loss\tg0\tg1\tg2\n0.0625\t-0.25\t0.25\t0\n0\t0\t0\t0\n");
    shows("loss", "0 0\\n", "--target 1 --no-header",
          "0.69314718055994529\t0.5\t-0.5\n");
    shows("loss", "0 0\\n", "--target 1 --no-header --temperature 2",
          "0.69314718055994529\t0.25\t-0.25\n");
    shows("loss", "0 -1\\n", "--target 1 --map taylor --no-header",
          "1.0986122886681098\t0.66666666666666663\t0\n");
    shows("loss", "3 1 1\\n", "--target 2 --map sparse-softmax --top 1",
          "loss\tg0\tg1\tg2\n2\t1\t0\t-1\n");
}

Test(loss, calculator_refuses_what_has_no_answer)
{
    rejects("loss", "1 2\\n", "", "--target");
    rejects("loss", "1 2\\n", "--target 2", "--target");
    rejects("loss", "1 2\\n", "--target -1", "--target");
    rejects("loss", "1 inf\\n", "--target 0", "input:1:");
    rejects("loss", "1 -inf\\n", "--target 0", "input:1:");
    rejects("loss", "1 nan\\n", "--target 0", "input:1:");
    rejects("loss", "1 2\\n3\\n", "--target 0", "input:2:");
    rejects("loss", "1e308 -1e308\\n", "--target 1", "input:1: the loss");
    rejects("loss", "5 0\\n", "--target 1 --map perturb-max --noise uniform",
            "input:1: the loss");
    rejects("loss", "1 2\\n", "--target 0 --alpha 1.5", "--alpha");
    rejects("loss", "1 2\\n", "--target 0 --map entmax --alpha 1", "--alpha");
    rejects("loss", "0 0\\n", "--target 0 --temperature 1e-310", "doubles");
}

Test(jacobian, calculator_prints_a_matrix,
     .description = "eq:jacobian eq:sparse-jacobian eq:taylor-gradient")
{
    shows("jacobian", "0 0\\n", "", "j0\tj1\n0.25\t-0.25\n-0.25\t0.25\n");
    shows("jacobian", "0 0\\n", "--temperature 2 --no-header",
          "0.125\t-0.125\n-0.125\t0.125\n");
    shows("jacobian", "0 0 -5\\n", "--map sparsemax --no-header",
          "0.5\t-0.5\t0\n-0.5\t0.5\t0\n0\t0\t0\n");
    // Not symmetric: a slope of f stands over columns.
    shows("jacobian", "0 -1\\n", "--map taylor --no-header",
          "0.22222222222222224\t0\n-0.22222222222222221\t0\n");
}

Test(jacobian, calculator_refuses_what_has_no_answer)
{
    rejects("jacobian", "1 2\\n3 4\\n", "", "2 vectors");
    rejects("jacobian", "1 inf\\n", "", "input:1:");
    rejects("jacobian", "1 nan\\n", "", "input:1:");
    rejects("jacobian", "", "", "input");
    rejects("jacobian", "1 2\\n", "--top 1", "--top");
    rejects("jacobian", "1 2\\n", "--map taylor --order 5", "--order");
}

// ---- the fast maps ----------------------------------------------------------

// Logits of several kinds: normal, all equal, with ties, rising, geometric, one
// giant, half of them minus infinity.
enum { KINDS = 7 };
static void logits_of_kind(int kind, int n, float x[])
{
    struct random r = stream("kinds", (uint32_t)kind);
    for (int i = 0; i < n; i++) {
        double z = normal(&r);
        x[i] = (float)(kind == 0   ? 2 * z
                       : kind == 1 ? -3
                       : kind == 2 ? floor(2 * z) / 2
                       : kind == 3 ? 4.0 * i / n
                       : kind == 4 ? -pow(2, -20.0 * i / n)
                       : kind == 5 ? z + 100 * (i == n / 2)
                                   : (i % 2 ? -INFINITY : z));
    }
}

static void plain_weights(double alpha, int n, const double x[], double p[])
{
    if (alpha == 1)
        softmax(n, x, p);
    else
        entmax(alpha, n, x, p);
}

// Errors of a weight: rounding of the logits' differences, up to 16 here, for
// softmax; of the base over alpha - 1 for the others; and of the sum.
static void compare_fast(double alpha, int kind, int n)
{
    float *x = malloc(2 * n * sizeof *x), *p = x + n;
    double *y = malloc(3 * n * sizeof *y), *q = y + n, *w = q + n;
    logits_of_kind(kind, n, x);
    for (int i = 0; i < n; i++)
        y[i] = x[i];
    plain_weights(alpha, n, y, w);
    fast_rows(alpha, 1, n, x, p);
    fast_rows64(alpha, 1, n, y, q);
    double near = 0, near64 = 0, total = 0;
    for (int i = 0; i < n; i++) {
        near = fmax(near, fabs(p[i] - w[i]) / (w[i] + 1.0 / n));
        near64 = fmax(near64, fabs(q[i] - w[i]) / (w[i] + 1.0 / n));
        total += p[i];
        cr_expect(p[i] >= 0 && (alpha == 1 || w[i] > 0 || p[i] < 1e-6));
    }
    cr_expect(near < 1e-5, "alpha %g, kind %d, n %d: %g", alpha, kind, n, near);
    cr_expect(near64 < 1e-11, "alpha %g, kind %d, n %d: %g", alpha, kind, n,
              near64);
    cr_expect(epsilon_eq(dbl, total, 1, 5e-6));
    free(x);
    free(y);
}

Test(fast, agrees_with_the_plain_maps_at_every_size,
     .description = "eq:softmax eq:entmax eq:newton eq:michelot")
{
    static const int sizes[] = {1,  2,   3,    15,   16,   17,   63,  64,
                                65, 100, 1000, 4095, 4096, 4097, 8192};
    static const double alphas[] = {1, 2, 1.5, 1.25, 1.75};
    for (int a = 0; a < 5; a++)
        for (int s = 0; s < 15; s++)
            for (int kind = 0; kind < KINDS; kind++)
                compare_fast(alphas[a], kind, sizes[s]);
}

Test(fast, agrees_with_the_plain_maps_on_long_rows,
     .description = "eq:softmax eq:entmax eq:newton eq:michelot")
{
    static const double alphas[] = {1, 2, 1.5, 1.25};
    for (int a = 0; a < 4; a++)
        for (int kind = 0; kind < KINDS; kind++)
            compare_fast(alphas[a], kind, 100000);
}

// Half the error of a float at a distance of 41 is 1.9e-6 of its exponential.
Test(fast, softmax_of_a_million_logits_is_right_to_three_millionths,
     .description = "eq:softmax")
{
    enum { n = 1000000 };
    float *x = malloc(2 * n * sizeof *x), *p = x + n;
    double *y = malloc(2 * n * sizeof *y), *w = y + n, largest_error = 0;
    struct random r = stream("million", 0);
    normals32(&r, n, x);
    for (int i = 0; i < n; i++)
        y[i] = x[i] *= 4;
    softmax(n, y, w);
    fast_softmax(n, x, p);
    for (int i = 0; i < n; i++)
        largest_error = fmax(largest_error, fabs(p[i] / w[i] - 1));
    cr_expect(largest_error <= 3e-6, "%g", largest_error);
    free(x);
    free(y);
}

Test(fast, rows_and_threads_do_not_change_a_bit, .description = "eq:entmax")
{
    enum { rows = 5, n = 70000 };
    static float x[rows * n], p[rows * n], q[rows * n];
    static const double alphas[] = {1, 2, 1.5, 1.25};
    struct random r = stream("rows", 0);
    normals32(&r, rows * n, x);
    for (int a = 0; a < 4; a++) {
        omp_set_num_threads(3);
        fast_rows(alphas[a], rows, n, x, p);
        for (int k = 0; k < rows; k++) {
            omp_set_num_threads(1 + k % 2);
            fast_rows(alphas[a], 1, n, x + k * n, q + k * n);
        }
        cr_expect(eq(int, memcmp(p, q, sizeof p), 0));
    }
}

// F(tau) at the answer, summed by itself, for a million equal logits.
Test(fast, a_million_equal_logits_share_alike,
     .description = "eq:entmax eq:norm-step")
{
    enum { n = 1000000 };
    float *x = malloc(2 * n * sizeof *x), *p = x + n;
    static const double alphas[] = {1, 2, 1.5, 1.25, 1.1};
    for (int i = 0; i < n; i++)
        x[i] = 7;
    for (int a = 0; a < 5; a++) {
        fast_rows(alphas[a], 1, n, x, p);
        for (int i = 0; i < n; i += 999)
            cr_expect(epsilon_eq(dbl, p[i] * (double)n, 1, 1e-5));
    }
    free(x);
}

// From the left the steps rise to the threshold that bisection finds, and one
// is enough where all logits are equal.
Test(fast, steps_of_the_norm_rise_and_end_soon, .description = "eq:norm-step")
{
    static const float betas[] = {1, 0.5f, 0.25f, 0.75f};
    for (int b = 0; b < 4; b++)
        for (int i = 0; i < 200; i++) {
            float z[50], beta = betas[b], tau = -1;
            struct random r = stream("norm", (uint32_t)i);
            for (int j = 0; j < 50; j++)
                z[j] = i ? -(float)uniform(&r) : 0;
            z[0] = 0;
            double y[50], want;
            for (int j = 0; j < 50; j++)
                y[j] = z[j];
            want = bisection(beta, 50, y);
            int steps = 0;
            for (float before = -2; tau > before + 1e-7f; steps++) {
                struct fast_sums s = fast_sum(beta == 1      ? PLAIN
                                              : beta == 0.5f ? SQUARED
                                                             : GENERAL,
                                              beta, 50, z, before = tau);
                tau += (float)((s.weight - pow(s.weight, 1 - beta)) / s.slope);
                // Rounding alone carries it beyond.
                cr_expect(tau <= want + 1e-6);
            }
            cr_expect(epsilon_eq(dbl, tau, want, 1e-6));
            cr_expect(steps <= (i ? 10 : 2), "%d steps", steps);
        }
}

// What the sparse maps are measured against skips no chunk, or it would be no
// measure of two readings.
Test(fast, the_yardstick_reads_every_chunk_twice)
{
    enum { n = 3 * CHUNK + 5 };
    static float x[n], p[n];
    for (int kind = 0; kind < 6; kind++) {
        logits_of_kind(kind, n, x);
        memset(p, 0, sizeof p);
        read_and_write(n, x, p);
        for (int i = 0; i < n; i++)
            cr_expect(p[i] > 0, "kind %d, logit %d", kind, i);
    }
}

// What no experiment could be run with is refused before any is.
Test(settings, beyond_their_bounds_are_refused)
{
    static const char *const wrong[] = {"vectors=0", "draws=0", "draws=1001",
                                        "samples=0", "seeds=0", "epochs=0",
                                        "train=0",   "rates=21"};
    for (int i = 0; i < 8; i++) {
        char line[200];
        snprintf(line, sizeof line, "run pair --quick --set %s", wrong[i]);
        refuses("", line, "softmax: --set ");
    }
}
