"""The watcher's process: `python -m adapters.embedded_postgres HOME LOCK`. Nobody else needs to run it."""

import sys
from pathlib import Path

from adapters.embedded_postgres.folders import Folders
from adapters.embedded_postgres.watcher import watch

watch(Folders(Path(sys.argv[1])), own=int(sys.argv[2]))
