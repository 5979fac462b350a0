"""Golden values of layers: outputs, gradients of sum(output * cotangent), state after the call."""

from common import Data, array, jax, keras, np, write


def set_weights(layer, data):
    """Arbitrary weights; variances and gammas positive."""
    for w in layer.weights:
        positive = w.name in ("moving_variance", "gamma")
        w.assign(data.positive(*w.shape) if positive else data.normal(*w.shape, scale=0.5))


def tensors(xs):
    """A layer's argument: one tensor, or a list for the merging layers."""
    return xs[0] if len(xs) == 1 else list(xs)


def run(layer, xs, cotangent, training):
    """Outputs, new non-trainable variables, and the gradients by inputs and trainable weights."""
    state = [v.value for v in layer.non_trainable_variables]
    mode = {"training": training} if layer._call_has_training_arg else {}

    def objective(xs, weights):
        y, new_state = layer.stateless_call(weights, state, tensors(xs), **mode)
        return (y * cotangent).sum(), (y, new_state)

    weights = [v.value for v in layer.trainable_variables]
    (loss, (y, new_state)), gradients = jax.value_and_grad(objective, (0, 1), has_aux=True)(
        [jax.numpy.asarray(x) for x in xs], weights)
    return loss, y, new_state, gradients


def layer_case(name, kind, config, xs, seed, training, frozen):
    data = Data(seed)
    layer = getattr(keras.layers, kind)(**config)
    layer.trainable = not frozen
    layer.build(tensors([x.shape for x in xs]))
    set_weights(layer, data)
    before = [array(w.value, w.name) for w in layer.weights]
    shape = layer(tensors(xs)).shape
    cotangent = data.normal(*shape)
    loss, y, new_state, (dx, dw) = run(layer, xs, cotangent, training)
    after = {v.name: s for v, s in zip(layer.non_trainable_variables, new_state)}
    trainable = {v.name: v.value for v in layer.trainable_variables}
    return {
        "name": name, "layer": kind, "config": config, "floatx": "float64",
        "training": training, "trainable": not frozen,
        "inputs": [array(x) for x in xs],
        "weights": before,
        "outputs": [array(y)],
        "cotangent": array(cotangent),
        "loss": float(loss),
        "input_gradients": [array(g) for g in dx],
        "weight_gradients": [array(g, v.name) for v, g in zip(layer.trainable_variables, dw)],
        "weights_after": [array({**trainable, **after}[w.name], w.name) for w in layer.weights],
    }


cases = []


def add(kind, config, *shapes, distinct=False, training=False, frozen=False, tag=None):
    """Appends one case; its name is the layer and a number, or the layer and `tag`."""
    count = sum(case["layer"] == kind for case in cases)
    name = "%s_%s" % (kind, tag or count + 1)
    data = Data(1000 + len(cases))
    if distinct:
        every = data.distinct(sum(int(np.prod(s)) for s in shapes))
        parts = np.split(every, np.cumsum([int(np.prod(s)) for s in shapes])[:-1])
        xs = [part.reshape(s) for part, s in zip(parts, shapes)]
    else:
        xs = [data.normal(*s) for s in shapes]
    cases.append(layer_case(name, kind, config, xs, 2000 + len(cases), training, frozen))


def dense():
    add("Dense", {"units": 4}, (3, 5))
    add("Dense", {"units": 1, "use_bias": False}, (1, 7))
    add("Dense", {"units": 3, "activation": "relu"}, (3, 4))
    add("Dense", {"units": 5, "activation": "softmax"}, (3, 2))
    add("Dense", {"units": 2, "activation": "tanh"}, (2, 3, 4))
    add("Dense", {"units": 17, "use_bias": False, "activation": "sigmoid"}, (1, 2, 9))
    add("Dense", {"units": 3}, (2, 2, 2, 5))


