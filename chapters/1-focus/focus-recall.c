// A layer that learns, a part of focus.c: names and values in pairs, then names
// alone; one layer of attention, weighed in four ways, is to say their values.
#include "nn/nn.h"

enum mixer { MIX_SOFTMAX, MIX_RELU2, MIX_LINEAR, MIX_DECAY, MIXERS };
static const char *const mixer_names[MIXERS] = {"softmax", "relu2", "linear",
                                                "decay"};

enum {
    NAMES = 256,
    VALUES = 64,
    WIDTH = 32,
    HEADS = 2,
    HEAD = WIDTH / HEADS,
    MOST_PAIRS = 128,
    SIZES = 5,       // 8, 16 ... 128 pairs
    MOST_ASKED = 32, // of a sequence
    POSITIONS = 1024 // of a batch, each a pair
};

static struct {
    int steps, seeds;
} lesson = {.steps = 1500, .seeds = 10};

// ---- the task ---------------------------------------------------------------

// `count` sequences of `pairs` pairs, no name twice, and `asked` of the names
// again: ask says at which pair each stands, target is its value.
struct recall_task {
    int count, pairs, asked;
    int name[POSITIONS], value[POSITIONS];                   // [count][pairs]
    int ask[POSITIONS], query[POSITIONS], target[POSITIONS]; // [count][asked]
};

// The first k of a random order of n numbers.
static void choose(struct random *r, int n, int k, int chosen[n])
{
    for (int i = 0; i < n; i++)
        chosen[i] = i;
    for (int i = 0; i < k; i++) {
        int j = i + (int)below(r, (uint32_t)(n - i)), x = chosen[i];
        chosen[i] = chosen[j];
        chosen[j] = x;
    }
}

static void draw_task(struct random *r, int pairs, struct recall_task *t)
{
    t->pairs = pairs;
    t->asked = pairs < MOST_ASKED ? pairs : MOST_ASKED;
    t->count = POSITIONS / pairs;
    for (int i = 0; i < t->count; i++) {
        int name[NAMES], ask[MOST_PAIRS], at = i * pairs, to = i * t->asked;
        choose(r, NAMES, pairs, name);
        choose(r, pairs, t->asked, ask);
        for (int j = 0; j < pairs; j++) {
            t->name[at + j] = name[j];
            t->value[at + j] = (int)below(r, VALUES);
        }
        for (int j = 0; j < t->asked; j++) {
            t->ask[to + j] = ask[j];
            t->query[to + j] = name[ask[j]];
            t->target[to + j] = t->value[at + ask[j]];
        }
    }
}

// ---- the layer --------------------------------------------------------------

// Keys and queries are maps of one vector a name; what a pair carries is its
// value's vector.
struct recall_weights {
    float *name;         // [NAMES][WIDTH]
    float *to_q, *to_k;  // [WIDTH][WIDTH]
    float *value;        // [VALUES][WIDTH]
    float *gain, *shift; // [WIDTH], of the norm of what attention returns
    float *out;          // [WIDTH][VALUES]
};
enum { PARAMETERS = (NAMES + 2 * WIDTH + 2 * VALUES + 2) * WIDTH };

static struct recall_weights weights_at(float *w)
{
    struct recall_weights at;
    at.name = w;
    at.to_q = at.name + NAMES * WIDTH;
    at.to_k = at.to_q + WIDTH * WIDTH;
    at.value = at.to_k + WIDTH * WIDTH;
    at.gain = at.value + VALUES * WIDTH;
    at.shift = at.gain + WIDTH;
    at.out = at.shift + WIDTH;
    return at;
}

