// Attention as a recurrent reader that turns back its pages: what it computes,
// what it keeps, and what the turning costs.
//
//     cc -O3 -march=native -fopenmp rnn.c -lm
//
//     readers       the recurrence, its stable form, merges, the delta form
//     states        linear attention and the delta rule, which ask no query
//     model         a small transformer, of weights that are only read
//     generators    the zero cache, what may be kept, in place, cached keys
//     counts        big integers and binomials: rnn-count.c
//     machines      2^x on a tape and in fixed memory, and their trials:
//                   rnn-tape.c
//     experiments   of readers and generators: rnn-trials.c
//     calculators   cost, stream, attend, power
#include "lab/lab.h"
#include "tile/math.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Every field is a --set.
static struct {
    int draws, trials, width, layers, tokens, power;
} par = {.draws = 4,
         .trials = 16,
         .width = 16,
         .layers = 5,
         .tokens = 64,
         .power = 1024};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

// The larger of two errors; once one is not a number, the answer is not either.
static double worse(double a, double b)
{
    return isnan(a) || a >= b ? a : b;
}

static double inner(int d, const double a[d], const double b[d])
{
    double s = 0;
    for (int c = 0; c < d; c++)
        s += a[c] * b[c];
    return s;
}

// ---- readers: one query, keys passing by ------------------------------------

// Two passes over n scores and values [n][d]: the largest score, then the sums.
// The logarithm of the sum of exponentials.  eq:causal-attention
static double attend_batch(int n, int d, const double s[n], const double *v,
                           double o[d])
{
    double m = s[0], z = 0;
    for (int j = 1; j < n; j++)
        m = fmax(m, s[j]);
    memset(o, 0, (size_t)d * sizeof *o);
    for (int j = 0; j < n; j++) {
        double w = exp(s[j] - m);
        z += w;
        for (int c = 0; c < d; c++)
            o[c] += w * v[(int64_t)j * d + c];
    }
    for (int c = 0; c < d; c++)
        o[c] /= z;
    return m + log(z);
}

// Row i of n sees keys 0 ... i.  q, k, v and o [n][d].  eq:causal-attention
static void causal_attention(int n, int d, double scale, const double *q,
                             const double *k, const double *v, double *o)
{
    double *s = vector(n);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++)
            s[j] = scale * inner(d, q + (int64_t)i * d, k + (int64_t)j * d);
        attend_batch(i + 1, d, s, v, o + (int64_t)i * d);
    }
    free(s);
}

// One key of score s and value v read as the sum is written: nothing keeps e^s
// from overflowing.  The answer is y / z.  eq:recurrence
static void read_direct(int d, double s, const double v[d], double *z,
                        double y[d])
{
    double w = exp(s);
    *z += w;
    for (int c = 0; c < d; c++)
        y[c] += w * v[c];
}

// The same with everything over e^m, m the largest score so far; before the
// first, m is -infinity and the rest zero.  A key of score -infinity has no
// weight.  eq:running-max
static void read_stable(int d, double s, const double v[d], double *m,
                        double *z, double y[d])
{
    if (s == -INFINITY) // or it would be less than itself by NaN
        return;
    double top = fmax(*m, s), keep = exp(*m - top), w = exp(s - top);
    *m = top;
    *z = *z * keep + w;
    for (int c = 0; c < d; c++)
        y[c] = y[c] * keep + w * v[c];
}

// What two readers of different keys know together, left in the first.
// eq:merge
static void merge(int d, double *m, double *z, double y[d], double m2,
                  double z2, const double y2[d])
{
    if (m2 == -INFINITY) // it has read nothing
        return;
    double top = fmax(*m, m2), keep = exp(*m - top), join = exp(m2 - top);
    *m = top;
    *z = *z * keep + z2 * join;
    for (int c = 0; c < d; c++)
        y[c] = y[c] * keep + y2[c] * join;
}

// The state is the answer o itself and the level, the logarithm of the sum of
// exponentials, -infinity before the first key: each key draws the answer
// towards its value.  The key's weight.  eq:delta
static double read_delta(int d, double s, const double v[d], double *level,
                         double o[d])
{
    double over = s - *level, weight = 1 / (1 + exp(-over));
    *level = fmax(s, *level) + log1p(exp(-fabs(over)));
    for (int c = 0; c < d; c++)
        o[c] += weight * (v[c] - o[c]);
    return weight;
}

// What is left of each key's weight when all n have been read.
// eq:delta-weights
static void delta_weights(int n, const double s[n], double w[n])
{
    double level = -INFINITY;
    for (int i = 0; i < n; i++)
        w[i] = read_delta(0, s[i], 0, &level, 0);
    double left = 1;
    for (int i = n - 1; i >= 0; i--) {
        double a = w[i];
        w[i] *= left;
        left *= 1 - a;
    }
}

