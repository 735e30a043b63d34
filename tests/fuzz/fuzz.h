// fuzz.h: what the targets for weave share.  A target is one function that
// takes any bytes; `make fuzz` hands it what a fuzzer thinks of, tests/inputs.c
// what was kept.
#ifndef FUZZ_H
#define FUZZ_H
#include "../../src/weave/weave.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

// What a target promises of every input.
#define PROMISE(condition) \
    ((condition) ? (void)0 \
                 : (fputs("not true: " #condition "\n", stderr), abort()))

// A folder of its own, in memory, made ready by a shell command; "$home" is the
// tree.
static char folder[] = "/dev/shm/fuzz-XXXXXX";

static void leave_folder(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    PROMISE(chdir("/") == 0 && system(command) == 0);
}

static void enter_folder(const char *command)
{
    static char home[4096];
    PROMISE(getcwd(home, sizeof home) && mkdtemp(folder) && !chdir(folder));
    atexit(leave_folder);
    setenv("home", home, 1);
    PROMISE(system(command) == 0);
}

static void put_file(const char *path, const uint8_t *s, size_t n)
{
    FILE *f = fopen(path, "wb");
    PROMISE(f && fwrite(s, 1, n, f) == n && fclose(f) == 0);
}

// Leaves nothing of one input to the next.
static void end_input(void)
{
    forget();
    book = (struct book){0};
    faults = warnings = 0;
}

// Could a browser run or load something of it?
static int is_safe(const char *s)
{
    static const char *const no[] = {"<script", "<iframe", "<img", "<object",
                                     "<link",   "<embed",  "<base"};
    for (s = strchr(s, '<'); s; s = strchr(s + 1, '<'))
        for (int i = 0; i < 7; i++)
            if (strncasecmp(s, no[i], strlen(no[i])) == 0)
                return 0;
    return 1;
}
#endif
