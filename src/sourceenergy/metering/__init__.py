"""Readers of meter files: bytes in, one meter's intervals with quality out; no paths."""
