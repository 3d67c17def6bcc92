"""What reports say, in English and in French: sentences, numbers, days.

Every sentence has a key and stands here once in each language; a test holds the two to the same
fields. Written for Canada: in French a decimal comma, and the amount before the dollar sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sourceenergy.records import Mode, Quality
from sourceenergy.units import UD_PER_CENT

_SPACE = "\u00a0"


class Language(StrEnum):
    """A language people may have their papers in."""

    EN = "en"
    FR = "fr"


TEXTS: Mapping[str, tuple[str, str]] = {
    # --- what things are called
    "mode.simulation": ("Simulation", "Simulation"),
    "mode.credit_allocation": ("Credit allocation", "Répartition de crédits"),
    "mode.community_sharing": ("Community sharing", "Partage communautaire"),
    "mode.sandbox_p2p": ("Sandbox P2P market", "Marché entre pairs (bac à sable)"),
    "quality.measured": ("measured", "mesurées"),
    "quality.replaced": ("replaced", "remplacées"),
    "quality.estimated": ("estimated", "estimées"),
    "quality.missing": ("missing", "manquantes"),
    "quality.none": ("no values", "aucune valeur"),
    "period.on_peak": ("on-peak", "période de pointe"),
    "period.mid_peak": ("mid-peak", "période médiane"),
    "period.off_peak": ("off-peak", "période creuse"),
    "period.ultra_low": ("ultra-low overnight", "tarif de nuit très bas"),
    "period.weekend_off_peak": ("weekend off-peak", "période creuse de fin de semaine"),
    "period.flat": ("flat", "prix uniforme"),
    "period.tier_1": ("tier 1", "palier 1"),
    "period.tier_2": ("tier 2", "palier 2"),
    "simulated": ("SIMULATED", "SIMULÉ"),
    # --- lines of a statement
    "line.plant_allocated": (
        "From the shared plant, by key",
        "De l'installation commune, selon la clé",
    ),
    "line.plant_fee": (
        "Fee on energy from the shared plant",
        "Frais sur l'énergie de l'installation commune",
    ),
    "line.plant_provided": (
        "Your part of the plant, by key",
        "Votre part de l'installation, selon la clé",
    ),
    "line.deals_bought": (
        "From neighbours, by order or deal",
        "De vos voisins, par ordre ou contrat",
    ),
    "line.deals_fee": (
        "Platform fee on orders and deals",
        "Frais de plateforme sur ordres et contrats",
    ),
    "line.deals_sold": (
        "Sold to neighbours, by order or deal",
        "Vendu aux voisins, par ordre ou contrat",
    ),
    "line.neighbours_bought": ("From neighbours", "De vos voisins"),
    "line.platform_fee": (
        "Platform fee on energy from neighbours",
        "Frais de plateforme sur l'énergie des voisins",
    ),
    "line.grid": ("From the grid, {period}", "Du réseau, {period}"),
    "line.incentive": ("Incentive, policy {policy}", "Incitatif, politique {policy}"),
    "line.neighbours_sold": ("Sold to neighbours", "Vendu aux voisins"),
    "line.grid_feed_in": ("Sold to the grid at feed-in", "Vendu au réseau au tarif de rachat"),
    "line.correction": (
        "Correction of {span} (statement {epoch})",
        "Correction du relevé {epoch}, {span}",
    ),
    "line.total": ("Total", "Total"),
    "line.saving": (
        "Saving: grid alone less with your community",
        "Économie : réseau seul moins votre communauté",
    ),
    # --- the utility's bill beside it
    "bill.title": ("Your utility's bill for the rest", "La facture de votre distributeur"),
    "bill.energy": (
        "Electricity from the grid, as above",
        "Électricité du réseau, comme ci-dessus",
    ),
    "bill.delivery": ("Delivery: {name}", "Livraison : {name}"),
    "bill.regulatory": ("Regulatory: {name}", "Réglementation : {name}"),
    "bill.rebate": ("Rebate: {name}", "Remise : {name}"),
    "bill.tax": ("Tax: {name}", "Taxe : {name}"),
    "bill.total": ("Total of the utility's bill", "Total de la facture"),
    "bill.all": (
        "All together: bill, credit for exports, community",
        "En tout : facture, crédit pour l'énergie vendue, communauté",
    ),
    "bill.saving": ("All in all you save {amount}.", "En tout, vous économisez {amount}."),
    "bill.dearer": (
        "Rebate and tax counted, you pay {amount} more than with the grid alone: tell your "
        "operator.",
        "Remise et taxe comprises, vous payez {amount} de plus qu'avec le réseau seul : "
        "avertissez votre exploitant.",
    ),
    "bill.note": (
        "As your utility bills it by its own rules: rebate and tax are a part of electricity, "
        "delivery and regulatory charges, which sharing does not change.",
        "Comme votre distributeur la calcule : la remise et la taxe sont une part de "
        "l'électricité, de la livraison et des frais réglementaires, que le partage ne change pas.",
    ),
    # --- the page
    "page.title": ("Energy statement", "Relevé d'énergie"),
    "page.document": ("Energy statement, {span}", "Relevé d'énergie, {span}"),
    "page.mode": ("Mode: {mode}", "Mode : {mode}"),
    "page.not_real": ("no real energy, no real money", "ni énergie ni argent réels"),
    "page.dry_run": ("DRY RUN", "ESSAI À BLANC"),
    "page.not_posted": ("not posted on chain", "non publié sur la chaîne"),
    "page.days": ("{days} days, {zone} time", "{days} jours, heure de {zone}"),
    "page.day": ("1 day, {zone} time", "1 jour, heure de {zone}"),
    "page.with": ("Energy with your community", "Énergie avec votre communauté"),
    "page.alone": ("The same with the grid alone", "La même avec le réseau seul"),
    "page.save": ("You save", "Vous économisez"),
    "page.save_share": ("You save ({share})", "Vous économisez ({share})"),
    "page.lines": ("Your energy, line by line", "Votre énergie, ligne par ligne"),
    "page.price": ("Price", "Prix"),
    "page.with_column": ("With your community", "Avec votre communauté"),
    "page.alone_column": ("With the grid alone", "Avec le réseau seul"),
    "page.notes": (
        "* Billed or credited by your utility; shown to compare, not settled here. ø is an "
        "average, rounded. "
        "Earnings are negative. Lines are rounded to the cent so that they add up to the "
        "total; exact amounts are in the CSV file. Prices are for electricity alone. {rest}",
        "* Facturé ou crédité par votre distributeur; montré pour comparer, non réglé ici. ø est "
        "une moyenne arrondie. Les revenus sont négatifs. Les lignes sont arrondies au cent de "
        "façon à donner le total; les montants exacts sont dans le fichier CSV. Les prix sont ceux "
        "de l'électricité seule. {rest}",
    ),
    "page.not_included": (
        "Delivery, regulatory charges, tax and the rebate are not part of this statement; your "
        "utility bills them unchanged.",
        "La livraison, les frais réglementaires, la taxe et la remise ne font pas partie de ce "
        "relevé; votre distributeur les facture sans changement.",
    ),
    "chart.hour": ("Your energy by hour [kWh]", "Votre énergie par heure [kWh]"),
    "chart.day": ("Your energy by day [kWh]", "Votre énergie par jour [kWh]"),
    "chart.month": ("Your energy by month [kWh]", "Votre énergie par mois [kWh]"),
    "chart.bought": ("from neighbours", "des voisins"),
    "chart.from_grid": ("from the grid", "du réseau"),
    "chart.sold": (
        "sold to neighbours (below the line)",
        "vendu aux voisins (sous la ligne)",
    ),
    "chart.to_grid": ("sold to the grid (below the line)", "vendu au réseau (sous la ligne)"),
    "account.title": ("Settled with your community", "Réglé avec votre communauté"),
    "account.paid": ("The community pays you {amount}.", "La communauté vous verse {amount}."),
    "account.taken": (
        "{amount} was taken from your deposit.",
        "{amount} ont été prélevés de votre dépôt.",
    ),
    "account.owed": (
        "You owe the community {amount}; its operator collects it.",
        "Vous devez {amount} à la communauté; son exploitant les perçoit.",
    ),
    "account.even": ("Nothing is owed either way.", "Personne ne doit rien."),
    "account.parts": ("Sold {sold}, bought {bought}.", "Vendu {sold}, acheté {bought}."),
    "account.parts_fee": (
        "Sold {sold}, bought {bought}, platform fee {fee}.",
        "Vendu {sold}, acheté {bought}, frais de plateforme {fee}.",
    ),
    "account.incentive": (
        "Incentives set by policy: {amount} to you.",
        "Incitatifs fixés par politique : {amount} en votre faveur.",
    ),
    "account.correction": (
        "{line}: energy {energy} ¢, fee {fee} ¢ to you; {grid} kWh more from the grid, {fed} kWh "
        "more to it.",
        "{line} : énergie {energy} ¢, frais {fee} ¢ en votre faveur; {grid} kWh de plus du réseau, "
        "{fed} kWh de plus vers lui.",
    ),
    "account.corrected": (
        "Corrections of earlier periods: {amount} to you.",
        "Corrections de périodes antérieures : {amount} en votre faveur.",
    ),
    "account.state": (
        "Payout authorised by this statement {now}, so far in all {ever}; balance held {balance}.",
        "Versement autorisé par ce relevé {now}, en tout jusqu'ici {ever}; solde détenu {balance}.",
    ),
    "data.title": ("Meter data", "Données des compteurs"),
    "data.values": ("{count} meter values: {kinds}.", "{count} valeurs de compteur : {kinds}."),
    "data.missing": (
        "Missing values count as nothing and were not settled.",
        "Les valeurs manquantes comptent pour rien et n'ont pas été réglées.",
    ),
    "data.marked": (
        "Estimated and replaced values are marked in the interval file.",
        "Les valeurs estimées ou remplacées sont marquées dans le fichier des intervalles.",
    ),
    "data.unverified": (
        "{count} meter(s) are not verified and were not settled.",
        "{count} compteur(s) ne sont pas vérifiés et n'ont pas été réglés.",
    ),
    "proof.title": ("Proof", "Preuve"),
    "proof.posted": (
        "Posted on chain: chain {chain}, epoch {epoch}. You need not trust anyone: to check this, "
        "run",
        "Publié sur la chaîne : chaîne {chain}, époque {epoch}. Vous n'avez à croire personne : "
        "pour vérifier, lancez",
    ),
    "proof.not_posted": (
        "Not posted (dry run): chain {chain}, epoch {epoch}. You need not trust anyone: to check "
        "this once posted, run",
        "Non publié (essai à blanc) : chaîne {chain}, époque {epoch}. Vous n'avez à croire "
        "personne : pour vérifier après publication, lancez",
    ),
    "proof.statement": ("statement", "relevé"),
    "proof.community": ("community", "communauté"),
    "proof.contract": ("contract", "contrat"),
    "proof.account": ("account", "compte"),
    "proof.version": (
        "{minutes}-minute intervals, settlement version {version}",
        "Intervalles de {minutes} minutes, version de règlement {version}",
    ),
    "span.days": ("{first} to {last}", "du {first} au {last}"),
    "span.hours": ("{day}, {start} to {end}", "{day}, de {start} à {end}"),
}

_MONTHS = {
    Language.EN: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    Language.FR: (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
_SHORT = {
    Language.EN: tuple(month[:3] for month in _MONTHS[Language.EN]),
    Language.FR: (
        *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
        *("juill.", "août", "sept.", "oct.", "nov.", "déc."),
    ),
}


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences and numbers in one language; call it with a key of ``TEXTS``."""

    language: Language = Language.EN

    @property
    def _french(self) -> bool:
        return self.language is Language.FR

    @property
    def locale(self) -> str:
        """Tag of the language in Canada (BCP 47)."""
        return "fr-CA" if self._french else "en-CA"

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of a key with its fields filled."""
        return TEXTS[key][self._french].format(**values)

    # --- numbers -------------------------------------------------------------------------------

    def _number(self, digits: str) -> str:
        """English digits with comma and point, as this language writes them."""
        if not self._french:
            return digits
        return digits.translate({ord(","): _SPACE, ord("."): ","})

    def count(self, number: int) -> str:
        """A whole number."""
        return self._number(f"{number:,}")

    def plain(self, cents: int) -> str:
        """Cents as dollars without the sign of the currency: ``1,234.56``."""
        sign = "−" if cents < 0 else ""
        return sign + self._number(f"{abs(cents) // 100:,}.{abs(cents) % 100:02d}")

    def money(self, cents: int) -> str:
        """Whole cents: ``$1,234.56``, ``−$0.05``; in French ``1 234,56 $``."""
        if self._french:
            return f"{self.plain(cents)}{_SPACE}$"
        return ("−" if cents < 0 else "") + "$" + self.plain(abs(cents))

    def kwh(self, energy_wh: int) -> str:
        """Energy in kWh with three decimals, which is exact."""
        sign = "−" if energy_wh < 0 else ""
        return sign + self._number(f"{abs(energy_wh) // 1000:,}.{abs(energy_wh) % 1000:03d}")

    def price(self, price_ud_per_kwh: int) -> str:
        """A price in cents per kWh, exact, at least one decimal: ``9.8``, ``4.125``."""
        whole, rest = divmod(abs(price_ud_per_kwh), UD_PER_CENT)
        decimals = f"{rest:04d}".rstrip("0") or "0"
        return ("−" if price_ud_per_kwh < 0 else "") + self._number(f"{whole:,}.{decimals}")

    def percent(self, part: int, whole: int) -> str:
        """A share in percent with one decimal; ``whole`` is above zero."""
        return self._number(f"{part * 100 / whole:.1f}") + " %"

    # --- words ---------------------------------------------------------------------------------

    def mode(self, mode: Mode) -> str:
        """An operating mode's name."""
        return self(f"mode.{mode.value}")

    def tariff(self, name: str) -> str:
        """A tariff period's name: ``on_peak`` is on-peak; a name of one's own stays as it is."""
        key = f"period.{name}"
        return self(key) if key in TEXTS else name.replace("_", "-")

    def qualities(self, counts: Mapping[Quality, int]) -> str:
        """Numbers of values by quality; qualities that do not occur are left out."""
        said = [
            f"{self.count(n)} {self(f'quality.{quality.name.lower()}')}"
            for quality, n in sorted(counts.items())
            if n
        ]
        return ", ".join(said) or self("quality.none")

    def day(self, day: date) -> str:
        """A day: ``1 November 2025``, ``1er novembre 2025``; the same on every machine."""
        number = "1er" if self._french and day.day == 1 else str(day.day)
        return f"{number} {_MONTHS[self.language][day.month - 1]} {day.year}"

    def short_day(self, day: date) -> str:
        """A day on a chart's axis."""
        return f"{day.day} {_SHORT[self.language][day.month - 1]}"

    def short_month(self, day: date) -> str:
        """A month on a chart's axis."""
        return f"{_SHORT[self.language][day.month - 1]} {day:%y}"

    def span(self, start: datetime, end: datetime) -> str:
        """First and last day; with times where the span does not begin and end at midnight."""
        midnight = start.hour == start.minute == end.hour == end.minute == 0
        if midnight:
            last = datetime.fromtimestamp(end.timestamp() - 1, end.tzinfo).date()
            if last == start.date():
                return self.day(last)
            return self("span.days", first=self.day(start.date()), last=self.day(last))
        until = f"{end:%H:%M}"
        if end.date() != start.date():
            until = f"{self.day(end.date())}, {until}"
        return self("span.hours", day=self.day(start.date()), start=f"{start:%H:%M}", end=until)


ENGLISH = Wording()
