// Follows a subscription with the client that is named, and writes what each answer shows as a line of JSON.
//
//   node follow.mjs graphql-ws http://127.0.0.1:8000/graphql '{"query": "subscription …", "variables": {}}'

import { createRequire } from "node:module";
import WebSocket from "ws";
import { createClient as overSocket } from "graphql-ws";
import { createClient as overStream } from "graphql-sse";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";

const require = createRequire(import.meta.url); // Apollo's package has no modules that Node can import
const { ApolloClient, InMemoryCache, gql } = require("@apollo/client/core");
const { GraphQLWsLink } = require("@apollo/client/link/subscriptions");

const [name, url, sent] = process.argv.slice(2);
const operation = JSON.parse(sent);
const socketUrl = url.replace(/^http/, "ws");
const socket = () => overSocket({ url: socketUrl, webSocketImpl: WebSocket, retryAttempts: 20, retryWait: soon });
const soon = () => new Promise((resolve) => setTimeout(resolve, 100));

const told = ({ data, errors, error }) => console.log(JSON.stringify(data ?? { errors: errors ?? String(error) }));
const failed = (error) => {
  console.error(error);
  process.exit(1);
};
const ended = () => process.exit(0);
const observer = { next: told, error: failed, complete: ended };

const CLIENTS = {
  "graphql-ws": () => socket().subscribe(operation, observer),
  "graphql-sse": () => overStream({ url, retryAttempts: 20, retry: soon }).subscribe(operation, observer),
  "apollo-ws": () =>
    new ApolloClient({ cache: new InMemoryCache(), link: new GraphQLWsLink(socket()) })
      .subscribe({ query: gql(operation.query), variables: operation.variables, fetchPolicy: "no-cache" })
      .subscribe(observer),
  "urql-ws": () => {
    const client = socket();
    const forwardSubscription = (request) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe(request, sink) }),
    });
    return urql([subscriptionExchange({ forwardSubscription })]);
  },
  "urql-sse": () => urql([fetchExchange], { fetchSubscriptions: true }),
};

function urql(exchanges, more = {}) {
  const client = new Client({ url, exchanges, preferGetMethod: false, ...more });
  return client.subscription(operation.query, operation.variables).subscribe(told);
}

CLIENTS[name]();
