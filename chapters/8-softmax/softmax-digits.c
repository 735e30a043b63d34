// Training, a part of softmax.c: a linear classifier and one with a hidden
// layer, on eleven losses; embeddings on a circle, with a margin; and separable
// points, for long.

// ---- the digits -------------------------------------------------------------

enum { PIXELS = 64, INPUTS = PIXELS + 1, CLASSES = 10 };

struct digits {
    int count;
    double (*x)[INPUTS]; // grey values from 0 to 1, and a 1 for the bias
    double *t;           // the digit that each is
};

static struct digits load(void)
{
    const char *path = data_file("digits.csv");
    if (!path)
        needs("digits.csv");
    struct rows r = read_rows(path, 0);
    require(r.count > 0 && r.width == INPUTS);
    struct digits d = {r.count, (void *)r.x, vector(r.count)};
    for (int i = 0; i < d.count; i++) {
        d.t[i] = d.x[i][PIXELS]; // its place becomes that of the 1
        require(d.t[i] >= 0 && d.t[i] < CLASSES);
        d.x[i][PIXELS] = 1;
        for (int j = 0; j < PIXELS; j++)
            d.x[i][j] /= 16;
    }
    return d;
}

// How many images are left for the test, and as many to choose the rate.
static int tests(const struct digits *d)
{
    return (d->count - par.train) / 2;
}

// The images in an order of run s: those to learn from, to test, to validate.
static void split(const struct digits *d, struct random *r, int order[])
{
    for (int i = 0; i < d->count; i++)
        order[i] = i;
    shuffle(r, d->count, order);
}

// ---- classifiers ------------------------------------------------------------

enum model { LINEAR, MLP, MODELS };
static const char *const model_names[MODELS] = {"linear", "mlp"};

// Of the hidden layer's 65 features the last is a 1 for the bias; a linear
// classifier takes the image in their place.
struct classifier {
    enum model model;
    double hidden[INPUTS][PIXELS];
    double out[INPUTS][CLASSES];
};

static void initialise(struct classifier *c, enum model model, struct random *r)
{
    c->model = model;
    for (int i = 0; i < INPUTS; i++)
        for (int k = 0; k < CLASSES; k++)
            c->out[i][k] = par.start * normal(r);
    for (int i = 0; i < INPUTS && model == MLP; i++)
        for (int k = 0; k < PIXELS; k++)
            c->hidden[i][k] = par.start * normal(r);
}

static void features(const struct classifier *c, const double x[INPUTS],
                     double h[INPUTS])
{
    if (c->model == LINEAR) {
        memcpy(h, x, INPUTS * sizeof *h);
        return;
    }
    memset(h, 0, INPUTS * sizeof *h);
    for (int i = 0; i < INPUTS; i++)
        for (int k = 0; k < PIXELS; k++)
            h[k] += x[i] * c->hidden[i][k];
    for (int k = 0; k < PIXELS; k++)
        h[k] = tanh(h[k]);
    h[PIXELS] = 1;
}

static void logits(const struct classifier *c, const double h[INPUTS],
                   double y[CLASSES])
{
    memset(y, 0, CLASSES * sizeof *y);
    for (int i = 0; i < INPUTS; i++)
        for (int k = 0; k < CLASSES; k++)
            y[k] += h[i] * c->out[i][k];
}

static void classify(const struct classifier *c, const double x[INPUTS],
                     double y[CLASSES])
{
    double h[INPUTS];
    features(c, x, h);
    logits(c, h, y);
}

// One step against the gradient g of the logits.
static void step(struct classifier *c, double rate, const double x[INPUTS],
                 const double h[INPUTS], const double g[CLASSES])
{
    double back[PIXELS];
    for (int i = 0; i < PIXELS && c->model == MLP; i++) {
        back[i] = 0;
        for (int k = 0; k < CLASSES; k++)
            back[i] += rate * (1 - h[i] * h[i]) * g[k] * c->out[i][k];
    }
    for (int i = 0; i < INPUTS; i++)
        for (int k = 0; k < CLASSES; k++)
            c->out[i][k] -= rate * h[i] * g[k];
    for (int i = 0; i < INPUTS && c->model == MLP; i++)
        if (x[i] != 0)
            for (int k = 0; k < PIXELS; k++)
                c->hidden[i][k] -= x[i] * back[k];
}

