"""Sentence embeddings out of the installed wheel, and the regular mode of texts that uses them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from studio.engine.errors import DataProblem
from studio.engine.features.text import SentenceFeatures
from studio.engine.ml_task import Mode
from studio.engine.progress import Cancelled, Silent
from studio.engine.recipes.artifacts import load_artifact, save_artifact
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.runtime.cache import Cache
from studio.engine.runtime.resources import Resources
from studio.engine.stages import ENCODING_TEXT
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind
from studio.engine.text import encoder
from studio.engine.text.arithmetic import Arithmetic
from studio.engine.text.batches import batches_of
from studio.engine.text.embedding_store import EmbeddingStore
from studio.engine.text.encoder import encode, unknown_share
from tests.data_builders import planted_text
from tests.unit.engine.frames import Watcher, table_spec, text_spec

NOWHERE = EmbeddingStore(None)


@pytest.fixture(params=[Arithmetic.FLOAT32, Arithmetic.BFLOAT16])
def arithmetic(request: pytest.FixtureRequest) -> Arithmetic:
    """Each arithmetic of processors, emulated where the processor has it not."""
    return Arithmetic(request.param)


@pytest.fixture
def _machine(arithmetic: Arithmetic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this a machine that has only that arithmetic."""
    monkeypatch.setattr("studio.engine.text.processor.native_arithmetics", lambda: (arithmetic,))


def vectors_of(
    texts: list[str],
    arithmetic: Arithmetic,
    *,
    store: EmbeddingStore = NOWHERE,
    n_threads: int = 1,
    is_deep: bool = False,
) -> npt.NDArray[np.float32]:
    return encode(
        texts,
        store=store,
        n_threads=n_threads,
        progress=Silent(),
        arithmetic=arithmetic,
        is_deep=is_deep,
    )


def test_near_meanings_have_near_vectors(arithmetic: Arithmetic) -> None:
    texts = ["My card was stolen", "Someone took my credit card", "Heavy rain is expected tomorrow"]
    vectors = vectors_of(texts, arithmetic)
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2] + 0.2


def test_vector_of_a_text_does_not_depend_on_its_company(arithmetic: Arithmetic) -> None:
    of_long_words = [f"{'very ' * n}long request number {n}" for n in range(0, 60, 3)]
    of_marks = [
        f"{'?!' * n} what {n}" for n in range(5, 60, 9)
    ]  # as many characters, far more tokens
    texts = [*of_long_words, *of_marks]
    together = vectors_of([*texts, texts[0]], arithmetic, is_deep=True)
    for row in (0, 7, len(texts) - 1):
        alone = vectors_of([texts[row]], arithmetic, is_deep=True)
        assert np.array_equal(together[row], alone[0])
    some = np.random.default_rng(0).permutation(len(texts))[:14]
    others = vectors_of([texts[row] for row in some], arithmetic, n_threads=3, is_deep=True)
    assert np.array_equal(together[some], others)
    assert np.array_equal(together[0], together[-1])


def test_full_batch_of_equally_long_texts_gives_what_a_mixed_one_gives(
    arithmetic: Arithmetic,
) -> None:
    exactly_sixteen_tokens = [
        f"{word} " + "very " * 13 for word in ("card", "rain", "money", "house")
    ]
    full = vectors_of(
        [f"{text} {place}" for place in "abcdefghij" for text in exactly_sixteen_tokens], arithmetic
    )
    mixed = vectors_of(
        [f"{exactly_sixteen_tokens[2]} a", "a much shorter one than that of course"], arithmetic
    )
    assert np.array_equal(full[2], mixed[0])


def test_partly_filled_store_gives_what_an_empty_one_gives(
    arithmetic: Arithmetic, tmp_path: Path
) -> None:
    texts = [f"{'please ' * (n % 7)}send request {n}" for n in range(24)]
    store = EmbeddingStore(tmp_path / "embeddings.sqlite3")
    vectors_of(texts[::3], arithmetic, store=store)
    assert np.array_equal(vectors_of(texts, arithmetic, store=store), vectors_of(texts, arithmetic))


