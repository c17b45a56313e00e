import manifest from '../../package.json' with { type: 'json' };

/** The version of this program. */
export const version: string = manifest.version;

/** What every JSON answer starts with. */
export const envelope = { schemaVersion: 1, tool: { name: 'agent-id', version } } as const;
