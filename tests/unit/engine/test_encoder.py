"""Sentence embeddings out of the installed wheel, and the regular mode of texts that uses them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.engine import encoder
from studio.engine.artifacts import load_artifact, save_artifact
from studio.engine.build import build_cleanset
from studio.engine.columns import ColumnKind
from studio.engine.embedding_store import EmbeddingStore
from studio.engine.encoder import encode, unknown_share
from studio.engine.errors import DataProblem
from studio.engine.ml_task import Mode
from studio.engine.predict import predict_frame
from studio.engine.progress import Cancelled, Silent
from studio.engine.train import train_model
from tests.data_builders import planted_text
from tests.unit.engine.frames import Watcher, table_spec, text_spec

NOWHERE = EmbeddingStore(None)


def test_near_meanings_have_near_vectors() -> None:
    texts = ["My card was stolen", "Someone took my credit card", "Heavy rain is expected tomorrow"]
    vectors = encode(texts, store=NOWHERE, n_threads=1, progress=Silent())
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2] + 0.2


def test_vector_of_a_text_does_not_depend_on_its_company() -> None:
    of_long_words = [f"{'very ' * n}long request number {n}" for n in range(0, 60, 3)]
    of_marks = [f"{'?!' * n} what {n}" for n in range(5, 60, 9)]  # as many characters, far more tokens
    texts = [*of_long_words, *of_marks]
    together = encode([*texts, texts[0]], store=NOWHERE, n_threads=1, progress=Silent())
    alone = np.vstack([encode([text], store=NOWHERE, n_threads=1, progress=Silent()) for text in texts])
    np.testing.assert_allclose(together[:-1], alone, atol=2e-4)
    assert np.array_equal(together[0], together[-1])


def test_of_a_long_text_beginning_and_end_are_read() -> None:
    story = " ".join(["the report describes the weather of the week"] * 100)
    texts = [f"{begin} {story} {middle} {story} {end}" for begin, middle, end in (
        ("Refund my stolen card", "and then", "Sunshine"),
        ("Refund my stolen card", "Bicycles and guitars", "Sunshine"),
        ("Bicycles and guitars", "and then", "Sunshine"),
        ("Refund my stolen card", "and then", "Bicycles and guitars"),
    )]  # fmt: skip
    plain, middle, begin, end = encode(texts, store=NOWHERE, n_threads=2, progress=Silent())
    np.testing.assert_allclose(plain, middle, atol=2e-3)
    assert plain @ begin < 0.99
    assert plain @ end < 0.99


def test_known_texts_are_not_encoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EmbeddingStore(tmp_path / "embeddings.sqlite3")
    first = encode(["one text", "another"], store=store, n_threads=1, progress=Silent())
    monkeypatch.setattr(encoder, "_encode_chunk", lambda *_: pytest.fail("encoded again"))
    again = encode(["another", "one text"], store=store, n_threads=1, progress=Silent())
    assert np.array_equal(first, again[::-1])


def test_inner_layers_stand_behind_the_vector_and_are_kept_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EmbeddingStore(tmp_path / "embeddings.sqlite3")
    texts = ["What a waste of two hours", "A film to fall in love with"]
    plain = encode(texts, store=store, n_threads=1, progress=Silent())
    monkeypatch.setattr(encoder, "_encode_chunk", lambda *_: pytest.fail("encoded again"))
    deep = encode(texts, store=store, n_threads=1, progress=Silent(), is_deep=True)
    assert deep.shape == (2, 4 * 384)
    assert np.array_equal(deep[:, :384], plain)
    np.testing.assert_allclose(np.linalg.norm(deep.reshape(2, 4, 384), axis=2), 1, atol=1e-3)


def test_cancelled_encoding_keeps_its_finished_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_TEXTS_PER_CHUNK", 2)
    store = EmbeddingStore(tmp_path / "embeddings.sqlite3")
    texts = ["a", "bb", "ccc", "dddd"]
    with pytest.raises(Cancelled):
        encode(texts, store=store, n_threads=1, progress=Watcher(stop_at=encoder.STAGE))
    assert set(store.get(texts, is_deep=False)) == {"a", "bb"}


def test_another_file_than_the_expected_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "ENCODER_SHA256", "0" * 64)
    with pytest.raises(DataProblem, match="digest 53aa51172d14…, but 000000000000… was expected"):
        encoder.encoder_folder()


@pytest.fixture(scope="module")
def other_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save an encoder with weights drawn at random and vectors of 24 numbers."""
    import torch
    from sentence_transformers import SentenceTransformer, models
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(encoder.encoder_folder()))
    shape = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=tokenizer.vocab_size, **shape)).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    words = models.Transformer(str(folder / "bert"))
    SentenceTransformer(modules=[words, models.Pooling(24)], device="cpu").save(str(folder / "saved"))
    return folder / "saved"


