"""Every layer that Cornu has, with its options: several calls of one class in one model."""

import keras
from keras import activations, initializers, layers, regularizers

# sparsemax stands elsewhere: Cornu's is the published one, and Keras' differs where more than one
# result is not zero.
ACTIVATIONS = [
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish",
    "softmax", "log_softmax", "sigmoid", "log_sigmoid", "hard_sigmoid",
    "sparse_sigmoid", "hard_silu", "tanh", "hard_tanh", "tanh_shrink", "soft_shrink",
    "hard_shrink", "softplus", "sparse_plus", "squareplus", "softsign", "exponential", "glu",
]

KERNEL_INITIALIZERS = [
    initializers.Orthogonal(gain=1.5), initializers.Identity(gain=0.5),
    initializers.GlorotUniform(seed=5), initializers.GlorotNormal(), initializers.LecunUniform(),
    initializers.LecunNormal(), initializers.HeUniform(), initializers.HeNormal(),
]
BIAS_INITIALIZERS = [
    initializers.Zeros(), initializers.Ones(), initializers.Constant(0.25),
    initializers.RandomNormal(mean=0.5, stddev=0.125, seed=3),
    initializers.TruncatedNormal(mean=0.25, stddev=0.5),
    initializers.RandomUniform(minval=-0.25, maxval=0.5),
    initializers.VarianceScaling(scale=2.0, mode="fan_avg", distribution="uniform"),
    initializers.VarianceScaling(scale=0.5, mode="fan_out",
                                 distribution="untruncated_normal", seed=4),
]


def fan(shape, made, dtype="float32", name=None):
    """One input, one output per layer."""
    x = keras.Input(shape, dtype=dtype)
    return keras.Model(x, [layer(x) for layer in made], name=name)


def dense(folder):
    folder.predict("dense", fan((4,), [
        layers.Dense(3, use_bias=False), layers.Dense(2, activation="relu"),
        layers.Dense(3, kernel_regularizer="l2", bias_regularizer=regularizers.L1(0.125)),
        layers.Dense(3, activity_regularizer=regularizers.L1L2(0.25, 0.5)),
        layers.Dense(3, trainable=False, name="frozen"),
        layers.Dense(2, kernel_initializer="he_normal", bias_initializer="ones"),
    ]))
    folder.predict("initializers", fan((3,), [
        layers.Dense(3, kernel_initializer=k, bias_initializer=b)
        for k, b in zip(KERNEL_INITIALIZERS, BIAS_INITIALIZERS)]))


def activation(folder):
    half = len(ACTIVATIONS) // 2
    for part, names in (("a", ACTIVATIONS[:half]), ("b", ACTIVATIONS[half:])):
        folder.predict("activations_" + part,
                       fan((6,), [layers.Activation(name) for name in names]))
    x = keras.Input((6,))
    apart = layers.Rescaling(64.0)(x)
    folder.predict("activation_sparsemax", keras.Model(x, layers.Activation("sparsemax")(apart)))
    folder.predict("activation_objects", fan((4,), [
        layers.Dense(3, activation=layers.LeakyReLU(negative_slope=0.125)),
        layers.Activation(layers.ReLU(max_value=0.5, negative_slope=0.25)),
        layers.Activation(layers.ReLU(threshold=0.25)), layers.Activation(layers.Softmax()),
        layers.Activation(layers.LeakyReLU()),
        layers.Activation(activations.gelu),
    ]))
    folder.predict("activation_layers", fan((4, 3), [
        layers.ReLU(), layers.ReLU(max_value=1.0), layers.ReLU(negative_slope=0.25),
        layers.ReLU(max_value=0.75, negative_slope=0.5, threshold=0.25), layers.ReLU(max_value=0),
        layers.LeakyReLU(), layers.LeakyReLU(negative_slope=0.125),
        layers.Softmax(), layers.Softmax(axis=1), layers.Softmax(axis=-2)]))


