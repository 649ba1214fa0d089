"""`python -m app.cli`: the same as the command `forthwith`."""

from __future__ import annotations

import sys

from app.cli import main

sys.exit(main())
