// progress.c: how far, and how much longer.
#include "private.h"
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static char bar_shown;

// A system call: a signal may have come anywhere.
void clear_bar(void)
{
    static const char clear[] = "\r\033[K";
    if (bar_shown && write(STDERR_FILENO, clear, sizeof clear - 1) > 0)
        bar_shown = 0;
}

static char *time_text(double seconds)
{
    int s = (int)fmin(seconds + 0.5, INT_MAX); // clocks can jump
    static char text[32];
    if (s < 60)
        snprintf(text, sizeof text, "%d s", s);
    else
        snprintf(text, sizeof text, "%d min %02d s", s / 60, s % 60);
    return text;
}

static void draw_bar(const char *what, double part, double left)
{
    static const char full[] = "##############################";
    int width = sizeof full - 1, n = (int)(part * width);
    fprintf(stderr, "\r%s [%.*s%*s] %.0f %%, %s left\033[K", what, n, full,
            width - n, "", 100 * part, time_text(left));
    bar_shown = 1;
}

void progress(const char *what, int64_t at, int64_t of)
{
    static char busy;
    static char task[64];
    static int64_t reached;
    static double start, shown;
    if (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
        return; // another thread reports
    double t = seconds_now(), part = of > 0 ? (double)at / (double)of : 1;
    int terminal = isatty(STDERR_FILENO);
    if (strncmp(task, what, sizeof task - 1) != 0 || at < reached) {
        snprintf(task, sizeof task, "%s", what);
        start = shown = t;
    }
    reached = at;
    if (part >= 1) {
        clear_bar();
    } else if (part > 0 && t - start > 2 && t - shown > (terminal ? 0.1 : 10)) {
        double left = (t - start) * (1 - part) / part;
        if (terminal)
            draw_bar(what, part, left);
        else
            remark("%s: %.0f %%, %s left", what, 100 * part, time_text(left));
        shown = t;
    }
    __atomic_clear(&busy, __ATOMIC_RELEASE);
}
