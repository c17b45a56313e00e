// The verbs of these tests as a program of their own; the tests bundle it.
import { Command } from 'commander';
import { addAudit } from '../../src/commands/audit.ts';
import { addEnroll } from '../../src/commands/enroll.ts';
import { addExec } from '../../src/commands/exec.ts';
import { addLogin, addLogout, addWhoami } from '../../src/commands/login.ts';
import { addToken } from '../../src/commands/token.ts';
import { processIo } from '../../src/lib/process-io.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { renderError } from '../../src/output/error.ts';

const io = processIo();
const program = new Command('agent-id').enablePositionalOptions().exitOverride();
for (const add of [addAudit, addExec, addLogin, addLogout, addToken, addWhoami]) add(program, io);
addEnroll(program.command('agents'), io);
for (const command of program.commands) command.copyInheritedSettings(program);
try {
  await program.parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  io.exitCode = 2;
  io.stderr(error instanceof AgentIdError ? renderError(error) : `${String(error)}\n`);
}
process.exitCode = io.exitCode;
