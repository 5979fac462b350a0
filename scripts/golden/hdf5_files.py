#!/usr/bin/env python3
"""HDF5 files for the tests of the reader: what h5py writes, and what must be refused.

    scripts/golden/hdf5_files.py FOLDER      (h5py, numpy, ml_dtypes; FOLDER: tests/runtime/io/hdf5)
"""
import os
import struct
import sys

import h5py
import ml_dtypes
import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
VALUES = np.arange(6, dtype=np.float32).reshape(2, 3)
UTF8 = h5py.string_dtype("utf-8")


def file(name, **options):
    return h5py.File(name + ".h5", "w", **options)


# ---- what must be read ----

with file("types") as f:
    g = f.create_group("layers/dense").create_group("vars")
    g.attrs["name"] = "dense é"
    for i, dtype in enumerate("f4 f8 f2 i8 i4 u4 i1 u1 i2 u2 u8 bool".split()):
        g[str(i)] = (VALUES % 2).astype(dtype)
    brain = g.create_dataset("brain", data=VALUES.astype(ml_dtypes.bfloat16))
    brain.attrs["dtype"] = "bfloat16"
    g["scalar"] = np.int64(-7)
    g["empty"] = np.zeros((0, 3), np.float32)

with file("texts") as f:  # as in the files of Keras before its version 3
    f.attrs["layer_names"] = [b"conv", b"dense_1"]
    f.attrs["fixed"] = np.array([b"ab", b"c"], dtype="S4")
    f.attrs["keras_version"] = "2.15.0"
    f.attrs["count"] = 7
    f.attrs["none"] = np.array([], dtype="S1")
    f.attrs["null"] = h5py.Empty("f4")
    f.attrs["model_config"] = '{"class_name": "Functional", "name": "é"}'
    f.create_group("model_weights/conv").attrs.create("weight_names", ["k:0", "b:0"], dtype=UTF8)

with file("order", track_order=True, libver="latest") as f:
    g = f.create_group("vars", track_order=True)
    for name in "2 10 1".split():
        g[name] = VALUES
    for name in "z a m".split():
        g.attrs[name] = name

with file("many") as f:  # groups with B-trees of more than one node
    for i in range(12):
        f[f"layers/dense_{i}/vars/0"] = np.float32(i)

# ---- what must be refused ----

with file("external_link") as f:
    f["layers"] = h5py.ExternalLink("other.h5", "/layers")
with file("soft_link") as f:
    f["here"] = VALUES
    f["there"] = h5py.SoftLink("/here")
with file("external_storage") as f:
    f.create_dataset("x", (6,), "f4", external=[("/etc/passwd", 0, 24)])
with file("virtual", libver="latest") as f:
    layout = h5py.VirtualLayout((6,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (6,))
    f.create_virtual_dataset("x", layout)
with file("chunked") as f:
    f.create_dataset("x", data=VALUES, chunks=(1, 3))
with file("compressed") as f:
    f.create_dataset("x", data=np.zeros(1000, np.float32), compression="gzip")
with file("compact") as f:
    create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    create.set_layout(h5py.h5d.COMPACT)
    h5py.h5d.create(f.id, b"x", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((6,)), dcpl=create)
with file("without_data") as f:
    f.create_dataset("x", (1 << 40,), "f4")
with file("loop") as f:
    f.create_group("a")["b"] = f["/"]
with file("two_names") as f:
    f["x"] = VALUES
    f["y"] = f["x"]
with file("deep", libver="latest") as f:
    f["/".join("g" * 70)] = VALUES
with file("record") as f:
    f["x"] = np.zeros(3, dtype=[("a", "f4"), ("b", "i4")])
with file("text_data") as f:
    f.create_dataset("x", data=["a", "b"], dtype=UTF8)
with file("big_endian") as f:
    f["x"] = VALUES.astype(">f4")
with file("named_type") as f:
    f["x"] = np.dtype("f4")
with file("not_utf8") as f:
    f.attrs.create("name", b"\xff\xfe", dtype=h5py.string_dtype("utf-8"))


def patched(name, before, after):
    """A dataset of (8, 12) whose header says otherwise."""
    with file(name) as f:
        f["x"] = np.arange(96, dtype=np.float32).reshape(8, 12)
    with open(name + ".h5", "r+b") as f:
        data = f.read()
        assert before in data
        at = data.index(before)
        f.seek(at)
        f.write(after)


patched("huge", struct.pack("<QQ", 8, 12), struct.pack("<QQ", 1 << 40, 12))
patched("too_large", struct.pack("<QQ", 8, 12), struct.pack("<QQ", 9, 12))
