"""What looks like an attack, for whoever watches the log."""

import structlog

from domain.users.user import SessionId, UserId

_LOG = structlog.stdlib.get_logger("souk.security")


class StructuredSecurityLog:
    """Implements `domain.users.security_log.SecurityLog`."""

    def refresh_token_reused(self, user_id: UserId, session_id: SessionId) -> None:
        _LOG.warning("refresh token reused", user=str(user_id), session=str(session_id))
