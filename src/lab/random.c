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
#include <math.h>

// Ten rounds; each multiplies two words, swaps the halves, and adds the key.
void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    uint32_t k = key[0], l = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p = (uint64_t)0xD2511F53 * a;
        uint64_t q = (uint64_t)0xCD9E8D57 * c;
        a = (uint32_t)(q >> 32) ^ b ^ k;
        b = (uint32_t)q;
        c = (uint32_t)(p >> 32) ^ d ^ l;
        d = (uint32_t)p;
        k += 0x9E3779B9; // the golden ratio
        l += 0xBB67AE85; // the square root of three
    }
    out[0] = a, out[1] = b, out[2] = c, out[3] = d;
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
double uniform(struct random *r)
{
    uint64_t high = bits(r), low = bits(r);
    return ((double)((high << 32 | low) >> 12) + 0.5) * 0x1p-52;
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

// Box and Muller 1958; its second number is not kept, so that a draw depends
// on the position alone.
double normal(struct random *r)
{
    double radius = sqrt(-2 * log(uniform(r)));
    return radius * cos(2 * 3.14159265358979323846 * uniform(r));
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
