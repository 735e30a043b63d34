// input.c: any bytes as the numbers of a reader.
//
// Errors and memory are the target's own: lab's last as long as the program.
#include "../../src/lab/private.h"
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static void *kept[100];
static int count;
static jmp_buf refused;

void *keep_block(void *block)
{
    return block && count < 100 ? kept[count++] = block : (abort(), NULL);
}

void *kept_memory(size_t size)
{
    return keep_block(calloc(1, size));
}

char *text_of(const char *format, ...)
{
    char *text;
    va_list a;
    va_start(a, format);
    if (vasprintf(&text, format, a) < 0)
        abort();
    va_end(a);
    return keep_block(text);
}

void usage(const char *format, ...)
{
    if (strncmp(format, "%s:", 3))
        abort(); // a message begins with the file
    longjmp(refused, 1);
}

void die(const char *format, ...)
{
    abort(), (void)format; // a reader's input is not the world's failure
}

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
    if (n == 0 || !(stdin = fmemopen((void *)s, n, "r")))
        return 0;
    int infinite = s[n - 1] % 2;
    if (setjmp(refused) == 0) {
        struct rows r = read_rows("-", infinite);
        for (int64_t i = 0; i < (int64_t)r.count * r.width; i++)
            if (isnan(r.x[i]) || (isinf(r.x[i]) && !infinite))
                abort();
    }
    fclose(stdin);
    while (count)
        free(kept[--count]);
    return 0;
}
