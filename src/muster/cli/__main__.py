"""``python -m muster.cli``."""

from muster.cli.root import main

main()
