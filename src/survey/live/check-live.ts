import { setTimeout as sleep } from 'node:timers/promises';
import { toTimestamp } from '../../lib/clock.ts';
import { systemFetch } from '../../lib/system.ts';
import type { Finding, LiveProof } from '../../model/finding.ts';
import type { LiveCheck, Rule } from '../../model/rule.ts';
import type { Secret } from '../../model/secret.ts';
import { judge, type Answer, type Live } from './judge.ts';
import { toAddress, toHeaders, type CheckAddress } from './request.ts';
import type { Values } from './values.ts';

export interface LiveOptions {
  readonly rules: readonly Rule[];
  readonly values: Values;
  /** Hosts that the person named, by provider. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly say: (text: string) => void;
}

/** Between two requests to one host. */
const PAUSE_MS = 1000;
const TIMEOUT_MS = 15_000;
const MOST_BYTES = 100_000;
const MOST_CHECKS = 1000;

/**
 * Asks providers whether the secrets that were found work, each value once, one at a time. Only what has the exact
 * format of a provider's secret is sent, and only to that provider.
 */
export async function checkLive(
  findings: readonly Finding[],
  options: LiveOptions,
): Promise<readonly Finding[]> {
  const checks = new Map(options.rules.flatMap(({ id, live }) => (live === undefined ? [] : [[id, live]])));
  const run = new Run(options);
  const checked: Finding[] = [];
  for (const finding of findings) {
    const check = checks.get(finding.rule);
    const value = options.values.find(finding);
    const isChecked = check !== undefined && value !== undefined && isCandidate(finding);
    checked.push(isChecked ? { ...finding, ...(await run.check(finding, check, value)) } : finding);
  }
  return checked;
}

function isCandidate({ kind, confidence, state }: Finding): boolean {
  return kind === 'literal' && confidence === 'high' && state !== 'ignored';
}

type Outcome = Pick<Finding, 'live' | 'proof' | 'reasons'>;

/** The checks of one scan: what is known, and which hosts want no more. */
class Run {
  readonly #known = new Map<
    string,
    { readonly live: Live; readonly proof?: LiveProof; readonly why?: string }
  >();
  readonly #asked = new Set<string>();
  readonly #closed = new Set<string>();
  readonly #options: LiveOptions;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  async check(
    { rule, secret, provider, reasons }: Finding,
    check: LiveCheck,
    value: Secret,
  ): Promise<Outcome> {
    const key = `${rule} ${secret}`;
    const known = this.#known.get(key) ?? (await this.#ask(provider, check, value));
    this.#known.set(key, known);
    const { live, proof, why } = known;
    const reason = why === undefined ? toReason(live, proof) : `not checked: ${why}`;
    return { live, ...(proof === undefined ? {} : { proof }), reasons: [...reasons, reason] };
  }

  async #ask(
    provider: string,
    check: LiveCheck,
    value: Secret,
  ): Promise<{ readonly live: Live; readonly proof?: LiveProof; readonly why?: string }> {
    const address = toAddress(check, this.#options.hosts.get(provider));
    const headers = toHeaders(check, value);
    if (address === undefined)
      return { live: 'unknown', why: `name its host with --live-host ${provider}=HOST` };
    if (headers === undefined) return { live: 'unknown', why: 'it cannot stand in a header' };
    if (this.#closed.has(address.host))
      return { live: 'unknown', why: `${address.host} wants no more requests now` };
    if (this.#known.size >= MOST_CHECKS) return { live: 'unknown', why: 'too many secrets' };
    this.#options.say(`asking ${address.host}`);
    await this.#pause(address.host);
    const answer = await this.#send(address, headers);
    if (answer?.status === 429) this.#closed.add(address.host);
    const proof = this.#toProof(address, answer);
    return { live: answer === undefined ? 'unknown' : judge(check, answer, address.isCertain), proof };
  }

  async #pause(host: string): Promise<void> {
    if (this.#asked.has(host)) await sleep(PAUSE_MS);
    this.#asked.add(host);
  }

  async #send(
    { url, method }: CheckAddress,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer | undefined> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await systemFetch(url, { method, headers, redirect: 'manual', signal });
      return { status: response.status, body: await readJson(response) };
    } catch {
      return undefined;
    }
  }

  #toProof({ host, url, method }: CheckAddress, answer: Answer | undefined): LiveProof {
    return {
      at: toTimestamp(this.#options.clock()),
      host,
      request: `${method} ${new URL(url).pathname}`,
      status: answer?.status ?? null,
    };
  }
}

const words = { active: 'works', revoked: 'does not work', unknown: 'not known whether it works' } as const;

/** Says it where every format shows it. */
function toReason(live: Live, proof: LiveProof | undefined): string {
  if (proof === undefined) return words[live];
  const { host, status } = proof;
  return `${words[live]}: ${host} ${status === null ? 'did not answer' : `answered ${status}`}`;
}

/** What else the answer says of its owner is not kept. */
async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
