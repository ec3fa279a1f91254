// Follows an order: asks how it stands, and then hears of every event after that, over any number of connections.

import { createClient } from "graphql-ws";

const PAGE = 50;
const PATIENCE = 20_000; // milliseconds
const KEEP_ALIVE = 10_000;
const LONGEST_WAIT = 10_000;

const STATE = `
  status paymentStatus fulfillmentStatus expiresAt confirmedAt lines { quantity }
  fulfillments { id status estimatedDeliveryAt tracking { carrier number url } lines { quantity } }`;
const EVENT = `
  cursor sequence type occurredAt message
  ... on OrderFulfillmentEvent { location } ... on OrderPaymentEvent { amount { amount currencyCode } }`;
const STANDING = `query ($id: ID, $number: String, $token: String, $after: EventCursor) {
  order(id: $id, number: $number, accessToken: $token) {
    id number placedAt eventCursor ${STATE}
    events(first: ${PAGE}, after: $after) { nodes { ${EVENT} } pageInfo { hasNextPage endCursor } } } }`;
const EVENTS = `subscription ($id: ID!, $after: EventCursor, $token: String) {
  orderEvents(orderId: $id, after: $after, accessToken: $token) { ${EVENT} order { ${STATE} } } }`;

const NUMBER = /^\w{4}-\w{4}-\w{4}$/;

/** The order is not there, or not for whoever has this token. */
export class NotYours extends Error {}

/** Twice as long after each failure, and never all at the same moment: a restarted shop has many visitors. */
export const pause = (tries) =>
  new Promise((done) => setTimeout(done, Math.min(250 * 2 ** tries, LONGEST_WAIT) * (0.5 + Math.random() / 2)));

async function ask(endpoint, variables) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ query: STANDING, variables }),
    credentials: "omit",
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors.map(({ message }) => message).join(" "));
  return data.order;
}

/**
 * The order with all its events, and the position of that read.
 * Throws NotYours, and whatever went wrong otherwise: then it can be asked again.
 */
export async function standing(endpoint, reference, token) {
  const named = NUMBER.test(reference) ? { number: reference.toUpperCase() } : { id: reference };
  const events = [];
  for (let after = null; ; ) {
    const order = await ask(endpoint, { ...named, token, after });
    if (!order) throw new NotYours();
    events.push(...order.events.nodes);
    const { hasNextPage, endCursor } = order.events.pageInfo;
    // The last page and `eventCursor` are one read: it ends with the event that the cursor names.
    if (!hasNextPage) return { order, events, cursor: order.eventCursor };
    after = endCursor;
  }
}

/**
 * Calls `heard` with each event after `cursor`. Lost connections are replaced for as long as it takes; each new one
 * goes on after the last event that was heard. Resolves when the shop ends it, which is when it is time to ask again.
 */
export function follow(endpoint, { id, token, cursor }, { heard, connected, lost }) {
  let last = cursor;
  let pong = null;
  const client = createClient({
    url: endpoint.replace(/^http/, "ws"),
    retryAttempts: Infinity,
    shouldRetry: () => true, // also when nobody listens, which is no close of a socket but an error
    retryWait: pause,
    keepAlive: KEEP_ALIVE,
    connectionAckWaitTimeout: PATIENCE,
    on: {
      connected,
      closed: lost,
      // A network that went away tells nobody: without an answer the socket is given up.
      ping: (received) => {
        if (!received) pong = setTimeout(() => client.terminate(), KEEP_ALIVE);
      },
      pong: (received) => {
        if (received) clearTimeout(pong);
      },
    },
  });
  const request = {
    query: EVENTS,
    get variables() {
      return { id, token, after: last }; // read anew for each connection
    },
  };
  return new Promise((resolve) => {
    client.subscribe(request, {
      next: ({ data }) => {
        if (!data) return;
        last = data.orderEvents.cursor;
        heard(data.orderEvents);
      },
      error: resolve,
      complete: resolve,
    });
  }).finally(() => {
    clearTimeout(pong);
    client.dispose();
  });
}
