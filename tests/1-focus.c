// Chapter 1: every formula by a second road, and the reference values.
#define main chapter_main
// Above Criterion: its headers bring complex.h, which defines I.
#include "../chapters/1-focus/focus.c"
#undef main
#define PROGRAM "focus"
#include "program.h"

// Equal but for a share `tolerance` of what is wanted.
static void near(double got, double want, double tolerance)
{
    cr_expect(epsilon_eq(dbl, got, want, tolerance * fabs(want)),
              "%.17g, not %.17g", got, want);
}

// A number from a to b.
static double between(struct random *r, double a, double b)
{
    return a + (b - a) * uniform(r);
}

// ---- the measure ------------------------------------------------------------

Test(focus, counts_equal_weights,
     .description = "eq:sparsity eq:effective-tokens eq:renyi")
{
    double a[12] = {0};
    for (int k = 1; k <= 12; k++) {
        a[k - 1] = k % 2 ? 0.7 : -0.7;
        struct focus f = focus(12, a);
        near(f.S, sqrt(k / 12.), 1e-15);
        near(f.tokens, k, 1e-15);
        cr_expect(epsilon_eq(dbl, f.shannon, log(k), 1e-14));
        cr_expect(epsilon_eq(dbl, f.renyi, log(k), 1e-14));
    }
}

Test(focus, agrees_with_the_definitions,
     .description = "eq:sparsity eq:effective-tokens eq:renyi")
{
    // Forty terms, each rounded a few times.
    for (int i = 0; i < 500; i++) {
        struct random r = stream("rows", (uint32_t)i);
        double a[40], one = 0, two = 0, h = 0, spread = between(&r, 0, 6);
        for (int j = 0; j < 40; j++) {
            a[j] = exp(spread * normal(&r)) * (j % 3 ? 1 : -1);
            one += fabs(a[j]);
            two += a[j] * a[j];
        }
        for (int j = 0; j < 40; j++)
            h -= fabs(a[j]) / one * log(fabs(a[j]) / one);
        struct focus f = focus(40, a);
        near(f.S, one / sqrt(40 * two), 1e-13);
        near(f.tokens, one * one / two, 1e-13);
        cr_expect(epsilon_eq(dbl, f.renyi, log(one * one / two), 1e-13));
        cr_expect(epsilon_eq(dbl, f.shannon, h, 1e-13));
        cr_expect(le(dbl, f.renyi, f.shannon + 1e-13));
        cr_expect(f.tokens <= exp(f.shannon) * (1 + 1e-13));
    }
}

Test(focus, sees_neither_scale_nor_sign_nor_order, .description = "eq:sparsity")
{
    double a[] = {1, 2, -4, 0.5}, b[] = {-0x1p500, -0x1p501, 0x1p499, 0x1p502},
           c[] = {0x1p-1070, 0x1p-1069, 0x1p-1068, 0x1p-1071};
    struct focus x = focus(4, a), y = focus(4, b), z = focus(4, c);
    cr_expect(eq(dbl, x.S, y.S));
    cr_expect(eq(dbl, x.S, z.S));
    near(x.shannon, y.shannon, 1e-15);
}

Test(focus, keeps_the_digits_of_almost_one_token,
     .description = "eq:sparsity eq:renyi")
{
    // Expanded in x: n_eff = 1 + 2x - ..., H_1 = x - x log x, H_2 = 2x.
    double x = 1e-20, a[] = {x, 1};
    struct focus f = focus(2, a);
    near(f.renyi, 2 * x, 1e-14);
    near(f.shannon, x - x * log(x), 1e-14);
    // Summed as they stand they are lost.
    cr_expect(eq(dbl, log((1 + x) * (1 + x) / (1 + x * x)), 0));
}

Test(focus, of_zeros_is_no_number, .description = "eq:sparsity")
{
    double a[3] = {0, -0.0, 0};
    float b[3] = {0};
    cr_expect(isnan(focus(3, a).S));
    cr_expect(isnan(sparsity(3, b)));
}

Test(sparsity, of_floats_agrees_with_that_of_doubles,
     .description = "eq:sparsity")
{
    for (int n = 1; n < 100; n++) {
        struct random r = stream("floats", (uint32_t)n);
        float a[100];
        double b[100];
        normals32(&r, n, a);
        for (int i = 0; i < n; i++)
            b[i] = a[i];
        near(sparsity(n, a), focus(n, b).S, 1e-14);
    }
}

Test(kurtosis, bounds_any_row, .description = "eq:kurtosis-bound")
{
    double one[9] = {0, 0, -3}, flat[9] = {2, -2, 2, 2, 2, -2, 2, 2, 2};
    near(kurtosis_bound(9, one), focus(9, one).S, 1e-15); // both are met
    near(kurtosis_bound(9, flat), 1, 1e-15);
    for (int i = 0; i < 500; i++) {
        struct random r = stream("kurtosis", (uint32_t)i);
        double a[30];
        for (int j = 0; j < 30; j++)
            a[j] = pow(normal(&r), 1 + i % 7) - i % 5;
        cr_expect(ge(dbl, focus(30, a).S, kurtosis_bound(30, a) - 1e-14));
    }
}

// ---- one scalar -------------------------------------------------------------

Test(theory, has_the_reference_values_of_exp, .description = "eq:focus-exp")
{
    static const double want[][3] = {{.25, .969233234476344, .939413062813476},
                                     {.5, .882496902584595, .778800783071405},
                                     {1, .606530659712633, .367879441171442},
                                     {1.5, .324652467358350, .105399224561864},
                                     {2, .135335283236613, .0183156388887342},
                                     {3, .0111089965382423,
                                      1.23409804086680e-4},
                                     {4, 3.35462627902512e-4,
                                      1.12535174719259e-7}};
    for (int i = 0; i < 7; i++) {
        near(exp_focus(want[i][0]), want[i][1], 5e-15); // fifteen digits
        near(pow(exp_focus(want[i][0]), 2), want[i][2], 1e-14);
    }
}

Test(theory, has_the_reference_values_of_three_maps,
     .description = "eq:focus-identity eq:focus-relu eq:focus-relu2")
{
    static const double want[][4] = {
        {-4, .970145966104772, .00406465863314579, .00248060576370717},
        {-3, .948924993662421, .0267932778288074, .0167056161337443},
        {-2, .902021506291102, .111790177957138, .0720063426670231},
        {-1, .824932649647150, .303538279526607, .205255652424913},
        {-.5, .801042833951765, .431998679701085, .301481342013819},
        {0, .797884560802865, .564189583547756, .408248290463863},
        {.5, .801042833951765, .684127180028101, .515120406192113},
        {1, .824932649647150, .780868512011241, .612772887857689},
        {2, .902021506291102, .898742958526047, .761669975492994},
        {3, .948924993662421, .948813797006110, .851239670586674},
        {4, .970145966104772, .970144321299992, .902266155099185}};
    for (int i = 0; i < 11; i++)
        for (double gamma = 0.125; gamma < 9; gamma *= 8) {
            double beta = want[i][0] * gamma;
            near(theory(IDENTITY, 1, beta, gamma), want[i][1], 5e-15);
            near(theory(RELU, 1, beta, gamma), want[i][2], 5e-15);
            near(theory(RELU2, 1, beta, gamma), want[i][3], 5e-15);
        }
}

Test(theory, agrees_with_quadrature_anywhere,
     .description = "eq:reduced eq:focus-exp eq:focus-relu eq:focus-relu2 "
                    "eq:focus-identity eq:focus-power")
{
    static const enum map maps[] = {EXP, RELU, RELU2, IDENTITY, POWER};
    // Sums of some thousand terms; beyond r = -6 what is summed is a tail whose
    // place is known to 1e-15 times r.
    for (int i = 0; i < 300; i++) {
        struct random r = stream("anywhere", (uint32_t)i);
        double gamma = between(&r, 0.1, 5), beta = between(&r, -6, 6) * gamma;
        for (int k = 0; k < 5; k++) {
            int M = maps[k] == POWER ? 1 + i % 12 : 1;
            if (maps[k] == EXP)
                beta = fmod(beta, 5);
            near(by_quadrature(maps[k], M, beta, gamma),
                 theory(maps[k], M, beta, gamma), 1e-12);
        }
    }
}

// relu^2 as it is printed, for r >= 0, where nothing cancels.
static double printed_relu2(double b, double c)
{
    double E = 1 + erf(b / c * M_SQRT1_2), e = exp(-b * b / (2 * c * c));
    double above = M_SQRT2 * b * c * e + sqrt(M_PI) * (b * b + c * c) * E;
    double below = 2 * M_SQRT2 * b * c * (b * b + 5 * c * c) * e +
                   2 * sqrt(M_PI) *
                       (b * b * b * b + 6 * b * b * c * c + 3 * c * c * c * c) *
                       E;
    return above / pow(M_PI, 0.25) / sqrt(below);
}

Test(relu2, is_the_closed_form_of_two_scalars, .description = "eq:focus-relu2")
{
    for (double b = 0; b < 4; b += 0.37)
        for (double c = 0.1; c < 5; c += 0.71)
            near(relu_focus(2, b, c), printed_relu2(b, c), 1e-14);
}

Test(relu2, keeps_its_digits_where_the_closed_form_has_none,
     .description = "eq:focus-relu2 eq:relu-tail")
{
    near(relu_focus(2, -6, 1), 1.3384455453e-5, 5e-11); // eleven digits given
    near(relu_focus(2, -8, 1), 1.04577435511e-8, 5e-12);
    // The printed form, with 1 + erf, is off here by more than it is.
    double off = printed_relu2(-8.5, 1) / relu_focus(2, -8.5, 1) - 1;
    cr_expect(isnan(off) || fabs(off) > 1);
}

Test(tail, ratios_meet_at_the_border,
     .description = "eq:relu-tail eq:rectified")
{
    // On either side of r = -1/4 another method; moments have slopes of order
    // of themselves, over a step of 1e-9 differences of 1e-8 at most.
    double x[65], y[65];
    double f = half_moments(64, -0.25 + 1e-15, 1, x);
    double g = half_moments(64, -0.25 - 1e-15, 1, y);
    for (int k = 0; k <= 64; k++)
        near(x[k] * exp(f), y[k] * exp(g), 3e-13);
}

