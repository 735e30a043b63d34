// Tests of src/nn: each layer against a plain loop in double, each gradient
// against differences of what the layer computes.
#include "lab/private.h"
#include "nn/nn.h"
// Above Criterion: its headers bring complex.h, which defines I.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Slopes of order one from floats: with h = 1/32 the difference of fourth order
// is wrong by h^4/30 = 3e-8 times the fifth derivative, a few tens at most, and
// by 2^-24 / h = 2e-6 for each float that is summed.
static const double STEP = 0x1p-5, SLOPES = 1e-4;

static float *noise(int64_t n, const char *name)
{
    struct random r = stream(name, (uint32_t)n);
    float *x = kept_memory((size_t)n * sizeof *x);
    normal_weights(n, 1, &r, x);
    return x;
}

static float *zeros(int64_t n)
{
    return kept_memory((size_t)n * sizeof(float));
}

static double dot(int n, const float *x, const float *y)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)x[i] * y[i];
    return sum;
}

static void close_to(int n, const float *x, const double *y, double tolerance)
{
    for (int i = 0; i < n; i++)
        cr_expect(epsilon_eq(dbl, x[i], y[i], tolerance), "entry %d", i);
}

static int same(int64_t n, const float *x, const float *y)
{
    return memcmp(x, y, (size_t)n * sizeof *x) == 0;
}

// ---- dense ------------------------------------------------------------------

enum { N = 7, P = 19, Q = 23 };

struct dense_case {
    float *x, *w, *b, *y, *dy;
};

static double dense_loss(void *of)
{
    struct dense_case *c = of;
    dense(N, P, Q, c->x, c->w, c->b, c->y, 0);
    return dot(N * Q, c->y, c->dy);
}

static struct dense_case dense_case(void)
{
    return (struct dense_case){noise(N * P, "x"), noise(P * Q, "w"),
                               noise(Q, "b"), zeros(N * Q), noise(N * Q, "dy")};
}

Test(dense, agrees_with_a_plain_loop)
{
    struct dense_case c = dense_case();
    double want[N * Q];
    for (int i = 0; i < N * Q; i++) {
        want[i] = c.b[i % Q];
        for (int p = 0; p < P; p++)
            want[i] += (double)c.x[i / Q * P + p] * c.w[p * Q + i % Q];
    }
    dense(N, P, Q, c.x, c.w, c.b, c.y, 0);
    close_to(N * Q, c.y, want, 1e-5); // 20 terms of order one, 6e-8 each
    dense(N, P, Q, c.x, c.w, c.b, c.y, 1);
    for (int i = 0; i < N * Q; i++)
        want[i] *= 2;
    close_to(N * Q, c.y, want, 2e-5);
}

Test(dense, gradient_agrees_with_differences)
{
    struct dense_case c = dense_case();
    float *dx = zeros(N * P), *dw = zeros(P * Q), *db = zeros(Q);
    dense_back(N, P, Q, c.x, c.w, c.dy, dx, dw, db);
    cr_expect(gradient_gap(N * P, c.x, dx, STEP, dense_loss, &c) < SLOPES);
    cr_expect(gradient_gap(P * Q, c.w, dw, STEP, dense_loss, &c) < SLOPES);
    cr_expect(gradient_gap(Q, c.b, db, STEP, dense_loss, &c) < SLOPES);
}

Test(dense, gradient_of_parameters_is_added)
{
    struct dense_case c = dense_case();
    float *once = zeros(P * Q), *twice = zeros(P * Q);
    dense_back(N, P, Q, c.x, c.w, c.dy, NULL, once, NULL);
    dense_back(N, P, Q, c.x, c.w, c.dy, NULL, twice, NULL);
    dense_back(N, P, Q, c.x, c.w, c.dy, NULL, twice, NULL);
    for (int i = 0; i < P * Q; i++)
        cr_expect(eq(flt, twice[i], 2 * once[i])); // x + x is exact
}

