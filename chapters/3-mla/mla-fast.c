// mla-fast.c: a token's attention over caches of six kinds, each as its
// equation says and fast, what they read and compute, and how long that takes;
// part of mla.c.
//
//     plain      one query head after another, in doubles
//     fast       the same on decode() of src/tile
//     work       bytes and flops by formula, and counted
//     layer      the whole layer of one token, real dimensions
//     times      beside the limits of the machine
#include "tile/decode.h"
#include "tile/math.h"
#include "tile/tile.h"
#include <omp.h>
#include <stdint.h>

// The first two are a --set.
static struct {
    int context, rounds;
} fast_par = {.context = 65536, .rounds = 7};

enum cache_kind {
    OF_MHA,
    OF_GQA,
    OF_MQA,
    OF_NAIVE,
    OF_REEXPANDED,
    OF_LATENT,
    CACHES
};
static const char *const variant_names[] = {
    "MHA", "GQA-8", "MQA", "MLA naive", "MLA re-expanded", "MLA absorbed"};

// ---- plain ------------------------------------------------------------------

// y = softmax(scale q k^T) v for one query and t rows of k and v, which begin
// k_row and v_row apart.
static void plain_decode(int64_t t, int d, int e, double scale, const float *q,
                         const float *k, int64_t k_row, const float *v,
                         int64_t v_row, double y[e])
{
    double *p = vector(t), most = -INFINITY, sum = 0;
    for (int64_t i = 0; i < t; i++) {
        for (int j = 0; j < d; j++)
            p[i] += (double)q[j] * k[i * k_row + j];
        p[i] *= scale;
        most = fmax(most, p[i]);
    }
    for (int64_t i = 0; i < t; i++)
        sum += p[i] = exp(p[i] - most);
    for (int j = 0; j < e; j++)
        y[j] = 0;
    for (int64_t i = 0; i < t; i++)
        for (int j = 0; j < e; j++)
            y[j] += p[i] / sum * v[i * v_row + j];
    free(p);
}

// All n query heads of each of a cache's groups, one after another.
static void plain_heads(const struct cache *c, int n, double scale,
                        const float *q, double *y)
{
    for (int64_t s = 0; s < (int64_t)c->groups * n; s++)
        plain_decode(c->t, c->d, c->e, scale, q + s * c->d,
                     c->k + s / n * c->k_group, c->k_row,
                     c->v + s / n * c->v_group, c->v_row, y + s * c->e);
}

// ---- fast -------------------------------------------------------------------

// A cache of each kind in `room`, t positions; the latent's values are the
// first numbers of its keys.
static struct cache cache_of(const struct sizes *z, enum cache_kind kind,
                             int64_t t, const float *room)
{
    int groups = kind == OF_MHA || kind == OF_NAIVE ? z->h
                 : kind == OF_GQA                   ? 8
                                                    : 1;
    int latent = kind == OF_LATENT || kind == OF_REEXPANDED;
    int d = latent ? z->dc + z->dr : z->dk + (kind == OF_NAIVE ? z->dr : 0);
    int e = latent ? z->dc : z->dv;
    struct cache c = {.t = t, .groups = groups, .d = d, .e = e, .k = room};
    c.k_row = d, c.k_group = t * d;
    c.v = latent ? room : room + groups * t * d;
    c.v_row = latent ? d : e, c.v_group = latent ? 0 : t * e;
    return c;
}

// Head s of h: its keys and values are made anew from the latents, here in
// `room`, t rows of both, and read at once.  W_kvb is [d_c][h][d_k + d_v].
static void reexpand_head(const struct sizes *z, const struct cache *latent,
                          int s, float scale, const float *wkvb, const float *q,
                          float *room, float *o)
{
    int64_t t = latent->t, wide = z->h * (int64_t)(z->dk + z->dv);
    int d = z->dk + z->dr;
    float *w = (float *)wkvb + (int64_t)s * (z->dk + z->dv), *v = room + t * d;
    struct matrix c = {(float *)latent->k, latent->k_row, 1};
    product((int)t, z->dk, z->dc, c, (struct matrix){w, wide, 1},
            rows_of(room, d), 0);
    product((int)t, z->dv, z->dc, c, (struct matrix){w + z->dk, wide, 1},
            rows_of(v, z->dv), 0);
    for (int64_t i = 0; i < t; i++)
        memcpy(room + i * d + z->dk, latent->k + i * latent->k_row + z->dc,
               (size_t)z->dr * sizeof *room);
    struct cache own = {t, 1, d, z->dv, room, v, d, 0, z->dv, 0};
    decode(&own, 1, scale, q, o);
}

