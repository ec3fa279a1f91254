from tests.adapters.embedded_servers import folder, home

__all__ = ["folder", "home"]
