"""Settings read from files: the community, its members and meters, and the tariffs."""
