"""The keys that everything secret is signed with, or derived from."""

from adapters.signing_keys import KeyRing, kept_secret
from server.settings import Settings, parts


def key_ring(settings: Settings) -> KeyRing:
    """The keys that sign access tokens; in development, one that is made on the first start and kept.

    Raises:
        BadKey: a key cannot be used, or not be kept.
    """
    if settings.jwt_private_key:
        return KeyRing.of_files(settings.jwt_private_key)
    if settings.jwt_secret is not None:
        return KeyRing.of_secrets(parts(settings.jwt_secret.get_secret_value()))
    return KeyRing.of_secrets([kept_secret(settings.souk_home)])