// What forward leaves for back; rows of pairs [count * pairs], of queries
// [count * asked], and of both [count][HEADS][asked][pairs].
struct recall_pass {
    enum mixer mixer;
    struct recall_task task;
    float name_k[POSITIONS * WIDTH], name_q[POSITIONS * WIDTH];
    float k[POSITIONS * WIDTH], q[POSITIONS * WIDTH], v[POSITIONS * WIDTH];
    float slope_k[POSITIONS * WIDTH], slope_q[POSITIONS * WIDTH];
    float p[POSITIONS * HEADS * MOST_ASKED]; // weights, rows that add up to 1
    float slope[POSITIONS * HEADS * MOST_ASKED]; // of one in its score
    float o[POSITIONS * WIDTH], y[POSITIONS * WIDTH];
    float normal[POSITIONS * WIDTH], inverse[POSITIONS];
    float logits[POSITIONS * VALUES];
    float dk[POSITIONS * WIDTH], dq[POSITIONS * WIDTH], dv[POSITIONS * WIDTH];
    float dout[POSITIONS * WIDTH], dy[POSITIONS * WIDTH];
    float dp[MOST_ASKED * MOST_PAIRS];
};

// elu + 1, positive everywhere, in place, and its slope.
static void positive(int n, float x[n], float slope[n])
{
    for (int i = 0; i < n; i++) {
        slope[i] = x[i] > 0 ? 1 : exp32(x[i]);
        x[i] = x[i] > 0 ? 1 + x[i] : slope[i];
    }
}

// Powers of lambda, 1 for the last pair.  How far behind it a query stands is
// one more power for the whole row, and no matter.
static void fade(double lambda, int n, float w[n])
{
    double x = 1;
    for (int j = n - 1; j >= 0; j--) {
        w[j] = (float)x;
        x *= lambda;
    }
}

// 15 and 63 tokens in focus, by eq:decay-tokens.
static double head_decay(int h)
{
    return 1 - ldexp(1, -3 - 2 * h);
}

// One row's scores a become weights with sum 1; slope is what a weight before
// the division gains for a score, over that sum.  No sum is quite zero.
static void mix_row(enum mixer mixer, int n, const float w[n], float a[n],
                    float slope[n])
{
    float most = a[0], total = 1e-6f, scale = 1 / sqrtf(HEAD);
    for (int j = 1; j < n; j++)
        most = a[j] > most ? a[j] : most;
    for (int j = 0; j < n; j++) {
        float s = a[j] * scale, up = s > 0 ? s : 0;
        switch (mixer) {
        case MIX_SOFTMAX:
            a[j] = exp32(s - most * scale);
            slope[j] = a[j] * scale;
            break;
        case MIX_RELU2:
            a[j] = up * up;
            slope[j] = 2 * up * scale;
            break;
        default: a[j] *= w[j]; slope[j] = w[j];
        }
    }
    for (int j = 0; j < n; j++)
        total += a[j];
    for (int j = 0; j < n; j++) {
        a[j] /= total;
        slope[j] /= total;
    }
}

// One head of one sequence: where its queries, pairs and weights begin.
struct recall_head {
    int64_t q, k, p;
};

static struct recall_head head_at(const struct recall_task *t, int i, int h)
{
    return (struct recall_head){(int64_t)i * t->asked * WIDTH + h * HEAD,
                                (int64_t)i * t->pairs * WIDTH + h * HEAD,
                                ((int64_t)i * HEADS + h) * t->asked * t->pairs};
}

// o = p v, p the weights of q k^T.
static void mix(struct recall_pass *x)
{
    const struct recall_task *t = &x->task;
    int m = t->asked, n = t->pairs;
    for (int i = 0; i < t->count * HEADS; i++) {
        struct recall_head at = head_at(t, i / HEADS, i % HEADS);
        float *p = x->p + at.p, w[n];
        fade(x->mixer == MIX_DECAY ? head_decay(i % HEADS) : 1, n, w);
        product(m, n, HEAD, rows_of(x->q + at.q, WIDTH),
                columns_of(x->k + at.k, WIDTH), rows_of(p, n), 0);
        for (int j = 0; j < m; j++)
            mix_row(x->mixer, n, w, p + j * n, x->slope + at.p + j * n);
        product(m, HEAD, n, rows_of(p, n), rows_of(x->v + at.k, WIDTH),
                rows_of(x->o + at.q, WIDTH), 0);
    }
}

