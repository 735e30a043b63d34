// Thing: one, a half, a quarter and so on, added up.
//
//     cc -O3 -march=native -fopenmp thing.c -lm
//
//     series        the sum of the first terms
//     experiment    what is missing to two
#include "lab/lab.h"
#include <math.h>

// Every field is a --set.
static struct {
    int terms;
} par = {30};

// The sum of the first n terms, from the smallest up.  eq:thing
static double series(int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum = 1 + sum / 2;
    return sum;
}

static void missing(void)
{
    struct table *t = table("thing", "n\tgap");
    for (int n = 1; n <= par.terms; n++)
        row(t, "%d\t%.17g", n, 2 - series(n));
    done(t);

    double gap = 2 - series(par.terms);
    value("terms", par.terms, 0, 1, "1", EXACT);
    value("gap", gap, 0, 1, "1", COMPUTED);
    claim("thing", AT_MOST, gap, 0, 1, ldexp(1, 1 - par.terms), 0,
          "every sum here is a double without rounding");
}

int main(int argc, char **argv)
{
    setting("terms", &par.terms, "terms that are added");
    experiment("missing", "what the sum of n terms lacks of two", missing);
    return lab(argc, argv);
}
