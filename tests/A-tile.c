#define main chapter_main
#include "../chapters/A-tile/tile.c"
#undef main
// The library's own blocks, under names beside those of the library.
#define product second_product
#define peak second_peak
#include "../src/tile/tile.c"
#undef product
#undef peak
#define PROGRAM "tile"
#include "program.h"

// ---- shapes -----------------------------------------------------------------

// The registers that one step names, each once.
Test(shape, holds_sums_a_row_and_a_number, .description = "eq:fits")
{
    for (int r = 1; r <= 16; r++)
        for (int v = 1; v <= 6; v++) {
            int named = 1; // a number of A
            for (int j = 0; j < v; j++)
                named += 1 + r; // a vector of B and the sums below it
            cr_expect(eq(int, registers(r, v), named));
        }
    cr_expect(eq(int, registers(ROWS, 2) <= par.registers, 1));
}

// What is read in one step, one read at a time.
Test(shape, reads_a_row_and_a_column, .description = "eq:loads eq:bytes")
{
    for (int r = 1; r <= 16; r++)
        for (int v = 1; v <= 6; v++) {
            int read = 0, size = 0;
            for (int i = 0; i < r; i++)
                read++, size += sizeof(float);
            for (int j = 0; j < v; j++)
                read++, size += par.lanes * sizeof(float);
            cr_expect(epsilon_eq(dbl, loads(r, v) * r * v, read, 1e-12));
            cr_expect(epsilon_eq(dbl, bytes(r, v) * r * v * par.lanes, size,
                                 1e-12));
        }
}

// A machine that begins what is ready, in the order of the program: `pipes`
// multiply-adds and `ports` loads a cycle.  The share of its pipes in use.
static double simulated(int r, int v, int steps)
{
    enum { CYCLES = 40000 };
    static int begun[CYCLES];
    int ready[SUMS_MOST] = {0}, last = 0;
    memset(begun, 0, sizeof begun);
    for (int p = 0; p < steps; p++)
        for (int i = 0; i < r; i++)
            for (int j = 0; j < v; j++) {
                int at = (p * (r + v) + v + i) / par.ports; // its loads are in
                at = at > ready[i * v + j] ? at : ready[i * v + j];
                while (begun[at] == par.pipes)
                    at++;
                begun[at]++;
                ready[i * v + j] = at + par.latency;
                last = at > last ? at : last;
            }
    return (double)r * v * steps / par.pipes / (last + 1);
}

// Filling and emptying the pipes costs some ten cycles of four thousand.
Test(shape, keeps_a_simulated_machine_as_busy, .description = "eq:busy")
{
    for (int i = 0; i < SHAPE_COUNT; i++) {
        int r = shapes[i].rows, v = shapes[i].vectors;
        double share = simulated(r, v, 1000);
        cr_expect(epsilon_eq(dbl, busy(r, v), share, 5e-3), "%d x %d", r, v);
    }
}

Test(shape, of_the_library_cuts_64_evenly)
{
    cr_expect(eq(dbl, beside(64, 8, 2), 0));
    cr_expect(epsilon_eq(dbl, beside(64, 14, 2), 6 / 70., 1e-15));
}

// ---- products ---------------------------------------------------------------

static void fill(int64_t n, float *x, uint32_t number)
{
    struct random r = stream("test", number);
    for (int64_t i = 0; i < n; i++)
        x[i] = (int)below(&r, 21) - 10;
}

// Whole numbers: nothing is rounded.
Test(tile, adds_the_product_of_two_strips, .description = "eq:tile")
{
    enum { K = 37 };
    float a[ROWS * K], b[K * COLUMNS];
    fill(ROWS * K, a, 1);
    fill(K * COLUMNS, b, 2);
    for (int packed = 0; packed < 2; packed++) {
        int64_t row = packed ? 1 : K, column = packed ? ROWS : 1;
        lanes c[ROWS][2];
        for (int i = 0; i < ROWS; i++)
            c[i][0] = c[i][1] = (lanes){0} + 5;
        tile(K, a, row, column, b, COLUMNS, c);
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) {
                double sum = 5;
                for (int p = 0; p < K; p++)
                    sum += a[i * row + p * column] * b[p * COLUMNS + j];
                cr_expect(eq(dbl, c[i][j / LANES][j % LANES], sum));
            }
    }
}