// With do = dout: dv = p^T do, dp = do v^T, and the gradient of a score is its
// slope times dp less the row's mean of it.
static void mix_back(struct recall_pass *x)
{
    const struct recall_task *t = &x->task;
    int m = t->asked, n = t->pairs;
    for (int i = 0; i < t->count * HEADS; i++) {
        struct recall_head at = head_at(t, i / HEADS, i % HEADS);
        float *p = x->p + at.p, *slope = x->slope + at.p;
        product(n, HEAD, m, columns_of(p, n), rows_of(x->dout + at.q, WIDTH),
                rows_of(x->dv + at.k, WIDTH), 0);
        product(m, n, HEAD, rows_of(x->dout + at.q, WIDTH),
                columns_of(x->v + at.k, WIDTH), rows_of(x->dp, n), 0);
        for (int j = 0; j < m; j++) {
            float mean = 0;
            for (int l = 0; l < n; l++)
                mean += p[j * n + l] * x->dp[j * n + l];
            for (int l = 0; l < n; l++)
                x->dp[j * n + l] = slope[j * n + l] * (x->dp[j * n + l] - mean);
        }
        product(m, HEAD, n, rows_of(x->dp, n), rows_of(x->k + at.k, WIDTH),
                rows_of(x->dq + at.q, WIDTH), 0);
        product(n, HEAD, m, columns_of(x->dp, n), rows_of(x->q + at.q, WIDTH),
                rows_of(x->dk + at.k, WIDTH), 0);
    }
}

static int is_linear(enum mixer m)
{
    return m == MIX_LINEAR || m == MIX_DECAY;
}

// logits [count * asked][VALUES] of x->task.
static void recall_forward(const struct recall_weights *w,
                           struct recall_pass *x)
{
    const struct recall_task *t = &x->task;
    int pairs = t->count * t->pairs, asked = t->count * t->asked;
    embed(1, pairs, WIDTH, NAMES, t->name, w->name, NULL, x->name_k);
    embed(1, asked, WIDTH, NAMES, t->query, w->name, NULL, x->name_q);
    embed(1, pairs, WIDTH, VALUES, t->value, w->value, NULL, x->v);
    dense(pairs, WIDTH, WIDTH, x->name_k, w->to_k, NULL, x->k, 0);
    dense(asked, WIDTH, WIDTH, x->name_q, w->to_q, NULL, x->q, 0);
    if (is_linear(x->mixer)) {
        positive(pairs * WIDTH, x->k, x->slope_k);
        positive(asked * WIDTH, x->q, x->slope_q);
    }
    mix(x);
    layer_norm(asked, WIDTH, x->o, w->gain, w->shift, x->y, x->normal,
               x->inverse);
    dense(asked, WIDTH, VALUES, x->y, w->out, NULL, x->logits, 0);
}

// The mean loss in nats, and its gradient added to dw.
static double recall_gradient(const struct recall_weights *w,
                              struct recall_pass *x, struct recall_weights *dw)
{
    const struct recall_task *t = &x->task;
    int pairs = t->count * t->pairs, asked = t->count * t->asked;
    double loss[asked], total = 0;
    recall_forward(w, x);
    cross_entropy(asked, VALUES, x->logits, t->target, 1. / asked, loss,
                  x->logits);
    dense_back(asked, WIDTH, VALUES, x->y, w->out, x->logits, x->dy, dw->out,
               NULL);
    memset(x->dout, 0, (size_t)asked * WIDTH * sizeof *x->dout);
    layer_norm_back(asked, WIDTH, x->normal, x->inverse, w->gain, x->dy,
                    x->dout, dw->gain, dw->shift);
    mix_back(x);
    for (int i = 0; is_linear(x->mixer) && i < pairs * WIDTH; i++)
        x->dk[i] *= x->slope_k[i];
    for (int i = 0; is_linear(x->mixer) && i < asked * WIDTH; i++)
        x->dq[i] *= x->slope_q[i];
    dense_back(asked, WIDTH, WIDTH, x->name_q, w->to_q, x->dq, x->dy, dw->to_q,
               NULL);
    embed_back(1, asked, WIDTH, t->query, x->dy, dw->name, NULL);
    dense_back(pairs, WIDTH, WIDTH, x->name_k, w->to_k, x->dk, x->dy, dw->to_k,
               NULL);
    embed_back(1, pairs, WIDTH, t->name, x->dy, dw->name, NULL);
    embed_back(1, pairs, WIDTH, t->value, x->dv, dw->value, NULL);
    for (int i = 0; i < asked; i++)
        total += loss[i] / asked;
    return total;
}