Test(check, notices_a_wrong_gradient)
{
    struct dense_case c = dense_case();
    float *dx = zeros(N * P), *dw = zeros(P * Q);
    dense_back(N, P, Q, c.x, c.w, c.dy, dx, dw, NULL);
    dx[5] += 0.5f;
    cr_expect(gradient_gap(N * P, c.x, dx, STEP, dense_loss, &c) > 0.01);
}

// ---- embedding --------------------------------------------------------------

Test(embed, adds_token_and_position)
{
    float w[] = {1, 2, 3, 4, 5, 6}, position[] = {10, 20, 30, 40}, x[8];
    int token[] = {2, 0, 1, 1};
    embed(2, 2, 2, 3, token, w, position, x);
    cr_expect(same(8, x, (float[]){15, 26, 31, 42, 13, 24, 33, 44}));
    embed(2, 2, 2, 3, token, w, NULL, x);
    cr_expect(same(8, x, (float[]){5, 6, 1, 2, 3, 4, 3, 4}));
}

Test(embed, gradient_counts_every_use)
{
    float dx[] = {1, 2, 3, 4, 5, 6, 7, 8}, dw[6] = {0}, dposition[4] = {0};
    int token[] = {2, 0, 1, 1};
    embed_back(2, 2, 2, token, dx, dw, dposition);
    cr_expect(same(6, dw, (float[]){3, 4, 12, 14, 1, 2}));
    cr_expect(same(4, dposition, (float[]){6, 8, 10, 12}));
}

Test(embed, refuses_a_token_that_is_none, .exit_code = 3)
{
    float w[2] = {0}, x[1];
    embed(1, 1, 1, 2, (int[]){2}, w, NULL, x);
}

// ---- layer norm -------------------------------------------------------------

enum { D = 37 };

struct norm_case {
    float *x, *gain, *shift, *y, *normal, *inverse, *dy;
};

static double norm_loss(void *of)
{
    struct norm_case *c = of;
    layer_norm(N, D, c->x, c->gain, c->shift, c->y, c->normal, c->inverse);
    return dot(N * D, c->y, c->dy);
}

static struct norm_case norm_case(void)
{
    return (struct norm_case){noise(N * D, "x"), noise(D, "gain"),
                              noise(D, "shift"), zeros(N * D),
                              zeros(N * D),      zeros(N),
                              noise(N * D, "dy")};
}

Test(layer_norm, rows_have_mean_0_and_variance_1)
{
    struct norm_case c = norm_case();
    norm_loss(&c);
    for (int i = 0; i < N; i++) {
        double sum = 0, squares = dot(D, c.normal + i * D, c.normal + i * D);
        for (int j = 0; j < D; j++)
            sum += c.normal[i * D + j];
        cr_expect(epsilon_eq(dbl, sum / D, 0, 1e-6));
        cr_expect(epsilon_eq(dbl, squares / D, 1, 5e-5)); // 1e-5 is added
    }
}

Test(layer_norm, ignores_shift_and_scale_of_a_row)
{
    struct norm_case c = norm_case();
    float *first = zeros(N * D);
    norm_loss(&c);
    memcpy(first, c.y, N * D * sizeof *first);
    for (int i = 0; i < N * D; i++)
        c.x[i] = 8 * c.x[i] + 3;
    norm_loss(&c);
    for (int i = 0; i < N * D; i++) // what is added to the variance shows
        cr_expect(epsilon_eq(flt, c.y[i], first[i], 1e-4));
}

Test(layer_norm, of_equal_numbers_is_the_shift)
{
    struct norm_case c = norm_case();
    for (int i = 0; i < N * D; i++)
        c.x[i] = 0.5f;
    norm_loss(&c);
    for (int i = 0; i < N; i++)
        cr_expect(same(D, c.y + i * D, c.shift));
}

Test(layer_norm, gradient_agrees_with_differences)
{
    struct norm_case c = norm_case();
    float *dx = zeros(N * D), *dgain = zeros(D), *dshift = zeros(D);
    norm_loss(&c);
    layer_norm_back(N, D, c.normal, c.inverse, c.gain, c.dy, dx, dgain, dshift);
    cr_expect(gradient_gap(N * D, c.x, dx, STEP, norm_loss, &c) < SLOPES);
    cr_expect(gradient_gap(D, c.gain, dgain, STEP, norm_loss, &c) < SLOPES);
    cr_expect(gradient_gap(D, c.shift, dshift, STEP, norm_loss, &c) < SLOPES);
}

