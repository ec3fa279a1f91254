"""What breaks the rules of payments and fulfilments, for `test_catalogue_rules`: one statement for each."""

from tests.persistence.order_examples import NOBODY, ONE, TWO

USER = "00000000-0000-7000-8000-000000000001"
PAYMENT = (
    "INSERT INTO payments (id, order_id, provider, status, currency_code, amount, capture_method, created_at) VALUES"
)
REFUND = "INSERT INTO refunds (id, order_id, payment_id, amount, status, reason, reference, created_at) VALUES"
FULFILLMENT = "INSERT INTO fulfillments (id, order_id, status, created_at) VALUES"
CUSTOMER = "INSERT INTO payment_customers (user_id, provider, reference) VALUES"
METHOD = "INSERT INTO saved_payment_methods (id, user_id, provider, reference, details, is_default, created_at) VALUES"
TOLD = "INSERT INTO provider_events (id, provider, external_id, type, subject, status, payload, received_at) VALUES"


def payment(identity: str, order: str = ONE, status: str = "failed") -> str:
    return f"{PAYMENT} ('{identity}', '{order}', 'sandbox', '{status}', 'USD', 16, 'automatic', now())"


PAYMENTS = f"""
{payment(ONE, status="authorized")};
UPDATE payments SET reference = 'pi_1';
{REFUND} ('{ONE}', '{ONE}', '{ONE}', 1, 'pending', 'other', 're_1', now());
INSERT INTO refund_lines VALUES ('{ONE}', '{ONE}', 1, true);
{FULFILLMENT} ('{ONE}', '{ONE}', 'pending', now());
INSERT INTO fulfillment_lines VALUES ('{ONE}', '{ONE}', 1);
{CUSTOMER} ('{USER}', 'sandbox', 'cus_1');
{METHOD} ('{ONE}', '{USER}', 'sandbox', 'pm_1', '{{}}', true, now());
{TOLD} ('{ONE}', 'sandbox', 'evt_1', 'x', '', 'received', '{{}}', now());
"""
SANDBOX = """
INSERT INTO sandbox_customers (id, user_id, created_at) VALUES ('cus_1', 'u', now());
INSERT INTO sandbox_methods (id, token, customer, created_at) VALUES ('pm_1', 'pm_card_visa', 'cus_1', now());
INSERT INTO sandbox_intents (id, client_secret, payment_id, order_id, order_number, amount, currency, capture_method,
  status, customer, created_at)
  VALUES ('pi_1', 's', 'p', 'o', 'n', 10, 'USD', 'automatic', 'processing', 'cus_1', now());
INSERT INTO sandbox_refunds (id, intent_id, refund_id, amount, reason, status, created_at)
  VALUES ('re_1', 'pi_1', 'r', 1, 'other', 'pending', now());
INSERT INTO sandbox_setups (id, client_secret, customer, status, created_at)
  VALUES ('seti_1', 's', 'cus_1', 'x', now());
"""
REFUSED = {
    "fk_sandbox_methods_customer": "UPDATE sandbox_methods SET customer = 'nobody'",
    "fk_sandbox_intents_customer": "UPDATE sandbox_intents SET customer = 'nobody'",
    "fk_sandbox_intents_method": "UPDATE sandbox_intents SET method = 'nothing'",
    "ck_sandbox_intents_amount": "UPDATE sandbox_intents SET amount = 0",
    "ck_sandbox_intents_money": "UPDATE sandbox_intents SET status = 'succeeded', amount_received = 11",
    "ck_sandbox_intents_status_of_money": "UPDATE sandbox_intents SET amount_received = 1",
    "fk_sandbox_refunds_intent_id": "UPDATE sandbox_refunds SET intent_id = 'nothing'",
    "ck_sandbox_refunds_amount": "UPDATE sandbox_refunds SET amount = 0",
    "fk_sandbox_setups_customer": "UPDATE sandbox_setups SET customer = 'nobody'",
    "fk_sandbox_setups_method": "UPDATE sandbox_setups SET method = 'nothing'",
    "ck_orders_paid": "UPDATE orders SET amount_refunded = 1",
    "ck_order_lines_undone": "UPDATE order_lines SET quantity_returned = 1",
    "fk_order_events_payment_id": f"UPDATE order_events SET payment_id = '{NOBODY}'",
    "fk_order_events_fulfillment_id": f"UPDATE order_events SET fulfillment_id = '{NOBODY}'",
    "fk_order_events_refund_id": f"UPDATE order_events SET refund_id = '{NOBODY}'",
    "ck_fulfillments_status": "UPDATE fulfillments SET status = 'lost', shipped_at = now()",
    "ck_fulfillments_shipped": "UPDATE fulfillments SET shipped_at = now()",
    "fk_fulfillments_order_id": f"UPDATE fulfillments SET order_id = '{NOBODY}'",
    "ck_fulfillment_lines_quantity": "UPDATE fulfillment_lines SET quantity = 0",
    "fk_fulfillment_lines_fulfillment_id": f"UPDATE fulfillment_lines SET fulfillment_id = '{NOBODY}'",
    "fk_fulfillment_lines_order_line_id": f"UPDATE fulfillment_lines SET order_line_id = '{NOBODY}'",
    "ck_payments_provider": "UPDATE payments SET provider = 'other'",
    "ck_payments_status": "UPDATE payments SET status = 'lost'",
    "ck_payments_capture_method": "UPDATE payments SET capture_method = 'later'",
    "ck_payments_amount": "UPDATE payments SET amount = 0",
    "ck_payments_captured": "UPDATE payments SET status = 'captured', amount_captured = 16.01",
    "ck_payments_refunded": "UPDATE payments SET amount_refunded = 0.01",
    "ck_payments_status_of_money": "UPDATE payments SET amount_captured = 1",
    "fk_payments_order_id": payment(TWO, NOBODY),
    "fk_payments_user_id": f"UPDATE payments SET user_id = '{NOBODY}'",
    "fk_payments_saved_payment_method_id": f"UPDATE payments SET saved_payment_method_id = '{NOBODY}'",
    "uq_payments_provider_reference": f"{payment(TWO)}; UPDATE payments SET reference = 'pi_1'",
    "ck_refunds_status": "UPDATE refunds SET status = 'lost'",
    "ck_refunds_reason": "UPDATE refunds SET reason = 'none'",
    "ck_refunds_amount": "UPDATE refunds SET amount = 0",
    "fk_refunds_order_id": f"UPDATE refunds SET order_id = '{NOBODY}'",
    "fk_refunds_payment_id": f"UPDATE refunds SET payment_id = '{NOBODY}'",
    "uq_refunds_payment_id_reference": f"{REFUND} ('{TWO}', '{ONE}', '{ONE}', 1, 'pending', 'other', 're_1', now())",
    "ck_refund_lines_quantity": "UPDATE refund_lines SET quantity = 0",
    "fk_refund_lines_refund_id": f"UPDATE refund_lines SET refund_id = '{NOBODY}'",
    "fk_refund_lines_order_line_id": f"UPDATE refund_lines SET order_line_id = '{NOBODY}'",
    "ck_payment_customers_provider": "UPDATE payment_customers SET provider = 'other'",
    "fk_payment_customers_user_id": f"UPDATE payment_customers SET user_id = '{NOBODY}'",
    "uq_payment_customers_provider_reference": (
        "INSERT INTO users (id, email, password_hash, first_name, last_name) "
        f"VALUES ('{TWO}', 'c@b.c', 'x', 'A', 'B'); {CUSTOMER} ('{TWO}', 'sandbox', 'cus_1')"
    ),
    "ck_saved_payment_methods_provider": "UPDATE saved_payment_methods SET provider = 'other'",
    "fk_saved_payment_methods_user_id": f"UPDATE saved_payment_methods SET user_id = '{NOBODY}'",
    "uq_saved_payment_methods_provider_reference": (
        f"{METHOD} ('{TWO}', '{USER}', 'sandbox', 'pm_1', '{{}}', false, now())"
    ),
    "ck_provider_events_provider": "UPDATE provider_events SET provider = 'other'",
    "ck_provider_events_status": "UPDATE provider_events SET status = 'lost'",
    "ck_provider_events_attempts": "UPDATE provider_events SET attempts = -1",
    "ck_provider_events_amount": "UPDATE provider_events SET amount = 1",
    "uq_provider_events_provider_external_id": (
        f"{TOLD} ('{TWO}', 'sandbox', 'evt_1', 'x', '', 'received', '{{}}', now())"
    ),
}