def conv2d():
    kind = "Conv2D"
    add(kind, {"filters": 4, "kernel_size": [3, 3]}, (1, 5, 5, 1))
    add(kind, {"filters": 3, "kernel_size": [3, 3], "padding": "same"}, (3, 4, 5, 2))
    add(kind, {"filters": 2, "kernel_size": [2, 2], "padding": "same"}, (1, 5, 4, 3))
    add(kind, {"filters": 2, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same"},
        (3, 6, 7, 2))
    add(kind, {"filters": 2, "kernel_size": [3, 2], "strides": [2, 1]}, (1, 7, 6, 2))
    add(kind, {"filters": 3, "kernel_size": [2, 3], "strides": [3, 2], "padding": "same",
               "use_bias": False}, (1, 8, 5, 2))
    add(kind, {"filters": 2, "kernel_size": [3, 3], "dilation_rate": [2, 2]}, (1, 7, 7, 2))
    add(kind, {"filters": 2, "kernel_size": [3, 2], "dilation_rate": [2, 1], "padding": "same",
               "activation": "relu"}, (3, 5, 6, 1))
    add(kind, {"filters": 4, "kernel_size": [3, 3], "groups": 2, "padding": "same"}, (1, 4, 4, 6))
    add(kind, {"filters": 6, "kernel_size": [2, 2], "groups": 3, "strides": [2, 2],
               "use_bias": False}, (3, 5, 5, 3))
    add(kind, {"filters": 5, "kernel_size": [1, 1], "activation": "tanh"}, (3, 2, 3, 4))
    add(kind, {"filters": 3, "kernel_size": [4, 4]}, (3, 4, 4, 2))
    add(kind, {"filters": 2, "kernel_size": [1, 1], "strides": [2, 2]}, (1, 4, 5, 3))
    add(kind, {"filters": 2, "kernel_size": [5, 5], "padding": "same"}, (1, 3, 2, 2))


def depthwise():
    kind = "DepthwiseConv2D"
    add(kind, {"kernel_size": [3, 3]}, (1, 5, 5, 2))
    add(kind, {"kernel_size": [3, 3], "depth_multiplier": 2, "padding": "same"}, (3, 4, 5, 2))
    add(kind, {"kernel_size": [2, 2], "strides": [2, 2], "padding": "same", "use_bias": False},
        (1, 5, 5, 3))
    add(kind, {"kernel_size": [3, 2], "dilation_rate": [2, 2], "activation": "relu",
               "depth_multiplier": 3}, (1, 7, 5, 2))
    add(kind, {"kernel_size": [3, 3], "strides": [2, 2], "depth_multiplier": 2}, (3, 6, 7, 1))


def pooling():
    kind = "MaxPooling2D"
    for config, shape in [
            ({}, (3, 4, 4, 2)), ({}, (1, 5, 7, 1)),
            ({"pool_size": [3, 3], "strides": [2, 2], "padding": "same"}, (3, 6, 5, 2)),
            ({"pool_size": [2, 3], "strides": [1, 2]}, (1, 5, 6, 3)),
            ({"pool_size": [2, 2], "padding": "same"}, (1, 5, 3, 2)),
            ({"pool_size": [3, 2], "strides": [1, 1], "padding": "same"}, (1, 3, 4, 2))]:
        add(kind, config, shape, distinct=True)
    kind = "AveragePooling2D"
    for config, shape in [
            ({"pool_size": [2, 2]}, (3, 4, 4, 2)), ({"pool_size": [2, 2]}, (1, 5, 7, 1)),
            ({"pool_size": [3, 3], "strides": [2, 2], "padding": "same"}, (3, 6, 5, 2)),
            ({"pool_size": [2, 3], "strides": [1, 2]}, (1, 5, 6, 3)),
            ({"pool_size": [2, 2], "padding": "same"}, (1, 5, 3, 2)),
            ({"pool_size": [3, 2], "strides": [1, 1], "padding": "same"}, (1, 3, 4, 2))]:
        add(kind, config, shape)
    for kind in ("GlobalAveragePooling2D", "GlobalMaxPooling2D"):
        add(kind, {}, (3, 4, 5, 2), distinct=True)
        add(kind, {"keepdims": True}, (1, 3, 3, 4), distinct=True)
        add(kind, {}, (2, 1, 1, 3), distinct=True)


def movement():
    add("Flatten", {}, (3, 2, 3, 2))
    add("Flatten", {}, (1, 5))
    add("Flatten", {}, (3,), tag="of_scalars")
    add("Reshape", {"target_shape": [3, 4]}, (2, 12))
    add("Reshape", {"target_shape": [-1, 2]}, (3, 2, 5))
    add("Reshape", {"target_shape": [-1]}, (1, 2, 3))
    add("Reshape", {"target_shape": [2, -1, 1]}, (3, 6))
    add("Permute", {"dims": [2, 1]}, (3, 2, 4))
    add("Permute", {"dims": [3, 1, 2]}, (2, 2, 3, 4))
    add("Permute", {"dims": [1, 3, 2]}, (1, 2, 3, 2))
    add("ZeroPadding2D", {}, (1, 3, 2, 2))
    add("ZeroPadding2D", {"padding": [2, 1]}, (3, 2, 2, 1))
    add("ZeroPadding2D", {"padding": [[0, 1], [2, 0]]}, (1, 3, 4, 3))
    add("Rescaling", {"scale": 0.00390625}, (3, 4))
    add("Rescaling", {"scale": 0.5, "offset": -1.0}, (1, 3, 3, 1))
    add("Rescaling", {"scale": -2.0, "offset": 0.25}, (2, 5))


def batch_normalization():
    kind = "BatchNormalization"
    add(kind, {}, (3, 4), training=True, tag="train")
    add(kind, {}, (3, 4), tag="inference")
    add(kind, {"momentum": 0.9, "epsilon": 0.01}, (3, 2, 3, 2), training=True, tag="train_4d")
    add(kind, {"momentum": 0.9, "epsilon": 0.01}, (3, 2, 3, 2), tag="inference_4d")
    add(kind, {"center": False}, (3, 5), training=True, tag="no_center")
    add(kind, {"scale": False, "momentum": 0.5}, (3, 2, 2, 3), training=True, tag="no_scale")
    add(kind, {"center": False, "scale": False}, (2, 3), training=True, tag="no_affine")
    add(kind, {"center": False, "scale": False}, (2, 3), tag="no_affine_inference")
    add(kind, {"axis": 1}, (3, 2, 4, 3), training=True, tag="axis_1")
    add(kind, {"axis": 1}, (3, 2, 4, 3), tag="axis_1_inference")
    add(kind, {"axis": -2}, (3, 2, 4), training=True, tag="axis_minus_2")
    add(kind, {"momentum": 0.0}, (4, 3), training=True, tag="momentum_zero")
    add(kind, {}, (1, 3), training=True, tag="batch_of_one")
    add(kind, {}, (1, 3, 2, 2), training=True, tag="image_of_one")
    add(kind, {}, (3, 4), training=True, frozen=True, tag="frozen")
    add(kind, {}, (3, 2, 2, 3), training=True, frozen=True, tag="frozen_4d")


def activation_layers():
    for name in ("relu", "sigmoid", "linear"):
        add("Activation", {"activation": name}, (3, 4))
    add("Activation", {"activation": "softmax"}, (2, 3, 4))
    add("ReLU", {}, (3, 5))
    add("ReLU", {"max_value": 1.0}, (3, 5))
    add("ReLU", {"negative_slope": 0.1}, (3, 5))
    add("ReLU", {"threshold": 0.5}, (3, 5))
    add("ReLU", {"max_value": 1.5, "negative_slope": 0.25, "threshold": 0.5}, (3, 3, 3, 1))
    add("ReLU", {"max_value": 3.0, "threshold": 1.0}, (3, 5))
    add("LeakyReLU", {}, (3, 5))
    add("LeakyReLU", {"negative_slope": 0.0}, (3, 5))
    add("LeakyReLU", {"negative_slope": 0.125}, (1, 2, 3, 2))
    add("Softmax", {}, (3, 4))
    add("Softmax", {"axis": 1}, (3, 4, 2))
    add("Softmax", {"axis": -2}, (1, 2, 3, 2))
    add("Softmax", {"axis": [1, 2]}, (3, 2, 3))
    add("Softmax", {}, (3, 1))


def dropout():
    add("Dropout", {"rate": 0.5}, (3, 4), tag="inference")
    add("Dropout", {"rate": 0.0}, (3, 4), training=True, tag="rate_zero")
    add("Dropout", {"rate": 0.0}, (1, 2, 2, 3), tag="rate_zero_inference")


def merging():
    for kind in ("Add", "Multiply", "Average", "Maximum"):
        add(kind, {}, (3, 4), (3, 4), distinct=True)
        add(kind, {}, (3, 4), (3, 4), (3, 4), distinct=True)
        add(kind, {}, (3, 2, 4), (3, 1, 4), distinct=True)
        add(kind, {}, (3, 2, 1), (3, 1, 4), (3, 2, 4), distinct=True)
        add(kind, {}, (3, 4), (3, 2, 4), distinct=True, tag="unequal_ranks")
    add("Subtract", {}, (3, 4), (3, 4))
    add("Subtract", {}, (1, 2, 4), (1, 1, 4))
    add("Subtract", {}, (3, 2, 1), (3, 1, 3))
    add("Concatenate", {}, (3, 4), (3, 2))
    add("Concatenate", {"axis": 1}, (3, 2, 3), (3, 1, 3), (3, 3, 3))
    add("Concatenate", {"axis": -2}, (1, 2, 2, 3), (1, 2, 3, 3))
    add("Concatenate", {"axis": 3}, (2, 2, 2, 1), (2, 2, 2, 2))


for family in (dense, conv2d, depthwise, pooling, movement, batch_normalization,
               activation_layers, dropout, merging):
    family()
write("layers", cases)