// One epoch of stochastic gradient descent, image by image; the percentage of
// images that left the classifier exactly where it was.
static double learn(const struct digits *d, struct objective o, double rate,
                    int n, const int image[n], struct classifier *c)
{
    int idle = 0;
    for (int k = 0; k < n; k++) {
        double h[INPUTS], y[CLASSES], g[CLASSES], zero[CLASSES] = {0};
        const double *x = d->x[image[k]];
        features(c, x, h);
        logits(c, h, y);
        if (!isfinite(sum(CLASSES, y)))
            return 0; // it blew up, at a rate that is too large
        gradient(o, CLASSES, y, d->t[image[k]], g);
        if (distance(CLASSES, g, zero) == 0)
            idle++;
        else
            step(c, rate, x, h, g);
    }
    return 100.0 * idle / n;
}

// The percentage of images whose digit has not the largest weight for itself;
// of equal weights that of the larger logit counts as larger.
static double misread(const struct digits *d, struct map f, int n,
                      const int image[n], const struct classifier *c)
{
    int wrong = 0;
    for (int k = 0; k < n; k++) {
        double y[CLASSES], p[CLASSES], rivals = 0;
        int t = d->t[image[k]];
        classify(c, d->x[image[k]], y);
        if (isfinite(sum(CLASSES, y)))
            weights(f, CLASSES, y, p);
        else
            rivals = 1;
        for (int j = 0; j < CLASSES && !rivals; j++)
            rivals += j != t && (p[j] > p[t] || (p[j] == p[t] && y[j] >= y[t]));
        wrong += rivals > 0;
    }
    return 100.0 * wrong / n;
}

// ---- what is compared -------------------------------------------------------

static const struct objective objectives[] = {
    {"cross-entropy", "cross", {.family = SOFTMAX}, OWN},
    {"entmax-1.5 loss", "entmax", {ENTMAX, .alpha = 1.5}, OWN},
    {"sparsemax loss", "sparse", {.family = SPARSEMAX}, OWN},
    {"Taylor", "taylor", {TAYLOR, .order = 2}, OWN},
    {"Taylor, clamped", "clamped", {TAYLOR, .order = 2, .clamped = 1}, OWN},
    {"sparse softmax, k = 2", "top2", {SPARSE_SOFTMAX, .top = 2}, OWN},
    {"sparse softmax, k = 5", "top5", {SPARSE_SOFTMAX, .top = 5}, OWN},
    {"smooth accuracy", "accuracy", {.family = SOFTMAX}, SMOOTH},
    {"epsilon, sparsemax", "epsilon", {.family = SPARSEMAX}, EPSILON},
    {"as printed, softmax", "printed_soft", {.family = SOFTMAX}, PRINTED},
    {"as printed, sparsemax", "printed_sparse", {.family = SPARSEMAX}, PRINTED},
};
enum { CROSS, ENT, SPARSE, EPSILON_LOSS = 8, PRINTED_LOSS, OBJECTIVES = 11 };

static double rate(int k)
{
    return ldexp(1, k - 16);
}

// What a run leaves; from CURVE on the error on the test images, before
// training and after every epoch.
enum { VALID, IDLE, SUPPORT, TOP, QUICKNESS, CURVE };
enum { SHOWN = 5 };

// One run; its number s draws the split, the start and the order of the images.
static void train(const struct digits *d, enum model model, struct objective o,
                  double rate, int s, int epochs, double out[])
{
    int order[d->count], left = tests(d);
    int *test = order + par.train, *valid = test + left;
    struct classifier c;
    struct random r = stream("digits", s);
    split(d, &r, order);
    initialise(&c, model, &r);
    out[CURVE] = misread(d, o.map, left, test, &c);
    out[QUICKNESS] = epochs + 1;
    for (int epoch = 1; epoch <= epochs; epoch++) {
        shuffle(&r, par.train, order);
        out[IDLE] = learn(d, o, rate, par.train, order, &c);
        out[CURVE + epoch] = misread(d, o.map, left, test, &c);
        if (out[QUICKNESS] > epochs && out[CURVE + epoch] <= 10)
            out[QUICKNESS] = epoch;
    }
    out[VALID] = misread(d, o.map, left, valid, &c);
    for (int k = 0; k < left; k++) {
        double y[CLASSES], p[CLASSES];
        classify(&c, d->x[test[k]], y);
        if (!isfinite(sum(CLASSES, y)))
            continue;
        weights(o.map, CLASSES, y, p);
        out[SUPPORT] += support(CLASSES, p);
        out[TOP] += largest(CLASSES, p);
    }
    out[SUPPORT] /= left;
    out[TOP] /= left;
}

