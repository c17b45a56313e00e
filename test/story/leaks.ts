/** Says whether a text holds a value whole, a part of it, or it in another spelling. */
export function holds(text: string, values: readonly string[]): boolean {
  return values.some((value) =>
    [
      value,
      value.slice(0, 12),
      value.slice(-12),
      Buffer.from(value).toString('base64').slice(0, 20),
      Buffer.from(value).toString('hex').slice(0, 24),
    ].some((part) => text.includes(part)),
  );
}