def shaping(folder):
    folder.predict("shaping", fan((2, 3, 4), [
        layers.Flatten(), layers.Reshape((6, 4)), layers.Reshape((-1,)), layers.Reshape((4, -1, 2)),
        layers.Permute((2, 1, 3)), layers.Permute((3, 1, 2)),
        layers.Rescaling(0.5), layers.Rescaling(1.0 / 127.5, offset=-1),
        layers.Dropout(0.5), layers.Dropout(0.25, noise_shape=(None, 1, 1, 4), seed=7),
        layers.Dropout(0.0)]))
    folder.predict("rescaling_of_bytes", fan((2, 3), [layers.Rescaling(1 / 255)], "uint8"))
    folder.predict("scalars", fan((), [layers.Flatten(), layers.Rescaling(2.0)]))


def conv(folder):
    folder.predict("conv2d", fan((5, 6, 2), [
        layers.Conv2D(2, 3), layers.Conv2D(2, (2, 3), padding="same"),
        layers.Conv2D(2, 2, strides=2), layers.Conv2D(2, 3, strides=(1, 2), padding="same"),
        layers.Conv2D(2, 2, dilation_rate=2), layers.Conv2D(4, 2, groups=2),
        layers.Conv2D(2, (1, 2), dilation_rate=(1, 3), padding="same", activation="relu"),
        layers.Conv2D(2, 1, use_bias=False, kernel_regularizer="l2", trainable=False),
        layers.Conv2D(1, 5, kernel_initializer="he_uniform", bias_regularizer="l1",
                      activity_regularizer="l2")]))
    folder.predict("depthwise_conv2d", fan((5, 5, 2), [
        layers.DepthwiseConv2D(2), layers.DepthwiseConv2D((3, 2), padding="same"),
        layers.DepthwiseConv2D(2, depth_multiplier=2, strides=2, activation="tanh"),
        layers.DepthwiseConv2D(2, dilation_rate=2, use_bias=False),
        layers.DepthwiseConv2D(3, padding="same", depthwise_regularizer="l1",
                               depthwise_initializer="lecun_normal", trainable=False)]))


def pooling(folder):
    folder.predict("pooling", fan((5, 6, 2), [
        layers.MaxPooling2D(), layers.MaxPooling2D((2, 3)),
        layers.MaxPooling2D(3, strides=1, padding="same"),
        layers.AveragePooling2D(2), layers.AveragePooling2D((3, 2), strides=(2, 1)),
        layers.AveragePooling2D(2, strides=2, padding="same"),
        layers.GlobalAveragePooling2D(), layers.GlobalAveragePooling2D(keepdims=True),
        layers.GlobalMaxPooling2D(), layers.GlobalMaxPooling2D(keepdims=True)]))
    folder.predict("zero_padding2d", fan((2, 3, 2), [
        layers.ZeroPadding2D(), layers.ZeroPadding2D(2), layers.ZeroPadding2D((1, 2)),
        layers.ZeroPadding2D(((0, 1), (2, 0))), layers.ZeroPadding2D(0)]))


def normalization(folder):
    folder.predict("batch_normalization", fan((2, 3, 4), [
        layers.BatchNormalization(), layers.BatchNormalization(axis=1),
        layers.BatchNormalization(axis=-2, momentum=0.5, epsilon=0.125),
        layers.BatchNormalization(center=False), layers.BatchNormalization(scale=False),
        layers.BatchNormalization(center=False, scale=False),
        layers.BatchNormalization(trainable=False), layers.BatchNormalization(momentum=0.0),
        layers.BatchNormalization(gamma_initializer="zeros", beta_initializer="random_normal",
                                  moving_mean_initializer="ones", gamma_regularizer="l2",
                                  beta_regularizer="l1")]))


def merging(folder):
    a, b, c = [keras.Input((2, 3), name=n) for n in "abc"]
    row = keras.Input((1, 3), name="row")
    folder.predict("merging", keras.Model([a, b, c, row], [
        layers.Add()([a, b]), layers.Add()([a, b, c]), layers.Subtract()([a, b]),
        layers.Multiply()([a, b, c]), layers.Average()([a, b, c]), layers.Maximum()([a, c]),
        layers.Concatenate()([a, b]), layers.Concatenate(axis=1)([a, row, c]),
        layers.Concatenate(axis=-2)([row, a]), layers.Add()([a, row]),
        layers.add([b, c]), layers.concatenate([a, b], axis=1), layers.Add()([a, a])]))


def write(folder):
    for family in (dense, activation, shaping, conv, pooling, normalization, merging):
        family(folder)