// ---- GELU -------------------------------------------------------------------

Test(gelu, agrees_with_double_precision)
{
    enum { M = 4001 };
    float x[M], b[M] = {0}, y[M], slope[M];
    for (int i = 0; i < M; i++)
        x[i] = (i - M / 2) / 200.f;
    gelu(1, M, x, b, y, slope);
    for (int i = 0; i < M; i++) {
        double z = x[i], below = 0.5 * erfc(-z / sqrt(2));
        double density = exp(-z * z / 2) / sqrt(2 * M_PI);
        // 1 + erf loses what is below 2^-24, and z is at most 10.
        cr_expect(epsilon_eq(dbl, y[i], z * below, 1e-6));
        cr_expect(epsilon_eq(dbl, slope[i], below + z * density, 1e-6));
    }
}

Test(gelu, gradient_is_slope_times_what_comes)
{
    struct norm_case c = norm_case();
    float *dx = zeros(N * D), *db = zeros(D);
    gelu(N, D, c.x, c.gain, c.y, c.normal);
    gelu_back(N, D, c.normal, c.dy, dx, db);
    for (int i = 0; i < N * D; i++)
        cr_expect(eq(flt, dx[i], c.normal[i] * c.dy[i]));
    for (int j = 0; j < D; j++) {
        double sum = 0;
        for (int i = 0; i < N; i++)
            sum += dx[i * D + j];
        cr_expect(epsilon_eq(dbl, db[j], sum, 1e-5)); // seven of order one
    }
}

// ---- attention --------------------------------------------------------------

struct attention_case {
    int n, t, h, d, causal;
    float *qkv, *y, *lse, *dy;
};

static struct attention_case attention_case(int n, int t, int h, int d,
                                            int causal)
{
    int rows = n * t;
    return (struct attention_case){n,
                                   t,
                                   h,
                                   d,
                                   causal,
                                   noise(rows * 3 * d, "qkv"),
                                   zeros(rows * d),
                                   zeros(n * h * t),
                                   noise(rows * d, "dy")};
}

static double attention_loss(void *of)
{
    struct attention_case *c = of;
    attention(c->n, c->t, c->h, c->d, c->causal, c->qkv, c->y, c->lse);
    return dot(c->n * c->t * c->d, c->y, c->dy);
}

// Weights of query i of a head, whose rows begin at q, and dy v^T.
static int naive_weights(const struct attention_case *c, int i, const float *q,
                         const float *dy, double *p, double *dp)
{
    int w = c->d / c->h, last = c->causal ? i : c->t - 1;
    double sum = 0;
    for (int j = 0; j <= last; j++) {
        const float *k = q + j * 3 * c->d + c->d, *v = k + c->d;
        p[j] = exp(dot(w, q + i * 3 * c->d, k) / sqrt(w));
        dp[j] = dot(w, dy + i * c->d, v);
        sum += p[j];
    }
    for (int j = 0; j <= last; j++)
        p[j] /= sum;
    return last;
}

// y and dqkv in double, by the definition.
static void naive_attention(const struct attention_case *c, double *y,
                            double *dqkv)
{
    int w = c->d / c->h, step = 3 * c->d;
    double p[c->t], dp[c->t];
    for (int s = 0; s < c->n * c->h * c->t; s++) {
        int i = s % c->t, at = s / c->t / c->h * c->t;
        int head = s / c->t % c->h * w;
        const float *q = c->qkv + at * step + head;
        double *to = y + (at + i) * c->d + head, *dq = dqkv + at * step + head;
        const float *dy = c->dy + at * c->d + head;
        int last = naive_weights(c, i, q, dy, p, dp);
        double mean = 0;
        for (int j = 0; j <= last; j++)
            mean += p[j] * dp[j];
        for (int j = 0; j <= last; j++)
            for (int e = 0; e < w; e++) {
                double ds = p[j] * (dp[j] - mean) / sqrt(w);
                to[e] += p[j] * q[j * step + 2 * c->d + e];
                dq[i * step + e] += ds * q[j * step + c->d + e];
                dq[j * step + c->d + e] += ds * q[i * step + e];
                dq[j * step + 2 * c->d + e] += p[j] * dy[i * c->d + e];
            }
    }
}