// ---- learning ---------------------------------------------------------------

// All four layers of a seed begin alike.
static void first_weights(struct random *r, struct recall_weights *w)
{
    double root = 1 / sqrt(WIDTH);
    normal_weights(NAMES * WIDTH, 1, r, w->name);
    normal_weights(WIDTH * WIDTH, root, r, w->to_q);
    normal_weights(WIDTH * WIDTH, root, r, w->to_k);
    normal_weights(VALUES * WIDTH, 1, r, w->value);
    normal_weights(WIDTH * VALUES, root, r, w->out);
    for (int i = 0; i < WIDTH; i++) {
        w->gain[i] = 1;
        w->shift[i] = 0;
    }
}

// What a run leaves, a line for each number of pairs: percentage recalled, and
// means over rows and heads of tokens in focus and of the percentage of weight
// on the right key.
struct recalled {
    double accuracy, tokens, share;
};

static struct recalled judge(const struct recall_pass *x)
{
    const struct recall_task *t = &x->task;
    int rows = t->count * t->asked, n = t->pairs;
    struct recalled sum = {0};
    for (int i = 0; i < rows; i++) {
        const float *y = x->logits + i * VALUES;
        int best = 0;
        for (int c = 1; c < VALUES; c++)
            best = y[c] > y[best] ? c : best;
        sum.accuracy += 100. / rows * (best == t->target[i]);
        for (int h = 0; h < HEADS; h++) {
            const float *p =
                x->p + head_at(t, i / t->asked, h).p + i % t->asked * n;
            double S = sparsity(n, p);
            sum.tokens += n * S * S / (rows * HEADS);
            sum.share += 100. * p[t->ask[i]] / (rows * HEADS);
        }
    }
    return sum;
}

// How many batches of each size a layer is judged on.
enum { TRIALS = 4 };

static void examine(const struct recall_weights *w, struct recall_pass *x,
                    int s, struct recalled out[SIZES])
{
    struct random r = stream("recall-judge", (uint32_t)s);
    memset(out, 0, SIZES * sizeof *out);
    for (int i = 0; i < SIZES * TRIALS; i++) {
        struct recalled *o = &out[i / TRIALS];
        draw_task(&r, 8 << i / TRIALS, &x->task);
        recall_forward(w, x);
        struct recalled one = judge(x);
        o->accuracy += one.accuracy / TRIALS;
        o->tokens += one.tokens / TRIALS;
        o->share += one.share / TRIALS;
    }
}

// One run: batches of all sizes in turn, the rate along half a cosine to zero.
// Weights and sequences are those of seed s.
static void learn(enum mixer mixer, double rate, int s, int steps,
                  struct recalled out[SIZES])
{
    struct random r = stream("recall", (uint32_t)s);
    float *all = floats(4 * PARAMETERS), *dw = all + PARAMETERS;
    float *m = dw + PARAMETERS, *v = m + PARAMETERS;
    struct recall_pass *x = calloc(1, sizeof *x);
    if (!x)
        die("no memory for a layer");
    memset(all, 0, 4 * PARAMETERS * sizeof *all);
    struct recall_weights w = weights_at(all), slope = weights_at(dw);
    struct adam a = {.beta1 = 0.9, .beta2 = 0.98, .epsilon = 1e-8};
    first_weights(&r, &w);
    x->mixer = mixer;
    for (int t = 1; t <= steps; t++) {
        draw_task(&r, 8 << t % SIZES, &x->task);
        memset(dw, 0, PARAMETERS * sizeof *dw);
        recall_gradient(&w, x, &slope);
        a.rate = cosine_rate(t, steps / 20, steps, rate, 0);
        adam(a, t, PARAMETERS, all, dw, m, v);
    }
    examine(&w, x, s, out);
    free(x);
    free(all);
}

