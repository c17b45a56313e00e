import { createFileSigner, KeyFileError } from '../exchange/node.ts';
import type { Signer } from '../exchange/types.ts';
import { AgentIdError } from '../model/error.ts';
import type { AdapterParts } from './parts.ts';

/** What the person can do. */
export interface SignerHints {
  /** Where the trust names no administrator. */
  readonly missing: string;
  /** Where his key cannot be read. */
  readonly unreadable?: string;
}

/** Opens the key of a trust's administrator. Throws `unsupported` where the trust names none, `unreadable`. */
export async function openAdminSigner({ trust }: AdapterParts, hints: SignerHints): Promise<Signer> {
  if (trust.admin === undefined) {
    throw new AgentIdError('unsupported', `${trust.name} is trusted without an administrator`, {
      hint: hints.missing,
    });
  }
  try {
    return await createFileSigner(trust.admin.keyFile);
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    throw new AgentIdError('unreadable', `the admin key of ${trust.name} is ${error.problem}`, {
      cause: error,
      where: trust.admin.keyFile,
      ...(hints.unreadable === undefined ? {} : { hint: hints.unreadable }),
    });
  }
}
