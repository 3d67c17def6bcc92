"""Settlement: metered records in, one statement per commit period out; pure and repeatable."""

VERSION = "2"
"""Version of the settlement rules; it is part of every audit bundle."""
