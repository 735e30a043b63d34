// rnn-train.c: trained models, a part of rnn.c: a recurrent network that reads
// once or turns back pages, and a transformer of bytes that generates with a
// cache and without.
#include "nn/nn.h"
#include "tile/math.h"
#include "tile/tile.h"

// Every field is a --set.
static struct {
    int seeds, rounds, asked, rounds_bytes, prompts, written;
} taught = {.seeds = 6,
            .rounds = 20000,
            .asked = 2048,
            .rounds_bytes = 2000,
            .prompts = 4,
            .written = 32};

// ---- pairs to remember ------------------------------------------------------

enum {
    VALUE_KINDS = 8,
    NO_VALUE = VALUE_KINDS
}; // the query has NO_VALUE for its value

// n pairs of different keys, and behind them one of the keys again, whose value
// is to be told; a column of arrays [n + 1][batch].
static int draw_recall(struct random *r, int keys, int n, int batch, int *key,
                       int *value)
{
    int order[keys], q = (int)below(r, (uint32_t)n);
    for (int i = 0; i < keys; i++)
        order[i] = i;
    for (int i = 0; i < n; i++) {
        int j = i + (int)below(r, (uint32_t)(keys - i)), k = order[j];
        order[j] = order[i], order[i] = k;
        key[i * batch] = k;
        value[i * batch] = (int)below(r, VALUE_KINDS);
    }
    key[n * batch] = key[q * batch];
    value[n * batch] = NO_VALUE;
    return value[q * batch];
}

// Which of n pairs, or as number n the query, is read at step t: one pass ends
// with the query, while a reader who turns back pages has it in mind and goes
// from the last pair to the first.  eq:page-flip
static int fed(int flips, int n, int t)
{
    return flips ? n - t : t;
}

// ---- the network ------------------------------------------------------------

// A GRU (Cho et al. 2014) whose input is a key and a value, each a row of its
// matrix; rows have 3 h numbers, for keeping, resetting and what is new.
struct gru_weights {
    float *key, *value, *again, *out, *bias;
};
struct gru {
    int keys, hidden;
    int64_t n;             // parameters
    float *w, *dw, *m, *v; // them, their gradient, and Adam's means
    struct gru_weights at, slope;
};

// What a pass over a batch leaves for the gradient: states h [t + 1][batch][h],
// gates and products with them [t][batch][3 h].
struct gru_pass {
    int batch, most, steps; // steps <= most
    int *key, *value, *right;
    float *state, *gate, *inner, *slope, *logits, *back;
};

static struct gru_weights gru_layout(const struct gru *g, float *w)
{
    int64_t wide = 3 * g->hidden, h = g->hidden;
    struct gru_weights a = {.key = w};
    a.value = a.key + g->keys * wide;
    a.again = a.value + (VALUE_KINDS + 1) * wide;
    a.out = a.again + h * wide;
    a.bias = a.out + h * VALUE_KINDS;
    return a;
}

static struct gru make_gru(int keys, int hidden, struct random *r)
{
    struct gru g = {.keys = keys, .hidden = hidden};
    float spread = 1 / sqrtf((float)hidden);
    g.n = (int64_t)(keys + VALUE_KINDS + 1 + hidden) * 3 * hidden +
          (hidden + 1) * VALUE_KINDS;
    g.w = floats(4 * g.n);
    memset(g.w, 0, (size_t)(4 * g.n) * sizeof *g.w);
    g.dw = g.w + g.n, g.m = g.dw + g.n, g.v = g.m + g.n;
    g.at = gru_layout(&g, g.w), g.slope = gru_layout(&g, g.dw);
    for (int64_t i = 0; i < g.n; i++)
        g.w[i] = spread * (float)(2 * uniform(r) - 1);
    return g;
}

static struct gru_pass make_gru_pass(const struct gru *g, int batch, int pairs)
{
    int64_t t = pairs + 1, b = batch, h = g->hidden;
    struct gru_pass p = {.batch = batch, .most = pairs + 1};
    p.key = calloc((size_t)((2 * t + 1) * b), sizeof *p.key);
    if (!p.key)
        die("no memory for %d sequences", batch);
    p.value = p.key + t * b, p.right = p.value + t * b;
    p.state = floats(b * ((t + 1) * h + 9 * t * h + VALUE_KINDS + 2 * h));
    p.gate = p.state + (t + 1) * b * h, p.inner = p.gate + 3 * t * b * h;
    p.slope = p.inner + 3 * t * b * h, p.logits = p.slope + 3 * t * b * h;
    p.back = p.logits + b * VALUE_KINDS;
    return p;
}

static void free_gru_pass(struct gru_pass *p)
{
    free(p->key);
    free(p->state);
}

// One step of n sequences: z keeps, r resets, c is new; input x W in gate,
// state times U in inner.  eq:gru
static void gru_step(int n, int h, const float *restrict inner,
                     const float *restrict before, float *restrict gate,
                     float *restrict after)
{
    for (int i = 0; i < n; i++, inner += 3 * h, gate += 3 * h) {
        for (int j = 0; j < 2 * h; j++)
            gate[j] = sigmoid32(gate[j] + inner[j]);
        const float *z = gate, *r = gate + h, *u = inner + 2 * h;
        float *c = gate + 2 * h;
        for (int j = 0; j < h; j++)
            c[j] = tanh32(c[j] + r[j] * u[j]);
        for (int j = 0; j < h; j++)
            after[i * h + j] = c[j] + z[j] * (before[i * h + j] - c[j]);
    }
}

