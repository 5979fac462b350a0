/* Two exports in one program: each has its own names, and answers as if it were alone. */
#include <stdio.h>

#include "left.h"
#include "right.h"

static _Alignas(64) unsigned char left_workspace[LEFT_WORKSPACE_BYTES(1)];
static _Alignas(64) unsigned char right_workspace[RIGHT_WORKSPACE_BYTES(1)];

int main(void) {
    static left_context l;
    static right_context r;
    left_session ls = {.workspace = left_workspace, .workspace_bytes = sizeof left_workspace};
    right_session rs = {.workspace = right_workspace, .workspace_bytes = sizeof right_workspace};
    float image[9 * 8 * 3], kind[3], x[3] = {1, 0.5f, 0.25f}, class[2];
    for (int i = 0; i < 9 * 8 * 3; i++)
        image[i] = (float)(i % 256) / 255.0f;
    if (left_init(&l) != LEFT_OK || right_init(&r) != RIGHT_OK ||
        left_predict(&l, &ls, 1, image, kind) != LEFT_OK ||
        right_predict(&r, &rs, 1, x, class) != RIGHT_OK)
        return 1;
    printf("kind: %.6g %.6g %.6g\n", (double)kind[0], (double)kind[1], (double)kind[2]);
    return LEFT_LAYOUT == RIGHT_LAYOUT ||
           right_init_as(&r, LEFT_ABI, LEFT_LAYOUT, sizeof r) != RIGHT_ERROR_VERSION;
}