// All heads, each on a thread: q [h][d_k + d_r], o [h][d_v].
static void reexpand(const struct sizes *z, const struct cache *latent,
                     float scale, const float *wkvb, const float *q, float *o)
{
    int d = z->dk + z->dr;
#pragma omp parallel
    {
        float *room = floats(latent->t * (d + z->dv));
#pragma omp for schedule(dynamic)
        for (int s = 0; s < z->h; s++)
            reexpand_head(z, latent, s, scale, wkvb, q + (int64_t)s * d, room,
                          o + (int64_t)s * z->dv);
        free(room);
    }
}

// ---- work -------------------------------------------------------------------

// Numbers that are read and multiply-adds that are made for a token; weights of
// the token itself are beside that.
struct work_done {
    int64_t numbers, adds;
};

// By formula, for one position of the cache.
static struct work_done work_of(const struct sizes *z, enum cache_kind kind)
{
    static const enum variant ways[] = {GROUPED, GROUPED,    GROUPED,
                                        NAIVE,   REEXPANDED, ABSORBED};
    const int groups[CACHES] = {z->h, 8, 1};
    struct cost c = decode_cost(ways[kind], groups[kind], *z, 1);
    return (struct work_done){(int64_t)c.bytes, (int64_t)(c.flops / 2)};
}

// By counting, for so many positions: heads go over the cache that the fast
// program is handed as plain_heads does, tick off what they read of it, and
// count multiply-adds; those that re-expand make keys and values first.
enum { COUNTED = 3 };
static struct work_done work_counted(const struct sizes *z,
                                     enum cache_kind kind)
{
    int64_t most = COUNTED * ((int64_t)z->h * (z->dk + z->dr + z->dv) + z->dc);
    float *room = floats(most);
    double *seen = vector(most);
    struct cache c = cache_of(z, kind, COUNTED, room);
    struct work_done w = {0, 0};
    for (int s = 0; s < z->h; s++)
        for (int i = 0; i < COUNTED; i++) {
            int g = s / (z->h / c.groups), anew = kind == OF_REEXPANDED;
            double *k = seen + (c.k - room) + g * c.k_group + i * c.k_row;
            double *v = seen + (c.v - room) + g * c.v_group + i * c.v_row;
            for (int j = 0; j < c.d; j++)
                w.adds += !anew, k[j] = 1;
            for (int j = 0; j < c.e; j++)
                w.adds += !anew, v[j] = 1;
            for (int j = 0; j < z->dk + z->dv && anew; j++)
                w.adds += z->dc + 1; // made, then met by the query
            w.adds += anew * z->dr;
        }
    for (int64_t i = 0; i < most; i++)
        w.numbers += (int64_t)seen[i];
    free(room), free(seen);
    return w;
}

// ---- layer ------------------------------------------------------------------

// The weights of a layer as [outputs][inputs], the way PyTorch has them; W_kc
// and W_v by heads: [h][d_c][d_k] and [h][d_v][d_c].
struct layer_weights {
    float *dq, *q, *c, *kc, *v, *o;
};

static int64_t layer_size(const struct sizes *z)
{
    return (int64_t)z->dq * z->d + (int64_t)z->h * (z->dk + z->dr) * z->dq +
           (int64_t)(z->dc + z->dr) * z->d +
           (int64_t)z->h * z->dc * (z->dk + z->dv) +
           (int64_t)z->d * z->h * z->dv;
}

static struct layer_weights lay_layer(const struct sizes *z, float *w)
{
    struct layer_weights l = {.dq = w};
    l.q = l.dq + (int64_t)z->dq * z->d;
    l.c = l.q + (int64_t)z->h * (z->dk + z->dr) * z->dq;
    l.kc = l.c + (int64_t)(z->dc + z->dr) * z->d;
    l.v = l.kc + (int64_t)z->h * z->dc * z->dk;
    l.o = l.v + (int64_t)z->h * z->dc * z->dv;
    return l;
}

// The same as in doubles, of a vector of floats.
static void over_rms(int n, float x[n])
{
    double z[n];
    for (int i = 0; i < n; i++)
        z[i] = x[i];
    rms_norm(n, z);
    for (int i = 0; i < n; i++)
        x[i] = (float)z[i];
}

static void turn_part(int n, int64_t position, float x[n])
{
    double v[n];
    for (int i = 0; i < n; i++)
        v[i] = x[i];
    rotate(n, (double)position, v);
    for (int i = 0; i < n; i++)
        x[i] = (float)v[i];
}

