"""The contracts of the six layers: what each is given, and what is set before the hand-over.

A changed constructor is a changed line here.
"""

from __future__ import annotations

from sourceenergy.chain.parties import Parties
from sourceenergy.chain.rule_packs import rules_acts
from sourceenergy.chain.steps import Act, At, Later, Make
from sourceenergy.config.chain_profile import ChainProfile, Season
from sourceenergy.config.rule_pack import Kind, canada

ENTRY_POINT = "0x433709009b8330fda32311df1c2afa402ed8d009"
"""ERC-4337's entry point, version 0.9: the same address on every chain that has it."""

INVEST, TRADE_ENERGY, CARBON = 1, 2, 4  # permissions of a passport
EVER = (1 << 40) - 1  # the last second a passport can name
ERC20, ERC1155 = 1, 2  # as `Assets.Standard` numbers them
WH_PER_CREDIT = 1000
WH_PER_MWH = 1_000_000
UNITS_PER_SHARE = 10**12  # a fund's shares have six decimals more than the currency has
DAY_S = 86_400
INTERVAL_S = 900

VENUES = (
    "BackingReserve",
    "StabilisationFund",
    "Savings",
    "Incentives",
    "Exchange",
    "LiquidityPool",
    "EnergyCredit",
    "CertificateBasket",
    "Community",
    "Fund",
    "RevenueCascade",
    "Deal",
    "Investment",
    "Timelock",
)
"""Contracts of the house that hold money or tokens for others: the rules ask nothing of them."""

LISTED = (
    ("EnergyCredit", ERC20, WH_PER_CREDIT),
    ("Certificates", ERC1155, WH_PER_MWH),
    ("CertificateBasket", ERC20, WH_PER_MWH),
    ("Fund", ERC20, UNITS_PER_SHARE),
)
"""What the exchange trades from the start, with the smallest units that a price is for. A
listing is for ever, being what signed prices mean; only credits bear fee and levy."""

FEE_BPS, LEVY_BPS = 100, 200
FEE_UD_PER_KWH = 1000
TARIFF_UD_PER_KWH = 157_000
VINTAGE = 2026
RULES_AFTER_S = 3600

_POLICY = (0, 400, 1200, FEE_BPS, LEVY_BPS)  # in the order of `IPolicy.Parameter`
_PRICE = (
    17_000_000_000,  # normal demand [W]
    20_000,  # floor [ud/kWh]
    400_000,  # cap [ud/kWh]
    25_000,  # step from one interval to the next [ud/kWh]
    1_500_000,  # weight of the demand [10^-6]
    200_000,  # weight of the traded price [10^-6]
    1800,  # inputs are fresh [s]
    7200,  # the last good price is held [s]
    500_000,  # most the grid price moves in an interval [ud/kWh]
    3_000_000_000,  # most the demand moves [W]
    300_000,  # most the tariff moves [ud/kWh]
)


