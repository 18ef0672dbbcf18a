"""How many texts the sentence encoder takes at a time, and how precisely it multiplies."""

from __future__ import annotations

from dataclasses import dataclass

from studio.engine.text.arithmetic import Arithmetic


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of one arithmetic.

    Attributes
    ----------
    dtype
        In which linear layers multiply; the name of a type of torch.
    tokens_per_batch
        A batch has as many texts of equal length as these tokens allow.
    texts_per_chunk
        Progress, cancelling and the store work between chunks.
    are_side_by_side
        Whether several batches are encoded at a time, each on one thread.
    """

    dtype: str
    tokens_per_batch: int
    texts_per_chunk: int
    are_side_by_side: bool

    def n_texts(self, length: int) -> int:
        """Return the texts of a batch for their length in tokens, padding included."""
        return max(1, self.tokens_per_batch // length)


# A GPU is idle between small batches, and one large batch fills it.
_OF_GPUS = Batches("float16", 16_384, 8_192, are_side_by_side=False)
_BATCHES = {
    Arithmetic.FLOAT32: Batches("float32", 256, 512, are_side_by_side=True),
    Arithmetic.BFLOAT16: Batches("bfloat16", 256, 512, are_side_by_side=True),
    Arithmetic.GPU: Batches("float32", 256, 512, are_side_by_side=True),
    Arithmetic.GPU_FLOAT16: _OF_GPUS,
}


def batches_of(arithmetic: Arithmetic) -> Batches:
    """Return the batches of an arithmetic; vectors depend on their shapes."""
    return _BATCHES[arithmetic]
