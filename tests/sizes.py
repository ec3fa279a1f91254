"""How long randomised tests run: the same few hundred examples in `make test`, many fresh ones in `make stress`."""

import os

STRESS = os.environ.get("SOUK_STRESS") == "1"
DOCUMENTS = 10_000 if STRESS else 400
FILTERS = 5_000 if STRESS else 150
REQUESTS = 5_000 if STRESS else 150
REPEATABLE = not STRESS
EVENTS = 20_000 if STRESS else 500
KILLED_WORKERS = 20 if STRESS else 2
SEARCHES = 3_000 if STRESS else 60
FAMILIES = 1_000 if STRESS else 40
"""Of refresh tokens, each refreshed by twenty at once."""
STORIES = 1_000 if STRESS else 40
"""Random ones of refreshing, reusing and signing out."""
REGISTRATIONS = 200 if STRESS else 40
"""Of one address at once."""
COPIES = 50 if STRESS else 20
"""Of one request with an idempotency key."""
