"""The types of personal data: pattern, check, sensitivity.

To add one, add an entry to `PII_TYPES`.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stdnum import iban, luhn
from stdnum.us import ssn

from studio.engine.text.languages import language_of

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# First digits of issuers: ISO/IEC 7812, card networks
_CARD_BRANDS = re.compile(r"4|5[1-5]|2[2-7]|3[0-9]|6[0245]")
_LETTER = r"[\w\u00c0-\u024f]"  # of ASCII, under re.A, and of other Latin alphabets
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = (
    rf"(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},?"
    r" \d{4}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
)
_BIRTH = (
    r"\b(?:born(?: on)?|d\.?o\.?b\.?|date of birth|birth ?date|birthday|geboren am|née? le|fecha de"
    r" nacimiento)"
)
_VERSION_WORDS = re.compile(r"\b(?:version|release|firmware|build)\W*$", re.I)
_NET_WORDS = re.compile(
    r"(?:\b(?:ips?|ipv4|address|server|host|ping|ssh|dns|gateway|proxy|router)\b[^\n]{0,20}|://|@)$",
    re.I,
)
# Four numbers up to this one without a word of networks before them: “fedora 2.6.32.16”
_HIGHEST_OF_VERSION = 99
_ROLES = re.compile(  # of addresses that reach companies, not persons
    r"(?:customer|client|guest)?[._-]?(?:e?service|care|relations|support|success)s?"
    r"|info|help|helpdesk|sales|contact|office|hello|mail|admin|webmaster|postmaster|abuse|press"
    r"|media|jobs|careers|billing|feedback|complaints|e?n?quiries|(?:do)?[._-]?not?[._-]?reply",
    re.I,
)
_DATE_OR_VERSION = re.compile(  # “2009-08-14 00”, “14.8.2009 00”, “2.6.32.16”
    r"(?:19|20)\d\d([-.])[01]\d\1[0-3]\d(?!\d)|\d\d?([-.])\d\d?\2(?:19|20)\d\d(?!\d)|.*\.\d\."
)
# Regions in which a number without a country prefix is parsed: in any text, and by language.
_PHONE_REGIONS = ("US", "GB")
_LANGUAGE_REGIONS = {
    "Chinese": ("CN", "TW"),
    "Dutch": ("NL", "BE"),
    "French": ("FR", "BE", "CH"),
    "German": ("DE", "AT", "CH"),
    "Italian": ("IT",),
    "Japanese": ("JP",),
    "Korean": ("KR",),
    "Polish": ("PL",),
    "Portuguese": ("BR", "PT"),
    "Russian": ("RU",),
    "Spanish": ("ES", "MX", "AR", "CO"),
}
_HAN = re.compile(r"[\u4e00-\u9fff]")
_PHONE_WORDS = re.compile(
    r"(?:\b(?:phone|call|tel|telephone|mobile?|cell|fax|whatsapp|text|sms|dial|telefoo?n\w*"
    r"|handy\w*|téléphone|tél|portable|appelez|teléfono|móvil|celular|ll[aá]ma(?:me)?|cellulare"
    r"|bel|ligue)\b"
    r"|电话|電話|手机|手機|微信|携帯|전화|[Тт]елефон|[Тт]ел\.)[^\d\n]{0,20}$",
    re.I,
)


def _is_card(found: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", found.group())
    return (
        13 <= len(digits) <= 19
        and bool(_CARD_BRANDS.match(digits))
        and len(set(digits)) > 1
        and luhn.is_valid(digits)
    )


def _is_public_address(found: re.Match[str]) -> bool:
    before = found.string[max(0, found.start() - 40) : found.start()]
    after = found.string[found.end() :]
    if _VERSION_WORDS.search(before):
        return False
    is_named = _NET_WORDS.search(before) or re.match(r":\d", after)
    if "." in found.group() and not is_named:
        numbers = map(int, found.group().split("."))
        if max(numbers) <= _HIGHEST_OF_VERSION:
            return False
    try:  # private and reserved addresses identify nobody
        return ipaddress.ip_address(found.group()).is_global
    except ValueError:
        return False


def _reaches_person(found: re.Match[str]) -> bool:
    return not _ROLES.fullmatch(found.group().partition("@")[0])


def _further_regions(text: str, written: str, *, is_announced: bool) -> tuple[str, ...]:
    # Many numbering plans accept nearly any digits, so a word or the trunk prefix is required.
    if not is_announced and not written.lstrip("(").startswith("0"):
        return ()
    regions = itertools.chain.from_iterable(_LANGUAGE_REGIONS.values())
    if not any(_valid_number(written, region) for region in regions):
        return ()  # saves loading the language model, which takes most of a second
    language = language_of(text).name
    if not language and _HAN.search(text):  # too short to identify otherwise
        language = "Chinese"
    return _LANGUAGE_REGIONS.get(language or "", ())


def _valid_number(written: str, region: str) -> PhoneNumber | None:
    from phonenumbers import NumberParseException, is_valid_number, parse

    try:
        number = parse(written, region)
    except NumberParseException:
        return None
    if not is_valid_number(number):
        return None
    return number


def _is_phone(found: re.Match[str]) -> bool:
    from phonenumbers import PhoneNumberType, number_type

    hotlines = (
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
    )

    written = found.group()
    if _DATE_OR_VERSION.match(written):
        return False
    before = found.string[max(0, found.start() - 40) : found.start()]
    is_announced = bool(_PHONE_WORDS.search(before))
    is_set_apart = written.startswith("+") or len(re.findall(r"\d+", written)) > 2
    if not is_set_apart and not is_announced:
        return False
    further = _further_regions(found.string, written, is_announced=is_announced)
    for region in (*further, *_PHONE_REGIONS):
        if (number := _valid_number(written, region)) is not None:
            return number_type(number) not in hotlines  # they reach companies, not persons
    return False


def _always(found: re.Match[str]) -> bool:
    return bool(found.group())


@dataclass(frozen=True, slots=True)
class PiiType:
    """A type of personal data.

    Attributes
    ----------
    name
        As it is written into `PII_types`.
    sensitivity
        In [0, 1]: the least score of a text that contains it.
    pattern
        Matches candidates; a group `value`, if there is one, is the part that counts.
    is_real
        Returns whether a match of the pattern is an item.
    needs
        A substring of every text with an item, faster to search for than the pattern.
    """

    name: str
    sensitivity: float
    pattern: re.Pattern[str]
    is_real: Callable[[re.Match[str]], bool] = _always
    needs: str = ""

    def items(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the begin and end of each item in the text."""
        if self.needs not in text:
            return
        for found in self.pattern.finditer(text):
            if self.is_real(found):
                yield found.span("value" if found.groupdict().get("value") else 0)