// One number of a run, over the seeds; with `other` by how much it is less than
// there, seed by seed, for both see the same images in the same order.
static struct mean over_seeds(int seeds, int width, double run[seeds][width],
                              double (*other)[width], int what)
{
    double x[seeds];
    for (int s = 0; s < seeds; s++)
        x[s] = other ? other[s][what] - run[s][what] : run[s][what];
    return mean(seeds, x);
}

// The rate that reads the most validation images.
static int best_rate(int rates, int seeds, int width,
                     double run[rates][seeds][width])
{
    int best = 0;
    double least = INFINITY;
    for (int k = 0; k < rates; k++) {
        double m = over_seeds(seeds, width, run[k], 0, VALID).mean;
        if (m < least) {
            least = m;
            best = k;
        }
    }
    return best;
}

// The learning curve of a loss at its best rate, where it ends at the others,
// and what else the best one leads to.
static void report(struct table *curves, struct table *t, enum model model,
                   struct objective o, int rates, int seeds, int width,
                   double run[rates][seeds][width])
{
    static const char *names[] = {"misread", "idle", "support", "top",
                                  "epochs"};
    static const char *units[] = {"%", "%", "1", "1", "1"};
    int columns[] = {width - 1, IDLE, SUPPORT, TOP, QUICKNESS};
    int best = best_rate(rates, seeds, width, run);
    struct mean c[SHOWN];
    for (int k = 0; k < rates; k++)
        for (int e = k == best ? CURVE : width - 1; e < width; e++) {
            struct mean m = over_seeds(seeds, width, run[k], 0, e);
            row(curves, "%s\t%s\t%g\t%d\t%d\t%.9g\t%.9g\t%d",
                model_names[model], o.name, rate(k), k == best, e - CURVE,
                m.mean, m.se, m.runs);
        }
    for (int i = 0; i < SHOWN; i++) {
        char name[60];
        snprintf(name, sizeof name, "%s%s_%s", o.key,
                 model == MLP ? "_mlp" : "", names[i]);
        c[i] = over_seeds(seeds, width, run[best], 0, columns[i]);
        value(name, c[i].mean, c[i].se, c[i].runs, units[i], TRAINED);
    }
    row(t,
        "%s\t%s\t%g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g"
        "\t%.9g\t%d",
        model_names[model], o.name, rate(best), c[0].mean, c[0].se, c[1].mean,
        c[1].se, c[2].mean, c[2].se, c[3].mean, c[3].se, c[4].mean, c[4].se,
        seeds);
}

