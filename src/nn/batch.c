// batch.c: which examples a step sees.
#include "private.h"
#include <stdlib.h>

static void order_of(struct batches *b, int64_t epoch)
{
    if (b->order && b->epoch == epoch)
        return;
    if (!b->order && !(b->order = malloc((size_t)b->n * sizeof *b->order)))
        die("no memory for the order of %d examples", b->n);
    struct random r = stream(b->name, (uint32_t)epoch);
    for (int i = 0; i < b->n; i++)
        b->order[i] = i;
    shuffle(&r, b->n, b->order);
    b->epoch = epoch;
}

void next_batch(struct batches *b, int64_t t, int index[])
{
    require(b->n > 0 && b->size > 0 && t >= 0);
    for (int i = 0; i < b->size; i++) {
        int64_t at = t * b->size + i;
        order_of(b, at / b->n);
        index[i] = b->order[at % b->n];
    }
}

void free_batches(struct batches *b)
{
    free(b->order);
    b->order = NULL;
}