Test(product, is_the_sum_of_products, .description = "eq:product")
{
    int64_t elements = 0;
    for (int i = 0; i < 20; i++) {
        struct random r = stream("test-products", i);
        cr_expect(eq(int, wrong_elements(&r, &elements), 0));
    }
    cr_expect(gt(i64, elements, 1000));
}

Test(product, of_nothing_is_nothing, .description = "eq:product")
{
    float c[] = {1, 2, 3, 4, 5, 6};
    product(2, 0, 3, rows_of(c, 3), rows_of(c, 0), rows_of(c, 3), 0);
    cr_expect(eq(flt, c[5], 6));
    product(2, 3, 0, rows_of(c, 0), rows_of(c, 3), rows_of(c, 3), 1);
    cr_expect(eq(flt, c[5], 6));
    product(2, 3, 0, rows_of(c, 0), rows_of(c, 3), rows_of(c, 3), 0);
    for (int i = 0; i < 6; i++)
        cr_expect(eq(flt, c[i], 0));
}

Test(product, has_the_same_bits_for_any_threads)
{
    threads = 1;
    struct random r = stream("test-threads", 0);
    cr_expect(eq(int, unlike_elements(&r), 0));
}

// A tenth for what the clock does between the two.
Test(peak, is_not_exceeded_by_a_product, .description = "eq:peak")
{
    quick = threads = 1;
    double most = peak();
    cr_expect(gt(dbl, most, 0));
    cr_expect(lt(dbl, square_rate(1, 256), 1.1 * fmax(most, peak())));
}

// ---- levels -----------------------------------------------------------------

Test(levels, squares_have_an_eighth_of_their_side,
     .description = "eq:intensity")
{
    for (int n = 1; n < 5000; n *= 3)
        cr_expect(epsilon_eq(dbl, intensity(n, n, n), n / 8., 1e-12 * n));
    // y += A x: two flops for the number of A, which is nearly all that moves.
    cr_expect(epsilon_eq(dbl, intensity(1e6, 1, 1e6), 0.5, 1e-5));
}

Test(levels, meet_at_the_balance, .description = "eq:attainable")
{
    double p = 200, w = 40;
    cr_expect(eq(dbl, attainable(p / w, p, w), p));
    cr_expect(eq(dbl, attainable(p / w / 2, p, w), p / 2));
    cr_expect(eq(dbl, attainable(p / w * 2, p, w), p));
}

// The page is of the tile of 8 by 32; one that is compiled narrower goes by its
// own rows and columns.
Test(levels, are_those_of_the_library)
{
    cr_expect(eq(int, par.depth, DEPTH));
    cr_expect(eq(int, par.panel / 32, PANEL / COLUMNS));
    cr_expect(eq(int, par.band / 8, BAND / ROWS));
}

// The library's loops, walked tile by tile; every byte is counted as it moves.
Test(levels, move_what_the_loops_move, .description = "eq:traffic")
{
    int m = 2 * par.band, n = 2 * par.panel, k = 2 * par.depth, d = par.depth;
    double moved[PASSES] = {0}, b[PASSES];
    for (int panel = 0; panel < n; panel += par.panel)
        for (int p = 0; p < k; p += d) {
            moved[LEFT] += 4.0 * m * d;
            moved[RIGHT] += 8.0 * d * par.panel;
            for (int i = 0; i < m; i += par.band)
                for (int j = 0; j < par.panel; j += COLUMNS) {
                    moved[STRIP] += 4.0 * d * COLUMNS;
                    for (int l = 0; l < par.band; l += ROWS) {
                        moved[TILE] += 4.0 * d * (ROWS + COLUMNS);
                        moved[SUMS] += 8.0 * ROWS * COLUMNS;
                    }
                }
        }
    traffic(m, b);
    for (int i = 0; i < PASSES; i++)
        cr_expect(epsilon_eq(dbl, b[i], moved[i] / ((double)m * n * k), 1e-12));
}

// ---- rounding ---------------------------------------------------------------

// The longest way of a product through the sums, step by step.
Test(rounding, happens_once_a_step, .description = "eq:rounding")
{
    for (int k = 1; k < 3000; k += 7) {
        int longest = 0, from = 0;
        for (int p = 0; p < k; p += par.depth) {
            int strip = k - p < par.depth ? k - p : par.depth;
            // One rounding for each step, one for each strip that follows.
            int way = strip + (p > 0) + (k - p - 1) / par.depth;
            longest = way > longest ? way : longest;
            from++;
        }
        double u = longest * UNIT;
        cr_expect(le(dbl, u, bound(k, par.depth) * (1 + 1e-12)), "%d", k);
        cr_expect(epsilon_eq(dbl, bound(k, par.depth), u / (1 - u), 1.5 * UNIT),
                  "%d", k);
    }
}

