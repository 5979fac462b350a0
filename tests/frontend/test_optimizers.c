/* Optimizers against Keras: weights and slots over five steps, every rule under every option it
 * shares; then names, the learning rate between steps, and refusals.
 *
 * A step is a compiled function on the `ref` backend, in float32, with its state donated: what is
 * tested is what training runs.
 */
#include "golden.h"

#include "frontend/optimizers.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

/* ---- two parameters and a step on them ---------------------------------------------------- */

typedef struct subject {
    cn_context *c;
    const char *name;
    cn_optimizer *optimizer;
    cn_tensor weights[2], gradients[2];
    cn_function *step;
} subject;

static cn_array array_of(const golden_tensor *t, float *room) {
    cn_array x = {.data = room, .rank = t->type.rank};
    for (int64_t i = 0; i < t->count; i++)
        room[i] = (float)t->data[i];
    for (int i = 0; i < t->type.rank; i++)
        x.shape[i] = t->type.dims[i].count;
    return x;
}

/* The loss sum(weight * g) has the gradient g. */
static void make_step(subject *s, const json_t *initial) {
    float room[8];
    cn_tensor loss = cn_op_constant(s->c, 0, CN_F32);
    for (size_t i = 0; i < 2; i++) {
        golden_tensor start = golden_read(json_array_get(initial, i), s->c->arena);
        cn_array first = array_of(&start, room);
        s->weights[i] = cn_state(s->c, i == 0 ? "kernel" : "bias", &first);
        s->gradients[i] = record_input(s->c, &start.type);
        cn_tensor product = cn_op_multiply(s->weights[i], s->gradients[i]);
        loss = cn_op_add(loss, cn_op_sum(product, 0, NULL, false));
    }
    cn_updates *updates = cn_minimize(s->optimizer, loss, s->weights, 2);
    s->step = cn_function_new(s->c, {s->gradients[0], s->gradients[1]}, .updates = updates);
    golden_check_context(s->c, s->name);
}

static void take_step(subject *s, const json_t *gradients) {
    float room[2][8];
    cn_array inputs[2];
    for (size_t i = 0; i < 2; i++) {
        golden_tensor g = golden_read(json_array_get(gradients, i), s->c->arena);
        inputs[i] = array_of(&g, room[i]);
    }
    if (cn_function_call(s->step, inputs, NULL) != CN_OK)
        fail_msg("%s: %s", s->name, cn_error_message(s->c));
}

/* Within a few roundings of the weights a step started from. */
static void compare(const subject *s, const char *what, const variable *v, const json_t *want) {
    golden_tensor t = golden_read(want, s->c->arena);
    const float *got = v->data;
    assert_true(shape_equal(&v->type, &t.type));
    for (int64_t i = 0; i < t.count; i++)
        if (!(fabs((double)got[i] - t.data[i]) <= 1e-5 * fabs(t.data[i]) + 1e-6))
            fail_msg("%s: %s[%lld] is %.9g, Keras' is %.9g", s->name, what, (long long)i,
                     (double)got[i], t.data[i]);
}

static void compare_step(subject *s, const json_t *step) {
    const json_t *parameters = json_object_get(step, "parameters");
    const json_t *slots = json_object_get(step, "slots"), *slot;
    size_t i;
    for (i = 0; i < 2; i++)
        compare(s, i == 0 ? "kernel" : "bias", variable_of(s->c, tensor_value(s->weights[i])),
                json_array_get(parameters, i));
    assert_int_equal(json_array_size(slots), s->optimizer->slots.count);
    json_array_foreach(slots, i, slot)
        compare(s, golden_text(slot, "name"), s->optimizer->slots.items[i], slot);
}

/* ---- golden cases ------------------------------------------------------------------------- */

