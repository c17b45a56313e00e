import type { Adapter, AdapterPayload } from 'oidc-provider';
import { cibaGrant } from './ciba.ts';
import type { Idp } from './context.ts';
import { exchangeGrant } from './grants.ts';
import { bearerGrant } from './id-jag.ts';
import type { AgentRecord } from './state.ts';

/** Gives the OpenID library its storage: our file for what it keeps, our registrations as its clients. */
export function createAdapters(idp: Idp): (kind: string) => Adapter {
  return (kind) => (kind === 'Client' ? clientAdapter(idp) : modelAdapter(idp, kind));
}

function clientAdapter(idp: Idp): Adapter {
  const refuse = async (): Promise<void> => {
    throw new Error('clients are registered elsewhere');
  };
  return {
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
    find: async (id) => {
      const agent = idp.state.data.agents.get(id);
      return agent === undefined ? undefined : toClient(agent);
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
  };
}

/** Every grant is allowed here; which an agent may use is decided where the reason can be told. */
function toClient(agent: AgentRecord): AdapterPayload {
  return {
    client_id: agent.clientId,
    client_name: agent.displayName,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    grant_types: [exchangeGrant, bearerGrant, cibaGrant, 'client_credentials'],
    backchannel_token_delivery_mode: 'poll',
    redirect_uris: [],
    response_types: [],
    jwks: { keys: agent.keys.map((key) => ({ ...key })) },
  };
}

/** Who asks for these a little late learns that they are over, not that they are unknown. */
const toldWhenOver = new Set(['DeviceCode', 'BackchannelAuthenticationRequest']);

function modelAdapter(idp: Idp, kind: string): Adapter {
  const { data: models } = idp.models;
  const keyOf = (id: string): string => `${kind}:${id}`;
  const get = (id: string): AdapterPayload | undefined => {
    const model = models.get(keyOf(id));
    const gone = model === undefined || (model.expiresAt !== null && model.expiresAt < Date.now());
    return gone ? undefined : { ...model.payload };
  };
  const findBy = async (field: string, value: string): Promise<AdapterPayload | undefined> => {
    for (const model of models.values()) {
      if (model.kind === kind && model.payload[field] === value) return { ...model.payload };
    }
    return undefined;
  };
  return {
    async upsert(id, payload, expiresIn = 0) {
      const kept = expiresIn + (toldWhenOver.has(kind) ? 60 : 0);
      const expiresAt = expiresIn > 0 ? Date.now() + kept * 1000 : null;
      models.set(keyOf(id), { kind, payload: { ...payload }, expiresAt });
      await idp.models.save();
    },
    async consume(id) {
      const model = models.get(keyOf(id));
      if (model === undefined) return;
      const consumed = Math.floor(Date.now() / 1000);
      models.set(keyOf(id), { ...model, payload: { ...model.payload, consumed } });
      await idp.models.save();
    },
    async destroy(id) {
      if (models.delete(keyOf(id))) await idp.models.save();
    },
    async revokeByGrantId(grantId) {
      for (const [key, model] of models) if (model.payload['grantId'] === grantId) models.delete(key);
      await idp.models.save();
    },
    find: async (id) => get(id),
    findByUid: (uid) => findBy('uid', uid),
    findByUserCode: (userCode) => findBy('userCode', userCode),
  };
}