def test_arithmetics_agree_in_what_they_say() -> None:
    texts = ["My card was stolen", "Heavy rain is expected tomorrow", "a " * 40 + "long story"]
    exact, quick = (
        vectors_of(texts, arithmetic) for arithmetic in (Arithmetic.FLOAT32, Arithmetic.BFLOAT16)
    )
    assert (np.einsum("ij,ij->i", exact, quick) > 0.9995).all()
    assert not np.array_equal(exact, quick)


def test_features_of_another_arithmetic_are_kept_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = Table.of(pd.DataFrame({"text": ["My card was stolen"]}, dtype=object), ["text"])
    resources = Resources(Cache(tmp_path))
    keys, matrices = set(), []
    for native in (Arithmetic.BFLOAT16, Arithmetic.FLOAT32):
        monkeypatch.setattr(
            "studio.engine.text.processor.native_arithmetics", lambda native=native: (native,)
        )
        features = SentenceFeatures("text", None, None)
        keys.add(features.signature)
        matrices.append(np.asarray(features.transform(table, resources)))
    assert len(keys) == len(list(tmp_path.glob("embeddings-*.sqlite3"))) == 2
    assert not np.array_equal(*matrices)


def test_of_a_long_text_beginning_and_end_are_read(arithmetic: Arithmetic) -> None:
    story = " ".join(["the report describes the weather of the week"] * 100)
    texts = [f"{begin} {story} {middle} {story} {end}" for begin, middle, end in (
        ("Refund my stolen card", "and then", "Sunshine"),
        ("Refund my stolen card", "Bicycles and guitars", "Sunshine"),
        ("Bicycles and guitars", "and then", "Sunshine"),
        ("Refund my stolen card", "and then", "Bicycles and guitars"),
    )]  # fmt: skip
    plain, middle, begin, end = vectors_of(texts, arithmetic, n_threads=2)
    assert np.array_equal(plain, middle)
    assert plain @ begin < 0.99
    assert plain @ end < 0.99


def test_known_texts_are_not_encoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EmbeddingStore(tmp_path / "embeddings.sqlite3")
    first = vectors_of(["one text", "another"], Arithmetic.FLOAT32, store=store)
    monkeypatch.setattr(encoder, "_encode_chunk", lambda *_: pytest.fail("encoded again"))
    again = vectors_of(["another", "one text"], Arithmetic.FLOAT32, store=store)
    assert np.array_equal(first, again[::-1])


