// mla-letters.c: the model of letters, one position after another, by either
// form; part of mla-text.c, which reads it twice: for floats and for doubles.

// y [q] (+)= x [p] w [p][q], of which w's rows begin `step` apart.
static void IN(through)(int p, int q, const real *x, const float *w, int step,
                        real *restrict y, int add)
{
    for (int j = 0; j < q && !add; j++)
        y[j] = 0;
    for (int i = 0; i < p; i++)
        for (int j = 0; j < q; j++)
            y[j] += x[i] * w[i * step + j];
}

// y [p] = w [p][q] x [q]: the same matrix from the other side.
static void IN(against)(int p, int q, const float *w, int step, const real *x,
                        real *restrict y)
{
    for (int i = 0; i < p; i++) {
        y[i] = 0;
        for (int j = 0; j < q; j++)
            y[i] += x[j] * w[i * step + j];
    }
}

// Norms and the activation are the same in both forms; their results are
// rounded, not their steps.
static void IN(norm_row)(const float *gain, const float *shift,
                         const real x[STREAM], real y[STREAM])
{
    double m = 0, v = 0;
    for (int j = 0; j < STREAM; j++)
        m += x[j] / (double)STREAM;
    for (int j = 0; j < STREAM; j++)
        v += (x[j] - m) * (x[j] - m) / STREAM;
    for (int j = 0; j < STREAM; j++)
        y[j] = (real)((x[j] - m) / sqrt(v + 1e-5) * gain[j] + shift[j]);
}

static void IN(norm_latent)(const float *gain, real c[TEXT_LATENT])
{
    double v = 1e-6;
    for (int j = 0; j < TEXT_LATENT; j++)
        v += (double)c[j] * c[j] / TEXT_LATENT;
    for (int j = 0; j < TEXT_LATENT; j++)
        c[j] = (real)(c[j] / sqrt(v) * gain[j]);
}

static void IN(turn_row)(int t, real x[TURNED])
{
    for (int i = 0; i < TURNED; i += 2) {
        double angle = turn_angle(t, i / 2);
        real c = (real)cos(angle), s = (real)sin(angle), a = x[i], b = x[i + 1];
        x[i] = a * c - b * s;
        x[i + 1] = a * s + b * c;
    }
}

// What a position leaves behind: its latent and rotated key, and in the naive
// form every head's keys and values.
struct IN(left) {
    real c[TEXT_LATENT], r[TURNED];
    real k[TEXT_HEADS][HEAD_KEY], v[TEXT_HEADS][HEAD];
};

// Weights of position t over itself and all before it, from head s's query: a
// latent or a key, and the rotated part.
static void IN(weights_of)(int absorbed, int s, int t,
                           const struct IN(left) * past, const real *q,
                           const real turned[TURNED], real p[])
{
    real most = -INFINITY, sum = 0, scale = (real)(1 / sqrt(HEAD));
    for (int i = 0; i <= t; i++) {
        const real *k = absorbed ? past[i].c : past[i].k[s];
        p[i] = 0;
        for (int j = 0; j < (absorbed ? TEXT_LATENT : HEAD_KEY); j++)
            p[i] += q[j] * k[j];
        for (int j = 0; j < TURNED; j++)
            p[i] += turned[j] * past[i].r[j];
        p[i] *= scale;
        most = p[i] > most ? p[i] : most;
    }
    for (int i = 0; i <= t; i++)
        sum += p[i] = (real)exp(p[i] - most);
    for (int i = 0; i <= t; i++)
        p[i] /= sum;
}

// One head of position t by either form.  eq:training-form eq:decode-form
static void IN(read_head)(int absorbed, const struct letters_at *w, int s,
                          int t, const struct IN(left) * past, real q[HEAD],
                          real o[HEAD])
{
    real latent_q[TEXT_LATENT], latent_o[TEXT_LATENT] = {0}, p[t + 1];
    IN(turn_row)(t, q + HEAD_KEY);
    if (absorbed)
        IN(against)
    (TEXT_LATENT, HEAD_KEY, w->k + s * HEAD_KEY, TEXT_KEYS, q, latent_q);
    IN(weights_of)
    (absorbed, s, t, past, absorbed ? latent_q : q, q + HEAD_KEY, p);
    for (int j = 0; j < HEAD; j++)
        o[j] = 0;
    for (int i = 0; i <= t && absorbed; i++)
        for (int j = 0; j < TEXT_LATENT; j++)
            latent_o[j] += p[i] * past[i].c[j];
    if (absorbed)
        IN(through)
    (TEXT_LATENT, HEAD, latent_o, w->v + s * HEAD, TEXT_ALL, o, 0);
    for (int i = 0; i <= t && !absorbed; i++)
        for (int j = 0; j < HEAD; j++)
            o[j] += p[i] * past[i].v[s][j];
}

