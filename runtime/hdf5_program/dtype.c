/* Element types of HDF5 and their names.
 *
 * A type of HDF5 is described bit by bit, so a float is one of ours when its fields are. Only
 * little-endian ones are: what Keras writes everywhere. h5py writes bool as an enumeration of two
 * bytes named FALSE and TRUE, float16 as fields, and bfloat16, which NumPy does not know, as two
 * opaque bytes; HDF5 2 has it as a float with fields.
 */
#include "runtime/hdf5_program/program.h"

#include <string.h>

static const struct {
    const char *name;
    size_t bytes, exponent_bits, mantissa_bits, bias;
} floats[] = {
    {"f2", 2, 5, 10, 15}, {"bf16", 2, 8, 7, 127}, {"f4", 4, 8, 23, 127}, {"f8", 8, 11, 52, 1023}};
enum { FLOATS = sizeof floats / sizeof *floats };

static const char *const integers[] = {"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"};

static const char *float_name(hid_t type) {
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
    if (H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) < 0 ||
        H5Tget_norm(type) != H5T_NORM_IMPLIED || mantissa != 0 || exponent != mantissa_bits)
        return NULL;
    for (size_t i = 0; i < FLOATS; i++)
        if (H5Tget_size(type) == floats[i].bytes && exponent_bits == floats[i].exponent_bits &&
            mantissa_bits == floats[i].mantissa_bits && sign == exponent_bits + mantissa_bits &&
            H5Tget_ebias(type) == floats[i].bias)
            return floats[i].name;
    return NULL;
}

static const char *integer_name(hid_t type) {
    size_t bytes = H5Tget_size(type);
    size_t row = H5Tget_sign(type) == H5T_SGN_2 ? 0 : 4;
    for (size_t i = 0; i < 4; i++)
        if (bytes == (size_t)1 << i)
            return integers[row + i];
    return NULL;
}

static bool is_bool(hid_t type) {
    int8_t no = -1, yes = -1;
    return H5Tget_size(type) == 1 && H5Tget_nmembers(type) == 2 &&
           H5Tenum_valueof(type, "FALSE", &no) >= 0 && H5Tenum_valueof(type, "TRUE", &yes) >= 0 &&
           no == 0 && yes == 1;
}

/* All bits used, in the order of this machine. */
static bool is_plain(hid_t type) {
    size_t bytes = H5Tget_size(type);
    return H5Tget_precision(type) == 8 * bytes && H5Tget_offset(type) == 0 &&
           (bytes == 1 || H5Tget_order(type) == H5T_ORDER_LE);
}

const char *dtype_name(hid_t type) {
    switch (H5Tget_class(type)) {
    case H5T_FLOAT:
        return is_plain(type) ? float_name(type) : NULL;
    case H5T_INTEGER:
        return is_plain(type) ? integer_name(type) : NULL;
    case H5T_ENUM:
        return is_bool(type) ? "bool" : NULL;
    case H5T_OPAQUE:
        return H5Tget_size(type) == 2 ? "V2" : NULL;
    default:
        return NULL;
    }
}

/* ---- the same, the other way ------------------------------------------------------------ */

static hid_t open_half(void) {
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    if (type >= 0 && (H5Tset_fields(type, 15, 10, 5, 0, 10) < 0 || H5Tset_size(type, 2) < 0 ||
                      H5Tset_ebias(type, 15) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

static hid_t open_bool(void) {
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    const int8_t no = 0, yes = 1;
    if (type >= 0 &&
        (H5Tenum_insert(type, "FALSE", &no) < 0 || H5Tenum_insert(type, "TRUE", &yes) < 0)) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

static hid_t open_opaque(void) {
    hid_t type = H5Tcreate(H5T_OPAQUE, 2);
    if (type >= 0 && H5Tset_tag(type, "") < 0) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

hid_t dtype_open(const char *name) {
    const struct {
        const char *name;
        hid_t type;
    } rows[] = {{"f4", H5T_IEEE_F32LE}, {"f8", H5T_IEEE_F64LE}, {"i1", H5T_STD_I8LE},
                {"i2", H5T_STD_I16LE},  {"i4", H5T_STD_I32LE},  {"i8", H5T_STD_I64LE},
                {"u1", H5T_STD_U8LE},   {"u2", H5T_STD_U16LE},  {"u4", H5T_STD_U32LE},
                {"u8", H5T_STD_U64LE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return H5Tcopy(rows[i].type);
    if (strcmp(name, "f2") == 0)
        return open_half();
    if (strcmp(name, "V2") == 0)
        return open_opaque();
    return strcmp(name, "bool") == 0 ? open_bool() : -1;
}
