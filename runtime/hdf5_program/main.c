/* cornu-hdf5: libhdf5 in a process of its own.
 *
 *     cornu-hdf5 read OFFSET LENGTH   3: the file, from OFFSET;  4: the answer
 *     cornu-hdf5 write                3: what to make;  4: the answer;  5: the file, made anew
 *     cornu-hdf5 version
 *
 * The numbers are descriptors that the parent has opened. The answer is JSON (see program.h): what
 * is in the file and where, with no data in it, which the parent reads or writes itself. After a
 * failure there is one line on stderr and the exit status 1.
 *
 * Why a program: libhdf5 keeps its state in globals, is not safe against damaged files, and is no
 * library that everyone has. Whoever never opens a Keras file never starts this.
 */
#define _GNU_SOURCE
#include "runtime/hdf5_program/program.h"

#include <hdf5_hl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_WRITTEN ((uint64_t)1 << 40) /* a mapping of the file; the parent limits that */

/* ---- failures --------------------------------------------------------------------------- */

bool fail(failure *f, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (f->words[0] == 0)
        vsnprintf(f->words, sizeof f->words, format, arguments);
    va_end(arguments);
    return false;
}

/* Keeps the first entry that it is shown: the innermost. */
static herr_t keep_words(unsigned index, const H5E_error2_t *error, void *user) {
    const char **words = user;
    (void)index;
    if (*words == NULL)
        *words = error->desc;
    return 0;
}

bool fail_by_library(failure *f, const char *format, ...) {
    const char *words = NULL;
    va_list arguments;
    if (f->words[0] != 0)
        return false;
    va_start(arguments, format);
    int n = vsnprintf(f->words, sizeof f->words, format, arguments);
    va_end(arguments);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_words, &words);
    if (n > 0 && (size_t)n < sizeof f->words && words != NULL && words[0] != 0)
        snprintf(f->words + n, sizeof f->words - (size_t)n, " (%s)", words);
    return false;
}

/* ---- the two things it does ------------------------------------------------------------- */

static bool answer(json_t *root, failure *f) {
    char *words = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
    size_t left = words == NULL ? 0 : strlen(words);
    ssize_t n = 1;
    for (const char *next = words; left > 0 && n > 0; left -= (size_t)n, next += n)
        n = write(ANSWER, next, left);
    json_decref(root);
    free(words);
    return (words != NULL && n > 0) || fail(f, "the answer cannot be written");
}

/* Pages of the file, which begin at or before the first byte asked for. */
static uint8_t *map_file(uint64_t offset, uint64_t length) {
    uint64_t before = offset % (uint64_t)sysconf(_SC_PAGESIZE);
    void *p = mmap(NULL, before + length, PROT_READ, MAP_PRIVATE, INPUT, (off_t)(offset - before));
    return p == MAP_FAILED ? NULL : (uint8_t *)p + before;
}

static bool read_image(uint64_t offset, uint64_t length, failure *f) {
    uint8_t *bytes = map_file(offset, length);
    if (bytes == NULL)
        return fail(f, "it cannot be mapped");
    hid_t file = H5LTopen_file_image(bytes, length,
                                     H5LT_FILE_IMAGE_DONT_COPY | H5LT_FILE_IMAGE_DONT_RELEASE);
    return file < 0 ? fail_by_library(f, "it is no HDF5 file")
                    : answer(read_file(file, length, f), f);
}

static json_t *read_request(void) {
    off_t length = lseek(INPUT, 0, SEEK_END);
    const uint8_t *words = length <= 0 ? NULL : map_file(0, (uint64_t)length);
    return words == NULL ? NULL : json_loadb((const char *)words, (size_t)length, 0, NULL);
}

static bool write_output(failure *f) {
    json_t *wanted = read_request();
    if (wanted == NULL)
        return fail(f, "what is to be written cannot be read");
    hid_t file = create_output();
    bool ok = file >= 0 || fail_by_library(f, "it cannot be made");
    ok = ok && write_file(file, wanted, f) && answer(read_file(file, UINT64_MAX, f), f) &&
         (finish_output(file) || fail_by_library(f, "it cannot be written"));
    json_decref(wanted);
    return ok;
}

static bool read_number(const char *digits, uint64_t *out) {
    char *end;
    *out = strtoull(digits, &end, 10);
    return digits[0] >= '0' && digits[0] <= '9' && *end == 0;
}

int main(int count, char **arguments) {
    failure f = {{0}};
    uint64_t offset, length;
    unsigned major, minor, release;
    bool ok;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (count == 4 && strcmp(arguments[1], "read") == 0 && read_number(arguments[2], &offset) &&
        read_number(arguments[3], &length)) {
        limit_rights(length);
        ok = read_image(offset, length, &f);
    } else if (count == 2 && strcmp(arguments[1], "write") == 0) {
        limit_rights(MOST_WRITTEN);
        ok = write_output(&f);
    } else if (count == 2 && strcmp(arguments[1], "version") == 0) {
        ok = H5get_libversion(&major, &minor, &release) >= 0;
        printf("HDF5 %u.%u.%u\n", major, minor, release);
    } else {
        ok = fail(&f, "usage: cornu-hdf5 read OFFSET LENGTH | write | version");
    }
    if (!ok)
        fprintf(stderr, "%s\n", f.words);
    fflush(NULL);
    _exit(ok ? 0 : 1); /* libhdf5 would free what it has first, slowly */
}
