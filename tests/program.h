// program.h: a chapter's program as a reader runs it, for its tests.  PROGRAM,
// defined above, is its name.
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

// What a command line prints, and its status.
static int says(const char *command, size_t size, char text[])
{
    FILE *f = popen(command, "r");
    cr_assert(f != NULL);
    text[fread(text, 1, size - 1, f)] = 0;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The same of the program, given this input and `what`, a command, options and
// all.
static int program_says(const char *input, const char *what, const char *errors,
                        size_t size, char text[])
{
    char command[800];
    int n = snprintf(command, sizeof command,
                     "printf %%b '%s' | build/bin/" PROGRAM " %s %s", input,
                     what, errors);
    cr_assert(lt(int, n, (int)sizeof command));
    return says(command, size, text);
}

static void prints(const char *input, const char *what, const char *want)
{
    char text[9000];
    int status = program_says(input, what, "2>&1", sizeof text, text);
    cr_expect(eq(int, status, 0), "%s", text);
    cr_expect(eq(str, text, (char *)want));
}

// One line that begins with the program's name and says why, and nothing on
// stdout: never a wrong number.
static void refuses(const char *input, const char *what, const char *why)
{
    char text[4000];
    int status = program_says(input, what, "2>/dev/null", sizeof text, text);
    cr_expect(eq(int, status, 2), "%s", what);
    cr_expect(eq(str, text, ""));
    program_says(input, what, "2>&1", sizeof text, text);
    cr_expect(strstr(text, why) && strstr(text, PROGRAM ": ") == text,
              "'%s' lacks '%s'", text, why);
    cr_expect(strchr(text, '\n') == text + strlen(text) - 1, "'%s'", text);
}
#endif