// Sizes within a block, at its edges, and over several, forward and back.
static const int SIZES[][5] = {{2, 9, 2, 10, 1},  {1, 37, 3, 51, 0},
                               {1, 1, 1, 4, 1},   {2, 128, 2, 64, 1},
                               {1, 129, 1, 8, 1}, {1, 301, 1, 40, 1},
                               {1, 270, 2, 66, 0}};

Test(attention, agrees_with_a_plain_loop)
{
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++) {
        const int *z = SIZES[s];
        int rows = z[0] * z[1];
        struct attention_case c = attention_case(z[0], z[1], z[2], z[3], z[4]);
        double *y = keep_block(vector(rows * z[3]));
        double *dqkv = keep_block(vector(rows * 3 * z[3]));
        float *got = zeros(rows * 3 * z[3]);
        naive_attention(&c, y, dqkv);
        attention_loss(&c);
        attention_back(c.n, c.t, c.h, c.d, c.causal, c.qkv, c.y, c.lse, c.dy,
                       got);
        // Scores up to about 10 are rounded to 1e-6, weights in proportion.
        close_to(rows * z[3], c.y, y, 1e-5);
        close_to(rows * 3 * z[3], got, dqkv, 1e-4);
    }
}

Test(attention, gradient_agrees_with_differences)
{
    struct attention_case c = attention_case(1, 9, 2, 8, 1);
    float *dqkv = zeros(9 * 24);
    attention_loss(&c);
    attention_back(1, 9, 2, 8, 1, c.qkv, c.y, c.lse, c.dy, dqkv);
    double gap = gradient_gap(9 * 24, c.qkv, dqkv, STEP, attention_loss, &c);
    cr_expect(gap < SLOPES, "%g", gap);
}

Test(attention, does_not_look_ahead)
{
    enum { T = 300, SEEN = 131 };
    struct attention_case c = attention_case(1, T, 2, 64, 1);
    float *before = zeros(T * 64);
    attention_loss(&c);
    memcpy(before, c.y, T * 64 * sizeof *before);
    for (int i = SEEN * 3 * 64; i < T * 3 * 64; i++)
        c.qkv[i] = 100 * c.qkv[i] + 1;
    attention_loss(&c);
    cr_expect(same(SEEN * 64, c.y, before));
    cr_expect(not(same(64, c.y + SEEN * 64, before + SEEN * 64)));
}

Test(attention, survives_scores_that_overflow_exp)
{
    struct attention_case c = attention_case(1, 40, 1, 16, 1);
    for (int i = 0; i < 40 * 48; i++)
        c.qkv[i] *= 100; // scores of some 1e4
    attention_loss(&c);
    for (int i = 0; i < 40 * 16; i++)
        cr_expect(isfinite(c.y[i]) && fabsf(c.y[i]) < 1000);
}

// ---- loss -------------------------------------------------------------------

enum { V = 41 };

struct loss_case {
    float *x, *p, *dp;
    int target[N];
};

static double entropy_loss(void *of)
{
    struct loss_case *c = of;
    double loss[N], sum = 0;
    cross_entropy(N, V, c->x, c->target, 1, loss, NULL);
    for (int i = 0; i < N; i++)
        sum += loss[i];
    return sum;
}

static double softmax_loss(void *of)
{
    struct loss_case *c = of;
    softmax_rows(N, V, c->x, c->p);
    return dot(N * V, c->p, c->dp);
}

static struct loss_case loss_case(void)
{
    return (struct loss_case){noise(N * V, "x"),
                              zeros(N * V),
                              noise(N * V, "dp"),
                              {3, 0, 40, -1, 7, 7, 20}};
}

