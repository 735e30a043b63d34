// math.h: exp, log, sin, cos and what is made of them, for loops over floats
// (names that end in 32) and doubles (64).
//
// Each is a reduction to a short interval, a polynomial (Sollya's fpminimax)
// and the way back.  No branch depends on a number, so gcc -O3 turns a plain
// loop over any of them into vectors, and an element gets the same bits in
// every lane, in the loop's tail, and alone.  Multiply-adds are fused where the
// machine can, and said to be, so that no compiler option changes a bit.
//
// Errors in units in the last place (tests/tile.c measures them over every
// float and many doubles) are below 2.  Zeros keep their sign, subnormals are
// right, infinities and NaN do what IEEE 754 recommends.  The one limit: sin32 and
// cos32 are made for |x| <= 2^17, sin64 and cos64 for 2^30; they say NaN beyond.
#ifndef TILE_MATH_H
#define TILE_MATH_H
#include <math.h>
#include <stdint.h>
#include <string.h>

// ---- bits -------------------------------------------------------------------

static inline uint32_t bits_of32(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float of_bits32(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static inline uint64_t bits_of64(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline double of_bits64(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

// a b + c, rounded once where the machine can do that in one step.
static inline float fma32(float a, float b, float c)
{
#ifdef __FMA__
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

static inline double fma64(double a, double b, double c)
{
#ifdef __FMA__
    return __builtin_fma(a, b, c);
#else
    return a * b + c;
#endif
}

// Added to a number of moderate size, these leave its nearest whole number in
// the last bits.
#define WHOLE32 0x1.8p23f
#define WHOLE64 0x1.8p52

// ---- exponential ------------------------------------------------------------

// x 2^n for x between 1/2 and 2 and the n in the last bits of `whole`.  The
// exponent is first moved by 64 to the other side, which the last factor takes
// back: that one rounds to subnormals, zero or infinity.  eq:exp-back
static inline float scaled32(float x, float whole)
{
    int up = whole >= WHOLE32;
    uint32_t power = (bits_of32(whole) << 23) + ((up ? 63u : 191u) << 23);
    return x * of_bits32(power) * (up ? 0x1p64f : 0x1p-64f);
}

static inline double scaled64(double x, double whole)
{
    int up = whole >= WHOLE64;
    uint64_t power = (bits_of64(whole) << 52) + ((up ? 511ull : 1535ull) << 52);
    return x * of_bits64(power) * (up ? 0x1p512 : 0x1p-512);
}

// e^r - 1 for |r| <= log(2) / 2.  eq:exp-short
static inline float exp_short32(float r)
{
    float p = fma32(0x1.6a5a54p-10f, r, 0x1.123aecp-7f);
    p = fma32(p, r, 0x1.5558a6p-5f);
    p = fma32(p, r, 0x1.55549p-3f);
    p = fma32(p, r, 0x1.fffffcp-2f);
    return fma32(p * r, r, r);
}

static inline double exp_short64(double r)
{
    double p = fma64(0x1.1ee1a64a7b10dp-29, r, 0x1.af6ee1b4b3965p-26);
    p = fma64(p, r, 0x1.27e53babdfb0bp-22);
    p = fma64(p, r, 0x1.71ddee447f9f2p-19);
    p = fma64(p, r, 0x1.a01a017939753p-16);
    p = fma64(p, r, 0x1.a01a01b452991p-13);
    p = fma64(p, r, 0x1.6c16c16c1f36ep-10);
    p = fma64(p, r, 0x1.111111110e9e6p-7);
    p = fma64(p, r, 0x1.5555555555542p-5);
    p = fma64(p, r, 0x1.555555555555cp-3);
    p = fma64(p, r, 0.5);
    return fma64(p * r, r, r);
}

// e^x = 2^n (1 + t), with n in the last bits of `whole`, for an x whose n has a
// place there.  eq:exp-split
static inline float exp_short_of32(float x, float *whole)
{
    *whole = fma32(x, 0x1.715476p0f, WHOLE32);
    float n = *whole - WHOLE32, r = fma32(n, -0x1.62ep-1f, x);
    return exp_short32(fma32(n, -0x1.0bfbe8p-15f, r));
}

static inline double exp_short_of64(double x, double *whole)
{
    *whole = fma64(x, 0x1.71547652b82fep0, WHOLE64);
    double n = *whole - WHOLE64, r = fma64(n, -0x1.62e42ffp-1, x);
    return exp_short64(fma64(n, 0x1.718432a1b0e26p-35, r));
}

// The same for any x: beyond the bounds the answer is infinite or zero anyway.
static inline float exp_split32(float x, float *whole)
{
    x = x > 104 ? 104 : x;
    return exp_short_of32(x < -104 ? -104 : x, whole);
}

static inline double exp_split64(double x, double *whole)
{
    x = x > 746 ? 746 : x;
    return exp_short_of64(x < -746 ? -746 : x, whole);
}

// e^x.
static inline float exp32(float x)
{
    float n, t = exp_split32(x, &n);
    return scaled32(1 + t, n);
}

static inline double exp64(double x)
{
    double n, t = exp_split64(x, &n);
    return scaled64(1 + t, n);
}

// e^x for x <= 0, no NaN: what softmax wants.  The bits of negative numbers are
// in order, so that one comparison of whole numbers is a bound; and the factor
// that takes back the shift of the exponent is always the same.
static inline float exp_below32(float x)
{
    uint32_t u = bits_of32(x), most = bits_of32(-104);
    float whole, t = exp_short_of32(of_bits32(u < most ? u : most), &whole);
    return (1 + t) * of_bits32((bits_of32(whole) + 191) << 23) * 0x1p-64f;
}

static inline double exp_below64(double x)
{
    uint64_t u = bits_of64(x), most = bits_of64(-746);
    double whole, t = exp_short_of64(of_bits64(u < most ? u : most), &whole);
    return (1 + t) * of_bits64((bits_of64(whole) + 1535) << 52) * 0x1p-512;
}

// ---- logarithm --------------------------------------------------------------

// log(1 + f) - f for 1 + f between the roots of 1/2 and 2.
static inline float log_short32(float f)
{
    float p = fma32(-0x1.45561ep-4f, f, 0x1.02d7a4p-3f);
    p = fma32(p, f, -0x1.0a1966p-3f);
    p = fma32(p, f, 0x1.231308p-3f);
    p = fma32(p, f, -0x1.54d14p-3f);
    p = fma32(p, f, 0x1.999f42p-3f);
    p = fma32(p, f, -0x1.0000ccp-2f);
    p = fma32(p, f, 0x1.555554p-2f);
    return f * f * fma32(p, f, -0.5f);
}

// The same with s = f / (2 + f), since log(1 + f) = 2 artanh(s).
static inline double log_short64(double f)
{
    double s = f / (2 + f), t = s * s, half = 0.5 * f * f;
    double p = fma64(0x1.2b5949cfe7d98p-3, t, 0x1.39fe4eb5b6aefp-3);
    p = fma64(p, t, 0x1.7462b50a97c6cp-3);
    p = fma64(p, t, 0x1.c71c62e541c4ep-3);
    p = fma64(p, t, 0x1.2492492defb07p-2);
    p = fma64(p, t, 0x1.999999999531cp-2);
    p = fma64(p, t, 0x1.5555555555558p-1);
    return s * fma64(p, t, half) - half;
}

// x = 2^n (1 + f); the root of 1/2 is 0x3f3504f3.
static inline float split32(float x, float *n)
{
    int tiny = x < 0x1p-126f;
    uint32_t u = bits_of32(tiny ? x * 0x1p23f : x) - 0x3f3504f3;
    *n = (float)((int32_t)u >> 23) - (tiny ? 23 : 0);
    return of_bits32((u & 0x7fffff) + 0x3f3504f3) - 1;
}

// The exponent, a number of few bits, is read as one that follows WHOLE64.
static inline double split64(double x, double *n)
{
    int tiny = x < 0x1p-1022;
    uint64_t u = bits_of64(tiny ? x * 0x1p52 : x) - 0x3fe6a09e667f3bcd;
    uint64_t e = ((u + (1ull << 63)) >> 52) + bits_of64(WHOLE64);
    *n = of_bits64(e) - (WHOLE64 + 2048) - (tiny ? 52 : 0);
    return of_bits64((u & 0xfffffffffffff) + 0x3fe6a09e667f3bcd) - 1;
}

// log(x): minus infinity at zero, NaN below.
static inline float log32(float x)
{
    float n, f = split32(x, &n);
    float y = fma32(n, 0x1.0bfbe8p-15f, log_short32(f)) + f;
    y = fma32(n, 0x1.62ep-1f, y);
    y = x == INFINITY ? INFINITY : x == 0 ? -INFINITY : y;
    return x >= 0 ? y : NAN;
}

static inline double log64(double x)
{
    double n, f = split64(x, &n);
    double y = fma64(n, -0x1.718432a1b0e26p-35, log_short64(f)) + f;
    y = fma64(n, 0x1.62e42ffp-1, y);
    y = x == INFINITY ? INFINITY : x == 0 ? -INFINITY : y;
    return x >= 0 ? y : NAN;
}

// ---- sine and cosine --------------------------------------------------------

// a b and what it loses.  Halves of 26 bits do where nothing is fused.
static inline double product_and_loss(double a, double b, double *loss)
{
    double p = a * b;
#ifdef __FMA__
    *loss = __builtin_fma(a, b, -p);
#else
    double h = of_bits64(bits_of64(a) & ~0x7ffffffull), l = a - h;
    double g = of_bits64(bits_of64(b) & ~0x7ffffffull), k = b - g;
    *loss = ((h * g - p) + h * k + l * g) + l * k;
#endif
    return p;
}

// a b + c, rounded once where a b is close to -c.
static inline float fma_close32(float a, float b, float c)
{
#ifdef __FMA__
    return __builtin_fmaf(a, b, c);
#else
    return (float)((double)a * b + c);
#endif
}

static inline double fma_close64(double a, double b, double c)
{
#ifdef __FMA__
    return __builtin_fma(a, b, c);
#else
    double loss, p = product_and_loss(a, b, &loss);
    return (p + c) + loss;
#endif
}

// sin r for |r| <= pi / 2; what r^2 loses counts where it exceeds 2.
static inline float sin_short32(float r)
{
    float s = r * r, loss = fma32(r, r, -s);
    float p = fma32(-0x1.dae7a6p-26f, s, 0x1.7444a2p-19f);
    p = fma32(p, s, -0x1.a02d1ep-13f);
    p = fma32(p, s, 0x1.111148p-7f);
    p = fma32(p, s, -0x1.555556p-3f);
    return fma32(fma32(p, s, p * loss), r, r);
}

static inline double sin_short64(double r)
{
    double s = r * r, loss = fma64(r, r, -s);
    double p = fma64(0x1.8738baf9c0cb2p-49, s, -0x1.ae3abfe9fa564p-41);
    p = fma64(p, s, 0x1.6123ade1786c7p-33);
    p = fma64(p, s, -0x1.ae645465cd7c6p-26);
    p = fma64(p, s, 0x1.71de3a51d51f6p-19);
    p = fma64(p, s, -0x1.a01a01a013713p-13);
    p = fma64(p, s, 0x1.11111111110bap-7);
    p = fma64(p, s, -0x1.5555555555555p-3);
    return fma64(fma64(p, s, p * loss), r, r);
}

// sin(x - n pi) times (-1)^k, for the k in the last bits of `whole`; pi is in
// three parts.  n times the first is so close to x that the difference is
// exact, and what follows rounds in proportion to what is left.
static inline float sin_of_rest32(float x, float n, float whole)
{
    float r = fma_close32(n, -0x1.921fb6p1f, x);
    r = fma_close32(n, 0x1.777a5cp-24f, r);
    r = fma32(n, 0x1.ee59dap-49f, r);
    r = fabsf(x) <= 0x1p17f ? r : NAN;
    return of_bits32(bits_of32(sin_short32(r)) ^ bits_of32(whole) << 31);
}

static inline double sin_of_rest64(double x, double n, double whole)
{
    double r = fma_close64(n, -0x1.921fb54442d18p1, x);
    r = fma_close64(n, -0x1.1a62633145c07p-53, r);
    r = fma64(n, 0x1.f1976b7ed8fbcp-109, r);
    r = fabs(x) <= 0x1p30 ? r : NAN;
    return of_bits64(bits_of64(sin_short64(r)) ^ bits_of64(whole) << 63);
}

// sin x: n half turns are taken out.
static inline float sin32(float x)
{
    float whole = fma32(x, 0x1.45f306p-2f, WHOLE32);
    return x == 0 ? x : sin_of_rest32(x, whole - WHOLE32, whole);
}

static inline double sin64(double x)
{
    double whole = fma64(x, 0x1.45f306dc9c883p-2, WHOLE64);
    return x == 0 ? x : sin_of_rest64(x, whole - WHOLE64, whole);
}

// cos x = sin(x + pi / 2): n - 1/2 half turns are taken out.
static inline float cos32(float x)
{
    float whole = fma32(x, 0x1.45f306p-2f, 0.5f) + WHOLE32;
    return sin_of_rest32(x, (whole - WHOLE32) - 0.5f, whole);
}

static inline double cos64(double x)
{
    double whole = fma64(x, 0x1.45f306dc9c883p-2, 0.5) + WHOLE64;
    return sin_of_rest64(x, (whole - WHOLE64) - 0.5, whole);
}

// ---- powers -----------------------------------------------------------------

// What IEEE 754 asks of x^y where y log|x| does not say it: the sign of a
// negative x under an odd y, NaN under a broken one, 1 for x = 1 or y = 0.
static inline double power_signed(double x, double y, double power)
{
    int whole = y == floor(y), odd = whole && y * 0.5 != floor(y * 0.5);
    int negative = bits_of64(x) >> 63;
    power = negative && odd ? -power : power;
    power = x < 0 && x > -INFINITY && !whole ? NAN : power;
    return x == 1 || y == 0 || (x == -1 && isinf(y)) ? 1 : power;
}

// x^y, through doubles: their 29 more bits outlast any exponent of a float.
static inline float pow32(float x, float y)
{
    double l = log64(fabs((double)x)), p = exp64(y * l);
    return (float)power_signed(x, y, p);
}

// a + b and what it loses, for |a| >= |b| or a = 0.
static inline double sum_and_loss(double a, double b, double *loss)
{
    double s = a + b;
    *loss = b - (s - a);
    return s;
}

// log(x) for x > 0 as a sum of two numbers, with some 68 bits: s = f / (2 + f)
// and its square and cube are carried as such sums.
static inline double log_sum64(double x, double *low)
{
    double n, f = split64(x, &n), d1, d = sum_and_loss(2, f, &d1);
    double s = f / d, e1, e = product_and_loss(s, d, &e1);
    double s1 = ((f - e) - e1 - s * d1) / d;
    double q1, q = product_and_loss(s, s, &q1);
    double p = fma64(0x1.dacaf36ca3dfdp-4, q, 0x1.e015e3598321p-4);
    p = fma64(p, q, 0x1.111561d0f58e2p-3);
    p = fma64(p, q, 0x1.3b13a97eceda8p-3);
    p = fma64(p, q, 0x1.745d173d9557cp-3);
    p = fma64(p, q, 0x1.c71c71c74bbddp-3);
    p = fma64(p, q, 0x1.24924924923p-2);
    p = fma64(p, q, 0x1.999999999999ap-2);
    double c1, c = sum_and_loss(0x1.5555555555555p-1, p * q, &c1);
    double u1, u = product_and_loss(q, c, &u1);
    u1 += (q1 + 2 * s * s1) * c + q * (c1 + 0x1.5555555555555p-55);
    double v1, v = product_and_loss(s, u, &v1);
    double w1, w = sum_and_loss(2 * s, v, &w1);
    w1 += 2 * s1 + (v1 + s * u1 + s1 * u);
    double l1, l = sum_and_loss(n * 0x1.62e42ffp-1, w, &l1);
    l1 += fma64(n, -0x1.718432a1b0e26p-35, w1);
    return sum_and_loss(l, l1, low);
}

// x^y.  The logarithm's second part matters: it is multiplied by y.
static inline double pow64(double x, double y)
{
    double z = fabs(x), l1, l = log_sum64(z, &l1);
    int finite = z > 0 && z < INFINITY;
    l = finite ? l : z == 0 ? -INFINITY : z;
    double t1, t = product_and_loss(y, l, &t1);
    t1 = finite && fabs(t) < 800 ? fma64(y, l1, t1) : 0;
    double n, e = 1 + exp_split64(t, &n);
    return power_signed(x, y, scaled64(fma64(e, t1, e), n));
}

// ---- squashing functions ----------------------------------------------------

// 1 / (1 + e^-x).  With e^-x = 2^n (1 + t) and w = 2^-|n| it is
// 1 / (1 + (w + w t)) for x >= 0 and w / (1 + (w + t)) else: nothing overflows.
static inline float sigmoid32(float x)
{
    float n, t = exp_split32(-x, &n);
    float w = scaled32(1, WHOLE32 - fabsf(n - WHOLE32));
    return (x < 0 ? w : 1) / (1 + fma32(x < 0 ? 1 : w, t, w));
}

static inline double sigmoid64(double x)
{
    double n, t = exp_split64(-x, &n);
    double w = scaled64(1, WHOLE64 - fabs(n - WHOLE64));
    return (x < 0 ? w : 1) / (1 + fma64(x < 0 ? 1 : w, t, w));
}

// An odd polynomial near zero, 1 - 2 / (e^2x + 1) elsewhere.
static inline float tanh32(float x)
{
    float z = fabsf(x), s = x * x;
    float p = fma32(0x1.36b552p-9f, s, -0x1.1465fep-7f);
    p = fma32(p, s, 0x1.654ba8p-6f);
    p = fma32(p, s, -0x1.ba17dp-5f);
    p = fma32(p, s, 0x1.111132p-3f);
    p = fma32(p, s, -0x1.555556p-2f);
    float large = 1 - 2 / (exp32(2 * z) + 1);
    return copysignf(z < 0.6f ? fma32(p * s, z, z) : large, x);
}

static inline double tanh64(double x)
{
    double z = fabs(x), s = x * x;
    double p = fma64(-0x1.c7927b9e8b797p-20, s, 0x1.5bb6c617789b9p-17);
    p = fma64(p, s, -0x1.261239de6af22p-15);
    p = fma64(p, s, 0x1.8d6fc8530d303p-14);
    p = fma64(p, s, -0x1.f3e4abef063e1p-13);
    p = fma64(p, s, 0x1.353f02684f23ap-11);
    p = fma64(p, s, -0x1.7da13de720bp-10);
    p = fma64(p, s, 0x1.d6d3b0a752063p-9);
    p = fma64(p, s, -0x1.226e34be97affp-7);
    p = fma64(p, s, 0x1.664f487ee3807p-6);
    p = fma64(p, s, -0x1.ba1ba1ba0e20fp-5);
    p = fma64(p, s, 0x1.1111111111061p-3);
    p = fma64(p, s, -0x1.5555555555555p-2);
    double large = 1 - 2 / (exp64(2 * z) + 1);
    return copysign(z < 0.6 ? fma64(p * s, z, z) : large, x);
}

// erf(x): a polynomial near zero, and 1 - e^-q(x) elsewhere.
static inline float erf32(float x)
{
    float z = fabsf(x), s = x * x;
    float p = fma32(-0x1.618fccp-13f, s, 0x1.4b972cp-11f);
    p = fma32(p, s, -0x1.90ed3cp-10f);
    p = fma32(p, s, 0x1.73ff0cp-8f);
    p = fma32(p, s, -0x1.bad6c4p-6f);
    p = fma32(p, s, 0x1.ce4eacp-4f);
    p = fma32(p, s, -0x1.8127ecp-2f);
    p = fma32(p, s, 0x1.06eba8p-3f);
    z = z > 4 ? 4 : z;
    float q = fma32(-0x1.98a1b8p-25f, z, -0x1.426c9p-21f);
    q = fma32(q, z, 0x1.301616p-15f);
    q = fma32(q, z, -0x1.1d33ap-11f);
    q = fma32(q, z, 0x1.2c3da8p-8f);
    q = fma32(q, z, -0x1.aa7cp-6f);
    q = fma32(q, z, 0x1.c09d54p-4f);
    q = fma32(q, z, 0x1.43bf52p-1f);
    q = fma32(q, z, 0x1.2146b6p0f);
    q = fma32(q, z, -0x1.17193cp-12f);
    float large = copysignf(1 - exp32(-q), x);
    return z < 0.9f ? fma32(p, x, x) : large;
}
#endif