Test(rounding, adds_up_the_variances_of_partial_sums, .description = "eq:drift")
{
    for (int q = 1; q <= 5; q++) {
        int d = par.depth;
        double variance = 0;
        for (int strip = 1; strip <= q; strip++) {
            for (int j = 1; j <= d; j++)
                variance += j;
            if (strip > 1)
                variance += strip * d;
        }
        double c = 1 / (8 * log(2)), e = drift(q * d, d);
        cr_expect(epsilon_eq(dbl, e * e / (c * variance), UNIT * UNIT,
                             1e-12 * UNIT * UNIT));
    }
}

// Numbers whose logarithms are even: the mean square of one rounding.
Test(rounding, costs_its_part_of_a_number, .description = "eq:drift")
{
    enum { N = 200000 };
    struct random r = stream("test-rounding", 0);
    double *e = vector(N);
    for (int i = 0; i < N; i++) {
        double x = exp2(8 * uniform(&r));
        e[i] = pow(((float)x - x) / x / UNIT, 2);
    }
    struct mean m = mean(N, e);
    cr_expect(epsilon_eq(dbl, m.mean, 1 / (8 * log(2)), 4 * m.se));
    free(e);
}

// ---- functions --------------------------------------------------------------

// h is nearest, and the rest is what a float keeps of e^y - 1.
Test(exponential, splits_off_powers_of_two, .description = "eq:exp-split")
{
    for (float x = -80; x < 80; x += 0.37f) {
        float whole, t = exp_split32(x, &whole), h = whole - WHOLE32;
        double y = x - h * M_LN2;
        cr_expect(le(dbl, fabs(y), M_LN2 / 2 * (1 + 1e-5)));
        cr_expect(epsilon_eq(dbl, t, expm1(y), 4 * UNIT * fabs(y) + 1e-30));
    }
}

// Two roundings at most, and the polynomial's own error.
Test(exponential, has_a_polynomial_on_the_rest, .description = "eq:exp-short")
{
    for (int i = -1000; i <= 1000; i++) {
        float y = i * 0.00034657f;
        cr_expect(epsilon_eq(dbl, exp_short32(y), expm1(y),
                             2.5 * UNIT * fabs(y)));
    }
}

Test(exponential, comes_back_by_two_factors, .description = "eq:exp-back")
{
    for (int h = -149; h <= 127; h++)
        cr_expect(eq(flt, scaled32(1, WHOLE32 + h), ldexpf(1, h)));
    cr_expect(eq(flt, scaled32(1, WHOLE32 + 128), INFINITY));
    cr_expect(eq(flt, scaled32(1, WHOLE32 - 150), 0));
}

Test(pace, spends_the_peak_on_multiplications, .description = "eq:pace")
{
    double second = 0, p = 1000;
    for (int i = 0; i < pace(p, 10); i++)
        second += 10 * 2 / p;
    cr_expect(epsilon_eq(dbl, second, 1, 1e-12));
}

Test(functions, are_measured_in_steps_of_floats)
{
    cr_expect(eq(dbl, steps_off(nextafterf(3, 4), 3), 1));
    cr_expect(eq(dbl, steps_off(0x1p-149, 0x1p-148), 1));
    cr_expect(eq(dbl, steps_off(1, 1), 0));
}

// ---- the command line -------------------------------------------------------

// None of these has a shape, a strip or a sample; zeros once ended in SIGFPE.
Test(settings, beyond_their_bounds_are_refused)
{
    static const char *const wrong[] = {
        "run shapes --set registers=2",  "run shapes --set lanes=0",
        "run shapes --set latency=0",    "run shapes --set pipes=0",
        "run shapes --set ports=0",      "run rounding --set depth=0",
        "run shapes --set band=0",       "run shapes --set panel=0",
        "run products --set products=0", "run functions --set stride=0",
        "shape --registers 2",           "shape --lanes 0"};
    for (int i = 0; i < 12; i++)
        refuses("", wrong[i], "tile: --");
}