// How often a new key is the largest so far, in n of random order: the t-th is
// with probability 1/t.  eq:records
static double expected_records(int n)
{
    double h = 0;
    for (int t = n; t > 0; t--) // smallest first
        h += 1.0 / t;
    return h;
}

#include "rnn-single.c"

// ---- states that ask no query -----------------------------------------------

// State s [d][e] and z [d] after a key and its value; features are the key's
// own.  One scan serves all queries.  eq:linear-state
static void read_linear(int d, int e, const double k[d], const double v[e],
                        double *s, double z[d])
{
    for (int a = 0; a < d; a++) {
        z[a] += k[a];
        for (int c = 0; c < e; c++)
            s[(int64_t)a * e + c] += k[a] * v[c];
    }
}

// What the state says to a query, and what that is to be divided by.
// eq:linear-state
static double ask_linear(int d, int e, const double q[d], const double *s,
                         const double z[d], double o[e])
{
    memset(o, 0, (size_t)e * sizeof *o);
    for (int a = 0; a < d; a++)
        for (int c = 0; c < e; c++)
            o[c] += q[a] * s[(int64_t)a * e + c];
    return inner(d, q, z);
}

// The state says v to the unit key k from now on: what it said before is taken
// out.
static void read_delta_rule(int d, int e, const double k[d], const double v[e],
                            double *s)
{
    double said[e];
    memset(said, 0, sizeof said);
    for (int a = 0; a < d; a++)
        for (int c = 0; c < e; c++)
            said[c] += k[a] * s[(int64_t)a * e + c];
    for (int a = 0; a < d; a++)
        for (int c = 0; c < e; c++)
            s[(int64_t)a * e + c] += k[a] * (v[c] - said[c]);
}

// ---- the model: what is only read -------------------------------------------

// Rows times matrices: y = x W.  q, k, v, o [d][d], up [d][f], down [f][d].
struct layer {
    double *q, *k, *v, *o, *up, *down;
};

struct model {
    int layers, width, heads, middle; // L, d, H, f
    const unsigned char *text;        // what was written so far: the disk
    double *table, *places;           // tokens, positions [256][d]
    struct layer *layer;              // [L]
};

static struct model *new_model(int layers, int width, int heads, int middle)
{
    struct model *m = calloc(1, sizeof *m);
    struct layer *all = calloc((size_t)layers, sizeof *all);
    if (!m || !all)
        die("no memory for a model of %d layers", layers);
    int64_t square = (int64_t)width * width, side = (int64_t)width * middle;
    *m = (struct model){layers, width, heads, middle, .layer = all};
    m->table = vector(256 * (int64_t)width);
    m->places = vector(256 * (int64_t)width);
    for (int l = 0; l < layers; l++) {
        double *w = vector(4 * square + 2 * side);
        all[l] = (struct layer){w,
                                w + square,
                                w + 2 * square,
                                w + 3 * square,
                                w + 4 * square,
                                w + 4 * square + side};
    }
    return m;
}

static void free_model(struct model *m)
{
    for (int l = 0; l < m->layers; l++)
        free(m->layer[l].q);
    free(m->layer);
    free(m->table);
    free(m->places);
    free(m);
}

// Weights of variance 1/d, so that a row keeps its length.
static struct model *random_model(int layers, int width, int heads, int middle)
{
    struct model *m = new_model(layers, width, heads, middle);
    struct random r = stream("weights", (uint32_t)layers);
    int64_t square = (int64_t)width * width, side = (int64_t)width * middle;
    normals(&r, 256 * (int64_t)width, m->table);
    for (int i = 0; i < 256 * width; i++) {
        int at = i / width, c = i % width;
        double wave = pow(1e4, -(double)(c - c % 2) / width);
        m->places[i] = sin(at * wave + c % 2 * M_PI / 2);
    }
    for (int l = 0; l < layers; l++) {
        double *w = m->layer[l].q;
        normals(&r, 4 * square + 2 * side, w);
        for (int64_t i = 0; i < 4 * square + 2 * side; i++)
            w[i] /= sqrt(i < 4 * square + side ? width : middle);
    }
    return m;
}

// The row of position i, its token's and its place's.
static void embedding(const struct model *m, int i, double x[])
{
    int64_t d = m->width;
    for (int64_t c = 0; c < d; c++)
        x[c] = m->table[m->text[i] * d + c] + m->places[i * d + c];
}