Test(cross_entropy, agrees_with_double_precision)
{
    struct loss_case c = loss_case();
    double loss[N], p[V];
    float *dx = zeros(N * V);
    cross_entropy(N, V, c.x, c.target, 0.25, loss, dx);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        int k = c.target[i];
        for (int j = 0; j < V; j++)
            sum += p[j] = exp((double)c.x[i * V + j]);
        cr_expect(epsilon_eq(dbl, loss[i], k < 0 ? 0 : -log(p[k] / sum), 1e-6));
        for (int j = 0; j < V; j++)
            p[j] = k < 0 ? 0 : 0.25 * (p[j] / sum - (j == k));
        close_to(V, dx + i * V, p, 1e-7);
    }
}

Test(cross_entropy, gradient_agrees_with_differences)
{
    struct loss_case c = loss_case();
    double loss[N];
    float *dx = zeros(N * V);
    cross_entropy(N, V, c.x, c.target, 1, loss, dx);
    double gap = gradient_gap(N * V, c.x, dx, STEP, entropy_loss, &c);
    cr_expect(gap < SLOPES, "%g", gap);
}

Test(cross_entropy, of_huge_logits_is_finite)
{
    float x[] = {1e4f, 0, -1e4f};
    double loss[1];
    cross_entropy(1, 3, x, (int[]){2}, 1, loss, x);
    cr_expect(eq(dbl, loss[0], 2e4));
    cr_expect(same(3, x, (float[]){1, 0, -1}));
}

Test(cross_entropy, refuses_a_target_that_is_none, .exit_code = 3)
{
    double loss[1];
    cross_entropy(1, 2, (float[]){0, 0}, (int[]){2}, 1, loss, NULL);
}

Test(softmax_rows, gradient_agrees_with_differences)
{
    struct loss_case c = loss_case();
    float *dx = zeros(N * V);
    softmax_loss(&c);
    softmax_rows_back(N, V, c.p, c.dp, dx);
    double gap = gradient_gap(N * V, c.x, dx, STEP, softmax_loss, &c);
    cr_expect(gap < SLOPES, "%g", gap);
}

// ---- training ---------------------------------------------------------------

Test(adam, first_step_is_the_rate)
{
    // m / (1 - b1) = g and v / (1 - b2) = g^2: whatever g, a step of the rate.
    float dw[] = {1e-3f, -5, 200, 0}, w[4] = {0}, m[4] = {0}, v[4] = {0};
    adam((struct adam){0.01, 0.9, 0.999, 1e-8, 0}, 1, 4, w, dw, m, v);
    close_to(4, w, (double[]){-0.01 * 1e-3 / (1e-3 + 1e-8), 0.01, -0.01, 0},
             1e-8);
}

Test(adam, three_steps_by_hand)
{
    // b1 = 1/2, b2 = 3/4, gradients 1, 1, -2.  Twice the corrected means are 1
    // and 1.  Then m = 3/8 - 1 = -5/8, over 7/8 is -5/7, and v = 21/64 + 1 =
    // 85/64, over 37/64 is 85/37.
    struct adam a = {1, 0.5, 0.75, 0, 0};
    float w = 0, m = 0, v = 0, g[] = {1, 1, -2};
    double want[] = {-1, -2, -2 + 5 / 7. / sqrt(85 / 37.)};
    for (int t = 1; t <= 3; t++) {
        adam(a, t, 1, &w, g + t - 1, &m, &v);
        cr_expect(epsilon_eq(dbl, w, want[t - 1], 1e-6));
    }
}

Test(adam, decay_is_apart_from_the_gradient)
{
    struct adam a = {0.5, 0.9, 0.999, 1e-8, 0.25};
    float w = 8, m = 0, v = 0, g = 0;
    adam(a, 1, 1, &w, &g, &m, &v);
    cr_expect(eq(flt, w, 7)); // 8 (1 - 1/8)
    cr_expect(eq(flt, m, 0));
}

