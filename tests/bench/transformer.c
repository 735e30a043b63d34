// transformer.c: milliseconds of each training step of a small transformer.
//
//     transformer [STEPS]     2 layers, d = 128, 4 heads, 32 sequences of 128
//
// tests/bench/transformer.py computes the same with PyTorch.
#include "nn/nn.h"
#include <stdio.h>
#include <stdlib.h>

enum { LAYERS = 2, WIDTH = 128, HEADS = 4, LENGTH = 128, WORDS = 256 };
enum { BATCH = 32 };

int main(int argc, char **argv)
{
    static int token[BATCH * LENGTH], target[BATCH * LENGTH];
    int steps = argc > 1 ? atoi(argv[1]) : 20;
    struct random r = stream("bench", 0);
    struct transformer *t =
        transformer(LAYERS, WIDTH, HEADS, LENGTH, WORDS, &r);
    struct adam a = {1e-3, 0.9, 0.999, 1e-8, 0};
    for (int s = 1; s <= steps; s++) {
        for (int i = 0; i < BATCH * LENGTH; i++)
            token[i] = (int)below(&r, WORDS), target[i] = (int)below(&r, WORDS);
        double from = seconds_now();
        double loss = transformer_gradient(t, BATCH, token, target);
        adam(a, s, t->n, t->w, t->dw, t->m, t->v);
        printf("%.3f\n", 1e3 * (seconds_now() - from));
        if (!(loss > 0))
            die("the loss is %g", loss);
    }
    free_transformer(t);
}
