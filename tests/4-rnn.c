// Chapter 4: every equation by two roads, and the wrong thing beside the right.
#define main chapter_main
// Above Criterion: its headers bring complex.h, which defines I.
#include "../chapters/4-rnn/rnn.c"
#undef main
#define PROGRAM "rnn"
#include "program.h"
#include <omp.h>

static void near_all(int n, const double a[], const double b[],
                     double tolerance)
{
    for (int i = 0; i < n; i++)
        cr_expect(epsilon_eq(dbl, a[i], b[i], tolerance), "entry %d", i);
}

// The generator of the reference values: sines of a phase that does not
// separate.
static double F1(int s, int i, int j)
{
    return sin(0.7 * (i + 1) * (j + 1) + 1.3 * s + 0.2 * i);
}

static void fill(int s, int rows, int columns, double scale, double *x)
{
    for (int i = 0; i < rows * columns; i++)
        x[i] = F1(s, i / columns, i % columns) * scale;
}

// ---- readers ----------------------------------------------------------------

enum { KINDS = 7, LONG = 700 };

// Scores of several kinds: normal, equal, rising, falling, far apart, one
// giant among the small, steps of a thousand up and down.
static void scores_of_kind(int kind, int n, double s[])
{
    struct random r = stream("kinds", (uint32_t)kind);
    for (int i = 0; i < n; i++) {
        double x = normal(&r);
        s[i] = kind == 0   ? x
               : kind == 1 ? 2.5
               : kind == 2 ? 0.9 * i
               : kind == 3 ? -0.9 * i
               : kind == 4 ? 1e4 * x
               : kind == 5 ? x + 5000 * (i == n / 3)
                           : 1000 * (i % 2) + x;
    }
}

// By definition, with numbers of more digits, and the largest taken out.
static double by_definition(int n, int d, const double s[], const double v[],
                            double o[])
{
    long double m = s[0], z = 0, y[d];
    for (int j = 1; j < n; j++)
        m = fmaxl(m, s[j]);
    for (int c = 0; c < d; c++)
        y[c] = 0;
    for (int j = 0; j < n; j++) {
        long double w = expl(s[j] - m);
        z += w;
        for (int c = 0; c < d; c++)
            y[c] += w * v[j * d + c];
    }
    for (int c = 0; c < d; c++)
        o[c] = (double)(y[c] / z);
    return (double)(m + logl(z));
}

// The error of a level is its last digit's, a step, and an answer's that times
// itself, since the level stands in an exponent.
static double level_error(int n, const double s[])
{
    double size = 1;
    for (int j = 0; j < n; j++)
        size = fmax(size, fabs(s[j]));
    return 2e-16 * size * sqrt(n) * 4;
}

Test(readers, all_forms_agree_on_any_scores,
     .description = "eq:causal-attention eq:recurrence eq:running-max eq:delta")
{
    enum { d = 3 };
    double s[LONG], v[LONG * d], want[d], o[d];
    normal_rows("test values", 0, LONG * d, v);
    for (int kind = 0; kind < KINDS; kind++)
        for (int n = 1; n <= LONG; n += 233) {
            scores_of_kind(kind, n, s);
            double level = by_definition(n, d, s, v, want);
            double off = level_error(n, s);
            for (int form = BATCH; form <= BY_DELTA; form++)
                for (int back = 0; back < 2; back++) {
                    if (form == BY_SUM && kind > 1)
                        continue; // it overflows, see below
                    double l = read_by(form, back, n, d, s, v, o);
                    double t = form == BY_DELTA ? off : 1e-13;
                    near_all(d, o, want, 10 * t);
                    cr_expect(epsilon_eq(dbl, l, level, fmax(off, 1e-13)),
                              "form %d, kind %d, n %d", form, kind, n);
                }
        }
}

Test(readers, blocks_merge_in_any_order, .description = "eq:merge")
{
    enum { d = 3 };
    double s[LONG], v[LONG * d], want[d], o[d];
    normal_rows("test values", 0, LONG * d, v);
    for (int kind = 0; kind < KINDS; kind++)
        for (uint32_t i = 0; i < 20; i++) {
            struct random r = stream("test blocks", i);
            scores_of_kind(kind, LONG, s);
            double level = by_definition(LONG, d, s, v, want);
            double l = read_in_blocks(LONG, d, s, v, &r, o);
            near_all(d, o, want, 1e-13);
            cr_expect(epsilon_eq(dbl, l, level,
                                 fmax(1e-13, level_error(LONG, s))));
        }
}

// (a + b) + c = a + (b + c) and a + b = b + a, up to rounding, and a reader of
// nothing changes no bit.
Test(readers, merging_is_a_sum, .description = "eq:merge")
{
    struct random r = stream("sum", 0);
    for (int i = 0; i < 1000; i++) {
        double m[3], z[3], y[3];
        for (int a = 0; a < 3; a++) {
            m[a] = 30 * normal(&r);
            z[a] = 1 + uniform(&r);
            y[a] = normal(&r);
        }
        double ml = m[0], zl = z[0], yl = y[0], mr = m[2], zr = z[2], yr = y[2];
        merge(1, &ml, &zl, &yl, m[1], z[1], &y[1]);
        merge(1, &ml, &zl, &yl, m[2], z[2], &y[2]);
        merge(1, &mr, &zr, &yr, m[1], z[1], &y[1]);
        merge(1, &mr, &zr, &yr, m[0], z[0], &y[0]);
        cr_expect(eq(dbl, ml, mr));
        cr_expect(epsilon_eq(dbl, zl, zr, 1e-14));
        cr_expect(epsilon_eq(dbl, yl, yr, 1e-14));
        double none = 0, was[] = {ml, zl, yl};
        merge(1, &ml, &zl, &yl, -INFINITY, 0, &none);
        cr_expect(eq(dbl, ml, was[0]));
        cr_expect(eq(dbl, zl, was[1]));
        double me = -INFINITY, ze = 0, ye = 0;
        merge(1, &me, &ze, &ye, -INFINITY, 0, &none);
        cr_expect(eq(dbl, ze, 0)); // nothing and nothing is no NaN
        merge(1, &me, &ze, &ye, ml, zl, &yl);
        cr_expect(eq(dbl, me, ml));
        cr_expect(eq(dbl, ze, zl));
        cr_expect(eq(dbl, ye, yl));
    }
}

Test(readers, agree_with_reference_of_large_scores,
     .description = "eq:running-max eq:delta")
{
    static const double s[] = {1000, -1000, 999.5, 1000.25, 0, 1000.25},
                        v[] = {1, 2, 3, 4, 5, 6};
    double m = -INFINITY, z = 0, y = 0, o;
    for (int j = 0; j < 6; j++)
        read_stable(1, s[j], v + j, &m, &z, &y);
    cr_expect(eq(dbl, m, 1000.25));
    cr_expect(epsilon_eq(dbl, z, 3.2511673358124193, 1e-15));
    cr_expect(epsilon_eq(dbl, y, 12.19590044129445, 4e-15));
    cr_expect(epsilon_eq(dbl, y / z, 3.75123738078737504, 1e-15));
    read_by(BY_MAX, 1, 6, 1, s, v, &o);
    cr_expect(epsilon_eq(dbl, o, 3.75123738078737504, 1e-15));
    // Its level has an error of 1e-13, which is what the answer suffers.
    double level = read_by(BY_DELTA, 0, 6, 1, s, v, &o);
    cr_expect(epsilon_eq(dbl, level, 1001.42901411210184, 2e-13));
    cr_expect(epsilon_eq(dbl, o, 3.75123738078737504, 1e-13));
}

Test(readers, agree_with_reference_of_one_query,
     .description = "eq:causal-attention eq:recurrence eq:running-max eq:delta")
{
    static const double want[] = {-0.127507058705, -0.253218275314,
                                  -0.263634033753};
    double s[200], v[600], o[3];
    for (int j = 0; j < 200; j++) {
        s[j] = 0;
        for (int c = 0; c < 8; c++)
            s[j] += F1(70, 0, c) * F1(71, j, c);
        for (int c = 0; c < 3; c++)
            v[j * 3 + c] = F1(72, j, c);
    }
    for (int form = BATCH; form <= BY_DELTA; form++)
        for (int back = 0; back < 2; back++) {
            double level = read_by(form, back, 200, 3, s, v, o);
            near_all(3, o, want, 1e-12); // twelve digits are given
            cr_expect(epsilon_eq(dbl, level, 6.636860128483686, 1e-13));
        }
}

