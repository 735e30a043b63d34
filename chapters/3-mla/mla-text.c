// mla-text.c: an int8 latent, and a model of letters whose one layer is MLA;
// part of mla.c.
//
//     int8          the latent in a byte a number, and what that costs
//     model         forward and back, trained by src/nn
//     readings      its logits by either form, in any precision
//     experiment    the held-out tenth of a text, read by all of them
#include "nn/nn.h"
#include "tile/math.h"
#include "tile/tile.h"
#include <errno.h>
#include <omp.h>
#include <sys/stat.h>
#include <unistd.h>

// Every field is a --set.
static struct {
    int steps, batch, length, seeds;
    const char *folder;
} text_par = {.steps = 1000,
              .batch = 32,
              .length = 128,
              .seeds = 3,
              .folder = "build/mla-text"};

// ---- int8 -------------------------------------------------------------------

// n numbers as bytes times a scale a group: the largest of a group is 127.
// eq:int8
static void pack_int8(int n, int group, const float c[n], int8_t byte[n],
                      float scale[])
{
    for (int g = 0; g < n; g += group) {
        int end = g + group < n ? g + group : n;
        float most = 0;
        for (int i = g; i < end; i++)
            most = fmaxf(most, fabsf(c[i]));
        float s = scale[g / group] = most / 127;
        for (int i = g; i < end; i++)
            byte[i] = s > 0 ? (int8_t)lrintf(c[i] / s) : 0;
    }
}

static void unpack_int8(int n, int group, const int8_t byte[n],
                        const float scale[], float c[n])
{
    for (int i = 0; i < n; i++)
        c[i] = scale[i / group] * byte[i];
}

// What a cache keeps of a number.
enum keep { AS_IT_IS, AS_BF16, AS_INT8 };

static void round_trip(enum keep keep, int n, int group, float c[n])
{
    int8_t byte[n];
    float scale[n];
    for (int i = 0; keep == AS_BF16 && i < n; i++)
        c[i] = bf16(c[i]);
    if (keep == AS_INT8) {
        pack_int8(n, group, c, byte, scale);
        unpack_int8(n, group, byte, scale, c);
    }
}

// One cache rounded: root mean squares of the latent's error, of the scores'
// and the outputs', the largest score error in terms of its bound, and the rms
// error that evenly spread roundings would have.
struct rounding_cost {
    double latent, score, output, bound, predicted;
};

// Standard normal latents of rms 1 and rotated keys meet queries whose scores
// have variance one: 2/3 by the latent, 1/3 by the rotated part, as d_k and
// d_r.
enum { Q8_LATENT = 512, Q8_TURNED = 64, Q8_KEYS = 256 };

// Weights of the keys and the latent that they gather.
static void gather_latent(const double s[Q8_KEYS], float c[Q8_KEYS][Q8_LATENT],
                          double o[Q8_LATENT])
{
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < Q8_KEYS; i++)
        most = fmax(most, s[i]);
    for (int i = 0; i < Q8_KEYS; i++)
        sum += exp(s[i] - most);
    memset(o, 0, Q8_LATENT * sizeof *o);
    for (int i = 0; i < Q8_KEYS; i++)
        for (int j = 0; j < Q8_LATENT; j++)
            o[j] += exp(s[i] - most) / sum * c[i][j];
}

// The score of a key, and how far the rounded one may be: half a step of every
// number.  eq:int8-error
static double key_score(int group, const float *q, const float *c,
                        const float *other, double rest, double *may)
{
    double s = rest;
    *may = 0;
    for (int g = 0; g < Q8_LATENT; g += group) {
        double most = 0;
        for (int j = g; j < g + group; j++)
            most = fmax(most, fabs(other[j]));
        for (int j = g; j < g + group; j++) {
            s += (double)q[j] * c[j];
            *may += most / 254 * fabs(q[j]);
        }
    }
    return s;
}

// One query over Q8_KEYS latents, rounded in groups.
static struct rounding_cost cost_of(enum keep keep, int group, uint32_t number)
{
    static _Thread_local float c[Q8_KEYS][Q8_LATENT], z[Q8_KEYS][Q8_LATENT];
    struct random r = stream("int8", number);
    struct rounding_cost k = {0, 0, 0, 0, 0};
    double exact[Q8_KEYS], rounded[Q8_KEYS], steps = 0, size = 0, far = 0;
    double o[Q8_LATENT], u[Q8_LATENT];
    float q[Q8_LATENT];
    for (int j = 0; j < Q8_LATENT; j++)
        q[j] = (float)(normal(&r) * sqrt(2 / 3. / Q8_LATENT));
    for (int i = 0; i < Q8_KEYS; i++) {
        double rest = normal(&r) / sqrt(3), may, worst = 0;
        for (int j = 0; j < Q8_LATENT; j++)
            z[i][j] = c[i][j] = (float)normal(&r);
        round_trip(keep, Q8_LATENT, group, z[i]);
        exact[i] = key_score(group, q, c[i], c[i], rest, &may);
        rounded[i] = key_score(group, q, z[i], c[i], rest, &may);
        k.score += pow(rounded[i] - exact[i], 2) / Q8_KEYS;
        for (int g = 0; g < Q8_LATENT; g += group) {
            double most = 0;
            for (int j = g; j < g + group; j++)
                most = fmax(most, fabs(c[i][j]));
            steps += pow(most / 127, 2) * group / (Q8_LATENT * Q8_KEYS);
        }
        for (int j = 0; j < Q8_LATENT; j++) {
            k.latent += pow(z[i][j] - c[i][j], 2) / (Q8_LATENT * Q8_KEYS);
            worst += fabs(q[j] * ((double)z[i][j] - c[i][j]));
        }
        // Of all signs of the query's numbers, those by which errors add up.
        k.bound = fmax(k.bound, fmax(worst, fabs(rounded[i] - exact[i])) / may);
    }
    gather_latent(exact, c, o);
    gather_latent(rounded, z, u);
    for (int j = 0; j < Q8_LATENT; j++)
        size += o[j] * o[j], far += pow(u[j] - o[j], 2);
    k.output = sqrt(far / size);
    k.latent = sqrt(k.latent), k.score = sqrt(k.score);
    k.predicted = sqrt(steps / 12);
    return k;
}

