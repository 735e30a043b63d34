// Chapter 3: every form of attention by two roads, and the wrong thing beside
// the right.
#define main chapter_main
// Above Criterion: its headers bring complex.h, which defines I.
#include "../chapters/3-mla/mla.c"
#undef main
#define PROGRAM "mla"
#include "program.h"
#include <unistd.h>

static void same(int n, const double a[], const double b[], double tolerance)
{
    for (int i = 0; i < n; i++)
        cr_expect(epsilon_eq(dbl, a[i], b[i], tolerance), "entry %d", i);
}

// Whole numbers from least to most, for sizes.
static int between(struct random *r, int least, int most)
{
    return least + (int)below(r, (uint32_t)(most - least + 1));
}

static double *normal_vector(struct random *r, int64_t n)
{
    double *x = vector(n);
    normals(r, n, x);
    return x;
}

// ---- bfloat16 ---------------------------------------------------------------

Test(bf16, rounds_known_patterns, .description = "eq:bf16")
{
    static const uint32_t pairs[][2] = {
        {0x3F800000, 0x3F800000}, // one
        {0x3F808000, 0x3F800000}, // a tie goes to the even one, down
        {0x3F818000, 0x3F820000}, // and up
        {0x3F808001, 0x3F810000}, // just above a tie
        {0x3F817FFF, 0x3F810000}, // just below one
        {0xBF808000, 0xBF800000}, // signs do not matter
        {0xBF818000, 0xBF820000},
        {0x3FFF8000, 0x40000000}, // the carry goes into the exponent
        {0x00000000, 0x00000000}, // zeros keep their sign
        {0x80000000, 0x80000000},
        {0x00000001, 0x00000000}, // subnormal numbers
        {0x00008000, 0x00000000},
        {0x00008001, 0x00010000},
        {0x00018000, 0x00020000},
        {0x007FFFFF, 0x00800000},
        {0x7F7F7FFF, 0x7F7F0000}, // the largest
        {0x7F7F8000, 0x7F800000}, // halfway beyond it
        {0x7F7FFFFF, 0x7F800000},
        {0x7F800000, 0x7F800000}, // infinity
        {0xFF800000, 0xFF800000}};
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++)
        cr_expect(eq(u32, bits_of32(bf16(of_bits32(pairs[i][0]))), pairs[i][1]),
                  "%08x", pairs[i][0]);
}

Test(bf16, keeps_every_nan, .description = "eq:bf16")
{
    // The payload of the first is lost in rounding, and would leave infinity.
    static const uint32_t nans[] = {0x7F800001, 0xFF800001, 0x7FC00000,
                                    0x7FFFFFFF, 0xFFFFFFFF, 0x7F80FFFF};
    for (int i = 0; i < 6; i++) {
        float x = bf16(of_bits32(nans[i]));
        cr_expect(x != x, "%08x", nans[i]);
        cr_expect(eq(u32, bits_of32(x) & 0xFFFF, 0));
    }
}

Test(bf16, is_the_nearest_of_two, .description = "eq:bf16")
{
    struct random r = stream("nearest", 0);
    for (int i = 0; i < 100000; i++) {
        uint32_t u = bits(&r);
        float x = of_bits32(u), low = of_bits32(u & 0xFFFF0000);
        float high = of_bits32((u & 0xFFFF0000) + 0x10000);
        if (!isfinite(x) || !isfinite(high))
            continue;
        double down = fabs((double)x - low), up = fabs((double)high - x);
        float want = down < up     ? low
                     : down > up   ? high
                     : u & 0x10000 ? high
                                   : low;
        cr_expect(eq(flt, bf16(x), want), "%08x", u);
    }
}

Test(bf16, one_rounding_is_what_even_logarithms_lose, .description = "eq:bf16")
{
    // A million draws: the mean square is good to 1e-3.
    struct random r = stream("logarithms", 0);
    double sum = 0;
    for (int i = 0; i < 1000000; i++) {
        float x = (float)exp2(8 * uniform(&r));
        sum += pow(bf16(x) / x - 1, 2);
    }
    cr_expect(epsilon_eq(dbl, sqrt(sum / 1e6) / one_rounding(), 1, 2e-3));
}

// ---- products ---------------------------------------------------------------

// A B by its definition.
static void plain_product(int m, int n, int k, struct view a, struct view b,
                          double *c)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double s = 0;
            for (int p = 0; p < k; p++)
                s += a.x[i * a.row + p * a.column] *
                     b.x[p * b.row + j * b.column];
            c[i * n + j] = s;
        }
}

Test(times, is_the_sum_of_products_bit_for_bit)
{
    struct random r = stream("sizes", 0);
    for (int i = 0; i < 60; i++) {
        int m = between(&r, 1, 9), n = between(&r, 1, 150),
            k = between(&r, 0, 40);
        double *a = normal_vector(&r, m * k + 1), *c = vector(m * n);
        double *b = normal_vector(&r, k * n + 1), *d = vector(m * n);
        struct view x = i % 2 ? full(a, k) : transposed(full(a, m));
        struct view y = i % 3 ? full(b, n) : transposed(full(b, k));
        times(FP64, m, n, k, x, y, full(c, n));
        plain_product(m, n, k, x, y, d);
        same(m * n, c, d, 0); // sums in one order
        free(a), free(b), free(c), free(d);
    }
}

Test(times, rounds_to_its_precision, .description = "eq:bf16")
{
    enum { m = 5, n = 70, k = 300 };
    struct random r = stream("precision", 0);
    double *a = normal_vector(&r, m * k), *b = normal_vector(&r, k * n);
    double *c[3] = {vector(m * n), vector(m * n), vector(m * n)};
    for (int p = FP64; p <= BF16; p++)
        times(p, m, n, k, full(a, k), full(b, n), full(c[p], n));
    for (int i = 0; i < m * n; i++) {
        // 300 terms of size 1: sums of 17, rounded 300 times to 1e-6 at most.
        cr_expect(epsilon_eq(dbl, c[FP32][i], c[FP64][i], 1e-4));
        cr_expect(eq(dbl, c[FP32][i], (float)c[FP32][i]));
        cr_expect(eq(dbl, c[BF16][i], bf16((float)c[FP32][i])));
    }
    free(a), free(b), free(c[0]), free(c[1]), free(c[2]);
}

// ---- rotations --------------------------------------------------------------

Test(rotation, turns_pairs_by_their_own_angle, .description = "eq:rotation")
{
    double v[] = {1, 0, 1, 0, 0, 1};
    rotate(6, 3, v);
    double a = 3, b = 3 * pow(10000, -1 / 3.), c = 3 * pow(10000, -2 / 3.);
    same(6, v, (double[]){cos(a), sin(a), cos(b), sin(b), -sin(c), cos(c)},
         1e-15);
}

Test(rotation, composes_and_keeps_lengths, .description = "eq:rotation")
{
    struct random r = stream("compose", 0);
    for (int i = 0; i < 100; i++) {
        enum { n = 16 };
        double v[n], w[n], m = between(&r, -500, 500), k = between(&r, -9, 9);
        normals(&r, n, v);
        memcpy(w, v, sizeof v);
        rotate(n, m, w);
        rotate(n, k, w);
        double before = dot(n, v, v), after = dot(n, w, w);
        rotate(n, m + k, v);
        same(n, v, w, 1e-12); // angles of 500 are off by 1e-13
        cr_expect(epsilon_eq(dbl, after, before, 1e-12 * before));
    }
}

Test(rotation, of_query_and_key_leaves_their_distance,
     .description = "eq:rotated-score eq:rotation")
{
    struct random r = stream("distance", 0);
    for (int i = 0; i < 100; i++) {
        enum { n = 8 };
        double q[n], k[n], a[n], b[n];
        int t = between(&r, 0, 300), j = between(&r, 0, 300);
        normals(&r, n, q);
        normals(&r, n, k);
        memcpy(a, q, sizeof q);
        memcpy(b, k, sizeof k);
        rotate(n, t, a);
        rotate(n, j, b);
        cr_expect(epsilon_eq(dbl, dot(n, a, b), rotated_score(n, q, k, t - j),
                             1e-12));
    }
}

// W_q R_n W_k^T against the sum over pairs of cos(n theta) A + sin(n theta) B.
Test(rotation, family_is_a_sum_of_cosines_and_sines,
     .description = "eq:rotation-family eq:rotation")
{
    enum { d = 5, dk = 6 };
    struct random r = stream("family", 0);
    double a[d * dk], b[d * dk];
    double(*wq)[dk] = (void *)a, (*wk)[dk] = (void *)b;
    normals(&r, d * dk, a);
    normals(&r, d * dk, b);
    for (int n = 0; n < 2000; n += 77)
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++) {
                double sum = 0;
                for (int m = 0; m < dk; m += 2) {
                    const double *q = wq[i] + m, *k = wk[j] + m;
                    double angle = n * pow(10000, -(double)m / dk);
                    sum += cos(angle) * (q[0] * k[0] + q[1] * k[1]) +
                           sin(angle) * (q[0] * k[1] - q[1] * k[0]);
                }
                cr_expect(epsilon_eq(dbl, rotated_score(dk, wq[i], wk[j], n),
                                     sum, 1e-11)); // angles of 2000
            }
}

Test(rotation, family_has_as_many_dimensions_as_a_key,
     .description = "eq:rotation-family")
{
    static const int widths[] = {2, 4, 8, 16};
    double sigma[FAMILY * FAMILY];
    for (int i = 0; i < 4; i++) {
        rotation_family(2000, widths[i], sigma);
        cr_expect(eq(int, rank_of(FAMILY * FAMILY, sigma), widths[i]));
        // What follows is rounding, far below what the slowest pair has.
        cr_expect(lt(dbl, sigma[widths[i]], 1e-12 * sigma[0]));
        cr_expect(gt(dbl, sigma[widths[i] - 1], 1e4 * sigma[widths[i]]));
    }
}

// ---- heads and groups -------------------------------------------------------

// Weights of the reference: sines, each matrix with its number.
static struct heads reference_heads(int g)
{
    struct heads a = {8,
                      4,
                      g,
                      4,
                      4,
                      1,
                      vector(8 * 16),
                      vector(8 * g * 4),
                      vector(8 * g * 4),
                      vector(16 * 8)};
    for (int s = 0; s < 4; s++)
        sines(100 + s, 8, 4, 1 / sqrt(8), (double *)a.wq + 4 * s, 16);
    for (int s = 0; s < g; s++) {
        sines(110 + s, 8, 4, 1 / sqrt(8), (double *)a.wk + 4 * s, 4 * g);
        sines(120 + s, 8, 4, 1 / sqrt(8), (double *)a.wv + 4 * s, 4 * g);
    }
    sines(130, 16, 8, 1 / sqrt(16), (double *)a.wo, 8);
    return a;
}

Test(heads, agree_with_reference,
     .description = "eq:heads eq:grouped eq:mha-cache eq:gqa-cache")
{
    static const double want[3][8] = {
        {-0.045499785057, -0.077317366084, 0.004062704523, -0.044927627537,
         0.115043786489, 0.048193176517, -0.117019690063, -0.142558361419},
        {-0.015070266656, 0.012097254463, 0.013562243532, -0.142559879020,
         0.040371011638, 0.154228498348, -0.333314206690, -0.157567582544},
        {0.007907075387, 0.139636774856, -0.002474809487, -0.112356764596,
         0.069967326514, 0.079634730159, -0.208396389006, -0.190867719133}};
    static const int groups[] = {4, 2, 1}, numbers_cached[] = {32, 16, 8};
    double *x = sine_tokens(6, 8), u[8];
    for (int i = 0; i < 3; i++) {
        struct heads a = reference_heads(groups[i]);
        grouped(&a, 6, x, u);
        same(8, u, want[i], 1e-12); // twelve decimals are given
        cr_expect(eq(i64, elements(groups[i], 4, 4), numbers_cached[i]));
        free((void *)a.wq), free((void *)a.wk);
        free((void *)a.wv), free((void *)a.wo);
    }
    free(x);
}

