"""The columns that a model needs, and likely matches in the file for those that are missing.

Similar names are only suggested; the user decides.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from studio.engine.errors import DataProblem
from studio.engine.table.near_names import plain_name

MAX_CANDIDATES = 3
N_NAMED = 10  # column names in one sentence
MIN_RATIO = 0.75  # difflib's, from which two names may differ by a typing mistake
MAX_COMPARISONS = 40_000  # of names; each takes about 20 µs


@dataclass(frozen=True, slots=True)
class MissingColumn:
    """A column that the model reads and the file lacks.

    `asked` is the name expected in the file, which a column map may have changed; `candidates` are
    columns of the file that may be meant.
    """

    name: str
    asked: str
    candidates: tuple[str, ...] = ()


class MissingColumnsProblem(DataProblem):
    """A file lacks columns that the model reads."""

    def __init__(self, missing: Sequence[MissingColumn], present: Sequence[str]) -> None:
        self.missing = tuple(missing)
        self.present = tuple(present)
        if len(self.missing) > 1:
            advice = "Say which columns to use instead, or rename them in the file."
        else:
            advice = "Say which column to use instead, or rename it in the file."
        super().__init__(f"{self.finding()} {advice}")

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # By default, exceptions are unpickled from their message alone.
        return type(self), (self.missing, self.present)

    def finding(self, table: str = "file") -> str:
        """Return the message without its advice; `table` is what the user calls the rows."""
        noun = "columns" if len(self.missing) > 1 else "column"
        missing = some([column.asked for column in self.missing])
        sentences = [f"The {table} has no {noun} {missing}."]
        candidates: dict[str, None] = {}  # each once, in order
        for column in self.missing:
            candidates |= dict.fromkeys(column.candidates)
        if candidates:
            sentences.append(f"It has {some(candidates)}.")
        if self.present and not all(column.candidates for column in self.missing):
            sentences.append(f"Its columns are {some(self.present)}.")
        return " ".join(sentences)


@dataclass(frozen=True, slots=True)
class RequiredColumns:
    """The columns that a model reads, and the names of some of them in the file.

    Raises DataProblem if the map names a column that the model does not read, or uses a column of
    the file twice.
    """

    names: tuple[str, ...] = ()
    column_map: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [name for name in self.column_map if name not in self.names]
        if unknown:
            raise DataProblem(
                f"The model reads no column {some(unknown)}. It reads {some(self.names)}."
            )
        source, n_readers = next(iter(Counter(self.sources).most_common(1)), ("", 0))
        if n_readers > 1:
            readers = [name for name in self.names if self.source(name) == source]
            raise DataProblem(
                f"The column “{source}” of the file cannot be read as {quoted(readers)} at once. "
                "Use another column for each of them."
            )

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that the file must have."""
        return tuple(self.source(name) for name in self.names)

    def source(self, name: str) -> str:
        """Return the column of the file that is read for a column of the model."""
        return self.column_map.get(name, name)

    def check(self, present: Sequence[str]) -> None:
        """Raise MissingColumnsProblem if the file lacks columns."""
        in_file = set(present)
        missing = [name for name in self.names if self.source(name) not in in_file]
        if missing:
            free = [name for name in present if name not in self.sources]
            candidates = likely_columns(missing, free, is_only=len(present) == 1)
            found = [
                MissingColumn(name, self.source(name), candidates.get(name, ())) for name in missing
            ]
            raise MissingColumnsProblem(found, present)

    @property
    def notes(self) -> tuple[str, ...]:
        """A note on columns that are read under another name; empty if there are none."""
        pairs = []
        for name, source in self.column_map.items():
            if source != name:
                pairs.append(f"“{source}” as “{name}”")
        if not pairs:
            return ()
        shown = ", ".join(pairs[:N_NAMED])
        if len(pairs) > N_NAMED:
            shown += f", {len(pairs) - N_NAMED:,} more"
        return (f"Columns of the file were read under another name, as you chose: {shown}.",)


def likely_columns(
    missing: Sequence[str], free: Sequence[str], *, is_only: bool = False
) -> dict[str, tuple[str, ...]]:
    """Return likely matches in the file for missing columns, the likeliest first.

    Names that differ only in case, spaces, Unicode forms or punctuation come before typing
    mistakes. With `is_only`, the file has a single column, which is suggested for a single missing
    one whatever its name.
    """
    found: dict[str, tuple[str, ...]] = {}
    for pairing in (
        partial(_equal_by, key=_spelling),
        partial(_equal_by, key=plain_name),
        _with_typing_mistakes,
    ):
        taken = set(itertools.chain.from_iterable(found.values()))
        open_names = [name for name in missing if name not in found]
        found |= pairing(open_names, [source for source in free if source not in taken])
    if is_only and len(missing) == 1 and not found:
        found[missing[0]] = tuple(free)
    return found


def _equal_by(
    missing: Sequence[str], free: Sequence[str], key: Callable[[str], str]
) -> dict[str, tuple[str, ...]]:
    """Pair names with equal keys, except missing columns that share a key."""
    by_key: dict[str, list[str]] = {}
    for source in free:
        by_key.setdefault(key(source), []).append(source)
    n_missing = Counter(map(key, missing))
    pairs = {}
    for name in missing:
        name_key = key(name)
        if n_missing[name_key] == 1 and name_key in by_key:
            pairs[name] = tuple(by_key[name_key][:MAX_CANDIDATES])
    return pairs


def _spelling(name: str) -> str:
    """Return a name without case, surplus spaces and invisible characters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    visible = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", " ".join(visible.split()))


def _with_typing_mistakes(
    missing: Sequence[str], free: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Pair the most similar names, each at most once."""
    if len(missing) * len(free) > MAX_COMPARISONS:
        return {}
    alike = []
    for name, source in itertools.product(missing, free):
        ratio = _likeness(name, source)
        if ratio >= MIN_RATIO:
            alike.append((ratio, name, source))
    alike.sort(key=lambda pair: -pair[0])
    pairs: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for _, name, source in alike:
        if name not in pairs and source not in taken:
            pairs[name] = (source,)
            taken.add(source)
    return pairs


def _likeness(name: str, other: str) -> float:
    """Return difflib's ratio; 0 if first letters or numbers differ, as in exam_1 and exam_2."""
    letters = plain_name(name)
    other_letters = plain_name(other)
    has_other_numbers = re.findall(r"\d+", letters) != re.findall(r"\d+", other_letters)
    if letters[:1] != other_letters[:1] or has_other_numbers:
        return 0.0
    return difflib.SequenceMatcher(None, letters, other_letters).ratio()


def some(names: Collection[str]) -> str:
    """Return column names for a sentence, of more than ten only the first."""
    listed = list(names)
    if len(listed) <= N_NAMED:
        return quoted(listed)
    shown = ", ".join(f"“{name}”" for name in listed[:N_NAMED])
    return f"{shown} and {len(listed) - N_NAMED:,} more"


def quoted(names: Sequence[str]) -> str:
    """Return column names for a sentence: “a”, “b” and “c”."""
    marked = [f"“{name}”" for name in names]
    if len(marked) == 1:
        return marked[0]
    return f"{', '.join(marked[:-1])} and {marked[-1]}"
