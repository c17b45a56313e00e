import type { Candidate } from '../candidates/candidate.ts';
import { remember } from '../remember.ts';
import { readName } from '../vocabulary.ts';
import { contextOf } from './context.ts';
import type { Language } from './language.ts';
import { longestRun, shapeOf } from './shape.ts';

type Row = Readonly<Record<string, number>>;

/** Characters of a value that are measured: what is random is so from the start. */
const MOST_MEASURED = 256;

const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;
const digestLengths: ReadonlySet<number> = new Set([32, 40, 56, 64, 96, 128]);
const standIn =
  /example|placeholder|change.?me|redacted|replace|insert|dummy|your|fake|sample|mock|todo|xxx|\*\*\*|\.\.\.|foo|bar|lorem|test/i;

/** Measures one candidate in its text: one number for each of `featureNames`. */
export function measure(text: string, candidate: Candidate, language: Language): readonly number[] {
  return [...ownRow(candidate, language), ...Object.values(placeFeatures(text, candidate))];
}

let measured: { readonly language: Language; readonly row: (key: string) => readonly number[] } | undefined;

/** What only the name and the value say. */
function ownRow({ name, value }: Candidate, language: Language): readonly number[] {
  if (measured?.language !== language) measured = { language, row: remember(measureOwn) };
  return measured.row(`${name}\0${value.slice(0, MOST_MEASURED)}`);

  function measureOwn(key: string): readonly number[] {
    const end = key.indexOf('\0');
    return ownGroups(key.slice(0, end), key.slice(end + 1), language).flatMap((group) =>
      Object.values(group),
    );
  }
}

/** Lists the features in the order in which `measure` gives them. */
export function featureNames(): readonly string[] {
  const none = { likelihood: () => 0, coverage: () => 0 };
  const span = { start: 0, end: 0 };
  const candidate = { name: '', value: '', span, form: 'pair', slot: null } as const;
  const place = placeFeatures('', { ...candidate, scheme: false, quoted: false, separator: '' });
  const groups = [...ownGroups('', '', none), place];
  return groups.flatMap((group) => Object.keys(group));
}

function ownGroups(name: string, value: string, language: Language): readonly Row[] {
  return [valueFeatures(value, language), formFeatures(value), nameFeatures(name, value)];
}

function valueFeatures(value: string, language: Language): Row {
  const whole = shapeOf(value);
  const run = longestRun(value);
  const part = shapeOf(run);
  const rest = value.replace(/^[A-Za-z]{1,8}[-_]/, '');
  const of = Math.max(1, part.length);
  return {
    length: Math.min(whole.length, 128),
    runLength: Math.min(part.length, 128),
    runShare: part.length / Math.max(1, whole.length),
    runDigits: part.digits / of,
    runAlternations: part.alternations / of,
    runCaseChanges: part.caseChanges / of,
    runKinds: kinds(part.lower, part.upper, part.digits),
    kinds: kinds(whole.lower, whole.upper, whole.digits) + Math.sign(whole.symbols),
    digits: whole.digits / Math.max(1, whole.length),
    symbols: whole.symbols / Math.max(1, whole.length),
    upper: whole.upper / Math.max(1, whole.length),
    distinct: whole.distinct / Math.max(1, Math.min(whole.length, 40)),
    repeated: Math.min(whole.repeated, 12),
    sequence: Math.min(whole.sequence, 12),
    likelihood: language.likelihood(value),
    restLikelihood: language.likelihood(rest),
    runLikelihood: language.likelihood(run),
    coverage: language.coverage(value),
    runCoverage: language.coverage(run),
  };
}

function kinds(...counts: readonly number[]): number {
  return counts.filter((count) => count > 0).length;
}

