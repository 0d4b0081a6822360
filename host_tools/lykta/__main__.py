"""`python -m lykta`: the same as the command `lykta`."""

import sys

from lykta.cli import main

sys.exit(main())
