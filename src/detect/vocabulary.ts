import { toNormalName } from './names.ts';

/** What the last word of a name says that its value is. */
export type NameKind = 'password' | 'secret' | 'token' | 'key' | 'login' | 'other';

const password =
  /(?:password|passwd|passwort|passphrase|passcode|pwd|psw)$|^(?:pass|pw|passw|senha|motdepasse)$/;
const secret = /secrets?$|^(?:credentials?|creds?|salt|dsn|hmac|seed|pin|sas)$/;
const token = /tokens?$|^(?:pat|jwt|bearer|ssws|apitoken|authtoken)$/;
const login = /^(?:auth|authorization|authentication|cookie|session|sessionid|sid|signature|webhook|login)$/;
const key = /^(?:key|keys)$|(?:apikey|accesskey|secretkey|privatekey|authkey|keydata|appkey)$/;

/** Words that say what a key opens. */
const qualifier =
  /^(?:api|app|access|private|secret|auth|encryption|encrypt|decrypt|signing|sign|master|service|client|account|storage|shared|subscription|admin|deploy|deployment|webhook|hmac|aes|rsa|consumer|license|licence|integration|project|server|security|customer|merchant|user|cipher|crypto|session|cookie|jwt|maps|bot|root|write|read|stream|ingest|ingestion|publish|function|host|device|license)$/;

/** Said after what the name means. */
const trailing =
  /^(?:\d+|value|val|default|string|str|prod|production|dev|development|staging|stage|test|testing|live|local|env|b64|base64|raw|plain|plaintext|text|data|base|here|primary|secondary|v\d+)$/;

const anti =
  /^(?:ids?|identifier|public|pub|publishable|hash|hashes|hashed|sha|sha1|sha256|md5|digest|checksum|integrity|path|paths|file|files|filename|dir|folder|name|names|type|types|version|url|urls|uri|field|fields|count|length|len|size|limit|max|min|index|header|headers|prefix|suffix|regex|pattern|format|label|title|message|msg|error|description|desc|placeholder|hint|help|doc|docs|input|selector|element|class|style|icon|color|event|code|status|state|mode|enabled|disabled|required|expiry|expires|expiration|ttl|timeout|lifetime|issuer|audience|scope|scopes|algorithm|alg|provider|endpoint|host|port|domain|method|handler|manager|service|store|factory|generator|validator|parser|reader|writer|resolver|rotation|policy|strategy|usage|budget|tokenizer|kid|fingerprint|thumbprint|serial|commit|ref|rev|revision|etag|nonce|uuid|guid|slug|locale|lang|column|table|row|primary|foreign|unique|sort|partition|cache|keyboard|press|down|up|frame|map|set|list|array|pair|info|meta|metadata|reset|forgot|confirm|confirmation|change|invalid|missing|wrong|next|page|csrf|xsrf|authenticity|antiforgery|role|roles|address|link|links|tooltip|recv|bind|shortcut|non|not|fake|dummy|bogus|continuation|cancellation|eos|bos|pad|unk|mask|cls|sep|design|translation|i18n)$/;

/** Whose a password is: the word before it, which elsewhere would say that the name speaks about a secret. */
const owner =
  /^(?:store|service|manager|host|provider|server|domain|port|table|index|method|role|row|list|map|event|primary|source|partition|cache|frame|info|file|id|header)$/;

/** What a name says, word by word. */
export interface NameReading {
  readonly words: readonly string[];
  readonly kind: NameKind;
  /** The key says what it opens: `api_key`, not `key`. */
  readonly qualified: boolean;
  readonly credentialWords: number;
  readonly antiWords: number;
  readonly antiLast: boolean;
  /** It is the password of what its other words name. */
  readonly isOwned: boolean;
}

/** Reads a variable's, key's, header's or flag's name. */
export function readName(name: string): NameReading {
  const words = toNormalName(name)
    .split('_')
    .filter((word) => word !== '');
  let end = words.length;
  while (end > 1 && trailing.test(words[end - 1] ?? '')) end -= 1;
  const last = words[end - 1] ?? '';
  return {
    words,
    kind: kindOf(last),
    qualified: key.test(last)
      ? last.length > 4 || words.slice(0, end - 1).some((word) => qualifier.test(word))
      : true,
    credentialWords: words.filter((word) => kindOf(word) !== 'other').length,
    antiWords: words.filter((word) => anti.test(word)).length,
    isOwned: password.test(last) && words.slice(0, -1).every((word) => !anti.test(word) || owner.test(word)),
    antiLast: anti.test(last),
  };
}

/** Says of one word what its value would be. */
export function kindOf(word: string): NameKind {
  if (password.test(word)) return 'password';
  if (secret.test(word)) return 'secret';
  if (token.test(word)) return 'token';
  if (key.test(word)) return 'key';
  return login.test(word) ? 'login' : 'other';
}

/** Says of one word whether it tells what a key opens: `api`, `access`. */
export function isQualifier(word: string): boolean {
  return qualifier.test(word);
}
