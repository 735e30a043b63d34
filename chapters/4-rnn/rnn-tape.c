// rnn-tape.c: 2^x by a machine that writes and reads again, and by one that
// has only a fixed number of digits; the working memory of real models.

// Decimal digits of 2^x: no power of two but 1 is one of ten, and the nearest
// product x log 2 here to a whole number is much farther than a rounding.
static int64_t digits_of_power(int64_t x)
{
    return (int64_t)floor((double)x * log10(2)) + 1;
}

// What can be written but not taken back, a digit a cell, the lowest first and
// nothing between numbers, and two places where it is read.
struct tape {
    unsigned char *cell;
    int64_t length, at, stop;
};

// Reads the number from `at` up to the end and writes its double behind it.
// What is carried is the machine's whole memory, beside the two places.
static void double_on_tape(struct tape *t)
{
    int carry = 0;
    t->stop = t->length;
    while (t->at < t->stop) {
        int digit = 2 * t->cell[t->at++] + carry;
        t->cell[t->length++] = (unsigned char)(digit % 10);
        carry = digit / 10;
    }
    if (carry)
        t->cell[t->length++] = (unsigned char)carry;
}

// Cells that 2^0 ... 2^x take.  eq:tape-length
static int64_t tape_length(int64_t x)
{
    int64_t sum = 0;
    for (int64_t k = 0; k <= x; k++)
        sum += digits_of_power(k);
    return sum;
}

// The tape with 2^0 on it, and room for 2^x.
static struct tape new_tape(int64_t x)
{
    require(x >= 0);
    struct tape t = {calloc((size_t)tape_length(x) + 1, 1), 1, 0, 0};
    if (!t.cell)
        die("no memory for a tape of %lld cells", (long long)tape_length(x));
    *t.cell = 1;
    return t;
}

// The last number on the tape, from `at`, in the usual order; to be freed.
static char *last_on_tape(const struct tape *t)
{
    int64_t n = t->length - t->at;
    char *text = malloc((size_t)n + 1);
    if (!text)
        die("no memory for %lld digits", (long long)n);
    for (int64_t i = 0; i < n; i++)
        text[i] = (char)('0' + t->cell[t->length - 1 - i]);
    text[n] = 0;
    return text;
}

// Doubles a number of M digits, lowest first, and loses what is carried out.
static void double_in_memory(int M, unsigned char digit[M])
{
    int carry = 0;
    for (int i = 0; i < M; i++) {
        int twice = 2 * digit[i] + carry;
        digit[i] = (unsigned char)(twice % 10);
        carry = twice / 10;
    }
}

// The largest x of which M digits hold 2^x.  eq:fixed-ram-limit
static int64_t fixed_ram_limit(int M)
{
    return (int64_t)ceil(M / log10(2)) - 1;
}

// ---- the state of real models -----------------------------------------------

// Numbers that carry one token's passage through all layers: the row and the
// answer of each.  eq:ram-numbers
static int64_t ram_numbers(int64_t layers, int64_t width)
{
    return 2 * layers * width;
}

// Tokens of a vocabulary that as many numbers, of so many bits, could spell
// out.  eq:ram-tokens
static double ram_tokens(int64_t numbers, int bits, int vocabulary)
{
    return (double)numbers * bits / log2(vocabulary);
}

// ---- what is measured of them -----------------------------------------------