def test_inner_layers_follow_the_vector_and_are_stored_with_it(
    arithmetic: Arithmetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EmbeddingStore(tmp_path / "embeddings.sqlite3")
    texts = ["What a waste of two hours", "A film to fall in love with"]
    plain = vectors_of(texts, arithmetic, store=store)
    monkeypatch.setattr(encoder, "_encode_chunk", lambda *_: pytest.fail("encoded again"))
    deep = vectors_of(texts, arithmetic, store=store, is_deep=True)
    assert deep.shape == (2, 4 * 384)
    assert np.array_equal(deep[:, :384], plain)
    np.testing.assert_allclose(np.linalg.norm(deep.reshape(2, 4, 384), axis=2), 1, atol=1e-3)


def test_cancelled_encoding_keeps_its_finished_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_at_a_time = replace(batches_of(Arithmetic.FLOAT32), texts_per_chunk=2)
    monkeypatch.setattr(encoder, "batches_of", lambda _: two_at_a_time)
    store = EmbeddingStore(tmp_path / "embeddings.sqlite3")
    texts = ["a", "bb", "ccc", "dddd"]
    with pytest.raises(Cancelled):
        encode(
            texts,
            store=store,
            n_threads=1,
            progress=Watcher(stop_at=ENCODING_TEXT),
            arithmetic=Arithmetic.FLOAT32,
        )
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
    shape = {
        "hidden_size": 24,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }
    BertModel(BertConfig(vocab_size=tokenizer.vocab_size, **shape)).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    words = models.Transformer(str(folder / "bert"))
    SentenceTransformer(modules=[words, models.Pooling(24)], device="cpu").save(
        str(folder / "saved")
    )
    return folder / "saved"


@pytest.mark.usefixtures("_machine")
def test_another_encoder_takes_the_place_of_the_installed_one(
    other_encoder: Path, tmp_path: Path, arithmetic: Arithmetic
) -> None:
    planted = planted_text(60, n_wrong=4)
    spec = replace(text_spec(mode=Mode.REGULAR), encoder_folder=other_encoder)
    result = build_cleanset(planted.frame, spec, cache_dir=tmp_path / "cache")
    assert result.embeddings is not None
    assert result.embeddings.shape == (60, 24)
    spec = replace(spec, only_candidates=("layers",))
    model = train_model(
        planted.frame, planted.frame["label"].tolist(), spec, cache_dir=tmp_path / "cache"
    )
    manifest = save_artifact(model, tmp_path / "model", signing_key=b"key")
    assert (
        manifest.encoder_sha256 == encoder.encoder_sha256(other_encoder) != encoder.ENCODER_SHA256
    )
    assert manifest.arithmetic == arithmetic
    loaded = load_artifact(tmp_path / "model", signing_key=b"key")
    assert loaded.arithmetic is arithmetic
    assert predict_frame(loaded, planted.frame).pred_probs.shape == (60, 3)


def test_folder_without_an_encoder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"has no model\.safetensors"):
        encode(
            ["a text"],
            store=NOWHERE,
            n_threads=1,
            progress=Silent(),
            arithmetic=Arithmetic.FLOAT32,
            folder=tmp_path,
        )


@pytest.mark.usefixtures("_machine")
def test_planted_errors_are_found_in_the_regular_mode_and_a_new_model_reuses_the_vectors(
    tmp_path: Path,
) -> None:
    planted = planted_text(60, n_wrong=4)
    spec = text_spec(mode=Mode.REGULAR)
    result = build_cleanset(planted.frame, spec, cache_dir=tmp_path)
    assert result.embeddings is not None
    assert result.embeddings.shape == (60, 384)
    assert len(planted.wrong_rows - set(result.issues["label_issue_score"].nlargest(6).index)) <= 1
    watcher = Watcher()
    kept = planted.frame.drop(index=0)
    model = train_model(kept, kept["label"].tolist(), spec, cache_dir=tmp_path, progress=watcher)
    encoding = [
        (done, total) for stage, done, total in watcher.calls if stage == ENCODING_TEXT and total
    ]
    assert encoding
    assert all(done == total for done, total in encoding)
    probe = pd.DataFrame({"text": ["where is my parcel, the courier is late with my tracking"]})
    assert predict_frame(model, probe).suggested_label == ["delivery"]


@pytest.mark.usefixtures("_machine")
def test_text_beside_other_columns_is_encoded_too(tmp_path: Path) -> None:
    planted = planted_text(60, n_wrong=4)
    rng = np.random.default_rng(0)
    frame = planted.frame.assign(age=rng.integers(18, 80, 60).astype(str))
    kinds = {"text": ColumnKind.TEXT, "age": ColumnKind.INTEGER}
    spec = replace(table_spec(kinds), mode=Mode.REGULAR)
    result = build_cleanset(frame, spec, cache_dir=tmp_path)
    assert "both" in {row.key for row in result.candidates}
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
    tried = {row.key for row in result.candidates}
    assert tried == {"symbols", "symbols-bayes", "ensemble"}
    assert any("The sentence encoder does not know" in line for line in watcher.lines)
    assert (
        unknown_share(["Where is my card?", "Wo ist meine Karte?", "¿Dónde está mi tarjeta?"])
        < 0.05
    )