// y = x W or, if `add`, y += x W: x [n][p], W [p][q], y [n][q].
static void rows_times(int n, int p, int q, const double *x, const double *w,
                       double *y, int add)
{
    if (!add)
        memset(y, 0, (size_t)n * (size_t)q * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        for (int64_t a = 0; a < p; a++)
            for (int64_t c = 0; c < q; c++)
                y[i * q + c] += x[i * p + a] * w[a * q + c];
}

// Columns of head a, out of rows of all heads or, if `back`, into them.
static void head_columns(int n, int d, int e, int a, double *all, double *one,
                         int back)
{
    for (int64_t i = 0; i < n; i++)
        for (int c = 0; c < e; c++)
            *(back ? all + i * d + (int64_t)a * e + c : one + i * e + c) =
                *(back ? one + i * e + c : all + i * d + (int64_t)a * e + c);
}

// A layer as it is usually computed: all n positions at once, x [n][d] to what
// is behind the layer.  No generator shares a line with it.  eq:layers
static void layer_at_once(const struct model *m, const struct layer *w, int n,
                          double *x)
{
    int d = m->width, e = d / m->heads, f = m->middle;
    int64_t size = (int64_t)n * d, part = (int64_t)n * e;
    double *q = vector(4 * size + 4 * part), *k = q + size, *v = k + size,
           *o = v + size, *one = o + size, *wide = vector((int64_t)n * f);
    rows_times(n, d, d, x, w->q, q, 0);
    rows_times(n, d, d, x, w->k, k, 0);
    rows_times(n, d, d, x, w->v, v, 0);
    for (int a = 0; a < m->heads; a++) {
        double *all[] = {q, k, v};
        for (int i = 0; i < 3; i++)
            head_columns(n, d, e, a, all[i], one + i * part, 0);
        causal_attention(n, e, 1 / sqrt(e), one, one + part, one + 2 * part,
                         one + 3 * part);
        head_columns(n, d, e, a, o, one + 3 * part, 1);
    }
    rows_times(n, d, d, o, w->o, x, 1);
    rows_times(n, d, f, x, w->up, wide, 0);
    for (int64_t i = 0; i < (int64_t)n * f; i++)
        wide[i] = tanh(wide[i]);
    rows_times(n, f, d, wide, w->down, x, 1);
    free(q);
    free(wide);
}

// All layers: the answers [n][d].
static void model_at_once(const struct model *m, int n, double *x)
{
    for (int i = 0; i < n; i++)
        embedding(m, i, x + (int64_t)i * m->width);
    for (int l = 0; l < m->layers; l++)
        layer_at_once(m, &m->layer[l], n, x);
}

// ---- a generator, and what it works in --------------------------------------

// All that is written to while a generator works, taken and given back like a
// stack; `high` is the most that was ever in use.
struct arena {
    double *x;
    int64_t size, used, high;
};

static double *take(struct arena *a, int64_t n)
{
    double *x = a->x + a->used;
    a->used += n;
    a->high = a->used > a->high ? a->used : a->high;
    require(a->used <= a->size);
    return x;
}

static void give(struct arena *a, int64_t n)
{
    a->used -= n;
}

// How a layer is read: keys and values made of every row that comes in, or the
// query made to fit the rows, or itself made again for each of them, or its row
// called for twice.
enum way { PLAIN, ABSORBED, REDERIVED, CARELESS };

struct tally {
    int64_t steps, evaluations, reads, products; // products: multiply-adds
};

// What a generator keeps of the past is the input of every `group`-th layer at
// every `every`-th position: with group = L, nothing.
struct generator {
    const struct model *model;
    enum way way;
    int group, every, positions; // positions: kept of each kept layer
    struct arena arena;
    double *kept, *row, *other, *third, *middle; // rows of the scratch
    int *filled;                                 // positions kept so far
    struct tally count;
    struct table *trace; // where calls are written down, if anywhere
};

// A layer at work: the row and the query of its position, and what the scan
// carries, a maximum and a sum a head.  With rows of its own for each head, if
// absorbed, in q and y.
struct frame {
    double *h, *q, *y, *m, *z;
};

// Numbers in a frame; L frames are at work at once.  eq:frame-floats
static int64_t frame_floats(const struct model *m, enum way way)
{
    int64_t d = m->width, H = m->heads;
    if (way == ABSORBED)
        return d + 2 * H * d + 2 * H;
    return (way == REDERIVED ? 2 : 3) * d + 2 * H;
}

// Rows that all frames share: the one that comes in, one product of it, the
// layer's middle; and a query, where it is made again.  eq:scratch-floats
static int64_t scratch_floats(const struct model *m, enum way way)
{
    return (way == REDERIVED ? 3 : 2) * m->width + m->middle;
}

// Numbers of the past that are kept when n positions are.
static int64_t kept_floats(const struct model *m, int group, int every, int n)
{
    return (int64_t)((m->layers - 1) / group) * (n / every) * m->width;
}

static struct generator *new_generator(const struct model *m, enum way way,
                                       int group, int every, int n,
                                       int64_t more)
{
    struct generator *g = calloc(1, sizeof *g);
    int *filled = calloc((size_t)m->layers, sizeof *filled);
    if (!g || !filled)
        die("no memory for a generator");
    int64_t kept = kept_floats(m, group, every, n);
    int64_t size =
        kept + more + scratch_floats(m, way) + m->layers * frame_floats(m, way);
    *g = (struct generator){m,
                            way,
                            group,
                            every,
                            n / every,
                            {vector(size), size, 0, 0},
                            .filled = filled};
    g->row = take(&g->arena, m->width);
    g->other = take(&g->arena, m->width);
    g->middle = take(&g->arena, m->middle);
    g->third = take(&g->arena, way == REDERIVED ? m->width : 0);
    g->kept = take(&g->arena, kept);
    return g;
}

static void free_generator(struct generator *g)
{
    free(g->arena.x);
    free(g->filled);
    free(g);
}

// What was used, but for the scratch.
static int64_t floats_used(const struct generator *g)
{
    return g->arena.high - scratch_floats(g->model, g->way);
}

// y = x W or, if `add`, y += x W: x [p], W [p][q].
static void times(struct generator *g, int p, int q, const double *x,
                  const double *w, double *y, int add)
{
    g->count.products += (int64_t)p * q;
    if (!add)
        memset(y, 0, (size_t)q * sizeof *y);
    for (int a = 0; a < p; a++)
        for (int c = 0; c < q; c++)
            y[c] += x[a] * w[(int64_t)a * q + c];
}

// ---- one layer at one position ----------------------------------------------

// A frame, each part taken from the arena by itself, so that what is used is
// measured and not the formula again.
static struct frame push(struct generator *g)
{
    int d = g->model->width, H = g->model->heads;
    int wide = g->way == ABSORBED ? H * d : d;
    struct frame f;
    f.h = take(&g->arena, d);
    f.y = take(&g->arena, wide);
    f.m = take(&g->arena, H);
    f.z = take(&g->arena, H);
    f.q = g->way == REDERIVED ? g->third : take(&g->arena, wide);
    return f;
}

// Gives back the frame, which is the last.
static void pop(struct generator *g, struct frame f)
{
    give(&g->arena, g->arena.x + g->arena.used - f.h);
}

// The query of head a made to fit the rows themselves: q W_k^T, by that head's
// columns alone.  eq:absorbed
static void absorb_query(struct generator *g, const struct layer *w,
                         const double *q, double *fit)
{
    int d = g->model->width, H = g->model->heads, e = d / H;
    for (int a = 0; a < H; a++)
        for (int c = 0; c < d; c++)
            fit[a * d + c] = inner(e, q + (int64_t)a * e,
                                   w->k + (int64_t)c * d + (int64_t)a * e);
    g->count.products += (int64_t)d * d;
}

// The scan begins: the query of the row that has come in, which is kept.
static void begin(struct generator *g, const struct layer *w, struct frame f)
{
    int d = g->model->width, H = g->model->heads;
    memcpy(f.h, g->row, (size_t)d * sizeof *f.h);
    if (g->way == ABSORBED) {
        times(g, d, d, f.h, w->q, g->other, 0);
        absorb_query(g, w, g->other, f.q);
    } else if (g->way != REDERIVED) {
        times(g, d, d, f.h, w->q, f.q, 0);
    }
    for (int a = 0; a < H; a++) {
        f.m[a] = -INFINITY;
        f.z[a] = 0;
    }
    memset(f.y, 0, (size_t)(g->way == ABSORBED ? H * d : d) * sizeof *f.y);
}

// A step of the scan, for all heads: the row that has come in gives its key,
// and then, in the same place, its value; or it is both.  eq:absorbed
static void step(struct generator *g, const struct layer *w, struct frame f)
{
    int d = g->model->width, H = g->model->heads, e = d / H;
    int absorbed = g->way == ABSORBED, wide = absorbed ? d : e;
    double scale = 1 / sqrt(e), s[H];
    g->count.steps++;
    g->count.products += 2 * (absorbed ? (int64_t)H * d : d);
    if (g->way == REDERIVED)
        times(g, d, d, f.h, w->q, f.q, 0);
    if (!absorbed)
        times(g, d, d, g->row, w->k, g->other, 0);
    for (int a = 0; a < H; a++)
        s[a] = scale * inner(wide, f.q + (int64_t)a * wide,
                             absorbed ? g->row : g->other + (int64_t)a * e);
    if (!absorbed)
        times(g, d, d, g->row, w->v, g->other, 0);
    for (int a = 0; a < H; a++)
        read_stable(wide, s[a], absorbed ? g->row : g->other + (int64_t)a * e,
                    f.m + a, f.z + a, f.y + (int64_t)a * wide);
}

// What the scan found, as a row: the values' matrix applied once, if it has not
// been before.  eq:absorbed
static const double *found(struct generator *g, const struct layer *w,
                           struct frame f)
{
    int d = g->model->width, H = g->model->heads, e = d / H;
    int wide = g->way == ABSORBED ? d : e;
    for (int a = 0; a < H; a++)
        for (int c = 0; c < wide; c++)
            f.y[a * wide + c] /= f.z[a];
    if (g->way != ABSORBED)
        return f.y;
    memset(g->other, 0, (size_t)d * sizeof *g->other);
    for (int a = 0; a < H; a++)
        for (int c = 0; c < d; c++)
            for (int b = a * e; b < a * e + e; b++)
                g->other[b] += f.y[a * d + c] * w->v[(int64_t)c * d + b];
    g->count.products += (int64_t)d * d;
    return g->other;
}

// The layer's own row is what came in, plus what was found, plus a layer of
// tanh of that.  out may be the row that comes in.  eq:layers
static void finish(struct generator *g, const struct layer *w, struct frame f,
                   double *out)
{
    int d = g->model->width, p = g->model->middle;
    g->count.evaluations++;
    times(g, d, d, found(g, w, f), w->o, f.h, 1);
    times(g, d, p, f.h, w->up, g->middle, 0);
    for (int c = 0; c < p; c++)
        g->middle[c] = tanh64(g->middle[c]);
    memcpy(out, f.h, (size_t)d * sizeof *out);
    times(g, p, d, g->middle, w->down, out, 1);
}

// ---- generators -------------------------------------------------------------

// Where row i behind layer l is kept; null where it is not.
static double *place_kept(const struct generator *g, int l, int i, int *index)
{
    if (l == 0 || l == g->model->layers || l % g->group || (i + 1) % g->every)
        return 0;
    int64_t layer = l / g->group - 1;
    *index = (i + 1) / g->every - 1;
    return g->kept + (layer * g->positions + *index) * g->model->width;
}

static void hidden(struct generator *g, int l, int i, double *out);

// Layer l at position i by a scan that calls for every row it reads.  The
// query's own comes first, and so is called for once.
static void scan(struct generator *g, int l, int i, double *out)
{
    const struct layer *w = &g->model->layer[l - 1];
    struct frame f = push(g);
    if (g->way == CARELESS) {
        hidden(g, l - 1, i, g->row);
        begin(g, w, f);
    }
    for (int j = i; j >= 0; j--) {
        hidden(g, l - 1, j, g->row);
        if (j == i && g->way != CARELESS)
            begin(g, w, f);
        step(g, w, f);
    }
    finish(g, w, f, out);
    pop(g, f);
}

// The row behind layer l at position i: read off the disk, or from what is
// kept, or made again of all before it.
// eq:attention-steps eq:layer-evaluations eq:embedding-reads
static void hidden(struct generator *g, int l, int i, double *out)
{
    int at = 0, *filled = l ? &g->filled[l - 1] : 0;
    size_t size = (size_t)g->model->width * sizeof *out;
    double *kept = place_kept(g, l, i, &at);
    int64_t begun = g->count.reads;
    if (l == 0) {
        embedding(g->model, i, out);
        g->count.reads++;
    } else if (kept && at < *filled) {
        memcpy(out, kept, size);
    } else {
        scan(g, l, i, out);
        if (kept) {
            require(at == *filled);
            memcpy(kept, out, size);
            ++*filled;
        }
    }
    if (g->trace)
        row(g->trace, "%d\t%d\t%lld\t%lld", l, i + 1, (long long)begun,
            (long long)g->count.reads);
}

// The model's answer at position i, the ones before having been asked for if
// anything is kept.  Kept layers go first, so that only the frames between two
// of them are ever at work.
static void generate(struct generator *g, int i, double *out)
{
    int at, L = g->model->layers;
    for (int l = 1; l < L; l++)
        if (place_kept(g, l, i, &at))
            hidden(g, l, i, g->row);
    hidden(g, L, i, out);
}

// One layer at position i, from rows x [i+1][d] to `out`, which may be among
// them if it is the last.
static void layer_at(struct generator *g, int l, int i, const double *x,
                     double *out)
{
    const struct layer *w = &g->model->layer[l - 1];
    int d = g->model->width;
    struct frame f = push(g);
    for (int j = i; j >= 0; j--) {
        memcpy(g->row, x + (int64_t)j * d, (size_t)d * sizeof *x);
        if (j == i)
            begin(g, w, f);
        step(g, w, f);
    }
    finish(g, w, f, out);
    pop(g, f);
}

// All layers over n positions in one buffer x [n][d]: from the last position to
// the first, none is overwritten that is yet to be read.  eq:in-place-steps
static void in_place(struct generator *g, int n, double *x)
{
    int d = g->model->width;
    for (int i = 0; i < n; i++, g->count.reads++)
        embedding(g->model, i, x + (int64_t)i * d);
    for (int l = 1; l <= g->model->layers; l++)
        for (int i = n - 1; i >= 0; i--)
            layer_at(g, l, i, x, x + (int64_t)i * d);
}

// Position i with the keys and values of all before: kv [L][2][n][d].
static void kv_cached(struct generator *g, int n, int i, double *kv,
                      double *out)
{
    int d = g->model->width, H = g->model->heads, e = d / H;
    embedding(g->model, i, g->row);
    g->count.reads++;
    for (int l = 0; l < g->model->layers; l++) {
        const struct layer *w = &g->model->layer[l];
        double *k = kv + (int64_t)l * 2 * n * d, *v = k + (int64_t)n * d;
        struct frame f = push(g);
        begin(g, w, f);
        times(g, d, d, g->row, w->k, k + (int64_t)i * d, 0);
        times(g, d, d, g->row, w->v, v + (int64_t)i * d, 0);
        for (int j = i; j >= 0; j--) {
            g->count.steps++;
            g->count.products += (int64_t)2 * d;
            for (int a = 0; a < H; a++) {
                int64_t at = (int64_t)j * d + (int64_t)a * e;
                double s = inner(e, f.q + (int64_t)a * e, k + at) / sqrt(e);
                read_stable(e, s, v + at, f.m + a, f.z + a,
                            f.y + (int64_t)a * e);
            }
        }
        finish(g, w, f, g->row);
        pop(g, f);
    }
    memcpy(out, g->row, (size_t)d * sizeof *out);
}

#include "rnn-count.c"
#include "rnn-tape.c"
#include "rnn-trials.c"
#include "rnn-fast.c"
#include "rnn-train.c"

// ---- calculators ------------------------------------------------------------

// Every field is an option.
static struct {
    const char *form;
    int64_t layers, tokens, width, heads, segments, x, keys;
} ask = {.form = "batch", .width = 64, .heads = 1, .segments = 2};

// A count with the factors that are not in it yet; the number it was is gone.
static struct natural times_more(struct natural a, int64_t m, int64_t b)
{
    multiply(&a, (uint64_t)m, 0);
    multiply(&a, (uint64_t)b, 0);
    return a;
}

// Years at 10^9 steps a second, also where they are beyond all doubles; to be
// freed.
static char *years_of(const struct natural *steps)
{
    char *text = malloc(64);
    int64_t power;
    double lead = scientific(steps, &power) / (per_year / 1e16);
    power -= 16;
    while (lead && lead < 1) { // once: a year is between 10^16 and 10^17
        lead *= 10;
        power--;
    }
    if (!text)
        die("no memory for a number");
    if (power < 300)
        snprintf(text, 64, "%.6g", lead * pow(10, (double)power));
    else
        snprintf(text, 64, "%.5fe+%lld", lead, (long long)power);
    return text;
}

// One line of costs; the numbers are given back.
static void cost_line(const char *scheme, struct natural steps,
                      struct natural rows, struct natural reads,
                      struct natural numbers)
{
    struct natural *all[] = {&steps, &rows, &reads, &numbers};
    char *text[5];
    for (int i = 0; i < 4; i++)
        text[i] = decimal(all[i]);
    text[4] = years_of(&steps);
    print("%s\t%s\t%s\t%s\t%s\t%s", scheme, text[0], text[1], text[2], text[3],
          text[4]);
    for (int i = 0; i < 5; i++)
        free(text[i]);
    for (int i = 0; i < 4; i++)
        free(all[i]->group);
}

// The number of segments asked for, or the nearest below that divides L.
static int64_t divisor(int64_t L, int64_t c)
{
    c = c > L ? L : c;
    while (L % c)
        c--;
    return c;
}

static void cost(void)
{
    int64_t L = ask.layers, n = ask.tokens, d = ask.width;
    if (!given("layers") || !given("tokens"))
        usage("--%s: needed", given("layers") ? "tokens" : "layers");
    if (d % ask.heads)
        usage("--heads: must divide the width, %lld", (long long)d);
    int64_t c = divisor(L, ask.segments), g = L / c,
            one = 3 * d + 2 * ask.heads;
    struct natural kept = times_more(natural((uint64_t)(c - 1)), n, d);
    struct natural frames = times_more(natural((uint64_t)L), one, 1);
    add(&kept, &frames);
    heading("scheme\tattention_steps\tlayer_evaluations\tembedding_reads\t"
            "floats\tyears");
    cost_line("zero-cache", total_steps(L, n), total_evaluations(L, n),
              total_reads(L, n), frames);
    cost_line("in-place", in_place_steps(L, n),
              times_more(choose(n + 1, 2), L, 1), choose(n + 1, 2),
              times_more(natural((uint64_t)n), d, 1));
    cost_line("segments", segment_steps(L, n, c),
              times_more(total_evaluations(g, n), c, 1), total_reads(g, n),
              kept);
    cost_line("hidden-cache", cached_steps(L, n),
              times_more(natural((uint64_t)L), n, 1), choose(n + 1, 2),
              times_more(natural((uint64_t)(L - 1)), n, d));
    cost_line("kv-cache", cached_steps(L, n),
              times_more(natural((uint64_t)L), n, 1), natural((uint64_t)n),
              times_more(natural((uint64_t)(2 * L)), n, d));
}

// Numbers of an answer behind others on a line; what is none has overflowed.
static char *answer_of(int d, const double o[d], const char *file, int line)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    for (int c = 0; f && c < d; c++) {
        if (!isfinite(o[c]))
            usage("%s:%d: the answer is beyond all numbers", file, line);
        fprintf(f, "\t%.17g", o[c] + 0); // no -0
    }
    if (!f || fclose(f) != 0)
        die("no memory for a line of %d numbers", d);
    return text;
}