// The step's gradient: dh, that of the state behind it, becomes the part that
// reached the state before it by z; those of x W and h U go where gate and
// inner were.  eq:gru-back
static void gru_step_back(int n, int h, float *restrict gate,
                          float *restrict inner, const float *restrict before,
                          float *restrict dh)
{
    for (int i = 0; i < n; i++, inner += 3 * h, gate += 3 * h)
        for (int j = 0; j < h; j++) {
            float z = gate[j], r = gate[h + j], c = gate[2 * h + j];
            float d = dh[i * h + j], was = before[i * h + j];
            float dc = d * (1 - z) * (1 - c * c);
            gate[2 * h + j] = dc;
            gate[j] = inner[j] = d * (was - c) * z * (1 - z);
            gate[h + j] = dc * inner[2 * h + j] * r * (1 - r);
            inner[h + j] = gate[h + j];
            inner[2 * h + j] = dc * r;
            dh[i * h + j] = d * z;
        }
}

// ---- forward and back -------------------------------------------------------

// Draws sequences of n pairs and lays them out in the order of feeding.
static void draw_recalls(struct random *r, const struct gru *g, int flips,
                         int n, struct gru_pass *p)
{
    int b = p->batch, key[n + 1], value[n + 1];
    require(n < p->most && n <= g->keys);
    p->steps = n + 1;
    for (int i = 0; i < b; i++) {
        p->right[i] = draw_recall(r, g->keys, n, 1, key, value);
        for (int t = 0; t <= n; t++) {
            p->key[t * b + i] = key[fed(flips, n, t)];
            p->value[t * b + i] = value[fed(flips, n, t)];
        }
    }
}

// Logits of the values after the last step.
static void read_recalls(const struct gru *g, struct gru_pass *p)
{
    int b = p->batch, h = g->hidden;
    int64_t wide = 3 * h, next = (int64_t)b * h;
    memset(p->state, 0, (size_t)next * sizeof *p->state);
    for (int t = 0; t < p->steps; t++) {
        float *gate = p->gate + t * 3 * next, *inner = p->inner + t * 3 * next;
        float *state = p->state + t * next;
        for (int i = 0; i < b; i++) {
            const float *k = g->at.key + p->key[t * b + i] * wide;
            const float *v = g->at.value + p->value[t * b + i] * wide;
            for (int j = 0; j < wide; j++)
                gate[i * wide + j] = k[j] + v[j];
        }
        product(b, 3 * h, h, rows_of(state, h), rows_of(g->at.again, wide),
                rows_of(inner, wide), 0);
        gru_step(b, h, inner, state, gate, state + next);
    }
    dense(b, h, VALUE_KINDS, p->state + p->steps * next, g->at.out, g->at.bias,
          p->logits, 0);
}

// The mean loss in nats, and its gradient through all steps.
static double read_recalls_back(struct gru *g, struct gru_pass *p)
{
    int b = p->batch, h = g->hidden;
    int64_t wide = 3 * h, next = (int64_t)b * h;
    double loss[b], sum = 0;
    float *dh = p->back;
    memset(g->dw, 0, (size_t)g->n * sizeof *g->dw);
    cross_entropy(b, VALUE_KINDS, p->logits, p->right, 1.0 / b, loss,
                  p->logits);
    for (int i = 0; i < b; i++)
        sum += loss[i] / b;
    dense_back(b, h, VALUE_KINDS, p->state + p->steps * next, g->at.out,
               p->logits, dh, g->slope.out, g->slope.bias);
    for (int t = p->steps - 1; t >= 0; t--) {
        float *gate = p->gate + t * 3 * next, *inner = p->inner + t * 3 * next;
        gru_step_back(b, h, gate, inner, p->state + t * next, dh);
        product(b, h, 3 * h, rows_of(inner, wide),
                columns_of(g->at.again, wide), rows_of(dh, h), 1);
        for (int i = 0; i < b; i++) {
            float *k = g->slope.key + p->key[t * b + i] * wide;
            float *v = g->slope.value + p->value[t * b + i] * wide;
            for (int j = 0; j < wide; j++) {
                k[j] += gate[i * wide + j];
                v[j] += gate[i * wide + j];
            }
        }
    }
    product(h, 3 * h, p->steps * b, columns_of(p->state, h),
            rows_of(p->inner, wide), rows_of(g->slope.again, wide), 1);
    return sum;
}

// ---- training ---------------------------------------------------------------

// The gradient is made no longer than 1.
static void clip_length(int64_t n, float *dw)
{
    double length = 0;
    for (int64_t i = 0; i < n; i++)
        length += (double)dw[i] * dw[i];
    length = sqrt(length);
    for (int64_t i = 0; i < n && length > 1; i++)
        dw[i] = (float)(dw[i] / length);
}