// Whole queries [h][d_c + d_r] from c' of the token at position t: W_kc meets
// the query, not the keys.
static void absorbed_queries(const struct sizes *z,
                             const struct layer_weights *w, int64_t t,
                             const float *cq, float *q, float *all)
{
    int64_t d = z->dk + z->dr, wide = z->dc + z->dr;
    matrix_vector(z->h * d, z->dq, w->q, cq, q);
#pragma omp parallel for schedule(static)
    for (int s = 0; s < z->h; s++) {
        float *own = q + s * d;
        matrix_vector(z->dc, z->dk, w->kc + (int64_t)s * z->dc * z->dk, own,
                      all + s * wide);
        turn_part(z->dr, t, own + z->dk);
        memcpy(all + s * wide + z->dc, own + z->dk,
               (size_t)z->dr * sizeof *all);
    }
}

// One token's layer, absorbed: x [d] joins the cache as its last position, and
// y [d] is its output.  `room` has layer_room floats.  eq:decode-form
static void layer_step(const struct sizes *z, const struct layer_weights *w,
                       const struct cache *c, const float *x, float *room,
                       float *y)
{
    int64_t t = c->t - 1, wide = z->dc + z->dr;
    float *cq = room, *q = cq + z->dq, *all = q + z->h * (z->dk + z->dr);
    float *o = all + z->h * wide, *heads = o + z->h * (int64_t)z->dc;
    float *own = (float *)c->k + t * c->k_row;
    matrix_vector(z->dq, z->d, w->dq, x, cq);
    matrix_vector(wide, z->d, w->c, x, own);
    over_rms(z->dq, cq);
    over_rms(z->dc, own);
    turn_part(z->dr, t, own + z->dc);
    absorbed_queries(z, w, t, cq, q, all);
    decode(c, z->h, 1 / sqrtf((float)(z->dk + z->dr)), all, o);
#pragma omp parallel for schedule(static)
    for (int s = 0; s < z->h; s++)
        matrix_vector(z->dv, z->dc, w->v + (int64_t)s * z->dv * z->dc,
                      o + (int64_t)s * z->dc, heads + (int64_t)s * z->dv);
    matrix_vector(z->d, z->h * z->dv, w->o, heads, y);
}

static int64_t layer_room(const struct sizes *z)
{
    return z->dq + z->h * (int64_t)(z->dk + z->dr + 2 * z->dc + z->dr + z->dv);
}

// ---- checks -----------------------------------------------------------------

static void fill_floats(const char *name, int64_t n, float *x)
{
    int64_t some = n < 1 << 20 ? n : 1 << 20;
    struct random r = stream(name, 0);
    normals32(&r, some, x);
#pragma omp parallel for schedule(static)
    for (int64_t i = some; i < n; i += some)
        memcpy(x + i, x, (size_t)(n - i < some ? n - i : some) * sizeof *x);
}

struct check {
    double off;     // the largest difference from the plain form
    int64_t unlike; // outputs whose bits depend on the number of threads
};

static void check_cache(const struct cache *c, int n, float scale,
                        const float *q, struct check *to)
{
    int64_t size = (int64_t)c->groups * n * c->e;
    double *want = vector(size);
    float *y = floats(size), *again = floats(size);
    plain_heads(c, n, scale, q, want);
    for (int count = 1; count <= 4; count++) {
        omp_set_num_threads(count);
        decode(c, n, scale, q, count == 1 ? y : again);
        for (int64_t i = 0; i < size && count > 1; i++)
            to->unlike += memcmp(y + i, again + i, sizeof *y) != 0;
    }
    omp_set_num_threads(threads);
    for (int64_t i = 0; i < size; i++)
        to->off = fmax(to->off, fabs(y[i] - want[i]));
    free(want);
    free(y);
    free(again);
}

