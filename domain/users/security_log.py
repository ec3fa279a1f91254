"""The port through which what looks like an attack is told to whoever watches."""

from typing import Protocol

from domain.users.user import SessionId, UserId


class SecurityLog(Protocol):
    def refresh_token_reused(self, user_id: UserId, session_id: SessionId) -> None:
        """A spent refresh token came again: its owner or somebody else has a copy."""
        ...