// Attention of one head as a loop over its definition, without products.
static void plain_head(int n, int d, int dk, int dv, const double *x,
                       const double *wq, const double *wk, const double *wv,
                       double *o)
{
    double total = 0, q[dk];
    memset(o, 0, sizeof *o * dv);
    plain_product(1, dk, d, full(x + (n - 1) * d, d), full(wq, dk), q);
    for (int i = 0; i < n; i++) {
        double k[dk], v[dv];
        plain_product(1, dk, d, full(x + i * d, d), full(wk, dk), k);
        plain_product(1, dv, d, full(x + i * d, d), full(wv, dv), v);
        double p = exp(dot(dk, q, k) / sqrt(dk));
        total += p;
        for (int j = 0; j < dv; j++)
            o[j] += p * v[j];
    }
    for (int j = 0; j < dv; j++)
        o[j] /= total;
}

Test(heads, of_one_are_attention_by_its_definition, .description = "eq:heads")
{
    enum { n = 9, d = 6, dk = 4, dv = 5 };
    struct random r = stream("one head", 0);
    double *x = normal_vector(&r, n * d), *wq = normal_vector(&r, d * dk);
    double *wk = normal_vector(&r, d * dk), *wv = normal_vector(&r, d * dv);
    double wo[dv * d] = {0}, u[d], o[dv]; // W_o hands on the output, and a zero
    for (int i = 0; i < dv; i++)
        wo[i * d + i] = 1;
    struct heads a = {d, 1, 1, dk, dv, 0, wq, wk, wv, wo};
    grouped(&a, n, x, u);
    plain_head(n, d, dk, dv, x, wq, wk, wv, o);
    same(dv, u, o, 1e-13); // nine terms of size one
    cr_expect(eq(dbl, u[dv], 0));
    free(x), free(wq), free(wk), free(wv);
}

Test(heads, in_groups_are_many_heads_with_copies, .description = "eq:grouped")
{
    enum { n = 7, d = 12, h = 6, dk = 4, dv = 2 };
    struct random r = stream("copies", 0);
    double *x = normal_vector(&r, n * d), *wq = normal_vector(&r, d * h * dk);
    double *wo = normal_vector(&r, h * dv * d), u[d], v[d];
    for (int g = 1; g <= h; g++) {
        if (h % g)
            continue;
        double *wk = normal_vector(&r, d * g * dk), *k = vector(d * h * dk);
        double *wv = normal_vector(&r, d * g * dv), *w = vector(d * h * dv);
        for (int i = 0; i < d; i++)
            for (int s = 0; s < h; s++) {
                int group = s / (h / g);
                memcpy(k + (i * h + s) * dk, wk + (i * g + group) * dk,
                       sizeof *k * dk);
                memcpy(w + (i * h + s) * dv, wv + (i * g + group) * dv,
                       sizeof *w * dv);
            }
        struct heads a = {d, h, g, dk, dv, 1, wq, wk, wv, wo},
                     b = {d, h, h, dk, dv, 1, wq, k, w, wo};
        grouped(&a, n, x, u);
        grouped(&b, n, x, v);
        same(d, u, v, 0); // the same sums
        free(wk), free(wv), free(k), free(w);
    }
    free(x), free(wq), free(wo);
}

Test(heads, selectors_give_the_same_bits,
     .description = "eq:selectors eq:joint-latent")
{
    int differ = 0;
    double other = 0;
    for (int g = 1; g <= 8; g *= 2)
        select_once(100 + g, g, &differ, &other);
    cr_expect(eq(int, differ, 0));
    // Absorbed, sums have another order.
    cr_expect(lt(dbl, other, 1e-13));
    cr_expect(gt(dbl, other, 0));
}

Test(heads, joint_latent_holds_every_key_and_value,
     .description = "eq:joint-latent")
{
    struct random r = stream("joint", 0);
    enum { d = 5, g = 3, dk = 2, dv = 4, dc = g * (dk + dv) };
    double *wk = normal_vector(&r, d * g * dk), c[dc], k[g * dk], v[g * dv];
    double *wv = normal_vector(&r, d * g * dv), *x = normal_vector(&r, d);
    struct heads a = {d, g, g, dk, dv, 0, 0, wk, wv, 0};
    double *w = joint_latent(&a);
    plain_product(1, dc, d, full(x, d), full(w, dc), c);
    plain_product(1, g * dk, d, full(x, d), full(wk, g * dk), k);
    plain_product(1, g * dv, d, full(x, d), full(wv, g * dv), v);
    same(g * dk, c, k, 0);
    same(g * dv, c + g * dk, v, 0);
    free(wk), free(wv), free(x), free(w);
}

// ---- latents ----------------------------------------------------------------

Test(latent, norm_makes_mean_squares_one, .description = "eq:latent-norm")
{
    struct random r = stream("norm", 0);
    double z[40], y[40];
    normals(&r, 40, z);
    for (int i = 0; i < 40; i++)
        y[i] = 1000 * z[i];
    rms_norm(40, z);
    rms_norm(40, y);
    // The 1e-6 beside a mean square of one.
    cr_expect(epsilon_eq(dbl, dot(40, z, z) / 40, 1, 1e-5));
    same(40, z, y, 1e-5);
    double zero[3] = {0};
    rms_norm(3, zero);
    same(3, zero, (double[]){0, 0, 0}, 0);
}

static void check_small(int norm, const double c5[5], const double scores[2][6],
                        const double o[6], const double u[8])
{
    struct layer l = sine_layer(norm);
    double *x = sine_tokens(6, 8);
    for (int f = 0; f < 3; f++) {
        struct pass a = new_pass(&l, FP64, 6, 1, 0, x);
        forms_of[f](&a);
        same(5, a.c + 25, c5, 1e-12); // twelve decimals are given
        same(6, a.scores, scores[0], 1e-12);
        same(6, a.scores + 6, scores[1], 1e-12);
        same(6, a.o, o, 1e-12);
        same(8, a.u, u, 1e-12);
        free_pass(&a);
    }
    free_layer(&l), free(x);
}

Test(latent, small_layer_agrees_with_reference,
     .description = "eq:training-form eq:decode-form eq:absorb "
                    "eq:absorb-values eq:latent-heads")
{
    static const double c5[] = {-0.043120121104, -0.136455916979,
                                0.547800579034, 0.268491989459, 0.442872614682},
                        scores[2][6] = {{0.197397624827, -0.240649092524,
                                         -0.230570995246, 0.447074958376,
                                         -0.343398901802, -0.099958813792},
                                        {0.032720143602, -0.091182138251,
                                         -0.232289104476, 0.234944119067,
                                         -0.264925519370, 0.182089238928}},
                        o[] = {0.154100467116, -0.096529653722, 0.164627805211,
                               0.098365747202, 0.005857534959,  0.018406130099},
                        u[] = {-0.046291498148, 0.068101266410,
                               -0.070512125527, -0.123132645411,
                               -0.045025356364, 0.101812025783,
                               -0.013649984672, 0.057151971864};
    check_small(0, c5, scores, o, u);
}

Test(latent, small_layer_with_a_norm_agrees_with_reference,
     .description = "eq:latent-norm eq:training-form eq:decode-form")
{
    static const double c5[] = {-0.125656001352, -0.397645100460,
                                1.596341302774, 0.782410367279, 1.290571557867},
                        scores[2][6] = {{0.499489719429, -0.457099294296,
                                         -0.526999816860, 0.841649844722,
                                         -0.740053335198, 0.165204586642},
                                        {0.116406699422, -0.243090861139,
                                         -0.445491980800, 0.473387809799,
                                         -0.598272362086, 0.514905005054}},
                        o[] = {0.032049795458, -0.152666851560, 0.479913390697,
                               0.212192945082, 0.100694808747,  0.129451842458},
                        u[] = {-0.158156990063, 0.151638545775, 0.017904169965,
                               -0.176640913706, 0.005210996497, 0.176846960944,
                               -0.116434168999, 0.000514908740};
    check_small(1, c5, scores, o, u);
}

Test(latent, weights_and_rotated_key_agree_with_reference,
     .description = "eq:decoupled")
{
    static const double p[] = {0.203840262950, 0.131537232052, 0.132869579559,
                               0.261651638745, 0.118692977218, 0.151408309476};
    struct layer l = sine_layer(0);
    double *x = sine_tokens(6, 8);
    struct pass a = new_pass(&l, FP64, 6, 1, 0, x);
    training_form(&a);
    same(2, a.kr + 10, (double[]){0.773730851592, -0.139403879718}, 1e-12);
    causal_weights(FP64, 1, 6, a.scores);
    same(6, a.scores, p, 1e-12);
    cr_expect(epsilon_eq(dbl, x[2], 0.863209366649, 1e-12));
    cr_expect(epsilon_eq(dbl, x[5 * 8 + 3], -0.867202179486, 1e-12));
    cr_expect(epsilon_eq(dbl, l.wkv[4 * 14 + 7], 0.259010027366, 1e-12));
    free_pass(&a), free_layer(&l), free(x);
}

static struct sizes random_sizes(struct random *r)
{
    return (struct sizes){between(r, 1, 20), between(r, 1, 5),
                          between(r, 1, 9),  2 * between(r, 0, 4),
                          between(r, 1, 9),  between(r, 1, 12),
                          between(r, 1, 12)};
}

Test(latent, all_forms_agree_at_any_size,
     .description = "eq:absorb eq:absorb-values eq:training-form "
                    "eq:decode-form eq:latent-heads")
{
    struct random r = stream("forms", 0);
    for (int i = 0; i < 200; i++) {
        struct sizes z = random_sizes(&r);
        int n = between(&r, 1, 12), queries = between(&r, 1, n);
        struct layer l = drawn_layer(z, i % 2, 1000 + i);
        double *x = drawn_tokens(n, z.d, 1000 + i);
        struct pass a = new_pass(&l, FP64, n, queries, 7, x);
        training_form(&a);
        double *u = vector(queries * z.d), *s = vector(z.h * queries * n);
        memcpy(u, a.u, sizeof *u * queries * z.d);
        memcpy(s, a.scores, sizeof *s * z.h * queries * n);
        for (int f = 1; f < 3; f++) {
            forms_of[f](&a);
            // Scores of size 10 at most, outputs of size 3: sums of 20 terms.
            same(z.h * queries * n, a.scores, s, 1e-12);
            same(queries * z.d, a.u, u, 1e-12);
        }
        free(u), free(s), free(x), free_pass(&a), free_layer(&l);
    }
}

Test(latent, forms_in_floats_agree_to_floats, .description = "eq:absorb")
{
    struct sizes z = {64, 4, 16, 8, 16, 32, 48};
    struct layer l = drawn_layer(z, 1, 3);
    double *x = drawn_tokens(20, z.d, 3);
    struct pass exact = new_pass(&l, FP64, 20, 20, 0, x);
    training_form(&exact);
    for (int p = FP32; p <= BF16; p++)
        for (int f = 0; f < 3; f++) {
            struct pass a = new_pass(&l, p, 20, 20, 0, x);
            forms_of[f](&a);
            double off = relative(20 * z.d, a.u, exact.u);
            // A few roundings of 3e-8 and 1.7e-3, twice to ten times.
            cr_expect(off < (p == FP32 ? 1e-6 : 2e-2), "%d %d %g", p, f, off);
            cr_expect(off > (p == FP32 ? 1e-8 : 1e-3), "%d %d %g", p, f, off);
            free_pass(&a);
        }
    free_pass(&exact), free_layer(&l), free(x);
}

Test(latent, a_token_sees_only_those_before, .description = "eq:training-form")
{
    struct sizes z = {12, 3, 4, 2, 5, 6, 7};
    struct layer l = drawn_layer(z, 1, 5);
    double *x = drawn_tokens(10, z.d, 5);
    struct pass all = new_pass(&l, FP64, 10, 10, 0, x);
    training_form(&all);
    for (int n = 1; n <= 10; n++) {
        struct pass a = new_pass(&l, FP64, n, 1, 0, x);
        training_form(&a);
        same(z.d, a.u, all.u + (n - 1) * z.d, 1e-14); // zeros add nothing
        free_pass(&a);
    }
    free_pass(&all), free_layer(&l), free(x);
}