// ---- what is compared -------------------------------------------------------

enum { RATES = 5, REHEARSALS = 2 };
static const double recall_rates[RATES] = {0.003, 0.01, 0.03, 0.1, 0.3};

// The rate is chosen on seeds, and so on weights and sequences, of its own.
enum { FIRST_REHEARSAL = 1000 };

static void rehearse(int steps, const int cell[2],
                     struct recalled out[MIXERS][RATES][REHEARSALS][SIZES])
{
    int finished = 0;
#pragma omp parallel for schedule(dynamic)
    for (int i = cell[0] * REHEARSALS; i < cell[1] * REHEARSALS; i++) {
        int m = i / REHEARSALS / RATES, k = i / REHEARSALS % RATES;
        learn((enum mixer)m, recall_rates[k], FIRST_REHEARSAL + i % REHEARSALS,
              steps, out[m][k][i % REHEARSALS]);
#pragma omp critical
        progress("rates", ++finished, (cell[1] - cell[0]) * REHEARSALS);
    }
}

// The rates' rows from cell[0] to cell[1] and, of each layer, the rate that
// recalls most over all sizes; of equal ones, the lowest.
static void choose_rates(const int cell[2],
                         struct recalled run[MIXERS][RATES][REHEARSALS][SIZES],
                         double best[MIXERS])
{
    struct table *t =
        table("recall-rates", "mixer\trate\taccuracy [%]\tse\truns");
    double most = 0;
    for (int i = cell[0]; i < cell[1]; i++) {
        int m = i / RATES, k = i % RATES;
        double x[REHEARSALS] = {0};
        for (int j = 0; j < REHEARSALS * SIZES; j++)
            x[j / SIZES] += run[m][k][j / SIZES][j % SIZES].accuracy / SIZES;
        struct mean a = mean(REHEARSALS, x);
        row(t, "%s\t%g\t%.9g\t%.9g\t%d", mixer_names[m], recall_rates[k],
            a.mean, a.se, a.runs);
        if (k == 0 || a.mean > most) {
            most = a.mean;
            best[m] = recall_rates[k];
        }
    }
    done(t);
}

enum { BY_ACCURACY, BY_TOKENS, BY_SHARE };

// One number of a layer over the seeds; with `other`, what it has more than
// that one, seed by seed.
static struct mean over_runs(int seeds, struct recalled (*run)[SIZES],
                             struct recalled (*other)[SIZES], int size,
                             int what)
{
    double x[seeds];
    for (int s = 0; s < seeds; s++) {
        struct recalled a = run[s][size], b = {0};
        b = other ? other[s][size] : b;
        x[s] = what == BY_ACCURACY ? a.accuracy - b.accuracy
               : what == BY_TOKENS ? a.tokens - b.tokens
                                   : a.share - b.share;
    }
    return mean(seeds, x);
}

enum { SHOWN_SIZE = 3 }; // 64 pairs

static void recall_table(const char *name, int from, int to, int seeds,
                         struct recalled run[MIXERS][seeds][SIZES])
{
    struct table *t = table(name, "mixer\tpairs\taccuracy [%]\tse\ttokens\t"
                                  "se_tokens\tshare [%]\tse_share\truns");
    for (int i = 0; i < MIXERS * (to - from); i++) {
        int m = i / (to - from), size = from + i % (to - from);
        struct mean x[3];
        for (int k = 0; k < 3; k++)
            x[k] = over_runs(seeds, run[m], NULL, size, k);
        row(t, "%s\t%d\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%d", mixer_names[m],
            8 << size, x[0].mean, x[0].se, x[1].mean, x[1].se, x[2].mean,
            x[2].se, seeds);
    }
    done(t);
}

