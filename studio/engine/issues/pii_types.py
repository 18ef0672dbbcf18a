"""The kinds of personal data that are looked for: pattern, check, sensitivity. To add one, add a line to the table."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Length of an IBAN by country: registry of ISO 13616 (SWIFT), release 99.
_IBAN_LENGTHS = {
    **dict.fromkeys(["NO"], 15),
    **dict.fromkeys(["BE"], 16),
    **dict.fromkeys(["DK", "FI", "FK", "FO", "GL", "NL", "SD"], 18),
    **dict.fromkeys(["MK", "SI"], 19),
    **dict.fromkeys(["AT", "BA", "EE", "KZ", "LT", "LU", "MN", "XK"], 20),
    **dict.fromkeys(["CH", "CR", "HR", "LI", "LV"], 21),
    **dict.fromkeys(["BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"], 22),
    **dict.fromkeys(["AE", "GI", "IL", "IQ", "OM", "SO", "TL"], 23),
    **dict.fromkeys(["AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"], 24),
    **dict.fromkeys(["LY", "PT", "ST"], 25),
    **dict.fromkeys(["IS", "TR"], 26),
    **dict.fromkeys(["BI", "DJ", "FR", "GR", "IT", "MC", "MR", "SM"], 27),
    **dict.fromkeys(["AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV"], 28),
    **dict.fromkeys(["BR", "EG", "PS", "QA", "UA"], 29),
    **dict.fromkeys(["JO", "KW", "MU", "YE"], 30),
    **dict.fromkeys(["MT", "SC"], 31),
    **dict.fromkeys(["LC"], 32),
    **dict.fromkeys(["RU"], 33),
}
_CARD_BRANDS = re.compile(r"4|5[1-5]|2[2-7]|3[0-9]|6[0245]")  # issuers' first digits: ISO/IEC 7812, card networks
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = (
    rf"(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? \d{{4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
)
_BIRTH = r"\b(?:born(?: on)?|d\.?o\.?b\.?|date of birth|birth ?date|birthday|geboren am|née? le|fecha de nacimiento)"
_VERSION_WORDS = re.compile(r"\b(?:version|release|firmware|build)\W*$", re.I)
_PHONE_REGIONS = ("US", "GB")  # how a number without its country's prefix may be meant
_PHONE_WORDS = re.compile(
    r"\b(?:phone|call|tel|telephone|mobile|cell|fax|whatsapp|text|sms|dial)\b[^\d\n]{0,20}$", re.I
)


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO/IEC 7812-1).

    >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
    (True, False)
    """
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


def is_iban(text: str) -> bool:
    """Return whether a text is an IBAN: its country's length, remainder 1 modulo 97 (ISO 13616).

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    compact = text.replace(" ", "").upper()
    if len(compact) != _IBAN_LENGTHS.get(compact[:2]):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


def _is_card(found: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", found.group())
    return 13 <= len(digits) <= 19 and bool(_CARD_BRANDS.match(digits)) and len(set(digits)) > 1 and passes_luhn(digits)


def _is_public_address(found: re.Match[str]) -> bool:
    if _VERSION_WORDS.search(found.string[max(0, found.start() - 20) : found.start()]):
        return False
    try:  # private and reserved ones name nobody
        return ipaddress.ip_address(found.group()).is_global
    except ValueError:
        return False


def _is_phone(found: re.Match[str]) -> bool:
    from phonenumbers import NumberParseException, PhoneNumberType, is_valid_number, number_type, parse

    hotlines = (
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
    )

    written = found.group()
    is_set_apart = written.startswith("+") or len(re.findall(r"\d+", written)) > 2
    if not is_set_apart and not _PHONE_WORDS.search(found.string[max(0, found.start() - 40) : found.start()]):
        return False
    for region in _PHONE_REGIONS:
        try:
            number = parse(written, region)
            if is_valid_number(number):
                return number_type(number) not in hotlines  # they reach companies, not persons
        except NumberParseException:
            continue
    return False


def _always(found: re.Match[str]) -> bool:
    return bool(found.group())


@dataclass(frozen=True, slots=True)
class PiiType:
    """A kind of personal data.

    Attributes
    ----------
    name
        As it is written into `PII_types`.
    sensitivity
        In [0, 1]: what a row with it scores at least.
    pattern
        Where it may be; a group `value` is the part that counts, if there is one.
    is_real
        Tells whether what the pattern found is one.
    needs
        What every text with one contains: quicker to look for than the pattern.
    """

    name: str
    sensitivity: float
    pattern: re.Pattern[str]
    is_real: Callable[[re.Match[str]], bool] = _always
    needs: str = ""

    def items(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield begin and end of each in the text."""
        if self.needs not in text:
            return
        for found in self.pattern.finditer(text):
            if self.is_real(found):
                yield found.span("value" if found.groupdict().get("value") else 0)


# In the order in which they claim their characters: an address in a URL is no e-mail address.
PII_TYPES = (
    PiiType(
        "URL with credentials",
        1.0,
        re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:[^\s/@]{1,64}@[^\s/]+", re.I),
    ),
    PiiType(
        "secret key",
        1.0,
        re.compile(
            r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,}|xox[abpr]-[\w-]{20,}|AIza[\w-]{35}|sk_live_\w{20,})\b"
            r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
        ),
    ),
    PiiType("credit card", 1.0, re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])(?!\.\d)"), _is_card),
    PiiType(
        "IBAN",
        1.0,
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", re.I),
        lambda found: is_iban(found.group()),
    ),
    PiiType(
        "social security number",
        1.0,
        re.compile(
            r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])|\bssn\D{0,10}(?P<value>\d{9})\b", re.I
        ),
    ),
    PiiType("email", 0.5, re.compile(r"\b[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}\b", re.I), needs="@"),
    PiiType("date of birth", 0.4, re.compile(rf"{_BIRTH}\W{{0,4}}(?:is |was )?(?:on )?(?P<value>{_DATE})", re.I)),
    PiiType(
        "IP address",
        0.4,
        re.compile(
            r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{1,4}:){3,7}:?(?:[0-9a-f:]{1,29}))(?![\w:])(?!\.\d)",
            re.I,
        ),
        _is_public_address,
    ),
    PiiType(
        "phone number", 0.5, re.compile(r"(?<![\w.,:$€£#@/-])\+?\(?\d(?:[ .()-]{0,2}\d){6,14}(?![\w/-])"), _is_phone
    ),
    PiiType("Twitter username", 0.1, re.compile(r"(?<![\w@./])@(?P<value>[a-z_]\w{1,14})\b(?!\.\w)", re.I), needs="@"),
)
