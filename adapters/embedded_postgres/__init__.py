"""A PostgreSQL server that comes with Souk, for development, tests and small shops.

Holds its data across crashes of the application, of the server and of the machine; needs no installation
besides the `embedded` extra.
"""

from adapters.embedded_postgres.errors import EmbeddedPostgresError
from adapters.embedded_postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
