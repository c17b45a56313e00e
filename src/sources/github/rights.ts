/** What a token must be allowed to do, and nothing that writes. */
export const tokenRights =
  'A fine-grained token needs read access to Contents, Metadata, Secrets, Variables and Environments of the repositories, and to Secrets and Variables of the organisation. A classic one needs repo, read:org, and admin:org for what the organisation keeps.';

/** Scopes that a device login asks for: GitHub's OAuth has none that reads names of secrets only. */
export const deviceScopes = 'repo read:org';
