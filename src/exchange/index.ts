export { createAgent } from './agent.ts';
export { ExchangeError } from './error.ts';
export type { ExchangeCode, ExchangeKind } from './error.ts';
export { createFileSigner, KeyFileError, toThumbprint } from './node.ts';
export type {
  AccessToken,
  Agent,
  AgentOptions,
  ExchangeEvent,
  Signer,
  TokenRequest,
  TokenSource,
} from './types.ts';
