/**
 * Who may import whom, as data. A folder is the first segment below `src`; longer keys win.
 * `io` says whether it may use file, process or network modules of Node.
 */
export interface Wall {
  readonly folders: readonly string[];
  readonly io: boolean;
}

export const walls: Readonly<Record<string, Wall>> = {
  model: { folders: [], io: false },
  exchange: { folders: [], io: false },
  'exchange/node.ts': { folders: ['exchange'], io: true },
  'exchange/node': { folders: ['exchange'], io: true },
  lib: { folders: ['model'], io: true },
  detect: { folders: ['model'], io: false },
  inventory: { folders: ['model'], io: false },
  plan: { folders: ['model'], io: false },
  output: { folders: ['model'], io: false },
  sources: { folders: ['model', 'lib'], io: false },
  formats: { folders: ['model', 'lib'], io: false },
  audit: { folders: ['model', 'lib'], io: false },
  idp: { folders: ['model', 'lib', 'exchange'], io: false },
  'idp/embedded': { folders: ['model', 'lib', 'exchange', 'idp'], io: true },
  helper: { folders: ['model', 'lib', 'exchange', 'audit', 'idp'], io: false },
  // The command line within the vendored helper says errors as the other one does.
  'helper/program.ts': { folders: ['model', 'lib', 'helper', 'output'], io: false },
  survey: { folders: ['model', 'lib', 'sources', 'formats', 'detect', 'inventory'], io: false },
  // Renames, modes and fsync of whole trees are its very purpose.
  migrate: { folders: ['model', 'lib', 'formats', 'audit', 'plan', 'idp'], io: true },
  demo: { folders: ['model', 'lib', 'helper', 'idp'], io: true },
  commands: {
    folders: [
      'model',
      'lib',
      'sources',
      'formats',
      'detect',
      'inventory',
      'survey',
      'idp',
      'plan',
      'migrate',
      'exchange',
      'helper',
      'audit',
      'output',
      'demo',
    ],
    io: false,
  },
  'fast.ts': { folders: ['model', 'lib', 'sources', 'detect', 'survey', 'output'], io: true },
  'cli.ts': { folders: ['model', 'lib', 'commands', 'output'], io: false },
};

/** Heavy parts that the scan path may never load, even indirectly. */
export const neverOnScanPath: readonly string[] = [
  'src/idp/embedded',
  'src/demo',
  'src/migrate',
  'src/helper',
];
