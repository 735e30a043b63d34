// Real text, a part of focus.c: words of a book as vectors, by counting, and
// what attention makes of them.
#include <ctype.h>

void openblas_set_num_threads(int n);
void dgesdd_(const char *job, const int *m, const int *n, double *a,
             const int *lda, double *s, double *u, const int *ldu, double *vt,
             const int *ldvt, double *work, const int *lwork, int *iwork,
             int *info);

enum { REACH = 5, STRETCHES = 10 };

static struct {
    int words, width, window, positions;
} prose_of = {.words = 600, .width = 64, .window = 1024, .positions = 200};

// ---- words ------------------------------------------------------------------

// The words of a text by their number among its `kinds` most frequent ones; the
// rarer are left out.
struct prose {
    int length, kinds;
    int *word;
};

struct entry {
    const char *word;
    int place, count; // where it first stands, how often it does
};

static int by_word(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->word, y->word);
    return order ? order : x->place - y->place;
}

static int by_count(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->count != y->count ? y->count - x->count : x->place - y->place;
}

// The text becomes words of small letters, each ended by a zero; how many.
static int split_words(char *text, struct entry *e)
{
    int n = 0, within = 0;
    for (char *c = text; *c; c++) {
        if (!isalpha((unsigned char)*c)) {
            *c = 0;
            within = 0;
            continue;
        }
        *c = (char)tolower((unsigned char)*c);
        if (!within)
            e[n] = (struct entry){c, n, 1}, n++;
        within = 1;
    }
    return n;
}

// `text` is written to.  Of words equally frequent the earlier count as more.
static struct prose read_prose(char *text, int kinds)
{
    size_t size = strlen(text) / 2 + 1;
    struct entry *e = calloc(size, sizeof *e);
    int *word = calloc(size, sizeof *word), *kind = calloc(size, sizeof *kind);
    if (!e || !word || !kind)
        die("no memory for a text");
    int n = split_words(text, e), m = 0, length = 0;
    qsort(e, (size_t)n, sizeof *e, by_word);
    for (int i = 0; i < n; i++) { // equal words meet: the first gathers them
        int known = m && strcmp(e[m - 1].word, e[i].word) == 0;
        kind[e[i].place] = known ? e[m - 1].place : e[i].place;
        if (known)
            e[m - 1].count++;
        else
            e[m++] = e[i];
    }
    qsort(e, (size_t)m, sizeof *e, by_count);
    for (int i = 0; i < n; i++)
        word[i] = -1;
    kinds = m < kinds ? m : kinds;
    for (int i = 0; i < kinds; i++)
        word[e[i].place] = i;
    for (int i = 0; i < n; i++) // a first place is never behind the word itself
        if (word[kind[i]] >= 0)
            kind[length++] = word[kind[i]];
    free(e);
    free(word);
    return (struct prose){length, kinds, kind};
}

static struct prose load_prose(void)
{
    const char *path = data_file("genesis.txt");
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f)
        needs("genesis.txt");
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, 0, f) < 0)
        die("%s: nothing to read", path);
    fclose(f);
    struct prose p = read_prose(text, prose_of.words);
    free(text);
    return p;
}

// ---- words as vectors -------------------------------------------------------

// c[u][v]: how often u and v stand within REACH places, over their distance.
static void count_pairs(int n, const int word[n], int kinds,
                        double c[kinds][kinds])
{
    memset(c, 0, (size_t)kinds * kinds * sizeof(double));
    for (int i = 0; i < n; i++)
        for (int k = 1; k <= REACH && k <= i; k++) {
            c[word[i]][word[i - k]] += 1. / k;
            c[word[i - k]][word[i]] += 1. / k;
        }
}

// How much likelier than by chance u and v meet, as a logarithm, where they do
// so at all more often.  eq:ppmi
static void ppmi(int n, const double c[n][n], double m[n][n])
{
    double of[n], total = 0;
    for (int u = 0; u < n; u++) {
        of[u] = 0;
        for (int v = 0; v < n; v++)
            of[u] += c[u][v];
        total += of[u];
    }
    for (int u = 0; u < n; u++)
        for (int v = 0; v < n; v++) {
            double ratio = c[u][v] * total / (of[u] * of[v]);
            m[u][v] = ratio > 1 ? log(ratio) : 0;
        }
}

