// checkpoint.c: training, interrupted and resumed as if it had not been.
//
// The file, in the machine's byte order: a head, which tells that order, too;
// w, m and v; a hash of all that.
#include "private.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct checkpoint_head {
    char magic[24], kind[104];
    int64_t n, step;
    struct random random;
};
static const char checkpoint_magic[24] = "assay checkpoint 1\n";

// FNV-1a, eight bytes at a time.
static uint64_t hash_of(uint64_t h, const void *data, size_t size)
{
    const char *x = data;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, x + i, size - i < 8 ? size - i : 8);
        h = (h ^ word) * 0x100000001B3;
        h ^= h >> 32; // or a flipped high bit would stay among the high ones
    }
    return h;
}

static uint64_t checkpoint_hash(const struct checkpoint_head *h,
                                const struct checkpoint *c)
{
    size_t size = (size_t)c->n * sizeof *c->w;
    uint64_t x = hash_of(0xCBF29CE484222325, h, sizeof *h);
    return hash_of(hash_of(hash_of(x, c->w, size), c->m, size), c->v, size);
}

static struct checkpoint_head head_of(const struct checkpoint *c)
{
    struct checkpoint_head h;
    memset(&h, 0, sizeof h); // what lies between the fields, too
    memcpy(h.magic, checkpoint_magic, sizeof checkpoint_magic);
    if (strlen(c->kind) >= sizeof h.kind)
        die("a checkpoint's kind is longer than %zu: %s", sizeof h.kind - 1,
            c->kind);
    memcpy(h.kind, c->kind, strlen(c->kind));
    h.n = c->n, h.step = c->step;
    memcpy(&h.random, &c->random, sizeof h.random);
    return h;
}

void save_checkpoint(const char *file, const struct checkpoint *c)
{
    char new[strlen(file) + 8];
    sprintf(new, "%s.new", file);
    struct checkpoint_head h = head_of(c);
    uint64_t hash = checkpoint_hash(&h, c);
    size_t n = (size_t)c->n;
    FILE *f = fopen(new, "wb");
    int good = f && fwrite(&h, sizeof h, 1, f) == 1 &&
               fwrite(c->w, sizeof *c->w, n, f) == n &&
               fwrite(c->m, sizeof *c->m, n, f) == n &&
               fwrite(c->v, sizeof *c->v, n, f) == n &&
               fwrite(&hash, sizeof hash, 1, f) == 1 && fflush(f) == 0 &&
               fsync(fileno(f)) == 0;
    int fault = errno;
    if (f && fclose(f) != 0 && good)
        good = 0, fault = errno;
    if (good && rename(new, file) != 0)
        good = 0, fault = errno;
    if (!good) {
        remove(new);
        die("%s: cannot be written: %s", file, strerror(fault));
    }
}

// What is wrong with the head of a file, or null.
static const char *foreign(const struct checkpoint_head *h,
                           const struct checkpoint *c)
{
    if (memcmp(h->magic, checkpoint_magic, sizeof checkpoint_magic) != 0)
        return "is no checkpoint";
    if (strncmp(h->kind, c->kind, sizeof h->kind) != 0)
        return "is a checkpoint of something else";
    if (h->n != c->n)
        return "is a checkpoint with another number of parameters";
    return NULL;
}

int load_checkpoint(const char *file, struct checkpoint *c)
{
    FILE *f = fopen(file, "rb");
    if (!f && errno == ENOENT)
        return 0;
    if (!f)
        die("%s: cannot be read: %s", file, strerror(errno));
    struct checkpoint_head h;
    size_t n = (size_t)c->n;
    uint64_t hash;
    const char *fault =
        fread(&h, sizeof h, 1, f) == 1 ? foreign(&h, c) : "is no checkpoint";
    if (!fault && (fread(c->w, sizeof *c->w, n, f) != n ||
                   fread(c->m, sizeof *c->m, n, f) != n ||
                   fread(c->v, sizeof *c->v, n, f) != n ||
                   fread(&hash, sizeof hash, 1, f) != 1 || getc(f) != EOF ||
                   hash != checkpoint_hash(&h, c)))
        fault = "is damaged";
    fclose(f);
    if (fault)
        die("%s: %s", file, fault);
    c->step = h.step;
    c->random = h.random;
    return 1;
}
