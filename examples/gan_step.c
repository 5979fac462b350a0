/* A generative adversarial network (Goodfellow et al., 2014) on a toy distribution: two models,
 * two optimizers, one compiled function per player, and a loop of one's own.
 *
 * The data are points on a circle of radius 2; the generator turns noise into points. Both steps
 * are functions: outputs (the loss), and updates made by an optimizer for one player's weights.
 */
#include <cornu.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 128, NOISE = 4, STEPS = 3000 };

static cn_model *generator(cn_context *c) {
    return cn_sequential(c, {NOISE}, {cn_dense(c, 64, CN_RELU), cn_dense(c, 64, CN_RELU),
                                      cn_dense(c, 2)}, .name = "generator");
}

static cn_model *critic(cn_context *c) {
    return cn_sequential(c, {2}, {cn_dense(c, 64, CN_LEAKY_RELU), cn_dense(c, 64, CN_LEAKY_RELU),
                                  cn_dense(c, 1)}, .name = "critic");
}

/* Cross-entropy of logits against all ones or all zeros. */
static cn_tensor judged(cn_context *c, cn_tensor logits, bool real) {
    const cn_loss *loss = cn_loss_binary_crossentropy(c, .from_logits = true);
    cn_tensor truth = real ? cn_op_ones_like(logits) : cn_op_zeros_like(logits);
    return cn_loss_apply(loss, truth, logits, CN_END);
}

static float uniform(void) { return (float)rand() / (float)RAND_MAX; }

static void draw(float circle[BATCH][2], float noise[BATCH][NOISE]) {
    for (int i = 0; i < BATCH; i++) {
        float angle = 6.2831853f * uniform();
        circle[i][0] = 2 * cosf(angle);
        circle[i][1] = 2 * sinf(angle);
        for (int k = 0; k < NOISE; k++) noise[i][k] = 2 * uniform() - 1;
    }
}

int main(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.seed = 1});
    cn_model *g = generator(c), *d = critic(c);
    cn_tensor z = cn_input(c, {NOISE}), real = cn_input(c, {2});
    cn_tensor fake = cn_apply(cn_model_layer(g), z);
    cn_tensor says_fake = cn_apply(cn_model_layer(d), fake);
    cn_tensor says_real = cn_apply(cn_model_layer(d), real);

    cn_tensor trust = judged(c, says_real, true), doubt = judged(c, says_fake, false);
    cn_tensor d_loss = cn_op_add(trust, doubt);
    cn_tensor g_loss = judged(c, says_fake, true);
    cn_tensor d_weights[8], g_weights[8];
    size_t d_count = cn_model_weights(d, true, d_weights, 8);
    size_t g_count = cn_model_weights(g, true, g_weights, 8);
    cn_function *d_step = cn_function_new(c, .inputs = {real, z}, .outputs = {d_loss},
        .training = true,
        .updates = cn_minimize(cn_adam(c, 1e-3, .beta_1 = 0.5), d_loss, d_weights, d_count));
    cn_function *g_step = cn_function_new(c, .inputs = {z}, .outputs = {g_loss, fake},
        .training = true,
        .updates = cn_minimize(cn_adam(c, 1e-3, .beta_1 = 0.5), g_loss, g_weights, g_count));

    static float circle[BATCH][2], noise[BATCH][NOISE], points[BATCH][2];
    float d_value = 0, g_value = 0;
    cn_array circle_in = {.data = circle, .shape = {BATCH, 2}};
    cn_array noise_in = {.data = noise, .shape = {BATCH, NOISE}};
    cn_array d_out = {.data = &d_value};
    cn_array g_out[] = {{.data = &g_value}, {.data = points, .shape = {BATCH, 2}}};
    cn_status s = cn_error_status(c);
    for (int step = 0; s == CN_OK && step < STEPS; step++) {
        draw(circle, noise);
        s = cn_function_call(d_step, (cn_array[]){circle_in, noise_in}, &d_out);
        if (s == CN_OK) s = cn_function_call(g_step, &noise_in, g_out);
        if (step % 1000 == 0)
            printf("step %4d: critic %.3f generator %.3f\n", step, (double)d_value,
                   (double)g_value);
    }

    double radius = 0;
    for (int i = 0; i < BATCH; i++) radius += hypot((double)points[i][0], (double)points[i][1]);
    if (s == CN_OK)
        printf("mean radius of generated points %.2f (data: 2.00)\n", radius / (double)BATCH);
    else fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK ? 0 : 1;
}
