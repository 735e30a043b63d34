// memory.c: vectors, means, and small blocks that nobody needs to free.
#include "private.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>

double *vector(int64_t n)
{
    double *v = n < 0 ? NULL : calloc(n ? (size_t)n : 1, sizeof *v);
    if (!v)
        die("no memory for %lld numbers", (long long)n);
    return v;
}

float *floats(int64_t n)
{
    float *x = n < 0 ? NULL : aligned_alloc(64, (size_t)(n / 16 + 1) * 64);
    if (!x)
        die("no memory for %lld numbers", (long long)n);
    return x;
}

// In two passes: deviations are taken from the mean, so that a large mean costs
// no digits.
struct mean mean(int n, const double x[n])
{
    require(n > 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    double m = sum / n;
    for (int i = 0; i < n; i++)
        squares += (x[i] - m) * (x[i] - m);
    double se = n == 1 ? 0 : sqrt(squares / (n - 1) / n);
    return (struct mean){m, se, n};
}

// Blocks that live until the program ends; the list keeps them reachable, so
// that a leak checker is content.
void *keep_block(void *memory)
{
    static struct kept_block {
        void *memory;
        struct kept_block *next;
    } * all;
    struct kept_block *b = malloc(sizeof *b);
    if (!memory || !b)
        die("no memory");
    *b = (struct kept_block){memory, all};
    all = b;
    return memory;
}

void *kept_memory(size_t size)
{
    return keep_block(calloc(1, size));
}

char *text_from(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text)
        die("no memory");
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *text_of(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    char *text = keep_block(text_from(format, a));
    va_end(a);
    return text;
}

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
