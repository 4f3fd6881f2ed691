"""Time a matrix product with PyTorch."""

import time

import torch

GREETING = "Hello from pt_bench"


def matmul_gflops(n=64, repeats=3):
    """Return the best rate, in GFLOP/s, of `repeats` products of two n x n matrices."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    a = torch.rand(n, n, device=device)
    b = torch.rand(n, n, device=device)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        c = a @ b
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
        del c
    return 2 * n**3 / best / 1e9
