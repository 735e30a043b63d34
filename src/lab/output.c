// output.c: what a calculator prints waits until it has returned, so that an
// error prints no half answer.
#include "private.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static FILE *output_stream;
static char *output_text;
static size_t output_size;

static void print_line(const char *format, va_list a)
{
    if (!output_stream)
        output_stream = open_memstream(&output_text, &output_size);
    if (!output_stream || vfprintf(output_stream, format, a) < 0 ||
        putc('\n', output_stream) == EOF)
        die("no memory for the output");
}

void print(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    print_line(format, a);
    va_end(a);
}

void heading(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    if (!no_header)
        print_line(format, a);
    va_end(a);
}

void finish_output(void)
{
    if (!output_stream)
        return;
    if (fclose(output_stream) != 0)
        die("no memory for the output");
    if (fwrite(output_text, 1, output_size, stdout) != output_size ||
        fflush(stdout) != 0)
        die("standard output: %s", strerror(errno));
    free(output_text);
    output_stream = NULL;
}
