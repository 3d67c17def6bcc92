"""The one error tree.

::

    SourceEnergyError
    ├── InputError            a file, message or setting is refused; nothing was done
    │   ├── ConfigError       community file, tariff file, command line
    │   ├── MeterDataError    a meter file or register cannot be used
    │   └── ReadingRefused    a device's reading breaks a rule of the node
    ├── NotPermitted          a rule of a layer or of the operating mode forbids it
    ├── InvariantBroken       our own result failed a check; it was not published
    ├── VerificationFailed    a published record does not match the chain or itself
    └── Unavailable           a chain, device or node does not answer; retrying is safe
        └── ChainError        the chain answered with a failure

Every error carries the rule it enforces, the field, the offending value and the remedy.
"""

from __future__ import annotations


class SourceEnergyError(Exception):
    """Base of all errors: ``rule`` names what was broken, ``remedy`` says what to do."""

    def __init__(
        self,
        message: str,
        *,
        rule: str = "",
        field: str = "",
        value: object = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.field = field
        self.value = value
        self.remedy = remedy

    def __str__(self) -> str:
        """One line for people: what, where, which value, which rule, what to do."""
        parts = [self.message]
        if self.field:
            shown = "" if self.value is None else f" = {_shortened(self.value)}"
            parts.append(f"[{self.field}{shown}]")
        if self.rule:
            parts.append(f"(rule: {self.rule})")
        text = " ".join(parts)
        return f"{text}. Remedy: {self.remedy}" if self.remedy else text

    def as_dict(self) -> dict[str, str]:
        """The same for programs (``--json`` and the API)."""
        return {
            "error": type(self).__name__,
            "message": self.message,
            "rule": self.rule,
            "field": self.field,
            "value": "" if self.value is None else _shortened(self.value),
            "remedy": self.remedy,
        }


def _shortened(value: object, most: int = 120) -> str:
    text = str(value)
    return text if len(text) <= most else text[: most - 1] + "…"


class InputError(SourceEnergyError):
    """Input is refused; nothing was done."""


class ConfigError(InputError):
    """A setting, community file or tariff file is refused."""


class MeterDataError(InputError):
    """A meter file or register cannot be used."""


class ReadingRefused(InputError):
    """A device's reading breaks a rule of the node."""


class NotPermitted(SourceEnergyError):
    """A rule of a layer or of the community's operating mode forbids the action."""


class InvariantBroken(SourceEnergyError):
    """Our own result failed a check that must always hold; it was not published."""


class VerificationFailed(SourceEnergyError):
    """A published record does not match the chain or itself."""


class Unavailable(SourceEnergyError):
    """A chain, device or node does not answer; retrying is safe."""


class ChainError(Unavailable):
    """The chain answered with a failure."""