Test(readers, as_written_overflow, .description = "eq:recurrence")
{
    double s[] = {710, 0}, v[] = {1, 2}, o;
    read_by(BY_SUM, 0, 2, 1, s, v, &o);
    cr_expect(isnan(o));
    read_by(BY_MAX, 0, 2, 1, s, v, &o);
    cr_expect(eq(dbl, o, 1));
    // The logarithms of the largest float and the largest double.
    cr_expect(epsilon_eq(dbl, overflow(1), 128 * log(2), 1e-5));
    cr_expect(epsilon_eq(dbl, overflow(0), 1024 * log(2), 1e-12));
    s[0] = s[1] = -800; // and what is too small divides zero by zero
    read_by(BY_SUM, 0, 2, 1, s, v, &o);
    cr_expect(isnan(o));
}

Test(readers, begin_without_a_number_and_skip_a_masked_key,
     .description = "eq:running-max eq:merge")
{
    double m = -INFINITY, z = 0, y = 0, v[] = {3, 5};
    float mf = -INFINITY, zf = 0, yf = 0, vf[] = {3, 5};
    read_stable(1, -INFINITY, v + 1, &m, &z, &y);
    read_stable32(1, -INFINITY, vf + 1, &mf, &zf, &yf);
    cr_expect(eq(dbl, z, 0));
    cr_expect(eq(flt, zf, 0));
    read_stable(1, -700, v, &m, &z, &y);
    read_stable32(1, -700, vf, &mf, &zf, &yf);
    cr_expect(eq(dbl, y / z, 3));
    cr_expect(eq(flt, yf / zf, 3));
    merge32(1, &mf, &zf, &yf, -INFINITY, 0, vf);
    cr_expect(eq(flt, yf / zf, 3));
    double level = -INFINITY, o = 0;
    cr_expect(eq(dbl, read_delta(1, -700, v, &level, &o), 1));
    cr_expect(eq(dbl, o, 3));
    cr_expect(eq(dbl, level, -700));
}

// The gate's answer lies between the least and the largest value so far,
// whatever the scores, since each step is a mean of two such numbers.
Test(readers, the_gate_stays_among_the_values, .description = "eq:delta")
{
    double s[LONG];
    for (int kind = 0; kind < KINDS; kind++) {
        struct random r = stream("among", (uint32_t)kind);
        double level = -INFINITY, o = 0, low = INFINITY, high = -INFINITY;
        scores_of_kind(kind, LONG, s);
        for (int j = 0; j < LONG; j++) {
            double v = normal(&r);
            low = fmin(low, v);
            high = fmax(high, v);
            double a = read_delta(1, s[j], &v, &level, &o);
            cr_expect(a >= 0 && a <= 1);
            // A difference and a sum may each be rounded the wrong way.
            cr_expect(o >= low - 1e-15 && o <= high + 1e-15);
        }
    }
}

Test(readers, gates_make_the_weights_of_softmax,
     .description = "eq:delta-weights eq:causal-attention")
{
    enum { n = 40 };
    double s[n], w[n], unit[n * n], want[n], sum = 0;
    memset(unit, 0, sizeof unit);
    for (int j = 0; j < n; j++)
        unit[j * n + j] = 1;
    normal_rows("gates", 0, n, s);
    delta_weights(n, s, w);
    attend_batch(n, n, s, unit, want); // values that are told apart
    near_all(n, w, want, 1e-15);
    for (int j = 0; j < n; j++)
        sum += w[j];
    cr_expect(epsilon_eq(dbl, sum, 1, 1e-14));
    // By hand, for three: alpha_1 = 1, and what the later ones leave of it.
    double t[] = {0, log(2), log(3)};
    delta_weights(3, t, w);
    near_all(3, w, (double[]){1 / 6., 2 / 6., 3 / 6.}, 1e-15);
}

// All orders of six scores.
Test(readers, records_come_with_the_harmonic_numbers,
     .description = "eq:records")
{
    int total = 0, orders = 0;
    for (int code = 0; code < 46656; code++) {
        float s[6];
        int used = 0, left = code;
        for (int i = 0; i < 6; i++, left /= 6) {
            s[i] = (float)(left % 6);
            used |= 1 << left % 6;
        }
        if (used == 63) {
            total += records(6, s);
            orders++;
        }
    }
    cr_expect(eq(int, orders, 720));
    cr_expect(epsilon_eq(dbl, (double)total / orders, expected_records(6),
                         1e-14));
}

Test(floats, agree_with_doubles,
     .description = "eq:recurrence eq:running-max eq:merge eq:delta")
{
    enum { n = 4096 };
    double answer[LENGTHS][FORMS] = {{0}}, level[LENGTHS][FORMS] = {{0}};
    for (int law = 0; law < 2; law++)
        for (int draw = 0; draw < par.draws; draw++)
            errors_of_draw(law, draw, 3, answer, level);
    for (int f = 0; f < FORMS; f++) {
        cr_expect(sqrt(answer[2][f]) < 1e-5, "form %d", f);
        cr_expect(answer[2][f] > 0);
        cr_expect(sqrt(level[2][f]) < 1e-4, "form %d", f);
    }
}

// At the level a sum with e^-level is lost, or not: floats say it themselves.
Test(floats, the_level_stands_still, .description = "eq:level-stall")
{
    float at = (float)frozen_level(), below = at - 4 * 0x1p-20f,
          above = at + 4 * 0x1p-20f, one = 1, o = 0, level = below;
    read_delta32(1, 0, &one, &level, &o);
    cr_expect(level > below);
    level = above;
    read_delta32(1, 0, &one, &level, &o);
    cr_expect(eq(flt, level, above));
    double mended = above;
    read_mended32(1, 0, &one, &mended, &o);
    cr_expect(mended > above);
    float m = 0, z = 0x1p24f, y = 0;
    read_stable32(1, 0, &one, &m, &z, &y);
    cr_expect(eq(flt, z, 0x1p24f)); // where the sum stands still, in turn
}

// A term in three below half a spacing is lost for good: uniform values of
// normal scores, with the large sums at which that is what errors consist of.
Test(floats, sums_lose_their_small_terms, .description = "eq:lost-terms")
{
    enum { n = 1 << 20, d = 16 };
    struct random r = stream("lost", 0);
    float v[d], y[d] = {0}, z = 0;
    double want[d] = {0}, sum = 0, off = 0, x[d];
    for (int i = 0; i < n; i++) {
        float s = (float)normal(&r);
        for (int c = 0; c < d; c++) {
            v[c] = (float)uniform(&r);
            x[c] = v[c];
        }
        read_direct32(d, s, v, &z, y);
        read_direct(d, s, x, &sum, want);
    }
    for (int c = 0; c < d; c++)
        off += (want[c] / sum - (double)y[c] / sum) / d;
    // What is not lost wanders off by some 1e-6 in a column.
    cr_expect(epsilon_eq(dbl, off, lost_terms(n), 0.1 * lost_terms(n)));
}

// ---- states that ask no query -----------------------------------------------

Test(linear, one_state_serves_all_queries, .description = "eq:linear-state")
{
    enum { n = 30, d = 5, e = 3 };
    double k[n * d], v[n * e], q[d], s[d * e] = {0}, z[d] = {0}, o[e];
    normal_rows("linear", 0, n * d, k);
    normal_rows("linear", 1, n * e, v);
    for (int i = 0; i < n * d; i++)
        k[i] = exp(k[i]); // features that are positive
    for (int i = 0; i < n; i++)
        read_linear(d, e, k + i * d, v + i * e, s, z);
    for (uint32_t a = 0; a < 10; a++) {
        normal_rows("linear query", (int)a, d, q);
        double sum = 0, want[e] = {0};
        for (int i = 0; i < n; i++) {
            double w = inner(d, q, k + i * d);
            sum += w;
            for (int c = 0; c < e; c++)
                want[c] += w * v[i * e + c];
        }
        // Sums of 150 terms of size 10.
        cr_expect(epsilon_eq(dbl, ask_linear(d, e, q, s, z, o), sum, 1e-11));
        near_all(e, o, want, 1e-11);
    }
}

Test(linear, the_delta_rule_says_the_last_value)
{
    enum { d = 6, e = 4 };
    double k[d], v[e], s[d * e] = {0}, z[d] = {0}, o[e];
    for (int i = 0; i < 20; i++) {
        normal_rows("rule", 2 * i, d, k);
        normal_rows("rule", 2 * i + 1, e, v);
        double length = sqrt(inner(d, k, k));
        for (int c = 0; c < d; c++)
            k[c] /= length;
        read_delta_rule(d, e, k, v, s);
        ask_linear(d, e, k, s, z, o);
        near_all(e, o, v, 1e-14);
    }
}

