/** Every format of `map`. */
export const mapFormats = ['text', 'json', 'html', 'mermaid', 'dot'] as const;

export type MapFormat = (typeof mapFormats)[number];
