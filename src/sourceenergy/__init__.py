"""SourceEnergy: meter data in, shared energy and exact money out, with a proof anyone can check."""

__version__ = "0.1.0"