// Bytes of a position: numbers, scales, and the rotated part in 16 bits.
static int int8_bytes(enum keep keep, int group)
{
    return keep == AS_BF16 ? 2 * (Q8_LATENT + Q8_TURNED)
                           : Q8_LATENT + 4 * Q8_LATENT / group + 2 * Q8_TURNED;
}

// The means over draws of what a rounding costs, as one row.
static struct rounding_cost cost_row(struct table *t, enum keep keep, int group,
                                     double *bound)
{
    int n = quick ? 4 : 32;
    double latent[n], score[n], output[n], predicted[n];
#pragma omp parallel for schedule(static) reduction(max : bound[0])
    for (int i = 0; i < n; i++) {
        struct rounding_cost k = cost_of(keep, group, (uint32_t)i);
        latent[i] = k.latent, score[i] = k.score, output[i] = k.output;
        predicted[i] = k.predicted;
        bound[0] = fmax(bound[0], keep == AS_INT8 ? k.bound : 0);
    }
    struct mean l = mean(n, latent), s = mean(n, score), o = mean(n, output);
    double p = keep == AS_INT8 ? mean(n, predicted).mean : one_rounding();
    row(t, "%s\t%d\t%d\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g",
        keep == AS_BF16 ? "bf16" : "int8", group, int8_bytes(keep, group),
        l.mean, l.se, p, sqrt(2 / 3.) * p, s.mean, s.se, o.mean, o.se);
    return (struct rounding_cost){l.mean, s.mean, o.mean, s.se, p};
}

// A latent of bytes, in groups with a scale each, beside one of bf16.
static void int8_experiment(void)
{
    struct table *t =
        table("int8", "kept\tgroup\tbytes\tlatent\tse\tpredicted\t"
                      "score_predicted\tscore\tse\toutput\tse");
    double bound = 0;
    struct rounding_cost bf16 = cost_row(t, AS_BF16, Q8_LATENT, &bound);
    for (int group = Q8_LATENT; group >= 32; group /= 2) {
        struct rounding_cost k = cost_row(t, AS_INT8, group, &bound);
        if (group != 128)
            continue;
        value("int8_score", k.score, k.bound, quick ? 4 : 32, "1", SAMPLED);
        value("int8_output", k.output, 0, 1, "1", SAMPLED);
        value("int8_predicted", k.predicted, 0, 1, "1", SAMPLED);
        value("int8_ratio", k.score / bf16.score, 0, 1, "1", SAMPLED);
        value("int8_bytes", int8_bytes(AS_INT8, group), 0, 1, "B", EXACT);
        value("bf16_bytes", int8_bytes(AS_BF16, group), 0, 1, "B", EXACT);
        claim("int8-as-bf16", AT_MOST, k.score / bf16.score, 0, 1, 1, 0,
              "errors of the same keys");
        claim("int8-predicted", AT_MOST, fabs(k.latent / k.predicted - 1), 0, 1,
              0.02, 0, "steps are many in a deviation");
    }
    done(t);
    value("bf16_score", bf16.score, bf16.bound, quick ? 4 : 32, "1", SAMPLED);
    claim("int8-bound", AT_MOST, bound, 0, 1, 1 + 1e-5, 0,
          "a float scale is 2^-24 off, and so is a product with it");
}

// ---- model ------------------------------------------------------------------

// Of the stream, heads, the latent, the rotated part, and of a head's keys
// and values, which are so wide that values are like whole keys.
enum {
    STREAM = 128,
    TEXT_HEADS = 8,
    TEXT_LATENT = 64,
    TURNED = 16,
    HEAD_KEY = 16,
    HEAD = HEAD_KEY + TURNED,
    TEXT_KEYS = TEXT_HEADS * HEAD_KEY,
    TEXT_ALL = TEXT_HEADS * HEAD,
    TEXT_WIDE = 4 * STREAM,
    TEXT_SHARES = 8,
    COURSE = 20 // points of a training course
};

// Matrices are [in][out], heads side by side.
struct letters_at {
    float *token, *gain1, *shift1, *q, *c, *r, *gain_c, *k, *v, *mix;
    float *gain2, *shift2, *up, *up_bias, *down, *down_bias;
    float *gain, *shift, *out;
};

// What a share of the batch, `rows` positions, keeps on its way.
struct letters_pass {
    float *x, *normal1, *inverse1, *h1, *q, *z, *inverse_c, *c, *r, *k, *v;
    float *qkv, *lse, *heads, *normal2, *inverse2, *h2, *slope, *wide;
    float *normal, *inverse, *h, *logits;
    float *dx, *dh, *dmore, *dwide, *dqkv;
    double *loss;
};

