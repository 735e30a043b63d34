// decode.c: one token's attention over a cache, a block of keys at a time.
#include "tile/decode.h"
#include "tile/math.h"
#include "tile/private.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

// Many queries: those that meet a block together, whole tiles both ways; keys
// of a block; numbers of a key that stay near while a block passes.  A few: so
// few that reading is all; places that a block comes from, and keys of each.
// Parts of a context at most, and positions that are worth one.
enum {
    BAND_QUERIES = LANES == 16 ? COLUMNS : 3 * COLUMNS,
    BLOCK_KEYS = 16 * ROWS,
    BAND_DEEP = 192,
    FEW_QUERIES = 8,
    READ_PLACES = 8,
    READ_RUN = 128,
    READ_ROOM = READ_PLACES * READ_RUN,
    ROWS_AHEAD = 2, // rows
    MOST_PARTS = 16,
    PART_LEAST = 512,
    VALUE_STRIP = 8 // vectors of a value that are summed at a time
};

// The empty instruction keeps a vector in its register, or the compiler reads
// it anew for each use.
#define HELD(x) __asm__("" : "+x"(x))

// Queries and where they stand after the keys so far: the largest score, the
// sum of weights relative to it, and so the sum of values.
struct standing {
    float *top, *sum, *o; // [n], [n], [n][e]
};

// Rows of `wide` numbers on their way to the nearest cache, 3, or the second,
// 2.  What lies behind the last key is asked for, too, and never used.
static inline __attribute__((always_inline)) void
fetch(int rows, int wide, const float *x, int64_t row, const int level)
{
    for (int r = 0; r < rows; r++)
        for (int p = 0; p < wide; p += LINE)
            if (level == 3)
                __builtin_prefetch(x + r * row + p, 0, 3);
            else
                __builtin_prefetch(x + r * row + p, 0, 2);
}

// What a band fetches of the next block: its share of the keys, and `wide`
// numbers of each value from v on, unless values are part of the keys.
struct next {
    int bands, band, wide;
    const float *v;
    int64_t row;
};

// ---- many queries -----------------------------------------------------------

// The band's queries as columns, times scale: [d][BAND_QUERIES], zero beyond n.
static void pack_queries(int n, int d, float scale, const float *q, float *to)
{
    for (int p = 0; p < d; p += LANES)
        for (int j = 0; j < BAND_QUERIES; j++)
            for (int l = p; l < least(p + LANES, d); l++)
                to[(int64_t)l * BAND_QUERIES + j] =
                    j < n ? scale * q[(int64_t)j * d + l] : 0;
}

// ROWS keys meet one or two vectors of queries; one is half a tile.
static inline __attribute__((always_inline)) void
score_tile(int vectors, int deep, const float *k, int64_t row, const float *q,
           float *s, int add)
{
    lanes t[ROWS][2] = {0};
    for (int r = 0; r < ROWS && add; r++)
        for (int i = 0; i < vectors; i++)
            t[r][i] = ((const lanes *)(s + (int64_t)r * BAND_QUERIES))[i];
    if (vectors == 2)
        tile(deep, k, row, 1, q, BAND_QUERIES, t);
    else
        for (int p = 0; p < deep; p++) {
            lanes y = *(const lanes *)(q + (int64_t)p * BAND_QUERIES);
#pragma GCC unroll 8
            for (int r = 0; r < ROWS; r++)
                t[r][0] += k[r * row + p] * y;
        }
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < vectors; i++)
            ((lanes *)(s + (int64_t)r * BAND_QUERIES))[i] = t[r][i];
}

