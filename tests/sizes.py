"""How long randomised tests run: the same few hundred examples in `make test`, many fresh ones in `make stress`."""

import os

STRESS = os.environ.get("SOUK_STRESS") == "1"
DOCUMENTS = 10_000 if STRESS else 400
FILTERS = 5_000 if STRESS else 150
REQUESTS = 5_000 if STRESS else 150
REPEATABLE = not STRESS
EVENTS = 20_000 if STRESS else 500
KILLED_WORKERS = 20 if STRESS else 2
