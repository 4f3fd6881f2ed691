"""Write the stand-in wheels: an index for pip, and those the image ships.

usage: wheels.py INDEX SHIPPED

A wheel has the real project's name, version and requirements. Its code is the
least that a tutorial's scripts call; it runs on NumPy and never on a GPU.
The same input gives the same bytes.
"""

import base64
import hashlib
import os
import sys
import zipfile

NGC_TORCH = "2.3.0a0+40ec155e58.nv24.3"

TORCH = '''"""A stand-in for PyTorch: arrays on NumPy, for the CPU only."""

import numpy as _np

__version__ = {version!r}
__standin__ = True
float32, float64, float16, int64, int32 = _np.float32, _np.float64, _np.float16, _np.int64, _np.int32
float, double, half, long = float32, float64, float16, int64
pi = _np.pi


class Tensor(_np.ndarray):
    """An array with the methods of a tensor that scripts use most."""

    device = "cpu"

    def to(self, *args, **kwargs):
        for a in list(args) + [kwargs.get("device")]:
            device(a)
        return self

    def cpu(self):
        return self

    def cuda(self, *args):
        device("cuda")

    def numpy(self):
        return _np.asarray(self)

    def detach(self):
        return self

    def clone(self):
        return self.copy()

    def size(self, dim=None):
        return self.shape if dim is None else self.shape[dim]

    def matmul(self, other):
        return self @ other

    mm = matmul


def device(name):
    """Check a device name; only the CPU is here."""
    if isinstance(name, str) and not name.startswith("cpu"):
        raise RuntimeError("this stand-in for PyTorch has no device " + name)
    return name


def _shape(size):
    return tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size


def tensor(data, dtype=None, device=None, **kwargs):
    _on(device)
    return _np.array(data, dtype=dtype).view(Tensor)


_on = device


def rand(*size, dtype=float32, device=None, **kwargs):
    _on(device)
    return _random.random(_shape(size)).astype(dtype).view(Tensor)


def randn(*size, dtype=float32, device=None, **kwargs):
    _on(device)
    return _random.standard_normal(_shape(size)).astype(dtype).view(Tensor)


def zeros(*size, dtype=float32, device=None, **kwargs):
    _on(device)
    return _np.zeros(_shape(size), dtype).view(Tensor)


def ones(*size, dtype=float32, device=None, **kwargs):
    _on(device)
    return _np.ones(_shape(size), dtype).view(Tensor)


def arange(*args, dtype=None, device=None, **kwargs):
    _on(device)
    return _np.arange(*args, dtype=dtype).view(Tensor)


def matmul(a, b):
    return a @ b


mm = matmul
_random = _np.random.default_rng()


def manual_seed(seed):
    global _random
    _random = _np.random.default_rng(seed)


def get_num_threads():
    import os

    return os.cpu_count()


class no_grad:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False

    def __call__(self, f):
        return f


class cuda:
    """There are no GPUs for a stand-in."""

    @staticmethod
    def is_available():
        return False

    @staticmethod
    def device_count():
        return 0

    @staticmethod
    def synchronize(*args):
        device("cuda")


class version:
    cuda = {cuda!r}
'''

PLAIN = '''"""A stand-in for {name}: its name and version, and none of its code."""

__version__ = {version!r}
__standin__ = True
'''

CUDA_LIBS = {
    "nvidia-cuda-nvrtc-cu12": "12.1.105",
    "nvidia-cuda-runtime-cu12": "12.1.105",
    "nvidia-cuda-cupti-cu12": "12.1.105",
    "nvidia-cudnn-cu12": "8.9.2.26",
    "nvidia-cublas-cu12": "12.1.3.1",
    "nvidia-cufft-cu12": "11.0.2.54",
    "nvidia-curand-cu12": "10.3.2.106",
    "nvidia-cusolver-cu12": "11.4.5.107",
    "nvidia-cusparse-cu12": "12.1.0.106",
    "nvidia-nvtx-cu12": "12.1.105",
    "nvidia-nvjitlink-cu12": "12.4.127",
}
PINNED = ["%s==%s" % (n, v) for n, v in CUDA_LIBS.items() if n != "nvidia-nvjitlink-cu12"]
COMMON = ["filelock", "typing-extensions", "networkx", "jinja2", "fsspec"]


