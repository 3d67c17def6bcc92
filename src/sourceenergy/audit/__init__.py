"""What strangers, auditors and members use to check a community: the program ``verify``."""
