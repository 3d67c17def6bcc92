"""Who may do what on chain: the roles of the one AccessManager, and the functions they open.

Every function that asks for a permission is named here once. The council's are those of role 0,
which the time lock alone holds once the contracts are in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Role(IntEnum):
    """A role as AccessManager numbers it; 0 is its administrator, the council's time lock."""

    COUNCIL = 0
    PASSPORT_ISSUER = 1
    DEVICE_REGISTRAR = 2
    BUCKET_GOVERNOR = 3
    COMMUNITY_REGISTRAR = 4
    COMPLIANCE_OFFICER = 5
    COMMUNITY_OFFICER = 6
    CERTIFICATE_ISSUER = 7
    REPORT_PUBLISHER = 8
    CREDIT_SETTLER = 9
    GUARDIAN = 10
    RULEBOOK = 11
    VENUE_REGISTRAR = 12


HELD_BY: Mapping[Role, str] = {
    Role.COUNCIL: "Timelock",
    Role.RULEBOOK: "Compliance",
    Role.VENUE_REGISTRAR: "ClearingFactory",  # a community is a venue as it opens
}
"""Roles that a contract of the plan holds, and no person."""

NEEDED_FIRST = (Role.RULEBOOK,)
"""Roles whose holder acts as soon as the plan's acts begin: setting rules leaves a word with the
passport. All others are given after the acts, which the administrator does until then."""

OFFICERS = tuple(role for role in Role if role not in HELD_BY and role is not Role.GUARDIAN)
"""Roles that a parties file gives to people; the guardians have theirs by being guardians."""

DAILY = frozenset(
    {
        Role.PASSPORT_ISSUER,
        Role.DEVICE_REGISTRAR,
        Role.COMPLIANCE_OFFICER,
        Role.CERTIFICATE_ISSUER,
        Role.REPORT_PUBLISHER,
        Role.CREDIT_SETTLER,
    }
)
"""Roles of daily work: their holders act at once. The guardian acts at once because it may only
reduce; all others wait the profile's officer delay, in which a guardian may cancel the act."""

OPENED: Mapping[str, Mapping[Role, tuple[str, ...]]] = {
    "Passport": {
        Role.PASSPORT_ISSUER: ("issue", "admit", "revoke", "link", "unlink", "rebind"),
        Role.COMPLIANCE_OFFICER: ("setFrozen",),
        Role.RULEBOOK: ("setLeeway",),
        Role.COUNCIL: ("accredit", "setScope"),
    },
    "Devices": {Role.DEVICE_REGISTRAR: ("register", "setVerified", "revoke")},
    "Paymaster": {Role.COUNCIL: ("setBudget", "setTarget")},
    "Community": {
        Role.COMMUNITY_OFFICER: ("admit", "link", "exclude", "openRound"),
        Role.COUNCIL: ("setSeat", "setFundCap"),
    },
    "Certificates": {Role.CERTIFICATE_ISSUER: ("issue",)},
    "ImpactReports": {Role.REPORT_PUBLISHER: ("publish",)},
    "ClearingFactory": {Role.COMMUNITY_REGISTRAR: ("open",)},
    "PoolAsset": {Role.COMMUNITY_REGISTRAR: ("open",)},
    "Tariff": {Role.COUNCIL: ("setPolicy", "setReporter", "setSource")},
    "RevenueCascade": {Role.COUNCIL: ("setTerms",)},
    "EnergyCredits": {Role.COUNCIL: ("open",)},
    "EnergyCredit": {Role.CREDIT_SETTLER: ("mint", "redeem", "cashOut")},
    "CertificateBasket": {Role.CERTIFICATE_ISSUER: ("admit",)},
    "Compliance": {
        Role.COMPLIANCE_OFFICER: ("setProvider",),
        Role.VENUE_REGISTRAR: ("addVenue",),
        Role.COUNCIL: ("register", "setRules"),
    },
    "Exchange": {Role.COUNCIL: ("list", "setCharges")},
    "LiquidityPool": {Role.COUNCIL: ("setSharesOfPrice",)},
    "Currency": {Role.BUCKET_GOVERNOR: ("setBucket",)},
    "Savings": {Role.COUNCIL: ("setRate",)},
    "StabilisationFund": {Role.COUNCIL: ("setCredit", "setInsider")},
    "Policy": {Role.COUNCIL: ("set",)},
    "Incentives": {Role.COUNCIL: ("open",)},
    "Seats": {Role.COUNCIL: ("give", "take")},
    "TradingHalt": {Role.COUNCIL: ("setGuardians", "setVenues")},
}
