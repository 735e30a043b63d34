// Public models and their caches; and the calculators, which take the reader's
// model by name, from its config.json, or from sizes on the command line.
#include <ctype.h>
#include <errno.h>
#include <jansson.h>

// A model's attention; without a latent, dc is 0, with one, g is.
struct model {
    char name[40], title[40];
    struct sizes n;
    int g, layers, window; // a window of 0 is none
    double parameters;
};

enum { MODELS = 32 };

// The lines of models.tsv; 0 if it is not there.
static int read_models(struct model m[MODELS])
{
    const char *file = data_file("models.tsv");
    char line[1000];
    int count = -1; // the first line has the names
    FILE *f = file ? fopen(file, "r") : 0;
    if (!f)
        return 0;
    for (; count < MODELS && fgets(line, sizeof line, f); count++) {
        struct model *a = &m[count < 0 ? 0 : count];
        int fields =
            sscanf(line, "%39s %39[^\t] %d %d %d %d %d %d %d %d %d %d %lf",
                   a->name, a->title, &a->n.d, &a->n.h, &a->g, &a->n.dk,
                   &a->n.dv, &a->n.dc, &a->n.dr, &a->n.dq, &a->layers,
                   &a->window, &a->parameters);
        if (count >= 0 && fields != 13)
            die("%s:%d: not a model", file, count + 2);
    }
    fclose(f);
    return count;
}

static const struct model *find_model(int n, const struct model m[n],
                                      const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcasecmp(m[i].name, name) == 0)
            return &m[i];
    return 0;
}

// Numbers that a token leaves in a layer's cache.
static int64_t cached(const struct model *m)
{
    return m->n.dc ? latent_elements(m->n.dc, m->n.dr)
                   : elements(m->g, m->n.dk, m->n.dv);
}

// What is left of another model's cache, where numbers have so many bits.
// eq:saving
static double saving(double numbers, double bits, double other_numbers,
                     double other_bits)
{
    return 1 - numbers * bits / (other_numbers * other_bits);
}

static const double gib = 1 << 30;

static void cache_row(struct table *t, const struct model *m,
                      const char *variant, int64_t numbers)
{
    double bytes = 2. * numbers * m->layers;
    row(t, "%s\t%s\t%lld\t%lld\t%.17g\t%.17g\t%.17g\t%.17g", m->title, variant,
        (long long)numbers, (long long)numbers * m->layers, bytes,
        bytes * 4096 / gib, bytes * 32768 / gib, bytes * 131072 / gib);
}

// The name of a way to share: all heads alone, one for all, or groups.
static const char *sharing(const struct model *m)
{
    static char name[20];
    if (m->n.dc)
        return "MLA";
    snprintf(name, sizeof name, "GQA-%d", m->g);
    return m->g == m->n.h ? "MHA" : m->g == 1 ? "MQA" : name;
}

static void say_published(int64_t mha, int64_t latent, int64_t naive)
{
    struct sizes z = published;
    int64_t mqa = elements(1, z.dk, z.dv);
    value("d", z.d, 0, 1, "1", EXACT);
    value("h", z.h, 0, 1, "1", EXACT);
    value("dk", z.dk, 0, 1, "1", EXACT);
    value("dv", z.dv, 0, 1, "1", EXACT);
    value("dr", z.dr, 0, 1, "1", EXACT);
    value("dc", z.dc, 0, 1, "1", EXACT);
    value("dq", z.dq, 0, 1, "1", EXACT);
    value("mha_elements", mha, 0, 1, "1", EXACT);
    value("gqa8_elements", 8 * mqa, 0, 1, "1", EXACT);
    value("mqa_elements", mqa, 0, 1, "1", EXACT);
    value("mla_elements", latent, 0, 1, "1", EXACT);
    value("naive_elements", naive, 0, 1, "1", EXACT);
    value("mha_ratio", (double)mha / latent, 0, 1, "1", COMPUTED);
    value("naive_ratio", (double)naive / latent, 0, 1, "1", COMPUTED);
    value("gqa8_ratio", 8. * mqa / latent, 0, 1, "1", COMPUTED);
    value("mqa_ratio", (double)latent / mqa, 0, 1, "1", COMPUTED);
    claim("smaller-than-mqa", AT_MOST, latent, 0, 1, mqa, 0,
          "counts of numbers");
}

