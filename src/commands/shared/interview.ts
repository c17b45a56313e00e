import { askText, askWhich, sayStep, sayTitle } from './ask.ts';
import type { Consumer } from '../../model/consumer.ts';
import { chooseSecrets } from './choose.ts';
import { namedAgents, type MigrationFlags, type Scene } from './migration.ts';

/** Asks, secret by secret and consumer by consumer: accept, skip, or change the scopes. Gives the flags that say the same. */
export async function interview<T extends MigrationFlags>(scene: Scene, flags: T): Promise<T> {
  const only: string[] = [];
  const scopes: string[] = [...(flags.scopes ?? [])];
  const wanted = namedAgents(scene, flags);
  await sayTitle('agent-id migrate');
  for (const secret of chooseSecrets(scene.map.secrets, flags.secret)) {
    const consumers = secret.consumers.filter(({ name }) => wanted?.includes(name) ?? true);
    if (consumers.length === 0) continue;
    await sayStep(
      `${secret.names.join(', ')}  secret:${secret.secret.slice(0, 6)}  ${consumers.length} consumers`,
    );
    for (const consumer of consumers) {
      const found = consumer.scopes.map((one) => one.scope);
      const answer = await askWhich(describe(consumer), [
        { value: 'accept', label: 'accept', hint: found.join(' ') || 'no scopes found' },
        { value: 'skip', label: 'skip', hint: 'the old secret stays until all are migrated' },
        { value: 'change', label: 'change scopes' },
      ]);
      if (answer === 'skip') continue;
      only.push(consumer.name);
      if (answer !== 'change') continue;
      const chosen = await askText(`scopes of ${consumer.name}, with commas`, found.join(','));
      scopes.push(`${consumer.name}=${chosen.replaceAll(' ', '')}`);
    }
  }
  return { ...flags, only, scopes };
}

function describe(consumer: Consumer): string {
  const mode = consumer.actsFor === 'user' ? 'on behalf of the user' : 'as itself';
  return `${consumer.name} (${consumer.path}:${consumer.line}), ${mode}, owner ${consumer.owner.who ?? 'unknown'}`;
}
