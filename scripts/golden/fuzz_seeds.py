#!/usr/bin/env python3
"""Seeds of the fuzz targets of file formats: one small valid file of each kind.

    scripts/golden/fuzz_seeds.py FOLDER      (numpy; FOLDER: tests/fuzz)
"""
import gzip
import io
import json
import os
import struct
import sys
import zipfile

import numpy as np

os.chdir(sys.argv[1])


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def npy(x):
    f = io.BytesIO()
    np.save(f, x)
    return f.getvalue()


VALUES = np.arange(6, dtype="f4").reshape(2, 3)
for name, x in {
    "f4": VALUES, "fortran": np.asfortranarray(VALUES), "big": VALUES.astype(">f8"),
    "i2": np.array([-1, 2], "i2"), "bool": np.array([True, False]), "scalar": np.array(7),
    "empty": np.zeros((0, 3)),
}.items():
    put(f"npy/{name}", npy(x))

for dtype, code in {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}.items():
    data = struct.pack(">BBBBII", 0, 0, code, 2, 2, 3) + VALUES.astype(dtype).tobytes()
    put(f"idx/{dtype.strip('>')}", data)
put("idx/gzip", gzip.compress(struct.pack(">BBBBI", 0, 0, 8, 1, 4) + b"abcd", mtime=0))


def safetensors(header, data):
    words = json.dumps(header).encode()
    return struct.pack("<Q", len(words)) + words + data


put("safetensors/two", safetensors({
    "__metadata__": {"format": "pt"},
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "b": {"dtype": "BF16", "shape": [], "data_offsets": [24, 26]}}, bytes(26)))
put("safetensors/none", safetensors({}, b""))


def archive(members, method, mode="w", **options):
    f = io.BytesIO()
    with zipfile.ZipFile(f, mode, method, **options) as z:
        for name, data in members.items():
            z.writestr(zipfile.ZipInfo(name), data, method)
    return f.getvalue()


MEMBERS = {"a.npy": npy(VALUES), "b.npy": npy(np.array(7))}
put("zip/stored", archive(MEMBERS, zipfile.ZIP_STORED))
put("zip/deflated", archive(MEMBERS, zipfile.ZIP_DEFLATED))
put("zip/other", archive({"metadata.json": "{}", "assets/x": ""}, zipfile.ZIP_STORED))
wide = io.BytesIO()
with zipfile.ZipFile(wide, "w") as z, z.open(zipfile.ZipInfo("a.npy"), "w", force_zip64=True) as f:
    f.write(npy(VALUES))
put("zip/wide", wide.getvalue())

put("json/all", '{"a": [1, -2.5e3, true, false, null, "x\\u00e9\\n"], "b": {"c": {}}, "": []}')
put("json/names", '{"a": [NaN, -Infinity, Infinity, "NaN"]}')
put("json/deep", "[" * 64 + "]" * 64)
put("json/too_deep", "[" * 65 + "]" * 65)

put("hdf5/two", json.dumps({
    "datasets": [
        {"path": "layers/dense/vars/0", "dtype": "f4", "shape": [2, 3], "offset": 64, "bytes": 24},
        {"path": "x", "dtype": "V2", "shape": [], "offset": 88, "bytes": 2},
        {"path": "y", "dtype": "bool", "shape": [0, 9], "offset": 0, "bytes": 0}],
    "attributes": [
        {"owner": "x", "name": "dtype", "texts": ["bfloat16"]},
        {"owner": "", "name": "layer_names", "texts": ["a", "b"]}]}))