// Random shapes of every kind: few and many queries, contexts of one position
// and of parts, widths that end within a vector.
static void check_kernels(void)
{
    struct check all = {0, 0};
    int cases = quick ? 24 : 120;
    struct table *t =
        table("kernel-checks", "heads\tgroups\tcontext\twidth\tvalue\terror");
    for (int i = 0; i < cases; i++) {
        struct random r = stream("kernels", (uint32_t)i);
        int groups = 1 + (int)below(&r, 3),
            n = 1 + (int)below(&r, i % 3 ? 9 : 70);
        int d = 1 + (int)below(&r, 300), e = 1 + (int)below(&r, 200);
        int64_t at = 1 + below(&r, i % 4 ? 300 : 2000);
        int64_t size = groups * at * (d + e), queries = (int64_t)groups * n * d;
        float *room = floats(size), *q = floats(queries);
        struct cache c = {at, groups, d, e,     room, room + groups * at * d,
                          d,  at * d, e, at * e};
        struct check one = {0, 0};
        if (i % 5 == 1) { // as a latent's, values are the first of a key
            c.e = e = e < d ? e : d;
            c.v = room, c.v_row = d, c.v_group = c.k_group;
        }
        normals32(&r, size, room);
        normals32(&r, queries, q);
        check_cache(&c, n, 1 / sqrtf((float)d), q, &one);
        if (i < 12)
            row(t, "%d\t%d\t%lld\t%d\t%d\t%.3g", groups * n, groups,
                (long long)at, d, e, one.off);
        all.off = fmax(all.off, one.off), all.unlike += one.unlike;
        free(room);
        free(q);
    }
    done(t);
    value("kernel_cases", cases, 0, 1, "1", EXACT);
    claim("kernels-agree", AT_MOST, all.off, 0, cases, 1e-5, 0,
          "2^-24 times a score's few hundred terms, and e to that");
    claim("threads-same-bits", EQUAL, (double)all.unlike, 0, cases, 0, 0,
          "numbers that differ are counted");
}

static void count_work(void)
{
    static const struct sizes other = {24, 16, 6, 4, 5, 10, 12};
    double wrong = 0;
    struct table *t =
        table("work", "variant\tnumbers\tbytes [B]\tflops\t"
                      "intensity\tcounted_numbers\tcounted_flops");
    for (int k = 0; k < CACHES; k++) {
        struct work_done w = work_of(&published, k);
        struct work_done c = work_counted(&published, k);
        struct work_done x = work_of(&other, k), y = work_counted(&other, k);
        wrong += c.numbers != COUNTED * w.numbers;
        wrong += c.adds != COUNTED * w.adds;
        wrong += y.numbers != COUNTED * x.numbers;
        wrong += y.adds != COUNTED * x.adds;
        row(t, "%s\t%lld\t%lld\t%lld\t%.17g\t%.17g\t%.17g", variant_names[k],
            (long long)w.numbers, (long long)(4 * w.numbers),
            (long long)(2 * w.adds), 0.5 * (double)w.adds / (double)w.numbers,
            c.numbers / (double)COUNTED, 2. * c.adds / COUNTED);
    }
    done(t);
    struct work_done latent = work_counted(&published, OF_LATENT);
    value("work_counts", 4 * CACHES, 0, 1, "1", EXACT);
    claim("work-counted", EQUAL, wrong, 0, 4 * CACHES, 0, 0,
          "numbers are counted");
    claim("latent-read-once", EQUAL, latent.numbers / (double)COUNTED, 0, 1,
          published.dc + published.dr, 0, "numbers are counted");
}

static void kernels(void)
{
    check_kernels();
    count_work();
}

// ---- times ------------------------------------------------------------------

// n numbers in eight streams.
static __attribute__((noinline)) float sweep_floats(int64_t n, const float *x)
{
    enum { STREAMS = 8 };
    int64_t part = n / STREAMS / LANES * LANES;
    lanes sum[STREAMS] = {0};
    for (int64_t i = 0; i < part; i += LANES)
        for (int s = 0; s < STREAMS; s++)
            sum[s] += *(const lanes_at *)(x + s * part + i);
    for (int s = 1; s < STREAMS; s++)
        sum[0] += sum[s];
    return sum[0][0];
}

// Every thread reads its share; between measurements this empties the caches.
static double sweep_all(int64_t n, const float *x)
{
    double t = seconds_now();
#pragma omp parallel
    {
        int64_t own = n / omp_get_num_threads();
        float sum = sweep_floats(own, x + own * omp_get_thread_num());
        __asm__ volatile("" ::"m"(sum) : "memory");
    }
    return seconds_now() - t;
}

// The limits are looked for again by every timing: the highest counts.
static void look_for_limits(struct machine *m, const float *x, int64_t n)
{
    double sum = 0;
#pragma omp parallel reduction(+ : sum)
    sum += peak();
    m->flops = fmax(m->flops, sum);
    for (int i = 0; i < 5; i++)
        m->bandwidth = fmax(m->bandwidth, 4.0 * (double)n / sweep_all(n, x));
}

struct bench {
    float *room, *q, *y, *wkvb, *other;
    int64_t size, swept;
    struct machine m; // its limits, as measured
};

static void run_variant(const struct bench *b, enum cache_kind kind,
                        const struct cache *c)
{
    float scale = 0.05f;
    if (kind == OF_REEXPANDED)
        reexpand(&published, c, scale, b->wkvb, b->q, b->y);
    else
        decode(c, published.h / c->groups, scale, b->q, b->y);
}