// Where the published -93.3 % comes from: layers, groups, and bits.
static void say_saving(double v2, double other)
{
    double plain = 100 * saving(v2, 16, other, 16);
    double six = 100 * saving(v2, 6, other, 16);
    value("v2_elements", v2, 0, 1, "1", EXACT);
    value("deepseek67b_elements", other, 0, 1, "1", EXACT);
    value("reduction_16bit", plain, 0, 1, "%", COMPUTED);
    value("reduction_6bit", six, 0, 1, "%", COMPUTED);
    claim("ninety-three", EQUAL, six, 0, 1, 93.3, 0.05,
          "93.3 has three digits");
    claim("ninety-three-shape", AT_LEAST, plain, 0, 1, 93.25, 0,
          "93.3 has three digits");
}

// Weights and caches on the model machine, for contexts times batch; weights
// are read once for all, and each position's multiply-adds are few.
static void say_decode_time(const struct model *m)
{
    double weights = 2 * m->parameters;
    struct cost c = decode_cost(GROUPED, m->g, m->n, 2);
    c.bytes *= m->layers, c.flops *= m->layers;
    struct table *t = table("decode-time", "positions\tweights_ms\tcache_ms\t"
                                           "time_ms\tcompute_ms");
    for (int n = 1024; n <= 1 << 20; n *= 2) {
        struct cost all = {c.flops * n, weights + c.bytes * n};
        row(t, "%d\t%.17g\t%.17g\t%.17g\t%.17g", n,
            1e3 * weights / h800.bandwidth, 1e3 * c.bytes * n / h800.bandwidth,
            1e3 * decode_time(h800, all), 1e3 * all.flops / h800.flops);
    }
    done(t);
    value("weight_positions", equal_positions(weights, c.bytes), 0, 1, "1",
          COMPUTED);
    value("llama2_7b_weights", weights / 1e9, 0, 1, "GB", COMPUTED);
    value("llama2_7b_bytes", c.bytes, 0, 1, "B", EXACT);
}

static void say_gib(const char *name, const struct model *m, int64_t numbers,
                    double context)
{
    value(name, 2. * numbers * m->layers * context / gib, 0, 1, "GiB",
          COMPUTED);
}

static void cache(void)
{
    struct model m[MODELS];
    struct sizes z = published;
    int n = read_models(m);
    if (!n)
        needs("src/data/models.tsv");
    const struct model *v2 = find_model(n, m, "deepseek-v2"),
                       *lite = find_model(n, m, "deepseek-v2-lite"),
                       *l7 = find_model(n, m, "llama-2-7b"),
                       *l70 = find_model(n, m, "llama-2-70b"),
                       *mistral = find_model(n, m, "mistral-7b"),
                       *d67 = find_model(n, m, "deepseek-67b");
    require(v2 && lite && l7 && l70 && mistral && d67);
    require(memcmp(&v2->n, &z, sizeof z) == 0);
    int64_t mha = elements(z.h, z.dk, z.dv), one = elements(1, z.dk, z.dv);
    int64_t naive = (int64_t)z.h * (z.dk + z.dr + z.dv);
    struct table *t =
        table("cache", "model\tvariant\telements\tper_token\tbytes [B]\t"
                       "gib_4k [GiB]\tgib_32k [GiB]\tgib_128k [GiB]");
    for (int i = 0; i < n; i++)
        cache_row(t, &m[i], sharing(&m[i]), cached(&m[i]));
    cache_row(t, l70, "if MHA", elements(l70->n.h, z.dk, z.dv));
    cache_row(t, v2, "if MHA", mha);
    cache_row(t, v2, "if GQA-8", 8 * one);
    cache_row(t, v2, "if MQA", one);
    cache_row(t, v2, "naive MLA", naive);
    done(t);
    say_published(mha, cached(v2), naive);
    say_saving((double)cached(v2) * v2->layers,
               (double)cached(d67) * d67->layers);
    say_decode_time(l7);
    value("v2_layers", v2->layers, 0, 1, "1", EXACT);
    value("v2_bytes", 2. * cached(v2) * v2->layers, 0, 1, "B", EXACT);
    value("lite_ratio", (double)elements(lite->n.h, z.dk, z.dv) / cached(lite),
          0, 1, "1", COMPUTED);
    say_gib("v2_gib_128k", v2, cached(v2), 131072);
    say_gib("v2_mha_gib_128k", v2, mha, 131072);
    say_gib("v2_naive_gib_128k", v2, naive, 131072);
    say_gib("llama2_7b_gib_128k", l7, cached(l7), 131072);
    say_gib("llama2_70b_gib_128k", l70, cached(l70), 131072);
    say_gib("mistral_window_gib", mistral, cached(mistral), mistral->window);
}