struct letters {
    int words, length, sequences; // of a share
    int64_t n;
    float *w, *m, *v; // each has room for the course behind its n
    float *dw;        // the gradients of all shares in a row
    struct letters_at at, slope[TEXT_SHARES];
    struct letters_pass pass[TEXT_SHARES];
    float *turn; // [length][TURNED] cosines and sines in pairs
};

struct part_of {
    float **at;
    int64_t n;
    double deviation; // of its first values; -1 for ones
};

static float *part_from(float **from, int64_t n)
{
    float *x = *from;
    *from += n;
    return x;
}

// The parameters one behind the other; their number.  With r they begin normal
// with deviation 1 / sqrt(inputs), gains as ones and shifts as zeros.
static int64_t lay_letters(int words, float *w, struct letters_at *a,
                           struct random *r)
{
    enum { D = STREAM, C = TEXT_LATENT };
    double in = 1 / sqrt(D), of_c = 1 / sqrt(C);
    struct part_of parts[] = {
        {&a->token, words * D, in},
        {&a->gain1, D, -1},
        {&a->shift1, D, 0},
        {&a->q, D * TEXT_ALL, in},
        {&a->c, D * C, in},
        {&a->r, D * TURNED, in},
        {&a->gain_c, C, -1},
        {&a->k, C * TEXT_KEYS, of_c},
        {&a->v, C * TEXT_ALL, of_c},
        {&a->mix, TEXT_ALL * D, 1 / sqrt(TEXT_ALL)},
        {&a->gain2, D, -1},
        {&a->shift2, D, 0},
        {&a->up, D * TEXT_WIDE, in},
        {&a->up_bias, TEXT_WIDE, 0},
        {&a->down, TEXT_WIDE * D, 1 / sqrt(TEXT_WIDE)},
        {&a->down_bias, D, 0},
        {&a->gain, D, -1},
        {&a->shift, D, 0},
        {&a->out, D * words, in},
    };
    float *at = w;
    for (int i = 0; i < (int)(sizeof parts / sizeof *parts); i++) {
        float *p = *parts[i].at = part_from(&at, parts[i].n);
        if (r && parts[i].deviation > 0)
            normal_weights(parts[i].n, parts[i].deviation, r, p);
        for (int64_t j = 0; r && parts[i].deviation < 0 && j < parts[i].n; j++)
            p[j] = 1;
    }
    return at - w;
}

static void make_letters_pass(int64_t n, int words, struct letters_pass *p)
{
    enum { D = STREAM, C = TEXT_LATENT, A = TEXT_ALL, K = TEXT_KEYS };
    struct part_of parts[] = {
        {&p->x, D, 0},
        {&p->normal1, D, 0},
        {&p->inverse1, 1, 0},
        {&p->h1, D, 0},
        {&p->q, A, 0},
        {&p->z, C, 0},
        {&p->inverse_c, 1, 0},
        {&p->c, C, 0},
        {&p->r, TURNED, 0},
        {&p->k, K, 0},
        {&p->v, A, 0},
        {&p->qkv, 3 * A, 0},
        {&p->lse, TEXT_HEADS, 0},
        {&p->heads, A, 0},
        {&p->normal2, D, 0},
        {&p->inverse2, 1, 0},
        {&p->h2, D, 0},
        {&p->slope, TEXT_WIDE, 0},
        {&p->wide, TEXT_WIDE, 0},
        {&p->normal, D, 0},
        {&p->inverse, 1, 0},
        {&p->h, D, 0},
        {&p->logits, words, 0},
        {&p->dx, D, 0},
        {&p->dh, D, 0},
        {&p->dmore, D, 0},
        {&p->dwide, TEXT_WIDE, 0},
        {&p->dqkv, 3 * A, 0},
    };
    int count = sizeof parts / sizeof *parts;
    int64_t all = 0;
    for (int i = 0; i < count; i++)
        all += n * parts[i].n;
    float *at = floats(all);
    for (int i = 0; i < count; i++)
        *parts[i].at = part_from(&at, n * parts[i].n);
    p->loss = vector(n);
}

// The cosines and sines of position t: pair m turns by t / 10000^(2m/d_r).
static double turn_angle(int t, int m)
{
    return t * pow(10000, -2.0 * m / TURNED);
}

// A model for batches of `batch` sequences of `length` letters.
static struct letters *new_letters(int words, int length, int batch,
                                   uint32_t number)
{
    struct letters *l = calloc(1, sizeof *l);
    struct random r = stream("text-weights", number);
    struct letters_at count;
    if (!l)
        die("no memory for a model of letters");
    require(batch % TEXT_SHARES == 0);
    l->words = words, l->length = length, l->sequences = batch / TEXT_SHARES;
    float origin;
    l->n = lay_letters(words, &origin, &count, NULL);
    int64_t room = l->n + 2 * COURSE;
    l->w = calloc((size_t)(room * 3 + l->n * TEXT_SHARES), sizeof *l->w);
    if (!l->w)
        die("no memory for %lld weights", (long long)l->n);
    l->m = l->w + room, l->v = l->m + room, l->dw = l->v + room;
    lay_letters(words, l->w, &l->at, &r);
    for (int s = 0; s < TEXT_SHARES; s++) {
        lay_letters(words, l->dw + s * l->n, l->slope + s, NULL);
        make_letters_pass((int64_t)l->sequences * length, words, l->pass + s);
    }
    l->turn = floats((int64_t)length * TURNED);
    for (int i = 0; i < length * TURNED; i += 2) {
        double angle = turn_angle(i / TURNED, i % TURNED / 2);
        l->turn[i] = (float)cos(angle), l->turn[i + 1] = (float)sin(angle);
    }
    return l;
}