Test(latent, decoupled_scores_ignore_a_common_shift,
     .description = "eq:decoupled eq:rotation")
{
    struct random r = stream("shifted", 0);
    for (int i = 0; i < 50; i++) {
        struct sizes z = random_sizes(&r);
        int n = between(&r, 2, 9), by = between(&r, 1, 1000);
        struct layer l = drawn_layer(z, 1, 2000 + i);
        double *x = drawn_tokens(n, z.d, 2000 + i);
        struct pass a = new_pass(&l, FP64, n, n, 0, x);
        struct pass b = new_pass(&l, FP64, n, n, by, x);
        training_form(&a);
        decode_form(&b);
        same(z.h * n * n, a.scores, b.scores, 1e-11); // angles of 1000
        same(n * z.d, a.u, b.u, 1e-11);
        free_pass(&a), free_pass(&b), free_layer(&l), free(x);
    }
}

Test(latent, scale_is_that_of_the_training_form_in_both,
     .description = "eq:decode-form eq:decoupled")
{
    // The wrong thing: absorbed keys have dc + dr numbers, and their root would
    // give other weights.
    struct layer l = sine_layer(0);
    double *x = sine_tokens(6, 8);
    struct pass a = new_pass(&l, FP64, 6, 1, 0, x);
    decode_form(&a);
    double wrong = a.scores[0] * sqrt(l.n.dk + l.n.dr) / sqrt(l.n.dc + l.n.dr);
    cr_expect(epsilon_eq(dbl, a.scores[0], 0.197397624827, 1e-12));
    cr_expect(gt(dbl, fabs(wrong - a.scores[0]), 0.01));
    free_pass(&a), free_layer(&l), free(x);
}

// ---- what rotation forbids --------------------------------------------------

Test(obstruction, agrees_with_reference,
     .description = "eq:rotated-score eq:decoupled eq:rotated-latent")
{
    static const double want[SCHEMES][SIX] = {
        {0.439227166335, 0.560040933431, -0.339383798734, 1.099948856667,
         -0.820804812299, 0.265380967522},
        {0.402940312216, -0.316544620307, -0.824063607570, 1.005065347013,
         -0.658295058153, 0.265380967522},
        {0.483523457263, -0.589467483747, -0.564781287840, 1.095105524798,
         -0.841152087646, -0.244848089085},
        {0.483523457263, -0.589467483747, -0.564781287840, 1.095105524798,
         -0.841152087646, -0.244848089085},
        {0.099265479420, -0.163648496242, -0.063080838484, 0.208522392126,
         -0.130406139612, 0.045834698342},
        {0.020483725047, -0.103308171860, -0.132258101423, 0.202153873616,
         -0.130463521366, 0.053647580112}};
    double score[SCHEMES][SIX];
    small_scores(score);
    for (int j = 0; j < 6; j++)
        same(SIX, score[j], want[j], 1e-12); // twelve decimals are given
    cr_expect(epsilon_eq(dbl, relative(SIX, score[1], score[0]), 0.635435699,
                         1e-9));
    // At its own position a key is not turned.
    cr_expect(eq(dbl, score[0][SIX - 1], score[1][SIX - 1]));
}

Test(obstruction, commuting_products_are_relative,
     .description = "eq:commutant eq:rotated-latent")
{
    enum { n = 8 };
    struct random r = stream("commute", 0);
    for (int i = 0; i < 20; i++) {
        double m[n * n], part[n * n], again[n * n], a[n], b[n];
        normals(&r, n * n, m);
        normals(&r, n, a);
        normals(&r, n, b);
        commuting(n, m, part);
        commuting(n, part, again);
        same(n * n, part, again, 0);
        double at = compromise(n, a, 5, b, 3, part);
        cr_expect(epsilon_eq(dbl, compromise(n, a, 105, b, 103, part), at,
                             1e-11)); // angles of 100, sums of 16
        // The rest of M is not, and is orthogonal to this part.
        for (int j = 0; j < n * n; j++)
            m[j] -= part[j];
        cr_expect(epsilon_eq(dbl, dot(n * n, m, part), 0, 1e-12));
        at = compromise(n, a, 5, b, 3, m);
        cr_expect(gt(dbl, fabs(compromise(n, a, 105, b, 103, m) - at), 1e-3));
    }
}

// R_n^T M R_n, averaged over many n, leaves of M only what commutes.
Test(obstruction, commuting_part_is_the_mean_over_rotations,
     .description = "eq:commutant")
{
    enum { n = 4, turns = 100000 };
    double all[n * n], (*m)[n] = (void *)all, sum[n][n] = {{0}}, part[n * n];
    struct random r = stream("average", 0);
    normals(&r, n * n, all);
    for (int t = 0; t < turns; t++) {
        double a[n][n];
        for (int i = 0; i < n; i++) { // M R_t
            memcpy(a[i], m[i], sizeof a[i]);
            rotate(n, t, a[i]);
        }
        for (int j = 0; j < n; j++) { // R_t^T (M R_t): columns, as rows
            double column[n];
            for (int i = 0; i < n; i++)
                column[i] = a[i][j];
            rotate(n, t, column);
            for (int i = 0; i < n; i++)
                sum[i][j] += column[i] / turns;
        }
    }
    commuting(n, all, part);
    // The slower pair makes 159 turns; what is left of them is less than one.
    same(n * n, sum[0], part, 0.01);
}

// ---- costs ------------------------------------------------------------------

Test(costs, of_a_cached_position_agree_with_reference,
     .description = "eq:decode-intensity eq:latent-intensity eq:mla-cache")
{
    static const struct {
        enum variant v;
        int g;
        double flops, bytes, intensity, memory, compute;
    } want[] = {{GROUPED, 128, 65536, 65536, 1, 19.56299, 0.07576},
                {GROUPED, 8, 65536, 4096, 16, 1.22269, 0.07576},
                {GROUPED, 1, 65536, 512, 128, 0.15284, 0.07576},
                {NAIVE, 0, 81920, 81920, 1, 24.45373, 0.09471},
                {REEXPANDED, 0, 33636352, 1152, 29198.2, 0.34388, 38.88596},
                {ABSORBED, 0, 278528, 1152, 241.7778, 0.34388, 0.32200}};
    for (int i = 0; i < 6; i++) {
        struct cost c = decode_cost(want[i].v, want[i].g, published, 2);
        cr_expect(eq(dbl, c.flops, want[i].flops));
        cr_expect(eq(dbl, c.bytes, want[i].bytes));
        // As many digits as are given.
        cr_expect(epsilon_eq(dbl, c.flops / c.bytes, want[i].intensity,
                             2e-6 * want[i].intensity));
        cr_expect(epsilon_eq(dbl, 1e9 * c.bytes / h800.bandwidth,
                             want[i].memory, 1e-5));
        cr_expect(epsilon_eq(dbl, 1e9 * c.flops / h800.flops, want[i].compute,
                             1e-5));
    }
    cr_expect(eq(i64, latent_elements(published.dc, published.dr), 576));
}

Test(costs, time_is_the_longer_of_two, .description = "eq:decode-time")
{
    struct machine on = {100, 1000};
    cr_expect(eq(dbl, decode_time(on, (struct cost){500, 100}), 1));
    cr_expect(eq(dbl, decode_time(on, (struct cost){5000, 100}), 5));
    struct cost c = decode_cost(REEXPANDED, 0, published, 2);
    cr_expect(epsilon_eq(dbl, 1e9 * decode_time(h800, c), 38.88596, 1e-5));
}

Test(costs, weights_equal_the_cache_where_both_take_as_long,
     .description = "eq:weights-equal-cache eq:decode-time")
{
    double n = equal_positions(13.476831232e9, 524288);
    struct cost weights = {0, 13.476831232e9}, all = {0, 524288 * n};
    cr_expect(eq(dbl, n, 25705.015625)); // a quotient by a power of two
    cr_expect(epsilon_eq(dbl, decode_time(h800, all),
                         decode_time(h800, weights), 1e-15));
}

Test(costs, multiply_adds_agree_with_reference,
     .description = "eq:re-expansion")
{
    static const double nq[] = {1, 170, 171, 4096},
                        expand[] = {1102195982336, 1555851902976, 1558536257536,
                                    12094627905536},
                        absorb[] = {9143582720, 1554409062400, 1563552645120,
                                    37452114821120};
    for (int i = 0; i < 4; i++) {
        cr_expect(eq(dbl, expand_macs(published, nq[i], 65536), expand[i]));
        cr_expect(eq(dbl, absorb_macs(published, nq[i], 65536), absorb[i]));
    }
}

Test(costs, forms_count_what_the_formula_says, .description = "eq:re-expansion")
{
    struct random r = stream("counted", 0);
    for (int i = 0; i < 30; i++) {
        struct sizes z = random_sizes(&r);
        int n = between(&r, 1, 30);
        cr_expect(eq(dbl, miscounted(z, n, between(&r, 1, n)), 0));
    }
}

Test(costs, crossover_is_where_both_cost_the_same,
     .description = "eq:crossover eq:re-expansion")
{
    cr_expect(epsilon_eq(dbl, crossover(published, INFINITY), 512 / 3., 1e-12));
    cr_expect(eq(dbl, crossover(published, 4096), 163.84));
    cr_expect(epsilon_eq(dbl, crossover(published, 1024), 146.2857, 1e-4));
    cr_expect(epsilon_eq(dbl, crossover(published, 65536), 170.2234, 1e-4));
    cr_expect(eq(int, first_expanded(published, 65536), 171));
    struct random r = stream("cross", 0);
    for (int i = 0; i < 100; i++) {
        struct sizes z = random_sizes(&r);
        double nk = between(&r, 1, 100000), at = crossover(z, nk);
        if (isfinite(at))
            cr_expect(epsilon_eq(dbl, expand_macs(z, at, nk),
                                 absorb_macs(z, at, nk),
                                 1e-11 * absorb_macs(z, at, nk)));
        else
            cr_expect(ge(dbl, expand_macs(z, 1e9, nk),
                         absorb_macs(z, 1e9, nk)));
    }
}

Test(costs, parameters_agree_with_reference, .description = "eq:parameters")
{
    static const double want[] = {7864320, 37748736, 2949120,
                                  8388608, 8388608,  83886080};
    double part[PARTS];
    cr_expect(eq(dbl, parameters(published, part), 149225472));
    same(PARTS, part, want, 0);
}

Test(costs, shards_divide_groups_and_not_latents,
     .description = "eq:shard-cache")
{
    int64_t group = elements(1, 128, 128), latent = latent_elements(512, 64);
    cr_expect(eq(dbl, shard_elements(8, group, 1), 2048));
    cr_expect(eq(dbl, shard_elements(8, group, 8), 256));
    cr_expect(eq(dbl, shard_elements(8, group, 16), 256));
    cr_expect(eq(dbl, shard_elements(8, group, 3), 768)); // 3, 3 and 2 groups
    cr_expect(eq(dbl, shard_elements(1, latent, 8), 576));
}

Test(costs, caches_of_public_models_agree_with_reference,
     .description = "eq:mha-cache eq:gqa-cache eq:mla-cache eq:saving")
{
    static const struct {
        const char *name;
        int64_t elements, per_token;
        double gib_128k;
    } want[] = {{"llama-2-7b", 8192, 262144, 64},
                {"llama-2-70b", 2048, 163840, 40},
                {"llama-3-8b", 2048, 65536, 16},
                {"llama-3-70b", 2048, 163840, 40},
                {"mistral-7b", 2048, 65536, 16},
                {"deepseek-67b", 2048, 194560, 47.5},
                {"deepseek-v2", 576, 34560, 8.4375},
                {"deepseek-v2-lite", 576, 15552, 3.796875},
                {"DeepSeek-V3", 576, 35136, 8.578125}};
    struct model m[MODELS];
    int n = read_models(m);
    cr_assert(eq(int, n, 9));
    for (int i = 0; i < 9; i++) {
        const struct model *a = find_model(n, m, want[i].name);
        cr_assert(a != 0);
        cr_expect(eq(i64, cached(a), want[i].elements));
        cr_expect(eq(i64, cached(a) * a->layers, want[i].per_token));
        cr_expect(eq(dbl, 2. * want[i].per_token * 131072 / gib,
                     want[i].gib_128k));
    }
    cr_expect(find_model(n, m, "llama-4") == 0);
    cr_expect(epsilon_eq(dbl, saving(34560, 6, 194560, 16), 0.9334, 5e-5));
    cr_expect(epsilon_eq(dbl, saving(34560, 16, 194560, 16), 0.8224, 5e-5));
    cr_expect(eq(dbl, saving(1, 16, 4, 16), 0.75));
}

