// rnn-fast.c: speed, a part of rnn.c: attention that streams beside attention
// in two passes, and the zero-cache generator in floats.
#include "lab/lab.h"
#include "tile/attention.h"
#include "tile/math.h"
#include "tile/tile.h"
#include <time.h>

// Every field is a --set.
static struct {
    int longest, tokens;
} fast = {.longest = 16384, .tokens = 64};

// ---- attention in two passes ------------------------------------------------

// y = softmax(q k^T / sqrt(d)) v for n positions that see what is before them
// and themselves: all scores of a row, and then their exponentials.
// eq:causal-attention
static void two_passes(int n, int d, const float *q, const float *k,
                       const float *v, float *y, float *score)
{
    float scale = 1 / sqrtf((float)d);
    for (int i = 0; i < n; i++, q += d, y += d) {
        float top = -INFINITY, sum = 0;
        for (int j = 0; j <= i; j++) {
            score[j] = 0;
            for (int c = 0; c < d; c++)
                score[j] += q[c] * k[j * d + c];
            top = fmaxf(top, score[j] *= scale);
        }
        memset(y, 0, (size_t)d * sizeof *y);
        for (int j = 0; j <= i; j++) {
            float weight = exp32(score[j] - top);
            sum += weight;
            for (int c = 0; c < d; c++)
                y[c] += weight * v[j * d + c];
        }
        for (int c = 0; c < d; c++)
            y[c] /= sum;
    }
}

// The same in doubles, and of one row only.
static void row_in_doubles(int seen, int d, const float *q, const float *k,
                           const float *v, double y[d])
{
    double score[seen], *value = vector((int64_t)seen * d);
    for (int j = 0; j < seen; j++) {
        score[j] = 0;
        for (int c = 0; c < d; c++)
            score[j] += (double)q[c] * k[j * d + c];
        score[j] /= sqrt(d);
    }
    for (int64_t i = 0; i < (int64_t)seen * d; i++)
        value[i] = v[i];
    attend_batch(seen, d, score, value, y);
    free(value);
}

// ---- is what streams right? -------------------------------------------------

// The largest errors of one random head: of what streams and of two passes.
static void streaming_errors(struct random *r, int n, int d, int causal,
                             double error[2])
{
    int64_t size = (int64_t)n * d;
    float *q = floats(5 * size + 2 * n), *k = q + size, *v = k + size;
    float *y = v + size, *z = y + size, *lse = z + size;
    for (int64_t i = 0; i < 3 * size; i++)
        q[i] = (float)normal(r);
    attend(n, d, causal, q, k, v, d, y, d, lse);
    two_passes(n, d, q, k, v, z, lse + n);
    for (int i = 0; i < n; i++) {
        double want[d];
        row_in_doubles(causal ? i + 1 : n, d, q + (int64_t)i * d, k, v, want);
        for (int c = 0; c < d; c++) {
            int64_t at = (int64_t)i * d + c;
            error[0] = worse(error[0], fabs(y[at] - want[c]));
            if (causal)
                error[1] = worse(error[1], fabs(z[at] - want[c]));
        }
    }
    free(q);
}

// Shapes of all kinds: one position, and more and less than whole blocks.
static void streaming_check(void)
{
    double error[2] = {0}, most = 0;
    struct table *t = table("streaming_check", "n\td\tcausal\tstreaming\t"
                                               "two passes");
    for (int i = 0; i < (quick ? 20 : 60); i++) {
        struct random r = stream("streaming check", (uint32_t)i);
        int n = i == 0 ? 1 : 1 + (int)below(&r, quick ? 200 : 900);
        int d = i % 3 ? 64 : 1 + (int)below(&r, 100), causal = i % 4 > 0;
        error[0] = error[1] = 0;
        streaming_errors(&r, n, d, causal, error);
        row(t, "%d\t%d\t%d\t%.3g\t%.3g", n, d, causal, error[0], error[1]);
        most = worse(most, error[0]);
    }
    done(t);
    value("streaming_error", most, most, 1, "1", COMPUTED);
    // Scores of up to 8 are rounded by 2^-22 or so, and values reach 5.
    claim("streaming-right", AT_MOST, most, 0, 1, 4e-6, 0,
          "an error is compared with what rounding explains");
}

