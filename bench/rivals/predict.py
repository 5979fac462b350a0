"""Times prediction of the convnet by ONNX Runtime or PyTorch (eager or compiled), on one thread.

    predict.py onnxruntime|torch-eager|torch-compile IMAGES WEIGHTS ANSWERS

Takes the weights that Cornu exported, and speaks with bench/predict_turns.py as the program
bench/artifacts/predict.c does, which says how. Cornu keeps images as height, width, channel; the
rivals as channel, height, width, so kernels are transposed once, when the model is made. Every
rival gets bytes and rescales them itself, and has a model per batch, made for that batch alone.
"""

import json
import os
import statistics
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402

BATCHES = (1, 32)


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: np.frombuffer(data[slice(*t["data_offsets"])], "f4").reshape(t["shape"])
            for name, t in header.items()}


def channels_first(weights):
    """Pairs of kernel and bias, as the rivals want them: kernels (out, in, ...)."""
    layers = {}
    for name in ("conv2d", "conv2d_1", "dense", "garment"):
        kernel = weights[f"{name}/kernel"]
        if name == "dense":  # its rows are a flattened image
            kernel = kernel.reshape(7, 7, 64, 128).transpose(2, 0, 1, 3).reshape(-1, 128)
        order = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        layers[name] = np.ascontiguousarray(kernel.transpose(order)), weights[f"{name}/bias"]
    return layers


def onnx_model(layers, batch):
    from onnx import TensorProto, checker, helper, numpy_helper
    nodes, constants, last = [], [], "image"

    def constant(name, value):
        constants.append(numpy_helper.from_array(value, name))
        return name

    def node(operator, *inputs, **attributes):
        nonlocal last
        result = f"{operator}_{len(nodes)}"
        nodes.append(helper.make_node(operator, [last, *inputs], [result], **attributes))
        last = result

    def layer(operator, name, **attributes):
        kernel, bias = layers[name]
        node(operator, constant(name + "/kernel", kernel), constant(name + "/bias", bias),
             **attributes)

    node("Cast", to=TensorProto.FLOAT)
    node("Mul", constant("scale", np.float32(1 / 255)))
    for name in ("conv2d", "conv2d_1"):
        layer("Conv", name, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        node("Relu")
        node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    node("Flatten")
    layer("Gemm", "dense", transB=1)
    node("Relu")
    layer("Gemm", "garment", transB=1)
    node("Softmax", axis=-1)
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [batch, 1, 28, 28])
    garment = helper.make_tensor_value_info(last, TensorProto.FLOAT, [batch, 10])
    model = helper.make_model(helper.make_graph(nodes, "convnet", [image], [garment], constants),
                              opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model.SerializeToString()


def onnxruntime_ways(layers, images, batch):
    """Calls by setting: arrays in and out, or bound once."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(onnx_model(layers, batch), options,
                                           providers=["CPUExecutionProvider"])
    feed = {"image": images[:batch]}
    names = [session.get_outputs()[0].name]
    answer = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros((batch, 10), "f4"))
    bound = session.io_binding()
    bound.bind_ortvalue_input("image", onnxruntime.OrtValue.ortvalue_from_numpy(feed["image"]))
    bound.bind_ortvalue_output(names[0], answer)

    def run_bound():
        session.run_with_iobinding(bound)
        return answer.numpy()

    def timed_bound():
        session.run_with_iobinding(bound)

    return onnxruntime.__version__, {
        "arrays": (lambda: session.run(names, feed)[0],) * 2,
        "bound": (run_bound, timed_bound)}


def torch_network(layers):
    import torch
    from torch import nn

    class Rescale(nn.Module):
        def forward(self, x):
            return x.float() * (1 / 255)

    network = nn.Sequential(
        Rescale(), nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.25), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10),
        nn.Softmax(-1))
    own = [m for m in network if isinstance(m, (nn.Conv2d, nn.Linear))]
    for module, (kernel, bias) in zip(own, layers.values(), strict=True):
        module.weight.data.copy_(torch.from_numpy(kernel))
        module.bias.data.copy_(torch.from_numpy(bias.copy()))
    return network.eval()


def torch_ways(layers, images, batch, compiled):
    """Calls by setting: both memory formats, and for torch.compile also with frozen weights."""
    torch.set_num_threads(1)
    ways = {}

    def add(setting, memory_format, frozen=False):
        network = torch_network(layers).to(memory_format=memory_format)
        if compiled:
            network = torch.compile(network, dynamic=False)
        image = torch.from_numpy(images[:batch]).contiguous(memory_format=memory_format)

        def call():
            return network(image)
        if compiled:  # an option of torch.compile would come too late for freezing
            from torch._inductor import config
            with config.patch(freezing=frozen):
                call()
        ways[setting] = (lambda: call().numpy(), call)

    add("contiguous", torch.contiguous_format)
    add("channels_last", torch.channels_last)
    if compiled:
        add("channels_last, frozen", torch.channels_last, frozen=True)
    return torch.__version__, ways


def measure(call, milliseconds):
    """Median and least microseconds of a call, and how many calls there were."""
    times, end = [], time.perf_counter_ns() + milliseconds * 1e6
    after = 0
    while after < end:
        before = time.perf_counter_ns()
        call()
        after = time.perf_counter_ns()
        times.append(after - before)
    return statistics.median(times) / 1000, min(times) / 1000, len(times)


def serve(program, version, ways, answers):
    """ways: for each batch, calls by setting, one that gives the answer and one that is timed."""
    settings = list(ways[BATCHES[0]])
    with open(answers, "wb") as file:
        for setting in settings:
            for batch in BATCHES:
                file.write(np.ascontiguousarray(ways[batch][setting][0]()).tobytes())
    print(json.dumps({"program": program, "version": version, "settings": settings}), flush=True)
    for line in sys.stdin:
        setting, batch, milliseconds = (int(word) for word in line.split())
        median, least, calls = measure(ways[batch][settings[setting]][1], milliseconds)
        print(f"{median:.3f} {least:.3f} {calls}", flush=True)


def run(program, images, weights, answers):
    layers = channels_first(read_safetensors(weights))
    images = np.fromfile(images, "u1").reshape(-1, 1, 28, 28)
    ways = {}
    for batch in BATCHES:
        if program == "onnxruntime":
            version, ways[batch] = onnxruntime_ways(layers, images, batch)
        else:
            version, ways[batch] = torch_ways(layers, images, batch, program == "torch-compile")
    serve(program, version, ways, answers)


if sys.argv[1] == "onnxruntime":
    run(*sys.argv[1:])
else:
    import torch
    with torch.inference_mode():
        run(*sys.argv[1:])
