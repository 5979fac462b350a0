"""Asks an export through its descriptors, knowing its header alone: prints what main.c prints.

Usage: asks.py model.so model.h
"""

import ctypes
import re
import sys

header = open(sys.argv[2]).read()


def figure(name):
    return re.search(rf"#define MODEL_{name}\S* (.*)", header).group(1)


MESSAGE = int(figure("MESSAGE_BYTES"))
DIMS = int(figure("MOST_DIMS"))
ALIGNMENT = int(figure("ALIGNMENT"))
VARIABLES = int(re.search(r"variables\[(\d+)\]", header).group(1))
F32 = int(re.search(r"MODEL_F32 = (\d+)", header).group(1))
BATCH_ERROR = int(re.search(r"MODEL_ERROR_BATCH = (-\d+)", header).group(1))


class Array(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("shape", ctypes.c_int64 * DIMS)]


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("shape", ctypes.c_int64 * DIMS)]


class Context(ctypes.Structure):
    _fields_ = [("variables", ctypes.c_void_p * VARIABLES), ("kernels", ctypes.c_void_p),
                ("ready", ctypes.c_int32), ("reserved", ctypes.c_int32),
                ("message", ctypes.c_char * MESSAGE)]


class Session(ctypes.Structure):
    _fields_ = [("workspace", ctypes.c_void_p), ("workspace_bytes", ctypes.c_size_t),
                ("parallel_for", ctypes.c_void_p), ("user", ctypes.c_void_p),
                ("workers", ctypes.c_int32), ("reserved", ctypes.c_int32),
                ("message", ctypes.c_char * MESSAGE)]


def describe(function, batch):
    """The only tensor of a table, as an array of floats and its descriptor."""
    count = ctypes.c_int()
    function.restype = ctypes.POINTER(Tensor)
    tensor = function(ctypes.byref(count))[0]
    assert count.value == 1 and tensor.dtype == F32
    shape = [batch if d < 0 else d for d in tensor.shape[:tensor.rank]]
    elements = 1
    for extent in shape:
        elements *= extent
    values = (ctypes.c_float * elements)()
    array = Array(ctypes.addressof(values), F32, tensor.rank, (ctypes.c_int64 * DIMS)(*shape))
    return tensor.name.decode(), values, array


library = ctypes.CDLL(sys.argv[1])
library.model_workspace_bytes.restype = library.model_context_bytes.restype = ctypes.c_size_t
library.model_layout.restype = ctypes.c_uint64
assert library.model_context_bytes() == ctypes.sizeof(Context)
context = Context()
layout = int(re.search(r"UINT64_C\((\w+)\)", figure("LAYOUT")).group(1), 16)
status = library.model_init_as(ctypes.byref(context), library.model_abi(), ctypes.c_uint64(layout),
                               ctypes.c_size_t(ctypes.sizeof(context)))
assert status == 0, context.message

size = library.model_workspace_bytes(1)
memory = ctypes.create_string_buffer(size + ALIGNMENT)
start = ctypes.addressof(memory) + -ctypes.addressof(memory) % ALIGNMENT
session = Session(workspace=start, workspace_bytes=size)
_, image, takes = describe(library.model_inputs, 1)
name, answer, gives = describe(library.model_outputs, 1)
for i in range(len(image)):
    image[i] = ctypes.c_float(i % 256).value / 255
call = (ctypes.byref(context), ctypes.byref(session), ctypes.byref(takes), 1,
        ctypes.byref(gives), 1)
assert library.model_predict_arrays(*call) == 0, session.message
print(f"{name}: " + " ".join(f"{x:.6g}" for x in answer))

takes.shape[0] = gives.shape[0] = 1000
assert library.model_predict_arrays(*call) == BATCH_ERROR
assert b"1000" in session.message, session.message
