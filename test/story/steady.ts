/** Puts words in place of what is another at each run. */
export function steady(text: string, folder: string): string {
  return text
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN')
    .replace(/(password) \S{20}(?= )/g, '$1 PASSWORD')
    .replace(/([?&](?:state|nonce|code_challenge)=)[\w-]+/g, '$1RANDOM')
    .replaceAll(folder, 'FOLDER')
    .replace(/("expires_in": )\d+/g, '$1SECONDS')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/(127\.0\.0\.1%3A)\d+/g, '$1PORT')
    .replace(/tx-[0-9a-f]{12}/g, 'tx-ID')
    .replace(/secret:[0-9a-f]{6,32}/g, 'secret:ID')
    .replace(/(agent-id\.[a-z-]+)\.[a-z2-7]{8}\b/g, '$1.SUFFIX')
    .replace(/(?<![\w-])[\w-]{43}(?![\w-])/g, 'THUMBPRINT')
    .replace(/\b00T\w+/g, '00T-ID')
    .replace(/\b00u\w+/g, '00u-ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}