// ---- the published layer ----------------------------------------------------

Test(splitmix, agrees_with_reference)
{
    static const double want[] = {0.566561575172281, 0.745781757262701,
                                  0.971002753586796, 0.444359217055772};
    for (int k = 0; k < 4; k++) // fifteen decimals are given
        cr_expect(epsilon_eq(dbl, splitmix(1, k), want[k], 1e-15));
    double *x = uniform_weights(100, 1, 3, 1),
           *w = uniform_weights(1, 1, 3, 5120);
    double *kv = uniform_weights(4, 1, 3, 512);
    same(3, x, (double[]){-1.2578125, -1.6796875, -0.88671875}, 0);
    same(3, w,
         (double[]){0.0032196044921875, 0.01190185546875, 0.0228271484375}, 0);
    same(3, kv, (double[]){-0.010498046875, 0.06005859375, 0.054931640625}, 0);
    free(x), free(w), free(kv);
}

static void check_published(const struct pass *a)
{
    static const double first[] = {0.617973209159, 0.011621982173,
                                   1.114560727712, -1.405120095177},
                        last[] = {0.345443318214, -0.039950513716,
                                  0.215132912871, 1.029572308951},
                        o[] = {0.246126201722, -0.199056967633, 0.321019076726,
                               0.154210106552},
                        u[] = {-0.344734232514, -0.003526773446, 0.257028836123,
                               -0.137904797712};
    double sum = 0, spread, most;
    same(4, a->scores, first, 1e-12); // twelve decimals are given
    same(4, a->scores + 127 * 64 + 60, last, 1e-12);
    same(4, a->o, o, 1e-12);
    same(4, a->u, u, 1e-12);
    for (int i = 0; i < 5120; i++)
        sum += a->u[i];
    cr_expect(epsilon_eq(dbl, sum, 14.71368178828645, 1e-11)); // by 80 bits
    cr_expect(epsilon_eq(dbl, sqrt(dot(5120, a->u, a->u)), 14.265314936379303,
                         1e-12));
    spread_of_scores(a, &spread, &most);
    cr_expect(epsilon_eq(dbl, spread, 1.0106606532715667, 1e-13));
    cr_expect(epsilon_eq(dbl, most, 4.233666151254675, 1e-13));
}

// Errors from the plain form in fp64, against the reference.  Its sums had
// other orders, which moves what fp32 and fp64 lose by up to a half, and what
// bfloat16 loses, over 8192 scores, by 1 %.
static void check_errors(struct apart e, int p, int f)
{
    static const double score[] = {4.186e-3, 4.210e-3, 4.160e-3},
                        o[] = {5.554e-3, 5.669e-3, 5.779e-3},
                        u[] = {5.860e-3, 6.057e-3, 6.146e-3};
    if (p == BF16) {
        cr_expect(epsilon_eq(dbl, e.score, score[f], 0.01 * score[f]));
        cr_expect(epsilon_eq(dbl, e.o, o[f], 0.01 * o[f]));
        cr_expect(epsilon_eq(dbl, e.u, u[f], 0.01 * u[f]));
    } else if (p == FP32) {
        cr_expect(e.score > 2.5e-7 && e.score < 9e-7, "%g", e.score);
        cr_expect(e.u > 5e-7 && e.u < 1.5e-6, "%g", e.u);
    } else {
        cr_expect(e.score > 3e-16 && e.score < 2e-15, "%g", e.score);
        cr_expect(e.u > 1e-15 && e.u < 6e-15, "%g", e.u);
    }
}

Test(published, layer_agrees_with_reference,
     .description = "eq:training-form eq:decode-form eq:absorb eq:bf16 "
                    "eq:latent-norm eq:roundings",
     .timeout = 300)
{
    struct layer l = drawn_layer(published, 1, 0);
    double *x = drawn_tokens(64, published.d, 0), spread, most;
    struct pass exact, naive;
    for (int p = FP64; p <= BF16; p++) {
        struct pass a = new_pass(&l, p, 64, 1, 0, x);
        for (int f = 0; f < 2; f++) {
            forms_of[f](&a);
            if (p == FP64)
                check_published(&a);
            if (p == FP64 && f == 0)
                exact = kept(&a);
            else
                check_errors(compare(&a, &exact), p, f);
            if (p == BF16 && f == 0)
                naive = kept(&a);
        }
        // The reference has 1.930e-3, 4.208e-3 and 4.817e-3; sums in another
        // order round otherwise, by a share of a few per cent of some numbers.
        if (p == BF16) {
            struct apart e = compare(&a, &naive);
            cr_expect(epsilon_eq(dbl, e.score, 1.930e-3, 0.02e-3));
            cr_expect(epsilon_eq(dbl, e.o, 4.208e-3, 0.05e-3));
            cr_expect(epsilon_eq(dbl, e.u, 4.817e-3, 0.1e-3));
            spread_of_scores(&exact, &spread, &most);
            cr_expect(epsilon_eq(dbl, e.score / rounding_error(4 / 3., spread),
                                 1, 0.02));
        }
        free_pass(&a);
    }
    free_pass(&exact), free_pass(&naive), free_layer(&l), free(x);
}

// ---- precision --------------------------------------------------------------

Test(roundings, add_like_independent_errors, .description = "eq:roundings")
{
    // Products of k numbers, each rounded `times` times after a random change
    // of scale: 2000 of them are good to 2 %, and the law to 3 %.
    enum { n = 2000, k = 64 };
    struct random r = stream("roundings", 0);
    for (int roundings = 1; roundings <= 6; roundings++) {
        double squares = 0, spread = 0;
        for (int i = 0; i < n; i++) {
            double exact = 0, off = 0;
            for (int j = 0; j < k; j++) {
                double x = normal(&r) * normal(&r), y = x;
                for (int t = 0; t < roundings; t++) {
                    double scale = exp2(uniform(&r));
                    y = bf16((float)(y * scale)) / scale;
                }
                exact += x, off += y - x;
            }
            squares += off * off / n;
            spread += exact * exact / n;
        }
        double want = rounding_error(roundings, sqrt(spread));
        cr_expect(epsilon_eq(dbl, sqrt(squares) / want, 1, 0.06));
    }
}

Test(cancellation, is_exact_in_bfloat16)
{
    for (int in_latents = 0; in_latents < 2; in_latents++) {
        struct cancelling x = cancelling(in_latents, 3, 16);
        int n = in_latents ? x.dk : x.dc;
        for (int j = 0; j < n; j++) {
            const double *w = x.w + (in_latents ? j : j * x.dk);
            int step = in_latents ? x.dk : 1;
            cr_expect(eq(dbl, w[0] + w[step] + w[2 * step], 0));
            cr_expect(eq(dbl, w[2 * step], bf16((float)w[2 * step])));
        }
        free(x.w), free(x.c), free(x.q);
    }
}

Test(cancellation, is_lost_where_the_last_product_is_rounded,
     .description = "eq:cancellation")
{
    for (int in_latents = 0; in_latents < 2; in_latents++) {
        double error[2][2], predicted[2][2];
        int loses = in_latents;
        for (int i = 0; i < 2; i++)
            cancel_errors(cancelling(in_latents, 5, i * 256), error[i],
                          predicted[i]);
        // The reference has 1.64e-3 to 1.67e-3, and 20 to 60 times that.
        for (int f = 0; f < 2; f++) {
            cr_expect(epsilon_eq(dbl, error[0][f], 1.65e-3, 0.03e-3));
            for (int i = 0; i < 2; i++)
                cr_expect(epsilon_eq(dbl, error[i][f] / predicted[i][f], 1,
                                     0.1));
        }
        cr_expect(gt(dbl, error[1][loses], 10 * error[0][loses]));
        cr_expect(epsilon_eq(dbl, error[1][!loses], error[0][!loses], 1e-6));
    }
}

// The bound that sums absolute values, and is wrong by how much.
Test(cancellation, is_not_the_worst_case_bound,
     .description = "eq:cancellation")
{
    struct cancelling x = cancelling(1, 5, 256);
    int n = x.n, m = x.queries, dc = x.dc;
    double *q = vector(m * dc), error[2], predicted[2], bound = 0;
    times(FP64, m, dc, x.dk, full(x.q, x.dk), transposed(full(x.w, x.dk)),
          full(q, dc));
    for (int t = 0; t < m; t++)
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < dc; j++)
                sum += fabs(q[t * dc + j] * x.c[i * dc + j]);
            bound += pow(one_rounding() * sum / sqrt(x.dk), 2) / (m * n);
        }
    cancel_errors(x, error, predicted);
    cr_expect(gt(dbl, sqrt(bound), 1.5 * error[1]));
    free(q);
}

Test(depth, errors_grow_and_paths_stay_together)
{
    double error[6][4];
    deep_errors(77, 6, error);
    for (int k = 0; k < 4; k++)
        cr_expect(gt(dbl, error[5][k], 1.2 * error[0][k]));
    // One network: its two errors differ by a few per cent.
    cr_expect(epsilon_eq(dbl, error[5][2] / error[5][1], 1, 0.1));
    cr_expect(lt(dbl, error[5][0], 1e-6));
    cr_expect(error[5][3] < 1.5 * error[5][1], "%g", error[5][3]);
}

// ---- ranks ------------------------------------------------------------------

Test(shared_key, mean_is_the_best, .description = "eq:shared-key-fit")
{
    enum { h = 5, size = 12 };
    struct random r = stream("best", 0);
    double w[h * size], mean[size] = {0}, all;
    normals(&r, h * size, w);
    for (int i = 0; i < h * size; i++)
        mean[i % size] += w[i] / h;
    all = sqrt(dot(h * size, w, w));
    for (int trial = 0; trial < 200; trial++) {
        double left = 0;
        for (int i = 0; i < h * size; i++) {
            double other = mean[i % size] +
                           (trial ? 0.01 : 0) * sin(trial + 7 * (i % size));
            left += (w[i] - other) * (w[i] - other);
        }
        double fit = shared_key_fit(h, size, w), now = sqrt(left) / all;
        cr_expect(trial ? now > fit : fabs(now - fit) < 1e-14);
    }
    cr_expect(eq(dbl, shared_key_fit(1, size, w), 0));
}

// What no rank-one matrix can reach, found by alternating least squares.
Test(shared_key, bilinear_fit_is_what_alternating_reaches,
     .description = "eq:bilinear-fit")
{
    enum { m = 30, n = 6 };
    struct random r = stream("alternate", 0);
    double all[m * n], copy[m * n], a[m], b[n], left[n + 1], rest = 0;
    double(*w)[n] = (void *)all;
    normals(&r, m * n, all);
    normals(&r, n, b);
    for (int step = 0; step < 2000; step++) {
        for (int i = 0; i < m; i++)
            a[i] = dot(n, w[i], b) / dot(n, b, b);
        for (int j = 0; j < n; j++) {
            b[j] = 0;
            for (int i = 0; i < m; i++)
                b[j] += a[i] * w[i][j] / dot(m, a, a);
        }
    }
    for (int i = 0; i < m * n; i++)
        rest += pow(w[i / n][i % n] - a[i / n] * b[i % n], 2);
    memcpy(copy, all, sizeof copy);
    bilinear_fit(m, n, copy, left);
    cr_expect(epsilon_eq(dbl, left[1], sqrt(rest / dot(m * n, all, all)),
                         1e-9)); // 2000 steps have converged to that
    cr_expect(eq(dbl, left[0], 1));
    cr_expect(eq(dbl, left[n], 0));
}

Test(shared_key, low_rank_leaves_nothing, .description = "eq:bilinear-fit")
{
    enum { h = 3 };
    struct random r = stream("low", 0);
    double *wq = normal_vector(&r, h * FIT_D * FIT_DK), left[FIT_DC + 1];
    double *wk = normal_vector(&r, FIT_DC * FIT_DK);
    double *copies = vector(h * FIT_DC * FIT_DK);
    for (int s = 0; s < h; s++)
        memcpy(copies + s * FIT_DC * FIT_DK, wk, sizeof *wk * FIT_DC * FIT_DK);
    double *m = stacked_products(h, wq, copies, 0);
    bilinear_fit(h * FIT_D, FIT_DC, m, left);
    cr_expect(lt(dbl, left[FIT_DK], 1e-14)); // one key for all: it is shared
    cr_expect(gt(dbl, left[FIT_DK - 1], 0.01));
    free(wq), free(wk), free(copies), free(m);
}