// ---- what calculators are asked ---------------------------------------------

static struct {
    const char *model, *config, *dims, *context, *keys, *form, *norm,
        *precision;
    const char *tokens;
    double bytes, bandwidth, flops;
    int queries;
} ask = {.form = "naive",
         .norm = "on",
         .precision = "fp64",
         .bytes = 2,
         .queries = 1};

enum { SIZE_MOST = 1 << 20, LIST_MOST = 1000 };

// A whole number that may end in k or m, and no more.
static int64_t number(const char *where, const char *text, int64_t least,
                      int64_t most)
{
    char *end;
    errno = 0;
    int64_t n = strtoll(text, &end, 10);
    int64_t unit = *end == 'k' ? 1024 : *end == 'm' ? 1024 * 1024 : 1;
    if (!isdigit((unsigned char)*text) || end[unit > 1])
        usage("%s: '%s' is not a whole number", where, text);
    if (errno || __builtin_mul_overflow(n, unit, &n) || n < least || n > most)
        usage("%s: %s is not from %lld to %lld", where, text, (long long)least,
              (long long)most);
    return n;
}

// The numbers of a list with commas between; how many.
static int numbers(const char *option, const char *text, double n[LIST_MOST])
{
    int count = 0;
    if (!text)
        usage("--%s: needed, one number or several with commas", option);
    char *list = strdup(text), *rest = list, *word, where[40];
    snprintf(where, sizeof where, "--%s", option);
    while ((word = strsep(&rest, ","))) {
        if (count == LIST_MOST)
            usage("%s: %d numbers are the most", where, LIST_MOST);
        n[count++] = (double)number(where, word, 1, 1LL << 40);
    }
    free(list);
    return count;
}

// Sizes as NAME=NUMBER with commas between, of names in `allowed`, each once.
static void read_dims(const char *allowed, struct model *m)
{
    struct {
        const char *name;
        int *at, least;
    } of[] = {{"d", &m->n.d, 1},   {"h", &m->n.h, 1},   {"g", &m->g, 1},
              {"dk", &m->n.dk, 1}, {"dv", &m->n.dv, 1}, {"dc", &m->n.dc, 1},
              {"dr", &m->n.dr, 0}, {"dq", &m->n.dq, 1}, {"L", &m->layers, 1}};
    char *list = strdup(ask.dims), *rest = list, *word;
    for (int i = 0; i < 9; i++)
        *of[i].at = -1;
    while ((word = strsep(&rest, ","))) {
        char *equal = strchr(word, '='), where[40], padded[40];
        if (!equal)
            usage("--dims: '%s' is not NAME=NUMBER", word);
        *equal = 0;
        snprintf(padded, sizeof padded, " %s ", word);
        int i = 0;
        while (i < 9 && strcmp(of[i].name, word))
            i++;
        if (i == 9 || !strstr(allowed, padded))
            usage("--dims: no '%s' here; there are%s", word, allowed);
        if (*of[i].at >= 0)
            usage("--dims: %s is there twice", word);
        snprintf(where, sizeof where, "--dims: %s", word);
        *of[i].at = (int)number(where, equal + 1, of[i].least, SIZE_MOST);
    }
    free(list);
}

static void needed(const char *name, int size)
{
    if (size < 0)
        usage("--dims: %s is missing", name);
}

// What follows from the sizes that are there: with dc, latents; else groups,
// as many as heads if nothing is said.
static struct model dims_model(int latent_only)
{
    struct model m = {.name = "dims"};
    read_dims(latent_only ? " h dk dv dc dr " : " h g dk dv dc dr L ", &m);
    needed("h", m.n.h);
    needed("dk", m.n.dk);
    if (latent_only)
        needed("dc", m.n.dc);
    else
        needed("L", m.layers);
    if (m.n.dv < 0)
        m.n.dv = m.n.dk;
    if (m.n.dc > 0 && m.g > 0)
        usage("--dims: g has no meaning beside dc: all heads share the latent");
    if (m.n.dc < 0 && m.n.dr > 0)
        usage("--dims: dr has no meaning without dc");
    m.n.dc = m.n.dc < 0 ? 0 : m.n.dc;
    m.n.dr = m.n.dr < 0 ? 0 : m.n.dr;
    m.g = m.g < 0 && !m.n.dc ? m.n.h : m.g;
    if (!m.n.dc && m.n.h % m.g)
        usage("--dims: g=%d does not divide h=%d", m.g, m.n.h);
    return m;
}

