"""Which arithmetic this machine is quick at."""

from __future__ import annotations

from studio.engine.text.arithmetic import Arithmetic


def native_arithmetics() -> tuple[Arithmetic, ...]:
    """Return what this machine computes at full speed, the quickest first.

    A processor that does not multiply bfloat16 natively takes seven times as long for it as for
    float32.
    """
    import torch

    if torch.cuda.is_available():
        return Arithmetic.GPU_FLOAT16, Arithmetic.GPU
    known = torch.cpu.get_capabilities()
    if known.get("avx512_bf16") or known.get("amx_bf16"):
        return Arithmetic.BFLOAT16, Arithmetic.FLOAT32
    return (Arithmetic.FLOAT32,)


def arithmetic_here(wanted: Arithmetic | None) -> Arithmetic:
    """Return the wanted arithmetic if this machine has it, else the one that it is quickest at."""
    native = native_arithmetics()
    if wanted in native:
        return wanted
    return native[0]
