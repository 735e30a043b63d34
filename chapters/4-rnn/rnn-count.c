// rnn-count.c: natural numbers of any size, and the counts of the chapter.

// ---- natural numbers --------------------------------------------------------

// In groups of 18 digits, the lowest first; zero has none.
struct natural {
    int64_t size, room;
    uint64_t *group;
};

static const uint64_t group_base = 1000000000000000000u;

static void carry_into(struct natural *a, uint64_t group)
{
    if (a->size == a->room) {
        a->room = 2 * a->room + 4;
        a->group = realloc(a->group, (size_t)a->room * sizeof *a->group);
        if (!a->group)
            die("no memory for a number of %lld digits",
                (long long)a->room * 18);
    }
    a->group[a->size++] = group;
}

// a = a m + b, for m and b below 2^62.
static void multiply(struct natural *a, uint64_t m, uint64_t b)
{
    unsigned __int128 carry = b;
    for (int64_t i = 0; i < a->size; i++) {
        carry += (unsigned __int128)a->group[i] * m;
        a->group[i] = (uint64_t)(carry % group_base);
        carry /= group_base;
    }
    for (; carry; carry /= group_base)
        carry_into(a, (uint64_t)(carry % group_base));
    while (a->size && !a->group[a->size - 1])
        a->size--;
}

// a = a / b for b below 2^62; what remains.
static uint64_t divide(struct natural *a, uint64_t b)
{
    unsigned __int128 rest = 0;
    for (int64_t i = a->size - 1; i >= 0; i--) {
        rest = rest * group_base + a->group[i];
        a->group[i] = (uint64_t)(rest / b);
        rest %= b;
    }
    while (a->size && !a->group[a->size - 1])
        a->size--;
    return (uint64_t)rest;
}

static struct natural natural(uint64_t x)
{
    struct natural a = {0, 0, 0};
    multiply(&a, 0, x);
    return a;
}

static void add(struct natural *a, const struct natural *b)
{
    uint64_t carry = 0;
    for (int64_t i = 0; i < b->size || carry; i++) {
        if (i == a->size)
            carry_into(a, 0);
        carry += a->group[i] + (i < b->size ? b->group[i] : 0);
        a->group[i] = carry % group_base;
        carry /= group_base;
    }
}

// a - b for a number b that is not above it.
static struct natural less(struct natural a, uint64_t b)
{
    uint64_t borrow = b;
    for (int64_t i = 0; borrow; i++) {
        require(i < a.size);
        uint64_t low = borrow % group_base, up = borrow / group_base;
        int under = a.group[i] < low;
        a.group[i] += (under ? group_base : 0) - low;
        borrow = up + (uint64_t)under;
    }
    while (a.size && !a.group[a.size - 1])
        a.size--;
    return a;
}

// Its digits, to be freed.
static char *decimal(const struct natural *a)
{
    char *text = malloc((size_t)a->size * 18 + 2), *at = text;
    if (!text)
        die("no memory for %lld digits", (long long)a->size * 18);
    at += sprintf(at, "%llu",
                  a->size ? (unsigned long long)a->group[a->size - 1] : 0);
    for (int64_t i = a->size - 2; i >= 0; i--)
        at += sprintf(at, "%018llu", (unsigned long long)a->group[i]);
    return text;
}

// As a number of 63 bits, which it has to be; gives it back.
static int64_t small(struct natural a)
{
    uint64_t x = 0;
    require(a.size < 2 || (a.size == 2 && a.group[1] < 9));
    for (int64_t i = a.size - 1; i >= 0; i--)
        x = x * group_base + a.group[i];
    free(a.group);
    return (int64_t)x;
}

// The nearest double, and the power of ten that goes with it: 1 <= x < 10.
static double scientific(const struct natural *a, int64_t *power)
{
    char *text = decimal(a), lead[32];
    *power = (int64_t)strlen(text) - 1;
    snprintf(lead, sizeof lead, "%c.%.20s", text[0], text + 1);
    free(text);
    return strtod(lead, 0);
}