// s [keys][BAND_QUERIES] (+)= k q for the numbers of a key that are near;
// meanwhile every `bands`-th tile's part of the next block of keys and values is
// fetched.
static void score_tiles(int keys, int wide, int deep, const float *k,
                        int64_t row, const float *q, float *s, int add,
                        const struct next *next)
{
    for (int j = 0; j + ROWS <= keys; j += ROWS) {
        if (j / ROWS % next->bands == next->band) {
            fetch(ROWS, deep, k + (BLOCK_KEYS + j) * row, row, 2);
            fetch(ROWS, next->wide, next->v + (BLOCK_KEYS + j) * next->row,
                  next->row, 2);
        }
        fetch(ROWS, deep, k + (j + ROWS) * row, row, 3);
        for (int c = 0; c < wide; c += COLUMNS)
            if (wide - c > LANES)
                score_tile(2, deep, k + j * row, row, q + c,
                           s + (int64_t)j * BAND_QUERIES + c, add);
            else
                score_tile(1, deep, k + j * row, row, q + c,
                           s + (int64_t)j * BAND_QUERIES + c, add);
    }
    for (int j = keys / ROWS * ROWS; j < keys; j++)
        for (int c = 0; c < wide; c += LANES) {
            lanes *at = (lanes *)(s + (int64_t)j * BAND_QUERIES + c), sum = {0};
            for (int p = 0; p < deep; p++)
                sum += k[j * row + p] *
                       *(const lanes *)(q + (int64_t)p * BAND_QUERIES + c);
            *at = add ? *at + sum : sum;
        }
}

// Scores become weights under new maxima; shrink is what the sums so far are
// to be multiplied by.  A lane is a query: nothing goes across.
static void weigh_band(int keys, int wide, float *s, float *top, float *sum,
                       float *shrink)
{
    float was[BAND_QUERIES];
    memcpy(was, top, wide * sizeof *top);
    for (int j = 0; j < keys; j++)
        for (int c = 0; c < wide; c++) {
            float x = s[(int64_t)j * BAND_QUERIES + c];
            top[c] = x > top[c] ? x : top[c];
        }
    for (int c = 0; c < wide; c++) {
        shrink[c] = exp_below32(was[c] - top[c]);
        sum[c] *= shrink[c];
    }
    for (int j = 0; j < keys; j++)
        for (int c = 0; c < wide; c++) {
            float x = exp_below32(s[(int64_t)j * BAND_QUERIES + c] - top[c]);
            s[(int64_t)j * BAND_QUERIES + c] = x;
            sum[c] += x;
        }
}
// o = shrink o + weights v for ROWS queries and COLUMNS numbers of the values.
static void gather_tile(int keys, const float *s, const float *v, int64_t row,
                        const float *shrink, float *o, int64_t step)
{
    lanes t[ROWS][2];
    for (int r = 0; r < ROWS; r++) {
        lanes_at *at = (lanes_at *)(o + r * step);
        t[r][0] = shrink[r] * at[0], t[r][1] = shrink[r] * at[1];
    }
    tile(keys, s, 1, BAND_QUERIES, v, row, t);
    for (int r = 0; r < ROWS; r++) {
        lanes_at *at = (lanes_at *)(o + r * step);
        at[0] = t[r][0], at[1] = t[r][1];
    }
}

// The same where the values end within a tile.
static void gather_rest(int n, int keys, int rest, const float *s,
                        const float *v, int64_t row, const float *shrink,
                        float *o, int64_t step)
{
    for (int r = 0; r < n; r++, s++, o += step) {
        for (int c = 0; c < rest; c++)
            o[c] *= shrink[r];
        for (int j = 0; j < keys; j++)
            for (int c = 0; c < rest; c++)
                o[c] += s[(int64_t)j * BAND_QUERIES] * v[j * row + c];
    }
}

// A band of n queries meets the keys of a block.  eq:streaming
static void meet_band(const struct cache *c, int n, int keys, const float *k,
                      const float *v, const float *q, float *s,
                      struct next next, struct standing *to)
{
    int wide = (n + LANES - 1) / LANES * LANES,
        whole = c->e / COLUMNS * COLUMNS;
    float shrink[BAND_QUERIES + ROWS] = {0};
    for (int p = 0; p < c->d; p += BAND_DEEP, next.v += next.wide)
        score_tiles(keys, wide, least(BAND_DEEP, c->d - p), k + p, c->k_row,
                    q + (int64_t)p * BAND_QUERIES, s, p > 0, &next);
    weigh_band(keys, wide, s, to->top, to->sum, shrink);
    for (int x = 0; x < whole; x += COLUMNS)
        for (int r = 0; r < n; r += ROWS)
            gather_tile(keys, s + r, v + x, c->v_row, shrink + r,
                        to->o + (int64_t)r * c->e + x, c->e);
    gather_rest(n, keys, c->e - whole, s, v + whole, c->v_row, shrink,
                to->o + whole, c->e);
}

