/** Longest name that is looked at: longer ones are data. */
const MOST_CHARACTERS = 128;

/**
 * Gives the normal form of a variable's, key's, header's or flag's name: lower-case words joined by `_`.
 * `OKTA_API_TOKEN`, `oktaApiToken`, `--okta-api-token` and `okta.api.token` are the same name.
 */
export function toNormalName(name: string): string {
  return name
    .slice(0, MOST_CHARACTERS)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toLowerCase();
}