// The d largest singular values s of m [n][n], and its left singular vectors as
// columns of u [n][d]; the largest entry of each is positive.
static void largest_directions(int n, const double *m, int d, double s[d],
                               double *u)
{
    int work = 4 * n * n + 8 * n, info;
    int64_t square = (int64_t)n * n;
    double *a = vector(3 * square + n + work), *left = a + square;
    double *right = left + square, *all = right + square;
    int *iw = calloc(8 * (size_t)n, sizeof *iw);
    if (!iw)
        die("no memory for %d numbers", 8 * n);
    openblas_set_num_threads(1);
    for (int64_t i = 0; i < square; i++) // columns first, there
        a[i % n * n + i / n] = m[i];
    dgesdd_("S", &n, &n, a, &n, all, left, &n, right, &n, all + n, &work, iw,
            &info);
    require(info == 0);
    for (int k = 0; k < d; k++) {
        const double *x = left + (int64_t)k * n;
        int top = 0;
        for (int i = 1; i < n; i++)
            top = fabs(x[i]) > fabs(x[top]) ? i : top;
        for (int i = 0; i < n; i++)
            u[(int64_t)i * d + k] = x[top] < 0 ? -x[i] : x[i];
        s[k] = all[k];
    }
    free(a);
    free(iw);
}

// Rows of U Sigma^power, of length sqrt d each.
static void word_vectors(int n, int d, const double *u, const double s[d],
                         double power, float *x)
{
    for (int i = 0; i < n; i++) {
        double v[d], square = 0;
        for (int k = 0; k < d; k++) {
            v[k] = u[(int64_t)i * d + k] * pow(s[k], power);
            square += v[k] * v[k];
        }
        require(square > 0);
        for (int k = 0; k < d; k++)
            x[(int64_t)i * d + k] = (float)(v[k] * sqrt(d / square));
    }
}

// ---- windows ----------------------------------------------------------------

// What is measured at a position: moments of its logits, S of four maps, as it
// is and as normal logits of the same mean and spread would have it, the
// kurtosis bound, what the query's own word gets, and what exp makes of all
// others.
enum {
    AT_BETA,
    AT_GAMMA,
    AT_SKEW,
    AT_KURTOSIS,
    AT_S,                 // exp, relu^2, identity, features
    AT_NORMAL = AT_S + 4, // the first three of these
    AT_BOUND = AT_NORMAL + 3,
    AT_SAME,
    AT_SAME_KEYS,
    AT_OTHERS,
    AT_OTHERS_NORMAL,
    AT_OTHERS_KURTOSIS,
    AT_ALL
};

static void moments_of(int n, const double s[n], double out[AT_ALL])
{
    double mean = 0, m[5] = {0};
    for (int j = 0; j < n; j++)
        mean += s[j] / n;
    for (int j = 0; j < n; j++)
        for (int k = 2; k <= 4; k++)
            m[k] += pow(s[j] - mean, k) / n;
    out[AT_BETA] = mean;
    out[AT_GAMMA] = sqrt(m[2]);
    out[AT_SKEW] = m[3] / pow(m[2], 1.5);
    out[AT_KURTOSIS] = m[4] / (m[2] * m[2]) - 3;
}

// Logits of all keys of a window for the last of them as the query, over the
// root of the width, and the scores of rectified queries and keys.
static void window_scores(int n, const int word[n], int d, const float *x,
                          double s[n], float features[n])
{
    const float *q = x + (int64_t)word[n - 1] * d;
    for (int j = 0; j < n; j++) {
        const float *k = x + (int64_t)word[j] * d;
        double dots = 0, rectified = 0;
        for (int i = 0; i < d; i++) {
            dots += (double)q[i] * k[i];
            rectified += q[i] > 0 && k[i] > 0 ? (double)q[i] * k[i] : 0;
        }
        s[j] = dots / sqrt(d);
        features[j] = (float)rectified;
    }
}

// S of a map of logits; they are at most sqrt d, so that e^s does not overflow.
static double map_focus(enum map f, int n, const double s[n])
{
    float a[n];
    for (int j = 0; j < n; j++) {
        double up = s[j] > 0 ? s[j] : 0;
        a[j] = (float)(f == EXP ? exp(s[j]) : f == RELU2 ? up * up : s[j]);
    }
    return sparsity(n, a);
}

// What the query's own word gets of softmax's weight, and of the keys, in
// percent; and what is left without it.
static void look_apart(int n, const int word[n], const double s[n],
                       double out[AT_ALL])
{
    double own = 0, total = 0, other[n], moments[AT_ALL];
    int m = 0;
    for (int j = 0; j < n; j++) {
        total += exp(s[j]);
        if (word[j] == word[n - 1])
            own += exp(s[j]);
        else
            other[m++] = s[j];
    }
    out[AT_SAME] = 100 * own / total;
    out[AT_SAME_KEYS] = 100. * (n - m) / n;
    moments_of(m, other, moments);
    out[AT_OTHERS] = map_focus(EXP, m, other);
    out[AT_OTHERS_NORMAL] = theory(EXP, 1, moments[AT_BETA], moments[AT_GAMMA]);
    out[AT_OTHERS_KURTOSIS] = moments[AT_KURTOSIS];
}

