// Chapter 8: every equation by two roads, and the wrong thing beside the right.
#define main chapter_main
// Above Criterion: its headers bring complex.h, which defines I.
#include "../chapters/8-softmax/softmax.c"
#undef main
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/wait.h>

// The vectors of the reference values.
static const double A[] = {0.5, 1, -0.3, 2, 0.1}, C[] = {3, 3, 0, -1},
                    D[] = {1, 0}, E[] = {2, 0}, G[] = {1e4, 9999.5, 0, -1e4},
                    H[] = {0, -INFINITY, -1}, I_[] = {5e-324, 0, -5e-324},
                    J[] = {0.2, 0.1, 0, -0.1}, K[] = {1, 0.4, 0.1, -2},
                    L[] = {0.3, 0.3, 0.3, -0.5, 0.1, 0.1},
                    M[] = {-1, -2, -3, -10};

enum { MANY = 2000 };

static void same(int n, const double a[], const double b[], double tolerance)
{
    for (int i = 0; i < n; i++)
        cr_expect(epsilon_eq(dbl, a[i], b[i], tolerance), "entry %d", i);
}

static void maps_to(map *f, int n, const double x[], const double want[])
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
    int k = candidates(5, x, z);
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
        int k = candidates(N, x, z);
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

static double by_bisection(int n, const double z[])
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
        int k = candidates(N, x, z);
        double tau = threshold(k, z);
        // The threshold is at most 1 in size and the mean of at most 8 numbers.
        cr_expect(epsilon_eq(dbl, tau, by_bisection(k, z), 1e-15));
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
static void along(map *f, int n, const double x[], const double v[],
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
    double tau = threshold(candidates(n, x, z), z);
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
                loss *l = objectives[o].loss;
                double chord = (1 - s) * l(N, a, 0) + s * l(N, b, 0);
                cr_expect(le(dbl, l(N, m, 0), chord + 1e-14)); // rounding at 32
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
            gradient(&objectives[o], N, x, i % N, g);
            for (int j = 0; j < N; j++) {
                double y[N];
                memcpy(y, x, sizeof y);
                y[j] = x[j] + h;
                double up = objectives[o].loss(N, y, i % N);
                y[j] = x[j] - h;
                double down = objectives[o].loss(N, y, i % N);
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
        gradient(&objectives[o], 5, A, 2, g);
        cr_expect(epsilon_eq(dbl, sum(5, g), 0, 1e-15));
    }
}

// ---- the loss as printed ----------------------------------------------------

Test(stop, agrees_with_reference, .description = "eq:stop eq:gradient")
{
    double g[5];
    gradient(&objectives[2], 5, A, 3, g);
    same(5, g,
         (double[]){-.101659555499, -.0676864891118, -.0892495628017,
                    .359240177394, -.100644569982},
         1e-12);
    gradient(&objectives[0], 5, A, 3, g);
    same(5, g,
         (double[]){.121211249208, .199843564818, .0544637250461,
                    -.456768869221, .0812503301493},
         1e-12);
}

Test(stop, does_not_look_at_the_label, .description = "eq:stop")
{
    double g[5], h[5];
    for (int o = PROPER; o < OBJECTIVES; o++)
        for (int t = 1; t < 5; t++) {
            gradient(&objectives[o], 5, A, 0, g);
            gradient(&objectives[o], 5, A, t, h);
            same(5, g, h, 0);
        }
}

