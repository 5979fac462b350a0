/* conv: values by hand in one dimension, and what does not fit. */
#include "evaluate.h"

#define X "%1 = constant {value=[1,2,3,4,5]} : f32[1,5,1]\n"
#define W "%2 = constant {value=[1,10,100]} : f32[3,1,1]\n"
#define CONV(...) "%3 = conv %1, %2 {" #__VA_ARGS__ "} : "

static void forward_by_hand(void **state) {
    workspace *w = *state;
    expect(w, X W "%3 = conv %1, %2 : f32[1,3,1]", "321 432 543");
    expect(w, X W CONV(low = [1], high = [1]) "f32[1,5,1]", "210 321 432 543 54");
    expect(w, X W CONV(strides = [2]) "f32[1,2,1]", "321 543");
    expect(w, X W CONV(dilation = [2]) "f32[1,1,1]", "531");
    expect(w, X W CONV(low = [0], high = [1], strides = [3]) "f32[1,2,1]", "321 54");
}

static void backward_by_hand(void **state) {
    workspace *w = *state;
    const char *y = "%1 = constant {value=[1,0,2]} : f32[1,3,1]\n";
    expect(w,
           arena_format(w->arena, "%s%s%s", y, W,
                        CONV(direction = backward_data, size = [5]) "f32[1,5,1]"),
           "1 10 102 20 200");
    expect(w,
           X "%2 = constant {value=[1,0,2]} : f32[1,3,1]\n"
             "%3 = conv %1, %2 {direction=backward_filter, size=[3]} : f32[3,1,1]",
           "7 10 13");
}

static void groups_keep_channels_apart(void **state) {
    workspace *w = *state;
    expect(w,
           "%1 = constant {value=[1,2,3,4]} : f32[1,2,2]\n%2 = constant {value=[1,10,100,1000]} : "
           "f32[1,1,4]\n"
           "%3 = conv %1, %2 {groups=2} : f32[1,2,4]",
           "1 10 200 2000 3 30 400 4000");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    const char *image = "%1 = constant {value=[1]} : f32[B,28,28,3]\n%2 = constant {value=[1]} : ";
#define REFUSE(filter, attributes, words)                                                    \
    expect_error(w,                                                                          \
                 arena_format(w->arena,                                                      \
                              "%s" filter "\n%%3 = conv %%1, %%2 {" attributes "} : f32[1]", \
                              image),                                                        \
                 words)
    REFUSE("f32[3,3,4,8]", "groups=1", "takes 4 x 1 (groups) channels to 8");
    REFUSE("f32[3,3,1,8]", "groups=3", "3 groups do not divide the 8 output channels");
    REFUSE("f32[3,3,8]", "groups=1", "one type and one rank");
    REFUSE("f64[3,3,3,8]", "groups=1", "one type and one rank");
    REFUSE("f32[30,3,3,8]", "groups=1", "a window of 30 (dilation 1) is longer than the 28");
    REFUSE("f32[3,3,3,8]", "strides=[0,1]", "stride 0");
    REFUSE("f32[3,3,3,8]", "strides=[1]", "need 2 numbers");
    REFUSE("f32[3,3,3,8]", "dilation=[9223372036854775807,1]", "longer than");
    REFUSE("f32[3,3,3,8]", "groups=-1", "groups must be positive");
    REFUSE("f32[3,3,3,8]", "direction=backward_data", "spatial dims of its result");
    REFUSE("f32[B,28,28,8]", "direction=backward_filter, size=[3,3]", "would be 26");
    REFUSE("f32[0,3,3,8]", "groups=1", "must be positive");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(forward_by_hand),
        WITH_WORKSPACE(backward_by_hand),
        WITH_WORKSPACE(groups_keep_channels_apart),
        WITH_WORKSPACE(misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