Test(tail, moments_agree_with_sums, .description = "eq:relu-tail eq:rectified")
{
    for (double r = -20; r < 3; r += 0.7) {
        // max(r + e, 0) is x = exp(t - exp(-t)) on an even grid of t.
        double x[9], factor = half_moments(8, 2 * r, 2, x), sum[9] = {0};
        for (double t = -5; t < 6; t += 1. / 128) {
            double y = exp(t - exp(-t)), w = y * (1 + exp(-t)) / 128;
            // The density of r - y over that of r where r < 0.
            double p = r < -0.25 ? exp(r * y - y * y / 2) : density(r - y);
            for (int k = 0; k <= 8; k++)
                sum[k] += w * p * pow(2 * y, k);
        }
        for (int k = 0; k <= 8; k++)
            near(x[k], sum[k], 1e-13);
        // Of size 200 at most.
        double log_factor = r < -0.25 ? log(density(r)) : 0;
        cr_expect(epsilon_eq(dbl, factor, log_factor, 1e-12));
    }
}

Test(tail, moments_obey_their_recurrence, .description = "eq:rectified")
{
    for (double r = -5; r < 6; r += 0.31) {
        double x[13];
        half_moments(12, r, 1, x);
        // Where the two terms cancel, they are as large as |r| x[k-1].
        for (int k = 2; k <= 12; k++)
            cr_expect(epsilon_eq(dbl, x[k], r * x[k - 1] + (k - 1) * x[k - 2],
                                 1e-14 * (fabs(r) * x[k - 1] + x[k])));
    }
}

Test(tail, goes_to_its_limit, .description = "eq:relu-tail-limit")
{
    // The next term of the series is (M^2 - 1) / 2r^2, and what follows of order
    // M^4 / r^4.
    for (int M = 1; M <= 4; M++)
        for (double r = -10; r > -50; r *= 1.5) {
            double off = relu_focus(M, r, 1) / relu_tail(M, r) - 1;
            cr_expect(epsilon_eq(dbl, off * r * r, (M * M - 1) / 2.,
                                 (3 + 2 * M * M * M * M) / (r * r)));
        }
    near(relu_tail(2, -7), sqrt(density(-7) / 42), 1e-14);
    cr_expect(eq(dbl, relu_focus(2, -1e300, 1), 0));
    cr_expect(eq(dbl, relu_focus(2, -1, 1e-300), 0));
}

Test(theory, has_its_limits, .description = "eq:focus-relu2 eq:focus-identity")
{
    near(relu_focus(2, 0, 3), 1 / sqrt(6), 1e-15);
    near(relu_focus(1, 0, 3), 1 / sqrt(M_PI), 1e-15);
    near(relu_focus(2, 1e9, 1), 1, 1e-15);
    near(relu_focus(2, 1e308, 1e-308), 1, 1e-15);
    near(relu_focus(2, 1e308, 1e308), relu_focus(2, 1, 1), 1e-15);
    near(power_focus(32, 1e308, 1e308), power_focus(32, 1, 1), 1e-14);
    near(identity_focus(1e300), 1, 1e-15);
    for (enum map f = EXP; f < MAPS; f++) {
        near(theory(f, 3, 2, 0), 1, 1e-15);
        near(theory(f, 3, 2, 1e-9), 1, 1e-15);
    }
    for (enum map f = RELU; f <= POWER; f++)
        cr_expect(isnan(theory(f, 3, 0, 0)));
    cr_expect(isnan(theory(RELU2, 1, -1, 0)));
    near(theory(TRUNCEXP, 2, -1, 0), 1, 1e-15);
}

Test(identity, is_even_and_rises_from_its_floor,
     .description = "eq:focus-identity eq:focus-floor")
{
    near(identity_focus(0), sqrt(2 / M_PI), 1e-15);
    double last = sqrt(2 / M_PI);
    for (int i = 1; i <= 1000; i++) {
        double r = i / 100., S = identity_focus(r), h = 1e-4;
        cr_expect(eq(dbl, S, identity_focus(-r)));
        cr_expect(gt(dbl, S, last));
        last = S;
        // Central differences: h^2/6 of a third derivative below 1, and
        // rounding of 1e-16/h.
        double slope = (identity_focus(r + h) - identity_focus(r - h)) / 2 / h;
        cr_expect(epsilon_eq(dbl, identity_slope(r), slope, 1e-8));
        cr_expect(gt(dbl, identity_slope(r), 0));
        cr_expect(eq(dbl, identity_slope(-r), -identity_slope(r)));
    }
}

Test(identity, floor_is_not_one_for_other_laws, .description = "eq:student")
{
    near(student_floor(3), 2 / M_PI, 1e-14);
    near(student_floor(5), .7351, 1e-4); // four digits are given
    near(student_floor(10), .7734, 1e-4);
    near(student_floor(1e7), sqrt(2 / M_PI), 1e-6); // 1/nu away
    // By sums over the law itself, x = sinh(t) on an even grid.
    for (int nu = 3; nu < 12; nu++) {
        double one = 0, two = 0, all = 0;
        for (double t = -40; t < 40; t += 1. / 64) {
            double x = sinh(t),
                   p = cosh(t) * pow(1 + x * x / nu, -(nu + 1) / 2.);
            all += p;
            one += p * fabs(x);
            two += p * x * x;
        }
        // The kink at zero costs h^2 / 12 of the slope.
        near(one / sqrt(all * two), student_floor(nu), 1e-4);
    }
}

Test(homogeneous, maps_do_not_see_the_norm_and_exp_sees_nothing_else,
     .description = "eq:homogeneous")
{
    static const enum map maps[] = {RELU, RELU2, IDENTITY, POWER};
    for (int i = 0; i < 200; i++) {
        struct random r = stream("norm", (uint32_t)i);
        double c = exp(between(&r, -20, 20)), b = between(&r, -3, 3);
        for (int k = 0; k < 4; k++)
            near(scaled_query(maps[k], 5, c, b, 1), theory(maps[k], 5, b, 1),
                 1e-12);
        near(scaled_query(EXP, 0, 2, b, 1), pow(theory(EXP, 0, 0, 1), 4),
             1e-14);
    }
    // The polynomial with lower terms is not homogeneous.
    cr_expect(fabs(scaled_query(TRUNCEXP, 2, 2, 0, 1) -
                   theory(TRUNCEXP, 2, 0, 1)) > 0.1);
}

Test(homogeneous, rows_agree_to_the_bit, .description = "eq:homogeneous")
{
    struct random r = stream("bit", 0);
    float z[1000], a[1000], b[1000];
    normals32(&r, 1000, z);
    for (enum map f = RELU; f <= POWER; f++) {
        weigh(f, 3, 0.5f, 1, 1000, z, a);
        weigh(f, 3, 4, 8, 1000, z, b); // eight times: exact
        cr_expect(eq(dbl, sparsity(1000, a), sparsity(1000, b)));
    }
}

// ---- the ladder -------------------------------------------------------------

Test(ladder, has_the_reference_values,
     .description = "eq:ladder eq:focus-power")
{
    static const double want[] = {.797884560803, .577350269190, .412025815491,
                                  .292770021885, .207641493625, .147122471584,
                                  .104183123994, .0737496131448};
    for (int M = 1; M <= 8; M++) {
        near(ladder(M), want[M - 1], 6e-12); // twelve digits
        near(power_focus(M, 0, 3), want[M - 1], 6e-12);
        near(relu_focus(M, 0, 3), want[M - 1] / M_SQRT2, 6e-12);
    }
    near(ladder(2), 1 / sqrt(3), 1e-14);
    near(ladder(4), 3 / sqrt(105), 1e-14);
    // 2^(1/4 - M/2), to a share of 1/M.
    near(ladder(32), exp2(0.25 - 16), 1. / 32);
}

Test(ladder, powers_are_their_neighbours,
     .description = "eq:focus-power eq:focus-identity")
{
    for (double r = -5; r < 5; r += 0.17) {
        near(power_focus(1, r, 1), identity_focus(r), 1e-14);
        near(power_focus(7, r, 1), power_focus(7, -r, 1), 1e-15);
        // Polynomials: E s^2 and E s^4.
        near(power_focus(2, r, 1),
             (r * r + 1) / sqrt(r * r * r * r + 6 * r * r + 3), 1e-14);
    }
}

Test(truncated, series_has_the_reference_values,
     .description = "eq:truncated-exp eq:reduced")
{
    static const double want[][8] = {
        {.5, .9020215063, .9045340337, .8851234914, .8840422627, .8825666901,
         .8824992439, .8824969026},
        {1, .8249326496, .7745966692, .6812805368, .6513584132, .6155852462,
         .6079226221, .6065306597},
        {2, .8010428340, .6546536707, .5013135708, .4024761372, .2709589476,
         .2023643054, .1353352832},
        {3, .7986068768, .6158817621, .4530484169, .3380490301, .1903256590,
         .1113842176, .0111089965},
        {4, .7981259479, .6000000000, .4352282435, .3167148628, .1678421981,
         .0900443015, .0003354626}};
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < RUNGS; k++)
            cr_expect(epsilon_eq(dbl, theory(TRUNCEXP, rungs[k], 0, want[i][0]),
                                 want[i][k + 1], 6e-11)); // ten decimals
        cr_expect(epsilon_eq(dbl, exp_focus(want[i][0]), want[i][7], 6e-11));
    }
}

// E s^k of a normal score, k up to m.
static void gaussian_moments(int m, double b, double c, double x[])
{
    x[0] = 1;
    x[1] = b;
    for (int k = 2; k <= m; k++)
        x[k] = b * x[k - 1] + (k - 1) * c * c * x[k - 2];
}

Test(truncated, even_series_agree_with_moments,
     .description = "eq:truncated-exp eq:reduced")
{
    for (int M = 2; M <= 8; M += 2)
        for (double b = -1; b < 8; b += 0.9)
            for (double c = 0.1; c < 50; c *= 2.3) {
                double x[17], one = 0, two = 0, f = 1;
                gaussian_moments(2 * M, b, c, x);
                for (int i = 0; i <= M; f *= ++i) {
                    one += x[i] / f;
                    double g = f;
                    for (int j = 0; j <= M; g = g / f * f, j++)
                        two += x[i + j] / f / tgamma(j + 1);
                }
                // Terms of both signs where b is negative.
                near(theory(TRUNCEXP, M, b, c), one / sqrt(two), 1e-12);
            }
}

