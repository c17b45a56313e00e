import { Command } from 'commander';
import { addIdp } from '../../src/commands/idp.ts';
import { processIo } from '../../src/lib/process-io.ts';
import { AgentIdError } from '../../src/model/error.ts';
import { renderError, toErrorJson } from '../../src/output/error.ts';

/** The verb alone as a program, so that it can start itself again in the background. */
const io = processIo();
const program = new Command('agent-id');
addIdp(program, io);
try {
  await program.parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  if (!(error instanceof AgentIdError)) throw error;
  if (process.argv.includes('json')) io.stdout(`${JSON.stringify(toErrorJson(error))}\n`);
  else io.stderr(renderError(error));
  io.exitCode = 2;
}
process.exitCode = io.exitCode;