static struct model named_model(void)
{
    static struct model m[MODELS];
    int n = read_models(m), at = 0;
    char list[MODELS * 42] = "";
    if (!n)
        die("src/data/models.tsv is not there: use --dims or --config");
    const struct model *found = find_model(n, m, ask.model);
    for (int i = 0; i < n && !found; i++)
        at += snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "",
                       m[i].name);
    if (!found)
        usage("--model: no '%s'; there are %s", ask.model, list);
    return *found;
}

// ---- config.json ------------------------------------------------------------

// A whole number of the file under one of two names; -1 if it is not there.
static int config_number(const json_t *c, const char *name, const char *other,
                         int least)
{
    const json_t *x = json_object_get(c, name);
    if ((!x || json_is_null(x)) && other)
        x = json_object_get(c, name = other);
    if (!x || json_is_null(x))
        return -1;
    json_int_t n = json_is_integer(x) ? json_integer_value(x) : -1;
    if (n < least || n > SIZE_MOST)
        usage("%s: %s: is not a whole number from %d to %d", ask.config, name,
              least, SIZE_MOST);
    return (int)n;
}

static int config_needed(const json_t *c, const char *name, const char *other)
{
    int n = config_number(c, name, other, 1);
    if (n < 0)
        usage("%s: %s: is missing", ask.config, name);
    return n;
}

// The length of a head's key: said, or the width's share.
static int head_length(const json_t *c, int heads)
{
    int dk = config_number(c, "head_dim", 0, 1);
    if (dk > 0)
        return dk;
    int d = config_needed(c, "hidden_size", "n_embd");
    if (d % heads)
        usage("%s: hidden_size: %d is no multiple of %d heads, and there is no "
              "head_dim",
              ask.config, d, heads);
    return d / heads;
}

static struct model config_model(void)
{
    struct model m = {.name = "config"};
    json_error_t e;
    json_t *all = strcmp(ask.config, "-")
                      ? json_load_file(ask.config, JSON_REJECT_DUPLICATES, &e)
                      : json_loadf(stdin, JSON_REJECT_DUPLICATES, &e);
    if (!all && e.line < 1)
        usage("%s: %s", ask.config, e.text);
    if (!all)
        usage("%s:%d: %s", ask.config, e.line, e.text);
    if (!json_is_object(all))
        usage("%s: is no object of names and values", ask.config);
    const json_t *text = json_object_get(all, "text_config");
    const json_t *c = json_is_object(text) ? text : all;
    m.n.h = config_needed(c, "num_attention_heads", "n_head");
    m.layers = config_needed(c, "num_hidden_layers", "n_layer");
    m.n.dc = config_number(c, "kv_lora_rank", 0, 1);
    if (m.n.dc > 0) {
        m.n.dr = config_number(c, "qk_rope_head_dim", 0, 0);
        if (m.n.dr < 0)
            usage("%s: qk_rope_head_dim: is missing beside kv_lora_rank",
                  ask.config);
    } else {
        m.n.dc = 0;
        m.n.dk = head_length(c, m.n.h);
        m.n.dv = config_number(c, "v_head_dim", 0, 1);
        m.n.dv = m.n.dv < 0 ? m.n.dk : m.n.dv;
        m.g = config_number(c, "num_key_value_heads", 0, 1);
        if (m.g < 0)
            m.g = json_is_true(json_object_get(c, "multi_query")) ? 1 : m.n.h;
        if (m.n.h % m.g)
            usage("%s: num_key_value_heads: %d does not divide %d heads",
                  ask.config, m.g, m.n.h);
    }
    json_decref(all);
    return m;
}

static struct model asked_model(const char *otherwise)
{
    int asked = given("model") + given("dims") +
                (ask.config != 0); // --config is not an option of all
    if (asked > 1)
        usage("--model, --config and --dims: one is enough");
    if (!asked && !otherwise)
        usage("--model, --config or --dims: one is needed");
    if (!asked)
        ask.model = otherwise;
    return ask.model    ? named_model()
           : ask.config ? config_model()
                        : dims_model(0);
}

// ---- calculators ------------------------------------------------------------

static double exact_below(double x, const char *option)
{
    if (x > ldexp(1, 53))
        usage("--%s: an answer is beyond 2^53", option);
    return x;
}

