// Tests of what weave reads, by inputs that broke it once and those that
// fuzzing begins with: tests/fuzz/corpus/, tests/fuzz/found/.  The targets are
// those of `make fuzz`; lab's own is run by tests/lab.c.
#define LLVMFuzzerTestOneInput try_svg
#include "fuzz/svg.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput try_tsv
#include "fuzz/tsv.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput try_xml
#include "fuzz/xml.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput try_lex
#include "fuzz/lex.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput try_markdown
#include "fuzz/markdown.c"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>

// Faults are meant here, and nobody needs to read them.
static void be_quiet(void)
{
    cr_assert(freopen("/dev/null", "w", stderr) != NULL);
}

// Runs a target on every input of a folder, whole and cut short.
static int try_folder(const char *path, int target(const uint8_t *, size_t))
{
    DIR *d = opendir(path);
    int n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        char file[5000];
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        FILE *f = *e->d_name == '.' ? NULL : fopen(file, "rb");
        static uint8_t s[1 << 17];
        size_t size = f ? fread(s, 1, sizeof s, f) : 0;
        for (size_t part = 0; f && part <= 8; part++)
            target(s, size - size * part / 8);
        n += f != NULL;
        if (f)
            fclose(f);
    }
    if (d)
        closedir(d);
    return n;
}

static void try_kept(const char *name, int target(const uint8_t *, size_t))
{
    char here[4096], path[5000];
    cr_assert(getcwd(here, sizeof here) != NULL);
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", here, name);
    cr_expect(gt(int, try_folder(path, target), 0));
    snprintf(path, sizeof path, "%s/tests/fuzz/found/%s", here, name);
    try_folder(path, target);
    leave_folder();
}

TestSuite(inputs, .init = be_quiet);

Test(inputs, of_chapters_never_break_weave)
{
    try_kept("markdown", try_markdown);
}

Test(inputs, of_tables_never_break_weave)
{
    try_kept("tsv", try_tsv);
}

Test(inputs, of_drawings_never_break_weave)
{
    try_kept("svg", try_svg);
}

Test(inputs, of_programs_never_break_weave)
{
    try_kept("lex", try_lex);
}

Test(inputs, of_outcomes_never_break_weave)
{
    try_kept("xml", try_xml);
}