// What is learnt: up to `pairs` of `keys`, by a state of `hidden` numbers.
// Their greatest number grows from 2 over the first 60 % of the steps, or is
// `pairs` from the start.
struct recall_task {
    int keys, hidden, pairs, grown;
};
static const struct recall_task recall_tasks[] = {{64, 32, 16, 1},
                                                  {64, 16, 16, 1},
                                                  {16, 32, 12, 1},
                                                  {16, 16, 12, 1},
                                                  {64, 32, 16, 0}};
enum { TASKS = 5, FEEDINGS = 2, PLAIN_FED = 0, FLIPPED = 1 };

// The most pairs of step t, from 0.
static int pairs_at(const struct recall_task *task, int rounds, int t)
{
    double way = task->grown ? fmin(1, t / (0.6 * rounds)) : 1;
    return 2 + (int)(way * (task->pairs - 2) + 0.5);
}

enum { READ_AT_ONCE = 128 };

static struct gru train_gru(const struct recall_task *task, int flips,
                            double pace, int number, int rounds)
{
    struct random r = stream("recall training", (uint32_t)number);
    struct gru g = make_gru(task->keys, task->hidden, &r);
    struct gru_pass p = make_gru_pass(&g, READ_AT_ONCE, task->pairs);
    for (int t = 0; t < rounds; t++) {
        int n = 1 + (int)below(&r, (uint32_t)pairs_at(task, rounds, t));
        draw_recalls(&r, &g, flips, n, &p);
        read_recalls(&g, &p);
        require(isfinite(read_recalls_back(&g, &p)));
        clip_length(g.n, g.dw);
        double rate = cosine_rate(t + 1, 0, rounds, pace, 0);
        adam((struct adam){rate, 0.9, 0.999, 1e-8, 0}, t + 1, g.n, g.w, g.dw,
             g.m, g.v);
    }
    free_gru_pass(&p);
    return g;
}

// The share of new sequences of n pairs whose value is told rightly.
static double recalled(const struct gru *g, int flips, int n,
                       const char *sequences)
{
    struct random r = stream(sequences, (uint32_t)n);
    struct gru_pass p = make_gru_pass(g, READ_AT_ONCE, n);
    int right = 0, all = 0;
    for (; all < taught.asked; all += READ_AT_ONCE) {
        draw_recalls(&r, g, flips, n, &p);
        read_recalls(g, &p);
        for (int i = 0; i < READ_AT_ONCE; i++) {
            const float *x = p.logits + i * VALUE_KINDS;
            int best = 0;
            for (int k = 1; k < VALUE_KINDS; k++)
                best = x[k] > x[best] ? k : best;
            right += best == p.right[i];
        }
    }
    free_gru_pass(&p);
    return (double)right / all;
}

// What is recalled of n pairs by who knows which values there were and of how
// many keys each, but not of which: the mean share of the most frequent value.
// The largest of 8 counts is at most m in n! [x^n] (sum_{j<=m} x^j / j!)^8 of
// 8^n cases.  eq:bag
static double bag_recall(int n)
{
    double expected = 0, p[n + 1];
    for (int m = 0; m < n; m++) {
        memset(p, 0, sizeof p);
        p[0] = tgamma(n + 1);
        for (int k = 0; k < VALUE_KINDS; k++)
            for (int i = n; i >= 0; i--) {
                double term = 1, sum = 0; // term = (1 / 8)^j / j!
                for (int j = 0; j <= m && j <= i; j++) {
                    sum += term * p[i - j];
                    term /= VALUE_KINDS * (j + 1);
                }
                p[i] = sum;
            }
        expected += 1 - p[n];
    }
    return expected / n;
}

// ---- flips: reading once, and turning back pages ----------------------------

static const double paces[] = {1e-2, 2e-2, 4e-2};
enum { PACES = 3, TRIED = 2, FIRST_TRIED = 100, RECALL_LENGTHS = 10 };
static const int recall_lengths[RECALL_LENGTHS] = {1,  2,  4,  8,  12,
                                                   16, 24, 32, 48, 64};

// One training, and what it recalls of every number of pairs that there is.
struct recall_run {
    int task, flips, number;
    double pace, share[RECALL_LENGTHS];
};

static void run_recall(struct recall_run *run, const char *sequences)
{
    const struct recall_task *task = recall_tasks + run->task;
    struct gru g = train_gru(task, run->flips, run->pace, run->number,
                             quick ? 100 : taught.rounds);
    for (int i = 0; i < RECALL_LENGTHS; i++)
        if (recall_lengths[i] <= task->keys)
            run->share[i] =
                recalled(&g, run->flips, recall_lengths[i], sequences);
    free(g.w);
}

// All runs, each on a thread of its own.
static void run_recalls(int count, struct recall_run run[],
                        const char *sequences)
{
    int finished = 0;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < count; i++) {
        run_recall(run + i, sequences);
#pragma omp critical
        progress(sequences, ++finished, count);
    }
}

// The place of the greatest number of pairs that a task trains on.
static int trained_length(int task)
{
    int i = 0;
    while (recall_lengths[i] < recall_tasks[task].pairs)
        i++;
    return i;
}

static void write_recall(struct table *t, const struct recall_run *run)
{
    const struct recall_task *task = recall_tasks + run->task;
    int last = RECALL_LENGTHS - 1;
    while (recall_lengths[last] > task->keys)
        last--;
    row(t, "%d\t%s\t%g\t%d\t%.9g\t%.9g", run->task + 1,
        run->flips ? "flip" : "plain", run->pace, run->number,
        run->share[trained_length(run->task)], run->share[last]);
}