static void cache_rows(void)
{
    struct model m = asked_model(0);
    double n[LIST_MOST], per_token = (double)cached(&m) * m.layers;
    int count = numbers("context", ask.context, n);
    if (!(ask.bytes > 0 && ask.bytes <= 1024))
        usage("--bytes: must be above 0 and at most 1024");
    heading("model\tcontext\telements_per_token_layer\tbytes_per_token\t"
            "total [B]\ttotal [GiB]");
    for (int i = 0; i < count; i++) {
        double total = exact_below(ask.bytes * per_token * n[i], "context");
        print("%s\t%.17g\t%lld\t%.17g\t%.17g\t%.17g", m.name, n[i],
              (long long)cached(&m), ask.bytes * per_token, total, total / gib);
    }
}

static int choice(const char *word, int n, const char *const words[n])
{
    int i = 0;
    while (i < n - 1 && strcmp(words[i], word))
        i++;
    return i;
}

// The sizes of a whole layer, all of them given, and not too many weights.
static struct sizes asked_layer(void)
{
    struct model m = {.name = "dims"};
    double part[PARTS];
    if (!ask.dims)
        usage("--dims: needed: d, h, dk, dr, dv, dc and dq");
    read_dims(" d h dk dr dv dc dq ", &m);
    needed("d", m.n.d);
    needed("h", m.n.h);
    needed("dk", m.n.dk);
    needed("dr", m.n.dr);
    needed("dv", m.n.dv);
    needed("dc", m.n.dc);
    needed("dq", m.n.dq);
    if (m.n.dr % 2)
        usage("--dims: dr=%d is odd: pairs of numbers are turned", m.n.dr);
    if (parameters(m.n, part) > 1 << 29)
        usage("--dims: %.0f weights are more than 2^29", parameters(m.n, part));
    return m.n;
}

static void layer_output(void)
{
    struct sizes z = asked_layer();
    if (!ask.tokens)
        usage("--tokens: needed, a whole number");
    int n = (int)number("--tokens", ask.tokens, 1, SIZE_MOST);
    double room = (double)z.h * (z.dk + z.dv + 2) + z.d + 2. * (z.dc + z.dr);
    if (room * n > 1 << 29)
        usage("--tokens: too many for these sizes");
    uint64_t draw = given("seed") ? seed : 0;
    struct layer l = drawn_layer(z, strcmp(ask.norm, "on") == 0, draw);
    double *x = drawn_tokens(n, z.d, draw);
    struct pass a =
        new_pass(&l, choice(ask.precision, 3, precision_names), n, 1, 0, x);
    forms_of[choice(ask.form, 3, form_names)](&a);
    heading("u");
    for (int i = 0; i < z.d; i++)
        print("%.17g", a.u[i] + 0); // no -0
    free_pass(&a), free_layer(&l), free(x);
}

static void roofline_row(const struct model *m, const char *name,
                         enum variant v, double context)
{
    struct machine on = {1e9 * ask.bandwidth, 1e9 * ask.flops};
    struct cost c = decode_cost(v, m->g, m->n, ask.bytes);
    c.flops = exact_below(c.flops * m->layers * context, "context");
    c.bytes = exact_below(c.bytes * m->layers * context, "context");
    double memory = c.bytes / on.bandwidth, compute = c.flops / on.flops;
    print("%s\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%s", name,
          context, c.flops, c.bytes, c.flops / c.bytes, memory, compute,
          decode_time(on, c), memory < compute ? "compute" : "memory");
}

static void roofline_rows(void)
{
    double n[LIST_MOST];
    struct model m = asked_model("deepseek-v2");
    int count = numbers("context", ask.context, n);
    if (!(ask.bandwidth > 0))
        usage("--bandwidth: needed, in GB/s, above 0");
    if (!(ask.flops > 0))
        usage("--flops: needed, in GFLOP/s, above 0");
    if (!(ask.bytes > 0 && ask.bytes <= 1024))
        usage("--bytes: must be above 0 and at most 1024");
    heading("form\tcontext\tflops\tbytes [B]\tintensity [flop/B]\tmemory [s]\t"
            "compute [s]\ttime [s]\tlimit");
    for (int i = 0; i < count; i++)
        if (m.n.dc) {
            roofline_row(&m, "MLA naive", NAIVE, n[i]);
            roofline_row(&m, "MLA re-expanded", REEXPANDED, n[i]);
            roofline_row(&m, "MLA absorbed", ABSORBED, n[i]);
        } else {
            roofline_row(&m, sharing(&m), GROUPED, n[i]);
        }
}