// Is there to be another round?  What is slow has two.
static int once_more(int rounds, double begin)
{
    return rounds < (quick ? 2 : fast_par.rounds) &&
           (rounds < 2 || seconds_now() - begin < 0.2);
}

// The least time over rounds, the caches emptied before each; every sweep is a
// measurement of the bandwidth, too.
static double time_variant(struct bench *b, enum cache_kind kind, int64_t t)
{
    struct cache c = cache_of(&published, kind, t, b->room);
    double best = INFINITY, begin = seconds_now();
    for (int i = 0; once_more(i, begin); i++) {
        double bytes = 4.0 * (double)b->swept;
        b->m.bandwidth =
            fmax(b->m.bandwidth, bytes / sweep_all(b->swept, b->other));
        double from = seconds_now();
        run_variant(b, kind, &c);
        best = fmin(best, seconds_now() - from);
    }
    return best;
}

static int64_t cache_numbers(enum cache_kind kind, int64_t t)
{
    return work_of(&published, kind).numbers * t;
}

// Which contexts a kind is timed at: its cache must fit beside others, and what
// re-expands is slow.
static int is_timed(enum cache_kind kind, int64_t t)
{
    int64_t most = kind == OF_MHA || kind == OF_NAIVE ? fast_par.context / 2
                   : kind == OF_REEXPANDED            ? 1024
                                                      : fast_par.context;
    return t <= (quick ? 512 : most);
}

static struct bench make_bench(void)
{
    struct bench b = {.swept = (quick ? 4 : 32) << 20};
    int64_t most = quick ? 512 : fast_par.context;
    for (int k = 0; k < CACHES; k++)
        for (int64_t t = 256; t <= most; t *= 2)
            if (is_timed(k, t) && cache_numbers(k, t) > b.size)
                b.size = cache_numbers(k, t);
    b.room = floats(b.size), b.other = floats(b.swept);
    b.q = floats((int64_t)published.h * (published.dc + published.dr));
    b.y = floats((int64_t)published.h * published.dc);
    b.wkvb = floats((int64_t)published.dc * published.h *
                    (published.dk + published.dv));
    fill_floats("cache", b.size, b.room);
    fill_floats("other", b.swept, b.other);
    fill_floats("queries", (int64_t)published.h * (published.dc + published.dr),
                b.q);
    fill_floats("weights",
                (int64_t)published.dc * published.h *
                    (published.dk + published.dv),
                b.wkvb);
    return b;
}

static void free_bench(struct bench *b)
{
    free(b->room);
    free(b->other);
    free(b->q);
    free(b->y);
    free(b->wkvb);
}

// The time that the limits allow.
static double roof_time(const struct machine *m, double numbers, double flops)
{
    return decode_time(*m, (struct cost){flops, 4 * numbers});
}

// And those of the model machine, whose numbers have two bytes.
static double h800_time(double numbers, double flops)
{
    return decode_time(h800, (struct cost){flops, 2 * numbers});
}

static void decode_row(struct table *t, const struct machine *m,
                       enum cache_kind kind, int64_t context, double time)
{
    struct work_done w = work_of(&published, kind);
    double numbers = (double)(w.numbers * context);
    double flops = 2.0 * (double)(w.adds * context);
    double roof = roof_time(m, numbers, flops);
    row(t, "%s\t%lld\t%.0f\t%.0f\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g",
        variant_names[kind], (long long)context, 4 * numbers, flops,
        flops / numbers / 4, 1e3 * time, 4e-9 * numbers / time,
        1e-9 * flops / time, 1e3 * roof, 100 * roof / time,
        1e6 * h800_time(numbers, flops));
}

enum { CONTEXTS = 12 }; // 256 and its doubles

static void limits_table(const struct machine *m)
{
    struct table *t =
        table("limits", "intensity\tattainable [GFLOP/s]\th800 [GFLOP/s]");
    for (int i = -8; i <= 64; i++) {
        double x = exp2(i / 4.0);
        row(t, "%.9g\t%.9g\t%.9g", x, 1e-9 * fmin(m->flops, x * m->bandwidth),
            1e-9 * fmin(h800.flops, x * h800.bandwidth));
    }
    done(t);
    value("bandwidth_read", 1e-9 * m->bandwidth, 0, 1, "GB/s", TIMING);
    value("fma_peak", 1e-9 * m->flops, 0, 1, "GFLOP/s", TIMING);
    value("balance", m->flops / m->bandwidth, 0, 1, "flop/B", TIMING);
}