# “\b” and “\w” are limited to ASCII (re.A): Chinese characters may adjoin an item without a space.
# Earlier types take precedence where items overlap: “key@host” in a URL is not an e-mail address.
PII_TYPES = (
    PiiType(
        "URL with credentials",
        1.0,
        re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:[^\s/@]{1,64}@[^\s/]+", re.I | re.A),
        needs="://",
    ),
    PiiType(
        "secret key",
        1.0,
        re.compile(
            r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,}|xox[abpr]-[\w-]{20,}|AIza[\w-]{35}"
            r"|sk_live_\w{20,})\b"
            r"|-----BEGIN [A-Z ]*PRIVATE KEY-----",
            re.A,
        ),
    ),
    PiiType(
        "credit card",
        1.0,
        re.compile(r"(?<![\w+-])(?<!\d[.,])\d(?:[ -]?\d){12,18}(?![\w-])(?!\.\d)", re.A),
        _is_card,
    ),
    PiiType(
        "IBAN",
        1.0,
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.I | re.A),
        lambda found: iban.is_valid(found.group()),
    ),
    PiiType(
        "social security number",
        1.0,
        re.compile(
            r"(?<![\w-])\d{3}-\d\d-\d{4}(?![\w-])|\bssn\D{0,10}(?P<value>\d{9})\b",
            re.I | re.A,
        ),
        lambda found: ssn.is_valid(found.group("value") or found.group()),
    ),
    PiiType(
        "email",
        0.5,
        re.compile(
            rf"(?<!{_LETTER}){_LETTER}(?:{_LETTER}|[.+-]){{0,63}}"
            r"@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}\b",
            re.I | re.A,
        ),
        _reaches_person,
        needs="@",
    ),
    PiiType(
        "date of birth",
        0.4,
        re.compile(rf"{_BIRTH}\W{{0,4}}(?:is |was )?(?:on )?(?P<value>{_DATE})", re.I),
    ),
    PiiType(
        "IP address",
        0.4,
        re.compile(
            r"(?<![\w.])(?<![0-9a-f:]:)(?:\d{1,3}(?:\.\d{1,3}){3}(?!-?\w)"
            r"|(?:[0-9a-f]{1,4}:){3,7}:?(?:[0-9a-f:]{1,29})(?![\w:]))(?!\.\d)",
            re.I | re.A,
        ),
        _is_public_address,
    ),
    PiiType(
        "phone number",
        0.5,
        re.compile(r"(?<![\w$€£#@/-])(?<!\d[.,:])\+?\(?\d(?:[ .()-]{0,2}\d){6,14}(?![\w/-])", re.A),
        _is_phone,
    ),
    PiiType(
        "Twitter username",
        0.1,
        re.compile(
            rf"(?<![@./])(?<!{_LETTER})@(?P<value>(?!\d){_LETTER}{{2,15}})(?!{_LETTER})(?!\.\w)",
            re.I | re.A,
        ),
        needs="@",
    ),
)
