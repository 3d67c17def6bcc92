"""A simulated community: weather, homes and their devices; nothing here was measured."""
