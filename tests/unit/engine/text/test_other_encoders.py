"""Encoders of other architectures, and batches for a GPU, with weights drawn at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import AutoTokenizer, DistilBertConfig, DistilBertModel, MPNetConfig, MPNetModel

from studio.engine.progress import Silent
from studio.engine.text import encoder
from studio.engine.text.arithmetic import Arithmetic
from studio.engine.text.batches import batches_of
from studio.engine.text.embedding_store import EmbeddingStore
from studio.engine.text.encoder import encode, unknown_share
from studio.engine.text.processor import arithmetic_here, native_arithmetics

TEXTS = [f"{'very ' * (n % 9)}long request number {n}" for n in range(40)]


def _distilbert(vocab_size: int) -> DistilBertModel:
    shape = {"dim": 12, "n_layers": 3, "n_heads": 2, "hidden_dim": 16}
    return DistilBertModel(DistilBertConfig(vocab_size=vocab_size, **shape))


def _mpnet(vocab_size: int) -> MPNetModel:
    shape = {"hidden_size": 12, "num_hidden_layers": 4, "num_attention_heads": 2}
    return MPNetModel(MPNetConfig(vocab_size=vocab_size, intermediate_size=16, **shape))


@pytest.fixture(scope="module", params=[_distilbert, _mpnet], ids=["distilbert", "mpnet"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save an encoder as sentence-transformers does."""
    parts = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(encoder.encoder_folder()))
    request.param(tokenizer.vocab_size).save_pretrained(parts / "words")
    tokenizer.save_pretrained(parts / "words")
    words = Transformer(str(parts / "words"))
    whole = SentenceTransformer(modules=[words, Pooling(12)], device="cpu")
    whole.save(str(parts / "saved"))
    return parts / "saved"


def vectors_of(
    texts: list[str], folder: Path, arithmetic: Arithmetic = Arithmetic.FLOAT32
) -> npt.NDArray[np.float32]:
    return encode(
        texts,
        store=EmbeddingStore(None),
        n_threads=2,
        progress=Silent(),
        arithmetic=arithmetic,
        folder=folder,
        is_deep=True,
    )


def test_encoder_of_another_architecture_gives_unit_vectors_of_all_its_layers(folder: Path) -> None:
    vectors = vectors_of(TEXTS, folder)
    by_layer = vectors.reshape(len(TEXTS), -1, 12)
    assert by_layer.shape[1] == 4
    np.testing.assert_allclose(np.linalg.norm(by_layer, axis=2), 1, atol=1e-3)
    assert len(np.unique(vectors, axis=0)) == len(TEXTS)
    assert np.array_equal(vectors_of(TEXTS[7:8], folder)[0], vectors[7])
    assert unknown_share(TEXTS, folder) == 0


def test_large_batches_of_a_gpu_give_what_small_ones_give(folder: Path) -> None:
    """A worker without the GPU computes them in float32."""
    small = vectors_of(TEXTS, folder)
    large = vectors_of(TEXTS, folder, Arithmetic.GPU_FLOAT16)
    np.testing.assert_allclose(large, small, atol=2e-3)


def test_gpu_multiplies_in_half_precision_and_takes_many_texts_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert native_arithmetics()[0] is Arithmetic.GPU_FLOAT16
    assert encoder._dtype(Arithmetic.GPU_FLOAT16) is torch.float16
    of_gpu = batches_of(Arithmetic.GPU_FLOAT16)
    assert (of_gpu.n_texts(16), of_gpu.n_texts(128)) == (1024, 128)
    assert batches_of(Arithmetic.BFLOAT16).n_texts(16) == 16


def test_model_that_was_trained_in_float32_on_a_gpu_stays_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert arithmetic_here(Arithmetic.GPU) is Arithmetic.GPU
    assert encoder._dtype(Arithmetic.GPU) is torch.float32