Test(linear, both_states_are_one_for_keys_at_right_angles)
{
    enum { d = 4 };
    double s[d * d] = {0}, rule[d * d] = {0}, z[d] = {0}, v[d];
    for (int i = 0; i < d; i++) {
        double k[d] = {0};
        k[i] = 1;
        normal_rows("right", i, d, v);
        read_linear(d, d, k, v, s, z);
        read_delta_rule(d, d, k, v, rule);
    }
    near_all(d * d, s, rule, 0);
}

// ---- the model and its generators -------------------------------------------

static unsigned char in_order[256];

// The tiny model of the reference values.
static struct model *tiny(int layers)
{
    struct model *m = new_model(layers, 4, 1, 8);
    for (int i = 0; i < 256; i++)
        in_order[i] = (unsigned char)i;
    m->text = in_order;
    fill(0, 10, 4, 1, m->table);
    for (int l = 0; l < layers; l++) {
        struct layer *w = &m->layer[l];
        fill(10 * l + 1, 4, 4, 0.5, w->q);
        fill(10 * l + 2, 4, 4, 0.5, w->k);
        fill(10 * l + 3, 4, 4, 0.5, w->v);
        fill(10 * l + 4, 4, 4, 0.5, w->o);
        fill(10 * l + 5, 4, 8, 0.5, w->up);
        fill(10 * l + 6, 8, 4, 1 / sqrt(8), w->down);
    }
    return m;
}

Test(model, agrees_with_reference, .description = "eq:layers eq:absorbed")
{
    static const double last[4][4] = {
        {0.592069744613, -0.032562324303, -0.548372228388, -0.760730978215},
        {0.510999689525, -0.076601814184, -0.430372345541, -0.698838225377},
        {0.350471724660, -0.189625083386, -0.430310774265, -0.891878712972},
        {0.102860964404, -0.360589936755, -0.636573318844, -1.378505094238}};
    static const double first[] = {0.527899085602, 0.374282632775,
                                   -0.799214574230, -2.540999982451};
    for (int L = 1; L <= 4; L++) {
        struct model *m = tiny(L);
        double x[40], y[40], sum = 0, squares = 0;
        model_at_once(m, 10, x);
        near_all(4, x + 36, last[L - 1], 1e-12); // twelve digits are given
        for (int i = 0; i < 40; i++) {
            sum += x[i];
            squares += x[i] * x[i];
        }
        if (L == 1)
            cr_expect(epsilon_eq(dbl, sum, 1.5530475259427003, 1e-13));
        if (L == 4) {
            near_all(4, x, first, 1e-12);
            cr_expect(epsilon_eq(dbl, sum, -19.547134781807436, 1e-13));
            cr_expect(epsilon_eq(dbl, squares, 39.021953271947346, 1e-13));
        }
        for (int way = PLAIN; way <= CARELESS; way++) {
            struct generator *g = new_generator(m, way, L, 1, 10, 0);
            answers(g, 10, y, 1);
            near_all(40, y, x, 2e-15); // the spec has 7e-16 for itself
            free_generator(g);
        }
        free_model(m);
    }
}

// Steps, rows and reads of the recursion alone, without a model.
static struct tally recursion(int l, int i, int careless)
{
    struct tally c = {0, 0, l == 0, 0}, below;
    if (l == 0)
        return c;
    c.evaluations = 1;
    for (int j = careless ? 0 : 1; j <= i; j++) {
        below = recursion(l - 1, j ? j : i, careless);
        c.steps += below.steps + (j > 0);
        c.evaluations += below.evaluations;
        c.reads += below.reads;
    }
    return c;
}

Test(counts, are_binomials_for_every_small_case,
     .description = "eq:embedding-reads eq:attention-steps "
                    "eq:layer-evaluations eq:total-steps eq:hockey-stick")
{
    for (int L = 1; L <= 5; L++) {
        struct tally sum = {0, 0, 0, 0};
        for (int i = 1; i <= 12; i++) {
            struct tally c = recursion(L, i, 0);
            sum.steps += c.steps;
            sum.evaluations += c.evaluations;
            sum.reads += c.reads;
            cr_expect(eq(i64, small(embedding_reads(L, i)), c.reads));
            cr_expect(eq(i64, small(attention_steps(L, i)), c.steps));
            cr_expect(eq(i64, small(layer_evaluations(L, i)), c.evaluations));
            cr_expect(eq(i64, small(total_steps(L, i)), sum.steps));
            cr_expect(eq(i64, small(total_evaluations(L, i)), sum.evaluations));
            cr_expect(eq(i64, small(total_reads(L, i)), sum.reads));
        }
    }
}

Test(counts, are_the_generators,
     .description = "eq:total-steps eq:absorbed-cost "
                    "eq:careless-steps")
{
    struct gaps gap = {0};
    for (int L = 1; L <= 5; L++)
        for (int n = 1; n <= (L > 4 ? 8 : 12); n++)
            small_count(L, n, &gap);
    cr_expect(eq(int, gap.counts, 0));
    cr_expect(eq(int, gap.careless, 0));
    cr_expect(eq(int, gap.products, 0));
    cr_expect(eq(int, gap.memory, 0));
    // Five layers of sums of twelve terms, of numbers up to a hundred.
    cr_expect(lt(dbl, gap.answers, 1e-12));
}

Test(counts, agree_with_reference_of_ten_tokens,
     .description = "eq:total-steps eq:careless-steps")
{
    static const int64_t steps[] = {55, 275, 990, 2992},
                         rows[] = {10, 65, 285, 1000},
                         reads[] = {55, 220, 715, 2002},
                         careless[] = {55, 330, 1540, 6402},
                         careless_read[] = {65, 340, 1550, 6412};
    for (int L = 1; L <= 4; L++) {
        cr_expect(eq(i64, small(total_steps(L, 10)), steps[L - 1]));
        cr_expect(eq(i64, small(total_evaluations(L, 10)), rows[L - 1]));
        cr_expect(eq(i64, small(total_reads(L, 10)), reads[L - 1]));
        int64_t sum = 0, by_recursion = 0, its_steps = 0;
        for (int i = 1; i <= 10; i++) {
            sum += careless_reads(L, i);
            by_recursion += recursion(L, i, 1).reads;
            its_steps += recursion(L, i, 1).steps;
        }
        cr_expect(eq(i64, sum, careless_read[L - 1]));
        cr_expect(eq(i64, by_recursion, careless_read[L - 1]));
        cr_expect(eq(i64, its_steps, careless[L - 1]));
    }
}

// Leading digits, and the powers of ten.
Test(counts, agree_with_reference_of_large_models,
     .description = "eq:total-steps eq:attention-steps")
{
    static const struct {
        int L, n;
        const char *want;
    } exact[] = {{1, 256, "32896"},        {2, 128, "366016"},
                 {3, 256, "186043328"},    {4, 64, "11238448"},
                 {4, 128, "321401952"},    {4, 256, "9711474880"},
                 {6, 32, "15380904"},      {6, 64, "1329890640"},
                 {6, 128, "138432467616"}, {6, 256, "15932831089984"}};
    for (int i = 0; i < 10; i++) {
        struct natural a = total_steps(exact[i].L, exact[i].n);
        char *text = decimal(&a);
        cr_expect(eq(str, text, (char *)exact[i].want));
        free(text);
        free(a.group);
    }
    static const struct {
        int L, n, power;
        double lead;
    } large[] = {{1, 4096, 6, 8.3907},   {3, 1024, 10, 4.6262},
                 {4, 4096, 15, 9.6429},  {6, 1024, 17, 2.4072},
                 {12, 8, 5, 2.0348},     {12, 1024, 29, 2.3881},
                 {12, 4096, 37, 1.4998}, {32, 64, 25, 8.7305},
                 {32, 1024, 62, 4.3310}, {80, 8, 10, 7.0625},
                 {80, 256, 79, 2.6329},  {80, 1024, 124, 2.7773},
                 {80, 4096, 172, 1.5408}};
    for (int i = 0; i < 13; i++) {
        struct natural a = total_steps(large[i].L, large[i].n);
        int64_t power;
        double lead = scientific(&a, &power);
        cr_expect(eq(i64, power, large[i].power));
        cr_expect(epsilon_eq(dbl, lead, large[i].lead, 5.1e-5)); // 5 digits
        free(a.group);
    }
    cr_expect(eq(i64, small(attention_steps(4, 1000)), 42084793750));
    cr_expect(eq(i64, small(attention_steps(6, 1000)), 1418299634202450));
    cr_expect(eq(i64, small(attention_steps(6, 100)), 1705904745));
    cr_expect(eq(i64, small(attention_steps(2, 1)), 2));
}

