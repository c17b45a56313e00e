import type { Confidence, Lifetime, Severity } from './finding.ts';

/** One kind of secret, as `rules/secrets/*.yaml` says it; the schema is `schemas/rule.schema.json`. */
export interface Rule {
  readonly id: string;
  readonly provider: string;
  readonly title: string;
  readonly severity: Severity;
  /** `claim`: the token itself says when it expires. */
  readonly lifetime: Lifetime | 'claim';
  readonly confidence: Confidence;
  /** What somebody who has it can do. */
  readonly grants: string;
  /** Where it is revoked. */
  readonly revoke: string;
  /** The way off this secret, a heading of `docs/recipes.md`. */
  readonly migration: Migration;
  /** How to ask the provider whether a value works. */
  readonly live?: LiveCheck;
  /** Page on which the issuer writes about the format. */
  readonly docs?: string;
  /** A checksum or signature within the value that must hold. */
  readonly check?: ValueCheck;
  /** Lower-case words of which one must occur in the file before the pattern is tried; none means always. */
  readonly keywords: readonly string[];
  /** Regular expressions over paths: only files of this kind hold it, and none of them needs a keyword. */
  readonly files?: readonly string[];
  /** Exact format in raw text, with both token boundaries; the value is the group `secret`. */
  readonly pattern?: string;
  /** The pattern holds in any case. */
  readonly anyCase?: boolean;
  /** What must stand within some lines of the match: a second part, or the provider's name. */
  readonly near?: { readonly pattern: string; readonly lines: number };
  /** What belongs to such a secret and is told beside it: regular expressions by what they find, as of a client id. */
  readonly parts?: Readonly<Record<string, string>>;
  /** Regular expressions over whole names in normal form (lower-case words joined by `_`): reading such a name is a use. */
  readonly names?: readonly string[];
  /** What a value under such a name must look like. */
  readonly value?: {
    readonly pattern?: string;
    readonly minLength: number;
    readonly maxLength: number;
    readonly looks: 'token' | 'password';
  };
  /** People choose these values: never fingerprinted unless one looks drawn by a machine. */
  readonly guessable?: boolean;
  /** Gives way to any rule that knows better. */
  readonly broad?: boolean;
  /** Worked out by the build; a rule from elsewhere gets them when it is read. */
  readonly anchors?: Anchors;
  /** Templates that are filled in at run time: `00{alnum:40}`. */
  readonly samples: {
    readonly match: readonly string[];
    readonly ignore: readonly string[];
    readonly path?: string;
  };
}

/** A read-only request that tells whether a secret works, as the provider documents it. */
export interface LiveCheck {
  /** Begins with `https://` and a fixed host, or with `{host}` where the provider's software runs at several. */
  readonly url: string;
  /** What `{host}` is where the person names none; without it a person must. */
  readonly host?: string;
  /** `GET` where nothing is said. */
  readonly method?: 'GET' | 'POST';
  /** One of them holds `{secret}`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Statuses of one that works, also where it lacks the right for this request. */
  readonly works: readonly number[];
  /** Statuses of one that does not. */
  readonly dead: readonly number[];
  /** Where a field of the answer has a text, that decides: one of these says that the secret does not work. */
  readonly says?: { readonly field: string; readonly dead: readonly string[] };
}

export type Migration =
  | 'token-exchange'
  | 'okta-service-app'
  | 'github-app'
  | 'oauth-app'
  | 'workload-federation'
  | 'gateway'
  | 'rotate';

export type ValueCheck =
  | 'github-crc32'
  | 'gitlab-crc32'
  | 'cloudflare-crc32'
  | 'grafana-crc32'
  | 'npm-crc32'
  | 'azure-cask'
  | 'aws-key-id'
  | 'jwt'
  | 'luhn';

/** Where matches of a rule can be, worked out from its patterns when rules are built. */
export interface Anchors {
  readonly pattern?: {
    /** Lower-case texts of which each match holds one, or has one near by. */
    readonly texts: readonly string[];
    /** Least and most characters from the start of a match to the text in it. */
    readonly before?: readonly [number, number];
    /** Where the text is not part of the match: most characters between them; null is anywhere in the file. */
    readonly around?: number | null;
    /** Most characters of a match. */
    readonly length: number;
    /** Letters, digits and `_+/=-` in a row that each match holds. */
    readonly run: number;
    /** The texts are everyday ones: looked at only in a file that holds a keyword of the rule. */
    readonly guarded?: boolean;
  };
  /** Lower-case words of which each name holds one. */
  readonly words: readonly string[];
  /** The same, the rarest words; none where the rule knows common names. Of a rule for some files: of each path. */
  readonly rareWords: readonly string[];
}
