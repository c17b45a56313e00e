import { Option, type Command } from 'commander';
import type { Io } from '../lib/io.ts';
import { collect } from './shared/collect.ts';

interface StartOptions {
  readonly port?: number;
  readonly data?: string;
  readonly foreground?: boolean;
  readonly format: Format;
}

interface AddOptions {
  readonly type: string;
  readonly issuer?: string;
  readonly data?: string;
  readonly adminKey?: string;
  readonly adminClientId?: string;
  readonly clientId?: string;
  readonly resource: readonly string[];
  readonly fronts: readonly string[];
  readonly dpop: readonly string[];
  readonly idToken: readonly string[];
  readonly authorizationServer: readonly string[];
  readonly secretStdin?: boolean;
  readonly crossAppAccess?: boolean;
  readonly loginIssuer?: string;
  readonly format: Format;
}

type Format = 'text' | 'json';

interface DataOptions {
  readonly data?: string;
  readonly format: Format;
}

/** Declares `agent-id idp start | stop | status | add | list | check | remove`. */
export function addIdp(program: Command, io: Io): void {
  const idp = program.command('idp').description('Trust an identity provider, or start the embedded one.');
  addServer(idp, io);
  withResources(withFormat(idp.command('add <name>')))
    .description('Trust an identity provider: the only way in which endpoints are ever taken.')
    .addOption(
      new Option('--type <type>', 'kind of provider')
        .choices(['embedded', 'oidc', 'okta', 'keycloak', 'auth0', 'entra'])
        .makeOptionMandatory(),
    )
    .option('--issuer <url>', 'its issuer (embedded: default is the one in the data folder)')
    .option('--data <dir>', 'embedded: its data folder')
    .option(
      '--admin-key <file>',
      'embedded: its admin key (default: in the data folder); okta, keycloak: private key of the admin client (P-256 JWK, 0600); auth0, entra: an RSA one',
    )
    .option(
      '--admin-client-id <id>',
      'okta, keycloak, auth0, entra: client that administers (keycloak: without one, whoever is signed in)',
    )
    .option('--client-id <id>', 'public client that login uses')
    .option(
      '--secret-stdin',
      'oidc: read the initial access token for registration from standard input; okta: an API token, keycloak: an access token or the secret of --admin-client-id, used once to make the admin client and kept nowhere',
    )
    .option(
      '--login-issuer <url>',
      'okta: custom authorization server that users sign in at (default: the organisation)',
    )
    .option(
      '--cross-app-access',
      'okta: register agents that act for users as AI agents (Okta for AI Agents, beta; never tried at Okta itself)',
    )
    .action(async (name: string, options: AddOptions) => {
      const { runAdd } = await import('./shared/idp-trust.ts');
      await runAdd(name, options, io);
    });
  withFormat(idp.command('list'))
    .description('List the identity providers that you trust.')
    .action(async ({ format }: DataOptions) => (await import('./shared/idp-trust.ts')).runList(format, io));
  withFormat(idp.command('check <name>'))
    .description('Ask a provider whether it does what a migration needs. Changes nothing.')
    .action(async (name: string, { format }: DataOptions) =>
      (await import('./shared/idp-trust.ts')).runCheck(name, format, io),
    );
  withFormat(idp.command('remove <name>'))
    .description('Trust a provider no longer. Nothing changes at the provider.')
    .action(async (name: string, { format }: DataOptions) =>
      (await import('./shared/idp-trust.ts')).runRemove(name, format, io),
    );
}

function addServer(idp: Command, io: Io): void {
  withFormat(idp.command('start'))
    .description('Start the embedded identity provider with its sandbox APIs, on this machine only.')
    .option('--port <n>', 'port at the first start; it stays (default: a free one)', toPort)
    .option('--data <dir>', 'data folder (default: in the state folder)')
    .option('--foreground', 'run here until Ctrl-C or agent-id idp stop')
    .action(async (options: StartOptions) => (await import('./shared/idp-server.ts')).runStart(options, io));
  withFormat(idp.command('stop'))
    .description('End the embedded identity provider.')
    .option('--data <dir>', 'data folder (default: in the state folder)')
    .action(async (options: DataOptions) => (await import('./shared/idp-server.ts')).runStop(options, io));
  withFormat(idp.command('status'))
    .description('Say whether the embedded identity provider runs (exit 1 where not).')
    .option('--data <dir>', 'data folder (default: in the state folder)')
    .action(async (options: DataOptions) => (await import('./shared/idp-server.ts')).runStatus(options, io));
}

function withResources(command: Command): Command {
  return command
    .option(
      '--resource <key=uri>',
      'an API that takes its tokens: KEY=URI or KEY=URI#SCOPE,SCOPE (repeatable)',
      collect,
      [],
    )
    .option('--fronts <key=api@url>', 'the API in front of which a resource stands (repeatable)', collect, [])
    .option(
      '--authorization-server <key=issuer>',
      "who issues a resource's tokens for this provider's identity assertions (ID-JAG; repeatable)",
      collect,
      [],
    )
    .option(
      '--id-token <key>',
      "resource whose tokens are asked for with the user's ID token (repeatable)",
      collect,
      [],
    )
    .option('--dpop <key>', 'resource whose tokens are bound to a key (RFC 9449; repeatable)', collect, []);
}

function withFormat(command: Command): Command {
  return command.addOption(
    new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'),
  );
}

function toPort(text: string): number {
  return /^\d{1,5}$/.test(text) ? Number(text) : -1;
}