// Who reads more, and sooner, each at its best rate; and who reads at all.
static void compare(int rates, int seeds, int width,
                    double run[MODELS][OBJECTIVES][rates][seeds][width])
{
    int last = width - 1, best[MODELS][OBJECTIVES];
    for (int i = 0; i < MODELS * OBJECTIVES; i++)
        best[i / OBJECTIVES][i % OBJECTIVES] =
            best_rate(rates, seeds, width, run[i / OBJECTIVES][i % OBJECTIVES]);
    struct mean m[4];
    for (int i = 0; i < 4; i++) { // of either model: error, then epochs
        double(*ours)[width] = run[i % 2][SPARSE][best[i % 2][SPARSE]];
        double(*cross)[width] = run[i % 2][CROSS][best[i % 2][CROSS]];
        m[i] = i < 2 ? over_seeds(seeds, width, ours, cross, last)
                     : over_seeds(seeds, width, cross, ours, QUICKNESS);
    }
    claim("sparse-reads-more", AT_LEAST, m[0].mean, m[0].se, seeds, 0, 0,
          "three standard errors of the differences between paired runs");
    claim("sparse-reads-more-mlp", AT_LEAST, m[1].mean, m[1].se, seeds, 0, 0,
          "three standard errors of the differences between paired runs");
    claim("sparsemax-slow", AT_LEAST, m[3].mean, m[3].se, seeds, 1, 0,
          "three standard errors of the differences between paired runs");
    value("more_epochs", m[2].mean, m[2].se, seeds, "1", TRAINED);
    value("more_epochs_mlp", m[3].mean, m[3].se, seeds, "1", TRAINED);
    for (int i = 0; i < 2; i++) { // at a rate of 1/1024, and of 1/2
        int k = rates < 16 ? 0 : i ? 15 : 6;
        m[i] =
            over_seeds(seeds, width, run[0][SPARSE][k], run[0][CROSS][k], last);
        value(i ? "lead_fastest" : "lead_slowest", m[i].mean, m[i].se, seeds,
              "%", TRAINED);
    }
    for (int i = 0; i < 2; i++)
        m[i] = over_seeds(seeds, width,
                          run[0][PRINTED_LOSS + i][best[0][PRINTED_LOSS + i]],
                          0, last);
    int o = m[1].mean < m[0].mean;
    claim("printed-trains", AT_MOST, m[o].mean, m[o].se, seeds, 10, 0,
          "three standard errors over the seeds, for the better of both maps");
    m[0] = over_seeds(seeds, width,
                      run[MLP][EPSILON_LOSS][best[MLP][EPSILON_LOSS]], 0, last);
    claim("epsilon-trains", AT_MOST, m[0].mean, m[0].se, seeds, 10, 0,
          "three standard errors over the seeds");
}

static void digits(void)
{
    struct digits d = load();
    if (par.train > d.count - 2)
        usage("--set train: at most %d of the images", d.count - 2);
    int seeds = quick ? 3 : par.seeds, epochs = quick ? 10 : par.epochs;
    int rates = par.rates, width = CURVE + epochs + 1, finished = 0;
    int one = rates * seeds, all = MODELS * OBJECTIVES * one;
    typedef double runs[OBJECTIVES][rates][seeds][width];
    runs *run = (void *)vector((int64_t)all * width);
    all = recorded_check ? one : all; // the linear one on cross-entropy
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < all; i++) {
        int m = i / one / OBJECTIVES, o = i / one % OBJECTIVES;
        int k = i / seeds % rates, s = i % seeds;
        train(&d, m, objectives[o], rate(k), s, epochs, run[m][o][k][s]);
#pragma omp critical
        progress("digits", ++finished, all);
    }
    struct table *curves =
        table("digits",
              "model\tloss\trate\tchosen\tepoch\tmisread [%]\tse\truns");
    struct table *t = table("losses", "model\tloss\trate\tmisread [%]\t"
                                      "se_misread\tidle [%]\tse_idle\tsupport\t"
                                      "se_support\ttop\tse_top\tepochs\t"
                                      "se_epochs\truns");
    for (int i = 0; i < all / one; i++) {
        int m = i / OBJECTIVES, o = i % OBJECTIVES;
        report(curves, t, m, objectives[o], rates, seeds, width, run[m][o]);
    }
    done(curves);
    done(t);
    value("images", d.count, 0, 1, "1", EXACT);
    value("train", par.train, 0, 1, "1", EXACT);
    value("tests", tests(&d), 0, 1, "1", EXACT);
    if (!recorded_check)
        compare(rates, seeds, width, run);
    free(run);
    free(d.t);
}

// ---- embeddings -------------------------------------------------------------

// The two outputs are an image's place, on a circle once divided by its length;
// every digit has a direction there.
struct circle {
    struct classifier net;
    double way[CLASSES][2];
};

static double unit(const double v[2], double u[2])
{
    double length = hypot(v[0], v[1]);
    u[0] = v[0] / length;
    u[1] = v[1] / length;
    return length;
}

static void embed(const struct circle *c, const double x[INPUTS], double z[2])
{
    double y[CLASSES];
    classify(&c->net, x, y);
    unit(y, z);
}

