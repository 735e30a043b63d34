// rnn-trials.c: what the chapter measures of its readers, generators and
// machines.

// The size of rounding errors, which another machine rounds otherwise: it may
// be off by as much as it is.
static void rough(const char *name, double x)
{
    value(name, x, x, 1, "1", COMPUTED);
}

// ---- readers: errors --------------------------------------------------------

enum { COLUMNS_READ = 64, FORMS = 5 }; // values a key has; ways in floats

// Five readers in floats side by side: direct, stable, delta, the same with its
// level in double, and blocks of 256 read stably and merged.
struct party {
    float z[FORMS], m, level, block_m, block_z;
    double mended;
    float y[FORMS][COLUMNS_READ], block_y[COLUMNS_READ];
};
enum { DIRECT, STABLE, DELTA, MENDED, MERGED };

static struct party party(void)
{
    struct party p;
    memset(&p, 0, sizeof p);
    p.m = p.level = p.block_m = -INFINITY;
    p.mended = -INFINITY;
    return p;
}

static void party_merges(struct party *p, float *m, float *z, float y[])
{
    merge32(COLUMNS_READ, m, z, y, p->block_m, p->block_z, p->block_y);
}

// Key number t; `total` is the merged state so far, its maximum and sum in m
// and z[MERGED].
static void party_reads(struct party *p, int t, float s, const float *v,
                        float *m)
{
    int d = COLUMNS_READ;
    read_direct32(d, s, v, &p->z[DIRECT], p->y[DIRECT]);
    read_stable32(d, s, v, &p->m, &p->z[STABLE], p->y[STABLE]);
    read_delta32(d, s, v, &p->level, p->y[DELTA]);
    read_mended32(d, s, v, &p->mended, p->y[MENDED]);
    read_stable32(d, s, v, &p->block_m, &p->block_z, p->block_y);
    if (t % 256 == 0) {
        party_merges(p, m, &p->z[MERGED], p->y[MERGED]);
        p->block_m = -INFINITY;
        p->block_z = 0;
        memset(p->block_y, 0, sizeof p->block_y);
    }
}

// What sums in double say, two passes apart: the largest score is taken out.
struct truth {
    double m, z, y[COLUMNS_READ];
};

static void truth_reads(struct truth *t, float s, const float *v)
{
    double w = exp(s - t->m);
    t->z += w;
    for (int c = 0; c < COLUMNS_READ; c++)
        t->y[c] += w * v[c];
}

// The mean square error of a form, and its level's error.
static double party_error(const struct party *p, const struct truth *t,
                          int form, double *level)
{
    double square = 0, z = p->z[form];
    for (int c = 0; c < COLUMNS_READ; c++) {
        double o = p->y[form][c];
        if (form != DELTA && form != MENDED)
            o = (float)o / (float)z;
        square += pow(o - t->y[c] / t->z, 2) / COLUMNS_READ;
    }
    double m = form == DIRECT ? 0 : p->m;
    *level = form == DELTA    ? p->level
             : form == MENDED ? (float)p->mended
                              : (float)m + logf((float)z);
    *level -= t->m + log(t->z);
    return square;
}

enum { LENGTHS = 11, FIRST_LENGTH = 10 }; // n = 2^10 ... 2^20

// Errors at every length of one draw: [length][form] squares of the answer, and
// of the level.
static void errors_of_draw(int law, int draw, int lengths,
                           double (*answer)[FORMS], double (*level)[FORMS])
{
    int n = 1 << (FIRST_LENGTH + lengths - 1), d = COLUMNS_READ;
    struct random r = stream("scores", (uint32_t)draw),
                  rv = stream("values", (uint32_t)(2 * draw + law));
    float *s = floats(n), *v = floats(8 * d), m = -INFINITY;
    struct party p = party();
    struct truth t = {-INFINITY, 0, {0}};
    normals32(&r, n, s);
    for (int i = 0; i < n; i++)
        t.m = fmax(t.m, s[i]);
    for (int i = 0, l = 0; i < n; i++) {
        float *value = v + i % 8 * d;
        if (i % 8 == 0)
            normals32(&rv, 8 * d, v);
        // The distribution function makes normal numbers uniform.
        for (int c = 0; c < d && law == 0; c++)
            value[c] = 0.5f + 0.5f * erf32(value[c] * (float)M_SQRT1_2);
        party_reads(&p, i + 1, s[i], value, &m);
        truth_reads(&t, s[i], value);
        if (i + 1 < 1 << (FIRST_LENGTH + l))
            continue;
        for (int f = 0; f < FORMS; f++) {
            double off;
            answer[l][f] += party_error(&p, &t, f, &off) / par.draws;
            level[l][f] += off * off / par.draws;
        }
        l++;
    }
    free(s);
    free(v);
}

static void form_errors(void)
{
    static const char *const laws[] = {"uniform", "normal"};
    int lengths = quick ? 5 : LENGTHS;
    struct table *t =
        table("forms", "values\tn\tdirect\tstable\tdelta\tmended\tblocks\t"
                       "stable lse\tdelta lse\tmended lse\tblocks lse");
    for (int law = 0; law < 2; law++) {
        double answer[LENGTHS][FORMS] = {{0}}, level[LENGTHS][FORMS] = {{0}};
        for (int i = 0; i < par.draws; i++)
            errors_of_draw(law, i, lengths, answer, level);
        for (int l = 0; l < lengths; l++)
            row(t,
                "%s\t%d\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g",
                laws[law], 1 << (FIRST_LENGTH + l), sqrt(answer[l][DIRECT]),
                sqrt(answer[l][STABLE]), sqrt(answer[l][DELTA]),
                sqrt(answer[l][MENDED]), sqrt(answer[l][MERGED]),
                sqrt(level[l][STABLE]), sqrt(level[l][DELTA]),
                sqrt(level[l][MENDED]), sqrt(level[l][MERGED]));
        const double *last = answer[lengths - 1];
        rough(law ? "normal_ratio" : "uniform_ratio",
              sqrt(last[DELTA] / last[STABLE]));
        if (law) {
            rough("normal_stable", sqrt(last[STABLE]));
            rough("normal_delta", sqrt(last[DELTA]));
        } else {
            rough("delta_level_error", sqrt(level[lengths - 1][DELTA]));
        }
    }
    done(t);
    value("lost_longest", lost_terms(1 << (FIRST_LENGTH + lengths - 1)), 0, 1,
          "1", COMPUTED);
    value("form_draws", par.draws, 0, 1, "1", EXACT);
    value("form_longest", 1 << (FIRST_LENGTH + lengths - 1), 0, 1, "1", EXACT);
}