// 2^x from the one before: the plain road, by big integers.
static int same_power(const struct tape *t, const struct natural *want)
{
    char *a = last_on_tape(t), *b = decimal(want);
    int same = strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

static void powers(void)
{
    struct table *t = table("tape", "x\tlength\tformula\tram digits");
    struct tape tape = new_tape(par.power);
    struct natural two = natural(1);
    int wrong = 0;
    for (int x = 0; x <= par.power; x++) {
        if (x) {
            double_on_tape(&tape);
            multiply(&two, 2, 0);
        }
        wrong += !same_power(&tape, &two) || tape.length != tape_length(x);
        if ((x & (x - 1)) == 0 || x == 10 || x == 100)
            row(t, "%d\t%lld\t%lld\t%lld", x, (long long)tape.length,
                (long long)tape_length(x), (long long)digits_of_power(x));
    }
    done(t);
    value("tape_longest", tape.length, 0, 1, "1", EXACT);
    value("tape_digits", digits_of_power(par.power), 0, 1, "1", EXACT);
    value("tape_100", tape_length(100), 0, 1, "1", EXACT);
    claim("tape-exact", EQUAL, wrong, 0, 1, 0, 0,
          "powers whose digits, or length of tape, are others");
    free(tape.cell);
    free(two.group);
}

// How many of the digits of 2^x, from the left and all their places, are those
// of a memory of M digits; one if it is the number.
static double share_right(int M, const unsigned char digit[M],
                          const struct natural *want)
{
    char *text = decimal(want);
    int n = (int)strlen(text), right = 0;
    for (int i = 0; i < n; i++)
        right += i < M && digit[i] == text[n - 1 - i] - '0';
    free(text);
    return right / (double)n;
}

// The first x at which M digits hold another number than 2^x.
static int first_wrong(int M)
{
    unsigned char digit[64] = {1};
    struct natural two = natural(1);
    int x = 0;
    while (share_right(M, digit, &two) == 1) {
        double_in_memory(M, digit);
        multiply(&two, 2, 0);
        x++;
    }
    free(two.group);
    return x;
}

static void cliffs(void)
{
    unsigned char digit[3][32] = {{1}, {1}, {1}};
    struct natural two = natural(1);
    struct table *t = table("cliffs", "x\tdigits\tright8\tright16\tright32");
    int off = 0;
    for (int x = 0; x <= 128; x++) {
        double share[3];
        for (int i = 0; i < 3; i++) {
            share[i] = share_right(8 << i, digit[i], &two);
            double_in_memory(8 << i, digit[i]);
        }
        row(t, "%d\t%lld\t%.6g\t%.6g\t%.6g", x, (long long)digits_of_power(x),
            share[0], share[1], share[2]);
        multiply(&two, 2, 0);
    }
    done(t);
    free(two.group);
    for (int M = 1; M <= 40; M++)
        off += first_wrong(M) != fixed_ram_limit(M) + 1;
    for (int M = 8; M <= 32; M *= 2) {
        char name[24];
        snprintf(name, sizeof name, "last_%d", M);
        value(name, fixed_ram_limit(M), 0, 1, "1", EXACT);
    }
    claim("fixed-ram-cliff", EQUAL, off, 0, 1, 0, 0,
          "memories of 1 ... 40 digits that fail elsewhere");
}

// Sizes as their makers publish them: key and value heads tell the cache.
static void real_models(void)
{
    static const struct {
        const char *name, *key;
        int layers, width, kv, vocabulary; // kv: numbers a token and layer
    } models[] = {{"Llama-2-7B", "7b", 32, 4096, 2 * 4096, 32000},
                  {"Llama-2-70B", "70b", 80, 8192, 2 * 8 * 128, 32000},
                  {"GPT-3", "gpt3", 96, 12288, 2 * 12288, 50257},
                  {"Llama-3-8B", "8b", 32, 4096, 2 * 8 * 128, 128256}};
    struct table *t = table("ram", "model\tlayers\twidth\tram\tkv\town tokens\t"
                                   "mbits\ttokens");
    for (int i = 0; i < 4; i++) {
        int64_t ram = ram_numbers(models[i].layers, models[i].width);
        int64_t kv = (int64_t)models[i].layers * models[i].kv;
        double tokens = ram_tokens(ram, 16, models[i].vocabulary);
        row(t, "%s\t%d\t%d\t%lld\t%lld\t%.6g\t%.6g\t%.6g", models[i].name,
            models[i].layers, models[i].width, (long long)ram, (long long)kv,
            (double)ram / kv, ram * 16 / 1e6, tokens);
        char name[16];
        snprintf(name, sizeof name, "ram_%s", models[i].key);
        value(name, ram, 0, 1, "1", EXACT);
        if (i == 1) {
            value("ram_bits_tokens", tokens, 0, 1, "1", COMPUTED);
            value("ram_own_tokens", (double)ram / kv, 0, 1, "1", COMPUTED);
            value("ram_mbits", ram * 16 / 1e6, 0, 1, "Mbit", COMPUTED);
            value("ram_70b_kv", kv, 0, 1, "1", EXACT);
        }
    }
    done(t);
}

static const double per_year = 365.25 * 86400 * 1e9; // at 10^9 steps a second

static void years(void)
{
    static const int layers[] = {1, 2, 4, 6, 12, 32, 80};
    struct table *t = table("years", "L\tsteps\tyears");
    for (int i = 0; i < 7; i++) {
        struct natural steps = total_steps(layers[i], 1024);
        int64_t power;
        double lead = scientific(&steps, &power) * pow(10, power);
        row(t, "%d\t%.17g\t%.17g", layers[i], lead, lead / per_year);
        if (layers[i] == 6)
            value("years_6", lead / per_year, 0, 1, "years", COMPUTED);
        free(steps.group);
    }
    done(t);
}