// The best share of the roof over contexts of 1k and more, or of any if there
// is none.
static double best_share(const struct machine *m, enum cache_kind kind,
                         double time[CONTEXTS])
{
    struct work_done w = work_of(&published, kind);
    double best = 0;
    for (int i = 0; i < CONTEXTS; i++)
        if (time[i] > 0 && (i >= 2 || quick || kind == OF_REEXPANDED))
            best = fmax(best, roof_time(m, (double)(w.numbers * (256 << i)),
                                        2.0 * (double)(w.adds * (256 << i))) /
                                  time[i]);
    return 100 * best;
}

static void roofline_values(const struct machine *m,
                            double time[CACHES][CONTEXTS])
{
    static const char *const names[] = {"share_mha",        "share_gqa8",
                                        "share_mqa",        "share_naive",
                                        "share_reexpanded", "share_absorbed"};
    int last = 0;
    for (int k = 0; k < CACHES; k++)
        value(names[k], best_share(m, k, time[k]), 0, 1, "%", TIMING);
    for (int i = 0; i < CONTEXTS; i++)
        last = time[OF_MHA][i] > 0 ? i : last;
    struct work_done a = work_of(&published, OF_MHA),
                     b = work_of(&published, OF_LATENT);
    value("speedup_mha", time[OF_MHA][last] / time[OF_LATENT][last], 0, 1, "1",
          TIMING);
    value("speedup_naive", time[OF_NAIVE][last] / time[OF_LATENT][last], 0, 1,
          "1", TIMING);
    value("speedup_context", 256 << last, 0, 1, "1", TIMING);
    value("h800_speedup",
          h800_time((double)a.numbers, 2.0 * (double)a.adds) /
              h800_time((double)b.numbers, 2.0 * (double)b.adds),
          0, 1, "1", COMPUTED);
}

// The cell of a wide table, or nan where nothing was timed.
static const char *cell(double time, char text[32])
{
    if (time > 0)
        snprintf(text, 32, "%.9g", 1e3 * time);
    else
        strcpy(text, "nan");
    return text;
}

static void times_table(double time[CACHES][CONTEXTS])
{
    struct table *t = table("decode-times", "context\tmha\tgqa8\tmqa\tnaive\t"
                                            "reexpanded\tabsorbed");
    for (int i = 0; i < CONTEXTS; i++) {
        char x[CACHES][32];
        for (int k = 0; k < CACHES; k++)
            cell(time[k][i], x[k]);
        if (time[OF_LATENT][i] > 0)
            row(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s", 256 << i, x[0], x[1], x[2],
                x[3], x[4], x[5]);
    }
    done(t);
}

// Each kernel beside its plain form, at a context that the latter survives.
static void kernel_row(struct table *t, struct bench *b, enum cache_kind kind,
                       int64_t at)
{
    struct cache c = cache_of(&published, kind, at, b->room);
    struct work_done w = work_of(&published, kind);
    double limit =
        roof_time(&b->m, (double)(w.numbers * at), 2.0 * (double)(w.adds * at));
    double fast = time_variant(b, kind, at);
    double *y = vector((int64_t)published.h * c.e), from = seconds_now();
    plain_heads(&c, published.h / c.groups, 0.05, b->q, y);
    double plain = seconds_now() - from;
    row(t, "%s\t%lld\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", variant_names[kind],
        (long long)at, 1e3 * plain, 1e3 * fast, plain / fast, 1e3 * limit,
        100 * limit / fast);
    free(y);
}

static void kernels_table(struct bench *b)
{
    struct table *t =
        table("kernels", "kernel\tcontext\tplain [ms]\tfast [ms]\t"
                         "ratio\tlimit [ms]\tshare [%]");
    for (int k = 0; k < CACHES; k++)
        if (k != OF_REEXPANDED)
            kernel_row(t, b, k, quick ? 256 : 1024);
    done(t);
}

// Attention of one token over caches of six kinds, beside two limits.
static void roofline(void)
{
    struct bench b = make_bench();
    double time[CACHES][CONTEXTS] = {{0}};
    look_for_limits(&b.m, b.other, b.swept);
    for (int k = 0; k < CACHES; k++)
        for (int i = k == OF_REEXPANDED || quick ? 0 : 2; i < CONTEXTS; i++)
            if (is_timed(k, 256 << i))
                time[k][i] = time_variant(&b, k, 256 << i);
    look_for_limits(&b.m, b.other, b.swept);
    struct table *t = table(
        "roofline",
        "variant\tcontext\tbytes [B]\tflops\tintensity [flop/B]\ttime [ms]\t"
        "bandwidth [GB/s]\trate [GFLOP/s]\troof [ms]\tshare [%]\th800 [us]");
    for (int k = 0; k < CACHES; k++)
        for (int i = 0; i < CONTEXTS; i++)
            if (time[k][i] > 0)
                decode_row(t, &b.m, k, 256 << i, time[k][i]);
    done(t);
    times_table(time);
    kernels_table(&b);
    limits_table(&b.m);
    roofline_values(&b.m, time);
    free_bench(&b);
}