static cn_optimizer *optimizer_of(cn_context *c, const json_t *json) {
    static const struct {
        const char *name;
        cn_optimizer *(*make)(cn_source, const cn_optimizer_options *);
    } kinds[] = {{"SGD", cn_sgd_at},
                 {"Adam", cn_adam_at},
                 {"AdamW", cn_adamw_at},
                 {"RMSprop", cn_rmsprop_at}};
    const json_t *x = json_object_get(json, "config"), *rate = json_object_get(x, "learning_rate");
    const json_t *decay = json_object_get(rate, "ExponentialDecay");
    cn_optimizer_options o = {.context = c,
                              .learning_rate = golden_number(x, "learning_rate", 0),
                              .clipnorm = golden_number(x, "clipnorm", 0),
                              .global_clipnorm = golden_number(x, "global_clipnorm", 0),
                              .clipvalue = golden_number(x, "clipvalue", 0),
                              .weight_decay = golden_number(x, "weight_decay", 0),
                              .momentum = golden_number(x, "momentum", 0),
                              .nesterov = golden_bool(x, "nesterov", false),
                              .beta_1 = golden_number(x, "beta_1", 0),
                              .beta_2 = golden_number(x, "beta_2", 0),
                              .epsilon = golden_number(x, "epsilon", 0),
                              .amsgrad = golden_bool(x, "amsgrad", false),
                              .rho = golden_number(x, "rho", 0),
                              .centered = golden_bool(x, "centered", false)};
    if (decay != NULL)
        o.schedule = cn_exponential_decay(c, golden_number(decay, "initial_learning_rate", 0),
                                          golden_integer(decay, "decay_steps", 0),
                                          golden_number(decay, "decay_rate", 0), false);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, golden_text(json, "optimizer")) == 0)
            return kinds[i].make(CN_HERE(cn_optimizer_options), &o);
    return NULL;
}

/* Accumulation and averages of weights are not options of Cornu's optimizers (yet). */
static bool is_ours(const json_t *json) {
    const json_t *config = json_object_get(json, "config");
    return json_object_get(config, "gradient_accumulation_steps") == NULL &&
           json_object_get(config, "use_ema") == NULL;
}

static void check_case(const json_t *json) {
    subject s = {.c = new_context(), .name = golden_text(json, "name")};
    s.optimizer = optimizer_of(s.c, json);
    make_step(&s, json_object_get(json, "initial"));
    json_t *step;
    size_t i;
    json_array_foreach(json_object_get(json, "steps"), i, step) {
        take_step(&s, json_object_get(step, "gradients"));
        compare_step(&s, step);
    }
    assert_int_equal(*(const int64_t *)s.optimizer->iteration->data, i);
    cn_context_free(s.c);
}

static void optimizers_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("optimizers"), *json;
    size_t i, tested = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (!is_ours(json))
            continue;
        check_case(json);
        tested++;
    }
    assert_int_equal(tested, 65);
    json_decref(file);
}

/* ---- norms that are not finite ------------------------------------------------------------ */

static void a_norm_that_is_not_finite_shows(void **state) {
    (void)state;
    cn_context *c = new_context();
    float start[2] = {1, 2}, slope[2] = {INFINITY, 1};
    cn_array first = {.data = start, .shape = {2}}, given = {.data = slope, .shape = {2}};
    cn_tensor w = cn_state(c, "w", &first), g = record_input(c, tensor_type(w));
    cn_tensor loss = cn_op_sum(cn_op_multiply(w, g), 0, NULL, false);
    cn_optimizer *o = cn_sgd(c, 0.5, .global_clipnorm = 1);
    cn_function *f = cn_function_new(c, {g}, {w}, .updates = cn_minimize(o, loss, &w, 1));
    float before[2];
    cn_array out = {.data = before, .shape = {2}};
    assert_int_equal(cn_function_call(f, &given, &out), CN_OK);
    const float *after = variable_of(c, tensor_value(w))->data;
    assert_true(before[0] == 1 && before[1] == 2);
    assert_true(isnan(after[0]) && isnan(after[1]));
    cn_context_free(c);
}

/* ---- variables and their names ------------------------------------------------------------ */

/* A loss over one weight `name` of its own. */
static cn_tensor loss_of(cn_context *c, const char *name, cn_tensor *w) {
    float one = 1;
    *w = cn_state(c, name, &(cn_array){.data = &one, .shape = {1}});
    return cn_op_sum(cn_op_square(*w), 0, NULL, false);
}