static void look(int n, const int word[n], int d, const float *x, double s[n],
                 double out[AT_ALL])
{
    static const enum map maps[] = {EXP, RELU2, IDENTITY};
    float features[n];
    window_scores(n, word, d, x, s, features);
    moments_of(n, s, out);
    for (int k = 0; k < 3; k++) {
        out[AT_S + k] = map_focus(maps[k], n, s);
        out[AT_NORMAL + k] = theory(maps[k], 1, out[AT_BETA], out[AT_GAMMA]);
    }
    out[AT_S + 3] = sparsity(n, features);
    out[AT_BOUND] = kurtosis_bound(n, s);
    look_apart(n, word, s, out);
}

// Windows of n words with their ends evenly over the text: what is measured at
// each of them, and its logits [windows][n].
static void look_all(const struct prose *p, int windows, int n, int d,
                     const float *x, double out[windows][AT_ALL], double *s)
{
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < windows; i++) {
        int from = (int)((int64_t)(p->length - n) * (2 * i + 1) / windows / 2);
        look(n, p->word + from, d, x, s + (int64_t)i * n, out[i]);
    }
}

// ---- what is found ----------------------------------------------------------

// Neighbouring windows share words, so that the error is that of the means of
// ten stretches of text.
static struct mean over_text(int n, double at[n][AT_ALL], int what, int less)
{
    double x[STRETCHES] = {0};
    int each = n / STRETCHES;
    for (int i = 0; i < each * STRETCHES; i++)
        x[i / each] += (at[i][what] - (less >= 0 ? at[i][less] : 0)) / each;
    return mean(STRETCHES, x);
}

// Density of logits less their window's mean and over its spread, in bins of
// a half; and the normal one.
static void prose_density(int windows, int n, double at[windows][AT_ALL],
                          const double *s)
{
    enum { BINS = 32 };
    double count[BINS] = {0}, width = 0.5, first = -4,
           all = windows * (double)n;
    for (int64_t i = 0; i < (int64_t)windows * n; i++) {
        const double *o = at[i / n];
        double z = (s[i] - o[AT_BETA]) / o[AT_GAMMA];
        int b = (int)floor((z - first) / width);
        if (b >= 0 && b < BINS)
            count[b]++;
    }
    struct table *t = table("prose", "z\tdensity\tnormal");
    for (int b = 0; b < BINS; b++) {
        double z = first + (b + 0.5) * width;
        row(t, "%g\t%.9g\t%.9g", z, count[b] / (all * width), density(z));
    }
    done(t);
}

static const char *const prose_maps[] = {"exp", "relu2", "identity",
                                         "features"};

static void prose_table(int n, double at[n][AT_ALL])
{
    struct table *t = table("prose-maps", "map\tS\tse\truns\tsd\tgaussian");
    for (int k = 0; k < 4; k++) {
        double x[n];
        for (int i = 0; i < n; i++)
            x[i] = at[i][AT_S + k];
        struct mean m = over_text(n, at, AT_S + k, -1);
        double sd = mean(n, x).se * sqrt(n);
        if (k < 3)
            row(t, "%s\t%.9g\t%.9g\t%d\t%.9g\t%.9g", prose_maps[k], m.mean,
                m.se, m.runs, sd, over_text(n, at, AT_NORMAL + k, -1).mean);
        else
            row(t, "%s\t%.9g\t%.9g\t%d\t%.9g\t-", prose_maps[k], m.mean, m.se,
                m.runs, sd);
    }
    done(t);
}

static void prose_values(int n, double at[n][AT_ALL])
{
    static const struct {
        const char *name, *unit;
        int what;
    } all[] = {{"prose_beta", "1", AT_BETA},
               {"prose_gamma", "1", AT_GAMMA},
               {"prose_skew", "1", AT_SKEW},
               {"prose_kurtosis", "1", AT_KURTOSIS},
               {"prose_exp", "1", AT_S},
               {"prose_relu2", "1", AT_S + 1},
               {"prose_identity", "1", AT_S + 2},
               {"prose_features", "1", AT_S + 3},
               {"prose_exp_gaussian", "1", AT_NORMAL},
               {"prose_relu2_gaussian", "1", AT_NORMAL + 1},
               {"prose_identity_gaussian", "1", AT_NORMAL + 2},
               {"prose_bound", "1", AT_BOUND},
               {"prose_same", "%", AT_SAME},
               {"prose_same_keys", "%", AT_SAME_KEYS},
               {"prose_others", "1", AT_OTHERS},
               {"prose_others_gaussian", "1", AT_OTHERS_NORMAL},
               {"prose_others_kurtosis", "1", AT_OTHERS_KURTOSIS}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct mean m = over_text(n, at, all[i].what, -1);
        value(all[i].name, m.mean, m.se, m.runs, all[i].unit, SAMPLED);
    }
}