// Each task and feeding at every rate, on runs and sequences that count for
// nothing else: the rate that recalls most.
static void choose_paces(struct table *t, double best[TASKS][FEEDINGS])
{
    int count = TASKS * FEEDINGS * PACES * TRIED;
    struct recall_run run[count];
    double most[TASKS][FEEDINGS] = {{0}};
    for (int i = 0; i < count; i++)
        run[i] = (struct recall_run){.task = i / TRIED / PACES / FEEDINGS,
                                     .flips = i / TRIED / PACES % FEEDINGS,
                                     .pace = paces[i / TRIED % PACES],
                                     .number = FIRST_TRIED + i % TRIED};
    run_recalls(count, run, "recall trial");
    for (int i = 0; i < count; i += TRIED) {
        double sum = 0;
        int k = run[i].task, f = run[i].flips;
        for (int j = i; j < i + TRIED; j++) {
            write_recall(t, run + j);
            sum += run[j].share[trained_length(k)];
        }
        if (sum > most[k][f])
            most[k][f] = sum, best[k][f] = run[i].pace;
    }
}

// What `seeds` runs of a feeding recall of the i-th number of pairs.
static struct mean recall_of(int seeds, const struct recall_run run[], int i,
                             double share[seeds])
{
    for (int s = 0; s < seeds; s++)
        share[s] = run[s].share[i];
    return mean(seeds, share);
}

// A task's rows: both feedings, and the lead of one, run by run.
static void write_task(struct table *t, int k, int seeds,
                       struct recall_run run[FEEDINGS][seeds])
{
    const struct recall_task *task = recall_tasks + k;
    double share[FEEDINGS][seeds], lead[seeds];
    for (int i = 0; i < RECALL_LENGTHS; i++) {
        if (recall_lengths[i] > task->keys)
            break;
        struct mean p = recall_of(seeds, run[PLAIN_FED], i, share[PLAIN_FED]);
        struct mean f = recall_of(seeds, run[FLIPPED], i, share[FLIPPED]);
        for (int s = 0; s < seeds; s++)
            lead[s] = share[FLIPPED][s] - share[PLAIN_FED][s];
        struct mean m = mean(seeds, lead);
        row(t,
            "%d\t%d\t%d\t%d\t%d\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%d\t"
            "%d",
            k + 1, task->keys, task->hidden, task->grown, recall_lengths[i],
            p.mean, p.se, f.mean, f.se, m.mean, m.se,
            bag_recall(recall_lengths[i]), task->pairs, seeds);
    }
}

static void recall_value(const char *name, struct mean m)
{
    value(name, m.mean, m.se, m.runs, "1", TRAINED);
}

// What the text says of it.
static void judge_recall(int seeds,
                         struct recall_run run[TASKS][FEEDINGS][seeds])
{
    static const char *reason = "three standard errors over the runs";
    double x[seeds];
    int far = RECALL_LENGTHS - 1, at = trained_length(0);
    struct mean plain = recall_of(seeds, run[0][PLAIN_FED], at, x);
    struct mean flip = recall_of(seeds, run[0][FLIPPED], at, x);
    struct mean longest = recall_of(seeds, run[0][FLIPPED], far, x);
    recall_value("flips_plain", plain);
    recall_value("flips_flip", flip);
    recall_value("flips_far", longest);
    recall_value("flips_narrow", recall_of(seeds, run[1][FLIPPED], at, x));
    recall_value("flips_ungrown", recall_of(seeds, run[4][FLIPPED], at, x));
    recall_value("flips_plain_small",
                 recall_of(seeds, run[2][PLAIN_FED], trained_length(2), x));
    recall_value("flips_plain_far",
                 recall_of(seeds, run[0][PLAIN_FED], far, x));
    value("flips_bag", bag_recall(recall_lengths[at]), 0, 1, "1", COMPUTED);
    struct random r = stream("recall training", 0);
    struct gru g = make_gru(recall_tasks[0].keys, recall_tasks[0].hidden, &r);
    value("flips_parameters", (double)g.n, 0, 1, "1", EXACT);
    value("flips_steps", taught.rounds, 0, 1, "1", EXACT);
    free(g.w);
    claim("plain-learns", AT_LEAST, plain.mean, plain.se, seeds, 0.9, 0,
          reason);
    claim("flips-learn", AT_LEAST, flip.mean, flip.se, seeds, 0.9, 0, reason);
    claim("flips-lengthen", AT_LEAST, longest.mean, longest.se, seeds, 0.9, 0,
          reason);
}

static const char *const recall_columns = "task\tfeeding\trate\tseed\t"
                                          "accuracy\tlongest";

// One run of the smallest task again.
static void check_flips(void)
{
    struct table *t = table("flips_runs", recall_columns);
    struct recall_run run = {3, FLIPPED, FIRST_TRIED, paces[0], {0}};
    run_recall(&run, "recall trial");
    write_recall(t, &run);
    done(t);
}

