"""No cell of a guarded CSV holds a formula, however a spreadsheet parts it, and apostrophes are all
that is added.
"""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from studio.exports.formulas import formula_like_texts_guarded, runnable_texts_guarded

TEXTS = st.text(alphabet="=+-@＝＠;|!()'\"\n\r\t ,.19aSB", max_size=14)
CALL = re.compile(r"[=+\-@＝＠][^;\r\n]*[aSB]\(")


def parts(cell: str) -> list[str]:
    """Return what stands alone once a cell is parted; its first part keeps its spaces, which make
    it text.
    """
    first, *others = re.split(r"[;\r\n]", cell)
    return [first.lstrip("\t"), *(part.lstrip(' \t"') for part in others)]


@given(st.lists(TEXTS, min_size=1, max_size=5))
@example([";=;=1", "\n=1", '1;"=a', ";=\n=1"])
def test_no_part_of_a_guarded_cell_is_a_formula(texts: list[str]) -> None:
    for text, cell in zip(
        texts, runnable_texts_guarded(pa.array(texts, pa.string())).to_pylist(), strict=True
    ):
        assert cell.replace("'", "") == text.replace("'", "")
        for part in parts(cell):
            assert not re.match(r"[=＝][ \t]*[^\s)]", part), (text, cell)
            assert not CALL.match(part), (text, cell)


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_no_part_of_a_safe_cell_begins_as_a_formula_does(texts: list[str]) -> None:
    for text, cell in zip(
        texts, formula_like_texts_guarded(pa.array(texts, pa.string())).to_pylist(), strict=True
    ):
        assert cell.replace("'", "") == text.replace("'", "")
        begins = [part for part in parts(cell) if re.match(r"[=+\-@＝＠].", part)]
        assert all(re.fullmatch(r"[+-][19,. ()/aSB-]*", part) for part in begins), (text, cell)
