"""What breaks the rules of accounts, for `test_catalogue_rules`: one statement for each constraint."""

ANN, BEN, NOBODY = (f"00000000-0000-7000-8000-00000000000{number}" for number in ("1", "2", "f"))
ADDRESS = "INSERT INTO user_addresses (id, user_id, line1, city, country_code) VALUES"
SESSION = "INSERT INTO sessions (id, user_id, created_at, last_used_at, expires_at) VALUES"
TOKEN = "INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES"
LINK = "INSERT INTO one_time_tokens (hash, user_id, purpose, email, expires_at) VALUES"
HASH, OTHER_HASH = (f"decode(repeat('{pair}', 32), 'hex')" for pair in ("ab", "cd"))

ACCOUNTS = f"""
{ADDRESS} ('{ANN}', '{ANN}', '1 Main Street', 'Springfield', 'US');
{SESSION} ('{ANN}', '{ANN}', now(), now(), now());
{TOKEN} ({HASH}, '{ANN}', now());
{LINK} ({HASH}, '{ANN}', 'verify_email', 'a@b.c', now());
INSERT INTO outbox (id, topic, key, facts) VALUES ('{ANN}', 'user.created', '{ANN}', '{{}}');
"""
REFUSED = {
    "ck_user_addresses_present": "UPDATE user_addresses SET city = ''",
    "ck_user_addresses_country_code": "UPDATE user_addresses SET country_code = 'us'",
    "fk_user_addresses_user_id": f"{ADDRESS} ('{BEN}', '{NOBODY}', '1 Main Street', 'Springfield', 'US')",
    "fk_sessions_user_id": f"{SESSION} ('{BEN}', '{NOBODY}', now(), now(), now())",
    "ck_refresh_tokens_hash": "UPDATE refresh_tokens SET hash = 'short'",
    "ck_refresh_tokens_successor_of_used": "UPDATE refresh_tokens SET sealed_successor = 'sealed'",
    "fk_refresh_tokens_session_id": f"{TOKEN} ({OTHER_HASH}, '{NOBODY}', now())",
    "ck_one_time_tokens_hash": "UPDATE one_time_tokens SET hash = 'short'",
    "ck_one_time_tokens_purpose": "UPDATE one_time_tokens SET purpose = 'anything'",
    "fk_one_time_tokens_user_id": f"{LINK} ({OTHER_HASH}, '{NOBODY}', 'verify_email', 'a@b.c', now())",
    "ck_outbox_attempts": "UPDATE outbox SET attempts = -1",
    # unique indexes, which the metadata knows as such
    "uq_refresh_tokens_unused": f"{TOKEN} ({OTHER_HASH}, '{ANN}', now())",
    "uq_user_addresses_default": "UPDATE user_addresses SET is_default = true; "
    "INSERT INTO user_addresses (id, user_id, line1, city, country_code, is_default) "
    f"VALUES ('{BEN}', '{ANN}', '1 Main Street', 'Springfield', 'US', true)",
}