Test(model, absorbing_serves_many_heads, .description = "eq:absorbed")
{
    for (int H = 1; H <= 8; H *= 2) {
        struct model *m = counted_model(2, 16, H);
        double x[9 * 16], y[9 * 16];
        model_at_once(m, 9, x);
        struct generator *g = new_generator(m, ABSORBED, 2, 1, 9, 0);
        answers(g, 9, y, 1);
        near_all(9 * 16, y, x, 1e-13); // numbers up to ten
        free_generator(g);
        free_model(m);
    }
}

// The arena's own mark, after the answer at the last position.
Test(memory, is_what_the_frames_take,
     .description = "eq:frame-floats eq:scratch-floats")
{
    for (int L = 1; L <= 4; L++)
        for (int H = 1; H <= 4; H *= 2)
            for (int n = 2; n <= 8; n += 3) {
                struct model *m = random_model(L, 8, H, 24);
                double out[8];
                // By hand: rows of 8, a middle of 24.
                int64_t frame[] = {3 * 8 + 2 * H, 8 + 16 * H + 2 * H,
                                   2 * 8 + 2 * H, 3 * 8 + 2 * H};
                int64_t scratch[] = {40, 40, 48, 40};
                m->text = in_order;
                for (int way = PLAIN; way <= CARELESS; way++) {
                    struct generator *g = new_generator(m, way, L, 1, n, 0);
                    hidden(g, L, n - 1, out);
                    cr_expect(eq(i64, g->arena.high,
                                 scratch[way] + L * frame[way]));
                    cr_expect(eq(i64, g->arena.used, scratch[way]));
                    free_generator(g);
                }
                free_model(m);
            }
}

Test(memory, of_the_published_size, .description = "eq:frame-floats")
{
    struct model *m = counted_model(4, 64, 1);
    cr_expect(eq(i64, 4 * frame_floats(m, PLAIN), 776));
    cr_expect(eq(i64, 4 * frame_floats(m, ABSORBED), 776));
    free_model(m);
}

Test(in_place, from_last_to_first_changes_no_bit,
     .description = "eq:in-place-steps")
{
    enum { n = 20, d = 8 };
    for (int L = 1; L <= 4; L++) {
        struct model *m = counted_model(L, d, 2);
        double x[n * d], y[n * d], back[n * d], want[n * d];
        struct generator *g = new_generator(m, PLAIN, L, 1, n, 0);
        in_place(g, n, back);
        cr_expect(eq(i64, g->count.steps, (int64_t)L * n * (n + 1) / 2));
        for (int i = 0; i < n; i++)
            embedding(m, i, x + i * d);
        for (int l = 1; l <= L; l++) {
            for (int i = n - 1; i >= 0; i--)
                layer_at(g, l, i, x, y + i * d);
            memcpy(x, y, sizeof x);
        }
        cr_expect(eq(int, bits_off(n * d, back, x), 0));
        model_at_once(m, n, want);
        near_all(n * d, back, want, 1e-12);
        free_generator(g);
        free_model(m);
    }
}

Test(in_place, from_first_to_last_is_another_network,
     .description = "eq:in-place-steps")
{
    struct model *m = tiny(1);
    double x[40], want[40];
    struct generator *g = new_generator(m, PLAIN, 1, 1, 10, 0);
    for (int i = 0; i < 10; i++)
        embedding(m, i, x + i * 4);
    for (int i = 0; i < 10; i++)
        layer_at(g, 1, i, x, x + i * 4);
    model_at_once(m, 10, want);
    near_all(4, x, want, 1e-15); // nothing was overwritten yet
    cr_expect(gt(dbl, distance(4, x + 36, want + 36), 1e-3));
    free_generator(g);
    free_model(m);
}

// Steps with rows kept wherever `kept` says, by the recursion alone; the
// current token's own rows are made once, from below.
static int64_t kept_recursion(int L, int l, int i, int token, int group, int f)
{
    int64_t sum = 0;
    for (int j = 1; l > 0 && j <= i; j++) {
        int kept = l > 1 && (l - 1) % group == 0 && j % f == 0;
        sum++;
        if (!kept || (j == token && i == token))
            sum += kept_recursion(L, l - 1, j, token, group, f);
    }
    return sum;
}

Test(frontier, costs_are_those_of_the_recursion,
     .description = "eq:in-place-steps eq:segment-steps eq:every-f-steps")
{
    for (int L = 1; L <= 4; L++)
        for (int n = 1; n <= 9; n++) {
            int64_t in = 0, sum[3] = {0};
            for (int i = 1; i <= n; i++) {
                for (int j = 1; j <= i; j++)
                    in += L * j;
                sum[0] += kept_recursion(L, L, i, i, L, 1);
                if (L % 2 == 0)
                    sum[1] += kept_recursion(L, L, i, i, L / 2, 1);
                sum[2] += kept_recursion(L, L, i, i, 1, 3);
            }
            cr_expect(eq(i64, small(in_place_steps(L, n)), in));
            cr_expect(eq(i64, small(segment_steps(L, n, 1)), sum[0]));
            if (L % 2 == 0)
                cr_expect(eq(i64, small(segment_steps(L, n, 2)), sum[1]));
            cr_expect(eq(i64, every_f_steps(L, n, 3), sum[2]));
            cr_expect(eq(i64, every_f_steps(L, n, 1),
                         small(cached_steps(L, n))));
            cr_expect(eq(i64, every_f_steps(L, n, n + 1),
                         small(total_steps(L, n))));
        }
}

Test(frontier, agrees_with_reference,
     .description = "eq:in-place-steps eq:segment-steps eq:every-f-steps")
{
    static const int64_t n[] = {16, 64, 256}, halves[] = {1904, 95680, 5723904},
                         each[] = {544, 8320, 131584},
                         place[] = {3264, 183040, 11316224};
    for (int i = 0; i < 3; i++) {
        cr_expect(eq(i64, small(segment_steps(4, n[i], 2)), halves[i]));
        cr_expect(eq(i64, small(segment_steps(4, n[i], 4)), each[i]));
        cr_expect(eq(i64, small(in_place_steps(4, n[i])), place[i]));
        cr_expect(eq(i64, small(cached_steps(4, n[i])), each[i]));
    }
    cr_expect(eq(i64, every_f_steps(4, 64, 2), 1750464));
    cr_expect(eq(i64, every_f_steps(4, 64, 4), 5124432));
    cr_expect(eq(i64, every_f_steps(4, 64, 8), 7826032));
    cr_expect(eq(i64, every_f_steps(4, 64, 65), 11238448));
}

Test(frontier, every_scheme_gives_the_same_answers,
     .description = "eq:segment-steps eq:every-f-steps")
{
    enum { n = 13, d = 8, L = 4 };
    static const int group[] = {1, 2, 3, 4, 1, 1, 2},
                     f[] = {1, 1, 1, 1, 2, 5, 3};
    struct model *m = counted_model(L, d, 2);
    double want[n * d], out[n * d];
    struct tally c;
    model_at_once(m, n, want);
    for (int i = 0; i < 7; i++) {
        struct generator *g = new_generator(m, PLAIN, group[i], f[i], n, 0);
        c = answers(g, n, out, 1);
        near_all(n * d, out, want, 1e-12); // numbers up to a hundred
        int64_t kept = (L - 1) / group[i] * (n / f[i]) * d;
        int frames = f[i] > 1 ? L : smaller(group[i], L);
        cr_expect(eq(i64, floats_used(g), kept + frames * (3 * d + 4)));
        free_generator(g);
    }
    int64_t used = in_place_answers(m, n, out, &c);
    near_all(n * d, out, want, 1e-12);
    cr_expect(eq(i64, used, n * d + frame_floats(m, ABSORBED)));
    cr_expect(eq(i64, c.steps, small(in_place_steps(L, n))));
    used = kv_answers(m, n, out, &c);
    near_all(n * d, out, want, 1e-12);
    cr_expect(eq(i64, used, 2 * L * n * d + 3 * d + 4));
    cr_expect(eq(i64, c.steps, small(cached_steps(L, n))));
    free_model(m);
}

Test(text, is_the_same_with_and_without_a_cache,
     .description = "eq:total-steps")
{
    struct model *m = random_model(2, 16, 2, 32);
    unsigned char text[2][PROMPT + WRITTEN + 1];
    double margin = INFINITY;
    int64_t floats;
    for (int i = 0; i < 2; i++) {
        struct tally c = write_on(m, i, text[i], &floats, &margin);
        // Answers at 32 ... 63 alone, or keys for all of 1 ... 63.
        cr_expect(eq(i64, c.steps,
                     i ? small(cached_steps(2, 63))
                       : small(total_steps(2, 63)) -
                             small(total_steps(2, 31))));
    }
    cr_expect(eq(str, (char *)text[0], (char *)text[1]));
    cr_expect(eq(int, (int)strlen(beginning), PROMPT));
    cr_expect(gt(dbl, margin, 1e-9));
    free_model(m);
}

