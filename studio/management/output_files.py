"""Output files of the commands: written whole or not at all, or streamed into a pipe.

No output may overwrite an input or another output.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from studio import tables
from studio.engine.errors import DataProblem
from studio.exports.formats import CSV, TableFormat, format_of, known_format
from studio.management.terminal import Terminal, leave_stdout

STDOUT = Path("-")
_STDOUT_NUMBER = 1
_DESCRIPTOR = re.compile(r"/dev/fd/(\d+)|/proc/(?:self|thread-self)/fd/(\d+)")
_NAMED_DESCRIPTORS = {"-": 1, "/dev/stdout": 1, "/dev/stderr": 2}


def refuse_same_files(named: Mapping[str, Path | None]) -> None:
    """Raise DataProblem if two options name the same file, however its path is written."""
    options: dict[object, str] = {}
    for option, path in named.items():
        if path is None or _is_device(path):
            continue
        for identity in _identities(path):
            other = options.setdefault(identity, option)
            if other != option:
                raise DataProblem(
                    f"{other} and {option} are the same file, {path}. Name another one for"
                    f" {option}."
                )


def refuse_inside(folder: Path, folder_option: str, named: Mapping[str, Path | None]) -> None:
    """Raise DataProblem if an option names a file in a folder that is read or replaced whole."""
    whole = _resolved(folder)
    for option, path in named.items():
        if path is not None and _descriptor(path) is None and _resolved(path).is_relative_to(whole):
            raise DataProblem(
                f"{option} is inside the folder of {folder_option}, {folder}. Name another place."
            )


def _identities(path: Path) -> list[object]:
    """Return the identities of a path: its resolved path and, if the file exists, its inode."""
    descriptor = _descriptor(path)
    if descriptor is not None:
        facts = os.fstat(descriptor)
        return [("descriptor", descriptor), (facts.st_dev, facts.st_ino)]
    resolved = _resolved(path)
    try:
        facts = resolved.stat()
    except OSError:
        return [resolved]
    return [resolved, (facts.st_dev, facts.st_ino)]


def _is_device(path: Path) -> bool:
    """Whether the path is a device such as /dev/null, which several outputs may share."""
    return _descriptor(path) is None and path.is_char_device()


def _descriptor(path: Path) -> int | None:
    """Return the file descriptor of this process that a path names, or None."""
    text = str(path)
    if text in _NAMED_DESCRIPTORS:
        return _NAMED_DESCRIPTORS[text]
    found = _DESCRIPTOR.fullmatch(text)
    if found is None:
        return None
    return int(found[1] or found[2])


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # links that lead in a circle
        raise DataProblem(f"{path} is a link that leads nowhere. Name another place.") from error


def is_stream(path: Path) -> bool:
    """Whether the path is a pipe, a device or a descriptor, whose name implies no format."""
    if _descriptor(path) is not None:
        return True
    resolved = _resolved(path)
    return resolved.exists() and not resolved.is_file() and not resolved.is_dir()


def place_name(path: Path) -> str:
    """Return a readable name of an output."""
    return "standard output" if _descriptor(path) == _STDOUT_NUMBER else str(path)


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise DataProblem(f"{path} is a folder; expected the name of a file to write.")


@contextmanager
def output_file(path: Path, terminal: Terminal) -> Iterator[Path]:
    """Yield a path to write to; its content moves to `path` when the block succeeds.

    A file is written whole or not at all, to the target of a link; a pipe or a device gets the
    content directly. Entering the block before the work also detects early that the output cannot
    be written.
    """
    if is_stream(path):
        with _stream(path, terminal) as spool:
            yield spool
        return
    target = _resolved(path)
    _refuse_folder(path)
    partial = _partial_path(target)
    try:
        if target.exists():
            target.open("ab").close()
        partial.touch()
    except OSError as error:
        raise DataProblem(
            f"{path} cannot be written: {error.strerror}. Name another place."
        ) from error
    try:
        yield partial
        _put_in_place(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _partial_path(target: Path) -> Path:
    return target.with_name(f".unfinished-{uuid.uuid4().hex[:8]}")


def _put_in_place(partial: Path, target: Path) -> None:
    if target.exists():
        shutil.copymode(target, partial)
    try:
        partial.replace(target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # A file that is mounted into a container cannot be replaced, only written to.
        shutil.copyfile(partial, target)


@contextmanager
def _stream(path: Path, terminal: Terminal) -> Iterator[Path]:
    descriptor = _descriptor(path)
    if descriptor is None and not os.access(path, os.W_OK):
        raise DataProblem(f"{path} cannot be written: Permission denied. Name another place.")
    if descriptor == _STDOUT_NUMBER:
        terminal.take_stdout()
    with tables.scratch() as folder:
        spool = folder / "output"
        yield spool
        terminal.progress.clear()
        try:
            if descriptor == _STDOUT_NUMBER:
                _copy(spool, terminal.stdout_bytes)
            else:
                with _opened(path, descriptor) as stream:
                    _copy(spool, stream)
        except BrokenPipeError:
            # The reader, such as `head`, has read enough; other outputs are still written.
            if descriptor == _STDOUT_NUMBER:
                leave_stdout()


def _opened(path: Path, descriptor: int | None) -> BinaryIO:
    try:
        if descriptor is None:
            return path.open("wb")
        return os.fdopen(os.dup(descriptor), "wb")
    except OSError as error:
        raise DataProblem(
            f"{path} cannot be written: {error.strerror}. Name another place."
        ) from error


def _copy(spool: Path, stream: BinaryIO) -> None:
    with spool.open("rb") as content:
        shutil.copyfileobj(content, stream, 1024 * 1024)
    stream.flush()


@contextmanager
def output_folder(path: Path, replaceable: set[str]) -> Iterator[Path]:
    """Yield a new folder, which replaces `path`, or its link target, when the block succeeds.

    A folder is only replaced if it holds nothing but the files named in `replaceable`.
    """
    if _descriptor(path) is not None:
        raise DataProblem(f"A folder cannot be written to {place_name(path)}. Name a folder.")
    target = _resolved(path)
    if target.exists() and not target.is_dir():
        raise DataProblem(
            f"{path} already exists and is not a folder. Name a new or an empty folder."
        )
    if target.exists() and {entry.name for entry in target.iterdir()} - replaceable:
        raise DataProblem(
            f"{path} already exists and contains other files. Name a new or an empty folder."
        )
    partial = _partial_path(target)
    try:
        partial.mkdir()
    except OSError as error:
        raise DataProblem(
            f"{path} cannot be created: {error.strerror}. Name another place."
        ) from error
    try:
        yield partial
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def table_format_at(path: Path) -> TableFormat:
    """Return the format by the name of an output. Raises DataProblem if the name implies none.

    Pipes, devices and standard output may have any name; CSV is their default.
    """
    if is_stream(path):
        return known_format(path.name) or CSV
    _refuse_folder(path)
    return format_of(path.name)


def manifest_path(path: Path) -> Path:
    """Return the path if its name suits a manifest. Raises DataProblem otherwise."""
    if not is_stream(path) and path.suffix.lower() != ".json":
        raise DataProblem(
            f"A manifest is JSON, but {path} does not end in .json. Give it that ending."
        )
    return path