def index():
    """Yield (name, version, requirements) of everything pip can find."""
    yield "torch", "2.2.2", COMMON + PINNED + ["nvidia-nccl-cu12==2.19.3", "triton==2.2.0"]
    yield "torch", "2.3.0", COMMON + PINNED + ["nvidia-nccl-cu12==2.20.5", "triton==2.3.0"]
    yield "torchvision", "0.17.2", ["numpy", "torch==2.2.2", "pillow!=8.3.*,>=5.3.0"]
    yield "torchaudio", "2.2.2", ["torch==2.2.2"]
    yield "triton", "2.2.0", ["filelock"]
    yield "triton", "2.3.0", ["filelock"]
    yield "nvidia-nccl-cu12", "2.19.3", []
    yield "nvidia-nccl-cu12", "2.20.5", []
    for name, version in CUDA_LIBS.items():
        needs = []
        if name == "nvidia-cudnn-cu12":
            needs = ["nvidia-cublas-cu12"]
        if name in ("nvidia-cusolver-cu12", "nvidia-cusparse-cu12"):
            needs = ["nvidia-nvjitlink-cu12"]
        if name == "nvidia-cusolver-cu12":
            needs += ["nvidia-cublas-cu12", "nvidia-cusparse-cu12"]
        yield name, version, needs
    light = ["PyYAML<8.0,>=5.4", "fsspec<2025.0,>=2022.5.0", "lightning-utilities<2.0,>=0.8.0", "numpy<3.0,>=1.17.2",
             "packaging<25.0,>=20.0", "torch<4.0,>=2.0.0", "torchmetrics<3.0,>=0.7.0", "tqdm<6.0,>=4.57.0", "typing-extensions<6.0,>=4.4.0"]
    yield "lightning", "2.2.2", light + ["pytorch-lightning"]
    yield "pytorch-lightning", "2.2.2", light
    yield "torchmetrics", "1.3.2", ["numpy>1.20.0", "packaging>17.1", "torch>=1.10.0", "lightning-utilities>=0.8.0"]
    yield "lightning-utilities", "0.11.2", ["packaging>=17.1", "setuptools", "typing-extensions"]


def shipped():
    """Yield what the image has installed."""
    yield "torch", NGC_TORCH, COMMON
    yield "torchvision", "0.18.0a0", ["numpy", "torch==" + NGC_TORCH, "pillow!=8.3.*,>=5.3.0"]
    yield "pytorch-triton", "3.0.0+a9bc1a364", ["filelock"]


def code(name, version):
    module = {"pytorch-triton": "triton"}.get(name, name.replace("-", "_"))
    if name == "torch":
        return {"torch/__init__.py": TORCH.replace("{version!r}", repr(version)).replace("{cuda!r}", repr("12.4" if "nv" in version else "12.1"))}
    return {module + "/__init__.py": PLAIN.format(name=name, version=version)}


def write(folder, name, version, requires):
    """Write one wheel, with fixed times and a fixed order."""
    dist = "%s-%s" % (name.replace("-", "_"), version)
    files = code(name, version)
    meta = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version, "Summary: stand-in made by Docent",
            "Requires-Python: >=3.8"] + ["Requires-Dist: " + r for r in requires]
    files[dist + ".dist-info/METADATA"] = "\n".join(meta) + "\n"
    files[dist + ".dist-info/WHEEL"] = "Wheel-Version: 1.0\nGenerator: docent\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = []
    for path, text in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record.append("%s,sha256=%s,%d" % (path, digest, len(text.encode())))
    record.append(dist + ".dist-info/RECORD,,")
    files[dist + ".dist-info/RECORD"] = "\n".join(record) + "\n"
    with zipfile.ZipFile(os.path.join(folder, dist + "-py3-none-any.whl"), "w", zipfile.ZIP_DEFLATED) as z:
        for path, text in sorted(files.items()):
            info = zipfile.ZipInfo(path, (2024, 4, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, text)


if __name__ == "__main__":
    for folder, wheels in ((sys.argv[1], index()), (sys.argv[2], shipped())):
        os.makedirs(folder, exist_ok=True)
        for wheel in wheels:
            write(folder, *wheel)
