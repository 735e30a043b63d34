// softmax-fast64.c: softmax-fast.c once more, for doubles: every name gets a 64.
#undef real
#undef exp_real
#undef log_real
#undef FAST_FLOAT
#define real double
#define exp_real exp64
#define log_real log64
#undef exp_below
#define exp_below exp_below64
#define reals reals64
#define REALS REALS64
#define fast_fold fast_fold64
#define fast_largest fast_largest64
#define fast_exponentials fast_exponentials64
#define fast_chunk fast_chunk64
#define fast_row fast_row64
#define fast_chunks fast_chunks64
#define fast_each fast_each64
#define fast_chunk_largest fast_chunk_largest64
#define fast_row_largest fast_row_largest64
#define fast_chunk_exponentials fast_chunk_exponentials64
#define fast_chunk_scale fast_chunk_scale64
#define fast_chunk_weights fast_chunk_weights64
#define fast_size fast_size64
#define fast_softmax fast_softmax64
#define fast_gather fast_gather64
#define fast_keep fast_keep64
#define fast_sums fast_sums64
#define fast_sum fast_sum64
#define fast_weight fast_weight64
#define fast_newton fast_newton64
#define fast_power fast_power64
#define fast_solve fast_solve64
#define fast_weights fast_weights64
#define fast_threshold fast_threshold64
#define fast_entmax fast_entmax64
#define fast_rows fast_rows64
#include "softmax-fast.c"
#undef real
#undef exp_real
#undef log_real
#undef reals
#undef REALS
#undef fast_fold
#undef fast_largest
#undef fast_exponentials
#undef fast_chunk
#undef fast_row
#undef fast_chunks
#undef fast_each
#undef fast_chunk_largest
#undef fast_row_largest
#undef fast_chunk_exponentials
#undef fast_chunk_scale
#undef fast_chunk_weights
#undef fast_size
#undef fast_softmax
#undef fast_gather
#undef fast_keep
#undef fast_sums
#undef fast_sum
#undef fast_weight
#undef fast_newton
#undef fast_power
#undef fast_solve
#undef fast_weights
#undef fast_threshold
#undef fast_entmax
#undef fast_rows