Test(truncated, odd_series_count_both_signs,
     .description = "eq:truncated-exp eq:reduced")
{
    // 1 + s is the score, moved.
    for (double b = -5; b < 5; b += 0.37)
        for (double c = 0.1; c < 50; c *= 2.7)
            near(theory(TRUNCEXP, 1, b, c), identity_focus((1 + b) / c), 1e-13);
}

Test(truncated, series_is_the_exponential_less_its_tail,
     .description = "eq:truncated-exp")
{
    // In long doubles; where terms cancel, those lose as many digits as e^2s
    // has, of nineteen.
    for (int M = 1; M <= DEGREES; M++)
        for (double s = -9; s < 40; s += 0.23) {
            long double sum = 1, term = 1, most = 1;
            for (int m = 1; m <= M; m++) {
                sum += term *= (long double)s / m;
                most = fmaxl(most, fabsl(term));
            }
            double got = truncated_exp(M, s, 1);
            cr_expect(epsilon_eq(dbl, got, (double)sum,
                                 4e-15 * fabs(got) + 3e-18 * (double)most));
            near(truncated_exp(M, s, 8) * pow(8, M), got, 1e-14);
        }
}

Test(truncated, series_keeps_the_digits_that_its_terms_lose,
     .description = "eq:truncated-exp")
{
    // T_32(-9) is e^-9 but for 1e-6 of it; summed as it stands, 1e-12 is lost.
    double sum = 1, term = 1;
    for (int m = 1; m <= 32; m++)
        sum += term *= -9. / m;
    cr_expect(gt(dbl, fabs(sum / truncated_exp(32, -9, 1) - 1), 1e-13));
    near(truncated_exp(32, -4, 1), exp(-4), 1e-14);
}

Test(truncated, odd_series_have_one_root, .description = "eq:truncated-exp")
{
    cr_expect(eq(dbl, series_root(1), -1));
    for (int M = 3; M < DEGREES; M += 2) {
        double s = series_root(M);
        cr_expect(lt(dbl, s, series_root(M - 2)));
        cr_expect(epsilon_eq(dbl, truncated_exp(M, s, 1), 0, 1e-15));
    }
}

Test(truncated, series_lies_between_power_and_exponential,
     .description = "eq:truncated-exp eq:ladder")
{
    for (int M = 2; M <= 16; M += 2)
        for (double c = 0.1; c < 40; c *= 1.5) {
            double S = theory(TRUNCEXP, M, 0, c);
            cr_expect(S >= ladder(M) && S > exp_focus(c) * (1 - 1e-12));
        }
    near(theory(TRUNCEXP, 8, 0, 1e6), ladder(8), 1e-5); // 1/gamma away
    near(theory(TRUNCEXP, 24, 0, .5), exp_focus(.5), 1e-13);
}

// ---- features ---------------------------------------------------------------

Test(features, have_the_reference_values,
     .description = "eq:iid-features eq:feature-bounds")
{
    static const double want[FEATURES][4] = {
        [F_RELU] = {.398942280401, 2.14159265359, .564189583548, .9836773304},
        [F_ELU1] = {1.16052057227, .459737812659, .827680209499, .9964275337},
        [F_EXP] = {1.64872127070, 1.71828182846, .606530659713, .9868403230},
        [F_RELU2] = {.5, 5, .408248290464, .9630868247},
        [F_SIGMOID] = {.5, .173516143432, .923114272669, .9986471554},
        [F_SOFTPLUS] = {.806059183347, .417887297506, .839806330608,
                        .9967511568},
        [F_SQUARE] = {1, 2, .577350269190, .9847319278}};
    for (enum feature h = 0; h < FEATURES; h++) {
        double cv2, m = feature_mean(h, &cv2), least, most;
        feature_bounds(cv2, 64, &least, &most);
        near(m, want[h][0], 5e-12); // twelve and ten digits
        near(cv2, want[h][1], 5e-12);
        near(least, want[h][2], 5e-12);
        near(most, want[h][3], 1e-10);
    }
}

Test(features, closed_forms_agree_with_sums, .description = "eq:iid-features")
{
    // Both halves apart, for kinks at zero.
    for (enum feature h = 0; h < FEATURES; h++) {
        double one = 0, two = 0, cv2, m = feature_mean(h, &cv2);
        for (double t = -5; t < 4; t += 1. / 128) {
            double x = exp(t - exp(-t)), w = x * (1 + exp(-t)) / 128;
            for (int side = -1; side <= 1; side += 2) {
                double y = feature(h, side * x);
                one += w * density(x) * y;
                two += w * density(x) * y * y;
            }
        }
        near(m, one, 1e-13);
        near(cv2, two / one / one - 1, 1e-12);
    }
}

Test(features, covariance_is_that_of_independent_ones,
     .description = "eq:nonnegative eq:iid-features")
{
    enum { D = 5 };
    struct random r = stream("independent", 0);
    for (int i = 0; i < 100; i++) {
        double q[D], mu[D], C[D][D] = {{0}}, m = between(&r, 0.1, 3),
                            v = between(&r, 0.1, 3);
        draw_query(RELU_NORMAL, &r, D, q);
        for (int j = 0; j < D; j++) {
            mu[j] = m;
            C[j][j] = v;
        }
        near(linear_focus(D, q, mu, C), iid_focus(v / m / m, norm_ratio(D, q)),
             1e-14);
    }
}

Test(features, formula_is_the_focus_of_a_row, .description = "eq:nonnegative")
{
    // Three keys, all of them: mean and covariance by hand.
    static const double h[3][2] = {{1, 0}, {2, 3}, {0, 3}};
    double q[] = {2, 1}, mu[] = {1, 2}, C[2][2] = {{2 / 3., 0}, {0, 2}},
           a[3] = {2, 7, 3};
    for (int i = 0; i < 3; i++)
        cr_expect(eq(dbl, dot(2, q, h[i]), a[i]));
    near(linear_focus(2, q, mu, C), focus(3, a).S, 1e-15);
}

Test(features, floor_holds_for_any_covariance,
     .description = "eq:feature-floor")
{
    enum { D = 6 };
    for (int i = 0; i < 500; i++) {
        struct random r = stream("covariance", (uint32_t)i);
        double q[D], mu[D], C[D][D], A[D][D];
        draw_query(RELU_NORMAL, &r, D, q);
        for (int j = 0; j < D; j++) {
            mu[j] = exp(normal(&r));
            for (int k = 0; k < D; k++)
                A[j][k] = normal(&r) + 2 * (i % 2);
        }
        for (int j = 0; j < D; j++)
            for (int k = 0; k < D; k++)
                C[j][k] = dot(D, A[j], A[k]);
        cr_expect(ge(dbl, linear_focus(D, q, mu, C),
                     feature_floor(D, mu, C) * (1 - 1e-14)));
    }
    // A negative entry breaks it: two features alike, one taken from the other.
    double q[] = {1, -0.9}, mu[] = {1, 1}, C[2][2] = {{1, 0}, {0, 1}};
    cr_expect(linear_focus(2, q, mu, C) < feature_floor(2, mu, C) / 2);
}

Test(ratio, of_norms_is_at_most_one, .description = "eq:norm-ratio")
{
    double hot[64] = {[7] = 3}, flat[64], most = 0;
    for (int i = 0; i < 64; i++)
        flat[i] = 0.3;
    near(norm_ratio(64, hot), 1, 1e-15);
    near(norm_ratio(64, flat), 1 / 8., 1e-14);
    for (int i = 0; i < 1000; i++) {
        struct random r = stream("norms", (uint32_t)i);
        double q[64];
        for (int j = 0; j < 64; j++)
            q[j] = pow(normal(&r), 1 + i % 9);
        most = fmax(most, norm_ratio(64, q));
        cr_expect(ge(dbl, norm_ratio(64, q), 1 / 8.));
    }
    cr_expect(le(dbl, most, 1)); // and not sqrt(64) = 8
}

Test(relu_features, have_the_reference_values,
     .description = "eq:relu-features")
{
    near(relu_features(16), .83903, 1e-5);
    near(relu_features(64), .95125, 1e-5);
    near(relu_features(256), .98711, 1e-5);
    // |q|_2/|q|_1 by the law of large numbers, off by 1/d of itself.
    near(relu_features(1e6), iid_focus(M_PI - 1, sqrt(M_PI / 1e6)), 1e-14);
    struct random r = stream("many", 0);
    double *q = vector(100000);
    draw_query(RELU_NORMAL, &r, 100000, q);
    near(norm_ratio(100000, q), sqrt(M_PI / 100000), 0.01); // 1/sqrt d, thrice
    free(q);
}

// ---- decay ------------------------------------------------------------------

Test(decay, has_the_reference_values,
     .description = "eq:decay-focus eq:decay-tokens")
{
    static const double want[][4] = {
        {.5, 16, 2.99990844866259, .433006094693148},
        {.9, 64, 18.9552500596103, .544220343410103},
        {.9, 1024, 19, .136215591985646},
        {.96875, 64, 48.3975587860647, .869604425030290},
        {.96875, 1024, 62.999999999999, .248039185412303},
        {.99, 1024, 198.986500813125, .440820547048703},
        {.99609375, 1024, 492.758954870112, .693692955755891},
        {.999, 4096, 1933.69742488066, .687091040453342}};
    static const double slopes[] = {4.08298816507, 8.04162332838, 16.0208279100,
                                    32.0104159886, 64.0052082486, 128.002604156,
                                    256.001302082, 512.000651042};
    for (int i = 0; i < 8; i++) {
        double tokens = decay(want[i][0], want[i][1]);
        near(tokens, want[i][2], 2e-14);
        near(sqrt(tokens / want[i][1]), want[i][3], 1e-14);
    }
    for (int m = 1; m <= 8; m++)
        near(decay(exp(-exp2(-m)), INFINITY), slopes[m - 1], 5e-12);
    for (int h = 0; h < 8; h++)
        near(decay(1 - exp2(-5 - h), INFINITY), exp2(6 + h) - 1, 1e-15);
}