// ---- how fast ---------------------------------------------------------------

// Multiplications and additions of causal attention that are of use: of each
// of n (n + 1) / 2 scores, d of both for the score and as many for the sum.
// eq:attention-flops
static double useful_flops(int n, int d)
{
    return 2.0 * n * (n + 1) * d;
}

struct head {
    int n, d;
    float *q, *k, *v, *y, *lse, *dy, *dq, *dk, *dv;
};

static struct head random_head(int n, int d)
{
    int64_t size = (int64_t)n * d;
    struct random r = stream("streaming", (uint32_t)n);
    struct head h = {.n = n, .d = d, .q = floats(8 * size + n)};
    h.k = h.q + size, h.v = h.k + size, h.dy = h.v + size, h.y = h.dy + size;
    h.dq = h.y + size, h.dk = h.dq + size, h.dv = h.dk + size;
    h.lse = h.dv + size;
    normals32(&r, 4 * size, h.q);
    return h;
}

static void stream_forward(const struct head *h)
{
    attend(h->n, h->d, 1, h->q, h->k, h->v, h->d, h->y, h->d, h->lse);
}

static void stream_back(const struct head *h)
{
    attend_back(h->n, h->d, 1, h->q, h->k, h->v, h->d, h->y, h->dy, h->d,
                h->lse, h->dq, h->dk, h->dv);
}

static void pass_twice(const struct head *h)
{
    two_passes(h->n, h->d, h->q, h->k, h->v, h->y, h->dq);
}

