// The header of an export in C++: predictions for a ramp, printed as main.c prints them.
#include <cstdio>
#include <vector>

#include "model.h"

namespace {
alignas(MODEL_ALIGNMENT) unsigned char workspace[MODEL_WORKSPACE_BYTES(1)];
} // namespace

int main() {
    model_context context{};
    model_session session{};
    session.workspace = workspace;
    session.workspace_bytes = sizeof workspace;
    std::vector<float> image(9 * 8 * 3), kind(3);
    for (std::size_t i = 0; i < image.size(); i++)
        image[i] = static_cast<float>(i % 256) / 255.0f;
    if (model_init(&context) != MODEL_OK ||
        model_predict(&context, &session, 1, image.data(), kind.data()) != MODEL_OK) {
        std::printf("%s %s\n", context.message, session.message);
        return 1;
    }
    std::printf("kind: %.6g %.6g %.6g\n", static_cast<double>(kind[0]),
                static_cast<double>(kind[1]), static_cast<double>(kind[2]));
    return model_predict(&context, &session, 0, image.data(), kind.data()) != MODEL_ERROR_BATCH;
}