def test_another_encoder_takes_the_place_of_the_installed_one(other_encoder: Path, tmp_path: Path) -> None:
    planted = planted_text(60, n_wrong=4)
    spec = replace(text_spec(mode=Mode.REGULAR), encoder_folder=other_encoder)
    result = build_cleanset(planted.frame, spec, cache_dir=tmp_path / "cache")
    assert result.embeddings is not None
    assert result.embeddings.shape == (60, 24)
    spec = replace(spec, only_candidates=("layers",))
    model = train_model(planted.frame, planted.frame["label"].tolist(), spec, cache_dir=tmp_path / "cache")
    manifest = save_artifact(model, tmp_path / "model", signing_key=b"key")
    assert manifest.encoder_sha256 == encoder.encoder_sha256(other_encoder) != encoder.ENCODER_SHA256
    loaded = load_artifact(tmp_path / "model", signing_key=b"key")
    assert predict_frame(loaded, planted.frame).pred_probs.shape == (60, 3)


def test_folder_without_an_encoder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"has no model\.safetensors"):
        encode(["a text"], store=NOWHERE, n_threads=1, progress=Silent(), folder=tmp_path)


def test_planted_errors_are_found_in_the_regular_mode_and_a_new_model_reuses_the_vectors(tmp_path: Path) -> None:
    planted = planted_text(60, n_wrong=4)
    spec = text_spec(mode=Mode.REGULAR)
    result = build_cleanset(planted.frame, spec, cache_dir=tmp_path)
    assert result.embeddings is not None
    assert result.embeddings.shape == (60, 384)
    assert len(planted.wrong_rows - set(result.issues["label_issue_score"].nlargest(6).index)) <= 1
    watcher = Watcher()
    kept = planted.frame.drop(index=0)
    model = train_model(kept, kept["label"].tolist(), spec, cache_dir=tmp_path, progress=watcher)
    encoding = [(done, total) for stage, done, total in watcher.calls if stage == encoder.STAGE and total]
    assert encoding
    assert all(done == total for done, total in encoding)
    probe = pd.DataFrame({"text": ["where is my parcel, the courier is late with my tracking"]})
    assert predict_frame(model, probe).suggested_label == ["delivery"]


def test_text_beside_other_columns_is_encoded_too(tmp_path: Path) -> None:
    planted = planted_text(60, n_wrong=4)
    rng = np.random.default_rng(0)
    frame = planted.frame.assign(age=rng.integers(18, 80, 60).astype(str))
    kinds = {"text": ColumnKind.TEXT, "age": ColumnKind.INTEGER}
    spec = replace(table_spec(kinds), mode=Mode.REGULAR)
    result = build_cleanset(frame, spec, cache_dir=tmp_path)
    shares = {row.key: row.weight for row in result.candidates}
    assert shares["both"] > 0
    assert len(planted.wrong_rows - set(result.issues["label_issue_score"].nlargest(6).index)) <= 1
    fast = build_cleanset(frame, replace(spec, mode=Mode.FAST), cache_dir=tmp_path)
    assert "both" not in {row.key for row in fast.candidates}


def test_text_that_the_encoder_cannot_read_is_left_to_its_characters() -> None:
    complaints, praise = ["太慢了", "很难吃", "送错了"], ["很好吃", "很快", "味道足"]
    texts = [f"{part}{place}" for place in range(20) for part in (*complaints, *praise)]
    labels = ["0", "0", "0", "1", "1", "1"] * 20
    watcher = Watcher()
    frame = pd.DataFrame({"text": texts, "label": labels}, dtype=object)
    result = build_cleanset(frame, text_spec(mode=Mode.REGULAR), progress=watcher)
    assert result.embeddings is None
    assert [row.key for row in result.candidates if row.key != "ensemble"] == ["symbols"]
    assert any("The sentence encoder does not know" in line for line in watcher.lines)
    assert unknown_share(["Where is my card?", "Wo ist meine Karte?", "¿Dónde está mi tarjeta?"]) < 0.05
