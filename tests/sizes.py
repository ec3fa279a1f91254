"""How long randomised tests run: the same few hundred examples in `make test`, many fresh ones in `make stress`."""

import os

STRESS = os.environ.get("SOUK_STRESS") == "1"
DOCUMENTS = 10_000 if STRESS else 400
FILTERS = 5_000 if STRESS else 150
REQUESTS = 5_000 if STRESS else 150
REPEATABLE = not STRESS
EVENTS = 20_000 if STRESS else 500
EVENTS_AMONG_DEATHS = 100_000 if STRESS else 5_000
"""That go through while workers and the broker are killed."""
DEATHS = 60 if STRESS else 4
OUTAGE_SECONDS = 60 if STRESS else 3
OUTAGE_ORDERS = 300 if STRESS else 20
"""Placed while the broker is away."""
KILLED_WORKERS = 20 if STRESS else 2
SEARCHES = 3_000 if STRESS else 60
FAMILIES = 1_000 if STRESS else 40
"""Of refresh tokens, each refreshed by twenty at once."""
STORIES = 1_000 if STRESS else 24
"""Random ones of refreshing, reusing and signing out."""
ODD_TEXTS_APART = 1 if STRESS else 3
"""Where each odd text costs the hash of a password, only one of so many is tried."""
REGISTRATIONS = 200 if STRESS else 24
"""Of one address at once."""
BUYERS = 10_000 if STRESS else 500
"""Who all want one of a hundred units."""
IN_FLIGHT = 200 if STRESS else 15
"""Requests under way to each server: as many as two free cores answer in half of the 5 s that an operation may take."""
ALL_IN_ONE_ROW = 50 if STRESS else 15
"""The same of those who all succeed, and all wait for the same few variants."""
ORDER_KEYS = 1_000 if STRESS else 50
"""Of placements, each sent twenty times at once."""
CROSSING = 5_000 if STRESS else 200
"""Carts with the same variants in opposite orders."""
KILLED_SERVERS = 20 if STRESS else 3
BOOK_STORIES = 300 if STRESS else 8
"""Random ones of carts, orders and stock."""
ACTION_STORIES = 500 if STRESS else 8
"""Random ones of one order, with everything tried that can be done with it."""
PACKED_AT_ONCE = 400 if STRESS else 50
"""Orders that two administrators pack at the same moment."""
SHIPPED_OR_CANCELED = 1_000 if STRESS else 100
"""Orders that are shipped and canceled at the same moment."""
CART_CHANGES = 500 if STRESS else 50
"""Of one cart at once."""
CART_RACES = 200 if STRESS else 8
"""Rounds of the same few requests at once."""
ADJUSTMENTS = 2_000 if STRESS else 100
"""Of the stock of one variant."""
COPIES = 50 if STRESS else 20
"""Of one request with an idempotency key."""
TIMED = 500 if STRESS else 3
"""Log-ins with an account, and as many without."""
MOST_DIFFERENT = 0.02 if STRESS else float("inf")
"""How far apart their medians may be. Three say nothing, and a busy machine nothing either."""
PAYMENT_STORIES = 20_000 if STRESS else 2_000
"""Random ones of paying, capturing, canceling and refunding, while the provider fails."""
CANCELS_AGAINST_PAYING = 2_000 if STRESS else 200
"""Of an order, at the moment when it is paid."""
WEBHOOK_COPIES = 1_000 if STRESS else 60
"""Of one webhook at once."""
FORGERIES = 10_000 if STRESS else 320
"""Of webhooks, of each kind as many."""
LATE_COMMITS = 500 if STRESS else 40
"""Transactions of each of six writers, which commit in another order than they began."""
CUTS = 500 if STRESS else 10
"""Of those who follow an order, for each way that signals take: connections, the server, the database, Redis."""
