import { AgentIdError } from '../model/error.ts';
import { Secret } from '../model/secret.ts';
import type { EmbeddedAdmin } from './embedded-admin.ts';
import { toRecord } from './metadata.ts';
import { toRefusal } from './refusal.ts';
import type { Enrollment } from './types.ts';

/** Lets machines in at the embedded provider, as its administrator. */
export function createEnrollment(admin: EmbeddedAdmin): Enrollment {
  const { issuer } = admin.parts.trust;
  return {
    async makeCode(clientId) {
      const path = `/register/${encodeURIComponent(clientId)}/code`;
      const answer = await admin.send(path, { method: 'POST' });
      const { code, expires_in: expiresInSeconds } = toRecord(answer.body);
      if (answer.status !== 201 || typeof code !== 'string' || typeof expiresInSeconds !== 'number')
        throw toRefusal(answer, `make a code for ${clientId}`, issuer);
      return { code: new Secret(code), expiresInSeconds };
    },
    async waiting(userCode) {
      const answer = await admin.send(pathOf(userCode));
      if (answer.status === 404) throw nobody();
      if (answer.status !== 200) throw toRefusal(answer, 'show who waits', issuer);
      const { client_id: clientId, client_name: displayName, name, thumbprint } = toRecord(answer.body);
      return {
        clientId: String(clientId),
        displayName: String(displayName),
        name: String(name),
        thumbprint: String(thumbprint),
      };
    },
    async decide(userCode, approve) {
      const answer = await admin.send(`${pathOf(userCode)}/${approve ? 'approve' : 'deny'}`, {
        method: 'POST',
      });
      if (answer.status === 404) throw nobody();
      if (answer.status !== 200) throw toRefusal(answer, 'let the machine in', issuer);
    },
  };
}

function pathOf(userCode: string): string {
  if (/^[A-Za-z]{4}-?[A-Za-z]{4}$/.test(userCode)) return `/admin/enrollments/${userCode}`;
  throw new AgentIdError('usage', 'a code of a machine is eight letters', { hint: 'As in: BCDF-GHJK' });
}

function nobody(): AgentIdError {
  return new AgentIdError('unknown-name', 'no machine waits behind this code', {
    hint: 'It ends after ten minutes, and is good once. On that machine: agent-id agents enroll A --device',
  });
}
