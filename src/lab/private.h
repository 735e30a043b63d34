// private.h: what the files of lab share and no program needs.  Names are of
// two words, since a program pasted into one file with lab has its own.
#ifndef LAB_PRIVATE_H
#define LAB_PRIVATE_H
#include "lab.h"
#include <stdarg.h>
#include <stdio.h>

// memory.c: blocks and strings that live until the program ends.
void *kept_memory(size_t size);
void *keep_block(void *block);
char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_from(const char *format, va_list arguments); // to be freed

// errors.c: a line on stderr, and the program goes on.
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

// place.c: the program's name; in a tree its root and the chapter's stem, which
// are null elsewhere; the key.
struct place {
    char *program, *root, *stem;
};
const struct place *this_place(void);
char *chapter_path(const char *name);
char *program_key(void);

// sheet.c: the whole of a file ("-" is standard input) with a zero byte after
// it, or null and errno.  A tab-separated file; row 0 has the columns' names.
char *file_text(const char *path, size_t *size);
struct sheet {
    const char *path;
    int rows, columns; // 0 rows: no such file
    char **cells;
};
struct sheet cut_sheet(char *text, const char *path);
struct sheet read_sheet(const char *path);
const char *sheet_cell(const struct sheet *s, int row, const char *column);
const char *find_cell(const struct sheet *s, int row, const char *column);
double sheet_number(const struct sheet *s, int row, const char *column);
int find_row(const struct sheet *s, const char *column, const char *word);

// input.c: what is wrong with a text as a number, or null.
const char *real_fault(const char *s, double *x);
const char *whole_fault(const char *s, int64_t least, int64_t most, int64_t *n);

// declare.c: what a program declares.
struct experiment {
    const char *name, *kind, *help; // kind: run, recorded, timing
    void (*run)(void);
    int chosen;
    double seconds;           // that it took last; negative: never ran
    const char *files, *note; // separated by commas; "-" for none
};
struct command {
    const char *name, *operands, *help;
    void (*run)(void);
    const char *example; // of a calculator; null for a command of lab
};
struct knob { // an option, or a setting, which has no owner
    const char *name, *argument, *help; // argument null: a flag
    enum type type;
    void *pointer;
    const char *where; // the commands that take an option of lab; null: all
    const char *choices, *published;
    int limited;
    double least, most;
    const struct command *owner;
    int given;
};
extern struct experiment experiments[];
extern struct command commands[];
extern struct knob knobs[], common_options[];
extern int experiment_count, command_count, knob_count;
struct knob *find_knob(const char *name, const struct command *owner);
struct knob *find_common(const char *name);
struct command *find_command(const char *name);
struct experiment *find_experiment(const char *name);
int takes_option(const struct command *c, const struct knob *option);
char *knob_text(const struct knob *k);
extern const char *out_folder, *set_text;
extern int no_header, help_wanted;

// command.c, help.c
extern int exit_status;
void print_help(const struct command *c);
void print_list(void);

// about.c
void write_run(const char *key);
void write_experiments(void);
void recall_experiments(const char *folder);
int same_options(const struct sheet *run);
char *date_now(void);

// run.c
extern struct experiment *running_experiment;
char *results_folder(void);
char *recorded_folder(void);
void run_named(void);
void record_named(void);
void run_experiment(struct experiment *e);
int was_skipped(const struct experiment *e);

// folder.c: the new folder that a run writes and swaps in.
void begin_folder(const char *target);
void commit_folder(void);
void discard_folder(void);
char *folder_path(const char *file);

// results.c: the files of the new folder, the latest first.
struct table {
    const char *name, *path;
    FILE *file; // null once closed
    int columns;
    struct experiment *owner;
    struct table *next;
};
extern struct table *new_tables;
struct table *open_table(const char *name, const char *columns);
void copy_table(const char *from, const char *file, struct experiment *owner);
void end_experiment(void);
void drop_experiment(void);
const char *verdict_of(enum relation relation, double measured, double se,
                       double reference, double tolerance);

// output.c, progress.c, reproduce.c
void finish_output(void);
void clear_bar(void);
void check_recorded(void);
void reproduce_results(void);
void accept_results(void);
void print_key(void);
#endif