static void crossover_rows(void)
{
    double n[LIST_MOST];
    if (!ask.dims)
        usage("--dims: needed: h, dk, dv, dc and dr");
    struct sizes z = dims_model(1).n;
    int count = numbers("keys", ask.keys, n);
    heading("keys\tcrossover\tfirst_expanded\tqueries\texpand [MAC]\t"
            "absorb [MAC]");
    for (int i = 0; i < count; i++) {
        double at = crossover(z, n[i]);
        double expand = exact_below(expand_macs(z, ask.queries, n[i]), "keys");
        double absorb = exact_below(absorb_macs(z, ask.queries, n[i]), "keys");
        print("%.17g\t%.17g\t%.17g\t%d\t%.17g\t%.17g", n[i], at, floor(at) + 1,
              ask.queries, expand, absorb);
    }
}

static void model_calculators(void)
{
    calculator("cache", "", "bytes that a model's cache takes", cache_rows,
               "$ mla cache --model deepseek-v2 --context 32k,128k\n"
               "model\tcontext\telements_per_token_layer\tbytes_per_token\t"
               "total [B]\ttotal [GiB]\n"
               "deepseek-v2\t32768\t576\t69120\t2264924160\t2.109375\n"
               "deepseek-v2\t131072\t576\t69120\t9059696640\t8.4375\n");
    option("model", &ask.model, 0, "a public model, as llama-2-7b");
    option("config", &ask.config, 0,
           "its config.json, or - for standard input");
    option("dims", &ask.dims, 0,
           "h=32,g=8,dk=128,dv=128,L=32, say; or h, dk, dc, dr and L");
    option("context", &ask.context, 0, "tokens, or several numbers of them");
    option("bytes", &ask.bytes, 0, "of a number in the cache");
    calculator("roofline", "",
               "least time to read a model's cache and attend, for one token",
               roofline_rows,
               "$ mla roofline --bandwidth 3350 --flops 865000 --context 64k "
               "--model llama-2-70b\n"
               "form\tcontext\tflops\tbytes [B]\tintensity [flop/B]\t"
               "memory [s]\tcompute [s]\ttime [s]\tlimit\n"
               "GQA-8\t65536\t171798691840\t21474836480\t8\t"
               "0.0064103989492537315\t0.00019861120443930637\t"
               "0.0064103989492537315\tmemory\n");
    option("bandwidth", &ask.bandwidth, 0, "of memory, in GB/s");
    option("flops", &ask.flops, 0, "of the processor, in GFLOP/s");
    option("context", &ask.context, 0, "tokens, or several numbers of them");
    option("model", &ask.model, 0, "a public model (deepseek-v2)");
    option("dims", &ask.dims, 0, "h=32,g=8,dk=128,dv=128,L=32, say");
    option("bytes", &ask.bytes, 0, "of a number in the cache");
}

static void calculators(void)
{
    model_calculators();
    calculator("layer", "",
               "the last token's output of a drawn layer; --seed is 0 unless "
               "given",
               layer_output,
               "$ mla layer --dims d=4,h=2,dk=2,dr=2,dv=2,dc=3,dq=3 "
               "--tokens 1 --form absorbed\n"
               "u\n0.40416920635671039\n-0.62109698597058904\n"
               "2.6274824086847692\n1.5905370277510946\n");
    option("dims", &ask.dims, 0,
           "d, h, dk, dr, dv, dc and dq, as d=5120,h=128");
    option("tokens", &ask.tokens, 0, "how many; the last one asks");
    option("form", &ask.form, "naive|absorbed|merged", "which");
    option("norm", &ask.norm, "on|off", "on the latents");
    option("precision", &ask.precision, "fp64|fp32|bf16", "which");
    calculator("crossover", "",
               "queries from which on expanding the latents is cheaper",
               crossover_rows,
               "$ mla crossover --dims h=128,dk=128,dv=128,dc=512,dr=64 "
               "--keys 4k,64k\n"
               "keys\tcrossover\tfirst_expanded\tqueries\texpand [MAC]\t"
               "absorb [MAC]\n"
               "4096\t163.84\t164\t1\t68887248896\t587202560\n"
               "65536\t170.22337662337662\t171\t1\t1102195982336\t"
               "9143582720\n");
    option("dims", &ask.dims, 0, "h, dk, dv, dc and dr");
    option("keys", &ask.keys, 0, "latents in the cache, or several numbers");
    option("queries", &ask.queries, 0, "for which multiply-adds are counted");
    limits(1, 1 << 30);
}