// Random numbers of some spread, in double.
static void normal_rows(const char *name, int i, int64_t n, double *x)
{
    struct random r = stream(name, (uint32_t)i);
    normals(&r, n, x);
}

static double distance(int n, const double p[n], const double q[n])
{
    double worst = 0;
    for (int i = 0; i < n; i++)
        worst = worse(worst, fabs(p[i] - q[i]));
    return worst;
}

// Blocks of random sizes, merged in random order: each joins one of two heaps,
// which are joined last.
static double read_in_blocks(int n, int d, const double *s, const double *v,
                             struct random *r, double o[d])
{
    double heap[2][2] = {{-INFINITY, 0}, {-INFINITY, 0}};
    double *y = vector(2 * d), *block = vector(d);
    for (int j = 0; j < n;) {
        int end = smaller(n, j + 1 + (int)below(r, 200)), at = (int)below(r, 2);
        double m = -INFINITY, z = 0;
        memset(block, 0, (size_t)d * sizeof *block);
        for (; j < end; j++)
            read_stable(d, s[j], v + (int64_t)j * d, &m, &z, block);
        merge(d, &heap[at][0], &heap[at][1], y + at * d, m, z, block);
    }
    merge(d, &heap[0][0], &heap[0][1], y, heap[1][0], heap[1][1], y + d);
    for (int c = 0; c < d; c++)
        o[c] = y[c] / heap[0][1];
    free(y);
    free(block);
    return heap[0][0] + log(heap[0][1]);
}

// One query by a form, first key to last or backward: its level.
enum form { BATCH, BY_SUM, BY_MAX, BY_DELTA };
static double read_by(enum form form, int back, int n, int d, const double *s,
                      const double *v, double o[d])
{
    double m = -INFINITY, z = 0;
    if (form == BATCH)
        return attend_batch(n, d, s, v, o);
    memset(o, 0, (size_t)d * sizeof *o);
    for (int t = 0; t < n; t++) {
        int j = back ? n - 1 - t : t;
        const double *value = v + (int64_t)j * d;
        if (form == BY_SUM)
            read_direct(d, s[j], value, &z, o);
        else if (form == BY_MAX)
            read_stable(d, s[j], value, &m, &z, o);
        else
            read_delta(d, s[j], value, &m, o);
    }
    for (int c = 0; c < d && form != BY_DELTA; c++)
        o[c] /= z;
    return form == BY_SUM ? log(z) : form == BY_MAX ? m + log(z) : m;
}

static void forms_agree(void)
{
    enum { n = 4096, d = 64 };
    double *s = vector(n), *v = vector(n * d), *w = vector(n), o[d], want[d],
           worst = 0;
    for (int i = 0; i < 4; i++) {
        struct random r = stream("blocks", (uint32_t)i);
        normal_rows("agree", 2 * i, n, s);
        normal_rows("agree", 2 * i + 1, n * d, v);
        double level = attend_batch(n, d, s, v, want);
        for (int form = BY_SUM; form <= BY_DELTA; form++)
            for (int back = 0; back < 2; back++) {
                double l = read_by(form, back, n, d, s, v, o);
                worst = worse(worst, distance(d, o, want));
                worst = worse(worst, fabs(l - level));
            }
        double l = read_in_blocks(n, d, s, v, &r, o);
        worst = worse(worst, distance(d, o, want));
        worst = worse(worst, fabs(l - level));
        delta_weights(n, s, w);
        for (int j = 0; j < n; j++)
            worst = worse(worst, fabs(w[j] - exp(s[j] - level)));
    }
    free(s);
    free(v);
    free(w);
    rough("forms_difference", worst);
    claim("forms-agree", AT_MOST, worst, 0, 1, 1e-13, 0,
          "4096 steps, each off by 1e-16 of an answer below 1");
}

// Equal scores: where floats stand still.
static void frozen(void)
{
    enum { n = 1 << 23 };
    float level = -INFINITY, m = -INFINITY, z = 0, one = 1, o = 0;
    int last = 0;
    for (int t = 1; t <= n; t++) {
        float before = level;
        read_delta32(1, 0, &one, &level, &o);
        last = level > before ? t : last;
    }
    for (int t = 0; t < (1 << 24) + 100; t++)
        read_stable32(0, 0, 0, &m, &z, 0);
    value("level_frozen", level, 0x1p-20, 1, "1", COMPUTED);
    value("level_frozen_at", last, 1000, 1, "1", COMPUTED);
    value("level_true", log(n), 0, 1, "1", COMPUTED);
    value("sum_frozen", z, 0, 1, "1", EXACT);
    claim("delta-freezes", EQUAL, level, 0, 1, frozen_level(), 0x1p-20,
          "the level is a float, and those near it lie 2^-20 apart");
}

// ---- readers: large scores --------------------------------------------------