// What this thread has worked, in seconds: others on its core do not count.
static double worked(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The shortest of some runs, in seconds: what disturbs a run only adds to it.
static double shortest_run(void run(const struct head *), const struct head *h)
{
    double least = INFINITY, all = 0;
    for (int i = 0; i < 30 && all < (quick ? 0.02 : 0.5); i++) {
        double t = worked();
        run(h);
        t = worked() - t;
        least = fmin(least, t), all += t;
    }
    return least;
}

static void streaming(void)
{
    struct table *t =
        table("streaming", "n\tplain [ms]\tstreaming [ms]\tbackward [ms]\t"
                           "rate [GFLOP/s]\tshare [%]\tback_share [%]\t"
                           "plain_share [%]\tmatrix_bytes\tplain_bytes\tbytes");
    int most = quick ? 512 : fast.longest, d = 64;
    for (int n = 128; n <= most; n *= 2) {
        struct head h = random_head(n, d);
        double flops = useful_flops(n, d), top = peak();
        double forward = shortest_run(stream_forward, &h);
        double back = shortest_run(stream_back, &h);
        double plain = shortest_run(pass_twice, &h);
        top = fmax(top, peak());
        double share = 100 * flops / forward / top;
        row(t, "%d\t%.4g\t%.4g\t%.4g\t%.4g\t%.3g\t%.3g\t%.3g\t%.0f\t%d\t%lld",
            n, 1e3 * plain, 1e3 * forward, 1e3 * back, flops / forward / 1e9,
            share, 100 * 2.5 * flops / back / top, 100 * flops / plain / top,
            4.0 * n * n, 4 * n, (long long)attend_scratch(d));
        if (n == (quick ? 512 : 4096)) {
            value("streaming_share", share, 0, 1, "%", TIMING);
            value("streaming_back_share", 100 * 2.5 * flops / back / top, 0, 1,
                  "%", TIMING);
            value("streaming_rate", flops / forward / 1e9, 0, 1, "GFLOP/s",
                  TIMING);
            value("streaming_speedup", plain / forward, 0, 1, "1", TIMING);
        }
        free(h.q);
    }
    done(t);
    value("streaming_bytes", (double)attend_scratch(d), 0, 1, "B", TIMING);
}

// ---- the zero-cache generator in floats -------------------------------------

enum { FAST_LAYERS = 4, FAST_WIDTH = 64, FAST_WIDE = 128 };

// A layer of one head and no norm: z = h + o W_o, h' = z + tanh(z W_1) W_2.
// W_k is there twice, for keys and, as its transpose, for queries.
struct fast_layer {
    float q[FAST_WIDTH][FAST_WIDTH], k[FAST_WIDTH][FAST_WIDTH];
    float k_back[FAST_WIDTH][FAST_WIDTH], v[FAST_WIDTH][FAST_WIDTH];
    float o[FAST_WIDTH][FAST_WIDTH], up[FAST_WIDTH][FAST_WIDE];
    float down[FAST_WIDE][FAST_WIDTH];
};

// A scan that waits for the ones below: 3 d + 2 numbers.
struct fast_frame {
    float h[FAST_WIDTH], q[FAST_WIDTH], y[FAST_WIDTH], top, sum;
};

struct fast_model {
    struct fast_layer layer[FAST_LAYERS];
    struct fast_frame frame[FAST_LAYERS];
    float (*input)[FAST_WIDTH]; // embedded tokens
    int absorb;
    int64_t steps, evaluations;
};

// y = x W for a row of p numbers.
static inline __attribute__((always_inline)) void
fast_times(int p, int q, const float *x, const float *w, float *y)
{
    float sum[FAST_WIDE];
    for (int j = 0; j < q; j++)
        sum[j] = 0;
    for (int i = 0; i < p; i++)
        for (int j = 0; j < q; j++)
            sum[j] = fma32(x[i], w[i * q + j], sum[j]);
    memcpy(y, sum, (size_t)q * sizeof *y);
}

// x . y with 16 sums at a time, and their halves added.
static inline float fast_dot(const float *x, const float *y)
{
    float lane[16] = {0};
    for (int c = 0; c < FAST_WIDTH; c += 16)
        for (int l = 0; l < 16; l++)
            lane[l] = fma32(x[c + l], y[c + l], lane[l]);
    for (int half = 8; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

// A score and what it weighs: only a new maximum moves what was summed.
// eq:running-max
static inline void fast_look(struct fast_frame *f, float score, const float *v)
{
    float weight = 1;
    if (score > f->top) {
        float shrink = exp32(f->top - score);
        f->top = score;
        f->sum *= shrink;
        for (int c = 0; c < FAST_WIDTH; c++)
            f->y[c] *= shrink;
    } else {
        weight = exp32(score - f->top);
    }
    f->sum += weight;
    for (int c = 0; c < FAST_WIDTH; c++)
        f->y[c] = fma32(weight, v[c], f->y[c]);
}

// A scan's end: values, if they were absorbed, and the layer around them.
static void fast_leave(struct fast_model *m, int l, float *out)
{
    const struct fast_layer *w = m->layer + l;
    const struct fast_frame *f = m->frame + l;
    float o[FAST_WIDTH], z[FAST_WIDTH], wide[FAST_WIDE];
    for (int c = 0; c < FAST_WIDTH; c++)
        o[c] = f->y[c] / f->sum;
    if (m->absorb)
        fast_times(FAST_WIDTH, FAST_WIDTH, o, *w->v, o);
    fast_times(FAST_WIDTH, FAST_WIDTH, o, *w->o, z);
    for (int c = 0; c < FAST_WIDTH; c++)
        z[c] += f->h[c];
    fast_times(FAST_WIDTH, FAST_WIDE, z, *w->up, wide);
    for (int c = 0; c < FAST_WIDE; c++)
        wide[c] = tanh32(wide[c]);
    fast_times(FAST_WIDE, FAST_WIDTH, wide, *w->down, out);
    for (int c = 0; c < FAST_WIDTH; c++)
        out[c] += z[c];
    m->evaluations++;
}

// What enters layer l at position i, from the input alone.  With absorb the
// query takes W_k along, and what is summed are inputs, so that a step costs
// 2 d multiplications, and none of a matrix.  eq:absorbed
static void scan_again(struct fast_model *m, int l, int i, float *out)
{
    if (l == 0) {
        memcpy(out, m->input[i], sizeof m->input[i]);
        return;
    }
    const struct fast_layer *w = m->layer + l - 1;
    struct fast_frame *f = m->frame + l - 1;
    float x[FAST_WIDTH], k[FAST_WIDTH], v[FAST_WIDTH];
    for (int j = i; j >= 0; j--, m->steps++) {
        scan_again(m, l - 1, j, x);
        if (j == i) {
            memset(f->y, 0, sizeof f->y);
            memcpy(f->h, x, sizeof x);
            f->sum = 0, f->top = -INFINITY;
            fast_times(FAST_WIDTH, FAST_WIDTH, x, *w->q, f->q);
            if (m->absorb)
                fast_times(FAST_WIDTH, FAST_WIDTH, f->q, *w->k_back, f->q);
        }
        if (!m->absorb) {
            fast_times(FAST_WIDTH, FAST_WIDTH, x, *w->k, k);
            fast_times(FAST_WIDTH, FAST_WIDTH, x, *w->v, v);
        }
        float score = fast_dot(f->q, m->absorb ? x : k) / 8; // the root of d
        fast_look(f, score, m->absorb ? x : v);
    }
    fast_leave(m, l - 1, out);
}

static struct fast_model *new_fast_model(int n)
{
    struct random r = stream("zero cache", 0);
    struct fast_model *m = (void *)floats((int64_t)(sizeof *m / sizeof(float)) +
                                          (int64_t)n * FAST_WIDTH);
    int64_t size = (int64_t)(sizeof *m->layer / sizeof(float));
    m->input = (void *)(m + 1);
    m->absorb = 1, m->steps = m->evaluations = 0;
    for (int l = 0; l < FAST_LAYERS; l++) {
        struct fast_layer *w = m->layer + l;
        float *x = (void *)w;
        for (int64_t i = 0; i < size; i++)
            x[i] = (float)normal(&r) / 8; // one over the root of d
        for (int i = 0; i < FAST_WIDTH * FAST_WIDTH; i++)
            w->k_back[i / FAST_WIDTH][i % FAST_WIDTH] =
                w->k[i % FAST_WIDTH][i / FAST_WIDTH];
    }
    for (int i = 0; i < n * FAST_WIDTH; i++)
        m->input[i / FAST_WIDTH][i % FAST_WIDTH] = (float)normal(&r);
    return m;
}

// Outputs of all n positions, and the seconds that they took.
static double scan_all(struct fast_model *m, int n, float y[n][FAST_WIDTH])
{
    double t = worked();
    m->steps = m->evaluations = 0;
    for (int i = 0; i < n; i++)
        scan_again(m, FAST_LAYERS, i, y[i]);
    return worked() - t;
}

// With absorb and without: the largest difference of n outputs, as a share of
// the largest of them.
static double absorbed_apart(int n)
{
    float y[n][FAST_WIDTH], z[n][FAST_WIDTH], apart = 0, large = 0;
    struct fast_model *m = new_fast_model(n);
    scan_all(m, n, y);
    m->absorb = 0;
    scan_all(m, n, z);
    for (int i = 0; i < n * FAST_WIDTH; i++) {
        float a = y[i / FAST_WIDTH][i % FAST_WIDTH];
        float b = z[i / FAST_WIDTH][i % FAST_WIDTH];
        apart = (float)worse(apart, fabsf(a - b));
        large = (float)worse(large, fabsf(b));
    }
    free(m);
    require(apart > 0); // or both went one way
    return apart / large;
}

static void absorbed_check(void)
{
    double apart = absorbed_apart(quick ? 6 : 12);
    value("absorbed_apart", apart, apart, 1, "1", COMPUTED);
    claim("absorbed-floats", AT_MOST, apart, 0, 1, 1e-5, 0,
          "sums of 64 products in another order, four layers deep");
}

static void zero_cache_time(void)
{
    struct table *t = table("zero_time", "n\tsteps\tevaluations\tseconds\t"
                                         "rate [M/s]");
    for (int n = 8; n <= (quick ? 16 : fast.tokens); n *= 2) {
        float y[n][FAST_WIDTH];
        struct fast_model *m = new_fast_model(n);
        double s = scan_all(m, n, y);
        row(t, "%d\t%lld\t%lld\t%.4g\t%.4g", n, (long long)m->steps,
            (long long)m->evaluations, s, (double)m->steps / s / 1e6);
        if (2 * n > (quick ? 16 : fast.tokens)) {
            value("zero_seconds", s, 0, 1, "s", TIMING);
            value("zero_rate", (double)m->steps / s / 1e6, 0, 1, "M/s", TIMING);
            value("zero_measured", (double)m->steps, 0, 1, "1", TIMING);
        }
        free(m);
    }
    done(t);
}