static void head_of_answers(const char *first, int d)
{
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    for (int c = 0; f && c < d; c++)
        fprintf(f, "\to%d", c);
    if (!f || fclose(f) != 0)
        die("no memory for a line of %d names", d);
    heading("%s%s", first, text);
    free(text);
}

static void stream_rows(void)
{
    struct rows in = read_rows(operand(0), 0);
    int d = in.width - 1;
    if (in.count && d < 1)
        usage("%s:%d: a score and no value", in.file, in.line[0]);
    double m = -INFINITY, z = 0, *y = vector(d), *o = vector(d);
    head_of_answers("max\tlogsumexp", d);
    for (int i = 0; i < in.count; i++) {
        const double *x = in.x + (int64_t)i * in.width;
        read_stable(d, x[0], x + 1, &m, &z, y);
        for (int c = 0; c < d; c++)
            o[c] = y[c] / z;
        char *text = answer_of(d, o, in.file, in.line[i]);
        print("%.17g\t%.17g%s", m, m + log(z), text);
        free(text);
    }
    free(y);
    free(o);
}

// Row i's scores of the keys up to i; one beyond all numbers is the reader's.
static void scores_of(struct rows in, int d, int i, double *s)
{
    for (int j = 0; j <= i; j++) {
        s[j] = inner(d, in.x + (int64_t)i * in.width,
                     in.x + (int64_t)j * in.width + d);
        if (!isfinite(s[j]))
            usage("%s:%d: the score of the key on line %d is beyond all "
                  "numbers",
                  in.file, in.line[i], in.line[j]);
    }
}