enum { EXTREME = 6, SHIFTS = 25, MANY_KEYS = 1000 };
static const char *const extreme_forms[EXTREME] = {"direct in float",
                                                   "stable in float",
                                                   "delta in float",
                                                   "delta with level in double",
                                                   "direct in double",
                                                   "stable in double"};

// The answer of a form to n scores and values of one column.
static double extreme_answer(int form, int n, const float s[n],
                             const float v[n])
{
    float m = -INFINITY, z = 0, y = 0;
    double M = -INFINITY, Z = 0, Y = 0;
    for (int j = 0; j < n; j++) {
        double x = v[j];
        if (form == 0)
            read_direct32(1, s[j], v + j, &z, &y);
        else if (form == 1)
            read_stable32(1, s[j], v + j, &m, &z, &y);
        else if (form == 2)
            read_delta32(1, s[j], v + j, &m, &y);
        else if (form == 3)
            read_mended32(1, s[j], v + j, &M, &y);
        else if (form == 4)
            read_direct(1, s[j], &x, &Z, &Y);
        else
            read_stable(1, s[j], &x, &M, &Z, &Y);
    }
    return form < 2 ? y / z : form < 4 ? y : Y / Z;
}

// Root mean square error of a form over draws of normal values, the scores
// normal round a shift; -1 where an answer is no number.
static double extreme_error(int form, double shift)
{
    enum { n = MANY_KEYS, draws = 20 };
    float s[n], v[n];
    double square = 0, x[n], y[n], want;
    for (int i = 0; i < draws; i++) {
        struct random r = stream("extreme", (uint32_t)i);
        for (int j = 0; j < n; j++) {
            x[j] = s[j] = (float)(normal(&r) + shift); // rounded for all
            y[j] = v[j] = (float)normal(&r);
        }
        attend_batch(n, 1, x, y, &want);
        square += pow(extreme_answer(form, n, s, v) - want, 2) / draws;
    }
    return isfinite(square) ? sqrt(square) : -1;
}

// The largest score of one key that the direct form bears, from below.
static double overflow(int single)
{
    double low = 1, high = 1000, one = 1;
    float low_one = 1;
    while ((low + high) / 2 > low && (low + high) / 2 < high) {
        double s = (low + high) / 2, z = 0, y = 0;
        float zf = 0, yf = 0;
        if (single)
            read_direct32(1, (float)s, &low_one, &zf, &yf);
        else
            read_direct(1, s, &one, &z, &y);
        *(isfinite(single ? zf : z) ? &low : &high) = s;
    }
    return low;
}

