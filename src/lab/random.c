// random.c: random numbers by counter.
//
// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011) is a keyed bijection on
// blocks of four words: nothing is carried from draw to draw but a position.
//
//     key          the 64 bits of --seed
//     words 0, 1   the position in the stream, from 0
//     words 2, 3   a 64-bit hash of the stream's name and number
//
// Two streams therefore never overlap unless their hashes are equal.
#include "private.h"
#include "tile/math.h"
#include <math.h>

// Ten rounds; each multiplies two words, swaps the halves, and adds the key.
static inline void rounds(uint32_t w[4], uint32_t k, uint32_t l)
{
    for (int round = 0; round < 10; round++) {
        uint64_t p = (uint64_t)0xD2511F53 * w[0];
        uint64_t q = (uint64_t)0xCD9E8D57 * w[2];
        w[0] = (uint32_t)(q >> 32) ^ w[1] ^ k;
        w[1] = (uint32_t)q;
        w[2] = (uint32_t)(p >> 32) ^ w[3] ^ l;
        w[3] = (uint32_t)p;
        k += 0x9E3779B9; // the golden ratio
        l += 0xBB67AE85; // the square root of three
    }
}

void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    memcpy(out, counter, 4 * sizeof *out);
    rounds(out, key[0], key[1]);
}

// The stream's next BLOCKS blocks, word by word.
enum { BLOCKS = 64 };
static void blocks(struct random *r, uint32_t w[4][BLOCKS])
{
    const uint32_t *c = r->counter, k = r->key[0], l = r->key[1];
    for (int i = 0; i < BLOCKS; i++) {
        uint32_t low = c[0] + (uint32_t)i;
        uint32_t b[] = {low, c[1] + (low < c[0]), c[2], c[3]};
        rounds(b, k, l);
        for (int j = 0; j < 4; j++)
            w[j][i] = b[j];
    }
    r->counter[0] += BLOCKS;
    r->counter[1] += r->counter[0] < BLOCKS;
}

// FNV-1a over the name, its closing zero, and the four bytes of the number.
static uint64_t stream_hash(const char *name, uint32_t number)
{
    uint64_t h = 0xCBF29CE484222325;
    do
        h = (h ^ (unsigned char)*name) * 0x100000001B3;
    while (*name++);
    for (int i = 0; i < 4; i++)
        h = (h ^ (number >> 8 * i & 255)) * 0x100000001B3;
    return h;
}

struct random stream(const char *name, uint32_t number)
{
    uint64_t h = stream_hash(name, number);
    return (struct random){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, 0, (uint32_t)h, (uint32_t)(h >> 32)},
    };
}

uint32_t bits(struct random *r)
{
    if (r->left == 0) {
        philox(r->counter, r->key, r->word);
        r->left = 4;
        if (++r->counter[0] == 0)
            r->counter[1]++;
    }
    return r->word[4 - r->left--];
}

// The middles of 2^52 equal cells: neither 0 nor 1, and 1 - u is exact.
static inline double middle(uint32_t high, uint32_t low)
{
    uint64_t cell = ((uint64_t)high << 32 | low) >> 12;
    return (of_bits64(cell | bits_of64(1)) - 1) + 0x1p-53;
}

double uniform(struct random *r)
{
    uint32_t high = bits(r);
    return middle(high, bits(r));
}

// Lemire 2019: the high word of bits * n, where the low word has no excess.
uint32_t below(struct random *r, uint32_t n)
{
    require(n > 0);
    uint32_t excess = -n % n; // 2^32 modulo n
    uint64_t product;
    do
        product = (uint64_t)bits(r) * n;
    while ((uint32_t)product < excess);
    return (uint32_t)(product >> 32);
}

// Box and Muller 1958; the sine is not used, so that a block of four words is
// one draw, which depends on its position alone.
static inline double box_muller(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return sqrt(-2 * log64(middle(a, b))) * cos64(2 * M_PI * middle(c, d));
}

double normal(struct random *r)
{
    uint32_t a = bits(r), b = bits(r), c = bits(r);
    return box_muller(a, b, c, bits(r));
}

void normals(struct random *r, int64_t n, double x[n])
{
    int64_t i = 0;
    for (uint32_t w[4][BLOCKS]; r->left == 0 && i + BLOCKS <= n; i += BLOCKS) {
        blocks(r, w);
        for (int j = 0; j < BLOCKS; j++)
            x[i + j] = box_muller(w[0][j], w[1][j], w[2][j], w[3][j]);
    }
    for (; i < n; i++)
        x[i] = normal(r);
}

// sqrt(-2 log u) for the middle u of the w-th of 2^32 cells.  Above the
// root of one half, 1 - u keeps the digits that u would lose in a float.
static inline float radius32(uint32_t w)
{
    float below = ((float)w + 0.5f) * 0x1p-32f;
    float above = ((float)~w + 0.5f) * 0x1p-32f, n, f = split32(below, &n);
    int high = w > 0xB504F333;
    f = high ? -above : f;
    n = high ? 0 : n;
    float l = fma32(n, 0x1.62e43p-1f, log_short32(f)) + f;
    return sqrtf(-2 * l);
}

// Box and Muller with sines and all: the first and third word of a block are
// radii, the others turns.  Half turns only change the sign; r is what remains,
// at most pi / 2 to either side.
static void normals_of(uint32_t w[4][BLOCKS], float x[4][BLOCKS])
{
    for (int h = 0; h < 4; h += 2)
        for (int i = 0; i < BLOCKS; i++) {
            uint32_t turn = w[h + 1][i], sign = (turn + (1u << 30)) & 1u << 31;
            float r = (float)(int32_t)(turn << 1) * (float)(M_PI * 0x1p-32);
            float radius = of_bits32(bits_of32(radius32(w[h][i])) ^ sign);
            x[h][i] = radius * sin_short32((float)M_PI_2 - fabsf(r));
            x[h + 1][i] = radius * sin_short32(r);
        }
}

void normals32(struct random *r, int64_t n, float x[n])
{
    uint32_t w[4][BLOCKS];
    float last[4][BLOCKS];
    r->left = 0;
    const int64_t all = sizeof last / sizeof **last;
    for (int64_t i = 0; i < n; i += all) {
        blocks(r, w);
        if (i + all <= n) {
            normals_of(w, (void *)(x + i));
        } else {
            normals_of(w, last);
            memcpy(x + i, last, (n - i) * sizeof *x);
        }
    }
}

double gumbel(struct random *r)
{
    return -log(-log(uniform(r)));
}

double exponential(struct random *r)
{
    return -log(uniform(r));
}

double logistic(struct random *r)
{
    double u = uniform(r);
    return log(u / (1 - u));
}

double laplace(struct random *r)
{
    double u = uniform(r);
    return u < 0.5 ? log(2 * u) : -log(2 * (1 - u));
}

// Fisher and Yates 1938, from the end.
void shuffle(struct random *r, int n, int a[n])
{
    for (int i = n - 1; i > 0; i--) {
        int j = (int)below(r, (uint32_t)i + 1), t = a[i];
        a[i] = a[j];
        a[j] = t;
    }
}