static void free_letters(struct letters *l)
{
    for (int s = 0; s < TEXT_SHARES; s++) {
        free(l->pass[s].x);
        free(l->pass[s].loss);
    }
    free(l->turn);
    free(l->w);
    free(l);
}

// y (+)= x turned by the angles of `turn`, or back for way = -1.
static void turn_pairs(const float *turn, float way, const float *x, float *y,
                       int add)
{
    for (int i = 0; i < TURNED; i += 2) {
        float c = turn[i], s = way * turn[i + 1];
        y[i] = (add ? y[i] : 0) + x[i] * c - x[i + 1] * s;
        y[i + 1] = (add ? y[i + 1] : 0) + x[i] * s + x[i + 1] * c;
    }
}

// Rows z of the latent over their root mean square, times gain.
static void rms_rows(int n, int d, const float *z, const float *gain, float *c,
                     float *inverse)
{
    for (int i = 0; i < n; i++, z += d, c += d) {
        float square = 0;
        for (int j = 0; j < d; j++)
            square += z[j] * z[j];
        inverse[i] = 1 / sqrtf(square / d + 1e-6f);
        for (int j = 0; j < d; j++)
            c[j] = z[j] * inverse[i] * gain[j];
    }
}

// dz from dc: with g = dc gain and u = z / rms, (g - u mean(g u)) / rms.
static void rms_rows_back(int n, int d, const float *z, const float *inverse,
                          const float *gain, const float *dc, float *dz,
                          float *dgain)
{
    for (int i = 0; i < n; i++, z += d, dc += d, dz += d) {
        float along = 0, s = inverse[i];
        for (int j = 0; j < d; j++) {
            along += dc[j] * gain[j] * z[j] * s;
            dgain[j] += dc[j] * z[j] * s;
        }
        for (int j = 0; j < d; j++)
            dz[j] = (dc[j] * gain[j] - z[j] * s * along / d) * s;
    }
}

// Queries, keys and values of all heads side by side, as attention reads them:
// a head's part, then the rotated one, which its keys have in common.
static void side_by_side(const struct letters *l, int rows,
                         const struct letters_pass *p)
{
    for (int64_t i = 0; i < rows; i++) {
        const float *turn = l->turn + i % l->length * TURNED;
        float *q = p->qkv + i * 3 * TEXT_ALL, *k = q + TEXT_ALL;
        memcpy(k + TEXT_ALL, p->v + i * TEXT_ALL, TEXT_ALL * sizeof *k);
        for (int s = 0; s < TEXT_HEADS; s++, q += HEAD, k += HEAD) {
            const float *from = p->q + i * TEXT_ALL + s * HEAD;
            memcpy(q, from, HEAD_KEY * sizeof *q);
            turn_pairs(turn, 1, from + HEAD_KEY, q + HEAD_KEY, 0);
            memcpy(k, p->k + i * TEXT_KEYS + s * HEAD_KEY,
                   HEAD_KEY * sizeof *k);
            turn_pairs(turn, 1, p->r + i * TURNED, k + HEAD_KEY, 0);
        }
    }
}

// The way back, from dqkv to the gradients in the places of q, k, v and r.
static void apart_again(const struct letters *l, int rows,
                        const struct letters_pass *p)
{
    for (int64_t i = 0; i < rows; i++) {
        const float *turn = l->turn + i % l->length * TURNED;
        const float *dq = p->dqkv + i * 3 * TEXT_ALL, *dk = dq + TEXT_ALL;
        memcpy(p->v + i * TEXT_ALL, dk + TEXT_ALL, TEXT_ALL * sizeof *dk);
        for (int s = 0; s < TEXT_HEADS; s++, dq += HEAD, dk += HEAD) {
            float *to = p->q + i * TEXT_ALL + s * HEAD;
            memcpy(to, dq, HEAD_KEY * sizeof *to);
            turn_pairs(turn, -1, dq + HEAD_KEY, to + HEAD_KEY, 0);
            memcpy(p->k + i * TEXT_KEYS + s * HEAD_KEY, dk,
                   HEAD_KEY * sizeof *dk);
            turn_pairs(turn, -1, dk + HEAD_KEY, p->r + i * TURNED, s > 0);
        }
    }
}

// The logits of n sequences, in the training form.
static void text_forward(const struct letters *l, int n, const int *token,
                         struct letters_pass *p)
{
    enum { D = STREAM, C = TEXT_LATENT };
    const struct letters_at *w = &l->at;
    int rows = n * l->length;
    embed(n, l->length, D, l->words, token, w->token, NULL, p->x);
    layer_norm(rows, D, p->x, w->gain1, w->shift1, p->h1, p->normal1,
               p->inverse1);
    dense(rows, D, TEXT_ALL, p->h1, w->q, NULL, p->q, 0);
    dense(rows, D, C, p->h1, w->c, NULL, p->z, 0);
    dense(rows, D, TURNED, p->h1, w->r, NULL, p->r, 0);
    rms_rows(rows, C, p->z, w->gain_c, p->c, p->inverse_c);
    dense(rows, C, TEXT_KEYS, p->c, w->k, NULL, p->k, 0);
    dense(rows, C, TEXT_ALL, p->c, w->v, NULL, p->v, 0);
    side_by_side(l, rows, p);
    attention(n, l->length, TEXT_HEADS, TEXT_ALL, 1, p->qkv, p->heads, p->lse);
    dense(rows, TEXT_ALL, D, p->heads, w->mix, NULL, p->x, 1);
    layer_norm(rows, D, p->x, w->gain2, w->shift2, p->h2, p->normal2,
               p->inverse2);
    dense(rows, D, TEXT_WIDE, p->h2, w->up, NULL, p->slope, 0);
    gelu(rows, TEXT_WIDE, p->slope, w->up_bias, p->wide, p->slope);
    dense(rows, TEXT_WIDE, D, p->wide, w->down, w->down_bias, p->x, 1);
    layer_norm(rows, D, p->x, w->gain, w->shift, p->h, p->normal, p->inverse);
    dense(rows, D, l->words, p->h, w->out, NULL, p->logits, 0);
}