function formFeatures(value: string): Row {
  const hex = /^(?:0x)?[0-9a-f]+$/i.test(value);
  return {
    isHex: Number(hex),
    isDigest: Number(hex && digestLengths.has(value.length)),
    isUuid: Number(UUID.test(value)),
    isNumber: Number(/^[\d.,:-]+$/.test(value)),
    isPadded: Number(/^[A-Za-z0-9+/_-]{8,}={1,2}$/.test(value)),
    isBase64: Number(/^[A-Za-z0-9+/]{16,}={0,2}$/.test(value) && /[+/]/.test(value)),
    isIdentifier: Number(/^[A-Za-z_$]\w*$/.test(value)),
    isDotted: Number(/^[A-Za-z_$][\w$]*(?:(?:\.|::|->)[\w$]+)+$/.test(value)),
    isConstant: Number(/^[A-Z]+(?:_[A-Z0-9]+)+$/.test(value)),
    isSlug: Number(/^[A-Za-z]+(?:[-_ ][A-Za-z]+)+$/.test(value)),
    isWord: Number(/^[A-Z]?[a-z]+$|^[A-Z]+$/.test(value)),
    isPath: Number(/^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)|[\w-]\/[\w-]+\/|\.[a-z]{2,4}$/.test(value)),
    isAddress: Number(
      /:\/\/|^[\w.+-]+@[\w-]+\.[\w.]+$|^[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev|local)$/i.test(value),
    ),
    spaces: Math.min(4, (value.match(/\s/g) ?? []).length),
    brackets: Math.min(4, (value.match(/[()[\]{}<>]/g) ?? []).length),
    references: Math.min(3, (value.match(/\$|%[A-Za-z({]|\{\{|<%|#\{/g) ?? []).length),
    standIn: Number(standIn.test(value)),
  };
}

function nameFeatures(name: string, value: string): Row {
  const read = readName(name);
  const joined = read.words.join('');
  return {
    namePassword: Number(read.kind === 'password'),
    nameSecret: Number(read.kind === 'secret'),
    nameToken: Number(read.kind === 'token'),
    nameKey: Number(read.kind === 'key'),
    nameLogin: Number(read.kind === 'login'),
    nameQualified: Number(read.qualified),
    nameCredentials: Math.min(3, read.credentialWords),
    nameAnti: Math.min(3, read.antiWords),
    nameAntiLast: Number(read.antiLast),
    nameWords: Math.min(8, read.words.length),
    nameConstant: Number(/^[A-Z][A-Z0-9_]+$/.test(name)),
    nameDotted: Number(/[a-z]\.[A-Za-z]/.test(name)),
    repeatsName: Number(
      joined.length > 3 &&
        value
          .toLowerCase()
          .replaceAll(/[^a-z0-9]/g, '')
          .includes(joined),
    ),
    wordsInValue: read.words.filter((word) => word.length > 3 && value.toLowerCase().includes(word)).length,
  };
}

const separators = ['=', ':', '=>', ':=', ',', '(', ' ', '>', ':-'] as const;

function placeFeatures(text: string, candidate: Candidate): Row {
  const { separator, scheme, quoted, form } = candidate;
  const { before, after, line, previousLine } = contextOf(text, candidate);
  return {
    separator: separators.findIndex((one) => one === separator) + 1,
    isComparison: Number(/^(?:={2,3}|!=)/.test(separator)),
    scheme: Number(scheme),
    quoted: Number(quoted),
    isArgument: Number(form === 'argument'),
    isPair: Number(form === 'pair'),
    isElement: Number(form === 'element'),
    comment: Number(/^\s*(?:#|\/\/|\*|\/\*|;|--|<!--)|\s(?:\/\/|#)\s/.test(before)),
    tests: Number(/test|mock|fake|stub|spec|fixture|assert|expect|should|example/i.test(line)),
    prose: Math.min(8, (before.match(/\b[a-z]{3,}\b(?= [a-z]{2,})/g) ?? []).length),
    idsBefore: Number(
      /(?:^|[^A-Za-z])(?:id|hash|sha\d*|digest|checksum|integrity|commit|md5|import|href|src)(?![A-Za-z])/i.test(
        before,
      ),
    ),
    code: Number('([.'.includes(after) && after !== ''),
    ends: Number(after === '' || after === '\r'),
    closes: Number(',;)}]'.includes(after) && after !== ''),
    calls: Number(
      before
        .trimEnd()
        .replace(/["'`]$/, '')
        .endsWith('('),
    ),
    previousCredential: Number(/token|secret|passw|api.?key|credential|auth/i.test(previousLine)),
    login: Number(
      /(?:user(?:name)?|login|email|host|account|client.?id)\b/i.test(`${previousLine} ${before}`),
    ),
  };
}

/** Features that may move a score one way only: more of a credential's name never lowers it, more of words never raises it. */
export const monotone: Readonly<Record<string, 1 | -1>> = {
  namePassword: 1,
  nameSecret: 1,
  nameToken: 1,
  nameCredentials: 1,
  nameAnti: -1,
  nameAntiLast: -1,
  coverage: -1,
  runCoverage: -1,
  standIn: -1,
  references: -1,
  repeatsName: -1,
};