static void learn_flips(void)
{
    int seeds = quick ? 2 : taught.seeds;
    double pace[TASKS][FEEDINGS] = {{0}};
    struct recall_run run[TASKS][FEEDINGS][seeds], *all = run[0][0];
    if (recorded_check) {
        check_flips();
        return;
    }
    struct table *t = table("flips_runs", recall_columns);
    choose_paces(t, pace);
    for (int i = 0; i < TASKS * FEEDINGS * seeds; i++) {
        int k = i / seeds / FEEDINGS, f = i / seeds % FEEDINGS;
        all[i] = (struct recall_run){k, f, i % seeds, pace[k][f], {0}};
    }
    run_recalls(TASKS * FEEDINGS * seeds, all, "recall test");
    for (int i = 0; i < TASKS * FEEDINGS * seeds; i++)
        write_recall(t, all + i);
    done(t);
    t = table("flips", "task\tkeys\thidden\tgrown\tpairs\tplain\tse_plain\t"
                       "flip\tse_flip\tlead\tse_lead\tbag\ttrained\truns");
    for (int k = 0; k < TASKS; k++)
        write_task(t, k, seeds, run[k]);
    done(t);
    judge_recall(seeds, run);
}

// ---- a transformer of bytes -------------------------------------------------

enum { BYTE_LAYERS = 3, BYTE_WIDTH = 64, BYTE_HEADS = 4, BYTE_LENGTH = 64 };
enum { BYTE_WORDS = 128, BYTE_BATCH = 32, BYTE_PROMPT = 28 };

// The text, of which the last tenth is held out.
struct byte_text {
    int count, learnt;
    unsigned char *byte;
};

static struct byte_text load_text(void)
{
    const char *path = data_file("genesis.txt");
    FILE *f = path ? fopen(path, "rb") : NULL;
    if (!f)
        needs("genesis.txt");
    fseek(f, 0, SEEK_END);
    struct byte_text t = {.count = (int)ftell(f)};
    rewind(f);
    t.byte = malloc((size_t)t.count + 1);
    if (!t.byte || (int)fread(t.byte, 1, (size_t)t.count, f) != t.count)
        die("%s: cannot be read", path);
    fclose(f);
    t.learnt = t.count - t.count / 10;
    for (int i = 0; i < t.count; i++)
        if (t.byte[i] >= BYTE_WORDS)
            die("%s: byte %d is not ASCII", path, i);
    return t;
}

// A window of the text from byte `at` on, and what follows each of its bytes.
static void window_of(const struct byte_text *t, int at, int *token,
                      int *target)
{
    for (int i = 0; i < BYTE_LENGTH; i++) {
        token[i] = t->byte[at + i];
        target[i] = t->byte[at + i + 1];
    }
}

static double learn_bytes(struct transformer *net, const struct byte_text *t,
                          struct random *r, int step, int steps)
{
    static int token[BYTE_BATCH * BYTE_LENGTH],
        target[BYTE_BATCH * BYTE_LENGTH];
    struct adam a = {cosine_rate(step, 100, steps, 5e-3, 1e-4), 0.9, 0.99, 1e-8,
                     0.02};
    for (int i = 0; i < BYTE_BATCH; i++)
        window_of(t, (int)below(r, (uint32_t)(t->learnt - BYTE_LENGTH)),
                  token + i * BYTE_LENGTH, target + i * BYTE_LENGTH);
    double loss = transformer_gradient(net, BYTE_BATCH, token, target);
    clip_length(net->n, net->dw);
    adam(a, step, net->n, net->w, net->dw, net->m, net->v);
    return loss;
}

// The mean loss of the windows held out, in nats a byte.
static struct mean held_out(struct transformer *net, const struct byte_text *t)
{
    int n = (t->count - t->learnt - 1) / BYTE_LENGTH, size = BYTE_LENGTH;
    int *token = malloc(2 * (size_t)(n * size) * sizeof *token);
    float *logits = floats((int64_t)n * size * BYTE_WORDS);
    double *loss = vector((int64_t)n * (size + 1)), *window = loss + n * size;
    if (!token)
        die("no memory for %d windows", n);
    for (int i = 0; i < n; i++)
        window_of(t, t->learnt + i * size, token + i * size,
                  token + (n + i) * size);
    transformer_logits(net, n, token, logits);
    cross_entropy(n * size, BYTE_WORDS, logits, token + n * size, 1, loss,
                  NULL);
    for (int i = 0; i < n * size; i++)
        window[i / size] += loss[i] / size;
    struct mean m = mean(n, window);
    free(token);
    free(logits);
    free(loss);
    return m;
}

// The loss of who knows how frequent each byte is and no more; 1 is added to
// every count.
static double frequencies_loss(const struct byte_text *t)
{
    double count[BYTE_WORDS], loss = 0;
    for (int k = 0; k < BYTE_WORDS; k++)
        count[k] = 1;
    for (int i = 0; i < t->learnt; i++)
        count[t->byte[i]]++;
    for (int i = t->learnt; i < t->count; i++)
        loss -= log(count[t->byte[i]] / (t->learnt + BYTE_WORDS));
    return loss / (t->count - t->learnt);
}

// ---- the same transformer, position by position -----------------------------

// What scans the past at one layer: its input, the query, and of each head the
// running maximum, sum and weighted sum of values.
struct byte_scan {
    float *h, *q, *y, top[BYTE_HEADS], sum[BYTE_HEADS];
};

