/* What is generic over field tables: a struct with one field of each kind. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "ir/ir.h"
#include "test.h"

typedef struct sample {
    int64_t integer;
    bool flag;
    dim extent;
    double number;
    int choice;
    cn_dtype dtype;
    const char *string;
    integer_list integers;
    dim_list dims;
    byte_string bytes;
    int64_t not_a_field;
} sample;

static const char *const choices[] = {"sum", "max", NULL};
static const attribute_field fields[] = {
    {"integer", FIELD_INTEGER, offsetof(sample, integer), NULL},
    {"flag", FIELD_BOOL, offsetof(sample, flag), NULL},
    {"extent", FIELD_DIM, offsetof(sample, extent), NULL},
    {"number", FIELD_FLOAT, offsetof(sample, number), NULL},
    {"choice", FIELD_ENUM, offsetof(sample, choice), choices},
    {"dtype", FIELD_DTYPE, offsetof(sample, dtype), NULL},
    {"string", FIELD_STRING, offsetof(sample, string), NULL},
    {"integers", FIELD_INTEGERS, offsetof(sample, integers), NULL},
    {"dims", FIELD_DIMS, offsetof(sample, dims), NULL},
    {"bytes", FIELD_BYTES, offsetof(sample, bytes), NULL},
    {0}};
static const attribute_schema schema = {sizeof(sample), fields};

static const float elements[2] = {0.5f, -1};

static sample full(void) {
    return (sample){.integer = -3,
                    .flag = true,
                    .extent = dim_batch(7),
                    .number = 0.1,
                    .choice = 1,
                    .dtype = CN_BF16,
                    .string = "a\"b",
                    .integers = {2, {0, 2}},
                    .dims = {2, {dim_batch(1), dim_of(10)}},
                    .bytes = {sizeof elements, elements},
                    .not_a_field = 5};
}

static const char *printed(workspace *w, const sample *s, cn_dtype bytes_as) {
    text t;
    text_init(&t, w->arena);
    attributes_print(&schema, s, bytes_as, &t);
    return t.data;
}

static void all_kinds_print(void **state) {
    sample s = full();
    assert_string_equal(printed(*state, &s, CN_F32),
                        " {integer=-3, flag=true, extent=7*B, number=0.1, choice=max, dtype=bf16, "
                        "string=\"a\\\"b\", integers=[0,2], dims=[B,10], bytes=[0.5,-1]}");
}

static void defaults_are_left_out(void **state) {
    assert_string_equal(printed(*state, &(sample){0}, CN_F32), "");
    assert_string_equal(printed(*state, &(sample){.number = -0.0}, CN_F32), " {number=-0}");
}

static void bytes_print_as_numbers_of_their_dtype(void **state) {
    static const struct {
        cn_dtype dtype;
        uint8_t bytes[8];
        const char *text;
    } cases[] = {
        {CN_F64, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, "1"},
        {CN_F32, {0, 0, 0x80, 0xff}, "-inf"},
        {CN_F32, {0, 0, 0xc0, 0x7f}, "nan"},
        {CN_F32, {1, 0, 0xc0, 0x7f}, "0x7fc00001"},
        {CN_F16, {0x00, 0x3e}, "1.5"},
        {CN_F16, {0x01, 0x00}, "5.9604645e-8"},
        {CN_BF16, {0x80, 0xbf}, "-1"},
        {CN_I64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, "9223372036854775807"},
        {CN_I32, {0xfe, 0xff, 0xff, 0xff}, "-2"},
        {CN_U32, {0xfe, 0xff, 0xff, 0xff}, "4294967294"},
        {CN_I8, {0x80}, "-128"},
        {CN_U8, {0x80}, "128"},
        {CN_BOOL, {1}, "true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sample s = {.bytes = {(size_t)dtype_bytes(cases[i].dtype), cases[i].bytes}};
        char wanted[64];
        snprintf(wanted, sizeof wanted, " {bytes=[%s]}", cases[i].text);
        assert_string_equal(printed(*state, &s, cases[i].dtype), wanted);
    }
}

static void a_copy_is_equal_and_shares_nothing(void **state) {
    workspace *w = *state;
    sample s = full();
    sample *copy = attributes_copy(&schema, &s, w->arena);
    assert_true(attributes_equal(&schema, &s, copy));
    assert_true(attributes_hash(&schema, &s) == attributes_hash(&schema, copy));
    assert_ptr_not_equal(copy->string, s.string);
    assert_ptr_not_equal(copy->bytes.bytes, s.bytes.bytes);
    assert_int_equal(copy->not_a_field, 0);
    s.not_a_field = 6;
    assert_true(attributes_equal(&schema, &s, copy));
}

static void each_field_counts(void **state) {
    (void)state;
    static const float other[2] = {0.5f, 1};
    sample s = full(), t[10];
    for (int i = 0; i < 10; i++)
        t[i] = s;
    t[0].integer = 0;
    t[1].flag = false;
    t[2].extent.symbolic = false;
    t[3].number = -0.1;
    t[4].choice = 0;
    t[5].dtype = CN_F16;
    t[6].string = "a";
    t[7].integers.items[1] = 1;
    t[8].dims.count = 1;
    t[9].bytes.bytes = other;
    for (int i = 0; i < 10; i++) {
        assert_false(attributes_equal(&schema, &s, &t[i]));
        assert_true(attributes_hash(&schema, &s) != attributes_hash(&schema, &t[i]));
    }
}

static void floats_compare_by_their_bits(void **state) {
    (void)state;
    sample nan1 = {.number = NAN}, nan2 = {.number = NAN};
    sample zero = {.number = 0}, minus = {.number = -0.0};
    assert_true(attributes_equal(&schema, &nan1, &nan2));
    assert_false(attributes_equal(&schema, &zero, &minus));
}

static void a_missing_string_is_an_empty_one(void **state) {
    workspace *w = *state;
    sample none = {0}, empty = {.string = ""};
    assert_true(attributes_equal(&schema, &none, &empty));
    assert_true(attributes_hash(&schema, &none) == attributes_hash(&schema, &empty));
    assert_string_equal(((sample *)attributes_copy(&schema, &none, w->arena))->string, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(all_kinds_print),
        WITH_WORKSPACE(defaults_are_left_out),
        WITH_WORKSPACE(bytes_print_as_numbers_of_their_dtype),
        WITH_WORKSPACE(a_copy_is_equal_and_shares_nothing),
        WITH_WORKSPACE(each_field_counts),
        WITH_WORKSPACE(floats_compare_by_their_bits),
        WITH_WORKSPACE(a_missing_string_is_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