// The cosines of a place with every direction.
static void cosines(const struct circle *c, const double z[2],
                    double out[CLASSES])
{
    for (int k = 0; k < CLASSES; k++) {
        double w[2];
        unit(c->way[k], w);
        out[k] = z[0] * w[0] + z[1] * w[1];
    }
}

// The gradient with respect to v of what has the gradient g at v's direction,
// but no longer than g: near the centre a place would be thrown off.
static void turn(const double v[2], const double g[2], double out[2])
{
    double u[2], length = unit(v, u), along = g[0] * u[0] + g[1] * u[1];
    for (int i = 0; i < 2; i++)
        out[i] = (g[i] - along * u[i]) / fmax(length, 1);
}

static const double cold = 1 / 16.; // the temperature of the cosines

// One step on margin softmax, whose gradient is p - e_t over the temperature,
// with the margin taken from the right cosine.  eq:margin-softmax
static void pull(struct circle *c, double rate, double margin,
                 const double x[INPUTS], int t)
{
    double h[INPUTS], y[CLASSES], z[2], p[CLASSES], g[CLASSES] = {0};
    double back[2] = {0}, w[2];
    features(&c->net, x, h);
    logits(&c->net, h, y);
    unit(y, z);
    cosines(c, z, p);
    p[t] -= margin;
    for (int k = 0; k < CLASSES; k++)
        p[k] /= cold;
    softmax(CLASSES, p, p);
    p[t] -= 1;
    for (int k = 0; k < CLASSES; k++) {
        double pulled[2], turned[2];
        unit(c->way[k], w);
        for (int i = 0; i < 2; i++) {
            back[i] += p[k] * w[i] / cold;
            pulled[i] = p[k] * z[i] / cold;
        }
        turn(c->way[k], pulled, turned);
        for (int i = 0; i < 2; i++)
            c->way[k][i] -= rate * turned[i];
    }
    turn(y, back, g);
    step(&c->net, rate, x, h, g);
}

// What embeddings are worth: shares of images read rightly, and retrieved, and
// angles in degrees to the own direction and between neighbours.
enum { ACCURACY, PRECISION, AVERAGE, WITHIN, BETWEEN, WORTHS };

struct found {
    double distance;
    int same;
};

static int closer(const void *a, const void *b)
{
    double x = ((const struct found *)a)->distance;
    double y = ((const struct found *)b)->distance;
    return (x > y) - (x < y);
}

// The others in order of distance: is the first of the same digit, and the mean
// of the precision at each that is.
static void retrieve(int n, const double z[n][2], const double digit[n], int q,
                     double out[WORTHS])
{
    struct found f[n];
    double hits = 0, total = 0;
    for (int i = 0; i < n; i++)
        f[i] =
            (struct found){i == q
                               ? INFINITY
                               : apart(z[i][0] * z[q][0] + z[i][1] * z[q][1]),
                           digit[i] == digit[q]};
    qsort(f, n, sizeof *f, closer);
    for (int i = 0; i + 1 < n; i++)
        if (f[i].same)
            total += ++hits / (i + 1);
    out[PRECISION] += 100.0 * f[0].same / n;
    out[AVERAGE] += hits > 0 ? 100 * total / hits / n : 0;
}

static void judge_circle(const struct digits *d, const struct circle *c, int n,
                         const int image[n], double out[WORTHS])
{
    double z[n][2], digit[n], cos[CLASSES];
    for (int i = 0; i < n; i++) {
        embed(c, d->x[image[i]], z[i]);
        digit[i] = d->t[image[i]];
        cosines(c, z[i], cos);
        double own = cos[(int)digit[i]];
        out[ACCURACY] += 100.0 * (own == largest(CLASSES, cos)) / n;
        out[WITHIN] += acos(fmin(own, 1)) * 180 / M_PI / n;
        unit(c->way[(int)digit[i]], cos);
        double w[2] = {cos[0], cos[1]};
        cosines(c, w, cos);
        cos[(int)digit[i]] = -1;
        out[BETWEEN] += acos(fmin(largest(CLASSES, cos), 1)) * 180 / M_PI / n;
    }
    for (int i = 0; i < n; i++)
        retrieve(n, z, digit, i, out);
}