// ---- natural numbers --------------------------------------------------------

static void reads_as(struct natural a, const char *want)
{
    char *text = decimal(&a);
    cr_expect(eq(str, text, (char *)want));
    free(text);
    free(a.group);
}

static struct natural raised(uint64_t base, int power)
{
    struct natural a = natural(1);
    for (int i = 0; i < power; i++)
        multiply(&a, base, 0);
    return a;
}

Test(natural, powers_are_known_ones)
{
    reads_as(natural(0), "0");
    reads_as(natural(999999999999999999), "999999999999999999");
    reads_as(natural(1000000000000000000), "1000000000000000000");
    reads_as(raised(10, 36), "1000000000000000000000000000000000000");
    reads_as(raised(2, 100), "1267650600228229401496703205376");
    reads_as(raised(3, 100),
             "515377520732011331036461129765621272702107522001");
    reads_as(raised(7, 0), "1");
    struct natural a = raised(10, 36);
    reads_as(less(a, 1), "999999999999999999999999999999999999");
    a = raised(10, 18);
    reads_as(less(a, 1000000000000000000), "0");
    a = raised(10, 20);
    multiply(&a, 1, 7);
    reads_as(a, "100000000000000000007");
    // The largest factor that it is made for.
    a = natural((1ull << 62) - 1);
    multiply(&a, (1ull << 62) - 1, (1ull << 62) - 1);
    reads_as(a, "21267647932558653961849226946058125312"); // (2^62-1) 2^62
}

Test(natural, factorials_divide_back)
{
    struct natural a = natural(1);
    for (uint64_t i = 2; i <= 30; i++)
        multiply(&a, i, 0);
    char *text = decimal(&a);
    cr_expect(eq(str, text, "265252859812191058636308480000000"));
    free(text);
    for (uint64_t i = 30; i >= 2; i--)
        cr_expect(eq(u64, divide(&a, i), 0));
    reads_as(a, "1");
    a = raised(10, 40);
    cr_expect(eq(u64, divide(&a, 7), 4)); // 10^40 = 10^4 = 4 modulo 7
    reads_as(a, "1428571428571428571428571428571428571428");
    a = natural(5);
    multiply(&a, 0, 0);
    reads_as(a, "0");
}

Test(natural, binomials_keep_their_identities, .description = "eq:hockey-stick")
{
    // A row sums to a power of two; a diagonal to the entry beside its end.
    struct natural sum = natural(0), two = raised(2, 300);
    for (int k = 0; k <= 300; k++) {
        struct natural a = choose(300, k), b = choose(300, 300 - k);
        char *x = decimal(&a), *y = decimal(&b);
        cr_expect(eq(str, x, y));
        add(&sum, &a);
        free(x);
        free(y);
        free(a.group);
        free(b.group);
    }
    char *text = decimal(&two);
    reads_as(sum, text);
    free(text);
    free(two.group);
    struct natural stick = natural(0);
    for (int j = 1; j <= 200; j++) {
        struct natural a = choose(j + 40 - 1, 40);
        add(&stick, &a);
        free(a.group);
    }
    struct natural end = choose(240, 41);
    text = decimal(&end);
    reads_as(stick, text);
    free(text);
    free(end.group);
    reads_as(choose(5, 6), "0");
    reads_as(choose(0, 0), "1");
    reads_as(choose(100, 50), "100891344545564193334812497256");
}

Test(natural, small_and_scientific)
{
    cr_expect(eq(i64, small(natural(INT64_MAX / 2)), INT64_MAX / 2));
    struct natural a = raised(10, 18);
    multiply(&a, 8, 5);
    cr_expect(eq(i64, small(a), 8000000000000000005));
    int64_t power;
    a = raised(2, 100);
    cr_expect(eq(dbl, scientific(&a, &power), 1.267650600228229401496703));
    cr_expect(eq(i64, power, 30));
    free(a.group);
}

// ---- machines ---------------------------------------------------------------

Test(tape, doubles_to_the_power_of_a_hundred, .description = "eq:tape-length")
{
    static const int64_t x[] = {10, 64, 100, 256, 1024},
                         want[] = {23, 660, 1571, 10033, 158494};
    struct tape t = new_tape(1024);
    for (int k = 0; k <= 1024; k++) {
        if (k)
            double_on_tape(&t);
        for (int i = 0; i < 5; i++)
            if (k == x[i]) {
                cr_expect(eq(i64, t.length, want[i]));
                cr_expect(eq(i64, tape_length(k), want[i]));
            }
        if (k == 100) {
            char *text = last_on_tape(&t);
            cr_expect(eq(str, text, "1267650600228229401496703205376"));
            free(text);
        }
    }
    free(t.cell);
}

Test(tape, numbers_have_the_digits_said, .description = "eq:tape-length")
{
    struct natural two = natural(1);
    for (int x = 0; x <= 3000; x++) {
        char *text = decimal(&two);
        cr_expect(eq(i64, (int64_t)strlen(text), digits_of_power(x)));
        free(text);
        multiply(&two, 2, 0);
    }
    free(two.group);
}

Test(memory, fixed_digits_fail_where_said, .description = "eq:fixed-ram-limit")
{
    for (int M = 1; M <= 60; M++) {
        cr_expect(eq(int, first_wrong(M), (int)fixed_ram_limit(M) + 1));
        cr_expect(digits_of_power(fixed_ram_limit(M)) <= M);
        cr_expect(digits_of_power(fixed_ram_limit(M) + 1) > M);
    }
    cr_expect(eq(i64, fixed_ram_limit(8), 26)); // 2^26 is 67108864
}

Test(models, hold_what_is_said, .description = "eq:ram-numbers eq:ram-tokens")
{
    cr_expect(eq(i64, ram_numbers(32, 4096), 262144));
    cr_expect(eq(i64, ram_numbers(80, 8192), 1310720));
    cr_expect(eq(i64, ram_numbers(96, 12288), 2359296));
    // 21.0 Mbit at 14.97 bits a token.
    double tokens = ram_tokens(1310720, 16, 32000);
    cr_expect(epsilon_eq(dbl, tokens, 1.40e6, 5e3));
    cr_expect(epsilon_eq(dbl, ram_tokens(5, 16, 65536), 5, 1e-14));
}

// ---- recall -----------------------------------------------------------------

// The theory against the thing itself, by draws that the chapter does not use.
Test(recall, of_a_linear_state_is_predicted, .description = "eq:linear-recall")
{
    static const int n[] = {1, 64, 256, 1024};
    for (int i = 0; i < 4; i++) {
        double share[30];
        for (int k = 0; k < 30; k++) {
            double one[3] = {0};
            recall_trial(32, n[i], 100 + k, one);
            share[k] = one[0];
        }
        struct mean m = mean(30, share);
        // The classes' readings are nearly independent: a hundredth is left.
        cr_expect(epsilon_eq(dbl, m.mean, linear_recall(32, n[i]),
                             4 * m.se + 0.01),
                  "n %d", n[i]);
    }
    // Guessing is what is left of very many pairs.
    cr_expect(epsilon_eq(dbl, linear_recall(4, 4096), 1.0 / CLASSES, 0.015));
}

// With M d / n = 2 log M the lead is the size of the largest of M noises.
Test(recall, knee_is_where_noise_reaches_the_lead,
     .description = "eq:linear-knee")
{
    cr_expect(epsilon_eq(dbl, sqrt(64 * 50 / linear_knee(50)),
                         sqrt(2 * log(64)), 1e-14));
    cr_expect(epsilon_eq(dbl, linear_knee(64) / 64, 7.69, 0.005));
    // The curve has fallen to between the half and three quarters there.
    double there = equal_recall(64, (int)linear_knee(64));
    cr_expect(there > 0.5 && there < 0.75);
}

// The reader that only adds to one entry against all values read in full.
Test(recall, a_flipping_reader_is_attention,
     .description = "eq:running-max eq:causal-attention")
{
    enum { d = 8, n = 50 };
    double key[n * d], one[n * CLASSES] = {0}, s[n], o[CLASSES];
    int class[n];
    draw_pairs(d, n, 3, key, class);
    for (int j = 0; j < n; j++)
        one[j * CLASSES + class[j]] = 1;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            s[j] = 8 * sqrt(d) * inner(d, key + i * d, key + j * d);
        attend_batch(n, CLASSES, s, one, o);
        cr_expect(eq(int, flip_recall(d, n, key, class, key + i * d),
                     best(CLASSES, o)));
    }
}