// What reaches h1, the sum of three, and its weights.
static void latent_back(int rows, const struct letters_at *w,
                        struct letters_pass *p, const struct letters_at *dw)
{
    enum { D = STREAM, C = TEXT_LATENT };
    float *dc = p->dwide, *more = dc + (int64_t)rows * C;
    dense_back(rows, C, TEXT_ALL, p->c, w->v, p->v, dc, dw->v, NULL);
    dense_back(rows, C, TEXT_KEYS, p->c, w->k, p->k, more, dw->k, NULL);
    for (int64_t i = 0; i < (int64_t)rows * C; i++)
        dc[i] += more[i];
    rms_rows_back(rows, C, p->z, p->inverse_c, w->gain_c, dc, more, dw->gain_c);
    dense_back(rows, D, C, p->h1, w->c, more, p->dh, dw->c, NULL);
    dense_back(rows, D, TURNED, p->h1, w->r, p->r, p->dmore, dw->r, NULL);
    for (int64_t i = 0; i < (int64_t)rows * D; i++)
        p->dh[i] += p->dmore[i];
    dense_back(rows, D, TEXT_ALL, p->h1, w->q, p->q, p->dmore, dw->q, NULL);
    for (int64_t i = 0; i < (int64_t)rows * D; i++)
        p->dh[i] += p->dmore[i];
}

// From the gradient of the logits, in their place, to those of the weights.
static void text_back(const struct letters *l, int n, const int *token,
                      struct letters_pass *p, const struct letters_at *dw)
{
    enum { D = STREAM };
    const struct letters_at *w = &l->at;
    int rows = n * l->length;
    dense_back(rows, D, l->words, p->h, w->out, p->logits, p->dh, dw->out,
               NULL);
    memset(p->dx, 0, (size_t)rows * D * sizeof *p->dx);
    layer_norm_back(rows, D, p->normal, p->inverse, w->gain, p->dh, p->dx,
                    dw->gain, dw->shift);
    dense_back(rows, TEXT_WIDE, D, p->wide, w->down, p->dx, p->dwide, dw->down,
               dw->down_bias);
    gelu_back(rows, TEXT_WIDE, p->slope, p->dwide, p->dwide, dw->up_bias);
    dense_back(rows, D, TEXT_WIDE, p->h2, w->up, p->dwide, p->dh, dw->up, NULL);
    layer_norm_back(rows, D, p->normal2, p->inverse2, w->gain2, p->dh, p->dx,
                    dw->gain2, dw->shift2);
    float *dheads = p->dwide;
    dense_back(rows, TEXT_ALL, D, p->heads, w->mix, p->dx, dheads, dw->mix,
               NULL);
    attention_back(n, l->length, TEXT_HEADS, TEXT_ALL, 1, p->qkv, p->heads,
                   p->lse, dheads, p->dqkv);
    apart_again(l, rows, p);
    latent_back(rows, w, p, dw);
    layer_norm_back(rows, D, p->normal1, p->inverse1, w->gain1, p->dh, p->dx,
                    dw->gain1, dw->shift1);
    embed_back(n, l->length, D, token, p->dx, dw->token, NULL);
}

// The mean loss of a batch in nats, and its gradient into dw: shares, each with
// a gradient of its own, are summed in order.
static double text_gradient(struct letters *l, const int *token,
                            const int *target)
{
    int rows = l->sequences * l->length;
    double loss[TEXT_SHARES], sum = 0;
#pragma omp parallel
    {
#pragma omp for schedule(dynamic)
        for (int s = 0; s < TEXT_SHARES; s++) {
            struct letters_pass *p = l->pass + s;
            memset(l->dw + s * l->n, 0, (size_t)l->n * sizeof *l->dw);
            text_forward(l, l->sequences, token + s * rows, p);
            cross_entropy(rows, l->words, p->logits, target + s * rows,
                          1.0 / (TEXT_SHARES * rows), p->loss, p->logits);
            loss[s] = 0;
            for (int i = 0; i < rows; i++)
                loss[s] += p->loss[i];
            text_back(l, l->sequences, token + s * rows, p, l->slope + s);
        }
#pragma omp for schedule(static)
        for (int64_t i = 0; i < l->n; i++)
            for (int s = 1; s < TEXT_SHARES; s++)
                l->dw[i] += l->dw[s * l->n + i];
    }
    for (int s = 0; s < TEXT_SHARES; s++)
        sum += loss[s];
    return sum / (TEXT_SHARES * rows);
}

// ---- readings ---------------------------------------------------------------