// The keys from ... to-1 for all n queries of a group, packed in bands.
static void many(const struct cache *c, int n, int64_t from, int64_t to,
                 const float *k, const float *v, const float *packed,
                 struct standing *all)
{
    float s[BLOCK_KEYS * BAND_QUERIES + ROWS] __attribute__((aligned(64)));
    int inside = v >= k && v + c->e <= k + c->d && c->v_row == c->k_row;
    int bands = (n + BAND_QUERIES - 1) / BAND_QUERIES,
        deep = (c->d + BAND_DEEP - 1) / BAND_DEEP;
    struct next next = {bands, 0, inside ? 0 : c->e / deep, v, c->v_row};
    for (int j = 0; j < BLOCK_KEYS; j += ROWS) {
        fetch(ROWS, c->d, k + (from + j) * c->k_row, c->k_row, 2);
        fetch(ROWS, next.wide * deep, v + (from + j) * c->v_row, c->v_row, 2);
    }
    for (int64_t j = from; j < to; j += BLOCK_KEYS)
        for (int b = 0; b < n; b += BAND_QUERIES) {
            next.band = b / BAND_QUERIES, next.v = v + j * c->v_row;
            struct standing band = {all->top + b, all->sum + b,
                                    all->o + (int64_t)b * c->e};
            meet_band(c, least(n - b, BAND_QUERIES),
                      least((int)(to - j), BLOCK_KEYS), k + j * c->k_row,
                      v + j * c->v_row, packed + (int64_t)b * c->d, s, next,
                      &band);
        }
}

// ---- a few queries ----------------------------------------------------------

typedef int32_t places __attribute__((vector_size(4 * LANES)));

// Lanes of x and, from LANES on, of y.
static inline __attribute__((always_inline)) lanes chosen(lanes x, lanes y,
                                                          places from)
{
#ifdef __clang__
    lanes z;
    for (int l = 0; l < LANES; l++)
        z[l] = from[l] < LANES ? x[from[l]] : y[from[l] - LANES];
    return z;
#else
    return __builtin_shuffle(x, y, from);
#endif
}

// x and y in groups of w lanes: their first halves plus their second ones, x's
// groups before y's.
static inline __attribute__((always_inline)) lanes halves(lanes x, lanes y,
                                                          int w)
{
    places first, second;
#pragma GCC unroll 16
    for (int l = 0; l < LANES; l++) {
        first[l] = l / (w / 2) * w + l % (w / 2);
        second[l] = first[l] + w / 2;
    }
    return chosen(x, y, first) + chosen(x, y, second);
}

// The sums of the lanes of eight vectors.
static inline __attribute__((always_inline)) void fold(lanes x[READ_PLACES],
                                                       float to[READ_PLACES])
{
    enum { LEFT = LANES == 16 ? 2 : 1 };
    float out[READ_PLACES * LEFT > LANES ? READ_PLACES * LEFT : LANES];
    lanes a[4], b[2], c;
#pragma GCC unroll 4
    for (int64_t i = 0; i < 4; i++)
        a[i] = halves(x[2 * i], x[2 * i + 1], LANES);
    b[0] = halves(a[0], a[1], LANES / 2), b[1] = halves(a[2], a[3], LANES / 2);
    memcpy(out, b, LANES == 4 ? sizeof b : 0);
    if (LANES > 4) {
        c = halves(b[0], b[1], LANES / 4);
        memcpy(out, &c, sizeof c);
    }
    for (int64_t i = 0; i < READ_PLACES; i++)
        to[i] = LEFT == 2 ? out[2 * i] + out[2 * i + 1] : out[i];
}

// The keys of a block: READ_PLACES runs of `run` each, `apart` positions
// between where they begin; the last keys of a part are one run of fewer places.
struct block {
    int64_t from, apart;
    int places, run;
};