// ---- calculators ------------------------------------------------------------

#define COST_HEAD \
    "scheme\tattention_steps\tlayer_evaluations\tembedding_reads\tfloats\t" \
    "years\n"

Test(cost, prints_the_schemes,
     .description = "eq:total-steps eq:in-place-steps eq:segment-steps")
{
    prints("", "cost --layers 4 --tokens 256 --no-header",
           "zero-cache\t9711474880\t186043584\t9525431552\t776\t3.07738e-07\n"
           "in-place\t11316224\t131584\t32896\t16384\t3.58589e-10\n"
           "segments\t5723904\t66304\t2829056\t17160\t1.8138e-10\n"
           "hidden-cache\t131584\t1024\t32896\t49152\t4.16965e-12\n"
           "kv-cache\t131584\t1024\t256\t131072\t4.16965e-12\n");
    // One layer: the quadratic RNN, whatever is kept; C = 2 becomes 1.
    prints("", "cost --layers 1 --tokens 10 --width 4 --heads 2",
           COST_HEAD "zero-cache\t55\t10\t55\t16\t1.74284e-15\n"
                     "in-place\t220\t55\t55\t40\t6.97138e-15\n"
                     "segments\t55\t10\t55\t16\t1.74284e-15\n"
                     "hidden-cache\t55\t10\t55\t0\t1.74284e-15\n"
                     "kv-cache\t55\t10\t10\t80\t1.74284e-15\n");
}

Test(cost, takes_the_nearest_divisor, .description = "eq:segment-steps")
{
    cr_expect(eq(i64, divisor(80, 7), 5));
    cr_expect(eq(i64, divisor(7, 6), 1));
    cr_expect(eq(i64, divisor(6, 6), 6));
    cr_expect(eq(i64, divisor(6, 100), 6));
    char a[4000], b[4000];
    says("build/bin/rnn cost --layers 6 --tokens 9 --segments 5", sizeof a, a);
    says("build/bin/rnn cost --layers 6 --tokens 9 --segments 3", sizeof b, b);
    cr_expect(eq(str, a, b));
}

Test(cost, has_integers_of_any_size, .description = "eq:total-steps")
{
    char text[9000];
    says("build/bin/rnn cost --layers 80 --tokens 4096 --no-header",
         sizeof text, text);
    // 1.5408e172 has 173 digits, and is 4.88e155 years.
    cr_expect(eq(int, (int)strcspn(strchr(text, '\t') + 1, "\t"), 173));
    cr_expect(strstr(text, "e+155\nin-place") != NULL, "%s", text);
    says("build/bin/rnn cost --layers 1000 --tokens 4096 --no-header | "
         "head -1 | cut -f6",
         sizeof text, text);
    // Beyond all doubles, so by its own power of ten.
    cr_expect(strstr(text, "e+") && atoi(strstr(text, "e+") + 2) > 308, "%s",
              text);
}

Test(cost, refuses_what_is_no_model)
{
    refuses("", "cost --layers 4", "--tokens: needed");
    refuses("", "cost --tokens 4", "--layers: needed");
    refuses("", "cost", "--layers: needed");
    refuses("", "cost --layers 0 --tokens 4", "--layers");
    refuses("", "cost --layers 10001 --tokens 4", "--layers");
    refuses("", "cost --layers 4 --tokens 0", "--tokens");
    refuses("", "cost --layers 4 --tokens -1", "--tokens");
    refuses("", "cost --layers 4 --tokens 1000000000001", "--tokens");
    refuses("", "cost --layers 4 --tokens 4.5", "--tokens");
    refuses("", "cost --layers 4 --tokens 4 --width 0", "--width");
    refuses("", "cost --layers 4 --tokens 4 --heads 0", "--heads");
    refuses("", "cost --layers 4 --tokens 4 --heads 5",
            "--heads: must divide the width, 64");
    refuses("", "cost --layers 4 --tokens 4 --segments 0", "--segments");
    refuses("", "cost --layers 4 --tokens 4 --depth 3", "--depth");
    refuses("", "cost --layers 4 --tokens 4 more", "more");
}

Test(stream, prints_after_each_line, .description = "eq:running-max")
{
    prints("1000 1\\n-1000 2\\n", "stream -",
           "max\tlogsumexp\to0\n1000\t1000\t1\n1000\t1000\t1\n");
    prints("0 2 -2\\n0,4,-4\\n", "stream - --no-header",
           "0\t0\t2\t-2\n0\t0.69314718055994529\t3\t-3\n");
    prints("1000 1\\n-1000 2\\n999.5 3\\n1000.25 4\\n0 5\\n1000.25 6\\n",
           "stream - --no-header | tail -1",
           "1000.25\t1001.4290141121019\t3.7512373807873756\n");
}

Test(stream, refuses_what_has_no_answer)
{
    refuses("1\\n", "stream -", "input:1: a score and no value");
    refuses("1 2\\n3\\n", "stream -", "input:2:");
    refuses("1 x\\n", "stream -", "input:1:");
    refuses("1 nan\\n", "stream -", "input:1:");
    refuses("-inf 1\\n", "stream -", "input:1:");
    refuses("0 1e308\\n0 1e308\\n", "stream -",
            "input:2: the answer is beyond all numbers");
    refuses("", "stream -", "input");
    refuses("", "stream", "FILE");
    refuses("", "stream nowhere.tsv", "nowhere.tsv");
}

Test(attend, three_forms_print_one_answer,
     .description = "eq:causal-attention eq:running-max eq:delta")
{
    static const char *const forms[] = {"batch", "stream", "delta"};
    for (int i = 0; i < 3; i++) {
        char what[100];
        snprintf(what, sizeof what, "attend - --form %s", forms[i]);
        prints("1 0 2\\n0 1 4\\n", what,
               "logsumexp\to0\n0\t2\n0.69314718055994529\t3\n");
        // A query of one number, and two values.
        snprintf(what, sizeof what, "attend - --form %s --width 1 --no-header",
                 forms[i]);
        prints("1 -3 2 7\\n", what, "-3\t2\t7\n");
    }
    prints("q k v\\n1 0 2\\n0 1 4\\n", "attend - --no-header",
           "0\t2\n0.69314718055994529\t3\n");
}

Test(attend, refuses_what_has_no_answer)
{
    refuses("1 2\\n", "attend -", "input:1: 2 numbers are no query, key");
    refuses("1 2 3\\n", "attend - --width 2", "--width: 2 and 2 numbers leave");
    refuses("1 2 3\\n", "attend - --width 1000000", "--width");
    refuses("1 2 3\\n", "attend - --width -1", "--width");
    refuses("1 2 3\\n", "attend - --form fast", "--form");
    refuses("1 2 3\\n4 5\\n", "attend -", "input:2:");
    refuses("1 2 inf\\n", "attend -", "input:1:");
    refuses("1 2 3\\n1e200 1e200 1\\n", "attend -",
            "input:2: the score of the key on line 2 is beyond all numbers");
    refuses("0 0 1e308\\n0 0 1e308\\n", "attend -",
            "input:2: the answer is beyond all numbers");
    refuses("", "attend -", "input");
    refuses("", "attend nowhere.tsv", "nowhere.tsv");
}

Test(power, prints_number_and_tape, .description = "eq:tape-length")
{
    prints("", "power --x 0", "power\ttape\n1\t1\n");
    prints("", "power --x 100 --no-header",
           "1267650600228229401496703205376\t1571\n");
    prints("", "power --x 1k | cut -f2", "tape\n158494\n");
}

Test(power, refuses_what_it_cannot_write)
{
    refuses("", "power", "--x: needed");
    refuses("", "power --x -1", "--x");
    refuses("", "power --x 20001", "--x");
    refuses("", "power --x 1.5", "--x");
    refuses("", "power 10", "10");
}

// The example is the last paragraph of the help; what follows "$ " gives what
// follows it.
Test(calculators, examples_in_the_help_are_true)
{
    static const char *const names[] = {"cost", "stream", "attend", "power"};
    for (int i = 0; i < 4; i++) {
        char command[600], text[4000];
        snprintf(command, sizeof command,
                 "PATH=build/bin:$PATH; rnn %s --help | "
                 "sed '1,/^example$/d' | sed 1d >/tmp/rnn-example.$$; "
                 "sed -n 's/^\\$ //p' /tmp/rnn-example.$$ | sh | "
                 "diff - <(sed '/^\\$ /d' /tmp/rnn-example.$$) 2>&1; "
                 "rm /tmp/rnn-example.$$",
                 names[i]);
        char all[700];
        snprintf(all, sizeof all, "bash <<'END'\n%s\nEND\n", command);
        says(all, sizeof text, text);
        cr_expect(eq(str, text, ""), "%s", names[i]);
    }
}