static void recall_values(int steps, int seeds,
                          struct recalled run[MIXERS][seeds][SIZES])
{
    static const char *const ends[] = {"", "_tokens", "_share"};
    static const char *const units[] = {"%", "1", "%"};
    value("recall_width", WIDTH, 0, 1, "1", EXACT);
    value("recall_heads", HEADS, 0, 1, "1", EXACT);
    value("recall_names", NAMES, 0, 1, "1", EXACT);
    value("recall_vocabulary", VALUES, 0, 1, "1", EXACT);
    value("recall_parameters", PARAMETERS, 0, 1, "1", EXACT);
    value("recall_chance", 100. / VALUES, 0, 1, "%", EXACT);
    value("recall_seeds", seeds, 0, 1, "1", EXACT);
    value("recall_steps", steps, 0, 1, "1", EXACT);
    for (int i = 0; i < MIXERS * 3; i++) { // accuracy at most pairs, rest at 64
        int m = i / 3, k = i % 3;
        char name[40];
        struct mean x =
            over_runs(seeds, run[m], NULL, k ? SHOWN_SIZE : SIZES - 1, k);
        snprintf(name, sizeof name, "recall_%s%s", mixer_names[m], ends[k]);
        value(name, x.mean, x.se, seeds, units[k], TRAINED);
    }
}

static void recall_claims(int seeds, struct recalled run[MIXERS][seeds][SIZES])
{
    const char *why = "differences between paired runs";
    struct recalled(*linear)[SIZES] = run[MIX_LINEAR];
    static const enum mixer others[] = {MIX_SOFTMAX, MIX_RELU2, MIX_DECAY};
    static const char *const names[] = {"recall-softmax", "recall-relu2",
                                        "recall-decay"};
    for (int i = 0; i < 3; i++) {
        struct mean x =
            over_runs(seeds, run[others[i]], linear, SIZES - 1, BY_ACCURACY);
        claim(names[i], AT_LEAST, x.mean, x.se, seeds, 0, 0, why);
    }
    struct mean x =
        over_runs(seeds, linear, run[MIX_RELU2], SHOWN_SIZE, BY_TOKENS);
    claim("recall-focus", AT_LEAST, x.mean, x.se, seeds, 0, 0, why);
}

static void recall(void)
{
    int seeds = quick ? 3 : lesson.seeds, steps = quick ? 200 : lesson.steps;
    int cell[2] = {0, MIXERS * RATES}, finished = 0;
    struct recalled trial[MIXERS][RATES][REHEARSALS][SIZES];
    struct recalled run[MIXERS][seeds][SIZES];
    double best[MIXERS];
    if (recorded_check) { // linear attention at one rate
        cell[0] = MIX_LINEAR * RATES + 1;
        cell[1] = cell[0] + 1;
    }
    rehearse(steps, cell, trial);
    choose_rates(cell, trial, best);
    if (recorded_check)
        return;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < MIXERS * seeds; i++) {
        int m = i / seeds, s = i % seeds;
        learn((enum mixer)m, best[m], s, steps, run[m][s]);
#pragma omp critical
        progress("recall", ++finished, MIXERS * seeds);
    }
    recall_table("recall-pairs", 0, SIZES, seeds, run);
    recall_table("recall-focus", SHOWN_SIZE, SHOWN_SIZE + 1, seeds, run);
    recall_values(steps, seeds, run);
    recall_claims(seeds, run);
}

static void training(void)
{
    setting("steps", &lesson.steps, "batches that a layer learns from");
    limits(20, 100000);
    setting("seeds", &lesson.seeds, "layers of each kind");
    limits(2, 1000);
    recorded("recall", "a trained layer's recall of names and values", recall);
}
