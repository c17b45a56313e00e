import { parse, type Scalar } from 'yaml';

/** Writes a value so that it reads back as it is, in the quotes that its place has where they fit. */
export function encodeScalar(value: string, style: Scalar.Type | undefined, inFlow: boolean): string {
  if (style === 'QUOTE_SINGLE' && !/[\n\r]/.test(value)) return single(value);
  if (style === 'QUOTE_DOUBLE') return JSON.stringify(value);
  if (isPlain(value, inFlow)) return value;
  return /["\\]/.test(value) && !/[\n\r]/.test(value) ? single(value) : JSON.stringify(value);
}

/** A value as text is plain where the parser gives that text back; numbers and the like stay what they were. */
function isPlain(value: string, inFlow: boolean): boolean {
  // Only what needs no thought: the parser decides about the rest of the value.
  if (!/^[\w./$]/.test(value) || /[\n\r]|\s$/.test(value) || (inFlow && /[,[\]{}]/.test(value))) return false;
  try {
    const read: unknown = parse(`k: ${value} # c\n`, { logLevel: 'silent' });
    return (read as { readonly k?: unknown }).k === value;
  } catch {
    return false;
  }
}

function single(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
