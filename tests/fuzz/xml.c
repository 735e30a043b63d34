// xml.c: any bytes as what a run of tests wrote.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
    static const char source[] =
        "Test(a, b, .description = \"eq:x\") {}\nTest(a, c) {}\n"
        "ParameterizedTest(int *x, b, a) {}\n";
    static int ready;
    struct list tests = {0};
    if (!ready)
        enter_folder(":");
    ready = 1;
    put_file("a.c", (const uint8_t *)source, sizeof source - 1);
    put_file("a.xml", s, n);
    read_tests("a.c", "a.xml", &tests);
    PROMISE(tests.n == 3);
    for (int i = 0; i < 3; i++) {
        const struct test *t = tests.at[i];
        PROMISE(t->outcome <= FAILED);
    }
    end_input();
    return 0;
}
