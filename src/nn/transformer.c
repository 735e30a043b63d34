// transformer.c: a decoder-only transformer, forward and back.
//
// The stream x is one array that every layer adds to; what a layer's gradient
// wants of it, the normed rows, is kept instead.
#include "private.h"
#include <math.h>
#include <omp.h>
#include <stdlib.h>

// Shares of a batch, each with a gradient of its own, and the sequences that
// pass through at once: few, so that what they leave stays in the caches.
enum { BATCH_SHARES = 8, SEQUENCES_AT_ONCE = 4 };

// What one layer keeps of `rows` tokens for its gradient.
struct kept_layer {
    float *normal1, *inverse1, *h1, *qkv, *lse, *heads;
    float *normal2, *inverse2, *h2, *slope, *wide;
};
struct transformer_pass {
    struct kept_layer *layer;
    float *x, *normal, *inverse, *h, *logits;
    float *dx, *dh, *dwide;
    double *loss;
};

// ---- memory -----------------------------------------------------------------

static float *take(float **from, int64_t n)
{
    float *x = *from;
    *from += n;
    return x;
}

// The parameters one behind the other from w; their number.
static int64_t lay_out(const struct transformer *t, float *w,
                       struct transformer_weights *to)
{
    int64_t d = t->width, v = t->words;
    float *at = w;
    to->block = malloc((size_t)t->layers * sizeof *to->block);
    if (!to->block)
        die("no memory for %d layers", t->layers);
    to->token = take(&at, v * d);
    to->position = take(&at, t->length * d);
    for (int l = 0; l < t->layers; l++) {
        struct transformer_block *b = to->block + l;
        b->gain1 = take(&at, d), b->shift1 = take(&at, d);
        b->qkv = take(&at, 3 * d * d), b->qkv_bias = take(&at, 3 * d);
        b->mix = take(&at, d * d), b->mix_bias = take(&at, d);
        b->gain2 = take(&at, d), b->shift2 = take(&at, d);
        b->up = take(&at, 4 * d * d), b->up_bias = take(&at, 4 * d);
        b->down = take(&at, 4 * d * d), b->down_bias = take(&at, d);
    }
    to->gain = take(&at, d), to->shift = take(&at, d);
    to->out = take(&at, d * v);
    return at - w;
}

static void make_pass(const struct transformer *t, struct transformer_pass *p)
{
    int64_t n = (int64_t)SEQUENCES_AT_ONCE * t->length, d = t->width;
    p->layer = malloc((size_t)t->layers * sizeof *p->layer);
    p->loss = vector(n);
    if (!p->layer)
        die("no memory for %d layers", t->layers);
    for (int l = 0; l < t->layers; l++) {
        struct kept_layer *k = p->layer + l;
        k->normal1 = floats(n * (16 * d + 2 + t->heads));
        k->h1 = k->normal1 + n * d, k->qkv = k->h1 + n * d;
        k->heads = k->qkv + n * 3 * d, k->normal2 = k->heads + n * d;
        k->h2 = k->normal2 + n * d, k->slope = k->h2 + n * d;
        k->wide = k->slope + n * 4 * d, k->inverse1 = k->wide + n * 4 * d;
        k->inverse2 = k->inverse1 + n, k->lse = k->inverse2 + n;
    }
    p->x = floats(n * (9 * d + t->words + 1));
    p->normal = p->x + n * d, p->h = p->normal + n * d;
    p->dx = p->h + n * d, p->dh = p->dx + n * d, p->dwide = p->dh + n * d;
    p->logits = p->dwide + n * 4 * d;
    p->inverse = p->logits + n * t->words;
}

static void free_passes(struct transformer *t)
{
    for (int i = 0; i < t->threads; i++) {
        struct transformer_pass *p = t->pass + i;
        for (int l = 0; l < t->layers; l++)
            free(p->layer[l].normal1);
        free(p->layer);
        free(p->loss);
        free(p->x);
    }
    free(t->pass);
}

// One pass for each thread that there may be.
static void make_passes(struct transformer *t)
{
    int team = omp_get_max_threads();
    require(team > 0);
    if (team <= t->threads)
        return;
    free_passes(t);
    t->threads = team;
    t->pass = calloc((size_t)t->threads, sizeof *t->pass);
    if (!t->pass)
        die("no memory for %d threads", t->threads);
    for (int i = 0; i < t->threads; i++)
        make_pass(t, t->pass + i);
}