// At each position the order counts as kept, 100, or broken, 0; and what it
// takes off the difference from normal logits to leave out the query's own
// word, beyond half of it.
static void prose_claims(int n, double at[n][AT_ALL])
{
    double(*x)[AT_ALL] = (void *)vector((int64_t)n * AT_ALL);
    for (int i = 0; i < n; i++) {
        const double *S = at[i] + AT_S;
        x[i][0] = S[0] < S[1] && S[1] < S[2] && S[2] < S[3] ? 100 : 0;
        x[i][1] = at[i][AT_OTHERS] - at[i][AT_OTHERS_NORMAL] -
                  (S[0] - at[i][AT_NORMAL]) / 2;
    }
    struct mean order = over_text(n, x, 0, -1), own = over_text(n, x, 1, -1);
    struct mean gap = over_text(n, at, AT_S, AT_NORMAL);
    struct mean floor = over_text(n, at, AT_S + 2, -1);
    const char *why = "means of stretches of text";
    value("prose_order", order.mean, order.se, order.runs, "%", SAMPLED);
    claim("prose-order", AT_LEAST, order.mean, order.se, order.runs, 95, 0,
          why);
    claim("prose-gaussian", EQUAL, gap.mean, gap.se, gap.runs, 0, 0, why);
    claim("prose-floor", AT_LEAST, floor.mean, floor.se, floor.runs,
          sqrt(2 / M_PI), 0, why);
    claim("prose-own-word", AT_LEAST, own.mean, own.se, own.runs, 0, 0, why);
    free(x);
}

// S of the identity with other powers of the singular values.
static void prose_variants(const struct prose *p, int windows, int n, int d,
                           const double *u, const double s[d],
                           double at[windows][AT_ALL], double *scores)
{
    float *x = floats((int64_t)p->kinds * d);
    for (int power = 0; power < 2; power++) {
        word_vectors(p->kinds, d, u, s, power, x);
        look_all(p, windows, n, d, x, at, scores);
        struct mean m = over_text(windows, at, AT_S + 2, -1);
        value(power ? "prose_identity_us" : "prose_identity_u", m.mean, m.se,
              m.runs, "1", SAMPLED);
    }
    free(x);
}

static void prose(void)
{
    struct prose p = load_prose();
    int w = p.kinds, d = prose_of.width, n = prose_of.window;
    int windows = prose_of.positions;
    if (n > p.length)
        usage("--set window: at most %d words", p.length);
    if (d > w)
        usage("--set dimensions: at most %d", w);
    double *c = vector(2 * (int64_t)w * w), *m = c + (int64_t)w * w;
    double *u = vector((int64_t)w * d), s[d];
    double *scores = vector((int64_t)windows * n);
    double(*at)[AT_ALL] = (void *)vector((int64_t)windows * AT_ALL);
    float *x = floats((int64_t)w * d);
    count_pairs(p.length, p.word, w, (void *)c);
    ppmi(w, (void *)c, (void *)m);
    largest_directions(w, m, d, s, u);
    word_vectors(w, d, u, s, 0.5, x);
    look_all(&p, windows, n, d, x, at, scores);
    value("prose_words", w, 0, 1, "1", EXACT);
    value("prose_width", d, 0, 1, "1", EXACT);
    value("prose_window", n, 0, 1, "1", EXACT);
    value("prose_positions", windows, 0, 1, "1", EXACT);
    value("prose_length", p.length, 0, 1, "1", EXACT);
    prose_density(windows, n, at, scores);
    prose_table(windows, at);
    prose_values(windows, at);
    prose_claims(windows, at);
    prose_variants(&p, windows, n, d, u, s, at, scores);
    free(c);
    free(u);
    free(scores);
    free(at);
    free(x);
    free(p.word);
}

static void of_text(void)
{
    setting("words", &prose_of.words, "words of the text that have a vector");
    limits(80, 2000);
    setting("dimensions", &prose_of.width, "dimensions of a word's vector");
    limits(2, 1000);
    setting("window", &prose_of.window, "words that a query looks at");
    limits(16, 1 << 15);
    setting("positions", &prose_of.positions, "windows of the text");
    limits(2 * STRETCHES, 100000);
    experiment("text", "attention over the words of a book", prose);
}
