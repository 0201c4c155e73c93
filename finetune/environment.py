"""What glibc and OpenMP read when a process starts, set so that training is fast on a CPU.

In: the process that trains. Out: the same process, started anew with these variables where they are missing.
"""

import os
import sys

# glibc gives memory back to the system after each step and faults it in again: up to 1 GB is kept (all of it would grow
# without end, as sizes vary). OpenMP's threads wait busily for each other: beside other work on the same cores that
# takes most of the time there is.
SURROUNDINGS = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(2**26),
    "MALLOC_ARENA_MAX": "1",
    "OMP_WAIT_POLICY": "passive",
    "GOMP_SPINCOUNT": "0",
}


def settle(module: str) -> None:
    """Start ``python -m module`` with the same arguments anew, unless everything is set; then it returns."""
    missing = {name: value for name, value in SURROUNDINGS.items() if name not in os.environ}
    if missing and sys.platform == "linux":
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], {**os.environ, **missing})
