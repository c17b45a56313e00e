import { spawn } from 'node:child_process';
import { verify, type KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { KeyStoreError } from './error.ts';
import { isSignature, type KeyRecord } from './record.ts';
import { toField } from './ssh-wire.ts';

const TIMEOUT_MS = 30_000;
const MOST_BYTES = 64 * 1024;

/** How a program is run: never through a shell, and not in the folder of whoever asks. */
export interface Signing {
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly input: Uint8Array;
  /** Default: 30 seconds. */
  readonly timeoutMs?: number;
}

/**
 * Signs by a program that the person named: it gets the signing input on standard input and gives the signature, as raw
 * bytes or Base64, in the form of JWS or DER. Throws `KeyStoreError`, also for a program that others could replace.
 */
export async function signWithCommand(
  key: Pick<KeyRecord, 'publicKey' | 'alg'>,
  signing: Signing,
): Promise<Uint8Array> {
  const [program] = signing.command;
  await assertProgram(program);
  const output = await run(signing);
  const signature = toForms(output).flatMap((form) => toJws(key.publicKey, form, signing.input) ?? [])[0];
  if (signature !== undefined) return signature;
  throw fail(
    program,
    output.length === 0 ? 'gave nothing' : `gave ${output.length} bytes that are no signature of this key`,
    `It must give the ${key.alg} signature of what it reads, as bytes or Base64, and nothing else. Is it the right key?`,
  );
}

/** Throws `KeyStoreError` for a program that is not named by its path, or that others can change. */
export async function assertProgram(program: string): Promise<void> {
  if (!isAbsolute(program))
    throw fail(program, 'is not an absolute path', 'Name the program by its whole path.');
  const own = process.getuid?.();
  for (const path of [program, dirname(program)]) {
    const found = await stat(path).catch((cause: unknown) => {
      throw fail(program, 'cannot be found', 'Install it, or enroll again with another.', cause);
    });
    if (own === undefined) continue;
    // A folder like /tmp: others may add to it, and not replace what is there.
    const sticky = found.isDirectory() && (found.mode & 0o1000) !== 0;
    const writable = !sticky && (found.mode & (path === program ? 0o022 : 0o002)) !== 0;
    if (writable || (path === program && found.uid !== own && found.uid !== 0))
      throw fail(
        program,
        'could be replaced by another user',
        `Make ${path} yours or root's, and writable for no other.`,
      );
  }
}

/** Runs a program and gives what it wrote. Throws `KeyStoreError`. */
export function run({ command, env, cwd, input, timeoutMs = TIMEOUT_MS }: Signing): Promise<Buffer> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (what: string, hint: string, cause?: unknown): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      child.stdout.destroy();
      reject(fail(program, what, hint, cause));
    };
    const timer = setTimeout(() => {
      end(`did not sign within ${timeoutMs / 1000} s`, 'Does it wait for a PIN or a touch?');
    }, timeoutMs);
    child.on('error', (cause) => end('cannot be run', 'Is it there, and executable?', cause));
    // A program that does not read is judged by what it gives.
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > MOST_BYTES) end('gave too much', 'It must give a signature and nothing else.');
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(chunks));
      else
        end(
          `failed (${signal ?? `exit ${code}`})`,
          'Run it by hand with a text on standard input to see why.',
        );
    });
    child.stdin.end(input);
  });
}

function toForms(output: Buffer): readonly Buffer[] {
  const text = output.toString('latin1').replace(/\s+/g, '');
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? [output, Buffer.from(text, 'base64')] : [output];
}

function toJws(key: KeyObject, form: Buffer, input: Uint8Array): Buffer | undefined {
  if (isSignature(key, input, form)) return form;
  const der = key.asymmetricKeyType === 'ec' && verify('sha256', input, { key, dsaEncoding: 'der' }, form);
  return der ? fromDer(form) : undefined;
}

/** Of a signature that was verified as DER: SEQUENCE { INTEGER r, INTEGER s }, each shorter than 128 bytes. */
function fromDer(der: Buffer): Buffer {
  const rLength = der[3] ?? 0;
  const sLength = der[5 + rLength] ?? 0;
  const r = der.subarray(4, 4 + rLength);
  const s = der.subarray(6 + rLength, 6 + rLength + sLength);
  return Buffer.concat([toField(r), toField(s)]);
}

function fail(program: string, what: string, hint: string, cause?: unknown): KeyStoreError {
  return new KeyStoreError('command', `the signer ${program} ${what}`, hint, cause);
}
