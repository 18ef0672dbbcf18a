"""Options that override how a file is read."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from projects.readers import ReadOptions
from projects.readers.encoding_names import checked_encoding
from projects.readers.options import QUOTES, checked_delimiter

# What a person can do about an assumption of the reader, by the option that it concerns.
ADVICE = {
    "encoding": "If letters look wrong, name the encoding with --encoding.",
    "has_header": "If the first row is data, add --no-header.",
    "quotes": "To read quotation marks in another way, add --quotes double or --quotes none.",
    "sheet": "To read another sheet, name it with --sheet.",
}


def add_read_options(parser: ArgumentParser) -> None:
    """Add the options for reading FILE."""
    group = parser.add_argument_group("how FILE is read", "Found in the file if not given.")
    group.add_argument(
        "--encoding", metavar="NAME", help="such as cp1252, gb18030, shift-jis, koi8-r"
    )
    group.add_argument(
        "--delimiter", metavar="CHAR", help="between cells: , ; | tab, or another one"
    )
    group.add_argument(
        "--quotes",
        choices=list(QUOTES),
        help="what encloses cells: \" (double), ' (single), or nothing (none)",
    )
    group.add_argument(
        "--no-header",
        dest="has_header",
        action="store_false",
        default=None,
        help="the first row is data; the columns are called column_1, column_2, …",
    )
    group.add_argument("--sheet", metavar="NAME", help="of a workbook")
    group.add_argument(
        "--orient",
        choices=["columns", "index"],
        help="of a JSON object of objects: whether the outer names are columns or rows (index)",
    )


def read_options_of(options: Mapping[str, Any]) -> ReadOptions:
    """Remove these options from the parsed ones and return them. Raises DataProblem for invalid
    ones.
    """
    encoding = options["encoding"]
    delimiter = options["delimiter"]
    quotes = options["quotes"]
    return ReadOptions(
        encoding=None if encoding is None else checked_encoding(encoding),
        delimiter=None if delimiter is None else checked_delimiter(delimiter),
        quotes=None if quotes is None else QUOTES[quotes],
        has_header=options["has_header"],
        sheet=options["sheet"],
        orient=options["orient"],
    )