// ---- calculators ------------------------------------------------------------

#define CACHE_HEADER \
    "model\tcontext\telements_per_token_layer\tbytes_per_token\ttotal [B]\t" \
    "total [GiB]\n"

Test(cache, prints_models_and_sizes,
     .description = "eq:mha-cache eq:gqa-cache eq:mla-cache")
{
    prints("", "cache --model llama-2-7b --context 4k,32k,128k",
           CACHE_HEADER "llama-2-7b\t4096\t8192\t524288\t2147483648\t2\n"
                        "llama-2-7b\t32768\t8192\t524288\t17179869184\t16\n"
                        "llama-2-7b\t131072\t8192\t524288\t68719476736\t64\n");
    prints("", "cache --model DeepSeek-V3 --context 128k --no-header",
           "deepseek-v3\t131072\t576\t70272\t9210691584\t8.578125\n");
    prints("",
           "cache --dims h=64,g=8,dk=128,dv=128,L=80 --context 128k "
           "--no-header",
           "dims\t131072\t2048\t327680\t42949672960\t40\n");
    prints("", "cache --dims L=80,dk=128,h=64 --context 1m --no-header",
           "dims\t1048576\t16384\t2621440\t2748779069440\t2560\n");
    prints("",
           "cache --dims h=128,dk=128,dv=128,dc=512,dr=64,L=60 --context 1 "
           "--bytes 1 --no-header",
           "dims\t1\t576\t34560\t34560\t3.2186508178710938e-05\n");
    prints("",
           "cache --dims h=1,dk=1,dc=512,L=2 --context 4 --bytes 0.75 "
           "--no-header",
           "dims\t4\t512\t768\t3072\t2.86102294921875e-06\n");
}

Test(cache, refuses_what_it_cannot_count)
{
    refuses("", "cache --context 4k",
            "--model, --config or --dims: one is needed");
    refuses("", "cache --model llama-2-7b --dims h=1,dk=1,L=1 --context 1",
            "one is enough");
    refuses("", "cache --model llama-2-7b --config x --context 1",
            "one is enough");
    refuses("", "cache --model llama-5 --context 4k",
            "--model: no 'llama-5'; there are llama-2-7b, llama-2-70b");
    refuses("", "cache --model llama-2-7b", "--context: needed");
    refuses("", "cache --model llama-2-7b --context ''", "--context: ''");
    refuses("", "cache --model llama-2-7b --context 4k,", "--context: ''");
    refuses("", "cache --model llama-2-7b --context 4x", "'4x' is not a whole");
    refuses("", "cache --model llama-2-7b --context 4kk",
            "'4kk' is not a whole");
    refuses("", "cache --model llama-2-7b --context 1.5",
            "'1.5' is not a whole");
    refuses("", "cache --model llama-2-7b --context -1", "'-1' is not a whole");
    refuses("", "cache --model llama-2-7b --context nan",
            "'nan' is not a whole");
    refuses("", "cache --model llama-2-7b --context 0",
            "--context: 0 is not from");
    refuses("", "cache --model llama-2-7b --context 99999999999999999999",
            "is not from 1 to");
    refuses("", "cache --model llama-2-7b --context 1099511627776",
            "--context: an answer is beyond 2^53");
    refuses("", "cache --model llama-2-7b --context 1 --bytes 0", "--bytes");
    refuses("", "cache --model llama-2-7b --context 1 --bytes -2", "--bytes");
    refuses("", "cache --model llama-2-7b --context 1 --bytes 1025", "--bytes");
    refuses("", "cache --model llama-2-7b --context 1 --bytes nan", "--bytes");
}

Test(cache, refuses_sizes_without_meaning)
{
    refuses("", "cache --context 1 --dims h=8,dk=4", "--dims: L is missing");
    refuses("", "cache --context 1 --dims dk=8,L=4", "--dims: h is missing");
    refuses("", "cache --context 1 --dims h=8,L=4", "--dims: dk is missing");
    refuses("", "cache --context 1 --dims h=8,dk=4,L",
            "'L' is not NAME=NUMBER");
    refuses("", "cache --context 1 --dims ''", "--dims: '' is empty");
    refuses("", "cache --context 1 --dims h=8,,dk=4", "'' is not NAME=NUMBER");
    refuses("", "cache --context 1 --dims h=8,dk=4,L=2,x=1", "no 'x' here");
    refuses("", "cache --context 1 --dims h=8,dk=4,L=2,d=1", "no 'd' here");
    refuses("", "cache --context 1 --dims h=8,dk=4,L=2,h=8",
            "h is there twice");
    refuses("", "cache --context 1 --dims h=0,dk=4,L=2", "h: 0 is not from 1");
    refuses("", "cache --context 1 --dims h=2m,dk=4,L=2",
            "h: 2m is not from 1");
    refuses("", "cache --context 1 --dims h=a,dk=4,L=2",
            "h: 'a' is not a whole");
    refuses("", "cache --context 1 --dims h=,dk=4,L=2", "h: '' is not a whole");
    refuses("", "cache --context 1 --dims h=8,g=3,dk=4,L=2",
            "g=3 does not divide");
    refuses("", "cache --context 1 --dims h=8,g=2,dk=4,dc=9,L=2",
            "g has no meaning beside dc");
    refuses("", "cache --context 1 --dims h=8,dk=4,dr=2,L=2",
            "dr has no meaning without dc");
}

// A config.json with that text, given to the calculator; what it says.
static void config(const char *json, const char *want, int wrong)
{
    char file[] = "/tmp/mla-config-XXXXXX", line[200];
    int descriptor = mkstemp(file);
    cr_assert(descriptor >= 0);
    cr_assert(eq(i64, write(descriptor, json, strlen(json)),
                 (int64_t)strlen(json)));
    close(descriptor);
    snprintf(line, sizeof line, "cache --context 1k --no-header --config %s",
             file);
    if (wrong) {
        char named[300];
        snprintf(named, sizeof named, "%s:%s", file, want);
        refuses("", line, named);
    } else {
        prints("", line, want);
    }
    unlink(file);
}

Test(config, is_understood, .description = "eq:gqa-cache eq:mla-cache")
{
    config("{\"num_attention_heads\": 32, \"num_hidden_layers\": 32,\n"
           " \"hidden_size\": 4096, \"num_key_value_heads\": 8}",
           "config\t1024\t2048\t131072\t134217728\t0.125\n", 0);
    // No groups: all heads alone.  head_dim is believed before the width.
    config("{\"num_attention_heads\": 16, \"num_hidden_layers\": 28,"
           " \"hidden_size\": 3072, \"head_dim\": 256}",
           "config\t1024\t8192\t458752\t469762048\t0.4375\n", 0);
    config("{\"num_attention_heads\": 16, \"num_hidden_layers\": 27,"
           " \"num_key_value_heads\": 16, \"hidden_size\": 2048,"
           " \"kv_lora_rank\": 512, \"qk_rope_head_dim\": 64,"
           " \"qk_nope_head_dim\": 128, \"v_head_dim\": 128,"
           " \"q_lora_rank\": null}",
           "config\t1024\t576\t31104\t31850496\t0.0296630859375\n", 0);
    config("{\"num_attention_heads\": 8, \"num_hidden_layers\": 2,"
           " \"hidden_size\": 64, \"kv_lora_rank\": null, \"head_dim\": null,"
           " \"num_key_value_heads\": null, \"v_head_dim\": 4}",
           "config\t1024\t96\t384\t393216\t0.0003662109375\n", 0);
    config("{\"n_head\": 12, \"n_layer\": 12, \"n_embd\": 768}",
           "config\t1024\t1536\t36864\t37748736\t0.03515625\n", 0);
    config("{\"n_head\": 12, \"n_layer\": 12, \"n_embd\": 768,"
           " \"multi_query\": true}",
           "config\t1024\t128\t3072\t3145728\t0.0029296875\n", 0);
    config("{\"vision_config\": {\"num_attention_heads\": 3},"
           " \"text_config\": {\"num_attention_heads\": 8, \"head_dim\": 2,"
           " \"num_hidden_layers\": 1}}",
           "config\t1024\t32\t64\t65536\t6.103515625e-05\n", 0);
    // Falcon's two designs, and ChatGLM's names.
    config("{\"num_attention_heads\": 128, \"num_hidden_layers\": 60,"
           " \"hidden_size\": 8192, \"num_kv_heads\": 8,"
           " \"multi_query\": true, \"new_decoder_architecture\": true}",
           "config\t1024\t1024\t122880\t125829120\t0.1171875\n", 0);
    config("{\"num_attention_heads\": 71, \"num_hidden_layers\": 32,"
           " \"hidden_size\": 4544, \"num_kv_heads\": 71,"
           " \"multi_query\": true}",
           "config\t1024\t128\t8192\t8388608\t0.0078125\n", 0);
    config("{\"language_config\": {\"num_attention_heads\": 32,"
           " \"num_layers\": 28, \"kv_channels\": 128, \"hidden_size\": 4096,"
           " \"multi_query_group_num\": 2}}",
           "config\t1024\t512\t28672\t29360128\t0.02734375\n", 0);
    cr_expect(eq(int,
                 system("echo '{\"n_head\":1,\"n_layer\":1,\"n_embd\":1}' | "
                        "build/bin/mla cache --config - --context 1 "
                        ">/dev/null"),
                 0));
}

Test(config, is_refused_where_it_is_broken)
{
    config("", "1: ", 1);
    config("{\"num_attention_heads\": 8,\n\n", "3: ", 1);
    config("{\"num_attention_heads\": 8} x", "1: ", 1);
    config("{\"n_head\": 8, \"n_head\": 9}", "1: duplicate", 1);
    config("[1, 2]", " is no object", 1);
    config("{}", " num_attention_heads: is missing", 1);
    config("{\"num_attention_heads\": 8}", " num_hidden_layers: is missing", 1);
    config("{\"num_attention_heads\": 8, \"num_hidden_layers\": 2}",
           " hidden_size: is missing", 1);
    config("{\"num_attention_heads\": \"8\", \"num_hidden_layers\": 2}",
           " num_attention_heads: is not a whole number from 1 to", 1);
    config("{\"num_attention_heads\": 8.5, \"num_hidden_layers\": 2}",
           " num_attention_heads: is not a whole number from 1 to", 1);
    config("{\"num_attention_heads\": 0, \"num_hidden_layers\": 2}",
           " num_attention_heads: is not a whole number from 1 to", 1);
    config("{\"num_attention_heads\": -3, \"num_hidden_layers\": 2}",
           " num_attention_heads: is not a whole number from 1 to", 1);
    config("{\"num_attention_heads\": 1e3, \"num_hidden_layers\": 2}",
           " num_attention_heads: is not a whole number from 1 to", 1);
    config("{\"num_attention_heads\": 99999999999, \"num_hidden_layers\": 2}",
           " num_attention_heads: is not a whole number from 1 to", 1);
    config("{\"n_head\": 0, \"n_layer\": 2}",
           " n_head: is not a whole number from 1 to", 1);
    config("{\"num_attention_heads\": 3, \"num_hidden_layers\": 2,"
           " \"hidden_size\": 100}",
           " hidden_size: 100 is no multiple of 3 heads", 1);
    config("{\"num_attention_heads\": 8, \"num_hidden_layers\": 2,"
           " \"hidden_size\": 64, \"num_key_value_heads\": 3}",
           " num_key_value_heads: 3 does not divide 8 heads", 1);
    config("{\"num_attention_heads\": 8, \"num_hidden_layers\": 2,"
           " \"kv_lora_rank\": 512}",
           " qk_rope_head_dim: is missing beside kv_lora_rank", 1);
    refuses("", "cache --context 1 --config /nowhere/config.json",
            "/nowhere/config.json: ");
}

