"""Readers for public reports of the grid: prices, demand, generation. Files in, records out."""
