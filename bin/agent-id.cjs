#!/usr/bin/env node
'use strict';
// CommonJS, and no module before it is needed: `--version` costs little more than Node itself.
const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(require('../package.json').version + '\n');
} else if (args.length === 2 && /^(hook run|scan --staged)$/.test(args.join(' '))) {
  quickly().then((text) => (text === undefined ? usually() : process.stdout.write(text)), usually);
} else {
  usually();
}

/** A commit waits for this one: where nothing is to be reported, it is done without the command line. */
async function quickly() {
  const dist = __dirname + '/../dist';
  const { load } = require('./load.cjs');
  // What git does takes as long as all else: it is at work meanwhile.
  const listed = load(dist + '/staged.cjs').exports.stagedSince(process.cwd(), 'HEAD');
  listed.catch(() => undefined);
  return load(dist + '/fast.cjs').exports.scanStaged(process.cwd(), dist, listed);
}

function usually() {
  import('../dist/cli.js').then(
    (cli) => cli.main(args),
    (error) => {
      const unbuilt =
        error &&
        error.code === 'ERR_MODULE_NOT_FOUND' &&
        !require('node:fs').existsSync(__dirname + '/../dist/cli.js');
      process.stderr.write(
        unbuilt
          ? 'error[internal]: agent-id is not built\n  Run: npm run build\n'
          : String(error && error.stack) + '\n',
      );
      process.exitCode = 2;
    },
  );
}