Test(decay, agrees_with_direct_sums,
     .description = "eq:decay-focus eq:decay-tokens")
{
    for (int i = 0; i < 300; i++) {
        struct random r = stream("decay", (uint32_t)i);
        double lambda = 1 - pow(10, between(&r, -12, -0.01));
        int n = 1 + (int)below(&r, 5000);
        near(decay(lambda, n), direct_decay(lambda, n), 1e-14);
    }
}

Test(decay, stays_right_beside_one, .description = "eq:decay-focus")
{
    // n_eff = n (1 - (n^2 - 1) mu^2 / 12 + ...).
    for (double d = 1e-12; d > 1e-16; d /= 3) {
        double lambda = 1 - d, mu = -log1p(lambda - 1), n = 1e9;
        near(decay(lambda, n), n * (1 - n * n * mu * mu / 12), 1e-12);
    }
    cr_expect(eq(dbl, decay(1, 77), 77));
    near(decay(1 - 0x1p-53, 1e15), 1e15 * (1 - pow(1e15 * 0x1p-53, 2) / 12),
         1e-5); // the next term: (n mu)^4 / 120
    // The fraction as printed is 0/0 there, and loses digits before.
    double l = 1 - 1e-12, worst = 0;
    for (int n = 2; n < 100; n++) {
        double printed =
            (1 - pow(l, n)) * (1 + l) / ((1 - l) * (1 + pow(l, n)));
        worst = fmax(worst, fabs(printed / decay(l, n) - 1));
    }
    cr_expect(gt(dbl, worst, 1e-11));
    near(decay(1e-300, 9), 1, 1e-15);
}

Test(decay, is_under_the_bound, .description = "eq:decay-bound")
{
    near(decay_bound(.999, 4096), .693, 1e-3); // three digits are given
    near(decay_bound(.96875, 64), .933, 1e-3);
    for (double lambda = 0.05; lambda < 1; lambda += 0.05)
        for (int n = 1; n < 100; n += 7)
            cr_expect(decay_bound(lambda, n) >=
                      sqrt(direct_decay(lambda, n) / n) * (1 - 1e-14));
    cr_expect(isinf(decay_bound(1, 5)));
}

Test(mixed, content_and_decay_in_the_long_run,
     .description = "eq:content-decay")
{
    near(annealed(0, 0.25), decay(exp(-0.25), INFINITY), 1e-14);
    near(annealed(.5, .1), 15.59, 1e-3); // four and three digits
    near(annealed(1, .1), 7.36, 1e-3);
    // At a slow slope and a small gamma means of ratios are ratios of means:
    // off by a few over n_eff.
    double x[200];
    for (int i = 0; i < 200; i++)
        x[i] = mixed_row(.5, .005, i);
    near(mean(200, x).mean, annealed(.5, .005), 0.01);
}

// ---- finite n ---------------------------------------------------------------

Test(exact, sum_has_the_reference_values, .description = "eq:exact-sum")
{
    static const double gammas[] = {.5, 1, 2, 3, 4, 6, 8},
                        want[][7] = {
                            {.0050070488, .010334464, .072665728, .21557527,
                             .35604804, .54500978, .65284619},
                            {3.1344869e-4, 6.6241779e-4, .0096870519,
                             .078624242, .20374865, .42122119, .55596059},
                            {1.959254e-5, 4.1472867e-5, 7.9012207e-4,
                             .020183232, .10269708, .32192534, .47613908},
                            {1.2245415e-6, 2.5923367e-6, 5.1810343e-5,
                             .0033336974, .042607421, .23967941, .40725516}};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 7; k++) // seven digits and a half
            near(exact_sum(ldexp(1, 8 + 4 * i), gammas[k]), want[i][k], 4e-8);
}

Test(exact, sum_of_one_or_two_tokens, .description = "eq:exact-sum")
{
    for (double gamma = 1e-3; gamma <= 40.1; gamma *= 2.0236) {
        near(exact_sum(1, gamma), 1, 1e-13);
        // Two tokens: p is the logistic function of their difference.
        double sum = 0, h = fmin(0.1 / gamma, 0.1);
        for (int i = -(int)(12 / h); i <= 12 / h; i++) {
            double p = 1 / (1 + exp(-M_SQRT2 * gamma * i * h));
            sum += h * density(i * h) * (p * p + (1 - p) * (1 - p));
        }
        near(exact_sum(2, gamma), sum, 1e-13);
    }
    near(exact_sum(2, 0), 0.5, 1e-13);
    near(exact_sum(1000, 0), 0.001, 1e-13);
    near(exact_sum(1000, 1e-300), 0.001, 1e-13);
}

// E sum p^2 of three tokens by a sum over two differences.
static double three_tokens(double gamma)
{
    double sum = 0, h = fmin(0.1 / gamma, 0.1);
    int m = (int)(8 / h);
    for (int i = -m; i <= m; i++)
        for (int j = -m; j <= m; j++) {
            // Orthonormal axes of the plane of differences.
            double x = gamma * i * h, y = gamma * j * h;
            double a = exp(x * M_SQRT2),
                   b = exp(x * M_SQRT1_2 + y * 1.5 / sqrt(1.5));
            double z = 1 + a + b;
            sum += h * h * density(i * h) * density(j * h) *
                   (1 + a * a + b * b) / z / z;
        }
    return sum;
}

Test(exact, sum_of_three_tokens, .description = "eq:exact-sum")
{
    near(exact_sum(3, 0.5), three_tokens(0.5), 1e-12);
    near(exact_sum(3, 2), three_tokens(2), 1e-12);
}

Test(exact, sum_is_that_of_infinitely_many, .description = "eq:exact-sum")
{
    // e^(gamma^2)/n, off by terms of e^(4 gamma^2)/n.
    near(exact_sum(1e15, 0.5), exp(0.25) / 1e15, 1e-12);
    near(exact_sum(1e15, 1), exp(1) / 1e15, 1e-12);
    near(exact_sum(1e12, 2), exp(4) / 1e12, 1e-4);
    near(naive_sum(1e12, 2), exp(4) / 1e12, 1e-15);
    cr_expect(eq(dbl, naive_sum(10, 3), 1));
}

Test(exact, sum_is_that_of_draws, .description = "eq:exact-sum")
{
    enum { N = 10, RUNS = 40000 };
    static double x[RUNS];
    for (double gamma = 0.5; gamma < 10; gamma *= 2) {
        for (int i = 0; i < RUNS; i++) {
            struct random r = stream("draws", (uint32_t)i);
            double a[N];
            for (int j = 0; j < N; j++)
                a[j] = exp(gamma * normal(&r));
            x[i] = 1 / focus(N, a).tokens;
        }
        struct mean m = mean(RUNS, x);
        cr_expect(epsilon_eq(dbl, m.mean, exact_sum(N, gamma), 4 * m.se));
    }
}

Test(exact, sum_rises_with_gamma_and_falls_with_n,
     .description = "eq:exact-sum")
{
    for (double n = 2; n < 1e15; n *= 37)
        for (double gamma = 0.1; gamma < 40; gamma *= 1.7) {
            double s = exact_sum(n, gamma);
            cr_expect(s >= 1 / n && s < 1);
            cr_expect(gt(dbl, exact_sum(n, gamma * 1.1), s));
            cr_expect(lt(dbl, exact_sum(n * 2, gamma), s));
        }
}

Test(lacks, is_one_less_the_exponential, .description = "eq:exact-sum")
{
    // exp64 is good to two units in the last place of 1, and more below.
    for (double w = 1e-300; w < 100; w *= 1.01)
        near(lacks(w), -expm1(-w), 2e-14);
    cr_expect(eq(dbl, lacks(0), 0));
}

Test(energy, exponents_join_and_are_approached,
     .description = "eq:random-energy eq:frozen")
{
    double n = 0x1p40, L = log(n), c = sqrt(2 * L);
    near(energy_exponent(L, c / 2 - 1e-9), energy_exponent(L, c / 2 + 1e-9),
         1e-8);
    cr_expect(eq(dbl, energy_exponent(L, c * 1.01), 0));
    near(energy_exponent(L, sqrt(L)) / L, pow(M_SQRT2 - 1, 2), 1e-12);
    // The exponent over log n, to within what log log n leaves: closer at 2^40
    // than at 2^10.
    for (double part = 0.2; part < 1; part += 0.2) {
        double off[2];
        for (int k = 0; k < 2; k++) {
            double l = k ? L : log(1024), g = part * sqrt(2 * l);
            off[k] =
                fabs(-log(exact_sum(exp(l), g)) - energy_exponent(l, g)) / l;
        }
        cr_expect(off[1] < off[0] + 1e-3 && off[1] < 0.08, "%g: %g %g", part,
                  off[0], off[1]);
    }
}

Test(energy, freezes_slowly, .description = "eq:frozen")
{
    near(frozen(1 << 20, 8), .342, 2e-3); // three digits
    cr_expect(eq(dbl, frozen(1 << 20, 5), 0));
    double last = 1;
    for (int log_n = 10; log_n <= 49; log_n += 13) {
        double n = ldexp(1, log_n), g = 2 * sqrt(2 * log(n));
        double off = exact_sum(n, g) - frozen(n, g);
        near(frozen(n, g), 0.5, 1e-14);
        cr_expect(off > 0 && off < last);
        last = off;
    }
}

Test(norm, that_keeps_ten_tokens, .description = "eq:exact-sum")
{
    for (double n = 100; n < 1e9; n *= 100)
        near(1 / exact_sum(n, norm_for(n, 10)), 10, 1e-9);
}

Test(entropy, of_normal_scores, .description = "eq:focus-entropy")
{
    // Shannon's is log E w less E w log w over E w, by sums over the scores.
    for (double gamma = 0.25; gamma < 4; gamma *= 2) {
        double z = 0, zz = 0, zl = 0, shannon, renyi;
        for (double e = -12; e < 25; e += 1. / 8) {
            double w = exp(gamma * e), p = density(e) / 8;
            z += p * w;
            zz += p * w * w;
            zl += p * w * gamma * e;
        }
        exp_entropy(gamma, &shannon, &renyi);
        near(shannon, log(z) - zl / z, 1e-12);
        near(renyi, 2 * log(z) - log(zz), 1e-12);
        near(exp(renyi / 2), exp_focus(gamma), 1e-14);
    }
}

