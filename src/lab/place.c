// place.c: where the program stands in its tree, and the key of the program.
#include "private.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// chapters/NAME if there is one, else the only chapter whose name behind its
// first dash is NAME, else null.
static char *find_stem(const char *chapters, const char *name)
{
    char *stem = NULL;
    DIR *d = opendir(chapters);
    for (struct dirent *e; d && (e = readdir(d));) {
        char *dash = strchr(e->d_name, '-');
        if (strcmp(e->d_name, name) == 0) {
            stem = text_of("%s", name);
            break;
        }
        if (!dash || strcmp(dash + 1, name) != 0)
            continue;
        if (stem)
            die("two chapters for one program: %s and %s", stem, e->d_name);
        stem = text_of("%s", e->d_name);
    }
    if (d)
        closedir(d);
    return stem;
}

// Upwards from the program's own file to the first folder with chapters/.
const struct place *this_place(void)
{
    static struct place here;
    char path[PATH_MAX];
    if (here.program)
        return &here;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    char *slash = strrchr(path, '/');
    here.program = text_of("%s", slash ? slash + 1 : "program");
    for (; slash && !here.root; slash = strrchr(path, '/')) {
        *slash = 0;
        char *chapters = text_of("%s/chapters", path);
        if (access(chapters, F_OK) == 0) {
            here.root = text_of("%s", path);
            here.stem = find_stem(chapters, here.program);
        }
    }
    if (!here.stem)
        here.root = NULL;
    return &here;
}

char *chapter_path(const char *name)
{
    const struct place *p = this_place();
    if (!p->root)
        return NULL;
    return text_of("%s/chapters/%s/%s", p->root, p->stem, name);
}

const char *data_file(const char *name)
{
    char *path = chapter_path(text_of("data/%s", name));
    if (path && access(path, F_OK) != 0)
        path = text_of("%s/src/data/%s", this_place()->root, name);
    return path && access(path, F_OK) == 0 ? path : NULL;
}

// ---- the key ----------------------------------------------------------------

// FNV-1a
static uint64_t hash_bytes(uint64_t h, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)bytes[i]) * 0x100000001B3;
    return h;
}

static uint64_t hash_file(uint64_t h, const char *path)
{
    size_t size;
    char *text = file_text(path, &size);
    if (!text)
        die("%s: %s", path, strerror(errno));
    return hash_bytes(h, text, size);
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

// Names and bytes of all that is in a folder, in the order of the names.
static uint64_t hash_folder(uint64_t h, const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_visible, alphasort);
    for (int i = 0; i < n; i++) {
        struct stat s;
        char *path = text_of("%s/%s", folder, entries[i]->d_name);
        h = hash_bytes(h, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
        if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
            h = hash_folder(h, path);
        else
            h = hash_file(h, path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return h;
}

// 16 digits that change with the program or its data, and with nothing else.
char *program_key(void)
{
    uint64_t h = hash_file(0xCBF29CE484222325, "/proc/self/exe");
    if (this_place()->root) {
        h = hash_folder(h, chapter_path("data"));
        h = hash_folder(h, text_of("%s/src/data", this_place()->root));
    }
    return text_of("%016llx", (unsigned long long)h);
}

void print_key(void)
{
    print("%s", program_key());
}
