"""Drivers: each reads one kind of device into a ``DeviceSample``."""