// ---- rank -------------------------------------------------------------------

Test(rank, of_small_matrices, .description = "eq:causal-rank")
{
    double a[] = {3, 0, 0, 4}, s[2], b[] = {1, 2, 3, 2, 4, 6};
    singular_values(2, 2, a, s);
    near(s[0], 4, 1e-15);
    near(s[1], 3, 1e-15);
    cr_expect(eq(int, rank(2, 2, s), 2));
    singular_values(2, 3, b, s);
    near(s[0], sqrt(70), 1e-14);
    cr_expect(eq(int, rank(2, 3, s), 1));
}

Test(rank, squares_add_up, .description = "eq:causal-rank")
{
    enum { M = 20, N = 13 };
    struct random r = stream("svd", 0);
    double a[M * N], squares = 0, s[N];
    normals(&r, M * N, a);
    for (int i = 0; i < M * N; i++)
        squares += a[i] * a[i];
    singular_values(M, N, a, s);
    near(dot(N, s, s), squares, 1e-13);
    for (int i = 1; i < N; i++)
        cr_expect(le(dbl, s[i], s[i - 1]));
}

Test(rank, causal_is_full_and_far_is_not, .description = "eq:causal-rank")
{
    enum { M = ROWS_OF };
    static double a[M * M], s[M];
    struct random r = stream("causal", 0);
    double q[M * D_OF], k[M * D_OF];
    normals(&r, M * D_OF, q);
    normals(&r, M * D_OF, k);
    for (int f = 0; f < A_SOFTMAX; f++) {
        attention_matrix((enum attention)f, WHOLE, q, k, a);
        singular_values(M, M, a, s);
        cr_expect(eq(int, rank(M, M, s), D_OF));
        attention_matrix((enum attention)f, FAR, q, k, a);
        singular_values(M / 2, M / 2, a, s);
        cr_expect(eq(int, rank(M / 2, M / 2, s), D_OF));
        attention_matrix((enum attention)f, CAUSAL, q, k, a);
        // The far block of the causal matrix is what FAR says, but for the sum
        // of each row.
        static double b[M * M / 4];
        attention_matrix((enum attention)f, FAR, q, k, b);
        near(a[100 * M + 3] / a[100 * M + 50], b[36 * 64 + 3] / b[36 * 64 + 50],
             1e-13);
        int holes = 0;
        for (int i = 0; i < M; i++)
            holes += a[i * M + i] == 0;
        singular_values(M, M, a, s);
        cr_expect(eq(int, rank(M, M, s) == M, holes == 0));
    }
}

Test(rank, one_hole_of_the_diagonal_costs_one_rank,
     .description = "eq:causal-rank")
{
    // A triangle has a zero eigenvalue for each zero of its diagonal.
    double a[25] = {0}, s[5];
    for (int i = 0; i < 5; i++)
        for (int j = 0; j <= i; j++)
            a[i * 5 + j] = i == j ? i != 2 : i - j + 0.5 * i;
    singular_values(5, 5, a, s);
    cr_expect(eq(int, rank(5, 5, s), 4));
}

Test(rank, effective_is_between_one_and_rank,
     .description = "eq:effective-rank")
{
    double one[4] = {5, 0, 0, 0}, flat[4] = {2, 2, 2, 2}, two[2] = {3, 1};
    near(effective_rank(4, one), 1, 1e-15);
    near(effective_rank(4, flat), 4, 1e-14);
    near(effective_rank(2, two), pow(4 / 3., .75) * pow(4, .25), 1e-14);
}

// ---- retrieval --------------------------------------------------------------

Test(shares, have_the_reference_values,
     .description = "eq:share-linear eq:share-relu2 eq:share-exp eq:bit-error")
{
    near(share_linear(64, 4096), .002442, 3e-4); // four and five digits
    near(share_relu2(64, 4096), .03031, 2e-4);
    near(share_exp(64, 4096, 1 / 8.), .30629, 2e-5);
    near(share_exp(64, 4096, 1), 1, 1e-9);
    near(share_exp(16, 65536, 1), .0435, 1e-3);
    near(share_exp(16, 256, 1), .921, 1e-3);
    near(share_exp(16, 4096, 1), .421, 1e-3);
    near(bit_error(64, 64), .1567, 1e-3);
    near(bit_error(64, 256), .3082, 1e-3);
}

Test(shares, are_those_of_means_of_weights,
     .description = "eq:share-linear eq:share-relu2 eq:share-exp")
{
    // A normal score of deviation s sqrt d, by quadrature, in the place of each
    // other key.
    double d = 49, N = 1000, s = 0.3, g = sqrt(d);
    double linear = mean_weight(IDENTITY, 1, 1, 1, 0, g);
    double relu2 = mean_weight(RELU2, 1, 1, 1, 0, g);
    double e = mean_weight(EXP, 1, 1, 1, 0, s * g);
    near(share_linear(d, N), d / (d + (N - 1) * linear), 1e-12);
    near(share_relu2(d, N), d * d / (d * d + (N - 1) * relu2), 1e-12);
    near(share_exp(d, N, s), exp(s * d) / (exp(s * d) + (N - 1) * e), 1e-12);
    // The best s is 1.
    for (double x = 0.5; x < 1.6; x += 0.1)
        cr_expect(le(dbl, share_exp(d, 1e9, x), share_exp(d, 1e9, 1)));
}

Test(bits, are_wrong_as_often_as_a_normal_number_says,
     .description = "eq:bit-error")
{
    // Two keys, exactly: a normal number in the place of the score.
    double x[4000];
    for (int i = 0; i < 4000; i++) {
        struct random r = stream("two keys", (uint32_t)i);
        x[i] = sqrt(4) + normal(&r) * (below(&r, 2) ? 1 : -1) < 0;
    }
    struct mean m = mean(4000, x);
    cr_expect(epsilon_eq(dbl, m.mean, bit_error(4, 2), 4 * m.se));
    near(bit_error(9, 10), erfc(M_SQRT1_2) / 2, 1e-15);
    for (int i = 0; i < 400; i++)
        x[i] = wrong_bits(16, 17, i);
    m = mean(400, x);
    cr_expect(epsilon_eq(dbl, m.mean, bit_error(16, 17), 4 * m.se));
}

Test(shares, of_a_row_are_those_of_its_weights, .description = "eq:share-exp")
{
    double share[READERS];
    for (int N = 2; N < 40; N++) {
        struct random r = stream("row", (uint32_t)N), same = r;
        float z[40];
        normals32(&same, N, z);
        draw_shares(9, N, 3, &r, share);
        double sum = exp(9 / 3.), linear = 9;
        for (int j = 1; j < N; j++) {
            sum += exp(3 * z[j] / 3.);
            linear += fabs(3 * z[j]);
        }
        near(share[R_MILD], exp(3) / sum, 1e-6); // scores are floats
        near(share[R_LINEAR], 9 / linear, 1e-6);
    }
}

// ---- random features --------------------------------------------------------

Test(positive, features_are_right_in_the_mean,
     .description = "eq:positive-features eq:feature-noise")
{
    enum { D = 3, N = 4, RUNS = 300, MANY = 1024 };
    float q[D] = {.3f, -.2f, .1f};
    float key[D * N] = {.5f, 0,    -.2f, .1f, .2f, .4f,
                        0,   -.3f, -.1f, .2f, .3f, 0};
    double sum[N] = {0}, squares[N] = {0};
    for (int i = 0; i < RUNS; i++) {
        struct random r = stream("features", (uint32_t)i);
        float a[N];
        double far = positive_features(D, N, MANY, q, key, &r, a);
        cr_expect(far > 8 && far < 40); // the largest of 1024, of mean 3
        for (int j = 0; j < N; j++) {
            sum[j] += a[j] / RUNS;
            squares[j] += (double)a[j] * a[j] / RUNS;
        }
    }
    for (int j = 0; j < N; j++) {
        double k[D], x[D];
        for (int c = 0; c < D; c++) {
            k[c] = key[c * N + j];
            x[c] = q[c];
        }
        double want = exp(dot(D, x, k)), noise = feature_noise(D, x, k) / MANY;
        near(sum[j], want, 4 * sqrt(noise / RUNS));
        // A variance of 300 numbers, to four standard errors of 8 %.
        near(squares[j] / sum[j] / sum[j] - 1, noise, 0.35);
    }
}

Test(positive, one_feature_has_its_spread, .description = "eq:feature-spread")
{
    // Means over keys by sums, one component after another.
    double w[2] = {1.3, -0.4}, v = 0.2, one = 1, two = 1;
    for (int c = 0; c < 2; c++) {
        double a = 0, b = 0;
        for (double e = -10; e < 10; e += 1. / 16) {
            double k = sqrt(v) * e, h = exp(w[c] * k - k * k / 2);
            a += density(e) * h / 16;
            b += density(e) * h * h / 16;
        }
        one *= a;
        two *= b;
    }
    near(feature_spread(2, v, dot(2, w, w)), two / one / one - 1, 1e-12);
    near(iid_focus(feature_spread(16, 1. / 16, 16), 1), .65, 0.01);
}

// ---- rows that are drawn ----------------------------------------------------

Test(rows, weights_are_those_of_the_map)
{
    float z[40], a[40];
    struct random r = stream("weigh", 0);
    normals32(&r, 40, z);
    for (enum map f = EXP; f < MAPS; f++) {
        weigh(f, 3, 0.5f, 2, 40, z, a);
        for (int i = 0; i < 40; i++) {
            // In floats, up to seven terms of size ten that cancel.
            double s = 0.5 + 2 * (double)z[i], w = weight(f, 3, 1, s);
            w *= f == EXP ? exp(-14.5) : 1;
            cr_expect(epsilon_eq(dbl, a[i], w, 2e-6 * (fabs(w) + (f > RELU2))));
        }
    }
}

