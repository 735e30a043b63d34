// tsv.c: any bytes as each of the tables that weave reads.
#include "fuzz.h"

static void show(const struct results *r)
{
    for (int i = 0; i < r->values.n; i++) {
        const struct value *v = r->values.at[i];
        PROMISE(find_value(r, v->name));
        PROMISE(is_safe(number(v->x, NULL)) && is_safe(number(v->se, "%.2g")));
        number(v->x, v->unit);
    }
    for (int i = 0; i < r->verdicts.n; i++) {
        const struct verdict *v = r->verdicts.at[i];
        PROMISE(is_safe(measured(v)) && is_safe(required(v)));
    }
    about(r, "seed");
    missing(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *s, size_t n)
{
    static const char *const files[] = {"r/a.values.tsv", "r/a.claims.tsv",
                                        "r/run.tsv", "r/experiments.tsv"};
    static int ready;
    if (!ready)
        enter_folder("mkdir r");
    ready = 1;
    for (int i = 0; i < 4; i++)
        put_file(files[i], s, n);
    const struct tsv *t = read_tsv(files[0]);
    for (int i = 0; t && i < t->rows; i++)
        for (int j = 0; j < t->columns; j++)
            PROMISE(strlen(t->row[i][j]) <= n);
    show(read_results("r"));
    show(read_expected(files[0]));
    end_input();
    return 0;
}