// One run: what the test images are worth in the end, and behind it what the
// validation ones are.
static struct circle train_circle(const struct digits *d, double margin,
                                  double rate, int s, double out[2][WORTHS])
{
    int order[d->count], left = tests(d);
    struct circle c = {0};
    struct random r = stream("embeddings", s);
    split(d, &r, order);
    initialise(&c.net, MLP, &r);
    for (int k = 0; k < CLASSES; k++)
        for (int i = 0; i < 2; i++)
            c.way[k][i] = i ? sin(k * M_PI / 5) : cos(k * M_PI / 5);
    for (int epoch = 0; epoch < (quick ? 3 : par.epochs); epoch++) {
        shuffle(&r, par.train, order);
        for (int k = 0; k < par.train; k++)
            pull(&c, rate, margin, d->x[order[k]], d->t[order[k]]);
    }
    judge_circle(d, &c, left, order + par.train, out[0]);
    judge_circle(d, &c, left, order + par.train + left, out[1]);
    return c;
}

static const double margins[] = {0, 0.1, 0.35};
enum { MARGINS = 3, RATES = 5 };

static double circle_rate(int k)
{
    return ldexp(1, k - 10);
}

// The places of some test images, for one seed.
static void points(struct table *t, const struct digits *d, double margin,
                   double rate)
{
    double out[2][WORTHS] = {{0}}, z[2];
    struct circle c = train_circle(d, margin, rate, 0, out);
    int order[d->count];
    struct random r = stream("embeddings", 0);
    split(d, &r, order);
    for (int i = par.train; i < par.train + 200 && i < d->count; i++) {
        embed(&c, d->x[order[i]], z);
        row(t, "%g	%g	%.9g	%.9g", margin, d->t[order[i]], z[0],
            z[1]);
    }
}

// Every seed at the rate that retrieves the most of its validation images: a
// training may end with all images on two points, at any but a small rate.
static void choose(int seeds, double run[RATES][seeds][2 * WORTHS], int best[])
{
    int valid = WORTHS + AVERAGE;
    for (int s = 0; s < seeds; s++) {
        best[s] = 0;
        for (int k = 1; k < RATES; k++)
            if (run[k][s][valid] > run[best[s]][s][valid])
                best[s] = k;
    }
}

// What a margin leads to: a row and a value.
static void report_margin(struct table *t, double margin, int seeds,
                          double run[RATES][seeds][2 * WORTHS],
                          const int best[])
{
    struct mean w[WORTHS];
    double x[seeds];
    for (int j = 0; j < WORTHS; j++) {
        for (int s = 0; s < seeds; s++)
            x[s] = run[best[s]][s][j];
        w[j] = mean(seeds, x);
    }
    row(t, "%g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%d",
        margin, w[0].mean, w[0].se, w[1].mean, w[1].se, w[2].mean, w[2].se,
        w[3].mean, w[3].se, w[4].mean, w[4].se, seeds);
    char name[40];
    snprintf(name, sizeof name, "map_%g", 100 * margin);
    value(name, w[AVERAGE].mean, w[AVERAGE].se, seeds, "%", TRAINED);
}

// How much more is retrieved with the margins than with none, seed by seed.
static void compare_margins(int seeds,
                            double run[MARGINS][RATES][seeds][2 * WORTHS],
                            int best[MARGINS][seeds])
{
    struct mean lead[MARGINS];
    double x[seeds];
    for (int m = 1; m < MARGINS; m++) {
        for (int s = 0; s < seeds; s++)
            x[s] =
                run[m][best[m][s]][s][AVERAGE] - run[0][best[0][s]][s][AVERAGE];
        lead[m] = mean(seeds, x);
    }
    value("margin_lead_10", lead[1].mean, lead[1].se, seeds, "%", TRAINED);
    claim("margin-retrieval", AT_LEAST, lead[2].mean, lead[2].se, seeds, 0, 0,
          "three standard errors of the differences between paired runs");
}