static void attend_rows(void)
{
    struct rows in = read_rows(operand(0), 0);
    int d = ask.keys ? (int)ask.keys : in.width / 3;
    int e = in.width - 2 * d;
    if (in.count && !ask.keys && in.width % 3)
        usage("%s:%d: %d numbers are no query, key and value of one width: "
              "--width says that of queries and keys",
              in.file, in.line[0], in.width);
    if (in.count && e < 1)
        usage("--width: %d and %d numbers leave no value of the %d on a line",
              d, d, in.width);
    enum form form = ask.form[0] == 'b'   ? BATCH
                     : ask.form[0] == 's' ? BY_MAX
                                          : BY_DELTA;
    double *s = vector(in.count), *o = vector(e);
    double *v = vector((int64_t)in.count * e);
    for (int i = 0; i < in.count; i++)
        memcpy(v + (int64_t)i * e,
               in.x + (int64_t)i * in.width + (int64_t)2 * d,
               (size_t)e * sizeof *v);
    head_of_answers("logsumexp", e);
    for (int i = 0; i < in.count; i++) {
        scores_of(in, d, i, s);
        double level = read_by(form, 1, i + 1, e, s, v, o);
        char *text = answer_of(e, o, in.file, in.line[i]);
        print("%.17g%s", level, text);
        free(text);
    }
    free(s);
    free(o);
    free(v);
}