// x_i = w_i . q for READ_PLACES rows and `pair` vectors q, 1 or 2, of n
// numbers: w_i begins i * apart behind w.
static inline __attribute__((always_inline)) void
dots(int pair, int n, const float *w, int64_t apart, const float *q,
     int64_t q_step, float x[2][READ_PLACES])
{
    lanes sum[2][READ_PLACES] = {0};
    int whole = n / LANES * LANES;
    for (int p = 0; p < whole; p += LANES) {
        lanes q0 = *(const lanes_at *)(q + p), q1 = q0;
        if (pair == 2)
            q1 = *(const lanes_at *)(q + q_step + p);
#pragma GCC unroll 8
        for (int i = 0; i < READ_PLACES; i++) {
            lanes y = *(const lanes_at *)(w + i * apart + p);
            HELD(y);
            sum[0][i] += q0 * y;
            if (pair == 2)
                sum[1][i] += q1 * y;
        }
    }
    for (int b = 0; b < pair; b++) {
        fold(sum[b], x[b]);
        for (int i = 0; i < READ_PLACES && whole < n; i++)
            for (int p = whole; p < n; p++)
                x[b][i] += q[b * q_step + p] * w[i * apart + p];
    }
}

// o = shrink o + weights v over a block for `group` queries and `strip` vectors
// of the values.
static inline __attribute__((always_inline)) void
sums(int group, int strip, const struct block *b, const float *s,
     const float *v, int64_t row, const float *shrink, float *o, int64_t step)
{
    lanes t[4][VALUE_STRIP];
    for (int a = 0; a < group; a++)
#pragma GCC unroll 8
        for (int i = 0; i < strip; i++)
            t[a][i] = shrink[a] * ((lanes_at *)(o + a * step))[i];
    for (int r = 0; r < b->run; r++)
        for (int p = 0; p < b->places; p++) {
            const float *x = s + (int64_t)r * b->places + p;
            const float *y = v + (p * b->apart + r) * row;
            if (group > 1)
                fetch(1, strip * LANES, y + ROWS_AHEAD * row, 0, 3);
#pragma GCC unroll 8
            for (int i = 0; i < strip; i++) {
                lanes z = ((const lanes_at *)y)[i];
                HELD(z);
                for (int a = 0; a < group; a++)
                    t[a][i] += x[(int64_t)a * READ_ROOM] * z;
            }
        }
    for (int a = 0; a < group; a++)
#pragma GCC unroll 8
        for (int i = 0; i < strip; i++)
            ((lanes_at *)(o + a * step))[i] = t[a][i];
}

static void sums_of_rest(int rest, const struct block *b, const float *s,
                         const float *v, int64_t row, float shrink, float *o)
{
    for (int c = 0; c < rest; c++) {
        float sum = shrink * o[c];
        for (int r = 0; r < b->run; r++)
            for (int p = 0; p < b->places; p++)
                sum += s[r * b->places + p] * v[(p * b->apart + r) * row + c];
        o[c] = sum;
    }
}

// Scores of one query become weights; what is returned shrinks its sums.
static float weigh_row(int keys, float *s, float *top, float *sum)
{
    int wide = (keys + LANES - 1) / LANES * LANES;
    float was = *top, most = was;
    for (int j = keys; j < wide; j++)
        s[j] = -INFINITY;
    lanes m = *(lanes *)s, total = {0};
    for (int j = LANES; j < wide; j += LANES)
        m = larger(m, *(lanes *)(s + j));
    for (int l = 0; l < LANES; l++)
        most = m[l] > most ? m[l] : most;
    for (int j = 0; j < wide; j++)
        s[j] = exp_below32(s[j] - most);
    for (int j = 0; j < wide; j += LANES)
        total += *(lanes *)(s + j);
    float shrink = exp_below32(was - most);
    *sum *= shrink;
    for (int l = 0; l < LANES; l++)
        *sum += total[l];
    *top = most;
    return shrink;
}

