import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { toRecord } from './state.ts';
import type { Store, StoreShape } from './store.ts';

/** A person who may sign in. The password is kept only as scrypt of it. */
export interface SandboxUser {
  readonly id: string;
  readonly displayName: string;
  readonly salt: string;
  readonly hash: string;
}

/** A person and the password that was just made; null after a restart: only the hash is kept. */
export interface NewUser {
  readonly id: string;
  readonly displayName: string;
  readonly password: string | null;
}

const people = [
  { id: 'user-x', displayName: 'Xenia Ward' },
  { id: 'user-y', displayName: 'Yann Meyer' },
];

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

/** Makes the sandbox users with random passwords. The shape is used once per start: `made` says whether it made them. */
export async function makeUsers(): Promise<{
  readonly shape: StoreShape<readonly SandboxUser[]>;
  readonly made: () => readonly NewUser[] | undefined;
}> {
  const fresh = await Promise.all(people.map(makeUser));
  let used = false;
  return {
    shape: {
      create: () => {
        used = true;
        return fresh.map(({ user }) => user);
      },
      parse: parseUsers,
      dump: (users) => ({ schemaVersion: 1, users }),
    },
    made: () =>
      used
        ? fresh.map(({ user, password }) => ({ id: user.id, displayName: user.displayName, password }))
        : undefined,
  };
}

/** Says who signs in with this name and password; takes the same time for a name that does not exist. */
export async function findUser(
  store: Store<readonly SandboxUser[]>,
  id: string,
  password: string,
): Promise<SandboxUser | undefined> {
  const user = store.data.find((one) => one.id === id);
  const hash = await derive(password, Buffer.from(user?.salt ?? 'none', 'base64url'), 32);
  if (user === undefined) return undefined;
  return timingSafeEqual(hash, Buffer.from(user.hash, 'base64url')) ? user : undefined;
}

async function makeUser(person: {
  readonly id: string;
  readonly displayName: string;
}): Promise<{ readonly user: SandboxUser; readonly password: string }> {
  const password = randomBytes(15).toString('base64url');
  const salt = randomBytes(16);
  const hash = await derive(password, salt, 32);
  return {
    user: { ...person, salt: salt.toString('base64url'), hash: hash.toString('base64url') },
    password,
  };
}

function parseUsers(json: unknown): readonly SandboxUser[] | undefined {
  const users = toRecord(json)?.['users'];
  if (!Array.isArray(users)) return undefined;
  const whole = users.every((user) =>
    ['id', 'displayName', 'salt', 'hash'].every((field) => typeof toRecord(user)?.[field] === 'string'),
  );
  return whole ? (users as SandboxUser[]) : undefined;
}