#define SMALL "layer --dims d=6,h=2,dk=3,dr=2,dv=2,dc=4,dq=5 --tokens 7 "

// The calculator's numbers in doubles.
static void layer_prints(const char *options, int d, double u[d])
{
    char command[400], text[4000], *at = text;
    snprintf(command, sizeof command, "build/bin/mla %s --no-header", options);
    cr_expect(eq(int, says(command, sizeof text, text), 0));
    for (int i = 0; i < d; i++)
        u[i] = strtod(at, &at);
    cr_expect(eq(str, at, "\n"));
}

Test(layer, prints_the_last_tokens_output,
     .description = "eq:training-form eq:decode-form eq:absorb")
{
    struct sizes z = {6, 2, 3, 2, 2, 4, 5};
    double u[6], v[6];
    for (int draw = 0; draw < 2; draw++)
        for (int norm = 0; norm < 2; norm++) {
            struct layer l = drawn_layer(z, norm, draw);
            double *x = drawn_tokens(7, z.d, draw);
            struct pass a = new_pass(&l, FP64, 7, 1, 0, x);
            training_form(&a);
            for (int f = 0; f < 3; f++) {
                char options[200];
                snprintf(options, sizeof options,
                         SMALL "--seed %d --norm %s --form %s", draw,
                         norm ? "on" : "off", form_names[f]);
                layer_prints(options, 6, u);
                same(6, u, a.u, 1e-14); // another order of a few terms
            }
            free_pass(&a), free_layer(&l), free(x);
        }
    layer_prints(SMALL "--seed 0", 6, u);
    layer_prints(SMALL, 6, v); // the seed is 0, the norm on, the form naive
    same(6, u, v, 0);
    layer_prints(SMALL "--precision bf16", 6, v);
    for (int i = 0; i < 6; i++)
        cr_expect(eq(dbl, v[i], bf16((float)v[i])));
    same(6, u, v, 0.1); // a few roundings of numbers of size one
}

// One number of each kind and one token: a chain of four roundings.
Test(layer, rounds_a_chain_of_products, .description = "eq:bf16")
{
    double weight[6], c, u;
    for (int i = 1; i < 6; i++)
        weight[i] = bf16((float)((2 * splitmix(i, i == 4) - 1) * sqrt(3)));
    c = bf16((float)((2 * splitmix(100, 0) - 1) * sqrt(3)));
    c = bf16((float)(c * weight[3]));
    c = bf16((float)(c * weight[4])); // the second of W_kv: the first is W_kc
    c = bf16((float)(c * weight[5]));
    layer_prints("layer --dims d=1,h=1,dk=1,dr=0,dv=1,dc=1,dq=1 --tokens 1 "
                 "--precision bf16 --norm off",
                 1, &u);
    cr_expect(eq(dbl, u, c));
}

Test(layer, refuses_what_it_cannot_draw)
{
    refuses("", "layer --tokens 4", "--dims: needed");
    refuses("", "layer --dims d=6,h=2,dk=3,dr=2,dv=2,dc=4,dq=5",
            "--tokens: needed");
    static const char *const names[] = {"d", "h", "dk", "dr", "dv", "dc", "dq"};
    for (int i = 0; i < 7; i++) {
        char line[200] = "layer --tokens 2 --dims ", why[40];
        for (int j = 0, any = 0; j < 7; j++)
            if (j != i) {
                strcat(line, any++ ? "," : "");
                strcat(line, names[j]);
                strcat(line, "=2");
            }
        snprintf(why, sizeof why, "--dims: %s is missing", names[i]);
        refuses("", line, why);
    }
    refuses("", "layer --dims d=6,h=2,dk=3,dr=3,dv=2,dc=4,dq=5 --tokens 2",
            "dr=3 is odd");
    refuses("", "layer --dims d=6,h=2,dk=3,dr=2,dv=2,dc=4,dq=5,L=2 --tokens 2",
            "no 'L' here");
    refuses("", "layer --dims d=1m,h=1k,dk=1k,dr=2,dv=2,dc=4,dq=5 --tokens 2",
            "more than 2^29");
    refuses("",
            "layer --dims d=64,h=1k,dk=512,dr=2,dv=512,dc=4,dq=5 --tokens 1m",
            "--tokens: too many");
    refuses("", SMALL "--tokens 0", "--tokens: 0 is not from 1");
    refuses("", SMALL "--tokens x", "--tokens: 'x' is not a whole");
    refuses("", SMALL "--form fast", "--form");
    refuses("", SMALL "--norm maybe", "--norm");
    refuses("", SMALL "--precision fp8", "--precision");
    refuses("", SMALL "--seed -1", "--seed");
}

Test(roofline, prints_times_and_what_limits_them,
     .description = "eq:decode-time eq:decode-intensity eq:latent-intensity")
{
    prints("",
           "roofline --bandwidth 1 --flops 1 --context 1,1k --no-header "
           "--dims h=4,g=2,dk=8,L=2",
           "GQA-2\t1\t256\t128\t2\t1.2800000000000001e-07\t2.5600000000000002e-"
           "07\t"
           "2.5600000000000002e-07\tcompute\n"
           "GQA-2\t1024\t262144\t131072\t2\t0.00013107200000000001\t"
           "0.00026214400000000002\t0.00026214400000000002\tcompute\n");
    prints("",
           "roofline --bandwidth 1 --flops 8 --context 1 --bytes 4 "
           "--no-header --dims h=4,dk=8,L=1",
           "MHA\t1\t128\t256\t0.5\t2.5600000000000002e-07\t1.6000000000000001e-"
           "08\t"
           "2.5600000000000002e-07\tmemory\n");
    char a[4000], b[4000];
    says("build/bin/mla roofline --bandwidth 3350 --flops 865e3 --context 64k",
         sizeof a, a);
    says("build/bin/mla roofline --bandwidth 3350 --flops 865e3 --context 64k "
         "--dims h=128,dk=128,dc=512,dr=64,L=60",
         sizeof b, b);
    cr_expect(eq(str, a, b)); // DeepSeek-V2, if nothing is said
    cr_expect(ne(ptr,
                 strstr(a, "MLA naive\t65536\t322122547200\t"
                           "322122547200\t1\t"),
                 NULL));
    cr_expect(ne(ptr,
                 strstr(a, "MLA absorbed\t65536\t1095216660480\t"
                           "4529848320\t"),
                 NULL));
}

Test(roofline, refuses_machines_that_are_none)
{
    refuses("", "roofline --flops 1 --context 1", "--bandwidth: needed");
    refuses("", "roofline --bandwidth 1 --context 1", "--flops: needed");
    refuses("", "roofline --bandwidth 1 --flops 1", "--context: needed");
    refuses("", "roofline --bandwidth 0 --flops 1 --context 1", "--bandwidth");
    refuses("", "roofline --bandwidth 1 --flops -1 --context 1", "--flops");
    refuses("", "roofline --bandwidth inf --flops 1 --context 1",
            "--bandwidth");
    refuses("", "roofline --bandwidth 1 --flops 1 --context 1 --bytes 0",
            "--bytes");
    refuses("", "roofline --bandwidth 1 --flops 1 --context 1 --model x",
            "no 'x'; there are");
    refuses("",
            "roofline --bandwidth 1 --flops 1 --context 1 --model llama-2-7b "
            "--dims h=1,dk=1,L=1",
            "one is enough");
    refuses("", "roofline --bandwidth 1 --flops 1 --context 1099511627776",
            "beyond 2^53");
}

Test(crossover, prints_where_expanding_pays, .description = "eq:crossover")
{
    prints("",
           "crossover --dims h=128,dk=128,dv=128,dc=512,dr=64 --keys 64k "
           "--queries 171 --no-header",
           "65536\t170.22337662337662\t171\t171\t1558536257536\t"
           "1563552645120\n");
    // A latent no longer than a key: absorbing always costs less.
    prints("", "crossover --dims h=1,dk=8,dc=4 --keys 1k --no-header",
           "1024\tinf\tinf\t1\t81920\t8256\n");
}

Test(crossover, refuses_what_has_no_answer)
{
    refuses("", "crossover --keys 1", "--dims: needed");
    refuses("", "crossover --dims h=1,dk=8,dc=4", "--keys: needed");
    refuses("", "crossover --dims h=1,dk=8 --keys 1", "--dims: dc is missing");
    refuses("", "crossover --dims h=1,dc=8 --keys 1", "--dims: dk is missing");
    refuses("", "crossover --dims dk=1,dc=8 --keys 1", "--dims: h is missing");
    refuses("", "crossover --dims h=1,dk=8,dc=4,L=1 --keys 1", "no 'L' here");
    refuses("", "crossover --dims h=1,dk=8,dc=4 --keys 0", "--keys: 0");
    refuses("", "crossover --dims h=1,dk=8,dc=4 --keys 1 --queries 0",
            "--queries");
    refuses("", "crossover --dims h=128,dk=128,dc=512 --keys 1099511627776",
            "--keys: an answer is beyond 2^53");
}

// ---- kernels ----------------------------------------------------------------

static float *random_floats(struct random *r, int64_t n, double deviation)
{
    float *x = floats(n);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)(deviation * normal(r));
    return x;
}

// Keys and values of their own, one behind the other.
static struct cache random_cache(struct random *r, int groups, int64_t t, int d,
                                 int e)
{
    float *room = random_floats(r, groups * t * (d + e), 1);
    return (struct cache){t, groups, d, e,    room, room + groups * t * d,
                          d, t * d,  e, t * e};
}

// The largest difference of decode from the plain form.
static double decode_error(const struct cache *c, int n, double scale,
                           const float *q)
{
    int size = c->groups * n * c->e;
    float y[size];
    double want[size], worst = 0;
    decode(c, n, (float)scale, q, y);
    plain_heads(c, n, scale, q, want);
    for (int i = 0; i < size; i++) { // NaN is far
        double d = fabs(y[i] - want[i]);
        worst = d <= worst ? worst : d;
    }
    return worst;
}

// Scores have deviation 1 and errors of sqrt(300) 2^-24, 1e-6, so that weights
// are as wrong relatively; outputs are at most 4 in size.
static const double DECODED = 5e-6;

Test(kernels, agree_with_the_equation_at_random_shapes,
     .description = "eq:streaming")
{
    for (int i = 0; i < 80; i++) {
        struct random r = stream("shapes", (uint32_t)i);
        int groups = 1 + (int)below(&r, 3), n = 1 + (int)below(&r, 40);
        int d = 1 + (int)below(&r, 300), e = 1 + (int)below(&r, 160);
        int64_t t = 1 + below(&r, i % 3 ? 60 : 1500);
        n = i % 2 ? n % 10 + 1 : n;
        struct cache c = random_cache(&r, groups, t, d, e);
        float *q = random_floats(&r, (int64_t)groups * n * d, 1);
        double off = decode_error(&c, n, 1 / sqrt(d), q);
        cr_expect(off < DECODED, "%d of %d over %lld, %d and %d: %g", n, groups,
                  (long long)t, d, e, off);
        free((float *)c.k);
        free(q);
    }
}

Test(kernels, agree_around_every_block_and_part, .description = "eq:streaming")
{
    struct random r = stream("blocks", 0);
    int queries[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33};
    int64_t contexts[] = {1,   2,   7,   8,   9,    15,   127,  128,
                          129, 257, 511, 513, 1023, 1024, 1025, 2049};
    struct cache c = random_cache(&r, 1, 2049, 40, 33);
    float *q = random_floats(&r, 33 * 40, 1);
    for (int i = 0; i < 11; i++)
        for (int j = 0; j < 16; j++) {
            c.t = contexts[j];
            double off = decode_error(&c, queries[i], 0.15, q);
            cr_expect(off < DECODED, "%d over %lld: %g", queries[i],
                      (long long)c.t, off);
        }
    free((float *)c.k);
    free(q);
}

// The head dimensions of the published layer, values inside the keys.
Test(kernels, agree_on_latents, .description = "eq:streaming")
{
    struct random r = stream("latents", 0);
    float *room = random_floats(&r, 300 * 576, 1);
    float *q = random_floats(&r, 16 * 576, 1);
    struct cache c = cache_of(&published, OF_LATENT, 300, room);
    for (int n = 1; n <= 16; n += 5)
        cr_expect(decode_error(&c, n, 1 / 24., q) < DECODED);
    free(room);
    free(q);
}

