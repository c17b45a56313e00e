// Runs when npm installs this folder, also when npm or pre-commit installs it from git: dist is not committed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, root, step } from './prepare.mjs';

if (existsSync(join(root, 'node_modules/rolldown'))) build();
else step('the tools of the build are not installed: dist/ stays as it is');