Test(rows, scores_are_normal_along_any_query, .description = "eq:reduced")
{
    enum { N = 20000 };
    static float z[N];
    struct random r = stream("along", 0);
    double x[N], y[N];
    projected(&r, 7, N, z);
    for (int i = 0; i < N; i++) {
        x[i] = z[i];
        y[i] = (double)z[i] * z[i];
    }
    struct mean m = mean(N, x), v = mean(N, y);
    cr_expect(epsilon_eq(dbl, m.mean, 0, 4 * m.se));
    cr_expect(epsilon_eq(dbl, v.mean, 1, 4 * v.se));
}

// ---- calculators ------------------------------------------------------------

Test(calculators, print_the_focus_of_rows,
     .description = "eq:sparsity eq:effective-tokens eq:renyi")
{
    prints("1 -1 0 0\\n0 0 0 5\\n", "sparsity -",
           "S\tn_eff\tH1\tH2\n0.70710678118654757\t2\t0.69314718055994529\t"
           "0.69314718055994529\n0.5\t1\t0\t0\n");
    prints("-7\\n", "sparsity --no-header -", "1\t1\t0\t0\n");
    prints("1e300,1e300\\n", "sparsity --no-header -",
           "1\t2\t0.69314718055994529\t0.69314718055994529\n");
}

Test(calculators, refuse_rows_without_focus)
{
    refuses("1 2\\n0 -0\\n", "sparsity -", "input:2: every weight is zero");
    refuses("1 nan\\n", "sparsity -", "input:1:");
    refuses("1 inf\\n", "sparsity -", "input:1:");
    refuses("1 2\\n3\\n", "sparsity -", "input:2:");
    refuses("1 x\\n", "sparsity -", "input:1:");
    refuses("", "sparsity -", "input");
    refuses("", "sparsity no/such/file", "no/such/file");
}

Test(calculators, print_theory,
     .description = "eq:reduced eq:exact-sum eq:focus-exp")
{
    prints("", "theory --f identity --beta 0 --gamma 1",
           "S\tfraction\n0.79788456080286541\t0.63661977236758138\n");
    prints("", "theory --f exp --beta 3 --gamma 0 --n 4 --no-header",
           "1\t1\t0.25\n");
    char text[200];
    double S, fraction, sum;
    says("build/bin/focus theory --no-header --f power --degree 2 --gamma 3",
         sizeof text, text);
    cr_assert(eq(int, sscanf(text, "%lf %lf", &S, &fraction), 2));
    near(S, 1 / sqrt(3), 1e-15);
    near(fraction, 1 / 3., 1e-15);
    // Beyond all doubles, and still a sum.
    says("build/bin/focus theory --no-header --gamma 40 --n 1m", sizeof text,
         text);
    cr_assert(eq(int, sscanf(text, "%lf %lf %lf", &S, &fraction, &sum), 3));
    cr_expect(S < 1e-300 && fraction < 1e-300);
    near(sum, exact_sum(1 << 20, 40), 1e-15);
}

Test(calculators, refuse_theory_without_meaning)
{
    refuses("", "theory", "--gamma: needed");
    refuses("", "theory --gamma -1",
            "--gamma: must be finite and not negative");
    refuses("", "theory --gamma nan", "--gamma");
    refuses("", "theory --gamma inf", "--gamma");
    refuses("", "theory --gamma 1 --beta inf", "--beta");
    refuses("", "theory --gamma 1 --beta nan", "--beta");
    refuses("", "theory --gamma 1 --degree 2", "--degree: has no meaning for");
    refuses("", "theory --f power --gamma 1", "--degree: needed");
    refuses("", "theory --f truncexp --gamma 1", "--degree: needed");
    refuses("", "theory --f truncexp --gamma 1 --degree 0", "--degree");
    refuses("", "theory --f truncexp --gamma 1 --degree 33", "--degree");
    refuses("", "theory --f relu --gamma 1 --n 4", "--n: has no meaning for");
    refuses("", "theory --gamma 1 --n 0", "--n");
    refuses("", "theory --gamma 41 --n 4", "--gamma: at most 40 with --n");
    refuses("", "theory --f relu --gamma 0", "--gamma: every weight is zero");
    refuses("", "theory --f identity --gamma 0", "every weight is zero");
    refuses("", "theory --f relu2 --beta -1 --gamma 0", "every weight is zero");
    refuses("", "theory --f tanh --gamma 1", "--f");
    refuses("", "theory --gamma 1 more", "more");
}

Test(calculators, print_decay, .description = "eq:decay-focus")
{
    prints("", "decay --lambda 1 --n 4096", "S\tn_eff\n1\t4096\n");
    prints("", "decay --lambda 0.96875 --n 4096 --no-header",
           "0.12401959270615269\t63\n");
}

Test(calculators, refuse_decay_without_meaning)
{
    refuses("", "decay --n 4", "--lambda: needed");
    refuses("", "decay --lambda 0.5", "--n: needed");
    refuses("", "decay --lambda 0 --n 4", "--lambda: must be above 0");
    refuses("", "decay --lambda -0.5 --n 4", "--lambda");
    refuses("", "decay --lambda 1.5 --n 4", "--lambda");
    refuses("", "decay --lambda nan --n 4", "--lambda");
    refuses("", "decay --lambda 0.5 --n 0", "--n");
    refuses("", "decay --lambda 0.5 --n 2.5", "--n");
}

Test(calculators, print_features, .description = "eq:feature-bounds")
{
    prints("", "features --map square --d 1 --no-header",
           "1\t2\t0.57735026918962584\t0.57735026918962584\n");
}

Test(calculators, refuse_features_without_meaning)
{
    refuses("", "features", "--d: needed");
    refuses("", "features --d 0", "--d");
    refuses("", "features --d 4 --map tanh", "--map");
}

// What no experiment could be run with is refused before any is.
Test(settings, beyond_their_bounds_are_refused)
{
    static const char *const wrong[] = {"tokens=255", "tokens=1048577",
                                        "width=0",    "width=4097",
                                        "draws=39",   "draws=10001"};
    for (int i = 0; i < 6; i++) {
        char command[200];
        snprintf(command, sizeof command, "run decay --quick --set %s",
                 wrong[i]);
        refuses("", command, "--set ");
    }
}

// ---- real text --------------------------------------------------------------

static struct prose prose_from(const char *words, int kinds)
{
    char text[400];
    snprintf(text, sizeof text, "%s", words);
    return read_prose(text, kinds);
}

static void reads(const char *words, int kinds, int n, const int want[n])
{
    struct prose p = prose_from(words, kinds);
    cr_assert(eq(int, p.length, n), "%s", words);
    for (int i = 0; i < n; i++)
        cr_expect(eq(int, p.word[i], want[i]), "word %d of %s", i, words);
    free(p.word);
}

Test(text, numbers_words_by_how_often_they_stand)
{
    reads("The cat and the dog, and the cow.", 2, 5, (int[]){0, 1, 0, 1, 0});
    reads("b a; A'B c\n", 9, 5, (int[]){0, 1, 1, 0, 2}); // equals: the earlier
    reads("x\n\ny z", 1, 1, (int[]){0});
    reads(" ,.!", 5, 0, NULL);
    struct prose p = prose_from("c b a b", 600);
    cr_expect(eq(int, p.kinds, 3)); // no more words than there are
    free(p.word);
}

enum { SMALL = 7, LONG = 300 };

// A text of few words, some of which follow each other often.
static void some_words(uint32_t i, int n, int word[n])
{
    struct random r = stream("some words", i);
    for (int j = 0; j < n; j++)
        word[j] = uniform(&r) < 0.4 && j ? (word[j - 1] + 1) % SMALL
                                         : (int)below(&r, SMALL);
}

Test(text, counts_every_pair_within_reach)
{
    int word[LONG];
    double c[SMALL][SMALL], total = 0, all = 0;
    some_words(0, LONG, word);
    count_pairs(LONG, word, SMALL, c);
    for (int u = 0; u < SMALL; u++)
        for (int v = 0; v < SMALL; v++) {
            double want = 0;
            for (int i = 0; i < LONG; i++)
                for (int j = 0; j < LONG; j++)
                    if (i != j && abs(i - j) <= 5 && word[i] == u &&
                        word[j] == v)
                        want += 1. / abs(i - j);
            // Sums of a few hundred numbers in another order.
            cr_expect(epsilon_eq(dbl, c[u][v], want, 1e-11));
            cr_expect(epsilon_eq(dbl, c[u][v], c[v][u], 1e-11));
            total += c[u][v];
        }
    for (int k = 1; k <= 5; k++)
        all += 2. * (LONG - k) / k;
    cr_expect(epsilon_eq(dbl, total, all, 1e-10));
}

// Two words that never meet each other are twice as likely beside themselves;
// words that meet by chance alone know nothing of each other.
Test(text, mutual_information_of_plain_cases, .description = "eq:ppmi")
{
    double apart[2][2] = {{3, 0}, {0, 3}}, chance[2][2] = {{1, 3}, {3, 9}};
    double m[2][2];
    ppmi(2, apart, m);
    cr_expect(epsilon_eq(dbl, m[0][0], log(2), 1e-15));
    cr_expect(eq(dbl, m[0][1], 0));
    ppmi(2, chance, m);
    for (int i = 0; i < 4; i++) // powers of two and threes: rounded thrice
        cr_expect(epsilon_eq(dbl, m[i / 2][i % 2], 0, 1e-15));
}

// Weighed with the shares of pairs, the logarithms before the cut add up to the
// mutual information H(u) + H(v) - H(u, v).
Test(text, mutual_information_adds_up, .description = "eq:ppmi")
{
    int word[LONG];
    double c[SMALL][SMALL], m[SMALL][SMALL], total = 0, cut = 0, sum = 0;
    double of[SMALL] = {0}, entropy = 0;
    some_words(1, LONG, word);
    count_pairs(LONG, word, SMALL, c);
    ppmi(SMALL, c, m);
    for (int u = 0; u < SMALL; u++)
        for (int v = 0; v < SMALL; v++) {
            total += c[u][v];
            of[u] += c[u][v];
        }
    for (int u = 0; u < SMALL; u++) {
        entropy -= 2 * of[u] / total * log(of[u] / total);
        for (int v = 0; v < SMALL; v++) {
            double p = c[u][v] / total, q = of[u] / total * of[v] / total;
            entropy += p > 0 ? p * log(p) : 0;
            sum += p * m[u][v];
            cut += p > 0 && p < q ? p * log(p / q) : 0;
            cr_expect(eq(int, m[u][v] > 0, p > q));
        }
    }
    cr_expect(epsilon_eq(dbl, sum + cut, entropy, 1e-13));
}