Test(kernels, one_position_is_its_value, .description = "eq:streaming")
{
    struct random r = stream("one", 0);
    for (int n = 1; n <= 40; n += 13) {
        struct cache c = random_cache(&r, 2, 1, 24, 50);
        float *q = random_floats(&r, 2 * n * 24, 1), y[2 * n * 50];
        decode(&c, n, 1, q, y);
        for (int i = 0; i < 2 * n * 50; i++)
            cr_expect(eq(flt, y[i],
                         c.v[i / (n * 50) * c.v_group + i % 50])); // 1 v
        free((float *)c.k);
        free(q);
    }
}

Test(kernels, equal_keys_give_the_mean, .description = "eq:streaming")
{
    enum { T = 700, E = 20 };
    struct random r = stream("equal", 0);
    struct cache c = random_cache(&r, 1, T, 16, E);
    float *q = random_floats(&r, 20 * 16, 1), y[20 * E];
    double want[E] = {0};
    for (int i = 0; i < T * 16; i++)
        ((float *)c.k)[i] = c.k[i % 16];
    for (int i = 0; i < T * E; i++)
        want[i % E] += c.v[i] / (double)T;
    for (int n = 1; n <= 20; n += 19) {
        decode(&c, n, 1, q, y);
        for (int i = 0; i < n * E; i++) // some 700 roundings of a sum of 1 or 2
            cr_expect(epsilon_eq(dbl, y[i], want[i % E], 2e-6));
    }
    free((float *)c.k);
    free(q);
}

// The formula without its maximum overflows here; the kernels do not.
Test(kernels, huge_logits_leave_the_best_key, .description = "eq:streaming")
{
    struct random r = stream("huge", 0);
    struct cache c = random_cache(&r, 1, 600, 32, 40);
    float *q = random_floats(&r, 20 * 32, 1), y[20 * 40];
    cr_expect(isinf(exp(3e4)));
    for (int n = 1; n <= 20; n += 19) {
        decode(&c, n, 1e4f, q, y);
        for (int s = 0; s < n; s++) {
            int best = 0;
            double score[600] = {0}, second = -INFINITY;
            for (int i = 0; i < 600; i++) {
                for (int j = 0; j < 32; j++)
                    score[i] += (double)q[s * 32 + j] * c.k[i * 32 + j];
                best = score[i] > score[best] ? i : best;
            }
            for (int i = 0; i < 600; i++)
                second = i != best ? fmax(second, score[i]) : second;
            cr_assert(score[best] - second > 0.02); // 200 nats: e^-200 is none
            for (int j = 0; j < 40; j++)
                cr_expect(eq(flt, y[s * 40 + j], c.v[best * 40 + j]));
        }
    }
    free((float *)c.k);
    free(q);
}

Test(kernels, have_the_same_bits_at_any_number_of_threads,
     .description = "eq:streaming")
{
    struct random r = stream("threads", 0);
    int queries[] = {1, 4, 6, 40}, groups[] = {3, 1, 2, 1};
    for (int k = 0; k < 4; k++) {
        struct cache c = random_cache(&r, groups[k], 3000, 48, 36);
        int n = queries[k], size = groups[k] * n * 36;
        float *q = random_floats(&r, (int64_t)groups[k] * n * 48, 1);
        float one[size], many_[size], row[50], again[50];
        for (int count = 1; count <= 4; count++) {
            omp_set_num_threads(count);
            decode(&c, n, 0.1f, q, count == 1 ? one : many_);
            cr_expect(count == 1 || memcmp(one, many_, sizeof one) == 0);
            matrix_vector(50, 48, c.k, q, count == 1 ? row : again);
            cr_expect(count == 1 || memcmp(row, again, sizeof row) == 0);
        }
        omp_set_num_threads(1);
        free((float *)c.k);
        free(q);
    }
}

Test(kernels, matrix_times_vector_is_its_sum)
{
    struct random r = stream("matrix", 0);
    float *w = random_floats(&r, 70 * 90, 1), *x = random_floats(&r, 90, 1);
    for (int m = 1; m <= 70; m += 3)
        for (int n = 1; n <= 90; n += 7) {
            float y[70];
            matrix_vector(m, n, w, x, y);
            for (int i = 0; i < m; i++) {
                double want = 0;
                for (int j = 0; j < n; j++)
                    want += (double)w[i * n + j] * x[j];
                // 90 roundings of sums of some 10
                cr_expect(epsilon_eq(dbl, y[i], want, 1e-5));
            }
        }
    free(w);
    free(x);
}

Test(kernels, an_empty_cache_ends_the_program, .exit_code = 3)
{
    float x[4] = {0};
    struct cache c = {0, 1, 1, 1, x, x, 1, 0, 1, 0};
    decode(&c, 1, 1, x, x);
}

static const struct sizes odd = {40, 6, 12, 8, 10, 24, 20};

// Three roads to one output: absorbed queries over the latents and then W_v,
// keys and values made anew, and the plain form of that.
Test(kernels, absorbed_agrees_with_expanded,
     .description = "eq:decode-form eq:training-form")
{
    enum { T = 90 };
    const struct sizes *z = &odd;
    int d = z->dk + z->dr, wide = z->dc + z->dr;
    struct random r = stream("absorbed", 0);
    struct crossing x = {.z = z, .nq = 1, .nk = T};
    x.latent = random_floats(&r, T * wide, 1);
    x.w = random_floats(&r, z->h * z->dc * (z->dk + z->dv), 0.2);
    x.q = random_floats(&r, z->h * d, 1);
    float all[wide], o[z->dc], k[T * d], v[T * z->dv];
    float a[z->h * z->dv], b[z->h * z->dv], c[z->h * z->dv];
    x.all = all, x.o = o, x.k = k, x.v = v, x.y = a;
    expand_way(&x);
    x.y = b;
    absorb_way(&x);
    // The same weights as [d_c][h][d_k + d_v].
    float wkvb[z->dc * z->h * (z->dk + z->dv)];
    for (int s = 0; s < z->h; s++)
        for (int i = 0; i < z->dc; i++)
            for (int j = 0; j < z->dk + z->dv; j++) {
                const float *w = x.w + s * z->dc * (z->dk + z->dv);
                wkvb[(i * z->h + s) * (z->dk + z->dv) + j] =
                    j < z->dk ? w[i * z->dk + j]
                              : w[z->dc * z->dk + i * z->dv + j - z->dk];
            }
    struct cache latent = cache_of(z, OF_REEXPANDED, T, x.latent);
    reexpand(z, &latent, 0.05f, wkvb, x.q, c);
    for (int i = 0; i < z->h * z->dv; i++) {
        cr_expect(epsilon_eq(dbl, a[i], b[i], DECODED));
        cr_expect(epsilon_eq(dbl, a[i], c[i], DECODED));
    }
    free(x.latent);
    free(x.w);
    free(x.q);
}

// The layer in doubles, keys and values of every head made and read one by one.
static void plain_layer(const struct sizes *z, const struct layer_weights *w,
                        const struct cache *c, const float *x, double *y)
{
    int64_t t = c->t - 1;
    double cq[z->dq], square = 0, o[z->h * z->dv];
    for (int i = 0; i < z->dq; i++) {
        cq[i] = 0;
        for (int j = 0; j < z->d; j++)
            cq[i] += (double)w->dq[i * z->d + j] * x[j];
        square += cq[i] * cq[i] / z->dq;
    }
    for (int s = 0; s < z->h; s++) {
        int d = z->dk + z->dr;
        float q[d], *k = floats(c->t * d), *v = floats(c->t * z->dv);
        for (int i = 0; i < d; i++) {
            double sum = 0;
            for (int j = 0; j < z->dq; j++)
                sum += w->q[(s * d + i) * z->dq + j] * cq[j];
            q[i] = (float)(sum / sqrt(square + 1e-6));
        }
        for (int i = 0; i < z->dr; i += 2) {
            double angle = (double)t * pow(10000, -(double)i / z->dr);
            double a = q[z->dk + i], b = q[z->dk + i + 1];
            q[z->dk + i] = (float)(a * cos(angle) - b * sin(angle));
            q[z->dk + i + 1] = (float)(a * sin(angle) + b * cos(angle));
        }
        for (int64_t i = 0; i < c->t; i++) {
            const float *own = c->k + i * c->k_row;
            for (int j = 0; j < d; j++) {
                double sum = j < z->dk ? 0 : own[z->dc + j - z->dk];
                for (int l = 0; l < z->dc && j < z->dk; l++)
                    sum += (double)w->kc[(s * z->dc + l) * z->dk + j] * own[l];
                k[i * d + j] = (float)sum;
            }
            for (int j = 0; j < z->dv; j++) {
                double sum = 0;
                for (int l = 0; l < z->dc; l++)
                    sum += (double)w->v[(s * z->dv + j) * z->dc + l] * own[l];
                v[i * z->dv + j] = (float)sum;
            }
        }
        plain_decode(c->t, d, z->dv, 1 / sqrt(d), q, k, d, v, z->dv,
                     o + s * z->dv);
        free(k);
        free(v);
    }
    for (int i = 0; i < z->d; i++) {
        y[i] = 0;
        for (int j = 0; j < z->h * z->dv; j++)
            y[i] += (double)w->o[i * z->h * z->dv + j] * o[j];
    }
}

Test(kernels, layer_agrees_with_the_training_form,
     .description = "eq:decode-form eq:training-form")
{
    const struct sizes *z = &odd;
    struct random r = stream("layer", 0);
    float *weights = random_floats(&r, layer_size(z), 0.2);
    struct layer_weights w = lay_layer(z, weights);
    float *room = floats(layer_room(z)), y[40], x[40];
    double want[40];
    cr_expect(w.o + z->d * z->h * z->dv == weights + layer_size(z));
    for (int i = 0; i < 40; i++)
        x[i] = (float)normal(&r);
    for (int t = 1; t < 200; t += 60) {
        float *latent = random_floats(&r, t * (z->dc + z->dr), 1);
        struct cache c = cache_of(z, OF_LATENT, t, latent);
        layer_step(z, &w, &c, x, room, y); // writes the last latent, too
        double mean_square = 0;
        for (int i = 0; i < z->dc; i++)
            mean_square += pow(c.k[(t - 1) * c.k_row + i], 2) / z->dc;
        cr_expect(epsilon_eq(dbl, mean_square, 1, 1e-5));
        plain_layer(z, &w, &c, x, want);
        for (int i = 0; i < z->d; i++) // sums of 60 numbers of order 1
            cr_expect(epsilon_eq(dbl, y[i], want[i], 2e-5));
        free(latent);
    }
    free(weights);
    free(room);
}

// ---- roofline ---------------------------------------------------------------

Test(roofline, work_is_that_of_the_reference,
     .description = "eq:decode-intensity eq:re-expansion")
{
    int64_t numbers[] = {32768, 2048, 256, 40960, 576, 576};
    int64_t flops[] = {65536, 65536, 65536, 81920, 33636352, 278528};
    double memory[] = {19.56299, 1.22269, .15284, 24.45373, .34388, .34388};
    double compute[] = {.07576, .07576, .07576, .09471, 38.88596, .32200};
    for (int k = 0; k < CACHES; k++) {
        struct work_done w = work_of(&published, k);
        double time = h800_time((double)w.numbers, 2.0 * (double)w.adds);
        cr_expect(eq(i64, w.numbers, numbers[k]));
        cr_expect(eq(i64, 2 * w.adds, flops[k]));
        // five digits are given
        cr_expect(epsilon_eq(dbl, 1e9 * time, fmax(memory[k], compute[k]),
                             6e-6));
    }
}

// The formula against loops that count, over random dimensions.
Test(roofline, work_is_what_loops_do,
     .description = "eq:decode-intensity eq:re-expansion")
{
    struct random r = stream("work", 0);
    for (int i = 0; i < 200; i++) {
        struct sizes z = {1,
                          8 * (1 + (int)below(&r, 4)),
                          1 + (int)below(&r, 9),
                          1 + (int)below(&r, 9),
                          1 + (int)below(&r, 9),
                          1 + (int)below(&r, 30),
                          1};
        for (int k = 0; k < CACHES; k++) {
            struct work_done a = work_of(&z, k), b = work_counted(&z, k);
            cr_expect(eq(i64, COUNTED * a.numbers, b.numbers));
            cr_expect(eq(i64, COUNTED * a.adds, b.adds));
        }
    }
}

