"""The encodings that a text file can be read in: Python's names, and names for people."""

from __future__ import annotations

import codecs

from studio.engine.errors import DataProblem

ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252 (Western Europe)",
    "iso8859-1": "ISO-8859-1 (Latin-1)",
    "iso8859-15": "ISO-8859-15 (Latin-9)",
    "mac-roman": "Mac Roman",
    "cp437": "DOS 437",
    "cp850": "DOS 850 (Western Europe)",
    "mac-iceland": "Mac Icelandic",
    "cp1250": "Windows-1250 (Central Europe)",
    "iso8859-2": "ISO-8859-2 (Central Europe)",
    "mac-latin2": "Mac Central European",
    "cp852": "DOS 852 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8-r": "KOI8-R (Russian)",
    "koi8-u": "KOI8-U (Ukrainian, Russian)",
    "iso8859-5": "ISO-8859-5 (Cyrillic)",
    "mac-cyrillic": "Mac Cyrillic",
    "cp866": "DOS 866 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "iso8859-7": "ISO-8859-7 (Greek)",
    "mac-greek": "Mac Greek",
    "cp1254": "Windows-1254 (Turkish)",
    "iso8859-9": "ISO-8859-9 (Turkish)",
    "mac-turkish": "Mac Turkish",
    "cp1255": "Windows-1255 (Hebrew)",
    "iso8859-8": "ISO-8859-8 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "iso8859-6": "ISO-8859-6 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "iso8859-13": "ISO-8859-13 (Baltic)",
    "cp1258": "Windows-1258 (Vietnamese)",
    "cp874": "Windows-874 (Thai)",
    "gb18030": "GB18030, GBK (Simplified Chinese)",
    "big5": "Big5 (Traditional Chinese)",
    "big5hkscs": "Big5 with Hong Kong characters",
    "cp932": "Shift-JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "iso2022_jp": "ISO-2022-JP (Japanese)",
    "cp949": "EUC-KR (Korean)",
}
# Subsets, read as the larger set that files labeled so really use.
_READ_AS = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "ascii": "utf-8",
}


def checked_encoding(name: str) -> str:
    """Return Python's name for an encoding or its alias. Raises DataProblem for an unknown one."""
    try:
        codec = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        codec = ""
    codec = _READ_AS.get(codec, codec)
    if codec not in ENCODING_NAMES:
        raise DataProblem(
            f"There is no encoding “{name[:40]}” to read a file in. "
            "Name one such as utf-8, cp1252, gb18030, big5, shift-jis, euc-kr, koi8-r or mac-roman."
        )
    return codec
