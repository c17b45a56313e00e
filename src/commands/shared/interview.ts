import type { Consumer } from '../../model/consumer.ts';
import { AgentIdError } from '../../model/error.ts';
import { chooseSecrets } from './choose.ts';
import { namedAgents, type MigrationFlags, type Scene } from './migration.ts';

/** Asks, secret by secret and consumer by consumer: accept, skip, or change the scopes. Gives the flags that say the same. */
export async function interview<T extends MigrationFlags>(scene: Scene, flags: T): Promise<T> {
  const { intro, select, text, isCancel, log } = await import('@clack/prompts');
  const only: string[] = [];
  const scopes: string[] = [...(flags.scopes ?? [])];
  const wanted = namedAgents(scene, flags);
  intro('agent-id migrate');
  for (const secret of chooseSecrets(scene.map.secrets, flags.secret)) {
    const consumers = secret.consumers.filter(({ name }) => wanted?.includes(name) ?? true);
    if (consumers.length === 0) continue;
    log.step(
      `${secret.names.join(', ')}  secret:${secret.secret.slice(0, 6)}  ${consumers.length} consumers`,
    );
    for (const consumer of consumers) {
      const answer = assertAnswered(
        await select({
          message: describe(consumer),
          options: [
            {
              value: 'accept',
              label: 'accept',
              hint: consumer.scopes.map((one) => one.scope).join(' ') || 'no scopes found',
            },
            { value: 'skip', label: 'skip', hint: 'the old secret stays until all are migrated' },
            { value: 'change', label: 'change scopes' },
          ],
        }),
        isCancel,
      );
      if (answer === 'skip') continue;
      only.push(consumer.name);
      if (answer !== 'change') continue;
      const initialValue = consumer.scopes.map((one) => one.scope).join(',');
      const chosen = assertAnswered(
        await text({ message: `scopes of ${consumer.name}, with commas`, initialValue }),
        isCancel,
      );
      scopes.push(`${consumer.name}=${String(chosen).replaceAll(' ', '')}`);
    }
  }
  return { ...flags, only, scopes };
}

function describe(consumer: Consumer): string {
  const mode = consumer.actsFor === 'user' ? 'on behalf of the user' : 'as itself';
  return `${consumer.name} (${consumer.path}:${consumer.line}), ${mode}, owner ${consumer.owner.who ?? 'unknown'}`;
}

function assertAnswered<T>(answer: T | symbol, isCancel: (value: unknown) => value is symbol): T {
  if (isCancel(answer)) throw new AgentIdError('interrupted', 'nothing was changed');
  return answer as T;
}