static void extreme_scores(void)
{
    struct table *t = table("extreme", "row\tform\tshift\terror\tfinite");
    int broken = 0;
    double stable = 0, delta = 0, mended = 0;
    for (int f = 0; f < EXTREME; f++)
        for (int i = 0; i < SHIFTS; i++) {
            double shift = round(1e3 * pow(10, i / 6.0)) / 1e3;
            double e = extreme_error(f, shift);
            row(t, "%d\t%s\t%.17g\t%.6g\t%d", f, extreme_forms[f], shift,
                e < 0 ? 1 : e, e >= 0);
            broken += (f == 0 || f == 4) && e < 0;
            stable = f == 1 ? worse(stable, e < 0 ? NAN : e) : stable;
            delta = f == 2 ? worse(delta, e < 0 ? NAN : e) : delta;
            mended = f == 3 ? worse(mended, e < 0 ? NAN : e) : mended;
        }
    done(t);
    value("overflow_float", overflow(1), 0, 1, "1", COMPUTED);
    value("overflow_double", overflow(0), 0, 1, "1", COMPUTED);
    rough("stable_shifted", stable);
    rough("delta_shifted", delta);
    rough("mended_shifted", mended);
    value("shifts", SHIFTS, 0, 1, "1", EXACT);
    claim("written-recurrence", AT_MOST, broken, 0, 1, 0, 0,
          "shifts, of 25 in float and in double, that give no number");
    claim("stable-any-shift", AT_MOST, stable, 0, 1, 1e-6, 0,
          "1000 steps, each off by 6e-8 of what has been summed");
    claim("delta-any-shift", AT_MOST, delta, 0, 1, 1e-5, 0,
          "a hundred times what one rounding to float takes");
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// New maxima, the first key's among them, of an order of scores.
static int records(int n, const float s[n])
{
    int count = 0;
    float m = -INFINITY;
    for (int j = 0; j < n; j++) {
        count += s[j] > m;
        m = fmaxf(m, s[j]);
    }
    return count;
}

// One set of scores in three orders, [order][count, stable, delta].
static void ordered(int draw, double out[3][3])
{
    enum { n = MANY_KEYS };
    float s[3][n], v[n];
    double x[n], y[n], want;
    struct random r = stream("orders", (uint32_t)draw);
    for (int j = 0; j < n; j++) {
        s[2][j] = s[0][j] = (float)normal(&r);
        y[j] = v[j] = (float)normal(&r);
    }
    qsort(s[0], n, sizeof s[0][0], ascending);
    for (int j = 0; j < n; j++)
        s[1][j] = s[0][n - 1 - j];
    for (int o = 0; o < 3; o++) {
        for (int j = 0; j < n; j++)
            x[j] = s[o][j];
        attend_batch(n, 1, x, y, &want);
        out[o][0] = records(n, s[o]);
        for (int f = 1; f < 3; f++)
            out[o][f] = pow(extreme_answer(f, n, s[o], v) - want, 2);
    }
}

static void orders(void)
{
    static const char *const names[] = {"rising", "falling", "random"};
    enum { draws = 400 };
    double expected[] = {MANY_KEYS, 1, expected_records(MANY_KEYS)};
    double count[3][draws], square[3][2] = {{0}};
    for (int i = 0; i < draws; i++) {
        double out[3][3];
        ordered(i, out);
        for (int o = 0; o < 3; o++) {
            count[o][i] = out[o][0];
            square[o][0] += out[o][1] / draws;
            square[o][1] += out[o][2] / draws;
        }
    }
    struct table *t = table("ramps", "order\trescales\tse\texpected\t"
                                     "stable error\tdelta error");
    for (int o = 0; o < 3; o++) {
        struct mean m = mean(draws, count[o]);
        row(t, "%s\t%.6g\t%.3g\t%.6g\t%.4g\t%.4g", names[o], m.mean, m.se,
            expected[o], sqrt(square[o][0]), sqrt(square[o][1]));
    }
    done(t);
    struct mean m = mean(draws, count[2]);
    value("random_rescales", m.mean, m.se, m.runs, "1", SAMPLED);
    value("random_expected", expected[2], 0, 1, "1", COMPUTED);
    claim("rescales-few", EQUAL, m.mean, m.se, m.runs, expected[2], 0.02,
          "floats tie now and then, and a tie is no new maximum");
}

// ---- generators: counts -----------------------------------------------------

// Every position of n a token of its own, for models that need no words.
static unsigned char many_tokens[256];

static struct model *counted_model(int layers, int width, int heads)
{
    struct model *m = random_model(layers, width, heads, 2 * width);
    for (int i = 0; i < 256; i++)
        many_tokens[i] = (unsigned char)(i * 37 % 256);
    m->text = many_tokens;
    return m;
}

// n answers [n][d], or the last alone if rows are not wanted.
static struct tally answers(struct generator *g, int n, double *out, int all)
{
    int d = g->model->width;
    for (int i = 0; i < n; i++)
        generate(g, i, out + (all ? (int64_t)i * d : 0));
    return g->count;
}

// The same by keys and values; the numbers it keeps.
static int64_t kv_answers(const struct model *m, int n, double *out,
                          struct tally *count)
{
    int64_t kv = 2 * (int64_t)m->layers * n * m->width;
    struct generator *g = new_generator(m, PLAIN, m->layers, 1, n, kv);
    double *cache = take(&g->arena, kv);
    for (int i = 0; i < n; i++)
        kv_cached(g, n, i, cache, out + (int64_t)i * m->width);
    int64_t used = floats_used(g);
    *count = g->count;
    free_generator(g);
    return used;
}

// A buffer in place, for every token again; the numbers it works in.
static int64_t in_place_answers(const struct model *m, int n, double *out,
                                struct tally *count)
{
    int d = m->width;
    struct generator *g =
        new_generator(m, ABSORBED, m->layers, 1, n, (int64_t)n * d);
    double *x = take(&g->arena, (int64_t)n * d);
    for (int i = 0; i < n; i++) {
        in_place(g, i + 1, x);
        memcpy(out + (int64_t)i * d, x + (int64_t)i * d, (size_t)d * sizeof *x);
    }
    int64_t used = floats_used(g);
    *count = g->count;
    free_generator(g);
    return used;
}

// Do the counts of the answers to n positions differ from the formulas?
static int counts_off(struct tally c, int L, int n)
{
    return c.steps != small(total_steps(L, n)) ||
           c.evaluations != small(total_evaluations(L, n)) ||
           c.reads != small(total_reads(L, n));
}

// The same for one answer, at position n from 1, by itself.
static int answer_off(const struct model *m, int n)
{
    struct generator *g = new_generator(m, PLAIN, m->layers, 1, n, 0);
    double out[m->width];
    int L = m->layers;
    hidden(g, L, n - 1, out);
    struct tally c = g->count;
    free_generator(g);
    return c.steps != small(attention_steps(L, n)) ||
           c.evaluations != small(layer_evaluations(L, n)) ||
           c.reads != small(embedding_reads(L, n));
}

static int careless_off(struct tally c, int L, int n)
{
    int64_t reads = 0;
    for (int i = 1; i <= n; i++)
        reads += careless_reads(L, i);
    return c.reads != reads || c.steps != reads - n;
}

// What a range of small models got wrong, by kind.
struct gaps {
    int cases, counts, careless, products, memory;
    double answers, absorbed;
};

// Every way against all positions at once, and cached keys too.
static void small_count(int L, int n, struct gaps *gap)
{
    struct model *m = counted_model(L, 8, 2);
    int64_t size = (int64_t)n * m->width;
    double *out = vector(size), *want = vector(size);
    struct tally c;
    model_at_once(m, n, want);
    kv_answers(m, n, out, &c);
    gap->answers = worse(gap->answers, distance((int)size, out, want));
    gap->cases++;
    gap->counts += answer_off(m, n);
    for (int way = PLAIN; way <= CARELESS; way++) {
        struct generator *g = new_generator(m, way, L, 1, n, 0);
        c = answers(g, n, out, 1);
        double far = distance((int)size, out, want);
        gap->answers = worse(gap->answers, far);
        gap->absorbed =
            way == ABSORBED ? worse(gap->absorbed, far) : gap->absorbed;
        gap->memory += floats_used(g) != L * frame_floats(m, way);
        if (way == CARELESS)
            gap->careless += careless_off(c, L, n);
        else
            gap->counts += counts_off(c, L, n);
        if (way == PLAIN)
            gap->products +=
                c.products != plain_cost(m, c.steps, c.evaluations);
        if (way == ABSORBED)
            gap->products +=
                c.products != absorbed_cost(m, c.steps, c.evaluations);
        free_generator(g);
    }
    free(out);
    free(want);
    free_model(m);
}

static void small_counts(void)
{
    struct gaps gap = {0};
    for (int L = 1; L <= 5; L++)
        for (int n = 1; n <= (quick && L > 4 ? 6 : 12); n++)
            small_count(L, n, &gap);
    rough("absorbed_difference", gap.absorbed);
    value("counts_cases", gap.cases, 0, 1, "1", EXACT);
    claim("counts-exact", EQUAL, gap.counts, 0, 1, 0, 0,
          "integers: cases of L and n in which a count is another");
    claim("careless-exact", EQUAL, gap.careless, 0, 1, 0, 0,
          "integers: cases in which a count is another");
    claim("products-exact", EQUAL, gap.products, 0, 1, 0, 0,
          "integers: cases in which a count is another");
    claim("frames-exact", EQUAL, gap.memory, 0, 1, 0, 0,
          "integers: cases in which the arena was not used as stated");
    claim("same-output", AT_MOST, gap.answers, 0, 1, 1e-12, 0,
          "five layers of sums of 12 terms of size 10, rounded by 1e-15 each");
    claim("absorbed-exact", AT_MOST, gap.absorbed, 0, 1, 1e-12, 0,
          "the same sums in another order");
}

// The counts of a range that is drawn, and what the arena held; absorbed, which
// takes less time and, with one head, the same frames.
static void counted(struct table *t, int L, int n, int64_t *floats)
{
    struct model *m = counted_model(L, par.width, 1);
    struct generator *g = new_generator(m, ABSORBED, L, 1, n, 0);
    double out[m->width];
    struct tally c = answers(g, n, out, 0);
    *floats = floats_used(g);
    row(t, "%d\t%d\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld", L, n,
        (long long)c.steps, (long long)c.evaluations, (long long)c.reads,
        (long long)small(total_steps(L, n)), (long long)*floats,
        (long long)(2 * L) * n * m->width);
    free_generator(g);
    free_model(m);
}

// Can as many steps be made in some seconds?
static int affordable(int L, int n)
{
    return small(total_steps(L, n)) <= 20000000;
}

static void large_counts(void)
{
    int longest = quick ? 16 : par.tokens, flat = 0;
    struct table *t = table("counts", "L\tn\tsteps\tevaluations\treads\t"
                                      "formula\tfloats\tkv floats");
    for (int L = 1; L <= par.layers; L++) {
        int64_t floats, first = 0;
        for (int n = 4; n <= longest && affordable(L, n); n *= 2) {
            counted(t, L, n, &floats);
            first = n == 4 ? floats : first;
            flat += floats != first;
        }
    }
    done(t);
    struct model *m = counted_model(4, 64, 1);
    value("frame_floats", 4.0 * frame_floats(m, PLAIN), 0, 1, "1", EXACT);
    value("frame_counters", 4, 0, 1, "1", EXACT);
    value("scratch_floats", scratch_floats(m, PLAIN), 0, 1, "1", EXACT);
    value("kv_floats", 2.0 * 4 * 64 * 64, 0, 1, "1", EXACT);
    value("zero_steps", small(total_steps(4, 64)), 0, 1, "1", EXACT);
    value("kv_steps", small(cached_steps(4, 64)), 0, 1, "1", EXACT);
    value("zero_evaluations", small(total_evaluations(4, 64)), 0, 1, "1",
          EXACT);
    free_model(m);
    claim("memory-flat", EQUAL, flat, 0, 1, 0, 0,
          "integers: lengths at which the arena held more than at the first");
}

// ---- generators: conventions, costs, orders ---------------------------------

static void conventions(void)
{
    struct table *t = table("convention", "L\tsteps\tcareless\treads\t"
                                          "careless_reads");
    for (int L = 1; L <= 4; L++) {
        struct model *m = counted_model(L, 8, 1);
        struct tally c[2];
        double out[8];
        for (int i = 0; i < 2; i++) {
            struct generator *g =
                new_generator(m, i ? CARELESS : PLAIN, L, 1, 10, 0);
            c[i] = answers(g, 10, out, 0);
            free_generator(g);
        }
        row(t, "%d\t%lld\t%lld\t%lld\t%lld", L, (long long)c[0].steps,
            (long long)c[1].steps, (long long)c[0].reads,
            (long long)c[1].reads);
        if (L == 4) {
            value("zero_total", c[0].steps, 0, 1, "1", EXACT);
            value("careless_total", c[1].steps, 0, 1, "1", EXACT);
        }
        free_model(m);
    }
    done(t);
}

// Multiply-adds for n = 64 answers at width 64.
static void product_counts(void)
{
    struct table *t = table("macs", "L\tplain\tabsorbed\tratio");
    for (int L = 1; L <= 4; L++) {
        struct model m = {L, 64, 1, 128, .layer = 0};
        int64_t A = small(total_steps(L, 64)),
                V = small(total_evaluations(L, 64));
        double a = plain_cost(&m, A, V), b = absorbed_cost(&m, A, V);
        row(t, "%d\t%.17g\t%.17g\t%.6g", L, a, b, a / b);
        if (L == 4)
            value("absorbed_gain", a / b, 0, 1, "1", COMPUTED);
    }
    done(t);
}

// The calls that make one answer at position 4 of three layers.
static void calls(void)
{
    struct model *m = counted_model(3, 8, 1);
    struct generator *g = new_generator(m, PLAIN, 3, 1, 4, 0);
    double out[8];
    g->trace = table("trace", "layer\tposition\tbegin\tend");
    hidden(g, 3, 3, out);
    done(g->trace);
    free_generator(g);
    free_model(m);
}

static int bits_off(int64_t n, const double *a, const double *b)
{
    int off = 0;
    for (int64_t i = 0; i < n; i++)
        off += bits_of64(a[i]) != bits_of64(b[i]);
    return off;
}

// All layers in place, from last to first or from first to last, against the
// same into another buffer.
static void overwriting(void)
{
    enum { n = 64 };
    struct model *m = counted_model(par.layers, par.width, 1);
    int64_t size = (int64_t)n * m->width;
    struct generator *g = new_generator(m, PLAIN, m->layers, 1, n, 0);
    double *x = vector(4 * size), *y = x + size, *back = y + size,
           *forth = back + size;
    in_place(g, n, back);
    for (int i = 0; i < n; i++)
        embedding(m, i, x + (int64_t)i * m->width);
    memcpy(forth, x, (size_t)size * sizeof *x);
    for (int l = 1; l <= m->layers; l++) {
        for (int i = 0; i < n; i++) {
            layer_at(g, l, i, x, y + (int64_t)i * m->width);
            layer_at(g, l, i, forth, forth + (int64_t)i * m->width);
        }
        memcpy(x, y, (size_t)size * sizeof *x);
    }
    double largest = 0;
    for (int64_t i = 0; i < size; i++)
        largest = fmax(largest, fabs(x[i]));
    double off = distance((int)size, forth, x) / largest;
    value("first_to_last_error", off, 0, 1, "1", SAMPLED);
    claim("last-to-first", EQUAL, bits_off(size, back, x), 0, 1, 0, 0,
          "numbers, of all answers, that differ in a bit");
    claim("first-to-last", AT_MOST, off, 0, 1, 1e-12, 0,
          "what rounding would do");
    free(x);
    free_generator(g);
    free_model(m);
}

// ---- the frontier -----------------------------------------------------------

// The steps of a scheme that keeps some rows: measured if that is quick, else
// by formula.
static int64_t kept_steps(struct table *t, const struct model *m, int n,
                          const char *name, int f, int group, int every,
                          int64_t formula, const double *want, double *gap)
{
    int measured = formula <= (quick ? 100000 : 20000000);
    int64_t steps = formula;
    int64_t frames = smaller(group, m->layers) * frame_floats(m, PLAIN);
    int64_t floats = kept_floats(m, group, every, n) +
                     (every > 1 ? m->layers * frame_floats(m, PLAIN) : frames);
    if (measured) {
        struct generator *g = new_generator(m, ABSORBED, group, every, n, 0);
        struct generator *p = new_generator(m, PLAIN, group, every, n, 0);
        double *out = vector((int64_t)n * m->width);
        steps = answers(g, n, out, 1).steps;
        *gap += steps != formula;
        *gap += !(distance(n * m->width, out, want) < 1e-11);
        int64_t kept = 0; // rows that were written
        for (int l = 0; l < m->layers; l++)
            kept += g->filled[l];
        *gap += kept * m->width != kept_floats(m, group, every, n);
        answers(p, smaller(n, 2 * every), out, 1);
        *gap += floats_used(p) != floats;
        free(out);
        free_generator(g);
        free_generator(p);
    }
    row(t, "%d\t%s\t%d\t%lld\t%lld\t%d", n, name, f, (long long)floats,
        (long long)formula, measured);
    return steps;
}

static void frontier_at(struct table *t, int n)
{
    enum { L = 4 };
    struct model *m = counted_model(L, par.width, 1);
    int64_t size = (int64_t)n * m->width, floats;
    double *want = vector(size), *out = vector(size), gap = 0;
    struct tally c;
    floats = kv_answers(m, n, want, &c);
    gap += c.steps != small(cached_steps(L, n));
    gap += floats != 2 * L * size + frame_floats(m, PLAIN);
    row(t, "%d\tkv-cache\t0\t%lld\t%lld\t1", n, (long long)floats,
        (long long)c.steps);
    kept_steps(t, m, n, "hidden-cache", 0, 1, 1, small(cached_steps(L, n)),
               want, &gap);
    int64_t halves = kept_steps(t, m, n, "segments", 2, 2, 1,
                                small(segment_steps(L, n, 2)), want, &gap);
    int64_t place = small(in_place_steps(L, n));
    int measured = !quick || n < 256;
    floats = size + frame_floats(m, PLAIN);
    if (measured) {
        gap += in_place_answers(m, n, out, &c) != floats;
        gap += c.steps != place;
        place = c.steps;
        gap += !(distance((int)size, out, want) < 1e-11);
    }
    row(t, "%d\tin-place\t0\t%lld\t%lld\t%d", n, (long long)floats,
        (long long)place, measured);
    int64_t all = 0, half = 0;
    for (int f = 1; f <= 8; f *= 2) {
        int64_t steps = every_f_steps(L, n, f);
        all = f == 1 ? steps : all;
        half = f == 2 ? steps : half;
        if (f > 1)
            kept_steps(t, m, n, "every f", f, 1, f, steps, want, &gap);
    }
    kept_steps(t, m, n, "zero-cache", 0, L, 1, small(total_steps(L, n)), want,
               &gap);
    free(want);
    free(out);
    free_model(m);
    if (n == 64) {
        value("cliff_ratio", (double)half / all, 0, 1, "1", EXACT);
        claim("kept-exact", EQUAL, gap, 0, 1, 0, 0,
              "schemes whose steps, floats or answers are not those stated");
    } else {
        value("segments_ratio", (double)place / halves, 0, 1, "1", EXACT);
        claim("segments-win", AT_MOST, halves, 0, 1, place, 0,
              "integers: steps of both for 256 tokens");
    }
}

static void frontier(void)
{
    struct table *t =
        table("frontier", "n\tscheme\tf\tfloats\tsteps\tmeasured");
    frontier_at(t, 64);
    frontier_at(t, 256);
    done(t);
    value("frontier_width", par.width, 0, 1, "1", EXACT);
}

// ---- recall -----------------------------------------------------------------

enum { CLASSES = 64, ASKED = 512 };

// n unit keys of d numbers, each of a random class.
static void draw_pairs(int d, int n, int trial, double *key, int *class)
{
    struct random r = stream("pairs", (uint32_t)(trial * 128 + d));
    normals(&r, (int64_t)n * d, key);
    for (int i = 0; i < n; i++) {
        double *k = key + (int64_t)i * d, length = sqrt(inner(d, k, k));
        for (int c = 0; c < d; c++)
            k[c] /= length;
        class[i] = (int)below(&r, CLASSES);
    }
}

static int best(int n, const double x[n])
{
    int at = 0;
    for (int c = 1; c < n; c++)
        at = x[c] > x[at] ? c : at;
    return at;
}

// The class that a reader of one query finds, in 64 sums and a maximum.  The
// values have a one at their class; only that entry is not zero, so only it is
// added to.  eq:running-max
static int flip_recall(int d, int n, const double *key, const int *class,
                       const double *q)
{
    double m = -INFINITY, y[CLASSES] = {0};
    for (int j = n - 1; j >= 0; j--) {
        double s = 8 * sqrt(d) * inner(d, q, key + (int64_t)j * d);
        if (s > m) {
            double keep = exp(m - s);
            for (int c = 0; c < CLASSES; c++)
                y[c] *= keep;
            m = s;
        }
        y[class[j]] += exp(s - m);
    }
    return best(CLASSES, y);
}

// Shares recalled of n pairs: linear state, delta rule, turning pages.
static void recall_trial(int d, int n, int trial, double share[3])
{
    double *key = vector((int64_t)n * d), *s = vector(2 * d * CLASSES), z[d],
           *rule = s + d * CLASSES, one[CLASSES] = {0}, o[CLASSES];
    int *class = calloc((size_t)n, sizeof *class);
    if (!class)
        die("no memory for %d pairs", n);
    memset(z, 0, sizeof z);
    draw_pairs(d, n, trial, key, class);
    for (int i = 0; i < n; i++) {
        one[class[i]] = 1;
        read_linear(d, CLASSES, key + (int64_t)i * d, one, s, z);
        read_delta_rule(d, CLASSES, key + (int64_t)i * d, one, rule);
        one[class[i]] = 0;
    }
    int asked = smaller(n, ASKED);
    for (int a = 0; a < asked; a++) {
        int i = (int)((int64_t)a * n / asked);
        const double *q = key + (int64_t)i * d;
        ask_linear(d, CLASSES, q, s, z, o);
        share[0] += (best(CLASSES, o) == class[i]) / (double)asked;
        ask_linear(d, CLASSES, q, rule, z, o);
        share[1] += (best(CLASSES, o) == class[i]) / (double)asked;
        share[2] +=
            (flip_recall(d, n, key, class, q) == class[i]) / (double)asked;
    }
    free(key);
    free(s);
    free(class);
}

static double normal_below(double x)
{
    return erfc(-x * M_SQRT1_2) / 2;
}

// The chance that k of the n - 1 other keys are of one class, for all k that
// matter; how many those are.
static int class_sizes(int n, double chance[n])
{
    double p = 1.0 / CLASSES, sum = 0;
    int k = 0;
    for (; k < n && sum < 1 - 1e-9; k++) {
        double ways = lgamma(n) - lgamma(k + 1) - lgamma(n - k);
        chance[k] = exp(ways + k * log(p) + (n - 1 - k) * log1p(-p));
        sum += chance[k];
    }
    return k;
}

// What a linear state recalls of n pairs.  A class says the noise of its keys,
// normal and of variance 1/d each, and the right one 1 more; it has to say
// most.  By the rule of trapezia over the right class's noise.
// eq:linear-recall
static double linear_recall(int d, int n)
{
    double *chance = vector(n), recall = 0, h = 1 / 8.0;
    int sizes = class_sizes(n, chance);
    for (int k = 0; k < sizes; k++)
        for (int i = -64; i <= 64; i++) {
            double a = i * h, x = 1 + a * sqrt((double)k / d);
            double below = chance[0] * (x > 0); // of another class
            for (int j = 1; j < sizes; j++)
                below += chance[j] * normal_below(x * sqrt((double)d / j));
            recall += chance[k] * h * exp(-a * a / 2) / sqrt(2 * M_PI) *
                      pow(below, CLASSES - 1);
        }
    free(chance);
    return recall;
}

// The same as if all classes had as many keys.
static double equal_recall(int d, int n)
{
    double lead = sqrt((double)CLASSES * d / n), recall = 0, h = 1 / 8.0;
    for (int i = -64; i <= 64; i++)
        recall += h * exp(-i * h * i * h / 2) / sqrt(2 * M_PI) *
                  pow(normal_below(i * h + lead), CLASSES - 1);
    return recall;
}

// Pairs at which the largest of M noises reaches the signal.  eq:linear-knee
static double linear_knee(int d)
{
    return CLASSES * d / (2 * log(CLASSES));
}

static void percent(const char *name, struct mean m)
{
    value(name, 100 * m.mean, 100 * m.se, m.runs, "%", SAMPLED);
}

// A row of the table; how far the two predictions are off, at least.
static void recall_row(struct table *t, int d, int n, struct mean m[3],
                       double off[2])
{
    double share[3][64], predicted = linear_recall(d, n);
    int trials = smaller(par.trials, 64);
    for (int i = 0; i < trials; i++) {
        double one[3] = {0};
        recall_trial(d, n, i, one);
        for (int k = 0; k < 3; k++)
            share[k][i] = one[k];
    }
    for (int k = 0; k < 3; k++)
        m[k] = mean(trials, share[k]);
    row(t, "%d\t%d\t%.6g\t%.3g\t%.6g\t%.3g\t%.6g\t%.3g\t%.6g\t%.6g\t%d", d, n,
        m[0].mean, m[0].se, m[1].mean, m[1].se, m[2].mean, m[2].se, predicted,
        equal_recall(d, n), trials);
    off[0] = worse(off[0], fabs(m[0].mean - predicted));
    off[1] = worse(off[1], fabs(m[0].mean - equal_recall(d, n)));
}

static void recall(void)
{
    struct table *t = table("recall", "d\tn\tlinear\tse_linear\tdelta\t"
                                      "se_delta\tflip\tse_flip\tpredicted\t"
                                      "equal\truns");
    struct mean m[3];
    double off[2] = {0};
    for (int d = 16; d <= 64; d *= 4)
        for (int n = 16; n <= 2048; n *= 2) {
            if (quick && n > 256 && n < 2048)
                continue;
            recall_row(t, d, n, m, off);
            if (d == 64 && n == 256) {
                double ratio = m[1].mean - m[0].mean;
                percent("delta_rule_256", m[1]);
                percent("linear_256", m[0]);
                claim("delta-rule-better", AT_LEAST, ratio,
                      hypot(m[0].se, m[1].se), m[0].runs, 0, 0, "");
            }
            if (n == 2048 && d == 16)
                claim("flip-recalls", AT_LEAST, m[2].mean, m[2].se, m[2].runs,
                      0.99, 0, "");
        }
    done(t);
    value("knee", linear_knee(64), 0, 1, "1", COMPUTED);
    percent("linear_at_2048", m[0]);
    percent("flip_at_2048", m[2]);
    value("recall_longest", 2048, 0, 1, "1", EXACT);
    value("recall_bits", 2048 * log2(CLASSES), 0, 1, "bit", EXACT);
    value("recall_trials", par.trials, 0, 1, "1", EXACT);
    claim("one-pass-recalls", AT_LEAST, m[0].mean, m[0].se, m[0].runs, 0.99, 0,
          "");
    value("equal_noise_off", off[1], 0, par.trials, "1", SAMPLED);
    claim("linear-predicted", AT_MOST, off[0], 0, 1, 0.05, 0,
          "the readings of 64 classes are taken for normal and independent; "
          "eight draws are off by 0.02");
}

// ---- text -------------------------------------------------------------------

static const char beginning[] = "In the beginning God created the";

enum { PROMPT = 32, WRITTEN = 32 };

// The printable byte that x speaks for most, and by how much it leads.  Rows of
// bytes that no text here has are taken for those of the answer.
static int next_byte(const struct model *m, const double *x, double *margin)
{
    double first = -INFINITY, second = -INFINITY;
    int at = 0;
    for (int b = ' '; b <= '~'; b++) {
        double s = inner(m->width, x, m->table + (b + 128) * m->width);
        at = s > first ? b : at;
        second = fmax(second, fmin(s, first));
        first = fmax(first, s);
    }
    *margin = fmin(*margin, first - second);
    return at;
}

// Writes on behind the beginning, with all keys and values kept or nothing.
static struct tally write_on(struct model *m, int cached, unsigned char *text,
                             int64_t *floats, double *margin)
{
    enum { n = PROMPT + WRITTEN };
    int64_t kv = cached ? 2 * (int64_t)m->layers * n * m->width : 0;
    struct generator *g =
        new_generator(m, cached ? PLAIN : ABSORBED, m->layers, 1, n, kv);
    double *cache = take(&g->arena, kv), *x = vector(m->width);
    memcpy(text, beginning, PROMPT);
    m->text = text;
    for (int i = 0; i < n - 1; i++) {
        if (cached)
            kv_cached(g, n, i, cache, x);
        else if (i >= PROMPT - 1)
            generate(g, i, x);
        if (i >= PROMPT - 1)
            text[i + 1] = (unsigned char)next_byte(m, x, margin);
    }
    text[n] = 0;
    *floats = floats_used(g);
    struct tally c = g->count;
    free(x);
    free_generator(g);
    return c;
}

static void random_text(void)
{
    struct model *m = random_model(3, 32, 1, 64);
    unsigned char text[2][PROMPT + WRITTEN + 1];
    struct tally c[2];
    int64_t floats[2];
    double margin = INFINITY;
    struct table *t = table("generate", "scheme\ttext\tsteps\tevaluations\t"
                                        "reads\tfloats");
    int off = 0;
    for (int i = 0; i < 2; i++) {
        c[i] = write_on(m, i == 0, text[i], &floats[i], &margin);
        row(t, "%s\t%s\t%lld\t%lld\t%lld\t%lld", i ? "zero-cache" : "kv-cache",
            text[i] + PROMPT, (long long)c[i].steps,
            (long long)c[i].evaluations, (long long)c[i].reads,
            (long long)floats[i]);
    }
    done(t);
    for (int i = 0; i < PROMPT + WRITTEN; i++)
        off += text[0][i] != text[1][i];
    value("random_margin", margin, 0, 1, "1", SAMPLED);
    claim("random-same-text", EQUAL, off, 0, 1, 0, 0,
          "bytes that differ; the closest choice is decided by more than "
          "rounding");
    free_model(m);
}

// ---- time and pages ---------------------------------------------------------

// The resident set in KiB, or 0 where the system does not say.
static double resident(void)
{
    double size, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%lf %lf", &size, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static void zero_cache_times(void)
{
    struct table *t = table("resident", "n\tsteps\tseconds [s]\tkib [KiB]");
    struct model *m = counted_model(4, par.width, 1);
    double x[m->width];
    resident(); // its own pages first
    for (int n = 8; n <= (quick ? 16 : 64); n *= 2) {
        double began = seconds_now(), held = resident();
        struct generator *g = new_generator(m, ABSORBED, 4, 1, n, 0);
        struct tally c = answers(g, n, x, 0);
        double grew = resident() - held;
        free_generator(g);
        row(t, "%d\t%lld\t%.4g\t%.4g", n, (long long)c.steps,
            seconds_now() - began, grew);
    }
    done(t);
    free_model(m);
}