// A generator, with what it keeps and has counted.  With a cache, cached_k and
// cached_v are [layer][position][width]; without, scan l is in the midst of its
// scan when scan l - 1 begins its own.
struct rereader {
    const struct transformer *net;
    const int *token; // the text so far, which may be read at any time
    float *cached_k, *cached_v;
    struct byte_scan scan[BYTE_LAYERS];
    float *x, *u, *k, *wide; // scratch of whoever is at work
    int64_t steps, evaluations, reads, floats;
};

// y [q] = x [p] w + b, w's rows `step` apart.
static void row_times(int p, int q, const float *x, const float *w,
                      int64_t step, const float *b, float *restrict y)
{
    for (int j = 0; j < q; j++)
        y[j] = b ? b[j] : 0;
    for (int i = 0; i < p; i++)
        for (int j = 0; j < q; j++)
            y[j] += x[i] * w[i * step + j];
}

static void norm_row(int d, const float *x, const float *gain,
                     const float *shift, float *y)
{
    float normal[d], inverse;
    layer_norm(1, d, x, gain, shift, y, normal, &inverse);
}

static void begin_scan(int heads, int d, struct byte_scan *s)
{
    memset(s->y, 0, (size_t)d * sizeof *s->y);
    for (int a = 0; a < heads; a++)
        s->sum[a] = 0, s->top[a] = -INFINITY;
}

// A key and a value pass by: every head's maximum, sum and weighted sum move
// on.  eq:running-max
static void look_at(int heads, int d, const float *k, const float *v,
                    struct byte_scan *s)
{
    int e = d / heads;
    for (int a = 0; a < heads; a++, k += e, v += e) {
        const float *q = s->q + a * e;
        float *y = s->y + a * e, score = 0;
        for (int j = 0; j < e; j++)
            score += q[j] * k[j];
        score /= sqrtf((float)e);
        float top = fmaxf(s->top[a], score);
        float shrink = exp32(s->top[a] - top), weight = exp32(score - top);
        s->top[a] = top;
        s->sum[a] = s->sum[a] * shrink + weight;
        for (int j = 0; j < e; j++)
            y[j] = y[j] * shrink + weight * v[j];
    }
}

// What leaves a layer: its input, and what was seen, and a network's view of
// both.
static void leave_layer(struct rereader *r, int l, const struct byte_scan *s,
                        float *out)
{
    const struct transformer_block *w = r->net->at.block + l;
    int d = r->net->width, e = d / r->net->heads;
    for (int j = 0; j < d; j++)
        r->u[j] = s->y[j] / s->sum[j / e];
    row_times(d, d, r->u, w->mix, d, w->mix_bias, out);
    for (int j = 0; j < d; j++)
        out[j] += s->h[j];
    norm_row(d, out, w->gain2, w->shift2, r->u);
    row_times(d, 4 * d, r->u, w->up, 4 * d, NULL, r->wide);
    gelu(1, 4 * d, r->wide, w->up_bias, r->wide + 4 * d, r->wide);
    row_times(4 * d, d, r->wide + 4 * d, w->down, d, w->down_bias, r->u);
    for (int j = 0; j < d; j++)
        out[j] += r->u[j];
    r->evaluations++;
}

static void read_token(struct rereader *r, int i, float *x)
{
    int d = r->net->width;
    for (int j = 0; j < d; j++)
        x[j] = r->net->at.token[r->token[i] * d + j] +
               r->net->at.position[i * d + j];
    r->reads++;
}

// Key and value of a position whose normed input is in u.
static void key_and_value(const struct rereader *r, int l, float *k, float *v)
{
    const struct transformer_block *w = r->net->at.block + l;
    int d = r->net->width;
    row_times(d, d, r->u, w->qkv + d, 3 * d, w->qkv_bias + d, k);
    row_times(d, d, r->u, w->qkv + 2 * d, 3 * d, w->qkv_bias + 2 * d, v);
}

// A scan begins with its own position's input x, of which u is the normed copy.
static void take_query(struct rereader *r, int l, const float *x)
{
    const struct transformer_block *w = r->net->at.block + l;
    int d = r->net->width;
    struct byte_scan *s = r->scan + l;
    begin_scan(r->net->heads, d, s);
    memcpy(s->h, x, (size_t)d * sizeof *x);
    row_times(d, d, r->u, w->qkv, 3 * d, w->qkv_bias, s->q);
}

// What enters layer l at position i, from the tokens and nothing else: to scan
// the layer below, from position i back to the first, each of its inputs is
// made anew.  eq:attention-steps
static void reread(struct rereader *r, int l, int i, float *out)
{
    if (l == 0) {
        read_token(r, i, out);
        return;
    }
    const struct transformer_block *w = r->net->at.block + l - 1;
    int d = r->net->width;
    for (int j = i; j >= 0; j--) {
        reread(r, l - 1, j, r->x);
        norm_row(d, r->x, w->gain1, w->shift1, r->u);
        if (j == i)
            take_query(r, l - 1, r->x);
        key_and_value(r, l - 1, r->k, r->k + d);
        look_at(r->net->heads, d, r->k, r->k + d, r->scan + l - 1);
        r->steps++;
    }
    leave_layer(r, l - 1, r->scan + l - 1, out);
}

