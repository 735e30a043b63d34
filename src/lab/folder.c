// folder.c: a run writes a new folder and swaps it in at the end, so that a
// results folder is whole or absent, whatever happens on the way.
#include "private.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *swap_target, *lock_path;
static const char *new_folder; // null: there is none
static const char *farewell;   // of an interrupted run
static int lock_file = -1;

char *folder_path(const char *file)
{
    return text_of("%s/%s", new_folder, file);
}

// System calls and nothing else: a signal may have come anywhere.
void discard_folder(void)
{
    if (!new_folder)
        return;
    for (struct table *t = new_tables; t; t = t->next)
        unlink(t->path);
    rmdir(new_folder);
    unlink(lock_path);
    new_folder = NULL;
}

// ---- Ctrl-C, a closed terminal, `kill` --------------------------------------

static void discard_and_end(int number)
{
    discard_folder();
    clear_bar();
    ssize_t written = write(STDERR_FILENO, farewell, strlen(farewell));
    (void)written; // nobody listens, and there is no other way to say so
    signal(number, SIG_DFL);
    raise(number);
}

// Gives the signals that end a program a handler; null gives them back.  One
// that was ignored before, as under nohup, stays so.
static void handle_signals(void handler(int))
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    static struct sigaction before[4];
    static int known;
    for (int i = 0; i < 4; i++) {
        if (!known)
            sigaction(numbers[i], NULL, &before[i]);
        struct sigaction a = before[i];
        if (handler && a.sa_handler != SIG_IGN)
            a.sa_handler = handler;
        sigaction(numbers[i], &a, NULL);
    }
    known = 1;
}

// ---- beginning --------------------------------------------------------------

static void make_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return;
    if (errno != ENOENT || !slash || slash == path)
        die("%s: %s", path, strerror(errno));
    make_folder(text_of("%.*s", (int)(slash - path), path));
    if (mkdir(path, 0777) != 0)
        die("%s: %s", path, strerror(errno));
}

// Two runs into one folder take turns.  The lock file goes with the run that
// holds it, so whoever has waited looks whether it is still the same.
static void take_lock(void)
{
    struct stat mine, there;
    lock_path = text_of("%s.lock", swap_target);
    do {
        if (lock_file >= 0)
            close(lock_file);
        lock_file = open(lock_path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
        if (lock_file >= 0 && flock(lock_file, LOCK_EX | LOCK_NB) == 0)
            continue;
        if (lock_file >= 0 && errno == EWOULDBLOCK) {
            remark("waiting for another run that writes %s", swap_target);
            if (flock(lock_file, LOCK_EX) == 0)
                continue;
        }
        die("%s: %s", lock_path, strerror(errno));
    } while (fstat(lock_file, &mine) || stat(lock_path, &there) ||
             mine.st_ino != there.st_ino);
}

// A folder and the files in it.
static void remove_folder(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        unlink(text_of("%s/%s", path, e->d_name));
    if (d)
        closedir(d);
    if (rmdir(path) != 0)
        die("%s: %s", path, strerror(errno));
}

// What runs that were killed have left: TARGET.new-PID.  Whoever holds the lock
// is the only one alive.
static void remove_stale(const char *parent)
{
    char *name = text_of("%s.new-", strrchr(swap_target, '/') + 1);
    DIR *d = opendir(parent);
    for (struct dirent *e; d && (e = readdir(d));) {
        const char *pid = e->d_name + strlen(name);
        if (strncmp(e->d_name, name, strlen(name)) != 0)
            continue;
        const char *rest = pid + strspn(pid, "0123456789");
        if (rest > pid && (!*rest || strcmp(rest, "-old") == 0))
            remove_folder(text_of("%s/%s", parent, e->d_name));
    }
    if (d)
        closedir(d);
}

// A folder that the reader names is replaced only if it holds results, or
// nothing.
static void check_target(void)
{
    struct stat s;
    int entries = 0;
    if (lstat(swap_target, &s) != 0)
        return;
    if (!S_ISDIR(s.st_mode))
        die("%s is not a folder", swap_target);
    DIR *d = opendir(swap_target);
    while (d && readdir(d))
        entries++;
    if (d)
        closedir(d);
    if (out_folder && entries > 2 && // . and ..
        access(text_of("%s/run.tsv", swap_target), F_OK) != 0)
        usage("--out: %s has other files than results", swap_target);
}

void begin_folder(const char *target)
{
    int length = (int)(strrchr(target, '/') - target);
    char *parent = text_of("%.*s", length ? length : 1, target);
    swap_target = target;
    new_tables = NULL;
    farewell = text_of("%s: stopped; what was not finished is gone, the "
                       "results are as before\n",
                       this_place()->program);
    make_folder(parent);
    take_lock();
    handle_signals(discard_and_end);
    new_folder = text_of("%s.new-%d", target, (int)getpid());
    check_target();
    remove_stale(parent);
    if (mkdir(new_folder, 0777) != 0)
        die("%s: %s", new_folder, strerror(errno));
}

// ---- the swap ---------------------------------------------------------------

// Puts the new folder in the old one's place; returns where the old one is now,
// or null if there was none.
static const char *swap_folders(void)
{
    if (rename(new_folder, swap_target) == 0)
        return NULL;
    if (syscall(SYS_renameat2, AT_FDCWD, new_folder, AT_FDCWD, swap_target,
                RENAME_EXCHANGE) == 0)
        return new_folder;
    // Some network file systems cannot exchange: two steps instead of one.
    char *aside = text_of("%s-old", new_folder);
    if (rename(swap_target, aside) != 0 || rename(new_folder, swap_target) != 0)
        die("%s: %s", swap_target, strerror(errno));
    return aside;
}

// A signal that comes now comes too late: the results are complete.
void commit_folder(void)
{
    handle_signals(SIG_IGN);
    const char *old = swap_folders();
    new_folder = NULL;
    if (old)
        remove_folder(old);
    unlink(lock_path);
    close(lock_file);
    lock_file = -1;
    handle_signals(NULL);
}