// What no experiment could be run with is refused before any is.
Test(settings, beyond_their_bounds_are_refused)
{
    static const char *const wrong[] = {"draws=0",    "trials=1",   "trials=65",
                                        "width=1",    "layers=0",   "layers=7",
                                        "tokens=3",   "tokens=129", "power=99",
                                        "power=20001"};
    for (int i = 0; i < 10; i++) {
        char line[200];
        snprintf(line, sizeof line, "run years --quick --set %s", wrong[i]);
        refuses("", line, "rnn: --set ");
    }
}

// ---- flips: a network that turns back pages ---------------------------------

Test(flips, order_ends_with_the_query_or_begins_with_it,
     .description = "eq:page-flip")
{
    for (int n = 1; n < 20; n++) {
        int times[2][21] = {{0}};
        for (int t = 0; t <= n; t++)
            times[0][fed(0, n, t)]++, times[1][fed(1, n, t)]++;
        for (int i = 0; i <= n; i++)
            cr_expect(times[0][i] == 1 && times[1][i] == 1);
        cr_expect(fed(0, n, n) == n && fed(1, n, 0) == n);
        cr_expect(fed(0, n, 0) == 0 && fed(1, n, n) == 0);
        for (int t = 0; t < n; t++) {
            cr_expect(fed(0, n, t + 1) > fed(0, n, t));
            cr_expect(fed(1, n, t + 1) < fed(1, n, t));
        }
    }
}

Test(flips, pairs_have_different_keys_and_one_is_asked_for)
{
    struct random r = stream("test pairs", 0);
    int values[VALUE_KINDS] = {0}, asked[7] = {0}, all = 8000;
    for (int i = 0; i < all; i++) {
        int n = 1 + i % 7, key[8], value[8], at = -1;
        int right = draw_recall(&r, 7, n, 1, key, value);
        for (int j = 0; j < n; j++) {
            cr_expect(key[j] >= 0 && key[j] < 7);
            cr_expect(value[j] >= 0 && value[j] < VALUE_KINDS);
            for (int k = 0; k < j; k++)
                cr_expect(key[j] != key[k]);
            at = key[j] == key[n] ? j : at;
        }
        cr_assert(at >= 0);
        cr_expect(value[at] == right && value[n] == NO_VALUE);
        values[right]++;
        asked[n == 7 ? at : 0]++;
    }
    // Five deviations of a binomial count.
    for (int k = 0; k < VALUE_KINDS; k++)
        cr_expect(fabs(values[k] - all / 8.0) < 5 * sqrt(all / 8.0));
    for (int k = 1; k < 7; k++)
        cr_expect(fabs(asked[k] - all / 49.0) < 5 * sqrt(all / 49.0));
}

// A step by the formulas in doubles, with the matrices apart.
Test(flips, step_of_the_network_is_the_formulas, .description = "eq:gru")
{
    enum { H = 5, KEYS = 4 };
    struct random r = stream("test gru", 0);
    struct gru g = make_gru(KEYS, H, &r);
    struct gru_pass p = make_gru_pass(&g, 3, 4);
    draw_recalls(&r, &g, 0, 4, &p);
    read_recalls(&g, &p);
    for (int i = 0; i < 3; i++) {
        double h[H] = {0}, next[H];
        for (int t = 0; t < p.steps; t++, memcpy(h, next, sizeof h))
            for (int j = 0; j < H; j++) {
                double a[3], u[3] = {0};
                for (int s = 0; s < 3; s++) {
                    a[s] = g.at.key[p.key[t * 3 + i] * 3 * H + s * H + j] +
                           g.at.value[p.value[t * 3 + i] * 3 * H + s * H + j];
                    for (int l = 0; l < H; l++)
                        u[s] += h[l] * g.at.again[l * 3 * H + s * H + j];
                }
                double z = 1 / (1 + exp(-a[0] - u[0]));
                double reset = 1 / (1 + exp(-a[1] - u[1]));
                double c = tanh(a[2] + reset * u[2]);
                next[j] = (1 - z) * c + z * h[j];
            }
        for (int k = 0; k < VALUE_KINDS; k++) {
            double want = g.at.bias[k];
            for (int j = 0; j < H; j++)
                want += h[j] * g.at.out[j * VALUE_KINDS + k];
            // Floats, five steps deep.
            cr_expect(epsilon_eq(dbl, p.logits[i * VALUE_KINDS + k], want,
                                 2e-6));
        }
    }
    free_gru_pass(&p);
    free(g.w);
}

struct gru_case {
    struct gru g;
    struct gru_pass p;
};

static double gru_loss(void *of)
{
    struct gru_case *c = of;
    double loss[c->p.batch], sum = 0;
    read_recalls(&c->g, &c->p);
    cross_entropy(c->p.batch, VALUE_KINDS, c->p.logits, c->p.right, 1, loss,
                  NULL);
    for (int i = 0; i < c->p.batch; i++)
        sum += loss[i] / c->p.batch;
    return sum;
}

// Differences of floats with steps of 1/32: their own error is some 1e-5.
Test(flips, gradient_through_all_steps_is_that_of_differences,
     .description = "eq:gru-back")
{
    for (int flip = 0; flip < 2; flip++) {
        struct random r = stream("test gru", 1);
        struct gru_case c = {.g = make_gru(6, 7, &r)};
        c.p = make_gru_pass(&c.g, 5, 4);
        draw_recalls(&r, &c.g, flip, 4, &c.p);
        double loss = gru_loss(&c);
        read_recalls(&c.g, &c.p);
        cr_expect(epsilon_eq(dbl, read_recalls_back(&c.g, &c.p), loss, 1e-12));
        double gap =
            gradient_gap((int)c.g.n, c.g.w, c.g.dw, 0x1p-5, gru_loss, &c);
        cr_expect(gap < 2e-4, "%g", gap);
        free_gru_pass(&c.p);
        free(c.g.w);
    }
}

Test(flips, training_has_the_same_bytes_at_any_number_of_threads)
{
    struct recall_task task = {16, 16, 6, 1};
    omp_set_num_threads(1);
    struct gru one = train_gru(&task, 1, 1e-2, 3, 30);
    omp_set_num_threads(3);
    struct gru many = train_gru(&task, 1, 1e-2, 3, 30);
    omp_set_num_threads(1);
    cr_expect(memcmp(one.w, many.w, (size_t)one.n * sizeof *one.w) == 0);
    free(one.w);
    free(many.w);
}

// A few hundred steps teach the fewest pairs, by either order.
Test(flips, a_short_training_recalls_one_pair)
{
    struct recall_task task = {8, 16, 2, 1};
    for (int flip = 0; flip < 2; flip++) {
        struct gru g = train_gru(&task, flip, 2e-2, 0, 300);
        cr_expect(recalled(&g, flip, 1, "test") > 0.99);
        free(g.w);
    }
}

// All 8^n ways to draw n values.
Test(flips, bag_of_values_is_that_of_all_cases, .description = "eq:bag")
{
    cr_expect(epsilon_eq(dbl, bag_recall(1), 1, 1e-15));
    cr_expect(epsilon_eq(dbl, bag_recall(2), 0.5625, 1e-15));
    for (int n = 1; n <= 6; n++) {
        int cases = 1 << 3 * n, largest_sum = 0;
        for (int i = 0; i < cases; i++) {
            int count[VALUE_KINDS] = {0}, most = 0;
            for (int j = 0; j < n; j++)
                count[i >> 3 * j & 7]++;
            for (int k = 0; k < VALUE_KINDS; k++)
                most = count[k] > most ? count[k] : most;
            largest_sum += most;
        }
        // Factorials and their quotients round some tens of times.
        cr_expect(epsilon_eq(dbl, bag_recall(n),
                             (double)largest_sum / cases / n, 1e-13));
    }
    cr_expect(bag_recall(64) > 0.125 && bag_recall(64) < bag_recall(48));
}

// ---- bytes: the same text with a cache and without --------------------------

static struct transformer *small_transformer(int layers)
{
    struct random r = stream("test bytes", (uint32_t)layers);
    struct transformer *t = transformer(layers, 16, 2, 24, BYTE_WORDS, &r);
    for (int64_t i = 0; i < t->n; i++)
        t->w[i] *= i % 7 ? 5 : 1; // away from where all attention is uniform
    return t;
}

