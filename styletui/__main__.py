"""`python -m styletui`."""

import sys

from styletui.cli import main

sys.exit(main())