Test(roofline, caches_fit_in_eight_gibibytes)
{
    int64_t most = 0;
    for (int k = 0; k < CACHES; k++)
        for (int64_t t = 256; t <= fast_par.context; t *= 2)
            if (is_timed(k, t) && cache_numbers(k, t) > most)
                most = cache_numbers(k, t);
    cr_expect(le(i64, 4 * most, 8ll << 30));
    cr_expect(is_timed(OF_MHA, 32768) && !is_timed(OF_MHA, 65536));
    cr_expect(is_timed(OF_LATENT, 65536) && !is_timed(OF_REEXPANDED, 2048));
}

Test(roofline, roof_is_the_slower_of_two)
{
    struct machine m = {4e9, 100e9};
    cr_expect(epsilon_eq(dbl, roof_time(&m, 1e9, 1e9), 1, 1e-12));
    cr_expect(epsilon_eq(dbl, roof_time(&m, 1e6, 1e12), 10, 1e-12));
}

// ---- text -------------------------------------------------------------------

Test(text, bytes_are_half_a_step_off_at_most, .description = "eq:int8")
{
    struct random r = stream("bytes", 0);
    for (int n = 1; n < 70; n++) {
        float c[70], back[70], scale[70];
        int8_t byte[70];
        for (int i = 0; i < n; i++)
            c[i] = (float)(normal(&r) * exp(3 * normal(&r)));
        pack_int8(n, 16, c, byte, scale);
        unpack_int8(n, 16, byte, scale, back);
        for (int g = 0; g < n; g += 16) {
            int most = 0;
            for (int i = g; i < n && i < g + 16; i++) {
                most = abs(byte[i]) > most ? abs(byte[i]) : most;
                // the scale is a float, 2^-24 off, and meets at most 127
                cr_expect(fabs(back[i] - c[i]) <=
                          scale[g / 16] * (0.5 + 127 * 0x1p-23));
            }
            cr_expect(eq(int, most, 127)); // the largest uses all there is
        }
    }
}

Test(text, bytes_of_zeros_are_zeros, .description = "eq:int8")
{
    float c[4] = {0, 0, 0, 0}, scale[1];
    int8_t byte[4] = {1, 1, 1, 1};
    pack_int8(4, 4, c, byte, scale);
    unpack_int8(4, 4, byte, scale, c);
    for (int i = 0; i < 4; i++)
        cr_expect(eq(flt, c[i], 0));
}

// Roundings spread evenly over a step have its size over sqrt 12, and no score
// is beyond half a step of every number.
Test(text, byte_errors_are_as_predicted, .description = "eq:int8-error eq:int8")
{
    for (int group = 512; group >= 64; group /= 2) {
        struct rounding_cost k = cost_of(AS_INT8, group, 1);
        // 131072 numbers; and steps, 1/40 of a deviation, are not infinitesimal
        cr_expect(epsilon_eq(dbl, k.latent / k.predicted, 1, 0.015));
        cr_expect(lt(dbl, k.bound, 1));
        cr_expect(gt(dbl, k.bound, 0.01));
    }
}

Test(text, bytes_of_a_position_are_those_of_the_kernels)
{
    cr_expect(eq(int, int8_bytes(AS_BF16, 512), 1152));
    cr_expect(eq(int, int8_bytes(AS_INT8, 128), 656)); // as in FlashMLA
}

// Where one time is as long as the other, between 4 and 16 queries.
Test(roofline, times_cross_where_their_logarithms_do)
{
    static const int queries[] = {1, 4, 16, 64};
    double gap[] = {-2, -1, 1, 3};
    cr_expect(epsilon_eq(dbl, times_cross(4, queries, gap), 8, 1e-12));
    gap[0] = 1; // the last crossing is meant, not a first by accident
    cr_expect(epsilon_eq(dbl, times_cross(4, queries, gap), 8, 1e-12));
    for (int i = 0; i < 4; i++)
        gap[i] = -1;
    cr_expect(eq(dbl, times_cross(4, queries, gap), 0));
}

struct letters_case {
    struct letters *l;
    int token[57];
};

static struct letters_case small_letters(void)
{
    struct letters_case c = {new_letters(13, 7, 8, 0), {0}};
    for (int i = 0; i < 57; i++)
        c.token[i] = (i * i + 3 * i / 2) % 13;
    for (int64_t i = 0; i < c.l->n; i++)
        c.l->w[i] += 0.1f * sinf((float)i); // no gain is one, no shift zero
    return c;
}

static double letters_loss(void *of)
{
    struct letters_case *c = of;
    return text_gradient(c->l, c->token, c->token + 1);
}

// Differences as in tests/nn.c; a loss of 56 letters is a sum of floats.
Test(text, gradient_agrees_with_differences)
{
    struct letters_case c = small_letters();
    struct letters *l = c.l;
    float *dw = floats(l->n);
    float *parts[] = {l->at.token, l->at.gain1,   l->at.shift1, l->at.q,
                      l->at.c,     l->at.r,       l->at.gain_c, l->at.k,
                      l->at.v,     l->at.mix,     l->at.gain2,  l->at.shift2,
                      l->at.up,    l->at.up_bias, l->at.down,   l->at.down_bias,
                      l->at.gain,  l->at.shift,   l->at.out};
    letters_loss(&c);
    memcpy(dw, l->dw, (size_t)l->n * sizeof *dw);
    for (int i = 0; i < 19; i++) {
        double gap = gradient_gap(6, parts[i], dw + (parts[i] - l->w), 0x1p-5,
                                  letters_loss, &c);
        cr_expect(gap < 1e-3, "part %d: %g", i, gap);
    }
    free(dw);
    free_letters(l);
}

Test(text, gradient_has_the_same_bits_at_any_number_of_threads)
{
    struct letters_case c = small_letters();
    float *one = floats(c.l->n);
    omp_set_num_threads(1);
    letters_loss(&c);
    memcpy(one, c.l->dw, (size_t)c.l->n * sizeof *one);
    for (int count = 2; count <= 3; count++) {
        omp_set_num_threads(count);
        letters_loss(&c);
        cr_expect(memcmp(one, c.l->dw, (size_t)c.l->n * sizeof *one) == 0);
    }
    free(one);
    free_letters(c.l);
}

// The network that was trained, and the readings, are two programs.
Test(text, readings_agree_with_training,
     .description = "eq:training-form eq:decode-form")
{
    struct letters_case c = small_letters();
    int v = 13, n = 7;
    double logits[READINGS][7 * 13];
    text_forward(c.l, 1, c.token, c.l->pass);
    for (int i = 0; i < READINGS; i++)
        text_logits(c.l, readings + i, n, c.token, logits[i]);
    for (int i = 0; i < n * v; i++) {
        double exact = logits[0][i];
        cr_expect(epsilon_eq(dbl, c.l->pass[0].logits[i], exact, 1e-4));
        cr_expect(epsilon_eq(dbl, logits[1][i], exact, 1e-12));
        cr_expect(epsilon_eq(dbl, logits[2][i], exact, 1e-4));
        cr_expect(epsilon_eq(dbl, logits[3][i], exact, 1e-4));
        cr_expect(epsilon_eq(dbl, logits[5][i], exact, 0.3));
    }
    cr_expect(memcmp(logits[2], logits[3], sizeof logits[2]) != 0);
    cr_expect(memcmp(logits[3], logits[6], sizeof logits[3]) != 0);
    free_letters(c.l);
}

// The same functions, over floats, err by what floats round: n roundings of
// sums about sqrt n.
Test(text, floats_are_floats)
{
    struct random r = stream("floats", 0);
    double apart = 0;
    for (int n = 1; n < 60; n++) {
        float x[60], w[60 * 5], y[5];
        double u[60], z[5];
        for (int i = 0; i < n; i++)
            u[i] = x[i] = (float)normal(&r);
        for (int i = 0; i < n * 5; i++)
            w[i] = (float)normal(&r);
        through32(n, 5, x, w, 5, y, 0);
        through64(n, 5, u, w, 5, z, 0);
        for (int j = 0; j < 5; j++) {
            cr_expect(epsilon_eq(dbl, y[j], z[j], n * sqrt(n) * 0x1p-24 * 4));
            apart = fmax(apart, fabs(y[j] - z[j]));
        }
    }
    cr_expect(gt(dbl, apart, 1e-7));
}

Test(text, flips_and_ties_are_counted)
{
    double x[] = {1, 2, 3, 3 - 1e-5}, near[] = {1, 2, 3, 3 + 1e-5};
    double far[] = {1, 3.5, 3, 2}, close[] = {1, 2.5, 3, 2.5};
    struct differences d = {0};
    compare_logits(4, x, close, 2, &d);
    cr_expect(eq(i64, d.flips, 0));
    cr_expect(epsilon_eq(dbl, d.most, 0.5, 1e-4));
    compare_logits(4, x, near, 3, &d);
    cr_expect(eq(i64, d.flips, 1));
    cr_expect(eq(i64, d.ties, 1));
    compare_logits(4, x, far, 0, &d);
    cr_expect(eq(i64, d.flips, 2));
    cr_expect(eq(i64, d.ties, 1));
    cr_expect(eq(dbl, d.widest, 1));
    cr_expect(eq(i64, d.positions, 3));
    cr_expect(eq(dbl, d.right, 2));
    cr_expect(epsilon_eq(dbl, lead(4, x), 1e-5, 1e-12));
    cr_expect(epsilon_eq(dbl, lead(4, far), 0.5, 1e-12));
    cr_expect(epsilon_eq(dbl, surprise(2, (double[]){0, 0}, 1), log(2), 1e-15));
}

// Why a flip is a tie: the best of x falls and the other rises, by the largest
// difference each, at most.
Test(text, a_flip_is_within_twice_the_difference)
{
    struct random r = stream("flips", 0);
    int flips = 0;
    for (int i = 0; i < 20000; i++) {
        double x[6], y[6];
        struct differences d = {0};
        for (int j = 0; j < 6; j++) {
            x[j] = normal(&r);
            y[j] = x[j] + 0.2 * normal(&r);
        }
        compare_logits(6, x, y, 0, &d);
        flips += (int)d.flips;
        cr_expect(d.widest <= 2 * d.most + 1e-15);
    }
    cr_expect(gt(int, flips, 500));
}

Test(text, a_tenth_is_held_out)
{
    struct text t = read_text();
    cr_expect(eq(int, t.n, 196818));
    cr_expect(eq(int, t.words, 60));
    cr_expect(eq(int, t.n - t.training, 19681));
    cr_expect(eq(int, windows(&t, 128), 153)); // each letter has a next one
    free(t.letter);
}

// Training that stops and goes on ends with the same bits.
Test(text, training_goes_on_where_it_stopped)
{
    char folder[] = "/tmp/lettersXXXXXX", kind[40];
    struct text t = read_text();
    cr_assert(mkdtemp(folder) != NULL);
    text_par.folder = folder, text_par.steps = 22, quick = 0;
    t.training = t.n - 300;
    struct letters *whole = new_letters(t.words, 16, 8, 0);
    struct letters *first = new_letters(t.words, 16, 8, 0);
    struct letters *second = new_letters(t.words, 16, 8, 0);
    train_letters(whole, &t, 0);
    remove(checkpoint_path(0));
    struct checkpoint c = letters_checkpoint(first, 0, kind);
    for (c.step = 0; c.step < 9; c.step++)
        text_step_of(first, &t, 0, c.step + 1);
    save_checkpoint(checkpoint_path(0), &c);
    train_letters(second, &t, 0);
    cr_expect(memcmp(whole->w, second->w, (size_t)whole->n * 4) == 0);
    cr_expect(memcmp(whole->w, first->w, (size_t)whole->n * 4) != 0);
    cr_expect(gt(flt, whole->w[whole->n + 1], 1)); // a loss on the way
    remove(checkpoint_path(0));
    rmdir(folder);
    free_letters(whole);
    free_letters(first);
    free_letters(second);
    free(t.letter);
}
