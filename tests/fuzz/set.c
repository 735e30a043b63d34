// set.c: any bytes behind --set.  Another --set behind it is always refused, so
// that nothing ever runs.
#define usage lab_usage
#define die lab_die
#include "../../src/lab/errors.c"
#undef usage
#undef die
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf refused;

void usage(const char *format, ...) __attribute__((noreturn));
void usage(const char *format, ...)
{
    char text[4096];
    va_list a;
    va_start(a, format);
    vsnprintf(text, sizeof text, format, a);
    va_end(a);
    if (strncmp(text, "--set", 5))
        abort(); // a message names the option
    longjmp(refused, 1);
}

void die(const char *format, ...) __attribute__((noreturn));
void die(const char *format, ...)
{
    abort(), (void)format; // a reader's words are not the world's failure
}

static int size = 3;
static int64_t steps = 2048;
static double slope = 0.1;
static const char *word = "none";

static void declare(void)
{
    setting("size", &size, "whole, bounded");
    limits(0, 1e6);
    setting("steps", &steps, "a count");
    setting("slope", &slope, "a number");
    setting("word", &word, "a word");
}

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
    static char text[1 << 16],
        *arguments[] = {"set", "--set", text, "--set", "x", NULL};
    static int ready;
    if (!ready++)
        declare();
    memcpy(text, s, n < sizeof text ? n : 0);
    text[n < sizeof text ? n : 0] = 0;
    if (setjmp(refused) == 0) {
        lab(5, arguments);
        abort();
    }
    if (size < 0 || size > 1e6 || steps < 0 || slope - slope != 0)
        abort(); // what is stored is within the bounds
    return 0;
}
