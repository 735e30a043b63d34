// nn.h: what the chapters that train have in common.
//
//     layers      dense, embed, layer_norm, gelu, attention, softmax_rows
//     loss        cross_entropy
//     training    normal_weights, adam, cosine_rate, next_batch
//     checking    gradient_gap, save_checkpoint, load_checkpoint
//     a network   transformer, and what it takes to train it
//
// Numbers are floats in flat arrays, the last index the fastest: x [n][d] is n
// rows of d.  A layer forward is a function, and its gradient the function
// behind it, NAME_back: given dy, the gradient of the loss with respect to y,
// it writes those of the inputs and adds those of the parameters to what is
// there.
//
// A layer runs on the thread that calls it, except that products and attention
// outside a parallel region take all.  A network splits its batch into a fixed
// number of shares, 8, sums the shares' gradients in order, and so gives the
// same bytes at any number of threads.
#ifndef NN_H
#define NN_H
#include "lab/lab.h"
#include <stdint.h>

// ---- layers -----------------------------------------------------------------

// y = x w + b or, if `add`, y += x w + b: x [n][p], w [p][q], b [q] or null,
// y [n][q].
void dense(int n, int p, int q, const float *x, const float *w, const float *b,
           float *y, int add);
// dx [n][p], or null where nobody asks; dw and db as w and b.
void dense_back(int n, int p, int q, const float *x, const float *w,
                const float *dy, float *dx, float *dw, float *db);

// x [n][t][d] = w[token] + position, where token [n][t] are rows of w [v][d],
// and position [t][d] is learned, given, or null.  A token that is no row ends
// the program.
void embed(int n, int t, int d, int v, const int *token, const float *w,
           const float *position, float *x);
// dw and, unless null, dposition.
void embed_back(int n, int t, int d, const int *token, const float *dx,
                float *dw, float *dposition);

// Each row of x [n][d] with mean 0 and variance 1, times gain [d] plus shift
// [d] (Ba, Kiros, Hinton 2016).  normal [n][d], the rows before the gain, and
// inverse [n], one over the deviation, are for the gradient.
void layer_norm(int n, int d, const float *x, const float *gain,
                const float *shift, float *y, float *normal, float *inverse);
// Adds to dx: beside a norm there is a way around it.
void layer_norm_back(int n, int d, const float *normal, const float *inverse,
                     const float *gain, const float *dy, float *dx,
                     float *dgain, float *dshift);

// y = z Phi(z) for z = x + b, Phi the normal distribution function (Hendrycks
// and Gimpel 2016): x [n][d], b [d].  slope [n][d] is dy/dz; it may be x.
void gelu(int n, int d, const float *x, const float *b, float *y, float *slope);
// dx may be dy.
void gelu_back(int n, int d, const float *slope, const float *dy, float *dx,
               float *db);

// Attention of h heads on n sequences of t positions: qkv [n][t][3][d], the
// queries, keys and values of all heads side by side, y [n][t][d].  With
// `causal` a position sees itself and what is before it.  lse [n][h][t], the
// logarithm of each row's sum, is for the gradient.  d is a multiple of h.
void attention(int n, int t, int h, int d, int causal, const float *qkv,
               float *y, float *lse);
void attention_back(int n, int t, int h, int d, int causal, const float *qkv,
                    const float *y, const float *lse, const float *dy,
                    float *dqkv);

// ---- loss -------------------------------------------------------------------

// p [n][v], the softmax of each row of x [n][v]; p may be x.
void softmax_rows(int n, int v, const float *x, float *p);
// dx = p (dp - p . dp); dx may be dp.
void softmax_rows_back(int n, int v, const float *p, const float *dp,
                       float *dx);

// loss[i] = -log softmax(x)[target[i]] in nats for row i of x [n][v], and dx =
// `weight` times its gradient; dx may be x, or null.  A target of -1 is no
// target: its row has no loss and no gradient.
void cross_entropy(int n, int v, const float *x, const int *target,
                   double weight, double loss[n], float *dx);