// The gradient of <p - e_t, c> with c held fixed at x, by differences.
Test(stop, is_what_differences_give, .description = "eq:stop")
{
    double h = 1e-5, g[4];
    for (int o = PROPER; o < OBJECTIVES; o++) {
        gradient(&objectives[o], 4, K, 1, g);
        for (int j = 0; j < 4; j++) {
            double y[4], p[4], q[4], slope = 0;
            memcpy(y, K, sizeof y);
            y[j] = K[j] + h;
            objectives[o].weights(4, y, p);
            y[j] = K[j] - h;
            objectives[o].weights(4, y, q);
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
    for (int o = PROPER; o < OBJECTIVES; o++) {
        double (*omega)(int, const double[]) =
            o == PROPER ? minus_entropy : half_square;
        gradient(&objectives[o], 4, K, 0, g);
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
    classifier w = {{0}};
    double x[1][INPUTS] = {{1}}, t[] = {3};
    struct digits d = {1, x, t};
    int image[] = {0};
    cr_expect(eq(dbl, misread(&d, 1, image, w), 100));
    w[0][3] = 1;
    cr_expect(eq(dbl, misread(&d, 1, image, w), 0));
    w[0][3] = NAN;
    cr_expect(eq(dbl, misread(&d, 1, image, w), 100));
}

Test(digits, one_image_is_learnt, .description = "eq:gradient")
{
    double x[1][INPUTS] = {{1, 0.5}}, t[] = {7};
    struct digits d = {1, x, t};
    int image[] = {0};
    for (int o = 0; o < PROPER; o++) {
        classifier w = {{0}};
        for (int i = 0; i < 20; i++)
            learn(&d, &objectives[o], 1, 1, image, w);
        cr_expect(eq(dbl, misread(&d, 1, image, w), 0));
        // Sparsemax has then reached its margin, and cross-entropy has none.
        double idle = learn(&d, &objectives[o], 1, 1, image, w);
        cr_expect(eq(dbl, idle, o == 0 ? 0 : 100));
    }
}

// ---- the calculator, as a reader runs it ------------------------------------

// What a command line prints, errors included, and its status.
static int says(const char *command, size_t size, char text[])
{
    FILE *f = popen(command, "r");
    cr_assert(f != NULL);
    text[fread(text, 1, size - 1, f)] = 0;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void prints(const char *input, const char *options, const char *want)
{
    char command[400], text[4000];
    snprintf(command, sizeof command,
             "printf %%b '%s' | build/bin/softmax map %s - 2>&1", input,
             options);
    int status = says(command, sizeof text, text);
    cr_expect(eq(int, status, 0), "%s", text);
    cr_expect(eq(str, text, (char *)want));
}

static void refuses(const char *input, const char *options, const char *why)
{
    char command[400], text[4000];
    snprintf(command, sizeof command,
             "printf %%b '%s' | build/bin/softmax map %s - 2>/dev/null", input,
             options);
    int status = says(command, sizeof text, text);
    cr_expect(eq(int, status, 2));
    cr_expect(eq(str, text, "")); // nothing on stdout, never a wrong number
    snprintf(command, sizeof command,
             "printf %%b '%s' | build/bin/softmax map %s - 2>&1", input,
             options);
    says(command, sizeof text, text);
    cr_expect(strstr(text, why) && strstr(text, "softmax: ") == text,
              "'%s' lacks '%s'", text, why);
}

Test(map, prints_weights)
{
    prints("1 0.5 -2\\n", "--map sparsemax", "p0\tp1\tp2\n0.75\t0.25\t0\n");
    prints("a,b\\n7,7\\n\\n# twice\\n1\\t1\\n", "",
           "p0\tp1\n0.5\t0.5\n0.5\t0.5\n");
    prints("3\\n", "--no-header", "1\n");
}

Test(map, has_a_temperature)
{
    prints("4 2\\n", "--map sparsemax --temperature 4", "p0\tp1\n0.75\t0.25\n");
    prints("4 2\\n", "--temperature 1e-300", "p0\tp1\n1\t0\n");
    // Quotients that overflow are far behind, not unknown.
    prints("3 1\\n", "--temperature 1e-310", "p0\tp1\n1\t0\n");
    prints("3 1\\n", "--temperature 1e-320 --map sparsemax", "p0\tp1\n1\t0\n");
    prints("4 2\\n", "--temperature 1e300", "p0\tp1\n0.5\t0.5\n");
}

Test(map, understands_infinities, .description = "eq:limit")
{
    prints("inf 1 inf\\n", "", "p0\tp1\tp2\n0.5\t0\t0.5\n");
    prints("inf 1 inf\\n", "--map sparsemax", "p0\tp1\tp2\n0.5\t0\t0.5\n");
    prints("1 -inf 1\\n", "", "p0\tp1\tp2\n0.5\t0\t0.5\n");
    prints("-inf inf\\n", "", "p0\tp1\n0\t1\n");
}

Test(map, does_not_overflow_on_the_way)
{
    prints("1e308 -1e308\\n", "--temperature 1e308 --map sparsemax",
           "p0\tp1\n1\t0\n");
    prints("1.5e308 -1.5e308\\n", "--temperature 1.5e308",
           "p0\tp1\n0.88079707797788231\t0.11920292202211755\n");
}

Test(map, refuses_what_has_no_answer)
{
    refuses("1 2\\n-inf -inf\\n", "", "input:2: every logit is -inf");
    refuses("1 nan\\n", "", "input:1:");
    refuses("1 2\\n3\\n", "", "input:2:");
    refuses("", "", "input");
    refuses("1 x\\n2 3\\n4 y\\n", "", "input:");
    refuses("1 2\\n", "--temperature 0", "--temperature");
    refuses("1 2\\n", "--temperature -1", "--temperature");
    refuses("1 2\\n", "--temperature inf", "--temperature");
    refuses("1 2\\n", "--temperature nan", "--temperature");
    refuses("1 2\\n", "--map entmax", "--map");
}

Test(map, refuses_a_missing_file)
{
    char text[4000];
    int status =
        says("build/bin/softmax map no/such/file 2>&1", sizeof text, text);
    cr_expect(eq(int, status, 2));
    cr_expect(strstr(text, "no/such/file") != NULL, "%s", text);
}
