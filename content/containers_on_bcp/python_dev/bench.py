"""Greet, then report the speed of a matrix product."""

import pt_bench

print(pt_bench.GREETING)
print(f"imported from {pt_bench.__file__}")
print(f"{pt_bench.matmul_gflops():.3f} GFLOP/s")