// One way to read the text: which form, whether each operation gives a float,
// and what the cache keeps.
struct reading {
    const char *form, *precision;
    int absorbed, single;
    enum keep keep;
};

// The precisions: the same functions over floats and over doubles.
#define real float
#define IN(name) name##32
#include "mla-letters.c"
#undef real
#undef IN
#define real double
#define IN(name) name##64
#include "mla-letters.c"
#undef real
#undef IN

// The logits [n][v] of n letters, each told what stood there.
static void text_logits(const struct letters *l, const struct reading *r, int n,
                        const int token[n], double *logits)
{
    if (r->single)
        text_logits32(l, r, n, token, logits);
    else
        text_logits64(l, r, n, token, logits);
}

// ---- what a reading is judged by --------------------------------------------

static int likeliest(int v, const double x[v])
{
    int best = 0;
    for (int j = 1; j < v; j++)
        best = x[j] > x[best] ? j : best;
    return best;
}

// -log softmax(x)[target] in nats.
static double surprise(int v, const double x[v], int target)
{
    double most = x[likeliest(v, x)], sum = 0;
    for (int j = 0; j < v; j++)
        sum += exp(x[j] - most);
    return log(sum) + most - x[target];
}

// How far the best of x is above the second best.
static double lead(int v, const double x[v])
{
    int best = likeliest(v, x);
    double next = -INFINITY;
    for (int j = 0; j < v; j++)
        if (j != best)
            next = fmax(next, x[j]);
    return x[best] - next;
}

// Two letters this close in exact logits are a tie for floats: the bound was
// set before the runs.
static const double TIE = 1e-4;

// How logits y differ from x.
struct differences {
    double loss, right, most; // sums of y's surprise and hits; the largest
    double widest;            // x's gap at a flip, the largest
    int64_t positions, flips, ties;
};

static void compare_logits(int v, const double x[v], const double y[v],
                           int target, struct differences *d)
{
    int mine = likeliest(v, x), other = likeliest(v, y);
    for (int j = 0; j < v; j++)
        d->most = fmax(d->most, fabs(x[j] - y[j]));
    d->loss += surprise(v, y, target);
    d->right += other == target;
    d->positions++;
    if (mine == other)
        return;
    double gap = x[mine] - x[other];
    d->flips++;
    d->ties += gap < TIE;
    d->widest = fmax(d->widest, gap);
}

// ---- experiment -------------------------------------------------------------

// The letters as numbers from 0; the last tenth is held out.
struct text {
    int n, training, words, *letter;
};

static struct text read_text(void)
{
    struct text t = {0, 0, 0, NULL};
    const char *path = data_file("genesis.txt");
    FILE *f = path ? fopen(path, "rb") : NULL;
    int number[256], c;
    if (!f)
        die("genesis.txt: cannot be read");
    fseek(f, 0, SEEK_END);
    t.letter = calloc((size_t)ftell(f) + 1, sizeof *t.letter);
    if (!t.letter)
        die("no memory for the text");
    for (int i = 0; i < 256; i++)
        number[i] = -1;
    rewind(f);
    while ((c = getc(f)) != EOF)
        t.letter[t.n++] = c;
    fclose(f);
    for (int i = 0; i < t.n; i++)
        number[t.letter[i]] = 0;
    for (int i = 0; i < 256; i++)
        if (number[i] == 0)
            number[i] = t.words++;
    for (int i = 0; i < t.n; i++)
        t.letter[i] = number[t.letter[i]];
    t.training = t.n - t.n / 10;
    return t;
}

// Sequences that a step learns from, and what follows each letter.
static void draw_batch(const struct text *text, const struct letters *l,
                       int run, int64_t step, int *token, int *target)
{
    struct random r = stream("text-batch", (uint32_t)(run << 24 | step));
    for (int i = 0; i < TEXT_SHARES * l->sequences; i++) {
        int from = (int)below(&r, (uint32_t)(text->training - l->length));
        for (int j = 0; j < l->length; j++) {
            *token++ = text->letter[from + j];
            *target++ = text->letter[from + j + 1];
        }
    }
}

static int windows(const struct text *text, int length)
{
    return (text->n - 1 - text->training) / length;
}

// The mean loss over the held-out windows, in the training form.
static double held_out(struct letters *l, const struct text *text)
{
    int count = windows(text, l->length), at = l->sequences;
    double *loss = vector((int64_t)count * l->length), sum = 0;
#pragma omp parallel for schedule(dynamic)
    for (int s = 0; s < TEXT_SHARES; s++)
        for (int i = s * at; i < count; i += TEXT_SHARES * at) {
            int n = count - i < at ? count - i : at;
            const int *from = text->letter + text->training + i * l->length;
            text_forward(l, n, from, l->pass + s);
            cross_entropy(n * l->length, l->words, l->pass[s].logits, from + 1,
                          1, loss + (int64_t)i * l->length, NULL);
        }
    for (int i = 0; i < count * l->length; i++)
        sum += loss[i];
    free(loss);
    return sum / (count * l->length);
}

static int text_steps(void)
{
    return quick ? 12 : text_par.steps;
}

static int course_stride(void)
{
    return text_steps() > COURSE ? text_steps() / COURSE : 1;
}

// A recorded check trains to the second point of the course.
static int last_step(void)
{
    return recorded_check ? 2 * course_stride() : text_steps();
}

