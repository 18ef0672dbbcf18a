"""Slang of chats: abbreviations, clipped words, and letters repeated for effect."""

from __future__ import annotations

import re

from studio.engine.issues.texts.spelling import is_known
from studio.engine.text.languages import LAUGHTER

# Only forms that hardly ever mean something else.
_ABBREVIATIONS = """
    2day 2moro 2morrow 2nite 4ever 4get abt afaik amirite b4 bbl bc bday bf bff brb bro bros btw
    cmon coz cuz cya dawg dunno dw enuf ez fam fav fave ffs fomo frfr ftw fuckin fwiw gf gg gimme gj
    gl gn gonna gotta gr8 gratz gtfo gtg h8 haha hahaha hehe hella hmu hmm idc idgaf idk idts ikr
    ilu imho imma imo innit irl jk jks kinda kk kthx l8r lemme lmao lmfao lmk lol lolol lolz lotta
    luv m8 mfw mmk mofo nah nbd ngl nite nm noob nope np nvm obv obvs ofc omfg omg omw outta pls plz
    pleez ppl probs props r rly rn rofl shoulda sis smh smth sorta soz srsly sry stfu sup sux tbf
    tbh tfw tgif thanx thnx tho thru thx tix tmi tmr tmrw tnx totes ttyl ty tysm u ur urs w8 wanna
    wassup wat wb whatcha whatevs whoa wk wknd woot woulda wtf wtg wth wut wya xd xoxo y'all yall ya
    yas yay yaas yea yeah yo yolo yuck yup yw
"""
SLANG = frozenset([*_ABBREVIATIONS.split(), "ain't"])
# A consonant tripled inside a word is a misspelling, not slang: “acccount”.
_REPEATED = re.compile(r"([aeiouy])\1\1|([a-z])\2\2\b|([a-z])\3{3}")
_ROMAN = re.compile(r"[ivxlcdm]+")
_DROPPED_G = re.compile(r"([a-z]{2,}in)['’]")


def is_slang(word: str) -> bool:
    """Return whether a lower-case word is slang; a single repeated letter (“aaa”, “xxx”) is a code.

    >>> [is_slang(word) for word in ("thx", "sooo", "hahahah", "goin'")]
    [True, True, True, True]
    >>> [is_slang(word) for word in ("thanks", "aaa", "viii", "acccount", "halo", "again'")]
    [False, False, False, False, False, False]
    """
    if word in SLANG or LAUGHTER.fullmatch(word):
        return True
    if dropped := _DROPPED_G.fullmatch(word):  # “train'” is the end of a quotation
        return is_known(f"{dropped[1]}g") and not is_known(dropped[1])
    return any(_REPEATED.search(part) and not _is_code(part) for part in re.split("[-'’]", word))


def _is_code(word: str) -> bool:
    return not word.isalpha() or len(set(word)) == 1 or bool(_ROMAN.fullmatch(word))
