/** Name of the client scope that puts an agent into the audience of a user's token: without it Keycloak refuses the exchange. */
export function agentScope(clientId: string): string {
  return `agent:${clientId}`;
}