// The times of contexts that grow fourfold beside their limits; the best share.
static double layer_rows(const struct sizes *z, const struct machine *m,
                         int count, int64_t first, const double time[count])
{
    struct table *t = table("layer", "context\ttime [ms]\tlimit [ms]\tshare [%]"
                                     "\tweights [ms]\tcore [ms]");
    double share = 0, reading = 4.0 * (double)layer_size(z) / m->bandwidth;
    for (int i = 0; i < count; i++) {
        int64_t at = first << 2 * i;
        double core =
            2.0 * (double)(work_of(z, OF_LATENT).adds * at) / m->flops;
        double part = 100 * (reading + core) / time[i];
        row(t, "%lld\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g", (long long)at,
            1e3 * time[i], 1e3 * (reading + core), part, 1e3 * reading,
            1e3 * core);
        share = fmax(share, part);
    }
    done(t);
    return share;
}

// The whole layer of one token at real dimensions, beside its two limits one
// after the other: weights are read, then the core computes.
static void time_layer(void)
{
    static const struct sizes tiny = {64, 8, 16, 8, 16, 32, 48};
    const struct sizes z = quick ? tiny : published;
    int64_t n = layer_size(&z), most = quick ? 256 : 16384;
    int64_t wide = z.dc + z.dr;
    float *weights = floats(n), *room = floats(layer_room(&z));
    float *cached = floats(most * wide), *x = floats(z.d), *y = floats(z.d);
    struct layer_weights w = lay_layer(&z, weights);
    struct machine m = {0, 0};
    fill_floats("layer", n, weights);
    fill_floats("cache", most * wide, cached);
    fill_floats("token", z.d, x);
    for (int64_t i = 0; i < n; i++)
        weights[i] *= 0.02f;
    double time[3];
    int count = 0;
    for (int64_t at = most / 16; at <= most; at *= 4, count++) {
        struct cache c = cache_of(&z, OF_LATENT, at, cached);
        time[count] = INFINITY;
        look_for_limits(&m, weights, n);
        double begin = seconds_now();
        for (int i = 0; once_more(i, begin); i++) {
            double from = seconds_now();
            layer_step(&z, &w, &c, x, room, y);
            time[count] = fmin(time[count], seconds_now() - from);
        }
    }
    double share = layer_rows(&z, &m, count, most / 16, time);
    value("layer_weights", (double)n, 0, 1, "1", EXACT);
    value("layer_share", share, 0, 1, "%", TIMING);
    free(weights);
    free(room);
    free(cached);
    free(x);
    free(y);
}

// ---- crossover, timed -------------------------------------------------------

// What both ways work on: latents [n_k][d_c + d_r], queries [h][n_q][...].
struct crossing {
    const struct sizes *z;
    int nq, nk;
    float *latent, *w, *q, *all, *o, *y, *k, *v;
};

// Head by head, keys and values are made, and then read by all queries.
static void expand_way(const struct crossing *x)
{
    const struct sizes *z = x->z;
    int d = z->dk + z->dr;
    int64_t wide = z->dc + z->dr, size = (int64_t)z->dc * (z->dk + z->dv);
    for (int s = 0; s < z->h; s++) {
        float *w = x->w + s * size;
        struct matrix c = {x->latent, wide, 1};
        product(x->nk, z->dk, z->dc, c, rows_of(w, z->dk), rows_of(x->k, d), 0);
        product(x->nk, z->dv, z->dc, c, rows_of(w + z->dc * z->dk, z->dv),
                rows_of(x->v, z->dv), 0);
        for (int64_t i = 0; i < x->nk; i++)
            memcpy(x->k + i * d + z->dk, x->latent + i * wide + z->dc,
                   (size_t)z->dr * sizeof *x->k);
        struct cache own = {x->nk, 1, d, z->dv, x->k, x->v, d, 0, z->dv, 0};
        decode(&own, x->nq, 0.05f, x->q + (int64_t)s * x->nq * d,
               x->y + (int64_t)s * x->nq * z->dv);
    }
}