static void begin_weights(struct transformer *t, struct random *r)
{
    int64_t d = t->width;
    double last = 0.02 / sqrt(2.0 * t->layers);
    normal_weights(t->words * d, 0.02, r, t->at.token);
    normal_weights(t->length * d, 0.02, r, t->at.position);
    normal_weights(t->words * d, 0.02, r, t->at.out);
    for (int l = 0; l < t->layers; l++) {
        struct transformer_block *b = t->at.block + l;
        normal_weights(3 * d * d, 0.02, r, b->qkv);
        normal_weights(d * d, last, r, b->mix);
        normal_weights(4 * d * d, 0.02, r, b->up);
        normal_weights(4 * d * d, last, r, b->down);
        for (int j = 0; j < d; j++)
            b->gain1[j] = b->gain2[j] = 1;
    }
    for (int j = 0; j < d; j++)
        t->at.gain[j] = 1;
}

struct transformer *transformer(int layers, int width, int heads, int length,
                                int words, struct random *r)
{
    require(layers > 0 && heads > 0 && width % heads == 0);
    require(length > 0 && words > 0);
    struct transformer *t = calloc(1, sizeof *t);
    if (!t)
        die("no memory for a transformer");
    t->layers = layers, t->width = width, t->heads = heads;
    t->length = length, t->words = words;
    t->slope = malloc(BATCH_SHARES * sizeof *t->slope);
    int64_t d = width;
    t->n = (2 * words + length + 2) * d + layers * (12 * d * d + 13 * d);
    t->w = calloc((size_t)t->n * (3 + BATCH_SHARES), sizeof *t->w);
    if (!t->slope || !t->w)
        die("no memory for %lld parameters", (long long)t->n);
    t->m = t->w + t->n, t->v = t->m + t->n, t->dw = t->v + t->n;
    require(lay_out(t, t->w, &t->at) == t->n);
    for (int s = 0; s < BATCH_SHARES; s++)
        lay_out(t, t->dw + s * t->n, t->slope + s);
    begin_weights(t, r);
    return t;
}

void free_transformer(struct transformer *t)
{
    free_passes(t);
    free(t->at.block);
    for (int s = 0; s < BATCH_SHARES; s++)
        free(t->slope[s].block);
    free(t->slope);
    free(t->w);
    free(t);
}

// ---- forward and back -------------------------------------------------------

// The logits of n <= SEQUENCES_AT_ONCE sequences.
static void forward(const struct transformer *t, int n, const int *token,
                    struct transformer_pass *p)
{
    int d = t->width, rows = n * t->length;
    embed(n, t->length, d, t->words, token, t->at.token, t->at.position, p->x);
    for (int l = 0; l < t->layers; l++) {
        const struct transformer_block *w = t->at.block + l;
        struct kept_layer *k = p->layer + l;
        layer_norm(rows, d, p->x, w->gain1, w->shift1, k->h1, k->normal1,
                   k->inverse1);
        dense(rows, d, 3 * d, k->h1, w->qkv, w->qkv_bias, k->qkv, 0);
        attention(n, t->length, t->heads, d, 1, k->qkv, k->heads, k->lse);
        dense(rows, d, d, k->heads, w->mix, w->mix_bias, p->x, 1);
        layer_norm(rows, d, p->x, w->gain2, w->shift2, k->h2, k->normal2,
                   k->inverse2);
        dense(rows, d, 4 * d, k->h2, w->up, NULL, k->slope, 0);
        gelu(rows, 4 * d, k->slope, w->up_bias, k->wide, k->slope);
        dense(rows, 4 * d, d, k->wide, w->down, w->down_bias, p->x, 1);
    }
    layer_norm(rows, d, p->x, t->at.gain, t->at.shift, p->h, p->normal,
               p->inverse);
    dense(rows, d, t->words, p->h, t->at.out, NULL, p->logits, 0);
}

