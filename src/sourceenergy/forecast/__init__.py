"""Forecasts: tomorrow's energy with a band, how good the forecasts were, when to use energy.

A forecast is an estimate and says so: it plans and warns, and no money is computed from it.
"""
