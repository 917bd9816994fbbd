"""Options that name countries. CloudFront refuses a code that is not of ISO 3166-1, in the middle of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.cdk.options.option_types import option

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905  a list would be a page of quotation marks
)
"""The country codes of ISO 3166-1 (alpha-2)."""

# What people write for a country that has another code.
_USUALLY_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB", "JA": "JP"}


def countries(*, doc: str) -> tuple[str, ...]:
    """Declare a list of countries."""
    return option((), _read, allowed='a list of ISO 3166 codes such as "DE"', doc=doc)


def _read(table: Table, key: str) -> tuple[str, ...]:
    found = table.texts(key, ())
    for code in found:
        if code not in COUNTRIES:
            raise table.error(key, f"{code!r} is no country of ISO 3166; {_instead(code)}")
    return found


def _instead(code: str) -> str:
    meant = _USUALLY_MEANT.get(code.upper(), code.upper())
    return f"did you mean {meant!r}?" if meant in COUNTRIES else 'allowed: two capital letters, such as "DE"'