// From the gradient of the logits, in their place, to those of the weights.
static void back(const struct transformer *t, int n, const int *token,
                 struct transformer_pass *p,
                 const struct transformer_weights *dw)
{
    int d = t->width, rows = n * t->length;
    dense_back(rows, d, t->words, p->h, t->at.out, p->logits, p->dh, dw->out,
               NULL);
    memset(p->dx, 0, (size_t)rows * d * sizeof *p->dx);
    layer_norm_back(rows, d, p->normal, p->inverse, t->at.gain, p->dh, p->dx,
                    dw->gain, dw->shift);
    for (int l = t->layers - 1; l >= 0; l--) {
        const struct transformer_block *w = t->at.block + l,
                                       *dv = dw->block + l;
        const struct kept_layer *k = p->layer + l;
        dense_back(rows, 4 * d, d, k->wide, w->down, p->dx, p->dwide, dv->down,
                   dv->down_bias);
        gelu_back(rows, 4 * d, k->slope, p->dwide, p->dwide, dv->up_bias);
        dense_back(rows, d, 4 * d, k->h2, w->up, p->dwide, p->dh, dv->up, NULL);
        layer_norm_back(rows, d, k->normal2, k->inverse2, w->gain2, p->dh,
                        p->dx, dv->gain2, dv->shift2);
        dense_back(rows, d, d, k->heads, w->mix, p->dx, p->dh, dv->mix,
                   dv->mix_bias);
        attention_back(n, t->length, t->heads, d, 1, k->qkv, k->heads, k->lse,
                       p->dh, p->dwide);
        dense_back(rows, d, 3 * d, k->h1, w->qkv, p->dwide, p->dh, dv->qkv,
                   dv->qkv_bias);
        layer_norm_back(rows, d, k->normal1, k->inverse1, w->gain1, p->dh,
                        p->dx, dv->gain1, dv->shift1);
    }
    embed_back(n, t->length, d, token, p->dx, dw->token, dw->position);
}

// ---- a batch ----------------------------------------------------------------

// A layer inside a share has the one thread.
static struct transformer_pass *own_pass(const struct transformer *t)
{
    omp_set_num_threads(1);
    return t->pass + omp_get_thread_num();
}

void transformer_logits(struct transformer *t, int n, const int *token,
                        float *logits)
{
    make_passes(t);
    int64_t size = (int64_t)t->length * t->words;
#pragma omp parallel
    {
        struct transformer_pass *p = own_pass(t);
#pragma omp for schedule(dynamic)
        for (int i = 0; i < n; i += SEQUENCES_AT_ONCE) {
            int some = n - i < SEQUENCES_AT_ONCE ? n - i : SEQUENCES_AT_ONCE;
            forward(t, some, token + (int64_t)i * t->length, p);
            memcpy(logits + i * size, p->logits, some * size * sizeof *logits);
        }
    }
}

// The sequences from ... to-1; the sum of their losses.
static double share(const struct transformer *t, int from, int to,
                    const int *token, const int *target, double weight,
                    struct transformer_pass *p,
                    const struct transformer_weights *dw)
{
    double sum = 0;
    for (int i = from; i < to; i += SEQUENCES_AT_ONCE) {
        int some = to - i < SEQUENCES_AT_ONCE ? to - i : SEQUENCES_AT_ONCE,
            rows = some * t->length;
        int64_t at = (int64_t)i * t->length;
        forward(t, some, token + at, p);
        cross_entropy(rows, t->words, p->logits, target + at, weight, p->loss,
                      p->logits);
        for (int j = 0; j < rows; j++)
            sum += p->loss[j];
        back(t, some, token + at, p, dw);
    }
    return sum;
}

double transformer_gradient(struct transformer *t, int n, const int *token,
                            const int *target)
{
    make_passes(t);
    int64_t targets = 0, size = t->n;
    double loss[BATCH_SHARES], sum = 0;
    for (int64_t i = 0; i < (int64_t)n * t->length; i++)
        targets += target[i] >= 0;
    require(targets > 0);
#pragma omp parallel
    {
        struct transformer_pass *p = own_pass(t);
#pragma omp for schedule(dynamic)
        for (int s = 0; s < BATCH_SHARES; s++) {
            memset(t->dw + s * size, 0, (size_t)size * sizeof *t->dw);
            loss[s] = share(t, (int)((int64_t)n * s / BATCH_SHARES),
                            (int)((int64_t)n * (s + 1) / BATCH_SHARES), token,
                            target, 1.0 / (double)targets, p, t->slope + s);
        }
#pragma omp for schedule(static)
        for (int64_t i = 0; i < size; i++)
            for (int s = 1; s < BATCH_SHARES; s++)
                t->dw[i] += t->dw[s * size + i];
    }
    for (int s = 0; s < BATCH_SHARES; s++)
        sum += loss[s];
    return sum / (double)targets;
}
