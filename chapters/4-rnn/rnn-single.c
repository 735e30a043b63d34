// rnn-single.c: the readers of rnn.c once more, in floats.

static void read_direct32(int d, float s, const float v[d], float *z,
                          float y[d])
{
    float w = expf(s);
    *z += w;
    for (int c = 0; c < d; c++)
        y[c] += w * v[c];
}

static void read_stable32(int d, float s, const float v[d], float *m, float *z,
                          float y[d])
{
    if (s == -INFINITY)
        return;
    float top = fmaxf(*m, s), keep = expf(*m - top), w = expf(s - top);
    *m = top;
    *z = *z * keep + w;
    for (int c = 0; c < d; c++)
        y[c] = y[c] * keep + w * v[c];
}

static void merge32(int d, float *m, float *z, float y[d], float m2, float z2,
                    const float y2[d])
{
    if (m2 == -INFINITY)
        return;
    float top = fmaxf(*m, m2), keep = expf(*m - top), join = expf(m2 - top);
    *m = top;
    *z = *z * keep + z2 * join;
    for (int c = 0; c < d; c++)
        y[c] = y[c] * keep + y2[c] * join;
}

// Once the level is so high that a key adds less than half a unit in its last
// place, it stands still, and the weights no longer fall.  eq:level-stall
static void read_delta32(int d, float s, const float v[d], float *level,
                         float o[d])
{
    float over = s - *level, weight = 1 / (1 + expf(-over));
    *level = fmaxf(s, *level) + log1pf(expf(-fabsf(over)));
    for (int c = 0; c < d; c++)
        o[c] += weight * (v[c] - o[c]);
}

// The same with the level, one number of the state, in double.
static void read_mended32(int d, float s, const float v[d], double *level,
                          float o[d])
{
    double over = s - *level;
    float weight = (float)(1 / (1 + exp(-over)));
    *level = fmax(s, *level) + log1p(exp(-fabs(over)));
    for (int c = 0; c < d; c++)
        o[c] += weight * (v[c] - o[c]);
}

// Where the level of equal scores of zero stands still: it grows by e^-level,
// and the floats in [8, 16) lie 2^-20 apart.  eq:level-stall
static double frozen_level(void)
{
    return 21 * log(2);
}

// What the answer of n normal scores and uniform values lacks at last.  Terms
// e^s v have mean e^(1/2) / 2 and density e^(1/2) at zero, where they begin; to
// a sum of which floats lie a spacing apart, each adds a whole number of
// spacings, on average spacing^2 e^(1/2) / 24 too little.  eq:lost-terms
static double lost_terms(int n)
{
    double density = exp(0.5), lost = 0;
    for (int t = 1; t <= n; t++) {
        double spacing = ldexp(1, ilogb(t * density / 2) - 23);
        lost += spacing * spacing * density / 24;
    }
    return lost / (n * density); // the sum of all e^s
}
