"""Golden data for `cornu verify`: a small convnet's inputs, weights and every layer's output.

    verify.py OUT_NPZ

tests/golden/keras/verify.npz is what a Keras user writes with numpy.savez from intermediate
outputs. Weights stand in it by their paths: a test fills its model from them. All float32, as
Keras computes by default.
"""

import json
import sys

from common import keras, np

keras.config.set_floatx("float32")
keras.utils.set_random_seed(7)
layers = keras.layers

image = keras.Input((9, 8, 3), name="image")
x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
x = layers.BatchNormalization(name="norm")(x)
x = layers.MaxPooling2D(name="pool")(x)
x = layers.Conv2D(6, 2, name="conv_2")(x)
y = layers.LeakyReLU(name="leaky")(x)
x = layers.Add(name="sum")([x, y])
x = layers.GlobalAveragePooling2D(name="mean")(x)
x = layers.Dropout(0.5, name="dropout")(x)
x = layers.Dense(5, activation="relu", name="hidden")(x)
x = layers.Dense(3, activation="softmax", name="digit")(x)
model = keras.Model(image, x)

rng = np.random.default_rng(3)
for w in model.weights:  # statistics and biases that are not all zeros or ones
    if len(w.shape) == 1:
        w.assign(rng.uniform(0.2, 1.2, w.shape))
images = rng.standard_normal((4, 9, 8, 3)).astype("float32")
inner = [layer for layer in model.layers if layer.name != "image"]
outputs = keras.Model(model.inputs, [layer.output for layer in inner]).predict(images, verbose=0)

np.savez_compressed(
    sys.argv[1],
    image=images,
    **{layer.name: value for layer, value in zip(inner, outputs)},
    **{w.path: np.asarray(w) for w in model.weights},
)

# The weights once more as the command reads them, under the same names.
blocks = {w.path: np.asarray(w).tobytes() for w in model.weights}
header, begin = {}, 0
for w in model.weights:
    end = begin + len(blocks[w.path])
    header[w.path] = {"dtype": "F32", "shape": list(w.shape), "data_offsets": [begin, end]}
    begin = end
text = json.dumps(header).encode()
with open(sys.argv[1].replace(".npz", ".safetensors"), "wb") as file:
    file.write(len(text).to_bytes(8, "little") + text + b"".join(blocks.values()))