static void variables_have_keras_names_and_order(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor w[2];
    cn_optimizer *first = cn_adam(c, .amsgrad = true), *second = cn_adam(c);
    cn_tensor loss = cn_op_add(loss_of(c, "kernel", &w[0]), loss_of(c, "bias", &w[1]));
    variable_of(c, tensor_value(w[0]))->path = "dense/kernel";
    variable_of(c, tensor_value(w[1]))->path = "dense/bias";
    cn_minimize(first, loss, w, 2);
    cn_minimize(second, loss, w, 2);
    golden_check_context(c, "names");
    static const char *const wanted[] = {
        "adam/dense/kernel/momentum",     "adam/dense/kernel/velocity",
        "adam/dense/bias/momentum",       "adam/dense/bias/velocity",
        "adam/dense/kernel/velocity_hat", "adam/dense/bias/velocity_hat"};
    assert_int_equal(first->slots.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(first->slots.items[i]->path, wanted[i]);
    assert_string_equal(first->iteration->path, "adam/iteration");
    assert_string_equal(first->learning_rate->path, "adam/learning_rate");
    assert_string_equal(second->slots.items[0]->path, "adam_1/dense/kernel/momentum");
    cn_context_free(c);
}

/* ---- the learning rate -------------------------------------------------------------------- */

static void the_learning_rate_can_be_set_between_steps(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor w;
    cn_optimizer *o = cn_sgd(c);
    assert_true(cn_learning_rate(o) == (double)0.01f);
    assert_int_equal(cn_set_learning_rate(o, 0.5), CN_OK);
    cn_function *f = cn_function_new(c, .updates = cn_minimize(o, loss_of(c, "w", &w), &w, 1));
    const float *now = variable_of(c, tensor_value(w))->data;
    assert_int_equal(cn_function_call(f, NULL, NULL), CN_OK);
    assert_true(*now == 0);
    *(float *)variable_of(c, tensor_value(w))->data = 1;
    assert_int_equal(cn_set_learning_rate(o, 0.25), CN_OK);
    assert_true(cn_learning_rate(o) == 0.25);
    assert_int_equal(cn_function_call(f, NULL, NULL), CN_OK);
    assert_true(*now == 0.5f);
    assert_int_equal(cn_set_learning_rate(o, cn_exact(0)), CN_OK);
    assert_true(cn_learning_rate(o) == 0);
    cn_context_free(c);
}

static void a_schedule_drives_the_learning_rate(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor w;
    const cn_schedule *halved =
        cn_piecewise_constant_decay(c, 1, (const int64_t[]){0}, (const double[]){0.5, 0.25});
    cn_optimizer *o = cn_sgd(c, .schedule = halved);
    assert_true(cn_learning_rate(o) == 0.5);
    cn_function *f = cn_function_new(c, .updates = cn_minimize(o, loss_of(c, "w", &w), &w, 1));
    assert_int_equal(cn_function_call(f, NULL, NULL), CN_OK);
    assert_true(cn_learning_rate(o) == 0.25);
    assert_null(o->learning_rate);
    assert_int_equal(cn_set_learning_rate(o, 1), CN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(cn_error_message(c), "sgd: the learning rate follows a schedule"));
    cn_context_free(c);
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void expect_message(cn_context *c, const char *part) {
    if (strstr(cn_error_message(c), part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", cn_error_message(c), part);
    cn_context_free(c);
}

static void wrong_options_are_named(void **state) {
    (void)state;
    cn_context *c = new_context();
    assert_null(cn_sgd(c, .beta_1 = 0.5)->class);
    expect_message(c, "test_optimizers.c:");
    c = new_context();
    cn_adam(c, .momentum = 0.9);
    expect_message(c, "adam has no option .momentum");
    c = new_context();
    cn_adam(c, .clipnorm = 1, .clipvalue = 1);
    expect_message(c, "only one of .clipnorm, .global_clipnorm and .clipvalue");
    c = new_context();
    cn_adam(c, 1e-3, .beta_2 = 1);
    expect_message(c, "adam: .beta_2 is 1; it is at least 0 and below 1");
    c = new_context();
    cn_rmsprop(c, -1);
    expect_message(c, "rmsprop: .learning_rate is -1; it is a number that is not negative");
    c = new_context();
    cn_sgd(c, 0.1, .schedule = cn_exponential_decay(c, 0.1, 10, 0.5, false));
    expect_message(c, ".learning_rate and .schedule are both given");
    assert_true(isnan(cn_learning_rate(cn_sgd(NULL))));
}

static void only_weights_that_learn_are_minimised_over(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor w, loss = loss_of(c, "w", &w);
    cn_minimize(cn_sgd(c), loss, &loss, 1);
    expect_message(c, "sgd: weight 0 to minimise over is f32[]");
    c = new_context();
    loss = loss_of(c, "w", &w);
    cn_updates *u = cn_minimize(cn_sgd(c), loss, &w, 1);
    cn_updates_minimize(u, cn_adam(c), loss, &w, 1);
    expect_message(c, "\"w\" has a new value already");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers_are_keras),
        cmocka_unit_test(a_norm_that_is_not_finite_shows),
        cmocka_unit_test(variables_have_keras_names_and_order),
        cmocka_unit_test(the_learning_rate_can_be_set_between_steps),
        cmocka_unit_test(a_schedule_drives_the_learning_rate),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(only_weights_that_learn_are_minimised_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