static double column_dot(int n, int d, const double *u, int j, int k)
{
    double s = 0;
    for (int i = 0; i < n; i++)
        s += u[i * d + j] * u[i * d + k];
    return s;
}

// m^T u_k for a row-major m.
static void transposed_times(int n, const double *m, int d, const double *u,
                             int k, double y[n])
{
    for (int j = 0; j < n; j++) {
        y[j] = 0;
        for (int i = 0; i < n; i++)
            y[j] += m[i * n + j] * u[i * d + k];
    }
}

// Not symmetric, so that rows and columns cannot be mistaken: m^T u_k are at
// right angles and s_k long, u_k are orthonormal, and with all of them the
// squares of s add up to those of m.
Test(text, directions_are_singular)
{
    enum { N = 9 };
    struct random r = stream("directions", 0);
    double m[N * N], u[N * N], s[N], y[N][N], squares = 0, part[N * 3], few[3];
    for (int i = 0; i < N * N; i++) {
        m[i] = normal(&r);
        squares += m[i] * m[i];
    }
    largest_directions(N, m, N, s, u);
    largest_directions(N, m, 3, few, part);
    for (int k = 0; k < N; k++)
        transposed_times(N, m, N, u, k, y[k]);
    for (int j = 0; j < N; j++) {
        squares -= s[j] * s[j];
        for (int k = 0; k < N; k++) {
            double ys = 0;
            for (int i = 0; i < N; i++)
                ys += y[j][i] * y[k][i];
            // LAPACK's error is a few n roundings of the largest.
            cr_expect(epsilon_eq(dbl, column_dot(N, N, u, j, k), j == k,
                                 1e-13));
            cr_expect(epsilon_eq(dbl, ys, j == k ? s[j] * s[j] : 0, 1e-11));
        }
        for (int k = 0; k < 3; k++)
            cr_expect(epsilon_eq(dbl, part[j * 3 + k], u[j * N + k], 1e-13));
    }
    cr_expect(epsilon_eq(dbl, squares, 0, 1e-11));
    for (int k = 1; k < N; k++)
        cr_expect(le(dbl, s[k], s[k - 1]));
}

// By the power method, which knows nothing of LAPACK.
Test(text, the_first_direction_is_that_of_the_power_method)
{
    int word[LONG];
    double c[SMALL][SMALL], m[SMALL][SMALL], u[SMALL * 2], s[2];
    double x[SMALL], y[SMALL], length = 0;
    some_words(2, LONG, word);
    count_pairs(LONG, word, SMALL, c);
    ppmi(SMALL, c, m);
    largest_directions(SMALL, (double *)m, 2, s, u);
    for (int i = 0; i < SMALL; i++)
        x[i] = 1 + i % 3;
    for (int step = 0; step < 4000; step++) { // m is symmetric: x = m m x
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < SMALL; i++) {
                y[i] = 0;
                for (int j = 0; j < SMALL; j++)
                    y[i] += m[i][j] * x[j];
            }
            memcpy(x, y, sizeof x);
        }
        length = 0;
        for (int i = 0; i < SMALL; i++)
            length += x[i] * x[i];
        for (int i = 0; i < SMALL; i++)
            x[i] /= sqrt(length);
    }
    cr_expect(epsilon_eq(dbl, s[0] * s[0], sqrt(length), 1e-10));
    double along = 0;
    for (int i = 0; i < SMALL; i++)
        along += x[i] * u[i * 2];
    cr_expect(epsilon_eq(dbl, fabs(along), 1, 1e-10));
}

// With all directions and their whole singular values, rows of U Sigma are rows
// of m but for a rotation: their cosines are those of m's rows.
Test(text, vectors_keep_the_cosines_of_rows)
{
    enum { N = 6 };
    struct random r = stream("cosines", 0);
    double m[N * N], u[N * N], s[N];
    float x[N * N];
    for (int i = 0; i < N * N; i++)
        m[i] = normal(&r);
    largest_directions(N, m, N, s, u);
    word_vectors(N, N, u, s, 1, x);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double a = 0, b = 0, c = 0, got = 0;
            for (int k = 0; k < N; k++) {
                a += m[i * N + k] * m[i * N + k];
                b += m[j * N + k] * m[j * N + k];
                c += m[i * N + k] * m[j * N + k];
                got += (double)x[i * N + k] * x[j * N + k] / N;
            }
            // Floats carry seven digits.
            cr_expect(epsilon_eq(dbl, got, c / sqrt(a * b), 2e-6));
        }
}

// A share p of ones among zeros, whatever they are scaled and moved to: the
// moments of a Bernoulli variable.
Test(text, moments_are_those_of_a_coin)
{
    for (int ones = 1; ones < 20; ones++) {
        double s[20], out[AT_ALL], p = ones / 20., q = 1 - p;
        for (int i = 0; i < 20; i++)
            s[i] = 5 - 3 * (i < ones);
        moments_of(20, s, out);
        cr_expect(epsilon_eq(dbl, out[AT_BETA], 5 - 3 * p, 1e-13));
        cr_expect(epsilon_eq(dbl, out[AT_GAMMA], 3 * sqrt(p * q), 1e-13));
        cr_expect(epsilon_eq(dbl, out[AT_SKEW], (p - q) / sqrt(p * q), 1e-12));
        cr_expect(epsilon_eq(dbl, out[AT_KURTOSIS], (1 - 6 * p * q) / (p * q),
                             1e-12));
    }
}

// Words at right angles to each other: logits are sqrt d for the query's word
// and 0 for all others, so every row has two kinds of weights.
Test(text, a_window_of_words_at_right_angles)
{
    enum { D = 4, N = 10, OWN = 3 };
    int word[N] = {0, 1, 2, 3, 0, 1, 2, 3, 1, 3};
    float x[D * D] = {0};
    double s[N], out[AT_ALL], e = exp(2), rest = N - OWN;
    for (int i = 0; i < D; i++)
        x[i * D + i] = 2;
    look(N, word, D, x, s, out);
    double total = OWN * e + rest, root = sqrt(OWN / (double)N);
    // Weights are floats.
    cr_expect(epsilon_eq(dbl, out[AT_S], total / sqrt(N * (OWN * e * e + rest)),
                         1e-6));
    for (int k = 1; k < 4; k++)
        cr_expect(epsilon_eq(dbl, out[AT_S + k], root, 1e-6));
    cr_expect(epsilon_eq(dbl, out[AT_SAME], 100 * OWN * e / total, 1e-12));
    cr_expect(epsilon_eq(dbl, out[AT_SAME_KEYS], 30, 1e-12));
    cr_expect(epsilon_eq(dbl, out[AT_OTHERS], 1, 1e-6)); // all alike
    cr_expect(epsilon_eq(dbl, out[AT_BOUND], root, 1e-12));
    cr_expect(epsilon_eq(dbl, out[AT_BETA], 2. * OWN / N, 1e-12));
}

// A trend and a wiggle within stretches: the error is that of ten means, and
// the wiggle is no part of it.
Test(text, errors_are_those_of_ten_stretches)
{
    enum { EACH = 4, N = 10 * EACH };
    double at[N][AT_ALL] = {0}, trend[10];
    for (int i = 0; i < N; i++) {
        at[i][0] = i / EACH + (i % 2 ? 5 : -5);
        at[i][1] = i % 2 ? 5 : -5;
        trend[i / EACH] = i / EACH;
    }
    struct mean got = over_text(N, at, 0, -1), want = mean(10, trend);
    struct mean less = over_text(N, at, 0, 1);
    cr_expect(epsilon_eq(dbl, got.mean, 4.5, 1e-14));
    cr_expect(epsilon_eq(dbl, got.se, want.se, 1e-14));
    cr_expect(epsilon_eq(dbl, less.se, want.se, 1e-14));
    cr_expect(eq(int, got.runs, 10));
}

// ---- recall -----------------------------------------------------------------

Test(recall, every_query_has_one_right_key)
{
    static struct recall_task t;
    for (int i = 0; i < 60; i++) {
        struct random r = stream("a task", (uint32_t)i);
        draw_task(&r, 8 << i % SIZES, &t);
        cr_assert(eq(int, t.count *t.pairs, POSITIONS));
        for (int k = 0; k < t.count * t.asked; k++) {
            const int *name = t.name + k / t.asked * t.pairs, right = t.ask[k];
            const int *value = t.value + k / t.asked * t.pairs;
            int found = 0;
            for (int j = 0; j < t.pairs; j++)
                found += name[j] == t.query[k];
            cr_assert(eq(int, found, 1));
            cr_assert(eq(int, name[right], t.query[k]));
            cr_assert(eq(int, value[right], t.target[k]));
            for (int l = k / t.asked * t.asked; l < k; l++)
                cr_assert(t.query[l] != t.query[k]); // none is asked twice
        }
    }
}

// Names, values and the places asked for are alike: each count is within five
// deviations of its mean, which one in a thousand tables of 448 would not be.
Test(recall, draws_are_even)
{
    static struct recall_task t;
    struct random r = stream("even", 0);
    double name[NAMES] = {0}, value_of[VALUES] = {0}, ask[MOST_PAIRS] = {0};
    double names = 0, asked = 0;
    for (int i = 0; i < 100; i++) {
        draw_task(&r, MOST_PAIRS, &t);
        for (int j = 0; j < POSITIONS; j++, names++) {
            name[t.name[j]]++;
            value_of[t.value[j]]++;
        }
        for (int j = 0; j < t.count * t.asked; j++, asked++)
            ask[t.ask[j]]++;
    }
    for (int i = 0; i < NAMES; i++)
        cr_expect(epsilon_eq(dbl, name[i], names / NAMES,
                             5 * sqrt(names / NAMES)));
    for (int i = 0; i < VALUES; i++)
        cr_expect(epsilon_eq(dbl, value_of[i], names / VALUES,
                             5 * sqrt(names / VALUES)));
    for (int i = 0; i < MOST_PAIRS; i++)
        cr_expect(epsilon_eq(dbl, ask[i], asked / MOST_PAIRS,
                             5 * sqrt(asked / MOST_PAIRS)));
}

