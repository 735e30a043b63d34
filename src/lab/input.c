// input.c: the reader's numbers, and what is wrong with them.
#include "private.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char no_number[] = "is not a number";
static const char no_end[] = "is infinite";

// Decimal, or hexadecimal as %a prints it; subnormal numbers are numbers, but
// 1e999 is not infinity.
const char *real_fault(const char *s, double *x)
{
    char *end;
    errno = 0;
    *x = strtod(s, &end);
    if (end == s || *end || isspace((unsigned char)*s))
        return no_number;
    if (isnan(*x))
        return "is NaN";
    if (isinf(*x))
        return errno == ERANGE ? "is beyond 1.8e308" : no_end;
    return NULL;
}

// Decimal, with k for 1024 and m for 1024^2.
const char *whole_fault(const char *s, int64_t least, int64_t most, int64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoll(s, &end, 10);
    int64_t unit = *end == 'k' ? 1024 : *end == 'm' ? 1024 * 1024 : 1;
    if (end == s || end[unit > 1] || isspace((unsigned char)*s))
        return "is not a whole number";
    if (errno || __builtin_mul_overflow(*n, unit, n))
        *n = *s == '-' ? INT64_MIN : INT64_MAX;
    else if (least <= *n && *n <= most)
        return NULL;
    return *n < 0 || *n < least ? text_of("is below %lld", (long long)least)
                                : text_of("is above %lld", (long long)most);
}

// ---- rows -------------------------------------------------------------------

// The text behind a byte order mark; whatever is wrong is the reader's.
static char *input_text(const char *file, const char *name)
{
    size_t size;
    char *text = file_text(file, &size);
    if (!text)
        usage("%s: %s", name, strerror(errno));
    for (size_t i = 0, line = 1; i < size; i++) {
        if (!text[i])
            usage("%s:%zu: a zero byte: this is not text", name, line);
        line += text[i] == '\n';
    }
    return strncmp(text, "\xEF\xBB\xBF", 3) ? text : text + 3;
}

// Cuts the next field from *rest; null where the line ends.  Blanks and tabs
// part fields, and so does one comma among them, which promises another field.
static char *next_field(char **rest, int *comma)
{
    char *field = *rest + strspn(*rest, " \t");
    if (!*field && !*comma)
        return NULL;
    char *end = field + strcspn(field, " \t,");
    char *next = end + strspn(end, " \t");
    *comma = *next == ',';
    *rest = next + *comma;
    *end = 0;
    return field;
}

// No field of a header is a number, or begins like one: what is half a number
// is a slip, and must not be skipped.
static int is_header(const char *line)
{
    char *rest = text_of("%s", line);
    int comma = 0;
    double x;
    for (char *field; (field = next_field(&rest, &comma));)
        if (real_fault(field, &x) != no_number ||
            isdigit((unsigned char)field[strspn(field, "+-.")]))
            return 0;
    return 1;
}

static void read_row(struct rows *r, int number, char *line, int infinite)
{
    double *x = r->x + (int64_t)r->count * r->width;
    int n = 0, comma = 0;
    for (char *field; (field = next_field(&line, &comma)); n++) {
        const char *fault = *field ? real_fault(field, x + n) : "is empty";
        if (fault && !(fault == no_end && infinite))
            usage("%s:%d: field %d: '%.40s' %s", r->file, number, n + 1, field,
                  fault);
    }
    if (r->count && n != r->width)
        usage("%s:%d: %d number%s, where line %d has %d", r->file, number, n,
              n == 1 ? "" : "s", r->line[0], r->width);
    r->width = n;
    r->line[r->count++] = number;
}

struct rows read_rows(const char *file, int infinite)
{
    struct rows r = {.file = strcmp(file, "-") ? file : "standard input"};
    char *text = input_text(file, r.file);
    size_t fields = 1, lines = 1;
    for (char *c = text; *c; c++) {
        fields += strchr(" \t,\n", *c) != NULL;
        lines += *c == '\n';
    }
    if (fields > INT_MAX)
        usage("%s: more than %d numbers", r.file, INT_MAX);
    r.x = kept_memory(fields * sizeof *r.x);
    r.line = kept_memory(lines * sizeof *r.line);
    int first = 1, number = 1;
    for (char *line = text, *next; *line; line = next, number++) {
        next = line + strcspn(line, "\n");
        if (next > line && next[-1] == '\r')
            next[-1] = 0;
        if (*next)
            *next++ = 0;
        line += strspn(line, " \t");
        if (!*line || *line == '#')
            continue;
        if (!first || !is_header(line))
            read_row(&r, number, line, infinite);
        first = 0;
    }
    if (r.count == 0)
        usage("%s: no numbers", r.file);
    return r;
}