// What position t leaves; a cache of bytes or of 16 bits rounds it.
static void IN(leave)(const struct reading *by, const struct letters_at *w,
                      int t, const real h[STREAM], struct IN(left) * to)
{
    float c[TEXT_LATENT], r[TURNED];
    IN(through)(STREAM, TEXT_LATENT, h, w->c, TEXT_LATENT, to->c, 0);
    IN(through)(STREAM, TURNED, h, w->r, TURNED, to->r, 0);
    IN(norm_latent)(w->gain_c, to->c);
    IN(turn_row)(t, to->r);
    for (int j = 0; j < TEXT_LATENT; j++)
        c[j] = (float)to->c[j];
    for (int j = 0; j < TURNED; j++)
        r[j] = (float)to->r[j];
    round_trip(by->keep, TEXT_LATENT, TEXT_LATENT, c);
    round_trip(by->keep == AS_INT8 ? AS_BF16 : by->keep, TURNED, TURNED, r);
    for (int j = 0; j < TEXT_LATENT && by->keep; j++)
        to->c[j] = c[j];
    for (int j = 0; j < TURNED && by->keep; j++)
        to->r[j] = r[j];
    if (by->absorbed)
        return;
    IN(through)(TEXT_LATENT, TEXT_KEYS, to->c, w->k, TEXT_KEYS, to->k[0], 0);
    IN(through)(TEXT_LATENT, TEXT_ALL, to->c, w->v, TEXT_ALL, to->v[0], 0);
}

// The logits [v] after position t, whose token is given; `past` has what the
// positions before it left.
static void IN(text_step)(const struct letters *l, const struct reading *by,
                          int t, int token, struct IN(left) * past,
                          real *logits)
{
    const struct letters_at *w = &l->at;
    real x[STREAM], h[STREAM], q[TEXT_ALL], o[TEXT_ALL], up[TEXT_WIDE];
    for (int j = 0; j < STREAM; j++)
        x[j] = w->token[token * STREAM + j];
    IN(norm_row)(w->gain1, w->shift1, x, h);
    IN(leave)(by, w, t, h, past + t);
    IN(through)(STREAM, TEXT_ALL, h, w->q, TEXT_ALL, q, 0);
    for (int s = 0; s < TEXT_HEADS; s++)
        IN(read_head)(by->absorbed, w, s, t, past, q + s * HEAD, o + s * HEAD);
    IN(through)(TEXT_ALL, STREAM, o, w->mix, STREAM, x, 1);
    IN(norm_row)(w->gain2, w->shift2, x, h);
    IN(through)(STREAM, TEXT_WIDE, h, w->up, TEXT_WIDE, up, 0);
    for (int j = 0; j < TEXT_WIDE; j++) {
        double z = up[j] + w->up_bias[j];
        up[j] = (real)(z * 0.5 * erfc(-z * sqrt(0.5)));
    }
    IN(through)(TEXT_WIDE, STREAM, up, w->down, STREAM, x, 1);
    for (int j = 0; j < STREAM; j++)
        x[j] += w->down_bias[j];
    IN(norm_row)(w->gain, w->shift, x, h);
    IN(through)(STREAM, l->words, h, w->out, l->words, logits, 0);
}

static void IN(text_logits)(const struct letters *l, const struct reading *by,
                            int n, const int token[n], double *logits)
{
    struct IN(left) *past = malloc((size_t)n * sizeof *past);
    real row[l->words];
    if (!past)
        die("no memory for what %d letters leave", n);
    for (int t = 0; t < n; t++, logits += l->words) {
        IN(text_step)(l, by, t, token[t], past, row);
        for (int j = 0; j < l->words; j++)
            logits[j] = row[j];
    }
    free(past);
}
