// The tenants' API, or the operators' at /graphiql#operator. A token goes into the headers editor:
// { "Authorization": "Bearer …" }.
const url = location.hash === "#operator" ? "/operator/graphql" : "/graphql";
const fetcher = GraphiQL.createFetcher({ url, headers: { "graphql-require-preflight": "1" } });
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultHeaders: '{\n  "Authorization": "Bearer "\n}',
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }),
);
addEventListener("hashchange", () => location.reload());