// `group` queries, 1, 2 or 4, meet a block.  eq:streaming
static inline __attribute__((always_inline)) void
meet_group(int group, const struct cache *c, const struct block *b,
           const float *k, const float *v, const float *q, float scale,
           float *s, struct standing *to)
{
    int pair = group == 1 ? 1 : 2,
        strip = group == 4 ? VALUE_STRIP / 2 : VALUE_STRIP;
    int apart = b->places ==
                READ_PLACES; // else one key's sums are done READ_PLACES times
    float shrink[4];
    k += b->from * c->k_row, v += b->from * c->v_row;
    for (int r = 0; r < b->run; r++) {
        for (int i = 0; i < READ_PLACES && group > 1; i++)
            fetch(1, c->d, k + (i * b->apart + r + ROWS_AHEAD) * c->k_row, 0,
                  3);
        for (int a = 0; a < group; a += pair) {
            float x[2][READ_PLACES];
            dots(pair, c->d, k + r * c->k_row, apart * b->apart * c->k_row,
                 q + (int64_t)a * c->d, c->d, x);
            for (int i = 0; i < pair; i++)
                for (int p = 0; p < b->places; p++)
                    s[(a + i) * READ_ROOM + r * b->places + p] =
                        scale * x[i][p];
        }
    }
    for (int a = 0; a < group; a++)
        shrink[a] = weigh_row(b->run * b->places, s + (int64_t)a * READ_ROOM,
                              to->top + a, to->sum + a);
    int x = 0;
    for (; x + strip * LANES <= c->e; x += strip * LANES)
        sums(group, strip, b, s, v + x, c->v_row, shrink, to->o + x, c->e);
    for (; x + LANES <= c->e; x += LANES)
        sums(group, 1, b, s, v + x, c->v_row, shrink, to->o + x, c->e);
    for (int a = 0; a < group && x < c->e; a++)
        sums_of_rest(c->e - x, b, s + (int64_t)a * READ_ROOM, v + x, c->v_row,
                     shrink[a], to->o + (int64_t)a * c->e + x);
}

// The keys from ... to-1 for n <= FEW_QUERIES queries of a group, four, two or
// one at a time; the next of them find the block in a cache.
static void few(const struct cache *c, int n, float scale, int64_t from,
                int64_t to, const float *k, const float *v, const float *q,
                const struct standing *all)
{
    float s[4 * READ_ROOM] __attribute__((aligned(64)));
    int64_t apart = (to - from) / READ_PLACES, end = from + apart;
    int64_t rest = from + READ_PLACES * apart, j = from;
    int run = n == 1 ? READ_RUN : READ_RUN / 4;
    while (j < end || rest < to) {
        struct block b = {j, apart, READ_PLACES, least(run, (int)(end - j))};
        if (j == end) // what is left behind the last place
            b = (struct block){rest, 0, 1, (int)(to - rest)}, rest = to;
        for (int i = 0; i < n;) {
            int group = n - i >= 4 ? 4 : n - i >= 2 ? 2 : 1;
            const float *own = q + (int64_t)i * c->d;
            struct standing at = {all->top + i, all->sum + i,
                                  all->o + (int64_t)i * c->e};
            if (group == 4)
                meet_group(4, c, &b, k, v, own, scale, s, &at);
            else if (group == 2)
                meet_group(2, c, &b, k, v, own, scale, s, &at);
            else
                meet_group(1, c, &b, k, v, own, scale, s, &at);
            i += group;
        }
        j = j == end ? j : j + b.run;
    }
}

// ---- all --------------------------------------------------------------------

// y of query i from its standings after each part, `size` floats apart.
static void merge_parts(int parts, int64_t size, int i, int e,
                        const struct standing *first, float *y)
{
    float top = -INFINITY, sum = 0;
    for (int p = 0; p < parts; p++)
        top = fmaxf(top, first->top[p * size + i]);
    for (int c = 0; c < e; c++)
        y[c] = 0;
    for (int p = 0; p < parts; p++) {
        const float *o = first->o + p * size + (int64_t)i * e;
        float factor = exp32(first->top[p * size + i] - top);
        sum += factor * first->sum[p * size + i];
        for (int c = 0; c < e; c++)
            y[c] += factor * o[c];
    }
    for (int c = 0; c < e; c++)
        y[c] *= 1 / sum;
}