static void power_of_two(void)
{
    if (!given("x"))
        usage("--x: needed");
    struct tape t = new_tape(ask.x);
    for (int64_t k = 0; k < ask.x; k++)
        double_on_tape(&t);
    char *text = last_on_tape(&t);
    heading("power\ttape");
    print("%s\t%lld", text, (long long)t.length);
    free(text);
    free(t.cell);
}

static void settings(void)
{
    setting("draws", &par.draws, "draws behind the errors of the forms");
    limits(1, 10000);
    setting("trials", &par.trials, "draws of pairs that are to be recalled");
    limits(2, 64);
    setting("width", &par.width, "width d of the models that are counted");
    limits(2, 1024);
    setting("layers", &par.layers, "layers L of the deepest of them");
    limits(1, 6);
    setting("tokens", &par.tokens, "tokens n that they answer, at most");
    limits(4, 128);
    setting("power", &par.power, "the largest x of 2^x on the tape");
    limits(100, 20000);
    setting("longest", &fast.longest, "positions, at most, that are timed");
    limits(128, 1 << 20);
    setting("zero_tokens", &fast.tokens, "tokens of the zero cache's time");
    limits(8, 256);
    setting("seeds", &taught.seeds, "trainings of each reader");
    limits(1, 100);
    setting("rounds", &taught.rounds, "steps of a reader's training");
    limits(1, INT_MAX);
    setting("rounds_bytes", &taught.rounds_bytes, "steps of the transformer's");
    limits(1, INT_MAX);
    setting("asked", &taught.asked, "new sequences of every length");
    limits(1, INT_MAX);
    setting("prompts", &taught.prompts, "verses that are continued");
    limits(1, 100);
    setting("written", &taught.written, "bytes written behind each");
    limits(1, BYTE_LENGTH - BYTE_PROMPT);
}

