// idx.c: the IDX format: a magic number, the lengths of the dimensions, each
// four bytes with the highest first, and then the bytes.
#include "images/images.h"
#include "lab/lab.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

// Where a file is read, and the name for messages.
struct idx {
    const char *path;
    gzFile file;
};

static void damaged(const struct idx *f)
{
    int code;
    const char *why = gzerror(f->file, &code);
    usage("%s: %s", f->path,
          code == Z_OK || code == Z_BUF_ERROR ? "ends before its last byte"
          : code == Z_ERRNO                   ? strerror(errno)
                                              : why);
}

static void read_bytes(const struct idx *f, void *to, int64_t n)
{
    for (int64_t done = 0; done < n;) {
        unsigned part = n - done < INT_MAX ? (unsigned)(n - done) : INT_MAX;
        int got = gzread(f->file, (char *)to + done, part);
        if (got <= 0)
            damaged(f);
        done += got;
    }
}

static int64_t read_number(const struct idx *f)
{
    uint8_t b[4];
    read_bytes(f, b, 4);
    return (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

// Opens a file whose first number must be `magic`.
static struct idx open_idx(const char *path, int64_t magic, const char *what)
{
    struct idx f = {path, gzopen(path, "rb")};
    if (!f.file)
        usage("%s: %s", path, strerror(errno));
    int64_t first = read_number(&f);
    if (first != magic)
        usage("%s: starts with 0x%llx, not with 0x%llx, the number of %s", path,
              (long long)first, (long long)magic, what);
    return f;
}

// The n bytes that are left, and nothing behind them.
static uint8_t *rest_of(const struct idx *f, int64_t n)
{
    uint8_t *bytes = malloc((size_t)n), more;
    if (!bytes)
        die("%s: no memory for %lld bytes", f->path, (long long)n);
    read_bytes(f, bytes, n);
    if (gzread(f->file, &more, 1) != 0)
        usage("%s: goes on after its last byte", f->path);
    gzclose(f->file);
    return bytes;
}

struct images read_images(const char *pictures, const char *labels)
{
    struct idx p = open_idx(pictures, 0x803, "pictures");
    int64_t n = read_number(&p);
    int64_t height = read_number(&p), width = read_number(&p);
    if (n < 1 || height < 1 || width < 1 || height > 4096 || width > 4096 ||
        n > INT_MAX / (height * width))
        usage("%s: %lld pictures of %lld x %lld pixels", pictures, (long long)n,
              (long long)height, (long long)width);
    struct images set = {.n = (int)n, (int)height, (int)width};
    set.pixel = rest_of(&p, n * height * width);
    struct idx l = open_idx(labels, 0x801, "labels");
    int64_t count = read_number(&l);
    if (count != n)
        usage("%s: %lld labels for %lld pictures", labels, (long long)count,
              (long long)n);
    set.label = rest_of(&l, n);
    return set;
}

struct images fashion(int test)
{
    static const char *const set[2] = {"train", "t10k"};
    const char *folder = "/usr/share/datasets/fashion-mnist";
    char pictures[100], labels[100];
    snprintf(pictures, sizeof pictures, "%s/%s-images-idx3-ubyte.gz", folder,
             set[test != 0]);
    snprintf(labels, sizeof labels, "%s/%s-labels-idx1-ubyte.gz", folder,
             set[test != 0]);
    if (access(pictures, R_OK) != 0 || access(labels, R_OK) != 0)
        needs("dataset-fashion-mnist");
    return read_images(pictures, labels);
}

struct images fashion_slice(void)
{
    const char *pictures = data_file("fashion-images.idx.gz");
    const char *labels = data_file("fashion-labels.idx.gz");
    if (!pictures || !labels)
        needs("src/data/fashion-images.idx.gz");
    return read_images(pictures, labels);
}

void free_images(struct images *set)
{
    free(set->pixel);
    free(set->label);
    *set = (struct images){0};
}
