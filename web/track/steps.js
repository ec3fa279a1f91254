// What the three statuses of an order mean as steps. Nothing here knows the page.

export const DONE = "done";
export const PARTLY = "partly";
export const OPEN = "open";
export const ENDED = "ended";

const SENT = new Set(["IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "FAILED", "RETURNED"]);
const ALL = [DONE, DONE];

const ORDER = {
  PENDING: [OPEN, OPEN],
  CONFIRMED: [DONE, OPEN],
  COMPLETED: ALL,
};

/** Of "Authorized" and "Paid", and what came after. */
const PAYMENT = {
  PENDING: [OPEN, OPEN],
  AUTHORIZED: [DONE, OPEN],
  PARTIALLY_PAID: [DONE, PARTLY],
  PAID: ALL,
  PARTIALLY_REFUNDED: [...ALL, { name: "Refunded", mark: PARTLY }],
  REFUNDED: [...ALL, { name: "Refunded", mark: DONE }],
  VOIDED: [OPEN, OPEN, { name: "Let go", mark: ENDED }],
  FAILED: [OPEN, OPEN, { name: "Last try failed", mark: ENDED }],
};

/** Of "Delivered" and what came after; what was sent is counted. */
const DELIVERY = {
  DELIVERED: [DONE],
  PARTIALLY_DELIVERED: [PARTLY],
  PARTIALLY_RETURNED: [DONE, { name: "Came back", mark: PARTLY }],
  RETURNED: [DONE, { name: "Came back", mark: DONE }],
};

const ENDS = { CANCELED: "Canceled", EXPIRED: "Not paid in time" };

const HEADLINES = {
  PENDING: "Waiting for the payment",
  CONFIRMED: "We get it ready",
  UNFULFILLED: "We get it ready",
  PARTIALLY_FULFILLED: "Part of it is on its way",
  FULFILLED: "It is on its way",
  PARTIALLY_DELIVERED: "Part of it has arrived",
  DELIVERED: "It has arrived",
  PARTIALLY_RETURNED: "Part of it came back",
  RETURNED: "It came back",
};

const units = (lines) => lines.reduce((sum, { quantity }) => sum + quantity, 0);

function sent({ lines, fulfillments }) {
  const gone = units(fulfillments.filter(({ status }) => SENT.has(status)).flatMap((one) => one.lines));
  if (gone === 0) return OPEN;
  return gone < units(lines) ? PARTLY : DONE;
}

const named = (names, marks) =>
  marks.map((mark, index) => (typeof mark === "string" ? { name: names[index], mark } : mark));

const endOf = ({ status }) => (status in ENDS ? [{ name: ENDS[status], mark: ENDED }] : []);

function orderSteps(order) {
  const marks = ORDER[order.status] ?? [order.confirmedAt ? DONE : OPEN, OPEN];
  return [{ name: "Placed", mark: DONE }, ...named(["Confirmed", "Complete"], marks), ...endOf(order)];
}

function deliverySteps(order) {
  const marks = DELIVERY[order.fulfillmentStatus] ?? [OPEN];
  return named(["Sent", "Delivered"], [sent(order), ...marks]);
}

/** The map: every step of the order, of its money and of its goods. */
export function axes(order) {
  return [
    { name: "Order", steps: orderSteps(order) },
    { name: "Payment", steps: named(["Authorized", "Paid"], PAYMENT[order.paymentStatus] ?? [OPEN, OPEN]) },
    { name: "Delivery", steps: deliverySteps(order) },
  ];
}

/** The way that a buyer cares about, from placing to the door. */
export function progress(order) {
  const [placed, confirmed] = orderSteps(order);
  const [gone, arrived] = deliverySteps(order);
  const ended = endOf(order);
  const back = order.paymentStatus === "REFUNDED" ? [{ name: "Refunded", mark: ENDED }] : [];
  return [placed, confirmed, ...(ended.length ? [] : [gone, arrived]), ...ended, ...back];
}

export function headline(order) {
  if (order.status in ENDS) return ENDS[order.status];
  if (order.paymentStatus === "REFUNDED") return "Refunded";
  return HEADLINES[order.status === "PENDING" ? "PENDING" : order.fulfillmentStatus];
}