static struct checkpoint letters_checkpoint(struct letters *l, int run,
                                            char kind[40])
{
    snprintf(kind, 40, "letters %d: %d x %d x %d", run, text_steps(),
             TEXT_SHARES * l->sequences, l->length);
    return (struct checkpoint){
        .kind = kind, .n = l->n + 2 * COURSE, .w = l->w, .m = l->m, .v = l->v};
}

static const char *checkpoint_path(int run)
{
    static char path[1000];
    if (mkdir(text_par.folder, 0777) != 0 && errno != EEXIST)
        die("%s: cannot be made: %s", text_par.folder, strerror(errno));
    snprintf(path, sizeof path, "%s/%d", text_par.folder, run);
    return path;
}

// One step more, of a batch that depends on its number alone.
static double text_step_of(struct letters *l, const struct text *text, int run,
                           int64_t t)
{
    int rows = TEXT_SHARES * l->sequences * l->length, steps = text_steps();
    int token[rows], target[rows];
    draw_batch(text, l, run, t, token, target);
    double loss = text_gradient(l, token, target);
    struct adam a = {cosine_rate(t, steps / 10, steps, 3e-3, 3e-4), 0.9, 0.99,
                     1e-8, 0.1};
    adam(a, t, l->n, l->w, l->dw, l->m, l->v);
    return loss;
}

// From the last checkpoint, if there is one, to the end.  The course, losses of
// training and of the held-out text at every stride, stands behind the weights.
static void train_letters(struct letters *l, const struct text *text, int run)
{
    char kind[40];
    struct checkpoint c = letters_checkpoint(l, run, kind);
    float *course = l->w + l->n;
    int steps = text_steps(), stride = course_stride();
    if (!recorded_check && !quick)
        load_checkpoint(checkpoint_path(run), &c);
    for (int64_t t = c.step + 1; t <= last_step(); t++) {
        int64_t point = (t - 1) / stride;
        double loss = text_step_of(l, text, run, t);
        progress("text", run * (int64_t)steps + t,
                 text_par.seeds * (int64_t)steps);
        if (point >= COURSE)
            continue;
        course[2 * point] += (float)(loss / stride);
        if (t % stride != 0)
            continue;
        course[2 * point + 1] = (float)held_out(l, text);
        c.step = t;
        if (!recorded_check && !quick)
            save_checkpoint(checkpoint_path(run), &c);
    }
}

// The readings, of which the first is what the others are compared with.
static const struct reading readings[] = {
    {"naive", "fp64", 0, 0, AS_IT_IS},
    {"absorbed", "fp64", 1, 0, AS_IT_IS},
    {"naive", "fp32", 0, 1, AS_IT_IS},
    {"absorbed", "fp32", 1, 1, AS_IT_IS},
    {"naive, bf16 cache", "fp32", 0, 1, AS_BF16},
    {"absorbed, bf16 cache", "fp32", 1, 1, AS_BF16},
    {"absorbed, int8 cache", "fp32", 1, 1, AS_INT8},
};
enum { READINGS = sizeof readings / sizeof *readings };

// Every reading's logits of the held-out text: [reading][position][v].
static double *read_all_ways(const struct letters *l, const struct text *text)
{
    int count = windows(text, l->length), n = l->length;
    int64_t size = (int64_t)count * n * l->words;
    double *logits = vector(READINGS * size);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < READINGS * count; i++)
        text_logits(l, readings + i / count, n,
                    text->letter + text->training + i % count * n,
                    logits + i / count * size +
                        (int64_t)(i % count) * n * l->words);
    return logits;
}

// Differences of reading b from reading a, added to d.
static void compare_readings(const struct letters *l, const struct text *text,
                             const double *logits, int a, int b,
                             struct differences *d)
{
    int64_t n = (int64_t)windows(text, l->length) * l->length, v = l->words;
    for (int64_t i = 0; i < n; i++)
        compare_logits(l->words, logits + (a * n + i) * v,
                       logits + (b * n + i) * v,
                       text->letter[text->training + i + 1], d);
}

static void reading_row(struct table *t, int run, const char *reader,
                        const char *precision, const struct differences *d)
{
    double n = (double)d->positions;
    row(t, "%d\t%s\t%s\t%.9g\t%.9g\t%.9g\t%lld\t%lld\t%.9g\t%lld", run, reader,
        precision, d->loss / n, 100 * d->right / n, d->most,
        (long long)d->flips, (long long)d->ties, d->widest,
        (long long)d->positions);
}

// The lead of the best letter, and how far the two forms in floats differ, at
// every so many positions.
static void gap_rows(struct table *t, const struct letters *l,
                     const struct text *text, const double *logits)
{
    int64_t n = (int64_t)windows(text, l->length) * l->length, v = l->words;
    for (int64_t i = 0; i < n; i += 1 + n / 2000) {
        const double *x = logits + i * v;
        const double *a = logits + (2 * n + i) * v;
        const double *b = logits + (3 * n + i) * v;
        struct differences d = {0};
        compare_logits(l->words, a, b, 0, &d);
        row(t, "%.9g\t%.9g\t%lld", lead(l->words, x), d.most,
            (long long)d.flips);
    }
}

// What a run gives: its course, and what each reading differs by; behind them
// floats by one form against floats by the other.
struct run_of_text {
    float course[2 * COURSE];
    struct differences d[READINGS + 1];
};

