"""Finds the encoding of a text file: UTF-8 by the scan, others by how well their letters fit a
language.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from projects.readers.encoding_guess import EncodingGuess, ranked
from projects.readers.encoding_names import ENCODING_NAMES, checked_encoding
from projects.readers.scan import TextScan, scan_text
from projects.readers.source import DataFile
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

_SAMPLE_BYTES = 16 * 1024  # of lines with letters beyond ASCII, from which the encoding is guessed
_WORST_FIT = -2.0  # a worse fit is hardly a text in that encoding
_CLOSE_FIT = 0.3  # an encoding that fits worse by no more than this may be the right one
_NAME_IT = "Name its encoding, or save the file as UTF-8."


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """The scan of the file in the encoding that decodes all of it, with notes for the user."""

    scan: TextScan
    notes: tuple[str, ...] = ()
    is_guess: bool = False

    @property
    def codec(self) -> str:
        """Python's name for the encoding."""
        return self.scan.codec


def find_encoding(file: DataFile, progress: Progress, *, asked: str | None = None) -> TextEncoding:
    """Find the encoding in which every byte can be decoded and there is no NUL."""
    scan = file.scan
    if scan.is_certain:
        _refuse_undecodable(scan)
        is_obvious = asked is not None or scan.codec == "utf-8-sig"
        notes = () if is_obvious else (f"Read as {ENCODING_NAMES[scan.codec]}.",)
        return TextEncoding(scan, notes)
    _refuse_binary(scan.start, file.name)
    if scan.fault is None:
        return TextEncoding(scan)
    _refuse_nul(scan)
    _refuse_damaged_parquet(file.name)
    _refuse_broken_utf8(scan)
    return _guessed(file.path, scan.fault.line, progress)


def _refuse_undecodable(scan: TextScan) -> None:
    _refuse_nul(scan)
    if scan.fault is not None:
        raise DataProblem(
            f"Line {scan.fault.line:,} cannot be decoded as {ENCODING_NAMES[scan.codec]}."
            f" {_NAME_IT}"
        )


def _refuse_nul(scan: TextScan) -> None:
    if scan.fault is not None and scan.fault.is_nul:
        raise DataProblem(
            f"Line {scan.fault.line:,} holds a NUL byte, which text files do not have. "
            "The file may be damaged or binary; save it again as CSV in UTF-8."
        )


def _refuse_broken_utf8(scan: TextScan) -> None:
    """Refuse a UTF-8 file with a few invalid bytes: no other encoding fits the rest of it."""
    if scan.fault is not None and scan.n_multibyte > scan.n_stray:
        raise DataProblem(
            f"Line {scan.fault.line:,} holds bytes that are not UTF-8, although the rest of the"
            " file is. Correct that line and save the file as UTF-8."
        )


def _refuse_binary(start: bytes, filename: str) -> None:
    if b"\0" not in start:
        return
    _refuse_damaged_parquet(filename)
    raise DataProblem(
        f"{filename} looks like a binary file, not a table. Use a CSV, JSON, XLSX or Parquet file."
    )


def _refuse_damaged_parquet(filename: str) -> None:
    """Refuse a file that is named as Parquet but is neither Parquet nor text."""
    if filename.lower().endswith((".parquet", ".parq", ".pq")):
        raise DataProblem(
            f"{filename} does not begin like a Parquet file; it may be damaged. Write it again and"
            " use that."
        )


def _guessed(path: Path, line: int, progress: Progress) -> TextEncoding:
    """Return the best-fitting encoding that decodes the whole file."""
    guesses = [guess for guess in ranked(_lines_beyond_ascii(path)) if guess.fit > _WORST_FIT]
    for best in guesses:
        scan = scan_text(path, checked_encoding(best.codec), progress)
        _refuse_nul(scan)
        if scan.fault is None:
            return TextEncoding(scan, (_guess_note(best, guesses),), is_guess=True)
    raise DataProblem(
        f"Line {line:,} holds bytes that are not UTF-8, and no other encoding makes words of them."
        f" {_NAME_IT}"
    )


def _guess_note(best: EncodingGuess, guesses: list[EncodingGuess]) -> str:
    rivals = {
        ENCODING_NAMES[checked_encoding(guess.codec)]: guess.text
        for guess in guesses
        if guess.fit > best.fit - _CLOSE_FIT and guess.text != best.text
    }
    note = (
        f"Read as {ENCODING_NAMES[checked_encoding(best.codec)]}, because the file is not UTF-8"
        " and "
    )
    if not rivals:
        return note + "its letters make the most sense so."
    return (
        note
        + f"its letters make the most sense so; {' or '.join(list(rivals)[:2])} is possible, too."
    )


def _lines_beyond_ascii(path: Path) -> bytes:
    """Return the first lines that are not all ASCII, up to about `_SAMPLE_BYTES`."""
    lines: list[bytes] = []
    n_bytes = 0
    with path.open("rb") as file:
        while n_bytes < _SAMPLE_BYTES and (line := file.readline(_SAMPLE_BYTES)):
            if not line.isascii():
                lines.append(line)
                n_bytes += len(line)
            if not line.endswith(b"\n"):
                break  # cut, perhaps inside a character
    return b"".join(lines)