// Room for n floats, the same for the thread's next call: fresh memory would
// cost more than some calls.
static float *kept_room(int64_t n)
{
    static _Thread_local float *room;
    static _Thread_local int64_t size;
    if (!room || n > size) {
        free(room);
        room = floats(size = n);
    }
    return room;
}

// How n queries a group go about it: padded to `room`, in so many parts, each
// with `size` floats of standings; the queries of many, packed.
struct cache_way {
    int n, parts;
    int64_t room, size, packed;
    float scale, *standings, *bands;
};

static struct cache_way way_of(const struct cache *c, int n, float scale)
{
    int most = (int)(c->t / PART_LEAST), parts = MOST_PARTS / c->groups;
    int64_t all = ((int64_t)n + BAND_QUERIES - 1) / BAND_QUERIES * BAND_QUERIES;
    struct cache_way w = {.n = n, .scale = scale};
    w.parts = least(most, parts) < 1 ? 1 : least(most, parts);
    w.room = n <= FEW_QUERIES ? FEW_QUERIES : all;
    w.size = w.room * (c->e + 2);
    w.packed = n <= FEW_QUERIES ? 0 : all * c->d;
    int64_t before = (int64_t)c->groups * w.parts * w.size;
    w.standings = kept_room(before + c->groups * w.packed);
    w.bands = w.standings + before;
    return w;
}

static struct standing standing_of(const struct cache_way *w, int64_t i)
{
    float *at = w->standings + i * w->size;
    return (struct standing){at, at + w->room, at + 2 * w->room};
}

// One part of the context for one group, from nothing.
static void one_part(const struct cache *c, const struct cache_way *w, int i,
                     const float *q)
{
    int g = i / w->parts, p = i % w->parts;
    int64_t from = c->t * p / w->parts, to = c->t * (p + 1) / w->parts;
    const float *k = c->k + g * c->k_group, *v = c->v + g * c->v_group;
    struct standing s = standing_of(w, i);
    for (int64_t j = 0; j < w->size; j++)
        s.top[j] = j < w->room ? -INFINITY : 0;
    if (w->packed)
        many(c, w->n, from, to, k, v, w->bands + g * w->packed, &s);
    else
        few(c, w->n, w->scale, from, to, k, v, q + (int64_t)g * w->n * c->d,
            &s);
}

void decode(const struct cache *c, int n, float scale, const float *q, float *y)
{
    require(c->t > 0 && c->groups > 0 && n > 0 && c->d > 0 && c->e > 0);
    struct cache_way w = way_of(c, n, scale);
    int bands = w.packed ? (int)(w.room / BAND_QUERIES) : 0;
#pragma omp parallel
    {
#pragma omp for schedule(static)
        for (int b = 0; b < c->groups * bands; b++) {
            int g = b / bands, i = b % bands * BAND_QUERIES;
            pack_queries(least(n - i, BAND_QUERIES), c->d, scale,
                         q + ((int64_t)g * n + i) * c->d,
                         w.bands + g * w.packed + (int64_t)i * c->d);
        }
#pragma omp for schedule(dynamic)
        for (int i = 0; i < c->groups * w.parts; i++)
            one_part(c, &w, i, q);
#pragma omp for schedule(static)
        for (int i = 0; i < c->groups * n; i++) {
            struct standing s = standing_of(&w, (int64_t)(i / n) * w.parts);
            merge_parts(w.parts, w.size, i % n, c->e, &s,
                        y + (int64_t)i * c->e);
        }
    }
}

// READ_PLACES rows at a time, m / READ_PLACES rows apart; a row's sum is the
// same in any company.
void matrix_vector(int64_t m, int n, const float *w, const float *x, float *y)
{
    int64_t apart = m / READ_PLACES;
#pragma omp parallel
    {
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < apart; i++) {
            float to[2][READ_PLACES];
            dots(1, n, w + i * n, apart * n, x, 0, to);
            for (int p = 0; p < READ_PLACES; p++)
                y[p * apart + i] = to[0][p];
        }
#pragma omp for schedule(static)
        for (int64_t i = READ_PLACES * apart; i < m; i++) {
            float to[2][READ_PLACES];
            dots(1, n, w + i * n, 0, x, 0, to);
            y[i] = to[0][0];
        }
    }
}
