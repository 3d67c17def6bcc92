"""Durable memory of a node; SQLite in one file by default."""
