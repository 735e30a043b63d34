// images.h: sets of small pictures, each with what it shows, and Fashion-MNIST
// among them (Xiao, Rasul, Vollgraf 2017: ten kinds of clothes in 28 x 28
// pixels).  Programs that use it link with -lz.
#ifndef IMAGES_H
#define IMAGES_H
#include <stdint.h>

// n pictures of height x width pixels, from 0, black, to 255, and what each
// shows, a class from 0.  Memory by malloc.
struct images {
    int n, height, width;
    uint8_t *pixel; // [n][height][width]
    uint8_t *label; // [n]
};

// From two files in the IDX format of the MNIST set, gzipped or not: `pictures`
// with the magic number 0x803, `labels` with 0x801.  A file that is missing,
// shorter or longer than it says, of another kind, or that does not fit the
// other, is the reader's error: file, and what is wrong with it.
struct images read_images(const char *pictures, const char *labels);

// The 60,000 pictures of training or, if `test`, the 10,000 others, of Debian's
// package dataset-fashion-mnist; where it is not, the experiment ends: not run.
struct images fashion(int test);

// The first 1,000 pictures of training, which src/data/ has; for tests and
// quick runs.
struct images fashion_slice(void);

void free_images(struct images *set);
#endif
