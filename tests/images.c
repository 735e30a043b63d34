// Tests of src/images: the committed slice against sums taken by another
// program, the whole set against its published sizes, and files that are not
// what they say.
//
// cc -lz
#include "images/images.h"
#include "lab/private.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const SLICE[2] = {"src/data/fashion-images.idx.gz",
                                     "src/data/fashion-labels.idx.gz"};

// Sums that Python's gzip and sum() gave of the same files.
Test(images, slice)
{
    struct images s = read_images(SLICE[0], SLICE[1]);
    int64_t sum = 0, mixed = 0;
    int labels = 0;
    cr_assert(eq(int, s.n, 1000));
    cr_assert(eq(int, s.height, 28));
    cr_assert(eq(int, s.width, 28));
    for (int i = 0; i < 1000 * 784; i++)
        sum += s.pixel[i], mixed += i % 251 * s.pixel[i];
    for (int i = 0; i < 1000; i++)
        labels += s.label[i];
    cr_expect(eq(i64, sum, 56558003));
    cr_expect(eq(i64, mixed, 7087883077));
    cr_expect(eq(int, labels, 4544));
    free_images(&s);
    cr_expect(eq(ptr, s.pixel, NULL));
}

// The whole set, where the package is: classes as often as published, and the
// slice is its beginning.
Test(images, whole)
{
    if (access("/usr/share/datasets/fashion-mnist", R_OK) != 0)
        cr_skip("needs dataset-fashion-mnist");
    struct images slice = read_images(SLICE[0], SLICE[1]);
    for (int test = 0; test < 2; test++) {
        struct images s = fashion(test);
        int count[10] = {0};
        cr_assert(eq(int, s.n, test ? 10000 : 60000));
        for (int i = 0; i < s.n; i++)
            count[s.label[i]]++;
        for (int c = 0; c < 10; c++)
            cr_expect(eq(int, count[c], s.n / 10));
        int same = memcmp(s.pixel, slice.pixel, 784000) == 0;
        cr_expect(eq(int, same, !test));
        free_images(&s);
    }
    free_images(&slice);
}

// ---- files that are not what they say ---------------------------------------

// The files of a test, named by its process, and taken away behind it.
static const char *const NAMES = "plqz";
static const char *path_of(const char *name)
{
    return text_of("/tmp/images-%d-%s", (int)getpid(), name);
}

static void clean(void)
{
    for (const char *n = NAMES; *n; n++)
        remove(path_of((char[]){*n, 0}));
}

// A file of these bytes.
static const char *file_of(const char *name, int n, const char *bytes)
{
    const char *path = path_of(name);
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(bytes, 1, (size_t)n, f) == (size_t)n);
    fclose(f);
    return path;
}

// What read_images says, in a process of its own, of these two files.
static void refuses(const char *pictures, const char *labels, const char *want)
{
    char text[1000] = "";
    int pipes[2], status;
    cr_assert(eq(int, pipe(pipes), 0));
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], 2);
        read_images(pictures, labels);
        _exit(0);
    }
    close(pipes[1]);
    FILE *f = fdopen(pipes[0], "r");
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    waitpid(child, &status, 0);
    cr_expect(eq(int, WEXITSTATUS(status), 2), "%s", text);
    cr_expect(strstr(text, want) != NULL, "%s: not in: %s", want, text);
}

#define PICTURES "\0\0\10\3\0\0\0\2\0\0\0\1\0\0\0\3"
#define LABELS_OF_TWO "\0\0\10\1\0\0\0\2\1\2"

Test(images, plain_file, .fini = clean)
{
    const char *p = file_of("p", 22, PICTURES "abcdef");
    const char *l = file_of("l", 10, LABELS_OF_TWO);
    struct images s = read_images(p, l);
    cr_expect(eq(int, s.n, 2));
    cr_expect(eq(int, s.height, 1));
    cr_expect(eq(int, s.width, 3));
    cr_expect(eq(int, s.pixel[5], 'f'));
    cr_expect(eq(int, s.label[1], 2));
    free_images(&s);
    refuses(file_of("q", 21, PICTURES "abcde"), l, "ends before its last byte");
    refuses(file_of("q", 23, PICTURES "abcdefg"), l, "goes on after");
    refuses(file_of("q", 7, PICTURES), l, "ends before its last byte");
    refuses(file_of("q", 0, ""), l, "ends before its last byte");
    refuses(l, l, "starts with 0x801, not with 0x803, the number of pictures");
    refuses(p, p, "starts with 0x803, not with 0x801, the number of labels");
    refuses(p, file_of("q", 11, "\0\0\10\1\0\0\0\3\1\2\3"),
            "3 labels for 2 pictures");
    refuses(p, file_of("q", 9, LABELS_OF_TWO), "ends before its last byte");
    refuses(file_of("q", 16, "\0\0\10\3\377\0\0\0\0\0\20\0\0\0\20\0"), l,
            "4278190080 pictures of 4096 x 4096");
    refuses(file_of("q", 16, "\0\0\10\3\0\0\0\0\0\0\0\1\0\0\0\3"), l,
            "0 pictures of 1 x 3");
    refuses("/nowhere/p", l, "/nowhere/p: No such file");
    refuses("/tmp", l, "/tmp");
}

// A gzipped file that was cut, or of which a byte was changed.
Test(images, damaged_gzip, .fini = clean)
{
    static char b[1 << 20];
    FILE *f = fopen(SLICE[0], "rb");
    int n = (int)fread(b, 1, sizeof b, f);
    fclose(f);
    refuses(file_of("z", n / 2, b), SLICE[1], "ends before its last byte");
    b[n / 2] ^= 0x55;
    refuses(file_of("z", n, b), SLICE[1], "images-");
}
