// sheet.c: files read whole, and tables read back.
#include "private.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *file_text(const char *path, size_t *size)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
    char *text = NULL;
    size_t length = 0, room = 0, got = 1;
    if (!f)
        return NULL;
    for (; got > 0; length += got) {
        if (room - length < 2) {
            room = 2 * room + 4096;
            text = realloc(text, room);
            if (!text)
                die("no memory for %s", path);
        }
        got = fread(text + length, 1, room - length - 1, f);
    }
    int error = ferror(f) ? errno : 0;
    if (f != stdin)
        fclose(f);
    keep_block(text);
    text[length] = 0;
    *size = length;
    errno = error;
    return error ? NULL : text;
}

// Cuts a text into cells, in place.
struct sheet cut_sheet(char *text, const char *path)
{
    struct sheet s = {.path = path, .columns = 1};
    size_t cells = 1;
    for (char *c = text; *c; c++)
        cells += *c == '\t' || *c == '\n';
    for (char *c = text; *c && *c != '\n'; c++)
        s.columns += *c == '\t';
    s.cells = kept_memory(cells * sizeof *s.cells);
    for (int n = 0; *text; text++) {
        s.cells[n++] = text;
        text += strcspn(text, "\t\n");
        char end = *text;
        *text = 0;
        if (end != '\t' && n != ++s.rows * s.columns)
            die("%s:%d: not %d fields", path, s.rows, s.columns);
        if (!end)
            break;
    }
    return s;
}

struct sheet read_sheet(const char *path)
{
    size_t size;
    char *text = path ? file_text(path, &size) : NULL;
    if (!text && path && errno != ENOENT)
        die("%s: %s", path, strerror(errno));
    return text ? cut_sheet(text, path) : (struct sheet){.path = path};
}

// Null if there is no such column.
const char *find_cell(const struct sheet *s, int row, const char *column)
{
    for (int i = 0; i < s->columns; i++)
        if (strcmp(s->cells[i], column) == 0)
            return s->cells[row * s->columns + i];
    return NULL;
}

const char *sheet_cell(const struct sheet *s, int row, const char *column)
{
    const char *cell = find_cell(s, row, column);
    if (!cell)
        die("%s: no column '%s'", s->path, column);
    return cell;
}

double sheet_number(const struct sheet *s, int row, const char *column)
{
    double x;
    const char *cell = sheet_cell(s, row, column),
               *fault = real_fault(cell, &x);
    if (fault)
        die("%s:%d: %s: '%s' %s", s->path, row + 1, column, cell, fault);
    return x;
}

// The first row with this word in a column, or 0.
int find_row(const struct sheet *s, const char *column, const char *word)
{
    for (int i = 1; i < s->rows; i++)
        if (strcmp(sheet_cell(s, i, column), word) == 0)
            return i;
    return 0;
}
