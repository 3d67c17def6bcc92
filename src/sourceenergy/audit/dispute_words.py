"""What a dispute bundle says of itself, in plain words, in English or French."""

from __future__ import annotations

from collections.abc import Iterable

from sourceenergy.units import iso_utc

_FILES = {
    "statement.json": (
        "the statement of the period: totals, roots, place on chain (public)",
        "le relevé de la période : totaux, racines, place sur la chaîne (public)",
    ),
    "intervals.csv": (
        "the price of every interval, and the band it was made from (public)",
        "le prix de chaque intervalle et les bornes dont il découle (public)",
    ),
    "proof.json": (
        "your energy and money in the period, with their proofs",
        "votre énergie et votre argent dans la période, avec leurs preuves",
    ),
    "readings.json": (
        "what your meters counted in the span, with salts and proofs",
        "ce que vos compteurs ont mesuré, avec sels et preuves",
    ),
    "records.json": (
        "your orders, trades, allocations and places in keys, with salts and proofs",
        "vos ordres, échanges, répartitions et parts des clés, avec sels et preuves",
    ),
    "signed_readings.json": (
        "the readings as your meter signed them, and the key it signs with",
        "les lectures telles que votre compteur les a signées, et sa clé",
    ),
    "evidence.json": (
        "the rules of the period and the root of every kind of record",
        "les règles de la période et la racine de chaque type d'enregistrement",
    ),
    "tariffs.toml": ("the tariffs that held", "les tarifs en vigueur"),
    "bundle.json": (
        "the hashes that bind rules and roots to the statement",
        "les empreintes qui lient règles et racines au relevé",
    ),
}
_TEXT = (
    """Dispute bundle: statement {epoch}, {start} to {end} (UTC)

This file holds what the community knows of your energy and money in this time, and what
proves it. Of other members it holds hashes only. It is personal: hand it to whom you trust.

To check it on any computer, without a network:

    sourceenergy verify --dispute BUNDLE.zip

It names the first record that differs. One thing needs a node of the chain: whether the
statement is on chain. Add --rpc and the node's address for it.

In it:
""",
    """Dossier de contestation : relevé {epoch}, {start} à {end} (UTC)

Ce fichier contient ce que la communauté sait de votre énergie et de votre argent pendant ce
temps, et ce qui le prouve. Des autres membres il ne contient que des empreintes. Il est
personnel : ne le remettez qu'à des personnes de confiance.

Pour le vérifier sur n'importe quel ordinateur, sans réseau :

    sourceenergy verify --dispute DOSSIER.zip

La commande nomme le premier enregistrement qui diffère. Une seule chose demande un nœud de la
chaîne : que le relevé y est. Ajoutez pour cela --rpc et l'adresse du nœud.

Contenu :
""",
)


def readme(language: str, files: Iterable[str], span_s: tuple[int, int], epoch: int) -> str:
    """The text of README.txt; ``language`` is en or fr."""
    which = int(language == "fr")
    start, end = (iso_utc(second) for second in span_s)
    lines = [f"  {name}: {_FILES[name][which]}\n" for name in sorted(files)]
    return _TEXT[which].format(epoch=epoch, start=start, end=end) + "".join(lines)
