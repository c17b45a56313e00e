import type { Command } from 'commander';
import type { Io } from '../lib/io.ts';

type AddVerb = (program: Command, io: Io) => void;

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<AddVerb>;
}

/** Every verb, in the order of `--help`: the life of one secret first. A verb's code is loaded only when it is named. */
export const verbs: readonly Verb[] = [
  {
    name: 'scan',
    summary: 'find long-lived secrets and the places that use them',
    load: async () => (await import('./scan.ts')).addScan,
  },
  {
    name: 'map',
    summary: 'show what consumes each secret, for whom, with which scopes',
    load: async () => (await import('./map.ts')).addMap,
  },
  {
    name: 'plan',
    summary: 'say what a migration would do, as reviewable data',
    load: async () => (await import('./plan.ts')).addPlan,
  },
  {
    name: 'migrate',
    summary: 'give consumers their own identity and rewrite them',
    load: async () => (await import('./migrate.ts')).addMigrate,
  },
  {
    name: 'retire',
    summary: 'revoke an old secret that nothing uses any more',
    load: async () => (await import('./retire.ts')).addRetire,
  },
  {
    name: 'idp',
    summary: 'trust an identity provider, or start the embedded one',
    load: async () => (await import('./idp.ts')).addIdp,
  },
  { name: 'agents', summary: 'list, inspect, enroll, revoke and restore agents', load: loadAgents },
  {
    name: 'login',
    summary: 'sign in as the user on whose behalf agents act',
    load: async () => (await import('./login.ts')).addLogin,
  },
  {
    name: 'logout',
    summary: 'end the session of login',
    load: async () => (await import('./login.ts')).addLogout,
  },
  {
    name: 'whoami',
    summary: 'say who is signed in',
    load: async () => (await import('./login.ts')).addWhoami,
  },
  {
    name: 'token',
    summary: 'get a short-lived token for one resource',
    load: async () => (await import('./token.ts')).addToken,
  },
  {
    name: 'exec',
    summary: 'run a command with short-lived tokens in its environment',
    load: async () => (await import('./exec.ts')).addExec,
  },
  {
    name: 'audit',
    summary: 'show, verify and export who did what for whom',
    load: async () => (await import('./audit.ts')).addAudit,
  },
  { name: 'hook', summary: 'scan before each commit', load: async () => (await import('./hook.ts')).addHook },
  {
    name: 'init',
    summary: 'write a commented settings file',
    load: async () => (await import('./init.ts')).addInit,
  },
  {
    name: 'explain',
    summary: 'explain a rule, an error code or a finding',
    load: async () => (await import('./explain.ts')).addExplain,
  },
  {
    name: 'doctor',
    summary: 'check this machine and repository, one fix each',
    load: async () => (await import('./doctor.ts')).addDoctor,
  },
  {
    name: 'completion',
    summary: 'complete verbs and flags in bash, zsh or fish',
    load: async () => (await import('./completion.ts')).addCompletion,
  },
  {
    name: 'demo',
    summary: 'watch the whole story on a made-up estate',
    load: async () => (await import('./demo.ts')).addDemo,
  },
];

async function loadAgents(): Promise<AddVerb> {
  const [{ addAgents }, { addEnroll }, { addLifecycle }] = await Promise.all([
    import('./agents.ts'),
    import('./enroll.ts'),
    import('./lifecycle.ts'),
  ]);
  return (program, io) => {
    addAgents(program, io);
    const agents = program.commands.find((command) => command.name() === 'agents');
    if (agents === undefined) return;
    addEnroll(agents, io);
    addLifecycle(agents, io);
  };
}
