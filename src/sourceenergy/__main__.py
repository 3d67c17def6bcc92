"""``python -m sourceenergy``."""

from sourceenergy.cli.main import main

main()
