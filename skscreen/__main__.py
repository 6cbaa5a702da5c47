"""Entry of ``python -m skscreen`` and of the command ``skscreen``."""

import sys

from skscreen.cli import main

if __name__ == "__main__":
    sys.exit(main())
