/* Where windows lie: TensorFlow's "same" and "valid". (Values: the layers' tests.) */
#include "golden.h"

#include "frontend/internal_ops.h"

static window2d window(int64_t size, int64_t stride, int64_t dilation, cn_padding padding) {
    return (window2d){{size, size}, {stride, stride}, {dilation, dilation}, padding};
}

static void positions_are_counted(void **state) {
    (void)state;
    static const struct {
        int64_t size, stride, dilation;
        cn_padding padding;
        int64_t extent, positions;
    } rows[] = {{3, 1, 1, CN_VALID, 5, 3}, {3, 2, 1, CN_VALID, 5, 2}, {3, 2, 1, CN_VALID, 6, 2},
                {3, 1, 2, CN_VALID, 5, 1}, {3, 1, 2, CN_VALID, 4, 0}, {9, 1, 1, CN_VALID, 5, 0},
                {3, 1, 1, CN_SAME, 5, 5},  {3, 2, 1, CN_SAME, 5, 3},  {9, 4, 1, CN_SAME, 5, 2},
                {2, 3, 1, CN_SAME, 6, 2},  {1, 5, 1, CN_VALID, 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        window2d w = window(rows[i].size, rows[i].stride, rows[i].dilation, rows[i].padding);
        assert_int_equal(window_positions(&w, 0, rows[i].extent), rows[i].positions);
        assert_int_equal(window_positions(&w, 1, rows[i].extent), rows[i].positions);
    }
}

static cn_tensor row_image(cn_context *c, const float data[4]) {
    return cn_op_array(c, CN_F32, 4, (const int64_t[]){1, 1, 4, 1}, data);
}

/* One row 1 2 3 4 under windows of 3 with the odd cell of padding after. */
static void same_pads_after(void **state) {
    (void)state;
    cn_context *c = golden_context();
    const float data[] = {1, 2, 3, 4}, kernel_data[] = {1, 10, 100};
    window2d w = {{1, 3}, {1, 2}, {1, 1}, CN_SAME}; /* total padding 1: none before */
    cn_tensor x = row_image(c, data);
    golden_expect(op_max_pool2d(x, &w), CN_F32, 3, 4);
    golden_expect(op_average_pool2d(x, &w), CN_F32, 2, 3.5);
    cn_tensor k = cn_op_array(c, CN_F32, 4, (const int64_t[]){1, 3, 1, 1}, kernel_data);
    golden_expect(op_conv2d(x, k, &w, 1), CN_F32, 321, 43);
    cn_context_free(c);
}

static void padding_never_wins_a_maximum(void **state) {
    (void)state;
    cn_context *c = golden_context();
    const float data[] = {-5, -6, -7, -8};
    window2d w = {{1, 3}, {1, 1}, {1, 1}, CN_SAME};
    golden_expect(op_max_pool2d(row_image(c, data), &w), CN_F32, -5, -5, -6, -7);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_are_counted),
        cmocka_unit_test(same_pads_after),
        cmocka_unit_test(padding_never_wins_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