static void trials(void)
{
    experiment("agree", "all forms and merges give one answer", forms_agree);
    experiment("forms", "errors in float against the number of keys",
               form_errors);
    experiment("frozen", "equal scores, until floats stand still", frozen);
    experiment("extreme", "large scores under six forms", extreme_scores);
    experiment("orders", "rescales of keys in three orders", orders);
    experiment("small", "every count of small models", small_counts);
    experiment("counts", "counts and floats against the length", large_counts);
    experiment("convention", "the query's own row, called for twice",
               conventions);
    experiment("products", "multiply-adds of both ways", product_counts);
    experiment("trace", "the calls behind one answer", calls);
    experiment("overwriting", "layers in one buffer, two orders", overwriting);
    experiment("frontier", "steps against floats that are kept", frontier);
    experiment("recall", "pairs recalled by one pass and by many", recall);
    experiment("tape", "powers of two on a tape", powers);
    experiment("cliffs", "powers of two in fixed memory", cliffs);
    experiment("models", "the working memory of real models", real_models);
    experiment("years", "what the zero cache would take", years);
    experiment("random-text", "text by a random model, two ways", random_text);
    experiment("streaming-check", "attention that streams against doubles",
               streaming_check);
    experiment("absorbed-check", "the zero cache in floats, and its products",
               absorbed_check);
    recorded("flips", "a network that reads once, or turns back pages",
             learn_flips);
    recorded("bytes", "one text, with keys and values kept and without",
             learn_and_write);
    timing("resident", "time and pages of the zero cache", zero_cache_times);
    timing("streaming", "time of attention against n", streaming);
    timing("zero-cache-time", "the zero-cache generator at work",
           zero_cache_time);
}

