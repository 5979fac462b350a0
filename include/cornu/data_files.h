/* Datasets from files: what people have is read as it lies, without a converter.
 *
 *     cn_dataset *iris = cn_dataset_csv(c, "iris.csv", .targets = {"species"});
 *     cn_dataset *pets = cn_dataset_image_folder(c, "pets", .image_size = {160, 160});
 *     cn_dataset *book = cn_dataset_text(c, "book.txt", .sequence_length = 64);
 *
 * Words and defaults are Keras' where it has them. Every constructor returns NULL, with a message
 * that names the file and the place in it, when a file cannot be read, is damaged or does not hold
 * what is asked for; no file makes it take more memory than its content is worth. Tables and texts
 * lie in memory once they are read; images and CIFAR's records are read while training runs,
 * several at once, and a damaged one stops the run with its name.
 */
#ifndef CORNU_DATA_FILES_H
#define CORNU_DATA_FILES_H

#include "cornu/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- classes, files, samples ----------------------------------------------------------------- */

/* The classes that a dataset knows by name: texts of a CSV file's first target, folders of images,
 * characters or words of a text. 0, and NULL, where there are none. */
CN_API size_t cn_dataset_class_count(const cn_dataset *d);
CN_API const char *cn_dataset_class_name(const cn_dataset *d, size_t i);
/* The file that a sample is, below the folder; NULL where samples are parts of files. */
CN_API const char *cn_dataset_file(const cn_dataset *d, int64_t index);

/* What the samples of a dataset are: its inputs first, then its targets; shape[0] counts them, data
 * is NULL. A cn_array of rank 0 behind the last. */
CN_API cn_array cn_dataset_column(const cn_dataset *d, size_t i);
/* Reads samples [begin, end) into a buffer per column, in the order of cn_dataset_column. */
CN_API CN_NODISCARD cn_status cn_dataset_read(cn_dataset *d, int64_t begin, int64_t end,
                                              void *const *columns);

/* ---- tables ---------------------------------------------------------------------------------- */

/* What an empty cell, NA or NaN (in any case) is in a column of numbers. */
typedef enum cn_missing {
    CN_MISSING_FAILS, /* the default: a message with file, line and column */
    CN_MISSING_NAN,   /* not a number */
    CN_MISSING_SKIPS, /* its row is left out */
} cn_missing;

/* CSV files (RFC 4180), plain or gzip. A text of `inputs` or `targets` makes one array, of one
 * column or of several that are listed as CSV themselves: a name; a number from 0, from the end if
 * negative; or FIRST..LAST, both included. "0..3", "height,weight", "\"a,b\"". A name that several
 * columns have, and a column listed twice in one array, are refused.
 *
 * Numbers, inf and -inf among them, become float32: integers beyond 2^24 are rounded. A column
 * whose first cell is no number holds texts; a number further down is a mistake then, unless .texts
 * lists the column. A column of texts that is an array of its own becomes int32, its classes,
 * sorted by their bytes; one of several columns of an array becomes those numbers as float32. All
 * columns together have at most 65536 different texts, and 16384 of them texts at all.
 *
 * A header of nothing but numbers is refused, because it is more likely the first row; columns that
 * are chosen by such names say otherwise. */
typedef struct cn_dataset_csv_options {
    cn_context *context;
    const char *path;                /* required */
    const char *inputs[CN_MAX_LIST]; /* default: one array, of all columns that are no targets */
    const char *targets[CN_MAX_LIST];
    const char *texts; /* columns that are texts though they look like numbers */
    bool no_header;
    char separator; /* default: a comma; a tab where the name ends in .tsv or .tsv.gz */
    cn_missing missing;
    const char *const *class_names; /* of the first target, when the file does not decide */
    size_t class_count;
} cn_dataset_csv_options;
CN_API cn_dataset *cn_dataset_csv_at(cn_source where, const cn_dataset_csv_options *options);

/* ---- images ------------------------------------------------------------------------------- */

typedef enum cn_label_mode {
    CN_LABEL_INT,         /* int32 class indices: sparse_categorical_crossentropy */
    CN_LABEL_CATEGORICAL, /* float32 one-hot rows: categorical_crossentropy */
    CN_LABEL_BINARY,      /* float32 [1], 0 or 1, of two classes: binary_crossentropy */
    CN_LABEL_NONE,        /* all images below the folder, without targets */
} cn_label_mode;
typedef enum cn_color_mode { CN_COLOR_RGB, CN_COLOR_GRAYSCALE, CN_COLOR_RGBA } cn_color_mode;
typedef enum cn_interpolation { CN_BILINEAR, CN_NEAREST } cn_interpolation;
typedef enum cn_subset { CN_SUBSET_ALL, CN_SUBSET_TRAINING, CN_SUBSET_VALIDATION } cn_subset;

/* PNG and JPEG files, a folder for each class, sorted by name: [height, width, channels] of 0 to
 * 255. They are resized without antialiasing, read and decoded while training runs, on all
 * processors. The order, and what .subset takes of it, is that of Keras for the same .seed.
 * Symbolic links are refused unless .follow_links; GIF and BMP are not read.
 * Keras: image_dataset_from_directory. */