static void read_run(const struct text *text, int run, const struct letters *l,
                     struct run_of_text *r, struct table *gaps)
{
    double *logits = read_all_ways(l, text);
    for (int i = 0; i < READINGS; i++)
        compare_readings(l, text, logits, 0, i, r->d + i);
    compare_readings(l, text, logits, 2, 3, r->d + READINGS);
    if (run == 0) {
        gap_rows(gaps, l, text, logits);
        value("text_parameters", (double)l->n, 0, 1, "1", EXACT);
    }
    free(logits);
}

static void run_text(const struct text *text, int run, struct run_of_text *r,
                     struct table *gaps)
{
    int length = quick ? 24 : text_par.length;
    int batch = quick ? TEXT_SHARES : text_par.batch;
    struct letters *l = new_letters(text->words, length, batch, (uint32_t)run);
    train_letters(l, text, run);
    memcpy(r->course, l->w + l->n, sizeof r->course);
    if (!recorded_check)
        read_run(text, run, l, r, gaps);
    free_letters(l);
}

static void course_rows(int seeds, const struct run_of_text run[seeds])
{
    struct table *t =
        table("text-training", "run\tstep\tloss [nat]\theld_out [nat]");
    for (int s = 0; s < seeds; s++)
        for (int i = 0; i < COURSE && (i + 1) * course_stride() <= last_step();
             i++)
            row(t, "%d\t%d\t%.9g\t%.9g", s, (i + 1) * course_stride(),
                run[s].course[2 * i], run[s].course[2 * i + 1]);
    done(t);
}

static void reading_rows(int seeds, const struct run_of_text run[seeds])
{
    struct table *t =
        table("text", "run\tform\tprecision\tloss [nat]\tright [%]\t"
                      "difference\tflips\tties\twidest\tpositions");
    for (int s = 0; s < seeds; s++) {
        for (int i = 0; i < READINGS; i++)
            reading_row(t, s, readings[i].form, readings[i].precision,
                        run[s].d + i);
        reading_row(t, s, "naive to absorbed", "fp32", run[s].d + READINGS);
    }
    done(t);
}

static void text_value(const char *name, const char *unit, int seeds,
                       const double x[seeds])
{
    struct mean m = mean(seeds, x);
    value(name, m.mean, m.se, m.runs, unit, TRAINED);
}

static void text_verdicts(int seeds, const struct run_of_text run[seeds])
{
    double loss[seeds], bf16[seeds], int8[seeds], right[seeds], most = 0;
    double exact = 0, apart = 0, gap = 0;
    int64_t flips = 0, broken = 0, exact_flips = 0, positions = 0;
    for (int s = 0; s < seeds; s++) {
        const struct differences *d = run[s].d, *pair = d + READINGS;
        double n = (double)d->positions;
        loss[s] = d[0].loss / n, right[s] = 100 * d[0].right / n;
        bf16[s] = (d[5].loss - d[0].loss) / n;
        int8[s] = (d[6].loss - d[0].loss) / n;
        most = fmax(most, pair->most), exact = fmax(exact, d[1].most);
        apart = fmax(apart, fabs(d[3].loss - d[2].loss) / n);
        gap = fmax(gap, fmax(d[2].widest, d[3].widest));
        positions += d->positions, exact_flips += d[1].flips;
        flips += pair->flips;
        for (int i = 2; i < 4; i++)
            broken += d[i].flips - d[i].ties;
    }
    text_value("text_loss", "nat", seeds, loss);
    text_value("text_right", "%", seeds, right);
    text_value("text_loss_bf16", "nat", seeds, bf16);
    text_value("text_loss_int8", "nat", seeds, int8);
    value("text_difference", most, most, seeds, "1", TRAINED);
    value("text_difference_fp64", exact, exact, seeds, "1", TRAINED);
    value("text_loss_apart", apart, apart, seeds, "nat", TRAINED);
    value("text_flips", (double)flips, sqrt((double)flips + 1), seeds, "1",
          TRAINED);
    value("text_widest_flip", gap, gap, seeds, "1", TRAINED);
    value("text_positions", (double)positions, 0, 1, "1", EXACT);
    value("text_tie", TIE, 0, 1, "1", EXACT);
    claim("text-fp64", EQUAL, (double)exact_flips, 0, seeds, 0, 0,
          "flips are counted");
    claim("text-argmax", EQUAL, (double)broken, 0, seeds, 0, 0,
          "flips are counted; what a tie is was set before");
    claim("text-difference", AT_MOST, most, 0, seeds, TIE / 2, 0,
          "the largest of all logits of all runs");
}

// A model of letters with one layer of MLA, trained, and the held-out text read
// by both forms.  A recorded check repeats the start of the first training: what
// the readings differ by is rounding, which no two compilers round alike.
static void text_experiment(void)
{
    struct text text = read_text();
    int seeds = recorded_check ? 1 : quick ? 2 : text_par.seeds;
    struct run_of_text run[seeds];
    memset(run, 0, sizeof run);
    if (quick && text.n > 20000)
        text.training = text.n - 2000;
    struct table *gaps = table("text-gaps", "gap\tdifference\tflipped");
    for (int s = 0; s < seeds; s++)
        run_text(&text, s, run + s, gaps);
    done(gaps);
    course_rows(seeds, run);
    if (!recorded_check) {
        reading_rows(seeds, run);
        value("text_letters", text.words, 0, 1, "1", EXACT);
        value("text_steps", text_steps(), 0, 1, "1", EXACT);
        text_verdicts(seeds, run);
    }
    for (int s = 0; s < seeds && !recorded_check && !quick; s++)
        remove(checkpoint_path(s));
    free(text.letter);
}
