// errors.c: one policy for all that goes wrong: say what and where, and stop.
#include "private.h"
#include <unistd.h>

// One line `program: ...` on stderr, whatever bytes the reader's file holds,
// and without any memory, since that may be what is missing.
static void say_line(const char *format, va_list a)
{
    char text[4096];
    vsnprintf(text, sizeof text, format, a);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    clear_bar();
    fprintf(stderr, "%s: %s\n", this_place()->program, text);
}

void remark(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    say_line(format, a);
    va_end(a);
}

// Ends the program from whatever thread.  The first one speaks; what others
// still write goes down with the new folder.
static void __attribute__((noreturn))
stop_program(int status, const char *format, va_list a)
{
    static char stopping;
    while (__atomic_test_and_set(&stopping, __ATOMIC_SEQ_CST))
        pause();
    discard_folder();
    say_line(format, a);
    _exit(status);
}

void die(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    stop_program(3, format, a);
}

void usage(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    stop_program(2, format, a);
}
