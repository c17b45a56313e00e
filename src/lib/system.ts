/** The environment of this process, for code that ships without a command line around it. */
export function systemEnv(): NodeJS.ProcessEnv {
  return process.env;
}

/** The platform of this machine, as Node names it. */
export const systemPlatform: NodeJS.Platform = process.platform;

/** The `fetch` of this process. */
export const systemFetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);

/** Reads a date and time; NaN where the text is none. Milliseconds since 1970. */
export function parseTime(text: string): number {
  return Date.parse(text);
}

/** The version of Node that runs now: `20.19.0`. */
export const nodeVersion: string = process.versions.node;