// Tokens in focus of what fades are 15 and 63: (1 + lambda) / (1 - lambda).
Test(recall, heads_fade_as_they_should)
{
    float w[2000];
    fade(0.5, 4, w);
    for (int j = 0; j < 4; j++)
        cr_expect(eq(flt, w[j], (float)ldexp(1, j - 3)));
    for (int h = 0; h < HEADS; h++) {
        double S, want = h ? 63 : 15;
        fade(head_decay(h), 2000, w);
        S = sparsity(2000, w);
        // Powers are rounded to floats; the sums are long enough.
        cr_expect(epsilon_eq(dbl, 2000 * S * S, want, 1e-5));
    }
}

static const enum mixer all_mixers[] = {MIX_SOFTMAX, MIX_RELU2, MIX_LINEAR,
                                        MIX_DECAY};

// Weights by the definition, in doubles, for scores a.
Test(recall, rows_are_weights)
{
    enum { N = 12 };
    for (int m = 0; m < MIXERS; m++) {
        struct random r = stream("rows of a layer", (uint32_t)m);
        float w[N], a[N], slope[N];
        double want[N], total = 0;
        fade(m == MIX_DECAY ? 0.875 : 1, N, w);
        for (int j = 0; j < N; j++) {
            double s = normal(&r) * 4, up = fmax(s, 0) / 4;
            a[j] = (float)(is_linear(all_mixers[m]) ? fabs(s) : s);
            want[j] =
                m == MIX_SOFTMAX ? exp(s / 4)
                : m == MIX_RELU2
                    ? up * up
                    : fabs(s) * pow(0.875, (m == MIX_DECAY) * (N - 1 - j));
            total += want[j];
        }
        mix_row(all_mixers[m], N, w, a, slope);
        for (int j = 0; j < N; j++) // floats; the sum has 1e-6 beside it
            cr_expect(epsilon_eq(dbl, a[j], want[j] / total, 2e-6));
    }
}

// A row of scores that relu^2 makes nothing of leaves zeros, no NaN.
Test(recall, an_empty_row_stays_empty)
{
    float w[3] = {1, 1, 1}, a[3] = {-1, -2, 0}, slope[3];
    mix_row(MIX_RELU2, 3, w, a, slope);
    for (int j = 0; j < 3; j++)
        cr_expect(all(eq(flt, a[j], 0), eq(flt, slope[j], 0)));
}

// The recurrent form, a state of features by values that fades, is what the
// quadratic one computes.
Test(recall, decay_is_a_recurrence)
{
    static struct recall_pass x;
    struct random r = stream("recurrence", 0);
    x.mixer = MIX_DECAY;
    draw_task(&r, 16, &x.task);
    float *all[] = {x.q, x.k, x.v};
    for (int i = 0; i < 3; i++)
        normal_weights(POSITIONS * WIDTH, 1, &r, all[i]);
    positive(POSITIONS * WIDTH, x.q, x.slope_q);
    positive(POSITIONS * WIDTH, x.k, x.slope_k);
    mix(&x);
    for (int h = 0; h < HEADS; h++) {
        double state[HEAD][HEAD] = {{0}}, sum[HEAD] = {0};
        for (int j = 0; j < 16; j++)
            for (int f = 0; f < HEAD; f++) {
                double k = x.k[j * WIDTH + h * HEAD + f];
                sum[f] = sum[f] * head_decay(h) + k;
                for (int c = 0; c < HEAD; c++)
                    state[f][c] = state[f][c] * head_decay(h) +
                                  k * x.v[j * WIDTH + h * HEAD + c];
            }
        for (int c = 0; c < HEAD; c++) {
            double top = 0, bottom = 0;
            for (int f = 0; f < HEAD; f++) {
                top += x.q[h * HEAD + f] * state[f][c];
                bottom += x.q[h * HEAD + f] * sum[f];
            }
            // A few dozen terms, each rounded as a float.
            cr_expect(epsilon_eq(dbl, x.o[h * HEAD + c], top / bottom, 2e-5));
        }
    }
}

struct whole {
    struct recall_weights *w;
    struct recall_pass *x;
    struct recall_weights *none;
};

static double loss_of(void *of)
{
    struct whole *o = of;
    return recall_gradient(o->w, o->x, o->none);
}

// Logits are floats, so that the mean loss is right to about 1e-7, and a
// difference of it to some thousandths of the least slopes here; smaller steps
// would leave less, and larger ones meet the bend of elu.  With fewer pairs a
// row of relu^2 may have next to no sum, and is too crooked for differences.
Test(recall, gradient_agrees_with_differences)
{
    static struct recall_pass x;
    static float w[PARAMETERS], dw[PARAMETERS], other[PARAMETERS];
    for (int m = 0; m < MIXERS; m++) {
        struct random r = stream("gradient", (uint32_t)m);
        struct recall_weights at = weights_at(w), slope = weights_at(dw);
        struct recall_weights none = weights_at(other);
        first_weights(&r, &at);
        x.mixer = all_mixers[m];
        draw_task(&r, 32, &x.task);
        x.task.count = 3; // of few sequences each has more to say
        memset(dw, 0, sizeof dw);
        recall_gradient(&at, &x, &slope);
        struct whole of = {&at, &x, &none};
        float *part[] = {at.name + x.task.name[0] * WIDTH,   at.to_q, at.to_k,
                         at.value + x.task.value[0] * WIDTH, at.gain, at.out};
        for (int i = 0; i < 6; i++) {
            double gap = gradient_gap(WIDTH, part[i], dw + (part[i] - w), 0.02,
                                      loss_of, &of);
            cr_expect(lt(dbl, gap, 8e-3), "%s, part %d", mixer_names[m], i);
        }
    }
}

// Queries that are all told the value of their own pair recall everything; a
// layer that always says the same value, what chance would.
Test(recall, judges_rightly)
{
    static struct recall_pass x;
    struct random r = stream("judge", 0);
    draw_task(&r, 8, &x.task);
    int rows = x.task.count * x.task.asked, zeros = 0;
    for (int i = 0; i < rows; i++) {
        x.logits[i * VALUES + x.task.target[i]] = 1;
        zeros += x.task.target[i] == 0;
        for (int h = 0; h < HEADS; h++)
            x.p[head_at(&x.task, i / 8, h).p + i % 8 * 8 + x.task.ask[i]] = 1;
    }
    struct recalled all = judge(&x);
    cr_expect(epsilon_eq(dbl, all.accuracy, 100, 1e-10));
    cr_expect(epsilon_eq(dbl, all.tokens, 1, 1e-10));
    cr_expect(epsilon_eq(dbl, all.share, 100, 1e-10));
    memset(x.logits, 0, sizeof x.logits);
    for (int i = 0; i < POSITIONS * HEADS * 8; i++)
        x.p[i] = 0.125f;
    all = judge(&x);
    cr_expect(epsilon_eq(dbl, all.accuracy, 100. * zeros / rows, 1e-10));
    cr_expect(epsilon_eq(dbl, all.tokens, 8, 1e-10));
    cr_expect(epsilon_eq(dbl, all.share, 12.5, 1e-10));
}

// Short as it is, a run of softmax learns; and it is the same run twice.
Test(recall, softmax_learns_and_repeats)
{
    struct recalled a[SIZES], b[SIZES];
    learn(MIX_SOFTMAX, 0.03, 7, 60, a);
    learn(MIX_SOFTMAX, 0.03, 7, 60, b);
    cr_expect(gt(dbl, a[0].accuracy, 50)); // chance has 1.6
    cr_expect(eq(int, memcmp(a, b, sizeof a), 0));
}

Test(recall, differences_are_paired)
{
    struct recalled a[3][SIZES], b[3][SIZES];
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < SIZES; i++) {
            b[s][i] = (struct recalled){40 + 10 * s, i + s, 2};
            a[s][i] = (struct recalled){43 + 10 * s, 2 * i + s, 1};
        }
    struct mean m = over_runs(3, a, b, 2, BY_ACCURACY);
    cr_expect(epsilon_eq(dbl, m.mean, 3, 1e-12));
    cr_expect(epsilon_eq(dbl, m.se, 0, 1e-12));
    cr_expect(epsilon_eq(dbl, over_runs(3, a, b, 2, BY_TOKENS).mean, 2, 1e-12));
    cr_expect(epsilon_eq(dbl, over_runs(3, a, b, 2, BY_SHARE).mean, -1, 1e-12));
    cr_expect(epsilon_eq(dbl, over_runs(3, a, NULL, 0, BY_ACCURACY).mean, 53,
                         1e-12));
    cr_expect(epsilon_eq(dbl, over_runs(3, a, NULL, 0, BY_ACCURACY).se,
                         10 / sqrt(3), 1e-12));
}

// ---- options ----------------------------------------------------------------

Test(text, settings_have_limits)
{
    static const char *const wrong[] = {
        "words=79",       "dimensions=1",
        "dimensions=601", "window=15",
        "positions=19",   "positions=x",
        "words=2001",     "window=32k --set words=80"};
    for (int i = 0; i < 8; i++) {
        char line[200];
        snprintf(line, sizeof line, "run text --quick --set %s", wrong[i]);
        refuses("", line, "focus: --set ");
    }
}

// Every verdict that the page states holds in a quick run too.
Test(text, verdicts_hold_under_quick)
{
    char said[4000];
    cr_assert(eq(int,
                 says("d=$(mktemp -d) && build/bin/focus run text --quick "
                      "--out $d 2>/dev/null && cut -f1,9 "
                      "$d/text.claims.tsv && rm -r $d",
                      sizeof said, said),
                 0));
    cr_expect(eq(str, said,
                 "name\tverdict\nprose-order\theld\nprose-gaussian\trefuted\n"
                 "prose-floor\trefuted\nprose-own-word\theld\n"));
}
