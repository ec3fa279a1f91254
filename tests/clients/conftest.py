from tests.server.genuine import counter, server

__all__ = ["counter", "server"]