// Queries meet W_kc, then latents; what they gather meets W_v.
static void absorb_way(const struct crossing *x)
{
    const struct sizes *z = x->z;
    int64_t d = z->dk + z->dr, wide = z->dc + z->dr;
    int64_t size = (int64_t)z->dc * (z->dk + z->dv);
    struct cache c = {x->nk,     1,    (int)wide, z->dc, x->latent,
                      x->latent, wide, 0,         wide,  0};
    for (int s = 0; s < z->h; s++) {
        float *w = x->w + s * size, *q = x->q + (int64_t)s * x->nq * d;
        product(x->nq, z->dc, z->dk, rows_of(q, d), columns_of(w, z->dk),
                rows_of(x->all, wide), 0);
        for (int64_t i = 0; i < x->nq; i++)
            memcpy(x->all + i * wide + z->dc, q + i * d + z->dk,
                   (size_t)z->dr * sizeof *q);
        decode(&c, x->nq, 0.05f, x->all, x->o);
        product(x->nq, z->dv, z->dc, rows_of(x->o, z->dc),
                rows_of(w + z->dc * z->dk, z->dv),
                rows_of(x->y + (int64_t)s * x->nq * z->dv, z->dv), 0);
    }
}

static double time_way(const struct crossing *x,
                       void way(const struct crossing *))
{
    double best = INFINITY, begin = seconds_now();
    for (int i = 0; once_more(i, begin); i++) {
        double from = seconds_now();
        way(x);
        best = fmin(best, seconds_now() - from);
    }
    return best;
}

static struct crossing make_crossing(const struct sizes *z, int nq, int nk)
{
    struct crossing x = {.z = z, .nq = nq, .nk = nk};
    int64_t d = z->dk + z->dr, wide = z->dc + z->dr, h = z->h;
    x.latent = floats(nk * wide), x.w = floats(h * z->dc * (z->dk + z->dv));
    x.q = floats(h * nq * d), x.all = floats(nq * wide);
    x.o = floats((int64_t)nq * z->dc), x.y = floats(h * nq * z->dv);
    x.k = floats(nk * d), x.v = floats((int64_t)nk * z->dv);
    fill_floats("latent", nk * wide, x.latent);
    fill_floats("queries", h * nq * d, x.q);
    fill_floats("weights", h * z->dc * (z->dk + z->dv), x.w);
    for (int64_t i = 0; i < h * z->dc * (z->dk + z->dv); i++)
        x.w[i] *= 0.05f;
    return x;
}

static void free_crossing(struct crossing *x)
{
    float *all[] = {x->latent, x->w, x->q, x->all, x->o, x->y, x->k, x->v};
    for (int i = 0; i < 8; i++)
        free(all[i]);
}

// Where the second of two times is as long as the first, for the last time,
// between numbers of queries; 0 if it never comes to that.
static double times_cross(int count, const int queries[count],
                          const double gap[count])
{
    for (int i = count - 1; i > 0; i--)
        if (gap[i - 1] < 0 && gap[i] >= 0)
            return queries[i - 1] * pow((double)queries[i] / queries[i - 1],
                                        gap[i - 1] / (gap[i - 1] - gap[i]));
    return 0;
}

// Both ways against the number of new queries, for 4096 keys and eight heads.
static void time_crossover(void)
{
    static const int queries[] = {1, 4, 16, 64, 128, 192, 256, 384, 512, 1024};
    enum { TRIED = sizeof queries / sizeof *queries };
    struct sizes z = published;
    z.h = quick ? 1 : 8;
    int nk = quick ? 64 : 4096, count = quick ? 4 : TRIED;
    struct crossing x = make_crossing(&z, queries[count - 1], nk);
    double gap[TRIED], sum = 0;
#pragma omp parallel reduction(+ : sum)
    sum += peak();
    struct table *t = table("crossover", "nq\texpand [ms]\tabsorb [ms]\t"
                                         "expand_predicted [ms]\t"
                                         "absorb_predicted [ms]");
    for (int i = 0; i < count; i++) {
        int n = x.nq = queries[i];
        double a = time_way(&x, expand_way), b = time_way(&x, absorb_way);
        gap[i] = log(b / a);
        row(t, "%d\t%.9g\t%.9g\t%.9g\t%.9g", n, 1e3 * a, 1e3 * b,
            2e3 * expand_macs(z, n, nk) / sum,
            2e3 * absorb_macs(z, n, nk) / sum);
    }
    done(t);
    value("crossover_measured", times_cross(count, queries, gap), 0, 1, "1",
          TIMING);
    value("crossover_keys", nk, 0, 1, "1", EXACT);
    value("crossover_heads", z.h, 0, 1, "1", EXACT);
    free_crossing(&x);
}
