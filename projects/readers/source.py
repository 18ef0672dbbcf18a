"""Unpacks the one data file inside a gzip or zip archive, with limits on size and ratio."""

from __future__ import annotations

import errno
import gzip
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED

from projects.readers.facts import FileFormat, ReadLimits, ReadOptions
from projects.readers.scan import SupportsRead, TextScan, chunks
from projects.readers.zip_member import opened_member
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# What Python's modules raise for archives that do not keep to the format.
ZIP_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError,
    LookupError, ValueError, OverflowError,
)  # fmt: skip
_ENCRYPTED = 0x1  # general purpose flag bit 0 of a zip entry
_WORKBOOK_PARTS = {"xl/workbook.xml": FileFormat.XLSX, "xl/workbook.bin": FileFormat.XLSB}
_OFFICE_PART = "[Content_Types].xml"
_OPEN_DOCUMENT_PARTS = {"content.xml", "META-INF/manifest.xml"}
_ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file with its name, its scan as text, and notes for the user on how it was unpacked."""

    path: Path
    name: str
    scan: TextScan
    notes: tuple[str, ...] = ()


def unpacked(
    upload: DataFile, folder: Path, asked: ReadOptions, *, progress: Progress, limits: ReadLimits
) -> DataFile:
    """Return the data file of an upload: itself, or the file unpacked from it into `folder`.

    A workbook does not count as an archive.
    """
    magic = upload.scan.start[:4]
    unpacking = _Unpacking(
        upload.path, folder / "unpacked", TextScan(asked.encoding), progress, limits
    )
    if magic.startswith(GZIP_MAGIC):
        inner = _unpack_gzip(unpacking, upload.name)
    elif magic in ZIP_MAGICS and not is_office_file(upload.path):
        inner = _unpack_zip(unpacking, upload.name)
    else:
        return upload
    _refuse_archive_inside(inner, upload.name)
    return inner


def is_office_file(path: Path) -> bool:
    """Whether a zip archive is really an office document, such as a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (*ZIP_DAMAGE, OSError):
        return False
    return not names.isdisjoint({*_WORKBOOK_PARTS, _OFFICE_PART}) or names >= _OPEN_DOCUMENT_PARTS


def workbook_format(path: Path) -> FileFormat | None:
    """Return the format of a workbook; None for another office document."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        found = next((kind for part, kind in _WORKBOOK_PARTS.items() if part in names), None)
        if found is None and "mimetype" in names:
            with archive.open("mimetype") as stream:
                if stream.read(len(_ODS_TYPE)) == _ODS_TYPE:
                    return FileFormat.ODS
    return found


def refuse_bomb(archive: zipfile.ZipFile, path: Path, limits: ReadLimits) -> dict[str, int]:
    """Return the unpacked sizes of a workbook's parts. Raises DataProblem if they are too large."""
    members = archive.infolist()
    if not {member.compress_type for member in members} <= {ZIP_STORED, ZIP_DEFLATED}:
        raise DataProblem(
            "The workbook is packed by a method that spreadsheet programs do not use. Open it in"
            " one, save it again and use that."
        )
    sizes = {member.filename: member.file_size for member in members}
    n_bytes = sum(sizes.values())
    most = max(limits.max_ratio * path.stat().st_size, limits.ratio_floor_bytes)
    if n_bytes > min(most, limits.max_unpacked_bytes):
        raise DataProblem(
            f"The workbook unpacks to {n_bytes / 1024**2:,.0f} MB, more than is allowed for a file"
            " of its size. Save the sheet as CSV and use that."
        )
    return sizes


@dataclass(frozen=True, slots=True)
class _Unpacking:
    source: Path
    target: Path
    scan: TextScan
    progress: Progress
    limits: ReadLimits

    def copy(self, packed: SupportsRead, *, total: int) -> None:
        """Write all of `packed` to the target and scan it, checking size and ratio.

        `total` is the unpacked size in bytes, 0 if unknown.
        """
        allowed = self.limits.max_ratio * self.source.stat().st_size
        n_bytes = 0
        with self.target.open("wb") as target:
            for chunk in chunks(packed):
                n_bytes += len(chunk)
                self.refuse_too_big(n_bytes, allowed)
                target.write(chunk)
                self.scan.feed(chunk)
                self.progress(stages.UNPACKING_FILE, n_bytes, total)
        self.scan.finish()

    def refuse_too_big(self, n_bytes: int, allowed: int) -> None:
        if n_bytes > self.limits.max_unpacked_bytes:
            raise DataProblem(
                f"The archive unpacks to more than {self.limits.max_unpacked_bytes / 1024**3:.1f}"
                " GiB, which is the limit here. Use a part of the data."
            )
        if n_bytes > max(allowed, self.limits.ratio_floor_bytes):
            raise DataProblem(
                f"The archive unpacks to more than {self.limits.max_ratio} times its size, as zip"
                " bombs do. Use the data without packing it."
            )


def _unpack_gzip(unpacking: _Unpacking, filename: str) -> DataFile:
    try:
        with gzip.open(unpacking.source) as packed:
            unpacking.copy(packed, total=0)
    except EOFError as error:
        raise DataProblem(
            "The gzip file ends in the middle of its data, so a part is missing. Copy it again, or"
            " pack it again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataProblem(
            "The gzip file is damaged and cannot be unpacked. Pack the data again."
        ) from error
    name = filename[: -len(".gz")] if filename.lower().endswith(".gz") else filename
    return DataFile(unpacking.target, name, unpacking.scan, ("Unpacked from a gzip file.",))


def _unpack_zip(unpacking: _Unpacking, filename: str) -> DataFile:
    damaged = "The zip file is damaged and cannot be unpacked. Pack the data again."
    try:
        with zipfile.ZipFile(unpacking.source) as archive:
            member = _only_member(archive)
            with opened_member(archive, member) as packed:
                unpacking.copy(packed, total=member.file_size)
    except NotImplementedError as error:
        raise DataProblem(
            f"{filename} is packed by a method that cannot be read here. "
            "Pack it as an ordinary zip file, or use it unpacked."
        ) from error
    except ZIP_DAMAGE as error:
        raise DataProblem(damaged) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # such as a seek before the start of the file
            raise
        raise DataProblem(damaged) from error
    name = PurePosixPath(member.filename).name
    return DataFile(unpacking.target, name, unpacking.scan, (f"Unpacked {name} from a zip file.",))


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not _is_clutter(member)]
    if not members:
        raise DataProblem(
            "The zip file holds no data file. Pack exactly one CSV, JSON, XLSX or Parquet file."
        )
    if len(members) > 1:
        names = ", ".join(member.filename for member in members[:3])
        if len(members) > 3:
            names += ", …"
        raise DataProblem(
            f"The zip file holds {len(members):,} files ({names}); exactly one was expected. Use"
            " the files one by one."
        )
    if members[0].flag_bits & _ENCRYPTED:
        raise DataProblem(
            "The zip file is protected by a password. Pack the data without a password."
        )
    return members[0]


def _is_clutter(member: zipfile.ZipInfo) -> bool:
    # Finder adds __MACOSX/ and .DS_Store to every archive that it makes.
    path = PurePosixPath(member.filename)
    return member.is_dir() or "__MACOSX" in path.parts or path.name.startswith(".")


def _refuse_archive_inside(inner: DataFile, filename: str) -> None:
    magic = inner.scan.start[:4]
    if magic.startswith(GZIP_MAGIC) or (magic in ZIP_MAGICS and not is_office_file(inner.path)):
        raise DataProblem(
            f"{filename} holds another archive, {inner.name}. Pack the data once, or not at all."
        )