typedef struct cn_dataset_image_folder_options {
    cn_context *context;
    const char *path;      /* required */
    int64_t image_size[2]; /* height and width; one is both; default: 256 */
    cn_label_mode label_mode;
    cn_color_mode color_mode;
    cn_interpolation interpolation;
    bool crop_to_aspect_ratio;      /* the largest part in the middle, in place of distortion */
    cn_dtype dtype;                 /* default: CN_F32; CN_U8 rounds */
    double scale, offset;           /* of float32: pixel * scale + offset; default: 1 and 0 */
    bool no_shuffle;                /* sorted by path: for predictions */
    int64_t seed;                   /* of the order */
    double validation_split;        /* the share of the images that is for validation */
    cn_subset subset;               /* required with it */
    const char *const *class_names; /* these folders, in this order */
    size_t class_count;
    bool follow_links;
    int64_t max_pixels; /* of an image, of 8 bytes each in its file; default: 2^26 */
} cn_dataset_image_folder_options;
CN_API cn_dataset *cn_dataset_image_folder_at(cn_source where,
                                              const cn_dataset_image_folder_options *options);

/* CIFAR-10 and CIFAR-100 in their binary form, several files one after the other: uint8 images
 * [32, 32, 3] and int32 labels. Only the classes of CIFAR-10 have names. */
typedef struct cn_dataset_cifar_options {
    cn_context *context;
    const char *files[CN_MAX_LIST]; /* required: "data_batch_1.bin", ... */
    int classes;                    /* 10, the default, or 100 */
    bool coarse;                    /* of CIFAR-100: its 20 coarse labels */
} cn_dataset_cifar_options;
CN_API cn_dataset *cn_dataset_cifar_at(cn_source where, const cn_dataset_cifar_options *options);

/* ---- texts -------------------------------------------------------------------------------- */

typedef enum cn_text_unit { CN_TEXT_CHARACTERS, CN_TEXT_WORDS } cn_text_unit;

/* A text file (UTF-8, plain or gzip) as windows of int32 numbers: the input is .sequence_length
 * items, the target those that follow each of them. Characters are code points, numbered in their
 * order; words are those of Keras' TextVectorization: in lower case, without punctuation, 0 for
 * padding, 1 for unknown words, then by frequency. The items are the dataset's classes, so
 * cn_dataset_class_name tells what a number stands for. */
typedef struct cn_dataset_text_options {
    cn_context *context;
    const char *path;        /* required */
    int64_t sequence_length; /* required */
    int64_t sequence_stride; /* from one window to the next; default: 1 */
    cn_text_unit unit;
    bool last_only;                /* the target is only what follows the whole window */
    bool as_written;               /* words keep their case and punctuation */
    int64_t max_tokens;            /* words with numbers, the first two included; default: all */
    const char *const *vocabulary; /* of another text: its items in order; without the two */
    size_t vocabulary_count;
} cn_dataset_text_options;
CN_API cn_dataset *cn_dataset_text_at(cn_source where, const cn_dataset_text_options *options);

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Arrays of .npy, .npz, .safetensors and IDX files (gzip or plain), told by their first bytes; the
 * first axis of each counts samples. Arrays are named, or numbered from 0. */
typedef struct cn_dataset_array_file_options {
    cn_context *context;
    const char *path;                 /* required */
    const char *target_path;          /* default: the targets are in the same file */
    const char *inputs[CN_MAX_LIST];  /* default: all that are no targets */
    const char *targets[CN_MAX_LIST]; /* default: all of .target_path, else none */
} cn_dataset_array_file_options;
CN_API cn_dataset *cn_dataset_array_file_at(cn_source where,
                                            const cn_dataset_array_file_options *options);
/* The same by position, as MNIST comes: images [n, h, w] become [n, h, w, 1] when a model wants a
 * channel. `targets` may be NULL. */
CN_API cn_dataset *cn_dataset_idx(cn_context *c, const char *inputs, const char *targets);

#ifndef __cplusplus
#define cn_dataset_csv(...)                            \
    cn_dataset_csv_at(CN_HERE(cn_dataset_csv_options), \
                      &(cn_dataset_csv_options){.context = __VA_ARGS__})
#define cn_dataset_image_folder(...)                                     \
    cn_dataset_image_folder_at(CN_HERE(cn_dataset_image_folder_options), \
                               &(cn_dataset_image_folder_options){.context = __VA_ARGS__})
#define cn_dataset_cifar(...)                              \
    cn_dataset_cifar_at(CN_HERE(cn_dataset_cifar_options), \
                        &(cn_dataset_cifar_options){.context = __VA_ARGS__})
#define cn_dataset_text(...)                             \
    cn_dataset_text_at(CN_HERE(cn_dataset_text_options), \
                       &(cn_dataset_text_options){.context = __VA_ARGS__})
#define cn_dataset_array_file(...)                                   \
    cn_dataset_array_file_at(CN_HERE(cn_dataset_array_file_options), \
                             &(cn_dataset_array_file_options){.context = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
