// svg.c: any bytes as a drawing.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
    static int ready;
    int wide;
    if (!ready)
        enter_folder(":");
    ready = 1;
    put_file("a.svg", s, n);
    const char *svg = figure("a.svg", "fig", "what it \"shows\"", &wide);
    PROMISE(!svg || is_safe(svg));
    end_input();
    return 0;
}
