from setuptools import setup

setup(
    name="pt_bench",
    version="0.1.0",
    description="A matrix product, timed with PyTorch",
    packages=["pt_bench"],
    python_requires=">=3.8",
)
