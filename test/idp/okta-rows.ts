/** One object of the double, as Okta would hold it. */
export type Row = Record<string, unknown>;
export type Rows = Map<string, Map<string, Row>>;

export function table(rows: Rows, name: string): Map<string, Row> {
  const found = rows.get(name) ?? new Map<string, Row>();
  rows.set(name, found);
  return found;
}

export function clientIdOf(app: Row): string {
  return String((app['credentials'] as { oauthClient: Row }).oauthClient['client_id']);
}

export function keysOf(app: Row): Row[] {
  return (app['settings'] as { oauthClient: { jwks?: { keys: Row[] } } }).oauthClient.jwks?.keys ?? [];
}