Test(bytes, logits_have_the_same_bits_with_a_cache_and_without,
     .description = "eq:attention-steps")
{
    for (int layers = 1; layers <= 3; layers++) {
        struct transformer *t = small_transformer(layers);
        int token[24];
        for (int i = 0; i < 24; i++)
            token[i] = (37 * i + 5) % BYTE_WORDS;
        struct rereader zero = make_rereader(t, 0, 12, token);
        struct rereader kept = make_rereader(t, 1, 12, token);
        float a[BYTE_WORDS], b[BYTE_WORDS], *all = floats(24 * BYTE_WORDS);
        transformer_logits(t, 1, token, all);
        for (int i = 0; i < 12; i++) {
            int64_t before = zero.steps, was = kept.steps;
            logits_after(&zero, 0, i, a);
            logits_after(&kept, 1, i, b);
            cr_expect(memcmp(a, b, sizeof a) == 0);
            cr_expect(farthest_logit(a, b) == 0);
            // Sums of 64 in another order, and exponentials of them.
            cr_expect(farthest_logit(b, all + i * BYTE_WORDS) < 1e-3);
            cr_expect(zero.steps - before ==
                      small(attention_steps(layers, i + 1)));
            cr_expect(kept.steps - was == (int64_t)layers * (i + 1));
        }
        free(zero.x);
        free(kept.x);
        free(all);
        free_transformer(t);
    }
}

// Page turns by their recurrence: a scan of i steps, and the scans below.
static int64_t turns_of(int layers, int i)
{
    int64_t sum = 0;
    for (int j = 1; j <= i && layers > 0; j++)
        sum += 1 + turns_of(layers - 1, j);
    return sum;
}

Test(bytes, page_turns_are_the_recurrence, .description = "eq:attention-steps")
{
    for (int l = 1; l <= 4; l++)
        for (int i = 1; i <= 12; i++)
            cr_expect(small(attention_steps(l, i)) == turns_of(l, i));
    cr_expect(small(attention_steps(4, 10)) == 1000);
    cr_expect(small(attention_steps(4, 100)) == 4598125);
}

Test(bytes, working_memory_does_not_grow, .description = "eq:frame-floats")
{
    struct transformer *t = small_transformer(3);
    int token[24] = {0};
    struct rereader a = make_rereader(t, 0, 4, token);
    struct rereader b = make_rereader(t, 0, 24, token);
    struct rereader c = make_rereader(t, 1, 24, token);
    cr_expect(a.floats == b.floats && a.floats == 3 * (3 * 16 + 2 * 2));
    cr_expect(c.floats == 2 * 3 * 24 * 16);
    free(a.x);
    free(b.x);
    free(c.x);
    free_transformer(t);
}

Test(bytes, scan_is_softmax_in_doubles, .description = "eq:running-max")
{
    enum { D = 8, N = 30 };
    struct random r = stream("test look", 0);
    float q[D], h[D], y[D], k[N][D], v[N][D];
    struct byte_scan s = {.h = h, .q = q, .y = y};
    for (int c = 0; c < D; c++)
        q[c] = (float)normal(&r);
    begin_scan(2, D, &s);
    for (int j = 0; j < N; j++) {
        for (int c = 0; c < D; c++)
            k[j][c] = (float)(3 * normal(&r)), v[j][c] = (float)normal(&r);
        look_at(2, D, k[j], v[j], &s);
    }
    for (int c = 0; c < D; c++) {
        double sum = 0, total = 0;
        for (int j = 0; j < N; j++) {
            double score = 0;
            for (int e = c / 4 * 4; e < c / 4 * 4 + 4; e++)
                score += (double)q[e] * k[j][e] / 2;
            sum += exp(score), total += exp(score) * v[j][c];
        }
        // Thirty floats are summed.
        cr_expect(epsilon_eq(dbl, y[c] / s.sum[c / 4], total / sum, 1e-5));
    }
}

Test(bytes, are_shown_without_line_ends)
{
    int token[] = {'a', '\n', 'b'};
    char text[16];
    cr_expect(eq(str, (char *)shown(3, token, text), "a¶b"));
}

// ---- streaming --------------------------------------------------------------

Test(streaming, two_passes_are_right_in_doubles,
     .description = "eq:causal-attention")
{
    for (int n = 1; n < 80; n += 13) {
        double error[2] = {0};
        struct random r = stream("test passes", (uint32_t)n);
        streaming_errors(&r, n, 1 + n % 70, 1, error);
        // Scores of up to 15 are rounded by 2^-21 or so.
        cr_expect(error[0] < 4e-6 && error[1] < 4e-6);
    }
}

Test(streaming, flops_of_use_are_counted, .description = "eq:attention-flops")
{
    for (int n = 1; n < 9; n++) {
        int64_t flops = 0, d = 5;
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
                flops += 2 * d + 2 * d; // a score, and its share of the sum
        cr_expect(useful_flops(n, (int)d) == (double)flops);
    }
}

Test(streaming, generator_is_the_same_with_absorb, .description = "eq:absorbed")
{
    double apart = absorbed_apart(9);
    cr_expect(apart > 0 && apart < 1e-5, "%g", apart);
}

Test(streaming, generator_counts_its_steps, .description = "eq:attention-steps")
{
    float y[10][FAST_WIDTH];
    struct fast_model *m = new_fast_model(10);
    scan_all(m, 10, y);
    cr_expect(m->steps == 2992 && m->evaluations == 1000);
    free(m);
}

// The last output again from the batch: layer by layer, all positions.
Test(streaming, generator_gives_what_whole_layers_give,
     .description = "eq:absorbed")
{
    enum { T = 7, W = FAST_WIDTH };
    float y[T][W];
    struct fast_model *m = new_fast_model(T);
    double h[T][W], next[T][W];
    scan_all(m, T, y);
    for (int i = 0; i < T * W; i++)
        h[i / W][i % W] = m->input[i / W][i % W];
    for (int l = 0; l < FAST_LAYERS; l++, memcpy(h, next, sizeof h)) {
        const struct fast_layer *w = m->layer + l;
        double q[T][W] = {{0}}, k[T][W] = {{0}}, v[T][W] = {{0}};
        for (int i = 0; i < T; i++)
            for (int a = 0; a < W; a++)
                for (int b = 0; b < W; b++) {
                    q[i][b] += h[i][a] * w->q[a][b];
                    k[i][b] += h[i][a] * w->k[a][b];
                    v[i][b] += h[i][a] * w->v[a][b];
                }
        for (int i = 0; i < T; i++) {
            double o[W] = {0}, z[W], wide[FAST_WIDE] = {0}, sum = 0;
            for (int j = 0; j <= i; j++) {
                double score = 0;
                for (int c = 0; c < W; c++)
                    score += q[i][c] * k[j][c] / 8;
                sum += exp(score);
                for (int c = 0; c < W; c++)
                    o[c] += exp(score) * v[j][c];
            }
            for (int c = 0; c < W; c++) {
                z[c] = h[i][c];
                for (int a = 0; a < W; a++)
                    z[c] += o[a] / sum * w->o[a][c];
            }
            for (int c = 0; c < FAST_WIDE; c++)
                for (int a = 0; a < W; a++)
                    wide[c] += z[a] * w->up[a][c];
            for (int c = 0; c < W; c++) {
                next[i][c] = z[c];
                for (int a = 0; a < FAST_WIDE; a++)
                    next[i][c] += tanh(wide[a]) * w->down[a][c];
            }
        }
    }
    // A layer of floats is off by 1e-6 or so, and the next three each make some
    // times as much of it.
    for (int i = 0; i < T * W; i++)
        cr_expect(epsilon_eq(dbl, y[i / W][i % W], h[i / W][i % W], 1e-4));
    free(m);
}

// Queries, keys and values of 7 positions of 5, outputs, their gradient, lse.
struct small_head {
    float x[105], y[35], dy[35], lse[7];
};

static double small_loss(void *of)
{
    struct small_head *c = of;
    double loss = 0;
    attend(7, 5, 1, c->x, c->x + 35, c->x + 70, 5, c->y, 5, c->lse);
    for (int i = 0; i < 35; i++)
        loss += (double)c->y[i] * c->dy[i];
    return loss;
}

// Floats of size one, over steps of 1/32: 1e-5 or so in a slope.
Test(streaming, gradient_is_that_of_differences,
     .description = "eq:attention-back")
{
    struct small_head c;
    struct random r = stream("small head", 0);
    float back[105] = {0};
    normals32(&r, 105, c.x);
    normals32(&r, 35, c.dy);
    small_loss(&c);
    attend_back(7, 5, 1, c.x, c.x + 35, c.x + 70, 5, c.y, c.dy, 5, c.lse, back,
                back + 35, back + 70);
    double gap = gradient_gap(105, c.x, back, 0x1p-5, small_loss, &c);
    cr_expect(lt(dbl, gap, 2e-4));
}