// The same with keys and values kept: what has been read before position i is
// in the cache.
static void read_on(struct rereader *r, int i, float *x)
{
    int d = r->net->width;
    read_token(r, i, x);
    for (int l = 0; l < r->net->layers; l++) {
        const struct transformer_block *w = r->net->at.block + l;
        float *k = r->cached_k + (int64_t)l * r->net->length * d;
        float *v = r->cached_v + (int64_t)l * r->net->length * d;
        norm_row(d, x, w->gain1, w->shift1, r->u);
        take_query(r, l, x);
        key_and_value(r, l, k + i * d, v + i * d);
        for (int j = i; j >= 0; j--, r->steps++)
            look_at(r->net->heads, d, k + j * d, v + j * d, r->scan + l);
        leave_layer(r, l, r->scan + l, x);
    }
}

// Frames of 3 d + 2 H numbers, or keys and values of n positions; scratch is
// not counted.  eq:frame-floats
static struct rereader make_rereader(const struct transformer *net, int cache,
                                     int n, const int *token)
{
    struct rereader r = {.net = net, .token = token};
    int64_t d = net->width, layers = net->layers;
    int64_t kept = layers * net->length * d;
    require(layers <= BYTE_LAYERS && net->heads <= BYTE_HEADS);
    r.x = floats((4 + 8 + 3 * layers) * d + 2 * kept);
    r.u = r.x + d, r.k = r.u + d, r.wide = r.k + 2 * d;
    float *at = r.wide + 8 * d;
    for (int l = 0; l < layers; l++, at += 3 * d)
        r.scan[l] = (struct byte_scan){.h = at, .q = at + d, .y = at + 2 * d};
    r.cached_k = at, r.cached_v = at + kept;
    r.floats = cache ? 2 * layers * n * d : layers * (3 * d + 2 * net->heads);
    return r;
}

static void logits_of(struct rereader *r, const float *x, float *logits)
{
    const struct transformer_weights *w = &r->net->at;
    norm_row(r->net->width, x, w->gain, w->shift, r->u);
    row_times(r->net->width, r->net->words, r->u, w->out, r->net->words, NULL,
              logits);
}

// One more token: the logits after position i, from 0, by either road.
static void logits_after(struct rereader *r, int cache, int i, float *logits)
{
    float x[r->net->width];
    if (cache)
        read_on(r, i, x);
    else
        reread(r, r->net->layers, i, x);
    logits_of(r, x, logits);
}

// ---- bytes: the same text by both roads -------------------------------------

static int likeliest(const float *logits)
{
    int best = 0;
    for (int k = 1; k < BYTE_WORDS; k++)
        best = logits[k] > logits[best] ? k : best;
    return best;
}

static double farthest_logit(const float *x, const float *y)
{
    double far = 0;
    for (int k = 0; k < BYTE_WORDS; k++)
        far = fmax(far, fabs((double)x[k] - y[k]));
    return far;
}

// A verse of the text held out: where the p-th of `of` prompts begins.
static int prompt_at(const struct byte_text *t, int p, int of)
{
    int at = t->learnt + (int)((int64_t)(t->count - t->learnt) * p / of);
    while (t->byte[at - 1] != '\n')
        at++;
    require(at + BYTE_PROMPT < t->count);
    return at;
}

// Bytes as a field of a table: lines end with a pilcrow.
static const char *shown(int n, const int *token, char *to)
{
    char *at = to;
    for (int i = 0; i < n; i++)
        at += token[i] == '\n' ? sprintf(at, "¶") : sprintf(at, "%c", token[i]);
    return to;
}

// What two generators wrote behind one prompt, and how.
struct two_texts {
    int token[2][BYTE_LENGTH];
    struct rereader r[2];
    double apart, beside; // logits, from each other and from the network's
    int different, miscounted;
};
enum { FROM_START, CACHED };

// One byte by either: position i, from 0, is read and i + 1 written.
static void write_byte(struct two_texts *x, const float *network, int i,
                       struct table *t, int prompt)
{
    float logits[2][BYTE_WORDS];
    int64_t before[2] = {x->r[0].steps, x->r[1].steps};
    for (int c = 0; c < 2; c++) {
        logits_after(x->r + c, c, i, logits[c]);
        x->token[c][i + 1] = likeliest(logits[c]);
    }
    int layers = x->r[0].net->layers;
    int64_t kv = x->r[CACHED].steps - before[CACHED];
    int64_t zero = x->r[FROM_START].steps - before[FROM_START];
    int64_t formula = small(attention_steps(layers, i + 1));
    double apart = farthest_logit(logits[0], logits[1]);
    char text[4];
    int same = x->token[0][i + 1] == x->token[1][i + 1];
    x->apart = fmax(x->apart, apart);
    x->different += !same;
    x->miscounted += zero != formula || kv != (int64_t)layers * (i + 1);
    row(t, "%d\t%d\t%s\t%lld\t%lld\t%lld\t%d\t%.9g", prompt, i + 2,
        shown(1, x->token[CACHED] + i + 1, text), (long long)kv,
        (long long)zero, (long long)formula, same, apart);
    if (network)
        x->beside = fmax(x->beside, farthest_logit(logits[CACHED], network));
}