Test(cosine_rate, rises_and_falls_to_its_ends)
{
    cr_expect(eq(dbl, cosine_rate(1, 10, 100, 2, 0.5), 0.2));
    cr_expect(eq(dbl, cosine_rate(10, 10, 100, 2, 0.5), 2));
    // Half way the cosine is 6e-17, and what is added to it rounds by 1e-16.
    cr_expect(epsilon_eq(dbl, cosine_rate(55, 10, 100, 2, 0.5), 1.25, 1e-15));
    cr_expect(eq(dbl, cosine_rate(100, 10, 100, 2, 0.5), 0.5));
    cr_expect(eq(dbl, cosine_rate(200, 10, 100, 2, 0.5), 0.5));
    cr_expect(eq(dbl, cosine_rate(1, 0, 1, 2, 0.5), 0.5));
    for (int t = 1; t < 100; t++) {
        double now = cosine_rate(t, 10, 100, 2, 0.5);
        double next = cosine_rate(t + 1, 10, 100, 2, 0.5);
        cr_expect(t < 10 ? next > now : next < now, "step %d", t);
    }
}

Test(batches, visit_every_example_once_an_epoch)
{
    enum { EXAMPLES = 35, SIZE = 10, EPOCHS = 4 };
    struct batches b = {.name = "visit", .n = EXAMPLES, .size = SIZE};
    int seen[EXAMPLES] = {0}, index[SIZE];
    for (int t = 0; t < EXAMPLES * EPOCHS / SIZE; t++) {
        next_batch(&b, t, index);
        for (int i = 0; i < SIZE; i++) {
            int epoch = (t * SIZE + i) / EXAMPLES;
            cr_expect(eq(int, seen[index[i]], epoch));
            seen[index[i]]++;
        }
    }
    free_batches(&b);
}

Test(batches, depend_on_seed_and_step_alone)
{
    struct batches a = {.name = "alone", .n = 100, .size = 8}, b = a, c = a;
    int x[8], y[8], z[8];
    for (int t = 0; t < 60; t++)
        next_batch(&a, t, x);
    next_batch(&b, 3, y); // another epoch between
    next_batch(&b, 59, y);
    cr_expect(eq(int, memcmp(x, y, sizeof x), 0));
    seed = 2;
    next_batch(&c, 59, z);
    cr_expect(ne(int, memcmp(x, z, sizeof x), 0));
    free_batches(&a), free_batches(&b), free_batches(&c);
}

Test(normal_weights, have_the_deviation)
{
    enum { MANY = 100000 };
    float *w = noise(MANY, "many");
    // Deviations of mean and of mean square: 1/316 and 1.41/316.
    double sum = 0;
    for (int i = 0; i < MANY; i++)
        sum += w[i];
    cr_expect(epsilon_eq(dbl, sum / MANY, 0, 4 / 316.));
    cr_expect(epsilon_eq(dbl, dot(MANY, w, w) / MANY, 1, 4 * 1.41 / 316));
}

// ---- the transformer --------------------------------------------------------

enum { LENGTH = 12, WORDS = 17, BATCH = 9, TOKENS = BATCH * LENGTH };

static struct transformer *small(void)
{
    struct random r = stream("small", 0);
    return transformer(2, 16, 2, LENGTH, WORDS, &r);
}

struct text {
    struct transformer *net;
    int token[TOKENS], target[TOKENS];
};

static struct text text(struct transformer *net)
{
    struct text x = {.net = net};
    struct random r = stream("text", 0);
    for (int i = 0; i < TOKENS; i++) {
        x.token[i] = (int)below(&r, WORDS);
        x.target[i] = i % 5 ? (int)below(&r, WORDS) : -1;
    }
    return x;
}

static double text_loss(void *of)
{
    struct text *x = of;
    double loss[TOKENS], sum = 0;
    int targets = 0;
    float logits[TOKENS * WORDS];
    transformer_logits(x->net, BATCH, x->token, logits);
    cross_entropy(TOKENS, WORDS, logits, x->target, 1, loss, NULL);
    for (int i = 0; i < TOKENS; i++)
        sum += loss[i], targets += x->target[i] >= 0;
    return sum / targets;
}