static void embeddings(void)
{
    struct digits d = load();
    int seeds = quick ? 2 : par.seeds, finished = 0;
    if (par.train > d.count - 4)
        usage("--set train: at most %d of the images", d.count - 4);
    int best[MARGINS][seeds];
    typedef double runs[RATES][seeds][2 * WORTHS];
    runs *run = (void *)vector((int64_t)MARGINS * RATES * seeds * 2 * WORTHS);
    int all = (recorded_check ? 1 : MARGINS) * RATES * seeds;
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < all; i++) {
        int m = i / seeds / RATES, k = i / seeds % RATES, s = i % seeds;
        train_circle(&d, margins[m], circle_rate(k), s, (void *)run[m][k][s]);
#pragma omp critical
        progress("embeddings", ++finished, all);
    }
    struct table *t =
        table("embeddings", "margin\taccuracy [%]\tse_accuracy\t"
                            "precision [%]\tse_precision\tmap [%]\tse_map\t"
                            "within\tse_within\tbetween\tse_between\truns");
    struct table *u = table("points", "margin\tdigit\tx\ty");
    for (int m = 0; m < all / RATES / seeds; m++) {
        choose(seeds, run[m], best[m]);
        report_margin(t, margins[m], seeds, run[m], best[m]);
        points(u, &d, margins[m], circle_rate(best[m][0]));
    }
    done(t);
    done(u);
    if (!recorded_check)
        compare_margins(seeds, run, best);
    free(run);
    free(d.t);
}

// ---- separable points -------------------------------------------------------

enum { POINTS = 60, SIDES = 3 };

// Three clouds round the corners of a triangle, and a 1 for the bias.
static void clouds(double x[POINTS][SIDES])
{
    struct random r = stream("clouds", 0);
    for (int i = 0; i < POINTS; i++) {
        double angle = 2 * M_PI * (i % SIDES) / SIDES;
        x[i][0] = cos(angle) + 0.15 * normal(&r);
        x[i][1] = sin(angle) + 0.15 * normal(&r);
        x[i][2] = 1;
    }
}

// One step on the mean loss of all points; the smallest lead before it.
static double descend(struct objective o, double rate,
                      const double x[POINTS][SIDES], double w[SIDES][SIDES])
{
    double least = INFINITY, step[SIDES][SIDES] = {{0}};
    for (int i = 0; i < POINTS; i++) {
        double y[SIDES] = {0}, g[SIDES];
        for (int j = 0; j < SIDES * SIDES; j++)
            y[j % SIDES] += x[i][j / SIDES] * w[j / SIDES][j % SIDES];
        for (int k = 0; k < SIDES; k++)
            if (k != i % SIDES)
                least = fmin(least, y[i % SIDES] - y[k]);
        gradient(o, SIDES, y, i % SIDES, g);
        for (int j = 0; j < SIDES * SIDES; j++)
            step[j / SIDES][j % SIDES] +=
                rate / POINTS * x[i][j / SIDES] * g[j % SIDES];
    }
    for (int j = 0; j < SIDES * SIDES; j++)
        w[j / SIDES][j % SIDES] -= step[j / SIDES][j % SIDES];
    return least;
}

static void overoptimised(void)
{
    int steps = 10000;
    double x[POINTS][SIDES], w[PROPER][SIDES][SIDES] = {{{0}}}, lead[PROPER];
    double before[PROPER] = {0}, next = 1;
    struct table *t = table("overoptimised", "step	cross	sparse	"
                                             "entmax");
    clouds(x);
    for (int k = 0; k <= steps; k++) {
        for (int o = 0; o < PROPER; o++)
            lead[o] = descend(proper[o], 1, x, w[o]);
        if (k == steps / 10)
            memcpy(before, lead, sizeof before);
        if (k < next)
            continue;
        row(t, "%d	%.9g	%.9g	%.9g", k, lead[0], lead[2], lead[1]);
        next = fmax(k + 1, k * 1.1);
    }
    done(t);
    for (int o = 0; o < PROPER; o++) {
        char name[40];
        snprintf(name, sizeof name, "%s_scale", proper[o].key);
        value(name, lead[o], 0, 1, "1", COMPUTED);
        snprintf(name, sizeof name, "%s_growth", proper[o].key);
        value(name, lead[o] - before[o], 0, 1, "1", COMPUTED);
    }
    claim("overoptimisation", AT_MOST, lead[2] - before[2], 0, 1, 0.01, 0,
          "no number is random");
}
