/** A secret or variable that a source host keeps, known by its name alone, with what may read it and what does. */
export interface Stored {
  readonly kind: 'secret' | 'variable';
  readonly name: string;
  readonly level: 'organization' | 'repository' | 'environment';
  /** `OWNER` or `OWNER/REPO`. */
  readonly owner: string;
  readonly environment?: string;
  /** The host's page for it, as a path: `acme/shop/settings/secrets/actions`. */
  readonly path: string;
  /** RFC 3339; null where the host does not say. */
  readonly updatedAt: string | null;
  /** Names of repositories, or all of the organisation, or its private and internal ones. */
  readonly readers: 'all' | 'private' | readonly string[];
  /** Places in workflows and actions that read it by name. */
  readonly uses: readonly StoredUse[];
}

/** One place that reads what a host keeps. */
export interface StoredUse {
  readonly path: string;
  readonly line: number;
}