// n over k: a factor more above, and one below, leave a binomial each time.
// eq:hockey-stick
static struct natural choose(int64_t n, int64_t k)
{
    struct natural a = natural(k >= 0 && k <= n);
    k = k > n - k ? n - k : k;
    for (int64_t i = 1; i <= k; i++) {
        multiply(&a, (uint64_t)(n - k + i), 0);
        divide(&a, (uint64_t)i);
    }
    return a;
}

// ---- counts of the zero cache -----------------------------------------------

// Rows read off the disk for one row behind layer l at position i, from 1.
// eq:embedding-reads
static struct natural embedding_reads(int64_t l, int64_t i)
{
    return choose(i + l - 1, l);
}

// Steps of scans, on all layers, for one answer at position i.
// eq:attention-steps
static struct natural attention_steps(int64_t L, int64_t i)
{
    return less(choose(i + L, L), 1);
}

// Rows made by layers for one answer at position i.  eq:layer-evaluations
static struct natural layer_evaluations(int64_t L, int64_t i)
{
    return choose(i + L - 1, L - 1);
}

// The three for the answers at positions 1 ... n.  eq:total-steps
static struct natural total_steps(int64_t L, int64_t n)
{
    return less(choose(n + L + 1, L + 1), (uint64_t)n + 1);
}

static struct natural total_evaluations(int64_t L, int64_t n)
{
    return less(choose(n + L, L), 1);
}

static struct natural total_reads(int64_t L, int64_t n)
{
    return choose(n + L, L + 1);
}

// Rows read if the query's own is called for by itself; the steps are one less.
// eq:careless-steps
static int64_t careless_reads(int64_t l, int64_t i)
{
    int64_t sum = 0;
    for (int64_t r = 0; r <= l; r++)
        sum += small(choose(l, r)) * small(choose(i + r - 1, r));
    return sum;
}

// Multiply-adds of A steps and V rows: keys and values made of every row that
// comes in; or the query made to fit, at the price of a row for each head.
// eq:absorbed-cost
static int64_t plain_cost(const struct model *m, int64_t A, int64_t V)
{
    int64_t d = m->width, f = m->middle;
    return A * (2 * d * d + 2 * d) + V * (2 * d * d + 2 * d * f);
}

static int64_t absorbed_cost(const struct model *m, int64_t A, int64_t V)
{
    int64_t d = m->width, f = m->middle;
    return A * 2 * m->heads * d + V * (4 * d * d + 2 * d * f);
}

// ---- counts of those who keep something -------------------------------------

// With keys and values kept, or the inputs of all layers: each position reads
// all up to itself, on every layer.
static struct natural cached_steps(int64_t L, int64_t n)
{
    struct natural a = choose(n + 1, 2);
    multiply(&a, (uint64_t)L, 0);
    return a;
}

// One buffer, all layers again for every new token.  eq:in-place-steps
static struct natural in_place_steps(int64_t L, int64_t n)
{
    struct natural a = choose(n + 2, 3);
    multiply(&a, (uint64_t)L, 0);
    return a;
}

// c segments of L / c layers, each a zero cache.  eq:segment-steps
static struct natural segment_steps(int64_t L, int64_t n, int64_t c)
{
    struct natural a = total_steps(L / c, n);
    multiply(&a, (uint64_t)c, 0);
    return a;
}

// Positions f, 2f, ... kept on all layers.  A row that is not kept costs a
// scan, and all rows that the scan calls for and that are not kept either; its
// own is the row of the layer below.  eq:every-f-steps
static int64_t every_f_steps(int L, int n, int f)
{
    int64_t total = 0, again[L + 1]; // for all rows so far that are not kept
    memset(again, 0, sizeof again);
    for (int i = 1; i <= n; i++) {
        int64_t one = 0, below = 0;
        for (int l = 1; l <= L; l++) {
            one += i + below;
            below = again[l];
            again[l] += i % f ? one : 0;
        }
        total += one;
    }
    return total;
}