static void train(struct transformer *net, const struct text *x, int from,
                  int to)
{
    for (int t = from; t <= to; t++) {
        struct adam a = {cosine_rate(t, 10, 300, 1e-2, 1e-3), 0.9, 0.99, 1e-8,
                         0.01};
        transformer_gradient(net, BATCH, x->token, x->target);
        adam(a, t, net->n, net->w, net->dw, net->m, net->v);
    }
}

Test(transformer, gradient_agrees_with_differences)
{
    struct text x = text(small());
    struct transformer *t = x.net;
    for (int64_t i = 0; i < t->n; i++)
        t->w[i] *= i % 7 ? 3 : 1; // away from where all attention is uniform
    double loss = transformer_gradient(t, BATCH, x.token, x.target);
    cr_expect(epsilon_eq(dbl, loss, text_loss(&x), 1e-6));
    // Around each bias, and so in every layer.  A mean of 86 losses is rounded
    // to 1e-8, which is 3e-6 over h = 2^-8; the largest slopes are near 0.1.
    for (int i = 0; i < 10; i++) {
        const struct transformer_block *b = t->at.block + i % 2;
        float *middle[] = {b->qkv_bias, b->mix_bias, b->up_bias, b->down_bias,
                           t->at.gain};
        int64_t from = middle[i / 2] - t->w - 100;
        double gap =
            gradient_gap(200, t->w + from, t->dw + from, 0x1p-8, text_loss, &x);
        cr_expect(gap < 1e-4, "%g", gap);
    }
    free_transformer(t);
}

Test(transformer, does_not_look_ahead)
{
    struct text x = text(small());
    float before[TOKENS * WORDS], after[TOKENS * WORDS];
    transformer_logits(x.net, BATCH, x.token, before);
    x.token[LENGTH - 1] = (x.token[LENGTH - 1] + 1) % WORDS;
    transformer_logits(x.net, BATCH, x.token, after);
    cr_expect(same((LENGTH - 1) * WORDS, before, after));
    int64_t at = (LENGTH - 1) * WORDS;
    cr_expect(not(same(WORDS, before + at, after + at)));
    cr_expect(same((TOKENS - LENGTH) * WORDS, before + at + WORDS,
                   after + at + WORDS));
    free_transformer(x.net);
}

Test(transformer, overfits_a_small_batch)
{
    struct text x = text(small());
    double first = text_loss(&x);
    // It knows nothing yet: logits deviate by 0.02 sqrt(16) = 0.08 from each
    // other, and no mean of their losses by more.
    cr_expect(epsilon_eq(dbl, first, log(WORDS), 0.1));
    train(x.net, &x, 1, 300);
    double last = text_loss(&x);
    cr_expect(lt(dbl, last, 0.05));
    free_transformer(x.net);
}

Test(transformer, same_bytes_from_any_number_of_threads)
{
    struct transformer *net[3];
    for (int i = 0; i < 3; i++) {
        omp_set_num_threads(i + 1);
        net[i] = small();
        struct text x = text(net[i]);
        train(net[i], &x, 1, 5);
        omp_set_num_threads(1);
    }
    for (int i = 1; i < 3; i++) {
        cr_expect(same(net[0]->n, net[0]->w, net[i]->w));
        cr_expect(same(net[0]->n, net[0]->dw, net[i]->dw));
    }
    for (int i = 0; i < 3; i++)
        free_transformer(net[i]);
}

// ---- checkpoints ------------------------------------------------------------

static const char *file(void)
{
    static char name[64];
    if (!*name) // or a child would mean another
        sprintf(name, "/tmp/checkpoint-%d", (int)getpid());
    return name;
}

static struct checkpoint point(struct transformer *t)
{
    return (struct checkpoint){.kind = "small transformer",
                               .n = t->n,
                               .w = t->w,
                               .m = t->m,
                               .v = t->v};
}

