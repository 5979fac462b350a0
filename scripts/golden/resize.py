"""Resized images by keras.ops.image.resize, as an array for tests/runtime/io/test_image_resize.c.

Pixel (y, x, c) of the image is (y * 37 + x * 11 + c * 5) ** 2 % 251. Run with Keras on jax.
"""
import sys

import numpy as np
from keras import ops

CASES = [  # height, width, channels, to height, to width, interpolation, crop
    (5, 7, 3, 3, 4, "bilinear", False),
    (5, 7, 1, 11, 8, "bilinear", False),
    (4, 4, 4, 9, 2, "bilinear", False),
    (1, 3, 1, 4, 4, "bilinear", False),
    (5, 7, 3, 3, 4, "nearest", False),
    (6, 10, 1, 4, 5, "nearest", False),
    (3, 2, 1, 7, 7, "nearest", False),
    (5, 9, 1, 4, 4, "bilinear", True),
    (9, 4, 3, 2, 3, "bilinear", True),
    (7, 5, 1, 6, 2, "nearest", True),
]


def picture(height, width, channels):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    return ((y * 37 + x * 11 + c * 5) ** 2 % 251).astype("uint8")


def main(out):
    print("/* Written by scripts/golden/resize.py. */", file=out)
    print("static const float golden_pixels[] = {", file=out)
    rows = []
    for h, w, c, th, tw, how, crop in CASES:
        image = picture(h, w, c).astype("float32")
        got = ops.image.resize(image, (th, tw), interpolation=how, antialias=False,
                               crop_to_aspect_ratio=crop, data_format="channels_last")
        values = np.asarray(got).ravel()
        for i in range(0, len(values), 6):
            print("    " + " ".join(f"{v:.9g}f," if "." in f"{v:.9g}" else f"{v:.9g}.0f,"
                                    for v in values[i:i + 6]), file=out)
        rows.append(f"    {{{h}, {w}, {c}, {th}, {tw}, {int(how == 'nearest')}, {int(crop)}}},")
    print("};\n\nstatic const struct golden_case {", file=out)
    print("    int height, width, channels, to_height, to_width, nearest, crop;", file=out)
    print("} golden_cases[] = {", file=out)
    print("\n".join(rows) + "\n};", file=out)


if __name__ == "__main__":
    main(sys.stdout)
