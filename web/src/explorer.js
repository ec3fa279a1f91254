// Starts GraphiQL with what the page says in its JSON block: the endpoint and the example operations.
(() => {
  "use strict";

  const { endpoint, examples } = JSON.parse(document.getElementById("config").textContent);
  const loading = document.getElementById("loading");

  // Absent without internet when nobody has built the local files: the page's notice tells how.
  if (!window.React || !window.ReactDOM || !window.GraphiQL || !window.GraphiQLPluginExplorer) {
    loading.textContent = "GraphiQL could not be loaded.";
    return;
  }

  // Other GraphiQLs on this host and port (they all like 127.0.0.1:8000) keep their tabs under the same names.
  const PREFIX = "souk:";
  const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const storage = {
    getItem: (key) => localStorage.getItem(PREFIX + key),
    setItem: (key, value) => localStorage.setItem(PREFIX + key, value),
    removeItem: (key) => localStorage.removeItem(PREFIX + key),
    clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return ownKeys().length;
    },
  };

  const url = new URL(endpoint, location.href);
  const subscriptions = new URL(url);
  subscriptions.protocol = url.protocol === "https:" ? "wss:" : "ws:";

  const element = React.createElement(
    GraphiQL,
    {
      fetcher: GraphiQL.createFetcher({ url: url.href, subscriptionUrl: subscriptions.href }),
      plugins: [GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false })],
      defaultTabs: examples.map(({ query, variables }) => ({ query, variables })),
      defaultEditorToolsVisibility: "variables",
      inputValueDeprecation: true,
      schemaDescription: true,
      storage,
    },
    React.createElement(GraphiQL.Logo, null, "Souk"),
  );
  ReactDOM.createRoot(document.getElementById("graphiql")).render(element);
})();
