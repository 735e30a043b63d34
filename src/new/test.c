#define main chapter_main
#include "../chapters/9-thing/thing.c"
#undef main
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

// Exact: every sum is a short binary fraction.
Test(series, each_term_halves_what_is_missing, .description = "eq:thing")
{
    for (int n = 1; n < 50; n++)
        cr_expect(eq(dbl, 2 - series(n), 2 * (2 - series(n + 1))));
}