def makes_of(profile: ChainProfile, parties: Parties, season: Season) -> tuple[Make, ...]:
    """Every contract, each after those its arguments name."""
    manager, passport, currency = At("AccessManager"), At("Passport"), At("Currency")
    compliance, timelock, levy = At("Compliance"), At("Timelock"), At("StabilisationFund")
    venue = (currency, compliance, At("TradingHalt"), timelock, levy)
    return (
        Make("AccessManager", "AccessManager", (parties.deployer,)),
        # --- individual
        Make("Passport", "Passport", (manager,)),
        Make("Devices", "Devices", (manager,)),
        Make("AccountFactory", "AccountFactory", (ENTRY_POINT, passport)),
        Make("Account", "Account", (ENTRY_POINT, passport), parent="AccountFactory"),
        # --- central bank
        Make("Compliance", "Compliance", (manager, passport)),
        Make("Currency", "Currency", (manager, passport, compliance)),
        _quorum("Custodians", parties.custodians.accounts, parties.custodians.quorum),
        _quorum("Guardians", parties.guardians.accounts, parties.guardians.quorum),
        _quorum("QuorumVerifier", parties.verifiers.accounts, parties.verifiers.quorum),
        Make("BackingReserve", "BackingReserve", (currency, At("Custodians"), 7 * DAY_S)),
        Make("Seats", "Seats", (manager,)),
        Make(
            "Council",
            "Council",
            (
                At("Seats"),
                profile.council_notice_s,
                profile.council_vote_s,
                profile.timelock_s,
            ),
        ),
        Make("Timelock", "Timelock", (profile.timelock_s, At("Council")), parent="Council"),
        Make("TradingHalt", "TradingHalt", (manager, At("Guardians"))),
        Make(
            "StabilisationFund",
            "StabilisationFund",
            (manager, currency, passport, At("Seats"), At("TradingHalt")),
        ),
        Make("Savings", "Savings", (manager, currency, passport)),
        Make("Policy", "Policy", (manager, At("Council"), _POLICY)),
        Make(
            "Incentives",
            "Incentives",
            (manager, currency, passport, At("Council"), At("Policy"), At("QuorumVerifier")),
        ),
        # --- marketplace
        Make("EnergyCredits", "EnergyCredits", (manager, currency, passport, compliance)),
        Make(
            "EnergyCredit",
            "EnergyCredit",
            (manager, currency, passport, compliance, _season(season)),
            parent="EnergyCredits",
            salted=True,
        ),
        Make("Exchange", "Exchange", (manager, venue)),
        Make(
            "LiquidityPool",
            "LiquidityPool",
            (
                manager,
                venue,
                ERC20,
                At("EnergyCredit"),
                0,
                WH_PER_CREDIT,
                DAY_S,
            ),
        ),
        Make("PriceHistory", "PriceHistory", (At("LiquidityPool"),)),
        # --- community
        Make("Certificates", "Certificates", (manager, passport, compliance, At("Devices"))),
        Make(
            "CertificateBasket",
            "CertificateBasket",
            (
                manager,
                At("Certificates"),
                passport,
                compliance,
                VINTAGE,
                f"SourceEnergy certificates {VINTAGE}",
                f"seC{VINTAGE % 100}",
            ),
        ),
        Make("ImpactReports", "ImpactReports", (manager,)),
        Make(
            "Community",
            "Community",
            (manager, currency, passport, compliance, 7 * DAY_S, 30 * DAY_S, 200_000, 5),
        ),
        Make(
            "Fund",
            "Fund",
            (
                (
                    "SourceEnergy Community Fund",
                    "seFUND",
                    currency,
                    passport,
                    compliance,
                    At("Community"),
                    timelock,
                    100_000,
                    30 * DAY_S,
                    profile.currency_cap_ud,
                ),
            ),
        ),
        # --- household
        Make("HouseholdTrustFactory", "HouseholdTrustFactory", (currency, passport, At("Devices"))),
        # --- aggregated market
        Make("ClearingFactory", "ClearingFactory", (manager, currency, passport, compliance)),
        Make("Tariff", "Tariff", (manager, INTERVAL_S, TARIFF_UD_PER_KWH, _PRICE)),
        Make("PoolAsset", "PoolAsset", (manager, passport, INTERVAL_S)),
        Make(
            "RevenueCascade",
            "RevenueCascade",
            (
                manager,
                currency,
                passport,
                At("PoolAsset"),
                (timelock, FEE_BPS * 100, levy, LEVY_BPS * 100),
            ),
        ),
        # --- agreements
        Make(
            "Deal",
            "Deal",
            (
                currency,
                passport,
                compliance,
                At("HouseholdTrustFactory"),
                At("QuorumVerifier"),
                At("TradingHalt"),
                FEE_UD_PER_KWH,
                timelock,
            ),
        ),
        Make(
            "Investment",
            "Investment",
            (currency, passport, compliance, At("HouseholdTrustFactory")),
        ),
        Make(
            "Paymaster",
            "Paymaster",
            (
                manager,
                ENTRY_POINT,
                passport,
                At("AccountFactory"),
                timelock,
                DAY_S,
                10**16,
                10**18,
            ),
        ),
    )


def acts_of(profile: ChainProfile, parties: Parties, season: Season) -> tuple[Act, ...]:
    """What the administrator sets, in this order, before it hands over."""
    credit, pool, fund = At("EnergyCredit"), At("LiquidityPool"), At("StabilisationFund")
    tokens = (
        ("Currency", Kind.MONEY, 0, False),
        ("EnergyCredit", Kind.CREDIT, TRADE_ENERGY, True),
        ("LiquidityPool", Kind.CREDIT, TRADE_ENERGY, True),
        ("Fund", Kind.SHARE, INVEST, True),
        ("Certificates", Kind.CERTIFICATE, CARBON, True),
        ("CertificateBasket", Kind.CERTIFICATE, CARBON, True),
    )
    reporters = parties.reporters
    return (
        *(Act("Seats", "give", (seat,)) for seat in parties.seats),
        Act("Currency", "setBucket", (At("BackingReserve"), profile.currency_cap_ud)),
        Act("EnergyCredits", "open", (_season(season),)),
        *(Act("Compliance", "register", (At(n), *rest)) for n, *rest in tokens),
        *(Act("Compliance", "addVenue", (At(name),)) for name in VENUES),
        # what a venue holds is counted for nobody
        *(
            Act(token, "acknowledge", (At(name),))
            for token, names in (
                ("Currency", VENUES),
                ("EnergyCredit", ("Exchange", "LiquidityPool", "StabilisationFund")),
            )
            for name in names
        ),
        Act("TradingHalt", "setVenues", ((pool,),)),
        *rules_acts(canada(), Later(RULES_AFTER_S)),
        *(Act("Exchange", "list", (At(name), *how)) for name, *how in LISTED),
        Act("Exchange", "setCharges", (credit, FEE_UD_PER_KWH, LEVY_BPS)),
        Act("LiquidityPool", "setSharesOfPrice", (FEE_BPS, LEVY_BPS)),
        Act("StabilisationFund", "setCredit", (credit, At("PriceHistory"))),
        *(
            Act("Tariff", "setReporter", (reporter, True, min(i + 1, reporters.quorum)))
            for i, reporter in enumerate(reporters.accounts)
        ),
        Act("Tariff", "setSource", (pool,)),
        Act("Paymaster", "setBudget", (2 * 10**15, 10**17)),
        *(
            Act("Paymaster", "setTarget", (target, True))
            for target in (At("Currency"), At("Exchange"), credit, pool, fund)
        ),
    )


def _quorum(name: str, accounts: tuple[str, ...], quorum: int) -> Make:
    return Make(name, "QuorumVerifier", (accounts, quorum))


def _season(season: Season) -> tuple[object, ...]:
    return season.name, season.symbol, season.start_s, season.end_s, season.feed_in_ud_per_kwh