// ---- training ---------------------------------------------------------------

// w [n] drawn normal with this deviation.
void normal_weights(int64_t n, double deviation, struct random *r, float *w);

// Adam with its bias correction (Kingma and Ba 2015), and decay of the weights
// apart from the gradient (Loshchilov and Hutter 2019).
struct adam {
    double rate, beta1, beta2, epsilon, decay;
};
// The t-th step, from 1: w [n] moves, given dw and the running means of dw and
// its square, m and v, which begin as zeros.
void adam(struct adam a, int64_t t, int64_t n, float *w, const float *dw,
          float *m, float *v);

// The rate of step t of `steps`, from 1: from peak / warm up to the peak in
// `warm` steps, then along half a cosine down to `least` at the last.
double cosine_rate(int64_t t, int64_t warm, int64_t steps, double peak,
                   double least);

// Mini-batches: every epoch has all n examples in an order of its own, that of
// the stream `name` with the epoch's number.
struct batches {
    const char *name;
    int n, size;
    int64_t epoch; // of the order at hand
    int *order;    // [n]; null before the first
};
// The examples of batch t, from 0; a batch may begin in one epoch and end in
// the next.  It depends on t alone, so t is all that a checkpoint needs.
void next_batch(struct batches *b, int64_t t, int index[]);
void free_batches(struct batches *b);

// ---- checking ---------------------------------------------------------------

// How far dx [n] is from the slopes of f(of), a function that reads x [n]: the
// largest difference, as a share of the largest slope.  Slopes are fourth-order
// central differences of step h, whose error is h^4 f'''''/30; x is put back.
double gradient_gap(int n, float *x, const float *dx, double h,
                    double f(void *), void *of);

// Where training stands.  `kind` says in words what is trained, so that a file
// of another network is not taken for this one's.
struct checkpoint {
    const char *kind;
    int64_t n, step;
    float *w, *m, *v; // [n] each
    struct random random;
};
// Written beside the file and renamed: whoever reads it finds all or nothing.
void save_checkpoint(const char *file, const struct checkpoint *c);
// Fills step, random, w, m and v; 0 if there is no such file.  A damaged file,
// or one of another kind or size, ends the program.
int load_checkpoint(const char *file, struct checkpoint *c);

// ---- a network --------------------------------------------------------------

// A decoder-only transformer (Vaswani et al. 2017; Radford et al. 2019): token
// and position are embedded; each block adds attention, then a dense layer to
// 4 d, GELU and one back, each of a normed copy; a last norm, and logits.
struct transformer_block {
    float *gain1, *shift1, *qkv, *qkv_bias, *mix, *mix_bias;
    float *gain2, *shift2, *up, *up_bias, *down, *down_bias;
};
struct transformer_weights {
    float *token, *position, *gain, *shift, *out;
    struct transformer_block *block;
};
struct transformer {
    int layers, width, heads, length, words; // L, d, h, T, v
    int64_t n;                               // parameters
    float *w, *m, *v;                        // them, and Adam's means
    float *dw;                               // the gradient; behind it, shares
    struct transformer_weights at, *slope;   // where in w, and in each share
    int threads;
    struct transformer_pass
        *pass; // what each thread keeps between forward and back
};

// Weights normal with deviation 0.02, those that add to the stream with
// 0.02 / sqrt(2 L); gains 1, biases 0.
struct transformer *transformer(int layers, int width, int heads, int length,
                                int words, struct random *r);
void free_transformer(struct transformer *net);

// logits [n][T][v] of n sequences of tokens [n][T].
void transformer_logits(struct transformer *net, int n, const int *token,
                        float *logits);

// The mean loss per target of n sequences, in nats, and its gradient into dw.
double transformer_gradient(struct transformer *net, int n, const int *token,
                            const int *target);
#endif