// The prompt, read once into the cache, and then byte after byte.
static void write_texts(struct transformer *net, const struct byte_text *t,
                        int prompt, struct two_texts *x, struct table *bytes)
{
    int at = prompt_at(t, prompt, taught.prompts), last = BYTE_PROMPT - 1;
    int most = last + taught.written;
    float waste[net->width], *network;
    *x = (struct two_texts){.different = 0};
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < BYTE_PROMPT; i++)
            x->token[c][i] = t->byte[at + i];
        x->r[c] = make_rereader(net, c, most, x->token[c]);
    }
    for (int i = 0; i < last; i++)
        read_on(x->r + CACHED, i, waste);
    network = floats((int64_t)net->length * net->words);
    for (int i = last; i < most; i++) {
        transformer_logits(net, 1, x->token[CACHED], network);
        write_byte(x, network + (int64_t)i * net->words, i, bytes, prompt + 1);
    }
    free(network);
}

static void write_text_rows(struct table *t, int prompt,
                            const struct two_texts *x)
{
    static const char *const name[] = {"zero-cache", "kv-cache"};
    char head[4 * BYTE_LENGTH], tail[4 * BYTE_LENGTH];
    for (int c = 1; c >= 0; c--)
        row(t, "%d\t%s\t%s\t%s\t%lld\t%lld\t%lld", prompt + 1, name[c],
            shown(BYTE_PROMPT, x->token[c], head),
            shown(taught.written, x->token[c] + BYTE_PROMPT, tail),
            (long long)x->r[c].steps, (long long)x->r[c].evaluations,
            (long long)x->r[c].floats);
}

// The prompts' texts, and what the chapter says of them.
static void generate_texts(struct transformer *net, const struct byte_text *t)
{
    struct table *bytes =
        table("bytes", "prompt\tposition\tbyte\tkv\tzero\tformula\tsame\t"
                       "difference");
    struct table *texts = table("texts", "prompt\tscheme\thead\ttext\tsteps\t"
                                         "evaluations\tfloats");
    double apart = 0, beside = 0, different = 0, miscounted = 0;
    for (int p = 0; p < taught.prompts; p++) {
        struct two_texts x;
        write_texts(net, t, p, &x, bytes);
        write_text_rows(texts, p, &x);
        apart = fmax(apart, x.apart);
        beside = fmax(beside, x.beside);
        different += x.different;
        miscounted += x.miscounted;
        if (p == 0) {
            const struct rereader *kv = x.r + CACHED, *zero = x.r;
            value("bytes_kv_steps", (double)kv->steps, 0, 1, "1", EXACT);
            value("bytes_zero_steps", (double)zero->steps, 0, 1, "1", EXACT);
            value("bytes_zero_evaluations", (double)zero->evaluations, 0, 1,
                  "1", EXACT);
            value("bytes_kv_floats", (double)kv->floats, 0, 1, "1", EXACT);
            value("bytes_zero_floats", (double)zero->floats, 0, 1, "1", EXACT);
            value("bytes_ratio", (double)zero->steps / (double)kv->steps, 0, 1,
                  "1", EXACT);
        }
        free(x.r[0].x);
        free(x.r[1].x);
    }
    done(bytes);
    done(texts);
    value("bytes_network", beside, beside, 1, "1", TRAINED);
    claim("same-text", EQUAL, different, 0, 1, 0, 0, "bytes are counted");
    claim("same-logits", EQUAL, apart, 0, 1, 0, 0,
          "the same sums in one order");
    claim("bytes-counts", EQUAL, miscounted, 0, 1, 0, 0,
          "whole numbers are compared");
}

// Trains, with a row now and then; under --recorded-check, up to the first.
static struct mean train_bytes(struct transformer *net,
                               const struct byte_text *t, struct random *r)
{
    struct table *curve = table("bytes_curve", "step\ttrain\theld");
    int steps = quick ? 20 : taught.rounds_bytes, every = quick ? 20 : 100;
    double sum = 0;
    struct mean held = {0};
    for (int s = 1; s <= (recorded_check ? every : steps); s++) {
        sum += learn_bytes(net, t, r, s, steps) / every;
        progress("bytes", s, steps);
        if (s % every)
            continue;
        held = held_out(net, t);
        // Four digits, which other vectors leave as they are.
        row(curve, "%d\t%.4g\t%.4g", s, sum, held.mean);
        sum = 0;
    }
    done(curve);
    return held;
}

static void learn_and_write(void)
{
    struct byte_text t = load_text();
    struct random r = stream("bytes", 0);
    struct transformer *net = transformer(BYTE_LAYERS, BYTE_WIDTH, BYTE_HEADS,
                                          BYTE_LENGTH, BYTE_WORDS, &r);
    struct mean held = train_bytes(net, &t, &r);
    if (!recorded_check) {
        value("bytes_loss", held.mean, held.se, held.runs, "nat", TRAINED);
        value("bytes_unigram", frequencies_loss(&t), 0, 1, "nat", COMPUTED);
        value("bytes_parameters", (double)net->n, 0, 1, "1", EXACT);
        value("bytes_steps", taught.rounds_bytes, 0, 1, "1", EXACT);
        value("bytes_prompt", BYTE_PROMPT, 0, 1, "1", EXACT);
        value("bytes_written", taught.written, 0, 1, "1", EXACT);
        generate_texts(net, &t);
    }
    free_transformer(net);
    free(t.byte);
}