static void calculators(void)
{
    calculator("cost", "",
               "what n tokens cost under five schemes; years at 10^9 steps a "
               "second",
               cost,
               "$ rnn cost --layers 4 --tokens 64\n"
               "scheme\tattention_steps\tlayer_evaluations\tembedding_reads\t"
               "floats\tyears\n"
               "zero-cache\t11238448\t814384\t10424128\t776\t3.56125e-10\n"
               "in-place\t183040\t8320\t2080\t4096\t5.80019e-12\n"
               "segments\t95680\t4288\t45760\t4872\t3.03192e-12\n"
               "hidden-cache\t8320\t256\t2080\t12288\t2.63645e-13\n"
               "kv-cache\t8320\t256\t64\t32768\t2.63645e-13\n");
    option("layers", &ask.layers, 0, "layers L of the model");
    limits(1, 10000);
    option("tokens", &ask.tokens, 0, "tokens n, generated one at a time");
    limits(1, 1e12);
    option("width", &ask.width, 0, "width d: a row that is kept has d floats");
    limits(1, 1e6);
    option("heads", &ask.heads, 0,
           "heads H, which divide d; a layer at work has 3d + 2H floats");
    limits(1, 1e6);
    option("segments", &ask.segments, 0,
           "segments C; if C does not divide L, the nearest below that does");
    limits(1, 10000);
    calculator("stream", "FILE|-",
               "attention as lines `score value...` come in", stream_rows,
               "$ printf '0 1 0\\n0 0 1\\n' | rnn stream -\n"
               "max\tlogsumexp\to0\to1\n0\t0\t1\t0\n"
               "0\t0.69314718055994529\t0.5\t0.5\n");
    calculator("attend", "FILE|-",
               "causal attention of lines `query key value`, by three forms",
               attend_rows,
               "$ printf '1 0 2\\n0 1 4\\n' | rnn attend --form stream -\n"
               "logsumexp\to0\n0\t2\n0.69314718055994529\t3\n");
    option("form", &ask.form, "batch|stream|delta",
           "two passes, the running maximum, or the gate");
    option("width", &ask.keys, 0,
           "numbers of a query, and of a key; the rest is the value; 0: all "
           "alike");
    limits(0, 1e6);
    calculator("power", "", "2^x by the tape machine, and its tape's length",
               power_of_two, "$ rnn power --x 10\npower\ttape\n1024\t23\n");
    option("x", &ask.x, 0, "the exponent");
    limits(0, 20000);
}

int main(int argc, char **argv)
{
    settings();
    trials();
    calculators();
    return lab(argc, argv);
}