Test(checkpoint, resumes_as_if_there_had_been_no_break)
{
    struct transformer *whole = small(), *half = small(), *rest = small();
    struct text x = text(whole);
    train(whole, &x, 1, 10);
    train(half, &x, 1, 5);
    struct checkpoint c = point(half);
    c.step = 5;
    c.random = stream("resumed", 1);
    bits(&c.random);
    save_checkpoint(file(), &c);
    struct checkpoint d = point(rest);
    cr_expect(eq(int, load_checkpoint(file(), &d), 1));
    cr_expect(eq(i64, d.step, 5));
    train(rest, &x, (int)d.step + 1, 10);
    cr_expect(same(whole->n, whole->w, rest->w));
    cr_expect(same(whole->n, whole->m, rest->m));
    cr_expect(same(whole->n, whole->v, rest->v));
    cr_expect(eq(u32, bits(&c.random), bits(&d.random)));
    remove(file());
    free_transformer(whole), free_transformer(half), free_transformer(rest);
}

Test(checkpoint, that_is_not_there_is_no_error)
{
    struct checkpoint c = {.kind = "none"};
    cr_expect(eq(int, load_checkpoint("/tmp/no/such/checkpoint", &c), 0));
}

// What the program says, in a process of its own that ends with status 3, when
// it loads the file as a checkpoint of n numbers of this kind.
static const char *complaint(const char *kind, int64_t n)
{
    static char text[512];
    int ends[2], status;
    cr_assert(eq(int, pipe(ends), 0));
    pid_t child = fork();
    if (child == 0) {
        float w[8], m[8], v[8];
        struct checkpoint c = {kind, n, 0, w, m, v, stream("", 0)};
        dup2(ends[1], 2);
        load_checkpoint(file(), &c);
        _exit(0);
    }
    close(ends[1]);
    ssize_t size = read(ends[0], text, sizeof text - 1);
    text[size < 0 ? 0 : size] = 0;
    close(ends[0]);
    waitpid(child, &status, 0);
    int exited = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    cr_expect(eq(int, exited, 3), "%s", text);
    return text;
}

static void write_four(void)
{
    float w[] = {1, 2, 3, 4}, m[4] = {0}, v[4] = {0};
    struct checkpoint c = {"four", 4, 7, w, m, v, stream("four", 0)};
    save_checkpoint(file(), &c);
}

static void flip(long at, int whence)
{
    FILE *f = fopen(file(), "r+b");
    fseek(f, at, whence);
    int byte = getc(f);
    fseek(f, -1, SEEK_CUR);
    putc(byte ^ 128, f);
    fclose(f);
}

static int says(const char *text, const char *what)
{
    return strstr(text, what) != NULL;
}

Test(checkpoint, that_is_damaged_is_refused)
{
    // A flipped bit of every eighth byte of the numbers and of the hash.
    for (long at = -1; at >= -56; at -= 8) {
        write_four();
        flip(at, SEEK_END);
        cr_expect(says(complaint("four", 4), "is damaged"), "byte %ld", at);
    }
    write_four();
    flip(140, SEEK_SET); // of the step
    cr_expect(says(complaint("four", 4), "is damaged"));
    write_four();
    cr_assert(eq(int, truncate(file(), 200), 0));
    cr_expect(says(complaint("four", 4), "is damaged"));
    write_four();
    FILE *f = fopen(file(), "a"); // a byte too many
    fputc(0, f);
    fclose(f);
    cr_expect(says(complaint("four", 4), "is damaged"));
    remove(file());
}

Test(checkpoint, of_something_else_is_refused)
{
    write_four();
    cr_expect(says(complaint("five", 4), "of something else"));
    cr_expect(says(complaint("four", 5), "another number of parameters"));
    FILE *f = fopen(file(), "w");
    fputs("w = 1 2 3 4\n", f);
    fclose(f);
    cr_expect(says(complaint("four", 4), "is no checkpoint"));
    remove(file());
}

Test(checkpoint, that_cannot_be_written_is_an_error, .exit_code = 3)
{
    struct checkpoint c = {.kind = "none"};
    save_checkpoint("/tmp/no/such/checkpoint", &c);
}
